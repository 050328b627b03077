//! One connection at a glance: how it was set up, what its chunk streams carry, how TCP carried
//! them, what the media are.
//!
//! ```text
//! ┌ setup ─────────────────────────────┐┌ chunk channels ──────────────────────────────────────────┐
//! │ TCP            31.0 ms             ││    CSID CARRIES  MSID FMT 0/1/2/3 %  MSGS  BYTES   SHARE  │
//! │ handshake      64.0 ms  simple     ││ →     2 control     0  100/0/0/0        4   62 B  ▏   0%  │
//! │ connect        41.3 ms  ✔          ││ →     4 audio       1    1/3/95/1   6 101 1.6 MB  ▎   3%  │
//! │ first key     +120 ms              ││ ←     2 control     0  100/0/0/0       64 1.0 kB  ▏   1%  │
//! └────────────────────────────────────┘└──────────────────────────────────────────────────────────┘
//! ┌ flow ──────────────────────────────┐┌ codecs and metadata ─────────────────────────────────────┐
//! └────────────────────────────────────┘└──────────────────────────────────────────────────────────┘
//! ```

mod channels;
pub(super) mod codecs;
mod flow;
mod setup;

use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::tui::model::Detail;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::view::pane;
use crate::tui::view::scrolled;
use crate::tui::view::session::channels::channels;
use crate::tui::view::session::codecs::media;
use crate::tui::view::session::flow::flow;
use crate::tui::view::session::setup::setup;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::width;

const TITLES: [&str; 4] = ["setup", "chunk channels", "flow", "codecs and metadata"];

/// Wide and high enough for all four panes beside each other.
const GRID: (u16, u16) = (90, 18);
/// High enough for two panes of which one is chosen.
const STACK: (u16, u16) = (56, 14);

/// Draws the session.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, detail: &Detail, view: &ViewState) {
    let one = |sheet: &mut Sheet<'_>, area: Rect, index: usize| {
        let has_keys = view.pane == index;
        let title = TITLES.get(index).copied().unwrap_or_default();
        let inner = pane(sheet, area, title, has_keys, view);
        let room = usize::from(inner.width);
        let lines = match index {
            0 => setup(detail, room, view),
            1 => channels(detail, room, view),
            2 => flow(detail, view),
            _ => media(detail, room, view),
        };
        let lines: Vec<Line<'_>> = lines.into_iter().map(|line| clipped(line, room)).collect();
        let scroll = if has_keys { view.scroll } else { 0 };
        scrolled(sheet, inner, &lines, scroll, view);
    };
    if area.width >= GRID.0 && area.height >= GRID.1 {
        let [top, bottom] =
            Layout::vertical([Constraint::Percentage(55), Constraint::Fill(1)]).areas(area);
        let left = Constraint::Length(46);
        let [a, b] = Layout::horizontal([left, Constraint::Fill(1)]).areas(top);
        let [c, d] =
            Layout::horizontal([Constraint::Percentage(48), Constraint::Fill(1)]).areas(bottom);
        for (index, area) in [a, b, c, d].into_iter().enumerate() {
            one(sheet, area, index);
        }
    } else if area.width >= STACK.0 && area.height >= STACK.1 {
        // The setup above, and below it the pane with the keys, or the channels.
        let [top, bottom] =
            Layout::vertical([Constraint::Percentage(48), Constraint::Fill(1)]).areas(area);
        one(sheet, top, 0);
        one(sheet, bottom, view.pane.max(1));
    } else {
        one(sheet, area, view.pane);
    }
}

/// The line without what lies beyond the edge, which an ellipsis tells.
fn clipped(line: Line<'_>, room: usize) -> Line<'_> {
    if line.width() <= room {
        return line;
    }
    let mut left = room;
    let mut spans = Vec::new();
    for span in line.spans {
        let taken = width(&span.content);
        if taken > left || (taken == left && !spans.is_empty()) {
            let text = fit(&format!("{} ", span.content.trim_end()), left);
            spans.push(Span::styled(text, span.style));
            break;
        }
        left = left.saturating_sub(taken);
        spans.push(span);
    }
    Line::from(spans)
}
