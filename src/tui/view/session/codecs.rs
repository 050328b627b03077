//! Codecs and metadata.

use ratatui::text::Line;
use ratatui::text::Span;

use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;

pub(super) fn media<'a>(detail: &Detail, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let session = &detail.session;
    let mut lines = Vec::new();
    for track in &session.tracks {
        lines.push(Line::from(vec![
            Span::styled(
                format!(" {} {} ", arrow(track.key.side), track.key.kind.name()),
                theme.side(track.key.side),
            ),
            Span::styled(track_facts(track), theme.head()),
        ]));
        lines.push(Line::styled(
            format!("   {}", track_figures(track)),
            theme.plain(),
        ));
        if track.lacks_config() && !session.is_from_begin() {
            lines.push(Line::styled(
                "   its configuration was not captured",
                theme.dim(),
            ));
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled(" no audio or video yet", theme.dim()));
    }
    for metadata in session.metadata() {
        let figures = &metadata.figures;
        let mut parts = Vec::new();
        let mut figure = |name: &str, value: Option<f64>, unit: &str| {
            if let Some(value) = value {
                parts.push(format!("{name}{value}{unit}"));
            }
        };
        if let (Some(width), Some(height)) = (figures.width, figures.height) {
            figure(&format!("{width}x"), Some(height), "");
        }
        figure("", figures.frame_rate, " fps");
        figure("video ", figures.video_kbits, " kbit/s");
        figure("audio ", figures.audio_kbits, " kbit/s");
        figure("", figures.sample_rate, " Hz");
        let text = if parts.is_empty() {
            "no figures".to_owned()
        } else {
            parts.join("  ")
        };
        let text = format!("{} onMetaData: {text}", arrow(metadata.side));
        for line in crate::tui::widgets::text::wrap(&text, room.saturating_sub(2).max(8)) {
            lines.push(Line::styled(format!(" {line}"), theme.plain()));
        }
    }
    for anomaly in session.anomalies.iter() {
        if anomaly.kind.code() == "meta.mismatch" {
            let text = format!("▲ {}", detail.prose(&anomaly.kind.to_string()));
            for line in crate::tui::widgets::text::wrap(&text, room.saturating_sub(2).max(8)) {
                lines.push(Line::styled(format!(" {line}"), theme.warn()));
            }
        }
    }
    for name in session.data() {
        lines.push(Line::styled(
            format!(
                " {} × {}",
                units::grouped(name.count),
                detail.prose(&name.name)
            ),
            theme.dim(),
        ));
    }
    lines
}

/// What a track is.
pub(in crate::tui::view) fn track_facts(track: &Track) -> String {
    let mut facts = vec![
        track
            .codec
            .map_or_else(|| "?".to_owned(), |codec| codec.to_string()),
    ];
    if let Some(config) = track.video() {
        facts.extend(config.profile_name.map(str::to_owned));
        facts.extend(config.level.map(|level| format!("level {level}")));
        if let Some(depth) = config.bit_depth.filter(|depth| *depth != 8) {
            facts.push(format!("{depth} bit"));
        }
    }
    facts.extend(track.picture_size().map(|size| size.to_string()));
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
    facts.join(" ")
}

/// What a track measures.
pub(in crate::tui::view) fn track_figures(track: &Track) -> String {
    let mut parts = vec![format!("{} frames", units::grouped(track.frames))];
    if let Some(rate) = track.frame_rate() {
        parts.push(format!("{rate:.2}/s"));
    }
    if let Some(kbits) = track.kbits() {
        parts.push(format!("{kbits:.0} kbit/s"));
    }
    if let Some(gops) = &track.gops
        && let Some(mean) = gops.interval_mean_ms()
    {
        parts.push(format!("keyframe every {:.1} s", mean / 1000.0));
    }
    if let Some(composition) = track.composition.filter(|c| c.nonzero > 0) {
        parts.push(format!(
            "CTS {}..{} ms",
            composition.min_ms, composition.max_ms
        ));
    }
    parts.join("  ")
}
