//! What is passed over of a long message without asking the decoder: payload that nobody keeps, and
//! the headers between its chunks, as long as they are the one byte that they should be.

use crate::base::ids::Mark;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::Place;
use crate::rtmp::chunk::header;
use crate::rtmp::chunk::payload::Skimmed;
use crate::rtmp::chunk::sizes::Size;

/// The rest of a message in progress, as far as nothing but its payload comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skim {
    /// Payload left in the chunk at hand.
    left: u32,
    /// Payload of the message behind that chunk.
    behind: u32,
    /// Chunk size of the direction.
    chunk_size: u32,
    /// Payload passed over.
    payload: u32,
    /// Chunk headers passed over.
    chunks: u32,
    /// The header of form 3 between the chunks.
    header: u8,
}

impl Skim {
    /// Passes over bytes. False, and nothing is changed, where they hold anything but payload and
    /// headers of this message, or its end: that is for the decoder.
    pub fn pass(&mut self, bytes: &[u8]) -> bool {
        let mut next = *self;
        let mut rest = bytes;
        while let Some((header, behind)) = usize::try_from(next.left)
            .ok()
            .and_then(|left| rest.get(left..))
            .and_then(<[u8]>::split_first)
        {
            if *header != next.header || next.behind == 0 {
                return false;
            }
            next.payload = next.payload.saturating_add(next.left);
            next.chunks = next.chunks.saturating_add(1);
            next.left = next.chunk_size.min(next.behind);
            next.behind = next.behind.saturating_sub(next.left);
            rest = behind;
        }
        let Ok(last) = u32::try_from(rest.len()) else {
            return false;
        };
        next.payload = next.payload.saturating_add(last);
        next.left = next.left.saturating_sub(last);
        if next.left == 0 && next.behind == 0 {
            return false;
        }
        *self = next;
        true
    }

    /// Whether the message goes on behind so many bytes.
    pub fn outlasts(&self, bytes: u32) -> bool {
        self.left.saturating_add(self.behind) > bytes
    }

    /// Bytes passed over, headers included.
    pub fn bytes(&self) -> u32 {
        self.payload.saturating_add(self.chunks)
    }
}

impl ChunkDecoder {
    /// What may be passed over now; None at a header, and where payload is kept.
    pub(in crate::rtmp) fn skim(&self) -> Option<Skim> {
        let Place::Payload {
            stream: place,
            left,
        } = self.place
        else {
            return None;
        };
        let is_size_certain = matches!(self.size, Size::Known(_)) && self.old_size.is_none();
        if !self.skimmed.applies() || !is_size_certain {
            return None;
        }
        let chunk_size = self.chunk_of(place);
        let stream = self.streams.get(place)?;
        if stream.remembered.extended {
            return None;
        }
        let remaining = stream.remaining().checked_sub(self.skimmed.len())?;
        Some(Skim {
            left,
            behind: remaining.checked_sub(left)?,
            chunk_size,
            payload: 0,
            chunks: 0,
            header: header::of_one_byte(stream.csid)?,
        })
    }

    /// Takes note of what was passed over since [`skim`](Self::skim); `last` brought the last of it.
    pub(in crate::rtmp) fn passed_over(&mut self, skim: &Skim, last: Mark) {
        let Place::Payload { stream: place, .. } = self.place else {
            return;
        };
        self.tell_skimmed();
        self.position = self.position.saturating_add(u64::from(skim.bytes()));
        self.chunks = self.chunks.wrapping_add(skim.chunks);
        let (position, chunks) = (self.position, self.chunks);
        let Some(stream) = self.streams.get_mut(place) else {
            return;
        };
        if skim.chunks > 0 {
            stream.used = chunks;
        }
        let Some(partial) = stream.partial.as_mut() else {
            return;
        };
        partial.passed = partial.passed.saturating_add(skim.payload);
        partial.chunks = partial.chunks.saturating_add(skim.chunks);
        partial.header_bytes = partial.header_bytes.saturating_add(skim.chunks);
        partial.end = position;
        partial.last = last;
        if skim.left == 0 {
            self.place = Place::Header;
        } else {
            self.skimmed = Skimmed::rest_of_chunk();
            self.place = Place::Payload {
                stream: place,
                left: skim.left,
            };
        }
    }
}
