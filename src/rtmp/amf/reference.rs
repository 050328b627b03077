//! References: values that stand for one sent before in the same message, by its index in one of
//! the message's tables. They stay references, since an object can hold itself and a few bytes
//! can name the same megabyte a thousand times.

use crate::rtmp::amf::value::ExternalBody;
use crate::rtmp::amf::value::Value;

/// Which of a message's reference tables an index belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferenceTable {
    /// Objects and arrays in AMF0 (section 2.9).
    Amf0Objects,
    /// Objects, arrays, dates, XML, byte arrays, vectors and dictionaries in AMF3 (section 2.2).
    Amf3Objects,
    /// Strings in AMF3: only an index that names nothing stays a reference.
    Amf3Strings,
}

/// A reference to a value sent before. [`resolve`] finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The table.
    pub table: ReferenceTable,
    /// Index in the table, from 0.
    pub index: u32,
    /// What the index names; `None` if nothing.
    pub target: Option<Target>,
}

/// What a reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its kind, in the words of [`Value::kind`].
    pub kind: &'static str,
    /// Where in the message body it begins.
    pub offset: usize,
    /// Whether the reference lies inside what it names.
    pub encloses: bool,
}

/// The value that a reference names, among all the values of its message in the order of the
/// wire. The answer can enclose the reference: who follows references must bound the depth.
/// `amf3` says whether the message began in AMF3, as a shared object can.
pub fn resolve<'v>(
    values: impl IntoIterator<Item = &'v Value>,
    reference: &Reference,
    amf3: bool,
) -> Option<&'v Value> {
    reference.target?;
    let mut left = reference.index;
    for value in values {
        if let Some(found) = nth_counted(value, reference.table, amf3, &mut left) {
            return Some(found);
        }
    }
    None
}

fn nth_counted<'v>(
    value: &'v Value,
    table: ReferenceTable,
    amf3: bool,
    left: &mut u32,
) -> Option<&'v Value> {
    if value.is_counted(table, amf3) {
        let Some(fewer) = left.checked_sub(1) else {
            return Some(value);
        };
        *left = fewer;
    }
    let amf3 = amf3 || matches!(value, Value::AvmPlus(_));
    value
        .parts()
        .into_iter()
        .find_map(|part| nth_counted(part, table, amf3, left))
}

impl Value {
    /// The values directly inside, in the order of the wire, keys of a dictionary included.
    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Object(object) => object.properties.iter().map(|(_, value)| value).collect(),
            Self::EcmaArray(array) => array.properties.iter().map(|(_, value)| value).collect(),
            Self::StrictArray(array) => array.items.iter().collect(),
            Self::Array(array) => {
                let associative = array.associative.iter().map(|(_, value)| value);
                associative.chain(&array.dense).collect()
            }
            Self::VectorObject(vector) => vector.items.iter().collect(),
            Self::Dictionary(dictionary) => {
                let entries = dictionary.entries.iter();
                entries.flat_map(|(key, value)| [key, value]).collect()
            }
            Self::Externalizable(external) => match &external.body {
                ExternalBody::Value(value) => vec![value],
                ExternalBody::Opaque(_) => Vec::new(),
            },
            Self::AvmPlus(value) => vec![value],
            _ => Vec::new(),
        }
    }

    /// Whether the value has an index in `table`, if it stands in AMF3 (or not).
    fn is_counted(&self, table: ReferenceTable, in_amf3: bool) -> bool {
        match table {
            ReferenceTable::Amf0Objects => {
                !in_amf3
                    && matches!(
                        self,
                        Self::Object(_) | Self::EcmaArray(_) | Self::StrictArray(_)
                    )
            }
            ReferenceTable::Amf3Objects => {
                in_amf3
                    && matches!(
                        self,
                        Self::Object(_)
                            | Self::Array(_)
                            | Self::Date { .. }
                            | Self::XmlDocument(_)
                            | Self::Xml(_)
                            | Self::ByteArray(_)
                            | Self::VectorInt(_)
                            | Self::VectorUint(_)
                            | Self::VectorDouble(_)
                            | Self::VectorObject(_)
                            | Self::Dictionary(_)
                            | Self::Externalizable(_)
                    )
            }
            ReferenceTable::Amf3Strings => false,
        }
    }
}
