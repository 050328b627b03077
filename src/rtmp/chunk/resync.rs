//! Finding chunk headers again where they are not known: behind a hole, in a capture that joined
//! late, or where a header could not be one. Bytes are held while hypotheses need them, within a
//! bound, and a header is believed only when those behind it stand where it puts them: nothing
//! is worse than a message that never was.

use crate::base::ids::Mark;
use crate::rtmp::chunk::extended::ExtendedTimestamps;
use crate::rtmp::chunk::stream::ChunkStream;
use crate::rtmp::chunk::stream::ChunkStreams;
use crate::rtmp::chunk::walk;
use crate::rtmp::chunk::walk::LOOK;
use crate::rtmp::chunk::walk::Needed;
use crate::rtmp::chunk::walk::Outcome;
use crate::rtmp::chunk::walk::Size;
use crate::rtmp::chunk::walk::Walk;
use crate::rtmp::chunk::walk::Walked;

/// Most bytes held while looking. A chain of three headers at the largest chunk sizes in use
/// (60,000 and 65,536) needs a fifth of that.
const MAX_HELD: usize = 512 * 1024;

/// Most places at which a header may begin that wait for more bytes.
const MAX_OPEN: usize = 64;

/// For a header anywhere in the bytes. Half a million places and some sizes are tried: 60 bits
/// leave one false find in many billions. The first header must be strong by itself, since a
/// false one could lead to true ones by chance.
const ANYWHERE: Needed = Needed {
    bits: 60,
    first: 22,
    headers: 3,
};

/// For a header where one has to be if nothing else was sent in a hole, or whose length is not
/// certain: there is one place to try.
const EXPECTED: Needed = Needed {
    bits: 20,
    first: 0,
    headers: 1,
};

/// A header that was read, but refers to what may have changed unseen: what it says itself
/// proves nothing.
const IN_DOUBT: Needed = Needed {
    bits: 34,
    first: 0,
    headers: 3,
};

/// What the first byte looked at is, if the bytes behind it agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Anything.
    Nothing,
    /// A header.
    Header,
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

/// What is known of the direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) streams: &'a ChunkStreams,
    pub(super) size: Size,
    pub(super) extended: ExtendedTimestamps,
}

/// A header was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where in the held bytes the decoder goes on.
    pub(super) at: usize,
    /// The chunk size that agrees.
    pub(super) size: Size,
    /// Whether it goes on as was expected.
    pub(super) as_expected: bool,
}

/// A search for the next chunk header.
#[derive(Debug)]
pub(super) struct Search {
    /// First position passed over.
    pub(super) since: u64,
    /// Whether the loss was reported.
    pub(super) said: bool,
    /// Position of the first byte held.
    base: u64,
    /// What is held, behind `head` bytes that are not needed any more.
    bytes: Vec<u8>,
    head: usize,
    /// Where in `bytes` each mark begins.
    marks: Vec<(usize, Mark)>,
    expected: Expected,
    /// How many bytes the expectation needs before it can be tried again.
    expected_needs: usize,
    /// Places before this one were tried.
    scanned: usize,
    /// Places that need more bytes, and how many.
    open: Vec<(usize, usize)>,
    /// Whether so much was held in vain that the chunk size is no longer believed.
    doubt_size: bool,
}

impl Search {
    /// A search from `base` on, where nothing from `since` on was understood.
    pub(super) fn new(since: u64, base: u64, expected: Expected, said: bool) -> Self {
        Self {
            since,
            said,
            base,
            bytes: Vec::new(),
            head: 0,
            marks: Vec::new(),
            expected,
            expected_needs: 0,
            scanned: 0,
            open: Vec::new(),
            doubt_size: false,
        }
    }

    /// More bytes.
    pub(super) fn add(&mut self, at: Mark, data: &[u8]) {
        if !data.is_empty() {
            self.marks.push((self.bytes.len(), at));
            self.bytes.extend_from_slice(data);
        }
    }

    /// Bytes are missing: none of what is held can be checked across them.
    pub(super) fn gap(&mut self, len: u64) {
        self.base = self.end().saturating_add(len);
        self.bytes.clear();
        self.head = 0;
        self.marks.clear();
        self.open.clear();
        self.expected = Expected::Nothing;
        self.scanned = 0;
    }

    /// Position behind the last byte.
    pub(super) fn end(&self) -> u64 {
        self.position(self.held().len())
    }

    /// Position of the byte at `at`.
    pub(super) fn position(&self, at: usize) -> u64 {
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        self.base.saturating_add(at)
    }

    /// What was expected at the first byte.
    pub(super) fn expected(&self) -> Expected {
        self.expected
    }

    /// Whether what was expected did not come true.
    pub(super) fn is_disappointed(&self) -> bool {
        self.expected == Expected::Nothing
    }

    /// What brought the last byte.
    pub(super) fn last_mark(&self) -> Mark {
        self.marks.last().map(|(_, mark)| *mark).unwrap_or_default()
    }

    fn held(&self) -> &[u8] {
        self.bytes.get(self.head..).unwrap_or_default()
    }

    /// The held bytes from `from` on, piece by piece as they came.
    pub(super) fn pieces(&self, from: usize) -> impl Iterator<Item = (Mark, &[u8])> {
        let from = self.head.saturating_add(from);
        let ends = self.marks.iter().skip(1).map(|(start, _)| *start);
        let ends = ends.chain([self.bytes.len()]);
        self.marks
            .iter()
            .zip(ends)
            .filter_map(move |((start, mark), end)| {
                let piece = self.bytes.get((*start).max(from)..end)?;
                (!piece.is_empty()).then_some((*mark, piece))
            })
    }

