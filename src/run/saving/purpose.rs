//! What is written for each purpose, by the same observers as the commands that do it alone.

use std::io;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

use rtmpscope::base::text::printable;
use rtmpscope::base::time::Precision;
use rtmpscope::base::time::Span;
use rtmpscope::base::units::bytes;
use rtmpscope::base::units::counted;
use rtmpscope::capture::Source;
use rtmpscope::capture::write::rotation::Limits;
use rtmpscope::capture::write::rotation::Naming;
use rtmpscope::capture::write::rotation::Rotation;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::document::Format;
use rtmpscope::report::document::Report;
use rtmpscope::report::flv::FlvExtractor;
use rtmpscope::report::flv::FlvTarget;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;
use rtmpscope::report::packets::PacketFailure;
use rtmpscope::report::packets::PacketOptions;
use rtmpscope::report::packets::Recorder;
use rtmpscope::report::scope::Scope;
use rtmpscope::report::scope::Scoped;
use rtmpscope::report::scope::Told;
use rtmpscope::tui::saving::Outcome;
use rtmpscope::tui::saving::Purpose;

use crate::run::json::capture_record;
use crate::run::memory::let_go;
use crate::run::reading::Moment;
use crate::run::reading::Reading;
use crate::run::report;
use crate::run::saving::Context;
use crate::run::saving::part::Counted;
use crate::run::saving::part::Part;
use crate::run::saving::part::meanwhile;
use crate::run::steps::wall_clock;

/// Capture time between two `stats` records, as `rtmpscope json` has it.
const STATS_INTERVAL: Span = Span::from_secs(10);

/// What went wrong with reading that is told: the first of it. A damaged file has more to say than
/// anybody reads.
const MAX_TROUBLES: usize = 3;

/// One thing to save.
pub(super) struct Job {
    pub(super) purpose: Purpose,
    pub(super) scope: Scope,
    pub(super) path: PathBuf,
    pub(super) force: bool,
    pub(super) show_secrets: bool,
    pub(super) context: Context,
    pub(super) percent: Arc<AtomicU8>,
    /// What is to be known of what is read.
    pub(super) remark: Option<String>,
}

/// What was written.
struct Written {
    parts: Vec<Part>,
    /// How much that is.
    what: String,
    /// What is to be known of it.
    note: String,
}

/// Why nothing is.
enum Stopped {
    /// Nothing of that kind is there.
    Nothing(&'static str),
    File(PathBuf, io::Error),
    /// What was told already.
    Told,
}

/// Nobody looks at what is decoded: it only decides what is written.
struct Nobody;

impl Observer for Nobody {}

impl Job {
    /// Does it.
    pub(super) fn run(self, mut reading: Reading) -> (Outcome, Reading) {
        let mut run = Run {
            pipeline: Pipeline::new(Options {
                keep_media: self.purpose == Purpose::Flv,
                ..self.context.options.clone()
            }),
            troubles: Vec::new(),
        };
        let written = match self.purpose {
            Purpose::Packets => self.packets(&mut reading, &mut run),
            Purpose::Flv => self.flv(&mut reading, &mut run),
            Purpose::Json => self.json(&mut reading, &mut run),
            Purpose::Text => self.report(Format::Text, &mut reading, &mut run),
            Purpose::Markdown => self.report(Format::Markdown, &mut reading, &mut run),
            Purpose::Html => self.report(Format::Html, &mut reading, &mut run),
            Purpose::Mermaid => self.report(Format::Mermaid, &mut reading, &mut run),
        };
        let outcome = if reading.stop.load(Ordering::Relaxed) {
            Outcome::Cancelled
        } else {
            self.outcome(written, &reading, run)
        };
        (outcome, reading)
    }

