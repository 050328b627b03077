//! Where in the bytes of a message on the wire its chunk headers stand, its payload, and what of
//! other channels lies between (RTMP 1.0 section 5.3.1).
//!
//! The decoder has told already how long the message is and in how many chunks it came; here its
//! bytes are walked over once more, with what it told as the proof that the walk went right.

use std::ops::Range;

use crate::base::ids::ByteRange;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// A timestamp field that says that an extended one follows.
const EXTENDED: u32 = 0x00FF_FFFF;

/// Length of an extended timestamp in bytes.
const EXTENDED_LEN: usize = 4;

/// Most chunk sizes that are tried where none of the known ones fits: a message of a few chunks
/// leaves fewer than these.
const MAX_TRIES: u32 = 1 << 16;

/// What a piece of the bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Form and chunk stream of a chunk of the message.
    Basic,
    /// The message header of its first chunk.
    Header,
    /// The extended timestamp of a chunk.
    Extended,
    /// Payload.
    Payload,
    /// The headers of a chunk of another channel.
    ForeignHeader(ChunkStreamId),
    /// Its payload, and whether it is known to be media.
    Foreign(ChunkStreamId, bool),
}

/// A piece of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) part: Part,
    pub(super) range: Range<usize>,
}

/// A message of another channel that lies across the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Neighbour {
    pub(super) csid: ChunkStreamId,
    pub(super) type_id: MessageTypeId,
    pub(super) range: ByteRange,
    pub(super) extended: bool,
    pub(super) repeats: Repeats,
}

/// Takes the bytes of a message apart. `holes` are where bytes are missing, `sizes` the chunk
/// sizes that may have been in force, the likeliest first. `None` where the pieces cannot be told.
pub(super) fn lay_out(
    bytes: &[u8],
    holes: &[Range<usize>],
    message: &RawMessage,
    neighbours: &[Neighbour],
    sizes: &[u32],
) -> Option<Vec<Piece>> {
    let walk = |size: u32, is_late: bool| {
        Walk {
            is_late,
            set: None,
            bytes,
            holes,
            message,
            neighbours,
            size: usize::try_from(size.max(1)).unwrap_or(usize::MAX),
            at: 0,
            pieces: Vec::new(),
            foreign: Vec::new(),
        }
        .run()
    };
    let known = || {
        // Some senders finish a message as they began it when the chunk size changes.
        [false, true]
            .into_iter()
            .find_map(|is_late| sizes.iter().find_map(|size| walk(*size, is_late)))
    };
    if message.chunks <= 1 {
        return walk(message.length, false).or_else(known);
    }
    if let Some(found) = known() {
        return Some(found);
    }
    // So many chunks leave only some sizes.
    let least = message.length.div_ceil(message.chunks);
    let most = message
        .length
        .saturating_sub(1)
        .checked_div(message.chunks.saturating_sub(1))?;
    (least..=most.min(least.saturating_add(MAX_TRIES))).find_map(|size| walk(size, false))
}

struct Walk<'a> {
    bytes: &'a [u8],
    holes: &'a [Range<usize>],
    message: &'a RawMessage,
    neighbours: &'a [Neighbour],
    /// The chunk size.
    size: usize,
    /// Whether messages in progress keep the size with which they began.
    is_late: bool,
    /// Then: where it was set anew, and to what.
    set: Option<(u64, usize)>,
    at: usize,
    pieces: Vec<Piece>,
    /// What is left of messages of other channels that began in here.
    foreign: Vec<(ChunkStreamId, Begun)>,
}

/// A message of another channel that began in here.
#[derive(Debug, Clone, Copy)]
struct Begun {
    type_id: MessageTypeId,
    left: usize,
    extended: bool,
}

/// A basic header.
#[derive(Debug, Clone, Copy)]
struct Basic {
    fmt: ChunkFormat,
    csid: ChunkStreamId,
    len: usize,
}

