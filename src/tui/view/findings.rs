//! What was odd: of the whole capture from the list, of one connection within it.
//!
//! ```text
//!  3 anomalies of this connection
//!      CODE               STREAM        TIME   DIR  COUNT  WHAT
//! ▸✖E  media.gap          live/****1a  12.417   →      2  video of client on stream 1: nothing for 1.2 s …
//! ┌ media.gap ───────────────────────────────────────────────────────────────────────────┐
//! │ error · sent by the client · 2 times, frames 812..1204                                │
//! └───────────────────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::tui::model::Oddity;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::state::moments::TimeMode;
use crate::tui::theme::arrow;
use crate::tui::theme::sign;
use crate::tui::units;
use crate::tui::view::pane;
use crate::tui::view::say;
use crate::tui::view::scrolled;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::Look;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::wrap;

const COLUMNS: &[Column] = &[
    fixed("", 3, 0),
    flexible("CODE", 18, 28, 0),
    flexible("STREAM", 12, 24, 4),
    number("TIME", 12, 2),
    fixed("DIR", 3, 3),
    number("COUNT", 6, 5),
    flexible("WHAT", 16, 200, 1),
];

/// Lines from which the selected finding gets a pane.
const DETAIL_FROM_HEIGHT: u16 = 12;

/// Draws the findings.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    let all = view.shown_findings(snapshot);
    let theme = view.theme;
    let whose = match (view.focus, snapshot.detail.known()) {
        (None, _) => "of the whole capture".to_owned(),
        (_, Some(detail)) => format!("of {} (#{})", detail.label(), detail.id),
        (Some(id), None) => format!("of connection #{id}"),
    };
    if all.is_empty() && !snapshot.anomalies.is_empty() {
        let hidden = snapshot.anomalies.len();
        let text = format!(
            "All {hidden} findings {whose} are muted or filtered out. f shows what is muted, Esc \
             clears the filter."
        );
        say(sheet, area, &text, view);
        return;
    }
    if all.is_empty() {
        let text = if snapshot.capture.is_done {
            format!("Nothing odd was noticed {whose}.")
        } else {
            format!("Nothing odd so far {whose}; still reading.")
        };
        say(sheet, area, &text, view);
        return;
    }
    let count = |from: Severity, to: Severity| {
        let odd = all
            .iter()
            .filter(|o| o.severity >= from && o.severity <= to);
        odd.count()
    };
    let mut parts = vec![
        (format!(" {} findings {whose}", all.len()), theme.head()),
        (
            format!("✖{}", count(Severity::Error, Severity::Critical)),
            theme.bad(),
        ),
        (
            format!("▲{}", count(Severity::Warning, Severity::Warning)),
            theme.warn(),
        ),
        (
            format!("·{}", count(Severity::Info, Severity::Info)),
            theme.dim(),
        ),
    ];
    if snapshot.anomalies_left_out > 0 {
        parts.push((
            format!(
                "{} more not kept",
                units::grouped(snapshot.anomalies_left_out)
            ),
            theme.dim(),
        ));
    }
    parts.push((format!("times: {}", view.time.name()), theme.dim()));
    let line = fit_parts(&parts, "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let mut list = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let selected = view.findings.selected.min(all.len().saturating_sub(1));
    if area.height >= DETAIL_FROM_HEIGHT
        && let Some(oddity) = all.get(selected)
    {
        list.height = list.height.saturating_sub(6);
        let below = Rect {
            y: list.bottom(),
            height: 6,
            ..area
        };
        let inner = pane(sheet, below, oddity.code, false, view);
        let lines = full(oddity, usize::from(inner.width), view);
        scrolled(sheet, inner, &lines, 0, view);
    }
    let start = snapshot.capture.first;
    let look = Look {
        head: theme.dim(),
        selected: Some(theme.selected()),
    };
    table::render(sheet, list, COLUMNS, all.len(), selected, look, |at| {
        let Some(oddity) = all.get(at) else {
            return Vec::new();
        };
        let before = at
            .checked_sub(1)
            .and_then(|at| all.get(at))
            .map(|o| o.first);
        let marker = if at == selected { "▸" } else { " " };
        let begin = snapshot
            .detail
            .known()
            .map(|detail| detail.first.time)
            .or(start);
        vec![
            Cell::styled(
                format!("{marker}{}", sign(Some(oddity.severity))),
                theme.severity(Some(oddity.severity)),
            ),
            Cell::styled(oddity.code, theme.head()),
            oddity.label.clone().into(),
            Cell::styled(time(oddity.first, before, begin, view), theme.dim()),
            Cell::styled(format!(" {}", arrow(oddity.side)), theme.side(oddity.side)),
            units::grouped(oddity.count).into(),
            oddity.what.clone().into(),
        ]
    });
}

fn time(
    at: Mark,
    before: Option<Mark>,
    begin: Option<crate::base::time::Timestamp>,
    view: &ViewState,
) -> String {
    let since = |begin| units::seconds_since(at.time, begin);
    match (view.time, before) {
        (TimeMode::Clock, _) => units::time_of_day(at.time),
        (TimeMode::SincePrevious, Some(before)) => format!("+{}", since(before.time)),
        (TimeMode::SinceMark, _) => {
            super::since_mark(at.time, view).unwrap_or_else(|| units::time_of_day(at.time))
        }
        _ => begin.map_or_else(|| units::time_of_day(at.time), since),
    }
}

fn full<'a>(oddity: &Oddity, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let sender = oddity.side.name();
    let times = if oddity.count == 1 {
        format!("once, frame {}", oddity.first.frame)
    } else {
        format!(
            "{} times, frames {}..{}",
            units::grouped(oddity.count),
            oddity.first.frame,
            oddity.last.frame
        )
    };
    let mut lines = vec![Line::from(vec![
        Span::styled(
            format!(" {} {}", sign(Some(oddity.severity)), oddity.severity),
            theme.severity(Some(oddity.severity)),
        ),
        Span::styled(format!("  sent by the {sender}  {times}"), theme.plain()),
    ])];
    for line in wrap(&oddity.what, room.saturating_sub(2).max(8)) {
        lines.push(Line::raw(format!(" {line}")));
    }
    lines
}
