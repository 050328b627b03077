//! Keys as they are pressed, written and bound: the [`KeyMap`] says which key does what on which
//! screen. Without a configuration it holds what [`COMMANDS`] names.

use std::fmt;
use std::str::FromStr;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::tui::commands::Action;
use crate::tui::commands::COMMANDS;
use crate::tui::commands::Command;
use crate::tui::screen::Screen;

/// One press of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// The key.
    pub code: KeyCode,
    /// Whether Ctrl is held.
    pub ctrl: bool,
}

impl Press {
    /// What an event of the terminal is; `None` with Alt, which nothing is bound to: terminals
    /// send it as Escape and a key.
    pub fn of(event: KeyEvent) -> Option<Self> {
        if event.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            // With Ctrl, terminals differ in the case they report.
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        Some(Self { code, ctrl })
    }
}

/// Names of keys that are no characters, as they are shown, and as they are typed.
const NAMED: &[(KeyCode, &str, &str)] = &[
    (KeyCode::Enter, "Enter", "enter"),
    (KeyCode::Esc, "Esc", "esc"),
    (KeyCode::Tab, "Tab", "tab"),
    (KeyCode::BackTab, "Shift-Tab", "shift-tab"),
    (KeyCode::Backspace, "Backspace", "backspace"),
    (KeyCode::Delete, "Del", "delete"),
    (KeyCode::Insert, "Ins", "insert"),
    (KeyCode::Up, "↑", "up"),
    (KeyCode::Down, "↓", "down"),
    (KeyCode::Left, "←", "left"),
    (KeyCode::Right, "→", "right"),
    (KeyCode::PageUp, "PgUp", "pgup"),
    (KeyCode::PageDown, "PgDn", "pgdn"),
    (KeyCode::Home, "Home", "home"),
    (KeyCode::End, "End", "end"),
    (KeyCode::Char(' '), "Space", "space"),
];

impl fmt::Display for Press {
    /// As the help shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if let Some((_, shown, _)) = NAMED.iter().find(|(code, ..)| *code == self.code) {
            return f.write_str(shown);
        }
        match self.code {
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            _ => f.write_str("?"),
        }
    }
}

impl Press {
    /// As it is typed in a configuration: [`Press::from_str`] reads it back.
    pub fn typed(self) -> String {
        let name = match NAMED.iter().find(|(code, ..)| *code == self.code) {
            Some((.., typed)) => (*typed).to_owned(),
            None => match self.code {
                KeyCode::F(number) => format!("f{number}"),
                KeyCode::Char(c) => c.to_string(),
                _ => String::new(),
            },
        };
        let ctrl = if self.ctrl { "ctrl-" } else { "" };
        format!("{ctrl}{name}")
    }
}

/// What is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no key; keys are single characters, ctrl-a, enter, esc, tab, shift-tab, space, up, \
     down, left, right, pgup, pgdn, home, end, insert, delete, backspace, f1 to f12"
)]
pub struct NoKey(String);

impl FromStr for Press {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let none = || NoKey(text.chars().take(20).collect());
        let lower = text.to_lowercase();
        let (ctrl, name) = match lower.strip_prefix("ctrl-") {
            Some(name) if !name.is_empty() => (true, name),
            // A single character keeps its case.
            _ => (false, text),
        };
        let mut chars = name.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => {
                let name = name.to_lowercase();
                let number = name.strip_prefix('f').and_then(|n| n.parse::<u8>().ok());
                let named = NAMED.iter().find(|(.., typed)| *typed == name);
                match (named, number) {
                    (Some((code, ..)), _) => *code,
                    (None, Some(number @ 1..=12)) => KeyCode::F(number),
                    (None, _) => return Err(none()),
                }
            }
        };
        Ok(Self { code, ctrl })
    }
}

