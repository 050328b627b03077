//! What senders do otherwise than RTMP 1.0 says, or than others, with bytes written by hand.

use super::*;

/// A whole header (section 5.3.1.2.1) of message stream 1 at timestamp 0, and no payload.
fn header(csid: u8, type_id: u8, len: u8) -> Vec<u8> {
    vec![csid, 0, 0, 0, 0, 0, len, type_id, 1, 0, 0, 0]
}

/// Payload in chunks of `size`, behind the header of the first.
fn chunked(header: &[u8], first: [u8; 2], len: usize, size: usize) -> Vec<u8> {
    let mut payload = first.to_vec();
    payload.resize(len, 0x55);
    let mut bytes = header.to_vec();
    for (at, piece) in payload.chunks(size).enumerate() {
        if at > 0 {
            bytes.push(0xC0 | header[0]);
        }
        bytes.extend(piece);
    }
    bytes
}

/// Audio of 150 bytes on chunk stream 4 and video of 200 on chunk stream 6, several times.
fn fragments(audio: usize) -> Vec<u8> {
    let one = |_| {
        let sound = chunked(&header(4, 8, 150), [0xAF, 1], 150, audio);
        let picture = chunked(&header(6, 9, 200), [0x27, 1], 200, 128);
        [sound, picture].concat()
    };
    (0..4).flat_map(one).collect()
}

fn types_and_lengths(seen: &Seen) -> Vec<(u8, u32)> {
    let whole = seen.messages.iter().filter(|m| m.is_complete());
    whole.map(|m| (m.type_id.0, m.length)).collect()
}

#[test]
fn audio_came_in_chunks_of_64_bytes_before_rtmp_1_0() {
    // Until a chunk size is agreed: 64 bytes for audio, 128 for all else.
    let seen = read(&fragments(64));
    assert_eq!(types_and_lengths(&seen), [(8, 150), (9, 200)].repeat(4));
    assert_eq!(seen.codes(), ["chunk.audio_fragments"]);
    assert_eq!(seen.messages[0].chunks, 3);
}

#[test]
fn audio_comes_in_chunks_of_128_bytes_by_default() {
    // Section 5.4.1.
    let seen = read(&fragments(128));
    assert_eq!(types_and_lengths(&seen), [(8, 150), (9, 200)].repeat(4));
    assert!(seen.anomalies.is_empty(), "{:?}", seen.codes());
    assert_eq!(seen.messages[0].chunks, 2);
}

#[test]
fn an_agreed_chunk_size_holds_for_audio_too() {
    let mut bytes = fragments(64);
    bytes.extend([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 16, 0]);
    bytes.extend(chunked(&header(4, 8, 150), [0xAF, 1], 150, 4096));
    bytes.extend(chunked(&header(6, 9, 200), [0x27, 1], 200, 4096));
    let seen = read(&bytes);
    let lengths = types_and_lengths(&seen);
    assert_eq!(lengths[8..], [(1, 4), (8, 150), (9, 200)]);
}

/// Video of 250 bytes in chunks of 128, with Set Chunk Size to 100 behind its first chunk, and its rest
/// in chunks of `rest`. Then a message in chunks of 100.
fn size_within_a_message(rest: usize) -> Vec<u8> {
    let mut bytes = chunked(&header(6, 9, 250), [0x27, 1], 128, 128);
    bytes.extend([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 100]);
    bytes.push(0xC6);
    bytes.extend(chunked(&[6], [0x55; 2], 250 - 128, rest).split_off(1));
    for _ in 0..3 {
        bytes.extend(chunked(&header(6, 9, 250), [0x27, 1], 250, 100));
        bytes.extend(chunked(&header(4, 8, 90), [0xAF, 1], 90, 100));
    }
    bytes
}

#[test]
fn a_chunk_size_counts_at_once() {
    // Section 5.4.1: for messages in progress as well.
    let seen = read(&size_within_a_message(100));
    let all = [&[(1, 4), (9, 250)][..], &[(9, 250), (8, 90)].repeat(3)].concat();
    assert_eq!(types_and_lengths(&seen), all);
    assert!(seen.anomalies.is_empty(), "{:?}", seen.codes());
}

#[test]
fn a_chunk_size_counts_late() {
    // The message in progress ends as it began.
    let seen = read(&size_within_a_message(128));
    let all = [&[(1, 4), (9, 250)][..], &[(9, 250), (8, 90)].repeat(3)].concat();
    assert_eq!(types_and_lengths(&seen), all);
    assert_eq!(seen.codes(), ["chunk.size_late"]);
}

