//! Whole frames: padding, offloaded lengths, cuts, fragments across frames.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;
use crate::capture::LinkType;
use crate::net::Endpoint;
use crate::net::TcpFlags;
use crate::net::testing::SEQ;
use crate::net::testing::decode;
use crate::net::testing::ethernet;
use crate::net::testing::ipv4;
use crate::net::testing::ipv4_tcp;
use crate::net::testing::ipv4_udp;
use crate::net::testing::ipv6_tcp;
use crate::net::testing::payload;
use crate::net::testing::whole;

#[test]
fn a_segment_has_everything_its_headers_say() {
    let mut bytes = Vec::new();
    etherparse::PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .tcp(50_000, 1935, 7, 4096)
        .syn()
        .ack(9)
        .options_raw(&[2, 4, 0x05, 0xb4])
        .unwrap()
        .write(&mut bytes, b"data")
        .unwrap();
    bytes[18..20].copy_from_slice(&[0xab, 0xcd]);
    let mut decoder = FrameDecoder::new();
    let frame = Frame {
        number: FrameNumber(12),
        time: Timestamp(34),
        ..whole(LinkType::ETHERNET, &bytes)
    };
    let segment = decoder.decode(&frame).unwrap();
    assert_eq!((segment.at.frame.0, segment.at.time.0), (12, 34));
    assert_eq!(
        segment.source,
        Endpoint {
            addr: IpAddr::from([10, 0, 0, 1]),
            port: 50_000
        }
    );
    assert_eq!(segment.destination.addr, IpAddr::from([10, 0, 0, 2]));
    assert_eq!((segment.seq, segment.ack, segment.window), (7, 9, 4096));
    assert_eq!(segment.flags, TcpFlags(0x12));
    assert_eq!(segment.options.mss, Some(1460));
    assert_eq!((segment.ip_id, segment.tunnel), (0xabcd, 0));
    assert_eq!((segment.payload, segment.wire_payload), (&b"data"[..], 4));
}

#[test]
fn ethernet_padding_is_not_payload() {
    let mut frame = ethernet(0x0800, &ipv4_tcp(b""));
    frame.extend([0; 6]);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"");
}

#[test]
fn a_total_length_of_0_means_the_rest_of_the_frame() {
    let mut packet = ipv4_tcp(b"offloaded");
    packet[2..4].copy_from_slice(&[0, 0]);
    let frame = ethernet(0x0800, &packet);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"offloaded");
    // IPv6 says so for packets above 64 KiB.
    let mut packet = ipv6_tcp(b"offloaded");
    packet[4..6].copy_from_slice(&[0, 0]);
    let frame = ethernet(0x86dd, &packet);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"offloaded");
}

#[test]
fn the_rest_of_a_cut_offloaded_frame_is_counted_from_the_wire() {
    let mut packet = ipv4_tcp(b"0123456789");
    packet[2..4].copy_from_slice(&[0, 0]);
    let bytes = ethernet(0x0800, &packet);
    let cut = &bytes[..58];
    let frame = Frame {
        wire_len: 200_054,
        ..whole(LinkType::ETHERNET, cut)
    };
    let mut decoder = FrameDecoder::new();
    let segment = decoder.decode(&frame).unwrap();
    assert_eq!(
        (segment.payload, segment.wire_payload),
        (&b"0123"[..], 200_000)
    );
}

#[test]
fn a_cut_overlay_frame_keeps_the_length_of_the_inner_payload() {
    let inner = ethernet(0x0800, &ipv4_tcp(&[7; 100]));
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &inner].concat();
    let bytes = ethernet(0x0800, &ipv4_udp(4789, &vxlan));
    let frame = Frame {
        data: &bytes[..bytes.len().saturating_sub(60)],
        ..whole(LinkType::ETHERNET, &bytes)
    };
    let mut decoder = FrameDecoder::new();
    let segment = decoder.decode(&frame).unwrap();
    assert_eq!((segment.payload, segment.wire_payload), (&[7; 40][..], 100));
}

#[test]
fn frames_cut_at_every_length_have_the_right_wire_payload_or_say_why_not() {
    let timestamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
    for v6 in [false, true] {
        let ethernet = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6]).vlan(
            etherparse::VlanHeader::Single(etherparse::SingleVlanHeader {
                vlan_id: etherparse::VlanId::try_new(7).unwrap(),
                ..Default::default()
            }),
        );
        let ip = if v6 {
            ethernet.ipv6([0xfd; 16], [0xfe; 16], 64)
        } else {
            ethernet.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        };
        let mut bytes = Vec::new();
        ip.tcp(50_000, 1935, SEQ, 4096)
            .options_raw(&timestamps)
            .unwrap()
            .write(&mut bytes, b"0123456789")
            .unwrap();
        let fixed_fields = if v6 { 18 + 40 + 20 } else { 18 + 20 + 20 };
        for cut in 0..=bytes.len() {
            let frame = Frame {
                data: &bytes[..cut],
                ..whole(LinkType::ETHERNET, &bytes)
            };
            let mut decoder = FrameDecoder::new();
            match decoder.decode(&frame) {
                Ok(segment) => {
                    assert!(cut >= fixed_fields);
                    assert_eq!((segment.seq, segment.wire_payload), (SEQ, 10));
                    let payload = cut.saturating_sub(fixed_fields).saturating_sub(12);
                    assert_eq!(segment.payload, &b"0123456789"[..payload]);
                    let options_end = fixed_fields.saturating_add(12);
                    let options = (cut >= options_end).then_some((1, 2));
                    assert_eq!(segment.options.timestamps, options);
                }
                Err(skip) => {
                    assert!(cut < fixed_fields);
                    assert_eq!(skip, Skip::HeaderCut);
                }
            }
        }
    }
}

