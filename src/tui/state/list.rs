//! Which connections are listed, in which order, and which of them are ticked.

use std::cmp::Ordering;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::ids::FlowId;
use crate::tui::model::Row;
use crate::tui::model::Snapshot;
use crate::tui::state::ViewState;
use crate::tui::state::sieve::Sieve;

/// Order of the connections. Where a figure is missing, the row stands last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// First sight.
    #[default]
    Order,
    /// Worst first.
    Health,
    /// Stream name.
    Name,
    /// Publishers, players, others.
    Role,
    /// Address of the client.
    Peer,
    /// Codecs.
    Codec,
    /// Highest bitrate first.
    Bitrate,
    /// Most frames per second first.
    FrameRate,
    /// Longest keyframe interval first.
    Keyframes,
    /// Sound furthest from the picture first.
    Skew,
    /// Largest lag first.
    Lag,
    /// Most packets sent again first.
    Loss,
    /// How far it came.
    State,
}

impl Sort {
    /// All orders: that of first sight, then those of the columns from left to right.
    pub const ALL: [Self; 13] = [
        Self::Order,
        Self::Health,
        Self::Name,
        Self::Role,
        Self::Peer,
        Self::Codec,
        Self::Bitrate,
        Self::FrameRate,
        Self::Keyframes,
        Self::Skew,
        Self::Lag,
        Self::Loss,
        Self::State,
    ];

    pub(super) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|sort| *sort == self);
        let next = at.unwrap_or(0).saturating_add(1);
        Self::ALL.get(next).copied().unwrap_or_default()
    }

    /// The order of a column, by its title.
    pub(in crate::tui) fn of_title(title: &str) -> Option<Self> {
        Some(match title.trim() {
            "H" => Self::Health,
            "STREAM" => Self::Name,
            "ROLE" => Self::Role,
            "PEER" => Self::Peer,
            "CODEC" => Self::Codec,
            "KBIT/S" | "RATE" => Self::Bitrate,
            "FPS" => Self::FrameRate,
            "GOP" => Self::Keyframes,
            "A/V" => Self::Skew,
            "LAG" => Self::Lag,
            "LOSS" => Self::Loss,
            "STATE" => Self::State,
            _ => return None,
        })
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "first seen",
            Self::Health => "worst",
            Self::Name => "name",
            Self::Role => "role",
            Self::Peer => "peer",
            Self::Codec => "codec",
            Self::Bitrate => "bitrate",
            Self::FrameRate => "frame rate",
            Self::Keyframes => "keyframe interval",
            Self::Skew => "skew",
            Self::Lag => "lag",
            Self::Loss => "loss",
            Self::State => "state",
        }
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        // The largest first, and what is not known behind all.
        let falling = |a: Option<f64>, b: Option<f64>| {
            let key = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
            key(b).total_cmp(&key(a))
        };
        match self {
            Self::Order => a.id.cmp(&b.id),
            Self::Health => Reverse((a.worst, a.anomalies)).cmp(&Reverse((b.worst, b.anomalies))),
            Self::Name => a.label.cmp(&b.label),
            Self::Role => role_place(a).cmp(role_place(b)),
            Self::Peer => {
                let client = |row: &Row| (row.ends.client.addr, row.ends.client.port);
                client(a).cmp(&client(b))
            }
            Self::Codec => a.codecs.cmp(&b.codecs),
            Self::Bitrate => b.kbits.total_cmp(&a.kbits),
            Self::FrameRate => falling(a.frame_rate, b.frame_rate),
            Self::Keyframes => falling(a.keyframe_ms, b.keyframe_ms),
            Self::Skew => falling(a.skew_ms.map(f64::abs), b.skew_ms.map(f64::abs)),
            Self::Lag => falling(a.lag_ms, b.lag_ms),
            Self::Loss => b.retransmitted.total_cmp(&a.retransmitted),
            Self::State => a.stage.name().cmp(b.stage.name()),
        }
    }
}

