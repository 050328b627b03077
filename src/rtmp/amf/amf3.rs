//! AMF3 (Adobe, "Action Message Format -- AMF 3", January 2013). It stands behind the AVM+ marker
//! of AMF0, one value at a time; the reference tables hold for the whole message.

use nom::IResult;
use nom::number::complete::be_f64;
use nom::number::complete::be_i32;
use nom::number::complete::be_u8;
use nom::number::complete::be_u32;

use crate::rtmp::amf::reader::Reader;
use crate::rtmp::amf::reader::Span;
use crate::rtmp::amf::reference::Reference;
use crate::rtmp::amf::reference::ReferenceTable;
use crate::rtmp::amf::value::Array;
use crate::rtmp::amf::value::Dictionary;
use crate::rtmp::amf::value::ObjectVector;
use crate::rtmp::amf::value::Properties;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::amf::value::Vector;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::field::NoFields;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;

mod object;
#[cfg(test)]
mod tests;

/// Type markers (section 3.1).
pub mod marker {
    /// Undefined (section 3.2).
    pub const UNDEFINED: u8 = 0x00;
    /// Null (section 3.3).
    pub const NULL: u8 = 0x01;
    /// False (section 3.4).
    pub const FALSE: u8 = 0x02;
    /// True (section 3.5).
    pub const TRUE: u8 = 0x03;
    /// Integer (section 3.6).
    pub const INTEGER: u8 = 0x04;
    /// Double (section 3.7).
    pub const DOUBLE: u8 = 0x05;
    /// String (section 3.8).
    pub const STRING: u8 = 0x06;
    /// Legacy XML document (section 3.9).
    pub const XML_DOCUMENT: u8 = 0x07;
    /// Date (section 3.10).
    pub const DATE: u8 = 0x08;
    /// Array (section 3.11).
    pub const ARRAY: u8 = 0x09;
    /// Object (section 3.12).
    pub const OBJECT: u8 = 0x0a;
    /// XML (section 3.13).
    pub const XML: u8 = 0x0b;
    /// Byte array (section 3.14).
    pub const BYTE_ARRAY: u8 = 0x0c;
    /// Vector of int (section 3.15).
    pub const VECTOR_INT: u8 = 0x0d;
    /// Vector of uint.
    pub const VECTOR_UINT: u8 = 0x0e;
    /// Vector of double.
    pub const VECTOR_DOUBLE: u8 = 0x0f;
    /// Vector of objects.
    pub const VECTOR_OBJECT: u8 = 0x10;
    /// Dictionary (section 3.16).
    pub const DICTIONARY: u8 = 0x11;
}

/// What stands for a string whose reference names nothing, where only text can stand.
const UNKNOWN_TEXT: &str = "\u{fffd}";

/// All the values of a pure AMF3 body, and what is odd in it.
pub fn parse(body: &[u8], fields: &mut impl FieldSink) -> (Vec<Value>, Vec<Problem>) {
    let mut problems = Vec::new();
    let values = Reader::new(body, 0, fields, &mut problems).amf3_values(0);
    (values, problems)
}

/// Takes any bytes: the body of a fuzz target.
pub fn fuzz_amf3(data: &[u8]) {
    let _ = parse(data, &mut NoFields);
}

/// An unsigned integer of 29 bits in one to four bytes (section 1.3.1): seven bits each, a set top
/// bit announces another byte, and the fourth byte has all its eight bits for the value.
pub(crate) fn u29(input: &[u8]) -> IResult<&[u8], u32> {
    let mut rest = input;
    let mut value = 0_u32;
    for _ in 0..3 {
        let (after, byte) = be_u8(rest)?;
        rest = after;
        value = value << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok((rest, value));
        }
    }
    let (rest, byte) = be_u8(rest)?;
    Ok((rest, value << 8 | u32::from(byte)))
}

/// The signed integer that 29 bits stand for (section 3.6).
fn sign_extended(value: u32) -> i32 {
    (value << 3).cast_signed() >> 3
}

/// The first number of a value that can be sent by reference: its low bit tells which it is.
enum Header {
    Reference(u32),
    /// The remaining bits: a length, a count, or flags.
    Inline(u32),
}

/// Where a string was found.
enum Found {
    Inline(Span),
    Before(Span),
    /// Its index names nothing.
    Nothing(u32),
}

fn header(input: &[u8]) -> IResult<&[u8], Header> {
    let (rest, value) = u29(input)?;
    let bits = value >> 1;
    let header = if value & 1 == 0 {
        Header::Reference(bits)
    } else {
        Header::Inline(bits)
    };
    Ok((rest, header))
}

fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl<'a, F: FieldSink> Reader<'a, F> {
    /// Values to the end of the message. Their names are their indexes, the first is
    /// `first_index`.
    pub fn amf3_values(&mut self, first_index: usize) -> Vec<Value> {
        let mut values = Vec::new();
        while !self.is_at_end() && !self.is_stopped() {
            let name = FieldName::Index(first_index.saturating_add(values.len()));
            let start = self.position();
            values.extend(self.amf3_value(name, start));
        }
        values
    }

    /// One value. Its field begins at `start`, which lies before the marker where a key or the
    /// AVM+ marker belongs to it. `None` means that reading stopped before anything of it was
    /// understood; a value whose later part is broken comes with what precedes.
    pub fn amf3_value(&mut self, name: FieldName<'_>, start: usize) -> Option<Value> {
        let at = self.position();
        let marker = self.read("a value", be_u8)?;
        self.count_value()?;
        let value = match marker {
            marker::UNDEFINED => Value::Undefined,
            marker::NULL => Value::Null,
            marker::FALSE => Value::Boolean(false),
            marker::TRUE => Value::Boolean(true),
            marker::INTEGER => Value::Integer(sign_extended(self.read("an integer", u29)?)),
            marker::DOUBLE => {
                let number = self.read("a double", be_f64)?;
                return Some(self.number(name, start, number));
            }
            marker::STRING => self.amf3_string(at)?,
            marker::XML_DOCUMENT..=marker::DICTIONARY => {
                return self.amf3_complex(name, start, at, marker);
            }
            _ => {
                self.stop(at, BodyProblem::AmfUnknownMarker { marker });
                return None;
            }
        };
        self.leaf(name, start, &value);
        Some(value)
    }

    fn amf3_string(&mut self, at: usize) -> Option<Value> {
        Some(match self.amf3_found("a string")? {
            Found::Inline(span) => Value::String(self.amf3_inline_text(span)),
            Found::Before(span) => Value::String(self.repeated_text(span)?),
            Found::Nothing(index) => {
                self.note(at, BodyProblem::AmfBadReference { index });
                Value::Reference(Reference {
                    table: ReferenceTable::Amf3Strings,
                    index,
                    target: None,
                })
            }
        })
    }

    /// A value with an index in the object table, or a reference to one.
    fn amf3_complex(
        &mut self,
        name: FieldName<'_>,
        start: usize,
        at: usize,
        marker: u8,
    ) -> Option<Value> {
        let bits = match self.read("the header of a value", header)? {
            Header::Inline(bits) => bits,
            Header::Reference(index) => {
                let value = self.reference(at, ReferenceTable::Amf3Objects, index);
                self.leaf(name, start, &value);
                return Some(value);
            }
        };
        let kind = kind_of(marker);
        let index = self.enter(ReferenceTable::Amf3Objects, kind, at);
        let value = match marker {
            marker::ARRAY
            | marker::OBJECT
            | marker::VECTOR_INT..=marker::VECTOR_OBJECT
            | marker::DICTIONARY => {
                self.fields.open(name, start);
                let value = self.deeper(at, |reader| reader.amf3_container(marker, bits));
                match &value {
                    Some(value) => self.fields.close(self.position(), value),
                    None => self.fields.close(self.position(), &kind),
                }
                value
            }
            _ => {
                let value = self.amf3_leaf(marker, bits)?;
                self.leaf(name, start, &value);
                Some(value)
            }
        };
        self.leave(ReferenceTable::Amf3Objects, index);
        value
    }

    fn amf3_leaf(&mut self, marker: u8, bits: u32) -> Option<Value> {
        Some(match marker {
            marker::DATE => Value::Date {
                milliseconds: self.read("a date", be_f64)?,
                timezone: None,
            },
            marker::XML_DOCUMENT | marker::XML => {
                let at = self.position();
                let bytes = self.read_bytes("XML", to_usize(bits))?;
                let text = self.text(at, bytes);
                if marker == marker::XML {
                    Value::Xml(text)
                } else {
                    Value::XmlDocument(text)
                }
            }
            _ => Value::ByteArray(self.read_bytes("a byte array", to_usize(bits))?.to_vec()),
        })
    }

    fn amf3_container(&mut self, marker: u8, bits: u32) -> Option<Value> {
        Some(match marker {
            marker::ARRAY => self.amf3_array(bits),
            marker::OBJECT => return self.amf3_object(bits),
            marker::VECTOR_INT => {
                let (fixed, items) = self.amf3_numbers(bits, be_i32)?;
                Value::VectorInt(Box::new(Vector { fixed, items }))
            }
            marker::VECTOR_UINT => {
                let (fixed, items) = self.amf3_numbers(bits, be_u32)?;
                Value::VectorUint(Box::new(Vector { fixed, items }))
            }
            marker::VECTOR_DOUBLE => {
                let (fixed, items) = self.amf3_numbers(bits, be_f64)?;
                Value::VectorDouble(Box::new(Vector { fixed, items }))
            }
            marker::VECTOR_OBJECT => {
                let fixed = self.amf3_flag("fixed length")?;
                let at = self.position();
                let type_name = self.amf3_text("the base type of a vector")?;
                self.leaf(FieldName::Spec("base type"), at, &type_name);
                let items = self.amf3_items(bits);
                Value::VectorObject(Box::new(ObjectVector {
                    fixed,
                    type_name,
                    items,
                }))
            }
            _ => {
                let weak_keys = self.amf3_flag("weak keys")?;
                let entries = self.amf3_entries(bits);
                Value::Dictionary(Box::new(Dictionary { weak_keys, entries }))
            }
        })
    }

    /// The count of the dense part stands first, the associative part comes before its values
    /// (section 3.11).
    fn amf3_array(&mut self, count: u32) -> Value {
        let associative = self.amf3_pairs();
        let dense = self.amf3_items(count);
        Value::Array(Box::new(Array { associative, dense }))
    }

    fn amf3_items(&mut self, count: u32) -> Vec<Value> {
        let mut items = Vec::new();
        for index in 0..to_usize(count) {
            if self.is_stopped() {
                break;
            }
            let start = self.position();
            items.extend(self.amf3_value(FieldName::Index(index), start));
        }
        items
    }

    fn amf3_numbers<T: std::fmt::Display>(
        &mut self,
        count: u32,
        mut number: impl FnMut(&'a [u8]) -> IResult<&'a [u8], T>,
    ) -> Option<(bool, Vec<T>)> {
        let fixed = self.amf3_flag("fixed length")?;
        let mut items = Vec::new();
        for index in 0..to_usize(count) {
            let start = self.position();
            let Some(item) = self.read("a number of a vector", &mut number) else {
                break;
            };
            self.leaf(FieldName::Index(index), start, &item);
            items.push(item);
        }
        Some((fixed, items))
    }

    fn amf3_entries(&mut self, count: u32) -> Vec<(Value, Value)> {
        let mut entries = Vec::new();
        for _ in 0..count {
            let start = self.position();
            let Some(key) = self.amf3_value(FieldName::Spec("key"), start) else {
                break;
            };
            let start = self.position();
            let Some(value) = self.amf3_value(FieldName::Spec("value"), start) else {
                break;
            };
            entries.push((key, value));
            if self.is_stopped() {
                break;
            }
        }
        entries
    }

    /// Pairs of key and value to an empty key.
    fn amf3_pairs(&mut self) -> Properties {
        let mut properties = Properties::new();
        while !self.is_stopped() {
            let start = self.position();
            let Some(key) = self.amf3_text("a property name") else {
                break;
            };
            if key.as_str().is_empty() {
                self.leaf(FieldName::Spec("end of names"), start, &"");
                break;
            }
            self.check_duplicate(start, key.as_str(), &properties);
            if let Some(value) = self.amf3_value(FieldName::Key(key.as_str()), start) {
                properties.push((key.into_key(), value));
            }
        }
        properties
    }

    fn amf3_flag(&mut self, name: &'static str) -> Option<bool> {
        let start = self.position();
        let flag = self.read("a flag", be_u8)? != 0;
        self.leaf(FieldName::Spec(name), start, &flag);
        Some(flag)
    }

    /// A string without marker, as names are written.
    pub fn amf3_text(&mut self, what: &'static str) -> Option<Text> {
        let at = self.position();
        match self.amf3_found(what)? {
            Found::Inline(span) => Some(self.amf3_inline_text(span)),
            Found::Before(span) => self.repeated_text(span),
            Found::Nothing(index) => {
                self.note(at, BodyProblem::AmfBadReference { index });
                Some(Text::from(UNKNOWN_TEXT))
            }
        }
    }

    fn amf3_inline_text(&mut self, span: Span) -> Text {
        self.text(span.start, self.bytes_of(span))
    }

    /// Finds a string, here or in the table (section 1.3.2). The empty string never enters the
    /// table.
    fn amf3_found(&mut self, what: &'static str) -> Option<Found> {
        match self.read(what, header)? {
            Header::Reference(index) => Some(match self.amf3_strings.get(to_usize(index)) {
                Some(span) => Found::Before(*span),
                None => Found::Nothing(index),
            }),
            Header::Inline(len) => {
                let start = self.position();
                let len = self.read_bytes(what, to_usize(len))?.len();
                let span = Span { start, len };
                if len > 0 {
                    self.amf3_strings.push(span);
                }
                Some(Found::Inline(span))
            }
        }
    }
}

/// The word for a type that can be sent by reference, as [`Value::kind`] has it.
fn kind_of(marker: u8) -> &'static str {
    match marker {
        marker::XML_DOCUMENT => "xml_document",
        marker::DATE => "date",
        marker::ARRAY => "array",
        marker::OBJECT => "object",
        marker::XML => "xml",
        marker::BYTE_ARRAY => "byte_array",
        marker::VECTOR_INT => "vector_int",
        marker::VECTOR_UINT => "vector_uint",
        marker::VECTOR_DOUBLE => "vector_double",
        marker::VECTOR_OBJECT => "vector_object",
        _ => "dictionary",
    }
}
