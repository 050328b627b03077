//! The media of a connection over capture time: how far they lag, how much of them there is, how
//! far their frames and their sound and picture are apart, and the frames around the time cursor
//! one by one.
//!
//! ```text
//! ┌ tracks ──────────────────────────────────────────────────────────────────────────────────┐
//! │ → video avc High 1280x720   750 frames  29.97/s  2 410 kbit/s, nominal 2 500              │
//! └──────────────────────────────────────────────────────────────────────────────────────────┘
//!  lag  ━ video +12ms  ━ audio +3ms             most +40ms  drift +0.1 ms/s
//!    +40ms ┤⠤⠤⠒⠒⠊⠉⠉│⠒⠤⠤
//!  kbit/s  …
//!  frame gap  …
//!  A/V skew  …
//!          ├──────────┃────▲─m──┤
//!  GOP 3 of 12  2.00 s  50 frames …
//!     size ┤▂▂▂█▂▂▂▂▂▂
//!    frame ┤···K······
//! ```

mod axis;
mod charts;
mod course;
mod frames;
#[cfg(test)]
mod tests;
mod tracks;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::MEDIA_CHARTS;
use crate::tui::state::MEDIA_FRAMES;
use crate::tui::state::MEDIA_TRACKS;
use crate::tui::state::ViewState;
use crate::tui::strip::Strip;
use crate::tui::strip::busiest;
use crate::tui::view::media::axis::AXIS_LINES;
use crate::tui::view::pane;
use crate::tui::view::say;
use crate::tui::view::scrolled;

/// Charts that there are at most.
pub(in crate::tui) const CHARTS: usize = 4;

/// Lines below which a pane has the screen for itself.
const SPLIT_FROM: u16 = 12;

/// Lines from which the tracks have a pane beside the charts.
const TRACKS_FROM: u16 = 22;

/// Everything that the panes are drawn from.
struct Scene<'a> {
    detail: &'a Detail,
    snapshot: &'a Snapshot,
    view: &'a ViewState,
    strip: Option<&'a Strip>,
    video: Option<&'a Track>,
    audio: Option<&'a Track>,
    /// The time that is shown.
    shown: [Timestamp; 2],
}

impl Scene<'_> {
    /// The tracks of which there are charts: the busiest of each kind.
    fn charted(&self) -> impl Iterator<Item = &Track> {
        [self.video, self.audio].into_iter().flatten()
    }

    /// Seconds since the connection began: the charts' unit of time.
    fn seconds(&self, time: Timestamp) -> f64 {
        time.since(self.detail.first.time).as_secs_f64()
    }
}

/// Draws the media timing.
pub(super) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    snapshot: &Snapshot,
    detail: &Detail,
    view: &ViewState,
) {
    if detail.session.tracks.is_empty() {
        let text = if detail.session.opaque(Side::Client).is_some() {
            "No media: the connection is enciphered."
        } else {
            "No media: neither audio nor video was sent on this connection."
        };
        say(sheet, area, text, view);
        return;
    }
    let scene = Scene {
        detail,
        snapshot,
        view,
        strip: snapshot.strip.as_deref(),
        video: busiest(&detail.session, MediaKind::Video),
        audio: busiest(&detail.session, MediaKind::Audio),
        shown: view.chart_span(detail.first.time, detail.last.time),
    };
    for (index, area) in areas(area, &scene) {
        sheet.zone(area, Target::Pane(index));
        match index {
            MEDIA_CHARTS => charts::render(sheet, area, &scene),
            MEDIA_FRAMES => frames::render(sheet, area, &scene),
            _ => tracks(sheet, area, &scene),
        }
    }
}

/// The panes that there is room for, and where.
fn areas(area: Rect, scene: &Scene<'_>) -> Vec<(usize, Rect)> {
    let view = scene.view;
    if view.is_pane_alone || area.height < SPLIT_FROM {
        return vec![(view.pane, area)];
    }
    let mut rest = area;
    let mut all = Vec::new();
    let take_top = |rest: &mut Rect, lines: u16| {
        let top = Rect {
            height: lines.min(rest.height),
            ..*rest
        };
        rest.y = top.bottom();
        rest.height = rest.height.saturating_sub(top.height);
        top
    };
    let below = frames::lines_wanted(area.height);
    let below = below.min(area.height / 2);
    let tracks_first = area.height >= TRACKS_FROM;
    if tracks_first {
        let count = scene.detail.session.tracks.len().saturating_mul(2);
        let wanted = u16::try_from(count).unwrap_or(u16::MAX).saturating_add(2);
        let most = (area.height / 4).max(4);
        all.push((MEDIA_TRACKS, take_top(&mut rest, wanted.min(most))));
    }
    let middle = rest.height.saturating_sub(below);
    // Without room for both, the tracks stand where the charts are while they have the keys.
    let index = if view.pane == MEDIA_TRACKS && !tracks_first {
        MEDIA_TRACKS
    } else {
        MEDIA_CHARTS
    };
    all.push((index, take_top(&mut rest, middle)));
    all.push((MEDIA_FRAMES, rest));
    all
}

fn tracks(sheet: &mut Sheet<'_>, area: Rect, scene: &Scene<'_>) {
    let view = scene.view;
    let has_keys = view.pane == MEDIA_TRACKS;
    let inner = pane(sheet, area, "tracks", has_keys, view);
    let room = usize::from(inner.width);
    let all = scene.detail.session.tracks.iter();
    let lines: Vec<Line<'_>> = all
        .flat_map(|track| tracks::lines(scene.detail, track, room, view))
        .collect();
    let scroll = if has_keys { view.scroll } else { 0 };
    scrolled(sheet, inner, &lines, scroll, view);
}

/// The sign before the title of the pane with the keys.
fn title_sign(index: usize, view: &ViewState) -> (String, Style) {
    if view.pane == index {
        ("▸".to_owned(), view.theme.key())
    } else {
        (" ".to_owned(), view.theme.plain())
    }
}

fn style_of(kind: MediaKind, view: &ViewState) -> Style {
    match kind {
        MediaKind::Video => view.theme.video(),
        MediaKind::Audio => view.theme.audio(),
    }
}

/// Lines that the charts need for their axis.
const fn axis_lines(height: u16) -> u16 {
    if height >= 9 { AXIS_LINES } else { 1 }
}
