//! Reads the bytes of a message again: frames → segments of its direction → the bytes on the wire →
//! its pieces.
//!
//! The dashboard's thread puts what it wants on the [`Desk`]; whoever calls
//! [`Shared::serve`](crate::tui::shared::Shared::serve) on a thread of their own takes it from
//! there, reads, and puts the answer back. What is wanted last is all that counts.

use std::ops::ControlFlow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::base::ids::FlowId;
use crate::base::units::bytes;
use crate::capture::again::Again;
use crate::capture::again::Lost;
use crate::capture::again::Step;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::frame::FrameDecoder;
use crate::net::seq::SeqNum;
use crate::rtmp::aggregate;
use crate::rtmp::field::NoFields;
use crate::tui::wanted::Wanted;
use crate::tui::wire;
use crate::tui::wire::Piece;

/// Most bytes of a direction that are read again for one message: the longest message with its
/// headers, and as much of other channels in between.
const MAX_WIRE: u64 = 40 << 20;

/// How far before the first frame of a message is looked for bytes of it that were captured
/// earlier: frames come out of order, and what is behind a hole was captured before what fills it.
const BEFORE: [u64; 3] = [0, 1 << 20, 32 << 20];

/// Frames between two looks whether something else is wanted by now.
const LOOK_EVERY: u32 = 256;

/// The bytes of a message, read again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// Its body, as far as it came in without a hole.
    pub(super) body: Vec<u8>,
    /// Its bytes on the wire. Empty for a part of an aggregate.
    pub(super) wire: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    /// Where in the bytes on the wire some are missing.
    pub(super) holes: Vec<Range<usize>>,
}

/// Why a message cannot be read again.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Lost(#[from] Lost),
    #[error("where the byte stream of this direction begins is not known")]
    NoBegin,
    #[error("{} are more than is read at once", bytes(*.0))]
    TooLong(u64),
    #[error("the frames that brought it are not where they were: the file has changed")]
    Changed,
    #[error("its frames were read, but its bytes are not in them")]
    NotThere,
    #[error("its bytes were read, but its chunk headers cannot be told from them")]
    NoHeaders,
}

/// How far a message is from being read again.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// It is being read; how many of a hundred parts of what has to be passed over are behind.
    Underway(Option<u64>),
    Found(Arc<Found>),
    Failed(Arc<str>),
}

/// Where the dashboard's thread asks and is answered.
#[derive(Debug, Default)]
pub(super) struct Desk {
    inner: Mutex<Papers>,
    bell: Condvar,
    /// Changes when something else is wanted.
    asked: AtomicU64,
}

