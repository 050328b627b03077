use super::*;
use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::media::enhanced::MultitrackKind;
use crate::rtmp::types::FourCc;

fn parse_whole(body: &[u8]) -> (VideoTag, Vec<MediaProblem>) {
    parse(body, u32::try_from(body.len()).unwrap(), &mut NoFields)
}

#[test]
fn avc_inter_frame() {
    // FLV 10.1 E.4.3.1: frame type 2, codec 7; E.4.3.2: AVCPacketType 1, CompositionTime.
    let (tag, notes) = parse(&[0x27, 0x01, 0x00, 0x00, 0x50], 1000, &mut NoFields);
    assert_eq!(tag.frame, Some(FrameKind::Inter));
    assert_eq!(tag.packet, VideoPacket::CodedFrames);
    assert_eq!(tag.codec(), Some(CodecId::Video(7)));
    assert_eq!(tag.composition_time_ms(), Some(80));
    assert_eq!(tag.tracks.first().unwrap().payload, 5..1000);
    assert!(tag.is_coded() && !tag.is_key() && !tag.is_config());
    assert_eq!(notes, []);
}

#[test]
fn composition_time_may_be_negative() {
    let (tag, _) = parse_whole(&[0x17, 0x01, 0xFF, 0xFF, 0xD8, 0x00]);
    assert_eq!(tag.composition_time_ms(), Some(-40));
    assert!(tag.is_key());
}

#[test]
fn a_sequence_header_has_no_composition_time_and_is_no_key_frame() {
    // The offset must be ignored when the packet type is not 1.
    let (tag, _) = parse(&[0x17, 0x00, 0x00, 0x00, 0x2A, 1], 40, &mut NoFields);
    assert!(tag.is_config() && !tag.is_key());
    assert_eq!(tag.composition_time_ms(), None);
}

#[test]
fn avc_end_of_sequence() {
    let (tag, notes) = parse_whole(&[0x17, 0x02, 0, 0, 0]);
    assert_eq!(tag.packet, VideoPacket::SequenceEnd);
    assert_eq!(notes, []);
}

#[test]
fn avc_header_cut_by_the_message_is_an_anomaly() {
    let (tag, notes) = parse_whole(&[0x17, 0x01, 0x00]);
    assert_eq!(tag.packet, VideoPacket::CodedFrames);
    assert_eq!(tag.composition_time_ms(), None);
    assert_eq!(
        notes,
        [MediaProblem::HeaderTruncated {
            needed: 5,
            length: 3,
        }]
    );
}

#[test]
fn avc_header_cut_by_the_capture_is_not() {
    let (tag, notes) = parse(&[0x17, 0x01, 0x00], 1000, &mut NoFields);
    assert!(tag.is_key());
    assert_eq!(tag.composition_time_ms(), None);
    assert_eq!(notes, []);
}

#[test]
fn an_empty_video_message_is_odd() {
    let (tag, notes) = parse_whole(&[]);
    assert_eq!(tag.packet, VideoPacket::Empty);
    assert_eq!(notes, [MediaProblem::EmptyVideo]);
}

#[test]
fn an_empty_record_is_named() {
    let (_, notes) = parse_whole(&[0x17, 0x00, 0, 0, 0]);
    assert_eq!(
        notes,
        [MediaProblem::ConfigEmpty {
            codec: CodecId::Video(7),
        }]
    );
}

#[test]
fn start_codes_in_place_of_a_record_are_named() {
    let (_, notes) = parse_whole(&[0x17, 0, 0, 0, 0, 0, 0, 0, 1, 0x67, 0x42]);
    assert!(notes[0].to_string().contains("start codes"));
}

