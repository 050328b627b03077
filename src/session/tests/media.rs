//! Audio and video messages.

use super::*;
use crate::base::time::Span;
use crate::rtmp::data::Data;
use crate::rtmp::media::audio::AudioPacket;
use crate::rtmp::media::audio::AudioTag;
use crate::rtmp::media::audio::AudioTrack;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::enhanced::Tracks;
use crate::rtmp::media::video::FrameKind;
use crate::rtmp::media::video::VideoPacket;
use crate::rtmp::media::video::VideoTag;
use crate::rtmp::media::video::VideoTrack;
use crate::rtmp::types::FourCc;
use crate::session::track::MediaKind;
use crate::session::track::TrackKey;

fn video_tag(packet: VideoPacket, frame: FrameKind, ids: &[u8], width: u32) -> VideoTag {
    let track = |id| VideoTrack {
        id,
        codec: CodecId::Video(7),
        composition_time_ms: Some(0),
        payload: 5..105,
        config: (packet == VideoPacket::SequenceStart).then(|| {
            let mut config = VideoConfig::new(Codec::Avc);
            config.size = Some(PictureSize { width, height: 720 });
            Box::new(config)
        }),
        picture_size: None,
        metadata: None,
    };
    VideoTag {
        frame: Some(frame),
        packet,
        is_enhanced: false,
        command: None,
        multitrack: None,
        nano_offset: None,
        mod_ex: Vec::new(),
        tracks: Tracks::Many(ids.iter().copied().map(track).collect()),
    }
}

fn audio_tag(packet: AudioPacket) -> AudioTag {
    AudioTag {
        packet,
        is_enhanced: false,
        multitrack: None,
        nano_offset: None,
        mod_ex: Vec::new(),
        tracks: Tracks::One(AudioTrack {
            id: 0,
            codec: CodecId::Audio(10),
            payload: 2..52,
            config: None,
            channels: None,
        }),
    }
}

impl Talk {
    fn video(&mut self, ms: i64, timestamp: u32, tag: VideoTag) {
        let mut raw = self.raw(C, ms, 1, MessageTypeId::VIDEO);
        raw.timestamp = RtmpTimestamp(timestamp);
        raw.body = vec![u8::try_from(ms % 251).unwrap(); 105];
        if tag.is_config() {
            // The record is the same as long as the size is.
            let size = tag
                .tracks
                .first()
                .unwrap()
                .config
                .as_ref()
                .unwrap()
                .size
                .unwrap();
            raw.body = vec![u8::try_from(size.width % 251).unwrap(); 105];
        }
        self.message(C, raw, Message::Video(tag));
    }

    fn config(&mut self, ms: i64, width: u32) {
        let tag = video_tag(VideoPacket::SequenceStart, FrameKind::Key, &[0], width);
        self.video(ms, 0, tag);
    }

    fn key(&mut self, ms: i64, timestamp: u32) {
        let tag = video_tag(VideoPacket::CodedFrames, FrameKind::Key, &[0], 0);
        self.video(ms, timestamp, tag);
    }

    fn inter(&mut self, ms: i64, timestamp: u32) {
        let tag = video_tag(VideoPacket::CodedFrames, FrameKind::Inter, &[0], 0);
        self.video(ms, timestamp, tag);
    }

    fn audio(&mut self, ms: i64, timestamp: u32, packet: AudioPacket) {
        let mut raw = self.raw(C, ms, 1, MessageTypeId::AUDIO);
        raw.timestamp = RtmpTimestamp(timestamp);
        self.message(C, raw, Message::Audio(audio_tag(packet)));
    }

    fn metadata(&mut self, ms: i64, properties: &[(&str, Value)]) {
        let raw = self.raw(C, ms, 1, MessageTypeId::DATA_AMF0);
        let data = Data {
            name: "onMetaData".into(),
            values: vec![object(properties)],
            ..Data::default()
        };
        self.message(C, raw, Message::Data(Box::new(data)));
    }
}

