//! Saves what the dashboard shows, or a part of it, while it goes on: reads the same again in a thread
//! of its own, and writes it for a purpose. Rights were given up by then, and are here as well:
//! files are made in one folder, by whoever is to own them.

pub(super) mod again;
mod part;
mod purpose;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;

use rtmpscope::base::ids::FlowId;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::text::printable;
use rtmpscope::capture::again::Again as CaptureAgain;
use rtmpscope::net::Endpoint;
use rtmpscope::pipeline::Options;
use rtmpscope::report::scope::Scope;
use rtmpscope::tui::saving::Outcome;
use rtmpscope::tui::saving::Progress;
use rtmpscope::tui::saving::Purpose;
use rtmpscope::tui::saving::Request;

use crate::cli::Flags;
use crate::cli::Input;
use crate::run::REPORT_HISTORY;
use crate::run::opening;
use crate::run::options;
use crate::run::reading::Reading;
use crate::run::saving::again::Files;
use crate::run::saving::again::Remembered;
use crate::run::saving::purpose::Job;

/// That no share is known.
const UNKNOWN: u8 = u8::MAX;

/// Reads the same again, with the same numbers of frames and connections.
pub(super) trait Again: Send {
    /// Begins at the begin, or says in a sentence why that cannot be.
    fn open(&mut self) -> Result<Reading, String>;

    /// The numbers that connections have there, by the numbers and addresses that they have in the
    /// dashboard.
    fn numbers(&mut self, ends: &BTreeMap<FlowId, PerSide<Endpoint>>) -> BTreeSet<FlowId> {
        ends.keys().copied().collect()
    }

    /// What is to be known of what is read, where it is not all.
    fn remark(&self) -> Option<String> {
        None
    }

    /// Takes back what was read: there may be something in it for the next time.
    fn done(&mut self, _reading: Reading) {}
}

/// Saves, one thing at a time.
pub(super) struct Saver {
    again: Box<dyn Again>,
    context: Context,
    running: Option<Running>,
    /// What came of it before it began.
    outcome: Option<Outcome>,
}

/// What all requests share.
#[derive(Debug, Clone)]
struct Context {
    /// Where files are made.
    folder: PathBuf,
    /// How the capture is decoded.
    options: Options,
    /// Bytes that may be used.
    memory: usize,
    /// Who writes, when that is not who started the program.
    writer: Option<String>,
}

/// What is being saved.
struct Running {
    purpose: Purpose,
    percent: Arc<AtomicU8>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(Outcome, Reading)>,
}

impl Saver {
    /// Saves what files hold into a folder. To be made before rights are given up. `writer` is who
    /// writes, when that is not who started the program.
    pub(super) fn new(flags: &Flags, input: &Input, folder: &Path, writer: Option<&str>) -> Self {
        Self::over(Box::new(Files::new(flags, input)), flags, folder, writer)
    }

    /// The same of whatever can be read again.
    pub(super) fn over(
        again: Box<dyn Again>,
        flags: &Flags,
        folder: &Path,
        writer: Option<&str>,
    ) -> Self {
        Self {
            again,
            context: Context {
                folder: folder.to_owned(),
                options: options(flags, Some(REPORT_HISTORY)),
                memory: flags.memory,
                writer: writer.map(str::to_owned),
            },
            running: None,
            outcome: None,
        }
    }

    /// What was captured and is remembered in memory is what can be saved of it.
    pub(super) fn remember(&mut self, again: CaptureAgain, flags: &Flags, options: Options) {
        if again.source().is_some() {
            self.again = Box::new(Remembered::new(again, flags, options));
        }
    }

    /// Begins to save. What comes of it, also when it cannot begin, is told by
    /// [`poll`](Self::poll). False, and nothing begun, while something else is being saved.
    pub(super) fn begin(&mut self, request: Request) -> bool {
        if self.running.is_some() {
            return false;
        }
        match self.start(request) {
            Ok(running) => self.running = Some(running),
            Err(outcome) => self.outcome = Some(outcome),
        }
        true
    }

    fn start(&mut self, request: Request) -> Result<Running, Outcome> {
        let failed = |text| Outcome::Failed {
            text,
            is_there: false,
        };
        let reading = self.again.open().map_err(failed)?;
        let connections = match request.scope.connections {
            None => None,
            Some(_) if !request.ends.is_empty() => Some(self.again.numbers(&request.ends)),
            some => some,
        };
        let purpose = request.purpose;
        let stop = Arc::clone(&reading.stop);
        let percent = Arc::new(AtomicU8::new(UNKNOWN));
        let job = Job {
            scope: Scope {
                connections,
                window: request.scope.window,
            },
            purpose,
            path: self.context.folder.join(request.path),
            force: request.force,
            show_secrets: request.show_secrets,
            context: self.context.clone(),
            percent: Arc::clone(&percent),
            remark: self.again.remark(),
        };
        let thread = thread::Builder::new()
            .name("saving".to_owned())
            .spawn(move || job.run(reading))
            .map_err(|error| failed(format!("cannot be saved: {error}")))?;
        Ok(Running {
            purpose,
            percent,
            stop,
            thread,
        })
    }

    /// How far it has come; `None` when nothing is being saved.
    pub(super) fn progress(&self) -> Option<Progress> {
        let running = self.running.as_ref()?;
        let percent = running.percent.load(Ordering::Relaxed);
        Some(Progress {
            purpose: running.purpose,
            percent: (percent != UNKNOWN).then_some(percent),
        })
    }

    /// What came of what was begun: once, when it is over.
    pub(super) fn poll(&mut self) -> Option<Outcome> {
        if self.outcome.is_some() {
            return self.outcome.take();
        }
        let running = self
            .running
            .take_if(|running| running.thread.is_finished())?;
        Some(self.end(running))
    }

    /// Ends what is being saved, and leaves nothing of it. [`poll`](Self::poll) tells when.
    pub(super) fn cancel(&mut self) {
        if let Some(running) = &mut self.running {
            running.stop.store(true, Ordering::Relaxed);
        }
    }

    fn end(&mut self, running: Running) -> Outcome {
        match running.thread.join() {
            Ok((outcome, reading)) => {
                self.again.done(reading);
                outcome
            }
            // The panic was told already.
            Err(_) => Outcome::Failed {
                text: "saving ended before it was done".to_owned(),
                is_there: false,
            },
        }
    }
}

impl Drop for Saver {
    /// Who leaves while something is being saved leaves nothing half done.
    fn drop(&mut self) {
        self.cancel();
        if let Some(running) = self.running.take() {
            let _ = self.end(running);
        }
    }
}

impl Context {
    /// Why a file could not be written.
    fn failure(&self, path: &Path, error: &io::Error) -> Outcome {
        let is_there = error.kind() == io::ErrorKind::AlreadyExists;
        let hint = if self.is_outside(path) && error.kind() == io::ErrorKind::PermissionDenied {
            format!(
                "; files are saved in {} alone, --save-dir names another folder",
                printable(&self.folder.to_string_lossy())
            )
        } else {
            opening::hint(self.writer.as_deref(), path, error)
        };
        Outcome::Failed {
            text: if is_there {
                format!(
                    "{}: a file of that name is there",
                    printable(&path.to_string_lossy())
                )
            } else {
                format!("{}: {error}{hint}", printable(&path.to_string_lossy()))
            },
            is_there,
        }
    }

    fn is_outside(&self, path: &Path) -> bool {
        let is_up = |part| part == std::path::Component::ParentDir;
        let within = path.strip_prefix(&self.folder);
        within.map_or(true, |rest| rest.components().any(is_up))
    }
}
