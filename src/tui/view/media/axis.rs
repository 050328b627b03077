//! The axis of time that all charts share: where something was found, the mark and the cursor,
//! and the times at its ends. Every column of it and of the charts can be pointed at.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::severity::Severity;
use crate::base::time::Timestamp;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::moments::TimeMode;
use crate::tui::units;
use crate::tui::view::media::Scene;
use crate::tui::view::scrubber::Axis;
use crate::tui::view::since_mark;
use crate::tui::widgets::chart::LABELS;
use crate::tui::widgets::chart::Upright;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::width;

/// Lines of the axis with its times.
pub(super) const AXIS_LINES: u16 = 2;

/// The axis of an area as wide as the charts.
pub(super) fn of(area: Rect, scene: &Scene<'_>) -> Axis {
    let [first, last] = scene.shown;
    Axis {
        first,
        last,
        columns: usize::from(area.width.saturating_sub(LABELS)),
    }
}

fn column(axis: &Axis, at: Option<Timestamp>) -> Option<u16> {
    let at = at.filter(|at| axis.columns > 0 && axis.first <= *at && *at <= axis.last)?;
    u16::try_from(axis.column(at)?).ok()
}

/// The cursor and the mark as lines through the charts.
pub(super) fn uprights(axis: &Axis, scene: &Scene<'_>) -> Vec<Upright> {
    let view = scene.view;
    let upright = |at, symbol, style| {
        Some(Upright {
            column: column(axis, at)?,
            symbol,
            style,
        })
    };
    let mark = upright(view.mark, "┊", view.theme.head());
    let cursor = upright(view.cursor, "│", view.theme.key());
    // The cursor lies over the mark.
    [mark, cursor].into_iter().flatten().collect()
}

/// Makes every column of an area lead to its moment.
pub(super) fn zones(sheet: &mut Sheet<'_>, area: Rect, axis: &Axis) {
    for column in 0..axis.columns {
        let right = u16::try_from(column).unwrap_or(u16::MAX);
        let place = Rect {
            x: area.x.saturating_add(LABELS).saturating_add(right),
            width: 1,
            ..area
        };
        sheet.zone(place, Target::Moment(axis.time(column)));
    }
}

/// Draws the axis, and below it the times where there is a second line.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, scene: &Scene<'_>) {
    let axis = of(area, scene);
    if area.height >= AXIS_LINES {
        ticks(sheet, Rect { height: 1, ..area }, &axis, scene);
    }
    if area.height > 0 {
        let y = area.bottom().saturating_sub(1);
        let last = Rect {
            y,
            height: 1,
            ..area
        };
        times(sheet, last, &axis, scene);
    }
}

fn ticks(sheet: &mut Sheet<'_>, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let view = scene.view;
    let theme = view.theme;
    let mut cells: Vec<(&str, Style)> = vec![("─", theme.dim()); axis.columns];
    let mut worst: Vec<Option<Severity>> = vec![None; axis.columns];
    for finding in view.shown_findings(scene.snapshot) {
        let at = column(axis, Some(finding.first.time));
        let slot = at.and_then(|at| worst.get_mut(usize::from(at)));
        if let Some(known) = slot.filter(|_| finding.flow == scene.detail.id) {
            *known = (*known).max(Some(finding.severity));
        }
    }
    for (cell, severity) in cells.iter_mut().zip(&worst) {
        if let Some(severity) = severity {
            let sign = match severity {
                Severity::Error | Severity::Critical => "✖",
                Severity::Warning => "▲",
                Severity::Info => "·",
            };
            *cell = (sign, theme.severity(Some(*severity)));
        }
    }
    let mut set = |at: Option<Timestamp>, symbol, style| {
        let at = column(axis, at);
        if let Some(cell) = at.and_then(|at| cells.get_mut(usize::from(at))) {
            *cell = (symbol, style);
        }
    };
    set(view.mark, "m", theme.head());
    set(
        view.cursor,
        "┃",
        theme.key().add_modifier(Modifier::REVERSED),
    );
    let gutter = usize::from(LABELS.saturating_sub(1));
    let mut spans = vec![Span::styled(
        format!("{}├", " ".repeat(gutter)),
        theme.dim(),
    )];
    spans.extend(
        cells
            .into_iter()
            .map(|(symbol, style)| Span::styled(symbol, style)),
    );
    put(sheet, area.x, area.y, &Line::from(spans), area.width);
    zones(sheet, area, axis);
}

/// The times at the ends, and that of the cursor below it where it has room.
fn times(sheet: &mut Sheet<'_>, area: Rect, axis: &Axis, scene: &Scene<'_>) {
    let view = scene.view;
    let text = |at: Timestamp| match view.time {
        TimeMode::Clock => units::time_of_day(at),
        TimeMode::SinceMark => since_mark(at, view).unwrap_or_default(),
        _ => format!("{} s", units::seconds_since(at, scene.detail.first.time)),
    };
    let room = axis.columns;
    let mut taken: Vec<(usize, usize)> = Vec::new();
    let mut write = |sheet: &mut Sheet<'_>, from: usize, text: &str, style: Style| {
        let to = from.saturating_add(width(text));
        let is_free = taken.iter().all(|(begin, end)| to < *begin || from > *end);
        if to > room || !is_free {
            return;
        }
        taken.push((from, to));
        let x = usize::from(area.x.saturating_add(LABELS)).saturating_add(from);
        let x = u16::try_from(x).unwrap_or(u16::MAX);
        let line = Line::styled(text.to_owned(), style);
        put(sheet, x, area.y, &line, area.right().saturating_sub(x));
    };
    if let (Some(at), Some(column)) = (view.cursor, column(axis, view.cursor)) {
        let text = text(at);
        let half = width(&text) / 2;
        let last = room.saturating_sub(width(&text));
        let from = usize::from(column).saturating_sub(half).min(last);
        write(sheet, from, &text, view.theme.key());
    }
    let dim = view.theme.dim();
    write(sheet, 0, &text(axis.first), dim);
    let right = text(axis.last);
    write(sheet, room.saturating_sub(width(&right)), &right, dim);
}
