//! The report's section about one connection.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::time::Precision;
use crate::base::time::Span;
use crate::base::units::bytes;
use crate::base::units::grouped;
use crate::base::units::span_with_hours;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::report::mask::Mask;
use crate::report::proxy_name;
use crate::report::text::joined;
use crate::report::text::parts_of_aggregates;
use crate::report::text::shown;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::handshake::is_rtmpe;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::CallStats;
use crate::session::call::Expectation;
use crate::session::handshake::EchoVerdict;
use crate::session::setup::Phase;
use crate::session::summary::Stage;
use crate::session::summary::Summary;
use crate::session::track::Track;

/// Calls listed in a section; a connection has ten to twenty, and a bandwidth test thousands.
const MAX_CALLS: usize = 24;

/// Kinds of anomalies of the decoder that are counted for one connection.
const MAX_KINDS: usize = 32;

/// What the decoders noticed in a connection, by code.
#[derive(Debug, Default)]
pub(super) struct WireAnomalies {
    kinds: BTreeMap<&'static str, Noted>,
    other: u64,
}

#[derive(Debug)]
struct Noted {
    severity: Severity,
    count: u64,
    side: Side,
    at: Mark,
    /// What the first of them said.
    detail: String,
}

impl WireAnomalies {
    pub(super) fn note(&mut self, side: Side, anomaly: &Anomaly) {
        let code = anomaly.kind.code();
        if let Some(noted) = self.kinds.get_mut(code) {
            noted.count = noted.count.saturating_add(1);
        } else if self.kinds.len() < MAX_KINDS {
            self.kinds.insert(
                code,
                Noted {
                    severity: anomaly.kind.severity(),
                    count: 1,
                    side,
                    at: anomaly.at,
                    detail: anomaly.kind.to_string(),
                },
            );
        } else {
            self.other = self.other.saturating_add(1);
        }
    }

    pub(super) fn worst(&self) -> Option<Severity> {
        self.kinds.values().map(|noted| noted.severity).max()
    }

    pub(super) fn by_severity(&self) -> impl Iterator<Item = (Severity, u64)> {
        self.kinds
            .values()
            .map(|noted| (noted.severity, noted.count))
    }
}

/// The section.
pub(super) fn section(
    connection: &Connection,
    tcp: &Tcp,
    mask: Mask<'_>,
    wire: &WireAnomalies,
) -> String {
    let mut out = String::new();
    head(&mut out, connection, mask);
    setup(&mut out, connection);
    for side in Side::BOTH {
        channels(&mut out, connection, side);
    }
    calls(&mut out, connection, mask);
    media(&mut out, connection);
    network(&mut out, connection, tcp);
    anomalies(&mut out, connection, mask, wire);
    ending(&mut out, connection);
    out
}

/// Address and port of one end.
pub(super) fn endpoint(connection: &Connection, side: Side) -> String {
    let end = connection.ends.of(side);
    std::net::SocketAddr::new(end.addr, end.port).to_string()
}

/// App and stream name.
pub(super) fn stream_label(summary: &Summary<'_>, mask: Mask<'_>) -> String {
    let app = summary.app.map(|app| shown(&mask.text(app, Secrecy::Url)));
    let name = summary
        .stream_name
        .map(|name| shown(&mask.text(name, Secrecy::Whole)));
    match (app, name) {
        (Some(app), Some(name)) => format!("{app}/{name}"),
        (Some(app), None) => app,
        (None, Some(name)) => name,
        (None, None) if summary.stage == Stage::Midstream => "(joined late)".to_owned(),
        (None, None) => "(no connect)".to_owned(),
    }
}

/// Codecs of the main tracks, as `avc 1280x720 + aac`.
pub(super) fn codecs_label(summary: &Summary<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(track) = summary.video {
        let mut label = codec_name(track);
        if let Some(size) = track.picture_size() {
            let _ = write!(label, " {}x{}", size.width, size.height);
        }
        parts.push(label);
    }
    if let Some(track) = summary.audio {
        parts.push(codec_name(track));
    }
    if parts.is_empty() {
        "no media".to_owned()
    } else {
        parts.join(" + ")
    }
}

