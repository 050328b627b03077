//! Where in the files frames lie: milestones that [`super::Files`] leaves behind while it reads, and
//! reading from one of them on again.
//!
//! A milestone remembers the number of the frame behind it, its position in the (unpacked) file,
//! and what its reader knew there: byte order, and of pcapng the interfaces of the section.

use std::fs::File;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::Reader;
use super::compress;
use super::record::Notes;
use super::supply::Steady;
use super::window::Window;
use crate::base::ids::FrameNumber;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::again::Lost;
use crate::capture::again::Step;
use crate::capture::info::InputName;

/// Bytes between two milestones, at first: read in a millisecond.
pub(super) const STEP: u64 = 1 << 20;

/// Most milestones. Beyond them every other one is dropped, and the steps become twice as long:
/// two megabytes for a capture of any size.
const MAX_MILESTONES: usize = 32_768;

/// Most interfaces in what is remembered of readers. A pcapng file that describes interfaces
/// again and again gets no more milestones, and is read from the last one.
const MAX_INTERFACES: usize = 65_536;

/// Frames between two looks at the position: a look costs as much as a small frame does.
const LOOK_EVERY: u64 = 64;

/// Most bytes that are unpacked to get to a frame of a compressed file: some ten seconds.
const MAX_UNPACKED: u64 = 8 << 30;

/// Bytes unpacked between two words of how far it is.
const PASSED_STEP: u64 = 4 << 20;

/// Faults of an input that are passed over: they were told when it was read first.
const MAX_FAULTS: u32 = 64;

/// A trail, shared by who leaves it and who follows it.
#[derive(Debug, Clone)]
pub(in crate::capture) struct Trail(Arc<Mutex<Milestones>>);

#[derive(Debug, Default)]
struct Milestones {
    inputs: Vec<Known>,
    readers: Vec<Reader>,
    interfaces: usize,
    stones: Vec<Milestone>,
    step: u64,
}

/// A file as it was when it was read first.
#[derive(Debug, Clone)]
struct Known {
    path: PathBuf,
    device: u64,
    inode: u64,
    is_compressed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Milestone {
    /// The frame behind it.
    frame: u64,
    offset: u64,
    input: usize,
    reader: usize,
}

/// What the reader of the files keeps for it.
#[derive(Debug)]
pub(super) struct Walker {
    trail: Trail,
    look: u64,
    next: u64,
    step: u64,
    interface: InterfaceIndex,
}

impl Walker {
    pub(super) fn new(step: u64) -> Self {
        Self {
            trail: Trail(Arc::new(Mutex::new(Milestones {
                step,
                ..Milestones::default()
            }))),
            look: 0,
            next: 0,
            step,
            interface: InterfaceIndex::FIRST,
        }
    }

    pub(super) fn trail(&self) -> Trail {
        self.trail.clone()
    }

    /// An input was opened.
    pub(super) fn opened(&mut self, path: PathBuf, metadata: &std::fs::Metadata) {
        self.trail.lock().inputs.push(Known {
            path,
            device: metadata.dev(),
            inode: metadata.ino(),
            is_compressed: false,
        });
    }

    /// Its first frame comes next.
    pub(super) fn begins(
        &mut self,
        frames: u64,
        is_compressed: bool,
        window: &Window,
        reader: &Reader,
        notes: &Notes,
    ) {
        if let Some(known) = self.trail.lock().inputs.last_mut() {
            known.is_compressed = is_compressed;
        }
        self.leave(frames, window.offset(), true, reader, notes);
    }

    /// So many frames were read.
    #[inline]
    pub(super) fn passed(&mut self, frames: u64, window: &Window, reader: &Reader, notes: &Notes) {
        if frames < self.look {
            return;
        }
        self.look = frames.saturating_add(LOOK_EVERY);
        let offset = window.offset();
        if offset >= self.next {
            self.leave(frames, offset, false, reader, notes);
        }
    }

