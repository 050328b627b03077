//! Where the reader is on the Start screen, and what keys, pasted text and clicks make of it.
//! Nothing here draws, waits or looks at the machine.

use crossterm::event::KeyEvent;

use crate::capture::bpf::Checked;
use crate::tui::start::browse::Browse;
use crate::tui::start::browse::at_home;
use crate::tui::start::field::Field;
use crate::tui::start::keys;
use crate::tui::start::keys::Action;
use crate::tui::start::keys::Place;
use crate::tui::start::model::Choice;
use crate::tui::start::model::Filter;
use crate::tui::start::model::Origin;
use crate::tui::start::model::Snapshot;
use crate::tui::theme::Theme;

/// The interface that stands for all of them.
const ANY: &str = "any";

/// Lines of the list of captures before those that were opened before.
pub const FIXED_CAPTURES: usize = 2;
/// The line that asks for a file.
pub const OPEN_LINE: usize = 0;
/// The line of the demo.
pub const DEMO_LINE: usize = 1;

/// What can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A part of the screen.
    Place(Place),
    /// A line of the interfaces.
    Interface(usize),
    /// The box before it.
    Tick(usize),
    /// A line of the captures.
    Capture(usize),
    /// A line of the folder.
    Entry(usize),
    /// A key that is named.
    Key(Action),
}

/// What is to be done beside drawing again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Leave the program.
    Quit,
    /// Leave the screen for what was chosen.
    Open(Choice),
}

/// What the reader sees of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Where keys go.
    pub place: Place,
    /// The list to come back to from a field.
    pub list: Place,
    /// The selected interface, by its name; the first one where there is none of this name.
    pub interface: Option<String>,
    /// Ticked interfaces.
    pub ticked: Vec<String>,
    /// The selected line of the captures.
    pub capture: usize,
    /// The filter.
    pub filter: Field,
    /// The path and the folder, while [`Place::Path`] has the keys.
    pub browse: Browse,
    /// Whether the help is open.
    pub help: bool,
    /// How far it is scrolled down.
    pub scroll: usize,
    /// What is to be read before all else.
    pub notice: Option<String>,
    /// What was clicked last, when nothing else was done since.
    clicked: Option<Hit>,
    /// Lines that a page has.
    pub page: usize,
    /// Colours.
    pub theme: Theme,
}

impl View {
    /// The first view of a snapshot: at what can be done here.
    pub fn new(snapshot: &Snapshot, filter: &str, theme: Theme) -> Self {
        let can_capture = snapshot.obstacle.is_none() && !snapshot.interfaces.is_empty();
        let place = if can_capture {
            Place::Interfaces
        } else {
            Place::Captures
        };
        Self {
            place,
            list: place,
            interface: None,
            ticked: Vec::new(),
            // The latest one; without one, the demo.
            capture: if snapshot.recent.is_empty() {
                DEMO_LINE
            } else {
                FIXED_CAPTURES
            },
            filter: Field::of(filter),
            browse: Browse::default(),
            help: false,
            scroll: 0,
            notice: None,
            clicked: None,
            page: 1,
            theme,
        }
    }

    /// The folder that is looked at, as it is typed.
    pub fn folder(&self) -> Option<&str> {
        (self.place == Place::Path).then(|| self.browse.parts().0)
    }

    /// The line of the selected interface.
    pub fn interface_line(&self, snapshot: &Snapshot) -> usize {
        let mut names = snapshot.interfaces.iter().map(|interface| &interface.name);
        names
            .position(|name| Some(name) == self.interface.as_ref())
            .unwrap_or(0)
    }

    /// Takes a key.
    pub fn key(&mut self, event: KeyEvent, snapshot: &Snapshot) -> Effect {
        self.clicked = None;
        let action = keys::action(event, self.place);
        if action == Some(Action::Quit) {
            return Effect::Quit;
        }
        if self.has_overlay() {
            self.read_overlay(event, action);
            return Effect::None;
        }
        match (action, self.place) {
            (Some(action), _) => self.act(action, snapshot),
            (None, Place::Filter) => {
                self.filter.key(event);
                Effect::None
            }
            (None, Place::Path) => {
                if self.browse.path.key(event) {
                    self.browse.selected = None;
                }
                Effect::None
            }
            (None, _) => Effect::None,
        }
    }

    /// Takes pasted text. Where a list has the keys, it can only be a path.
    pub fn paste(&mut self, text: &str) {
        self.clicked = None;
        if self.has_overlay() {
            return;
        }
        match self.place {
            Place::Filter => self.filter.insert(text),
            Place::Path => {
                self.browse.path.insert(text.trim());
                self.browse.selected = None;
            }
            Place::Interfaces | Place::Captures => {
                self.ask_for_path(text.trim());
            }
        }
    }

