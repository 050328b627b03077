//! Options of pcapng blocks, and the resolution of timestamps that one of them sets.

use nom::IResult;
use nom::Parser as _;
use nom::bytes::complete::take;
use nom::number::Endianness;
use nom::number::complete::u16;

use crate::base::time::Precision;
use crate::base::time::Timestamp;

/// Longest text of an option that is kept, in bytes: names and versions are far shorter.
const MAX_TEXT_LEN: usize = 256;

/// The code that ends a list of options.
const OPT_ENDOFOPT: u16 = 0;

/// Walks over a list of options. A list that is not well formed ends where it stops making sense:
/// options only add to what is known.
#[derive(Debug)]
pub(super) struct Options<'a> {
    rest: &'a [u8],
    endianness: Endianness,
}

impl<'a> Options<'a> {
    pub(super) fn new(bytes: &'a [u8], endianness: Endianness) -> Self {
        Self {
            rest: bytes,
            endianness,
        }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (rest, option) = option(self.rest, self.endianness).ok()?;
        self.rest = rest;
        (option.0 != OPT_ENDOFOPT).then_some(option)
    }
}

fn option(input: &[u8], endianness: Endianness) -> IResult<&[u8], (u16, &[u8])> {
    let (input, (code, len)) = (u16(endianness), u16(endianness)).parse(input)?;
    let (input, value) = take(len)(input)?;
    // The padding of the last option is missing in files of some writers.
    let padding = padding(value.len()).min(input.len());
    let (input, _) = take(padding)(input)?;
    Ok((input, (code, value)))
}

/// How many bytes follow `len` bytes so that the next thing begins at a multiple of four.
pub(super) fn padding(len: usize) -> usize {
    len.wrapping_neg() & 3
}

/// Text of an option. Anything that is not UTF-8 is replaced; it is never a reason to stop.
pub(super) fn text(value: &[u8]) -> String {
    let value = value.get(..MAX_TEXT_LEN).unwrap_or(value);
    String::from_utf8_lossy(value)
        .trim_end_matches('\0')
        .to_owned()
}

/// How the 64-bit timestamps of an interface count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    unit: Unit,
    offset_secs: i64,
}

/// One tick of a clock, against nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// A tick is this many nanoseconds.
    Nanos(i64),
    /// A nanosecond is this many ticks.
    PerNano(u64),
    /// A second is two to this power ticks.
    PowerOfTwo(u32),
    /// All ticks that 64 bits can count are less than a nanosecond.
    Nothing,
}

impl Default for Clock {
    /// Microseconds since 1970, where no option says otherwise.
    fn default() -> Self {
        Self {
            unit: Unit::Nanos(1000),
            offset_secs: 0,
        }
    }
}

impl Clock {
    /// Sets the resolution from the byte of `if_tsresol`: a negative power of ten, or of two when
    /// the upper bit is set.
    pub(super) fn set_resolution(&mut self, if_tsresol: u8) {
        let power = u32::from(if_tsresol & 0x7F);
        self.unit = if if_tsresol & 0x80 != 0 {
            Unit::PowerOfTwo(power)
        } else if let Some(missing) = 9_u32.checked_sub(power) {
            Unit::Nanos(10_i64.saturating_pow(missing))
        } else {
            10_u64
                .checked_pow(power.saturating_sub(9))
                .map_or(Unit::Nothing, Unit::PerNano)
        };
    }

    /// Sets the seconds to add to every timestamp, from `if_tsoffset`.
    pub(super) fn set_offset(&mut self, secs: i64) {
        self.offset_secs = secs;
    }

    /// How many digits of a second such a clock deserves.
    pub(super) fn precision(&self) -> Precision {
        let fine = match self.unit {
            Unit::Nanos(nanos) => nanos < 1000,
            // 2^-20 is about a microsecond.
            Unit::PowerOfTwo(power) => power >= 20,
            Unit::PerNano(_) | Unit::Nothing => true,
        };
        if fine {
            Precision::Nanos
        } else {
            Precision::Micros
        }
    }

