//! How fast the lag of a media clock grows.

use crate::base::time::Span;

/// Change of the lag over a second of arrival, in milliseconds, up to which a stream counts as
/// settled: what is sent from a store comes in at a multiple of real time.
const SETTLED_LAG_MS: f64 = 100.0;

/// Seconds after which whatever still goes on is no start but how this stream is.
const MAX_BURST_S: i32 = 5;

/// Fewest seconds that a drift is computed from.
const MIN_DRIFT_SECONDS: u32 = 10;

/// Standard error up to which a drift is told, in milliseconds per second: a second in a quarter
/// of an hour.
const DRIFT_ERROR_MS_PER_S: f64 = 1.0;

/// Standard error up to which a larger drift is told, as a share of it: five times its error, it
/// is not chance.
const DRIFT_ERROR_SHARE: f64 = 0.2;

/// How the lag changes over time: a fit over its means by seconds of arrival, in constant memory.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Drift {
    fit: Regression,
    /// The second of arrival that is filling, from 0: 68 years, or below it where capture times run
    /// back.
    second: i32,
    /// Messages in it: a second does not hold more than the counter does.
    count: u32,
    /// Sum of their arrivals in seconds.
    arrivals: f64,
    /// Sum of their lags in milliseconds.
    lags: f64,
    /// Lag before it, in milliseconds.
    lag_before: f64,
}

impl Drift {
    /// Takes the lag of the next message, and that of the message `before` it.
    pub(super) fn push(&mut self, arrival: Span, lag: Span, before: Span) {
        let second = arrival.0.wrapping_div(1_000_000_000);
        let second = i32::try_from(second).unwrap_or(i32::MAX);
        if second != self.second {
            self.close_second(before.as_millis_f64());
            self.second = second;
        }
        self.count = self.count.saturating_add(1);
        self.arrivals += arrival.as_secs_f64();
        self.lags += lag.as_millis_f64();
    }

    fn close_second(&mut self, lag: f64) {
        if self.count > 0 {
            let change = (lag - self.lag_before).abs();
            // What has settled once counts from then on.
            let is_settled =
                self.fit.count > 0 || change <= SETTLED_LAG_MS || self.second >= MAX_BURST_S;
            if is_settled {
                let count = f64::from(self.count);
                self.fit.push(self.arrivals / count, self.lags / count);
            }
        }
        self.lag_before = lag;
        self.count = 0;
        self.arrivals = 0.0;
        self.lags = 0.0;
    }

    pub(super) fn slope(&self) -> Option<f64> {
        if self.fit.count < MIN_DRIFT_SECONDS {
            return None;
        }
        let slope = self.fit.slope()?;
        let error = self.fit.slope_error()?;
        let is_certain = error <= DRIFT_ERROR_MS_PER_S || error <= slope.abs() * DRIFT_ERROR_SHARE;
        is_certain.then_some(slope)
    }
}

/// The straight line that fits points best (least squares), in constant memory.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Regression {
    count: u32,
    mean_x: f64,
    mean_y: f64,
    /// Sum of squares of x about its mean.
    sxx: f64,
    /// Sum of squares of y about its mean.
    syy: f64,
    /// Sum of products of x and y about their means.
    sxy: f64,
}

impl Regression {
    fn push(&mut self, x: f64, y: f64) {
        self.count = self.count.saturating_add(1);
        let count = f64::from(self.count);
        let x_from_mean = x - self.mean_x;
        let y_from_mean = y - self.mean_y;
        self.mean_x += x_from_mean / count;
        self.mean_y += y_from_mean / count;
        self.sxx += x_from_mean * (x - self.mean_x);
        self.syy += y_from_mean * (y - self.mean_y);
        self.sxy += x_from_mean * (y - self.mean_y);
    }

    fn slope(&self) -> Option<f64> {
        (self.count >= 2 && self.sxx > 0.0).then(|| self.sxy / self.sxx)
    }

    /// Standard error of the slope.
    fn slope_error(&self) -> Option<f64> {
        if self.count < 3 || self.sxx <= 0.0 {
            return None;
        }
        let unexplained = (self.syy - self.sxy * self.sxy / self.sxx).max(0.0);
        Some((unexplained / (f64::from(self.count) - 2.0) / self.sxx).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The drift after (arrival, timestamp) of each message, both in milliseconds from 0.
    fn drift(points: impl IntoIterator<Item = (i64, i64)>) -> Option<f64> {
        let mut drift = Drift::default();
        let mut before = Span::ZERO;
        for (arrival, media) in points {
            let lag = Span::from_millis(arrival - media);
            drift.push(Span::from_millis(arrival), lag, before);
            before = lag;
        }
        drift.slope()
    }

    /// 25 frames a second of a clock that gains `gain` ms in each, from `begin_ms` of media on.
    fn steady(seconds: i64, begin_ms: i64, gain: i64) -> impl Iterator<Item = (i64, i64)> {
        (0..seconds * 25).map(move |i| (i * 40, begin_ms + i * 40 + i * gain / 25))
    }

    #[test]
    fn drift_is_told_after_ten_seconds() {
        assert_eq!(drift(steady(9, 0, 0)), None);
        assert!(drift(steady(12, 0, 0)).unwrap().abs() < 1e-9);
    }

    #[test]
    fn a_clock_that_gains_a_percent_drifts_by_ten_milliseconds_per_second() {
        let drift = drift(steady(20, 0, 10)).unwrap();
        assert!((drift + 10.0).abs() < 0.1, "{drift}");
    }

    #[test]
    fn the_burst_of_the_start_is_no_drift() {
        // A server sends the group of pictures that it holds, 3 s of media in 25 ms.
        let burst = (0..75).map(|i| (i / 3, i * 40));
        let drift = drift(burst.chain(steady(20, 3000, 0).skip(1))).unwrap();
        assert!(drift.abs() < 1e-6, "{drift}");
    }

    #[test]
    fn a_lag_that_swings_has_no_drift_until_long_after() {
        // Media comes in as segments of four seconds.
        let segments = |count: i64| (0..count * 100).map(|i| (i / 100 * 4000 + i % 100, i * 40));
        assert_eq!(drift(segments(5)), None);
        let drift = drift(segments(100)).unwrap();
        assert!(drift.abs() < 1.0, "{drift}");
    }
}
