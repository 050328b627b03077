//! The screens. Each is a function of a [`Snapshot`] and a [`ViewState`]; this file draws what
//! they have in common:
//!
//! ```text
//!  rtmpscope  ffmpeg-nginx.pcap   12 connections  9 pub 3 play   reading 43 %        ✖2 ▲1
//!  1 Streams  2 Session  3 Calls  4 Media  5 Messages  6 Findings
//!  … the screen …
//!  Enter open   / filter   s sort   ? help   q quit
//! ```

mod calls;
mod compare;
mod fields;
mod findings;
mod help;
mod list;
pub(super) mod media;
mod messages;
mod overlay;
mod popup;
mod save;
mod scrubber;
pub(super) mod session;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Block;
use ratatui::widgets::Widget as _;

use crate::base::ids::FlowId;
use crate::base::severity::Severity;
use crate::base::text::printable;
use crate::base::time::Timestamp;
use crate::base::units::counted;
use crate::session::netstream::Role;
use crate::tui::commands::Action;
use crate::tui::model::Detail;
use crate::tui::model::Detailed;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::sheet::Zones;
use crate::tui::state::ViewState;
use crate::tui::state::overlay::Overlay;
use crate::tui::theme::sign;
use crate::tui::units;
use crate::tui::units::grouped;
use crate::tui::units::marked;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::fit_line;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::width;
use crate::tui::widgets::text::wrap;

/// Lines that a screen needs so that the tabs do not take its room.
const TABS_FROM_HEIGHT: u16 = 14;

/// Lines that a screen needs so that the line of time does not take its room.
const SCRUBBER_FROM_HEIGHT: u16 = 16;

pub(super) use self::compare::compared_lines;

/// Draws one frame. Returns the places in it that can be pointed at.
pub fn render(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &ViewState) -> Zones {
    let mut sheet = Sheet::new(buffer);
    if !area.is_empty() {
        frame(&mut sheet, area, snapshot, view);
    }
    sheet.into_zones()
}

fn frame(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    header(sheet, Rect { height: 1, ..area }, snapshot, view);
    let mut top = area.y.saturating_add(1);
    if area.height >= TABS_FROM_HEIGHT {
        tabs(
            sheet,
            Rect {
                y: top,
                height: 1,
                ..area
            },
            view,
        );
        top = top.saturating_add(1);
    }
    let bottom = area.bottom().saturating_sub(1);
    let mut room = Rect {
        y: top,
        height: bottom.saturating_sub(top),
        ..area
    };
    if area.height >= SCRUBBER_FROM_HEIGHT && scrubber::is_shown(snapshot, view) {
        room.height = room.height.saturating_sub(1);
        let line = Rect {
            y: room.bottom(),
            height: 1,
            ..area
        };
        scrubber::render(sheet, line, snapshot, view);
    }
    if let Overlay::Help { all } = view.overlay {
        help::render(sheet, room, all, view);
    } else {
        body(sheet, room, snapshot, view);
    }
    if bottom > area.y {
        let foot = Rect {
            y: bottom,
            height: 1,
            ..area
        };
        footer(sheet, foot, view);
    }
    if let Overlay::Prompt(prompt) = &view.overlay {
        overlay::completions(sheet, room, prompt, snapshot, view);
    }
    match &view.overlay {
        Overlay::Columns { selected } => overlay::columns(sheet, room, *selected, view),
        Overlay::Palette(palette) => overlay::palette(sheet, room, palette, view),
        Overlay::Save(dialog) => save::render(sheet, room, dialog, snapshot, view),
        _ => {}
    }
}

/// Lines of a list that a page has, in a terminal of this size.
pub(super) fn page_lines(height: u16, screen: Screen) -> usize {
    let tabs = u16::from(height >= TABS_FROM_HEIGHT);
    let scrubber = u16::from(height >= SCRUBBER_FROM_HEIGHT && screen.is_of_one());
    let body = height
        .saturating_sub(2)
        .saturating_sub(tabs)
        .saturating_sub(scrubber);
    let lines = match screen {
        Screen::Compare => body
            .saturating_sub(compare::head_lines(body))
            .saturating_add(2),
        Screen::Messages if messages::is_split(height) => messages::list_height(body),
        _ => body,
    };
    usize::from(lines.saturating_sub(2).max(1))
}

