//! Facts about how TCP carried one direction: times, losses, windows. No judgement.

mod rtt;
#[cfg(test)]
mod tests;

use std::ops::Deref;

use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::reassembly::Arrival;
use crate::net::reassembly::ArrivalKind;
use crate::net::reassembly::GapCause;
use crate::net::seq::SeqNum;

pub use self::rtt::RoundTrips;

/// A copy of a segment this soon after it, the same down to its IP identification, was captured
/// twice (both directions of a mirror port, several interfaces). No sender retransmits so soon.
pub const CAPTURED_TWICE_WITHIN: Span = Span::from_millis(1);

/// Segments that are remembered to recognise copies: with several interfaces a short burst may
/// pass the first before it passes the second.
const REMEMBERED: usize = 4;

/// A segment that fills a hole sooner than this was overtaken on its way, while the round trip
/// is not known. A retransmission needs a round trip.
const REORDERED_WITHIN: Span = Span::from_millis(3);

/// What capture queues may reorder, however short the round trip.
const REORDERED_ALWAYS_WITHIN: Span = Span(200_000);

/// How one direction was carried. Everything is said of the sender named by the side that this
/// is kept for; windows are those that it advertised for what it receives.
///
/// Times are measured where the capture was taken. Memory is bounded, whatever the length. What
/// segments of the other side need too comes first, then the rest of what every segment needs, on
/// two cache lines; what few need lies in [`Incidents`], whose figures are read as if they were
/// here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[repr(C)]
pub struct Health {
    timing: bool,
    timed_is_syn: bool,
    ack_seen: bool,
    /// Whether the receive window is closed now.
    pub zero_window_now: bool,
    /// Whether the scale of the window is known.
    pub window_known: bool,
    /// Whether the SYN was seen: without it the window's scale is not known.
    pub syn_seen: bool,
    /// Window shift announced in the SYN, 0..=14.
    pub window_scale: Option<u8>,
    recent_next: u8,
    /// Highest acknowledgement of the peer.
    acked: SeqNum,
    /// The end of the segment whose round trip is being measured, and when it was sent.
    timed_end: SeqNum,
    /// Highest sequence number sent, behind payload, SYN and FIN.
    edge: SeqNum,
    timed_at: Timestamp,
    /// Last advertised receive window in bytes; not scaled while `window_known` is false.
    pub window: u32,
    /// Most bytes sent and not yet acknowledged at one moment.
    pub in_flight_max: u32,
    /// Segments sent.
    pub packets: u64,
    /// Payload bytes sent, each as often as it was sent.
    pub bytes: u64,
    /// Capture time of the last segment.
    pub last: Timestamp,
    /// Digest and time in microseconds (modulo 2^32) of the last segments with payload.
    recent: [(u32, u32); REMEMBERED],
    /// Capture time of the first segment; means nothing while `packets` is 0.
    pub first: Timestamp,
    /// Round trips from this point to the receiver and back, by the acknowledgement of what was
    /// sent once (Karn: never of what was retransmitted).
    pub round_trips: RoundTrips,
    /// The round trip of the SYN (of the SYN-ACK, on the server's side), free of delayed
    /// acknowledgements.
    pub handshake: Option<Span>,
    /// Maximum segment size announced in the SYN, in bytes.
    pub mss: Option<u16>,
    incidents: Option<Box<Incidents>>,
}

/// What most directions never have, or only at their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incidents {
    /// SYNs sent again.
    pub syn_retransmissions: u32,
    /// Segments that carried bytes sent before, or filled a hole so late that they must have
    /// been sent again.
    pub retransmitted_packets: u32,
    /// Payload bytes of those that were sent before or filled a hole.
    pub retransmitted_bytes: u64,
    /// Segments that filled a hole so soon that they were only overtaken.
    pub out_of_order_packets: u32,
    /// Segments that the capture holds twice; they are in `packets` and `bytes`, but not among
    /// the retransmitted ones.
    pub captured_twice: u32,
    /// Keep-alive probes sent.
    pub keep_alives: u32,
    /// Probes of at most one byte sent into a closed window.
    pub window_probes: u32,
    /// How often the receive window closed.
    pub zero_windows: u32,
    /// How long it was closed, all times together, up to the last segment.
    pub zero_window_time: Span,
    /// Bytes that the receiver acknowledged but the capture never held.
    pub acked_unseen: u64,
    fin: Mark,
    rst: Mark,
}

impl Incidents {
    const NONE: Self = Self {
        syn_retransmissions: 0,
        retransmitted_packets: 0,
        retransmitted_bytes: 0,
        out_of_order_packets: 0,
        captured_twice: 0,
        keep_alives: 0,
        window_probes: 0,
        zero_windows: 0,
        zero_window_time: Span::ZERO,
        acked_unseen: 0,
        fin: Mark {
            time: Timestamp(0),
            frame: FrameNumber(0),
        },
        rst: Mark {
            time: Timestamp(0),
            frame: FrameNumber(0),
        },
    };
}