    #[cold]
    fn leave(&mut self, frames: u64, offset: u64, is_first: bool, reader: &Reader, notes: &Notes) {
        self.next = offset.saturating_add(self.step);
        self.look = frames.saturating_add(LOOK_EVERY);
        let interface = notes.next_interface();
        let is_known = !is_first && interface == self.interface;
        if interface == InterfaceIndex::UNLISTED {
            // Whether there are new ones is not told any more.
            return;
        }
        let mut guard = self.trail.lock();
        let milestones = &mut *guard;
        if !is_known {
            let count = reader.interfaces();
            if milestones.interfaces.saturating_add(count) > MAX_INTERFACES && !is_first {
                return;
            }
            milestones.interfaces = milestones.interfaces.saturating_add(count);
            milestones.readers.push(reader.clone());
            self.interface = interface;
        }
        milestones.stones.push(Milestone {
            frame: frames.saturating_add(1),
            offset,
            input: milestones.inputs.len().saturating_sub(1),
            reader: milestones.readers.len().saturating_sub(1),
        });
        if milestones.stones.len() > MAX_MILESTONES {
            milestones.thin_out();
        }
        self.step = milestones.step;
    }
}

impl Milestones {
    /// Drops every other milestone, but the first of an input.
    fn thin_out(&mut self) {
        let mut input = None;
        let mut odd = false;
        self.stones.retain(|stone| {
            odd = !odd;
            odd || input.replace(stone.input) != Some(stone.input)
        });
        self.step = self.step.saturating_mul(2);
    }
}

impl Trail {
    fn lock(&self) -> MutexGuard<'_, Milestones> {
        // A thread that panicked has left whole milestones behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the last milestone that lies `before` bytes before the frame `first`.
    pub(in crate::capture) fn read(
        &self,
        first: FrameNumber,
        last: FrameNumber,
        before: u64,
        take: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(), Lost> {
        let (mut number, end) = {
            let milestones = self.lock();
            let at = milestones
                .stones
                .partition_point(|stone| stone.frame <= first.0)
                .saturating_sub(1);
            let back = before.div_ceil(milestones.step.max(1));
            let back = usize::try_from(back).unwrap_or(usize::MAX);
            (at.saturating_sub(back), milestones.inputs.len())
        };
        loop {
            let (stone, reader, known, following) = {
                let milestones = self.lock();
                let Some(stone) = milestones.stones.get(number).copied() else {
                    return Ok(());
                };
                let rest = milestones.stones.get(number..).unwrap_or_default();
                let later = rest.iter().position(|later| later.input != stone.input);
                let (Some(reader), Some(known)) = (
                    milestones.readers.get(stone.reader).cloned(),
                    milestones.inputs.get(stone.input).cloned(),
                ) else {
                    return Ok(());
                };
                (stone, reader, known, later)
            };
            if stone.frame > last.0 {
                return Ok(());
            }
            if from_milestone(stone, reader, &known, last, take)?.is_break() {
                return Ok(());
            }
            match following {
                Some(later) if stone.input < end => number = number.saturating_add(later),
                _ => return Ok(()),
            }
        }
    }
}

/// Reads to the end of the input or the last frame.
fn from_milestone(
    stone: Milestone,
    mut reader: Reader,
    known: &Known,
    last: FrameNumber,
    take: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Lost> {
    let mut window = match open(stone, known, take)? {
        ControlFlow::Continue(window) => window,
        ControlFlow::Break(()) => return Err(Lost::Stopped),
    };
    let mut notes = Notes::default();
    let mut number = stone.frame;
    let mut faults = 0_u32;
    while number <= last.0 {
        match reader.next(&mut window, &mut notes) {
            Ok(Some(record)) => {
                let frame = Frame {
                    number: FrameNumber(number),
                    time: record.time,
                    link: record.link,
                    interface: record.interface,
                    wire_len: record.wire_len,
                    data: window.taken(record.at, record.len),
                };
                number = number.saturating_add(1);
                if take(Step::Frame(&frame)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(None) => return Ok(ControlFlow::Continue(())),
            Err(_) => {
                faults = faults.saturating_add(1);
                if faults > MAX_FAULTS {
                    return Ok(ControlFlow::Continue(()));
                }
            }
        }
    }
    Ok(ControlFlow::Break(()))
}

/// The input from a milestone on.
fn open(
    stone: Milestone,
    known: &Known,
    take: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Window>, Lost> {
    let name = || InputName::new(known.path.to_string_lossy());
    let unreadable = |error| Lost::Unreadable(name(), error);
    let mut file = File::open(&known.path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if (metadata.dev(), metadata.ino()) != (known.device, known.inode) {
        return Err(Lost::Changed(name()));
    }
    if !known.is_compressed {
        if metadata.len() < stone.offset {
            return Err(Lost::Changed(name()));
        }
        file.seek(SeekFrom::Start(stone.offset))
            .map_err(unreadable)?;
        return Ok(ControlFlow::Continue(Window::new(Box::new(Steady(file)))));
    }
    if stone.offset > MAX_UNPACKED {
        return Err(Lost::TooFar {
            input: name(),
            at: stone.offset,
        });
    }
    let packed = Window::new(Box::new(Steady(file)));
    let mut window = Window::new(compress::decompress(packed).map_err(unreadable)?);
    let mut passed = 0_u64;
    while passed < stone.offset {
        let step = PASSED_STEP.min(stone.offset.saturating_sub(passed));
        if window.skip(step) < step {
            return Err(Lost::Changed(name()));
        }
        passed = passed.saturating_add(step);
        let word = Step::Passed {
            bytes: passed,
            of: stone.offset,
        };
        if take(word).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(window))
}
