//! Finding chunk headers again where they are not known: behind a hole, in a capture that joined
//! late, or where a header could not be one. Bytes are held while hypotheses need them, within a
//! bound, and a header is believed only when those behind it stand where it puts them: nothing
//! is worse than a message that never was.

use crate::base::ids::Mark;
use crate::rtmp::chunk::expected::Expected;
use crate::rtmp::chunk::extended::ExtendedTimestamps;
use crate::rtmp::chunk::needed::ANYWHERE;
use crate::rtmp::chunk::needed::NEAR;
use crate::rtmp::chunk::needed::NOT_FAR;
use crate::rtmp::chunk::needed::Needed;
use crate::rtmp::chunk::needed::REPEATED;
use crate::rtmp::chunk::repeated;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::sizes::Sizes;
use crate::rtmp::chunk::stream::ChunkStream;
use crate::rtmp::chunk::stream::ChunkStreams;
use crate::rtmp::chunk::undescribed::Description;
use crate::rtmp::chunk::walk;
use crate::rtmp::chunk::walk::Agreed;
use crate::rtmp::chunk::walk::LOOK;
use crate::rtmp::chunk::walk::Outcome;
use crate::rtmp::chunk::walk::Walk;
use crate::rtmp::chunk::walk::Walked;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;

/// Most bytes held while looking. A chain of three headers at the largest chunk sizes in use
/// (60,000 and 65,536) needs a fifth of that.
pub(super) const MAX_HELD: usize = 512 * 1024;

/// Most places at which a header may begin that wait for more bytes.
const MAX_OPEN: usize = 64;

/// So many bytes behind a hole, headers that refer to others are looked for too: they begin the
/// messages of a direction that says one and the same thing all the time, as receivers do.
const NEAR_LEN: u64 = 64;

/// The same with more evidence: what comes until a header that tells all by itself is found.
const NOT_FAR_LEN: u64 = 8192;

/// What a search began behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// Bytes that make no sense.
    Bytes,
    /// The begin of the capture, at this position.
    Begin(u64),
    /// A hole that ends at this position.
    Hole(u64),
    /// A header at this position that refers to one nobody saw, or another than it seemed to.
    Undescribed(u64),
}

/// What is known of the direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) streams: &'a ChunkStreams,
    pub(super) size: Size,
    pub(super) extended: ExtendedTimestamps,
    /// How chunks are cut.
    pub(super) cut: Sizes,
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
    /// Whether what agrees are control messages that a peer repeats, whose first header nobody saw.
    pub(super) repeats: Option<Description>,
    /// What the header stands for refers to and nobody saw, where it could be inferred.
    pub(super) description: Option<Description>,
}

impl Found {
    /// At `at` in the held bytes, where nothing was expected.
    pub(super) fn elsewhere(at: usize, size: Size) -> Self {
        Self {
            at,
            size,
            as_expected: false,
            repeats: None,
            description: None,
        }
    }
}

/// A search for the next chunk header.
#[derive(Debug)]
pub(super) struct Search {
    /// First position passed over.
    pub(super) since: u64,
    /// Whether the loss was reported.
    pub(super) said: bool,
    /// Whether no more bytes will come.
    pub(super) is_over: bool,
    /// Position of the first byte held.
    base: u64,
    /// What is held, behind `head` bytes that are not needed any more.
    bytes: Vec<u8>,
    head: usize,
    /// Where in `bytes` each mark begins.
    marks: Vec<(usize, Mark)>,
    pub(super) expected: Expected,
    /// How many bytes the expectation needs before it can be tried again.
    pub(super) expected_needs: usize,
    /// Places before this one were tried.
    scanned: usize,
    /// Places that need more bytes, and how many.
    open: Vec<(usize, usize)>,
    /// Whether the chunk size is not believed: one may have been lost, or so much was held in vain.
    pub(super) doubts_size: bool,
    /// What the search began behind, or came last in it.
    pub(super) behind: Behind,
    /// The chunk stream of a header that refers to one nobody saw, where that began the search.
    pub(super) undescribed: Option<(ChunkStreamId, ChunkFormat)>,
    /// What spoke for the latest trial.
    pub(super) agreed: Agreed,
}

