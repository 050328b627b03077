//! The display filter of a list: the text as it was typed, and what it asks for.

use crate::filter::Check;
use crate::filter::Filter;
use crate::filter::check;
use crate::filter::value::Subject;

/// Filters that have names, from the configuration: `:name` stands for the expression.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named(Vec<(String, String)>);

impl Named {
    /// Names with their expressions.
    pub fn new(all: Vec<(String, String)>) -> Self {
        Self(all)
    }

    /// The expression that a text stands for: that of its name, or itself.
    pub fn expand<'t>(&'t self, text: &'t str) -> &'t str {
        let name = text.trim().strip_prefix(':');
        let found = name.and_then(|name| self.0.iter().find(|(known, _)| known == name));
        found.map_or(text, |(_, expression)| expression)
    }

    /// What a text that begins as a name may become: names with their expressions.
    pub fn beginning<'t>(&'t self, text: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
        let begun = text.strip_prefix(':').map(str::to_owned);
        let all = self.0.iter();
        all.filter(move |(name, _)| begun.as_ref().is_some_and(|begun| name.starts_with(begun)))
            .map(|(name, expression)| (name.as_str(), expression.as_str()))
    }
}

/// What a list shows.
#[derive(Debug, Clone, Default)]
pub struct Sieve {
    text: String,
    filter: Option<Filter>,
}

impl PartialEq for Sieve {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Sieve {}

impl From<Filter> for Sieve {
    fn from(filter: Filter) -> Self {
        Self {
            text: filter.text().to_owned(),
            filter: Some(filter),
        }
    }
}

impl Sieve {
    /// What a text asks for.
    ///
    /// # Errors
    /// It is no expression; why.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim().to_owned();
        match check(&text) {
            Check::Empty => Ok(Self::default()),
            Check::Ok(filter) => Ok(Self {
                text,
                filter: Some(*filter),
            }),
            Check::Incomplete(error) | Check::Err(error) => Err(error.to_string()),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether everything is let through.
    pub fn is_empty(&self) -> bool {
        self.filter.is_none()
    }

    /// Whether something is asked of messages.
    pub fn asks_messages(&self) -> bool {
        self.filter.as_ref().is_some_and(Filter::asks_messages)
    }

    /// Whether a subject is let through that may know only a part of what is asked: it could be
    /// what is looked for.
    pub fn may_pass(&self, subject: &impl Subject) -> bool {
        let filter = self.filter.as_ref();
        filter.is_none_or(|filter| filter.may_match(subject))
    }

    /// Whether a subject is let through that knows all that is asked.
    pub fn passes(&self, subject: &impl Subject) -> bool {
        let filter = self.filter.as_ref();
        filter.is_none_or(|filter| filter.matches(subject))
    }
}
