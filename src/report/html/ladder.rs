//! The ladder of a connection to scale, drawn as SVG.

use std::fmt::Write as _;

use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::base::units::grouped;
use crate::base::units::span_with_hours;
use crate::report::html::Escaped;
use crate::report::ladder::Ladder;
use crate::report::ladder::Step;
use crate::report::ladder::StepKind;
use crate::report::ladder::StepState;

/// Width of the drawing.
const WIDTH: u32 = 1100;

/// Where the line of the client is, and that of the server.
const CLIENT: u32 = 180;
const SERVER: u32 = 1000;

/// Where times end.
const TIMES: u32 = 160;

/// Height of the names above the lines.
const HEAD: f64 = 30.0;

/// Least distance of two steps: that of two lines of text.
const LEAST: f64 = 24.0;

/// Most distance of two steps. Time beyond that is left out, which the lines show.
const MOST: f64 = 120.0;

/// Height that the setup would take, were all of it to scale.
const OF_SETUP: f64 = 420.0;

/// Characters of a text that fit on an arrow; all of it is shown when it is pointed at, and stands
/// in the tables.
const FITTING: usize = 92;

/// Length of the head of an arrow.
const ARROW: u32 = 9;

/// Where times are on the drawing: to scale but for bounds.
struct Scale {
    /// Times at which something is, in order, with their heights.
    places: Vec<(Timestamp, f64)>,
    /// From where to where time is left out.
    cuts: Vec<(f64, f64)>,
    per_ms: f64,
    height: f64,
}

impl Scale {
    fn of(ladder: &Ladder) -> Self {
        let per_ms = per_ms(ladder);
        let mut scale = Self {
            places: Vec::new(),
            cuts: Vec::new(),
            per_ms,
            height: HEAD,
        };
        // Each step has a line of its own; rails begin with a step and may end between two.
        let mut times: Vec<_> = ladder.steps.iter().map(|step| step.at.time).collect();
        let ends = ladder.rails.iter().map(|rail| rail.end);
        times.extend(ends.filter(|end| !times.contains(end)).collect::<Vec<_>>());
        times.sort();
        let mut before = ladder.begin;
        for time in times {
            let exact = time.since(before).max(Span::ZERO).as_millis_f64() * per_ms;
            let next = scale.height + exact.clamp(LEAST, MOST);
            if exact > MOST {
                scale.cuts.push((scale.height, next));
            }
            scale.height = next;
            scale.places.push((time, next));
            before = time;
        }
        scale.height += LEAST;
        scale
    }

    /// Where a time is: the first of the places that it has.
    fn place(&self, time: Timestamp) -> f64 {
        let its = self.places.iter().find(|(at, _)| *at >= time);
        its.map_or(self.height, |(_, place)| *place)
    }
}

/// Pixels of a millisecond: so that the setup, up to the answer of `publish` or `play`, fits. Where
/// there was none, so that all of it does.
fn per_ms(ladder: &Ladder) -> f64 {
    let is_setup = |step: &&Step| {
        matches!(
            step.kind,
            StepKind::Call | StepKind::Answer | StepKind::Exchange
        )
    };
    let media = ladder.rails.iter().map(|rail| rail.begin).min();
    let of_setup = ladder
        .steps
        .iter()
        .filter(is_setup)
        .filter(|step| media.is_none_or(|media| step.at.time <= media));
    let last = of_setup.map(|step| step.at.time).max();
    let last = last.or(ladder.steps.last().map(|step| step.at.time));
    let took = last.map_or(0.0, |last| last.since(ladder.begin).as_millis_f64());
    // A setup within the same millisecond would else be miles long, and one of days a point.
    (OF_SETUP / took.max(1.0)).clamp(1e-6, OF_SETUP)
}

