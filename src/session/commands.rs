//! How commands move a session: calls and answers become phases, net streams and goodbyes.

use std::borrow::Cow;

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::rtmp::amf::value::Value;
use crate::rtmp::command::Command;
use crate::rtmp::command::TransactionId;
use crate::rtmp::control::UserControl;
use crate::rtmp::control::UserControlData;
use crate::rtmp::control::UserControlType;
use crate::rtmp::event::RawMessage;
use crate::rtmp::types::MessageStreamId;
use crate::session::Session;
use crate::session::anomaly::SessionAnomalyKind;
use crate::session::call::Answer;
use crate::session::call::Answered;
use crate::session::call::CallState;
use crate::session::call::Expectation;
use crate::session::call::PING;
use crate::session::call::ReplyKind;
use crate::session::call::Request;
use crate::session::end::Goodbye;
use crate::session::end::GoodbyeKind;
use crate::session::fact::Fact;
use crate::session::netstream::MAX_NET_STREAMS;
use crate::session::netstream::NetStream;
use crate::session::netstream::PublishType;
use crate::session::netstream::Role;
use crate::session::netstream::StreamState;
use crate::session::status;
use crate::session::status::Word;

impl Session {
    pub(super) fn command(
        &mut self,
        side: Side,
        raw: &RawMessage,
        command: &Command,
        facts: &mut Vec<Fact>,
    ) {
        self.secrets.add_command(command);
        // A header at the end of a direction, with the name not captured: nothing was asked.
        if command.name.as_str().is_empty() && !raw.is_complete() {
            return;
        }
        match command.name.as_str() {
            "_result" => self.answered(side, raw, command, ReplyKind::Result, facts),
            "_error" => self.answered(side, raw, command, ReplyKind::Error, facts),
            "onStatus" => self.status(side, raw, command, facts),
            name if name.starts_with("onFC") => {
                let answer = self.answer_of(side, raw, command, ReplyKind::Notice);
                match self.calls.notice(name, &answer) {
                    Some(id) => self.completed(id, None, facts),
                    None => self.called(side, raw, command, facts),
                }
                if name == "onFCUnpublish" {
                    self.say_goodbye(side, GoodbyeKind::ServerStop, raw.completed());
                }
            }
            _ => self.called(side, raw, command, facts),
        }
    }

    pub(super) fn user_control(
        &mut self,
        side: Side,
        raw: &RawMessage,
        control: &UserControl,
        facts: &mut Vec<Fact>,
    ) {
        let value = match control.data {
            UserControlData::Ping { timestamp } => Some(TransactionId(f64::from(timestamp))),
            _ => None,
        };
        match control.event {
            UserControlType::PING_REQUEST => {
                let request = Request {
                    caller: side,
                    name: PING,
                    transaction_id: value,
                    csid: raw.csid,
                    stream_id: raw.stream_id,
                    stream_from: raw.inferred.stream_id,
                    at: raw.completed(),
                    message: self.messages,
                    detail: None,
                };
                self.open_call(&request, facts);
            }
            UserControlType::PING_RESPONSE => {
                let answer = Answer {
                    from: side,
                    kind: ReplyKind::Pong,
                    stream_id: raw.stream_id,
                    at: raw.completed(),
                    message: self.messages,
                    level: None,
                    code: None,
                    description: None,
                };
                if let Answered::Completed(id) = self.calls.answer(value, &answer) {
                    self.completed(id, None, facts);
                }
            }
            UserControlType::STREAM_EOF => {
                self.say_goodbye(side, GoodbyeKind::ServerStop, raw.completed());
            }
            _ => {}
        }
    }

    /// A call of either side.
    fn called(&mut self, side: Side, raw: &RawMessage, command: &Command, facts: &mut Vec<Fact>) {
        let name = command.name.as_str();
        let detail = match name {
            "connect" => command.text_property("app"),
            "onStatus" => command.status().and_then(|status| status.code),
            _ => command.stream_name(),
        };
        let request = Request {
            caller: side,
            name,
            transaction_id: command.transaction_id,
            csid: raw.csid,
            stream_id: raw.stream_id,
            stream_from: raw.inferred.stream_id,
            at: raw.completed(),
            message: self.messages,
            detail,
        };
        self.open_call(&request, facts);
        if side == Side::Client {
            self.client_called(raw, command, facts);
        }
    }

    fn open_call(&mut self, request: &Request<'_>, facts: &mut Vec<Fact>) {
        let (id, let_go) = self.calls.open(request);
        if let Some(call) = let_go {
            facts.push(Fact::CallLetGo(Box::new(call)));
        }
        facts.push(Fact::CallOpened {
            call: id,
            at: request.at,
        });
        let Some(call) = self.calls.get(id) else {
            return;
        };
        let reused = call
            .transaction_id()
            .filter(|_| call.reused_transaction())
            .map(|transaction_id| SessionAnomalyKind::CallTransactionReused {
                name: call.name.to_cow(),
                transaction_id,
            });
        if call.state == CallState::OneWay {
            facts.push(Fact::completed(call));
        }
        if let Some(kind) = reused {
            self.odd(kind, request.caller, request.at, facts);
        }
    }

