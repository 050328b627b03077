//! Masks for secrets: stream keys, tokens, passwords.

use std::fmt::Write as _;

use sha2::Digest as _;
use sha2::Sha256;

/// What a mask begins with, in every view, report and record.
pub const MASK_PREFIX: &str = "****";

/// The mask of a secret: the same secret always gives the same mask, in every run, so that two
/// reports can be compared without either showing the key. Only 32 bits of the hash are shown:
/// enough to tell keys apart, too few to prove a guess of a good key.
pub fn mask(secret: &str) -> String {
    let hash = Sha256::new()
        .chain_update(b"rtmpscope mask 1\0")
        .chain_update(secret.as_bytes())
        .finalize();
    let mut out = String::from(MASK_PREFIX);
    for byte in hash.iter().take(4) {
        let _ = write!(out, "{byte:02x}");
    }
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
