//! One connection as the table knows it: its ends, which of them is the client, whether it is
//! over, and which segments are its own.

use crate::base::ids::FlowId;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::Endpoint;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::flow::key::FlowKey;
use crate::net::seq::SeqNum;

/// A connection with no segment for this long is over, however it ended. Longer than the quiet
/// of a paused player or a publisher without a source.
pub const IDLE_TIMEOUT: Span = Span::from_secs(900);

/// A connection whose handshake is not complete, or of which one end has closed, is over after
/// this long without a segment: longer than the longest pause between retransmitted SYNs (64 s
/// with the seven tries of Linux).
pub const HALF_OPEN_TIMEOUT: Span = Span::from_secs(120);

/// A connection closed or reset by both ends is kept this long for segments that the network or
/// the capture brought out of order.
pub const CLOSED_LINGER: Span = Span::from_secs(5);

/// Sequence numbers this near the last one of their sender belong to the same connection. A
/// window's worth on most paths, and one in two thousand of the whole number space.
pub(super) const NEAR: i64 = 1 << 20;

/// By what the client and the server of a connection are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Orientation {
    /// By port numbers: a guess.
    Port,
    /// By what the bytes say (see `FlowTable::turn`).
    Content,
    /// By who sent the SYN.
    Syn,
}

/// Why a connection left the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Both ends sent FIN.
    Closed,
    /// One end sent RST.
    Reset,
    /// A new connection between the same ports began.
    Reused,
    /// No segment came for too long.
    Idle,
    /// Too many connections at once.
    Evicted,
    /// The capture ended first.
    EndOfCapture,
}

impl EndReason {
    /// The word used in every report and record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Reused => "reused",
            Self::Idle => "idle",
            Self::Evicted => "evicted",
            Self::EndOfCapture => "end_of_capture",
        }
    }
}

/// One end of a connection, as the table needs it.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether one thing was seen; together they make no state"
)]
pub(super) struct End {
    /// Sequence number of the SYN, when that was seen.
    isn: SeqNum,
    /// Sequence number of the first segment that was seen.
    first: SeqNum,
    /// Sequence number behind what was seen, with the FIN.
    edge: SeqNum,
    syn_seen: bool,
    /// Whether any segment was seen, so that `first` and `edge` mean something.
    seen: bool,
    payload: bool,
    fin: bool,
}

impl End {
    pub(super) fn isn(&self) -> Option<SeqNum> {
        self.syn_seen.then_some(self.isn)
    }

    pub(super) fn first(&self) -> Option<SeqNum> {
        self.seen.then_some(self.first)
    }

    pub(super) fn edge(&self) -> Option<SeqNum> {
        self.seen.then_some(self.edge)
    }

    /// A segment ended at `stop`. What is a little behind came late, or again.
    fn reach(&mut self, stop: SeqNum) {
        if !self.seen || !(-NEAR..=0).contains(&stop.distance_from(self.edge)) {
            self.edge = stop;
        }
    }
}

/// A connection in the table, with what is kept for it. What every segment needs comes first,
/// on as few cache lines as may be: with many connections at once those are what costs.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Flow<T> {
    pub(super) key: FlowKey,
    pub(super) last_seen: Timestamp,
    pub(super) id: FlowId,
    pub(super) ends: [End; 2],
    /// The table's clock when its last segment came: never before `last_seen`.
    pub(super) active: Timestamp,
    pub(super) client_is_low: bool,
    pub(super) established: bool,
    pub(super) orientation: Orientation,
    /// Whether it is what the capture is read for: it does not yield to a newcomer while it goes on.
    pub is_wanted: bool,
    /// Whether an RST came, and when the first one did.
    pub(super) is_reset: bool,
    pub(super) reset_at: Timestamp,
    pub(super) started: Timestamp,
    /// What is kept for the connection.
    pub data: T,
}

impl<T> Flow<T> {
    /// Its number in the order of first sight.
    pub fn id(&self) -> FlowId {
        self.id
    }

    /// Capture time of its first segment.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// Capture time of its last segment.
    pub fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    /// The tunnel, 0 outside of any.
    pub fn tunnel(&self) -> u32 {
        self.key.tunnel()
    }

    /// Address and port of both ends.
    pub fn endpoints(&self) -> PerSide<Endpoint> {
        let mut ends = PerSide {
            client: self.key.low(),
            server: self.key.high(),
        };
        if !self.client_is_low {
            ends.swap();
        }
        ends
    }

    /// By what client and server were told apart.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// How it was closed by its ends, if it was.
    pub fn closed(&self) -> Option<EndReason> {
        if self.is_reset {
            Some(EndReason::Reset)
        } else if self.ends.iter().all(|end| end.fin) {
            Some(EndReason::Closed)
        } else {
            None
        }
    }

