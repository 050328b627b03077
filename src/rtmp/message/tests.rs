use proptest::prelude::*;

use super::*;
use crate::rtmp::field::Field;
use crate::rtmp::field::FieldTree;
use crate::rtmp::testdata;
use crate::rtmp::testdata::hex;

/// A whole message as it comes off chunk stream 2.
fn message(type_id: MessageTypeId, body: Vec<u8>) -> RawMessage {
    let length = u32::try_from(body.len()).unwrap();
    RawMessage {
        csid: ChunkStreamId::CONTROL,
        fmt: ChunkFormat::Full,
        type_id,
        stream_id: MessageStreamId(0),
        timestamp: RtmpTimestamp(0),
        delta: None,
        extended_timestamp: false,
        length,
        chunks: 1,
        interruptions: 0,
        header_bytes: 12,
        range: ByteRange {
            start: 3073,
            end: 3085,
        },
        first: Mark::default(),
        last: Mark::default(),
        body,
        received: length,
        missing: Missing::default(),
        from_aggregate: false,
        repeats: Repeats::NotDue,
        inferred: Inferred::default(),
    }
}

fn read(type_id: MessageTypeId, text: &str) -> (Message, Vec<&'static str>) {
    let decoded = decode(&message(type_id, hex(text)), &mut NoFields);
    (decoded.message, codes(&decoded.anomalies))
}

fn codes(anomalies: &[Anomaly]) -> Vec<&'static str> {
    anomalies
        .iter()
        .map(|anomaly| anomaly.kind.code())
        .collect()
}

#[test]
fn protocol_control_messages() {
    // Sections 5.4.1 to 5.4.5.
    for (type_id, text, expected) in [
        (
            MessageTypeId::SET_CHUNK_SIZE,
            "00001000",
            Message::SetChunkSize { size: 4096 },
        ),
        (
            MessageTypeId::ABORT,
            "00000004",
            Message::Abort {
                csid: ChunkStreamId(4),
            },
        ),
        (
            MessageTypeId::ACKNOWLEDGEMENT,
            "00262600",
            Message::Acknowledgement {
                sequence_number: 2_500_096,
            },
        ),
        (
            MessageTypeId::WINDOW_ACK_SIZE,
            "002625a0",
            Message::WindowAckSize { size: 2_500_000 },
        ),
    ] {
        assert_eq!(read(type_id, text), (expected, vec![]));
    }
}

#[test]
fn the_top_bit_is_no_part_of_a_chunk_size() {
    // Section 5.4.1; the chunk decoder names it.
    let (message, _) = read(MessageTypeId::SET_CHUNK_SIZE, "80001000");
    assert_eq!(message, Message::SetChunkSize { size: 4096 });
}

#[test]
fn a_control_message_without_its_number_is_unreadable() {
    let (message, codes) = read(MessageTypeId::SET_CHUNK_SIZE, "0010");
    assert_eq!(message, Message::Unreadable);
    assert_eq!(codes, ["control.too_short"]);
}

#[test]
fn protocol_control_belongs_on_chunk_stream_2() {
    // Section 5.4.
    let mut raw = message(MessageTypeId::WINDOW_ACK_SIZE, hex("002625a0"));
    raw.csid = ChunkStreamId(3);
    let decoded = decode(&raw, &mut NoFields);
    assert_eq!(codes(&decoded.anomalies), ["control.wrong_stream"]);
    // User control only should (section 6.2).
    let mut raw = message(MessageTypeId::USER_CONTROL, hex("0000 00000001"));
    raw.stream_id = MessageStreamId(1);
    assert_eq!(decode(&raw, &mut NoFields).anomalies, []);
}

#[test]
fn an_unknown_type_keeps_its_number() {
    let decoded = decode(&message(MessageTypeId(7), vec![1, 2, 3]), &mut NoFields);
    assert_eq!(decoded.message, Message::Unknown);
    assert_eq!(
        decoded.anomalies[0].kind,
        AnomalyKind::UnknownMessageType {
            type_id: MessageTypeId(7),
            csid: ChunkStreamId(2)
        }
    );
}

#[test]
fn commands_and_data_are_read_by_their_type() {
    let (message, codes) = read(MessageTypeId::COMMAND_AMF0, testdata::PUBLISH);
    assert!(matches!(&message, Message::Command(command) if command.name.as_str() == "publish"));
    assert_eq!(codes, [""; 0]);
    let (message, codes) = read(MessageTypeId::DATA_AMF0, testdata::ON_META_DATA);
    assert!(matches!(&message, Message::Data(data) if data.is_known()));
    assert_eq!(codes, [""; 0]);
}

