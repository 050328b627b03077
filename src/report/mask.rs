//! How reports hide secrets: structurally, where a specification says that a value is a stream
//! name or a credential, and by value, wherever a name that was seen as one turns up again.

use std::borrow::Cow;

use crate::rtmp::secret::Secrecy;
use crate::rtmp::secret::mask_known;

/// What is hidden in the records of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Mask<'a> {
    show: bool,
    known: &'a [String],
}

impl<'a> Mask<'a> {
    /// Hides what is structurally secret and every one of `known`, unless `show`.
    pub fn new(show: bool, known: &'a [String]) -> Self {
        Self { show, known }
    }

    /// Whether secrets are shown as they are.
    pub fn shows_secrets(&self) -> bool {
        self.show
    }

    /// The text as it may be shown.
    pub fn text<'t>(&self, text: &'t str, secrecy: Secrecy) -> Cow<'t, str> {
        if self.show {
            return Cow::Borrowed(text);
        }
        let known = self.known.iter().map(String::as_str);
        match secrecy.masked(text) {
            Cow::Borrowed(text) => mask_known(text, known),
            Cow::Owned(masked) => Cow::Owned(mask_known(&masked, known).into_owned()),
        }
    }
}
