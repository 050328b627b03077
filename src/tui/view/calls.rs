//! The calls of a connection as a ladder, and the selected one in full.
//!
//! ```text
//!  12 calls  1 failed  1 unanswered   latency min 40.1 ms  mean 41.2 ms  max 2014 ms
//!             client                                        server │ publish #5
//!    0.064    │─ connect #1  live ─────────────────────────────▶│  │ answered after 44.0 ms
//!             │◀─ NetConnection.Connect.Success  ⏱ 41.3 ms ─────│  │ …
//! ```
//!
//! Without the room for arrows it is a table.

use std::fmt::Write as _;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::side::Side;
use crate::base::time::Span as Time;
use crate::base::units::INFERRED;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::Expectation;
use crate::session::call::Reply;
use crate::session::call::ReplyKind;
use crate::tui::model::Detail;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::state::moments::TimeMode;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::pane;
use crate::tui::view::say;
use crate::tui::view::scrolled;
use crate::tui::widgets::ladder;
use crate::tui::widgets::ladder::Way;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::Look;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::wrap;

/// Narrower than this, arrows say less than words.
const LADDER_FROM_WIDTH: u16 = 76;

/// From this width on the selected call stands beside the ladder.
const DETAIL_FROM_WIDTH: u16 = 108;

/// An answer that takes longer than this is felt while a stream starts.
const SLOW: Time = Time::from_secs(1);

const COLUMNS: &[Column] = &[
    number("TIME", 12, 2),
    fixed(" ", 1, 0),
    flexible("CALL", 12, 40, 0),
    fixed("", 1, 0),
    number("LATENCY", 9, 1),
    flexible("ANSWER", 12, 60, 3),
];

/// Draws the calls.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, detail: &Detail, view: &ViewState) {
    let calls: Vec<&Call> = detail.session.calls.iter().collect();
    if calls.is_empty() {
        say(sheet, area, why_empty(detail), view);
        return;
    }
    let line = fit_parts(&figures(detail, view), "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let area = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let selected = view.call.min(calls.len().saturating_sub(1));
    if area.width < LADDER_FROM_WIDTH {
        render_table(sheet, area, detail, &calls, selected, view);
        return;
    }
    let mut ladder_area = area;
    if area.width >= DETAIL_FROM_WIDTH {
        ladder_area.width = area.width.saturating_sub(42);
        let beside = Rect {
            x: ladder_area.right(),
            width: 42,
            ..area
        };
        if let Some(call) = calls.get(selected) {
            let title = call_name(call, detail);
            let inner = pane(sheet, beside, &title, false, view);
            let lines = full(call, detail, usize::from(inner.width), view);
            scrolled(sheet, inner, &lines, 0, view);
        }
    } else if area.height >= 16
        && let Some(call) = calls.get(selected)
    {
        ladder_area.height = area.height.saturating_sub(8);
        let below = Rect {
            y: ladder_area.bottom(),
            height: 8,
            ..area
        };
        let inner = pane(sheet, below, &call_name(call, detail), false, view);
        let lines = full(call, detail, usize::from(inner.width), view);
        scrolled(sheet, inner, &lines, 0, view);
    }
    render_ladder(sheet, ladder_area, detail, &calls, selected, view);
}

fn why_empty(detail: &Detail) -> &'static str {
    if detail.session.opaque.client.is_some() || detail.session.opaque.server.is_some() {
        "No calls: the connection is enciphered, so its commands cannot be read."
    } else if detail.session.is_from_begin() {
        "No calls yet: no command has been sent."
    } else {
        "No calls: the capture begins after the session was set up."
    }
}

