//! From the first byte of a frame to the IP header: link types, Ethernet with its tags, LLC,
//! MPLS, PPPoE and PPP.

use crate::capture::LinkType;
use crate::net::skip::Skip;
use crate::net::window::Window;

/// What the bytes of a window begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// A link-layer header of this type.
    Link(LinkType),
    /// An Ethernet header.
    Ethernet,
    /// What an EtherType says.
    EtherType(u16),
    /// An IEEE 802.2 LLC header.
    Llc,
    /// A PPP protocol field.
    Ppp,
    /// An IPv4 or IPv6 header.
    Ip,
}

/// A layer and the bytes that begin with it.
pub(super) type Next<'a> = (Layer, Window<'a>);

/// EtherTypes (IEEE 802 numbers), also used by GRE, cooked captures and Geneve.
pub(super) mod ether_type {
    /// IPv4.
    pub(in crate::net) const IPV4: u16 = 0x0800;
    /// ARP.
    pub(in crate::net) const ARP: u16 = 0x0806;
    /// Transparent Ethernet bridging: an Ethernet header follows.
    pub(in crate::net) const TRANSPARENT_ETHERNET: u16 = 0x6558;
    /// VLAN tag (IEEE 802.1Q).
    pub(in crate::net) const VLAN: u16 = 0x8100;
    /// IPv6.
    pub(in crate::net) const IPV6: u16 = 0x86dd;
    /// PPP in enhanced GRE (RFC 2637).
    pub(in crate::net) const PPP: u16 = 0x880b;
    /// MPLS.
    pub(in crate::net) const MPLS: u16 = 0x8847;
    /// MPLS with upstream-assigned or multicast labels.
    pub(in crate::net) const MPLS_UPSTREAM: u16 = 0x8848;
    /// PPPoE session stage.
    pub(in crate::net) const PPPOE_SESSION: u16 = 0x8864;
    /// LLC in a frame too long for a length field.
    pub(in crate::net) const JUMBO_LLC: u16 = 0x8870;
    /// Service VLAN tag (IEEE 802.1ad, "QinQ").
    pub(in crate::net) const SERVICE_VLAN: u16 = 0x88a8;
    /// Tags of switches older than 802.1ad.
    pub(in crate::net) const OLD_QINQ: [u16; 3] = [0x9100, 0x9200, 0x9300];
    /// Smallest EtherType; below it the field is the length of an LLC frame.
    pub(in crate::net) const MIN: u16 = 0x0600;
}

/// Link types that are read beside those the capture layer names.
mod extra {
    use crate::capture::LinkType;

    /// PPP, with or without HDLC-like framing.
    pub(super) const PPP: LinkType = LinkType(9);
    /// PPP in HDLC-like framing (RFC 1662).
    pub(super) const PPP_HDLC: LinkType = LinkType(50);
    /// A PPPoE header, for session frames.
    pub(super) const PPPOE: LinkType = LinkType(51);
    /// Linux netfilter log.
    pub(super) const NFLOG: LinkType = LinkType(239);
    /// Apple's header that names the link type behind it.
    pub(super) const PKTAP: LinkType = LinkType(258);
}

