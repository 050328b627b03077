//! Why a text is no expression.

use std::fmt;
use std::ops::Range;

use crate::base::text::Printable;
use crate::filter::field::FIELDS;

/// Most suggestions that are made.
const MAX_SUGGESTIONS: usize = 3;

/// Longest text for which the nearest is looked for, in characters: no name is longer, and the time
/// it takes grows with the square.
const MAX_MISSPELLED: usize = 32;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The bytes of the text that are to blame; empty at the place where something is missing.
    pub range: Range<usize>,
    /// What is wrong, and what was expected.
    pub message: String,
    /// What may have been meant.
    pub suggestions: Vec<String>,
    /// Whether more text could make it right.
    pub is_incomplete: bool,
}

impl ParseError {
    pub(super) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
            suggestions: Vec::new(),
            is_incomplete: false,
        }
    }

    /// More text could make it right.
    pub(super) fn incomplete(mut self, is_incomplete: bool) -> Self {
        self.is_incomplete = is_incomplete;
        self
    }

    pub(super) fn suggest(mut self, suggestions: Vec<String>) -> Self {
        self.suggestions = suggestions;
        self
    }

    /// The message, and below it the expression with the place marked, for a terminal.
    pub fn with_place(&self, text: &str) -> String {
        let shown = |range: Range<usize>| {
            let part = text.get(range).unwrap_or_default();
            Printable(part).to_string()
        };
        let before = shown(0..self.range.start).chars().count();
        let marked = shown(self.range.clone()).chars().count().max(1);
        format!(
            "{self}\n  {}\n  {}{}",
            Printable(text),
            " ".repeat(before),
            "^".repeat(marked)
        )
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (index, suggestion) in self.suggestions.iter().enumerate() {
            let before = if index == 0 { "; did you mean" } else { " or" };
            write!(f, "{before} `{suggestion}`")?;
        }
        if self.suggestions.is_empty() {
            return Ok(());
        }
        f.write_str("?")
    }
}

impl std::error::Error for ParseError {}

/// The names of fields nearest to a text.
pub(super) fn nearest_fields(text: &str) -> Vec<String> {
    let names = FIELDS
        .iter()
        .flat_map(|info| info.aliases.iter().chain([&info.name]).copied());
    nearest(text, names)
}

/// The names nearest to a text.
pub(super) fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let text: Vec<char> = text
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .take(MAX_MISSPELLED)
        .collect();
    let most = text.len().div_ceil(3).min(3);
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let folded: Vec<char> = name.chars().map(|c| c.to_ascii_lowercase()).collect();
            let begins = text.len() >= 2 && folded.starts_with(&text);
            let distance = if begins { 1 } else { distance(&text, &folded) };
            (distance <= most).then_some((distance, name))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.dedup();
    let names = found.into_iter().map(|(_, name)| name.to_owned());
    names.take(MAX_SUGGESTIONS).collect()
}

/// How many characters have to be put in, left out, exchanged or swapped with the next one.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut earlier: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, a) in one.iter().enumerate() {
        let mut line = vec![row.saturating_add(1)];
        let mut left = None;
        for (column, b) in other.iter().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
            let next = column.saturating_add(1);
            let mut best = at(&above, column).saturating_add(usize::from(a != b));
            best = best.min(at(&above, next).saturating_add(1));
            best = best.min(at(&line, column).saturating_add(1));
            if previous == Some(b) && left == Some(a) {
                let swapped = at(&earlier, column.saturating_sub(1));
                best = best.min(swapped.saturating_add(1));
            }
            line.push(best);
            left = Some(b);
        }
        earlier = std::mem::replace(&mut above, line);
        previous = Some(a);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelled_is_near() {
        assert_eq!(nearest("rol", ["role", "app"].into_iter()), ["role"]);
        assert_eq!(nearest("helath", ["health", "len"].into_iter()), ["health"]);
        assert_eq!(nearest("fsp", ["fps", "app"].into_iter()), ["fps"]);
        assert!(nearest("colour", ["role", "codec"].into_iter()).is_empty());
    }

    #[test]
    fn the_place_is_marked_below_the_text() {
        let error = ParseError::new(3..6, "no such thing");
        assert_eq!(error.with_place("é:bad"), "no such thing\n  é:bad\n    ^^^");
    }
}
