//! The report's section about one connection.

pub(super) mod anomalies;
mod calls;
mod channels;
mod media;
mod network;
mod setup;

use std::fmt;
use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::base::side::Side;
use crate::base::time::Precision;
use crate::base::units::INFERRED;
use crate::base::units::marked;
use crate::base::units::span_with_hours;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::report::proxy_name;
use crate::report::text::joined;
use crate::report::text::section::anomalies::WireAnomalies;
use crate::report::text::section::anomalies::anomalies;
use crate::report::text::section::calls::calls;
use crate::report::text::section::channels::channels;
use crate::report::text::section::media::codec_name;
use crate::report::text::section::media::media;
use crate::report::text::section::network::network;
use crate::report::text::section::setup::setup;
use crate::report::text::shown;
use crate::rtmp::secret::Secrecy;
use crate::session::inferred::Subject;
use crate::session::mask::Mask;
use crate::session::summary::Stage;
use crate::session::summary::Summary;

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
    inferred(&mut out, connection);
    anomalies(&mut out, connection, mask, wire);
    ending(&mut out, connection);
    out
}

/// Address and port of one end. The client's has a mark when it is inferred who that is.
pub(super) fn endpoint(connection: &Connection, side: Side) -> Endpoint {
    let end = connection.ends.of(side);
    Endpoint {
        addr: SocketAddr::new(end.addr, end.port),
        is_inferred: side == Side::Client && connection.sides_from().is_some(),
    }
}

/// An end of a connection as a report shows it, of any width.
pub(super) struct Endpoint {
    addr: SocketAddr,
    is_inferred: bool,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_inferred {
            f.pad(&marked(self.addr, true))
        } else {
            self.addr.fmt(f)
        }
    }
}

/// Role of the client.
pub(super) fn role_label(summary: &Summary<'_>, none: &str) -> String {
    let name = summary.role.map_or(none, |role| role.name());
    marked(name, summary.role_from.is_some())
}

/// App and stream name.
pub(super) fn stream_label(summary: &Summary<'_>, mask: Mask<'_>) -> String {
    let app = summary.app.map(|app| shown(&mask.text(app, Secrecy::Url)));
    let name = summary
        .stream_name
        .map(|name| shown(&mask.text(name, Secrecy::Whole)));
    match (app, name) {
        (Some(mut app), Some(name)) => {
            app.push('/');
            app.push_str(&name);
            app
        }
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

fn head(out: &mut String, connection: &Connection, mask: Mask<'_>) {
    let summary = connection.session.summary();
    let _ = writeln!(
        out,
        "\n#{} {} -> {}  {}  {}",
        connection.id,
        endpoint(connection, Side::Client),
        endpoint(connection, Side::Server),
        role_label(&summary, "no role"),
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
    if connection.carried.is_none() {
        let _ = writeln!(
            out,
            "  joined    late: RTMP by its messages, no handshake was captured"
        );
    }
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
    if let Some(peers) = connection.session.peers.as_ref() {
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

fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "->",
        Side::Server => "<-",
    }
}

/// What the marks stand for.
fn inferred(out: &mut String, connection: &Connection) {
    let mut all = Vec::new();
    if let Some(from) = connection.sides_from() {
        all.push(("client and server".to_owned(), from));
    }
    for (subject, from) in connection.session.inferences() {
        let what = match subject {
            Subject::Role => "role".to_owned(),
            Subject::ChunkSize(side) => format!("{} chunk size", arrow(side)),
            Subject::Timestamps(side) => format!("{} timestamps", arrow(side)),
            Subject::MessageStreams(side) => format!("{} message streams", arrow(side)),
            Subject::Headers(side) => format!("{} types and lengths", arrow(side)),
        };
        all.push((what, from));
    }
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "  {INFERRED} is inferred, not seen");
    for (what, from) in all {
        let _ = writeln!(
            out,
            "     {what}: {from} (confidence {})",
            from.confidence().name()
        );
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
            goodbye.by.name(),
            goodbye.at.frame
        ));
    }
    if let Some(end) = session.end {
        let by = end
            .by
            .map_or_else(String::new, |side| format!(" by the {}", side.name()));
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
