//! The lines of a section while they are made: what counts as the same, what order they get, and
//! how much there may be of them.

use crate::compare::Line;
use crate::compare::Section;
use crate::compare::Verdict;
use crate::compare::Weight;

/// Most lines of a section: more than the properties, calls or channels of any real connection.
/// Foreign metadata may have thousands.
pub(super) const MAX_LINES: usize = 300;

/// Longest value or name in bytes: what is wider than a screen is told apart by its begin or not
/// at all.
const MAX_TEXT: usize = 240;

/// A text of at most [`MAX_TEXT`] bytes, with a sign that it was cut.
pub(super) fn bounded(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}

/// A value on one side: how it is shown, and what it is compared by where that is not the same.
/// What is compared may be secret, and is never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    text: String,
    key: Option<String>,
}

impl Value {
    /// A text that is compared by something else.
    pub(super) fn by(text: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            key: Some(key.into()),
        }
    }

    /// The same with more words behind it, which are not compared.
    pub(super) fn with(&self, more: &str) -> Self {
        Self::by(format!("{}{more}", self.text), self.key())
    }

    fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.text)
    }
}

impl<T: Into<String>> From<T> for Value {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            key: None,
        }
    }
}

/// How far two figures may be apart and be called the same: a share of the larger one, or so much
/// of the unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    pub(super) share: f64,
    pub(super) least: f64,
}

impl Tolerance {
    /// Whether two figures are as near to each other.
    pub(super) fn holds(self, one: f64, other: f64) -> bool {
        let apart = (one - other).abs();
        apart <= self.least || apart <= self.share * one.abs().max(other.abs())
    }
}

