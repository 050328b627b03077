//! The charts, one below the other above one axis of time, with the figures at the time cursor in
//! their titles.

use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::base::time::Span;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::sheet::Sheet;
use crate::tui::state::MEDIA_CHARTS;
use crate::tui::strip::StripFrame;
use crate::tui::units;
use crate::tui::view::media::CHARTS;
use crate::tui::view::media::Scene;
use crate::tui::view::media::axis;
use crate::tui::view::media::axis_lines;
use crate::tui::view::media::course;
use crate::tui::view::media::course::Course;
use crate::tui::view::media::course::Points;
use crate::tui::view::media::style_of;
use crate::tui::view::media::title_sign;
use crate::tui::view::media::tracks::nominal_kbits;
use crate::tui::view::scrubber::Axis;
use crate::tui::widgets::chart;
use crate::tui::widgets::chart::LABELS;
use crate::tui::widgets::chart::Plot;
use crate::tui::widgets::chart::Series;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::put;

/// Fewest lines of a chart with its title.
const CHART_LINES: u16 = 4;

/// A drift of less than this is what clocks have.
const DRIFT_WORRY: f64 = 1.0;

/// One chart: its title with figures, its series, and how its figures are written.
struct Chart {
    title: Vec<(String, Style)>,
    series: Vec<Series>,
    least: f64,
    label: fn(f64) -> String,
}

/// The figures of one track in a chart.
struct Curve {
    /// `None` for what is about both kinds.
    kind: Option<MediaKind>,
    points: Points,
    /// Half of the time over which a figure is taken: it stands in the middle.
    reach: f64,
    /// Whether its figures are inferred.
    is_inferred: bool,
}

/// Draws the charts and their axis.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, scene: &Scene<'_>) {
    let view = scene.view;
    let axis_lines = axis_lines(area.height);
    let room = area.height.saturating_sub(axis_lines);
    let all = all_charts(scene, area.width);
    let count = usize::from(room / CHART_LINES).clamp(1, all.len().max(1));
    // The keys bring up charts that there is no room for.
    let scroll = if view.pane == MEDIA_CHARTS {
        view.scroll
    } else {
        0
    };
    let first = scroll.min(all.len().saturating_sub(count));
    let mut parts = vec![Constraint::Fill(1); count];
    parts.push(Constraint::Length(axis_lines));
    let areas = Layout::vertical(parts).split(area);
    let axis = axis::of(area, scene);
    let hidden = all.len().saturating_sub(count);
    for (index, (chart, area)) in all
        .iter()
        .skip(first)
        .take(count)
        .zip(areas.iter())
        .enumerate()
    {
        let is_first = index == 0;
        draw(sheet, *area, chart, &axis, scene, is_first, hidden);
    }
    if let Some(area) = areas.get(count) {
        axis::render(sheet, *area, scene);
    }
}

fn draw(
    sheet: &mut Sheet<'_>,
    area: Rect,
    chart: &Chart,
    axis: &Axis,
    scene: &Scene<'_>,
    is_first: bool,
    hidden: usize,
) {
    let theme = scene.view.theme;
    let mut title = chart.title.clone();
    let sign = if is_first {
        title_sign(MEDIA_CHARTS, scene.view)
    } else {
        (" ".to_owned(), theme.plain())
    };
    if let Some((_, style)) = title.first_mut() {
        put(sheet, area.x, area.y, &Line::styled(sign.0, sign.1), 1);
        *style = theme.head();
    }
    if is_first && hidden > 0 {
        title.push((format!("↕ {hidden} more"), theme.dim()));
    }
    let room = area.width.saturating_sub(1);
    let line = fit_parts(&title, "  ", usize::from(room));
    put(sheet, area.x.saturating_add(1), area.y, &line, room);
    let below = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    if below.height == 0 {
        return;
    }
    let [from, to] = scene.shown.map(|time| scene.seconds(time));
    let plot = Plot {
        // A stretch of no time has no columns.
        time: [from, to.max(from + f64::EPSILON)],
        range: chart::range(&chart.series, chart.least, true),
        label: chart.label,
        series: &chart.series,
        uprights: &axis::uprights(axis, scene),
        dim: theme.dim(),
    };
    chart::render(sheet, below, &plot);
    axis::zones(sheet, below, axis);
}