impl Search {
    /// A search from `base` on, where nothing from `since` on was understood.
    pub(super) fn new(since: u64, base: u64, expected: Expected, said: bool) -> Self {
        Self {
            since,
            said,
            is_over: false,
            base,
            bytes: Vec::new(),
            head: 0,
            marks: Vec::new(),
            expected,
            expected_needs: 0,
            scanned: 0,
            open: Vec::new(),
            doubts_size: false,
            behind: Behind::Bytes,
            undescribed: None,
            agreed: Agreed::default(),
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
        self.behind = Behind::Hole(self.base);
        self.bytes.clear();
        self.head = 0;
        self.marks.clear();
        self.open.clear();
        self.expected = Expected::Behind;
        self.expected_needs = 0;
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

    /// Tries whether a header stands at a place of what is held, and remembers what spoke for it.
    pub(super) fn trial(
        &mut self,
        at: usize,
        streams: Vec<Walked>,
        size: Size,
        known: Known<'_>,
        needed: Needed,
    ) -> Outcome {
        let (outcome, agreed) = self.walk(streams, size, known, needed).run(at);
        self.agreed = agreed;
        outcome
    }

    /// A trial over what is held.
    pub(super) fn walk(
        &self,
        streams: Vec<Walked>,
        size: Size,
        known: Known<'_>,
        needed: Needed,
    ) -> Walk<'_> {
        let mut walk = Walk::new(self.held(), streams, size, known.extended, needed);
        walk.is_over = self.is_over;
        walk.cut = known.cut;
        walk
    }

    /// Whether what was expected did not come true.
    pub(super) fn is_disappointed(&self) -> bool {
        matches!(self.expected, Expected::Nothing | Expected::Behind)
    }

    /// What brought the last byte.
    pub(super) fn last_mark(&self) -> Mark {
        self.marks.last().map(|(_, mark)| *mark).unwrap_or_default()
    }

    /// What brought the byte at `at`.
    pub(super) fn mark_of(&self, at: usize) -> Mark {
        let piece = self.pieces(at).next();
        piece.map_or_else(|| self.last_mark(), |(mark, _)| mark)
    }

    pub(super) fn held(&self) -> &[u8] {
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
        self.doubts_size = new.doubts_size;
        self.undescribed = new.undescribed;
        self.behind = new.behind;
    }

    /// Looks for a header in what has come.
    pub(super) fn look(&mut self, known: Known<'_>) -> Option<Found> {
        if let Some(found) = self.try_expected(known) {
            return Some(found);
        }
        if self.waits_for_what_is_expected() {
            if self.held().len() < MAX_HELD && !self.is_over {
                return None;
            }
            self.expected = Expected::Nothing;
        }
        let size = self.size(known);
        let idle = idle(known.streams);
        if let Some(found) = self.try_open(known, size, &idle) {
            return Some(found);
        }
        let look = if self.is_over { 1 } else { LOOK };
        while self.scanned.saturating_add(look) <= self.held().len() {
            let at = self.scanned;
            self.scanned = at.saturating_add(1);
            let bytes = self.held().get(at..).unwrap_or_default();
            let refers = walk::may_refer(bytes, &idle) || repeated::may_begin(bytes);
            let is_near = refers && self.is_within(at, NOT_FAR_LEN);
            if (is_near || walk::may_begin(bytes))
                && let Some(found) = self.try_at(at, known, size, &idle)
            {
                return Some(found);
            }
        }
        self.forget();
        None
    }

    /// A header right behind a hole is looked for beside all others.
    fn waits_for_what_is_expected(&self) -> bool {
        !matches!(self.expected, Expected::Nothing | Expected::Behind)
    }

    pub(super) fn size(&self, known: Known<'_>) -> Size {
        if self.doubts_size {
            Size::UNKNOWN
        } else {
            known.size
        }
    }

    /// Whether a place is so close behind a hole.
    fn is_within(&self, at: usize, len: u64) -> bool {
        let end = match self.behind {
            Behind::Bytes => return false,
            Behind::Begin(end) | Behind::Hole(end) | Behind::Undescribed(end) => end,
        };
        self.position(at) < end.saturating_add(len)
    }

    /// The evidence that a header needs at a place.
    fn needed(&self, at: usize) -> Needed {
        let first = self.held().get(at).copied().unwrap_or_default();
        // At the begin of a capture nothing is known that could be referred to.
        if matches!(self.behind, Behind::Begin(_)) {
            return ANYWHERE;
        }
        if matches!(self.behind, Behind::Hole(_)) && self.is_within(at, NEAR_LEN) {
            NEAR
        } else if self.is_within(at, NOT_FAR_LEN) && first & 0x80 != 0 {
            NOT_FAR
        } else {
            ANYWHERE
        }
    }

    fn try_open(&mut self, known: Known<'_>, size: Size, idle: &[Walked]) -> Option<Found> {
        let open = std::mem::take(&mut self.open);
        let mut found = None;
        for (at, needs) in open {
            if found.is_some() || (needs > self.held().len() && !self.is_over) {
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
        let needed = self.needed(at);
        match self.trial(at, idle.to_vec(), size, known, needed) {
            Outcome::Confirmed(size) => {
                return Some(Found::elsewhere(at, size));
            }
            Outcome::Open(needs) => self.wait(at, needs),
            Outcome::Refuted => {}
        }
        self.try_repeated(at, known, size, idle)
    }

    /// A receiver says nothing for hours but how much it has received and that it is there, with
    /// headers of one byte after the first: what they refer to is known without having seen it.
    fn try_repeated(
        &mut self,
        at: usize,
        known: Known<'_>,
        size: Size,
        idle: &[Walked],
    ) -> Option<Found> {
        if !self.is_within(at, NEAR_LEN) {
            return None;
        }
        let bytes = self.held().get(at..).unwrap_or_default();
        let descriptions: Vec<Description> = repeated::count_up(bytes).collect();
        for description in descriptions {
            let mut streams = idle.to_vec();
            streams.retain(|stream| stream.csid != description.csid);
            streams.push(description.walked());
            match self.trial(at, streams, size, known, REPEATED) {
                Outcome::Confirmed(size) => {
                    return Some(Found {
                        repeats: Some(description),
                        ..Found::elsewhere(at, size)
                    });
                }
                Outcome::Open(needs) => self.wait(at, needs),
                Outcome::Refuted => {}
            }
        }
        None
    }

    /// A place needs so many bytes before it can be tried again.
    fn wait(&mut self, at: usize, needs: usize) {
        if let Some((_, least)) = self.open.iter_mut().find(|(place, _)| *place == at) {
            *least = needs.min(*least);
        } else if self.open.len() < MAX_OPEN {
            self.open.push((at, needs));
        }
    }

    /// Lets go of bytes that no hypothesis needs, and of hypotheses that need too many.
    fn forget(&mut self) {
        if self.held().len() >= MAX_HELD {
            let half = MAX_HELD / 2;
            self.open.retain(|(at, _)| *at >= half);
            // So many bytes without a chain: a Set Chunk Size may have been lost.
            self.doubts_size = true;
        }
        if self.expected == Expected::Behind {
            // The first byte may still be the one.
            if self.held().len() < MAX_HELD {
                return;
            }
            self.expected = Expected::Nothing;
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
pub(super) fn in_progress(streams: &ChunkStreams) -> Vec<Walked> {
    let walked = |stream: &ChunkStream| Walked {
        csid: stream.csid,
        remembered: stream.remembered,
        starts: stream.starts,
        remaining: stream.partial.as_ref().map_or(0, |_| stream.remaining()),
        chunk: stream.partial.as_ref().and_then(|partial| partial.chunk),
    };
    streams.iter().map(walked).collect()
}

/// The chunk streams with all messages in progress given up, and what they refer to in doubt.
pub(super) fn idle(streams: &ChunkStreams) -> Vec<Walked> {
    let mut walked = in_progress(streams);
    for stream in &mut walked {
        stream.remaining = 0;
        stream.remembered.in_doubt = true;
    }
    walked
}
