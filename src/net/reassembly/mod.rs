//! One direction of a connection: segments in, bytes in stream order out, and holes of known
//! length where bytes are missing.
//!
//! ```text
//!            base           next          front.start        store.end()
//!  position   |== delivered ==|---- hole ----|===== waiting =====|
//!  offset     0                                      ^ ack, sack: what the peer holds
//! ```
//!
//! Data that comes in order is handed on as the frame's own slice. Only what arrives behind a
//! hole is copied, and stays in the `store` until the hole is filled or given up. When a hole is
//! given up is decided in `Reassembler::review`, `Reassembler::make_room` and
//! [`Reassembler::finish`], nowhere else.
//!
//! The first bytes for a place win. A receiver may resolve an overlap otherwise, but the bytes
//! that differ are counted, and honest retransmissions do not differ.

mod budget;
mod counters;
mod store;
#[cfg(test)]
mod tests;

use std::num::NonZero;

use crate::base::ids::Mark;
use crate::base::time::Span as Elapsed;
use crate::base::time::Timestamp;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::seq::Edge;
use crate::net::seq::SeqNum;

pub use self::budget::DEFAULT_BUDGET;
pub use self::budget::ReassemblyBudget;
pub use self::counters::Arrival;
pub use self::counters::ArrivalKind;
pub use self::counters::Counters;
pub use self::counters::GapCause;

use self::counters::add;
use self::store::Grace;
use self::store::Overlap;
use self::store::Part;
use self::store::Store;

/// Segments of the connection, either way, that must follow before an acknowledged hole counts as
/// lost by the capture. Captures merged from two taps or several receive queues show the
/// acknowledgement before the data, but seldom by more than a few segments.
pub const GRACE_SEGMENTS: u8 = 3;

/// Capture time after which an acknowledged hole counts as lost by the capture, however few
/// segments follow: far above what capture queues reorder.
pub const GRACE_TIME: Elapsed = Elapsed::from_millis(50);

/// Bytes waiting behind a hole after which it is given up when the peer's acknowledgements are
/// not in the capture at all. Fast retransmission comes within a round trip, in which a live
/// stream sends less than this.
pub const ONE_SIDED_BYTES: usize = 256 << 10;

/// Capture time after which a hole is given up when the peer's acknowledgements are not in the
/// capture at all: longer than the first retransmission timeouts (RFC 6298: 1 s at first, 200 ms
/// in practice).
pub const ONE_SIDED_TIME: Elapsed = Elapsed::from_secs(1);

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

/// How many given-up holes are remembered, to tell data that comes too late from data that came
/// twice.
const REMEMBERED_HOLES: usize = 8;

/// Position of the first sequence number seen, far enough above 0 for everything that may turn
/// out to lie before it.
const ORIGIN: u64 = 1 << 33;

/// What comes out, strictly in stream order: each span begins at the offset where the one before
/// ended, the first at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span<'a> {
    /// Bytes of the stream.
    Data {
        /// Offset of the first byte.
        offset: u64,
        /// The frame that brought the bytes; it may be older than the one that let them out.
        at: Mark,
        /// The bytes, never empty.
        bytes: &'a [u8],
    },
    /// Bytes that are missing.
    Gap {
        /// Offset of the first missing byte.
        offset: u64,
        /// How many are missing, never 0.
        len: u64,
        /// The frame that showed the hole: the one that brought the bytes behind it, or with
        /// nothing behind it the last one.
        at: Mark,
        /// Why they are given up.
        cause: GapCause,
    },
}

/// How much is known about where the stream starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Origin {
    /// Nothing was seen.
    #[default]
    Unseen,
    /// Only what the peer acknowledged.
    Acked,
    /// Payload came without a SYN before it. It is held for a short grace, because the frames
    /// at the beginning of a capture may be out of order like any others and a stream can not be
    /// prepended to once its first bytes are out. The cost is a copy of the first few segments
    /// of connections that were joined midway; the handshake of RTMP, by which the stream is
    /// recognised, is whole when its SYN was captured late.
    Held,
    /// The start is settled: behind the SYN, or where the first payload was.
    Settled,
}