fn key(kind: MediaKind, id: u8) -> TrackKey {
    TrackKey {
        side: C,
        stream_id: MessageStreamId(1),
        kind,
        id,
    }
}

#[test]
fn the_first_media_are_part_of_the_setup() {
    let mut talk = Talk::publishing();
    talk.config(210, 1280);
    talk.audio(215, 0, AudioPacket::SequenceStart);
    talk.inter(220, 0);
    talk.audio(225, 0, AudioPacket::CodedFrames);
    talk.key(230, 40);
    let setup = talk.session.setup();
    assert_eq!(setup.first_video, Some(at(220)));
    assert_eq!(setup.first_audio, Some(at(225)));
    assert_eq!(setup.first_keyframe, Some(at(230)));
    // `publish` was called at 140 ms.
    assert_eq!(
        setup.after_start(setup.first_keyframe),
        Some(Span::from_millis(90))
    );
}

#[test]
fn a_track_is_told_with_its_configuration_and_when_that_changes() {
    let mut talk = Talk::publishing();
    talk.config(210, 1280);
    talk.key(220, 0);
    talk.config(230, 1280);
    talk.config(240, 960);
    let told: Vec<_> = talk
        .facts
        .iter()
        .map(|fact| match fact {
            Fact::TrackConfigured { at, .. } => ("configured", *at),
            Fact::TrackChanged { at, .. } => ("changed", *at),
            Fact::Anomaly(anomaly) => (anomaly.kind.code(), anomaly.first),
            other => unreachable!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            ("configured", at(210)),
            ("changed", at(240)),
            ("media.config_changed", at(240))
        ]
    );
    let track = talk.session.track(key(MediaKind::Video, 0)).unwrap();
    assert_eq!(track.picture_size().unwrap().width, 960);
    assert_eq!((track.configs, track.config_changes), (3, 1));
}

#[test]
fn speakers_and_empty_records_change_no_configuration() {
    // As FFmpeg begins AC-3: an empty record, then the speakers, then coded frames.
    let mut talk = Talk::publishing();
    let mut empty = audio_tag(AudioPacket::SequenceStart);
    let mut speakers = audio_tag(AudioPacket::MultichannelConfig);
    let mut frame = audio_tag(AudioPacket::CodedFrames);
    for tag in [&mut empty, &mut speakers, &mut frame] {
        let Tracks::One(part) = &mut tag.tracks else {
            unreachable!("one track");
        };
        part.codec = CodecId::FourCc(FourCc(*b"ac-3"));
    }
    if let Tracks::One(part) = &mut empty.tracks {
        part.payload = 6..6;
    }
    for (ms, tag) in [(210, empty), (220, speakers), (230, frame)] {
        let raw = talk.raw(C, ms, 1, MessageTypeId::AUDIO);
        talk.message(C, raw, Message::Audio(tag));
    }
    let track = talk.session.track(key(MediaKind::Audio, 0)).unwrap();
    assert_eq!((track.configs, track.config_changes), (0, 0));
}

#[test]
fn tracks_of_one_message_are_kept_apart() {
    let mut talk = Talk::publishing();
    let start = video_tag(VideoPacket::SequenceStart, FrameKind::Key, &[0, 1], 1280);
    talk.video(210, 0, start);
    let frame = video_tag(VideoPacket::CodedFrames, FrameKind::Key, &[0, 1], 0);
    talk.video(220, 0, frame);
    let only_second = video_tag(VideoPacket::CodedFrames, FrameKind::Inter, &[1], 0);
    talk.video(260, 40, only_second);
    let frames = |id| {
        talk.session
            .track(key(MediaKind::Video, id))
            .unwrap()
            .frames()
    };
    assert_eq!((frames(0), frames(1)), (1, 2));
    assert!(talk.codes().is_empty());
}

