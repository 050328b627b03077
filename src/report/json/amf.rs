//! AMF values as JSON in their own structure. Where JSON has no such type the value becomes an
//! object with `$amf` naming it, so that nothing is lost and plain values stay plain:
//!
//! | AMF | JSON |
//! |---|---|
//! | number, integer, boolean, string, null | the same |
//! | object | object |
//! | ECMA array | object with `"$amf":"ecma_array"` and `"$count"` beside its properties |
//! | object of a class | object with `"$amf":"typed_object"` and `"$class"` |
//! | strict array | array |
//! | date | `{"$amf":"date","milliseconds":…}` |
//! | anything else | `{"$amf":"…", …}` |
//!
//! An object in which a key comes twice, or whose keys would collide with ours, lists its
//! properties as pairs under `"$entries"`.

use crate::report::json::writer::JsonWriter;
use crate::report::json::writer::is_kept;
use crate::rtmp::amf::value::ExternalBody;
use crate::rtmp::amf::value::Properties;
use crate::rtmp::amf::value::Reference;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::secret::Secrecy;
use crate::session::mask::Mask;

/// Properties up to which keys are compared with each other; a larger object is written as pairs.
/// Comparing is quadratic, and no honest object comes near.
const MAX_COMPARED_KEYS: usize = 512;

/// How the texts in a message's values are shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    /// Hides what is secret.
    pub mask: Mask<'a>,
    /// What of the text of a property is secret, by its key.
    pub property: &'a dyn Fn(&str) -> Secrecy,
}

/// Writes a value. What it holds is masked as `secrecy` says.
pub(super) fn write(w: &mut JsonWriter, value: &Value, secrecy: Secrecy, shown: Shown<'_>) {
    match value {
        Value::Number(number) => number_value(w, *number),
        Value::Integer(number) => w.signed(i64::from(*number)),
        Value::Boolean(value) => w.boolean(*value),
        Value::String(text) | Value::LongString(text) => string(w, text, secrecy, shown),
        Value::Null => w.null(),
        Value::Undefined => tagged(w, "undefined", |_| {}),
        Value::Unsupported => tagged(w, "unsupported", |_| {}),
        Value::Object(object) => {
            let class = object.class_name.as_ref();
            properties(
                w,
                &object.properties,
                class.map(|_| "typed_object"),
                |w| {
                    if let Some(class) = class {
                        w.string_member("$class", class.as_str());
                    }
                },
                shown,
            );
        }
        Value::EcmaArray(array) => properties(
            w,
            &array.properties,
            Some("ecma_array"),
            |w| w.unsigned_member("$count", array.declared),
            shown,
        ),
        Value::StrictArray(array) => items(w, &array.items, secrecy, shown),
        Value::Array(array) if array.associative.is_empty() => {
            items(w, &array.dense, secrecy, shown);
        }
        Value::Array(array) => tagged(w, "array", |w| {
            w.key("associative");
            properties(w, &array.associative, None, |_| {}, shown);
            w.key("dense");
            items(w, &array.dense, secrecy, shown);
        }),
        Value::Date {
            milliseconds,
            timezone,
        } => tagged(w, "date", |w| {
            w.key("milliseconds");
            number_value(w, *milliseconds);
            if let Some(minutes) = timezone.filter(|minutes| *minutes != 0) {
                w.signed_member("timezone_minutes", minutes);
            }
        }),
        Value::XmlDocument(text) => tagged(w, "xml_document", |w| {
            w.key("text");
            string(w, text, secrecy, shown);
        }),
        Value::Xml(text) => tagged(w, "xml", |w| {
            w.key("text");
            string(w, text, secrecy, shown);
        }),
        Value::ByteArray(bytes) => tagged(w, "byte_array", |w| bytes_members(w, bytes, shown)),
        Value::VectorInt(vector) => tagged(w, "vector_int", |w| {
            list(w, "items", &vector.items, |w, n| w.signed(i64::from(*n)));
        }),
        Value::VectorUint(vector) => tagged(w, "vector_uint", |w| {
            list(w, "items", &vector.items, |w, n| w.unsigned(u64::from(*n)));
        }),
        Value::VectorDouble(vector) => tagged(w, "vector_double", |w| {
            list(w, "items", &vector.items, |w, n| number_value(w, *n));
        }),
        Value::VectorObject(vector) => tagged(w, "vector_object", |w| {
            w.string_member("type", vector.type_name.as_str());
            list(w, "items", &vector.items, |w, v| {
                write(w, v, secrecy, shown);
            });
        }),
        Value::Dictionary(dictionary) => tagged(w, "dictionary", |w| {
            list(w, "entries", &dictionary.entries, |w, (key, value)| {
                w.begin_array();
                w.element();
                write(w, key, secrecy, shown);
                w.element();
                write(w, value, secrecy, shown);
                w.end_array();
            });
        }),
        Value::Externalizable(object) => tagged(w, "externalizable", |w| {
            w.string_member("class", object.class_name.as_str());
            match &object.body {
                ExternalBody::Value(value) => {
                    w.key("value");
                    write(w, value, secrecy, shown);
                }
                ExternalBody::Opaque(bytes) => bytes_members(w, bytes, shown),
            }
        }),
        Value::Reference(reference) => reference_value(w, reference),
        Value::AvmPlus(value) => write(w, value, secrecy, shown),
    }
}

