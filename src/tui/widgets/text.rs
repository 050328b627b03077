//! Text that fits: cut with an ellipsis instead of mid-word at the edge, counted in columns.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

/// Writes a line into at most `room` columns from a place on, as far as the buffer has it.
pub(in crate::tui) fn put(buffer: &mut Buffer, x: u16, y: u16, line: &Line<'_>, room: u16) {
    if buffer.area.contains((x, y).into()) {
        let room = room.min(buffer.area.right().saturating_sub(x));
        buffer.set_line(x, y, line, room);
    }
}

/// A line in the style of the selection. A reversed one is one bar: colours would become patches
/// behind the text, and what they say the signs say too.
pub(in crate::tui) fn select(mut line: Line<'_>, style: Style) -> Line<'_> {
    if style.add_modifier.contains(Modifier::REVERSED) {
        for span in &mut line.spans {
            span.style.fg = None;
            span.style.add_modifier.remove(Modifier::DIM);
        }
    }
    line.patch_style(style)
}

/// Columns that a text takes.
pub(in crate::tui) fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        Span::raw(text).width()
    }
}

/// The text in at most `room` columns; what does not fit is told by an ellipsis.
pub(in crate::tui) fn fit(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut left = room.saturating_sub(1);
    for c in text.chars() {
        let mut bytes = [0; 4];
        let wide = width(c.encode_utf8(&mut bytes));
        if wide > left {
            break;
        }
        left = left.saturating_sub(wide);
        out.push(c);
    }
    if room > 0 {
        out.truncate(out.trim_end().len());
        out.push('…');
    }
    out
}

/// The line without what lies beyond the edge, which an ellipsis tells.
pub(in crate::tui) fn fit_line(line: Line<'_>, room: usize) -> Line<'_> {
    if line.width() <= room {
        return line;
    }
    let mut left = room;
    let mut spans = Vec::new();
    for span in line.spans {
        let taken = width(&span.content);
        if taken > left || (taken == left && !spans.is_empty()) {
            spans.push(Span::styled(cut(&span.content, left), span.style));
            break;
        }
        left = left.saturating_sub(taken);
        spans.push(span);
    }
    Line::from(spans)
}

/// The begin of a text with an ellipsis behind it. A word of which only the begin fits leaves as a
/// whole, unless it is so long that it would be missed.
fn cut(text: &str, room: usize) -> String {
    /// Columns of a begin that tells something.
    const TELLING: usize = 12;
    let text = fit(&format!("{} ", text.trim_end()), room);
    let Some(begin) = text.strip_suffix('…') else {
        return text;
    };
    let word = begin.rfind(' ').map_or(0, |at| at.saturating_add(1));
    let (words, part) = begin.split_at(word);
    if part.is_empty() || word == 0 || width(part) >= TELLING {
        return text;
    }
    format!("{words}…")
}

/// The text in exactly `room` columns, on the left or on the right of them.
pub(in crate::tui) fn pad(text: &str, room: usize, right: bool) -> String {
    let text = fit(text, room);
    let blank = " ".repeat(room.saturating_sub(width(&text)));
    if right { blank + &text } else { text + &blank }
}

/// As many of the parts as fit into `room` with `between` among them; the later ones leave first,
/// each as a whole.
pub(in crate::tui) fn fit_parts<'a>(
    parts: &[(String, Style)],
    between: &'static str,
    room: usize,
) -> Line<'a> {
    let mut spans = Vec::new();
    let mut left = room;
    for (text, style) in parts {
        let gap = if spans.is_empty() { 0 } else { width(between) };
        let needed = width(text).saturating_add(gap);
        if needed > left {
            if spans.is_empty() {
                spans.push(Span::styled(fit(text, left), *style));
            }
            break;
        }
        if gap > 0 {
            spans.push(Span::raw(between));
        }
        spans.push(Span::styled(text.clone(), *style));
        left = left.saturating_sub(needed);
    }
    Line::from(spans)
}

/// The text broken between words into lines of at most `room` columns.
pub(in crate::tui) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let needed = width(&line)
            .saturating_add(width(word))
            .saturating_add(usize::from(!line.is_empty()));
        if needed > room && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.into_iter().map(|line| fit(&line, room)).collect()
}

/// The first of `count` lines to show so that `selected` is among the `height` shown ones, in
/// their middle where there are enough.
pub(in crate::tui) fn first_shown(selected: usize, count: usize, height: usize) -> usize {
    selected
        .saturating_sub(height / 2)
        .min(count.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_says_so() {
        assert_eq!(fit("publishing", 10), "publishing");
        assert_eq!(fit("publishing", 6), "publi…");
        assert_eq!(fit("a b", 3), "a b");
        assert_eq!(fit("ab cd", 4), "ab…");
        assert_eq!(fit("x", 0), "");
    }

    #[test]
    fn wide_characters_are_counted_as_the_terminal_does() {
        assert_eq!(width("キー"), 4);
        assert_eq!(fit("キーキー", 5), "キー…");
        assert_eq!(pad("キー", 6, true), "  キー");
    }

    #[test]
    fn a_line_that_does_not_fit_ends_between_words() {
        let fitted = |text: &'static str, room| fit_line(Line::raw(text), room).to_string();
        assert_eq!(fitted("publish  to onStatus", 20), "publish  to onStatus");
        assert_eq!(fitted("publish  to onStatus", 15), "publish  to …");
        assert_eq!(fitted("publish", 5), "publ…");
        // What is long is not left out for that.
        assert_eq!(
            fitted("url rtmp://live.example.org/live", 24),
            "url rtmp://live.example…"
        );
        let line = Line::from(vec![Span::raw("publish "), Span::raw(" to onStatus")]);
        assert_eq!(fit_line(line, 15).to_string(), "publish  to …");
    }

    #[test]
    fn parts_leave_as_a_whole() {
        let parts = ["one", "two", "three"].map(|part| (part.to_owned(), Style::new()));
        assert_eq!(fit_parts(&parts, "  ", 9).to_string(), "one  two");
        assert_eq!(fit_parts(&parts, "  ", 2).to_string(), "o…");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(
            wrap("the media clock lags", 9),
            ["the media", "clock", "lags"]
        );
    }

    #[test]
    fn the_selected_line_is_always_shown() {
        for count in 0..30_usize {
            for selected in 0..count {
                for height in 1..12 {
                    let first = first_shown(selected, count, height);
                    assert!(first <= selected && selected < first + height);
                }
            }
        }
    }
}
