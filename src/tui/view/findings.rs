//! What was odd: of the whole capture from the list, of one connection within it; and why.
//!
//! ```text
//!  3 findings of live/****1a (#1)  ✖E1 ▲W2  2 muted
//!     CODE               STREAM       FIRST    LAST  DIR  COUNT  WHAT
//! ▸✖E media.gap          live/****1a  12.417 → 20.1   →      2  video of client on stream 1: nothing for 1.2 s …
//! ┌ why: media.gap ──────────────────────────────────────────────────────────────────────┐
//! │ ✖E error  sent by the client  2 times                                                 │
//! │ evidence   first  frame 812   12.417                                                  │
//! │            last   frame 1204  20.100                                                  │
//! │ means      Nothing came for so long that viewers see it.                              │
//! └───────────────────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::time::Timestamp;
use crate::base::units::counted;
use crate::session::explain::explain;
use crate::tui::model::Oddity;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::FINDING_LIST;
use crate::tui::state::FINDING_PANE;
use crate::tui::state::ViewState;
use crate::tui::state::moments::TimeMode;
use crate::tui::theme::arrow;
use crate::tui::theme::sign;
use crate::tui::units;
use crate::tui::view::pane;
use crate::tui::view::say;
use crate::tui::view::scrolled;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::Look;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::wrap;

const STREAM: &str = "STREAM";

const COLUMNS: &[Column] = &[
    fixed("", 3, 0),
    flexible("CODE", 18, 26, 0),
    flexible(STREAM, 12, 18, 4),
    number("FIRST", 12, 2),
    number("LAST", 14, 6),
    fixed("DIR", 3, 3),
    number("COUNT", 6, 5),
    flexible("WHAT", 24, 200, 1),
];

/// Lines from which the selected finding gets a pane.
const PANE_FROM_HEIGHT: u16 = 11;

/// Lines of the pane, at the least: what was found and its evidence.
const PANE_LEAST_HEIGHT: u16 = 6;

/// Lines of the pane, at most: all that is said of most findings.
const PANE_MOST_HEIGHT: u16 = 14;

/// Columns of the names before the texts of the pane.
const NAMES: usize = 11;

/// The sign of what is muted, before the letter of its severity.
const MUTED: &str = "○";

/// Draws the findings.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    let all = view.shown_findings(snapshot);
    let line = fit_parts(&title(snapshot, view), "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let area = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let selected = view.findings.selected.min(all.len().saturating_sub(1));
    let Some(oddity) = all.get(selected) else {
        say(sheet, area, &why_empty(snapshot, view), view);
        return;
    };
    let has_pane_keys = view.pane == FINDING_PANE;
    if view.is_pane_alone || area.height < PANE_FROM_HEIGHT {
        if has_pane_keys {
            why(sheet, area, oddity, snapshot, view);
        } else {
            list(sheet, area, &all, selected, snapshot, view);
        }
        return;
    }
    let height = (area.height / 2).clamp(PANE_LEAST_HEIGHT, PANE_MOST_HEIGHT);
    let top = Rect {
        height: area.height.saturating_sub(height),
        ..area
    };
    list(sheet, top, &all, selected, snapshot, view);
    let below = Rect {
        y: top.bottom(),
        height,
        ..area
    };
    why(sheet, below, oddity, snapshot, view);
}

/// Whose findings they are.
fn whose(snapshot: &Snapshot, view: &ViewState) -> String {
    match (view.focus, snapshot.detail.known()) {
        (None, _) => "of the whole capture".to_owned(),
        (_, Some(detail)) => format!("of {} (#{})", detail.label(), detail.id),
        (Some(id), None) => format!("of connection #{id}"),
    }
}

/// How many there are, by severity, and how many of them are not shown.
fn title(snapshot: &Snapshot, view: &ViewState) -> Vec<(String, Style)> {
    let theme = view.theme;
    let all = view.shown_findings(snapshot);
    let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let whose = whose(snapshot, view);
    let mut parts = vec![(
        format!(" {} {whose}", counted(count, "finding")),
        theme.head(),
    )];
    for severity in [
        Severity::Critical,
        Severity::Error,
        Severity::Warning,
        Severity::Info,
    ] {
        let count = all.iter().filter(|one| one.severity == severity).count();
        if count > 0 {
            let sum = format!("{}{count}", sign(Some(severity)));
            parts.push((sum, theme.severity(Some(severity))));
        }
    }
    let muted = muted(snapshot, view);
    if muted > 0 {
        let how = if view.findings.show_muted {
            "shown"
        } else {
            "not shown"
        };
        parts.push((format!("{MUTED} {muted} muted, {how}"), theme.plain()));
    }
    if !view.findings.filter.is_empty() {
        let filter = crate::base::text::printable(view.findings.filter.text());
        parts.push((format!("with {filter}"), theme.plain()));
    }
    if snapshot.anomalies_left_out > 0 {
        let more = units::grouped(snapshot.anomalies_left_out);
        parts.push((format!("{more} more not kept"), theme.dim()));
    }
    parts.push((format!("times: {}", view.time.name()), theme.dim()));
    parts
}