fn codec_name(track: &Track) -> String {
    track
        .codec
        .map_or_else(|| "?".to_owned(), |codec| codec.to_string())
}

fn head(out: &mut String, connection: &Connection, mask: Mask<'_>) {
    let summary = connection.session.summary();
    let _ = writeln!(
        out,
        "\n#{} {} -> {}  {}  {}",
        connection.id,
        endpoint(connection, Side::Client),
        endpoint(connection, Side::Server),
        summary.role.map_or("no role", |role| role.name()),
        stream_label(&summary, mask)
    );
    let _ = writeln!(
        out,
        "  start     {}  frames {}..{}  {}",
        connection.first.time.rfc3339(Precision::Micros),
        connection.first.frame,
        connection.last.frame,
        span_with_hours(connection.lasted())
    );
    if let Some(url) = summary.tc_url {
        let _ = writeln!(out, "  tcUrl     {}", shown(&mask.text(url, Secrecy::Url)));
    }
    let software =
        |text: Option<&str>| text.map_or_else(|| "?".to_owned(), |text| shown(&mask.prose(text)));
    if summary.client_software.is_some() || summary.server_software.is_some() {
        let _ = writeln!(
            out,
            "  software  client {} | server {}",
            software(summary.client_software),
            software(summary.server_software)
        );
    }
    if let Some(peers) = connection.session.peers.as_deref() {
        for (who, enhanced) in [
            ("client", &peers.client_enhanced),
            ("server", &peers.server_enhanced),
        ] {
            if let Some(enhanced) = enhanced {
                let codecs = joined(enhanced.four_ccs.iter().map(AsRef::as_ref));
                let caps = joined(enhanced.caps_names());
                let caps = if caps.is_empty() {
                    caps
                } else {
                    format!("; capsEx {caps}")
                };
                let _ = writeln!(out, "  enhanced  {who}: codecs {codecs}{caps}");
            }
        }
    }
    if let Some(prefix) = connection.carried.and_then(|carried| carried.prefix) {
        let _ = writeln!(
            out,
            "  proxy     {} before the handshake",
            proxy_name(prefix)
        );
    }
}

fn setup(out: &mut String, connection: &Connection) {
    let session = &connection.session;
    let setup = session.setup();
    let mut parts = Vec::new();
    let mut phase = |name: &str, phase: Option<&Phase>, note: &str| {
        let Some(phase) = phase else {
            return;
        };
        let state = if phase.failed { " FAILED" } else { "" };
        match phase.duration() {
            Some(duration) => {
                parts.push(format!("{name} {}{note}{state}", span_with_hours(duration)))
            }
            None => parts.push(format!("{name} not completed{note}{state}")),
        }
    };
    let handshake = &session.handshake;
    let echo = |side| handshake.sides.of(side).echo.map(|echo| echo.verdict);
    let wrong = Side::BOTH
        .iter()
        .any(|side| echo(*side) == Some(EchoVerdict::Wrong));
    let scheme = match (handshake.is_digest(), wrong) {
        (true, false) => "digest",
        (true, true) => "digest, wrong echo",
        (false, false) => "simple",
        (false, true) => "simple, wrong echo",
    };
    let hello = handshake.sides.client.hello;
    let asked = if hello.is_some_and(|hello| is_rtmpe(hello.version)) {
        "RTMPE, "
    } else {
        ""
    };
    let scheme = format!(" ({asked}{scheme})");
    phase("tcp", setup.tcp.as_ref(), "");
    phase("handshake", setup.handshake.as_ref(), &scheme);
    phase("connect", setup.connect.as_ref(), "");
    phase("createStream", setup.create_stream.as_ref(), "");
    phase("publish/play", setup.start.as_ref(), "");
    for (name, first) in [
        ("audio", setup.first_audio),
        ("video", setup.first_video),
        ("keyframe", setup.first_keyframe),
    ] {
        if let Some(after) = setup.after_start(first) {
            parts.push(format!("first {name} +{}", span_with_hours(after)));
        }
    }
    if !parts.is_empty() {
        let _ = writeln!(out, "  setup     {}", parts.join(" | "));
    }
    for side in Side::BOTH {
        if let Some(opaque) = session.opaque.of(side) {
            let _ = writeln!(
                out,
                "  opaque    {} sends: {}",
                side_word(side),
                opaque.reason
            );
        }
    }
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "->",
        Side::Server => "<-",
    }
}

