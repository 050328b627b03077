//! Lines between two upright rails, and how far apart they stand to the scale of time.

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::time::Span as Time;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::width;

/// Where a line points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Way {
    /// From the left rail to the right one.
    Right,
    /// From the right rail to the left one.
    Left,
    /// Both ways.
    Both,
    /// Nowhere: it tells of something that is not sent.
    None,
}

/// What a line is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Stroke(char);

impl Stroke {
    /// A message.
    pub(in crate::tui) const MESSAGE: Self = Self('─');
    /// Several messages as one.
    pub(in crate::tui) const SEVERAL: Self = Self('╌');
    /// Media.
    pub(in crate::tui) const MEDIA: Self = Self('═');
    /// Words alone.
    pub(in crate::tui) const NONE: Self = Self(' ');

    fn times(self, count: usize) -> String {
        std::iter::repeat_n(self.0, count).collect()
    }
}

/// The rails at both ends of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Rail {
    sign: char,
    style: Style,
}

impl Rail {
    /// Nothing flows beside the calls.
    pub(in crate::tui) fn quiet(style: Style) -> Self {
        Self { sign: '│', style }
    }

    /// Media flows.
    pub(in crate::tui) fn media(style: Style) -> Self {
        Self { sign: '║', style }
    }

    /// Time is left out.
    pub(in crate::tui) fn cut(style: Style) -> Self {
        Self { sign: '┊', style }
    }

    fn span<'a>(self) -> Span<'a> {
        Span::styled(self.sign.to_string(), self.style)
    }
}

/// Columns that are left for the words of a line that is `room` columns wide.
pub(in crate::tui) fn words_room(way: Way, room: usize) -> usize {
    let (left, right) = ends(way);
    room.saturating_sub(2)
        .saturating_sub(width(left))
        .saturating_sub(width(right))
        // One stroke and a blank on each side of the words.
        .saturating_sub(4)
}

fn ends(way: Way) -> (&'static str, &'static str) {
    match way {
        Way::Right => ("", "▶"),
        Way::Left => ("◀", ""),
        Way::Both => ("◀", "▶"),
        Way::None => ("", ""),
    }
}

/// One line of `room` columns with both rails. `label` stands on it; the label keeps its beginning
/// where it does not fit.
pub(in crate::tui) fn line<'a>(
    way: Way,
    stroke: Stroke,
    label: &str,
    room: usize,
    rail: Rail,
    body: Style,
) -> Line<'a> {
    let (left, right) = ends(way);
    let label = fit(label, words_room(way, room));
    let label = if label.is_empty() {
        label
    } else {
        format!(" {label} ")
    };
    let rest = room
        .saturating_sub(2)
        .saturating_sub(width(left))
        .saturating_sub(width(right))
        .saturating_sub(width(&label));
    let before = rest.min(1);
    let text = format!(
        "{left}{}{label}{}{right}",
        stroke.times(before),
        stroke.times(rest.saturating_sub(before))
    );
    Line::from(vec![rail.span(), Span::styled(text, body), rail.span()])
}

/// Lines by which two rungs are apart whose distance is that of a usual answer.
const USUAL_DISTANCE: i64 = 3;

/// Farthest that two rungs are apart to scale: three usual answers still show how much longer they
/// took, and what takes longer does not push everything else off the screen.
pub(in crate::tui) const MAX_DISTANCE: usize = 9;

/// Finest scale: below a millisecond the capture's own clock is what is seen.
const FINEST: Time = Time(1_000_000);

/// Coarsest scale: a second in a line.
const COARSEST: Time = Time(1_000_000_000);

/// Scale where nothing was answered: the round trip within a country is two lines.
const USUAL_UNIT: Time = Time(20_000_000);

/// How much time a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Scale(Time);

/// How far one rung is below another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Distance {
    /// So many lines: 1 is the next line.
    Lines(usize),
    /// Farther than can be shown to scale.
    Cut,
}

