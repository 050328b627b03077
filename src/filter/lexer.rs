//! Looks through the text of an expression from its beginning to its end.

use std::ops::Range;

use crate::filter::error::ParseError;

/// Characters that end a word.
const NO_WORD: &str = "()[]{},\"'<>=!&|~";

/// Whether a character may be within a word.
pub(super) fn is_of_word(c: char) -> bool {
    !c.is_whitespace() && !NO_WORD.contains(c)
}

/// A place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

/// A value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) text: String,
    pub(super) range: Range<usize>,
    pub(super) form: Form,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bare,
    Quoted,
    Regex,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Where it is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes to a place, which is one where a character begins.
    pub(super) fn go(&mut self, at: usize) {
        self.at = at.min(self.text.len());
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn skip_space(&mut self) {
        let rest = self.rest();
        let space = rest.len().saturating_sub(rest.trim_start().len());
        self.at = self.at.saturating_add(space);
    }

    /// Takes a sign, if it comes next.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        let is_next = self.rest().starts_with(sign);
        if is_next {
            self.at = self.at.saturating_add(sign.len());
        }
        is_next
    }

    /// Whether a word comes next, whatever its case, and nothing of a word behind it.
    pub(super) fn sees_word(&self, word: &str) -> bool {
        self.peek_word().eq_ignore_ascii_case(word)
    }

    /// The word that comes next; empty if none does.
    pub(super) fn peek_word(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    /// The next character, as a range of the text, to blame.
    pub(super) fn next_char(&self) -> Range<usize> {
        let len = self.rest().chars().next().map_or(0, char::len_utf8);
        self.at..self.at.saturating_add(len)
    }

    /// A quoted text, where a quote comes next. A backslash stands before a quote or a backslash
    /// that is meant.
    ///
    /// # Errors
    ///
    /// When the other quote is missing.
    pub(super) fn quoted(&mut self) -> Result<Option<Literal>, ParseError> {
        let Some(quote) = self.rest().chars().next().filter(|c| "\"'".contains(*c)) else {
            return Ok(None);
        };
        self.until(quote, &['\\', quote], Form::Quoted).map(Some)
    }

    /// A regular expression between slashes, where a slash comes next. A backslash stands before a
    /// slash that is meant.
    ///
    /// # Errors
    ///
    /// When the other slash is missing.
    pub(super) fn regex(&mut self) -> Result<Option<Literal>, ParseError> {
        if !self.rest().starts_with('/') {
            return Ok(None);
        }
        self.until('/', &['/'], Form::Regex).map(Some)
    }

    fn until(
        &mut self,
        delimiter: char,
        escaped: &[char],
        form: Form,
    ) -> Result<Literal, ParseError> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == delimiter {
                let end = start.saturating_add(at).saturating_add(c.len_utf8());
                self.at = end;
                return Ok(Literal {
                    text,
                    range: start..end,
                    form,
                });
            }
            if c == '\\'
                && let Some((_, next)) = chars.peek().copied()
            {
                if !escaped.contains(&next) {
                    text.push(c);
                }
                text.push(next);
                chars.next();
                continue;
            }
            text.push(c);
        }
        let message = format!("the closing {delimiter} is missing");
        Err(ParseError::new(start..self.text.len(), message).incomplete(true))
    }

    /// A value: quoted, a regular expression where `takes_regex`, or a word.
    ///
    /// # Errors
    ///
    /// When it is not closed, or there is none.
    pub(super) fn value(&mut self, takes_regex: bool, what: &str) -> Result<Literal, ParseError> {
        if let Some(quoted) = self.quoted()? {
            return Ok(quoted);
        }
        if takes_regex && let Some(regex) = self.regex()? {
            return Ok(regex);
        }
        let start = self.at;
        // Words that have signs in them which end others.
        let arrow = ["->", "<-"].into_iter().find(|arrow| self.take(arrow));
        let word = match arrow {
            Some(arrow) => arrow,
            None => self.peek_word(),
        };
        if arrow.is_none() {
            self.at = start.saturating_add(word.len());
        }
        if word.is_empty() {
            let at_end = self.is_end() || self.rest() == "<";
            let range = self.next_char();
            let message = format!("expected {what} here");
            return Err(ParseError::new(range, message).incomplete(at_end));
        }
        Ok(Literal {
            text: word.to_owned(),
            range: start..self.at,
            form: Form::Bare,
        })
    }
}
