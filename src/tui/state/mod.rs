//! Where the reader is and how they want to see it: the [`ViewState`], and what each key makes of
//! it. Nothing here draws, and nothing here waits.

pub mod list;
mod steps;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::base::ids::FlowId;
use crate::tui::keys;
use crate::tui::keys::Action;
use crate::tui::keys::Screen;
use crate::tui::model::Snapshot;
use crate::tui::state::list::ListState;
use crate::tui::state::list::listed;
use crate::tui::theme::Theme;

/// Longest text to search for, in characters.
const MAX_FILTER: usize = 200;

/// How times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeMode {
    /// Since the connection's first frame.
    #[default]
    SinceStart,
    /// Time of day, UTC.
    Clock,
    /// Since the line before.
    SincePrevious,
    /// The message's own timestamp.
    Media,
}

impl TimeMode {
    fn next(self) -> Self {
        match self {
            Self::SinceStart => Self::Clock,
            Self::Clock => Self::SincePrevious,
            Self::SincePrevious => Self::Media,
            Self::Media => Self::SinceStart,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SinceStart => "since start",
            Self::Clock => "clock UTC",
            Self::SincePrevious => "since the line before",
            Self::Media => "media timestamp",
        }
    }
}

/// Which message is selected, by its number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageState {
    /// The selected one; `None` for the first that is kept.
    pub selected: Option<u64>,
    /// Text that listed messages contain.
    pub filter: String,
    /// The selected field in the tree.
    pub field: usize,
    /// The selected byte.
    pub byte: usize,
}

/// Panes of the messages.
pub const MESSAGE_LIST: usize = 0;
/// Pane with the fields.
pub const MESSAGE_TREE: usize = 1;
/// Pane with the bytes.
pub const MESSAGE_HEX: usize = 2;

/// Panes of the session.
pub const SESSION_PANES: usize = 4;
/// Panes of the media.
pub const MEDIA_PANES: usize = 2;

/// What the reader sees of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ViewState {
    /// The screen.
    pub screen: Screen,
    /// The open connection.
    pub focus: Option<FlowId>,
    /// The list.
    pub list: ListState,
    /// The messages.
    pub messages: MessageState,
    /// A frame whose message is to be selected with the next snapshot.
    pub seek: Option<u64>,
    /// The selected call.
    pub call: usize,
    /// The selected anomaly.
    pub anomaly: usize,
    /// The pane with the keys, of screens that have several.
    pub pane: usize,
    /// How far the pane with the keys is scrolled down.
    pub scroll: usize,
    /// How times are shown.
    pub time: TimeMode,
    /// Whether the picture is frozen.
    pub paused: bool,
    /// Whether the newest line is to be selected.
    pub follow: bool,
    /// Whether the help is open.
    pub help: bool,
    /// The filter as it is being typed.
    pub prompt: Option<String>,
    /// Lines that a page has.
    pub page: usize,
    /// Columns of the terminal.
    pub width: u16,
    /// Bytes in a line of the hex pane.
    pub hex_width: usize,
    /// Colours.
    pub theme: Theme,
}

/// What is to be done beside drawing again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Leave the program.
    Quit,
}

impl ViewState {
    /// Takes a key.
    pub fn key(&mut self, event: KeyEvent, snapshot: &Snapshot) -> Effect {
        if self.prompt.is_some() && !event.modifiers.contains(KeyModifiers::CONTROL) {
            self.type_into_prompt(event.code);
            return Effect::None;
        }
        match keys::action(event, self.screen) {
            Some(action) => self.act(action, snapshot),
            None => Effect::None,
        }
    }

    /// Does what a key stands for.
    pub fn act(&mut self, action: Action, snapshot: &Snapshot) -> Effect {
        if self.help {
            match action {
                Action::Quit | Action::Back | Action::Help | Action::Enter => self.help = false,
                Action::Down => self.scroll = self.scroll.saturating_add(1),
                Action::Up => self.scroll = self.scroll.saturating_sub(1),
                _ => {}
            }
            return Effect::None;
        }
        match action {
            Action::Quit => return Effect::Quit,
            Action::Help => {
                self.help = true;
                self.scroll = 0;
            }
            Action::Show(screen) => self.show(screen, snapshot),
            Action::Enter => self.enter(snapshot),
            Action::Back => self.back(),
            Action::NextConnection => self.step_connection(snapshot, true),
            Action::PreviousConnection => self.step_connection(snapshot, false),
            Action::Down => self.step(snapshot, 1, true),
            Action::Up => self.step(snapshot, 1, false),
            Action::PageDown => self.step(snapshot, self.page.max(1), true),
            Action::PageUp => self.step(snapshot, self.page.max(1), false),
            Action::First => self.step(snapshot, usize::MAX, false),
            Action::Last => self.step(snapshot, usize::MAX, true),
            Action::Right => self.step_byte(snapshot, 1, true),
            Action::Left => self.step_byte(snapshot, 1, false),
            Action::NextPane => self.pane = self.next_pane(1),
            Action::PreviousPane => {
                self.pane = self.next_pane(self.panes().saturating_sub(1));
            }
            Action::Filter => self.prompt = Some(self.filter().to_owned()),
            Action::NextAnomaly => self.step_anomaly(snapshot, true),
            Action::PreviousAnomaly => self.step_anomaly(snapshot, false),
            Action::Pause => self.paused = !self.paused,
            Action::Follow => self.follow = !self.follow,
            Action::TimeMode => self.time = self.time.next(),
            Action::Sort => self.list.sort = self.list.sort.next(),
        }
        Effect::None
    }