    fn outcome(&self, written: Result<Written, Stopped>, reading: &Reading, run: Run) -> Outcome {
        let failed = |text| Outcome::Failed {
            text,
            is_there: false,
        };
        let troubles = run.troubles.join("; ");
        let let_go = let_go(&run.pipeline, self.context.memory);
        let written = match written {
            Err(Stopped::File(path, error)) => return self.context.failure(&path, &error),
            Err(Stopped::Told) => return failed(troubles),
            // Of what could not be read there is nothing to save.
            _ if reading.is_in_vain() => return failed(troubles),
            Err(Stopped::Nothing(what)) => {
                let what = format!("nothing to save: {what}");
                let why = run.troubles.into_iter().chain(let_go);
                return failed([what].into_iter().chain(why).collect::<Vec<_>>().join("; "));
            }
            Ok(written) => written,
        };
        for part in written.parts.iter().filter(|_| !self.force) {
            if let Err(error) = part.is_free() {
                return self.context.failure(part.path(), &error);
            }
        }
        let mut files = Vec::new();
        for part in written.parts {
            let path = part.path().to_owned();
            match part.keep(self.force) {
                Ok(path) => files.push(path),
                Err(error) => return self.context.failure(&path, &error),
            }
        }
        let first = files
            .first()
            .map_or_else(String::new, |path| printable(&path.to_string_lossy()));
        let more = match files.len() {
            0 | 1 => String::new(),
            count => {
                let more = u64::try_from(count.saturating_sub(1)).unwrap_or(u64::MAX);
                format!(" and {} beside it", counted(more, "file"))
            }
        };
        let mut text = format!("wrote {} to {first}{more}; {}", written.what, written.note);
        let remarks = self.remark.clone().into_iter();
        for trouble in remarks.chain(run.troubles).chain(let_go) {
            text.push_str("; ");
            text.push_str(&trouble);
        }
        Outcome::Saved { files, text }
    }

    /// What is said of secrets.
    fn note(&self) -> String {
        match (self.purpose.is_masked(), self.show_secrets) {
            (true, false) => "stream keys are masked",
            (true, true) => "stream keys are shown",
            (false, false) => {
                "stream keys are in the packets as they were sent, and masked in the comments"
            }
            (false, true) => "stream keys are in the packets as they were sent",
        }
        .to_owned()
    }

