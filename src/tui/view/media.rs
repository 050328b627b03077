//! The media of a connection over capture time: how far they lag, how much of them there is, how
//! far sound and picture are apart, where the keyframes are.
//!
//! ```text
//! ┌ tracks ─────────────────────────────────────────────────────────────────────────────────┐
//! │ → video avc High 1280x720   750 frames  29.97/s  2 410 kbit/s  lag +12ms  drift +0.1 ms/s │
//! └──────────────────────────────────────────────────────────────────────────────────────────┘
//!  lag  video audio                                       now +12ms  max +40ms  drift +0.1 ms/s
//!    +40ms ┤⠤⠤⠒⠒⠊⠉⠉⠒⠤⠤
//!  kbit/s  …
//!  frames/s  …
//!  A/V skew  …
//!  GOP      ┤K┄┄┄┄┄┄┄K┄┄┄┄┄┄┄K
//! ```

use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::session::history::Bucket;
use crate::session::history::History;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::pane;
use crate::tui::view::say;
use crate::tui::view::scrolled;
use crate::tui::view::session::codecs::track_facts;
use crate::tui::widgets::chart;
use crate::tui::widgets::chart::LABELS;
use crate::tui::widgets::chart::Series;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;

/// Fewest lines of a chart with its title.
const CHART_LINES: u16 = 4;

/// Draws the media timing.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, detail: &Detail, view: &ViewState) {
    let tracks: Vec<&Track> = detail.session.tracks.iter().collect();
    if tracks.is_empty() {
        let text = if detail.session.opaque.client.is_some() {
            "No media: the connection is enciphered."
        } else {
            "No media: neither audio nor video was sent on this connection."
        };
        say(sheet, area, text, view);
        return;
    }
    let lines: Vec<Line<'_>> = tracks
        .iter()
        .flat_map(|track| track_lines(track, usize::from(area.width).saturating_sub(2), view))
        .collect();
    let wanted = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let is_low = area.height < 14;
    let has_keys = view.pane == 0;
    if has_keys || !is_low {
        let height = if is_low {
            area.height
        } else {
            wanted.min(area.height / 3).max(4)
        };
        let table = Rect { height, ..area };
        let inner = pane(sheet, table, "tracks", has_keys, view);
        let scroll = if has_keys { view.scroll } else { 0 };
        scrolled(sheet, inner, &lines, scroll, view);
        if is_low {
            return;
        }
        let rest = Rect {
            y: table.bottom(),
            height: area.height.saturating_sub(height),
            ..area
        };
        charts(sheet, rest, detail, &tracks, view);
        return;
    }
    charts(sheet, area, detail, &tracks, view);
}

fn track_lines<'a>(track: &Track, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let mut first = vec![
        (
            format!(" {} {}", arrow(track.key.side), track.key.kind.name()),
            theme.side(track.key.side),
        ),
        (track_facts(track), theme.head()),
        (
            format!("{} frames", units::grouped(track.frames)),
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
            marked(clock.jumps, format!("{} jumps", clock.jumps)),
            worry(clock.jumps),
        ));
        second.push((
            marked(clock.gaps, format!("{} gaps", clock.gaps)),
            worry(clock.gaps),
        ));
        second.push((format!("{} equal", clock.equal), theme.plain()));
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
    let mut lines = vec![fit_parts(&first, "  ", room)];
    if !second.is_empty() {
        lines.push(fit_parts(&second, "  ", room));
    }
    lines
}

fn style_of(track: &Track, view: &ViewState) -> Style {
    match track.key.kind {
        MediaKind::Video => view.theme.video(),
        MediaKind::Audio => view.theme.audio(),
    }
}

/// One chart: its title with figures, its series, and how its figures are written.
struct Chart {
    title: Vec<(String, Style)>,
    series: Vec<Series>,
    least: f64,
    from_zero: bool,
    label: fn(f64) -> String,
}

fn charts(sheet: &mut Sheet<'_>, area: Rect, detail: &Detail, tracks: &[&Track], view: &ViewState) {
    let video = main(tracks, MediaKind::Video);
    let audio = main(tracks, MediaKind::Audio);
    let shown: Vec<&Track> = [video, audio].into_iter().flatten().collect();
    let begin = detail.first.time;
    let seconds = |time: crate::base::time::Timestamp| time.since(begin).as_secs_f64();
    let start = shown
        .iter()
        .map(|track| seconds(track.history.start()))
        .fold(f64::INFINITY, f64::min);
    let end = shown
        .iter()
        .map(|track| {
            let buckets = f64::from(u32::try_from(track.history.buckets().len()).unwrap_or(0));
            seconds(track.history.start()) + buckets * track.history.width().as_secs_f64()
        })
        .fold(start, f64::max);
    let time = [start, end.max(start + 1.0)];
    let all = all_charts(detail, &shown, begin, view);
    let gop_lines: u16 = if video.is_some_and(|track| track.gops.is_some()) {
        2
    } else {
        0
    };
    // One line for the times below. Charts leave from the last one where there is no room.
    let room = area.height.saturating_sub(gop_lines).saturating_sub(1);
    let count = usize::from(room / CHART_LINES).clamp(1, all.len());
    let mut parts = vec![Constraint::Fill(1); count];
    parts.push(Constraint::Length(gop_lines));
    parts.push(Constraint::Length(1));
    let areas = Layout::vertical(parts).split(area);
    for (chart, area) in all.iter().take(count).zip(areas.iter()) {
        draw(sheet, *area, chart, time, view);
    }
    let mut rest = areas.iter().skip(count);
    if let (Some(area), Some(track)) = (rest.next(), video)
        && gop_lines > 0
    {
        gops(sheet, *area, track, begin, time, view);
    }
    if let Some(area) = rest.next() {
        times(sheet, *area, detail, time, view);
    }
}

