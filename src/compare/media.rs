//! The tracks: what their codecs are configured to and how they keep time; and what the metadata
//! says of them.

use crate::base::units::grouped;
use crate::base::units::lasting;
use crate::base::units::millis as in_words;
use crate::compare::Both;
use crate::compare::Party;
use crate::compare::Section;
use crate::compare::Weight;
use crate::compare::amf;
use crate::compare::amf::Property;
use crate::compare::chunks::as_f64;
use crate::compare::chunks::times;
use crate::compare::lines::Asked;
use crate::compare::lines::Lines;
use crate::compare::lines::Tolerance;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::secret::Secrecy;
use crate::session::clock::Clock;
use crate::session::metadata::Metadata;
use crate::session::skew::Skew;
use crate::session::track::MediaKind;
use crate::session::track::Track;

/// Most tracks of each kind that are compared: the largest ladders in use have six.
const MAX_TRACKS: usize = 8;

/// Bitrates of two parts of one stream are this near to each other.
const RATES: Tolerance = Tolerance {
    share: 0.1,
    least: 8.0,
};

/// Frames per second: 29.97 is not 30 on paper, and cannot be told from it by watching.
const FRAME_RATES: Tolerance = Tolerance {
    share: 0.01,
    least: 0.05,
};

/// Milliseconds between keyframes: one frame more or less.
const INTERVALS: Tolerance = Tolerance {
    share: 0.02,
    least: 40.0,
};

/// Milliseconds that nobody sees or hears: players hold more than that back.
const UNFELT: Tolerance = Tolerance {
    share: 0.2,
    least: 40.0,
};

/// A lag beyond this is more than the jitter of a network: the sender cannot keep up.
const LAGGING_MS: f64 = 500.0;

/// Sound this far from its picture is noticed (ITU-R BT.1359: 45 ms ahead, 125 ms behind).
const OUT_OF_STEP_MS: f64 = 125.0;

/// Milliseconds per second: crystals are apart by less than a tenth of one.
const DRIFTS: Tolerance = Tolerance {
    share: 0.2,
    least: 0.1,
};

/// A drift beyond this is no crystal any more.
const DRIFTING: f64 = 1.0;

/// Incidents differ with the length of a capture; only where one has none is it worth a thought.
const INCIDENTS: Tolerance = Tolerance {
    share: 0.9,
    least: 0.0,
};

