//! Reads bit fields, most significant bit first, from a byte string of which every access is
//! checked.

/// Longest Exp-Golomb prefix in use: 32 zeros code the values up to 2^32 - 2.
const MAX_LEADING_ZEROS: u32 = 32;

/// A position in a bit string.
#[derive(Debug, Clone)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// Index of the byte that holds the next bit.
    at: usize,
    /// Bits of that byte already read, 0..=7.
    used: u32,
    /// Whether this is a NAL unit, in which a 3 behind two zero bytes is no data but keeps start
    /// codes from being formed (H.264 section 7.4.1).
    is_nal: bool,
    /// Zero bytes right before `at`.
    zeros: u32,
}

impl<'a> BitReader<'a> {
    /// Reads plain bytes.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            used: 0,
            is_nal: false,
            zeros: 0,
        }
    }

    /// Reads a NAL unit, passing over its emulation prevention bytes.
    pub(super) fn nal(bytes: &'a [u8]) -> Self {
        Self {
            is_nal: true,
            ..Self::new(bytes)
        }
    }

    /// Index of the byte that holds the next bit.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Index behind the byte that holds the last bit read.
    pub(super) fn end(&self) -> usize {
        self.at.saturating_add(usize::from(self.used > 0))
    }

    /// Whether the next bit is the first of its byte.
    pub(super) fn is_aligned(&self) -> bool {
        self.used == 0
    }

    /// The next bit.
    pub(super) fn bit(&mut self) -> Option<bool> {
        let (bit, _) = self.some(1)?;
        Some(bit != 0)
    }

    /// The next bits, at most 32 of them, as a number: u(n).
    pub(super) fn u(&mut self, width: u32) -> Option<u32> {
        let mut value = 0_u32;
        let mut left = width.min(32);
        while left > 0 {
            let (bits, count) = self.some(left)?;
            value = value.wrapping_shl(count) | bits;
            left = left.saturating_sub(count);
        }
        Some(value)
    }

    /// The next bits, `most` of them or as many as their byte still has, and how many they are.
    fn some(&mut self, most: u32) -> Option<(u32, u32)> {
        let (byte, left) = self.current()?;
        let count = most.min(left);
        let rest = u32::from(byte).wrapping_shl(self.used) & 0xff;
        let bits = rest.wrapping_shr(8_u32.saturating_sub(count));
        self.pass(byte, count)?;
        Some((bits, count))
    }

    /// The byte that holds the next bit, and how many of its bits are still to be read.
    fn current(&mut self) -> Option<(u8, u32)> {
        if self.used == 0 && self.is_nal && self.zeros >= 2 && self.bytes.get(self.at) == Some(&3) {
            self.at = self.at.checked_add(1)?;
            self.zeros = 0;
        }
        let byte = *self.bytes.get(self.at)?;
        Some((byte, 8_u32.saturating_sub(self.used)))
    }

    /// Passes over some of the bits left in `byte`, the current one.
    fn pass(&mut self, byte: u8, count: u32) -> Option<()> {
        self.used = self.used.wrapping_add(count) & 7;
        if self.used == 0 {
            self.zeros = if byte == 0 {
                self.zeros.saturating_add(1)
            } else {
                0
            };
            self.at = self.at.checked_add(1)?;
        }
        Some(())
    }

    /// Passes over the next one, and the zeros before it, of which it returns the number.
    fn leading_zeros(&mut self) -> Option<u32> {
        let mut zeros = 0_u32;
        // A byte at a time: most codes are shorter.
        while zeros <= MAX_LEADING_ZEROS {
            let (byte, left) = self.current()?;
            let rest = byte.wrapping_shl(self.used);
            if rest != 0 {
                let before = rest.leading_zeros();
                self.pass(byte, before.checked_add(1)?)?;
                return zeros.checked_add(before);
            }
            self.pass(byte, left)?;
            zeros = zeros.checked_add(left)?;
        }
        None
    }

    /// An unsigned Exp-Golomb code: ue(v) (H.264 section 9.1).
    pub(super) fn ue(&mut self) -> Option<u32> {
        let zeros = self.leading_zeros()?;
        if zeros > MAX_LEADING_ZEROS {
            return None;
        }
        let suffix = u64::from(self.u(zeros)?);
        let base = 1_u64.checked_shl(zeros)?.checked_sub(1)?;
        u32::try_from(base.checked_add(suffix)?).ok()
    }

    /// A signed Exp-Golomb code: se(v) (H.264 section 9.1.1).
    pub(super) fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        let magnitude = code.checked_add(1)? / 2;
        let value = if code % 2 == 0 {
            magnitude.checked_neg()?
        } else {
            magnitude
        };
        i32::try_from(value).ok()
    }

    /// The next `len` bytes as they stand; `None` unless the position is on a byte.
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        if self.used != 0 || self.is_nal {
            return None;
        }
        let end = self.at.checked_add(len)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// Bytes not yet begun.
    pub(super) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_of_h264_table_9_2() {
        // 1 | 010 | 011 | 00100 | 00101 → 0, 1, 2, 3, 4
        let mut bits = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let values: Vec<_> = (0..5).map(|_| bits.ue()).collect();
        assert_eq!(values, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn signed_codes_alternate() {
        let mut bits = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let values: Vec<_> = (0..5).map(|_| bits.se()).collect();
        assert_eq!(values, [Some(0), Some(1), Some(-1), Some(2), Some(-2)]);
    }

    #[test]
    fn the_largest_code_fits_and_a_longer_one_is_refused() {
        // 32 zeros, a one, 32 zeros: 2^32 - 1, one more than the format allows, still a u32.
        let mut bits = BitReader::new(&[0, 0, 0, 0, 0x80, 0, 0, 0, 0]);
        assert_eq!(bits.ue(), Some(u32::MAX));
        assert_eq!(BitReader::new(&[0; 16]).ue(), None);
    }

    #[test]
    fn emulation_prevention_bytes_are_passed_over() {
        let mut bits = BitReader::nal(&[0, 0, 3, 1, 0, 0, 3]);
        assert_eq!(bits.u(24), Some(1));
        assert_eq!(bits.at(), 4);
        assert_eq!(bits.u(16), Some(0));
        assert_eq!(bits.u(1), None);
    }

    #[test]
    fn a_three_elsewhere_is_data() {
        assert_eq!(BitReader::nal(&[0, 3, 0, 1]).u(32), Some(0x0003_0001));
        assert_eq!(BitReader::new(&[0, 0, 3, 1]).u(32), Some(0x0000_0301));
    }

    #[test]
    fn the_end_is_behind_the_byte_of_the_last_bit() {
        let mut bits = BitReader::new(&[0xFF, 0xFF]);
        assert_eq!(bits.end(), 0);
        bits.u(3);
        assert_eq!((bits.at(), bits.end()), (0, 1));
        bits.u(5);
        assert_eq!((bits.at(), bits.end()), (1, 1));
    }
}
