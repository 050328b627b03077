//! The report as one page of HTML that needs nothing else: no script, no font, no picture, and no
//! network, which the page also forbids itself. Colours follow those that the reader's system asks
//! for; printed it is black on white. All text goes through [`Escaped`].

mod ladder;

use std::fmt;
use std::fmt::Write as _;

use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::units::INFERRED;
use crate::base::units::grouped;
use crate::report::arrows;
use crate::report::ladder::Ladder;
use crate::report::section::Fact;
use crate::report::section::Section;
use crate::report::section::channels::COLUMNS;
use crate::report::section::channels::Use;
use crate::report::section::line::Line;

/// The style of the page.
const STYLE: &str = include_str!("style.css");

/// Writes what stands before everything else.
pub(super) fn begin(out: &mut String) {
    let _ = write!(
        out,
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>RTMP report</title>
<style>
{STYLE}</style>
</head>
<body>
<h1>RTMP report</h1>
"#
    );
}

/// Writes what was read, and the head of the list of connections.
pub(super) fn head(out: &mut String, head: &str, worst: &str) {
    out.push_str("<ul class=\"read\">\n");
    for line in head.lines().chain(worst.lines()) {
        let _ = writeln!(out, "<li>{}</li>", Escaped(line));
    }
    out.push_str("</ul>\n");
    table(
        out,
        &[
            "", "no.", "client", "server", "role", "stream", "codecs", "stage",
        ],
    );
}

/// Writes a line of the list of connections.
pub(super) fn line(out: &mut String, line: &Line, worst: Option<Severity>) {
    let worst = worst.map_or("", Severity::name);
    let id = line.id;
    let _ = write!(
        out,
        "<tr><td class=\"{worst}\">{worst}</td><td><a href=\"#c{id}\">{id}</a></td>"
    );
    for cell in [
        &line.client,
        &line.server,
        &line.role,
        &line.stream,
        &line.codecs,
        line.stage,
    ] {
        let _ = write!(out, "<td>{}</td>", Escaped(cell));
    }
    out.push_str("</tr>\n");
}

/// Ends the list, with what is not on it.
pub(super) fn list_end(out: &mut String, more: Option<&str>) {
    end_table(out);
    if let Some(more) = more {
        let _ = writeln!(out, "<p>… and {} more connections</p>", Escaped(more));
    }
}

/// Writes the section about a connection.
pub(super) fn section(out: &mut String, section: &Section, ladder: &Ladder) {
    let line = &section.line;
    let _ = writeln!(
        out,
        "<section id=\"c{}\">\n<h2>Connection {}: {} <code>{}</code></h2>\n<p>{} → {}</p>",
        line.id,
        line.id,
        Escaped(if line.role.is_empty() {
            "no role"
        } else {
            &line.role
        }),
        Escaped(&line.stream),
        Escaped(&line.client),
        Escaped(&line.server)
    );
    facts(out, section.about.iter().chain([&section.end]));
    anomalies(out, section);
    ladder::ladder(out, ladder, &line.client, &line.server);
    calls(out, section);
    tracks(out, section);
    if !section.channels.is_empty() {
        out.push_str("<h3>Channels</h3>\n");
    }
    for channels in &section.channels {
        direction(out, channels);
    }
    out.push_str("<h3>Network</h3>\n");
    facts(out, &section.network);
    if !section.inferred.is_empty() {
        let _ = writeln!(out, "<p><code>{INFERRED}</code> is inferred, not seen:</p>");
        list(out, section.inferred.iter().map(|text| arrows(text)));
    }
    out.push_str("</section>\n");
}

/// Writes what was left out, and the end of the page.
pub(super) fn foot(out: &mut String, left_out: Option<&str>, foot: &str) {
    for line in left_out.into_iter().chain(foot.lines()) {
        if !line.is_empty() {
            let _ = writeln!(out, "<p>{}</p>", Escaped(line));
        }
    }
    out.push_str("</body>\n</html>\n");
}

fn facts<'a>(out: &mut String, facts: impl IntoIterator<Item = &'a Fact>) {
    out.push_str("<dl>\n");
    for fact in facts {
        let text = if fact.is_foreign {
            fact.text.clone()
        } else {
            arrows(&fact.text)
        };
        let name = arrows(&fact.name);
        let _ = writeln!(
            out,
            "<dt>{}</dt><dd>{}</dd>",
            Escaped(&name),
            Escaped(&text)
        );
    }
    out.push_str("</dl>\n");
}

