//! The connections of the capture: home.
//!
//! ```text
//!   H  STREAM          ROLE  PEER                CODEC          KBIT/S RATE       FPS   GOP  A/V  LAG  LOSS  STATE
//! ▸*✖E live/****1a2b   pub   203.0.113.9:51522   avc 1280x720    4 812 ▅▅▅▆▅▂▁▁  29.9  2.0s +12ms +1.8s 3.1% publishing
//!   ✔  live/****1a2b   play  10.0.3.77:41002     avc 1280x720    4 809 ▆▆▆▆▆▆▆▆  29.9  2.0s  +2ms +0.2s 0.0% playing
//!  …
//!  #1  3 findings  video of client on stream 1: nothing for 1.2 s …  203.0.113.9:51522 → 10.0.0.5:1935
//! ```

use std::net::SocketAddr;

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::side::Side;
use crate::base::units::INFERRED;
use crate::base::units::counted;
use crate::net::Endpoint;
use crate::session::end::EndStyle;
use crate::session::netstream::Role;
use crate::session::summary::Stage;
use crate::tui::model::Capture;
use crate::tui::model::Row;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::state::list::Sort;
use crate::tui::state::list::listed;
use crate::tui::theme::sign;
use crate::tui::units;
use crate::tui::view::say;
use crate::tui::widgets::spark::sparkline;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::Look;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::width;

const COLUMNS: &[Column] = &[
    fixed("  H", 4, 0),
    flexible("STREAM", 14, 34, 0),
    fixed("ROLE", 4, 2),
    flexible("PEER", 17, 24, 8),
    flexible("CODEC", 12, 22, 9),
    number("KBIT/S", 7, 3),
    flexible("RATE", 8, 24, 5),
    number("FPS", 5, 6),
    number("GOP", 5, 10),
    number("A/V", 6, 7),
    number("LAG", 6, 4),
    number("LOSS", 5, 11),
    flexible("STATE", 16, 22, 1),
];

/// Narrower than this, a connection takes two lines of words instead of columns.
const TABLE_FROM_WIDTH: u16 = 60;

/// Between the words at the foot.
const BETWEEN: &str = "  ";

/// Columns from which the worst that was found says more than its name.
const WORST_FROM_WIDTH: usize = 16;

/// Lines from which the selected connection gets a line of its own at the foot.
const FOOT_FROM_HEIGHT: u16 = 8;

/// The sign of a ticked connection, which is not to be taken for that of one in good health.
const TICKED: &str = "*";

/// Draws the list.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    let shown = listed(&snapshot.rows, &view.list);
    let position = view.list_position(&snapshot.rows, &shown);
    let row = |at: usize| {
        let index = shown.get(at)?;
        snapshot.rows.get(*index).map(AsRef::as_ref)
    };
    let mut area = area;
    let is_short = snapshot.rows_left_out > 0 || snapshot.capture.let_go > 0;
    let is_ticked = !view.list.ticked.is_empty();
    if !view.list.filter.is_empty() || view.list.sort != Sort::Order || is_short || is_ticked {
        let with = match view.list.filter.text() {
            "" => String::new(),
            filter => format!("with {}", crate::base::text::printable(filter)),
        };
        let parts = [
            (memory_words(snapshot), view.theme.warn()),
            (ticked_words(snapshot, &shown, view), view.theme.head()),
            (
                format!("{} of {} shown", shown.len(), snapshot.rows.len()),
                view.theme.head(),
            ),
            (with, view.theme.plain()),
            (
                format!("sorted by {}", view.list.sort.name()),
                view.theme.dim(),
            ),
        ];
        let mut said: Vec<_> = parts
            .into_iter()
            .filter(|(text, _)| !text.is_empty())
            .collect();
        if let Some((first, _)) = said.first_mut() {
            first.insert(0, ' ');
        }
        let line = fit_parts(&said, BETWEEN, usize::from(area.width));
        put(sheet, area.x, area.y, &line, area.width);
        area.y = area.y.saturating_add(1);
        area.height = area.height.saturating_sub(1);
    }
    if shown.is_empty() {
        let text = if snapshot.rows.is_empty() {
            why_empty(&snapshot.capture)
        } else {
            "The filter lets no connection through. Esc shows all again.".to_owned()
        };
        say(sheet, area, &text, view);
        return;
    }
    if area.height >= FOOT_FROM_HEIGHT
        && let Some(row) = row(position)
    {
        let foot = area.bottom().saturating_sub(1);
        let line = foot_line(row, snapshot, usize::from(area.width), view);
        put(sheet, area.x, foot, &line, area.width);
        area.height = area.height.saturating_sub(2);
    }
    if area.width < TABLE_FROM_WIDTH {
        narrow(sheet, area, shown.len(), position, &row, view);
        return;
    }
    let look = Look {
        head: view.theme.dim(),
        selected: Some(view.theme.selected()),
    };
    let is_shown = |column: &Column| !view.list.left_out.contains(column.title);
    let columns: Vec<Column> = COLUMNS.iter().copied().filter(is_shown).collect();
    table::render(sheet, area, &columns, shown.len(), position, look, |at| {
        let all = row(at).map_or_else(Vec::new, |row| cells(row, at == position, view));
        let all = COLUMNS.iter().zip(all);
        all.filter(|(column, _)| is_shown(column))
            .map(|(_, cell)| cell)
            .collect()
    });
}

