use super::*;
use crate::rtmp::amf::reader::MAX_DEPTH;
use crate::rtmp::amf::reader::MAX_VALUES;
use crate::rtmp::field::Field;
use crate::rtmp::field::FieldTree;
use crate::rtmp::testdata::hex;

/// The values of a body in hexadecimal, and the codes of what is odd in it.
fn read(text: &str) -> (Vec<Value>, Vec<(&'static str, usize)>) {
    let (values, problems) = parse(&hex(text), &mut NoFields);
    let codes = problems
        .iter()
        .map(|problem| (problem.kind.code(), problem.offset))
        .collect();
    (values, codes)
}

/// The only value of a body in which nothing is odd.
fn one(text: &str) -> Value {
    let (mut values, problems) = read(text);
    assert_eq!(problems, []);
    assert_eq!(values.len(), 1);
    values.remove(0)
}

fn string(text: &str) -> Value {
    Value::String(Text::from(text))
}

fn fields(text: &str) -> Vec<Field> {
    let mut tree = FieldTree::default();
    parse(&hex(text), &mut tree);
    tree.into_fields()
}

#[test]
fn a_number_is_a_big_endian_double() {
    // Section 2.2.
    assert_eq!(one("00 3ff0000000000000"), Value::Number(1.0));
    assert_eq!(one("00 c0590ccccccccccd"), Value::Number(-100.2));
}

#[test]
fn a_number_that_is_none_is_kept_and_named() {
    let (values, problems) = read("00 7ff8000000000000 00 fff0000000000000");
    assert!(matches!(values[0], Value::Number(n) if n.is_nan()));
    assert_eq!(values[1], Value::Number(f64::NEG_INFINITY));
    assert_eq!(problems, [("amf.not_finite", 0), ("amf.not_finite", 9)]);
}

#[test]
fn any_byte_but_zero_is_true() {
    // Section 2.3.
    assert_eq!(one("01 00"), Value::Boolean(false));
    assert_eq!(one("01 01"), Value::Boolean(true));
    assert_eq!(one("01 ff"), Value::Boolean(true));
}

#[test]
fn a_string_has_a_length_of_two_bytes() {
    // Section 2.4.
    assert_eq!(one("02 0004 6c697665"), string("live"));
    assert_eq!(one("02 0000"), string(""));
}

#[test]
fn a_string_in_another_encoding_keeps_its_bytes() {
    let (values, problems) = read("02 0003 66fc72");
    let text = values[0].as_text().unwrap();
    assert_eq!(text.as_bytes(), b"f\xfcr");
    assert_eq!(text.as_str(), "f\u{fffd}r");
    assert_eq!(problems, [("amf.not_utf8", 3)]);
}

#[test]
fn a_long_string_has_a_length_of_four_bytes() {
    // Section 2.14.
    assert_eq!(
        one("0c 00000003 616263"),
        Value::LongString(Text::from("abc"))
    );
}

#[test]
fn an_xml_document_is_a_long_string() {
    // Section 2.17.
    assert_eq!(
        one("0f 00000004 3c612f3e"),
        Value::XmlDocument(Text::from("<a/>"))
    );
}

#[test]
fn markers_without_data_are_values() {
    // Sections 2.7, 2.8 and 2.15.
    let (values, problems) = read("05 06 0d");
    assert_eq!(values, [Value::Null, Value::Undefined, Value::Unsupported]);
    assert_eq!(problems, []);
}

#[test]
fn an_object_ends_with_an_empty_key_and_its_marker() {
    // Sections 2.5 and 2.11.
    let value = one("03 0003 617070 02 0004 6c697665 0001 6e 05 0000 09");
    assert_eq!(value.get_str("app"), Some("live"));
    assert_eq!(value.get("n"), Some(&Value::Null));
    assert_eq!(value.kind(), "object");
    assert_eq!(value.properties().len(), 2);
}

#[test]
fn a_typed_object_has_a_class_name() {
    // Section 2.18; the marker is 0x10, whatever its last line says.
    let value = one("10 0003 632e44 0001 78 01 01 0000 09");
    let Value::Object(object) = &value else {
        panic!("{value:?}")
    };
    assert_eq!(object.class_name, Some(Text::from("c.D")));
    assert_eq!(value.get("x"), Some(&Value::Boolean(true)));
    assert_eq!(value.kind(), "typed_object");
}

#[test]
fn the_end_marker_decides_how_long_an_ecma_array_is() {
    // Section 2.10; FLV 10.1 annex E.4.4.2 calls the count approximate.
    for (count, problems) in [
        ("00000001", vec![]),
        ("00000000", vec![("amf.ecma_count", 0)]),
        ("ffffffff", vec![("amf.ecma_count", 0)]),
    ] {
        let (values, found) = read(&format!("08 {count} 0001 61 05 0000 09 01 00"));
        assert_eq!(values.len(), 2, "{count}");
        assert_eq!(values[0].properties().len(), 1, "{count}");
        assert_eq!(found, problems, "{count}");
    }
}

#[test]
fn a_strict_array_has_as_many_values_as_it_says() {
    // Section 2.12.
    let (values, problems) = read("0a 00000002 05 01 01 06");
    assert_eq!(values[0].items(), [Value::Null, Value::Boolean(true)]);
    assert_eq!(values[1], Value::Undefined);
    assert_eq!(problems, []);
}

#[test]
fn a_strict_array_that_lies_ends_with_the_message() {
    let (values, problems) = read("05 0a ffffffff 05 05");
    assert_eq!(values[1].items(), [Value::Null, Value::Null]);
    assert_eq!(problems, [("amf.strict_count", 1)]);
}

#[test]
fn a_date_has_milliseconds_and_minutes_from_utc() {
    // Section 2.13; FLV 10.1 annex E.4.4.2 for the time zone. 2013-01-01T00:00:00Z.
    assert_eq!(
        one("0b 4273bf3685800000 ff88"),
        Value::Date {
            milliseconds: 1_356_998_400_000.0,
            timezone: Some(-120),
        }
    );
}

#[test]
fn a_reference_names_a_complex_value_before_it() {
    // Section 2.9: the strict array is 0, the object in it is 1.
    let (values, problems) = read("0a 00000002 03 0000 09 07 0001");
    let Value::Reference(reference) = &values[0].items()[1] else {
        panic!("{values:?}")
    };
    let target = reference.target.unwrap();
    assert_eq!((target.kind, target.offset), ("object", 5));
    assert!(!target.encloses);
    assert_eq!(problems, []);
    let found = crate::rtmp::amf::reference::resolve(&values, reference, false);
    assert_eq!(found, Some(&values[0].items()[0]));
}

#[test]
fn a_reference_to_what_encloses_it_does_not_loop() {
    let value = one("03 0004 73656c66 07 0000 0000 09");
    let Some(Value::Reference(reference)) = value.get("self") else {
        panic!("{value:?}")
    };
    assert!(reference.target.unwrap().encloses);
    let found = crate::rtmp::amf::reference::resolve([&value], reference, false);
    assert_eq!(found, Some(&value));
}

#[test]
fn a_reference_to_nothing_keeps_its_index() {
    let (values, problems) = read("07 0005 05");
    assert!(
        matches!(&values[0], Value::Reference(r) if r.index == 5 && r.target.is_none()),
        "{values:?}"
    );
    assert_eq!(values[1], Value::Null);
    assert_eq!(problems, [("amf.bad_reference", 0)]);
}

#[test]
fn reserved_markers_stop_reading() {
    // Sections 2.6 and 2.16: no encoding is defined.
    for marker in ["04", "0e"] {
        let (values, problems) = read(&format!("05 {marker} 05"));
        assert_eq!(values, [Value::Null]);
        assert_eq!(problems, [("amf.reserved_marker", 1)]);
    }
}

#[test]
fn the_switch_to_amf3_holds_for_one_value() {
    // Section 3.1: integer 5 in AMF3, then a number in AMF0.
    let (values, problems) = read("11 04 05 00 3ff0000000000000");
    assert_eq!(values[0], Value::AvmPlus(Box::new(Value::Integer(5))));
    assert_eq!(values[1], Value::Number(1.0));
    assert_eq!(problems, []);
}

#[test]
fn an_object_without_its_end_is_accepted_at_the_end_of_the_message() {
    for missing in ["", "00", "0000"] {
        let (values, problems) = read(&format!("03 0001 61 05 {missing}"));
        assert_eq!(values[0].get("a"), Some(&Value::Null), "{missing}");
        assert_eq!(problems, [("amf.missing_object_end", 5)], "{missing}");
    }
}

#[test]
fn nested_objects_without_their_ends_are_one_problem() {
    let (values, problems) = read("03 0001 61 03 0001 62 05 0000");
    assert_eq!(values[0].get("a").unwrap().get("b"), Some(&Value::Null));
    assert_eq!(problems, [("amf.missing_object_end", 9)]);
}

#[test]
fn an_empty_key_before_another_marker_is_a_property() {
    let (values, problems) = read("03 0000 05 0001 61 05 0000 09");
    assert_eq!(values[0].properties().len(), 2);
    assert_eq!(values[0].get(""), Some(&Value::Null));
    assert_eq!(problems, [("amf.empty_key", 1)]);
}

#[test]
fn an_end_marker_behind_a_key_ends_the_object() {
    let (values, problems) = read("03 0001 61 09 05");
    assert_eq!(values[0].properties(), []);
    assert_eq!(values[1], Value::Null);
    assert_eq!(problems, [("amf.stray_object_end", 1)]);
}

#[test]
fn equal_keys_are_all_kept_in_order() {
    let (values, problems) = read("03 0001 61 05 0001 61 06 0000 09");
    assert_eq!(
        values[0].properties(),
        [("a".into(), Value::Null), ("a".into(), Value::Undefined)]
    );
    assert_eq!(problems, [("amf.duplicate_key", 5)]);
}

#[test]
fn an_object_end_behind_the_last_value_is_harmless() {
    let (values, problems) = read("05 0000 09");
    assert_eq!(values, [Value::Null]);
    assert_eq!(problems, []);
}

#[test]
fn bytes_behind_the_last_value_are_counted() {
    for trailing in ["00", "0000000000000000", "12 34", "ff", "09"] {
        let (values, problems) = read(&format!("05 {trailing}"));
        assert_eq!(values, [Value::Null], "{trailing}");
        assert_eq!(problems, [("amf.trailing_bytes", 1)], "{trailing}");
    }
}

#[test]
fn a_broken_property_leaves_the_ones_before_it() {
    // The string in "b" announces more bytes than there are.
    let (values, problems) = read("03 0001 61 05 0001 62 02 00ff 61");
    assert_eq!(values[0].properties(), [("a".into(), Value::Null)]);
    assert_eq!(problems, [("amf.truncated", 9)]);
}

#[test]
fn an_unknown_marker_inside_an_object_leaves_what_precedes() {
    let (values, problems) = read("03 0001 61 05 0001 62 22 0000 09");
    assert_eq!(values[0].properties(), [("a".into(), Value::Null)]);
    assert_eq!(problems, [("amf.unknown_marker", 8)]);
}

#[test]
fn nesting_has_a_limit() {
    let deep = "0a 00000001".repeat(MAX_DEPTH + 1);
    let (values, problems) = read(&deep);
    assert_eq!(values.len(), 1);
    assert_eq!(problems, [("amf.too_deep", MAX_DEPTH * 5)]);
    let (_, problems) = read(&"0a 00000001".repeat(MAX_DEPTH));
    assert_eq!(problems, [("amf.strict_count", MAX_DEPTH * 5 - 5)]);
}

#[test]
fn the_number_of_values_has_a_limit() {
    let body = vec![marker::NULL; MAX_VALUES + 5];
    let (values, problems) = parse(&body, &mut NoFields);
    assert_eq!(values.len(), MAX_VALUES);
    assert_eq!(problems[0].kind, BodyProblem::AmfTooManyValues);
    assert_eq!(problems.len(), 1);
}

#[test]
fn every_byte_has_its_field() {
    let fields = fields("02 0001 61 03 0001 62 00 3ff0000000000000 0000 09 05");
    let seen: Vec<_> = fields
        .iter()
        .map(|field| {
            (
                field.name.as_str(),
                field.value.as_str(),
                field.range.clone(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("[0]", "a", 0..4),
            ("[1]", "object, 1 properties", 4..20),
            ("[2]", "null", 20..21),
        ]
    );
    let parts = &fields[1].parts;
    assert_eq!(
        (parts[0].name.as_str(), parts[0].range.clone()),
        ("b", 5..17)
    );
    assert_eq!(
        (parts[1].name.as_str(), parts[1].range.clone()),
        ("object end", 17..20)
    );
}

#[test]
fn the_fields_of_a_broken_message_end_where_it_breaks() {
    let fields = fields("03 0001 61 05 0001 62 02 00ff 61");
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].range, 0..9);
    assert_eq!(fields[0].parts.len(), 1);
}
