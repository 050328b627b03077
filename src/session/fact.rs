//! What a session tells as it learns it, in the order of the capture.

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::rtmp::types::MessageStreamId;
use crate::session::anomaly::SessionAnomaly;
use crate::session::call::Call;
use crate::session::channel::ChunkSizeChange;
use crate::session::end::End;
use crate::session::netstream::StateChange;
use crate::session::track::TrackKey;

/// One thing learned. It names what the session keeps and holds only what it does not, so that a
/// fact that nobody asks for costs next to nothing. Secrets in it are known to
/// [`crate::session::Session::secrets`] before.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// The handshake is over, or will not become more complete.
    HandshakeDone {
        /// What brought its last part.
        at: Mark,
    },
    /// Everything from here on is enciphered and only counted.
    Opaque {
        /// Sender.
        side: Side,
        /// Why, in a few words.
        reason: &'static str,
        /// What brought the first such byte.
        at: Mark,
    },
    /// A call was made.
    CallOpened {
        /// Its id; see [`crate::session::call::Calls::get`].
        call: u64,
        /// What brought it.
        at: Mark,
    },
    /// A call was answered, needs no answer, or will get none.
    CallCompleted {
        /// Its id; see [`crate::session::call::Calls::get`].
        call: u64,
        /// What brought that, or the call itself where nothing answered it.
        at: Mark,
    },
    /// A call had to make room for others while it waited: it is no longer kept.
    CallLetGo(Box<Call>),
    /// A track sent its first message or configuration.
    TrackConfigured {
        /// Which.
        track: TrackKey,
        /// What brought it.
        at: Mark,
    },
    /// The codec or configuration of a track changed.
    TrackChanged {
        /// Which.
        track: TrackKey,
        /// What brought it.
        at: Mark,
    },
    /// A net stream came to another state.
    StreamStateChanged(StateChange),
    /// Metadata came.
    Metadata {
        /// Sender.
        side: Side,
        /// Message stream.
        stream_id: MessageStreamId,
        /// What brought it.
        at: Mark,
    },
    /// A side announced another chunk size.
    ChunkSizeChanged {
        /// Who sends such chunks from now on.
        side: Side,
        /// The change.
        change: ChunkSizeChange,
    },
    /// Something is odd; told once per episode.
    Anomaly(Box<SessionAnomaly>),
    /// The connection ended.
    Ended(End),
}

impl Fact {
    /// That a call is over.
    pub(super) fn completed(call: &Call) -> Self {
        Self::CallCompleted {
            call: call.id,
            at: call.reply.as_ref().map_or(call.at, |reply| reply.at),
        }
    }

    /// What brought it.
    pub fn at(&self) -> Mark {
        match self {
            Self::HandshakeDone { at }
            | Self::Opaque { at, .. }
            | Self::CallOpened { at, .. }
            | Self::CallCompleted { at, .. }
            | Self::TrackConfigured { at, .. }
            | Self::TrackChanged { at, .. }
            | Self::Metadata { at, .. } => *at,
            Self::CallLetGo(call) => call.at,
            Self::StreamStateChanged(change) => change.at,
            Self::ChunkSizeChanged { change, .. } => change.at,
            Self::Anomaly(anomaly) => anomaly.last,
            Self::Ended(end) => end.at,
        }
    }
}
