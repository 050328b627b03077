//! The messages that the dashboard keeps: of all connections the latest, as an index within one
//! budget and their bodies within another.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::ids::FlowId;
use crate::tui::bodies;
use crate::tui::bodies::Bodies;
use crate::tui::entry::Entry;
use crate::tui::entry::Holes;
use crate::tui::model::Kept;

/// Entries that lie together: a page of memory. No list grows by more than this at once, so that
/// nobody waits while millions of entries are moved.
const BLOCK: usize = 64;

/// Bytes that an entry takes beside itself: its place in the order.
const PLACE: usize = size_of::<FlowId>();

/// Bytes that are counted for what few messages have.
const RARE: usize = 64;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Bytes of the index.
    pub(super) index: usize,
    /// Bytes of bodies.
    pub(super) bodies: usize,
}

/// Messages on their way to where they are kept.
#[derive(Debug, Default)]
pub(super) struct Batch {
    entries: Vec<Waiting>,
    bodies: Vec<u8>,
}

#[derive(Debug)]
struct Waiting {
    id: FlowId,
    number: u64,
    entry: Entry,
    holes: Option<Holes>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the bodies that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bodies.len()
    }

    /// Puts a body beside those that wait; says where it is, for the entry.
    pub(super) fn body(&mut self, body: &[u8]) -> u64 {
        bodies::append(&mut self.bodies, body)
    }

    pub(super) fn push(&mut self, id: FlowId, number: u64, entry: Entry, holes: Option<Holes>) {
        self.entries.push(Waiting {
            id,
            number,
            entry,
            holes,
        });
    }
}

/// The messages kept, oldest first.
#[derive(Debug, Default)]
pub(super) struct Messages {
    rings: HashMap<FlowId, Ring>,
    /// Whose messages they are, in the order in which they came: the oldest goes first.
    order: VecDeque<FlowId>,
    pub(super) bodies: Bodies,
    /// Bytes of the index.
    pub(super) bytes: usize,
}

/// The messages of one connection.
#[derive(Debug, Default)]
pub(super) struct Ring {
    blocks: VecDeque<Vec<Entry>>,
    /// Entries of the first block that were let go.
    gone: usize,
    /// Number of the first entry that is kept.
    first: u64,
    len: usize,
    holes: BTreeMap<u64, Holes>,
    pub(super) left_out: u64,
    /// How many of the kept ones came within aggregates.
    parts: usize,
}

impl Ring {
    /// How many messages are kept.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many of the oldest `count` messages came within aggregates.
    pub(super) fn parts(&self, count: usize) -> usize {
        if self.parts == 0 || count >= self.len {
            return self.parts;
        }
        (0..count)
            .filter_map(|at| self.entry(at))
            .filter(|entry| entry.is_part())
            .count()
    }

    /// An entry by its place among those that are kept.
    pub(super) fn entry(&self, at: usize) -> Option<&Entry> {
        let at = at.checked_add(self.gone)?;
        self.blocks.get(at / BLOCK)?.get(at % BLOCK)
    }

    /// What is missing of the message at a place.
    pub(super) fn holes(&self, at: usize) -> Option<Holes> {
        self.holes.get(&self.number(at)).copied()
    }

    /// The number of the message at a place.
    pub(super) fn number(&self, at: usize) -> u64 {
        self.first
            .saturating_add(u64::try_from(at).unwrap_or(u64::MAX))
    }

    /// The place of the first message with this number or a higher one.
    pub(super) fn place(&self, number: u64) -> usize {
        let ahead = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        ahead.min(self.len)
    }

    /// Number of the latest message.
    pub(super) fn latest(&self) -> Option<u64> {
        Some(self.number(self.len.checked_sub(1)?))
    }

    /// The first place whose entry is not `before`, where that holds for all that come earlier.
    pub(super) fn partition_point(&self, mut before: impl FnMut(&Entry) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low.midpoint(high);
            if self.entry(middle).is_some_and(&mut before) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        low
    }

    /// The message at a place, with its body as far as that is kept.
    pub(super) fn message(&self, at: usize, bodies: &Bodies) -> Option<Arc<Kept>> {
        let entry = self.entry(at)?;
        let number = self.number(at);
        let body = bodies.get(entry.body);
        Some(Arc::new(Kept {
            number,
            side: entry.side(),
            is_odd: entry.is_odd(),
            is_let_go: body.is_none(),
            raw: entry.message(self.holes.get(&number).copied(), body.unwrap_or_default()),
        }))
    }

