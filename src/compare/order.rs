//! What was said in which order: the messages of the setup, and the calls with what answered them.
//! Both are laid beside each other by what they are, so that what one side has and the other has
//! not is seen where it happened.

use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::units::counted;
use crate::base::units::lasting;
use crate::compare::Aligned;
use crate::compare::Both;
use crate::compare::Party;
use crate::compare::Section;
use crate::compare::Weight;
use crate::compare::align;
use crate::compare::align::MAX_ALIGNED;
use crate::compare::connect::missing;
use crate::compare::lines::Lines;
use crate::compare::lines::Value;
use crate::rtmp::command::Command;
use crate::rtmp::control::UserControl;
use crate::rtmp::control::UserControlData;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::NoFields;
use crate::rtmp::message;
use crate::rtmp::message::Message;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::Expectation;

/// Which way what a side sends goes, client on the left.
pub(super) fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "→",
        Side::Server => "←",
    }
}

/// The messages of the setup, in order.
pub(super) fn messages(both: Both<'_>) -> Section {
    let mut lines = Lines::in_order("messages of the setup, in order");
    let (left, right) = both.ask(steps);
    if let Some(note) = missing(both, left.is_empty(), right.is_empty()) {
        lines.note(note);
        return lines.finish();
    }
    let name = |step: &Step| step.name.clone();
    let (left_names, right_names): (Vec<String>, Vec<String>) = (
        left.iter().map(name).collect(),
        right.iter().map(name).collect(),
    );
    for place in align(&left_names, &right_names) {
        let (one, other) = match place {
            Aligned::Both(one, other) => (left.get(one), right.get(other)),
            Aligned::Left(one) => (left.get(one), None),
            Aligned::Right(other) => (None, right.get(other)),
        };
        let Some(any) = one.or(other) else {
            continue;
        };
        let is_error = |step: Option<&Step>| step.is_some_and(|step| step.is_error);
        let weight = if is_error(one) == is_error(other) {
            Weight::Choice
        } else {
            Weight::Fault
        };
        let values = (one.map(Step::told), other.map(Step::told));
        lines.add(any.name.clone(), weight, values);
    }
    lines.finish()
}

/// A message of the setup.
#[derive(Debug)]
struct Step {
    /// Who says what kind of thing: what it is aligned by.
    name: String,
    /// What it says.
    says: Value,
    /// How often in a row.
    times: u32,
    /// Whether it refuses something.
    is_error: bool,
}

impl Step {
    fn told(&self) -> Value {
        match self.times {
            1 => self.says.clone(),
            times => self.says.with(&format!(", {times} times")),
        }
    }
}

fn steps(party: &Party<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (side, raw) in party.opening.messages() {
        let step = step(party, *side, raw);
        match steps.last_mut() {
            // Some encoders say the same many times, each as often as it likes.
            Some(last) if last.name == step.name && last.says == step.says => {
                last.times = last.times.saturating_add(1);
            }
            _ => steps.push(step),
        }
    }
    steps
}

fn step(party: &Party<'_>, side: Side, raw: &RawMessage) -> Step {
    let kind = raw.type_id.to_string().replace('_', " ");
    let of = |kind: &str, says: Value| Step {
        name: format!("{} {kind}", arrow(side)),
        says,
        times: 1,
        is_error: false,
    };
    match message::decode(raw, &mut NoFields).message {
        Message::SetChunkSize { size } | Message::WindowAckSize { size } => {
            of(&kind, in_bytes(size).into())
        }
        Message::SetPeerBandwidth(bandwidth) => {
            let window = in_bytes(bandwidth.window);
            let says = match bandwidth.limit {
                Some(limit) => format!("{window}, {limit}"),
                None => window,
            };
            of(&kind, says.into())
        }
        Message::UserControl(control) => {
            let event = control.event.to_string().replace('_', " ");
            of(&event, told(&control).into())
        }
        Message::Command(command) => command_step(party, side, &command),
        Message::Data(data) => {
            let name = party.prose(data.name.as_str());
            let says = match data.instruction {
                Some(instruction) => instruction.name(),
                None => "sent",
            };
            of(&name, says.into())
        }
        Message::Audio(_) | Message::Video(_) | Message::Aggregate(_) => {
            of(&format!("first {kind}"), "begins".into())
        }
        _ => of(&kind, "sent".into()),
    }
}

fn in_bytes(size: u32) -> String {
    counted(u64::from(size), "byte")
}

/// What an event of a stream or of the connection is about. Of pings nothing is told: their times
/// are nobody's choice.
fn told(control: &UserControl) -> String {
    match &control.data {
        UserControlData::Stream { stream_id } => format!("stream {stream_id}"),
        UserControlData::BufferLength {
            stream_id,
            buffer_ms,
        } => format!("{buffer_ms} ms, stream {stream_id}"),
        _ => "sent".to_owned(),
    }
}

