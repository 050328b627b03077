//! Net streams: what is published or played on a message stream (RTMP 1.0 section 7.2.2).

use compact_str::CompactString;

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::rtmp::types::MessageStreamId;
use crate::session::Session;
use crate::session::call::bounded;
use crate::session::status::Foreign;
use crate::session::status::Word;

/// Most net streams kept per connection: real sessions have one, players of playlists a few.
pub const MAX_NET_STREAMS: usize = 32;

/// What the client does with a net stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The client sends media.
    Publisher,
    /// The client receives media.
    Player,
}

impl Role {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Player => "player",
        }
    }

    /// The side that sends the media.
    pub fn sender(self) -> Side {
        match self {
            Self::Publisher => Side::Client,
            Self::Player => Side::Server,
        }
    }
}

/// What the server does with a published stream (section 7.2.2.6, publishing type).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishType {
    /// Passes it on.
    Live,
    /// Records it to a new file.
    Record,
    /// Appends it to a file.
    Append,
    /// Something else. Foreign text.
    Other(Foreign),
}

impl PublishType {
    pub(crate) fn from_text(text: &str) -> Self {
        match text {
            "live" => Self::Live,
            "record" => Self::Record,
            "append" => Self::Append,
            other => Self::Other(Foreign::new(other)),
        }
    }

    /// The word on the wire. Foreign text if it is none of the specification's.
    pub fn name(&self) -> &str {
        match self {
            Self::Live => "live",
            Self::Record => "record",
            Self::Append => "append",
            Self::Other(text) => text,
        }
    }
}

/// Where a net stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamState {
    /// The server gave its id, or media was seen on it.
    Created,
    /// `publish` was called.
    PublishRequested,
    /// The server accepted the publisher.
    Publishing,
    /// `play` was called.
    PlayRequested,
    /// The server began to send.
    Playing,
    /// The player paused.
    Paused,
    /// The server refused it.
    Rejected,
    /// It came to its end.
    Stopped,
    /// The client deleted it.
    Deleted,
}

impl StreamState {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::PublishRequested => "publish_requested",
            Self::Publishing => "publishing",
            Self::PlayRequested => "play_requested",
            Self::Playing => "playing",
            Self::Paused => "paused",
            Self::Rejected => "rejected",
            Self::Stopped => "stopped",
            Self::Deleted => "deleted",
        }
    }

    /// Whether media was asked for, and neither refused nor stopped.
    pub fn is_wanted(self) -> bool {
        self.is_active() || matches!(self, Self::PublishRequested | Self::PlayRequested)
    }

    /// Whether media is agreed to flow.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Publishing | Self::Playing | Self::Paused)
    }
}

/// What is published or played on one message stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetStream {
    /// Message stream.
    pub id: MessageStreamId,
    /// Stream name as it was published or played last. Foreign text, and a secret.
    pub name: Option<CompactString>,
    /// What the client does with it.
    pub role: Option<Role>,
    /// Publishing type.
    pub publish_type: Option<PublishType>,
    /// Where it stands.
    pub state: StreamState,
    /// Since when: capture time of what brought it there.
    pub since: Timestamp,
    /// Code of the latest `onStatus`. Foreign text.
    pub last_code: Option<Word>,
}

/// A change of [`NetStream::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateChange {
    /// Message stream.
    pub id: MessageStreamId,
    /// Before.
    pub from: StreamState,
    /// After.
    pub to: StreamState,
    /// What brought it.
    pub at: Mark,
}

impl NetStream {
    pub(crate) fn new(id: MessageStreamId, at: Mark) -> Self {
        Self {
            id,
            name: None,
            role: None,
            publish_type: None,
            state: StreamState::Created,
            since: at.time,
            last_code: None,
        }
    }

    /// `publish` or `play` was called.
    pub(crate) fn request(&mut self, role: Role, name: Option<&str>, at: Mark) -> StateChange {
        self.role = Some(role);
        self.name = name.map(|name| CompactString::new(bounded(name)));
        let to = match role {
            Role::Publisher => StreamState::PublishRequested,
            Role::Player => StreamState::PlayRequested,
        };
        self.enter(to, at)
    }

