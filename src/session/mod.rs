//! What the two peers of a connection agreed and what the media did, computed from the events of
//! both directions. Facts only: no input or output, no labels, no colours, no records.
//!
//! [`Session::apply`] takes events in the order of the capture and tells what it learned as
//! [`fact::Fact`]s; everything it knows can be read from the session at any time. One file per
//! noun: [`handshake`], [`setup`], [`peers`], [`channel`] (chunk streams), [`call`], [`netstream`],
//! [`track`] with [`clock`], [`gop`], [`skew`] and [`history`], [`metadata`], [`flow`]
//! (acknowledgement windows), [`end`], [`anomaly`]; [`redact`] knows what must not be shown.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::digest::verify_answer;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Event;
use crate::rtmp::event::Lock;
use crate::rtmp::event::RawMessage;
use crate::rtmp::inferred::Inference;
use crate::rtmp::message::Decoded;
use crate::rtmp::message::Message;
use crate::rtmp::types::MessageStreamId;
use crate::session::anomaly::Anomalies;
use crate::session::anomaly::SessionAnomalyKind;
use crate::session::call::Calls;
use crate::session::call::Expectation;
use crate::session::channel::DEFAULT_CHUNK_SIZE;
use crate::session::channel::Direction;
use crate::session::data::DataName;
use crate::session::data::Said;
use crate::session::end::End;
use crate::session::end::EndCause;
use crate::session::end::Goodbye;
use crate::session::fact::Fact;
use crate::session::few::Few;
use crate::session::flow::PeerBandwidth;
use crate::session::flow::SendWindow;
use crate::session::handshake::EchoVerdict;
use crate::session::handshake::Handshake;
use crate::session::metadata::Metadata;
use crate::session::netstream::NetStream;
use crate::session::peers::Peers;
use crate::session::redact::Redactor;
use crate::session::redact::Secrets;
use crate::session::setup::Setup;
use crate::session::skew::Skew;
use crate::session::stats::Counters;
use crate::session::track::Track;
use crate::session::track::TrackKey;

pub mod anomaly;
pub mod call;
pub mod channel;
pub mod clock;
mod commands;
pub mod data;
mod drift;
pub mod end;
pub mod explain;
pub mod fact;
pub mod few;
pub mod flow;
pub mod gist;
pub mod gop;
pub mod handshake;
pub mod history;
pub mod inferred;
pub mod mask;
mod media;
pub mod metadata;
pub mod netstream;
pub mod peers;
pub mod quantile;
pub mod redact;
pub mod setup;
pub mod skew;
pub mod stats;
pub mod status;
pub mod summary;
#[cfg(test)]
mod tests;
mod texts;
pub mod track;

/// Why and from where a direction is enciphered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opaque {
    /// Why, in a few words.
    pub reason: &'static str,
    /// Position of the first enciphered byte in the direction's stream.
    pub offset: u64,
    /// What brought it.
    pub at: Mark,
}

/// Audio against video of one net stream.
#[derive(Debug, Clone, PartialEq)]
pub struct AvSkew {
    /// Who sends them.
    pub side: Side,
    /// Message stream.
    pub stream_id: MessageStreamId,
    /// Which is ahead.
    pub skew: Skew,
}

