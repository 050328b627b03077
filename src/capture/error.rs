//! What can go wrong with an input, said so that the reader can mend it.

use std::io;

use crate::base::text::Printable;
use crate::capture::LinkType;
use crate::capture::info::Compression;
use crate::capture::info::InputName;

/// Trouble with one input.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The input could not be opened, or reading from it failed.
    #[error("{input}: {}{}", read_failure(cause, *offset), read_remedy(cause))]
    Unreadable {
        /// Which input.
        input: InputName,
        /// How many bytes had been read; 0 when it could not be opened.
        offset: u64,
        /// What the system said.
        cause: io::Error,
    },
    /// The input can be read, but is no capture.
    #[error("{input}: not a capture file: {found}")]
    NotACapture {
        /// Which input.
        input: InputName,
        /// What it is instead, as far as its first bytes tell, and what to do.
        found: String,
    },
    /// The input ends in the middle of something. Everything before it was delivered.
    #[error(
        "{input}: cut short at byte {offset}{}: {what} needs {expected} bytes, the file has {got} more; everything before was read",
        of_decompressed(*compression)
    )]
    CutShort {
        /// Which input.
        input: InputName,
        /// Where the incomplete thing begins, in the decompressed bytes.
        offset: u64,
        /// What is incomplete.
        what: &'static str,
        /// How many bytes it has by its header, or the header itself needs.
        expected: u64,
        /// How many of them are there.
        got: u64,
        /// Set when the input was compressed.
        compression: Option<Compression>,
    },
    /// The compressed data ends in the middle. Everything before it was delivered.
    #[error(
        "{input}: cut short: the {compression} data ends before its end mark, after {offset} decompressed bytes; everything before was read"
    )]
    CompressionCutShort {
        /// Which input.
        input: InputName,
        /// How it was compressed.
        compression: Compression,
        /// How many bytes could be decompressed.
        offset: u64,
    },
    /// A part of the input makes no sense.
    #[error("{input}: damaged at byte {offset}{}: {what}; {aftermath}", of_decompressed(*compression))]
    Damaged {
        /// Which input.
        input: InputName,
        /// Where the damage was noticed, in the decompressed bytes.
        offset: u64,
        /// What was expected and what was there.
        what: String,
        /// What was done about it.
        aftermath: Aftermath,
        /// Set when the input was compressed.
        compression: Option<Compression>,
    },
    /// A capture filter that libpcap does not take.
    #[error(
        "filter expression \"{}\"{}: {}",
        Printable(expression),
        for_link(*link),
        Printable(reason)
    )]
    Filter {
        /// The expression as given.
        expression: String,
        /// Set when the expression is good in itself, but not for frames of this link type.
        link: Option<LinkType>,
        /// What libpcap said.
        reason: String,
    },
    /// Something that only libpcap can do was asked of a build without it.
    #[error(
        "{wanted}: this rtmpscope was built without libpcap; build it with `cargo build --release --features live` (needs libpcap's headers, in Debian's package libpcap-dev)"
    )]
    WithoutLibpcap {
        /// What was asked for.
        wanted: &'static str,
    },
    /// There is no interface of that name.
    #[error("{device}: no such interface{}", known_devices(known))]
    NoSuchDevice {
        /// The name as given.
        device: InputName,
        /// The interfaces there are.
        known: Vec<String>,
    },
    /// The interface exists, but this process may not capture on it.
    #[error("{device}: no permission to capture ({}); {remedy}", Printable(reason))]
    Permission {
        /// Which interface.
        device: InputName,
        /// What libpcap said.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// The interface could not be opened, or stopped delivering.
    #[error("{device}: {}", Printable(reason))]
    Device {
        /// Which interface.
        device: InputName,
        /// What libpcap said.
        reason: String,
    },
}

/// What kind of trouble: each kind has its own exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// What was asked for cannot be done: exit code 2.
    Usage,
    /// An input is unreadable, no capture, damaged or cut short: exit code 3.
    Input,
    /// An interface is missing, forbidden or failed: exit code 4.
    Device,
}

/// What was done about a damaged part of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// Reading went on behind it.
    Skipped {
        /// How many bytes were left out.
        bytes: u64,
    },
    /// The rest of the input was given up.
    Stopped,
}

impl std::fmt::Display for Aftermath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Skipped { bytes } => write!(f, "skipped {bytes} bytes and read on"),
            Self::Stopped => f.write_str("everything before was read, the rest was not"),
        }
    }
}

impl CaptureError {
    /// What kind of trouble it is.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Filter { .. } | Self::WithoutLibpcap { .. } => ErrorClass::Usage,
            Self::Unreadable { .. }
            | Self::NotACapture { .. }
            | Self::CutShort { .. }
            | Self::CompressionCutShort { .. }
            | Self::Damaged { .. } => ErrorClass::Input,
            Self::NoSuchDevice { .. } | Self::Permission { .. } | Self::Device { .. } => {
                ErrorClass::Device
            }
        }
    }

    /// Whether the input merely ends too early, as every capture does whose writer was killed.
    pub fn is_cut_short(&self) -> bool {
        matches!(
            self,
            Self::CutShort { .. } | Self::CompressionCutShort { .. }
        )
    }
}

fn read_failure(cause: &io::Error, offset: u64) -> String {
    if offset == 0 {
        return match cause.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::IsADirectory => "is a directory, not a capture file".to_owned(),
            io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
            _ => format!("cannot be read: {cause}"),
        };
    }
    format!("reading failed after {offset} bytes: {cause}; everything before was read")
}

fn read_remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::IsADirectory => "; name the capture files in it",
        _ => "",
    }
}

fn of_decompressed(compression: Option<Compression>) -> &'static str {
    match compression {
        Some(_) => " of the decompressed data",
        None => "",
    }
}

fn for_link(link: Option<LinkType>) -> String {
    link.map_or_else(String::new, |link| format!(" on {link} frames"))
}

fn known_devices(known: &[String]) -> String {
    if known.is_empty() {
        return String::new();
    }
    let names: Vec<String> = known
        .iter()
        .map(|name| Printable(name).to_string())
        .collect();
    format!("; there are: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_exit_code() {
        let missing = CaptureError::Unreadable {
            input: InputName::new("a.pcap"),
            offset: 0,
            cause: io::ErrorKind::NotFound.into(),
        };
        assert_eq!(missing.class(), ErrorClass::Input);
        assert_eq!(missing.to_string(), "a.pcap: no such file");
        let device = CaptureError::NoSuchDevice {
            device: InputName::new("eth9"),
            known: vec!["lo".to_owned(), "eth0".to_owned()],
        };
        assert_eq!(device.class(), ErrorClass::Device);
        assert_eq!(
            device.to_string(),
            "eth9: no such interface; there are: lo, eth0"
        );
    }

    #[test]
    fn a_cut_says_where_and_how_much() {
        let cut = CaptureError::CutShort {
            input: InputName::new("-"),
            offset: 24,
            what: "a frame",
            expected: 100,
            got: 3,
            compression: Some(Compression::Gzip),
        };
        assert!(cut.is_cut_short());
        assert_eq!(
            cut.to_string(),
            "standard input: cut short at byte 24 of the decompressed data: a frame needs 100 \
             bytes, the file has 3 more; everything before was read"
        );
    }

    #[test]
    fn names_cannot_drive_the_terminal() {
        let error = CaptureError::NotACapture {
            input: InputName::new("\x1b[2J"),
            found: "text".to_owned(),
        };
        assert_eq!(error.to_string(), "\\x1b[2J: not a capture file: text");
    }
}
