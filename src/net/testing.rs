//! What the tests of frames share: packets made by etherparse, and frames around them.

use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::net::Segment;
use crate::net::frame::FrameDecoder;
use crate::net::skip::Skip;

/// Sequence number of the test segments.
pub(super) const SEQ: u32 = 0x0102_0304;

/// An IPv4 packet from 10.0.0.1:50000 to 10.0.0.2:1935.
pub(super) fn ipv4_tcp(payload: &[u8]) -> Vec<u8> {
    let builder = etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
    let mut bytes = Vec::new();
    builder
        .tcp(50_000, 1935, SEQ, 4096)
        .write(&mut bytes, payload)
        .unwrap();
    bytes
}

/// An IPv6 packet from fd00::1 port 50000 to fd00::2 port 1935.
pub(super) fn ipv6_tcp(payload: &[u8]) -> Vec<u8> {
    let host = |last| [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let builder = etherparse::PacketBuilder::ipv6(host(1), host(2), 64);
    let mut bytes = Vec::new();
    builder
        .tcp(50_000, 1935, SEQ, 4096)
        .write(&mut bytes, payload)
        .unwrap();
    bytes
}

/// An IPv4 packet of another protocol, between two routers.
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let header = etherparse::Ipv4Header::new(
        u16::try_from(payload.len()).unwrap(),
        64,
        etherparse::IpNumber(protocol),
        [192, 0, 2, 1],
        [192, 0, 2, 2],
    )
    .unwrap();
    let mut bytes = Vec::new();
    header.write(&mut bytes).unwrap();
    bytes.extend(payload);
    bytes
}

/// An IPv4 packet with UDP, between two routers.
pub(super) fn ipv4_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let builder = etherparse::PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    let mut bytes = Vec::new();
    builder
        .udp(40_000, port)
        .write(&mut bytes, payload)
        .unwrap();
    bytes
}

/// An Ethernet frame without what the type field announces.
pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2; 12];
    bytes.extend(ether_type.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A frame that was captured whole.
pub(super) fn whole(link: LinkType, data: &[u8]) -> Frame<'_> {
    Frame {
        number: FrameNumber(1),
        time: Timestamp(0),
        link,
        interface: InterfaceIndex::FIRST,
        wire_len: u32::try_from(data.len()).unwrap(),
        data,
    }
}

/// What a decoder that saw nothing before makes of a whole frame. The general way must agree.
pub(super) fn decode<T>(
    link: LinkType,
    data: &[u8],
    read: impl FnOnce(Segment<'_>) -> T,
) -> Result<T, Skip> {
    let frame = whole(link, data);
    let mut general = FrameDecoder::new();
    let mut decoder = FrameDecoder::new();
    let segment = decoder.decode(&frame);
    assert_eq!(segment, general.decode_any(&frame));
    segment.map(read)
}

/// The payload of the segment in a whole frame, which must be one of the packets above.
pub(super) fn payload(link: LinkType, data: &[u8]) -> Result<Vec<u8>, Skip> {
    decode(link, data, |segment| {
        assert_eq!(
            (segment.source.port, segment.destination.port),
            (50_000, 1935)
        );
        assert_eq!(segment.seq, SEQ);
        assert_eq!(
            usize::try_from(segment.wire_payload),
            Ok(segment.payload.len())
        );
        segment.payload.to_vec()
    })
}