/// Steps over one header that is neither IP nor behind it.
pub(super) fn step(layer: Layer, window: Window<'_>) -> Result<Next<'_>, Skip> {
    match layer {
        Layer::Link(link) => open(link, window),
        Layer::Ethernet => ethernet(window),
        Layer::EtherType(number) => by_ether_type(number, window),
        Layer::Llc => llc(window),
        Layer::Ppp => ppp(window),
        Layer::Ip => Ok((Layer::Ip, window)),
    }
}

fn open(link: LinkType, window: Window<'_>) -> Result<Next<'_>, Skip> {
    match link {
        LinkType::ETHERNET => Ok((Layer::Ethernet, window)),
        LinkType::RAW | LinkType::RAW_DLT | LinkType::RAW_BSD | LinkType::IPV4 | LinkType::IPV6 => {
            Ok((Layer::Ip, window))
        }
        LinkType::LINUX_SLL => linux_sll(window),
        LinkType::LINUX_SLL2 => linux_sll2(window),
        LinkType::NULL | LinkType::LOOP => loopback(window),
        extra::PPP | extra::PPP_HDLC => Ok((Layer::Ppp, window)),
        extra::PPPOE => pppoe(window),
        extra::NFLOG => nflog(window),
        extra::PKTAP => pktap(window),
        LinkType(number) => Err(Skip::LinkTypeUnknown(number)),
    }
}

fn ethernet(window: Window<'_>) -> Result<Next<'_>, Skip> {
    let ([.., high, low], rest) = window.take::<14>()?;
    Ok((Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
}

fn by_ether_type(number: u16, window: Window<'_>) -> Result<Next<'_>, Skip> {
    match number {
        ether_type::IPV4 | ether_type::IPV6 => Ok((Layer::Ip, window)),
        ether_type::VLAN | ether_type::SERVICE_VLAN => vlan(window),
        number if ether_type::OLD_QINQ.contains(&number) => vlan(window),
        ether_type::MPLS | ether_type::MPLS_UPSTREAM => mpls(window),
        ether_type::PPPOE_SESSION => pppoe(window),
        ether_type::PPP => Ok((Layer::Ppp, window)),
        ether_type::TRANSPARENT_ETHERNET => Ok((Layer::Ethernet, window)),
        ether_type::JUMBO_LLC => Ok((Layer::Llc, window)),
        ether_type::ARP => Err(Skip::Arp),
        // IEEE 802.3: the length of the LLC frame; what is behind it is padding.
        length if length < ether_type::MIN => Ok((Layer::Llc, window.at_most(usize::from(length)))),
        number => Err(Skip::NotIp(number)),
    }
}

/// IEEE 802.1Q section 9.3: priority and VLAN identifier, then the EtherType of what follows.
fn vlan(window: Window<'_>) -> Result<Next<'_>, Skip> {
    let ([_, _, high, low], rest) = window.take::<4>()?;
    Ok((Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
}

/// IEEE 802.2: service access points and control, for SNAP (RFC 1042) with the EtherType behind.
fn llc(window: Window<'_>) -> Result<Next<'_>, Skip> {
    const SNAP: u8 = 0xaa;
    const IP: u8 = 0x06;
    const UNNUMBERED_INFORMATION: u8 = 0x03;
    match window.take::<3>()? {
        ([SNAP, SNAP, UNNUMBERED_INFORMATION], rest) => match rest.take::<5>()? {
            ([0, 0, 0, high, low], rest) => {
                match u16::from_be_bytes([*high, *low]) {
                    // A length here would nest LLC in itself.
                    number if number < ether_type::MIN => Err(Skip::Llc),
                    number => Ok((Layer::EtherType(number), rest)),
                }
            }
            _ => Err(Skip::Llc),
        },
        ([IP, IP, UNNUMBERED_INFORMATION], rest) => Ok((Layer::Ip, rest)),
        _ => Err(Skip::Llc),
    }
}

/// RFC 3032 section 2.1: a stack of labels of four bytes, of which the last has the S bit. What
/// the labels carry is not written in them: the first nibble tells IP (RFC 4928), and the rest
/// is an Ethernet pseudowire, with its control word where the nibble is 0 (RFC 4385).
fn mpls(mut window: Window<'_>) -> Result<Next<'_>, Skip> {
    const BOTTOM_OF_STACK: u8 = 0x01;
    loop {
        let ([_, _, label, _], rest) = window.take::<4>()?;
        window = rest;
        if label & BOTTOM_OF_STACK != 0 {
            break;
        }
    }
    match window.first()? >> 4 {
        4 | 6 => Ok((Layer::Ip, window)),
        0 => Ok((Layer::Ethernet, window.skip(4)?)),
        _ => Ok((Layer::Ethernet, window)),
    }
}

/// RFC 2516 section 4: version and type 1, code 0 in the session stage, session, length.
fn pppoe(window: Window<'_>) -> Result<Next<'_>, Skip> {
    match window.take::<6>()? {
        ([0x11, 0, _, _, high, low], rest) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            Ok((Layer::Ppp, rest.at_most(length)))
        }
        _ => Err(Skip::NotIp(ether_type::PPPOE_SESSION)),
    }
}

/// RFC 1661 section 2, with the framing of RFC 1662 where it is there and the protocol field
/// compressed to one byte where its lowest bit says so.
fn ppp(window: Window<'_>) -> Result<Next<'_>, Skip> {
    const IPV4: u16 = 0x0021;
    const IPV6: u16 = 0x0057;
    const MPLS: u16 = 0x0281;
    let window = match window.peek::<2>() {
        Ok([0xff, 0x03]) => window.skip(2)?,
        _ => window,
    };
    let (protocol, rest) = if window.first()? & 1 == 1 {
        (u16::from(window.first()?), window.skip(1)?)
    } else {
        let (protocol, rest) = window.take::<2>()?;
        (u16::from_be_bytes(*protocol), rest)
    };
    match protocol {
        IPV4 | IPV6 => Ok((Layer::Ip, rest)),
        MPLS => Ok((Layer::EtherType(ether_type::MPLS), rest)),
        _ => Err(Skip::NotIp(ether_type::PPP)),
    }
}

/// Cooked capture of Linux (`LINKTYPE_LINUX_SLL`): 16 bytes, the last two an EtherType.
fn linux_sll(window: Window<'_>) -> Result<Next<'_>, Skip> {
    let ([.., high, low], rest) = window.take::<16>()?;
    cooked(u16::from_be_bytes([*high, *low]), rest)
}

/// Cooked capture version 2 (`LINKTYPE_LINUX_SLL2`): 20 bytes, the first two an EtherType.
fn linux_sll2(window: Window<'_>) -> Result<Next<'_>, Skip> {
    let ([high, low, ..], rest) = window.take::<20>()?;
    cooked(u16::from_be_bytes([*high, *low]), rest)
}

/// The protocol field of the cooked headers: an EtherType, or Linux's own small numbers
/// (`linux/if_ether.h`), of which 4 is an LLC frame.
fn cooked(number: u16, rest: Window<'_>) -> Result<Next<'_>, Skip> {
    const LLC: u16 = 0x0004;
    match number {
        LLC => Ok((Layer::Llc, rest)),
        number if number < ether_type::MIN => Err(Skip::NotIp(number)),
        number => Ok((Layer::EtherType(number), rest)),
    }
}

/// `LINKTYPE_NULL` and `LINKTYPE_LOOP`: the address family, in the byte order of the capturing
/// machine or of the network. Families are small numbers, so the order shows.
fn loopback(window: Window<'_>) -> Result<Next<'_>, Skip> {
    const AF_INET: u32 = 2;
    // Linux, NetBSD and OpenBSD, FreeBSD, macOS.
    const AF_INET6: [u32; 4] = [10, 24, 28, 30];
    let (family, rest) = window.take::<4>()?;
    let little = u32::from_le_bytes(*family);
    let big = u32::from_be_bytes(*family);
    let family = little.min(big);
    if family == AF_INET || AF_INET6.contains(&family) {
        Ok((Layer::Ip, rest))
    } else {
        Err(Skip::NotIp(u16::try_from(family).unwrap_or(u16::MAX)))
    }
}

/// `LINKTYPE_NFLOG`: family, version 0, resource, then type-length-value fields in the byte order
/// of the capturing machine, one of which is the packet.
fn nflog(window: Window<'_>) -> Result<Next<'_>, Skip> {
    const PAYLOAD: u16 = 9;
    let ([_family, 0, _, _], mut rest) = window.take::<4>()? else {
        return Err(Skip::Malformed);
    };
    loop {
        let &[l0, l1, t0, t1] = rest.peek::<4>()?;
        // No field but the packet has a length above 255, and the packet comes last: the
        // kind, a small number, shows the order.
        let little = t1 == 0;
        let (length, kind) = if little {
            (u16::from_le_bytes([l0, l1]), u16::from(t0))
        } else {
            (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([t0, t1]))
        };
        let length = usize::from(length);
        if length < 4 {
            return Err(Skip::Malformed);
        }
        if kind == PAYLOAD {
            return Ok((Layer::Ip, rest.at_most(length).skip(4)?));
        }
        rest = rest.skip(length.next_multiple_of(4))?;
    }
}

/// `LINKTYPE_PKTAP`: the length of the header, the type of record (1 is a packet), and the link
/// type of the packet behind it, in the little-endian order of every Mac.
fn pktap(window: Window<'_>) -> Result<Next<'_>, Skip> {
    let &[l0, l1, l2, l3, .., d0, d1, d2, d3] = window.peek::<12>()?;
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    let link = LinkType(u32::from_le_bytes([d0, d1, d2, d3]));
    if length < 12 || link == extra::PKTAP {
        return Err(Skip::Malformed);
    }
    let length = usize::try_from(length).map_err(|_| Skip::Malformed)?;
    Ok((Layer::Link(link), window.skip(length)?))
}

#[cfg(test)]
mod tests;
