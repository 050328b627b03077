//! Which connections leave when there are too many, or memory is short.

use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::flow::EndReason;
use crate::net::flow::Flow;
use crate::net::flow::FlowTable;
use crate::net::flow::Slot;

/// Part of the connections that is evicted when there are too many: looking for the least useful
/// one means looking at all, so one look frees many places.
const EVICTED_SHARE: usize = 16;

/// A wanted connection without a segment for this long makes room for a newcomer when there is none.
const QUIET: Span = Span::from_secs(60);

/// The same for one of which it is not known what it is for. Less would let thousands that take turns
/// drive each other out before any can be recognised.
const UNWANTED_QUIET: Span = Span::from_secs(1);

/// How long newcomers are turned away without another look at all connections.
const FULL_FOR: Span = Span::from_millis(100);

impl<T: Default> FlowTable<T> {
    /// From now on keeps no more connections than there are.
    pub fn stay_as_few(&mut self) {
        self.config.max_flows = self.config.max_flows.min(self.live).max(1);
    }

    /// Ends a sixteenth of the connections: those of least use, and among them those that would
    /// end soonest anyway. `worth` says of what use one is, the least first; one of which it says
    /// nothing stays. Returns how many ended.
    pub fn let_go(&mut self, worth: impl Fn(&Flow<T>) -> Option<u8>) -> usize {
        let mut candidates: Vec<(u8, Timestamp, u32)> = (0u32..)
            .zip(&self.deadlines)
            .filter_map(|(slot, _)| {
                let flow = self.flow(Slot(slot))?;
                Some((worth(flow)?, flow.due(), slot))
            })
            .collect();
        candidates.sort_unstable();
        candidates.truncate((self.live / EVICTED_SHARE).max(1));
        let count = candidates.len();
        self.counters.evicted = self.counters.evicted.saturating_add(count as u64);
        let slots = candidates.into_iter().map(|(_, _, slot)| slot).collect();
        self.end_in_order(slots, EndReason::Evicted);
        count
    }

    /// Makes places by ending connections that would end soonest anyway: closed ones first, then
    /// half-open ones, then those that were quiet longest. One that goes on does not yield to a
    /// newcomer: of too many that take turns, none could be followed. False when there is
    /// no place to be had.
    pub(super) fn make_room(&mut self) -> bool {
        let now = self.clock;
        if now < self.full_until {
            return false;
        }
        let ended = self.let_go(|flow| {
            let quiet = now.since(flow.last_seen);
            if flow.closed().is_some() || !flow.established {
                Some(0)
            } else if flow.is_wanted {
                (quiet > QUIET).then_some(1)
            } else {
                (quiet > UNWANTED_QUIET).then_some(0)
            }
        });
        if ended == 0 {
            self.full_until = Timestamp(now.0.saturating_add(FULL_FOR.nanos()));
        }
        ended > 0
    }
}
