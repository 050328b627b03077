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
use crate::rtmp::chunk::carry::Carry;
use crate::rtmp::chunk::evidence::Starts;
use crate::rtmp::chunk::extended::ExtendedTimestamps;
use crate::rtmp::chunk::extended::Repeat;
use crate::rtmp::chunk::header::BasicHeader;
use crate::rtmp::chunk::header::MessageHeader;
use crate::rtmp::chunk::keep;
use crate::rtmp::chunk::loss;
use crate::rtmp::chunk::loss::Loss;
use crate::rtmp::chunk::payload::Skimmed;
use crate::rtmp::chunk::plan::Plan;
use crate::rtmp::chunk::plan::is_implausible;
use crate::rtmp::chunk::resync::Search;
use crate::rtmp::chunk::sizes::Fragments;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::stream::ChunkStream;
use crate::rtmp::chunk::stream::ChunkStreams;
use crate::rtmp::chunk::stream::Clock;
use crate::rtmp::chunk::stream::Partial;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::chunk::undescribed::Undescribed;
use crate::rtmp::event::Event;
use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::inferred::Inference;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::MessageTypeId;

/// Chunk size until a Set Chunk Size message changes it (section 5.4.1).
pub(super) const DEFAULT_CHUNK_SIZE: u32 = 128;

/// What is needed to decode one direction's chunks. What every segment needs comes first and
/// together.
#[derive(Debug)]
#[repr(C)]
pub(in crate::rtmp) struct ChunkDecoder {
    pub(super) place: Place,
    pub(super) skimmed: Skimmed,
    /// Position behind the last byte taken in, the carried ones included.
    pub(super) position: u64,
    pub(super) streams: ChunkStreams,
    pub(super) carry: Carry,
    pub(super) size: Size,
    /// Chunks so far, modulo 2^32.
    pub(super) chunks: u32,
    /// Payload bytes held by messages in progress.
    pub(super) kept: usize,
    pub(super) extended: ExtendedTimestamps,
    /// How audio is cut.
    pub(super) fragments: Fragments,
    /// The chunk size before a change, while it is not known whether messages in progress keep it.
    pub(super) old_size: Option<u32>,
    /// Headers in a row that looked wrong.
    pub(super) implausible: u8,
    pub(super) keep_media: bool,
    pub(super) said: Said,
    /// Whether headers may have passed unseen.
    pub(super) late: bool,
    /// Why the place is lost, until a search begins.
    pub(super) loss: Option<Box<Loss>>,
    pub(super) search: Option<Box<Search>>,
    /// Position of a header that a search has confirmed.
    pub(super) confirmed: Option<u64>,
    /// Chunk streams of which no header told length and type, with what was seen of them.
    #[expect(
        clippy::box_collection,
        reason = "mostly there is none: 8 bytes, not 24"
    )]
    pub(super) undescribed: Option<Box<Vec<Undescribed>>>,
}

/// What is said once per direction.
#[derive(Debug, Default)]
pub(super) struct Said {
    forgotten: bool,
    pub(super) dropped: bool,
}

/// Where in a chunk the next byte lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At a chunk header, or within one that is not complete.
    Header,
    /// In a chunk's payload, with `left` bytes of it to come.
    Payload { stream: usize, left: u32 },
    /// Boundaries are not known.
    Lost,
}

/// A chunk header as read, before anything is changed by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkHeader {
    pub(super) basic: BasicHeader,
    pub(super) message: MessageHeader,
    /// Where the chunk stream is, if it is known.
    pub(super) stream: Option<usize>,
    /// What a type 3 chunk does about the extended timestamp.
    pub(super) repeat: Repeat,
}

/// Where a chunk header lies and what brought it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    /// Position of its first byte.
    pub(super) start: u64,
    /// How many bytes it has.
    pub(super) size: usize,
    /// What brought its first byte.
    pub(super) first: Mark,
    /// What brought its last.
    pub(super) at: Mark,
}

impl ChunkDecoder {
    /// A decoder whose first byte lies at `position` and begins a chunk.
    pub(in crate::rtmp) fn new(position: u64, keep_media: bool) -> Self {
        Self {
            position,
            size: Size::Known(DEFAULT_CHUNK_SIZE),
            chunks: 0,
            place: Place::Header,
            skimmed: Skimmed::default(),
            carry: Carry::default(),
            streams: ChunkStreams::default(),
            extended: ExtendedTimestamps::default(),
            kept: 0,
            fragments: Fragments::Undecided,
            old_size: None,
            implausible: 0,
            keep_media,
            said: Said::default(),
            loss: None,
            search: None,
            confirmed: None,
            late: false,
            undescribed: None,
        }
    }

