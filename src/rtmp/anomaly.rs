//! Everything odd that the decoder can see in the bytes of one direction: one closed list, each
//! kind with a code for scripts, a severity and the section of the specification.

use std::fmt;

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::rtmp::media::problem::MediaProblem;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
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

    // Handshake and chunks.
    /// The version byte is neither 3 nor one of RTMPE's (section 5.2.2).
    HandshakeVersion {
        /// The version byte.
        version: u8,
    },
    /// Bytes of the handshake are missing (section 5.2).
    HandshakeIncomplete {
        /// Bytes of it that came in, below 3073.
        received: u32,
    },
    /// A chunk stream begins with a type 1 header where section 5.3.1.2.1 wants type 0: what it
    /// leaves out counts as 0.
    FirstHeaderNotFull {
        /// The chunk stream.
        csid: ChunkStreamId,
    },
    /// A header of type 2 or 3 refers to a chunk stream on which nothing was sent (section
    /// 5.3.1.2).
    HeaderOfUnknownChunkStream {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// The form of the header, 2 or 3.
        fmt: ChunkFormat,
    },
    /// A message goes on with a whole header instead of a type 3 one (section 5.3.1.2.4).
    HeaderWithinMessage {
        /// The chunk stream.
        csid: ChunkStreamId,
    },
    /// A new message begins on a chunk stream whose last one is not complete (section 5.3.1).
    MessageCut {
        /// The chunk stream.
        csid: ChunkStreamId,
    },
    /// The sender gave up a message that it had begun (section 5.4.2).
    MessageAborted {
        /// The chunk stream.
        csid: ChunkStreamId,
    },
    /// Type 3 chunks do not repeat the extended timestamp, against section 5.3.1.3; decoders
    /// that rely on it lose the stream. Said once per direction.
    ExtendedTimestampLeftOut {
        /// The chunk stream that showed it first.
        csid: ChunkStreamId,
    },
    /// A type 3 chunk of a sender that repeats extended timestamps has another value in the
    /// place (section 5.3.1.3).
    ExtendedTimestampDiffers {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// What was found in the place.
        found: u32,
    },
    /// Set Chunk Size with 0; the size stays as it was (section 5.4.1).
    ChunkSizeZero,
    /// Set Chunk Size with the top bit set, which must be zero (section 5.4.1); the other bits
    /// count.
    ChunkSizeTopBit {
        /// The value on the wire.
        value: u32,
    },
    /// Audio comes in chunks of 64 bytes and all else in chunks of 128, as it did before RTMP 1.0 until
    /// Set Chunk Size. Said once per direction.
    AudioFragments,
    /// Messages in progress when Set Chunk Size came go on in chunks of the old size: it should
    /// count for them as well (section 5.4.1).
    ChunkSizeLate {
        /// The old size.
        old: u32,
    },
    /// A message is longer than what is kept of one.
    BodyTruncated {
        /// Declared payload bytes.
        length: u32,
        /// Payload bytes kept.
        kept: usize,
    },
    /// The messages in progress in one direction hold so many bytes that those of the oldest
    /// were dropped. Said once per direction.
    BodiesDropped,
    /// A direction uses so many chunk streams that the least recently used are forgotten. Said
    /// once per direction.
    TooManyChunkStreams,
    /// Messages of a chunk stream were lost, and with them deltas: its timestamps are off by an
    /// unknown amount until the next type 0 header. Said once per loss.
    TimestampUncertain {
        /// The chunk stream.
        csid: ChunkStreamId,
    },
    /// The header that tells the message stream of a chunk stream was not captured: it is
    /// presumed to be that of the other media, or 1, which servers give out first, and 0 for
    /// commands, until the next type 0 header.
    MessageStreamPresumed {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// What is presumed.
        stream_id: MessageStreamId,
    },
    /// The header that tells length and type of a chunk stream's messages was not captured: both
    /// are inferred from where the next headers stand and what payloads begin with.
    HeaderInferred {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// The type.
        type_id: MessageTypeId,
        /// The length, payload bytes.
        length: u32,
    },
    /// The decoder no longer knows where chunks begin: a header was not captured or cannot be
    /// one.
    BoundariesLost,
}

impl AnomalyKind {
    /// The code that scripts match on: stable, in the form `layer.what`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownMessageType { .. } => "message.unknown_type",

            Self::Body { problem, .. } => problem.code(),

