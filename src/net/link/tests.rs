//! Each link type and each header between Ethernet and IP, one situation each.

use super::*;
use crate::net::testing::decode;
use crate::net::testing::ethernet;
use crate::net::testing::ipv4_tcp;
use crate::net::testing::ipv6_tcp;
use crate::net::testing::payload;

fn behind(header: &[u8], packet: &[u8]) -> Vec<u8> {
    [header, packet].concat()
}

#[test]
fn ethernet_carries_ipv4_and_ipv6() {
    for (ether_type, packet) in [(0x0800, ipv4_tcp(b"abc")), (0x86dd, ipv6_tcp(b"abc"))] {
        let frame = ethernet(ether_type, &packet);
        assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"abc");
    }
}

#[test]
fn raw_link_types_begin_with_ip() {
    for link in [
        LinkType::RAW,
        LinkType::RAW_DLT,
        LinkType::RAW_BSD,
        LinkType::IPV4,
    ] {
        assert_eq!(payload(link, &ipv4_tcp(b"abc")).unwrap(), b"abc");
    }
    for link in [LinkType::RAW, LinkType::IPV6] {
        assert_eq!(payload(link, &ipv6_tcp(b"abc")).unwrap(), b"abc");
    }
}

#[test]
fn linux_cooked_capture_names_its_ether_type_last() {
    // Outgoing (4), ARPHRD_ETHER, six bytes of address in eight.
    let header = [0, 4, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x08, 0x00];
    let frame = behind(&header, &ipv4_tcp(b"abc"));
    assert_eq!(payload(LinkType::LINUX_SLL, &frame).unwrap(), b"abc");
}

#[test]
fn linux_cooked_capture_2_names_its_ether_type_first() {
    let mut header = vec![0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6];
    header.extend([2, 2, 2, 2, 2, 2, 0, 0]);
    let frame = behind(&header, &ipv6_tcp(b"abc"));
    assert_eq!(payload(LinkType::LINUX_SLL2, &frame).unwrap(), b"abc");
}

#[test]
fn cooked_captures_hold_vlan_tags_and_llc_too() {
    let vlan = [0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x81, 0x00];
    let tag = [0, 7, 0x08, 0x00];
    let frame = [&vlan[..], &tag, &ipv4_tcp(b"abc")].concat();
    assert_eq!(payload(LinkType::LINUX_SLL, &frame).unwrap(), b"abc");
    let llc = [0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x00, 0x04];
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00];
    let frame = [&llc[..], &snap, &ipv4_tcp(b"abc")].concat();
    assert_eq!(payload(LinkType::LINUX_SLL, &frame).unwrap(), b"abc");
}

#[test]
fn loopback_families_are_read_in_both_byte_orders() {
    for link in [LinkType::NULL, LinkType::LOOP] {
        for header in [[2, 0, 0, 0], [0, 0, 0, 2]] {
            let frame = behind(&header, &ipv4_tcp(b"abc"));
            assert_eq!(payload(link, &frame).unwrap(), b"abc");
        }
        for family in [10, 24, 28, 30] {
            for header in [[family, 0, 0, 0], [0, 0, 0, family]] {
                let frame = behind(&header, &ipv6_tcp(b"abc"));
                assert_eq!(payload(link, &frame).unwrap(), b"abc");
            }
        }
    }
}

#[test]
fn another_family_is_not_ip() {
    // AF_APPLETALK on BSD.
    let skip = payload(LinkType::NULL, &[16, 0, 0, 0, 1, 2]).unwrap_err();
    assert_eq!(skip, Skip::NotIp(16));
}

#[test]
fn vlan_tags_are_stepped_over_also_stacked_and_old() {
    let ip = ipv4_tcp(b"abc");
    let one = behind(&[0x20, 7, 0x08, 0x00], &ip);
    assert_eq!(
        payload(LinkType::ETHERNET, &ethernet(0x8100, &one)).unwrap(),
        b"abc"
    );
    let two = behind(&[0, 9, 0x81, 0x00], &one);
    for outer in [0x88a8, 0x9100, 0x9200, 0x9300, 0x8100] {
        let frame = ethernet(outer, &two);
        assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"abc");
    }
    // etherparse alone stops after three.
    let four = [&[0, 1, 0x81, 0, 0, 2, 0x81, 0][..], &two].concat();
    let frame = ethernet(0x88a8, &four);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"abc");
}

#[test]
fn mpls_labels_are_popped_down_to_ip() {
    // RFC 3032 section 2.1: label 16, S clear, then label 17, S set.
    let labels = [0x00, 0x01, 0x00, 0x40, 0x00, 0x01, 0x11, 0x40];
    for packet in [ipv4_tcp(b"abc"), ipv6_tcp(b"abc")] {
        let frame = ethernet(0x8847, &behind(&labels, &packet));
        assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"abc");
    }
}

