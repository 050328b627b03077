//! Chunk sizes that nobody announced: which one is taken, and when.

use super::*;

/// AAC in one chunk behind a header of type 1 (section 5.3.1.2.2) on chunk stream 4, 23 ms after
/// the one before.
fn audio(len: u8) -> Vec<u8> {
    let mut bytes = vec![0x44, 0, 0, 23, 0, 0, len, 8, 0xAF, 1];
    bytes.resize(8 + usize::from(len), 0x55);
    bytes
}

/// AVC behind a header of type 1 on chunk stream 6, 40 ms after the one before, in chunks of 128
/// bytes (section 5.3.1).
fn video(len: usize) -> Vec<u8> {
    let [.., high, middle, low] = len.to_be_bytes();
    let mut payload = vec![0x27, 1, 0, 0, 0];
    payload.resize(len, 0x55);
    let mut bytes = vec![0x46, 0, 0, 40, high, middle, low, 9];
    for (i, chunk) in payload.chunks(128).enumerate() {
        if i > 0 {
            bytes.push(0xC6);
        }
        bytes.extend(chunk);
    }
    bytes
}

/// Decodes bytes that begin anywhere and come in these pieces.
fn in_pieces<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Seen {
    let mut decoder = decoder(Start::Midstream);
    let mut out = EventQueue::default();
    let mut at = 0;
    for piece in pieces {
        decoder.push(at, Mark::default(), piece, &mut out);
        at += u64::try_from(piece.len()).expect("small");
    }
    decoder.finish(Mark::default(), &mut out);
    drain(&mut out)
}

fn video_lengths(seen: &Seen) -> Vec<u32> {
    let video = seen.messages.iter().filter(|m| m.type_id.0 == 9);
    video.map(|m| m.length).collect()
}

#[test]
fn a_size_that_is_no_more_than_a_multiple_is_not_taken_while_another_may_be_it() {
    let mut bytes: Vec<u8> = (90..100).flat_map(audio).collect();
    let begin = bytes.len();
    let mut picture = video(11_000);
    // Every sixth continuation stands where chunks of 773 bytes have theirs: 6 * 129 = 774. With
    // these the message ends here, and a header of type 3 seems to stand behind it.
    let end = 8 + 11_000 + 10_999 / 773;
    picture[end..end + 3].copy_from_slice(&[0xC4, 0xAF, 1]);
    bytes.extend(&picture);
    bytes.extend((90..100).flat_map(audio));
    // All but the last bytes of the message are there at first.
    let (one, other) = bytes.split_at(begin + picture.len() - 10);
    let seen = in_pieces([one, other]);
    assert_eq!(video_lengths(&seen), [11_000]);
    assert_eq!(seen.messages.len(), 21);
    assert_eq!(seen.sizes.last(), Some(&ChunkSize::Inferred(128)));
    assert_eq!(seen.skipped, []);
}

#[test]
fn a_keyframe_of_hundreds_of_chunks_tells_their_size() {
    let mut bytes: Vec<u8> = (90..100).flat_map(audio).collect();
    bytes.extend(video(60_000));
    bytes.extend(audio(99));
    bytes.extend(video(200_000));
    bytes.extend((90..100).flat_map(audio));
    let seen = in_pieces(bytes.chunks(1448));
    assert_eq!(video_lengths(&seen), [60_000, 200_000]);
    assert_eq!(seen.messages.len(), 23);
    assert_eq!(seen.sizes.last(), Some(&ChunkSize::Inferred(128)));
    assert!(!seen.codes().contains(&"chunk.boundaries_lost"));
    assert_eq!(seen.skipped, []);
}
