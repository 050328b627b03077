//! Holes, late starts and nonsense.

use super::*;

use crate::rtmp::testing::Outgoing;
use crate::rtmp::testing::Wire;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// Bytes in which nothing looks like a header by accident more often than chance has it.
fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[2]
    };
    (0..len).map(|_| next()).collect()
}

/// A stream as FFmpeg sends it: type 0 once per chunk stream, then type 1 for ever.
fn media(chunk_size: usize, seconds: u32) -> Vec<u8> {
    let mut wire = Wire {
        chunk_size,
        ..Wire::default()
    };
    for frame in 0..seconds * 25 {
        let fmt = if frame == 0 {
            ChunkFormat::Full
        } else {
            ChunkFormat::SameStream
        };
        let mut video = if frame % 50 == 0 {
            vec![0x17, 1, 0, 0, 80]
        } else {
            vec![0x27, 1, 0, 0, 40]
        };
        let len = if frame % 50 == 0 {
            30_000
        } else {
            3000 + frame as usize * 37 % 2000
        };
        video.extend(noise(frame + 1, len));
        wire.message(&Outgoing {
            csid: ChunkStreamId(6),
            fmt,
            time: if frame == 0 { 0 } else { 40 },
            type_id: MessageTypeId::VIDEO,
            stream_id: 1,
            payload: &video,
        });
        for half in 0..2 {
            let mut audio = vec![0xAF, 1];
            audio.extend(noise(
                frame * 2 + half + 7,
                300 + (frame as usize * 13 + half as usize) % 60,
            ));
            wire.message(&Outgoing {
                csid: ChunkStreamId(4),
                fmt: if half == 0 {
                    fmt
                } else {
                    ChunkFormat::SameStream
                },
                time: if fmt == ChunkFormat::Full && half == 0 {
                    0
                } else {
                    20
                },
                type_id: MessageTypeId::AUDIO,
                stream_id: 1,
                payload: &audio,
            });
        }
    }
    wire.bytes
}

/// Chunks of a given size from the first byte on.
fn with_size(chunk_size: u32, media: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
    bytes.extend(chunk_size.to_be_bytes());
    bytes.extend(media);
    bytes
}

/// What tells one message from another wherever it was met.
type Identity = (u64, u64, u32, u8, u32);

fn identity(message: &RawMessage) -> Identity {
    (
        message.range.start,
        message.range.end,
        message.csid.0,
        message.type_id.0,
        message.length,
    )
}

fn whole(seen: &Seen) -> Vec<Identity> {
    let complete = seen.messages.iter().filter(|m| m.is_complete());
    complete.map(identity).collect()
}

#[test]
fn a_hole_in_payload_costs_that_message() {
    let bytes = with_size(4096, &media(4096, 1));
    // Within the second chunk of the first video message.
    let seen = read_with_hole(&bytes, 5000..6000);
    let clean = read(&bytes);
    assert_eq!(seen.messages.len(), clean.messages.len());
    let hurt: Vec<_> = seen.messages.iter().filter(|m| !m.is_complete()).collect();
    assert_eq!(hurt.len(), 1);
    assert_eq!((hurt[0].length, hurt[0].received), (30_005, 29_005));
    assert_eq!(hurt[0].range, clean.messages[1].range);
    assert!(seen.anomalies.is_empty() && seen.skipped.is_empty());
}

#[test]
fn a_hole_over_continuations_costs_that_message() {
    let bytes = with_size(4096, &media(4096, 1));
    let clean = read(&bytes);
    for hole in [5000..12_000, 4000..9000, 4124..4125, 4100..4130, 8000..8222] {
        let seen = read_with_hole(&bytes, hole.clone());
        assert_eq!(seen.messages.len(), clean.messages.len(), "{hole:?}");
        let hurt: Vec<_> = seen.messages.iter().filter(|m| !m.is_complete()).collect();
        assert_eq!(hurt.len(), usize::from(hole != (4124..4125)), "{hole:?}");
        let (one, other) = (&seen.messages[1], &clean.messages[1]);
        assert_eq!(one.range, other.range);
        assert_eq!(
            (one.chunks, one.header_bytes),
            (other.chunks, other.header_bytes)
        );
        assert!(
            seen.anomalies.is_empty() && seen.skipped.is_empty(),
            "{seen:?}"
        );
    }
}

#[test]
fn the_body_ends_at_the_hole() {
    let mut bytes = vec![3, 0, 0, 0, 0, 0, 100, 20, 0, 0, 0, 0];
    bytes.extend(0..100);
    let seen = read_with_hole(&bytes, 40..60);
    assert_eq!(seen.messages[0].body, (0..28).collect::<Vec<u8>>());
    assert_eq!(seen.messages[0].received, 80);
}

