//! Systems without these measures: nothing is given up, and that is told.

use super::Keep;
use super::Measure;
use super::Reach;
use super::Shortfall;
use super::Trial;
use super::UserError;

/// Nobody else can be become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {}

impl User {
    /// A user by name.
    ///
    /// # Errors
    /// Always: not on this system.
    pub fn named(_: &str) -> Result<Self, UserError> {
        Err(UserError::Unsupported)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        match *self {}
    }

    /// Whether it is root.
    pub fn is_root(&self) -> bool {
        match *self {}
    }

    /// Becomes this user.
    ///
    /// # Errors
    /// Never: there is none.
    pub fn become_it(&self) -> Result<(), UserError> {
        match *self {}
    }
}

/// Whether this is root, as far as it matters here.
pub fn is_root() -> bool {
    false
}

/// Whether this is root without the capability to pass over permissions of files.
pub fn is_root_without_override() -> bool {
    false
}

/// There are no capabilities.
pub fn hold(_: Keep) -> Vec<Shortfall> {
    Vec::new()
}

/// Nothing is confined.
pub fn confine(_: &Reach, _: Keep) -> Vec<Shortfall> {
    [Measure::Landlock, Measure::Seccomp]
        .map(|measure| Shortfall {
            measure,
            reason: "there is none on this system".to_owned(),
        })
        .into()
}

#[cfg(feature = "live")]
pub(in crate::capture) fn confine_capture() {}

#[cfg(feature = "live")]
pub(in crate::capture) fn with_capture<T>(act: impl FnOnce() -> T) -> T {
    act()
}

/// There is nothing to try.
pub fn trial() -> Trial {
    Trial {
        shortfalls: confine(&Reach::default(), Keep::Nothing),
        landlock: None,
        leaks: Vec::new(),
    }
}
