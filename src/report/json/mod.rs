//! One JSON object per line, in capture order, as the capture is read. The schema of every record
//! is `schema/record.schema.json`; docs/json.md is its guide.

mod amf;
mod content;
mod media;
mod records;
mod selected;
mod writer;

use std::io;
use std::io::Write;

use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::time::Precision;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::filter::Filter;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::pipeline::Pipeline;
use crate::report::matching::Matcher;
use crate::report::scope::Scope;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::event::Lock;
use crate::session::call::Call;
use crate::session::fact::Fact;
use crate::session::mask::Mask;
use crate::session::stats::Stats;
use crate::session::track::TrackKey;

use self::selected::Holdable;
use self::selected::Selection;
use self::writer::JsonWriter;

/// The types of records.
pub const EVENT_TYPES: &[&str] = &[
    "capture",
    "connection",
    "handshake",
    "message",
    "call",
    "track",
    "stats",
    "lock",
    "gap",
    "anomaly",
    "connection_end",
];

/// Bytes of records that are collected before they are written to a file or pipe whose reader
/// does not wait for each line.
const BUFFER: usize = 64 * 1024;

/// Which records are wanted and how they are written.
#[derive(Debug, Clone)]
pub struct JsonOptions {
    /// Types of records to write; all when empty.
    pub events: Vec<String>,
    /// Capture time between two `stats` records of a connection.
    pub interval: Span,
    /// Whether secrets are shown.
    pub show_secrets: bool,
    /// Whether each record is written at once, for a reader that follows a live capture.
    pub unbuffered: bool,
}

/// Writes records as it is told what a capture holds.
#[derive(Debug)]
pub struct JsonReport<W: Write> {
    out: W,
    pending: Vec<u8>,
    line: JsonWriter,
    options: JsonOptions,
    wanted: Wanted,
    selection: Option<Selection>,
    precision: Precision,
    /// Capture time of the frame whose records are being written.
    clock: Timestamp,
    next_stats: Option<Timestamp>,
    failure: Option<io::Error>,
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    all: [bool; EVENT_TYPES.len()],
}

impl Wanted {
    fn new(events: &[String]) -> Self {
        let mut all = [false; EVENT_TYPES.len()];
        for (wanted, name) in all.iter_mut().zip(EVENT_TYPES) {
            *wanted = events.is_empty() || events.iter().any(|event| event == name);
        }
        Self { all }
    }

    fn has(&self, event: &str) -> bool {
        EVENT_TYPES
            .iter()
            .zip(self.all)
            .any(|(name, wanted)| wanted && *name == event)
    }
}

impl<W: Write> JsonReport<W> {
    /// Writes to `out`.
    pub fn new(out: W, options: JsonOptions) -> Self {
        let wanted = Wanted::new(&options.events);
        Self {
            out,
            pending: Vec::with_capacity(BUFFER),
            line: JsonWriter::default(),
            options,
            wanted,
            selection: None,
            precision: Precision::default(),
            clock: Timestamp::default(),
            next_stats: None,
            failure: None,
        }
    }

    /// Writes only records of messages of which an expression is true, and of connections that it
    /// is true of. Set before anything is written.
    pub fn set_filter(&mut self, filter: Filter) {
        let matcher = Matcher::new(filter, self.options.show_secrets);
        self.selection = Some(Selection::new(matcher));
    }

    /// Digits of a second that timestamps get from now on.
    pub fn set_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    /// The failure to write that ended the report, if there was one.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Whether writing failed, so that reading on is of no use.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Writes what is collected.
    pub fn flush(&mut self) {
        if self.failure.is_none()
            && let Err(error) = self
                .out
                .write_all(&self.pending)
                .and_then(|()| self.out.flush())
        {
            self.failure = Some(error);
        }
        self.pending.clear();
    }

    /// Writes the `stats` records that are due at `now`.
    pub fn tick(&mut self, now: Timestamp, pipeline: &mut Pipeline) {
        self.tick_within(&Scope::default(), now, pipeline);
    }

    /// The same of a part of the capture. They are due when they are for all of it.
    pub fn tick_within(&mut self, scope: &Scope, now: Timestamp, pipeline: &mut Pipeline) {
        if !self.wanted.has("stats") {
            return;
        }
        let Some(next) = self.next_stats else {
            self.next_stats = Some(later(now, self.options.interval));
            return;
        };
        // Frames may be a little out of order. Farther back it is only when the clock was set.
        let farthest = self.options.interval.nanos().saturating_mul(2);
        if now < next && next.since(now).nanos() < farthest {
            return;
        }
        self.next_stats = Some(later(now, self.options.interval));
        for (connection, _) in pipeline.connections() {
            let stats = connection.session.stats_snapshot(now);
            if scope.has(connection.id) && scope.holds(self.clock) {
                self.stats(connection, &stats);
            }
        }
    }