fn channels(out: &mut String, connection: &Connection, side: Side) {
    let direction = connection.session.directions.of(side);
    if direction.messages == 0 {
        return;
    }
    let mut sizes: Vec<String> = Vec::new();
    for change in &direction.chunk_size_changes {
        if let (true, Some(from)) = (sizes.is_empty(), change.from) {
            sizes.push(from.to_string());
        }
        sizes.push(format!("{} (frame {})", change.to, change.at.frame));
    }
    if sizes.is_empty() {
        sizes.extend(direction.chunk_size.map(|size| size.to_string()));
    }
    let _ = writeln!(
        out,
        "  {} {}  {} messages{}, {}, {:.2} % headers, chunk size {}",
        arrow(side),
        side_word(side),
        grouped(direction.messages),
        parts_of_aggregates(direction.aggregated),
        bytes(direction.payload_bytes),
        direction.header_share() * 100.0,
        sizes.join(" -> ")
    );
    let _ = writeln!(
        out,
        "     {:>5} {:<28} {:>8} {:>9} {:>6} {:>17} {:>9} {:>10}",
        "csid", "carries", "messages", "bytes", "share", "fmt 0/1/2/3 %", "largest", "longest"
    );
    for channel in &direction.channels {
        let carries: Vec<String> = channel
            .types
            .iter()
            .map(|kind| kind.type_id.to_string())
            .collect();
        let mut carries = carries.join(",");
        if carries.len() > 28 {
            carries.truncate(27);
            carries.push('+');
        }
        let mix: Vec<String> = channel
            .formats
            .iter()
            .map(|count| percent(u64::from(*count), channel.messages))
            .collect();
        let _ = writeln!(
            out,
            "     {:>5} {:<28} {:>8} {:>9} {:>5.1}% {:>17} {:>9} {:>10}",
            channel.csid,
            carries,
            channel.messages,
            bytes(channel.payload_bytes),
            direction.share_of(channel) * 100.0,
            mix.join("/"),
            bytes(u64::from(channel.largest)),
            channel
                .longest_hold()
                .map_or_else(|| "-".to_owned(), span_with_hours)
        );
    }
    let fragmented = direction.fragmented();
    if fragmented > 0 {
        let _ = writeln!(
            out,
            "     {} messages in several chunks, {} of them interrupted by another channel",
            grouped(fragmented),
            grouped(direction.interrupted())
        );
    }
}

fn percent(part: u64, whole: u64) -> String {
    let hundredfold = part.saturating_mul(100);
    let rounded = hundredfold
        .saturating_add(whole / 2)
        .checked_div(whole)
        .unwrap_or(0);
    rounded.to_string()
}

fn calls(out: &mut String, connection: &Connection, mask: Mask<'_>) {
    let calls = &connection.session.calls;
    let stats = &calls.stats;
    if stats.calls > 0 {
        call_counts(out, stats);
    }
    let mut listed = 0_u64;
    let commands = calls.iter().filter(|call| !call.is_ping);
    for call in commands.take(MAX_CALLS) {
        call_line(out, connection, call, mask);
        listed = listed.saturating_add(1);
    }
    if stats.calls > listed {
        let more = stats.calls.saturating_sub(listed);
        let _ = writeln!(out, "     … {} more", grouped(more));
    }
    if stats.pings > 0 {
        pings(out, stats);
    }
}

