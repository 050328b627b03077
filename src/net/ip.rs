//! IPv4 and IPv6 headers with their extensions: from a packet to its addresses, the protocol
//! inside and the payload's window, or the fragment that it is.

use std::net::IpAddr;

use etherparse::IpAuthHeaderSlice;
use etherparse::Ipv4HeaderSlice;
use etherparse::Ipv6FragmentHeaderSlice;
use etherparse::Ipv6HeaderSlice;
use etherparse::Ipv6RawExtHeaderSlice;
use etherparse::err::LenError;
use etherparse::err::ip_auth::HeaderSliceError as AuthError;
use etherparse::err::ipv4::HeaderSliceError as Ipv4Error;
use etherparse::err::ipv6::HeaderSliceError as Ipv6Error;

use crate::net::skip::Skip;
use crate::net::window::Window;

/// Protocol numbers (IANA "Assigned Internet Protocol Numbers").
pub(super) mod protocol {
    /// IPv6 hop-by-hop options.
    pub(in crate::net) const HOP_BY_HOP: u8 = 0;
    /// ICMP.
    pub(in crate::net) const ICMP: u8 = 1;
    /// IPv4 in IP.
    pub(in crate::net) const IPV4: u8 = 4;
    /// TCP.
    pub(in crate::net) const TCP: u8 = 6;
    /// UDP.
    pub(in crate::net) const UDP: u8 = 17;
    /// IPv6 in IP.
    pub(in crate::net) const IPV6: u8 = 41;
    /// IPv6 routing header.
    pub(in crate::net) const ROUTING: u8 = 43;
    /// IPv6 fragment header.
    pub(in crate::net) const FRAGMENT: u8 = 44;
    /// Generic routing encapsulation.
    pub(in crate::net) const GRE: u8 = 47;
    /// Authentication header.
    pub(in crate::net) const AUTHENTICATION: u8 = 51;
    /// ICMPv6.
    pub(in crate::net) const ICMPV6: u8 = 58;
    /// IPv6 destination options.
    pub(in crate::net) const DESTINATION_OPTIONS: u8 = 60;
    /// Ethernet in IP (RFC 3378).
    pub(in crate::net) const ETHERIP: u8 = 97;
    /// SCTP.
    pub(in crate::net) const SCTP: u8 = 132;
    /// IPv6 mobility header.
    pub(in crate::net) const MOBILITY: u8 = 135;
    /// MPLS in IP (RFC 4023).
    pub(in crate::net) const MPLS: u8 = 137;
    /// Host identity protocol.
    pub(in crate::net) const HIP: u8 = 139;
    /// Shim6.
    pub(in crate::net) const SHIM6: u8 = 140;
    /// Ethernet in IPv6 segment routing (RFC 8986).
    pub(in crate::net) const ETHERNET: u8 = 143;
}

/// Extension headers of one packet that are stepped over. RFC 8200 section 4.1 lists seven at
/// the most; the bound keeps a hostile packet from holding thousands of empty ones.
const MAX_EXTENSIONS: usize = 16;

/// An IP packet behind its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// IPv4 identification; 0 for IPv6.
    pub(super) ip_id: u16,
    pub(super) body: Body<'a>,
}

/// What the headers are followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Body<'a> {
    /// Protocol of the payload; of a fragment the first header of the fragmented part.
    pub(super) protocol: u8,
    /// Set where the payload is a piece of a larger datagram.
    pub(super) fragment: Option<Fragment>,
    pub(super) window: Window<'a>,
}

/// Place of a fragment in its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Identification: 16 bits in IPv4, 32 in IPv6.
    pub(super) id: u32,
    /// Offset in units of 8 bytes, 0..=8191.
    pub(super) offset: u16,
    /// Whether further fragments follow.
    pub(super) more: bool,
}

