//! The digest in the handshake of Flash Player 9 and later and of what speaks like it. Adobe
//! published it with its RTMP specification only in part; the two layouts and the keys are those
//! that FFmpeg, librtmp, SRS and nginx-rtmp share.

use std::hash::BuildHasher as _;
use std::hash::Hasher as _;

use foldhash::quality::FixedState;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Sha256;

use crate::base::side::Side;
use crate::rtmp::event::Digest;
use crate::rtmp::event::DigestScheme;
use crate::rtmp::event::Echo;
use crate::rtmp::event::HANDSHAKE_PACKET_LEN;

/// Length of a digest in bytes.
const DIGEST_LEN: usize = 32;

/// What the client signs C1 with.
const CLIENT_KEY: &[u8] = b"Genuine Adobe Flash Player 001";

/// What the server signs S1 with.
const SERVER_KEY: &[u8] = b"Genuine Adobe Flash Media Server 001";

/// Follows either key to make the one that signs C2 and S2.
const KEY_TAIL: [u8; 32] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57,
    0x6E, 0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
];

/// A packet of the handshake.
pub(in crate::rtmp) type Packet = [u8; HANDSHAKE_PACKET_LEN];

/// The digest in C1 or S1, if there is a valid one, and the side whose key it was made with.
pub(in crate::rtmp) fn find(packet: &Packet) -> Option<(Digest, Side)> {
    // The simple handshake has zeros where software of the other kind tells its version
    // (section 5.2.3): three of four programs need no hashing.
    if packet.get(4..8) == Some(&[0; 4]) {
        return None;
    }
    for side in Side::BOTH {
        for scheme in [DigestScheme::DigestFirst, DigestScheme::KeyFirst] {
            let found = digest_at(packet, digest_offset(packet, scheme), signing_key(side));
            if let Some(value) = found {
                return Some((Digest { scheme, value }, side));
            }
        }
    }
    None
}

/// Whether C2 (`by` the client) or S2 (`by` the server) answers the digest that the peer sent in
/// its C1 or S1: its last 32 bytes sign the others with a key made from that digest. A packet
/// that answers so is no echo of the peer's.
pub fn verify_answer(echo: &Echo, peer_digest: &Digest, by: Side) -> bool {
    let mut key = signing_key(by).to_vec();
    key.extend_from_slice(&KEY_TAIL);
    let Some(answer_key) = hmac(&key, &[&peer_digest.value]) else {
        return false;
    };
    let Some((signed, signature)) = echo.packet.split_last_chunk::<DIGEST_LEN>() else {
        return false;
    };
    hmac(&answer_key, &[signed]).as_ref() == Some(signature)
}

/// Hash of bytes 0..4 and 8..1536 of a packet: what an echo repeats of the peer's packet
/// (section 5.2.4). Bytes 4..8 hold the time of reading there.
pub(in crate::rtmp) fn fingerprint(packet: &Packet) -> u64 {
    // No secret hangs on it: whoever made up two packets of one hash would fool nobody.
    let mut hash = FixedState::default().build_hasher();
    hash.write(packet.get(..4).unwrap_or_default());
    hash.write(packet.get(8..).unwrap_or_default());
    hash.finish()
}

fn signing_key(side: Side) -> &'static [u8] {
    match side {
        Side::Client => CLIENT_KEY,
        Side::Server => SERVER_KEY,
    }
}

/// Where the digest lies: 728 places behind the four bytes whose sum chooses among them.
fn digest_offset(packet: &Packet, scheme: DigestScheme) -> usize {
    let base: usize = match scheme {
        DigestScheme::DigestFirst => 8,
        DigestScheme::KeyFirst => 772,
    };
    let chosen = packet.iter().skip(base).take(4);
    let sum = chosen.fold(0_usize, |sum, byte| sum.saturating_add(usize::from(*byte)));
    base.saturating_add(4).saturating_add(sum % 728)
}

