//! The lists of the Start screen: interfaces, captures, and the folder below the path field.

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::text::printable;
use crate::base::units::bytes;
use crate::tui::start::keys::Place;
use crate::tui::start::model::Interface;
use crate::tui::start::model::Recent;
use crate::tui::start::model::Snapshot;
use crate::tui::start::state::DEMO_LINE;
use crate::tui::start::state::FIXED_CAPTURES;
use crate::tui::start::state::Hit;
use crate::tui::start::state::OPEN_LINE;
use crate::tui::start::state::View;
use crate::tui::start::view::Zone;
use crate::tui::start::view::pane;
use crate::tui::start::view::typed;
use crate::tui::widgets::spark::sparkline;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::layout;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::wrap;

/// Columns of an interface, in the order of its cells.
const INTERFACE: &[Column] = &[
    fixed("", 3, 0),
    flexible("", 6, 16, 0),
    number("", 12, 1),
    flexible("", 6, MOST_COURSE, 2),
    fixed("", 10, 3),
    flexible("", 9, 40, 4),
];

/// The one with the course of the rate, and the widest that it is drawn.
const COURSE: usize = 3;
const MOST_COURSE: usize = 30;

/// The one with connections on the port of RTMP.
const ON_PORT: usize = 4;

/// Columns of the box, with the blanks around it.
const TICK_COLUMNS: u16 = 4;

/// Columns of a capture.
const CAPTURE: &[Column] = &[
    fixed("", 3, 0),
    flexible("", 20, 40, 0),
    number("", 8, 2),
    number("", 6, 1),
    flexible("", 10, 60, 3),
];

/// Columns of a line of a folder.
const ENTRY: &[Column] = &[fixed("", 1, 1), flexible("", 12, 200, 0), number("", 9, 2)];

/// A line of a list.
struct Row {
    cells: Vec<(String, Style)>,
    hit: Hit,
    /// A part at its left end that is something else.
    begin: Option<(u16, Hit)>,
}

/// Draws lines so that the selected one is among them.
fn rows(
    buffer: &mut Buffer,
    area: Rect,
    columns: &[Column],
    rows: &[Row],
    selected: Option<(usize, Style)>,
    zones: &mut Vec<Zone>,
) {
    let widths = layout(columns, usize::from(area.width));
    let at = selected.map_or(0, |(at, _)| at);
    let first = first_shown(at, rows.len(), usize::from(area.height));
    let shown = rows.iter().enumerate().skip(first);
    for ((index, row), y) in shown.zip(area.y..area.bottom()) {
        let mut spans: Vec<Span<'_>> = Vec::new();
        for (column, width) in &widths {
            let right = columns.get(*column).is_some_and(|column| column.right);
            if !spans.is_empty() {
                spans.push(Span::raw(" "));
            }
            if let Some((text, style)) = row.cells.get(*column) {
                spans.push(Span::styled(pad(text, *width, right), *style));
            }
        }
        let mut line = Line::from(spans);
        let blank = usize::from(area.width).saturating_sub(line.width());
        line.push_span(Span::raw(" ".repeat(blank)));
        if let Some((_, style)) = selected.filter(|(at, _)| *at == index) {
            line = select(line, style);
        }
        put(buffer, area.x, y, &line, area.width);
        let area = Rect {
            y,
            height: 1,
            ..area
        };
        zones.push(Zone { area, hit: row.hit });
        if let Some((width, hit)) = row.begin {
            let area = Rect { width, ..area };
            zones.push(Zone { area, hit });
        }
    }
}

/// The style of the selected line of a list.
fn mark(view: &View, place: Place) -> Style {
    if view.place == place {
        view.theme.selected()
    } else {
        view.theme.selected_elsewhere()
    }
}

fn say(buffer: &mut Buffer, area: Rect, text: &str, style: Style) {
    let room = usize::from(area.width).saturating_sub(2);
    for (line, y) in wrap(text, room).into_iter().zip(area.y..area.bottom()) {
        put(
            buffer,
            area.x.saturating_add(1),
            y,
            &Line::styled(line, style),
            area.width,
        );
    }
}

