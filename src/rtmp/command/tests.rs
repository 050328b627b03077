use super::*;
use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::testdata;
use crate::rtmp::testdata::hex;

fn read_as(type_id: MessageTypeId, text: &str) -> (Command, Vec<&'static str>) {
    let mut problems = Vec::new();
    let command = parse(type_id, &hex(text), &mut NoFields, &mut problems);
    let codes = problems.iter().map(|problem| problem.kind.code()).collect();
    (command, codes)
}

/// A command of type 20 in which nothing is odd.
fn read(text: &str) -> Command {
    let (command, problems) = read_as(MessageTypeId::COMMAND_AMF0, text);
    assert_eq!(problems, [""; 0]);
    command
}

#[test]
fn connect_of_ffmpeg() {
    let command = read(testdata::CONNECT);
    assert_eq!(command.name.as_str(), "connect");
    assert_eq!(command.transaction_id, Some(TransactionId(1.0)));
    assert_eq!(command.text_property("app"), Some("live"));
    assert_eq!(
        command.text_property("tcUrl"),
        Some("rtmp://192.0.2.1:1935/live")
    );
    assert_eq!(
        command.text_property("flashVer"),
        Some("FMLE/3.0 (compatible; Lavf59.27.100)")
    );
    assert_eq!(command.property("objectEncoding"), None);
    assert!(command.arguments.is_empty());
    assert_eq!(command.selector, None);
}

#[test]
fn the_result_of_connect() {
    let command = read(testdata::CONNECT_RESULT);
    assert!(command.is_answer());
    assert_eq!(command.transaction_id, Some(TransactionId(1.0)));
    assert_eq!(command.text_property("fmsVer"), Some("FMS/3,0,1,123"));
    assert_eq!(
        command.find("objectEncoding").and_then(Value::as_f64),
        Some(0.0)
    );
    let status = command.status().unwrap();
    assert_eq!(status.level, Some("status"));
    assert_eq!(status.code, Some("NetConnection.Connect.Success"));
    assert_eq!(status.description, Some("Connection succeeded."));
    assert_eq!(status.details, None);
}

#[test]
fn the_result_of_create_stream_has_no_status() {
    let command = read(testdata::CREATE_STREAM_RESULT);
    assert_eq!(
        command.transaction_id.and_then(TransactionId::as_u32),
        Some(4)
    );
    assert_eq!(command.object, Some(Value::Null));
    assert_eq!(command.argument(0).and_then(Value::as_u32), Some(1));
    assert_eq!(command.status(), None);
}

#[test]
fn publish_carries_a_stream_name() {
    let command = read(testdata::PUBLISH);
    assert_eq!(command.stream_name(), Some("demo-key-1"));
    assert_eq!(command.text_argument(1), Some("live"));
    assert_eq!(command.argument_secrecy(0), Secrecy::Whole);
    assert_eq!(command.argument_secrecy(1), Secrecy::Open);
}

#[test]
fn on_status_of_publish() {
    let command = read(testdata::ON_STATUS);
    assert_eq!(
        command.status().and_then(|status| status.code),
        Some("NetStream.Publish.Start")
    );
    assert!(!command.transaction_id.unwrap().expects_answer());
}

#[test]
fn every_beginning_of_a_real_message_gives_what_it_holds() {
    for text in [
        testdata::CONNECT,
        testdata::CONNECT_RESULT,
        testdata::ON_STATUS,
    ] {
        let body = hex(text);
        let whole = read(text);
        let mut properties = 0;
        for len in 0..body.len() {
            let mut fields = FieldTree::default();
            let mut problems = Vec::new();
            let part = parse(
                MessageTypeId::COMMAND_AMF0,
                &body[..len],
                &mut fields,
                &mut problems,
            );
            let last_value_whole = 3 + whole.name.as_bytes().len();
            if len >= last_value_whole {
                assert_eq!(part.name, whole.name, "{len}");
            }
            let seen: Vec<_> = part
                .object
                .iter()
                .chain(&part.arguments)
                .flat_map(Value::properties)
                .collect();
            let all: Vec<_> = whole
                .object
                .iter()
                .chain(&whole.arguments)
                .flat_map(Value::properties)
                .collect();
            assert_eq!(seen[..], all[..seen.len()], "{len}");
            assert!(seen.len() >= properties, "{len}");
            properties = seen.len();
            for field in fields.into_fields() {
                assert!(field.range.end <= len);
            }
        }
        assert!(properties > 0);
    }
}

#[test]
fn the_selector_byte_of_type_17() {
    // `createStream` with a selector, and with null as an AMF3 value behind AVM+ (AMF0 section
    // 3.1).
    let values = "02 000c 63726561746553747265616d 00 4010000000000000 11 01";
    let (command, problems) = read_as(MessageTypeId::COMMAND_AMF3, &format!("00 {values}"));
    assert_eq!(command.selector, Some(0));
    assert_eq!(command.name.as_str(), "createStream");
    assert!(command.object.as_ref().unwrap().is_nothing());
    assert_eq!(problems, [""; 0]);

    let (command, problems) = read_as(MessageTypeId::COMMAND_AMF3, values);
    assert_eq!(command.selector, None);
    assert_eq!(command.name.as_str(), "createStream");
    assert_eq!(problems, ["message.selector_missing"]);

    let (command, problems) = read_as(MessageTypeId::COMMAND_AMF3, &format!("03 {values}"));
    assert_eq!(command.name.as_str(), "createStream");
    assert_eq!(problems, ["message.selector_unknown"]);
}

