//! When a hole is given up, and why.

use crate::base::ids::Mark;
use crate::base::time::Span as Elapsed;
use crate::base::time::Timestamp;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::reassembly::GapCause;
use crate::net::reassembly::ORIGIN;
use crate::net::reassembly::Origin;
use crate::net::reassembly::Reassembler;
use crate::net::reassembly::ReassemblyBudget;
use crate::net::reassembly::Span;
use crate::net::reassembly::store::Grace;
use crate::net::reassembly::store::Overlap;
use crate::net::reassembly::store::Stepped;
use crate::net::seq::Edge;
use crate::net::seq::SeqNum;

/// Segments of the connection, either way, that must follow before an acknowledged hole counts as
/// lost by the capture. Captures merged from two taps or several receive queues show the
/// acknowledgement before the data, but seldom by more than a handful of segments. A hole that is
/// given up too early costs messages that are there, one that is given up too late some memory.
pub const GRACE_SEGMENTS: u8 = 16;

/// Capture time after which an acknowledged hole counts as lost by the capture, however few
/// segments follow: far above what capture queues reorder, and short for somebody who watches.
pub const GRACE_TIME: Elapsed = Elapsed::from_millis(500);

/// Segments for which the begin of a stream joined midway is held: what a capture reorders in the
/// moment in which it begins.
const START_SEGMENTS: u8 = 3;

/// Capture time for which it is held, however few segments follow.
const START_TIME: Elapsed = Elapsed::from_millis(50);

/// Bytes waiting behind a hole after which it is given up when the peer's acknowledgements are
/// not in the capture at all. Fast retransmission comes within a round trip, in which a live
/// stream sends less than this.
pub const ONE_SIDED_BYTES: usize = 256 << 10;

/// Capture time after which a hole is given up when the peer's acknowledgements are not in the
/// capture at all: longer than the first retransmission timeouts (RFC 6298: 1 s at first, 200 ms
/// in practice).
pub const ONE_SIDED_TIME: Elapsed = Elapsed::from_secs(1);

impl Reassembler {
    pub(super) fn acknowledge(&mut self, segment: &Segment<'_>, window: Option<u32>) {
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
    pub(super) fn review(
        &mut self,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Span<'_>),
    ) {
        let Some(store) = &mut self.store else {
            return;
        };
        if self.origin == Origin::Held {
            if store
                .grace
                .as_mut()
                .is_none_or(|grace| grace.passed(at, START_SEGMENTS, START_TIME))
            {
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
        if !grace.passed(at, GRACE_SEGMENTS, GRACE_TIME) {
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
    pub(super) fn give_up(
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

    pub(super) fn pass(
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
    pub(super) fn hole(&self) -> Option<Hole> {
        let store = self.store.as_ref()?;
        let front = store.front()?;
        let came = match store.stepped {
            Some(stepped) if stepped.end == front.start => stepped.since,
            _ => front.at.time,
        };
        Some(Hole {
            end: front.start,
            at: front.at,
            since: store.progress.map_or(came, |progress| came.max(progress)),
        })
    }

    /// The clock that stamps the segments was set ahead by `by`, or back: what waits has waited for
    /// as long as before. Marks keep their times, which are those of frames.
    pub(in crate::net) fn clock_stepped(&mut self, by: Elapsed) {
        let hole = self.hole();
        let Some(store) = &mut self.store else {
            return;
        };
        let shifted = |time: Timestamp| Timestamp(time.0.saturating_add(by.nanos()));
        store.stepped = hole.map(|hole| Stepped {
            end: hole.end,
            since: shifted(hole.since),
        });
        store.progress = store.progress.map(shifted);
        if let Some(grace) = &mut store.grace {
            grace.since.time = shifted(grace.since.time);
        }
    }

    pub(super) fn hole_end(&self) -> Option<u64> {
        self.hole().map(|hole| hole.end)
    }

    pub(super) fn front_mark(&self, otherwise: Mark) -> Mark {
        self.hole().map_or(otherwise, |hole| hole.at)
    }

    pub(super) fn store_end(&self) -> Option<u64> {
        self.store.as_ref()?.end()
    }
}

/// The hole between what was delivered and what waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hole {
    /// Position of the first waiting byte.
    pub(super) end: u64,
    /// What brought that byte.
    pub(super) at: Mark,
    /// Since when nothing of the hole came.
    pub(super) since: Timestamp,
}

impl Grace {
    pub(super) fn start(at: Mark, ack: u64) -> Self {
        Self {
            since: at,
            ack,
            segments: 0,
        }
    }

    /// Counts a segment; whether the wait for so many, or for so long, is over with it.
    fn passed(&mut self, at: Mark, segments: u8, time: Elapsed) -> bool {
        if at.frame == self.since.frame {
            return false;
        }
        self.segments = self.segments.saturating_add(1);
        self.segments >= segments || at.time.since(self.since.time) >= time
    }
}