    /// Takes a click. The second one on the same line uses it.
    pub fn click(&mut self, hit: Option<Hit>, snapshot: &Snapshot) -> Effect {
        let again = hit.is_some() && self.clicked == hit;
        self.clicked = None;
        if self.has_overlay() {
            self.close_overlay();
            return Effect::None;
        }
        let Some(hit) = hit else {
            return Effect::None;
        };
        match hit {
            Hit::Place(place) => self.go(place),
            Hit::Interface(line) => {
                self.go(Place::Interfaces);
                self.select_interface(line, snapshot);
            }
            Hit::Tick(line) => {
                self.go(Place::Interfaces);
                self.select_interface(line, snapshot);
                return self.act(Action::Tick, snapshot);
            }
            Hit::Capture(line) => {
                self.go(Place::Captures);
                self.capture = line;
            }
            Hit::Entry(line) => self.browse.selected = Some(line),
            Hit::Key(action) => return self.act(action, snapshot),
        }
        if again && !matches!(hit, Hit::Place(_)) {
            return self.act(Action::Enter, snapshot);
        }
        self.clicked = Some(hit);
        Effect::None
    }

    /// Turns the wheel by so many lines, down where that is positive.
    pub fn wheel(&mut self, lines: isize, snapshot: &Snapshot) {
        self.clicked = None;
        if self.has_overlay() {
            self.scroll = self.scroll.saturating_add_signed(lines);
        } else {
            self.step(lines, snapshot);
        }
    }

    /// Whether something lies over the lists that is to be read.
    pub fn has_overlay(&self) -> bool {
        self.help || self.notice.is_some()
    }

    /// Says why something cannot be.
    pub fn refuse(&mut self, reason: String) {
        self.notice = Some(reason);
        self.scroll = 0;
    }

    fn close_overlay(&mut self) {
        // The notice lies on top.
        if self.notice.take().is_none() {
            self.help = false;
        }
        self.scroll = 0;
    }

    fn read_overlay(&mut self, event: KeyEvent, action: Option<Action>) {
        use crossterm::event::KeyCode;
        let page = isize::try_from(self.page).unwrap_or(isize::MAX);
        let by = match event.code {
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::PageDown | KeyCode::Char(' ') => page,
            KeyCode::PageUp => page.saturating_neg(),
            _ => 0,
        };
        if by != 0 {
            self.scroll = self.scroll.saturating_add_signed(by);
        } else if self.notice.is_some() || matches!(action, Some(Action::Back | Action::Help)) {
            self.close_overlay();
        }
    }

    /// Does what a key stands for.
    pub fn act(&mut self, action: Action, snapshot: &Snapshot) -> Effect {
        let page = isize::try_from(self.page).unwrap_or(isize::MAX);
        match action {
            Action::Back if self.place.is_text() => self.go(self.list),
            Action::Back | Action::Quit => return Effect::Quit,
            Action::Help => (self.help, self.scroll) = (true, 0),
            Action::Next => self.go(match self.place {
                Place::Interfaces => Place::Captures,
                Place::Captures => Place::Filter,
                _ => Place::Interfaces,
            }),
            Action::Previous => self.go(match self.place {
                Place::Interfaces => Place::Filter,
                Place::Captures => Place::Interfaces,
                _ => Place::Captures,
            }),
            Action::Filter => self.go(Place::Filter),
            Action::OpenFile => self.ask_for_path(""),
            Action::Complete => self.browse.complete(&snapshot.folder),
            Action::Tick => self.tick(snapshot),
            Action::Demo => return self.choose(Origin::Demo, snapshot),
            Action::Enter => return self.enter(snapshot),
            Action::Down => self.step(1, snapshot),
            Action::Up => self.step(-1, snapshot),
            Action::PageDown => self.step(page, snapshot),
            Action::PageUp => self.step(page.saturating_neg(), snapshot),
            Action::First => self.step(isize::MIN, snapshot),
            Action::Last => self.step(isize::MAX, snapshot),
        }
        Effect::None
    }

    fn go(&mut self, place: Place) {
        if !place.is_text() {
            self.list = place;
        }
        self.place = place;
    }

    fn ask_for_path(&mut self, text: &str) {
        self.go(Place::Captures);
        self.capture = OPEN_LINE;
        self.go(Place::Path);
        self.browse = Browse {
            path: Field::of(text),
            selected: None,
        };
    }

