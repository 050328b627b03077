//! RTMP 1.0 sections 5.3 and 5.4, and where senders deviate.

use super::*;

/// Type 0 header on chunk stream 4: timestamp 1000, length 6, audio, message stream 1.
const AUDIO: [u8; 12] = [4, 0, 0x03, 0xE8, 0, 0, 6, 8, 1, 0, 0, 0];
const SIX: [u8; 6] = [0xAF, 1, 2, 3, 4, 5];

fn timestamps(seen: &Seen) -> Vec<(u32, Option<u32>)> {
    let time = |m: &RawMessage| (m.timestamp.0, m.delta);
    seen.messages.iter().map(time).collect()
}

#[test]
fn type_3_after_type_1_repeats_its_delta() {
    // Section 5.3.1.2.4, and the audio of section 5.3.2.1: delta 20.
    let mut bytes = [&AUDIO[..], &SIX].concat();
    bytes.extend([0x44, 0, 0, 20, 0, 0, 6, 8]);
    bytes.extend(SIX);
    bytes.push(0xC4);
    bytes.extend(SIX);
    let seen = read(&bytes);
    assert_eq!(
        timestamps(&seen),
        [(1000, None), (1020, Some(20)), (1040, Some(20))]
    );
    assert_eq!(seen.messages[2].fmt.number(), 3);
    assert_eq!(seen.messages[2].header_bytes, 1);
    assert!(seen.anomalies.is_empty());
}

#[test]
fn type_3_after_type_0_adds_its_timestamp() {
    // Section 5.3.1.2.4: "if a Type 3 chunk follows a Type 0 chunk, then the timestamp delta for
    // this Type 3 chunk is the same as the timestamp of the Type 0 chunk".
    let mut bytes = [&AUDIO[..], &SIX].concat();
    bytes.push(0xC4);
    bytes.extend(SIX);
    assert_eq!(
        timestamps(&read(&bytes)),
        [(1000, None), (2000, Some(1000))]
    );
}

#[test]
fn a_wrapped_delta_goes_back_in_time() {
    // Delta 2^32 - 10 in an extended field (section 5.3.1.3).
    let mut bytes = [&AUDIO[..], &SIX].concat();
    bytes.extend([0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF6]);
    bytes.extend(SIX);
    assert_eq!(timestamps(&read(&bytes))[1], (990, Some(0xFFFF_FFF6)));
}

#[test]
fn a_new_chunk_size_counts_for_messages_in_progress() {
    // Section 5.4.1: 200 bytes of video, 128 of them before Set Chunk Size to 10.
    let mut bytes = vec![6, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0];
    bytes.extend([0x27; 128]);
    bytes.extend([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 10]);
    for rest in [10, 10, 10, 10, 10, 10, 10, 2] {
        bytes.push(0xC6);
        bytes.extend(vec![0x27; rest]);
    }
    let seen = read(&bytes);
    assert_eq!(seen.messages.len(), 2);
    let video = &seen.messages[1];
    assert_eq!(
        (video.received, video.chunks, video.interruptions),
        (200, 9, 1)
    );
    assert_eq!(
        (video.header_bytes, video.range.end),
        (20, bytes.len() as u64)
    );
}

#[test]
fn the_chunk_size_is_bounded() {
    // Section 5.4.1: 1 to 0x7FFFFFFF; sizes above 0xFFFFFF are equivalent to it.
    let set = |value: u32| {
        let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
        bytes.extend(value.to_be_bytes());
        bytes.extend([6, 0, 0, 0, 0, 0, 130, 9, 1, 0, 0, 0]);
        bytes.extend([0x27; 130]);
        read(&bytes)
    };
    let huge = set(0x7FFF_FFFF);
    assert_eq!((huge.messages[1].received, huge.codes().len()), (130, 0));
    let signed = set(0x8000_1000);
    assert_eq!(signed.messages[1].received, 130);
    assert_eq!(signed.codes(), ["chunk.size_top_bit"]);
    // With 0 the size of 128 stays, so that a header is missed at the 129th byte.
    let zero = set(0);
    assert_eq!(zero.codes()[0], "chunk.size_zero");
    assert_eq!(zero.messages[1].received, 128);
}