/// The frames of a track, where the charts are made of them: every frame is there, and a column
/// is a shorter time than a stretch of the history.
fn frames_of<'a>(scene: &'a Scene<'_>, track: &Track, width: u16) -> Option<Vec<&'a StripFrame>> {
    let strip = scene.strip?;
    let [from, to] = scene.shown;
    let columns = i64::from(width.saturating_sub(LABELS).max(1));
    let column = to.since(from).nanos() / columns;
    let is_nearer = column < track.history.width().nanos();
    (is_nearer && strip.has_all(scene.shown)).then(|| strip.track(track.key))
}

fn chart_of(
    scene: &Scene<'_>,
    name: String,
    curves: Vec<Curve>,
    least: f64,
    label: fn(f64) -> String,
) -> Chart {
    let view = scene.view;
    let [from, to] = scene.shown.map(|time| scene.seconds(time));
    let moment = view.cursor.map_or(to, |at| scene.seconds(at));
    let mut title = vec![(name, view.theme.head())];
    let is_alone = curves.len() == 1;
    let mut series = Vec::new();
    for curve in curves {
        let style = curve
            .kind
            .map_or(view.theme.plain(), |kind| style_of(kind, view));
        let value = course::value_at(&curve.points, moment + curve.reach).map(label);
        let value = value.map_or_else(String::new, |value| {
            format!(" {}", units::marked(value, curve.is_inferred))
        });
        title.push(match curve.kind {
            Some(kind) => (format!("━ {}{value}", kind.name()), style),
            None => (value.trim_start().to_owned(), style),
        });
        series.push(Series {
            points: course::clipped(&curve.points, [from, to]),
            style,
            // A cell has one colour: an area below one line would swallow the others.
            filled: is_alone && curve.kind.is_some() && curve.reach > 0.0,
        });
    }
    title.retain(|(text, _)| !text.is_empty());
    Chart {
        title,
        series,
        least,
        label,
    }
}

/// The charts in the order of their weight.
fn all_charts(scene: &Scene<'_>, width: u16) -> Vec<Chart> {
    let courses: Vec<Course<'_>> = scene
        .charted()
        .map(|track| Course {
            track,
            frames: frames_of(scene, track, width),
            begin: scene.detail.first.time,
            shown: scene.shown,
        })
        .collect();
    let mut charts = vec![lag(scene, &courses), bitrate(scene, &courses)];
    // Sound often comes several frames at once, whose gaps would hide those of the pictures.
    charts.push(gaps(scene, courses.get(..1).unwrap_or_default()));
    charts.extend(skew(scene, &courses));
    charts.truncate(CHARTS);
    charts
}

/// Half of the time that a figure of the history is about.
fn reach(course: &Course<'_>) -> f64 {
    if course.frames.is_some() {
        0.0
    } else {
        course.track.history.width().as_secs_f64() / 2.0
    }
}

fn curves<'a>(courses: &[Course<'a>], points: impl Fn(&Course<'a>) -> Points) -> Vec<Curve> {
    courses
        .iter()
        .map(|course| Curve {
            kind: Some(course.track.key.kind),
            points: points(course),
            reach: reach(course),
            is_inferred: false,
        })
        .collect()
}

fn lag(scene: &Scene<'_>, courses: &[Course<'_>]) -> Chart {
    let theme = scene.view.theme;
    let name = "lag".to_owned();
    let mut chart = chart_of(
        scene,
        name,
        curves(courses, Course::lag),
        40.0,
        units::signed,
    );
    let first = scene.charted().find_map(|track| track.clock.as_ref());
    if let Some(clock) = first {
        if let Some(drift) = clock.drift_ms_per_s() {
            let style = if drift.abs() > DRIFT_WORRY {
                theme.warn()
            } else {
                theme.plain()
            };
            let sign = if drift.abs() > DRIFT_WORRY {
                "▲ "
            } else {
                ""
            };
            chart
                .title
                .push((format!("{sign}drift {drift:+.2} ms/s"), style));
        }
        chart.title.push((
            format!("most {}", units::signed(clock.lag_max.as_millis_f64())),
            theme.plain(),
        ));
    }
    chart
        .title
        .push(("behind the wire".to_owned(), theme.dim()));
    chart
}

