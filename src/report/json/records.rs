//! One function for each type of record, writing what stands beside the common members.

use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::time::Precision;
use crate::base::time::Span;
use crate::net::connection::Connection as Tcp;
use crate::net::health::Health;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::pipeline::Heard;
use crate::report::json::content;
use crate::report::json::media;
use crate::report::json::writer::JsonWriter;
use crate::report::mask::Mask;
use crate::report::proxy_name;
use crate::rtmp::event::DigestScheme;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::Expectation;
use crate::session::call::ReplyKind;
use crate::session::channel::Direction;
use crate::session::handshake::EchoVerdict;
use crate::session::handshake::Handshake;
use crate::session::quantile::SpanStats;
use crate::session::setup::Phase;
use crate::session::stats::Stats;
use crate::session::track::Track;
use crate::session::track::TrackConfig;
use crate::session::track::TrackKey;

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
    w.unsigned_member("timestamp_ms", raw.timestamp.0);
    if let Some(delta) = raw.delta {
        w.unsigned_member("delta_ms", delta);
    }
    w.unsigned_member("length", raw.length);
    if !raw.is_complete() {
        w.unsigned_member("received_bytes", raw.received);
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

/// Writes the member `call`.
pub(super) fn call(w: &mut JsonWriter, call: &Call, mask: Mask<'_>, precision: Precision) {
    w.object_member("call");
    w.string_member("name", &mask.text(&call.name, Secrecy::Open));
    if let Some(id) = call.transaction_id {
        w.key("transaction_id");
        w.double_or_text(id.0);
    }
    w.string_member("caller", side_name(call.caller));
    w.unsigned_member("csid", call.csid.0);
    w.unsigned_member("stream_id", call.stream_id.0);
    w.string_member("state", state_name(call.state));
    if call.expectation == Expectation::Optional {
        w.boolean_member("optional", true);
    }
    w.key("called");
    w.plain(&call.at.time.rfc3339(precision));
    frame(w, "call_frame", call.at.frame);
    w.unsigned_member("call_message", call.message);
    if let Some(latency) = call.latency() {
        w.decimal_member("latency_ms", latency.as_millis_f64());
    }
    if call.pipelined {
        w.boolean_member("pipelined", true);
    }
    if call.reused_transaction {
        w.boolean_member("reused_transaction", true);
    }
    if call.overdue {
        w.boolean_member("overdue", true);
    }
    w.unsigned_member("answers", call.answers);
    if let Some(reply) = &call.reply {
        w.object_member("reply");
        w.string_member("kind", reply_name(reply.kind));
        frame(w, "frame", reply.at.frame);
        w.unsigned_member("message", reply.message);
        let texts = [
            ("level", reply.level.as_deref()),
            ("code", reply.code.as_deref()),
            ("description", reply.description.as_deref()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                w.string_member(key, &mask.text(text, Secrecy::Parameters));
            }
        }
        w.end_object();
    }
    w.end_object();
}

fn state_name(state: CallState) -> &'static str {
    match state {
        CallState::Open => "open",
        CallState::OneWay => "one_way",
        CallState::Answered => "answered",
        CallState::Failed => "failed",
        CallState::Unanswered => "unanswered",
    }
}

fn reply_name(kind: ReplyKind) -> &'static str {
    match kind {
        ReplyKind::Result => "result",
        ReplyKind::Error => "error",
        ReplyKind::Status => "status",
        ReplyKind::Notice => "notice",
        ReplyKind::Pong => "pong",
    }
}

/// Writes the member `track`: what a track is. How it went is in `connection_end`.
pub(super) fn track(w: &mut JsonWriter, track: &Track, changed: bool) {
    w.object_member("track");
    track_key(w, track.key);
    w.boolean_member("changed", changed);
    track_facts(w, track);
    w.end_object();
}

fn track_key(w: &mut JsonWriter, key: TrackKey) {
    w.string_member("sender", side_name(key.side));
    w.unsigned_member("stream_id", key.stream_id.0);
    w.string_member("kind", key.kind.name());
    w.unsigned_member("track_id", key.id);
}

