//! From the bytes behind the handshake to messages.
//!
//! ```text
//!             header complete                  chunk complete
//!  Header ───────────────────────▶ Payload ───────────────────▶ Header
//!    ▲  └─ message without payload ─▶ Header     └─ message complete: Set Chunk Size
//!    │                                              and Abort act before the next header
//!    └────────── found again ────────── Lost ◀── hole over a header, impossible header
//! ```
//!
//! Payload that nobody keeps is passed over by arithmetic, without looking at it.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::chunk::header;
use crate::rtmp::chunk::header::BasicHeader;
use crate::rtmp::chunk::header::MAX_HEADER_LEN;
use crate::rtmp::chunk::header::MessageHeader;
use crate::rtmp::chunk::header::TimeField;
use crate::rtmp::chunk::stream::ChunkStream;
use crate::rtmp::chunk::stream::ChunkStreams;
use crate::rtmp::chunk::stream::Partial;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::event::Event;
use crate::rtmp::event::RawMessage;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;

/// Chunk size until a Set Chunk Size message changes it (section 5.4.1).
pub(super) const DEFAULT_CHUNK_SIZE: u32 = 128;

/// Largest chunk size that makes a difference: no message is longer (section 5.4.1).
const MAX_CHUNK_SIZE: u32 = 0xFF_FFFF;

/// Most payload bytes kept of one message that is not media. Commands, metadata and shared
/// objects have some kilobytes; aggregates of a second of video a few hundred.
const MAX_BODY: u32 = 4 * 1024 * 1024;

/// Most payload bytes kept of all messages in progress in one direction. Two media messages of
/// the greatest length fit, for whoever asks for whole payloads; a peer that begins a long
/// message on every chunk stream stays below it.
const MAX_KEPT: usize = 32 * 1024 * 1024;

/// How many headers in a row may look wrong before the decoder says that it lost the boundaries.
const MAX_IMPLAUSIBLE: u8 = 3;

/// After this many type 3 chunks that agree, a direction's way with extended timestamps is known.
const SETTLED: u8 = 2;

/// What is needed to decode one direction's chunks.
#[derive(Debug)]
pub(in crate::rtmp) struct ChunkDecoder {
    /// Position behind the last byte taken in, the carried ones included.
    position: u64,
    chunk_size: u32,
    /// Chunks so far, modulo 2^32.
    chunks: u32,
    place: Place,
    carry: Carry,
    streams: ChunkStreams,
    extended: ExtendedTimestamps,
    /// Payload bytes held by messages in progress.
    kept: usize,
    implausible: u8,
    keep_media: bool,
    /// Whether chunk streams were forgotten, and bodies dropped; said once.
    said_forgotten: bool,
    said_dropped: bool,
}

#[derive(Debug)]
enum Place {
    /// At a chunk header, or within one that is not complete.
    Header,
    /// In a chunk's payload, with `left` bytes of it to come.
    Payload { stream: usize, left: u32 },
    /// Boundaries unknown since a position.
    Lost { since: u64 },
}

/// The begin of a header whose end has not come yet.
#[derive(Debug, Default)]
struct Carry {
    bytes: [u8; MAX_HEADER_LEN],
    len: usize,
    first: Mark,
}

impl Carry {
    /// Takes as much as fits of what comes next.
    fn fill(&mut self, at: Mark, data: &[u8]) -> usize {
        if self.len == 0 {
            self.first = at;
        }
        let mut taken = 0_usize;
        for (slot, byte) in self.bytes.iter_mut().skip(self.len).zip(data) {
            *slot = *byte;
            taken = taken.saturating_add(1);
        }
        self.len = self.len.saturating_add(taken);
        taken
    }