/// Counts over holes at many places: messages missing beyond those whose bytes were touched, and
/// messages that never were.
fn damage(bytes: &[u8], hole: usize, places: usize) -> (usize, usize) {
    let clean = whole(&read(bytes));
    let (mut worst, mut invented) = (0, 0);
    for place in 0..places {
        let start = 100 + place * (bytes.len() - hole - 200) / places;
        let seen = whole(&read_with_hole(bytes, start..start + hole));
        let touched = clean
            .iter()
            .filter(|m| m.0 < (start + hole) as u64 && (start as u64) < m.1)
            .count();
        let found = seen.iter().filter(|m| clean.contains(m)).count();
        invented += seen.len() - found;
        worst = worst.max((clean.len() - found).saturating_sub(touched));
    }
    (worst, invented)
}

#[test]
fn one_lost_segment_costs_little_and_invents_nothing() {
    for size in [128, 4096, 60_000] {
        let bytes = with_size(size, &media(size as usize, 4));
        let (worst, invented) = damage(&bytes, 1448, 150);
        println!("chunk size {size}: at worst {worst} more lost");
        assert_eq!(invented, 0, "chunk size {size}");
        assert!(worst <= 4, "chunk size {size}: {worst}");
    }
}

/// Decodes from an arbitrary byte on.
fn join(bytes: &[u8], from: usize) -> Seen {
    let options = DecoderOptions {
        keep_media: false,
        start: Start::Midstream,
    };
    let from_position = u64::try_from(from).expect("small");
    let mut decoder = Decoder::new(from_position, options);
    let mut out = EventQueue::default();
    let mut at = from_position;
    for piece in bytes[from..].chunks(1448) {
        decoder.push(at, Mark::default(), piece, &mut out);
        at += piece.len() as u64;
    }
    decoder.finish(Mark::default(), &mut out);
    drain(&mut out)
}

#[test]
fn a_late_start_finds_the_chunk_size_and_invents_nothing() {
    for size in [128, 1024, 4096, 5000, 60_000] {
        let bytes = media(size as usize, 4);
        let clean: Vec<_> = whole(&read(&with_size(size, &bytes)))
            .into_iter()
            .skip(1)
            .map(|m| (m.0 - 16, m.1 - 16, m.2, m.3, m.4))
            .collect();
        let mut latest = 0;
        for place in 0..60 {
            let from = 1 + place * bytes.len() / 130;
            let seen = whole(&join(&bytes, from));
            for message in &seen {
                assert!(
                    clean.contains(message),
                    "size {size} from {from}: {message:?}"
                );
            }
            let first = seen.first().map_or(bytes.len() as u64, |m| m.0);
            latest = latest.max(first - from as u64);
            let mut due = clean.iter().filter(|m| m.0 >= first);
            let missing = due.find(|m| !seen.contains(m));
            assert_eq!(missing, None, "size {size} from {from}");
        }
        println!("chunk size {size}: found after at most {latest} bytes");
        assert!(latest < 256 * 1024, "chunk size {size}: {latest}");
    }
}

#[test]
fn a_late_start_says_that_timestamps_are_uncertain() {
    let seen = join(&media(4096, 2), 50_000);
    assert!(seen.codes().contains(&"chunk.timestamp_uncertain"));
    assert!(!seen.codes().contains(&"chunk.boundaries_lost"));
    assert_eq!(seen.skipped.len(), 1);
    assert_eq!(seen.skipped[0].0, 50_000);
}

#[test]
fn noise_holds_no_messages() {
    for seed in 1..40 {
        let seen = join(&noise(seed, 200_000), 0);
        assert!(seen.messages.is_empty(), "{:?}", seen.messages);
    }
    let zeros = vec![0; 300_000];
    assert!(join(&zeros, 0).messages.is_empty());
}

#[test]
fn noise_with_holes_holds_no_messages() {
    // As of frames that were cut short (a snap length of 256).
    let holes: Vec<_> = (1..200).map(|n| n * 1000 - 800..n * 1000).collect();
    for seed in 1..40 {
        let noise = noise(seed, 200_000);
        let seen = read_with_holes(Start::Midstream, &noise, &holes);
        assert!(seen.messages.is_empty(), "{:?}", seen.messages);
        // The same behind a chunk size that was agreed, and a hole.
        let mut late = with_size(4096, &[]);
        late.extend(&noise[16..]);
        let holes: Vec<_> = std::iter::once(16..200).chain(holes.clone()).collect();
        let seen = read_with_holes(Start::Chunks, &late, &holes);
        assert_eq!(seen.messages.len(), 1, "{:?}", seen.messages);
    }
}

