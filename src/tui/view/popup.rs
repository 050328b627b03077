//! Boxes that lie over a screen, and lists of choices in them.

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Clear;
use ratatui::widgets::Widget as _;

use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::ViewState;
use crate::tui::view::pane;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;

/// The place for a box of at most so many columns and lines: in the middle, a little above.
pub(super) fn middle(area: Rect, most: (u16, u16)) -> Rect {
    let (width, height) = (area.width.min(most.0), area.height.min(most.1));
    Rect {
        x: area.x.saturating_add(area.width.saturating_sub(width) / 2),
        y: area
            .y
            .saturating_add(area.height.saturating_sub(height) / 3),
        width,
        height,
    }
}

/// Draws an empty box with a title, and takes the mouse from what lies below. Returns the room
/// within.
pub(super) fn open(sheet: &mut Sheet<'_>, place: Rect, title: &str, view: &ViewState) -> Rect {
    sheet.cover();
    Clear.render(place, sheet);
    pane(sheet, place, title, true, view)
}

/// Draws `count` choices, as many as there is room for around the one at `around`, with the one at
/// `chosen` as a bar. Each can be pointed at.
pub(super) fn choices<'l>(
    sheet: &mut Sheet<'_>,
    area: Rect,
    count: usize,
    around: usize,
    chosen: Option<usize>,
    view: &ViewState,
    line: impl Fn(usize) -> Line<'l>,
) {
    let first = first_shown(around, count, usize::from(area.height));
    for (at, y) in (first..count).zip(area.y..area.bottom()) {
        let line = line(at);
        let line = if chosen == Some(at) {
            select(line, view.theme.selected())
        } else {
            line
        };
        put(sheet, area.x, y, &line, area.width);
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        sheet.zone(place, Target::Choice(at));
    }
}
