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
mod hole;
mod segment;
mod store;
#[cfg(test)]
mod tests;
mod waiting;

use std::num::NonZero;

use crate::base::ids::Mark;
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
pub use self::hole::GRACE_SEGMENTS;
pub use self::hole::GRACE_TIME;
pub use self::hole::ONE_SIDED_BYTES;
pub use self::hole::ONE_SIDED_TIME;
pub use self::waiting::MAX_PIECES;
pub use self::waiting::MAX_WAITING;
pub use self::waiting::MIN_WAITING;
pub use self::waiting::UNKNOWN_WINDOW_WAITING;

use self::store::Store;

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
/// While nothing waits behind a hole it owns no memory beside itself. What every segment of either
/// side needs comes first.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Reassembler {
    origin: Origin,
    /// Widest receive window of the peer in bytes, when its scale is known.
    window: Option<u32>,
    /// Where the next byte to deliver is.
    next: Edge,
    /// Position up to which the peer acknowledged, 0 when it never did.
    ack: u64,
    store: Option<Box<Store>>,
    /// Position of the FIN.
    fin: Option<NonZero<u64>>,
    /// Position of stream offset 0.
    base: u64,
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

    /// The number of the next byte to deliver, while nothing waits and neither end of the stream is
    /// in sight: then segments that begin there are all there is to it.
    pub(super) fn next_in_order(&self) -> Option<SeqNum> {
        let is_plain = self.origin == Origin::Settled && self.store.is_none() && self.fin.is_none();
        is_plain.then_some(self.next.seq)
    }

    /// Takes note of segments that went by with the next bytes, while
    /// [`next_in_order`](Self::next_in_order) held.
    pub(super) fn went_by(&mut self, bytes: u32) {
        self.next.pos = self.next.pos.saturating_add(u64::from(bytes));
        self.next.seq = self.next.seq.plus(bytes);
    }

    /// Takes note of the highest acknowledgement in the same time.
    pub(super) fn was_acknowledged(&mut self, ack: SeqNum) {
        self.ack = self.ack.max(self.next.position_of(ack));
    }

    /// Takes note of the widest window in bytes that the peer advertised in the same time.
    pub(super) fn was_allowed(&mut self, window: u32) {
        self.window = self.window.max(Some(window));
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

    /// The sequence number of stream offset 0, once the start of the stream is settled: with it
    /// the bytes at an offset can be found again in segments.
    pub fn first_number(&self) -> Option<SeqNum> {
        self.is_settled().then(|| self.next.moved_to(self.base).seq)
    }

    /// The sums so far.
    pub fn counters(&self) -> Counters {
        self.rare
            .as_ref()
            .map_or_else(Counters::default, |rare| rare.counters)
    }

    fn counted(&mut self, arrival: Arrival) -> Arrival {
        let is_plain = arrival.kind == ArrivalKind::InOrder && arrival.duplicate == 0;
        if !is_plain && arrival != Arrival::default() {
            self.rare().counters.count_arrival(&arrival);
        }
        arrival
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}