fn track_facts(w: &mut JsonWriter, track: &Track) {
    if let Some(codec) = track.codec {
        media::codec(w, codec);
    }
    w.boolean_member("enhanced", track.is_enhanced);
    match &track.config {
        Some(TrackConfig::Audio(config)) => {
            w.key("audio_config");
            media::audio_config(w, config);
        }
        Some(TrackConfig::Video(config)) => {
            w.key("video_config");
            media::video_config(w, config);
        }
        None => {}
    }
    if let Some(size) = track.picture_size() {
        w.unsigned_member("width", size.width);
        w.unsigned_member("height", size.height);
    }
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

/// Writes the member `connection_end`: everything measured over the connection.
pub(super) fn connection_end(
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
            w.string_member("closed_by", side_name(by));
        }
    }
    if let Some(style) = summary.end {
        w.string_member("style", style.name());
    }
    if let Some(by) = summary.ended_by {
        w.string_member("ended_by", side_name(by));
    }
    if let Some(goodbye) = session.goodbye {
        w.object_member("goodbye");
        w.string_member("kind", goodbye.kind.name());
        w.string_member("by", side_name(goodbye.by));
        frame(w, "frame", goodbye.at.frame);
        w.end_object();
    }
    w.string_member("stage", summary.stage.name());
    if let Some(role) = summary.role {
        w.string_member("role", role.name());
    }
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
        w.unsigned_member("missing_bytes", *connection.missing.of(side));
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
    let stats = &connection.session.calls.stats;
    w.object_member("calls");
    w.unsigned_member("made", stats.calls);
    w.unsigned_member("answered", stats.answered);
    w.unsigned_member("failed", stats.failed);
    w.unsigned_member("unanswered", stats.unanswered);
    w.unsigned_member("unanswered_optional", stats.unanswered_optional);
    w.unsigned_member("one_way", stats.one_way);
    w.unsigned_member("pings", stats.pings);
    w.unsigned_member("pings_unanswered", stats.pings_unanswered);
    w.unsigned_member("orphan_replies", stats.orphan_replies);
    w.unsigned_member("answered_twice", stats.answered_twice);
    spans(w, "latency", &stats.latency);
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

fn direction(w: &mut JsonWriter, direction: &Direction) {
    w.unsigned_member("messages", direction.messages);
    if direction.aggregated > 0 {
        w.unsigned_member("aggregate_parts", direction.aggregated);
    }
    w.unsigned_member("payload_bytes", direction.payload_bytes);
    w.unsigned_member("header_bytes", direction.header_bytes);
    if let Some(size) = direction.chunk_size {
        w.unsigned_member("chunk_size_bytes", size);
    }
    w.array_member("chunk_size_changes");
    for change in &direction.chunk_size_changes {
        w.element();
        w.begin_object();
        if let Some(from) = change.from {
            w.unsigned_member("from_bytes", from);
        }
        w.unsigned_member("to_bytes", change.to);
        w.unsigned_member("message", change.message);
        frame(w, "frame", change.at.frame);
        w.end_object();
    }
    w.end_array();
    w.array_member("channels");
    for channel in &direction.channels {
        w.element();
        w.begin_object();
        w.unsigned_member("csid", channel.csid.0);
        w.array_member("carries");
        for kind in &channel.types {
            w.element();
            w.begin_object();
            w.key("type");
            w.plain(&kind.type_id);
            w.unsigned_member("messages", kind.count);
            w.end_object();
        }
        w.end_array();
        w.unsigned_member("messages", channel.messages);
        w.unsigned_member("payload_bytes", channel.payload_bytes);
        w.unsigned_member("header_bytes", channel.header_bytes);
        w.decimal_member("byte_share", direction.share_of(channel));
        w.unsigned_member("chunks", channel.chunks);
        w.array_member("fmt_counts");
        for count in channel.formats {
            w.element();
            w.unsigned(u64::from(count));
        }
        w.end_array();
        w.unsigned_member("largest_message_bytes", channel.largest);
        w.unsigned_member("fragmented_messages", channel.fragmented());
        w.unsigned_member("interrupted_messages", channel.interrupted());
        if let Some(hold) = channel.longest_hold() {
            w.decimal_member("longest_hold_ms", hold.as_millis_f64());
        }
        w.end_object();
    }
    w.end_array();
}

fn window(w: &mut JsonWriter, connection: &Connection, side: Side) {
    let window = connection.session.windows.of(side);
    w.object_member("acknowledgement");
    if let Some(bytes) = window.announced {
        w.unsigned_member("window_bytes", bytes);
    }
    w.unsigned_member("acks", window.acks);
    if let Some(number) = window.last_sequence {
        w.unsigned_member("last_sequence_number", number);
    }
    w.unsigned_member("sent_bytes", window.sent);
    w.unsigned_member("unacknowledged_bytes", window.unacked());
    w.unsigned_member("unacknowledged_max_bytes", window.unacked_max);
    w.end_object();
}

