//! Audio against video of one net stream: which of the two is ahead.

use crate::base::ids::Mark;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::types::RtmpTimestamp;

/// Messages of each kind that are remembered to find those of equal timestamp: a fifth of a
/// second of audio, more than interleaving usually lets one kind run ahead.
const RING: usize = 8;

/// Weight of the latest measurement in the running values: they follow within half a second of
/// video.
const WEIGHT: f64 = 1.0 / 16.0;

/// Which of the two a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Audio.
    Audio,
    /// Video.
    Video,
}

/// Skew of the first audio track against the first video track of a net stream. Everywhere
/// positive means: audio is ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Skew {
    /// Smallest of the running means, once there were enough measurements.
    pub timestamp_min_ms: f64,
    /// Largest of the running means.
    pub timestamp_max_ms: f64,
    /// Largest distance between the highest timestamps of the two at any instant, milliseconds:
    /// how long one kind came alone.
    pub interleave_max_ms: u32,
    /// Timestamp of the first audio message minus that of the first video frame, milliseconds.
    pub start_timestamp_ms: i32,
    /// Running means, which mean something once they were measured.
    timestamp_ms: f64,
    arrival_ms: f64,
    measured: u32,
    has_arrival: bool,
    audio: Line,
    video: Line,
}

/// Measurements after which the running mean has settled.
const SETTLED: u32 = 32;

/// A pause between two messages of one kind behind which those before it are forgotten: four
/// minutes, so that all that are remembered lie within the range of their ticks.
const MAX_PAUSE: Span = Span::from_secs(240);

/// Nanoseconds of a tick.
const TICK: i64 = 1000;

/// The latest messages of one kind. Their times are kept in ticks modulo 2^32 behind the latest, in
/// half the room: there is a pair of these for each of thousands of connections.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    timestamps: [RtmpTimestamp; RING],
    ticks: [u32; RING],
    last_time: Timestamp,
    /// Place of the latest.
    newest: u8,
}

/// A message of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Point {
    pub(crate) timestamp: RtmpTimestamp,
    pub(crate) time: Timestamp,
}

impl Skew {
    /// The skew of two tracks, when the second of them begins: the first and the latest message
    /// of audio and of video.
    pub(crate) fn new(audio: [Point; 2], video: [Point; 2]) -> Self {
        Self {
            timestamp_min_ms: 0.0,
            timestamp_max_ms: 0.0,
            interleave_max_ms: 0,
            start_timestamp_ms: audio[0].timestamp.since(video[0].timestamp),
            timestamp_ms: 0.0,
            arrival_ms: 0.0,
            measured: 0,
            has_arrival: false,
            audio: Line::new(audio[1]),
            video: Line::new(video[1]),
        }
    }

    /// Audio timestamp minus video timestamp at equal capture time, milliseconds, running mean.
    /// The audio timestamp is carried on from the latest audio message by the time since then.
    pub fn timestamp_ms(&self) -> Option<f64> {
        (self.measured > 0).then_some(self.timestamp_ms)
    }

    /// Capture time of video minus that of audio at equal timestamp, milliseconds, running mean.
    pub fn arrival_ms(&self) -> Option<f64> {
        self.has_arrival.then_some(self.arrival_ms)
    }

    /// Takes a frame or an audio message; gives the running mean of the timestamp skew.
    pub(crate) fn push(
        &mut self,
        medium: Medium,
        timestamp: RtmpTimestamp,
        at: Mark,
    ) -> Option<Span> {
        let point = Point {
            timestamp,
            time: at.time,
        };
        match medium {
            Medium::Audio => self.audio.add(point),
            Medium::Video => self.video.add(point),
        }
        let apart = self.audio.timestamp().since(self.video.timestamp());
        self.interleave_max_ms = self.interleave_max_ms.max(apart.unsigned_abs());
        if medium == Medium::Video {
            let since_audio = point.time.since(self.audio.last_time);
            let skew = f64::from(apart) + since_audio.as_millis_f64();
            let mean = running(self.timestamp_ms(), skew);
            self.timestamp_ms = mean;
            self.measured = self.measured.saturating_add(1);
            if self.measured == SETTLED {
                (self.timestamp_min_ms, self.timestamp_max_ms) = (mean, mean);
            } else {
                self.timestamp_min_ms = self.timestamp_min_ms.min(mean);
                self.timestamp_max_ms = self.timestamp_max_ms.max(mean);
            }
        }
        let other = match medium {
            Medium::Audio => &self.video,
            Medium::Video => &self.audio,
        };
        if let Some(time) = other.time_of(timestamp) {
            let later = point.time.since(time).as_millis_f64();
            // The message at hand is `later` behind the other kind.
            let ahead = match medium {
                Medium::Audio => -later,
                Medium::Video => later,
            };
            self.arrival_ms = running(self.arrival_ms(), ahead);
            self.has_arrival = true;
        }
        self.timestamp_ms().map(millis)
    }
}

fn running(mean: Option<f64>, value: f64) -> f64 {
    mean.map_or(value, |mean| mean + (value - mean) * WEIGHT)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and a skew of 292 years is as good as any"
)]
fn millis(millis: f64) -> Span {
    Span((millis * 1e6) as i64)
}

impl Line {
    fn new(point: Point) -> Self {
        Self {
            timestamps: [point.timestamp; RING],
            ticks: [point.time.ticks::<TICK>(); RING],
            last_time: point.time,
            newest: 0,
        }
    }

