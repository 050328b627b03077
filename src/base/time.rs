//! Capture time. Nothing here reads a clock: every instant came with a frame.

use std::fmt;

/// An instant of capture time: nanoseconds since 1970-01-01T00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// A signed span of capture time in nanoseconds. Captures may run backwards, so it can be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub i64);

/// How many digits of a second are shown: what the capture file's clock resolution can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Six digits.
    #[default]
    Micros,
    /// Nine digits.
    Nanos,
}

impl Timestamp {
    /// The instant `nanos` nanoseconds after `secs` seconds since the epoch; saturates at the
    /// ends of the representable range (years 1677 and 2262).
    pub fn from_secs_nanos(secs: i64, nanos: u32) -> Self {
        Self(
            secs.saturating_mul(1_000_000_000)
                .saturating_add(i64::from(nanos)),
        )
    }

    /// Time that passed from `earlier` to this instant; negative when the capture ran backwards.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This instant in ticks of `NANOS` nanoseconds, modulo 2^32: who looks only at short differences
    /// keeps a time in half the room. A constant, as every segment is divided by it.
    #[inline]
    #[must_use]
    pub(crate) fn ticks<const NANOS: i64>(self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "modulo 2^32"
        )]
        let ticks = self.0.div_euclid(NANOS) as u32;
        ticks
    }

    /// This instant in UTC by a pattern of strftime(3); `None` when the pattern makes no sense.
    pub fn strftime(self, pattern: &str) -> Option<String> {
        let zoned = jiff::Timestamp::from_nanosecond(i128::from(self.0))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(jiff::tz::TimeZone::UTC);
        jiff::fmt::strtime::format(pattern, &zoned).ok()
    }

    /// This instant as RFC 3339 in UTC, with six or nine digits of a second.
    pub fn rfc3339(self, precision: Precision) -> Rfc3339 {
        Rfc3339 {
            time: self,
            precision,
        }
    }
}

/// Displays a [`Timestamp`] as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Rfc3339 {
    time: Timestamp,
    precision: Precision,
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.time.0.div_euclid(1_000_000_000);
        let nanos = self.time.0.rem_euclid(1_000_000_000);
        // Every i64 of nanoseconds lies within the range of the calendar library.
        let civil = jiff::Timestamp::from_second(secs)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .datetime();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        )?;
        match self.precision {
            Precision::Micros => write!(f, ".{:06}Z", nanos / 1000),
            Precision::Nanos => write!(f, ".{nanos:09}Z"),
        }
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A span of whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds.
    pub fn nanos(self) -> i64 {
        self.0
    }

    /// Milliseconds with their fraction.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a span of 104 days still has microseconds; nobody reads more"
    )]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Seconds with their fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.as_millis_f64() / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_strftime() {
        let time = Timestamp(1_700_000_000_000_000_000);
        assert_eq!(
            time.strftime("%Y-%m-%d_%H%M%S").unwrap(),
            "2023-11-14_221320"
        );
        assert_eq!(time.strftime("%").as_deref(), None);
    }

    #[test]
    fn rfc3339_has_six_or_nine_digits() {
        // `date -u -d @1700000000` says Tue Nov 14 22:13:20 UTC 2023.
        let t = Timestamp::from_secs_nanos(1_700_000_000, 1_234_567);
        assert_eq!(
            t.rfc3339(Precision::Micros).to_string(),
            "2023-11-14T22:13:20.001234Z"
        );
        assert_eq!(
            t.rfc3339(Precision::Nanos).to_string(),
            "2023-11-14T22:13:20.001234567Z"
        );
    }

    #[test]
    fn instants_before_the_epoch_keep_a_positive_fraction() {
        assert_eq!(
            Timestamp(-1).rfc3339(Precision::Nanos).to_string(),
            "1969-12-31T23:59:59.999999999Z"
        );
    }

    #[test]
    fn the_extremes_do_not_overflow() {
        let _ = Timestamp(i64::MAX).since(Timestamp(i64::MIN));
        assert!(
            Timestamp(i64::MAX)
                .rfc3339(Precision::Nanos)
                .to_string()
                .starts_with("2262-")
        );
    }
}
