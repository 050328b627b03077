//! Data messages (RTMP 1.0 section 7.1.2, types 15 and 18): metadata, cue points and whatever
//! peers send each other beside the media.

use nom::number::complete::be_u32;

use crate::rtmp::amf::reader::Reader;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::command::next_value;
use crate::rtmp::command::selector;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;
use crate::rtmp::secret::Secrecy;
use crate::rtmp::secret::secrets_in;
use crate::rtmp::types::MessageTypeId;

#[cfg(test)]
mod tests;

/// A data message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data {
    /// The byte in front of the values of an AMF3 message, as it was on the wire.
    pub selector: Option<u8>,
    /// What the server is to do with the data, where a publisher says so.
    pub instruction: Option<Instruction>,
    /// Name of the data, as `onMetaData`. Empty if the message has none.
    pub name: Text,
    /// The values behind the name.
    pub values: Vec<Value>,
    /// The message is no AMF but four bytes of time code, as old versions of ffmpeg send.
    pub timecode: Option<u32>,
}

/// What a publisher asks of the server with a data message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// `@setDataFrame`: keep the data and give it to every player that comes.
    SetDataFrame,
    /// `@clearDataFrame`: forget it.
    ClearDataFrame,
}

impl Instruction {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::SetDataFrame => "@setDataFrame",
            Self::ClearDataFrame => "@clearDataFrame",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::SetDataFrame, Self::ClearDataFrame]
            .into_iter()
            .find(|instruction| instruction.name() == name)
    }
}

/// Names of data that servers, encoders and players agree on.
pub const DATA_NAMES: &[&str] = &[
    "onMetaData",
    "onXMPData",
    "onCuePoint",
    "onTextData",
    "onImageData",
    "onCaption",
    "onCaptionInfo",
    "onFI",
    "onFrameInfo",
    "onPlayStatus",
    "onStatus",
    "onLastSecond",
    "|RtmpSampleAccess",
];

impl Data {
    /// Whether its name is one of [`DATA_NAMES`].
    pub fn is_known(&self) -> bool {
        DATA_NAMES.contains(&self.name.as_str())
    }

    /// The metadata, if it is that: the object or array behind `onMetaData`.
    pub fn metadata(&self) -> Option<&Value> {
        if self.name.as_str() != "onMetaData" {
            return None;
        }
        self.values
            .iter()
            .find(|value| !value.properties().is_empty())
    }

    /// The property with exactly this key in the first value that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.iter().find_map(|value| value.get(key))
    }

    /// Everything secret in its texts, in the order of the wire.
    pub fn secrets(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.each_secret(&mut |secret| found.push(secret));
        found
    }

    /// Tells the same one by one.
    pub(crate) fn each_secret<'a>(&'a self, found: &mut impl FnMut(&'a str)) {
        for value in &self.values {
            secrets_in(value, Secrecy::Open, &Secrecy::of_property, found);
        }
    }

    /// Whether players may read audio and video samples, as `|RtmpSampleAccess` says.
    pub fn sample_access(&self) -> Option<(bool, bool)> {
        if self.name.as_str() != "|RtmpSampleAccess" {
            return None;
        }
        match self.values.as_slice() {
            [audio, video, ..] => Some((audio.as_bool()?, video.as_bool()?)),
            _ => None,
        }
    }
}

/// Reads the body of a data message.
pub fn parse<F: FieldSink>(
    type_id: MessageTypeId,
    body: &[u8],
    fields: &mut F,
    problems: &mut Vec<Problem>,
) -> Data {
    let mut reader = Reader::new(body, 0, fields, problems);
    let mut data = Data::default();
    if body.len() == 4 && body.first() == Some(&0) {
        data.timecode = reader.read("a time code", be_u32);
        if let Some(timecode) = data.timecode {
            reader.leaf(FieldName::Spec("time code"), 0, &timecode);
        }
        return data;
    }
    data.selector = selector(&mut reader, type_id == MessageTypeId::DATA_AMF3);
    let start = reader.position();
    if reader.is_at_end() {
        reader.note(start, BodyProblem::NameMissing);
        return data;
    }
    let mut first = next_value(&mut reader, FieldName::Spec("name"));
    data.instruction = first
        .as_ref()
        .and_then(Value::as_str)
        .and_then(Instruction::of);
    if data.instruction.is_some() {
        first = next_value(&mut reader, FieldName::Spec("data name"));
    }
    if let Some(name) = first.as_ref().and_then(Value::as_text) {
        data.name = name.clone();
    } else {
        if !reader.is_stopped() {
            reader.note(start, BodyProblem::NameMissing);
        }
        data.values.extend(first);
    }
    while let Some(value) = next_value(&mut reader, FieldName::Index(data.values.len())) {
        data.values.push(value);
    }
    data
}