/// Everything known of one RTMP connection. What every message needs comes first and together: with
/// many connections at once, fetching it is most of the work.
#[derive(Debug, Clone, PartialEq, Default)]
#[repr(C)]
pub struct Session {
    /// Latest capture time of any event.
    now: Timestamp,
    messages: u64,
    /// Whether the direction is behind its handshake.
    is_past_handshake: PerSide<bool>,
    is_handshake_told: bool,
    /// Most buckets and groups of pictures a track may keep; `None` for the most there are.
    history_limit: Option<u16>,
    /// Anomalies that the decoders noticed, by sender.
    pub wire_anomalies: PerSide<u32>,
    /// Calls.
    pub calls: Calls,
    /// Acknowledgement of the bytes that each side sends.
    pub windows: PerSide<SendWindow>,
    /// Use of the chunk stream by sender.
    pub directions: PerSide<Direction>,
    /// Tracks in the order of first sight, at most [`track::MAX_TRACKS`].
    pub tracks: Vec<Track>,
    /// Net streams in the order of first sight, at most [`netstream::MAX_NET_STREAMS`].
    pub streams: Few<NetStream>,
    secrets: Secrets,
    /// What `connect` and its answer said; `None` before.
    pub peers: Option<Peers>,
    /// Handshake.
    pub handshake: Handshake,
    /// Messages of tracks beyond those.
    pub other_track_messages: u64,
    /// Audio against video of each net stream that has both.
    pub skews: Vec<AvSkew>,
    /// What was odd.
    pub anomalies: Anomalies,
    opaque: Option<Box<PerSide<Option<Opaque>>>>,
    goodbye: Option<Box<Goodbye>>,
    /// How the TCP connection ended; `None` while it lasts. Every connection has it once the capture
    /// ends.
    pub end: Option<End>,
    /// SYN, and the ACK that completed the TCP handshake, as far as they came; the default says that
    /// one did not.
    tcp: [Mark; 2],
    said: Option<Box<Said>>,
    counters: Option<Box<Counters>>,
}

impl Session {
    /// A session of which nothing was seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the TCP handshake was: the SYN, and the ACK that completed it.
    pub fn tcp_opened(&mut self, syn: Mark, established: Option<Mark>) {
        self.tcp = [syn, established.unwrap_or_default()];
    }

    /// Takes the next event of the connection, sent by `side`. `decoded` is what the body of a
    /// message says; without it the message is counted only. What is learned is appended to
    /// `facts`; secrets in them are known to [`Self::secrets`] by then.
    pub fn apply(
        &mut self,
        side: Side,
        event: &Event,
        decoded: Option<&Decoded>,
        facts: &mut Vec<Fact>,
    ) {
        match event {
            Event::Hello(hello) => {
                self.note_time(hello.last);
                self.handshake.hello(side, hello, verify_answer);
                let direction = self.directions.of_mut(side);
                if direction.chunk_size == ChunkSize::Unknown {
                    direction.chunk_size = ChunkSize::Told(DEFAULT_CHUNK_SIZE);
                }
                self.handshake_changed(hello.last, facts);
            }
            Event::Echo(echo) => {
                self.note_time(echo.last);
                self.handshake.echo(side, echo, verify_answer);
                *self.is_past_handshake.of_mut(side) = true;
                self.handshake_changed(echo.last, facts);
            }
            Event::Opaque { reason, offset, at } => {
                self.note_time(*at);
                let opaque = self.opaque.get_or_insert_default().of_mut(side);
                if opaque.is_none() {
                    *opaque = Some(Opaque {
                        reason,
                        offset: *offset,
                        at: *at,
                    });
                    facts.push(Fact::Opaque {
                        side,
                        reason,
                        at: *at,
                    });
                }
                self.past_handshake(side, *at, facts);
            }
            Event::Message(raw) => self.message(side, raw, decoded, facts),
            Event::Skipped { range, at } => {
                self.note_time(*at);
                self.skipped(side, *range);
            }
            Event::Locked(lock) => {
                self.note_time(lock.at);
                self.locked(side, lock);
            }
            Event::ChunkSize { size, at } => {
                self.note_time(*at);
                self.directions.of_mut(side).chunk_size = *size;
            }
            Event::Anomaly(anomaly) => {
                self.note_time(anomaly.at);
                let count = self.wire_anomalies.of_mut(side);
                *count = count.saturating_add(1);
            }
        }
        self.check_overdue(facts);
    }

    /// Capture time went on without an event, as it does on an idle live connection.
    pub fn advance(&mut self, now: Timestamp, facts: &mut Vec<Fact>) {
        self.now = self.now.max(now);
        self.check_overdue(facts);
    }

