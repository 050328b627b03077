//! From the text of an expression to its terms, and how they are joined. What is joined by `and` is
//! joined more tightly than by `or`, and `not` takes one term: as in tshark.

use std::net::IpAddr;
use std::net::SocketAddr;

use crate::filter::MAX_DEPTH;
use crate::filter::MAX_MESSAGE_TERMS;
use crate::filter::MAX_REGEXES;
use crate::filter::MAX_TERMS;
use crate::filter::MAX_TEXT;
use crate::filter::Node;
use crate::filter::error::ParseError;
use crate::filter::error::nearest_fields;
use crate::filter::field::Field;
use crate::filter::field::Kind;
use crate::filter::lexer::Form;
use crate::filter::lexer::Lexer;
use crate::filter::lexer::Literal;
use crate::filter::term::Term;

mod compile;

/// What came of a text.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: Node,
    pub(super) terms: Vec<Term>,
}

/// What is asked of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `:`
    Short,
    Equal,
    Unequal,
    Below,
    AtMost,
    Above,
    AtLeast,
    Contains,
    Matches,
    In,
}

/// Operators by their signs, the longer ones of the same beginning first.
pub(super) const SIGNS: &[(&str, Operator)] = &[
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Below),
    (">", Operator::Above),
    ("~", Operator::Matches),
];

/// Operators by their words.
pub(super) const WORDS: &[(&str, Operator)] = &[
    ("contains", Operator::Contains),
    ("matches", Operator::Matches),
    ("in", Operator::In),
    ("eq", Operator::Equal),
    ("ne", Operator::Unequal),
    ("lt", Operator::Below),
    ("le", Operator::AtMost),
    ("gt", Operator::Above),
    ("ge", Operator::AtLeast),
];

/// What stands at a place of the text, for the completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A term may begin; what joins it to one before may stand there too where none does yet.
    Term { is_joined: bool },
    /// Behind a term: it may be joined with another, or be asked for more if it is a field.
    Behind(Option<Field>),
    /// A value of this field.
    Value(Field, Operator),
}

/// Compiles a text.
pub(super) fn parse(text: &str) -> Result<Parsed, ParseError> {
    let mut parser = Parser::new(text);
    let root = parser.expression()?;
    Ok(Parsed {
        root,
        terms: parser.terms,
    })
}

/// Where the last part of a text begins, and what it is.
pub(super) fn last_place(text: &str) -> (usize, Place) {
    let mut parser = Parser::new(text);
    // What is wrong with it matters no more than where that is.
    let _ = parser.expression();
    parser.place
}

struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    terms: Vec<Term>,
    of_message: usize,
    regexes: usize,
    depth: usize,
    /// Where the part that was looked at last begins, and what it is.
    place: (usize, Place),
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            lexer: Lexer::new(text),
            terms: Vec::new(),
            of_message: 0,
            regexes: 0,
            depth: 0,
            place: (0, Place::Term { is_joined: true }),
        }
    }

    fn expression(&mut self) -> Result<Node, ParseError> {
        if self.text.len() > MAX_TEXT {
            let range = self.text.floor_char_boundary(MAX_TEXT)..self.text.len();
            let message = format!("longer than {MAX_TEXT} bytes");
            return Err(ParseError::new(range, message));
        }
        let root = self.any()?;
        self.lexer.skip_space();
        if self.lexer.is_end() {
            return Ok(root);
        }
        let message = if self.lexer.rest().starts_with(')') {
            "there is no ( for this )"
        } else {
            "expected `and`, `or` or another term here"
        };
        Err(ParseError::new(self.lexer.next_char(), message))
    }

    /// Terms joined by `or`.
    fn any(&mut self) -> Result<Node, ParseError> {
        let mut nodes = vec![self.all()?];
        loop {
            self.lexer.skip_space();
            if !self.joins("or", "||")? {
                break;
            }
            nodes.push(self.all()?);
        }
        Ok(joined(nodes, Node::Any))
    }

    /// Terms joined by `and`, or by nothing.
    fn all(&mut self) -> Result<Node, ParseError> {
        let mut nodes = vec![self.negation(true)?];
        loop {
            self.lexer.skip_space();
            let rest = self.lexer.rest();
            let is_over = rest.is_empty()
                || rest.starts_with(')')
                || rest.starts_with('|')
                || self.lexer.sees_word("or");
            if is_over {
                break;
            }
            let is_joined = self.joins("and", "&&")?;
            nodes.push(self.negation(is_joined)?);
        }
        Ok(joined(nodes, Node::All))
    }

    /// Takes a word or sign that joins terms, if it comes next.
    fn joins(&mut self, word: &str, sign: &str) -> Result<bool, ParseError> {
        if self.lexer.sees_word(word) {
            return Ok(self.lexer.take(self.lexer.peek_word()));
        }
        if self.lexer.take(sign) {
            return Ok(true);
        }
        let half = sign.get(..1).unwrap_or_default();
        if self.lexer.rest().starts_with(half) {
            let is_incomplete = self.lexer.rest().len() == half.len();
            let message = format!("`{half}` joins nothing: write `{word}` or `{sign}`");
            return Err(ParseError::new(self.lexer.next_char(), message).incomplete(is_incomplete));
        }
        Ok(false)
    }

    /// A term, with any number of `not` before it.
    fn negation(&mut self, mut is_joined: bool) -> Result<Node, ParseError> {
        let mut is_negated = false;
        loop {
            self.lexer.skip_space();
            self.place = (self.lexer.at(), Place::Term { is_joined });
            if self.lexer.sees_word("not") {
                self.lexer.take(self.lexer.peek_word());
            } else if !self.lexer.take("!") {
                break;
            }
            is_negated = !is_negated;
            is_joined = true;
        }
        let node = self.primary()?;
        Ok(if is_negated {
            Node::Not(Box::new(node))
        } else {
            node
        })
    }

    fn primary(&mut self) -> Result<Node, ParseError> {
        let open = self.lexer.next_char();
        if self.lexer.take("(") {
            self.depth = self.depth.saturating_add(1);
            if self.depth > MAX_DEPTH {
                let message = format!("more than {MAX_DEPTH} parentheses in each other");
                return Err(ParseError::new(open, message));
            }
            let inner = self.any()?;
            self.lexer.skip_space();
            if !self.lexer.take(")") {
                let is_end = self.lexer.is_end();
                let range = if is_end { open } else { self.lexer.next_char() };
                let message = "the closing ) is missing";
                return Err(ParseError::new(range, message).incomplete(is_end));
            }
            self.depth = self.depth.saturating_sub(1);
            self.place = (self.lexer.at(), Place::Behind(None));
            return Ok(inner);
        }
        let start = self.lexer.at();
        if let Some(literal) = self.lexer.quoted()? {
            return self.search(&literal);
        }
        if let Some(literal) = self.lexer.regex()? {
            self.count_regex(&literal)?;
            return self.search(&literal);
        }
        let word = self.lexer.peek_word();
        if word.is_empty() {
            let is_end = self.lexer.is_end();
            let range = self.lexer.next_char();
            return Err(
                ParseError::new(range, "expected a field, or text to look for").incomplete(is_end),
            );
        }
        if ["and", "or"]
            .iter()
            .any(|join| join.eq_ignore_ascii_case(word))
        {
            let range = start..start.saturating_add(word.len());
            let message = format!(
                "expected a field or text before `{word}`; as text to look for it goes in quotes"
            );
            return Err(ParseError::new(range, message));
        }
        self.word(start, word)
    }

    /// A term that begins with a word: a field, or text to look for.
    fn word(&mut self, start: usize, word: &'t str) -> Result<Node, ParseError> {
        let name = leading_name(word);
        let behind_name = start.saturating_add(name.len());
        let is_address = word.parse::<IpAddr>().is_ok() || word.parse::<SocketAddr>().is_ok();
        if !name.is_empty()
            && !is_address
            && word
                .get(name.len()..)
                .is_some_and(|rest| rest.starts_with(':'))
        {
            let field = field_of(start, name)?;
            self.lexer.go(behind_name.saturating_add(1));
            return self.short(field);
        }
        self.lexer.go(start.saturating_add(word.len()));
        let literal = Literal {
            text: word.to_owned(),
            range: start..self.lexer.at(),
            form: Form::Bare,
        };
        if name.len() < word.len() {
            return self.search(&literal);
        }
        let field = Field::named(name);
        let behind = self.lexer;
        self.lexer.skip_space();
        // Directly behind a field the place is still that of the field.
        if self.lexer.at() > behind.at() {
            self.place = (self.lexer.at(), Place::Behind(field));
        }
        let sign = self.lexer.at();
        if let Some(operator) = self.operator()? {
            let field = field_of(start, name)?;
            if !takes(field.info().kind, operator) {
                let blamed = sign..self.lexer.at();
                return Err(compile::cannot_be_asked(field, blamed));
            }
            return self.compared(field, operator);
        }
        self.lexer.go(behind.at());
        match field {
            Some(field) => self.term(compile::present(field)),
            None => self.search(&literal),
        }
    }

    /// The operator that comes next, if one does.
    fn operator(&mut self) -> Result<Option<Operator>, ParseError> {
        for (sign, operator) in SIGNS {
            if self.lexer.take(sign) {
                return Ok(Some(*operator));
            }
        }
        if self.lexer.rest().starts_with('=') {
            let is_incomplete = self.lexer.rest() == "=";
            let error = ParseError::new(self.lexer.next_char(), "equal is written `==`");
            return Err(error.incomplete(is_incomplete));
        }
        let word = self.lexer.peek_word();
        let known = WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word));
        Ok(known.map(|(_, operator)| {
            self.lexer.take(word);
            *operator
        }))
    }

    /// The values behind `field:`.
    fn short(&mut self, field: Field) -> Result<Node, ParseError> {
        let mut literals = Vec::new();
        loop {
            literals.push(self.value(field, Operator::Short)?);
            let behind = self.lexer;
            self.lexer.skip_space();
            if !self.lexer.take(",") {
                self.lexer.go(behind.at());
                break;
            }
        }
        let term = compile::compare(field, Operator::Short, &literals, self.text.len())?;
        self.term(term)
    }

    /// The value behind `field operator`.
    fn compared(&mut self, field: Field, operator: Operator) -> Result<Node, ParseError> {
        if operator != Operator::In {
            let literal = self.value(field, operator)?;
            let term = compile::compare(field, operator, &[literal], self.text.len())?;
            return self.term(term);
        }
        self.lexer.skip_space();
        let open = self.lexer.next_char();
        if !self.lexer.take("{") {
            let is_end = self.lexer.is_end();
            let message = "expected { and the values behind `in`";
            return Err(ParseError::new(open, message).incomplete(is_end));
        }
        let mut literals = Vec::new();
        loop {
            self.lexer.skip_space();
            if !literals.is_empty() {
                if self.lexer.take(",") {
                    self.lexer.skip_space();
                }
                if self.lexer.take("}") {
                    break;
                }
                if self.lexer.is_end() {
                    let message = "the closing } is missing";
                    return Err(ParseError::new(open, message).incomplete(true));
                }
            }
            literals.push(self.value(field, operator)?);
        }
        // What is closed is not at the end any more, however its last value reads.
        let term = compile::compare(field, operator, &literals, usize::MAX)?;
        self.term(term)
    }

    fn value(&mut self, field: Field, operator: Operator) -> Result<Literal, ParseError> {
        self.lexer.skip_space();
        self.place = (self.lexer.at(), Place::Value(field, operator));
        let takes_regex = matches!(operator, Operator::Short | Operator::Matches);
        let literal = self
            .lexer
            .value(takes_regex, compile::expected(field, operator))?;
        if operator == Operator::Matches || literal.form == Form::Regex {
            self.count_regex(&literal)?;
        }
        Ok(literal)
    }

    fn count_regex(&mut self, literal: &Literal) -> Result<(), ParseError> {
        self.regexes = self.regexes.saturating_add(1);
        if self.regexes > MAX_REGEXES {
            let message = format!("more than {MAX_REGEXES} regular expressions");
            return Err(ParseError::new(literal.range.clone(), message));
        }
        Ok(())
    }

    /// Text to look for in everything that is shown.
    fn search(&mut self, literal: &Literal) -> Result<Node, ParseError> {
        let literals = std::slice::from_ref(literal);
        let term = compile::compare(Field::Text, Operator::Short, literals, self.text.len())?;
        self.term(term)
    }

    fn term(&mut self, term: Term) -> Result<Node, ParseError> {
        let is_of_message = term.field.is_of_message();
        self.of_message = self.of_message.saturating_add(usize::from(is_of_message));
        let place = self.terms.len();
        if place >= MAX_TERMS || self.of_message > MAX_MESSAGE_TERMS {
            let range = self.lexer.at()..self.lexer.at();
            let message =
                format!("more than {MAX_TERMS} terms, or {MAX_MESSAGE_TERMS} that ask messages");
            return Err(ParseError::new(range, message));
        }
        self.terms.push(term);
        let goes_on = matches!(self.lexer.rest().chars().next(), None | Some(')'));
        let is_told = matches!(self.place.1, Place::Behind(Some(_)));
        if !is_told && (!goes_on || self.is_closed()) {
            self.place = (self.lexer.at(), Place::Behind(None));
        }
        Ok(Node::Term(place))
    }

    /// Whether what was taken last cannot go on: a quote or a bracket closed it.
    fn is_closed(&self) -> bool {
        let taken = self.text.get(..self.lexer.at()).unwrap_or_default();
        taken.ends_with(['"', '\'', '}'])
    }
}

