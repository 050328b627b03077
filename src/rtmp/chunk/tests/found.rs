//! What little is needed to find headers again.

use super::*;

use crate::rtmp::inferred::Inference;

/// An acknowledgement behind a header of one byte (sections 5.3.1.2.4 and 5.4.3).
fn acknowledgements(count: u32) -> Vec<u8> {
    (1..=count)
        .flat_map(|n| [&[0xC2][..], &(n * 250_000).to_be_bytes()].concat())
        .collect()
}

#[test]
fn nothing_but_acknowledgements_is_understood_from_the_midst_on() {
    // The last two bytes of one, then ten.
    let bytes = [&[0x90, 0x28][..], &acknowledgements(10)].concat();
    let seen = midstream(&bytes);
    let kinds: Vec<_> = seen
        .messages
        .iter()
        .map(|m| (m.type_id.0, m.length, m.body.clone()))
        .collect();
    assert_eq!(kinds.len(), 10);
    assert_eq!(kinds[9], (3, 4, 2_500_000_u32.to_be_bytes().to_vec()));
    assert_eq!(seen.skipped, [(0, 2)]);
}

/// Acknowledgements as FFmpeg writes them, each so many milliseconds behind the one before (section
/// 5.3.1.2.3).
fn timed_acknowledgements(count: u32, delta: u32) -> Vec<u8> {
    let [_, delta @ ..] = delta.to_be_bytes();
    (1..=count)
        .flat_map(|n| [&[0x82], &delta[..], &(n * 2_500_000).to_be_bytes()].concat())
        .collect()
}

#[test]
fn acknowledgements_with_times_are_understood_from_the_midst_on() {
    // Those of a fast stream and of a slow one, behind the last three bytes of another.
    for delta in [4780, 40_000] {
        let bytes = [&[0x90, 0x28, 0x11][..], &timed_acknowledgements(6, delta)].concat();
        let seen = midstream(&bytes);
        assert_eq!(of_stream(&seen, 2), [(3, 4, Some(delta)); 6]);
        let times = seen
            .messages
            .iter()
            .map(|m| m.told_timestamp().map(|t| t.0));
        let expected = (1..=6).map(|n| Some(n * delta));
        assert!(times.eq(expected), "from message to message");
        assert_eq!(seen.skipped, [(0, 3)]);
    }
}

#[test]
fn acknowledgements_are_not_taken_for_answers_to_pings() {
    // 500 000 is 0x7A120: the first two bytes are those of a ping response (section 7.1.7).
    let bytes: Vec<u8> = (0..10)
        .flat_map(|n| [&[0xC2][..], &(500_000_u32 + n * 250_000).to_be_bytes()].concat())
        .collect();
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 2), [(3, 4, Some(0)); 10]);
}

#[test]
fn nothing_but_answers_to_pings_is_understood_from_the_midst_on() {
    // One a minute; of the first the last five bytes.
    let pongs = (1..=5_u32).flat_map(|n| {
        let time = (n * 60_000).to_be_bytes();
        [&[0xC2, 0, 7][..], &time].concat()
    });
    let bytes: Vec<u8> = pongs.skip(2).collect();
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 2), [(4, 6, Some(0)); 4]);
    assert_eq!(seen.skipped, [(0, 5)]);
    let from = Some(Inference::Pattern);
    assert!(seen.messages.iter().all(|m| m.inferred.header == from));
}

#[test]
fn a_lost_acknowledgement_costs_nothing_else() {
    // A whole header first (type 1), as librtmp sends it.
    let mut bytes = vec![0x42, 0, 0, 0, 0, 0, 4, 3, 0, 0, 1, 0];
    bytes.extend(acknowledgements(12));
    let seen = read_with_hole(&bytes, 12..17);
    assert_eq!(seen.messages.len(), 12);
    assert!(seen.messages.iter().all(RawMessage::is_complete));
}

/// A command without arguments behind a header of type 1 on chunk stream 8 (sections 5.3.1.2.2
/// and 7.1.1).
fn command(delta: u32, name: &str) -> Vec<u8> {
    let len = u8::try_from(3 + name.len() + 10).unwrap();
    let [_, delta @ ..] = delta.to_be_bytes();
    let mut bytes = [&[0x48][..], &delta, &[0, 0, len, 20, 2, 0]].concat();
    bytes.push(u8::try_from(name.len()).unwrap());
    bytes.extend(name.bytes());
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
    bytes
}