#[test]
fn mpls_pseudowires_hold_ethernet_with_or_without_control_word() {
    let inner = ethernet(0x0800, &ipv4_tcp(b"abc"));
    let without = behind(
        &[0x00, 0x01, 0x01, 0x40],
        &[&[0xde][..], &inner[1..]].concat(),
    );
    let with = [&[0x00, 0x01, 0x01, 0x40, 0, 0, 0, 1][..], &inner].concat();
    for stack in [without, with] {
        let frame = ethernet(0x8847, &stack);
        assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"abc");
    }
}

#[test]
fn pppoe_sessions_carry_ip_and_their_length_cuts_padding() {
    let packet = ipv4_tcp(b"");
    let length = u8::try_from(packet.len()).unwrap().wrapping_add(2);
    let mut session = behind(&[0x11, 0, 0, 1, 0, length, 0x00, 0x21], &packet);
    session.extend([0; 6]);
    let frame = ethernet(0x8864, &session);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"");
    // RFC 1661 section 6.5: the protocol field in one byte.
    let packet = ipv6_tcp(b"abc");
    let length = u8::try_from(packet.len()).unwrap().wrapping_add(1);
    let frame = ethernet(0x8864, &behind(&[0x11, 0, 0, 1, 0, length, 0x57], &packet));
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"abc");
}

#[test]
fn ppp_has_its_framing_or_not() {
    for header in [&[0xff, 0x03, 0x00, 0x21][..], &[0x00, 0x21], &[0x21]] {
        let frame = behind(header, &ipv4_tcp(b"abc"));
        assert_eq!(payload(LinkType(9), &frame).unwrap(), b"abc");
    }
    // RFC 1661: LCP.
    let skip = payload(LinkType(9), &[0xff, 0x03, 0xc0, 0x21, 1]).unwrap_err();
    assert_eq!(skip, Skip::NotIp(0x880b));
}

#[test]
fn snap_names_an_ether_type_and_the_length_field_cuts_padding() {
    // RFC 1042: AA AA 03, organization 0, EtherType.
    let packet = behind(&[0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00], &ipv4_tcp(b"abc"));
    let length = u16::try_from(packet.len()).unwrap();
    let mut frame = ethernet(length, &packet);
    frame.extend([0; 5]);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap(), b"abc");
}

#[test]
fn other_llc_frames_are_not_ours() {
    // IEEE 802.1D: spanning tree has service access point 0x42.
    let frame = ethernet(38, &[0x42; 38]);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap_err(), Skip::Llc);
    // Cisco's SNAP organization.
    let frame = ethernet(8, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00]);
    assert_eq!(payload(LinkType::ETHERNET, &frame).unwrap_err(), Skip::Llc);
}

#[test]
fn other_ether_types_keep_their_number() {
    let skip = |ether_type| payload(LinkType::ETHERNET, &ethernet(ether_type, &[0; 46]));
    assert_eq!(skip(0x0806).unwrap_err(), Skip::Arp);
    assert_eq!(skip(0x88cc).unwrap_err(), Skip::NotIp(0x88cc));
}

#[test]
fn nflog_fields_are_stepped_over_in_both_byte_orders() {
    // Family IPv4, version 0, group 5; packet header (1) of 8 bytes, prefix (10) of one byte
    // padded to four, payload (9).
    let ip = ipv4_tcp(b"abc");
    let length = u16::try_from(ip.len()).unwrap().wrapping_add(4);
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let mut frame = vec![2, 0, 0, 5];
        for (length, kind, value) in [
            (8_u16, 1_u16, &[0x08, 0x00, 3, 0][..]),
            (5, 10, &[0, 0, 0, 0]),
            (length, 9, &ip),
        ] {
            frame.extend(order(length));
            frame.extend(order(kind));
            frame.extend(value);
        }
        assert_eq!(payload(LinkType(239), &frame).unwrap(), b"abc");
    }
}

#[test]
fn pktap_names_the_link_type_behind_it() {
    let mut frame = vec![0; 108];
    frame[0] = 108;
    frame[4] = 1;
    frame[8] = 1; // LINKTYPE_ETHERNET
    frame.extend(ethernet(0x0800, &ipv4_tcp(b"abc")));
    assert_eq!(payload(LinkType(258), &frame).unwrap(), b"abc");
    frame[8..10].copy_from_slice(&[2, 1]); // itself
    assert_eq!(payload(LinkType(258), &frame).unwrap_err(), Skip::Malformed);
}

#[test]
fn an_unknown_link_type_keeps_its_number() {
    // IEEE 802.11.
    let skip = decode(LinkType(105), &[0; 64], |_| ()).unwrap_err();
    assert_eq!(skip, Skip::LinkTypeUnknown(105));
}

#[test]
fn endless_tags_end() {
    let mut frame = ethernet(0x8100, &[]);
    for _ in 0..100 {
        frame.extend([0, 1, 0x81, 0x00]);
    }
    assert_eq!(
        payload(LinkType::ETHERNET, &frame).unwrap_err(),
        Skip::TunnelTooDeep
    );
}
