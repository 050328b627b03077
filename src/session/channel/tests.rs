//! Messages of chunk streams, one situation each.

use super::*;
use crate::base::ids::ByteRange;
use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;
use crate::rtmp::event::Missing;
use crate::rtmp::types::RtmpTimestamp;

fn at(ms: i64) -> Mark {
    Mark {
        time: Timestamp(ms * 1_000_000),
        frame: FrameNumber(1),
    }
}

fn message(csid: u32, type_id: MessageTypeId, length: u32) -> RawMessage {
    RawMessage {
        csid: ChunkStreamId(csid),
        fmt: ChunkFormat::Full,
        type_id,
        stream_id: MessageStreamId(1),
        timestamp: RtmpTimestamp(0),
        delta: None,
        extended_timestamp: false,
        length,
        chunks: 1,
        interruptions: 0,
        header_bytes: 12,
        range: ByteRange::default(),
        first: at(0),
        last: at(0),
        body: Vec::new(),
        received: length,
        missing: Missing::default(),
        from_aggregate: false,
        repeats: Repeats::NotDue,
        inferred: Inferred::default(),
    }
}

#[test]
fn a_channel_knows_what_it_carries() {
    let mut direction = Direction::default();
    direction.push(&message(4, MessageTypeId::DATA_AMF0, 300));
    for _ in 0..3 {
        direction.push(&RawMessage {
            fmt: ChunkFormat::SameLength,
            header_bytes: 4,
            ..message(4, MessageTypeId::AUDIO, 100)
        });
    }
    let channel = direction.channel(ChunkStreamId(4)).unwrap();
    assert_eq!(channel.messages(), 4);
    assert_eq!(channel.payload_bytes, 600);
    assert_eq!(channel.header_bytes(), 24);
    assert_eq!(channel.largest, 300);
    assert_eq!(channel.formats, [1, 0, 3, 0]);
    let types: Vec<_> = channel.types().map(|t| (t.type_id.0, t.count)).collect();
    assert_eq!(types, [(18, 1), (8, 3)]);
    assert_eq!(direction.format_count(ChunkFormat::SameLength), 3);
}

#[test]
fn shares_are_of_all_bytes_with_headers() {
    let mut direction = Direction::default();
    direction.push(&message(4, MessageTypeId::AUDIO, 88));
    direction.push(&message(6, MessageTypeId::VIDEO, 288));
    let audio = direction.channel(ChunkStreamId(4)).unwrap();
    assert!((direction.share_of(audio) - 0.25).abs() < 1e-9);
    assert!((audio.header_share() - 0.12).abs() < 1e-9);
}

#[test]
fn a_long_message_costs_a_byte_per_continuation() {
    // 300 bytes at chunk size 128: 12 bytes of header and 2 continuations of one byte.
    let mut direction = Direction::default();
    direction.push(&RawMessage {
        chunks: 3,
        header_bytes: 14,
        ..message(6, MessageTypeId::VIDEO, 300)
    });
    let channel = &direction.channels[0];
    assert_eq!(channel.continuations(), 2);
    assert_eq!(channel.header_bytes(), 14);
}

#[test]
fn header_bytes_and_chunks_are_counted_beyond_32_bits() {
    let mut direction = Direction::default();
    for _ in 0..3 {
        direction.push(&RawMessage {
            chunks: 0x9000_0000,
            header_bytes: 0xc000_0000,
            ..message(6, MessageTypeId::VIDEO, 300)
        });
    }
    let channel = &direction.channels[0];
    assert_eq!(channel.chunks(), 0x1_b000_0000);
    assert_eq!(channel.header_bytes(), 0x2_4000_0000);
}

#[test]
fn interrupted_and_whole_messages_are_told_apart() {
    let mut direction = Direction::default();
    let long = |ms, interruptions| RawMessage {
        chunks: 10,
        interruptions,
        last: at(ms),
        ..message(6, MessageTypeId::VIDEO, 1280)
    };
    direction.push(&long(20, 0));
    direction.push(&long(22, 0));
    direction.push(&long(35, 3));
    let channel = &direction.channels[0];
    assert_eq!((channel.fragmented(), channel.interrupted()), (3, 1));
    assert_eq!(channel.longest_hold(), Some(Span::from_millis(22)));
    assert_eq!((direction.fragmented(), direction.interrupted()), (3, 1));
}

#[test]
fn a_message_whose_begin_was_sent_again_held_the_wire_as_long() {
    let mut direction = Direction::default();
    direction.push(&RawMessage {
        chunks: 2,
        first: at(130),
        last: at(100),
        ..message(6, MessageTypeId::VIDEO, 1280)
    });
    let hold = direction.channels[0].longest_hold();
    assert_eq!(hold, Some(Span::from_millis(30)));
}

#[test]
fn changes_of_the_chunk_size_are_kept_with_their_message() {
    let mut direction = Direction {
        chunk_size: ChunkSize::Told(DEFAULT_CHUNK_SIZE),
        ..Direction::default()
    };
    let change = direction.set_chunk_size(4096, 3, at(7));
    assert_eq!((change.from, change.to), (Some(128), 4096));
    assert_eq!(direction.chunk_size, ChunkSize::Told(4096));
    for size in 0..100 {
        direction.set_chunk_size(5000 + size, 4, at(8));
    }
    assert_eq!(direction.chunk_size_changes.len(), MAX_CHUNK_SIZE_CHANGES);
    assert_eq!(direction.chunk_size_changes[0], change);
    assert_eq!(direction.other_chunk_size_changes, 85);
    assert_eq!(direction.chunk_size, ChunkSize::Told(5099));
}

#[test]
fn what_a_hole_took_is_not_counted() {
    let mut direction = Direction::default();
    direction.push(&RawMessage {
        received: 900,
        ..message(6, MessageTypeId::VIDEO, 1000)
    });
    direction.skip(100, 5000);
    assert_eq!(direction.payload_bytes(), 900);
    assert_eq!((direction.skipped_bytes, direction.skips), (100, 1));
    assert_eq!(direction.stream_position, 5000);
}

#[test]
fn channels_and_types_are_bounded() {
    let mut direction = Direction::default();
    for number in 0..100_u32 {
        direction.push(&message(2 + number, MessageTypeId::AUDIO, 1));
        let type_id = MessageTypeId(u8::try_from(number).unwrap());
        direction.push(&message(2, type_id, 1));
    }
    assert_eq!(direction.channels.len(), MAX_CHANNELS);
    assert_eq!(direction.other_messages, 36);
    assert_eq!(direction.messages(), 200);
    assert_eq!(direction.channels[0].types().count(), MAX_TYPES_PER_CHANNEL);
    assert_eq!(direction.channels[0].other_types(), 85);
}