fn command_step(party: &Party<'_>, side: Side, command: &Command) -> Step {
    let name = format!("{} {}", arrow(side), party.prose(command.name.as_str()));
    let status = command.status();
    let level = status.and_then(|status| status.level);
    let is_error = command.name.as_str() == "_error" || level == Some("error");
    let says = match (
        status.and_then(|status| status.code),
        command.transaction_id,
    ) {
        (Some(code), _) => Value::from(party.prose(code)),
        (None, Some(id)) if id.expects_answer() => {
            // Its number depends on how many came before.
            Value::by(format!("transaction {id}"), "transaction")
        }
        (None, _) => Value::from("sent"),
    };
    Step {
        name,
        says,
        times: 1,
        is_error,
    }
}

/// Answers up to these times are felt alike: on one network, across a continent, by somebody who
/// waits for a stream to start, and by a peer that gives up after five seconds.
const FELT: [Span; 4] = [
    Span::from_millis(50),
    Span::from_millis(300),
    Span::from_secs(1),
    Span::from_secs(5),
];

/// An answer that takes longer than this is felt while a stream starts.
pub(super) const SLOW: Span = Span::from_secs(1);

/// In which of the classes a latency is.
fn class(latency: Span) -> usize {
    FELT.iter().filter(|limit| latency > **limit).count()
}

/// The calls, in order.
pub(super) fn calls(both: Both<'_>) -> Section {
    let mut lines = Lines::in_order("calls, in order");
    let (left, right) = both.ask(|party| {
        let calls = party.session.calls.iter().filter(|call| !call.is_ping);
        calls.take(MAX_ALIGNED).collect::<Vec<&Call>>()
    });
    let key = |call: &&Call| (call.caller == Side::Client, call.name.to_string());
    let (left_keys, right_keys): (Vec<_>, Vec<_>) = (
        left.iter().map(key).collect(),
        right.iter().map(key).collect(),
    );
    for place in align(&left_keys, &right_keys) {
        let (one, other) = match place {
            Aligned::Both(one, other) => (left.get(one), right.get(other)),
            Aligned::Left(one) => (left.get(one), None),
            Aligned::Right(other) => (None, right.get(other)),
        };
        let (one, other) = (one.copied(), other.copied());
        let Some((any, party)) = one
            .map(|call| (call, both.left))
            .or(other.map(|call| (call, both.right)))
        else {
            continue;
        };
        let name = format!("{} {}", arrow(any.caller), party.prose(&any.name));
        let values = (
            one.map(|call| outcome(both.left, call)),
            other.map(|call| outcome(both.right, call)),
        );
        let is_same = one
            .zip(other)
            .is_some_and(|(one, other)| went_alike(one, other));
        lines.judged(name, weight(one, other), values, is_same);
    }
    let answered = |party: &Party<'_>| {
        let answers = party.session.calls.latency();
        (answers.count() > 0).then(|| answers.mean())
    };
    let (left, right) = both.ask(answered);
    let values = (left.map(lasting), right.map(lasting));
    let is_same = left
        .zip(right)
        .is_some_and(|(left, right)| class(left) == class(right));
    lines.judged("mean latency", Weight::Figure, values, is_same);
    lines.finish()
}

/// How a call went, with its latency.
fn outcome(party: &Party<'_>, call: &Call) -> String {
    let code = call.reply.as_ref().and_then(|reply| reply.code());
    let code = code.map(|code| party.prose(code));
    let mut text = match call.state {
        CallState::Open => "waits for its answer".to_owned(),
        CallState::OneWay => "no answer due".to_owned(),
        CallState::Answered => code.unwrap_or_else(|| "answered".to_owned()),
        CallState::Failed => format!("failed: {}", code.unwrap_or_else(|| "_error".to_owned())),
        CallState::Unanswered => "never answered".to_owned(),
    };
    if let Some(latency) = call.latency() {
        text.push_str(" after ");
        text.push_str(&lasting(latency));
    }
    text
}

fn code(call: &Call) -> Option<&str> {
    call.reply.as_ref()?.code()
}

/// Whether two calls went alike: the same became of them, and as fast as far as one can feel.
fn went_alike(one: &Call, other: &Call) -> bool {
    one.state == other.state
        && code(one) == code(other)
        && one.latency().map(class) == other.latency().map(class)
}

/// Whether a call went wrong.
fn is_wrong(call: &Call) -> bool {
    let is_due = call.expectation == Expectation::Required;
    match call.state {
        CallState::Failed => true,
        CallState::Unanswered => is_due,
        CallState::Open | CallState::OneWay | CallState::Answered => call.overdue,
    }
}

fn weight(one: Option<&Call>, other: Option<&Call>) -> Weight {
    let wrong = |call: Option<&Call>| call.is_some_and(is_wrong);
    let slow = |call: Option<&Call>| {
        let latency = call.and_then(Call::latency);
        latency.is_some_and(|latency| latency > SLOW)
    };
    let is_other_way = match (one, other) {
        (Some(one), Some(other)) => one.state != other.state || code(one) != code(other),
        _ => true,
    };
    if wrong(one) != wrong(other) || slow(one) != slow(other) {
        Weight::Fault
    } else if is_other_way {
        Weight::Choice
    } else {
        Weight::Figure
    }
}
