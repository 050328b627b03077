//! Packets become frames, in whatever a network or a capture puts around them.

use std::net::IpAddr;

use rtmpscope::capture::InterfaceIndex;
use rtmpscope::capture::LinkType;
use rtmpscope::capture::memory::StoredFrame;
use rtmpscope::net::TcpFlags;

use crate::packet::Packet;

/// What is around the IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    Ethernet,
    Vlan,
    QinQ,
    Gre,
    Vxlan,
    Sll,
    Sll2,
    Raw,
    Null,
}

impl Around {
    pub(crate) const ALL: [Self; 9] = [
        Self::Ethernet,
        Self::Vlan,
        Self::QinQ,
        Self::Gre,
        Self::Vxlan,
        Self::Sll,
        Self::Sll2,
        Self::Raw,
        Self::Null,
    ];
}

/// The frames of packets.
pub(crate) fn frames(packets: &[Packet], around: Around) -> Vec<StoredFrame> {
    packets.iter().map(|packet| frame(packet, around)).collect()
}

fn frame(packet: &Packet, around: Around) -> StoredFrame {
    let inner = ip(packet);
    let version = if packet.source.addr.is_ipv4() {
        0x0800_u16
    } else {
        0x86DD
    };
    let ether_type = version.to_be_bytes();
    let (link, mut data) = match around {
        Around::Ethernet => (LinkType::ETHERNET, ethernet(&ether_type)),
        Around::Vlan => {
            let tags = [&[0x81, 0, 0x20, 7], &ether_type[..]].concat();
            (LinkType::ETHERNET, ethernet(&tags))
        }
        Around::QinQ => {
            let tags = [&[0x88, 0xA8, 0, 9, 0x81, 0, 0x20, 7], &ether_type[..]].concat();
            (LinkType::ETHERNET, ethernet(&tags))
        }
        // RFC 2784: no flags, then the protocol.
        Around::Gre => {
            let gre = [&[0, 0], &ether_type[..]].concat();
            (LinkType::ETHERNET, tunnel(47, &gre, inner.len()))
        }
        // RFC 7348: UDP to port 4789, network 5, an Ethernet frame.
        Around::Vxlan => {
            let frame = ethernet(&ether_type);
            let udp = u16::try_from(16 + frame.len() + inner.len()).expect("a datagram");
            let mut head = vec![0xC0, 0, 0x12, 0xB5];
            head.extend(udp.to_be_bytes());
            head.extend([0, 0, 8, 0, 0, 0, 0, 0, 5, 0]);
            head.extend(frame);
            (LinkType::ETHERNET, tunnel(17, &head, inner.len()))
        }
        Around::Sll => {
            let mut head = vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
            head.extend(ether_type);
            (LinkType::LINUX_SLL, head)
        }
        Around::Sll2 => {
            let mut head = ether_type.to_vec();
            head.extend([0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
            (LinkType::LINUX_SLL2, head)
        }
        Around::Raw => (LinkType::RAW, Vec::new()),
        // The family as a little-endian machine writes it: 2, or 30 as macOS has it.
        Around::Null => {
            let family = if version == 0x0800 { 2 } else { 30 };
            (LinkType::NULL, vec![family, 0, 0, 0])
        }
    };
    data.extend(inner);
    StoredFrame {
        time: packet.time,
        link,
        interface: InterfaceIndex::FIRST,
        wire_len: u32::try_from(data.len()).expect("a frame"),
        data,
    }
}

fn ethernet(ether_type: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], ether_type].concat()
}

/// An Ethernet and IPv4 header around `head` and as many bytes as follow.
fn tunnel(protocol: u8, head: &[u8], behind: usize) -> Vec<u8> {
    let mut data = ethernet(&[8, 0]);
    let addresses = [[198, 51, 100, 1], [198, 51, 100, 2]].concat();
    data.extend(ipv4(protocol, head.len() + behind, 0, &addresses));
    data.extend(head);
    data
}

fn ipv4(protocol: u8, behind: usize, id: u16, addresses: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + behind).expect("an IP packet");
    let mut head = vec![0x45, 0];
    head.extend(total.to_be_bytes());
    head.extend(id.to_be_bytes());
    head.extend([0x40, 0, 64, protocol, 0, 0]);
    head.extend(addresses);
    head
}

fn ip(packet: &Packet) -> Vec<u8> {
    let mut tcp = tcp_header(packet);
    tcp.extend(&packet.payload);
    let mut data = match (packet.source.addr, packet.destination.addr) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let addresses = [source.octets(), destination.octets()].concat();
            ipv4(6, tcp.len(), packet.ip_id, &addresses)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let len = u16::try_from(tcp.len()).expect("an IP packet");
            let mut head = vec![0x60, 0, 0, 0];
            head.extend(len.to_be_bytes());
            head.extend([6, 64]);
            head.extend(source.octets());
            head.extend(destination.octets());
            head
        }
        other => panic!("addresses of two families: {other:?}"),
    };
    data.extend(tcp);
    data
}

fn tcp_header(packet: &Packet) -> Vec<u8> {
    let options = options(packet);
    let mut head = Vec::new();
    head.extend(packet.source.port.to_be_bytes());
    head.extend(packet.destination.port.to_be_bytes());
    head.extend(packet.seq.to_be_bytes());
    head.extend(packet.ack.to_be_bytes());
    let words = u8::try_from(5 + options.len() / 4).expect("a short header");
    head.extend([words << 4, packet.flags.0]);
    head.extend(packet.window.to_be_bytes());
    head.extend([0, 0, 0, 0]);
    head.extend(options);
    head
}

/// The options that anybody reads, padded to whole words.
fn options(packet: &Packet) -> Vec<u8> {
    let from = &packet.options;
    let mut options = Vec::new();
    if let Some(mss) = from.mss.filter(|_| packet.has(TcpFlags::SYN)) {
        options.extend([2, 4]);
        options.extend(mss.to_be_bytes());
    }
    if let Some(scale) = from.window_scale.filter(|_| packet.has(TcpFlags::SYN)) {
        options.extend([3, 3, scale]);
    }
    if let Some((value, echo)) = from.timestamps {
        options.extend([8, 10]);
        options.extend(value.to_be_bytes());
        options.extend(echo.to_be_bytes());
    }
    let blocks = usize::from(from.sack_count).min(if from.timestamps.is_some() { 3 } else { 4 });
    if blocks > 0 {
        options.extend([5, u8::try_from(2 + 8 * blocks).expect("a short option")]);
        for (left, right) in &from.sack[..blocks] {
            options.extend(left.to_be_bytes());
            options.extend(right.to_be_bytes());
        }
    }
    while options.len() % 4 != 0 {
        options.push(1);
    }
    options
}
