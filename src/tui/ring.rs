//! The messages that the dashboard keeps: of all connections the latest, within a budget.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::ids::FlowId;
use crate::tui::model::Kept;

/// The messages kept, oldest first.
#[derive(Debug, Default)]
pub(super) struct Messages {
    rings: HashMap<FlowId, Ring>,
    /// Whose messages they are, in the order in which they came: the oldest goes first.
    order: VecDeque<FlowId>,
    pub(super) bytes: usize,
}

/// The messages of one connection.
#[derive(Debug, Default)]
pub(super) struct Ring {
    pub(super) kept: VecDeque<Arc<Kept>>,
    pub(super) left_out: u64,
    /// How many of the kept ones came within aggregates.
    parts: usize,
}

impl Ring {
    /// How many of the oldest `count` messages came within aggregates.
    pub(super) fn parts(&self, count: usize) -> usize {
        let is_part = |kept: &&Arc<Kept>| kept.raw.from_aggregate;
        if self.parts == 0 || count >= self.kept.len() {
            return self.parts;
        }
        self.kept.iter().take(count).filter(is_part).count()
    }
}

impl Messages {
    pub(super) fn ring(&self, id: FlowId) -> Option<&Ring> {
        self.rings.get(&id)
    }

    pub(super) fn push(&mut self, id: FlowId, kept: Arc<Kept>, budget: usize) {
        self.bytes = self.bytes.saturating_add(weight(&kept));
        let ring = self.rings.entry(id).or_default();
        ring.parts = ring
            .parts
            .saturating_add(usize::from(kept.raw.from_aggregate));
        ring.kept.push_back(kept);
        self.order.push_back(id);
        self.shrink(budget);
    }

    /// Lets go of the messages of a connection. Their places in the order find nothing later.
    pub(super) fn forget(&mut self, id: FlowId) {
        if let Some(ring) = self.rings.remove(&id) {
            let bytes: usize = ring.kept.iter().map(|kept| weight(kept)).sum();
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    /// Lets go of the oldest messages beyond so many bytes.
    pub(super) fn shrink(&mut self, budget: usize) {
        while self.bytes > budget {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            let Some(ring) = self.rings.get_mut(&oldest) else {
                continue;
            };
            if let Some(gone) = ring.kept.pop_front() {
                self.bytes = self.bytes.saturating_sub(weight(&gone));
                ring.left_out = ring.left_out.saturating_add(1);
                let part = usize::from(gone.raw.from_aggregate);
                ring.parts = ring.parts.saturating_sub(part);
            }
        }
    }
}

/// Bytes that a kept message takes, with its places in the queues.
fn weight(kept: &Kept) -> usize {
    const QUEUES: usize = 48;
    size_of::<Kept>()
        .saturating_add(kept.raw.body.capacity())
        .saturating_add(QUEUES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::kept;

    #[test]
    fn the_oldest_messages_go_first_and_are_counted() {
        let mut messages = Messages::default();
        let (a, b) = (FlowId(1), FlowId(2));
        let budget = weight(&kept(1, b"")) * 3;
        for (id, number) in [(a, 1), (b, 1), (a, 2), (a, 3), (b, 2)] {
            messages.push(id, Arc::new(kept(number, b"")), budget);
        }
        let numbers = |id| {
            let ring = messages.ring(id).unwrap();
            let numbers: Vec<u64> = ring.kept.iter().map(|kept| kept.number).collect();
            (numbers, ring.left_out)
        };
        assert_eq!(numbers(a), (vec![2, 3], 1));
        assert_eq!(numbers(b), (vec![2], 1));
    }
}