fn bitrate(scene: &Scene<'_>, courses: &[Course<'_>]) -> Chart {
    let theme = scene.view.theme;
    let mut width = Span::ZERO;
    let curves = courses
        .iter()
        .map(|course| {
            let (points, of) = course.kbits();
            width = width.max(of);
            Curve {
                kind: Some(course.track.key.kind),
                points,
                reach: of.as_secs_f64() / 2.0,
                is_inferred: false,
            }
        })
        .collect();
    let name = "kbit/s".to_owned();
    let mut chart = chart_of(scene, name, curves, 10.0, |value| format!("{value:.0}"));
    for track in scene.charted() {
        let name = track.key.kind.name();
        if let Some(nominal) = nominal_kbits(scene.detail, track) {
            chart
                .title
                .push((format!("{name} nominal {nominal:.0}"), theme.plain()));
        }
    }
    chart
        .title
        .push((format!("in {}", units::span(width)), theme.dim()));
    chart
}

fn gaps(scene: &Scene<'_>, courses: &[Course<'_>]) -> Chart {
    let theme = scene.view.theme;
    let is_exact = courses.iter().all(|course| course.frames.is_some());
    let name = if is_exact {
        "frame gap".to_owned()
    } else {
        "frame gap, mean".to_owned()
    };
    let mut chart = chart_of(scene, name, curves(courses, Course::gaps), 10.0, |value| {
        units::millis(value).replace(' ', "")
    });
    // What is measured is that of the frames in sight, of the main track.
    let Some(course) = courses.first() else {
        return chart;
    };
    let around = scene.strip.map(|strip| Course {
        track: course.track,
        frames: Some(strip.track(course.track.key)),
        begin: course.begin,
        shown: course.shown,
    });
    let mut points = around.map_or_else(Points::new, |around| around.gaps());
    if is_exact {
        let [from, to] = scene.shown.map(|time| scene.seconds(time));
        points.retain(|(at, _)| (from..=to).contains(at));
    }
    if let Some([median, high, most]) = course::quantiles(&points, [50, 95, 100]) {
        let figures = format!(
            "p50 {}  p95 {}  max {}",
            units::millis(median),
            units::millis(high),
            units::millis(most)
        );
        chart.title.push((figures, theme.plain()));
        if !is_exact {
            let text = format!("of {} around the cursor", points.len());
            chart.title.push((text, theme.dim()));
        }
    }
    if let Some(clock) = &course.track.clock {
        let longest = format!("longest {}", units::span(clock.gap_max));
        chart.title.push((longest, theme.plain()));
        if let Some(composition) = course.track.composition.filter(|times| times.nonzero > 0) {
            let (least, most) = (composition.min_ms, composition.max_ms);
            let text = format!("CTS {least}..{most} ms");
            chart.title.push((text, theme.plain()));
        }
        let sign = if clock.backwards > 0 { "▲ " } else { "" };
        let style = if clock.backwards > 0 {
            theme.warn()
        } else {
            theme.plain()
        };
        let text = format!("{sign}DTS back {}", clock.backwards);
        chart.title.push((text, style));
        let count = course.track.duplicates;
        chart
            .title
            .push((format!("duplicates {count}"), theme.plain()));
    }
    chart
}

fn skew(scene: &Scene<'_>, courses: &[Course<'_>]) -> Option<Chart> {
    let theme = scene.view.theme;
    let summary = scene.detail.session.summary();
    let skew = summary.skew?;
    skew.timestamp_ms()?;
    let is_inferred = summary.skew_from.is_some();
    let first = courses.first()?;
    let curve = match courses {
        [video, audio] if video.frames.is_some() && audio.frames.is_some() => {
            let video = video.frames.as_deref().unwrap_or_default();
            let audio = audio.frames.as_deref().unwrap_or_default();
            Curve {
                kind: None,
                points: course::skew_of(video, audio, |time| scene.seconds(time)),
                reach: 0.0,
                is_inferred,
            }
        }
        _ => Curve {
            kind: None,
            points: first.skew(),
            reach: reach(first),
            is_inferred,
        },
    };
    let name = "A/V skew".to_owned();
    let mut chart = chart_of(scene, name, vec![curve], 40.0, units::signed);
    if let Some(arrival) = skew.arrival_ms() {
        let text = format!("on arrival {}", units::signed(arrival));
        chart.title.push((text, theme.plain()));
    }
    chart.title.push((
        format!("interleaved within {} ms", skew.interleave_max_ms),
        theme.plain(),
    ));
    chart
        .title
        .push(("audio ahead is positive".to_owned(), theme.dim()));
    Some(chart)
}
