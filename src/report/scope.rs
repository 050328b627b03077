//! A part of a capture: some connections, some time.

use std::collections::BTreeSet;

use crate::base::ids::FlowId;
use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::event::Lock;
use crate::session::fact::Fact;

/// What is wanted of a capture. By default all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Only these connections.
    pub connections: Option<BTreeSet<FlowId>>,
    /// Only from one capture time to another, both of them included.
    pub window: Option<(Timestamp, Timestamp)>,
}

impl Scope {
    /// Whether this is everything.
    pub fn is_all(&self) -> bool {
        self.connections.is_none() && self.window.is_none()
    }

    /// Whether a connection is wanted.
    pub fn has(&self, flow: FlowId) -> bool {
        self.connections
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&flow))
    }

    /// Whether a capture time is.
    pub fn holds(&self, time: Timestamp) -> bool {
        self.window
            .is_none_or(|(begin, end)| (begin..=end).contains(&time))
    }

    /// Whether a connection was there at a time that is wanted.
    fn meets(&self, connection: &Connection) -> bool {
        self.window.is_none_or(|(begin, end)| {
            connection.first.time <= end && connection.last.time >= begin
        })
    }
}

/// What an observer is told of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// What happened within its time.
    Within,
    /// All of the connections that were there within its time.
    Whole,
    /// All of its connections.
    Always,
}

/// Tells an observer of a part alone.
#[derive(Debug)]
pub struct Scoped<'a, O> {
    /// Who is told.
    pub inner: &'a mut O,
    scope: &'a Scope,
    told: Told,
    now: Timestamp,
}

impl<'a, O: Observer> Scoped<'a, O> {
    /// Tells `inner` of `scope`.
    pub fn new(inner: &'a mut O, scope: &'a Scope, told: Told) -> Self {
        Self {
            inner,
            scope,
            told,
            now: Timestamp::default(),
        }
    }

    fn wants(&self, connection: &Connection) -> bool {
        self.scope.has(connection.id) && (self.told != Told::Within || self.scope.holds(self.now))
    }
}

impl<O: Observer> Observer for Scoped<'_, O> {
    fn clock(&mut self, now: Timestamp) {
        self.now = now;
        self.inner.clock(now);
    }

    fn opened(&mut self, connection: &Connection) {
        if self.wants(connection) {
            self.inner.opened(connection);
        }
    }

    fn message(&mut self, connection: &Connection, message: &Heard<'_>) {
        if self.wants(connection) {
            self.inner.message(connection, message);
        }
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        if self.wants(connection) {
            self.inner.fact(connection, fact);
        }
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        if self.wants(connection) {
            self.inner.anomaly(connection, side, anomaly);
        }
    }

    fn locked(&mut self, connection: &Connection, side: Side, lock: &Lock) {
        if self.wants(connection) {
            self.inner.locked(connection, side, lock);
        }
    }

    fn gap(&mut self, connection: &Connection, gap: &Gap) {
        if self.wants(connection) {
            self.inner.gap(connection, gap);
        }
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        let is_missed = self.told == Told::Whole && !self.scope.meets(connection);
        if is_missed || !self.wants(connection) {
            // What was noted of it can be forgotten.
            self.inner.ended_unknown(connection.id);
        } else {
            self.inner.ended(connection, tcp);
        }
    }

    fn ended_unknown(&mut self, flow: FlowId) {
        self.inner.ended_unknown(flow);
    }

    fn relieve(&mut self) -> bool {
        self.inner.relieve()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_some_connections_and_both_ends_of_its_time() {
        let all = Scope::default();
        assert!(all.is_all() && all.has(FlowId(7)) && all.holds(Timestamp(-1)));
        let part = Scope {
            connections: Some(BTreeSet::from([FlowId(2)])),
            window: Some((Timestamp(10), Timestamp(20))),
        };
        assert!(!part.is_all() && part.has(FlowId(2)) && !part.has(FlowId(1)));
        let held: Vec<i64> = (8..23).filter(|at| part.holds(Timestamp(*at))).collect();
        assert_eq!(held, (10..=20).collect::<Vec<_>>());
    }
}
