//! The buffer that capture files are read through.
//!
//! One buffer that fits the second-level cache, refilled with plain `read` calls: what the kernel
//! copies in is still in the cache when the decoder looks at it, which makes this as fast as
//! mapping the file, and it works on pipes and on files that shrink while they are read.

use std::fmt;
use std::io;
use std::io::BufRead;
use std::io::Read;

use super::supply::Supply;

/// Size of the buffer. Measured: 128 KiB and 256 KiB stay in the second-level cache from the kernel's
/// copy to the decoder; a megabyte and more cost a fifth more time.
const NORMAL: usize = 256 * 1024;

/// A stretch of the input that slides forward over it.
pub(super) struct Window {
    input: Box<dyn Supply>,
    may_wait: bool,
    buffer: Vec<u8>,
    /// Where in `buffer` the bytes begin that were not consumed.
    start: usize,
    /// Where in `buffer` they end.
    end: usize,
    /// Position in the input of the first byte behind those in the buffer.
    read: u64,
    finished: bool,
    /// Why reading ended, when it was not the end of the input.
    trouble: Option<io::Error>,
    failed: bool,
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("available", &self.available().len())
            .field("offset", &self.offset())
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

impl Window {
    pub(super) fn new(input: Box<dyn Supply>) -> Self {
        Self {
            may_wait: input.may_wait(),
            input,
            buffer: vec![0; NORMAL],
            start: 0,
            end: 0,
            read: 0,
            finished: false,
            trouble: None,
            failed: false,
        }
    }

    /// The bytes that were read and not consumed.
    #[inline]
    pub(super) fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether reading may have to wait for bytes.
    #[inline]
    pub(super) fn may_wait(&self) -> bool {
        self.may_wait
    }

    /// Whether there are bytes to read, or the end: see [`Supply::is_ready`].
    pub(super) fn is_ready(&mut self) -> bool {
        self.finished || self.input.is_ready()
    }

    /// Position in the input of the first available byte.
    pub(super) fn offset(&self) -> u64 {
        self.read.saturating_sub(self.available().len() as u64)
    }

    /// Leaves the first `len` available bytes behind and says where in the buffer they are; they
    /// stay there until the next [`Window::fill`].
    #[inline]
    pub(super) fn consume(&mut self, len: usize) -> usize {
        let at = self.start;
        self.start = self.start.saturating_add(len).min(self.end);
        at
    }

    /// Bytes at a place that [`Window::consume`] told.
    #[inline]
    pub(super) fn taken(&self, at: usize, len: usize) -> &[u8] {
        let from = self.buffer.get(at..).unwrap_or_default();
        from.get(..len).unwrap_or_default()
    }

    /// Reads until at least `need` bytes are available or the input ends; false when it ended
    /// before. Reads no further than it must, so that a frame that came through a pipe is not
    /// held back until the next one. The caller bounds `need`.
    #[cold]
    pub(super) fn fill(&mut self, need: usize) -> bool {
        if self.available().len() >= need {
            return true;
        }
        self.make_room(need);
        while self.available().len() < need && !self.finished {
            if self.end == self.buffer.len() {
                // Twice as much each time: a length that lies costs what the input really holds.
                let larger = self.buffer.len().saturating_mul(2).min(need.max(NORMAL));
                self.buffer.resize(larger, 0);
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(room) {
                Ok(0) => self.finished = true,
                Ok(got) => {
                    self.end = self.end.saturating_add(got).min(self.buffer.len());
                    self.read = self.read.saturating_add(got as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.finished = true;
                    self.failed = true;
                    self.trouble = Some(error);
                }
            }
        }
        self.available().len() >= need
    }

    /// Leaves `len` bytes behind, reading over those that are not in the buffer; returns how many
    /// of them the input had.
    pub(super) fn skip(&mut self, len: u64) -> u64 {
        let mut left = len;
        while left > 0 {
            let here = self.available().len();
            let step = usize::try_from(left).map_or(here, |left| left.min(here));
            self.consume(step);
            left = left.saturating_sub(step as u64);
            if left > 0 && !self.fill(1) {
                break;
            }
        }
        len.saturating_sub(left)
    }

    /// Why reading ended before the input did. Told once.
    pub(super) fn take_trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }

    /// Whether reading ended before the input did.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// Moves the tail to the front of the buffer, and gives back what an oversize frame took.
    fn make_room(&mut self, need: usize) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        if self.buffer.len() > NORMAL && need <= NORMAL && self.end <= NORMAL {
            self.buffer.truncate(NORMAL);
            self.buffer.shrink_to_fit();
        }
    }
}

/// Decompressors read through a window too.
impl BufRead for Window {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.fill(1)
            && let Some(trouble) = self.trouble.take()
        {
            return Err(trouble);
        }
        Ok(self.available())
    }

