//! Where the reader is and how they want to see it: the [`ViewState`], and what each key makes of
//! it. Nothing here draws, and nothing here waits.

pub mod columns;
pub mod edit;
pub mod list;
pub mod moments;
mod mouse;
pub mod overlay;
pub mod save;
pub mod sieve;
mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;

use crate::base::ids::FlowId;
use crate::base::time::Timestamp;
use crate::tui::commands::Action;
use crate::tui::keys::KeyMap;
use crate::tui::keys::Press;
use crate::tui::model::Snapshot;
use crate::tui::saving::Progress;
use crate::tui::saving::Request;
use crate::tui::screen::Screen;
use crate::tui::state::list::ListState;
use crate::tui::state::list::listed;
use crate::tui::state::moments::ChartState;
use crate::tui::state::moments::ReplayAsk;
use crate::tui::state::moments::Seek;
use crate::tui::state::moments::TimeMode;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::save::SaveDialog;
use crate::tui::state::sieve::Named;
use crate::tui::state::sieve::Sieve;
use crate::tui::theme::Theme;

/// Which message is selected, by its number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageState {
    /// The selected one; `None` for the first that is kept.
    pub selected: Option<u64>,
    /// What listed messages have in common.
    pub filter: Sieve,
    /// The selected field in the tree.
    pub field: usize,
    /// The selected byte.
    pub byte: usize,
    /// Whether the bytes are those of the body, without chunk headers.
    pub body_only: bool,
}

/// Panes of the messages.
pub const MESSAGE_LIST: usize = 0;
/// Pane with the fields.
pub const MESSAGE_TREE: usize = 1;
/// Pane with the bytes.
pub const MESSAGE_HEX: usize = 2;

/// Pane with the calls.
pub const CALL_LIST: usize = 0;
/// Pane with the selected call.
pub const CALL_PANE: usize = 1;

/// Pane with the findings.
pub const FINDING_LIST: usize = 0;
/// Pane that says why, with the evidence.
pub const FINDING_PANE: usize = 1;

/// Panes of the session.
pub const SESSION_PANES: usize = 4;
/// Panes of the media.
pub const MEDIA_PANES: usize = 3;
/// Pane with the charts.
pub const MEDIA_CHARTS: usize = 0;
/// Pane with the frames one by one.
pub const MEDIA_FRAMES: usize = 1;
/// Pane with the tracks.
pub const MEDIA_TRACKS: usize = 2;

/// Which findings are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindingState {
    /// The selected one.
    pub selected: usize,
    /// What listed findings have in common.
    pub filter: Sieve,
    /// Kinds that are not shown.
    pub muted: BTreeSet<&'static str>,
    /// Whether they are shown all the same.
    pub show_muted: bool,
}

/// What is held against what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompareState {
    /// The two connections.
    pub pair: Option<(FlowId, FlowId)>,
    /// Whether what is the same on both is left out.
    pub only_differences: bool,
}

/// What the reader sees of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that the reader has a key for"
)]
pub struct ViewState {
    /// The screen.
    pub screen: Screen,
    /// The open connection.
    pub focus: Option<FlowId>,
    /// The list.
    pub list: ListState,
    /// The messages.
    pub messages: MessageState,
    /// The findings.
    pub findings: FindingState,
    /// The comparison.
    pub compare: CompareState,
    /// The charts.
    pub chart: ChartState,
    /// A place that the next snapshot is to find.
    pub seek: Option<Seek>,
    /// The moment that all screens are about.
    pub cursor: Option<Timestamp>,
    /// The moment that was remembered.
    pub mark: Option<Timestamp>,
    /// Where the cursor was before it went to the mark.
    pub before_mark: Option<Timestamp>,
    /// The selected call.
    pub call: usize,
    /// The pane with the keys, of screens that have several.
    pub pane: usize,
    /// Whether that pane has the screen for itself.
    pub is_pane_alone: bool,
    /// How far the pane with the keys is scrolled down.
    pub scroll: usize,
    /// How times are shown.
    pub time: TimeMode,
    /// Whether the ladder of the calls is to the scale of time.
    pub is_scaled: bool,
    /// Whether the picture is frozen.
    pub paused: bool,
    /// Whether the newest line is to be selected.
    pub follow: bool,
    /// What lies over the screen.
    pub overlay: Overlay,
    /// The text last looked for.
    pub find: String,
    /// What is being saved.
    pub saving: Option<Progress>,
    /// What was asked when that began.
    pub asked_to_save: Option<SaveDialog>,
    /// Whether secrets are shown as they are.
    pub shows_secrets: bool,
    /// What came of the last key, until the next.
    pub notice: Option<String>,
    /// Whether the last key asked to leave.
    pub is_leaving: bool,
    /// Which key does what.
    pub keys: Arc<KeyMap>,
    /// Filters that have names.
    pub named: Arc<Named>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal back and stop the process until it is woken.
    Suspend,
    /// Put a text into the clipboard of the terminal.
    Copy(String),
    /// Save something.
    Save(Request),
    /// Save it no more.
    CancelSaving,
    /// Replay, faster, slower, or not any more.
    Replay(ReplayAsk),
    /// Leave the program.
    Quit,
}

