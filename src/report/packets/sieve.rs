//! Only what belongs to RTMP connections, from their first packet on: what comes before a
//! connection is known for what it is waits, within bounds.

use std::collections::HashMap;
use std::collections::VecDeque;

use crate::base::ids::FlowId;
use crate::pipeline::Belonging;
use crate::pipeline::Content;

use super::Held;

/// Bytes that wait for their connections to be known. A connection is known by its first 1537
/// bytes, so that this is room for thousands of them that begin at once.
pub const MAX_PARKED: usize = 16 << 20;

/// Connections in the order below which it is not worth looking for those that are known.
const MIN_ORDER: usize = 64;

/// Frames that wait for their connections to be known.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    parked: HashMap<FlowId, Vec<Held>>,
    /// The connections that frames wait for, the oldest first. Some of them may be known by now.
    order: VecDeque<FlowId>,
    bytes: usize,
    let_go: u64,
}

impl Sieve {
    /// Lets a frame through, keeps it until its connection is known, or drops it.
    pub(super) fn pass(&mut self, held: Held, belonging: Belonging, out: &mut impl FnMut(Held)) {
        match belonging {
            // Which connection it belongs to only the last fragment tells.
            Belonging::Fragment | Belonging::Connection(_, Content::Rtmp) => out(held),
            Belonging::Connection(flow, Content::Undecided) => self.park(flow, held),
            Belonging::Connection(flow, Content::Other) => drop(self.take(flow)),
            Belonging::Nothing => {}
        }
    }

    /// A connection is RTMP: what waits for it goes through.
    pub(super) fn release(&mut self, flow: FlowId, out: &mut impl FnMut(Held)) {
        for held in self.take(flow) {
            out(held);
        }
    }

    /// A connection ended without a sign of RTMP: what waits for it is not wanted.
    pub(super) fn forget(&mut self, flow: FlowId) {
        drop(self.take(flow));
    }

    /// Frames that had to be dropped before their connections were known.
    pub(super) fn let_go(&self) -> u64 {
        self.let_go
    }

    fn park(&mut self, flow: FlowId, mut held: Held) {
        // Its buffer may come from a frame of the largest size.
        held.frame.data.shrink_to_fit();
        self.bytes = self.bytes.saturating_add(held.cost());
        let its = self.parked.entry(flow).or_default();
        if its.is_empty() {
            self.order.push_back(flow);
        }
        its.push(held);
        self.tidy();
        while self.bytes > MAX_PARKED
            && let Some(oldest) = self.order.pop_front()
        {
            let dropped = self.take(oldest).len();
            let dropped = u64::try_from(dropped).unwrap_or(u64::MAX);
            self.let_go = self.let_go.saturating_add(dropped);
        }
    }

    /// Forgets the places of connections that nothing waits for any more: on a busy host something
    /// always waits, and thousands come and go.
    fn tidy(&mut self) {
        let most = self.parked.len().saturating_mul(2).max(MIN_ORDER);
        if self.order.len() > most {
            let parked = &self.parked;
            self.order.retain(|flow| parked.contains_key(flow));
        }
    }

    fn take(&mut self, flow: FlowId) -> Vec<Held> {
        let its = self.parked.remove(&flow).unwrap_or_default();
        let bytes = its.iter().map(Held::cost).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.parked.is_empty() {
            self.order.clear();
        }
        its
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Timestamp;
    use crate::capture::InterfaceIndex;
    use crate::capture::LinkType;
    use crate::capture::memory::StoredFrame;

    fn held(time: i64, len: usize) -> Held {
        Held {
            frame: StoredFrame {
                time: Timestamp(time),
                link: LinkType::RAW,
                interface: InterfaceIndex::FIRST,
                wire_len: 0,
                data: vec![0; len],
            },
            comments: Vec::new(),
        }
    }

    fn put(sieve: &mut Sieve, time: i64, flow: u64, content: Content) -> Vec<i64> {
        let mut out = Vec::new();
        let belonging = Belonging::Connection(FlowId(flow), content);
        sieve.pass(held(time, 100), belonging, &mut |held| {
            out.push(held.frame.time.0);
        });
        out
    }

    #[test]
    fn what_ended_unknown_leaves_its_room_to_others_and_is_not_let_go() {
        let mut sieve = Sieve::default();
        put(&mut sieve, 1, 7, Content::Undecided);
        put(&mut sieve, 2, 8, Content::Undecided);
        sieve.forget(FlowId(7));
        sieve.forget(FlowId(9));
        assert_eq!((sieve.parked.len(), sieve.let_go()), (1, 0));
        assert_eq!(put(&mut sieve, 3, 7, Content::Rtmp), [3]);
        sieve.forget(FlowId(8));
        assert_eq!((sieve.bytes, sieve.let_go()), (0, 0));
    }

    #[test]
    fn a_connection_goes_through_from_its_first_packet_on() {
        let mut sieve = Sieve::default();
        assert!(put(&mut sieve, 1, 1, Content::Undecided).is_empty());
        assert!(put(&mut sieve, 2, 2, Content::Undecided).is_empty());
        assert!(put(&mut sieve, 3, 1, Content::Undecided).is_empty());
        let mut out = Vec::new();
        sieve.release(FlowId(1), &mut |held| out.push(held.frame.time.0));
        assert_eq!(out, [1, 3]);
        assert_eq!(put(&mut sieve, 4, 1, Content::Rtmp), [4]);
        // The other one turns out to be something else.
        assert!(put(&mut sieve, 5, 2, Content::Other).is_empty());
        assert_eq!((sieve.bytes, sieve.let_go()), (0, 0));
    }

    #[test]
    fn connections_that_come_and_go_beside_a_silent_one_leave_nothing() {
        let mut sieve = Sieve::default();
        put(&mut sieve, 0, 0, Content::Undecided);
        for flow in 1..10_000 {
            put(&mut sieve, 0, flow, Content::Undecided);
            put(&mut sieve, 0, flow, Content::Other);
        }
        assert_eq!(sieve.parked.len(), 1);
        assert!(sieve.order.len() <= MIN_ORDER + 1 && sieve.order.contains(&FlowId(0)));
    }

    #[test]
    fn what_waits_takes_no_more_room_than_is_counted() {
        let mut sieve = Sieve::default();
        let mut small = held(0, 60);
        small.frame.data.reserve_exact(65_536);
        let belonging = Belonging::Connection(FlowId(1), Content::Undecided);
        sieve.pass(small, belonging, &mut |_| {});
        assert!(sieve.parked[&FlowId(1)][0].frame.data.capacity() < 1000);
    }

    #[test]
    fn what_waits_is_bounded_and_the_oldest_goes() {
        let mut sieve = Sieve::default();
        let half = MAX_PARKED / 2;
        for flow in 1..=3 {
            let belonging = Belonging::Connection(FlowId(flow), Content::Undecided);
            sieve.pass(held(0, half), belonging, &mut |_| {});
        }
        assert!(sieve.bytes <= MAX_PARKED);
        assert_eq!(sieve.let_go(), 2);
        let mut out = 0;
        sieve.release(FlowId(3), &mut |_| out += 1);
        assert_eq!(out, 1);
    }
}
