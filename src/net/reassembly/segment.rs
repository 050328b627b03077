//! What a segment of the sender is to the stream: where the stream starts, and what of the
//! segment is new.

use std::num::NonZero;

use crate::base::ids::Mark;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::reassembly::Arrival;
use crate::net::reassembly::ArrivalKind;
use crate::net::reassembly::ORIGIN;
use crate::net::reassembly::Origin;
use crate::net::reassembly::Reassembler;
use crate::net::reassembly::ReassemblyBudget;
use crate::net::reassembly::Span;
use crate::net::reassembly::counters::add;
use crate::net::reassembly::store::Grace;
use crate::net::reassembly::store::Overlap;
use crate::net::reassembly::store::Part;
use crate::net::seq::Edge;
use crate::net::seq::SeqNum;

impl Reassembler {
    pub(super) fn push_unusual(
        &mut self,
        segment: &Segment<'_>,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) -> Arrival {
        if segment.flags.has(TcpFlags::RST) {
            self.review(segment.at, budget, sink);
            return Arrival::default();
        }
        let mut seq = SeqNum(segment.seq);
        if segment.flags.has(TcpFlags::SYN) {
            // The SYN takes a sequence number of its own; payload starts behind it.
            seq = seq.plus(1);
            self.start_at(seq, segment.at, budget, sink);
        }
        let fin = segment.flags.has(TcpFlags::FIN);
        if segment.wire_payload == 0 && !fin {
            let edge = self.store_end().unwrap_or(self.next.pos);
            let probe = self.origin == Origin::Settled
                && self.next.position_of(seq).saturating_add(1) == edge
                && !segment.flags.has(TcpFlags::SYN);
            self.review(segment.at, budget, sink);
            let kind = if probe {
                ArrivalKind::KeepAlive
            } else {
                ArrivalKind::Empty
            };
            return self.counted(Arrival {
                kind,
                ..Arrival::default()
            });
        }
        self.anchor(seq, segment.at);

        // Bytes beyond the IP length are padding, bytes short of it were cut off by the capture.
        let wire = usize::try_from(segment.wire_payload).unwrap_or(usize::MAX);
        let captured = segment.payload.get(..wire).unwrap_or(segment.payload);
        let start = self.next.position_of(seq);
        let mut part = Part::bytes(start, captured);
        let mut cut = Part::cut(
            part.end(),
            u64::from(segment.wire_payload).saturating_sub(captured.len() as u64),
        );
        if fin {
            self.take_fin(cut.end());
        }
        if let Some(fin) = self.fin.map(NonZero::get) {
            let behind = cut.end().saturating_sub(fin.max(start));
            if behind > 0 {
                add(&mut self.rare().counters.behind_fin_bytes, behind);
                part = part.split_before(fin);
                cut = cut.split_before(fin);
            }
        }
        let arrival = self.take_parts(part, cut, segment.at, budget, sink);
        self.review(segment.at, budget, sink);
        self.counted(arrival)
    }

    /// Sets the start of the stream by a SYN: `seq` is the number behind it.
    pub(super) fn start_at(
        &mut self,
        seq: SeqNum,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        match self.origin {
            Origin::Unseen => self.next = Edge { seq, pos: ORIGIN },
            Origin::Acked | Origin::Held => {
                self.next = self.next.moved_to(self.next.position_of(seq));
            }
            // A retransmitted SYN changes nothing, a SYN with another number starts anew as long
            // as nothing came out; later it belongs to another connection or to nobody.
            Origin::Settled
                if seq != self.next.seq && self.next.pos == self.base && self.store.is_none() =>
            {
                let ack = self.next.moved_to(self.ack).seq;
                self.next = Edge { seq, pos: ORIGIN };
                if self.ack != 0 {
                    self.ack = self.next.position_of(ack);
                }
            }
            Origin::Settled => return,
        }
        self.base = self.next.pos;
        self.origin = Origin::Settled;
        // A FIN before the SYN was not this connection's: middleboxes make them up.
        self.fin = None;
        self.begin(at, budget, sink);
    }

    /// Lets out what waited for the start of the stream.
    pub(super) fn begin(
        &mut self,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        if let Some(store) = &mut self.store {
            store.grace = None;
            store.progress = Some(at.time);
        }
        self.drain(&mut Overlap::default(), None, budget, sink);
    }

