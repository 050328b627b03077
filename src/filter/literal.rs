//! Numbers with units, and addresses, as an expression has them.

use std::net::IpAddr;

use crate::filter::field::Unit;

/// Longest text that is looked at as a number: no more digits mean anything.
const MAX_NUMBER: usize = 40;

/// A number, or the beginning of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A number: its value in the unit of the field, and by how much it may be missed to be
    /// equal.
    Whole { value: f64, tolerance: f64 },
    /// The beginning of a number with its unit.
    Begun,
    /// None.
    None,
}

/// What may stand behind a number of a unit, and what it is multiplied with. None of those of
/// measured numbers is ambiguous but `m`, which means minutes of time.
fn suffixes(unit: Unit) -> &'static [(&'static str, f64)] {
    const COUNT: &[(&str, f64)] = &[("k", 1e3), ("m", 1e6), ("g", 1e9)];
    const BYTES: &[(&str, f64)] = &[
        ("b", 1.0),
        ("k", 1e3),
        ("kb", 1e3),
        ("m", 1e6),
        ("mb", 1e6),
        ("g", 1e9),
        ("gb", 1e9),
        ("kib", 1024.0),
        ("mib", 1_048_576.0),
        ("gib", 1_073_741_824.0),
    ];
    const KBITS: &[(&str, f64)] = &[
        ("k", 1.0),
        ("kbit", 1.0),
        ("kbit/s", 1.0),
        ("kbps", 1.0),
        ("m", 1e3),
        ("mbit", 1e3),
        ("mbit/s", 1e3),
        ("mbps", 1e3),
        ("g", 1e6),
        ("gbit", 1e6),
    ];
    const MILLIS: &[(&str, f64)] = &[
        ("ms", 1.0),
        ("s", 1e3),
        ("us", 1e-3),
        ("m", 6e4),
        ("min", 6e4),
        ("h", 3.6e6),
    ];
    const SECONDS: &[(&str, f64)] = &[
        ("s", 1.0),
        ("ms", 1e-3),
        ("us", 1e-6),
        ("m", 60.0),
        ("min", 60.0),
        ("h", 3600.0),
    ];
    const PERCENT: &[(&str, f64)] = &[("%", 1.0)];
    match unit {
        Unit::Count | Unit::Real => COUNT,
        Unit::Bytes => BYTES,
        Unit::Kbits => KBITS,
        Unit::WholeMillis | Unit::Millis => MILLIS,
        Unit::Seconds => SECONDS,
        Unit::Percent => PERCENT,
    }
}

/// How a number of a unit may be written, for a message.
pub(super) fn expected(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "a number, as 20 or 0x14",
        Unit::Real => "a number, as 25 or 29.97",
        Unit::Bytes => "a number of bytes, as 500, 100k or 4MiB",
        Unit::Kbits => "a bitrate, as 800 (kbit/s) or 4.8M",
        Unit::WholeMillis | Unit::Millis => "a time, as 500 (milliseconds) or 2s",
        Unit::Seconds => "a time, as 10 (seconds) or 500ms",
        Unit::Percent => "a share, as 3%",
    }
}

/// Reads a number in a unit.
///
/// Whole quantities are equal when they are the same. Measured ones are equal when they are shown
/// with the same digits: `fps==25` takes 24.97.
pub(super) fn number(text: &str, unit: Unit) -> Number {
    if text.is_empty() || text == "-" {
        return Number::Begun;
    }
    if text.len() > MAX_NUMBER {
        return Number::None;
    }
    if unit == Unit::Count
        && let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
    {
        return hexadecimal(digits);
    }
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+')))
        .unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    let Ok(value) = digits.parse::<f64>() else {
        return Number::None;
    };
    let suffix = suffix.to_ascii_lowercase();
    let scale = if suffix.is_empty() {
        1.0
    } else if let Some((_, scale)) = suffixes(unit).iter().find(|(name, _)| *name == suffix) {
        *scale
    } else if suffixes(unit)
        .iter()
        .any(|(name, _)| name.starts_with(&suffix))
    {
        return Number::Begun;
    } else {
        return Number::None;
    };
    let is_exact = matches!(unit, Unit::Count | Unit::Bytes | Unit::WholeMillis);
    let decimals = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    let last_digit = 0.1_f64.powi(i32::try_from(decimals).unwrap_or(i32::MAX));
    Number::Whole {
        value: value * scale,
        tolerance: if is_exact {
            0.0
        } else {
            last_digit * scale / 2.0
        },
    }
}

