//! What lies over a screen: the help, a text that is being typed, the palette. While it is there
//! it has the keys.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::tui::commands::Action;
use crate::tui::commands::Command;
use crate::tui::keys::KeyMap;
use crate::tui::keys::Press;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::state::edit::Edit;

/// What lies over the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The keys and signs.
    Help {
        /// Whether of all screens.
        all: bool,
    },
    /// A text that is being typed.
    Prompt(Prompt),
    /// Names of what can be done.
    Palette(Palette),
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptFor {
    /// The filter of the screen.
    Filter,
    /// A text to go to.
    Find,
}

/// A text that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub purpose: PromptFor,
    /// The text.
    pub edit: Edit,
    /// The chosen completion.
    pub choice: Option<usize>,
}

/// Choosing what to do by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    /// What the names contain.
    pub edit: Edit,
    /// The chosen one among those that do.
    pub selected: usize,
}

impl Palette {
    /// The commands whose names or explanations contain every word, those of the screen first.
    pub fn matching<'k>(
        &self,
        keys: &'k KeyMap,
        screen: Screen,
    ) -> Vec<(&'static Command, &'k [Press])> {
        let text = self.edit.text().to_lowercase();
        let contains = |command: &Command, in_name: bool| {
            text.split_whitespace().all(|word| {
                let name = command.name.contains(word);
                name || (!in_name && command.help.to_lowercase().contains(word))
            })
        };
        let mut found: Vec<_> = keys.of(screen).collect();
        found.retain(|(command, _)| contains(command, false));
        // Those that are named so stand before those that are only explained so.
        found.sort_by_key(|(command, _)| !contains(command, true));
        found
    }
}

impl Overlay {
    pub(super) fn palette() -> Self {
        Self::Palette(Palette::default())
    }

    pub(super) fn filter(text: &str) -> Self {
        Self::Prompt(Prompt {
            purpose: PromptFor::Filter,
            edit: Edit::new(text),
            choice: None,
        })
    }

    pub(super) fn find(text: &str) -> Self {
        Self::Prompt(Prompt {
            purpose: PromptFor::Find,
            edit: Edit::new(text),
            choice: None,
        })
    }

    /// Whether keys are text.
    pub(super) fn takes_text(&self) -> bool {
        matches!(self, Self::Prompt(_) | Self::Palette(_))
    }

    /// The text that is being typed.
    pub(super) fn edit(&mut self) -> Option<&mut Edit> {
        match self {
            Self::Prompt(prompt) => Some(&mut prompt.edit),
            Self::Palette(palette) => Some(&mut palette.edit),
            Self::None | Self::Help { .. } => None,
        }
    }
}

impl ViewState {
    pub(super) fn open_help(&mut self) {
        self.overlay = Overlay::Help { all: false };
        self.scroll = 0;
    }

    /// Keys while the help is open.
    pub(super) fn act_on_overlay(&mut self, action: Action) -> Effect {
        let Overlay::Help { all } = &mut self.overlay else {
            return Effect::None;
        };
        match action {
            Action::Help if !*all => {
                *all = true;
                self.scroll = 0;
            }
            Action::Quit => return Effect::Quit,
            Action::Close | Action::Back | Action::Help | Action::Enter => {
                self.overlay = Overlay::None;
                self.scroll = 0;
            }
            Action::Down => self.scroll = self.scroll.saturating_add(1),
            Action::Up => self.scroll = self.scroll.saturating_sub(1),
            Action::PageDown => self.scroll = self.scroll.saturating_add(self.page),
            Action::PageUp => self.scroll = self.scroll.saturating_sub(self.page),
            Action::First => self.scroll = 0,
            Action::Suspend => return Effect::Suspend,
            Action::Redraw => return Effect::Redraw,
            _ => {}
        }
        Effect::None
    }

    /// Keys while a text is being typed.
    pub(super) fn type_into_overlay(&mut self, event: KeyEvent, snapshot: &Snapshot) -> Effect {
        let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Esc => {
                self.overlay = Overlay::None;
                return Effect::None;
            }
            KeyCode::Char('c') if is_ctrl => return Effect::Quit,
            KeyCode::Char('z') if is_ctrl => return Effect::Suspend,
            _ => {}
        }
        match std::mem::take(&mut self.overlay) {
            Overlay::Prompt(mut prompt) => {
                if event.code == KeyCode::Enter {
                    self.finish_prompt(&prompt, snapshot);
                } else {
                    prompt.edit.key(event);
                    self.overlay = Overlay::Prompt(prompt);
                }
                Effect::None
            }
            Overlay::Palette(palette) => self.type_into_palette(palette, event, snapshot),
            other => {
                self.overlay = other;
                Effect::None
            }
        }
    }

    fn finish_prompt(&mut self, prompt: &Prompt, snapshot: &Snapshot) {
        match prompt.purpose {
            PromptFor::Filter => self.set_filter(prompt.edit.text().trim().to_owned()),
            PromptFor::Find => {
                prompt.edit.text().clone_into(&mut self.find);
                self.find_step(snapshot, true);
            }
        }
    }

    fn type_into_palette(
        &mut self,
        mut palette: Palette,
        event: KeyEvent,
        snapshot: &Snapshot,
    ) -> Effect {
        let keys = std::sync::Arc::clone(&self.keys);
        let found = palette.matching(&keys, self.screen);
        match event.code {
            KeyCode::Enter => {
                let chosen = found
                    .get(palette.selected)
                    .map(|(command, _)| command.action);
                return match chosen {
                    Some(action) => self.act(action, snapshot),
                    None => Effect::None,
                };
            }
            KeyCode::Down | KeyCode::Tab => {
                let last = found.len().saturating_sub(1);
                palette.selected = palette.selected.saturating_add(1).min(last);
            }
            KeyCode::Up | KeyCode::BackTab => {
                palette.selected = palette.selected.saturating_sub(1);
            }
            _ => {
                if palette.edit.key(event) {
                    palette.selected = 0;
                }
            }
        }
        self.overlay = Overlay::Palette(palette);
        Effect::None
    }

    /// Takes the choice that was pointed at.
    pub(super) fn choose(&mut self, at: usize, snapshot: &Snapshot) -> Effect {
        match std::mem::take(&mut self.overlay) {
            Overlay::Palette(palette) => {
                let keys = std::sync::Arc::clone(&self.keys);
                let found = palette.matching(&keys, self.screen);
                match found.get(at).map(|(command, _)| command.action) {
                    Some(action) => self.act(action, snapshot),
                    None => Effect::None,
                }
            }
            other => {
                self.overlay = other;
                Effect::None
            }
        }
    }
}
