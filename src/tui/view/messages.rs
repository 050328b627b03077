//! The messages of a connection, and the selected one taken apart: its fields beside its bytes,
//! where the bytes of the selected field are marked, and the field of the selected byte.
//!
//! ```text
//!  12 144 messages                                                            times: since start
//!      #     TIME DIR CSID FMT TYPE          TS ms   LEN CHUNKS FRAMES   SUMMARY
//! ▸   16    0.105  ←     3   0 command_amf0      0   190      2 14..16   _result #1  NetConnection.Connect.Success
//! ┌ fields ───────────────────────────┐┌ bytes on the wire ─────────────────────────────────────────┐
//! │ chunk basic header  fmt 0  csid 3 ││ 0000  03┊00 00 00 00 00 be 14  00 00 00 00┊02 00 07 5f      │
//! │ command name        _result       ││ 0010  72 65 73 75 6c 74 00 3f  f0 00 00 00 00 00 00 03      │
//! └───────────────────────────────────┘└────────────────────────────────────────────────────────────┘
//! ```

use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::base::units::INFERRED;
use crate::base::units::counted;
use crate::rtmp::event::RawMessage;
use crate::tui::model::Detail;
use crate::tui::model::MessageLine;
use crate::tui::model::Opened;
use crate::tui::model::Reading;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::MESSAGE_HEX;
use crate::tui::state::MESSAGE_LIST;
use crate::tui::state::MESSAGE_TREE;
use crate::tui::state::ViewState;
use crate::tui::state::moments::TimeMode;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::fields;
use crate::tui::view::pane;
use crate::tui::view::say;
use crate::tui::widgets::hex;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::Look;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::wrap;

const COLUMNS: &[Column] = &[
    fixed("", 1, 0),
    number("#", 7, 2),
    number("TIME", 12, 3),
    fixed("DIR", 3, 0),
    number("CSID", 4, 5),
    number("FMT", 3, 8),
    flexible("TYPE", 13, 18, 4),
    number("TS ms", 9, 6),
    number("LEN", 7, 4),
    number("CHUNKS", 6, 9),
    fixed("FRAMES", 13, 10),
    flexible("SUMMARY", 18, 200, 1),
];

/// Terminal lines from which list, fields and bytes are shown at once.
const SPLIT_FROM_HEIGHT: u16 = 20;

/// Columns from which fields and bytes stand beside each other.
const BESIDE_FROM_WIDTH: u16 = 76;

/// Whether a terminal of this height shows list, fields and bytes at once.
pub(super) fn is_split(height: u16) -> bool {
    height >= SPLIT_FROM_HEIGHT
}

/// Lines of the list of a split screen with a body of `body` lines.
pub(super) fn list_height(body: u16) -> u16 {
    body / 2
}

/// Draws the messages.
pub(super) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    snapshot: &Snapshot,
    detail: &Detail,
    view: &ViewState,
) {
    // The tabs, the headline, the header and the foot are above and below.
    let split = area.height.saturating_add(4) >= SPLIT_FROM_HEIGHT;
    if split {
        let [top, bottom] = Layout::vertical([
            Constraint::Length(list_height(area.height)),
            Constraint::Fill(1),
        ])
        .areas(area);
        list(sheet, top, snapshot, detail, view);
        let Some(opened) = &snapshot.opened else {
            return;
        };
        if area.width >= BESIDE_FROM_WIDTH {
            let bytes = if area.width >= 140 { 78 } else { 46 };
            let [left, right] =
                Layout::horizontal([Constraint::Fill(1), Constraint::Length(bytes)]).areas(bottom);
            tree(sheet, left, opened, view);
            bytes_pane(sheet, right, opened, view);
        } else if view.pane == MESSAGE_HEX {
            bytes_pane(sheet, bottom, opened, view);
        } else {
            tree(sheet, bottom, opened, view);
        }
        return;
    }
    match (view.pane, &snapshot.opened) {
        (MESSAGE_TREE, Some(opened)) => tree(sheet, area, opened, view),
        (MESSAGE_HEX, Some(opened)) => bytes_pane(sheet, area, opened, view),
        _ => list(sheet, area, snapshot, detail, view),
    }
}