    fn add(&mut self, point: Point) {
        let pause = point.time.since(self.last_time).nanos();
        if pause.saturating_abs() > MAX_PAUSE.nanos() {
            *self = Self::new(point);
            return;
        }
        let next = usize::from(self.newest).saturating_add(1) % RING;
        if let Some(timestamp) = self.timestamps.get_mut(next)
            && let Some(ticks_of_it) = self.ticks.get_mut(next)
        {
            (*timestamp, *ticks_of_it) = (point.timestamp, point.time.ticks::<TICK>());
        }
        self.last_time = point.time;
        self.newest = u8::try_from(next).unwrap_or(0);
    }

    /// The latest timestamp.
    fn timestamp(&self) -> RtmpTimestamp {
        let newest = self.timestamps.get(usize::from(self.newest));
        newest.copied().unwrap_or_default()
    }

    /// Capture time of the message at a place.
    fn time_at(&self, place: usize) -> Option<Timestamp> {
        let ticks_of_it = self.ticks.get(place)?;
        // Behind the latest, or before it where capture times ran back.
        let behind = self.last_time.ticks::<TICK>().wrapping_sub(*ticks_of_it);
        let behind = i64::from(behind.cast_signed()).saturating_mul(TICK);
        Some(Timestamp(self.last_time.0.saturating_sub(behind)))
    }

    /// When this kind had the given timestamp, between the two messages around it; `None` when
    /// they are not among the remembered ones. Of messages with equal timestamps the first counts.
    fn time_of(&self, timestamp: RtmpTimestamp) -> Option<Timestamp> {
        let mut before: Option<(i32, usize)> = None;
        let mut after: Option<(i32, usize)> = None;
        let oldest = usize::from(self.newest).saturating_add(1);
        for behind_oldest in 0..RING {
            let place = oldest.saturating_add(behind_oldest) % RING;
            let offset = self.timestamps.get(place)?.since(timestamp);
            if offset <= 0 && before.is_none_or(|(best, _)| offset > best) {
                before = Some((offset, place));
            }
            if offset >= 0 && after.is_none_or(|(best, _)| offset < best) {
                after = Some((offset, place));
            }
        }
        let ((before, early), (after, late)) = (before?, after?);
        let (early, late) = (self.time_at(early)?, self.time_at(late)?);
        let media = i64::from(after).saturating_sub(i64::from(before));
        let into = i64::from(before).saturating_neg();
        let time = late
            .since(early)
            .0
            .checked_div(media)
            .unwrap_or(0)
            .saturating_mul(into);
        Some(Timestamp(early.0.saturating_add(time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;

    /// Feeds ten seconds of 25 fps video and audio every 20 ms; audio timestamps are `ahead`
    /// of their arrival, audio arrives with `delay`.
    fn run(ahead: i64) -> Skew {
        let first = |timestamp: i64| Point {
            timestamp: RtmpTimestamp(u32::try_from(timestamp).unwrap()),
            time: Timestamp(0),
        };
        let mut skew = Skew::new([first(1000 + ahead); 2], [first(1000); 2]);
        for tick in 0..500_i64 {
            let time = tick * 20;
            let at = Mark {
                time: Timestamp(time * 1_000_000),
                frame: FrameNumber(1),
            };
            let audio = u32::try_from(1000 + time + ahead).unwrap();
            skew.push(Medium::Audio, RtmpTimestamp(audio), at);
            if tick % 2 == 0 {
                let video = u32::try_from(1000 + time).unwrap();
                skew.push(Medium::Video, RtmpTimestamp(video), at);
            }
        }
        skew
    }

    #[test]
    fn audio_in_step_with_video_has_no_skew() {
        let skew = run(0);
        assert!(skew.timestamp_ms().unwrap().abs() < 1e-6);
        assert!(skew.arrival_ms().unwrap().abs() < 1e-6);
        assert_eq!(skew.start_timestamp_ms, 0);
    }

    #[test]
    fn audio_ahead_is_positive_both_ways() {
        // Audio timestamped 60 ms ahead of the video that arrives with it: it also arrives
        // 60 ms before the video of equal timestamp.
        let skew = run(60);
        assert!((skew.timestamp_ms().unwrap() - 60.0).abs() < 1e-6);
        assert!((skew.arrival_ms().unwrap() - 60.0).abs() < 1e-6);
        // Two audio messages of 20 ms come between one video frame and the next.
        assert_eq!(skew.interleave_max_ms, 100);
        assert_eq!(skew.start_timestamp_ms, 60);
    }

    #[test]
    fn of_equal_timestamps_the_first_counts_and_a_long_pause_forgets() {
        let point = |timestamp, ms: i64| Point {
            timestamp: RtmpTimestamp(timestamp),
            time: Timestamp(ms * 1_000_000),
        };
        let mut line = Line::new(point(1000, 0));
        for ms in [20, 21, 22] {
            line.add(point(1020, ms));
        }
        line.add(point(1040, 40));
        let time_of = |line: &Line, timestamp| line.time_of(RtmpTimestamp(timestamp));
        assert_eq!(time_of(&line, 1020), Some(Timestamp(20_000_000)));
        assert_eq!(time_of(&line, 1030), Some(Timestamp(30_000_000)));
        line.add(point(5000, 400_000));
        assert_eq!(time_of(&line, 1020), None);
        assert_eq!(time_of(&line, 5000), Some(Timestamp(400_000_000_000)));
    }

    #[test]
    fn audio_behind_is_negative_both_ways() {
        let skew = run(-100);
        assert!((skew.timestamp_ms().unwrap() + 100.0).abs() < 1e-6);
        assert!((skew.arrival_ms().unwrap() + 100.0).abs() < 1e-6);
        assert!((skew.timestamp_min_ms + 100.0).abs() < 1e-6);
    }
}