/// How many calls went how.
fn call_counts(out: &mut String, stats: &CallStats) {
    let _ = write!(
        out,
        "  calls     {} made, {} answered, {} failed, {} unanswered",
        grouped(stats.calls),
        grouped(stats.answered),
        grouped(stats.failed),
        grouped(stats.unanswered)
    );
    for (count, what) in [
        (stats.unanswered_optional, "optional without answer"),
        (stats.one_way, "one-way"),
    ] {
        if count > 0 {
            let _ = write!(out, ", {} {what}", grouped(count));
        }
    }
    if stats.latency.count() > 0 {
        let _ = write!(
            out,
            "; latency min {} mean {} max {}",
            span_with_hours(stats.latency.min()),
            span_with_hours(stats.latency.mean()),
            span_with_hours(stats.latency.max())
        );
    }
    out.push('\n');
}

fn pings(out: &mut String, stats: &CallStats) {
    let _ = write!(
        out,
        "  pings     {} sent, {} answered, {} unanswered",
        grouped(stats.pings),
        grouped(stats.ping.count()),
        grouped(stats.pings_unanswered)
    );
    if stats.ping.count() > 0 {
        let _ = write!(
            out,
            "; min {} mean {} max {}",
            span_with_hours(stats.ping.min()),
            span_with_hours(stats.ping.mean()),
            span_with_hours(stats.ping.max())
        );
    }
    out.push('\n');
}

fn call_line(out: &mut String, connection: &Connection, call: &Call, mask: Mask<'_>) {
    let id = call
        .transaction_id
        .map_or_else(|| "-".to_owned(), |id| id.to_string());
    let after = call.at.time.since(connection.first.time).max(Span::ZERO);
    let outcome = match call.state {
        CallState::Open => "waiting".to_owned(),
        CallState::OneWay => "no answer due".to_owned(),
        CallState::Unanswered if call.expectation == Expectation::Required => {
            "UNANSWERED".to_owned()
        }
        CallState::Unanswered => "not answered".to_owned(),
        CallState::Answered => "ok".to_owned(),
        CallState::Failed => "FAILED".to_owned(),
    };
    let latency = call.latency().map_or_else(String::new, span_with_hours);
    let reply = call.reply.as_ref().map_or_else(String::new, |reply| {
        let text = |text: Option<&str>| {
            text.map(|text| shown(&mask.text(text, Secrecy::Parameters)))
                .unwrap_or_default()
        };
        let description = text(reply.description.as_deref());
        let code = text(reply.code.as_deref());
        if description.is_empty() {
            code
        } else {
            format!("{code} ({description})")
        }
    });
    let line = format!(
        "     {:>10} {} {:<14} #{:<4} {:<13} {:>9}  {}",
        format!("+{}", span_with_hours(after)),
        arrow(call.caller),
        shown(&mask.prose(&call.name)),
        id,
        outcome,
        latency,
        reply
    );
    let _ = writeln!(out, "{}", line.trim_end());
}