/// Draws the interfaces.
pub(super) fn interfaces(
    buffer: &mut Buffer,
    area: Rect,
    snapshot: &Snapshot,
    view: &View,
    zones: &mut Vec<Zone>,
) {
    if snapshot.interfaces.is_empty() {
        let none = "There is no interface here. Tab leads to files and to the built-in demo.";
        let text = snapshot.trouble.as_deref().unwrap_or(none);
        say(buffer, area, text, view.theme.warn());
        return;
    }
    let selected = (view.interface_line(snapshot), mark(view, Place::Interfaces));
    // A column without a word in it is room for the others.
    let is_used = snapshot.interfaces.iter().any(|i| i.connections > 0);
    let columns: Vec<Column> = INTERFACE
        .iter()
        .enumerate()
        .map(|(at, column)| match at {
            ON_PORT if !is_used => fixed("", 0, column.priority),
            _ => *column,
        })
        .collect();
    // What is cut of a course must be its begin, not what is going on.
    let widths = layout(&columns, usize::from(area.width));
    let room = widths.iter().find(|(column, _)| *column == COURSE);
    let room = room.map_or(0, |(_, width)| *width);
    let lines = snapshot.interfaces.iter().enumerate();
    let lines: Vec<Row> = lines
        .map(|(at, interface)| Row {
            cells: interface_cells(interface, room, view),
            hit: Hit::Interface(at),
            begin: Some((TICK_COLUMNS, Hit::Tick(at))),
        })
        .collect();
    rows(buffer, area, &columns, &lines, Some(selected), zones);
}

fn interface_cells(interface: &Interface, room: usize, view: &View) -> Vec<(String, Style)> {
    let theme = view.theme;
    let text = if interface.is_up {
        theme.plain()
    } else {
        theme.dim()
    };
    let tick = if view.ticked.contains(&interface.name) {
        ("[x]", theme.key())
    } else {
        ("[ ]", theme.dim())
    };
    let rate = interface.rate.map(bits_per_second).unwrap_or_default();
    let busy = if interface.rate.is_some_and(|rate| rate > 0) {
        theme.good()
    } else {
        theme.dim()
    };
    let on_port = match interface.connections {
        0 => String::new(),
        count => format!("{count} on 1935"),
    };
    let about = if interface.is_up {
        interface.about.clone()
    } else {
        format!("down {}", interface.about)
    };
    vec![
        (tick.0.to_owned(), tick.1),
        (printable(&interface.name), text),
        (rate, text),
        (course(&interface.course, room), busy),
        (on_port, theme.good()),
        (printable(about.trim()), theme.dim()),
    ]
}

/// The course of the rate; where there was nothing, the ground is seen.
fn course(values: &[u32], room: usize) -> String {
    sparkline(values, room.min(MOST_COURSE)).replace(' ', "▁")
}

fn bits_per_second(rate: u64) -> String {
    let text = bytes(rate.saturating_mul(8));
    format!("{}bit/s", text.trim_end_matches('B'))
}

/// Draws the captures: a file, the demo, and what was opened before.
pub(super) fn captures(
    buffer: &mut Buffer,
    area: Rect,
    snapshot: &Snapshot,
    view: &View,
    zones: &mut Vec<Zone>,
) {
    let theme = view.theme;
    let fixed = |key: &str, text: &str, line| Row {
        cells: vec![
            (format!(" {key}"), theme.key()),
            (text.to_owned(), theme.plain()),
        ],
        hit: Hit::Capture(line),
        begin: None,
    };
    let mut lines = vec![
        fixed("o", "open a file…", OPEN_LINE),
        fixed("d", "the built-in demo", DEMO_LINE),
    ];
    let recent = snapshot.recent.iter().enumerate();
    lines.extend(recent.map(|(at, recent)| Row {
        cells: recent_cells(recent, view),
        hit: Hit::Capture(at.saturating_add(FIXED_CAPTURES)),
        begin: None,
    }));
    let selected = (view.capture, mark(view, Place::Captures));
    rows(buffer, area, CAPTURE, &lines, Some(selected), zones);
    let below = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    if snapshot.recent.is_empty() && below < area.height {
        let text = if snapshot.remembers {
            "Captures that you open are listed here the next time."
        } else {
            "Opened captures are not remembered."
        };
        let area = Rect {
            y: area.y.saturating_add(below),
            height: area.height.saturating_sub(below),
            ..area
        };
        say(buffer, area, text, theme.dim());
    }
}

