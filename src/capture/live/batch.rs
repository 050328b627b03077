//! Frames on their way from the capture thread: copied out of the ring into one buffer, so that
//! the ring is free again at once and the queue moves few large pieces.

use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;

/// Bytes of frames after which a batch is full. It fits the cache of a core, so that the decoder
/// reads what the capture thread wrote without a way through memory.
pub(super) const BATCH_BYTES: usize = 256 * 1024;

/// Frames after which a batch is full: with the smallest frames, about as many bytes.
const BATCH_FRAMES: usize = 2048;

/// Frames of one interface, in the order in which they were captured.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    frames: Vec<Place>,
    /// Frames handed out.
    taken: usize,
}

/// A frame in the buffer of its batch.
#[derive(Debug, Clone, Copy)]
struct Place {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    start: usize,
    end: usize,
}

impl Batch {
    /// Forgets the frames, and keeps the room for others.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.taken = 0;
    }

    /// Takes a frame in. One that is captured when little room is left makes the buffer larger.
    pub(super) fn push(&mut self, time: Timestamp, link: LinkType, wire_len: u32, data: &[u8]) {
        if self.frames.is_empty() {
            self.bytes.reserve(BATCH_BYTES);
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(data);
        self.frames.push(Place {
            time,
            link,
            wire_len,
            start,
            end: self.bytes.len(),
        });
    }

    /// Whether no more should be added.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES || self.frames.len() >= BATCH_FRAMES
    }

    /// Whether all frames were handed out.
    pub(super) fn is_empty(&self) -> bool {
        self.taken >= self.frames.len()
    }

    /// When the next frame was captured.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.frames.get(self.taken).map(|place| place.time)
    }

    /// Hands out the next frame.
    pub(super) fn take(
        &mut self,
        number: FrameNumber,
        interface: InterfaceIndex,
    ) -> Option<Frame<'_>> {
        let place = self.frames.get(self.taken)?;
        self.taken = self.taken.saturating_add(1);
        Some(Frame {
            number,
            time: place.time,
            link: place.link,
            interface,
            wire_len: place.wire_len,
            data: self.bytes.get(place.start..place.end)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in() {
        let mut batch = Batch::default();
        batch.push(Timestamp(5), LinkType::ETHERNET, 3, b"one");
        batch.push(Timestamp(7), LinkType::RAW, 9, b"second");
        assert_eq!(batch.next_time(), Some(Timestamp(5)));
        let first = batch.take(FrameNumber(1), InterfaceIndex::FIRST).unwrap();
        assert_eq!((first.data, first.wire_len), (&b"one"[..], 3));
        let second = batch.take(FrameNumber(2), InterfaceIndex::FIRST).unwrap();
        assert_eq!((second.time, second.link), (Timestamp(7), LinkType::RAW));
        assert_eq!((second.data, second.wire_len), (&b"second"[..], 9));
        assert!(batch.is_empty() && batch.take(FrameNumber(3), InterfaceIndex::FIRST).is_none());
    }

    #[test]
    fn a_batch_is_full_by_bytes_or_by_frames() {
        let mut batch = Batch::default();
        batch.push(Timestamp(0), LinkType::RAW, 0, &vec![0; BATCH_BYTES]);
        assert!(batch.is_full());
        batch.clear();
        assert!(!batch.is_full() && batch.is_empty());
        for _ in 0..BATCH_FRAMES {
            batch.push(Timestamp(0), LinkType::RAW, 0, &[]);
        }
        assert!(batch.is_full());
    }
}
