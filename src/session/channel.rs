//! What each chunk stream of a direction carries, and how the chunk streams share the wire.

use std::ops::Deref;

use smallvec::SmallVec;

use crate::base::ids::Mark;
use crate::base::time::Span;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Lock;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::session::few::Few;

#[cfg(test)]
mod tests;

/// Most chunk streams that are kept one by one per direction: real peers use three to eight,
/// every other one of the 65 597 possible ids could be an attack on memory.
pub const MAX_CHANNELS: usize = 64;

/// Chunk streams that every peer uses: control, commands, and one more. Room for them is made at
/// once.
const USUAL_CHANNELS: usize = 3;

/// Chunk streams that a peer with media uses besides.
const MORE_CHANNELS: usize = 2;

/// Most message types told apart on one chunk stream: all that any specification names.
pub const MAX_TYPES_PER_CHANNEL: usize = 15;

/// Most changes of the chunk size kept per direction; real peers announce one or two.
pub const MAX_CHUNK_SIZE_CHANGES: usize = 16;

/// Chunk size before any Set Chunk Size message (section 5.4.1).
pub const DEFAULT_CHUNK_SIZE: u32 = 128;

/// How often a message type occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeCount {
    /// Message type.
    pub type_id: MessageTypeId,
    /// Messages.
    pub count: u32,
}

/// One chunk stream of one direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Chunk stream id.
    pub csid: ChunkStreamId,
    /// Largest message in payload bytes, as declared.
    pub largest: u32,
    /// Payload bytes that came in.
    pub payload_bytes: u64,
    /// Bytes of chunk headers and chunks, modulo 2^32: what wrapped is counted in [`More`], since it
    /// takes a gigabyte of media at least.
    header_bytes: u32,
    chunks: u32,
    /// Messages by the header form of their first chunk, forms 0..=3. A form of which a hundred
    /// messages a second come is counted for more than a year.
    pub formats: [u32; 4],
    /// Message stream of the latest message.
    pub stream_id: MessageStreamId,
    /// What of its latest message is inferred.
    pub inferred: Inferred,
    /// Message type that was seen first. Its messages are those that are no other's.
    first_type: MessageTypeId,
    /// What brought the first message.
    pub first: Mark,
    more: Option<Box<More>>,
}

/// What plain chunk streams do without: those with one message type, whose messages fit a chunk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct More {
    /// Message types behind the first, in the order of first sight.
    types: SmallVec<[TypeCount; 2]>,
    /// Messages of types beyond [`MAX_TYPES_PER_CHANNEL`].
    other_types: u32,
    /// Whether messages of more than one message stream came.
    mixed_streams: bool,
    chunk_wraps: u8,
    header_wraps: u16,
    /// Messages of more than one chunk between whose chunks others came.
    interrupted: u32,
    /// Those that were sent in one piece.
    whole: u32,
    /// The longest time between first and last byte of one in one piece.
    longest_hold: Span,
}

impl Channel {
    fn new(message: &RawMessage) -> Self {
        Self {
            csid: message.csid,
            largest: 0,
            payload_bytes: 0,
            header_bytes: 0,
            chunks: 0,
            formats: [0; 4],
            stream_id: message.stream_id,
            inferred: message.inferred,
            first_type: message.type_id,
            first: message.first,
            more: None,
        }
    }

