//! Codes of the information objects with which servers answer (RTMP 1.0 sections 7.2.1 and 7.2.2,
//! ActionScript 3 NetStatusEvent): which call a code answers.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use crate::session::call::bounded;

/// Codes that need no memory of their own; every other code is kept as it came.
static CODES: &[&str] = &[
    "NetConnection.Call.BadVersion",
    "NetConnection.Call.Failed",
    "NetConnection.Call.Prohibited",
    "NetConnection.Connect.AppShutdown",
    "NetConnection.Connect.Closed",
    "NetConnection.Connect.Failed",
    "NetConnection.Connect.IdleTimeOut",
    "NetConnection.Connect.InvalidApp",
    "NetConnection.Connect.NetworkChange",
    "NetConnection.Connect.ReconnectRequest",
    "NetConnection.Connect.Rejected",
    "NetConnection.Connect.Success",
    "NetConnection.Proxy.NotResponding",
    "NetStream.Authenticate.UsherToken",
    "NetStream.Buffer.Empty",
    "NetStream.Buffer.Flush",
    "NetStream.Buffer.Full",
    "NetStream.Data.Start",
    "NetStream.Failed",
    "NetStream.InvalidArg",
    "NetStream.Pause.Notify",
    "NetStream.Play.BadAuth",
    "NetStream.Play.Complete",
    "NetStream.Play.Failed",
    "NetStream.Play.FileStructureInvalid",
    "NetStream.Play.InsufficientBW",
    "NetStream.Play.NoSupportedTrackFound",
    "NetStream.Play.PublishNotify",
    "NetStream.Play.Reset",
    "NetStream.Play.Start",
    "NetStream.Play.Stop",
    "NetStream.Play.StreamNotFound",
    "NetStream.Play.Switch",
    "NetStream.Play.Transition",
    "NetStream.Play.TransitionComplete",
    "NetStream.Play.UnpublishNotify",
    "NetStream.Publish.BadAuth",
    "NetStream.Publish.BadName",
    "NetStream.Publish.Denied",
    "NetStream.Publish.Failed",
    "NetStream.Publish.Idle",
    "NetStream.Publish.Rejected",
    "NetStream.Publish.Start",
    "NetStream.Record.AlreadyExists",
    "NetStream.Record.DiskQuotaExceeded",
    "NetStream.Record.Failed",
    "NetStream.Record.NoAccess",
    "NetStream.Record.Start",
    "NetStream.Record.Stop",
    "NetStream.Seek.Failed",
    "NetStream.Seek.InvalidTime",
    "NetStream.Seek.Notify",
    "NetStream.Speed.Notify",
    "NetStream.Step.Notify",
    "NetStream.Unpause.Notify",
    "NetStream.Unpublish.Success",
    "NetStream.Video.DimensionChange",
];

/// Levels of section 7.2.2.
static LEVELS: &[&str] = &["status", "warning", "error"];

/// Codes of `NetStream.Play` that come unasked, or before the one that answers.
const NO_PLAY_ANSWER: &[&str] = &[
    "NetStream.Play.Complete",
    "NetStream.Play.InsufficientBW",
    "NetStream.Play.PublishNotify",
    "NetStream.Play.Reset",
    "NetStream.Play.Stop",
    "NetStream.Play.Switch",
    "NetStream.Play.Transition",
    "NetStream.Play.TransitionComplete",
    "NetStream.Play.UnpublishNotify",
];

/// A word of the protocol, or what stands in its place. A known one is a place in a list of them,
/// which is half as large as the word with its length.
#[derive(Clone, PartialEq, Eq)]
pub enum Word {
    /// One that is known.
    Known(&'static &'static str),
    /// Any other. Foreign text.
    Foreign(Foreign),
}

/// Foreign text in place of a known word. It is rare, so that it may take two steps to it.
#[expect(
    clippy::box_collection,
    reason = "a thin pointer fits where a known word does"
)]
#[derive(Clone, PartialEq, Eq)]
pub struct Foreign(Box<String>);

impl Foreign {
    pub(super) fn new(text: &str) -> Self {
        Self(Box::new(bounded(text).to_owned()))
    }
}

impl Deref for Foreign {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Word {
    pub(super) fn foreign(text: &str) -> Self {
        Self::Foreign(Foreign::new(text))
    }

    /// The word for an anomaly, of which there are few.
    pub(super) fn to_cow(&self) -> Cow<'static, str> {
        match self {
            Self::Known(word) => Cow::Borrowed(word),
            Self::Foreign(text) => Cow::Owned((**text).to_owned()),
        }
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Known(word) => word,
            Self::Foreign(text) => text,
        }
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in a list of words, from 1; 0 for what is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed(u8);

impl Listed {
    /// None of the list.
    pub(super) const NONE: Self = Self(0);

    fn of(list: &[&str], text: &str) -> Self {
        let place = list.iter().position(|known| *known == text);
        let number = place.and_then(|place| u8::try_from(place).ok()?.checked_add(1));
        number.map_or(Self::NONE, Self)
    }

