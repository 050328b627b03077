//! What a chunk header means for its chunk stream: that a message goes on, or that one begins.

use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::ChunkHeader;
use crate::rtmp::chunk::header::MessageHeader;
use crate::rtmp::chunk::header::TimeField;
use crate::rtmp::chunk::keep;
use crate::rtmp::chunk::loss::Loss;
use crate::rtmp::chunk::stream::ChunkStream;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::types::ChunkFormat;

/// What a chunk header means for its chunk stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Plan {
    /// The message in progress goes on.
    GoOn(usize),
    /// A message begins.
    Begin {
        remembered: Remembered,
        delta: Option<u32>,
    },
}

impl ChunkDecoder {
    /// What the header at `start` means, or why it cannot be trusted to be one.
    pub(super) fn plan(&self, header: &ChunkHeader, start: u64) -> Result<Plan, Loss> {
        let fmt = header.basic.fmt;
        let stream = header.stream.and_then(|place| self.streams.get(place));
        let (Some(place), Some(stream)) = (header.stream, stream) else {
            return match fmt {
                ChunkFormat::Full | ChunkFormat::SameStream => {
                    let (mut remembered, delta) = Remembered::BLANK.follow(fmt, header.message);
                    if let Some((presumed, _)) = self.presumed_stream(header, &remembered) {
                        remembered.stream_id = presumed;
                    }
                    self.trust(header, &remembered, false, start)?;
                    Ok(Plan::Begin { remembered, delta })
                }
                // They refer to a length that nobody told.
                ChunkFormat::SameLength | ChunkFormat::Nothing => {
                    let csid = header.basic.csid;
                    Err(self.not_described(start, csid, fmt))
                }
            };
        };
        if continues(stream, header.message) {
            self.trust_size(start)?;
            return Ok(Plan::GoOn(place));
        }
        let (remembered, delta) = stream.remembered.follow(fmt, header.message);
        self.trust(header, &remembered, stream.remembered.in_doubt, start)?;
        Ok(Plan::Begin { remembered, delta })
    }
}

/// Whether a chunk belongs to the message in progress on its chunk stream. A header of types 0
/// to 2 does only if it repeats everything the message began with, as some encoders write
/// continuations.
fn continues(stream: &ChunkStream, header: MessageHeader) -> bool {
    let Some(partial) = &stream.partial else {
        return false;
    };
    let now = &stream.remembered;
    let same_delta = |time: TimeField| Some(time.value) == partial.delta || time.value == 0;
    match header {
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

/// Whether a header that begins a message looks like payload taken for a header: two things at
/// once that are each rare.
pub(super) fn is_implausible(new: &Remembered, stream: &ChunkStream) -> bool {
    let first_use = stream.remembered.type_id == Remembered::BLANK.type_id;
    let oddities = [
        new.type_id.name().is_none(),
        first_use && stream.csid.0 > 63 && stream.used > 1,
        new.stream_id.0 > 0xFFFF,
        new.length > keep::MAX_BODY,
    ];
    oddities.iter().filter(|odd| **odd).count() >= 2
}
