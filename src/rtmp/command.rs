//! Command messages (RTMP 1.0 section 7.1.1, types 17 and 20): remote procedure calls and their
//! answers.

use std::fmt;

use nom::number::complete::be_u8;
use smallvec::SmallVec;

use crate::rtmp::amf::amf0::marker;
use crate::rtmp::amf::reader::Reader;
use crate::rtmp::amf::reference::Reference;
use crate::rtmp::amf::reference::resolve;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;
use crate::rtmp::secret::Secrecy;
use crate::rtmp::secret::secrets_in;
use crate::rtmp::types::MessageTypeId;

#[cfg(test)]
mod tests;

/// Arguments of a command: mostly one or none, which needs no memory of its own.
pub type Arguments = SmallVec<[Value; 1]>;

/// A call, an answer, or a notice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Command {
    /// The byte in front of the values of an AMF3 message, as it was on the wire.
    pub selector: Option<u8>,
    /// Name of the procedure, or `_result`, `_error`. Empty if the message has none.
    pub name: Text,
    /// Which call it is, or answers; `None` if the message does not say.
    pub transaction_id: Option<TransactionId>,
    /// The value behind the transaction id: an object with properties, or null.
    pub object: Option<Value>,
    /// The values behind that.
    pub arguments: Arguments,
}

/// Transaction id of a command (section 7.1.1). A double on the wire, kept as one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransactionId(pub f64);

impl TransactionId {
    /// Whether the sender expects an answer: 0 says that it does not.
    pub fn expects_answer(self) -> bool {
        self.0 != 0.0
    }

    /// A key for maps: equal for equal ids, with one key for both zeros.
    pub fn key(self) -> u64 {
        if self.0 == 0.0 {
            0.0_f64.to_bits()
        } else {
            self.0.to_bits()
        }
    }

    /// The id as the whole number that it should be.
    pub fn as_u32(self) -> Option<u32> {
        Value::Number(self.0).as_u32()
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::Number(self.0).fmt(f)
    }
}

/// What is known of a command by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandInfo {
    /// The name, exactly.
    pub name: &'static str,
    /// Names of the arguments behind the command object.
    pub arguments: &'static [&'static str],
    /// Whether the first argument is a stream name, which for many services is the key that allows
    /// to publish.
    pub names_stream: bool,
}

const fn info(
    name: &'static str,
    arguments: &'static [&'static str],
    names_stream: bool,
) -> CommandInfo {
    CommandInfo {
        name,
        arguments,
        names_stream,
    }
}

/// Commands of RTMP 1.0 section 7.2 and the ones that Flash Media Server and the encoders made
/// for it added.
pub const COMMANDS: &[CommandInfo] = &[
    // Of nearly every session: they are found first.
    info("connect", &[], false),
    info("createStream", &[], false),
    info("publish", &["stream name", "publishing type"], true),
    info("play", &["stream name", "start", "duration", "reset"], true),
    info("_result", &["information"], false),
    info("onStatus", &["information"], false),
    // NetConnection (section 7.2.1).
    info("close", &[], false),
    info("initStream", &["stream id"], false),
    info("releaseStream", &["stream name"], true),
    info("FCPublish", &["stream name"], true),
    info("FCUnpublish", &["stream name"], true),
    info("FCSubscribe", &["stream name"], true),
    info("FCUnsubscribe", &["stream name"], true),
    info("getStreamLength", &["stream name"], true),
    info("_checkbw", &[], false),
    info("checkBandwidth", &[], false),
    info("secureTokenResponse", &["response"], false),
    // NetStream (section 7.2.2).
    info("play2", &["play options"], false),
    info("deleteStream", &["stream id"], false),
    info("closeStream", &[], false),
    info("receiveAudio", &["receive"], false),
    info("receiveVideo", &["receive"], false),
    info("seek", &["milliseconds"], false),
    info("pause", &["pause", "milliseconds"], false),
    info("pauseRaw", &["pause", "milliseconds"], false),
    // From the server.
    info("_error", &["information"], false),
    info("onBWDone", &["bandwidth"], false),
    info("onBWCheck", &[], false),
    info("_onbwcheck", &[], false),
    info("_onbwdone", &[], false),
    info("onFCPublish", &["information"], false),
    info("onFCUnpublish", &["information"], false),
    info("onFCSubscribe", &["information"], false),
    info("onFCUnsubscribe", &["information"], false),
];

impl CommandInfo {
    /// What is known of the command with exactly this name.
    pub fn of(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|info| info.name == name)
    }
}