/// A section for each kind of track and its id that either side has.
pub(super) fn tracks(both: Both<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    for kind in [MediaKind::Video, MediaKind::Audio] {
        let (left, right) = both.ask(|party| of_kind(party, kind));
        let mut ids: Vec<u8> = left
            .iter()
            .chain(&right)
            .map(|track| track.key.id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids.into_iter().take(MAX_TRACKS) {
            let with = |tracks: &[&'_ Track]| tracks.iter().position(|track| track.key.id == id);
            let one = with(&left).and_then(|at| left.get(at)).copied();
            let other = with(&right).and_then(|at| right.get(at)).copied();
            let title = if id == 0 {
                kind.name().to_owned()
            } else {
                format!("{} track {id}", kind.name())
            };
            // One of several is a choice; where there is none at all, something went wrong.
            let lack = if left.is_empty() || right.is_empty() {
                Weight::Fault
            } else {
                Weight::Choice
            };
            sections.push(track(title, lack, (one, other), both));
        }
    }
    sections
}

/// The tracks of the side and stream that matter, so that a publisher is held against its player.
fn of_kind<'a>(party: &'a Party<'_>, kind: MediaKind) -> Vec<&'a Track> {
    let summary = party.session.summary();
    let Some(main) = summary.video.or(summary.audio) else {
        return Vec::new();
    };
    let is_of_it = |track: &&Track| {
        track.key.kind == kind
            && track.key.side == main.key.side
            && track.key.stream_id == main.key.stream_id
    };
    party.session.tracks.iter().filter(is_of_it).collect()
}

type Pair<'a> = (Option<&'a Track>, Option<&'a Track>);

fn ask<'a, T>(pair: Pair<'a>, of: impl Fn(&'a Track) -> Option<T>) -> (Option<T>, Option<T>) {
    (pair.0.and_then(&of), pair.1.and_then(&of))
}

fn track(title: String, lack: Weight, pair: Pair<'_>, both: Both<'_>) -> Section {
    let mut lines = Lines::new(title);
    let codec = ask(pair, |track| track.codec.map(|codec| codec.to_string()));
    let (Some(one), Some(_)) = pair else {
        // What a track is like that the other side has not is told on its own screens.
        lines.add("codec", lack, codec);
        return lines.finish();
    };
    lines.add("codec", Weight::Choice, codec);
    let named = ask(pair, |track| track.codec.map(named_by));
    lines.add("codec named by", Weight::Choice, named);
    let headers = |track: &Track| {
        Some(if track.is_enhanced {
            "Enhanced RTMP"
        } else {
            "FLV"
        })
    };
    lines.add("headers", Weight::Choice, ask(pair, headers));
    configured(&mut lines, pair, both);
    match one.key.kind {
        MediaKind::Video => video(&mut lines, pair),
        MediaKind::Audio => audio(&mut lines, pair),
    }
    let size = |track: &Track| Some(track.picture_size()?.to_string());
    lines.add("pictures", Weight::Choice, ask(pair, size));
    rates(&mut lines, pair);
    timing(&mut lines, pair);
    lines.finish()
}

/// How the codec is written in a message.
fn named_by(codec: CodecId) -> String {
    match codec {
        CodecId::Audio(number) => format!("sound format {number}"),
        CodecId::Video(number) => format!("codec id {number}"),
        CodecId::FourCc(code) => format!("FourCC {code}"),
    }
}

fn configured(lines: &mut Lines, pair: Pair<'_>, both: Both<'_>) {
    let lacks = |track: Option<&Track>, party: &Party<'_>| {
        let track = track?;
        Some(
            match (track.lacks_config(), party.session.is_from_begin()) {
                (false, _) if track.configs > 1 => "came, and again",
                (false, _) if track.configs == 0 => "not needed",
                (false, _) => "came",
                (true, true) => "never came",
                (true, false) => "came before the capture, if it did",
            },
        )
    };
    let values = (lacks(pair.0, both.left), lacks(pair.1, both.right));
    let is_missing = |said: Option<&str>| said == Some("never came");
    let weight = if is_missing(values.0) == is_missing(values.1) {
        Weight::Choice
    } else {
        Weight::Fault
    };
    lines.add("configuration", weight, values);
    let changes = |track: &Track| Some(f64::from(track.config_changes));
    let (left, right) = ask(pair, changes);
    lines.trouble(
        "configuration changed",
        (left.unwrap_or(0.0), right.unwrap_or(0.0)),
        INCIDENTS,
        times,
    );
}

fn video(lines: &mut Lines, pair: Pair<'_>) {
    let facts: [Asked<VideoConfig, String>; 12] = [
        ("profile", |config| {
            let number = config.profile?.to_string();
            Some(config.profile_name.map_or(number, str::to_owned))
        }),
        ("level", |config| Some(config.level?.to_string())),
        ("tier", |config| {
            Some(if config.high_tier? { "high" } else { "main" }.to_owned())
        }),
        ("size", |config| Some(config.size?.to_string())),
        ("sample aspect", |config| {
            Some(config.sample_aspect?.to_string())
        }),
        ("announced rate", |config| {
            Some(format!("{:.2} frames/s", config.frame_rate?.value()))
        }),
        ("bit depth", |config| {
            Some(format!("{} bit", config.bit_depth?))
        }),
        ("chroma", |config| Some(config.chroma?.name().to_owned())),
        ("NAL length", |config| {
            Some(format!("{} bytes", config.nal_length_size?))
        }),
        ("colour", |config| {
            let color = config.color?;
            color.primaries.or(color.transfer).or(color.matrix)?;
            let number = |part: Option<u8>| part.map_or_else(|| "-".to_owned(), |n| n.to_string());
            Some(format!(
                "primaries {}, transfer {}, matrix {}",
                number(color.primaries),
                number(color.transfer),
                number(color.matrix)
            ))
        }),
        ("interlaced", |config| {
            Some(if config.interlaced? { "possible" } else { "no" }.to_owned())
        }),
        ("frames reordered", |config| {
            Some(config.max_reorder_frames?.to_string())
        }),
    ];
    for (name, of) in facts {
        lines.add(name, Weight::Choice, ask(pair, |track| of(track.video()?)));
    }
    let composition = |track: &Track| {
        let times = track.composition.filter(|times| times.nonzero > 0)?;
        Some(if times.negative > 0 {
            "also negative"
        } else {
            "used"
        })
    };
    lines.add("composition times", Weight::Choice, ask(pair, composition));
}

fn audio(lines: &mut Lines, pair: Pair<'_>) {
    let facts: [Asked<AudioConfig, String>; 7] = [
        ("profile", |config| {
            let number = config.object_type?.to_string();
            Some(config.profile_name().map_or(number, str::to_owned))
        }),
        ("sample rate", |config| {
            Some(format!("{} Hz", config.sample_rate_hz?))
        }),
        ("core sample rate", |config| {
            Some(format!("{} Hz", config.core_sample_rate_hz?))
        }),
        ("channels", |config| Some(config.channels?.to_string())),
        ("sample size", |config| {
            Some(format!("{} bit", config.bits_per_sample?))
        }),
        ("frame", |config| {
            Some(format!("{} samples", config.frame_samples?))
        }),
        ("pre-skip", |config| {
            Some(format!("{} samples", config.pre_skip?))
        }),
    ];
    for (name, of) in facts {
        lines.add(name, Weight::Choice, ask(pair, |track| of(track.audio()?)));
    }
}

fn rates(lines: &mut Lines, pair: Pair<'_>) {
    let kbits = |kbits: f64| format!("{kbits:.0} kbit/s");
    lines.figures(
        "bitrate",
        Weight::Figure,
        ask(pair, Track::kbits),
        RATES,
        kbits,
    );
    let most = |track: &Track| (track.kbits_max > 0).then(|| f64::from(track.kbits_max));
    lines.figures(
        "highest bitrate",
        Weight::Figure,
        ask(pair, most),
        RATES,
        kbits,
    );
    let rates = ask(pair, Track::frame_rate);
    lines.figures("frame rate", Weight::Choice, rates, FRAME_RATES, |rate| {
        format!("{rate:.2} /s")
    });
    let interval = |track: &Track| track.gops.as_ref()?.interval_mean_ms();
    lines.figures(
        "keyframe interval",
        Weight::Choice,
        ask(pair, interval),
        INTERVALS,
        |ms| format!("{:.2} s", ms / 1000.0),
    );
    let most = |track: &Track| {
        let gops = track.gops.as_ref()?;
        (gops.intervals > 0).then(|| f64::from(gops.interval_max_ms))
    };
    lines.figures(
        "longest keyframe interval",
        Weight::Figure,
        ask(pair, most),
        INTERVALS,
        |ms| format!("{:.2} s", ms / 1000.0),
    );
    let frames = |track: &Track| Some(as_f64(track.frames()));
    lines.figures(
        "frames",
        Weight::Figure,
        ask(pair, frames),
        RATES,
        |count| format!("{count:.0}"),
    );
}

fn timing(lines: &mut Lines, pair: Pair<'_>) {
    let clock =
        |of: fn(&Clock) -> Option<f64>| ask(pair, move |track| track.clock.as_ref().and_then(of));
    // A capture that was joined late counts from a place of its own.
    let first = clock(|clock| {
        let is_told = clock.first_from.is_none();
        is_told.then(|| f64::from(clock.first_timestamp.0))
    });
    lines.figures("first timestamp", Weight::Choice, first, UNFELT, |ms| {
        format!("{ms:.0} ms")
    });
    let graded = |values: (Option<f64>, Option<f64>), limit: f64| {
        let is_beyond = |value: Option<f64>| value.is_some_and(|value| value.abs() > limit);
        if is_beyond(values.0) == is_beyond(values.1) {
            Weight::Figure
        } else {
            Weight::Fault
        }
    };
    let lag = clock(|clock| Some(clock.lag_max.as_millis_f64()));
    lines.figures(
        "largest lag",
        graded(lag, LAGGING_MS),
        lag,
        UNFELT,
        in_words,
    );
    let drift = clock(Clock::drift_ms_per_s);
    lines.figures("drift", graded(drift, DRIFTING), drift, DRIFTS, |drift| {
        format!("{drift:+.2} ms/s")
    });
    let jitter = clock(|clock| Some(clock.jitter_ms));
    lines.figures(
        "jitter",
        graded(jitter, LAGGING_MS),
        jitter,
        UNFELT,
        in_words,
    );
    let gap = clock(|clock| Some(clock.gap_max.as_millis_f64()));
    lines.figures(
        "longest gap",
        graded(gap, LAGGING_MS),
        gap,
        UNFELT,
        in_words,
    );
    let incidents: [Asked<Clock, f64>; 3] = [
        ("gaps", |clock| Some(f64::from(clock.gaps))),
        ("timestamps going back", |clock| {
            Some(f64::from(clock.backwards))
        }),
        ("jumps of timestamps", |clock| Some(f64::from(clock.jumps))),
    ];
    for (name, of) in incidents {
        let (left, right) = clock(of);
        let counts = (left.unwrap_or(0.0), right.unwrap_or(0.0));
        lines.trouble(name, counts, INCIDENTS, times);
    }
}

/// Audio against video, and both together.
pub(super) fn together(both: Both<'_>) -> Section {
    let mut lines = Lines::new("audio and video together");
    let (left, right) = both.ask(|party| party.session.tracks.is_empty());
    if left || right {
        return lines.finish();
    }
    let skew = |of: fn(&Skew) -> Option<f64>| {
        both.ask(move |party| {
            let summary = party.session.summary();
            // Timestamps that are inferred are none to be held against each other.
            summary
                .skew
                .filter(|_| summary.skew_from.is_none())
                .and_then(of)
        })
    };
    let running = skew(Skew::timestamp_ms);
    let is_off = |value: Option<f64>| value.is_some_and(|ms| ms.abs() > OUT_OF_STEP_MS);
    let weight = if is_off(running.0) == is_off(running.1) {
        Weight::Figure
    } else {
        Weight::Fault
    };
    lines.figures("audio ahead by", weight, running, UNFELT, |ms| {
        format!("{ms:+.0} ms")
    });
    let begin = skew(|skew| Some(f64::from(skew.start_timestamp_ms)));
    lines.figures("at the begin", Weight::Figure, begin, UNFELT, |ms| {
        format!("{ms:+.0} ms")
    });
    let apart = skew(|skew| Some(f64::from(skew.interleave_max_ms)));
    lines.figures("one alone for", Weight::Figure, apart, UNFELT, |ms| {
        lasting(super::outcome::millis(ms))
    });
    let rate = both.ask(|party| {
        let kbits = party.session.summary().kbits;
        (kbits > 0.0).then_some(kbits)
    });
    lines.figures("bitrate", Weight::Figure, rate, RATES, |kbits| {
        format!("{kbits:.0} kbit/s")
    });
    lines.finish()
}

/// Properties of metadata that are other ones in each recording.
const OF_THE_RECORDING: [&str; 4] = ["duration", "filesize", "creationdate", "creation_time"];

/// What the metadata says.
pub(super) fn metadata(both: Both<'_>) -> Section {
    let mut lines = Lines::new("metadata");
    let (left, right) = amf::of_both(both, latest, |party, metadata| {
        let value = metadata.value();
        value.map_or_else(Vec::new, |value| {
            amf::properties(party, &value, &Secrecy::of_property)
        })
    });
    if left.is_empty() != right.is_empty() {
        let told = |properties: &[Property]| {
            let count = u64::try_from(properties.len()).unwrap_or(u64::MAX);
            (count > 0).then(|| format!("{} properties", grouped(count)))
        };
        lines.add("onMetaData", Weight::Choice, (told(&left), told(&right)));
        return lines.finish();
    }
    amf::add_lines(&mut lines, left, right, |key| {
        if OF_THE_RECORDING.contains(&key) {
            Weight::Figure
        } else {
            Weight::Choice
        }
    });
    let (left, right) = both.ask(|party| {
        latest(party).map(|metadata| {
            if metadata.set_data_frame {
                "@setDataFrame"
            } else {
                "as it is"
            }
        })
    });
    lines.add("sent", Weight::Choice, (left, right));
    lines.finish()
}

/// The metadata of the stream that matters.
fn latest<'a>(party: &'a Party<'_>) -> Option<&'a Metadata> {
    let all = party.session.metadata();
    let summary = party.session.summary();
    let main = summary.video.or(summary.audio);
    all.iter()
        .find(|metadata| {
            main.is_some_and(|main| {
                main.key.side == metadata.side && main.key.stream_id == metadata.stream_id
            })
        })
        .or(all.first())
}
