//! Live capture in a build without libpcap: a clear word.

use super::Device;
use super::LiveOptions;
use crate::capture::Next;
use crate::capture::Source;
use crate::capture::error::CaptureError;
use crate::capture::info::Drops;
use crate::capture::info::InputInfo;
use crate::capture::info::Progress;

/// Without libpcap there is no live source.
#[derive(Debug)]
pub enum Live {}

impl Live {
    /// Opens interfaces.
    ///
    /// # Errors
    /// Always: this build has no libpcap.
    pub fn open(_: &LiveOptions) -> Result<Self, CaptureError> {
        Err(CaptureError::WithoutLibpcap {
            wanted: "capturing on an interface",
        })
    }
}

impl Source for Live {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        match *self {}
    }

    fn inputs(&self) -> &[InputInfo] {
        match *self {}
    }

    fn progress(&self) -> Progress {
        match *self {}
    }

    fn drops(&mut self) -> Drops {
        match *self {}
    }
}

/// The interfaces that can be captured on.
///
/// # Errors
/// Always: this build has no libpcap.
pub fn devices() -> Result<Vec<Device>, CaptureError> {
    Err(CaptureError::WithoutLibpcap {
        wanted: "the list of interfaces",
    })
}
