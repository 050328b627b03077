//! What is remembered of each chunk stream of a direction: the header that the next one refers
//! to, and the message in progress.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::chunk::evidence::Starts;
use crate::rtmp::chunk::header::MessageHeader;
use crate::rtmp::chunk::header::TimeField;
use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::inferred::Inference;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;

/// Most chunk streams remembered per direction. Encoders use up to ten, servers with several
/// streams in one connection some dozens; 65,598 ids are possible, and a peer that opens them
/// all gets the least recently used ones forgotten.
pub(super) const MAX_CHUNK_STREAMS: usize = 128;

/// Chunk streams that every peer uses: control, commands, and one more. Room for them is made at
/// once.
const USUAL_CHUNK_STREAMS: usize = 3;

/// Chunk streams that a peer with media uses besides.
const MORE_CHUNK_STREAMS: usize = 2;

/// Longest step from the first message of a chunk stream to the second, in milliseconds. Beyond it,
/// the timestamp of a type 0 header is no delta.
const MAX_FIRST_DELTA: u32 = 10_000;

/// What later headers of a chunk stream leave out (section 5.3.1.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Remembered {
    /// Form of the last header that was not of type 3.
    pub(super) fmt: ChunkFormat,
    /// The time field of that header as it was on the wire. (Not a [`TimeField`], which would be
    /// as large as two numbers.)
    pub(super) time: u32,
    /// Whether it came in the extended field.
    pub(super) extended: bool,
    /// Absolute timestamp of the last message that began.
    pub(super) timestamp: RtmpTimestamp,
    /// Payload length.
    pub(super) length: u32,
    /// Message type.
    pub(super) type_id: MessageTypeId,
    /// Message stream.
    pub(super) stream_id: MessageStreamId,
    /// Whether a header may have been lost that changed any of it.
    pub(super) in_doubt: bool,
}

impl Remembered {
    /// What a chunk stream begins with whose first header leaves something out.
    pub(super) const BLANK: Self = Self {
        fmt: ChunkFormat::Full,
        time: 0,
        extended: false,
        timestamp: RtmpTimestamp(0),
        length: 0,
        type_id: MessageTypeId(0),
        stream_id: MessageStreamId(0),
        in_doubt: false,
    };

    /// What is remembered after a message that begins with a header, and the delta that led to
    /// its timestamp.
    pub(super) fn follow(&self, fmt: ChunkFormat, header: MessageHeader) -> (Self, Option<u32>) {
        let (mut now, delta) = match header {
            MessageHeader::Full {
                time,
                length,
                type_id,
                stream_id,
            } => {
                let timestamp = RtmpTimestamp(time.value);
                let now = Self {
                    timestamp,
                    length,
                    type_id,
                    stream_id,
                    ..self.timed(fmt, time)
                };
                return (now, None);
            }
            MessageHeader::SameStream {
                time,
                length,
                type_id,
            } => {
                let now = Self {
                    length,
                    type_id,
                    ..self.timed(fmt, time)
                };
                (now, time.value)
            }
            MessageHeader::SameLength { time } => (self.timed(fmt, time), time.value),
            MessageHeader::Nothing => (*self, self.delta_of_type_3()),
        };
        // A sender that goes back in time writes a wrapped delta: plain modulo arithmetic.
        now.timestamp = self.timestamp.advanced(delta);
        (now, Some(delta))
    }

    /// The same with the form and time field of another header.
    fn timed(&self, fmt: ChunkFormat, time: TimeField) -> Self {
        Self {
            fmt,
            time: time.value,
            extended: time.extended,
            ..*self
        }
    }

    /// The delta of a message that begins with a type 3 header. After types 1 and 2 it is
    /// theirs. After type 0 section 5.3.1.2.4 has it be the timestamp of that header, which
    /// FFmpeg, librtmp, SRS and GStreamer follow; nginx-rtmp and gortmplib mean 0. A sender that
    /// follows the section writes type 3 only where the delta is the timestamp by chance, which it
    /// is at the begin of a stream: where it would be a jump, or the timestamp is an extended one,
    /// nothing is added.
    fn delta_of_type_3(&self) -> u32 {
        match self.fmt {
            ChunkFormat::Full if self.extended || self.time > MAX_FIRST_DELTA => 0,
            _ => self.time,
        }
    }
}

