//! Tries a hypothesis: if a chunk header began here, would headers stand where it puts the next
//! ones? Nothing is decoded; the evidence of the headers met on the way adds up until there is
//! enough of it, a header is impossible, or the bytes end.

use crate::rtmp::chunk::evidence;
use crate::rtmp::chunk::evidence::SIGNATURE_LEN;
use crate::rtmp::chunk::extended::ExtendedTimestamps;
use crate::rtmp::chunk::header;
use crate::rtmp::chunk::header::MAX_HEADER_LEN;
use crate::rtmp::chunk::header::MessageHeader;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;

/// Most chunk sizes tried for one message. A byte that looks like a continuation comes once in
/// 256, so that a message of 60,000 bytes has some two hundred.
const MAX_SIZES: usize = 300;

/// So many continuations in a row where a chunk size puts them prove it: sizes that cut a message
/// into as many chunks agree about everything else.
const PROOF: u32 = 4;

/// Most headers one trial looks at; evidence suffices after a handful.
const MAX_HEADERS: u32 = 200;

/// What is known of a direction's chunk size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// The size.
    Known(u32),
    /// Messages up to this length came in one chunk.
    AtLeast(u32),
    /// A size that cuts the message at hand into the right number of chunks, as others would.
    Guess {
        /// Messages up to this length came in one chunk.
        least: u32,
        /// The size.
        bytes: u32,
    },
}

impl Size {
    /// Smallest chunk size looked for where none is known: nobody uses less than 64.
    pub(super) const UNKNOWN: Self = Self::AtLeast(63);

    /// The number, known or at least.
    pub(super) fn bytes(self) -> u32 {
        match self {
            Self::Known(bytes) | Self::AtLeast(bytes) | Self::Guess { bytes, .. } => bytes,
        }
    }

    /// The length up to which messages come in one chunk for certain, while that is all that is
    /// known.
    pub(super) fn doubted_above(self) -> Option<u32> {
        match self {
            Self::Known(_) => None,
            Self::AtLeast(least) | Self::Guess { least, .. } => Some(least),
        }
    }
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Enough headers stood where they had to. The chunk size that they agree with.
    Confirmed(Size),
    /// So many bytes must be there for the next step.
    Open(usize),
    /// It cannot be.
    Refuted,
}

/// A chunk stream as a trial sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked {
    /// Its id.
    pub(super) csid: ChunkStreamId,
    /// What headers refer to.
    pub(super) remembered: Remembered,
    /// Payload bytes that the message in progress lacks; 0 without one.
    pub(super) remaining: u32,
}

/// How much evidence a trial needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needed {
    /// Bits in all.
    pub(super) bits: u32,
    /// Bits of the first header.
    pub(super) first: u32,
    /// Headers.
    pub(super) headers: u32,
}

/// For a chunk size among some dozens that were tried.
const SIZE: Needed = Needed {
    bits: 30,
    first: 0,
    headers: 2,
};

/// One trial.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    streams: Vec<Walked>,
    size: Size,
    extended: ExtendedTimestamps,
    needed: Needed,
    bits: u32,
    headers: u32,
    /// How many bytes a chunk size needs that could not be tried to the end.
    open: Option<usize>,
    /// The length above which the size on trial is not certain, if one is.
    trial_above: Option<u32>,
    /// Continuations that stood where the size on trial puts them.
    hits: u32,
}

/// A header met on the way.
struct Met {
    /// Length of the header in bytes.
    len: usize,
    csid: ChunkStreamId,
    /// Which of the walk's chunk streams it belongs to.
    stream: usize,
}

impl<'a> Walk<'a> {
    /// A trial over `bytes` with what is known of the direction.
    pub(super) fn new(
        bytes: &'a [u8],
        streams: Vec<Walked>,
        size: Size,
        extended: ExtendedTimestamps,
        needed: Needed,
    ) -> Self {
        Self {
            bytes,
            streams,
            size,
            extended,
            needed,
            bits: 0,
            headers: 0,
            open: None,
            trial_above: None,
            hits: 0,
        }
    }

