//! Tries a hypothesis: if a chunk header began here, would headers stand where it puts the next
//! ones? Nothing is decoded; the evidence of the headers met on the way adds up until there is
//! enough of it, a header is impossible, or the bytes end.

use crate::rtmp::chunk::evidence;
use crate::rtmp::chunk::evidence::SIGNATURE_LEN;
use crate::rtmp::chunk::evidence::Starts;
use crate::rtmp::chunk::extended::ExtendedTimestamps;
use crate::rtmp::chunk::header;
use crate::rtmp::chunk::header::MAX_HEADER_LEN;
use crate::rtmp::chunk::header::MessageHeader;
use crate::rtmp::chunk::needed::Needed;
use crate::rtmp::chunk::passing::Passed;
use crate::rtmp::chunk::passing::UNDESCRIBED_COST;
use crate::rtmp::chunk::repeated;
use crate::rtmp::chunk::sizes::OLD_AUDIO;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::sizes::Sizes;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// So many continuations in a row where a chunk size puts them prove it: sizes that cut a message
/// into as many chunks agree about everything else.
pub(super) const PROOF: u32 = 4;

/// Most messages that begin in one trial; evidence suffices after a handful.
const MAX_BEGUN: u32 = 200;

/// Most headers one trial looks at: the continuations of as many bytes as are held, in the smallest
/// chunks looked for.
const MAX_HEADERS: u32 = 8192;

/// The same where no header tells its message's length, which is tried at thousands of places.
const MAX_LEADING: u32 = 200;

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

/// What speaks for a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Agreed {
    /// Headers that stood where they had to.
    pub(super) headers: u32,
    /// The evidence in bits.
    pub(super) bits: u32,
    /// Continuations that stood where the chunk size on trial puts them.
    pub(super) hits: u32,
}

/// A chunk stream as a trial sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked {
    /// Its id.
    pub(super) csid: ChunkStreamId,
    /// What headers refer to.
    pub(super) remembered: Remembered,
    /// What its media began with.
    pub(super) starts: Starts,
    /// Payload bytes that the message in progress lacks; 0 without one.
    pub(super) remaining: u32,
    /// Size of its chunks, where that is not the one of all.
    pub(super) chunk: Option<u32>,
}

/// What speaks for a header whose message ends where a true header begins, in bits: one byte in
/// so many begins one.
const LINK: u32 = 7;

/// One trial.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) streams: Vec<Walked>,
    /// The chunk size where the trial begins.
    pub(super) size: Size,
    /// The chunk size of a Set Chunk Size message on the way.
    pub(super) changed: Option<u32>,
    extended: ExtendedTimestamps,
    pub(super) needed: Needed,
    /// Bits that were needed at first, without those for a chunk size.
    asked: u32,
    pub(super) bits: u32,
    pub(super) headers: u32,
    /// Whether no header told its message's length yet.
    is_leading: bool,
    /// Bits of the messages that began so, each by itself and for being led to. Their continuations
    /// do not count: payload that leads into a message finds the true ones.
    leading: u32,
    /// The chunk stream of the first header, and whether a header stood behind its message's end.
    first: Option<usize>,
    pub(super) is_past_first: bool,
    /// Messages that began on the chunk stream of the first header.
    begins: u32,
    /// Messages that began.
    begun: u32,
    /// The latest place of a header that nothing describes but its payload.
    pub(super) told: Option<usize>,
    /// How many bytes a chunk size needs that could not be tried to the end.
    pub(super) open: Option<usize>,
    /// The length above which the size on trial is not certain, if one is.
    pub(super) trial_above: Option<u32>,
    /// Continuations that stood where the size on trial puts them.
    pub(super) hits: u32,
    /// Whether the direction ends with the bytes.
    pub(super) is_over: bool,
    /// How chunks are cut.
    pub(super) cut: Sizes,
}

/// Bits that count for the last chunk ending where the direction does: a header put the end where
/// it is.
const AT_THE_END: u32 = 22;

