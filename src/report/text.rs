//! The text report: plain ASCII structure, so that it can be pasted anywhere.

use std::fmt::Write as _;

use crate::base::units::INFERRED;
use crate::base::units::grouped;
use crate::report::section::Fact;
use crate::report::section::Section;
use crate::report::section::arrow;
use crate::report::section::calls::CallRow;
use crate::report::section::channels::COLUMNS;
use crate::report::section::channels::Use;

/// Widest column of what a channel carries.
const CARRIES_WIDTH: usize = 28;

/// Writes the section about a connection.
pub(super) fn section(out: &mut String, section: &Section) {
    let line = &section.line;
    let role = if line.role.is_empty() {
        "no role"
    } else {
        &line.role
    };
    let _ = writeln!(
        out,
        "\n#{} {} -> {}  {role}  {}",
        line.id, line.client, line.server, line.stream
    );
    for about in &section.about {
        fact(out, about);
    }
    for channels in &section.channels {
        direction(out, channels);
    }
    calls(out, section);
    for track in &section.tracks {
        let _ = writeln!(
            out,
            "  {} {:<8} {}  [stream {}]\n     {}",
            arrow(track.side),
            track.kind,
            track.what,
            track.stream,
            track.figures
        );
        if let Some(timing) = &track.timing {
            let _ = writeln!(out, "     {timing}");
        }
    }
    for note in &section.notes {
        let _ = writeln!(
            out,
            "  {} {:<8} {}  [stream {}]",
            arrow(note.side),
            note.what,
            note.text,
            note.stream
        );
    }
    for network in &section.network {
        fact(out, network);
    }
    if !section.inferred.is_empty() {
        let _ = writeln!(out, "  {INFERRED} is inferred, not seen");
    }
    for inferred in &section.inferred {
        let _ = writeln!(out, "     {inferred}");
    }
    for odd in &section.oddities.rows {
        let _ = writeln!(
            out,
            "  {:<8}  {} {}: {}  [frame {}, {} times]",
            odd.severity,
            arrow(odd.side),
            odd.code,
            odd.text,
            odd.frame,
            odd.count
        );
    }
    if section.oddities.others > 0 {
        let others = grouped(section.oddities.others);
        let _ = writeln!(out, "  and {others} more of other kinds");
    }
    fact(out, &section.end);
}

fn fact(out: &mut String, fact: &Fact) {
    let _ = writeln!(out, "  {:<10}{}", fact.name, fact.text);
}

fn direction(out: &mut String, channels: &Use) {
    let side = channels.side;
    let _ = writeln!(out, "  {} {}  {}", arrow(side), side.name(), channels.sums);
    if !channels.rows.is_empty() {
        // What a channel carries stands to the left.
        let [csid, carries, rest @ ..] = COLUMNS;
        row(out, csid, carries, &rest);
    }
    for cells in &channels.rows {
        let [csid, carries, rest @ ..] = cells;
        let mut carries = carries.clone();
        if carries.len() > CARRIES_WIDTH {
            carries.truncate(carries.floor_char_boundary(CARRIES_WIDTH.saturating_sub(1)));
            carries.push('+');
        }
        row(out, csid, &carries, rest);
    }
    for note in &channels.notes {
        let _ = writeln!(out, "     {note}");
    }
}

fn row(out: &mut String, csid: &str, carries: &str, rest: &[impl AsRef<str>]) {
    let _ = write!(out, "     {csid:>5} {carries:<CARRIES_WIDTH$}");
    for (cell, width) in rest.iter().zip([8, 9, 6, 17, 9, 10]) {
        let _ = write!(out, " {:>width$}", cell.as_ref());
    }
    out.push('\n');
}

fn calls(out: &mut String, section: &Section) {
    let calls = &section.calls;
    if let Some(counts) = &calls.counts {
        let _ = writeln!(out, "  calls     {counts}");
    }
    for row in &calls.rows {
        call(out, row);
    }
    if calls.more > 0 {
        let _ = writeln!(out, "     … {} more", grouped(calls.more));
    }
    if let Some(pings) = &calls.pings {
        let _ = writeln!(out, "  pings     {pings}");
    }
}

fn call(out: &mut String, row: &CallRow) {
    let line = format!(
        "     {:>10} {} {:<14} #{:<4} {:<13} {:>9}  {}",
        row.after,
        arrow(row.caller),
        row.name,
        row.id,
        row.outcome,
        row.latency,
        row.reply
    );
    let _ = writeln!(out, "{}", line.trim_end());
}
