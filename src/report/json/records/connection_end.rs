//! The record `connection_end`.

use crate::base::side::Side;
use crate::base::time::Precision;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::report::json::records::direction::direction;
use crate::report::json::records::direction::health;
use crate::report::json::records::direction::window;
use crate::report::json::records::frame;
use crate::report::json::records::inferred;
use crate::report::json::records::track::tracks;
use crate::report::json::writer::JsonWriter;
use crate::rtmp::secret::Secrecy;
use crate::session::mask::Mask;
use crate::session::quantile::SpanStats;
use crate::session::setup::Phase;

/// Writes the member `connection_end`: everything measured over the connection.
pub(in crate::report::json) fn connection_end(
    w: &mut JsonWriter,
    connection: &Connection,
    tcp: &Tcp,
    mask: Mask<'_>,
    precision: Precision,
) {
    let session = &connection.session;
    let summary = session.summary();
    w.object_member("connection_end");
    w.key("start");
    w.plain(&connection.first.time.rfc3339(precision));
    w.decimal_member("duration_s", connection.lasted().as_secs_f64());
    frame(w, "first_frame", connection.first.frame);
    frame(w, "last_frame", connection.last.frame);
    if let Some(end) = session.end {
        w.string_member("cause", end.cause.name());
        if let Some(by) = end.by {
            w.string_member("closed_by", by.name());
        }
    }
    if let Some(style) = summary.end {
        w.string_member("style", style.name());
    }
    if let Some(by) = summary.ended_by {
        w.string_member("ended_by", by.name());
    }
    if let Some(goodbye) = session.goodbye() {
        w.object_member("goodbye");
        w.string_member("kind", goodbye.kind.name());
        w.string_member("by", goodbye.by.name());
        frame(w, "frame", goodbye.at.frame);
        w.end_object();
    }
    w.string_member("stage", summary.stage.name());
    if let Some(role) = summary.role {
        w.string_member("role", role.name());
    }
    inferred(w, [("role", summary.role_from)]);
    let texts = [
        ("app", summary.app, Secrecy::Url),
        ("tc_url", summary.tc_url, Secrecy::Url),
        ("stream_name", summary.stream_name, Secrecy::Whole),
        ("client_software", summary.client_software, Secrecy::Open),
        ("server_software", summary.server_software, Secrecy::Open),
    ];
    for (key, text, secrecy) in texts {
        if let Some(text) = text {
            w.string_member(key, &mask.text(text, secrecy));
        }
    }
    setup(w, connection);
    calls(w, connection);
    streams(w, connection, mask);
    w.object_member("directions");
    for (side, key) in [(Side::Client, "client"), (Side::Server, "server")] {
        w.object_member(key);
        direction(w, session.directions.of(side));
        w.unsigned_member("missing_bytes", *connection.missing().of(side));
        window(w, connection, side);
        w.key("tcp");
        health(w, tcp.health().of(side));
        w.end_object();
    }
    w.end_object();
    tracks(w, connection);
    anomalies(w, connection);
    w.end_object();
}

fn setup(w: &mut JsonWriter, connection: &Connection) {
    let setup = connection.session.setup();
    let phases: [(&str, Option<&Phase>); 5] = [
        ("tcp_ms", setup.tcp.as_ref()),
        ("handshake_ms", setup.handshake.as_ref()),
        ("connect_ms", setup.connect.as_ref()),
        ("create_stream_ms", setup.create_stream.as_ref()),
        ("start_ms", setup.start.as_ref()),
    ];
    w.object_member("setup");
    for (key, phase) in phases {
        if let Some(duration) = phase.and_then(Phase::duration) {
            w.decimal_member(key, duration.as_millis_f64());
        }
    }
    let firsts = [
        ("first_audio_ms", setup.first_audio),
        ("first_video_ms", setup.first_video),
        ("first_keyframe_ms", setup.first_keyframe),
    ];
    for (key, first) in firsts {
        if let Some(after) = setup.after_start(first) {
            w.decimal_member(key, after.as_millis_f64());
        }
    }
    w.end_object();
}

fn calls(w: &mut JsonWriter, connection: &Connection) {
    let calls = &connection.session.calls;
    let stats = &calls.stats;
    w.object_member("calls");
    w.unsigned_member("made", u64::from(stats.calls));
    w.unsigned_member("answered", u64::from(stats.answered));
    w.unsigned_member("failed", stats.failed);
    w.unsigned_member("unanswered", stats.unanswered);
    w.unsigned_member("unanswered_optional", u64::from(stats.unanswered_optional));
    w.unsigned_member("one_way", u64::from(stats.one_way));
    w.unsigned_member("pings", stats.pings);
    w.unsigned_member("pings_unanswered", stats.pings_unanswered);
    w.unsigned_member("orphan_replies", stats.orphan_replies);
    w.unsigned_member("answered_twice", stats.answered_twice);
    spans(w, "latency", &calls.latency());
    spans(w, "ping", &stats.ping);
    w.end_object();
}

fn spans(w: &mut JsonWriter, key: &str, spans: &SpanStats) {
    if spans.count() == 0 {
        return;
    }
    w.object_member(key);
    w.unsigned_member("count", spans.count());
    for (name, span) in [
        ("min_ms", spans.min()),
        ("mean_ms", spans.mean()),
        ("p95_ms", spans.quantile(95)),
        ("max_ms", spans.max()),
    ] {
        w.decimal_member(name, span.as_millis_f64());
    }
    w.end_object();
}

fn streams(w: &mut JsonWriter, connection: &Connection, mask: Mask<'_>) {
    w.array_member("streams");
    for stream in &connection.session.streams {
        w.element();
        w.begin_object();
        w.unsigned_member("stream_id", stream.id.0);
        if let Some(name) = &stream.name {
            w.string_member("name", &mask.text(name, Secrecy::Whole));
        }
        if let Some(role) = stream.role {
            w.string_member("role", role.name());
        }
        if let Some(kind) = &stream.publish_type {
            w.string_member("publish_type", &mask.prose(kind.name()));
        }
        w.string_member("state", stream.state.name());
        if let Some(code) = &stream.last_code {
            w.string_member("last_code", &mask.prose(code));
        }
        w.end_object();
    }
    w.end_array();
}

fn anomalies(w: &mut JsonWriter, connection: &Connection) {
    let session = &connection.session;
    w.array_member("anomalies");
    for anomaly in session.anomalies.iter() {
        w.element();
        w.begin_object();
        w.string_member("code", anomaly.kind.code());
        w.string_member("severity", anomaly.kind.severity().name());
        w.unsigned_member("count", anomaly.count);
        frame(w, "first_frame", anomaly.first.frame);
        frame(w, "last_frame", anomaly.last.frame);
        w.end_object();
    }
    w.end_array();
    let wire = &session.wire_anomalies;
    w.unsigned_member("wire_anomalies", wire.client.saturating_add(wire.server));
}
