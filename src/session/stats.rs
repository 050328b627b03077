//! Rates over an interval: what a periodic record or a live view says.

use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::inferred::Inference;
use crate::session::Session;
use crate::session::clock::as_f64;
use crate::session::track::TrackKey;

/// What happened since the snapshot before, and where things stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// End of the interval.
    pub at: Timestamp,
    /// Length of the interval.
    pub interval: Span,
    /// By sender.
    pub directions: PerSide<DirectionStats>,
    /// By track.
    pub tracks: Vec<TrackStats>,
    /// Calls that wait for an answer.
    pub calls_waiting: u32,
}

/// One direction in an interval.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DirectionStats {
    /// Messages.
    pub messages: u64,
    /// Payload bytes.
    pub payload_bytes: u64,
    /// Bytes of chunk headers.
    pub header_bytes: u64,
    /// Thousands of bits per second of capture time, chunk headers included.
    pub kbits: f64,
    /// Bytes not acknowledged at the end of the interval; `None` without a window.
    pub unacked: Option<u64>,
}

/// One track in an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackStats {
    /// Which.
    pub key: TrackKey,
    /// Coded frames.
    pub frames: u64,
    /// Keyframes.
    pub keyframes: u64,
    /// Payload bytes.
    pub payload_bytes: u64,
    /// Frames per second of capture time.
    pub frame_rate: f64,
    /// Thousands of bits per second of capture time.
    pub kbits: f64,
    /// Lag at the end of the interval.
    pub lag: Option<Span>,
    /// Interarrival jitter at the end of the interval, milliseconds.
    pub jitter_ms: Option<f64>,
    /// Audio/video skew at the end of the interval, milliseconds; positive when audio is ahead.
    pub skew_ms: Option<f64>,
    /// From what the message stream is inferred.
    pub stream_from: Option<Inference>,
    /// From what the timestamps behind the skew are inferred.
    pub skew_from: Option<Inference>,
}

/// Counts at the latest snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Counters {
    at: Timestamp,
    directions: PerSide<(u64, u64, u64)>,
    tracks: Vec<(TrackKey, u64, u64, u64)>,
}

impl Session {
    /// Rates since the call before, or since the first message.
    pub fn stats_snapshot(&mut self, at: Timestamp) -> Stats {
        let before = self.counters.take().map(|counters| *counters);
        let begin = before.as_ref().map(|before| before.at).or_else(|| {
            let first = |side| self.directions.of(side).first().map(|mark| mark.time);
            [first(Side::Client), first(Side::Server)]
                .into_iter()
                .flatten()
                .min()
        });
        let before = before.unwrap_or_default();
        let interval = begin.map_or(Span::ZERO, |begin| at.since(begin).max(Span::ZERO));
        let mut now = Counters {
            at,
            ..Counters::default()
        };
        let mut directions = PerSide::<DirectionStats>::default();
        for side in Side::BOTH {
            let direction = self.directions.of(side);
            let counted = (
                direction.messages(),
                direction.payload_bytes(),
                direction.header_bytes(),
            );
            let earlier = *before.directions.of(side);
            let payload_bytes = counted.1.saturating_sub(earlier.1);
            let header_bytes = counted.2.saturating_sub(earlier.2);
            let window = self.windows.of(side);
            *directions.of_mut(side) = DirectionStats {
                messages: counted.0.saturating_sub(earlier.0),
                payload_bytes,
                header_bytes,
                kbits: kbits(payload_bytes.saturating_add(header_bytes), interval),
                unacked: window.window().map(|_| window.unacked()),
            };
            *now.directions.of_mut(side) = counted;
        }
        let mut tracks = Vec::with_capacity(self.tracks.len());
        for track in &self.tracks {
            let keyframes = track.gops.as_ref().map_or(0, |gops| gops.keyframes.into());
            let counted = (track.key, track.frames(), keyframes, track.payload_bytes);
            now.tracks.push(counted);
            let earlier = before.tracks.iter().find(|earlier| earlier.0 == track.key);
            let (_, frames, keys, bytes) = earlier.copied().unwrap_or((track.key, 0, 0, 0));
            let frames = track.frames().saturating_sub(frames);
            let payload_bytes = track.payload_bytes.saturating_sub(bytes);
            let skew = self.skew_pair(track.key.side, track.key.stream_id);
            tracks.push(TrackStats {
                key: track.key,
                frames,
                keyframes: keyframes.saturating_sub(keys),
                payload_bytes,
                frame_rate: per_second(as_f64(frames), interval),
                kbits: kbits(payload_bytes, interval),
                lag: track.lag(),
                jitter_ms: track.clock.as_ref().map(|clock| clock.jitter_ms),
                skew_ms: skew.and_then(|pair| pair.skew.timestamp_ms()),
                stream_from: track.stream_from,
                skew_from: skew.and_then(|pair| self.skew_from(pair)),
            });
        }
        self.counters = Some(Box::new(now));
        Stats {
            at,
            interval,
            directions,
            tracks,
            calls_waiting: self.calls.waiting(),
        }
    }
}

fn kbits(bytes: u64, interval: Span) -> f64 {
    per_second(as_f64(bytes) * 8.0 / 1000.0, interval)
}

fn per_second(count: f64, interval: Span) -> f64 {
    let seconds = interval.as_secs_f64();
    if seconds > 0.0 { count / seconds } else { 0.0 }
}