#[test]
fn configurations_and_metadata_are_no_part_of_the_timing() {
    let mut talk = Talk::publishing();
    talk.config(210, 1280);
    talk.metadata(211, &[("width", Value::Number(1280.0))]);
    // ffmpeg with a start offset: the header at 0, the first frame far ahead.
    talk.key(220, 20_000_000);
    talk.inter(260, 20_000_040);
    assert!(talk.codes().is_empty());
    let track = talk.session.track(key(MediaKind::Video, 0)).unwrap();
    let clock = track.clock.as_ref().unwrap();
    assert_eq!((clock.jumps, clock.lag()), (0, Span::ZERO));
}

#[test]
fn trouble_with_timestamps_is_told_once_per_episode() {
    let mut talk = Talk::publishing();
    talk.config(210, 1280);
    talk.key(1000, 1000);
    talk.inter(1040, 1040);
    talk.inter(1080, 1020);
    talk.inter(1120, 1000);
    talk.inter(1160, 9000);
    talk.inter(4160, 12_000);
    assert_eq!(
        talk.codes(),
        [
            "media.timestamp_backwards",
            "media.timestamp_jump",
            "media.gap"
        ]
    );
    let back = talk.session.anomalies.iter().next().unwrap();
    assert_eq!((back.count, back.episodes), (2, 1));
    assert_eq!(
        back.kind.to_string(),
        "video of client on stream 1: timestamp goes back 20 ms"
    );
}

#[test]
fn frames_before_any_configuration_are_told() {
    let mut talk = Talk::publishing();
    talk.key(210, 0);
    assert_eq!(talk.codes(), ["media.no_config"]);
}

#[test]
fn in_a_capture_that_began_late_nothing_is_missed() {
    let mut talk = Talk::default();
    talk.key(210, 0);
    talk.inter(250, 40);
    assert!(talk.codes().is_empty());
    let summary = talk.session.summary();
    assert_eq!(summary.stage, crate::session::summary::Stage::Midstream);
    let publisher = crate::session::netstream::Role::Publisher;
    assert_eq!(summary.role, Some(publisher));
}

#[test]
fn media_that_nobody_publishes_is_told() {
    let mut talk = Talk::shaken();
    talk.config(210, 1280);
    talk.key(220, 0);
    assert_eq!(talk.codes(), ["stream.media_without_publish"]);
}

#[test]
fn media_of_a_play_on_message_stream_0_is_that_of_the_play() {
    // node-media-server sends so.
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "play", 4.0, &[text("cam")]);
    talk.call(
        S,
        110,
        1,
        "onStatus",
        0.0,
        &[status("status", "NetStream.Play.Start")],
    );
    talk.facts.clear();
    for (ms, timestamp) in [(120, 0), (160, 40)] {
        let mut raw = talk.raw(S, ms, 0, MessageTypeId::VIDEO);
        raw.timestamp = RtmpTimestamp(timestamp);
        let tag = video_tag(VideoPacket::CodedFrames, FrameKind::Key, &[0], 0);
        talk.message(S, raw, Message::Video(tag));
    }
    let codes = talk.codes();
    let count = codes
        .iter()
        .filter(|code| code.starts_with("stream."))
        .count();
    assert_eq!(count, 1, "{codes:?}");
    assert!(codes.contains(&"stream.media_elsewhere"), "{codes:?}");
    let summary = talk.session.summary();
    assert!(summary.video.is_some());
}

#[test]
fn media_that_goes_on_after_a_refusal_is_told() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "publish", 0.0, &[text("cam"), text("live")]);
    talk.config(105, 1280);
    talk.call(
        S,
        110,
        1,
        "onStatus",
        0.0,
        &[status("error", "NetStream.Publish.BadName")],
    );
    talk.codes();
    talk.key(150, 0);
    assert!(talk.codes().is_empty(), "it may have been on its way");
    talk.inter(1200, 40);
    assert!(talk.codes().contains(&"stream.media_after_rejection"));
}

