//! The order of time between several interfaces. What goes in on one and out on another, or comes
//! by two legs of a tap, is one conversation: with the answer before the question it cannot be
//! followed.

use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;

use super::batch::Batch;
use super::tap::BLOCK_TIMEOUT_MS;
use crate::base::time::Timestamp;

/// How long frames of one interface wait for older ones of another. The kernel holds them for
/// [`BLOCK_TIMEOUT_MS`] at first, and the capture thread has its turn with each.
const PATIENCE: Duration = Duration::from_millis(2 * BLOCK_TIMEOUT_MS.unsigned_abs() as u64 + 20);

/// Batches of all interfaces that wait at most: some MiB, however fast they come.
const MAX_WAITING: usize = 32;

/// Batches by interface, the next frame of all first.
#[derive(Debug)]
pub(super) struct Merge {
    lanes: Vec<VecDeque<Waiting>>,
    /// Whether an interface can have frames at all.
    is_open: Vec<bool>,
    waiting: usize,
}

#[derive(Debug)]
struct Waiting {
    batch: Batch,
    since: Instant,
}

impl Merge {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            lanes: (0..lanes).map(|_| VecDeque::new()).collect(),
            is_open: vec![true; lanes],
            waiting: 0,
        }
    }

    /// Takes frames of an interface, which came at `now`.
    pub(super) fn push(&mut self, lane: usize, batch: Batch, now: Instant) {
        if let Some(queue) = self.lanes.get_mut(lane) {
            queue.push_back(Waiting { batch, since: now });
            self.waiting = self.waiting.saturating_add(1);
        }
    }

    /// An interface went away, or came back.
    pub(super) fn set_open(&mut self, lane: usize, is_open: bool) {
        if let Some(open) = self.is_open.get_mut(lane) {
            *open = is_open;
        }
    }

    /// The interface whose frame is next. `None` when there is none, or it has to wait for older
    /// ones of another interface; at the end of the capture nothing has.
    pub(super) fn next(&self, now: impl FnOnce() -> Instant, is_end: bool) -> Option<usize> {
        let heads = self.lanes.iter().enumerate();
        let (lane, _, since) = heads
            .filter_map(|(lane, queue)| {
                let head = queue.front()?;
                Some((lane, head.batch.next_time()?, head.since))
            })
            .min_by_key(|(_, time, _): &(usize, Timestamp, Instant)| *time)?;
        let mut others = self.lanes.iter().zip(&self.is_open);
        let is_free = is_end
            || others.all(|(queue, is_open)| !queue.is_empty() || !is_open)
            || self.waiting >= MAX_WAITING
            || now().saturating_duration_since(since) >= PATIENCE;
        is_free.then_some(lane)
    }

    /// The first batch of an interface.
    pub(super) fn head(&mut self, lane: usize) -> Option<&mut Batch> {
        let head = self.lanes.get_mut(lane)?.front_mut()?;
        Some(&mut head.batch)
    }

    /// Takes out a batch of which everything was handed out.
    pub(super) fn done(&mut self) -> Option<Batch> {
        let is_done = |queue: &&mut VecDeque<Waiting>| {
            queue.front().is_some_and(|head| head.batch.is_empty())
        };
        let queue = self.lanes.iter_mut().find(is_done)?;
        self.waiting = self.waiting.saturating_sub(1);
        queue.pop_front().map(|head| head.batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;
    use crate::capture::InterfaceIndex;
    use crate::capture::LinkType;

    fn batch(times: &[i64]) -> Batch {
        let mut batch = Batch::default();
        for time in times {
            batch.push(Timestamp(*time), LinkType::RAW, 1, b"x");
        }
        batch
    }

    fn taken(merge: &mut Merge, now: Instant, is_end: bool) -> Vec<i64> {
        let mut times = Vec::new();
        while let Some(lane) = merge.next(|| now, is_end) {
            let head = merge.head(lane).unwrap();
            times.push(
                head.take(FrameNumber(1), InterfaceIndex::FIRST)
                    .unwrap()
                    .time
                    .0,
            );
            merge.done();
        }
        times
    }

    #[test]
    fn frames_of_two_interfaces_come_in_the_order_of_time() {
        let now = Instant::now();
        let mut merge = Merge::new(2);
        merge.push(0, batch(&[1, 4, 5]), now);
        merge.push(1, batch(&[2, 3, 9]), now);
        // Behind 5 the first interface may still have something before 9.
        assert_eq!(taken(&mut merge, now, false), [1, 2, 3, 4, 5]);
        merge.push(0, batch(&[7]), now);
        assert_eq!(taken(&mut merge, now, false), [7]);
        assert_eq!(taken(&mut merge, now + PATIENCE, false), [9]);
        assert_eq!(merge.waiting, 0);
    }

    #[test]
    fn nothing_waits_for_an_interface_that_is_gone_or_at_the_end() {
        let now = Instant::now();
        let mut merge = Merge::new(2);
        merge.push(0, batch(&[1]), now);
        assert!(taken(&mut merge, now, false).is_empty());
        merge.set_open(1, false);
        assert_eq!(taken(&mut merge, now, false), [1]);
        merge.set_open(1, true);
        merge.push(0, batch(&[2]), now);
        assert_eq!(taken(&mut merge, now, true), [2]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let now = Instant::now();
        let mut merge = Merge::new(2);
        for time in 0..MAX_WAITING + 3 {
            merge.push(0, batch(&[i64::try_from(time).unwrap()]), now);
        }
        assert_eq!(taken(&mut merge, now, false), [0, 1, 2, 3]);
    }
}
