//! The media clock (message timestamps) of one track against the capture clock (arrival).

use std::ops::Deref;

use crate::base::ids::Mark;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::inferred::Inference;
use crate::rtmp::types::RtmpTimestamp;
use crate::session::drift::Drift;

/// A step back of more than this is another timeline (the source restarted), not disorder.
const RESTART_MS: i64 = 1000;

/// A step forward of at most this is never a jump: servers correct smaller ones silently.
const MIN_JUMP_MS: i64 = 250;

/// How many usual intervals a step forward must exceed to be a jump.
const JUMP_INTERVALS: i64 = 8;

/// A pause of arrival of at most this is never a gap.
const MIN_GAP: Span = Span::from_secs(1);

/// How many usual intervals a pause must exceed to be a gap.
const GAP_INTERVALS: i64 = 5;

/// Messages after which the mean interval of a track means something.
const SETTLED_MESSAGES: u32 = 5;

/// Where timestamps wrap that are stored signed.
const HALF: u32 = 1 << 31;

/// How near to 2^31 on both sides a step back must lie to be a wrap there, in milliseconds.
const WRAP31_WINDOW_MS: u32 = 60_000;

/// What happened between one message of a track and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Advance of the media clock, milliseconds; negative is backwards.
    pub media_ms: i64,
    /// Advance of the capture clock.
    pub arrival: Span,
    /// What to make of it.
    pub kind: StepKind,
}

/// What to make of a [`Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// The first message: there is no step yet.
    First,
    /// Nothing odd.
    Steady,
    /// The timestamp is the same as before.
    Equal,
    /// The timestamp went back.
    Backwards,
    /// The timestamp went ahead of the time that passed.
    Jump,
    /// Nothing arrived for long.
    Gap,
    /// Another timeline, as was agreed before: a seek, the end of a pause.
    Resumed,
}

/// Media clock of one track. The lag is `(arrival - first arrival) - (timestamp - first
/// timestamp)`: it grows when media arrives later than in real time. A jump of the timestamps is
/// another timeline, on which the lag goes on from its last value. What was not steady lies in
/// [`Unsteady`], whose figures are read as if they were here.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    /// What brought the first message.
    pub first: Mark,
    /// Capture time of the latest message.
    pub last: Timestamp,
    /// Timestamp of the first message.
    pub first_timestamp: RtmpTimestamp,
    /// Timestamp of the latest message.
    pub last_timestamp: RtmpTimestamp,
    /// Latest timestamp in milliseconds with its wraps undone; counts on from the first one.
    pub unwrapped_ms: u64,
    /// Largest lag.
    pub lag_max: Span,
    /// Smallest lag: how far media ran ahead of real time (a burst at the start).
    pub lag_min: Span,
    /// Interarrival jitter in milliseconds (RFC 3550 section 6.4.1, of arrival against
    /// timestamps).
    pub jitter_ms: f64,
    /// Largest difference between the advance of arrival and the advance of timestamps.
    pub jitter_max: Span,
    /// Longest pause of arrival.
    pub gap_max: Span,
    /// Messages counted; of a hundred a second, those of more than a year.
    pub messages: u32,
    /// From what the first timestamp is inferred.
    pub first_from: Option<Inference>,
    /// From what the latest timestamp is inferred.
    pub last_from: Option<Inference>,
    /// Whether the peers agreed that the next message begins another timeline.
    is_break_agreed: bool,
    /// Whether headers were lost since the latest message.
    is_behind_hole: bool,
    /// Media time run without jumps and steps back: basis of the usual interval.
    steady_ms: u64,
    drift: Drift,
    unsteady: Option<Box<Unsteady>>,
}

/// What the timestamps of most tracks never do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unsteady {
    /// Pauses longer than a second and than five usual intervals.
    pub gaps: u32,
    /// Steps back of the timestamp.
    pub backwards: u32,
    /// Largest step back in milliseconds.
    pub backwards_max_ms: u32,
    /// Jumps ahead of the timestamp.
    pub jumps: u32,
    /// Largest jump ahead in milliseconds.
    pub jump_max_ms: u32,
    /// Messages with the timestamp of the one before.
    pub equal: u32,
    /// Wraps at 2^32 ms.
    pub wraps32: u16,
    /// Wraps at 2^31 ms, which relays make that store timestamps signed.
    pub wraps31: u16,
    /// Milliseconds by which jumps and restarts shifted the timeline.
    shift_ms: i64,
}