/// A message whose last byte has not come yet. Its header is the [`Remembered`] one.
#[derive(Debug)]
pub(in crate::rtmp) struct Partial {
    /// Form of the first chunk's header.
    pub(super) fmt: ChunkFormat,
    /// Delta that led to its timestamp.
    pub(super) delta: Option<u32>,
    /// Whether the first chunk carried an extended timestamp.
    pub(super) extended_timestamp: bool,
    /// Position of its first header byte.
    pub(super) start: u64,
    /// Position behind the last byte of it that passed.
    pub(super) end: u64,
    /// What brought its first header byte.
    pub(super) first: Mark,
    /// What brought the last byte of it that came in.
    pub(super) last: Mark,
    /// Chunks so far.
    pub(super) chunks: u32,
    /// Chunks of other chunk streams between them.
    pub(super) interruptions: u32,
    /// Header bytes so far.
    pub(super) header_bytes: u32,
    /// Payload bytes that passed, whether they came in or lie in a hole.
    pub(super) passed: u32,
    /// How many of them lie in a hole.
    pub(super) missing: u32,
    /// Payload kept.
    pub(super) body: Vec<u8>,
    /// How long `body` is to become.
    pub(super) keep: u32,
    /// How long it may become at most: behind that a byte might be a header.
    pub(super) sure: u32,
    /// Size of its chunks, where that is not the one of all.
    pub(super) chunk: Option<u32>,
    /// Whether a header in its midst was already remarked on.
    pub(super) header_within: bool,
    /// Where payload is missing: the range told of the message.
    pub(super) hole: Missing,
    /// What type 3 chunks did about its extended timestamp.
    pub(super) repeats: Repeats,
}

impl Partial {
    /// Whether payload that comes next is to be kept.
    pub(super) fn wants_more(&self) -> bool {
        u32::try_from(self.body.len()).is_ok_and(|kept| kept < self.keep)
    }

    /// Payload bytes are missing up to a position.
    pub(super) fn pass_hole(&mut self, len: u32, end: u64) {
        if self.missing == 0 {
            self.hole.start = self.passed;
        }
        self.passed = self.passed.saturating_add(len);
        self.hole.end = self.passed;
        self.missing = self.missing.saturating_add(len);
        self.end = end;
        // What comes behind the hole is not what followed the bytes kept so far.
        self.keep = 0;
    }
}

/// Whether the timestamps of a chunk stream are absolute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// Every delta since the last absolute timestamp was seen.
    Right,
    /// Deltas may have been lost.
    InDoubt,
    /// The same, and it was said.
    SaidInDoubt,
    /// No absolute timestamp was seen yet.
    Relative,
    /// The same, and it was said.
    SaidRelative,
    /// Not even the time between messages is known: no header told it yet.
    Untold,
}

impl Clock {
    /// A hole came that may have taken deltas.
    pub(super) fn doubted(self) -> Self {
        match self {
            Self::Right | Self::InDoubt | Self::SaidInDoubt => Self::InDoubt,
            Self::Relative | Self::SaidRelative => Self::Relative,
            Self::Untold => Self::Untold,
        }
    }

    /// What that makes of timestamps.
    pub(super) fn inference(self) -> Option<Inference> {
        match self {
            Self::Right => None,
            Self::InDoubt | Self::SaidInDoubt => Some(Inference::Uncertain),
            Self::Relative | Self::SaidRelative => Some(Inference::Relative),
            Self::Untold => Some(Inference::Untold),
        }
    }
}

/// One chunk stream of one direction.
#[derive(Debug)]
pub(super) struct ChunkStream {
    /// Its id.
    pub(super) csid: ChunkStreamId,
    /// Number of the chunk that used it last, modulo 2^32.
    pub(super) used: u32,
    /// What the next header refers to.
    pub(super) remembered: Remembered,
    /// What its media began with.
    pub(super) starts: Starts,
    /// What is known of its clock.
    pub(super) clock: Clock,
    /// From what its message stream is inferred, if no header told it.
    pub(super) stream_from: Option<Inference>,
    /// From what type and length of the latest message are inferred.
    pub(super) header_from: Option<Inference>,
    /// The message in progress; mostly there is none, and thousands of connections have some
    /// chunk streams each.
    pub(super) partial: Option<Box<Partial>>,
}

impl ChunkStream {
    /// Payload bytes that the message in progress still lacks.
    pub(super) fn remaining(&self) -> u32 {
        let passed = self.partial.as_ref().map_or(0, |p| p.passed);
        self.remembered.length.saturating_sub(passed)
    }

