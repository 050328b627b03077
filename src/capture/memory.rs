//! Frames that are already in memory, as a source: for tests, benchmarks and programs that capture
//! on their own.

use crate::base::ids::FrameNumber;
use crate::base::time::Precision;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::capture::Next;
use crate::capture::Source;
use crate::capture::error::CaptureError;
use crate::capture::info::Drops;
use crate::capture::info::Format;
use crate::capture::info::InputInfo;
use crate::capture::info::InputName;
use crate::capture::info::InterfaceInfo;
use crate::capture::info::Progress;

/// A frame that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFrame {
    /// When it was captured.
    pub time: Timestamp,
    /// How `data` begins.
    pub link: LinkType,
    /// Which interface captured it.
    pub interface: InterfaceIndex,
    /// Length on the wire in bytes.
    pub wire_len: u32,
    /// What was captured.
    pub data: Vec<u8>,
}

impl StoredFrame {
    /// A whole Ethernet frame.
    pub fn ethernet(time: Timestamp, data: Vec<u8>) -> Self {
        Self {
            time,
            link: LinkType::ETHERNET,
            interface: InterfaceIndex::FIRST,
            wire_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            data,
        }
    }

    /// The frame, as one with this number.
    pub fn numbered(&self, number: FrameNumber) -> Frame<'_> {
        Frame {
            number,
            time: self.time,
            link: self.link,
            interface: self.interface,
            wire_len: self.wire_len,
            data: &self.data,
        }
    }
}

impl From<Frame<'_>> for StoredFrame {
    fn from(frame: Frame<'_>) -> Self {
        Self {
            time: frame.time,
            link: frame.link,
            interface: frame.interface,
            wire_len: frame.wire_len,
            data: frame.data.to_vec(),
        }
    }
}

/// A list of frames as a source.
#[derive(Debug, Clone)]
pub struct Memory {
    frames: Vec<StoredFrame>,
    given: usize,
    inputs: Vec<InputInfo>,
}

impl Memory {
    /// Gives out these frames in this order, with timestamps of nanoseconds.
    pub fn new(frames: Vec<StoredFrame>) -> Self {
        let mut info = InputInfo::new(InputName::new("memory"));
        info.format = Some(Format::Memory);
        for frame in &frames {
            if info.interfaces.len() < InputInfo::MAX_INTERFACES
                && !info.interfaces.iter().any(|known| known.link == frame.link)
            {
                info.interfaces.push(InterfaceInfo {
                    name: None,
                    link: frame.link,
                    snaplen: 0,
                    precision: Precision::Nanos,
                    filter: None,
                });
            }
        }
        Self {
            frames,
            given: 0,
            inputs: vec![info],
        }
    }

    /// Starts again with the first frame.
    pub fn rewind(&mut self) {
        self.given = 0;
    }
}

impl Source for Memory {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        let Some(frame) = self.frames.get(self.given) else {
            return Ok(Next::End);
        };
        self.given = self.given.saturating_add(1);
        Ok(Next::Frame(frame.numbered(FrameNumber(self.given as u64))))
    }

    fn inputs(&self) -> &[InputInfo] {
        &self.inputs
    }

    fn progress(&self) -> Progress {
        Progress {
            frames: self.given as u64,
            ..Progress::default()
        }
    }

    fn drops(&mut self) -> Drops {
        Drops::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_numbered_and_can_be_had_again() {
        let mut memory = Memory::new(vec![
            StoredFrame::ethernet(Timestamp(5), vec![1, 2]),
            StoredFrame::ethernet(Timestamp(9), vec![3]),
        ]);
        for _ in 0..2 {
            for (number, data) in [(1, &[1, 2][..]), (2, &[3])] {
                let Ok(Next::Frame(frame)) = memory.next_frame() else {
                    panic!("a frame");
                };
                assert_eq!(frame.number, FrameNumber(number));
                assert_eq!(frame.data, data);
            }
            assert!(matches!(memory.next_frame(), Ok(Next::End)));
            memory.rewind();
        }
    }
}
