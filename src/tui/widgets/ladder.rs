//! Arrows between two upright lines.

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::width;

/// Where an arrow goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Way {
    /// From the left line to the right one.
    Right,
    /// From the right line to the left one.
    Left,
}

/// One arrow of `room` columns with both upright lines. `label` stands on it; the label keeps its
/// beginning where it does not fit.
pub(in crate::tui) fn arrow<'a>(
    way: Way,
    label: &str,
    room: usize,
    rail: Style,
    body: Style,
) -> Line<'a> {
    let inner = room.saturating_sub(2);
    let label = fit(label, inner.saturating_sub(5));
    let blank = if label.is_empty() { 0 } else { 2 };
    let line = inner
        .saturating_sub(width(&label))
        .saturating_sub(blank)
        .saturating_sub(2);
    let padded = if label.is_empty() {
        label
    } else {
        format!(" {label} ")
    };
    let text = match way {
        Way::Right => format!("─{padded}{}▶", "─".repeat(line)),
        Way::Left => format!("◀─{padded}{}", "─".repeat(line)),
    };
    Line::from(vec![
        Span::styled("│", rail),
        Span::styled(text, body),
        Span::styled("│", rail),
    ])
}

/// What stands between the lines without being sent: media that flows, time that passes.
pub(in crate::tui) fn between<'a>(label: &str, room: usize, rail: Style, body: Style) -> Line<'a> {
    let inner = room.saturating_sub(2);
    let label = fit(label, inner.saturating_sub(2));
    let blank = " ".repeat(inner.saturating_sub(width(&label)).saturating_sub(1));
    Line::from(vec![
        Span::styled("┊", rail),
        Span::styled(format!(" {label}{blank}"), body),
        Span::styled("┊", rail),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_are_as_wide_as_the_ladder() {
        let style = Style::new();
        let right = arrow(Way::Right, "connect #1", 24, style, style);
        assert_eq!(right.to_string(), "│─ connect #1 ────────▶│");
        let left = arrow(Way::Left, "_result #1", 24, style, style);
        assert_eq!(left.to_string(), "│◀─ _result #1 ────────│");
        for room in 10..40 {
            for label in ["", "a", "a label that is long enough to be cut"] {
                assert_eq!(arrow(Way::Left, label, room, style, style).width(), room);
                assert_eq!(between(label, room, style, style).width(), room);
            }
        }
    }
}
