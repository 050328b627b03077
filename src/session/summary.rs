//! A connection at a glance: what a list or a report says of it first.

use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::rtmp::inferred::Inference;
use crate::session::Session;
use crate::session::end;
use crate::session::end::EndStyle;
use crate::session::netstream::NetStream;
use crate::session::netstream::Role;
use crate::session::netstream::StreamState;
use crate::session::peers::Peers;
use crate::session::setup::Setup;
use crate::session::skew::Skew;
use crate::session::track::MediaKind;
use crate::session::track::Track;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nothing of RTMP yet.
    Opening,
    /// Within the handshake.
    Handshake,
    /// The handshake is done, `connect` not answered.
    Connecting,
    /// Connected, nothing published or played.
    Connected,
    /// `publish` or `play` waits for its answer.
    Requested,
    /// Publishing.
    Publishing,
    /// Playing.
    Playing,
    /// The server refused the connection or the stream.
    Rejected,
    /// The stream is over, the connection is not.
    Stopped,
    /// Media flows, but the capture began later than the connection.
    Midstream,
    /// Enciphered.
    Opaque,
}

impl Stage {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Handshake => "handshake",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Requested => "requested",
            Self::Publishing => "publishing",
            Self::Playing => "playing",
            Self::Rejected => "rejected",
            Self::Stopped => "stopped",
            Self::Midstream => "midstream",
            Self::Opaque => "opaque",
        }
    }
}

/// A connection at a glance. Text in it is foreign; [`Session::redactor`] masks its secrets.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// How far it has come, or came.
    pub stage: Stage,
    /// Application.
    pub app: Option<&'a str>,
    /// URL that the client connected to.
    pub tc_url: Option<&'a str>,
    /// Stream name, a secret.
    pub stream_name: Option<&'a str>,
    /// Role of the client.
    pub role: Option<Role>,
    /// From what the role is inferred.
    pub role_from: Option<Inference>,
    /// Client software.
    pub client_software: Option<&'a str>,
    /// Server software.
    pub server_software: Option<&'a str>,
    /// The net stream that matters: the one that flows, or the latest.
    pub stream: Option<&'a NetStream>,
    /// Its video track, or that of the busiest side.
    pub video: Option<&'a Track>,
    /// Its audio track.
    pub audio: Option<&'a Track>,
    /// Audio against video.
    pub skew: Option<&'a Skew>,
    /// From what the timestamps of that are inferred.
    pub skew_from: Option<Inference>,
    /// Mean bitrate of both tracks in thousands of bits per second of media time.
    pub kbits: f64,
    /// The larger lag of both tracks now.
    pub lag: Option<Span>,
    /// Highest severity of the session's anomalies.
    pub worst: Option<Severity>,
    /// How it ended; `None` while it lasts.
    pub end: Option<EndStyle>,
    /// Who ended it, where that is known.
    pub ended_by: Option<Side>,
}

impl Session {
    /// The connection at a glance.
    pub fn summary(&self) -> Summary<'_> {
        let stream = self.main_stream();
        let told = stream.and_then(|stream| stream.role);
        let role = told.or_else(|| {
            // Without the begin of the connection, who sends media says it.
            let side = self.busiest_side()?;
            Some(match side {
                Side::Client => Role::Publisher,
                Side::Server => Role::Player,
            })
        });
        let sender = role.map(Role::sender);
        let video = self.main_track(MediaKind::Video, sender, stream);
        let audio = self.main_track(MediaKind::Audio, sender, stream);
        let kbits = |track: Option<&Track>| track.and_then(Track::kbits).unwrap_or(0.0);
        let lag = |track: Option<&Track>| track.and_then(Track::lag);
        let either = video.or(audio).map(|track| track.key);
        let pair = either.and_then(|key| self.skew_pair(key.side, key.stream_id));
        let (style, ended_by) = end::style(self.goodbye(), self.end);
        let peers = self.peers.as_ref();
        Summary {
            stage: self.stage(stream),
            app: peers.and_then(Peers::app),
            tc_url: peers.and_then(Peers::tc_url),
            stream_name: stream.and_then(|stream| stream.name.as_deref()),
            role,
            role_from: role.xor(told).map(|_| Inference::Sender),
            client_software: peers.and_then(|peers| peers.client_software()),
            server_software: peers.and_then(|peers| peers.server_software()),
            stream,
            video,
            audio,
            skew: pair.map(|pair| &pair.skew),
            skew_from: pair.and_then(|pair| self.skew_from(pair)),
            kbits: kbits(video) + kbits(audio),
            lag: lag(video).max(lag(audio)),
            worst: self.anomalies.worst(),
            end: self.end.map(|_| style),
            ended_by: self.end.and(ended_by),
        }
    }

    /// The net stream that matters most: one that flows, else one that was asked for, else any.
    fn main_stream(&self) -> Option<&NetStream> {
        self.streams
            .iter()
            .rev()
            .find(|stream| stream.state.is_active())
            .or_else(|| self.streams.iter().rev().find(|s| s.role.is_some()))
            .or(self.streams.last())
    }

    fn main_track(
        &self,
        kind: MediaKind,
        sender: Option<Side>,
        stream: Option<&NetStream>,
    ) -> Option<&Track> {
        let fits = |track: &&Track| {
            track.key.kind == kind && sender.is_none_or(|side| track.key.side == side)
        };
        let on_stream =
            |track: &&Track| fits(track) && stream.is_some_and(|s| s.id == track.key.stream_id);
        self.tracks
            .iter()
            .find(on_stream)
            .or_else(|| self.tracks.iter().find(fits))
    }

    fn busiest_side(&self) -> Option<Side> {
        let busiest = self.tracks.iter().max_by_key(|track| track.payload_bytes)?;
        Some(busiest.key.side)
    }

    fn stage(&self, stream: Option<&NetStream>) -> Stage {
        let state = stream.map(|stream| stream.state);
        if self.is_opaque() {
            return Stage::Opaque;
        }
        match state {
            Some(StreamState::Publishing) => return Stage::Publishing,
            Some(StreamState::Playing | StreamState::Paused) => return Stage::Playing,
            Some(StreamState::Rejected) => return Stage::Rejected,
            Some(StreamState::Stopped | StreamState::Deleted) => return Stage::Stopped,
            Some(StreamState::PublishRequested | StreamState::PlayRequested) => {
                return Stage::Requested;
            }
            Some(StreamState::Created) | None => {}
        }
        match Setup::connect_of(self) {
            Some(phase) if phase.failed => Stage::Rejected,
            Some(phase) if phase.end.is_some() => Stage::Connected,
            Some(_) => Stage::Connecting,
            None if !self.is_from_begin() && !self.tracks.is_empty() => Stage::Midstream,
            None if self.handshake.is_complete() || self.messages() > 0 => Stage::Connecting,
            None if self.handshake.is_seen() => Stage::Handshake,
            None => Stage::Opening,
        }
    }
}
