//! Quantities as people read them: one form everywhere, in a report, a sentence or a column.

use std::fmt;

use crate::base::time::Span;

/// Stands before a value that is inferred and was not seen.
pub const INFERRED: char = '~';

/// What stands for a value that is not known.
const UNKNOWN: &str = "?";

/// A value, with a mark when it is inferred.
pub fn marked(value: impl fmt::Display, is_inferred: bool) -> String {
    if is_inferred {
        format!("{INFERRED}{value}")
    } else {
        value.to_string()
    }
}

/// The same of a value that may not be known.
pub fn told(value: Option<impl fmt::Display>, is_inferred: bool) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| marked(value, is_inferred))
}

/// A count with a space between each three digits.
pub fn grouped(number: u64) -> String {
    let mut out = String::new();
    push_grouped(&mut out, number);
    out
}

fn push_grouped(out: &mut String, number: u64) {
    if number < 1000 {
        return push_number(out, number);
    }
    push_grouped(out, number / 1000);
    out.push(' ');
    for part in [number / 100, number / 10, number] {
        push_number(out, part % 10);
    }
}

/// Appends a number in digits, as a list of thousands of lines needs them: formatting costs ten
/// times as much.
pub fn push_number(out: &mut String, number: u64) {
    let rest = number / 10;
    if rest > 0 {
        push_number(out, rest);
    }
    let digit = u8::try_from(number % 10).unwrap_or(0);
    out.push(char::from(b'0'.saturating_add(digit)));
}

/// A count with its noun, which has an `s` behind it unless there is one.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
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

/// A span of time in the unit that suits it: milliseconds below ten seconds, seconds below two
/// minutes, then `04:10` or `2:02:05`.
pub fn span(span: Span) -> String {
    millis(span.as_millis_f64())
}

/// Milliseconds in the unit that suits them, as [`span`].
pub fn millis(ms: f64) -> String {
    below_two_minutes(ms).unwrap_or_else(|| format!("{}{}", sign(ms), clock(whole_seconds(ms))))
}

/// The same with hours from two minutes on, `0:04:10`: text that is read without its context
/// should not leave open whether it speaks of minutes or hours.
pub fn span_with_hours(span: Span) -> String {
    let ms = span.as_millis_f64();
    below_two_minutes(ms).unwrap_or_else(|| {
        let seconds = whole_seconds(ms);
        format!(
            "{}{}:{:02}:{:02}",
            sign(ms),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    })
}

fn below_two_minutes(ms: f64) -> Option<String> {
    let size = ms.abs();
    if size < 9.995 {
        Some(format!("{ms:.2} ms"))
    } else if size < 99.95 {
        Some(format!("{ms:.1} ms"))
    } else if size < 9_999.5 {
        Some(format!("{ms:.0} ms"))
    } else if size < 119_950.0 {
        Some(format!("{:.1} s", ms / 1000.0))
    } else {
        None
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole seconds, not negative; the cast saturates"
)]
fn whole_seconds(ms: f64) -> u64 {
    (ms.abs() / 1000.0) as u64
}

fn sign(ms: f64) -> &'static str {
    if ms < 0.0 { "-" } else { "" }
}

/// Minutes and seconds, and hours where there are any.
pub fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

/// How long something lasted, in a sentence: milliseconds below a second, seconds from there on.
pub fn lasting(span: Span) -> String {
    let ms = span.as_millis_f64();
    let size = ms.abs();
    if size < 9.95 {
        format!("{ms:.1} ms")
    } else if size < 999.5 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_no_plural() {
        assert_eq!(counted(1, "message"), "1 message");
        assert_eq!(counted(0, "message"), "0 messages");
        assert_eq!(counted(1200, "message"), "1 200 messages");
    }

    #[test]
    fn counts_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1 000");
        assert_eq!(grouped(12_345_678), "12 345 678");
    }

    #[test]
    fn numbers_are_pushed_as_they_are_formatted() {
        for number in [0, 7, 10, 255, 1935, u64::MAX] {
            let mut out = String::from("#");
            push_number(&mut out, number);
            assert_eq!(out, format!("#{number}"));
        }
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
        assert_eq!(span(Span(41_300_000)), "41.3 ms");
        assert_eq!(span(Span(-1_500_000)), "-1.50 ms");
        assert_eq!(span(Span(9_999_000)), "10.0 ms");
        assert_eq!(span(Span::from_secs(11)), "11.0 s");
        assert_eq!(span(Span::from_secs(250)), "04:10");
        assert_eq!(span_with_hours(Span::from_secs(250)), "0:04:10");
        assert_eq!(span_with_hours(Span::from_secs(7_325)), "2:02:05");
        assert_eq!(millis(-7_325_000.0), "-2:02:05");
    }

    #[test]
    fn what_lasts_less_than_a_second_is_told_in_milliseconds() {
        assert_eq!(lasting(Span(440_000)), "0.4 ms");
        assert_eq!(lasting(Span::from_millis(42)), "42 ms");
        assert_eq!(lasting(Span(999_400_000)), "999 ms");
        assert_eq!(lasting(Span(999_600_000)), "1.0 s");
        assert_eq!(lasting(Span::from_millis(5012)), "5.0 s");
    }
}