#[test]
fn a_command_may_come_hours_after_the_one_before() {
    let mut bytes = command(375, "play");
    // Of the second, the header is lost.
    let start = bytes.len() + 1;
    bytes.extend(command(20, "receiveAudio"));
    bytes.extend(command(2_430_900, "pauseRaw"));
    bytes.extend(command(1, "seek"));
    let seen = read_with_hole(&bytes, start..start + 7);
    let kinds: Vec<_> = seen.messages.iter().map(|m| (m.delta, m.length)).collect();
    assert_eq!(
        kinds,
        [(Some(375), 17), (Some(2_430_900), 21), (Some(1), 17)]
    );
}

#[test]
fn a_few_acknowledgements_between_others_are_understood_by_their_pattern() {
    // Pings are answered in between (section 7.1.7), with headers of type 1.
    let mut bytes = command(0, "play");
    bytes.extend([0x42, 0, 0, 0, 0, 0, 6, 4, 0, 7, 0, 0, 0, 0]);
    // Of the first acknowledgement the header is lost.
    let start = bytes.len() - 3;
    bytes.extend([0x42, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 9]);
    bytes.extend(acknowledgements(3));
    bytes.extend(command(40, "seek"));
    let seen = read_with_hole(&bytes, start..start + 7);
    let types: Vec<_> = seen.messages.iter().map(|m| m.type_id.0).collect();
    assert_eq!(types, [20, 4, 3, 3, 3, 20]);
}

/// A message of AAC in one chunk behind a header of type 1 (section 5.3.1.2.2), 23 ms after the
/// one before.
fn audio(len: u8, csid: u8) -> Vec<u8> {
    let mut bytes = vec![0x40 | csid, 0, 0, 23, 0, 0, len, 8, 0xAF, 1];
    bytes.resize(8 + usize::from(len), 0x55);
    bytes
}

#[test]
fn the_message_stream_of_media_is_presumed_and_said_to_be() {
    let bytes: Vec<u8> = (50..60).flat_map(|len| audio(len, 4)).collect();
    let seen = midstream(&bytes);
    assert_eq!(seen.messages.len(), 10);
    assert!(seen.messages.iter().all(|m| m.stream_id.0 == 1));
    let codes = seen.codes();
    assert!(
        codes.contains(&"chunk.message_stream_presumed"),
        "{codes:?}"
    );
    assert!(codes.contains(&"chunk.timestamp_uncertain"), "{codes:?}");
}

#[test]
fn the_last_message_is_believed_when_the_direction_ends_with_it() {
    // Larger than any message before, so that it may come in more than one chunk.
    let mut bytes: Vec<u8> = (50..60).flat_map(|len| audio(len, 4)).collect();
    bytes.extend(audio(120, 4));
    let seen = midstream(&bytes);
    assert_eq!(seen.messages.last().map(|m| m.length), Some(120));
    // Cut off, it may be anything.
    let seen = midstream(&bytes[..bytes.len() - 1]);
    assert_eq!(seen.messages.last().map(|m| m.length), Some(59));
}

#[test]
fn a_message_without_a_continuation_came_in_one_chunk() {
    // Each is longer than all before, so that no chunk size is known; the last is followed by the
    // begin of a header.
    let mut bytes: Vec<u8> = (70..78).flat_map(|len| audio(len, 4)).collect();
    bytes.extend([0x84, 0, 0]);
    let seen = midstream(&bytes);
    let lengths: Vec<_> = seen.messages.iter().map(|m| m.length).collect();
    assert_eq!(lengths, (70..78).collect::<Vec<u32>>());
    // With a byte in the last that may be the header of a continuation.
    let at = bytes.len() - 4;
    bytes[at] = 0xC4;
    let seen = midstream(&bytes);
    let lengths: Vec<_> = seen.messages.iter().map(|m| m.length).collect();
    assert_eq!(lengths, (70..77).collect::<Vec<u32>>());
}

#[test]
fn a_length_that_changed_in_a_hole_is_not_taken_over() {
    let mut bytes = Vec::new();
    for len in [60, 61, 62] {
        bytes.extend(audio(len, 4));
    }
    let start = bytes.len();
    bytes.extend(audio(90, 4));
    let end = bytes.len();
    // Type 3 headers: messages of 90 bytes, not of 62.
    for _ in 0..6 {
        bytes.extend([0xC4, 0xAF, 1]);
        bytes.resize(bytes.len() + 88, 0x55);
    }
    for len in [63, 64, 65, 66] {
        bytes.extend(audio(len, 4));
    }
    let seen = read_with_hole(&bytes, start..end);
    let lengths: Vec<_> = seen.messages.iter().map(|m| m.length).collect();
    assert_eq!(lengths, [60, 61, 62, 63, 64, 65, 66]);
}

