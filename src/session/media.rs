//! How audio and video messages move a session: into tracks, their timing, and what the first of
//! them say about the setup.

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::event::RawMessage;
use crate::rtmp::media::audio::AudioPacket;
use crate::rtmp::media::audio::AudioTag;
use crate::rtmp::media::channels::MultichannelConfig;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::video::FrameKind;
use crate::rtmp::media::video::VideoPacket;
use crate::rtmp::media::video::VideoTag;
use crate::rtmp::types::MessageStreamId;
use crate::session::AvSkew;
use crate::session::Session;
use crate::session::anomaly::SessionAnomalyKind;
use crate::session::clock::Step;
use crate::session::clock::StepKind;
use crate::session::fact::Fact;
use crate::session::history::MAX_BUCKETS;
use crate::session::metadata::Figures;
use crate::session::netstream::StreamState;
use crate::session::skew::Medium;
use crate::session::skew::Point;
use crate::session::skew::Skew;
use crate::session::track::Configured;
use crate::session::track::Frame;
use crate::session::track::MAX_TRACKS;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::session::track::TrackConfig;
use crate::session::track::TrackKey;

/// Most net streams of which audio is held against video.
const MAX_SKEWS: usize = 8;

/// Frames of a track after which its metadata is compared with it again.
const COMPARE_EVERY: u64 = 64;

/// Media that goes on this long after a refusal was not on its way before it.
const REFUSAL_GRACE: Span = Span::from_secs(1);

impl Session {
    pub(super) fn audio(
        &mut self,
        side: Side,
        raw: &RawMessage,
        tag: &AudioTag,
        facts: &mut Vec<Fact>,
    ) {
        if tag.packet == AudioPacket::Silence {
            let key = key(side, raw, MediaKind::Audio, 0);
            if let Some(track) = self.known_track(key) {
                track.message(raw.completed(), 0);
                let special = track.special();
                special.silence = special.silence.saturating_add(1);
            }
            return;
        }
        for part in &tag.tracks {
            let key = key(side, raw, MediaKind::Audio, part.id);
            let bytes = length(&part.payload);
            let Some(index) = self.track_index(key, raw) else {
                continue;
            };
            self.message_of(
                index,
                part.codec,
                tag.is_enhanced,
                raw.completed(),
                bytes,
                facts,
            );
            let config = || Some(TrackConfig::Audio(part.config?));
            // FFmpeg begins AC-3 with a record of no bytes: nothing that could change.
            if tag.packet == AudioPacket::SequenceStart && bytes > 0 {
                let record = raw.body.get(part.payload.clone()).unwrap_or_default();
                self.configured(index, config, record, raw.completed(), facts);
            } else if tag.packet == AudioPacket::MultichannelConfig {
                self.speakers(index, part.channels.as_deref(), raw.completed(), facts);
            } else if tag.is_coded() {
                if let Some(said) = &part.config
                    && self.tracks.get(index).and_then(Track::audio) != Some(said)
                    && part.codec.codec() != Some(Codec::Aac)
                {
                    // The header of the frame itself says it, as for MP3.
                    self.configured(
                        index,
                        config,
                        raw.body.get(..1).unwrap_or_default(),
                        raw.completed(),
                        facts,
                    );
                }
                let frame = Frame {
                    timestamp: raw.told_timestamp(),
                    from: raw.inferred.timestamp,
                    at: raw.completed(),
                    bytes,
                    is_key: false,
                    is_disposable: false,
                    composition_ms: None,
                };
                self.framed(index, &frame, facts);
            } else if tag.packet == AudioPacket::SequenceEnd {
                self.ended(index);
            }
        }
    }

    pub(super) fn video(
        &mut self,
        side: Side,
        raw: &RawMessage,
        tag: &VideoTag,
        facts: &mut Vec<Fact>,
    ) {
        for part in &tag.tracks {
            let key = key(side, raw, MediaKind::Video, part.id);
            let bytes = length(&part.payload);
            let Some(index) = self.track_index(key, raw) else {
                continue;
            };
            self.message_of(
                index,
                part.codec,
                tag.is_enhanced,
                raw.completed(),
                bytes,
                facts,
            );
            if tag.is_config() {
                let config = || Some(TrackConfig::Video(part.config.as_deref()?.clone()));
                let record = raw.body.get(part.payload.clone()).unwrap_or_default();
                self.configured(index, config, record, raw.completed(), facts);
            } else if tag.is_coded() {
                if let Some(size) = part.picture_size
                    && let Some(track) = self.tracks.get_mut(index)
                {
                    track.special().picture_size = Some(size);
                }
                let frame = Frame {
                    timestamp: raw.told_timestamp(),
                    from: raw.inferred.timestamp,
                    at: raw.completed(),
                    bytes,
                    is_key: tag.is_key(),
                    is_disposable: tag.frame == Some(FrameKind::Disposable),
                    composition_ms: part.composition_time_ms,
                };
                self.framed(index, &frame, facts);
            } else if tag.packet == VideoPacket::SequenceEnd {
                self.ended(index);
            }
        }
    }

