//! The payload of chunks on its way to the messages: kept, or passed over by arithmetic.

use crate::base::ids::Mark;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::Place;
use crate::rtmp::chunk::keep;
use crate::rtmp::chunk::keep::MAX_KEPT;
use crate::rtmp::chunk::stream::Partial;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::queue::EventQueue;

/// Bytes of bodies from which on it helps to let go of them when memory is short: several times
/// what a connection takes without.
const WORTH_DROPPING: usize = 32 << 10;

/// Payload of the chunk at hand that nobody keeps and that its message was not told of yet.
/// Most segments of a stream lie in the midst of a chunk: what all of them share is told once.
#[derive(Debug, Default)]
pub(super) struct Skimmed {
    /// Whether the rest of the chunk is kept by nobody.
    applies: bool,
    /// Bytes that passed.
    len: u32,
    /// What brought the last of them.
    last: Mark,
}

impl Skimmed {
    /// Of a chunk whose rest nobody keeps, before any of it came.
    pub(super) fn rest_of_chunk() -> Self {
        Self {
            applies: true,
            ..Self::default()
        }
    }

    /// Whether the rest of the chunk is kept by nobody.
    pub(super) fn applies(&self) -> bool {
        self.applies
    }

    /// Bytes that passed.
    pub(super) fn len(&self) -> u32 {
        self.len
    }
}

impl ChunkDecoder {
    pub(super) fn payload<'d>(
        &mut self,
        place: usize,
        left: u32,
        at: Mark,
        data: &'d [u8],
        out: &mut EventQueue,
    ) -> &'d [u8] {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        if self.skimmed.applies && data.len() < wanted {
            let count = u32::try_from(data.len()).unwrap_or(left);
            self.advance(data.len());
            self.skimmed.len = self.skimmed.len.saturating_add(count);
            self.skimmed.last = at;
            let left = left.saturating_sub(count);
            self.place = Place::Payload {
                stream: place,
                left,
            };
            return &[];
        }
        self.tell_skimmed();
        let (taken, rest) = data.split_at_checked(wanted).unwrap_or((data, &[]));
        let count = u32::try_from(taken.len()).unwrap_or(left);
        self.advance(taken.len());
        let position = self.position;
        let Some((remembered, partial)) = self.message_at(place) else {
            self.place = Place::Header;
            return rest;
        };
        let length = remembered.length;
        partial.passed = partial.passed.saturating_add(count);
        partial.end = position;
        partial.last = at;
        let complete = partial.passed >= length;
        if partial.wants_more() {
            self.keep(place, taken, at, out);
        } else {
            self.skimmed.applies = count < left;
        }
        self.after_payload(place, left.saturating_sub(count), complete, at, out);
        rest
    }

    /// Brings the message in progress up to date with what was skimmed of it.
    pub(super) fn tell_skimmed(&mut self) {
        let skimmed = std::mem::take(&mut self.skimmed);
        let position = self.position;
        if let Place::Payload { stream, .. } = self.place
            && skimmed.len > 0
            && let Some((_, partial)) = self.message_at(stream)
        {
            partial.passed = partial.passed.saturating_add(skimmed.len);
            partial.end = position;
            partial.last = skimmed.last;
        }
    }

    /// The message in progress on a chunk stream, with its header.
    pub(super) fn message_at(&mut self, place: usize) -> Option<(Remembered, &mut Partial)> {
        let stream = self.streams.get_mut(place)?;
        Some((stream.remembered, stream.partial.as_mut()?))
    }

    pub(super) fn after_payload(
        &mut self,
        place: usize,
        left: u32,
        complete: bool,
        at: Mark,
        out: &mut EventQueue,
    ) {
        if complete {
            self.place = Place::Header;
            self.complete(place, at, out);
        } else if left == 0 {
            self.place = Place::Header;
        } else {
            let stream = place;
            self.place = Place::Payload { stream, left };
        }
    }

    /// Keeps what is to be kept of a piece of payload.
    fn keep(&mut self, place: usize, taken: &[u8], at: Mark, out: &mut EventQueue) {
        let keep_media = self.keep_media;
        let Some((remembered, partial)) = self.message_at(place) else {
            return;
        };
        let (type_id, length) = (remembered.type_id, remembered.length);
        let grown = keep::append(partial, type_id, length, taken, keep_media, out);
        self.kept = self.kept.saturating_add(grown);
        if self.kept <= MAX_KEPT {
            return;
        }
        self.drop_bodies(MAX_KEPT, Some(place), at, out);
    }

    /// Memory is short: lets go of the bodies of all messages in progress, when they take enough to
    /// make a difference. Returns how many bytes that were.
    pub(in crate::rtmp) fn relieve(&mut self, at: Mark, out: &mut EventQueue) -> usize {
        if self.kept < WORTH_DROPPING {
            return 0;
        }
        let before = self.kept;
        self.drop_bodies(0, None, at, out);
        before.saturating_sub(self.kept)
    }

    /// Lets go of the bodies that waited longest beyond so many bytes, and says so once.
    fn drop_bodies(&mut self, most: usize, except: Option<usize>, at: Mark, out: &mut EventQueue) {
        while self.kept > most {
            let freed = self.streams.drop_oldest_body(self.chunks, except);
            if freed == 0 {
                break;
            }
            self.kept = self.kept.saturating_sub(freed);
        }
        if !self.said.dropped {
            self.said.dropped = true;
            self.remark(AnomalyKind::BodiesDropped, self.position, at, out);
        }
    }
}
