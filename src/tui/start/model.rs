//! What the Start screen shows: what is known before anything is captured or read.

use std::path::PathBuf;

use crate::capture::bpf::Checked;

/// Everything there is to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Interfaces, the one that stands for all first.
    pub interfaces: Vec<Interface>,
    /// Why no interfaces are listed.
    pub trouble: Option<String>,
    /// Why none can be captured on, with what would mend it.
    pub obstacle: Option<String>,
    /// Captures that were opened before, the latest first.
    pub recent: Vec<Recent>,
    /// Whether those are remembered at all.
    pub remembers: bool,
    /// What is known of the filter as it is typed.
    pub filter: Filter,
    /// The folder that the path field is about.
    pub folder: Folder,
    /// The folder that `~` stands for.
    pub home: Option<PathBuf>,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its addresses, or what it is.
    pub about: String,
    /// Whether it is switched on.
    pub is_up: bool,
    /// Bytes a second; `None` where nobody counts.
    pub rate: Option<u64>,
    /// Bytes a second so far, the latest last.
    pub course: Vec<u32>,
    /// Connections of this machine on the port of RTMP.
    pub connections: usize,
}

/// A capture that was opened before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// Where it is.
    pub path: PathBuf,
    /// Seconds since it was opened.
    pub age: u64,
    /// Its bytes; `None` when it is gone.
    pub size: Option<u64>,
}

/// What is known of the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// It was looked at.
    Checked(Checked),
    /// It cannot be used, whatever it is.
    Unusable(String),
}

impl Default for Filter {
    fn default() -> Self {
        Self::Checked(Checked::Empty)
    }
}

/// A folder with what may be opened in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Folders, then captures, each by name.
    pub entries: Vec<Entry>,
    /// Whether there is more than is listed.
    pub is_cut: bool,
    /// Why it is not listed.
    pub trouble: Option<String>,
}

/// A folder or a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as far as it can be written.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of a capture; `None` for a folder.
    pub size: Option<u64>,
}

/// What the reader wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where packets come from.
    pub origin: Origin,
    /// The filter.
    pub bpf: Option<String>,
}

/// Where packets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// These interfaces.
    Interfaces(Vec<String>),
    /// This file.
    File(PathBuf),
    /// The capture within the program.
    Demo,
}
