//! What may stand at the cursor while an expression is typed.

use std::ops::Range;

use crate::filter::field::FIELDS;
use crate::filter::field::Field;
use crate::filter::field::Kind;
use crate::filter::lexer;
use crate::filter::parser;
use crate::filter::parser::Operator;
use crate::filter::parser::Place;
use crate::session::status::known_codes;

/// Most candidates: a list that can be looked through.
pub const MAX_CANDIDATES: usize = 100;

/// What may stand in a part of the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completions {
    /// The bytes of the text that a candidate takes the place of.
    pub range: Range<usize>,
    /// What may stand there, the likely ones first.
    pub candidates: Vec<Candidate>,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The text.
    pub text: String,
    /// What it means.
    pub about: String,
}

impl Candidate {
    fn new(text: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            about: about.into(),
        }
    }
}

/// What may stand at the cursor, a position in bytes. `values` gives what is there to be found of a
/// field, as names of streams and addresses, fit to be shown; none for fields that it does not know.
pub fn complete(text: &str, cursor: usize, values: &dyn Fn(Field) -> Vec<String>) -> Completions {
    let cursor = text.floor_char_boundary(cursor);
    let before = text.get(..cursor).unwrap_or_default();
    let (start, place) = parser::last_place(before);
    let typed = before.get(start..).unwrap_or_default();
    let start = start.saturating_add(typed.len().saturating_sub(typed.trim_start().len()));
    let typed = typed.trim_start();
    let candidates = match place {
        Place::Term { is_joined } => terms(typed, !is_joined),
        Place::Behind(field) => behind(typed, field),
        Place::Value(field, operator) => in_quotes(typed, field, operator, values),
    };
    // A word that the cursor is within goes as a whole.
    let behind = text.get(cursor..).unwrap_or_default();
    let is_word = typed.chars().all(lexer::is_of_word) && !typed.is_empty();
    let rest = if is_word {
        behind
            .find(|c| !lexer::is_of_word(c))
            .unwrap_or(behind.len())
    } else {
        0
    };
    Completions {
        range: start..cursor.saturating_add(rest),
        candidates: candidates.into_iter().take(MAX_CANDIDATES).collect(),
    }
}

fn begins(word: &str, typed: &str) -> bool {
    word.get(..typed.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(typed))
}

/// Fields, and what joins terms where one stands before.
fn terms(typed: &str, may_join: bool) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut aliases = Vec::new();
    for info in FIELDS {
        if begins(info.name, typed) {
            all.push(Candidate::new(info.name, info.about));
        }
        let known = info.aliases.iter().filter(|alias| begins(alias, typed));
        aliases.extend(
            known.map(|alias| Candidate::new(*alias, format!("{}: {}", info.name, info.about))),
        );
    }
    if let Some(field) = Field::named(typed) {
        let with_sign = |candidate: Candidate| Candidate {
            text: format!("{typed}{}", candidate.text),
            about: candidate.about,
        };
        let signs = operators(field).into_iter();
        all.extend(signs.filter(|sign| is_sign(&sign.text)).map(with_sign));
    }
    if !typed.is_empty() {
        all.extend(aliases);
    }
    let joins = [("and", "both"), ("or", "at least one")];
    let joins = joins.into_iter().filter(|_| may_join);
    for (word, about) in joins.chain([("not", "the opposite")]) {
        if begins(word, typed) {
            all.push(Candidate::new(word, about));
        }
    }
    all
}

