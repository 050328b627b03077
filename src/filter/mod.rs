//! The language of display filters: which connections and messages are shown.
//!
//! A text is parsed into a [`Filter`], which is asked about a [`Subject`]: a connection or a
//! message, whoever keeps it. docs/filters.md is the guide of the language; the table of fields
//! ([`field::FIELDS`]) is what parser, completion, help and guide are made from.
//!
//! Every expression has an answer for every subject, in one of three ways. A message answers what
//! belongs to a connection by its own connection. A connection cannot answer what belongs to a
//! message, so that an expression may neither be true nor false of it: a list shows it then,
//! because it could be ([`Filter::may_match`]). Who sees all messages of a connection
//! finds out ([`seen::Seen`]).

pub mod complete;
pub mod connection;
pub mod error;
pub mod field;
mod fuzz;
mod lexer;
mod literal;
pub mod message;
mod parser;
pub mod seen;
mod term;
pub mod value;
pub mod vocabulary;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

pub use self::fuzz::fuzz_filter;

use crate::filter::error::ParseError;
use crate::filter::field::FIELDS;
use crate::filter::field::Field;
use crate::filter::parser::Parsed;
use crate::filter::term::Term;
use crate::filter::value::Subject;
use crate::filter::value::Truth;

/// Longest text of an expression, in bytes: a screenful, beyond what anybody types.
pub const MAX_TEXT: usize = 4096;

/// Most terms of an expression.
pub const MAX_TERMS: usize = 256;

/// Most of them that ask messages: as many as there are bits in which the answers of a message are
/// kept.
pub const MAX_MESSAGE_TERMS: usize = 64;

/// How deep parentheses may lie in each other: each takes a turn of the stack.
pub const MAX_DEPTH: usize = 64;

/// Most regular expressions, each of which may take [`MAX_REGEX`] of memory twice: 16 MiB in all.
pub const MAX_REGEXES: usize = 32;

/// Memory that a regular expression may take, in bytes, compiled and while it matches.
pub const MAX_REGEX: usize = 256 << 10;

/// How terms are joined.
#[derive(Debug, Clone)]
enum Node {
    /// The term at this place.
    Term(usize),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Node {
    /// The answer by those of the terms. Turns of the stack are bounded by [`MAX_DEPTH`].
    fn walk(&self, ask: &dyn Fn(usize) -> Truth) -> Truth {
        match self {
            Self::Term(term) => ask(*term),
            Self::Not(inner) => inner.walk(ask).not(),
            Self::All(nodes) => {
                let mut all = Truth::True;
                for node in nodes {
                    all = all.min(node.walk(ask));
                    if all == Truth::False {
                        break;
                    }
                }
                all
            }
            Self::Any(nodes) => {
                let mut any = Truth::False;
                for node in nodes {
                    any = any.max(node.walk(ask));
                    if any == Truth::True {
                        break;
                    }
                }
                any
            }
        }
    }
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    root: Node,
    terms: Vec<Term>,
    /// Which terms ask the message, in order.
    of_message: Vec<usize>,
}

/// What a text is while it is typed.
#[derive(Debug, Clone)]
pub enum Check {
    /// Nothing: everything is shown.
    Empty,
    /// An expression.
    Ok(Box<Filter>),
    /// The beginning of an expression, and what is missing.
    Incomplete(ParseError),
    /// No expression, and why.
    Err(ParseError),
}

/// Says what a text is.
pub fn check(text: &str) -> Check {
    if text.trim().is_empty() {
        return Check::Empty;
    }
    match Filter::parse(text) {
        Ok(filter) => Check::Ok(Box::new(filter)),
        Err(error) if error.is_incomplete => Check::Incomplete(error),
        Err(error) => Check::Err(error),
    }
}

impl Filter {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// Where the text is none, and what was expected there.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let Parsed { root, terms } = parser::parse(text)?;
        let asks_message = |(_, term): &(usize, &Term)| term.field.is_of_message();
        let of_message = terms.iter().enumerate().filter(asks_message);
        Ok(Self {
            text: text.to_owned(),
            of_message: of_message.map(|(place, _)| place).collect(),
            root,
            terms,
        })
    }

    /// The text that it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it asks for anything that only a message can tell.
    pub fn asks_messages(&self) -> bool {
        self.fields()
            .any(|field| field.info().of == field::Of::Message)
    }

    /// The first field that it asks for and that is not known for good when media begins.
    pub fn unsettled(&self) -> Option<Field> {
        self.fields().find(|field| !field.is_settled())
    }

    /// The fields that it asks for, each as often as it does.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.terms.iter().map(|term| term.field)
    }

    /// Whether it is true of a subject.
    pub fn eval(&self, subject: &(impl Subject + ?Sized)) -> Truth {
        self.root.walk(&|term| self.ask(term, subject))
    }

    /// Whether it is certainly true of a subject: what is shown of messages.
    pub fn matches(&self, subject: &(impl Subject + ?Sized)) -> bool {
        self.eval(subject) == Truth::True
    }

    /// Whether it is true of a subject or could be: what is shown in a list of connections.
    pub fn may_match(&self, subject: &(impl Subject + ?Sized)) -> bool {
        self.eval(subject) != Truth::False
    }

    fn ask(&self, term: usize, subject: &(impl Subject + ?Sized)) -> Truth {
        self.terms
            .get(term)
            .map_or(Truth::Unknown, |term| term.of(subject))
    }
}

/// The table of fields as a terminal shows it.
pub fn fields_help() -> String {
    let width = |of: fn(&field::FieldInfo) -> usize| FIELDS.iter().map(of).max().unwrap_or(0);
    let name = width(|info| info.name.len());
    let kind = width(|info| info.kind.name().len());
    let mut out = String::new();
    let groups = [
        (field::Of::Connection, "Fields of connections:"),
        (field::Of::Message, "Fields of messages:"),
        (field::Of::Either, "Fields of both:"),
    ];
    for (of, title) in groups {
        let _ = writeln!(out, "{title}");
        for info in FIELDS.iter().filter(|info| info.of == of) {
            let aliases = if info.aliases.is_empty() {
                String::new()
            } else {
                format!(" (also {})", info.aliases.join(", "))
            };
            let _ = writeln!(
                out,
                "  {:name$}  {:kind$}  {}{aliases}",
                info.name,
                info.kind.name(),
                info.about
            );
            let words: Vec<&str> = info.kind.words().iter().map(|word| word.name).collect();
            if !words.is_empty() {
                let _ = writeln!(out, "  {:name$}  {:kind$}  {}", "", "", words.join(" "));
            }
        }
        out.push('\n');
    }
    out
}

/// The table of fields as docs/filters.md has it.
pub fn fields_table() -> String {
    let mut out =
        String::from("| field | also | of | is | what it means |\n|---|---|---|---|---|\n");
    for info in FIELDS {
        let aliases: Vec<String> = info
            .aliases
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let words: Vec<&str> = info.kind.words().iter().map(|word| word.name).collect();
        let words = if words.is_empty() {
            String::new()
        } else {
            format!(": {}", words.join(", "))
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {}{words} |",
            info.name,
            aliases.join(" "),
            info.of.name(),
            info.kind.name(),
            info.about
        );
    }
    out
}
