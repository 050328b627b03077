//! Builds the bytes of one direction chunk by chunk, for tests and benchmarks. The caller chooses
//! every header form: nothing here decides what a decoder ought to make of it.

use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

#[cfg(test)]
pub(crate) mod interleaved;

/// A message to be written in chunks.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// Chunk stream.
    pub csid: ChunkStreamId,
    /// Form of the first chunk's header.
    pub fmt: ChunkFormat,
    /// Timestamp (form 0) or delta (forms 1 and 2), as it goes into the field.
    pub time: u32,
    /// Message type.
    pub type_id: MessageTypeId,
    /// Message stream, written in form 0.
    pub stream_id: u32,
    /// Payload.
    pub payload: &'a [u8],
}

/// The bytes of one direction.
#[derive(Debug, Clone)]
pub struct Wire {
    /// What was written so far.
    pub bytes: Vec<u8>,
    /// Chunk size in use. Written Set Chunk Size messages do not change it: tests decide when.
    pub chunk_size: usize,
    /// Whether type 3 chunks repeat extended timestamps.
    pub repeat_extended: bool,
}

impl Default for Wire {
    /// Nothing written, chunk size 128, extended timestamps repeated: RTMP 1.0 as it begins.
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            chunk_size: 128,
            repeat_extended: true,
        }
    }
}

impl Wire {
    /// Bytes that stand at the begin of a direction: version 3 and two packets whose contents
    /// follow from `seed` (simple handshake, no echo).
    pub fn handshake(&mut self, seed: u8) {
        self.bytes.push(3);
        for _ in 0..2 {
            self.bytes.extend([0, 0, 0, seed, 0, 0, 0, 0]);
            for i in 0_u8..=255 {
                let byte = i.wrapping_mul(167).wrapping_add(seed);
                self.bytes.extend([byte; 5]);
            }
            self.bytes.extend([seed; 248]);
        }
    }

    /// A basic header in its shortest form (section 5.3.1.1).
    pub fn basic(&mut self, fmt: ChunkFormat, csid: ChunkStreamId) {
        let top = fmt.number() << 6;
        let [.., high, low] = csid.0.saturating_sub(64).to_be_bytes();
        match csid.0 {
            0..=63 => self
                .bytes
                .push(top | u8::try_from(csid.0).unwrap_or_default()),
            64..=319 => self.bytes.extend([top, low]),
            _ => self.bytes.extend([top | 1, low, high]),
        }
    }

    /// The first chunk of a message; returns the payload that did not fit.
    pub fn first_chunk<'a>(&mut self, message: &Outgoing<'a>) -> &'a [u8] {
        self.basic(message.fmt, message.csid);
        let field = message.time.min(0xFF_FFFF).to_be_bytes();
        let length = u32::try_from(message.payload.len()).unwrap_or(u32::MAX);
        let length = length.to_be_bytes();
        if message.fmt != ChunkFormat::Nothing {
            self.bytes.extend(field.iter().skip(1));
        }
        if matches!(message.fmt, ChunkFormat::Full | ChunkFormat::SameStream) {
            self.bytes.extend(length.iter().skip(1));
            self.bytes.push(message.type_id.0);
        }
        if message.fmt == ChunkFormat::Full {
            self.bytes.extend(message.stream_id.to_le_bytes());
        }
        self.extended(message, message.fmt);
        self.part(message.payload)
    }

    /// The next chunk of a message, with a type 3 header; returns what did not fit.
    pub fn next_chunk<'a>(&mut self, message: &Outgoing<'_>, rest: &'a [u8]) -> &'a [u8] {
        self.basic(ChunkFormat::Nothing, message.csid);
        self.extended(message, ChunkFormat::Nothing);
        self.part(rest)
    }

    /// A whole message, not interrupted.
    pub fn message(&mut self, message: &Outgoing<'_>) {
        let mut rest = self.first_chunk(message);
        while !rest.is_empty() {
            rest = self.next_chunk(message, rest);
        }
    }

    /// A protocol control message with one number (section 5.4).
    pub fn control(&mut self, type_id: MessageTypeId, value: u32) {
        self.message(&Outgoing {
            csid: ChunkStreamId::CONTROL,
            fmt: ChunkFormat::Full,
            time: 0,
            type_id,
            stream_id: 0,
            payload: &value.to_be_bytes(),
        });
    }

    fn extended(&mut self, message: &Outgoing<'_>, fmt: ChunkFormat) {
        let due = fmt != ChunkFormat::Nothing || self.repeat_extended;
        if message.time >= 0xFF_FFFF && due {
            self.bytes.extend(message.time.to_be_bytes());
        }
    }

    fn part<'a>(&mut self, payload: &'a [u8]) -> &'a [u8] {
        let cut = payload.split_at_checked(self.chunk_size);
        let (part, rest) = cut.unwrap_or((payload, &[]));
        self.bytes.extend_from_slice(part);
        rest
    }
}