    /// The bytes that come next.
    pub(in crate::rtmp) fn push(&mut self, at: Mark, data: &[u8], out: &mut EventQueue) {
        let rest = if self.place == Place::Lost {
            data
        } else {
            self.feed(at, data, out)
        };
        if self.place == Place::Lost {
            self.search(at, rest, out);
        }
    }

    /// Decodes until the bytes end or the place is lost; returns the bytes from there on.
    pub(super) fn feed<'d>(&mut self, at: Mark, data: &'d [u8], out: &mut EventQueue) -> &'d [u8] {
        let mut rest = data;
        while !rest.is_empty() {
            rest = match self.place {
                Place::Payload { stream, left } => self.payload(stream, left, at, rest, out),
                Place::Header => self.header(at, rest, out),
                Place::Lost => return rest,
            };
        }
        rest
    }

    pub(super) fn advance(&mut self, len: usize) {
        self.position = self.position.saturating_add(to_u64(len));
    }

    /// A chunk begins, as its header means it to.
    pub(super) fn chunk(
        &mut self,
        plan: Plan,
        header: &ChunkHeader,
        chunk: Chunk,
        out: &mut EventQueue,
    ) {
        self.chunks = self.chunks.wrapping_add(1);
        if header.repeat != Repeat::NotDue {
            self.note_repeat(header, chunk, out);
        }
        match plan {
            Plan::GoOn(place) => self.go_on(place, header, chunk, out),
            Plan::Begin { remembered, delta } => {
                let place = if let Some(place) = header.stream {
                    self.cut_off(place, chunk, out);
                    place
                } else {
                    let presumed = self.presumed_stream(header, &remembered);
                    if let Some((stream_id, _)) = presumed {
                        let csid = header.basic.csid;
                        let kind = AnomalyKind::MessageStreamPresumed { csid, stream_id };
                        self.remark(kind, chunk.start, chunk.at, out);
                    }
                    let from = presumed.map(|(_, from)| from);
                    self.open(header, from, chunk, out)
                };
                self.begin(place, remembered, delta, header, chunk, out);
            }
        }
    }

    fn go_on(&mut self, place: usize, header: &ChunkHeader, chunk: Chunk, out: &mut EventQueue) {
        let (chunks, chunk_size, position) = (self.chunks, self.chunk_of(place), self.position);
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
        partial.repeats = header.repeat.told(partial.repeats);
        let size = u32::try_from(chunk.size).unwrap_or_default();
        partial.chunks = partial.chunks.saturating_add(1);
        partial.interruptions = partial.interruptions.saturating_add(others);
        partial.header_bytes = partial.header_bytes.saturating_add(size);
        partial.end = position;
        partial.last = chunk.at;
        let odd = header.message != MessageHeader::Nothing && !partial.header_within;
        partial.header_within |= odd;
        let stream = place;
        self.place = Place::Payload { stream, left };
        if odd {
            let kind = AnomalyKind::HeaderWithinMessage { csid };
            self.remark(kind, chunk.start, chunk.at, out);
        }
    }

    /// A new message begins: the one in progress, if any, will not be completed.
    fn cut_off(&mut self, place: usize, chunk: Chunk, out: &mut EventQueue) {
        if let Some(message) = self.take_message(place, out) {
            let csid = message.csid;
            loss::tell_part(message, out);
            let kind = AnomalyKind::MessageCut { csid };
            self.remark(kind, chunk.start, chunk.at, out);
        }
    }

    /// The first chunk on a chunk stream.
    fn open(
        &mut self,
        header: &ChunkHeader,
        stream_from: Option<Inference>,
        chunk: Chunk,
        out: &mut EventQueue,
    ) -> usize {
        let csid = header.basic.csid;
        if header.basic.fmt != ChunkFormat::Full && !self.late {
            // Common on chunk stream 2 (librtmp, GStreamer): a type 1 header lacks nothing but
            // the message stream, which is 0 there.
            let kind = AnomalyKind::FirstHeaderNotFull { csid };
            self.remark(kind, chunk.start, chunk.at, out);
        }
        let (place, forgotten) = self.streams.insert(ChunkStream {
            csid,
            used: self.chunks,
            remembered: Remembered::BLANK,
            starts: Starts::default(),
            clock: if self.late {
                Clock::Relative
            } else {
                Clock::Right
            },
            stream_from,
            header_from: None,
            partial: None,
        });
        if let Some(mut forgotten) = forgotten {
            if let Some(message) = forgotten.take_message(out) {
                self.kept = self.kept.saturating_sub(message.body.len());
                loss::tell_part(message, out);
            }
            if !self.said.forgotten {
                self.said.forgotten = true;
                self.remark(AnomalyKind::TooManyChunkStreams, chunk.start, chunk.at, out);
            }
        }
        place
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
        let length = remembered.length;
        let keep = keep::wanted(remembered.type_id, length, &[], self.keep_media);
        let sure = self.size.doubted_above().unwrap_or(length).max(1);
        let partial = Partial {
            fmt: header.basic.fmt,
            delta,
            extended_timestamp: header.has_extended_timestamp(),
            start: chunk.start,
            end: self.position,
            first: chunk.first,
            last: chunk.at,
            chunks: 1,
            interruptions: 0,
            header_bytes: u32::try_from(chunk.size).unwrap_or_default(),
            passed: 0,
            missing: 0,
            body: Vec::new(),
            keep: keep.min(sure),
            sure,
            chunk: None,
            header_within: false,
            hole: Missing::default(),
            repeats: Repeats::NotDue,
        };
        let partial = out.in_box(partial);
        let chunks = self.chunks;
        let Some(stream) = self.streams.get_mut(place) else {
            return;
        };
        let csid = stream.csid;
        // Commands of the connection and of a stream share a chunk stream; media have their own.
        let presumed = stream.remembered.in_doubt
            && header.basic.fmt == ChunkFormat::SameStream
            && matches!(
                remembered.type_id,
                MessageTypeId::COMMAND_AMF0 | MessageTypeId::COMMAND_AMF3
            );
        if stream.clock == Clock::Untold && header.basic.fmt != ChunkFormat::Nothing {
            stream.clock = Clock::Relative;
        }
        let said = stream.clock;
        stream.clock = match said {
            _ if delta.is_none() => Clock::Right,
            Clock::InDoubt => Clock::SaidInDoubt,
            Clock::Relative => Clock::SaidRelative,
            known => known,
        };
        let uncertain = delta.is_some() && stream.clock != said;
        let inherited = stream.remembered.in_doubt.then_some(Inference::Inherited);
        stream.header_from = match (header.basic.fmt, stream.header_from) {
            (ChunkFormat::Full | ChunkFormat::SameStream, _) => None,
            (_, from @ Some(Inference::Pattern | Inference::Spacing)) => from,
            _ => inherited,
        };
        if header.basic.fmt == ChunkFormat::Full {
            stream.stream_from = None;
        } else if presumed {
            stream.stream_from = Some(Inference::BeforeHole);
        }
        self.implausible = if is_implausible(&remembered, stream) {
            self.implausible.saturating_add(1)
        } else {
            0
        };
        stream.used = chunks;
        stream.remembered = remembered;
        stream.remembered.in_doubt = false;
        stream.partial = Some(partial);
        if uncertain {
            let kind = AnomalyKind::TimestampUncertain { csid };
            self.remark(kind, chunk.start, chunk.at, out);
        }
        if presumed {
            let stream_id = remembered.stream_id;
            let kind = AnomalyKind::MessageStreamPresumed { csid, stream_id };
            self.remark(kind, chunk.start, chunk.at, out);
        }
        let left = self.chunk_of(place).min(length);
        self.after_payload(place, left, length == 0, chunk.at, out);
    }

    fn note_repeat(&mut self, header: &ChunkHeader, chunk: Chunk, out: &mut EventQueue) {
        let csid = header.basic.csid;
        if self.extended.note(header.repeat) {
            let kind = AnomalyKind::ExtendedTimestampLeftOut { csid };
            self.remark(kind, chunk.start, chunk.at, out);
        }
        if let Repeat::Differs(found) = header.repeat {
            let kind = AnomalyKind::ExtendedTimestampDiffers { csid, found };
            self.remark(kind, chunk.start, chunk.at, out);
        }
    }

    /// Takes a message in progress out, as far as it came in.
    pub(super) fn take_message(
        &mut self,
        place: usize,
        out: &mut EventQueue,
    ) -> Option<RawMessage> {
        let message = self.streams.take_message(place, out)?;
        self.kept = self.kept.saturating_sub(message.body.len());
        Some(message)
    }

    /// An anomaly shown by the bytes from `start` to the current position.
    pub(super) fn remark(&self, kind: AnomalyKind, start: u64, at: Mark, out: &mut EventQueue) {
        let end = self.position.max(start);
        let range = ByteRange { start, end };
        out.push(Event::Anomaly(Anomaly { kind, range, at }));
    }
}

impl ChunkHeader {
    fn has_extended_timestamp(&self) -> bool {
        match self.message {
            MessageHeader::Nothing => self.repeat.is_there(),
            MessageHeader::Full { time, .. }
            | MessageHeader::SameStream { time, .. }
            | MessageHeader::SameLength { time } => time.extended,
        }
    }
}

/// A length in memory as a distance in the stream.
pub(super) fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
