//! Data that arrived behind a hole: pieces sorted by position, none overlapping another.
//!
//! Neighbouring pieces stay apart although their bytes touch, because each keeps the mark of the
//! frame that brought it, and goes out with that mark.

use std::collections::VecDeque;
use std::fmt;

use crate::base::ids::Mark;
use crate::base::time::Timestamp;

/// What a piece costs beside its bytes: descriptor and allocator overhead. Counted against the
/// bounds, so that many tiny segments cannot hold more memory than a few big ones.
pub(super) const PIECE_OVERHEAD: usize = 64;

/// A run of stream bytes on its way in: bytes that the capture holds, or a number of bytes that
/// were on the wire but cut off by the capture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) start: u64,
    body: Body<&'a [u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body<B> {
    Bytes(B),
    Cut(u64),
}

impl<'a> Part<'a> {
    pub(super) fn bytes(start: u64, bytes: &'a [u8]) -> Self {
        Self {
            start,
            body: Body::Bytes(bytes),
        }
    }

    pub(super) fn cut(start: u64, len: u64) -> Self {
        Self {
            start,
            body: Body::Cut(len),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Cut(len) => len,
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The captured bytes; none for a cut-off run.
    pub(super) fn captured(&self) -> Option<&'a [u8]> {
        match self.body {
            Body::Bytes(bytes) => Some(bytes),
            Body::Cut(_) => None,
        }
    }

    /// Takes off and returns what lies before `pos`.
    pub(super) fn split_before(&mut self, pos: u64) -> Self {
        let take = pos.saturating_sub(self.start).min(self.len());
        let (head, tail) = match self.body {
            Body::Bytes(bytes) => {
                let take = usize::try_from(take).unwrap_or(usize::MAX);
                let (head, tail) = bytes.split_at_checked(take).unwrap_or((bytes, &[]));
                (Body::Bytes(head), Body::Bytes(tail))
            }
            Body::Cut(len) => (Body::Cut(take), Body::Cut(len.saturating_sub(take))),
        };
        let head = Self {
            start: self.start,
            body: head,
        };
        self.start = head.end();
        self.body = tail;
        head
    }

    /// How many bytes differ from those of `other` where both hold captured bytes.
    fn differing(&self, other: &Part<'_>) -> u64 {
        let (Some(mine), Some(theirs)) = (self.captured(), other.captured()) else {
            return 0;
        };
        let skip = |from: u64, to: u64| usize::try_from(to.saturating_sub(from)).ok();
        let mine = skip(self.start, other.start).and_then(|n| mine.get(n..));
        let theirs = skip(other.start, self.start).and_then(|n| theirs.get(n..));
        let (Some(mine), Some(theirs)) = (mine, theirs) else {
            return 0;
        };
        let common = mine.len().min(theirs.len());
        if mine.get(..common) == theirs.get(..common) {
            return 0;
        }
        mine.iter().zip(theirs).filter(|(a, b)| a != b).count() as u64
    }
}

/// A stored run.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) start: u64,
    pub(super) at: Mark,
    body: Body<Box<[u8]>>,
}

impl Piece {
    fn new(part: Part<'_>, at: Mark) -> Self {
        Self {
            start: part.start,
            at,
            body: match part.body {
                Body::Bytes(bytes) => Body::Bytes(bytes.into()),
                Body::Cut(len) => Body::Cut(len),
            },
        }
    }

    pub(super) fn as_part(&self) -> Part<'_> {
        Part {
            start: self.start,
            body: match &self.body {
                Body::Bytes(bytes) => Body::Bytes(bytes),
                Body::Cut(len) => Body::Cut(*len),
            },
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.as_part().end()
    }

    fn charge(&self) -> usize {
        charge(&self.as_part())
    }
}

/// What storing a part counts against the bounds.
pub(super) fn charge(part: &Part<'_>) -> usize {
    part.captured()
        .map_or(0, <[u8]>::len)
        .saturating_add(PIECE_OVERHEAD)
}

