//! Header prediction, for a listener: while one side sends in bulk, the next segment nearly always
//! holds the next bytes of that side, or the other side's acknowledgement of them. Of such a segment
//! a few figures remain, which are summed up here and told to the [`Connection`] when anything else
//! comes. With thousands of connections at once, what a segment costs is how much memory it touches:
//! this is three cache lines, the whole connection is twenty.
//!
//! [`Connection`]: crate::net::connection::Connection

use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::health::Flight;
use crate::net::health::digest;
use crate::net::seq::SeqNum;

/// Round trips that are held until the connection is told of them.
const ROUND_TRIPS: usize = 6;

/// What the next segments of a connection look like, and the sums of those that did.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Prediction {
    /// The data of the sender on its way. Where it ends, the next data begins.
    pub(super) flight: Flight,
    /// Who sends in bulk.
    pub(super) sender: Side,
    /// How many of `round_trips` are filled.
    measured: u8,
    /// Last window that each side advertised, not scaled.
    pub(super) window: PerSide<u16>,
    /// The widest one.
    pub(super) widest: PerSide<u16>,
    /// Where the receiver's next byte is, which it does not send.
    receiver_next: SeqNum,
    /// Up to where the sender acknowledged the receiver's bytes.
    receiver_acked: SeqNum,
    /// Payload bytes of the sender.
    pub(super) bytes: u32,
    /// Segments of each side.
    pub(super) packets: PerSide<u32>,
    /// Round trips in nanoseconds.
    round_trips: [u32; ROUND_TRIPS],
    /// The last segment with data.
    last_data: Mark,
    /// The last acknowledgement.
    last_ack: Mark,
}

/// What a segment is that was foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreseen {
    /// The next bytes of the sender.
    Data,
    /// An acknowledgement by the receiver.
    Acknowledgement,
}

impl Prediction {
    /// That `sender` goes on behind what `flight` knows of, after the segment at `last`.
    pub(super) fn new(
        sender: Side,
        flight: Flight,
        receiver_next: SeqNum,
        receiver_acked: SeqNum,
        last: Mark,
    ) -> Self {
        Self {
            flight,
            sender,
            measured: 0,
            window: PerSide::default(),
            widest: PerSide::default(),
            receiver_next,
            receiver_acked,
            bytes: 0,
            packets: PerSide::default(),
            round_trips: [0; ROUND_TRIPS],
            last_data: last,
            last_ack: last,
        }
    }

    /// Whether a segment by `side` is one of those foreseen. Changes nothing: it has come about
    /// only when [`count`](Self::count) is told of it.
    #[inline]
    pub fn foresees(&self, side: Side, segment: &Segment<'_>) -> Option<Foreseen> {
        let flags = segment.flags.0 & !TcpFlags::PSH.0;
        let is_whole = usize::try_from(segment.wire_payload) == Ok(segment.payload.len());
        // A closed window and a clock that goes back are told apart from nothing by the sums.
        if flags != TcpFlags::ACK.0
            || !is_whole
            || segment.window == 0
            || segment.at.time < self.last().time
        {
            return None;
        }
        let (seq, ack) = (SeqNum(segment.seq), SeqNum(segment.ack));
        if side == self.sender {
            let is_next = seq == self.flight.edge() && !segment.payload.is_empty();
            return (is_next && !ack.is_after(self.receiver_acked)).then_some(Foreseen::Data);
        }
        let is_plain = seq == self.receiver_next
            && segment.payload.is_empty()
            && !ack.is_after(self.flight.edge());
        let has_room = self
            .flight
            .round_trip(ack, segment.at.time)
            .is_none_or(|took| usize::from(self.measured) < ROUND_TRIPS && fits(took).is_some());
        (is_plain && has_room).then_some(Foreseen::Acknowledgement)
    }

    /// Counts a segment that was foreseen.
    #[inline]
    pub fn count(&mut self, foreseen: Foreseen, segment: &Segment<'_>) {
        let at = segment.at;
        let side = match foreseen {
            Foreseen::Data => {
                self.last_data = at;
                self.bytes = self.bytes.saturating_add(segment.wire_payload);
                self.flight.remember(digest(segment), at.time);
                let end = SeqNum(segment.seq).plus(segment.wire_payload);
                self.flight.sent(end, at.time, true);
                self.sender
            }
            Foreseen::Acknowledgement => {
                self.last_ack = at;
                if let Some(took) = self.flight.acknowledge(SeqNum(segment.ack), at.time)
                    && let Some(nanos) = fits(took)
                    && let Some(place) = self.round_trips.get_mut(usize::from(self.measured))
                {
                    *place = nanos;
                    self.measured = self.measured.saturating_add(1);
                }
                self.sender.other()
            }
        };
        let packets = self.packets.of_mut(side);
        *packets = packets.saturating_add(1);
        *self.window.of_mut(side) = segment.window;
        let widest = self.widest.of_mut(side);
        *widest = segment.window.max(*widest);
    }

    /// Whether nothing foreseen has come.
    pub fn is_unused(&self) -> bool {
        self.packets.client == 0 && self.packets.server == 0
    }

    /// The last segment.
    pub fn last(&self) -> Mark {
        if self.last_data.frame < self.last_ack.frame {
            self.last_ack
        } else {
            self.last_data
        }
    }

    /// Who sends in bulk.
    pub fn sender(&self) -> Side {
        self.sender
    }

    /// The last segment with data.
    pub fn last_data(&self) -> Mark {
        self.last_data
    }

    /// The last acknowledgement.
    pub(super) fn last_ack(&self) -> Mark {
        self.last_ack
    }

    /// Payload bytes that the sender has sent.
    pub fn bytes(&self) -> u32 {
        self.bytes
    }

    /// The round trips that were measured.
    pub(super) fn round_trips(&self) -> impl Iterator<Item = Span> {
        let count = usize::from(self.measured);
        let measured = self.round_trips.get(..count).unwrap_or_default();
        measured.iter().map(|&nanos| Span(i64::from(nanos)))
    }
}

/// A round trip in nanoseconds, unless it is a pause of more than four seconds.
fn fits(round_trip: Span) -> Option<u32> {
    u32::try_from(round_trip.nanos()).ok()
}