/// AAC of 92 bytes behind a header that leaves out length and type.
fn undescribed_audio(header: &[u8]) -> Vec<u8> {
    let mut bytes = [header, &[0xAF, 1]].concat();
    bytes.resize(header.len() + 92, 0x55);
    bytes
}

fn of_stream(seen: &Seen, csid: u32) -> Vec<(u8, u32, Option<u32>)> {
    let of = seen.messages.iter().filter(|m| m.csid.0 == csid);
    of.map(|m| (m.type_id.0, m.length, m.delta)).collect()
}

#[test]
fn messages_that_nothing_describes_do_not_cost_those_between_them() {
    // Audio of constant length whose whole header was sent before: type 3 on chunk stream 5.
    let mut bytes = Vec::new();
    for len in 30..60 {
        bytes.extend(audio(len, 4));
        bytes.extend(undescribed_audio(&[0xC5]));
    }
    let seen = midstream(&bytes);
    let lengths: Vec<_> = seen.messages.iter().map(|m| m.length).collect();
    assert_eq!(lengths, (30..60).collect::<Vec<u32>>());
}

#[test]
fn length_and_type_that_no_header_told_are_inferred() {
    // Section 5.3.1.2.3: 23 ms after the one before, length and type as told before the capture.
    let mut bytes = Vec::new();
    for len in (150..160).rev() {
        bytes.extend(audio(len, 4));
        bytes.extend(undescribed_audio(&[0x85, 0, 0, 23]));
        bytes.extend(undescribed_audio(&[0xC5]));
    }
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 5), vec![(8, 92, Some(23)); 20]);
    assert!(seen.codes().contains(&"chunk.header_inferred"));
    let on_1 = seen.messages.iter().all(|m| m.stream_id.0 == 1);
    assert!(on_1, "the stream is presumed");
}

#[test]
fn what_no_header_told_the_time_of_has_none() {
    let mut bytes = Vec::new();
    for len in (150..155).rev() {
        bytes.extend(audio(len, 4));
        bytes.extend(undescribed_audio(&[0xC5]));
        bytes.extend(undescribed_audio(&[0xC5]));
    }
    bytes.extend(undescribed_audio(&[0x85, 0, 0, 23]));
    bytes.extend(undescribed_audio(&[0xC5]));
    let seen = midstream(&bytes);
    let times: Vec<_> = seen
        .messages
        .iter()
        .filter(|m| m.csid.0 == 5)
        .map(|m| (m.length, m.told_timestamp().map(|t| t.0), m.told_delta()))
        .collect();
    let (untold, told) = times.split_at(10);
    assert_eq!(untold, [(92, None, None); 10]);
    assert_eq!(told, [(92, Some(23), Some(23)), (92, Some(46), Some(23))]);
    assert_eq!(seen.skipped, []);
}

/// An answer to a ping behind a header of type 3 (sections 5.3.1.2.4 and 7.1.7).
const PONG: [u8; 7] = [0xC2, 0, 7, 0, 1, 0xD4, 0xC0];

#[test]
fn an_answer_to_a_ping_that_nothing_describes_is_understood() {
    let mut bytes = Vec::new();
    for len in (150..160).rev() {
        bytes.extend(audio(len, 4));
    }
    bytes.extend(PONG);
    for len in (150..160).rev() {
        bytes.extend(audio(len, 4));
    }
    bytes.extend(PONG);
    bytes.extend(audio(150, 4));
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 2), [(4, 6, Some(0)); 2]);
    assert_eq!(of_stream(&seen, 4).len(), 21);
    let pong = &seen.messages[10];
    assert_eq!(pong.body, PONG[1..]);
    assert_eq!((pong.stream_id.0, pong.told_timestamp()), (0, None));
    let codes = seen.codes();
    assert!(!codes.contains(&"chunk.boundaries_lost"), "{codes:?}");
    assert_eq!(seen.skipped, []);
}