impl Unsteady {
    const NONE: Self = Self {
        gaps: 0,
        backwards: 0,
        backwards_max_ms: 0,
        jumps: 0,
        jump_max_ms: 0,
        equal: 0,
        wraps32: 0,
        wraps31: 0,
        shift_ms: 0,
    };
}

impl Deref for Clock {
    type Target = Unsteady;

    fn deref(&self) -> &Unsteady {
        static NONE: Unsteady = Unsteady::NONE;
        self.unsteady.as_deref().unwrap_or(&NONE)
    }
}

impl Clock {
    /// The clock of a track whose first message this is.
    pub fn new(timestamp: RtmpTimestamp, at: Mark) -> Self {
        Self {
            first: at,
            last: at.time,
            first_timestamp: timestamp,
            last_timestamp: timestamp,
            unwrapped_ms: u64::from(timestamp.0),
            lag_max: Span::ZERO,
            lag_min: Span::ZERO,
            jitter_ms: 0.0,
            jitter_max: Span::ZERO,
            gap_max: Span::ZERO,
            messages: 1,
            first_from: None,
            last_from: None,
            is_break_agreed: false,
            is_behind_hole: false,
            steady_ms: 0,
            drift: Drift::default(),
            unsteady: None,
        }
    }

    /// Takes the next message of the track.
    pub fn push(&mut self, timestamp: RtmpTimestamp, from: Option<Inference>, at: Mark) -> Step {
        let arrival = at.time.since(self.last);
        let lag_before = self.lag();
        let arrival_ms = arrival.0.wrapping_div(1_000_000);
        let is_agreed = std::mem::take(&mut self.is_break_agreed);
        let (media_ms, kind) = if self.rebased(from) {
            (arrival_ms.max(0), StepKind::Resumed)
        } else {
            let media_ms = self.media_step(timestamp);
            let kind = if is_agreed {
                StepKind::Resumed
            } else {
                self.judge(media_ms, arrival)
            };
            (media_ms, kind)
        };
        match kind {
            StepKind::Backwards => {
                let back_ms = saturating_u32(media_ms.saturating_neg());
                let unsteady = self.unsteady();
                unsteady.backwards = unsteady.backwards.saturating_add(1);
                unsteady.backwards_max_ms = unsteady.backwards_max_ms.max(back_ms);
                if media_ms < -RESTART_MS {
                    self.shift(media_ms, arrival_ms);
                }
            }
            StepKind::Jump => {
                let unsteady = self.unsteady();
                unsteady.jumps = unsteady.jumps.saturating_add(1);
                unsteady.jump_max_ms = unsteady.jump_max_ms.max(saturating_u32(media_ms));
                self.shift(media_ms, arrival_ms);
            }
            StepKind::Equal => {
                let unsteady = self.unsteady();
                unsteady.equal = unsteady.equal.saturating_add(1);
            }
            StepKind::Gap => {
                let unsteady = self.unsteady();
                unsteady.gaps = unsteady.gaps.saturating_add(1);
            }
            StepKind::Resumed => self.shift(media_ms, arrival_ms),
            StepKind::Steady | StepKind::First => {}
        }
        if !matches!(
            kind,
            StepKind::Jump | StepKind::Backwards | StepKind::Resumed
        ) {
            self.steady_ms = self
                .steady_ms
                .saturating_add(media_ms.max(0).cast_unsigned());
            self.note_jitter(media_ms, arrival);
        }
        if arrival > self.gap_max && kind != StepKind::Resumed {
            self.gap_max = arrival;
        }
        self.unwrapped_ms = self.unwrapped_ms.saturating_add_signed(media_ms);
        self.last_timestamp = timestamp;
        self.last = at.time;
        self.messages = self.messages.saturating_add(1);
        self.note_lag(lag_before);
        Step {
            media_ms,
            arrival,
            kind,
        }
    }