/// The digest at `offset`, if it signs all the other bytes.
fn digest_at(packet: &Packet, offset: usize, key: &[u8]) -> Option<[u8; 32]> {
    let (before, rest) = packet.split_at_checked(offset)?;
    let (digest, behind) = rest.split_first_chunk::<DIGEST_LEN>()?;
    (hmac(key, &[before, behind]).as_ref() == Some(digest)).then_some(*digest)
}

/// HMAC-SHA256 (RFC 2104) over the parts in turn.
fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    // Keys of any length are good.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

/// Writes a digest into `packet` as the given side would, for tests and built streams.
#[cfg(test)]
pub(in crate::rtmp) fn sign(packet: &mut Packet, scheme: DigestScheme, side: Side) {
    let offset = digest_offset(packet, scheme);
    let value = hmac(
        signing_key(side),
        &[&packet[..offset], &packet[offset + DIGEST_LEN..]],
    );
    packet[offset..offset + DIGEST_LEN].copy_from_slice(&value.expect("any key is good"));
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::base::ids::Mark;

    fn packet() -> Packet {
        let mut packet = [0; HANDSHAKE_PACKET_LEN];
        for (i, byte) in packet.iter_mut().enumerate() {
            *byte = u8::try_from(i * 7 % 251).expect("below 251");
        }
        packet
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2: key "Jefe", data "what do ya want for nothing?".
        let mac = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]).expect("a key");
        assert_eq!(mac[..4], [0x5B, 0xDC, 0xC1, 0x46]);
        assert_eq!(mac[28..], [0x64, 0xEC, 0x38, 0x43]);
    }

    #[test]
    fn both_layouts_are_found() {
        for scheme in [DigestScheme::DigestFirst, DigestScheme::KeyFirst] {
            for side in Side::BOTH {
                let mut packet = packet();
                sign(&mut packet, scheme, side);
                let (digest, by) = find(&packet).expect("just signed");
                assert_eq!((digest.scheme, by), (scheme, side));
            }
        }
    }

    #[test]
    fn the_last_place_lies_within_the_packet() {
        let mut packet = [0xFF; HANDSHAKE_PACKET_LEN];
        // 181 * 4 + 3 = 727: the largest remainder.
        packet[772..776].copy_from_slice(&[182, 182, 182, 181]);
        assert_eq!(digest_offset(&packet, DigestScheme::KeyFirst), 776 + 727);
        sign(&mut packet, DigestScheme::KeyFirst, Side::Client);
        assert!(find(&packet).is_some());
    }

    #[test]
    fn one_changed_byte_breaks_the_digest() {
        let mut packet = packet();
        sign(&mut packet, DigestScheme::DigestFirst, Side::Client);
        packet[1535] ^= 1;
        assert_eq!(find(&packet), None);
    }

    #[test]
    fn an_answer_is_bound_to_the_peers_digest() {
        let digest = Digest {
            scheme: DigestScheme::DigestFirst,
            value: [9; 32],
        };
        let mut answer = packet();
        let key = [SERVER_KEY, &KEY_TAIL].concat();
        assert_eq!(key.len(), 68);
        let key = hmac(&key, &[&digest.value]).expect("a key");
        let signature = hmac(&key, &[&answer[..1504]]).expect("a key");
        answer[1504..].copy_from_slice(&signature);
        let echo = Echo {
            first: Mark::default(),
            last: Mark::default(),
            fingerprint: fingerprint(&answer),
            packet: answer.to_vec(),
        };
        assert!(verify_answer(&echo, &digest, Side::Server));
        assert!(!verify_answer(&echo, &digest, Side::Client));
        let other = Digest {
            value: [8; 32],
            ..digest
        };
        assert!(!verify_answer(&echo, &other, Side::Server));
    }

    #[test]
    fn the_fingerprint_leaves_the_time_of_reading_out() {
        let sent = packet();
        let mut echoed = sent;
        echoed[4..8].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(fingerprint(&sent), fingerprint(&echoed));
        echoed[8] ^= 1;
        assert_ne!(fingerprint(&sent), fingerprint(&echoed));
    }
}