impl ViewState {
    /// Takes a key.
    pub fn key(&mut self, event: KeyEvent, snapshot: &Snapshot) -> Effect {
        self.notice = None;
        let was_leaving = std::mem::take(&mut self.is_leaving);
        if self.overlay.takes_text() {
            return self.type_into_overlay(event, snapshot);
        }
        let Some(action) = self.keys.action(event, self.screen) else {
            self.tell_unknown(event);
            return Effect::None;
        };
        self.is_leaving = was_leaving && action == Action::Close;
        self.act(action, snapshot)
    }

    /// Says of a key that does nothing here where the keys are to be found.
    fn tell_unknown(&mut self, event: KeyEvent) {
        let is_key = matches!(event.code, KeyCode::Char(_) | KeyCode::F(_));
        if let Some(press) = Press::of(event).filter(|_| is_key && self.overlay == Overlay::None) {
            self.notice = Some(format!("{press} does nothing here: ? shows the keys"));
        }
    }

    /// Takes what was pasted.
    pub fn paste(&mut self, text: &str) {
        if let Some(edit) = self.overlay.edit() {
            edit.paste(text);
        }
    }

    /// Does what a key, a name or a place stands for.
    pub fn act(&mut self, action: Action, snapshot: &Snapshot) -> Effect {
        if self.overlay != Overlay::None {
            return self.act_on_overlay(action);
        }
        match action {
            Action::Quit => return Effect::Quit,
            Action::Close => return self.close(snapshot),
            Action::Redraw => return Effect::Redraw,
            Action::Suspend => return Effect::Suspend,
            Action::Help => self.open_help(),
            Action::Palette => self.overlay = Overlay::palette(),
            Action::Filter => self.overlay = Overlay::filter(self.filter().text()),
            Action::Find => self.overlay = Overlay::find(&self.find),
            Action::Show(screen) => self.show(screen, snapshot),
            Action::Enter => self.enter(snapshot),
            Action::Back => self.back(),
            Action::NextConnection => self.step_connection(snapshot, true),
            Action::PreviousConnection => self.step_connection(snapshot, false),
            Action::Down => self.step(snapshot, 1, true),
            Action::Up => self.step(snapshot, 1, false),
            Action::PageDown => self.step(snapshot, self.page.max(1), true),
            Action::PageUp => self.step(snapshot, self.page.max(1), false),
            Action::HalfPageDown => self.step(snapshot, (self.page / 2).max(1), true),
            Action::HalfPageUp => self.step(snapshot, (self.page / 2).max(1), false),
            Action::First => self.step(snapshot, usize::MAX, false),
            Action::Last => self.step(snapshot, usize::MAX, true),
            Action::Right => self.step_aside(snapshot, true),
            Action::Left => self.step_aside(snapshot, false),
            Action::NextPane => self.go_to_pane(self.pane.saturating_add(1)),
            Action::PreviousPane => {
                self.go_to_pane(self.pane.saturating_add(self.panes()).saturating_sub(1));
            }
            Action::ZoomPane => self.is_pane_alone = !self.is_pane_alone,
            Action::ClearFilter => self.set_filter(Sieve::default()),
            Action::FindNext => self.find_step(snapshot, true),
            Action::FindPrevious => self.find_step(snapshot, false),
            Action::NextFinding => self.step_finding(snapshot, true),
            Action::PreviousFinding => self.step_finding(snapshot, false),
            Action::Mute => self.mute(snapshot),
            Action::ShowMuted => {
                self.findings.show_muted = !self.findings.show_muted;
                self.keep_finding_shown(snapshot);
            }
            Action::Pause => self.paused = !self.paused,
            Action::Follow => self.follow = !self.follow,
            Action::TimeMode => self.next_time_mode(),
            Action::Mark => self.set_mark(),
            Action::ToMark => self.go_to_mark(snapshot),
            Action::Sort => self.list.sort = self.list.sort.next(),
            Action::SortReverse => self.list.is_reversed = !self.list.is_reversed,
            Action::Columns => self.choose_columns(),
            Action::Tick => self.tick(snapshot),
            Action::UntickAll => self.list.ticked.clear(),
            Action::Compare => self.start_comparing(snapshot),
            Action::OnlyDifferences => {
                self.compare.only_differences = !self.compare.only_differences;
                self.scroll = 0;
            }
            Action::SwapSides => {
                self.compare.pair = self.compare.pair.map(|(left, right)| (right, left));
            }
            Action::ZoomIn => self.zoom(snapshot, true),
            Action::ZoomOut => self.zoom(snapshot, false),
            Action::Scale => self.is_scaled = !self.is_scaled,
            Action::WireBytes => {
                // Fields and bytes count from another begin.
                self.messages.body_only = !self.messages.body_only;
                self.messages.field = 0;
                self.messages.byte = 0;
            }
            Action::StepBack => self.step_moment(snapshot, false),
            Action::StepOn => self.step_moment(snapshot, true),
            Action::Play => return Effect::Replay(ReplayAsk::Toggle { from: self.cursor }),
            Action::Faster => return Effect::Replay(ReplayAsk::Faster),
            Action::Slower => return Effect::Replay(ReplayAsk::Slower),
            Action::PlayOut => return Effect::Replay(ReplayAsk::Out),
            Action::Save => self.ask_what_to_save(snapshot),
            Action::CancelSaving => return Effect::CancelSaving,
            Action::Copy => return Effect::Copy(crate::tui::copy::text(snapshot, self)),
        }
        Effect::None
    }

