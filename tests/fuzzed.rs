//! The bodies of the fuzz targets that see more than one layer: on the beginnings of the samples,
//! on what two peers may say, and on inputs that once failed.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "the bodies are a library of their own beside the fuzz targets, whose failures are panics"
)]

mod common;
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;

/// Bytes of a sample that are enough for a connection with its handshake and setup.
const ENOUGH: usize = 40_000;

#[test]
fn beginnings_of_the_samples() {
    for sample in common::samples() {
        let mut bytes = fs::read(&sample).expect("a sample");
        bytes.truncate(ENOUGH);
        fuzz::capture_file::run(&bytes);
        fuzz::whole::run(&bytes);
    }
}

/// A turn of a conversation: the client says 3073 bytes of handshake and some that are no chunks.
fn conversation(options: u8) -> Vec<u8> {
    let mut said = vec![options];
    for head in [0x00, 0x01, 0x32, 0x05] {
        let bytes = [
            &[3; 1537][..],
            &[0; 1536],
            b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\x10\0",
        ]
        .concat();
        let [low, high, ..] = bytes.len().to_le_bytes();
        said.extend_from_slice(&[head, low, high]);
        said.extend_from_slice(&bytes);
    }
    said
}

#[test]
fn a_conversation_with_every_option() {
    for options in 0..16 {
        fuzz::conversation::run(&conversation(options));
    }
}

#[test]
fn a_dashboard_of_any_size() {
    for (width, height) in [(0, 0), (1, 1), (20, 5), (80, 24), (255, 255)] {
        let keys = b"\n23456?";
        let count = u8::try_from(keys.len()).expect("few keys");
        let head = [width, height, count];
        fuzz::dashboard::run(&[&head[..], keys, &conversation(0)].concat());
    }
}

#[test]
fn what_is_foreseen_is_what_comes() {
    // Of four frames one is changed, in every way and at every place.
    for case in 0..64_u8 {
        let mut script = vec![case, case * 3];
        for frame in 0..120_u8 {
            let what = if frame % 4 == 3 {
                frame.wrapping_mul(37).wrapping_add(case) % 160
            } else {
                255
            };
            script.extend([what, frame.wrapping_mul(case | 1), frame ^ case]);
        }
        fuzz::prediction::run(&script);
    }
}

/// Every record is the same when each segment is told at once, whatever happens to a capture.
#[test]
fn records_do_not_tell_what_was_foreseen() {
    let samples = common::samples();
    assert!(samples.len() > 20);
    for sample in samples {
        println!("{}", sample.display());
        let bytes = fs::read(&sample).expect("a sample");
        let frames = fuzz::prediction::frames_of(&bytes);
        let all: Vec<_> = frames.iter().collect();
        assert!(!fuzz::prediction::check(&all).is_empty(), "{sample:?}");
        let mut cut = frames.clone();
        for frame in &mut cut {
            frame.data.truncate(300);
        }
        fuzz::prediction::check(&cut.iter().collect::<Vec<_>>());
        fuzz::prediction::check(all.get(60..).unwrap_or_default());
        let numbered = (1..).zip(&frames).filter(|(number, _)| number % 41 != 0);
        fuzz::prediction::check(&numbered.map(|(_, frame)| frame).collect::<Vec<_>>());
        let mut reversed = all.clone();
        reversed.chunks_mut(7).for_each(<[_]>::reverse);
        fuzz::prediction::check(&reversed);
        let doubled: Vec<_> = frames.iter().flat_map(|frame| [frame, frame]).collect();
        fuzz::prediction::check(&doubled);
    }
}

#[test]
fn segments_of_any_kind() {
    let mut bytes = Vec::new();
    let mut state = 0x9E37_79B9_u32;
    for _ in 0..2_000 {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes.push(state.to_le_bytes()[1]);
    }
    for choice in 0..4 {
        fuzz::segments::run(&[&[choice], &bytes[..]].concat());
    }
}
