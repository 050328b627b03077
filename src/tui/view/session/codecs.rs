//! Codecs and metadata.

use ratatui::text::Line;
use ratatui::text::Span;

use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::screen::Screen;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::session::Fact;
use crate::tui::view::session::Facts;
use crate::tui::view::session::Proof;
use crate::tui::view::session::metadata::against_measured;

pub(super) fn media<'a>(detail: &Detail, room: usize, view: &ViewState) -> Facts<'a> {
    let theme = view.theme;
    let session = &detail.session;
    let mut all = Vec::new();
    for track in &session.tracks {
        let mut lines = vec![
            Line::from(vec![
                Span::styled(
                    format!(" {} {} ", arrow(track.key.side), track.key.kind.name()),
                    theme.side(track.key.side),
                ),
                Span::styled(track_facts(track), theme.head()),
            ]),
            Line::styled(format!("   {}", track_figures(track)), theme.plain()),
        ];
        if track.lacks_config() && !session.is_from_begin() {
            lines.push(Line::styled(
                "   its configuration was not captured",
                theme.dim(),
            ));
        }
        let proof = Some(Proof::Screen(Screen::Media));
        all.push(Fact { lines, proof });
    }
    if all.is_empty() {
        let line = Line::styled(" no audio or video yet", theme.dim());
        all.push(Fact::new(line, None));
    }
    for metadata in session.metadata() {
        all.extend(against_measured(detail, metadata, room, view));
    }
    for name in session.data() {
        let line = Line::styled(
            format!(
                " {} × {}",
                units::grouped(name.count),
                detail.prose(&name.name)
            ),
            theme.dim(),
        );
        all.push(Fact::new(line, None));
    }
    Facts { heading: None, all }
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
    let mut parts = vec![format!("{} frames", units::grouped(track.frames()))];
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
