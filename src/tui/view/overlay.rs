//! What lies over a screen: a text that is being typed at its foot, and the palette.

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Clear;
use ratatui::widgets::Widget as _;

use crate::base::text::printable;
use crate::filter::Check;
use crate::filter::check;
use crate::tui::keys;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::ViewState;
use crate::tui::state::columns::CHOOSABLE;
use crate::tui::state::edit::Edit;
use crate::tui::state::overlay::Palette;
use crate::tui::state::overlay::Prompt;
use crate::tui::state::overlay::PromptFor;
use crate::tui::view::pane;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::width;

/// Most columns and lines of the palette.
const PALETTE: (u16, u16) = (76, 18);

/// A text with the place where one types, its end in view.
pub(super) fn typed<'a>(edit: &Edit, room: usize, view: &ViewState) -> Vec<Span<'a>> {
    let mut before = printable(edit.before());
    let after = printable(edit.after());
    let mut marker = after
        .chars()
        .next()
        .map_or_else(|| " ".to_owned(), String::from);
    if width(&marker) == 0 {
        " ".clone_into(&mut marker);
    }
    let rest: String = after.chars().skip(1).collect();
    while width(&before).saturating_add(width(&marker)) > room && !before.is_empty() {
        before.remove(0);
    }
    let left = room
        .saturating_sub(width(&before))
        .saturating_sub(width(&marker));
    vec![
        Span::raw(before),
        Span::styled(marker, view.theme.selected()),
        Span::raw(fit(&rest, left)),
    ]
}

/// The foot while a text is being typed: for a filter with what is wrong with it so far.
pub(super) fn prompt(sheet: &mut Sheet<'_>, area: Rect, prompt: &Prompt, view: &ViewState) {
    let theme = view.theme;
    let room = usize::from(area.width);
    let (sign, said, style) = match prompt.purpose {
        PromptFor::Find => (" find ", "Enter goes there".to_owned(), theme.dim()),
        PromptFor::Filter => match check(view.named.expand(prompt.edit.text())) {
            Check::Empty => (" /", "Enter shows all".to_owned(), theme.dim()),
            Check::Ok(_) => (" /", "✔ Enter applies it".to_owned(), theme.good()),
            Check::Incomplete(error) => (" /", format!("… {error}"), theme.dim()),
            Check::Err(error) => (" /", format!("✖ {error}"), theme.bad()),
        },
    };
    // What is typed comes first; what is said of it has what is left over.
    let typed_width = width(prompt.edit.text()).saturating_add(2);
    let least = typed_width.min(room.saturating_sub(width(sign)));
    let said_room = room
        .saturating_sub(width(sign))
        .saturating_sub(least)
        .saturating_sub(2);
    let mut spans = vec![Span::styled(sign, theme.key())];
    let text_room = if said_room >= LEAST_SAID {
        least
    } else {
        room.saturating_sub(width(sign))
    };
    spans.extend(typed(&prompt.edit, text_room, view));
    if said_room >= LEAST_SAID {
        let used: usize = spans.iter().map(Span::width).sum();
        let gap = room.saturating_sub(used);
        let said = fit(&printable(&said), said_room);
        spans.push(Span::styled(pad(&said, gap, true), style));
    }
    put(sheet, area.x, area.y, &Line::from(spans), area.width);
}

/// Columns from which what is said of a text says something.
const LEAST_SAID: usize = 12;

/// Most lines of completions.
const COMPLETION_LINES: u16 = 8;

/// What may come next, above the text that is being typed.
pub(super) fn completions(
    sheet: &mut Sheet<'_>,
    area: Rect,
    prompt: &Prompt,
    snapshot: &Snapshot,
    view: &ViewState,
) {
    const TITLE: &str = "Tab completes  ↓ chooses";
    let found = prompt.completions(snapshot, &view.named).candidates;
    let lines = u16::try_from(found.len()).unwrap_or(u16::MAX);
    let lines = lines
        .min(COMPLETION_LINES)
        .min(area.height.saturating_sub(2));
    if lines == 0 {
        return;
    }
    let names = found.iter().map(|one| width(&one.text)).max().unwrap_or(0);
    let abouts = found.iter().map(|one| width(&one.about)).max().unwrap_or(0);
    let wanted = names.saturating_add(abouts).saturating_add(7);
    let wanted = wanted.max(width(TITLE).saturating_add(6));
    let size = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.width);
    let place = Rect {
        x: area.x,
        y: area.bottom().saturating_sub(lines.saturating_add(2)),
        width: size,
        height: lines.saturating_add(2),
    };
    sheet.cover();
    Clear.render(place, sheet);
    let inner = pane(sheet, place, TITLE, true, view);
    let room = usize::from(inner.width);
    let names = names.min(room.saturating_sub(2));
    let selected = prompt.choice.unwrap_or(0);
    let first = first_shown(selected, found.len(), usize::from(inner.height));
    for ((at, one), y) in found
        .iter()
        .enumerate()
        .skip(first)
        .zip(inner.y..inner.bottom())
    {
        let left = room.saturating_sub(names).saturating_sub(4);
        let line = Line::from(vec![
            Span::styled(
                format!(" {} ", pad(&printable(&one.text), names, false)),
                view.theme.head(),
            ),
            Span::styled(pad(&printable(&one.about), left, false), view.theme.dim()),
        ]);
        let line = if prompt.choice == Some(at) {
            select(line, view.theme.selected())
        } else {
            line
        };
        put(sheet, inner.x, y, &line, inner.width);
        let place = Rect {
            y,
            height: 1,
            ..inner
        };
        sheet.zone(place, Target::Choice(at));
    }
}

