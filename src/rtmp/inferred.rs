//! What was not read from the wire, from what it is inferred instead, and how sure that is. A
//! capture that joined a connection late, or has holes, lacks headers that later ones refer to.

use std::fmt;

/// How sure an inference is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Custom says so, and nothing that was captured.
    Low,
    /// Something that was captured speaks for it, and could be otherwise.
    Medium,
    /// What was captured agrees with it, by far more than chance.
    High,
}

impl Confidence {
    /// The name used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// From what a value is inferred. A value without one was read from the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inference {
    /// A timestamp of a chunk stream of which no absolute one was captured yet (a type 0 header
    /// has one, RTMP 1.0 section 5.3.1.2.1): it counts from the first message that was found.
    Relative,
    /// A timestamp behind a hole that may have taken deltas: it may be too small by these.
    Uncertain,
    /// A timestamp that is not known at all: the header that told the time between the messages of
    /// the chunk stream was not captured.
    Untold,
    /// A message stream that no header told: the one of other media in the direction.
    OtherMedia,
    /// The same, where nothing else tells it: 1, which servers give out first.
    FirstStream,
    /// The same of commands: 0, the connection itself.
    ConnectionItself,
    /// A message stream told before a hole, where commands to several may share a chunk stream.
    BeforeHole,
    /// Length and type told before a hole: the headers behind stand where they put them.
    Inherited,
    /// Length and type that no header told: the bytes count up as acknowledgements do, or the times in
    /// answers to pings.
    Pattern,
    /// The same: headers stand behind messages of that length, again and again, and payloads begin
    /// as those of that type do.
    Spacing,
    /// A chunk size that was not announced: the headers stand where it puts them.
    Headers,
    /// Client and server by their ports.
    Ports,
    /// Whether a client publishes or plays, by who sends media.
    Sender,
}

impl Inference {
    /// The name used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relative => "relative",
            Self::Uncertain => "uncertain",
            Self::Untold => "untold",
            Self::OtherMedia => "other_media",
            Self::FirstStream => "first_stream",
            Self::ConnectionItself => "connection_itself",
            Self::BeforeHole => "before_hole",
            Self::Inherited => "inherited",
            Self::Pattern => "pattern",
            Self::Spacing => "spacing",
            Self::Headers => "headers",
            Self::Ports => "ports",
            Self::Sender => "sender",
        }
    }

    /// How sure a value is that is inferred so.
    pub fn confidence(self) -> Confidence {
        match self {
            Self::Relative | Self::Untold | Self::FirstStream | Self::Ports => Confidence::Low,
            Self::Uncertain | Self::OtherMedia | Self::ConnectionItself | Self::BeforeHole => {
                Confidence::Medium
            }
            Self::Inherited | Self::Pattern | Self::Spacing | Self::Headers | Self::Sender => {
                Confidence::High
            }
        }
    }
}

impl fmt::Display for Inference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relative => {
                "counts from the first message found: no absolute timestamp was captured yet"
            }
            Self::Uncertain => "may lack deltas that were lost in a hole",
            Self::Untold => "not known: no header told the time between these messages",
            Self::OtherMedia => "no header told it: that of other media in this direction",
            Self::FirstStream => "no header told it: 1 is what servers give out first",
            Self::ConnectionItself => "no header told it: commands mostly belong to the connection",
            Self::BeforeHole => "told before a hole, and may have changed in it",
            Self::Inherited => "told before a hole; the headers behind it agree",
            Self::Pattern => {
                "no header told them: the bytes count up as acknowledgements or answers to pings do"
            }
            Self::Spacing => "no header told them: headers stand behind messages of that length",
            Self::Headers => "not announced: the headers stand where it puts them",
            Self::Ports => "by the ports: neither SYN nor handshake was captured",
            Self::Sender => "by who sends media: no command was captured that tells it",
        })
    }
}

/// What of a message is inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Inferred {
    /// Its timestamp: [`Inference::Relative`], [`Inference::Uncertain`] or [`Inference::Untold`].
    pub timestamp: Option<Inference>,
    /// Its message stream.
    pub stream_id: Option<Inference>,
    /// Its type and length: [`Inference::Inherited`], [`Inference::Pattern`] or
    /// [`Inference::Spacing`].
    pub header: Option<Inference>,
}

impl Inferred {
    /// Whether anything is.
    pub fn is_any(self) -> bool {
        self != Self::default()
    }
}