fn tagged(w: &mut JsonWriter, kind: &str, members: impl FnOnce(&mut JsonWriter)) {
    w.begin_object();
    w.string_member("$amf", kind);
    members(w);
    w.end_object();
}

fn string(w: &mut JsonWriter, text: &Text, secrecy: Secrecy, shown: Shown<'_>) {
    let visible = shown.mask.text(text.as_str(), secrecy);
    match text.not_utf8() {
        // Masked text has lost its bytes on purpose.
        Some(raw) if visible == text.as_str() => tagged(w, "string", |w| {
            w.string_member("text", &visible);
            w.key("bytes_hex");
            w.hex(raw);
        }),
        _ => w.string(&visible),
    }
}

/// A double. JSON has no NaN and no infinity, and whole numbers beyond 2^53 are strings.
fn number_value(w: &mut JsonWriter, number: f64) {
    if is_kept(number) {
        w.double(number);
    } else {
        tagged(w, "number", |w| {
            w.key("value");
            w.plain(&number);
        });
    }
}

fn bytes_members(w: &mut JsonWriter, bytes: &[u8], shown: Shown<'_>) {
    w.unsigned_member("length", bytes.len() as u64);
    // Bytes of a nature we do not know may hold a token.
    if shown.mask.shows_secrets() {
        w.key("bytes_hex");
        w.hex(bytes);
    }
}

fn reference_value(w: &mut JsonWriter, reference: &Reference) {
    tagged(w, "reference", |w| {
        w.unsigned_member("index", reference.index);
        if let Some(target) = reference.target {
            w.string_member("to", target.kind);
            w.unsigned_member("offset", target.offset as u64);
        }
    });
}

fn items(w: &mut JsonWriter, values: &[Value], secrecy: Secrecy, shown: Shown<'_>) {
    w.begin_array();
    for value in values {
        w.element();
        write(w, value, secrecy, shown);
    }
    w.end_array();
}

fn list<T>(w: &mut JsonWriter, key: &str, values: &[T], each: impl Fn(&mut JsonWriter, &T)) {
    w.array_member(key);
    for value in values {
        w.element();
        each(w, value);
    }
    w.end_array();
}

fn properties(
    w: &mut JsonWriter,
    properties: &Properties,
    kind: Option<&str>,
    head: impl FnOnce(&mut JsonWriter),
    shown: Shown<'_>,
) {
    w.begin_object();
    let plain = keys_are_plain(properties);
    if let Some(kind) = kind.or((!plain).then_some("object")) {
        w.string_member("$amf", kind);
    }
    head(w);
    if plain {
        for (key, value) in properties {
            w.foreign_key(&shown.mask.text(key, Secrecy::Open));
            write(w, value, (shown.property)(key), shown);
        }
    } else {
        list(w, "$entries", properties, |w, (key, value)| {
            w.begin_array();
            w.element();
            w.string(&shown.mask.text(key, Secrecy::Open));
            w.element();
            write(w, value, (shown.property)(key), shown);
            w.end_array();
        });
    }
    w.end_object();
}

/// Whether the keys can be keys of a JSON object: none twice, none of ours.
fn keys_are_plain(properties: &Properties) -> bool {
    properties.len() <= MAX_COMPARED_KEYS
        && properties.iter().enumerate().all(|(i, (key, _))| {
            !key.starts_with('$') && properties.iter().take(i).all(|(earlier, _)| earlier != key)
        })
}
