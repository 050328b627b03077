//! Headers between an outer and an inner packet: IP in IP, GRE, ERSPAN, EtherIP, VXLAN, Geneve and
//! GTP-U.
//!
//! Each says how the inner packet begins and which network it belongs to. That number must be the
//! same for both directions of a connection, or they would never meet. The VXLAN or Geneve network
//! identifier is, for hosts of one network. The rest is not: the two ends of a GTP-U tunnel choose
//! their own TEID; GRE keys may differ by direction, and the low byte of an NVGRE key is a hash of
//! the flow; ERSPAN session ids belong to the mirroring switch; and a load balancer may send
//! requests through IP-in-IP or GRE whose answers come back outside of any tunnel. All of these
//! count as outside of any tunnel.

use etherparse::UdpHeaderSlice;

use crate::net::ip::protocol;
use crate::net::link::Layer;
use crate::net::link::ether_type;
use crate::net::skip::Skip;
use crate::net::window::Window;

/// What a tunnel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inner<'a> {
    pub(super) layer: Layer,
    pub(super) window: Window<'a>,
    /// The network inside, where its number is the same in both directions.
    pub(super) network: Option<Network>,
}

/// Number of an overlay network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network(u32);

impl Network {
    /// Beside the 24 bits of the identifier, so that network 0 is not "outside of any tunnel".
    const MARK: u32 = 0x0100_0000;

    fn from_identifier(bytes: [u8; 3]) -> Self {
        let [high, middle, low] = bytes;
        Self(u32::from_be_bytes([0, high, middle, low]) | Self::MARK)
    }

    /// The number as segments carry it; never 0.
    pub(super) fn id(self) -> u32 {
        self.0
    }
}

/// UDP ports of tunnels.
mod port {
    /// GTP-U (3GPP TS 29.281 section 4.4.2).
    pub(super) const GTP_U: u16 = 2152;
    /// VXLAN (RFC 7348 section 5).
    pub(super) const VXLAN: u16 = 4789;
    /// VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe).
    pub(super) const VXLAN_GPE: u16 = 4790;
    /// Geneve (RFC 8926 section 3.3).
    pub(super) const GENEVE: u16 = 6081;
    /// VXLAN before it had a port, still the default of Linux.
    pub(super) const VXLAN_LINUX: u16 = 8472;
}