#[test]
fn payload_before_an_answer_to_a_ping_is_no_header_with_a_time() {
    let whole = [&[0x02, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0], &PONG[1..]].concat();
    let lost = audio(100, 4);
    // A header of type 2 behind a hole, 40 seconds behind the one before; then one whose last byte may
    // be a header of type 3, behind payload: nothing tells.
    let headers = [[0x82, 0, 0x9C, 0x40], [0x82, 0, 0x9C, 0xC2]];
    for (header, expected) in headers.into_iter().zip([2, 1]) {
        let mut bytes = [&whole[..], &lost, &header, &PONG[1..]].concat();
        for len in (150..160).rev() {
            bytes.extend(audio(len, 4));
        }
        let seen = read_with_hole(&bytes, whole.len()..whole.len() + lost.len());
        assert_eq!(of_stream(&seen, 2).len(), expected, "{header:?}");
        assert_eq!(of_stream(&seen, 4).len(), 10);
    }
}

#[test]
fn an_acknowledgement_that_nothing_describes_is_understood_between_media() {
    let acknowledgement = [0xC2, 0, 0x0F, 0x42, 0x40];
    let mut bytes = audio(150, 4);
    for len in (140..149).rev() {
        bytes.extend(audio(len, 4));
    }
    bytes.extend(acknowledgement);
    for len in (140..149).rev() {
        bytes.extend(audio(len, 4));
    }
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 2), [(3, 4, Some(0))]);
    assert_eq!(of_stream(&seen, 4).len(), 19);
}

#[test]
fn control_that_no_header_stands_behind_is_none() {
    let mut bytes = Vec::new();
    for len in (150..160).rev() {
        bytes.extend(audio(len, 4));
    }
    // Nine bytes: neither 4 nor 6 or 10 of payload.
    bytes.extend([0xC2, 0, 7, 0, 1, 0xD4, 0xC0, 0, 0]);
    for len in (150..160).rev() {
        bytes.extend(audio(len, 4));
    }
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 2), []);
    assert_eq!(of_stream(&seen, 4).len(), 20);
}

#[test]
fn a_length_that_may_be_cut_into_chunks_is_not_inferred() {
    // Audio of 140 bytes in chunks of 128 (section 5.3.1): a continuation stands in its midst, and
    // no longer message tells that chunks are no longer.
    let mut bytes = Vec::new();
    for len in 30..60 {
        bytes.extend(audio(len, 4));
        bytes.extend([0xC5, 0xAF, 1]);
        bytes.resize(bytes.len() + 126, 0x55);
        bytes.push(0xC5);
        bytes.resize(bytes.len() + 12, 0x55);
    }
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 5), []);
    assert_eq!(of_stream(&seen, 4).len(), 30);
}

#[test]
fn metadata_tell_their_length_by_their_end() {
    // Section 7.1.2, behind a header of type 2: "onMetaData" and an empty object.
    let mut bytes = Vec::new();
    for len in (150..160).rev() {
        bytes.extend(audio(len, 4));
    }
    bytes.extend([0x86, 0, 0, 5]);
    bytes.extend(b"\x02\0\x0AonMetaData\x03\0\0\x09");
    for len in (150..160).rev() {
        bytes.extend(audio(len, 4));
    }
    let seen = midstream(&bytes);
    assert_eq!(of_stream(&seen, 6), [(18, 17, Some(5))]);
    assert_eq!(of_stream(&seen, 4).len(), 20);
}

#[test]
fn payload_that_ends_with_a_message_is_not_taken_for_one() {
    // Section 5.3.1.2.4: in video behind a hole, the byte C4 lies as far before the next header
    // as the audio before the hole was long, as a message behind a type 3 header would.
    let mut bytes: Vec<u8> = (50..60).flat_map(|len| audio(len, 4)).collect();
    let hole = bytes.len();
    let mut video = vec![0x46, 0, 0, 40, 0, 0x03, 0xE8, 9, 0x27, 1, 0, 0, 0];
    video.resize(8 + 1000 - 60, 0x3E);
    video.push(0xC4);
    video.extend([0xAF, 1]);
    video.resize(8 + 1000, 0x3E);
    let size = [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 16, 0];
    bytes = [&size[..], &bytes, &video].concat();
    bytes.extend((50..60).flat_map(|len| audio(len, 4)));
    let hole = hole + size.len();
    let seen = read_with_hole(&bytes, hole..hole + 500);
    let typed = |m: &&RawMessage| m.type_id.0 == 8;
    assert_eq!(seen.messages.iter().filter(typed).count(), 20);
}

