//! What it takes to read a message again: all that its index entry, those around it and its
//! connection know, so that who reads needs nothing that changes meanwhile.

use crate::base::ids::FlowId;
use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::net::Endpoint;
use crate::net::Segment;
use crate::net::seq::SeqNum;
use crate::rtmp::aggregate::MAX_PARTS;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::RawMessage;
use crate::session::channel::DEFAULT_CHUNK_SIZE;
use crate::session::channel::Direction;
use crate::tui::model::Detail;
use crate::tui::model::Kept;
use crate::tui::ring::Ring;
use crate::tui::wire::Neighbour;

/// Messages before and behind one that are looked at for chunks of theirs between its own: more
/// than ever are under way at once.
const MAX_NEIGHBOURS: usize = 256;

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) flow: FlowId,
    pub(super) number: u64,
    /// Sender and receiver, and what tells them from others with the same addresses.
    pub(super) from: Endpoint,
    pub(super) to: Endpoint,
    pub(super) tunnel: u32,
    /// The sequence number of the first byte of the direction.
    pub(super) begin: Option<SeqNum>,
    /// First frame of the connection.
    pub(super) opened: FrameNumber,
    /// The frame that let the message out.
    pub(super) told: FrameNumber,
    /// A frame with its time, by which the file is known to be the same.
    pub(super) proof: Mark,
    /// The message on the wire: for a part of an aggregate, that.
    pub(super) message: RawMessage,
    /// Which part of the aggregate is wanted.
    pub(super) part: Option<usize>,
    pub(super) neighbours: Vec<Neighbour>,
    pub(super) sizes: Vec<u32>,
}

impl Wanted {
    /// What it takes to read a message again; `None` for a part of an aggregate that is not kept.
    pub(super) fn of(ring: &Ring, kept: &Kept, detail: &Detail) -> Option<Self> {
        let at = ring.place(kept.number);
        // The parts of an aggregate stand behind it.
        let part = (1..=at.min(MAX_PARTS))
            .find(|back| {
                let before = at.checked_sub(*back).and_then(|at| ring.entry(at));
                before.is_some_and(|entry| !entry.is_part())
            })
            .filter(|_| kept.raw.from_aggregate);
        if kept.raw.from_aggregate && part.is_none() {
            return None;
        }
        let of = at.saturating_sub(part.unwrap_or(0));
        let message = ring.entry(of)?.message(ring.holes(of), Vec::new());
        let side = kept.side;
        let range = message.range;
        let earlier = (of.saturating_sub(MAX_NEIGHBOURS)..of).rev();
        let later = of.saturating_add(1)..of.saturating_add(MAX_NEIGHBOURS).min(ring.len());
        let neighbours = earlier
            .chain(later)
            .filter_map(|at| ring.entry(at))
            .filter(|entry| {
                let other = entry.range();
                entry.side() == side
                    && !entry.is_part()
                    && other.start < range.end
                    && other.end > range.start
            })
            .map(|entry| {
                let other = entry.message(None, Vec::new());
                Neighbour {
                    csid: other.csid,
                    type_id: other.type_id,
                    range: other.range,
                    extended: other.extended_timestamp,
                    repeats: other.repeats,
                }
            })
            .collect();
        Some(Self {
            flow: detail.id,
            number: kept.number,
            from: *detail.ends.of(side),
            to: *detail.ends.of(side.other()),
            tunnel: detail.tunnel,
            begin: *detail.begins.of(side),
            opened: detail.first.frame,
            told: ring.entry(of)?.told(),
            proof: message.completed(),
            sizes: chunk_sizes(detail.session.directions.of(side), kept.number),
            message,
            part: part.map(|part| part.saturating_sub(1)),
            neighbours,
        })
    }

    pub(super) fn key(&self) -> (FlowId, u64) {
        (self.flow, self.number)
    }

    /// Whether a segment is of the connection, and from the sender.
    pub(super) fn is_ours(&self, segment: &Segment<'_>) -> bool {
        segment.source == self.from
            && segment.destination == self.to
            && segment.tunnel == self.tunnel
    }
}

/// The chunk sizes that may have been in force when a message was sent, the likeliest first.
fn chunk_sizes(direction: &Direction, number: u64) -> Vec<u32> {
    let mut sizes = Vec::new();
    let changes = || direction.chunk_size_changes.iter();
    let before: Vec<u32> = changes()
        .filter(|change| change.message < number)
        .map(|change| change.to)
        .collect();
    sizes.extend(before.into_iter().rev());
    sizes.extend(changes().next().and_then(|change| change.from));
    match direction.chunk_size {
        ChunkSize::Told(size) | ChunkSize::Inferred(size) | ChunkSize::AtLeast(size) => {
            sizes.push(size);
        }
        ChunkSize::Unknown => {}
    }
    sizes.push(DEFAULT_CHUNK_SIZE);
    sizes
}
