//! The report's section about one connection.

pub(super) mod anomalies;
mod calls;
mod channels;
mod media;
mod network;
mod setup;

use std::fmt::Write as _;

use crate::base::side::Side;
use crate::base::time::Precision;
use crate::base::units::INFERRED;
use crate::base::units::push_number;
use crate::base::units::span_with_hours;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::report::proxy_name;
use crate::report::text::joined;
use crate::report::text::line;
use crate::report::text::section::anomalies::WireAnomalies;
use crate::report::text::section::anomalies::anomalies;
use crate::report::text::section::calls::calls;
use crate::report::text::section::channels::channels;
use crate::report::text::section::media::media;
use crate::report::text::section::network::network;
use crate::report::text::section::setup::setup;
use crate::report::text::shown;
use crate::rtmp::secret::Secrecy;
use crate::session::inferred::Subject;
use crate::session::mask::Mask;

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

fn head(out: &mut String, connection: &Connection, mask: Mask<'_>) {
    let summary = connection.session.summary();
    out.push_str("\n#");
    push_number(out, connection.id.0);
    out.push(' ');
    line::ends(out, connection, 0);
    out.push_str("  ");
    line::role(out, &summary, "no role");
    out.push_str("  ");
    line::stream(out, &summary, mask);
    out.push('\n');
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