fn list(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, detail: &Detail, view: &ViewState) {
    let theme = view.theme;
    let page = &snapshot.page;
    let filter = &view.messages.filter;
    let mut parts = Vec::new();
    if filter.is_empty() {
        let whole = page.kept.saturating_sub(page.parts);
        parts.push((format!(" {} messages", grouped(whole)), theme.head()));
        if page.parts > 0 {
            let within = format!("{} within aggregates", grouped(page.parts));
            parts.push((within, theme.plain()));
        }
    } else {
        let parted = if page.parts > 0 { " and parts" } else { "" };
        parts.push((
            format!(
                " {} of {} messages{parted}",
                grouped(page.matching),
                grouped(page.kept)
            ),
            theme.head(),
        ));
        let text = crate::base::text::printable(filter.text());
        parts.push((format!("with {text}"), theme.plain()));
        if page.searched < page.kept {
            let percent = page.searched.saturating_mul(100).checked_div(page.kept);
            parts.push((
                format!("searching {} %", percent.unwrap_or(0)),
                theme.warn(),
            ));
        }
    }
    if page.left_out > 0 {
        parts.push((
            format!("{} older messages left out", units::grouped(page.left_out)),
            theme.warn(),
        ));
    }
    if page.without_body > 0 {
        parts.push((
            format!("{} without their content", grouped(page.without_body)),
            theme.warn(),
        ));
    }
    if view.follow {
        parts.push(("following".to_owned(), theme.plain()));
    }
    parts.push((format!("times: {}", view.time.name()), theme.dim()));
    let line = fit_parts(&parts, "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let area = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    if page.lines.is_empty() {
        say(sheet, area, &why_empty(snapshot, view), view);
        return;
    }
    let look = Look {
        head: theme.dim(),
        selected: Some(if view.pane == MESSAGE_LIST {
            theme.selected()
        } else {
            theme.selected_elsewhere()
        }),
    };
    let cells = |at: usize| {
        let line = at.checked_sub(page.first).and_then(|at| page.lines.get(at));
        line.map_or_else(Vec::new, |line| {
            cells(line, at == page.selected, detail, view)
        })
    };
    table::render(
        sheet,
        area,
        COLUMNS,
        page.matching,
        page.selected,
        look,
        cells,
    );
}

fn grouped(number: usize) -> String {
    units::grouped(u64::try_from(number).unwrap_or(u64::MAX))
}

fn why_empty(snapshot: &Snapshot, view: &ViewState) -> String {
    let page = &snapshot.page;
    if !view.messages.filter.is_empty() && page.kept > 0 {
        return if page.searched < page.kept {
            "None yet; still searching.".to_owned()
        } else {
            "The filter lets no message through. Esc shows all again.".to_owned()
        };
    }
    if page.left_out > 0 {
        return "The messages of this connection were let go to keep memory bounded.".to_owned();
    }
    if snapshot.capture.is_done {
        "The connection ended before its first message.".to_owned()
    } else {
        "No message yet.".to_owned()
    }
}

fn time(line: &MessageLine, detail: &Detail, view: &ViewState) -> String {
    let at = line.kept.raw.completed().time;
    match (view.time, line.previous) {
        (TimeMode::Clock, _) => units::time_of_day(at),
        (TimeMode::SincePrevious, Some(previous)) => {
            // Bytes that were sent again are younger than those behind them.
            format!("+{}", units::seconds_since(at.max(previous), previous))
        }
        (TimeMode::SinceMark, _) => super::since_mark(at, view)
            .unwrap_or_else(|| units::seconds_since(at, detail.first.time)),
        (TimeMode::Media, _) => format!("{} ms", timestamp(&line.kept.raw)),
        _ => units::seconds_since(at, detail.first.time),
    }
}

fn timestamp(raw: &RawMessage) -> String {
    units::told(raw.told_timestamp(), raw.inferred.timestamp.is_some())
}

fn cells(line: &MessageLine, is_selected: bool, detail: &Detail, view: &ViewState) -> Vec<Cell> {
    let theme = view.theme;
    let raw = &line.kept.raw;
    let style = if raw.type_id.is_media() {
        theme.plain()
    } else {
        theme.head()
    };
    let frames = if raw.first.frame == raw.last.frame {
        raw.last.frame.to_string()
    } else {
        let (first, last) = (raw.first.frame, raw.last.frame);
        format!("{}..{}", first.min(last), first.max(last))
    };
    let marker = match (line.kept.is_odd, is_selected) {
        (true, _) => Cell::styled("▲", theme.warn()),
        (false, true) => "▸".into(),
        (false, false) => " ".into(),
    };
    let is_inherited = raw.inferred.header.is_some();
    vec![
        marker,
        line.kept.number.to_string().into(),
        Cell::styled(time(line, detail, view), theme.dim()),
        Cell::styled(
            format!(" {}", arrow(line.kept.side)),
            theme.side(line.kept.side),
        ),
        raw.csid.to_string().into(),
        raw.fmt.number().to_string().into(),
        Cell::styled(
            units::marked(raw.type_id.to_string().replace('_', " "), is_inherited),
            style,
        ),
        timestamp(raw).into(),
        units::marked(raw.length, is_inherited).into(),
        raw.chunks.to_string().into(),
        Cell::styled(frames, theme.dim()),
        Cell::styled(line.summary.clone(), style),
    ]
}

