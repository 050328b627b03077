//! What a screen is drawn on: the cells of the terminal, and beside them the places that can be
//! pointed at. Whoever draws something that answers to the mouse says so where it is drawn, so
//! that no second description of a layout can say something else than the first.

use std::ops::Deref;
use std::ops::DerefMut;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;

use crate::base::time::Timestamp;
use crate::tui::commands::Action;

/// What pointing at a place means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The same as pressing a key.
    Act(Action),
    /// A line of the list of the screen, counted from the first one.
    Line(usize),
    /// A line of a pane, and the pane.
    PaneLine(usize, usize),
    /// A byte of the opened message.
    Byte(usize),
    /// A pane, wherever in it.
    Pane(usize),
    /// The heading of a column.
    Heading(&'static str),
    /// A line of what lies over the screen: a choice, a completion.
    Choice(usize),
    /// A moment on an axis of time.
    Moment(Timestamp),
}

/// A place that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    /// Where.
    pub area: Rect,
    /// What it means.
    pub target: Target,
}

/// The places of one frame. Later ones lie over earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zones(Vec<Zone>);

impl Zones {
    /// What is at a place, the topmost first.
    pub fn at(&self, x: u16, y: u16) -> Option<Zone> {
        let holds = |zone: &&Zone| zone.area.contains(Position { x, y });
        self.0.iter().rev().find(holds).copied()
    }

    /// All of them, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = &Zone> {
        self.0.iter()
    }
}

/// The cells of a frame with the places that can be pointed at.
#[derive(Debug)]
pub struct Sheet<'a> {
    buffer: &'a mut Buffer,
    zones: Zones,
}

impl<'a> Sheet<'a> {
    /// A sheet of these cells, on which nothing can be pointed at yet.
    pub fn new(buffer: &'a mut Buffer) -> Self {
        Self {
            buffer,
            zones: Zones::default(),
        }
    }

    /// Says what pointing at a place means.
    pub(super) fn zone(&mut self, area: Rect, target: Target) {
        let area = area.intersection(self.buffer.area);
        if !area.is_empty() {
            self.zones.0.push(Zone { area, target });
        }
    }

    /// What lies over the screen takes the mouse: what was drawn before can be pointed at no more.
    pub(super) fn cover(&mut self) {
        self.zones.0.clear();
    }

    /// The places, when all is drawn.
    pub fn into_zones(self) -> Zones {
        self.zones
    }
}

impl Deref for Sheet<'_> {
    type Target = Buffer;

    fn deref(&self) -> &Buffer {
        self.buffer
    }
}

impl DerefMut for Sheet<'_> {
    fn deref_mut(&mut self) -> &mut Buffer {
        self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_above_is_found_first() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 4));
        let mut sheet = Sheet::new(&mut buffer);
        sheet.zone(Rect::new(0, 0, 10, 4), Target::Pane(1));
        sheet.zone(Rect::new(2, 1, 20, 1), Target::Line(7));
        let zones = sheet.into_zones();
        assert_eq!(
            zones.at(5, 1).map(|zone| zone.target),
            Some(Target::Line(7))
        );
        assert_eq!(
            zones.at(5, 2).map(|zone| zone.target),
            Some(Target::Pane(1))
        );
        assert_eq!(
            zones.at(10, 1),
            None,
            "beyond the edge nothing is pointed at"
        );
    }
}