fn media(out: &mut String, connection: &Connection) {
    let session = &connection.session;
    for track in &session.tracks {
        let mut facts = vec![codec_name(track)];
        if let Some(config) = track.video() {
            facts.extend(config.profile_name.map(str::to_owned));
            facts.extend(config.level.map(|level| format!("level {level}")));
            if let Some(depth) = config.bit_depth.filter(|depth| *depth != 8) {
                facts.push(format!("{depth} bit"));
            }
        }
        if let Some(size) = track.picture_size() {
            facts.push(format!("{}x{}", size.width, size.height));
        }
        if let Some(config) = track.audio() {
            facts.extend(config.sample_rate_hz.map(|rate| format!("{rate} Hz")));
            facts.extend(config.channels.map(|count| format!("{count} ch")));
        }
        if track.key.id > 0 {
            facts.push(format!("track {}", track.key.id));
        }
        if track.is_enhanced {
            facts.push("enhanced".to_owned());
        }
        let _ = writeln!(
            out,
            "  {} {:<7}  {}  [stream {}]",
            arrow(track.key.side),
            track.key.kind.name(),
            facts.join(" "),
            track.key.stream_id
        );
        let mut facts = vec![format!("{} frames", grouped(track.frames))];
        if let Some(rate) = track.frame_rate() {
            facts.push(format!("{rate:.2}/s"));
        }
        if let Some(kbits) = track.kbits() {
            facts.push(format!("{kbits:.0} kbit/s (max {})", track.kbits_max));
        }
        if let Some(gops) = &track.gops {
            match gops.interval_mean_ms() {
                Some(mean) => facts.push(format!(
                    "{} keyframes every {:.2} s ({}..{} ms)",
                    gops.keyframes,
                    mean / 1000.0,
                    gops.interval_min_ms,
                    gops.interval_max_ms
                )),
                None => facts.push(format!("{} keyframe", gops.keyframes)),
            }
        }
        if let Some(composition) = track.composition.filter(|c| c.nonzero > 0) {
            facts.push(format!(
                "composition {}..{} ms",
                composition.min_ms, composition.max_ms
            ));
        }
        let _ = writeln!(out, "     {}", facts.join(", "));
        timing(out, track);
    }
    for pair in &session.skews {
        if let Some(skew) = pair.skew.timestamp_ms {
            let _ = writeln!(
                out,
                "  {} a/v      skew {skew:+.0} ms (min {:+.0}, max {:+.0}; positive: audio is ahead)  [stream {}]",
                arrow(pair.side),
                pair.skew.timestamp_min_ms,
                pair.skew.timestamp_max_ms,
                pair.stream_id
            );
        }
    }
    for metadata in &session.metadata {
        let figures = &metadata.figures;
        let mut facts = Vec::new();
        if let (Some(width), Some(height)) = (figures.width, figures.height) {
            facts.push(format!("{width}x{height}"));
        }
        facts.extend(figures.frame_rate.map(|rate| format!("{rate:.2}/s")));
        facts.extend(
            figures
                .video_kbits
                .map(|kbits| format!("video {kbits:.0} kbit/s")),
        );
        facts.extend(
            figures
                .audio_kbits
                .map(|kbits| format!("audio {kbits:.0} kbit/s")),
        );
        facts.extend(figures.sample_rate.map(|rate| format!("{rate:.0} Hz")));
        if !facts.is_empty() {
            let _ = writeln!(
                out,
                "  {} metadata says {} (sent {} times)  [stream {}]",
                arrow(metadata.side),
                facts.join(", "),
                metadata.count,
                metadata.stream_id
            );
        }
    }
}

fn timing(out: &mut String, track: &Track) {
    let Some(clock) = &track.clock else {
        return;
    };
    let mut facts = vec![
        format!(
            "timestamps {}..{} ms",
            clock.first_timestamp, clock.last_timestamp
        ),
        format!(
            "lag {} (min {}, max {})",
            span_with_hours(clock.lag),
            span_with_hours(clock.lag_min),
            span_with_hours(clock.lag_max)
        ),
        format!("jitter {:.1} ms", clock.jitter_ms),
        format!("longest gap {}", span_with_hours(clock.gap_max)),
    ];
    if let Some(drift) = clock.drift_ms_per_s() {
        facts.push(format!("drift {drift:+.2} ms/s"));
    }
    if clock.backwards > 0 {
        facts.push(format!(
            "{} backwards (max {} ms)",
            clock.backwards, clock.backwards_max_ms
        ));
    }
    if clock.jumps > 0 {
        facts.push(format!(
            "{} jumps (max {} ms)",
            clock.jumps, clock.jump_max_ms
        ));
    }
    if clock.wraps32 > 0 {
        facts.push(format!("{} wraps at 2^32", clock.wraps32));
    }
    let _ = writeln!(out, "     {}", facts.join(", "));
}