fn joined(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            join(nodes)
        }
        None => join(nodes),
    }
}

/// The field of a name.
fn field_of(start: usize, name: &str) -> Result<Field, ParseError> {
    Field::named(name).ok_or_else(|| {
        let range = start..start.saturating_add(name.len());
        let suggestions = nearest_fields(name);
        let message = if suggestions.is_empty() {
            format!("there is no field `{name}`; text to look for goes in quotes")
        } else {
            format!("there is no field `{name}`")
        };
        ParseError::new(range, message).suggest(suggestions)
    })
}

/// The name of a field at the beginning of a word.
fn leading_name(word: &str) -> &str {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !word.starts_with(is_first) {
        return "";
    }
    let end = word
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
        .unwrap_or(word.len());
    word.get(..end).unwrap_or_default()
}

/// Whether a field may be asked so.
pub(super) fn takes(kind: Kind, operator: Operator) -> bool {
    match operator {
        Operator::Short | Operator::Equal | Operator::Unequal => true,
        Operator::In => kind != Kind::Flag,
        Operator::Below | Operator::AtMost | Operator::Above | Operator::AtLeast => {
            matches!(kind, Kind::Number(_) | Kind::Ordered(_) | Kind::MessageType)
        }
        Operator::Contains | Operator::Matches => {
            matches!(kind, Kind::Text | Kind::Name(_) | Kind::Word(_))
        }
    }
}
