//! Everything odd that shows only when messages of a connection are seen together: one closed
//! list, each kind with a code for scripts and a severity.

use std::borrow::Cow;
use std::fmt;

use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::text::Printable;
use crate::base::time::Span;
use crate::base::units::lasting;
use crate::rtmp::command::TransactionId;
use crate::rtmp::types::MessageStreamId;
use crate::session::track::TrackKey;

#[cfg(test)]
mod tests;

/// Most anomalies kept per connection, each with its count; more kinds of trouble than that no
/// reader looks through.
pub const MAX_ANOMALIES: usize = 64;

/// The same anomaly again within this time belongs to the same episode.
pub const EPISODE: Span = Span::from_secs(5);

/// Something odd, told once per episode.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionAnomaly {
    /// What it is, with the figures of the occurrence that began the latest episode.
    pub kind: SessionAnomalyKind,
    /// Sender of what shows it.
    pub side: Side,
    /// What brought the first occurrence.
    pub first: Mark,
    /// What brought the latest occurrence.
    pub last: Mark,
    /// Occurrences in all episodes.
    pub count: u64,
    /// Episodes: runs of occurrences less than [`EPISODE`] apart.
    pub episodes: u32,
}

/// What can be odd. Names and codes in it are foreign text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SessionAnomalyKind {
    /// C2 or S2 neither repeats the peer's packet nor is signed for it.
    HandshakeEchoMismatch,
    /// The server answered with another version.
    HandshakeVersion {
        /// C0.
        client: u8,
        /// S0.
        server: u8,
    },
    /// The connection ended within the handshake.
    HandshakeUnfinished,
    /// A call that must be answered was not, for long.
    CallUnanswered {
        /// Procedure.
        name: Cow<'static, str>,
        /// Transaction id.
        transaction_id: Option<TransactionId>,
        /// How long it waited when this was told.
        waited: Span,
    },
    /// A call was answered with an error.
    CallFailed {
        /// Procedure.
        name: Cow<'static, str>,
        /// Code of the answer.
        code: Option<Cow<'static, str>>,
        /// Whether the session can do without it.
        is_optional: bool,
    },
    /// A `_result` or `_error` to no call.
    CallOrphanReply {
        /// Transaction id of the reply.
        transaction_id: Option<TransactionId>,
    },
    /// A second answer to a call.
    CallAnsweredTwice {
        /// Procedure.
        name: Cow<'static, str>,
        /// Transaction id.
        transaction_id: Option<TransactionId>,
    },
    /// A call with the transaction id of an earlier one.
    CallTransactionReused {
        /// Procedure.
        name: Cow<'static, str>,
        /// Transaction id.
        transaction_id: TransactionId,
    },
    /// The stream name is in use, or not allowed (`NetStream.Publish.BadName`).
    StreamBadName {
        /// Message stream.
        stream_id: MessageStreamId,
    },
    /// The server refused to publish or play a stream.
    StreamRejected {
        /// Message stream.
        stream_id: MessageStreamId,
        /// Code of the answer.
        code: Cow<'static, str>,
    },
    /// Media on a message stream that nobody publishes or plays.
    StreamMediaWithoutPublish {
        /// Message stream.
        stream_id: MessageStreamId,
    },
    /// Media came on a message stream on which nothing is published or played, while its sender
    /// publishes or plays on another one. node-media-server sends to players on message stream 0;
    /// FFmpeg and librtmp take it, Flash drops it.
    StreamMediaElsewhere {
        /// Message stream of the media.
        stream_id: MessageStreamId,
        /// Message stream that was published or played.
        agreed: MessageStreamId,
    },
    /// Media goes on although the server refused the stream.
    StreamMediaAfterRejection {
        /// Message stream.
        stream_id: MessageStreamId,
        /// How long after the refusal.
        after: Span,
    },
    /// A timestamp lies before the one of the track's previous message.
    MediaTimestampBackwards {
        /// Track.
        track: TrackKey,
        /// How far back in milliseconds.
        back_ms: u32,
    },
    /// A timestamp ran ahead of the time that passed.
    MediaTimestampJump {
        /// Track.
        track: TrackKey,
        /// Advance of the timestamp in milliseconds.
        media_ms: u32,
        /// Advance of the capture clock.
        arrival: Span,
    },
    /// Nothing arrived for long.
    MediaGap {
        /// Track.
        track: TrackKey,
        /// How long.
        arrival: Span,
        /// Advance of the timestamp over the gap in milliseconds.
        media_ms: i64,
    },
    /// Coded media before the codec's configuration.
    MediaNoConfig {
        /// Track.
        track: TrackKey,
    },
    /// The codec's configuration changed in the midst of the stream.
    MediaConfigChanged {
        /// Track.
        track: TrackKey,
    },
    /// No acknowledgement although the window has been sent twice.
    AckOverdue {
        /// Bytes that are not acknowledged.
        unacked: u64,
        /// Window that the sender announced.
        window: u32,
    },
    /// The sequence number of an acknowledgement is lower than the one before.
    AckReset {
        /// Sequence number before.
        from: u32,
        /// Sequence number now.
        to: u32,
    },
    /// TCP segments carry other bytes for a place in the stream than those that came first and were
    /// taken: two ends of the connection may have understood different things.
    BytesConflict {
        /// Bytes that differ.
        bytes: u32,
    },
    /// The metadata says something else than the media.
    MetaMismatch {
        /// Track.
        track: TrackKey,
        /// Key of the metadata.
        field: &'static str,
        /// What it says.
        said: f64,
        /// What was measured, or read from the codec's configuration.
        measured: f64,
    },
}