/// The busiest track of a kind.
fn main<'t>(tracks: &[&'t Track], kind: MediaKind) -> Option<&'t Track> {
    tracks
        .iter()
        .filter(|track| track.key.kind == kind)
        .max_by_key(|track| track.payload_bytes)
        .copied()
}

fn series(
    track: &Track,
    buckets: &[Bucket],
    begin: crate::base::time::Timestamp,
    style: Style,
    filled: bool,
    value: impl Fn(&Bucket) -> Option<f64>,
) -> Series {
    let width = track.history.width().as_secs_f64();
    let start = track.history.start().since(begin).as_secs_f64();
    let points = buckets
        .iter()
        .enumerate()
        .filter_map(|(at, bucket)| {
            let at = f64::from(u32::try_from(at).unwrap_or(u32::MAX));
            Some((start + (at + 0.5) * width, value(bucket)?))
        })
        .collect();
    Series {
        points,
        style,
        filled,
    }
}

/// The charts in the order of their weight. Those of rates have no point for the time that is
/// still filling: it would look like a fall.
#[expect(
    clippy::too_many_lines,
    reason = "a list of charts, one entry each, reads best in one piece"
)]
fn all_charts(
    detail: &Detail,
    shown: &[&Track],
    begin: crate::base::time::Timestamp,
    view: &ViewState,
) -> Vec<Chart> {
    let theme = view.theme;
    let of_all = |course: fn(&History) -> &[Bucket],
                  filled: bool,
                  value: &dyn Fn(&Track, &Bucket) -> Option<f64>| {
        shown
            .iter()
            .map(|track| {
                let style = style_of(track, view);
                // A cell has one colour: an area below one line would swallow the others.
                let filled = filled && shown.len() == 1;
                let buckets = course(&track.history);
                series(track, buckets, begin, style, filled, |bucket| {
                    value(track, bucket)
                })
            })
            .collect::<Vec<_>>()
    };
    let legend = |title: &str| {
        let mut parts = vec![(format!(" {title}"), theme.head())];
        for track in shown {
            parts.push((
                format!("━ {}", track.key.kind.name()),
                style_of(track, view),
            ));
        }
        parts
    };
    let mut lag_title = legend("lag, media behind the wire");
    for track in shown
        .iter()
        .filter_map(|track| track.clock.as_ref())
        .take(1)
    {
        lag_title.push((
            format!("now {}", units::signed(track.lag.as_millis_f64())),
            theme.plain(),
        ));
        lag_title.push((
            format!("most {}", units::signed(track.lag_max.as_millis_f64())),
            theme.plain(),
        ));
        if let Some(drift) = track.drift_ms_per_s() {
            let style = if drift.abs() > 1.0 {
                theme.warn()
            } else {
                theme.plain()
            };
            lag_title.push((format!("drift {drift:+.2} ms/s"), style));
        }
    }
    let mut charts = vec![
        Chart {
            title: lag_title,
            series: of_all(History::buckets, false, &|_, bucket| {
                (bucket.frames > 0).then_some(f64::from(bucket.lag_ms))
            }),
            least: 40.0,
            from_zero: true,
            label: units::signed,
        },
        Chart {
            title: legend("kbit/s"),
            series: of_all(History::closed, true, &|track, bucket| {
                Some(bucket.kbits_per_second(track.history.width()))
            }),
            least: 10.0,
            from_zero: true,
            label: |value| format!("{value:.0}"),
        },
    ];
    let mut frame_title = legend("frames/s");
    if let Some(clock) = shown.first().and_then(|track| track.clock.as_ref()) {
        frame_title.push((
            format!("longest pause {}", units::span(clock.gap_max)),
            theme.plain(),
        ));
    }
    charts.push(Chart {
        title: frame_title,
        series: of_all(History::closed, false, &|track, bucket| {
            let width = track.history.width().as_secs_f64();
            (width > 0.0).then(|| f64::from(bucket.frames) / width)
        }),
        least: 5.0,
        from_zero: true,
        label: |value| format!("{value:.0}"),
    });
    let summary = detail.session.summary();
    let skew = summary.skew.and_then(|skew| {
        let ms = skew.timestamp_ms?;
        Some((ms, skew.interleave_max_ms))
    });
    let is_inferred = summary.skew_from.is_some();
    if let (Some((ms, apart)), Some(track)) = (skew, shown.first()) {
        charts.push(Chart {
            title: vec![
                (" A/V skew, audio ahead of video".to_owned(), theme.head()),
                (
                    format!("now {}", units::marked(units::signed(ms), is_inferred)),
                    theme.plain(),
                ),
                (format!("interleaved within {apart} ms"), theme.dim()),
            ],
            series: vec![series(
                track,
                track.history.buckets(),
                begin,
                theme.plain(),
                false,
                |bucket| (bucket.frames > 0).then_some(f64::from(bucket.skew_ms)),
            )],
            least: 40.0,
            from_zero: true,
            label: units::signed,
        });
    }
    charts
}

