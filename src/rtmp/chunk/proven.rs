//! Headers that prove themselves by what is there, where a hole ends the bytes among which headers
//! are looked for. Captures that cut every frame short have such a hole in every segment.

use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::expected::Expected;
use crate::rtmp::chunk::needed::PROVEN;
use crate::rtmp::chunk::needed::PROVEN_AT_BEGIN;
use crate::rtmp::chunk::needed::PROVEN_BEHIND;
use crate::rtmp::chunk::needed::TO_THE_END;
use crate::rtmp::chunk::resync::Behind;
use crate::rtmp::chunk::resync::Found;
use crate::rtmp::chunk::resync::Known;
use crate::rtmp::chunk::resync::Search;
use crate::rtmp::chunk::resync::idle;
use crate::rtmp::chunk::walk;
use crate::rtmp::chunk::walk::Agreed;
use crate::rtmp::queue::EventQueue;

/// Most times that headers are found before one hole: what is decoded in between says that it is
/// lost again.
const MAX_FINDS: u32 = 16;

impl Search {
    /// The first header among the held bytes that is certain though nothing more comes.
    fn proven(&mut self, known: Known<'_>) -> Option<Found> {
        let idle = idle(known.streams);
        let size = self.size(known);
        for at in 0..self.held().len() {
            let bytes = self.held().get(at..).unwrap_or_default();
            if !walk::may_begin(bytes) {
                continue;
            }
            let walk = self.walk(idle.clone(), size, known, TO_THE_END);
            if let Some(agreed) = walk.stands_to_the_end(at)
                && self.is_enough(at, agreed)
            {
                self.agreed = agreed;
                self.expected = Expected::Nothing;
                return Some(Found::elsewhere(at, size));
            }
        }
        None
    }

    fn is_enough(&self, at: usize, agreed: Agreed) -> bool {
        match self.behind {
            Behind::Begin(_) => {
                let (bits, headers) = PROVEN_AT_BEGIN;
                agreed.bits >= bits && agreed.headers >= headers
            }
            Behind::Hole(end) if self.position(at) == end => agreed.bits >= PROVEN_BEHIND,
            Behind::Hole(_) | Behind::Undescribed(_) | Behind::Bytes => agreed.bits >= PROVEN,
        }
    }
}

impl ChunkDecoder {
    /// Decodes what of the held bytes is certain, before they are given up. Says whether headers
    /// are still looked for.
    pub(super) fn decode_proven(&mut self, out: &mut EventQueue) -> bool {
        for _ in 0..MAX_FINDS {
            let Some(mut search) = self.search.take() else {
                return false;
            };
            let found = search.proven(self.known());
            let is_found = found.is_some();
            if is_found {
                self.pursue(search, found, out);
            } else {
                self.search = Some(search);
                break;
            }
        }
        self.search.is_some()
    }
}