    /// A segment came at `now`, when the table's clock said `clock`.
    pub(super) fn seen(&mut self, now: Timestamp, clock: Timestamp) {
        self.last_seen = self.last_seen.max(now);
        self.active = now.max(clock);
    }

    /// When it is over unless another segment comes.
    pub(super) fn due(&self) -> Timestamp {
        Timestamp(self.active.0.saturating_add(self.timeout().nanos()))
    }

    fn timeout(&self) -> Span {
        if self.closed().is_some() {
            CLOSED_LINGER
        } else if !self.established || self.ends.iter().any(|end| end.fin) {
            HALF_OPEN_TIMEOUT
        } else {
            IDLE_TIMEOUT
        }
    }

    pub(super) fn side(&self, from_low: bool) -> Side {
        if from_low == self.client_is_low {
            Side::Client
        } else {
            Side::Server
        }
    }

    pub(super) fn end(&self, low: bool) -> &End {
        let [lower, higher] = &self.ends;
        if low { lower } else { higher }
    }

    pub(super) fn end_mut(&mut self, low: bool) -> &mut End {
        let [lower, higher] = &mut self.ends;
        if low { lower } else { higher }
    }

    /// Whether a SYN belongs to this connection rather than to a new one between the same ports.
    pub(super) fn owns_syn(&self, segment: &Segment<'_>, from_low: bool) -> bool {
        let seq = SeqNum(segment.seq);
        let (end, other) = (self.end(from_low), self.end(!from_low));
        if let Some(isn) = end.isn() {
            // A server may answer a retransmitted SYN with another number, as long as the
            // connection does not stand.
            return isn == seq || answers(segment, other);
        }
        match end.first() {
            // The frames at the beginning may be out of order: the SYN after its data. (Of an end
            // whose peer's SYN was seen, an empty segment before its own SYN tells nothing: the
            // second step of a split handshake is an ACK of any number.)
            Some(first) if end.payload || !other.syn_seen => {
                (0..NEAR).contains(&first.distance_from(seq)) && !self.is_reset
            }
            _ => answers(segment, other) || !other.payload || other.syn_seen,
        }
    }

    /// Notes what a segment tells about the connection. True when it shows client and server to
    /// be the other way round.
    #[inline]
    pub(super) fn note(&mut self, segment: &Segment<'_>, from_low: bool) -> bool {
        let end = self.end(from_low);
        let goes_on = self.established && end.seen && !self.is_reset;
        if !goes_on || segment.flags.opens_or_closes() {
            return self.note_any(segment, from_low);
        }
        let end = self.end_mut(from_low);
        end.reach(SeqNum(segment.seq).plus(segment.wire_payload));
        end.payload |= segment.wire_payload > 0;
        false
    }

    #[inline(never)]
    fn note_any(&mut self, segment: &Segment<'_>, from_low: bool) -> bool {
        let seq = SeqNum(segment.seq);
        let flags = segment.flags;
        let now = segment.at.time;
        let half_open = !self.established;
        if flags.has(TcpFlags::RST) {
            let near = self
                .end(from_low)
                .edge()
                .is_none_or(|edge| (-NEAR..=NEAR).contains(&seq.distance_from(edge)));
            if !self.is_reset && (near || half_open) {
                self.is_reset = true;
                self.reset_at = now;
            }
            return false;
        }
        let syn = flags.has(TcpFlags::SYN);
        if syn {
            // Whatever was closed before the handshake was not closed by these ends.
            self.is_reset = false;
            for end in &mut self.ends {
                end.fin = false;
            }
        } else if segment.wire_payload > 0
            && self.is_reset
            && now.since(self.reset_at) > CLOSED_LINGER
        {
            // Data long after a reset: the reset was made up, and nobody heeded it.
            self.is_reset = false;
        }
        let fin = flags.has(TcpFlags::FIN);
        let end = self.end_mut(from_low);
        let start = if syn {
            end.isn = seq;
            end.syn_seen = true;
            seq.plus(1)
        } else {
            seq
        };
        if !end.seen {
            end.first = start;
        }
        let stop = start.plus(segment.wire_payload).plus(u32::from(fin));
        end.reach(stop);
        end.seen = true;
        end.payload |= segment.wire_payload > 0;
        end.fin |= fin;
        self.established |= !syn;
        if !syn || self.orientation == Orientation::Syn {
            return false;
        }
        self.orientation = Orientation::Syn;
        let client_is_low = from_low != flags.has(TcpFlags::ACK);
        std::mem::replace(&mut self.client_is_low, client_is_low) != client_is_low
    }
}

/// Whether a segment acknowledges the SYN of `other`, and no more than that and some early data.
fn answers(segment: &Segment<'_>, other: &End) -> bool {
    segment.flags.has(TcpFlags::ACK)
        && other
            .isn()
            .is_some_and(|isn| (1..NEAR).contains(&SeqNum(segment.ack).distance_from(isn)))
}