#[test]
fn an_impossible_header_is_not_followed() {
    // A type 3 header on a chunk stream that nobody opened, with real media behind.
    let mut bytes = media(128, 1);
    let clean = whole(&read(&bytes));
    let mut damaged = vec![0xC9, 1, 2, 3];
    damaged.append(&mut bytes);
    let seen = read(&damaged);
    assert_eq!(
        seen.codes()[..2],
        ["chunk.unknown_chunk_stream", "chunk.boundaries_lost"]
    );
    let found = whole(&seen);
    assert_eq!(found.len(), clean.len());
    assert_eq!(seen.skipped, [(0, 4)]);
}

#[test]
fn a_continuation_behind_a_hole_is_not_the_header_of_another_picture() {
    // Pictures of ten chunks, and a longer one of which the header is lost. Each of its chunks could
    // begin a picture in a codec of Enhanced RTMP (v2, video packet types), as long as those before.
    let mut wire = Wire::default();
    for frame in 0..20 {
        let mut payload = vec![0x27, 1, 0, 0, 80];
        payload.extend(noise(frame + 1, 1275));
        wire.message(&Outgoing {
            csid: ChunkStreamId(6),
            fmt: if frame == 0 {
                ChunkFormat::Full
            } else {
                ChunkFormat::SameStream
            },
            time: 40,
            type_id: MessageTypeId::VIDEO,
            stream_id: 1,
            payload: &payload,
        });
    }
    let start = wire.bytes.len();
    let mut payload = vec![0x27, 1, 0, 0, 80];
    payload.resize(6000, 0x86);
    for _ in 0..2 {
        wire.message(&Outgoing {
            csid: ChunkStreamId(6),
            fmt: ChunkFormat::SameStream,
            time: 40,
            type_id: MessageTypeId::VIDEO,
            stream_id: 1,
            payload: &payload,
        });
    }
    // Behind it, continuations of the first of them.
    let hole = start..start + 8 + 5 * 129 - 1;
    let seen = read_with_hole(&wire.bytes, hole);
    let lengths: Vec<_> = seen.messages.iter().map(|m| m.length).collect();
    assert_eq!(lengths, [vec![1280; 20], vec![6000]].concat());
}

/// MP3 in chunks of 128 bytes on chunk stream 4 (ISO/IEC 11172-3 section 2.4.1.3).
fn mp3(wire: &mut Wire, fmt: ChunkFormat, len: usize) {
    let mut payload = vec![0x2F, 0xFF, 0xFB];
    payload.resize(len, 0x55);
    wire.message(&Outgoing {
        csid: ChunkStreamId(4),
        fmt,
        time: 26,
        type_id: MessageTypeId::AUDIO,
        stream_id: 1,
        payload: &payload,
    });
}

/// Sorenson H.263 (SWF 19, H263VIDEOPACKET) on chunk stream 6.
fn sorenson(wire: &mut Wire, len: usize) {
    let mut payload = vec![0x22, 0, 0, 0x84];
    payload.resize(len, 0x55);
    wire.message(&Outgoing {
        csid: ChunkStreamId(6),
        fmt: ChunkFormat::SameStream,
        time: 33,
        type_id: MessageTypeId::VIDEO,
        stream_id: 1,
        payload: &payload,
    });
}

#[test]
fn a_length_from_before_a_hole_is_not_told_of_a_part() {
    let mut wire = Wire::default();
    mp3(&mut wire, ChunkFormat::Full, 418);
    for len in 900..912 {
        sorenson(&mut wire, len);
        mp3(&mut wire, ChunkFormat::Nothing, 418);
    }
    let first = wire.bytes.len();
    mp3(&mut wire, ChunkFormat::SameStream, 419);
    let second = wire.bytes.len();
    for len in 600..603 {
        sorenson(&mut wire, len);
    }
    // As long as the one whose header was lost, and cut off where the capture ends.
    let third = wire.bytes.len();
    mp3(&mut wire, ChunkFormat::Nothing, 419);
    let seen = read_with_hole(&wire.bytes[..third + 387], first..second);
    let sound = seen.messages.iter().filter(|m| m.type_id.0 == 8);
    let lengths: Vec<_> = sound.map(|m| m.length).collect();
    assert_eq!(lengths, [418; 13]);
    let pictures = seen.messages.iter().filter(|m| m.type_id.0 == 9);
    assert_eq!(pictures.count(), 12 + 3);
}