impl SessionAnomalyKind {
    /// The code that scripts match on: stable, in the form `layer.what`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::HandshakeEchoMismatch => "handshake.echo_mismatch",
            Self::HandshakeVersion { .. } => "handshake.version_mismatch",
            Self::HandshakeUnfinished => "handshake.unfinished",
            Self::CallUnanswered { .. } => "call.unanswered",
            Self::CallFailed { .. } => "call.failed",
            Self::CallOrphanReply { .. } => "call.orphan_reply",
            Self::CallAnsweredTwice { .. } => "call.answered_twice",
            Self::CallTransactionReused { .. } => "call.transaction_reused",
            Self::StreamBadName { .. } => "stream.bad_name",
            Self::StreamRejected { .. } => "stream.rejected",
            Self::StreamMediaWithoutPublish { .. } => "stream.media_without_publish",
            Self::StreamMediaElsewhere { .. } => "stream.media_elsewhere",
            Self::StreamMediaAfterRejection { .. } => "stream.media_after_rejection",
            Self::MediaTimestampBackwards { .. } => "media.timestamp_backwards",
            Self::MediaTimestampJump { .. } => "media.timestamp_jump",
            Self::MediaGap { .. } => "media.gap",
            Self::MediaNoConfig { .. } => "media.no_config",
            Self::MediaConfigChanged { .. } => "media.config_changed",
            Self::AckOverdue { .. } => "ack.overdue",
            Self::AckReset { .. } => "ack.reset",
            Self::BytesConflict { .. } => "tcp.conflicting_bytes",
            Self::MetaMismatch { .. } => "meta.mismatch",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        /// Larger steps back are damage on every player, smaller ones only on some.
        const HARMFUL_BACK_MS: u32 = 250;
        match self {
            Self::StreamBadName { .. }
            | Self::StreamRejected { .. }
            | Self::StreamMediaAfterRejection { .. }
            | Self::HandshakeUnfinished => Severity::Critical,
            Self::CallFailed { is_optional, .. } => {
                if *is_optional {
                    Severity::Info
                } else {
                    Severity::Critical
                }
            }
            Self::CallUnanswered { .. }
            | Self::MediaTimestampJump { .. }
            | Self::MediaGap { .. }
            | Self::MediaNoConfig { .. } => Severity::Error,
            Self::MediaTimestampBackwards { back_ms, .. } => {
                if *back_ms > HARMFUL_BACK_MS {
                    Severity::Error
                } else {
                    Severity::Warning
                }
            }
            Self::HandshakeEchoMismatch
            | Self::HandshakeVersion { .. }
            | Self::CallOrphanReply { .. }
            | Self::CallAnsweredTwice { .. }
            | Self::StreamMediaWithoutPublish { .. }
            | Self::MediaConfigChanged { .. }
            | Self::AckOverdue { .. }
            | Self::AckReset { .. }
            | Self::BytesConflict { .. }
            | Self::MetaMismatch { .. } => Severity::Warning,
            Self::CallTransactionReused { .. } | Self::StreamMediaElsewhere { .. } => {
                Severity::Info
            }
        }
    }

    /// Whether it is the same trouble with the same thing, with other figures perhaps.
    fn is_same_as(&self, other: &Self) -> bool {
        if std::mem::discriminant(self) != std::mem::discriminant(other) {
            return false;
        }
        match (self, other) {
            (Self::CallUnanswered { name: a, .. }, Self::CallUnanswered { name: b, .. })
            | (Self::CallAnsweredTwice { name: a, .. }, Self::CallAnsweredTwice { name: b, .. })
            | (
                Self::CallTransactionReused { name: a, .. },
                Self::CallTransactionReused { name: b, .. },
            ) => a == b,
            (
                Self::CallFailed {
                    name: a, code: c, ..
                },
                Self::CallFailed {
                    name: b, code: d, ..
                },
            ) => a == b && c == d,
            (
                Self::MetaMismatch {
                    track: a, field: f, ..
                },
                Self::MetaMismatch {
                    track: b, field: g, ..
                },
            ) => a == b && f == g,
            _ => self.track() == other.track() && self.stream_id() == other.stream_id(),
        }
    }

    /// The track that it is about.
    pub fn track(&self) -> Option<TrackKey> {
        match self {
            Self::MediaTimestampBackwards { track, .. }
            | Self::MediaTimestampJump { track, .. }
            | Self::MediaGap { track, .. }
            | Self::MediaNoConfig { track }
            | Self::MediaConfigChanged { track }
            | Self::MetaMismatch { track, .. } => Some(*track),
            _ => None,
        }
    }

    /// The message stream that it is about.
    pub fn stream_id(&self) -> Option<MessageStreamId> {
        match self {
            Self::StreamBadName { stream_id }
            | Self::StreamRejected { stream_id, .. }
            | Self::StreamMediaWithoutPublish { stream_id }
            | Self::StreamMediaElsewhere { stream_id, .. }
            | Self::StreamMediaAfterRejection { stream_id, .. } => Some(*stream_id),
            _ => self.track().map(|track| track.stream_id),
        }
    }
}