/// Draws the screen itself, without what stands around all screens.
pub(super) fn body(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    match view.screen {
        Screen::Streams => list::render(sheet, area, snapshot, view),
        Screen::Findings => findings::render(sheet, area, snapshot, view),
        Screen::Compare => compare::render(sheet, area, snapshot, view),
        Screen::Session | Screen::Calls | Screen::Media | Screen::Messages => {
            let detail = match &snapshot.detail {
                Detailed::Known(detail) => detail,
                missing => {
                    say(sheet, area, why_missing(missing), view);
                    return;
                }
            };
            let area = headline(sheet, area, snapshot, detail, view);
            match view.screen {
                Screen::Calls => calls::render(sheet, area, snapshot, detail, view),
                Screen::Media => media::render(sheet, area, snapshot, detail, view),
                Screen::Messages => messages::render(sheet, area, snapshot, detail, view),
                _ => session::render(sheet, area, detail, view),
            }
        }
    }
}

fn why_missing(detailed: &Detailed) -> &'static str {
    match detailed {
        Detailed::LeftOut => {
            "This connection ended and was let go to keep memory bounded. Open the capture with a \
             BPF expression that selects it, as: host A and port P."
        }
        Detailed::None => "No connection is open. Press 1 and choose one.",
        _ => "This connection is about to be shown: its packets are being read.",
    }
}

/// Says in the middle of a pane why it is empty.
pub(super) fn say(sheet: &mut Sheet<'_>, area: Rect, text: &str, view: &ViewState) {
    let room = usize::from(area.width).saturating_sub(2).min(70);
    let lines = wrap(text, room);
    let taken = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = area.y.saturating_add(area.height.saturating_sub(taken) / 2);
    for (line, y) in lines.iter().zip(top..area.bottom()) {
        let indent = usize::from(area.width).saturating_sub(width(line)) / 2;
        let x = area
            .x
            .saturating_add(u16::try_from(indent).unwrap_or_default());
        let line = Line::styled(line.clone(), view.theme.dim());
        put(sheet, x, y, &line, area.right().saturating_sub(x));
    }
}

