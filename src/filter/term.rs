//! One term of an expression: a field, and what is asked of it.

use std::net::IpAddr;

use regex::Regex;

use crate::filter::field::Field;
use crate::filter::literal::Net;
use crate::filter::value::Subject;
use crate::filter::value::Truth;
use crate::filter::value::Value;
use crate::filter::value::Values;

/// What is asked of each value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// Whether it is there, and neither no nor zero nor empty.
    Present,
    /// Whether it is a number in one of these spans, ends included.
    Within(Vec<(f64, f64)>),
    /// Whether it is a smaller number, or an equal one where that counts.
    Below(f64, bool),
    /// Whether it is a larger number, or an equal one where that counts.
    Above(f64, bool),
    /// Whether it is one of these texts.
    Equals(Vec<String>),
    /// The same, whatever the case of ASCII letters.
    EqualsFolded(Vec<String>),
    /// Whether it has this text in it.
    Contains(String),
    /// Whether it has one of these texts in it, in whatever case.
    ContainsFolded(Vec<Regex>),
    /// Whether it is matched by this expression.
    Matches(Regex),
    /// Whether it is one of these words.
    Words(Vec<&'static str>),
    /// Whether it is an address of one of these.
    Nets(Vec<Net>),
    /// Whether it is this flag.
    Flag(bool),
}

/// One term.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) field: Field,
    pub(super) test: Test,
    /// Whether it is asked that there are values, and none of them passes the test.
    pub(super) is_negated: bool,
}

impl Term {
    /// Whether it is true of a subject.
    pub(super) fn of(&self, subject: &(impl Subject + ?Sized)) -> Truth {
        match subject.value(self.field) {
            Values::Unknown => Truth::Unknown,
            Values::Known(values) if values.is_empty() => Truth::False,
            Values::Known(values) => {
                let passes = values.iter().any(|value| self.test.passes(value));
                Truth::from(passes != self.is_negated)
            }
        }
    }
}

impl Test {
    fn passes(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Flag(flag) => self.passes_flag(*flag),
            Value::Number(number) => self.passes_number(*number),
            Value::Text(text) => self.passes_text(text),
            Value::Word(word) => match self {
                Self::Words(words) => words.contains(word),
                _ => self.passes_text(word),
            },
            Value::Address(addr) => self.passes_address(*addr),
        }
    }

    fn passes_flag(&self, flag: bool) -> bool {
        match self {
            Self::Present => flag,
            Self::Flag(wanted) => flag == *wanted,
            _ => false,
        }
    }

    fn passes_number(&self, number: f64) -> bool {
        match self {
            Self::Present => number != 0.0,
            Self::Within(spans) => spans
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&number)),
            Self::Below(limit, is_equal_too) => {
                number < *limit || *is_equal_too && number <= *limit
            }
            Self::Above(limit, is_equal_too) => {
                number > *limit || *is_equal_too && number >= *limit
            }
            _ => false,
        }
    }

    fn passes_text(&self, text: &str) -> bool {
        match self {
            Self::Present => !text.is_empty(),
            Self::Equals(wanted) => wanted.iter().any(|wanted| wanted == text),
            Self::EqualsFolded(wanted) => wanted
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(text)),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::ContainsFolded(parts) => parts.iter().any(|part| part.is_match(text)),
            Self::Matches(regex) => regex.is_match(text),
            _ => false,
        }
    }

    fn passes_address(&self, addr: IpAddr) -> bool {
        match self {
            Self::Present => true,
            Self::Nets(nets) => nets.iter().any(|net| net.holds(addr)),
            _ => false,
        }
    }
}
