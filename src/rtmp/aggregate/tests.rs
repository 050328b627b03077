use super::*;
use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::testdata::hex;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;

fn read(text: &str, timestamp: u32) -> (Vec<SubMessage>, Vec<(&'static str, usize)>) {
    let mut problems = Vec::new();
    let aggregate = parse(
        &hex(text),
        RtmpTimestamp(timestamp),
        MessageStreamId(1),
        &mut NoFields,
        &mut problems,
    );
    let codes = problems
        .iter()
        .map(|problem| (problem.kind.code(), problem.offset))
        .collect();
    (aggregate.parts, codes)
}

/// An audio message of two bytes at 1000 and a video message of one byte at 1040.
const TWO: &str = "08 000002 0003e8 00 000000 af01 0000000d \
                   09 000001 000410 00 000000 27 0000000c";

#[test]
fn messages_come_with_their_bytes() {
    // Section 7.1.6.
    let (parts, problems) = read(TWO, 1000);
    assert_eq!(problems, []);
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].type_id, MessageTypeId::AUDIO);
    assert_eq!(parts[0].payload, 11..13);
    assert_eq!(parts[0].timestamp, RtmpTimestamp(1000));
    assert_eq!(parts[1].type_id, MessageTypeId::VIDEO);
    assert_eq!(parts[1].payload, 28..29);
    assert_eq!(parts[1].timestamp, RtmpTimestamp(1040));
    assert_eq!(parts[1].stream_id, MessageStreamId(1));
}

#[test]
fn timestamps_move_with_the_aggregate() {
    // Section 7.1.6: the offset is that between the aggregate and its first message.
    let (parts, _) = read(TWO, 50_000);
    assert_eq!(parts[0].timestamp, RtmpTimestamp(50_000));
    assert_eq!(parts[1].timestamp, RtmpTimestamp(50_040));
    assert_eq!(parts[1].own_timestamp, RtmpTimestamp(1040));
    let (parts, _) = read(TWO, 0);
    assert_eq!(parts[1].timestamp, RtmpTimestamp(40));
}

#[test]
fn the_fourth_byte_of_a_timestamp_is_its_highest() {
    // FLV 10.1 annex E.4.1.
    let (parts, _) = read("08 000000 000001 02 000000 0000000b", 0);
    assert_eq!(parts[0].own_timestamp, RtmpTimestamp(0x0200_0001));
}

#[test]
fn the_last_back_pointer_can_be_missing() {
    let (parts, problems) = read(&TWO[..TWO.len() - 8], 1000);
    assert_eq!(parts.len(), 2);
    assert_eq!(problems, [("message.aggregate_back_pointer_missing", 29)]);
}

#[test]
fn a_wrong_back_pointer_is_noted_and_ignored() {
    let (parts, problems) = read(&TWO.replace("0000000d", "00000002"), 1000);
    assert_eq!(parts.len(), 2);
    assert_eq!(problems, [("message.aggregate_back_pointer", 13)]);
}

#[test]
fn a_message_does_not_reach_beyond_the_aggregate() {
    let (parts, problems) = read("09 0000ff 000000 00 000000 17010203", 0);
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].length, 255);
    assert_eq!(parts[0].payload, 11..15);
    assert_eq!(problems, [("message.aggregate_cut", 0)]);
}

#[test]
fn an_incomplete_header_ends_the_aggregate() {
    let (parts, problems) = read(&format!("{TWO} 08 0000"), 1000);
    assert_eq!(parts.len(), 2);
    assert_eq!(problems, [("message.aggregate_cut", 33)]);
}

#[test]
fn an_empty_aggregate_holds_nothing() {
    assert_eq!(read("", 0), (vec![], vec![]));
}

#[test]
fn the_number_of_messages_has_a_limit() {
    let body = "080000000000000000000000 00000b".repeat(MAX_PARTS + 1);
    let (parts, problems) = read(&body, 0);
    assert_eq!(parts.len(), MAX_PARTS);
    assert_eq!(
        problems,
        [("message.aggregate_too_many_parts", MAX_PARTS * 15)]
    );
}

#[test]
fn every_byte_has_its_field() {
    let mut tree = FieldTree::default();
    parse(
        &hex(TWO),
        RtmpTimestamp(0),
        MessageStreamId(1),
        &mut tree,
        &mut Vec::new(),
    );
    let fields = tree.into_fields();
    assert_eq!(fields[0].range, 0..17);
    assert_eq!(fields[0].value, "audio");
    assert_eq!(fields[1].range, 17..33);
    let ends: Vec<_> = fields[0].parts.iter().map(|part| part.range.end).collect();
    assert_eq!(ends, [1, 4, 8, 11, 13, 17]);
}

#[test]
fn a_message_of_its_own_has_the_place_of_the_aggregate() {
    let body = hex(TWO);
    let length = u32::try_from(body.len()).unwrap();
    let whole = RawMessage {
        csid: ChunkStreamId(4),
        fmt: ChunkFormat::Full,
        type_id: MessageTypeId::AGGREGATE,
        stream_id: MessageStreamId(1),
        timestamp: RtmpTimestamp(2000),
        delta: Some(40),
        extended_timestamp: false,
        length,
        chunks: 1,
        interruptions: 0,
        header_bytes: 12,
        range: ByteRange {
            start: 100,
            end: 145,
        },
        first: Mark::default(),
        last: Mark::default(),
        body,
        received: length,
        missing: Missing::default(),
        from_aggregate: false,
        repeats: Repeats::NotDue,
        inferred: Inferred::default(),
    };
    let (parts, _) = read(TWO, 2000);
    let audio = parts[0].to_message(&whole, 1);
    assert_eq!(audio.type_id, MessageTypeId::AUDIO);
    assert_eq!(audio.timestamp, RtmpTimestamp(2000));
    assert_eq!(audio.delta, None);
    assert_eq!(
        (audio.body.as_slice(), audio.length, audio.received),
        (&[0xaf][..], 2, 2)
    );
    assert_eq!((audio.csid, audio.range), (whole.csid, whole.range));
    assert_eq!((audio.chunks, audio.header_bytes), (0, 0));
    assert!(audio.from_aggregate && audio.is_complete() && !audio.is_whole());
    let video = parts[1].to_message(&whole, usize::MAX);
    assert_eq!(
        (video.body.as_slice(), video.stream_id),
        (&[0x27][..], MessageStreamId(1))
    );
}