    fn push(&mut self, message: &RawMessage) {
        self.payload_bytes = self
            .payload_bytes
            .saturating_add(u64::from(message.received));
        let (header_bytes, has_wrapped) = self.header_bytes.overflowing_add(message.header_bytes);
        self.header_bytes = header_bytes;
        if has_wrapped {
            let more = self.more();
            more.header_wraps = more.header_wraps.saturating_add(1);
        }
        let (chunks, has_wrapped) = self.chunks.overflowing_add(message.chunks);
        self.chunks = chunks;
        if has_wrapped {
            let more = self.more();
            more.chunk_wraps = more.chunk_wraps.saturating_add(1);
        }
        self.largest = self.largest.max(message.length);
        if let Some(count) = self.formats.get_mut(usize::from(message.fmt.number())) {
            *count = count.saturating_add(1);
        }
        if self.first_type != message.type_id {
            self.more().count(message.type_id);
        }
        if self.stream_id != message.stream_id {
            self.stream_id = message.stream_id;
            self.more().mixed_streams = true;
        }
        self.inferred = message.inferred;
        if message.chunks > 1 {
            self.more().share(message);
        }
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Bytes of chunk headers.
    pub fn header_bytes(&self) -> u64 {
        let wraps = self.more.as_ref().map_or(0, |more| more.header_wraps);
        u64::from(wraps) << 32 | u64::from(self.header_bytes)
    }

    /// Chunks. Those beyond one per message are continuations of form 3.
    pub fn chunks(&self) -> u64 {
        let wraps = self.more.as_ref().map_or(0, |more| more.chunk_wraps);
        u64::from(wraps) << 32 | u64::from(self.chunks)
    }

    /// Messages.
    pub fn messages(&self) -> u64 {
        self.formats
            .iter()
            .fold(0, |sum, count| sum.saturating_add(u64::from(*count)))
    }

    /// Message types with their counts, in the order of first sight.
    pub fn types(&self) -> impl Iterator<Item = TypeCount> {
        let rest = self.more.as_ref().map_or(&[][..], |more| &more.types);
        let others = rest.iter().fold(u64::from(self.other_types()), |sum, of| {
            sum.saturating_add(u64::from(of.count))
        });
        let first = TypeCount {
            type_id: self.first_type,
            count: u32::try_from(self.messages().saturating_sub(others)).unwrap_or(u32::MAX),
        };
        std::iter::once(first).chain(rest.iter().copied())
    }

    /// Messages of types beyond [`MAX_TYPES_PER_CHANNEL`].
    pub fn other_types(&self) -> u32 {
        self.more.as_ref().map_or(0, |more| more.other_types)
    }

    /// Whether it carried messages of more than one message stream.
    pub fn mixed_streams(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.mixed_streams)
    }

    /// Messages of more than one chunk.
    pub fn fragmented(&self) -> u64 {
        self.more.as_ref().map_or(0, |more| {
            u64::from(more.whole).saturating_add(u64::from(more.interrupted))
        })
    }

    /// Messages between whose chunks others came.
    pub fn interrupted(&self) -> u64 {
        self.more
            .as_ref()
            .map_or(0, |more| u64::from(more.interrupted))
    }

    /// Continuations: chunks of form 3 that begin no message.
    pub fn continuations(&self) -> u64 {
        self.chunks().saturating_sub(self.messages())
    }

    /// Share of chunk headers in the bytes of this chunk stream, 0.0..=1.0.
    pub fn header_share(&self) -> f64 {
        share(
            self.header_bytes(),
            self.header_bytes().saturating_add(self.payload_bytes),
        )
    }

    /// The longest time for which every other chunk stream had to wait for a message of this one.
    pub fn longest_hold(&self) -> Option<Span> {
        let more = self.more.as_ref()?;
        (more.whole > 0).then_some(more.longest_hold)
    }
}

impl More {
    /// Counts a message of another type than the first.
    fn count(&mut self, type_id: MessageTypeId) {
        if let Some(known) = self.types.iter_mut().find(|known| known.type_id == type_id) {
            known.count = known.count.saturating_add(1);
        } else if self.types.len().saturating_add(1) < MAX_TYPES_PER_CHANNEL {
            self.types.push(TypeCount { type_id, count: 1 });
        } else {
            self.other_types = self.other_types.saturating_add(1);
        }
    }

    /// Counts a message of more than one chunk.
    fn share(&mut self, message: &RawMessage) {
        if message.interruptions > 0 {
            self.interrupted = self.interrupted.saturating_add(1);
        } else {
            self.whole = self.whole.saturating_add(1);
            self.longest_hold = self.longest_hold.max(message.lasted());
        }
    }
}

/// `part / whole`, 0.0 when there is no whole.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share is shown with three digits"
)]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// A Set Chunk Size message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkSizeChange {
    /// What brought the message.
    pub at: Mark,
    /// Number of the message in the connection, from 1; see
    /// [`crate::session::Session::messages`].
    pub message: u64,
    /// Chunk size before; `None` when the capture began later than the connection.
    pub from: Option<u32>,
    /// Chunk size announced, in payload bytes.
    pub to: u32,
}

