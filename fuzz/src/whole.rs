//! A capture file's bytes through everything up to JSON records and reports.

use std::io;
use std::io::Write;

use rtmpscope::base::ids::FlowId;
use rtmpscope::base::side::Side;
use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Frame;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Gap;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::document::Format;
use rtmpscope::report::document::Report;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;
use rtmpscope::rtmp::anomaly::Anomaly;
use rtmpscope::session::fact::Fact;
use serde::de::IgnoredAny;

use super::capture_file;

/// Decodes `data` as a capture file.
///
/// # Panics
/// When what comes out does not hold what it promises.
pub fn run(data: &[u8]) {
    let mut whole = Whole::new(Options::default());
    let count = capture_file::frames(data, |frame| whole.push(frame));
    assert_eq!(whole.pipeline.totals().frames, count);
    whole.finish();
}

/// The pipeline with records and reports, and what is checked of them.
#[derive(Debug)]
pub struct Whole {
    pipeline: Pipeline,
    out: Reports,
}

/// Records and reports, told of the same, and who was told of already.
#[derive(Debug)]
struct Reports {
    json: JsonReport<Records>,
    written: [Report<Plain>; 4],
    open: Vec<FlowId>,
}

/// Takes records, each of which must be JSON without control characters.
#[derive(Debug)]
struct Records;

/// Takes text, which must be fit for a terminal.
#[derive(Debug)]
struct Plain;

impl Whole {
    /// A pipeline that has seen nothing.
    pub fn new(options: Options) -> Self {
        let json = JsonOptions {
            events: Vec::new(),
            interval: Span::from_secs(1),
            show_secrets: false,
            unbuffered: false,
        };
        Self {
            pipeline: Pipeline::new(options),
            out: Reports {
                json: JsonReport::new(Records, json),
                written: [
                    Format::Text,
                    Format::Markdown,
                    Format::Html,
                    Format::Mermaid,
                ]
                .map(|format| Report::new(Plain, format, false)),
                open: Vec::new(),
            },
        }
    }

    /// Takes the next frame.
    pub fn push(&mut self, frame: &Frame<'_>) {
        self.pipeline.push(frame, &mut self.out);
        self.out.json.tick(frame.time, &mut self.pipeline);
    }

    /// Ends the capture and checks the reports.
    ///
    /// # Panics
    /// When a record is no JSON, a report holds what can drive a terminal, or a connection has no
    /// end.
    pub fn finish(mut self) {
        self.pipeline.finish(&mut self.out);
        let Reports {
            mut json,
            written,
            open,
            ..
        } = self.out;
        json.flush();
        assert!(open.is_empty(), "connections without an end: {open:?}");
        assert!(json.take_failure().is_none(), "memory takes everything");
        for report in written {
            let finished = report.finish("", "");
            assert!(finished.is_ok(), "memory takes everything");
        }
    }
}

impl Write for Records {
    fn write(&mut self, records: &[u8]) -> io::Result<usize> {
        for line in records.split_inclusive(|byte| *byte == b'\n') {
            let record = line.strip_suffix(b"\n").unwrap_or(line);
            let parsed: Result<IgnoredAny, _> = serde_json::from_slice(record);
            assert!(
                parsed.is_ok() && !record.iter().any(u8::is_ascii_control),
                "{:?}: {}",
                parsed.err(),
                String::from_utf8_lossy(record)
            );
        }
        Ok(records.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Plain {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        assert!(
            !text
                .iter()
                .any(|byte| byte.is_ascii_control() && *byte != b'\n'),
            "not plain: {:?}",
            String::from_utf8_lossy(text)
        );
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Reports {
    fn known(&self, connection: &Connection) {
        assert!(
            self.open.contains(&connection.id),
            "told of {} before its begin or behind its end",
            connection.id
        );
    }
}

impl Observer for Reports {
    fn clock(&mut self, now: Timestamp) {
        self.json.clock(now);
        for report in &mut self.written {
            report.clock(now);
        }
    }

    fn opened(&mut self, connection: &Connection) {
        assert!(!self.open.contains(&connection.id), "opened twice");
        self.open.push(connection.id);
        self.json.opened(connection);
        for report in &mut self.written {
            report.opened(connection);
        }
    }

    fn message(&mut self, connection: &Connection, message: &Heard<'_>) {
        self.known(connection);
        self.json.message(connection, message);
        for report in &mut self.written {
            report.message(connection, message);
        }
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        self.known(connection);
        self.json.fact(connection, fact);
        for report in &mut self.written {
            report.fact(connection, fact);
        }
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        self.known(connection);
        self.json.anomaly(connection, side, anomaly);
        for report in &mut self.written {
            report.anomaly(connection, side, anomaly);
        }
    }

    fn gap(&mut self, connection: &Connection, gap: &Gap) {
        self.known(connection);
        self.json.gap(connection, gap);
        for report in &mut self.written {
            report.gap(connection, gap);
        }
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        self.known(connection);
        self.open.retain(|id| *id != connection.id);
        self.json.ended(connection, tcp);
        for report in &mut self.written {
            report.ended(connection, tcp);
        }
    }
}
