//! What both peers of a connection said to each other, in the order of capture: the steps of a
//! ladder or a sequence diagram. Text of the wire is masked and printable here.

use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::text::printable;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::base::units::counted;
use crate::base::units::span_with_hours;
use crate::pipeline::Connection;
use crate::report::section::calls::outcome;
use crate::report::section::calls::reply;
use crate::report::section::calls::transaction;
use crate::report::section::media::what;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::Expectation;
use crate::session::mask::Mask;
use crate::session::track::Track;

/// Calls that are drawn of one connection: nobody looks at more, and a bandwidth test has thousands.
const MAX_CALLS: usize = 64;

/// A connection as a ladder.
#[derive(Debug)]
pub(super) struct Ladder {
    /// When it began.
    pub(super) begin: Timestamp,
    /// What happened, in order.
    pub(super) steps: Vec<Step>,
    /// When media flowed.
    pub(super) rails: Vec<Rail>,
    /// Calls that are not drawn.
    pub(super) more: u64,
}

/// Something that was said.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: Mark,
    /// Who said it.
    pub(super) from: Side,
    pub(super) kind: StepKind,
    /// Holds foreign text.
    pub(super) text: String,
    /// Time that the answer took, or the exchange.
    pub(super) took: Option<Span>,
    pub(super) state: StepState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// Several packets to and fro.
    Exchange,
    Call,
    Answer,
    /// The begin of media.
    Media,
    /// What happened to the connection.
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepState {
    Plain,
    Failed,
    /// An answer that was due did not come.
    Unanswered,
}

/// Media of one message stream while it flows.
#[derive(Debug)]
pub(super) struct Rail {
    /// Who sends it.
    pub(super) from: Side,
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
}

impl Ladder {
    pub(super) fn of(connection: &Connection, mask: Mask<'_>) -> Self {
        let session = &connection.session;
        let mut steps = exchanges(connection);
        let commands = || session.calls.iter().filter(|call| !call.is_ping);
        for call in commands().take(MAX_CALLS) {
            steps.push(called(call, mask));
            steps.extend(answered(call, mask));
        }
        let (rails, begun) = media(connection);
        steps.extend(begun);
        steps.extend(end(connection));
        // Stable, so that what one frame brought stays in order.
        steps.sort_by_key(|step| step.at.time);
        let drawn = commands().take(MAX_CALLS).count();
        let drawn = u64::try_from(drawn).unwrap_or(u64::MAX);
        Self {
            begin: connection.first.time,
            steps,
            rails,
            more: u64::from(session.calls.stats.calls).saturating_sub(drawn),
        }
    }
}

/// The handshakes of TCP and of RTMP.
fn exchanges(connection: &Connection) -> Vec<Step> {
    let setup = connection.session.setup();
    [
        (setup.tcp, "TCP handshake"),
        (setup.handshake, "RTMP handshake"),
    ]
    .into_iter()
    .filter_map(|(phase, name)| {
        let phase = phase?;
        let took = phase.duration();
        let state = if took.is_some() {
            ""
        } else {
            " (not completed)"
        };
        Some(Step {
            at: phase.begin,
            from: Side::Client,
            kind: StepKind::Exchange,
            text: format!("{name}{state}"),
            took,
            state: if phase.failed {
                StepState::Failed
            } else {
                StepState::Plain
            },
        })
    })
    .collect()
}

fn called(call: &Call, mask: Mask<'_>) -> Step {
    let name = printable(&mask.prose(&call.name));
    let id = transaction(call);
    let secrecy = match &*call.name {
        "connect" => Secrecy::Url,
        "onStatus" => Secrecy::Parameters,
        _ => Secrecy::Whole,
    };
    let about = call.detail.as_deref().map_or_else(String::new, |detail| {
        format!(" {}", printable(&mask.text(detail, secrecy)))
    });
    let is_missed = call.state == CallState::Unanswered;
    let note = if is_missed {
        format!(": {}", outcome(call))
    } else {
        String::new()
    };
    Step {
        at: call.at,
        from: call.caller,
        kind: StepKind::Call,
        text: format!("{name} ({id}){about}{note}"),
        took: None,
        state: if is_missed && call.expectation == Expectation::Required {
            StepState::Unanswered
        } else {
            StepState::Plain
        },
    }
}

fn answered(call: &Call, mask: Mask<'_>) -> Option<Step> {
    let answer = call.reply.as_ref()?;
    let said = reply(call, mask);
    let name = printable(&mask.prose(&call.name));
    let is_failed = call.state == CallState::Failed;
    let verdict = if is_failed { "FAILED" } else { "ok" };
    Some(Step {
        at: answer.at,
        from: call.caller.other(),
        kind: StepKind::Answer,
        text: format!("{name} {verdict} {said}").trim_end().to_owned(),
        took: call.latency(),
        state: if is_failed {
            StepState::Failed
        } else {
            StepState::Plain
        },
    })
}

/// When media of each message stream flowed, and the steps with which it began.
fn media(connection: &Connection) -> (Vec<Rail>, Vec<Step>) {
    let session = &connection.session;
    let mut keys: Vec<_> = session
        .tracks
        .iter()
        .map(|track| (track.key.side, track.key.stream_id))
        .collect();
    let mut seen = Vec::new();
    keys.retain(|key| {
        let is_new = !seen.contains(key);
        seen.push(*key);
        is_new
    });
    let mut rails = Vec::new();
    let mut steps = Vec::new();
    for (side, stream_id) in keys {
        let is_its = |track: &&Track| (track.key.side, track.key.stream_id) == (side, stream_id);
        let its = || session.tracks.iter().filter(is_its);
        let (Some(first), Some(last)) = (
            its().map(|track| track.first).min_by_key(|mark| mark.time),
            its().map(|track| track.last.time).max(),
        ) else {
            continue;
        };
        let tracks: Vec<String> = its()
            .map(|track| {
                let rate = track
                    .kbits()
                    .map_or_else(String::new, |kbits| format!(", {kbits:.0} kbit/s"));
                format!("{} {}{rate}", track.key.kind.name(), what(track, session))
            })
            .collect();
        let lasted = last.since(first.time).max(Span::ZERO);
        rails.push(Rail {
            from: side,
            begin: first.time,
            end: last,
        });
        steps.push(Step {
            at: first,
            from: side,
            kind: StepKind::Media,
            text: format!(
                "media for {}: {}",
                span_with_hours(lasted),
                printable(&tracks.join("; "))
            ),
            took: None,
            state: StepState::Plain,
        });
    }
    (rails, steps)
}

/// The end of the TCP connection, or of the capture.
fn end(connection: &Connection) -> Option<Step> {
    let end = connection.session.end?;
    let by = end
        .by
        .map_or_else(String::new, |side| format!(" by the {}", side.name()));
    let lost = Side::BOTH
        .into_iter()
        .filter(|side| *connection.missing().of(*side) > 0)
        .map(|side| {
            let missing = *connection.missing().of(side);
            format!(
                "; {} of the {} not captured",
                counted(missing, "byte"),
                side.name()
            )
        });
    let lost: String = lost.collect();
    Some(Step {
        at: end.at,
        from: end.by.unwrap_or(Side::Client),
        kind: StepKind::Note,
        text: format!("TCP {}{by}{lost}", end.cause.name()),
        took: None,
        state: StepState::Plain,
    })
}

impl Step {
    /// The frame that brought it.
    pub(super) fn frame(&self) -> FrameNumber {
        self.at.frame
    }
}
