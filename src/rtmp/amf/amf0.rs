//! AMF0 (Adobe, "Action Message Format -- AMF 0", 2007), as tolerant as senders need it.

use nom::Parser;
use nom::multi::length_data;
use nom::number::complete::be_f64;
use nom::number::complete::be_i16;
use nom::number::complete::be_u8;
use nom::number::complete::be_u16;
use nom::number::complete::be_u32;

use crate::rtmp::amf::reader::Reader;
use crate::rtmp::amf::reference::ReferenceTable;
use crate::rtmp::amf::value::EcmaArray;
use crate::rtmp::amf::value::Object;
use crate::rtmp::amf::value::Properties;
use crate::rtmp::amf::value::StrictArray;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::field::NoFields;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;

#[cfg(test)]
mod tests;

/// Type markers (section 2.1).
pub mod marker {
    /// Number (section 2.2).
    pub const NUMBER: u8 = 0x00;
    /// Boolean (section 2.3).
    pub const BOOLEAN: u8 = 0x01;
    /// String of up to 65535 bytes (section 2.4).
    pub const STRING: u8 = 0x02;
    /// Anonymous object (section 2.5).
    pub const OBJECT: u8 = 0x03;
    /// Reserved (section 2.6).
    pub const MOVIE_CLIP: u8 = 0x04;
    /// Null (section 2.7).
    pub const NULL: u8 = 0x05;
    /// Undefined (section 2.8).
    pub const UNDEFINED: u8 = 0x06;
    /// Reference (section 2.9).
    pub const REFERENCE: u8 = 0x07;
    /// ECMA array (section 2.10).
    pub const ECMA_ARRAY: u8 = 0x08;
    /// End of the properties of an object or ECMA array, behind an empty key (section 2.11).
    pub const OBJECT_END: u8 = 0x09;
    /// Strict array (section 2.12).
    pub const STRICT_ARRAY: u8 = 0x0a;
    /// Date (section 2.13).
    pub const DATE: u8 = 0x0b;
    /// String with a length of four bytes (section 2.14).
    pub const LONG_STRING: u8 = 0x0c;
    /// A value that its sender cannot encode (section 2.15).
    pub const UNSUPPORTED: u8 = 0x0d;
    /// Reserved (section 2.16).
    pub const RECORD_SET: u8 = 0x0e;
    /// XML document (section 2.17).
    pub const XML_DOCUMENT: u8 = 0x0f;
    /// Object of a class (section 2.18).
    pub const TYPED_OBJECT: u8 = 0x10;
    /// Switch to AMF3 for one value (section 3.1).
    pub const AVM_PLUS: u8 = 0x11;
}

/// An empty key and the object end marker (section 2.11). Behind the last value of a message it is
/// a habit of some FLV writers and without harm.
const OBJECT_END: [u8; 3] = [0, 0, marker::OBJECT_END];

/// Bytes of an AMF0 number with its marker: fewer zero bytes than this at the end of a message are
/// padding.
const NUMBER_LEN: usize = 9;

/// All the values of an AMF0 body, and what is odd in it.
pub fn parse(body: &[u8], fields: &mut impl FieldSink) -> (Vec<Value>, Vec<Problem>) {
    let mut problems = Vec::new();
    let values = Reader::new(body, 0, fields, &mut problems).amf0_values(0);
    (values, problems)
}

/// Takes any bytes: the body of a fuzz target.
pub fn fuzz_amf0(data: &[u8]) {
    let _ = parse(data, &mut NoFields);
}

