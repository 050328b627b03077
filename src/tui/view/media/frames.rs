//! The frames around the time cursor, one cell each: what they are, how large, how much sound came
//! with them, and to which group of pictures the selected one belongs.
//!
//! ```text
//!  GOP 3 of 12  2.00 s  50 frames  143 kB  keyframe 12.1 kB, others 2.6 kB
//!     size │▂▁▁▁█▂▁▁▁▁
//!    frame │···K·····✖··
//!    audio │─═─══─══─ ──
//!       ms │    4000
//!  K #812  22:13:24.200  timestamp 4000 ms  12.1 kB  40.0 ms behind the one before
//! ```

use std::fmt::Write as _;

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::units::counted;
use crate::session::clock::StepKind;
use crate::session::gop::Gop;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::MEDIA_FRAMES;
use crate::tui::strip;
use crate::tui::strip::StripFrame;
use crate::tui::strip::StripKind;
use crate::tui::units;
use crate::tui::view::media::Scene;
use crate::tui::view::media::course;
use crate::tui::view::media::style_of;
use crate::tui::view::media::title_sign;
use crate::tui::widgets::chart::LABELS;
use crate::tui::widgets::spark::level;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::width;

/// Most lines that the heights of the frames take.
const MOST_HEIGHTS: u16 = 16;

/// What one cell of the strip stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// A frame by its place.
    Frame(usize),
    /// Something odd happened before the next frame.
    Break(StepKind),
}

/// Lines that the strip should have on a screen of a height.
pub(super) fn lines_wanted(height: u16) -> u16 {
    match height {
        30.. => 9,
        22.. => 6,
        16.. => 5,
        _ => 3,
    }
}

/// Draws the strip.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, scene: &Scene<'_>) {
    let view = scene.view;
    let theme = view.theme;
    let (Some(strip), Some(track)) = (scene.strip, strip::main_track(&scene.detail.session)) else {
        title(sheet, area, &[("frames".to_owned(), theme.head())], scene);
        return;
    };
    let frames = strip.track(track.key);
    let Some(selected) = strip::selected(&frames, view.cursor) else {
        let why = "none of their messages is kept".to_owned();
        let parts = vec![("frames".to_owned(), theme.head()), (why, theme.dim())];
        title(sheet, area, &parts, scene);
        return;
    };
    title(
        sheet,
        area,
        &group_parts(track, &frames, selected, scene),
        scene,
    );
    let cells = cells_of(&frames);
    let room = usize::from(area.width.saturating_sub(LABELS));
    let is_selected = |cell: &Cell| *cell == Cell::Frame(selected);
    let place = cells.iter().position(is_selected).unwrap_or(0);
    let first = first_shown(place, cells.len(), room);
    let shown = cells.get(first..).unwrap_or_default();
    let shown = shown.get(..room.min(shown.len())).unwrap_or_default();
    let view_of = Shown {
        frames: &frames,
        cells: shown,
        selected,
    };
    // What is told of the frames, in the order in which it leaves where there is little room.
    let below = area.height.saturating_sub(1);
    let has_rail = below >= 2;
    let has_letters = below >= 1;
    let has_figures = below >= 4;
    let has_ruler = below >= 5;
    let others = [has_rail, has_letters, has_figures, has_ruler];
    let others = u16::try_from(others.into_iter().filter(|has| *has).count()).unwrap_or(4);
    let heights = below.saturating_sub(others).min(MOST_HEIGHTS);
    let mut y = area.y.saturating_add(1);
    let zones = Rect {
        y,
        height: below.min(heights.saturating_add(others)),
        ..area
    };
    for row in (0..heights).rev() {
        let label = if row + 1 == heights { "size" } else { "" };
        let line = view_of.heights(row, heights, track, scene);
        row_of(sheet, area, y, label, line, scene);
        y = y.saturating_add(1);
    }
    if has_letters {
        row_of(
            sheet,
            area,
            y,
            "frame",
            view_of.letters(track, scene),
            scene,
        );
        y = y.saturating_add(1);
    }
    if has_rail {
        let line = view_of.rail(track, scene);
        if let Some(line) = line {
            row_of(sheet, area, y, "audio", line, scene);
            y = y.saturating_add(1);
        }
    }
    if has_ruler {
        row_of(sheet, area, y, "ms", view_of.ruler(scene), scene);
        y = y.saturating_add(1);
    }
    if has_figures && let Some(frame) = frames.get(selected) {
        let before = selected.checked_sub(1).and_then(|at| frames.get(at));
        let parts = figures(frame, before.copied(), scene);
        let room = area.width.saturating_sub(1);
        let line = fit_parts(&parts, "  ", usize::from(room));
        put(sheet, area.x.saturating_add(1), y, &line, room);
    }
    view_of.zones(sheet, zones);
}

