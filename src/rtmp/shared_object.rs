//! Shared object messages (RTMP 1.0 section 7.1.3, types 16 and 19). The specification draws the
//! layout and names the events; the widths of the fields and the data of the events are those of
//! Flash Media Server, which the free servers follow.

use std::fmt;

use nom::Parser;
use nom::number::complete::be_u8;
use nom::number::complete::be_u32;

use crate::rtmp::amf::reader::Reader;
use crate::rtmp::amf::reference::Reference;
use crate::rtmp::amf::reference::resolve;
use crate::rtmp::amf::value::Properties;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;
use crate::rtmp::types::MessageTypeId;

#[cfg(test)]
mod tests;

/// The selector byte with which names and values are AMF3 without a switch before each.
const SELECTOR_AMF3: u8 = 3;

/// First flag word of an object that the server keeps when its last client has gone.
const PERSISTENT: u32 = 2;

/// A message about a shared object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SharedObject {
    /// The byte in front of the body of an AMF3 message, as it was on the wire.
    pub selector: Option<u8>,
    /// Name of the object.
    pub name: Text,
    /// Version of the object at the sender.
    pub version: u32,
    /// The two flag words. The first is 2 for a persistent object; the second has no known use.
    pub flags: [u32; 2],
    /// What happened to it.
    pub events: Vec<SharedObjectEvent>,
}

impl SharedObject {
    /// Whether the object outlives its clients.
    pub fn is_persistent(&self) -> bool {
        self.flags.first() == Some(&PERSISTENT)
    }

    /// The value that `reference` names in this message.
    pub fn resolve(&self, reference: &Reference) -> Option<&Value> {
        let values = self.events.iter().flat_map(|event| match &event.data {
            SharedObjectData::Slots(slots) => slots.iter().map(|(_, value)| value).collect(),
            SharedObjectData::Values(values) => values.iter().collect(),
            _ => Vec::new(),
        });
        resolve(values, reference, self.selector == Some(SELECTOR_AMF3))
    }
}

/// One event of a shared object.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedObjectEvent {
    /// Which event.
    pub event: SharedObjectEventType,
    /// What comes with it.
    pub data: SharedObjectData,
}

/// Type of a shared object event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedObjectEventType(pub u8);

impl SharedObjectEventType {
    /// A client uses the object.
    pub const USE: Self = Self(1);
    /// A client no longer uses it.
    pub const RELEASE: Self = Self(2);
    /// A client asks to change a slot.
    pub const REQUEST_CHANGE: Self = Self(3);
    /// A slot changed.
    pub const CHANGE: Self = Self(4);
    /// The change asked for was made.
    pub const SUCCESS: Self = Self(5);
    /// A message for every client.
    pub const SEND_MESSAGE: Self = Self(6);
    /// Something went wrong.
    pub const STATUS: Self = Self(7);
    /// All slots are gone.
    pub const CLEAR: Self = Self(8);
    /// A slot is gone.
    pub const REMOVE: Self = Self(9);
    /// A client asks to remove a slot.
    pub const REQUEST_REMOVE: Self = Self(10);
    /// The object can be used.
    pub const USE_SUCCESS: Self = Self(11);

    /// The name used in records and views; `None` for an event that nobody documents.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::USE => "use",
            Self::RELEASE => "release",
            Self::REQUEST_CHANGE => "request_change",
            Self::CHANGE => "change",
            Self::SUCCESS => "success",
            Self::SEND_MESSAGE => "send_message",
            Self::STATUS => "status",
            Self::CLEAR => "clear",
            Self::REMOVE => "remove",
            Self::REQUEST_REMOVE => "request_remove",
            Self::USE_SUCCESS => "use_success",
            _ => return None,
        })
    }
}

impl fmt::Display for SharedObjectEventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("event_{}", self.0)),
        }
    }
}

/// What comes with a shared object event.
#[derive(Debug, Clone, PartialEq)]
pub enum SharedObjectData {
    /// Nothing.
    Nothing,
    /// Slots with their values.
    Slots(Properties),
    /// Names of slots.
    Names(Vec<Text>),
    /// What went wrong.
    Status {
        /// As `SharedObject.NoReadAccess`.
        code: Text,
        /// As `error`.
        level: Text,
    },
    /// A message: the name of its handler and the arguments.
    Values(Vec<Value>),
    /// Data of an event that nobody documents.
    Bytes(Vec<u8>),
}

/// Reads the body of a shared object message.
pub fn parse<F: FieldSink>(
    type_id: MessageTypeId,
    body: &[u8],
    fields: &mut F,
    problems: &mut Vec<Problem>,
) -> SharedObject {
    let mut reader = Reader::new(body, 0, fields, problems);
    let mut object = SharedObject::default();
    if type_id == MessageTypeId::SHARED_OBJECT_AMF3 {
        object.selector = selector(&mut reader);
    }
    let amf3 = object.selector == Some(SELECTOR_AMF3);
    // Whatever is missing shows as an empty name, zeros and no events, and is noted.
    let _ = read(&mut reader, &mut object, amf3);
    object
}

