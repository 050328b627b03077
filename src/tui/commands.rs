//! Everything that can be done in the dashboard, in one table: its name, the keys that do it when
//! nobody chose others, where it can be done, and the words that explain it. The dispatcher, the
//! help, the hints at the foot, the palette, the template of the configuration and the manual page
//! all read this table, so that none of them can say something else than another.

use crossterm::event::KeyCode;
use crossterm::event::KeyCode::Char;

use crate::tui::keys::Press;
use crate::tui::screen::Screen;
use crate::tui::screen::Screen::Calls;
use crate::tui::screen::Screen::Compare;
use crate::tui::screen::Screen::Findings;
use crate::tui::screen::Screen::Media;
use crate::tui::screen::Screen::Messages;
use crate::tui::screen::Screen::Session;
use crate::tui::screen::Screen::Streams;

/// What can be done.
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
    /// Half a page down.
    HalfPageDown,
    /// Half a page up.
    HalfPageUp,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// To the left: a byte, a moment.
    Left,
    /// To the right.
    Right,
    /// To the next pane.
    NextPane,
    /// To the pane before.
    PreviousPane,
    /// The pane with the keys alone, and back.
    ZoomPane,
    /// Ask for a filter.
    Filter,
    /// Let everything through again.
    ClearFilter,
    /// Ask for a text to go to.
    Find,
    /// To the next line with that text.
    FindNext,
    /// To the line with it before.
    FindPrevious,
    /// To the next finding.
    NextFinding,
    /// To the finding before.
    PreviousFinding,
    /// Mute a kind of findings.
    Mute,
    /// Show what is muted, too.
    ShowMuted,
    /// Freeze what is shown.
    Pause,
    /// Stay at the newest line.
    Follow,
    /// Another way to show times.
    TimeMode,
    /// Remember this moment.
    Mark,
    /// To the moment that was remembered.
    ToMark,
    /// Another order.
    Sort,
    /// The other way round.
    SortReverse,
    /// Choose which columns are shown.
    Columns,
    /// Tick a connection.
    Tick,
    /// Tick none.
    UntickAll,
    /// Hold two connections against each other.
    Compare,
    /// Only what differs, or all.
    OnlyDifferences,
    /// The left one to the right.
    SwapSides,
    /// A shorter span of time.
    ZoomIn,
    /// A longer one.
    ZoomOut,
    /// Distances to scale, or every line alike.
    Scale,
    /// Bytes as on the wire, or the body alone.
    WireBytes,
    /// The time cursor one message back.
    StepBack,
    /// The time cursor one message on.
    StepOn,
    /// Replay from the time cursor, or hold the replay.
    Play,
    /// Replay faster.
    Faster,
    /// Replay slower.
    Slower,
    /// End the replay: everything that was captured.
    PlayOut,
    /// Write something to a file.
    Save,
    /// Stop writing it.
    CancelSaving,
    /// Copy what is selected.
    Copy,
    /// Choose what to do by name.
    Palette,
    /// Explain the keys.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Stop the process until it is woken.
    Suspend,
    /// Out again, and at the top out of the program.
    Close,
    /// Leave the program.
    Quit,
}

/// Where something can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Everywhere,
    /// On these screens.
    On(&'static [Screen]),
}

impl Scope {
    /// Whether it can be done on this screen.
    pub fn holds(self, screen: Screen) -> bool {
        match self {
            Self::Everywhere => true,
            Self::On(screens) => screens.contains(&screen),
        }
    }
}

/// One line of the table. Several lines may have the same name: the same thing with other words on
/// another screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// The name, in the palette and in the configuration.
    pub name: &'static str,
    /// What it does.
    pub action: Action,
    /// Keys that do it unless others are chosen; the first is the one that is shown first.
    pub keys: &'static [Press],
    /// Where.
    pub scope: Scope,
    /// The explanation.
    pub help: &'static str,
    /// A word for the foot of the screen, for keys that need to be met there.
    pub hint: Option<&'static str>,
}

const fn command(
    name: &'static str,
    action: Action,
    keys: &'static [Press],
    help: &'static str,
) -> Command {
    Command {
        name,
        action,
        keys,
        scope: Scope::Everywhere,
        help,
        hint: None,
    }
}