/// How many are ticked, and how many of them the filter hides: what is done with them is done with
/// those, too.
fn ticked_words(snapshot: &Snapshot, shown: &[usize], view: &ViewState) -> String {
    let count = view.list.ticked.len();
    if count == 0 {
        return String::new();
    }
    let rows = shown.iter().filter_map(|index| snapshot.rows.get(*index));
    let seen = rows.filter(|row| view.list.ticked.contains(&row.id));
    match count.saturating_sub(seen.count()) {
        0 => format!("{TICKED} {count} ticked"),
        hidden => format!("{TICKED} {count} ticked, {hidden} of them not shown"),
    }
}

/// The signs before a connection: whether it is selected, whether it is ticked, how well it is.
fn signs(row: &Row, is_selected: bool, view: &ViewState) -> String {
    let marker = if is_selected { "▸" } else { " " };
    let is_ticked = view.list.ticked.contains(&row.id);
    let tick = if is_ticked { TICKED } else { " " };
    format!("{marker}{tick}{}", sign(row.worst))
}

/// What memory was too short for.
fn memory_words(snapshot: &Snapshot) -> String {
    let mut parts = Vec::new();
    if snapshot.rows_left_out > 0 {
        let count = units::grouped(snapshot.rows_left_out);
        parts.push(format!("{count} ended earlier are not kept"));
    }
    if snapshot.capture.let_go > 0 {
        let count = units::grouped(snapshot.capture.let_go);
        parts.push(format!("{count} let go before their end"));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("memory is short (--memory): {}", parts.join(", "))
}

fn why_empty(capture: &Capture) -> String {
    if let Some(trouble) = &capture.trouble {
        return format!("No RTMP connection was found. {trouble}");
    }
    if !capture.is_done {
        return if capture.is_live {
            format!(
                "No RTMP connection yet: {} frames seen, {} other TCP connections.",
                units::grouped(capture.frames),
                units::grouped(capture.other_connections)
            )
        } else {
            "No RTMP connection yet: still reading.".to_owned()
        };
    }
    format!(
        "No RTMP connection in {} frames; {} TCP connections carry something else. Force a port \
         with -d tcp.port==N,rtmp if you know better.",
        units::grouped(capture.frames),
        units::grouped(capture.other_connections)
    )
}

fn address(end: &Endpoint) -> String {
    SocketAddr::new(end.addr, end.port).to_string()
}

fn role(row: &Row) -> String {
    let name = match row.role {
        Some(Role::Publisher) => "pub",
        // Four columns, the mark included.
        Some(Role::Player) if row.inferred.role => "ply",
        Some(Role::Player) => "play",
        None => "-",
    };
    units::marked(name, row.inferred.role)
}

/// Address of the client.
fn client(row: &Row) -> String {
    units::marked(address(row.ends.of(Side::Client)), row.inferred.sides)
}

fn state(row: &Row) -> String {
    let lasted = units::lasted(row.first, row.last);
    match (row.stage, row.end) {
        (Stage::Rejected, _) => "rejected".to_owned(),
        (_, Some(EndStyle::Abrupt)) => format!("cut off {lasted}"),
        (_, Some(EndStyle::Clean)) => format!("ended {lasted}"),
        (stage, _) => format!("{} {lasted}", stage.name()),
    }
}

fn signed(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), units::signed)
}

fn kbits(row: &Row) -> String {
    if row.kbits > 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a bitrate is not negative, and the cast saturates"
        )]
        let whole = row.kbits.round() as u64;
        units::grouped(whole)
    } else {
        "-".to_owned()
    }
}