/// How much of an arriving part was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Overlap {
    /// Bytes that were not held before.
    pub(super) fresh: u64,
    /// Bytes that were held already.
    pub(super) held: u64,
    /// Those of the held bytes that differ from the arriving ones.
    pub(super) conflicting: u64,
}

impl Overlap {
    /// Counts what of `part` meets an earlier `piece`, up to where they part.
    pub(super) fn meet(&mut self, part: &Part<'_>, piece: &Part<'_>) {
        let shared = part
            .end()
            .min(piece.end())
            .saturating_sub(part.start.max(piece.start));
        self.held = self.held.saturating_add(shared);
        self.conflicting = self.conflicting.saturating_add(part.differing(piece));
    }
}

/// The pieces.
///
/// Invariant: `pieces[i].end() <= pieces[i + 1].start` for all i, no piece is empty, and `charge`
/// is the sum of the pieces' charges.
#[derive(Debug, Default)]
pub(super) struct Store {
    pieces: VecDeque<Piece>,
    charge: usize,
    /// When the hole in front last became smaller, or the stream began behind it.
    pub(super) progress: Option<Timestamp>,
    /// The hole in front at the moment in which the clock was set last.
    pub(super) stepped: Option<Stepped>,
    /// Highest right edge of the peer's SACK blocks since there is a hole, 0 without any.
    pub(super) sack: u64,
    /// The wait before the hole in front is given up.
    pub(super) grace: Option<Grace>,
}

/// A hole that was there when the clock was set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stepped {
    /// Position of the first byte that waits behind it: by this it is known.
    pub(super) end: u64,
    /// Since when nothing of it came, by the clock as it is now.
    pub(super) since: Timestamp,
}

/// A running wait: what was acknowledged and known when it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grace {
    pub(super) since: Mark,
    pub(super) ack: u64,
    /// Segments of the connection since then.
    pub(super) segments: u8,
}

impl Store {
    pub(super) fn front(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    pub(super) fn pop_front(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.charge = self.charge.saturating_sub(piece.charge());
        Some(piece)
    }

    /// Position behind the last stored byte.
    pub(super) fn end(&self) -> Option<u64> {
        self.pieces.back().map(Piece::end)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Memory held, with the overhead of each piece.
    pub(super) fn charge(&self) -> usize {
        self.charge
    }

    /// Stores what of `part` is not held yet; what is held stays as it came first.
    pub(super) fn insert(&mut self, mut part: Part<'_>, at: Mark) -> Overlap {
        let mut overlap = Overlap::default();
        // Nearly all data behind a hole comes in order itself, so it belongs at the tail.
        let mut index = match self.pieces.back() {
            Some(last) if last.end() > part.start => {
                self.pieces.partition_point(|p| p.end() <= part.start)
            }
            _ => self.pieces.len(),
        };
        while !part.is_empty() {
            let Some(piece) = self.pieces.get(index) else {
                self.place(index, part, at, &mut overlap);
                break;
            };
            if piece.start > part.start {
                let head = part.split_before(piece.start);
                self.place(index, head, at, &mut overlap);
            } else {
                overlap.meet(&part, &piece.as_part());
                part.split_before(piece.end());
            }
            index = index.saturating_add(1);
        }
        overlap
    }

    fn place(&mut self, index: usize, part: Part<'_>, at: Mark, overlap: &mut Overlap) {
        overlap.fresh = overlap.fresh.saturating_add(part.len());
        self.charge = self.charge.saturating_add(charge(&part));
        self.pieces.insert(index, Piece::new(part, at));
    }
}

/// The geometry on one line for failed assertions: `[10..20 25..30]`, cut runs in parentheses.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, piece) in self.pieces.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            match piece.body {
                Body::Bytes(_) => write!(f, "{space}{}..{}", piece.start, piece.end())?,
                Body::Cut(_) => write!(f, "{space}({}..{})", piece.start, piece.end())?,
            }
        }
        f.write_str("]")
    }
}
