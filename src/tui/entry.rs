//! A message in the index: what the list shows of it but its gist, and what it takes to read its
//! bytes again, in one cache line.

use crate::base::ids::ByteRange;
use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::inferred::Inference;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;

/// Longest length and most chunks of a message, three bytes of the wire.
const LOW: u32 = 0x00FF_FFFF;

/// Where in the last word things begin; the form is below all of them.
const SIDE: u32 = 2;
const REPEATS: u32 = 3;
const TIMESTAMP: u32 = 5;
const STREAM: u32 = 7;
const HEADER: u32 = 10;
const CSID: u32 = 12;

const ODD: u8 = 1;
const EXTENDED: u8 = 1 << 1;
const PART: u8 = 1 << 2;
const INCOMPLETE: u8 = 1 << 3;
const BY_FIRST: u8 = 1 << 4;

/// Inferences that a message may have, by their numbers in an entry; 0 is none.
const OF_TIMESTAMP: [Inference; 3] = [Inference::Relative, Inference::Uncertain, Inference::Untold];
const OF_STREAM: [Inference; 4] = [
    Inference::OtherMedia,
    Inference::FirstStream,
    Inference::ConnectionItself,
    Inference::BeforeHole,
];
const OF_HEADER: [Inference; 3] = [Inference::Inherited, Inference::Pattern, Inference::Spacing];

/// One message. Its number is its place in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// When it was complete, in nanoseconds.
    time: i64,
    /// Position of its first header byte.
    start: u64,
    /// Where its body is among the bodies.
    pub(super) body: u64,
    /// The frame that brought its first byte, and how much later those are that brought its last
    /// and let it out. Farther than these can tell, it is not found again.
    first: u64,
    last: i32,
    told: u32,
    /// Bytes from its first header byte to its end, foreign chunks included.
    span: u32,
    timestamp: u32,
    stream: u32,
    /// Length and, above it, the type.
    length_type: u32,
    /// Chunks and, above them, flags.
    chunks_flags: u32,
    /// Chunk stream, form, side, and what is inferred.
    rest: u32,
}

/// What few messages have: bytes that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holes {
    pub(super) received: u32,
    pub(super) missing: Missing,
}

