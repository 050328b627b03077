//! The memory that all connections together may hold for data that waits behind holes.

/// What data behind holes may take over all connections. The whole program stays under 16 MB on
/// a big file, and one connection alone gets at most half of this (see
/// `ReassemblyBudget::allowance`).
pub const DEFAULT_BUDGET: usize = 16 << 20;

/// Memory for out-of-order data, shared by all connections and lent to each call.
///
/// There is no queue of who to evict: what one direction may hold is never more than what is
/// still free for everybody else. So however much a few stalled connections hold, the next one
/// always finds room for a short reordering, and a connection over its share gives up its own
/// first hole instead of another's.
#[derive(Debug)]
pub struct ReassemblyBudget {
    limit: usize,
    used: usize,
    high_water: usize,
    refusals: u64,
}

impl Default for ReassemblyBudget {
    fn default() -> Self {
        Self::new(DEFAULT_BUDGET)
    }
}

impl ReassemblyBudget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            used: 0,
            high_water: 0,
            refusals: 0,
        }
    }

    /// Bytes held at this moment, with the bookkeeping of each piece.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Most bytes that were held at one moment.
    pub fn high_water(&self) -> usize {
        self.high_water
    }

    /// How often a hole was given up because the shared memory was short, not because of the
    /// connection's own bound.
    pub fn refusals(&self) -> u64 {
        self.refusals
    }

    /// Bytes that one direction may hold, counting what it holds already: as much as is free.
    pub(super) fn allowance(&self) -> usize {
        self.limit.saturating_sub(self.used)
    }

    pub(super) fn take(&mut self, bytes: usize) {
        self.used = self.used.saturating_add(bytes);
        self.high_water = self.high_water.max(self.used);
    }

    pub(super) fn give_back(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    pub(super) fn refuse(&mut self) {
        self.refusals = self.refusals.saturating_add(1);
    }
}
