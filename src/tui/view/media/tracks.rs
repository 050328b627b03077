//! What each track is, and its figures.

use ratatui::style::Style;
use ratatui::text::Line;

use crate::base::units::counted;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::session::codecs::track_facts;
use crate::tui::widgets::text::fit_parts;

/// The bitrate that the metadata announces for a track, in thousands of bits per second.
pub(super) fn nominal_kbits(detail: &Detail, track: &Track) -> Option<f64> {
    let key = track.key;
    let figures = detail.session.metadata_of(key.side, key.stream_id)?.figures;
    match key.kind {
        MediaKind::Video => figures.video_kbits,
        MediaKind::Audio => figures.audio_kbits,
    }
}

/// The lines of a track.
pub(super) fn lines<'a>(
    detail: &Detail,
    track: &Track,
    room: usize,
    view: &ViewState,
) -> Vec<Line<'a>> {
    let theme = view.theme;
    let mut first = vec![
        (
            format!(" {} {}", arrow(track.key.side), track.key.kind.name()),
            theme.side(track.key.side),
        ),
        (track_facts(track), theme.head()),
        (
            format!("{} frames", units::grouped(track.frames())),
            theme.plain(),
        ),
    ];
    if let Some(rate) = track.frame_rate() {
        first.push((format!("{rate:.2}/s"), theme.plain()));
    }
    if let Some(kbits) = track.kbits() {
        // Shorter than a second there is no most of a second.
        let most = match track.kbits_max {
            0 => String::new(),
            most => format!(", most {most}"),
        };
        first.push((format!("{kbits:.0} kbit/s{most}"), theme.plain()));
    }
    if let Some(nominal) = nominal_kbits(detail, track) {
        let mismatches = detail.session.metadata_mismatches(track);
        let is_bitrate = |field: &str| field.ends_with("datarate");
        let differs = mismatches
            .into_iter()
            .flatten()
            .any(|(field, ..)| is_bitrate(field));
        first.push(if differs {
            (format!("▲ nominal {nominal:.0}"), theme.warn())
        } else {
            (format!("nominal {nominal:.0}"), theme.plain())
        });
    }
    if track.is_untimed() {
        first.push(("timestamps not known".to_owned(), theme.dim()));
    }
    if let Some(clock) = &track.clock
        && (clock.last_from.is_some() || track.stream_from.is_some())
    {
        first.push((
            format!(
                "stream {}, timestamps {}..{} ms",
                units::marked(track.key.stream_id, track.stream_from.is_some()),
                units::marked(clock.first_timestamp, clock.first_from.is_some()),
                units::marked(clock.last_timestamp, clock.last_from.is_some())
            ),
            theme.dim(),
        ));
    }
    let second = timing(track, view);
    let mut lines = vec![fit_parts(&first, "  ", room)];
    if !second.is_empty() {
        lines.push(fit_parts(&second, "  ", room));
    }
    lines
}

/// How a track keeps time.
fn timing(track: &Track, view: &ViewState) -> Vec<(String, Style)> {
    let theme = view.theme;
    let mut second = Vec::new();
    if let Some(clock) = &track.clock {
        let worry = |count: u32| {
            if count > 0 {
                theme.warn()
            } else {
                theme.plain()
            }
        };
        let marked = |count: u32, what: String| {
            if count > 0 {
                format!("▲ {what}")
            } else {
                what
            }
        };
        second.push((
            format!("   longest pause {}", units::span(clock.gap_max)),
            theme.plain(),
        ));
        second.push((
            format!("jitter {}", units::millis(clock.jitter_ms)),
            theme.plain(),
        ));
        second.push((
            marked(clock.backwards, format!("{} backwards", clock.backwards)),
            worry(clock.backwards),
        ));
        second.push((
            marked(clock.jumps, counted(clock.jumps.into(), "jump")),
            worry(clock.jumps),
        ));
        second.push((
            marked(clock.gaps, counted(clock.gaps.into(), "gap")),
            worry(clock.gaps),
        ));
        second.push((format!("{} equal", clock.equal), theme.plain()));
        second.push((
            marked(
                track.duplicates,
                counted(track.duplicates.into(), "duplicate"),
            ),
            worry(track.duplicates),
        ));
        if clock.wraps32 > 0 || clock.wraps31 > 0 {
            let wraps = clock.wraps32.saturating_add(clock.wraps31);
            second.push((format!("{wraps} wraps"), theme.plain()));
        }
    }
    if let Some(composition) = track.composition.filter(|c| c.nonzero > 0) {
        second.push((
            format!("CTS {}..{} ms", composition.min_ms, composition.max_ms),
            theme.plain(),
        ));
    }
    second
}
