//! How much something odd matters to the person who looks.

use std::fmt;

/// Severity of an anomaly or a finding, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Context: worth knowing, nothing is wrong.
    Info,
    /// Will bite with some peers, or makes what we say less certain.
    Warning,
    /// Something was lost or broken: viewers see it or the decoder lost bytes.
    Error,
    /// The stream never started or is dead.
    Critical,
}

impl Severity {
    /// The word used in every report and record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
