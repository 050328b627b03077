//! Both directions of one connection: reassembly and health, fed by each segment once.

use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::health::Health;
use crate::net::health::PeerFacts;
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
        let window = u32::from(segment.window);
        if segment.flags.has(TcpFlags::SYN) {
            return (window, true);
        }
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
