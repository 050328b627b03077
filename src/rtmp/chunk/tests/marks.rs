//! What is marked as inferred, and what is not.

use super::*;

use crate::rtmp::event::Missing;
use crate::rtmp::event::Repeats;
use crate::rtmp::inferred::Inference;
use crate::rtmp::inferred::Inferred;

/// AAC in one chunk behind a header of type 1 (section 5.3.1.2.2) on chunk stream 4, 23 ms after
/// the one before.
fn audio(len: u8) -> Vec<u8> {
    let mut bytes = vec![0x44, 0, 0, 23, 0, 0, len, 8, 0xAF, 1];
    bytes.resize(8 + usize::from(len), 0x55);
    bytes
}

/// The same behind a header of type 0 (section 5.3.1.2.1): at 5000 ms on message stream 3.
fn anchored(len: u8) -> Vec<u8> {
    let mut bytes = vec![4, 0, 0x13, 0x88, 0, 0, len, 8, 3, 0, 0, 0, 0xAF, 1];
    bytes.resize(12 + usize::from(len), 0x55);
    bytes
}

/// The same behind a header of type 2 (section 5.3.1.2.3), 60 bytes of payload.
fn same_length() -> Vec<u8> {
    let mut bytes = vec![0x84, 0, 0, 23, 0xAF, 1];
    bytes.resize(4 + 60, 0x55);
    bytes
}

#[test]
fn times_are_relative_and_the_stream_is_inferred_until_a_header_tells_both() {
    let mut bytes = vec![0x55; 3];
    bytes.extend((50..60).flat_map(audio));
    bytes.extend(anchored(60));
    bytes.extend(audio(61));
    let seen = midstream(&bytes);
    let told: Vec<_> = seen
        .messages
        .iter()
        .map(|m| (m.timestamp.0, m.stream_id.0, m.inferred))
        .collect();
    assert_eq!(told.len(), 12);
    let late = Inferred {
        timestamp: Some(Inference::Relative),
        stream_id: Some(Inference::FirstStream),
        header: None,
    };
    assert_eq!(told[0], (23, 1, late));
    assert_eq!(told[9], (230, 1, late));
    assert_eq!(told[10], (5000, 3, Inferred::default()));
    assert_eq!(told[11], (5023, 3, Inferred::default()));
}

#[test]
fn what_was_seen_from_its_begin_has_no_marks() {
    let mut bytes = anchored(60);
    bytes.extend((50..60).flat_map(audio));
    let seen = read(&bytes);
    assert_eq!(seen.messages.len(), 11);
    assert!(seen.messages.iter().all(|m| !m.inferred.is_any()));
    assert!(seen.messages.iter().all(|m| m.missing.is_empty()));
    assert_eq!((seen.locks, seen.sizes), (Vec::new(), Vec::new()));
}

#[test]
fn the_first_header_of_a_late_start_is_told_with_what_speaks_for_it() {
    let mut bytes = vec![0x55; 3];
    bytes.extend((50..60).flat_map(audio));
    let seen = midstream(&bytes);
    assert_eq!(seen.locks.len(), 1, "{:?}", seen.locks);
    let lock = seen.locks[0];
    assert_eq!((lock.position, lock.skipped, lock.is_first), (3, 3, true));
    // Three headers and 60 bits are needed anywhere in the bytes.
    assert!(lock.headers >= 3 && lock.bits >= 60, "{lock:?}");
    // Messages of up to 59 bytes came in one chunk, which says nothing: nobody uses less than 64.
    assert_eq!(seen.sizes, []);
}

#[test]
fn acknowledgements_known_by_how_they_count_are_marked_as_such() {
    let bytes: Vec<u8> = (1..=10_u32)
        .flat_map(|n| [&[0xC2][..], &(n * 250_000).to_be_bytes()].concat())
        .collect();
    let seen = midstream(&bytes);
    assert_eq!(seen.messages.len(), 10);
    for message in &seen.messages {
        assert_eq!(message.inferred.header, Some(Inference::Pattern));
        assert_eq!(message.told_timestamp(), None, "nothing told the delta");
    }
}

#[test]
fn length_and_time_behind_a_hole_are_marked() {
    let mut bytes = anchored(60);
    for _ in 0..20 {
        bytes.extend(same_length());
    }
    // The second message of type 2: 64 bytes, and with them a delta of 23 ms.
    let hole = 72 + 64;
    let seen = read_with_hole(&bytes, hole..hole + 64);
    let told: Vec<_> = seen
        .messages
        .iter()
        .map(|m| (m.timestamp.0, m.inferred.timestamp, m.inferred.header))
        .collect();
    assert_eq!(told.len(), 20);
    assert_eq!(told[1], (5023, None, None));
    let uncertain = Some(Inference::Uncertain);
    assert_eq!(told[2], (5046, uncertain, Some(Inference::Inherited)));
    // The header behind it stands where that length puts it.
    assert_eq!(told[3], (5069, uncertain, None));
    assert_eq!(told[19], (5437, uncertain, None));
    let lock = seen.locks[0];
    assert_eq!((lock.position, lock.skipped), (200, 64));
    assert!(!lock.is_first);
}

#[test]
fn a_message_with_holes_tells_where() {
    let mut bytes = anchored(100);
    bytes.extend(audio(50));
    let seen = read_with_hole(&bytes, 12 + 30..12 + 50);
    let message = &seen.messages[0];
    assert_eq!((message.length, message.received), (100, 80));
    assert_eq!(message.missing, Missing { start: 30, end: 50 });
    assert_eq!(message.inferred, Inferred::default());
    assert!(seen.messages[1].missing.is_empty());
}

#[test]
fn two_holes_in_a_message_are_told_as_one_range() {
    let bytes = anchored(100);
    let mut decoder = decoder(Start::Chunks);
    let mut out = EventQueue::default();
    for range in [0..12 + 30, 12 + 40..12 + 60, 12 + 70..12 + 100] {
        let at = u64::try_from(range.start).expect("small");
        decoder.push(at, Mark::default(), &bytes[range], &mut out);
    }
    let seen = drain(&mut out);
    let message = &seen.messages[0];
    assert_eq!(message.received, 80);
    assert_eq!(message.missing, Missing { start: 30, end: 70 });
}

#[test]
fn a_message_cut_off_lacks_its_end() {
    let bytes = anchored(100);
    let seen = read(&bytes[..12 + 40]);
    let missing = Missing {
        start: 40,
        end: 100,
    };
    assert_eq!(seen.messages[0].missing, missing);
}

#[test]
fn what_type_3_chunks_do_about_extended_timestamps_is_told() {
    // 20 000 000 ms in an extended field (section 5.3.1.3), 130 bytes: two chunks.
    let mut bytes = vec![
        4, 0xFF, 0xFF, 0xFF, 0, 0, 130, 8, 1, 0, 0, 0, 1, 0x31, 0x2D, 0,
    ];
    bytes.extend([0xAF, 1]);
    bytes.resize(16 + 128, 0x55);
    let repeated = [&bytes[..], &[0xC4, 1, 0x31, 0x2D, 0, 0x55, 0x55]].concat();
    assert_eq!(read(&repeated).messages[0].repeats, Repeats::Repeated);
    let left_out = [&bytes[..], &[0xC4, 0x55, 0x55, 2, 0, 0, 0]].concat();
    assert_eq!(read(&left_out).messages[0].repeats, Repeats::LeftOut);
}
