//! The bodies of messages, one behind the other within a budget: the oldest make room for new ones.
//! Where one lies is a position in all that ever was put in, so that it can be told whether it is
//! still there.

use std::collections::VecDeque;

/// Bytes before each body that tell its length.
const LEN: usize = 4;

/// Bodies that wait to be put in together, and those that are kept.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    bytes: VecDeque<u8>,
    /// Position of the first byte that is still there.
    begin: u64,
}

/// Appends a body to those that wait; says where it is among them.
pub(super) fn append(waiting: &mut Vec<u8>, body: &[u8]) -> u64 {
    let at = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
    let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
    waiting.extend(len.to_le_bytes());
    waiting.extend(body);
    at
}

impl Bodies {
    /// Bytes that are kept.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Position of the first byte that is still there.
    pub(super) fn begin(&self) -> u64 {
        self.begin
    }

    /// Takes in what [`append`] gathered, and says what its positions count from.
    pub(super) fn take(&mut self, waiting: &[u8], budget: usize) -> u64 {
        self.shrink(budget.saturating_sub(waiting.len()));
        let base = self.begin.saturating_add(number(self.bytes.len()));
        self.bytes.extend(waiting);
        base
    }

    /// Lets go of the oldest beyond so many bytes.
    pub(super) fn shrink(&mut self, budget: usize) {
        while self.bytes.len() > budget {
            let whole = LEN.saturating_add(self.length(0)).min(self.bytes.len());
            self.bytes.drain(..whole);
            self.begin = self.begin.saturating_add(number(whole));
        }
    }

    /// Gives back what is not needed any more.
    pub(super) fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// The body at a position; `None` when it was let go.
    pub(super) fn get(&self, position: u64) -> Option<Vec<u8>> {
        let at = usize::try_from(position.checked_sub(self.begin)?).ok()?;
        if at >= self.bytes.len() {
            return None;
        }
        let from = at.saturating_add(LEN).min(self.bytes.len());
        let to = from.saturating_add(self.length(at)).min(self.bytes.len());
        Some(self.bytes.range(from..to).copied().collect())
    }

    fn length(&self, at: usize) -> usize {
        let mut len = [0; LEN];
        for (byte, place) in len.iter_mut().zip(at..) {
            *byte = self.bytes.get(place).copied().unwrap_or(0);
        }
        usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX)
    }
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_bodies_make_room() {
        let mut bodies = Bodies::default();
        let mut places = Vec::new();
        for body in [&b"first"[..], b"", b"third", b"fourth"] {
            let mut waiting = Vec::new();
            let at = append(&mut waiting, body);
            places.push(at + bodies.take(&waiting, 24));
        }
        let kept: Vec<Option<Vec<u8>>> = places.iter().map(|at| bodies.get(*at)).collect();
        let some = |text: &[u8]| Some(text.to_vec());
        assert_eq!(kept, [None, some(b""), some(b"third"), some(b"fourth")]);
        assert!(bodies.len() <= 24);
        assert_eq!(bodies.get(places[3] + 1000), None);
        bodies.shrink(0);
        assert_eq!(bodies.get(places[3]), None);
    }

    #[test]
    fn bodies_that_came_together_are_found_one_by_one() {
        let mut bodies = Bodies::default();
        let mut waiting = Vec::new();
        let a = append(&mut waiting, b"abc");
        let b = append(&mut waiting, b"de");
        bodies.take(&waiting, 1000);
        let base = bodies.take(&waiting, 1000);
        assert_eq!(bodies.get(base + a), Some(b"abc".to_vec()));
        assert_eq!(bodies.get(base + b), Some(b"de".to_vec()));
    }
}
