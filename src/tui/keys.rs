//! Every key of the dashboard, in one table: what it does, where, and the words that explain it.
//! The dispatcher, the help screen and the hints at the foot of each screen all read this table,
//! so that none of them can say something else than another.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

/// One screen of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// The connections of the capture: home.
    #[default]
    Streams,
    /// One connection at a glance.
    Session,
    /// Its calls.
    Calls,
    /// Its media timing.
    Media,
    /// Its messages.
    Messages,
    /// What was odd.
    Anomalies,
}

impl Screen {
    /// All screens in the order of their keys.
    pub const ALL: [Self; 6] = [
        Self::Streams,
        Self::Session,
        Self::Calls,
        Self::Media,
        Self::Messages,
        Self::Anomalies,
    ];

    /// The word for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Streams => "Streams",
            Self::Session => "Session",
            Self::Calls => "Calls",
            Self::Media => "Media",
            Self::Messages => "Messages",
            Self::Anomalies => "Anomalies",
        }
    }

    /// The key that leads there.
    pub fn digit(self) -> char {
        match self {
            Self::Streams => '1',
            Self::Session => '2',
            Self::Calls => '3',
            Self::Media => '4',
            Self::Messages => '5',
            Self::Anomalies => '6',
        }
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Show a screen.
    Show(Screen),
    /// Into what is selected.
    Enter,
    /// Out again.
    Back,
    /// The connection before this one.
    PreviousConnection,
    /// The connection after this one.
    NextConnection,
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
    /// One byte to the left.
    Left,
    /// One byte to the right.
    Right,
    /// To the next pane.
    NextPane,
    /// To the pane before.
    PreviousPane,
    /// Ask for a text to search for.
    Filter,
    /// To the next anomaly.
    NextAnomaly,
    /// To the anomaly before.
    PreviousAnomaly,
    /// Freeze what is shown.
    Pause,
    /// Stay at the newest line.
    Follow,
    /// Another way to show times.
    TimeMode,
    /// Another order.
    Sort,
    /// Explain the keys.
    Help,
    /// Leave the program.
    Quit,
}

/// Where a key is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Everywhere,
    /// On these screens.
    On(&'static [Screen]),
}

impl Scope {
    /// Whether the key is meant on this screen.
    pub fn holds(self, screen: Screen) -> bool {
        match self {
            Self::Everywhere => true,
            Self::On(screens) => screens.contains(&screen),
        }
    }
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
    pub scope: Scope,
    /// The explanation in the help.
    pub help: &'static str,
    /// A word for the foot of the screen, for keys that need to be met there.
    pub hint: Option<&'static str>,
}

use KeyCode::Char;
use Screen::Anomalies;
use Screen::Calls;
use Screen::Media;
use Screen::Messages;
use Screen::Session;
use Screen::Streams;

const fn key(
    codes: &'static [KeyCode],
    shown: &'static str,
    action: Action,
    help: &'static str,
) -> Key {
    Key {
        codes,
        shown,
        action,
        scope: Scope::Everywhere,
        help,
        hint: None,
    }
}

impl Key {
    const fn on(self, screens: &'static [Screen]) -> Self {
        Self {
            scope: Scope::On(screens),
            ..self
        }
    }

