//! What a source knows of its inputs beside their frames: format, interfaces, drop counters,
//! progress.

use std::fmt;

use crate::base::text::Printable;
use crate::base::time::Precision;
use crate::capture::LinkType;

/// How an input is called in messages: a path as it was given, an interface, or standard input.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InputName(String);

impl InputName {
    /// The name of standard input on the command line.
    pub const STDIN: &'static str = "-";

    /// A name as given by the user.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as given, `-` for standard input.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Self::STDIN {
            f.write_str("standard input")
        } else {
            Printable(&self.0).fmt(f)
        }
    }
}

/// One input: a file, standard input, an interface, or memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputInfo {
    /// How it is called.
    pub name: InputName,
    /// What it is, once recognised.
    pub format: Option<Format>,
    /// How it was compressed, if it was.
    pub compression: Option<Compression>,
    /// The interfaces it was captured from; a pcap file has one without a name. A list longer
    /// than [`InputInfo::MAX_INTERFACES`] is cut here (its frames are still read).
    pub interfaces: Vec<InterfaceInfo>,
    /// The program that wrote it (pcapng `shb_userappl`).
    pub application: Option<String>,
    /// The operating system it was captured on (pcapng `shb_os`).
    pub os: Option<String>,
}

impl InputInfo {
    /// How many interfaces are described: more than any machine has that a person would read of.
    pub const MAX_INTERFACES: usize = 256;

    /// An input of which nothing but the name is known yet.
    pub fn new(name: InputName) -> Self {
        Self {
            name,
            format: None,
            compression: None,
            interfaces: Vec::new(),
            application: None,
            os: None,
        }
    }
}

/// An interface that frames were captured from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// Its name on the capturing machine, where the capture tells.
    pub name: Option<String>,
    /// What its frames begin with.
    pub link: LinkType,
    /// Longest part of a frame that was captured, in bytes; 0 means no limit.
    pub snaplen: u32,
    /// Resolution of its timestamps.
    pub precision: Precision,
    /// The capture filter that was in force (pcapng `if_filter`).
    pub filter: Option<String>,
}

/// Format of a capture file, or the absence of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The classic format of libpcap.
    Pcap,
    /// The classic format with the longer frame headers of A. Kuznetzov's patched libpcap.
    PcapModified,
    /// pcapng.
    PcapNg,
    /// A live interface.
    Live,
    /// Frames handed over in memory.
    Memory,
}

impl Format {
    /// The word used in every report and record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::PcapModified => "modified pcap",
            Self::PcapNg => "pcapng",
            Self::Live => "live",
            Self::Memory => "memory",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a capture file was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The LZ4 frame format.
    Lz4,
}

impl Compression {
    /// The word used in every report and record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes read of all inputs, as they lie on the disk (compressed, where they are).
    pub bytes_read: u64,
    /// Bytes there are in all inputs, where every input tells its size (a pipe does not).
    pub bytes_total: Option<u64>,
    /// Frames read, whether a filter let them through or not.
    pub frames: u64,
}

/// Frames lost before they reached us. A counter that the source does not have is absent: a pcap
/// file says nothing of drops, which is not the same as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drops {
    /// Frames that the capturing side had received.
    pub received: Option<u64>,
    /// Dropped because the capture's buffer was full.
    pub by_kernel: Option<u64>,
    /// Dropped by the interface or its driver.
    pub by_interface: Option<u64>,
    /// How often the queue between capture thread and decoder was full. Nothing is lost by that
    /// alone: frames wait in the kernel's buffer then.
    pub queue_waits: Option<u64>,
}