    fn unsteady(&mut self) -> &mut Unsteady {
        self.unsteady.get_or_insert_default()
    }

    /// The next message may begin another timeline: the peers agreed to seek, or to end a pause, or
    /// the clock of the capture was set. The lag goes on from its last value.
    pub fn agree_break(&mut self) {
        self.is_break_agreed = true;
    }

    /// Headers were lost behind the latest message.
    pub(crate) fn pass_hole(&mut self) {
        self.is_behind_hole = true;
    }

    /// Whether the next timestamp cannot be compared with the latest: one of them lacks what
    /// nobody knows. What passed in between is the capture's time then.
    fn rebased(&mut self, from: Option<Inference>) -> bool {
        let is_behind_hole = std::mem::take(&mut self.is_behind_hole);
        let before = std::mem::replace(&mut self.last_from, from);
        before != from || (from.is_some() && is_behind_hole)
    }

    /// Media time from the first to the latest timestamp in milliseconds, jumps and steps back
    /// left out.
    pub fn media_span_ms(&self) -> u64 {
        self.steady_ms
    }

    /// Capture time from the first message to the latest; never negative.
    pub fn arrival_span(&self) -> Span {
        self.arrived().max(Span::ZERO)
    }

    /// The same, below zero while retransmitted bytes of the first message are younger.
    fn arrived(&self) -> Span {
        self.last.since(self.first.time)
    }

    /// Lag at the latest message.
    pub fn lag(&self) -> Span {
        let media = self
            .unwrapped_ms
            .cast_signed()
            .saturating_sub(i64::from(self.first_timestamp.0))
            .saturating_sub(self.shift_ms);
        Span(self.arrived().0.saturating_sub(Span::from_millis(media).0))
    }

    /// Mean advance of the timestamp per message in milliseconds, once it means something.
    pub fn interval_ms(&self) -> Option<f64> {
        if self.messages < SETTLED_MESSAGES || self.steady_ms == 0 {
            return None;
        }
        let steps = self.messages.saturating_sub(1);
        Some(as_f64(self.steady_ms) / f64::from(steps))
    }

    /// Messages per second of media time, once it means something.
    pub fn rate(&self) -> Option<f64> {
        self.interval_ms().map(|interval| 1000.0 / interval)
    }

    /// Drift of the lag in milliseconds per second of capture time: the slope of the straight
    /// line that best fits the mean lags of the seconds of capture time. Positive: media falls
    /// behind.
    ///
    /// Encoders and servers send what they have in store when a stream starts, which says nothing
    /// of clocks: the fit begins with the first second in which the lag holds still within 100
    /// ms, at the latest after five seconds. `None` before it has ten seconds, and while the lag
    /// scatters so much that the slope may be chance: its standard error is above 1 ms/s and
    /// above a fifth of the slope.
    pub fn drift_ms_per_s(&self) -> Option<f64> {
        self.drift.slope()
    }

    /// Signed advance of the media clock to `timestamp`; undoes wraps.
    fn media_step(&mut self, timestamp: RtmpTimestamp) -> i64 {
        let last = self.last_timestamp;
        let step = timestamp.since(last);
        if step > 0 && timestamp.0 < last.0 {
            let unsteady = self.unsteady();
            unsteady.wraps32 = unsteady.wraps32.saturating_add(1);
        }
        let before_half = HALF.checked_sub(last.0);
        if before_half.is_some_and(|left| left <= WRAP31_WINDOW_MS)
            && timestamp.0 < WRAP31_WINDOW_MS
        {
            let unsteady = self.unsteady();
            unsteady.wraps31 = unsteady.wraps31.saturating_add(1);
            return i64::from(timestamp.0.wrapping_add(HALF).wrapping_sub(last.0));
        }
        i64::from(step)
    }

