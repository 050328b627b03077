//! Everything odd that the decoder can see in the bytes of one direction: one closed list, each
//! kind with a code for scripts, a severity and the section of the specification.

use std::fmt;

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::rtmp::media::problem::MediaProblem;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// Something odd, and the bytes that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// The bytes that show it.
    pub range: ByteRange,
    /// What brought them.
    pub at: Mark,
}

/// What can be odd.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnomalyKind {
    /// A message type that no specification names.
    UnknownMessageType {
        /// The number on the wire.
        type_id: MessageTypeId,
        /// The chunk stream that carried it.
        csid: ChunkStreamId,
    },

    // Bodies of messages other than media.
    /// Something in the body of a message.
    Body {
        /// What it is.
        problem: BodyProblem,
        /// Type of the message.
        type_id: MessageTypeId,
        /// The chunk stream that carried it.
        csid: ChunkStreamId,
        /// Byte offset in the body.
        offset: usize,
    },

    // Media headers and configuration records.
    /// Something in an audio or video message.
    Media {
        /// What it is.
        problem: MediaProblem,
        /// Audio or video.
        type_id: MessageTypeId,
        /// The chunk stream that carried it.
        csid: ChunkStreamId,
    },
}

impl AnomalyKind {
    /// The code that scripts match on: stable, in the form `layer.what`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownMessageType { .. } => "message.unknown_type",

            Self::Body { problem, .. } => problem.code(),

            Self::Media { problem, .. } => problem.code(),
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::UnknownMessageType { .. } => Severity::Warning,

            Self::Body { problem, .. } => problem.severity(),

            Self::Media { problem, .. } => problem.severity(),
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMessageType { type_id, csid } => write!(
                f,
                "message type {} on chunk stream {csid} is in no specification",
                type_id.0
            ),

            Self::Body {
                problem,
                type_id,
                csid,
                offset,
            } => write!(
                f,
                "{problem} (byte {offset} of a {type_id} message on chunk stream {csid})"
            ),

            Self::Media {
                problem,
                type_id,
                csid,
            } => write!(f, "{problem} ({type_id} message on chunk stream {csid})"),
        }
    }
}
