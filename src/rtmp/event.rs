//! What a decoder of one direction reports.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::base::time::Span;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::inferred::Inference;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;

/// One thing that the bytes of a direction turned out to hold, in the order of the bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// C0 and C1, or S0 and S1 (RTMP 1.0 section 5.2.2 and 5.2.3).
    Hello(Hello),
    /// C2, or S2 (section 5.2.4).
    Echo(Echo),
    /// Everything from here on is enciphered (RTMPE) and only counted.
    Opaque {
        /// Why, in a few words.
        reason: &'static str,
        /// Position of the first opaque byte.
        offset: u64,
        /// What brought it.
        at: Mark,
    },
    /// A message, whole or with the part that was captured.
    Message(RawMessage),
    /// Bytes that could not be assigned to a message: a hole, or what was passed over until the
    /// decoder found a chunk header again.
    Skipped {
        /// Which bytes.
        range: ByteRange,
        /// What brought the end of them.
        at: Mark,
    },
    /// Chunk headers were found again, or for the first time in a direction that was joined late.
    Locked(Lock),
    /// A chunk size that nobody announced turned out from where headers stand.
    ChunkSize {
        /// What is known of it.
        size: ChunkSize,
        /// What brought the header that told it.
        at: Mark,
    },
    /// Something odd on the wire.
    Anomaly(Anomaly),
}

/// What is known of a direction's chunk size (RTMP 1.0 section 5.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChunkSize {
    /// Nothing.
    #[default]
    Unknown,
    /// It was announced, or is the one that every connection begins with. Payload bytes.
    Told(u32),
    /// The headers stand where this size puts them.
    Inferred(u32),
    /// Messages of this length came in one chunk.
    AtLeast(u32),
}

impl ChunkSize {
    /// The size that was told.
    pub fn told(self) -> Option<u32> {
        match self {
            Self::Told(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// Where chunk headers were found, and what speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Position of the first of them.
    pub position: u64,
    /// Bytes from where boundaries were not known any more to there, holes included.
    pub skipped: u64,
    /// Headers that stand where those before put them, the first included.
    pub headers: u32,
    /// What speaks for them, in bits: chance brings as much at one place in 2^`bits`.
    pub bits: u32,
    /// Whether no header of the direction was known before.
    pub is_first: bool,
    /// What brought the first header.
    pub at: Mark,
}

/// Length of C1, S1, C2 and S2 in bytes.
pub const HANDSHAKE_PACKET_LEN: usize = 1536;

/// C0 and C1 of a client, or S0 and S1 of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// What brought the first byte.
    pub first: Mark,
    /// What brought the last byte.
    pub last: Mark,
    /// Version byte: 3 plain, 6, 8 and 9 RTMPE.
    pub version: u8,
    /// Time field, milliseconds of the sender's clock.
    pub time: u32,
    /// Bytes 4..8: zero in the simple handshake, a software version in the digest one.
    pub peer_version: [u8; 4],
    /// The digest found, and where.
    pub digest: Option<Digest>,
    /// Hash of bytes 0..4 and 8..1536: equal to [`Echo::fingerprint`] when the peer echoes them.
    pub fingerprint: u64,
}

/// Where the digest of a "complex" handshake lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestScheme {
    /// Digest before key: offset from bytes 8..12.
    DigestFirst,
    /// Key before digest: offset from bytes 772..776.
    KeyFirst,
}

/// A digest that was found valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// Its place.
    pub scheme: DigestScheme,
    /// HMAC-SHA256 value.
    pub value: [u8; 32],
}

/// C2 of a client, or S2 of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    /// What brought the first byte.
    pub first: Mark,
    /// What brought the last byte.
    pub last: Mark,
    /// Hash of bytes 0..4 and 8..1536, to compare with the peer's [`Hello::fingerprint`].
    pub fingerprint: u64,
    /// The whole packet, [`HANDSHAKE_PACKET_LEN`] bytes, for the check of a digest answer once the
    /// peer's digest is known.
    pub packet: Vec<u8>,
}

