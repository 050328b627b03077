//! The screens. Each is a function of a [`Snapshot`] and a [`ViewState`]; this file draws what
//! they have in common:
//!
//! ```text
//!  rtmpscope  ffmpeg-nginx.pcap   12 connections  9 pub 3 play   reading 43 %        ✖2 ▲1
//!  1 Streams  2 Session  3 Calls  4 Media  5 Messages  6 Anomalies
//!  … the screen …
//!  Enter open   / filter   s sort   ? help   q quit
//! ```

mod anomalies;
mod calls;
mod help;
mod list;
mod media;
mod messages;
mod session;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Block;
use ratatui::widgets::Widget as _;

use crate::base::severity::Severity;
use crate::base::units::counted;
use crate::session::netstream::Role;
use crate::tui::keys;
use crate::tui::keys::Screen;
use crate::tui::model::Detail;
use crate::tui::model::Detailed;
use crate::tui::model::Snapshot;
use crate::tui::state::ViewState;
use crate::tui::units::grouped;
use crate::tui::units::marked;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::width;
use crate::tui::widgets::text::wrap;

/// Lines that a screen needs so that the tabs do not take its room.
const TABS_FROM_HEIGHT: u16 = 14;

/// Draws one frame.
pub fn render(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    if area.is_empty() {
        return;
    }
    header(buffer, Rect { height: 1, ..area }, snapshot, view);
    let mut top = area.y.saturating_add(1);
    if area.height >= TABS_FROM_HEIGHT {
        let line = tabs(view, usize::from(area.width));
        put(buffer, area.x, top, &line, area.width);
        top = top.saturating_add(1);
    }
    let bottom = area.bottom().saturating_sub(1);
    let body = Rect {
        y: top,
        height: bottom.saturating_sub(top),
        ..area
    };
    if view.help {
        help::render(buffer, body, view);
    } else {
        screen(buffer, body, snapshot, view);
    }
    if bottom > area.y {
        let foot = Rect {
            y: bottom,
            height: 1,
            ..area
        };
        footer(buffer, foot, view);
    }
}

/// Lines of a list that a page has, in a terminal of this size.
pub(super) fn page_lines(height: u16, screen: Screen) -> usize {
    let body = height.saturating_sub(if height >= TABS_FROM_HEIGHT { 3 } else { 2 });
    let lines = match screen {
        Screen::Messages if messages::is_split(height) => messages::list_height(body),
        _ => body,
    };
    usize::from(lines.saturating_sub(2).max(1))
}

fn screen(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    match view.screen {
        Screen::Streams => list::render(buffer, area, snapshot, view),
        Screen::Anomalies => anomalies::render(buffer, area, snapshot, view),
        Screen::Session | Screen::Calls | Screen::Media | Screen::Messages => {
            let detail = match &snapshot.detail {
                Detailed::Known(detail) => detail,
                missing => {
                    say(buffer, area, why_missing(missing), view);
                    return;
                }
            };
            let area = headline(buffer, area, detail, view);
            match view.screen {
                Screen::Calls => calls::render(buffer, area, detail, view),
                Screen::Media => media::render(buffer, area, detail, view),
                Screen::Messages => messages::render(buffer, area, snapshot, detail, view),
                _ => session::render(buffer, area, detail, view),
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
        _ => "The decoder hands this connection over with its next look.",
    }
}

/// Says in the middle of a pane why it is empty.
pub(super) fn say(buffer: &mut Buffer, area: Rect, text: &str, view: &ViewState) {
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
        put(buffer, x, y, &line, area.right().saturating_sub(x));
    }
}

/// Which connection the screen is about. Returns the room below.
fn headline(buffer: &mut Buffer, area: Rect, detail: &Detail, view: &ViewState) -> Rect {
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
    let line = fit_parts(&parts, "  ", usize::from(area.width));
    put(buffer, area.x, area.y, &line, area.width);
    Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    }
}

