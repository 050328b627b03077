//! Media tracks: what a side sends on one message stream as one audio or video track, and how it
//! keeps time.

use std::fmt;
use std::hash::BuildHasher as _;
use std::hash::Hasher as _;
use std::ops::Deref;

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::inferred::Inference;
use crate::rtmp::media::channels::MultichannelConfig;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::RtmpTimestamp;
use crate::session::clock::Clock;
use crate::session::clock::Step;
use crate::session::clock::StepKind;
use crate::session::clock::as_f64;
use crate::session::gop::Gops;
use crate::session::history::History;
use crate::session::history::Sample;
use crate::session::history::limit_of;

#[cfg(test)]
mod tests;

/// Most tracks kept per connection: twice the tracks of the largest ladders in use.
pub const MAX_TRACKS: usize = 64;

/// Width of the window for the highest bitrate.
const RATE_WINDOW: Span = Span::from_secs(1);

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

impl MediaKind {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

/// Which track of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackKey {
    /// Who sends it.
    pub side: Side,
    /// Message stream.
    pub stream_id: MessageStreamId,
    /// What it carries.
    pub kind: MediaKind,
    /// Track id of Enhanced RTMP; 0 for the default track.
    pub id: u8,
}

impl fmt::Display for TrackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = self.side.name();
        f.write_str(self.kind.name())?;
        if self.id != 0 {
            write!(f, " track {}", self.id)?;
        }
        write!(f, " of {side} on stream {}", self.stream_id)
    }
}

/// What a codec's configuration says.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackConfig {
    /// Of an audio codec.
    Audio(AudioConfig),
    /// Of a video codec.
    Video(VideoConfig),
}

/// Composition times: how far presentation lies behind decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Composition {
    /// Smallest, milliseconds.
    pub min_ms: i32,
    /// Largest, milliseconds.
    pub max_ms: i32,
    /// Frames with another composition time than 0.
    pub nonzero: u32,
    /// Frames with a negative composition time.
    pub negative: u32,
}

/// One track. What few of them have lies in [`Special`], and is read as if it were here.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Which.
    pub key: TrackKey,
    /// Codec as the wire names it.
    pub codec: Option<CodecId>,
    /// Whether its messages have the headers of Enhanced RTMP.
    pub is_enhanced: bool,
    /// From what the message stream of the latest message is inferred.
    pub stream_from: Option<Inference>,
    /// Whether the sender ended the sequence and sent nothing since.
    pub is_ended: bool,
    /// What the latest codec configuration says.
    pub config: Option<TrackConfig>,
    /// Codec configurations that came.
    pub configs: u32,
    /// What brought the first message.
    pub first: Mark,
    /// What brought the latest message.
    pub last: Mark,
    /// Messages.
    pub messages: u64,
    /// Coded frames, or audio messages with sound: of a hundred a second, those of more than a year.
    frames: u32,
    /// Payload bytes of all messages.
    pub payload_bytes: u64,
    /// Payload bytes of coded frames.
    pub frame_bytes: u64,
    /// Largest coded frame in payload bytes.
    pub largest_frame: u32,
    /// Highest bitrate within one second of capture time, thousands of bits per second.
    pub kbits_max: u32,
    /// Timing, once there was a coded frame. Configurations and metadata are no part of it.
    pub clock: Option<Clock>,
    /// Groups of pictures, once there was a keyframe.
    pub gops: Option<Box<Gops>>,
    /// Composition times, of video codecs that have them.
    pub composition: Option<Composition>,
    /// Course over time.
    pub history: History,
    /// Most buckets of it.
    history_limit: u16,
    /// Whether its first message or configuration was told.
    pub(crate) is_told: bool,
    config_hash: u64,
    last_length: u32,
    window_start: Timestamp,
    window_bytes: u32,
    special: Option<Box<Special>>,
}

/// What few tracks have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Special {
    /// Configurations that differ from the one before.
    pub config_changes: u32,
    /// Speakers of the channels, where a MultichannelConfig packet names them.
    pub multichannel: Option<Box<MultichannelConfig>>,
    /// Size of the pictures by the latest keyframe, of codecs that repeat it there.
    pub picture_size: Option<PictureSize>,
    /// Frames with the timestamp and the length of the one before.
    pub duplicates: u32,
    /// Frames that no other refers to (frame type 3).
    pub disposable: u32,
    /// Audio messages without any sound.
    pub silence: u32,
}

impl Special {
    const NONE: Self = Self {
        config_changes: 0,
        multichannel: None,
        picture_size: None,
        duplicates: 0,
        disposable: 0,
        silence: 0,
    };
}

impl Deref for Track {
    type Target = Special;

    fn deref(&self) -> &Special {
        static NONE: Special = Special::NONE;
        self.special.as_deref().unwrap_or(&NONE)
    }
}

