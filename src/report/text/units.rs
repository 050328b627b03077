//! Quantities in the form people read.

use crate::base::time::Span;

/// A count with a space between each three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Bytes in powers of a thousand, with three figures.
#[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64;
    let mut unit = "B";
    for name in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = name;
    }
    let digits = if value < 9.995 {
        2
    } else {
        usize::from(value < 99.95)
    };
    format!("{value:.digits$} {unit}")
}

/// A span of time in the unit that suits it: milliseconds below ten seconds, then seconds, then
/// minutes and hours.
pub fn millis(span: Span) -> String {
    let ms = span.as_millis_f64();
    let size = ms.abs();
    if size < 10.0 {
        format!("{ms:.2} ms")
    } else if size < 100.0 {
        format!("{ms:.1} ms")
    } else if size < 10_000.0 {
        format!("{ms:.0} ms")
    } else if size < 120_000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else {
        let seconds = span.nanos().abs() / 1_000_000_000;
        let sign = if ms < 0.0 { "-" } else { "" };
        format!(
            "{sign}{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1 000");
        assert_eq!(grouped(12_345_678), "12 345 678");
    }

    #[test]
    fn bytes_have_three_figures() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_000), "1.00 kB");
        assert_eq!(bytes(12_345), "12.3 kB");
        assert_eq!(bytes(999_999), "1.00 MB");
        assert_eq!(bytes(123_456_789), "123 MB");
    }

    #[test]
    fn spans_have_the_unit_that_suits() {
        assert_eq!(millis(Span(41_300_000)), "41.3 ms");
        assert_eq!(millis(Span(-1_500_000)), "-1.50 ms");
        assert_eq!(millis(Span::from_secs(11)), "11.0 s");
        assert_eq!(millis(Span::from_secs(7_325)), "2:02:05");
    }
}
