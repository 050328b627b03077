//! The fields of a message as lines: names on the left, values in a column beside them.

use ratatui::text::Line;
use ratatui::text::Span;

use crate::tui::model::FieldLine;
use crate::tui::theme::Theme;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::width;

/// Widest column of names: what is longer would push the values off.
const MAX_NAMES: usize = 28;

/// Columns that the names take, in a pane of `room` columns: never more than half of it.
pub(super) fn names_width(fields: &[FieldLine], room: usize) -> usize {
    fields
        .iter()
        .map(|field| width(&field.name).saturating_add(usize::from(field.depth).saturating_mul(2)))
        .max()
        .unwrap_or(0)
        .min(room.saturating_sub(4) / 2)
        .min(MAX_NAMES)
}

/// A field, parts further to the right than what they are of.
pub(super) fn line<'a>(field: &FieldLine, names: usize, room: usize, theme: Theme) -> Line<'a> {
    let indent = "  ".repeat(usize::from(field.depth).min(names / 4));
    let name = pad(&format!("{indent}{}", field.name), names, false);
    let value = fit(&field.value, room.saturating_sub(names).saturating_sub(3));
    let used = width(&name).saturating_add(width(&value)).saturating_add(3);
    Line::from(vec![
        Span::styled(format!(" {name}  "), theme.dim()),
        Span::raw(value),
        Span::raw(" ".repeat(room.saturating_sub(used))),
    ])
}
