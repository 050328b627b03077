//! Holding data behind a hole within bounds, and letting it out.

use crate::base::ids::Mark;
use crate::net::reassembly::GapCause;
use crate::net::reassembly::Origin;
use crate::net::reassembly::REMEMBERED_HOLES;
use crate::net::reassembly::Reassembler;
use crate::net::reassembly::ReassemblyBudget;
use crate::net::reassembly::Span;
use crate::net::reassembly::counters::add;
use crate::net::reassembly::store;
use crate::net::reassembly::store::Overlap;
use crate::net::reassembly::store::Part;

/// Least that one direction may hold behind holes: the largest window without scaling.
pub const MIN_WAITING: usize = 64 << 10;

/// Most that one direction may hold behind holes. An honest sender has no more in flight than
/// the window allows, and receivers rarely open it wider than this.
pub const MAX_WAITING: usize = 8 << 20;

/// What one direction may hold while the peer's window is not known (no SYN captured).
pub const UNKNOWN_WINDOW_WAITING: usize = 1 << 20;

/// Pieces that one direction may hold: [`MAX_WAITING`] in segments of 1024 bytes. Inserting in
/// the middle moves the descriptors of half of them, so this bounds the cost of one segment.
/// (A segment that lies over many pieces may add one more for each hole between them.)
pub const MAX_PIECES: usize = 8 << 10;

impl Reassembler {
    /// Stores a part behind the hole, making room for it where a bound is reached.
    pub(super) fn wait(
        &mut self,
        part: Part<'_>,
        at: Mark,
        overlap: &mut Overlap,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        if part.is_empty() {
            return;
        }
        self.make_room(&part, at, budget, sink);
        if part.start <= self.next.pos && self.origin == Origin::Settled {
            self.drain(overlap, Some((part, at)), budget, sink);
            return;
        }
        let store = self.store.get_or_insert_default();
        let before = store.charge();
        let stored = store.insert(part, at);
        let charge = store.charge();
        budget.take(charge.saturating_sub(before));
        overlap.fresh = overlap.fresh.saturating_add(stored.fresh);
        overlap.held = overlap.held.saturating_add(stored.held);
        overlap.conflicting = overlap.conflicting.saturating_add(stored.conflicting);
        let counters = &mut self.rare().counters;
        counters.high_water = counters.high_water.max(charge);
    }

    /// Gives up holes until `part` fits into the bounds, or is itself the next data.
    pub(super) fn make_room(
        &mut self,
        part: &Part<'_>,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        let own = match self.window {
            Some(window) => usize::try_from(window)
                .unwrap_or(MAX_WAITING)
                .clamp(MIN_WAITING, MAX_WAITING),
            None => UNKNOWN_WINDOW_WAITING,
        };
        loop {
            let (held, pieces) = self
                .store
                .as_ref()
                .map_or((0, 0), |store| (store.charge(), store.pieces()));
            let wanted = held.saturating_add(store::charge(part));
            // One segment always fits: the largest ones are larger than the smallest bound.
            let own_full = held > 0 && (wanted > own || pieces >= MAX_PIECES);
            let shared_full = wanted > budget.allowance();
            if !own_full && !shared_full {
                return;
            }
            if shared_full && !own_full {
                budget.refuse();
            }
            if self.origin == Origin::Held {
                if held == 0 {
                    self.next = self.next.moved_to(part.start);
                }
                self.settle(at, budget, sink);
                continue;
            }
            match self.hole_end() {
                Some(end) if end < part.start => {
                    let hole_at = self.front_mark(at);
                    self.skip_to(end, GapCause::Bound, hole_at, sink);
                    self.drain(&mut Overlap::default(), None, budget, sink);
                }
                _ if part.start > self.next.pos => {
                    self.skip_to(part.start, GapCause::Bound, at, sink);
                    return;
                }
                _ => return,
            }
        }
    }

    /// Delivers everything from `next` on without a hole: what is stored, and the part of a
    /// segment that just came, which yields where something came before it.
    pub(super) fn drain(
        &mut self,
        overlap: &mut Overlap,
        arriving: Option<(Part<'_>, Mark)>,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        let (mut part, at) = arriving.unwrap_or((Part::bytes(0, &[]), Mark::default()));
        part.split_before(self.next.pos);
        loop {
            let hole_end = self.hole_end();
            if hole_end.is_some_and(|start| start <= self.next.pos) {
                let Some(store) = &mut self.store else {
                    return;
                };
                let Some(piece) = store.pop_front() else {
                    return;
                };
                let mut stored = piece.as_part();
                budget.give_back(store::charge(&stored));
                overlap.meet(&part, &stored);
                let before = stored.split_before(self.next.pos);
                if before.start < self.base {
                    let outside = before.end().min(self.base).saturating_sub(before.start);
                    add(&mut self.rare().counters.before_start_bytes, outside);
                }
                self.emit(&stored, piece.at, sink);
                part.split_before(self.next.pos);
            } else if part.is_empty() {
                break;
            } else {
                let head = part.split_before(hole_end.unwrap_or(u64::MAX));
                overlap.fresh = overlap.fresh.saturating_add(head.len());
                self.emit(&head, at, sink);
            }
        }
        if self.store.as_ref().is_some_and(|store| store.is_empty()) {
            self.store = None;
        }
    }

    pub(super) fn emit(&mut self, part: &Part<'_>, at: Mark, sink: &mut impl FnMut(Span<'_>)) {
        if part.is_empty() {
            return;
        }
        if let Some(bytes) = part.captured() {
            sink(Span::Data {
                offset: self.offset(),
                at,
                bytes,
            });
            self.next = self.next.moved_to(part.end());
        } else {
            self.skip_to(part.end(), GapCause::Snaplen, at, sink);
        }
    }

    /// Lets out a gap from `next` to `pos`.
    pub(super) fn skip_to(
        &mut self,
        pos: u64,
        cause: GapCause,
        at: Mark,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        let start = self.next.pos;
        let len = pos.saturating_sub(start);
        if len == 0 {
            return;
        }
        sink(Span::Gap {
            offset: self.offset(),
            len,
            at,
            cause,
        });
        self.next = self.next.moved_to(pos);
        let rare = self.rare();
        rare.counters.count_gap(cause, len);
        let slot = rare.skipped_next;
        if let Some(place) = rare.skipped.get_mut(slot) {
            *place = (start, pos);
        }
        rare.skipped_next = slot
            .saturating_add(1)
            .checked_rem(REMEMBERED_HOLES)
            .unwrap_or_default();
    }
}
