//! Headers of chunks (RTMP 1.0 section 5.3.1), as pure functions over the bytes: they either
//! read a whole header or say that bytes are missing, and keep nothing between calls.

use nom::IResult;
use nom::Parser;
use nom::number::streaming::be_u8;
use nom::number::streaming::be_u24;
use nom::number::streaming::be_u32;
use nom::number::streaming::le_u16;
use nom::number::streaming::le_u32;

use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;

/// Longest chunk header in bytes: basic header 3, message header 11, extended timestamp 4.
pub const MAX_HEADER_LEN: usize = 18;

/// Value of the 24-bit timestamp field that announces an extended timestamp (section 5.3.1.3).
const EXTENDED: u32 = 0xFF_FFFF;

/// Lowest chunk stream id whose basic header is longer than one byte (section 5.3.1.1).
const TWO_BYTE_IDS: u8 = 64;

/// First part of every chunk (section 5.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicHeader {
    /// Form of the message header that follows.
    pub fmt: ChunkFormat,
    /// Chunk stream.
    pub csid: ChunkStreamId,
}

/// Timestamp or timestamp delta of a message header, with its extension taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeField {
    /// Milliseconds, all 32 bits.
    pub value: u32,
    /// Whether it came in the extended field.
    pub extended: bool,
}

/// Second part of a chunk (section 5.3.1.2), with the extended timestamp of forms 0 to 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageHeader {
    /// Type 0: the timestamp is absolute.
    Full {
        /// Absolute timestamp.
        time: TimeField,
        /// Payload length in bytes, 0..=0xFF_FFFF.
        length: u32,
        /// Message type.
        type_id: MessageTypeId,
        /// Message stream.
        stream_id: MessageStreamId,
    },
    /// Type 1: the message stream stays.
    SameStream {
        /// Timestamp delta.
        time: TimeField,
        /// Payload length in bytes, 0..=0xFF_FFFF.
        length: u32,
        /// Message type.
        type_id: MessageTypeId,
    },
    /// Type 2: message stream, length and type stay.
    SameLength {
        /// Timestamp delta.
        time: TimeField,
    },
    /// Type 3: everything stays. Whether an extended timestamp follows depends on the chunk
    /// stream, see [`extended_timestamp`].
    Nothing,
}

/// Reads a basic header in one of its three forms.
///
/// # Errors
/// Only ever `Incomplete`.
pub fn basic_header(input: &[u8]) -> IResult<&[u8], BasicHeader> {
    let (rest, first) = be_u8(input)?;
    let fmt = ChunkFormat::from_first_byte(first);
    let (rest, csid) = match first & 0x3F {
        0 => be_u8
            .map(|low| u32::from(low).saturating_add(64))
            .parse(rest)?,
        // The third byte counts 256: section 5.3.1.1 defines the id as third*256 + second + 64.
        1 => le_u16
            .map(|id| u32::from(id).saturating_add(64))
            .parse(rest)?,
        direct => (rest, u32::from(direct)),
    };
    let csid = ChunkStreamId(csid);
    Ok((rest, BasicHeader { fmt, csid }))
}

/// The whole header of type 3, on chunk streams where it is one byte (sections 5.3.1.1 and 5.3.1.2.4).
pub(super) fn of_one_byte(csid: ChunkStreamId) -> Option<u8> {
    let id = u8::try_from(csid.0).ok().filter(|id| *id < TWO_BYTE_IDS)?;
    Some(0xC0 | id)
}

/// Reads the message header of the given form.
///
/// # Errors
/// Only ever `Incomplete`.
pub fn message_header(fmt: ChunkFormat, input: &[u8]) -> IResult<&[u8], MessageHeader> {
    if fmt == ChunkFormat::Nothing {
        return Ok((input, MessageHeader::Nothing));
    }
    let (rest, field) = be_u24(input)?;
    if fmt == ChunkFormat::SameLength {
        let (rest, time) = time_field(field, rest)?;
        return Ok((rest, MessageHeader::SameLength { time }));
    }
    let (rest, (length, type_id)) = (be_u24, be_u8.map(MessageTypeId)).parse(rest)?;
    if fmt == ChunkFormat::SameStream {
        let (rest, time) = time_field(field, rest)?;
        let header = MessageHeader::SameStream {
            time,
            length,
            type_id,
        };
        return Ok((rest, header));
    }
    let (rest, stream_id) = le_u32.map(MessageStreamId).parse(rest)?;
    let (rest, time) = time_field(field, rest)?;
    let header = MessageHeader::Full {
        time,
        length,
        type_id,
        stream_id,
    };
    Ok((rest, header))
}

/// Reads the extended timestamp that a type 3 chunk may repeat (section 5.3.1.3).
///
/// # Errors
/// Only ever `Incomplete`.
pub fn extended_timestamp(input: &[u8]) -> IResult<&[u8], u32> {
    be_u32(input)
}

