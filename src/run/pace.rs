//! How fast a capture is replayed: asked for by the dashboard, kept by the thread that decodes.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rtmpscope::base::time::Timestamp;
use rtmpscope::tui::model::Replay;
use rtmpscope::tui::model::Speed;

/// Longest sleep between two looks at what is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Longest wait for the next frame that is kept to. Where nothing was captured for longer, the
/// replay goes on: nobody wants to look at nothing for an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is asked for, shared by both threads.
#[derive(Debug)]
pub(super) struct Pace {
    asked: Mutex<Option<Replay>>,
}

impl Pace {
    /// No replay: everything is read as fast as it can be.
    pub(super) fn unbounded() -> Self {
        Self {
            asked: Mutex::new(None),
        }
    }

    /// A replay at a speed.
    pub(super) fn at(speed: Speed) -> Self {
        let replay = Replay {
            speed,
            is_held: false,
        };
        Self {
            asked: Mutex::new(Some(replay)),
        }
    }

    /// What is asked for; `None` when there is no replay.
    pub(super) fn asked(&self) -> Option<Replay> {
        *self.lock()
    }

    /// Changes what is asked for, if there is a replay. Returns what is asked for now.
    pub(super) fn change(&self, change: impl FnOnce(&mut Replay)) -> Option<Replay> {
        let mut asked = self.lock();
        if let Some(replay) = asked.as_mut() {
            change(replay);
        }
        *asked
    }

    /// Ends the replay.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Replay>> {
        // What is asked for is whole whenever the lock is free.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps to the pace on the thread that decodes.
#[derive(Debug)]
pub(super) struct Pacer {
    /// Capture time at which the replay begins; what comes before is read at once.
    from: Option<Timestamp>,
    /// From when on which capture time passes how fast.
    anchor: Option<(Instant, Timestamp, Speed)>,
}

impl Pacer {
    /// From this capture time on, or from the first frame.
    pub(super) fn new(from: Option<Timestamp>) -> Self {
        Self { from, anchor: None }
    }

    /// Waits until a frame of this time is due, or `is_over`.
    pub(super) fn wait(&mut self, now: Timestamp, pace: &Pace, is_over: impl Fn() -> bool) {
        if self.from.is_some_and(|from| now < from) {
            return;
        }
        while !is_over() {
            let Some(replay) = pace.asked() else {
                return;
            };
            if replay.is_held {
                self.anchor = None;
                thread::sleep(LOOK_EVERY);
                continue;
            }
            let due = self.due(now, replay.speed, Instant::now());
            if due.is_zero() {
                return;
            }
            thread::sleep(due.min(LOOK_EVERY));
        }
    }

    /// How long it is at `instant` until a frame of this time is due.
    fn due(&mut self, now: Timestamp, speed: Speed, instant: Instant) -> Duration {
        let (since, from, speed) = match self.anchor {
            Some(anchor) if anchor.2 == speed => anchor,
            _ => *self.anchor.insert((instant, now, speed)),
        };
        let due = speed
            .time_for(now.since(from))
            .saturating_sub(instant.saturating_duration_since(since));
        if due > LONGEST_WAIT {
            self.anchor = Some((instant, now, speed));
            return Duration::ZERO;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp(SECOND + millis * 1_000_000)
    }

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn capture_time_passes_as_fast_as_asked() {
        let mut pacer = Pacer::new(None);
        let begin = Instant::now();
        let fast = Speed::NORMAL.faster().faster();
        assert_eq!(pacer.due(at(0), fast, begin), Duration::ZERO);
        // 400 ms of the capture at four times its speed.
        assert_eq!(pacer.due(at(400), fast, begin), millis(100));
        assert_eq!(pacer.due(at(400), fast, begin + millis(30)), millis(70));
        let late = begin + millis(200);
        assert_eq!(pacer.due(at(400), fast, late), Duration::ZERO);
        // At another speed it begins anew.
        assert_eq!(pacer.due(at(500), Speed::NORMAL, late), Duration::ZERO);
        assert_eq!(pacer.due(at(600), Speed::NORMAL, late), millis(100));
    }

    #[test]
    fn long_silences_are_passed_over() {
        let mut pacer = Pacer::new(None);
        let begin = Instant::now();
        let mut due = |millis| pacer.due(at(millis), Speed::NORMAL, begin);
        assert_eq!(due(0), Duration::ZERO);
        assert_eq!(due(3_600_000), Duration::ZERO);
        assert_eq!(due(3_600_050), millis(50));
    }

    #[test]
    fn before_the_begin_and_behind_the_end_nothing_waits() {
        let pace = Pace::at(Speed::NORMAL);
        pace.change(|replay| replay.is_held = true);
        let mut pacer = Pacer::new(Some(at(0)));
        // Who waits asks again and again whether it is over.
        let asked = Cell::new(0);
        let is_over = || asked.replace(asked.get() + 1) > 0;
        pacer.wait(at(-500), &pace, is_over);
        assert_eq!(asked.take(), 0);
        pace.end();
        pacer.wait(at(60_000), &pace, is_over);
        assert_eq!(asked.take(), 1);
    }

    #[test]
    fn a_held_replay_waits_until_it_is_over() {
        let pace = Pace::at(Speed::NORMAL);
        pace.change(|replay| replay.is_held = true);
        let begin = Instant::now();
        let is_over = || begin.elapsed() > Duration::from_millis(60);
        Pacer::new(None).wait(Timestamp(0), &pace, is_over);
        assert!(begin.elapsed() > Duration::from_millis(60));
    }
}