/// Reads the headers of an IPv4 or IPv6 packet; the version decides which.
pub(super) fn packet(window: Window<'_>) -> Result<Packet<'_>, Skip> {
    match window.first()? >> 4 {
        4 => ipv4(window),
        6 => ipv6(window),
        _ => Err(Skip::Malformed),
    }
}

fn ipv4(window: Window<'_>) -> Result<Packet<'_>, Skip> {
    let header = Ipv4HeaderSlice::from_slice(window.data()).map_err(|error| match error {
        Ipv4Error::Len(len) => short(window, &len),
        Ipv4Error::Content(_) => Skip::Malformed,
    })?;
    let header_len = header.slice().len();
    let payload = match usize::from(header.total_len()) {
        // Segmentation offload leaves the length to the hardware, and a packet above 64 KiB
        // (Linux BIG TCP) cannot say it: the payload is the rest of the frame.
        0 => window.skip(header_len)?,
        total => window.with_length(total).skip(header_len)?,
    };
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        id: u32::from(header.identification()),
        offset: header.fragments_offset().value(),
        more: header.more_fragments(),
    });
    let body = Body {
        protocol: header.protocol().0,
        fragment,
        window: payload,
    };
    Ok(Packet {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        ip_id: header.identification(),
        body: if fragment.is_some() {
            body
        } else {
            extensions(body)?
        },
    })
}

