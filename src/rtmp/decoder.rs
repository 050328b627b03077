//! The decoder of one direction: handshake, then chunks.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::chunk::ChunkDecoder;
use crate::rtmp::chunk::Skim;
use crate::rtmp::event::Event;
use crate::rtmp::handshake;
use crate::rtmp::handshake::HANDSHAKE_LEN;
use crate::rtmp::handshake::Handshake;
use crate::rtmp::queue::EventQueue;

/// How a direction is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecoderOptions {
    /// Whether the whole payload of media messages is kept, as extraction and a hex view need
    /// it, and not only their headers.
    pub keep_media: bool,
    /// What the first byte is.
    pub start: Start,
}

/// What the first byte given to a decoder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// C0 or S0: the capture has the connection from its begin.
    #[default]
    Handshake,
    /// The first byte of a chunk, with nothing before it: raw chunk streams.
    Chunks,
    /// Anything: the capture joined the connection late. The decoder looks for chunk headers and
    /// passes over what comes before.
    Midstream,
}

/// Decodes the RTMP of one direction without doing any input or output.
///
/// In the order of the bytes, call [`Self::push`] for those that were captured and
/// [`Self::gap`] for those that were not, and [`Self::finish`] at the end. Each adds what it
/// found to the queue; poll that dry after every call.
#[derive(Debug)]
#[repr(C)]
pub struct Decoder {
    /// Position of the byte expected next.
    position: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Handshake {
        handshake: Handshake,
        /// Position of the first byte.
        origin: u64,
        keep_media: bool,
    },
    Chunks(ChunkDecoder),
    Opaque,
}

impl Decoder {
    /// A decoder for the bytes from position `origin` on.
    pub fn new(origin: u64, options: DecoderOptions) -> Self {
        let keep_media = options.keep_media;
        let stage = match options.start {
            Start::Handshake => Stage::Handshake {
                handshake: Handshake::default(),
                origin,
                keep_media,
            },
            Start::Chunks => Stage::Chunks(ChunkDecoder::new(origin, keep_media)),
            Start::Midstream => Stage::Chunks(ChunkDecoder::midstream(origin, keep_media)),
        };
        Self {
            position: origin,
            stage,
        }
    }

    /// Bytes that came in. `offset` is the position of the first in its direction: what lies
    /// before the position reached is ignored, and what is left out counts as missing.
    pub fn push(&mut self, offset: u64, at: Mark, data: &[u8], out: &mut EventQueue) {
        let mut rest = data;
        if offset != self.position {
            self.gap(self.position, offset.saturating_sub(self.position), at, out);
            let known = self.position.saturating_sub(offset);
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            rest = data.get(known..).unwrap_or_default();
        }
        let count = u64::try_from(rest.len()).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(count);
        if let Stage::Handshake {
            handshake, origin, ..
        } = &mut self.stage
        {
            rest = handshake.push(at, rest, *origin, out);
            self.leave_handshake(at, out);
        }
        if let Stage::Chunks(chunks) = &mut self.stage {
            chunks.push(at, rest, out);
        }
    }

    /// The first bytes of the direction, from position 0 on, in memory that is no longer needed.
    pub fn begin(&mut self, at: Mark, bytes: Vec<u8>, out: &mut EventQueue) {
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let bytes = match &mut self.stage {
            Stage::Handshake { handshake, .. } if self.position == 0 => {
                match handshake.begin(at, bytes) {
                    Ok(()) => {
                        self.position = count;
                        return;
                    }
                    Err(bytes) => bytes,
                }
            }
            _ => bytes,
        };
        self.push(0, at, &bytes, out);
        out.recycle(bytes);
    }

    /// `len` bytes from position `offset` on were not captured. `at` is what told that.
    pub fn gap(&mut self, offset: u64, len: u64, at: Mark, out: &mut EventQueue) {
        let end = offset.saturating_add(len);
        let mut missing = end.saturating_sub(self.position);
        if missing == 0 {
            return;
        }
        self.position = end;
        if let Stage::Handshake {
            handshake, origin, ..
        } = &mut self.stage
        {
            missing = handshake.gap(missing, at, *origin, out);
            self.leave_handshake(at, out);
        }
        if let Stage::Chunks(chunks) = &mut self.stage
            && missing > 0
        {
            chunks.gap(missing, at, out);
        }
    }

    /// What may be passed over of the message in progress without [`push`](Self::push), if its
    /// payload is kept by nobody.
    pub fn skim(&self) -> Option<Skim> {
        match &self.stage {
            Stage::Chunks(chunks) => chunks.skim(),
            Stage::Handshake { .. } | Stage::Opaque => None,
        }
    }