    /// How many of the oldest messages have no body any more.
    pub(super) fn without_body(&self, bodies: &Bodies) -> usize {
        let begin = bodies.begin();
        self.partition_point(|entry| entry.body < begin)
    }

    fn push(&mut self, number: u64, entry: Entry, holes: Option<Holes>) {
        if self.len == 0 {
            self.first = number;
        }
        if let Some(holes) = holes {
            self.holes.insert(number, holes);
        }
        self.parts = self.parts.saturating_add(usize::from(entry.is_part()));
        self.len = self.len.saturating_add(1);
        match self.blocks.back_mut() {
            Some(block) if block.len() < BLOCK => block.push(entry),
            _ => self.blocks.push_back(vec![entry]),
        }
    }

    /// Lets go of the oldest message; bytes that it took.
    fn pop(&mut self) -> usize {
        let Some(entry) = self.entry(0).copied() else {
            return 0;
        };
        let rare = usize::from(self.holes.remove(&self.first).is_some()).saturating_mul(RARE);
        self.gone = self.gone.saturating_add(1);
        self.first = self.first.saturating_add(1);
        self.len = self.len.saturating_sub(1);
        self.parts = self.parts.saturating_sub(usize::from(entry.is_part()));
        self.left_out = self.left_out.saturating_add(1);
        if self.gone == BLOCK || self.len == 0 {
            self.blocks.pop_front();
            self.gone = 0;
        }
        size_of::<Entry>()
            .saturating_add(PLACE)
            .saturating_add(rare)
    }

    fn weight(&self) -> usize {
        let each = size_of::<Entry>().saturating_add(PLACE);
        let rare = self.holes.len().saturating_mul(RARE);
        self.len.saturating_mul(each).saturating_add(rare)
    }
}

impl Messages {
    pub(super) fn ring(&self, id: FlowId) -> Option<&Ring> {
        self.rings.get(&id)
    }

    /// Takes in what was gathered.
    pub(super) fn take(&mut self, batch: &mut Batch, budget: Budget) {
        let base = self.bodies.take(&batch.bodies, budget.bodies);
        batch.bodies.clear();
        for waiting in batch.entries.drain(..) {
            let Waiting {
                id,
                number,
                mut entry,
                holes,
            } = waiting;
            entry.body = entry.body.saturating_add(base);
            let ring = self.rings.entry(id).or_default();
            // The places of an index are its numbers: those of one that skips are counted anew.
            while ring.len > 0 && ring.number(ring.len) != number {
                self.bytes = self.bytes.saturating_sub(ring.pop());
            }
            ring.push(number, entry, holes);
            let rare = usize::from(holes.is_some()).saturating_mul(RARE);
            self.bytes = self
                .bytes
                .saturating_add(size_of::<Entry>())
                .saturating_add(PLACE)
                .saturating_add(rare);
            self.order.push_back(id);
        }
        self.shrink(budget.index);
    }

    /// Lets go of the messages of a connection. Their places in the order, and their bodies, go
    /// when it is their turn.
    pub(super) fn forget(&mut self, id: FlowId) {
        if let Some(ring) = self.rings.remove(&id) {
            self.bytes = self.bytes.saturating_sub(ring.weight());
        }
    }

    /// Lets go of the oldest messages beyond so many bytes.
    pub(super) fn shrink(&mut self, budget: usize) {
        while self.bytes > budget {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(ring) = self.rings.get_mut(&oldest) {
                self.bytes = self.bytes.saturating_sub(ring.pop());
            }
        }
    }

