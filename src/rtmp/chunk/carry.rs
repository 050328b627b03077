//! The begin of a chunk header that a segment cut.

use crate::base::ids::Mark;
use crate::rtmp::chunk::header::MAX_HEADER_LEN;

/// The begin of a header whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Carry {
    pub(super) bytes: [u8; MAX_HEADER_LEN],
    pub(super) len: u8,
    pub(super) first: Mark,
}

impl Carry {
    /// Takes as much as fits of what comes next.
    pub(super) fn fill(&mut self, at: Mark, data: &[u8]) {
        if self.len == 0 {
            self.first = at;
        }
        let from = usize::from(self.len);
        for (slot, byte) in self.bytes.iter_mut().skip(from).zip(data) {
            *slot = *byte;
            self.len = self.len.saturating_add(1);
        }
    }

    pub(super) fn filled(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }
}
