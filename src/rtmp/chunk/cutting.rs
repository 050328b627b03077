//! Tries chunk sizes on the way of a trial: where nobody announced one, a message longer than any before
//! tells it by where its continuations stand, or by having none.

use crate::rtmp::chunk::header;
use crate::rtmp::chunk::needed::SIZE;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::walk::Agreed;
use crate::rtmp::chunk::walk::Met;
use crate::rtmp::chunk::walk::Outcome;
use crate::rtmp::chunk::walk::PROOF;
use crate::rtmp::chunk::walk::Walk;

/// Most chunk sizes tried for one message. A byte that looks like a continuation comes once in
/// 256, so that a message of 60,000 bytes has some two hundred.
const MAX_SIZES: usize = 300;

impl Walk<'_> {
    /// The chunk size if the message of a header at `at` came in one chunk for certain, and so much
    /// speaks for the header by itself.
    pub(super) fn in_one_chunk(mut self, at: usize, bits: u32) -> Option<Size> {
        let least = self.size.doubted_above()?;
        let met = self.header(at).ok().filter(|_| self.bits >= bits)?;
        let remaining = self.streams.get(met.stream)?.remaining;
        let body = at.saturating_add(met.len);
        self.is_in_one_chunk(body, &met, least, remaining)
            .then_some(Size::AtLeast(remaining))
    }

    /// Whether no byte stands in a message's payload at `at` that could be its continuation.
    pub(super) fn is_in_one_chunk(&self, at: usize, met: &Met, least: u32, remaining: u32) -> bool {
        let place = |len: u32| at.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
        let payload = self.bytes.get(place(least)..place(remaining));
        let marker = header::of_one_byte(met.csid);
        matches!((payload, marker), (Some(payload), Some(marker)) if !payload.contains(&marker))
    }

    /// What speaks for the headers so far does not speak for a chunk size: more is needed.
    pub(super) fn prove_size(&mut self) {
        let bits = self.bits.saturating_add(SIZE.bits);
        let headers = self.headers.saturating_add(SIZE.headers);
        self.needed.bits = self.needed.bits.max(bits);
        self.needed.headers = self.needed.headers.max(headers);
    }

    /// The chunk size is not known and matters here: tries those at which the message's
    /// continuations would stand.
    pub(super) fn try_sizes(
        &self,
        at: usize,
        met: &Met,
        least: u32,
        remaining: u32,
    ) -> (Outcome, Agreed) {
        let nothing = Agreed::default();
        let payload = self.bytes.get(at..).unwrap_or_default();
        // Only a continuation in the shortest form is looked for.
        let Some(marker) = header::of_one_byte(met.csid) else {
            return (Outcome::Refuted, nothing);
        };
        let extended = self
            .streams
            .get(met.stream)
            .is_some_and(|s| s.remembered.extended);
        let from = usize::try_from(least)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let to = usize::try_from(remaining).unwrap_or(usize::MAX);
        let mut open: Option<usize> = None;
        // What speaks for those that need more bytes. Where chunks end at every 128th byte, they seem to
        // end at every 257th too: none is believed while another one has more.
        let mut strongest = nothing;
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
            let (outcome, agreed) = trial.run(at.saturating_add(size));
            let is_outdone = agreed.bits < strongest.bits && !self.is_over;
            match outcome {
                Outcome::Confirmed(_) if is_outdone => {}
                Outcome::Confirmed(Size::Known(_)) => return (outcome, agreed),
                Outcome::Confirmed(_) => guess = guess.or(Some((outcome, agreed))),
                Outcome::Open(need) => {
                    open = Some(open.map_or(need, |least| least.min(need)));
                    if agreed.bits > strongest.bits {
                        strongest = agreed;
                    }
                    if agreed.hits >= PROOF && !self.is_over {
                        return (Outcome::Open(need), agreed);
                    }
                }
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
        (open.map_or(Outcome::Refuted, Outcome::Open), nothing)
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