impl Deref for Health {
    type Target = Incidents;

    fn deref(&self) -> &Incidents {
        static NONE: Incidents = Incidents::NONE;
        self.incidents.as_deref().unwrap_or(&NONE)
    }
}

impl Health {
    fn incidents(&mut self) -> &mut Incidents {
        self.incidents
            .get_or_insert_with(|| Box::new(Incidents::NONE))
    }

    /// The frame of the first FIN.
    pub fn fin(&self) -> Option<Mark> {
        (self.fin != Mark::default()).then_some(self.fin)
    }

    /// The frame of the first RST.
    pub fn rst(&self) -> Option<Mark> {
        (self.rst != Mark::default()).then_some(self.rst)
    }

    /// Bytes sent and not acknowledged at this moment; 0 while no acknowledgement was seen.
    pub fn in_flight(&self) -> u32 {
        if !self.ack_seen || self.packets == 0 {
            return 0;
        }
        u32::try_from(self.edge.distance_from(self.acked)).unwrap_or(0)
    }

    /// Notes a segment that this side sent, after reassembly told what it was. `window` is its
    /// advertised window in bytes, `scaled` whether its scale is known; `peer_closed` whether the
    /// peer's window is closed; `reordered_within` tells overtaken from retransmitted.
    pub(super) fn sent(
        &mut self,
        segment: &Segment<'_>,
        arrival: &Arrival,
        window: u32,
        scaled: bool,
        peer: &PeerFacts,
    ) {
        let at = segment.at;
        let flags = segment.flags;
        if self.packets == 0 {
            self.first = at.time;
            self.last = at.time;
        }
        self.packets = self.packets.saturating_add(1);
        self.bytes = self.bytes.saturating_add(u64::from(segment.wire_payload));
        if flags.has(TcpFlags::RST) {
            if self.rst().is_none() {
                self.incidents().rst = at;
            }
            self.last = self.last.max(at.time);
            return;
        }
        if segment.wire_payload > 0 || flags.0 & (TcpFlags::SYN.0 | TcpFlags::FIN.0) != 0 {
            self.count(segment, arrival, peer);
            self.extend(segment, arrival);
        } else if arrival.kind == ArrivalKind::KeepAlive {
            increment(&mut self.incidents().keep_alives);
        }
        if !flags.has(TcpFlags::SYN) {
            self.advertise(window, at.time);
        }
        self.window = window;
        self.window_known = scaled;
        self.last = self.last.max(at.time);
    }

    /// Notes an acknowledgement by the peer.
    pub(super) fn acknowledged(&mut self, segment: &Segment<'_>) {
        if !segment.flags.has(TcpFlags::ACK) || segment.flags.has(TcpFlags::RST) {
            return;
        }
        let ack = SeqNum(segment.ack);
        if self.ack_seen && !ack.is_after(self.acked) {
            return;
        }
        self.acked = ack;
        self.ack_seen = true;
        if self.timing && !self.timed_end.is_after(ack) {
            let rtt = segment.at.time.since(self.timed_at);
            self.round_trips.add(rtt);
            if self.timed_is_syn && rtt >= Span::ZERO {
                self.handshake.get_or_insert(rtt);
            }
            self.timing = false;
        }
    }

    /// Notes bytes that came out as a gap.
    pub(super) fn missed(&mut self, len: u64, cause: GapCause) {
        if cause == GapCause::CaptureLoss {
            let incidents = self.incidents();
            incidents.acked_unseen = incidents.acked_unseen.saturating_add(len);
        }
    }

    fn count(&mut self, segment: &Segment<'_>, arrival: &Arrival, peer: &PeerFacts) {
        let digest = digest(segment);
        match arrival.kind {
            ArrivalKind::Duplicate | ArrivalKind::Late | ArrivalKind::Fills
                if self.was_just_captured(digest, segment.at.time) =>
            {
                increment(&mut self.incidents().captured_twice);
                return;
            }
            ArrivalKind::KeepAlive if peer.window_closed => {
                increment(&mut self.incidents().window_probes);
            }
            ArrivalKind::KeepAlive => increment(&mut self.incidents().keep_alives),
            ArrivalKind::Duplicate | ArrivalKind::Late => {
                self.retransmitted(segment.wire_payload);
            }
            ArrivalKind::Fills if Span(arrival.waited) < self.reordered_within(peer) => {
                increment(&mut self.incidents().out_of_order_packets);
            }
            ArrivalKind::Fills => self.retransmitted(segment.wire_payload),
            _ if arrival.duplicate > 0 => self.retransmitted(arrival.duplicate),
            ArrivalKind::InOrder if peer.window_closed && segment.wire_payload == 1 => {
                increment(&mut self.incidents().window_probes);
            }
            _ => {}
        }
        if segment.wire_payload > 0 {
            let slot = usize::from(self.recent_next) % REMEMBERED;
            if let Some(place) = self.recent.get_mut(slot) {
                *place = (digest, micros(segment.at.time));
            }
            self.recent_next = self.recent_next.wrapping_add(1);
        }
    }

