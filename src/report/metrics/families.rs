//! The families of metrics: their names, helps, units, labels and buckets.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

/// How long an answer took, seconds: from a server on the same machine to the timeout of clients.
const CALL_BUCKETS: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
];

/// How far media is behind, seconds: a frame, a group of pictures, a viewer lost.
const LAG_BUCKETS: [f64; 11] = [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// Between audio and video, seconds. ITU-R BT.1359 calls audio noticeable that is 0.045 ahead or
/// 0.125 behind.
const SKEW_BUCKETS: [f64; 8] = [0.02, 0.045, 0.08, 0.125, 0.2, 0.5, 1.0, 2.0];

/// From one keyframe to the next, seconds.
const KEYFRAME_BUCKETS: [f64; 8] = [0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0];

/// A label set of one or two names, all of them ours.
macro_rules! labels {
    ($name:ident, $($label:ident),+) => {
        #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub(super) struct $name {
            $(pub(super) $label: &'static str),+
        }
    };
}

labels!(RoleState, role, state);
labels!(Cause, cause);
labels!(Direction, direction);
labels!(Type, r#type);
labels!(Kind, kind);
labels!(Ahead, ahead);
labels!(CommandStatus, command, status);
labels!(CodeSeverity, code, severity);
labels!(Where, r#where);

/// Histograms by label.
type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// What peers do.
#[derive(Debug)]
pub(super) struct Peers {
    pub(super) connections: Family<RoleState, Gauge>,
    pub(super) opened: Counter,
    pub(super) ended: Family<Cause, Counter>,
    pub(super) bytes: Family<Direction, Counter>,
    pub(super) missing: Family<Direction, Counter>,
    pub(super) messages: Family<Type, Counter>,
    pub(super) calls: Histograms<CommandStatus>,
    pub(super) unanswered: Family<CommandStatus, Counter>,
    pub(super) anomalies: Family<CodeSeverity, Counter>,
}

impl Peers {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let families = Self {
            connections: Family::default(),
            opened: Counter::default(),
            ended: Family::default(),
            bytes: Family::default(),
            missing: Family::default(),
            messages: Family::default(),
            calls: Family::new_with_constructor(|| Histogram::new(CALL_BUCKETS)),
            unanswered: Family::default(),
            anomalies: Family::default(),
        };
        registry.register(
            "connections",
            "RTMP connections that are open, by what the client does and how far it has come",
            families.connections.clone(),
        );
        registry.register(
            "connections_opened",
            "RTMP connections seen",
            families.opened.clone(),
        );
        registry.register(
            "connections_ended",
            "RTMP connections that ended, by how",
            families.ended.clone(),
        );
        registry.register_with_unit(
            "received",
            "Bytes of messages and chunk headers",
            Unit::Bytes,
            families.bytes.clone(),
        );
        registry.register_with_unit(
            "missing",
            "Bytes that the capture does not hold",
            Unit::Bytes,
            families.missing.clone(),
        );
        registry.register(
            "messages",
            "RTMP messages by type",
            families.messages.clone(),
        );
        registry.register_with_unit(
            "call_duration",
            "Time from a command to what answered it",
            Unit::Seconds,
            families.calls.clone(),
        );
        registry.register(
            "calls_unanswered",
            "Commands that were not answered",
            families.unanswered.clone(),
        );
        registry.register(
            "anomalies",
            "What was odd, by code",
            families.anomalies.clone(),
        );
        families
    }
}

/// What streams do.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) frames: Family<Kind, Counter>,
    pub(super) lag: Histograms<Kind>,
    pub(super) skew: Histograms<Ahead>,
    pub(super) keyframes: Histogram,
}

impl Media {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let families = Self {
            frames: Family::default(),
            lag: Family::new_with_constructor(|| Histogram::new(LAG_BUCKETS)),
            skew: Family::new_with_constructor(|| Histogram::new(SKEW_BUCKETS)),
            keyframes: Histogram::new(KEYFRAME_BUCKETS),
        };
        registry.register("media_frames", "Coded frames", families.frames.clone());
        registry.register_with_unit(
            "media_lag",
            "How far media is behind real time, of every track at every sample",
            Unit::Seconds,
            families.lag.clone(),
        );
        registry.register_with_unit(
            "av_skew",
            "Between audio and video, by which is ahead, of every pair of tracks at every sample",
            Unit::Seconds,
            families.skew.clone(),
        );
        registry.register_with_unit(
            "keyframe_interval",
            "Media time between the latest keyframes, of every video track at every sample",
            Unit::Seconds,
            families.keyframes.clone(),
        );
        families
    }
}

/// What the capture and the process do.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) packets: Counter,
    pub(super) dropped: Family<Where, Counter>,
    pub(super) queue_waits: Counter,
    pub(super) events_dropped: Counter,
    pub(super) allocated: Gauge,
    pub(super) cpu: Counter<f64, AtomicU64>,
    pub(super) resident: Gauge,
}

impl Host {
    /// Registers ours in `own`, whose names have a prefix.
    pub(super) fn register(own: &mut Registry) -> Self {
        let families = Self {
            packets: Counter::default(),
            dropped: Family::default(),
            queue_waits: Counter::default(),
            events_dropped: Counter::default(),
            allocated: Gauge::default(),
            cpu: Counter::default(),
            resident: Gauge::default(),
        };
        own.register(
            "capture_packets",
            "Packets captured",
            families.packets.clone(),
        );
        own.register(
            "capture_dropped_packets",
            "Packets lost before they could be decoded",
            families.dropped.clone(),
        );
        own.register(
            "capture_queue_waits",
            "How often decoding was so far behind that the queue was full",
            families.queue_waits.clone(),
        );
        own.register(
            "events_dropped",
            "Records that could not be written",
            families.events_dropped.clone(),
        );
        own.register_with_unit(
            "allocated",
            "Memory in use, as the allocator counts it",
            Unit::Bytes,
            families.allocated.clone(),
        );
        families
    }

    /// Registers what every exporter calls the same.
    pub(super) fn register_process(&self, registry: &mut Registry, started: f64) {
        registry.register_with_unit(
            "process_cpu",
            "Processor time used",
            Unit::Seconds,
            self.cpu.clone(),
        );
        registry.register_with_unit(
            "process_resident_memory",
            "Resident memory",
            Unit::Bytes,
            self.resident.clone(),
        );
        let start = Gauge::<f64, AtomicU64>::default();
        start.set(started);
        registry.register_with_unit(
            "process_start_time",
            "When the process started, since 1970",
            Unit::Seconds,
            start,
        );
    }
}