    fn known_track(&mut self, key: TrackKey) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.key == key)
    }

    /// The track of a key, made when it is new; `None` when there are too many.
    fn track_index(&mut self, key: TrackKey, raw: &RawMessage) -> Option<usize> {
        let known = self.tracks.iter().position(|track| track.key == key);
        if let Some(track) = known.and_then(|index| self.tracks.get_mut(index)) {
            track.stream_from = raw.inferred.stream_id;
            return known;
        }
        if self.tracks.len() >= MAX_TRACKS {
            self.other_track_messages = self.other_track_messages.saturating_add(1);
            return None;
        }
        let limit = self.history_limit.map_or(MAX_BUCKETS, usize::from);
        self.tracks.reserve_exact(1);
        let mut track = Track::new(key, raw.completed(), limit);
        track.stream_from = raw.inferred.stream_id;
        self.tracks.push(track);
        self.tracks.len().checked_sub(1)
    }

    /// Any message of a track.
    fn message_of(
        &mut self,
        index: usize,
        codec: CodecId,
        is_enhanced: bool,
        at: Mark,
        bytes: u32,
        facts: &mut Vec<Fact>,
    ) {
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        track.message(at, bytes);
        track.is_enhanced = is_enhanced;
        if track.codec != Some(codec) {
            let was_told = track.is_told && track.codec.is_some();
            track.codec = Some(codec);
            if was_told {
                let track = track.key;
                facts.push(Fact::TrackChanged { track, at });
            }
        }
    }

    fn configured(
        &mut self,
        index: usize,
        config: impl FnOnce() -> Option<TrackConfig>,
        record: &[u8],
        at: Mark,
        facts: &mut Vec<Fact>,
    ) {
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        let done = track.configure(config, record);
        let key = track.key;
        if done == Configured::Again {
            return;
        }
        if track.is_told {
            facts.push(Fact::TrackChanged { track: key, at });
        } else {
            track.is_told = true;
            facts.push(Fact::TrackConfigured { track: key, at });
        }
        if done == Configured::Changed {
            let kind = SessionAnomalyKind::MediaConfigChanged { track: key };
            self.odd(kind, key.side, at, facts);
        }
        self.compare_metadata(index, at, facts);
    }

    /// The speakers of an audio track.
    fn speakers(
        &mut self,
        index: usize,
        channels: Option<&MultichannelConfig>,
        at: Mark,
        facts: &mut Vec<Fact>,
    ) {
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        if track.multichannel.as_deref() != channels {
            track.special().multichannel = channels.cloned().map(Box::new);
            if track.is_told {
                let track = track.key;
                facts.push(Fact::TrackChanged { track, at });
            }
        }
    }

    /// A coded frame of a track.
    fn framed(&mut self, index: usize, frame: &Frame, facts: &mut Vec<Fact>) {
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        let key = track.key;
        if !track.is_told {
            track.is_told = true;
            let at = frame.at;
            facts.push(Fact::TrackConfigured { track: key, at });
        }
        let lacks_config = track.lacks_config();
        let is_rebased = track.clock.is_some() && track.time_from() != frame.from;
        let step = track.frame(frame);
        let count = track.frames();
        self.goodbye = None;
        if is_rebased {
            // What was compared is not comparable with what comes.
            let is_its = |pair: &AvSkew| pair.side == key.side && pair.stream_id == key.stream_id;
            self.skews.retain(|pair| !is_its(pair));
        }
        let skew = self.skewed(key, frame);
        if let Some(track) = self.tracks.get_mut(index) {
            track.remember(frame, skew);
        }
        self.judge_step(key, step, frame.at, facts);
        if lacks_config && self.is_from_begin() {
            let kind = SessionAnomalyKind::MediaNoConfig { track: key };
            self.odd(kind, key.side, frame.at, facts);
        }
        self.check_stream(key, frame.at, facts);
        if count.is_multiple_of(COMPARE_EVERY) {
            self.compare_metadata(index, frame.at, facts);
        }
    }

    /// The server began, moved or resumed playback: its timestamps may begin anew.
    pub(super) fn agree_break(&mut self, stream_id: MessageStreamId) {
        // Some servers send to players on message stream 0.
        let is_its = |id: MessageStreamId| id == stream_id || id == MessageStreamId::default();
        let played = self
            .tracks
            .iter_mut()
            .filter(|track| track.key.side == Side::Server && is_its(track.key.stream_id));
        for clock in played.filter_map(|track| track.clock.as_mut()) {
            clock.agree_break();
        }
    }

    /// The clock that stamps the frames was set ahead by `by`, or back: the lag of each track goes
    /// on from its last value, and calls that wait have waited for as long as before.
    pub(crate) fn clock_stepped(&mut self, by: Span) {
        self.now = Timestamp(self.now.0.saturating_add(by.nanos()));
        self.calls.clock_stepped(by);
        for clock in self.tracks.iter_mut().filter_map(|t| t.clock.as_mut()) {
            clock.agree_break();
        }
    }

    fn ended(&mut self, index: usize) {
        if let Some(track) = self.tracks.get_mut(index) {
            track.is_ended = true;
        }
    }

    /// Holds the default tracks of a net stream against each other.
    fn skewed(&mut self, key: TrackKey, frame: &Frame) -> Option<Span> {
        let timestamp = frame.timestamp.filter(|_| key.id == 0)?;
        let medium = match key.kind {
            MediaKind::Audio => Medium::Audio,
            MediaKind::Video => Medium::Video,
        };
        let same = |pair: &AvSkew| pair.side == key.side && pair.stream_id == key.stream_id;
        let index = match self.skews.iter().position(same) {
            Some(index) => index,
            None if self.skews.len() < MAX_SKEWS => {
                // Both kinds must be there; until then there is nothing to compare.
                let audio = self.ends_of(key, MediaKind::Audio)?;
                let video = self.ends_of(key, MediaKind::Video)?;
                self.skews.reserve_exact(1);
                self.skews.push(AvSkew {
                    side: key.side,
                    stream_id: key.stream_id,
                    skew: Skew::new(audio, video),
                });
                self.skews.len().checked_sub(1)?
            }
            None => return None,
        };
        let pair = self.skews.get_mut(index)?;
        pair.skew.push(medium, timestamp, frame.at)
    }

    /// First and latest message of the default track of a kind beside another track.
    fn ends_of(&self, beside: TrackKey, kind: MediaKind) -> Option<[Point; 2]> {
        let clock = self.track(TrackKey { kind, ..beside })?.clock.as_ref()?;
        let first = Point {
            timestamp: clock.first_timestamp,
            time: clock.first.time,
        };
        let last = Point {
            timestamp: clock.last_timestamp,
            time: clock.last,
        };
        Some([first, last])
    }

    fn judge_step(&mut self, track: TrackKey, step: Step, at: Mark, facts: &mut Vec<Fact>) {
        let millis = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX);
        let kind = match step.kind {
            StepKind::Backwards => SessionAnomalyKind::MediaTimestampBackwards {
                track,
                back_ms: millis(step.media_ms.saturating_neg()),
            },
            StepKind::Jump => SessionAnomalyKind::MediaTimestampJump {
                track,
                media_ms: millis(step.media_ms),
                arrival: step.arrival,
            },
            StepKind::Gap => SessionAnomalyKind::MediaGap {
                track,
                arrival: step.arrival,
                media_ms: step.media_ms,
            },
            StepKind::First | StepKind::Steady | StepKind::Equal | StepKind::Resumed => return,
        };
        self.odd(kind, track.side, at, facts);
    }

    /// Whether the peers agreed that media flows on this message stream.
    fn check_stream(&mut self, key: TrackKey, at: Mark, facts: &mut Vec<Fact>) {
        let stream_id = key.stream_id;
        let kind = match self.stream_of_media(key.side, stream_id) {
            Some(stream) if stream.id != stream_id => SessionAnomalyKind::StreamMediaElsewhere {
                stream_id,
                agreed: stream.id,
            },
            Some(stream) => match stream.state {
                StreamState::Created => SessionAnomalyKind::StreamMediaWithoutPublish { stream_id },
                StreamState::Rejected => {
                    let after = at.time.since(stream.since);
                    if after < REFUSAL_GRACE {
                        return;
                    }
                    SessionAnomalyKind::StreamMediaAfterRejection { stream_id, after }
                }
                _ => return,
            },
            None => SessionAnomalyKind::StreamMediaWithoutPublish { stream_id },
        };
        if self.is_from_begin() {
            self.odd(kind, key.side, at, facts);
        }
    }

    /// Compares what the metadata says with the configuration and with what was measured.
    fn compare_metadata(&mut self, index: usize, at: Mark, facts: &mut Vec<Fact>) {
        let Some(track) = self.tracks.get(index).filter(|track| track.key.id == 0) else {
            return;
        };
        let key = track.key;
        let found = self.metadata_mismatches(track);
        for (field, said, measured) in found.into_iter().flatten() {
            let kind = SessionAnomalyKind::MetaMismatch {
                track: key,
                field,
                said,
                measured,
            };
            self.odd(kind, key.side, at, facts);
        }
    }
}

