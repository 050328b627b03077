//! The messages with which a connection begins, as far as they say how it was set up. A session
//! keeps what they meant; in which order and with which arguments they came is only in themselves.

use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::event::RawMessage;
use crate::rtmp::types::MessageTypeId;

/// Most messages kept: a setup has ten to thirty.
const MAX_MESSAGES: usize = 96;

/// Longest body kept, in bytes: `connect` has up to two thousand. One that is longer is not read.
const MAX_BODY: usize = 8 << 10;

/// How long after the first medium the setup goes on: some encoders do not wait for the answer to
/// `publish`, and servers answer a player while they send.
const SETTLES_AFTER: Span = Span::from_secs(1);

/// The messages with which a connection begins: everything but acknowledgements, and of media the
/// first of each kind and sender, without what it carries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opening {
    messages: Vec<(Side, RawMessage)>,
    first_medium: Option<Timestamp>,
    is_over: bool,
    bytes: usize,
}

impl Opening {
    /// Takes the next message of the connection, in order from the first. False when no further
    /// one is needed.
    pub fn note(&mut self, side: Side, raw: &RawMessage) -> bool {
        let now = raw.completed().time;
        let has_settled = |since: Timestamp| now.since(since) > SETTLES_AFTER;
        if self.messages.len() >= MAX_MESSAGES || self.first_medium.is_some_and(has_settled) {
            self.is_over = true;
        }
        if self.is_over {
            return false;
        }
        let is_media = raw.type_id.is_media() || raw.type_id == MessageTypeId::AGGREGATE;
        if is_media {
            self.first_medium.get_or_insert(now);
        }
        let is_known =
            |(by, known): &(Side, RawMessage)| *by == side && known.type_id == raw.type_id;
        if raw.type_id == MessageTypeId::ACKNOWLEDGEMENT
            || is_media && self.messages.iter().any(is_known)
        {
            return true;
        }
        let keeps_body = !is_media && raw.body.len() <= MAX_BODY;
        let kept = RawMessage {
            body: if keeps_body {
                raw.body.clone()
            } else {
                Vec::new()
            },
            ..without_body(raw)
        };
        self.bytes = self
            .bytes
            .saturating_add(size_of::<RawMessage>())
            .saturating_add(kept.body.len());
        self.messages.push((side, kept));
        true
    }

    /// The messages, with who sent them.
    pub fn messages(&self) -> &[(Side, RawMessage)] {
        &self.messages
    }

    /// Whether no further message is needed.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The envelope, without copying what may be a keyframe.
fn without_body(raw: &RawMessage) -> RawMessage {
    RawMessage {
        body: Vec::new(),
        csid: raw.csid,
        fmt: raw.fmt,
        type_id: raw.type_id,
        stream_id: raw.stream_id,
        timestamp: raw.timestamp,
        delta: raw.delta,
        extended_timestamp: raw.extended_timestamp,
        length: raw.length,
        chunks: raw.chunks,
        interruptions: raw.interruptions,
        header_bytes: raw.header_bytes,
        range: raw.range,
        first: raw.first,
        last: raw.last,
        received: raw.received,
        missing: raw.missing,
        from_aggregate: raw.from_aggregate,
        repeats: raw.repeats,
        inferred: raw.inferred,
    }
}
