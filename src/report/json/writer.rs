//! Writes one JSON object per line without building it in memory first. The writer knows where
//! commas go; the caller names each key once.

use std::fmt;
use std::io::Write as _;

use crate::base::text::is_unsafe;

/// Integers beyond this are written as strings: readers that keep numbers as doubles would
/// round them (RFC 8259 section 6).
const MAX_SAFE_INTEGER: u64 = 1 << 53;

/// Whether JSON has the number and every reader keeps it: neither NaN nor infinite, and if it is
/// whole, not beyond 2^53.
pub(super) fn is_kept(number: f64) -> bool {
    number.is_finite() && (number.fract() != 0.0 || number.abs() <= 9_007_199_254_740_992.0)
}

/// Characters that JSON leaves as they are and a terminal may not.
fn is_raw_hazard(c: char) -> bool {
    u32::from(c) > 0x1F && is_unsafe(c)
}

/// A line of JSON in the making.
#[derive(Debug, Default)]
pub(super) struct JsonWriter {
    line: Vec<u8>,
    /// Whether the next member or element is the first of its object or array.
    first: bool,
    scratch: String,
}

impl JsonWriter {
    /// The bytes written so far.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.line
    }

    /// Forgets what was written and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.line.clear();
        self.first = false;
    }

    /// Ends the line.
    pub(super) fn newline(&mut self) {
        self.line.push(b'\n');
    }

    /// Begins an object as the next value.
    pub(super) fn begin_object(&mut self) {
        self.line.push(b'{');
        self.first = true;
    }

    /// Ends the innermost object.
    pub(super) fn end_object(&mut self) {
        self.line.push(b'}');
        self.first = false;
    }

    /// Begins an array as the next value.
    pub(super) fn begin_array(&mut self) {
        self.line.push(b'[');
        self.first = true;
    }

    /// Ends the innermost array.
    pub(super) fn end_array(&mut self) {
        self.line.push(b']');
        self.first = false;
    }

    /// Announces the next element of an array.
    pub(super) fn element(&mut self) {
        if !self.first {
            self.line.push(b',');
        }
        self.first = false;
    }

    /// Writes a key of our own: no character of it needs an escape.
    pub(super) fn key(&mut self, key: &str) {
        self.element();
        self.line.push(b'"');
        self.line.extend_from_slice(key.as_bytes());
        self.line.extend_from_slice(b"\":");
    }

    /// Writes a key from the wire.
    pub(super) fn foreign_key(&mut self, key: &str) {
        self.element();
        self.string(key);
        self.line.push(b':');
    }

    /// Writes a string value.
    ///
    /// JSON itself only asks for escapes up to U+001F. The rest of what can drive a terminal is
    /// escaped too, for records are read there.
    pub(super) fn string(&mut self, text: &str) {
        // Writing to memory cannot fail.
        let mut rest = text;
        if !rest.contains(is_raw_hazard) {
            let _ = serde_json::to_writer(&mut self.line, rest);
            return;
        }
        self.line.push(b'"');
        while let Some(at) = rest.find(is_raw_hazard) {
            let (safe, hazard) = rest.split_at(at);
            self.string_inside(safe);
            let mut characters = hazard.chars();
            if let Some(c) = characters.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(self.line, "\\u{unit:04x}");
                }
            }
            rest = characters.as_str();
        }
        self.string_inside(rest);
        self.line.push(b'"');
    }

    /// Writes text with its escapes but without quotes.
    fn string_inside(&mut self, text: &str) {
        let start = self.line.len();
        let _ = serde_json::to_writer(&mut self.line, text);
        self.line.remove(start);
        self.line.pop();
    }

    /// Writes a string value whose text needs no escape: numbers, addresses, names of ours.
    pub(super) fn plain(&mut self, text: &dyn fmt::Display) {
        self.line.push(b'"');
        let _ = write!(self.line, "{text}");
        self.line.push(b'"');
    }

    /// Writes the text of something displayable as a string value.
    pub(super) fn display(&mut self, text: &dyn fmt::Display) {
        use fmt::Write as _;
        self.scratch.clear();
        let _ = write!(self.scratch, "{text}");
        let scratch = std::mem::take(&mut self.scratch);
        self.string(&scratch);
        self.scratch = scratch;
    }

    /// Writes an unsigned integer, as a string beyond [`MAX_SAFE_INTEGER`].
    pub(super) fn unsigned(&mut self, number: u64) {
        if number > MAX_SAFE_INTEGER {
            self.plain(&number);
        } else {
            let _ = serde_json::to_writer(&mut self.line, &number);
        }
    }

    /// Writes a signed integer, as a string beyond [`MAX_SAFE_INTEGER`].
    pub(super) fn signed(&mut self, number: i64) {
        if number.unsigned_abs() > MAX_SAFE_INTEGER {
            self.plain(&number);
        } else {
            let _ = serde_json::to_writer(&mut self.line, &number);
        }
    }

    /// Writes a number rounded to three decimals: milliseconds with microseconds, seconds with
    /// milliseconds. What is no number is null.
    pub(super) fn decimal(&mut self, number: f64) {
        if number.is_finite() {
            let _ = serde_json::to_writer(&mut self.line, &((number * 1000.0).round() / 1000.0));
        } else {
            self.null();
        }
    }

    /// Writes a double exactly: as an integer where it is one that every reader keeps.
    pub(super) fn double(&mut self, number: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only taken where the number is a whole one within 2^53"
        )]
        if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
            self.signed(number as i64);
        } else {
            let _ = serde_json::to_writer(&mut self.line, &number);
        }
    }

    /// Writes a double exactly, as a string where JSON or its readers would not keep it.
    pub(super) fn double_or_text(&mut self, number: f64) {
        if is_kept(number) {
            self.double(number);
        } else {
            self.plain(&number);
        }
    }

    /// Writes a boolean.
    pub(super) fn boolean(&mut self, value: bool) {
        self.line
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Writes null.
    pub(super) fn null(&mut self) {
        self.line.extend_from_slice(b"null");
    }

    /// Writes bytes as a string of hexadecimal digits.
    pub(super) fn hex(&mut self, bytes: &[u8]) {
        self.line.push(b'"');
        for byte in bytes {
            let _ = write!(self.line, "{byte:02x}");
        }
        self.line.push(b'"');
    }

    // Members: a key of ours with its value.

    /// A member with an unsigned integer.
    pub(super) fn unsigned_member(&mut self, key: &str, number: impl Into<u64>) {
        self.key(key);
        self.unsigned(number.into());
    }

    /// A member with a signed integer.
    pub(super) fn signed_member(&mut self, key: &str, number: impl Into<i64>) {
        self.key(key);
        self.signed(number.into());
    }

    /// A member with a string.
    pub(super) fn string_member(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// A member with the text of something displayable, escaped.
    pub(super) fn display_member(&mut self, key: &str, text: &dyn fmt::Display) {
        self.key(key);
        self.display(text);
    }

    /// A member with a number of three decimals.
    pub(super) fn decimal_member(&mut self, key: &str, number: f64) {
        self.key(key);
        self.decimal(number);
    }

    /// A member with a boolean.
    pub(super) fn boolean_member(&mut self, key: &str, value: bool) {
        self.key(key);
        self.boolean(value);
    }

    /// Begins an object as the value of a key.
    pub(super) fn object_member(&mut self, key: &str) {
        self.key(key);
        self.begin_object();
    }

    /// Begins an array as the value of a key.
    pub(super) fn array_member(&mut self, key: &str) {
        self.key(key);
        self.begin_array();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(build: impl FnOnce(&mut JsonWriter)) -> String {
        let mut w = JsonWriter::default();
        build(&mut w);
        String::from_utf8(w.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn commas_stand_between_members_only() {
        let line = text(|w| {
            w.begin_object();
            w.unsigned_member("a", 1_u32);
            w.object_member("b");
            w.end_object();
            w.array_member("c");
            w.element();
            w.null();
            w.element();
            w.boolean(true);
            w.end_array();
            w.end_object();
        });
        assert_eq!(line, r#"{"a":1,"b":{},"c":[null,true]}"#);
    }

    #[test]
    fn what_doubles_would_round_is_a_string() {
        assert_eq!(text(|w| w.unsigned(1 << 53)), "9007199254740992");
        assert_eq!(text(|w| w.unsigned((1 << 53) + 1)), "\"9007199254740993\"");
        assert_eq!(text(|w| w.signed(i64::MIN)), "\"-9223372036854775808\"");
    }

    #[test]
    fn doubles_keep_their_value() {
        assert_eq!(text(|w| w.double(25.0)), "25");
        assert_eq!(text(|w| w.double(29.97)), "29.97");
        assert_eq!(text(|w| w.double(1e-9)), "1e-9");
        assert_eq!(text(|w| w.double_or_text(4.0)), "4");
        assert_eq!(text(|w| w.double_or_text(1e16)), "\"10000000000000000\"");
        assert_eq!(text(|w| w.double_or_text(f64::NAN)), "\"NaN\"");
        assert_eq!(text(|w| w.decimal(f64::NAN)), "null");
        assert_eq!(text(|w| w.decimal(1.234_56)), "1.235");
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(text(|w| w.string("a\"\n\u{1b}")), r#""a\"\n\u001b""#);
        assert_eq!(
            text(|w| w.string("\"\u{9b}2J\u{7f}é")),
            r#""\"\u009b2J\u007fé""#
        );
    }
}
