use super::*;
use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::types::FourCc;

fn parse_whole(body: &[u8]) -> (AudioTag, Vec<MediaProblem>) {
    parse(body, u32::try_from(body.len()).unwrap(), &mut NoFields)
}

fn opus() -> CodecId {
    CodecId::FourCc(FourCc(*b"Opus"))
}

#[test]
fn aac_raw() {
    // FLV 10.1 E.4.2.1: 0xAF is AAC, AACPacketType 1 is raw.
    let (tag, notes) = parse(&[0xAF, 0x01, 0x21], 300, &mut NoFields);
    assert_eq!(tag.packet, AudioPacket::CodedFrames);
    assert_eq!(tag.codec(), Some(CodecId::Audio(10)));
    assert_eq!(tag.tracks.first().unwrap().payload, 2..300);
    assert!(tag.is_coded() && !tag.is_config() && !tag.is_enhanced);
    assert_eq!(notes, []);
}

#[test]
fn aac_header_bits_mean_nothing() {
    // 5.5 kHz 8-bit mono by the bits; the record says 44100 Hz stereo.
    let (tag, notes) = parse_whole(&[0xA0, 0x00, 0x12, 0x10]);
    assert!(tag.is_config());
    let config = tag.tracks.first().unwrap().config.unwrap();
    assert_eq!(config.source, AudioSource::Record);
    assert_eq!(config.sample_rate_hz, Some(44_100));
    assert_eq!(config.channels, Some(2));
    assert_eq!(notes, []);
}

#[test]
fn a_message_without_any_byte_is_silence() {
    // Enhanced RTMP v2, AudioPacketType.
    let (tag, notes) = parse_whole(&[]);
    assert_eq!(tag.packet, AudioPacket::Silence);
    assert_eq!(tag.tracks, Tracks::None);
    assert_eq!(notes, []);
}

#[test]
fn an_aac_message_of_one_byte_is_truncated() {
    let (tag, notes) = parse_whole(&[0xAF]);
    assert_eq!(tag.packet, AudioPacket::Unseen);
    assert_eq!(tag.codec(), Some(CodecId::Audio(10)));
    assert_eq!(
        notes,
        [MediaProblem::HeaderTruncated {
            needed: 2,
            length: 1,
        }]
    );
}

#[test]
fn what_was_not_kept_is_left_open() {
    let (tag, notes) = parse(&[0xAF], 300, &mut NoFields);
    assert_eq!(tag.packet, AudioPacket::Unseen);
    assert_eq!(tag.codec(), Some(CodecId::Audio(10)));
    assert_eq!(notes, []);
    let (tag, notes) = parse(&[], 300, &mut NoFields);
    assert_eq!(tag.packet, AudioPacket::Unseen);
    assert_eq!(notes, []);
}

#[test]
fn a_reserved_aac_packet_type_keeps_its_number() {
    let (tag, notes) = parse_whole(&[0xAF, 0x07, 0x00]);
    assert_eq!(tag.packet, AudioPacket::Unknown(7));
    assert_eq!(notes[0].code(), "media.reserved_packet_type");
}

#[test]
fn legacy_formats_tell_rate_and_channels_in_the_first_byte() {
    // FLV 10.1 E.4.2.1: SoundRate 0..3, SoundSize, SoundType.
    let sound = |first: u8| {
        let (tag, _) = parse(&[first], 100, &mut NoFields);
        assert!(tag.is_coded());
        let config = tag.tracks.first().unwrap().config.unwrap();
        assert_eq!(config.source, AudioSource::TagHeader);
        (
            config.codec.name(),
            config.sample_rate_hz.unwrap(),
            config.channels.unwrap(),
        )
    };
    assert_eq!(sound(0x2F), ("mp3", 44_100, 2));
    assert_eq!(sound(0x2A), ("mp3", 22_050, 1));
    assert_eq!(sound(0xE2), ("mp3", 8_000, 1));
    assert_eq!(sound(0x62), ("nellymoser", 5_512, 1));
    assert_eq!(sound(0x42), ("nellymoser", 16_000, 1));
    assert_eq!(sound(0x52), ("nellymoser", 8_000, 1));
    assert_eq!(sound(0x72), ("g711_alaw", 8_000, 1));
    assert_eq!(sound(0x82), ("g711_mulaw", 8_000, 1));
    // Speex is 16 kHz mono; its number 11 must not be taken for an ExHeader.
    assert_eq!(sound(0xB2), ("speex", 16_000, 1));
    assert_eq!(sound(0xB6), ("speex", 16_000, 1));
    assert_eq!(sound(0x3F), ("lpcm_le", 44_100, 2));
}

