//! What lies over a screen: the help, a text that is being typed, the palette. While it is there
//! it has the keys.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::filter::complete::Candidate;
use crate::filter::complete::Completions;
use crate::filter::complete::complete;
use crate::filter::field::Field;
use crate::tui::commands::Action;
use crate::tui::commands::Command;
use crate::tui::keys::KeyMap;
use crate::tui::keys::Press;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::state::edit::Edit;
use crate::tui::state::save::SaveDialog;
use crate::tui::state::sieve::Named;
use crate::tui::state::sieve::Sieve;

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
    /// What is to be saved.
    Save(SaveDialog),
    /// Columns of the list.
    Columns {
        /// The selected one.
        selected: usize,
    },
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

impl Prompt {
    /// What may stand at the cursor: fields, operators and words of the language, names and
    /// addresses of the capture. Nothing while a text is looked for.
    pub fn completions(&self, snapshot: &Snapshot, named: &Named) -> Completions {
        if self.purpose != PromptFor::Filter {
            return Completions::default();
        }
        let text = self.edit.text();
        if text.starts_with(':') {
            let named = named
                .beginning(text)
                .filter(|(name, _)| text.get(1..) != Some(name));
            let candidates = named.map(|(name, expression)| Candidate {
                text: format!(":{name}"),
                about: expression.to_owned(),
            });
            return Completions {
                range: 0..text.len(),
                candidates: candidates.take(MAX_CANDIDATES).collect(),
            };
        }
        let mut completions = complete(self.edit.text(), self.edit.cursor(), &|field| {
            values(field, snapshot)
        });
        completions.candidates.truncate(MAX_CANDIDATES);
        completions
    }

    fn take(&mut self, completions: &Completions, at: usize) {
        if let Some(candidate) = completions.candidates.get(at) {
            self.edit
                .replace(completions.range.clone(), &candidate.text);
        }
        self.choice = None;
    }
}

/// Most completions that are offered at once, and values that are looked through for them.
const MAX_CANDIDATES: usize = 40;
const MAX_VALUES: usize = 2000;

/// What a field is in this capture.
fn values(field: Field, snapshot: &Snapshot) -> Vec<String> {
    let rows = snapshot.rows.iter().take(MAX_VALUES);
    let mut all: Vec<String> = match field {
        Field::StreamName => rows.filter_map(|row| row.more.stream.clone()).collect(),
        Field::App => rows.filter_map(|row| row.more.app.clone()).collect(),
        Field::Anomaly => rows
            .flat_map(|row| row.more.codes.iter().map(|code| (*code).to_owned()))
            .collect(),
        Field::ClientAddr => rows.map(|row| row.ends.client.addr.to_string()).collect(),
        Field::ServerAddr => rows.map(|row| row.ends.server.addr.to_string()).collect(),
        Field::Addr => rows
            .flat_map(|row| [row.ends.client.addr, row.ends.server.addr])
            .map(|addr| addr.to_string())
            .collect(),
        _ => Vec::new(),
    };
    all.sort_unstable();
    all.dedup();
    all
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
        // Those that begin so stand before those that are named so, and before those that are only
        // explained so.
        found.sort_by_key(|(command, _)| {
            (
                !command.name.starts_with(text.trim()),
                !contains(command, true),
            )
        });
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
        matches!(
            self,
            Self::Prompt(_) | Self::Palette(_) | Self::Save(_) | Self::Columns { .. }
        )
    }

    /// The text that is being typed.
    pub(super) fn edit(&mut self) -> Option<&mut Edit> {
        match self {
            Self::Prompt(prompt) => Some(&mut prompt.edit),
            Self::Palette(palette) => Some(&mut palette.edit),
            Self::Save(dialog) => {
                dialog.is_typed = true;
                Some(&mut dialog.name)
            }
            Self::None | Self::Help { .. } | Self::Columns { .. } => None,
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
                self.type_into_prompt(&mut prompt, event, snapshot);
                Effect::None
            }
            Overlay::Columns { selected } => self.type_into_columns(selected, event),
            Overlay::Palette(palette) => self.type_into_palette(palette, event, snapshot),
            Overlay::Save(dialog) => self.type_into_save(dialog, event, snapshot),
            other => {
                self.overlay = other;
                Effect::None
            }
        }
    }

    fn type_into_prompt(&mut self, prompt: &mut Prompt, event: KeyEvent, snapshot: &Snapshot) {
        let completions = prompt.completions(snapshot, &self.named);
        let last = completions.candidates.len().saturating_sub(1);
        match (event.code, prompt.choice) {
            (KeyCode::Enter | KeyCode::Tab, Some(choice)) => {
                prompt.take(&completions, choice);
            }
            (KeyCode::Tab, None) => prompt.take(&completions, 0),
            (KeyCode::Enter, None) => {
                self.finish_prompt(prompt, snapshot);
                return;
            }
            (KeyCode::Down, choice) if !completions.candidates.is_empty() => {
                prompt.choice = Some(choice.map_or(0, |at| at.saturating_add(1).min(last)));
            }
            (KeyCode::Up, Some(choice)) => prompt.choice = choice.checked_sub(1),
            _ => {
                prompt.edit.key(event);
                prompt.choice = None;
            }
        }
        self.overlay = Overlay::Prompt(prompt.clone());
    }

    fn finish_prompt(&mut self, prompt: &Prompt, snapshot: &Snapshot) {
        match prompt.purpose {
            PromptFor::Filter => match Sieve::new(self.named.expand(prompt.edit.text())) {
                Ok(sieve) => self.set_filter(sieve),
                // It stays there to be mended; why is shown beside it.
                Err(_) => self.overlay = Overlay::Prompt(prompt.clone()),
            },
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
            Overlay::Columns { .. } => {
                self.turn_column(at);
                self.overlay = Overlay::Columns { selected: at };
                Effect::None
            }
            Overlay::Palette(palette) => {
                let keys = std::sync::Arc::clone(&self.keys);
                let found = palette.matching(&keys, self.screen);
                match found.get(at).map(|(command, _)| command.action) {
                    Some(action) => self.act(action, snapshot),
                    None => Effect::None,
                }
            }
            Overlay::Save(dialog) => self.point_in_save(dialog, at, snapshot),
            Overlay::Prompt(mut prompt) => {
                let completions = prompt.completions(snapshot, &self.named);
                prompt.take(&completions, at);
                self.overlay = Overlay::Prompt(prompt);
                Effect::None
            }
            other => {
                self.overlay = other;
                Effect::None
            }
        }
    }
}
