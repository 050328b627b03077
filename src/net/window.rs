//! The bytes of one layer, with the length they had on the wire. Capture cuts (snaplen) shorten
//! the bytes and never the length, so that the payload's length stays right down to TCP.

use crate::net::skip::Skip;

/// What one layer holds: the captured bytes, and how many there were on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window<'a> {
    data: &'a [u8],
    /// Never less than `data.len()`.
    wire: usize,
}

impl<'a> Window<'a> {
    /// A window of captured bytes of which `wire` were on the wire. A frame that claims to be
    /// shorter on the wire than what was captured of it is taken as whole.
    pub(super) fn new(data: &'a [u8], wire: usize) -> Self {
        Self {
            data,
            wire: wire.max(data.len()),
        }
    }

    /// The captured bytes.
    pub(super) fn data(self) -> &'a [u8] {
        self.data
    }

    /// Length on the wire in bytes.
    pub(super) fn wire(self) -> usize {
        self.wire
    }

    /// The first byte.
    pub(super) fn first(self) -> Result<u8, Skip> {
        self.data.first().copied().ok_or_else(|| self.short_of(1))
    }

    /// The first `N` bytes, left in place.
    pub(super) fn peek<const N: usize>(self) -> Result<&'a [u8; N], Skip> {
        self.data.first_chunk().ok_or_else(|| self.short_of(N))
    }

    /// The first `N` bytes and the window behind them.
    pub(super) fn take<const N: usize>(self) -> Result<(&'a [u8; N], Self), Skip> {
        let (head, data) = self
            .data
            .split_first_chunk()
            .ok_or_else(|| self.short_of(N))?;
        let wire = self.wire.saturating_sub(N);
        Ok((head, Self { data, wire }))
    }

    /// The window behind the first `n` bytes, all of which must have been captured.
    pub(super) fn skip(self, n: usize) -> Result<Self, Skip> {
        let data = self.data.get(n..).ok_or_else(|| self.short_of(n))?;
        let wire = self.wire.saturating_sub(n);
        Ok(Self { data, wire })
    }

    /// The window that a length field says is `n` bytes long: padding behind it falls away, and
    /// what is missing of it was on the wire without being captured.
    pub(super) fn with_length(self, n: usize) -> Self {
        Self {
            data: self.data.get(..n).unwrap_or(self.data),
            wire: n,
        }
    }

    /// The window cut to `n` bytes by a length field that is believed only where it fits.
    pub(super) fn at_most(self, n: usize) -> Self {
        if n <= self.wire {
            self.with_length(n)
        } else {
            self
        }
    }

    /// Why `needed` bytes are not there: the capture cut them off, or the packet never had them.
    pub(super) fn short_of(self, needed: usize) -> Skip {
        if self.wire >= needed {
            Skip::HeaderCut
        } else {
            Skip::Malformed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_falls_away() {
        let w = Window::new(&[1, 2, 3, 0, 0], 5).with_length(3);
        assert_eq!((w.data(), w.wire()), (&[1, 2, 3][..], 3));
    }

    #[test]
    fn a_cut_shortens_the_bytes_and_not_the_length() {
        let w = Window::new(&[1, 2, 3], 100).with_length(50);
        let (_, rest) = w.take::<2>().unwrap();
        assert_eq!((rest.data(), rest.wire()), (&[3][..], 48));
        assert_eq!(rest.take::<2>().unwrap_err(), Skip::HeaderCut);
    }

    #[test]
    fn a_header_longer_than_its_packet_is_malformed() {
        let w = Window::new(&[1, 2, 3], 3);
        assert_eq!(w.take::<4>().unwrap_err(), Skip::Malformed);
        assert_eq!(w.skip(4).unwrap_err(), Skip::Malformed);
    }

    #[test]
    fn a_frame_shorter_on_the_wire_than_captured_is_whole() {
        assert_eq!(Window::new(&[1, 2, 3], 0).wire(), 3);
    }

    #[test]
    fn a_length_that_does_not_fit_is_not_believed_where_that_is_asked() {
        let w = Window::new(&[1, 2, 3], 3);
        assert_eq!(w.at_most(2).wire(), 2);
        assert_eq!(w.at_most(9).wire(), 3);
    }
}