/// A coded frame as its message says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// `None` where no header told the time between the frames.
    pub(crate) timestamp: Option<RtmpTimestamp>,
    /// From what the timestamp is inferred.
    pub(crate) from: Option<Inference>,
    pub(crate) at: Mark,
    /// Payload bytes.
    pub(crate) bytes: u32,
    pub(crate) is_key: bool,
    pub(crate) is_disposable: bool,
    pub(crate) composition_ms: Option<i32>,
}

/// What a configuration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Configured {
    /// It is the first.
    First,
    /// It repeats the one before.
    Again,
    /// It differs from the one before.
    Changed,
}

impl Track {
    pub(crate) fn new(key: TrackKey, at: Mark, history_limit: usize) -> Self {
        Self {
            key,
            codec: None,
            is_enhanced: false,
            stream_from: None,
            is_ended: false,
            config: None,
            configs: 0,
            first: at,
            last: at,
            messages: 0,
            frames: 0,
            payload_bytes: 0,
            frame_bytes: 0,
            largest_frame: 0,
            kbits_max: 0,
            clock: None,
            gops: None,
            composition: None,
            history: History::default(),
            history_limit: limit_of(history_limit),
            is_told: false,
            config_hash: 0,
            last_length: 0,
            window_start: at.time,
            window_bytes: 0,
            special: None,
        }
    }

    /// Codec, where it is a documented one.
    pub fn codec(&self) -> Option<Codec> {
        self.codec?.codec()
    }

    /// Whether its frames cannot be decoded without a configuration, and none came.
    pub fn lacks_config(&self) -> bool {
        self.configs == 0 && self.codec().is_some_and(needs_config)
    }

    /// Video configuration.
    pub fn video(&self) -> Option<&VideoConfig> {
        match &self.config {
            Some(TrackConfig::Video(config)) => Some(config),
            _ => None,
        }
    }

    /// Audio configuration.
    pub fn audio(&self) -> Option<&AudioConfig> {
        match &self.config {
            Some(TrackConfig::Audio(config)) => Some(config),
            _ => None,
        }
    }

    /// Size of the pictures by configuration or keyframe.
    pub fn picture_size(&self) -> Option<PictureSize> {
        self.video()
            .and_then(|config| config.size)
            .or(self.picture_size)
    }

    /// Whether there are frames of which no header told the time.
    pub fn is_untimed(&self) -> bool {
        self.clock.is_none() && self.frames > 0
    }

    /// Frames per second of media time, once it means something; of capture time, where no header
    /// told the other.
    pub fn frame_rate(&self) -> Option<f64> {
        match &self.clock {
            Some(clock) => clock.rate(),
            None => Some(f64::from(self.frames) * 1000.0 / self.captured_ms()?),
        }
    }

    /// Mean bitrate of the coded frames in thousands of bits per second of media time, once it
    /// means something; of capture time, where no header told the other.
    pub fn kbits(&self) -> Option<f64> {
        let millis = match &self.clock {
            Some(clock) => as_f64(clock.media_span_ms()) + clock.interval_ms()?,
            None => self.captured_ms()?,
        };
        Some(as_f64(self.frame_bytes) * 8.0 / millis)
    }

    /// Milliseconds of capture from its first message to the latest, once they mean something.
    fn captured_ms(&self) -> Option<f64> {
        let span = self.last.time.since(self.first.time);
        (span >= Span::from_secs(1)).then(|| span.as_millis_f64())
    }

    /// From what its latest timestamp is inferred.
    pub fn time_from(&self) -> Option<Inference> {
        self.clock.as_ref()?.last_from
    }

    /// Lag of the media clock behind the capture clock now.
    pub fn lag(&self) -> Option<Span> {
        Some(self.clock.as_ref()?.lag())
    }

    /// Counts a message, whatever it carries.
    pub(crate) fn message(&mut self, at: Mark, bytes: u32) {
        self.messages = self.messages.saturating_add(1);
        self.payload_bytes = self.payload_bytes.saturating_add(u64::from(bytes));
        self.last = at;
        self.roll_window(at.time);
        self.window_bytes = self.window_bytes.saturating_add(bytes);
    }

    /// Takes a coded frame. Returns what the clock made of it.
    pub(crate) fn frame(&mut self, frame: &Frame) -> Step {
        self.is_ended = false;
        self.frames = self.frames.saturating_add(1);
        self.frame_bytes = self.frame_bytes.saturating_add(u64::from(frame.bytes));
        self.largest_frame = self.largest_frame.max(frame.bytes);
        if frame.is_disposable {
            let special = self.special();
            special.disposable = special.disposable.saturating_add(1);
        }
        let step = self.step(frame);
        let is_repeated = step.media_ms == 0 && step.kind != StepKind::First;
        if is_repeated && frame.bytes == self.last_length {
            let special = self.special();
            special.duplicates = special.duplicates.saturating_add(1);
        }
        self.last_length = frame.bytes;
        if let Some(composition) = frame.composition_ms {
            self.note_composition(composition);
        }
        if self.key.kind == MediaKind::Video {
            self.note_gop(frame);
        }
        step
    }

