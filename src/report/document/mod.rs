//! A report: what was read, the list of connections, a section for each of them, and what was left
//! out, in one of several formats. What is said is the same in all of them.

mod held;

use std::collections::HashMap;
use std::io;
use std::io::Write;

use crate::base::ids::FlowId;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::text::Printable;
use crate::base::units::counted;
use crate::base::units::grouped;
use crate::filter::Filter;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::report::html;
use crate::report::ladder::Ladder;
use crate::report::markdown;
use crate::report::matching::Matcher;
use crate::report::mermaid::Sequence;
use crate::report::section::Section;
use crate::report::section::anomalies::WireAnomalies;
use crate::report::section::line;
use crate::report::section::line::Line;
use crate::report::text;
use crate::rtmp::anomaly::Anomaly;
use crate::session::mask::Mask;

use self::held::Held;

/// Bytes of sections that are held back so that the list of connections can stand before them. A
/// capture with more prints the sections as connections end, and the list at the end.
const MAX_HELD: usize = 4 * 1024 * 1024;

/// Bytes of the list of connections that are kept; a line has about 100.
const MAX_LIST: usize = 4 * 1024 * 1024;

/// More than most lines of the list take.
const USUAL_LINE: usize = 128;

/// Connections that get a section of their own, and as many again of those in which something is
/// wrong. All have a line in the list; nobody reads thousands of sections, and `rtmpscope json`
/// has everything.
const MAX_SECTIONS: u64 = 500;

/// Connections of which the anomalies of the decoder are counted by code at the same time.
const MAX_NOTED: usize = 65_536;

/// What a report is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown, as trackers of issues show it.
    Markdown,
    /// One page that needs nothing else, with a ladder to scale for each connection.
    Html,
    /// A sequence diagram for Mermaid.
    Mermaid,
}

/// How bad it was at worst, at the begin of a line of the list.
fn marker(worst: Option<Severity>) -> char {
    match worst {
        None | Some(Severity::Info) => ' ',
        Some(Severity::Warning) => '!',
        Some(Severity::Error | Severity::Critical) => 'X',
    }
}

/// Writes a report.
#[derive(Debug)]
pub struct Report<W: Write> {
    out: W,
    format: Format,
    show_secrets: bool,
    matcher: Option<Matcher>,
    connections: u64,
    list: Held,
    list_left_out: u64,
    held: Held,
    streaming: bool,
    sections: u64,
    wrong_sections: u64,
    sections_left_out: u64,
    noted: HashMap<u64, WireAnomalies>,
    worst: [u64; 4],
    sequence: Sequence,
    failure: Option<io::Error>,
}

impl<W: Write> Report<W> {
    /// Writes to `out`.
    pub fn new(out: W, format: Format, show_secrets: bool) -> Self {
        Self {
            out,
            format,
            show_secrets,
            matcher: None,
            connections: 0,
            list: Held::default(),
            list_left_out: 0,
            held: Held::default(),
            streaming: false,
            sections: 0,
            wrong_sections: 0,
            sections_left_out: 0,
            noted: HashMap::new(),
            worst: [0; 4],
            sequence: Sequence::default(),
            failure: None,
        }
    }

    /// Tells only of connections of which an expression is true at their end, of themselves or of
    /// one of their messages. Set before anything is read.
    pub fn set_filter(&mut self, filter: Filter) {
        self.matcher = Some(Matcher::new(filter, self.show_secrets));
    }