#[test]
fn abort_drops_the_message_in_progress() {
    // Section 5.4.2.
    let mut bytes = vec![6, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0];
    bytes.extend([0x27; 128]);
    bytes.extend([2, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 6]);
    bytes.extend([0x46, 0, 0, 40, 0, 0, 2, 9, 0x27, 1]);
    let seen = read(&bytes);
    assert_eq!(seen.codes(), ["chunk.message_aborted"]);
    let lengths: Vec<_> = seen
        .messages
        .iter()
        .map(|m| (m.length, m.received))
        .collect();
    assert_eq!(lengths, [(4, 4), (200, 128), (2, 2)]);
    assert_eq!(seen.messages[2].timestamp.0, 40);
}

#[test]
fn a_message_may_be_empty() {
    let bytes = [4, 0, 0, 5, 0, 0, 0, 8, 1, 0, 0, 0, 0xC4];
    let seen = read(&bytes);
    assert_eq!(timestamps(&seen), [(5, None), (10, Some(5))]);
    assert!(seen.messages.iter().all(RawMessage::is_complete));
    assert_eq!(seen.messages[1].range.start, 12);
}

#[test]
fn a_whole_header_between_chunks_may_continue() {
    let header = [6, 0, 0, 9, 0, 0, 200, 9, 1, 0, 0, 0];
    let mut bytes = header.to_vec();
    bytes.extend([0x27; 128]);
    bytes.extend(header);
    bytes.extend([0x27; 72]);
    let seen = read(&bytes);
    assert_eq!(seen.messages.len(), 1);
    assert_eq!(
        (seen.messages[0].received, seen.messages[0].chunks),
        (200, 2)
    );
    assert_eq!(seen.codes(), ["chunk.header_within_message"]);
}

#[test]
fn another_header_between_chunks_begins_a_message() {
    let mut bytes = vec![6, 0, 0, 9, 0, 0, 200, 9, 1, 0, 0, 0];
    bytes.extend([0x27; 128]);
    bytes.extend([6, 0, 0, 49, 0, 0, 2, 9, 1, 0, 0, 0, 0x27, 1]);
    let seen = read(&bytes);
    assert_eq!(seen.codes(), ["chunk.message_cut"]);
    let lengths: Vec<_> = seen
        .messages
        .iter()
        .map(|m| (m.length, m.received))
        .collect();
    assert_eq!(lengths, [(200, 128), (2, 2)]);
}

#[test]
fn the_first_header_on_chunk_stream_2_may_be_of_type_1() {
    // librtmp and GStreamer: Set Chunk Size with 0x42 in front.
    let bytes = [0x42, 0, 0, 0, 0, 0, 4, 1, 0, 0, 16, 0];
    let seen = read(&bytes);
    assert_eq!(seen.messages[0].stream_id.0, 0);
    assert_eq!(seen.codes(), ["chunk.first_header_not_full"]);
}

#[test]
fn ids_with_several_bytes_are_one_chunk_stream() {
    // Chunk stream 70 in the form of two bytes, then of three (section 5.3.1.1).
    let mut bytes = vec![0, 6, 0, 0, 1, 0, 0, 6, 8, 1, 0, 0, 0];
    bytes.extend(SIX);
    bytes.extend([0xC1, 6, 0]);
    bytes.extend(SIX);
    let seen = read(&bytes);
    let csids: Vec<_> = seen.messages.iter().map(|m| m.csid.0).collect();
    assert_eq!(csids, [70, 70]);
}

/// 300 bytes of video at 20,000,000 ms in chunks of 128, with `behind` after each type 3 header.
fn extended(behind: &[u8]) -> Vec<u8> {
    let mut bytes = vec![
        6, 0xFF, 0xFF, 0xFF, 0, 1, 0x2C, 9, 1, 0, 0, 0, 1, 0x31, 0x2D, 0,
    ];
    for part in [128, 128, 44] {
        bytes.extend(vec![0x27; part]);
        bytes.push(0xC6);
        bytes.extend(behind);
    }
    // A second message of the same kind begins with the last of them: delta 0.
    bytes.extend([0x27; 128]);
    bytes
}