fn hexadecimal(digits: &str) -> Number {
    if digits.is_empty() {
        return Number::Begun;
    }
    match u32::from_str_radix(digits, 16) {
        Ok(value) => Number::Whole {
            value: f64::from(value),
            tolerance: 0.0,
        },
        Err(_) => Number::None,
    }
}

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Net {
    addr: IpAddr,
    bits: u32,
}

impl Net {
    /// `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (addr, bits) = match text.split_once('/') {
            Some((addr, bits)) => (addr, Some(bits)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().ok()?;
        let most = if addr.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most)?,
            None => most,
        };
        Some(Self { addr, bits })
    }

    /// Whether an address is one of these. One of version 6 that stands for one of version 4 is
    /// that one.
    pub(super) fn holds(self, addr: IpAddr) -> bool {
        match (self.addr, addr.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(addr)) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(self.bits));
                (net.to_bits() ^ addr.to_bits()) & mask.unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(addr)) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(self.bits));
                (net.to_bits() ^ addr.to_bits()) & mask.unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Whether a text could be the beginning of an address.
pub(super) fn begins_address(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, unit: Unit) -> f64 {
        match number(text, unit) {
            Number::Whole { value, .. } => value,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn is_near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn numbers_have_the_units_of_their_fields() {
        assert!(is_near(value("100k", Unit::Bytes), 100_000.0));
        assert!(is_near(value("4MiB", Unit::Bytes), 4_194_304.0));
        assert!(is_near(value("4.8M", Unit::Kbits), 4800.0));
        assert!(is_near(value("100k", Unit::Kbits), 100.0));
        assert!(is_near(value("2s", Unit::Millis), 2000.0));
        assert!(is_near(value("500ms", Unit::Seconds), 0.5));
        assert!(is_near(value("3%", Unit::Percent), 3.0));
        assert!(is_near(value("-200ms", Unit::Millis), -200.0));
        assert!(is_near(value("0x14", Unit::Count), 20.0));
        assert!(is_near(value("100_000", Unit::Count), 100_000.0));
    }

    #[test]
    fn what_is_no_number_is_told_from_the_beginning_of_one() {
        assert_eq!(number("", Unit::Count), Number::Begun);
        assert_eq!(number("-", Unit::Millis), Number::Begun);
        assert_eq!(number("4Mi", Unit::Bytes), Number::Begun);
        assert_eq!(number("abc", Unit::Real), Number::None);
        assert_eq!(number("3%", Unit::Real), Number::None);
        assert_eq!(number("1.2.3", Unit::Real), Number::None);
        assert_eq!(number(&"9".repeat(41), Unit::Real), Number::None);
    }

    #[test]
    fn measured_numbers_are_equal_by_the_digits_given() {
        let Number::Whole { tolerance, .. } = number("29.97", Unit::Real) else {
            panic!("a number");
        };
        assert!(is_near(tolerance, 0.005));
        let Number::Whole { tolerance, .. } = number("2s", Unit::Millis) else {
            panic!("a number");
        };
        assert!(is_near(tolerance, 500.0));
    }

    #[test]
    fn prefixes_hold_their_addresses() {
        let holds = |net: &str, addr: &str| {
            Net::parse(net)
                .expect("a net")
                .holds(addr.parse().expect("an address"))
        };
        assert!(holds("192.0.2.0/24", "192.0.2.77"));
        assert!(!holds("192.0.2.0/24", "192.0.3.77"));
        assert!(holds("192.0.2.7", "192.0.2.7"));
        assert!(!holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        assert!(holds("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        assert!(!holds("::/0", "8.8.8.8"));
        assert_eq!(Net::parse("192.0.2.0/33"), None);
        assert_eq!(Net::parse("192.0.2"), None);
    }
}
