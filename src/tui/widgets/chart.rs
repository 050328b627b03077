//! Figures over time, drawn in braille. All charts of a screen have the same columns, so that one
//! instant stands in one column of all of them.

use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::Widget as _;
use ratatui::widgets::canvas;
use ratatui::widgets::canvas::Canvas;

use crate::tui::sheet::Sheet;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;

/// Columns for the figures at the left of a chart.
pub(in crate::tui) const LABELS: u16 = 9;

/// The braille pattern without dots.
const BLANK: &str = "\u{2800}";

/// One line of a chart.
#[derive(Debug, Clone)]
pub(in crate::tui) struct Series {
    /// Points in the order of time.
    pub(in crate::tui) points: Vec<(f64, f64)>,
    /// Its style, of which the chart takes the colour.
    pub(in crate::tui) style: Style,
    /// Whether the area below it is filled.
    pub(in crate::tui) filled: bool,
}

/// The range of the figures of all series that a chart should show; never empty. `least` is the
/// smallest range, so that noise is not blown up to a mountain.
pub(in crate::tui) fn range(series: &[Series], least: f64, from_zero: bool) -> [f64; 2] {
    let values = || {
        series
            .iter()
            .flat_map(|series| series.points.iter().map(|point| point.1))
    };
    let mut low = values().fold(f64::INFINITY, f64::min);
    let mut high = values().fold(f64::NEG_INFINITY, f64::max);
    if !low.is_finite() || !high.is_finite() {
        (low, high) = (0.0, least);
    }
    if from_zero {
        low = low.min(0.0);
        high = high.max(0.0);
    }
    let missing = least - (high - low);
    if missing > 0.0 {
        if from_zero && low >= 0.0 {
            high += missing;
        } else {
            low -= missing / 2.0;
            high += missing / 2.0;
        }
    }
    [low, high]
}

/// A moment that is marked by an upright line through a chart.
#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct Upright {
    /// The column of the plot.
    pub(in crate::tui) column: u16,
    /// What it is drawn with where the chart is blank.
    pub(in crate::tui) symbol: &'static str,
    /// Its style.
    pub(in crate::tui) style: Style,
}

/// What a chart shows.
#[derive(Debug)]
pub(in crate::tui) struct Plot<'a> {
    /// The time at its edges.
    pub(in crate::tui) time: [f64; 2],
    /// The lowest and the highest figure.
    pub(in crate::tui) range: [f64; 2],
    /// How figures are written.
    pub(in crate::tui) label: fn(f64) -> String,
    /// The figures.
    pub(in crate::tui) series: &'a [Series],
    /// Marked moments.
    pub(in crate::tui) uprights: &'a [Upright],
    /// The style of what stands around.
    pub(in crate::tui) dim: Style,
}