    /// Gives the first payload of a stream without SYN its position.
    pub(super) fn anchor(&mut self, seq: SeqNum, at: Mark) {
        match self.origin {
            Origin::Settled | Origin::Held => return,
            Origin::Unseen => {
                self.next = Edge { seq, pos: ORIGIN };
                self.base = ORIGIN;
            }
            Origin::Acked => {
                // The receiver has everything before this segment: nothing earlier can come.
                if self.next.position_of(seq) == self.ack {
                    self.next = self.next.moved_to(self.ack);
                    self.base = self.ack;
                    self.origin = Origin::Settled;
                    return;
                }
            }
        }
        self.origin = Origin::Held;
        self.store.get_or_insert_default().grace = Some(Grace::start(at, 0));
    }

    /// Ends the grace of a stream joined midway: it starts with the lowest byte that came.
    pub(super) fn settle(
        &mut self,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        if let Some(start) = self.hole_end() {
            self.next = self.next.moved_to(start);
        }
        self.base = self.next.pos;
        self.origin = Origin::Settled;
        self.begin(at, budget, sink);
    }

    /// The first FIN counts, unless data was already seen behind it.
    pub(super) fn take_fin(&mut self, pos: u64) {
        let end = self.store_end().unwrap_or(0).max(self.next.pos);
        if self.fin.is_none() && (pos >= end || self.origin == Origin::Held) {
            self.fin = NonZero::new(pos);
        }
    }

    /// Delivers or stores the captured and the cut-off part of a segment.
    pub(super) fn take_parts(
        &mut self,
        mut part: Part<'_>,
        mut cut: Part<'_>,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) -> Arrival {
        let (start, end) = (part.start, cut.end());
        if start == end {
            return Arrival::default();
        }
        let next = self.next.pos;
        let held = self.origin == Origin::Held;
        let edge = self.store_end().unwrap_or(next);
        if !held && end.saturating_sub(start) == 1 && end == edge && start >= self.base {
            return Arrival {
                kind: ArrivalKind::KeepAlive,
                ..Arrival::default()
            };
        }
        let mut overlap = Overlap::default();
        let mut kind = ArrivalKind::Ahead;
        let mut waited = 0;
        if !held && start < next {
            let (outside, late) = self.count_old(start, end.min(next));
            overlap.held = end
                .min(next)
                .saturating_sub(start)
                .saturating_sub(outside)
                .saturating_sub(late);
            if end <= next {
                kind = if overlap.held > 0 {
                    ArrivalKind::Duplicate
                } else if late > 0 {
                    ArrivalKind::Late
                } else {
                    ArrivalKind::Outside
                };
            }
            part.split_before(next);
            cut.split_before(next);
        }
        if held || start > next {
            for part in [part, cut] {
                self.wait(part, at, &mut overlap, budget, sink);
            }
            if overlap.fresh == 0 {
                kind = ArrivalKind::Duplicate;
            }
        } else if end > next {
            kind = ArrivalKind::InOrder;
            if let Some(hole) = self.hole() {
                waited = at.time.since(hole.since).nanos().max(0);
                kind = ArrivalKind::Fills;
            }
            for part in [part, cut] {
                self.drain(&mut overlap, Some((part, at)), budget, sink);
            }
            if let Some(store) = &mut self.store {
                store.progress = Some(at.time);
                store.grace = None;
            }
        }
        Arrival {
            kind,
            fresh: clamp(overlap.fresh),
            duplicate: clamp(overlap.held),
            conflicting: clamp(overlap.conflicting),
            waited,
        }
    }

    /// Counts bytes before `next` that are no plain repetition: those before the start, and those
    /// of holes given up.
    pub(super) fn count_old(&mut self, start: u64, end: u64) -> (u64, u64) {
        let outside = end.min(self.base).saturating_sub(start);
        let late = self.rare.as_ref().map_or(0, |rare| {
            rare.skipped
                .iter()
                .map(|&(from, to)| end.min(to).saturating_sub(start.max(from)))
                .fold(0, u64::saturating_add)
        });
        if outside > 0 || late > 0 {
            let counters = &mut self.rare().counters;
            add(&mut counters.before_start_bytes, outside);
            add(&mut counters.late_bytes, late);
        }
        (outside, late)
    }
}

/// Bytes of one segment as 32 bits, which the IP length fields guarantee.
fn clamp(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
