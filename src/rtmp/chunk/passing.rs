//! Headers that a trial meets and nothing describes: they leave out type and length, and those that
//! told them were not captured. What their payload begins with may speak for them, and the next
//! header that tells all is looked for behind them.

use crate::rtmp::chunk::evidence;
use crate::rtmp::chunk::undescribed;
use crate::rtmp::chunk::walk::FIRST_COMMON_CSID;
use crate::rtmp::chunk::walk::MAX_COMMON_CSID;
use crate::rtmp::chunk::walk::Walk;
use crate::rtmp::chunk::walk::may_begin;

/// Longest message that a trial passes over without knowing its length: two or three of sound.
const MAX_UNDESCRIBED: usize = 2048;

/// What passing over one costs, in bits: the next header was one of so many bytes.
pub(super) const UNDESCRIBED_COST: u32 = 11;

/// What stands where a header of a message is due that nothing describes.
pub(super) enum Passed {
    /// Something else.
    Nothing,
    /// The next header that tells all is there.
    To(usize),
    /// More bytes are needed to find it.
    Open,
}

impl Walk<'_> {
    /// Takes note of a header whose type and length nobody saw, if what its payload begins with
    /// speaks for it.
    pub(super) fn is_told(&mut self, at: usize) -> bool {
        if self.told == Some(at) {
            return false;
        }
        let bytes = self.bytes.get(at..).unwrap_or_default();
        let Some((csid, body)) = undescribed::short_header(bytes) else {
            return false;
        };
        let payload = bytes.get(body..).unwrap_or_default();
        let Some(bits) = evidence::of_told(payload).filter(|_| !self.describes(csid.0, payload))
        else {
            return false;
        };
        self.told = Some(at);
        self.bits = self.bits.saturating_add(bits);
        // As much as two that leave their payload's begin open.
        self.headers = self.headers.saturating_add(2);
        self.is_past_first |= self.is_first_over();
        true
    }

    /// A header of type 2 or 3 whose type and length nobody saw may stand between headers that tell all:
    /// the next one that does is looked for behind it.
    pub(super) fn pass_undescribed(&self, at: usize) -> Passed {
        let Some(first) = self.bytes.get(at).filter(|byte| **byte & 0x80 != 0) else {
            return Passed::Nothing;
        };
        let csid = u32::from(*first & 0x3F);
        let is_common = (FIRST_COMMON_CSID..=MAX_COMMON_CSID).contains(&csid);
        let may_pass = self.needed.passing > 0;
        if self.headers == 0 || !may_pass || !is_common {
            return Passed::Nothing;
        }
        let bytes = self.bytes.get(at..).unwrap_or_default();
        let body = undescribed::short_header(bytes).map_or(0, |(_, body)| body);
        if self.describes(csid, bytes.get(body..).unwrap_or_default()) {
            return Passed::Nothing;
        }
        let end = at.saturating_add(MAX_UNDESCRIBED);
        for next in at.saturating_add(1)..end.min(self.bytes.len()) {
            let bytes = self.bytes.get(next..).unwrap_or_default();
            let csid = bytes.first().map_or(0, |byte| u32::from(*byte & 0x3F));
            let Some(known) = self.place(csid).filter(|_| may_begin(bytes)) else {
                continue;
            };
            let Some(stream) = self.streams.get(known).filter(|s| s.remaining == 0) else {
                continue;
            };
            let mut trial = self.clone();
            let is_next = trial.header(next).is_ok()
                && trial.bits.saturating_sub(self.bits) >= self.needed.passing
                && trial
                    .streams
                    .get(known)
                    .is_some_and(|after| after.remembered.type_id == stream.remembered.type_id);
            if is_next {
                return Passed::To(next);
            }
        }
        if end < self.bytes.len() || self.is_over {
            Passed::Nothing
        } else {
            Passed::Open
        }
    }

    /// Whether it is known what a header on a chunk stream leaves out that has this payload behind
    /// it. Metadata may come before the media of a chunk stream, whose first header was lost then.
    fn describes(&self, csid: u32, payload: &[u8]) -> bool {
        let stream = self.place(csid).and_then(|place| self.streams.get(place));
        stream.is_some_and(|stream| {
            let type_id = stream.remembered.type_id;
            let is_told_otherwise = stream.remembered.in_doubt
                && stream.remaining == 0
                && !type_id.is_media()
                && !evidence::may_begin_with(&stream.remembered, payload);
            !is_told_otherwise
        })
    }
}
