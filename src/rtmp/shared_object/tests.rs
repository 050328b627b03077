use super::*;
use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::testdata::hex;

fn read_as(type_id: MessageTypeId, text: &str) -> (SharedObject, Vec<(&'static str, usize)>) {
    let mut problems = Vec::new();
    let object = parse(type_id, &hex(text), &mut NoFields, &mut problems);
    let codes = problems
        .iter()
        .map(|problem| (problem.kind.code(), problem.offset))
        .collect();
    (object, codes)
}

/// The only event of the object "so" in a message of type 19 in which nothing is odd.
fn event(text: &str) -> SharedObjectEvent {
    let (mut object, problems) = read_as(MessageTypeId::SHARED_OBJECT_AMF0, &with_event(text));
    assert_eq!(problems, []);
    assert_eq!(object.events.len(), 1);
    object.events.remove(0)
}

/// Name "so", version 1, not persistent.
fn with_event(event: &str) -> String {
    format!("0002 736f 00000001 00000000 00000000 {event}")
}

#[test]
fn name_version_and_persistence() {
    // Section 7.1.3.
    let (object, problems) = read_as(
        MessageTypeId::SHARED_OBJECT_AMF0,
        "0004 63686174 00000007 00000002 00000000 01 00000000",
    );
    assert_eq!(object.name.as_str(), "chat");
    assert_eq!(object.version, 7);
    assert!(object.is_persistent());
    assert_eq!(object.events[0].event, SharedObjectEventType::USE);
    assert_eq!(object.events[0].data, SharedObjectData::Nothing);
    assert_eq!(problems, []);
}

#[test]
fn events_without_data() {
    for (number, name) in [
        ("01", "use"),
        ("02", "release"),
        ("08", "clear"),
        ("0b", "use_success"),
    ] {
        let event = event(&format!("{number} 00000000"));
        assert_eq!(event.event.to_string(), name);
        assert_eq!(event.data, SharedObjectData::Nothing);
    }
}

#[test]
fn changes_name_slots_and_their_values() {
    // The string "bar" for "foo", and null for "x", which is a second pair.
    for (number, name) in [("03", "request_change"), ("04", "change")] {
        let event = event(&format!(
            "{number} 0000000f 0003 666f6f 02 0003 626172 0001 78 05"
        ));
        assert_eq!(event.event.to_string(), name);
        let SharedObjectData::Slots(slots) = &event.data else {
            panic!("{event:?}")
        };
        assert_eq!(slots[0].0, "foo");
        assert_eq!(slots[0].1.as_str(), Some("bar"));
        assert_eq!(slots[1], ("x".into(), Value::Null));
    }
}

#[test]
fn events_that_name_slots() {
    for (number, name) in [
        ("05", "success"),
        ("09", "remove"),
        ("0a", "request_remove"),
    ] {
        let event = event(&format!("{number} 00000005 0003 666f6f"));
        assert_eq!(event.event.to_string(), name);
        assert_eq!(event.data, SharedObjectData::Names(vec![Text::from("foo")]));
    }
}

#[test]
fn a_message_has_a_handler_and_arguments() {
    let event = event("06 00000007 02 0003 736179 05");
    assert_eq!(event.event, SharedObjectEventType::SEND_MESSAGE);
    let SharedObjectData::Values(values) = &event.data else {
        panic!("{event:?}")
    };
    assert_eq!(values[0].as_str(), Some("say"));
    assert_eq!(values[1], Value::Null);
}

#[test]
fn a_status_has_a_code_and_a_level() {
    let event = event("07 0000000b 0002 4e6f 0005 6572726f72");
    assert_eq!(
        event.data,
        SharedObjectData::Status {
            code: Text::from("No"),
            level: Text::from("error")
        }
    );
}

#[test]
fn an_unknown_event_keeps_its_number_and_bytes() {
    let body = with_event("0c 00000002 abcd 01 00000000");
    let (object, problems) = read_as(MessageTypeId::SHARED_OBJECT_AMF0, &body);
    assert_eq!(object.events[0].event, SharedObjectEventType(12));
    assert_eq!(
        object.events[0].data,
        SharedObjectData::Bytes(vec![0xab, 0xcd])
    );
    assert_eq!(object.events[1].event, SharedObjectEventType::USE);
    assert_eq!(problems, [("message.unknown_shared_object_event", 16)]);
}

#[test]
fn a_broken_event_does_not_hide_the_next() {
    // The value of the slot announces more text than the event has.
    let body = with_event("04 00000007 0001 78 02 00ff 61 01 00000000");
    let (object, problems) = read_as(MessageTypeId::SHARED_OBJECT_AMF0, &body);
    assert_eq!(object.events[0].data, SharedObjectData::Slots(vec![]));
    assert_eq!(object.events[1].event, SharedObjectEventType::USE);
    assert_eq!(problems, [("amf.truncated", 25)]);
}

#[test]
fn an_event_does_not_reach_beyond_the_message() {
    let body = with_event("09 000000ff 0003 666f6f");
    let (object, problems) = read_as(MessageTypeId::SHARED_OBJECT_AMF0, &body);
    assert_eq!(
        object.events[0].data,
        SharedObjectData::Names(vec![Text::from("foo")])
    );
    assert_eq!(problems, [("amf.truncated", 17)]);
}

#[test]
fn a_message_cut_short_keeps_what_it_says() {
    let (object, problems) = read_as(MessageTypeId::SHARED_OBJECT_AMF0, "0002 736f 0000");
    assert_eq!(object.name.as_str(), "so");
    assert_eq!(object.events, []);
    assert_eq!(problems, [("amf.truncated", 4)]);
}

#[test]
fn type_16_begins_with_a_selector() {
    // Selector 0: AMF0, with a switch to AMF3 for the value (integer 5).
    let body = format!("00 {}", with_event("04 00000006 0001 78 11 04 05"));
    let (object, problems) = read_as(MessageTypeId::SHARED_OBJECT_AMF3, &body);
    assert_eq!(object.selector, Some(0));
    let SharedObjectData::Slots(slots) = &object.events[0].data else {
        panic!("{object:?}")
    };
    assert_eq!(slots[0].1.as_f64(), Some(5.0));
    assert_eq!(problems, []);
}

#[test]
fn selector_3_makes_names_and_values_amf3() {
    let (object, problems) = read_as(
        MessageTypeId::SHARED_OBJECT_AMF3,
        "03 05 736f 00000001 00000000 00000000 04 00000004 03 78 04 05",
    );
    assert_eq!(object.name.as_str(), "so");
    assert_eq!(
        object.events[0].data,
        SharedObjectData::Slots(vec![("x".into(), Value::Integer(5))])
    );
    assert_eq!(problems, []);
}

#[test]
fn an_event_is_a_field_with_parts() {
    let mut tree = FieldTree::default();
    parse(
        MessageTypeId::SHARED_OBJECT_AMF0,
        &hex(&with_event("09 00000005 0003 666f6f")),
        &mut tree,
        &mut Vec::new(),
    );
    let fields = tree.into_fields();
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["shared object name", "version", "flags", "event"]);
    assert_eq!(fields[3].range, 16..26);
    assert_eq!(fields[3].value, "remove");
    assert_eq!(fields[3].parts[2].range, 21..26);
}
