//! What is cancelled, and what was plugged in.

use std::time::Duration;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Frame;
use rtmpscope::capture::InterfaceIndex;
use rtmpscope::capture::LinkType;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source;
use rtmpscope::capture::error::CaptureError;
use rtmpscope::capture::info::Drops;
use rtmpscope::capture::info::InputInfo;
use rtmpscope::capture::info::Progress as ReadingProgress;

use super::*;
use crate::run::memory::MemoryLimit;

/// Frames that never end, until somebody says stop.
struct Endless {
    frame: Vec<u8>,
    time: i64,
}

impl Source for Endless {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        self.time += 1_000_000;
        Ok(Next::Frame(Frame {
            number: FrameNumber(1),
            time: Timestamp(self.time),
            link: LinkType::ETHERNET,
            interface: InterfaceIndex::FIRST,
            wire_len: 60,
            data: &self.frame,
        }))
    }

    fn inputs(&self) -> &[InputInfo] {
        &[]
    }

    fn progress(&self) -> ReadingProgress {
        ReadingProgress {
            bytes_read: 3,
            bytes_total: Some(4),
            frames: 1,
        }
    }

    fn drops(&mut self) -> Drops {
        Drops::default()
    }
}

/// Plugs it in.
struct AlwaysMore;

impl Again for AlwaysMore {
    fn open(&mut self) -> Result<Reading, String> {
        let source = Endless {
            frame: vec![0; 60],
            time: 0,
        };
        let memory = MemoryLimit::beside(1 << 30);
        Ok(Reading::over(
            Box::new(source),
            None,
            &Flags::default(),
            memory,
        ))
    }
}

#[test]
fn what_is_cancelled_leaves_nothing() {
    for purpose in Purpose::ALL {
        let folder = tempfile::tempdir().expect("a folder");
        let flags = cli(&["x"]).flags;
        let mut saver = Saver::over(Box::new(AlwaysMore), &flags, folder.path(), None);
        assert!(saver.begin(request(purpose, None)));
        assert!(!saver.begin(request(purpose, None)), "one at a time");
        while saver.progress().and_then(|progress| progress.percent) != Some(75) {
            assert_eq!(saver.poll(), None, "it has no end");
            thread::sleep(Duration::from_millis(1));
        }
        saver.cancel();
        assert_eq!(wait(&mut saver), Outcome::Cancelled);
        assert_eq!(saver.progress(), None);
        assert!(names(&folder).is_empty(), "{:?}", names(&folder));
    }
    // Who leaves in the middle leaves nothing either.
    let folder = tempfile::tempdir().expect("a folder");
    let flags = cli(&["x"]).flags;
    let mut saver = Saver::over(Box::new(AlwaysMore), &flags, folder.path(), None);
    assert!(saver.begin(request(Purpose::Packets, None)));
    drop(saver);
    assert!(names(&folder).is_empty());
}
