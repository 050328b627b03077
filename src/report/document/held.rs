//! Text that waits until what stands before it is known. It repeats itself from line to line, so it
//! waits packed, in a sixth of the memory or less: all connections are still there by then.

use std::io;
use std::io::Write;

use lz4_flex::frame::FrameDecoder;
use lz4_flex::frame::FrameEncoder;

/// Text to which more is appended until it is written.
#[derive(Debug)]
pub(super) struct Held {
    packed: FrameEncoder<Vec<u8>>,
    len: usize,
}

impl Held {
    pub(super) fn new() -> Self {
        Self {
            packed: FrameEncoder::new(Vec::new()),
            len: 0,
        }
    }

    /// Bytes of text.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends to it.
    ///
    /// # Errors
    ///
    /// When it cannot be packed, which memory does not refuse.
    pub(super) fn push(&mut self, text: &str) -> io::Result<()> {
        self.len = self.len.saturating_add(text.len());
        self.packed.write_all(text.as_bytes())
    }

    /// Writes it as it was.
    ///
    /// # Errors
    ///
    /// What went wrong with writing.
    pub(super) fn write_to(self, out: &mut impl Write) -> io::Result<()> {
        let packed = self.packed.finish()?;
        io::copy(&mut FrameDecoder::new(packed.as_slice()), out)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_out_as_it_was() {
        let mut held = Held::new();
        let mut text = String::new();
        for number in 0..10_000 {
            let line = format!("#{number}  192.0.2.1:1935 -> 192.0.2.10:45468 publisher\n");
            held.push(&line).unwrap();
            text.push_str(&line);
        }
        assert_eq!(held.len(), text.len());
        let mut out = Vec::new();
        held.write_to(&mut out).unwrap();
        assert_eq!(out, text.as_bytes());
    }

    #[test]
    fn no_text_is_nothing() {
        let mut out = Vec::new();
        Held::new().write_to(&mut out).unwrap();
        assert!(out.is_empty());
    }
}