    /// Writes a `stats` record.
    pub fn stats(&mut self, connection: &Connection, stats: &Stats) {
        if !self.admits(connection, Holdable::No) {
            return;
        }
        self.record(connection, "stats", Side::Client, |w, _, _| {
            records::stats(w, stats);
        });
    }

    /// Writes the `capture` record that closes a report.
    pub fn capture(&mut self, members: impl FnOnce(&mut CaptureWriter<'_>)) {
        if !self.wanted.has("capture") {
            return;
        }
        self.line.clear();
        let w = &mut self.line;
        w.begin_object();
        w.string_member("event_type", "capture");
        w.key("timestamp");
        w.plain(&self.clock.rfc3339(self.precision));
        w.object_member("capture");
        members(&mut CaptureWriter(w));
        w.end_object();
        w.end_object();
        self.end_line();
    }

    fn call(&mut self, connection: &Connection, call: &Call) {
        self.record(connection, "call", call.caller, |w, mask, precision| {
            records::call::call(w, call, mask, precision);
        });
    }

    fn write_opened(&mut self, connection: &Connection) {
        self.record(connection, "connection", Side::Client, |w, _, precision| {
            records::connection(w, connection, precision);
        });
    }

    fn write_handshake(&mut self, connection: &Connection) {
        self.record(connection, "handshake", Side::Client, |w, _, _| {
            records::handshake(w, &connection.session.handshake);
        });
    }

    fn write_track(&mut self, connection: &Connection, key: TrackKey, changed: bool) {
        if let Some(found) = connection.session.track(key) {
            self.record(connection, "track", key.side, |w, _, _| {
                records::track::track(w, found, changed);
            });
        }
    }

    /// Writes one record of a connection: the common members, then those of its type.
    ///
    /// Its time is that of the frame that brought it, which may be later than what it tells of:
    /// so times never run backwards, and do not depend on which types are wanted.
    fn record(
        &mut self,
        connection: &Connection,
        event_type: &'static str,
        sender: Side,
        members: impl FnOnce(&mut JsonWriter, Mask<'_>, Precision),
    ) {
        if self.failure.is_some() || !self.wanted.has(event_type) {
            return;
        }
        let mask = Mask::new(&connection.session, self.options.show_secrets);
        self.line.clear();
        let w = &mut self.line;
        w.begin_object();
        w.string_member("event_type", event_type);
        w.key("timestamp");
        w.plain(&self.clock.rfc3339(self.precision));
        w.unsigned_member("flow_id", connection.id.0);
        let source = connection.ends.of(sender);
        let destination = connection.ends.of(sender.other());
        w.key("src_ip");
        w.plain(&source.addr);
        w.unsigned_member("src_port", source.port);
        w.key("dest_ip");
        w.plain(&destination.addr);
        w.unsigned_member("dest_port", destination.port);
        w.string_member("direction", sender.heading());
        members(w, mask, self.precision);
        w.end_object();
        self.end_line();
    }

    fn end_line(&mut self) {
        self.line.newline();
        self.pending.extend_from_slice(self.line.as_bytes());
        if self.options.unbuffered || self.pending.len() >= BUFFER {
            self.flush();
        }
    }
}

fn later(time: Timestamp, by: Span) -> Timestamp {
    Timestamp(time.0.saturating_add(by.nanos()))
}

/// Writes the members of the `capture` record, which only the program as a whole knows.
#[derive(Debug)]
pub struct CaptureWriter<'a>(&'a mut JsonWriter);

impl CaptureWriter<'_> {
    /// A count.
    pub fn count(&mut self, key: &str, number: u64) {
        self.0.unsigned_member(key, number);
    }

    /// A text.
    pub fn text(&mut self, key: &str, text: &str) {
        self.0.string_member(key, text);
    }

    /// Counts by name, as an object.
    pub fn counts<'n>(&mut self, key: &str, counts: impl IntoIterator<Item = (&'n str, u64)>) {
        self.0.object_member(key);
        for (name, count) in counts {
            self.0.unsigned_member(name, count);
        }
        self.0.end_object();
    }

    /// A list of objects.
    pub fn objects<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut CaptureWriter<'_>, T),
    ) {
        self.0.array_member(key);
        for item in items {
            self.0.element();
            self.0.begin_object();
            each(&mut CaptureWriter(self.0), item);
            self.0.end_object();
        }
        self.0.end_array();
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &str, items: impl IntoIterator<Item = String>) {
        self.0.array_member(key);
        for item in items {
            self.0.element();
            self.0.string(&item);
        }
        self.0.end_array();
    }
}