    /// Becomes another search, which begins within the held bytes.
    pub(super) fn restart(&mut self, new: &Self) {
        let gone = new.base.saturating_sub(self.base);
        self.drop_front(usize::try_from(gone).unwrap_or(usize::MAX));
        self.since = new.since;
        self.said = new.said;
        self.expected = new.expected;
        self.expected_needs = 0;
        self.scanned = 0;
        self.open.clear();
        self.doubt_size = false;
    }

    /// Looks for a header in what has come.
    pub(super) fn look(&mut self, known: Known<'_>) -> Option<Found> {
        if let Some(found) = self.try_expected(known) {
            return Some(found);
        }
        if self.expected != Expected::Nothing {
            if self.held().len() < MAX_HELD {
                return None;
            }
            self.expected = Expected::Nothing;
        }
        let size = if self.doubt_size {
            Size::UNKNOWN
        } else {
            known.size
        };
        let idle = idle(known.streams);
        if let Some(found) = self.try_open(known, size, &idle) {
            return Some(found);
        }
        while self.scanned.saturating_add(LOOK) <= self.held().len() {
            let at = self.scanned;
            self.scanned = at.saturating_add(1);
            if walk::may_begin(self.held().get(at..).unwrap_or_default())
                && let Some(found) = self.try_at(at, known, size, &idle)
            {
                return Some(found);
            }
        }
        self.forget();
        None
    }

    fn try_expected(&mut self, known: Known<'_>) -> Option<Found> {
        if self.held().len() < self.expected_needs {
            return None;
        }
        let mut streams = in_progress(known.streams);
        let (at, needed) = match self.expected {
            Expected::Nothing => return None,
            Expected::Header => (0, IN_DOUBT),
            Expected::Within(within) => {
                if let Some(stream) = streams.get_mut(within.stream) {
                    let passed = within.missing.saturating_add(within.left);
                    stream.remaining = stream.remaining.saturating_sub(passed);
                }
                (usize::try_from(within.left).unwrap_or(usize::MAX), EXPECTED)
            }
        };
        let trial = Walk::new(self.held(), streams, known.size, known.extended, needed);
        match trial.run(at) {
            Outcome::Confirmed(size) => Some(Found {
                at: 0,
                size,
                as_expected: true,
            }),
            Outcome::Open(needs) => {
                self.expected_needs = needs;
                None
            }
            Outcome::Refuted => {
                self.expected = Expected::Nothing;
                None
            }
        }
    }

    fn try_open(&mut self, known: Known<'_>, size: Size, idle: &[Walked]) -> Option<Found> {
        let open = std::mem::take(&mut self.open);
        let mut found = None;
        for (at, needs) in open {
            if found.is_some() || needs > self.held().len() {
                self.open.push((at, needs));
            } else {
                found = self.try_at(at, known, size, idle);
            }
        }
        found
    }

    fn try_at(
        &mut self,
        at: usize,
        known: Known<'_>,
        size: Size,
        idle: &[Walked],
    ) -> Option<Found> {
        let streams = idle.to_vec();
        match Walk::new(self.held(), streams, size, known.extended, ANYWHERE).run(at) {
            Outcome::Confirmed(size) => {
                return Some(Found {
                    at,
                    size,
                    as_expected: false,
                });
            }
            Outcome::Open(needs) if self.open.len() < MAX_OPEN => {
                self.open.push((at, needs));
            }
            Outcome::Open(_) | Outcome::Refuted => {}
        }
        None
    }

    /// Lets go of bytes that no hypothesis needs, and of hypotheses that need too many.
    fn forget(&mut self) {
        if self.held().len() >= MAX_HELD {
            let half = MAX_HELD / 2;
            self.open.retain(|(at, _)| *at >= half);
            // So many bytes without a chain: a Set Chunk Size may have been lost.
            self.doubt_size = true;
        }
        let needed = self.open.iter().map(|(at, _)| *at).min();
        self.drop_front(needed.unwrap_or(self.scanned).min(self.scanned));
    }

    fn drop_front(&mut self, count: usize) {
        let count = count.min(self.held().len());
        self.head = self.head.saturating_add(count);
        self.base = self.position(count);
        self.scanned = self.scanned.saturating_sub(count);
        for (at, needs) in &mut self.open {
            *at = at.saturating_sub(count);
            *needs = needs.saturating_sub(count);
        }
        // Moving the rest costs as much as it is long: only when half is gone.
        if self.head < self.bytes.len() / 2 {
            return;
        }
        let head = std::mem::take(&mut self.head);
        self.bytes.drain(..head);
        let current = self.marks.iter().rposition(|(start, _)| *start <= head);
        self.marks.drain(..current.unwrap_or_default());
        for (start, _) in &mut self.marks {
            *start = start.saturating_sub(head);
        }
    }
}

/// The chunk streams with their messages in progress.
fn in_progress(streams: &ChunkStreams) -> Vec<Walked> {
    let walked = |stream: &ChunkStream| Walked {
        csid: stream.csid,
        remembered: stream.remembered,
        remaining: stream.partial.as_ref().map_or(0, |_| stream.remaining()),
    };
    streams.iter().map(walked).collect()
}

/// The chunk streams with all messages in progress given up.
fn idle(streams: &ChunkStreams) -> Vec<Walked> {
    let mut walked = in_progress(streams);
    for stream in &mut walked {
        stream.remaining = 0;
    }
    walked
}