fn title(sheet: &mut Sheet<'_>, area: Rect, parts: &[(String, Style)], scene: &Scene<'_>) {
    let (sign, style) = title_sign(MEDIA_FRAMES, scene.view);
    put(sheet, area.x, area.y, &Line::styled(sign, style), 1);
    let room = area.width.saturating_sub(1);
    let line = fit_parts(parts, "  ", usize::from(room));
    put(sheet, area.x.saturating_add(1), area.y, &line, room);
}

fn row_of(
    sheet: &mut Sheet<'_>,
    area: Rect,
    y: u16,
    label: &str,
    spans: Vec<Span<'_>>,
    scene: &Scene<'_>,
) {
    if y >= area.bottom() {
        return;
    }
    let gutter = usize::from(LABELS.saturating_sub(2));
    let label = format!("{} │", pad(label, gutter, true));
    let mut all = vec![Span::styled(label, scene.view.theme.dim())];
    all.extend(spans);
    put(sheet, area.x, y, &Line::from(all), area.width);
}

/// A cell for each frame, and one before each before which something odd happened.
fn cells_of(frames: &[&StripFrame]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (at, step) in course::steps(frames).into_iter().enumerate() {
        if matches!(
            step,
            StepKind::Gap | StepKind::Jump | StepKind::Backwards | StepKind::Resumed
        ) {
            cells.push(Cell::Break(step));
        }
        cells.push(Cell::Frame(at));
    }
    cells
}

/// The group of pictures that a moment is in, its number, and how many there are.
fn group_at<'t>(track: &'t Track, frame: &StripFrame) -> Option<(&'t Gop, u32, u32)> {
    let gops = track.gops.as_ref()?;
    let kept = gops.iter().count();
    let before = gops.iter().filter(|gop| gop.at.time <= frame.at.time);
    let at = before.count().checked_sub(1)?;
    let behind = kept.saturating_sub(at.saturating_add(1));
    let behind = u32::try_from(behind).unwrap_or(u32::MAX);
    let number = gops.keyframes.saturating_sub(behind);
    Some((gops.iter().nth(at)?, number, gops.keyframes))
}

fn group_parts(
    track: &Track,
    frames: &[&StripFrame],
    selected: usize,
    scene: &Scene<'_>,
) -> Vec<(String, Style)> {
    let theme = scene.view.theme;
    let group = frames
        .get(selected)
        .and_then(|frame| group_at(track, frame));
    let Some((gop, number, count)) = group else {
        let name = match track.key.kind {
            MediaKind::Video if track.gops.is_some() => "before the first kept GOP",
            MediaKind::Video => "no keyframe yet",
            MediaKind::Audio => "audio frames",
        };
        return vec![(name.to_owned(), theme.head())];
    };
    let mut parts = vec![(format!("GOP {number} of {count}"), theme.head())];
    parts.push(match gop.interval_ms {
        Some(interval) => {
            let seconds = f64::from(interval) / 1000.0;
            (format!("{seconds:.3} s"), theme.plain())
        }
        None => ("still open".to_owned(), theme.plain()),
    });
    parts.push((counted(u64::from(gop.frames), "frame"), theme.plain()));
    parts.push((units::bytes(u64::from(gop.bytes)), theme.plain()));
    let key = frames
        .iter()
        .find(|frame| frame.at == gop.at && frame.kind == StripKind::Key);
    if let Some(key) = key {
        let others = gop.bytes.saturating_sub(key.bytes);
        let mean = others
            .checked_div(gop.frames.saturating_sub(1))
            .unwrap_or(0);
        let key = units::bytes(u64::from(key.bytes));
        let mean = units::bytes(u64::from(mean));
        parts.push((format!("K {key}, others {mean}"), theme.plain()));
    }
    if let Some(gops) = &track.gops {
        if let Some(mean) = gops.interval_mean_ms() {
            let seconds = |ms: f64| ms / 1000.0;
            let text = format!(
                "every {:.2} s ({:.2}..{:.2})",
                seconds(mean),
                seconds(f64::from(gops.interval_min_ms)),
                seconds(f64::from(gops.interval_max_ms))
            );
            parts.push((text, theme.plain()));
        }
        let largest = units::bytes(u64::from(gops.largest_keyframe));
        parts.push((format!("largest K {largest}"), theme.plain()));
    }
    parts
}

