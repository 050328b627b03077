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
mod metadata;
mod setup;
#[cfg(test)]
mod tests;

use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::ids::Mark;
use crate::base::time::Timestamp;
use crate::tui::model::Detail;
use crate::tui::screen::Screen;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::ViewState;
use crate::tui::view::pane;
use crate::tui::view::scrolled;
use crate::tui::view::session::channels::channels;
use crate::tui::view::session::codecs::media;
use crate::tui::view::session::flow::flow;
use crate::tui::view::session::setup::setup;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::fit_line;
use crate::tui::widgets::text::select;

const TITLES: [&str; 4] = ["setup", "chunk channels", "flow", "codecs and metadata"];

/// Wide and high enough for all four panes beside each other.
const GRID: (u16, u16) = (90, 18);
/// High enough for two panes of which one is chosen.
const STACK: (u16, u16) = (56, 14);

/// Columns for facts that nobody looks at, but counts.
const UNSEEN_ROOM: usize = 80;

/// What proves a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Proof {
    /// A message by its number, and when it was complete.
    Message(u64, Mark),
    /// The message that a frame ended.
    Frame(Mark),
    /// No single message, but what a screen shows.
    Screen(Screen),
}

/// Something that a pane tells, and that can be selected. It takes several lines where there is
/// little room.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Fact<'a> {
    lines: Vec<Line<'a>>,
    pub(in crate::tui) proof: Option<Proof>,
}

impl<'a> Fact<'a> {
    fn new(line: Line<'a>, proof: Option<Proof>) -> Self {
        Self {
            lines: vec![line],
            proof,
        }
    }

    /// When what proves it was captured.
    pub(in crate::tui) fn time(&self) -> Option<Timestamp> {
        match self.proof? {
            Proof::Message(_, mark) | Proof::Frame(mark) => Some(mark.time),
            Proof::Screen(_) => None,
        }
    }
}

/// What a pane tells, below its heading.
#[derive(Debug, Default)]
struct Facts<'a> {
    heading: Option<Line<'a>>,
    all: Vec<Fact<'a>>,
}

fn facts_of<'a>(detail: &Detail, index: usize, room: usize, view: &ViewState) -> Facts<'a> {
    match index {
        0 => setup(detail, room, view),
        1 => channels(detail, room, view),
        2 => flow(detail, view),
        _ => media(detail, room, view),
    }
}

/// What a pane tells; how many facts these are does not depend on the room that they have.
pub(in crate::tui) fn facts<'a>(detail: &Detail, index: usize, view: &ViewState) -> Vec<Fact<'a>> {
    facts_of(detail, index, UNSEEN_ROOM, view).all
}

/// Draws the session.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, detail: &Detail, view: &ViewState) {
    let one = |sheet: &mut Sheet<'_>, area: Rect, index: usize| {
        sheet.zone(area, Target::Pane(index));
        let title = TITLES.get(index).copied().unwrap_or_default();
        let inner = pane(sheet, area, title, view.pane == index, view);
        draw(sheet, inner, detail, index, view);
    };
    if view.is_pane_alone {
        one(sheet, area, view.pane);
    } else if area.width >= GRID.0 && area.height >= GRID.1 {
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

/// The facts of a pane, the selected one in sight.
fn draw(sheet: &mut Sheet<'_>, area: Rect, detail: &Detail, index: usize, view: &ViewState) {
    let room = usize::from(area.width);
    let Facts { heading, all } = facts_of(detail, index, room, view);
    let mut area = area;
    if let Some(heading) = heading
        && area.height > 1
    {
        let head = Rect { height: 1, ..area };
        scrolled(sheet, head, &[fit_line(heading, room)], 0, view);
        area.y = area.y.saturating_add(1);
        area.height = area.height.saturating_sub(1);
    }
    let has_keys = view.pane == index;
    let selected = view.scroll.min(all.len().saturating_sub(1));
    let mut lines = Vec::new();
    let mut owners = Vec::new();
    let mut place = 0;
    for (at, fact) in all.into_iter().enumerate() {
        if at == selected && has_keys {
            place = lines.len();
        }
        for line in fact.lines {
            let line = fit_line(line, room);
            let is_selected = at == selected && has_keys && line.width() > 0;
            lines.push(if is_selected {
                let blank = room.saturating_sub(line.width());
                let mut line = line;
                line.push_span(Span::raw(" ".repeat(blank)));
                select(line, view.theme.selected())
            } else {
                line
            });
            owners.push(at);
        }
    }
    let height = usize::from(area.height);
    let first = first_shown(place, lines.len(), height);
    for (owner, y) in owners.iter().skip(first).zip(area.top()..area.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        sheet.zone(line, Target::PaneLine(index, *owner));
    }
    scrolled(sheet, area, &lines, first, view);
}
