//! Frames out of capture files and interfaces: the edge of the program where packets come in.
//!
//! A [`Source`] hands out one [`Frame`] after the other, borrowed from its buffer. What a frame
//! holds is the business of [`crate::net`].

#![warn(clippy::arithmetic_side_effects)]

use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;

/// Link-layer type of a frame: a number of the registry of link types that libpcap, pcap and
/// pcapng share (`LINKTYPE_*`). Unknown numbers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkType(pub u32);

impl LinkType {
    /// BSD loopback: address family in the byte order of the capturing machine.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Raw IP as some systems write it (OpenBSD's number for it).
    pub const RAW_BSD: Self = Self(14);
    /// Raw IP, as libpcap's DLT number on most systems.
    pub const RAW_DLT: Self = Self(12);
    /// Raw IP: the version is in the first nibble.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);
}

/// One captured frame, borrowed from the source that read it.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Number of the frame over all inputs, from 1.
    pub number: FrameNumber,
    /// When it was captured.
    pub time: Timestamp,
    /// How `data` begins.
    pub link: LinkType,
    /// Length on the wire; larger than `data` when the capture cut the frame (snaplen).
    pub wire_len: u32,
    /// What was captured.
    pub data: &'a [u8],
}