#[test]
fn an_mp3_frame_header_beats_the_first_byte() {
    // MPEG-1 layer III, 128 kbit/s, 48 kHz, joint stereo; the tag says 44.1 kHz.
    let (tag, _) = parse(&[0x2F, 0xFF, 0xFB, 0x94, 0x64], 385, &mut NoFields);
    let config = tag.tracks.first().unwrap().config.unwrap();
    assert_eq!(config.source, AudioSource::FrameHeader);
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.bit_rate, Some(128_000));
}

#[test]
fn an_unknown_format_keeps_its_number() {
    let (tag, notes) = parse_whole(&[0xC0, 0x01]);
    assert_eq!(tag.codec(), Some(CodecId::Audio(12)));
    assert_eq!(notes[0].code(), "media.unknown_codec");
}

#[test]
fn nonstandard_opus_comes_with_a_packet_type_or_without() {
    let (tag, notes) = parse_whole(b"\xDF\x00OpusHead\x01\x02\x38\x01\x80\xBB\x00\x00\x00\x00\x00");
    assert!(tag.is_config());
    assert_eq!(notes[0].code(), "media.nonstandard_codec");
    let config = tag.tracks.first().unwrap().config.unwrap();
    assert_eq!(config.channels, Some(2));
    let (tag, notes) = parse(&[0xDF, 0x01, 0xFC], 200, &mut NoFields);
    assert!(tag.is_coded());
    assert_eq!(tag.tracks.first().unwrap().payload, 2..200);
    assert_eq!(notes, []);
    let (tag, _) = parse(&[0xDF, 0xFC, 0x7F], 200, &mut NoFields);
    assert!(tag.is_coded());
    assert_eq!(tag.tracks.first().unwrap().payload, 1..200);
}

#[test]
fn enhanced_coded_frames() {
    // Enhanced RTMP v2: SoundFormat 9, AudioPacketType 1, FourCC.
    let (tag, notes) = parse(b"\x91Opus\xFC\xFF", 120, &mut NoFields);
    assert!(tag.is_enhanced && tag.is_coded());
    assert_eq!(tag.codec(), Some(opus()));
    assert_eq!(tag.tracks.first().unwrap().payload, 5..120);
    assert_eq!(tag.tracks.first().unwrap().id, 0);
    assert_eq!(notes, []);
}

#[test]
fn enhanced_sequence_end_is_type_2() {
    let (tag, notes) = parse_whole(b"\x92fLaC");
    assert_eq!(tag.packet, AudioPacket::SequenceEnd);
    assert_eq!(notes, []);
}

#[test]
fn opus_may_leave_its_record_out() {
    let (tag, notes) = parse_whole(b"\x90Opus");
    assert!(tag.is_config());
    assert_eq!(tag.tracks.first().unwrap().config, None);
    assert_eq!(notes, []);
}

#[test]
fn reserved_packet_types_keep_their_number() {
    for number in [3, 6, 8, 15] {
        let (tag, notes) = parse_whole(&[0x90 | number, b'O', b'p', b'u', b's']);
        assert_eq!(tag.packet, AudioPacket::Unknown(number));
        assert_eq!(notes[0].code(), "media.reserved_packet_type");
    }
}

