//! Text that waits until what stands before it is known. It repeats itself from line to line, so it
//! waits packed, in a sixth of the memory or less: all connections are still there by then.

use std::io;
use std::io::Write;

use lz4_flex::block::compress_prepend_size;
use lz4_flex::block::decompress_size_prepended;

/// Bytes of text that are packed together. What is repeated is looked for within so many; more than
/// this finds little more, and waits unpacked.
const PIECE: usize = 32 << 10;

/// Text to which more is appended until it is written.
#[derive(Debug, Default)]
pub(super) struct Held {
    packed: Vec<Box<[u8]>>,
    open: Vec<u8>,
    len: usize,
}

impl Held {
    /// Bytes of text.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends to it.
    pub(super) fn push(&mut self, text: &str) {
        self.len = self.len.saturating_add(text.len());
        self.open.extend_from_slice(text.as_bytes());
        if self.open.len() >= PIECE {
            let packed = compress_prepend_size(&self.open);
            self.packed.push(packed.into_boxed_slice());
            self.open.clear();
        }
    }

    /// Writes it as it was.
    ///
    /// # Errors
    ///
    /// What went wrong with writing.
    pub(super) fn write_to(self, out: &mut impl Write) -> io::Result<()> {
        for packed in self.packed {
            let text = decompress_size_prepended(&packed).map_err(io::Error::other)?;
            out.write_all(&text)?;
        }
        out.write_all(&self.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_out_as_it_was() {
        let mut held = Held::default();
        let mut text = String::new();
        for number in 0..10_000 {
            let line = format!("#{number}  192.0.2.1:1935 -> 192.0.2.10:45468 publisher\n");
            held.push(&line);
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
        Held::default().write_to(&mut out).unwrap();
        assert!(out.is_empty());
    }
}
