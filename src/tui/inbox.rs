//! What comes from the terminal: what the reader does, and between it the answer to the question
//! of its background.

use std::collections::VecDeque;
use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::io::stdin;
use std::io::stdout;
use std::time::Duration;

use crossterm::event::Event;

use crate::tui::options::Options;
use crate::tui::terminal::Keyboard;
use crate::tui::terminal::Waited;
use crate::tui::theme::Answer;
use crate::tui::theme::Ground;
use crate::tui::theme::Heard;
use crate::tui::theme::QUESTION;

/// How long each part of an answer is waited for before the first frame. Terminals answer within
/// a few milliseconds, others never; an answer that comes later changes the colours then.
const WAIT: Duration = Duration::from_millis(50);

/// Events that are taken before the first frame: an answer of the longest kind behind some keys.
const MOST_BEFORE: usize = 64;

/// Events of the terminal, which is to be in raw mode.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    keyboard: Keyboard,
    answer: Answer,
    is_asked: bool,
    waiting: VecDeque<Event>,
    ground: Option<Ground>,
}

impl Inbox {
    /// Asks the terminal for its background where that is of interest.
    ///
    /// # Errors
    /// The terminal cannot be read from or written to.
    pub(super) fn open(options: &Options) -> io::Result<Self> {
        let mut inbox = Self::default();
        if !options.asks_for_ground() || !stdin().is_terminal() || !stdout().is_terminal() {
            return Ok(inbox);
        }
        let mut out = stdout();
        out.write_all(QUESTION.as_bytes())?;
        out.flush()?;
        inbox.is_asked = true;
        for _ in 0..MOST_BEFORE {
            let Waited::For(event) = inbox.keyboard.next(WAIT)? else {
                break;
            };
            inbox.take(event);
            if inbox.ground.is_some() {
                break;
            }
        }
        Ok(inbox)
    }

    /// Waits for what the reader does next.
    ///
    /// # Errors
    /// The terminal cannot be read from.
    pub(super) fn next(&mut self, most: Duration) -> io::Result<Waited> {
        if self.waiting.is_empty() {
            match self.keyboard.next(most)? {
                Waited::For(event) => self.take(event),
                other => return Ok(other),
            }
        }
        let event = self.waiting.pop_front();
        Ok(event.map_or(Waited::InVain, Waited::For))
    }

    /// What the terminal answered since this was called last.
    pub(super) fn ground(&mut self) -> Option<Ground> {
        self.ground.take()
    }

    fn take(&mut self, event: Event) {
        if !self.is_asked {
            self.waiting.push_back(event);
            return;
        }
        match self.answer.hear(event) {
            Heard::Part => {}
            Heard::Answered(ground) => self.ground = ground.or(self.ground),
            Heard::Others(events) => self.waiting.extend(events),
        }
    }
}
