//! Interfaces as a source of frames: opened here, captured on by a thread, handed out in the order
//! of time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::LiveOptions;
use super::batch::Batch;
use super::hand_over::HandOver;
use super::hand_over::QUEUE;
use super::hand_over::SPARE;
use super::hand_over::Shared;
use super::hand_over::Word;
use super::merge::Merge;
use super::tap::Interface;
use super::tap::Tap;
use crate::base::ids::FrameNumber;
use crate::base::time::Precision;
use crate::capture::InterfaceIndex;
use crate::capture::Next;
use crate::capture::Source;
use crate::capture::bpf::Filter;
use crate::capture::error::CaptureError;
use crate::capture::info::Drops;
use crate::capture::info::Format;
use crate::capture::info::InputInfo;
use crate::capture::info::InterfaceInfo;
use crate::capture::info::Progress;
use crate::capture::rights::confine_capture;

/// How long a quiet interface is waited for before the caller gets a word: a wish to stop is heard
/// within this time.
const IDLE_WAIT: Duration = Duration::from_millis(50);

/// Frames of one or more interfaces as they pass.
///
/// The interfaces are open, and the kernel fills their rings, from [`Live::open`] on. The thread
/// that empties them starts with [`Source::begin`], or with the first call of
/// [`Source::next_frame`], so that the process can become another user in between.
#[derive(Debug)]
pub struct Live {
    thread: Thread,
    confine: bool,
    merge: Merge,
    shared: Arc<Shared>,
    frames: u64,
    inputs: Vec<InputInfo>,
}

#[derive(Debug)]
enum Thread {
    /// It has not started.
    Waiting(Vec<Box<dyn Tap>>),
    /// It captures.
    Running {
        words: Receiver<Word>,
        spare: SyncSender<Batch>,
    },
    /// It has ended, and everything it handed over was taken from the queue.
    Ended,
}

impl Live {
    /// Opens the interfaces and begins to capture.
    ///
    /// # Errors
    /// When an interface does not exist, may not be captured on or fails, or the filter makes no
    /// sense.
    pub fn open(options: &LiveOptions) -> Result<Self, CaptureError> {
        // A wrong expression is told even to those who may not capture.
        if let Some(expression) = &options.filter {
            Filter::new(expression)?;
        }
        let mut taps: Vec<Box<dyn Tap>> = Vec::new();
        let mut inputs = Vec::new();
        for name in &options.interfaces {
            let interface = Interface::open(name, options)?;
            let mut info = InputInfo::new(interface.name().clone());
            info.format = Some(Format::Live);
            info.interfaces.push(InterfaceInfo {
                name: Some(name.clone()),
                link: interface.link(),
                snaplen: options.snaplen,
                precision: Precision::Nanos,
                filter: options.filter.clone(),
            });
            inputs.push(info);
            taps.push(Box::new(interface));
        }
        let mut live = Self::of(taps, inputs);
        live.confine = options.confine;
        Ok(live)
    }

    fn of(taps: Vec<Box<dyn Tap>>, inputs: Vec<InputInfo>) -> Self {
        Self {
            confine: false,
            merge: Merge::new(taps.len()),
            thread: Thread::Waiting(taps),
            shared: Arc::default(),
            frames: 0,
            inputs,
        }
    }

    fn start(&mut self) -> Result<(), CaptureError> {
        let Thread::Waiting(taps) = &mut self.thread else {
            return Ok(());
        };
        let taps = std::mem::take(taps);
        let (to_decoder, words) = mpsc::sync_channel(QUEUE);
        let (spare, from_decoder) = mpsc::sync_channel(SPARE);
        let shared = Arc::clone(&self.shared);
        let confine = self.confine;
        let (ready, is_ready) = mpsc::sync_channel(1);
        let started = thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || {
                if confine {
                    confine_capture();
                }
                let _ = ready.send(());
                HandOver::new(taps, to_decoder, from_decoder, &shared).run();
            });
        if let Err(error) = started {
            self.thread = Thread::Ended;
            return Err(CaptureError::Device {
                device: crate::capture::info::InputName::new("the capture thread"),
                reason: format!("cannot be started: {error}"),
            });
        }
        // Nobody is told that we listen before this thread, too, has given up what it does not need.
        let _ = is_ready.recv();
        self.thread = Thread::Running { words, spare };
        Ok(())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Source for Live {
    fn begin(&mut self) -> Result<(), CaptureError> {
        self.start()
    }

    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        self.start()?;
        while let Some(mut batch) = self.merge.done() {
            if let Thread::Running { spare, .. } = &self.thread {
                batch.clear();
                // Where there are enough, or the capture thread has ended, it is not needed.
                let _ = spare.try_send(batch);
            }
        }
        let lane = loop {
            let is_end = matches!(self.thread, Thread::Ended);
            if let Some(lane) = self.merge.next(Instant::now, is_end) {
                break lane;
            }
            let Thread::Running { words, .. } = &self.thread else {
                return Ok(Next::End);
            };
            match words.recv_timeout(IDLE_WAIT) {
                Ok(Word::Frames(lane, batch)) => self.merge.push(lane, batch, Instant::now()),
                Ok(Word::Lost(lane, error)) => {
                    self.merge.set_open(lane, false);
                    return Err(error);
                }
                Ok(Word::Back(lane)) => {
                    self.merge.set_open(lane, true);
                    if let Some(input) = self.inputs.get(lane) {
                        return Ok(Next::Back(&input.name));
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Ok(Next::Idle),
                Err(RecvTimeoutError::Disconnected) => self.thread = Thread::Ended,
            }
        };
        self.frames = self.frames.saturating_add(1);
        let number = FrameNumber(self.frames);
        let interface = InterfaceIndex(u32::try_from(lane).unwrap_or(u32::MAX));
        let head = self.merge.head(lane);
        let frame = head.and_then(|batch| batch.take(number, interface));
        Ok(frame.map_or(Next::Idle, Next::Frame))
    }

    fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Thread::Waiting(_) = self.thread {
            self.thread = Thread::Ended;
        }
    }

    fn inputs(&self) -> &[InputInfo] {
        &self.inputs
    }

    fn progress(&self) -> Progress {
        Progress {
            frames: self.frames,
            ..Progress::default()
        }
    }

    fn drops(&mut self) -> Drops {
        let [received, by_kernel, by_interface] = self.shared.counts();
        Drops {
            received: Some(received),
            by_kernel: Some(by_kernel),
            by_interface: Some(by_interface),
            queue_waits: Some(self.shared.waits.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
