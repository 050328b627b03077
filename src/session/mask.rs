//! How reports hide secrets: structurally, where a specification says that a value is a stream
//! name or a credential, and by value, wherever a name that was seen as one turns up again.

use std::borrow::Cow;

use crate::rtmp::secret::Secrecy;
use crate::session::Session;
use crate::session::redact::Redactor;

/// What is hidden in the records of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Mask<'a> {
    redactor: Option<Redactor<'a>>,
}

impl<'a> Mask<'a> {
    /// Hides the secrets of a session, unless `show`.
    pub fn new(session: &'a Session, show: bool) -> Self {
        Self {
            redactor: (!show).then(|| session.redactor()),
        }
    }

    /// Whether secrets are shown as they are.
    pub fn shows_secrets(&self) -> bool {
        self.redactor.is_none()
    }

    /// The text as it may be shown, when it is known what of it is secret.
    pub fn text<'t>(&self, text: &'t str, secrecy: Secrecy) -> Cow<'t, str> {
        match &self.redactor {
            Some(redactor) => redactor.text_as(secrecy, text),
            None => Cow::Borrowed(text),
        }
    }

    /// Text of which only known secrets and what looks like a URL's query are hidden.
    pub fn prose<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.redactor {
            Some(redactor) => redactor.text(text),
            None => Cow::Borrowed(text),
        }
    }
}
