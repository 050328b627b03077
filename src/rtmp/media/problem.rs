//! What can be wrong in an audio or video message.

use std::fmt;

use crate::base::severity::Severity;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::problem::BodyProblem;

/// Something odd in the headers or the configuration record of a media message (FLV 10.1 Annex
/// E.4, Enhanced RTMP v2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaProblem {
    /// An audio or video message shorter than the headers it announces.
    HeaderTruncated {
        /// Bytes the headers need at the least.
        needed: u32,
        /// Declared length of the message, or where the part of its track ends.
        length: u32,
    },
    /// A video message without any byte; only in audio that means something: silence.
    EmptyVideo,
    /// A packet type that the specification reserves.
    ReservedPacketType {
        /// The number on the wire.
        packet_type: u8,
    },
    /// A video frame type that the specification reserves.
    ReservedFrameType {
        /// The number on the wire.
        frame_type: u8,
    },
    /// A codec number or FourCC that nobody documents.
    UnknownCodec {
        /// What the wire says.
        codec: CodecId,
    },
    /// A codec number that is in use but in no specification; players outside its home do not
    /// know it.
    NonstandardCodec {
        /// What the wire says.
        codec: CodecId,
    },
    /// A multitrack type that the specification reserves.
    ReservedMultitrackType {
        /// The number on the wire.
        number: u8,
    },
    /// A multitrack message whose tracks are multitrack or ModEx packets again.
    NestedMultitrack {
        /// The packet type given for the tracks.
        packet_type: u8,
    },
    /// A track of a multitrack message that claims more bytes than the message has left.
    TrackBeyondMessage {
        /// The track.
        track_id: u8,
        /// Size it claims, in bytes.
        size: u32,
        /// Bytes left in the message.
        left: u32,
    },
    /// A TimestampOffsetNano with fewer than the 3 bytes it needs.
    ModExShort {
        /// Length of its data in bytes.
        size: u32,
    },
    /// A nanosecond offset of a millisecond or more.
    NanoOffsetOutOfRange {
        /// The offset in nanoseconds.
        nanos: u32,
    },
    /// A codec configuration record, or codec header, that cannot be read to its end.
    ConfigUnreadable {
        /// The codec.
        codec: CodecId,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A sequence start without a configuration record. Encoders send it before they have one.
    ConfigEmpty {
        /// The codec.
        codec: CodecId,
    },
    /// A configuration record that is not laid out as its specification says, but can be read.
    ConfigNonstandard {
        /// The codec.
        codec: CodecId,
        /// In what it differs.
        reason: &'static str,
    },
    /// Something in the AMF values of a video metadata packet.
    Metadata(BodyProblem),
    /// A video metadata packet that is not a sequence of names and values.
    MetadataNotPaired,
}

impl MediaProblem {
    /// The code that scripts match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::HeaderTruncated { .. } => "media.header_truncated",
            Self::EmptyVideo => "media.empty_video",
            Self::ReservedPacketType { .. } => "media.reserved_packet_type",
            Self::ReservedFrameType { .. } => "media.reserved_frame_type",
            Self::UnknownCodec { .. } => "media.unknown_codec",
            Self::NonstandardCodec { .. } => "media.nonstandard_codec",
            Self::ReservedMultitrackType { .. } => "media.reserved_multitrack_type",
            Self::NestedMultitrack { .. } => "media.nested_multitrack",
            Self::TrackBeyondMessage { .. } => "media.track_beyond_message",
            Self::ModExShort { .. } => "media.mod_ex_short",
            Self::NanoOffsetOutOfRange { .. } => "media.nano_offset_out_of_range",
            Self::ConfigUnreadable { .. } => "media.config_unreadable",
            Self::ConfigEmpty { .. } => "media.config_empty",
            Self::ConfigNonstandard { .. } => "media.config_nonstandard",
            Self::Metadata(problem) => problem.code(),
            Self::MetadataNotPaired => "media.metadata_not_paired",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::HeaderTruncated { .. }
            | Self::NestedMultitrack { .. }
            | Self::TrackBeyondMessage { .. }
            | Self::ConfigUnreadable { .. } => Severity::Error,
            Self::EmptyVideo
            | Self::ReservedPacketType { .. }
            | Self::ReservedFrameType { .. }
            | Self::UnknownCodec { .. }
            | Self::ReservedMultitrackType { .. }
            | Self::ModExShort { .. }
            | Self::NanoOffsetOutOfRange { .. }
            | Self::ConfigEmpty { .. }
            | Self::MetadataNotPaired => Severity::Warning,
            Self::Metadata(problem) => problem.severity(),
            Self::NonstandardCodec { .. } | Self::ConfigNonstandard { .. } => Severity::Info,
        }
    }
}

impl fmt::Display for MediaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeaderTruncated { needed, length } => {
                write!(f, "the headers need {needed} bytes, but end after {length}")
            }
            Self::EmptyVideo => write!(f, "no byte at all"),
            Self::ReservedPacketType { packet_type } => {
                write!(f, "packet type {packet_type} is reserved")
            }
            Self::ReservedFrameType { frame_type } => {
                write!(f, "video frame type {frame_type} is reserved")
            }
            Self::UnknownCodec { codec } => write!(f, "codec {codec} is unknown"),
            Self::NonstandardCodec { codec } => write!(
                f,
                "{codec} under a codec number that is in no specification"
            ),
            Self::ReservedMultitrackType { number } => {
                write!(f, "multitrack type {number} is reserved")
            }
            Self::NestedMultitrack { packet_type } => write!(
                f,
                "the tracks of a multitrack message are of packet type {packet_type}"
            ),
            Self::TrackBeyondMessage {
                track_id,
                size,
                left,
            } => write!(
                f,
                "track {track_id} claims {size} bytes where the message has {left} left"
            ),
            Self::ModExShort { size } => write!(
                f,
                "nanosecond offset in {size} bytes of data instead of at least 3"
            ),
            Self::NanoOffsetOutOfRange { nanos } => {
                write!(f, "nanosecond offset of {nanos} ns, a millisecond or more")
            }
            Self::ConfigUnreadable { codec, reason } => {
                write!(f, "configuration of {codec} cannot be read: {reason}")
            }
            Self::ConfigEmpty { codec } => {
                write!(
                    f,
                    "sequence start of {codec} without a configuration record"
                )
            }
            Self::ConfigNonstandard { codec, reason } => {
                write!(f, "configuration of {codec} is not as specified: {reason}")
            }
            Self::Metadata(problem) => write!(f, "{problem}, in video metadata"),
            Self::MetadataNotPaired => {
                write!(f, "video metadata is not a sequence of names and values")
            }
        }
    }
}
