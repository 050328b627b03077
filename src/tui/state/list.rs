//! Which connections are listed, and in which order.

use crate::base::ids::FlowId;
use crate::tui::model::Row;
use crate::tui::state::ViewState;

/// Order of the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// First sight.
    #[default]
    Order,
    /// Worst first.
    Health,
    /// Highest bitrate first.
    Bitrate,
    /// Largest lag first.
    Lag,
    /// Stream name.
    Name,
}

impl Sort {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Order => Self::Health,
            Self::Health => Self::Bitrate,
            Self::Bitrate => Self::Lag,
            Self::Lag => Self::Name,
            Self::Name => Self::Order,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "first seen",
            Self::Health => "worst",
            Self::Bitrate => "bitrate",
            Self::Lag => "lag",
            Self::Name => "name",
        }
    }
}

/// Which connections are listed, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListState {
    /// The selected connection; `None` for the first.
    pub selected: Option<FlowId>,
    /// Order.
    pub sort: Sort,
    /// Text that listed connections contain.
    pub filter: String,
}

/// The rows that pass the filter, in the order asked for: indices into `rows`.
pub fn listed(rows: &[std::sync::Arc<Row>], list: &ListState) -> Vec<usize> {
    let wanted = list.filter.to_lowercase();
    let mut shown: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| wanted.is_empty() || haystack(row).contains(&wanted))
        .map(|(index, _)| index)
        .collect();
    let row = |index: &usize| rows.get(*index);
    match list.sort {
        Sort::Order => {}
        Sort::Health => shown.sort_by_key(|index| {
            std::cmp::Reverse(row(index).map(|row| (row.worst, row.anomalies)))
        }),
        Sort::Bitrate => shown.sort_by(|a, b| {
            let kbits = |index| row(index).map_or(0.0, |row| row.kbits);
            kbits(b).total_cmp(&kbits(a))
        }),
        Sort::Lag => shown.sort_by(|a, b| {
            let lag = |index| row(index).and_then(|row| row.lag_ms).unwrap_or(f64::MIN);
            lag(b).total_cmp(&lag(a))
        }),
        Sort::Name => shown.sort_by_key(|index| row(index).map(|row| row.label.clone())),
    }
    shown
}

/// Everything of a row that a filter looks at.
fn haystack(row: &Row) -> String {
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
    pub fn list_position(&self, rows: &[std::sync::Arc<Row>], shown: &[usize]) -> usize {
        let is_selected = |index: &usize| {
            let id = rows.get(*index).map(|row| row.id);
            id.is_some() && id == self.list.selected
        };
        shown.iter().position(is_selected).unwrap_or(0)
    }
}
