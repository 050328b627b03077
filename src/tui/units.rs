//! Quantities and times as the narrow columns of a terminal show them, beside those of
//! [`crate::base::units`].

use crate::base::ids::Mark;
use crate::base::time::Precision;
use crate::base::time::Timestamp;
pub(super) use crate::base::units::bytes;
use crate::base::units::clock;
pub(super) use crate::base::units::grouped;
pub(super) use crate::base::units::marked;
pub(super) use crate::base::units::millis;
pub(super) use crate::base::units::span;
pub(super) use crate::base::units::told;

/// Milliseconds with their sign, in few figures: `+12ms`, `-1.8s`.
pub(super) fn signed(ms: f64) -> String {
    if ms.abs() < 999.5 {
        let text = format!("{ms:+.0}ms");
        // Zero is neither early nor late.
        if text == "-0ms" || text == "+0ms" {
            return "0ms".to_owned();
        }
        text
    } else {
        format!("{:+.1}s", ms / 1000.0)
    }
}

/// Part of a whole in percent with as many figures as matter.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

/// How long something lasted, whole seconds.
pub(super) fn lasted(first: Mark, last: Mark) -> String {
    let nanos = last.time.since(first.time).nanos().max(0);
    clock((nanos / 1_000_000_000).unsigned_abs())
}

/// The time of day in UTC, to the millisecond.
pub(super) fn time_of_day(time: Timestamp) -> String {
    let text = time.rfc3339(Precision::Micros).to_string();
    text.get(11..23).unwrap_or_default().to_owned()
}

/// Seconds with milliseconds since an instant: `12.345`.
pub(super) fn seconds_since(time: Timestamp, begin: Timestamp) -> String {
    let micros = time.since(begin).nanos() / 1000;
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:03}", micros / 1_000_000, micros / 1000 % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_few_figures() {
        assert_eq!(signed(-1800.0), "-1.8s");
        assert_eq!(signed(-0.2), "0ms");
        assert_eq!(percent(0.0312), "3.1%");
        assert_eq!(percent(0.97), "97%");
    }

    #[test]
    fn times_of_a_capture() {
        let time = Timestamp(1_700_000_000_417_000_000);
        assert_eq!(time_of_day(time), "22:13:20.417");
        let begin = Timestamp(1_700_000_000_000_000_000);
        assert_eq!(seconds_since(time, begin), "0.417");
        assert_eq!(seconds_since(begin, time), "-0.417");
    }
}
