//! What is drawn goes to the terminal as whole pictures: one write each, between the marks of a
//! synchronized update, so that a terminal that knows them never shows half of one. Others pass
//! over the marks.

use std::io;
use std::io::Stdout;
use std::io::Write;
use std::io::stdout;

use crossterm::queue;
use crossterm::terminal::BeginSynchronizedUpdate;
use crossterm::terminal::EndSynchronizedUpdate;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

/// The terminal as ratatui draws on it.
pub(super) type Canvas = Terminal<CrosstermBackend<Picture<Stdout>>>;

/// The terminal to draw on.
///
/// # Errors
/// Its size cannot be asked for.
pub(super) fn canvas() -> io::Result<Canvas> {
    Terminal::new(CrosstermBackend::new(Picture::of(stdout())))
}

/// A picture that is being drawn. Flushing shows it. One that was not flushed is dropped: who
/// panics in the middle of it has given the terminal back by then.
#[derive(Debug)]
pub(super) struct Picture<W> {
    out: W,
    drawn: Vec<u8>,
}

impl<W: Write> Picture<W> {
    fn of(out: W) -> Self {
        let drawn = Vec::new();
        Self { out, drawn }
    }
}

impl<W: Write> Write for Picture<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.drawn.is_empty() {
            queue!(self.drawn, BeginSynchronizedUpdate)?;
        }
        self.drawn.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.drawn.is_empty() {
            return Ok(());
        }
        queue!(self.drawn, EndSynchronizedUpdate)?;
        let shown = self.out.write_all(&self.drawn);
        self.drawn.clear();
        shown?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells writes apart.
    #[derive(Default)]
    struct Writes(Vec<String>);

    impl Write for &mut Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_picture_is_one_write_between_the_marks_of_private_mode_2026() {
        let mut writes = Writes::default();
        let mut picture = Picture::of(&mut writes);
        picture.write_all(b"one").expect("memory");
        picture.write_all(b" picture").expect("memory");
        picture.flush().expect("memory");
        picture.flush().expect("memory");
        picture.write_all(b"another").expect("memory");
        picture.flush().expect("memory");
        picture.write_all(b"half of a third").expect("memory");
        drop(picture);
        assert_eq!(
            writes.0,
            [
                "\x1b[?2026hone picture\x1b[?2026l",
                "\x1b[?2026hanother\x1b[?2026l"
            ]
        );
    }
}
