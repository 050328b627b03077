//! Frames become TCP segments, segments become ordered bytes or holes of known length.
//! Knows nothing of what the bytes mean.

#![warn(clippy::arithmetic_side_effects)]

pub mod connection;
pub mod defrag;
pub mod fast;
pub mod flow;
pub mod frame;
pub mod health;
mod ip;
mod link;
pub mod prediction;
pub mod reassembly;
pub mod seq;
pub mod skip;
mod tcp;
#[cfg(test)]
mod testing;
mod tunnel;
mod window;

use std::net::IpAddr;

use crate::base::ids::Mark;

/// One end of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// IP address.
    pub addr: IpAddr,
    /// TCP port.
    pub port: u16,
}

/// TCP flags as on the wire (RFC 9293 section 3.1), low byte of the flags field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgement number counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x20);

    /// Whether it is one of the segments that begin or end a connection, or may.
    pub fn opens_or_closes(self) -> bool {
        self.0 & (Self::SYN.0 | Self::FIN.0 | Self::RST.0) != 0
    }

    /// Whether all flags of `other` are set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Options of a segment that health and reassembly read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpOptions {
    /// Maximum segment size in bytes (RFC 9293), in SYN segments.
    pub mss: Option<u16>,
    /// Window shift 0..=14 (RFC 7323), in SYN segments.
    pub window_scale: Option<u8>,
    /// First SACK blocks (RFC 2018): left and right edge; `sack_count` of them are filled.
    pub sack: [(u32, u32); 4],
    /// How many SACK blocks there are, 0..=4.
    pub sack_count: u8,
    /// Timestamp value and echo reply (RFC 7323).
    pub timestamps: Option<(u32, u32)>,
}

/// One TCP segment, borrowed from the frame (or from reassembled IP fragments).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Capture time and number of the (last) frame that brought it.
    pub at: Mark,
    /// Distinguishes equal addresses inside different tunnels (VXLAN network, GTP tunnel, GRE
    /// key); 0 outside of any. VLAN tags are left out on purpose: both directions of one
    /// connection may carry different ones.
    pub tunnel: u32,
    /// Sender.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// Sequence number of the first payload byte (of the SYN, when that is set).
    pub seq: u32,
    /// Acknowledgement number; means something only with [`TcpFlags::ACK`].
    pub ack: u32,
    /// Flags.
    pub flags: TcpFlags,
    /// Window field, not scaled.
    pub window: u16,
    /// Options.
    pub options: TcpOptions,
    /// IPv4 identification, to recognise one frame captured twice; 0 for IPv6.
    pub ip_id: u16,
    /// Payload that was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire by the IP header's length; larger than `payload`
    /// when the capture cut the frame.
    pub wire_payload: u32,
}
