//! The text report: a section for every connection, and the sums of the capture. Plain ASCII
//! structure, so that it can be pasted into an issue.

mod held;
mod line;
mod section;

use std::io;
use std::io::Write;

use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::text::Printable;
use crate::base::text::printable;
use crate::filter::Filter;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::report::matching::Matcher;
use crate::rtmp::anomaly::Anomaly;
use crate::session::mask::Mask;

use self::held::Held;
use self::section::anomalies::WireAnomalies;
use crate::base::units::counted;
use crate::base::units::grouped;

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

/// Writes the text report.
#[derive(Debug)]
pub struct TextReport<W: Write> {
    out: W,
    show_secrets: bool,
    matcher: Option<Matcher>,
    list: Held,
    list_left_out: u64,
    held: Held,
    streaming: bool,
    sections: u64,
    wrong_sections: u64,
    sections_left_out: u64,
    noted: std::collections::HashMap<u64, WireAnomalies>,
    worst: [u64; 4],
    failure: Option<io::Error>,
}

impl<W: Write> TextReport<W> {
    /// Writes to `out`.
    pub fn new(out: W, show_secrets: bool) -> Self {
        Self {
            out,
            show_secrets,
            matcher: None,
            list: Held::new(),
            list_left_out: 0,
            held: Held::new(),
            streaming: false,
            sections: 0,
            wrong_sections: 0,
            sections_left_out: 0,
            noted: std::collections::HashMap::new(),
            worst: [0; 4],
            failure: None,
        }
    }

    /// Tells only of connections of which an expression is true at their end, of themselves or of
    /// one of their messages. Set before anything is read.
    pub fn set_filter(&mut self, filter: Filter) {
        self.matcher = Some(Matcher::new(filter, self.show_secrets));
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
        let worst = self.worst_line();
        let out = &mut self.out;
        write!(out, "{head}{worst}")?;
        if let Some(matcher) = &self.matcher {
            writeln!(
                out,
                "display filter {}: {} of {}",
                Printable(matcher.text()),
                grouped(matcher.matched),
                counted(matcher.ended, "connection")
            )?;
        }
        writeln!(out)?;
        self.list.write_to(out)?;
        if self.list_left_out > 0 {
            let more = grouped(self.list_left_out);
            writeln!(out, "  … and {more} more connections")?;
        }
        self.held.write_to(out)?;
        if self.sections_left_out > 0 {
            writeln!(
                out,
                "\nsections of {} more connections are left out: a BPF expression chooses connections, `rtmpscope json` has all",
                grouped(self.sections_left_out)
            )?;
        }
        out.write_all(foot.as_bytes())?;
        out.flush()
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
            return self.held.push(section);
        }
        if !self.streaming {
            self.streaming = true;
            std::mem::replace(&mut self.held, Held::new()).write_to(&mut self.out)?;
        }
        self.out.write_all(section.as_bytes())
    }

    fn list_line(
        &mut self,
        connection: &Connection,
        mask: Mask<'_>,
        marker: char,
    ) -> io::Result<()> {
        if self.list.len() > MAX_LIST {
            self.list_left_out = self.list_left_out.saturating_add(1);
            return Ok(());
        }
        let summary = connection.session.summary();
        let mut line = String::with_capacity(USUAL_LINE);
        line::line(&mut line, connection, &summary, mask, marker);
        self.list.push(&line)
    }
}

impl<W: Write> Observer for TextReport<W> {
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
}

impl<W: Write> TextReport<W> {
    fn tell(&mut self, connection: &Connection, tcp: &Tcp) -> io::Result<()> {
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
        let marker = match worst {
            None | Some(Severity::Info) => ' ',
            Some(Severity::Warning) => '!',
            Some(Severity::Error | Severity::Critical) => 'X',
        };
        self.list_line(connection, mask, marker)?;
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
        let section = section::section(connection, tcp, mask, &noted);
        self.write_section(&section)
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

/// Messages within aggregates, behind the count of messages.
pub fn parts_of_aggregates(parts: u64) -> String {
    if parts == 0 {
        return String::new();
    }
    format!(" and {} within aggregates", grouped(parts))
}

/// Foreign text that is masked and safe to print.
fn shown(text: &str) -> String {
    printable(text)
}

/// Joins words with commas.
fn joined<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| Printable(word).to_string())
        .collect();
    words.join(", ")
}