    fn client_called(&mut self, raw: &RawMessage, command: &Command, facts: &mut Vec<Fact>) {
        let at = raw.completed();
        match command.name.as_str() {
            "connect" => {
                self.peers.get_or_insert_default().connect(command);
            }
            "publish" => {
                let kind = command.text_argument(1).map(PublishType::from_text);
                self.requested(Role::Publisher, raw, command.stream_name(), facts);
                if let Some(stream) = self.stream_mut(raw.stream_id, at) {
                    stream.publish_type = kind;
                }
            }
            "play" | "play2" => {
                let name = command.stream_name();
                self.requested(Role::Player, raw, name, facts);
            }
            "FCUnpublish" => {
                self.say_goodbye(Side::Client, GoodbyeKind::FcUnpublish, at);
                self.stop_published(command.stream_name(), at, facts);
            }
            "closeStream" => {
                self.say_goodbye(Side::Client, GoodbyeKind::CloseStream, at);
                self.end_stream(raw.stream_id, StreamState::Stopped, at, facts);
            }
            "deleteStream" => {
                self.say_goodbye(Side::Client, GoodbyeKind::DeleteStream, at);
                let named = command.argument(0).and_then(Value::as_u32);
                let id = named.map_or(raw.stream_id, MessageStreamId);
                self.end_stream(id, StreamState::Deleted, at, facts);
            }
            "close" => self.say_goodbye(Side::Client, GoodbyeKind::Close, at),
            _ => {}
        }
    }

    fn requested(
        &mut self,
        role: Role,
        raw: &RawMessage,
        name: Option<&str>,
        facts: &mut Vec<Fact>,
    ) {
        self.goodbye = None;
        if let Some(stream) = self.stream_mut(raw.stream_id, raw.completed()) {
            let change = stream.request(role, name, raw.completed());
            facts.push(Fact::StreamStateChanged(change));
        }
    }

    /// `_result` or `_error`.
    fn answered(
        &mut self,
        side: Side,
        raw: &RawMessage,
        command: &Command,
        kind: ReplyKind,
        facts: &mut Vec<Fact>,
    ) {
        let answer = self.answer_of(side, raw, command, kind);
        match self.calls.answer(command.transaction_id, &answer) {
            Answered::Completed(id) => self.completed(id, Some(command), facts),
            Answered::Again(id) => {
                if let Some(call) = self.calls.get(id) {
                    let kind = SessionAnomalyKind::CallAnsweredTwice {
                        name: call.name.to_cow(),
                        transaction_id: call.transaction_id(),
                    };
                    self.odd(kind, side, raw.completed(), facts);
                }
            }
            Answered::Orphan => {
                // Without the begin of the connection its call was simply not captured.
                if self.is_from_begin() {
                    let kind = SessionAnomalyKind::CallOrphanReply {
                        transaction_id: command.transaction_id,
                    };
                    self.odd(kind, side, raw.completed(), facts);
                }
            }
        }
    }

    fn status(&mut self, side: Side, raw: &RawMessage, command: &Command, facts: &mut Vec<Fact>) {
        let at = raw.completed();
        let answer = self.answer_of(side, raw, command, ReplyKind::Status);
        let is_error = answer.level == Some("error");
        let code = answer.code.map(status::code);
        let call = self.calls.status(&answer);
        let mut target = raw.stream_id;
        match call {
            Some(id) => {
                if let Some(call) = self.calls.get(id)
                    && self.stream(target).is_none_or(|s| s.role.is_none())
                {
                    // Some servers answer on message stream 0.
                    target = call.stream_id;
                }
                self.completed(id, Some(command), facts);
            }
            None => self.called(side, raw, command, facts),
        }
        let Some(code) = code else {
            return;
        };
        if side == Side::Client {
            return;
        }
        if self.stream(target).is_none_or(|s| s.role.is_none())
            && let Some(stream) = self.streams.iter().rev().find(|s| s.role.is_some())
        {
            target = stream.id;
        }
        if status::begins_timeline(&code) {
            self.agree_break(target);
        }
        let was_known = self.streams.iter_mut().rfind(|stream| stream.id == target);
        let change = was_known.and_then(|stream| stream.status(code.clone(), is_error, at));
        if let Some(change) = change {
            facts.push(Fact::StreamStateChanged(change));
            match change.to {
                StreamState::Rejected => self.refused(target, &code, side, at, facts),
                StreamState::Stopped => self.say_goodbye(side, GoodbyeKind::ServerStop, at),
                _ => {}
            }
        } else if is_error && call.is_none() {
            let kind = SessionAnomalyKind::CallFailed {
                name: Cow::Borrowed("onStatus"),
                code: Some(code.to_cow()),
                is_optional: false,
            };
            self.odd(kind, side, at, facts);
            self.say_goodbye(side, GoodbyeKind::ServerError, at);
        }
    }