/// Why keys cannot be bound as they are asked to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// No command has this name.
    #[error("no command is named \"{name}\"{}", suggestion(.nearest.as_deref()))]
    NoCommand {
        /// What was written.
        name: String,
        /// The name that is most like it.
        nearest: Option<&'static str>,
    },
    /// No key is written so.
    #[error("{name}: {cause}")]
    NoKey {
        /// The command.
        name: String,
        /// What is wrong.
        cause: NoKey,
    },
    /// One key would do two things on one screen.
    #[error("{press} would mean {one} and {other} on {}", .screen.title())]
    Twice {
        /// The key.
        press: Press,
        /// What it means.
        one: &'static str,
        /// What it means, too.
        other: &'static str,
        /// Where.
        screen: Screen,
    },
    /// Nothing would leave the program, or nothing would go out again.
    #[error("{0} needs a key")]
    Needed(&'static str),
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"))
}

/// Which key does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMap {
    /// Keys of each command, in the order of [`COMMANDS`].
    keys: Vec<Vec<Press>>,
}

impl Default for KeyMap {
    fn default() -> Self {
        Self {
            keys: COMMANDS
                .iter()
                .map(|command| command.keys.to_vec())
                .collect(),
        }
    }
}

impl KeyMap {
    /// The keys of the table with others in the place of some: names of commands with their keys,
    /// which may be none.
    ///
    /// # Errors
    /// A name or a key that there is not, a key with two meanings, a command that must have one.
    pub fn with(chosen: &[(String, Vec<String>)]) -> Result<Self, BindError> {
        let mut map = Self::default();
        for (name, keys) in chosen {
            if !COMMANDS.iter().any(|command| command.name == name) {
                return Err(BindError::NoCommand {
                    name: name.chars().take(40).collect(),
                    nearest: nearest(name),
                });
            }
            let mut presses = Vec::new();
            for key in keys {
                let press = key.parse().map_err(|cause| BindError::NoKey {
                    name: name.clone(),
                    cause,
                })?;
                presses.push(press);
            }
            for (command, keys) in COMMANDS.iter().zip(&mut map.keys) {
                if command.name == name {
                    keys.clone_from(&presses);
                }
            }
        }
        map.check()?;
        Ok(map)
    }