#[test]
fn type_3_repeats_the_extended_timestamp() {
    // Section 5.3.1.3.
    let seen = read(&extended(&[1, 0x31, 0x2D, 0]));
    assert!(seen.anomalies.is_empty());
    assert_eq!(seen.messages[0].received, 300);
    assert_eq!(seen.messages[0].header_bytes, 16 + 5 + 5);
    assert!(seen.messages[0].extended_timestamp);
    assert_eq!(timestamps(&seen)[1], (20_000_000, Some(0)));
    assert!(seen.messages[1].extended_timestamp);
}

#[test]
fn type_3_leaves_the_extended_timestamp_out() {
    // The draft of 2009, and librtmp until 2024.
    let seen = read(&extended(&[]));
    assert_eq!(seen.codes(), ["chunk.extended_timestamp_left_out"]);
    assert_eq!(seen.messages[0].received, 300);
    assert_eq!(seen.messages[0].header_bytes, 16 + 1 + 1);
    assert!(!seen.messages[1].extended_timestamp);
}

#[test]
fn what_might_have_been_an_extended_timestamp_is_payload_of_whatever_follows() {
    // Messages whose last chunk has one byte, with another's behind it: both lie within the four
    // bytes that are looked at. Section 5.3.1.3 as the draft of 2009 has it.
    let mut bytes = Vec::new();
    let mut all = Vec::new();
    for _ in 0..3 {
        bytes.extend([4, 0xFF, 0xFF, 0xFF, 0, 0, 129, 8, 1, 0, 0, 0, 1, 0, 0, 0]);
        bytes.extend([0xAF, 1]);
        bytes.extend([0x55; 126]);
        bytes.extend([0xC4, 0x55]);
        bytes.extend([6, 0, 0, 0, 0, 0, 2, 9, 1, 0, 0, 0, 0x27, 1]);
        all.extend([(8, 129), (9, 2)]);
    }
    for len in 1..=20 {
        let mut decoder = decoder(Start::Chunks);
        let mut out = EventQueue::default();
        for (at, piece) in bytes.chunks(len).enumerate() {
            let at = u64::try_from(at * len).expect("small");
            decoder.push(at, Mark::default(), piece, &mut out);
        }
        decoder.finish(Mark::default(), &mut out);
        let seen = drain(&mut out);
        let whole = seen.messages.iter().filter(|m| m.is_complete());
        let whole: Vec<_> = whole.map(|m| (m.type_id.0, m.length)).collect();
        assert_eq!(whole, all, "in pieces of {len}");
        assert_eq!(seen.codes(), ["chunk.extended_timestamp_left_out"]);
    }
}

#[test]
fn a_last_chunk_without_extended_timestamp_may_be_shorter_than_one() {
    for left in 1..=5 {
        let mut bytes = vec![
            4,
            0xFF,
            0xFF,
            0xFF,
            0,
            0,
            128 + left,
            8,
            1,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
        ];
        bytes.extend([0xAF; 128]);
        bytes.push(0xC4);
        bytes.extend((0..left).map(|_| 0x55));
        let seen = read(&bytes);
        assert!(seen.messages[0].is_complete(), "{left}");
        assert_eq!(seen.codes(), ["chunk.extended_timestamp_left_out"]);
        assert!(seen.skipped.is_empty());
    }
    // What may be the begin of the field is not taken for payload.
    let mut bytes = vec![4, 0xFF, 0xFF, 0xFF, 0, 0, 130, 8, 1, 0, 0, 0, 1, 0, 0, 0];
    bytes.extend([0xAF; 128]);
    bytes.extend([0xC4, 1, 0]);
    let seen = read(&bytes);
    assert_eq!(seen.messages[0].received, 128);
    assert!(seen.anomalies.is_empty(), "{:?}", seen.codes());
}

