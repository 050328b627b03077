//! The calls of a connection as a ladder, and the selected one in full beside it: its facts, what
//! asked and what answered as trees, and the bytes.
//!
//! ```text
//!  12 calls  ✖ 1 failed  ▲ 1 unanswered   srt min 40.1 ms  p50 ≤ 41.2 ms  max 2014 ms
//!             client                                        server ┌ publish #5 ───────────┐
//!      0.064  │─ connect #1  live ─────────────────────────────▶│  │ ✔ answered after 44 ms│
//!             │◀─ ✔ NetConnection.Connect.Success  41.3 ms ─────│  │ …                     │
//!      0.210  ║═ media  avc 1280x720  aac ═════════════════════▶║  │                       │
//! ```
//!
//! Without the room for arrows it is a table.

mod detail;
mod ladder;
mod table;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::base::ids::Mark;
use crate::base::time::Span as Time;
use crate::base::units::counted;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::Expectation;
use crate::session::call::OVERDUE_AFTER;
use crate::session::call::Reply;
use crate::session::call::ReplyKind;
use crate::tui::model::Detail;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::CALL_LIST;
use crate::tui::state::CALL_PANE;
use crate::tui::state::ViewState;
use crate::tui::state::moments::TimeMode;
use crate::tui::theme::Theme;
use crate::tui::units;
use crate::tui::view::say;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::put;

/// Narrower than this, arrows say less than words.
const LADDER_FROM_WIDTH: u16 = 76;

/// From this width on the selected call stands beside the ladder.
const DETAIL_FROM_WIDTH: u16 = 108;

/// Columns of the pane beside the ladder: the least in which eight bytes stand in a line, and the
/// least for sixteen, beyond which nothing is gained.
const DETAIL_WIDTHS: (u16, u16) = (44, 75);

/// From this height on the selected call stands below.
const DETAIL_FROM_HEIGHT: u16 = 16;

/// Lines of the pane below, at the least: the facts of a call.
const DETAIL_LEAST_HEIGHT: u16 = 8;

/// An answer within this is not felt, and no round trip within a continent takes longer.
const QUICK: Time = Time::from_millis(100);

/// An answer that takes longer than this is felt while a stream starts.
const SLOW: Time = Time::from_secs(1);

/// Where ladder and pane stand.
struct Places {
    list: Option<Rect>,
    pane: Option<Rect>,
}

impl Places {
    fn of(area: Rect, view: &ViewState) -> Self {
        let has_pane_keys = view.pane == CALL_PANE;
        let is_beside = area.width >= DETAIL_FROM_WIDTH;
        let is_below = area.height >= DETAIL_FROM_HEIGHT;
        if view.is_pane_alone || !(is_beside || is_below) {
            return Self {
                list: (!has_pane_keys).then_some(area),
                pane: has_pane_keys.then_some(area),
            };
        }
        let (mut list, mut pane) = (area, area);
        if is_beside {
            let (least, most) = DETAIL_WIDTHS;
            pane.width = (area.width / 5).saturating_mul(2).clamp(least, most);
            // Where both cannot have what they like, the ladder has it.
            let rest = area.width.saturating_sub(LADDER_FROM_WIDTH).max(least);
            pane.width = pane.width.min(rest);
            list.width = area.width.saturating_sub(pane.width);
            pane.x = list.right();
        } else {
            pane.height = (area.height / 2).max(DETAIL_LEAST_HEIGHT);
            list.height = area.height.saturating_sub(pane.height);
            pane.y = list.bottom();
        }
        Self {
            list: Some(list),
            pane: Some(pane),
        }
    }
}

/// Draws the calls.
pub(super) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    snapshot: &Snapshot,
    detail: &Detail,
    view: &ViewState,
) {
    let calls: Vec<&Call> = detail.session.calls.iter().collect();
    if calls.is_empty() {
        say(sheet, area, why_empty(detail), view);
        return;
    }
    let is_table = area.width < LADDER_FROM_WIDTH;
    let line = fit_parts(&figures(detail, view), "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let area = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let selected = view.call.min(calls.len().saturating_sub(1));
    let places = Places::of(area, view);
    if let Some(area) = places.list {
        sheet.zone(area, Target::Pane(CALL_LIST));
        if is_table {
            table::render(sheet, area, detail, &calls, selected, view);
        } else {
            ladder::render(sheet, area, snapshot, detail, &calls, selected, view);
        }
    }
    if let (Some(area), Some(call)) = (places.pane, calls.get(selected)) {
        sheet.zone(area, Target::Pane(CALL_PANE));
        detail::render(sheet, area, snapshot, detail, call, view);
    }
}

fn why_empty(detail: &Detail) -> &'static str {
    if detail.session.is_opaque() {
        "No calls: the connection is enciphered, so its commands cannot be read."
    } else if detail.session.is_from_begin() {
        "No calls yet: no command has been sent."
    } else {
        "No calls: the capture begins after the session was set up."
    }
}

