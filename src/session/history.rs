//! The course of a track over time in a bounded number of buckets, for charts and sparklines.

use crate::base::time::Span;
use crate::base::time::Timestamp;

/// Most buckets a track keeps: ten minutes by seconds, a day by four minutes.
pub const MAX_BUCKETS: usize = 600;

/// Fewest buckets that a lower limit may leave: a sparkline's width.
pub const MIN_BUCKETS: usize = 16;

/// Width of a bucket at first.
const FIRST_WIDTH: Span = Span::from_secs(1);

/// Buckets that room is made for at once, so that a short connection costs little.
const GROWTH: usize = 4;

/// What arrived of a track within one bucket of capture time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// Payload bytes.
    pub bytes: u32,
    /// Coded frames or audio messages.
    pub frames: u32,
    /// Lag of the latest message in milliseconds; see [`crate::session::clock::Clock`].
    pub lag_ms: i32,
    /// Audio/video skew at the end of the bucket in milliseconds, positive when audio is ahead;
    /// 0 while unknown.
    pub skew_ms: i16,
    /// Keyframes.
    pub keyframes: u16,
}

impl Bucket {
    /// Bits per second over the bucket's width, in thousands.
    pub fn kbits_per_second(self, width: Span) -> f64 {
        let seconds = width.as_secs_f64();
        if seconds > 0.0 {
            f64::from(self.bytes) * 8.0 / 1000.0 / seconds
        } else {
            0.0
        }
    }

    /// This bucket and the one behind it as one.
    fn merged(self, next: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(next.bytes),
            frames: self.frames.saturating_add(next.frames),
            // The worse lag of the two must stay visible, also when the next bucket is empty.
            lag_ms: if next.frames == 0 || self.lag_ms.unsigned_abs() > next.lag_ms.unsigned_abs() {
                self.lag_ms
            } else {
                next.lag_ms
            },
            skew_ms: if next.frames == 0 {
                self.skew_ms
            } else {
                next.skew_ms
            },
            keyframes: self.keyframes.saturating_add(next.keyframes),
        }
    }
}

/// One frame for the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Capture time.
    pub time: Timestamp,
    /// Payload bytes.
    pub bytes: u32,
    /// Whether it is a keyframe.
    pub keyframe: bool,
    /// Lag.
    pub lag: Span,
    /// Audio/video skew.
    pub skew: Option<Span>,
}

/// Buckets of equal width from the first message on. When they are full, neighbours are merged
/// and the width doubles. How many there may be, the track knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// `None` before the first message.
    course: Option<Box<Course>>,
}