    /// The TCP connection ended, or the capture did.
    pub fn finish(&mut self, cause: EndCause, by: Option<Side>, at: Mark, facts: &mut Vec<Fact>) {
        if self.end.is_some() {
            return;
        }
        self.note_time(at);
        if self.handshake.is_seen() {
            self.tell_handshake(at, facts);
            let is_cut = matches!(cause, EndCause::Fin | EndCause::Reset);
            if is_cut && !self.handshake.is_complete() && self.messages == 0 {
                let side = by.unwrap_or(Side::Client);
                self.odd(SessionAnomalyKind::HandshakeUnfinished, side, at, facts);
            }
        }
        self.handshake.close();
        let is_closed = cause == EndCause::Fin || cause == EndCause::Reset;
        for id in self.calls.close() {
            let Some(call) = self.calls.get(id) else {
                continue;
            };
            facts.push(Fact::completed(call));
            let is_missed = call.expectation == Expectation::Required && !call.overdue;
            // Who asks and leaves at once did not miss the answer.
            if is_closed && is_missed && by != Some(call.caller) {
                let kind = SessionAnomalyKind::CallUnanswered {
                    name: call.name.to_cow(),
                    transaction_id: call.transaction_id(),
                    waited: at.time.since(call.at.time).max(Span::ZERO),
                };
                self.odd(kind, call.caller.other(), at, facts);
            }
        }
        let end = End { cause, by, at };
        self.end = Some(end);
        facts.push(Fact::Ended(end));
    }

    /// From where on what a side sends is enciphered.
    pub fn opaque(&self, side: Side) -> Option<&Opaque> {
        self.opaque.as_ref()?.of(side).as_ref()
    }

    /// Whether what either side sends is enciphered.
    pub fn is_opaque(&self) -> bool {
        self.opaque.is_some()
    }

    /// The first goodbye after the latest media.
    pub fn goodbye(&self) -> Option<Goodbye> {
        self.goodbye.as_deref().copied()
    }

