//! What a report says of one connection: gathered once, as facts, rows and sentences, from which
//! each format makes its own. Text of the wire is masked and printable here; whoever puts it into
//! markup escapes it.

pub(in crate::report) mod anomalies;
pub(in crate::report) mod calls;
pub(in crate::report) mod channels;
pub(in crate::report) mod line;
pub(in crate::report) mod media;
mod network;
mod setup;

use crate::base::side::Side;
use crate::base::text::Printable;
use crate::base::text::printable;
use crate::base::time::Precision;
use crate::base::units::span_with_hours;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::report::proxy_name;
use crate::report::section::anomalies::Oddities;
use crate::report::section::anomalies::WireAnomalies;
use crate::report::section::anomalies::oddities;
use crate::report::section::calls::CallList;
use crate::report::section::channels::Use;
use crate::report::section::channels::channels;
use crate::report::section::line::Line;
use crate::report::section::media::Note;
use crate::report::section::media::TrackRow;
use crate::rtmp::inferred::Inference;
use crate::rtmp::secret::Secrecy;
use crate::session::inferred::Subject;
use crate::session::mask::Mask;

/// What is said of one connection, in its order.
#[derive(Debug)]
pub(in crate::report) struct Section {
    /// Who, and what.
    pub(in crate::report) line: Line,
    /// When, how it is known, the peers, the setup.
    pub(in crate::report) about: Vec<Fact>,
    pub(in crate::report) channels: Vec<Use>,
    pub(in crate::report) calls: CallList,
    pub(in crate::report) tracks: Vec<TrackRow>,
    pub(in crate::report) notes: Vec<Note>,
    /// TCP and acknowledgements.
    pub(in crate::report) network: Vec<Fact>,
    /// What was not seen, and from what it is inferred.
    pub(in crate::report) inferred: Vec<String>,
    pub(in crate::report) oddities: Oddities,
    pub(in crate::report) end: Fact,
}

/// Something with its name.
#[derive(Debug)]
pub(in crate::report) struct Fact {
    pub(in crate::report) name: String,
    pub(in crate::report) text: String,
    /// Whether the text holds some of the wire.
    pub(in crate::report) is_foreign: bool,
}

impl Fact {
    fn own(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            is_foreign: false,
        }
    }

    fn foreign(name: &str, text: String) -> Self {
        Self {
            is_foreign: true,
            ..Self::own(name, text)
        }
    }
}

impl Section {
    pub(in crate::report) fn of(
        connection: &Connection,
        tcp: &Tcp,
        mask: Mask<'_>,
        wire: &WireAnomalies,
    ) -> Self {
        let session = &connection.session;
        let mut about = about(connection, mask);
        about.extend(setup::setup(connection));
        let tracks = session.tracks.iter();
        Self {
            line: Line::of(connection, mask),
            about,
            channels: Side::BOTH
                .into_iter()
                .filter_map(|side| channels(connection, side))
                .collect(),
            calls: calls::calls(connection, mask),
            tracks: tracks.map(|track| media::track(track, session)).collect(),
            notes: media::notes(session),
            network: network::network(connection, tcp),
            inferred: inferred(connection),
            oddities: oddities(connection, mask, wire),
            end: ending(connection),
        }
    }
}

fn about(connection: &Connection, mask: Mask<'_>) -> Vec<Fact> {
    let summary = connection.session.summary();
    let mut facts = vec![Fact::own(
        "start",
        format!(
            "{}  frames {}..{}  {}",
            connection.first.time.rfc3339(Precision::Micros),
            connection.first.frame,
            connection.last.frame,
            span_with_hours(connection.lasted())
        ),
    )];
    if connection.carried.is_none() {
        let text = "late: RTMP by its messages, no handshake was captured";
        facts.push(Fact::own("joined", text));
    }
    if let Some(url) = summary.tc_url {
        let url = printable(&mask.text(url, Secrecy::Url));
        facts.push(Fact::foreign("tcUrl", url));
    }
    let software = |text: Option<&str>| {
        text.map_or_else(|| "?".to_owned(), |text| printable(&mask.prose(text)))
    };
    if summary.client_software.is_some() || summary.server_software.is_some() {
        let text = format!(
            "client {} | server {}",
            software(summary.client_software),
            software(summary.server_software)
        );
        facts.push(Fact::foreign("software", text));
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
                let text = format!("{who}: codecs {codecs}{caps}");
                facts.push(Fact::foreign("enhanced", text));
            }
        }
    }
    if let Some(prefix) = connection.carried.and_then(|carried| carried.prefix) {
        let text = format!("{} before the handshake", proxy_name(prefix));
        facts.push(Fact::own("proxy", text));
    }
    facts
}

/// A direction in two characters.
pub(in crate::report) fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "->",
        Side::Server => "<-",
    }
}

/// What the marks stand for.
fn inferred(connection: &Connection) -> Vec<String> {
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
    let told = |(what, from): (String, Inference)| {
        format!("{what}: {from} (confidence {})", from.confidence().name())
    };
    all.into_iter().map(told).collect()
}

fn ending(connection: &Connection) -> Fact {
    let session = &connection.session;
    let summary = session.summary();
    let mut facts = Vec::new();
    if let Some(goodbye) = session.goodbye() {
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
    let text = format!(
        "{} after {}: {}",
        style,
        span_with_hours(connection.lasted()),
        facts.join(", ")
    );
    Fact::own("end", text)
}

/// Joins words with commas.
fn joined<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| Printable(word).to_string())
        .collect();
    words.join(", ")
}
