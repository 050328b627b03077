//! The report in Markdown, for trackers of issues. Text of the wire stands in code spans, in which
//! nothing is markup, a link, a mention or a picture.

use std::fmt::Write as _;

use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::units::INFERRED;
use crate::base::units::grouped;
use crate::report::arrows;
use crate::report::section::Fact;
use crate::report::section::Section;
use crate::report::section::channels::COLUMNS;
use crate::report::section::channels::Use;
use crate::report::section::line::Line;

/// Writes the title.
pub(super) fn begin(out: &mut String) {
    out.push_str("# RTMP report\n");
}

/// Writes what was read, and the head of the list of connections.
pub(super) fn head(out: &mut String, head: &str, worst: &str) {
    let text = format!("{head}{worst}");
    // The lines name files and interfaces.
    let fence = "`".repeat(longest_run(&text).max(2).saturating_add(1));
    let _ = writeln!(out, "\n{fence}text\n{}\n{fence}\n", text.trim_end());
    header(
        out,
        &[
            "", "no.", "client", "server", "role", "stream", "codecs", "stage",
        ],
    );
}

/// Writes a line of the list of connections.
pub(super) fn line(out: &mut String, line: &Line, worst: Option<Severity>) {
    row(
        out,
        [
            plain(worst.map_or("", Severity::name)),
            line.id.to_string(),
            plain(&line.client),
            plain(&line.server),
            plain(&line.role),
            cell(&line.stream),
            // A codec that nobody knows is named by its bytes.
            cell(&line.codecs),
            plain(line.stage),
        ],
    );
}

/// Writes what is not on the list.
pub(super) fn list_end(out: &mut String, more: Option<&str>) {
    if let Some(more) = more {
        let _ = writeln!(out, "\n… and {more} more connections");
    }
}

/// Writes the section about a connection.
pub(super) fn section(out: &mut String, section: &Section) {
    let line = &section.line;
    let _ = writeln!(
        out,
        "\n## Connection {}: {} {}\n\n{} → {}\n",
        line.id,
        plain(if line.role.is_empty() {
            "no role"
        } else {
            &line.role
        }),
        code(&line.stream),
        plain(&line.client),
        plain(&line.server)
    );
    for about in &section.about {
        fact(out, about);
    }
    fact(out, &section.end);
    anomalies(out, section);
    calls(out, section);
    tracks(out, section);
    if section.channels.iter().any(|side| !side.rows.is_empty()) {
        out.push_str("\n### Channels\n");
    }
    for channels in &section.channels {
        direction(out, channels);
    }
    out.push_str("\n### Network\n\n");
    for network in &section.network {
        fact(out, network);
    }
    if !section.inferred.is_empty() {
        let _ = writeln!(
            out,
            "\n{} is inferred, not seen:\n",
            code(&INFERRED.to_string())
        );
    }
    for inferred in &section.inferred {
        let _ = writeln!(out, "- {}", plain(inferred));
    }
}

/// Writes what was left out.
pub(super) fn foot(out: &mut String, left_out: Option<&str>, foot: &str) {
    for line in left_out.into_iter().chain(foot.lines()) {
        if !line.is_empty() {
            let _ = writeln!(out, "\n{}", plain(line));
        }
    }
}

fn fact(out: &mut String, fact: &Fact) {
    let text = if fact.is_foreign {
        code(&fact.text)
    } else {
        plain(&fact.text)
    };
    let _ = writeln!(out, "- **{}** {text}", plain(&fact.name));
}

fn anomalies(out: &mut String, section: &Section) {
    let odd = &section.oddities;
    if odd.rows.is_empty() {
        return;
    }
    out.push_str("\n### Anomalies\n\n");
    header(out, &["severity", "", "code", "what", "frame", "times"]);
    for odd in &odd.rows {
        row(
            out,
            [
                format!("**{}**", odd.severity),
                arrow(odd.side).to_owned(),
                cell(odd.code),
                cell(&odd.text),
                odd.frame.to_string(),
                odd.count.to_string(),
            ],
        );
    }
    if odd.others > 0 {
        let _ = writeln!(out, "\nand {} more of other kinds", grouped(odd.others));
    }
}