#[test]
fn a_repeated_extended_delta_is_the_delta() {
    // FFmpeg: type 1 with delta 20,000,000, and the same in its continuations.
    let mut bytes = vec![6, 0, 0, 7, 0, 0, 2, 9, 1, 0, 0, 0, 0x17, 0];
    bytes.extend([0x46, 0xFF, 0xFF, 0xFF, 0, 0, 200, 9, 1, 0x31, 0x2D, 0]);
    bytes.extend([0x27; 128]);
    bytes.extend([0xC6, 1, 0x31, 0x2D, 0]);
    bytes.extend([0x27; 72]);
    let seen = read(&bytes);
    assert_eq!(timestamps(&seen)[1], (20_000_007, Some(20_000_000)));
    assert_eq!(seen.messages[1].received, 200);
    assert!(seen.anomalies.is_empty());
}

#[test]
fn commands_are_kept_whole_and_media_only_in_part() {
    let mut bytes = vec![3, 0, 0, 0, 0, 0, 100, 20, 0, 0, 0, 0];
    bytes.extend([5; 100]);
    bytes.extend([4, 0, 0, 0, 0, 0, 120, 8, 1, 0, 0, 0, 0xAF, 1]);
    bytes.extend([7; 118]);
    let seen = read(&bytes);
    assert!(seen.messages[0].is_whole());
    assert!(seen.messages[1].is_complete() && !seen.messages[1].is_whole());
    assert_eq!(seen.messages[1].body[..3], [0xAF, 1, 7]);
}

#[test]
fn the_parts_of_an_aggregate_follow_it() {
    // Section 7.1.6: two audio messages at 10 and 30 in an aggregate at 1000.
    let part = |time: u8| vec![8, 0, 0, 2, 0, 0, time, 0, 0, 0, 0, 0xAF, 1, 0, 0, 0, 13];
    let body = [part(10), part(30)].concat();
    let mut bytes = vec![4, 0, 0x03, 0xE8, 0, 0, 34, 22, 1, 0, 0, 0];
    bytes.extend(&body);
    let seen = read(&bytes);
    let seen: Vec<_> = seen
        .messages
        .iter()
        .map(|m| (m.type_id.0, m.timestamp.0, m.length, m.from_aggregate))
        .collect();
    let expected = [
        (22, 1000, 34, false),
        (8, 1000, 2, true),
        (8, 1020, 2, true),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn thousands_of_unfinished_messages_stay_bounded() {
    // Chunk size 64 KiB; every chunk stream begins a message of 16 MiB and gets one chunk of it.
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 1, 0, 0];
    let mut decoder = decoder(Start::Chunks);
    let mut out = EventQueue::default();
    decoder.push(0, Mark::default(), &bytes, &mut out);
    let mut offset = bytes.len() as u64;
    let mut begun = 0;
    for id in 0..1000_u32 {
        let [_, _, high, low] = id.to_be_bytes();
        bytes.clear();
        bytes.extend([1, low, high, 0, 0, 0, 0xFF, 0xFF, 0xFF, 18, 1, 0, 0, 0]);
        bytes.resize(bytes.len() + 65_536, 2);
        decoder.push(offset, Mark::default(), &bytes, &mut out);
        offset += bytes.len() as u64;
        let seen = drain(&mut out);
        begun += seen.messages.iter().filter(|m| m.type_id.0 == 18).count();
        for kind in seen.anomalies {
            assert!(matches!(kind, AnomalyKind::TooManyChunkStreams), "{kind}");
        }
    }
    // What was forgotten came out as far as it came in; the rest is still there.
    assert_eq!(begun, 1000 - crate::rtmp::chunk::stream::MAX_CHUNK_STREAMS);
}

#[test]
fn the_content_of_unfinished_messages_is_bounded() {
    // As above with chunks of 1 MiB on 40 chunk streams: more than is kept.
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0x10, 0, 0];
    for id in 0..40 {
        bytes.extend([0, id, 0, 0, 0, 0xFF, 0xFF, 0xFF, 18, 1, 0, 0, 0]);
        bytes.resize(bytes.len() + (1 << 20), 2);
    }
    let seen = read(&bytes);
    assert_eq!(seen.codes(), ["chunk.bodies_dropped"]);
    let unfinished = seen.messages.iter().skip(1);
    let kept: usize = unfinished.map(|m| m.body.len()).sum();
    assert!(kept <= crate::rtmp::chunk::keep::MAX_KEPT);
    let received: u32 = seen.messages.iter().skip(1).map(|m| m.received).sum();
    assert_eq!(received, 40 << 20);
}
