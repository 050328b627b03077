use super::*;
use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::testdata;
use crate::rtmp::testdata::hex;

fn read_as(type_id: MessageTypeId, text: &str) -> (Data, Vec<&'static str>) {
    let mut problems = Vec::new();
    let data = parse(type_id, &hex(text), &mut NoFields, &mut problems);
    let codes = problems.iter().map(|problem| problem.kind.code()).collect();
    (data, codes)
}

/// A data message of type 18 in which nothing is odd.
fn read(text: &str) -> Data {
    let (data, problems) = read_as(MessageTypeId::DATA_AMF0, text);
    assert_eq!(problems, [""; 0]);
    data
}

#[test]
fn metadata_of_ffmpeg() {
    let data = read(testdata::ON_META_DATA);
    assert_eq!(data.instruction, Some(Instruction::SetDataFrame));
    assert_eq!(data.name.as_str(), "onMetaData");
    let metadata = data.metadata().unwrap();
    assert_eq!(metadata.kind(), "ecma_array");
    assert_eq!(metadata.get_f64("width"), Some(320.0));
    assert_eq!(metadata.get_f64("height"), Some(180.0));
    assert_eq!(metadata.get_f64("framerate"), Some(15.0));
    assert_eq!(metadata.get_f64("videocodecid"), Some(7.0));
    assert_eq!(metadata.get("stereo").and_then(Value::as_bool), Some(false));
    assert_eq!(metadata.get_str("encoder"), Some("Lavf59.27.100"));
    assert_eq!(metadata.properties().len(), 13);
    assert_eq!(data.values.len(), 1);
}

#[test]
fn metadata_of_obs() {
    let data = read(testdata::OBS_META_DATA);
    let metadata = data.metadata().unwrap();
    assert_eq!(metadata.get_f64("width"), Some(1280.0));
    assert_eq!(metadata.get_f64("audiosamplerate"), Some(48000.0));
    assert_eq!(metadata.get("2.1").and_then(Value::as_bool), Some(false));
    assert_eq!(metadata.properties().len(), 20);
}

#[test]
fn metadata_without_an_instruction() {
    // As a relay sends it on: "onMetaData", {}.
    let data = read("02 000a 6f6e4d65746144617461 03 0001 61 05 0000 09");
    assert_eq!(data.instruction, None);
    assert!(data.is_known());
    assert_eq!(data.metadata(), Some(&data.values[0]));
}

#[test]
fn every_beginning_of_real_metadata_gives_what_it_holds() {
    let body = hex(testdata::OBS_META_DATA);
    let whole = read(testdata::OBS_META_DATA);
    let all = whole.metadata().unwrap().properties();
    let mut most = 0;
    for len in 0..body.len() {
        let mut fields = FieldTree::default();
        let part = parse(
            MessageTypeId::DATA_AMF0,
            &body[..len],
            &mut fields,
            &mut Vec::new(),
        );
        let seen = part.metadata().map_or(&[][..], Value::properties);
        assert_eq!(seen, &all[..seen.len()], "{len}");
        assert!(seen.len() >= most, "{len}");
        most = seen.len();
        for field in fields.into_fields() {
            assert!(field.range.end <= len);
        }
    }
    assert_eq!(most, all.len());
}

#[test]
fn clearing_the_metadata() {
    let data = read("02 000f 40636c656172446174614672616d65 02 000a 6f6e4d65746144617461");
    assert_eq!(data.instruction, Some(Instruction::ClearDataFrame));
    assert_eq!(data.name.as_str(), "onMetaData");
    assert_eq!(data.metadata(), None);
}

#[test]
fn four_bytes_that_begin_with_zero_are_a_time_code() {
    let data = read("00 00 03 e8");
    assert_eq!(data.timecode, Some(1000));
    assert_eq!(data.name.as_str(), "");
}

#[test]
fn sample_access_has_two_booleans() {
    let data = read("02 0011 7c52746d7053616d706c65416363657373 01 01 01 00");
    assert_eq!(data.sample_access(), Some((true, false)));
}

#[test]
fn type_15_begins_with_a_selector() {
    let (data, problems) = read_as(
        MessageTypeId::DATA_AMF3,
        "00 02 000a 6f6e4d65746144617461 11 0a 0b 01 03 77 04 05 01",
    );
    assert_eq!(data.selector, Some(0));
    assert_eq!(data.metadata().and_then(|m| m.get_f64("w")), Some(5.0));
    assert_eq!(problems, [""; 0]);
}

#[test]
fn data_without_name() {
    let (data, problems) = read_as(MessageTypeId::DATA_AMF0, "00 3ff0000000000000 05");
    assert_eq!(data.name.as_str(), "");
    assert_eq!(data.values, [Value::Number(1.0), Value::Null]);
    assert_eq!(problems, ["message.name_missing"]);
}
