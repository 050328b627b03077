//! What became of the two connections, and who they are.

use std::collections::BTreeMap;

use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::units::counted;
use crate::base::units::grouped;
use crate::base::units::span_with_hours;
use crate::compare::Both;
use crate::compare::Party;
use crate::compare::Section;
use crate::compare::Weight;
use crate::compare::lines::Lines;
use crate::compare::lines::Tolerance;
use crate::compare::lines::Value;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::Expectation;
use crate::session::end::EndStyle;
use crate::session::netstream::Role;
use crate::session::summary::Stage;

/// Two captures of the same are seldom stopped at the same moment.
const LENGTHS: Tolerance = Tolerance {
    share: 0.1,
    least: 1000.0,
};

/// What became of them, and how they ended.
pub(super) fn outcome(both: Both<'_>) -> Section {
    let mut lines = Lines::new("outcome");
    let stages = both.ask(|party| party.session.summary().stage);
    let weight = if is_broken(stages.0) == is_broken(stages.1) {
        Weight::Choice
    } else {
        Weight::Fault
    };
    lines.add(
        "came to",
        weight,
        (Some(stages.0.name()), Some(stages.1.name())),
    );
    let (left, right) = both.ask(refusal);
    lines.add("refused", Weight::Fault, (left, right));
    let (left, right) = both.ask(unanswered);
    lines.add("without answer", Weight::Fault, (left, right));
    let (left, right) = both.ask(|party| {
        let code = party.session.summary().stream?.last_code.as_ref()?;
        Some(party.prose(code))
    });
    lines.add("last status of the stream", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        Side::BOTH.into_iter().find_map(|side| {
            let opaque = party.session.opaque(side)?;
            Some(format!("{} sends: {}", side.name(), opaque.reason))
        })
    });
    lines.add("cannot be read", Weight::Fault, (left, right));
    anomalies(&mut lines, both);
    ends(&mut lines, both);
    let (left, right) = both.ask(|party| Some(party.lasted().as_millis_f64()));
    lines.figures("lasted", Weight::Figure, (left, right), LENGTHS, |ms| {
        span_with_hours(millis(ms))
    });
    lines.finish()
}

/// Milliseconds as a span.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
pub(super) fn millis(ms: f64) -> crate::base::time::Span {
    crate::base::time::Span((ms * 1e6) as i64)
}

/// Whether it came to nothing.
fn is_broken(stage: Stage) -> bool {
    !matches!(
        stage,
        Stage::Publishing | Stage::Playing | Stage::Stopped | Stage::Midstream
    )
}

/// The first call that failed, with what the peer said of it.
fn refusal(party: &Party<'_>) -> Option<String> {
    let is_failed = |call: &&Call| call.state == CallState::Failed;
    let call = party.session.calls.iter().find(is_failed)?;
    let reply = call.reply.as_ref();
    let code = reply.and_then(|reply| reply.code()).unwrap_or("_error");
    let mut text = format!("{}: {}", party.prose(&call.name), party.prose(code));
    if let Some(description) = reply.and_then(|reply| reply.description()) {
        text.push_str(", ");
        text.push_str(&party.text(description, Secrecy::Parameters));
    }
    Some(text)
}