#[test]
fn a_data_offset_outside_of_the_packet_is_malformed() {
    for offset in [0x40, 0xf0] {
        let mut packet = ipv4_tcp(b"abc");
        packet[32] = offset;
        let frame = ethernet(0x0800, &packet);
        assert_eq!(
            payload(LinkType::ETHERNET, &frame).unwrap_err(),
            Skip::Malformed
        );
    }
}

#[test]
fn a_wrong_checksum_is_no_reason_to_drop() {
    let mut packet = ipv4_tcp(b"abc");
    packet[36..38].copy_from_slice(&[0xba, 0xad]);
    assert_eq!(payload(LinkType::RAW, &packet).unwrap(), b"abc");
}

/// The packet as two IPv4 fragments, the first with `first` bytes of IP payload.
fn two_fragments(packet: &[u8], first: usize) -> [Vec<u8>; 2] {
    let (header, body) = packet.split_at(20);
    let piece = |offset: usize, more: bool, data: &[u8]| {
        let mut header = header.to_vec();
        let total = u16::try_from(data.len()).unwrap().wrapping_add(20);
        header[2..4].copy_from_slice(&total.to_be_bytes());
        let field = u16::try_from(offset >> 3).unwrap() | if more { 0x2000 } else { 0 };
        header[6..8].copy_from_slice(&field.to_be_bytes());
        [&header[..], data].concat()
    };
    [
        piece(0, true, &body[..first]),
        piece(first, false, &body[first..]),
    ]
}

#[test]
fn fragments_are_put_together_in_any_order() {
    let [first, second] = two_fragments(&ipv4_tcp(b"0123456789abcdef"), 24);
    for order in [[&first, &second], [&second, &first]] {
        let mut decoder = FrameDecoder::new();
        let early = decoder.decode(&whole(LinkType::RAW, order[0]));
        assert_eq!(early.unwrap_err(), Skip::FragmentPending);
        assert_eq!(decoder.pending_datagrams(), 1);
        let frame = Frame {
            number: FrameNumber(2),
            ..whole(LinkType::RAW, order[1])
        };
        let segment = decoder.decode(&frame).unwrap();
        assert_eq!(segment.payload, b"0123456789abcdef");
        assert_eq!((segment.wire_payload, segment.at.frame.0), (16, 2));
        assert_eq!(decoder.pending_datagrams(), 0);
    }
}

#[test]
fn a_cut_fragment_leaves_the_payload_in_front_of_the_cut() {
    let [first, second] = two_fragments(&ipv4_tcp(b"0123456789abcdef"), 24);
    let cut = Frame {
        data: &first[..42],
        ..whole(LinkType::RAW, &first)
    };
    let mut decoder = FrameDecoder::new();
    assert_eq!(decoder.decode(&cut).unwrap_err(), Skip::FragmentPending);
    let segment = decoder.decode(&whole(LinkType::RAW, &second)).unwrap();
    assert_eq!((segment.payload, segment.wire_payload), (&b"01"[..], 16));
}

#[test]
fn fragments_of_an_outer_and_of_an_inner_packet_are_put_together() {
    // The inner packet is in two fragments, and the tunnel's packet of the last one in two again.
    let [inner_first, inner_second] = two_fragments(&ipv4_tcp(b"0123456789abcdef"), 24);
    let [outer_first, outer_second] = two_fragments(&ipv4(4, &inner_second), 8);
    let mut decoder = FrameDecoder::new();
    for bytes in [&ipv4(4, &inner_first), &outer_first] {
        let pending = decoder.decode(&whole(LinkType::RAW, bytes));
        assert_eq!(pending.unwrap_err(), Skip::FragmentPending);
    }
    let segment = decoder
        .decode(&whole(LinkType::RAW, &outer_second))
        .unwrap();
    assert_eq!(segment.payload, b"0123456789abcdef");
    assert_eq!(decoder.defrag_counts().completed, 2);
}