#[test]
fn media_are_read_by_their_type() {
    // FLV 10.1 annex E.4.2.1 and E.4.3.1: AAC sequence header, AVC key frame.
    let (message, codes) = read(MessageTypeId::AUDIO, "af 00 1210");
    assert!(matches!(&message, Message::Audio(tag) if tag.is_config()));
    assert_eq!(codes, [""; 0]);
    let (message, codes) = read(MessageTypeId::VIDEO, "17 01 000000 00000001 65");
    assert!(matches!(&message, Message::Video(tag) if tag.is_key() && tag.is_coded()));
    assert_eq!(codes, [""; 0]);
}

#[test]
fn what_is_odd_about_media_comes_with_its_message() {
    let decoded = decode(&message(MessageTypeId::VIDEO, vec![]), &mut NoFields);
    let anomaly = &decoded.anomalies[0];
    assert_eq!(
        anomaly.range,
        ByteRange {
            start: 3073,
            end: 3085
        }
    );
    assert!(anomaly.kind.code().starts_with("media."));
}

#[test]
fn an_anomaly_says_where_it_is() {
    let raw = message(
        MessageTypeId::COMMAND_AMF0,
        hex("02 0001 61 00 3ff0000000000000 05 22"),
    );
    let decoded = decode(&raw, &mut NoFields);
    let anomaly = &decoded.anomalies[0];
    assert_eq!(anomaly.range, raw.range);
    assert_eq!(anomaly.kind.code(), "amf.trailing_bytes");
    assert_eq!(
        anomaly.kind.to_string(),
        "bytes behind the last value: 1 (byte 14 of a command_amf0 message on chunk stream 2)"
    );
}

#[test]
fn what_the_capture_lacks_is_no_fault_of_the_sender() {
    let mut raw = message(MessageTypeId::COMMAND_AMF0, hex(testdata::CONNECT));
    raw.body.truncate(60);
    let decoded = decode(&raw, &mut NoFields);
    let Message::Command(command) = &decoded.message else {
        panic!("{decoded:?}")
    };
    assert_eq!(command.text_property("app"), Some("live"));
    assert_eq!(decoded.anomalies, []);
    raw.length = 60;
    raw.received = 60;
    let decoded = decode(&raw, &mut NoFields);
    assert_eq!(codes(&decoded.anomalies), ["amf.truncated"]);
}

fn assert_inside(fields: &[Field], start: usize, end: usize) {
    for field in fields {
        assert!(field.range.start <= field.range.end, "{field:?}");
        assert!(start <= field.range.start, "{field:?}");
        assert!(field.range.end <= end, "{field:?}");
        assert_inside(&field.parts, field.range.start, field.range.end);
    }
}

fn check(type_id: MessageTypeId, body: Vec<u8>) {
    let len = body.len();
    let raw = message(type_id, body);
    let mut tree = FieldTree::default();
    let decoded = decode(&raw, &mut tree);
    assert_inside(&tree.into_fields(), 0, len);
    for anomaly in &decoded.anomalies {
        if let AnomalyKind::Body { offset, .. } = anomaly.kind {
            assert!(offset <= len, "{anomaly:?}");
        }
    }
    // NaN is not equal to itself, so what was read is compared as text.
    let plain = decode(&raw, &mut NoFields);
    assert_eq!(format!("{plain:?}"), format!("{decoded:?}"));
}

/// Every message type, known or not.
const TYPES: std::ops::RangeInclusive<u8> = 0..=23;

proptest! {
    #[test]
    fn any_bytes_are_read_and_fields_lie_within(
        type_id in TYPES,
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        check(MessageTypeId(type_id), body);
    }

    /// Bytes that are more often markers, small counts and lengths than chance would have it.
    #[test]
    fn plausible_bytes_are_read_and_fields_lie_within(
        type_id in prop::sample::select(vec![15_u8, 16, 17, 18, 19, 20, 22]),
        body in prop::collection::vec(prop_oneof![4 => 0_u8..0x13, 1 => any::<u8>()], 0..300),
    ) {
        check(MessageTypeId(type_id), body);
    }

    #[test]
    fn real_messages_with_one_wrong_byte(
        which in 0_usize..4,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        type_id in prop::sample::select(vec![15_u8, 16, 17, 18, 19, 20, 22]),
    ) {
        let texts = [
            testdata::CONNECT,
            testdata::CONNECT_RESULT,
            testdata::ON_META_DATA,
            testdata::OBS_META_DATA,
        ];
        let mut body = hex(texts[which]);
        let at = at.index(body.len());
        body[at] = byte;
        check(MessageTypeId(type_id), body);
    }
}

#[test]
fn every_beginning_of_real_messages_is_read() {
    for text in [
        testdata::CONNECT,
        testdata::CONNECT_RESULT,
        testdata::ON_STATUS,
        testdata::OBS_META_DATA,
    ] {
        let body = hex(text);
        for len in 0..=body.len() {
            for type_id in TYPES {
                check(MessageTypeId(type_id), body[..len].to_vec());
            }
        }
    }
}

#[test]
fn the_fuzz_target_takes_anything() {
    fuzz_message(&[]);
    fuzz_message(&[20]);
    fuzz_message(&[22, 0, 0, 0]);
}