impl fmt::Display for SessionAnomalyKind {
    /// One clause in English with the figures, safe for a terminal. It holds no secret.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandshakeEchoMismatch => f.write_str(
                "the handshake answer neither repeats the peer's packet nor is signed for it",
            ),
            Self::HandshakeVersion { client, server } => write!(
                f,
                "the client asks for version {client}, the server answers with {server}"
            ),
            Self::HandshakeUnfinished => {
                f.write_str("the connection ended before the handshake was complete")
            }
            Self::CallUnanswered {
                name,
                transaction_id,
                waited,
            } => write!(
                f,
                "{}{} has no answer after {}",
                Printable(name),
                Number(*transaction_id),
                lasting(*waited)
            ),
            Self::CallFailed { name, code, .. } => write!(
                f,
                "{} failed: {}",
                Printable(name),
                Printable(code.as_deref().unwrap_or("no code"))
            ),
            Self::CallOrphanReply { transaction_id } => {
                write!(f, "a reply{} to no call", Number(*transaction_id))
            }
            Self::CallAnsweredTwice {
                name,
                transaction_id,
            } => write!(
                f,
                "{}{} was answered twice",
                Printable(name),
                Number(*transaction_id)
            ),
            Self::CallTransactionReused {
                name,
                transaction_id,
            } => write!(
                f,
                "{} has the transaction id {transaction_id} of an earlier call",
                Printable(name)
            ),
            Self::StreamBadName { stream_id } => write!(
                f,
                "the name on stream {stream_id} is in use already or not allowed"
            ),
            Self::StreamRejected { stream_id, code } => write!(
                f,
                "the server refused stream {stream_id}: {}",
                Printable(code)
            ),
            Self::StreamMediaWithoutPublish { stream_id } => write!(
                f,
                "media on stream {stream_id}, which is neither published nor played"
            ),
            Self::StreamMediaElsewhere { stream_id, agreed } => write!(
                f,
                "media comes on message stream {stream_id} instead of {agreed}, which was agreed"
            ),
            Self::StreamMediaAfterRejection { stream_id, after } => write!(
                f,
                "media on stream {stream_id} {} after the server refused it",
                lasting(*after)
            ),
            Self::MediaTimestampBackwards { track, back_ms } => {
                write!(f, "{track}: timestamp goes back {back_ms} ms")
            }
            Self::MediaTimestampJump {
                track,
                media_ms,
                arrival,
            } => write!(
                f,
                "{track}: timestamp jumps {media_ms} ms ahead within {:.0} ms",
                arrival.as_millis_f64()
            ),
            Self::MediaGap {
                track,
                arrival,
                media_ms,
            } => write!(
                f,
                "{track}: nothing for {}, then timestamps go on {media_ms} ms later",
                lasting(*arrival)
            ),
            Self::MediaNoConfig { track } => {
                write!(f, "{track}: coded media before the codec configuration")
            }
            Self::MediaConfigChanged { track } => {
                write!(f, "{track}: the codec configuration changes")
            }
            Self::AckOverdue { unacked, window } => write!(
                f,
                "{unacked} bytes without acknowledgement, window {window} bytes"
            ),
            Self::AckReset { from, to } => {
                write!(f, "acknowledged sequence number falls from {from} to {to}")
            }
            Self::BytesConflict { bytes } => write!(
                f,
                "{bytes} bytes of a segment differ from those that came first and were taken"
            ),
            Self::MetaMismatch {
                track,
                field,
                said,
                measured,
            } => write!(
                f,
                "{track}: onMetaData says {field} {said}, measured {measured:.1}"
            ),
        }
    }
}

