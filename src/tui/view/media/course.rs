//! Figures of a track over time: from the stretches of its history, or where these are too wide
//! for what is shown, from its frames one by one.

use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::session::clock::Clock;
use crate::session::clock::StepKind;
use crate::session::history::Bucket;
use crate::session::skew::Medium;
use crate::session::skew::Point as SkewPoint;
use crate::session::skew::Skew;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::strip::StripFrame;

/// Seconds since the connection began, and the figure then.
pub(super) type Points = Vec<(f64, f64)>;

/// Shortest stretch over which bytes make a bitrate: a few frames of video.
const LEAST_RATE: Span = Span::from_millis(200);

/// Stretches into which the shown time is divided for a bitrate.
const RATES: i64 = 60;

/// Width of the stretches of a history that were never merged: there the lag is that of the last
/// frame, and not the worst.
const UNMERGED: Span = Span::from_secs(1);

/// How far a lag by the frames may be from that of the history, which has whole milliseconds.
const LAG_TOLERANCE_MS: f64 = 2.0;

/// Where a track's figures come from.
pub(super) struct Course<'a> {
    pub(super) track: &'a Track,
    /// The frames one by one; `None` where there are too many, and the history is fine enough.
    pub(super) frames: Option<Vec<&'a StripFrame>>,
    /// When the connection began.
    pub(super) begin: Timestamp,
    /// The time that is shown.
    pub(super) shown: [Timestamp; 2],
}

