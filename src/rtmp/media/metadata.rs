//! The body of a video metadata packet (Enhanced RTMP v2, "Metadata Frame"): AMF names and
//! values, of which `colorInfo` is defined.

use crate::rtmp::amf::reader::Reader;
use crate::rtmp::amf::value::Value;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::media::cursor::Bytes;
use crate::rtmp::media::cursor::Cursor;
use crate::rtmp::media::cursor::Notes;
use crate::rtmp::media::problem::MediaProblem;

/// Marker of an AMF3 string. In AMF0 the same byte stands for undefined, which is no name.
const AMF3_STRING: u8 = 0x06;

/// The names and values of a metadata packet.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoMetadata {
    /// All of them, in the order of the wire. Names are foreign text.
    pub pairs: Vec<(String, Value)>,
    /// What `colorInfo` says, if it is there.
    pub color_info: Option<ColorInfo>,
}

/// Colour and light of the pictures that follow. What is not told is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ColorInfo {
    /// Whether it takes back what was said before: undefined, or an object without properties.
    pub is_reset: bool,
    /// Bits per colour channel: 8, 10 or 12.
    pub bit_depth: Option<u32>,
    /// Colour primaries (H.273).
    pub primaries: Option<u32>,
    /// Transfer characteristics (H.273): 16 PQ, 18 HLG.
    pub transfer: Option<u32>,
    /// Matrix coefficients (H.273).
    pub matrix: Option<u32>,
    /// Greatest frame-average light level in cd/m² (MaxFALL).
    pub max_fall: Option<f64>,
    /// Greatest light level of any pixel in cd/m² (MaxCLL).
    pub max_cll: Option<f64>,
    /// The display on which the pictures were made (SMPTE ST 2086).
    pub mastering: Option<Mastering>,
}

/// Colour volume of a mastering display.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Mastering {
    /// CIE 1931 x and y of the red primary.
    pub red: Option<(f64, f64)>,
    /// CIE 1931 x and y of the green primary.
    pub green: Option<(f64, f64)>,
    /// CIE 1931 x and y of the blue primary.
    pub blue: Option<(f64, f64)>,
    /// CIE 1931 x and y of the white point.
    pub white: Option<(f64, f64)>,
    /// Greatest luminance in cd/m².
    pub max_luminance: Option<f64>,
    /// Least luminance in cd/m².
    pub min_luminance: Option<f64>,
}

impl ColorInfo {
    fn from_value(value: &Value) -> Self {
        let value = value.plain();
        let color = value.get("colorConfig");
        let number = |key| color?.get(key)?.as_u32();
        let light = |key| value.get("hdrCll")?.get(key)?.as_f64();
        Self {
            is_reset: value.properties().is_empty(),
            bit_depth: number("bitDepth"),
            primaries: number("colorPrimaries"),
            transfer: number("transferCharacteristics"),
            matrix: number("matrixCoefficients"),
            max_fall: light("maxFall"),
            max_cll: light("maxCLL"),
            mastering: value.get("hdrMdcv").map(Mastering::from_value),
        }
    }
}

impl Mastering {
    fn from_value(value: &Value) -> Self {
        let number = |key: &str| value.get(key)?.as_f64();
        let point = |x, y| Some((number(x)?, number(y)?));
        Self {
            red: point("redX", "redY"),
            green: point("greenX", "greenY"),
            blue: point("blueX", "blueY"),
            white: point("whitePointX", "whitePointY"),
            max_luminance: number("maxLuminance"),
            min_luminance: number("minLuminance"),
        }
    }
}

