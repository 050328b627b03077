//! Compressed capture files: gzip, zstd and lz4, decompressed on a thread of their own.
//!
//! Inflating costs ten times what decoding does, so the two run side by side. A fixed number of
//! buffers goes round between them: however much a file unpacks to, no more than these is held.

use std::io;
use std::io::Read;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::channel;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::supply::MOMENT;
use super::supply::Supply;
use super::window::Window;
use crate::capture::info::Compression;

/// Size of one buffer: enough that handing it over costs nothing beside filling it.
const BUFFER_LEN: usize = 256 * 1024;

/// How many buffers go round: one on each side and two between them to even out bursts.
const BUFFERS: usize = 4;

/// Largest window of a zstd frame, as a power of two: what the zstd program itself accepts unless
/// told otherwise. It bounds the memory a file can ask for (128 MiB).
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// How many bytes are needed to recognise a compression.
pub(super) const MAGIC_LEN: usize = 4;

/// What the first bytes of a member say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Of(Compression),
    /// An lz4 frame of the first format, which has no end mark.
    Lz4Legacy,
    /// A frame for the user's own data, which zstd and lz4 share.
    Skippable,
}

/// The compression that data which begin like this have. A skippable frame in front counts as
/// zstd: parallel zstd programs write one.
pub(super) fn recognise(bytes: &[u8]) -> Option<Compression> {
    Some(match member(bytes)? {
        Member::Of(compression) => compression,
        Member::Lz4Legacy => Compression::Lz4,
        Member::Skippable => Compression::Zstd,
    })
}

fn member(bytes: &[u8]) -> Option<Member> {
    Some(match *bytes.first_chunk::<MAGIC_LEN>()? {
        // RFC 1952 section 2.3.1: the third byte is the method, and deflate is the only one.
        [0x1F, 0x8B, 8, _] => Member::Of(Compression::Gzip),
        [0x28, 0xB5, 0x2F, 0xFD] => Member::Of(Compression::Zstd),
        [0x04, 0x22, 0x4D, 0x18] => Member::Of(Compression::Lz4),
        [0x02, 0x21, 0x4C, 0x18] => Member::Lz4Legacy,
        [0x50..=0x5F, 0x2A, 0x4D, 0x18] => Member::Skippable,
        _ => return None,
    })
}

/// Reads what `compressed` unpacks to. An error of the kind [`io::ErrorKind::UnexpectedEof`] says
/// that the compressed data end too early, [`io::ErrorKind::InvalidData`] that they are damaged;
/// any other came from reading them.
pub(super) fn decompress(compressed: Window) -> io::Result<Box<dyn Supply>> {
    let may_wait = compressed.may_wait();
    let (full, from_thread) = sync_channel(BUFFERS);
    let (to_thread, empty) = channel();
    thread::Builder::new()
        .name("decompress".to_owned())
        .spawn(move || {
            let mut worker = Worker {
                compressed,
                full,
                empty,
                buffers: 0,
            };
            // The reader may be gone: then nobody is left to tell.
            if let Err(Stop::Failed(error)) = worker.run() {
                let _ = worker.full.send(Err(error));
            } else {
                let _ = worker.full.send(Ok(Vec::new()));
            }
        })?;
    Ok(Box::new(Decompressed {
        full: from_thread,
        empty: to_thread,
        next: None,
        current: Vec::new(),
        at: 0,
        ended: false,
        may_wait,
    }))
}

/// A filled buffer; an empty one at the end.
type Parcel = io::Result<Vec<u8>>;

/// The side that is read from.
struct Decompressed {
    full: Receiver<Parcel>,
    empty: Sender<Vec<u8>>,
    /// What came while somebody waited.
    next: Option<Parcel>,
    current: Vec<u8>,
    at: usize,
    ended: bool,
    may_wait: bool,
}

impl Supply for Decompressed {
    fn may_wait(&self) -> bool {
        self.may_wait
    }

    fn is_ready(&mut self) -> bool {
        if self.at < self.current.len() || self.ended || self.next.is_some() {
            return true;
        }
        match self.full.recv_timeout(MOMENT) {
            Ok(parcel) => {
                self.next = Some(parcel);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        }
    }
}

impl Read for Decompressed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.current.len() && !self.ended {
            let used = std::mem::take(&mut self.current);
            if used.capacity() > 0 {
                // A thread that has ended needs no buffers any more.
                let _ = self.empty.send(used);
            }
            self.at = 0;
            let parcel = self.next.take().map_or_else(|| self.full.recv(), Ok);
            self.current = match parcel {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(error)) => {
                    self.ended = true;
                    return Err(error);
                }
                Err(_) => {
                    self.ended = true;
                    return Err(invalid("the decompressor gave up".to_owned()));
                }
            };
            self.ended = self.current.is_empty();
        }
        let got = self.current.get(self.at..).unwrap_or_default().read(buf)?;
        self.at = self.at.saturating_add(got);
        Ok(got)
    }
}

