//! Frames out of capture files and interfaces: the edge of the program where packets come in.
//!
//! A [`Source`] hands out one [`Frame`] after the other, borrowed from its buffer. What a frame
//! holds is the business of [`crate::net`].

#![warn(clippy::arithmetic_side_effects)]

pub mod again;
pub mod bpf;
pub mod doctor;
pub mod error;
pub mod file;
pub mod info;
pub mod live;
pub mod memory;
pub mod rights;
pub mod write;

use std::fmt;

use crate::base::ids::FrameNumber;
use crate::base::time::Precision;
use crate::base::time::Timestamp;
use crate::capture::again::Again;
use crate::capture::error::CaptureError;
use crate::capture::info::Drops;
use crate::capture::info::InputInfo;
use crate::capture::info::InputName;
use crate::capture::info::InterfaceInfo;
use crate::capture::info::Progress;

/// Where frames come from: files, an interface, or memory.
///
/// ```text
/// loop {
///     match source.next_frame() {
///         Ok(Next::Frame(frame)) => decode(&frame),
///         Ok(Next::Idle) => let_time_pass(),
///         Ok(Next::End) => break,
///         Err(error) => remember(error),
///     }
/// }
/// ```
pub trait Source: Send {
    /// The next frame, or why there is none.
    ///
    /// # Errors
    /// An error tells of trouble with one input (a file that cannot be opened, a file that ends in
    /// the middle of a frame, a damaged block that was stepped over, a device that went away). It
    /// does not end the source: the next call goes on behind the damage or with the next input,
    /// until [`Next::End`]. The number of errors of one input is bounded.
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError>;

    /// Starts what must be started before rights are given up: the thread that captures on
    /// interfaces has to keep one. Without a call it starts with the first frame that is asked for.
    ///
    /// # Errors
    /// When it cannot be started.
    fn begin(&mut self) -> Result<(), CaptureError> {
        Ok(())
    }

    /// Asks an interface for no more frames: those captured until now still come, then
    /// [`Next::End`]. Of files nothing more has to be read, and they do not care.
    fn stop(&mut self) {}

    /// A way to read frames again that have passed, where the inputs allow it: they are files that
    /// stay. To be asked for before the first frame.
    fn again(&mut self) -> Option<Again> {
        None
    }

    /// What is known of the inputs met so far, in their order.
    fn inputs(&self) -> &[InputInfo];

    /// The interface of a frame, where it is known.
    fn interface(&self, index: InterfaceIndex) -> Option<&InterfaceInfo> {
        let all = self.inputs().iter().flat_map(|input| &input.interfaces);
        all.into_iter().nth(usize::try_from(index.0).ok()?)
    }

    /// How far reading has come.
    fn progress(&self) -> Progress;

    /// Frames that the capture lost before we could see them, as far as the source tells.
    fn drops(&mut self) -> Drops;

    /// How many digits of a second the timestamps deserve: nine as soon as any input so far has a
    /// clock finer than microseconds.
    fn precision(&self) -> Precision {
        let nanos = self
            .inputs()
            .iter()
            .flat_map(|input| &input.interfaces)
            .any(|interface| interface.precision == Precision::Nanos);
        if nanos {
            Precision::Nanos
        } else {
            Precision::Micros
        }
    }
}

/// What [`Source::next_frame`] came back with.
#[derive(Debug, Clone, Copy)]
pub enum Next<'a> {
    /// A frame, borrowed from the source's buffer until the next call.
    Frame(Frame<'a>),
    /// An interface or a pipe had nothing to give for a moment (at most a tenth of a second): the
    /// caller may look at its clock, its screen and its wish to stop, then ask again. Files that
    /// are there never idle.
    Idle,
    /// An interface that was lost is captured on again.
    Back(&'a InputName),
    /// There will be no more frames.
    End,
}

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

    /// Name in the registry of link types, without its prefix, where the link type is one of ours.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::NULL => "NULL",
            Self::ETHERNET => "ETHERNET",
            Self::RAW_BSD | Self::RAW_DLT | Self::RAW => "RAW",
            Self::LOOP => "LOOP",
            Self::LINUX_SLL => "LINUX_SLL",
            Self::IPV4 => "IPV4",
            Self::IPV6 => "IPV6",
            Self::LINUX_SLL2 => "LINUX_SLL2",
            _ => return None,
        })
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "LINKTYPE_{}", self.0),
        }
    }
}

/// Place of an interface in the list of all interfaces of a source, see [`Source::interface`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct InterfaceIndex(pub u32);

impl InterfaceIndex {
    /// The first interface: the only one of most captures.
    pub const FIRST: Self = Self(0);
    /// An interface that is not on the list, because it is too long.
    pub const UNLISTED: Self = Self(u32::MAX);
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
    /// Which interface captured it.
    pub interface: InterfaceIndex,
    /// Length on the wire; larger than `data` when the capture cut the frame (snaplen).
    pub wire_len: u32,
    /// What was captured.
    pub data: &'a [u8],
}