    /// The number of the latest message of both directions, from 1. Parts of aggregates have
    /// numbers of their own; [`Direction::messages`] counts without them.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Capture time of the latest event.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The secrets that this connection showed so far.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Masks those secrets.
    pub fn redactor(&self) -> Redactor<'_> {
        self.secrets.redactor()
    }

    /// Whether the begin of the connection was captured, so that what was not seen did not
    /// happen.
    pub fn is_from_begin(&self) -> bool {
        self.handshake.is_seen() || self.tcp().is_some()
    }

    /// The SYN, and the ACK that completed the TCP handshake.
    pub(crate) fn tcp(&self) -> Option<(Mark, Option<Mark>)> {
        let [syn, established] = self.tcp.map(|at| (at != Mark::default()).then_some(at));
        Some((syn?, established))
    }

    /// The phases before media flows.
    pub fn setup(&self) -> Setup {
        Setup::of(self)
    }

    /// The net stream of a message stream id; of several that had it, the latest.
    pub fn stream(&self, id: MessageStreamId) -> Option<&NetStream> {
        self.streams.iter().rev().find(|stream| stream.id == id)
    }

    /// A track by its key.
    pub fn track(&self, key: TrackKey) -> Option<&Track> {
        self.tracks.iter().find(|track| track.key == key)
    }

    /// Audio against video of a net stream.
    pub fn skew(&self, side: Side, stream_id: MessageStreamId) -> Option<&Skew> {
        self.skew_pair(side, stream_id).map(|pair| &pair.skew)
    }

    pub(crate) fn skew_pair(&self, side: Side, stream_id: MessageStreamId) -> Option<&AvSkew> {
        let is_its = |pair: &&AvSkew| pair.side == side && pair.stream_id == stream_id;
        self.skews.iter().find(is_its)
    }

    /// From what the message stream of a sender's tracks is inferred.
    pub fn stream_from(&self, side: Side, stream_id: MessageStreamId) -> Option<Inference> {
        let is_its = |track: &&Track| track.key.side == side && track.key.stream_id == stream_id;
        let mut tracks = self.tracks.iter().filter(is_its);
        tracks.find_map(|track| track.stream_from)
    }

    /// From what the timestamps are inferred by which audio is held against video: of tracks of
    /// which one counts from where it was found, the difference means nothing.
    pub fn skew_from(&self, pair: &AvSkew) -> Option<Inference> {
        let (side, stream_id) = (pair.side, pair.stream_id);
        let is_its = |track: &&Track| track.key.side == side && track.key.stream_id == stream_id;
        let mut tracks = self.tracks.iter().filter(is_its);
        tracks.find_map(Track::time_from)
    }

    /// The latest metadata of each net stream.
    pub fn metadata(&self) -> &[Metadata] {
        self.said.as_ref().map_or(&[], |said| &said.metadata)
    }

    /// Data messages by name, at most [`data::MAX_NAMES`].
    pub fn data(&self) -> &[DataName] {
        self.said.as_ref().map_or(&[], |said| &said.names)
    }

    /// Data messages with names beyond those.
    pub fn other_data_messages(&self) -> u64 {
        self.said.as_ref().map_or(0, |said| said.others)
    }

    /// The latest metadata of a net stream.
    pub fn metadata_of(&self, side: Side, stream_id: MessageStreamId) -> Option<&Metadata> {
        self.metadata()
            .iter()
            .find(|metadata| metadata.side == side && metadata.stream_id == stream_id)
    }

    /// Lets each track keep at most `limit` history buckets and groups of pictures from now on;
    /// 0 for none at all.
    /// Who follows many connections at once lowers it, so that all fit into memory: a bucket
    /// has 16 bytes, a group 48.
    pub fn set_history_limit(&mut self, limit: usize) {
        self.history_limit = Some(u16::try_from(limit).unwrap_or(u16::MAX));
        for track in &mut self.tracks {
            track.set_limit(limit);
        }
    }

    fn message(
        &mut self,
        side: Side,
        raw: &RawMessage,
        decoded: Option<&Decoded>,
        facts: &mut Vec<Fact>,
    ) {
        self.messages = self.messages.saturating_add(1);
        self.note_time(raw.completed());
        self.past_handshake(side, raw.first, facts);
        let direction = self.directions.of_mut(side);
        if raw.from_aggregate {
            direction.push_part();
        } else {
            direction.push(raw);
            self.sent(side, raw.range.end, raw.completed(), facts);
        }
        let Some(decoded) = decoded else {
            return;
        };
        let odd = u32::try_from(decoded.anomalies.len()).unwrap_or(u32::MAX);
        let count = self.wire_anomalies.of_mut(side);
        *count = count.saturating_add(odd);
        let at = raw.completed();
        match &decoded.message {
            Message::SetChunkSize { size } => {
                let number = self.messages;
                let direction = self.directions.of_mut(side);
                let change = direction.set_chunk_size(*size, number, at);
                facts.push(Fact::ChunkSizeChanged { side, change });
            }
            Message::Acknowledgement { sequence_number } => {
                let position = self.directions.of(side.other()).stream_position;
                let window = self.windows.of_mut(side.other());
                let from = window.last_sequence;
                if window.acknowledge(*sequence_number, at, position)
                    && let Some(from) = from
                {
                    let to = *sequence_number;
                    self.odd(SessionAnomalyKind::AckReset { from, to }, side, at, facts);
                }
            }
            Message::WindowAckSize { size } => {
                let position = self.directions.of(side).stream_position;
                self.windows.of_mut(side).announce(*size, position);
            }
            Message::SetPeerBandwidth(bandwidth) => {
                let bandwidth = PeerBandwidth {
                    window: bandwidth.window,
                    limit: bandwidth.limit,
                };
                let position = self.directions.of(side.other()).stream_position;
                let window = self.windows.of_mut(side.other());
                window.limit(bandwidth, position);
            }
            Message::UserControl(control) => self.user_control(side, raw, control, facts),
            Message::Command(command) => self.command(side, raw, command, facts),
            Message::Data(data) => self.data_message(side, raw, data, facts),
            Message::Audio(tag) => self.audio(side, raw, tag, facts),
            Message::Video(tag) => self.video(side, raw, tag, facts),
            _ => {}
        }
    }

    fn note_time(&mut self, at: Mark) {
        self.now = self.now.max(at.time);
    }

    fn locked(&mut self, side: Side, lock: &Lock) {
        self.directions.of_mut(side).locked(lock);
        let sent = self.tracks.iter_mut().filter(|t| t.key.side == side);
        for clock in sent.filter_map(|track| track.clock.as_mut()) {
            clock.pass_hole();
        }
    }

    fn skipped(&mut self, side: Side, range: ByteRange) {
        self.directions.of_mut(side).skip(range.len(), range.end);
        // What was sent in a hole may have been acknowledged in one: no word about it.
        let window = self.windows.of_mut(side);
        window.skip(range.end);
    }

    /// The side has sent its stream up to a position.
    fn sent(&mut self, side: Side, position: u64, at: Mark, facts: &mut Vec<Fact>) {
        let window = self.windows.of_mut(side);
        if window.send(position) {
            let kind = SessionAnomalyKind::AckOverdue {
                unacked: window.unacked(),
                window: window.announced.unwrap_or(0),
            };
            self.odd(kind, side.other(), at, facts);
        }
    }

    fn handshake_changed(&mut self, at: Mark, facts: &mut Vec<Fact>) {
        if self.handshake.is_complete() {
            self.tell_handshake(at, facts);
        }
    }

    /// The direction is behind its handshake; when both are, the handshake will not become more
    /// complete.
    fn past_handshake(&mut self, side: Side, at: Mark, facts: &mut Vec<Fact>) {
        if self.is_handshake_told {
            return;
        }
        *self.is_past_handshake.of_mut(side) = true;
        if self.is_past_handshake.client && self.is_past_handshake.server {
            if self.handshake.is_seen() {
                self.tell_handshake(at, facts);
            }
            self.is_handshake_told = true;
            self.handshake.close();
        }
    }

    fn tell_handshake(&mut self, at: Mark, facts: &mut Vec<Fact>) {
        if self.is_handshake_told {
            return;
        }
        self.is_handshake_told = true;
        self.handshake.close();
        facts.push(Fact::HandshakeDone { at });
        let version = |side| Some(self.handshake.sides.of(side).hello?.version);
        if let (Some(client), Some(server)) = (version(Side::Client), version(Side::Server))
            && client != server
        {
            let kind = SessionAnomalyKind::HandshakeVersion { client, server };
            self.odd(kind, Side::Server, at, facts);
        }
        for side in Side::BOTH {
            let echo = self.handshake.sides.of(side).echo;
            if let Some(echo) = echo
                && echo.verdict == EchoVerdict::Wrong
            {
                let kind = SessionAnomalyKind::HandshakeEchoMismatch;
                self.odd(kind, side, echo.last, facts);
            }
        }
    }

    fn check_overdue(&mut self, facts: &mut Vec<Fact>) {
        while let Some(id) = self.calls.overdue(self.now) {
            let Some(call) = self.calls.get(id) else {
                return;
            };
            let kind = SessionAnomalyKind::CallUnanswered {
                name: call.name.to_cow(),
                transaction_id: call.transaction_id(),
                waited: self.now.since(call.at.time),
            };
            let at = Mark {
                time: self.now,
                frame: call.at.frame,
            };
            let side = call.caller.other();
            self.odd(kind, side, at, facts);
        }
    }

    /// Takes note of something odd that `side` sent or failed to send.
    /// Takes note that TCP brought other bytes for a place in the stream of `side` than those that
    /// came first and were taken.
    pub fn conflicting(&mut self, side: Side, bytes: u32, at: Mark, facts: &mut Vec<Fact>) {
        self.odd(SessionAnomalyKind::BytesConflict { bytes }, side, at, facts);
    }

    fn odd(&mut self, kind: SessionAnomalyKind, side: Side, at: Mark, facts: &mut Vec<Fact>) {
        if let Some(anomaly) = self.anomalies.note(kind, side, at) {
            facts.push(Fact::Anomaly(Box::new(anomaly.clone())));
        }
    }
}
