//! Draws the Start screen. Where there is room the lists stand side by side, else one above the
//! other, else only the one that has the keys is shown, with the name of the other one above it:
//!
//! ```text
//!  rtmpscope  Where is the RTMP?
//! ┌ Interfaces ──────────────────────────────────┐┌ Captures ─────────────────────┐
//! │[ ] any  18.4 Mbit/s ▂▃▅▅▆▆  2 on 1935         ││ o  open a file…               │
//! └──────────────────────────────────────────────┘└───────────────────────────────┘
//!  Filter  tcp port 1935▏                                                   ✔ valid
//!  ! why interfaces cannot be captured on, and what would mend it
//!  Enter capture   Tab next   d demo   ? help   q quit
//! ```

mod lists;
mod overlay;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Block;
use ratatui::widgets::Widget as _;

use crate::capture::bpf::Checked;
use crate::tui::start::field::Field;
use crate::tui::start::keys;
use crate::tui::start::keys::Place;
use crate::tui::start::model::Filter;
use crate::tui::start::model::Snapshot;
use crate::tui::start::state::Hit;
use crate::tui::start::state::View;
use crate::tui::theme::Theme;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::width;
use crate::tui::widgets::text::wrap;

/// Columns from which the lists stand side by side.
const BESIDE_FROM: u16 = 100;

/// Lines that both lists need to stand one above the other.
const STACKED_FROM: u16 = 12;

/// Lines of a screen from which the advice may take several.
const ADVICE_FROM: u16 = 20;

/// Most lines of the advice: the whole of it is a key away.
const ADVICE_LINES: usize = 4;

/// A place on the screen that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    /// Where.
    pub area: Rect,
    /// What is there.
    pub hit: Hit,
}

/// What is at a place: the zone that was drawn last.
pub fn zone_at(zones: &[Zone], x: u16, y: u16) -> Option<Hit> {
    let mut zones = zones.iter().rev();
    let zone = zones.find(|zone| zone.area.contains((x, y).into()))?;
    Some(zone.hit)
}

/// Where the parts of the screen are.
struct Parts {
    header: Rect,
    body: Rect,
    filter: Rect,
    advice: Rect,
    footer: Rect,
}

impl Parts {
    fn of(area: Rect, advice: usize) -> Self {
        let line = |y: u16, height: u16| Rect { y, height, ..area };
        let advice = u16::try_from(advice).unwrap_or(u16::MAX);
        let footer = area.bottom().saturating_sub(1);
        let above = footer.saturating_sub(advice);
        let filter = above.saturating_sub(1);
        let top = area.y.saturating_add(1);
        Self {
            header: line(area.y, 1),
            body: line(top, filter.saturating_sub(top)),
            filter: line(filter, 1),
            advice: line(above, advice),
            footer: line(footer, 1),
        }
    }
}

/// How the lists stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    Beside,
    Stacked,
    /// Only the one with the keys.
    Single,
}

fn arrangement(body: Rect) -> Arrangement {
    if body.width >= BESIDE_FROM {
        Arrangement::Beside
    } else if body.height >= STACKED_FROM {
        Arrangement::Stacked
    } else {
        Arrangement::Single
    }
}

/// Tells the view how large the terminal is.
pub fn fit_to(area: Rect, snapshot: &Snapshot, view: &mut View) {
    view.page = page_lines(area, snapshot, view);
    if view.has_overlay() {
        let area = rest(&Parts::of(area, 0));
        view.page = usize::from(area.height.saturating_sub(2).max(1));
        view.scroll = view.scroll.min(overlay::most_scroll(area, view));
    }
}

/// Lines of the list that has the keys, in a terminal of this size.
fn page_lines(area: Rect, snapshot: &Snapshot, view: &View) -> usize {
    let advice = advice(area, snapshot, view).len();
    let body = Parts::of(area, advice).body;
    let lines = match (view.place, arrangement(body)) {
        (Place::Path, _) | (_, Arrangement::Beside) => body.height.saturating_sub(2),
        (_, Arrangement::Stacked) => (body.height / 2).saturating_sub(2),
        (_, Arrangement::Single) => body.height.saturating_sub(1),
    };
    usize::from(lines.max(1))
}

/// Draws one frame, and tells what is where.
pub fn render(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &View) -> Vec<Zone> {
    let mut zones = Vec::new();
    if area.is_empty() {
        return zones;
    }
    let mut advice = advice(area, snapshot, view);
    if view.has_overlay() {
        advice.clear();
    }
    let parts = Parts::of(area, advice.len());
    header(buffer, parts.header, view);
    if view.has_overlay() {
        overlay::render(buffer, rest(&parts), view);
    } else {
        if view.place == Place::Path {
            lists::folder(buffer, parts.body, snapshot, view, &mut zones);
        } else {
            both(buffer, parts.body, snapshot, view, &mut zones);
        }
        filter(buffer, parts.filter, snapshot, view);
        zones.push(Zone {
            area: parts.filter,
            hit: Hit::Place(Place::Filter),
        });
        for (line, y) in advice.into_iter().zip(parts.advice.y..) {
            put(buffer, area.x, y, &line, area.width);
        }
    }
    footer(buffer, parts.footer, view, &mut zones);
    zones
}

