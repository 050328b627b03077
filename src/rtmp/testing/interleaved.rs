//! Messages of several chunk streams, cut into chunks and mixed in every way that a sender may: what
//! properties of decoding are tried with.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;

use super::Outgoing;
use super::Wire;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// Ids with headers of one, two and three bytes.
const CSIDS: [ChunkStreamId; 4] = [
    ChunkStreamId(4),
    ChunkStreamId(6),
    ChunkStreamId(70),
    ChunkStreamId(400),
];

/// The two chunk sizes that a sender goes to and fro between.
const SIZES: [u32; 2] = [128, 200];

/// Milliseconds between messages, where no extended timestamp is wanted.
const STEP: u32 = 20;

/// A message to send: the place of its chunk stream, the form of its header where the chunk stream
/// allows it, its length, and whether its time is an extended one.
pub(crate) type Tried = (usize, u8, usize, bool);

/// Messages of up to 700 bytes, but for those of one byte: no codec has pictures or sound of one
/// byte, and where it is asked whether a header is one, those are none.
pub(crate) fn messages() -> impl Strategy<Value = Vec<Tried>> {
    let lengths = (0..700_usize).prop_map(|len| if len == 1 { 2 } else { len });
    vec((0..4_usize, 0..4_u8, lengths, any::<bool>()), 1..30)
}

/// Whose chunk comes in each turn: the places of chunk streams, or 4 for Set Chunk Size.
pub(crate) fn turns() -> impl Strategy<Value = Vec<usize>> {
    let somebody = |all: &Vec<usize>| all.iter().any(|at| *at < 4);
    vec(0..5_usize, 1..40).prop_filter("somebody speaks", somebody)
}

/// A message to send, its timestamp, and what of its payload is left.
type Begun<'a> = ((Outgoing<'a>, u32), &'a [u8]);

/// What a message is told by: chunk stream, type, length and timestamp.
pub(crate) type Told = (u32, u8, u32, u32);

/// A sender's bytes, and what it sent in the order in which it was complete.
#[derive(Default)]
pub(crate) struct Sender {
    pub(crate) wire: Wire,
    pub(crate) told: Vec<Told>,
    /// Whether deltas are extended as well where a time is. Jumps of hours are hardly ever believed.
    pub(crate) extends_deltas: bool,
}

impl Sender {
    fn set_chunk_size(&mut self, size: u32) {
        self.wire.control(MessageTypeId::SET_CHUNK_SIZE, size);
        self.wire.chunk_size = usize::try_from(size).expect("small");
        self.told.push((2, 1, 4, 0));
    }

    /// Sends messages, in each turn a chunk.
    pub(crate) fn send(&mut self, messages: &[Tried], turns: &[usize]) {
        let payload: Vec<u8> = [0x27, 1, 0, 0, 0]
            .into_iter()
            .chain(0..=250)
            .cycle()
            .take(2000)
            .collect();
        self.set_chunk_size(SIZES[0]);
        // Ids of several bytes that nobody has used yet are hardly ever believed.
        for csid in CSIDS {
            self.wire.message(&Outgoing {
                csid,
                fmt: ChunkFormat::Full,
                time: 0,
                type_id: MessageTypeId::VIDEO,
                stream_id: 1,
                payload: &payload[..2],
            });
            self.told.push((csid.0, 9, 2, 0));
        }
        let mut last: [Option<(usize, u32, u32)>; 4] = [None; 4];
        let mut queues: [VecDeque<(Outgoing<'_>, u32)>; 4] = Default::default();
        for &(place, fmt, len, is_extended) in messages {
            let (fmt, len) = match (fmt, last[place]) {
                (1, Some(_)) => (ChunkFormat::SameStream, len),
                (2, Some((len, _, _))) => (ChunkFormat::SameLength, len),
                (3, Some((len, STEP, _))) => (ChunkFormat::Nothing, len),
                _ => (ChunkFormat::Full, len),
            };
            let time = match fmt {
                ChunkFormat::Full if is_extended => 0x0100_0000,
                ChunkFormat::SameStream if is_extended && self.extends_deltas => 0x0100_0000,
                _ => STEP,
            };
            let before = last[place].map_or(0, |(_, _, timestamp)| timestamp);
            let timestamp = if fmt == ChunkFormat::Full {
                time
            } else {
                before.wrapping_add(time)
            };
            last[place] = Some((len, time, timestamp));
            let outgoing = Outgoing {
                csid: CSIDS[place],
                fmt,
                time,
                type_id: if place == 0 {
                    MessageTypeId::AUDIO
                } else {
                    MessageTypeId::VIDEO
                },
                stream_id: 1,
                payload: &payload[..len],
            };
            queues[place].push_back((outgoing, timestamp));
        }
        let mut begun: [Option<Begun<'_>>; 4] = Default::default();
        for turn in turns.iter().cycle() {
            if *turn == 4 {
                let is_first = self.wire.chunk_size == usize::try_from(SIZES[0]).expect("small");
                self.set_chunk_size(SIZES[usize::from(is_first)]);
                continue;
            }
            // Whose turn it is may have nothing to say.
            let Some(place) = (0..4)
                .map(|step| (turn + step) % 4)
                .find(|at| begun[*at].is_some() || !queues[*at].is_empty())
            else {
                break;
            };
            let (message, rest) = if let Some((message, rest)) = begun[place].take() {
                let rest = self.wire.next_chunk(&message.0, rest);
                (message, rest)
            } else {
                let message = queues[place].pop_front().expect("somebody has one");
                let rest = self.wire.first_chunk(&message.0);
                (message, rest)
            };
            if rest.is_empty() {
                let (outgoing, timestamp) = &message;
                let length = u32::try_from(outgoing.payload.len()).expect("small");
                self.told
                    .push((outgoing.csid.0, outgoing.type_id.0, length, *timestamp));
            } else {
                begun[place] = Some((message, rest));
            }
        }
    }
}