fn draw(sheet: &mut Sheet<'_>, area: Rect, chart: &Chart, time: [f64; 2], view: &ViewState) {
    let line = fit_parts(&chart.title, "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let plot = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    if plot.height == 0 {
        return;
    }
    let range = chart::range(&chart.series, chart.least, chart.from_zero);
    chart::render(
        sheet,
        plot,
        time,
        range,
        chart.label,
        &chart.series,
        view.theme.dim(),
    );
}

/// Column of an instant in a strip of `room` columns.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a few hundred columns, not negative"
)]
fn column(at: f64, time: [f64; 2], room: u16) -> usize {
    let share = (at - time[0]) / (time[1] - time[0]);
    (share.clamp(0.0, 1.0) * f64::from(room.saturating_sub(1))).round() as usize
}

fn gops(
    sheet: &mut Sheet<'_>,
    area: Rect,
    track: &Track,
    begin: crate::base::time::Timestamp,
    time: [f64; 2],
    view: &ViewState,
) {
    let Some(gops) = &track.gops else {
        return;
    };
    let theme = view.theme;
    let mut title = vec![
        (" GOP".to_owned(), theme.head()),
        (
            format!("{} keyframes", units::grouped(gops.keyframes)),
            theme.plain(),
        ),
    ];
    if let Some(mean) = gops.interval_mean_ms() {
        title.push((
            format!(
                "every {:.2} s ({:.2}..{:.2})",
                mean / 1000.0,
                f64::from(gops.interval_min_ms) / 1000.0,
                f64::from(gops.interval_max_ms) / 1000.0
            ),
            theme.plain(),
        ));
    }
    title.push((
        format!(
            "largest keyframe {}",
            units::bytes(u64::from(gops.largest_keyframe))
        ),
        theme.plain(),
    ));
    let line = fit_parts(&title, "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let room = area.width.saturating_sub(LABELS);
    let mut strip: Vec<char> = vec![' '; usize::from(room)];
    let last = track.last.time.since(begin).as_secs_f64();
    let from = gops.first.time.since(begin).as_secs_f64();
    for at in column(from, time, room)..=column(last, time, room) {
        if let Some(cell) = strip.get_mut(at) {
            *cell = '┄';
        }
    }
    for gop in gops.iter() {
        let at = column(gop.at.time.since(begin).as_secs_f64(), time, room);
        if let Some(cell) = strip.get_mut(at) {
            *cell = 'K';
        }
    }
    let line = Line::from(vec![
        Span::styled(
            format!("{} ┤", " ".repeat(usize::from(LABELS.saturating_sub(2)))),
            theme.dim(),
        ),
        Span::styled(strip.into_iter().collect::<String>(), theme.video()),
    ]);
    put(sheet, area.x, area.y.saturating_add(1), &line, area.width);
}

/// The times at the edges and in the middle of all charts.
fn times(sheet: &mut Sheet<'_>, area: Rect, detail: &Detail, time: [f64; 2], view: &ViewState) {
    let text = |at: f64| match view.time {
        crate::tui::state::moments::TimeMode::Clock => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "nanoseconds of a capture's length; the cast saturates"
            )]
            let nanos = (at * 1e9) as i64;
            let instant = crate::base::time::Timestamp(detail.first.time.0.saturating_add(nanos));
            units::time_of_day(instant)
        }
        _ => format!("{at:.1} s"),
    };
    let room = usize::from(area.width.saturating_sub(LABELS));
    let left = text(time[0]);
    let middle = text(f64::midpoint(time[0], time[1]));
    let right = text(time[1]);
    let line = format!(
        "{}{}{}{}",
        " ".repeat(usize::from(LABELS)),
        pad(&left, room / 3, false),
        pad(&middle, room / 3, false),
        pad(&right, room.saturating_sub(room / 3 * 2), true)
    );
    put(
        sheet,
        area.x,
        area.y,
        &Line::styled(line, view.theme.dim()),
        area.width,
    );
}
