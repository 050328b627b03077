//! Masks for secrets: stream keys, tokens, passwords.

use sha2::Digest as _;
use sha2::Sha256;

/// What a mask begins with, in every view, report and record.
pub const MASK_PREFIX: &str = "****";

/// Hexadecimal digits of the hash in a mask.
const SHOWN: usize = 8;

/// The mask of a secret: the same secret always gives the same mask, in every run, so that two
/// reports can be compared without either showing the key. Only 32 bits of the hash are shown:
/// enough to tell keys apart, too few to prove a guess of a good key.
pub fn mask(secret: &str) -> String {
    let hash = Sha256::new()
        .chain_update(b"rtmpscope mask 1\0")
        .chain_update(secret.as_bytes())
        .finalize();
    let mut out = String::with_capacity(MASK_PREFIX.len().saturating_add(SHOWN));
    out.push_str(MASK_PREFIX);
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    let digits = nibbles.filter_map(|nibble| char::from_digit(u32::from(nibble), 16));
    out.extend(digits.take(SHOWN));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_secret_same_mask() {
        assert_eq!(mask("cam-1"), mask("cam-1"));
        assert_ne!(mask("cam-1"), mask("cam-2"));
    }

    #[test]
    fn the_mask_shows_nothing_of_the_secret() {
        let masked = mask("live_1234_secret");
        assert!(masked.starts_with(MASK_PREFIX));
        assert_eq!(masked.len(), MASK_PREFIX.len() + 8);
    }
}
