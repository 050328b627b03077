//! Audio and video messages: the tag headers of FLV 10.1 Annex E.4 and of Enhanced RTMP v1 and
//! v2, and the codec configuration records in them.
//!
//! The parsers work on the first bytes of a message, for media payload is not kept: what a prefix
//! does not tell is left open, never guessed, and only the declared length decides whether a
//! message is too short.

use crate::rtmp::field::FieldTree;
use crate::rtmp::field::NoFields;
use crate::rtmp::types::MessageTypeId;

pub mod audio;
mod bits;
pub mod channels;
pub mod codec;
pub mod config;
mod cursor;
pub mod enhanced;
mod keep;
pub mod keyframe;
pub mod metadata;
pub mod problem;
mod syntax;
pub mod video;

pub use keep::CODED_KEEP;
pub use keep::CONFIG_KEEP;
pub use keep::MULTITRACK_KEEP;

/// How many bytes from the begin of a message's payload its parser needs, judged by the bytes
/// there are so far. Ask again once that many are there: the answer is final when it asks for no
/// more than was given. At most [`MULTITRACK_KEEP`] for media, and `usize::MAX` (the whole
/// payload) for every other type.
pub fn keep_len(type_id: MessageTypeId, first_bytes: &[u8]) -> usize {
    match type_id {
        MessageTypeId::AUDIO => keep::audio(first_bytes),
        MessageTypeId::VIDEO => keep::video(first_bytes),
        _ => usize::MAX,
    }
}

/// Takes any bytes as the payload of an audio message: the body of a fuzz target.
pub fn fuzz_audio(data: &[u8]) {
    let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let _ = audio::parse(data, len, &mut FieldTree::default());
    let kept = data
        .get(..keep_len(MessageTypeId::AUDIO, data))
        .unwrap_or(data);
    let _ = audio::parse(kept, len, &mut NoFields);
}

/// Takes any bytes as the payload of a video message: the body of a fuzz target.
pub fn fuzz_video(data: &[u8]) {
    let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let _ = video::parse(data, len, &mut FieldTree::default());
    let kept = data
        .get(..keep_len(MessageTypeId::VIDEO, data))
        .unwrap_or(data);
    let _ = video::parse(kept, len, &mut NoFields);
}

/// Takes any bytes as a configuration record of every codec in turn: the body of a fuzz target.
pub fn fuzz_config(data: &[u8]) {
    const VIDEO: [&[u8; 5]; 7] = [
        b"\x90avc1",
        b"\x90hvc1",
        b"\x90vvc1",
        b"\x90av01",
        b"\x95av01",
        b"\x90vp08",
        b"\x90vp09",
    ];
    const AUDIO: [&[u8; 5]; 3] = [b"\x90mp4a", b"\x90Opus", b"\x90fLaC"];
    for header in VIDEO {
        fuzz_video(&[header.as_slice(), data].concat());
    }
    for header in AUDIO {
        fuzz_audio(&[header.as_slice(), data].concat());
    }
}

#[cfg(test)]
mod tests;
