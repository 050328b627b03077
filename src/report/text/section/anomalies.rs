//! What was odd: what the decoders noticed, counted by code, and what the session did.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::units::grouped;
use crate::pipeline::Connection;
use crate::report::text::section::arrow;
use crate::report::text::shown;
use crate::rtmp::anomaly::Anomaly;
use crate::session::mask::Mask;

/// Kinds of anomalies of the decoder that are counted for one connection.
const MAX_KINDS: usize = 32;

/// What the decoders noticed in a connection, by code.
#[derive(Debug, Default)]
pub(in crate::report::text) struct WireAnomalies {
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
    pub(in crate::report::text) fn note(&mut self, side: Side, anomaly: &Anomaly) {
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

    pub(in crate::report::text) fn worst(&self) -> Option<Severity> {
        self.kinds.values().map(|noted| noted.severity).max()
    }

    pub(in crate::report::text) fn by_severity(&self) -> impl Iterator<Item = (Severity, u64)> {
        self.kinds
            .values()
            .map(|noted| (noted.severity, noted.count))
    }
}

pub(super) fn anomalies(
    out: &mut String,
    connection: &Connection,
    mask: Mask<'_>,
    wire: &WireAnomalies,
) {
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
