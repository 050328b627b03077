//! Where a window gets its bytes from: files that are there, and pipes that may have nothing to
//! give for a while.

use std::fs::File;
use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;

/// How long [`Supply::is_ready`] waits: short beside what a reader notices, long beside what a
/// look at the input costs.
pub(super) const MOMENT: Duration = Duration::from_millis(100);

/// Bytes that are read, with a way to look whether there are any.
pub(super) trait Supply: Read + Send {
    /// Whether it may have nothing to give before its end.
    fn may_wait(&self) -> bool {
        false
    }

    /// Whether reading would not wait: there are bytes, or the end. Waits for that, but no longer
    /// than a moment.
    fn is_ready(&mut self) -> bool {
        true
    }
}

/// What never makes anyone wait.
pub(super) struct Steady<R>(pub(super) R);

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<R: Read + Send> Supply for Steady<R> {}

/// A pipe, FIFO, socket or terminal.
pub(super) struct Pipe(pub(super) File);

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Supply for Pipe {
    fn may_wait(&self) -> bool {
        true
    }

    fn is_ready(&mut self) -> bool {
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(MOMENT.subsec_nanos()),
        };
        let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
        // After a signal the caller may want to stop. Other trouble is told by reading.
        !matches!(
            rustix::event::poll(&mut polled, Some(&moment)),
            Ok(0) | Err(rustix::io::Errno::INTR)
        )
    }
}

/// A supply of which the bytes are counted.
pub(super) struct Counted {
    pub(super) input: Box<dyn Supply>,
    pub(super) count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.input.read(buf)?;
        self.count.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

impl Supply for Counted {
    fn may_wait(&self) -> bool {
        self.input.may_wait()
    }

    fn is_ready(&mut self) -> bool {
        self.input.is_ready()
    }
}