fn is_muted(oddity: &Oddity, view: &ViewState) -> bool {
    view.findings.muted.contains(oddity.code)
}

/// How many are muted, whether they are shown or not.
fn muted(snapshot: &Snapshot, view: &ViewState) -> usize {
    let all = snapshot.anomalies.iter();
    all.filter(|oddity| is_muted(oddity, view)).count()
}

fn why_empty(snapshot: &Snapshot, view: &ViewState) -> String {
    let whose = whose(snapshot, view);
    if !view.findings.filter.is_empty() && !snapshot.anomalies.is_empty() {
        return "The filter lets no finding through. Esc shows all again.".to_owned();
    }
    if muted(snapshot, view) > 0 {
        return format!("Everything that was found {whose} is muted: f shows it all the same.");
    }
    let has_others = snapshot.rows.iter().any(|row| {
        let is_other = view.focus.is_some_and(|id| id != row.id);
        is_other && row.worst >= Some(Severity::Warning)
    });
    let others = if has_others {
        " Others have something: 1, then e leads there."
    } else {
        ""
    };
    if snapshot.capture.is_done {
        format!("Nothing odd was noticed {whose}.{others}")
    } else {
        format!("Nothing odd so far {whose}; still reading.{others}")
    }
}

fn list(
    sheet: &mut Sheet<'_>,
    area: Rect,
    all: &[&std::sync::Arc<Oddity>],
    selected: usize,
    snapshot: &Snapshot,
    view: &ViewState,
) {
    let theme = view.theme;
    sheet.zone(area, Target::Pane(FINDING_LIST));
    let look = Look {
        head: theme.dim(),
        selected: Some(if view.pane == FINDING_LIST {
            theme.selected()
        } else {
            theme.selected_elsewhere()
        }),
    };
    let begin = begin(snapshot);
    // All of one connection would have the same name there, and what was found is cut for it.
    let is_of_one = view.focus.is_some();
    let is_shown = |column: &Column| !is_of_one || column.title != STREAM;
    let columns: Vec<Column> = COLUMNS.iter().copied().filter(is_shown).collect();
    table::render(sheet, area, &columns, all.len(), selected, look, |at| {
        let Some(oddity) = all.get(at) else {
            return Vec::new();
        };
        let before = at
            .checked_sub(1)
            .and_then(|at| all.get(at))
            .map(|o| o.first);
        let marker = if at == selected { "▸" } else { " " };
        // What is muted is dim as a whole, and has a sign of its own.
        let is_muted = is_muted(oddity, view);
        let dimmed = |style: Style| if is_muted { theme.dim() } else { style };
        let severity = sign(Some(oddity.severity));
        let shown = if is_muted {
            let letter: String = severity.chars().skip(1).collect();
            format!("{marker}{MUTED}{letter}")
        } else {
            format!("{marker}{severity}")
        };
        let last = if is_single(oddity) {
            String::new()
        } else {
            format!("→ {}", time(oddity.last, Some(oddity.first), begin, view))
        };
        let cells = [
            Cell::styled(shown, dimmed(theme.severity(Some(oddity.severity)))),
            Cell::styled(oddity.code, dimmed(theme.head())),
            Cell::styled(oddity.label.clone(), dimmed(theme.plain())),
            Cell::styled(time(oddity.first, before, begin, view), theme.dim()),
            Cell::styled(last, theme.dim()),
            Cell::styled(
                format!(" {}", arrow(oddity.side)),
                dimmed(theme.side(oddity.side)),
            ),
            Cell::styled(units::grouped(oddity.count), dimmed(theme.plain())),
            Cell::styled(oddity.what.clone(), dimmed(theme.plain())),
        ];
        let shown = cells.into_iter().zip(COLUMNS);
        let shown = shown.filter(|(_, column)| is_shown(column));
        shown.map(|(cell, _)| cell).collect()
    });
}

/// Whether its first occurrence is its last one.
fn is_single(oddity: &Oddity) -> bool {
    oddity.first.frame == oddity.last.frame
}

/// From when times count: of the open connection, or of the capture.
fn begin(snapshot: &Snapshot) -> Option<Timestamp> {
    let detail = snapshot.detail.known();
    detail
        .map(|detail| detail.first.time)
        .or(snapshot.capture.first)
}

