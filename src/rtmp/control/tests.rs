use super::*;
use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::testdata::hex;

fn codes(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.kind.code()).collect()
}

fn user_control(text: &str) -> (Option<UserControl>, Vec<&'static str>) {
    let mut problems = Vec::new();
    let message = parse_user_control(&hex(text), &mut NoFields, &mut problems);
    (message, codes(&problems))
}

/// The data of an event in which nothing is odd.
fn event(text: &str) -> (UserControlType, UserControlData) {
    let (message, problems) = user_control(text);
    assert_eq!(problems, [""; 0]);
    let message = message.unwrap();
    (message.event, message.data)
}

fn bandwidth(text: &str) -> (Option<SetPeerBandwidth>, Vec<&'static str>) {
    let mut problems = Vec::new();
    let message = parse_set_peer_bandwidth(&hex(text), &mut NoFields, &mut problems);
    (message, codes(&problems))
}

#[test]
fn a_control_message_of_one_number() {
    // Section 5.4.4, as nginx-rtmp sends it.
    let mut problems = Vec::new();
    let mut fields = FieldTree::default();
    let size = parse_number("size", &hex("004c4b40"), &mut fields, &mut problems);
    assert_eq!(size, Some(5_000_000));
    assert_eq!(problems, []);
    let fields = fields.into_fields();
    assert_eq!(
        (fields[0].name.as_str(), fields[0].range.clone()),
        ("size", 0..4)
    );
}

#[test]
fn a_number_that_is_too_short_or_too_long() {
    let mut problems = Vec::new();
    assert_eq!(
        parse_number("n", &hex("0010"), &mut NoFields, &mut problems),
        None
    );
    assert_eq!(codes(&problems), ["control.too_short"]);
    problems.clear();
    let number = parse_number("n", &hex("00001000 00"), &mut NoFields, &mut problems);
    assert_eq!(number, Some(4096));
    assert_eq!(codes(&problems), ["message.trailing_bytes"]);
}

#[test]
fn set_peer_bandwidth_has_a_limit_type() {
    // Section 5.4.5.
    let (message, problems) = bandwidth("004c4b40 02");
    assert_eq!(
        message,
        Some(SetPeerBandwidth {
            window: 5_000_000,
            limit: Some(LimitType::DYNAMIC)
        })
    );
    assert_eq!(problems, [""; 0]);
}

#[test]
fn set_peer_bandwidth_without_limit_type() {
    let (message, problems) = bandwidth("004c4b40");
    assert_eq!(message.unwrap().limit, None);
    assert_eq!(problems, ["control.limit_type_missing"]);
}

#[test]
fn an_unknown_limit_type_keeps_its_number() {
    let (message, problems) = bandwidth("004c4b40 07");
    assert_eq!(message.unwrap().limit.unwrap().to_string(), "limit_7");
    assert_eq!(problems, ["control.limit_type_unknown"]);
}

#[test]
fn events_of_a_stream() {
    // Section 7.1.7, and the two of Flash Media Server.
    for (text, number, name) in [
        ("0000 00000001", 0, "stream_begin"),
        ("0001 00000001", 1, "stream_eof"),
        ("0002 00000001", 2, "stream_dry"),
        ("0004 00000001", 4, "stream_is_recorded"),
        ("001f 00000001", 0x1f, "buffer_empty"),
        ("0020 00000001", 0x20, "buffer_ready"),
    ] {
        let (event, data) = event(text);
        assert_eq!(event, UserControlType(number));
        assert_eq!(event.to_string(), name);
        assert_eq!(data, UserControlData::Stream { stream_id: 1 });
    }
}

#[test]
fn the_buffer_length_of_a_stream() {
    // Section 7.1.7.
    let (event, data) = event("0003 00000001 00000bb8");
    assert_eq!(event, UserControlType::SET_BUFFER_LENGTH);
    assert_eq!(
        data,
        UserControlData::BufferLength {
            stream_id: 1,
            buffer_ms: 3000
        }
    );
}

#[test]
fn a_ping_carries_a_time_and_the_answer_repeats_it() {
    // Section 7.1.7.
    for text in ["0006 0001e240", "0007 0001e240"] {
        assert_eq!(event(text).1, UserControlData::Ping { timestamp: 123_456 });
    }
}

#[test]
fn a_ping_answer_without_time() {
    let (message, problems) = user_control("0007");
    assert_eq!(message.unwrap().data, UserControlData::Nothing);
    assert_eq!(problems, ["control.ping_without_time"]);
}

#[test]
fn verification_of_the_player() {
    let (request, data) = event("001a");
    assert_eq!(request, UserControlType::SWF_VERIFY_REQUEST);
    assert_eq!(data, UserControlData::Nothing);
    let (_, data) = event(&format!("001b 0101 00001234 00001234 {}", "ab".repeat(32)));
    assert_eq!(
        data,
        UserControlData::SwfVerification(SwfVerification {
            swf_size: 0x1234,
            digest: [0xab; 32]
        })
    );
}

#[test]
fn the_one_byte_event_of_srs() {
    assert_eq!(event("001a 07").1, UserControlData::Byte(7));
}

#[test]
fn an_unknown_event_keeps_its_number_and_bytes() {
    // As Flash Media Server 3.5 sends it behind connect.
    let (message, problems) = user_control("0008 00000000 00000001 07e934b0");
    let message = message.unwrap();
    assert_eq!(message.event, UserControlType(8));
    assert_eq!(message.event.to_string(), "event_8");
    let bytes = hex("00000000 00000001 07e934b0");
    assert_eq!(message.data, UserControlData::Bytes(bytes));
    assert_eq!(problems, ["control.unknown_event"]);
}

#[test]
fn an_event_with_too_little_data_keeps_what_there_is() {
    for text in ["0000 0001", "0003 00000001 00", "0006 01", "001b 0101"] {
        let (message, problems) = user_control(text);
        let data = hex(&text[5..]);
        assert_eq!(
            message.unwrap().data,
            UserControlData::Bytes(data),
            "{text}"
        );
        assert_eq!(problems, ["control.too_short"], "{text}");
    }
    assert_eq!(user_control("00"), (None, vec!["control.too_short"]));
}

#[test]
fn bytes_behind_an_event_are_counted() {
    let (message, problems) = user_control("0000 00000001 ffff");
    assert_eq!(
        message.unwrap().data,
        UserControlData::Stream { stream_id: 1 }
    );
    assert_eq!(problems, ["message.trailing_bytes"]);
}
