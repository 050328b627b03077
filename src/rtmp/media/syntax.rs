//! Reads the syntax of a configuration record: each call reads one syntax element by its
//! descriptor and reports it under its name, so that what is shown is what was read.

use std::fmt;
use std::ops::Range;

use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::media::bits::BitReader;
use crate::rtmp::media::cursor::Bytes;
use crate::rtmp::media::cursor::Named;

/// Why a record could not be read to its end, or not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It ends in the midst of a syntax element, or an element has an impossible code.
    Cut,
    /// A value that its specification rules out.
    Bad(&'static str),
    /// It was read to its end, but is not laid out as its specification says.
    Odd(&'static str),
}

/// A position in a record.
pub(super) struct Syntax<'a, 's> {
    bits: BitReader<'a>,
    /// Position in the message of the first byte.
    base: usize,
    sink: &'s mut dyn FieldSink,
    /// Whether anybody looks at the sink: mostly nobody does, and a record has dozens of elements.
    is_watched: bool,
}

impl<'a, 's> Syntax<'a, 's> {
    /// Reads plain bytes that begin at `base` in the message.
    pub(super) fn new(bytes: &'a [u8], base: usize, sink: &'s mut dyn FieldSink) -> Self {
        Self {
            bits: BitReader::new(bytes),
            base,
            is_watched: sink.is_watched(),
            sink,
        }
    }

    /// Reads a NAL unit that begins at `base` in the message.
    pub(super) fn nal(bytes: &'a [u8], base: usize, sink: &'s mut dyn FieldSink) -> Self {
        Self {
            bits: BitReader::nal(bytes),
            base,
            is_watched: sink.is_watched(),
            sink,
        }
    }

    /// Position in the message of the byte that holds the next bit.
    pub(super) fn at(&self) -> usize {
        self.base.saturating_add(self.bits.at())
    }

    /// Whole bytes ahead.
    pub(super) fn left(&self) -> usize {
        self.bits.left()
    }

    fn range_from(&self, start: usize) -> Range<usize> {
        start..self.base.saturating_add(self.bits.end()).max(start)
    }

    fn report(&mut self, name: &'static str, start: usize, value: &dyn fmt::Display) {
        if !self.is_watched {
            return;
        }
        let range = self.range_from(start);
        self.sink.leaf(FieldName::Spec(name), range, value);
    }

    /// u(n), at most 32 bits.
    pub(super) fn u(&mut self, name: &'static str, width: u32) -> Result<u32, Unreadable> {
        let start = self.at();
        let value = self.bits.u(width).ok_or(Unreadable::Cut)?;
        self.report(name, start, &value);
        Ok(value)
    }

    /// u(n) of at most 8 bits.
    pub(super) fn u8(&mut self, name: &'static str, width: u32) -> Result<u8, Unreadable> {
        let value = self.u(name, width.min(8))?;
        Ok(u8::try_from(value).unwrap_or(u8::MAX))
    }

    /// u(n) of at most 8 bits whose values have names.
    pub(super) fn named(
        &mut self,
        name: &'static str,
        width: u32,
        names: impl Fn(u8) -> Option<&'static str>,
    ) -> Result<u8, Unreadable> {
        let start = self.at();
        let value = self.bits.u(width.min(8)).ok_or(Unreadable::Cut)?;
        let value = u8::try_from(value).unwrap_or(u8::MAX);
        self.report(name, start, &Named(value, names(value)));
        Ok(value)
    }

    /// A little-endian number of at most 4 bytes.
    pub(super) fn u_le(&mut self, name: &'static str, bytes: u32) -> Result<u32, Unreadable> {
        let start = self.at();
        let width = bytes.min(4).saturating_mul(8);
        let value = self.bits.u(width).ok_or(Unreadable::Cut)?;
        let unused = 32_u32.saturating_sub(width);
        let value = value.swap_bytes().checked_shr(unused).unwrap_or(0);
        self.report(name, start, &value);
        Ok(value)
    }

    /// u(1) as a flag.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Unreadable> {
        let start = self.at();
        let value = self.bits.bit().ok_or(Unreadable::Cut)?;
        self.report(name, start, &value);
        Ok(value)
    }

    /// ue(v).
    pub(super) fn ue(&mut self, name: &'static str) -> Result<u32, Unreadable> {
        let start = self.at();
        let value = self.bits.ue().ok_or(Unreadable::Cut)?;
        self.report(name, start, &value);
        Ok(value)
    }

    /// Passes over bits that mean nothing to a viewer.
    pub(super) fn skip(&mut self, bits: u32) -> Result<(), Unreadable> {
        let mut left = bits;
        while left > 0 {
            let step = left.min(32);
            self.bits.u(step).ok_or(Unreadable::Cut)?;
            left = left.saturating_sub(step);
        }
        Ok(())
    }

    /// Passes over ue(v) that mean nothing to a viewer.
    pub(super) fn skip_ue(&mut self, count: u32) -> Result<(), Unreadable> {
        for _ in 0..count {
            self.bits.ue().ok_or(Unreadable::Cut)?;
        }
        Ok(())
    }

    /// Reads an se(v) that means nothing to a viewer.
    pub(super) fn silent_se(&mut self) -> Result<i32, Unreadable> {
        self.bits.se().ok_or(Unreadable::Cut)
    }

    /// Reads a ue(v) that means nothing to a viewer.
    pub(super) fn silent_ue(&mut self) -> Result<u32, Unreadable> {
        self.bits.ue().ok_or(Unreadable::Cut)
    }

    /// Reads bits that mean nothing to a viewer.
    pub(super) fn silent_u(&mut self, width: u32) -> Result<u32, Unreadable> {
        self.bits.u(width).ok_or(Unreadable::Cut)
    }

    /// Goes on to the next whole byte.
    pub(super) fn align(&mut self) -> Result<(), Unreadable> {
        while !self.bits.is_aligned() {
            self.bits.bit().ok_or(Unreadable::Cut)?;
        }
        Ok(())
    }

    /// Whole bytes under one name.
    pub(super) fn bytes(&mut self, name: &'static str, len: usize) -> Result<&'a [u8], Unreadable> {
        let start = self.at();
        let bytes = self.bits.take(len).ok_or(Unreadable::Cut)?;
        self.report(name, start, &Bytes(bytes.len()));
        Ok(bytes)
    }

    /// Whole bytes with parts of their own, which `read` reports.
    pub(super) fn group<T>(
        &mut self,
        name: &'static str,
        len: usize,
        read: impl FnOnce(&'a [u8], usize, &mut dyn FieldSink) -> T,
    ) -> Result<T, Unreadable> {
        let start = self.at();
        let bytes = self.bits.take(len).ok_or(Unreadable::Cut)?;
        self.sink.open(FieldName::Spec(name), start);
        let value = read(bytes, start, self.sink);
        let range = self.range_from(start);
        self.sink.close(range.end, &Bytes(bytes.len()));
        Ok(value)
    }

    /// A field whose parts are the elements that `read` reads.
    pub(super) fn scope<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        let start = self.at();
        self.sink.open(FieldName::Spec(name), start);
        let value = read(self);
        let range = self.range_from(start);
        let len = range.len();
        self.sink.close(range.end, &Bytes(len));
        value
    }

    /// The next bits without passing over them.
    pub(super) fn peek(&self, width: u32) -> Option<u32> {
        self.bits.clone().u(width)
    }
}
