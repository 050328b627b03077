//! Quantities and times as the narrow columns of a terminal show them.

use crate::base::ids::Mark;
use crate::base::time::Precision;
use crate::base::time::Span;
use crate::base::time::Timestamp;

/// A count with a space between each three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Bytes in powers of a thousand, with three figures.
#[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
pub(super) fn bytes(number: u64) -> String {
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64;
    let mut unit = "B";
    for name in ["kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = name;
    }
    let digits = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// A span of time in the unit that suits it.
pub(super) fn span(span: Span) -> String {
    millis(span.as_millis_f64())
}

/// Milliseconds in the unit that suits them.
pub(super) fn millis(ms: f64) -> String {
    let size = ms.abs();
    if size < 9.995 {
        format!("{ms:.2} ms")
    } else if size < 99.95 {
        format!("{ms:.1} ms")
    } else if size < 9_999.5 {
        format!("{ms:.0} ms")
    } else if size < 119_950.0 {
        format!("{:.1} s", ms / 1000.0)
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole seconds, not negative; the cast saturates"
        )]
        let seconds = (size / 1000.0) as u64;
        let sign = if ms < 0.0 { "-" } else { "" };
        format!("{sign}{}", clock(seconds))
    }
}

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

/// Hours, minutes and seconds.
pub(super) fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
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
        assert_eq!(grouped(12_345_678), "12 345 678");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(999_999), "1.00 MB");
        assert_eq!(millis(41.3), "41.3 ms");
        assert_eq!(millis(-7_325_000.0), "-2:02:05");
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