#[derive(Debug, Default)]
struct Papers {
    readers: usize,
    is_closed: bool,
    wanted: Option<Arc<Wanted>>,
    /// Whose answer it is, and the answer.
    answer: Option<((FlowId, u64), Answer)>,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Papers> {
        // A thread that panicked has left plain data behind.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody reads again what is asked for.
    pub(super) fn is_served(&self) -> bool {
        let papers = self.lock();
        papers.readers > 0 && !papers.is_closed
    }

    /// Somebody will read: asking makes sense from here on.
    pub(super) fn open(&self) {
        let mut papers = self.lock();
        papers.readers = papers.readers.saturating_add(1);
    }

    /// As in the beginning: nobody reads, nothing was asked.
    pub(super) fn reset(&self) {
        *self.lock() = Papers::default();
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing is wanted any more.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.bell.notify_all();
    }

    /// Asks for a message, and for nothing that was asked for before.
    pub(super) fn ask(&self, wanted: Wanted) {
        let mut papers = self.lock();
        papers.answer = Some((wanted.key(), Answer::Underway(None)));
        papers.wanted = Some(Arc::new(wanted));
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.bell.notify_all();
    }

    /// The answer for a message that was asked for last.
    pub(super) fn answer(&self, key: (FlowId, u64)) -> Option<Answer> {
        let papers = self.lock();
        let (of, answer) = papers.answer.as_ref()?;
        (*of == key).then(|| answer.clone())
    }

    /// Puts an answer there, unless something else is wanted by now. Whether it was put there.
    fn put(&self, asked: u64, key: (FlowId, u64), answer: Answer) -> bool {
        let mut papers = self.lock();
        let counts = self.is_wanted(asked);
        if counts {
            papers.answer = Some((key, answer));
        }
        counts
    }

    fn is_wanted(&self, asked: u64) -> bool {
        self.asked.load(Ordering::Relaxed) == asked
    }

    /// What is wanted next, waiting for it if that is wished; `None` when it is closed, or when
    /// nothing is wanted.
    fn next(&self, waits: bool) -> Option<(u64, Arc<Wanted>)> {
        let mut papers = self.lock();
        loop {
            if papers.is_closed {
                return None;
            }
            if let Some(wanted) = papers.wanted.take() {
                return Some((self.asked.load(Ordering::Relaxed), wanted));
            }
            if !waits {
                return None;
            }
            papers = self
                .bell
                .wait(papers)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Reads what is asked for until the desk is closed or, unless it `waits`, until nothing is
    /// wanted. `news` is called whenever there is something to look at.
    pub(super) fn serve(&self, again: &Again, waits: bool, news: &dyn Fn()) {
        while let Some((asked, wanted)) = self.next(waits) {
            let key = wanted.key();
            let read = read(again, &wanted, &mut |percent| {
                if let Some(percent) = percent
                    && self.put(asked, key, Answer::Underway(Some(percent)))
                {
                    news();
                }
                self.is_wanted(asked)
            });
            let answer = match read {
                Ok(found) => Answer::Found(Arc::new(found)),
                Err(trouble) => Answer::Failed(trouble.to_string().into()),
            };
            if self.put(asked, key, answer) {
                news();
            }
        }
    }
}

/// Reads a message again. `go_on` is told now and then how far it is, in hundredths where that is
/// known, and says whether it is still wanted.
pub(super) fn read(
    again: &Again,
    wanted: &Wanted,
    go_on: &mut dyn FnMut(Option<u64>) -> bool,
) -> Result<Found, Trouble> {
    let (wire, holes) = gather(again, wanted, go_on)?;
    let message = &wanted.message;
    let pieces = wire::lay_out(&wire, &holes, message, &wanted.neighbours, &wanted.sizes)
        .ok_or(Trouble::NoHeaders)?;
    let mut body = wire::payload(&wire, &pieces);
    if !message.is_complete() {
        // Behind the first hole nothing is where the fields say.
        let whole = usize::try_from(message.missing.start).unwrap_or(usize::MAX);
        body.truncate(whole);
    }
    let Some(part) = wanted.part else {
        return Ok(Found {
            body,
            wire,
            pieces,
            holes,
        });
    };
    let (timestamp, stream) = (message.timestamp, message.stream_id);
    let parsed = aggregate::parse(&body, timestamp, stream, &mut NoFields, &mut Vec::new());
    let payload = parsed.parts.get(part).map(|part| part.payload.clone());
    let payload = payload.and_then(|range| body.get(range));
    Ok(Found {
        body: payload.ok_or(Trouble::NotThere)?.to_vec(),
        ..Found::default()
    })
}

/// The bytes of the direction that the message lies in, and where in them some are missing.
fn gather(
    again: &Again,
    wanted: &Wanted,
    go_on: &mut dyn FnMut(Option<u64>) -> bool,
) -> Result<(Vec<u8>, Vec<Range<usize>>), Trouble> {
    let range = wanted.message.range;
    if range.len() > MAX_WIRE {
        return Err(Trouble::TooLong(range.len()));
    }
    let begin = wanted.begin.ok_or(Trouble::NoBegin)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "sequence numbers are positions modulo 2^32: the cut is their definition"
    )]
    let start = begin.plus(range.start as u32);
    let first = wanted.message.first.frame.min(wanted.message.last.frame);
    let is_complete = wanted.message.is_complete();
    let mut place = Place::new(start, usize::try_from(range.len()).unwrap_or(0));
    for before in BEFORE {
        place.clear();
        let mut frames = FrameDecoder::new();
        let mut until_look = LOOK_EVERY;
        let (mut is_stopped, mut is_proven, mut is_other) = (false, false, false);
        again.read(first, wanted.told, before, &mut |step| {
            let frame = match step {
                Step::Passed { bytes, of } => {
                    let percent = bytes.saturating_mul(100).checked_div(of);
                    is_stopped = !go_on(percent);
                    return if is_stopped {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    };
                }
                Step::Frame(frame) => frame,
            };
            if frame.number == wanted.proof.frame {
                is_proven = true;
                is_other = frame.time != wanted.proof.time;
            }
            until_look = until_look.saturating_sub(1);
            if until_look == 0 {
                until_look = LOOK_EVERY;
                is_stopped = !go_on(None);
            }
            if is_stopped || is_other {
                return ControlFlow::Break(());
            }
            // Fragments of datagrams may have come before the connection was seen.
            if let Ok(segment) = frames.decode(frame)
                && frame.number >= wanted.opened
                && wanted.is_ours(&segment)
            {
                place.take(&segment);
            }
            ControlFlow::Continue(())
        })?;
        if is_stopped {
            return Err(Lost::Stopped.into());
        }
        if is_other || !is_proven {
            return Err(Trouble::Changed);
        }
        // What is known to be missing is not looked for far away.
        if place.is_full() || !is_complete && before > 0 {
            break;
        }
    }
    let holes = place.holes();
    if is_complete && place.is_empty() && !range.is_empty() {
        return Err(Trouble::NotThere);
    }
    Ok((place.bytes, holes))
}

/// The wanted stretch of a byte stream while it is put together.
struct Place {
    start: SeqNum,
    bytes: Vec<u8>,
    /// What is there, in order and apart from each other.
    there: Vec<Range<usize>>,
}

impl Place {
    fn new(start: SeqNum, len: usize) -> Self {
        Self {
            start,
            bytes: vec![0; len],
            there: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.bytes.fill(0);
        self.there.clear();
    }

    /// Puts in what a segment has of it. What came first stays, as in reassembly.
    fn take(&mut self, segment: &Segment<'_>) {
        if segment.payload.is_empty() {
            return;
        }
        let syn = u32::from(segment.flags.has(TcpFlags::SYN));
        let from = SeqNum(segment.seq).plus(syn).distance_from(self.start);
        let skip = usize::try_from(from.saturating_neg()).unwrap_or(0);
        let at = usize::try_from(from).unwrap_or(0);
        let payload = segment.payload.get(skip..).unwrap_or_default();
        let end = at.saturating_add(payload.len()).min(self.bytes.len());
        if at >= end {
            return;
        }
        let mut gaps = Vec::new();
        let mut next = at;
        for there in &self.there {
            if there.start > next {
                gaps.push(next..there.start.min(end));
            }
            next = next.max(there.end);
            if next >= end {
                break;
            }
        }
        if next < end {
            gaps.push(next..end);
        }
        for gap in gaps.into_iter().filter(|gap| !gap.is_empty()) {
            let of = gap.start.saturating_sub(at)..gap.end.saturating_sub(at);
            if let (Some(to), Some(from)) = (self.bytes.get_mut(gap.clone()), payload.get(of)) {
                to.copy_from_slice(from);
            }
            self.there.push(gap);
        }
        self.there.sort_by_key(|there| there.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(self.there.len());
        for there in self.there.drain(..) {
            match merged.last_mut() {
                Some(last) if last.end >= there.start => last.end = last.end.max(there.end),
                _ => merged.push(there),
            }
        }
        self.there = merged;
    }

    fn is_empty(&self) -> bool {
        self.there.is_empty()
    }

    fn is_full(&self) -> bool {
        self.holes().is_empty()
    }

    fn holes(&self) -> Vec<Range<usize>> {
        let mut holes = Vec::new();
        let mut next = 0;
        for there in &self.there {
            if there.start > next {
                holes.push(next..there.start);
            }
            next = there.end;
        }
        if next < self.bytes.len() {
            holes.push(next..self.bytes.len());
        }
        holes
    }
}

#[cfg(test)]
#[path = "reread_tests.rs"]
mod tests;
