//! Only what lies around something odd: the last seconds wait in a ring, and leave it when
//! something odd comes.

use std::collections::VecDeque;

use crate::base::severity::Severity;
use crate::base::time::Span;
use crate::base::time::Timestamp;

use super::Around;
use super::Held;

/// Bytes of the ring: eight seconds of a gigabit. More of the past than that is not kept, whatever
/// is asked for, and it is counted.
pub const MAX_BEFORE: usize = 256 << 20;

/// The ring, and until when everything is written.
#[derive(Debug)]
pub(super) struct Trigger {
    around: Around,
    /// Frames, and when they were captured by the clock as it is now.
    ring: VecDeque<(Timestamp, Held)>,
    bytes: usize,
    until: Option<Timestamp>,
    let_go: u64,
}

impl Trigger {
    pub(super) fn new(around: Around) -> Self {
        Self {
            around,
            ring: VecDeque::new(),
            bytes: 0,
            until: None,
            let_go: 0,
        }
    }

    /// The worst that the decoder noticed in the frame that comes next.
    pub(super) fn heard(
        &mut self,
        worst: Option<Severity>,
        now: Timestamp,
        write: &mut impl FnMut(&Held),
    ) {
        if worst.is_none_or(|worst| worst < self.around.severity) {
            return;
        }
        let until = Timestamp(now.0.saturating_add(self.around.after.nanos()));
        self.until = self.until.max(Some(until));
        for (time, held) in self.ring.drain(..) {
            // A frame that came out of the sieve late may be too old.
            if now.since(time).nanos() <= self.around.before.nanos() {
                write(&held);
            }
        }
        self.bytes = 0;
    }

    /// The clock was set: what is kept, and what is written yet, is so for as long as before.
    pub(super) fn clock_stepped(&mut self, by: Span) {
        let times = self.ring.iter_mut().map(|(time, _)| time);
        for time in times.chain(&mut self.until) {
            time.0 = time.0.saturating_add(by.nanos());
        }
    }

    /// Writes a frame, or keeps it for what may come.
    pub(super) fn pass(&mut self, held: Held, write: &mut impl FnMut(&Held)) {
        if self.until.is_some_and(|until| held.frame.time <= until) {
            write(&held);
            return;
        }
        let now = held.frame.time;
        self.bytes = self.bytes.saturating_add(held.cost());
        self.ring.push_back((now, held));
        while let Some((time, oldest)) = self.ring.front() {
            let is_wanted = now.since(*time).nanos() <= self.around.before.nanos();
            if is_wanted && self.bytes <= MAX_BEFORE {
                break;
            }
            if is_wanted {
                self.let_go = self.let_go.saturating_add(1);
            }
            self.bytes = self.bytes.saturating_sub(oldest.cost());
            self.ring.pop_front();
        }
    }

    /// Frames that left the ring before their time.
    pub(super) fn let_go(&self) -> u64 {
        self.let_go
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::InterfaceIndex;
    use crate::capture::LinkType;
    use crate::capture::memory::StoredFrame;

    fn trigger() -> Trigger {
        Trigger::new(Around {
            severity: Severity::Error,
            before: Span::from_secs(2),
            after: Span::from_secs(1),
        })
    }

    fn put(trigger: &mut Trigger, millis: i64, worst: Option<Severity>) -> Vec<i64> {
        let mut out = Vec::new();
        let time = Timestamp(millis * 1_000_000);
        let mut write = |held: &Held| out.push(held.frame.time.0 / 1_000_000);
        trigger.heard(worst, time, &mut write);
        let held = Held {
            frame: StoredFrame {
                time,
                link: LinkType::RAW,
                interface: InterfaceIndex::FIRST,
                wire_len: 0,
                data: vec![0; 100],
            },
            comments: Vec::new(),
        };
        trigger.pass(held, &mut write);
        out
    }

    #[test]
    fn the_seconds_before_and_behind_are_written() {
        let mut trigger = trigger();
        for millis in [0, 900, 1000, 2000] {
            assert!(put(&mut trigger, millis, None).is_empty());
        }
        assert_eq!(
            put(&mut trigger, 3000, Some(Severity::Error)),
            [1000, 2000, 3000]
        );
        assert_eq!(put(&mut trigger, 4000, None), [4000]);
        assert!(put(&mut trigger, 4001, None).is_empty());
        // Again, and nothing twice.
        assert_eq!(
            put(&mut trigger, 4500, Some(Severity::Critical)),
            [4001, 4500]
        );
    }

    #[test]
    fn a_clock_that_is_set_changes_nothing_of_how_long() {
        for by in [-3600, 3600] {
            let mut trigger = trigger();
            let at = |millis: i64| millis + by * 1000;
            assert!(put(&mut trigger, 0, None).is_empty());
            assert!(put(&mut trigger, 1500, None).is_empty());
            trigger.clock_stepped(Span::from_secs(by));
            // The seconds before are those that passed.
            let odd = Some(Severity::Error);
            assert_eq!(put(&mut trigger, at(3000), odd), [1500, at(3000)]);
            // The seconds behind, too.
            trigger.clock_stepped(Span::from_secs(-by));
            assert_eq!(put(&mut trigger, 4000, None), [4000]);
            assert!(put(&mut trigger, 4001, None).is_empty());
        }
    }

    #[test]
    fn what_is_less_odd_is_not_written() {
        let mut trigger = trigger();
        assert!(put(&mut trigger, 0, Some(Severity::Warning)).is_empty());
    }
}