/// Video of 344 bytes in a chunk of 200 and then, while Set Chunk Size goes to 128 and back, in
/// chunks of 128 and of 16. Then messages in chunks of 200.
fn size_and_back_within_a_message() -> Vec<u8> {
    const SIZE: [u8; 15] = [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0];
    let set = |size: u8| [&SIZE[..], &[size]].concat();
    let mut bytes = set(200);
    let whole = [6, 0, 0, 0, 0, 1, 0x58, 9, 1, 0, 0, 0];
    bytes.extend(chunked(&whole, [0x27, 1], 200, 200));
    bytes.extend(set(128));
    bytes.push(0xC6);
    bytes.extend([0x55; 128]);
    bytes.extend(set(200));
    bytes.push(0xC6);
    bytes.extend([0x55; 344 - 200 - 128]);
    for _ in 0..3 {
        bytes.extend(chunked(&whole, [0x27, 1], 344, 200));
        bytes.extend(chunked(&header(4, 8, 90), [0xAF, 1], 90, 200));
    }
    bytes
}

#[test]
fn a_chunk_size_counts_at_once_each_time() {
    // What is left behind the second chunk is as long as Set Chunk Size with its header.
    let seen = read(&size_and_back_within_a_message());
    let all = [
        &[(1, 4), (1, 4), (1, 4), (9, 344)][..],
        &[(9, 344), (8, 90)].repeat(3),
    ]
    .concat();
    assert_eq!(types_and_lengths(&seen), all);
    assert_eq!(seen.messages[3].chunks, 3);
    assert!(seen.anomalies.is_empty(), "{:?}", seen.codes());
}

#[test]
fn type_3_after_type_0_adds_nothing_where_that_would_be_a_jump() {
    // Section 5.3.1.2.4 has the delta be the timestamp, 20 seconds; nginx-rtmp means 0.
    let mut bytes = vec![4, 0, 0x4E, 0x20, 0, 0, 2, 8, 1, 0, 0, 0, 0xAF, 1];
    bytes.extend([0xC4, 0xAF, 1]);
    let seen = read(&bytes);
    let times: Vec<_> = seen.messages.iter().map(|m| m.timestamp.0).collect();
    assert_eq!(times, [20_000, 20_000]);
}

/// Two messages of 200 bytes: type 0 at 7 ms, and type 1 with an extended delta of 20,000,000, whose
/// continuation repeats `field`.
fn extended_delta(field: u32) -> Seen {
    let mut bytes = vec![6, 0, 0, 7, 0, 0, 2, 9, 1, 0, 0, 0, 0x17, 0];
    bytes.extend([0x46, 0xFF, 0xFF, 0xFF, 0, 0, 200, 9]);
    bytes.extend(20_000_000_u32.to_be_bytes());
    bytes.extend([0x27; 128]);
    bytes.push(0xC6);
    bytes.extend(field.to_be_bytes());
    bytes.extend([0x27; 72]);
    read(&bytes)
}

#[test]
fn type_3_repeats_the_timestamp_in_place_of_the_delta() {
    // Section 5.3.1.3 has the field of the header before repeated: there, the delta.
    let seen = extended_delta(20_000_007);
    assert_eq!(types_and_lengths(&seen), [(9, 2), (9, 200)]);
    assert_eq!(seen.messages[1].timestamp.0, 20_000_007);
    assert!(seen.anomalies.is_empty(), "{:?}", seen.codes());
}

#[test]
fn type_3_repeats_an_extended_timestamp_of_31_bits() {
    // Relays that keep timestamps as FLV does (FLV 10.1 section E.4.1) cut the top bit.
    let time = 0x8000_0010_u32.to_be_bytes();
    let mut bytes = vec![6, 0xFF, 0xFF, 0xFF, 0, 0, 200, 9, 1, 0, 0, 0];
    bytes.extend(time);
    bytes.extend([0x27; 128]);
    bytes.push(0xC6);
    bytes.extend([0, 0, 0, 0x10]);
    bytes.extend([0x27; 72]);
    let seen = read(&bytes);
    assert_eq!(types_and_lengths(&seen), [(9, 200)]);
    assert!(seen.anomalies.is_empty(), "{:?}", seen.codes());
}
