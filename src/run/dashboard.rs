//! `rtmpscope tui`: the dashboard on this thread, the decoder on another.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rtmpscope::base::text::printable;
use rtmpscope::capture::Source;
use rtmpscope::capture::rights::Reach;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::tui;
use rtmpscope::tui::model::Capture;
use rtmpscope::tui::store::Shared;
use rtmpscope::tui::store::Store;

use crate::cli::Flags;
use crate::cli::Input;
use crate::run::Exit;
use crate::run::complain;
use crate::run::opening::input_name;
use crate::run::opening::open;
use crate::run::options;
use crate::run::reading::Reading;
use crate::run::signals::Asked;

/// Time between two hand-overs to the dashboard: more often than it draws, and rarely enough that
/// reading does not suffer.
const PUBLISH_EVERY: Duration = Duration::from_millis(60);

pub(super) fn dashboard(flags: &Flags, input: &Input) -> Exit {
    if !tui::has_terminal() {
        complain(&"the dashboard needs a terminal; `rtmpscope report` does not");
        return Exit::Usage;
    }
    let opened = open(flags, input).and_then(|opened| opened.confine(Reach::uses_terminal));
    let mut reading = match opened {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    // Counters are on the screen, which a line on stderr would spoil: nobody looks who asked.
    reading.asked = Asked::default();
    let _ = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&reading.stop));
    let stop = Arc::clone(&reading.stop);
    let shared = Shared::new();
    shared.announce(Capture {
        name: input_name(input),
        is_live: reading.is_live,
        ..Capture::default()
    });
    let decoder = {
        let shared = Arc::clone(&shared);
        let name = input_name(input);
        let options = options(flags, None);
        let store = Store::new(Arc::clone(&shared), flags.show_secrets);
        thread::spawn(move || decode_for_dashboard(reading, options, store, &name))
    };
    let shown = tui::run(shared, tui::Options::default(), &stop);
    stop.store(true, Ordering::Relaxed);
    if let Err(error) = shown {
        complain(&format_args!("the terminal failed: {error}"));
        return Exit::Output;
    }
    // A decoder that still waits for a pipe or a device ends with the program.
    if !decoder.is_finished() {
        return Exit::Done;
    }
    match decoder.join() {
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

/// Ends the dashboard when the thread that holds it panics.
struct StopOnPanic(Arc<AtomicBool>);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Reads everything for the dashboard; the exit code, and what went wrong.
fn decode_for_dashboard(
    mut reading: Reading,
    options: Options,
    mut store: Store,
    name: &str,
) -> (Exit, Vec<String>) {
    let _guard = StopOnPanic(Arc::clone(&reading.stop));
    let is_live = reading.is_live;
    let mut pipeline = Pipeline::new(options);
    let troubles = RefCell::new(Vec::new());
    let capture = |pipeline: &Pipeline, source: &mut dyn Source, is_done: bool| {
        let drops = source.drops();
        let dropped = drops
            .by_kernel
            .unwrap_or(0)
            .saturating_add(drops.by_interface.unwrap_or(0));
        let totals = pipeline.totals();
        let progress = source.progress();
        Capture {
            name: name.to_owned(),
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
        }
    };
    let mut published = Instant::now();
    reading.drive(
        &mut pipeline,
        &mut store,
        |store, pipeline, moment, source| {
            if moment.is_idle || published.elapsed() >= PUBLISH_EVERY {
                published = Instant::now();
                store.publish(pipeline, capture(pipeline, source, false));
            }
            true
        },
        |error| troubles.borrow_mut().push(printable(&error.to_string())),
    );
    let last = capture(&pipeline, &mut *reading.source, true);
    store.publish(&mut pipeline, last);
    let exit = reading.exit();
    (exit, troubles.into_inner())
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
        let (exit, troubles) = decode_for_dashboard(reading, Options::default(), store, "leaky");
        assert_eq!((exit, troubles.len()), (Exit::Done, 0));
    }
}
