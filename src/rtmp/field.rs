//! Where in a message each decoded field lies. Every body parser reports its fields to a
//! [`FieldSink`]: [`NoFields`] costs nothing while a capture streams by, [`FieldTree`] builds the
//! tree that a viewer shows beside the hex when one message is opened. So there is one parser,
//! and what the viewer shows is what the decoder read.

use std::fmt;
use std::ops::Range;

/// Name of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldName<'a> {
    /// A name from a specification.
    Spec(&'static str),
    /// A key from the wire (an AMF property). Foreign text: escape before it is shown.
    Key(&'a str),
    /// Position in a list, from 0.
    Index(usize),
}

/// Receives the fields of a message in the order in which they are parsed. Positions are byte
/// offsets in the message body.
pub trait FieldSink {
    /// A field without parts.
    fn leaf(&mut self, name: FieldName<'_>, range: Range<usize>, value: &dyn fmt::Display);

    /// A field with parts begins at `start`; every field until the matching [`Self::close`] is
    /// one of its parts.
    fn open(&mut self, name: FieldName<'_>, start: usize);

    /// The field opened last ends before `end`; `summary` describes it in a few words.
    fn close(&mut self, end: usize, summary: &dyn fmt::Display);

    /// Whether anybody looks at the fields. A parser may take a shorter way to the same result
    /// when nobody does.
    fn is_watched(&self) -> bool {
        true
    }
}

/// Takes no note of any field.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFields;

impl FieldSink for NoFields {
    fn leaf(&mut self, _: FieldName<'_>, _: Range<usize>, _: &dyn fmt::Display) {}
    fn open(&mut self, _: FieldName<'_>, _: usize) {}
    fn close(&mut self, _: usize, _: &dyn fmt::Display) {}
    fn is_watched(&self) -> bool {
        false
    }
}

/// One field with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name, in words of the specification or as the key on the wire. Not escaped.
    pub name: String,
    /// Value or summary. Not escaped.
    pub value: String,
    /// Bytes of the message body that hold it.
    pub range: Range<usize>,
    /// Parts, in order.
    pub parts: Vec<Field>,
}

/// Most fields a tree takes; a message with more (an AMF array of millions of values) shows
/// these, since nobody pages further, and the tree's memory stays bounded.
pub const MAX_FIELDS: usize = 50_000;

/// Builds the fields of one message as a tree.
#[derive(Debug, Clone, Default)]
pub struct FieldTree {
    roots: Vec<Field>,
    open: Vec<Field>,
    count: usize,
    /// Fields opened after the limit was reached; their parts and ends are swallowed.
    swallowed: usize,
}

impl FieldTree {
    /// The finished tree. Fields still open (a parser stopped in their midst) are closed where
    /// their last part ended.
    pub fn into_fields(mut self) -> Vec<Field> {
        while let Some(mut field) = self.open.pop() {
            if let Some(last) = field.parts.last() {
                field.range.end = last.range.end.max(field.range.start);
            }
            self.add(field);
        }
        self.roots
    }

    /// Whether fields were left out because there were more than [`MAX_FIELDS`].
    pub fn is_cut(&self) -> bool {
        self.count >= MAX_FIELDS
    }

    fn add(&mut self, field: Field) {
        match self.open.last_mut() {
            Some(parent) => parent.parts.push(field),
            None => self.roots.push(field),
        }
    }
}

fn name_text(name: FieldName<'_>) -> String {
    match name {
        FieldName::Spec(name) => name.to_owned(),
        FieldName::Key(key) => key.to_owned(),
        FieldName::Index(index) => format!("[{index}]"),
    }
}

impl FieldSink for FieldTree {
    fn leaf(&mut self, name: FieldName<'_>, range: Range<usize>, value: &dyn fmt::Display) {
        if self.count >= MAX_FIELDS {
            return;
        }
        self.count = self.count.saturating_add(1);
        self.add(Field {
            name: name_text(name),
            value: value.to_string(),
            range,
            parts: Vec::new(),
        });
    }

    fn open(&mut self, name: FieldName<'_>, start: usize) {
        if self.count >= MAX_FIELDS {
            self.swallowed = self.swallowed.saturating_add(1);
            return;
        }
        self.count = self.count.saturating_add(1);
        self.open.push(Field {
            name: name_text(name),
            value: String::new(),
            range: start..start,
            parts: Vec::new(),
        });
    }

    fn close(&mut self, end: usize, summary: &dyn fmt::Display) {
        if self.swallowed > 0 {
            self.swallowed = self.swallowed.saturating_sub(1);
            return;
        }
        if let Some(mut field) = self.open.pop() {
            field.range.end = end;
            field.value = summary.to_string();
            self.add(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_nested_where_they_were_opened() {
        let mut tree = FieldTree::default();
        tree.open(FieldName::Spec("object"), 0);
        tree.leaf(FieldName::Key("app"), 1..5, &"live");
        tree.close(8, &"1 property");
        tree.leaf(FieldName::Index(3), 8..9, &"null");
        let fields = tree.into_fields();
        assert_eq!(fields.len(), 2);
        assert_eq!(fields[0].range, 0..8);
        assert_eq!(fields[0].parts[0].name, "app");
        assert_eq!(fields[1].name, "[3]");
    }

    #[test]
    fn a_field_left_open_ends_with_its_last_part() {
        let mut tree = FieldTree::default();
        tree.open(FieldName::Spec("object"), 2);
        tree.leaf(FieldName::Key("a"), 3..7, &1);
        assert_eq!(tree.into_fields()[0].range, 2..7);
    }

    #[test]
    fn the_tree_is_bounded() {
        let mut tree = FieldTree::default();
        for i in 0..MAX_FIELDS + 10 {
            tree.open(FieldName::Index(i), i);
            tree.close(i, &"");
        }
        assert!(tree.is_cut());
        assert_eq!(tree.into_fields().len(), MAX_FIELDS);
    }
}
