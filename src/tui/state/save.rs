//! Asking what is to be saved, of what, and under which name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;

use crate::base::ids::FlowId;
use crate::base::time::Timestamp;
use crate::tui::model::Snapshot;
use crate::tui::saving::Outcome;
use crate::tui::saving::Purpose;
use crate::tui::saving::Request;
use crate::tui::saving::Scope;
use crate::tui::saving::proposed_name;
use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::state::edit::Edit;
use crate::tui::state::list::listed;
use crate::tui::state::overlay::Overlay;

/// Seconds before and behind the time cursor that can be chosen.
const AROUND: [i64; 5] = [1, 5, 30, 120, 600];

/// A line of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SaveLine {
    /// What for.
    #[default]
    Purpose,
    /// Of which connections.
    Of,
    /// Of which time.
    Around,
    /// Under which name.
    Name,
}

impl SaveLine {
    /// All of them from top to bottom.
    pub const ALL: [Self; 4] = [Self::Purpose, Self::Of, Self::Around, Self::Name];

    fn step(self, forward: bool) -> Self {
        let at = Self::ALL.iter().position(|line| *line == self).unwrap_or(0);
        let count = Self::ALL.len();
        let to = at.saturating_add(if forward { 1 } else { count.saturating_sub(1) });
        Self::ALL.get(to % count).copied().unwrap_or_default()
    }
}

/// The question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SaveDialog {
    /// The line with the keys.
    pub line: SaveLine,
    /// Which of [`Purpose::ALL`].
    pub purpose: usize,
    /// Which of [`SaveDialog::choices`].
    pub of: usize,
    /// Which of the times around the cursor; 0 is all time.
    pub around: usize,
    /// The name.
    pub name: Edit,
    /// Whether somebody typed it.
    pub is_typed: bool,
    /// Whether a file of that name is replaced.
    pub force: bool,
}

/// Connections of which something can be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// In words.
    pub label: String,
    /// Which; all when nothing is said.
    pub connections: Option<BTreeSet<FlowId>>,
}

impl SaveDialog {
    /// What for.
    pub fn purpose(&self) -> Purpose {
        Purpose::ALL
            .get(self.purpose)
            .copied()
            .unwrap_or(Purpose::Packets)
    }

    /// Of what something can be saved: the open or selected connection, the ticked ones, those that
    /// the filter shows, all.
    pub fn choices(snapshot: &Snapshot, view: &ViewState) -> Vec<Choice> {
        let mut all = Vec::new();
        if let Some(id) = view.focus.or_else(|| view.selected_row(snapshot)) {
            let row = snapshot.rows.iter().find(|row| row.id == id);
            let label = row.map_or_else(String::new, |row| format!(" {}", row.label));
            all.push(Choice {
                label: format!("this connection: #{id}{label}"),
                connections: Some(BTreeSet::from([id])),
            });
        }
        if !view.list.ticked.is_empty() {
            all.push(Choice {
                label: match view.list.ticked.len() {
                    1 => "the ticked connection".to_owned(),
                    count => format!("the {count} ticked connections"),
                },
                connections: Some(view.list.ticked.clone()),
            });
        }
        if !view.list.filter.is_empty() {
            let shown = listed(&snapshot.rows, &view.list);
            let ids: BTreeSet<FlowId> = shown
                .iter()
                .filter_map(|index| snapshot.rows.get(*index))
                .map(|row| row.id)
                .collect();
            all.push(Choice {
                label: match ids.len() {
                    1 => "the connection that the filter shows".to_owned(),
                    count => format!("the {count} connections that the filter shows"),
                },
                connections: Some(ids),
            });
        }
        all.push(Choice {
            label: format!("all {} connections", snapshot.rows.len()),
            connections: None,
        });
        all
    }

    /// Seconds before and behind the cursor; `None` for all time.
    pub fn seconds(&self) -> Option<i64> {
        AROUND.get(self.around.checked_sub(1)?).copied()
    }

    fn scope(&self, snapshot: &Snapshot, view: &ViewState) -> Scope {
        let choices = Self::choices(snapshot, view);
        let window = match (self.seconds(), view.cursor) {
            (Some(seconds), Some(at)) => {
                let nanos = seconds.saturating_mul(1_000_000_000);
                Some((
                    Timestamp(at.0.saturating_sub(nanos)),
                    Timestamp(at.0.saturating_add(nanos)),
                ))
            }
            _ => None,
        };
        Scope {
            connections: choices
                .get(self.of)
                .and_then(|choice| choice.connections.clone()),
            window,
        }
    }