fn role_place(row: &Row) -> &'static str {
    row.role.map_or("~", |role| role.name())
}

/// Which connections are listed, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListState {
    /// The selected connection; `None` for the first.
    pub selected: Option<FlowId>,
    /// Order.
    pub sort: Sort,
    /// Whether the order is the other way round.
    pub is_reversed: bool,
    /// What listed connections have in common.
    pub filter: Sieve,
    /// Columns that are left out, by their titles.
    pub left_out: BTreeSet<&'static str>,
    /// The ticked ones.
    pub ticked: BTreeSet<FlowId>,
}

/// The rows that pass the filter, in the order asked for: indices into `rows`.
pub fn listed(rows: &[Arc<Row>], list: &ListState) -> Vec<usize> {
    let mut shown: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| list.filter.may_pass(row.as_ref()))
        .map(|(index, _)| index)
        .collect();
    if list.sort != Sort::Order {
        shown.sort_by(|a, b| match (rows.get(*a), rows.get(*b)) {
            (Some(a), Some(b)) => list.sort.compare(a, b),
            _ => Ordering::Equal,
        });
    }
    if list.is_reversed {
        shown.reverse();
    }
    shown
}

/// Everything of a row that a text is looked for in.
pub(super) fn haystack(row: &Row) -> String {
    let role = row.role.map_or("", |role| role.name());
    format!(
        "{} {role} {}:{} {}:{} {} {}",
        row.label,
        row.ends.client.addr,
        row.ends.client.port,
        row.ends.server.addr,
        row.ends.server.port,
        row.codecs,
        row.stage.name()
    )
    .to_lowercase()
}

impl ViewState {
    /// The position of the selected connection among the listed ones.
    pub fn list_position(&self, rows: &[Arc<Row>], shown: &[usize]) -> usize {
        let is_selected = |index: &usize| {
            let id = rows.get(*index).map(|row| row.id);
            id.is_some() && id == self.list.selected
        };
        shown.iter().position(is_selected).unwrap_or(0)
    }

    /// Ticks the selected connection, or unticks it, and goes to the next one.
    pub(super) fn tick(&mut self, snapshot: &Snapshot) {
        let Some(id) = self.selected_row(snapshot) else {
            return;
        };
        if !self.list.ticked.remove(&id) {
            self.list.ticked.insert(id);
        }
        self.step(snapshot, 1, true);
    }

    /// Holds the two ticked connections against each other; where not two are ticked, the open or
    /// selected one and the one most likely meant: with the same name if there is one.
    pub(super) fn start_comparing(&mut self, snapshot: &Snapshot) {
        let mut ticked = self.list.ticked.iter();
        let pair = match (ticked.next(), ticked.next(), ticked.next()) {
            (Some(one), Some(other), None) => Some((*one, *other)),
            (Some(_), Some(_), Some(_)) => {
                self.notice =
                    Some("more than two connections are ticked: u unticks all".to_owned());
                return;
            }
            _ => self.likely_pair(snapshot),
        };
        if pair.is_none() {
            self.notice = Some("there is nothing to compare with: tick two connections".to_owned());
            return;
        }
        self.compare.pair = pair;
        self.screen = crate::tui::screen::Screen::Compare;
        self.pane = 0;
        self.scroll = 0;
    }

    fn likely_pair(&self, snapshot: &Snapshot) -> Option<(FlowId, FlowId)> {
        let one = self.focus.or_else(|| self.selected_row(snapshot))?;
        let row = snapshot.rows.iter().find(|row| row.id == one)?;
        let ticked = self.list.ticked.iter().find(|id| **id != one);
        let others = || snapshot.rows.iter().filter(|row| row.id != one);
        let other = ticked
            .copied()
            .or_else(|| {
                others()
                    .find(|other| other.label == row.label)
                    .map(|row| row.id)
            })
            .or_else(|| {
                others()
                    .find(|other| other.role == row.role)
                    .map(|row| row.id)
            })
            .or_else(|| others().next().map(|row| row.id))?;
        Some((one, other))
    }
}
