//! Each tunnel, one situation each.

use super::*;
use crate::capture::LinkType;
use crate::net::testing::decode;
use crate::net::testing::ethernet;
use crate::net::testing::ipv4;
use crate::net::testing::ipv4_tcp;
use crate::net::testing::ipv4_udp;
use crate::net::testing::ipv6_tcp;

/// Payload and tunnel of the segment in a packet.
fn inside(packet: &[u8]) -> Result<(Vec<u8>, u32), Skip> {
    decode(LinkType::RAW, packet, |segment| {
        assert_eq!(segment.destination.port, 1935);
        (segment.payload.to_vec(), segment.tunnel)
    })
}

fn found(tunnel: u32) -> (Vec<u8>, u32) {
    (b"abc".to_vec(), tunnel)
}

fn inner_ethernet() -> Vec<u8> {
    ethernet(0x0800, &ipv4_tcp(b"abc"))
}

#[test]
fn ip_in_ip_is_outside_of_any_tunnel() {
    // RFC 2003 (protocol 4), RFC 4213 (protocol 41).
    assert_eq!(inside(&ipv4(4, &ipv4_tcp(b"abc"))), Ok(found(0)));
    assert_eq!(inside(&ipv4(41, &ipv6_tcp(b"abc"))), Ok(found(0)));
}

#[test]
fn ip_in_ip_without_end_is_too_deep() {
    let mut packet = ipv4_tcp(b"abc");
    for _ in 0..40 {
        packet = ipv4(4, &packet);
    }
    assert_eq!(inside(&packet), Err(Skip::TunnelTooDeep));
}

#[test]
fn gre_has_its_optional_fields_or_not() {
    // RFC 2784 section 2.1, RFC 2890 section 2: checksum, key, sequence number, four bytes each.
    for (flags, fields) in [(0x00, 0), (0x80, 4), (0x20, 4), (0x10, 4), (0xb0, 12)] {
        let mut gre = vec![flags, 0, 0x08, 0x00];
        gre.extend(vec![0xee; fields]);
        gre.extend(ipv4_tcp(b"abc"));
        assert_eq!(inside(&ipv4(47, &gre)), Ok(found(0)), "flags {flags:#x}");
    }
}

#[test]
fn gre_carries_ethernet() {
    // RFC 7637: NVGRE, key of network 0x123456 and flow 9. The flow may differ by direction.
    let gre = [
        &[0x20, 0, 0x65, 0x58, 0x12, 0x34, 0x56, 9][..],
        &inner_ethernet(),
    ]
    .concat();
    assert_eq!(inside(&ipv4(47, &gre)), Ok(found(0)));
}

#[test]
fn pptp_carries_ppp_in_enhanced_gre() {
    // RFC 2637 section 4.1: key and sequence number present, acknowledgement too, version 1.
    let header = [0x30, 0x81, 0x88, 0x0b, 0, 45, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
    let gre = [&header[..], &[0xff, 0x03, 0x00, 0x21], &ipv4_tcp(b"abc")].concat();
    assert_eq!(inside(&ipv4(47, &gre)), Ok(found(0)));
}

#[test]
fn gre_with_source_routes_or_of_version_2_is_not_ours() {
    for header in [[0x40, 0, 0x08, 0x00], [0, 2, 0x08, 0x00], [0, 0, 0, 0]] {
        let gre = [&header[..], &[0; 30]].concat();
        assert_eq!(inside(&ipv4(47, &gre)), Err(Skip::OtherProtocol(47)));
    }
}

#[test]
fn erspan_of_all_types_is_looked_into() {
    // draft-foschiano-erspan-03 section 4: type I has no header, type II a sequence number in
    // GRE and 8 bytes, type III 12 bytes and with the O bit 8 more.
    let type_1 = [&[0, 0, 0x88, 0xbe][..], &inner_ethernet()].concat();
    let type_2 = [
        &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1][..],
        &[0x10, 0x64, 0, 5, 0, 0, 0, 0],
        &inner_ethernet(),
    ]
    .concat();
    let type_3 = [
        &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..],
        &[0x20, 0x64, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
        &inner_ethernet(),
    ]
    .concat();
    let type_3_of_ip_with_platform_header = [
        &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..],
        &[0x20, 0x64, 0, 5, 0, 0, 0, 0, 0, 0, 0x08, 0x01],
        &[0xee; 8],
        &ipv4_tcp(b"abc"),
    ]
    .concat();
    for gre in [type_1, type_2, type_3, type_3_of_ip_with_platform_header] {
        assert_eq!(inside(&ipv4(47, &gre)), Ok(found(0)));
    }
}

#[test]
fn etherip_mpls_and_ethernet_in_ip_are_looked_into() {
    let etherip = [&[0x30, 0][..], &inner_ethernet()].concat();
    assert_eq!(inside(&ipv4(97, &etherip)), Ok(found(0)));
    let mpls = [&[0, 1, 1, 64][..], &ipv4_tcp(b"abc")].concat();
    assert_eq!(inside(&ipv4(137, &mpls)), Ok(found(0)));
    assert_eq!(inside(&ipv4(143, &inner_ethernet())), Ok(found(0)));
}