/// Something that is asked of both sides, by its name.
pub(super) type Asked<T, V> = (&'static str, fn(&T) -> Option<V>);

/// Makes a section.
#[derive(Debug)]
pub(super) struct Lines {
    title: String,
    made: Vec<Line>,
    left_out: usize,
    note: Option<String>,
    keeps_order: bool,
}

impl Lines {
    /// A section whose differences come first.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            made: Vec::new(),
            left_out: 0,
            note: None,
            keeps_order: false,
        }
    }

    /// A section whose lines stay in the order in which they are added.
    pub(super) fn in_order(title: impl Into<String>) -> Self {
        Self {
            keeps_order: true,
            ..Self::new(title)
        }
    }

    /// Says why lines are missing.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.note = Some(note.into());
    }

    /// Adds a line with the verdict that was come to. Without a value on either side there is none.
    pub(super) fn judged(
        &mut self,
        name: impl Into<String>,
        weight: Weight,
        (left, right): (Option<String>, Option<String>),
        is_same: bool,
    ) {
        let verdict = match (&left, &right) {
            (None, None) => return,
            (Some(_), None) => Verdict::OnlyLeft,
            (None, Some(_)) => Verdict::OnlyRight,
            (Some(_), Some(_)) if is_same => Verdict::Same,
            (Some(_), Some(_)) => Verdict::Differs,
        };
        if self.made.len() >= MAX_LINES {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.made.push(Line {
            name: bounded(name.into()),
            left: left.map(bounded),
            right: right.map(bounded),
            verdict,
            weight,
        });
    }

    /// Adds a line about two values.
    pub(super) fn add<V: Into<Value>>(
        &mut self,
        name: impl Into<String>,
        weight: Weight,
        (left, right): (Option<V>, Option<V>),
    ) {
        let (left, right) = (left.map(Into::into), right.map(Into::into));
        let is_same = match (&left, &right) {
            (Some(left), Some(right)) => left.key() == right.key(),
            _ => false,
        };
        let texts = (left.map(|value| value.text), right.map(|value| value.text));
        self.judged(name, weight, texts, is_same);
    }

    /// Adds a line about two figures.
    pub(super) fn figures(
        &mut self,
        name: impl Into<String>,
        weight: Weight,
        (left, right): (Option<f64>, Option<f64>),
        tolerance: Tolerance,
        shown: impl Fn(f64) -> String,
    ) {
        let is_same = left
            .zip(right)
            .is_some_and(|(left, right)| tolerance.holds(left, right));
        self.judged(name, weight, (left.map(&shown), right.map(&shown)), is_same);
    }

    /// Adds a line about something that should not be: worth a line where either side has it, and
    /// a fault where one has much more of it than the other.
    pub(super) fn trouble(
        &mut self,
        name: impl Into<String>,
        (left, right): (f64, f64),
        tolerance: Tolerance,
        shown: impl Fn(f64) -> String,
    ) {
        if left > 0.0 || right > 0.0 {
            let (left, right) = (Some(left), Some(right));
            self.figures(name, Weight::Fault, (left, right), tolerance, shown);
        }
    }

    /// The section.
    pub(super) fn finish(mut self) -> Section {
        if !self.keeps_order {
            self.made.sort_by_key(|line| {
                let weight = line.is_difference().then_some(line.weight as u8);
                weight.unwrap_or(u8::MAX)
            });
        }
        if self.left_out > 0 {
            self.note = Some(format!("{} more lines are left out", self.left_out));
        }
        Section {
            title: self.title,
            lines: self.made,
            note: self.note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(section: &Section) -> Vec<(&str, Verdict)> {
        let lines = section.lines.iter();
        lines
            .map(|line| (line.name.as_str(), line.verdict))
            .collect()
    }

    #[test]
    fn differences_come_first_and_faults_before_all() {
        let mut lines = Lines::new("all");
        lines.add("alike", Weight::Fault, (Some("a"), Some("a")));
        lines.add("length", Weight::Figure, (Some("1"), Some("2")));
        lines.add("way", Weight::Choice, (None, Some("x")));
        lines.add("refusal", Weight::Fault, (Some("no"), None));
        lines.add("nothing", Weight::Fault, (None::<&str>, None));
        let section = lines.finish();
        assert_eq!(
            verdicts(&section),
            [
                ("refusal", Verdict::OnlyLeft),
                ("way", Verdict::OnlyRight),
                ("length", Verdict::Differs),
                ("alike", Verdict::Same),
            ]
        );
        assert_eq!(section.gravest(), Some(Weight::Fault));
    }

    #[test]
    fn what_is_hidden_is_compared_all_the_same() {
        let mut lines = Lines::new("names");
        let masked = |key: &str| Some(Value::by("****", key));
        lines.add("other", Weight::Choice, (masked("cam-1"), masked("cam-2")));
        lines.add("same", Weight::Choice, (masked("cam-1"), masked("cam-1")));
        let section = lines.finish();
        assert_eq!(
            verdicts(&section),
            [("other", Verdict::Differs), ("same", Verdict::Same)]
        );
        assert!(!format!("{section:?}").contains("cam-"));
    }

    #[test]
    fn figures_may_be_a_little_apart() {
        let tolerance = Tolerance {
            share: 0.1,
            least: 5.0,
        };
        assert!(tolerance.holds(100.0, 91.0));
        assert!(!tolerance.holds(100.0, 89.0));
        assert!(tolerance.holds(1.0, 6.0), "five is nothing");
        assert!(!tolerance.holds(-20.0, 20.0));
    }

    #[test]
    fn there_is_an_end_to_lines_and_to_their_length() {
        let mut lines = Lines::in_order("many");
        for _ in 0..MAX_LINES + 7 {
            lines.add(
                "é".repeat(500),
                Weight::Choice,
                (Some("x".repeat(5000)), None),
            );
        }
        let section = lines.finish();
        assert_eq!(section.lines.len(), MAX_LINES);
        assert_eq!(section.note.as_deref(), Some("7 more lines are left out"));
        let line = &section.lines[0];
        assert!(line.name.len() <= MAX_TEXT + 3);
        assert_eq!(line.left.as_ref().map(String::len), Some(MAX_TEXT + 3));
    }
}
