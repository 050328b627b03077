//! The events of decoders on their way to whoever applies them. One queue serves the decoders of
//! all connections, so that an idle connection holds none of its memory.

use std::collections::VecDeque;

use crate::rtmp::chunk::Partial;
use crate::rtmp::event::Event;

/// Most message bodies kept for reuse, and as many boxes of messages in progress. More are alive at once only while one packet brings that
/// many messages, which is rare enough to ask the allocator.
const MAX_SPARE: usize = 32;

/// Largest body kept for reuse, in bytes: media headers and all common commands fit, and the
/// spare bodies together stay below 64 KiB.
const MAX_SPARE_CAPACITY: usize = 2048;

/// Room the queue keeps when it is empty, in events. A packet full of empty messages may need a
/// hundred times as much, once.
const IDLE_CAPACITY: usize = 512;

/// Events in the order in which decoders reported them, and for reuse message bodies and what messages
/// in progress lie in: in-order media passes without an allocation as long as bodies come back through
/// [`Self::recycle`].
#[derive(Debug, Default)]
pub struct EventQueue {
    events: VecDeque<Event>,
    spare: Vec<Vec<u8>>,
    #[expect(
        clippy::vec_box,
        reason = "it is the boxes that are kept: a message in progress stays in one"
    )]
    boxes: Vec<Box<Partial>>,
}

impl EventQueue {
    /// The next event.
    pub fn poll(&mut self) -> Option<Event> {
        // Asked first: an event is large, and every other call finds none.
        if !self.events.is_empty() {
            return self.events.pop_front();
        }
        if self.events.capacity() > IDLE_CAPACITY {
            self.events.shrink_to(IDLE_CAPACITY);
        }
        None
    }

    /// Gives back an event that is no longer needed, for the memory it holds.
    pub fn take_back(&mut self, event: Event) {
        match event {
            Event::Message(message) => self.recycle(message.body),
            Event::Echo(echo) => self.recycle(echo.packet),
            _ => {}
        }
    }

    /// Gives back the body of a message that is no longer needed.
    pub fn recycle(&mut self, mut body: Vec<u8>) {
        let worth_keeping = body.capacity() > 0 && body.capacity() <= MAX_SPARE_CAPACITY;
        if worth_keeping && self.spare.len() < MAX_SPARE {
            body.clear();
            self.spare.push(body);
        }
    }

    /// Number of events waiting.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is waiting.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Adds an event at the end.
    pub(in crate::rtmp) fn push(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Keeps the box of a message that was in progress.
    pub(in crate::rtmp) fn keep_box(&mut self, partial: Box<Partial>) {
        if self.boxes.len() < MAX_SPARE {
            self.boxes.push(partial);
        }
    }

    /// A message that begins, where it stays until it ends.
    pub(in crate::rtmp) fn in_box(&mut self, partial: Partial) -> Box<Partial> {
        match self.boxes.pop() {
            Some(mut place) => {
                *place = partial;
                place
            }
            None => Box::new(partial),
        }
    }

    /// An empty body, with room if one was given back.
    pub(in crate::rtmp) fn body(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::Mark;
    use crate::rtmp::event::Echo;
    use crate::rtmp::event::HANDSHAKE_PACKET_LEN;

    #[test]
    fn bodies_come_back_empty() {
        let mut queue = EventQueue::default();
        queue.recycle(vec![1, 2, 3]);
        let body = queue.body();
        assert!(body.is_empty());
        assert!(body.capacity() >= 3);
    }

    #[test]
    fn an_echo_gives_back_its_packet() {
        let mut queue = EventQueue::default();
        queue.take_back(Event::Echo(Echo {
            first: Mark::default(),
            last: Mark::default(),
            fingerprint: 0,
            packet: vec![0; HANDSHAKE_PACKET_LEN],
        }));
        assert_eq!(queue.body().capacity(), HANDSHAKE_PACKET_LEN);
    }

    #[test]
    fn large_bodies_are_not_hoarded() {
        let mut queue = EventQueue::default();
        queue.recycle(Vec::with_capacity(MAX_SPARE_CAPACITY + 1));
        assert_eq!(queue.body().capacity(), 0);
    }
}
