//! What was odd: what the decoders noticed, counted by code, and what the session did.

use std::collections::BTreeMap;

use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::text::printable;
use crate::pipeline::Connection;
use crate::rtmp::anomaly::Anomaly;
use crate::session::mask::Mask;

/// Kinds of anomalies of the decoder that are counted for one connection.
const MAX_KINDS: usize = 32;

/// What the decoders noticed in a connection, by code.
#[derive(Debug, Default)]
pub(in crate::report) struct WireAnomalies {
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
    pub(in crate::report) fn note(&mut self, side: Side, anomaly: &Anomaly) {
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

    pub(in crate::report) fn worst(&self) -> Option<Severity> {
        self.kinds.values().map(|noted| noted.severity).max()
    }

    pub(in crate::report) fn by_severity(&self) -> impl Iterator<Item = (Severity, u64)> {
        self.kinds
            .values()
            .map(|noted| (noted.severity, noted.count))
    }
}

/// Something odd, as it is told.
#[derive(Debug)]
pub(in crate::report) struct AnomalyRow {
    pub(in crate::report) severity: Severity,
    pub(in crate::report) side: Side,
    pub(in crate::report) code: &'static str,
    /// What it is. Holds foreign text.
    pub(in crate::report) text: String,
    /// The first frame of it.
    pub(in crate::report) frame: FrameNumber,
    pub(in crate::report) count: u64,
}

/// What was odd in a connection.
#[derive(Debug)]
pub(in crate::report) struct Oddities {
    pub(in crate::report) rows: Vec<AnomalyRow>,
    /// Anomalies of kinds beyond those that are kept.
    pub(in crate::report) others: u64,
}

pub(super) fn oddities(connection: &Connection, mask: Mask<'_>, wire: &WireAnomalies) -> Oddities {
    let shown = |text: &str| printable(&mask.prose(text));
    let of_session = connection
        .session
        .anomalies
        .iter()
        .map(|anomaly| AnomalyRow {
            severity: anomaly.kind.severity(),
            side: anomaly.side,
            code: anomaly.kind.code(),
            text: shown(&anomaly.kind.to_string()),
            frame: anomaly.first.frame,
            count: anomaly.count,
        });
    let of_wire = wire.kinds.iter().map(|(code, noted)| AnomalyRow {
        severity: noted.severity,
        side: noted.side,
        code,
        text: shown(&noted.detail),
        frame: noted.at.frame,
        count: noted.count,
    });
    Oddities {
        rows: of_session.chain(of_wire).collect(),
        others: wire.other,
    }
}