    /// Goes on from a header at `at`.
    pub(super) fn run(mut self, at: usize) -> Outcome {
        match (self.go(at), self.open) {
            (Outcome::Open(one), Some(other)) => Outcome::Open(one.min(other)),
            (Outcome::Refuted, Some(open)) => Outcome::Open(open),
            (outcome, _) => outcome,
        }
    }

    fn go(&mut self, mut at: usize) -> Outcome {
        let mut guess = None;
        while self.headers < MAX_HEADERS {
            if self.bits >= self.needed.bits && self.headers >= self.needed.headers {
                match self.trial_above {
                    Some(least) if self.hits < PROOF => {
                        let bytes = self.size.bytes();
                        guess = Some(Outcome::Confirmed(Size::Guess { least, bytes }));
                    }
                    _ => return Outcome::Confirmed(self.size),
                }
            }
            let met = match self.header(at) {
                Ok(met) => met,
                Err(Outcome::Refuted) => return Outcome::Refuted,
                Err(outcome) => return guess.unwrap_or(outcome),
            };
            at = at.saturating_add(met.len);
            let Some(remaining) = self.streams.get(met.stream).map(|s| s.remaining) else {
                return Outcome::Refuted;
            };
            if let Some(least) = self.size.doubted_above()
                && remaining > least
            {
                match self.try_sizes(at, &met, least, remaining) {
                    found @ Outcome::Confirmed(_) => return found,
                    Outcome::Open(need) => self.open = Some(need.min(self.open.unwrap_or(need))),
                    Outcome::Refuted => {}
                }
                self.size = Size::AtLeast(remaining);
                self.prove_size();
            }
            let chunk = self.size.bytes().min(remaining);
            if let Some(stream) = self.streams.get_mut(met.stream) {
                stream.remaining = remaining.saturating_sub(chunk);
            }
            at = at.saturating_add(usize::try_from(chunk).unwrap_or(usize::MAX));
        }
        guess.unwrap_or(Outcome::Refuted)
    }

    /// What speaks for the headers so far does not speak for a chunk size: more is needed.
    fn prove_size(&mut self) {
        let bits = self.bits.saturating_add(SIZE.bits);
        let headers = self.headers.saturating_add(SIZE.headers);
        self.needed.bits = self.needed.bits.max(bits);
        self.needed.headers = self.needed.headers.max(headers);
    }

    /// Reads the header at `at` and weighs it.
    fn header(&mut self, at: usize) -> Result<Met, Outcome> {
        let more = Outcome::Open(self.bytes.len().max(at).saturating_add(1));
        let input = self.bytes.get(at..).ok_or(more)?;
        let (rest, basic) = header::basic_header(input).map_err(|_| more)?;
        let (mut rest, message) = header::message_header(basic.fmt, rest).map_err(|_| more)?;
        let known = self.streams.iter().position(|s| s.csid == basic.csid);
        let before = known.and_then(|i| self.streams.get(i)).copied();
        if basic.fmt == ChunkFormat::Nothing
            && let Some(before) = before
            && before.remembered.time.extended
        {
            let (behind, found) = header::extended_timestamp(rest).map_err(|_| more)?;
            let repeat = self.extended.judge(found, &before.remembered);
            self.extended.note(repeat);
            if repeat.is_there() {
                rest = behind;
            }
        }
        let len = input.len().saturating_sub(rest.len());
        let continues = before.is_some_and(|s| s.remaining > 0);
        let bits = if continues {
            if message != MessageHeader::Nothing {
                return Err(Outcome::Refuted);
            }
            self.hits = self.hits.saturating_add(1);
            evidence::CONTINUATION
        } else {
            if before.is_none()
                && matches!(basic.fmt, ChunkFormat::SameLength | ChunkFormat::Nothing)
            {
                return Err(Outcome::Refuted);
            }
            let blank = Remembered::BLANK;
            let base = before.as_ref().map_or(&blank, |s| &s.remembered);
            let (new, _) = base.follow(basic.fmt, message);
            let shown = usize::try_from(new.length)
                .unwrap_or(usize::MAX)
                .min(SIGNATURE_LEN);
            let payload = rest.get(..shown).ok_or(more)?;
            let bits = evidence::of_begin(basic.fmt, basic.csid, &new, before.is_some(), payload)
                .ok_or(Outcome::Refuted)?;
            self.remember(known, basic.csid, new);
            bits
        };
        if self.headers == 0 && bits < self.needed.first {
            return Err(Outcome::Refuted);
        }
        self.bits = self.bits.saturating_add(bits);
        self.headers = self.headers.saturating_add(1);
        let stream = known.unwrap_or(self.streams.len().saturating_sub(1));
        Ok(Met {
            len,
            csid: basic.csid,
            stream,
        })
    }