fn calls(out: &mut String, section: &Section) {
    let calls = &section.calls;
    if calls.counts.is_none() && calls.pings.is_none() {
        return;
    }
    out.push_str("\n### Calls\n");
    if let Some(counts) = &calls.counts {
        let _ = writeln!(out, "\n{}", plain(counts));
    }
    if !calls.rows.is_empty() {
        out.push('\n');
        header(
            out,
            &["after", "", "call", "id", "outcome", "latency", "answer"],
        );
    }
    for call in &calls.rows {
        row(
            out,
            [
                plain(&call.after),
                arrow(call.caller).to_owned(),
                cell(&call.name),
                plain(&call.id),
                plain(call.outcome),
                plain(&call.latency),
                cell(&call.reply),
            ],
        );
    }
    if calls.more > 0 {
        let _ = writeln!(out, "\n… {} more", grouped(calls.more));
    }
    if let Some(pings) = &calls.pings {
        let _ = writeln!(out, "\nPings: {}", plain(pings));
    }
}

fn tracks(out: &mut String, section: &Section) {
    if section.tracks.is_empty() && section.notes.is_empty() {
        return;
    }
    out.push_str("\n### Media\n\n");
    if !section.tracks.is_empty() {
        header(out, &["", "track", "stream", "what", "figures", "time"]);
    }
    for track in &section.tracks {
        row(
            out,
            [
                arrow(track.side).to_owned(),
                plain(track.kind),
                plain(&track.stream),
                cell(&track.what),
                plain(&track.figures),
                plain(track.timing.as_deref().unwrap_or_default()),
            ],
        );
    }
    if !section.notes.is_empty() {
        out.push('\n');
    }
    for note in &section.notes {
        let _ = writeln!(
            out,
            "- {} **{}** {} (stream {})",
            arrow(note.side),
            plain(note.what),
            plain(&note.text),
            plain(&note.stream)
        );
    }
}

fn direction(out: &mut String, channels: &Use) {
    let side = channels.side;
    let sums = plain(&channels.sums);
    let _ = writeln!(out, "\n{} {}: {sums}", arrow(side), side.name());
    if !channels.rows.is_empty() {
        out.push('\n');
        header(out, &COLUMNS);
    }
    for cells in &channels.rows {
        row(out, cells.iter().map(|cell| plain(cell)));
    }
    if !channels.notes.is_empty() {
        out.push('\n');
    }
    for note in &channels.notes {
        let _ = writeln!(out, "- {}", plain(note));
    }
}

fn header(out: &mut String, names: &[&str]) {
    row(out, names.iter().map(|name| plain(name)));
    row(out, names.iter().map(|_| "---".to_owned()));
}

fn row(out: &mut String, cells: impl IntoIterator<Item = String>) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        out.push_str(&cell);
        out.push_str(" |");
    }
    out.push('\n');
}

fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "→",
        Side::Server => "←",
    }
}

/// Words of our own, with numbers and names of formats: what could be markup in them is escaped.
fn plain(text: &str) -> String {
    let text = arrows(text);
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_markup = match c {
            '\\' | '`' | '*' | '{' | '}' | '[' | ']' | '<' | '#' | '|' | '~' | '&' | '!' | '$'
            | '@' => true,
            // Within a word it is none, and names of formats have it.
            '_' => {
                let is_within = |c: char| c.is_ascii_alphanumeric();
                !(is_within(before) && chars.peek().is_some_and(|next| is_within(*next)))
            }
            _ => false,
        };
        if is_markup {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

/// Text of the wire as a code span.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(text).saturating_add(1));
    // A space at either end is taken away where there is one at both, and keeps ticks apart.
    let needs_space = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let space = if needs_space { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// The same in the cell of a table, which a bar would end, in code as elsewhere. Readers disagree
/// about bars behind two backslashes, and so there is a space between.
fn cell(text: &str) -> String {
    code(text).replace("\\|", "\\ |").replace('|', "\\|")
}

/// Length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_markup_is_escaped() {
        assert_eq!(plain("a|b *c* <d> #1 @me"), r"a\|b \*c\* \<d> \#1 \@me");
    }

    #[test]
    fn names_of_formats_stay_readable() {
        assert_eq!(plain("a_b _c_ -> d"), r"a_b \_c\_ → d");
    }

    #[test]
    fn code_spans_hold_what_would_end_them() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``a`"), "``` ``a` ```");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(cell("a|b"), r"`a\|b`");
        assert_eq!(cell(r"a\|b"), r"`a\ \|b`");
        assert_eq!(code(""), "");
    }
}