impl Course<'_> {
    fn seconds(&self, time: Timestamp) -> f64 {
        time.since(self.begin).as_secs_f64()
    }

    fn buckets(&self, buckets: &[Bucket], value: impl Fn(&Bucket) -> Option<f64>) -> Points {
        let history = &self.track.history;
        let width = history.width().as_secs_f64();
        let start = self.seconds(history.start());
        let middle = |at: usize| {
            let at = f64::from(u32::try_from(at).unwrap_or(u32::MAX));
            start + (at + 0.5) * width
        };
        buckets
            .iter()
            .enumerate()
            .filter_map(|(at, bucket)| Some((middle(at), value(bucket)?)))
            .collect()
    }

    /// How far the media are behind the wire, in milliseconds.
    pub(super) fn lag(&self) -> Points {
        match &self.frames {
            Some(frames) => self.lag_of(frames),
            None if self.track.clock.is_none() => Points::new(),
            None => self.buckets(self.track.history.buckets(), |bucket| {
                (bucket.frames > 0).then_some(f64::from(bucket.lag_ms))
            }),
        }
    }

    fn lag_of(&self, frames: &[&StripFrame]) -> Points {
        let mut clock = None;
        let lags: Vec<(Timestamp, f64)> = frames
            .iter()
            .filter_map(|frame| {
                step(&mut clock, frame)?;
                let lag = clock.as_ref().map(Clock::lag)?;
                Some((frame.at.time, lag.as_millis_f64()))
            })
            .collect();
        let before = self.lag_before(frames, &lags);
        let point = |(time, lag): &(Timestamp, f64)| (self.seconds(*time), before + lag);
        in_order(lags.iter().map(point).collect())
    }

    /// The lag of the first frame: by its timestamp, as long as the timestamps ran on evenly; if
    /// not, by what the history has for a later one.
    fn lag_before(&self, frames: &[&StripFrame], lags: &[(Timestamp, f64)]) -> f64 {
        let mut timed = frames
            .iter()
            .filter_map(|frame| Some((frame.at.time, frame.timestamp?)));
        let (Some((time, timestamp)), Some(clock)) = (timed.next(), self.track.clock.as_ref())
        else {
            return 0.0;
        };
        let arrived = time.since(clock.first.time).as_millis_f64();
        let even = arrived - f64::from(timestamp.since(clock.first_timestamp));
        let history = &self.track.history;
        let bucket = |time: Timestamp| {
            let since = time.since(history.start()).nanos().max(0);
            usize::try_from(since.checked_div(history.width().nanos())?).ok()
        };
        let known = lags
            .iter()
            .zip(lags.iter().skip(1))
            .find_map(|(one, next)| {
                let at = bucket(one.0)?;
                let lag = history.buckets().get(at)?.lag_ms;
                (bucket(next.0) != Some(at)).then_some(f64::from(lag) - one.1)
            });
        let is_even = clock.jumps == 0 && clock.backwards == 0;
        match known {
            Some(known) if history.width() <= UNMERGED => {
                if (known - even).abs() <= LAG_TOLERANCE_MS {
                    even
                } else {
                    known
                }
            }
            Some(known) if !is_even => known,
            _ => even,
        }
    }

    /// Bits per second in thousands, and over how long a time they are counted.
    pub(super) fn kbits(&self) -> (Points, Span) {
        let Some(frames) = &self.frames else {
            let width = self.track.history.width();
            let points = self.buckets(self.track.history.closed(), |bucket| {
                Some(bucket.kbits_per_second(width))
            });
            return (points, width);
        };
        let [from, to] = self.shown;
        let width = Span((to.since(from).nanos() / RATES).max(LEAST_RATE.nanos()));
        if to.since(from) < width {
            return (self.rate_of_all(frames), to.since(from));
        }
        // The stretches stand still while the shown time moves.
        let since = from.since(self.begin).nanos();
        let aligned = since.saturating_sub(since.checked_rem(width.nanos()).unwrap_or(0));
        let start = Timestamp(self.begin.0.saturating_add(aligned));
        let place = |time: Timestamp| {
            let since = time.since(start).nanos();
            usize::try_from(since.checked_div(width.nanos())?).ok()
        };
        // The last stretch ends beyond what is shown.
        let count = place(to).unwrap_or(0);
        let mut sums = vec![0_u64; count];
        for frame in frames.iter().filter(|frame| frame.at.time >= start) {
            if let Some(sum) = place(frame.at.time).and_then(|at| sums.get_mut(at)) {
                *sum = sum.saturating_add(u64::from(frame.bytes));
            }
        }
        let first = self.seconds(start);
        let points = sums
            .iter()
            .enumerate()
            .map(|(at, sum)| {
                let at = f64::from(u32::try_from(at).unwrap_or(u32::MAX));
                let bytes = f64::from(u32::try_from(*sum).unwrap_or(u32::MAX));
                let middle = first + (at + 0.5) * width.as_secs_f64();
                (middle, bytes * 8.0 / 1000.0 / width.as_secs_f64())
            })
            .collect();
        (points, width)
    }

    /// The bitrate of all that is shown, where it is too short a time to be divided.
    fn rate_of_all(&self, frames: &[&StripFrame]) -> Points {
        let [from, to] = self.shown;
        let seconds = to.since(from).as_secs_f64();
        if seconds <= 0.0 {
            return Points::new();
        }
        let frames = frames.iter();
        let shown = frames.filter(|frame| from <= frame.at.time && frame.at.time <= to);
        let bytes: f64 = shown.map(|frame| f64::from(frame.bytes)).sum();
        let kbits = bytes * 8.0 / 1000.0 / seconds;
        [from, to].map(|at| (self.seconds(at), kbits)).to_vec()
    }

    /// Milliseconds from one frame to the next: each, or the mean of a stretch of time.
    pub(super) fn gaps(&self) -> Points {
        let Some(frames) = &self.frames else {
            let width = self.track.history.width().as_millis_f64();
            return self.buckets(self.track.history.closed(), |bucket| {
                (bucket.frames > 0).then(|| width / f64::from(bucket.frames))
            });
        };
        let mut times: Vec<Timestamp> = frames.iter().map(|frame| frame.at.time).collect();
        // What came again for what was lost is younger than what follows it.
        times.sort();
        let pairs = times.iter().zip(times.iter().skip(1));
        pairs
            .map(|(one, next)| (self.seconds(*next), next.since(*one).as_millis_f64()))
            .collect()
    }

    /// Milliseconds by which audio is ahead, of the stretches of the history.
    pub(super) fn skew(&self) -> Points {
        self.buckets(self.track.history.buckets(), |bucket| {
            (bucket.frames > 0).then_some(f64::from(bucket.skew_ms))
        })
    }
}

/// What a clock makes of the next frame, which it begins with if there is none; `None` where the
/// frame has no timestamp.
fn step(clock: &mut Option<Clock>, frame: &StripFrame) -> Option<StepKind> {
    let timestamp = frame.timestamp?;
    if let Some(clock) = clock {
        return Some(clock.push(timestamp, frame.from, frame.at).kind);
    }
    let mut new = Clock::new(timestamp, frame.at);
    new.first_from = frame.from;
    new.last_from = frame.from;
    *clock = Some(new);
    Some(StepKind::First)
}

