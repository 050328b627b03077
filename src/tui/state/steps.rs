//! From one line, field, byte, connection or anomaly to the next.

use crate::base::severity::Severity;
use crate::tui::keys::Screen;
use crate::tui::model::Snapshot;
use crate::tui::state::MESSAGE_HEX;
use crate::tui::state::MESSAGE_LIST;
use crate::tui::state::MESSAGE_TREE;
use crate::tui::state::ViewState;
use crate::tui::state::list::listed;

/// Farthest that a pane of text is scrolled.
const MAX_SCROLL: usize = 10_000;

impl ViewState {
    pub(super) fn step_connection(&mut self, snapshot: &Snapshot, forward: bool) {
        let shown = listed(&snapshot.rows, &self.list);
        let position = self.list_position(&snapshot.rows, &shown);
        let target = stepped(position, shown.len(), 1, forward);
        let Some(row) = shown
            .get(target)
            .and_then(|index| snapshot.rows.get(*index))
        else {
            return;
        };
        if self.focus.is_some() {
            self.open(row.id);
        } else {
            self.list.selected = Some(row.id);
        }
    }

    pub(super) fn step(&mut self, snapshot: &Snapshot, by: usize, forward: bool) {
        match self.screen {
            Screen::Streams => {
                let shown = listed(&snapshot.rows, &self.list);
                let position = self.list_position(&snapshot.rows, &shown);
                let target = stepped(position, shown.len(), by, forward);
                let row = shown
                    .get(target)
                    .and_then(|index| snapshot.rows.get(*index));
                self.list.selected = row.map(|row| row.id).or(self.list.selected);
                self.follow = false;
            }
            Screen::Calls => {
                let count = snapshot
                    .detail
                    .known()
                    .map_or(0, |detail| detail.session.calls.iter().count());
                self.call = stepped(self.call, count, by, forward);
            }
            Screen::Anomalies => {
                self.anomaly = stepped(self.anomaly, snapshot.anomalies.len(), by, forward);
            }
            Screen::Messages => match self.pane {
                MESSAGE_LIST => self.step_message(snapshot, by, forward),
                MESSAGE_TREE => self.step_field(snapshot, by, forward),
                _ => {
                    let lines = by.saturating_mul(self.hex_width.max(1));
                    self.step_byte(snapshot, lines, forward);
                }
            },
            Screen::Session | Screen::Media => {
                // The panes know how long they are and stop at their end.
                self.scroll = stepped(self.scroll, MAX_SCROLL, by, forward);
            }
        }
    }

    pub(super) fn step_message(&mut self, snapshot: &Snapshot, by: usize, forward: bool) {
        let page = &snapshot.page;
        let target = stepped(page.selected, page.matching, by, forward);
        let line = target
            .checked_sub(page.first)
            .and_then(|at| page.lines.get(at));
        self.messages.selected = match (line, forward) {
            (Some(line), _) => Some(line.kept.number),
            // Beyond the lines of the page: the ends are known without them.
            (None, true) => Some(u64::MAX),
            (None, false) => Some(0),
        };
        self.messages.field = 0;
        self.messages.byte = 0;
        self.follow = false;
    }

    pub(super) fn step_field(&mut self, snapshot: &Snapshot, by: usize, forward: bool) {
        let Some(opened) = &snapshot.opened else {
            return;
        };
        self.messages.field = stepped(self.messages.field, opened.fields.len(), by, forward);
        if let Some(field) = opened.fields.get(self.messages.field) {
            self.messages.byte = field.range.start;
        }
    }

    pub(super) fn step_byte(&mut self, snapshot: &Snapshot, by: usize, forward: bool) {
        if self.pane != MESSAGE_HEX {
            return;
        }
        let Some(opened) = &snapshot.opened else {
            return;
        };
        let byte = stepped(self.messages.byte, opened.bytes.len(), by, forward);
        self.messages.byte = byte;
        // The innermost field that holds the byte: parts stand behind the field that has them.
        let holds = |field: &crate::tui::model::FieldLine| field.range.contains(&byte);
        if let Some(field) = opened.fields.iter().rposition(holds) {
            self.messages.field = field;
        }
    }

    pub(super) fn step_anomaly(&mut self, snapshot: &Snapshot, forward: bool) {
        if self.screen == Screen::Streams {
            let shown = listed(&snapshot.rows, &self.list);
            let position = self.list_position(&snapshot.rows, &shown);
            let is_odd = |at: &usize| {
                let row = shown.get(*at).and_then(|index| snapshot.rows.get(*index));
                row.is_some_and(|row| row.worst >= Some(Severity::Warning))
            };
            let target = if forward {
                (position.saturating_add(1)..shown.len()).find(is_odd)
            } else {
                (0..position).rev().find(is_odd)
            };
            let row = target
                .and_then(|at| shown.get(at))
                .and_then(|index| snapshot.rows.get(*index));
            self.list.selected = row.map(|row| row.id).or(self.list.selected);
            return;
        }
        if self.screen == Screen::Messages {
            self.anomaly = stepped(self.anomaly, snapshot.anomalies.len(), 1, forward);
            self.show_evidence(snapshot);
            return;
        }
        if self.screen == Screen::Anomalies {
            self.anomaly = stepped(self.anomaly, snapshot.anomalies.len(), 1, forward);
        }
        self.show(Screen::Anomalies, snapshot);
    }
}

/// `by` steps from `at` among `count` places.
fn stepped(at: usize, count: usize, by: usize, forward: bool) -> usize {
    if forward {
        at.saturating_add(by).min(count.saturating_sub(1))
    } else {
        at.min(count.saturating_sub(1)).saturating_sub(by)
    }
}
