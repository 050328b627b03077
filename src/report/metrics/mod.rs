//! What a sensor counts, in OpenMetrics: names and units as Prometheus wants them. No label ever
//! holds what came over the wire: stream names are secrets, and any peer could make as many
//! series as it likes.

mod families;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::capture::info::Drops;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::command::CommandInfo;
use crate::rtmp::message::Message;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::fact::Fact;
use crate::session::stats::Stats;
use crate::session::track::MediaKind;

use self::families::Ahead;
use self::families::Cause;
use self::families::CodeSeverity;
use self::families::CommandStatus;
use self::families::Direction;
use self::families::Host;
use self::families::Kind;
use self::families::Media;
use self::families::Peers;
use self::families::RoleState;
use self::families::Type;
use self::families::Where;

/// A name on the wire that is none of those known.
const OTHER: &str = "other";

/// What the process itself uses.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProcessUse {
    /// Processor time of all threads, seconds.
    pub cpu_seconds: f64,
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// Bytes that it asked its allocator for and still has.
    pub allocated_bytes: u64,
}

/// Counts what it is told, and can be read meanwhile from another thread.
#[derive(Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    peers: Peers,
    media: Media,
    host: Host,
    /// Connections of the sample at hand.
    sampled: HashMap<RoleState, i64>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(0.0)
    }
}

impl Metrics {
    /// Nothing counted yet. `started` is when the process started, seconds since 1970.
    pub fn new(started: f64) -> Self {
        let mut registry = Registry::default();
        let own = registry.sub_registry_with_prefix("rtmpscope");
        let (peers, media, host) = (
            Peers::register(own),
            Media::register(own),
            Host::register(own),
        );
        host.register_process(&mut registry, started);
        Self {
            registry: Arc::new(registry),
            peers,
            media,
            host,
            sampled: HashMap::new(),
        }
    }

    /// What answers a scrape.
    pub fn exposition(&self) -> Exposition {
        Exposition(Arc::clone(&self.registry))
    }

    /// Begins a sample of all connections: those that are gone are no longer counted.
    pub fn begin_sample(&mut self) {
        for count in self.sampled.values_mut() {
            *count = 0;
        }
    }

    /// Ends a sample. Only now it is seen: half of a sample would look like connections lost.
    pub fn end_sample(&self) {
        for (labels, count) in &self.sampled {
            self.peers.connections.get_or_create(labels).set(*count);
        }
    }

    /// Takes one connection of a sample.
    pub fn sample(&mut self, connection: &Connection, stats: &Stats) {
        let session = &connection.session;
        let summary = session.summary();
        let labels = RoleState {
            role: summary.role.map_or("unknown", |role| role.name()),
            state: summary.stage.name(),
        };
        let count = self.sampled.entry(labels).or_default();
        *count = count.saturating_add(1);
        let mut skewed = None;
        for track in &stats.tracks {
            let kind = Kind {
                kind: track.key.kind.name(),
            };
            if let Some(lag) = track.lag.filter(|_| track.frames > 0) {
                // Ahead of real time, as after a burst at the start, is not behind.
                let behind = lag.max(Span::ZERO).as_secs_f64();
                self.media.lag.get_or_create(&kind).observe(behind);
            }
            let pair = (track.key.side, track.key.stream_id);
            if let Some(skew) = track.skew_ms
                && track.frames > 0
                && skewed.replace(pair) != Some(pair)
            {
                let ahead = if skew < 0.0 { "video" } else { "audio" };
                self.media
                    .skew
                    .get_or_create(&Ahead { ahead })
                    .observe(skew.abs() / 1000.0);
            }
            if track.keyframes > 0
                && let Some(gops) = session
                    .track(track.key)
                    .and_then(|track| track.gops.as_ref())
                && gops.intervals > 0
            {
                self.media
                    .keyframes
                    .observe(f64::from(gops.interval_last_ms) / 1000.0);
            }
        }
    }

