//! Two connections side by side.

use ratatui::layout::Rect;

use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::view::say;

/// Draws the comparison.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, _snapshot: &Snapshot, view: &ViewState) {
    say(sheet, area, "Tick two connections and press D.", view);
}
