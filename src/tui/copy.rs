//! What copying puts into the clipboard: the selected line in full, the selected field or bytes,
//! or, where nothing is selected, the text of the screen.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::buffer::Cell;
use ratatui::layout::Rect;

use crate::base::side::Side;
use crate::rtmp::secret::Secrecy;
use crate::session::call::CallState;
use crate::session::explain::explain;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::sheet::Sheet;
use crate::tui::state::MESSAGE_HEX;
use crate::tui::state::MESSAGE_TREE;
use crate::tui::state::ViewState;
use crate::tui::units;
use crate::tui::view;

/// Columns and lines of a screen that is copied as text: wide enough for every column.
const SCREEN: (u16, u16) = (160, 60);

/// Most bytes that are copied as hex: terminals take a few hundred kilobytes at best.
const MAX_BYTES: usize = 32 << 10;

/// The text for the clipboard, without secrets like everything that is shown.
pub(super) fn text(snapshot: &Snapshot, view: &ViewState) -> String {
    let selected = match view.screen {
        Screen::Streams => connection(snapshot, view),
        Screen::Calls => call(snapshot, view),
        Screen::Messages => message(snapshot, view),
        Screen::Findings => finding(snapshot, view),
        Screen::Session | Screen::Media | Screen::Compare => None,
    };
    selected.unwrap_or_else(|| screen(snapshot, view))
}

fn connection(snapshot: &Snapshot, view: &ViewState) -> Option<String> {
    let id = view.selected_row(snapshot)?;
    let row = snapshot.rows.iter().find(|row| row.id == id)?;
    let end = |side: Side| {
        let end = row.ends.of(side);
        std::net::SocketAddr::new(end.addr, end.port)
    };
    Some(format!(
        "#{} {} {} -> {} {} {} since {} UTC, frames {}..{}",
        row.id,
        row.label,
        end(Side::Client),
        end(Side::Server),
        row.codecs,
        row.stage.name(),
        units::time_of_day(row.first.time),
        row.first.frame,
        row.last.frame,
    ))
}

fn call(snapshot: &Snapshot, view: &ViewState) -> Option<String> {
    let detail = snapshot.detail.known()?;
    let calls = &detail.session.calls;
    let call = calls.iter().nth(view.call).or(calls.iter().last())?;
    let number = call.transaction_id().filter(|id| id.expects_answer());
    let how = match (&call.reply, call.latency()) {
        (Some(reply), Some(latency)) => {
            let failed = if call.state == CallState::Failed {
                "failed"
            } else {
                "answered"
            };
            let code = reply
                .code()
                .map(|code| format!(" with {}", detail.prose(code)));
            let says = reply.description().map(|says| {
                let says = detail.text(says, Secrecy::Parameters);
                format!(" ({says})")
            });
            format!(
                "{failed} after {} (frame {}){}{}",
                units::span(latency),
                reply.at.frame,
                code.unwrap_or_default(),
                says.unwrap_or_default(),
            )
        }
        _ if call.state == CallState::OneWay => "no answer due".to_owned(),
        _ => "no answer".to_owned(),
    };
    Some(format!(
        "{}{} by the {} at {} UTC (frame {}): {how}",
        detail.prose(&call.name),
        number.map_or_else(String::new, |id| format!(" #{id}")),
        call.caller.name(),
        units::time_of_day(call.at.time),
        call.at.frame,
    ))
}

fn message(snapshot: &Snapshot, view: &ViewState) -> Option<String> {
    let opened = snapshot.opened.as_ref()?;
    match view.pane {
        MESSAGE_TREE => {
            let field = opened.fields.get(view.messages.field)?;
            Some(if field.value.is_empty() {
                field.name.clone()
            } else {
                format!("{}: {}", field.name, field.value)
            })
        }
        MESSAGE_HEX => {
            let bytes = opened.bytes.iter().take(MAX_BYTES);
            let hex: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
            Some(hex.join(" "))
        }
        _ => {
            let kept = &opened.kept;
            let at = kept.raw.completed();
            Some(format!(
                "message {} {} UTC frame {} from the {}: csid {} stream {} {} timestamp {} length {}: {}",
                kept.number,
                units::time_of_day(at.time),
                at.frame,
                kept.side.name(),
                kept.raw.csid,
                kept.raw.stream_id,
                kept.raw.type_id,
                units::told(kept.raw.told_timestamp(), false),
                kept.raw.length,
                opened.summary,
            ))
        }
    }
}

fn finding(snapshot: &Snapshot, view: &ViewState) -> Option<String> {
    let findings = view.shown_findings(snapshot);
    let one = findings.get(view.findings.selected)?;
    // As Markdown: it is to go into somebody's ticket.
    let mut text = format!(
        "**{}** ({}) on `{}`: {}\n\n- sent by the {}, {}, frames {}..{}, first at {} UTC\n",
        one.code,
        one.severity,
        one.label,
        one.what,
        one.side.name(),
        crate::base::units::counted(one.count, "time"),
        one.first.frame,
        one.last.frame,
        units::time_of_day(one.first.time),
    );
    if let Some(known) = explain(one.code) {
        for (name, said) in [
            ("Means", known.meaning),
            ("Cause", known.cause),
            ("Try", known.advice),
        ] {
            let _ = writeln!(text, "- {name}: {said}");
        }
    }
    Some(text)
}

fn screen(snapshot: &Snapshot, view: &ViewState) -> String {
    let area = Rect::new(0, 0, SCREEN.0, SCREEN.1);
    let mut buffer = Buffer::empty(area);
    view::body(&mut Sheet::new(&mut buffer), area, snapshot, view);
    let width = usize::from(area.width).max(1);
    let lines: Vec<String> = buffer
        .content()
        .chunks(width)
        .map(|cells| {
            let line: String = cells.iter().map(Cell::symbol).collect();
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n").trim_end().to_owned()
}
