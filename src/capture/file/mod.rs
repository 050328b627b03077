//! Capture files: pcap and pcapng, plain or compressed, from paths or a pipe, one after the other.

mod block;
mod compress;
mod foreign;
mod options;
mod pcap;
mod pcapng;
mod record;
mod section;
mod supply;
#[cfg(test)]
mod tests;
pub(in crate::capture) mod trail;
mod window;

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use block::Leader;
use compress::MAGIC_LEN;
use nom::number::Endianness;
use pcap::FILE_HEADER_LEN;
use pcap::FileHeader;
use pcap::PcapReader;
use pcapng::PcapNgReader;
use record::Fault;
use record::Notes;
use record::Record;
use supply::Counted;
use supply::Pipe;
use supply::Steady;
use supply::Supply;
use trail::Walker;
use window::Window;

use crate::base::ids::FrameNumber;
use crate::capture::Frame;
use crate::capture::Next;
use crate::capture::Source;
use crate::capture::again::Again;
use crate::capture::bpf::Filter;
use crate::capture::error::Aftermath;
use crate::capture::error::CaptureError;
use crate::capture::info::Compression;
use crate::capture::info::Drops;
use crate::capture::info::Format;
use crate::capture::info::InputInfo;
use crate::capture::info::InputName;
use crate::capture::info::Progress;

/// How many bytes are looked at to say what a file is that is no capture.
const FOREIGN_LEN: usize = 64;

/// What a file is by its first bytes, before any packet of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// A capture.
    Capture,
    /// Something compressed, as captures are, too.
    Compressed,
    /// Something else.
    Foreign,
}

impl Begin {
    /// How many bytes tell.
    pub const LEN: usize = MAGIC_LEN;

    /// What begins like this.
    pub fn of(bytes: &[u8]) -> Self {
        // The type of a pcapng section header reads the same in both orders of bytes.
        let is_section = bytes.starts_with(&block::BlockType::SECTION_HEADER.0.to_le_bytes());
        if is_section || FileHeader::is_magic(bytes) {
            Self::Capture
        } else if compress::recognise(bytes).is_some() {
            Self::Compressed
        } else {
            Self::Foreign
        }
    }
}

/// A file to read.
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file, FIFO or device of this name.
    Path(PathBuf),
    /// Anything else that yields the bytes of a capture file, with a name for messages.
    Reader(InputName, Box<dyn Read + Send>),
}

impl Input {
    /// An input as named on the command line: `-` is standard input.
    pub fn named(name: impl Into<PathBuf>) -> Self {
        let path = name.into();
        if path.as_os_str() == InputName::STDIN {
            Self::Stdin
        } else {
            Self::Path(path)
        }
    }

    fn name(&self) -> InputName {
        match self {
            Self::Stdin => InputName::new(InputName::STDIN),
            Self::Path(path) => InputName::new(path.to_string_lossy()),
            Self::Reader(name, _) => name.clone(),
        }
    }

    /// How many bytes there are, where that is known beforehand. A file that cannot be opened
    /// has none to read.
    fn size(&self) -> Option<u64> {
        let metadata = match self {
            Self::Stdin => stdin().and_then(|file| file.metadata()),
            Self::Path(path) => path.metadata(),
            Self::Reader(..) => return None,
        };
        match metadata {
            Ok(metadata) if metadata.is_file() => Some(metadata.len()),
            Ok(_) => None,
            Err(_) => Some(0),
        }
    }

    fn open(self) -> io::Result<Box<dyn Supply>> {
        let file = match self {
            Self::Stdin => stdin()?,
            Self::Path(path) => File::open(path)?,
            Self::Reader(_, reader) => return Ok(Box::new(Steady(reader))),
        };
        Ok(if file.metadata()?.is_file() {
            Box::new(Steady(file))
        } else {
            Box::new(Pipe(file))
        })
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Input").field(&self.name()).finish()
    }
}

/// Standard input without the small buffer that the standard library puts before it.
#[cfg(unix)]
fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd as _;

    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    Ok(File::from(stdin))
}