fn figures(detail: &Detail, view: &ViewState) -> Vec<(String, Style)> {
    let theme = view.theme;
    let stats = &detail.session.calls.stats;
    let mut parts = vec![(
        format!(" {}", counted(stats.calls.into(), "call")),
        theme.head(),
    )];
    if stats.failed > 0 {
        parts.push((format!("✖ {} failed", stats.failed), theme.bad()));
    }
    if stats.unanswered > 0 {
        let unanswered = format!("▲ {} unanswered", units::grouped(stats.unanswered));
        parts.push((unanswered, theme.warn()));
    }
    if stats.unanswered_optional > 0 {
        let optional = units::grouped(stats.unanswered_optional.into());
        parts.push((format!("· {optional} optional without answer"), theme.dim()));
    }
    if stats.orphan_replies > 0 {
        parts.push((
            format!("{} answers to no call", stats.orphan_replies),
            theme.plain(),
        ));
    }
    let latency = detail.session.calls.latency();
    if latency.count() > 0 {
        parts.push((
            format!(
                "srt min {}  p50 ≤ {}  max {}",
                units::span(latency.min()),
                // The quantile is the upper edge of a range.
                units::span(latency.quantile(50)),
                units::span(latency.max())
            ),
            grade(latency.max()).style(theme),
        ));
    }
    if stats.pings > 0 {
        let mut pings = counted(stats.pings, "ping");
        if stats.ping.count() > 0 {
            let _ = write!(pings, ", mean {}", units::span(stats.ping.mean()));
        }
        parts.push((pings, theme.plain()));
    }
    if stats.pings_unanswered > 0 {
        let unanswered = counted(stats.pings_unanswered, "ping");
        parts.push((format!("▲ {unanswered} unanswered"), theme.warn()));
    }
    if stats.left_out > 0 {
        parts.push((
            format!("{} older calls left out", units::grouped(stats.left_out)),
            theme.dim(),
        ));
    }
    parts.push((format!("times: {}", view.time.name()), theme.dim()));
    parts
}

fn call_name(call: &Call, detail: &Detail) -> String {
    let name = detail.prose(&call.name);
    match call.transaction_id() {
        Some(id) if id.expects_answer() || call.is_ping => format!("{name} #{id}"),
        _ => name,
    }
}

/// What a call is about: a stream name is a secret as a whole, an app only in its query.
fn about(call: &Call, detail: &Detail) -> Option<String> {
    let about = call.detail.as_deref()?;
    Some(if call.name == "connect" {
        detail.text(about, Secrecy::Url)
    } else {
        detail.prose(about)
    })
}

fn time(at: Mark, before: Option<Mark>, detail: &Detail, view: &ViewState) -> String {
    match view.time {
        TimeMode::Clock => units::time_of_day(at.time),
        TimeMode::SincePrevious => before.map_or_else(
            || units::seconds_since(at.time, detail.first.time),
            |before| {
                let step = at.time.since(before.time).max(Time::ZERO);
                format!("+{}", units::span(step))
            },
        ),
        TimeMode::SinceMark => crate::tui::view::since_mark(at.time, view)
            .unwrap_or_else(|| units::seconds_since(at.time, detail.first.time)),
        // Calls have no place in the media's time.
        TimeMode::SinceStart | TimeMode::Media => units::seconds_since(at.time, detail.first.time),
    }
}

/// How long an answer took, as one feels it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grade {
    Quick,
    Noticeable,
    Slow,
    /// Longer than servers wait themselves.
    Overdue,
}

fn grade(latency: Time) -> Grade {
    if latency <= QUICK {
        Grade::Quick
    } else if latency <= SLOW {
        Grade::Noticeable
    } else if latency <= OVERDUE_AFTER {
        Grade::Slow
    } else {
        Grade::Overdue
    }
}

impl Grade {
    fn sign(self) -> &'static str {
        match self {
            Self::Quick => "✔",
            Self::Noticeable => "△",
            Self::Slow | Self::Overdue => "▲",
        }
    }

    /// The word behind a latency, where one is due.
    fn word(self) -> Option<&'static str> {
        match self {
            Self::Quick | Self::Noticeable => None,
            Self::Slow => Some("slow"),
            Self::Overdue => Some("very late"),
        }
    }

    fn style(self, theme: Theme) -> Style {
        match self {
            Self::Quick => theme.good(),
            Self::Noticeable => theme.plain(),
            Self::Slow => theme.warn(),
            Self::Overdue => theme.bad(),
        }
    }
}

/// The sign, the words and the style for how a call went.
fn outcome(call: &Call, view: &ViewState) -> (&'static str, &'static str, Style) {
    let theme = view.theme;
    match call.state {
        CallState::Open => ("…", "waits for its answer", theme.warn()),
        CallState::OneWay => (" ", "no answer due", theme.dim()),
        CallState::Answered => {
            let grade = grade(call.latency().unwrap_or(Time::ZERO));
            let words = match grade {
                Grade::Quick | Grade::Noticeable => "answered",
                Grade::Slow => "answered slowly",
                Grade::Overdue => "answered very late",
            };
            (grade.sign(), words, grade.style(theme))
        }
        CallState::Failed => ("✖", "failed", theme.bad()),
        CallState::Unanswered if call.expectation == Expectation::Required => {
            ("✖", "never answered", theme.bad())
        }
        CallState::Unanswered => (
            "·",
            "not answered, which some servers never do",
            theme.dim(),
        ),
    }
}

/// The form of an answer as the wire has it.
fn form(reply: &Reply) -> &'static str {
    match reply.kind {
        ReplyKind::Result => "_result",
        ReplyKind::Error => "_error",
        ReplyKind::Status => "onStatus",
        ReplyKind::Notice => "onFCPublish",
        ReplyKind::Pong => "ping response",
    }
}

fn answer(reply: &Reply, detail: &Detail) -> String {
    let code = reply.code().map(|code| detail.prose(code));
    code.unwrap_or_else(|| form(reply).to_owned())
}