#[test]
fn metadata_is_compared_with_configuration_and_measurement() {
    let mut talk = Talk::publishing();
    talk.metadata(
        205,
        &[
            ("width", Value::Number(1920.0)),
            ("framerate", Value::Number(60.0)),
            ("videodatarate", Value::Number(0.0)),
        ],
    );
    talk.config(210, 1280);
    // 25 frames per second for 320 frames: 12.8 s.
    for number in 0..320_u32 {
        let ms = number * 40;
        if number % 50 == 0 {
            talk.key(i64::from(ms) + 300, ms);
        } else {
            talk.inter(i64::from(ms) + 300, ms);
        }
    }
    let found: Vec<_> = talk
        .session
        .anomalies
        .iter()
        .map(|anomaly| anomaly.kind.to_string())
        .collect();
    assert_eq!(
        found,
        [
            "video of client on stream 1: onMetaData says width 1920, measured 1280.0",
            "video of client on stream 1: onMetaData says framerate 60, measured 25.0",
        ]
    );
}

#[test]
fn metadata_names_the_client_software() {
    let mut talk = Talk::publishing();
    talk.metadata(
        205,
        &[("encoder", text("obs-output module (libobs version 30.2)"))],
    );
    assert_eq!(
        talk.session.summary().client_software,
        Some("obs-output module (libobs version 30.2)")
    );
    assert_eq!(&*talk.session.data()[0].name, "onMetaData");
    assert!(matches!(talk.facts[..], [Fact::Metadata { .. }]));
}

#[test]
fn audio_and_video_of_a_stream_are_held_against_each_other() {
    let mut talk = Talk::publishing();
    talk.config(205, 1280);
    talk.audio(206, 0, AudioPacket::SequenceStart);
    for number in 0..250_u32 {
        let ms = i64::from(number) * 40 + 300;
        talk.audio(ms, number * 40 + 80, AudioPacket::CodedFrames);
        if number == 0 {
            talk.key(ms, 0);
        } else {
            talk.inter(ms, number * 40);
        }
    }
    let summary = talk.session.summary();
    let skew = summary.skew.unwrap();
    assert!((skew.timestamp_ms().unwrap() - 80.0).abs() < 1e-6);
    let video = summary.video.unwrap();
    assert_eq!(video.history.buckets()[5].skew_ms, 80);
    assert_eq!(summary.lag, Some(Span::ZERO));
    assert_eq!(
        talk.session
            .track(key(MediaKind::Audio, 0))
            .unwrap()
            .frames(),
        250
    );
}

#[test]
fn a_goodbye_counts_only_when_no_media_follows() {
    let mut talk = Talk::publishing();
    talk.config(205, 1280);
    talk.call(C, 300, 0, "FCUnpublish", 4.0, &[text("other")]);
    assert!(talk.session.goodbye().is_some());
    talk.key(310, 0);
    assert!(talk.session.goodbye().is_none());
}

#[test]
fn silence_and_the_end_of_a_sequence_are_no_frames() {
    let mut talk = Talk::publishing();
    talk.audio(205, 0, AudioPacket::SequenceStart);
    talk.audio(210, 0, AudioPacket::CodedFrames);
    talk.audio(230, 20, AudioPacket::SequenceEnd);
    let mut raw = talk.raw(C, 240, 1, MessageTypeId::AUDIO);
    raw.length = 0;
    let mut silence = audio_tag(AudioPacket::Silence);
    silence.tracks = Tracks::None;
    talk.message(C, raw, Message::Audio(silence));
    let track = talk.session.track(key(MediaKind::Audio, 0)).unwrap();
    assert_eq!((track.frames(), track.messages, track.silence), (1, 4, 1));
    assert!(track.is_ended);
}