/// How one direction uses the chunk stream. What few directions have lies in [`Incidents`], whose
/// figures are read as if they were here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Direction {
    /// Position behind the furthest byte seen in this direction's stream.
    pub stream_position: u64,
    /// The chunk streams in the order of first sight, at most [`MAX_CHANNELS`].
    pub channels: Vec<Channel>,
    /// Chunk size in force.
    pub chunk_size: ChunkSize,
    /// Changes of the chunk size, the first [`MAX_CHUNK_SIZE_CHANGES`].
    pub chunk_size_changes: Few<ChunkSizeChange>,
    /// What type 3 chunks do about extended timestamps (section 5.3.1.3): left out where one was.
    pub repeats: Repeats,
    /// Index of the channel of the latest message: the next one is often on it too.
    recent: u8,
    incidents: Option<Box<Incidents>>,
}

/// What most directions never have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Incidents {
    /// Where the first header was found and what spoke for it, when the capture began later than
    /// the connection.
    pub lock: Option<Lock>,
    /// Bytes that belong to no message: holes, and what was passed over behind them.
    pub skipped_bytes: u64,
    /// How often bytes were passed over.
    pub skips: u32,
    /// Messages with a payload of zero bytes.
    pub empty_messages: u32,
    /// Parts taken out of aggregate messages.
    pub aggregated: u64,
    /// Messages of chunk streams beyond [`MAX_CHANNELS`].
    pub other_messages: u64,
    /// Payload bytes of those.
    other_payload_bytes: u64,
    /// Bytes of their chunk headers.
    other_header_bytes: u64,
    /// Changes of the chunk size beyond [`MAX_CHUNK_SIZE_CHANGES`].
    pub other_chunk_size_changes: u32,
}

impl Incidents {
    const NONE: Self = Self {
        lock: None,
        skipped_bytes: 0,
        skips: 0,
        empty_messages: 0,
        aggregated: 0,
        other_messages: 0,
        other_payload_bytes: 0,
        other_header_bytes: 0,
        other_chunk_size_changes: 0,
    };
}

impl Deref for Direction {
    type Target = Incidents;

    fn deref(&self) -> &Incidents {
        static NONE: Incidents = Incidents::NONE;
        self.incidents.as_deref().unwrap_or(&NONE)
    }
}

impl Direction {
    pub(crate) fn push(&mut self, message: &RawMessage) {
        self.stream_position = self.stream_position.max(message.range.end);
        if message.repeats != Repeats::NotDue && self.repeats != Repeats::LeftOut {
            self.repeats = message.repeats;
        }
        if message.length == 0 {
            let incidents = self.incidents();
            incidents.empty_messages = incidents.empty_messages.saturating_add(1);
        }
        let index = self.channel_index(message);
        if let Some(channel) = index.and_then(|index| self.channels.get_mut(index)) {
            channel.push(message);
        } else {
            let incidents = self.incidents();
            incidents.other_messages = incidents.other_messages.saturating_add(1);
            let count = |sum: u64, bytes: u32| sum.saturating_add(u64::from(bytes));
            incidents.other_payload_bytes = count(incidents.other_payload_bytes, message.received);
            incidents.other_header_bytes =
                count(incidents.other_header_bytes, message.header_bytes);
        }
    }

    /// Messages, those of channels not kept included.
    pub fn messages(&self) -> u64 {
        self.sum(self.other_messages, Channel::messages)
    }

    /// Payload bytes that came in.
    pub fn payload_bytes(&self) -> u64 {
        self.sum(self.other_payload_bytes, |channel| channel.payload_bytes)
    }

    /// Bytes of chunk headers.
    pub fn header_bytes(&self) -> u64 {
        self.sum(self.other_header_bytes, Channel::header_bytes)
    }

    /// The sum over all channels, with that of channels not kept.
    fn sum(&self, others: u64, of: impl Fn(&Channel) -> u64) -> u64 {
        self.channels
            .iter()
            .fold(others, |sum, channel| sum.saturating_add(of(channel)))
    }

