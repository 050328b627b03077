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
    /// Digest and time in microseconds (modulo 2^32) of the last segments with payload.
    recent: [(u32, u32); REMEMBERED],
    recent_next: u8,
    is_timing: bool,
    times_syn: bool,
    is_acked: bool,
}

/// A measured round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct RoundTrip {
    pub(in crate::net) took: Span,
    /// Whether it is that of a SYN.
    pub(in crate::net) of_syn: bool,
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
    pub(in crate::net) fn round_trip(&self, ack: SeqNum, now: Timestamp) -> Option<RoundTrip> {
        let measures = self.is_timing && !self.timed_end.is_after(ack);
        measures.then(|| RoundTrip {
            took: now.since(self.timed_at),
            of_syn: self.times_syn,
        })
    }

    /// Whether the round trip being measured is that of the SYN.
    pub(in crate::net) fn is_timing_syn(&self) -> bool {
        self.is_timing && self.times_syn
    }

    /// The peer acknowledged everything up to `ack`.
    pub(in crate::net) fn acknowledge(&mut self, ack: SeqNum, now: Timestamp) -> Option<RoundTrip> {
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
    pub(in crate::net) fn sent(&mut self, end: SeqNum, now: Timestamp, is_new: bool, syn: bool) {
        self.edge = end;
        if !self.is_timing && is_new {
            self.is_timing = true;
            self.timed_end = end;
            self.timed_at = now;
            self.times_syn = syn;
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
            *place = (digest, micros(now));
        }
        self.recent_next = self.recent_next.wrapping_add(1);
    }

    /// Whether a segment with this digest passed just now.
    pub(super) fn has_just_passed(&self, digest: u32, now: Timestamp) -> bool {
        let now = micros(now);
        let within = u32::try_from(CAPTURED_TWICE_WITHIN.nanos() / 1000).unwrap_or(0);
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
    let fields = [
        segment.seq,
        segment.ack,
        segment.wire_payload,
        u32::from(segment.ip_id) << 16 | u32::from(segment.window),
        value,
        echo,
        u32::from(segment.flags.0),
    ];
    fields.iter().fold(0, |sum, &field| {
        (sum ^ field).wrapping_mul(0x9e37_79b1).rotate_left(15)
    })
}

fn micros(time: Timestamp) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only differences of a millisecond are looked at, modulo 2^32"
    )]
    let micros = time.0.div_euclid(1000) as u32;
    micros
}