impl Walk<'_> {
    fn run(mut self) -> Option<Vec<Piece>> {
        let length = usize::try_from(self.message.length).ok()?;
        let mut payload = 0_usize;
        let mut chunks = 0_u32;
        while chunks == 0 || payload < length {
            if self.at >= self.bytes.len() {
                break;
            }
            let basic = self.basic()?;
            if basic.csid != self.message.csid {
                // It begins with a header of its own.
                if chunks == 0 {
                    return None;
                }
                self.foreign_chunk(basic)?;
                continue;
            }
            let is_first = chunks == 0;
            let expected = if is_first {
                self.message.fmt
            } else {
                ChunkFormat::Nothing
            };
            if basic.fmt != expected {
                return None;
            }
            self.piece(Part::Basic, basic.len);
            self.piece(Part::Header, basic.fmt.header_len());
            let has_extended = if is_first {
                self.message.extended_timestamp
            } else {
                self.message.repeats == Repeats::Repeated
            };
            if has_extended {
                self.piece(Part::Extended, EXTENDED_LEN);
            }
            let taken = self.size.min(length.saturating_sub(payload));
            self.piece(Part::Payload, taken);
            payload = payload.saturating_add(taken);
            chunks = chunks.saturating_add(1);
        }
        // What came in cut short ends in the midst of a chunk.
        let is_whole = payload == length && self.at == self.bytes.len();
        let is_cut = !self.message.is_complete() && self.at >= self.bytes.len();
        (chunks == self.message.chunks && (is_whole || is_cut)).then_some(self.pieces)
    }

    /// Takes the next bytes as a piece of this kind.
    fn piece(&mut self, part: Part, len: usize) {
        let start = self.at.min(self.bytes.len());
        self.at = self.at.saturating_add(len);
        let range = start..self.at.min(self.bytes.len());
        if !range.is_empty() {
            self.pieces.push(Piece { part, range });
        }
    }

    fn is_missing(&self, at: usize) -> bool {
        self.holes.iter().any(|hole| hole.contains(&at))
    }

    /// The basic header at the place: one that is missing is taken for the next of the message.
    fn basic(&self) -> Option<Basic> {
        if self.is_missing(self.at) {
            return Some(Basic {
                fmt: ChunkFormat::Nothing,
                csid: self.message.csid,
                len: match self.message.csid.0 {
                    ..64 => 1,
                    64..320 => 2,
                    _ => 3,
                },
            });
        }
        let rest = self.bytes.get(self.at..)?;
        let first = *rest.first()?;
        let fmt = ChunkFormat::from_first_byte(first);
        let more = |at: usize| rest.get(at).map(|byte| u32::from(*byte));
        let (csid, len) = match first & 0x3F {
            0 => (more(1)?.saturating_add(64), 2),
            1 => {
                let high = more(2)?.saturating_mul(256);
                (more(1)?.saturating_add(64).saturating_add(high), 3)
            }
            csid => (u32::from(csid), 1),
        };
        Some(Basic {
            fmt,
            csid: ChunkStreamId(csid),
            len,
        })
    }

    /// Three bytes of a number, most significant first.
    fn three(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..)?.first_chunk::<3>()?;
        let [high, middle, low] = *bytes;
        Some(u32::from_be_bytes([0, high, middle, low]))
    }

    /// Steps over a chunk of another channel.
    fn foreign_chunk(&mut self, basic: Basic) -> Option<()> {
        let header = self.at.saturating_add(basic.len);
        let header_len = basic.fmt.header_len();
        let here = |at: usize| {
            let at = u64::try_from(at).unwrap_or(u64::MAX);
            self.message.range.start.saturating_add(at)
        };
        let neighbour = self.neighbours.iter().find(|known| {
            let range = known.range;
            known.csid == basic.csid && (range.start..range.end).contains(&here(self.at))
        });
        let begun = self
            .foreign
            .iter()
            .find(|(csid, _)| *csid == basic.csid)
            .map(|(_, begun)| *begun);
        let told = if header_len >= ChunkFormat::SameStream.header_len() {
            let length = self.three(header.saturating_add(3))?;
            let type_id = *self.bytes.get(header.saturating_add(6))?;
            Some(Begun {
                type_id: MessageTypeId(type_id),
                left: usize::try_from(length).ok()?,
                extended: false,
            })
        } else {
            None
        };
        let has_extended = match (basic.fmt, neighbour, begun) {
            (ChunkFormat::Nothing, Some(known), _) if here(self.at) == known.range.start => {
                known.extended
            }
            (ChunkFormat::Nothing, Some(known), _) => known.repeats == Repeats::Repeated,
            (ChunkFormat::Nothing, None, Some(begun)) => begun.extended,
            (ChunkFormat::Nothing, None, None) => false,
            _ => self.three(header)? == EXTENDED,
        };
        let headers = basic
            .len
            .saturating_add(header_len)
            .saturating_add(if has_extended { EXTENDED_LEN } else { 0 });
        let start = self.at.saturating_add(headers);
        let left = if let Some(told) = told {
            told.left
        } else if let Some(known) = neighbour {
            // Its last chunk ends where it does.
            usize::try_from(known.range.end.saturating_sub(here(start))).unwrap_or(usize::MAX)
        } else {
            begun?.left
        };
        let from = neighbour.map_or(self.message.range.start, |known| known.range.start);
        let size = match self.set {
            Some((at, size)) if from >= at || told.is_some() => size,
            _ => self.size,
        };
        let taken = left.min(size);
        let type_id = told.map(|told| told.type_id);
        let type_id = type_id
            .or(neighbour.map(|known| known.type_id))
            .or(begun.map(|begun| begun.type_id));
        let is_media = type_id.is_some_and(MessageTypeId::is_media);
        self.piece(Part::ForeignHeader(basic.csid), headers);
        self.piece(Part::Foreign(basic.csid, is_media), taken);
        self.foreign.retain(|(csid, _)| *csid != basic.csid);
        if let Some(type_id) = type_id
            && left > taken
        {
            let begun = Begun {
                type_id,
                left: left.saturating_sub(taken),
                extended: has_extended,
            };
            self.foreign.push((basic.csid, begun));
        }
        // A new chunk size holds from the next chunk on.
        if type_id == Some(MessageTypeId::SET_CHUNK_SIZE)
            && let Some(size) = self.bytes.get(start..).and_then(<[u8]>::first_chunk::<4>)
        {
            let size = u32::from_be_bytes(*size) & 0x7FFF_FFFF;
            let size = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
            if self.is_late {
                self.set = Some((here(self.at), size));
            } else {
                self.size = size;
            }
        }
        Some(())
    }
}