/// The calls that needed an answer and got none.
fn unanswered(party: &Party<'_>) -> Option<String> {
    /// Names that are listed: one that waits keeps the others from being made.
    const MOST: usize = 4;
    let is_missed = |call: &&Call| {
        call.expectation == Expectation::Required
            && matches!(call.state, CallState::Open | CallState::Unanswered)
    };
    let missed = party.session.calls.iter().filter(is_missed);
    let names: Vec<String> = missed
        .take(MOST)
        .map(|call| party.prose(&call.name))
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// One line for each kind of anomaly. That there is one matters, and hardly how many: a longer
/// capture has more of them.
fn anomalies(lines: &mut Lines, both: Both<'_>) {
    let kinds = |party: &Party<'_>| {
        let mut kinds: BTreeMap<&'static str, (Severity, u64)> = BTreeMap::new();
        for anomaly in party.session.anomalies.iter() {
            let known = kinds.entry(anomaly.kind.code());
            let known = known.or_insert((anomaly.kind.severity(), 0));
            known.0 = known.0.max(anomaly.kind.severity());
            known.1 = known.1.saturating_add(anomaly.count);
        }
        kinds
    };
    let (left, right) = both.ask(kinds);
    let mut codes: Vec<&'static str> = left.keys().chain(right.keys()).copied().collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        let (one, other) = (left.get(code), right.get(code));
        let severity = one.max(other).map(|(severity, _)| *severity);
        let weight = if severity >= Some(Severity::Warning) {
            Weight::Fault
        } else {
            Weight::Choice
        };
        let times = |known: &(Severity, u64)| format!("{}, {}", known.0, counted(known.1, "time"));
        let values = (one.map(times), other.map(times));
        lines.judged(code, weight, values, one.is_some() && other.is_some());
    }
    for side in Side::BOTH {
        let (left, right) = both.ask(|party| {
            let count = *party.session.wire_anomalies.of(side);
            match count {
                0 => None,
                1 => Some("1 anomaly".to_owned()),
                _ => Some(format!("{} anomalies", grouped(count.into()))),
            }
        });
        let is_same = left.is_some() && right.is_some();
        let name = format!("{} decoder", super::order::arrow(side));
        lines.judged(name, Weight::Choice, (left, right), is_same);
    }
}

fn ends(lines: &mut Lines, both: Both<'_>) {
    let style = |party: &Party<'_>| party.session.summary().end;
    let (left, right) = both.ask(style);
    // That a capture ends before the connection says nothing of the connection.
    let is_seen = |end: Option<EndStyle>| end.is_some_and(|end| end != EndStyle::Unseen);
    let weight = match (is_seen(left), is_seen(right)) {
        (true, true) if left != right => Weight::Fault,
        (true, true) => Weight::Choice,
        _ => Weight::Figure,
    };
    let (left, right) = both.ask(end);
    lines.add("ended", weight, (Some(left), Some(right)));
    let (left, right) = both.ask(|party| {
        let goodbye = party.session.goodbye()?;
        Some(format!(
            "{} by the {}",
            goodbye.kind.name(),
            goodbye.by.name()
        ))
    });
    lines.add("goodbye", Weight::Choice, (left, right));
}

/// Who ended it, and how.
fn end(party: &Party<'_>) -> String {
    let summary = party.session.summary();
    let Some((style, end)) = summary.end.zip(party.session.end) else {
        return "lasts".to_owned();
    };
    let cause = end.cause.name().replace('_', " ");
    match summary.ended_by {
        Some(side) if style != EndStyle::Unseen => {
            format!("{} by the {} ({cause})", style.name(), side.name())
        }
        _ => format!("{} ({cause})", style.name()),
    }
}

/// Who they are: what they call the stream and themselves.
pub(super) fn names(both: Both<'_>) -> Section {
    let mut lines = Lines::new("stream and peers");
    let (left, right) = both.ask(|party| party.session.summary().role.map(Role::name));
    lines.add("role", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        let app = party.session.summary().app?;
        Some(Value::by(party.text(app, Secrecy::Url), app))
    });
    lines.add("app", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        let name = party.session.summary().stream_name?;
        Some(Value::by(party.text(name, Secrecy::Whole), name))
    });
    lines.add("stream name", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        let kind = party.session.summary().stream?.publish_type.as_ref()?;
        Some(party.prose(kind.name()))
    });
    lines.add("published as", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        let url = party.session.summary().tc_url?;
        Some(Value::by(party.text(url, Secrecy::Url), url))
    });
    lines.add("tcUrl", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        party
            .session
            .summary()
            .client_software
            .map(|text| party.prose(text))
    });
    lines.add("client", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        party
            .session
            .summary()
            .server_software
            .map(|text| party.prose(text))
    });
    lines.add("server", Weight::Choice, (left, right));
    let (left, right) = both.ask(|party| {
        let count = party.session.streams.len();
        (count > 0).then(|| counted(u64::try_from(count).unwrap_or(u64::MAX), "stream"))
    });
    lines.add("net streams", Weight::Choice, (left, right));
    lines.finish()
}