#[test]
fn commands_have_no_codec_header() {
    let (tag, notes) = parse_whole(&[0x57, 0x00]);
    assert_eq!(tag.packet, VideoPacket::Command);
    assert_eq!(tag.command, Some(VideoCommand::StartSeek));
    assert_eq!(tag.tracks, Tracks::None);
    assert_eq!(notes, []);
    let (tag, _) = parse_whole(&[0xD1, 0x01]);
    assert_eq!(tag.command, Some(VideoCommand::EndSeek));
    assert!(tag.is_enhanced);
    let (tag, _) = parse_whole(&[0x52, 0x09]);
    assert_eq!(tag.command, Some(VideoCommand::Unknown(9)));
}

#[test]
fn nonstandard_hevc_is_laid_out_like_avc() {
    let (tag, notes) = parse(&[0x1C, 0x01, 0, 0, 33], 500, &mut NoFields);
    assert_eq!(tag.codec(), Some(CodecId::Video(12)));
    assert_eq!(tag.composition_time_ms(), Some(33));
    assert_eq!(notes, []);
    let (tag, notes) = parse(&[0x1C, 0x00, 0, 0, 0, 1], 500, &mut NoFields);
    assert!(tag.is_config());
    assert_eq!(notes[0].code(), "media.nonstandard_codec");
}

#[test]
fn unknown_numbers_are_kept() {
    let (tag, notes) = parse_whole(&[0x79, 0x01]);
    assert_eq!(tag.frame, Some(FrameKind::Unknown(7)));
    assert_eq!(tag.codec(), Some(CodecId::Video(9)));
    let codes: Vec<_> = notes.iter().map(MediaProblem::code).collect();
    assert_eq!(codes, ["media.reserved_frame_type", "media.unknown_codec"]);
}

#[test]
fn enhanced_coded_frames_have_a_composition_time_for_three_codecs() {
    // Enhanced RTMP v2, ExVideoTagBody: SI24 for avc1, hvc1 and vvc1 only.
    for code in [*b"avc1", *b"hvc1", *b"vvc1"] {
        let mut body = vec![0xA1];
        body.extend(code);
        body.extend([0xFF, 0xFF, 0xFF, 0x00]);
        let (tag, notes) = parse_whole(&body);
        assert_eq!(tag.composition_time_ms(), Some(-1));
        assert_eq!(tag.tracks.first().unwrap().payload, 8..9);
        assert_eq!(notes, []);
    }
    for code in [*b"av01", *b"vp08", *b"vp09"] {
        let mut body = vec![0xA1];
        body.extend(code);
        body.extend([0xFF, 0xFF, 0xFF, 0x00]);
        let (tag, _) = parse_whole(&body);
        assert_eq!(tag.composition_time_ms(), None);
        assert_eq!(tag.tracks.first().unwrap().payload, 5..9);
    }
}

#[test]
fn coded_frames_x_imply_zero() {
    let (tag, notes) = parse_whole(b"\x93hvc1\x00\x00\x00\x01");
    assert!(tag.is_key());
    assert_eq!(tag.composition_time_ms(), Some(0));
    assert_eq!(tag.tracks.first().unwrap().payload, 5..9);
    assert_eq!(notes, []);
}

#[test]
fn frame_type_is_ignored_in_metadata() {
    // Frame type 5 would be a command; a metadata packet has a FourCC nevertheless.
    let (tag, _) = parse(b"\xD4hvc1", 300, &mut NoFields);
    assert_eq!(tag.packet, VideoPacket::Metadata);
    assert_eq!(tag.command, None);
    assert_eq!(tag.codec(), Some(CodecId::FourCc(FourCc(*b"hvc1"))));
}

#[test]
fn mod_ex_comes_before_the_fourcc() {
    // ModEx (7), 3 bytes: 0x07A120 = 500000 ns, then type 0 and CodedFrames (1).
    let (tag, notes) = parse_whole(b"\x97\x02\x07\xA1\x20\x01hvc1\x00\x00\x10\xAA");
    assert_eq!(tag.nano_offset, Some(500_000));
    assert_eq!(tag.codec(), Some(CodecId::FourCc(FourCc(*b"hvc1"))));
    assert_eq!(tag.composition_time_ms(), Some(16));
    assert_eq!(tag.tracks.first().unwrap().payload, 13..14);
    assert_eq!(notes, []);
}

