//! Sequence numbers: the one place that compares and adds them modulo 2^32 (RFC 9293 section
//! 3.4). Everything else works on 64-bit positions, which never wrap.

use std::fmt;

/// A TCP sequence or acknowledgement number. It has no order by itself: only its distance from
/// another one within half of the number space means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeqNum(pub u32);

impl SeqNum {
    /// The number `bytes` further on.
    #[must_use]
    pub fn plus(self, bytes: u32) -> Self {
        Self(self.0.wrapping_add(bytes))
    }

    /// Bytes from `other` to this number, -2^31..2^31: positive when this one is later.
    pub fn distance_from(self, other: Self) -> i64 {
        i64::from(self.0.wrapping_sub(other.0).cast_signed())
    }

    /// Whether this number is later than `other`.
    pub fn is_after(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }
}

impl fmt::Display for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A sequence number whose 64-bit position is known. Other numbers get their position by their
/// signed distance from it, so an edge that moves along with the stream unwraps streams of any
/// length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Edge {
    /// The number.
    pub seq: SeqNum,
    /// Its position.
    pub pos: u64,
}

impl Edge {
    /// Position of a sequence number within 2^31 of this edge. Positions before 0 become 0;
    /// edges start high enough above 0 that no genuine number gets there.
    pub fn position_of(self, seq: SeqNum) -> u64 {
        self.pos.saturating_add_signed(seq.distance_from(self.seq))
    }

    /// The edge at another position of the same stream.
    #[must_use]
    pub fn moved_to(self, pos: u64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "sequence numbers are positions modulo 2^32: the cut is their definition"
        )]
        let moved = pos.wrapping_sub(self.pos) as u32;
        Self {
            seq: self.seq.plus(moved),
            pos,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_across_the_wrap_counts_the_zero() {
        assert_eq!(SeqNum(0).distance_from(SeqNum(0xffff_ffff)), 1);
        assert_eq!(SeqNum(0xffff_ffff).distance_from(SeqNum(0)), -1);
        assert_eq!(SeqNum(0x10).distance_from(SeqNum(0xffff_fff0)), 0x20);
    }

    #[test]
    fn order_follows_the_shorter_way_round() {
        assert!(SeqNum(5).is_after(SeqNum(0xffff_fff0)));
        assert!(!SeqNum(0xffff_fff0).is_after(SeqNum(5)));
        assert!(!SeqNum(7).is_after(SeqNum(7)));
    }

    #[test]
    fn an_edge_unwraps_numbers_on_both_sides() {
        let edge = Edge {
            seq: SeqNum(2),
            pos: 1 << 40,
        };
        assert_eq!(edge.position_of(SeqNum(0xffff_ffff)), (1 << 40) - 3);
        assert_eq!(edge.position_of(SeqNum(10)), (1 << 40) + 8);
    }

    #[test]
    fn moving_an_edge_moves_its_number_modulo_two_to_the_32() {
        let edge = Edge {
            seq: SeqNum(0xffff_fffe),
            pos: 100,
        };
        assert_eq!(edge.moved_to(104).seq, SeqNum(2));
        assert_eq!(edge.moved_to(99).seq, SeqNum(0xffff_fffd));
        assert_eq!(edge.moved_to(100 + (3 << 32)).seq, edge.seq);
    }

    #[test]
    fn a_number_before_the_beginning_does_not_underflow() {
        let edge = Edge {
            seq: SeqNum(100),
            pos: 10,
        };
        assert_eq!(edge.position_of(SeqNum(0)), 0);
    }
}
