//! Foreign text on its way to a terminal or a report.

use std::fmt;

/// Displays text that came from the wire: control characters (C0, DEL, C1), and the characters
/// that reorder or hide text (Unicode bidirectional controls, zero-width characters, line and
/// paragraph separators) are shown as escapes, so that no byte of a capture can drive the
/// terminal or forge a line of a report.
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nearly all text is this plain, and need not be taken apart to see it.
        if self.0.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return f.write_str(self.0);
        }
        for piece in self.0.split_inclusive(is_unsafe) {
            let mut safe = piece.chars();
            let Some(c) = safe.next_back().filter(|c| is_unsafe(*c)) else {
                f.write_str(piece)?;
                continue;
            };
            f.write_str(safe.as_str())?;
            match c {
                '\t' => f.write_str("\\t")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                _ if u32::from(c) < 0x100 => write!(f, "\\x{:02x}", u32::from(c))?,
                _ => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            }
        }
        Ok(())
    }
}

/// Whether a character can drive a terminal, reorder or hide text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// The text with everything escaped that [`Printable`] escapes.
pub fn printable(text: &str) -> String {
    Printable(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_do_not_pass() {
        assert_eq!(printable("a\x1b]0;pwned\x07b"), "a\\x1b]0;pwned\\x07b");
        assert_eq!(printable("\u{9b}31m"), "\\x9b31m");
        assert_eq!(printable("one\r\ntwo\x7f"), "one\\r\\ntwo\\x7f");
    }

    #[test]
    fn text_direction_cannot_be_turned() {
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn plain_text_of_any_script_is_kept() {
        assert_eq!(printable("キー-étoile"), "キー-étoile");
    }

    #[test]
    fn escaping_twice_changes_nothing() {
        let once = printable("\x1b[2J");
        assert_eq!(printable(&once), once);
    }
}