/// A transaction id behind the name of its call.
struct Number(Option<TransactionId>);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, " #{id}"),
            None => Ok(()),
        }
    }
}

/// The anomalies of a connection. Most have none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Anomalies(Option<Box<Noted>>);

#[derive(Debug, Clone, PartialEq, Default)]
struct Noted {
    list: Vec<SessionAnomaly>,
    left_out: u64,
}

impl Anomalies {
    /// The anomalies in the order of their first occurrence.
    pub fn iter(&self) -> impl Iterator<Item = &SessionAnomaly> {
        self.list().iter()
    }

    /// Occurrences of anomalies beyond [`MAX_ANOMALIES`].
    pub fn left_out(&self) -> u64 {
        self.0.as_ref().map_or(0, |noted| noted.left_out)
    }

    fn list(&self) -> &[SessionAnomaly] {
        self.0.as_ref().map_or(&[], |noted| &noted.list)
    }

    /// How many different ones there are.
    pub fn len(&self) -> usize {
        self.list().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// The highest severity among them.
    pub fn worst(&self) -> Option<Severity> {
        self.iter().map(|anomaly| anomaly.kind.severity()).max()
    }

    /// Takes an occurrence. Returns the anomaly when a new episode begins.
    pub(crate) fn note(
        &mut self,
        kind: SessionAnomalyKind,
        side: Side,
        at: Mark,
    ) -> Option<&SessionAnomaly> {
        let same = |known: &SessionAnomaly| known.side == side && known.kind.is_same_as(&kind);
        let Noted { list, left_out } = &mut **self.0.get_or_insert_default();
        if let Some(index) = list.iter().position(same) {
            let known = list.get_mut(index)?;
            let is_new = at.time.since(known.last.time) > EPISODE;
            if at.time >= known.last.time {
                known.last = at;
            }
            known.count = known.count.saturating_add(1);
            if !is_new {
                return None;
            }
            known.kind = kind;
            known.episodes = known.episodes.saturating_add(1);
            return Some(known);
        }
        if list.len() >= MAX_ANOMALIES {
            *left_out = left_out.saturating_add(1);
            return None;
        }
        list.reserve_exact(1);
        list.push(SessionAnomaly {
            kind,
            side,
            first: at,
            last: at,
            count: 1,
            episodes: 1,
        });
        list.last()
    }
}