/// An information object (section 7.2.1.1 and 7.2.2): how a call went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Status<'a> {
    /// `status`, `warning` or `error`.
    pub level: Option<&'a str>,
    /// What happened, as `NetStream.Publish.Start`.
    pub code: Option<&'a str>,
    /// The same for people.
    pub description: Option<&'a str>,
    /// More, often the stream name.
    pub details: Option<&'a str>,
    /// The whole object.
    pub information: &'a Value,
}

impl Command {
    /// What is known of it by its name.
    pub fn info(&self) -> Option<&'static CommandInfo> {
        CommandInfo::of(self.name.as_str())
    }

    /// Whether it answers a call: `_result` or `_error`.
    pub fn is_answer(&self) -> bool {
        matches!(self.name.as_str(), "_result" | "_error")
    }

    /// The argument with this index behind the command object; behind a reference, what it names.
    pub fn argument(&self, index: usize) -> Option<&Value> {
        self.followed(self.arguments.get(index)?)
    }

    /// The argument with this index, if it is text.
    pub fn text_argument(&self, index: usize) -> Option<&str> {
        self.argument(index)?.as_str()
    }

    /// The property of the command object with exactly this key.
    pub fn property(&self, key: &str) -> Option<&Value> {
        self.followed(self.followed(self.object.as_ref()?)?.get(key)?)
    }

    /// The text of the property of the command object with exactly this key.
    pub fn text_property(&self, key: &str) -> Option<&str> {
        self.property(key)?.as_str()
    }

    /// The property with exactly this key, in the command object or in an argument: servers
    /// answer with some of them in either place.
    pub fn find(&self, key: &str) -> Option<&Value> {
        let objects = self.object.iter().chain(&self.arguments);
        objects
            .filter_map(|value| self.followed(value)?.get(key))
            .find_map(|value| self.followed(value))
    }

    /// Whether [`find`](Self::find) would find one of these keys.
    pub fn has_any(&self, keys: &[&str]) -> bool {
        let objects = self.object.iter().chain(&self.arguments);
        objects
            .filter_map(|value| self.followed(value))
            .flat_map(Value::properties)
            .any(|(key, _)| keys.contains(&key.as_str()))
    }

    /// The stream name that the command carries as an argument: a secret.
    pub fn stream_name(&self) -> Option<&str> {
        // Most commands have no arguments, or objects: nothing need be looked up by name then.
        let first = self.argument(0)?;
        match first.as_str() {
            Some(text) => self.names_stream().then_some(text),
            None if self.name.as_str() == "play2" => first.get_str("streamName"),
            None => None,
        }
    }

    /// Whether the first argument of commands of this name is a stream name.
    fn names_stream(&self) -> bool {
        self.info().is_some_and(|info| info.names_stream)
    }

    /// How the call went, if the command says so. The information object is the first argument,
    /// but some servers put it in the place of the command object.
    pub fn status(&self) -> Option<Status<'_>> {
        let mut places = self.arguments.iter().chain(&self.object);
        places.find_map(|value| self.status_in(self.followed(value)?))
    }

    /// What this value says of how the call went, if it is an information object. Its properties
    /// are gone through once, not searched for each.
    fn status_in<'a>(&'a self, information: &'a Value) -> Option<Status<'a>> {
        let (mut level, mut code, mut description, mut details) = (None, None, None, None);
        for (key, value) in information.properties() {
            // As with `get`, the last of equal keys counts.
            match key.as_str() {
                "level" => level = Some(value),
                "code" => code = Some(value),
                "description" => description = Some(value),
                "details" => details = Some(value),
                _ => {}
            }
        }
        let is_text = |value: Option<&Value>| value.is_some_and(|value| value.as_str().is_some());
        if !is_text(code) && !is_text(level) {
            return None;
        }
        let text = |value: Option<&'a Value>| self.followed(value?)?.as_str();
        Some(Status {
            level: text(level),
            code: text(code),
            description: text(description),
            details: text(details),
            information,
        })
    }

    /// What of the text of this argument is secret. A text inside an object has the secrecy of
    /// its key, see [`Self::property_secrecy`].
    pub fn argument_secrecy(&self, index: usize) -> Secrecy {
        match self.name.as_str() {
            // User name, password or token of servers that read them behind the command object.
            "connect" | "secureTokenResponse" => Secrecy::Whole,
            _ if index == 0 && self.names_stream() => Secrecy::Whole,
            _ => Secrecy::Open,
        }
    }

    /// What of the text of a property with this key is secret, in any object of this command.
    pub fn property_secrecy(&self, key: &str) -> Secrecy {
        if key == "description" && self.name.as_str().starts_with("onFC") {
            // "FCPublish to stream NAME", in as many wordings as there are servers.
            return Secrecy::Whole;
        }
        Secrecy::of_property(key)
    }

    /// Everything secret in its texts, in the order of the wire: what a viewer must mask in field
    /// trees and in hex.
    pub fn secrets(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.each_secret(&mut |secret| found.push(secret));
        found
    }

    /// Tells the same one by one.
    pub(crate) fn each_secret<'a>(&'a self, found: &mut impl FnMut(&'a str)) {
        let of_property = |key: &str| self.property_secrecy(key);
        if let Some(object) = &self.object {
            secrets_in(object, Secrecy::Open, &of_property, found);
        }
        for (index, argument) in self.arguments.iter().enumerate() {
            if argument.may_hold_text() {
                let own = self.argument_secrecy(index);
                secrets_in(argument, own, &of_property, found);
            }
        }
    }

    /// The value that `reference` names in this command.
    pub fn resolve(&self, reference: &Reference) -> Option<&Value> {
        resolve(self.object.iter().chain(&self.arguments), reference, false)
    }

    fn followed<'a>(&'a self, value: &'a Value) -> Option<&'a Value> {
        match value.plain() {
            Value::Reference(reference) => self.resolve(reference),
            _ => Some(value),
        }
    }
}

