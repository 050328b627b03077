//! What can be saved, of what, and what came of it: plain data between the dashboard, which asks, and
//! whoever reads the capture again and writes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::base::ids::FlowId;
use crate::base::side::PerSide;
use crate::base::time::Timestamp;
use crate::net::Endpoint;

/// What something is saved for, which decides what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Packets, for Wireshark and for whoever is to look at the same.
    Packets,
    /// Sound and pictures, for a player.
    Flv,
    /// Records, for programs.
    Json,
    /// The report as plain text.
    Text,
    /// The report for an issue.
    Markdown,
    /// The report for a browser.
    Html,
    /// The calls as a diagram.
    Mermaid,
}

impl Purpose {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Packets,
        Self::Flv,
        Self::Json,
        Self::Text,
        Self::Markdown,
        Self::Html,
        Self::Mermaid,
    ];

    /// Its name, in views and in names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Flv => "flv",
            Self::Json => "json",
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Mermaid => "mermaid",
        }
    }

    /// How names of such files end, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Packets => "pcapng",
            Self::Flv => "flv",
            Self::Json => "jsonl",
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Mermaid => "mmd",
        }
    }

    /// What it is good for, in a line.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Packets => "packets for Wireshark, with what was found in them as comments",
            Self::Flv => "sound and pictures for a player, one file for each stream",
            Self::Json => "records for jq and other programs, one a line",
            Self::Text => "report in plain text",
            Self::Markdown => "report to paste into an issue",
            Self::Html => "report as one page, with the ladder of calls to scale",
            Self::Mermaid => "calls as a sequence diagram, for issues and wikis",
        }
    }

    /// Whether stream keys are masked in it unless they are asked for. Packets are written as they
    /// were captured.
    pub fn is_masked(self) -> bool {
        self != Self::Packets
    }
}

/// Of what: by default of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Only these connections: the selected ones, or those that a filter shows.
    pub connections: Option<BTreeSet<FlowId>>,
    /// Only from one capture time to another: around the cursor. Reports are about the connections
    /// that were there, as a whole.
    pub window: Option<(Timestamp, Timestamp)>,
}

/// What is to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What for.
    pub purpose: Purpose,
    /// Of what.
    pub scope: Scope,
    /// Addresses of the connections that are named one by one: where frames are read again that
    /// begin in the middle, connections have other numbers.
    pub ends: BTreeMap<FlowId, PerSide<Endpoint>>,
    /// Where to; a relative path counts from the folder for saving.
    pub path: PathBuf,
    /// Whether a file of that name is replaced.
    pub force: bool,
    /// Whether stream keys and tokens are shown.
    pub show_secrets: bool,
}

/// How far saving has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What for.
    pub purpose: Purpose,
    /// How much of the capture is read, of a hundred; `None` where its length is not known.
    pub percent: Option<u8>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Files are written.
    Saved {
        /// Which.
        files: Vec<PathBuf>,
        /// How much that is, where it is, and what is to be known of it, printable.
        text: String,
    },
    /// Nothing is.
    Failed {
        /// Why, printable.
        text: String,
        /// Whether that is because a file is there, so that `force` would help.
        is_there: bool,
    },
    /// Nothing is, as was asked for.
    Cancelled,
}

/// Endings of captures that say nothing of what they hold.
const ENDINGS: &[&str] = &[".gz", ".zst", ".lz4", ".pcapng", ".pcap", ".cap", ".dmp"];

/// Longest part of a capture's name that goes into others.
const MAX_STEM: usize = 80;

/// Connections that are named one by one.
const MAX_NAMED: usize = 3;

/// A name for a file, as `<capture>-conn<number>-<purpose>.<ext>`. Nothing in it comes from the
/// wire, and so it holds no stream key.
pub fn proposed_name(capture: &str, scope: &Scope, purpose: Purpose) -> String {
    let mut stem = capture.rsplit(['/', '\\']).next().unwrap_or(capture);
    // From the outside in: a name may have been compressed twice.
    for ending in ENDINGS {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    let mut name: String = stem
        .chars()
        .map(|c| {
            let is_plain = c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if is_plain { c } else { '_' }
        })
        .take(MAX_STEM)
        .collect();
    // No file that is hidden, or taken for an option.
    name = name.trim_start_matches(['.', '-']).to_owned();
    if name.is_empty() {
        name.push_str("capture");
    }
    match &scope.connections {
        None => {}
        Some(connections) if connections.len() <= MAX_NAMED => {
            name.push_str("-conn");
            for (place, id) in connections.iter().enumerate() {
                let dash = if place > 0 { "-" } else { "" };
                let _ = write!(name, "{dash}{id}");
            }
        }
        Some(connections) => {
            let _ = write!(name, "-{}conns", connections.len());
        }
    }
    if scope.window.is_some() {
        name.push_str("-part");
    }
    let _ = write!(name, "-{}.{}", purpose.name(), purpose.extension());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[u64]) -> Scope {
        Scope {
            connections: Some(ids.iter().copied().map(FlowId).collect()),
            window: None,
        }
    }

    #[test]
    fn names_tell_the_capture_the_connections_and_the_purpose() {
        let name = |capture, scope: &Scope| proposed_name(capture, scope, Purpose::Html);
        assert_eq!(
            name("/caps/drop-1122.pcap.gz", &of(&[7])),
            "drop-1122-conn7-html.html"
        );
        assert_eq!(name("a.pcapng", &Scope::default()), "a-html.html");
        assert_eq!(name("a.pcapng", &of(&[9, 2])), "a-conn2-9-html.html");
        assert_eq!(name("a.pcapng", &of(&[1, 2, 3, 4])), "a-4conns-html.html");
        let part = Scope {
            window: Some((Timestamp(1), Timestamp(2))),
            ..of(&[1])
        };
        assert_eq!(
            proposed_name("a", &part, Purpose::Packets),
            "a-conn1-part-packets.pcapng"
        );
    }

    #[test]
    fn names_are_harmless_whatever_the_capture_is_called() {
        for (capture, name) in [
            ("..", "capture-text.txt"),
            ("-rf *", "rf__-text.txt"),
            ("\x1b[2J", "__2J-text.txt"),
            ("", "capture-text.txt"),
            (".pcap", "capture-text.txt"),
        ] {
            let found = proposed_name(capture, &Scope::default(), Purpose::Text);
            assert_eq!(found, name, "{capture:?}");
        }
        let long = proposed_name(&"x".repeat(500), &Scope::default(), Purpose::Text);
        assert!(long.len() < 120);
    }

    #[test]
    fn purposes_have_names_of_their_own() {
        let names: BTreeSet<_> = Purpose::ALL.map(Purpose::name).into();
        let extensions: BTreeSet<_> = Purpose::ALL.map(Purpose::extension).into();
        assert_eq!((names.len(), extensions.len()), (7, 7));
    }
}
