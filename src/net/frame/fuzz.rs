//! Frames of every link type one after the other, with and without the fast path.

use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::net::frame::FrameDecoder;

/// Link types by the first byte of a frame, Ethernet for the rest of it; one is unknown.
const LINKS: [LinkType; 10] = [
    LinkType::ETHERNET,
    LinkType::NULL,
    LinkType::RAW,
    LinkType::RAW_BSD,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType(147),
];

/// Holds a decoder with the fast path against one without, on several frames, so that fragments
/// meet. Each frame is a byte for its link type, one that tells how much longer it was on the
/// wire, two for its length (little-endian), and its bytes.
///
/// # Panics
///
/// When the two differ, or a segment has more payload than its frames had bytes.
#[doc(hidden)]
pub fn fuzz_frames(data: &[u8]) {
    let mut with = FrameDecoder::new();
    let mut without = FrameDecoder::new();
    let mut total = 0_usize;
    let mut number = 0_u64;
    let mut rest = data;
    while let Some((&[link, beyond, low, high], behind)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([low, high])).min(behind.len());
        let (bytes, behind) = behind.split_at(len);
        rest = behind;
        total = total.saturating_add(len);
        number = number.saturating_add(1);
        let link = LINKS
            .get(usize::from(link))
            .copied()
            .unwrap_or(LinkType::ETHERNET);
        let wire = len.saturating_add(usize::from(beyond));
        let frame = Frame {
            number: FrameNumber(number),
            time: Timestamp(i64::from(beyond)),
            link,
            interface: InterfaceIndex::FIRST,
            wire_len: u32::try_from(wire).unwrap_or(u32::MAX),
            data: bytes,
        };
        let fast = with.decode(&frame);
        assert_eq!(fast, without.decode_any(&frame), "the general way differs");
        if let Ok(segment) = fast {
            assert!(segment.payload.len() <= total, "payload out of nothing");
        }
    }
    assert_eq!(
        with.pending_datagrams(),
        without.pending_datagrams(),
        "both wait for the same fragments"
    );
}