    /// Takes the code of an `onStatus`; gives the change that it makes.
    pub(crate) fn status(&mut self, code: Word, is_error: bool, at: Mark) -> Option<StateChange> {
        let to = match &*code {
            "NetStream.Publish.Start" => StreamState::Publishing,
            "NetStream.Play.Start" | "NetStream.Unpause.Notify" => StreamState::Playing,
            "NetStream.Pause.Notify" => StreamState::Paused,
            "NetStream.Unpublish.Success"
            | "NetStream.Play.Stop"
            | "NetStream.Play.Complete"
            | "NetStream.Play.UnpublishNotify" => StreamState::Stopped,
            // The publisher came (back): the player's stream runs on.
            "NetStream.Play.PublishNotify" if self.state == StreamState::Stopped => {
                StreamState::Playing
            }
            _ if is_error && !self.state.is_active() => StreamState::Rejected,
            _ if is_error && code.starts_with("NetStream.Publish.") => StreamState::Rejected,
            _ => self.state,
        };
        self.last_code = Some(code);
        (to != self.state && self.state != StreamState::Deleted).then(|| self.enter(to, at))
    }

    /// The client stopped (`closeStream`, `FCUnpublish`) or deleted it, or the server refused it.
    /// That it was refused stays visible to the end.
    pub(crate) fn end(&mut self, to: StreamState, at: Mark) -> Option<StateChange> {
        (to > self.state && self.state != StreamState::Rejected).then(|| self.enter(to, at))
    }

    fn enter(&mut self, to: StreamState, at: Mark) -> StateChange {
        let from = self.state;
        self.state = to;
        self.since = at.time;
        StateChange {
            id: self.id,
            from,
            to,
            at,
        }
    }
}

impl Session {
    /// The net stream that media of a side belongs to: that of its message stream id, or where
    /// nothing is published or played on that, the latest one on which it should have come.
    pub fn stream_of_media(&self, side: Side, id: MessageStreamId) -> Option<&NetStream> {
        let on_id = self.stream(id);
        if on_id.is_some_and(|stream| stream.role.is_some()) {
            return on_id;
        }
        let is_meant = |stream: &&NetStream| {
            stream.role.is_some_and(|role| role.sender() == side) && stream.state.is_wanted()
        };
        self.streams.iter().rev().find(is_meant).or(on_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::status;

    fn stream() -> NetStream {
        NetStream::new(MessageStreamId(1), Mark::default())
    }

    fn code(text: &str) -> Word {
        status::code(text)
    }

    #[test]
    fn a_publisher_comes_and_goes() {
        let mut stream = stream();
        stream.request(Role::Publisher, Some("cam"), Mark::default());
        assert_eq!(stream.state, StreamState::PublishRequested);
        let change = stream
            .status(code("NetStream.Publish.Start"), false, Mark::default())
            .unwrap();
        assert_eq!(change.to, StreamState::Publishing);
        stream.end(StreamState::Stopped, Mark::default());
        stream.end(StreamState::Deleted, Mark::default());
        assert_eq!(stream.state, StreamState::Deleted);
    }

    #[test]
    fn a_refused_publisher_is_rejected() {
        let mut stream = stream();
        stream.request(Role::Publisher, Some("cam"), Mark::default());
        stream.status(code("NetStream.Publish.BadName"), true, Mark::default());
        stream.end(StreamState::Deleted, Mark::default());
        assert_eq!(stream.state, StreamState::Rejected);
    }

    #[test]
    fn a_pause_is_part_of_playing() {
        let mut stream = stream();
        stream.request(Role::Player, Some("cam"), Mark::default());
        for (name, state) in [
            ("NetStream.Play.Reset", StreamState::PlayRequested),
            ("NetStream.Play.Start", StreamState::Playing),
            ("NetStream.Pause.Notify", StreamState::Paused),
            ("NetStream.Unpause.Notify", StreamState::Playing),
            ("NetStream.Play.UnpublishNotify", StreamState::Stopped),
            ("NetStream.Play.PublishNotify", StreamState::Playing),
        ] {
            stream.status(code(name), false, Mark::default());
            assert_eq!(stream.state, state, "{name}");
        }
    }

    #[test]
    fn a_state_entered_again_is_no_change() {
        let mut stream = stream();
        stream.request(Role::Player, None, Mark::default());
        assert!(
            stream
                .status(code("NetStream.Play.Start"), false, Mark::default())
                .is_some()
        );
        assert!(
            stream
                .status(code("NetStream.Play.Start"), false, Mark::default())
                .is_none()
        );
    }
}