#[test]
fn statistics_are_those_of_the_interval() {
    let mut talk = Talk::publishing();
    talk.config(1000, 1280);
    talk.key(1000, 0);
    talk.session.stats_snapshot(at(1000).time);
    for number in 1..=50_u32 {
        talk.inter(i64::from(number) * 40 + 1000, number * 40);
    }
    let stats = talk.session.stats_snapshot(at(3000).time);
    assert_eq!(stats.interval, Span::from_secs(2));
    assert_eq!(stats.directions.client.messages, 50);
    // 50 messages of 112 bytes in two seconds.
    assert!((stats.directions.client.kbits - 22.4).abs() < 1e-9);
    let track = stats.tracks[0];
    assert_eq!((track.frames, track.keyframes), (50, 0));
    assert!((track.frame_rate - 25.0).abs() < 1e-9);
    assert!((track.kbits - 20.0).abs() < 1e-9);
    assert_eq!(track.lag, Some(Span::ZERO));
}

#[test]
fn tracks_are_bounded() {
    let mut talk = Talk::publishing();
    for id in 0..=255 {
        let frame = video_tag(VideoPacket::CodedFrames, FrameKind::Key, &[id], 0);
        talk.video(210, 0, frame);
    }
    assert_eq!(talk.session.tracks.len(), crate::session::track::MAX_TRACKS);
    assert_eq!(talk.session.other_track_messages, 192);
}

#[test]
fn a_lower_history_limit_holds_for_old_and_new_tracks() {
    let mut talk = Talk::publishing();
    talk.config(210, 1280);
    for second in 0..100_u32 {
        talk.key(i64::from(second) * 1000 + 300, second * 1000);
    }
    talk.session.set_history_limit(16);
    let track = talk.session.track(key(MediaKind::Video, 0)).unwrap();
    assert!(track.history.buckets().len() <= 16);
    assert_eq!(track.gops.as_ref().unwrap().iter().count(), 17);
    for second in 0..100_u32 {
        let ms = i64::from(second) * 1000 + 101_000;
        talk.audio(ms, second * 1000, AudioPacket::CodedFrames);
    }
    let audio = talk.session.track(key(MediaKind::Audio, 0)).unwrap();
    assert!((8..=16).contains(&audio.history.buckets().len()));
}

#[test]
fn a_seek_begins_another_timeline() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "play", 0.0, &[text("movie")]);
    let told = |talk: &mut Talk, ms, code| {
        talk.call(S, ms, 1, "onStatus", 0.0, &[status("status", code)]);
    };
    told(&mut talk, 110, "NetStream.Play.Start");
    let media = |talk: &mut Talk, ms, timestamp| {
        let mut raw = talk.raw(S, ms, 1, MessageTypeId::AUDIO);
        raw.timestamp = RtmpTimestamp(timestamp);
        let packet = if timestamp == 0 {
            AudioPacket::SequenceStart
        } else {
            AudioPacket::CodedFrames
        };
        talk.message(S, raw, Message::Audio(audio_tag(packet)));
    };
    media(&mut talk, 110, 0);
    media(&mut talk, 111, 20);
    media(&mut talk, 131, 40);
    talk.call(C, 140, 1, "seek", 0.0, &[Value::Number(60_000.0)]);
    told(&mut talk, 150, "NetStream.Seek.Notify");
    media(&mut talk, 160, 60_000);
    assert!(talk.codes().is_empty());
    media(&mut talk, 180, 90_000);
    assert_eq!(talk.codes(), ["media.timestamp_jump"]);
}

#[test]
fn the_speakers_are_no_configuration() {
    let mut talk = Talk::publishing();
    talk.audio(205, 0, AudioPacket::SequenceStart);
    talk.audio(206, 0, AudioPacket::MultichannelConfig);
    assert!(talk.codes().is_empty());
    let track = talk.session.track(key(MediaKind::Audio, 0)).unwrap();
    assert_eq!(track.configs, 1);
}
