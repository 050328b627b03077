//! Frames that have passed, read again: from the files where those can be read from the middle or
//! from their begin, and of pipes and interfaces from a ring in memory.
//!
//! ```text
//! Source::again()           → Again ┐
//!                                   ├ Again::read(first, last, …) → frames
//! Remembering::new(source)  → Again ┘
//! ```
//!
//! Whoever reads a capture gets the [`Again`] beside the source and may hand it to another thread.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;
use crate::base::units::bytes;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::capture::Next;
use crate::capture::Source;
use crate::capture::error::CaptureError;
use crate::capture::file::trail::Trail;
use crate::capture::info::Drops;
use crate::capture::info::InputInfo;
use crate::capture::info::InputName;
use crate::capture::info::InterfaceInfo;
use crate::capture::info::Progress;

/// Bytes of frames of a pipe or an interface that are remembered unless told otherwise: a minute
/// of a busy ingest server.
pub const REMEMBERED: usize = 64 << 20;

/// Bytes of frames that stay remembered however short memory is: the latest second or so.
const LEAST_REMEMBERED: usize = 1 << 20;

/// What is told while frames are read again.
#[derive(Debug)]
pub enum Step<'a> {
    /// A frame. The first ones may be older than what was asked for.
    Frame(&'a Frame<'a>),
    /// So many bytes of so many were passed over to get to the first frame.
    Passed {
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all.
        of: u64,
    },
}

/// Why frames cannot be had again.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// They left the ring in memory.
    #[error("the frames are gone: of what is not read from a file, {} stay in memory", bytes(*kept))]
    Gone {
        /// Bytes of frames that are in memory.
        kept: u64,
    },
    /// The file is another one than was read.
    #[error("{0}: the file is not the one that was read, or has changed since")]
    Changed(InputName),
    /// The file cannot be read any more.
    #[error("{0}: {1}")]
    Unreadable(InputName, io::Error),
    /// The file is compressed, and too much would have to be unpacked.
    #[error("{input}: too far behind the begin of a compressed file: {} would have to be unpacked", bytes(*at))]
    TooFar {
        /// The file.
        input: InputName,
        /// Where the frames are in it, unpacked.
        at: u64,
    },
    /// Whoever asked wants them no more.
    #[error("stopped")]
    Stopped,
}

/// A way to frames that have passed.
#[derive(Debug, Clone)]
pub struct Again(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Files(Trail),
    Memory(Arc<Mutex<Ring>>),
}

impl Again {
    /// From files, by the trail that their reader leaves.
    pub(in crate::capture) fn of_files(trail: Trail) -> Self {
        Self(Kind::Files(trail))
    }