/// All between header and footer.
fn rest(parts: &Parts) -> Rect {
    Rect {
        height: parts.footer.y.saturating_sub(parts.body.y),
        ..parts.body
    }
}

fn header(buffer: &mut Buffer, area: Rect, view: &View) {
    let title = match view.place {
        Place::Path => "Which capture?",
        _ => "Where is the RTMP?",
    };
    let parts = [
        (" rtmpscope".to_owned(), view.theme.title()),
        (title.to_owned(), view.theme.head()),
    ];
    let line = fit_parts(&parts, "  ", usize::from(area.width));
    put(buffer, area.x, area.y, &line, area.width);
}

fn both(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &View, zones: &mut Vec<Zone>) {
    let split = |first: Rect, second: Rect, buffer: &mut Buffer, zones: &mut Vec<Zone>| {
        for (area, place, title) in [
            (first, Place::Interfaces, "Interfaces"),
            (second, Place::Captures, "Captures"),
        ] {
            zones.push(Zone {
                area,
                hit: Hit::Place(place),
            });
            let inner = pane(buffer, area, title, view.place == place, view.theme);
            list(buffer, inner, place, snapshot, view, zones);
        }
    };
    match arrangement(area) {
        Arrangement::Beside => {
            // Three fifths for the list with more columns.
            let left = area.width.saturating_sub(area.width.saturating_mul(2) / 5);
            let first = Rect {
                width: left,
                ..area
            };
            let second = Rect {
                x: area.x.saturating_add(left),
                width: area.width.saturating_sub(left),
                ..area
            };
            split(first, second, buffer, zones);
        }
        Arrangement::Stacked => {
            let lines = u16::try_from(snapshot.interfaces.len()).unwrap_or(u16::MAX);
            // What the interfaces do not need is for the captures.
            let top = lines.max(3).saturating_add(2).min(area.height / 2);
            let first = Rect {
                height: top,
                ..area
            };
            let second = Rect {
                y: area.y.saturating_add(top),
                height: area.height.saturating_sub(top),
                ..area
            };
            split(first, second, buffer, zones);
        }
        Arrangement::Single => {
            let mut x = area.x.saturating_add(1);
            for (place, title) in [
                (Place::Interfaces, " Interfaces "),
                (Place::Captures, " Captures "),
            ] {
                let style = if view.list == place {
                    view.theme.selected()
                } else {
                    view.theme.plain()
                };
                let area = Rect {
                    x,
                    width: u16::try_from(title.len()).unwrap_or_default(),
                    height: 1,
                    ..area
                };
                put(buffer, x, area.y, &Line::styled(title, style), area.width);
                zones.push(Zone {
                    area,
                    hit: Hit::Place(place),
                });
                x = area.right().saturating_add(1);
            }
            let below = Rect {
                y: area.y.saturating_add(1),
                height: area.height.saturating_sub(1),
                ..area
            };
            list(buffer, below, view.list, snapshot, view, zones);
        }
    }
}

fn list(
    buffer: &mut Buffer,
    area: Rect,
    place: Place,
    snapshot: &Snapshot,
    view: &View,
    zones: &mut Vec<Zone>,
) {
    if place == Place::Captures {
        lists::captures(buffer, area, snapshot, view, zones);
    } else {
        lists::interfaces(buffer, area, snapshot, view, zones);
    }
}

/// A frame with a title; the room within.
fn pane(buffer: &mut Buffer, area: Rect, title: &str, has_keys: bool, theme: Theme) -> Rect {
    let room = usize::from(area.width).saturating_sub(4);
    let title = Span::styled(format!(" {} ", fit(title, room)), theme.head());
    let block = Block::bordered()
        .border_style(theme.border(has_keys))
        .title(title);
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// A field with what stands before it; the cursor is a bar, and only there where one types.
fn typed<'a>(
    field: &'a Field,
    label: &'a str,
    room: usize,
    has_keys: bool,
    theme: Theme,
) -> Line<'a> {
    let (before, behind) = field.shown(room.saturating_sub(width(label)));
    let style = if has_keys { theme.key() } else { theme.dim() };
    Line::from(vec![
        Span::styled(label, style),
        Span::raw(before),
        Span::styled(if has_keys { "▏" } else { "" }, theme.key()),
        Span::raw(behind),
    ])
}

