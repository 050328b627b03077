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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Skew {
    /// Audio timestamp minus video timestamp at equal capture time, milliseconds, running mean.
    /// The audio timestamp is carried on from the latest audio message by the time since then.
    pub timestamp_ms: Option<f64>,
    /// Smallest of the running means, once there were enough measurements.
    pub timestamp_min_ms: f64,
    /// Largest of the running means.
    pub timestamp_max_ms: f64,
    /// Capture time of video minus that of audio at equal timestamp, milliseconds, running mean.
    pub arrival_ms: Option<f64>,
    /// Largest distance between the highest timestamps of the two at any instant, milliseconds:
    /// how long one kind came alone.
    pub interleave_max_ms: u32,
    /// Timestamp of the first audio message minus that of the first video frame, milliseconds.
    pub start_timestamp_ms: Option<i32>,
    /// Capture time of the first video frame minus that of the first audio message.
    pub start_arrival: Option<Span>,
    measured: u32,
    /// Boxed, so that a net stream of one medium costs little.
    lines: Option<Box<Lines>>,
}

/// The latest messages of both kinds.
#[derive(Debug, Clone, PartialEq)]
struct Lines {
    audio: Line,
    video: Line,
}

/// Measurements after which the running mean has settled.
const SETTLED: u32 = 32;

/// The latest messages of one kind.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    last: Point,
    points: [Point; RING],
    next: u8,
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
            start_timestamp_ms: Some(audio[0].timestamp.since(video[0].timestamp)),
            start_arrival: Some(video[0].time.since(audio[0].time)),
            lines: Some(Box::new(Lines {
                audio: Line::new(audio[1]),
                video: Line::new(video[1]),
            })),
            ..Self::default()
        }
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
        let Lines { audio, video } = self.lines.as_deref_mut()?;
        match medium {
            Medium::Audio => audio.add(point),
            Medium::Video => video.add(point),
        }
        let apart = audio.last.timestamp.since(video.last.timestamp);
        self.interleave_max_ms = self.interleave_max_ms.max(apart.unsigned_abs());
        if medium == Medium::Video {
            let since_audio = point.time.since(audio.last.time);
            let skew = f64::from(apart) + since_audio.as_millis_f64();
            let mean = running(self.timestamp_ms, skew);
            self.timestamp_ms = Some(mean);
            self.measured = self.measured.saturating_add(1);
            if self.measured == SETTLED {
                (self.timestamp_min_ms, self.timestamp_max_ms) = (mean, mean);
            } else {
                self.timestamp_min_ms = self.timestamp_min_ms.min(mean);
                self.timestamp_max_ms = self.timestamp_max_ms.max(mean);
            }
        }
        let other = match medium {
            Medium::Audio => video,
            Medium::Video => audio,
        };
        if let Some(time) = other.time_of(timestamp) {
            let later = point.time.since(time).as_millis_f64();
            // The message at hand is `later` behind the other kind.
            let ahead = match medium {
                Medium::Audio => -later,
                Medium::Video => later,
            };
            self.arrival_ms = Some(running(self.arrival_ms, ahead));
        }
        self.timestamp_ms.map(millis)
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
            last: point,
            points: [point; RING],
            next: 0,
        }
    }

    fn add(&mut self, point: Point) {
        self.last = point;
        if let Some(slot) = self.points.get_mut(usize::from(self.next)) {
            *slot = point;
        }
        let next = usize::from(self.next).saturating_add(1);
        self.next = u8::try_from(next).ok().filter(|_| next < RING).unwrap_or(0);
    }

    /// When this kind had the given timestamp, between the two messages around it; `None` when
    /// they are not among the remembered ones.
    fn time_of(&self, timestamp: RtmpTimestamp) -> Option<Timestamp> {
        let mut before: Option<(i32, Timestamp)> = None;
        let mut after: Option<(i32, Timestamp)> = None;
        for point in &self.points {
            let offset = point.timestamp.since(timestamp);
            if offset <= 0 && before.is_none_or(|(best, _)| offset > best) {
                before = Some((offset, point.time));
            }
            if offset >= 0 && after.is_none_or(|(best, _)| offset < best) {
                after = Some((offset, point.time));
            }
        }
        let ((before, early), (after, late)) = (before?, after?);
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
        assert!(skew.timestamp_ms.unwrap().abs() < 1e-6);
        assert!(skew.arrival_ms.unwrap().abs() < 1e-6);
        assert_eq!(skew.start_timestamp_ms, Some(0));
    }

    #[test]
    fn audio_ahead_is_positive_both_ways() {
        // Audio timestamped 60 ms ahead of the video that arrives with it: it also arrives
        // 60 ms before the video of equal timestamp.
        let skew = run(60);
        assert!((skew.timestamp_ms.unwrap() - 60.0).abs() < 1e-6);
        assert!((skew.arrival_ms.unwrap() - 60.0).abs() < 1e-6);
        // Two audio messages of 20 ms come between one video frame and the next.
        assert_eq!(skew.interleave_max_ms, 100);
        assert_eq!(skew.start_timestamp_ms, Some(60));
    }

    #[test]
    fn audio_behind_is_negative_both_ways() {
        let skew = run(-100);
        assert!((skew.timestamp_ms.unwrap() + 100.0).abs() < 1e-6);
        assert!((skew.arrival_ms.unwrap() + 100.0).abs() < 1e-6);
        assert!((skew.timestamp_min_ms + 100.0).abs() < 1e-6);
    }
}
