//! What is expected where a search begins, and whether it comes true.

use crate::rtmp::chunk::needed::BEHIND;
use crate::rtmp::chunk::needed::BETWEEN;
use crate::rtmp::chunk::needed::EXPECTED;
use crate::rtmp::chunk::needed::IN_DOUBT;
use crate::rtmp::chunk::needed::IN_ONE_CHUNK;
use crate::rtmp::chunk::repeated;
use crate::rtmp::chunk::resync::Found;
use crate::rtmp::chunk::resync::Known;
use crate::rtmp::chunk::resync::MAX_HELD;
use crate::rtmp::chunk::resync::Search;
use crate::rtmp::chunk::resync::idle;
use crate::rtmp::chunk::resync::in_progress;
use crate::rtmp::chunk::sizes;
use crate::rtmp::chunk::sizes::Decision;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::sizes::Sizes;
use crate::rtmp::chunk::undescribed;
use crate::rtmp::chunk::undescribed::Around;
use crate::rtmp::chunk::undescribed::Inferred;
use crate::rtmp::chunk::undescribed::Undescribed;
use crate::rtmp::chunk::walk;
use crate::rtmp::chunk::walk::Outcome;
use crate::rtmp::chunk::walk::Walked;
use crate::rtmp::types::ChunkStreamId;

/// What the first byte looked at is, if the bytes behind it agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Anything.
    Nothing,
    /// A header.
    Header,
    /// A header right behind a hole, of which nothing else is known.
    Behind,
    /// A header that refers to one nobody saw, with a message behind it as long as others were.
    Undescribed(Undescribed),
    /// The same, where what follows does not tell length and type.
    Untold(Undescribed),
    /// A header behind which chunks may be cut in this way.
    Sizes(Sizes),
    /// Payload of a message that goes on behind a hole.
    Within(Within),
}

/// How a message goes on behind a hole in which headers of its own were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Within {
    /// Place of its chunk stream.
    pub(super) stream: usize,
    /// Payload bytes left in the chunk in which the hole ends.
    pub(super) left: u32,
    /// Payload bytes in the hole.
    pub(super) missing: u32,
    /// Chunks that begin in the hole.
    pub(super) chunks: u32,
    /// Header bytes in the hole.
    pub(super) header_bytes: u32,
}

impl Found {
    /// At `at` in the held bytes, with this chunk size, and nothing else to say.
    fn as_expected(at: usize, size: Size) -> Self {
        Self {
            as_expected: true,
            ..Self::elsewhere(at, size)
        }
    }
}

impl Search {
    pub(super) fn try_expected(&mut self, known: Known<'_>) -> Option<Found> {
        if self.held().len() < self.expected_needs && !self.is_over {
            return None;
        }
        if let Some(size) = self.tells_size(known) {
            return Some(Found::as_expected(0, size));
        }
        let (at, streams, size, needed) = match self.expected {
            Expected::Nothing => return None,
            Expected::Undescribed(lengths) => return self.try_to_infer(lengths, known),
            Expected::Untold(lengths) => return self.try_lengths(&lengths, known),
            Expected::Sizes(other) => return self.try_sizes(other, known),
            Expected::Header => (0, in_progress(known.streams), known.size, IN_DOUBT),
            Expected::Behind => (0, idle(known.streams), self.size(known), BEHIND),
            Expected::Within(within) => {
                let mut streams = in_progress(known.streams);
                if let Some(stream) = streams.get_mut(within.stream) {
                    let passed = within.missing.saturating_add(within.left);
                    stream.remaining = stream.remaining.saturating_sub(passed);
                }
                let at = usize::try_from(within.left).unwrap_or(usize::MAX);
                (at, streams, known.size, EXPECTED)
            }
        };
        match self.trial(at, streams, size, known, needed) {
            Outcome::Confirmed(size) => Some(Found {
                as_expected: self.expected != Expected::Behind,
                ..Found::as_expected(0, size)
            }),
            Outcome::Open(needs) => {
                self.expected_needs = needs;
                None
            }
            Outcome::Refuted => {
                self.expected = match self.expected {
                    Expected::Within(_) => Expected::Behind,
                    Expected::Header => self.described_anew(known),
                    _ => Expected::Nothing,
                };
                self.expected_needs = 0;
                self.try_expected(known)
            }
        }
    }