    fn remember(&mut self, known: Option<usize>, csid: ChunkStreamId, new: Remembered) {
        let now = Walked {
            csid,
            remembered: new,
            remaining: new.length,
        };
        match known.and_then(|i| self.streams.get_mut(i)) {
            Some(stream) => *stream = now,
            None => self.streams.push(now),
        }
    }

    /// The chunk size is not known and matters here: tries those at which the message's
    /// continuations would stand.
    fn try_sizes(&self, at: usize, met: &Met, least: u32, remaining: u32) -> Outcome {
        let payload = self.bytes.get(at..).unwrap_or_default();
        // Only a continuation in the shortest form is looked for.
        let Some(marker) = u8::try_from(met.csid.0).ok().filter(|id| *id < 64) else {
            return Outcome::Refuted;
        };
        let marker = marker | 0xC0;
        let extended = self
            .streams
            .get(met.stream)
            .is_some_and(|s| s.remembered.time.extended);
        let from = usize::try_from(least)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let to = usize::try_from(remaining).unwrap_or(usize::MAX);
        let mut open = None;
        let mut guess = None;
        let mut tried = 0_usize;
        for size in from..to.min(payload.len()) {
            if payload.get(size) != Some(&marker)
                || !stands_again(payload, size, to, marker, extended)
            {
                continue;
            }
            tried = tried.saturating_add(1);
            let Some(bytes) = u32::try_from(size).ok().filter(|_| tried <= MAX_SIZES) else {
                break;
            };
            let mut trial = self.clone();
            trial.open = None;
            trial.size = Size::Known(bytes);
            trial.trial_above = Some(least);
            trial.hits = 0;
            trial.prove_size();
            if let Some(stream) = trial.streams.get_mut(met.stream) {
                stream.remaining = remaining.saturating_sub(bytes);
            }
            match trial.run(at.saturating_add(size)) {
                found @ Outcome::Confirmed(Size::Known(_)) => return found,
                found @ Outcome::Confirmed(_) => guess = guess.or(Some(found)),
                Outcome::Open(need) => open = Some(open.map_or(need, |o: usize| o.min(need))),
                Outcome::Refuted => {}
            }
        }
        if let Some(guess) = guess {
            return guess;
        }
        // Until the message's end is there, its first continuation may still come.
        if payload.len() < to {
            open = Some(
                open.unwrap_or(usize::MAX)
                    .min(self.bytes.len().saturating_add(1)),
            );
        }
        open.map_or(Outcome::Refuted, Outcome::Open)
    }
}

/// Whether the second continuation of a message stands where the first, at `size`, puts it.
fn stands_again(payload: &[u8], size: usize, length: usize, marker: u8, extended: bool) -> bool {
    let second = size.saturating_add(1).saturating_add(size);
    if size.saturating_mul(2) >= length {
        return true;
    }
    let at = |position: usize| payload.get(position).is_none_or(|byte| *byte == marker);
    at(second) || (extended && at(second.saturating_add(4)))
}

/// Whether a header could begin with `bytes` that tells its message's length: a cheap look before
/// a trial.
pub(super) fn may_begin(bytes: &[u8]) -> bool {
    let Some(bytes) = bytes.first_chunk::<8>() else {
        return true;
    };
    let [first, _, _, _, high, _, _, type_id] = *bytes;
    first & 0x80 == 0
        && first & 0x3F > 1
        && high <= 0x3F
        && matches!(type_id, 1..=6 | 8 | 9 | 15..=20 | 22)
}

/// Bytes needed behind an anchor before [`may_begin`] and the first step of a trial are final.
pub(super) const LOOK: usize = MAX_HEADER_LEN + SIGNATURE_LEN;
