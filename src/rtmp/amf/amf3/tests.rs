use super::*;
use crate::rtmp::amf::amf0;
use crate::rtmp::amf::reference::resolve;
use crate::rtmp::amf::value::ExternalBody;
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

/// A string without marker, as section 1.3.2 has it, of up to 63 bytes.
fn name(text: &str) -> String {
    use std::fmt::Write as _;
    let mut digits = format!("{:02x}", text.len() << 1 | 1);
    for byte in text.bytes() {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

#[test]
fn integers_of_29_bits_have_one_to_four_bytes() {
    // Section 1.3.1: seven bits a byte, eight in the fourth.
    for (text, value) in [
        ("00", 0),
        ("7f", 0x7f),
        ("8100", 0x80),
        ("ff7f", 0x3fff),
        ("818000", 0x4000),
        ("ffff7f", 0x1f_ffff),
        ("80c08000", 0x20_0000),
        ("ffffffff", 0x1fff_ffff),
    ] {
        assert_eq!(u29(&hex(text)), Ok((&[][..], value)), "{text}");
    }
    assert!(u29(&hex("ffffff")).is_err());
}

#[test]
fn the_29th_bit_is_the_sign() {
    // Section 3.6.
    assert_eq!(one("04 05"), Value::Integer(5));
    assert_eq!(one("04 ffffffff"), Value::Integer(-1));
    assert_eq!(one("04 bfffffff"), Value::Integer(0x0fff_ffff));
    assert_eq!(one("04 c0808000"), Value::Integer(-0x1000_0000));
}

#[test]
fn markers_without_data_are_values() {
    // Sections 3.2 to 3.5.
    let (values, problems) = read("00 01 02 03");
    assert_eq!(
        values,
        [
            Value::Undefined,
            Value::Null,
            Value::Boolean(false),
            Value::Boolean(true)
        ]
    );
    assert_eq!(problems, []);
}

#[test]
fn a_double_is_as_in_amf0() {
    // Section 3.7.
    assert_eq!(one("05 3ff8000000000000"), Value::Number(1.5));
}

#[test]
fn strings_are_sent_once_and_the_empty_one_never_enters_the_table() {
    // Section 1.3.2 and 3.8: "ab", reference 0, "", "c", reference 1.
    let (values, problems) = read("06 05 6162 06 00 06 01 06 03 63 06 02");
    assert_eq!(
        values,
        [
            string("ab"),
            string("ab"),
            string(""),
            string("c"),
            string("c")
        ]
    );
    assert_eq!(problems, []);
}

#[test]
fn a_string_reference_to_nothing_keeps_its_index() {
    let (values, problems) = read("06 04 01");
    assert!(
        matches!(&values[0], Value::Reference(r) if r.index == 2 && r.target.is_none()),
        "{values:?}"
    );
    assert_eq!(values[1], Value::Null);
    assert_eq!(problems, [("amf.bad_reference", 0)]);
}

#[test]
fn both_kinds_of_xml() {
    // Sections 3.9 and 3.13.
    assert_eq!(
        one("07 09 3c612f3e"),
        Value::XmlDocument(Text::from("<a/>"))
    );
    assert_eq!(one("0b 09 3c612f3e"), Value::Xml(Text::from("<a/>")));
}

#[test]
fn a_date_has_no_time_zone() {
    // Section 3.10: 2013-01-01T00:00:00Z, then the same by reference.
    let (values, problems) = read("08 01 4273bf3685800000 08 00");
    assert_eq!(
        values[0],
        Value::Date {
            milliseconds: 1_356_998_400_000.0,
            timezone: None
        }
    );
    let Value::Reference(reference) = &values[1] else {
        panic!("{values:?}")
    };
    assert_eq!(resolve(&values, reference, true), Some(&values[0]));
    assert_eq!(problems, []);
}

#[test]
fn an_array_has_an_associative_and_a_dense_part() {
    // Section 3.11: two dense values, one named.
    let value = one("09 05 03 6b 03 01 04 01 04 02");
    assert_eq!(value.get("k"), Some(&Value::Boolean(true)));
    assert_eq!(value.items(), [Value::Integer(1), Value::Integer(2)]);
}

#[test]
fn members_are_named_once_for_all_objects_of_a_class() {
    // Section 3.12: class C with the members a and b, then another object by the same traits.
    let text = "0a 23 03 43 03 61 03 62 04 01 06 00 0a 01 04 02 04 03";
    let (values, problems) = read(text);
    assert_eq!(problems, []);
    let Value::Object(first) = &values[0] else {
        panic!("{values:?}")
    };
    assert_eq!(first.class_name, Some(Text::from("C")));
    assert_eq!(first.sealed, 2);
    assert_eq!(values[0].get("a"), Some(&Value::Integer(1)));
    assert_eq!(values[0].get_str("b"), Some("C"));
    assert_eq!(values[1].kind(), "typed_object");
    assert_eq!(values[1].get("a"), Some(&Value::Integer(2)));
    assert_eq!(values[1].get("b"), Some(&Value::Integer(3)));
}

#[test]
fn dynamic_members_follow_the_sealed_ones() {
    // Section 3.12: anonymous and dynamic, one sealed member and one dynamic.
    let value = one("0a 1b 01 03 61 02 03 62 03 01");
    let Value::Object(object) = &value else {
        panic!("{value:?}")
    };
    assert_eq!(object.class_name, None);
    assert_eq!(object.sealed, 1);
    assert_eq!(value.get("a"), Some(&Value::Boolean(false)));
    assert_eq!(value.get("b"), Some(&Value::Boolean(true)));
}

#[test]
fn an_object_that_names_itself_does_not_loop() {
    let value = one("0a 0b 01 09 73656c66 0a 00 01");
    let Some(Value::Reference(reference)) = value.get("self") else {
        panic!("{value:?}")
    };
    let target = reference.target.unwrap();
    assert!(target.encloses);
    assert_eq!((target.kind, target.offset), ("object", 0));
    assert_eq!(resolve([&value], reference, true), Some(&value));
}

#[test]
fn a_byte_array_keeps_its_bytes() {
    // Section 3.14.
    assert_eq!(one("0c 05 dead"), Value::ByteArray(vec![0xde, 0xad]));
}

#[test]
fn vectors_of_numbers() {
    // Section 3.15.
    assert_eq!(
        one("0d 05 00 ffffffff 00000001"),
        Value::VectorInt(Box::new(Vector {
            fixed: false,
            items: vec![-1, 1]
        }))
    );
    assert_eq!(
        one("0e 03 01 ffffffff"),
        Value::VectorUint(Box::new(Vector {
            fixed: true,
            items: vec![u32::MAX]
        }))
    );
    assert_eq!(
        one("0f 03 00 3ff8000000000000"),
        Value::VectorDouble(Box::new(Vector {
            fixed: false,
            items: vec![1.5]
        }))
    );
}

#[test]
fn a_vector_of_objects_names_its_base_type() {
    // Section 3.15: one value of any type.
    let value = one("10 03 00 03 2a 04 07");
    let Value::VectorObject(vector) = &value else {
        panic!("{value:?}")
    };
    assert_eq!(vector.type_name, Text::from("*"));
    assert_eq!(value.items(), [Value::Integer(7)]);
}

#[test]
fn a_dictionary_has_values_as_keys() {
    // Section 3.16.
    let value = one("11 05 01 06 03 6b 04 05 01 03");
    assert_eq!(
        value,
        Value::Dictionary(Box::new(Dictionary {
            weak_keys: true,
            entries: vec![
                (string("k"), Value::Integer(5)),
                (Value::Null, Value::Boolean(true))
            ]
        }))
    );
}

#[test]
fn the_wrappers_of_flex_hold_one_value() {
    // Section 3.12, externalizable; an array of one null inside.
    for class in [
        "flex.messaging.io.ArrayCollection",
        "flex.messaging.io.ObjectProxy",
    ] {
        let body = hex(&format!("0a 07 {} 09 03 01 01 03", name(class)));
        let (values, problems) = parse(&body, &mut NoFields);
        assert_eq!(problems, []);
        assert_eq!(values[0].kind(), "externalizable");
        assert_eq!(values[0].plain().items(), [Value::Null]);
        assert_eq!(values[1], Value::Boolean(true), "what follows is read");
    }
}

#[test]
fn what_another_externalizable_class_wrote_is_opaque() {
    let (values, problems) = read(&format!("03 0a 07 {} 01 02 03", name("a.B")));
    let Value::Externalizable(external) = &values[1] else {
        panic!("{values:?}")
    };
    assert_eq!(external.class_name, Text::from("a.B"));
    assert_eq!(external.body, ExternalBody::Opaque(vec![1, 2, 3]));
    assert_eq!(values.len(), 2);
    assert_eq!(problems, [("amf.externalizable", 7)]);
}

#[test]
fn an_object_of_unknown_traits_stops_reading() {
    let (values, problems) = read("01 0a 05 01");
    assert_eq!(values, [Value::Null]);
    assert_eq!(problems, [("amf.bad_reference", 3)]);
}

#[test]
fn a_bad_name_reference_does_not_hide_the_value() {
    let (values, problems) = read("0a 0b 01 08 04 05 01");
    assert_eq!(values[0].get("\u{fffd}"), Some(&Value::Integer(5)));
    assert_eq!(problems, [("amf.bad_reference", 3)]);
}

#[test]
fn an_unknown_marker_stops_reading() {
    let (values, problems) = read("03 12 03");
    assert_eq!(values, [Value::Boolean(true)]);
    assert_eq!(problems, [("amf.unknown_marker", 1)]);
}

#[test]
fn counts_from_the_wire_reserve_nothing() {
    for text in [
        "09 ffffffff 01",
        "0c ffffffff",
        "0d ffffffff 00",
        "0f ffffffff 00",
        "10 ffffffff 00 01",
        "11 ffffffff 00",
        "06 ffffffff",
        "0a fffffff3 01",
    ] {
        let (_, problems) = read(text);
        assert_eq!(problems.len(), 1, "{text}");
        assert_eq!(problems[0].0, "amf.truncated", "{text}");
    }
}

#[test]
fn a_broken_vector_leaves_the_numbers_before_it() {
    let (values, problems) = read("0d 07 00 00000001 00000002 0000");
    assert_eq!(
        values,
        [Value::VectorInt(Box::new(Vector {
            fixed: false,
            items: vec![1, 2]
        }))]
    );
    assert_eq!(problems, [("amf.truncated", 11)]);
}

#[test]
fn repeated_text_has_a_limit() {
    // A string of 8 KiB, then 200 references to it: 1.6 MB of text out of 9 KB.
    let mut body = hex("06 818001");
    body.extend([b'a'; 8192]);
    for _ in 0..200 {
        body.extend([marker::STRING, 0]);
    }
    let (values, problems) = parse(&body, &mut NoFields);
    assert_eq!(values.len(), 1 + 128);
    assert_eq!(problems[0].kind, BodyProblem::AmfTooMuchText);
}

#[test]
fn the_tables_hold_for_the_whole_message() {
    // Two AMF3 values behind AVM+ markers of AMF0 (section 4.1: reset at each message).
    let body = hex("11 06 03 61 05 11 06 00 11 09 01 01 11 09 00");
    let (values, problems) = amf0::parse(&body, &mut NoFields);
    assert_eq!(problems, []);
    assert_eq!(values[2].as_str(), Some("a"));
    let Value::Reference(reference) = values[4].plain() else {
        panic!("{values:?}")
    };
    assert_eq!(resolve(&values, reference, false), Some(values[3].plain()));
}

#[test]
fn fields_carry_the_bytes_of_names_and_values() {
    let mut tree = FieldTree::default();
    parse(&hex("0a 13 03 43 03 61 04 01"), &mut tree);
    let fields = tree.into_fields();
    assert_eq!(fields[0].range, 0..8);
    assert_eq!(fields[0].value, "C, 1 properties");
    let parts: Vec<_> = fields[0]
        .parts
        .iter()
        .map(|part| (part.name.as_str(), part.value.as_str(), part.range.clone()))
        .collect();
    assert_eq!(
        parts,
        [
            ("class name", "C", 2..4),
            ("member", "a", 4..6),
            ("a", "1", 6..8)
        ]
    );
}