impl Entry {
    /// A message that came out with the frame `told`.
    pub(super) fn new(
        side: Side,
        raw: &RawMessage,
        is_odd: bool,
        told: FrameNumber,
        body: u64,
    ) -> Self {
        let mut flags = 0;
        for (is_set, flag) in [
            (is_odd, ODD),
            (raw.extended_timestamp, EXTENDED),
            (raw.from_aggregate, PART),
            (!raw.is_complete(), INCOMPLETE),
            (raw.first.time > raw.last.time, BY_FIRST),
        ] {
            if is_set {
                flags |= flag;
            }
        }
        let (first, last) = (raw.first.frame.0, raw.last.frame.0);
        let later = i128::from(last).saturating_sub(i128::from(first));
        let repeats = match raw.repeats {
            Repeats::NotDue => 0,
            Repeats::Repeated => 1,
            Repeats::LeftOut => 2,
        };
        let inferred = raw.inferred;
        let rest = u32::from(raw.fmt.number())
            | u32::from(side == Side::Server) << SIDE
            | repeats << REPEATS
            | number_of(inferred.timestamp, &OF_TIMESTAMP) << TIMESTAMP
            | number_of(inferred.stream_id, &OF_STREAM) << STREAM
            | number_of(inferred.header, &OF_HEADER) << HEADER
            | raw.csid.0 << CSID;
        Self {
            time: raw.completed().time.0,
            start: raw.range.start,
            body,
            first,
            last: i32::try_from(later).unwrap_or(if later < 0 { i32::MIN } else { i32::MAX }),
            told: u32::try_from(told.0.saturating_sub(first)).unwrap_or(u32::MAX),
            span: u32::try_from(raw.range.len()).unwrap_or(u32::MAX),
            timestamp: raw.timestamp.0,
            stream: raw.stream_id.0,
            length_type: raw.length.min(LOW) | u32::from(raw.type_id.0) << 24,
            chunks_flags: raw.chunks.min(LOW) | u32::from(flags) << 24,
            rest,
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.chunks_flags >> 24 & u32::from(flag) != 0
    }

    fn field(&self, from: u32, bits: u32) -> u32 {
        self.rest >> from & ((1 << bits) - 1)
    }

    pub(super) fn is_odd(&self) -> bool {
        self.has(ODD)
    }

    pub(super) fn is_part(&self) -> bool {
        self.has(PART)
    }

    pub(super) fn is_incomplete(&self) -> bool {
        self.has(INCOMPLETE)
    }

    pub(super) fn side(&self) -> Side {
        if self.field(SIDE, 1) == 0 {
            Side::Client
        } else {
            Side::Server
        }
    }

    pub(super) fn type_id(&self) -> MessageTypeId {
        MessageTypeId(self.length_type.to_be_bytes()[0])
    }

    /// What made it whole.
    pub(super) fn completed(&self) -> Mark {
        let frame = if self.has(BY_FIRST) {
            self.first
        } else {
            self.last()
        };
        Mark {
            time: Timestamp(self.time),
            frame: FrameNumber(frame),
        }
    }

    /// The bytes of its direction that it lies in.
    pub(super) fn range(&self) -> ByteRange {
        ByteRange {
            start: self.start,
            end: self.start.saturating_add(u64::from(self.span)),
        }
    }

    /// The frame that let it out: all its bytes were captured by then.
    pub(super) fn told(&self) -> FrameNumber {
        FrameNumber(self.first.saturating_add(u64::from(self.told)))
    }

    fn last(&self) -> u64 {
        self.first.saturating_add_signed(i64::from(self.last))
    }

    /// The message with what is kept of its body. Of the marks at its ends only the later one has
    /// its own time; what stands in its headers alone (delta, their length) is left out.
    pub(super) fn message(&self, holes: Option<Holes>, body: Vec<u8>) -> RawMessage {
        let length = self.length_type & LOW;
        let completed = self.completed();
        let earlier = Timestamp(self.time.saturating_sub(1));
        let (first_time, last_time) = if self.has(BY_FIRST) {
            (completed.time, earlier)
        } else {
            (completed.time, completed.time)
        };
        let fmt = match self.field(0, 2) {
            0 => ChunkFormat::Full,
            1 => ChunkFormat::SameStream,
            2 => ChunkFormat::SameLength,
            _ => ChunkFormat::Nothing,
        };
        let repeats = match self.field(REPEATS, 2) {
            1 => Repeats::Repeated,
            2 => Repeats::LeftOut,
            _ => Repeats::NotDue,
        };
        let inferred = Inferred {
            timestamp: inference_of(self.field(TIMESTAMP, 2), &OF_TIMESTAMP),
            stream_id: inference_of(self.field(STREAM, 3), &OF_STREAM),
            header: inference_of(self.field(HEADER, 2), &OF_HEADER),
        };
        let holes = holes.filter(|_| self.is_incomplete());
        RawMessage {
            csid: ChunkStreamId(self.rest >> CSID),
            fmt,
            type_id: self.type_id(),
            stream_id: MessageStreamId(self.stream),
            timestamp: RtmpTimestamp(self.timestamp),
            delta: None,
            extended_timestamp: self.has(EXTENDED),
            length,
            chunks: self.chunks_flags & LOW,
            interruptions: 0,
            header_bytes: 0,
            range: self.range(),
            first: Mark {
                time: first_time,
                frame: FrameNumber(self.first),
            },
            last: Mark {
                time: last_time,
                frame: FrameNumber(self.last()),
            },
            body,
            received: holes.map_or(length, |holes| holes.received),
            missing: holes.map_or(Missing::default(), |holes| holes.missing),
            from_aggregate: self.is_part(),
            repeats,
            inferred,
        }
    }
}

/// The place of an inference among those that are possible, from 1; 0 for none.
fn number_of(inference: Option<Inference>, all: &[Inference]) -> u32 {
    let Some(inference) = inference else {
        return 0;
    };
    // One that is not among them is shown as the first, and not as none.
    let at = all
        .iter()
        .position(|known| *known == inference)
        .unwrap_or(0);
    u32::try_from(at).unwrap_or(0).saturating_add(1)
}

fn inference_of(number: u32, all: &[Inference]) -> Option<Inference> {
    let at = usize::try_from(number.checked_sub(1)?).ok()?;
    all.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::at;
    use crate::tui::testing::raw;

    #[test]
    fn an_entry_takes_one_cache_line() {
        assert_eq!(size_of::<Entry>(), 64);
    }

    #[test]
    fn what_goes_in_comes_out() {
        let mut message = raw(MessageTypeId::VIDEO, 65_599, 40, &[0x17, 1, 0]);
        message.fmt = ChunkFormat::SameLength;
        message.extended_timestamp = true;
        message.length = LOW;
        message.chunks = 131_072;
        message.stream_id = MessageStreamId(u32::MAX);
        message.timestamp = RtmpTimestamp(u32::MAX);
        message.range = ByteRange {
            start: 1 << 40,
            end: (1 << 40) + 17_000_000,
        };
        message.first = at(50, 9_000_000_000);
        message.last = at(60, 8_999_999_990);
        message.received = 3;
        message.missing = Missing { start: 3, end: LOW };
        message.repeats = Repeats::LeftOut;
        message.inferred = Inferred {
            timestamp: Some(Inference::Uncertain),
            stream_id: Some(Inference::BeforeHole),
            header: Some(Inference::Spacing),
        };
        let told = FrameNumber(9_000_000_007);
        let entry = Entry::new(Side::Server, &message, true, told, 77);
        let holes = Holes {
            received: 3,
            missing: message.missing,
        };
        let again = entry.message(Some(holes), message.body.clone());
        // Of the earlier mark only the frame is kept, and what the headers tell is read again.
        let mut expected = message.clone();
        expected.header_bytes = 0;
        expected.first.time = message.last.time;
        assert_eq!(again, expected);
        assert_eq!(entry.side(), Side::Server);
        assert_eq!(entry.told(), told);
        assert_eq!(entry.completed(), message.completed());
        assert!(entry.is_odd() && entry.is_incomplete() && !entry.is_part());
    }

    #[test]
    fn bytes_sent_again_make_the_first_mark_the_later_one() {
        let mut message = raw(MessageTypeId::VIDEO, 6, 40, &[0x17, 1, 0]);
        message.first = at(90, 12);
        message.last = at(80, 11);
        let entry = Entry::new(Side::Client, &message, false, FrameNumber(12), 0);
        assert_eq!(entry.completed(), at(90, 12));
        let again = entry.message(None, Vec::new());
        assert_eq!(again.completed(), at(90, 12));
        assert_eq!(again.last.frame, FrameNumber(11));
        assert!(again.is_complete());
    }

    #[test]
    fn frames_too_far_apart_are_told_as_far_as_may_be() {
        let mut message = raw(MessageTypeId::AUDIO, 4, 0, &[]);
        message.first = at(0, 1);
        message.last = at(0, u64::MAX);
        let entry = Entry::new(Side::Client, &message, false, FrameNumber(u64::MAX), 0);
        assert_eq!(entry.told(), FrameNumber(1 + u64::from(u32::MAX)));
    }
}
