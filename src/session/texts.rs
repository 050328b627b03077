//! Several texts in one piece of memory: a connection knows a handful of short ones, and each piece
//! of its own would cost more than what it says.

use crate::session::call::bounded;

/// `N` texts, each of which may be missing. They are few and change seldom, so that entering one
/// copies all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Texts<const N: usize> {
    all: Box<str>,
    /// Length of each in bytes and one more, or 0 where there is none.
    lengths: [u16; N],
}

impl<const N: usize> Default for Texts<N> {
    fn default() -> Self {
        Self {
            all: Box::default(),
            lengths: [0; N],
        }
    }
}

impl<const N: usize> Texts<N> {
    /// The text at a place.
    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let (before, from) = self.lengths.split_at_checked(place)?;
        let length = from.first()?.checked_sub(1)?;
        let start = before.iter().fold(0_usize, |sum, length| {
            sum.saturating_add(usize::from(length.saturating_sub(1)))
        });
        let end = start.saturating_add(usize::from(length));
        self.all.get(start..end)
    }

    /// Enters the text at a place, as far as texts are kept.
    pub(super) fn set(&mut self, place: usize, text: Option<&str>) {
        let text = text.map(bounded);
        if self.get(place) == text {
            return;
        }
        // The room is exact, so that no part of it is left unused between the pieces of others.
        let before = self.get(place).map_or(0, str::len);
        let room = self.all.len().saturating_sub(before);
        let room = room.saturating_add(text.map_or(0, str::len));
        let mut all = String::with_capacity(room);
        let mut lengths = [0; N];
        for (at, length) in lengths.iter_mut().enumerate() {
            let text = if at == place { text } else { self.get(at) };
            let Some(text) = text else { continue };
            all.push_str(text);
            *length = u16::try_from(text.len()).map_or(u16::MAX, |len| len.saturating_add(1));
        }
        self.all = all.into_boxed_str();
        self.lengths = lengths;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::call::MAX_TEXT;

    #[test]
    fn each_text_is_its_own() {
        let mut texts = Texts::<3>::default();
        assert_eq!(texts.get(0), None);
        texts.set(2, Some("last"));
        texts.set(0, Some("first"));
        texts.set(1, Some(""));
        let all = |texts: &Texts<3>| [0, 1, 2].map(|at| texts.get(at).map(str::to_owned));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(all(&texts), [some("first"), some(""), some("last")]);
        texts.set(0, Some("ö"));
        texts.set(1, None);
        assert_eq!(all(&texts), [some("ö"), None, some("last")]);
        assert_eq!(texts.get(3), None);
    }

    #[test]
    fn a_long_text_is_kept_in_part() {
        let mut texts = Texts::<2>::default();
        texts.set(0, Some(&"x".repeat(100_000)));
        texts.set(1, Some("y"));
        assert_eq!(texts.get(0).map(str::len), Some(MAX_TEXT));
        assert_eq!(texts.get(1), Some("y"));
    }
}