/// Things that most connections never need.
#[derive(Debug, Default)]
struct Rare {
    counters: Counters,
    /// Positions of holes given up, the newest in place of the oldest.
    skipped: [(u64, u64); REMEMBERED_HOLES],
    skipped_next: usize,
}

/// Reassembles one direction of a TCP connection.
///
/// Feed every segment of the connection in capture order: the sender's to [`push`](Self::push),
/// the receiver's to [`on_peer`](Self::on_peer), and call [`finish`](Self::finish) when the
/// connection or the capture ends.
///
/// While nothing waits behind a hole it owns no memory beside itself.
#[derive(Debug, Default)]
pub struct Reassembler {
    /// Where the next byte to deliver is.
    next: Edge,
    /// Position of stream offset 0.
    base: u64,
    /// Position up to which the peer acknowledged, 0 when it never did.
    ack: u64,
    /// Position of the FIN.
    fin: Option<NonZero<u64>>,
    /// Widest receive window of the peer in bytes, when its scale is known.
    window: Option<u32>,
    origin: Origin,
    store: Option<Box<Store>>,
    in_order_segments: u64,
    in_order_bytes: u64,
    rare: Option<Box<Rare>>,
}

impl Reassembler {
    /// Takes a segment that this direction's sender sent. `sink` gets what it lets out.
    pub fn push(
        &mut self,
        segment: &Segment<'_>,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) -> Arrival {
        let control = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
        let Ok(len) = u32::try_from(segment.payload.len()) else {
            return Arrival::default();
        };
        if self.origin != Origin::Settled
            || self.store.is_some()
            || self.fin.is_some()
            || SeqNum(segment.seq) != self.next.seq
            || segment.flags.0 & control != 0
            || segment.wire_payload != len
        {
            return self.push_unusual(segment, budget, sink);
        }
        if len == 0 {
            return Arrival::default();
        }
        sink(Span::Data {
            offset: self.next.pos.saturating_sub(self.base),
            at: segment.at,
            bytes: segment.payload,
        });
        self.next.pos = self.next.pos.saturating_add(u64::from(len));
        self.next.seq = self.next.seq.plus(len);
        add(&mut self.in_order_segments, 1);
        add(&mut self.in_order_bytes, u64::from(len));
        Arrival {
            kind: ArrivalKind::InOrder,
            fresh: len,
            ..Arrival::default()
        }
    }

    /// Takes a segment of the peer, which acknowledges this direction. `window` is the receive
    /// window that it advertises, in bytes, when its scale is known.
    pub fn on_peer(
        &mut self,
        segment: &Segment<'_>,
        window: Option<u32>,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        // The acknowledgement of an RST is not trusted: resets are what middleboxes and attackers
        // make up.
        if segment.flags.has(TcpFlags::ACK) && !segment.flags.has(TcpFlags::RST) {
            self.acknowledge(segment, window);
        }
        self.review(segment.at, budget, sink);
    }

    /// Lets out everything that waits: the connection or the capture is over at `at`.
    pub fn finish(
        &mut self,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        if self.origin == Origin::Held {
            self.settle(at, budget, sink);
        }
        while let Some(hole) = self.hole() {
            self.give_up(hole, budget, sink);
        }
        // What is known to be missing behind the last byte: up to the FIN, or else up to what the
        // peer acknowledged. When the FIN itself was lost, its sequence number counts as a byte
        // here; an acknowledgement of exactly one more is taken for that.
        if self.origin == Origin::Unseen {
            return;
        }
        let next = self.next.pos;
        let end = match self.fin {
            Some(fin) => fin.get(),
            None if self.ack == next.saturating_add(1) => next,
            None => self.ack,
        };
        if end > next {
            let acked = self.ack.min(end);
            if acked > next {
                self.skip_to(acked, GapCause::CaptureLoss, at, sink);
            }
            self.skip_to(end, GapCause::Undetermined, at, sink);
        }
    }

