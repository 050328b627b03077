//! What stands between two holes.

use super::*;

/// Chunks of 4096 bytes from here on (section 5.4.1).
const CHUNKS_OF_4096: [u8; 16] = [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 16, 0];

/// A message of AAC behind a header of type 1 on chunk stream 4 (section 5.3.1.2.2), 23 ms after
/// the one before.
fn audio(len: u8) -> Vec<u8> {
    let mut bytes = vec![0x44, 0, 0, 23, 0, 0, len, 8, 0xAF, 1];
    bytes.resize(8 + usize::from(len), 0x55);
    bytes
}

fn whole(seen: &Seen) -> Vec<u32> {
    let whole = seen.messages.iter().filter(|m| m.is_complete());
    whole.map(|m| m.length).collect()
}

#[test]
fn a_message_between_two_holes_is_found() {
    let mut bytes = [&CHUNKS_OF_4096[..], &audio(60)].concat();
    let first = bytes.len() + 4..bytes.len() + 8 + 61;
    bytes.extend(audio(61));
    bytes.extend(audio(62));
    // In the header of another.
    let second = bytes.len() + 4..bytes.len() + 50;
    bytes.extend([audio(63), audio(64), audio(65), audio(66)].concat());
    let seen = read_with_holes(Start::Chunks, &bytes, &[first, second]);
    assert_eq!(whole(&seen), [4, 60, 62, 64, 65, 66]);
}

#[test]
fn a_message_that_begins_before_a_hole_is_followed_beyond_it() {
    // 1000 bytes in one chunk, as was agreed, of which only the begin was captured.
    let mut bytes = CHUNKS_OF_4096.to_vec();
    let first = bytes.len()..bytes.len() + 8 + 60;
    bytes.extend(audio(60));
    let second = bytes.len() + 40..bytes.len() + 900;
    bytes.extend([0x46, 0, 0, 40, 0, 3, 0xE8, 9, 0x27, 1, 0, 0, 0]);
    bytes.resize(bytes.len() + 995, 0x55);
    bytes.extend([audio(61), audio(62)].concat());
    let seen = read_with_holes(Start::Chunks, &bytes, &[first, second]);
    assert_eq!(whole(&seen), [4, 61, 62]);
    let video = seen.messages.iter().find(|m| m.type_id.0 == 9);
    assert_eq!(video.map(|m| (m.length, m.received)), Some((1000, 140)));
}

#[test]
fn what_does_not_stand_up_to_the_hole_is_not_proven() {
    let mut bytes = [&CHUNKS_OF_4096[..], &audio(60)].concat();
    // Behind the first hole Sorenson H.263, which little speaks for. In its payload is what looks like
    // Opus (Enhanced RTMP v2), but would be over before the next hole, and no header follows.
    let first = bytes.len()..bytes.len() + 8 + 61;
    bytes.extend(audio(61));
    bytes.extend([0x45, 0, 0, 40, 0, 3, 0xE8, 9, 0x22]);
    bytes.resize(bytes.len() + 49, 0x55);
    bytes.extend(b"\x44\0\0\x14\0\0\x20\x08\x91Opus");
    bytes.resize(first.end + 500, 0x55);
    let second = bytes.len()..bytes.len() + 508;
    bytes.resize(second.end, 0x55);
    bytes.extend([audio(62), audio(63), audio(64)].concat());
    let seen = read_with_holes(Start::Chunks, &bytes, &[first, second]);
    assert_eq!(whole(&seen), [4, 60, 62, 63, 64]);
}

#[test]
fn the_end_of_a_direction_alone_proves_no_header() {
    // Chunks of 200 bytes, and Speex of 7 (FLV 10.1 section E.4.2.1).
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 200];
    bytes.extend([4, 0, 0, 0, 0, 0, 7, 8, 1, 0, 0, 0, 0xB2, 1, 2, 3, 4, 5, 6]);
    // Video of 600 bytes goes on behind a hole, it seems, but others came in between: what stands
    // where its third chunk would begin is payload.
    bytes.extend([0x46, 0, 0, 40, 0, 2, 0x58, 9, 0x27, 1, 0, 0, 0]);
    bytes.resize(bytes.len() + 195, 0x55);
    let hole = bytes.len() - 100..bytes.len() + 101;
    bytes.resize(bytes.len() + 201, 0x55);
    // It looks like another Set Chunk Size (type 2, section 5.3.1.2.3), or like sound (type 3), and
    // ends with the direction.
    let ends = [
        [0x82, 0x68, 0x17, 0, 0, 0, 1, 0],
        [0xC4, 0x22, 0x17, 0, 0, 0, 1, 0],
    ];
    for end in ends {
        let bytes = [&bytes[..], &end].concat();
        let seen = read_with_holes(Start::Chunks, &bytes, std::slice::from_ref(&hole));
        let types: Vec<_> = seen.messages.iter().map(|m| m.type_id.0).collect();
        assert_eq!(types, [1, 8, 9], "{end:02x?}");
    }
}
