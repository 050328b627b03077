//! The reading position in one message body, with the limits and the reference tables that AMF0
//! and AMF3 share. What is read is reported to the field sink with its exact bytes.

use std::fmt;

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take;
use smallvec::SmallVec;

use crate::rtmp::amf::reference::Reference;
use crate::rtmp::amf::reference::ReferenceTable;
use crate::rtmp::amf::reference::Target;
use crate::rtmp::amf::value::Key;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;
use crate::rtmp::problem::note;

/// Deepest nesting that is read. Real messages nest five deep (metadata with colour tables); a
/// level costs one frame of our stack, and foreign bytes must not exhaust it.
pub const MAX_DEPTH: usize = 64;

/// Most values that are read from one message. The longest honest ones are the keyframe tables of
/// long recordings, tens of thousands of numbers; a message of 16 MB could name 16 million nulls,
/// each forty times larger in memory than on the wire.
pub const MAX_VALUES: usize = 100_000;

/// Most bytes of text that references may repeat in one message. A reference of two bytes can name
/// a string of megabytes again and again; this is far beyond what real messages repeat.
pub const MAX_REPEATED_TEXT: usize = 1 << 20;

/// Most properties among which duplicate keys are looked for: the search is quadratic, and objects
/// that people write are smaller.
const MAX_DUPLICATE_SEARCH: usize = 64;

/// A value that can be named by reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Complex {
    kind: &'static str,
    offset: usize,
    /// Whether its end has not been read yet.
    open: bool,
}

/// The values of a message that can be named by reference. Most messages have one or two, which
/// need no memory of their own.
pub(crate) type Complexes = SmallVec<[Complex; 2]>;

/// Class description of AMF3 objects (section 3.12), as places in the body.
#[derive(Debug, Clone)]
pub(crate) struct Traits {
    pub(crate) class_name: Span,
    pub(crate) members: Vec<Span>,
    pub(crate) dynamic: bool,
    pub(crate) externalizable: bool,
}

/// A piece of the body that holds a string.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) len: usize,
}

/// Reads the values of one message body.
#[derive(Debug)]
pub struct Reader<'a, F> {
    body: &'a [u8],
    pos: usize,
    end: usize,
    pub(crate) fields: &'a mut F,
    problems: &'a mut Vec<Problem>,
    stopped: bool,
    depth: usize,
    values_left: usize,
    text_left: usize,
    amf0_objects: Complexes,
    amf3_objects: Complexes,
    pub(crate) amf3_strings: Vec<Span>,
    pub(crate) amf3_traits: Vec<Traits>,
}