/// Lowest id of a chunk stream that is not for control.
pub(super) const FIRST_COMMON_CSID: u32 = 3;

/// Highest id of the chunk streams that encoders use for media and commands.
pub(super) const MAX_COMMON_CSID: u32 = 12;

/// A header met on the way.
pub(super) struct Met {
    /// Length of the header in bytes.
    pub(super) len: usize,
    pub(super) csid: ChunkStreamId,
    /// Which of the walk's chunk streams it belongs to.
    pub(super) stream: usize,
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
            changed: None,
            extended,
            needed,
            asked: needed.bits,
            bits: 0,
            headers: 0,
            is_leading: true,
            leading: 0,
            first: None,
            is_past_first: false,
            begins: 0,
            begun: 0,
            told: None,
            open: None,
            trial_above: None,
            hits: 0,
            is_over: false,
            cut: Sizes::Uniform,
        }
    }

    /// Goes on from a header at `at`. Says how it ended, and what spoke for it.
    pub(super) fn run(mut self, at: usize) -> (Outcome, Agreed) {
        let outcome = match (self.go(at), self.open) {
            (Outcome::Open(one), Some(other)) => Outcome::Open(one.min(other)),
            (Outcome::Refuted, Some(open)) => Outcome::Open(open),
            (outcome, _) => outcome,
        };
        (outcome, self.agreed())
    }

    fn agreed(&self) -> Agreed {
        Agreed {
            headers: self.headers,
            bits: self.bits,
            hits: self.hits,
        }
    }

    /// What speaks for a header at `at`, if it and those behind it stand up to where the bytes end.
    pub(super) fn stands_to_the_end(mut self, at: usize) -> Option<Agreed> {
        let size = self.size;
        let is_open = matches!(self.go(at), Outcome::Open(_));
        // Where a chunk size is on trial, it decides where the end is.
        let is_sure = self.open.is_none() && self.size == size;
        (is_open && is_sure).then_some(self.agreed())
    }

    /// How much speaks for a header at `at`, by itself; 0 if there is none.
    pub(super) fn weighs(&self, at: usize) -> u32 {
        let mut trial = self.clone();
        trial.header(at).map_or(0, |_| trial.bits)
    }

    fn go(&mut self, mut at: usize) -> Outcome {
        let mut guess = None;
        while self.begun < MAX_BEGUN && self.headers < self.most_headers() {
            let is_past = self.is_past_first || !self.needed.past_first;
            // As long as no header told its message's length, continuations may be those of another.
            let is_led =
                !self.is_leading || self.needed.leading == 0 || self.leading >= self.needed.bits;
            let is_past = is_past && is_led && self.begins >= self.needed.begins;
            if is_past && self.bits >= self.needed.bits && self.headers >= self.needed.headers {
                match self.trial_above {
                    Some(least) if self.hits < PROOF => {
                        let bytes = self.size.bytes();
                        guess = Some(Outcome::Confirmed(Size::Guess { least, bytes }));
                    }
                    _ => return Outcome::Confirmed(self.size),
                }
            }
            if self.is_over && at >= self.bytes.len() {
                let bits = self.bits.saturating_add(AT_THE_END);
                // The end alone proves nothing: some message always ends there.
                let is_enough = at == self.bytes.len()
                    && self.bits >= evidence::CONTINUATION
                    && bits >= self.asked
                    && self.begins >= self.needed.begins;
                return if is_enough {
                    Outcome::Confirmed(self.size)
                } else {
                    guess.unwrap_or(Outcome::Refuted)
                };
            }
            if self.is_told(at) {
                continue;
            }
            match self.pass_undescribed(at) {
                Passed::Nothing => {}
                Passed::To(next) => {
                    // One of so many places would have done.
                    self.bits = self.bits.saturating_sub(UNDESCRIBED_COST);
                    at = next;
                }
                Passed::Open => {
                    return guess.unwrap_or(Outcome::Open(self.bytes.len().saturating_add(1)));
                }
            }
            let met = match self.header(at) {
                Ok(met) => met,
                Err(Outcome::Open(needs)) => {
                    return guess.unwrap_or(Outcome::Open(self.needs_for_first(at, needs)));
                }
                Err(_) => return Outcome::Refuted,
            };
            at = at.saturating_add(met.len);
            let Some(remaining) = self.streams.get(met.stream).map(|s| s.remaining) else {
                return Outcome::Refuted;
            };
            if let Some(least) = self.size.doubted_above()
                && remaining > least
                && self.changed.is_none()
            {
                let (outcome, agreed) = self.try_sizes(at, &met, least, remaining);
                match outcome {
                    found @ Outcome::Confirmed(_) => {
                        (self.headers, self.bits) = (agreed.headers, agreed.bits);
                        return found;
                    }
                    Outcome::Open(need) => {
                        self.open = Some(need.min(self.open.unwrap_or(need)));
                        if agreed.hits >= PROOF && !self.is_over {
                            return outcome;
                        }
                    }
                    Outcome::Refuted => {}
                }
                self.size = Size::AtLeast(remaining);
                if !self.is_in_one_chunk(at, &met, least, remaining) {
                    self.prove_size();
                }
            }
            let chunk = self.chunk_of(met.stream).min(remaining);
            if let Some(stream) = self.streams.get_mut(met.stream) {
                stream.remaining = remaining.saturating_sub(chunk);
            }
            self.obey(at, met.stream);
            at = at.saturating_add(usize::try_from(chunk).unwrap_or(usize::MAX));
        }
        guess.unwrap_or(Outcome::Refuted)
    }

    /// How many headers may be looked at.
    fn most_headers(&self) -> u32 {
        if self.is_leading && self.needed.leading > 0 {
            MAX_LEADING
        } else {
            MAX_HEADERS
        }
    }

    /// How many bytes the next step needs from `at` on, if it is certain how the first message is cut
    /// and what stands behind it decides: looking at every continuation as it comes would take time
    /// that grows with the square of the message.
    fn needs_for_first(&self, at: usize, needs: usize) -> usize {
        let first = self.first.and_then(|first| self.streams.get(first));
        let decides = self.needed.past_first && !self.is_past_first && self.hits >= PROOF;
        let rest = first.filter(|_| decides).map_or(0, |first| first.remaining);
        needs.max(at.saturating_add(usize::try_from(rest).unwrap_or(usize::MAX)))
    }

    /// Whether no more is to come of the first header's message.
    pub(super) fn is_first_over(&self) -> bool {
        let first = self.first.and_then(|first| self.streams.get(first));
        first.is_some_and(|first| first.remaining == 0)
    }

    /// How long chunks of a chunk stream are.
    fn chunk_of(&self, place: usize) -> u32 {
        let stream = self.streams.get(place);
        let own = stream.and_then(|stream| stream.chunk);
        let is_audio = |stream: &Walked| stream.remembered.type_id == MessageTypeId::AUDIO;
        let is_old = self.cut == Sizes::OldAudio && stream.is_some_and(is_audio);
        let audio = is_old.then_some(OLD_AUDIO);
        own.or(audio).unwrap_or(self.size_now())
    }

    /// Which of the walk's chunk streams has this id.
    pub(super) fn place(&self, csid: u32) -> Option<usize> {
        self.streams.iter().position(|s| s.csid.0 == csid)
    }

    /// Reads the header at `at` and weighs it.
    pub(super) fn header(&mut self, at: usize) -> Result<Met, Outcome> {
        let more = Outcome::Open(self.bytes.len().max(at).saturating_add(1));
        let input = self.bytes.get(at..).ok_or(more)?;
        let (rest, basic) = header::basic_header(input).map_err(|_| more)?;
        let (mut rest, message) = header::message_header(basic.fmt, rest).map_err(|_| more)?;
        let known = self.streams.iter().position(|s| s.csid == basic.csid);
        let before = known.and_then(|i| self.streams.get(i)).copied();
        if basic.fmt == ChunkFormat::Nothing
            && let Some(before) = before
            && before.remembered.extended
        {
            let (behind, found) = header::extended_timestamp(rest).map_err(|_| more)?;
            let repeat = self.extended.judge(found, &before.remembered);
            self.extended.note(repeat);
            if repeat.is_there() {
                rest = behind;
            }
        }
        let len = input.len().saturating_sub(rest.len());
        let is_first_over = self.is_first_over();
        let continues = before.is_some_and(|s| s.remaining > 0);
        let bits = if continues {
            if message != MessageHeader::Nothing {
                return Err(Outcome::Refuted);
            }
            self.hits = self.hits.saturating_add(u32::from(self.changed.is_none()));
            evidence::CONTINUATION
        } else {
            let refers = basic.fmt.leaves_out_type();
            let base = match &before {
                Some(before) => before.remembered,
                None if !refers => Remembered::BLANK,
                // On the way alone: the decoder could not go on from one.
                None if basic.csid == ChunkStreamId::CONTROL && self.headers > 0 => {
                    repeated::presumed(rest)
                }
                None => return Err(Outcome::Refuted),
            };
            let (new, _) = base.follow(basic.fmt, message);
            let shown = usize::try_from(new.length)
                .unwrap_or(usize::MAX)
                .min(SIGNATURE_LEN);
            let payload = rest.get(..shown).ok_or(more)?;
            let starts = before.as_ref().map(|s| &s.starts);
            let bits = evidence::of_begin(basic.fmt, basic.csid, &new, starts, payload)
                .ok_or(Outcome::Refuted)?;
            self.remember(known, basic.csid, new);
            bits
        };
        if self.headers == 0 && bits < self.needed.first {
            return Err(Outcome::Refuted);
        }
        let tells = !basic.fmt.leaves_out_type();
        if tells && !continues {
            if self.is_leading && self.headers > 0 && self.leading < self.needed.leading {
                return Err(Outcome::Refuted);
            }
            self.is_leading = false;
        } else if self.is_leading && !continues {
            self.leading = self.leading.saturating_add(bits).saturating_add(LINK);
        }
        self.bits = self.bits.saturating_add(bits);
        self.headers = self.headers.saturating_add(1);
        self.begun = self.begun.saturating_add(u32::from(!continues));
        let stream = known.unwrap_or(self.streams.len().saturating_sub(1));
        let first = *self.first.get_or_insert(stream);
        self.is_past_first |= is_first_over;
        self.begins = self
            .begins
            .saturating_add(u32::from(first == stream && !continues));
        Ok(Met {
            len,
            csid: basic.csid,
            stream,
        })
    }

    fn remember(&mut self, known: Option<usize>, csid: ChunkStreamId, new: Remembered) {
        let now = Walked {
            csid,
            remembered: Remembered {
                in_doubt: false,
                ..new
            },
            starts: Starts::default(),
            remaining: new.length,
            chunk: None,
        };
        match known.and_then(|i| self.streams.get_mut(i)) {
            Some(stream) => {
                let starts = stream.starts;
                *stream = Walked { starts, ..now };
            }
            None => self.streams.push(now),
        }
    }
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

/// Whether a header could begin with `bytes` that refers to one of these chunk streams for the
/// length of its message.
pub(super) fn may_refer(bytes: &[u8], streams: &[Walked]) -> bool {
    bytes.first().is_some_and(|first| {
        let csid = u32::from(first & 0x3F);
        first & 0x80 != 0 && streams.iter().any(|stream| stream.csid.0 == csid)
    })
}

/// Bytes needed behind an anchor before [`may_begin`] and the first step of a trial are final.
pub(super) const LOOK: usize = MAX_HEADER_LEN + SIGNATURE_LEN;
