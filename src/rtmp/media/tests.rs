//! What holds for every byte string.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::rtmp::field::Field;
use crate::rtmp::media::audio::AudioPacket;
use crate::rtmp::media::video::VideoPacket;

/// Bytes that often begin like a message of some kind, so that the depths are reached too.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        Just(Vec::new()),
        vec(any::<u8>(), 1..3),
        prop::sample::select(vec![
            vec![0x17, 0, 0, 0, 0, 1],
            vec![0x1C, 0, 0, 0, 0, 1],
            vec![0x27, 1],
            vec![0x17, 1, 0xFF],
            vec![0xAF, 1],
            vec![0xAF, 0],
            vec![0x2F, 0xFF, 0xFB],
        ]),
        (0x80_u8..=0xFF, prop::sample::select(CODES.to_vec())).prop_map(|(first, code)| [
            &[first][..],
            code
        ]
        .concat()),
        (
            prop::sample::select(vec![0x95_u8, 0x96, 0xA6]),
            0_u8..=0x2F,
            prop::sample::select(CODES.to_vec())
        )
            .prop_map(|(first, second, code)| [&[first, second][..], code].concat()),
    ];
    (head, vec(small_byte(), 0..200)).prop_map(|(head, rest)| [head, rest].concat())
}

const CODES: &[&[u8]] = &[
    b"avc1",
    b"hvc1",
    b"vvc1",
    b"av01",
    b"vp08",
    b"vp09",
    b"mp4a",
    b"Opus",
    b"OpusOpusHead",
    b"fLaC",
    b"fLaCfLaC",
    b"ac-3",
    b"ec-3",
    b".mp3",
];

/// Mostly small numbers: lengths that fit, markers, zero bits.
fn small_byte() -> impl Strategy<Value = u8> {
    prop_oneof![0_u8..8, any::<u8>(), Just(0_u8), Just(1_u8)]
}

fn check_ranges(fields: &[Field], len: usize) {
    for field in fields {
        assert!(field.range.start <= field.range.end, "{field:?}");
        assert!(field.range.end <= len, "{field:?} in {len}");
        check_ranges(&field.parts, len);
    }
}

