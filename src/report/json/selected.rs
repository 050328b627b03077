//! Records under a display filter: which are written, and what is written before the first of a
//! connection.
//!
//! Much of what an expression asks for is known only when a connection has said something: who
//! publishes is known with `publish`, after the records of the connection, its handshake and its
//! first calls. Those are held back until something of the connection is written, and come before
//! it: their time is then that of what they come with, as with every record that is told late.

use std::collections::HashMap;
use std::io::Write;

use crate::base::ids::FlowId;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::report::json::JsonReport;
use crate::report::matching::Matcher;
use crate::session::track::TrackKey;

/// Calls and tracks that are held back of one connection, each. A session keeps about as many; and
/// one that has more without a match is not looked for by its calls.
const MAX_HELD: usize = 64;

/// Which records are wanted, and what is held back.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) matcher: Matcher,
    /// Connections of which nothing is written yet.
    held: HashMap<FlowId, Held>,
}

/// What would have been written of a connection. All of it is still in its session.
#[derive(Debug, Default)]
struct Held {
    is_opened: bool,
    has_handshake: bool,
    calls: Vec<u64>,
    tracks: Vec<TrackKey>,
}

/// What a record is about, if it can be held back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holdable {
    No,
    Opened,
    Handshake,
    Call(u64),
    Track(TrackKey),
}

impl Selection {
    pub(super) fn new(matcher: Matcher) -> Self {
        Self {
            matcher,
            held: HashMap::new(),
        }
    }

    fn hold(&mut self, id: FlowId, what: Holdable) {
        if let Holdable::Opened = what {
            self.held.entry(id).or_default().is_opened = true;
            return;
        }
        // A connection that is not held any more has been written of.
        let Some(held) = self.held.get_mut(&id) else {
            return;
        };
        let Held { calls, tracks, .. } = held;
        match what {
            Holdable::Handshake => held.has_handshake = true,
            Holdable::Call(call) if calls.len() < MAX_HELD => calls.push(call),
            Holdable::Track(track) if tracks.len() < MAX_HELD && !tracks.contains(&track) => {
                tracks.push(track);
            }
            _ => {}
        }
    }
}

impl<W: Write> JsonReport<W> {
    /// Whether a record of a connection may be written: what is held back comes before it. If not,
    /// it may be held back itself.
    pub(super) fn admits(&mut self, connection: &Connection, what: Holdable) -> bool {
        let Some(selection) = &mut self.selection else {
            return true;
        };
        if !selection.matcher.lets_through(connection, None) {
            selection.hold(connection.id, what);
            return false;
        }
        self.introduce(connection);
        true
    }

    /// The same of the record that closes a connection.
    pub(super) fn admits_end(&mut self, connection: &Connection, tcp: &Tcp) -> bool {
        let Some(selection) = &mut self.selection else {
            return true;
        };
        let admits = selection.matcher.ends(connection, tcp);
        if admits {
            self.introduce(connection);
        } else {
            selection.held.remove(&connection.id);
        }
        admits
    }

    /// Writes what is held back of a connection.
    pub(super) fn introduce(&mut self, connection: &Connection) {
        let Some(selection) = &mut self.selection else {
            return;
        };
        let Some(held) = selection.held.remove(&connection.id) else {
            return;
        };
        if held.is_opened {
            self.write_opened(connection);
        }
        if held.has_handshake {
            self.write_handshake(connection);
        }
        for call in held.calls {
            if let Some(call) = connection.session.calls.get(call) {
                self.call(connection, call);
            }
        }
        for track in held.tracks {
            self.write_track(connection, track, false);
        }
    }
}