/// The payload that lies in the pieces.
pub(super) fn payload(bytes: &[u8], pieces: &[Piece]) -> Vec<u8> {
    let mut body = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.part == Part::Payload) {
        body.extend_from_slice(bytes.get(piece.range.clone()).unwrap_or_default());
    }
    body
}

/// Where on the wire a position of the payload is; behind its end where there is none.
pub(super) fn place_of(pieces: &[Piece], position: usize) -> usize {
    let mut left = position;
    let mut end = 0;
    for piece in pieces.iter().filter(|piece| piece.part == Part::Payload) {
        let len = piece.range.len();
        if left < len {
            return piece.range.start.saturating_add(left);
        }
        left = left.saturating_sub(len);
        end = piece.range.end;
    }
    end
}

/// Where on the wire a range of the payload is, with the headers that lie within.
pub(super) fn range_of(pieces: &[Piece], range: &Range<usize>) -> Range<usize> {
    let start = place_of(pieces, range.start);
    match range.end.checked_sub(1).filter(|last| *last >= range.start) {
        Some(last) => start..place_of(pieces, last).saturating_add(1).max(start),
        None => start..start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::raw;

    fn message(body: &[u8], chunks: u32) -> RawMessage {
        let mut message = raw(MessageTypeId::VIDEO, 6, 0, body);
        message.chunks = chunks;
        message.range.start = 1000;
        message
    }

    fn parts(pieces: &[Piece]) -> Vec<(Part, Range<usize>)> {
        pieces
            .iter()
            .map(|piece| (piece.part, piece.range.clone()))
            .collect()
    }

    /// A type 0 header of chunk stream 6 (section 5.3.1.2.1): timestamp 0, type 9, stream 1.
    fn full(length: u8) -> Vec<u8> {
        vec![0x06, 0, 0, 0, 0, 0, length, 9, 1, 0, 0, 0]
    }

    #[test]
    fn headers_stand_where_the_chunk_size_puts_them() {
        let bytes = [
            full(5),
            vec![1, 2],
            vec![0xC6],
            vec![3, 4],
            vec![0xC6],
            vec![5],
        ]
        .concat();
        let message = message(&[1, 2, 3, 4, 5], 3);
        let expected = [
            (Part::Basic, 0..1),
            (Part::Header, 1..12),
            (Part::Payload, 12..14),
            (Part::Basic, 14..15),
            (Part::Payload, 15..17),
            (Part::Basic, 17..18),
            (Part::Payload, 18..19),
        ];
        let pieces = lay_out(&bytes, &[], &message, &[], &[128, 2]).unwrap();
        assert_eq!(parts(&pieces), expected);
        // The number of the chunks tells the size as well.
        let found = lay_out(&bytes, &[], &message, &[], &[]).unwrap();
        assert_eq!(found, pieces);
        assert_eq!(payload(&bytes, &pieces), [1, 2, 3, 4, 5]);
        assert_eq!(range_of(&pieces, &(1..3)), 13..16);
        assert_eq!(range_of(&pieces, &(5..5)), 19..19);
    }

    #[test]
    fn extended_timestamps_are_repeated_where_the_sender_does() {
        let mut head = full(3);
        head[1..4].fill(0xFF);
        let stamp = [1, 0, 0, 0];
        let bytes = [&head[..], &stamp, &[1, 2, 0xC6], &stamp, &[3]].concat();
        let mut message = message(&[1, 2, 3], 2);
        message.extended_timestamp = true;
        message.repeats = Repeats::Repeated;
        let pieces = lay_out(&bytes, &[], &message, &[], &[2]).unwrap();
        assert_eq!(payload(&bytes, &pieces), [1, 2, 3]);
        let stamps = pieces.iter().filter(|piece| piece.part == Part::Extended);
        assert_eq!(stamps.count(), 2);
        message.repeats = Repeats::LeftOut;
        assert_eq!(lay_out(&bytes, &[], &message, &[], &[2]), None);
    }

    #[test]
    fn chunks_of_other_channels_are_stepped_over() {
        // An acknowledgement of window 4 on chunk stream 2 and audio of four bytes on 4, which
        // began before and goes on behind.
        let whole = [0x02, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 9, 9, 9, 9];
        let audio = [0xC4, 7, 7];
        let bytes = [&full(6)[..], &[1, 2, 3], &whole, &audio, &[0xC6, 4, 5, 6]].concat();
        let message = message(&[1, 2, 3, 4, 5, 6], 2);
        let known = Neighbour {
            csid: ChunkStreamId(4),
            type_id: MessageTypeId::AUDIO,
            range: ByteRange {
                start: 900,
                end: 1034,
            },
            extended: false,
            repeats: Repeats::NotDue,
        };
        // A chunk of three bytes at most does not hold the four of the acknowledgement.
        assert_eq!(lay_out(&bytes, &[], &message, &[known], &[3]), None);
        let bytes = [
            &full(8)[..],
            &[1, 2, 3, 4],
            &whole,
            &audio,
            &[0xC6, 5, 6, 7, 8],
        ]
        .concat();
        let message = self::message(&[1, 2, 3, 4, 5, 6, 7, 8], 2);
        let known = Neighbour {
            range: ByteRange {
                start: 900,
                end: 1000 + 12 + 4 + 16 + 3,
            },
            ..known
        };
        let pieces = lay_out(&bytes, &[], &message, &[known], &[4]).unwrap();
        assert_eq!(payload(&bytes, &pieces), [1, 2, 3, 4, 5, 6, 7, 8]);
        let foreign: Vec<Part> = pieces
            .iter()
            .map(|piece| piece.part)
            .filter(|part| matches!(part, Part::Foreign(..)))
            .collect();
        let (control, audio) = (ChunkStreamId(2), ChunkStreamId(4));
        assert_eq!(
            foreign,
            [Part::Foreign(control, false), Part::Foreign(audio, true)]
        );
        // Without knowing how long the audio is, nothing can be said.
        assert_eq!(lay_out(&bytes, &[], &message, &[], &[4]), None);
    }

    #[test]
    fn a_chunk_size_set_in_between_holds_from_there_on() {
        let set = [0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 6];
        let bytes = [
            &full(10)[..],
            &[1, 2, 3, 4],
            &set,
            &[0xC6, 5, 6, 7, 8, 9, 10],
        ]
        .concat();
        let message = message(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2);
        let pieces = lay_out(&bytes, &[], &message, &[], &[6, 4]).unwrap();
        assert_eq!(payload(&bytes, &pieces), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn some_senders_keep_the_chunk_size_of_a_message_in_progress() {
        let set = [0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 9];
        let bytes = [&full(6)[..], &[1, 2, 3, 4], &set, &[0xC6, 5, 6]].concat();
        let message = message(&[1, 2, 3, 4, 5, 6], 2);
        assert!(lay_out(&bytes, &[], &message, &[], &[4]).is_some());
        let bytes = [
            &full(10)[..],
            &[1, 2, 3, 4],
            &set,
            &[0xC6, 5, 6, 7, 8, 0xC6, 9, 10],
        ]
        .concat();
        let message = self::message(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3);
        let pieces = lay_out(&bytes, &[], &message, &[], &[9, 4]).unwrap();
        assert_eq!(payload(&bytes, &pieces), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn a_header_in_a_hole_is_where_it_must_be() {
        let mut bytes = [&full(6)[..], &[1, 2, 3], &[0xC6, 4, 5, 6]].concat();
        bytes[14..17].fill(0);
        let mut message = message(&[1, 2, 3, 4, 5, 6], 2);
        message.received = 4;
        let hole = 14..17;
        let holes = std::slice::from_ref(&hole);
        let pieces = lay_out(&bytes, holes, &message, &[], &[3]).unwrap();
        assert_eq!(payload(&bytes, &pieces), [1, 2, 0, 0, 5, 6]);
        assert_eq!(lay_out(&bytes, &[], &message, &[], &[3]), None);
    }

    #[test]
    fn a_message_without_payload_is_a_header() {
        let bytes = full(0);
        let pieces = lay_out(&bytes, &[], &message(&[], 1), &[], &[]).unwrap();
        assert_eq!(pieces.len(), 2);
    }

    #[test]
    fn bytes_of_something_else_are_not_taken_apart() {
        for bytes in [&b""[..], b"GET / HTTP/1.1", &[0; 40], &[0xFF; 40]] {
            assert_eq!(lay_out(bytes, &[], &message(&[0; 9], 3), &[], &[4]), None);
        }
    }
}