    fn refused(
        &mut self,
        stream_id: MessageStreamId,
        code: &Word,
        side: Side,
        at: Mark,
        facts: &mut Vec<Fact>,
    ) {
        let kind = if *code == "NetStream.Publish.BadName" {
            SessionAnomalyKind::StreamBadName { stream_id }
        } else {
            let code = code.to_cow();
            SessionAnomalyKind::StreamRejected { stream_id, code }
        };
        self.odd(kind, side, at, facts);
        self.say_goodbye(side, GoodbyeKind::ServerError, at);
    }

    fn answer_of<'a>(
        &self,
        side: Side,
        raw: &RawMessage,
        command: &'a Command,
        kind: ReplyKind,
    ) -> Answer<'a> {
        let status = command.status();
        Answer {
            from: side,
            kind,
            stream_id: raw.stream_id,
            at: raw.completed(),
            message: self.messages,
            level: status.and_then(|status| status.level),
            code: status.and_then(|status| status.code),
            description: status.and_then(|status| status.description),
        }
    }

    /// A call was answered; `command` is the answer.
    fn completed(&mut self, id: u64, command: Option<&Command>, facts: &mut Vec<Fact>) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        // A one-way call was told when it was made; now more is known of it.
        facts.push(Fact::completed(call));
        let Some(reply) = &call.reply else {
            return;
        };
        let (at, kind, side) = (reply.at, reply.kind, call.caller.other());
        let failed = call.state == CallState::Failed;
        let failure = failed.then(|| SessionAnomalyKind::CallFailed {
            name: call.name.to_cow(),
            code: reply.code().map(|code| status::code(code).to_cow()),
            is_optional: call.expectation != Expectation::Required,
        });
        let is_start = matches!(&*call.name, "publish" | "play");
        let stream_id = call.stream_id;
        if call.caller == Side::Client {
            match &*call.name {
                "connect" => {
                    if let Some(command) = command {
                        self.peers.get_or_insert_default().answer(command);
                    }
                }
                "createStream" => {
                    let created = command.and_then(|c| c.argument(0)).and_then(Value::as_u32);
                    if let Some(id) = created.filter(|_| !failed) {
                        self.created(MessageStreamId(id), at);
                    }
                }
                _ => {}
            }
        }
        // What an onStatus says of a stream is told by the stream.
        if let Some(failure) = failure
            && !(is_start && kind == ReplyKind::Status)
        {
            self.odd(failure, side, at, facts);
            if is_start {
                self.end_stream(stream_id, StreamState::Rejected, at, facts);
            }
        }
    }

    /// The net stream of an id, made when it is new; `None` when there are too many.
    pub(super) fn stream_mut(&mut self, id: MessageStreamId, at: Mark) -> Option<&mut NetStream> {
        if let Some(index) = self.streams.iter().rposition(|stream| stream.id == id) {
            return self.streams.get_mut(index);
        }
        self.add_stream(id, at)
    }

    /// The server gave a net stream its id, perhaps that of one that is over.
    fn created(&mut self, id: MessageStreamId, at: Mark) {
        let is_new = self.stream(id).is_none_or(|stream| stream.role.is_some());
        if is_new {
            self.add_stream(id, at);
        }
    }

    fn add_stream(&mut self, id: MessageStreamId, at: Mark) -> Option<&mut NetStream> {
        if self.streams.len() >= MAX_NET_STREAMS {
            return None;
        }
        self.streams.push(NetStream::new(id, at));
        self.streams.last_mut()
    }

    fn end_stream(
        &mut self,
        id: MessageStreamId,
        to: StreamState,
        at: Mark,
        facts: &mut Vec<Fact>,
    ) {
        let stream = self.streams.iter_mut().rfind(|stream| stream.id == id);
        if let Some(change) = stream.and_then(|stream| stream.end(to, at)) {
            facts.push(Fact::StreamStateChanged(change));
        }
    }

    /// `FCUnpublish` names the stream instead of its id.
    fn stop_published(&mut self, name: Option<&str>, at: Mark, facts: &mut Vec<Fact>) {
        for stream in &mut self.streams {
            let is_meant = stream.role == Some(Role::Publisher)
                && (name.is_none() || stream.name.as_deref() == name);
            if is_meant && let Some(change) = stream.end(StreamState::Stopped, at) {
                facts.push(Fact::StreamStateChanged(change));
            }
        }
    }

    fn say_goodbye(&mut self, by: Side, kind: GoodbyeKind, at: Mark) {
        let goodbye = || Box::new(Goodbye { by, kind, at });
        self.goodbye.get_or_insert_with(goodbye);
    }
}