    /// The instant of a timestamp. Parts of a nanosecond are cut off; what lies outside the
    /// representable years is held at their ends.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        let nanos = match self.unit {
            Unit::Nanos(nanos) => i64::try_from(ticks)
                .unwrap_or(i64::MAX)
                .saturating_mul(nanos),
            Unit::PerNano(per_nano) => {
                let nanos = ticks.checked_div(per_nano).unwrap_or_default();
                i64::try_from(nanos).unwrap_or(i64::MAX)
            }
            Unit::PowerOfTwo(power) => {
                let nanos = u128::from(ticks)
                    .saturating_mul(1_000_000_000)
                    .checked_shr(power)
                    .unwrap_or_default();
                i64::try_from(nanos).unwrap_or(i64::MAX)
            }
            Unit::Nothing => 0,
        };
        if self.offset_secs == 0 {
            return Timestamp(nanos);
        }
        Timestamp(nanos.saturating_add(self.offset_secs.saturating_mul(1_000_000_000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(if_tsresol: u8, offset: i64) -> Clock {
        let mut clock = Clock::default();
        clock.set_resolution(if_tsresol);
        clock.set_offset(offset);
        clock
    }

    // draft-ietf-opsawg-pcapng section 4.2, if_tsresol: "If the Most Significant Bit is equal to
    // zero, the remaining bits indicates the resolution of the timestamp as a negative power of
    // 10", else of 2.

    #[test]
    fn powers_of_ten() {
        assert_eq!(Clock::default().time(1_000_001), Timestamp(1_000_001_000));
        assert_eq!(clock(6, 0), Clock::default());
        assert_eq!(clock(9, 0).time(7), Timestamp(7));
        assert_eq!(clock(0, 0).time(7), Timestamp(7_000_000_000));
        assert_eq!(clock(3, 0).time(7), Timestamp(7_000_000));
        // Picoseconds: parts of a nanosecond are cut off.
        assert_eq!(clock(12, 0).time(1_999), Timestamp(1));
        assert_eq!(clock(28, 0).time(u64::MAX), Timestamp(1));
        assert_eq!(clock(29, 0).time(u64::MAX), Timestamp(0));
        assert_eq!(clock(127, 0).time(u64::MAX), Timestamp(0));
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(clock(0x80, 0).time(3), Timestamp(3_000_000_000));
        assert_eq!(clock(0x80 | 0x0A, 0).time(512), Timestamp(500_000_000));
        assert_eq!(
            clock(0x80 | 0x20, 0).time(3 << 31),
            Timestamp(1_500_000_000)
        );
        assert_eq!(clock(0x80 | 0x3F, 0).time(1 << 62), Timestamp(500_000_000));
        assert_eq!(clock(0xFF, 0).time(u64::MAX), Timestamp(0));
    }

    #[test]
    fn offsets_are_whole_seconds_and_may_be_negative() {
        assert_eq!(clock(6, -1).time(1_500_000), Timestamp(500_000_000));
        assert_eq!(clock(9, 2).time(1), Timestamp(2_000_000_001));
        assert_eq!(clock(0, i64::MAX).time(u64::MAX), Timestamp(i64::MAX));
        assert_eq!(clock(0, i64::MIN).time(0), Timestamp(i64::MIN));
    }

    #[test]
    fn digits_follow_the_resolution() {
        assert_eq!(clock(6, 0).precision(), Precision::Micros);
        assert_eq!(clock(3, 0).precision(), Precision::Micros);
        assert_eq!(clock(7, 0).precision(), Precision::Nanos);
        assert_eq!(clock(0x80 | 0x1E, 0).precision(), Precision::Nanos);
        assert_eq!(clock(0x80 | 0x0A, 0).precision(), Precision::Micros);
    }

    #[test]
    fn options_end_where_they_stop_making_sense() {
        let bytes = [
            2, 0, 3, 0, b'e', b't', b'h', 0, // if_name "eth" with padding
            9, 0, 1, 0, 9, 0, 0, 0, // if_tsresol 9
            11, 0, 0xFF, 0xFF, 0, // claims 65535 bytes
        ];
        let found: Vec<_> = Options::new(&bytes, Endianness::Little).collect();
        assert_eq!(found, [(2, &b"eth"[..]), (9, &[9][..])]);
    }

    #[test]
    fn the_end_mark_ends_the_options() {
        let bytes = [0, 4, 0, 1, 0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0];
        let found: Vec<_> = Options::new(&bytes, Endianness::Big).collect();
        assert_eq!(found, [(4, &[0xAA][..])]);
    }

    #[test]
    fn text_is_bounded_and_never_refused() {
        assert_eq!(text(b"Linux\0"), "Linux");
        assert_eq!(text(b"caf\xe9"), "caf\u{fffd}");
        assert_eq!(text(&[b'a'; 1000]).len(), MAX_TEXT_LEN);
    }
}