    /// Takes the message in progress out, as far as it came in, and leaves its box to the next one of
    /// any connection.
    pub(super) fn take_message(&mut self, out: &mut EventQueue) -> Option<RawMessage> {
        let mut partial = self.partial.take()?;
        if partial.passed < self.remembered.length {
            if partial.missing == 0 {
                partial.hole.start = partial.passed;
            }
            partial.hole.end = self.remembered.length;
        }
        let message = RawMessage {
            csid: self.csid,
            fmt: partial.fmt,
            type_id: self.remembered.type_id,
            stream_id: self.remembered.stream_id,
            timestamp: self.remembered.timestamp,
            delta: partial.delta,
            extended_timestamp: partial.extended_timestamp,
            length: self.remembered.length,
            chunks: partial.chunks,
            interruptions: partial.interruptions,
            header_bytes: partial.header_bytes,
            range: ByteRange {
                start: partial.start,
                end: partial.end,
            },
            first: partial.first,
            last: partial.last,
            body: std::mem::take(&mut partial.body),
            received: partial.passed.saturating_sub(partial.missing),
            missing: partial.hole,
            from_aggregate: false,
            repeats: partial.repeats,
            inferred: Inferred {
                timestamp: self.clock.inference(),
                stream_id: self.stream_from,
                header: self.header_from,
            },
        };
        out.keep_box(partial);
        Some(message)
    }
}

/// The chunk streams of one direction, sorted by id. There are a handful: a sorted list with the
/// place of the last one beats a map in time and in memory.
#[derive(Debug, Default)]
pub(super) struct ChunkStreams {
    list: Vec<ChunkStream>,
    last: usize,
}

impl ChunkStreams {
    /// Where the chunk stream is, if it is known. Places change only with [`Self::insert`].
    pub(super) fn find(&self, csid: ChunkStreamId) -> Option<usize> {
        match self.list.get(self.last) {
            Some(stream) if stream.csid == csid => Some(self.last),
            _ => self.list.binary_search_by_key(&csid, |s| s.csid).ok(),
        }
    }

    /// The chunk stream at a place.
    pub(super) fn get(&self, place: usize) -> Option<&ChunkStream> {
        self.list.get(place)
    }

    /// The chunk stream at a place, to change it.
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut ChunkStream> {
        self.last = place;
        self.list.get_mut(place)
    }

    /// Takes out the message in progress on the chunk stream at a place, as far as it came in.
    pub(super) fn take_message(
        &mut self,
        place: usize,
        out: &mut EventQueue,
    ) -> Option<RawMessage> {
        self.list.get_mut(place)?.take_message(out)
    }

    /// Where the chunk stream is that has a message in progress and was used last, if that was
    /// by the chunk before.
    pub(super) fn last_in_progress(&self, chunks: u32) -> Option<usize> {
        let used_last = |s: &ChunkStream| s.partial.is_some() && s.used == chunks;
        self.list.iter().position(used_last)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ChunkStream> {
        self.list.iter()
    }

    /// All of them, to change them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut ChunkStream> {
        self.list.iter_mut()
    }

    /// Adds a chunk stream that is not there yet, and says where it is. With too many, the one
    /// not used for longest is taken out and returned.
    pub(super) fn insert(&mut self, stream: ChunkStream) -> (usize, Option<ChunkStream>) {
        let mut place = self.list.partition_point(|s| s.csid < stream.csid);
        let mut evicted = None;
        if self.list.len() >= MAX_CHUNK_STREAMS {
            let now = stream.used;
            let age = |s: &ChunkStream| now.wrapping_sub(s.used);
            let oldest = (0..self.list.len()).max_by_key(|&i| self.list.get(i).map(age));
            if let Some(oldest) = oldest {
                evicted = Some(self.list.remove(oldest));
                if oldest < place {
                    place = place.saturating_sub(1);
                }
            }
        }
        // Then two at a time, for audio and video: thousands of connections would pay for doubling,
        // and new ids are rare.
        let more = match self.list.capacity() {
            0 => USUAL_CHUNK_STREAMS,
            room if room == self.list.len() => MORE_CHUNK_STREAMS,
            _ => 0,
        };
        self.list.reserve_exact(more);
        self.list.insert(place, stream);
        (place, evicted)
    }

    /// Frees the body of the message in progress that was not touched for longest, other than
    /// the one at `except`. Says how many bytes that were.
    pub(super) fn drop_oldest_body(&mut self, now: u32, except: Option<usize>) -> usize {
        let oldest = self
            .list
            .iter_mut()
            .enumerate()
            .filter(|(place, _)| Some(*place) != except)
            .filter_map(|(_, s)| Some((now.wrapping_sub(s.used), s.partial.as_mut()?)))
            .filter(|(_, partial)| !partial.body.is_empty())
            .max_by_key(|(age, _)| *age);
        let Some((_, partial)) = oldest else {
            return 0;
        };
        partial.keep = 0;
        std::mem::take(&mut partial.body).len()
    }
}
