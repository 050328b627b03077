//! From a field, an operator and values to a term. What the values cannot be is told here.

use std::ops::Range;

use regex::Regex;
use regex::RegexBuilder;

use crate::filter::MAX_REGEX;
use crate::filter::error::ParseError;
use crate::filter::error::nearest;
use crate::filter::field::Field;
use crate::filter::field::Kind;
use crate::filter::field::Unit;
use crate::filter::lexer::Form;
use crate::filter::lexer::Literal;
use crate::filter::literal;
use crate::filter::literal::Net;
use crate::filter::literal::Number;
use crate::filter::parser::Operator;
use crate::filter::term::Term;
use crate::filter::term::Test;
use crate::filter::vocabulary;
use crate::filter::vocabulary::Word;

/// How deep the parts of a regular expression may lie in each other.
const MAX_NEST: u32 = 32;

/// Words for yes and no.
pub(in crate::filter) const FLAGS: &[(&str, bool)] = &[
    ("true", true),
    ("false", false),
    ("yes", true),
    ("no", false),
    ("1", true),
    ("0", false),
];

/// A field alone.
pub(super) fn present(field: Field) -> Term {
    Term {
        field,
        test: Test::Present,
        is_negated: false,
    }
}

/// What a value of a field may be, for a message.
pub(super) fn expected(field: Field, operator: Operator) -> &'static str {
    if operator == Operator::Matches {
        return "a regular expression, as /^cam[0-9]/";
    }
    match field.info().kind {
        Kind::Flag => "true or false",
        Kind::Number(unit) => literal::expected(unit),
        Kind::MessageType => "a message type, as audio, cmd or 20",
        Kind::Text => "text",
        Kind::Name(_) => "a name",
        Kind::Word(_) | Kind::Ordered(_) => "one of its words",
        Kind::Address => "an address, as 192.0.2.7 or 192.0.2.0/24",
    }
}

/// A field, an operator, and its values. What ends where the text of the expression does, at `end`,
/// may be only the beginning of what is meant.
pub(super) fn compare(
    field: Field,
    operator: Operator,
    literals: &[Literal],
    end: usize,
) -> Result<Term, ParseError> {
    let kind = field.info().kind;
    let test = if operator == Operator::Matches || has_regex(literals) {
        regexes(field, literals, end)?
    } else {
        match kind {
            Kind::Flag => flag(literals, end)?,
            Kind::Number(unit) => numbers(unit, operator, literals, end)?,
            Kind::MessageType => message_types(operator, literals, end)?,
            Kind::Text => text(operator, literals, false)?,
            Kind::Name(_) => text(operator, literals, true)?,
            Kind::Word(_) if operator == Operator::Contains => text(operator, literals, true)?,
            Kind::Word(words) | Kind::Ordered(words) => wordy(words, operator, literals, end)?,
            Kind::Address => Test::Nets(each(literals, |literal| net(literal, end))?),
        }
    };
    Ok(Term {
        field,
        test,
        is_negated: operator == Operator::Unequal,
    })
}

/// What there is to say when a field is asked in a way that does not go with it.
pub(super) fn cannot_be_asked(field: Field, range: Range<usize>) -> ParseError {
    let noun = with_article(field.info().kind.name());
    let name = field.info().name;
    ParseError::new(
        range,
        format!("`{name}` is {noun}, which cannot be asked so"),
    )
}

fn with_article(noun: &str) -> String {
    let article = match noun {
        "bytes" | "milliseconds" | "kbit/s" | "seconds" | "percent" => "a number of",
        "address" | "ordered word" => "an",
        "text" => "",
        _ => "a",
    };
    format!("{article} {noun}").trim_start().to_owned()
}

fn each<T>(
    literals: &[Literal],
    of: impl Fn(&Literal) -> Result<T, ParseError>,
) -> Result<Vec<T>, ParseError> {
    literals.iter().map(of).collect()
}

fn has_regex(literals: &[Literal]) -> bool {
    literals.iter().any(|literal| literal.form == Form::Regex)
}

/// Whether more text could make another value of this one.
fn may_go_on(literal: &Literal, end: usize) -> bool {
    literal.form == Form::Bare && literal.range.end >= end
}