fn figures(detail: &Detail, view: &ViewState) -> Vec<(String, Style)> {
    let theme = view.theme;
    let stats = &detail.session.calls.stats;
    let mut parts = vec![(
        format!(" {} calls", units::grouped(stats.calls)),
        theme.head(),
    )];
    if stats.failed > 0 {
        parts.push((format!("✖ {} failed", stats.failed), theme.bad()));
    }
    if stats.unanswered > 0 {
        let unanswered = format!("▲ {} unanswered", units::grouped(stats.unanswered));
        parts.push((unanswered, theme.warn()));
    }
    if stats.unanswered_optional > 0 {
        let optional = units::grouped(stats.unanswered_optional);
        parts.push((format!("· {optional} optional without answer"), theme.dim()));
    }
    if stats.orphan_replies > 0 {
        parts.push((
            format!("{} answers to no call", stats.orphan_replies),
            theme.plain(),
        ));
    }
    if stats.latency.count() > 0 {
        parts.push((
            format!(
                "latency min {}  mean {}  max {}",
                units::span(stats.latency.min()),
                units::span(stats.latency.mean()),
                units::span(stats.latency.max())
            ),
            theme.plain(),
        ));
    }
    if stats.pings > 0 {
        let mut pings = format!("{} pings", units::grouped(stats.pings));
        if stats.ping.count() > 0 {
            let _ = write!(pings, ", mean {}", units::span(stats.ping.mean()));
        }
        parts.push((pings, theme.plain()));
    }
    if stats.pings_unanswered > 0 {
        let unanswered = units::grouped(stats.pings_unanswered);
        parts.push((format!("▲ {unanswered} pings unanswered"), theme.warn()));
    }
    if stats.left_out > 0 {
        parts.push((
            format!("{} older calls left out", units::grouped(stats.left_out)),
            theme.dim(),
        ));
    }
    parts.push((format!("times: {}", view.time.name()), theme.dim()));
    parts
}

fn call_name(call: &Call, detail: &Detail) -> String {
    let name = detail.prose(&call.name);
    match call.transaction_id() {
        Some(id) if id.expects_answer() || call.is_ping => format!("{name} #{id}"),
        _ => name,
    }
}

/// What a call is about: a stream name is a secret as a whole, an app only in its query.
fn about(call: &Call, detail: &Detail) -> Option<String> {
    let about = call.detail.as_deref()?;
    Some(if call.name == "connect" {
        detail.text(about, Secrecy::Url)
    } else {
        detail.prose(about)
    })
}

fn time(
    at: crate::base::ids::Mark,
    before: Option<crate::base::ids::Mark>,
    detail: &Detail,
    view: &ViewState,
) -> String {
    match view.time {
        TimeMode::Clock => units::time_of_day(at.time),
        TimeMode::SincePrevious => before.map_or_else(
            || units::seconds_since(at.time, detail.first.time),
            |before| {
                let step = at.time.since(before.time).max(Time::ZERO);
                format!("+{}", units::span(step))
            },
        ),
        TimeMode::SinceMark => super::since_mark(at.time, view)
            .unwrap_or_else(|| units::seconds_since(at.time, detail.first.time)),
        // Calls have no place in the media's time.
        TimeMode::SinceStart | TimeMode::Media => units::seconds_since(at.time, detail.first.time),
    }
}

/// The sign, the words and the style for how a call went.
fn outcome(call: &Call, view: &ViewState) -> (&'static str, &'static str, Style) {
    let theme = view.theme;
    let slow = call.latency().is_some_and(|latency| latency > SLOW);
    match call.state {
        CallState::Open => ("…", "waits for its answer", theme.warn()),
        CallState::OneWay => (" ", "no answer due", theme.dim()),
        CallState::Answered if slow => ("▲", "answered slowly", theme.warn()),
        CallState::Answered => ("✔", "answered", theme.good()),
        CallState::Failed => ("✖", "failed", theme.bad()),
        CallState::Unanswered if call.expectation == Expectation::Required => {
            ("✖", "never answered", theme.bad())
        }
        CallState::Unanswered => (
            "·",
            "not answered, which some servers never do",
            theme.dim(),
        ),
    }
}