impl Command {
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

const fn key(code: KeyCode) -> Press {
    Press { code, ctrl: false }
}

const fn ctrl(letter: char) -> Press {
    Press {
        code: Char(letter),
        ctrl: true,
    }
}

/// Screens that have several panes.
const PANED: &[Screen] = &[Session, Calls, Media, Messages, Findings];

/// Screens with lines that can be searched through.
const LISTS: &[Screen] = &[Streams, Calls, Messages, Findings];

/// Screens on which the time cursor is to be seen.
const TIMED: &[Screen] = &[Session, Calls, Media, Messages, Findings];

/// The table. Hints stand in the order in which they leave a narrow screen, last first.
pub const COMMANDS: &[Command] = &[
    command(
        "open",
        Action::Enter,
        &[key(KeyCode::Enter)],
        "open the session of the selected connection",
    )
    .on(&[Streams])
    .hint("open"),
    command(
        "open",
        Action::Enter,
        &[key(KeyCode::Enter)],
        "show the message of the selected call",
    )
    .on(&[Calls])
    .hint("message"),
    command(
        "open",
        Action::Enter,
        &[key(KeyCode::Enter)],
        "into the fields and bytes of the message",
    )
    .on(&[Messages])
    .hint("fields"),
    command(
        "open",
        Action::Enter,
        &[key(KeyCode::Enter)],
        "show the message that proves it",
    )
    .on(&[Findings])
    .hint("evidence"),
    command(
        "open",
        Action::Enter,
        &[key(KeyCode::Enter)],
        "show the message at the time cursor",
    )
    .on(&[Media])
    .hint("message"),
    command(
        "open",
        Action::Enter,
        &[key(KeyCode::Enter)],
        "to the message or the screen that the line is about",
    )
    .on(&[Session, Compare])
    .hint("open"),
    command(
        "back",
        Action::Back,
        &[key(KeyCode::Esc)],
        "out again: what lies above, pane, filter, screen; never out of the program",
    )
    .on(&[Session, Calls, Media, Messages, Findings, Compare])
    .hint("back"),
    command(
        "help",
        Action::Help,
        &[key(Char('?')), key(KeyCode::F(1))],
        "explain the keys of this screen; again: all keys and signs",
    )
    .hint("help"),
    command(
        "close",
        Action::Close,
        &[key(Char('q'))],
        "leave the program",
    )
    .on(&[Streams])
    .hint("quit"),
    command(
        "filter",
        Action::Filter,
        &[key(Char('/')), key(KeyCode::F(3)), key(KeyCode::F(7))],
        "show only what an expression lets through",
    )
    .on(&[Streams, Messages, Findings])
    .hint("filter"),
    command(
        "next-finding",
        Action::NextFinding,
        &[key(Char('e'))],
        "to the next finding, wherever it is",
    )
    .hint("finding"),
    command(
        "next-pane",
        Action::NextPane,
        &[key(KeyCode::Tab)],
        "to the next pane",
    )
    .on(PANED)
    .hint("pane"),
    command(
        "only-differences",
        Action::OnlyDifferences,
        &[key(Char('x'))],
        "only what differs, or everything",
    )
    .on(&[Compare])
    .hint("differences"),
    command(
        "swap",
        Action::SwapSides,
        &[key(Char('X'))],
        "the left one to the right, and the right one to the left",
    )
    .on(&[Compare])
    .hint("swap"),
    command(
        "zoom-in",
        Action::ZoomIn,
        &[key(Char('z'))],
        "a shorter span of time around the cursor",
    )
    .on(&[Media])
    .hint("zoom"),
    command(
        "save",
        Action::Save,
        &[key(Char('w')), key(KeyCode::F(2))],
        "save: packets, FLV, JSON, text, Markdown, a ladder",
    )
    .hint("save"),
    command(
        "tick",
        Action::Tick,
        &[key(Char(' '))],
        "tick the connection, for saving and comparing",
    )
    .on(&[Streams])
    .hint("tick"),
    command(
        "compare",
        Action::Compare,
        &[key(Char('D'))],
        "hold the two ticked connections against each other, or the open one and its peer",
    )
    .hint("compare"),
    command(
        "copy",
        Action::Copy,
        &[key(Char('y'))],
        "copy what is selected to the clipboard of your terminal",
    )
    .hint("copy"),
    command(
        "time-mode",
        Action::TimeMode,
        &[key(Char('t'))],
        "times: since start, of day, since the line before, since the mark, of the media",
    )
    .on(&[Calls, Media, Messages, Findings])
    .hint("times"),
    command(
        "sort",
        Action::Sort,
        &[key(Char('s'))],
        "sort by the next column",
    )
    .on(&[Streams])
    .hint("sort"),
    command(
        "scale",
        Action::Scale,
        &[key(Char('s'))],
        "distances between the lines to the scale of time, and back",
    )
    .on(&[Calls])
    .hint("scale"),
    command(
        "wire-bytes",
        Action::WireBytes,
        &[key(Char('x'))],
        "bytes as they were on the wire, with chunk headers, or the body alone",
    )
    .on(&[Messages])
    .hint("wire"),
    command(
        "pause",
        Action::Pause,
        &[key(Char('p'))],
        "freeze what is shown; reading goes on",
    )
    .hint("pause"),
    command(
        "follow",
        Action::Follow,
        &[key(Char('A'))],
        "stay at the newest line",
    )
    .on(&[Streams, Messages])
    .hint("follow"),
    command(
        "replay",
        Action::Play,
        &[key(Char(' '))],
        "replay the capture from the time cursor, or hold the replay",
    )
    .on(&[Session, Calls, Media, Messages, Findings, Compare])
    .hint("replay"),
    command(
        "palette",
        Action::Palette,
        &[key(Char(':'))],
        "choose what to do by name",
    )
    .hint("commands"),
    command(
        "mark",
        Action::Mark,
        &[key(Char('m'))],
        "remember this moment; times can be told from it",
    )
    .on(TIMED)
    .hint("mark"),
    command(
        "mute",
        Action::Mute,
        &[key(Char('M'))],
        "mute findings of this kind, or show them again",
    )
    .on(&[Findings])
    .hint("mute"),
    command(
        "find",
        Action::Find,
        &[ctrl('f')],
        "go to the next line that contains a text",
    )
    .on(LISTS)
    .hint("find"),
    command(
        "close",
        Action::Close,
        &[key(Char('q'))],
        "close what is open: pane, filter, screen; on the first screen the program",
    )
    .on(&[Session, Calls, Media, Messages, Findings, Compare])
    .hint("close"),
    command(
        "back",
        Action::Back,
        &[key(KeyCode::Esc)],
        "out again: what lies above, then the filter; never out of the program",
    )
    .on(&[Streams]),
    command(
        "previous-finding",
        Action::PreviousFinding,
        &[key(Char('E'))],
        "to the finding before",
    ),
    command(
        "show-muted",
        Action::ShowMuted,
        &[key(Char('f'))],
        "show muted findings, too",
    )
    .on(&[Findings]),
    command(
        "to-mark",
        Action::ToMark,
        &[key(Char('\''))],
        "to the mark, and back to where you were",
    )
    .on(TIMED),
    command(
        "clear-filter",
        Action::ClearFilter,
        &[key(KeyCode::F(5))],
        "let everything through again",
    )
    .on(&[Streams, Messages, Findings]),
    command(
        "find-next",
        Action::FindNext,
        &[key(Char('n'))],
        "to the next line with the text",
    )
    .on(LISTS),
    command(
        "find-previous",
        Action::FindPrevious,
        &[key(Char('N'))],
        "to the line with the text before",
    )
    .on(LISTS),
    command(
        "sort-reverse",
        Action::SortReverse,
        &[key(Char('S'))],
        "the same order the other way round",
    )
    .on(&[Streams]),
    command(
        "columns",
        Action::Columns,
        &[key(KeyCode::F(10)), key(Char('c'))],
        "choose which columns are shown where there is room",
    )
    .on(&[Streams]),
    command(
        "untick-all",
        Action::UntickAll,
        &[key(Char('u'))],
        "tick no connection",
    )
    .on(&[Streams]),
    command(
        "streams",
        Action::Show(Streams),
        &[key(Char('1'))],
        "the connections",
    ),
    command(
        "session",
        Action::Show(Session),
        &[key(Char('2'))],
        "the session at a glance",
    ),
    command(
        "calls",
        Action::Show(Calls),
        &[key(Char('3')), key(KeyCode::F(4))],
        "its calls",
    ),
    command(
        "media",
        Action::Show(Media),
        &[key(Char('4'))],
        "its media timing",
    ),
    command(
        "messages",
        Action::Show(Messages),
        &[key(Char('5')), key(KeyCode::F(6))],
        "its messages",
    ),
    command(
        "findings",
        Action::Show(Findings),
        &[key(Char('6'))],
        "what was odd",
    ),
    command(
        "comparison",
        Action::Show(Compare),
        &[key(Char('7'))],
        "two connections side by side",
    ),
    command(
        "previous-connection",
        Action::PreviousConnection,
        &[key(Char('['))],
        "the connection before this one",
    ),
    command(
        "next-connection",
        Action::NextConnection,
        &[key(Char(']'))],
        "the connection after this one",
    ),
    command(
        "down",
        Action::Down,
        &[key(KeyCode::Down), key(Char('j'))],
        "one line down",
    ),
    command(
        "up",
        Action::Up,
        &[key(KeyCode::Up), key(Char('k'))],
        "one line up",
    ),
    command(
        "page-down",
        Action::PageDown,
        &[key(KeyCode::PageDown), ctrl('n')],
        "a page down",
    ),
    command(
        "page-up",
        Action::PageUp,
        &[key(KeyCode::PageUp), ctrl('b')],
        "a page up",
    ),
    command(
        "half-page-down",
        Action::HalfPageDown,
        &[ctrl('d')],
        "half a page down",
    ),
    command(
        "half-page-up",
        Action::HalfPageUp,
        &[ctrl('u')],
        "half a page up",
    ),
    command(
        "first",
        Action::First,
        &[key(Char('g')), key(KeyCode::Home)],
        "to the first line",
    ),
    command(
        "last",
        Action::Last,
        &[key(Char('G')), key(KeyCode::End)],
        "to the last line",
    ),
    command(
        "left",
        Action::Left,
        &[key(KeyCode::Left), key(Char('h'))],
        "one byte to the left in the hex pane",
    )
    .on(&[Messages]),
    command(
        "right",
        Action::Right,
        &[key(KeyCode::Right), key(Char('l'))],
        "one byte to the right in the hex pane",
    )
    .on(&[Messages]),
    command(
        "left",
        Action::Left,
        &[key(KeyCode::Left), key(Char('h'))],
        "the time cursor back by a column of the chart",
    )
    .on(&[Media]),
    command(
        "right",
        Action::Right,
        &[key(KeyCode::Right), key(Char('l'))],
        "the time cursor on by a column of the chart",
    )
    .on(&[Media]),
    command(
        "step-back",
        Action::StepBack,
        &[key(Char(','))],
        "the time cursor one message back",
    )
    .on(TIMED),
    command(
        "step-on",
        Action::StepOn,
        &[key(Char('.'))],
        "the time cursor one message on",
    )
    .on(TIMED),
    command(
        "zoom-out",
        Action::ZoomOut,
        &[key(Char('Z'))],
        "a longer span of time",
    )
    .on(&[Media]),
    command(
        "faster",
        Action::Faster,
        &[key(Char('+'))],
        "replay twice as fast",
    ),
    command(
        "slower",
        Action::Slower,
        &[key(Char('-'))],
        "replay half as fast",
    ),
    command(
        "play-out",
        Action::PlayOut,
        &[key(Char('R'))],
        "end the replay: read on to the end at once",
    ),
    command(
        "previous-pane",
        Action::PreviousPane,
        &[key(KeyCode::BackTab)],
        "to the pane before",
    )
    .on(PANED),
    command(
        "zoom-pane",
        Action::ZoomPane,
        &[key(Char('\\'))],
        "the pane with the keys alone, and back",
    )
    .on(PANED),
    command(
        "cancel-saving",
        Action::CancelSaving,
        &[ctrl('x')],
        "stop what is being saved, and leave nothing of it",
    ),
    command(
        "redraw",
        Action::Redraw,
        &[ctrl('l')],
        "draw everything anew",
    ),
    command(
        "quit",
        Action::Quit,
        &[ctrl('c')],
        "leave the program at once",
    ),
    command(
        "suspend",
        Action::Suspend,
        &[ctrl('z')],
        "give the terminal back until the shell's fg",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_a_key_and_words() {
        for command in COMMANDS {
            assert!(!command.help.is_empty(), "{}", command.name);
            assert!(!command.keys.is_empty(), "{}", command.name);
            let is_kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(command.name.chars().all(is_kebab), "{}", command.name);
        }
    }

    #[test]
    fn a_name_stands_for_one_thing() {
        for one in COMMANDS {
            for other in COMMANDS {
                if one.name == other.name {
                    assert_eq!(one.action, other.action);
                    assert_eq!(one.keys, other.keys);
                } else {
                    assert_ne!(one.action, other.action, "{} {}", one.name, other.name);
                }
            }
        }
    }

    #[test]
    fn no_screen_knows_one_name_twice() {
        for screen in Screen::ALL {
            let here = COMMANDS
                .iter()
                .filter(|command| command.scope.holds(screen));
            let mut names: Vec<&str> = here.map(|command| command.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{screen:?}");
        }
    }
}