#[test]
fn ipv6_fragments_are_put_together() {
    let packet = ipv6_tcp(b"0123456789abcdef");
    let (header, body) = packet.split_at(40);
    let piece = |offset: u8, more: u8, data: &[u8]| {
        let mut header = header.to_vec();
        let length = u8::try_from(data.len()).unwrap().wrapping_add(8);
        header[5] = length;
        header[6] = 44;
        [&header[..], &[6, 0, 0, offset | more, 0, 0, 0, 1], data].concat()
    };
    let (first, second) = (piece(0, 1, &body[..24]), piece(24, 0, &body[24..]));
    let mut decoder = FrameDecoder::new();
    let early = decoder.decode(&whole(LinkType::IPV6, &first));
    assert_eq!(early.unwrap_err(), Skip::FragmentPending);
    let segment = decoder.decode(&whole(LinkType::IPV6, &second)).unwrap();
    assert_eq!(segment.payload, b"0123456789abcdef");
    assert_eq!(segment.ip_id, 0);
}

#[test]
fn fragments_on_fragments_end() {
    // A reassembled IPv6 datagram that begins with a fragment header again.
    let mut inner = vec![6, 0, 0, 1, 0, 0, 0, 2];
    inner.extend([0; 8]);
    let mut header = ipv6_tcp(b"")[..40].to_vec();
    header[6] = 44;
    header[5] = 16;
    let first = [&header[..], &[44, 0, 0, 1, 0, 0, 0, 1], &inner[..8]].concat();
    let second = [&header[..], &[44, 0, 0, 8, 0, 0, 0, 1], &inner[8..]].concat();
    let mut decoder = FrameDecoder::new();
    let early = decoder.decode(&whole(LinkType::IPV6, &first));
    assert_eq!(early.unwrap_err(), Skip::FragmentPending);
    let nested = decoder.decode(&whole(LinkType::IPV6, &second));
    assert_eq!(nested.unwrap_err(), Skip::Malformed);
}

/// Frames of every kind, to be damaged.
fn frames() -> Vec<(u32, Vec<u8>)> {
    let inner = ethernet(0x0800, &ipv4_tcp(b"abc"));
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &inner].concat();
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 7, 0, 0, 1, 2, 0][..], &inner].concat();
    let gtp = [
        &[0x34, 0xff, 0, 55, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0][..],
        &ipv4_tcp(b""),
    ];
    let gre = [
        &[0x30, 0, 0x22, 0xeb, 0, 0, 0, 1, 0, 0, 0, 1][..],
        &[0; 12],
        &inner,
    ]
    .concat();
    let mpls = [&[0, 1, 0, 64, 0, 1, 1, 64][..], &ipv6_tcp(b"abc")].concat();
    let pppoe = [&[0x11, 0, 0, 1, 0, 45, 0, 0x21][..], &ipv4_tcp(b"abc")].concat();
    let [first, second] = two_fragments(&ipv4_tcp(b"0123456789abcdef"), 24);
    let mut nflog = vec![2, 0, 0, 0, 8, 0, 1, 0, 8, 0, 3, 0, 47, 0, 9, 0];
    nflog.extend(ipv4_tcp(b"abc"));
    vec![
        (1, ethernet(0x0800, &ipv4_udp(4789, &vxlan))),
        (1, ethernet(0x0800, &ipv4_udp(6081, &geneve))),
        (1, ethernet(0x0800, &ipv4_udp(2152, &gtp.concat()))),
        (1, ethernet(0x0800, &ipv4(47, &gre))),
        (1, ethernet(0x8847, &mpls)),
        (1, ethernet(0x8864, &pppoe)),
        (101, first),
        (101, second),
        (239, nflog),
    ]
}

proptest! {
    #[test]
    fn damaged_frames_never_stop_the_decoder(
        damages in proptest::collection::vec(
            (0_usize..9, 0_usize..120, any::<u8>(), 0_usize..160, any::<bool>()),
            1..40,
        ),
    ) {
        let frames = frames();
        let mut decoder = FrameDecoder::new();
        for (which, at, value, length, cut) in damages {
            let (link, mut bytes) = frames[which].clone();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            let wire_len = if cut { u32::MAX } else { 0 };
            bytes.truncate(length);
            let frame = Frame { wire_len, ..whole(LinkType(link), &bytes) };
            if let Ok(segment) = decoder.decode(&frame) {
                prop_assert!(segment.payload.len() <= 0x1_0000);
                let wire = usize::try_from(segment.wire_payload).unwrap();
                prop_assert!(segment.payload.len() <= wire);
            }
        }
    }

    #[test]
    fn random_frames_of_any_link_type_never_stop_the_decoder(
        link in prop_oneof![
            proptest::sample::select(vec![0_u32, 1, 9, 12, 50, 51, 101, 108, 113, 239, 258, 276]),
            any::<u32>(),
        ],
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
        wire_len in any::<u32>(),
    ) {
        let frame = Frame { wire_len, ..whole(LinkType(link), &bytes) };
        let _ = FrameDecoder::new().decode(&frame);
    }
}

#[test]
fn every_damaged_frame_is_whole_before() {
    for (link, bytes) in frames() {
        let outcome = decode(LinkType(link), &bytes, |_| ());
        assert!(
            matches!(outcome, Ok(()) | Err(Skip::FragmentPending)),
            "{outcome:?}"
        );
    }
}