/// The form of an answer as the wire has it.
fn form(reply: &Reply) -> &'static str {
    match reply.kind {
        ReplyKind::Result => "_result",
        ReplyKind::Error => "_error",
        ReplyKind::Status => "onStatus",
        ReplyKind::Notice => "onFCPublish",
        ReplyKind::Pong => "ping response",
    }
}

fn answer(reply: &Reply, detail: &Detail) -> String {
    let code = reply.code().map(|code| detail.prose(code));
    code.unwrap_or_else(|| form(reply).to_owned())
}

fn render_table(
    sheet: &mut Sheet<'_>,
    area: Rect,
    detail: &Detail,
    calls: &[&Call],
    selected: usize,
    view: &ViewState,
) {
    let look = Look {
        head: view.theme.dim(),
        selected: Some(view.theme.selected()),
    };
    table::render(sheet, area, COLUMNS, calls.len(), selected, look, |at| {
        let Some(call) = calls.get(at) else {
            return Vec::new();
        };
        let before = at
            .checked_sub(1)
            .and_then(|at| calls.get(at))
            .map(|call| call.at);
        let (sign, words, style) = outcome(call, view);
        let mut name = call_name(call, detail);
        if let Some(about) = about(call, detail) {
            name.push_str("  ");
            name.push_str(&about);
        }
        vec![
            Cell::styled(time(call.at, before, detail, view), view.theme.dim()),
            Cell::styled(arrow(call.caller), view.theme.side(call.caller)),
            name.into(),
            Cell::styled(sign, style),
            call.latency()
                .map_or_else(|| "-".to_owned(), units::span)
                .into(),
            Cell::styled(
                call.reply
                    .as_ref()
                    .map_or_else(|| words.to_owned(), |reply| answer(reply, detail)),
                style,
            ),
        ]
    });
}

/// One line of the ladder: of which call, when, and what is drawn.
struct Rung<'a> {
    call: Option<usize>,
    at: crate::base::ids::Mark,
    line: Line<'a>,
}

fn render_ladder(
    sheet: &mut Sheet<'_>,
    area: Rect,
    detail: &Detail,
    calls: &[&Call],
    selected: usize,
    view: &ViewState,
) {
    const TIME: usize = 13;
    let theme = view.theme;
    let room = usize::from(area.width)
        .saturating_sub(TIME)
        .saturating_sub(1);
    let ends = room.saturating_sub(12);
    let head = format!("{}client{}server", " ".repeat(TIME), " ".repeat(ends));
    put(
        sheet,
        area.x,
        area.y,
        &Line::styled(head, theme.dim()),
        area.width,
    );
    let rungs = rungs(detail, calls, room, view);
    let area = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let at = rungs
        .iter()
        .position(|rung| rung.call == Some(selected))
        .unwrap_or(0);
    let first = first_shown(at, rungs.len(), usize::from(area.height));
    let mut before = first
        .checked_sub(1)
        .and_then(|at| rungs.get(at))
        .map(|rung| rung.at);
    for (rung, y) in rungs.iter().skip(first).zip(area.y..area.bottom()) {
        let is_selected = rung.call == Some(selected);
        let marker = if is_selected { "▸" } else { " " };
        let stamp = pad(
            &time(rung.at, before, detail, view),
            TIME.saturating_sub(2),
            true,
        );
        before = Some(rung.at);
        let mut spans = vec![Span::styled(format!("{marker}{stamp} "), theme.dim())];
        spans.extend(rung.line.spans.iter().cloned());
        let line = Line::from(spans);
        let line = if is_selected {
            select(line, theme.selected())
        } else {
            line
        };
        put(sheet, area.x, y, &line, area.width);
    }
}