    fn consume(&mut self, amount: usize) {
        Self::consume(self, amount);
    }
}

impl Read for Window {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.fill_buf()?.read(buf)?;
        Self::consume(self, got);
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::file::supply::Steady;

    /// Gives its bytes in pieces of one size, as a pipe may.
    struct Trickle(Vec<u8>, usize, usize);

    impl Read for Trickle {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let left = &self.0[self.1..];
            let n = left.len().min(self.2).min(buf.len());
            buf[..n].copy_from_slice(&left[..n]);
            self.1 = self.1.saturating_add(n);
            Ok(n)
        }
    }

    fn bytes(len: usize) -> Vec<u8> {
        (0..=250).cycle().take(len).collect()
    }

    #[test]
    fn reads_no_further_than_needed() {
        let mut window = Window::new(Box::new(Steady(Trickle(bytes(100), 0, 10))));
        assert!(window.fill(15));
        assert_eq!(window.available().len(), 20);
        assert_eq!(window.offset(), 0);
        window.consume(15);
        assert_eq!(window.offset(), 15);
    }

    #[test]
    fn grows_for_a_long_record_and_shrinks_after_it() {
        let data = bytes(3_000_000);
        let mut window = Window::new(Box::new(Steady(io::Cursor::new(data.clone()))));
        window.fill(7);
        window.consume(7);
        assert!(window.fill(2_000_000));
        assert_eq!(&window.available()[..2_000_000], &data[7..2_000_007]);
        let at = window.consume(2_000_000);
        assert_eq!(window.taken(at, 4), &data[7..11]);
        window.skip(window.available().len() as u64);
        assert!(window.fill(100));
        assert_eq!(window.buffer.len(), NORMAL);
        let offset = usize::try_from(window.offset()).unwrap();
        assert_eq!(window.available()[0], data[offset]);
    }

    #[test]
    fn a_length_that_lies_allocates_what_the_input_holds() {
        let mut window = Window::new(Box::new(Steady(io::Cursor::new(bytes(1000)))));
        assert!(!window.fill(64 << 20));
        assert_eq!(window.buffer.len(), NORMAL);
        assert_eq!(window.available().len(), 1000);
    }

    #[test]
    fn skips_over_more_than_the_buffer_holds() {
        let data = bytes(1_000_000);
        let mut window = Window::new(Box::new(Steady(io::Cursor::new(data.clone()))));
        assert_eq!(window.skip(900_001), 900_001);
        assert!(window.fill(1));
        assert_eq!(window.available()[0], data[900_001]);
        assert_eq!(window.skip(u64::MAX), 99_999);
        assert!(!window.fill(1));
    }

    #[test]
    fn a_failed_read_ends_the_input_and_is_remembered() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("disk on fire"))
            }
        }
        let mut window = Window::new(Box::new(Steady(Read::chain(
            io::Cursor::new(bytes(5)),
            Failing,
        ))));
        assert!(!window.fill(6));
        assert_eq!(window.available().len(), 5);
        assert!(window.take_trouble().is_some());
        assert!(window.take_trouble().is_none());
    }
}