/// Regular expressions, and texts among them, of which one must match.
fn regexes(field: Field, literals: &[Literal], end: usize) -> Result<Test, ParseError> {
    let kind = field.info().kind;
    if !matches!(kind, Kind::Text | Kind::Name(_) | Kind::Word(_)) {
        let range = literals
            .first()
            .map_or(0..0, |literal| literal.range.clone());
        let message = format!(
            "`{}` is {}, which no regular expression matches",
            field.info().name,
            with_article(kind.name())
        );
        return Err(ParseError::new(range, message));
    }
    let mut all = each(literals, |literal| {
        let pattern = match literal.form {
            Form::Regex => literal.text.clone(),
            // `matches` takes a text for a regular expression, and the short form takes it as it is.
            _ if !has_regex(literals) => literal.text.clone(),
            _ => regex::escape(&literal.text),
        };
        regex(&pattern, literal.range.clone(), may_go_on(literal, end))
    })?;
    Ok(match (all.pop(), all.is_empty()) {
        (Some(only), true) => Test::Matches(only),
        (last, _) => {
            all.extend(last);
            Test::ContainsFolded(all)
        }
    })
}

fn regex(pattern: &str, range: Range<usize>, is_incomplete: bool) -> Result<Regex, ParseError> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(MAX_REGEX)
        .dfa_size_limit(MAX_REGEX)
        .nest_limit(MAX_NEST)
        .build()
        .map_err(|error| {
            let message = match error {
                regex::Error::CompiledTooBig(_) => {
                    "this regular expression takes too much memory".to_owned()
                }
                error => {
                    // The last line says what it is; those before show where.
                    let text = error.to_string();
                    let what = text.lines().last().unwrap_or_default();
                    let what = what.trim().trim_start_matches("error: ");
                    format!("not a regular expression: {what}")
                }
            };
            ParseError::new(range, message).incomplete(is_incomplete)
        })
}

fn flag(literals: &[Literal], end: usize) -> Result<Test, ParseError> {
    let flags = each(literals, |literal| {
        let is = |word: &str| word.eq_ignore_ascii_case(&literal.text);
        if let Some((_, flag)) = FLAGS.iter().find(|(word, _)| is(word)) {
            return Ok(*flag);
        }
        let begins = |word: &str| word.starts_with(&literal.text.to_ascii_lowercase());
        let is_begun = FLAGS.iter().any(|(word, _)| begins(word));
        let error = ParseError::new(literal.range.clone(), "expected true or false");
        Err(error.incomplete(is_begun && may_go_on(literal, end)))
    })?;
    if let [only] = flags.as_slice() {
        return Ok(Test::Flag(*only));
    }
    let last = literals
        .last()
        .map_or(0..0, |literal| literal.range.clone());
    Err(ParseError::new(last, "true or false, and nothing else"))
}

/// A number: its value, and by how much it may be missed.
fn number(unit: Unit, literal: &Literal, end: usize) -> Result<(f64, f64), ParseError> {
    number_in(unit, &literal.text, literal, end)
}

fn number_in(
    unit: Unit,
    text: &str,
    literal: &Literal,
    end: usize,
) -> Result<(f64, f64), ParseError> {
    let is_begun = match literal::number(text, unit) {
        Number::Whole { value, tolerance } => return Ok((value, tolerance)),
        Number::Begun => true,
        Number::None => false,
    };
    let message = format!("expected {}", literal::expected(unit));
    let error = ParseError::new(literal.range.clone(), message);
    Err(error.incomplete(is_begun && may_go_on(literal, end)))
}

/// A number, or two with `..` between them: the span of what is equal.
fn span(unit: Unit, literal: &Literal, end: usize) -> Result<(f64, f64), ParseError> {
    let Some((from, to)) = literal.text.split_once("..") else {
        let (value, tolerance) = number(unit, literal, end)?;
        return Ok((value - tolerance, value + tolerance));
    };
    let (from, _) = number_in(unit, from, literal, end)?;
    let (to, _) = number_in(unit, to, literal, end)?;
    Ok((from, to))
}