/// The palette over the middle of the screen.
pub(super) fn palette(sheet: &mut Sheet<'_>, area: Rect, palette: &Palette, view: &ViewState) {
    let found = palette.matching(&view.keys, view.screen);
    let size = (area.width.min(PALETTE.0), area.height.min(PALETTE.1));
    let place = Rect {
        x: area.x.saturating_add(area.width.saturating_sub(size.0) / 2),
        y: area
            .y
            .saturating_add(area.height.saturating_sub(size.1) / 3),
        width: size.0,
        height: size.1,
    };
    sheet.cover();
    Clear.render(place, sheet);
    let inner = pane(sheet, place, "what to do", true, view);
    let room = usize::from(inner.width);
    let mut line = vec![Span::styled(" : ", view.theme.key())];
    line.extend(typed(&palette.edit, room.saturating_sub(4), view));
    put(sheet, inner.x, inner.y, &Line::from(line), inner.width);
    let list = Rect {
        y: inner.y.saturating_add(1),
        height: inner.height.saturating_sub(1),
        ..inner
    };
    if found.is_empty() {
        let line = Line::styled(" nothing is named or explained so", view.theme.dim());
        put(sheet, list.x, list.y, &line, list.width);
        return;
    }
    let first = first_shown(palette.selected, found.len(), usize::from(list.height));
    for ((at, (command, keys)), y) in found
        .iter()
        .enumerate()
        .skip(first)
        .zip(list.y..list.bottom())
    {
        let shown = keys::shown(keys);
        let name = pad(command.name, 20.min(room), false);
        let left = room.saturating_sub(width(&name)).saturating_sub(14);
        let line = Line::from(vec![
            Span::styled(format!(" {name} "), view.theme.head()),
            Span::raw(pad(command.help, left, false)),
            Span::styled(pad(&shown, 11, true), view.theme.key()),
        ]);
        let line = if at == palette.selected {
            select(line, view.theme.selected())
        } else {
            line
        };
        put(sheet, list.x, y, &line, list.width);
        let place = Rect {
            y,
            height: 1,
            ..list
        };
        sheet.zone(place, Target::Choice(at));
    }
}

/// The columns that can be left out, over the middle of the screen.
pub(super) fn columns(sheet: &mut Sheet<'_>, area: Rect, selected: usize, view: &ViewState) {
    const WIDTH: u16 = 34;
    let lines = u16::try_from(CHOOSABLE.len()).unwrap_or(u16::MAX);
    let size = (
        area.width.min(WIDTH),
        area.height.min(lines.saturating_add(3)),
    );
    let place = Rect {
        x: area.x.saturating_add(area.width.saturating_sub(size.0) / 2),
        y: area
            .y
            .saturating_add(area.height.saturating_sub(size.1) / 3),
        width: size.0,
        height: size.1,
    };
    sheet.cover();
    Clear.render(place, sheet);
    let inner = pane(sheet, place, "columns", true, view);
    let list = Rect {
        height: inner.height.saturating_sub(1),
        ..inner
    };
    let first = first_shown(selected, CHOOSABLE.len(), usize::from(list.height));
    for ((at, title), y) in CHOOSABLE
        .iter()
        .enumerate()
        .skip(first)
        .zip(list.y..list.bottom())
    {
        let sign = if view.list.left_out.contains(title) {
            "[ ]"
        } else {
            "[*]"
        };
        let text = pad(&format!(" {sign} {title}"), usize::from(list.width), false);
        let line = if at == selected {
            Line::styled(text, view.theme.selected())
        } else {
            Line::raw(text)
        };
        put(sheet, list.x, y, &line, list.width);
        let place = Rect {
            y,
            height: 1,
            ..list
        };
        sheet.zone(place, Target::Choice(at));
    }
    let foot = Line::styled(" Space turns   Enter closes", view.theme.dim());
    put(sheet, inner.x, list.bottom(), &foot, inner.width);
}
