//! What the metadata says of the media against what the codec configuration and the media
//! themselves say.
//!
//! ```text
//!  → onMetaData         says       is
//!    picture        1280x720 1280x720
//!    frame rate           30    29.97
//!    ▲ video kbit/s     6000     4812
//! ```

use ratatui::text::Line;
use ratatui::text::Span;

use crate::rtmp::amf::value::Value;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::types::FourCc;
use crate::session::metadata::Metadata;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::view::session::Fact;
use crate::tui::view::session::Proof;
use crate::tui::widgets::text::pad;

/// Columns of the names: the longest is `audio kbit/s`, and a sign stands before it.
const NAME: usize = 16;
/// Columns of a figure: `1920x1080`, and most names of codecs.
const FIGURE: usize = 11;

/// One line of the table.
struct Row {
    name: &'static str,
    said: Option<String>,
    is: Option<String>,
    /// Whether the two disagree by more than is usual.
    differs: bool,
}

/// The table of one sender's metadata.
pub(super) fn against_measured<'a>(
    detail: &Detail,
    metadata: &Metadata,
    room: usize,
    view: &ViewState,
) -> Vec<Fact<'a>> {
    let theme = view.theme;
    let proof = Some(Proof::Frame(metadata.at));
    let said = rows(detail, metadata);
    let title = format!(" {} onMetaData", arrow(metadata.side));
    let heading = Line::from(vec![
        Span::styled(pad(&title, NAME.saturating_add(1), false), theme.head()),
        Span::styled(pad("says", FIGURE, true), theme.dim()),
        Span::styled(pad("is", FIGURE, true), theme.dim()),
    ]);
    let mut facts = vec![Fact::new(heading, proof)];
    if said.is_empty() {
        let line = Line::styled("   no figures", theme.dim());
        facts.push(Fact::new(line, proof));
    }
    // Where there is less room, the figures stand closer.
    let figure = FIGURE.min(room.saturating_sub(NAME.saturating_add(1)) / 2);
    for row in said {
        let style = if row.differs {
            theme.warn()
        } else {
            theme.plain()
        };
        let sign = if row.differs { "▲ " } else { "" };
        let name = pad(
            &format!("{sign}{}", row.name),
            NAME.saturating_sub(2),
            false,
        );
        let cell = |text: Option<String>| {
            let text = text.unwrap_or_else(|| "-".to_owned());
            pad(&text, figure, true)
        };
        let line = Line::from(vec![
            Span::styled(format!("   {name}"), style),
            Span::styled(cell(row.said), style),
            Span::styled(cell(row.is), style),
        ]);
        facts.push(Fact::new(line, proof));
    }
    facts
}

/// What is said, and beside it what is. What nobody said has no line.
fn rows(detail: &Detail, metadata: &Metadata) -> Vec<Row> {
    let session = &detail.session;
    let track = |kind| {
        let is_its = |track: &&Track| {
            let key = track.key;
            (key.side, key.stream_id, key.kind, key.id)
                == (metadata.side, metadata.stream_id, kind, 0)
        };
        session.tracks.iter().find(is_its)
    };
    let video = track(MediaKind::Video);
    let audio = track(MediaKind::Audio);
    let odd: Vec<&'static str> = [video, audio]
        .into_iter()
        .flatten()
        .flat_map(|track| session.metadata_mismatches(track))
        .flatten()
        .map(|(field, ..)| field)
        .collect();
    let differs = |fields: &[&str]| odd.iter().any(|field| fields.contains(field));
    let figures = &metadata.figures;
    let value = metadata.value();
    let size = figures
        .width
        .zip(figures.height)
        .map(|(width, height)| format!("{width}x{height}"));
    let whole = |value: f64| format!("{value:.0}");
    let said_codec = |key: &str, number: fn(u8) -> CodecId| {
        let value = value.as_ref()?.get(key)?;
        Some(codec_of(value, number))
    };
    let codec = |name, said: Option<Said>, track: Option<&Track>| {
        let is = track.and_then(Track::codec);
        let known = said.as_ref().and_then(|said| said.codec);
        Row {
            name,
            said: said.map(|said| detail.prose(&said.text)),
            is: track.and_then(|track| Some(track.codec?.to_string())),
            differs: known.zip(is).is_some_and(|(said, is)| said != is),
        }
    };
    let config = audio.and_then(Track::audio);
    let all = [
        codec(
            "video codec",
            said_codec("videocodecid", CodecId::Video),
            video,
        ),
        Row {
            name: "picture",
            said: size,
            is: video
                .and_then(Track::picture_size)
                .map(|size| size.to_string()),
            differs: differs(&["width", "height"]),
        },
        Row {
            name: "frame rate",
            said: figures.frame_rate.map(short),
            is: video.and_then(Track::frame_rate).map(short),
            differs: differs(&["framerate"]),
        },
        Row {
            name: "video kbit/s",
            said: figures.video_kbits.map(whole),
            is: video.and_then(Track::kbits).map(whole),
            differs: differs(&["videodatarate"]),
        },
        codec(
            "audio codec",
            said_codec("audiocodecid", CodecId::Audio),
            audio,
        ),
        Row {
            name: "sample rate",
            said: figures.sample_rate.map(whole),
            is: config
                .and_then(|config| config.sample_rate_hz)
                .map(|rate| rate.to_string()),
            differs: differs(&["audiosamplerate"]),
        },
        Row {
            name: "channels",
            said: figures.channels.map(whole),
            is: config
                .and_then(|config| config.channels)
                .map(|count| count.to_string()),
            differs: differs(&["audiochannels"]),
        },
        Row {
            name: "audio kbit/s",
            said: figures.audio_kbits.map(whole),
            is: audio.and_then(Track::kbits).map(whole),
            differs: differs(&["audiodatarate"]),
        },
    ];
    all.into_iter().filter(|row| row.said.is_some()).collect()
}

/// A rate with as many figures as it has.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A codec as metadata names it.
struct Said {
    text: String,
    codec: Option<Codec>,
}

/// The number of FLV, the number or the text of a FourCC, or a name: all of these are in use.
fn codec_of(value: &Value, number: fn(u8) -> CodecId) -> Said {
    if let Some(text) = value.as_str() {
        let four_cc = <[u8; 4]>::try_from(text.as_bytes()).ok();
        let codec = four_cc.and_then(|code| CodecId::FourCc(FourCc(code)).codec());
        return Said {
            text: text.to_owned(),
            codec,
        };
    }
    let Some(said) = value.as_f64() else {
        return Said {
            text: "?".to_owned(),
            codec: None,
        };
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and no codec has such a number"
    )]
    let code = said as u32;
    let id = match u8::try_from(code) {
        Ok(code) => number(code),
        Err(_) => CodecId::FourCc(FourCc(code.to_be_bytes())),
    };
    let codec = id.codec();
    Said {
        text: codec.map_or_else(|| short(said), |codec| codec.to_string()),
        codec,
    }
}