    /// Reads the frames `first..=last` again, and what lies up to `before` bytes before them or a
    /// little more. `take` says when it has had enough.
    ///
    /// # Errors
    /// Why they cannot be had. Frames may have been told before that.
    pub fn read(
        &self,
        first: FrameNumber,
        last: FrameNumber,
        before: u64,
        take: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(), Lost> {
        match &self.0 {
            Kind::Files(trail) => trail.read(first, last, before, take),
            Kind::Memory(ring) => from_memory(ring, first, last, before, take),
        }
    }

    /// The frames that are remembered in memory now, as a source with their numbers; `None` of
    /// files, which can be opened again.
    pub fn source(&self) -> Option<Box<dyn Source>> {
        let Kind::Memory(ring) = &self.0 else {
            return None;
        };
        let (next, last, inputs) = {
            let ring = lock(ring);
            let first = ring.places.front().map_or(0, |place| place.number.0);
            let last = ring.places.back().map_or(0, |place| place.number.0);
            (FrameNumber(first), FrameNumber(last), ring.inputs.clone())
        };
        Some(Box::new(Remembered {
            ring: Arc::clone(ring),
            begin: next,
            next,
            last,
            inputs,
            data: Vec::new(),
        }))
    }

    /// Memory is short: forgets half of the frames in memory. Returns whether there were any.
    pub fn relieve(&self) -> bool {
        match &self.0 {
            Kind::Files(_) => false,
            Kind::Memory(ring) => {
                let mut ring = lock(ring);
                let budget = ring.bytes.len() / 2;
                let may = budget >= LEAST_REMEMBERED;
                if may {
                    ring.shrink(budget);
                    ring.bytes.shrink_to_fit();
                    ring.places.shrink_to_fit();
                }
                may
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked has left whole frames behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn from_memory(
    ring: &Mutex<Ring>,
    first: FrameNumber,
    last: FrameNumber,
    before: u64,
    take: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
) -> Result<(), Lost> {
    let (mut next, kept) = {
        let ring = lock(ring);
        let kept = u64::try_from(ring.bytes.len()).unwrap_or(u64::MAX);
        (ring.start(first, before), kept)
    };
    if next > first {
        return Err(Lost::Gone { kept });
    }
    let mut data = Vec::new();
    while next <= last {
        // Held for one frame, so that the one who captures never waits for long.
        let Some(place) = lock(ring).frame(next, &mut data) else {
            break;
        };
        let frame = Frame {
            number: place.number,
            time: place.time,
            link: place.link,
            interface: place.interface,
            wire_len: place.wire_len,
            data: &data,
        };
        if frame.number > last || take(Step::Frame(&frame)).is_break() {
            break;
        }
        next = FrameNumber(place.number.0.saturating_add(1));
    }
    Ok(())
}

/// The latest frames.
#[derive(Default)]
struct Ring {
    /// Their bytes, one behind the other.
    bytes: VecDeque<u8>,
    places: VecDeque<Place>,
    /// Position in the whole capture of the first byte that is still there.
    begin: u64,
    budget: usize,
    /// Where they came from.
    inputs: Vec<InputInfo>,
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("frames", &self.places.len())
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// One frame of the ring.
#[derive(Debug, Clone, Copy)]
struct Place {
    number: FrameNumber,
    time: Timestamp,
    link: LinkType,
    interface: InterfaceIndex,
    wire_len: u32,
    at: u64,
    len: usize,
}

impl Ring {
    fn push(&mut self, frame: &Frame<'_>) {
        if frame.data.len() > self.budget {
            return;
        }
        self.shrink(self.budget.saturating_sub(frame.data.len()));
        let len = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.places.push_back(Place {
            number: frame.number,
            time: frame.time,
            link: frame.link,
            interface: frame.interface,
            wire_len: frame.wire_len,
            at: self.begin.saturating_add(len),
            len: frame.data.len(),
        });
        self.bytes.extend(frame.data);
    }

    /// Forgets the oldest frames until they take no more than `budget`, with what is kept beside
    /// their bytes.
    fn shrink(&mut self, budget: usize) {
        while self.weight() > budget
            && let Some(gone) = self.places.pop_front()
        {
            self.bytes.drain(..gone.len.min(self.bytes.len()));
            let len = u64::try_from(gone.len).unwrap_or(u64::MAX);
            self.begin = self.begin.saturating_add(len);
        }
    }

    fn weight(&self) -> usize {
        let places = self.places.len().saturating_mul(size_of::<Place>());
        self.bytes.len().saturating_add(places)
    }

    /// The frame to begin with for one that is wanted, and `before` bytes before it.
    fn start(&self, wanted: FrameNumber, before: u64) -> FrameNumber {
        let at = self.places.partition_point(|place| place.number < wanted);
        let from = self
            .places
            .get(at)
            .map_or(u64::MAX, |place| place.at.saturating_sub(before));
        let start = self.places.partition_point(|place| place.at < from);
        let first = self.places.get(start.min(at));
        first.map_or(FrameNumber(u64::MAX), |place| place.number)
    }

    /// The first frame from `number` on, its bytes in `data`.
    fn frame(&self, number: FrameNumber, data: &mut Vec<u8>) -> Option<Place> {
        let at = self.places.partition_point(|place| place.number < number);
        let place = *self.places.get(at)?;
        let from = usize::try_from(place.at.saturating_sub(self.begin)).ok()?;
        let to = from.saturating_add(place.len).min(self.bytes.len());
        data.clear();
        let (front, back) = self.bytes.as_slices();
        let cut = |slice: &[u8], from: usize, to: usize, data: &mut Vec<u8>| {
            let (from, to) = (from.min(slice.len()), to.min(slice.len()));
            data.extend_from_slice(slice.get(from..to).unwrap_or_default());
        };
        cut(front, from, to, data);
        let of_back = |at: usize| at.saturating_sub(front.len());
        cut(back, of_back(from), of_back(to), data);
        Some(place)
    }
}

/// Frames that are remembered, as a source. Those that are forgotten before their turn are
/// missing.
#[derive(Debug)]
struct Remembered {
    ring: Arc<Mutex<Ring>>,
    begin: FrameNumber,
    next: FrameNumber,
    last: FrameNumber,
    inputs: Vec<InputInfo>,
    data: Vec<u8>,
}

impl Source for Remembered {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        // Held for one frame, so that the one who captures never waits for long.
        let place = lock(&self.ring).frame(self.next, &mut self.data);
        let Some(place) = place.filter(|place| place.number <= self.last) else {
            return Ok(Next::End);
        };
        self.next = FrameNumber(place.number.0.saturating_add(1));
        Ok(Next::Frame(Frame {
            number: place.number,
            time: place.time,
            link: place.link,
            interface: place.interface,
            wire_len: place.wire_len,
            data: &self.data,
        }))
    }

    fn inputs(&self) -> &[InputInfo] {
        &self.inputs
    }

    /// In frames: how far it has come is all that is asked.
    fn progress(&self) -> Progress {
        let since_begin = |number: FrameNumber| number.0.saturating_sub(self.begin.0);
        Progress {
            bytes_read: since_begin(self.next),
            bytes_total: Some(since_begin(self.last).saturating_add(1)),
            ..Progress::default()
        }
    }

    fn drops(&mut self) -> Drops {
        Drops::default()
    }
}

/// A source whose frames are remembered for a while.
pub struct Remembering {
    source: Box<dyn Source>,
    ring: Arc<Mutex<Ring>>,
    /// Interfaces that the ring knows of.
    interfaces: usize,
}

impl fmt::Debug for Remembering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remembering").field(&self.ring).finish()
    }
}

impl Remembering {
    /// Remembers the latest frames of `source`, so many bytes of them: where the source itself
    /// has no way to read again.
    pub fn new(source: Box<dyn Source>, budget: usize) -> (Self, Again) {
        let ring = Arc::new(Mutex::new(Ring {
            budget,
            ..Ring::default()
        }));
        let again = Again(Kind::Memory(Arc::clone(&ring)));
        let remembering = Self {
            source,
            ring,
            interfaces: usize::MAX,
        };
        (remembering, again)
    }
}

impl Source for Remembering {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        let inputs = self.source.inputs();
        let interfaces = inputs.iter().map(|input| input.interfaces.len()).sum();
        if self.interfaces != interfaces {
            self.interfaces = interfaces;
            lock(&self.ring).inputs = inputs.to_vec();
        }
        let next = self.source.next_frame()?;
        if let Next::Frame(frame) = &next {
            lock(&self.ring).push(frame);
        }
        Ok(next)
    }

    fn begin(&mut self) -> Result<(), CaptureError> {
        self.source.begin()
    }

    fn stop(&mut self) {
        self.source.stop();
    }

    fn inputs(&self) -> &[InputInfo] {
        self.source.inputs()
    }

    fn interface(&self, index: InterfaceIndex) -> Option<&InterfaceInfo> {
        self.source.interface(index)
    }

    fn progress(&self) -> Progress {
        self.source.progress()
    }

    fn drops(&mut self) -> Drops {
        self.source.drops()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::memory::Memory;
    use crate::capture::memory::StoredFrame;

    fn read(again: &Again, first: u64, last: u64, before: u64) -> Result<Vec<(u64, u8)>, Lost> {
        let mut got = Vec::new();
        again.read(FrameNumber(first), FrameNumber(last), before, &mut |step| {
            if let Step::Frame(frame) = step {
                assert!(frame.data.iter().all(|byte| *byte == frame.data[0]));
                got.push((frame.number.0, frame.data[0]));
            }
            ControlFlow::Continue(())
        })?;
        Ok(got)
    }

    #[test]
    fn the_latest_frames_of_a_source_stay_within_the_budget() {
        let frames = (1..=100)
            .map(|number| StoredFrame::ethernet(Timestamp(i64::from(number)), vec![number; 1000]))
            .collect();
        let of_frame = 1000 + size_of::<Place>();
        let (mut source, again) = Remembering::new(Box::new(Memory::new(frames)), of_frame * 10);
        let mut most = 0;
        while let Ok(Next::Frame(_)) = source.next_frame() {
            most = most.max(lock(&source.ring).weight());
        }
        assert!(most <= of_frame * 10, "{most}");
        assert_eq!(read(&again, 95, 96, 0).unwrap(), [(95, 95), (96, 96)]);
        assert_eq!(
            read(&again, 95, 95, 1500).unwrap(),
            [(94, 94), (95, 95)],
            "no frame is cut"
        );
        assert_eq!(read(&again, 99, 200, 0).unwrap(), [(99, 99), (100, 100)]);
        assert!(matches!(read(&again, 80, 100, 0), Err(Lost::Gone { .. })));
        assert!(!again.relieve(), "little is kept already");
    }

    #[test]
    fn when_memory_is_short_the_older_half_is_forgotten() {
        let frames = (1..=40)
            .map(|number| StoredFrame::ethernet(Timestamp(0), vec![number; 100_000]))
            .collect();
        let (mut source, again) = Remembering::new(Box::new(Memory::new(frames)), REMEMBERED);
        while let Ok(Next::Frame(_)) = source.next_frame() {}
        assert!(read(&again, 1, 1, 0).is_ok());
        assert!(again.relieve());
        assert!(read(&again, 1, 1, 0).is_err());
        assert!(read(&again, 30, 40, 0).is_ok());
        while again.relieve() {}
        assert!(read(&again, 40, 40, 0).is_ok());
    }
}
