//! `rtmpscope tui`: the dashboard on this thread, the decoder on another.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rtmpscope::base::text::printable;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Source;
use rtmpscope::capture::again::REMEMBERED;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::tui;
use rtmpscope::tui::host::Host;
use rtmpscope::tui::model::Capture;
use rtmpscope::tui::model::Replay;
use rtmpscope::tui::model::Speed;
use rtmpscope::tui::saving::Outcome;
use rtmpscope::tui::saving::Progress;
use rtmpscope::tui::saving::Request;
use rtmpscope::tui::screen::Screen;
use rtmpscope::tui::shared::Shared;
use rtmpscope::tui::state::moments::ReplayAsk;
use rtmpscope::tui::state::sieve::Sieve;
use rtmpscope::tui::store::Store;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Origin;
use crate::cli::Sought;
use crate::run::Exit;
use crate::run::REPORT_HISTORY;
use crate::run::complain;
use crate::run::diff::Chooser;
use crate::run::opening::input_name;
use crate::run::opening::open;
use crate::run::options;
use crate::run::pace::Pace;
use crate::run::pace::Pacer;
use crate::run::reading::Reading;
use crate::run::recent;
use crate::run::saving::Saver;
use crate::run::saving::again::is_pipe;
use crate::run::shown;
use crate::run::signals::Asked;
use crate::run::signals::Hangup;

/// Time between two hand-overs to the dashboard: more often than it draws, and rarely enough that
/// reading does not suffer.
const PUBLISH_EVERY: Duration = Duration::from_millis(60);

/// What share of the memory that may be used is for frames of pipes and interfaces, so that they
/// can be looked at again.
const REMEMBERED_SHARE: usize = 8;

pub(super) fn dashboard(flags: &Flags, input: &Input) -> Exit {
    show(flags, input, None)
}

/// The dashboard with two connections held against each other.
pub(super) fn dashboard_of_two(flags: &Flags, input: &Input, sought: [Sought; 2]) -> Exit {
    show(flags, input, Some(sought))
}

fn show(flags: &Flags, input: &Input, sought: Option<[Sought; 2]>) -> Exit {
    if !tui::has_terminal() {
        complain(&"the dashboard needs a terminal; `rtmpscope report` does not");
        return Exit::Usage;
    }
    let opened = match open(flags, input) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    recent::note(flags, input);
    let folder = flags.save_dir.as_deref().unwrap_or(Path::new("."));
    // By whoever is to own what is saved.
    if let Some(folder) = &flags.save_dir
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        let hint = opened.hint(folder, &error);
        let folder = printable(&folder.to_string_lossy());
        complain(&format_args!("{folder}: {error}{hint}"));
        return Exit::Output;
    }
    let saver = Saver::new(flags, input, folder, opened.writer());
    let confined = opened.confine(|reach| {
        reach.uses_terminal();
        reach.writes_into(folder);
    });
    let mut reading = match confined {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    // Counters are on the screen, which a line on stderr would spoil: nobody looks who asked.
    reading.asked = Asked::default();
    let hangup = Hangup::watch(&reading.stop);
    let stop = Arc::clone(&reading.stop);
    let shared = Shared::new();
    shared.announce(Capture {
        name: input_name(input),
        is_live: reading.is_live,
        ..Capture::default()
    });
    let pace = match flags.replay {
        Some(speed) => Pace::at(speed),
        None => Pace::unbounded(),
    };
    let mut decoders = Decoders {
        flags,
        input,
        sought,
        shared: Arc::clone(&shared),
        stop: Arc::clone(&stop),
        running: None,
        saver,
    };
    decoders.start(reading, pace, None);
    let options = tui::Options {
        filter: shown(flags).map(Sieve::from).unwrap_or_default(),
        shows_secrets: flags.show_secrets,
        screen: match sought {
            Some(_) => Screen::Compare,
            None => Screen::default(),
        },
        ..flags.screens.clone()
    };
    let shown = tui::run(Arc::clone(&shared), &options, &stop, &mut decoders);
    drop(hangup);
    shared.close();
    if !flags.quiet {
        for line in shared.summary() {
            complain(&line);
        }
    }
    stop.store(true, Ordering::Relaxed);
    if let Err(error) = shown {
        complain(&format_args!("the terminal failed: {error}"));
        return Exit::Output;
    }
    decoders.finish()
}

/// The thread that decodes, and what it takes to start another one from the begin.
struct Decoders<'a> {
    flags: &'a Flags,
    input: &'a Input,
    /// Two connections that are to be compared.
    sought: Option<[Sought; 2]>,
    shared: Arc<Shared>,
    /// Set when the program is to end.
    stop: Arc<AtomicBool>,
    running: Option<Running>,
    saver: Saver,
}

