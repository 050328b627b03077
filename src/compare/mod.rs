//! Two connections held against each other: an encoder that works and one that does not, a
//! publisher and its player, yesterday and today. [`compare`] makes plain data of it: sections of
//! lines with a name, a value on either side, whether they differ, and how much that matters.
//! Values are text that may be shown: masked by the [`Mask`] of their own connection, printable,
//! and bounded.

mod align;
mod amf;
mod chunks;
mod connect;
mod lines;
mod media;
mod network;
mod opening;
mod order;
mod outcome;
mod setup;
#[cfg(test)]
mod tests;

use crate::base::ids::FlowId;
use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::text::printable;
use crate::base::time::Precision;
use crate::base::time::Span;
use crate::base::units::span_with_hours;
use crate::net::Endpoint;
use crate::net::health::Health;
use crate::rtmp::secret::Secrecy;
use crate::session::Session;
use crate::session::mask::Mask;

pub use self::align::Aligned;
pub use self::align::align;
pub use self::opening::Opening;

/// One of the two connections.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    /// Its number.
    pub id: FlowId,
    /// Addresses.
    pub ends: PerSide<Endpoint>,
    /// First frame.
    pub first: Mark,
    /// Latest frame.
    pub last: Mark,
    /// What the peers did.
    pub session: &'a Session,
    /// How TCP carried it, by sender.
    pub health: &'a PerSide<Health>,
    /// Bytes that the capture does not hold, by sender.
    pub missing: PerSide<u64>,
    /// The messages with which it began.
    pub opening: &'a Opening,
    /// What is hidden.
    pub mask: Mask<'a>,
}

impl Party<'_> {
    /// Foreign text, when it is known what of it is secret, as it may be shown.
    fn text(&self, text: &str, secrecy: Secrecy) -> String {
        printable(&self.mask.text(text, secrecy))
    }

    /// Foreign text, whatever it is, as it may be shown.
    fn prose(&self, text: &str) -> String {
        printable(&self.mask.prose(text))
    }

    /// Capture time from its first frame to its latest.
    fn lasted(&self) -> Span {
        self.last.time.since(self.first.time).max(Span::ZERO)
    }

    fn head(&self) -> Head {
        let summary = self.session.summary();
        let app = summary.app.map(|app| self.text(app, Secrecy::Url));
        let name = summary.stream_name;
        let name = name.map(|name| self.text(name, Secrecy::Whole));
        let label: Vec<String> = app.into_iter().chain(name).collect();
        Head {
            id: self.id,
            label: if label.is_empty() {
                "(no name)".to_owned()
            } else {
                lines::bounded(label.join("/"))
            },
            role: summary.role.map_or("no role", |role| role.name()),
            stage: summary.stage.name(),
            ends: self.ends,
            began: self.first.time.rfc3339(Precision::Micros).to_string(),
            lasted: span_with_hours(self.lasted()),
        }
    }
}

/// Which connection a column is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub id: FlowId,
    /// App and stream name, masked.
    pub label: String,
    /// What the client does.
    pub role: &'static str,
    /// How far it came.
    pub stage: &'static str,
    /// Addresses.
    pub ends: PerSide<Endpoint>,
    /// Capture time of its first frame.
    pub began: String,
    /// From there to its latest.
    pub lasted: String,
}

/// Whether two values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// They are the same, or as near to each other as two runs of the same are.
    Same,
    /// They differ.
    Differs,
    /// Only the left one has it.
    OnlyLeft,
    /// Only the right one has it.
    OnlyRight,
}

impl Verdict {
    /// The name used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::OnlyLeft => "only_left",
            Self::OnlyRight => "only_right",
        }
    }
}

/// How much a difference matters, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Something went wrong on one side, or worse than on the other.
    Fault,
    /// A peer does it in another way, which may be why.
    Choice,
    /// A figure that two runs of the same seldom have in common.
    Figure,
}

impl Weight {
    /// All of them, the most important first.
    pub const ALL: [Self; 3] = [Self::Fault, Self::Choice, Self::Figure];

    /// The name used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Choice => "choice",
            Self::Figure => "figure",
        }
    }
}

/// One thing of both connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// On the left; `None` where it is not there.
    pub left: Option<String>,
    /// On the right.
    pub right: Option<String>,
    /// Whether they differ.
    pub verdict: Verdict,
    /// How much it matters when they do.
    pub weight: Weight,
}

impl Line {
    /// Whether the two differ.
    pub fn is_difference(&self) -> bool {
        self.verdict != Verdict::Same
    }
}

/// Lines about one subject: in the order of the wire where that is part of what is compared,
/// otherwise the differences first, those that matter most before the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The subject.
    pub title: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// Why there are none, or not all.
    pub note: Option<String>,
}

impl Section {
    /// How much its gravest difference matters.
    pub fn gravest(&self) -> Option<Weight> {
        let differing = self.lines.iter().filter(|line| line.is_difference());
        differing.map(|line| line.weight).min()
    }
}

/// Two connections side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Which connection is on the left.
    pub left: Head,
    /// Which is on the right.
    pub right: Head,
    /// What was compared: sections with the gravest differences first.
    pub sections: Vec<Section>,
}

impl Comparison {
    /// How many differences there are of this weight.
    pub fn differences(&self, weight: Weight) -> usize {
        let lines = self.sections.iter().flat_map(|section| &section.lines);
        lines
            .filter(|line| line.is_difference() && line.weight == weight)
            .count()
    }

    /// How many lines are the same on both sides.
    pub fn same(&self) -> usize {
        let lines = self.sections.iter().flat_map(|section| &section.lines);
        lines.filter(|line| !line.is_difference()).count()
    }
}

/// Holds two connections against each other.
pub fn compare(left: &Party<'_>, right: &Party<'_>) -> Comparison {
    let both = Both { left, right };
    let mut sections = vec![
        outcome::outcome(both),
        outcome::names(both),
        setup::handshake(both),
        connect::asked(both),
        connect::answered(both),
        order::messages(both),
        order::calls(both),
        setup::times(both),
        chunks::sizes(both),
        chunks::channels(both),
    ];
    sections.extend(media::tracks(both));
    sections.extend([
        media::metadata(both),
        media::together(both),
        network::tcp(both),
        network::acknowledgements(both),
    ]);
    sections.retain(|section| !section.lines.is_empty() || section.note.is_some());
    // Those without any difference stay behind all others.
    sections.sort_by_key(|section| section.gravest().map_or(u8::MAX, |weight| weight as u8));
    Comparison {
        left: left.head(),
        right: right.head(),
        sections,
    }
}

/// The two connections while they are compared.
#[derive(Debug, Clone, Copy)]
struct Both<'a> {
    left: &'a Party<'a>,
    right: &'a Party<'a>,
}

impl<'a> Both<'a> {
    /// The same question asked of both.
    fn ask<T>(self, of: impl Fn(&'a Party<'a>) -> T) -> (T, T) {
        (of(self.left), of(self.right))
    }
}