    /// What the clock makes of a frame.
    fn step(&mut self, frame: &Frame) -> Step {
        let none = Step {
            media_ms: 0,
            arrival: Span::ZERO,
            kind: StepKind::First,
        };
        match (&mut self.clock, frame.timestamp) {
            (Some(clock), Some(timestamp)) => clock.push(timestamp, frame.from, frame.at),
            (Some(clock), None) => {
                clock.pass_hole();
                none
            }
            (None, Some(timestamp)) => {
                let mut clock = Clock::new(timestamp, frame.at);
                clock.first_from = frame.from;
                clock.last_from = frame.from;
                self.clock = Some(clock);
                none
            }
            (None, None) => none,
        }
    }

    /// Enters a frame into the course over time.
    pub(crate) fn remember(&mut self, frame: &Frame, skew: Option<Span>) {
        let lag = self.clock.as_ref().map_or(Span::ZERO, Clock::lag);
        let sample = Sample {
            time: frame.at.time,
            bytes: frame.bytes,
            keyframe: frame.is_key,
            lag,
            skew,
        };
        self.history.push(sample, self.history_limit);
    }

    /// What few tracks have, to note some of it.
    pub(crate) fn special(&mut self) -> &mut Special {
        self.special.get_or_insert_default()
    }

    /// Takes a configuration record with its bytes.
    pub(crate) fn configure(
        &mut self,
        config: impl FnOnce() -> Option<TrackConfig>,
        record: &[u8],
    ) -> Configured {
        let mut hasher = foldhash::fast::FixedState::with_seed(0).build_hasher();
        hasher.write(record);
        let hash = hasher.finish();
        let done = match self.configs {
            0 => Configured::First,
            _ if hash == self.config_hash => Configured::Again,
            _ => Configured::Changed,
        };
        self.configs = self.configs.saturating_add(1);
        self.config_hash = hash;
        if done != Configured::Again {
            self.config = config().or(self.config.take());
        }
        if done == Configured::Changed {
            let special = self.special();
            special.config_changes = special.config_changes.saturating_add(1);
        }
        done
    }

    /// Coded frames, or audio messages with sound.
    pub fn frames(&self) -> u64 {
        u64::from(self.frames)
    }

    /// Keeps at most this many buckets and groups of pictures from now on.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.history_limit = limit_of(limit);
        self.history.shrink(self.history_limit);
        if let Some(gops) = &mut self.gops {
            gops.set_limit(limit);
        }
    }

    fn note_composition(&mut self, milliseconds: i32) {
        let composition = self.composition.get_or_insert(Composition {
            min_ms: milliseconds,
            max_ms: milliseconds,
            nonzero: 0,
            negative: 0,
        });
        composition.min_ms = composition.min_ms.min(milliseconds);
        composition.max_ms = composition.max_ms.max(milliseconds);
        composition.nonzero = composition
            .nonzero
            .saturating_add(u32::from(milliseconds != 0));
        composition.negative = composition
            .negative
            .saturating_add(u32::from(milliseconds < 0));
    }

    fn note_gop(&mut self, frame: &Frame) {
        let timestamp_ms = self.clock.as_ref().map_or(0, |clock| clock.unwrapped_ms);
        match (&mut self.gops, frame.is_key) {
            (Some(gops), true) => gops.keyframe(frame.at, timestamp_ms, frame.bytes),
            (Some(gops), false) => gops.frame(frame.bytes),
            (None, true) => {
                let limit = usize::from(self.history_limit);
                let gops = Gops::new(frame.at, timestamp_ms, frame.bytes, limit);
                self.gops = Some(Box::new(gops));
            }
            (None, false) => {}
        }
    }

    /// Closes the one-second window of the bitrate when it is over.
    fn roll_window(&mut self, now: Timestamp) {
        let since = now.since(self.window_start);
        if since < RATE_WINDOW {
            return;
        }
        let kbits = self.window_bytes.wrapping_div(125);
        self.kbits_max = self.kbits_max.max(kbits);
        self.window_bytes = 0;
        // The next window begins on the same raster, however long the pause was.
        let past = since.0.checked_rem(RATE_WINDOW.0).unwrap_or(0);
        self.window_start = Timestamp(now.0.saturating_sub(past));
    }
}

/// Whether frames of a codec cannot be decoded without a configuration record.
fn needs_config(codec: Codec) -> bool {
    matches!(
        codec,
        Codec::Avc | Codec::Hevc | Codec::Vvc | Codec::Av1 | Codec::Aac | Codec::Flac
    )
}