impl<W: Write> Observer for JsonReport<W> {
    fn clock(&mut self, now: Timestamp) {
        self.clock = now;
    }

    fn opened(&mut self, connection: &Connection) {
        if self.admits(connection, Holdable::Opened) {
            self.write_opened(connection);
        }
    }

    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        if let Some(selection) = &mut self.selection {
            if !selection.matcher.hears(connection, heard) {
                return;
            }
            self.introduce(connection);
        }
        self.record(connection, "message", heard.side, |w, mask, _| {
            records::message(w, heard, mask);
        });
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        let what = match fact {
            Fact::HandshakeDone { .. } => Holdable::Handshake,
            Fact::CallCompleted { call, .. } => Holdable::Call(*call),
            Fact::TrackConfigured { track, .. } | Fact::TrackChanged { track, .. } => {
                Holdable::Track(*track)
            }
            Fact::CallLetGo(_) | Fact::Anomaly(_) | Fact::Opaque { .. } => Holdable::No,
            // Of these there are no records.
            _ => return,
        };
        if !self.admits(connection, what) {
            return;
        }
        match fact {
            Fact::HandshakeDone { .. } => self.write_handshake(connection),
            Fact::CallCompleted { call, .. } => {
                if let Some(call) = connection.session.calls.get(*call) {
                    self.call(connection, call);
                }
            }
            Fact::CallLetGo(call) => self.call(connection, call),
            Fact::TrackConfigured { track, .. } => self.write_track(connection, *track, false),
            Fact::TrackChanged { track, .. } => self.write_track(connection, *track, true),
            Fact::Anomaly(anomaly) => {
                let (kind, at) = (&anomaly.kind, anomaly.last);
                self.record(connection, "anomaly", anomaly.side, |w, mask, _| {
                    records::anomaly(w, kind.code(), kind.severity(), at, kind, mask, |w| {
                        w.unsigned_member("count", anomaly.count);
                    });
                });
            }
            Fact::Opaque { side, reason, at } => {
                self.record(connection, "anomaly", *side, |w, mask, _| {
                    let code = "handshake.opaque";
                    records::anomaly(w, code, Severity::Info, *at, reason, mask, |_| {});
                });
            }
            _ => {}
        }
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        if let Some(selection) = &mut self.selection {
            selection.matcher.notices(connection, anomaly);
        }
        if !self.admits(connection, Holdable::No) {
            return;
        }
        let (kind, range) = (&anomaly.kind, anomaly.range);
        let severity = kind.severity();
        self.record(connection, "anomaly", side, |w, mask, _| {
            records::anomaly(w, kind.code(), severity, anomaly.at, kind, mask, |w| {
                w.unsigned_member("offset", range.start);
                w.unsigned_member("bytes", range.len());
            });
        });
    }

    fn locked(&mut self, connection: &Connection, side: Side, lock: &Lock) {
        if self.admits(connection, Holdable::No) {
            self.record(connection, "lock", side, |w, _, _| records::lock(w, lock));
        }
    }

    fn gap(&mut self, connection: &Connection, gap: &Gap) {
        if let Some(selection) = &mut self.selection {
            selection.matcher.misses(connection);
        }
        if self.admits(connection, Holdable::No) {
            self.record(connection, "gap", gap.side, |w, _, _| records::gap(w, gap));
        }
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        if !self.admits_end(connection, tcp) {
            return;
        }
        self.record(
            connection,
            "connection_end",
            Side::Client,
            |w, mask, precision| {
                records::connection_end::connection_end(w, connection, tcp, mask, precision);
            },
        );
    }
}

#[cfg(test)]
mod stats_tests {
    use super::*;
    use crate::pipeline::Options;

    #[test]
    fn samples_go_on_when_the_clock_was_set_back() {
        let options = JsonOptions {
            events: Vec::new(),
            interval: Span::from_secs(10),
            show_secrets: false,
            unbuffered: false,
        };
        let mut report = JsonReport::new(Vec::new(), options);
        let mut pipeline = Pipeline::new(Options::default());
        let at = |secs: i64| Timestamp(secs * 1_000_000_000);
        for (now, next) in [
            (5000, 5010),
            (5009, 5010),
            (5010, 5020),
            (5009, 5020),
            (1000, 1010),
            (1009, 1010),
        ] {
            report.tick(at(now), &mut pipeline);
            assert_eq!(report.next_stats, Some(at(next)), "at {now}");
        }
    }
}