impl Scale {
    /// The scale in which a usual answer takes a few lines: one, two or five of a decimal power.
    pub(in crate::tui) fn for_usual(answer: Option<Time>) -> Self {
        let Some(answer) = answer else {
            return Self(USUAL_UNIT);
        };
        let wanted = (answer.0 / USUAL_DISTANCE).clamp(FINEST.0, COARSEST.0);
        let mut power = FINEST.0;
        while power.saturating_mul(10) <= wanted {
            power = power.saturating_mul(10);
        }
        let steps = [5, 2, 1].into_iter().map(|step| power.saturating_mul(step));
        let unit = steps.into_iter().find(|unit| *unit <= wanted);
        Self(Time(unit.unwrap_or(power)))
    }

    /// How much time a line stands for.
    pub(in crate::tui) fn unit(self) -> Time {
        self.0
    }

    /// How far apart two rungs stand; what came at once still has lines of its own.
    pub(in crate::tui) fn distance(self, step: Time) -> Distance {
        let unit = self.0.0.max(1);
        let half = unit / 2;
        let lines = step.0.max(0).saturating_add(half) / unit;
        match usize::try_from(lines) {
            Ok(lines) if lines <= MAX_DISTANCE => Distance::Lines(lines.max(1)),
            _ => Distance::Cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(way: Way, stroke: Stroke, label: &str, room: usize) -> Line<'static> {
        let style = Style::new();
        line(way, stroke, label, room, Rail::quiet(style), style)
    }

    #[test]
    fn lines_are_as_wide_as_the_ladder() {
        let right = plain(Way::Right, Stroke::MESSAGE, "connect #1", 24);
        assert_eq!(right.to_string(), "│─ connect #1 ────────▶│");
        let left = plain(Way::Left, Stroke::MESSAGE, "_result #1", 24);
        assert_eq!(left.to_string(), "│◀─ _result #1 ────────│");
        let both = plain(Way::Both, Stroke::SEVERAL, "handshake", 24);
        assert_eq!(both.to_string(), "│◀╌ handshake ╌╌╌╌╌╌╌╌▶│");
        let words = plain(Way::None, Stroke::NONE, "no answer", 16);
        assert_eq!(words.to_string(), "│  no answer   │");
        let style = Style::new();
        let media = line(
            Way::Right,
            Stroke::MEDIA,
            "media",
            14,
            Rail::media(style),
            style,
        );
        assert_eq!(media.to_string(), "║═ media ═══▶║");
        for room in 10..40 {
            for label in ["", "a", "a label that is long enough to be cut"] {
                for way in [Way::Right, Way::Left, Way::Both, Way::None] {
                    let line = plain(way, Stroke::MESSAGE, label, room);
                    assert_eq!(line.width(), room, "{line}");
                }
            }
        }
    }

    fn ms(ms: i64) -> Time {
        Time(ms * 1_000_000)
    }

    #[test]
    fn a_line_stands_for_a_third_of_a_usual_answer_in_round_figures() {
        let unit = |answer| Scale::for_usual(Some(answer)).unit();
        // 41 / 3 = 13.7, of 1, 2, 5, 10, 20 … the next below.
        assert_eq!(unit(ms(41)), ms(10));
        assert_eq!(unit(ms(90)), ms(20));
        assert_eq!(unit(ms(200)), ms(50));
        assert_eq!(unit(ms(1)), ms(1), "never finer than a millisecond");
        assert_eq!(unit(ms(60_000)), ms(1000), "never coarser than a second");
        assert_eq!(Scale::for_usual(None).unit(), ms(20));
    }

    #[test]
    fn distances_are_to_scale_up_to_a_bound() {
        let scale = Scale::for_usual(Some(ms(41)));
        let distance = |span| scale.distance(span);
        assert_eq!(distance(ms(0)), Distance::Lines(1));
        assert_eq!(distance(ms(14)), Distance::Lines(1));
        assert_eq!(distance(ms(15)), Distance::Lines(2));
        assert_eq!(distance(ms(41)), Distance::Lines(4));
        assert_eq!(distance(ms(82)), Distance::Lines(8));
        assert_eq!(distance(ms(94)), Distance::Lines(9));
        assert_eq!(distance(ms(95)), Distance::Cut);
        assert_eq!(distance(ms(2014)), Distance::Cut);
        assert_eq!(distance(ms(-5)), Distance::Lines(1), "a clock that was set");
        assert_eq!(distance(Time(i64::MAX)), Distance::Cut);
    }
}