fn numbers(
    unit: Unit,
    operator: Operator,
    literals: &[Literal],
    end: usize,
) -> Result<Test, ParseError> {
    Ok(match (operator, literals) {
        (Operator::Below, [literal]) => Test::Below(number(unit, literal, end)?.0, false),
        (Operator::AtMost, [literal]) => Test::Below(number(unit, literal, end)?.0, true),
        (Operator::Above, [literal]) => Test::Above(number(unit, literal, end)?.0, false),
        (Operator::AtLeast, [literal]) => Test::Above(number(unit, literal, end)?.0, true),
        _ => Test::Within(each(literals, |literal| span(unit, literal, end))?),
    })
}

/// Message types, by number or by name.
fn message_types(operator: Operator, literals: &[Literal], end: usize) -> Result<Test, ParseError> {
    let is_number = |literal: &Literal| literal.text.starts_with(|c: char| c.is_ascii_digit());
    let is_ordered = !matches!(
        operator,
        Operator::Short | Operator::Equal | Operator::Unequal | Operator::In
    );
    if is_ordered {
        return numbers(Unit::Count, operator, literals, end);
    }
    let mut spans = Vec::new();
    for literal in literals {
        if is_number(literal) {
            spans.push(span(Unit::Count, literal, end)?);
            continue;
        }
        let meant = words(vocabulary::MESSAGE_TYPES, literal, end)?;
        spans.extend(meant.into_iter().map(|word| {
            let number = f64::from(word.number);
            (number, number)
        }));
    }
    Ok(Test::Within(spans))
}

fn text(operator: Operator, literals: &[Literal], is_name: bool) -> Result<Test, ParseError> {
    let texts = || literals.iter().map(|literal| literal.text.clone());
    Ok(match (operator, literals) {
        (Operator::Contains, [literal]) => Test::Contains(literal.text.clone()),
        (Operator::Short, _) if is_name => Test::EqualsFolded(texts().collect()),
        (Operator::Short, _) => Test::ContainsFolded(each(literals, |literal| {
            regex(&regex::escape(&literal.text), literal.range.clone(), false)
        })?),
        _ => Test::Equals(texts().collect()),
    })
}

/// The words that a value means.
fn words(
    known: &'static [Word],
    literal: &Literal,
    end: usize,
) -> Result<Vec<&'static Word>, ParseError> {
    let meant = vocabulary::meant(known, &literal.text);
    if !meant.is_empty() {
        return Ok(meant);
    }
    let names = || {
        known
            .iter()
            .flat_map(|word| word.aliases.iter().chain([&word.name]).copied())
    };
    let all: Vec<&str> = known.iter().map(|word| word.name).collect();
    let message = format!("expected one of {}", all.join(", "));
    let error = ParseError::new(literal.range.clone(), message);
    let is_begun = names().any(|name| name.starts_with(&literal.text)) || literal.text == "-";
    Err(error
        .suggest(nearest(&literal.text, names()))
        .incomplete(is_begun && may_go_on(literal, end)))
}

/// Words, in order or not.
fn wordy(
    known: &'static [Word],
    operator: Operator,
    literals: &[Literal],
    end: usize,
) -> Result<Test, ParseError> {
    let mut meant = Vec::new();
    for literal in literals {
        meant.extend(words(known, literal, end)?);
    }
    let place_of = |word: &Word| known.iter().position(|other| other.name == word.name);
    let places: Vec<usize> = meant.iter().copied().filter_map(place_of).collect();
    let (least, most) = (places.iter().min(), places.iter().max());
    let is_wanted = |place: usize| match operator {
        Operator::Below => least.is_some_and(|least| place < *least),
        Operator::AtMost => most.is_some_and(|most| place <= *most),
        Operator::Above => most.is_some_and(|most| place > *most),
        Operator::AtLeast => least.is_some_and(|least| place >= *least),
        _ => places.contains(&place),
    };
    let wanted = known
        .iter()
        .enumerate()
        .filter(|(place, _)| is_wanted(*place));
    Ok(Test::Words(wanted.map(|(_, word)| word.name).collect()))
}

fn net(literal: &Literal, end: usize) -> Result<Net, ParseError> {
    Net::parse(&literal.text).ok_or_else(|| {
        let message = "expected an address, as 192.0.2.7 or 192.0.2.0/24";
        let is_begun = literal::begins_address(&literal.text);
        ParseError::new(literal.range.clone(), message)
            .incomplete(is_begun && may_go_on(literal, end))
    })
}
