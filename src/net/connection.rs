//! Both directions of one connection: reassembly and health, fed by each segment once.

use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Span as TimeSpan;
use crate::base::time::Timestamp;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::health::Health;
use crate::net::health::PeerFacts;
use crate::net::prediction::Prediction;
use crate::net::reassembly::Arrival;
use crate::net::reassembly::Reassembler;
use crate::net::reassembly::ReassemblyBudget;
use crate::net::reassembly::Span;

/// What is kept of TCP for one connection.
#[derive(Debug, Default)]
pub struct Connection {
    streams: PerSide<Reassembler>,
    health: PerSide<Health>,
}

impl Connection {
    /// Takes a segment that `side` sent. `sink` gets what it lets out, with the side that sent
    /// that: first what its acknowledgement settles for the other direction, then its own bytes,
    /// as an answer comes after what it answers.
    pub fn push(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Side, Span<'_>),
    ) -> Arrival {
        let other = side.other();
        let (window, scaled) = self.window(side, segment);

        let health = self.health.of_mut(other);
        health.acknowledged(segment);
        self.streams.of_mut(other).on_peer(
            segment,
            scaled.then_some(window),
            budget,
            &mut |span| {
                note_gap(health, &span);
                sink(other, span);
            },
        );

        let health = self.health.of_mut(side);
        let arrival = self
            .streams
            .of_mut(side)
            .push(segment, budget, &mut |span| {
                note_gap(health, &span);
                sink(side, span);
            });
        let peer = PeerFacts::of(self.health.of(other), &arrival);
        self.health
            .of_mut(side)
            .sent(segment, &arrival, window, scaled, &peer);
        arrival
    }

    /// What the segments look like that follow the one at `last`, in which `sender` sent data, if
    /// it goes on in this way. None where more than that may be going on.
    pub fn predict(&self, sender: Side, last: Mark) -> Option<Prediction> {
        let receiver = sender.other();
        let (sending, receiving) = (self.health.of(sender), self.health.of(receiver));
        let next = self.streams.of(sender).next_in_order()?;
        let receiver_next = self.streams.of(receiver).next_in_order()?;
        let flight = *sending.flight();
        let receiver_acked = receiving.flight().acked()?;
        let is_plain = flight.edge() == next
            && flight.acked().is_some()
            && !sending.zero_window_now
            && !receiving.zero_window_now;
        is_plain.then(|| Prediction::new(sender, flight, receiver_next, receiver_acked, last))
    }

    /// Takes note of the segments that were foreseen and came.
    pub fn came_about(&mut self, sums: &Prediction) {
        let sender = sums.sender();
        self.went_by(sender, sums.last_data().time, sums.bytes(), sums);
        self.went_by(sender.other(), sums.last_ack().time, 0, sums);
        let stream = self.streams.of_mut(sender);
        stream.went_by(sums.bytes());
        if let Some(ack) = sums.flight.acked() {
            stream.was_acknowledged(ack);
        }
        let health = self.health.of_mut(sender);
        health.set_flight(sums.flight);
        for took in sums.round_trips() {
            health.measured(took);
        }
    }

    /// Takes note of the foreseen segments of one side, the last of which came at `last`.
    fn went_by(&mut self, side: Side, last: Timestamp, bytes: u32, sums: &Prediction) {
        let packets = *sums.packets.of(side);
        if packets == 0 {
            return;
        }
        let (widest, scaled) = self.scaled(side, *sums.widest.of(side));
        let (window, _) = self.scaled(side, *sums.window.of(side));
        if scaled {
            self.streams.of_mut(side.other()).was_allowed(widest);
        }
        let health = self.health.of_mut(side);
        health.went_by(packets, bytes, last);
        health.set_window(window, scaled);
    }

    /// Lets out everything that waits: the connection or the capture is over at `at`.
    pub fn finish(
        &mut self,
        at: Mark,
        budget: &mut ReassemblyBudget,
        sink: &mut impl FnMut(Side, Span<'_>),
    ) {
        for side in Side::BOTH {
            let health = self.health.of_mut(side);
            self.streams.of_mut(side).finish(at, budget, &mut |span| {
                note_gap(health, &span);
                sink(side, span);
            });
        }
    }

    /// The clock that stamps the segments was set ahead by `by`, or back: holes are as old as
    /// before, and the round trips under way cannot be measured.
    pub fn clock_stepped(&mut self, by: TimeSpan) {
        for side in Side::BOTH {
            self.streams.of_mut(side).clock_stepped(by);
            self.health.of_mut(side).clock_stepped();
        }
    }

    /// Exchanges client and server.
    pub fn swap(&mut self) {
        self.streams.swap();
        self.health.swap();
    }

    /// Facts about what each side sent.
    pub fn health(&self) -> &PerSide<Health> {
        &self.health
    }

    /// Reassembly of what each side sent.
    pub fn streams(&self) -> &PerSide<Reassembler> {
        &self.streams
    }

    /// The window that a segment advertises, in bytes, and whether its scale is known. Windows
    /// are scaled only when both SYNs offer it, and never in a SYN (RFC 7323 section 2.2).
    fn window(&self, side: Side, segment: &Segment<'_>) -> (u32, bool) {
        if segment.flags.has(TcpFlags::SYN) {
            return (u32::from(segment.window), true);
        }
        self.scaled(side, segment.window)
    }

    /// The same for the window field of a segment without SYN.
    fn scaled(&self, side: Side, window: u16) -> (u32, bool) {
        let window = u32::from(window);
        let (own, peer) = (self.health.of(side), self.health.of(side.other()));
        if !own.syn_seen || !peer.syn_seen {
            return (window, false);
        }
        match (own.window_scale, peer.window_scale) {
            (Some(scale), Some(_)) => (window << scale.min(14), true),
            _ => (window, true),
        }
    }
}

fn note_gap(health: &mut Health, span: &Span<'_>) {
    if let Span::Gap { len, cause, .. } = *span {
        health.missed(len, cause);
    }
}