    /// Shows only what an expression lets through, from the begin: connections, and messages where
    /// it asks something of them.
    pub fn begin_with(&mut self, sieve: Sieve) {
        if sieve.asks_messages() {
            self.messages.filter = sieve.clone();
        }
        self.list.filter = sieve;
    }

    /// The filter of the screen.
    pub fn filter(&self) -> &Sieve {
        match self.screen {
            Screen::Messages => &self.messages.filter,
            Screen::Findings => &self.findings.filter,
            _ => &self.list.filter,
        }
    }

    /// How many panes the screen has.
    pub fn panes(&self) -> usize {
        match self.screen {
            Screen::Session => SESSION_PANES,
            Screen::Media => MEDIA_PANES,
            Screen::Messages => 3,
            Screen::Calls | Screen::Findings => 2,
            Screen::Streams | Screen::Compare => 1,
        }
    }

    /// Gives the keys to a pane; behind the last comes the first.
    pub(super) fn go_to_pane(&mut self, pane: usize) {
        self.scroll = 0;
        self.pane = pane.checked_rem(self.panes()).unwrap_or(0);
    }

    pub(super) fn set_filter(&mut self, sieve: Sieve) {
        match self.screen {
            Screen::Messages => self.messages.filter = sieve,
            Screen::Findings => {
                self.findings.filter = sieve;
                self.findings.selected = 0;
            }
            _ => self.list.filter = sieve,
        }
    }

    /// Goes to a screen. Screens about one connection open the selected one, and show what they
    /// have at the time cursor.
    pub(super) fn show(&mut self, screen: Screen, snapshot: &Snapshot) {
        if screen == Screen::Streams {
            self.list.selected = self.focus.or(self.list.selected);
            self.focus = None;
        } else if screen == Screen::Compare {
            if self.compare.pair.is_none() {
                self.start_comparing(snapshot);
                return;
            }
        } else if self.focus.is_none() && screen.is_of_one() {
            let Some(id) = self.selected_row(snapshot) else {
                return;
            };
            self.open(id);
        }
        self.go_to_screen(screen, snapshot);
    }