fn tree(sheet: &mut Sheet<'_>, area: Rect, opened: &Opened, view: &ViewState) {
    let theme = view.theme;
    let has_keys = view.pane == MESSAGE_TREE;
    // The frame is what leads to the same place in other programs.
    let frame = opened.kept.raw.completed().frame;
    let title = format!("message {}  frame {frame}", opened.kept.number);
    sheet.zone(area, Target::Pane(MESSAGE_TREE));
    let inner = pane(sheet, area, &title, has_keys, view);
    let room = usize::from(inner.width);
    let raw = &opened.kept.raw;
    let head = envelope(opened, room, view);
    let taken = u16::try_from(head.len())
        .unwrap_or(u16::MAX)
        .min(inner.height);
    for (line, y) in head.iter().zip(inner.y..inner.bottom()) {
        put(sheet, inner.x, y, line, inner.width);
    }
    let body = Rect {
        y: inner.y.saturating_add(taken),
        height: inner.height.saturating_sub(taken),
        ..inner
    };
    if opened.fields.is_empty() {
        let text = if raw.length == 0 {
            "The message has no bytes."
        } else {
            "Nothing of the message was captured."
        };
        say(sheet, body, text, view);
        return;
    }
    let names = fields::names_width(&opened.fields, room);
    let selected = view
        .messages
        .field
        .min(opened.fields.len().saturating_sub(1));
    let first = first_shown(selected, opened.fields.len(), usize::from(body.height));
    for ((at, field), y) in opened
        .fields
        .iter()
        .enumerate()
        .skip(first)
        .zip(body.y..body.bottom())
    {
        let line = fields::line(field, names, room, theme);
        let line = match (at == selected, has_keys) {
            (true, true) => select(line, theme.selected()),
            (true, false) => line.patch_style(theme.selected_elsewhere()),
            _ => line,
        };
        put(sheet, body.x, y, &line, body.width);
        let place = Rect {
            y,
            height: 1,
            ..body
        };
        sheet.zone(place, Target::PaneLine(MESSAGE_TREE, at));
    }
}

/// What is odd, missing or inferred of a message, and its envelope.
fn envelope<'a>(opened: &Opened, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let raw = &opened.kept.raw;
    let mut head = Vec::new();
    for odd in &opened.odd {
        for text in wrap(odd, room.saturating_sub(3).max(8)) {
            head.push(Line::styled(format!(" ▲ {text}"), theme.warn()));
        }
    }
    for (is_lost, text) in remarks(raw) {
        let (sign, style) = if is_lost {
            ('▲', theme.warn())
        } else {
            (INFERRED, theme.dim())
        };
        for text in wrap(&text, room.saturating_sub(3).max(8)) {
            head.push(Line::styled(format!(" {sign} {text}"), style));
        }
    }
    let delta = raw.told_delta().map(|delta| format!("  delta {delta}"));
    let parts = [
        (
            format!(" csid {}  fmt {}", raw.csid, raw.fmt.number()),
            theme.dim(),
        ),
        (
            format!(
                "stream {}",
                units::marked(raw.stream_id, raw.inferred.stream_id.is_some())
            ),
            theme.dim(),
        ),
        (
            format!("timestamp {}{}", timestamp(raw), delta.unwrap_or_default()),
            theme.dim(),
        ),
        (chunks(opened), theme.dim()),
    ];
    head.push(fit_parts(&parts, "  ", room));
    head
}

/// In how many chunks it came, and what their headers cost where they were read.
fn chunks(opened: &Opened) -> String {
    let raw = &opened.kept.raw;
    if raw.from_aggregate {
        return "within an aggregate".to_owned();
    }
    let chunks = counted(u64::from(raw.chunks), "chunk");
    match opened.header_bytes {
        Some(bytes) => format!("{chunks}, {bytes} bytes of headers"),
        None => chunks,
    }
}

/// What is missing of a message, and what of it is inferred from what: whether it is a loss, and
/// the words.
fn remarks(raw: &RawMessage) -> Vec<(bool, String)> {
    let mut all = Vec::new();
    if !raw.is_complete() {
        let last = raw.missing.end.saturating_sub(1);
        all.push((
            true,
            format!(
                "{} of {} bytes came in: missing within {}..{last}",
                raw.received, raw.length, raw.missing.start
            ),
        ));
    }
    let inferred = [
        ("timestamp", raw.inferred.timestamp),
        ("stream", raw.inferred.stream_id),
        ("type and length", raw.inferred.header),
    ];
    for (what, from) in inferred {
        if let Some(from) = from {
            let confidence = from.confidence().name();
            all.push((false, format!("{what}: {from} (confidence {confidence})")));
        }
    }
    all
}