    /// Memory is short: keeps half of it. Returns whether there was more than `least` bytes.
    pub(super) fn relieve(&mut self, least: usize) -> bool {
        let mut relieved = false;
        if self.bodies.len() > least {
            relieved = true;
            self.bodies.shrink(self.bodies.len() / 2);
            self.bodies.shrink_to_fit();
        }
        if self.bytes > least {
            relieved = true;
            self.shrink(self.bytes / 2);
            self.order.shrink_to_fit();
        }
        relieved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;
    use crate::base::side::Side;
    use crate::tui::testing::kept;

    const EACH: usize = size_of::<Entry>() + PLACE;

    fn push(messages: &mut Messages, id: FlowId, number: u64, body: &[u8], budget: Budget) {
        let mut batch = Batch::default();
        let at = batch.body(body);
        let raw = kept(number, body).raw;
        let entry = Entry::new(Side::Client, &raw, false, FrameNumber(number), at);
        batch.push(id, number, entry, None);
        messages.take(&mut batch, budget);
    }

    fn numbers(messages: &Messages, id: FlowId) -> (Vec<u64>, u64) {
        let ring = messages.ring(id).unwrap();
        let numbers = (0..ring.len())
            .map(|at| ring.message(at, &messages.bodies).unwrap().number)
            .collect();
        (numbers, ring.left_out)
    }

    #[test]
    fn the_oldest_messages_go_first_and_are_counted() {
        let mut messages = Messages::default();
        let (a, b) = (FlowId(1), FlowId(2));
        let budget = Budget {
            index: EACH * 3,
            bodies: 1000,
        };
        for (id, number) in [(a, 1), (b, 1), (a, 2), (a, 3), (b, 2)] {
            push(&mut messages, id, number, b"", budget);
        }
        assert_eq!(numbers(&messages, a), (vec![2, 3], 1));
        assert_eq!(numbers(&messages, b), (vec![2], 1));
        messages.forget(a);
        assert_eq!(messages.bytes, EACH);
    }

    #[test]
    fn millions_of_messages_stay_within_the_budget() {
        const COUNT: u64 = 2_000_000;
        let mut messages = Messages::default();
        let budget = Budget {
            index: 16 << 20,
            bodies: 4 << 20,
        };
        let raw = kept(1, &[7; 32]).raw;
        let mut batch = Batch::default();
        for number in 1..=COUNT {
            let at = batch.body(&raw.body);
            let entry = Entry::new(Side::Client, &raw, false, FrameNumber(number), at);
            batch.push(FlowId(number % 3), number.div_ceil(3), entry, None);
            if batch.len() == 256 {
                messages.take(&mut batch, budget);
                assert!(messages.bytes <= budget.index);
                assert!(messages.bodies.len() <= budget.bodies);
            }
        }
        messages.take(&mut batch, budget);
        let (mut kept, mut gone) = (0, 0);
        for id in 0..3 {
            let ring = messages.ring(FlowId(id)).unwrap();
            kept += u64::try_from(ring.len()).unwrap();
            gone += ring.left_out;
            // What is held in blocks is the index and no more than a block on each side.
            let held: usize = ring.blocks.iter().map(Vec::capacity).sum();
            assert!(held <= ring.len() + 2 * BLOCK);
            let without = ring.without_body(&messages.bodies);
            assert!(without > 0 && without < ring.len());
            let (last, first) = (without - 1, without);
            assert!(ring.message(last, &messages.bodies).unwrap().is_let_go);
            let message = ring.message(first, &messages.bodies).unwrap();
            assert_eq!((message.is_let_go, message.raw.body.len()), (false, 32));
            assert_eq!(ring.place(message.number), first);
        }
        assert_eq!(kept + gone, COUNT);
        assert!(kept > 200_000);
    }

    #[test]
    fn what_follows_a_message_that_is_not_there_begins_anew() {
        let mut messages = Messages::default();
        let budget = Budget {
            index: 1 << 20,
            bodies: 1 << 20,
        };
        for number in [1, 2, 5, 6] {
            push(&mut messages, FlowId(1), number, b"x", budget);
        }
        assert_eq!(numbers(&messages, FlowId(1)), (vec![5, 6], 2));
        assert_eq!(messages.bytes, EACH * 2);
    }

    #[test]
    fn when_memory_is_short_half_is_let_go_until_little_is_left() {
        let mut messages = Messages::default();
        let budget = Budget {
            index: 1 << 20,
            bodies: 1 << 20,
        };
        for number in 1..=1000 {
            push(&mut messages, FlowId(1), number, &[1; 200], budget);
        }
        assert!(messages.relieve(EACH * 10));
        assert_eq!(messages.bytes, EACH * 500);
        assert!(messages.bodies.len() <= 102_000);
        while messages.relieve(EACH * 10) {}
        assert!(messages.bytes <= EACH * 10 && messages.bodies.len() <= EACH * 10);
    }
}