/// Which connection the screen is about. Returns the room below.
fn headline(
    sheet: &mut Sheet<'_>,
    area: Rect,
    snapshot: &Snapshot,
    detail: &Detail,
    view: &ViewState,
) -> Rect {
    let summary = detail.session.summary();
    let ends = &detail.ends;
    let address = |end: &crate::net::Endpoint| std::net::SocketAddr::new(end.addr, end.port);
    let theme = view.theme;
    let mut parts = vec![
        (format!(" {}", detail.label()), theme.head()),
        (
            marked(
                summary.role.map_or("no role", Role::name),
                summary.role_from.is_some(),
            ),
            theme.plain(),
        ),
        (
            summary.stage.name().to_owned(),
            stage_style(view, &detail.session),
        ),
        findings_sign(snapshot, detail.id, view),
        (
            format!(
                "{} → {}",
                marked(address(&ends.client), detail.sides_from.is_some()),
                address(&ends.server)
            ),
            theme.dim(),
        ),
    ];
    if let Some(software) = summary.client_software {
        parts.push((detail.prose(software), theme.dim()));
    }
    parts.retain(|(text, _)| !text.is_empty());
    let line = fit_parts(&parts, "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// How bad the worst findings of a connection are, and how many are as bad; nothing where all is
/// well.
fn findings_sign(snapshot: &Snapshot, id: FlowId, view: &ViewState) -> (String, Style) {
    let row = snapshot.rows.iter().find(|row| row.id == id);
    let Some(worst) = row.and_then(|row| row.worst) else {
        return Default::default();
    };
    if worst < Severity::Warning {
        return Default::default();
    }
    let findings = snapshot.anomalies.iter();
    let as_bad = findings.filter(|one| one.flow == id && one.severity == worst);
    let text = match as_bad.count() {
        0 => sign(Some(worst)).to_owned(),
        count => format!("{}{count}", sign(Some(worst))),
    };
    (text, view.theme.severity(Some(worst)))
}

fn stage_style(view: &ViewState, session: &crate::session::Session) -> Style {
    use crate::session::summary::Stage;
    match session.summary().stage {
        Stage::Rejected => view.theme.bad(),
        Stage::Publishing | Stage::Playing => view.theme.good(),
        _ => view.theme.plain(),
    }
}

fn header(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    let theme = view.theme;
    let capture = &snapshot.capture;
    let count = |role| {
        let rows = snapshot.rows.iter();
        let count = rows.filter(|row| row.role == Some(role)).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    };
    let mut parts = vec![(" rtmpscope".to_owned(), theme.title())];
    if view.paused {
        parts.push(("‖ paused".to_owned(), theme.warn()));
    }
    if let Some(replay) = capture.replay {
        let sign = if replay.is_held { "‖" } else { "▶" };
        let at = capture.last.map_or_else(String::new, units::time_of_day);
        parts.push((format!("{sign} replay {} {at}", replay.speed), theme.good()));
    } else if !capture.is_done {
        parts.push(match (capture.is_live, capture.percent()) {
            (true, _) => ("● live".to_owned(), theme.good()),
            (false, Some(percent)) => (format!("reading {percent} %"), theme.warn()),
            (false, None) => ("reading".to_owned(), theme.warn()),
        });
    }
    if let Some(progress) = view.saving {
        let percent = progress
            .percent
            .map_or_else(String::new, |percent| format!(" {percent} %"));
        parts.push((
            format!("saving {}{percent}", progress.purpose.name()),
            theme.warn(),
        ));
    }
    if capture.trouble.is_some() {
        parts.push(("✖ input damaged".to_owned(), theme.bad()));
    }
    let connections = snapshot.rows.len();
    parts.push((
        fit(&capture.name, usize::from(area.width / 3).max(8)),
        theme.head(),
    ));
    parts.push((
        counted(u64::try_from(connections).unwrap_or(0), "connection"),
        theme.plain(),
    ));
    parts.push((
        format!(
            "{} pub  {} play",
            grouped(count(Role::Publisher)),
            grouped(count(Role::Player))
        ),
        theme.plain(),
    ));
    if view.follow {
        parts.push(("following".to_owned(), theme.plain()));
    }
    parts.push((counted(capture.messages, "message"), theme.dim()));
    if capture.aggregate_parts > 0 {
        parts.push((
            format!("{} within aggregates", grouped(capture.aggregate_parts)),
            theme.dim(),
        ));
    }
    parts.push((counted(capture.frames, "frame"), theme.dim()));
    if capture.dropped > 0 {
        parts.push((
            format!("{} packets lost", grouped(capture.dropped)),
            theme.bad(),
        ));
    }
    let tally = tally(snapshot, view);
    let taken = tally.width();
    let room = usize::from(area.width).saturating_sub(taken.saturating_add(2));
    let line = fit_parts(&parts, "  ", room);
    put(sheet, area.x, area.y, &line, area.width);
    let x = usize::from(area.width).saturating_sub(taken.saturating_add(1));
    let x = area.x.saturating_add(u16::try_from(x).unwrap_or_default());
    put(sheet, x, area.y, &tally, area.right().saturating_sub(x));
}

/// How many connections are in trouble, at the right of the header.
fn tally<'a>(snapshot: &Snapshot, view: &ViewState) -> Line<'a> {
    let with = |low: Severity, high: Severity| {
        let rows = snapshot.rows.iter();
        rows.filter(|row| row.worst >= Some(low) && row.worst <= Some(high))
            .count()
    };
    let bad = with(Severity::Error, Severity::Critical);
    let warned = with(Severity::Warning, Severity::Warning);
    let mut spans = Vec::new();
    if bad > 0 {
        spans.push(Span::styled(format!("✖{bad}"), view.theme.bad()));
    }
    if warned > 0 {
        if !spans.is_empty() {
            spans.push(Span::raw(" "));
        }
        spans.push(Span::styled(format!("▲{warned}"), view.theme.warn()));
    }
    Line::from(spans)
}

fn tabs(sheet: &mut Sheet<'_>, area: Rect, view: &ViewState) {
    let theme = view.theme;
    let room = usize::from(area.width);
    // Where there is little room, only the open screen has its name.
    let full: usize = Screen::ALL
        .iter()
        .map(|s| s.title().len().saturating_add(4))
        .sum::<usize>()
        .saturating_add(1);
    let mut spans = vec![Span::raw(" ")];
    let mut x = area.x.saturating_add(1);
    for screen in Screen::ALL {
        let is_open = screen == view.screen;
        let text = if is_open || full <= room {
            format!(" {} {} ", screen.digit(), screen.title())
        } else {
            format!(" {} ", screen.digit())
        };
        let style = if is_open {
            theme.selected()
        } else if !screen.is_of_one() || view.focus.is_some() {
            theme.plain()
        } else {
            theme.dim()
        };
        let taken = u16::try_from(width(&text)).unwrap_or(u16::MAX);
        let place = Rect {
            x,
            width: taken,
            ..area
        };
        sheet.zone(place, Target::Act(Action::Show(screen)));
        x = x.saturating_add(taken);
        spans.push(Span::styled(text, style));
    }
    put(sheet, area.x, area.y, &Line::from(spans), area.width);
}

fn footer(sheet: &mut Sheet<'_>, area: Rect, view: &ViewState) {
    let theme = view.theme;
    if let Overlay::Prompt(prompt) = &view.overlay {
        overlay::prompt(sheet, area, prompt, view);
        return;
    }
    if let Some(notice) = &view.notice {
        let text = fit(
            &printable(notice),
            usize::from(area.width).saturating_sub(1),
        );
        let line = Line::styled(format!(" {text}"), theme.head());
        put(sheet, area.x, area.y, &line, area.width);
        return;
    }
    let mut spans = vec![Span::raw(" ")];
    let mut x = area.x.saturating_add(1);
    for (command, keys) in view.keys.of(view.screen) {
        let (Some(hint), Some(key)) = (command.hint, keys.first()) else {
            continue;
        };
        let key = key.to_string();
        let needed = width(&key).saturating_add(width(hint)).saturating_add(1);
        let needed = u16::try_from(needed).unwrap_or(u16::MAX);
        // What is shorter may still fit behind it.
        if x.saturating_add(needed) > area.right() {
            continue;
        }
        let place = Rect {
            x,
            width: needed,
            ..area
        };
        sheet.zone(place, Target::Act(command.action));
        x = x.saturating_add(needed).saturating_add(2);
        spans.push(Span::styled(key, theme.key()));
        spans.push(Span::styled(format!(" {hint}  "), theme.dim()));
    }
    put(sheet, area.x, area.y, &Line::from(spans), area.width);
}

/// A time since the mark, as it is written.
pub(super) fn since_mark(at: Timestamp, view: &ViewState) -> Option<String> {
    let mark = view.mark?;
    Some(if at >= mark {
        format!("+{}", units::seconds_since(at, mark))
    } else {
        format!("-{}", units::seconds_since(mark, at))
    })
}

/// A frame with a title; returns the room within.
pub(super) fn pane(
    sheet: &mut Sheet<'_>,
    area: Rect,
    title: &str,
    has_keys: bool,
    view: &ViewState,
) -> Rect {
    let room = usize::from(area.width).saturating_sub(4);
    let title = Span::styled(format!(" {} ", fit(title, room)), view.theme.head());
    let block = Block::bordered()
        .border_style(view.theme.border(has_keys))
        .title(title);
    let inner = block.inner(area);
    block.render(area, sheet);
    inner
}

/// Lines from `scroll` on, as far as they are there: the last page stays full.
pub(super) fn scrolled(
    sheet: &mut Sheet<'_>,
    area: Rect,
    lines: &[Line<'_>],
    scroll: usize,
    view: &ViewState,
) {
    let height = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(height));
    let below = lines.len().saturating_sub(first.saturating_add(height));
    let more =
        (below > 0 && area.height > 0 && area.width > 12).then(|| format!(" ↓ {below} more "));
    for (line, y) in lines.iter().skip(first).zip(area.y..area.bottom()) {
        match &more {
            Some(more) if y.saturating_add(1) == area.bottom() => {
                let room = usize::from(area.width).saturating_sub(width(more));
                put(sheet, area.x, y, &fit_line(line.clone(), room), area.width);
            }
            _ => put(sheet, area.x, y, line, area.width),
        }
    }
    if let Some(more) = more {
        let x = area
            .right()
            .saturating_sub(u16::try_from(width(&more)).unwrap_or_default());
        let line = Line::styled(more, view.theme.dim());
        put(sheet, x, area.bottom().saturating_sub(1), &line, area.width);
    }
}
