//! How much of a media message its parser needs.

use crate::rtmp::media::audio;
use crate::rtmp::media::video;

/// Bytes kept of a message of coded frames: every header with room to spare, and the frame
/// header of the codecs whose frames describe themselves.
pub const CODED_KEEP: usize = 64;

/// Bytes kept of a message with a configuration record or metadata. Records of parameter sets
/// take some hundred bytes; those with embedded profiles or many sets some thousand.
pub const CONFIG_KEEP: usize = 64 * 1024;

/// Bytes kept of a message with several tracks, whose headers are spread over the whole message:
/// more than a second of video at the highest bit rates in use, and small enough that a forged
/// length costs no more than that.
pub const MULTITRACK_KEEP: usize = 1024 * 1024;

/// What stands behind the ModEx entries of an extended header.
enum Head {
    /// The packet type, and the position behind it.
    Packet { packet_type: u8, at: usize },
    /// The entries need this many bytes.
    Needs(usize),
}

/// Walks over the ModEx entries.
fn head(first: u8, bytes: &[u8]) -> Head {
    let mut packet_type = first & 0x0F;
    let mut at = 1_usize;
    while packet_type == 7 {
        let Some(&short) = bytes.get(at) else {
            return Head::Needs(at.saturating_add(1));
        };
        at = at.saturating_add(1);
        let mut size = usize::from(short).saturating_add(1);
        if size == 256 {
            let Some(&[high, low]) = bytes.get(at..).and_then(<[u8]>::first_chunk::<2>) else {
                return Head::Needs(at.saturating_add(2));
            };
            size = usize::from(u16::from_be_bytes([high, low])).saturating_add(1);
            at = at.saturating_add(2);
        }
        at = at.saturating_add(size);
        let Some(&types) = bytes.get(at) else {
            return Head::Needs(at.saturating_add(1));
        };
        packet_type = types & 0x0F;
        at = at.saturating_add(1);
    }
    Head::Packet { packet_type, at }
}

fn behind(at: usize, keep: usize) -> usize {
    // The FourCC, the track id and the composition time fit in the room of CODED_KEEP; a first
    // byte alone leaves it at that.
    at.saturating_sub(1)
        .saturating_add(keep)
        .min(MULTITRACK_KEEP)
}

fn enhanced(first: u8, bytes: &[u8], multitrack: u8, whole: fn(u8) -> bool) -> usize {
    let (packet_type, at) = match head(first, bytes) {
        Head::Packet { packet_type, at } => (packet_type, at),
        // Twice what is there, so that a long chain of short entries is walked over a few times
        // and not once per entry.
        Head::Needs(at) => {
            return behind(at, CODED_KEEP)
                .max(bytes.len().saturating_mul(2))
                .min(MULTITRACK_KEEP);
        }
    };
    if packet_type == multitrack {
        let Some(&byte) = bytes.get(at) else {
            return behind(at, CODED_KEEP);
        };
        return match byte >> 4 {
            0 if whole(byte & 0x0F) => behind(at, CONFIG_KEEP),
            1 | 2 => MULTITRACK_KEEP,
            _ => behind(at, CODED_KEEP),
        };
    }
    behind(
        at,
        if whole(packet_type) {
            CONFIG_KEEP
        } else {
            CODED_KEEP
        },
    )
}

/// For an audio message.
pub(super) fn audio(bytes: &[u8]) -> usize {
    let Some(&first) = bytes.first() else {
        return CODED_KEEP;
    };
    match first >> 4 {
        audio::EX_HEADER => enhanced(first, bytes, 5, |packet| matches!(packet, 0 | 4)),
        audio::AAC | audio::NONSTANDARD_OPUS if bytes.get(1) == Some(&0) => CONFIG_KEEP,
        _ => CODED_KEEP,
    }
}

/// For a video message.
pub(super) fn video(bytes: &[u8]) -> usize {
    let Some(&first) = bytes.first() else {
        return CODED_KEEP;
    };
    if first & video::EX_HEADER_BIT != 0 {
        return enhanced(first, bytes, 6, |packet| matches!(packet, 0 | 4 | 5));
    }
    let is_command = first >> 4 == video::COMMAND;
    if !is_command && video::has_packet_type(first & 0x0F) && bytes.get(1) == Some(&0) {
        CONFIG_KEEP
    } else {
        CODED_KEEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coded_frames_keep_their_headers_only() {
        assert_eq!(video(&[0x27, 1, 0, 0, 0]), CODED_KEEP);
        assert_eq!(audio(&[0xAF, 1]), CODED_KEEP);
        assert_eq!(video(b"\x91hvc1"), CODED_KEEP);
        assert_eq!(audio(b"\x91Opus"), CODED_KEEP);
    }

    #[test]
    fn records_and_metadata_are_kept_whole() {
        assert_eq!(video(&[0x17, 0]), CONFIG_KEEP);
        assert_eq!(audio(&[0xAF, 0]), CONFIG_KEEP);
        assert_eq!(video(b"\x90hvc1"), CONFIG_KEEP);
        assert_eq!(video(b"\x94hvc1"), CONFIG_KEEP);
        assert_eq!(video(b"\x95av01"), CONFIG_KEEP);
        assert_eq!(audio(b"\x94Opus"), CONFIG_KEEP);
        // OneTrack of a sequence start.
        assert!(video(&[0x96, 0x00]) >= CONFIG_KEEP);
    }

    #[test]
    fn several_tracks_are_spread_over_the_message() {
        assert_eq!(video(&[0x96, 0x11]), MULTITRACK_KEEP);
        assert_eq!(video(&[0x96, 0x21]), MULTITRACK_KEEP);
        assert_eq!(audio(&[0x95, 0x11]), MULTITRACK_KEEP);
        assert_eq!(video(&[0x96, 0x01]), CODED_KEEP);
    }

    #[test]
    fn mod_ex_moves_the_headers_back() {
        // ModEx of 3 bytes, then CodedFrames: 1 + 1 + 3 + 1 bytes before the FourCC.
        let bytes = [0x97, 2, 0, 0, 1, 0x01];
        assert_eq!(video(&bytes), CODED_KEEP + 5);
        // A size of 256 or more stands in two further bytes.
        assert!(video(&[0x97, 0xFF, 0x01, 0x00]) > 257);
    }

    #[test]
    fn a_long_chain_of_short_mod_ex_is_walked_over_a_few_times_only() {
        let chain: Vec<u8> = std::iter::once(0x97)
            .chain(
                [0, 0xAA, 0x17]
                    .into_iter()
                    .cycle()
                    .take(2 * MULTITRACK_KEEP),
            )
            .collect();
        let (mut have, mut questions) = (1, 0);
        while video(&chain[..have]) > have {
            have = video(&chain[..have]);
            questions += 1;
        }
        assert_eq!(have, MULTITRACK_KEEP);
        assert!(questions < 20, "{questions}");
    }
}
