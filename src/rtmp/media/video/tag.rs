//! What a video message says, as types.

use std::ops::Range;

use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::enhanced::ModEx;
use crate::rtmp::media::enhanced::MultitrackKind;
use crate::rtmp::media::enhanced::Tracks;
use crate::rtmp::media::metadata::VideoMetadata;
use crate::rtmp::media::video::COMMAND;

/// Frame type (FLV 10.1 table of VIDEODATA; Enhanced RTMP VideoFrameType).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// A frame where decoding can begin.
    Key,
    /// A frame that needs others.
    Inter,
    /// An inter frame that no other needs (H.263 only).
    Disposable,
    /// A key frame that a server made.
    GeneratedKey,
    /// No picture, but a command.
    Command,
    /// A reserved number.
    Unknown(u8),
}

impl FrameKind {
    /// The kind by its number, 0..=15.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Key,
            2 => Self::Inter,
            3 => Self::Disposable,
            4 => Self::GeneratedKey,
            COMMAND => Self::Command,
            other => Self::Unknown(other),
        }
    }

    /// The name used in records and views; `None` for a reserved number.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Key => "key",
            Self::Inter => "inter",
            Self::Disposable => "disposable_inter",
            Self::GeneratedKey => "generated_key",
            Self::Command => "command",
            Self::Unknown(_) => return None,
        })
    }
}

/// What a video message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoPacket {
    /// A codec's configuration record.
    SequenceStart,
    /// Coded pictures, with a composition time where the codec has one.
    CodedFrames,
    /// End of the sequence.
    SequenceEnd,
    /// Coded pictures whose composition time is 0.
    CodedFramesX,
    /// AMF values about the pictures.
    Metadata,
    /// A codec's configuration as the descriptor of an MPEG-2 transport stream.
    Mpeg2TsSequenceStart,
    /// A command instead of pictures (frame type 5).
    Command,
    /// A message without any byte.
    Empty,
    /// A reserved packet type with its number.
    Unknown(u8),
    /// Too little of the message is there to tell.
    Unseen,
}

impl VideoPacket {
    /// The name used in records and views; `None` for a reserved packet type.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SequenceStart => "sequence_start",
            Self::CodedFrames => "coded_frames",
            Self::SequenceEnd => "sequence_end",
            Self::CodedFramesX => "coded_frames_x",
            Self::Metadata => "metadata",
            Self::Mpeg2TsSequenceStart => "mpeg2ts_sequence_start",
            Self::Command => "command",
            Self::Empty => "empty",
            Self::Unseen => "unseen",
            Self::Unknown(_) => return None,
        })
    }
}

/// A video command (FLV 10.1, VIDEODATA with frame type 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoCommand {
    /// Start of client-side seeking.
    StartSeek,
    /// End of client-side seeking.
    EndSeek,
    /// A reserved number.
    Unknown(u8),
}

impl VideoCommand {
    /// The command by its number.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::StartSeek,
            1 => Self::EndSeek,
            other => Self::Unknown(other),
        }
    }

    /// The name used in records and views; `None` for a reserved number.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::StartSeek => Some("start_seek"),
            Self::EndSeek => Some("end_seek"),
            Self::Unknown(_) => None,
        }
    }
}

/// The headers of a video message.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoTag {
    /// Frame type; `None` while no byte is there. Means nothing in a metadata packet.
    pub frame: Option<FrameKind>,
    /// What the message is for.
    pub packet: VideoPacket,
    /// Whether it has an ExVideoTagHeader.
    pub is_enhanced: bool,
    /// The command, in a command message.
    pub command: Option<VideoCommand>,
    /// How its tracks are laid out, in a multitrack message.
    pub multitrack: Option<MultitrackKind>,
    /// Nanoseconds to add to the presentation time, 0..=999_999 unless out of range.
    pub nano_offset: Option<u32>,
    /// Packet modifiers, in their order.
    pub mod_ex: Vec<ModEx>,
    /// The tracks.
    pub tracks: Tracks<VideoTrack>,
}

/// One track's part of a video message.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoTrack {
    /// Track id; 0 where the message names none, for that is the default track.
    pub id: u8,
    /// The codec.
    pub codec: CodecId,
    /// Milliseconds from decoding to presentation, SI24. `None` where the packet has no such
    /// field or its bytes are not there; 0 where the packet type implies it.
    pub composition_time_ms: Option<i32>,
    /// Bytes of the message behind the headers, by the declared lengths.
    pub payload: Range<usize>,
    /// What the configuration record of a sequence start says.
    pub config: Option<Box<VideoConfig>>,
    /// Size of the picture by the header of a key frame, in codecs that repeat it there.
    pub picture_size: Option<PictureSize>,
    /// The values of a metadata packet.
    pub metadata: Option<Box<VideoMetadata>>,
}

impl VideoTag {
    /// The codec of the first track.
    pub fn codec(&self) -> Option<CodecId> {
        self.tracks.first().map(|track| track.codec)
    }

    /// Composition time of the first track in milliseconds.
    pub fn composition_time_ms(&self) -> Option<i32> {
        self.tracks.first()?.composition_time_ms
    }

    /// Whether it carries coded pictures.
    pub fn is_coded(&self) -> bool {
        matches!(
            self.packet,
            VideoPacket::CodedFrames | VideoPacket::CodedFramesX
        )
    }

    /// Whether it carries the coded pictures of a key frame. A sequence start has the frame type
    /// of a key frame too, but no picture.
    pub fn is_key(&self) -> bool {
        self.is_coded() && matches!(self.frame, Some(FrameKind::Key | FrameKind::GeneratedKey))
    }

    /// Whether it carries a configuration instead of pictures.
    pub fn is_config(&self) -> bool {
        matches!(
            self.packet,
            VideoPacket::SequenceStart | VideoPacket::Mpeg2TsSequenceStart
        )
    }

    pub(super) fn unseen() -> Self {
        Self {
            frame: None,
            packet: VideoPacket::Unseen,
            is_enhanced: false,
            command: None,
            multitrack: None,
            nano_offset: None,
            mod_ex: Vec::new(),
            tracks: Tracks::None,
        }
    }
}
