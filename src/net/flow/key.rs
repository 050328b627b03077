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
/// numbers, because it is compared for every segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowKey {
    low_addr: u128,
    high_addr: u128,
    low_port: u16,
    high_port: u16,
    tunnel: u32,
    ipv6: bool,
}

impl FlowKey {
    /// The key of a segment, and whether the lower end sent it. Of a connection from a socket to
    /// itself both directions count as the lower end's: nothing in the packets tells them apart.
    pub fn of(segment: &Segment<'_>) -> (Self, bool) {
        let source = number(segment.source);
        let destination = number(segment.destination);
        let from_low = source <= destination;
        let ((low_addr, low_port), (high_addr, high_port)) = if from_low {
            (source, destination)
        } else {
            (destination, source)
        };
        let key = Self {
            low_addr,
            high_addr,
            low_port,
            high_port,
            tunnel: segment.tunnel,
            ipv6: segment.source.addr.is_ipv6(),
        };
        (key, from_low)
    }

    /// The end with the lower address, or of equal addresses the lower port.
    pub fn low(&self) -> Endpoint {
        self.endpoint(self.low_addr, self.low_port)
    }

    /// The other end.
    pub fn high(&self) -> Endpoint {
        self.endpoint(self.high_addr, self.high_port)
    }

    /// The tunnel, 0 outside of any.
    pub fn tunnel(&self) -> u32 {
        self.tunnel
    }

    fn endpoint(&self, addr: u128, port: u16) -> Endpoint {
        let addr = match u32::try_from(addr) {
            Ok(addr) if !self.ipv6 => IpAddr::V4(Ipv4Addr::from_bits(addr)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(addr)),
        };
        Endpoint { addr, port }
    }
}

impl Hash for FlowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.low_addr);
        state.write_u128(self.high_addr);
        let ports = u64::from(self.low_port) << 16 | u64::from(self.high_port);
        state.write_u64(u64::from(self.tunnel) << 32 | ports);
    }
}

fn number(end: Endpoint) -> (u128, u16) {
    let addr = match end.addr {
        IpAddr::V4(addr) => u128::from(addr.to_bits()),
        IpAddr::V6(addr) => addr.to_bits(),
    };
    (addr, end.port)
}