proptest! {
    #[test]
    fn audio_stays_within_the_message(body in body(), more in 0_u32..50) {
        let len = u32::try_from(body.len()).unwrap() + more;
        let mut tree = FieldTree::default();
        let (tag, _) = audio::parse(&body, len, &mut tree);
        let len = usize::try_from(len).unwrap();
        check_ranges(&tree.into_fields(), len);
        for track in &tag.tracks {
            prop_assert!(track.payload.start <= track.payload.end);
            prop_assert!(track.payload.end <= len);
        }
        prop_assert_eq!(tag, audio::parse(&body, u32::try_from(len).unwrap(), &mut NoFields).0);
    }

    #[test]
    fn video_stays_within_the_message(body in body(), more in 0_u32..50) {
        let len = u32::try_from(body.len()).unwrap() + more;
        let mut tree = FieldTree::default();
        let (tag, _) = video::parse(&body, len, &mut tree);
        let len = usize::try_from(len).unwrap();
        check_ranges(&tree.into_fields(), len);
        for track in &tag.tracks {
            prop_assert!(track.payload.start <= track.payload.end);
            prop_assert!(track.payload.end <= len);
        }
        prop_assert_eq!(tag, video::parse(&body, u32::try_from(len).unwrap(), &mut NoFields).0);
    }

    #[test]
    fn a_prefix_never_contradicts_the_whole(body in body(), cut in 0_usize..210) {
        let len = u32::try_from(body.len()).unwrap();
        let prefix = &body[..cut.min(body.len())];

        let (whole, whole_notes) = video::parse(&body, len, &mut NoFields);
        let (part, notes) = video::parse(prefix, len, &mut NoFields);
        if part.packet != VideoPacket::Unseen {
            prop_assert_eq!(part.packet, whole.packet);
        }
        if part.frame.is_some() {
            prop_assert_eq!(part.frame, whole.frame);
        }
        if part.nano_offset.is_some() && part.packet != VideoPacket::Unseen {
            prop_assert_eq!(part.nano_offset, whole.nano_offset);
        }
        prop_assert!(part.tracks.as_slice().len() <= whole.tracks.as_slice().len());
        for (part, whole) in part.tracks.iter().zip(&whole.tracks) {
            prop_assert_eq!((part.id, part.codec), (whole.id, whole.codec));
            if part.composition_time_ms.is_some() {
                prop_assert_eq!(part.composition_time_ms, whole.composition_time_ms);
            }
        }
        for note in notes {
            prop_assert!(whole_notes.contains(&note) || whole_notes.len() == 8, "{}", note);
        }

        let (whole, whole_notes) = audio::parse(&body, len, &mut NoFields);
        let (part, notes) = audio::parse(prefix, len, &mut NoFields);
        if part.packet != AudioPacket::Unseen {
            prop_assert_eq!(part.packet, whole.packet);
        }
        for (part, whole) in part.tracks.iter().zip(&whole.tracks) {
            prop_assert_eq!((part.id, part.codec), (whole.id, whole.codec));
        }
        for note in notes {
            prop_assert!(whole_notes.contains(&note) || whole_notes.len() == 8, "{}", note);
        }
    }

    #[test]
    fn what_is_kept_tells_as_much_of_the_headers_as_the_whole(body in body()) {
        let len = u32::try_from(body.len()).unwrap();
        let mut have = 1;
        loop {
            let need = keep_len(MessageTypeId::VIDEO, &body[..have.min(body.len())]);
            if need <= have || have >= body.len() {
                break;
            }
            have = need;
        }
        let kept = &body[..have.min(body.len())];
        let whole = video::parse(&body, len, &mut NoFields).0;
        let part = video::parse(kept, len, &mut NoFields).0;
        prop_assert_eq!(part.packet, whole.packet);
        prop_assert_eq!(part.composition_time_ms(), whole.composition_time_ms());
        prop_assert_eq!(part.tracks.as_slice().len(), whole.tracks.as_slice().len());
    }

    #[test]
    fn any_bytes_as_a_record(data in vec(small_byte(), 0..300)) {
        fuzz_config(&data);
    }

    #[test]
    fn any_bytes_behind_a_plausible_record(data in vec(any::<u8>(), 0..100)) {
        // A parameter set of arbitrary bits behind a record's begin.
        let len = u16::try_from(data.len()).unwrap().to_be_bytes();
        let avc = [&b"\x01\x64\0\x0a\xff\xe1"[..], &len, &data].concat();
        fuzz_config(&avc);
        let mut hevc = vec![1; 22];
        hevc.extend([1, 33, 0, 1]);
        hevc.extend(len);
        hevc.extend([0x42, 1]);
        hevc.extend(&data);
        fuzz_config(&hevc);
    }
}

#[test]
fn the_begin_of_a_bare_flac_block_is_no_broken_signature() {
    // Multitrack, one track, sequence start, and a STREAMINFO block without its signature, which
    // is 34 bytes long.
    let mut body = vec![0x95, 0x00, b'f', b'L', b'a', b'C', 0x00];
    // Blocks of 4608 samples at 44 100 Hz.
    body.extend([
        0x12, 0x00, 0x12, 0x00, 0, 0, 0, 0, 0, 0, 0x0A, 0xC4, 0x42, 0xF0,
    ]);
    body.resize(7 + 34, 0);
    let len = u32::try_from(body.len()).unwrap();
    let (_, whole) = audio::parse(&body, len, &mut NoFields);
    assert_eq!(whole.len(), 1, "{whole:?}");
    for cut in 0..body.len() {
        let (_, part) = audio::parse(&body[..cut], len, &mut NoFields);
        assert!(
            part.iter().all(|note| whole.contains(note)),
            "{cut}: {part:?}"
        );
    }
}