    fn filled(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// A chunk header as read, before anything is changed by it.
#[derive(Debug, Clone, Copy)]
struct ChunkHeader {
    basic: BasicHeader,
    message: MessageHeader,
    /// Where the chunk stream is, if it is known.
    stream: Option<usize>,
    /// What a type 3 chunk does about the extended timestamp.
    repeat: Repeat,
}

/// Whether type 3 chunks of a direction repeat the extended timestamp of the header they refer
/// to. RTMP 1.0 (2012) section 5.3.1.3 wants it; the draft of 2009 and encoders built on old
/// librtmp leave it out. Decided by what is there: a value that equals the one to be repeated is
/// no payload, since it is at least `0xFF_FFFF` and equal by chance once in 2^32.
#[derive(Debug, Default)]
struct ExtendedTimestamps {
    repeated: u8,
    left_out: u8,
}

/// What a type 3 chunk does about the extended timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// There is none to repeat.
    NotDue,
    /// It repeats it.
    Repeated,
    /// It leaves it out.
    LeftOut,
    /// The field is there with another value, from a sender known to repeat it.
    Differs(u32),
}

impl ExtendedTimestamps {
    fn judge(&self, found: u32, remembered: &Remembered) -> Repeat {
        // Some senders repeat the message's timestamp where the delta would be due, and some
        // cut it to 31 bits as FLV has it.
        let due = [
            remembered.time.value,
            remembered.timestamp.0,
            remembered.time.value & 0x7FFF_FFFF,
        ];
        if due.contains(&found) {
            Repeat::Repeated
        } else if self.repeated >= SETTLED && self.left_out == 0 {
            Repeat::Differs(found)
        } else {
            Repeat::LeftOut
        }
    }
}

impl ChunkDecoder {
    /// A decoder whose first byte lies at `position` and begins a chunk.
    pub(in crate::rtmp) fn new(position: u64, keep_media: bool) -> Self {
        Self {
            position,
            chunk_size: DEFAULT_CHUNK_SIZE,
            chunks: 0,
            place: Place::Header,
            carry: Carry::default(),
            streams: ChunkStreams::default(),
            extended: ExtendedTimestamps::default(),
            kept: 0,
            implausible: 0,
            keep_media,
            said_forgotten: false,
            said_dropped: false,
        }
    }

    /// A decoder whose first byte lies at `position` and may be any byte of a chunk.
    pub(in crate::rtmp) fn midstream(position: u64, keep_media: bool) -> Self {
        Self {
            place: Place::Lost { since: position },
            ..Self::new(position, keep_media)
        }
    }

    /// The bytes that come next.
    pub(in crate::rtmp) fn push(&mut self, at: Mark, data: &[u8], out: &mut EventQueue) {
        let mut rest = data;
        while !rest.is_empty() {
            rest = match self.place {
                Place::Payload { stream, left } => self.payload(stream, left, at, rest, out),
                Place::Header => self.header(at, rest, out),
                Place::Lost { .. } => {
                    self.advance(rest.len());
                    &[]
                }
            };
        }
    }

    /// `len` bytes are missing here.
    pub(in crate::rtmp) fn gap(&mut self, len: u64, at: Mark, out: &mut EventQueue) {
        let since = self.position;
        self.position = self.position.saturating_add(len);
        match self.place {
            Place::Payload { stream, left } if len <= u64::from(left) => {
                let len = u32::try_from(len).unwrap_or(left);
                self.pass_hole(stream, left, len, at, out);
            }
            Place::Payload { .. } => self.lose(since, at, out),
            Place::Header => {
                let carried = u64::try_from(self.carry.len).unwrap_or_default();
                self.lose(since.saturating_sub(carried), at, out);
            }
            Place::Lost { .. } => {}
        }
    }

    /// No more bytes will come.
    pub(in crate::rtmp) fn finish(&mut self, at: Mark, out: &mut EventQueue) {
        self.give_up_partials(out);
        let start = match self.place {
            Place::Lost { since } => since,
            Place::Header => {
                let carried = u64::try_from(self.carry.len).unwrap_or_default();
                self.position.saturating_sub(carried)
            }
            Place::Payload { .. } => self.position,
        };
        self.carry.len = 0;
        self.place = Place::Header;
        if start < self.position {
            let end = self.position;
            let range = ByteRange { start, end };
            out.push(Event::Skipped { range, at });
        }
    }

