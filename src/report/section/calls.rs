//! The calls with their answers, and the pings.

use std::fmt::Write as _;

use crate::base::side::Side;
use crate::base::text::printable;
use crate::base::time::Span;
use crate::base::units::grouped;
use crate::base::units::span_with_hours;
use crate::pipeline::Connection;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::CallStats;
use crate::session::call::Calls;
use crate::session::call::Expectation;
use crate::session::mask::Mask;

/// Calls listed in a section; a connection has ten to twenty, and a bandwidth test thousands.
const MAX_CALLS: usize = 24;

/// The calls of a connection.
#[derive(Debug)]
pub(in crate::report) struct CallList {
    /// How many went how; `None` where there were none.
    pub(in crate::report) counts: Option<String>,
    pub(in crate::report) rows: Vec<CallRow>,
    /// Calls that are not listed.
    pub(in crate::report) more: u64,
    pub(in crate::report) pings: Option<String>,
}

/// A call with its answer.
#[derive(Debug)]
pub(in crate::report) struct CallRow {
    /// Since the begin of the connection.
    pub(in crate::report) after: String,
    pub(in crate::report) caller: Side,
    /// Foreign text.
    pub(in crate::report) name: String,
    /// Transaction id.
    pub(in crate::report) id: String,
    pub(in crate::report) state: CallState,
    pub(in crate::report) outcome: &'static str,
    pub(in crate::report) latency: String,
    /// Foreign text.
    pub(in crate::report) reply: String,
}

pub(super) fn calls(connection: &Connection, mask: Mask<'_>) -> CallList {
    let calls = &connection.session.calls;
    let stats = &calls.stats;
    let commands = calls.iter().filter(|call| !call.is_ping);
    let rows: Vec<_> = commands
        .take(MAX_CALLS)
        .map(|call| row(connection, call, mask))
        .collect();
    let listed = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    CallList {
        counts: (stats.calls > 0).then(|| call_counts(calls)),
        more: u64::from(stats.calls).saturating_sub(listed),
        rows,
        pings: (stats.pings > 0).then(|| pings(stats)),
    }
}

/// How many calls went how.
fn call_counts(calls: &Calls) -> String {
    let stats = &calls.stats;
    let mut out = format!(
        "{} made, {} answered, {} failed, {} unanswered",
        grouped(stats.calls.into()),
        grouped(stats.answered.into()),
        grouped(stats.failed),
        grouped(stats.unanswered)
    );
    for (count, what) in [
        (stats.unanswered_optional, "optional without answer"),
        (stats.one_way, "one-way"),
    ] {
        if count > 0 {
            let _ = write!(out, ", {} {what}", grouped(count.into()));
        }
    }
    let latency = calls.latency();
    if latency.count() > 0 {
        let _ = write!(
            out,
            "; latency min {} mean {} max {}",
            span_with_hours(latency.min()),
            span_with_hours(latency.mean()),
            span_with_hours(latency.max())
        );
    }
    out
}

fn pings(stats: &CallStats) -> String {
    let mut out = format!(
        "{} sent, {} answered, {} unanswered",
        grouped(stats.pings),
        grouped(stats.ping.count()),
        grouped(stats.pings_unanswered)
    );
    if stats.ping.count() > 0 {
        let _ = write!(
            out,
            "; min {} mean {} max {}",
            span_with_hours(stats.ping.min()),
            span_with_hours(stats.ping.mean()),
            span_with_hours(stats.ping.max())
        );
    }
    out
}

fn row(connection: &Connection, call: &Call, mask: Mask<'_>) -> CallRow {
    let after = call.at.time.since(connection.first.time).max(Span::ZERO);
    CallRow {
        after: format!("+{}", span_with_hours(after)),
        caller: call.caller,
        name: printable(&mask.prose(&call.name)),
        id: transaction(call),
        state: call.state,
        outcome: outcome(call),
        latency: call.latency().map_or_else(String::new, span_with_hours),
        reply: reply(call, mask),
    }
}

/// The transaction id in words.
pub(in crate::report) fn transaction(call: &Call) -> String {
    call.transaction_id()
        .map_or_else(|| "-".to_owned(), |id| id.to_string())
}

/// How a call went in a word or two.
pub(in crate::report) fn outcome(call: &Call) -> &'static str {
    match call.state {
        CallState::Open => "waiting",
        CallState::OneWay => "no answer due",
        CallState::Unanswered if call.expectation == Expectation::Required => "UNANSWERED",
        CallState::Unanswered => "not answered",
        CallState::Answered => "ok",
        CallState::Failed => "FAILED",
    }
}

/// Code and description of the answer. Foreign text.
pub(in crate::report) fn reply(call: &Call, mask: Mask<'_>) -> String {
    let Some(reply) = &call.reply else {
        return String::new();
    };
    let text = |text: Option<&str>| {
        text.map(|text| printable(&mask.text(text, Secrecy::Parameters)))
            .unwrap_or_default()
    };
    let description = text(reply.description());
    let code = text(reply.code());
    if description.is_empty() {
        code
    } else {
        format!("{code} ({description})")
    }
}
