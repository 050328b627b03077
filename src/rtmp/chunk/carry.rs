//! The begin of a chunk header that a segment cut.

use crate::base::ids::Mark;
use crate::rtmp::chunk::header::MAX_HEADER_LEN;

/// The begin of a header whose end has not come yet. Most connections never have one; one that
/// had one keeps the room for the next.
#[derive(Debug, Default)]
pub(super) struct Carry(Option<Box<Carried>>);

#[derive(Debug, Default)]
struct Carried {
    bytes: [u8; MAX_HEADER_LEN],
    len: u8,
    first: Mark,
}

impl Carry {
    /// Takes as much as fits of what comes next.
    pub(super) fn fill(&mut self, at: Mark, data: &[u8]) {
        let carried = self.0.get_or_insert_default();
        if carried.len == 0 {
            carried.first = at;
        }
        let from = usize::from(carried.len);
        for (slot, byte) in carried.bytes.iter_mut().skip(from).zip(data) {
            *slot = *byte;
            carried.len = carried.len.saturating_add(1);
        }
    }

    /// The bytes that have come.
    pub(super) fn filled(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |carried| {
            let len = usize::from(carried.len);
            carried.bytes.get(..len).unwrap_or_default()
        })
    }

    /// The same, to be used while the decoder goes on: up to so many count as have come.
    pub(super) fn copied(&self) -> [u8; MAX_HEADER_LEN] {
        let carried = self.0.as_ref();
        carried.map_or([0; MAX_HEADER_LEN], |carried| carried.bytes)
    }

    /// What brought the first of them.
    pub(super) fn first(&self) -> Mark {
        let carried = self.0.as_ref();
        carried.map_or_else(Mark::default, |carried| carried.first)
    }

    pub(super) fn clear(&mut self) {
        self.cut(0);
    }

    /// Gives up what lies behind `len` bytes.
    pub(super) fn cut(&mut self, len: usize) {
        if let Some(carried) = &mut self.0 {
            carried.len = carried.len.min(u8::try_from(len).unwrap_or(u8::MAX));
        }
    }
}