/// Calls and answers as they passed, with the start of the media among them.
fn rungs<'a>(detail: &Detail, calls: &[&Call], room: usize, view: &ViewState) -> Vec<Rung<'a>> {
    let theme = view.theme;
    let rail = theme.dim();
    let way = |side: Side| match side {
        Side::Client => Way::Right,
        Side::Server => Way::Left,
    };
    let mut rungs = Vec::new();
    let setup = detail.session.setup();
    if let Some(phase) = setup.handshake {
        let took = phase
            .duration()
            .map_or_else(|| "not completed".to_owned(), units::span);
        rungs.push(Rung {
            call: None,
            at: phase.begin,
            line: ladder::between(&format!("handshake  {took}"), room, rail, theme.dim()),
        });
    }
    for (index, call) in calls.iter().enumerate() {
        let (sign, words, style) = outcome(call, view);
        let mut label = call_name(call, detail);
        if let Some(about) = about(call, detail) {
            let _ = write!(label, "  {about}");
        }
        if call.reply.is_none() {
            let _ = write!(label, "  {sign} {words}");
        }
        let body = if call.reply.is_none() {
            style
        } else {
            theme.side(call.caller)
        };
        rungs.push(Rung {
            call: Some(index),
            at: call.at,
            line: ladder::arrow(way(call.caller), &label, room, rail, body),
        });
        if let Some(reply) = &call.reply {
            let latency = call.latency().map(units::span).unwrap_or_default();
            let label = format!(
                "{sign} {}  {latency}  ← {}",
                answer(reply, detail),
                call_name(call, detail)
            );
            rungs.push(Rung {
                call: None,
                at: reply.at,
                line: ladder::arrow(way(call.caller.other()), &label, room, rail, style),
            });
        }
    }
    for track in &detail.session.tracks {
        let label = format!(
            "{} {} {}  {}",
            arrow(track.key.side),
            track.key.kind.name(),
            super::session::codecs::track_facts(track),
            super::session::codecs::track_figures(track)
        );
        rungs.push(Rung {
            call: None,
            at: track.first,
            line: ladder::between(&label, room, rail, theme.side(track.key.side)),
        });
    }
    rungs.sort_by_key(|rung| (rung.at.time, rung.at.frame));
    rungs
}

fn full<'a>(call: &Call, detail: &Detail, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let mut lines = Vec::new();
    let (sign, words, style) = outcome(call, view);
    let latency = call
        .latency()
        .map(|latency| format!(" after {}", units::span(latency)));
    lines.push(Line::styled(
        format!(" {sign} {words}{}", latency.unwrap_or_default()),
        style,
    ));
    let mut fact = |name: &str, value: String| {
        for (at, text) in wrap(&value, room.saturating_sub(13).max(8))
            .into_iter()
            .enumerate()
        {
            let name = if at == 0 { name } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!(" {}", pad(name, 11, false)), theme.dim()),
                Span::raw(text),
            ]));
        }
    };
    if let Some(about) = about(call, detail) {
        fact("about", about);
    }
    let caller = call.caller.name();
    fact(
        "called by",
        format!(
            "{caller}, frame {}, message {}",
            call.at.frame, call.message
        ),
    );
    fact(
        "sent on",
        format!(
            "csid {}, stream {}",
            call.csid,
            units::marked(call.stream_id, call.stream_from.is_some())
        ),
    );
    if let Some(from) = call.stream_from {
        fact(
            "",
            format!("{INFERRED} {from} ({})", from.confidence().name()),
        );
    }
    if call.pipelined() {
        fact("", "while other calls were waiting".to_owned());
    }
    if call.reused_transaction() {
        fact("", "with the transaction id of an earlier call".to_owned());
    }
    if call.answers > 1 {
        fact("", format!("answered {} times", call.answers));
    }
    if let Some(reply) = &call.reply {
        fact(
            "answer",
            format!(
                "{}, frame {}, message {}",
                form(reply),
                reply.at.frame,
                reply.message
            ),
        );
        for (name, text) in [("level", reply.level()), ("code", reply.code())] {
            if let Some(text) = text {
                fact(name, detail.prose(text));
            }
        }
        if let Some(text) = reply.description() {
            fact("says", detail.text(text, Secrecy::Parameters));
        }
    }
    lines
}
