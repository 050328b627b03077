//! What pointing at something does: the same as the keys that lead there.

use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;

use crate::tui::commands::Action;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::sheet::Target;
use crate::tui::sheet::Zones;
use crate::tui::state::Effect;
use crate::tui::state::MESSAGE_HEX;
use crate::tui::state::MESSAGE_TREE;
use crate::tui::state::ViewState;
use crate::tui::state::list::Sort;
use crate::tui::state::overlay::Overlay;

/// Lines that one notch of the wheel moves.
const WHEEL_LINES: usize = 3;

impl ViewState {
    /// Takes the mouse. `zones` are those of the frame that the reader sees.
    pub fn mouse(&mut self, event: MouseEvent, zones: &Zones, snapshot: &Snapshot) -> Effect {
        let target = zones.at(event.column, event.row).map(|zone| zone.target);
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(target, snapshot, true),
            MouseEventKind::ScrollUp => self.wheel(target, snapshot, false),
            MouseEventKind::Down(MouseButton::Left) => {
                self.notice = None;
                return target.map_or(Effect::None, |target| self.point(target, snapshot));
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                if let Some(Target::Moment(at)) = target {
                    self.set_cursor(at, snapshot);
                }
            }
            MouseEventKind::Down(MouseButton::Right) => return self.act(Action::Back, snapshot),
            _ => {}
        }
        Effect::None
    }

    fn wheel(&mut self, target: Option<Target>, snapshot: &Snapshot, down: bool) {
        if let Overlay::Help { .. } = self.overlay {
            for _ in 0..WHEEL_LINES {
                self.act_on_overlay(if down { Action::Down } else { Action::Up });
            }
            return;
        }
        if let Some(Target::Pane(pane) | Target::PaneLine(pane, _)) = target
            && pane != self.pane
        {
            self.go_to_pane(pane);
        }
        if self.overlay == Overlay::None {
            self.step(snapshot, WHEEL_LINES, down);
        }
    }

    fn point(&mut self, target: Target, snapshot: &Snapshot) -> Effect {
        match target {
            Target::Act(action) => return self.act(action, snapshot),
            Target::Choice(at) => return self.choose(at, snapshot),
            Target::Line(at) => {
                // What is selected already is opened.
                if self.selected_line(snapshot) == Some(at) && self.pane == 0 {
                    return self.act(Action::Enter, snapshot);
                }
                self.go_to_pane(0);
                self.select_line(at, snapshot);
            }
            Target::PaneLine(pane, at) => {
                // What is selected already is opened.
                if self.screen == Screen::Session && (self.pane, self.scroll) == (pane, at) {
                    return self.act(Action::Enter, snapshot);
                }
                self.go_to_pane(pane);
                if self.screen == Screen::Messages && pane == MESSAGE_TREE {
                    self.select_field(at, snapshot);
                } else if self.screen == Screen::Session {
                    self.select_line(at, snapshot);
                } else {
                    self.scroll = at;
                }
            }
            Target::Byte(at) => {
                self.go_to_pane(MESSAGE_HEX);
                self.select_byte(at, snapshot);
            }
            Target::Pane(pane) => self.go_to_pane(pane),
            Target::Heading(title) => {
                if let Some(sort) = Sort::of_title(title) {
                    self.list.is_reversed = self.list.sort == sort && !self.list.is_reversed;
                    self.list.sort = sort;
                }
            }
            Target::Moment(at) => self.set_cursor(at, snapshot),
        }
        Effect::None
    }
}