    pub(super) fn go_to_screen(&mut self, screen: Screen, snapshot: &Snapshot) {
        if self.screen != screen {
            self.screen = screen;
            self.pane = 0;
            self.is_pane_alone = false;
            self.scroll = 0;
            self.arrive(snapshot);
        }
    }

    pub(super) fn selected_row(&self, snapshot: &Snapshot) -> Option<FlowId> {
        let shown = listed(&snapshot.rows, &self.list);
        let position = self.list_position(&snapshot.rows, &shown);
        let index = shown.get(position)?;
        snapshot.rows.get(*index).map(|row| row.id)
    }

    pub(super) fn open(&mut self, id: FlowId) {
        if self.focus != Some(id) {
            self.messages = MessageState {
                filter: std::mem::take(&mut self.messages.filter),
                ..MessageState::default()
            };
            self.call = 0;
            self.findings.selected = 0;
            self.scroll = 0;
            self.seek = None;
            self.cursor = None;
            self.chart.from = None;
        }
        self.focus = Some(id);
        self.list.selected = Some(id);
    }

    fn enter(&mut self, snapshot: &Snapshot) {
        match self.screen {
            Screen::Streams => self.show(Screen::Session, snapshot),
            Screen::Session => self.show_proof(snapshot),
            Screen::Media => self.show_frame(snapshot),
            Screen::Calls => {
                let call = snapshot
                    .detail
                    .known()
                    .and_then(|detail| detail.session.calls.iter().nth(self.call));
                let message = call.map(|call| call.message);
                self.show(Screen::Messages, snapshot);
                if let Some(message) = message {
                    self.select_message(message);
                }
            }
            Screen::Messages => self.pane = MESSAGE_TREE.max(self.pane),
            Screen::Findings => self.show_evidence(snapshot),
            Screen::Compare => {
                if let Some((one, _)) = self.compare.pair {
                    self.open(one);
                    self.show(Screen::Session, snapshot);
                }
            }
        }
    }

    pub(super) fn show_evidence(&mut self, snapshot: &Snapshot) {
        let findings = self.shown_findings(snapshot);
        let Some(oddity) = findings.get(self.findings.selected) else {
            return;
        };
        // The pane has the first occurrence and the last one to choose from.
        let is_last = self.screen == Screen::Findings
            && self.pane == FINDING_PANE
            && self.scroll > 0
            && oddity.last.frame != oddity.first.frame;
        let proof = if is_last { oddity.last } else { oddity.first };
        let (flow, selected, was_open) =
            (oddity.flow, self.findings.selected, self.focus.is_some());
        self.open(flow);
        if was_open {
            self.findings.selected = selected;
        }
        self.cursor = Some(proof.time);
        self.go_to_screen(Screen::Messages, snapshot);
        self.messages.filter = Sieve::default();
        // The page that comes with the next snapshot knows which message that frame ended.
        self.messages.selected = None;
        self.seek = Some(Seek::Frame(proof.frame.0));
    }

    pub(super) fn select_message(&mut self, number: u64) {
        self.messages.filter = Sieve::default();
        self.messages.selected = Some(number);
        self.messages.field = 0;
        self.messages.byte = 0;
        self.seek = None;
        self.follow = false;
    }

    /// One level out, and at the top out of the program. A live capture would be lost, so that is
    /// asked for twice.
    fn close(&mut self, snapshot: &Snapshot) -> Effect {
        let is_at_top = self.screen == Screen::Streams && self.filter().is_empty();
        if !is_at_top {
            self.back();
        } else if snapshot.capture.is_live && !snapshot.capture.is_done && !self.is_leaving {
            self.is_leaving = true;
            self.notice = Some("the capture ends when you leave: again to leave".to_owned());
        } else {
            return Effect::Quit;
        }
        Effect::None
    }

    /// One level out. At the top nothing is left to leave, and the program stays.
    fn back(&mut self) {
        if self.is_pane_alone {
            self.is_pane_alone = false;
        } else if self.pane > 0 {
            self.go_to_pane(0);
        } else if !self.filter().is_empty()
            && matches!(
                self.screen,
                Screen::Streams | Screen::Messages | Screen::Findings
            )
        {
            self.set_filter(Sieve::default());
        } else if self.screen != Screen::Streams {
            self.screen = match self.screen {
                Screen::Session | Screen::Streams | Screen::Compare => Screen::Streams,
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