/// What is known of the filter, in a few words.
fn verdict(snapshot: &Snapshot, view: &View) -> (String, Style) {
    let theme = view.theme;
    if view.filter.text().trim().is_empty() {
        return ("as: tcp port 1935".to_owned(), theme.dim());
    }
    match &snapshot.filter {
        Filter::Checked(Checked::Empty) => (String::new(), theme.dim()),
        Filter::Checked(Checked::Valid) => ("✔ valid".to_owned(), theme.good()),
        Filter::Checked(Checked::Named(names)) => (
            format!("✔ if there is such a name: {}", names.join(", ")),
            theme.warn(),
        ),
        Filter::Checked(Checked::Wrong(reason)) | Filter::Unusable(reason) => {
            (format!("✖ {reason}"), theme.bad())
        }
    }
}

/// Whether a verdict leaves enough of its line to the field: what it needs for a word or two.
fn is_short(verdict: &str, area: Rect) -> bool {
    width(verdict) <= usize::from(area.width / 2)
}

fn filter(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &View) {
    let has_keys = view.place == Place::Filter;
    let (text, style) = verdict(snapshot, view);
    let room = usize::from(area.width);
    let text = if is_short(&text, area) {
        text
    } else {
        // The rest is told below.
        text.split(' ').next().unwrap_or_default().to_owned()
    };
    let left = room.saturating_sub(width(&text).saturating_add(3));
    let line = typed(&view.filter, " BPF filter  ", left, has_keys, view.theme);
    put(
        buffer,
        area.x,
        area.y,
        &line,
        u16::try_from(left).unwrap_or(area.width),
    );
    let x = room.saturating_sub(width(&text).saturating_add(1));
    let x = area.x.saturating_add(u16::try_from(x).unwrap_or_default());
    put(buffer, x, area.y, &Line::styled(text, style), area.width);
}

/// What is wrong with the filter, where its line has too little room; or why interfaces cannot be
/// captured on.
fn advice<'a>(area: Rect, snapshot: &Snapshot, view: &View) -> Vec<Line<'a>> {
    let theme = view.theme;
    let room = usize::from(area.width).saturating_sub(4);
    let most = if area.height >= ADVICE_FROM {
        ADVICE_LINES
    } else {
        1
    };
    let (text, style) = verdict(snapshot, view);
    if view.place == Place::Filter && !is_short(&text, area) {
        let mut lines = wrap(&text, room);
        if lines.len() > most {
            // Cut, and told so.
            lines = vec![fit(&text, room)];
        }
        let styled = |line| Line::styled(format!("  {line}"), style);
        return lines.into_iter().map(styled).collect();
    }
    let Some(obstacle) = &snapshot.obstacle else {
        return Vec::new();
    };
    let mut lines = wrap(&format!("Cannot capture here: {obstacle}"), room);
    if lines.len() > most {
        // A command that is cut would be a wrong one.
        let long = "Cannot capture here: Enter on an interface says what helps";
        let short = "Cannot capture: try one to see why";
        let text = if width(long) <= room { long } else { short };
        lines = vec![fit(text, room)];
    }
    let styled = |(at, line): (usize, String)| {
        let sign = if at == 0 { " ! " } else { "   " };
        Line::from(vec![
            Span::styled(sign, theme.bad()),
            Span::styled(line, theme.warn()),
        ])
    };
    lines.into_iter().enumerate().map(styled).collect()
}

fn footer(buffer: &mut Buffer, area: Rect, view: &View, zones: &mut Vec<Zone>) {
    let theme = view.theme;
    if view.has_overlay() {
        let hint = "Esc";
        let line = Line::from(vec![
            Span::styled(format!(" {hint}"), theme.key()),
            Span::styled(" back", theme.dim()),
        ]);
        put(buffer, area.x, area.y, &line, area.width);
        return;
    }
    let mut x = area.x.saturating_add(1);
    for key in keys::keys_of(view.place) {
        let Some(hint) = key.hint else {
            continue;
        };
        let taken = width(key.shown)
            .saturating_add(width(hint))
            .saturating_add(1);
        let taken = u16::try_from(taken).unwrap_or(u16::MAX);
        if x.saturating_add(taken) > area.right() {
            break;
        }
        let line = Line::from(vec![
            Span::styled(key.shown, theme.key()),
            Span::styled(format!(" {hint}"), theme.dim()),
        ]);
        put(buffer, x, area.y, &line, taken);
        zones.push(Zone {
            area: Rect {
                x,
                width: taken,
                ..area
            },
            hit: Hit::Key(key.action),
        });
        x = x.saturating_add(taken).saturating_add(3);
    }
}
