//! A table whose columns have priorities: what does not fit leaves, the least important first,
//! and no cell is ever cut without saying so.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::width;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct Column {
    /// Heading.
    pub(in crate::tui) title: &'static str,
    /// Fewest columns of the terminal.
    pub(in crate::tui) least: usize,
    /// Most columns; those that may grow share what is left over.
    pub(in crate::tui) most: usize,
    /// Whether its cells stand on the right.
    pub(in crate::tui) right: bool,
    /// Importance: 0 stays longest.
    pub(in crate::tui) priority: u8,
}

/// A column of fixed width.
pub(in crate::tui) const fn fixed(title: &'static str, width: usize, priority: u8) -> Column {
    Column {
        title,
        least: width,
        most: width,
        right: false,
        priority,
    }
}

/// A column of fixed width with its cells on the right.
pub(in crate::tui) const fn number(title: &'static str, width: usize, priority: u8) -> Column {
    Column {
        right: true,
        ..fixed(title, width, priority)
    }
}

/// A column that grows.
pub(in crate::tui) const fn flexible(
    title: &'static str,
    least: usize,
    most: usize,
    priority: u8,
) -> Column {
    Column {
        title,
        least,
        most,
        right: false,
        priority,
    }
}

/// What a cell shows.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Text in a style.
    pub(in crate::tui) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::styled(text, Style::new())
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::styled(text, Style::new())
    }
}

/// Blanks between two columns.
const BETWEEN: usize = 1;

/// Which columns fit into `room`, and how wide they are: index and width, in order.
pub(in crate::tui) fn layout(columns: &[Column], room: usize) -> Vec<(usize, usize)> {
    let mut chosen: Vec<usize> = (0..columns.len()).collect();
    let needed = |chosen: &[usize]| {
        chosen
            .iter()
            .filter_map(|index| columns.get(*index))
            .map(|column| column.least.saturating_add(BETWEEN))
            .sum::<usize>()
            .saturating_sub(BETWEEN)
    };
    while chosen.len() > 1 && needed(&chosen) > room {
        let least_important = chosen
            .iter()
            .copied()
            .max_by_key(|index| columns.get(*index).map_or(0, |column| column.priority));
        chosen.retain(|index| Some(*index) != least_important);
    }
    let mut left = room.saturating_sub(needed(&chosen));
    let mut widths: Vec<(usize, usize)> = chosen
        .into_iter()
        .filter_map(|index| {
            columns
                .get(index)
                .map(|column| (index, column.least.min(room)))
        })
        .collect();
    // What is left over goes to the growing columns, one blank after another, so that they grow
    // together.
    while left > 0 {
        let mut grew = false;
        for (index, width) in &mut widths {
            let most = columns.get(*index).map_or(0, |column| column.most);
            if left > 0 && *width < most {
                *width = width.saturating_add(1);
                left = left.saturating_sub(1);
                grew = true;
            }
        }
        if !grew {
            break;
        }
    }
    widths
}

/// How the rows are to be shown.
#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct Look {
    /// Style of the headings.
    pub(in crate::tui) head: Style,
    /// Style of the selected row; `None` when nothing is to be selected.
    pub(in crate::tui) selected: Option<Style>,
}

/// Draws the table. `cells` gives the cells of a row, as many as there are columns.
pub(in crate::tui) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    columns: &[Column],
    count: usize,
    selected: usize,
    look: Look,
    mut cells: impl FnMut(usize) -> Vec<Cell>,
) {
    if area.height == 0 {
        return;
    }
    let widths = layout(columns, usize::from(area.width));
    let mut heading = String::new();
    for (index, room) in &widths {
        if let Some(column) = columns.get(*index) {
            if !heading.is_empty() {
                heading.push(' ');
            }
            let x = u16::try_from(width(&heading)).unwrap_or(u16::MAX);
            let place = Rect {
                x: area.x.saturating_add(x),
                width: u16::try_from(*room).unwrap_or(u16::MAX),
                height: 1,
                ..area
            };
            sheet.zone(place.intersection(area), Target::Heading(column.title));
            heading.push_str(&pad(column.title, *room, column.right));
        }
    }
    put(
        sheet,
        area.x,
        area.y,
        &Line::styled(heading, look.head),
        area.width,
    );
    let height = usize::from(area.height.saturating_sub(1));
    let first = first_shown(selected, count, height);
    let rows = area.y.saturating_add(1)..area.bottom();
    for (row, y) in (first..count).zip(rows) {
        let is_selected = row == selected && look.selected.is_some();
        let line = row_line(columns, &widths, &cells(row), usize::from(area.width));
        let line = match look.selected {
            Some(style) if is_selected => select(line, style),
            _ => line,
        };
        put(sheet, area.x, y, &line, area.width);
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        sheet.zone(place, Target::Line(row));
    }
}

fn row_line<'a>(
    columns: &[Column],
    widths: &[(usize, usize)],
    cells: &[Cell],
    room: usize,
) -> Line<'a> {
    let mut spans: Vec<Span<'_>> = Vec::new();
    let mut used = 0_usize;
    for (index, room) in widths {
        let (Some(column), Some(cell)) = (columns.get(*index), cells.get(*index)) else {
            continue;
        };
        if !spans.is_empty() {
            spans.push(Span::raw(" "));
            used = used.saturating_add(BETWEEN);
        }
        let text = pad(&cell.text, *room, column.right);
        used = used.saturating_add(width(&text));
        spans.push(Span::styled(text, cell.style));
    }
    // The bar of a selected row reaches the edge.
    spans.push(Span::raw(" ".repeat(room.saturating_sub(used))));
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        fixed("H", 2, 0),
        flexible("STREAM", 6, 20, 1),
        number("KBIT/S", 6, 3),
        fixed("STATE", 8, 2),
    ];

    #[test]
    fn columns_leave_by_priority() {
        let shown = |room| {
            layout(COLUMNS, room)
                .into_iter()
                .map(|(index, _)| COLUMNS[index].title)
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(25), ["H", "STREAM", "KBIT/S", "STATE"]);
        assert_eq!(shown(24), ["H", "STREAM", "STATE"]);
        assert_eq!(shown(10), ["H", "STREAM"]);
        assert_eq!(shown(1), ["H"]);
    }

    #[test]
    fn what_is_left_over_goes_to_the_growing_columns() {
        assert_eq!(layout(COLUMNS, 30), [(0, 2), (1, 11), (2, 6), (3, 8)]);
        assert_eq!(layout(COLUMNS, 99), [(0, 2), (1, 20), (2, 6), (3, 8)]);
    }
}