impl<F: FieldSink> Reader<'_, F> {
    /// Values to the end of the message. Their names are their indexes, the first is
    /// `first_index`.
    pub fn amf0_values(&mut self, first_index: usize) -> Vec<Value> {
        let mut values = Vec::new();
        while !self.is_at_end() && !self.is_stopped() && !self.amf0_trailer() {
            let name = FieldName::Index(first_index.saturating_add(values.len()));
            let start = self.position();
            values.extend(self.amf0_value(name, start));
        }
        values
    }

    /// Reads over what stands behind the last value, if the next bytes are no value: an object
    /// end, padding, or a marker that cannot be.
    pub fn amf0_trailer(&mut self) -> bool {
        let start = self.position();
        let rest = self.rest();
        if rest == OBJECT_END {
            self.skip_rest();
            self.leaf(FieldName::Spec("object end"), start, &"");
            return true;
        }
        let padding = rest.len() < NUMBER_LEN && rest.iter().all(|byte| *byte == 0);
        let no_marker = rest
            .first()
            .is_some_and(|byte| *byte > marker::AVM_PLUS || *byte == marker::OBJECT_END);
        if rest.is_empty() || !(padding || no_marker) {
            return false;
        }
        let count = rest.len();
        self.skip_rest();
        self.note(start, BodyProblem::AmfTrailingBytes { count });
        self.leaf(FieldName::Spec("trailing bytes"), start, &count);
        true
    }

    /// One value. Its field begins at `start`, which lies before the marker where a key belongs to
    /// it. `None` means that reading stopped before anything of it was understood; a value whose
    /// later part is broken comes with what precedes.
    pub fn amf0_value(&mut self, name: FieldName<'_>, start: usize) -> Option<Value> {
        let at = self.position();
        let marker = self.read("a value", be_u8)?;
        self.count_value()?;
        let value = match marker {
            marker::NUMBER => {
                let number = self.read("a number", be_f64)?;
                return Some(self.number(name, start, number));
            }
            marker::BOOLEAN => Value::Boolean(self.read("a boolean", be_u8)? != 0),
            marker::STRING => Value::String(self.amf0_text("a string")?),
            marker::LONG_STRING => Value::LongString(self.amf0_long_text("a long string")?),
            marker::XML_DOCUMENT => Value::XmlDocument(self.amf0_long_text("an XML document")?),
            marker::NULL => Value::Null,
            marker::UNDEFINED => Value::Undefined,
            marker::UNSUPPORTED => Value::Unsupported,
            marker::REFERENCE => {
                let index = self.read("a reference", be_u16)?;
                self.reference(at, ReferenceTable::Amf0Objects, index.into())
            }
            marker::DATE => Value::Date {
                milliseconds: self.read("a date", be_f64)?,
                timezone: Some(self.read("the time zone of a date", be_i16)?),
            },
            marker::OBJECT | marker::TYPED_OBJECT | marker::ECMA_ARRAY | marker::STRICT_ARRAY => {
                return self.amf0_container(name, start, at, marker);
            }
            marker::AVM_PLUS => {
                let value = self.deeper(at, |reader| reader.amf3_value(name, start))?;
                return Some(Value::AvmPlus(Box::new(value)));
            }
            marker::MOVIE_CLIP | marker::RECORD_SET => {
                self.stop(at, BodyProblem::AmfReservedMarker { marker });
                return None;
            }
            _ => {
                self.stop(at, BodyProblem::AmfUnknownMarker { marker });
                return None;
            }
        };
        self.leaf(name, start, &value);
        Some(value)
    }

    /// An object or array whose marker, at `at`, was read.
    fn amf0_container(
        &mut self,
        name: FieldName<'_>,
        start: usize,
        at: usize,
        marker: u8,
    ) -> Option<Value> {
        self.deeper(at, |reader| {
            let kind = match marker {
                marker::OBJECT => "object",
                marker::TYPED_OBJECT => "typed_object",
                marker::ECMA_ARRAY => "ecma_array",
                _ => "strict_array",
            };
            let index = reader.enter(ReferenceTable::Amf0Objects, kind, at);
            reader.fields.open(name, start);
            let value = match marker {
                marker::OBJECT => Some(reader.amf0_object(None)),
                marker::TYPED_OBJECT => {
                    let class_at = reader.position();
                    reader.amf0_text("a class name").map(|class_name| {
                        reader.leaf(FieldName::Spec("class name"), class_at, &class_name);
                        reader.amf0_object(Some(class_name))
                    })
                }
                marker::ECMA_ARRAY => reader.amf0_ecma_array(at),
                _ => reader.amf0_strict_array(at),
            };
            reader.leave(ReferenceTable::Amf0Objects, index);
            match &value {
                Some(value) => reader.fields.close(reader.position(), value),
                None => reader.fields.close(reader.position(), &kind),
            }
            value
        })
    }

    fn amf0_object(&mut self, class_name: Option<Text>) -> Value {
        Value::Object(Box::new(Object {
            class_name,
            sealed: 0,
            properties: self.amf0_properties(),
        }))
    }

    /// The count is a hint at best (FLV 10.1 annex E.4.4.2 calls it approximate): the end marker
    /// decides.
    fn amf0_ecma_array(&mut self, at: usize) -> Option<Value> {
        let declared = self.amf0_count()?;
        let properties = self.amf0_properties();
        let found = properties.len();
        if !self.is_stopped() && usize::try_from(declared) != Ok(found) {
            self.note(at, BodyProblem::AmfEcmaCount { declared, found });
        }
        Some(Value::EcmaArray(Box::new(EcmaArray {
            declared,
            properties,
        })))
    }

    /// A strict array has no end marker, so the count decides, as far as the message reaches.
    fn amf0_strict_array(&mut self, at: usize) -> Option<Value> {
        let declared = self.amf0_count()?;
        let mut items = Vec::new();
        for index in 0..usize::try_from(declared).unwrap_or(usize::MAX) {
            if self.is_stopped() {
                break;
            }
            if self.is_at_end() {
                let found = items.len();
                self.note(at, BodyProblem::AmfStrictCount { declared, found });
                break;
            }
            let start = self.position();
            items.extend(self.amf0_value(FieldName::Index(index), start));
        }
        Some(Value::StrictArray(Box::new(StrictArray {
            declared,
            items,
        })))
    }

    fn amf0_count(&mut self) -> Option<u32> {
        let start = self.position();
        let count = self.read("the count of an array", be_u32)?;
        self.leaf(FieldName::Spec("count"), start, &count);
        Some(count)
    }

    /// Properties to the object end marker, or to the end of the message where a sender omits it.
    fn amf0_properties(&mut self) -> Properties {
        let mut properties = Properties::new();
        while !self.is_stopped() {
            let start = self.position();
            let rest = self.rest();
            if matches!(rest, [] | [0] | [0, 0]) {
                self.amf0_missing_end(start);
                break;
            }
            if rest.starts_with(&OBJECT_END) {
                self.read_bytes("an object end", OBJECT_END.len());
                self.leaf(FieldName::Spec("object end"), start, &"");
                break;
            }
            let Some(key) = self.amf0_text("a property name") else {
                break;
            };
            if self.peek() == Some(marker::OBJECT_END) {
                self.read("an object end", be_u8);
                self.note(start, BodyProblem::AmfStrayObjectEnd);
                self.leaf(FieldName::Spec("object end"), start, &"");
                break;
            }
            if key.as_str().is_empty() {
                self.note(start, BodyProblem::AmfEmptyKey);
            }
            self.check_duplicate(start, key.as_str(), &properties);
            if let Some(value) = self.amf0_value(FieldName::Key(key.as_str()), start) {
                properties.push((key.into_key(), value));
            }
        }
        properties
    }

    /// The message ends where an object end is due. Of several objects open there, the innermost
    /// says so for all.
    fn amf0_missing_end(&mut self, start: usize) {
        let said = self.last_problem() == Some(&BodyProblem::AmfMissingObjectEnd);
        if !self.skip_rest().is_empty() {
            self.leaf(FieldName::Spec("object end"), start, &"cut short");
        } else if said {
            return;
        }
        self.note(start, BodyProblem::AmfMissingObjectEnd);
    }

    /// A string with a length of two bytes and without marker.
    pub fn amf0_text(&mut self, what: &'static str) -> Option<Text> {
        let bytes = self.read(what, |input| length_data(be_u16).parse(input))?;
        Some(self.text(self.position().saturating_sub(bytes.len()), bytes))
    }

    fn amf0_long_text(&mut self, what: &'static str) -> Option<Text> {
        let bytes = self.read(what, |input| length_data(be_u32).parse(input))?;
        Some(self.text(self.position().saturating_sub(bytes.len()), bytes))
    }
}
