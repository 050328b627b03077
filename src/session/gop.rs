//! Groups of pictures: how far apart the keyframes of a video track are, and what lies between.

use std::collections::VecDeque;

use crate::base::ids::Mark;
use crate::session::clock::as_f64;

/// Most groups that are kept one by one: eight minutes at the usual two seconds. Older ones go
/// into the totals only.
pub const MAX_GOPS: usize = 256;

/// One group of pictures: a keyframe and what follows up to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gop {
    /// What brought the keyframe.
    pub at: Mark,
    /// Unwrapped timestamp of the keyframe in milliseconds.
    pub timestamp_ms: u64,
    /// Frames, the keyframe included.
    pub frames: u32,
    /// Payload bytes of all frames.
    pub bytes: u32,
    /// Milliseconds from this keyframe to the next; `None` while the group is open.
    pub interval_ms: Option<u32>,
}

/// The groups of pictures of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gops {
    /// Keyframes seen. There are none more often than pictures: sixty a second make two years.
    pub keyframes: u32,
    /// What brought the first keyframe.
    pub first: Mark,
    /// Shortest interval between keyframes in milliseconds of the media clock.
    pub interval_min_ms: u32,
    /// Longest interval.
    pub interval_max_ms: u32,
    /// Latest interval.
    pub interval_last_ms: u32,
    /// Intervals measured.
    pub intervals: u32,
    /// Largest keyframe in payload bytes.
    pub largest_keyframe: u32,
    interval_sum_ms: u64,
    open: Gop,
    #[expect(
        clippy::box_collection,
        reason = "who follows thousands of tracks keeps none of any"
    )]
    closed: Option<Box<VecDeque<Gop>>>,
    /// Most closed groups kept.
    limit: u16,
}

impl Gops {
    /// The groups of a track whose first keyframe this is.
    pub fn new(at: Mark, timestamp_ms: u64, bytes: u32, limit: usize) -> Self {
        Self {
            keyframes: 1,
            first: at,
            interval_min_ms: 0,
            interval_max_ms: 0,
            interval_last_ms: 0,
            intervals: 0,
            largest_keyframe: bytes,
            interval_sum_ms: 0,
            open: Gop {
                at,
                timestamp_ms,
                frames: 1,
                bytes,
                interval_ms: None,
            },
            closed: None,
            limit: u16::try_from(limit.min(MAX_GOPS)).unwrap_or(0),
        }
    }

    /// Takes a keyframe.
    pub fn keyframe(&mut self, at: Mark, timestamp_ms: u64, bytes: u32) {
        self.keyframes = self.keyframes.saturating_add(1);
        self.largest_keyframe = self.largest_keyframe.max(bytes);
        // A timeline that went back gives no interval.
        if let Some(interval) = timestamp_ms.checked_sub(self.open.timestamp_ms) {
            let interval = u32::try_from(interval).unwrap_or(u32::MAX);
            self.interval_min_ms = if self.intervals == 0 {
                interval
            } else {
                self.interval_min_ms.min(interval)
            };
            self.interval_max_ms = self.interval_max_ms.max(interval);
            self.interval_last_ms = interval;
            self.interval_sum_ms = self.interval_sum_ms.saturating_add(u64::from(interval));
            self.intervals = self.intervals.saturating_add(1);
            self.open.interval_ms = Some(interval);
        }
        let limit = usize::from(self.limit);
        if limit > 0 {
            let closed = self.closed.get_or_insert_default();
            if closed.len() >= limit {
                closed.pop_front();
            }
            closed.push_back(self.open);
        }
        self.open = Gop {
            at,
            timestamp_ms,
            frames: 1,
            bytes,
            interval_ms: None,
        };
    }

    /// Takes another frame of the open group.
    pub fn frame(&mut self, bytes: u32) {
        self.open.frames = self.open.frames.saturating_add(1);
        self.open.bytes = self.open.bytes.saturating_add(bytes);
    }

    /// Mean interval between keyframes in milliseconds of the media clock.
    pub fn interval_mean_ms(&self) -> Option<f64> {
        (self.intervals > 0).then(|| as_f64(self.interval_sum_ms) / f64::from(self.intervals))
    }

    /// The groups kept, in order; the last one is open.
    pub fn iter(&self) -> impl Iterator<Item = &Gop> {
        let closed = self.closed.iter().flat_map(|closed| closed.iter());
        closed.chain(std::iter::once(&self.open))
    }

    /// What brought the latest keyframe.
    pub fn last(&self) -> Mark {
        self.open.at
    }

    /// Keeps at most `limit` closed groups from now on.
    pub fn set_limit(&mut self, limit: usize) {
        let limit = limit.min(MAX_GOPS);
        self.limit = u16::try_from(limit).unwrap_or(0);
        if limit == 0 {
            self.closed = None;
        } else if let Some(closed) = &mut self.closed {
            let excess = closed.len().saturating_sub(limit);
            closed.drain(..excess);
            closed.shrink_to(limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_media_clock() {
        let mut gops = Gops::new(Mark::default(), 0, 1000, MAX_GOPS);
        gops.frame(100);
        gops.frame(100);
        gops.keyframe(Mark::default(), 2000, 1500);
        gops.keyframe(Mark::default(), 3000, 1200);
        assert_eq!(gops.keyframes, 3);
        assert_eq!((gops.interval_min_ms, gops.interval_max_ms), (1000, 2000));
        assert_eq!(gops.interval_last_ms, 1000);
        assert_eq!(gops.interval_mean_ms(), Some(1500.0));
        assert_eq!(gops.largest_keyframe, 1500);
        let first = *gops.iter().next().unwrap();
        assert_eq!((first.frames, first.bytes), (3, 1200));
        assert_eq!(first.interval_ms, Some(2000));
        assert_eq!(gops.iter().last().unwrap().interval_ms, None);
    }

    #[test]
    fn one_keyframe_has_no_interval() {
        let gops = Gops::new(Mark::default(), 7, 1, MAX_GOPS);
        assert_eq!(gops.interval_mean_ms(), None);
        assert_eq!(gops.iter().count(), 1);
    }

    #[test]
    fn a_timeline_that_went_back_gives_no_interval() {
        let mut gops = Gops::new(Mark::default(), 5000, 1, MAX_GOPS);
        gops.keyframe(Mark::default(), 0, 1);
        assert_eq!(gops.intervals, 0);
    }

    #[test]
    fn old_groups_are_let_go() {
        let mut gops = Gops::new(Mark::default(), 0, 1, 4);
        for second in 1..1000 {
            gops.keyframe(Mark::default(), second * 1000, 1);
        }
        assert_eq!(gops.iter().count(), 5);
        assert_eq!(gops.intervals, 999);
        assert_eq!(gops.iter().next().unwrap().timestamp_ms, 995_000);
    }
}
