//! Codes of the information objects with which servers answer (RTMP 1.0 sections 7.2.1 and 7.2.2,
//! ActionScript 3 NetStatusEvent): which call a code answers.

use std::borrow::Cow;

use crate::session::call::bounded;

/// Codes that need no memory of their own; every other code is kept as it came.
const CODES: &[&str] = &[
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
const LEVELS: &[&str] = &["status", "warning", "error"];

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

/// A code without memory of its own where it is a known one.
pub(crate) fn code(text: &str) -> Cow<'static, str> {
    interned(CODES, text)
}

/// A level without memory of its own where it is a known one.
pub(crate) fn level(text: &str) -> Cow<'static, str> {
    interned(LEVELS, text)
}

fn interned(known: &[&'static str], text: &str) -> Cow<'static, str> {
    match known.iter().find(|known| **known == text) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(bounded(text).to_owned()),
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
        assert!(matches!(code("NetStream.Play.Start"), Cow::Borrowed(_)));
        assert!(matches!(code("x"), Cow::Owned(_)));
        assert!(matches!(level("error"), Cow::Borrowed("error")));
    }
}