/// The side that decompresses.
struct Worker {
    compressed: Window,
    full: SyncSender<Parcel>,
    empty: Receiver<Vec<u8>>,
    /// How many buffers were made.
    buffers: usize,
}

/// Why the worker stops before the end.
enum Stop {
    /// Nobody reads any more.
    Unread,
    Failed(io::Error),
}

impl Worker {
    /// All members one after the other, of whatever compression each is.
    fn run(&mut self) -> Result<(), Stop> {
        while self.compressed.fill(MAGIC_LEN) {
            match member(self.compressed.available()) {
                Some(Member::Skippable) => self.skip_frame()?,
                Some(member) => self.member(member)?,
                // Tapes and some storage pad files with zeros.
                None if self.compressed.available().first() == Some(&0) => {
                    self.compressed.consume(1);
                }
                None => return Err(Stop::Failed(invalid(self.garbage()))),
            }
        }
        let left = self.compressed.available();
        if left.iter().any(|byte| *byte != 0) {
            return Err(Stop::Failed(invalid(self.garbage())));
        }
        match self.compressed.take_trouble() {
            Some(trouble) => Err(Stop::Failed(trouble)),
            None => Ok(()),
        }
    }

    fn garbage(&self) -> String {
        format!(
            "what follows at byte {} is not compressed",
            self.compressed.offset()
        )
    }

    fn skip_frame(&mut self) -> Result<(), Stop> {
        const HEADER_LEN: usize = 8;

        self.compressed.fill(HEADER_LEN);
        let len = self
            .compressed
            .available()
            .get(MAGIC_LEN..)
            .and_then(|bytes| bytes.first_chunk::<4>())
            .map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
        let whole = len.saturating_add(HEADER_LEN as u64);
        if self.compressed.skip(whole) < whole {
            return Err(Stop::Failed(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(())
    }

    fn member(&mut self, member: Member) -> Result<(), Stop> {
        let Self {
            compressed,
            full,
            empty,
            buffers,
        } = self;
        let mut pump = |decoder: &mut dyn Read| pump(decoder, full, empty, buffers);
        let outcome = match member {
            Member::Of(Compression::Gzip) => {
                pump(&mut flate2::bufread::GzDecoder::new(&mut *compressed))
            }
            Member::Of(Compression::Zstd) => {
                let decoder = zstd::stream::read::Decoder::with_buffer(&mut *compressed)
                    .and_then(|mut decoder| {
                        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                        Ok(decoder.single_frame())
                    })
                    .map_err(Stop::Failed);
                decoder.and_then(|mut decoder| pump(&mut decoder))
            }
            Member::Of(Compression::Lz4) | Member::Lz4Legacy | Member::Skippable => {
                let mut watched = Watched {
                    input: &mut *compressed,
                    met_end: false,
                };
                let outcome = pump(&mut lz4_flex::frame::FrameDecoder::new(&mut watched));
                // The decoder takes the end of the input for the end of the frame.
                let cut = watched.met_end && member != Member::Lz4Legacy;
                match outcome {
                    Ok(()) if cut => Err(Stop::Failed(io::ErrorKind::UnexpectedEof.into())),
                    outcome => outcome,
                }
            }
        };
        match outcome {
            Err(Stop::Failed(error))
                if error.kind() != io::ErrorKind::UnexpectedEof && !compressed.failed() =>
            {
                let mut what = error.to_string();
                if what.contains("too much memory") {
                    what.push_str(" (unpack it first: `zstd -dc --long=31 FILE | rtmpscope -`)");
                }
                Err(Stop::Failed(invalid(what)))
            }
            outcome => outcome,
        }
    }
}

/// Sends off everything a decoder yields.
fn pump(
    decoder: &mut dyn Read,
    full: &SyncSender<Parcel>,
    empty: &Receiver<Vec<u8>>,
    buffers: &mut usize,
) -> Result<(), Stop> {
    loop {
        let mut buffer = if *buffers < BUFFERS {
            *buffers = buffers.saturating_add(1);
            Vec::with_capacity(BUFFER_LEN)
        } else {
            empty.recv().map_err(|_| Stop::Unread)?
        };
        buffer.resize(BUFFER_LEN, 0);
        let outcome = loop {
            match decoder.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        let got = *outcome.as_ref().unwrap_or(&0);
        if got == 0 {
            // Back into the round, for the next member.
            *buffers = buffers.saturating_sub(1);
            return outcome.map(|_| ()).map_err(Stop::Failed);
        }
        buffer.truncate(got);
        full.send(Ok(buffer)).map_err(|_| Stop::Unread)?;
    }
}

/// Notices when a decoder asks for more than there is.
struct Watched<'a> {
    input: &'a mut Window,
    met_end: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.input.read(buf)?;
        self.met_end |= got == 0 && !buf.is_empty();
        Ok(got)
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