impl Session {
    /// What the metadata says of a track that does not fit: its key, what it says, what is.
    pub fn metadata_mismatches(&self, track: &Track) -> [Option<(&'static str, f64, f64)>; 3] {
        match self.metadata_of(track.key.side, track.key.stream_id) {
            Some(metadata) => mismatches(&metadata.figures, track),
            None => [None; 3],
        }
    }
}

fn key(side: Side, raw: &RawMessage, kind: MediaKind, id: u8) -> TrackKey {
    TrackKey {
        side,
        stream_id: MessageStreamId(raw.stream_id.0),
        kind,
        id,
    }
}

fn length(payload: &std::ops::Range<usize>) -> u32 {
    u32::try_from(payload.len()).unwrap_or(u32::MAX)
}

/// A figure of the metadata that does not fit: its key, what it says, what is.
type Mismatch = Option<(&'static str, f64, f64)>;

fn mismatches(said: &Figures, track: &Track) -> [Mismatch; 3] {
    match track.key.kind {
        MediaKind::Video => video_mismatches(said, track),
        MediaKind::Audio => audio_mismatches(said, track),
    }
}

fn video_mismatches(said: &Figures, track: &Track) -> [Mismatch; 3] {
    /// Codecs code whole blocks of 16 samples, and some encoders announce those.
    const BLOCK: f64 = 16.0;
    /// Share by which frame rates may differ: 29.97 is 30.
    const RATE_TOLERANCE: f64 = 0.1;
    /// Media time after which the frame rate is measured well enough, in milliseconds.
    const RATE_AFTER_MS: u64 = 5000;
    let coded = track.picture_size();
    let shown = track.video().and_then(VideoConfig::display_size);
    let size = |said: Option<f64>, field, of: fn(PictureSize) -> u32| {
        let (said, coded) = (said?, f64::from(of(coded?)));
        let fits = |size: f64| (size - said).abs() <= BLOCK;
        let is_shown = shown.is_some_and(|shown| fits(f64::from(of(shown))));
        (!fits(coded) && !is_shown).then_some((field, said, coded))
    };
    let rate = || {
        let (said, measured) = (said.frame_rate?, track.frame_rate()?);
        let is_measured = track.clock.as_ref()?.media_span_ms() >= RATE_AFTER_MS;
        let differs = (measured - said).abs() > said * RATE_TOLERANCE;
        (is_measured && differs).then_some(("framerate", said, measured))
    };
    let width = size(said.width, "width", |size| size.width);
    let height = size(said.height, "height", |size| size.height);
    [
        width.or(height),
        rate(),
        bitrate("videodatarate", said.video_kbits, track),
    ]
}

fn audio_mismatches(said: &Figures, track: &Track) -> [Mismatch; 3] {
    let config = track.audio();
    let rate = || {
        let (said, config) = (said.sample_rate?, config?);
        let measured = f64::from(config.sample_rate_hz?);
        let is = |rate: f64| (rate - said).abs() < 1.0;
        let is_core = config
            .core_sample_rate_hz
            .is_some_and(|core| is(f64::from(core)));
        (!is(measured) && !is_core).then_some(("audiosamplerate", said, measured))
    };
    let channels = || {
        let (said, channels) = (said.channels?, f64::from(config?.channels?));
        ((channels - said).abs() >= 1.0).then_some(("audiochannels", said, channels))
    };
    [
        rate(),
        channels(),
        bitrate("audiodatarate", said.audio_kbits, track),
    ]
}

/// Bitrates vary, so only half or one and a half times what is said does not fit, over half a
/// minute.
fn bitrate(field: &'static str, said: Option<f64>, track: &Track) -> Mismatch {
    const AFTER_MS: u64 = 30_000;
    let (said, measured) = (said?, track.kbits()?);
    let is_measured = track.clock.as_ref()?.media_span_ms() >= AFTER_MS;
    let differs = measured < said * 0.5 || measured > said * 1.5;
    (is_measured && differs).then_some((field, said, measured))
}