/// The nearest number of buckets that a history may be limited to: none, or
/// [`MIN_BUCKETS`]..=[`MAX_BUCKETS`].
pub fn limit_of(buckets: usize) -> u16 {
    let limit = match buckets {
        0 => 0,
        some => some.clamp(MIN_BUCKETS, MAX_BUCKETS),
    };
    u16::try_from(limit).unwrap_or(u16::MAX)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Course {
    start: Timestamp,
    width: Span,
    buckets: Vec<Bucket>,
}

impl History {
    /// Capture time at which the first bucket begins.
    pub fn start(&self) -> Timestamp {
        self.course
            .as_ref()
            .map_or(Timestamp::default(), |course| course.start)
    }

    /// Width of every bucket.
    pub fn width(&self) -> Span {
        self.course
            .as_ref()
            .map_or(FIRST_WIDTH, |course| course.width)
    }

    /// The buckets in order; the last one is still filling.
    pub fn buckets(&self) -> &[Bucket] {
        self.course.as_ref().map_or(&[], |course| &course.buckets)
    }

    /// The buckets that are over: all but the last one, whose sums are those of a part of its
    /// width.
    pub fn closed(&self) -> &[Bucket] {
        self.buckets()
            .split_last()
            .map_or(&[], |(_, closed)| closed)
    }

    /// Merges what is there until it has at most so many buckets: many connections share the memory
    /// that few could use for finer charts.
    pub fn shrink(&mut self, limit: u16) {
        if limit == 0 {
            self.course = None;
        }
        let Some(course) = &mut self.course else {
            return;
        };
        let limit = usize::from(limit);
        while course.buckets.len() > limit {
            course.coarsen();
        }
        if course.buckets.capacity() > limit {
            course.buckets.shrink_to(limit);
        }
    }

    /// Takes one message, and keeps at most `limit` buckets, of [`limit_of`]. A message that is older
    /// than the first bucket counts to the first bucket.
    pub fn push(&mut self, sample: Sample, limit: u16) {
        if limit == 0 {
            return;
        }
        let limit = usize::from(limit);
        let course = self.course.get_or_insert_with(|| {
            Box::new(Course {
                start: sample.time,
                width: FIRST_WIDTH,
                buckets: Vec::new(),
            })
        });
        let Some(index) = course.make_room(sample.time, limit) else {
            return;
        };
        let Some(bucket) = course.buckets.get_mut(index) else {
            return;
        };
        bucket.bytes = bucket.bytes.saturating_add(sample.bytes);
        bucket.frames = bucket.frames.saturating_add(1);
        bucket.keyframes = bucket.keyframes.saturating_add(u16::from(sample.keyframe));
        bucket.lag_ms = saturating_i32(sample.lag.0.wrapping_div(1_000_000));
        if let Some(skew) = sample.skew {
            let millis = saturating_i32(skew.0.wrapping_div(1_000_000));
            let bounded = millis.clamp(i32::from(i16::MIN), i32::from(i16::MAX));
            bucket.skew_ms = i16::try_from(bounded).unwrap_or(0);
        }
    }
}

impl Course {
    /// The bucket of an instant; makes buckets up to it.
    fn make_room(&mut self, time: Timestamp, limit: usize) -> Option<usize> {
        loop {
            let since = time.since(self.start).0.max(0);
            let index = usize::try_from(since.checked_div(self.width.0)?).ok()?;
            if index < self.buckets.len() {
                return Some(index);
            }
            if index < limit {
                let wanted = index.saturating_add(1);
                if wanted > self.buckets.capacity() {
                    // Doubling keeps the moves rare, the first step keeps short ones small.
                    let room = wanted
                        .max(self.buckets.len().saturating_mul(2))
                        .clamp(GROWTH, limit.max(wanted));
                    self.buckets
                        .reserve_exact(room.saturating_sub(self.buckets.len()));
                }
                self.buckets.resize(wanted, Bucket::default());
                return Some(index);
            }
            self.coarsen();
        }
    }

    /// Merges neighbours and doubles the width.
    fn coarsen(&mut self) {
        let mut kept = 0_usize;
        for first in (0..self.buckets.len()).step_by(2) {
            let (Some(&one), two) = (
                self.buckets.get(first),
                self.buckets.get(first.saturating_add(1)).copied(),
            ) else {
                break;
            };
            if let Some(slot) = self.buckets.get_mut(kept) {
                *slot = two.map_or(one, |two| one.merged(two));
            }
            kept = kept.saturating_add(1);
        }
        self.buckets.truncate(kept);
        self.width = Span(self.width.0.saturating_mul(2));
    }
}

fn saturating_i32(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many as there may be.
    const ALL: u16 = 600;

    fn sample(ms: i64, bytes: u32) -> Sample {
        Sample {
            time: Timestamp(ms * 1_000_000),
            bytes,
            keyframe: false,
            lag: Span::from_millis(ms / 100),
            skew: None,
        }
    }

    #[test]
    fn messages_fall_into_the_second_in_which_they_arrive() {
        let mut history = History::default();
        for ms in [5_000, 5_999, 6_000, 8_500] {
            history.push(sample(ms, 125), ALL);
        }
        let bytes: Vec<_> = history.buckets().iter().map(|b| b.bytes).collect();
        assert_eq!(bytes, [250, 125, 0, 125]);
        assert_eq!(history.buckets()[0].lag_ms, 59);
        assert!((history.buckets()[0].kbits_per_second(history.width()) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_bucket_that_fills_is_not_closed() {
        let mut history = History::default();
        assert!(history.closed().is_empty());
        history.push(sample(0, 125), ALL);
        assert!(history.closed().is_empty());
        history.push(sample(1500, 7), ALL);
        let bytes: Vec<_> = history.closed().iter().map(|b| b.bytes).collect();
        assert_eq!(bytes, [125]);
    }

    #[test]
    fn full_buckets_are_merged_by_twos() {
        let mut history = History::default();
        for second in 0..17 {
            history.push(sample(second * 1000, 10), limit_of(MIN_BUCKETS));
        }
        assert_eq!(history.width(), Span::from_secs(2));
        assert_eq!(history.buckets().len(), 9);
        assert_eq!(history.buckets()[0].bytes, 20);
        assert_eq!(history.buckets()[8].bytes, 10);
        assert_eq!(history.buckets()[7].lag_ms, 150);
    }

    #[test]
    fn nothing_is_lost_in_merging() {
        let mut history = History::default();
        for second in 0..100_000 {
            history.push(sample(second * 1000, 1), ALL);
        }
        assert!(history.buckets().len() <= MAX_BUCKETS);
        let frames: u32 = history.buckets().iter().map(|b| b.frames).sum();
        assert_eq!(frames, 100_000);
    }

    #[test]
    fn a_pause_of_years_is_one_doubling_after_the_other() {
        let mut history = History::default();
        history.push(sample(0, 1), ALL);
        let last = Sample {
            time: Timestamp(i64::MAX),
            ..sample(0, 1)
        };
        history.push(last, ALL);
        assert!(history.buckets().len() <= MAX_BUCKETS);
        history.push(sample(-5_000, 1), ALL);
        assert_eq!(history.buckets()[0].bytes, 2);
    }

    #[test]
    fn a_lower_limit_coarsens_at_once() {
        let mut history = History::default();
        for second in 0..64 {
            history.push(sample(second * 1000, 1), ALL);
        }
        history.shrink(limit_of(16));
        assert_eq!(history.buckets().len(), 16);
        assert_eq!(history.width(), Span::from_secs(4));
        assert!(history.course.unwrap().buckets.capacity() <= 16);
    }

    #[test]
    fn without_a_limit_above_none_nothing_is_kept() {
        let mut history = History::default();
        history.push(sample(0, 1), ALL);
        history.shrink(0);
        history.push(sample(0, 1), 0);
        assert!(history.buckets().is_empty());
    }

    #[test]
    fn short_connections_hold_few_buckets() {
        let mut history = History::default();
        history.push(sample(0, 1), ALL);
        assert_eq!(history.course.unwrap().buckets.capacity(), GROWTH);
    }

    #[test]
    fn a_worse_lag_outlives_a_merge_with_silence() {
        let loud = Bucket {
            lag_ms: 900,
            frames: 1,
            ..Bucket::default()
        };
        assert_eq!(loud.merged(Bucket::default()).lag_ms, 900);
        assert_eq!(Bucket::default().merged(loud).lag_ms, 900);
    }
}
