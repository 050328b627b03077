//! From one line, field, byte, connection or finding to the next.

use std::sync::Arc;

use crate::base::severity::Severity;
use crate::tui::model::FieldLine;
use crate::tui::model::Oddity;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::MEDIA_CHARTS;
use crate::tui::state::MEDIA_FRAMES;
use crate::tui::state::MESSAGE_HEX;
use crate::tui::state::MESSAGE_LIST;
use crate::tui::state::MESSAGE_TREE;
use crate::tui::state::ViewState;
use crate::tui::state::list::haystack;
use crate::tui::state::list::listed;
use crate::tui::state::moments::Seek;
use crate::tui::state::sieve::Sieve;
use crate::tui::subject::Finding;
use crate::tui::view::media::CHARTS;
use crate::tui::view::session;
use crate::tui::view::session::Fact;
use crate::tui::view::session::Proof;

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
                self.select_line(stepped(position, shown.len(), by, forward), snapshot);
            }
            Screen::Calls if self.pane == 0 => {
                let count = snapshot
                    .detail
                    .known()
                    .map_or(0, |detail| detail.session.calls.iter().count());
                self.select_line(stepped(self.call, count, by, forward), snapshot);
            }
            Screen::Findings if self.pane == 0 => {
                let count = self.shown_findings(snapshot).len();
                let target = stepped(self.findings.selected, count, by, forward);
                self.select_line(target, snapshot);
            }
            Screen::Messages => match self.pane {
                MESSAGE_LIST => self.step_message(snapshot, by, forward),
                MESSAGE_TREE => self.step_field(snapshot, by, forward),
                _ => {
                    let lines = by.saturating_mul(self.hex_width.max(1));
                    self.step_byte(snapshot, lines, forward);
                }
            },
            Screen::Session => {
                let count = facts(snapshot, self).len();
                self.select_line(stepped(self.scroll, count, by, forward), snapshot);
            }
            Screen::Media if self.pane == MEDIA_CHARTS => {
                self.scroll = stepped(self.scroll, CHARTS, by, forward);
            }
            Screen::Media if self.pane == MEDIA_FRAMES => self.step_frame(snapshot, by, forward),
            Screen::Media | Screen::Calls | Screen::Findings => {
                // The panes know how long they are and stop at their end.
                self.scroll = stepped(self.scroll, MAX_SCROLL, by, forward);
            }
            Screen::Compare => {
                let count = crate::tui::view::compared_lines(snapshot, self);
                let places = count.saturating_sub(self.page).saturating_add(1);
                self.scroll = stepped(self.scroll, places, by, forward);
            }
        }
    }

    /// To the left or to the right: of the bytes, or of time.
    pub(super) fn step_aside(&mut self, snapshot: &Snapshot, forward: bool) {
        if self.screen == Screen::Media && self.pane == MEDIA_FRAMES {
            self.step_frame(snapshot, 1, forward);
        } else if self.screen == Screen::Media {
            self.step_in_chart(snapshot, forward);
        } else if self.pane == MESSAGE_HEX {
            self.step_byte(snapshot, 1, forward);
        }
    }

    /// The selected line of the list of the screen.
    pub(super) fn selected_line(&self, snapshot: &Snapshot) -> Option<usize> {
        match self.screen {
            Screen::Streams => {
                let shown = listed(&snapshot.rows, &self.list);
                Some(self.list_position(&snapshot.rows, &shown))
            }
            Screen::Calls => Some(self.call),
            Screen::Findings => Some(self.findings.selected),
            Screen::Messages => Some(snapshot.page.selected),
            Screen::Session => Some(self.scroll),
            Screen::Media | Screen::Compare => None,
        }
    }

    /// Selects a line of the list of the screen.
    pub(super) fn select_line(&mut self, at: usize, snapshot: &Snapshot) {
        match self.screen {
            Screen::Streams => {
                let shown = listed(&snapshot.rows, &self.list);
                let row = shown.get(at).and_then(|index| snapshot.rows.get(*index));
                self.list.selected = row.map(|row| row.id).or(self.list.selected);
                self.follow = false;
            }
            Screen::Calls => {
                self.call = at;
                let detail = snapshot.detail.known();
                let call = detail.and_then(|detail| detail.session.calls.iter().nth(at));
                self.cursor = call.map(|call| call.at.time).or(self.cursor);
            }
            Screen::Findings => {
                self.findings.selected = at;
                self.scroll = 0;
                let findings = self.shown_findings(snapshot);
                let finding = findings.get(at);
                self.cursor = finding.map(|one| one.first.time).or(self.cursor);
            }
            Screen::Messages => {
                let from = snapshot.page.selected;
                self.step_message(snapshot, at.abs_diff(from), at > from);
            }
            Screen::Session => {
                self.scroll = at;
                let facts = facts(snapshot, self);
                let time = facts.get(at).and_then(Fact::time);
                self.cursor = time.or(self.cursor);
            }
            Screen::Media | Screen::Compare => {}
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
        self.seek = None;
        self.follow = false;
    }

    pub(super) fn step_field(&mut self, snapshot: &Snapshot, by: usize, forward: bool) {
        let Some(opened) = &snapshot.opened else {
            return;
        };
        let field = stepped(self.messages.field, opened.fields.len(), by, forward);
        self.select_field(field, snapshot);
    }

    /// Selects a field of the opened message, and its first byte.
    pub(super) fn select_field(&mut self, at: usize, snapshot: &Snapshot) {
        let fields = snapshot.opened.as_ref().map(|opened| &opened.fields);
        if let Some(field) = fields.and_then(|fields| fields.get(at)) {
            self.messages.field = at;
            self.messages.byte = field.range.start;
        }
    }

    pub(super) fn step_byte(&mut self, snapshot: &Snapshot, by: usize, forward: bool) {
        if self.pane != MESSAGE_HEX {
            return;
        }
        let count = snapshot
            .opened
            .as_ref()
            .map_or(0, |opened| opened.bytes.len());
        let byte = stepped(self.messages.byte, count, by, forward);
        self.select_byte(byte, snapshot);
    }

    /// Selects a byte of the opened message, and the innermost field that holds it.
    pub(super) fn select_byte(&mut self, byte: usize, snapshot: &Snapshot) {
        let Some(opened) = &snapshot.opened else {
            return;
        };
        self.messages.byte = byte;
        // Parts stand behind the field that has them.
        let holds = |field: &FieldLine| field.range.contains(&byte);
        if let Some(field) = opened.fields.iter().rposition(holds) {
            self.messages.field = field;
        }
    }

    /// To what proves the selected line of the session.
    pub(super) fn show_proof(&mut self, snapshot: &Snapshot) {
        let facts = facts(snapshot, self);
        match facts.get(self.scroll).and_then(|fact| fact.proof) {
            Some(Proof::Message(number, mark)) => {
                self.cursor = Some(mark.time);
                self.go_to_screen(Screen::Messages, snapshot);
                self.select_message(number);
            }
            Some(Proof::Frame(mark)) => {
                self.cursor = Some(mark.time);
                self.go_to_screen(Screen::Messages, snapshot);
                self.messages.filter = Sieve::default();
                // The page that comes with the next snapshot knows which message that frame ended.
                self.messages.selected = None;
                self.seek = Some(Seek::Frame(mark.frame.0));
            }
            Some(Proof::Screen(screen)) => self.show(screen, snapshot),
            None => self.notice = Some("no single message tells this".to_owned()),
        }
    }

    /// The findings that are neither muted nor filtered out.
    pub fn shown_findings<'s>(&self, snapshot: &'s Snapshot) -> Vec<&'s Arc<Oddity>> {
        let state = &self.findings;
        // Connections stand in the order of their numbers.
        let row = |oddity: &Oddity| {
            let at = snapshot
                .rows
                .binary_search_by_key(&oddity.flow, |row| row.id);
            at.ok()
                .and_then(|at| snapshot.rows.get(at))
                .map(AsRef::as_ref)
        };
        let is_shown = |oddity: &&Arc<Oddity>| {
            (state.show_muted || !state.muted.contains(oddity.code))
                && (state.filter.is_empty()
                    || state.filter.may_pass(&Finding {
                        oddity,
                        row: row(oddity),
                    }))
        };
        snapshot.anomalies.iter().filter(is_shown).collect()
    }

    /// Mutes the kind of the selected finding, or shows it again.
    pub(super) fn mute(&mut self, snapshot: &Snapshot) {
        let findings = self.shown_findings(snapshot);
        let Some(code) = findings.get(self.findings.selected).map(|one| one.code) else {
            return;
        };
        self.notice = Some(if self.findings.muted.remove(code) {
            format!("{code} is shown again")
        } else {
            self.findings.muted.insert(code);
            format!("{code} is muted: f shows what is muted")
        });
        self.keep_finding_shown(snapshot);
    }

    /// Selects the last finding where there are fewer than there were.
    pub(super) fn keep_finding_shown(&mut self, snapshot: &Snapshot) {
        let count = self.shown_findings(snapshot).len();
        self.findings.selected = self.findings.selected.min(count.saturating_sub(1));
    }

    /// To the next finding from anywhere: the next bad connection in the list, the message that
    /// proves the next finding among the messages, the next line elsewhere.
    pub(super) fn step_finding(&mut self, snapshot: &Snapshot, forward: bool) {
        if self.screen == Screen::Streams {
            self.step_bad_connection(snapshot, forward);
            return;
        }
        let count = self.shown_findings(snapshot).len();
        if count == 0 {
            self.notice = Some("nothing was found here".to_owned());
            return;
        }
        let before = self.findings.selected.min(count.saturating_sub(1));
        let target = match self.screen {
            Screen::Messages | Screen::Media => self.finding_from_cursor(snapshot, forward),
            Screen::Findings => Some(stepped(before, count, 1, forward)).filter(|at| *at != before),
            // Who was at none yet wants the worst.
            _ if before == 0 => self.worst_finding(snapshot),
            _ => Some(before),
        };
        let Some(target) = target else {
            let end = if forward { "last" } else { "first" };
            self.notice = Some(format!("that was the {end} finding"));
            return;
        };
        self.findings.selected = target;
        if self.screen == Screen::Findings {
            self.scroll = 0;
        }
        let findings = self.shown_findings(snapshot);
        self.cursor = findings
            .get(target)
            .map(|one| one.first.time)
            .or(self.cursor);
        match self.screen {
            Screen::Messages => self.show_evidence(snapshot),
            Screen::Media => {}
            _ => {
                let selected = self.findings.selected;
                self.show(Screen::Findings, snapshot);
                self.findings.selected = selected;
            }
        }
    }

    /// The first of the worst findings.
    fn worst_finding(&self, snapshot: &Snapshot) -> Option<usize> {
        let findings = self.shown_findings(snapshot);
        let worst = findings.iter().map(|one| one.severity).max()?;
        findings.iter().position(|one| one.severity == worst)
    }

    /// The first finding behind the time cursor, or the last one before it.
    fn finding_from_cursor(&self, snapshot: &Snapshot, forward: bool) -> Option<usize> {
        let findings = self.shown_findings(snapshot);
        let Some(at) = self.cursor else {
            return (!findings.is_empty()).then_some(0);
        };
        if forward {
            findings.iter().position(|one| one.first.time > at)
        } else {
            findings.iter().rposition(|one| one.first.time < at)
        }
    }

    fn step_bad_connection(&mut self, snapshot: &Snapshot, forward: bool) {
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
        if let Some(at) = target {
            self.select_line(at, snapshot);
            return;
        }
        let has_one = (0..shown.len()).any(|at| is_odd(&at));
        let told = if has_one {
            "no further connection has a warning or worse: 6 shows what was found"
        } else {
            "no connection has a warning or worse"
        };
        self.notice = Some(told.to_owned());
    }

    /// To the next line that contains the text last looked for; behind the last comes the first.
    pub(super) fn find_step(&mut self, snapshot: &Snapshot, forward: bool) {
        let wanted = self.find.to_lowercase();
        if wanted.is_empty() {
            self.notice = Some("no text was looked for yet: Ctrl-F asks for one".to_owned());
            return;
        }
        if self.screen == Screen::Messages {
            // The feed looks through all messages, also those that are on no page.
            self.seek = Some(Seek::Text { forward });
            return;
        }
        let texts: Vec<String> = match self.screen {
            Screen::Streams => listed(&snapshot.rows, &self.list)
                .iter()
                .filter_map(|index| snapshot.rows.get(*index))
                .map(|row| haystack(row))
                .collect(),
            Screen::Calls => snapshot.detail.known().map_or_else(Vec::new, |detail| {
                let calls = detail.session.calls.iter();
                calls
                    .map(|call| detail.prose(&call.name).to_lowercase())
                    .collect()
            }),
            Screen::Findings => {
                let findings = self.shown_findings(snapshot);
                findings.iter().map(|one| finding_text(one)).collect()
            }
            _ => return,
        };
        let from = self.selected_line(snapshot).unwrap_or(0);
        let is_hit = |at: &usize| texts.get(*at).is_some_and(|text| text.contains(&wanted));
        let found = if forward {
            let behind = from.saturating_add(1)..texts.len();
            behind.chain(0..texts.len()).find(is_hit)
        } else {
            let before = (0..from.min(texts.len())).rev();
            before.chain((0..texts.len()).rev()).find(is_hit)
        };
        match found {
            Some(at) => self.select_line(at, snapshot),
            None => self.notice = Some(format!("no line contains \"{}\"", self.find)),
        }
    }
}

/// The lines of the open pane of the session.
fn facts<'a>(snapshot: &Snapshot, view: &ViewState) -> Vec<Fact<'a>> {
    let detail = snapshot.detail.known();
    detail.map_or_else(Vec::new, |detail| session::facts(detail, view.pane, view))
}

fn finding_text(oddity: &Oddity) -> String {
    format!(
        "{} {} {} {}",
        oddity.code, oddity.severity, oddity.label, oddity.what
    )
    .to_lowercase()
}

/// `by` steps from `at` among `count` places.
fn stepped(at: usize, count: usize, by: usize, forward: bool) -> usize {
    if forward {
        at.saturating_add(by).min(count.saturating_sub(1))
    } else {
        at.min(count.saturating_sub(1)).saturating_sub(by)
    }
}
