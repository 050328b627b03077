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

/// Farthest that two rungs are apart to scale: what takes twice as long as the rest still shows it,
/// and what takes longer does not push everything else off the screen.
pub(in crate::tui) const MAX_DISTANCE: usize = 9;

/// Distances that a scale is chosen for: far enough apart to be compared, and near enough that some
/// of them fit on a screen.
const COMPARED: std::ops::RangeInclusive<usize> = 2..=6;

/// The scales there are, the finest first. Below a millisecond it is the capture's own clock that
/// is seen, and above a second nobody compares answers.
const UNITS: [Time; 10] = [
    Time::from_millis(1),
    Time::from_millis(2),
    Time::from_millis(5),
    Time::from_millis(10),
    Time::from_millis(20),
    Time::from_millis(50),
    Time::from_millis(100),
    Time::from_millis(200),
    Time::from_millis(500),
    Time::from_millis(1000),
];

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
    /// The scale in which most of these distances can be compared, and of several the finest.
    pub(in crate::tui) fn for_steps(steps: &[Time]) -> Self {
        let compared = |scale: Self| {
            let lines = steps.iter().filter(|step| match scale.distance(**step) {
                Distance::Lines(lines) => COMPARED.contains(&lines),
                Distance::Cut => false,
            });
            lines.count()
        };
        let [finest, ..] = UNITS;
        let mut best = Self(finest);
        for unit in UNITS {
            if compared(Self(unit)) > compared(best) {
                best = Self(unit);
            }
        }
        best
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
    fn the_scale_is_that_in_which_most_can_be_compared() {
        let unit = |steps: &[i64]| {
            let steps: Vec<Time> = steps.iter().copied().map(ms).collect();
            Scale::for_steps(&steps).unit()
        };
        // At 5 ms they would be 8 and 12 lines apart, at 10 ms 4 and 6.
        assert_eq!(unit(&[41, 40, 61]), ms(10));
        // One that took long does not hide how long the others took, and little steps do not count.
        assert_eq!(unit(&[0, 0, 0, 41, 40, 3565, 1500]), ms(10));
        // 200 / 50 = 4, 290 / 50 = 5.8; at 20 ms the longer one would be too far down.
        assert_eq!(unit(&[200, 290]), ms(50));
        assert_eq!(unit(&[60_000, 1]), ms(1));
        assert_eq!(unit(&[]), ms(1));
    }

    #[test]
    fn distances_are_to_scale_up_to_a_bound() {
        let scale = Scale(ms(10));
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