/// A message that begins with the header of a codec (Enhanced RTMP v2), filled up to a length.
fn enhanced(header: &[u8], codec: [u8; 5], len: usize) -> Vec<u8> {
    let mut bytes = [header, &codec[..]].concat();
    bytes.resize(header.len() + len, 0x55);
    bytes
}

/// Opus behind a header of type 1 on chunk stream 4, 20 ms after the one before.
fn opus(len: u8) -> Vec<u8> {
    enhanced(
        &[0x44, 0, 0, 20, 0, 0, len, 8],
        *b"\x91Opus",
        usize::from(len),
    )
}

/// HEVC behind a header of type 1 on chunk stream 6, 40 ms after the one before.
fn hevc(len: u8) -> Vec<u8> {
    enhanced(
        &[0x46, 0, 0, 40, 0, 0, len, 9],
        *b"\xA1hvc1",
        usize::from(len),
    )
}

/// Chunks of 4096 bytes from here on (section 5.4.1).
const CHUNKS_OF_4096: [u8; 16] = [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 16, 0];

#[test]
fn a_length_that_a_lost_header_told_is_inferred() {
    let mut bytes = CHUNKS_OF_4096.to_vec();
    bytes.extend([hevc(90), opus(112)].concat());
    // The header of the next is lost, and those behind it refer to that (section 5.3.1.2.4).
    let start = bytes.len();
    bytes.extend(opus(113));
    let end = bytes.len();
    bytes.extend(hevc(96));
    for _ in 0..3 {
        bytes.extend(enhanced(&[0xC4], *b"\x91Opus", 113));
    }
    bytes.extend([opus(115), hevc(61), opus(114)].concat());
    let seen = read_with_hole(&bytes, start..end);
    let lengths: Vec<_> = of_stream(&seen, 4).iter().map(|m| m.1).collect();
    assert_eq!(lengths, [112, 113, 113, 113, 115, 114]);
    let inferred = |m: &&RawMessage| m.inferred.header.is_some();
    assert_eq!(seen.messages.iter().filter(inferred).count(), 3);
    let said = |m: &RawMessage| m.inferred.timestamp.is_some();
    assert!(seen.messages.iter().skip(3).all(said), "no time is certain");
}

#[test]
fn payload_that_leads_to_a_header_tells_no_length() {
    let mut bytes = CHUNKS_OF_4096.to_vec();
    bytes.extend([hevc(60), opus(112)].concat());
    let start = bytes.len();
    bytes.extend(opus(120));
    let end = bytes.len();
    bytes.extend(hevc(60));
    let mut short = enhanced(&[0xC4], *b"\x91Opus", 120);
    // A byte as of another video message of 60 bytes, which would end where this one does.
    let place = short.len() - 61;
    short[place] = 0xC6;
    bytes.extend(short);
    bytes.extend([opus(121), opus(122), opus(123)].concat());
    let seen = read_with_hole(&bytes, start..end);
    let lengths: Vec<_> = of_stream(&seen, 4).iter().map(|m| m.1).collect();
    assert_eq!(lengths, [112, 120, 121, 122, 123]);
}

#[test]
fn media_follow_metadata_on_a_chunk_stream_behind_a_hole() {
    // "@setDataFrame" on chunk stream 4 (section 7.1.2), whose first audio header is lost.
    let mut bytes = CHUNKS_OF_4096.to_vec();
    bytes.extend([4, 0, 0, 0, 0, 0, 16, 18, 1, 0, 0, 0]);
    bytes.extend(b"\x02\0\x0D@setDataFrame");
    let start = bytes.len();
    bytes.extend(enhanced(
        &[4, 0, 0, 0, 0, 0, 200, 8, 1, 0, 0, 0],
        *b"\x91ec-3",
        200,
    ));
    for len in 90..100 {
        bytes.extend(hevc(len));
        bytes.extend(enhanced(&[0xC4], *b"\x91ec-3", 200));
    }
    let seen = read_with_hole(&bytes, start..start + 100);
    let lengths: Vec<_> = of_stream(&seen, 6).iter().map(|m| m.1).collect();
    assert_eq!(lengths, (90..100).collect::<Vec<u32>>());
    let sound = seen.messages.iter().filter(|m| m.type_id.0 == 8);
    let sound: Vec<_> = sound.map(|m| (m.length, m.told_timestamp())).collect();
    assert_eq!(sound, [(200, None); 10], "nothing told the time of audio");
}
