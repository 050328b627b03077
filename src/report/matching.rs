//! Which connections and messages a display filter lets through, while a capture is read.
//!
//! What is known of a connection grows: every question is answered by what is known when it is
//! asked. What its messages said is kept, so that a term about messages is true of a connection
//! once it was true of one of them.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::base::ids::FlowId;
use crate::base::severity::Severity;
use crate::filter::Filter;
use crate::filter::connection::ConnectionSubject;
use crate::filter::message::MessageSubject;
use crate::filter::message::Said;
use crate::filter::seen::Seen;
use crate::filter::value::Truth;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Heard;
use crate::rtmp::anomaly::Anomaly;
use crate::session::mask::Mask;

/// Codes of the decoder that are kept of one connection: there are not many more.
const MAX_CODES: usize = 64;

/// Answers for an expression.
#[derive(Debug)]
pub(super) struct Matcher {
    filter: Filter,
    show_secrets: bool,
    followed: HashMap<FlowId, Followed>,
    /// Connections that ended, and how many of them matched.
    pub(super) ended: u64,
    pub(super) matched: u64,
}

/// What is kept of a connection until it ends.
#[derive(Debug, Default)]
struct Followed {
    seen: Seen,
    noticed: SmallVec<[(&'static str, Severity); 2]>,
}

impl Matcher {
    pub(super) fn new(filter: Filter, show_secrets: bool) -> Self {
        Self {
            filter,
            show_secrets,
            followed: HashMap::new(),
            ended: 0,
            matched: 0,
        }
    }

    /// The text of the expression.
    pub(super) fn text(&self) -> &str {
        self.filter.text()
    }

    /// Whether it is true of a message; takes note of what the message said.
    pub(super) fn hears(&mut self, connection: &Connection, heard: &Heard<'_>) -> bool {
        let followed = self.followed.entry(connection.id).or_default();
        let mask = Mask::new(&connection.session, self.show_secrets);
        let subject = subject(connection, None, &followed.noticed, mask);
        let message = MessageSubject::new(Said {
            number: heard.number,
            side: heard.side,
            raw: heard.raw,
            decoded: Some(heard.decoded),
            is_odd: None,
            begin: connection.first.time,
            mask,
            connection: &subject,
        });
        followed.seen.note(&self.filter, &message);
        self.filter.matches(&message)
    }

    /// Takes note of what the decoder noticed.
    pub(super) fn notices(&mut self, connection: &Connection, anomaly: &Anomaly) {
        let (code, severity) = (anomaly.kind.code(), anomaly.kind.severity());
        self.note(connection, code, severity);
    }

    /// Takes note of bytes that are missing.
    pub(super) fn misses(&mut self, connection: &Connection) {
        self.note(connection, "tcp.gap", Severity::Warning);
    }

    fn note(&mut self, connection: &Connection, code: &'static str, severity: Severity) {
        let noticed = &mut self.followed.entry(connection.id).or_default().noticed;
        if let Some((_, worst)) = noticed.iter_mut().find(|(known, _)| *known == code) {
            *worst = severity.max(*worst);
        } else if noticed.len() < MAX_CODES {
            noticed.push((code, severity));
        }
    }

    /// Whether it is true of a connection, by what is known now: of itself, or of a message.
    pub(super) fn lets_through(&self, connection: &Connection, tcp: Option<&Tcp>) -> bool {
        let nothing = Followed::default();
        let followed = self.followed.get(&connection.id).unwrap_or(&nothing);
        let mask = Mask::new(&connection.session, self.show_secrets);
        let subject = subject(connection, tcp, &followed.noticed, mask);
        self.filter.eval_seen(&subject, &followed.seen) == Truth::True
    }

    /// The same at its end, when nothing is unknown but what was not kept: then it could be true,
    /// and is taken for that.
    pub(super) fn ends(&mut self, connection: &Connection, tcp: &Tcp) -> bool {
        let followed = self.followed.remove(&connection.id).unwrap_or_default();
        let mask = Mask::new(&connection.session, self.show_secrets);
        let subject = subject(connection, Some(tcp), &followed.noticed, mask);
        let matches = self.filter.eval_seen(&subject, &followed.seen) != Truth::False;
        self.ended = self.ended.saturating_add(1);
        self.matched = self.matched.saturating_add(u64::from(matches));
        matches
    }
}

fn subject<'a>(
    connection: &'a Connection,
    tcp: Option<&'a Tcp>,
    noticed: &'a [(&'static str, Severity)],
    mask: Mask<'a>,
) -> ConnectionSubject<'a> {
    ConnectionSubject {
        id: connection.id,
        ends: connection.ends,
        first: connection.first,
        last: connection.last,
        missing: connection.missing(),
        has_inferred_sides: connection.sides_from().is_some(),
        session: &connection.session,
        health: tcp.map(Tcp::health),
        noticed,
        mask,
    }
}
