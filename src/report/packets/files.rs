//! The files that packets are written to, one after the other.

use std::fs;
use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::PathBuf;

use crate::base::ids::FrameNumber;
use crate::base::text::Printable;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::capture::InterfaceIndex;
use crate::capture::info::Drops;
use crate::capture::info::InterfaceInfo;
use crate::capture::write::PcapngWriter;
use crate::capture::write::rotation::Rotation;

use super::Held;

/// Bytes that are written at once.
const BUFFER: usize = 256 * 1024;

/// What the files call their writer.
const APPLICATION: &str = concat!("rtmpscope ", env!("CARGO_PKG_VERSION"));

/// Why packets are no longer written.
#[derive(Debug, thiserror::Error)]
pub enum PacketFailure {
    /// A file cannot be made or written.
    #[error("{}: packets cannot be written: {cause}", Printable(&path.to_string_lossy()))]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// There were as many files as there may be: the end that was asked for.
    #[error("as many files as asked for are written")]
    Enough,
}

impl PacketFailure {
    /// Whether nothing went wrong: as much as asked for was written, or who reads it has had
    /// enough.
    pub fn is_quiet(&self) -> bool {
        match self {
            Self::Enough => true,
            Self::File { cause, .. } => cause.kind() == io::ErrorKind::BrokenPipe,
        }
    }
}

/// The file at hand, and how the next one is called.
#[derive(Debug)]
pub(super) struct PacketFiles {
    rotation: Rotation,
    path: PathBuf,
    writer: PcapngWriter<BufWriter<Sink>>,
    /// Bytes of the files before.
    before: u64,
}

/// A file, or standard output.
#[derive(Debug)]
enum Sink {
    File(File),
    Stdout(io::Stdout),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

impl PacketFiles {
    pub(super) fn open(
        path: PathBuf,
        mut rotation: Rotation,
        now: Timestamp,
    ) -> Result<Self, PacketFailure> {
        let path = if path.as_os_str() == "-" {
            path
        } else {
            rotation.next(now).ok_or(PacketFailure::Enough)?.open
        };
        let writer = begin(&path)?;
        Ok(Self {
            rotation,
            path,
            writer,
            before: 0,
        })
    }

    pub(super) fn write(
        &mut self,
        held: &Held,
        describe: &impl Fn(InterfaceIndex) -> Option<InterfaceInfo>,
    ) -> Result<(), PacketFailure> {
        if self.rotation.is_full(self.writer.bytes(), held.frame.time) {
            self.turn(held.frame.time)?;
        }
        self.rotation.note(held.frame.time);
        let written = self.append(held, describe);
        self.failed(written)
    }

    fn append(
        &mut self,
        held: &Held,
        describe: &impl Fn(InterfaceIndex) -> Option<InterfaceInfo>,
    ) -> io::Result<()> {
        if !self.writer.knows(held.frame.interface, held.frame.link) {
            let info = describe(held.frame.interface);
            self.writer
                .describe(held.frame.interface, held.frame.link, info.as_ref())?;
        }
        let frame = held.frame.numbered(FrameNumber::default());
        self.writer.write(&frame, &held.comments)
    }

    fn turn(&mut self, now: Timestamp) -> Result<(), PacketFailure> {
        self.flush()?;
        let turn = self.rotation.next(now).ok_or(PacketFailure::Enough)?;
        let next = begin(&turn.open)?;
        let full = std::mem::replace(&mut self.writer, next);
        self.before = self.before.saturating_add(full.bytes());
        self.path = turn.open;
        if let Some(path) = turn.delete {
            // One that somebody took away is gone as well.
            match fs::remove_file(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(PacketFailure::File { path, cause });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Bytes in all files so far.
    pub(super) fn bytes(&self) -> u64 {
        self.before.saturating_add(self.writer.bytes())
    }

    pub(super) fn clock_stepped(&mut self, by: Span) {
        self.rotation.clock_stepped(by);
    }

    pub(super) fn finish(&mut self, now: Timestamp, drops: &Drops) -> Result<(), PacketFailure> {
        let written = self.writer.statistics(now, drops);
        self.failed(written)?;
        self.flush()
    }

    pub(super) fn flush(&mut self) -> Result<(), PacketFailure> {
        let flushed = self.writer.flush();
        self.failed(flushed)
    }

    fn failed(&self, result: io::Result<()>) -> Result<(), PacketFailure> {
        result.map_err(|cause| PacketFailure::File {
            path: self.path.clone(),
            cause,
        })
    }
}

fn begin(path: &PathBuf) -> Result<PcapngWriter<BufWriter<Sink>>, PacketFailure> {
    let failed = |cause| PacketFailure::File {
        path: path.clone(),
        cause,
    };
    let sink = if path.as_os_str() == "-" {
        Sink::Stdout(io::stdout())
    } else {
        Sink::File(File::create(path).map_err(failed)?)
    };
    PcapngWriter::new(BufWriter::with_capacity(BUFFER, sink), APPLICATION).map_err(failed)
}
