//! The terminal while it is ours: taken by [`TerminalGuard::enter`], given back when that is
//! dropped, when a thread panics, and for as long as the process is stopped.

use std::fs::File;
use std::io;
use std::io::IsTerminal as _;
use std::io::stdin;
use std::io::stdout;
use std::os::fd::AsFd as _;
use std::sync::Once;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor;
use crossterm::event;
use crossterm::event::DisableBracketedPaste;
use crossterm::event::DisableMouseCapture;
use crossterm::event::EnableBracketedPaste;
use crossterm::event::EnableMouseCapture;
use crossterm::event::Event;
use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use crossterm::execute;
use crossterm::style::force_color_output;
use crossterm::terminal::EnterAlternateScreen;
use crossterm::terminal::LeaveAlternateScreen;
use crossterm::terminal::disable_raw_mode;
use crossterm::terminal::enable_raw_mode;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;

/// What is asked of the terminal beside keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    /// The mouse is ours. Its text selection then needs Shift.
    pub mouse: bool,
    /// Pasted text comes as such and not as keys.
    pub paste: bool,
}

/// The terminal while a screen has it. Dropping it gives the terminal back; so does a panic, of
/// any thread, before its message is printed.
#[derive(Debug)]
pub struct TerminalGuard {
    modes: Modes,
}

impl TerminalGuard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn enter(modes: Modes) -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore();
                before(info);
            }));
        });
        // What was taken of it is given back also where the rest fails.
        let guard = Self { modes };
        take(modes)?;
        Ok(guard)
    }

    /// Gives the terminal back and stops the process, as the key does elsewhere; goes on when that
    /// is woken. The caller draws everything again.
    ///
    /// # Errors
    /// The process cannot be stopped, or the terminal cannot be taken again.
    pub fn suspend(&self) -> io::Result<()> {
        restore();
        emulate_default_handler(SIGTSTP)?;
        take(self.modes)
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore();
    }
}

/// What waiting for the terminal came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waited {
    /// Something happened.
    For(Event),
    /// Nothing happened in time.
    InVain,
    /// The terminal is gone: nothing will ever happen.
    Gone,
}

/// What a look at the terminal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// It is there.
    Present,
    /// It is gone.
    Gone,
    /// A signal came before anything was known. It may well say that the terminal is gone.
    Interrupted,
}

/// The terminal as where keys come from. It is looked at before crossterm reads from it, which
/// never comes back from a terminal that was closed.
#[derive(Debug)]
pub struct Keyboard {
    /// The terminal where stdin is none.
    terminal: Option<File>,
}

impl Keyboard {
    /// The terminal that crossterm reads from.
    pub fn new() -> Self {
        let is_stdin = stdin().is_terminal();
        let terminal = (!is_stdin).then(|| File::open("/dev/tty").ok()).flatten();
        Self { terminal }
    }

    /// Waits for what happens next.
    ///
    /// # Errors
    /// The terminal cannot be read from.
    pub fn next(&self, most: Duration) -> io::Result<Waited> {
        for most in [Duration::ZERO, most] {
            match self.look(most)? {
                Look::Gone => return Ok(Waited::Gone),
                Look::Interrupted => return Ok(Waited::InVain),
                Look::Present => {}
            }
            if event::poll(Duration::ZERO)? {
                return event::read().map(Waited::For);
            }
        }
        Ok(Waited::InVain)
    }

    /// Waits until there is something to read.
    fn look(&self, most: Duration) -> io::Result<Look> {
        let stdin = stdin();
        let fd = match &self.terminal {
            Some(terminal) => terminal.as_fd(),
            None => stdin.as_fd(),
        };
        let mut fds = [PollFd::new(&fd, PollFlags::IN)];
        let most = Timespec {
            tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: most.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&most)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Look::Interrupted),
            Err(error) => return Err(error.into()),
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        let is_gone = fds.iter().any(|fd| fd.revents().intersects(gone));
        Ok(if is_gone { Look::Gone } else { Look::Present })
    }
}

impl Default for Keyboard {
    fn default() -> Self {
        Self::new()
    }
}

/// Ctrl-Z, which is a key like others while the terminal is ours.
pub fn is_suspend(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Puts a text into the clipboard of the terminal, also across ssh: OSC 52, which asks nobody but
/// the terminal. Whether it took it is not told.
///
/// # Errors
/// The terminal cannot be written to.
pub fn copy(text: &str) -> io::Result<()> {
    execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
}

/// Whether colours are written. What is below looks at `NO_COLOR` by itself, and knows of neither
/// flags nor a configuration.
pub fn write_colors(is_wanted: bool) {
    force_color_output(is_wanted);
}

/// Whether there is a terminal to show the dashboard on.
pub fn has_terminal() -> bool {
    stdout().is_terminal()
}

/// Columns and lines of the terminal; `None` where there is none.
pub fn terminal_size() -> Option<(u16, u16)> {
    has_terminal().then(crossterm::terminal::size)?.ok()
}

fn take(modes: Modes) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, cursor::Hide)?;
    if modes.mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    if modes.paste {
        execute!(stdout(), EnableBracketedPaste)?;
    }
    Ok(())
}

/// Gives the terminal back, with everything off that may have been asked for: who panics does not
/// know what was. Where that fails there is nobody left to tell.
fn restore() {
    let _ = execute!(
        stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}
