//! One value of AMF0 or AMF3, as it was on the wire: every type keeps what only it has.

use std::fmt;

use compact_str::CompactString;

pub use crate::rtmp::amf::reference::Reference;

/// Text from the wire. Foreign: escape before it is shown.
/// Up to 24 bytes, as nearly all names and codes have, need no memory of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Kept);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    Utf8(CompactString),
    Other(Box<NotUtf8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NotUtf8 {
    text: Box<str>,
    /// The bytes on the wire.
    raw: Box<[u8]>,
}

impl Text {
    /// Text from its bytes. Bytes that are not UTF-8 become U+FFFD in [`Self::as_str`].
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::from(text),
            Err(_) => Self(Kept::Other(Box::new(NotUtf8 {
                text: String::from_utf8_lossy(bytes).into(),
                raw: bytes.into(),
            }))),
        }
    }

    /// The text, with U+FFFD for what is not UTF-8.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Utf8(text) => text,
            Kept::Other(other) => &other.text,
        }
    }

    /// The text as the key of a property.
    pub(crate) fn into_key(self) -> Key {
        match self.0 {
            Kept::Utf8(text) => text,
            Kept::Other(other) => Key::from(other.text),
        }
    }

    /// The bytes on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        self.not_utf8().unwrap_or_else(|| self.as_str().as_bytes())
    }

    /// The bytes on the wire if they are not UTF-8.
    pub fn not_utf8(&self) -> Option<&[u8]> {
        match &self.0 {
            Kept::Utf8(_) => None,
            Kept::Other(other) => Some(&other.raw),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Kept::Utf8(CompactString::const_new("")))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Kept::Utf8(text.into()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Name of a property. Foreign text; one of up to 24 bytes needs no memory of its own.
pub type Key = CompactString;

/// Named values in the order of the wire; a key can come more than once. A key that is not UTF-8
/// has U+FFFD in place of the broken bytes.
pub type Properties = Vec<(Key, Value)>;

/// A value of AMF0 or AMF3.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// AMF0 number (section 2.2) or AMF3 double (section 3.7).
    Number(f64),
    /// AMF3 integer (section 3.6): -2^28..2^28.
    Integer(i32),
    /// Boolean (AMF0 section 2.3, AMF3 sections 3.4 and 3.5).
    Boolean(bool),
    /// String (AMF0 section 2.4, AMF3 section 3.8).
    String(Text),
    /// AMF0 long string (section 2.14).
    LongString(Text),
    /// Null (AMF0 section 2.7, AMF3 section 3.3).
    Null,
    /// Undefined (AMF0 section 2.8, AMF3 section 3.2).
    Undefined,
    /// AMF0 marker for a value that its sender cannot encode (section 2.15).
    Unsupported,
    /// Object, anonymous or of a class (AMF0 sections 2.5 and 2.18, AMF3 section 3.12).
    Object(Box<Object>),
    /// AMF0 ECMA array (section 2.10).
    EcmaArray(Box<EcmaArray>),
    /// AMF0 strict array (section 2.12).
    StrictArray(Box<StrictArray>),
    /// AMF3 array (section 3.11): associative part and dense part.
    Array(Box<Array>),
    /// Date (AMF0 section 2.13, AMF3 section 3.10).
    Date {
        /// Milliseconds since 1970-01-01 UTC.
        milliseconds: f64,
        /// Minutes from UTC, as FLV 10.1 annex E.4.4.2 reads the field that AMF0 reserves; AMF3
        /// has none.
        timezone: Option<i16>,
    },
    /// XML document of ActionScript 1 and 2 (AMF0 section 2.17, AMF3 section 3.9).
    XmlDocument(Text),
    /// AMF3 XML of ActionScript 3 (section 3.13).
    Xml(Text),
    /// AMF3 byte array (section 3.14).
    ByteArray(Vec<u8>),
    /// AMF3 vector of int (section 3.15).
    VectorInt(Box<Vector<i32>>),
    /// AMF3 vector of uint.
    VectorUint(Box<Vector<u32>>),
    /// AMF3 vector of double.
    VectorDouble(Box<Vector<f64>>),
    /// AMF3 vector of objects.
    VectorObject(Box<ObjectVector>),
    /// AMF3 dictionary (section 3.16).
    Dictionary(Box<Dictionary>),
    /// AMF3 object that writes itself (section 3.12).
    Externalizable(Box<Externalizable>),
    /// A value that was sent before in this message (AMF0 section 2.9, AMF3 section 2.2).
    Reference(Reference),
    /// AMF0 switch to AMF3 for one value (AMF0 section 3.1).
    AvmPlus(Box<Value>),
}

/// An object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// Class name; `None` for an anonymous object.
    pub class_name: Option<Text>,
    /// How many of the properties, from the first, are members of the class (AMF3 "sealed").
    pub sealed: usize,
    /// Its properties.
    pub properties: Properties,
}

/// An AMF0 ECMA array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EcmaArray {
    /// The count on the wire, which many senders get wrong.
    pub declared: u32,
    /// Its properties.
    pub properties: Properties,
}

