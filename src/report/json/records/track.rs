//! The record `track`, and the tracks in `connection_end`.

use crate::base::time::Span;
use crate::pipeline::Connection;
use crate::report::json::media;
use crate::report::json::records::inferred;
use crate::report::json::writer::JsonWriter;
use crate::session::track::Track;
use crate::session::track::TrackConfig;
use crate::session::track::TrackKey;

/// Writes the member `track`: what a track is. How it went is in `connection_end`.
pub(in crate::report::json) fn track(w: &mut JsonWriter, track: &Track, changed: bool) {
    w.object_member("track");
    track_key(w, track.key);
    w.boolean_member("changed", changed);
    track_facts(w, track);
    inferred(w, [("stream_id", track.stream_from)]);
    w.end_object();
}

pub(super) fn track_key(w: &mut JsonWriter, key: TrackKey) {
    w.string_member("sender", key.side.name());
    w.unsigned_member("stream_id", key.stream_id.0);
    w.string_member("kind", key.kind.name());
    w.unsigned_member("track_id", key.id);
}

fn track_facts(w: &mut JsonWriter, track: &Track) {
    if let Some(codec) = track.codec {
        media::codec(w, codec);
    }
    w.boolean_member("enhanced", track.is_enhanced);
    match &track.config {
        Some(TrackConfig::Audio(config)) => {
            w.key("audio_config");
            media::audio_config(w, config);
        }
        Some(TrackConfig::Video(config)) => {
            w.key("video_config");
            media::video_config(w, config);
        }
        None => {}
    }
    if let Some(size) = track.picture_size() {
        w.unsigned_member("width", size.width);
        w.unsigned_member("height", size.height);
    }
}

pub(super) fn tracks(w: &mut JsonWriter, connection: &Connection) {
    let session = &connection.session;
    w.array_member("tracks");
    for track in &session.tracks {
        w.element();
        w.begin_object();
        track_key(w, track.key);
        track_facts(w, track);
        w.unsigned_member("messages", track.messages);
        w.unsigned_member("frames", track.frames());
        w.unsigned_member("payload_bytes", track.payload_bytes);
        w.unsigned_member("largest_frame_bytes", track.largest_frame);
        w.unsigned_member("config_changes", track.config_changes);
        if let Some(rate) = track.frame_rate() {
            w.decimal_member("frames_per_s", rate);
        }
        if let Some(kbits) = track.kbits() {
            w.decimal_member("kbit_per_s", kbits);
        }
        w.unsigned_member("kbit_per_s_max", track.kbits_max);
        timing(w, track);
        inferred(w, [("stream_id", track.stream_from)]);
        w.end_object();
    }
    w.end_array();
    w.array_member("skews");
    for pair in &session.skews {
        w.element();
        w.begin_object();
        w.string_member("sender", pair.side.name());
        w.unsigned_member("stream_id", pair.stream_id.0);
        if let Some(skew) = pair.skew.timestamp_ms() {
            w.decimal_member("timestamp_ms", skew);
            w.decimal_member("timestamp_min_ms", pair.skew.timestamp_min_ms);
            w.decimal_member("timestamp_max_ms", pair.skew.timestamp_max_ms);
        }
        if let Some(skew) = pair.skew.arrival_ms() {
            w.decimal_member("arrival_ms", skew);
        }
        let from = session.skew_from(pair);
        let from = from.filter(|_| pair.skew.timestamp_ms().is_some());
        inferred(
            w,
            [
                ("stream_id", session.stream_from(pair.side, pair.stream_id)),
                ("timestamp_ms", from),
                ("timestamp_min_ms", from),
                ("timestamp_max_ms", from),
            ],
        );
        w.end_object();
    }
    w.end_array();
}

fn timing(w: &mut JsonWriter, track: &Track) {
    if let Some(gops) = &track.gops {
        w.object_member("keyframes");
        w.unsigned_member("count", gops.keyframes);
        if let Some(mean) = gops.interval_mean_ms() {
            w.unsigned_member("interval_min_ms", gops.interval_min_ms);
            w.decimal_member("interval_mean_ms", mean);
            w.unsigned_member("interval_max_ms", gops.interval_max_ms);
            w.unsigned_member("interval_last_ms", gops.interval_last_ms);
        }
        w.unsigned_member("largest_bytes", gops.largest_keyframe);
        w.end_object();
    }
    if let Some(composition) = track.composition {
        w.object_member("composition_time");
        w.signed_member("min_ms", composition.min_ms);
        w.signed_member("max_ms", composition.max_ms);
        w.end_object();
    }
    let Some(clock) = &track.clock else {
        return;
    };
    w.object_member("clock");
    w.unsigned_member("first_timestamp_ms", clock.first_timestamp.0);
    w.unsigned_member("last_timestamp_ms", clock.last_timestamp.0);
    w.unsigned_member("media_span_ms", clock.media_span_ms());
    w.decimal_member("arrival_span_ms", clock.arrival_span().as_millis_f64());
    for (key, span) in [
        ("lag_ms", clock.lag()),
        ("lag_min_ms", clock.lag_min),
        ("lag_max_ms", clock.lag_max),
        ("jitter_max_ms", clock.jitter_max),
        ("gap_max_ms", clock.gap_max),
    ] {
        w.decimal_member(key, Span::as_millis_f64(span));
    }
    w.decimal_member("jitter_ms", clock.jitter_ms);
    if let Some(drift) = clock.drift_ms_per_s() {
        w.decimal_member("drift_ms_per_s", drift);
    }
    w.unsigned_member("gaps", clock.gaps);
    w.unsigned_member("backwards", clock.backwards);
    w.unsigned_member("jumps", clock.jumps);
    w.unsigned_member("equal", clock.equal);
    w.unsigned_member("wraps_2_32", clock.wraps32);
    w.unsigned_member("wraps_2_31", clock.wraps31);
    inferred(
        w,
        [
            ("first_timestamp_ms", clock.first_from),
            ("last_timestamp_ms", clock.last_from),
        ],
    );
    w.end_object();
}
