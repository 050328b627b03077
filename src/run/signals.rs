//! SIGINT and SIGTERM: the first one ends reading, and what was read until then is shown. SIGUSR1
//! and SIGUSR2 ask for something meanwhile, as they do of tcpdump. SIGHUP says that the terminal is
//! gone.

use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::consts::SIGUSR1;
use signal_hook::consts::SIGUSR2;
use signal_hook::iterator::Handle;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// How long a call may stand still once the program was asked to stop. It returns within milliseconds,
/// unless who is at the other end has stopped reading or writing.
const STANDSTILL: Duration = Duration::from_secs(1);

/// Sets `stop` at the first signal; a second one ends the program at once.
pub(super) fn catch(stop: &Arc<AtomicBool>) {
    for signal in [SIGINT, SIGTERM] {
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(stop));
        let _ = signal_hook::flag::register(signal, Arc::clone(stop));
    }
}

/// How long a screen has to leave once its terminal is gone. It looks many times a second, but who
/// reads from a terminal at the moment in which it goes may never come back from that.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// An eye on the terminal that a screen is on, until it is dropped.
#[derive(Debug)]
pub(super) struct Hangup {
    handle: Handle,
    watcher: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

impl Hangup {
    /// Sets `stop` once the terminal is gone, and ends the program by the signal where nobody hears
    /// that.
    pub(super) fn watch(stop: &Arc<AtomicBool>) -> io::Result<Self> {
        signal_hook::flag::register(SIGHUP, Arc::clone(stop))?;
        let mut signals = Signals::new([SIGHUP])?;
        let handle = signals.handle();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let watcher = thread::Builder::new().spawn(move || {
            if signals.forever().next().is_none() {
                return;
            }
            let begin = Instant::now();
            while !over.load(Ordering::Relaxed) {
                match LEAVE_WITHIN.checked_sub(begin.elapsed()) {
                    Some(left) => thread::park_timeout(left),
                    None => {
                        let _ = emulate_default_handler(SIGHUP);
                    }
                }
            }
        })?;
        Ok(Self {
            handle,
            watcher: Some(watcher),
            is_over,
        })
    }
}

impl Drop for Hangup {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.handle.close();
        if let Some(watcher) = self.watcher.take() {
            watcher.thread().unpark();
            let _ = watcher.join();
        }
    }
}

/// What a signal asked for, and nobody has given yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    counts: Arc<AtomicBool>,
    flush: Arc<AtomicBool>,
}

impl Asked {
    /// Whether to say how much was captured so far.
    pub(super) fn for_counts(&self) -> bool {
        take(&self.counts)
    }

    /// Whether to write out the packets that are held back.
    pub(super) fn for_flush(&self) -> bool {
        take(&self.flush)
    }
}

/// Most of the time nobody asks, and a look costs nothing.
fn take(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed) && flag.swap(false, Ordering::Relaxed)
}

/// Hears SIGUSR1, which asks for the counters, and SIGUSR2, which asks to flush packets. Otherwise
/// they would end the program.
pub(super) fn answer(asked: &Asked) {
    for (signal, flag) in [(SIGUSR1, &asked.counts), (SIGUSR2, &asked.flush)] {
        let _ = signal_hook::flag::register(signal, Arc::clone(flag));
    }
}

/// Standard output, with an eye on whether it moves.
#[derive(Debug)]
pub(super) struct Output {
    stdout: io::StdoutLock<'static>,
    calls: Calls,
}

impl Output {
    /// Standard output, for the thread that makes these calls. A program that is asked to stop while
    /// nobody takes its output, or gives it any input, ends by the signal, as if it had never been
    /// caught. Where the process is to be confined, this comes behind that: the thread that hears the
    /// signal has the rights of the one that starts it.
    pub(super) fn new(calls: &Calls) -> Self {
        if let Ok(signals) = Signals::new([SIGINT, SIGTERM]) {
            let calls = calls.clone();
            thread::spawn(move || end_at_standstill(signals, &calls));
        }
        Self {
            stdout: io::stdout().lock(),
            calls: calls.clone(),
        }
    }
}

/// The calls of a thread that wait for others, who may keep it waiting for good: for who gives the
/// input, for who takes the output. Their begins and ends are counted together, so that the number is
/// odd while one is under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls(Arc<AtomicU64>);

impl Calls {
    /// Makes a call, and notes that it is under way.
    #[inline]
    pub(super) fn make<T>(&self, call: impl FnOnce() -> T) -> T {
        self.count();
        let result = call();
        self.count();
        result
    }

    /// Only one thread counts, so that nothing is lost in between; there is such a call for each frame.
    #[inline]
    fn count(&self) {
        let number = self.0.load(Ordering::Relaxed);
        self.0.store(number.wrapping_add(1), Ordering::Relaxed);
    }

    /// The call that is under way.
    fn under_way(&self) -> Option<u64> {
        let number = self.0.load(Ordering::Relaxed);
        (!number.is_multiple_of(2)).then_some(number)
    }
}

/// Ends the program by the signal once a single call stood still for all of [`STANDSTILL`]. Outside of
/// them it has work at hand, like packets that go to a slow disk, and comes to its end.
fn end_at_standstill(mut signals: Signals, calls: &Calls) {
    let Some(signal) = signals.forever().next() else {
        return;
    };
    let mut before = calls.under_way();
    loop {
        thread::sleep(STANDSTILL);
        let now = calls.under_way();
        if now.is_some() && now == before {
            let _ = emulate_default_handler(signal);
        }
        before = now;
    }
}

/// Whether stdout is a pipe that nobody reads any more. A write would tell as well, but where little
/// happens the next one may be hours away.
pub(super) fn is_reader_gone() -> bool {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let gone = PollFlags::ERR | PollFlags::HUP;
    rustix::event::poll(&mut polled, Some(&Timespec::default())).is_ok()
        && polled
            .iter()
            .any(|stdout| stdout.revents().intersects(gone))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self { stdout, calls } = self;
        calls.make(|| stdout.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        if is_reader_gone() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let Self { stdout, calls } = self;
        calls.make(|| stdout.flush())
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::low_level::raise;

    use super::*;

    #[test]
    fn a_call_is_under_way_until_it_returns_and_is_another_one_each_time() {
        let calls = Calls::default();
        assert_eq!(calls.under_way(), None);
        let first = calls.make(|| calls.under_way());
        assert_eq!(calls.under_way(), None);
        let second = calls.make(|| calls.under_way());
        assert!(first.is_some() && second.is_some() && first != second);
    }

    #[test]
    fn a_screen_that_hears_of_the_hangup_is_given_time() {
        let stop = Arc::new(AtomicBool::new(false));
        let hangup = Hangup::watch(&stop).expect("a thread");
        assert!(!stop.load(Ordering::Relaxed));
        raise(SIGHUP).expect("a signal");
        assert!(stop.load(Ordering::Relaxed));
        // Nobody waits for the rest of the time, and nothing happens when it is over.
        let begin = Instant::now();
        drop(hangup);
        assert!(begin.elapsed() < LEAVE_WITHIN);
    }
}