#[test]
fn many_tracks_many_codecs() {
    // Multitrack is 6 in video; type 2 in the high nibble, CodedFramesX (3) in the low one.
    let (tag, notes) = parse_whole(b"\x96\x23hvc1\x00\x00\x00\x02\xAA\xBBav01\x01\x00\x00\x01\xCC");
    assert_eq!(tag.multitrack, Some(MultitrackKind::ManyTracksManyCodecs));
    let tracks: Vec<_> = tag
        .tracks
        .iter()
        .map(|t| {
            (
                t.id,
                t.codec.to_string(),
                t.composition_time_ms,
                t.payload.clone(),
            )
        })
        .collect();
    assert_eq!(
        tracks,
        [
            (0, "hevc".to_owned(), Some(0), 10..12),
            (1, "av1".to_owned(), None, 20..21),
        ]
    );
    assert_eq!(notes, []);
}

#[test]
fn a_track_too_short_for_its_composition_time_does_not_stop_the_next() {
    let (tag, notes) =
        parse_whole(b"\xA6\x11hvc1\x00\x00\x00\x01\xAA\x01\x00\x00\x04\x00\x00\x05\xCC");
    let times: Vec<_> = tag.tracks.iter().map(|t| t.composition_time_ms).collect();
    assert_eq!(times, [None, Some(5)]);
    assert_eq!(notes[0].code(), "media.header_truncated");
}

#[test]
fn a_kept_prefix_gives_the_tracks_that_begin_in_it() {
    let body = b"\xA6\x11hvc1\x00\x00\x00\x40\x00\x00\x05\xAA";
    let (tag, notes) = parse(body, 500, &mut NoFields);
    assert_eq!(tag.tracks.as_slice().len(), 1);
    assert_eq!(tag.tracks.first().unwrap().payload, 13..74);
    assert_eq!(notes, []);
}

#[test]
fn vp8_key_frame_tells_its_size() {
    // RFC 6386 9.1: start code 9D 01 2A, then 14 bits each of 640 and 480.
    let (tag, _) = parse_whole(b"\x91vp08\x50\x42\x00\x9D\x01\x2A\x80\x02\xE0\x01");
    let size = tag.tracks.first().unwrap().picture_size.unwrap();
    assert_eq!(size.to_string(), "640x480");
}

#[test]
fn screen_video_key_frame_tells_its_size() {
    // FLV 10.1 E.4.3.2, SCREENVIDEOPACKET: 4 and 12 bits, twice.
    let (tag, _) = parse_whole(&[0x13, 0x32, 0x80, 0x31, 0xE0]);
    let size = tag.tracks.first().unwrap().picture_size.unwrap();
    assert_eq!(size.to_string(), "640x480");
}

#[test]
fn an_mpeg2_ts_start_is_for_av1_only() {
    let (tag, notes) = parse_whole(b"\x95hvc1\x80\x04");
    assert!(tag.is_config());
    assert_eq!(notes[0].code(), "media.config_unreadable");
}

#[test]
fn fields_lie_where_the_bytes_are() {
    let body = [0x27, 0x01, 0x00, 0x00, 0x50, 0xAA];
    let mut tree = FieldTree::default();
    parse(&body, 6, &mut tree);
    let fields: Vec<_> = tree
        .into_fields()
        .into_iter()
        .map(|field| (field.name, field.value, field.range))
        .collect();
    let expected = [
        ("videoFrameType", "2 (inter)", 0..1),
        ("videoCodecId", "7 (avc)", 0..1),
        ("AVCPacketType", "1 (coded_frames)", 1..2),
        ("compositionTimeOffset", "80", 2..5),
        ("data", "1 byte", 5..6),
    ]
    .map(|(name, value, range)| (name.to_owned(), value.to_owned(), range));
    assert_eq!(fields, expected);
}
