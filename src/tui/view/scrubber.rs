//! One line of time at the foot of a screen: how much media passed when, where something was
//! found, and the time cursor. It can be pointed at.
//!
//! ```text
//!  11:47:16 ├▁▂▅▅▅▅▂▁▃▅▅▅▅▅✖▅▅▅┃▅▅▅▅▅┤ 11:49:31  ┃ 11:49:02.417
//! ```

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::severity::Severity;
use crate::base::time::Timestamp;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::ViewState;
use crate::tui::units;
use crate::tui::widgets::spark::level;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::width;

/// Columns of the shortest axis that tells anything.
const LEAST_AXIS: usize = 10;

/// Whether the screen has such a line: it is about a stretch of time that is known.
pub(super) fn is_shown(snapshot: &Snapshot, view: &ViewState) -> bool {
    (view.screen.is_of_one() || view.screen == crate::tui::screen::Screen::Findings)
        && stretch(snapshot).is_some_and(|(first, last)| last > first)
}

/// The time of the open connection, or of the capture.
fn stretch(snapshot: &Snapshot) -> Option<(Timestamp, Timestamp)> {
    match snapshot.detail.known() {
        Some(detail) => Some((detail.first.time, detail.last.time)),
        None => Some((snapshot.capture.first?, snapshot.capture.last?)),
    }
}

/// Draws the line.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    let Some((first, last)) = stretch(snapshot) else {
        return;
    };
    let theme = view.theme;
    let room = usize::from(area.width);
    let short = |at: Timestamp| units::time_of_day(at).chars().take(8).collect::<String>();
    let begin = format!(" {} ├", short(first));
    let end = format!("┤ {}", short(last));
    let cursor = view
        .cursor
        .map_or_else(String::new, |at| format!("  ┃ {} ", units::time_of_day(at)));
    let taken = width(&begin).saturating_add(width(&end));
    // Where there is little room, the ends go first and then the words for the cursor.
    let (begin, end, cursor) = if taken.saturating_add(width(&cursor)) + LEAST_AXIS <= room {
        (begin, end, cursor)
    } else {
        (" ├".to_owned(), "┤".to_owned(), String::new())
    };
    let taken = width(&begin)
        .saturating_add(width(&end))
        .saturating_add(width(&cursor));
    let columns = room.saturating_sub(taken);
    if columns == 0 {
        return;
    }
    let axis = Axis {
        first,
        last,
        columns,
    };
    let mut spans = vec![Span::styled(begin.clone(), theme.dim())];
    let heights = axis.heights(snapshot);
    let worst = axis.worst(snapshot, view);
    let at_cursor = view.cursor.and_then(|at| axis.column(at));
    let x = area
        .x
        .saturating_add(u16::try_from(width(&begin)).unwrap_or(0));
    for column in 0..columns {
        let severity = worst.get(column).copied().flatten();
        let (symbol, style) = match severity {
            _ if Some(column) == at_cursor => {
                ("┃".to_owned(), theme.key().add_modifier(Modifier::REVERSED))
            }
            Some(severity) => {
                let sign = if severity >= Severity::Error {
                    "✖"
                } else {
                    "▲"
                };
                (sign.to_owned(), theme.severity(Some(severity)))
            }
            None => {
                let height = heights.get(column).copied().unwrap_or(0.0);
                (level(height).to_string(), theme.video())
            }
        };
        spans.push(Span::styled(symbol, style));
        let place = Rect {
            x: x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX)),
            width: 1,
            height: 1,
            ..area
        };
        sheet.zone(place, Target::Moment(axis.time(column)));
    }
    spans.push(Span::styled(end, theme.dim()));
    spans.push(Span::styled(cursor, theme.key()));
    put(sheet, area.x, area.y, &Line::from(spans), area.width);
}

/// Time as columns.
pub(super) struct Axis {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) columns: usize,
}

impl Axis {
    fn nanos(&self) -> i128 {
        i128::from(self.last.since(self.first).nanos()).max(1)
    }

    pub(super) fn column(&self, at: Timestamp) -> Option<usize> {
        let since = i128::from(at.since(self.first).nanos());
        let columns = i128::try_from(self.columns).ok()?;
        let column = since.checked_mul(columns)? / self.nanos();
        let last = columns.saturating_sub(1);
        (-1..=columns)
            .contains(&column)
            .then(|| usize::try_from(column.clamp(0, last)).ok())?
    }

    /// The moment in the middle of a column.
    pub(super) fn time(&self, column: usize) -> Timestamp {
        let columns = i128::try_from(self.columns).unwrap_or(1).max(1);
        let column = i128::try_from(column).unwrap_or(0);
        let middle = column.saturating_mul(2).saturating_add(1);
        let nanos = self.nanos().saturating_mul(middle) / columns.saturating_mul(2);
        let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
        Timestamp(self.first.0.saturating_add(nanos))
    }

    /// The bitrate of the open connection in each column, as a share of the highest.
    #[expect(
        clippy::cast_precision_loss,
        reason = "it becomes one of eight heights"
    )]
    fn heights(&self, snapshot: &Snapshot) -> Vec<f64> {
        let mut bytes = vec![0.0_f64; self.columns];
        let Some(detail) = snapshot.detail.known() else {
            return bytes;
        };
        for track in &detail.session.tracks {
            let width = track.history.width().nanos();
            for (at, bucket) in track.history.buckets().iter().enumerate() {
                let at = i64::try_from(at).unwrap_or(i64::MAX);
                let begin = track
                    .history
                    .start()
                    .0
                    .saturating_add(at.saturating_mul(width));
                // A stretch of time may be longer than a column: it is spread over its columns.
                let from = self.column(Timestamp(begin));
                let to = self.column(Timestamp(begin.saturating_add(width).saturating_sub(1)));
                let (Some(from), Some(to)) = (from.or(to), to.or(from)) else {
                    continue;
                };
                let share = f64::from(bucket.bytes) / (to.saturating_sub(from) as f64 + 1.0);
                for sum in bytes.iter_mut().take(to.saturating_add(1)).skip(from) {
                    *sum += share;
                }
            }
        }
        let most = bytes.iter().copied().fold(0.0, f64::max);
        if most > 0.0 {
            for sum in &mut bytes {
                *sum /= most;
            }
        }
        bytes
    }

    /// The worst that was found in each column, from a warning on.
    fn worst(&self, snapshot: &Snapshot, view: &ViewState) -> Vec<Option<Severity>> {
        let mut worst = vec![None; self.columns];
        for finding in view.shown_findings(snapshot) {
            if finding.severity >= Severity::Warning
                && let Some(column) = self.column(finding.first.time)
                && let Some(known) = worst.get_mut(column)
            {
                *known = (*known).max(Some(finding.severity));
            }
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis() -> Axis {
        Axis {
            first: Timestamp(1_000),
            last: Timestamp(2_000),
            columns: 10,
        }
    }

    #[test]
    fn every_column_is_found_again_by_its_time() {
        for column in 0..10 {
            assert_eq!(axis().column(axis().time(column)), Some(column));
        }
        assert_eq!(axis().time(0), Timestamp(1_050));
    }

    #[test]
    fn the_ends_belong_to_the_axis_and_other_times_do_not() {
        assert_eq!(axis().column(Timestamp(1_000)), Some(0));
        assert_eq!(axis().column(Timestamp(2_000)), Some(9));
        assert_eq!(axis().column(Timestamp(3_000)), None);
        assert_eq!(axis().column(Timestamp(i64::MIN)), None);
        assert_eq!(axis().column(Timestamp(i64::MAX)), None);
    }
}