/// Reads the body of a command message.
pub fn parse<F: FieldSink>(
    type_id: MessageTypeId,
    body: &[u8],
    fields: &mut F,
    problems: &mut Vec<Problem>,
) -> Command {
    let mut reader = Reader::new(body, 0, fields, problems);
    let mut command = Command {
        selector: selector(&mut reader, type_id == MessageTypeId::COMMAND_AMF3),
        ..Command::default()
    };
    let start = reader.position();
    if reader.is_at_end() {
        reader.note(start, BodyProblem::NameMissing);
        return command;
    }
    let first = reader.amf0_value(FieldName::Spec("command name"), start);
    let Some(name) = first.as_ref().and_then(Value::as_text) else {
        if first.is_some() {
            reader.note(start, BodyProblem::NameMissing);
        }
        command.arguments.extend(first);
        if !reader.is_stopped() {
            command.arguments.extend(reader.amf0_values(1));
        }
        return command;
    };
    command.name = name.clone();
    let start = reader.position();
    let mut value = next_value(&mut reader, FieldName::Spec("transaction id"));
    command.transaction_id = value.as_ref().and_then(Value::as_f64).map(TransactionId);
    if command.transaction_id.is_some() {
        value = next_value(&mut reader, FieldName::Spec("command object"));
    } else if !reader.is_stopped() {
        reader.note(start, BodyProblem::TransactionIdMissing);
    }
    command.object = value;
    let names = command.info().map_or(&[][..], |info| info.arguments);
    loop {
        let index = command.arguments.len();
        let name = names
            .get(index)
            .map_or(FieldName::Index(index), |name| FieldName::Spec(name));
        match next_value(&mut reader, name) {
            Some(value) => command.arguments.push(value),
            None => return command,
        }
    }
}

/// The next value of a message; `None` at its end.
pub(crate) fn next_value<F: FieldSink>(
    reader: &mut Reader<'_, F>,
    name: FieldName<'_>,
) -> Option<Value> {
    if reader.is_at_end() || reader.is_stopped() || reader.amf0_trailer() {
        return None;
    }
    let start = reader.position();
    reader.amf0_value(name, start)
}

/// Reads the byte that precedes the values in messages of an AMF3 type: 0 for AMF0 values, each of
/// which can switch to AMF3. Some senders omit it, others send it with an AMF0 type.
pub(crate) fn selector<F: FieldSink>(reader: &mut Reader<'_, F>, is_amf3: bool) -> Option<u8> {
    let is_name = |byte: Option<&u8>| {
        byte.is_some_and(|byte| {
            matches!(
                *byte,
                marker::STRING | marker::LONG_STRING | marker::AVM_PLUS
            )
        })
    };
    let start = reader.position();
    let rest = reader.rest();
    let first = *rest.first()?;
    if is_amf3 && is_name(rest.first()) {
        reader.note(start, BodyProblem::SelectorMissing);
        return None;
    }
    if !is_amf3 {
        if first != 0 || !is_name(rest.get(1)) {
            return None;
        }
        reader.note(start, BodyProblem::SelectorUnexpected);
    } else if first != 0 {
        reader.note(start, BodyProblem::SelectorUnknown { selector: first });
    }
    reader.read("the format selector", be_u8);
    reader.leaf(FieldName::Spec("format selector"), start, &first);
    Some(first)
}