    /// The filter of the screen.
    pub fn filter(&self) -> &str {
        match self.screen {
            Screen::Messages => &self.messages.filter,
            _ => &self.list.filter,
        }
    }

    /// How many panes the screen has.
    pub fn panes(&self) -> usize {
        match self.screen {
            Screen::Session => SESSION_PANES,
            Screen::Media => MEDIA_PANES,
            Screen::Messages => 3,
            _ => 1,
        }
    }

    fn next_pane(&mut self, steps: usize) -> usize {
        self.scroll = 0;
        self.pane
            .saturating_add(steps)
            .checked_rem(self.panes())
            .unwrap_or(0)
    }

    fn set_filter(&mut self, text: String) {
        match self.screen {
            Screen::Messages => self.messages.filter = text,
            _ => self.list.filter = text,
        }
    }

    fn type_into_prompt(&mut self, code: KeyCode) {
        let Some(mut text) = self.prompt.take() else {
            return;
        };
        match code {
            KeyCode::Enter => {
                self.set_filter(text);
                return;
            }
            KeyCode::Esc => return,
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Char(c) if text.chars().count() < MAX_FILTER && !c.is_control() => {
                text.push(c);
            }
            _ => {}
        }
        self.prompt = Some(text);
    }

    /// Goes to a screen. Screens about one connection open the selected one.
    fn show(&mut self, screen: Screen, snapshot: &Snapshot) {
        if screen == Screen::Streams {
            self.list.selected = self.focus.or(self.list.selected);
            self.focus = None;
        } else if self.focus.is_none() && screen != Screen::Anomalies {
            let Some(id) = self.selected_row(snapshot) else {
                return;
            };
            self.open(id);
        }
        if self.screen != screen {
            self.screen = screen;
            self.pane = 0;
            self.scroll = 0;
        }
    }

    fn selected_row(&self, snapshot: &Snapshot) -> Option<FlowId> {
        let shown = listed(&snapshot.rows, &self.list);
        let position = self.list_position(&snapshot.rows, &shown);
        let index = shown.get(position)?;
        snapshot.rows.get(*index).map(|row| row.id)
    }

    fn open(&mut self, id: FlowId) {
        if self.focus != Some(id) {
            self.messages = MessageState {
                filter: std::mem::take(&mut self.messages.filter),
                ..MessageState::default()
            };
            self.call = 0;
            self.anomaly = 0;
            self.scroll = 0;
        }
        self.focus = Some(id);
        self.list.selected = Some(id);
    }

    fn enter(&mut self, snapshot: &Snapshot) {
        match self.screen {
            Screen::Streams => self.show(Screen::Session, snapshot),
            Screen::Session => self.show(Screen::Calls, snapshot),
            Screen::Media => self.show(Screen::Messages, snapshot),
            Screen::Calls => {
                let call = snapshot
                    .detail
                    .known()
                    .and_then(|detail| detail.session.calls.iter().nth(self.call));
                if let Some(call) = call {
                    self.select_message(call.message);
                }
                self.show(Screen::Messages, snapshot);
            }
            Screen::Messages => self.pane = MESSAGE_TREE.max(self.pane),
            Screen::Anomalies => self.show_evidence(snapshot),
        }
    }

    fn show_evidence(&mut self, snapshot: &Snapshot) {
        let Some(oddity) = snapshot.anomalies.get(self.anomaly) else {
            return;
        };
        let (flow, anomaly, was_open) = (oddity.flow, self.anomaly, self.focus.is_some());
        self.open(flow);
        if was_open {
            self.anomaly = anomaly;
        }
        self.messages.filter.clear();
        // The page that comes with the next snapshot knows which message that frame ended.
        self.messages.selected = None;
        self.seek = Some(oddity.first.frame.0);
        self.show(Screen::Messages, snapshot);
    }

    fn select_message(&mut self, number: u64) {
        self.messages.filter.clear();
        self.messages.selected = Some(number);
        self.messages.field = 0;
        self.messages.byte = 0;
        self.follow = false;
    }

    /// One level out. At the top nothing is left to leave, and the program stays.
    fn back(&mut self) {
        if self.pane > 0 {
            self.pane = 0;
            self.scroll = 0;
        } else if !self.filter().is_empty()
            && matches!(self.screen, Screen::Streams | Screen::Messages)
        {
            self.set_filter(String::new());
        } else if self.screen != Screen::Streams {
            self.screen = match self.screen {
                Screen::Session | Screen::Streams => Screen::Streams,
                _ if self.focus.is_none() => Screen::Streams,
                _ => Screen::Session,
            };
            self.scroll = 0;
            if self.screen == Screen::Streams {
                self.list.selected = self.focus.or(self.list.selected);
                self.focus = None;
            }
        }
    }
}