fn is_sign(operator: &str) -> bool {
    !operator.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// How a field may be asked.
fn operators(field: Field) -> Vec<Candidate> {
    let kind = field.info().kind;
    let all: [(&str, Operator, &str); 10] = [
        (
            ":",
            Operator::Short,
            "is, or has in it; several with commas",
        ),
        ("==", Operator::Equal, "is"),
        ("!=", Operator::Unequal, "is there and is not"),
        ("<", Operator::Below, "is less than"),
        ("<=", Operator::AtMost, "is at most"),
        (">", Operator::Above, "is more than"),
        (">=", Operator::AtLeast, "is at least"),
        ("contains", Operator::Contains, "has this text in it"),
        (
            "matches",
            Operator::Matches,
            "is matched by a regular expression",
        ),
        ("in {", Operator::In, "is one of these"),
    ];
    all.into_iter()
        .filter(|(_, operator, _)| parser::takes(kind, *operator))
        .map(|(sign, _, about)| Candidate::new(sign, about))
        .collect()
}

/// What may stand behind a term.
fn behind(typed: &str, field: Option<Field>) -> Vec<Candidate> {
    let mut all = field.map(operators).unwrap_or_default();
    // Behind a space the short form has lost its field.
    all.retain(|operator| operator.text != ":");
    all.push(Candidate::new("and", "both"));
    all.push(Candidate::new("or", "at least one"));
    all.retain(|candidate| begins(&candidate.text, typed));
    all
}

fn in_quotes(
    typed: &str,
    field: Field,
    operator: Operator,
    values: &dyn Fn(Field) -> Vec<String>,
) -> Vec<Candidate> {
    if operator == Operator::Matches || typed.starts_with('/') {
        return Vec::new();
    }
    let typed = typed.trim_start_matches(['"', '\'']);
    let mut all = known_values(field, operator);
    let known = all.len();
    let found = values(field);
    all.extend(found.into_iter().map(|value| Candidate::new(value, "")));
    // What was found comes before what there could be.
    all.rotate_left(known);
    let folded = typed.to_lowercase();
    let has_within = |candidate: &Candidate| candidate.text.to_lowercase().contains(&folded);
    let (mut first, then): (Vec<_>, Vec<_>) = all
        .into_iter()
        .filter(has_within)
        .partition(|candidate| begins(&candidate.text, typed));
    first.extend(then);
    for candidate in &mut first {
        candidate.text = written(&candidate.text);
    }
    first
}

/// The values that a field may have by its nature.
fn known_values(field: Field, operator: Operator) -> Vec<Candidate> {
    let kind = field.info().kind;
    match kind {
        Kind::Flag => vec![
            Candidate::new("true", "it is so"),
            Candidate::new("false", "it is not"),
        ],
        Kind::MessageType => {
            let is_by_name = matches!(
                operator,
                Operator::Short | Operator::Equal | Operator::Unequal | Operator::In
            );
            if is_by_name {
                message_types(kind)
            } else {
                Vec::new()
            }
        }
        Kind::Word(words) | Kind::Ordered(words) => words
            .iter()
            .map(|word| Candidate::new(word.name, word.about))
            .collect(),
        Kind::Name(names) => names.iter().map(|name| Candidate::new(*name, "")).collect(),
        Kind::Text if field == Field::Code => known_codes()
            .iter()
            .map(|code| Candidate::new(*code, ""))
            .collect(),
        Kind::Text | Kind::Number(_) | Kind::Address => Vec::new(),
    }
}

/// Message types, and the words that stand for several.
fn message_types(kind: Kind) -> Vec<Candidate> {
    let groups = [
        ("cmd", "commands in AMF0 and AMF3"),
        ("data", "metadata and the like in AMF0 and AMF3"),
        ("media", "sound and pictures"),
        ("control", "protocol control and user control"),
        ("so", "shared objects in AMF0 and AMF3"),
        ("amf0", "everything in AMF0"),
        ("amf3", "everything in AMF3"),
    ];
    let groups = groups.map(|(word, about)| Candidate::new(word, about));
    let words = kind.words().iter();
    groups
        .into_iter()
        .chain(words.map(|word| Candidate::new(word.name, word.about)))
        .collect()
}

/// A value as an expression has it: in quotes where it would end too early, or be something else.
fn written(value: &str) -> String {
    let is_plain =
        value.chars().all(lexer::is_of_word) && !value.starts_with('/') && !value.is_empty();
    if is_plain {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}
