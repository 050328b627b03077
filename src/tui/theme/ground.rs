//! Whether the terminal is dark or light: what the environment says (`COLORFGBG`), else what the
//! terminal answers to a question (OSC 11, xterm's control sequences).
//!
//! The answer comes among the keys. [`Answer`] picks it out of them and gives everything else on
//! in its order, so that nothing that was typed is lost, and an answer that comes late is never
//! taken for keys.

use crossterm::event::Event;
use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::tui::theme::Ground;

/// Asks the terminal for the colour of its background.
pub(in crate::tui) const QUESTION: &str = "\x1b]11;?\x1b\\";

/// Keys that an answer has at most behind its begin: `rgba:ffff/ffff/ffff/ffff` and its end.
const LONGEST: usize = 32;

/// What an answer begins with behind the escape, which arrives as Alt and the first of it.
const BEGIN: &str = "]11;";

impl Ground {
    /// What `COLORFGBG` says: foreground and background as numbers of the sixteen colours, with a
    /// word between them in some terminals.
    pub fn of_numbers(text: &str) -> Option<Self> {
        let background: u8 = text.rsplit(';').next()?.parse().ok()?;
        match background {
            7 | 9..=15 => Some(Self::Light),
            0..=6 | 8 => Some(Self::Dark),
            _ => None,
        }
    }

    /// What an answer of the terminal says: `rgb:1e1e/1e1e/1e1e`, each channel of one to four
    /// figures.
    fn of_answer(text: &str) -> Option<Self> {
        let (kind, channels) = text.split_once(':')?;
        if kind != "rgb" && kind != "rgba" {
            return None;
        }
        let mut channels = channels.split('/').map(|channel| {
            let value = u32::from_str_radix(channel, 16).ok()?;
            let most = match channel.len() {
                1 => 0xf,
                2 => 0xff,
                3 => 0xfff,
                4 => 0xffff,
                _ => return None,
            };
            Some(f64::from(value) / f64::from(most))
        });
        let mut next = || channels.next().flatten();
        let (red, green, blue) = (next()?, next()?, next()?);
        // As bright as it looks, without the detour over light: the middle is what matters.
        let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
        Some(if brightness > 0.5 {
            Self::Light
        } else {
            Self::Dark
        })
    }
}

/// Picks the answer of the terminal out of its events.
#[derive(Debug, Default)]
pub(in crate::tui) struct Answer {
    /// Events that may be the begin of an answer.
    held: Vec<Event>,
    text: String,
}

/// What an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum Heard {
    /// Perhaps part of an answer.
    Part,
    /// The end of an answer; `None` where it says nothing.
    Answered(Option<Ground>),
    /// Events that are none, in their order.
    Others(Vec<Event>),
}

impl Answer {
    /// Takes an event.
    pub(in crate::tui) fn hear(&mut self, event: Event) -> Heard {
        let key = match &event {
            Event::Key(key) => Some(*key),
            _ => None,
        };
        if self.held.is_empty() {
            if key.and_then(after_escape) == Some(']') {
                self.text.push(']');
                self.held.push(event);
                return Heard::Part;
            }
            return Heard::Others(vec![event]);
        }
        let is_begun = self.text.starts_with(BEGIN);
        if is_begun && key.is_some_and(is_end) {
            let said = self.text.strip_prefix(BEGIN).and_then(Ground::of_answer);
            self.held.clear();
            self.text.clear();
            return Heard::Answered(said);
        }
        if let Some(KeyEvent {
            code: KeyCode::Char(c),
            modifiers,
            ..
        }) = key
            && !modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL)
            && self.held.len() < LONGEST
        {
            self.text.push(c);
            let is_possible = is_begun || BEGIN.starts_with(&self.text);
            if is_possible || self.text.starts_with(BEGIN) {
                self.held.push(event);
                return Heard::Part;
            }
        }
        self.text.clear();
        let mut others = std::mem::take(&mut self.held);
        others.push(event);
        Heard::Others(others)
    }
}

fn after_escape(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::ALT) => Some(c),
        _ => None,
    }
}

/// The bell, or the escape with a backslash.
fn is_end(key: KeyEvent) -> bool {
    let is_bell = key.code == KeyCode::Char('g') && key.modifiers.contains(KeyModifiers::CONTROL);
    is_bell || after_escape(key) == Some('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events as the terminal library makes them of bytes.
    fn events(text: &str) -> Vec<Event> {
        let mut modifiers = KeyModifiers::NONE;
        let mut events = Vec::new();
        for c in text.chars() {
            let code = match c {
                '\x1b' => {
                    modifiers = KeyModifiers::ALT;
                    continue;
                }
                '\x07' => {
                    modifiers = KeyModifiers::CONTROL;
                    'g'
                }
                c => c,
            };
            events.push(Event::Key(KeyEvent::new(KeyCode::Char(code), modifiers)));
            modifiers = KeyModifiers::NONE;
        }
        events
    }

    fn heard(text: &str) -> (Vec<Event>, Vec<Option<Ground>>) {
        let mut answer = Answer::default();
        let (mut others, mut answers) = (Vec::new(), Vec::new());
        for event in events(text) {
            match answer.hear(event) {
                Heard::Part => {}
                Heard::Answered(ground) => answers.push(ground),
                Heard::Others(more) => others.extend(more),
            }
        }
        (others, answers)
    }

    #[test]
    fn the_environment_tells_the_ground() {
        for (text, ground) in [
            ("15;0", Some(Ground::Dark)),
            ("0;15", Some(Ground::Light)),
            ("0;default;15", Some(Ground::Light)),
            ("12;8", Some(Ground::Dark)),
            ("0;7", Some(Ground::Light)),
            ("default;default", None),
            ("", None),
            ("0;99", None),
        ] {
            assert_eq!(Ground::of_numbers(text), ground, "{text}");
        }
    }

    #[test]
    fn the_answer_is_taken_out_of_what_is_typed() {
        for (text, ground) in [
            ("j\x1b]11;rgb:ffff/ffff/dddd\x1b\\k", Some(Ground::Light)),
            ("j\x1b]11;rgb:1e/1e/1e\x07k", Some(Ground::Dark)),
            ("jk\x1b]11;rgba:0000/2b2b/3636/ffff\x07", Some(Ground::Dark)),
            ("j\x1b]11;nonsense\x07k", None),
        ] {
            assert_eq!(heard(text), (events("jk"), vec![ground]), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_given_on_in_its_order() {
        let long = format!("\x1b]11;rgb:{}", "f".repeat(80));
        for text in [
            "q",
            "\x1bx",
            "\x1b]q",
            "\x1b]1q",
            "\x1b]11;\x1b[",
            long.as_str(),
        ] {
            assert_eq!(heard(text), (events(text), Vec::new()), "{text:?}");
        }
    }
}
