//! How a session ended, and who ended it.

use crate::base::ids::Mark;
use crate::base::side::Side;

/// What ended the TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndCause {
    /// A side said that it sends no more (FIN).
    Fin,
    /// A side broke the connection off (RST).
    Reset,
    /// The ports were used for another connection.
    PortReused,
    /// Nothing came for so long that the connection is no longer followed.
    Idle,
    /// Its place was needed for other connections.
    Evicted,
    /// It was open when the capture ended.
    CaptureEnded,
}

impl EndCause {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::PortReused => "port_reused",
            Self::Idle => "idle",
            Self::Evicted => "evicted",
            Self::CaptureEnded => "capture_ended",
        }
    }
}

/// How a peer said goodbye in RTMP before the connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoodbyeKind {
    /// `FCUnpublish`.
    FcUnpublish,
    /// `closeStream`.
    CloseStream,
    /// `deleteStream`.
    DeleteStream,
    /// `close` of the connection.
    Close,
    /// `onStatus` that unpublishes or stops, `onFCUnpublish`, or user control Stream EOF, by the
    /// server.
    ServerStop,
    /// `onStatus` of level error, by the server.
    ServerError,
}

impl GoodbyeKind {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::FcUnpublish => "FCUnpublish",
            Self::CloseStream => "closeStream",
            Self::DeleteStream => "deleteStream",
            Self::Close => "close",
            Self::ServerStop => "server_stop",
            Self::ServerError => "server_error",
        }
    }
}

/// The first goodbye after the latest media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goodbye {
    /// Who said it.
    pub by: Side,
    /// What.
    pub kind: GoodbyeKind,
    /// What brought it.
    pub at: Mark,
}

/// How the TCP connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// What ended it.
    pub cause: EndCause,
    /// Who did; `None` where no side did, or it was not seen.
    pub by: Option<Side>,
    /// What brought it, or the last that was captured.
    pub at: Mark,
}

/// Who ended a session, and how, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndStyle {
    /// A peer said goodbye, then the connection was closed.
    Clean,
    /// The connection was closed or broken off without a word of RTMP.
    Abrupt,
    /// The end was not captured.
    Unseen,
}

impl EndStyle {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Abrupt => "abrupt",
            Self::Unseen => "unseen",
        }
    }
}

/// The style of an end and the side that began it: the one that said goodbye, or else the one
/// that closed.
pub fn style(goodbye: Option<Goodbye>, end: Option<End>) -> (EndStyle, Option<Side>) {
    let by = goodbye
        .map(|goodbye| goodbye.by)
        .or(end.and_then(|end| end.by));
    let closed = end.is_some_and(|end| matches!(end.cause, EndCause::Fin | EndCause::Reset));
    let style = match (goodbye, closed) {
        (Some(_), _) => EndStyle::Clean,
        (None, true) => EndStyle::Abrupt,
        (None, false) => EndStyle::Unseen,
    };
    (style, by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_goodbye_first_ended_it() {
        let goodbye = Goodbye {
            by: Side::Client,
            kind: GoodbyeKind::DeleteStream,
            at: Mark::default(),
        };
        let end = End {
            cause: EndCause::Fin,
            by: Some(Side::Server),
            at: Mark::default(),
        };
        assert_eq!(
            style(Some(goodbye), Some(end)),
            (EndStyle::Clean, Some(Side::Client))
        );
        assert_eq!(
            style(None, Some(end)),
            (EndStyle::Abrupt, Some(Side::Server))
        );
        assert_eq!(style(None, None), (EndStyle::Unseen, None));
    }
}
