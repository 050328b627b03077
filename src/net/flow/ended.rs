//! Memory of connections that ended, so that their stragglers do not look like new ones.

use std::collections::HashMap;
use std::collections::VecDeque;

use foldhash::fast::RandomState;

use crate::base::ids::FlowId;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::flow::key::FlowKey;
use crate::net::seq::SeqNum;

/// How long a closed connection is remembered, in capture time: TIME-WAIT as most systems keep
/// it (RFC 9293 section 3.4.2 asks for up to four minutes, implementations take one).
pub const TIME_WAIT: Span = Span::from_secs(60);

/// Most closed connections that are remembered; the oldest are forgotten first.
pub const MAX_REMEMBERED: usize = 4096;

/// What is kept of a closed connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remembered {
    pub(super) id: FlowId,
    /// Initial sequence number of the lower and the higher end.
    pub(super) isn: [Option<SeqNum>; 2],
    /// Where the lower and the higher end stopped.
    pub(super) edge: [Option<SeqNum>; 2],
    until: Timestamp,
}

impl Remembered {
    pub(super) fn new(
        id: FlowId,
        isn: [Option<SeqNum>; 2],
        edge: [Option<SeqNum>; 2],
        closed: Timestamp,
    ) -> Self {
        Self {
            id,
            isn,
            edge,
            until: Timestamp(closed.0.saturating_add(TIME_WAIT.nanos())),
        }
    }
}

/// The closed connections of the last minute.
#[derive(Debug, Default)]
pub(super) struct TimeWait {
    by_key: HashMap<FlowKey, Remembered, RandomState>,
    /// In the order of ending, to forget the oldest first.
    order: VecDeque<(FlowKey, FlowId)>,
}

impl TimeWait {
    pub(super) fn remember(&mut self, key: FlowKey, flow: Remembered) {
        if self.order.len() >= MAX_REMEMBERED {
            self.forget_oldest();
        }
        self.order.push_back((key, flow.id));
        self.by_key.insert(key, flow);
    }

    pub(super) fn find(&mut self, key: &FlowKey, now: Timestamp) -> Option<Remembered> {
        while let Some((oldest, id)) = self.order.front() {
            let alive = self
                .by_key
                .get(oldest)
                .is_some_and(|flow| flow.id == *id && flow.until > now);
            if alive {
                break;
            }
            self.forget_oldest();
        }
        let flow = self.by_key.get(key).copied()?;
        (flow.until > now).then_some(flow)
    }

    pub(super) fn forget(&mut self, key: &FlowKey) {
        // Its place in the order goes when its turn comes.
        self.by_key.remove(key);
    }

    fn forget_oldest(&mut self) {
        let Some((key, id)) = self.order.pop_front() else {
            return;
        };
        if self.by_key.get(&key).is_some_and(|flow| flow.id == id) {
            self.by_key.remove(&key);
        }
    }
}
