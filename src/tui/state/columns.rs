//! Choosing which columns the list of connections shows, where there is room for them.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;

use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::state::overlay::Overlay;

/// Columns that can be left out; health and name always stay.
pub const CHOOSABLE: [&str; 11] = [
    "ROLE", "PEER", "CODEC", "KBIT/S", "RATE", "FPS", "GOP", "A/V", "LAG", "LOSS", "STATE",
];

impl ViewState {
    pub(super) fn choose_columns(&mut self) {
        self.overlay = Overlay::Columns { selected: 0 };
    }

    pub(super) fn type_into_columns(&mut self, selected: usize, event: KeyEvent) -> Effect {
        let last = CHOOSABLE.len().saturating_sub(1);
        let selected = match event.code {
            KeyCode::Down | KeyCode::Char('j') => selected.saturating_add(1).min(last),
            KeyCode::Up | KeyCode::Char('k') => selected.saturating_sub(1),
            KeyCode::Char(' ') => {
                self.turn_column(selected);
                selected
            }
            KeyCode::Enter | KeyCode::F(10) | KeyCode::Char('q') => return Effect::None,
            _ => selected,
        };
        self.overlay = Overlay::Columns { selected };
        Effect::None
    }

    /// Shows a column that is left out, or leaves it out.
    pub(super) fn turn_column(&mut self, at: usize) {
        if let Some(title) = CHOOSABLE.get(at)
            && !self.list.left_out.remove(title)
        {
            self.list.left_out.insert(title);
        }
    }
}