    fn judge(&self, media_ms: i64, arrival: Span) -> StepKind {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an interval is a few milliseconds to seconds, and the cast saturates"
        )]
        let interval = self.interval_ms().map_or(0, |interval| interval as i64);
        let arrival_ms = arrival.0.wrapping_div(1_000_000);
        if media_ms < 0 {
            return StepKind::Backwards;
        }
        let jump = MIN_JUMP_MS.max(interval.saturating_mul(JUMP_INTERVALS));
        if media_ms > jump && media_ms.saturating_sub(arrival_ms) > MIN_JUMP_MS {
            return StepKind::Jump;
        }
        let gap = MIN_GAP.max(Span::from_millis(interval.saturating_mul(GAP_INTERVALS)));
        if arrival > gap {
            return StepKind::Gap;
        }
        if media_ms == 0 {
            return StepKind::Equal;
        }
        StepKind::Steady
    }

    /// Moves the timeline so that the lag goes on from its last value.
    fn shift(&mut self, media_ms: i64, arrival_ms: i64) {
        let by = media_ms.saturating_sub(arrival_ms);
        if by != 0 {
            let unsteady = self.unsteady();
            unsteady.shift_ms = unsteady.shift_ms.saturating_add(by);
        }
    }

    fn note_jitter(&mut self, media_ms: i64, arrival: Span) {
        let difference = Span(
            arrival
                .0
                .saturating_sub(Span::from_millis(media_ms).0)
                .saturating_abs(),
        );
        self.jitter_max = self.jitter_max.max(difference);
        self.jitter_ms += (difference.as_millis_f64() - self.jitter_ms) / 16.0;
    }

    fn note_lag(&mut self, before: Span) {
        let lag = self.lag();
        self.lag_max = self.lag_max.max(lag);
        self.lag_min = self.lag_min.min(lag);
        self.drift.push(self.arrived(), lag, before);
    }
}

/// Milliseconds and counts as a floating-point number.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to 2^53: milliseconds of 285 000 years"
)]
pub(crate) fn as_f64(value: u64) -> f64 {
    value as f64
}