fn letter(kind: StripKind) -> &'static str {
    match kind {
        StripKind::Key => "K",
        StripKind::Inter | StripKind::Sound => "·",
        StripKind::Disposable => "d",
        StripKind::Unknown => "?",
    }
}

/// What is said of the selected frame.
fn figures(
    frame: &StripFrame,
    before: Option<&StripFrame>,
    scene: &Scene<'_>,
) -> Vec<(String, Style)> {
    let theme = scene.view.theme;
    let what = match frame.kind {
        StripKind::Key => "keyframe",
        StripKind::Inter => "frame",
        StripKind::Disposable => "disposable frame",
        StripKind::Sound => "audio",
        StripKind::Unknown => "frame, let go",
    };
    let timestamp = units::told(frame.timestamp, frame.from.is_some());
    let mut parts = vec![
        (format!("{what} #{}", frame.number), theme.key()),
        (format!("at {timestamp} ms"), theme.plain()),
        (units::bytes(u64::from(frame.bytes)), theme.plain()),
    ];
    if frame.is_incomplete {
        parts.push(("✖ bytes are missing".to_owned(), theme.bad()));
    }
    if let Some(before) = before {
        let arrival = frame.at.time.since(before.at.time);
        let mut text = format!("{} behind the one before", units::span(arrival));
        if let Some(media) = course::media_step(before, frame) {
            let _ = write!(text, ", {media:+} ms");
        }
        parts.push((text, theme.plain()));
    }
    if let Some(composition) = frame.composition_ms.filter(|ms| *ms != 0) {
        parts.push((format!("CTS {composition:+} ms"), theme.plain()));
    }
    parts.push((units::time_of_day(frame.at.time), theme.dim()));
    parts
}

/// The cells that there is room for.
struct Shown<'a> {
    frames: &'a [&'a StripFrame],
    cells: &'a [Cell],
    selected: usize,
}

