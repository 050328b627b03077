//! Words that every layer may use. No logic of any layer lives here.

pub mod ids;
pub mod redact;
pub mod severity;
pub mod side;
pub mod text;
pub mod time;
pub mod units;
