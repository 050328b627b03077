//! The tracks, how they keep time, audio against video, and the metadata.

use crate::base::side::Side;
use crate::base::units::counted;
use crate::base::units::grouped;
use crate::base::units::marked;
use crate::base::units::span_with_hours;
use crate::session::Session;
use crate::session::track::Track;

fn codec_name(track: &Track) -> String {
    track
        .codec
        .map_or_else(|| "?".to_owned(), |codec| codec.to_string())
}

/// A track.
#[derive(Debug)]
pub(in crate::report) struct TrackRow {
    pub(in crate::report) side: Side,
    pub(in crate::report) kind: &'static str,
    /// Codec and what its configuration says.
    pub(in crate::report) what: String,
    /// Message stream.
    pub(in crate::report) stream: String,
    /// Frames, rates, keyframes.
    pub(in crate::report) figures: String,
    /// How it keeps time.
    pub(in crate::report) timing: Option<String>,
}

/// What is said of several tracks of a message stream.
#[derive(Debug)]
pub(in crate::report) struct Note {
    pub(in crate::report) side: Side,
    pub(in crate::report) what: &'static str,
    pub(in crate::report) text: String,
    /// Message stream.
    pub(in crate::report) stream: String,
}

pub(super) fn track(track: &Track, session: &Session) -> TrackRow {
    TrackRow {
        side: track.key.side,
        kind: track.key.kind.name(),
        what: what(track, session),
        stream: marked(track.key.stream_id, track.stream_from.is_some()),
        figures: figures(track),
        timing: timing(track),
    }
}

/// Codec and what its configuration says.
pub(in crate::report) fn what(track: &Track, session: &Session) -> String {
    let mut facts = vec![codec_name(track)];
    if let Some(config) = track.video() {
        facts.extend(config.profile_name.map(str::to_owned));
        facts.extend(config.level.map(|level| format!("level {level}")));
        if let Some(depth) = config.bit_depth.filter(|depth| *depth != 8) {
            facts.push(format!("{depth} bit"));
        }
    }
    if let Some(size) = track.picture_size() {
        facts.push(format!("{}x{}", size.width, size.height));
    }
    if let Some(config) = track.audio() {
        facts.extend(config.sample_rate_hz.map(|rate| format!("{rate} Hz")));
        facts.extend(config.channels.map(|count| format!("{count} ch")));
    }
    if track.key.id > 0 {
        facts.push(format!("track {}", track.key.id));
    }
    if track.is_enhanced {
        facts.push("enhanced".to_owned());
    }
    if track.lacks_config() && !session.is_from_begin() {
        facts.push("(no configuration captured)".to_owned());
    }
    facts.join(" ")
}

fn figures(track: &Track) -> String {
    let mut facts = vec![format!("{} frames", grouped(track.frames()))];
    if let Some(rate) = track.frame_rate() {
        facts.push(format!("{rate:.2}/s"));
    }
    if let Some(kbits) = track.kbits() {
        // Shorter than a second there is no most of a second.
        let most = match track.kbits_max {
            0 => String::new(),
            most => format!(" (max {most})"),
        };
        facts.push(format!("{kbits:.0} kbit/s{most}"));
    }
    if let Some(gops) = &track.gops {
        match gops.interval_mean_ms() {
            Some(mean) => facts.push(format!(
                "{} keyframes every {:.2} s ({}..{} ms)",
                gops.keyframes,
                mean / 1000.0,
                gops.interval_min_ms,
                gops.interval_max_ms
            )),
            None => facts.push(format!("{} keyframe", gops.keyframes)),
        }
    }
    if let Some(composition) = track.composition.filter(|c| c.nonzero > 0) {
        facts.push(format!(
            "composition {}..{} ms",
            composition.min_ms, composition.max_ms
        ));
    }
    facts.join(", ")
}

/// Audio against video, and the metadata.
pub(super) fn notes(session: &Session) -> Vec<Note> {
    let mut notes = skews(session);
    for metadata in session.metadata() {
        let figures = &metadata.figures;
        let mut facts = Vec::new();
        if let (Some(width), Some(height)) = (figures.width, figures.height) {
            facts.push(format!("{width}x{height}"));
        }
        facts.extend(figures.frame_rate.map(|rate| format!("{rate:.2}/s")));
        facts.extend(
            figures
                .video_kbits
                .map(|kbits| format!("video {kbits:.0} kbit/s")),
        );
        facts.extend(
            figures
                .audio_kbits
                .map(|kbits| format!("audio {kbits:.0} kbit/s")),
        );
        facts.extend(figures.sample_rate.map(|rate| format!("{rate:.0} Hz")));
        if !facts.is_empty() {
            notes.push(Note {
                side: metadata.side,
                what: "metadata",
                text: format!(
                    "says {} (sent {})",
                    facts.join(", "),
                    counted(u64::from(metadata.count), "time")
                ),
                stream: metadata.stream_id.to_string(),
            });
        }
    }
    notes
}

/// Audio against video.
fn skews(session: &Session) -> Vec<Note> {
    let mut notes = Vec::new();
    for pair in &session.skews {
        if let Some(skew) = pair.skew.timestamp_ms() {
            let is_presumed = session.stream_from(pair.side, pair.stream_id).is_some();
            notes.push(Note {
                side: pair.side,
                what: "a/v",
                text: format!(
                    "skew {} ms (min {:+.0}, max {:+.0}; positive: audio is ahead)",
                    marked(
                        format_args!("{skew:+.0}"),
                        session.skew_from(pair).is_some()
                    ),
                    pair.skew.timestamp_min_ms,
                    pair.skew.timestamp_max_ms
                ),
                stream: marked(pair.stream_id, is_presumed),
            });
        }
    }
    notes
}

/// How a track keeps time.
fn timing(track: &Track) -> Option<String> {
    if track.is_untimed() {
        return Some("timestamps not known: no header told the time between frames".to_owned());
    }
    let clock = track.clock.as_ref()?;
    let mut facts = vec![
        format!(
            "timestamps {}..{} ms",
            marked(clock.first_timestamp, clock.first_from.is_some()),
            marked(clock.last_timestamp, clock.last_from.is_some())
        ),
        format!(
            "lag {} (min {}, max {})",
            span_with_hours(clock.lag()),
            span_with_hours(clock.lag_min),
            span_with_hours(clock.lag_max)
        ),
        format!("jitter {:.1} ms", clock.jitter_ms),
        format!("longest gap {}", span_with_hours(clock.gap_max)),
    ];
    if let Some(drift) = clock.drift_ms_per_s() {
        facts.push(format!("drift {drift:+.2} ms/s"));
    }
    if clock.backwards > 0 {
        facts.push(format!(
            "{} backwards (max {} ms)",
            clock.backwards, clock.backwards_max_ms
        ));
    }
    if clock.jumps > 0 {
        facts.push(format!(
            "{} jumps (max {} ms)",
            clock.jumps, clock.jump_max_ms
        ));
    }
    if clock.wraps32 > 0 {
        facts.push(format!("{} wraps at 2^32", clock.wraps32));
    }
    Some(facts.join(", "))
}