/// Frames of capture files, read in the order given.
#[derive(Debug)]
pub struct Files {
    waiting: VecDeque<Input>,
    current: Option<OpenFile>,
    notes: Notes,
    frames: u64,
    bytes_read: Arc<AtomicU64>,
    bytes_total: Option<u64>,
    filter: Option<Filter>,
    walker: Option<Walker>,
    turn: Turn,
}

/// Which of several inputs is read: to be asked while a frame of it is looked at.
#[derive(Debug, Clone, Default)]
pub struct Turn(Arc<AtomicU64>);

impl Turn {
    /// How many inputs have had their turn, the one that is read now included.
    pub fn number(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What reading on came to.
#[derive(Debug)]
enum Step {
    /// A frame.
    Record(Record),
    /// Nothing for a moment.
    Idle,
    /// All inputs are read.
    End,
}

#[derive(Debug)]
struct OpenFile {
    window: Window,
    reader: Reader,
}

#[derive(Debug, Clone)]
enum Reader {
    Pcap(PcapReader),
    PcapNg(PcapNgReader),
}

impl Reader {
    #[inline]
    fn next(&mut self, window: &mut Window, notes: &mut Notes) -> Result<Option<Record>, Fault> {
        match self {
            Self::Pcap(reader) => reader.next(window),
            Self::PcapNg(reader) => reader.next(window, notes),
        }
    }
}

impl Reader {
    /// Interfaces that it remembers.
    fn interfaces(&self) -> usize {
        match self {
            Self::Pcap(_) => 1,
            Self::PcapNg(reader) => reader.interfaces(),
        }
    }

    /// Whether there is no need to read for the next step: it is all there, or it is the end.
    fn has_next(&self, available: &[u8]) -> bool {
        match self {
            Self::Pcap(reader) => reader.has_next(available),
            Self::PcapNg(reader) => reader.has_next(available),
        }
    }
}

impl Files {
    /// Reads these inputs. None is opened before its turn comes.
    pub fn new(inputs: impl IntoIterator<Item = Input>) -> Self {
        let waiting: VecDeque<Input> = inputs.into_iter().collect();
        let bytes_total = waiting
            .iter()
            .map(Input::size)
            .try_fold(0_u64, |sum, size| sum.checked_add(size?));
        Self {
            waiting,
            current: None,
            notes: Notes::default(),
            frames: 0,
            bytes_read: Arc::default(),
            bytes_total,
            filter: None,
            walker: None,
            turn: Turn::default(),
        }
    }

    /// Tells which of the inputs is read.
    pub fn turn(&self) -> Turn {
        self.turn.clone()
    }

    /// A way to read frames again, with so many bytes between the places that can be read from;
    /// `None` where an input is no regular file.
    pub(crate) fn trail_every(&mut self, step: u64) -> Option<Again> {
        let is_regular = |input: &Input| match input {
            Input::Path(path) => path.metadata().is_ok_and(|metadata| metadata.is_file()),
            Input::Stdin | Input::Reader(..) => false,
        };
        if !self.waiting.iter().all(is_regular) {
            return None;
        }
        let walker = Walker::new(step);
        let again = Again::of_files(walker.trail());
        self.walker = Some(walker);
        Some(again)
    }

    /// Gives out only the frames that a filter accepts. They keep the numbers they have in the
    /// files, so that they can be found there.
    #[must_use]
    pub fn filtered(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// TLS key log lines that came with the captures (pcapng decryption secrets blocks).
    pub fn secrets(&self) -> &[u8] {
        &self.notes.secrets
    }

    /// Opens the next input; false when there is none left.
    fn open_next(&mut self) -> Result<bool, CaptureError> {
        let Some(input) = self.waiting.pop_front() else {
            return Ok(false);
        };
        self.turn.0.fetch_add(1, Ordering::Relaxed);
        let name = input.name();
        self.notes.inputs.push(InputInfo::new(name.clone()));
        if let (Some(walker), Input::Path(path)) = (&mut self.walker, &input)
            && let Ok(metadata) = path.metadata()
        {
            walker.opened(path.clone(), &metadata);
        }
        let opened = input.open().map_err(|cause| CaptureError::Unreadable {
            input: name,
            offset: 0,
            cause,
        })?;
        let counted = Counted {
            input: opened,
            count: Arc::clone(&self.bytes_read),
        };
        let mut window = Window::new(Box::new(counted));
        window.fill(MAGIC_LEN);
        if let Some(compression) = compress::recognise(window.available()) {
            self.notes
                .update(|info| info.compression = Some(compression));
            let decompressed = compress::decompress(window)
                .map_err(|cause| self.unreadable(0, cause, Some(compression)))?;
            window = Window::new(decompressed);
        }
        let reader = self.recognise(&mut window)?;
        let is_compressed = self.compression().is_some();
        if let Some(walker) = &mut self.walker {
            walker.begins(self.frames, is_compressed, &window, &reader, &self.notes);
        }
        self.current = Some(OpenFile { window, reader });
        Ok(true)
    }

    /// Finds out the format of what is in the window, by its first bytes.
    fn recognise(&mut self, window: &mut Window) -> Result<Reader, CaptureError> {
        window.fill(MAGIC_LEN);
        if FileHeader::is_magic(window.available()) {
            return self.pcap(window);
        }
        let is_pcapng = window.fill(block::MIN_BLOCK_LEN)
            && Leader::parse(window.available(), Endianness::Little)
                .is_some_and(|leader| leader.kind == block::BlockType::SECTION_HEADER);
        if is_pcapng {
            self.notes.update(|info| info.format = Some(Format::PcapNg));
            return Ok(Reader::PcapNg(PcapNgReader::new()));
        }
        window.fill(FOREIGN_LEN);
        if let Some(trouble) = window.take_trouble() {
            return Err(self.unreadable(window.offset(), trouble, self.compression()));
        }
        let start = window.available();
        let mut found = foreign::describe(start.get(..FOREIGN_LEN).unwrap_or(start));
        if let Some(compression) = self.compression() {
            found = format!("of what is in the {compression} data: {found}");
        }
        Err(CaptureError::NotACapture {
            input: self.name(),
            found,
        })
    }

    fn pcap(&mut self, window: &mut Window) -> Result<Reader, CaptureError> {
        /// The only major version there ever was.
        const MAJOR: u16 = 2;

        self.notes.update(|info| info.format = Some(Format::Pcap));
        if !window.fill(FILE_HEADER_LEN) {
            let fault = Fault::CutShort {
                offset: 0,
                what: "the file header",
                expected: FILE_HEADER_LEN as u64,
                got: window.available().len() as u64,
            };
            return Err(self.error(fault, window.take_trouble(), window.offset()));
        }
        let header = FileHeader::parse(window.available())
            .ok()
            .map(|(_, header)| header);
        window.consume(FILE_HEADER_LEN);
        match header {
            Some(header) if header.major == MAJOR => {
                let interface = self.notes.next_interface();
                self.notes.update(|info| {
                    info.format = Some(header.format());
                    info.interfaces.push(header.interface());
                });
                Ok(Reader::Pcap(PcapReader::new(&header, interface)))
            }
            Some(header) => Err(CaptureError::NotACapture {
                input: self.name(),
                found: format!(
                    "it is a pcap file of version {}.{} (2.x is known)",
                    header.major, header.minor
                ),
            }),
            None => Err(CaptureError::NotACapture {
                input: self.name(),
                found: "its pcap header makes no sense".to_owned(),
            }),
        }
    }

    /// The next frame in whatever way it is to be had.
    #[inline(never)]
    fn next_record(&mut self) -> Result<Step, CaptureError> {
        loop {
            let Some(OpenFile { window, reader }) = &mut self.current else {
                if self.open_next()? {
                    continue;
                }
                return Ok(Step::End);
            };
            if window.may_wait() && !reader.has_next(window.available()) && !window.is_ready() {
                return Ok(Step::Idle);
            }
            match reader.next(window, &mut self.notes) {
                Ok(Some(record)) => {
                    self.frames = self.frames.saturating_add(1);
                    if let Some(walker) = &mut self.walker {
                        walker.passed(self.frames, window, reader, &self.notes);
                    }
                    let Some(filter) = &mut self.filter else {
                        return Ok(Step::Record(record));
                    };
                    if filter.accepts(record.link, window.taken(record.at, record.len))? {
                        return Ok(Step::Record(record));
                    }
                }
                Ok(None) => self.close()?,
                Err(fault) => {
                    let trouble = match fault {
                        Fault::CutShort { .. } => window.take_trouble(),
                        Fault::Damaged { .. } => None,
                    };
                    let at = window.offset();
                    return Err(self.error(fault, trouble, at));
                }
            }
        }
    }

    /// Leaves the current input behind.
    fn close(&mut self) -> Result<(), CaptureError> {
        let Some(mut open) = self.current.take() else {
            return Ok(());
        };
        if let Reader::PcapNg(reader) = &mut open.reader {
            reader.finish(&mut self.notes);
        }
        match open.window.take_trouble() {
            Some(trouble) => {
                Err(self.unreadable(open.window.offset(), trouble, self.compression()))
            }
            None => Ok(()),
        }
    }

    fn name(&self) -> InputName {
        self.notes
            .inputs
            .last()
            .map_or_else(|| InputName::new(""), |info| info.name.clone())
    }

    fn compression(&self) -> Option<Compression> {
        self.notes.inputs.last()?.compression
    }

    /// A fault of the current input as the error it is. An input that seems cut short because it
    /// could not be read further is called by that cause.
    fn error(&self, fault: Fault, trouble: Option<io::Error>, at: u64) -> CaptureError {
        let compression = self.compression();
        match (fault, trouble) {
            (Fault::CutShort { .. }, Some(trouble)) => self.unreadable(at, trouble, compression),
            (
                Fault::CutShort {
                    offset,
                    what,
                    expected,
                    got,
                },
                None,
            ) => CaptureError::CutShort {
                input: self.name(),
                offset,
                what,
                expected,
                got,
                compression,
            },
            (
                Fault::Damaged {
                    offset,
                    what,
                    aftermath,
                },
                _,
            ) => CaptureError::Damaged {
                input: self.name(),
                offset,
                what,
                aftermath,
                compression,
            },
        }
    }

    /// Why the current input could not be read beyond `offset`.
    fn unreadable(
        &self,
        offset: u64,
        cause: io::Error,
        compression: Option<Compression>,
    ) -> CaptureError {
        let input = self.name();
        match (compression, cause.kind()) {
            (Some(compression), io::ErrorKind::UnexpectedEof) => {
                CaptureError::CompressionCutShort {
                    input,
                    compression,
                    offset,
                }
            }
            (Some(name), io::ErrorKind::InvalidData) => CaptureError::Damaged {
                input,
                offset,
                what: format!("the {name} data cannot be decompressed: {cause}"),
                aftermath: Aftermath::Stopped,
                compression,
            },
            _ => CaptureError::Unreadable {
                input,
                offset,
                cause,
            },
        }
    }
}

impl Source for Files {
    fn again(&mut self) -> Option<Again> {
        self.trail_every(trail::STEP)
    }

    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        // Nearly every frame of nearly every capture: it lies in the window as a whole, and nobody
        // asks anything about it.
        let found = match &mut self.current {
            Some(OpenFile {
                window,
                reader: Reader::Pcap(reader),
            }) if self.walker.is_none() && self.filter.is_none() => reader.buffered(window),
            _ => None,
        };
        let record = match found {
            Some(record) => {
                self.frames = self.frames.saturating_add(1);
                record
            }
            None => match self.next_record()? {
                Step::Record(record) => record,
                Step::Idle => return Ok(Next::Idle),
                Step::End => return Ok(Next::End),
            },
        };
        let data = self
            .current
            .as_ref()
            .map_or(&[][..], |open| open.window.taken(record.at, record.len));
        Ok(Next::Frame(Frame {
            number: FrameNumber(self.frames),
            time: record.time,
            link: record.link,
            interface: record.interface,
            wire_len: record.wire_len,
            data,
        }))
    }

    fn inputs(&self) -> &[InputInfo] {
        &self.notes.inputs
    }

    fn progress(&self) -> Progress {
        let bytes_read = self.bytes_read.load(Ordering::Relaxed);
        Progress {
            bytes_read,
            // A file may grow while it is read.
            bytes_total: self.bytes_total.map(|total| total.max(bytes_read)),
            frames: self.frames,
        }
    }

    fn drops(&mut self) -> Drops {
        self.notes.drops
    }
}