/// Draws a chart: the figures of its range at the left, the series beside them.
pub(in crate::tui) fn render(sheet: &mut Sheet<'_>, area: Rect, plot: &Plot<'_>) {
    let Plot {
        time,
        range,
        label,
        series,
        uprights,
        dim,
    } = *plot;
    let labels = LABELS.min(area.width);
    let room = usize::from(labels.saturating_sub(2));
    let write = |sheet: &mut Sheet<'_>, y: u16, text: String| {
        let line = Line::styled(format!("{} ┤", pad(&text, room, true)), dim);
        put(sheet, area.x, y, &line, labels);
    };
    for y in area.top()..area.bottom() {
        let at_edge = y == area.top() || y.saturating_add(1) == area.bottom();
        if !at_edge {
            write(sheet, y, String::new());
        }
    }
    let [low, high] = range;
    if area.height > 1 {
        write(sheet, area.bottom().saturating_sub(1), label(low));
    }
    write(sheet, area.top(), label(high));
    let plot = Rect {
        x: area.x.saturating_add(labels),
        width: area.width.saturating_sub(labels),
        ..area
    };
    if plot.is_empty() {
        return;
    }
    Canvas::default()
        .marker(Marker::Braille)
        .x_bounds(time)
        .y_bounds(range)
        .paint(|context| {
            if low < 0.0 && high > 0.0 {
                let zero = canvas::Line::new(time[0], 0.0, time[1], 0.0, color(dim));
                context.draw(&zero);
                context.layer();
            }
            for series in series {
                let color = color(series.style);
                for (from, to) in series.points.iter().zip(series.points.iter().skip(1)) {
                    context.draw(&canvas::Line::new(from.0, from.1, to.0, to.1, color));
                }
                if let [only] = series.points.as_slice() {
                    context.draw(&canvas::Points::new(&[*only], color));
                }
                if series.filled {
                    fill(context, series, time, plot.width, low.max(0.0), color);
                }
            }
        })
        .render(plot, sheet);
    for upright in uprights.iter().filter(|one| one.column < plot.width) {
        let x = plot.x.saturating_add(upright.column);
        for y in plot.top()..plot.bottom() {
            if let Some(cell) = sheet.cell_mut((x, y)) {
                // The curve stays whole where the line crosses it.
                if cell.symbol() == " " || cell.symbol() == BLANK {
                    cell.set_symbol(upright.symbol);
                }
                cell.set_style(upright.style);
            }
        }
    }
}

/// Upright lines from the curve down to `floor`, one for each dot column.
fn fill(
    context: &mut canvas::Context<'_>,
    series: &Series,
    time: [f64; 2],
    columns: u16,
    floor: f64,
    color: Color,
) {
    let dots = f64::from(columns) * 2.0;
    let step = (time[1] - time[0]) / dots.max(1.0);
    for (from, to) in series.points.iter().zip(series.points.iter().skip(1)) {
        let mut x = from.0;
        while x <= to.0 && step > 0.0 {
            let share = if to.0 > from.0 {
                (x - from.0) / (to.0 - from.0)
            } else {
                0.0
            };
            let y = from.1 + (to.1 - from.1) * share;
            context.draw(&canvas::Line::new(x, floor, x, y, color));
            x += step;
        }
    }
}

fn color(style: Style) -> Color {
    style.fg.unwrap_or(Color::Reset)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;

    fn series(values: &[f64]) -> Vec<Series> {
        let points = values.iter().map(|value| (0.0, *value)).collect();
        vec![Series {
            points,
            style: Style::new(),
            filled: false,
        }]
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "edges are exact, nothing was computed")]
    fn the_range_is_never_empty() {
        assert_eq!(range(&[], 10.0, true), [0.0, 10.0]);
        assert_eq!(range(&series(&[5.0]), 10.0, false), [0.0, 10.0]);
        assert_eq!(range(&series(&[100.0, 300.0]), 10.0, true), [0.0, 300.0]);
        assert_eq!(range(&series(&[-20.0, 5.0]), 10.0, true), [-20.0, 5.0]);
    }

    #[test]
    fn figures_stand_at_the_edges() {
        let area = Rect::new(0, 0, 20, 3);
        let mut buffer = Buffer::empty(area);
        let series = [Series {
            points: vec![(0.0, 0.0), (10.0, 100.0)],
            style: Style::new(),
            filled: true,
        }];
        render(
            &mut Sheet::new(&mut buffer),
            area,
            &Plot {
                time: [0.0, 10.0],
                range: [0.0, 100.0],
                label: |value| format!("{value:.0}"),
                series: &series,
                uprights: &[Upright {
                    column: 3,
                    symbol: "│",
                    style: Style::new(),
                }],
                dim: Style::new(),
            },
        );
        let row = |y: u16| (0..20).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        assert!(row(0).starts_with("    100 ┤"));
        assert!(row(2).starts_with("      0 ┤"));
        assert!(!row(2).ends_with(' '));
        // Where the chart is blank, a marked moment is to be seen.
        assert_eq!(row(0).chars().nth(12), Some('│'));
        assert_ne!(row(2).chars().nth(12), Some('│'));
    }
}