fn bytes_pane(sheet: &mut Sheet<'_>, area: Rect, opened: &Opened, view: &ViewState) {
    let has_keys = view.pane == MESSAGE_HEX;
    sheet.zone(area, Target::Pane(MESSAGE_HEX));
    let inner = pane(sheet, area, &bytes_title(opened), has_keys, view);
    let inner = reading_line(sheet, inner, opened, view);
    if opened.bytes.is_empty() {
        let text = match opened.reading {
            Reading::Underway(_) => "",
            _ if opened.kept.raw.length == 0 => "The message has no body.",
            _ => "No byte of the body was kept.",
        };
        say(sheet, inner, text, view);
        return;
    }
    let room = usize::from(inner.width).saturating_sub(1);
    let per_line = hex::per_line(room);
    let marked = opened
        .fields
        .get(
            view.messages
                .field
                .min(opened.fields.len().saturating_sub(1)),
        )
        .map_or(0..0, |field| field.range.clone());
    let count = opened.bytes.len().div_ceil(per_line);
    let at = if has_keys {
        view.messages.byte.min(opened.bytes.len().saturating_sub(1))
    } else {
        marked.start
    };
    let first = first_shown(at / per_line, count, usize::from(inner.height));
    let mark = view.theme.selected().patch(view.theme.video());
    let marks = hex::Marks {
        selected: &marked,
        mark,
        dim: view.theme.dim(),
        headers: &opened.headers,
        missing: &opened.missing,
    };
    let height = usize::from(inner.height);
    let lines = hex::lines(&opened.bytes, first, height, per_line, marks);
    for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
        put(
            sheet,
            inner.x.saturating_add(1),
            y,
            line,
            inner.width.saturating_sub(1),
        );
    }
    let count = opened.bytes.len();
    let shown = first.saturating_mul(per_line)..count;
    for byte in shown.take(height.saturating_mul(per_line)) {
        if let Some(spot) = spot(inner, byte, count, first, per_line) {
            sheet.zone(spot, Target::Byte(byte));
        }
    }
    if has_keys && let Some(spot) = spot(inner, at, count, first, per_line) {
        // The byte that the keys move.
        let style = Style::new()
            .add_modifier(ratatui::style::Modifier::UNDERLINED | ratatui::style::Modifier::BOLD);
        sheet.set_style(spot, style);
    }
}

/// Which bytes they are, and how many.
fn bytes_title(opened: &Opened) -> String {
    let count = grouped(opened.bytes.len());
    if opened.is_wire {
        return format!("bytes on the wire  {count}");
    }
    let body = if opened.reading == Reading::Impossible {
        "bytes"
    } else {
        "bytes of the body"
    };
    if opened.is_whole {
        format!("{body}  {count}")
    } else {
        let length = units::grouped(u64::from(opened.kept.raw.length));
        format!("{body}  first {count} of {length}")
    }
}

/// Says above the bytes that they are being read again, or why they cannot be; what is left of the
/// area.
fn reading_line(sheet: &mut Sheet<'_>, area: Rect, opened: &Opened, view: &ViewState) -> Rect {
    let room = usize::from(area.width).saturating_sub(2).max(8);
    let (lines, style) = match &opened.reading {
        Reading::Impossible | Reading::Done => return area,
        Reading::Underway(None) => (vec!["reading again…".to_owned()], view.theme.dim()),
        Reading::Underway(Some(percent)) => (
            vec![format!("reading again…  {percent} % of the way")],
            view.theme.dim(),
        ),
        Reading::Failed(why) => {
            let why = crate::base::text::printable(why);
            (
                wrap(&format!("▲ not read again: {why}"), room),
                view.theme.warn(),
            )
        }
    };
    let taken = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .min(area.height);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        let line = Line::styled(format!(" {line}"), style);
        put(sheet, area.x, y, &line, area.width);
    }
    Rect {
        y: area.y.saturating_add(taken),
        height: area.height.saturating_sub(taken),
        ..area
    }
}

/// Where the two figures of a byte stand.
fn spot(area: Rect, byte: usize, count: usize, first: usize, per_line: usize) -> Option<Rect> {
    let row = (byte / per_line).checked_sub(first)?;
    let x = hex::column(byte, count, per_line).saturating_add(1);
    let spot = Rect {
        x: area.x.saturating_add(u16::try_from(x).ok()?),
        y: area.y.saturating_add(u16::try_from(row).ok()?),
        width: 2,
        height: 1,
    };
    Some(spot.intersection(area))
}