/// Draws the ladder.
pub(super) fn ladder(out: &mut String, ladder: &Ladder, client: &str, server: &str) {
    if ladder.steps.is_empty() {
        return;
    }
    let scale = Scale::of(ladder);
    let height = scale.height.ceil();
    out.push_str("<h3>Ladder</h3>\n");
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" role=\"img\" \
         aria-label=\"Calls and answers in the order of capture\">"
    );
    for (x, name) in [(CLIENT, client), (SERVER, server)] {
        let _ = writeln!(
            out,
            "<text class=\"who\" x=\"{x}\" y=\"14\">{}</text>",
            Escaped(name)
        );
        life(out, x, &scale);
    }
    for rail in &ladder.rails {
        let (top, bottom) = (scale.place(rail.begin), scale.place(rail.end));
        let x = line_of(rail.from).saturating_sub(5);
        let _ = writeln!(
            out,
            "<rect class=\"rail {}\" x=\"{x}\" y=\"{top:.1}\" width=\"10\" height=\"{:.1}\"/>",
            rail.from.name(),
            (bottom - top).max(2.0)
        );
    }
    // Steps of the same time follow each other, each on a line of its own.
    let mut free = 0.0_f64;
    let mut before = ladder.begin;
    let mut places = scale.places.iter();
    for drawn in &ladder.steps {
        let place = places.find(|(time, _)| *time == drawn.at.time);
        let y = place.map_or(free + LEAST, |(_, y)| *y);
        free = y;
        step(out, drawn, y, ladder.begin, before);
        before = drawn.at.time;
    }
    out.push_str("</svg>\n");
    let _ = writeln!(
        out,
        "<p class=\"legend\">To scale: {LEAST:.0} pixels are {}, and steps are at least as far \
         apart as that; where the lines are dotted, time is left out. Times are since the begin of \
         the connection and, behind Δ, since the step before. The bars are media.{}</p>",
        span_with_hours(nanos(LEAST / scale.per_ms)),
        if ladder.more > 0 {
            format!(" {} more calls are not drawn.", grouped(ladder.more))
        } else {
            String::new()
        }
    );
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn nanos(millis: f64) -> Span {
    Span((millis * 1e6) as i64)
}

/// Draws the line of a side, dotted where time is left out.
fn life(out: &mut String, x: u32, scale: &Scale) {
    let mut line = |class: &str, from: f64, to: f64| {
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{x}\" y1=\"{from:.1}\" x2=\"{x}\" y2=\"{to:.1}\"/>"
        );
    };
    let mut from = HEAD - 8.0;
    for (top, bottom) in &scale.cuts {
        line("life", from, *top);
        line("life cut", *top, *bottom);
        from = *bottom;
    }
    line("life", from, scale.height);
}

fn line_of(side: Side) -> u32 {
    match side {
        Side::Client => CLIENT,
        Side::Server => SERVER,
    }
}

fn step(out: &mut String, step: &Step, y: f64, begin: Timestamp, before: Timestamp) {
    let since = |time| span_with_hours(step.at.time.since(time).max(Span::ZERO));
    let from = step.from.name();
    let failed = match step.state {
        StepState::Plain => "",
        StepState::Failed | StepState::Unanswered => " failed",
    };
    let _ = writeln!(
        out,
        "<g><title>{}, frame {}</title>\n<text class=\"time\" x=\"{TIMES}\" y=\"{:.1}\">+{} Δ{}</text>",
        Escaped(&step.text),
        step.frame(),
        y + 4.0,
        since(begin),
        since(before)
    );
    let (start, end) = (line_of(step.from), line_of(step.from.other()));
    let is_arrow = step.kind != StepKind::Note;
    if is_arrow {
        let dashes = if step.kind == StepKind::Answer {
            " stroke-dasharray=\"6 3\""
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<line class=\"step {from}{failed}\" x1=\"{start}\" y1=\"{y:.1}\" x2=\"{end}\" y2=\"{y:.1}\"{dashes}/>"
        );
        head(out, step.from.other(), y, from, failed);
        if step.kind == StepKind::Exchange {
            head(out, step.from, y, from, failed);
        }
    }
    let took = step.took.map_or_else(String::new, |took| {
        format!(
            " <tspan class=\"took\">{}</tspan>",
            Escaped(&span_with_hours(took))
        )
    });
    let mut text: String = step.text.chars().take(FITTING).collect();
    if text.len() < step.text.len() {
        // Behind a whole word, unless it is all one.
        text.truncate(text.rfind(' ').unwrap_or(text.len()));
        text.push('…');
    }
    let _ = writeln!(
        out,
        "<text class=\"said{failed}\" x=\"{}\" y=\"{:.1}\">{}{took}</text></g>",
        CLIENT.saturating_add(16),
        if is_arrow { y - 5.0 } else { y + 4.0 },
        Escaped(&text)
    );
}

/// Draws the head of an arrow that points to a side.
fn head(out: &mut String, to: Side, y: f64, from: &str, failed: &str) {
    let tip = line_of(to);
    let back = match to {
        Side::Client => tip.saturating_add(ARROW),
        Side::Server => tip.saturating_sub(ARROW),
    };
    let _ = writeln!(
        out,
        "<polygon class=\"head {from}{failed}\" points=\"{tip},{y:.1} {back},{:.1} {back},{:.1}\"/>",
        y - 4.0,
        y + 4.0
    );
}