fn anomalies(out: &mut String, section: &Section) {
    let oddities = &section.oddities;
    if oddities.rows.is_empty() {
        return;
    }
    out.push_str("<h3>Anomalies</h3>\n");
    table(out, &["severity", "", "code", "what", "frame", "times"]);
    for odd in &oddities.rows {
        let _ = writeln!(
            out,
            "<tr><td class=\"{0}\">{0}</td><td>{1}</td><td><code>{2}</code></td><td>{3}</td>\
             <td class=\"n\">{4}</td><td class=\"n\">{5}</td></tr>",
            odd.severity,
            arrow(odd.side),
            Escaped(odd.code),
            Escaped(&odd.text),
            odd.frame,
            odd.count
        );
    }
    end_table(out);
    if oddities.others > 0 {
        let others = grouped(oddities.others);
        let _ = writeln!(out, "<p>and {others} more of other kinds</p>");
    }
}

fn calls(out: &mut String, section: &Section) {
    let calls = &section.calls;
    if calls.counts.is_none() && calls.pings.is_none() {
        return;
    }
    out.push_str("<h3>Calls</h3>\n");
    if let Some(counts) = &calls.counts {
        let _ = writeln!(out, "<p>{}</p>", Escaped(counts));
    }
    if !calls.rows.is_empty() {
        table(
            out,
            &["after", "", "call", "id", "outcome", "latency", "answer"],
        );
        for call in &calls.rows {
            let _ = writeln!(
                out,
                "<tr class=\"{}\"><td class=\"n\">{}</td><td>{}</td><td><code>{}</code></td>\
                 <td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
                call.state.name(),
                Escaped(&call.after),
                arrow(call.caller),
                Escaped(&call.name),
                Escaped(&call.id),
                Escaped(call.outcome),
                Escaped(&call.latency),
                Escaped(&call.reply)
            );
        }
        end_table(out);
    }
    if calls.more > 0 {
        let _ = writeln!(out, "<p>… {} more</p>", grouped(calls.more));
    }
    if let Some(pings) = &calls.pings {
        let _ = writeln!(out, "<p>Pings: {}</p>", Escaped(pings));
    }
}

fn tracks(out: &mut String, section: &Section) {
    if section.tracks.is_empty() && section.notes.is_empty() {
        return;
    }
    out.push_str("<h3>Media</h3>\n");
    if !section.tracks.is_empty() {
        table(out, &["", "track", "stream", "what", "figures", "time"]);
        for track in &section.tracks {
            let cells = [
                arrow(track.side),
                track.kind,
                &track.stream,
                &track.what,
                &track.figures,
                track.timing.as_deref().unwrap_or_default(),
            ];
            row(out, cells);
        }
        end_table(out);
    }
    let notes = section.notes.iter().map(|note| {
        format!(
            "{} {} {} (stream {})",
            arrow(note.side),
            note.what,
            note.text,
            note.stream
        )
    });
    list(out, notes);
}

fn direction(out: &mut String, channels: &Use) {
    let side = channels.side;
    let sums = arrows(&channels.sums);
    let _ = writeln!(
        out,
        "<p>{} {}: {}</p>",
        arrow(side),
        side.name(),
        Escaped(&sums)
    );
    if !channels.rows.is_empty() {
        table(out, &COLUMNS);
        for cells in &channels.rows {
            row(out, cells);
        }
        end_table(out);
    }
    list(out, &channels.notes);
}

fn list(out: &mut String, items: impl IntoIterator<Item = impl AsRef<str>>) {
    let mut items = items.into_iter().peekable();
    if items.peek().is_none() {
        return;
    }
    out.push_str("<ul>\n");
    for item in items {
        let _ = writeln!(out, "<li>{}</li>", Escaped(item.as_ref()));
    }
    out.push_str("</ul>\n");
}

/// Begins a table, which scrolls by itself where the page is narrow.
fn table(out: &mut String, names: &[&str]) {
    out.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for name in names {
        let _ = write!(out, "<th>{}</th>", Escaped(name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
}

fn end_table(out: &mut String) {
    out.push_str("</tbody></table></div>\n");
}

fn row(out: &mut String, cells: impl IntoIterator<Item = impl AsRef<str>>) {
    out.push_str("<tr>");
    for cell in cells {
        let _ = write!(out, "<td>{}</td>", Escaped(cell.as_ref()));
    }
    out.push_str("</tr>\n");
}

fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "→",
        Side::Server => "←",
    }
}

/// Text as it stands between tags and in values of attributes.
#[derive(Debug, Clone, Copy)]
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['&', '<', '>', '"', '\'']) {
            let mut plain = piece.chars();
            let entity = match plain.next_back() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\'') => "&#39;",
                _ => {
                    f.write_str(piece)?;
                    continue;
                }
            };
            f.write_str(plain.as_str())?;
            f.write_str(entity)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        let text = Escaped("<b a='1' c=\"2\">x & y</b>é").to_string();
        assert_eq!(
            text,
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;x &amp; y&lt;/b&gt;é"
        );
        assert_eq!(Escaped("").to_string(), "");
    }
}
