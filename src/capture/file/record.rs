//! What the readers of the two formats hand to [`super::Files`].

use crate::base::time::Timestamp;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::capture::error::Aftermath;
use crate::capture::info::Drops;
use crate::capture::info::InputInfo;

/// Longest frame that is read. BIG TCP frames reach 512 KiB and USB transfers a few megabytes; a
/// length above this is a damaged header, and must not decide how much memory is taken.
pub(super) const MAX_FRAME_LEN: usize = 16 * 1024 * 1024;

/// A frame whose bytes are still in the window, where `at` and `len` say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) interface: InterfaceIndex,
    pub(super) wire_len: u32,
    pub(super) at: usize,
    pub(super) len: usize,
}

/// Trouble inside one input; offsets count its decompressed bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    CutShort {
        offset: u64,
        what: &'static str,
        expected: u64,
        got: u64,
    },
    Damaged {
        offset: u64,
        what: String,
        aftermath: Aftermath,
    },
}

/// What was learned beside the frames.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// One for each input met so far; the last one is being read.
    pub(super) inputs: Vec<InputInfo>,
    pub(super) drops: Drops,
    /// TLS key log lines.
    pub(super) secrets: Vec<u8>,
}

impl Notes {
    /// The place that the next interface of the input being read will have.
    pub(super) fn next_interface(&self) -> InterfaceIndex {
        let counts = self.inputs.iter().map(|input| input.interfaces.len());
        match self.inputs.last() {
            Some(last) if last.interfaces.len() >= InputInfo::MAX_INTERFACES => {
                InterfaceIndex::UNLISTED
            }
            _ => InterfaceIndex(u32::try_from(counts.sum::<usize>()).unwrap_or(u32::MAX)),
        }
    }

    /// Changes what is known of the input being read.
    pub(super) fn update(&mut self, change: impl FnOnce(&mut InputInfo)) {
        if let Some(info) = self.inputs.last_mut() {
            change(info);
        }
    }
}

/// Where in its input a reader is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Reading,
    /// Behind the last frame, with this still to be told.
    EndedWith(Fault),
    Ended,
}

impl Stage {
    /// Whether the end was reached; gives out the fault that is still to be told, once.
    pub(super) fn end(&mut self) -> Option<Result<(), Fault>> {
        match std::mem::take(self) {
            Self::Reading => None,
            Self::EndedWith(fault) => {
                *self = Self::Ended;
                Some(Err(fault))
            }
            Self::Ended => {
                *self = Self::Ended;
                Some(Ok(()))
            }
        }
    }
}