fn network(out: &mut String, connection: &Connection, tcp: &Tcp) {
    for side in Side::BOTH {
        let health = tcp.health().of(side);
        if health.packets == 0 {
            let _ = writeln!(out, "  tcp {} not captured", arrow(side));
            continue;
        }
        let mut facts = vec![
            format!("{} packets", grouped(health.packets)),
            bytes(health.bytes),
        ];
        let rtt = &health.round_trips;
        if let (Some(median), Some(max)) = (rtt.median(), rtt.max()) {
            facts.push(format!(
                "RTT median {} max {}",
                span_with_hours(median),
                span_with_hours(max)
            ));
        }
        if health.retransmitted_packets > 0 {
            facts.push(format!(
                "{} retransmitted ({} %)",
                health.retransmitted_packets,
                percent(u64::from(health.retransmitted_packets), health.packets)
            ));
        }
        if health.out_of_order_packets > 0 {
            facts.push(format!("{} out of order", health.out_of_order_packets));
        }
        if health.captured_twice > 0 {
            facts.push(format!("{} captured twice", health.captured_twice));
        }
        if health.zero_windows > 0 {
            facts.push(format!(
                "{} zero windows ({})",
                health.zero_windows,
                span_with_hours(health.zero_window_time)
            ));
        }
        let missing = *connection.missing.of(side);
        if missing > 0 {
            facts.push(format!("{} MISSING in the capture", bytes(missing)));
        }
        let _ = writeln!(out, "  tcp {}    {}", arrow(side), facts.join(", "));
    }
    for side in Side::BOTH {
        let window = connection.session.windows.of(side);
        if let Some(size) = window.announced {
            let _ = writeln!(
                out,
                "  ack {}    window {}, {} acknowledgements, unacknowledged at most {}",
                arrow(side),
                bytes(u64::from(size)),
                grouped(window.acks),
                bytes(window.unacked_max)
            );
        }
    }
}

fn anomalies(out: &mut String, connection: &Connection, mask: Mask<'_>, wire: &WireAnomalies) {
    let session = &connection.session;
    for anomaly in session.anomalies.iter() {
        let _ = writeln!(
            out,
            "  {:<8}  {} {}: {}  [frame {}, {} times]",
            anomaly.kind.severity(),
            arrow(anomaly.side),
            anomaly.kind.code(),
            shown(&mask.prose(&anomaly.kind.to_string())),
            anomaly.first.frame,
            anomaly.count
        );
    }
    for (code, noted) in &wire.kinds {
        let _ = writeln!(
            out,
            "  {:<8}  {} {code}: {}  [frame {}, {} times]",
            noted.severity,
            arrow(noted.side),
            shown(&mask.prose(&noted.detail)),
            noted.at.frame,
            noted.count
        );
    }
    if wire.other > 0 {
        let _ = writeln!(out, "  and {} more of other kinds", grouped(wire.other));
    }
}

fn ending(out: &mut String, connection: &Connection) {
    let session = &connection.session;
    let summary = session.summary();
    let mut facts = Vec::new();
    if let Some(goodbye) = session.goodbye {
        facts.push(format!(
            "{} by the {} in frame {}",
            goodbye.kind.name(),
            side_word(goodbye.by),
            goodbye.at.frame
        ));
    }
    if let Some(end) = session.end {
        let by = end
            .by
            .map_or_else(String::new, |side| format!(" by the {}", side_word(side)));
        facts.push(format!("TCP {}{by}", end.cause.name()));
    }
    let style = summary.end.map_or("open", |style| style.name());
    let _ = writeln!(
        out,
        "  end       {} after {}: {}",
        style,
        span_with_hours(connection.lasted()),
        facts.join(", ")
    );
}
