//! The calls with their answers, and the pings.

use std::fmt::Write as _;

use crate::base::time::Span;
use crate::base::units::grouped;
use crate::base::units::span_with_hours;
use crate::pipeline::Connection;
use crate::report::text::section::arrow;
use crate::report::text::shown;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::CallStats;
use crate::session::call::Expectation;
use crate::session::mask::Mask;

/// Calls listed in a section; a connection has ten to twenty, and a bandwidth test thousands.
const MAX_CALLS: usize = 24;

pub(super) fn calls(out: &mut String, connection: &Connection, mask: Mask<'_>) {
    let calls = &connection.session.calls;
    let stats = &calls.stats;
    if stats.calls > 0 {
        call_counts(out, stats);
    }
    let mut listed = 0_u64;
    let commands = calls.iter().filter(|call| !call.is_ping);
    for call in commands.take(MAX_CALLS) {
        call_line(out, connection, call, mask);
        listed = listed.saturating_add(1);
    }
    if stats.calls > listed {
        let more = stats.calls.saturating_sub(listed);
        let _ = writeln!(out, "     … {} more", grouped(more));
    }
    if stats.pings > 0 {
        pings(out, stats);
    }
}

/// How many calls went how.
fn call_counts(out: &mut String, stats: &CallStats) {
    let _ = write!(
        out,
        "  calls     {} made, {} answered, {} failed, {} unanswered",
        grouped(stats.calls),
        grouped(stats.answered),
        grouped(stats.failed),
        grouped(stats.unanswered)
    );
    for (count, what) in [
        (stats.unanswered_optional, "optional without answer"),
        (stats.one_way, "one-way"),
    ] {
        if count > 0 {
            let _ = write!(out, ", {} {what}", grouped(count));
        }
    }
    if stats.latency.count() > 0 {
        let _ = write!(
            out,
            "; latency min {} mean {} max {}",
            span_with_hours(stats.latency.min()),
            span_with_hours(stats.latency.mean()),
            span_with_hours(stats.latency.max())
        );
    }
    out.push('\n');
}

fn pings(out: &mut String, stats: &CallStats) {
    let _ = write!(
        out,
        "  pings     {} sent, {} answered, {} unanswered",
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
    out.push('\n');
}

fn call_line(out: &mut String, connection: &Connection, call: &Call, mask: Mask<'_>) {
    let id = call
        .transaction_id()
        .map_or_else(|| "-".to_owned(), |id| id.to_string());
    let after = call.at.time.since(connection.first.time).max(Span::ZERO);
    let outcome = match call.state {
        CallState::Open => "waiting".to_owned(),
        CallState::OneWay => "no answer due".to_owned(),
        CallState::Unanswered if call.expectation == Expectation::Required => {
            "UNANSWERED".to_owned()
        }
        CallState::Unanswered => "not answered".to_owned(),
        CallState::Answered => "ok".to_owned(),
        CallState::Failed => "FAILED".to_owned(),
    };
    let latency = call.latency().map_or_else(String::new, span_with_hours);
    let reply = call.reply.as_ref().map_or_else(String::new, |reply| {
        let text = |text: Option<&str>| {
            text.map(|text| shown(&mask.text(text, Secrecy::Parameters)))
                .unwrap_or_default()
        };
        let description = text(reply.description());
        let code = text(reply.code());
        if description.is_empty() {
            code
        } else {
            format!("{code} ({description})")
        }
    });
    let line = format!(
        "     {:>10} {} {:<14} #{:<4} {:<13} {:>9}  {}",
        format!("+{}", span_with_hours(after)),
        arrow(call.caller),
        shown(&mask.prose(&call.name)),
        id,
        outcome,
        latency,
        reply
    );
    let _ = writeln!(out, "{}", line.trim_end());
}
