//! Quantities of the chunk and message headers, each with its own type. Unknown values keep
//! their number.

use std::fmt;

/// Chunk stream id ("csid", RTMP 1.0 section 5.3.1.1): 2..=65599.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkStreamId(pub u32);

impl ChunkStreamId {
    /// Protocol control messages travel here (section 5.4).
    pub const CONTROL: Self = Self(2);
}

impl fmt::Display for ChunkStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Message stream id ("msid", section 5.3.1.2.1), little-endian on the wire. 0 is the
/// `NetConnection` itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MessageStreamId(pub u32);

impl fmt::Display for MessageStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Message timestamp in milliseconds from an unspecified epoch; wraps at 2^32 (section 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RtmpTimestamp(pub u32);

impl RtmpTimestamp {
    /// This timestamp `delta` milliseconds on, modulo 2^32.
    #[must_use]
    pub fn advanced(self, delta: u32) -> Self {
        Self(self.0.wrapping_add(delta))
    }

    /// Signed milliseconds from `earlier` to this timestamp by serial arithmetic (RFC 1982):
    /// right as long as the two lie less than 2^31 ms (24.8 days) apart.
    pub fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

impl fmt::Display for RtmpTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Form of a chunk's message header (section 5.3.1.2), the "fmt" field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChunkFormat {
    /// 11 bytes: everything, absolute timestamp.
    Full,
    /// 7 bytes: timestamp delta, length and type; the message stream id stays.
    SameStream,
    /// 3 bytes: timestamp delta; length and type stay too.
    SameLength,
    /// No bytes: a continuation, or a message with everything as before.
    Nothing,
}

impl ChunkFormat {
    /// The form by the two top bits of a chunk's first byte.
    pub fn from_first_byte(byte: u8) -> Self {
        match byte >> 6 {
            0 => Self::Full,
            1 => Self::SameStream,
            2 => Self::SameLength,
            _ => Self::Nothing,
        }
    }

    /// The number of the form, 0..=3.
    pub fn number(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::SameStream => 1,
            Self::SameLength => 2,
            Self::Nothing => 3,
        }
    }

    /// Whether the header leaves out length and type of its message, which are those of the one before
    /// (sections 5.3.1.2.3 and 5.3.1.2.4).
    pub fn leaves_out_type(self) -> bool {
        matches!(self, Self::SameLength | Self::Nothing)
    }

    /// Length of the message header in bytes, without an extended timestamp.
    pub fn header_len(self) -> usize {
        match self {
            Self::Full => 11,
            Self::SameStream => 7,
            Self::SameLength => 3,
            Self::Nothing => 0,
        }
    }
}

/// Message type id (section 7.1 and Enhanced RTMP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageTypeId(pub u8);

impl MessageTypeId {
    /// Set Chunk Size (section 5.4.1).
    pub const SET_CHUNK_SIZE: Self = Self(1);
    /// Abort Message (section 5.4.2).
    pub const ABORT: Self = Self(2);
    /// Acknowledgement (section 5.4.3).
    pub const ACKNOWLEDGEMENT: Self = Self(3);
    /// User Control (section 6.2).
    pub const USER_CONTROL: Self = Self(4);
    /// Window Acknowledgement Size (section 5.4.4).
    pub const WINDOW_ACK_SIZE: Self = Self(5);
    /// Set Peer Bandwidth (section 5.4.5).
    pub const SET_PEER_BANDWIDTH: Self = Self(6);
    /// Audio (section 7.1.4).
    pub const AUDIO: Self = Self(8);
    /// Video (section 7.1.5).
    pub const VIDEO: Self = Self(9);
    /// Data message in AMF3 (section 7.1.2).
    pub const DATA_AMF3: Self = Self(15);
    /// Shared object message in AMF3 (section 7.1.3).
    pub const SHARED_OBJECT_AMF3: Self = Self(16);
    /// Command message in AMF3 (section 7.1.1).
    pub const COMMAND_AMF3: Self = Self(17);
    /// Data message in AMF0.
    pub const DATA_AMF0: Self = Self(18);
    /// Shared object message in AMF0.
    pub const SHARED_OBJECT_AMF0: Self = Self(19);
    /// Command message in AMF0.
    pub const COMMAND_AMF0: Self = Self(20);
    /// Aggregate message (section 7.1.6).
    pub const AGGREGATE: Self = Self(22);

    /// The name used in records and views; `None` for a type nobody documents.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SET_CHUNK_SIZE => "set_chunk_size",
            Self::ABORT => "abort",
            Self::ACKNOWLEDGEMENT => "acknowledgement",
            Self::USER_CONTROL => "user_control",
            Self::WINDOW_ACK_SIZE => "window_ack_size",
            Self::SET_PEER_BANDWIDTH => "set_peer_bandwidth",
            Self::AUDIO => "audio",
            Self::VIDEO => "video",
            Self::DATA_AMF3 => "data_amf3",
            Self::SHARED_OBJECT_AMF3 => "shared_object_amf3",
            Self::COMMAND_AMF3 => "command_amf3",
            Self::DATA_AMF0 => "data_amf0",
            Self::SHARED_OBJECT_AMF0 => "shared_object_amf0",
            Self::COMMAND_AMF0 => "command_amf0",
            Self::AGGREGATE => "aggregate",
            _ => return None,
        })
    }

    /// Whether messages of this type carry media whose payload is not kept beyond its headers.
    pub fn is_media(self) -> bool {
        matches!(self, Self::AUDIO | Self::VIDEO)
    }

    /// Types 1, 2, 3, 5 and 6 control the chunk stream itself (section 5.4).
    pub fn is_protocol_control(self) -> bool {
        matches!(
            self,
            Self::SET_CHUNK_SIZE
                | Self::ABORT
                | Self::ACKNOWLEDGEMENT
                | Self::WINDOW_ACK_SIZE
                | Self::SET_PEER_BANDWIDTH
        )
    }
}

impl fmt::Display for MessageTypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("type_{}", self.0)),
        }
    }
}

/// Four characters that name a codec (Enhanced RTMP), in the order of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FourCc(pub [u8; 4]);

impl fmt::Display for FourCc {
    /// The characters, with a byte that is no printable ASCII as `\xNN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            if byte.is_ascii_graphic() || byte == b' ' {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_compare_across_the_wrap() {
        assert_eq!(RtmpTimestamp(5).since(RtmpTimestamp(0xFFFF_FFFB)), 10);
        assert_eq!(RtmpTimestamp(0xFFFF_FFFB).since(RtmpTimestamp(5)), -10);
        assert_eq!(RtmpTimestamp(0xFFFF_FFFB).advanced(10), RtmpTimestamp(5));
    }

    #[test]
    fn unknown_types_keep_their_number() {
        assert_eq!(MessageTypeId(7).to_string(), "type_7");
        assert_eq!(MessageTypeId::AGGREGATE.to_string(), "aggregate");
    }
}
