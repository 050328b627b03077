//! Reads a media message of which only the first bytes may have been kept.

use std::fmt;
use std::ops::Range;

use nom::Err;
use nom::IResult;
use nom::Needed;
use nom::bytes::streaming::take;
use nom::error::Error;
use nom::number::streaming::be_i24;
use nom::number::streaming::be_u8;
use nom::number::streaming::be_u16;
use nom::number::streaming::be_u24;
use nom::number::streaming::be_u32;

use crate::rtmp::media::problem::MediaProblem;
use crate::rtmp::types::FourCc;

/// Why a field could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The message goes on, but its bytes were not kept or not captured: nothing is wrong.
    Kept,
    /// The message, or the part of it being read, ends before the field does.
    Declared {
        /// Length the part would need at the least, in bytes from the begin of the message.
        needed: usize,
    },
}

/// A position in a message body, or in a part of it. Positions count from the message's begin.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    /// The bytes kept, from the message's begin.
    kept: &'a [u8],
    at: usize,
    /// Where the part ends by its declared length; may lie beyond `kept`.
    end: usize,
}

impl<'a> Cursor<'a> {
    /// At the begin of a message of `declared` bytes, of which `body` was kept.
    #[inline]
    pub(super) fn new(body: &'a [u8], declared: u32) -> Self {
        let end = usize::try_from(declared).unwrap_or(usize::MAX);
        Self {
            kept: body.get(..end).unwrap_or(body),
            at: 0,
            end,
        }
    }

    /// Position in the message.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Where the part ends by its declared length.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Bytes of the part still ahead by its declared length.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// From here to the declared end of the part.
    #[inline]
    pub(super) fn rest(&self) -> Range<usize> {
        self.at..self.end.max(self.at)
    }

    /// The kept bytes from here to the end of the part.
    #[inline]
    pub(super) fn bytes(&self) -> &'a [u8] {
        let end = self.end.min(self.kept.len());
        self.kept.get(self.at..end).unwrap_or_default()
    }

    /// The kept bytes from the begin of the message to the end of the part, so that a position in
    /// them is one in the message.
    pub(super) fn kept_to_end(&self) -> &'a [u8] {
        self.kept.get(..self.end).unwrap_or(self.kept)
    }

    /// Whether every byte of the rest of the part was kept.
    #[inline]
    pub(super) fn is_whole(&self) -> bool {
        self.end <= self.kept.len()
    }

    /// The next `len` bytes as a part of their own, cut to what is left; behind it goes on.
    #[inline]
    pub(super) fn split(&mut self, len: usize) -> Self {
        let end = self.at.saturating_add(len).min(self.end);
        let part = Self {
            kept: self.kept,
            at: self.at,
            end,
        };
        self.at = end.max(self.at);
        part
    }

    #[inline]
    fn read<T>(
        &mut self,
        mut parser: impl FnMut(&'a [u8]) -> IResult<&'a [u8], T>,
    ) -> Result<T, End> {
        let input = self.bytes();
        match parser(input) {
            Ok((rest, value)) => {
                let used = input.len().saturating_sub(rest.len());
                self.at = self.at.saturating_add(used);
                Ok(value)
            }
            Err(Err::Incomplete(missing)) => {
                let missing = match missing {
                    Needed::Size(count) => count.get(),
                    Needed::Unknown => 1,
                };
                let needed = self.at.saturating_add(input.len()).saturating_add(missing);
                Err(if needed > self.end {
                    End::Declared { needed }
                } else {
                    End::Kept
                })
            }
            Err(Err::Error(_) | Err::Failure(_)) => Err(End::Kept),
        }
    }

    /// UI8.
    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8, End> {
        self.read(be_u8::<_, Error<_>>)
    }

    /// UI16.
    pub(super) fn u16(&mut self) -> Result<u16, End> {
        self.read(be_u16::<_, Error<_>>)
    }

    /// UI24.
    pub(super) fn u24(&mut self) -> Result<u32, End> {
        self.read(be_u24::<_, Error<_>>)
    }

    /// SI24.
    #[inline]
    pub(super) fn i24(&mut self) -> Result<i32, End> {
        self.read(be_i24::<_, Error<_>>)
    }

    /// UI32.
    pub(super) fn u32(&mut self) -> Result<u32, End> {
        self.read(be_u32::<_, Error<_>>)
    }

    /// FOURCC.
    #[inline]
    pub(super) fn fourcc(&mut self) -> Result<FourCc, End> {
        let bytes = self.take(4)?;
        Ok(FourCc(bytes.try_into().unwrap_or_default()))
    }

    /// UI8\[len\].
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], End> {
        self.read(take::<_, _, Error<_>>(len))
    }
}

/// Most anomalies reported of one message: a message of garbage shows many, and a handful tells
/// as much.
const MAX_NOTES: usize = 8;

/// The anomalies of one message.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<MediaProblem>);

impl Notes {
    pub(super) fn push(&mut self, kind: MediaProblem) {
        if self.0.len() < MAX_NOTES {
            self.0.push(kind);
        }
    }

    #[inline]
    pub(super) fn into_inner(self) -> Vec<MediaProblem> {
        self.0
    }
}

/// A number with the name that its specification gives it.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) T, pub(super) Option<&'static str>);

impl<T: fmt::Display> fmt::Display for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => write!(f, "{} (reserved)", self.0),
        }
    }
}

/// A number of bytes.
#[derive(Debug)]
pub(super) struct Bytes(pub(super) usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte"),
            count => write!(f, "{count} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_kept_is_no_fault_of_the_message() {
        let mut cursor = Cursor::new(&[0x01, 0x02], 10);
        assert_eq!(cursor.u16(), Ok(0x0102));
        assert_eq!(cursor.u8(), Err(End::Kept));
        assert_eq!(cursor.rest(), 2..10);
        assert!(!cursor.is_whole());
    }

    #[test]
    fn a_message_too_short_for_its_header_is_told_even_from_a_prefix() {
        // Of 3 declared bytes 1 was kept: a FOURCC cannot fit either way.
        let mut cursor = Cursor::new(&[0x01], 3);
        assert_eq!(cursor.fourcc(), Err(End::Declared { needed: 4 }));
    }

    #[test]
    fn a_part_never_reaches_beyond_its_whole() {
        let mut cursor = Cursor::new(&[1, 2, 3, 4], 4);
        let mut part = cursor.split(9);
        assert_eq!(part.rest(), 0..4);
        assert_eq!(part.u32(), Ok(0x0102_0304));
        assert_eq!(cursor.left(), 0);
    }
}
