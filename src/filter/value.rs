//! What fields have for values, and who is asked for them.

use std::borrow::Cow;
use std::net::IpAddr;

use smallvec::SmallVec;

use crate::filter::field::Field;

/// One value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Yes or no.
    Flag(bool),
    /// A number, in the unit of its field; a message type is its number.
    Number(f64),
    /// Text as it is shown: masked unless secrets are shown.
    Text(Cow<'a, str>),
    /// A word of the field's vocabulary.
    Word(&'static str),
    /// An address.
    Address(IpAddr),
}

/// What a subject says to a field: both ends of a connection have an address, and a track each a
/// codec, so that there may be several values.
#[derive(Debug, Clone, PartialEq)]
pub enum Values<'a> {
    /// The subject cannot tell: a field of messages asked of a connection.
    Unknown,
    /// These; none when the field is absent.
    Known(SmallVec<[Value<'a>; 2]>),
}

impl<'a> Values<'a> {
    /// The field is absent.
    pub fn absent() -> Self {
        Self::Known(SmallVec::new())
    }

    /// The value that there is, if any.
    pub fn of(value: Option<Value<'a>>) -> Self {
        Self::Known(value.into_iter().collect())
    }

    /// Several.
    pub fn several(values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self::Known(values.into_iter().collect())
    }

    /// Yes or no.
    pub fn flag(flag: bool) -> Self {
        Self::of(Some(Value::Flag(flag)))
    }

    /// A number, if there is one.
    pub fn number(number: impl Into<Option<f64>>) -> Self {
        Self::of(number.into().map(Value::Number))
    }

    /// A count.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of captures stay far below 2^53"
    )]
    pub fn count(count: u64) -> Self {
        Self::number(count as f64)
    }

    /// Text, if there is any.
    pub fn text(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        Self::of(text.map(|text| Value::Text(text.into())))
    }

    /// A word, if there is one.
    pub fn word(word: Option<&'static str>) -> Self {
        Self::of(word.map(Value::Word))
    }
}

/// What an expression is asked about: a connection or a message.
pub trait Subject {
    /// What it says to a field. Text must be as it is shown, so that a filter cannot find out what
    /// is masked. Only asked for the fields that an expression names.
    fn value(&self, field: Field) -> Values<'_>;
}

impl<S: Subject + ?Sized> Subject for &S {
    fn value(&self, field: Field) -> Values<'_> {
        (**self).value(field)
    }
}

/// Whether an expression is true of a subject, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It is not.
    False,
    /// The subject cannot tell, and it could be.
    Unknown,
    /// It is.
    True,
}

impl Truth {
    pub(super) fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(is_true: bool) -> Self {
        if is_true { Self::True } else { Self::False }
    }
}