    const fn hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

/// The table. Hints stand in the order in which they leave a narrow screen, last first.
pub const KEYS: &[Key] = &[
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        "open the session of the selected connection",
    )
    .on(&[Streams])
    .hint("open"),
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        "show the message of the selected call",
    )
    .on(&[Calls])
    .hint("message"),
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        "into the fields and bytes of the message",
    )
    .on(&[Messages])
    .hint("fields"),
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        "show the message where it happened",
    )
    .on(&[Anomalies])
    .hint("evidence"),
    key(
        &[KeyCode::Enter],
        "Enter",
        Action::Enter,
        "on to the calls, media, messages",
    )
    .on(&[Session, Media])
    .hint("next screen"),
    key(
        &[KeyCode::Esc],
        "Esc",
        Action::Back,
        "out again: help, filter, pane, screen",
    )
    .hint("back"),
    key(
        &[Char('?'), KeyCode::F(1)],
        "?",
        Action::Help,
        "explain the keys",
    )
    .hint("help"),
    key(
        &[Char('q')],
        "q",
        Action::Quit,
        "leave (also Ctrl-C; Ctrl-Z stops)",
    )
    .hint("quit"),
    key(
        &[Char('/')],
        "/",
        Action::Filter,
        "show only lines that contain a text",
    )
    .on(&[Streams, Messages])
    .hint("filter"),
    key(&[Char('s')], "s", Action::Sort, "sort by another column")
        .on(&[Streams])
        .hint("sort"),
    key(&[KeyCode::Tab], "Tab", Action::NextPane, "to the next pane")
        .on(&[Session, Media, Messages])
        .hint("pane"),
    key(
        &[Char('e')],
        "e",
        Action::NextAnomaly,
        "to the next anomaly",
    )
    .hint("anomaly"),
    key(
        &[Char('t')],
        "t",
        Action::TimeMode,
        "times: since start, clock, since the line before, media",
    )
    .on(&[Calls, Messages, Anomalies])
    .hint("times"),
    key(
        &[Char('p')],
        "p",
        Action::Pause,
        "freeze what is shown; reading goes on",
    )
    .hint("pause"),
    key(
        &[Char('A')],
        "A",
        Action::Follow,
        "follow: stay at the newest line",
    )
    .on(&[Streams, Messages])
    .hint("follow"),
    key(
        &[Char('E')],
        "E",
        Action::PreviousAnomaly,
        "to the anomaly before",
    ),
    key(&[Char('1')], "1", Action::Show(Streams), "the connections"),
    key(
        &[Char('2')],
        "2",
        Action::Show(Session),
        "the session at a glance",
    ),
    key(&[Char('3')], "3", Action::Show(Calls), "its calls"),
    key(&[Char('4')], "4", Action::Show(Media), "its media timing"),
    key(&[Char('5')], "5", Action::Show(Messages), "its messages"),
    key(&[Char('6')], "6", Action::Show(Anomalies), "what was odd"),
    key(
        &[Char('[')],
        "[",
        Action::PreviousConnection,
        "the connection before this one",
    ),
    key(
        &[Char(']')],
        "]",
        Action::NextConnection,
        "the connection after this one",
    ),
    key(
        &[KeyCode::Down, Char('j')],
        "↓ j",
        Action::Down,
        "one line down",
    ),
    key(&[KeyCode::Up, Char('k')], "↑ k", Action::Up, "one line up"),
    key(
        &[KeyCode::PageDown, Char(' ')],
        "PgDn",
        Action::PageDown,
        "a page down (also Space)",
    ),
    key(&[KeyCode::PageUp], "PgUp", Action::PageUp, "a page up"),
    key(
        &[KeyCode::Home, Char('g')],
        "g",
        Action::First,
        "to the first line (also Home)",
    ),
    key(
        &[KeyCode::End, Char('G')],
        "G",
        Action::Last,
        "to the last line (also End)",
    ),
    key(
        &[KeyCode::Left, Char('h')],
        "← h",
        Action::Left,
        "one byte to the left in the hex pane",
    )
    .on(&[Messages]),
    key(
        &[KeyCode::Right, Char('l')],
        "→ l",
        Action::Right,
        "one byte to the right in the hex pane",
    )
    .on(&[Messages]),
    key(
        &[KeyCode::BackTab],
        "Shift-Tab",
        Action::PreviousPane,
        "to the pane before",
    )
    .on(&[Session, Media, Messages]),
];

/// What a key does on a screen; `None` for a key without meaning there.
pub fn action(event: KeyEvent, screen: Screen) -> Option<Action> {
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return (event.code == Char('c')).then_some(Action::Quit);
    }
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    KEYS.iter()
        .find(|key| key.scope.holds(screen) && key.codes.contains(&event.code))
        .map(|key| key.action)
}

/// The keys that mean something on a screen, in the order of the table.
pub fn keys_of(screen: Screen) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.scope.holds(screen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn every_key_of_the_table_does_what_the_table_says() {
        for key in KEYS {
            assert!(!key.help.is_empty() && !key.shown.is_empty());
            assert!(!key.codes.is_empty());
            for screen in Screen::ALL {
                for code in key.codes {
                    if key.scope.holds(screen) {
                        assert_eq!(action(press(*code), screen), Some(key.action));
                    }
                }
            }
        }
    }

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for screen in Screen::ALL {
            let mut seen: Vec<KeyCode> = Vec::new();
            for key in keys_of(screen) {
                for code in key.codes {
                    assert!(!seen.contains(code), "{code:?} twice on {screen:?}");
                    seen.push(*code);
                }
            }
        }
    }

    #[test]
    fn control_c_leaves_from_everywhere() {
        let event = KeyEvent::new(Char('c'), KeyModifiers::CONTROL);
        for screen in Screen::ALL {
            assert_eq!(action(event, screen), Some(Action::Quit));
        }
    }

    #[test]
    fn the_digits_lead_to_their_screens() {
        for screen in Screen::ALL {
            let event = press(Char(screen.digit()));
            assert_eq!(action(event, Media), Some(Action::Show(screen)));
        }
    }
}
