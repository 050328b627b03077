//! SIGINT and SIGTERM: the first one ends reading, and what was read until then is shown.

use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// How long output may stand still once the program was asked to stop. What is left of a report
/// is written within milliseconds, unless its reader has stopped reading.
const STANDSTILL: Duration = Duration::from_secs(1);

/// Sets `stop` at the first signal; a second one ends the program at once.
pub(super) fn catch(stop: &Arc<AtomicBool>) {
    for signal in [SIGINT, SIGTERM] {
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(stop));
        let _ = signal_hook::flag::register(signal, Arc::clone(stop));
    }
}

/// Standard output, with an eye on whether it moves.
#[derive(Debug)]
pub(super) struct Output {
    stdout: io::StdoutLock<'static>,
    moves: Arc<AtomicU64>,
}

impl Output {
    /// Standard output. A program that is asked to stop while nobody takes its output ends by
    /// the signal, as if it had never been caught.
    pub(super) fn new() -> Self {
        let moves = Arc::new(AtomicU64::new(0));
        if let Ok(signals) = Signals::new([SIGINT, SIGTERM]) {
            let moves = Arc::clone(&moves);
            thread::spawn(move || end_at_standstill(signals, &moves));
        }
        Self {
            stdout: io::stdout().lock(),
            moves,
        }
    }
}

fn end_at_standstill(mut signals: Signals, moves: &AtomicU64) {
    let Some(signal) = signals.forever().next() else {
        return;
    };
    let mut before = moves.load(Ordering::Relaxed);
    loop {
        thread::sleep(STANDSTILL);
        let now = moves.load(Ordering::Relaxed);
        if now == before {
            let _ = emulate_default_handler(signal);
        }
        before = now;
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes);
        self.moves.fetch_add(1, Ordering::Relaxed);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.moves.fetch_add(1, Ordering::Relaxed);
        flushed
    }
}
