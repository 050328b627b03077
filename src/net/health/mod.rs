//! Facts about how TCP carried one direction: times, losses, windows. No judgement.

mod flight;
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

pub(super) use self::flight::Flight;
pub(super) use self::flight::digest;

/// A copy of a segment this soon after it, the same down to its IP identification, was captured
/// twice (both directions of a mirror port, several interfaces). No sender retransmits so soon.
pub const CAPTURED_TWICE_WITHIN: Span = Span::from_millis(1);

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
    flight: Flight,
    /// Whether the receive window is closed now.
    pub zero_window_now: bool,
    /// Whether the scale of the window is known.
    pub window_known: bool,
    /// Whether the SYN was seen: without it the window's scale is not known.
    pub syn_seen: bool,
    /// Window shift announced in the SYN, 0..=14.
    pub window_scale: Option<u8>,
    /// Last advertised receive window in bytes; not scaled while `window_known` is false.
    pub window: u32,
    /// Maximum segment size announced in the SYN, in bytes.
    pub mss: Option<u16>,
    /// Segments sent.
    pub packets: u64,
    /// Payload bytes sent, each as often as it was sent.
    pub bytes: u64,
    /// Capture time of the last segment.
    pub last: Timestamp,
    /// Capture time of the first segment; means nothing while `packets` is 0.
    pub first: Timestamp,
    /// Round trips from this point to the receiver and back, by the acknowledgement of what was
    /// sent once (Karn: never of what was retransmitted).
    pub round_trips: RoundTrips,
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
        if self.packets == 0 {
            return 0;
        }
        self.flight.under_way()
    }

    /// Most bytes sent and not yet acknowledged at one moment.
    pub fn in_flight_max(&self) -> u32 {
        self.flight.most()
    }

    /// What is on its way.
    pub(super) fn flight(&self) -> &Flight {
        &self.flight
    }

    /// What has become of it while segments went by.
    pub(super) fn set_flight(&mut self, flight: Flight) {
        self.flight = flight;
    }

    /// Notes segments that were nothing but the next data, or acknowledged it.
    pub(super) fn went_by(&mut self, packets: u32, bytes: u32, last: Timestamp) {
        self.packets = self.packets.saturating_add(u64::from(packets));
        self.bytes = self.bytes.saturating_add(u64::from(bytes));
        self.last = self.last.max(last);
    }

    /// Notes the window that was advertised last, in bytes, and whether its scale is known.
    pub(super) fn set_window(&mut self, window: u32, known: bool) {
        self.window = window;
        self.window_known = known;
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
        self.set_window(window, scaled);
        self.last = self.last.max(at.time);
    }

    /// Notes an acknowledgement by the peer.
    pub(super) fn acknowledged(&mut self, segment: &Segment<'_>) {
        if !segment.flags.has(TcpFlags::ACK) || segment.flags.has(TcpFlags::RST) {
            return;
        }
        let (ack, now) = (SeqNum(segment.ack), segment.at.time);
        if let Some(round_trip) = self.flight.acknowledge(ack, now) {
            self.measured(round_trip);
        }
    }

    /// Notes a measured round trip.
    pub(super) fn measured(&mut self, round_trip: Span) {
        self.round_trips.add(round_trip);
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
                if self.flight.has_just_passed(digest, segment.at.time) =>
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
            self.flight.remember(digest, segment.at.time);
        }
    }

    fn retransmitted(&mut self, bytes: u32) {
        let incidents = self.incidents();
        increment(&mut incidents.retransmitted_packets);
        let sum = incidents.retransmitted_bytes.saturating_add(bytes.into());
        incidents.retransmitted_bytes = sum;
        self.flight.stop_timing();
    }

    /// The clock that stamps the segments was set.
    pub(super) fn clock_stepped(&mut self) {
        self.flight.stop_timing();
    }

    /// Moves the edge of what was sent, and begins to measure a round trip when none is under way.
    fn extend(&mut self, segment: &Segment<'_>, arrival: &Arrival) {
        let at = segment.at;
        let syn = segment.flags.has(TcpFlags::SYN);
        let mut end = SeqNum(segment.seq).plus(segment.wire_payload);
        if syn {
            let start = SeqNum(segment.seq).plus(1);
            end = end.plus(1);
            if self.syn_seen && self.flight.edge() == end {
                increment(&mut self.incidents().syn_retransmissions);
                self.flight.stop_timing();
                return;
            }
            self.syn_seen = true;
            self.mss = segment.options.mss;
            self.window_scale = segment.options.window_scale.map(|scale| scale.min(14));
            self.flight.begin(start);
        }
        if segment.flags.has(TcpFlags::FIN) {
            end = end.plus(1);
            if self.fin().is_none() {
                self.incidents().fin = at;
            }
        }
        let first = self.packets == 1;
        let edge = self.flight.edge();
        if !first && !syn && !end.is_after(edge) && edge != SeqNum::default() {
            return;
        }
        let is_new = syn || arrival.kind == ArrivalKind::InOrder;
        self.flight.sent(end, at.time, is_new);
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

fn increment(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