    /// The chunk size, where that is all that is in doubt: a message longer than any before tells
    /// it by coming in one chunk.
    fn tells_size(&self, known: Known<'_>) -> Option<Size> {
        let tells_all = self.expected == Expected::Header && walk::may_begin(self.held());
        let streams = tells_all.then(|| in_progress(known.streams))?;
        let walk = self.walk(streams, known.size, known, IN_DOUBT);
        walk.in_one_chunk(0, IN_ONE_CHUNK)
    }

    /// A header refers to what does not hold any more: what it refers to now was lost.
    fn described_anew(&self, known: Known<'_>) -> Expected {
        let control = repeated::payload_at(self.held()).map(|_| ChunkStreamId::CONTROL);
        let csid = control.or(undescribed::short_header(self.held()).map(|(csid, _)| csid));
        let stream = known
            .streams
            .iter()
            .find(|stream| Some(stream.csid) == csid);
        stream
            .filter(|stream| stream.remembered.in_doubt)
            .map_or(Expected::Nothing, |stream| {
                Expected::Undescribed(Undescribed::new(stream.csid))
            })
    }

    /// What is known around the bytes that are held.
    fn around(&self, known: Known<'_>) -> Around {
        Around {
            streams: in_progress(known.streams),
            size: known.size,
            extended: known.extended,
            cut: known.cut,
            is_over: self.is_over,
        }
    }

    /// How chunks are cut. What the specification says stays where nothing tells.
    fn try_sizes(&mut self, other: Sizes, known: Known<'_>) -> Option<Found> {
        let around = self.around(known);
        let is_enough = self.is_over || self.held().len() >= MAX_HELD;
        let taken = match sizes::decide(self.held(), &around, other) {
            Decision::Taken(sizes) => sizes,
            Decision::Open(_) if is_enough => Sizes::Uniform,
            Decision::Open(needs) => {
                self.expected_needs = needs;
                return None;
            }
        };
        self.expected = Expected::Sizes(taken);
        Some(Found::as_expected(0, known.size))
    }

    /// Whether what follows a header tells length and type of its message, which no header told.
    fn try_to_infer(&mut self, lengths: Undescribed, known: Known<'_>) -> Option<Found> {
        let mut around = self.around(known);
        let is_known = |stream: &Walked| stream.csid == lengths.csid;
        let strong = if around.streams.iter().any(is_known) {
            undescribed::STRONG_ANEW
        } else {
            undescribed::STRONG
        };
        around.streams.retain(|stream| !is_known(stream));
        match undescribed::infer(self.held(), &around, strong) {
            Inferred::Told(description, size) => Some(Found {
                description: Some(description),
                ..Found::as_expected(0, size)
            }),
            Inferred::Open(needs) if !self.is_over => {
                self.expected_needs = needs;
                None
            }
            Inferred::Open(_) | Inferred::Untold => {
                self.expected = Expected::Untold(lengths);
                self.try_lengths(&lengths, known)
            }
        }
    }

    /// Whether a header stands behind messages as long as others of their chunk stream were.
    fn try_lengths(&mut self, lengths: &Undescribed, known: Known<'_>) -> Option<Found> {
        let mut needs: Option<usize> = None;
        for length in lengths.known() {
            let at = lengths.behind(self.held(), length);
            let streams = in_progress(known.streams);
            match self.trial(at, streams, known.size, known, BETWEEN) {
                Outcome::Confirmed(size) => return Some(Found::as_expected(at, size)),
                Outcome::Open(more) => needs = Some(needs.map_or(more, |least| least.min(more))),
                Outcome::Refuted => {}
            }
        }
        match needs {
            Some(needs) => self.expected_needs = needs,
            None => self.expected = Expected::Nothing,
        }
        None
    }
}
