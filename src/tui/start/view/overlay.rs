//! What lies over the lists: the help, and what is to be read before all else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::text::printable;
use crate::tui::start::keys::KEYS;
use crate::tui::start::keys::Key;
use crate::tui::start::keys::Place;
use crate::tui::start::state::View;
use crate::tui::start::view::pane;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::wrap;

/// Columns of a key in the help.
const KEY_COLUMNS: usize = 11;

/// Draws what lies over the lists, as far as it is scrolled.
pub(super) fn render(buffer: &mut Buffer, area: Rect, view: &View) {
    let title = if view.notice.is_some() {
        "Cannot be opened"
    } else {
        "Keys"
    };
    let inner = pane(buffer, area, title, true, view.theme);
    let lines = lines(usize::from(inner.width), view);
    let last = lines.len().saturating_sub(usize::from(inner.height));
    let shown = lines.iter().skip(view.scroll.min(last));
    for (line, y) in shown.zip(inner.y..inner.bottom()) {
        put(buffer, inner.x, y, line, inner.width);
    }
    if view.scroll < last {
        let more = format!(" ↓ {} more ", last.saturating_sub(view.scroll));
        let x = inner
            .right()
            .saturating_sub(u16::try_from(more.len()).unwrap_or_default());
        let line = Line::styled(more, view.theme.dim());
        put(
            buffer,
            x,
            area.bottom().saturating_sub(1),
            &line,
            inner.width,
        );
    }
}

/// How far it can be scrolled.
pub(super) fn most_scroll(area: Rect, view: &View) -> usize {
    let room = usize::from(area.width).saturating_sub(2);
    let height = usize::from(area.height).saturating_sub(2);
    lines(room, view).len().saturating_sub(height)
}

fn lines<'a>(room: usize, view: &View) -> Vec<Line<'a>> {
    match &view.notice {
        Some(text) => notice(text, room),
        None => help(room, view),
    }
}

/// Something that stays until a key is pressed. Words that are longer than a line, as paths are,
/// go on in the next one.
fn notice<'a>(text: &str, room: usize) -> Vec<Line<'a>> {
    let room = room.saturating_sub(2).max(1);
    let lines = wrap(&broken(&printable(text), room), room);
    lines
        .into_iter()
        .map(|line| Line::raw(format!(" {line}")))
        .collect()
}

/// A text with blanks in its words that are longer than a line.
fn broken(text: &str, room: usize) -> String {
    let words = text.split(' ').map(|word| {
        let characters: Vec<char> = word.chars().collect();
        let pieces: Vec<String> = characters
            .chunks(room.max(1))
            .map(|piece| piece.iter().collect())
            .collect();
        pieces.join(" ")
    });
    words.collect::<Vec<_>>().join(" ")
}

/// All keys.
fn help<'a>(room: usize, view: &View) -> Vec<Line<'a>> {
    let room = room.saturating_sub(KEY_COLUMNS.saturating_add(2));
    let mut lines: Vec<Line<'_>> = Vec::new();
    // None stands for the lists, which share most of their keys.
    let sections = [
        ("In the lists", None),
        ("In the field of the filter", Some(Place::Filter)),
        ("In the field of the path", Some(Place::Path)),
    ];
    for (title, place) in sections {
        if !lines.is_empty() {
            lines.push(Line::raw(""));
        }
        lines.push(Line::styled(format!(" {title}"), view.theme.head()));
        let belongs = |key: &&Key| match place {
            Some(place) => key.places.contains(&place),
            None => !key.places.iter().all(|place| place.is_text()),
        };
        for key in KEYS.iter().filter(belongs) {
            explain(&mut lines, key.shown, key.help, room, view);
        }
        if place.is_some() {
            explain(
                &mut lines,
                "Ctrl-U",
                "delete all (Ctrl-W: a word)",
                room,
                view,
            );
        }
    }
    lines
}

fn explain(lines: &mut Vec<Line<'_>>, shown: &str, help: &str, room: usize, view: &View) {
    for (at, text) in wrap(help, room.max(8)).into_iter().enumerate() {
        let shown = if at == 0 { shown } else { "" };
        lines.push(Line::from(vec![
            Span::styled(
                format!("  {}", pad(shown, KEY_COLUMNS, false)),
                view.theme.key(),
            ),
            Span::raw(text),
        ]));
    }
}
