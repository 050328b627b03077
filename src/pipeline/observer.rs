//! What is told of a capture, and to whom.

use crate::base::ids::ByteRange;
use crate::base::ids::FlowId;
use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Span as TimeSpan;
use crate::base::time::Timestamp;
use crate::carrier::Evidence;
use crate::carrier::Rtmp;
use crate::net::Endpoint;
use crate::net::connection::Connection as Tcp;
use crate::net::reassembly::GapCause;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::event::Lock;
use crate::rtmp::event::RawMessage;
use crate::rtmp::inferred::Inference;
use crate::rtmp::message::Decoded;
use crate::session::Session;
use crate::session::fact::Fact;

/// Is told what a capture holds, in the order of the capture.
pub trait Observer {
    /// A frame of this capture time comes next, or time has gone on without one: whatever is
    /// told until the next call is due to it.
    fn clock(&mut self, _now: Timestamp) {}
    /// A connection turned out to be RTMP.
    fn opened(&mut self, _connection: &Connection) {}
    /// A message came in.
    fn message(&mut self, _connection: &Connection, _message: &Heard<'_>) {}
    /// The session learned something.
    fn fact(&mut self, _connection: &Connection, _fact: &Fact) {}
    /// A decoder noticed something odd in what `side` sent.
    fn anomaly(&mut self, _connection: &Connection, _side: Side, _anomaly: &Anomaly) {}
    /// Chunk headers were found in what `side` sent, where they were not known before.
    fn locked(&mut self, _connection: &Connection, _side: Side, _lock: &Lock) {}
    /// Bytes are missing.
    fn gap(&mut self, _connection: &Connection, _gap: &Gap) {}
    /// Another capture begins. So many connections, of whatever kind, were in those before it.
    fn another_capture(&mut self, _connections: u64) {}
    /// Memory is short, and the pipeline has nothing more to let go of: the observer lets go of
    /// what can be missed. Returns whether there was anything.
    fn relieve(&mut self) -> bool {
        false
    }
    /// A connection ended, or the capture did. Nothing follows for it.
    fn ended(&mut self, _connection: &Connection, _tcp: &Tcp) {}
    /// A connection ended, or the capture did, before it was known what it carries.
    fn ended_unknown(&mut self, _flow: FlowId) {}
}

/// Two observers, who are told the same.
impl<A: Observer + ?Sized, B: Observer + ?Sized> Observer for (&mut A, &mut B) {
    fn clock(&mut self, now: Timestamp) {
        self.0.clock(now);
        self.1.clock(now);
    }

    fn opened(&mut self, connection: &Connection) {
        self.0.opened(connection);
        self.1.opened(connection);
    }

    fn message(&mut self, connection: &Connection, message: &Heard<'_>) {
        self.0.message(connection, message);
        self.1.message(connection, message);
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        self.0.fact(connection, fact);
        self.1.fact(connection, fact);
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        self.0.anomaly(connection, side, anomaly);
        self.1.anomaly(connection, side, anomaly);
    }

    fn locked(&mut self, connection: &Connection, side: Side, lock: &Lock) {
        self.0.locked(connection, side, lock);
        self.1.locked(connection, side, lock);
    }

    fn gap(&mut self, connection: &Connection, gap: &Gap) {
        self.0.gap(connection, gap);
        self.1.gap(connection, gap);
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        self.0.ended(connection, tcp);
        self.1.ended(connection, tcp);
    }

    fn ended_unknown(&mut self, flow: FlowId) {
        self.0.ended_unknown(flow);
        self.1.ended_unknown(flow);
    }

    fn another_capture(&mut self, connections: u64) {
        self.0.another_capture(connections);
        self.1.another_capture(connections);
    }

    fn relieve(&mut self) -> bool {
        self.0.relieve() || self.1.relieve()
    }
}

/// A message with what it says.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// Number of the message within its connection, from 1; parts of aggregates have their own.
    pub number: u64,
    /// Who sent it.
    pub side: Side,
    /// Its envelope and body.
    pub raw: &'a RawMessage,
    /// What it says.
    pub decoded: &'a Decoded,
}

/// Bytes of a direction that the capture does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Who sent them.
    pub side: Side,
    /// Which.
    pub range: ByteRange,
    /// The frame that showed it.
    pub at: Mark,
    /// Why they are given up.
    pub cause: GapCause,
}

/// An RTMP connection. What every segment changes comes first, and behind it what every message does.
#[derive(Debug)]
#[repr(C)]
pub struct Connection {
    /// Its latest frame.
    pub last: Mark,
    /// What the peers did.
    pub session: Session,
    /// Its number among all TCP connections.
    pub id: FlowId,
    /// Addresses.
    pub ends: PerSide<Endpoint>,
    /// What tells its addresses from equal ones inside other tunnels; 0 outside of any.
    pub tunnel: u32,
    /// Its first frame.
    pub first: Mark,
    /// What a proxy put before the handshake, what tells client from server.
    pub carried: Option<Rtmp>,
    pub(super) missing: Option<Box<PerSide<u64>>>,
}

impl Connection {
    /// Bytes missing in each direction, by sender.
    pub fn missing(&self) -> PerSide<u64> {
        self.missing.as_deref().copied().unwrap_or_default()
    }

    /// Capture time from its first frame to its latest; never negative, in whatever order frames
    /// were captured.
    pub fn lasted(&self) -> TimeSpan {
        self.last.time.since(self.first.time).max(TimeSpan::ZERO)
    }

    /// From what it is inferred which side is the client, when nothing captured tells it.
    pub fn sides_from(&self) -> Option<Inference> {
        let is_told = match self.carried {
            Some(carried) => carried.evidence != Evidence::Presumed,
            None => self.session.is_from_begin(),
        };
        (!is_told).then_some(Inference::Ports)
    }
}