    /// Takes what was captured and lost so far.
    pub fn captured(&self, packets: u64, drops: &Drops) {
        raise(&self.host.packets, packets);
        let places = [
            ("kernel", drops.by_kernel),
            ("interface", drops.by_interface),
        ];
        for (place, count) in places {
            if let Some(count) = count {
                raise(
                    &self.host.dropped.get_or_create(&Where { r#where: place }),
                    count,
                );
            }
        }
        raise(&self.host.queue_waits, drops.queue_waits.unwrap_or(0));
    }

    /// Takes what the process uses by now.
    pub fn uses(&self, process: &ProcessUse) {
        let more = process.cpu_seconds - self.host.cpu.get();
        if more > 0.0 {
            self.host.cpu.inc_by(more);
        }
        let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.host.resident.set(bytes(process.resident_bytes));
        self.host.allocated.set(bytes(process.allocated_bytes));
    }

    /// Takes how many records could not be written so far.
    pub fn lost_events(&self, count: u64) {
        raise(&self.host.events_dropped, count);
    }

    fn completed(&self, call: &Call) {
        if call.is_ping {
            return;
        }
        let labels = CommandStatus {
            command: CommandInfo::of(&call.name).map_or(OTHER, |info| info.name),
            status: call.state.name(),
        };
        match (call.state, call.latency()) {
            (CallState::Answered | CallState::Failed, Some(latency)) => {
                self.peers
                    .calls
                    .get_or_create(&labels)
                    .observe(latency.as_secs_f64());
            }
            (CallState::Unanswered, _) => {
                self.peers.unanswered.get_or_create(&labels).inc();
            }
            _ => {}
        }
    }

    fn odd(&self, code: &'static str, severity: Severity) {
        let labels = CodeSeverity {
            code,
            severity: severity.name(),
        };
        self.peers.anomalies.get_or_create(&labels).inc();
    }
}

/// The metrics as text, from any thread.
#[derive(Debug, Clone)]
pub struct Exposition(Arc<Registry>);

impl Exposition {
    /// The media type of the text.
    pub const CONTENT_TYPE: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

impl fmt::Display for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        prometheus_client::encoding::text::encode(f, &self.0)
    }
}

/// Raises a counter to a total that is counted elsewhere.
fn raise(counter: &Counter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

fn direction(sender: Side) -> Direction {
    Direction {
        direction: sender.heading(),
    }
}

impl Observer for Metrics {
    fn opened(&mut self, _: &Connection) {
        self.peers.opened.inc();
    }

    fn message(&mut self, _: &Connection, heard: &Heard<'_>) {
        let raw = heard.raw;
        let labels = Type {
            r#type: raw.type_id.name().unwrap_or(OTHER),
        };
        self.peers.messages.get_or_create(&labels).inc();
        let bytes = u64::from(raw.received).saturating_add(u64::from(raw.header_bytes));
        self.peers
            .bytes
            .get_or_create(&direction(heard.side))
            .inc_by(bytes);
        let kind = match &heard.decoded.message {
            Message::Audio(tag) if tag.is_coded() => MediaKind::Audio.name(),
            Message::Video(tag) if tag.is_coded() => MediaKind::Video.name(),
            _ => return,
        };
        self.media.frames.get_or_create(&Kind { kind }).inc();
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        match fact {
            Fact::CallCompleted { call, .. } => {
                if let Some(call) = connection.session.calls.get(*call) {
                    self.completed(call);
                }
            }
            Fact::CallLetGo(call) => self.completed(call),
            Fact::Anomaly(anomaly) => self.odd(anomaly.kind.code(), anomaly.kind.severity()),
            _ => {}
        }
    }

    fn anomaly(&mut self, _: &Connection, _: Side, anomaly: &Anomaly) {
        self.odd(anomaly.kind.code(), anomaly.kind.severity());
    }

    fn gap(&mut self, _: &Connection, gap: &Gap) {
        self.peers
            .missing
            .get_or_create(&direction(gap.side))
            .inc_by(gap.range.len());
    }

    fn ended(&mut self, connection: &Connection, _: &Tcp) {
        let cause = connection.session.end.map_or(OTHER, |end| end.cause.name());
        self.peers.ended.get_or_create(&Cause { cause }).inc();
    }
}
