//! Frames of network interfaces, through libpcap.
//!
//! The kernel puts frames into a ring that is shared with us and wakes us for whole blocks of it
//! (`TPACKET_V3` on Linux). The ring's size is what stands between a busy moment and lost frames.
//! A thread of its own empties the rings (`hand_over`) into batches (`batch`), which come out in
//! the order of time (`merge`, `source`).

use std::net::IpAddr;

#[cfg(not(feature = "live"))]
mod absent;
#[cfg(feature = "live")]
mod batch;
#[cfg(feature = "live")]
mod devices;
mod established;
#[cfg(feature = "live")]
mod hand_over;
#[cfg(feature = "live")]
mod merge;
#[cfg(feature = "live")]
mod permission;
#[cfg(feature = "live")]
mod source;
#[cfg(feature = "live")]
mod tap;
mod traffic;

#[cfg(not(feature = "live"))]
pub use absent::Live;
#[cfg(not(feature = "live"))]
pub use absent::devices;
#[cfg(feature = "live")]
pub use devices::devices;
pub use established::established;
#[cfg(feature = "live")]
pub(in crate::capture) use permission::remedy;
#[cfg(feature = "live")]
pub use source::Live;
#[cfg(feature = "live")]
pub(in crate::capture) use tap::dlt_of;
#[cfg(feature = "live")]
pub(in crate::capture) use tap::message;
pub use traffic::Traffic;
pub use traffic::traffic;

/// The longest part of a frame that is captured unless asked otherwise, in bytes: what tcpdump
/// captures, and larger than the segments that offloading hands over.
pub const DEFAULT_SNAPLEN: u32 = 262_144;

/// Size of the ring unless asked otherwise, in bytes. Measured: libpcap's own 2 MiB lose frames at
/// 7 Gb/s, 64 MiB do not.
pub const DEFAULT_BUFFER_BYTES: u32 = 64 * 1024 * 1024;

/// How to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOptions {
    /// Names of the interfaces, `any` for all of them.
    pub interfaces: Vec<String>,
    /// The longest part of a frame that is captured, in bytes.
    pub snaplen: u32,
    /// Size of the kernel's buffer of each interface, in bytes; at most 2 GiB.
    pub buffer_bytes: u32,
    /// Whether to ask for frames that are not for this machine, too.
    pub promiscuous: bool,
    /// Which frames to capture, as in `pcap-filter(7)`; the kernel drops the others.
    pub filter: Option<String>,
    /// Whether the thread that captures gives up all rights but the one to open an interface again.
    pub confine: bool,
}

impl LiveOptions {
    /// Captures everything on these interfaces.
    pub fn new(interfaces: Vec<String>) -> Self {
        Self {
            interfaces,
            snaplen: DEFAULT_SNAPLEN,
            buffer_bytes: DEFAULT_BUFFER_BYTES,
            promiscuous: true,
            filter: None,
            confine: false,
        }
    }
}

/// An interface that can be captured on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four flags of the operating system, in its words"
)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// What it is, where the system says.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<DeviceAddress>,
    /// It is switched on.
    pub up: bool,
    /// It has what it needs to carry frames (a cable, an association).
    pub running: bool,
    /// It leads back to this machine.
    pub loopback: bool,
    /// It is a radio.
    pub wireless: bool,
    /// Whether it is connected to a network, where that can be told.
    pub connected: Option<bool>,
}

/// An address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceAddress {
    /// The address.
    pub ip: IpAddr,
    /// How many bits of it are the network's.
    pub prefix_len: Option<u32>,
}