/// Reads the names and values of `part`.
pub(super) fn read<S: FieldSink>(
    part: &Cursor<'_>,
    fields: &mut S,
    notes: &mut Notes,
) -> VideoMetadata {
    let start = part.at();
    fields.open(FieldName::Spec("videoMetadata"), start);
    let mut problems = Vec::new();
    let is_amf3 = part.bytes().first() == Some(&AMF3_STRING);
    let mut reader = Reader::new(part.kept_to_end(), start, fields, &mut problems);
    let values = if is_amf3 {
        reader.amf3_values(0)
    } else {
        reader.amf0_values(0)
    };
    let end = reader.position();
    fields.close(end, &Bytes(end.saturating_sub(start)));
    let in_part = !part.is_whole();
    // Where the rest was not kept, what looks odd is mostly its absence.
    if in_part {
        problems.clear();
    }
    let is_clean = problems.is_empty();
    for problem in problems {
        notes.push(MediaProblem::Metadata(problem.kind));
    }
    let mut pairs = Vec::new();
    let mut values = values.into_iter();
    while let Some(name) = values.next() {
        match (name.as_str(), values.next()) {
            (Some(name), Some(value)) => pairs.push((name.to_owned(), value)),
            // A name whose value lies beyond what was kept is nobody's fault.
            (Some(_), None) if in_part || !is_clean => {}
            (None, _) if in_part => {}
            _ => notes.push(MediaProblem::MetadataNotPaired),
        }
    }
    let color_info = pairs
        .iter()
        .rev()
        .find(|(name, _)| name == "colorInfo")
        .map(|(_, value)| ColorInfo::from_value(value));
    VideoMetadata { pairs, color_info }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::field::FieldTree;
    use crate::rtmp::field::NoFields;
    use crate::rtmp::media::video;

    fn metadata(body: &[u8]) -> (VideoMetadata, Vec<MediaProblem>) {
        let len = u32::try_from(body.len()).unwrap();
        let (tag, notes) = video::parse(body, len, &mut NoFields);
        let track = tag.tracks.first().unwrap();
        (track.metadata.as_deref().unwrap().clone(), notes)
    }

    fn key(name: &str) -> Vec<u8> {
        let mut bytes = u16::try_from(name.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(name.as_bytes());
        bytes
    }

    fn number(name: &str, value: f64) -> Vec<u8> {
        let mut bytes = key(name);
        bytes.push(0);
        bytes.extend(value.to_be_bytes());
        bytes
    }

    fn object(name: &str, properties: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = key(name);
        bytes.push(3);
        bytes.extend(properties.concat());
        bytes.extend([0, 0, 9]);
        bytes
    }

    #[test]
    fn color_info_as_ffmpeg_9_writes_it() {
        // ffmpeg 9.0.2, libx265, bt2020, PQ.
        let body = b"\xd4hvc1\x02\x00\x09colorInfo\x03\x00\x0bcolorConfig\x03\
            \x00\x17transferCharacteristics\x00\x40\x30\x00\x00\x00\x00\x00\x00\
            \x00\x12matrixCoefficients\x00\x40\x22\x00\x00\x00\x00\x00\x00\
            \x00\x0ecolorPrimaries\x00\x40\x22\x00\x00\x00\x00\x00\x00\
            \x00\x00\x09\x00\x00\x09";
        let (metadata, notes) = metadata(body);
        let color = metadata.color_info.unwrap();
        assert_eq!(color.transfer, Some(16));
        assert_eq!(color.matrix, Some(9));
        assert_eq!(color.primaries, Some(9));
        assert_eq!(color.bit_depth, None);
        assert!(!color.is_reset);
        assert_eq!(notes, []);
    }

    #[test]
    fn every_property_of_the_specification() {
        let mut body = b"\x94av01\x02".to_vec();
        body.extend(object(
            "colorInfo",
            &[
                object("colorConfig", &[number("bitDepth", 10.0)]),
                object(
                    "hdrCll",
                    &[number("maxFall", 400.0), number("maxCLL", 1000.0)],
                ),
                object(
                    "hdrMdcv",
                    &[
                        number("redX", 0.68),
                        number("redY", 0.32),
                        number("greenX", 0.265),
                        number("greenY", 0.69),
                        number("blueX", 0.15),
                        number("blueY", 0.06),
                        number("whitePointX", 0.3127),
                        number("whitePointY", 0.329),
                        number("maxLuminance", 1000.0),
                        number("minLuminance", 0.0001),
                    ],
                ),
            ],
        ));
        let (metadata, notes) = metadata(&body);
        let color = metadata.color_info.unwrap();
        assert_eq!(color.bit_depth, Some(10));
        assert_eq!((color.max_fall, color.max_cll), (Some(400.0), Some(1000.0)));
        let mastering = color.mastering.unwrap();
        assert_eq!(mastering.red, Some((0.68, 0.32)));
        assert_eq!(mastering.green, Some((0.265, 0.69)));
        assert_eq!(mastering.blue, Some((0.15, 0.06)));
        assert_eq!(mastering.white, Some((0.3127, 0.329)));
        assert_eq!(mastering.max_luminance, Some(1000.0));
        assert_eq!(mastering.min_luminance, Some(0.0001));
        assert_eq!(notes, []);
    }

    #[test]
    fn undefined_and_an_empty_object_reset() {
        let undefined = metadata(b"\x94hvc1\x02\x00\x09colorInfo\x06").0;
        assert!(undefined.color_info.unwrap().is_reset);
        let empty = metadata(b"\x94hvc1\x02\x00\x09colorInfo\x03\x00\x00\x09").0;
        assert!(empty.color_info.unwrap().is_reset);
    }

    #[test]
    fn other_names_are_kept() {
        let (metadata, notes) = metadata(b"\x94hvc1\x02\x00\x04mood\x02\x00\x04blue");
        assert_eq!(metadata.pairs.len(), 1);
        assert_eq!(metadata.pairs[0].0, "mood");
        assert_eq!(metadata.pairs[0].1.as_str(), Some("blue"));
        assert_eq!(metadata.color_info, None);
        assert_eq!(notes, []);
    }

    #[test]
    fn amf3_values_are_told_by_the_first_marker() {
        // AMF3: string "colorInfo" (length 9 << 1 | 1), then undefined.
        let (metadata, notes) = metadata(b"\x94hvc1\x06\x13colorInfo\x00");
        assert!(metadata.color_info.unwrap().is_reset);
        assert_eq!(notes, []);
    }

    #[test]
    fn a_name_without_a_value_is_odd() {
        let (_, notes) = metadata(b"\x94hvc1\x02\x00\x09colorInfo");
        assert_eq!(notes, [MediaProblem::MetadataNotPaired]);
        let (_, notes) = metadata(b"\x94hvc1\x05\x05");
        assert_eq!(notes, [MediaProblem::MetadataNotPaired]);
    }

    #[test]
    fn metadata_cut_by_the_message_is_odd_and_cut_by_the_capture_is_not() {
        let body = b"\x94hvc1\x02\x00\x09colorInfo\x03\x00\x0bcolorCon";
        assert!(!metadata(body).1.is_empty());
        let (_, notes) = video::parse(body, 300, &mut NoFields);
        assert_eq!(notes, []);
    }

    #[test]
    fn fields_lie_where_the_bytes_are() {
        let body = b"\x94hvc1\x02\x00\x04mood\x05";
        let mut tree = FieldTree::default();
        video::parse(body, u32::try_from(body.len()).unwrap(), &mut tree);
        let fields = tree.into_fields();
        let metadata = fields.last().unwrap();
        assert_eq!(
            (metadata.name.as_str(), metadata.range.clone()),
            ("videoMetadata", 5..13)
        );
        assert_eq!(metadata.parts[0].range, 5..12);
        assert_eq!(metadata.parts[1].range, 12..13);
    }
}