fn saturating_u32(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;
    use crate::base::time::Timestamp;

    fn at(ms: i64) -> Mark {
        Mark {
            time: Timestamp(ms * 1_000_000),
            frame: FrameNumber(1),
        }
    }

    /// The clock after (arrival ms, timestamp ms) of each message.
    fn run(points: &[(i64, u32)]) -> (Clock, Vec<StepKind>) {
        let mut clock = Clock::new(RtmpTimestamp(points[0].1), at(points[0].0));
        let kinds = points[1..]
            .iter()
            .map(|&(ms, ts)| clock.push(RtmpTimestamp(ts), None, at(ms)).kind)
            .collect();
        (clock, kinds)
    }

    #[test]
    fn real_time_media_has_no_lag_and_its_rate() {
        let points: Vec<_> = (0..26).map(|i| (i64::from(i) * 40, i * 40)).collect();
        let (clock, kinds) = run(&points);
        assert!(kinds.iter().all(|kind| *kind == StepKind::Steady));
        assert_eq!(clock.lag(), Span::ZERO);
        assert_eq!(clock.rate(), Some(25.0));
        assert_eq!(clock.media_span_ms(), 1000);
    }

    #[test]
    fn media_that_arrives_too_slowly_lags_and_drifts() {
        // 40 ms of media every 50 ms of arrival: 10 ms per 50 ms is 200 ms per second.
        let points: Vec<_> = (0..401).map(|i| (i64::from(i) * 50, i * 40)).collect();
        let (clock, _) = run(&points);
        assert_eq!(clock.lag(), Span::from_millis(4000));
        assert_eq!(clock.lag_max, Span::from_millis(4000));
        assert!((clock.drift_ms_per_s().unwrap() - 200.0).abs() < 1e-6);
        assert!((clock.jitter_ms - 10.0).abs() < 0.1);
    }

    #[test]
    fn a_burst_ahead_of_real_time_is_a_negative_lag() {
        let (clock, _) = run(&[(0, 0), (1, 40), (2, 80), (3, 120)]);
        assert_eq!(clock.lag_min, Span::from_millis(-117));
    }

    #[test]
    fn a_step_back_is_counted_with_its_size() {
        let (clock, kinds) = run(&[(0, 100), (40, 140), (80, 120), (120, 220)]);
        assert_eq!(kinds[1], StepKind::Backwards);
        assert_eq!((clock.backwards, clock.backwards_max_ms), (1, 20));
        assert_eq!(clock.unwrapped_ms, 220);
        assert_eq!(clock.lag(), Span::ZERO);
    }

    #[test]
    fn a_restart_of_the_source_leaves_the_lag_where_it_was() {
        let (clock, kinds) = run(&[(0, 5000), (40, 5040), (80, 0), (120, 40)]);
        assert_eq!(kinds[1], StepKind::Backwards);
        assert_eq!(clock.lag(), Span::ZERO);
    }

    #[test]
    fn a_jump_ahead_leaves_the_lag_where_it_was() {
        let (clock, kinds) = run(&[(0, 0), (40, 40), (80, 20_000), (120, 20_040)]);
        assert_eq!(kinds[1], StepKind::Jump);
        assert_eq!((clock.jumps, clock.jump_max_ms), (1, 19_960));
        assert_eq!(clock.lag(), Span::ZERO);
        assert_eq!(clock.media_span_ms(), 80);
    }

    #[test]
    fn dropped_frames_are_no_jump_when_the_time_passed() {
        let (clock, kinds) = run(&[(0, 0), (40, 40), (540, 540)]);
        assert_eq!(kinds[1], StepKind::Steady);
        assert_eq!(clock.jumps, 0);
    }

    #[test]
    fn a_pause_of_arrival_is_a_gap_and_becomes_lag() {
        let (clock, kinds) = run(&[(0, 0), (40, 40), (2040, 80)]);
        assert_eq!(kinds[1], StepKind::Gap);
        assert_eq!(clock.gap_max, Span::from_secs(2));
        assert_eq!(clock.lag(), Span::from_millis(1960));
    }

    #[test]
    fn slow_frame_rates_have_no_gaps() {
        let points: Vec<_> = (0..20).map(|i| (i64::from(i) * 2000, i * 2000)).collect();
        let (clock, kinds) = run(&points);
        // Until the interval is known a pause of two seconds is one.
        assert!(kinds[5..].iter().all(|kind| *kind == StepKind::Steady));
        assert_eq!(clock.jumps, 0);
    }

    #[test]
    fn the_wrap_at_32_bits_is_no_step_back() {
        let (clock, kinds) = run(&[(0, 0xFFFF_FFF0), (40, 24)]);
        assert_eq!(kinds[0], StepKind::Steady);
        assert_eq!(clock.wraps32, 1);
        assert_eq!(clock.unwrapped_ms, 0x1_0000_0018);
        assert_eq!(clock.lag(), Span::ZERO);
    }

    #[test]
    fn the_wrap_of_relays_at_31_bits_is_no_step_back() {
        let (clock, kinds) = run(&[(0, 0x7FFF_FFF0), (40, 24)]);
        assert_eq!(kinds[0], StepKind::Steady);
        assert_eq!((clock.wraps31, clock.wraps32), (1, 0));
        assert_eq!(clock.unwrapped_ms, 0x8000_0018);
    }

    #[test]
    fn equal_timestamps_are_counted() {
        let (clock, kinds) = run(&[(0, 0), (1, 0), (2, 0)]);
        assert_eq!(kinds, [StepKind::Equal, StepKind::Equal]);
        assert_eq!(clock.equal, 2);
    }

    #[test]
    fn a_break_that_was_agreed_is_no_trouble() {
        let mut clock = Clock::new(RtmpTimestamp(0), at(0));
        clock.push(RtmpTimestamp(40), None, at(40));
        clock.agree_break();
        let step = clock.push(RtmpTimestamp(60_000), None, at(9000));
        assert_eq!(step.kind, StepKind::Resumed);
        clock.push(RtmpTimestamp(60_040), None, at(9040));
        assert_eq!((clock.jumps, clock.gaps, clock.lag()), (0, 0, Span::ZERO));
        assert_eq!(clock.gap_max, Span::from_millis(40));
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        let mut clock = Clock::new(RtmpTimestamp(0), Mark::default());
        for (time, ts) in [(i64::MAX, 0x8000_0000), (i64::MIN, 1), (0, u32::MAX)] {
            let mark = Mark {
                time: Timestamp(time),
                frame: FrameNumber(1),
            };
            clock.push(RtmpTimestamp(ts), None, mark);
        }
        assert_eq!(clock.messages, 4);
    }
}
