//! What makes two segments belong together: tunnel, addresses and ports of both ends, whichever
//! way the segment goes.

use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use crate::net::Endpoint;
use crate::net::Segment;

/// The two ends of a connection in an order that does not depend on who sends. Kept as plain
/// numbers of the width that processors compare, because it is compared for every segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowKey {
    low: Addr,
    high: Addr,
    /// The tunnel, and the ports of the low and the high end.
    rest: u64,
    ipv6: bool,
}

/// An address: of IPv4 the last half, with the first 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Addr {
    first: u64,
    last: u64,
}

impl FlowKey {
    /// The key of a segment, and whether the lower end sent it. Of a connection from a socket to
    /// itself both directions count as the lower end's: nothing in the packets tells them apart.
    #[inline]
    pub fn of(segment: &Segment<'_>) -> (Self, bool) {
        let source = (number(segment.source.addr), segment.source.port);
        let destination = (number(segment.destination.addr), segment.destination.port);
        let from_low = source <= destination;
        let ((low, low_port), (high, high_port)) = if from_low {
            (source, destination)
        } else {
            (destination, source)
        };
        let ports = u64::from(low_port) << 16 | u64::from(high_port);
        let key = Self {
            low,
            high,
            rest: u64::from(segment.tunnel) << 32 | ports,
            ipv6: segment.source.addr.is_ipv6(),
        };
        (key, from_low)
    }

    /// The end with the lower address, or of equal addresses the lower port.
    pub fn low(&self) -> Endpoint {
        let [.., high, low, _, _] = self.rest.to_be_bytes();
        self.endpoint(self.low, u16::from_be_bytes([high, low]))
    }

    /// The other end.
    pub fn high(&self) -> Endpoint {
        let [.., high, low] = self.rest.to_be_bytes();
        self.endpoint(self.high, u16::from_be_bytes([high, low]))
    }

    /// Ports and tunnel in one number.
    pub(super) fn ports(&self) -> u64 {
        self.rest
    }

    /// The tunnel, 0 outside of any.
    pub fn tunnel(&self) -> u32 {
        let [a, b, c, d, ..] = self.rest.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    fn endpoint(&self, addr: Addr, port: u16) -> Endpoint {
        let addr = match u32::try_from(addr.last) {
            Ok(addr) if !self.ipv6 => IpAddr::V4(Ipv4Addr::from_bits(addr)),
            _ => {
                let bits = u128::from(addr.first) << 64 | u128::from(addr.last);
                IpAddr::V6(Ipv6Addr::from_bits(bits))
            }
        };
        Endpoint { addr, port }
    }
}

impl Hash for FlowKey {
    #[expect(
        clippy::inline_always,
        reason = "only where it is hashed the state of the hasher stays in registers"
    )]
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.ipv6 {
            state.write_u64(self.low.first);
            state.write_u64(self.low.last);
            state.write_u64(self.high.first);
            state.write_u64(self.high.last);
        } else {
            // Both fit into one.
            state.write_u64(self.low.last << 32 | self.high.last);
        }
        state.write_u64(self.rest);
    }
}

#[inline]
fn number(addr: IpAddr) -> Addr {
    match addr {
        IpAddr::V4(addr) => Addr {
            first: 0,
            last: u64::from(addr.to_bits()),
        },
        IpAddr::V6(addr) => {
            let octets = addr.octets();
            let number = |half: Option<&[u8; 8]>| half.map_or(0, |half| u64::from_be_bytes(*half));
            Addr {
                first: number(octets.first_chunk()),
                last: number(octets.last_chunk()),
            }
        }
    }
}