    /// Offset behind the last span that came out.
    pub fn offset(&self) -> u64 {
        self.next.pos.saturating_sub(self.base)
    }

    /// Memory taken by data that waits, with the bookkeeping of each piece.
    pub fn waiting(&self) -> usize {
        self.store.as_ref().map_or(0, |store| store.charge())
    }

    /// Whether the start of the stream was seen, so that offset 0 is the sender's first byte:
    /// false before any segment, and while the start of a stream joined midway is not settled.
    pub fn is_settled(&self) -> bool {
        self.origin == Origin::Settled
    }

    /// The sums so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self
            .rare
            .as_ref()
            .map_or_else(Counters::default, |rare| rare.counters);
        add(&mut counters.in_order_segments, self.in_order_segments);
        add(&mut counters.in_order_bytes, self.in_order_bytes);
        counters
    }

    // ---- segments of the sender ----

    fn push_unusual(
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
    fn start_at(
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
    fn begin(&mut self, at: Mark, budget: &mut ReassemblyBudget, sink: &mut impl FnMut(Span<'_>)) {
        if let Some(store) = &mut self.store {
            store.grace = None;
            store.progress = Some(at.time);
        }
        self.drain(&mut Overlap::default(), None, budget, sink);
    }

    /// Gives the first payload of a stream without SYN its position.
    fn anchor(&mut self, seq: SeqNum, at: Mark) {
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
    fn settle(&mut self, at: Mark, budget: &mut ReassemblyBudget, sink: &mut impl FnMut(Span<'_>)) {
        if let Some(start) = self.hole_end() {
            self.next = self.next.moved_to(start);
        }
        self.base = self.next.pos;
        self.origin = Origin::Settled;
        self.begin(at, budget, sink);
    }

    /// The first FIN counts, unless data was already seen behind it.
    fn take_fin(&mut self, pos: u64) {
        let end = self.store_end().unwrap_or(0).max(self.next.pos);
        if self.fin.is_none() && (pos >= end || self.origin == Origin::Held) {
            self.fin = NonZero::new(pos);
        }
    }

    /// Delivers or stores the captured and the cut-off part of a segment.
    fn take_parts(
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
    fn count_old(&mut self, start: u64, end: u64) -> (u64, u64) {
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

    // ---- what waits ----

    /// Stores a part behind the hole, making room for it where a bound is reached.
    fn wait(
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
    fn make_room(
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
    fn drain(
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

    fn emit(&mut self, part: &Part<'_>, at: Mark, sink: &mut impl FnMut(Span<'_>)) {
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
    fn skip_to(&mut self, pos: u64, cause: GapCause, at: Mark, sink: &mut impl FnMut(Span<'_>)) {
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

    // ---- when to give up a hole ----

    fn acknowledge(&mut self, segment: &Segment<'_>, window: Option<u32>) {
        let ack = SeqNum(segment.ack);
        // What is under way was allowed by the widest window, also when it is closed now.
        self.window = self.window.max(window);
        if self.origin == Origin::Unseen {
            self.next = Edge {
                seq: ack,
                pos: ORIGIN,
            };
            self.base = ORIGIN;
            // What a SYN-ACK acknowledges is a SYN, so the start is known even when the SYN
            // itself was not captured.
            self.origin = if segment.flags.has(TcpFlags::SYN) {
                Origin::Settled
            } else {
                Origin::Acked
            };
        }
        self.ack = self.ack.max(self.next.position_of(ack));
        if let Some(store) = &mut self.store {
            let blocks = usize::from(segment.options.sack_count);
            for &(_, right) in segment.options.sack.iter().take(blocks) {
                store.sack = store.sack.max(self.next.position_of(SeqNum(right)));
            }
        }
    }

    /// Looks at the hole in front after every segment of the connection, either way.
    fn review(&mut self, at: Mark, budget: &mut ReassemblyBudget, sink: &mut impl FnMut(Span<'_>)) {
        let Some(store) = &mut self.store else {
            return;
        };
        if self.origin == Origin::Held {
            if store.grace.as_mut().is_none_or(|grace| grace.passed(at)) {
                self.settle(at, budget, sink);
            }
            return;
        }
        if self.ack == 0 {
            while let Some(hole) = self.hole() {
                if self.waiting() < ONE_SIDED_BYTES && at.time.since(hole.since) < ONE_SIDED_TIME {
                    break;
                }
                self.pass(hole, GapCause::OneSided, budget, sink);
            }
            return;
        }
        // While the acknowledgement stays below the hole, the receiver misses the bytes too, and
        // the sender will send them again.
        let acked = self.ack;
        if store.front().is_none_or(|front| acked < front.start) {
            return;
        }
        let Some(grace) = &mut store.grace else {
            store.grace = Some(Grace::start(at, acked));
            return;
        };
        if !grace.passed(at) {
            return;
        }
        // The wait is over for every hole that was known and acknowledged when it began, so a
        // capture that loses every other segment does not fall behind.
        let Grace { since, ack, .. } = *grace;
        while let Some(hole) = self.hole() {
            if hole.end > ack || hole.at.frame > since.frame {
                break;
            }
            self.pass(hole, GapCause::CaptureLoss, budget, sink);
        }
        let still = self.hole().is_some_and(|hole| hole.end <= acked);
        if let Some(store) = &mut self.store {
            store.grace = still.then(|| Grace::start(at, acked));
        }
    }

    /// Lets out a hole at the end, by what is known of where its bytes went.
    fn give_up(
        &mut self,
        hole: Hole,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        if self.ack > self.next.pos {
            self.skip_to(self.ack.min(hole.end), GapCause::CaptureLoss, hole.at, sink);
        }
        let sack = self.store.as_ref().map_or(0, |store| store.sack);
        let cause = if sack > hole.end {
            GapCause::NotReceived
        } else {
            GapCause::Undetermined
        };
        self.pass(hole, cause, budget, sink);
    }

    fn pass(
        &mut self,
        hole: Hole,
        cause: GapCause,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        self.skip_to(hole.end, cause, hole.at, sink);
        self.drain(&mut Overlap::default(), None, budget, sink);
    }

    /// The hole in front of what waits.
    fn hole(&self) -> Option<Hole> {
        let store = self.store.as_ref()?;
        let front = store.front()?;
        let progress = store.progress.unwrap_or(front.at.time);
        Some(Hole {
            end: front.start,
            at: front.at,
            since: front.at.time.max(progress),
        })
    }

    fn hole_end(&self) -> Option<u64> {
        self.hole().map(|hole| hole.end)
    }

    fn front_mark(&self, otherwise: Mark) -> Mark {
        self.hole().map_or(otherwise, |hole| hole.at)
    }

    fn store_end(&self) -> Option<u64> {
        self.store.as_ref()?.end()
    }

    // ---- counting ----

    fn counted(&mut self, arrival: Arrival) -> Arrival {
        if arrival != Arrival::default() {
            self.rare().counters.count_arrival(&arrival);
        }
        arrival
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// The hole between what was delivered and what waits.
#[derive(Debug, Clone, Copy)]
struct Hole {
    /// Position of the first waiting byte.
    end: u64,
    /// What brought that byte.
    at: Mark,
    /// Since when nothing of the hole came.
    since: Timestamp,
}

impl Grace {
    fn start(at: Mark, ack: u64) -> Self {
        Self {
            since: at,
            ack,
            segments: 0,
        }
    }

    /// Counts a segment; whether the wait is over with it.
    fn passed(&mut self, at: Mark) -> bool {
        if at.frame == self.since.frame {
            return false;
        }
        self.segments = self.segments.saturating_add(1);
        self.segments >= GRACE_SEGMENTS || at.time.since(self.since.time) >= GRACE_TIME
    }
}

/// Bytes of one segment as 32 bits, which the IP length fields guarantee.
fn clamp(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