/// An AMF0 strict array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StrictArray {
    /// The count on the wire.
    pub declared: u32,
    /// Its values.
    pub items: Vec<Value>,
}

/// An AMF3 array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Array {
    /// The associative part.
    pub associative: Properties,
    /// The dense part.
    pub dense: Vec<Value>,
}

/// An AMF3 vector of numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vector<T> {
    /// Whether its length is fixed.
    pub fixed: bool,
    /// Its numbers.
    pub items: Vec<T>,
}

/// An AMF3 vector of objects.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectVector {
    /// Whether its length is fixed.
    pub fixed: bool,
    /// Name of the base type; `*` for any.
    pub type_name: Text,
    /// Its values.
    pub items: Vec<Value>,
}

/// An AMF3 dictionary.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dictionary {
    /// Whether its keys are held weakly.
    pub weak_keys: bool,
    /// Keys with their values.
    pub entries: Vec<(Value, Value)>,
}

/// An AMF3 object that writes itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Externalizable {
    /// Class name.
    pub class_name: Text,
    /// What it wrote.
    pub body: ExternalBody,
}

/// What an externalizable object wrote.
#[derive(Debug, Clone, PartialEq)]
pub enum ExternalBody {
    /// One AMF3 value: the wrappers of Flex.
    Value(Value),
    /// Bytes in an encoding that only its peers know, to the end of the message.
    Opaque(Vec<u8>),
}

impl Value {
    /// The word for its type, the same in every record and view.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Integer(_) => "integer",
            Self::Boolean(_) => "boolean",
            Self::String(_) => "string",
            Self::LongString(_) => "long_string",
            Self::Null => "null",
            Self::Undefined => "undefined",
            Self::Unsupported => "unsupported",
            Self::Object(object) if object.class_name.is_some() => "typed_object",
            Self::Object(_) => "object",
            Self::EcmaArray(_) => "ecma_array",
            Self::StrictArray(_) => "strict_array",
            Self::Array(_) => "array",
            Self::Date { .. } => "date",
            Self::XmlDocument(_) => "xml_document",
            Self::Xml(_) => "xml",
            Self::ByteArray(_) => "byte_array",
            Self::VectorInt(_) => "vector_int",
            Self::VectorUint(_) => "vector_uint",
            Self::VectorDouble(_) => "vector_double",
            Self::VectorObject(_) => "vector_object",
            Self::Dictionary(_) => "dictionary",
            Self::Externalizable(_) => "externalizable",
            Self::Reference(_) => "reference",
            Self::AvmPlus(_) => "avm_plus",
        }
    }

    /// The value behind the switch to AMF3 and behind wrappers that hold exactly one value.
    pub fn plain(&self) -> &Self {
        let mut value = self;
        loop {
            value = match value {
                Self::AvmPlus(inner) => inner,
                Self::Externalizable(external) => match &external.body {
                    ExternalBody::Value(inner) => inner,
                    ExternalBody::Opaque(_) => return value,
                },
                _ => return value,
            };
        }
    }

    /// The text of a string of any kind.
    pub fn as_text(&self) -> Option<&Text> {
        match self.plain() {
            Self::String(text)
            | Self::LongString(text)
            | Self::XmlDocument(text)
            | Self::Xml(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string of any kind.
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }

    /// A number or an integer.
    pub fn as_f64(&self) -> Option<f64> {
        match self.plain() {
            Self::Number(number) => Some(*number),
            Self::Integer(integer) => Some(f64::from(*integer)),
            _ => None,
        }
    }

    /// A number that is whole and fits, so that it can be an id, a count or a code.
    pub fn as_u32(&self) -> Option<u32> {
        let number = self.as_f64()?;
        if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole and in range just above"
        )]
        Some(number as u32)
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain() {
            Self::Boolean(boolean) => Some(*boolean),
            _ => None,
        }
    }

    /// Whether text can lie in it: not in a number and its like.
    pub(crate) fn may_hold_text(&self) -> bool {
        !matches!(
            self,
            Self::Number(_) | Self::Integer(_) | Self::Boolean(_) | Self::Null | Self::Undefined
        )
    }

    /// Whether it is null or undefined.
    pub fn is_nothing(&self) -> bool {
        matches!(self.plain(), Self::Null | Self::Undefined)
    }

    /// The properties of an object or array; none for anything else.
    pub fn properties(&self) -> &[(Key, Self)] {
        match self.plain() {
            Self::Object(object) => &object.properties,
            Self::EcmaArray(array) => &array.properties,
            Self::Array(array) => &array.associative,
            _ => &[],
        }
    }

    /// The values of an array or of a vector of objects; none for anything else.
    pub fn items(&self) -> &[Self] {
        match self.plain() {
            Self::StrictArray(array) => &array.items,
            Self::Array(array) => &array.dense,
            Self::VectorObject(vector) => &vector.items,
            _ => &[],
        }
    }

    /// The property with exactly this key; the last one where the key comes more than once, since
    /// a later assignment overwrites an earlier one.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.properties()
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The text of the property with exactly this key.
    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The number of the property with exactly this key.
    pub fn get_f64(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64()
    }
}