    fn retransmitted(&mut self, bytes: u32) {
        let incidents = self.incidents();
        increment(&mut incidents.retransmitted_packets);
        let sum = incidents.retransmitted_bytes.saturating_add(bytes.into());
        incidents.retransmitted_bytes = sum;
        // Which of the copies an acknowledgement answers can not be told (Karn's rule).
        self.timing = false;
    }

    /// Moves the edge of what was sent, and begins to measure a round trip when none is under way.
    fn extend(&mut self, segment: &Segment<'_>, arrival: &Arrival) {
        let at = segment.at;
        let syn = segment.flags.has(TcpFlags::SYN);
        let mut end = SeqNum(segment.seq).plus(segment.wire_payload);
        if syn {
            let start = SeqNum(segment.seq).plus(1);
            end = end.plus(1);
            if self.syn_seen && self.edge == end {
                increment(&mut self.incidents().syn_retransmissions);
                self.timing = false;
                return;
            }
            self.syn_seen = true;
            self.mss = segment.options.mss;
            self.window_scale = segment.options.window_scale.map(|scale| scale.min(14));
            if !self.ack_seen {
                self.acked = start;
            }
        }
        if segment.flags.has(TcpFlags::FIN) {
            end = end.plus(1);
            if self.fin().is_none() {
                self.incidents().fin = at;
            }
        }
        let first = self.packets == 1;
        if !first && !syn && !end.is_after(self.edge) && self.edge != SeqNum::default() {
            return;
        }
        self.edge = end;
        if !self.timing && (syn || arrival.kind == ArrivalKind::InOrder) {
            self.timing = true;
            self.timed_end = end;
            self.timed_at = at.time;
            self.timed_is_syn = syn;
        }
        self.in_flight_max = self.in_flight_max.max(self.in_flight());
    }

    fn advertise(&mut self, window: u32, now: Timestamp) {
        if self.zero_window_now {
            let closed = now.since(self.last).nanos().max(0);
            let incidents = self.incidents();
            let sum = incidents.zero_window_time.nanos().saturating_add(closed);
            incidents.zero_window_time = Span(sum);
        }
        let closed = window == 0;
        if closed && !self.zero_window_now {
            increment(&mut self.incidents().zero_windows);
        }
        self.zero_window_now = closed;
    }

    fn was_just_captured(&self, digest: u32, now: Timestamp) -> bool {
        let now = micros(now);
        let within = u32::try_from(CAPTURED_TWICE_WITHIN.nanos() / 1000).unwrap_or(0);
        self.recent
            .iter()
            .any(|&(known, at)| known == digest && now.wrapping_sub(at) <= within)
    }

    fn reordered_within(&self, peer: &PeerFacts) -> Span {
        match (self.round_trips.min(), peer.round_trip) {
            // A retransmission follows the answer to what came behind the hole: once to the
            // receiver and back, and once to the sender and back.
            (Some(ahead), Some(behind)) => {
                Span(ahead.nanos().saturating_add(behind.nanos())).max(REORDERED_ALWAYS_WITHIN)
            }
            _ => REORDERED_WITHIN,
        }
    }
}

/// What the facts of one side need to know of the other side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PeerFacts {
    /// Whether the peer's receive window is closed.
    pub(super) window_closed: bool,
    /// Shortest round trip from here to this sender and back.
    pub(super) round_trip: Option<Span>,
}

impl PeerFacts {
    /// What is needed to judge a segment. Round trips lie apart from what every segment needs,
    /// so they are fetched only for one that fills a hole.
    pub(super) fn of(peer: &Health, arrival: &Arrival) -> Self {
        Self {
            window_closed: peer.zero_window_now,
            round_trip: match arrival.kind {
                ArrivalKind::Fills => peer.round_trips.min(),
                _ => None,
            },
        }
    }
}

/// What two captures of one segment share and a retransmission does not: beside place and length
/// the IP identification, the acknowledgement and the timestamps. (The bytes themselves are gone
/// when the copy comes.)
fn digest(segment: &Segment<'_>) -> u32 {
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

fn increment(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