#[test]
fn mod_ex_carries_nanoseconds() {
    // ModEx (7), size 3 - 1, 0x0C3500 = 800000 ns, type 0 and CodedFrames (1).
    let (tag, notes) = parse_whole(b"\x97\x02\x0C\x35\x00\x01Opus\xFC");
    assert_eq!(tag.nano_offset, Some(800_000));
    assert_eq!(tag.mod_ex, [ModEx { kind: 0, len: 3 }]);
    assert!(tag.is_coded());
    assert_eq!(tag.codec(), Some(opus()));
    assert_eq!(notes, []);
}

#[test]
fn several_mod_ex_in_a_row_with_a_long_one() {
    // Type 5 with 256 bytes of data (size byte 255, then 16 bits of 255), then nanoseconds.
    let mut body = vec![0x97, 0xFF, 0x00, 0xFF];
    body.extend([0xAB; 256]);
    body.push(0x57);
    body.extend([0x02, 0x00, 0x00, 0x2A, 0x01]);
    body.extend(b"mp4a\x21");
    let (tag, notes) = parse_whole(&body);
    assert_eq!(
        tag.mod_ex,
        [ModEx { kind: 5, len: 256 }, ModEx { kind: 0, len: 3 }]
    );
    assert_eq!(tag.nano_offset, Some(42));
    assert_eq!(tag.codec(), Some(CodecId::FourCc(FourCc(*b"mp4a"))));
    assert_eq!(notes, []);
}

#[test]
fn nanoseconds_need_three_bytes_and_stay_below_a_millisecond() {
    let (tag, notes) = parse_whole(b"\x97\x01\x00\x01\x01Opus\xFC");
    assert_eq!(tag.nano_offset, None);
    assert_eq!(notes[0].code(), "media.mod_ex_short");
    let (tag, notes) = parse_whole(b"\x97\x02\x0F\x42\x40\x01Opus\xFC");
    assert_eq!(tag.nano_offset, Some(1_000_000));
    assert_eq!(notes[0].code(), "media.nano_offset_out_of_range");
}

#[test]
fn one_track_reads_the_multitrack_type_first() {
    // Multitrack is 5 in audio; OneTrack (0) in the high nibble, CodedFrames (1) in the low one.
    let (tag, notes) = parse_whole(b"\x95\x01Opus\x07\xFC\xFF");
    assert_eq!(tag.multitrack, Some(MultitrackKind::OneTrack));
    assert_eq!(tag.packet, AudioPacket::CodedFrames);
    let track = tag.tracks.first().unwrap();
    assert_eq!((track.id, track.codec), (7, opus()));
    assert_eq!(track.payload, 7..9);
    assert_eq!(notes, []);
}

#[test]
fn many_tracks_share_a_fourcc() {
    let (tag, notes) = parse_whole(b"\x95\x11mp4a\x00\x00\x00\x02\xAA\xBB\x01\x00\x00\x01\xCC");
    assert_eq!(tag.multitrack, Some(MultitrackKind::ManyTracks));
    let tracks: Vec<_> = tag
        .tracks
        .iter()
        .map(|track| (track.id, track.payload.clone()))
        .collect();
    assert_eq!(tracks, [(0, 10..12), (1, 16..17)]);
    assert_eq!(notes, []);
}

#[test]
fn many_codecs_give_the_fourcc_before_the_track_id() {
    let (tag, notes) = parse_whole(b"\x95\x21Opus\x00\x00\x00\x02\xFC\xFFmp4a\x01\x00\x00\x01\xCC");
    let tracks: Vec<_> = tag
        .tracks
        .iter()
        .map(|track| (track.id, track.codec.to_string(), track.payload.clone()))
        .collect();
    assert_eq!(
        tracks,
        [
            (0, "opus".to_owned(), 10..12),
            (1, "aac".to_owned(), 20..21)
        ]
    );
    assert_eq!(notes, []);
}

#[test]
fn a_track_that_claims_too_much_is_cut_to_the_message() {
    let (tag, notes) = parse_whole(b"\x95\x11mp4a\x00\x00\x00\xFF\xAA\xBB");
    assert_eq!(tag.tracks.first().unwrap().payload, 10..12);
    assert_eq!(
        notes,
        [MediaProblem::TrackBeyondMessage {
            track_id: 0,
            size: 255,
            left: 2,
        }]
    );
}