/// Looks into what an IP packet carries; [`Skip`] where that is no tunnel.
pub(super) fn open(number: u8, window: Window<'_>) -> Result<Inner<'_>, Skip> {
    match number {
        protocol::IPV4 | protocol::IPV6 => Ok(plain(Layer::Ip, window)),
        protocol::GRE => gre(window),
        protocol::UDP => udp(window),
        protocol::ETHERIP => etherip(window),
        protocol::ETHERNET => Ok(plain(Layer::Ethernet, window)),
        protocol::MPLS => Ok(plain(Layer::EtherType(ether_type::MPLS), window)),
        protocol::ICMP | protocol::ICMPV6 => Err(Skip::Icmp),
        protocol::SCTP => Err(Skip::Sctp),
        other => Err(Skip::OtherProtocol(other)),
    }
}

fn plain(layer: Layer, window: Window<'_>) -> Inner<'_> {
    Inner {
        layer,
        window,
        network: None,
    }
}

/// RFC 3378: version 3 in the upper nibble, then an Ethernet header.
fn etherip(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    match window.take::<2>()? {
        ([version, _], rest) if version >> 4 == 3 => Ok(plain(Layer::Ethernet, rest)),
        _ => Err(Skip::OtherProtocol(protocol::ETHERIP)),
    }
}

/// GRE version 0 (RFC 2784, RFC 2890) and the enhanced version 1 of PPTP (RFC 2637).
fn gre(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    const CHECKSUM: u8 = 0x80;
    const ROUTING: u8 = 0x40;
    const KEY: u8 = 0x20;
    const SEQUENCE: u8 = 0x10;
    const VERSION: u8 = 0x07;
    const ACKNOWLEDGEMENT: u8 = 0x80;
    const ERSPAN: u16 = 0x88be;
    const ERSPAN_III: u16 = 0x22eb;
    let (&[flags, low_flags, high, low], rest) = window.take::<4>()?;
    let payload = u16::from_be_bytes([high, low]);
    // Source routes (RFC 1701) are a list of their own, and obsolete.
    if flags & ROUTING != 0 || low_flags & VERSION > 1 {
        return Err(Skip::OtherProtocol(protocol::GRE));
    }
    let enhanced = low_flags & VERSION == 1;
    let fields = [
        flags & CHECKSUM != 0,
        flags & KEY != 0,
        flags & SEQUENCE != 0,
        enhanced && low_flags & ACKNOWLEDGEMENT != 0,
    ];
    let present = fields.into_iter().filter(|present| *present).count();
    let rest = rest.skip(present.saturating_mul(4))?;
    match payload {
        // Type II has a sequence number in GRE and a header of 8 bytes, type I neither.
        ERSPAN if flags & SEQUENCE != 0 => Ok(plain(Layer::Ethernet, rest.skip(8)?)),
        ERSPAN => Ok(plain(Layer::Ethernet, rest)),
        ERSPAN_III => erspan_iii(rest),
        // A length in place of an EtherType, such as the 0 of keepalives, is no packet.
        payload if payload < ether_type::MIN => Err(Skip::OtherProtocol(protocol::GRE)),
        payload => Ok(plain(Layer::EtherType(payload), rest)),
    }
}

/// draft-foschiano-erspan-03 section 4.3: 12 bytes, of which the last two hold the type of the
/// mirrored frame and the bit for the 8 bytes of a platform's own header.
fn erspan_iii(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    const PLATFORM_HEADER: u8 = 0x01;
    const FRAME_ETHERNET: u8 = 0;
    const FRAME_IP: u8 = 2;
    let ([.., high, low], rest) = window.take::<12>()?;
    let rest = if low & PLATFORM_HEADER != 0 {
        rest.skip(8)?
    } else {
        rest
    };
    match (high >> 2) & 0x1f {
        FRAME_ETHERNET => Ok(plain(Layer::Ethernet, rest)),
        FRAME_IP => Ok(plain(Layer::Ip, rest)),
        _ => Err(Skip::OtherProtocol(protocol::GRE)),
    }
}

fn udp(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    let header = UdpHeaderSlice::from_slice(window.data())
        .map_err(|error| window.short_of(error.required_len))?;
    // Segmentation offload and BIG TCP leave 0 or a wrong length here.
    let window = match usize::from(header.length()) {
        length if length >= header.slice().len() => window.at_most(length),
        _ => window,
    };
    let rest = window.skip(header.slice().len())?;
    match (header.source_port(), header.destination_port()) {
        (_, port::VXLAN | port::VXLAN_LINUX) => vxlan(rest),
        (_, port::VXLAN_GPE) => vxlan_gpe(rest),
        (_, port::GENEVE) => geneve(rest),
        // Both ports have been seen in the field, with the other one behind address translation.
        (port::GTP_U, _) | (_, port::GTP_U) => gtp_u(rest),
        _ => Err(Skip::Udp),
    }
}

/// RFC 7348 section 5: the flag that the identifier is valid, and the identifier.
fn vxlan(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    const IDENTIFIER: u8 = 0x08;
    match window.take::<8>()? {
        (&[flags, _, _, _, n0, n1, n2, _], rest) if flags & IDENTIFIER != 0 => Ok(Inner {
            layer: Layer::Ethernet,
            window: rest,
            network: Some(Network::from_identifier([n0, n1, n2])),
        }),
        _ => Err(Skip::Udp),
    }
}

/// draft-ietf-nvo3-vxlan-gpe section 3: as VXLAN, with a number for what follows.
fn vxlan_gpe(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    const NEXT_PROTOCOL: u8 = 0x04;
    let &[flags, _, _, next, ..] = window.peek::<8>()?;
    let inner = vxlan(window)?;
    let layer = match next {
        _ if flags & NEXT_PROTOCOL == 0 => Layer::Ethernet,
        1 | 2 => Layer::Ip,
        3 => Layer::Ethernet,
        _ => return Err(Skip::Udp),
    };
    Ok(Inner { layer, ..inner })
}

/// RFC 8926 section 3.4: version 0, length of the options in words, protocol, identifier.
fn geneve(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    const VERSION: u8 = 0xc0;
    const OPTIONS_LENGTH: u8 = 0x3f;
    let (&[first, _, high, low, n0, n1, n2, _], rest) = window.take::<8>()?;
    if first & VERSION != 0 {
        return Err(Skip::Udp);
    }
    let options = usize::from(first & OPTIONS_LENGTH).saturating_mul(4);
    match u16::from_be_bytes([high, low]) {
        payload if payload < ether_type::MIN => Err(Skip::Udp),
        payload => Ok(Inner {
            layer: Layer::EtherType(payload),
            window: rest.skip(options)?,
            network: Some(Network::from_identifier([n0, n1, n2])),
        }),
    }
}

/// 3GPP TS 29.281 section 5: version 1, the G-PDU message, optional fields and extension headers.
fn gtp_u(window: Window<'_>) -> Result<Inner<'_>, Skip> {
    const VERSION_1_OF_GTP: u8 = 0x30;
    const VERSION_AND_TYPE: u8 = 0xf0;
    const G_PDU: u8 = 0xff;
    /// Any of the flags for extension header, sequence number and N-PDU number makes all three
    /// fields be there.
    const OPTIONAL_FIELDS: u8 = 0x07;
    const EXTENSION: u8 = 0x04;
    let (&[flags, message, high, low, ..], rest) = window.take::<8>()?;
    if flags & VERSION_AND_TYPE != VERSION_1_OF_GTP || message != G_PDU {
        return Err(Skip::Udp);
    }
    let mut rest = rest.at_most(usize::from(u16::from_be_bytes([high, low])));
    if flags & OPTIONAL_FIELDS != 0 {
        let (&[_, _, _, mut next], behind) = rest.take::<4>()?;
        rest = behind;
        while flags & EXTENSION != 0 && next != 0 {
            let words = usize::from(rest.first()?);
            if words == 0 {
                return Err(Skip::Malformed);
            }
            let behind = rest.skip(words.saturating_mul(4))?;
            next = rest
                .data()
                .get(words.saturating_mul(4).saturating_sub(1))
                .copied()
                .unwrap_or_default();
            rest = behind;
        }
    }
    // A G-PDU may also hold PPP or Ethernet, which only the session's setup tells.
    match rest.first()? >> 4 {
        4 | 6 => Ok(plain(Layer::Ip, rest)),
        _ => Err(Skip::Udp),
    }
}

#[cfg(test)]
mod tests;