    /// Connections that it is about.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// Whether writing failed, so that reading on is of no use.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Writes what is left: `head` describes the capture, `foot` says what was left out of it.
    ///
    /// # Errors
    ///
    /// What went wrong with writing, now or before.
    pub fn finish(mut self, head: &str, foot: &str) -> io::Result<()> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let mut text = String::new();
        let worst = self.worst_line() + &self.filter_line();
        if !self.streaming {
            self.begin(&mut text);
        }
        match self.format {
            Format::Text => {
                text.push_str(head);
                text.push_str(&worst);
                text.push('\n');
            }
            Format::Markdown => markdown::head(&mut text, head, &worst),
            Format::Html => html::head(&mut text, head, &worst),
            Format::Mermaid => {
                self.sequence
                    .write(&mut text, head, &worst, self.sections_left_out);
                self.out.write_all(text.as_bytes())?;
                return self.out.flush();
            }
        }
        self.out.write_all(text.as_bytes())?;
        self.list.write_to(&mut self.out)?;
        let more = (self.list_left_out > 0).then(|| grouped(self.list_left_out));
        text.clear();
        match self.format {
            Format::Text | Format::Mermaid => {
                if let Some(more) = more {
                    text = format!("  … and {more} more connections\n");
                }
            }
            Format::Markdown => markdown::list_end(&mut text, more.as_deref()),
            Format::Html => html::list_end(&mut text, more.as_deref()),
        }
        self.out.write_all(text.as_bytes())?;
        self.held.write_to(&mut self.out)?;
        let left_out = (self.sections_left_out > 0).then(|| {
            format!(
                "sections of {} more connections are left out: a BPF expression chooses connections, `rtmpscope json` has all",
                grouped(self.sections_left_out)
            )
        });
        text.clear();
        match self.format {
            Format::Text | Format::Mermaid => {
                if let Some(left_out) = left_out {
                    text = format!("\n{left_out}\n");
                }
                text.push_str(foot);
            }
            Format::Markdown => markdown::foot(&mut text, left_out.as_deref(), foot),
            Format::Html => html::foot(&mut text, left_out.as_deref(), foot),
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// What stands before everything else.
    fn begin(&self, out: &mut String) {
        match self.format {
            Format::Text | Format::Mermaid => {}
            Format::Markdown => markdown::begin(out),
            Format::Html => html::begin(out),
        }
    }

    /// Which of the connections are shown, where not all are.
    fn filter_line(&self) -> String {
        self.matcher.as_ref().map_or_else(String::new, |matcher| {
            format!(
                "display filter {}: {} of {}\n",
                Printable(matcher.text()),
                grouped(matcher.matched),
                counted(matcher.ended, "connection")
            )
        })
    }

    fn worst_line(&self) -> String {
        let [info, warning, error, critical] = self.worst;
        if self.worst.iter().all(|count| *count == 0) {
            return String::new();
        }
        let parts: Vec<String> = [
            (critical, "critical"),
            (error, "error"),
            (warning, "warning"),
            (info, "info"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{} {name}", grouped(count)))
        .collect();
        format!("anomalies: {}\n", parts.join(", "))
    }

    fn write_section(&mut self, section: &str) -> io::Result<()> {
        if !self.streaming && self.held.len().saturating_add(section.len()) <= MAX_HELD {
            self.held.push(section);
            return Ok(());
        }
        if !self.streaming {
            self.streaming = true;
            let mut begin = String::new();
            self.begin(&mut begin);
            self.out.write_all(begin.as_bytes())?;
            std::mem::take(&mut self.held).write_to(&mut self.out)?;
        }
        self.out.write_all(section.as_bytes())
    }

    fn list_line(&mut self, connection: &Connection, mask: Mask<'_>, worst: Option<Severity>) {
        if self.list.len() > MAX_LIST {
            self.list_left_out = self.list_left_out.saturating_add(1);
            return;
        }
        let mut out = String::with_capacity(USUAL_LINE);
        match self.format {
            Format::Text => {
                let summary = connection.session.summary();
                line::line(&mut out, connection, &summary, mask, marker(worst));
            }
            Format::Markdown => markdown::line(&mut out, &Line::of(connection, mask), worst),
            Format::Html => html::line(&mut out, &Line::of(connection, mask), worst),
            Format::Mermaid => {}
        }
        self.list.push(&out);
    }
}

impl<W: Write> Observer for Report<W> {
    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        if let Some(matcher) = &mut self.matcher {
            matcher.hears(connection, heard);
        }
    }

    fn gap(&mut self, connection: &Connection, _: &Gap) {
        if let Some(matcher) = &mut self.matcher {
            matcher.misses(connection);
        }
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        if let Some(matcher) = &mut self.matcher {
            matcher.notices(connection, anomaly);
        }
        if self.noted.len() >= MAX_NOTED && !self.noted.contains_key(&connection.id.0) {
            return;
        }
        self.noted
            .entry(connection.id.0)
            .or_default()
            .note(side, anomaly);
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        if let Some(matcher) = &mut self.matcher
            && !matcher.ends(connection, tcp)
        {
            self.noted.remove(&connection.id.0);
            return;
        }
        if self.failure.is_none() {
            self.failure = self.tell(connection, tcp).err();
        }
    }

    fn ended_unknown(&mut self, flow: FlowId) {
        self.noted.remove(&flow.0);
    }
}

impl<W: Write> Report<W> {
    fn tell(&mut self, connection: &Connection, tcp: &Tcp) -> io::Result<()> {
        self.connections = self.connections.saturating_add(1);
        let show = self.show_secrets;
        let mask = Mask::new(&connection.session, show);
        let noted = self.noted.remove(&connection.id.0).unwrap_or_default();
        let mut worst = noted.worst();
        for anomaly in connection.session.anomalies.iter() {
            worst = worst.max(Some(anomaly.kind.severity()));
            self.add_worst(anomaly.kind.severity(), 1);
        }
        for (severity, count) in noted.by_severity() {
            self.add_worst(severity, count);
        }
        self.list_line(connection, mask, worst);
        let is_wrong = worst >= Some(Severity::Error);
        let sections = if is_wrong && self.sections >= MAX_SECTIONS {
            &mut self.wrong_sections
        } else {
            &mut self.sections
        };
        if *sections >= MAX_SECTIONS {
            self.sections_left_out = self.sections_left_out.saturating_add(1);
            return Ok(());
        }
        *sections = sections.saturating_add(1);
        if self.format == Format::Mermaid {
            self.sequence
                .add(&Line::of(connection, mask), &Ladder::of(connection, mask));
            return Ok(());
        }
        let section = Section::of(connection, tcp, mask, &noted);
        let mut out = String::new();
        match self.format {
            Format::Text | Format::Mermaid => text::section(&mut out, &section),
            Format::Markdown => markdown::section(&mut out, &section),
            Format::Html => {
                html::section(&mut out, &section, &Ladder::of(connection, mask));
            }
        }
        self.write_section(&out)
    }

    fn add_worst(&mut self, severity: Severity, count: u64) {
        let place = match severity {
            Severity::Info => 0,
            Severity::Warning => 1,
            Severity::Error => 2,
            Severity::Critical => 3,
        };
        if let Some(sum) = self.worst.get_mut(place) {
            *sum = sum.saturating_add(count);
        }
    }
}