#[test]
fn nested_multitrack_is_named() {
    let (tag, notes) = parse_whole(b"\x95\x05Opus\x00\xFC");
    assert_eq!(tag.packet, AudioPacket::Unknown(5));
    assert_eq!(notes, [MediaProblem::NestedMultitrack { packet_type: 5 }]);
}

#[test]
fn a_reserved_multitrack_type_keeps_its_number() {
    let (tag, notes) = parse_whole(b"\x95\x41Opus\x00\xFC");
    assert_eq!(tag.multitrack, Some(MultitrackKind::Unknown(4)));
    assert_eq!(tag.tracks, Tracks::None);
    assert_eq!(notes[0].code(), "media.reserved_multitrack_type");
}

#[test]
fn multichannel_config_native() {
    // Order 1, 6 channels, mask 0x3F: 5.1.
    let (tag, notes) = parse_whole(b"\x94Opus\x01\x06\x00\x00\x00\x3F");
    assert!(tag.is_config());
    let channels = tag.tracks.first().unwrap().channels.as_ref().unwrap();
    assert_eq!(channels.count, 6);
    assert_eq!(channels.speakers(), ["FL", "FR", "FC", "LFE1", "BL", "BR"]);
    assert_eq!(notes, []);
}

#[test]
fn multichannel_config_custom() {
    let (tag, notes) = parse_whole(b"\x94fLaC\x02\x03\x02\xFE\x18");
    let channels = tag.tracks.first().unwrap().channels.as_ref().unwrap();
    assert_eq!(channels.speakers(), ["FC", "unused", "reserved"]);
    assert_eq!(notes, []);
}

#[test]
fn multichannel_config_unspecified_tells_the_count_only() {
    let (tag, _) = parse_whole(b"\x94fLaC\x00\x02");
    let channels = tag.tracks.first().unwrap().channels.as_ref().unwrap();
    assert_eq!(channels.order, channels::ChannelOrder::Unspecified);
    assert_eq!(channels.count, 2);
}

#[test]
fn fields_lie_where_the_bytes_are() {
    let body = b"\x97\x02\x00\x00\x01\x05\x11Opus\x03\x00\x00\x01\xFC";
    let mut tree = FieldTree::default();
    parse(body, u32::try_from(body.len()).unwrap(), &mut tree);
    let fields = tree.into_fields();
    let names: Vec<_> = fields
        .iter()
        .map(|field| (field.name.as_str(), field.range.clone()))
        .collect();
    assert_eq!(
        names,
        [
            ("soundFormat", 0..1),
            ("audioPacketType", 0..1),
            ("modEx", 1..6),
            ("audioMultitrackType", 6..7),
            ("audioPacketType", 6..7),
            ("audioFourCc", 7..11),
            ("audioTrack", 11..16),
        ]
    );
    let parts: Vec<_> = fields[6]
        .parts
        .iter()
        .map(|field| (field.name.as_str(), field.range.clone()))
        .collect();
    assert_eq!(
        parts,
        [
            ("audioTrackId", 11..12),
            ("sizeOfAudioTrack", 12..15),
            ("data", 15..16),
        ]
    );
}

#[test]
fn the_header_of_a_coded_frame_is_shown() {
    let body = [0x2F, 0xFF, 0xFB, 0x94, 0x64, 0x00];
    let mut tree = FieldTree::default();
    parse(&body, 385, &mut tree);
    let fields = tree.into_fields();
    let header = fields
        .iter()
        .find(|field| field.name == "mpegAudioHeader")
        .unwrap();
    assert_eq!(header.range, 1..5);
    assert_eq!(header.parts[3].name, "bitrate_index");
    assert_eq!(
        (
            header.parts[3].value.as_str(),
            header.parts[3].range.clone()
        ),
        ("9", 3..4)
    );
}