fn cells(row: &Row, is_selected: bool, view: &ViewState) -> Vec<Cell> {
    /// Media that is later than this is a worry on a live stream.
    const LATE_MS: f64 = 1000.0;
    /// Sound and picture further apart than this are noticed.
    const APART_MS: f64 = 120.0;
    /// More packets sent again than this are felt.
    const LOSSY: f64 = 0.01;
    let theme = view.theme;
    let worry = |is: bool| if is { theme.warn() } else { theme.plain() };
    let missing = if row.missing > 0 { "!" } else { "" };
    vec![
        Cell::styled(signs(row, is_selected, view), theme.severity(row.worst)),
        Cell::styled(row.label.clone(), theme.head()),
        role(row).into(),
        client(row).into(),
        row.codecs.clone().into(),
        kbits(row).into(),
        Cell::styled(
            sparkline(&row.spark, crate::tui::model::SPARK_LEN),
            theme.video(),
        ),
        row.frame_rate
            .map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}"))
            .into(),
        row.keyframe_ms
            .map_or_else(|| "-".to_owned(), |ms| format!("{:.1}s", ms / 1000.0))
            .into(),
        Cell::styled(
            units::marked(signed(row.skew_ms), row.inferred.skew),
            worry(row.skew_ms.is_some_and(|ms| ms.abs() > APART_MS)),
        ),
        Cell::styled(
            signed(row.lag_ms),
            worry(row.lag_ms.is_some_and(|ms| ms > LATE_MS)),
        ),
        Cell::styled(
            format!("{}{missing}", units::percent(row.retransmitted)),
            worry(row.retransmitted > LOSSY || row.missing > 0),
        ),
        Cell::styled(
            state(row),
            match row.stage {
                Stage::Rejected => theme.bad(),
                Stage::Publishing | Stage::Playing if row.end.is_none() => theme.good(),
                _ => theme.plain(),
            },
        ),
    ]
}

/// Two lines of words for each connection, or one where the terminal is low too.
fn narrow<'r>(
    sheet: &mut Sheet<'_>,
    area: Rect,
    count: usize,
    selected: usize,
    row: &impl Fn(usize) -> Option<&'r Row>,
    view: &ViewState,
) {
    let per_row: u16 = if area.height >= 6 { 2 } else { 1 };
    let height = usize::from(area.height / per_row);
    let first = first_shown(selected, count, height.max(1));
    let room = usize::from(area.width);
    for (at, y) in (first..count).zip((area.y..area.bottom()).step_by(usize::from(per_row))) {
        let Some(row) = row(at) else {
            continue;
        };
        let state = state(row);
        let right = width(&state).min(room / 2);
        let left = room.saturating_sub(right).saturating_sub(6);
        let line = Line::from(vec![
            Span::styled(
                format!("{} ", signs(row, at == selected, view)),
                view.theme.severity(row.worst),
            ),
            Span::styled(pad(&row.label, left, false), view.theme.head()),
            Span::raw(" "),
            Span::raw(pad(&state, right, true)),
        ]);
        let line = if at == selected {
            select(line, view.theme.selected())
        } else {
            line
        };
        put(sheet, area.x, y, &line, area.width);
        let below = y.saturating_add(1);
        if per_row == 2 && below < area.bottom() {
            let parts = [
                (format!("     {}", role(row)), view.theme.plain()),
                (format!("{} kbit/s", kbits(row)), view.theme.plain()),
                (row.codecs.clone(), view.theme.plain()),
            ];
            let line = fit_parts(&parts, "  ", room);
            put(sheet, area.x, below, &line, area.width);
        }
    }
}

/// The worst that was found of a connection, when it is among what is at hand.
fn worst_of<'s>(row: &Row, snapshot: &'s Snapshot) -> Option<&'s str> {
    let findings = snapshot.anomalies.iter();
    let of_it = findings.filter(|one| one.flow == row.id && Some(one.severity) == row.worst);
    let worst = of_it.min_by_key(|one| one.first.frame)?;
    Some(&worst.what)
}

fn foot_line<'a>(row: &Row, snapshot: &Snapshot, room: usize, view: &ViewState) -> Line<'a> {
    let theme = view.theme;
    let mut parts = vec![(format!(" #{}", row.id), theme.head())];
    if row.anomalies > 0 {
        let count = counted(u64::from(row.anomalies), "finding");
        parts.push((count, theme.severity(row.worst)));
        // It stands before the addresses, which can be seen in the session, and is cut where it is
        // too long: its begin says what it is about.
        let used: usize = parts
            .iter()
            .map(|(text, _)| width(text).saturating_add(BETWEEN.len()))
            .sum();
        let left = room.saturating_sub(used);
        if let Some(worst) = worst_of(row, snapshot).filter(|_| left >= WORST_FROM_WIDTH) {
            parts.push((fit(worst, left), theme.severity(row.worst)));
        }
    }
    parts.push((
        format!("{} → {}", client(row), address(row.ends.of(Side::Server))),
        theme.plain(),
    ));
    parts.push((
        format!(
            "{} UTC, {}",
            units::time_of_day(row.first.time),
            units::lasted(row.first, row.last)
        ),
        theme.dim(),
    ));
    parts.push((
        format!("frames {}..{}", row.first.frame, row.last.frame),
        theme.dim(),
    ));
    parts.push((
        format!("{} messages", units::grouped(row.messages)),
        theme.dim(),
    ));
    if row.aggregate_parts > 0 {
        let within = format!("{} within aggregates", units::grouped(row.aggregate_parts));
        parts.push((within, theme.dim()));
    }
    if row.inferred.is_any() {
        parts.push((format!("{INFERRED} is inferred"), theme.dim()));
    }
    if row.missing > 0 {
        parts.push((
            format!("{} missing", units::bytes(row.missing)),
            theme.bad(),
        ));
    }
    fit_parts(&parts, BETWEEN, room)
}
