//! The capture thread: it empties the rings of the interfaces into batches and hands them over.
//! Nothing else happens here, so that a burst finds it at the ring.
//!
//! When the decoder cannot keep up the queue is full, and the thread waits with the next batch in
//! its hands: what comes meanwhile stays in the ring, and what the ring has no room for the
//! kernel drops and counts. Nothing is dropped here.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::time::Duration;
use std::time::Instant;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;

use super::batch::Batch;
use super::tap::BLOCK_TIMEOUT_MS;
use super::tap::Tap;
use crate::capture::error::CaptureError;

/// Batches between the capture thread and the decoder: 16 MiB, twice that with the largest segments;
/// a tenth of a second at gigabits. What is to be waited out beyond that is the business of the ring.
pub(super) const QUEUE: usize = 64;

/// Batches that are kept for those to come: 4 MiB. After a moment in which the decoder could not keep
/// up, the queue leaves more of them, and their memory is given back.
pub(super) const SPARE: usize = 16;

/// How long the thread sleeps on quiet interfaces: a wish to stop is heard within this time.
const QUIET: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// Time between two looks at the counters of the interfaces.
const COUNT_EVERY: Duration = Duration::from_millis(200);

/// How long the kernel may hold the last frames back, and how long they are read for.
const LAST_BLOCKS: Duration = Duration::from_millis(BLOCK_TIMEOUT_MS.unsigned_abs() as u64 + 10);

/// Time between two attempts to open an interface again that went away.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// What the capture thread hands over. An interface is called by its place among all.
#[derive(Debug)]
pub(super) enum Word {
    /// Frames of an interface.
    Frames(usize, Batch),
    /// An interface is of no more use for now.
    Lost(usize, CaptureError),
    /// An interface that was lost is captured on again.
    Back(usize),
}

/// What both threads see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The decoder wants no more.
    pub(super) stop: AtomicBool,
    /// How often a batch had to wait for room in the queue.
    pub(super) waits: AtomicU64,
    counts: Mutex<[u64; 3]>,
}

impl Shared {
    /// Frames received, dropped by the kernel and dropped by the interfaces, as of late.
    pub(super) fn counts(&self) -> [u64; 3] {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_counts(&self, counts: [u64; 3]) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }
}

/// The capture thread's side.
#[derive(Debug)]
pub(super) struct HandOver<'a> {
    lanes: Vec<Lane>,
    queue: SyncSender<Word>,
    /// Batches that the decoder is done with.
    spare: Receiver<Batch>,
    shared: &'a Shared,
    counted: Instant,
}

/// An interface, and whether it is of use.
#[derive(Debug)]
struct Lane {
    tap: Box<dyn Tap>,
    /// When to try to open it again; `None` while it is open.
    lost: Option<Instant>,
}

/// The decoder is gone: there is nobody to capture for.
#[derive(Debug)]
struct Gone;

impl<'a> HandOver<'a> {
    pub(super) fn new(
        taps: Vec<Box<dyn Tap>>,
        queue: SyncSender<Word>,
        spare: Receiver<Batch>,
        shared: &'a Shared,
    ) -> Self {
        let open = |tap| Lane { tap, lost: None };
        Self {
            lanes: taps.into_iter().map(open).collect(),
            queue,
            spare,
            shared,
            counted: Instant::now(),
        }
    }

    /// Captures until the decoder wants no more, or is gone.
    pub(super) fn run(mut self) {
        let mut batch = Batch::default();
        while !self.shared.stop.load(Ordering::Relaxed) {
            let Ok(is_quiet) = self.round(&mut batch) else {
                return;
            };
            if self.counted.elapsed() >= COUNT_EVERY {
                self.count();
            }
            if is_quiet {
                self.wait();
            }
        }
        self.empty(&mut batch);
        self.count();
    }

    /// Reads what the kernel still holds back, at the end.
    fn empty(&mut self, batch: &mut Batch) {
        std::thread::sleep(LAST_BLOCKS);
        let begin = Instant::now();
        while let Ok(false) = self.round(batch) {
            // A busy interface always has more.
            if begin.elapsed() >= LAST_BLOCKS {
                break;
            }
        }
    }

    /// Gives each interface its turn. True when none of them had frames.
    fn round(&mut self, batch: &mut Batch) -> Result<bool, Gone> {
        let mut is_quiet = true;
        for place in 0..self.lanes.len() {
            let Some(lane) = self.lanes.get_mut(place) else {
                break;
            };
            if let Some(retry) = lane.lost {
                if retry > Instant::now() {
                    continue;
                }
                if lane.tap.reopen().is_err() {
                    lane.lost = Instant::now().checked_add(RETRY_EVERY);
                    continue;
                }
                lane.lost = None;
                self.send(Word::Back(place))?;
                continue;
            }
            let read = lane.tap.read(batch);
            if !batch.is_empty() {
                is_quiet = false;
                let fresh = self.spare.try_recv().unwrap_or_default();
                let full = std::mem::replace(batch, fresh);
                batch.clear();
                self.send(Word::Frames(place, full))?;
            }
            if let Err(reason) = read {
                self.lose(place, &reason)?;
            }
        }
        Ok(is_quiet)
    }

    fn lose(&mut self, place: usize, reason: &str) -> Result<(), Gone> {
        // While the counters can still be asked for.
        self.count();
        let Some(lane) = self.lanes.get_mut(place) else {
            return Ok(());
        };
        lane.lost = Some(Instant::now());
        let error = CaptureError::Device {
            device: lane.tap.name().clone(),
            reason: format!("{reason}; waiting for it to come back"),
        };
        self.send(Word::Lost(place, error))
    }

    fn send(&self, word: Word) -> Result<(), Gone> {
        match self.queue.try_send(word) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(word)) => {
                self.shared.waits.fetch_add(1, Ordering::Relaxed);
                self.queue.send(word).map_err(|_| Gone)
            }
            Err(TrySendError::Disconnected(_)) => Err(Gone),
        }
    }

    fn count(&mut self) {
        self.counted = Instant::now();
        let mut sum = [0_u64; 3];
        for lane in &mut self.lanes {
            for (sum, count) in sum.iter_mut().zip(lane.tap.counts()) {
                *sum = sum.saturating_add(count);
            }
        }
        self.shared.set_counts(sum);
    }

    /// Waits until one of the interfaces has frames, or a moment has passed.
    fn wait(&self) {
        let open = self.lanes.iter().filter(|lane| lane.lost.is_none());
        let sockets: Vec<_> = open.filter_map(|lane| lane.tap.socket()).collect();
        let mut polled: Vec<_> = sockets
            .iter()
            .map(|socket| PollFd::new(socket, PollFlags::IN))
            .collect();
        // Whatever comes of it, the interfaces are asked again.
        let _ = rustix::event::poll(&mut polled, Some(&QUIET));
    }
}