fn health(w: &mut JsonWriter, health: &Health) {
    w.begin_object();
    w.unsigned_member("packets", health.packets);
    w.unsigned_member("payload_bytes", health.bytes);
    if let Some(mss) = health.mss {
        w.unsigned_member("mss_bytes", mss);
    }
    let rtt = &health.round_trips;
    if rtt.count() > 0 {
        w.object_member("rtt");
        w.unsigned_member("samples", rtt.count());
        for (key, span) in [
            ("min_ms", rtt.min()),
            ("median_ms", rtt.median()),
            ("p95_ms", rtt.p95()),
            ("max_ms", rtt.max()),
        ] {
            if let Some(span) = span {
                w.decimal_member(key, span.as_millis_f64());
            }
        }
        w.end_object();
    }
    w.unsigned_member("retransmitted_packets", health.retransmitted_packets);
    w.unsigned_member("retransmitted_bytes", health.retransmitted_bytes);
    w.unsigned_member("out_of_order_packets", health.out_of_order_packets);
    w.unsigned_member("captured_twice_packets", health.captured_twice);
    w.unsigned_member("zero_windows", health.zero_windows);
    w.decimal_member("zero_window_ms", health.zero_window_time.as_millis_f64());
    w.unsigned_member("in_flight_max_bytes", health.in_flight_max);
    w.unsigned_member("acked_unseen_bytes", health.acked_unseen);
    w.end_object();
}

fn tracks(w: &mut JsonWriter, connection: &Connection) {
    let session = &connection.session;
    w.array_member("tracks");
    for track in &session.tracks {
        w.element();
        w.begin_object();
        track_key(w, track.key);
        track_facts(w, track);
        w.unsigned_member("messages", track.messages);
        w.unsigned_member("frames", track.frames);
        w.unsigned_member("payload_bytes", track.payload_bytes);
        w.unsigned_member("largest_frame_bytes", track.largest_frame);
        w.unsigned_member("config_changes", track.config_changes);
        if let Some(rate) = track.frame_rate() {
            w.decimal_member("frames_per_s", rate);
        }
        if let Some(kbits) = track.kbits() {
            w.decimal_member("kbit_per_s", kbits);
        }
        w.unsigned_member("kbit_per_s_max", track.kbits_max);
        timing(w, track);
        w.end_object();
    }
    w.end_array();
    w.array_member("skews");
    for pair in &session.skews {
        w.element();
        w.begin_object();
        w.string_member("sender", side_name(pair.side));
        w.unsigned_member("stream_id", pair.stream_id.0);
        if let Some(skew) = pair.skew.timestamp_ms {
            w.decimal_member("timestamp_ms", skew);
            w.decimal_member("timestamp_min_ms", pair.skew.timestamp_min_ms);
            w.decimal_member("timestamp_max_ms", pair.skew.timestamp_max_ms);
        }
        if let Some(skew) = pair.skew.arrival_ms {
            w.decimal_member("arrival_ms", skew);
        }
        w.end_object();
    }
    w.end_array();
}

fn timing(w: &mut JsonWriter, track: &Track) {
    if let Some(gops) = &track.gops {
        w.object_member("keyframes");
        w.unsigned_member("count", gops.keyframes);
        if let Some(mean) = gops.interval_mean_ms() {
            w.unsigned_member("interval_min_ms", gops.interval_min_ms);
            w.decimal_member("interval_mean_ms", mean);
            w.unsigned_member("interval_max_ms", gops.interval_max_ms);
            w.unsigned_member("interval_last_ms", gops.interval_last_ms);
        }
        w.unsigned_member("largest_bytes", gops.largest_keyframe);
        w.end_object();
    }
    if let Some(composition) = track.composition {
        w.object_member("composition_time");
        w.signed_member("min_ms", composition.min_ms);
        w.signed_member("max_ms", composition.max_ms);
        w.end_object();
    }
    let Some(clock) = &track.clock else {
        return;
    };
    w.object_member("clock");
    w.unsigned_member("first_timestamp_ms", clock.first_timestamp.0);
    w.unsigned_member("last_timestamp_ms", clock.last_timestamp.0);
    w.unsigned_member("media_span_ms", clock.media_span_ms());
    w.decimal_member("arrival_span_ms", clock.arrival_span().as_millis_f64());
    for (key, span) in [
        ("lag_ms", clock.lag),
        ("lag_min_ms", clock.lag_min),
        ("lag_max_ms", clock.lag_max),
        ("jitter_max_ms", clock.jitter_max),
        ("gap_max_ms", clock.gap_max),
    ] {
        w.decimal_member(key, Span::as_millis_f64(span));
    }
    w.decimal_member("jitter_ms", clock.jitter_ms);
    if let Some(drift) = clock.drift_ms_per_s() {
        w.decimal_member("drift_ms_per_s", drift);
    }
    w.unsigned_member("gaps", clock.gaps);
    w.unsigned_member("backwards", clock.backwards);
    w.unsigned_member("jumps", clock.jumps);
    w.unsigned_member("equal", clock.equal);
    w.unsigned_member("wraps_2_32", clock.wraps32);
    w.unsigned_member("wraps_2_31", clock.wraps31);
    w.end_object();
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

/// The name of a side in records.
pub(super) fn side_name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
