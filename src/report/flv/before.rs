//! What a stream said before the time that is wanted of it, and a player needs: configurations,
//! metadata, and everything since the latest keyframe.

use super::FlvFile;
use super::push_tag;
use crate::rtmp::message::Message;

/// Configurations and metadata that are kept: those of as many tracks as anybody sends.
const MAX_HEADS: usize = 64;

/// Bytes of one of them. Configurations have hundreds.
const MAX_HEAD: usize = 64 * 1024;

/// Bytes since the latest keyframe that are kept. Those of ten seconds at 25 Mbit/s; a stream with
/// more begins at the time that is wanted, without its keyframe.
const MAX_GROUP: usize = 32 * 1024 * 1024;

/// What came before.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Type, timestamp and body, without repetitions.
    heads: Vec<(u8, u32, Vec<u8>)>,
    /// Tags since the latest keyframe.
    group: Vec<u8>,
    tags: u64,
    /// Whether the keyframe before is within them.
    has_keyframe: bool,
}

impl Before {
    /// Takes note of a message that becomes a tag.
    pub(super) fn note(&mut self, tag_type: u8, timestamp: u32, body: &[u8], message: &Message) {
        let is_head = match message {
            Message::Audio(tag) => tag.is_config(),
            Message::Video(tag) => tag.is_config(),
            Message::Data(data) => data.metadata().is_some(),
            _ => false,
        };
        if is_head && body.len() <= MAX_HEAD {
            // Some senders repeat them with every keyframe.
            self.heads
                .retain(|(its, _, kept)| (*its, kept.as_slice()) != (tag_type, body));
            if self.heads.len() >= MAX_HEADS {
                self.heads.remove(0);
            }
            self.heads.push((tag_type, timestamp, body.to_vec()));
            return;
        }
        if matches!(message, Message::Video(tag) if tag.is_coded() && tag.is_key()) {
            self.group.clear();
            self.tags = 0;
            self.has_keyframe = true;
        }
        if !self.has_keyframe {
            return;
        }
        if self.group.len().saturating_add(body.len()) > MAX_GROUP {
            self.has_keyframe = false;
            self.group = Vec::new();
            self.tags = 0;
            return;
        }
        push_tag(&mut self.group, tag_type, timestamp, body);
        self.tags = self.tags.saturating_add(1);
    }

    /// Begins a file with it.
    pub(super) fn begin(self, file: &mut FlvFile) {
        for (tag_type, timestamp, body) in &self.heads {
            file.tag(*tag_type, *timestamp, body);
        }
        file.buffer.extend_from_slice(&self.group);
        file.tags = file.tags.saturating_add(self.tags);
    }
}