/// Reads the byte that precedes the name: 0, or 3 where names and values are AMF3.
fn selector<F: FieldSink>(reader: &mut Reader<'_, F>) -> Option<u8> {
    let start = reader.position();
    let selector = reader.read("the format selector", be_u8)?;
    if selector != 0 && selector != SELECTOR_AMF3 {
        reader.note(start, BodyProblem::SelectorUnknown { selector });
    }
    reader.leaf(FieldName::Spec("format selector"), start, &selector);
    Some(selector)
}

fn read<F: FieldSink>(
    reader: &mut Reader<'_, F>,
    object: &mut SharedObject,
    amf3: bool,
) -> Option<()> {
    object.name = name(reader, "shared object name", amf3)?;
    object.version = number(reader, "version")?;
    let start = reader.position();
    let flags = reader.read("the flags", |input| (be_u32, be_u32).parse(input))?;
    object.flags = [flags.0, flags.1];
    let word = if object.is_persistent() {
        "persistent"
    } else {
        "not persistent"
    };
    reader.leaf(FieldName::Spec("flags"), start, &word);
    while !reader.is_at_end() {
        reader.count_value()?;
        let start = reader.position();
        let event = SharedObjectEventType(reader.read("an event type", be_u8)?);
        reader.fields.open(FieldName::Spec("event"), start);
        reader.leaf(FieldName::Spec("event type"), start, &event);
        let data = event_data(reader, event, amf3);
        reader.fields.close(reader.position(), &event);
        object.events.push(SharedObjectEvent { event, data: data? });
    }
    Some(())
}

fn event_data<F: FieldSink>(
    reader: &mut Reader<'_, F>,
    event: SharedObjectEventType,
    amf3: bool,
) -> Option<SharedObjectData> {
    let start = reader.position();
    let length = number(reader, "event data length")?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > reader.rest().len() {
        let what = "a shared object event";
        reader.note(start, BodyProblem::AmfTruncated { what });
    }
    let data = reader.within(length, |reader| {
        let data = match event {
            SharedObjectEventType::REQUEST_CHANGE | SharedObjectEventType::CHANGE => {
                SharedObjectData::Slots(slots(reader, amf3))
            }
            SharedObjectEventType::SUCCESS
            | SharedObjectEventType::REMOVE
            | SharedObjectEventType::REQUEST_REMOVE => SharedObjectData::Names(names(reader, amf3)),
            SharedObjectEventType::SEND_MESSAGE if amf3 => {
                SharedObjectData::Values(reader.amf3_values(0))
            }
            SharedObjectEventType::SEND_MESSAGE => SharedObjectData::Values(reader.amf0_values(0)),
            SharedObjectEventType::STATUS => SharedObjectData::Status {
                code: name(reader, "code", amf3).unwrap_or_default(),
                level: name(reader, "level", amf3).unwrap_or_default(),
            },
            SharedObjectEventType::USE
            | SharedObjectEventType::RELEASE
            | SharedObjectEventType::CLEAR
            | SharedObjectEventType::USE_SUCCESS => SharedObjectData::Nothing,
            _ => {
                let kind = BodyProblem::UnknownSharedObjectEvent { event };
                reader.note(start.saturating_sub(1), kind);
                let at = reader.position();
                let bytes = reader.skip_rest();
                reader.leaf(FieldName::Spec("event data"), at, &bytes.len());
                SharedObjectData::Bytes(bytes.to_vec())
            }
        };
        let at = reader.position();
        let count = reader.rest().len();
        if count > 0 && !reader.is_stopped() {
            reader.note(at, BodyProblem::TrailingBytes { count });
            reader.skip_rest();
            reader.leaf(FieldName::Spec("trailing bytes"), at, &count);
        }
        data
    });
    Some(data)
}

fn slots<F: FieldSink>(reader: &mut Reader<'_, F>, amf3: bool) -> Properties {
    let mut slots = Properties::new();
    while !reader.is_at_end() && !reader.is_stopped() {
        let start = reader.position();
        let Some(key) = bare_text(reader, "a slot name", amf3) else {
            break;
        };
        let name = FieldName::Key(key.as_str());
        let value = if amf3 {
            reader.amf3_value(name, start)
        } else {
            reader.amf0_value(name, start)
        };
        if let Some(value) = value {
            slots.push((key.into_key(), value));
        }
    }
    slots
}

fn names<F: FieldSink>(reader: &mut Reader<'_, F>, amf3: bool) -> Vec<Text> {
    let mut names = Vec::new();
    while !reader.is_at_end() && !reader.is_stopped() && reader.count_value().is_some() {
        names.extend(name(reader, "slot name", amf3));
    }
    names
}

fn name<F: FieldSink>(reader: &mut Reader<'_, F>, field: &'static str, amf3: bool) -> Option<Text> {
    let start = reader.position();
    let text = bare_text(reader, field, amf3)?;
    reader.leaf(FieldName::Spec(field), start, &text);
    Some(text)
}

fn bare_text<F: FieldSink>(
    reader: &mut Reader<'_, F>,
    what: &'static str,
    amf3: bool,
) -> Option<Text> {
    if amf3 {
        reader.amf3_text(what)
    } else {
        reader.amf0_text(what)
    }
}

fn number<F: FieldSink>(reader: &mut Reader<'_, F>, field: &'static str) -> Option<u32> {
    let start = reader.position();
    let number = reader.read(field, be_u32)?;
    reader.leaf(FieldName::Spec(field), start, &number);
    Some(number)
}
