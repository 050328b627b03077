//! Every key of the Start screen in one table, as [`crate::tui::keys`] has those of the dashboard:
//! what dispatches them is what the hints and the help show.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The list of interfaces.
    Interfaces,
    /// The list of captures.
    Captures,
    /// The field of the filter.
    Filter,
    /// The field of the path, with the folder below.
    Path,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Interfaces, Self::Captures, Self::Filter, Self::Path];

    /// Whether what is typed here is text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Filter | Self::Path)
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Use what is selected.
    Enter,
    /// Tick an interface, or no longer.
    Tick,
    /// To the next part of the screen.
    Next,
    /// To the part before.
    Previous,
    /// As much of the path as there is only one way to go on.
    Complete,
    /// Ask for a file.
    OpenFile,
    /// The built-in demo.
    Demo,
    /// To the filter.
    Filter,
    /// One line down.
    Down,
    /// One line up.
    Up,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Explain the keys.
    Help,
    /// Out again, and out of the program.
    Back,
    /// Leave the program.
    Quit,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Keys that do it.
    pub codes: &'static [KeyCode],
    /// How they are written.
    pub shown: &'static str,
    /// What they do.
    pub action: Action,
    /// Where.
    pub places: &'static [Place],
    /// The explanation in the help.
    pub help: &'static str,
    /// A word for the foot of the screen.
    pub hint: Option<&'static str>,
}

use KeyCode::Char;
use Place::Captures;
use Place::Filter;
use Place::Interfaces;
use Place::Path;

const LISTS: &[Place] = &[Interfaces, Captures];

const fn key(
    codes: &'static [KeyCode],
    shown: &'static str,
    action: Action,
    places: &'static [Place],
    help: &'static str,
    hint: Option<&'static str>,
) -> Key {
    Key {
        codes,
        shown,
        action,
        places,
        help,
        hint,
    }
}

/// The table. Hints leave a narrow screen from the last on.
pub const KEYS: &[Key] = &[
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        &[Interfaces],
        "capture on the ticked interfaces, or on the selected one",
        Some("capture"),
    ),
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        &[Captures],
        "open the selected capture",
        Some("open"),
    ),
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        &[Filter],
        "back to the list",
        Some("done"),
    ),
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        &[Path],
        "open the file, go into the folder",
        Some("open"),
    ),
    key(
        &[KeyCode::Tab],
        "Tab",
        Action::Complete,
        &[Path],
        "complete the name",
        Some("complete"),
    ),
    key(
        &[KeyCode::Tab],
        "Tab",
        Action::Next,
        &[Interfaces, Captures, Filter],
        "to the next part: interfaces, captures, filter",
        Some("next"),
    ),
    key(
        &[KeyCode::Esc],
        "Esc",
        Action::Back,
        &[Filter, Path],
        "back to the lists",
        Some("back"),
    ),
    key(
        &[Char('d')],
        "d",
        Action::Demo,
        LISTS,
        "open the built-in demo: a player that stalls",
        Some("demo"),
    ),
    key(
        &[Char('?'), KeyCode::F(1)],
        "?",
        Action::Help,
        LISTS,
        "explain the keys",
        Some("help"),
    ),
    key(
        &[Char('q'), KeyCode::Esc],
        "q",
        Action::Back,
        LISTS,
        "leave (also Esc and Ctrl-C; Ctrl-Z stops)",
        Some("quit"),
    ),
    key(
        &[Char('o')],
        "o",
        Action::OpenFile,
        LISTS,
        "open a capture file by its path",
        Some("file"),
    ),
    key(
        &[Char(' ')],
        "Space",
        Action::Tick,
        &[Interfaces],
        "tick the interface, to capture on several",
        Some("tick"),
    ),
    key(
        &[Char('f')],
        "f",
        Action::Filter,
        LISTS,
        "to the filter, a BPF expression for what is opened next",
        Some("filter"),
    ),
    key(
        &[KeyCode::Down, Char('j')],
        "↓ j",
        Action::Down,
        LISTS,
        "one line down",
        None,
    ),
    key(
        &[KeyCode::Up, Char('k')],
        "↑ k",
        Action::Up,
        LISTS,
        "one line up",
        None,
    ),
    key(
        &[KeyCode::Down],
        "↓",
        Action::Down,
        &[Filter, Path],
        "one line down",
        None,
    ),
    key(
        &[KeyCode::Up],
        "↑",
        Action::Up,
        &[Filter, Path],
        "one line up",
        None,
    ),
    key(
        &[KeyCode::PageDown],
        "PgDn",
        Action::PageDown,
        &[Interfaces, Captures, Path],
        "a page down",
        None,
    ),
    key(
        &[KeyCode::PageUp],
        "PgUp",
        Action::PageUp,
        &[Interfaces, Captures, Path],
        "a page up",
        None,
    ),
    key(
        &[KeyCode::Home, Char('g')],
        "g",
        Action::First,
        LISTS,
        "to the first line (also Home)",
        None,
    ),
    key(
        &[KeyCode::End, Char('G')],
        "G",
        Action::Last,
        LISTS,
        "to the last line (also End)",
        None,
    ),
    key(
        &[KeyCode::BackTab],
        "Shift-Tab",
        Action::Previous,
        &[Interfaces, Captures, Filter],
        "to the part before",
        None,
    ),
    key(
        &[KeyCode::F(1)],
        "F1",
        Action::Help,
        &[Filter, Path],
        "explain the keys",
        None,
    ),
];

/// What a key does; `None` for one without meaning here, which a field may take as text.
pub fn action(event: KeyEvent, place: Place) -> Option<Action> {
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return (event.code == Char('c')).then_some(Action::Quit);
    }
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    keys_of(place)
        .find(|key| key.codes.contains(&event.code))
        .map(|key| key.action)
}

/// The keys that mean something in a place, in the order of the table.
pub fn keys_of(place: Place) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.places.contains(&place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in Place::ALL {
            let mut seen: Vec<KeyCode> = Vec::new();
            for key in keys_of(place) {
                assert!(!key.help.is_empty() && !key.shown.is_empty());
                for code in key.codes {
                    assert!(!seen.contains(code), "{code:?} twice in {place:?}");
                    seen.push(*code);
                    let event = KeyEvent::new(*code, KeyModifiers::NONE);
                    assert_eq!(action(event, place), Some(key.action));
                }
            }
        }
    }

    #[test]
    fn where_one_types_every_printable_key_is_text() {
        for place in Place::ALL.into_iter().filter(|place| place.is_text()) {
            let printable = |key: &Key| key.codes.iter().any(|code| matches!(code, Char(_)));
            assert!(!keys_of(place).any(printable), "{place:?}");
        }
    }

    #[test]
    fn control_c_leaves_from_everywhere() {
        let event = KeyEvent::new(Char('c'), KeyModifiers::CONTROL);
        for place in Place::ALL {
            assert_eq!(action(event, place), Some(Action::Quit));
        }
    }
}