    fn advance(&mut self, len: usize) {
        self.position = self.position.saturating_add(to_u64(len));
    }

    // ===== Payload =====

    fn payload<'d>(
        &mut self,
        place: usize,
        left: u32,
        at: Mark,
        data: &'d [u8],
        out: &mut EventQueue,
    ) -> &'d [u8] {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        let (taken, rest) = data.split_at_checked(wanted).unwrap_or((data, &[]));
        let count = u32::try_from(taken.len()).unwrap_or(left);
        self.advance(taken.len());
        let Some(stream) = self.streams.get_mut(place) else {
            self.place = Place::Header;
            return rest;
        };
        let length = stream.remembered.length;
        let Some(partial) = stream.partial.as_mut() else {
            self.place = Place::Header;
            return rest;
        };
        partial.passed = partial.passed.saturating_add(count);
        partial.end = self.position;
        partial.last = at;
        let complete = partial.passed >= length;
        if partial.keep > 0 {
            let grown = keep_payload(partial, taken, out);
            self.kept = self.kept.saturating_add(grown);
            if self.kept > MAX_KEPT {
                self.shed(place, at, out);
            }
        }
        self.after_payload(place, left.saturating_sub(count), complete, at, out);
        rest
    }

    fn pass_hole(&mut self, place: usize, left: u32, len: u32, at: Mark, out: &mut EventQueue) {
        let Some(stream) = self.streams.get_mut(place) else {
            return;
        };
        let length = stream.remembered.length;
        let Some(partial) = stream.partial.as_mut() else {
            return;
        };
        partial.passed = partial.passed.saturating_add(len);
        partial.missing = partial.missing.saturating_add(len);
        partial.end = self.position;
        // What comes behind the hole is not what followed the bytes kept so far.
        partial.keep = 0;
        let complete = partial.passed >= length;
        self.after_payload(place, left.saturating_sub(len), complete, at, out);
    }

    fn after_payload(
        &mut self,
        place: usize,
        left: u32,
        complete: bool,
        at: Mark,
        out: &mut EventQueue,
    ) {
        if complete {
            self.place = Place::Header;
            self.complete(place, at, out);
        } else if left == 0 {
            self.place = Place::Header;
        } else {
            self.place = Place::Payload {
                stream: place,
                left,
            };
        }
    }

    /// Frees bodies of other messages in progress until the bound is kept.
    fn shed(&mut self, place: usize, at: Mark, out: &mut EventQueue) {
        while self.kept > MAX_KEPT {
            let freed = self.streams.drop_oldest_body(self.chunks, place);
            if freed == 0 {
                break;
            }
            self.kept = self.kept.saturating_sub(freed);
        }
        if !self.said_dropped {
            self.said_dropped = true;
            self.remark(AnomalyKind::BodiesDropped, self.position, at, out);
        }
    }

    // ===== Headers =====

    fn header<'d>(&mut self, at: Mark, data: &'d [u8], out: &mut EventQueue) -> &'d [u8] {
        if self.carry.len == 0 {
            let Ok((rest, header)) = self.read_header(data) else {
                let taken = self.carry.fill(at, data);
                self.advance(taken);
                return data.get(taken..).unwrap_or_default();
            };
            let size = data.len().saturating_sub(rest.len());
            let start = self.position;
            self.advance(size);
            self.chunk(&header, start, size, at, at, out);
            return rest;
        }
        let carried = self.carry.len;
        let start = self.position.saturating_sub(to_u64(carried));
        let taken = self.carry.fill(at, data);
        let Ok((unread, header)) = self.read_header(self.carry.filled()) else {
            self.advance(taken);
            return data.get(taken..).unwrap_or_default();
        };
        let size = self.carry.len.saturating_sub(unread.len());
        let used = size.saturating_sub(carried);
        let first = self.carry.first;
        self.carry.len = 0;
        self.advance(used);
        self.chunk(&header, start, size, first, at, out);
        data.get(used..).unwrap_or_default()
    }

    /// Reads a whole header without changing anything: whatever is incomplete is read again
    /// when more has come.
    fn read_header<'i>(&self, input: &'i [u8]) -> nom::IResult<&'i [u8], ChunkHeader> {
        let (rest, basic) = header::basic_header(input)?;
        let (mut rest, message) = header::message_header(basic.fmt, rest)?;
        let stream = self.streams.find(basic.csid);
        let mut repeat = Repeat::NotDue;
        if basic.fmt == ChunkFormat::Nothing
            && let Some(known) = stream.and_then(|place| self.streams.get(place))
            && known.remembered.time.extended
        {
            let (behind, found) = header::extended_timestamp(rest)?;
            repeat = self.extended.judge(found, &known.remembered);
            if repeat != Repeat::LeftOut {
                rest = behind;
            }
        }
        let header = ChunkHeader {
            basic,
            message,
            stream,
            repeat,
        };
        Ok((rest, header))
    }

    /// A chunk's header was read: `size` bytes from position `start`.
    fn chunk(
        &mut self,
        header: &ChunkHeader,
        start: u64,
        size: usize,
        first: Mark,
        at: Mark,
        out: &mut EventQueue,
    ) {
        self.chunks = self.chunks.wrapping_add(1);
        self.note_repeat(header, start, at, out);
        let size = u32::try_from(size).unwrap_or_default();
        let chunk = Chunk {
            start,
            size,
            first,
            at,
        };
        let Some(place) = header.stream else {
            self.open(header, chunk, out);
            return;
        };
        if self.continues(place, header) {
            self.go_on(place, header, chunk, out);
            return;
        }
        if let Some(cut) = self.take_message(place) {
            let csid = cut.csid;
            out.push(Event::Message(cut));
            self.remark(AnomalyKind::MessageCut { csid }, start, at, out);
        }
        let Some(stream) = self.streams.get(place) else {
            return;
        };
        let (remembered, delta) = follow(&stream.remembered, header);
        self.begin(place, remembered, delta, header, chunk, out);
    }

    /// Whether the chunk belongs to the message in progress on its chunk stream. A header of
    /// types 0 to 2 does only if it repeats everything the message began with, as some encoders
    /// write continuations.
    fn continues(&self, place: usize, header: &ChunkHeader) -> bool {
        let Some(stream) = self.streams.get(place) else {
            return false;
        };
        let Some(partial) = &stream.partial else {
            return false;
        };
        let now = &stream.remembered;
        let same_delta = |time: TimeField| Some(time.value) == partial.delta || time.value == 0;
        match header.message {
            MessageHeader::Nothing => true,
            MessageHeader::SameLength { time } => same_delta(time),
            MessageHeader::SameStream {
                time,
                length,
                type_id,
            } => same_delta(time) && (length, type_id) == (now.length, now.type_id),
            MessageHeader::Full {
                time,
                length,
                type_id,
                stream_id,
            } => {
                time.value == now.timestamp.0
                    && (length, type_id, stream_id) == (now.length, now.type_id, now.stream_id)
            }
        }
    }

    fn go_on(&mut self, place: usize, header: &ChunkHeader, chunk: Chunk, out: &mut EventQueue) {
        let chunks = self.chunks;
        let chunk_size = self.chunk_size;
        let position = self.position;
        let Some(stream) = self.streams.get_mut(place) else {
            return;
        };
        let left = chunk_size.min(stream.remaining());
        let others = chunks.wrapping_sub(stream.used).saturating_sub(1);
        stream.used = chunks;
        let csid = stream.csid;
        let Some(partial) = stream.partial.as_mut() else {
            return;
        };
        partial.chunks = partial.chunks.saturating_add(1);
        partial.interruptions = partial.interruptions.saturating_add(others);
        partial.header_bytes = partial.header_bytes.saturating_add(chunk.size);
        partial.end = position;
        partial.last = chunk.at;
        let odd = header.message != MessageHeader::Nothing && !partial.header_within;
        partial.header_within |= odd;
        self.place = Place::Payload {
            stream: place,
            left,
        };
        if odd {
            let kind = AnomalyKind::HeaderWithinMessage { csid };
            self.remark(kind, chunk.start, chunk.at, out);
        }
    }

    /// The first chunk on a chunk stream.
    fn open(&mut self, header: &ChunkHeader, chunk: Chunk, out: &mut EventQueue) {
        let csid = header.basic.csid;
        // Common on chunk stream 2 (librtmp, GStreamer): a type 1 header lacks nothing but the
        // message stream, which is 0 there. The other types refer to a length nobody told.
        let blank = Remembered {
            fmt: ChunkFormat::Full,
            time: TimeField {
                value: 0,
                extended: false,
            },
            timestamp: RtmpTimestamp(0),
            length: 0,
            type_id: MessageTypeId(0),
            stream_id: MessageStreamId(0),
        };
        let fmt = header.basic.fmt;
        match fmt {
            ChunkFormat::Full => {}
            ChunkFormat::SameStream => {
                let kind = AnomalyKind::FirstHeaderNotFull { csid };
                self.remark(kind, chunk.start, chunk.at, out);
            }
            ChunkFormat::SameLength | ChunkFormat::Nothing => {
                let kind = AnomalyKind::HeaderOfUnknownChunkStream { csid, fmt };
                self.remark(kind, chunk.start, chunk.at, out);
                self.lose(chunk.start, chunk.at, out);
                return;
            }
        }
        let (remembered, delta) = follow(&blank, header);
        let (place, forgotten) = self.streams.insert(ChunkStream {
            csid,
            used: self.chunks,
            remembered: blank,
            partial: None,
        });
        if let Some(mut forgotten) = forgotten {
            if let Some(message) = forgotten.take_message() {
                self.kept = self.kept.saturating_sub(message.body.len());
                out.push(Event::Message(message));
            }
            if !self.said_forgotten {
                self.said_forgotten = true;
                self.remark(AnomalyKind::TooManyChunkStreams, chunk.start, chunk.at, out);
            }
        }
        self.begin(place, remembered, delta, header, chunk, out);
    }

    fn begin(
        &mut self,
        place: usize,
        remembered: Remembered,
        delta: Option<u32>,
        header: &ChunkHeader,
        chunk: Chunk,
        out: &mut EventQueue,
    ) {
        if self.is_implausible(&remembered, place) {
            self.implausible = self.implausible.saturating_add(1);
            if self.implausible >= MAX_IMPLAUSIBLE {
                self.lose(chunk.start, chunk.at, out);
                return;
            }
        } else {
            self.implausible = 0;
        }
        let chunks = self.chunks;
        let position = self.position;
        let keep_media = self.keep_media;
        let Some(stream) = self.streams.get_mut(place) else {
            return;
        };
        stream.used = chunks;
        stream.remembered = remembered;
        let extended_timestamp = match header.message {
            MessageHeader::Nothing => !matches!(header.repeat, Repeat::NotDue | Repeat::LeftOut),
            MessageHeader::Full { time, .. }
            | MessageHeader::SameStream { time, .. }
            | MessageHeader::SameLength { time } => time.extended,
        };
        stream.partial = Some(Partial {
            fmt: header.basic.fmt,
            delta,
            extended_timestamp,
            start: chunk.start,
            end: position,
            first: chunk.first,
            last: chunk.at,
            chunks: 1,
            interruptions: 0,
            header_bytes: chunk.size,
            passed: 0,
            missing: 0,
            body: Vec::new(),
            keep: kept_len(remembered.type_id, remembered.length, keep_media),
            header_within: false,
        });
        let left = self.chunk_size.min(remembered.length);
        self.after_payload(place, left, remembered.length == 0, chunk.at, out);
    }

    /// Whether a header that begins a message looks like payload taken for a header: two things
    /// at once that are each rare.
    fn is_implausible(&self, new: &Remembered, place: usize) -> bool {
        let first_use = self
            .streams
            .get(place)
            .is_some_and(|s| s.remembered.type_id.0 == 0);
        let oddities = [
            new.type_id.name().is_none(),
            first_use && self.chunks > 1 && self.streams.get(place).is_some_and(|s| s.csid.0 > 63),
            new.stream_id.0 > 0xFFFF,
            new.length > MAX_BODY,
        ];
        oddities.iter().filter(|odd| **odd).count() >= 2
    }

    fn note_repeat(&mut self, header: &ChunkHeader, start: u64, at: Mark, out: &mut EventQueue) {
        let csid = header.basic.csid;
        match header.repeat {
            Repeat::NotDue => {}
            Repeat::Repeated => self.extended.repeated = self.extended.repeated.saturating_add(1),
            Repeat::LeftOut => {
                if self.extended.left_out == 0 {
                    let kind = AnomalyKind::ExtendedTimestampLeftOut { csid };
                    self.remark(kind, start, at, out);
                }
                self.extended.left_out = self.extended.left_out.saturating_add(1);
            }
            Repeat::Differs(found) => {
                let kind = AnomalyKind::ExtendedTimestampDiffers { csid, found };
                self.remark(kind, start, at, out);
            }
        }
    }

    // ===== Messages =====

    fn take_message(&mut self, place: usize) -> Option<RawMessage> {
        let message = self.streams.get_mut(place)?.take_message()?;
        self.kept = self.kept.saturating_sub(message.body.len());
        Some(message)
    }

    /// The last byte of a message has passed. What it changes about chunks counts from the next
    /// header on, for all chunk streams (sections 5.4.1 and 5.4.2).
    fn complete(&mut self, place: usize, at: Mark, out: &mut EventQueue) {
        let Some(message) = self.take_message(place) else {
            return;
        };
        let range = message.range;
        let argument = message.body.first_chunk::<4>().copied();
        let argument = argument.map(u32::from_be_bytes);
        let cut_short = is_cut_short(&message, self.keep_media);
        let (length, kept) = (message.length, message.body.len());
        let type_id = message.type_id;
        out.push(Event::Message(message));
        if cut_short {
            let kind = AnomalyKind::BodyTruncated { length, kept };
            out.push(Event::Anomaly(Anomaly { kind, range, at }));
        }
        match (type_id, argument) {
            (MessageTypeId::SET_CHUNK_SIZE, Some(value)) => {
                for kind in self.set_chunk_size(value).into_iter().flatten() {
                    out.push(Event::Anomaly(Anomaly { kind, range, at }));
                }
            }
            (MessageTypeId::ABORT, Some(csid)) => {
                self.abort(ChunkStreamId(csid), range, at, out);
            }
            _ => {}
        }
    }

    fn set_chunk_size(&mut self, value: u32) -> [Option<AnomalyKind>; 2] {
        // The top bit must be zero (section 5.4.1).
        let size = value & 0x7FFF_FFFF;
        let top_bit = (size != value).then_some(AnomalyKind::ChunkSizeTopBit { value });
        if size == 0 {
            return [top_bit, Some(AnomalyKind::ChunkSizeZero)];
        }
        self.chunk_size = size.min(MAX_CHUNK_SIZE);
        [top_bit, None]
    }

    fn abort(&mut self, csid: ChunkStreamId, range: ByteRange, at: Mark, out: &mut EventQueue) {
        let Some(place) = self.streams.find(csid) else {
            return;
        };
        if let Some(message) = self.take_message(place) {
            out.push(Event::Message(message));
            let kind = AnomalyKind::MessageAborted { csid };
            out.push(Event::Anomaly(Anomaly { kind, range, at }));
        }
    }

    // ===== Loss =====

    /// Nothing is known about the bytes from `since` on.
    fn lose(&mut self, since: u64, at: Mark, out: &mut EventQueue) {
        self.carry.len = 0;
        self.implausible = 0;
        self.give_up_partials(out);
        self.place = Place::Lost { since };
        self.remark(AnomalyKind::BoundariesLost, since, at, out);
    }

    /// Reports every message in progress as far as it came in.
    fn give_up_partials(&mut self, out: &mut EventQueue) {
        for stream in self.streams.iter_mut() {
            if let Some(message) = stream.take_message() {
                out.push(Event::Message(message));
            }
        }
        self.kept = 0;
    }

    /// An anomaly shown by the bytes from `start` to the current position.
    fn remark(&self, kind: AnomalyKind, start: u64, at: Mark, out: &mut EventQueue) {
        let end = self.position.max(start);
        let range = ByteRange { start, end };
        out.push(Event::Anomaly(Anomaly { kind, range, at }));
    }
}