impl fmt::Display for Value {
    /// The value itself where it is a single one, else its kind and size. Foreign text: not
    /// escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write_number(f, *number),
            Self::Integer(integer) => integer.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
            Self::String(text)
            | Self::LongString(text)
            | Self::XmlDocument(text)
            | Self::Xml(text) => text.fmt(f),
            Self::Null | Self::Undefined | Self::Unsupported => f.write_str(self.kind()),
            Self::Object(object) => {
                match &object.class_name {
                    Some(class_name) => write!(f, "{class_name}")?,
                    None => f.write_str("object")?,
                }
                write!(f, ", {} properties", object.properties.len())
            }
            Self::EcmaArray(array) => {
                write!(f, "ECMA array, {} properties", array.properties.len())
            }
            Self::StrictArray(array) => write!(f, "strict array, {} values", array.items.len()),
            Self::Array(array) => write!(
                f,
                "array, {} values, {} properties",
                array.dense.len(),
                array.associative.len()
            ),
            Self::Date {
                milliseconds,
                timezone,
            } => {
                write_number(f, *milliseconds)?;
                f.write_str(" ms since 1970")?;
                match timezone {
                    Some(minutes) if *minutes != 0 => write!(f, ", {minutes} min from UTC"),
                    _ => Ok(()),
                }
            }
            Self::ByteArray(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::VectorInt(vector) => write!(f, "{} ints", vector.items.len()),
            Self::VectorUint(vector) => write!(f, "{} uints", vector.items.len()),
            Self::VectorDouble(vector) => write!(f, "{} doubles", vector.items.len()),
            Self::VectorObject(vector) => {
                write!(f, "{} of {}", vector.items.len(), vector.type_name)
            }
            Self::Dictionary(dictionary) => {
                write!(f, "dictionary, {} entries", dictionary.entries.len())
            }
            Self::Externalizable(external) => match &external.body {
                ExternalBody::Value(_) => external.class_name.fmt(f),
                ExternalBody::Opaque(bytes) => {
                    write!(f, "{}, {} opaque bytes", external.class_name, bytes.len())
                }
            },
            Self::Reference(reference) => match reference.target {
                Some(target) => write!(f, "reference {} to {}", reference.index, target.kind),
                None => write!(f, "reference {} to nothing", reference.index),
            },
            Self::AvmPlus(value) => value.fmt(f),
        }
    }
}

/// Plain digits where they are few, else an exponent: a double can have 300 digits.
fn write_number(f: &mut fmt::Formatter<'_>, number: f64) -> fmt::Result {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e17).contains(&size) || !size.is_finite() {
        write!(f, "{number}")
    } else {
        write!(f, "{number:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(properties: Vec<(&str, Value)>) -> Value {
        Value::Object(Box::new(Object {
            properties: properties
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
            ..Object::default()
        }))
    }

    #[test]
    fn text_that_is_not_utf8_keeps_its_bytes() {
        let latin1 = Text::from_bytes(b"caf\xe9");
        assert_eq!(latin1.as_str(), "caf\u{fffd}");
        assert_eq!(latin1.as_bytes(), b"caf\xe9");
        assert_eq!(Text::from("café").not_utf8(), None);
    }

    #[test]
    fn keys_match_exactly_and_the_last_of_equal_keys_counts() {
        let value = object(vec![
            ("codec", Value::Number(7.0)),
            ("code", Value::Number(1.0)),
            ("code", Value::Number(2.0)),
        ]);
        assert_eq!(value.get_f64("code"), Some(2.0));
        assert_eq!(value.get("cod"), None);
        assert_eq!(value.get("Code"), None);
    }

    #[test]
    fn only_whole_numbers_are_ids() {
        assert_eq!(Value::Number(1.0).as_u32(), Some(1));
        assert_eq!(Value::Number(4_294_967_295.0).as_u32(), Some(u32::MAX));
        assert_eq!(Value::Number(4_294_967_296.0).as_u32(), None);
        assert_eq!(Value::Number(-1.0).as_u32(), None);
        assert_eq!(Value::Number(1.5).as_u32(), None);
        assert_eq!(Value::Number(f64::NAN).as_u32(), None);
        assert_eq!(Value::Integer(3).as_u32(), Some(3));
    }

    #[test]
    fn a_value_stays_small() {
        assert!(size_of::<Value>() <= 40, "{}", size_of::<Value>());
    }

    #[test]
    fn numbers_are_written_readably() {
        assert_eq!(Value::Number(0.1).to_string(), "0.1");
        assert_eq!(Value::Number(1_048_576.0).to_string(), "1048576");
        assert_eq!(Value::Number(1e300).to_string(), "1e300");
        assert_eq!(Value::Number(f64::NAN).to_string(), "NaN");
        assert_eq!(Value::Number(-0.0).to_string(), "-0");
    }

    #[test]
    fn the_switch_to_amf3_is_looked_through() {
        let value = Value::AvmPlus(Box::new(Value::Integer(5)));
        assert_eq!(value.as_f64(), Some(5.0));
        assert_eq!(value.kind(), "avm_plus");
    }
}
