//! Frames and configurations of a track, one situation each.

use super::*;
use crate::base::ids::FrameNumber;
use crate::session::history::MAX_BUCKETS;

fn at(ms: i64) -> Mark {
    Mark {
        time: Timestamp(ms * 1_000_000),
        frame: FrameNumber(1),
    }
}

fn track(kind: MediaKind) -> Track {
    let key = TrackKey {
        side: Side::Client,
        stream_id: MessageStreamId(1),
        kind,
        id: 0,
    };
    Track::new(key, at(0), MAX_BUCKETS)
}

fn frame(ms: u32, bytes: u32, is_key: bool) -> Frame {
    Frame {
        timestamp: Some(RtmpTimestamp(ms)),
        from: None,
        at: at(i64::from(ms)),
        bytes,
        is_key,
        is_disposable: false,
        composition_ms: None,
    }
}

fn push(track: &mut Track, frame: &Frame) {
    track.message(frame.at, frame.bytes);
    track.frame(frame);
    track.remember(frame, None);
}

/// 25 frames per second for `seconds`, a keyframe of 5000 bytes each second, else 1000 bytes.
fn video(seconds: u32) -> Track {
    let mut track = track(MediaKind::Video);
    for number in 0..seconds * 25 {
        let is_key = number % 25 == 0;
        let bytes = if is_key { 5000 } else { 1000 };
        push(&mut track, &frame(number * 40, bytes, is_key));
    }
    track
}

#[test]
fn rates_are_those_of_the_media_clock() {
    let track = video(10);
    assert_eq!(track.frame_rate(), Some(25.0));
    // 24 frames of 1000 and one of 5000 bytes per second: 29 000 bytes, 232 kbit.
    assert!((track.kbits().unwrap() - 232.0).abs() < 1e-9);
    assert_eq!(track.kbits_max, 232);
    assert_eq!(track.frames, 250);
    assert_eq!(track.largest_frame, 5000);
}

#[test]
fn keyframes_are_a_second_apart() {
    let track = video(10);
    let gops = track.gops.as_ref().unwrap();
    assert_eq!(gops.keyframes, 10);
    assert_eq!((gops.interval_min_ms, gops.interval_max_ms), (1000, 1000));
    assert_eq!(gops.iter().next().unwrap().frames, 25);
}

#[test]
fn the_course_has_a_bucket_per_second() {
    let track = video(3);
    let bytes: Vec<_> = track.history.buckets().iter().map(|b| b.bytes).collect();
    assert_eq!(bytes, [29_000, 29_000, 29_000]);
    assert_eq!(track.history.buckets()[1].keyframes, 1);
}

#[test]
fn composition_times_have_a_range() {
    let mut track = track(MediaKind::Video);
    for (number, composition) in [0, 80, -40, 0].into_iter().enumerate() {
        let number = u32::try_from(number).unwrap();
        let frame = Frame {
            composition_ms: Some(composition),
            ..frame(number * 40, 100, number == 0)
        };
        push(&mut track, &frame);
    }
    assert_eq!(
        track.composition,
        Some(Composition {
            min_ms: -40,
            max_ms: 80,
            nonzero: 2,
            negative: 1,
        })
    );
}

#[test]
fn the_same_frame_again_is_a_duplicate() {
    let mut track = track(MediaKind::Audio);
    for (ms, bytes) in [(0, 300), (21, 310), (21, 310), (21, 200), (43, 200)] {
        push(&mut track, &frame(ms, bytes, false));
    }
    assert_eq!(track.duplicates, 1);
    assert_eq!(track.clock.as_ref().unwrap().equal, 2);
}

#[test]
fn a_configuration_that_repeats_is_no_change() {
    let mut track = track(MediaKind::Video);
    let size = |width| {
        let mut config = VideoConfig::new(Codec::Avc);
        config.size = Some(PictureSize { width, height: 720 });
        Some(TrackConfig::Video(config))
    };
    let first = track.configure(|| size(1280), b"one");
    let again = track.configure(|| size(1280), b"one");
    let changed = track.configure(|| size(960), b"two");
    assert_eq!(first, Configured::First);
    assert_eq!(again, Configured::Again);
    assert_eq!(changed, Configured::Changed);
    assert_eq!((track.configs, track.config_changes), (3, 1));
    assert_eq!(track.picture_size().unwrap().width, 960);
}

#[test]
fn an_unreadable_configuration_leaves_the_last_one() {
    let mut track = track(MediaKind::Video);
    let config = VideoConfig::new(Codec::Avc);
    track.configure(|| Some(TrackConfig::Video(config)), b"one");
    track.configure(|| None, b"junk");
    assert!(track.video().is_some());
    assert_eq!(track.config_changes, 1);
}

#[test]
fn one_frame_has_no_rate() {
    let mut track = track(MediaKind::Video);
    push(&mut track, &frame(0, 100, true));
    assert_eq!(track.frame_rate(), None);
    assert_eq!(track.kbits(), None);
}

#[test]
fn the_highest_bitrate_survives_a_pause() {
    let mut track = track(MediaKind::Audio);
    for ms in [0, 500, 60_000, 61_500] {
        push(&mut track, &frame(ms, 12_500, false));
    }
    // Two messages within the first second: 25 000 bytes are 200 kbit.
    assert_eq!(track.kbits_max, 200);
}

#[test]
fn keys_are_told_in_words() {
    let mut key = track(MediaKind::Audio).key;
    assert_eq!(key.to_string(), "audio of client on stream 1");
    key.id = 2;
    assert_eq!(key.to_string(), "audio track 2 of client on stream 1");
}

#[test]
fn rates_are_those_of_the_capture_where_no_header_told_the_time() {
    let mut track = track(MediaKind::Audio);
    for number in 0..50 {
        let frame = Frame {
            timestamp: None,
            ..frame(number * 40, 500, false)
        };
        push(&mut track, &frame);
    }
    assert!(track.is_untimed());
    // 50 frames of 500 bytes in 1.96 s.
    assert!((track.frame_rate().unwrap() - 50.0 / 1.96).abs() < 1e-9);
    assert!((track.kbits().unwrap() - 200.0 / 1.96).abs() < 1e-9);
    push(&mut track, &frame(7000, 500, false));
    assert!(!track.is_untimed());
    assert_eq!(track.clock.as_ref().map(|clock| clock.messages), Some(1));
}
