//! Steps of the clock that stamps the frames of an interface: it is set, or a machine wakes from
//! its sleep. And how far that clock tells what is over.

use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;

/// A clock that is this much off another one since the last look was set. Below that it is slewed.
const STEP: Span = Span::from_secs(2);

/// How far capture time that is told without a frame lags behind the clock: for so long a frame may
/// still be on its way. The kernel holds it back for 50 ms, those of other interfaces are waited for
/// twice as long, and a thread may not get its turn at once. Told sooner, the end of a connection
/// would come before what was captured earlier.
const ON_ITS_WAY: Span = Span::from_millis(500);

/// The wall clock beside one that cannot be set.
#[derive(Debug)]
pub(super) struct Clock {
    begin: Instant,
    /// What the wall clock is ahead of the other one, in nanoseconds.
    ahead: i64,
}

impl Clock {
    pub(super) fn new() -> Self {
        let begin = Instant::now();
        Self {
            begin,
            ahead: wall_clock().0,
        }
    }

    /// How far the wall clock was set since the last call, if it was.
    pub(super) fn step(&mut self) -> Option<Span> {
        self.step_between(wall_clock(), self.begin.elapsed().as_nanos())
    }

    fn step_between(&mut self, wall: Timestamp, steady_nanos: u128) -> Option<Span> {
        let steady = i64::try_from(steady_nanos).unwrap_or(i64::MAX);
        let ahead = wall.0.saturating_sub(steady);
        let by = Span(ahead.saturating_sub(self.ahead));
        // What is slewed adds up to no step.
        self.ahead = ahead;
        (by.nanos().saturating_abs() >= STEP.nanos()).then_some(by)
    }
}

/// The time of day.
pub(super) fn wall_clock() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// The capture time that is certain to be over on an interface at this time of day, behind this last
/// frame.
pub(super) fn told_by(now: Timestamp, last: Option<Timestamp>) -> Timestamp {
    let certain = Timestamp(now.0.saturating_sub(ON_ITS_WAY.nanos()));
    // What came is not told to be later; a clock that was set back makes the last frame no guide.
    last.map_or(certain, |last| certain.max(last).min(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_clock_that_is_set_has_stepped_once() {
        let mut clock = Clock {
            begin: Instant::now(),
            ahead: 1_000 * SECOND,
        };
        assert_eq!(
            clock.step_between(Timestamp(1_001 * SECOND), 1_000_000_000),
            None
        );
        let back = clock.step_between(Timestamp(402 * SECOND), 2_000_000_000);
        assert_eq!(back, Some(Span::from_secs(-600)));
        assert_eq!(
            clock.step_between(Timestamp(403 * SECOND), 3_000_000_000),
            None
        );
    }

    #[test]
    fn a_clock_that_is_slewed_has_not() {
        let mut clock = Clock {
            begin: Instant::now(),
            ahead: 0,
        };
        // Ten times a second ahead.
        for turn in 1..=10_i64 {
            let steady = u128::try_from(turn * SECOND).unwrap();
            assert_eq!(
                clock.step_between(Timestamp(2 * turn * SECOND), steady),
                None
            );
        }
    }

    #[test]
    fn time_that_is_told_without_a_frame_waits_for_those_on_their_way() {
        let second = |seconds: i64| Timestamp(seconds * 1_000_000_000);
        let certain = Timestamp(second(10).0 - ON_ITS_WAY.nanos());
        assert_eq!(told_by(second(10), None), certain);
        assert_eq!(told_by(second(10), Some(second(9))), certain);
        // Behind a frame of just now it does not go back.
        let just = Timestamp(second(10).0 - 1);
        assert_eq!(told_by(second(10), Some(just)), just);
        // The clock was set back.
        assert_eq!(told_by(second(10), Some(second(3_600))), second(10));
    }
}