/// Positions in the payload of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Missing {
    /// The first that is missing.
    pub start: u32,
    /// The one behind the last that is missing.
    pub end: u32,
}

impl Missing {
    /// Whether nothing is.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// What the type 3 chunks of a message do about its extended timestamp (section 5.3.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// There are none, or there is nothing to repeat.
    #[default]
    NotDue,
    /// They repeat it.
    Repeated,
    /// They leave it out.
    LeftOut,
}

/// One RTMP message as it came off the chunk stream.
#[derive(Debug, Clone, PartialEq)]
pub struct RawMessage {
    /// Chunk stream that carried it.
    pub csid: ChunkStreamId,
    /// Header form of its first chunk.
    pub fmt: ChunkFormat,
    /// Message type.
    pub type_id: MessageTypeId,
    /// Message stream.
    pub stream_id: MessageStreamId,
    /// Absolute timestamp after all deltas. Whether it is known at all, [`Self::told_timestamp`]
    /// says.
    pub timestamp: RtmpTimestamp,
    /// The timestamp delta that led to it; `None` for a form-0 header.
    pub delta: Option<u32>,
    /// Whether the first chunk carried an extended timestamp field.
    pub extended_timestamp: bool,
    /// Declared payload length in bytes, 0..=0xFF_FFFF.
    pub length: u32,
    /// Number of chunks it came in.
    pub chunks: u32,
    /// How often a chunk of another chunk stream came between its chunks.
    pub interruptions: u32,
    /// Bytes of chunk headers spent on it.
    pub header_bytes: u32,
    /// Positions from its first header byte to behind its last payload byte; chunks of other
    /// chunk streams may lie in between.
    pub range: ByteRange,
    /// What brought its first header byte.
    pub first: Mark,
    /// What brought its last byte.
    pub last: Mark,
    /// The payload from its begin, as far as it was kept: whole for commands, data and control;
    /// the headers for media, unless whole payloads are asked for. Never longer than `length`.
    pub body: Vec<u8>,
    /// Payload bytes that came in, kept or not: less than `length` for a message with a hole or
    /// cut off by the end of the direction.
    pub received: u32,
    /// The payload bytes that are missing, as positions in the payload: from the first to behind the
    /// last, with what came in between if there are several holes. Empty when all came in.
    pub missing: Missing,
    /// Whether it is one of the parts of an aggregate message (section 7.1.6).
    pub from_aggregate: bool,
    /// What type 3 chunks of it did about its extended timestamp.
    pub repeats: Repeats,
    /// What of it was not read from its own header, or one that that refers to.
    pub inferred: Inferred,
}

impl RawMessage {
    /// Whether every payload byte was captured.
    pub fn is_complete(&self) -> bool {
        self.received >= self.length
    }

    /// Its timestamp, absolute or relative; `None` if no header told the time between the messages of
    /// its chunk stream, so that nothing is known of it.
    pub fn told_timestamp(&self) -> Option<RtmpTimestamp> {
        (self.inferred.timestamp != Some(Inference::Untold)).then_some(self.timestamp)
    }

    /// The timestamp delta that led to it, in milliseconds; `None` for a form-0 header, and where no
    /// header told it.
    pub fn told_delta(&self) -> Option<u32> {
        self.told_timestamp().and(self.delta)
    }

    /// What made it whole: the later one of what brought its first and its last byte. When a
    /// segment is lost, the bytes behind it are captured before the ones that it is sent again
    /// with, and [`Self::last`] is earlier than [`Self::first`].
    pub fn completed(&self) -> Mark {
        if self.first.time > self.last.time {
            self.first
        } else {
            self.last
        }
    }

    /// Time between what brought its first and what brought its last byte, whichever was earlier.
    pub fn lasted(&self) -> Span {
        let span = self.last.time.since(self.first.time);
        Span(span.0.saturating_abs())
    }

    /// Whether `body` holds the whole payload.
    pub fn is_whole(&self) -> bool {
        u32::try_from(self.body.len()).is_ok_and(|kept| kept >= self.length)
    }
}