impl Shown<'_> {
    fn style(&self, at: usize, track: &Track, scene: &Scene<'_>) -> Style {
        let theme = scene.view.theme;
        let style = match self.frames.get(at) {
            Some(frame) if frame.is_incomplete => theme.bad(),
            Some(frame) if frame.kind == StripKind::Key => theme.head(),
            _ => style_of(track.key.kind, scene.view),
        };
        if at == self.selected {
            style.add_modifier(Modifier::REVERSED)
        } else {
            style
        }
    }

    /// A row of the heights, counted from the bottom.
    fn heights(&self, row: u16, rows: u16, track: &Track, scene: &Scene<'_>) -> Vec<Span<'static>> {
        let shown = self.cells.iter().filter_map(|cell| match cell {
            Cell::Frame(at) => self.frames.get(*at),
            Cell::Break(_) => None,
        });
        let most = shown.map(|frame| frame.bytes).max().unwrap_or(0).max(1);
        let cell = |cell: &Cell| match cell {
            Cell::Break(_) => Span::raw(" "),
            Cell::Frame(at) => {
                let bytes = self.frames.get(*at).map_or(0, |frame| frame.bytes);
                let share = f64::from(bytes) / f64::from(most) * f64::from(rows);
                let share = share - f64::from(row);
                // What is there at all can be seen.
                let share = if row == 0 && bytes > 0 {
                    share.max(0.01)
                } else {
                    share
                };
                let mut style = self.style(*at, track, scene);
                if share <= 0.0 {
                    style = Style::new();
                }
                Span::styled(
                    level(share).to_string(),
                    style.remove_modifier(Modifier::REVERSED),
                )
            }
        };
        self.cells.iter().map(cell).collect()
    }

    fn letters(&self, track: &Track, scene: &Scene<'_>) -> Vec<Span<'static>> {
        let theme = scene.view.theme;
        let cell = |cell: &Cell| match cell {
            Cell::Break(StepKind::Gap) => Span::styled("✖", theme.bad()),
            Cell::Break(StepKind::Resumed) => Span::styled("|", theme.dim()),
            Cell::Break(_) => Span::styled("▲", theme.warn()),
            Cell::Frame(at) => {
                let frame = self.frames.get(*at);
                let text = match frame {
                    Some(frame) if frame.is_incomplete => "!",
                    Some(frame) => letter(frame.kind),
                    None => " ",
                };
                Span::styled(text, self.style(*at, track, scene))
            }
        };
        self.cells.iter().map(cell).collect()
    }

    /// How many audio frames came since the frame before: none, one, two, more.
    fn rail(&self, track: &Track, scene: &Scene<'_>) -> Option<Vec<Span<'static>>> {
        let audio = scene.audio.filter(|audio| audio.key != track.key)?;
        let sounds = scene.strip?.track(audio.key);
        let count_upto = |number: u64| sounds.partition_point(|sound| sound.number <= number);
        let style = style_of(MediaKind::Audio, scene.view);
        let cell = |cell: &Cell| match cell {
            Cell::Break(_) => Span::raw(" "),
            Cell::Frame(at) => {
                let number = |at: usize| self.frames.get(at).map_or(0, |frame| frame.number);
                let before = at.checked_sub(1).map_or(0, |at| count_upto(number(at)));
                let came = count_upto(number(*at)).saturating_sub(before);
                let symbol = match came {
                    0 => " ",
                    1 => "─",
                    2 => "═",
                    _ => "≡",
                };
                // What came before the first of all frames came over any time.
                let symbol = if *at == 0 { " " } else { symbol };
                Span::styled(symbol, style)
            }
        };
        Some(self.cells.iter().map(cell).collect())
    }

    /// The timestamps of keyframes, and of some others, where they have room.
    fn ruler(&self, scene: &Scene<'_>) -> Vec<Span<'static>> {
        /// Cells between two timestamps where no keyframe is.
        const EVERY: usize = 16;
        let mut text = String::new();
        let mut last = None;
        for (column, cell) in self.cells.iter().enumerate() {
            let Cell::Frame(at) = cell else {
                continue;
            };
            let Some(frame) = self.frames.get(*at) else {
                continue;
            };
            let taken = width(&text);
            let is_due = last.is_none_or(|last| column.saturating_sub(last) >= EVERY);
            if frame.kind != StripKind::Key && !is_due {
                continue;
            }
            let label = units::told(frame.timestamp, frame.from.is_some());
            let is_free = taken == 0 || taken < column;
            let fits = column.saturating_add(width(&label)) <= self.cells.len();
            if is_free && fits {
                text.push_str(&" ".repeat(column.saturating_sub(taken)));
                text.push_str(&label);
                last = Some(column);
            }
        }
        vec![Span::styled(text, scene.view.theme.dim())]
    }

    fn zones(&self, sheet: &mut Sheet<'_>, area: Rect) {
        for (column, cell) in self.cells.iter().enumerate() {
            let Cell::Frame(at) = cell else {
                continue;
            };
            let Some(frame) = self.frames.get(*at) else {
                continue;
            };
            let right = u16::try_from(column).unwrap_or(u16::MAX);
            let place = Rect {
                x: area.x.saturating_add(LABELS).saturating_add(right),
                width: 1,
                ..area
            };
            sheet.zone(place, Target::Moment(frame.at.time));
        }
    }
}