/// Where a chunk header lies and what brought it.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    start: u64,
    size: u32,
    first: Mark,
    at: Mark,
}

/// What a message that begins with `header` is like, and the delta that led to its timestamp.
fn follow(before: &Remembered, header: &ChunkHeader) -> (Remembered, Option<u32>) {
    let fmt = header.basic.fmt;
    let mut now = *before;
    let delta = match header.message {
        MessageHeader::Full {
            time,
            length,
            type_id,
            stream_id,
        } => {
            now = Remembered {
                fmt,
                time,
                timestamp: RtmpTimestamp(time.value),
                length,
                type_id,
                stream_id,
            };
            None
        }
        MessageHeader::SameStream {
            time,
            length,
            type_id,
        } => {
            now = Remembered {
                fmt,
                time,
                length,
                type_id,
                ..now
            };
            Some(time.value)
        }
        MessageHeader::SameLength { time } => {
            now = Remembered { fmt, time, ..now };
            Some(time.value)
        }
        MessageHeader::Nothing => Some(before.delta_of_type_3()),
    };
    // A sender that goes back in time writes a wrapped delta: plain modulo arithmetic.
    now.timestamp = match delta {
        Some(delta) => before.timestamp.advanced(delta),
        None => now.timestamp,
    };
    (now, delta)
}

/// How many payload bytes to keep of a message. The headers of media fit into 64.
fn kept_len(type_id: MessageTypeId, length: u32, keep_media: bool) -> u32 {
    let wanted = if !type_id.is_media() {
        MAX_BODY
    } else if keep_media {
        MAX_CHUNK_SIZE
    } else {
        64
    };
    wanted.min(length)
}

/// Appends to the body what of `taken` is to be kept; says how many bytes that were.
fn keep_payload(partial: &mut Partial, taken: &[u8], out: &mut EventQueue) -> usize {
    let before = partial.body.len();
    let keep = usize::try_from(partial.keep).unwrap_or(usize::MAX);
    let room = keep.saturating_sub(before);
    if room > 0 {
        if partial.body.capacity() == 0 {
            partial.body = out.body();
        }
        let (kept, _) = taken.split_at_checked(room).unwrap_or((taken, &[]));
        partial.body.extend_from_slice(kept);
    }
    partial.body.len().saturating_sub(before)
}

/// Whether payload is missing from the body that a message of this type should have whole.
fn is_cut_short(message: &RawMessage, keep_media: bool) -> bool {
    let wanted_whole = keep_media || !message.type_id.is_media();
    wanted_whole && message.is_complete() && !message.is_whole()
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