    fn step(&mut self, by: isize, snapshot: &Snapshot) {
        let moved =
            |line: usize, count: usize| line.saturating_add_signed(by).min(count.saturating_sub(1));
        match self.place {
            Place::Interfaces => {
                let line = self.interface_line(snapshot);
                self.select_interface(moved(line, snapshot.interfaces.len()), snapshot);
            }
            Place::Captures => {
                let count = snapshot.recent.len().saturating_add(FIXED_CAPTURES);
                self.capture = moved(self.capture, count);
            }
            Place::Path => {
                let count = self.browse.matching(&snapshot.folder).len();
                self.browse.selected = match self.browse.selected {
                    // Above the first line is the text.
                    Some(0) if by < 0 => None,
                    Some(line) => Some(moved(line, count)),
                    None if by > 0 && count > 0 => Some(0),
                    None => None,
                };
            }
            // The field is below the lists.
            Place::Filter if by < 0 => self.go(self.list),
            Place::Filter => {}
        }
    }

    fn select_interface(&mut self, line: usize, snapshot: &Snapshot) {
        let interface = snapshot.interfaces.get(line);
        self.interface = interface.map(|interface| interface.name.clone());
    }

    fn tick(&mut self, snapshot: &Snapshot) {
        let line = self.interface_line(snapshot);
        let Some(interface) = snapshot.interfaces.get(line) else {
            return;
        };
        let name = &interface.name;
        if self.ticked.contains(name) {
            self.ticked.retain(|ticked| ticked != name);
        } else {
            // The one for all has the packets of the others, too, and would show each twice.
            self.ticked
                .retain(|ticked| (ticked == ANY) == (name == ANY));
            self.ticked.push(name.clone());
        }
    }

    fn enter(&mut self, snapshot: &Snapshot) -> Effect {
        match self.place {
            Place::Interfaces => {
                let is_there =
                    |name: &&String| snapshot.interfaces.iter().any(|there| there.name == **name);
                let mut names: Vec<String> = self.ticked.iter().filter(is_there).cloned().collect();
                if names.is_empty() {
                    let line = self.interface_line(snapshot);
                    let selected = snapshot.interfaces.get(line);
                    names.extend(selected.map(|interface| interface.name.clone()));
                }
                if names.is_empty() {
                    let none = "there is no interface to capture on; Tab leads to the captures";
                    let why = snapshot.obstacle.as_ref().or(snapshot.trouble.as_ref());
                    self.refuse(why.map_or(none, String::as_str).to_owned());
                    return Effect::None;
                }
                self.choose(Origin::Interfaces(names), snapshot)
            }
            Place::Captures => match self.capture {
                OPEN_LINE => {
                    self.ask_for_path("");
                    Effect::None
                }
                DEMO_LINE => self.choose(Origin::Demo, snapshot),
                line => {
                    let at = line.saturating_sub(FIXED_CAPTURES);
                    match snapshot.recent.get(at) {
                        Some(recent) => self.choose(Origin::File(recent.path.clone()), snapshot),
                        None => Effect::None,
                    }
                }
            },
            Place::Filter => {
                self.go(self.list);
                Effect::None
            }
            Place::Path => self.enter_path(snapshot),
        }
    }

    fn enter_path(&mut self, snapshot: &Snapshot) -> Effect {
        let matching = self.browse.matching(&snapshot.folder);
        let (_, name) = self.browse.parts();
        let entry = match self.browse.selected {
            Some(line) => matching.get(line).copied(),
            None => matching.iter().copied().find(|entry| entry.name == name),
        };
        if let Some(entry) = entry {
            if entry.size.is_some() {
                return self.choose(Origin::File(entry.path.clone()), snapshot);
            }
            let name = format!("{}/", entry.name);
            self.browse.name(&name);
            return Effect::None;
        }
        if name.is_empty() {
            // A folder by itself: into the list of what is in it.
            self.browse.selected = (!matching.is_empty()).then_some(0);
            return Effect::None;
        }
        let path = at_home(self.browse.path.text(), snapshot.home.as_deref());
        self.choose(Origin::File(path), snapshot)
    }

    fn choose(&mut self, origin: Origin, snapshot: &Snapshot) -> Effect {
        let expression = self.filter.text().trim();
        let trouble = match &snapshot.filter {
            _ if expression.is_empty() => None,
            Filter::Checked(Checked::Wrong(reason)) | Filter::Unusable(reason) => Some(reason),
            Filter::Checked(_) => None,
        };
        if let Some(reason) = trouble {
            self.refuse(format!("the filter cannot be used: {reason}"));
            self.go(Place::Filter);
            return Effect::None;
        }
        Effect::Open(Choice {
            origin,
            bpf: (!expression.is_empty()).then(|| expression.to_owned()),
        })
    }
}
