//! Events of both directions in, facts out: a conversation is written message by message.

use crate::base::ids::ByteRange;
use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::rtmp::amf::value::Object;
use crate::rtmp::amf::value::Value;
use crate::rtmp::command::Command;
use crate::rtmp::command::TransactionId;
use crate::rtmp::event::Echo;
use crate::rtmp::event::Event;
use crate::rtmp::event::HANDSHAKE_PACKET_LEN;
use crate::rtmp::event::Hello;
use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::message::Decoded;
use crate::rtmp::message::Message;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;
use crate::session::Session;
use crate::session::call::CallState;
use crate::session::end::EndCause;
use crate::session::fact::Fact;

mod control;
mod media;
mod publish;
mod secrets;

const C: Side = Side::Client;
const S: Side = Side::Server;

fn at(ms: i64) -> Mark {
    Mark {
        time: Timestamp(ms * 1_000_000),
        frame: FrameNumber(1),
    }
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn object(properties: &[(&str, Value)]) -> Value {
    Value::Object(Box::new(Object {
        properties: properties
            .iter()
            .map(|(key, value)| ((*key).into(), value.clone()))
            .collect(),
        ..Object::default()
    }))
}

/// An information object.
fn status(level: &str, code: &str) -> Value {
    object(&[("level", text(level)), ("code", text(code))])
}

/// A connection that is written down message by message.
#[derive(Default)]
struct Talk {
    session: Session,
    facts: Vec<Fact>,
    /// Positions in both directions' streams.
    sent: [u64; 2],
}

impl Talk {
    /// A connection whose handshake took from 0 to 60 ms.
    fn shaken() -> Self {
        let mut talk = Self::default();
        for (side, ms, print) in [(C, 0, 1), (S, 30, 2)] {
            talk.event(
                side,
                &Event::Hello(Hello {
                    first: at(ms),
                    last: at(ms),
                    version: 3,
                    time: 0,
                    peer_version: [0; 4],
                    digest: None,
                    fingerprint: print,
                }),
            );
        }
        for (side, ms, print) in [(S, 30, 1), (C, 60, 2)] {
            talk.event(
                side,
                &Event::Echo(Echo {
                    first: at(ms),
                    last: at(ms),
                    fingerprint: print,
                    packet: vec![0; HANDSHAKE_PACKET_LEN],
                }),
            );
        }
        talk.sent = [3073, 3073];
        talk.facts.clear();
        talk
    }

    /// A connection that publishes "cam" on message stream 1 since 200 ms.
    fn publishing() -> Self {
        let mut talk = Self::shaken();
        talk.call(C, 100, 0, "connect", 1.0, &[]);
        talk.call(
            S,
            110,
            0,
            "_result",
            1.0,
            &[status("status", "NetConnection.Connect.Success")],
        );
        talk.call(C, 120, 0, "createStream", 2.0, &[]);
        talk.call(S, 130, 0, "_result", 2.0, &[Value::Number(1.0)]);
        talk.call(C, 140, 1, "publish", 3.0, &[text("cam"), text("live")]);
        talk.call(
            S,
            200,
            1,
            "onStatus",
            0.0,
            &[status("status", "NetStream.Publish.Start")],
        );
        talk.facts.clear();
        talk
    }

    fn event(&mut self, side: Side, event: &Event) {
        self.session.apply(side, event, None, &mut self.facts);
    }

    fn raw(&mut self, side: Side, ms: i64, stream: u32, type_id: MessageTypeId) -> RawMessage {
        let sent = &mut self.sent[usize::from(side == S)];
        let start = *sent;
        *sent += 112;
        RawMessage {
            csid: ChunkStreamId(3),
            fmt: ChunkFormat::Full,
            type_id,
            stream_id: MessageStreamId(stream),
            timestamp: RtmpTimestamp(0),
            delta: None,
            extended_timestamp: false,
            length: 100,
            chunks: 1,
            interruptions: 0,
            header_bytes: 12,
            range: ByteRange {
                start,
                end: start + 112,
            },
            first: at(ms),
            last: at(ms),
            body: Vec::new(),
            received: 100,
            missing: Missing::default(),
            from_aggregate: false,
            repeats: Repeats::NotDue,
            inferred: Inferred::default(),
        }
    }

    fn message(&mut self, side: Side, raw: RawMessage, message: Message) {
        let decoded = Decoded {
            message,
            anomalies: Vec::new(),
        };
        self.session
            .apply(side, &Event::Message(raw), Some(&decoded), &mut self.facts);
    }

    /// A command on a message stream.
    fn call(&mut self, side: Side, ms: i64, stream: u32, name: &str, id: f64, args: &[Value]) {
        self.command(
            side,
            ms,
            stream,
            Command {
                name: name.into(),
                transaction_id: Some(TransactionId(id)),
                object: Some(Value::Null),
                arguments: args.into(),
                ..Command::default()
            },
        );
    }

    fn command(&mut self, side: Side, ms: i64, stream: u32, command: Command) {
        let raw = self.raw(side, ms, stream, MessageTypeId::COMMAND_AMF0);
        self.message(side, raw, Message::Command(command));
    }

    fn finish(&mut self, cause: EndCause, by: Option<Side>, ms: i64) {
        self.session.finish(cause, by, at(ms), &mut self.facts);
    }

    /// Codes of the anomalies told since the last look.
    fn codes(&mut self) -> Vec<&'static str> {
        let codes = self.facts.iter().filter_map(|fact| match fact {
            Fact::Anomaly(anomaly) => Some(anomaly.kind.code()),
            _ => None,
        });
        let codes = codes.collect();
        self.facts.clear();
        codes
    }

    /// Names and states of the calls told to be over since the last look.
    fn completed(&mut self) -> Vec<(String, CallState)> {
        let calls = self.facts.iter().filter_map(|fact| match fact {
            Fact::CallCompleted { call, .. } => {
                let call = self.session.calls.get(*call)?;
                Some((call.name.to_string(), call.state))
            }
            _ => None,
        });
        let calls = calls.collect();
        self.facts.clear();
        calls
    }
}