    fn incidents(&mut self) -> &mut Incidents {
        self.incidents.get_or_insert_default()
    }

    /// Takes a part of an aggregate message: its bytes were counted with the aggregate.
    pub(crate) fn push_part(&mut self) {
        let incidents = self.incidents();
        incidents.aggregated = incidents.aggregated.saturating_add(1);
    }

    pub(crate) fn skip(&mut self, bytes: u64, end: u64) {
        let incidents = self.incidents();
        incidents.skipped_bytes = incidents.skipped_bytes.saturating_add(bytes);
        incidents.skips = incidents.skips.saturating_add(1);
        self.stream_position = self.stream_position.max(end);
    }

    /// Headers were found. The first ones tell where what can be read begins.
    pub(crate) fn locked(&mut self, lock: &Lock) {
        if lock.is_first {
            self.incidents().lock = Some(*lock);
        }
    }

    pub(crate) fn set_chunk_size(&mut self, to: u32, message: u64, at: Mark) -> ChunkSizeChange {
        let change = ChunkSizeChange {
            at,
            message,
            from: self.chunk_size.told(),
            to,
        };
        self.chunk_size = ChunkSize::Told(to);
        if self.chunk_size_changes.len() < MAX_CHUNK_SIZE_CHANGES {
            self.chunk_size_changes.push(change);
        } else {
            let incidents = self.incidents();
            let sum = incidents.other_chunk_size_changes.saturating_add(1);
            incidents.other_chunk_size_changes = sum;
        }
        change
    }

    /// The channel of a chunk stream.
    pub fn channel(&self, csid: ChunkStreamId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.csid == csid)
    }

    /// What brought the first message.
    pub fn first(&self) -> Option<Mark> {
        let first = self.channels.iter().min_by_key(|c| c.first.time)?;
        Some(first.first)
    }

    /// Share of a channel's bytes, headers included, in the bytes of all messages: 0.0..=1.0.
    pub fn share_of(&self, channel: &Channel) -> f64 {
        share(
            channel.payload_bytes.saturating_add(channel.header_bytes()),
            self.payload_bytes().saturating_add(self.header_bytes()),
        )
    }

    /// Share of chunk headers in the bytes of all messages, 0.0..=1.0.
    pub fn header_share(&self) -> f64 {
        share(
            self.header_bytes(),
            self.payload_bytes().saturating_add(self.header_bytes()),
        )
    }

    /// Messages of more than one chunk.
    pub fn fragmented(&self) -> u64 {
        self.channels
            .iter()
            .fold(0, |sum, channel| sum.saturating_add(channel.fragmented()))
    }

    /// Messages between whose chunks those of other chunk streams came. When there are none
    /// although messages are [`Self::fragmented`], the sender keeps every message in one piece.
    pub fn interrupted(&self) -> u64 {
        self.channels
            .iter()
            .fold(0, |sum, channel| sum.saturating_add(channel.interrupted()))
    }

    /// Messages by the header form of their first chunk.
    pub fn format_count(&self, format: ChunkFormat) -> u64 {
        self.channels.iter().fold(0, |sum, channel| {
            let count = channel.formats.get(usize::from(format.number()));
            sum.saturating_add(u64::from(count.copied().unwrap_or(0)))
        })
    }

    fn channel_index(&mut self, message: &RawMessage) -> Option<usize> {
        let is_here = |channel: &Channel| channel.csid == message.csid;
        let recent = usize::from(self.recent);
        if self.channels.get(recent).is_some_and(is_here) {
            return Some(recent);
        }
        if let Some(index) = self.channels.iter().position(is_here) {
            self.recent = u8::try_from(index).unwrap_or(0);
            return Some(index);
        }
        if self.channels.len() >= MAX_CHANNELS {
            return None;
        }
        let more = match self.channels.capacity() {
            0 => USUAL_CHANNELS,
            room if room == self.channels.len() => MORE_CHANNELS,
            _ => 0,
        };
        self.channels.reserve_exact(more);
        let index = self.channels.len();
        self.recent = u8::try_from(index).unwrap_or(0);
        self.channels.push(Channel::new(message));
        Some(index)
    }
}