impl<'a, F: FieldSink> Reader<'a, F> {
    /// Reads `body` from its byte `start` on. What is odd is noted in `problems`.
    pub fn new(
        body: &'a [u8],
        start: usize,
        fields: &'a mut F,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        Self {
            body,
            pos: start.min(body.len()),
            end: body.len(),
            fields,
            problems,
            stopped: false,
            depth: 0,
            values_left: MAX_VALUES,
            text_left: MAX_REPEATED_TEXT,
            amf0_objects: Complexes::new(),
            amf3_objects: Complexes::new(),
            amf3_strings: Vec::new(),
            amf3_traits: Vec::new(),
        }
    }

    /// Offset of the next byte in the body.
    pub fn position(&self) -> usize {
        self.pos
    }

    /// Whether everything was read.
    pub fn is_at_end(&self) -> bool {
        self.pos >= self.end
    }

    /// Whether reading stopped at a fault: what follows has no known place.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.body.get(self.pos..self.end).unwrap_or_default()
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Notes something odd that does not hinder reading.
    pub fn note(&mut self, offset: usize, kind: BodyProblem) {
        note(self.problems, offset, kind);
    }

    /// Notes a fault behind which nothing can be read.
    pub fn stop(&mut self, offset: usize, kind: BodyProblem) {
        if !self.stopped {
            self.stopped = true;
            // A reader that stops must say so, however much was noted before.
            if self.problems.len() >= crate::rtmp::problem::MAX_PROBLEMS {
                self.problems.pop();
            }
            self.note(offset, kind);
        }
    }

    /// What was noted last.
    pub(crate) fn last_problem(&self) -> Option<&BodyProblem> {
        self.problems.last().map(|problem| &problem.kind)
    }

    /// Runs a parser on the bytes not read yet; `None` if they are too few, which stops reading.
    pub fn read<O>(
        &mut self,
        what: &'static str,
        mut parser: impl FnMut(&'a [u8]) -> IResult<&'a [u8], O>,
    ) -> Option<O> {
        if self.stopped {
            return None;
        }
        let Ok((rest, value)) = parser(self.rest()) else {
            self.stop(self.pos, BodyProblem::AmfTruncated { what });
            return None;
        };
        self.pos = self.end.saturating_sub(rest.len());
        Some(value)
    }

    /// Reads `len` bytes; `None` if there are fewer, which stops reading.
    pub fn read_bytes(&mut self, what: &'static str, len: usize) -> Option<&'a [u8]> {
        self.read(what, |input| take(len).parse(input))
    }

    /// Reports a field without parts that ends at the reading position.
    pub fn leaf(&mut self, name: FieldName<'_>, start: usize, value: &dyn fmt::Display) {
        self.fields.leaf(name, start..self.pos, value);
    }

    /// Runs `inner` on the next `len` bytes as if the body ended behind them. A fault inside stops
    /// reading only there: afterwards the position is behind them.
    pub fn within<O>(&mut self, len: usize, inner: impl FnOnce(&mut Self) -> O) -> O {
        let outer = self.end;
        let end = self.pos.saturating_add(len).min(outer);
        self.end = end;
        let value = inner(self);
        self.pos = end;
        self.end = outer;
        self.stopped = false;
        value
    }

    /// Everything that follows, unread.
    pub fn skip_rest(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.pos = self.end;
        rest
    }

    /// Counts one value; `None` if there were too many.
    pub(crate) fn count_value(&mut self) -> Option<()> {
        let Some(left) = self.values_left.checked_sub(1) else {
            self.stop(self.pos, BodyProblem::AmfTooManyValues);
            return None;
        };
        self.values_left = left;
        Some(())
    }

    /// Runs `inner` one level deeper; `None` if that is too deep.
    pub(crate) fn deeper<O>(
        &mut self,
        at: usize,
        inner: impl FnOnce(&mut Self) -> Option<O>,
    ) -> Option<O> {
        if self.depth >= MAX_DEPTH {
            self.stop(at, BodyProblem::AmfTooDeep);
            return None;
        }
        self.depth = self.depth.saturating_add(1);
        let value = inner(self);
        self.depth = self.depth.saturating_sub(1);
        value
    }

    /// Text from bytes of this body that begin at `at`.
    pub(crate) fn text(&mut self, at: usize, bytes: &[u8]) -> Text {
        let text = Text::from_bytes(bytes);
        if text.not_utf8().is_some() {
            self.note(at, BodyProblem::AmfNotUtf8);
        }
        text
    }

    /// Text that was sent before.
    pub(crate) fn repeated_text(&mut self, span: Span) -> Option<Text> {
        let Some(left) = self.text_left.checked_sub(span.len) else {
            self.stop(self.pos, BodyProblem::AmfTooMuchText);
            return None;
        };
        self.text_left = left;
        Some(Text::from_bytes(self.bytes_of(span)))
    }

    /// The bytes of a piece of the body.
    pub(crate) fn bytes_of(&self, span: Span) -> &'a [u8] {
        let end = span.start.saturating_add(span.len);
        self.body.get(span.start..end).unwrap_or_default()
    }

    /// A finished number, noted if it is none.
    pub(crate) fn number(&mut self, name: FieldName<'_>, start: usize, number: f64) -> Value {
        if !number.is_finite() {
            self.note(start, BodyProblem::AmfNotFinite);
        }
        let value = Value::Number(number);
        self.leaf(name, start, &value);
        value
    }

    /// Notes a key that `properties` already has.
    pub(crate) fn check_duplicate(&mut self, at: usize, key: &str, properties: &[(Key, Value)]) {
        if properties.len() <= MAX_DUPLICATE_SEARCH
            && properties.iter().any(|(name, _)| name == key)
        {
            self.note(at, BodyProblem::AmfDuplicateKey);
        }
    }

    fn table(&mut self, table: ReferenceTable) -> &mut Complexes {
        match table {
            ReferenceTable::Amf0Objects => &mut self.amf0_objects,
            ReferenceTable::Amf3Objects | ReferenceTable::Amf3Strings => &mut self.amf3_objects,
        }
    }

    /// Gives a value that begins at `offset` the next index of `table`.
    pub(crate) fn enter(
        &mut self,
        table: ReferenceTable,
        kind: &'static str,
        offset: usize,
    ) -> usize {
        let objects = self.table(table);
        objects.push(Complex {
            kind,
            offset,
            open: true,
        });
        objects.len().saturating_sub(1)
    }

    /// The value with this index is read to its end.
    pub(crate) fn leave(&mut self, table: ReferenceTable, index: usize) {
        if let Some(complex) = self.table(table).get_mut(index) {
            complex.open = false;
        }
    }

    /// A reference to the value with this index.
    pub(crate) fn reference(&mut self, at: usize, table: ReferenceTable, index: u32) -> Value {
        let target = usize::try_from(index)
            .ok()
            .and_then(|index| self.table(table).get(index).copied())
            .map(|complex| Target {
                kind: complex.kind,
                offset: complex.offset,
                encloses: complex.open,
            });
        if target.is_none() {
            self.note(at, BodyProblem::AmfBadReference { index });
        }
        Value::Reference(Reference {
            table,
            index,
            target,
        })
    }
}