    fn begin(&self) -> Result<(Part, std::fs::File), Stopped> {
        Part::begin(&self.path, self.force).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> Stopped {
        Stopped::File(self.path.clone(), error)
    }

    fn packets(&self, reading: &mut Reading, run: &mut Run) -> Result<Written, Stopped> {
        let (part, _) = self.begin()?;
        let path = part.written().to_owned();
        let limits = Limits {
            bytes: None,
            span: None,
            frames: None,
            files: None,
        };
        let options = PacketOptions {
            rotation: Rotation::new(path.clone(), Naming::Tcpdump, limits),
            path,
            only_rtmp: true,
            scope: self.scope.clone(),
            around: None,
            show_secrets: self.show_secrets,
        };
        let recorder = Recorder::open(options, wall_clock()).map_err(|failure| match failure {
            PacketFailure::File { cause, .. } => self.failed(cause),
            PacketFailure::Enough => Stopped::Nothing("there may be no file"),
        })?;
        reading.recorder = Some(recorder);
        run.drive(reading, &mut Nobody, &self.percent, |_, _, _, _| true);
        let recorder = reading.recorder.take();
        if reading.has_output_failed() {
            return Err(Stopped::Told);
        }
        let frames = recorder.as_ref().map_or(0, Recorder::written);
        let len = recorder.as_ref().map_or(0, Recorder::bytes);
        if frames == 0 {
            return Err(Stopped::Nothing("there is no packet in this part"));
        }
        Ok(Written {
            parts: vec![part],
            what: format!("{}, {}", counted(frames, "packet"), bytes(len)),
            note: self.note(),
        })
    }

    fn flv(&self, reading: &mut Reading, run: &mut Run) -> Result<Written, Stopped> {
        // Whether it is there, and can be made, is known now and not when all was read.
        let (first, _) = self.begin()?;
        let target = FlvTarget::File {
            path: self.path.clone(),
            meanwhile,
        };
        let mut flv = FlvExtractor::part(target, self.scope.window, self.show_secrets);
        let mut scoped = Scoped::new(&mut flv, &self.scope, Told::Always);
        run.drive(reading, &mut scoped, &self.percent, |scoped, _, _, _| {
            !scoped.inner.has_failed()
        });
        let (mut tags, mut len) = (0_u64, 0_u64);
        let mut incomplete = 0_u64;
        let mut parts = Vec::new();
        for file in flv.files() {
            parts.push(Part::of(&file.path, file.written.clone()));
            tags = tags.saturating_add(file.tags);
            len = len.saturating_add(file.bytes);
            incomplete = incomplete.saturating_add(file.incomplete);
        }
        if let Some((path, error)) = flv.take_failure() {
            // Goes away with the others.
            parts.push(Part::of(&path, meanwhile(&path)));
            return Err(Stopped::File(path, error));
        }
        if parts.is_empty() {
            return Err(Stopped::Nothing("there are no media in this part"));
        }
        if parts.iter().any(|part| part.path() == first.path()) {
            first.forget();
        }
        let left_out = if incomplete > 0 {
            format!(", {incomplete} incomplete messages left out")
        } else {
            String::new()
        };
        Ok(Written {
            parts,
            what: format!("{}, {}{left_out}", counted(tags, "tag"), bytes(len)),
            note: self.note(),
        })
    }

    fn json(&self, reading: &mut Reading, run: &mut Run) -> Result<Written, Stopped> {
        let (part, file) = self.begin()?;
        let mut out = Counted::new(file);
        let options = JsonOptions {
            events: Vec::new(),
            interval: STATS_INTERVAL,
            show_secrets: self.show_secrets,
            unbuffered: false,
        };
        let mut json = JsonReport::new(&mut out, options);
        let mut scoped = Scoped::new(&mut json, &self.scope, Told::Within);
        run.drive(
            reading,
            &mut scoped,
            &self.percent,
            |scoped, pipeline, moment, source| {
                let json = &mut *scoped.inner;
                json.set_precision(source.precision());
                json.tick_within(&self.scope, moment.now, pipeline);
                !json.has_failed()
            },
        );
        json.set_precision(reading.source.precision());
        // The sums of the whole capture are not those of a part.
        if self.scope.is_all() {
            capture_record(&mut json, reading, &run.pipeline);
        }
        json.flush();
        let failure = json.take_failure();
        drop(json);
        if let Some(error) = failure {
            return Err(self.failed(error));
        }
        if out.lines == 0 {
            return Err(Stopped::Nothing("there is no record in this part"));
        }
        Ok(Written {
            parts: vec![part],
            what: format!("{}, {}", counted(out.lines, "record"), bytes(out.bytes)),
            note: self.note(),
        })
    }

    fn report(
        &self,
        format: Format,
        reading: &mut Reading,
        run: &mut Run,
    ) -> Result<Written, Stopped> {
        let (part, file) = self.begin()?;
        let mut out = Counted::new(BufWriter::new(file));
        let mut report = Report::new(&mut out, format, self.show_secrets);
        let mut scoped = Scoped::new(&mut report, &self.scope, Told::Whole);
        run.drive(reading, &mut scoped, &self.percent, |scoped, _, _, _| {
            !scoped.inner.has_failed()
        });
        let connections = report.connections();
        let head = format!("{}{}", report::head(reading, &run.pipeline), self.part());
        let foot = report::foot(&run.pipeline, self.context.memory);
        report
            .finish(&head, &foot)
            .and_then(|()| out.flush())
            .map_err(|error| self.failed(error))?;
        if connections == 0 {
            return Err(Stopped::Nothing("there is no connection in this part"));
        }
        let of = counted(connections, "connection");
        Ok(Written {
            parts: vec![part],
            what: format!("the report of {of}, {}", bytes(out.bytes)),
            note: self.note(),
        })
    }

    /// A line for each bound of the part.
    fn part(&self) -> String {
        let connections = self.scope.connections.as_ref().map(|connections| {
            let all: Vec<String> = connections.iter().map(ToString::to_string).collect();
            let s = if all.len() == 1 { "" } else { "s" };
            format!("of it connection{s} {}\n", all.join(", "))
        });
        let window = self.scope.window.map(|(begin, end)| {
            format!(
                "of it what was there from {} to {}\n",
                begin.rfc3339(Precision::Micros),
                end.rfc3339(Precision::Micros)
            )
        });
        [connections, window].into_iter().flatten().collect()
    }
}

/// A capture that is read for a job.
struct Run {
    pipeline: Pipeline,
    /// What went wrong with reading, printable.
    troubles: Vec<String>,
}

impl Run {
    fn drive<O: Observer>(
        &mut self,
        reading: &mut Reading,
        observer: &mut O,
        percent: &AtomicU8,
        mut look: impl FnMut(&mut O, &mut Pipeline, Moment, &mut dyn Source) -> bool,
    ) {
        let Self { pipeline, troubles } = self;
        reading.drive(
            pipeline,
            observer,
            |observer, pipeline, moment, source| {
                let progress = source.progress();
                let share = progress.bytes_total.and_then(|total| {
                    let hundredfold = progress.bytes_read.saturating_mul(100);
                    hundredfold.checked_div(total)
                });
                if let Some(share) = share {
                    let share = u8::try_from(share.min(100)).unwrap_or(100);
                    percent.store(share, Ordering::Relaxed);
                }
                look(observer, pipeline, moment, source)
            },
            |trouble| {
                if troubles.len() < MAX_TROUBLES {
                    troubles.push(printable(&trouble.to_string()));
                }
            },
        );
    }
}