#[test]
fn vxlan_networks_are_told_apart() {
    // RFC 7348 section 5: flag I, identifier in bytes 4 to 6.
    for (network, tunnel) in [([0, 0, 0], 0x0100_0000), ([0x12, 0x34, 0x56], 0x0112_3456)] {
        let [n0, n1, n2] = network;
        let vxlan = [&[8, 0, 0, 0, n0, n1, n2, 0][..], &inner_ethernet()].concat();
        for port in [4789, 8472] {
            assert_eq!(inside(&ipv4_udp(port, &vxlan)), Ok(found(tunnel)));
        }
    }
}

#[test]
fn vxlan_gpe_names_what_follows() {
    for (next, inner) in [
        (1, ipv4_tcp(b"abc")),
        (2, ipv6_tcp(b"abc")),
        (3, inner_ethernet()),
    ] {
        let gpe = [&[0x0c, 0, 0, next, 0, 0, 7, 0][..], &inner].concat();
        assert_eq!(inside(&ipv4_udp(4790, &gpe)), Ok(found(0x0100_0007)));
    }
}

#[test]
fn geneve_options_are_stepped_over() {
    // RFC 8926 section 3.4: two words of options, transparent Ethernet, network 7.
    let header = [
        2, 0, 0x65, 0x58, 0, 0, 7, 0, 0, 1, 2, 1, 0xee, 0xee, 0xee, 0xee,
    ];
    let geneve = [&header[..], &inner_ethernet()].concat();
    assert_eq!(inside(&ipv4_udp(6081, &geneve)), Ok(found(0x0100_0007)));
}

#[test]
fn both_directions_of_gtp_u_meet() {
    // 3GPP TS 29.281 section 5.1: flags 0x30 is version 1 of GTP without optional fields; the
    // TEID is what the receiver chose.
    for (teid, inner) in [(0x11, ipv4_tcp(b"abc")), (0x22, ipv6_tcp(b"abc"))] {
        let length = u8::try_from(inner.len()).unwrap();
        let gtp = [&[0x30, 0xff, 0, length, 0, 0, 0, teid][..], &inner].concat();
        assert_eq!(inside(&ipv4_udp(2152, &gtp)), Ok(found(0)));
    }
}

#[test]
fn gtp_u_extension_headers_are_stepped_over() {
    // Section 5.2: PDU session container (0x85) of one word, then a PDCP number (0xc0) of one.
    let inner = ipv4_tcp(b"abc");
    let length = u8::try_from(inner.len()).unwrap().wrapping_add(12);
    let header = [0x34, 0xff, 0, length, 0, 0, 0, 1, 0, 0, 0, 0x85];
    let extensions = [1, 0x10, 0x09, 0xc0, 1, 0, 0, 0];
    let gtp = [&header[..], &extensions, &inner].concat();
    assert_eq!(inside(&ipv4_udp(2152, &gtp)), Ok(found(0)));
    // The sequence number alone: the three fields are there, the extension type says nothing.
    let length = u8::try_from(inner.len()).unwrap().wrapping_add(4);
    let header = [0x32, 0xff, 0, length, 0, 0, 0, 1, 0, 5, 0, 0x85];
    let gtp = [&header[..], &inner].concat();
    assert_eq!(inside(&ipv4_udp(2152, &gtp)), Ok(found(0)));
}

#[test]
fn a_gtp_u_extension_of_no_length_is_malformed() {
    let header = [0x34, 0xff, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0x85];
    assert_eq!(inside(&ipv4_udp(2152, &header)), Err(Skip::Malformed));
}

#[test]
fn what_only_has_the_port_of_a_tunnel_is_udp() {
    for port in [4789, 4790, 6081, 2152] {
        assert_eq!(inside(&ipv4_udp(port, &[0x40; 40])), Err(Skip::Udp));
    }
    assert_eq!(inside(&ipv4_udp(53, &[8; 40])), Err(Skip::Udp));
}

#[test]
fn other_protocols_keep_their_number() {
    assert_eq!(inside(&ipv4(1, &[0; 8])), Err(Skip::Icmp));
    assert_eq!(inside(&ipv4(132, &[0; 12])), Err(Skip::Sctp));
    assert_eq!(inside(&ipv4(50, &[0; 12])), Err(Skip::OtherProtocol(50)));
}

#[test]
fn a_mirrored_overlay_is_looked_into_to_the_end() {
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &inner_ethernet()].concat();
    let mirrored = ethernet(0x0800, &ipv4_udp(4789, &vxlan));
    let erspan = [&[0, 0, 0x88, 0xbe][..], &mirrored].concat();
    let frame = ethernet(0x0800, &ipv4(47, &erspan));
    let segment = decode(LinkType::ETHERNET, &frame, |segment| {
        (segment.payload.to_vec(), segment.tunnel)
    });
    assert_eq!(segment, Ok(found(0x0100_0005)));
}
