//! A connection's line in the list. A capture can hold tens of thousands, so that the words are
//! written where they go instead of being made and put together.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::base::side::Side;
use crate::base::text::Printable;
use crate::base::units::INFERRED;
use crate::base::units::push_number;
use crate::net::Endpoint;
use crate::pipeline::Connection;
use crate::rtmp::secret::Secrecy;
use crate::session::mask::Mask;
use crate::session::summary::Stage;
use crate::session::summary::Summary;
use crate::session::track::Track;

/// Width of the number of a connection with its `#`.
const ID_WIDTH: usize = 5;

/// Width of an address with its port: that of the longest IPv4 address.
const ENDPOINT_WIDTH: usize = 21;

/// Width of the role.
const ROLE_WIDTH: usize = 9;

/// As many spaces as the widest column can need.
const SPACES: &str = "                     ";

/// The same in columns.
#[derive(Debug)]
pub(in crate::report) struct Line {
    pub(in crate::report) id: u64,
    pub(in crate::report) client: String,
    pub(in crate::report) server: String,
    /// Role of the client; empty where nothing tells it.
    pub(in crate::report) role: String,
    /// App and stream name. Foreign text.
    pub(in crate::report) stream: String,
    pub(in crate::report) codecs: String,
    pub(in crate::report) stage: &'static str,
}

impl Line {
    pub(in crate::report) fn of(connection: &Connection, mask: Mask<'_>) -> Self {
        let summary = connection.session.summary();
        let written = |write: &dyn Fn(&mut String)| {
            let mut out = String::new();
            write(&mut out);
            out
        };
        Self {
            id: connection.id.0,
            client: written(&|out| client(out, connection)),
            server: written(&|out| endpoint(out, connection.ends.of(Side::Server))),
            role: written(&|out| role(out, &summary, "")),
            stream: written(&|out| stream(out, &summary, mask)),
            codecs: written(&|out| codecs(out, &summary)),
            stage: summary.stage.name(),
        }
    }
}

/// Writes the line: number, ends, role, stream, codecs, stage.
pub(in crate::report) fn line(
    out: &mut String,
    connection: &Connection,
    summary: &Summary<'_>,
    mask: Mask<'_>,
    marker: char,
) {
    out.push(marker);
    out.push(' ');
    let start = out.len();
    out.push('#');
    push_number(out, connection.id.0);
    pad_behind(out, start, ID_WIDTH);
    out.push(' ');
    ends(out, connection, ENDPOINT_WIDTH);
    out.push(' ');
    let start = out.len();
    role(out, summary, "-");
    pad_behind(out, start, ROLE_WIDTH);
    out.push(' ');
    stream(out, summary, mask);
    out.push_str("  ");
    codecs(out, summary);
    out.push_str("  ");
    out.push_str(summary.stage.name());
    out.push('\n');
}

/// Addresses and ports of client and server, each at least `width` wide.
pub(in crate::report) fn ends(out: &mut String, connection: &Connection, width: usize) {
    let start = out.len();
    client(out, connection);
    pad_before(out, start, width);
    out.push_str(" -> ");
    let start = out.len();
    endpoint(out, connection.ends.of(Side::Server));
    pad_behind(out, start, width);
}

/// Address and port of the client, with a mark when it is inferred who that is.
fn client(out: &mut String, connection: &Connection) {
    if connection.sides_from().is_some() {
        out.push(INFERRED);
    }
    endpoint(out, connection.ends.of(Side::Client));
}

/// Role of the client.
fn role(out: &mut String, summary: &Summary<'_>, none: &str) {
    if summary.role_from.is_some() {
        out.push(INFERRED);
    }
    out.push_str(summary.role.map_or(none, |role| role.name()));
}

/// App and stream name.
fn stream(out: &mut String, summary: &Summary<'_>, mask: Mask<'_>) {
    if let Some(app) = summary.app {
        let _ = write!(out, "{}", Printable(&mask.text(app, Secrecy::Url)));
    }
    if let Some(name) = summary.stream_name {
        if summary.app.is_some() {
            out.push('/');
        }
        let _ = write!(out, "{}", Printable(&mask.text(name, Secrecy::Whole)));
    }
    if summary.app.is_none() && summary.stream_name.is_none() {
        out.push_str(if summary.stage == Stage::Midstream {
            "(joined late)"
        } else {
            "(no connect)"
        });
    }
}

/// Codecs of the main tracks, as `avc 1280x720 + aac`.
fn codecs(out: &mut String, summary: &Summary<'_>) {
    if let Some(track) = summary.video {
        codec(out, track);
        if let Some(size) = track.picture_size() {
            out.push(' ');
            push_number(out, size.width.into());
            out.push('x');
            push_number(out, size.height.into());
        }
    }
    if let Some(track) = summary.audio {
        if summary.video.is_some() {
            out.push_str(" + ");
        }
        codec(out, track);
    }
    if summary.video.is_none() && summary.audio.is_none() {
        out.push_str("no media");
    }
}

fn codec(out: &mut String, track: &Track) {
    match track.codec {
        Some(codec) => match codec.name() {
            Some(name) => out.push_str(name),
            None => {
                let _ = write!(out, "{codec}");
            }
        },
        None => out.push('?'),
    }
}

/// Address and port of one end.
fn endpoint(out: &mut String, end: &Endpoint) {
    match end.addr {
        IpAddr::V4(addr) => {
            for (index, octet) in addr.octets().into_iter().enumerate() {
                if index > 0 {
                    out.push('.');
                }
                push_number(out, octet.into());
            }
        }
        IpAddr::V6(addr) => {
            let _ = write!(out, "[{addr}]");
        }
    }
    out.push(':');
    push_number(out, end.port.into());
}

/// Spaces that the column begun at `start`, all ASCII, needs to be `width` wide.
fn missing(out: &str, start: usize, width: usize) -> &'static str {
    let len = out.len().saturating_sub(start);
    SPACES.get(..width.saturating_sub(len)).unwrap_or_default()
}

fn pad_behind(out: &mut String, start: usize, width: usize) {
    out.push_str(missing(out, start, width));
}

fn pad_before(out: &mut String, start: usize, width: usize) {
    let spaces = missing(out, start, width);
    out.insert_str(start, spaces);
}
