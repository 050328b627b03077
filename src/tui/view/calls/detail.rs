//! One call in full: its facts, what asked and what answered as trees, and the bytes that asked.

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::units::INFERRED;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::tui::model::Detail;
use crate::tui::model::Opened;
use crate::tui::model::Reading;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::state::CALL_PANE;
use crate::tui::state::ViewState;
use crate::tui::units;
use crate::tui::view::calls::about;
use crate::tui::view::calls::call_name;
use crate::tui::view::calls::form;
use crate::tui::view::calls::outcome;
use crate::tui::view::fields;
use crate::tui::view::pane;
use crate::tui::view::scrolled;
use crate::tui::widgets::hex;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::width;
use crate::tui::widgets::text::wrap;

/// Most lines of bytes: a command is rarely longer than a few hundred bytes, and the messages show
/// all of it.
const MAX_HEX_LINES: usize = 256;

/// Draws the pane.
pub(super) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    snapshot: &Snapshot,
    detail: &Detail,
    call: &Call,
    view: &ViewState,
) {
    let has_keys = view.pane == CALL_PANE;
    let inner = pane(sheet, area, &call_name(call, detail), has_keys, view);
    let room = usize::from(inner.width);
    let mut lines = facts(call, detail, room, view);
    lines.extend(messages(snapshot, call, room, view));
    let scroll = if has_keys { view.scroll } else { 0 };
    scrolled(sheet, inner, &lines, scroll, view);
}

/// What asked and what answered, taken apart.
fn messages<'a>(snapshot: &Snapshot, call: &Call, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let opened = snapshot.call_opened.as_ref();
    let opened = opened.filter(|opened| opened.call == call.id);
    let request = opened.and_then(|opened| opened.request.as_deref());
    let reply = opened.and_then(|opened| opened.reply.as_deref());
    let mut lines = Vec::new();
    tree(&mut lines, "request", call.message, request, room, view);
    if let Some(answer) = &call.reply {
        tree(&mut lines, "answer", answer.message, reply, room, view);
    }
    if let Some(request) = request.filter(|request| !request.bytes.is_empty()) {
        let count = units::grouped(u64::try_from(request.bytes.len()).unwrap_or(u64::MAX));
        lines.push(heading(
            &format!("bytes of the request  {count}"),
            room,
            view,
        ));
        let marks = hex::Marks {
            selected: &(0..0),
            mark: view.theme.selected(),
            dim: view.theme.dim(),
            headers: &[],
            missing: &[],
        };
        let per_line = hex::per_line(room.saturating_sub(1));
        let bytes = hex::lines(&request.bytes, 0, MAX_HEX_LINES, per_line, marks);
        lines.extend(bytes.into_iter().map(|line| {
            let mut spans = vec![Span::raw(" ")];
            spans.extend(line.spans);
            Line::from(spans)
        }));
    }
    lines
}

fn heading<'a>(text: &str, room: usize, view: &ViewState) -> Line<'a> {
    let line = "─".repeat(room.saturating_sub(3).saturating_sub(width(text)));
    Line::styled(format!("─ {text} {line}"), view.theme.dim())
}

fn tree(
    lines: &mut Vec<Line<'_>>,
    what: &str,
    message: u64,
    opened: Option<&Opened>,
    room: usize,
    view: &ViewState,
) {
    let theme = view.theme;
    lines.push(heading(&format!("{what}  message {message}"), room, view));
    let mut say = |text: &str, style| {
        for text in wrap(text, room.saturating_sub(2).max(8)) {
            lines.push(Line::styled(format!(" {text}"), style));
        }
    };
    let Some(opened) = opened else {
        say("The message is kept no longer.", theme.dim());
        return;
    };
    for odd in &opened.odd {
        say(&format!("▲ {odd}"), theme.warn());
    }
    if opened.kept.is_let_go {
        match &opened.reading {
            Reading::Done => {}
            Reading::Underway(_) => {
                say("Its bytes are read again…", theme.dim());
                return;
            }
            Reading::Failed(why) => {
                let why = crate::base::text::printable(why);
                say(&format!("▲ not read again: {why}"), theme.warn());
                return;
            }
            Reading::Impossible => {
                say("Its bytes were let go to keep memory bounded.", theme.dim());
                return;
            }
        }
    }
    let names = fields::names_width(&opened.fields, room);
    let fields = opened.fields.iter();
    lines.extend(fields.map(|field| fields::line(field, names, room, theme)));
}

/// How it went, when, and where it was sent.
fn facts<'a>(call: &Call, detail: &Detail, room: usize, view: &ViewState) -> Vec<Line<'a>> {
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
