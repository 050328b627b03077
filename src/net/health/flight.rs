//! What of one direction's data is on its way: how much, for how long, and whether a segment was
//! captured twice. Small enough for one cache line, because every segment of either side needs it.

use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::Segment;
use crate::net::health::CAPTURED_TWICE_WITHIN;
use crate::net::seq::SeqNum;

/// Segments that are remembered to recognise copies: with several interfaces a short burst may
/// pass the first before it passes the second.
const REMEMBERED: usize = 4;

/// Nanoseconds of a tick: about a microsecond, and a power of two, as every segment is divided by it.
const TICK: i64 = 1 << 10;

/// The data of one side on its way to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub(in crate::net) struct Flight {
    /// Highest acknowledgement of the peer.
    acked: SeqNum,
    /// Highest sequence number sent, behind payload, SYN and FIN.
    edge: SeqNum,
    /// Most bytes sent and not yet acknowledged at one moment.
    most: u32,
    /// The end of the segment whose round trip is being measured, and when it was sent.
    timed_end: SeqNum,
    timed_at: Timestamp,
    /// Digest and time in ticks of the last segments with payload.
    recent: [(u32, u32); REMEMBERED],
    recent_next: u8,
    is_timing: bool,
    is_acked: bool,
}

impl Flight {
    /// Highest sequence number sent, behind payload, SYN and FIN.
    pub(in crate::net) fn edge(&self) -> SeqNum {
        self.edge
    }

    /// Highest acknowledgement of the peer, if there was one.
    pub(in crate::net) fn acked(&self) -> Option<SeqNum> {
        self.is_acked.then_some(self.acked)
    }

    /// Most bytes on their way at one moment.
    pub(super) fn most(&self) -> u32 {
        self.most
    }

    /// Bytes on their way; 0 while no acknowledgement was seen.
    pub(super) fn under_way(&self) -> u32 {
        if !self.is_acked {
            return 0;
        }
        u32::try_from(self.edge.distance_from(self.acked)).unwrap_or(0)
    }

    /// The round trip that an acknowledgement of everything up to `ack` measures, if it does.
    pub(in crate::net) fn round_trip(&self, ack: SeqNum, now: Timestamp) -> Option<Span> {
        let measures = self.is_timing && !self.timed_end.is_after(ack);
        measures.then(|| now.since(self.timed_at))
    }

    /// The peer acknowledged everything up to `ack`.
    pub(in crate::net) fn acknowledge(&mut self, ack: SeqNum, now: Timestamp) -> Option<Span> {
        if self.is_acked && !ack.is_after(self.acked) {
            return None;
        }
        self.acked = ack;
        self.is_acked = true;
        let measured = self.round_trip(ack, now)?;
        self.is_timing = false;
        Some(measured)
    }

    /// Everything up to `end` was sent, for the first time where `is_new`: then the measurement of
    /// a round trip begins, if none is under way.
    pub(in crate::net) fn sent(&mut self, end: SeqNum, now: Timestamp, is_new: bool) {
        self.edge = end;
        if !self.is_timing && is_new {
            self.is_timing = true;
            self.timed_end = end;
            self.timed_at = now;
        }
        self.most = self.most.max(self.under_way());
    }

    /// A SYN that ends at `end` was sent: nothing before it can be on its way.
    pub(super) fn begin(&mut self, start: SeqNum) {
        if !self.is_acked {
            self.acked = start;
        }
    }

    /// Something was sent again. Which of the copies an acknowledgement answers can not be told
    /// (Karn's rule).
    pub(super) fn stop_timing(&mut self) {
        self.is_timing = false;
    }

    /// Notes a segment with payload, to recognise copies of it.
    pub(in crate::net) fn remember(&mut self, digest: u32, now: Timestamp) {
        let slot = usize::from(self.recent_next) % REMEMBERED;
        if let Some(place) = self.recent.get_mut(slot) {
            *place = (digest, now.ticks::<TICK>());
        }
        self.recent_next = self.recent_next.wrapping_add(1);
    }

    /// Whether a segment with this digest passed just now.
    pub(super) fn has_just_passed(&self, digest: u32, now: Timestamp) -> bool {
        let now = now.ticks::<TICK>();
        let within = u32::try_from(CAPTURED_TWICE_WITHIN.nanos() / TICK).unwrap_or(0);
        self.recent
            .iter()
            .any(|&(known, at)| known == digest && now.wrapping_sub(at) <= within)
    }
}

/// What two captures of one segment share and a retransmission does not: beside place and length
/// the IP identification, the acknowledgement and the timestamps. (The bytes themselves are gone
/// when the copy comes.)
pub(in crate::net) fn digest(segment: &Segment<'_>) -> u32 {
    let (value, echo) = segment.options.timestamps.unwrap_or_default();
    let pair = |one: u32, two: u32| u64::from(one) << 32 | u64::from(two);
    let is_like = u32::from(segment.ip_id) << 16 | u32::from(segment.window);
    let fields = [
        pair(segment.seq, segment.ack),
        pair(
            segment.wire_payload ^ u32::from(segment.flags.0) << 24,
            is_like,
        ),
        pair(value, echo),
    ];
    let sum = fields.iter().fold(0, |sum: u64, &field| {
        (sum ^ field)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(31)
    });
    let [high @ .., a, b, c, d] = sum.to_be_bytes();
    u32::from_be_bytes(high) ^ u32::from_be_bytes([a, b, c, d])
}
