//! Audio and video messages: the tag headers of FLV 10.1 Annex E.4 and of Enhanced RTMP v1 and
//! v2, and the codec configuration records in them.
//!
//! The parsers work on the first bytes of a message, for media payload is not kept: what a prefix
//! does not tell is left open, never guessed, and only the declared length decides whether a
//! message is too short.

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