    /// Takes note of what was passed over since [`skim`](Self::skim); `last` brought the last of it.
    pub fn passed_over(&mut self, skim: &Skim, last: Mark) {
        if let Stage::Chunks(chunks) = &mut self.stage {
            self.position = self.position.saturating_add(u64::from(skim.bytes()));
            chunks.passed_over(skim, last);
        }
    }

    /// No more bytes will come: reports what is left unfinished.
    pub fn finish(&mut self, at: Mark, out: &mut EventQueue) {
        match &mut self.stage {
            Stage::Handshake {
                handshake, origin, ..
            } => handshake.finish(at, *origin, out),
            Stage::Chunks(chunks) => chunks.finish(at, out),
            Stage::Opaque => {}
        }
    }

    /// Memory is short: lets go of the bodies of messages in progress, which then come without.
    /// Returns how many bytes that were; 0 when there is nothing worth it.
    pub fn relieve(&mut self, at: Mark, out: &mut EventQueue) -> usize {
        match &mut self.stage {
            Stage::Chunks(chunks) => chunks.relieve(at, out),
            Stage::Handshake { .. } | Stage::Opaque => 0,
        }
    }

    /// Position of the byte expected next.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many bytes have passed since the boundaries of chunks were known; `None` while they
    /// are. A connection joined late that has none after some megabytes carries no RTMP.
    pub fn lost_for(&self) -> Option<u64> {
        match &self.stage {
            Stage::Chunks(chunks) => chunks.lost_for(),
            Stage::Handshake { .. } | Stage::Opaque => None,
        }
    }

    /// Whether what follows is enciphered: nothing but its length will be known.
    pub fn is_opaque(&self) -> bool {
        matches!(self.stage, Stage::Opaque)
    }

    /// Chunks begin at a fixed position in each direction, whatever the other side has sent.
    fn leave_handshake(&mut self, at: Mark, out: &mut EventQueue) {
        let Stage::Handshake {
            handshake,
            origin,
            keep_media,
        } = &self.stage
        else {
            return;
        };
        if !handshake.is_done() {
            return;
        }
        let offset = origin.saturating_add(HANDSHAKE_LEN);
        if handshake.version().is_some_and(handshake::is_rtmpe) {
            self.stage = Stage::Opaque;
            let reason = "RTMPE: enciphered after the handshake";
            out.push(Event::Opaque { reason, offset, at });
        } else {
            self.stage = Stage::Chunks(ChunkDecoder::new(offset, *keep_media));
        }
    }
}

/// Feeds arbitrary bytes, cut and with holes as the bytes themselves say, and checks that
/// positions never run backwards: for the fuzzer and for property tests.
///
/// # Panics
/// When a message or an anomaly lies outside of the bytes given: the error that is looked for.
pub fn fuzz_decoder(data: &[u8]) {
    let mut bytes = data.iter();
    let mut byte = || bytes.next().copied();
    let options = DecoderOptions {
        keep_media: byte() == Some(1),
        start: match byte() {
            Some(0) => Start::Handshake,
            Some(1) => Start::Midstream,
            _ => Start::Chunks,
        },
    };
    let piece = byte().map_or(1, usize::from).max(1);
    let hole = byte().map_or(0, u64::from);
    let mut decoder = Decoder::new(0, options);
    let mut out = EventQueue::default();
    let mut offset = 0_u64;
    for part in bytes.as_slice().chunks(piece) {
        decoder.push(offset, Mark::default(), part, &mut out);
        offset = offset.saturating_add(u64::try_from(part.len()).unwrap_or_default());
        // Every piece that begins with this byte has a hole behind it.
        if hole > 0 && part.first() == Some(&0xEE) {
            decoder.gap(offset, hole, Mark::default(), &mut out);
            offset = offset.saturating_add(hole);
        }
        check(&mut out, offset);
    }
    decoder.finish(Mark::default(), &mut out);
    check(&mut out, offset);
    assert_eq!(decoder.position(), offset);
}

fn check(out: &mut EventQueue, end: u64) {
    while let Some(event) = out.poll() {
        let range = match &event {
            Event::Message(message) => {
                assert!(message.received <= message.length, "{message:?}");
                let kept = u32::try_from(message.body.len()).unwrap_or(u32::MAX);
                assert!(kept <= message.received, "{message:?}");
                message.range
            }
            Event::Skipped { range, .. } => *range,
            Event::Anomaly(anomaly) => anomaly.range,
            Event::Locked(lock) => ByteRange {
                start: lock.position.saturating_sub(lock.skipped),
                end: lock.position,
            },
            Event::Hello(_) | Event::Echo(_) | Event::Opaque { .. } | Event::ChunkSize { .. } => {
                continue;
            }
        };
        assert!(range.start <= range.end && range.end <= end, "{event:?}");
        if let Event::Message(message) = event {
            out.recycle(message.body);
        }
    }
}

#[cfg(test)]
mod tests;
