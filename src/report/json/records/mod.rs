//! One function for each type of record, writing what stands beside the common members.

pub(super) mod call;
pub(super) mod connection_end;
mod direction;
pub(super) mod track;

use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::time::Precision;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::pipeline::Heard;
use crate::report::json::content;
use crate::report::json::records::track::track_key;
use crate::report::json::writer::JsonWriter;
use crate::report::proxy_name;
use crate::rtmp::event::DigestScheme;
use crate::rtmp::event::Lock;
use crate::rtmp::inferred::Inference;
use crate::session::handshake::EchoVerdict;
use crate::session::handshake::Handshake;
use crate::session::mask::Mask;
use crate::session::stats::Stats;

/// Writes the members `message` and its content.
pub(super) fn message(w: &mut JsonWriter, heard: &Heard<'_>, mask: Mask<'_>) {
    let raw = heard.raw;
    w.object_member("message");
    w.unsigned_member("number", heard.number);
    w.unsigned_member("csid", raw.csid.0);
    w.unsigned_member("fmt", raw.fmt.number());
    w.unsigned_member("type_id", raw.type_id.0);
    w.key("type");
    w.plain(&raw.type_id);
    w.unsigned_member("stream_id", raw.stream_id.0);
    let timestamp = raw.told_timestamp();
    if let Some(timestamp) = timestamp {
        w.unsigned_member("timestamp_ms", timestamp.0);
    }
    if let Some(delta) = raw.told_delta() {
        w.unsigned_member("delta_ms", delta);
    }
    w.unsigned_member("length", raw.length);
    if !raw.is_complete() {
        w.unsigned_member("received_bytes", raw.received);
        w.object_member("missing");
        w.unsigned_member("start", raw.missing.start);
        w.unsigned_member("end", raw.missing.end);
        w.end_object();
    }
    w.unsigned_member("chunks", raw.chunks);
    if raw.interruptions > 0 {
        w.unsigned_member("interruptions", raw.interruptions);
    }
    w.unsigned_member("header_bytes", raw.header_bytes);
    if raw.extended_timestamp {
        w.boolean_member("extended_timestamp", true);
    }
    if raw.from_aggregate {
        w.boolean_member("from_aggregate", true);
    }
    w.unsigned_member("first_frame", raw.first.frame.0);
    w.unsigned_member("last_frame", raw.last.frame.0);
    inferred(
        w,
        [
            ("timestamp_ms", timestamp.and(raw.inferred.timestamp)),
            ("stream_id", raw.inferred.stream_id),
            ("type_id", raw.inferred.header),
            ("type", raw.inferred.header),
            ("length", raw.inferred.header),
        ],
    );
    w.end_object();
    content::write(w, &heard.decoded.message, mask);
}

/// Writes the member `connection`: who opened it, and how it is known.
pub(super) fn connection(w: &mut JsonWriter, connection: &Connection, precision: Precision) {
    w.object_member("connection");
    w.key("start");
    w.plain(&connection.first.time.rfc3339(precision));
    frame(w, "first_frame", connection.first.frame);
    w.boolean_member("from_begin", connection.session.setup().tcp.is_some());
    match &connection.carried {
        Some(carried) => {
            w.string_member("recognised_by", "handshake");
            w.boolean_member("enciphered", carried.enciphered);
            if let Some(prefix) = carried.prefix {
                w.string_member("proxy_prefix", proxy_name(prefix));
            }
        }
        None => w.string_member("recognised_by", "messages"),
    }
    inferred(w, [("direction", connection.sides_from())]);
    w.end_object();
}

/// Writes the member `handshake`.
pub(super) fn handshake(w: &mut JsonWriter, handshake: &Handshake) {
    w.object_member("handshake");
    w.boolean_member("complete", handshake.is_complete());
    if let Some(duration) = handshake.duration() {
        w.decimal_member("duration_ms", duration.as_millis_f64());
    }
    for (side, key) in [(Side::Client, "client"), (Side::Server, "server")] {
        let half = handshake.sides.of(side);
        w.object_member(key);
        if let Some(hello) = &half.hello {
            w.unsigned_member("version", hello.version);
            w.unsigned_member("time_ms", hello.time);
            w.key("peer_version_hex");
            w.hex(&hello.peer_version);
            let scheme = match hello.digest {
                None => "simple",
                Some(DigestScheme::DigestFirst) => "digest_first",
                Some(DigestScheme::KeyFirst) => "key_first",
            };
            w.string_member("scheme", scheme);
            frame(w, "hello_frame", hello.last.frame);
        }
        if let Some(echo) = &half.echo {
            let verdict = match echo.verdict {
                EchoVerdict::Unknown => "unknown",
                EchoVerdict::Exact => "exact",
                EchoVerdict::DigestValid => "digest_valid",
                EchoVerdict::Wrong => "wrong",
            };
            w.string_member("echo", verdict);
            frame(w, "echo_frame", echo.last.frame);
        }
        w.end_object();
    }
    w.end_object();
}