fn ipv6(window: Window<'_>) -> Result<Packet<'_>, Skip> {
    let header = Ipv6HeaderSlice::from_slice(window.data()).map_err(|error| match error {
        Ipv6Error::Len(len) => short(window, &len),
        Ipv6Error::Content(_) => Skip::Malformed,
    })?;
    let payload = window.skip(header.slice().len())?;
    let payload = match usize::from(header.payload_length()) {
        // A jumbogram (RFC 2675) or BIG TCP: the payload is the rest of the frame.
        0 => payload,
        length => payload.with_length(length),
    };
    Ok(Packet {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        ip_id: 0,
        body: extensions(Body {
            protocol: header.next_header().0,
            fragment: None,
            window: payload,
        })?,
    })
}

/// Steps over the extension headers at the start of `body`, up to the payload or the first
/// header that makes it a fragment.
pub(super) fn extensions(mut body: Body<'_>) -> Result<Body<'_>, Skip> {
    for _ in 0..MAX_EXTENSIONS {
        let window = body.window;
        let (next, header_len) = match body.protocol {
            protocol::HOP_BY_HOP
            | protocol::ROUTING
            | protocol::DESTINATION_OPTIONS
            | protocol::MOBILITY
            | protocol::HIP
            | protocol::SHIM6 => {
                let header = Ipv6RawExtHeaderSlice::from_slice(window.data())
                    .map_err(|len| short(window, &len))?;
                (header.next_header(), header.slice().len())
            }
            protocol::AUTHENTICATION => {
                let header =
                    IpAuthHeaderSlice::from_slice(window.data()).map_err(|error| match error {
                        AuthError::Len(len) => short(window, &len),
                        AuthError::Content(_) => Skip::Malformed,
                    })?;
                (header.next_header(), header.slice().len())
            }
            protocol::FRAGMENT => {
                let header = Ipv6FragmentHeaderSlice::from_slice(window.data())
                    .map_err(|len| short(window, &len))?;
                // A fragment header on a whole packet ("atomic", RFC 6946) is just stepped over.
                body.fragment = header.is_fragmenting_payload().then(|| Fragment {
                    id: header.identification(),
                    offset: header.fragment_offset().value(),
                    more: header.more_fragments(),
                });
                (header.next_header(), header.slice().len())
            }
            _ => return Ok(body),
        };
        body.protocol = next.0;
        body.window = window.skip(header_len)?;
        if body.fragment.is_some() {
            return Ok(body);
        }
    }
    Err(Skip::Malformed)
}

fn short(window: Window<'_>, error: &LenError) -> Skip {
    window.short_of(error.required_len)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An IPv6 header for `payload` bytes of `next_header`, from ::1 to ::2.
    fn ipv6_header(next_header: u8, payload: u8) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0, 0, payload, next_header, 64];
        bytes.extend([0; 15]);
        bytes.push(1);
        bytes.extend([0; 15]);
        bytes.push(2);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Packet<'_>, Skip> {
        packet(Window::new(bytes, bytes.len()))
    }

    #[test]
    fn ipv4_options_are_stepped_over_and_padding_falls_away() {
        let mut bytes = vec![0x46, 0, 0, 26, 0xab, 0xcd, 0x40, 0, 64, 6, 0, 0];
        bytes.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend([1, 1, 1, 0]); // three NOP, end of options
        bytes.extend([0xaa, 0xbb, 0, 0, 0, 0]); // two bytes of payload, padding
        let packet = read(&bytes).unwrap();
        assert_eq!(packet.ip_id, 0xabcd);
        assert_eq!(packet.source, IpAddr::from([10, 0, 0, 1]));
        assert_eq!(packet.body.protocol, protocol::TCP);
        assert_eq!(packet.body.window.data(), [0xaa, 0xbb]);
    }

    #[test]
    fn ipv6_extension_headers_are_stepped_over() {
        // RFC 8200 section 4: hop-by-hop, routing, destination options; then AH (RFC 4302, its
        // length in words minus 2), mobility (RFC 6275).
        let mut bytes = ipv6_header(protocol::HOP_BY_HOP, 8 + 16 + 8 + 12 + 8 + 1);
        bytes.extend([protocol::ROUTING, 0, 1, 4, 0, 0, 0, 0]);
        bytes.extend([protocol::DESTINATION_OPTIONS, 1, 4, 0, 0, 0, 0, 0]);
        bytes.extend([0; 8]);
        bytes.extend([protocol::AUTHENTICATION, 0, 1, 4, 0, 0, 0, 0]);
        bytes.extend([protocol::MOBILITY, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([protocol::TCP, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([0x77, 0, 0]); // payload, padding
        let packet = read(&bytes).unwrap();
        assert_eq!(packet.body.protocol, protocol::TCP);
        assert_eq!(packet.body.window.data(), [0x77]);
    }

    #[test]
    fn an_ipv6_fragment_keeps_what_follows_its_header_untouched() {
        // RFC 8200 section 4.5: offset 185 in the upper 13 bits, M set.
        let mut bytes = ipv6_header(protocol::FRAGMENT, 16);
        bytes.extend([protocol::DESTINATION_OPTIONS, 0, 0x05, 0xc9, 0, 0, 0, 7]);
        bytes.extend([9; 8]);
        let packet = read(&bytes).unwrap();
        assert_eq!(packet.body.protocol, protocol::DESTINATION_OPTIONS);
        assert_eq!(
            packet.body.fragment,
            Some(Fragment {
                id: 7,
                offset: 185,
                more: true
            })
        );
        assert_eq!(packet.body.window.data(), [9; 8]);
    }

    #[test]
    fn an_atomic_fragment_is_a_whole_packet() {
        let mut bytes = ipv6_header(protocol::FRAGMENT, 9);
        bytes.extend([protocol::TCP, 0, 0, 0, 0, 0, 0, 7, 0x55]);
        let packet = read(&bytes).unwrap();
        assert_eq!(packet.body.fragment, None);
        assert_eq!(packet.body.window.data(), [0x55]);
    }

    #[test]
    fn a_chain_of_empty_extension_headers_ends() {
        let mut bytes = ipv6_header(protocol::DESTINATION_OPTIONS, 240);
        for _ in 0..30 {
            bytes.extend([protocol::DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0]);
        }
        assert_eq!(read(&bytes), Err(Skip::Malformed));
    }

    #[test]
    fn a_total_length_below_the_header_is_malformed() {
        let mut bytes = vec![0x45, 0, 0, 19, 0, 0, 0, 0, 64, 6, 0, 0];
        bytes.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        assert_eq!(read(&bytes), Err(Skip::Malformed));
    }

    #[test]
    fn other_versions_are_malformed() {
        assert_eq!(read(&[0x50; 60]), Err(Skip::Malformed));
        assert_eq!(read(&[]), Err(Skip::Malformed));
    }
}