/// Milliseconds by which audio is ahead of video at each of their frames.
pub(super) fn skew_of(
    video: &[&StripFrame],
    audio: &[&StripFrame],
    seconds: impl Fn(Timestamp) -> f64,
) -> Points {
    let mut both: Vec<&StripFrame> = video.iter().chain(audio).copied().collect();
    both.sort_by_key(|frame| frame.number);
    let mut points = Vec::new();
    let mut skew: Option<Skew> = None;
    let mut latest: [Option<SkewPoint>; 2] = [None; 2];
    for frame in both {
        let Some(timestamp) = frame.timestamp else {
            continue;
        };
        let point = SkewPoint {
            timestamp,
            time: frame.at.time,
        };
        let (medium, place) = match frame.track.kind {
            MediaKind::Audio => (Medium::Audio, 0),
            MediaKind::Video => (Medium::Video, 1),
        };
        if let Some(slot) = latest.get_mut(place) {
            *slot = Some(point);
        }
        if let ([Some(audio), Some(video)], None) = (latest, &skew) {
            skew = Some(Skew::new([audio; 2], [video; 2]));
        }
        let ahead = skew
            .as_mut()
            .and_then(|skew| skew.push(medium, timestamp, frame.at));
        if let Some(ahead) = ahead {
            points.push((seconds(frame.at.time), ahead.as_millis_f64()));
        }
    }
    in_order(points)
}

/// Points in the order of capture. Frames follow each other as they were sent: behind bytes that
/// were sent again stand such that were captured before.
fn in_order(mut points: Points) -> Points {
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

/// Which frames something odd happened before: nothing came for long, or the timestamps went back
/// or ahead.
pub(super) fn steps(frames: &[&StripFrame]) -> Vec<StepKind> {
    let mut clock = None;
    frames
        .iter()
        .map(|frame| step(&mut clock, frame).unwrap_or(StepKind::First))
        .collect()
}

/// What of the points is within a stretch of time, with the figures at its edges.
pub(super) fn clipped(points: &Points, [from, to]: [f64; 2]) -> Points {
    let mut out = Points::new();
    let between = |one: (f64, f64), next: (f64, f64), at: f64| {
        let share = (at - one.0) / (next.0 - one.0);
        (at, one.1 + (next.1 - one.1) * share)
    };
    for (index, point) in points.iter().copied().enumerate() {
        let before = index.checked_sub(1).and_then(|at| points.get(at)).copied();
        if let Some(before) = before {
            if before.0 < from && point.0 > from {
                out.push(between(before, point, from));
            }
            if before.0 < to && point.0 > to {
                out.push(between(before, point, to));
            }
        }
        if (from..=to).contains(&point.0) {
            out.push(point);
        }
    }
    out
}

/// The figure at a moment: that of the last point up to it.
pub(super) fn value_at(points: &Points, at: f64) -> Option<f64> {
    // A figure of a stretch of time stands in its middle, and what is a little later is meant, too.
    let place = points.partition_point(|point| point.0 <= at);
    let before = place.checked_sub(1).and_then(|place| points.get(place));
    before.or(points.first()).map(|point| point.1)
}

/// The figures at shares of a list, 0..=100: `quantiles(&[1.0, 2.0], [50, 100])`.
pub(super) fn quantiles<const N: usize>(points: &Points, percent: [usize; N]) -> Option<[f64; N]> {
    let mut values: Vec<f64> = points.iter().map(|point| point.1).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = |percent: usize| {
        // The smallest value that so many hundredths of all are not above.
        let rank = percent.saturating_mul(values.len()).div_ceil(100);
        let place = rank.saturating_sub(1).min(last);
        values.get(place).copied().unwrap_or(0.0)
    };
    Some(percent.map(at))
}

/// How far the timestamp of a frame is from that of the frame before, in milliseconds.
pub(super) fn media_step(one: &StripFrame, next: &StripFrame) -> Option<i32> {
    Some(next.timestamp?.since(one.timestamp?))
}