    fn word(self, list: &'static [&'static str]) -> Option<&'static &'static str> {
        list.get(usize::from(self.0).checked_sub(1)?)
    }
}

/// The codes that are known, for whoever offers them.
pub fn known_codes() -> &'static [&'static str] {
    CODES
}

/// Where a code is in the list of those that are known.
pub(super) fn listed_code(text: &str) -> Listed {
    Listed::of(CODES, text)
}

/// The same for a level.
pub(super) fn listed_level(text: &str) -> Listed {
    Listed::of(LEVELS, text)
}

/// A listed code.
pub(super) fn code_of(listed: Listed) -> Option<&'static str> {
    listed.word(CODES).copied()
}

/// A listed level.
pub(super) fn level_of(listed: Listed) -> Option<&'static str> {
    listed.word(LEVELS).copied()
}

/// A code without memory of its own where it is a known one.
pub(super) fn code(text: &str) -> Word {
    match CODES.iter().find(|known| **known == text) {
        Some(known) => Word::Known(known),
        None => Word::foreign(text),
    }
}

/// Whether an `onStatus` with this code answers a waiting call of this name. An error whose code
/// names no call answers whatever waits on the stream.
pub(crate) fn answers(code: &str, is_error: bool, call: &str) -> bool {
    match call {
        "publish" => {
            code.starts_with("NetStream.Publish.") && code != "NetStream.Publish.Idle"
                || is_error && names_no_call(code)
        }
        "play" => {
            code.starts_with("NetStream.Play.") && !NO_PLAY_ANSWER.contains(&code)
                || is_error && names_no_call(code)
        }
        "play2" => code.starts_with("NetStream.Play.Transition"),
        "pause" | "pauseRaw" => {
            matches!(code, "NetStream.Pause.Notify" | "NetStream.Unpause.Notify")
        }
        "seek" => code.starts_with("NetStream.Seek."),
        "connect" => {
            code.starts_with("NetConnection.Connect.")
                && code != "NetConnection.Connect.ReconnectRequest"
        }
        "FCUnpublish" | "closeStream" | "deleteStream" => code == "NetStream.Unpublish.Success",
        _ => false,
    }
}

/// Whether playback goes on elsewhere on the timeline after this code.
pub(crate) fn begins_timeline(code: &str) -> bool {
    matches!(
        code,
        "NetStream.Play.Start"
            | "NetStream.Play.Reset"
            | "NetStream.Play.Switch"
            | "NetStream.Play.PublishNotify"
            | "NetStream.Seek.Notify"
            | "NetStream.Unpause.Notify"
    )
}

fn names_no_call(code: &str) -> bool {
    const OF_A_CALL: &[&str] = &[
        "NetStream.Publish.",
        "NetStream.Play.",
        "NetStream.Seek.",
        "NetStream.Pause.",
        "NetStream.Unpause.",
        "NetStream.Unpublish.",
        "NetStream.Record.",
    ];
    !OF_A_CALL.iter().any(|prefix| code.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_answer_the_call_they_name() {
        assert!(answers("NetStream.Publish.Start", false, "publish"));
        assert!(answers("NetStream.Publish.BadName", true, "publish"));
        assert!(!answers("NetStream.Publish.BadName", true, "play"));
        assert!(answers("NetStream.Play.StreamNotFound", true, "play"));
        assert!(!answers("NetStream.Play.Reset", false, "play"));
        assert!(!answers("NetStream.Play.PublishNotify", false, "play"));
        assert!(answers("NetStream.Unpause.Notify", false, "pause"));
    }

    #[test]
    fn an_error_without_a_call_in_its_code_answers_what_waits() {
        assert!(answers("NetStream.Failed", true, "publish"));
        assert!(answers("NetConnection.Connect.Rejected", true, "play"));
        assert!(!answers("NetStream.Failed", false, "publish"));
    }

    #[test]
    fn known_codes_need_no_memory() {
        assert!(matches!(code("NetStream.Play.Start"), Word::Known(_)));
        assert!(matches!(code("x"), Word::Foreign(_)));
        assert_eq!(
            code_of(listed_code("NetStream.Play.Start")),
            Some("NetStream.Play.Start")
        );
        assert_eq!(level_of(listed_level("error")), Some("error"));
        assert_eq!(listed_code("x"), Listed::NONE);
    }

    #[test]
    fn every_word_of_a_list_has_a_place() {
        for known in CODES {
            assert_eq!(code_of(listed_code(known)), Some(*known));
        }
        for known in LEVELS {
            assert_eq!(level_of(listed_level(known)), Some(*known));
        }
    }

    #[test]
    fn a_foreign_word_takes_no_more_room_than_a_known_one() {
        assert_eq!(code("Seek"), *"Seek");
        assert_eq!(&*code("Seek").to_cow(), "Seek");
        assert_eq!(size_of::<Option<Word>>(), 16);
    }
}
