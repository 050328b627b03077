//! What comes of interfaces that are made of steps: frames, words, counters, in which order.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of hand-made frames are small; an overflow fails the test"
)]

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::base::time::Timestamp;
use crate::capture::LinkType;
use crate::capture::info::InputName;

/// What an interface does when it is read, one step at a time.
#[derive(Debug, Clone)]
enum Step {
    /// Frames of these times come.
    Frames(Vec<i64>),
    /// It goes away.
    Leave,
    /// It cannot be opened again just yet.
    StayAway,
}

/// An interface made of steps; counts what it handed over.
#[derive(Debug)]
struct Staged {
    name: InputName,
    steps: Arc<Mutex<VecDeque<Step>>>,
    read: u64,
}

impl Staged {
    fn boxed(name: &str, steps: &[Step]) -> Box<dyn Tap> {
        Box::new(Self {
            name: InputName::new(name),
            steps: Arc::new(Mutex::new(steps.iter().cloned().collect())),
            read: 0,
        })
    }

    fn next(&self) -> Option<Step> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.pop_front()
    }
}

impl Tap for Staged {
    fn name(&self) -> &InputName {
        &self.name
    }

    fn read(&mut self, batch: &mut Batch) -> Result<(), String> {
        match self.next() {
            None => Ok(()),
            Some(Step::Frames(times)) => {
                for time in times {
                    self.read += 1;
                    batch.push(Timestamp(time), LinkType::RAW, 4, b"data");
                }
                Ok(())
            }
            Some(Step::Leave | Step::StayAway) => Err("it went away".to_owned()),
        }
    }

    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn counts(&mut self) -> [u64; 3] {
        [self.read, 3, 4]
    }

    fn reopen(&mut self) -> Result<(), CaptureError> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Step::StayAway) = steps.front() {
            steps.pop_front();
            return Err(CaptureError::NoSuchDevice {
                device: self.name.clone(),
                known: Vec::new(),
            });
        }
        Ok(())
    }
}

fn live(taps: Vec<Box<dyn Tap>>) -> Live {
    let inputs = taps.iter().map(|tap| InputInfo::new(tap.name().clone()));
    let inputs = inputs.collect();
    Live::of(taps, inputs)
}

/// Waits for the first frame: the capture thread may not have had its turn yet.
fn wait_for_frame(live: &mut Live) {
    let begin = Instant::now();
    loop {
        match live.next_frame() {
            Ok(Next::Frame(_)) => return,
            Ok(Next::Idle) => assert!(begin.elapsed() < Duration::from_secs(20), "no frame"),
            other => panic!("{other:?}"),
        }
    }
}

/// What comes until `frames` frames have, as times and words.
fn seen(live: &mut Live, frames: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut count = 0;
    let begin = Instant::now();
    while count < frames && begin.elapsed() < Duration::from_secs(20) {
        match live.next_frame() {
            Ok(Next::Frame(frame)) => {
                count += 1;
                assert_eq!(frame.data, b"data");
                all.push(frame.time.0.to_string());
            }
            Ok(Next::Back(name)) => all.push(format!("{name} is back")),
            Ok(Next::Idle) => {}
            Ok(Next::End) => break,
            Err(error) => all.push(error.to_string()),
        }
    }
    all
}

#[test]
fn frames_are_numbered_and_counted() {
    let mut live = live(vec![Staged::boxed(
        "a",
        &[Step::Frames(vec![1, 2]), Step::Frames(vec![3])],
    )]);
    assert_eq!(seen(&mut live, 3), ["1", "2", "3"]);
    assert_eq!(live.progress().frames, 3);
    live.stop();
    while !matches!(live.next_frame(), Ok(Next::End)) {}
    let drops = live.drops();
    assert_eq!(drops.received, Some(3));
    assert_eq!((drops.by_kernel, drops.by_interface), (Some(3), Some(4)));
}

#[test]
fn what_was_captured_before_the_stop_still_comes() {
    let mut live = live(vec![Staged::boxed(
        "a",
        &[Step::Frames((0..100).collect())],
    )]);
    wait_for_frame(&mut live);
    live.stop();
    assert_eq!(seen(&mut live, 1000).len(), 99);
}

#[test]
fn an_interface_goes_and_comes_back() {
    let mut live = live(vec![Staged::boxed(
        "eth7",
        &[
            Step::Frames(vec![1]),
            Step::Leave,
            Step::StayAway,
            Step::Frames(vec![2]),
        ],
    )]);
    assert_eq!(
        seen(&mut live, 2),
        [
            "1",
            "eth7: it went away; waiting for it to come back",
            "eth7 is back",
            "2"
        ]
    );
}

#[test]
fn two_interfaces_come_in_the_order_of_time() {
    let mut live = live(vec![
        Staged::boxed("a", &[Step::Frames(vec![1, 4, 6])]),
        Staged::boxed("b", &[Step::Frames(vec![2, 3, 5])]),
    ]);
    // Those of one wait for those of the other only so long, which the order of them has tests for: here
    // all of them have been handed over.
    live.begin().unwrap();
    let begin = Instant::now();
    while live.drops().received != Some(6) {
        assert!(begin.elapsed() < Duration::from_secs(20), "not handed over");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(seen(&mut live, 6), ["1", "2", "3", "4", "5", "6"]);
}

/// An interface that always has frames, until it is told to stop.
#[derive(Debug)]
struct Flood {
    name: InputName,
    is_over: Arc<AtomicBool>,
    time: i64,
}

impl Tap for Flood {
    fn name(&self) -> &InputName {
        &self.name
    }

    fn read(&mut self, batch: &mut Batch) -> Result<(), String> {
        while !batch.is_full() && !self.is_over.load(Ordering::Relaxed) {
            self.time += 1;
            batch.push(Timestamp(self.time), LinkType::RAW, 1500, &[0; 1500]);
        }
        Ok(())
    }

    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn counts(&mut self) -> [u64; 3] {
        [u64::try_from(self.time).unwrap_or(0), 0, 0]
    }

    fn reopen(&mut self) -> Result<(), CaptureError> {
        Ok(())
    }
}

#[test]
fn a_decoder_that_does_not_keep_up_is_noticed_and_loses_nothing() {
    let is_over = Arc::new(AtomicBool::new(false));
    let flood = Flood {
        name: InputName::new("flood"),
        is_over: Arc::clone(&is_over),
        time: 0,
    };
    let mut live = live(vec![Box::new(flood)]);
    wait_for_frame(&mut live);
    let begin = Instant::now();
    while live.drops().queue_waits == Some(0) {
        assert!(begin.elapsed() < Duration::from_secs(20), "no wait");
        thread::sleep(Duration::from_millis(5));
    }
    is_over.store(true, Ordering::Relaxed);
    live.stop();
    let mut last = 1;
    while let Ok(next) = live.next_frame() {
        match next {
            Next::Frame(frame) => {
                assert_eq!(frame.time.0, last + 1, "one was lost");
                last = frame.time.0;
            }
            Next::End => break,
            Next::Idle | Next::Back(_) => {}
        }
    }
    assert_eq!(live.drops().received, u64::try_from(last).ok());
}