/// One rule for timestamps and deltas alike: the field itself, or the extension it announces.
fn time_field(field: u32, input: &[u8]) -> IResult<&[u8], TimeField> {
    let extended = field == EXTENDED;
    let (rest, value) = if extended {
        be_u32(input)?
    } else {
        (input, field)
    };
    Ok((rest, TimeField { value, extended }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(bytes: &[u8]) -> (u8, u32, usize) {
        let (rest, header) = basic_header(bytes).expect("a whole basic header");
        (header.fmt.number(), header.csid.0, rest.len())
    }

    #[test]
    fn basic_header_of_one_byte() {
        // Section 5.3.1.1, figure 6: ids 2..=63 lie in the first byte.
        assert_eq!(basic(&[0x02]), (0, 2, 0));
        assert_eq!(basic(&[0x43]), (1, 3, 0));
        assert_eq!(basic(&[0xBF]), (2, 63, 0));
        assert_eq!(basic(&[0xC6, 0xAA]), (3, 6, 1));
    }

    #[test]
    fn basic_header_of_two_bytes() {
        // Figure 7: id - 64 in the second byte.
        assert_eq!(basic(&[0x00, 0]), (0, 64, 0));
        assert_eq!(basic(&[0xC0, 255]), (3, 319, 0));
    }

    #[test]
    fn basic_header_of_three_bytes_is_little_endian() {
        // Figure 8: third byte * 256 + second byte + 64.
        assert_eq!(basic(&[0x01, 0, 0]), (0, 64, 0));
        assert_eq!(basic(&[0x41, 0, 1]), (1, 320, 0));
        assert_eq!(basic(&[0x01, 255, 255]), (0, 65_599, 0));
    }

    #[test]
    fn short_basic_headers_consume_nothing() {
        for bytes in [&[][..], &[0x00], &[0x01], &[0x01, 5]] {
            assert!(matches!(basic_header(bytes), Err(nom::Err::Incomplete(_))));
        }
    }

    #[test]
    fn type_0_has_a_little_endian_message_stream() {
        // Section 5.3.1.2.1: timestamp 1000, length 32, type 8, message stream 12345
        // (the values of table 5 in section 5.3.2.1).
        let bytes = [0, 0x03, 0xE8, 0, 0, 32, 8, 0x39, 0x30, 0, 0];
        let (rest, header) = message_header(ChunkFormat::Full, &bytes).expect("whole");
        assert!(rest.is_empty());
        let expected = MessageHeader::Full {
            time: TimeField {
                value: 1000,
                extended: false,
            },
            length: 32,
            type_id: MessageTypeId::AUDIO,
            stream_id: MessageStreamId(12345),
        };
        assert_eq!(header, expected);
    }

    #[test]
    fn types_1_and_2_carry_deltas() {
        // Sections 5.3.1.2.2 and 5.3.1.2.3.
        let (_, header) =
            message_header(ChunkFormat::SameStream, &[0, 0, 20, 0, 1, 0, 9]).expect("whole");
        let time = TimeField {
            value: 20,
            extended: false,
        };
        let expected = MessageHeader::SameStream {
            time,
            length: 256,
            type_id: MessageTypeId::VIDEO,
        };
        assert_eq!(header, expected);
        let (_, header) = message_header(ChunkFormat::SameLength, &[0, 0, 20]).expect("whole");
        assert_eq!(header, MessageHeader::SameLength { time });
    }

    #[test]
    fn extended_timestamps_follow_the_whole_header() {
        // Section 5.3.1.3: the field is 0xFFFFFF, four bytes follow, for deltas as well.
        for (fmt, mut bytes) in [
            (
                ChunkFormat::Full,
                vec![0xFF, 0xFF, 0xFF, 0, 0, 1, 8, 1, 0, 0, 0],
            ),
            (ChunkFormat::SameStream, vec![0xFF, 0xFF, 0xFF, 0, 0, 1, 8]),
            (ChunkFormat::SameLength, vec![0xFF, 0xFF, 0xFF]),
        ] {
            bytes.extend([0x01, 0x31, 0x2D, 0x00]);
            let (rest, header) = message_header(fmt, &bytes).expect("whole");
            assert!(rest.is_empty());
            let (MessageHeader::Full { time, .. }
            | MessageHeader::SameStream { time, .. }
            | MessageHeader::SameLength { time }) = header
            else {
                panic!("{fmt:?} has a time field");
            };
            assert_eq!(time.value, 20_000_000);
            assert!(time.extended);
            bytes.pop();
            assert!(matches!(
                message_header(fmt, &bytes),
                Err(nom::Err::Incomplete(_))
            ));
        }
    }

    #[test]
    fn the_largest_short_timestamp_is_not_extended() {
        let (_, header) =
            message_header(ChunkFormat::SameLength, &[0xFF, 0xFF, 0xFE]).expect("whole");
        let time = TimeField {
            value: 0xFF_FFFE,
            extended: false,
        };
        assert_eq!(header, MessageHeader::SameLength { time });
    }
}