fn recent_cells(recent: &Recent, view: &View) -> Vec<(String, Style)> {
    let theme = view.theme;
    let lossy = |path: Option<&Path>| {
        let path = path.map(|path| printable(&path.to_string_lossy()));
        path.unwrap_or_default()
    };
    let (style, size) = match recent.size {
        Some(size) => (theme.plain(), bytes(size)),
        None => (theme.dim(), "gone".to_owned()),
    };
    vec![
        (String::new(), style),
        (lossy(recent.path.file_name().map(Path::new)), style),
        (size, theme.dim()),
        (age(recent.age), theme.dim()),
        (lossy(recent.path.parent()), theme.dim()),
    ]
}

/// How long ago something was, in the unit that suits it: `3 d`.
fn age(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;

    match seconds {
        ..MINUTE => "now".to_owned(),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    }
}

/// Draws the path field with the folder below.
pub(super) fn folder(
    buffer: &mut Buffer,
    area: Rect,
    snapshot: &Snapshot,
    view: &View,
    zones: &mut Vec<Zone>,
) {
    let theme = view.theme;
    let room = usize::from(area.width);
    let line = typed(&view.browse.path, " Path  ", room, true, theme);
    put(buffer, area.x, area.y, &line, area.width);
    let below = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let title = printable(&snapshot.folder.path.to_string_lossy());
    let inner = pane(buffer, below, &title, true, theme);
    if let Some(trouble) = &snapshot.folder.trouble {
        say(buffer, inner, trouble, theme.warn());
        return;
    }
    let matching = view.browse.matching(&snapshot.folder);
    if matching.is_empty() {
        say(
            buffer,
            inner,
            "No folder and no capture begins like this.",
            theme.dim(),
        );
        return;
    }
    let lines = matching.iter().enumerate().map(|(at, entry)| {
        let name = printable(&entry.name);
        let (sign, name, size, style) = match entry.size {
            Some(size) => (" ", name, bytes(size), theme.plain()),
            None => ("▸", format!("{name}/"), String::new(), theme.head()),
        };
        Row {
            cells: vec![
                (sign.to_owned(), theme.dim()),
                (name, style),
                (size, theme.dim()),
            ],
            hit: Hit::Entry(at),
            begin: None,
        }
    });
    let mut lines: Vec<Row> = lines.collect();
    if snapshot.folder.is_cut {
        lines.push(Row {
            cells: vec![
                (String::new(), theme.dim()),
                (
                    "and more: type the begin of the name".to_owned(),
                    theme.dim(),
                ),
            ],
            hit: Hit::Place(Place::Path),
            begin: None,
        });
    }
    let selected = view.browse.selected.map(|line| (line, theme.selected()));
    rows(buffer, inner, ENTRY, &lines, selected, zones);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_in_the_units_of_streams() {
        assert_eq!(bits_per_second(0), "0 bit/s");
        assert_eq!(bits_per_second(2_300_000), "18.4 Mbit/s");
        assert_eq!(bits_per_second(100), "800 bit/s");
    }

    #[test]
    fn ages_have_one_unit() {
        assert_eq!(age(59), "now");
        assert_eq!(age(60), "1 min");
        assert_eq!(age(7_300), "2 h");
        assert_eq!(age(3 * 86_400 + 5), "3 d");
    }
}