    fn check(&self) -> Result<(), BindError> {
        for screen in Screen::ALL {
            let mut seen: Vec<(Press, &'static str)> = Vec::new();
            for (command, keys) in self.of(screen) {
                for press in keys {
                    if let Some((_, one)) = seen.iter().find(|(known, _)| known == press) {
                        return Err(BindError::Twice {
                            press: *press,
                            one,
                            other: command.name,
                            screen,
                        });
                    }
                    seen.push((*press, command.name));
                }
            }
        }
        for needed in ["close", "back"] {
            let has_key = COMMANDS.iter().zip(&self.keys);
            let mut has_key = has_key.filter(|(command, _)| command.name == needed);
            if has_key.all(|(_, keys)| keys.is_empty()) {
                return Err(BindError::Needed(needed));
            }
        }
        Ok(())
    }

    /// What a key does on a screen; `None` for a key without meaning there. Ctrl-C leaves from
    /// everywhere, whatever was chosen.
    pub fn action(&self, event: KeyEvent, screen: Screen) -> Option<Action> {
        let press = Press::of(event)?;
        self.of(screen)
            .find(|(_, keys)| keys.contains(&press))
            .map(|(command, _)| command.action)
            .or_else(|| {
                let leaves = press.ctrl && press.code == KeyCode::Char('c');
                leaves.then_some(Action::Quit)
            })
    }

    /// What can be done on a screen, with its keys, in the order of the table.
    pub fn of(&self, screen: Screen) -> impl Iterator<Item = (&'static Command, &[Press])> {
        COMMANDS
            .iter()
            .zip(&self.keys)
            .filter(move |(command, _)| command.scope.holds(screen))
            .map(|(command, keys)| (command, keys.as_slice()))
    }

    /// Everything that can be done, with its keys.
    pub fn all(&self) -> impl Iterator<Item = (&'static Command, &[Press])> {
        COMMANDS
            .iter()
            .zip(&self.keys)
            .map(|(command, keys)| (command, keys.as_slice()))
    }
}

/// Keys in one text, at most two of them.
pub fn shown(keys: &[Press]) -> String {
    let shown: Vec<String> = keys.iter().take(2).map(ToString::to_string).collect();
    shown.join(" ")
}

/// The name of a command that is most like a text, where one is.
fn nearest(text: &str) -> Option<&'static str> {
    const LIKE: f64 = 0.7;
    COMMANDS
        .iter()
        .map(|command| (strsim::jaro_winkler(command.name, text), command.name))
        .filter(|(likeness, _)| *likeness > LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode::Char;

    fn press(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn chosen(name: &str, keys: &[&str]) -> Result<KeyMap, BindError> {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        KeyMap::with(&[(name.to_owned(), keys)])
    }

    #[test]
    fn every_key_of_the_table_does_what_the_table_says() {
        let map = KeyMap::default();
        for (command, keys) in map.all() {
            for screen in Screen::ALL {
                for key in keys {
                    let modifiers = if key.ctrl {
                        KeyModifiers::CONTROL
                    } else {
                        KeyModifiers::NONE
                    };
                    if command.scope.holds(screen) {
                        let event = KeyEvent::new(key.code, modifiers);
                        assert_eq!(map.action(event, screen), Some(command.action));
                    }
                }
            }
        }
    }

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        assert_eq!(KeyMap::default().check(), Ok(()));
    }

    #[test]
    fn control_c_leaves_from_everywhere() {
        let event = KeyEvent::new(Char('c'), KeyModifiers::CONTROL);
        let map = chosen("quit", &["f12"]).unwrap();
        for screen in Screen::ALL {
            assert_eq!(map.action(event, screen), Some(Action::Quit));
        }
    }

    #[test]
    fn the_digits_lead_to_their_screens() {
        let map = KeyMap::default();
        for screen in Screen::ALL {
            let event = press(Char(screen.digit()));
            assert_eq!(map.action(event, Screen::Media), Some(Action::Show(screen)));
        }
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        for (_, keys) in KeyMap::default().all() {
            for key in keys {
                assert_eq!(key.typed().parse(), Ok(*key), "{}", key.typed());
            }
        }
        let parsed = |text: &str| text.parse::<Press>().ok().map(|key| key.to_string());
        assert_eq!(parsed("Ctrl-F").as_deref(), Some("Ctrl-F"));
        assert_eq!(parsed("F12").as_deref(), Some("F12"));
        assert_eq!(parsed("PgDn").as_deref(), Some("PgDn"));
        assert_eq!(parsed("A").as_deref(), Some("A"));
        for none in ["", "f13", "ctrl-", "alt-x", "\u{1b}", "xy"] {
            assert_eq!(parsed(none), None, "{none:?}");
        }
    }

    #[test]
    fn other_keys_take_the_place_of_the_tables() {
        let map = chosen("next-finding", &["f8", "ctrl-e"]).unwrap();
        let find = |code| map.action(press(code), Screen::Streams);
        assert_eq!(find(KeyCode::F(8)), Some(Action::NextFinding));
        assert_eq!(find(Char('e')), None);
        assert!(chosen("copy", &[]).is_ok());
    }

    #[test]
    fn what_cannot_be_bound_is_told_by_name() {
        let said = |result: Result<KeyMap, BindError>| result.unwrap_err().to_string();
        assert_eq!(
            said(chosen("next-findin", &["x"])),
            "no command is named \"next-findin\"; did you mean \"next-finding\"?"
        );
        assert_eq!(
            said(chosen("filter", &["q"])),
            "q would mean close and filter on Streams"
        );
        assert!(said(chosen("copy", &["hyper-x"])).starts_with("copy: \"hyper-x\" is no key"));
        assert_eq!(said(chosen("back", &[])), "back needs a key");
    }
}
