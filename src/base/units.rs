//! Quantities in words for people.

use crate::base::time::Span;

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
    fn what_lasts_less_than_a_second_is_told_in_milliseconds() {
        assert_eq!(lasting(Span(440_000)), "0.4 ms");
        assert_eq!(lasting(Span::from_millis(42)), "42 ms");
        assert_eq!(lasting(Span(999_400_000)), "999 ms");
        assert_eq!(lasting(Span(999_600_000)), "1.0 s");
        assert_eq!(lasting(Span::from_millis(5012)), "5.0 s");
    }
}