/// A thread that decodes.
struct Running {
    thread: thread::JoinHandle<(Exit, Vec<String>)>,
    /// Reads messages again for the dashboard. It ends with the program: whatever it reads then,
    /// nobody waits for it any more.
    server: thread::JoinHandle<()>,
    pace: Arc<Pace>,
    /// Set when this thread is to end.
    is_over: Arc<AtomicBool>,
}

impl Decoders<'_> {
    fn start(&mut self, mut reading: Reading, pace: Pace, from: Option<Timestamp>) {
        let again = reading.remember(REMEMBERED.min(self.flags.memory / REMEMBERED_SHARE));
        self.saver.remember(
            again.clone(),
            self.flags,
            options(self.flags, Some(REPORT_HISTORY)),
        );
        self.shared.will_serve();
        let server = {
            let (shared, again) = (Arc::clone(&self.shared), again.clone());
            thread::spawn(move || shared.serve(&again))
        };
        let pace = Arc::new(pace);
        let is_over = Arc::new(AtomicBool::new(false));
        let decoding = Decoding {
            name: input_name(self.input),
            options: options(self.flags, None),
            pace: Arc::clone(&pace),
            pacer: Pacer::new(from),
            is_over: Arc::clone(&is_over),
            chooser: self.sought.map(Chooser::new).unwrap_or_default(),
            shared: Arc::clone(&self.shared),
        };
        let store =
            Store::new(Arc::clone(&self.shared), self.flags.show_secrets).remembering(again);
        let thread = thread::spawn(move || decoding.run(reading, store));
        self.running = Some(Running {
            thread,
            server,
            pace,
            is_over,
        });
    }

    /// Decodes everything again, from a time on as fast as it was captured.
    fn replay_from(&mut self, from: Option<Timestamp>) -> Result<String, String> {
        match &self.input.origin {
            Origin::Interfaces(_) => {
                return Err("a capture that still goes on cannot be replayed".to_owned());
            }
            Origin::Files(paths) if paths.iter().any(|path| is_pipe(path)) => {
                return Err("what came through a pipe cannot be read again".to_owned());
            }
            Origin::Files(_) | Origin::Demo => {}
        }
        let mut reading =
            Reading::open(self.flags, self.input).map_err(|error| printable(&error.to_string()))?;
        reading.stop = Arc::clone(&self.stop);
        if let Some(running) = self.running.take() {
            running.is_over.store(true, Ordering::Relaxed);
            // It looks at that after a thousand frames at the latest. A panic was told already.
            let _ = running.thread.join();
            self.shared.close();
            let _ = running.server.join();
        }
        self.shared.restart();
        self.start(reading, Pace::at(Speed::NORMAL), from);
        Ok("replaying: Space holds it, + and - change the speed, R reads on to the end".to_owned())
    }

    /// What the decoder came to. One that still waits for a pipe or a device ends with the
    /// program.
    fn finish(self) -> Exit {
        let Some(running) = self.running.filter(|running| running.thread.is_finished()) else {
            return Exit::Done;
        };
        match running.thread.join() {
            Ok((exit, troubles)) => {
                for trouble in troubles {
                    complain(&trouble);
                }
                exit
            }
            // The panic was told already.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Host for Decoders<'_> {
    fn replay(&mut self, ask: ReplayAsk) -> Result<String, String> {
        let replay = self
            .running
            .as_ref()
            .and_then(|running| running.pace.asked());
        let running = self.running.as_ref().filter(|_| replay.is_some());
        let Some(running) = running.filter(|running| !running.thread.is_finished()) else {
            return match ask {
                ReplayAsk::Toggle { from } => self.replay_from(from),
                _ => Err("nothing is replayed: Space begins it".to_owned()),
            };
        };
        let now = match ask {
            ReplayAsk::Toggle { .. } => running.pace.change(|replay| replay.is_held ^= true),
            ReplayAsk::Faster => running
                .pace
                .change(|replay| replay.speed = replay.speed.faster()),
            ReplayAsk::Slower => running
                .pace
                .change(|replay| replay.speed = replay.speed.slower()),
            ReplayAsk::Out => {
                running.pace.end();
                None
            }
        };
        Ok(match now {
            None => "reading on to the end".to_owned(),
            Some(replay) if replay.is_held => "the replay is held".to_owned(),
            Some(replay) => format!("replaying {}", replay.speed),
        })
    }

    fn replaying(&self) -> Option<Replay> {
        let running = self.running.as_ref()?;
        running
            .pace
            .asked()
            .filter(|_| !running.thread.is_finished())
    }

    fn save(&mut self, request: Request) -> bool {
        self.saver.begin(request)
    }

    fn saving(&self) -> Option<Progress> {
        self.saver.progress()
    }

    fn saved(&mut self) -> Option<Outcome> {
        self.saver.poll()
    }

    fn cancel_saving(&mut self) {
        self.saver.cancel();
    }
}

/// Ends the dashboard when the thread that holds it panics.
struct StopOnPanic(Arc<AtomicBool>);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// One run through the input for the dashboard.
struct Decoding {
    name: String,
    options: Options,
    pace: Arc<Pace>,
    pacer: Pacer,
    is_over: Arc<AtomicBool>,
    /// Finds the two connections that are to be compared.
    chooser: Chooser,
    shared: Arc<Shared>,
}

impl Decoding {
    /// Reads everything; the exit code, and what went wrong.
    fn run(mut self, mut reading: Reading, mut store: Store) -> (Exit, Vec<String>) {
        let _guard = StopOnPanic(Arc::clone(&reading.stop));
        let is_live = reading.is_live;
        let stop = Arc::clone(&reading.stop);
        let mut pipeline = Pipeline::new(self.options.clone());
        let troubles = RefCell::new(Vec::new());
        let (name, pace, is_over) = (&self.name, &self.pace, &self.is_over);
        let capture = |pipeline: &Pipeline, source: &mut dyn Source, is_done: bool| {
            let drops = source.drops();
            let dropped = drops
                .by_kernel
                .unwrap_or(0)
                .saturating_add(drops.by_interface.unwrap_or(0));
            let totals = pipeline.totals();
            let progress = source.progress();
            Capture {
                name: name.clone(),
                is_live,
                is_done,
                bytes_read: progress.bytes_read,
                bytes_total: progress.bytes_total,
                frames: totals.frames,
                messages: totals.messages,
                aggregate_parts: totals.aggregate_parts,
                other_connections: totals.other_connections.values().sum(),
                first: totals.first,
                last: totals.last,
                let_go: pipeline.flow_counters().evicted,
                dropped,
                trouble: troubles.borrow().last().cloned(),
                ..Capture::default()
            }
        };
        let mut published = Instant::now();
        let (pacer, shared) = (&mut self.pacer, &self.shared);
        let mut compared = None;
        reading.drive(
            &mut pipeline,
            &mut (&mut store, &mut self.chooser),
            |(store, chooser), pipeline, moment, source| {
                let pair = chooser.pair();
                if compared != pair
                    && let Some((left, right)) = pair
                {
                    compared = pair;
                    shared.compare(left, right);
                }
                let is_paced = pace.asked().is_some();
                if moment.is_idle || is_paced || published.elapsed() >= PUBLISH_EVERY {
                    published = Instant::now();
                    store.publish(pipeline, capture(pipeline, source, false));
                }
                if is_paced {
                    let ends = || is_over.load(Ordering::Relaxed) || stop.load(Ordering::Relaxed);
                    pacer.wait(moment.now, pace, ends);
                }
                !is_over.load(Ordering::Relaxed)
            },
            |error| troubles.borrow_mut().push(printable(&error.to_string())),
        );
        let pair = self.chooser.best();
        if compared != pair
            && let Some((left, right)) = pair
        {
            shared.compare(left, right);
        }
        let last = capture(&pipeline, &mut *reading.source, true);
        store.publish(&mut pipeline, last);
        let exit = reading.exit();
        (exit, troubles.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use rtmpscope::capture::Next;
    use rtmpscope::capture::error::CaptureError;
    use rtmpscope::capture::info::Drops;
    use rtmpscope::capture::info::InputInfo;
    use rtmpscope::capture::info::Progress;
    use rtmpscope::tui::feed::Feed;
    use rtmpscope::tui::state::ViewState;

    use super::*;

    /// An interface on which nothing comes and that loses packets. It ends when the dashboard
    /// knows of them.
    struct Leaky {
        feed: Feed,
        looks: u32,
    }

    impl Source for Leaky {
        fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
            self.looks += 1;
            assert!(self.looks < 100, "no word of the lost packets");
            if self
                .feed
                .snapshot(&mut ViewState::default())
                .capture
                .dropped
                == 7
            {
                return Ok(Next::End);
            }
            thread::sleep(PUBLISH_EVERY);
            Ok(Next::Idle)
        }

        fn inputs(&self) -> &[InputInfo] {
            &[]
        }

        fn progress(&self) -> Progress {
            Progress::default()
        }

        fn drops(&mut self) -> Drops {
            Drops {
                by_kernel: Some(4),
                by_interface: Some(3),
                ..Drops::default()
            }
        }
    }

    #[test]
    fn lost_packets_are_told_while_the_capture_goes_on() {
        let shared = Shared::new();
        let source = Leaky {
            feed: Feed::new(Arc::clone(&shared)),
            looks: 0,
        };
        let reading = Reading::of(Box::new(source));
        let store = Store::new(shared, false);
        let decoding = Decoding {
            name: "leaky".to_owned(),
            options: Options::default(),
            pace: Arc::new(Pace::unbounded()),
            pacer: Pacer::new(None),
            is_over: Arc::default(),
            chooser: Chooser::default(),
            shared: Shared::new(),
        };
        let (exit, troubles) = decoding.run(reading, store);
        assert_eq!((exit, troubles.len()), (Exit::Done, 0));
    }
}