fn stage_style(view: &ViewState, session: &crate::session::Session) -> Style {
    use crate::session::summary::Stage;
    match session.summary().stage {
        Stage::Rejected => view.theme.bad(),
        Stage::Publishing | Stage::Playing => view.theme.good(),
        _ => view.theme.plain(),
    }
}

fn header(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &ViewState) {
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
    if !capture.is_done {
        parts.push(match (capture.is_live, capture.percent()) {
            (true, _) => ("● live".to_owned(), theme.good()),
            (false, Some(percent)) => (format!("reading {percent} %"), theme.warn()),
            (false, None) => ("reading".to_owned(), theme.warn()),
        });
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
    put(buffer, area.x, area.y, &line, area.width);
    let x = usize::from(area.width).saturating_sub(taken.saturating_add(1));
    let x = area.x.saturating_add(u16::try_from(x).unwrap_or_default());
    put(buffer, x, area.y, &tally, area.right().saturating_sub(x));
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

fn tabs<'a>(view: &ViewState, room: usize) -> Line<'a> {
    let theme = view.theme;
    // Where there is little room, only the open screen has its name.
    let full: usize = Screen::ALL
        .iter()
        .map(|s| s.title().len().saturating_add(5))
        .sum();
    let mut spans = vec![Span::raw(" ")];
    for screen in Screen::ALL {
        let is_open = screen == view.screen;
        let text = if is_open || full <= room {
            format!(" {} {} ", screen.digit(), screen.title())
        } else {
            format!(" {} ", screen.digit())
        };
        let style = if is_open {
            theme.selected()
        } else if screen == Screen::Streams || screen == Screen::Anomalies || view.focus.is_some() {
            theme.plain()
        } else {
            theme.dim()
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

fn footer(buffer: &mut Buffer, area: Rect, view: &ViewState) {
    let theme = view.theme;
    if let Some(text) = &view.prompt {
        let room = usize::from(area.width).saturating_sub(4);
        // The end of a long text is where one types.
        let mut shown: String = text.clone();
        while width(&shown) > room {
            shown.remove(0);
        }
        let line = Line::from(vec![
            Span::styled(" /", theme.key()),
            Span::raw(crate::base::text::printable(&shown)),
            Span::styled("▏", theme.key()),
            Span::styled("  Enter apply   Esc cancel", theme.dim()),
        ]);
        put(buffer, area.x, area.y, &line, area.width);
        return;
    }
    let mut spans = vec![Span::raw(" ")];
    let mut left = usize::from(area.width).saturating_sub(1);
    for key in keys::keys_of(view.screen) {
        let Some(hint) = key.hint else {
            continue;
        };
        let needed = width(key.shown)
            .saturating_add(hint.len())
            .saturating_add(4);
        if needed > left {
            break;
        }
        left = left.saturating_sub(needed);
        spans.push(Span::styled(key.shown, theme.key()));
        spans.push(Span::styled(format!(" {hint}   "), theme.dim()));
    }
    put(buffer, area.x, area.y, &Line::from(spans), area.width);
}

/// A frame with a title; returns the room within.
pub(super) fn pane(
    buffer: &mut Buffer,
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
    block.render(area, buffer);
    inner
}

/// Lines from `scroll` on, as far as they are there: the last page stays full.
pub(super) fn scrolled(
    buffer: &mut Buffer,
    area: Rect,
    lines: &[Line<'_>],
    scroll: usize,
    view: &ViewState,
) {
    let height = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(height));
    for (line, y) in lines.iter().skip(first).zip(area.y..area.bottom()) {
        put(buffer, area.x, y, line, area.width);
    }
    let below = lines.len().saturating_sub(first.saturating_add(height));
    if below > 0 && area.height > 0 && area.width > 12 {
        let more = format!(" ↓ {below} more ");
        let x = area
            .right()
            .saturating_sub(u16::try_from(width(&more)).unwrap_or_default());
        let line = Line::styled(more, view.theme.dim());
        put(
            buffer,
            x,
            area.bottom().saturating_sub(1),
            &line,
            area.width,
        );
    }
}
