//! What lies over a screen: a text that is being typed at its foot, and the palette.

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::text::printable;
use crate::filter::Check;
use crate::filter::check;
use crate::tui::keys;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::state::columns::CHOOSABLE;
use crate::tui::state::edit::Edit;
use crate::tui::state::overlay::Palette;
use crate::tui::state::overlay::Prompt;
use crate::tui::state::overlay::PromptFor;
use crate::tui::view::popup;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
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
    let inner = popup::open(sheet, place, TITLE, view);
    let room = usize::from(inner.width);
    let names = names.min(room.saturating_sub(2));
    let selected = prompt.choice.unwrap_or(0);
    let line = |at: usize| {
        let Some(one) = found.get(at) else {
            return Line::default();
        };
        let left = room.saturating_sub(names).saturating_sub(4);
        Line::from(vec![
            Span::styled(
                format!(" {} ", pad(&printable(&one.text), names, false)),
                view.theme.head(),
            ),
            Span::styled(pad(&printable(&one.about), left, false), view.theme.dim()),
        ])
    };
    let (count, chosen) = (found.len(), prompt.choice);
    popup::choices(sheet, inner, count, selected, chosen, view, line);
}

/// The palette over the middle of the screen.
pub(super) fn palette(sheet: &mut Sheet<'_>, area: Rect, palette: &Palette, view: &ViewState) {
    let found = palette.matching(&view.keys, view.screen);
    let place = popup::middle(area, PALETTE);
    let inner = popup::open(sheet, place, "what to do", view);
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
    let line = |at: usize| {
        let Some((command, keys)) = found.get(at) else {
            return Line::default();
        };
        let name = pad(command.name, 20.min(room), false);
        let left = room.saturating_sub(width(&name)).saturating_sub(14);
        Line::from(vec![
            Span::styled(format!(" {name} "), view.theme.head()),
            Span::raw(pad(command.help, left, false)),
            Span::styled(pad(&keys::shown(keys), 11, true), view.theme.key()),
        ])
    };
    let selected = palette.selected;
    popup::choices(
        sheet,
        list,
        found.len(),
        selected,
        Some(selected),
        view,
        line,
    );
}

/// The columns that can be left out, over the middle of the screen.
pub(super) fn columns(sheet: &mut Sheet<'_>, area: Rect, selected: usize, view: &ViewState) {
    const WIDTH: u16 = 34;
    let lines = u16::try_from(CHOOSABLE.len()).unwrap_or(u16::MAX);
    let place = popup::middle(area, (WIDTH, lines.saturating_add(3)));
    let inner = popup::open(sheet, place, "columns", view);
    let list = Rect {
        height: inner.height.saturating_sub(1),
        ..inner
    };
    let line = |at: usize| {
        let title = CHOOSABLE.get(at).copied().unwrap_or_default();
        let sign = if view.list.left_out.contains(title) {
            "[ ]"
        } else {
            "[*]"
        };
        Line::raw(pad(
            &format!(" {sign} {title}"),
            usize::from(list.width),
            false,
        ))
    };
    let count = CHOOSABLE.len();
    popup::choices(sheet, list, count, selected, Some(selected), view, line);
    let foot = Line::styled(" Space turns   Enter closes", view.theme.dim());
    put(sheet, inner.x, list.bottom(), &foot, inner.width);
}