#[test]
fn a_selector_byte_on_type_20() {
    let (command, problems) = read_as(
        MessageTypeId::COMMAND_AMF0,
        "00 02 0001 61 00 0000000000000000 05",
    );
    assert_eq!(command.name.as_str(), "a");
    assert_eq!(problems, ["message.selector_unexpected"]);
}

#[test]
fn a_command_without_name() {
    let (command, problems) = read_as(MessageTypeId::COMMAND_AMF0, "05 01 01");
    assert_eq!(command.name.as_str(), "");
    assert_eq!(command.arguments[..], [Value::Null, Value::Boolean(true)]);
    assert_eq!(problems, ["message.name_missing"]);
    let (_, problems) = read_as(MessageTypeId::COMMAND_AMF0, "");
    assert_eq!(problems, ["message.name_missing"]);
}

#[test]
fn a_command_without_transaction_id() {
    let (command, problems) = read_as(MessageTypeId::COMMAND_AMF0, "02 0001 61 05 01 01");
    assert_eq!(command.transaction_id, None);
    assert_eq!(command.object, Some(Value::Null));
    assert_eq!(command.arguments[..], [Value::Boolean(true)]);
    assert_eq!(problems, ["message.transaction_id_missing"]);
}

#[test]
fn a_status_by_reference_is_followed() {
    // onStatus with the information object sent twice: as object 0 and as a reference to it
    // (AMF0 section 2.9).
    let command = read(
        "02 0008 6f6e537461747573 00 0000000000000000 03 0004 636f6465 02 0001 78 0000 09 07 0000",
    );
    assert_eq!(command.argument(0), command.object.as_ref());
    assert_eq!(command.status().and_then(|status| status.code), Some("x"));
}

#[test]
fn properties_are_found_by_their_whole_name() {
    // {codec: "a", code: "b"}: the search for `code` must not stop at `codec`.
    let command = read(
        "02 0008 6f6e537461747573 00 0000000000000000 05 \
         03 0005 636f646563 02 0001 61 0004 636f6465 02 0001 62 0000 09",
    );
    assert_eq!(command.status().and_then(|status| status.code), Some("b"));
}

#[test]
fn arguments_are_named_in_the_field_tree() {
    let mut fields = FieldTree::default();
    let body = hex(testdata::PUBLISH);
    parse(
        MessageTypeId::COMMAND_AMF0,
        &body,
        &mut fields,
        &mut Vec::new(),
    );
    let fields = fields.into_fields();
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "command name",
            "transaction id",
            "command object",
            "stream name",
            "publishing type"
        ]
    );
    assert_eq!(fields[0].range.start, 0);
    assert!(
        fields
            .windows(2)
            .all(|pair| pair[0].range.end == pair[1].range.start)
    );
    assert_eq!(fields[4].range.end, body.len());
}

#[test]
fn known_and_unknown_commands() {
    assert!(CommandInfo::of("FCPublish").unwrap().names_stream);
    assert_eq!(CommandInfo::of("fcpublish"), None);
    assert_eq!(CommandInfo::of("myServerMethod"), None);
}

#[test]
fn transaction_ids_are_doubles() {
    assert_eq!(TransactionId(-0.0).key(), TransactionId(0.0).key());
    assert_ne!(TransactionId(1.0).key(), TransactionId(1.5).key());
    assert_eq!(TransactionId(1.5).as_u32(), None);
    assert_eq!(TransactionId(12.0).to_string(), "12");
}

#[test]
fn delete_stream_names_the_stream_by_its_id() {
    let command = read(testdata::DELETE_STREAM);
    assert_eq!(command.name.as_str(), "deleteStream");
    assert_eq!(command.argument(0).and_then(Value::as_u32), Some(1));
    assert_eq!(command.stream_name(), None);
}

#[test]
fn the_secrets_of_a_command_are_found_wherever_they_are() {
    assert_eq!(read(testdata::PUBLISH).secrets(), ["demo-key-1"]);
    assert_eq!(read(testdata::CONNECT).secrets(), [""; 0]);
    // play2 with {streamName: "k"}, and connect with {app: "a?t=1"} and a password behind it.
    let play2 = read(
        "02 0005 706c617932 00 0000000000000000 05 \
         03 000a 73747265616d4e616d65 02 0001 6b 0000 09",
    );
    assert_eq!(play2.stream_name(), Some("k"));
    assert_eq!(play2.secrets(), ["k"]);
    let connect = read(
        "02 0007 636f6e6e656374 00 3ff0000000000000 \
         03 0003 617070 02 0005 613f743d31 0000 09 02 0002 7077",
    );
    assert_eq!(connect.secrets(), ["t=1", "pw"]);
}