    /// The name follows the choices until somebody types one.
    fn rename(&mut self, snapshot: &Snapshot, view: &ViewState) {
        if !self.is_typed {
            let scope = self.scope(snapshot, view);
            self.name = Edit::new(&proposed_name(
                &snapshot.capture.name,
                &scope,
                self.purpose(),
            ));
        }
    }

    fn request(&self, snapshot: &Snapshot, view: &ViewState) -> Option<Request> {
        let name = self.name.text().trim();
        let scope = self.scope(snapshot, view);
        let chosen = scope.connections.as_ref();
        let rows = snapshot.rows.iter();
        let ends = rows
            .filter(|row| chosen.is_some_and(|chosen| chosen.contains(&row.id)))
            .map(|row| (row.id, row.ends))
            .collect();
        (!name.is_empty()).then(|| Request {
            purpose: self.purpose(),
            scope,
            ends,
            path: PathBuf::from(name),
            force: self.force,
            show_secrets: view.shows_secrets,
        })
    }

    fn turn(&mut self, forward: bool, snapshot: &Snapshot, view: &ViewState) {
        let turned = |at: usize, count: usize| {
            let by = if forward { 1 } else { count.saturating_sub(1) };
            at.saturating_add(by).checked_rem(count).unwrap_or(0)
        };
        match self.line {
            SaveLine::Purpose => self.purpose = turned(self.purpose, Purpose::ALL.len()),
            SaveLine::Of => {
                let count = Self::choices(snapshot, view).len();
                self.of = turned(self.of, count);
            }
            SaveLine::Around if view.cursor.is_some() => {
                self.around = turned(self.around, AROUND.len().saturating_add(1));
            }
            SaveLine::Around | SaveLine::Name => {}
        }
        self.force = false;
        self.rename(snapshot, view);
    }
}

impl ViewState {
    pub(super) fn ask_what_to_save(&mut self, snapshot: &Snapshot) {
        let mut dialog = SaveDialog::default();
        dialog.rename(snapshot, self);
        self.overlay = Overlay::Save(dialog);
    }

    pub(super) fn type_into_save(
        &mut self,
        mut dialog: SaveDialog,
        event: KeyEvent,
        snapshot: &Snapshot,
    ) -> Effect {
        match (event.code, dialog.line) {
            (KeyCode::Enter, _) => match dialog.request(snapshot, self) {
                Some(request) => {
                    self.asked_to_save = Some(dialog);
                    return Effect::Save(request);
                }
                None => dialog.line = SaveLine::Name,
            },
            (KeyCode::Down | KeyCode::Up, SaveLine::Purpose) => {
                dialog.turn(event.code == KeyCode::Down, snapshot, self);
            }
            (KeyCode::Tab | KeyCode::Down, _) => dialog.line = dialog.line.step(true),
            (KeyCode::BackTab | KeyCode::Up, _) => dialog.line = dialog.line.step(false),
            (_, SaveLine::Name) if dialog.name.key(event) => {
                dialog.is_typed = true;
                dialog.force = false;
            }
            (_, SaveLine::Name) => {}
            (KeyCode::Right | KeyCode::Char(' ' | 'l' | 'j'), _) => {
                dialog.turn(true, snapshot, self);
            }
            (KeyCode::Left | KeyCode::Char('h' | 'k'), _) => dialog.turn(false, snapshot, self),
            _ => {}
        }
        self.overlay = Overlay::Save(dialog);
        Effect::None
    }

    /// Chooses a purpose that was pointed at; what is chosen already is done.
    pub(super) fn point_in_save(
        &mut self,
        mut dialog: SaveDialog,
        at: usize,
        snapshot: &Snapshot,
    ) -> Effect {
        let lines = Purpose::ALL.len();
        if at < lines {
            dialog.line = SaveLine::Purpose;
            dialog.purpose = at;
            dialog.rename(snapshot, self);
        } else if let Some(line) = SaveLine::ALL.get(at.saturating_sub(lines).saturating_add(1)) {
            if dialog.line == *line {
                dialog.turn(true, snapshot, self);
            }
            dialog.line = *line;
        }
        self.overlay = Overlay::Save(dialog);
        Effect::None
    }

    /// Says what came of saving. Where a file is in the way, the question is there again.
    pub fn tell_saved(&mut self, outcome: Outcome) {
        let asked = self.asked_to_save.take();
        self.notice = Some(match outcome {
            Outcome::Saved { text, .. } => text,
            Outcome::Cancelled => "nothing was saved".to_owned(),
            Outcome::Failed { text, is_there } => {
                if let (true, Some(mut dialog), Overlay::None) = (is_there, asked, &self.overlay) {
                    dialog.force = true;
                    self.overlay = Overlay::Save(dialog);
                }
                text
            }
        });
    }
}