fn time(at: Mark, before: Option<Mark>, begin: Option<Timestamp>, view: &ViewState) -> String {
    let since = |begin| units::seconds_since(at.time, begin);
    match (view.time, before) {
        (TimeMode::Clock, _) => units::time_of_day(at.time),
        (TimeMode::SincePrevious, Some(before)) => {
            // Of several connections, the next finding may be of an earlier moment.
            format!("+{}", since(before.time.min(at.time)))
        }
        (TimeMode::SinceMark, _) => {
            super::since_mark(at.time, view).unwrap_or_else(|| units::time_of_day(at.time))
        }
        _ => begin.map_or_else(|| units::time_of_day(at.time), since),
    }
}

/// Why: what it is, the frames that prove it, what it means, what causes it and what to try. The
/// evidence stays; the text behind it is scrolled.
fn why(sheet: &mut Sheet<'_>, area: Rect, oddity: &Oddity, snapshot: &Snapshot, view: &ViewState) {
    let theme = view.theme;
    let has_keys = view.pane == FINDING_PANE;
    sheet.zone(area, Target::Pane(FINDING_PANE));
    let title = format!("why: {}", oddity.code);
    let inner = pane(sheet, area, &title, has_keys, view);
    let room = usize::from(inner.width);
    let mut y = inner.y;
    let head = head(oddity, view);
    put(
        sheet,
        inner.x,
        y,
        &fit_parts(&head, "  ", room),
        inner.width,
    );
    y = y.saturating_add(1);
    let evidence = evidence(oddity);
    let last = evidence.len().saturating_sub(1);
    let names = evidence.iter().map(|(text, _)| text.len()).max();
    for (at, (text, mark)) in evidence.iter().enumerate() {
        if y >= inner.bottom() {
            break;
        }
        let label = if at == 0 { "evidence" } else { "" };
        let is_selected = has_keys && view.scroll.min(last) == at;
        let marker = if is_selected { "▸" } else { " " };
        let text = pad(text, names.unwrap_or(0), false);
        let moment = time(*mark, Some(oddity.first), begin(snapshot), view);
        let mut parts = vec![
            (
                format!("{marker}{}{text}", pad(label, NAMES, false)),
                theme.plain(),
            ),
            (moment, theme.dim()),
        ];
        if is_selected {
            parts.push(("Enter shows its message".to_owned(), theme.dim()));
        }
        let line = fit_parts(&parts, "  ", room);
        let line = if is_selected {
            select(line, theme.selected())
        } else {
            line
        };
        put(sheet, inner.x, y, &line, inner.width);
        let place = Rect {
            y,
            height: 1,
            ..inner
        };
        sheet.zone(place, Target::PaneLine(FINDING_PANE, at));
        y = y.saturating_add(1);
    }
    let rest = Rect {
        y,
        height: inner.bottom().saturating_sub(y),
        ..inner
    };
    let scroll = if has_keys {
        view.scroll.saturating_sub(last)
    } else {
        0
    };
    scrolled(sheet, rest, &text(oddity, room, view), scroll, view);
}

fn head(oddity: &Oddity, view: &ViewState) -> Vec<(String, Style)> {
    let theme = view.theme;
    let severity = Some(oddity.severity);
    let mut parts = vec![
        (
            format!(" {} {}", sign(severity), oddity.severity),
            theme.severity(severity),
        ),
        (
            format!("sent by the {}", oddity.side.name()),
            theme.side(oddity.side),
        ),
        (counted(oddity.count, "time"), theme.plain()),
    ];
    if is_muted(oddity, view) {
        let muted = format!("{MUTED} muted: M shows it again");
        parts.push((muted, theme.plain()));
    }
    parts
}

/// The frames that prove it.
fn evidence(oddity: &Oddity) -> Vec<(String, Mark)> {
    let mut all = vec![(format!("first frame {}", oddity.first.frame), oddity.first)];
    if !is_single(oddity) {
        all.push((format!("last frame {}", oddity.last.frame), oddity.last));
    }
    all
}

/// What it is and why, in words.
fn text<'a>(oddity: &Oddity, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let mut lines = Vec::new();
    let mut say = |name: &str, text: &str, style: Style| {
        let room = room.saturating_sub(NAMES).saturating_sub(2).max(8);
        for (at, text) in wrap(text, room).into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!(" {}", pad(name, NAMES, false)), theme.dim()),
                Span::styled(text, style),
            ]));
        }
    };
    say("what", &oddity.what, theme.head());
    if let Some(known) = explain(oddity.code) {
        say("means", known.meaning, theme.plain());
        say("cause", known.cause, theme.plain());
        say("try", known.advice, theme.plain());
    }
    lines
}

#[cfg(test)]
#[path = "findings_tests.rs"]
mod tests;