            Self::Media { problem, .. } => problem.code(),
            Self::HandshakeVersion { .. } => "handshake.version",
            Self::HandshakeIncomplete { .. } => "handshake.incomplete",
            Self::FirstHeaderNotFull { .. } => "chunk.first_header_not_full",
            Self::HeaderOfUnknownChunkStream { .. } => "chunk.unknown_chunk_stream",
            Self::HeaderWithinMessage { .. } => "chunk.header_within_message",
            Self::MessageCut { .. } => "chunk.message_cut",
            Self::MessageAborted { .. } => "chunk.message_aborted",
            Self::ExtendedTimestampLeftOut { .. } => "chunk.extended_timestamp_left_out",
            Self::ExtendedTimestampDiffers { .. } => "chunk.extended_timestamp_differs",
            Self::ChunkSizeZero => "chunk.size_zero",
            Self::ChunkSizeTopBit { .. } => "chunk.size_top_bit",
            Self::AudioFragments => "chunk.audio_fragments",
            Self::ChunkSizeLate { .. } => "chunk.size_late",
            Self::BodyTruncated { .. } => "chunk.body_truncated",
            Self::BodiesDropped => "chunk.bodies_dropped",
            Self::TooManyChunkStreams => "chunk.too_many_chunk_streams",
            Self::TimestampUncertain { .. } => "chunk.timestamp_uncertain",
            Self::MessageStreamPresumed { .. } => "chunk.message_stream_presumed",
            Self::HeaderInferred { .. } => "chunk.header_inferred",
            Self::BoundariesLost => "chunk.boundaries_lost",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Body { problem, .. } => problem.severity(),

            Self::Media { problem, .. } => problem.severity(),
            Self::UnknownMessageType { .. }
            | Self::HandshakeVersion { .. }
            | Self::HandshakeIncomplete { .. }
            | Self::HeaderWithinMessage { .. }
            | Self::ExtendedTimestampLeftOut { .. }
            | Self::ExtendedTimestampDiffers { .. }
            | Self::ChunkSizeTopBit { .. }
            | Self::AudioFragments
            | Self::ChunkSizeLate { .. }
            | Self::BodiesDropped
            | Self::TooManyChunkStreams
            | Self::TimestampUncertain { .. } => Severity::Warning,
            Self::FirstHeaderNotFull { .. }
            | Self::MessageAborted { .. }
            | Self::MessageStreamPresumed { .. }
            | Self::HeaderInferred { .. }
            | Self::BodyTruncated { .. } => Severity::Info,
            Self::HeaderOfUnknownChunkStream { .. }
            | Self::MessageCut { .. }
            | Self::ChunkSizeZero
            | Self::BoundariesLost => Severity::Error,
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
            Self::HandshakeVersion { version } => write!(
                f,
                "the handshake begins with version {version} instead of 3"
            ),
            Self::HandshakeIncomplete { received } => {
                write!(f, "{received} of the 3073 bytes of the handshake came in")
            }
            Self::FirstHeaderNotFull { csid } => write!(
                f,
                "chunk stream {csid} begins with a type 1 header, which has no message stream id"
            ),
            Self::HeaderOfUnknownChunkStream { csid, fmt } => write!(
                f,
                "a type {} header refers to chunk stream {csid}, on which nothing was sent",
                fmt.number()
            ),
            Self::HeaderWithinMessage { csid } => write!(
                f,
                "a message on chunk stream {csid} repeats its whole header between its chunks"
            ),
            Self::MessageCut { csid } => write!(
                f,
                "a new message begins on chunk stream {csid} before the last one is complete"
            ),
            Self::MessageAborted { csid } => write!(
                f,
                "the sender aborted the message in progress on chunk stream {csid}"
            ),
            Self::ExtendedTimestampLeftOut { csid } => write!(
                f,
                "type 3 chunks leave out the extended timestamp (seen first on chunk stream {csid})"
            ),
            Self::ExtendedTimestampDiffers { csid, found } => write!(
                f,
                "a type 3 chunk on chunk stream {csid} repeats another extended timestamp: {found}"
            ),
            Self::ChunkSizeZero => f.write_str("Set Chunk Size with 0: the size stays as it was"),
            Self::ChunkSizeTopBit { value } => {
                write!(f, "Set Chunk Size with the top bit set: {value:#010x}")
            }
            Self::AudioFragments => f.write_str(
                "audio comes in chunks of 64 bytes and all else in 128, as before RTMP 1.0",
            ),
            Self::ChunkSizeLate { old } => write!(
                f,
                "messages in progress keep the chunk size of {old} that Set Chunk Size has changed"
            ),
            Self::BodyTruncated { length, kept } => write!(
                f,
                "of a message of {length} bytes only the first {kept} are kept"
            ),
            Self::BodiesDropped => f.write_str(
                "too many bytes in unfinished messages: the content of the oldest is dropped",
            ),
            Self::TooManyChunkStreams => {
                f.write_str("too many chunk streams: the least recently used are forgotten")
            }
            Self::TimestampUncertain { csid } => write!(
                f,
                "timestamps on chunk stream {csid} are uncertain until the next type 0 header"
            ),
            Self::MessageStreamPresumed { csid, stream_id } => write!(
                f,
                "chunk stream {csid} is presumed to carry message stream {}",
                stream_id.0
            ),
            Self::HeaderInferred {
                csid,
                type_id,
                length,
            } => write!(
                f,
                "no header tells what chunk stream {csid} carries: messages of type {} and {length} bytes by where headers stand",
                type_id.0
            ),
            Self::BoundariesLost => f.write_str("the boundaries of chunks are lost from here"),
        }
    }
}