/// Writes the member `stats`: an interval.
pub(super) fn stats(w: &mut JsonWriter, stats: &Stats) {
    w.object_member("stats");
    w.decimal_member("interval_s", stats.interval.as_secs_f64());
    w.unsigned_member("calls_waiting", stats.calls_waiting);
    for (side, key) in [(Side::Client, "client"), (Side::Server, "server")] {
        let direction = stats.directions.of(side);
        w.object_member(key);
        w.unsigned_member("messages", direction.messages);
        w.unsigned_member("payload_bytes", direction.payload_bytes);
        w.unsigned_member("header_bytes", direction.header_bytes);
        w.decimal_member("kbit_per_s", direction.kbits);
        if let Some(bytes) = direction.unacked {
            w.unsigned_member("unacknowledged_bytes", bytes);
        }
        w.end_object();
    }
    w.array_member("tracks");
    for track in &stats.tracks {
        w.element();
        w.begin_object();
        track_key(w, track.key);
        w.unsigned_member("frames", track.frames);
        w.unsigned_member("keyframes", track.keyframes);
        w.unsigned_member("payload_bytes", track.payload_bytes);
        w.decimal_member("frames_per_s", track.frame_rate);
        w.decimal_member("kbit_per_s", track.kbits);
        if let Some(lag) = track.lag {
            w.decimal_member("lag_ms", lag.as_millis_f64());
        }
        if let Some(jitter) = track.jitter_ms {
            w.decimal_member("jitter_ms", jitter);
        }
        if let Some(skew) = track.skew_ms {
            w.decimal_member("skew_ms", skew);
        }
        let skew_from = track.skew_from.filter(|_| track.skew_ms.is_some());
        inferred(
            w,
            [("stream_id", track.stream_from), ("skew_ms", skew_from)],
        );
        w.end_object();
    }
    w.end_array();
    w.end_object();
}

/// Writes the member `gap`.
pub(super) fn gap(w: &mut JsonWriter, gap: &Gap) {
    w.object_member("gap");
    w.unsigned_member("offset", gap.range.start);
    w.unsigned_member("bytes", gap.range.len());
    w.string_member("cause", gap.cause.name());
    frame(w, "frame", gap.at.frame);
    w.end_object();
}

/// Writes the member `lock`.
pub(super) fn lock(w: &mut JsonWriter, lock: &Lock) {
    w.object_member("lock");
    lock_members(w, lock);
    w.boolean_member("first", lock.is_first);
    w.end_object();
}

fn lock_members(w: &mut JsonWriter, lock: &Lock) {
    w.unsigned_member("offset", lock.position);
    w.unsigned_member("skipped_bytes", lock.skipped);
    w.unsigned_member("headers", lock.headers);
    w.unsigned_member("evidence_bits", lock.bits);
    frame(w, "frame", lock.at.frame);
}

/// Writes the member `inferred`: which members beside it were not read from the wire. None when
/// all were.
fn inferred<const N: usize>(w: &mut JsonWriter, members: [(&str, Option<Inference>); N]) {
    if members.iter().all(|(_, from)| from.is_none()) {
        return;
    }
    w.object_member("inferred");
    for (key, from) in members {
        if let Some(from) = from {
            w.object_member(key);
            w.string_member("from", from.name());
            w.string_member("confidence", from.confidence().name());
            w.end_object();
        }
    }
    w.end_object();
}

/// Writes the member `anomaly`.
pub(super) fn anomaly(
    w: &mut JsonWriter,
    code: &str,
    severity: Severity,
    at: Mark,
    detail: &dyn std::fmt::Display,
    mask: Mask<'_>,
    extra: impl FnOnce(&mut JsonWriter),
) {
    w.object_member("anomaly");
    w.string_member("code", code);
    w.string_member("severity", severity.name());
    w.string_member("detail", &mask.prose(&detail.to_string()));
    w.object_member("evidence");
    frame(w, "frame", at.frame);
    extra(w);
    w.end_object();
    w.end_object();
}

fn frame(w: &mut JsonWriter, key: &str, number: FrameNumber) {
    w.unsigned_member(key, number.0);
}
