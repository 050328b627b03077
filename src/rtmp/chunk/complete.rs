//! What happens when the last byte of a message has passed.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::aggregate;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::keep;
use crate::rtmp::chunk::sizes::Fragments;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::event::Event;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::NoFields;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// Largest chunk size that makes a difference: no message is longer (section 5.4.1).
const MAX_CHUNK_SIZE: u32 = 0xFF_FFFF;

impl ChunkDecoder {
    /// Reports a message. What it changes about chunks counts from the next header on, for all
    /// chunk streams (sections 5.4.1 and 5.4.2).
    pub(super) fn complete(&mut self, place: usize, at: Mark, out: &mut EventQueue) {
        let Some(message) = self.take_message(place, out) else {
            return;
        };
        if message.type_id.is_media()
            && message.received == message.length
            && let (Some(stream), Some(first)) = (self.streams.get_mut(place), message.body.first())
        {
            stream.starts.note(message.type_id, *first);
        }
        match message.type_id {
            MessageTypeId::SET_CHUNK_SIZE | MessageTypeId::ABORT => {
                self.control(message, at, out);
            }
            MessageTypeId::AGGREGATE => self.aggregate(message, at, out),
            _ => report(message, self.keep_media, at, out),
        }
    }

    fn control(&mut self, message: RawMessage, at: Mark, out: &mut EventQueue) {
        let (type_id, range) = (message.type_id, message.range);
        let argument = message.body.first_chunk::<4>().copied();
        out.push(Event::Message(message));
        let Some(argument) = argument.map(u32::from_be_bytes) else {
            return;
        };
        if type_id == MessageTypeId::ABORT {
            self.abort(ChunkStreamId(argument), range, at, out);
        } else {
            self.set_chunk_size(argument, range, at, out);
        }
    }

    fn set_chunk_size(&mut self, value: u32, range: ByteRange, at: Mark, out: &mut EventQueue) {
        // The top bit must be zero (section 5.4.1).
        let size = value & 0x7FFF_FFFF;
        if size != value {
            let kind = AnomalyKind::ChunkSizeTopBit { value };
            out.push(Event::Anomaly(Anomaly { kind, range, at }));
        }
        if size == 0 {
            let kind = AnomalyKind::ChunkSizeZero;
            out.push(Event::Anomaly(Anomaly { kind, range, at }));
            return;
        }
        let size = Size::Known(size.min(MAX_CHUNK_SIZE));
        let is_in_progress = self.streams.iter().any(|stream| stream.partial.is_some());
        // The size counts for messages in progress too, which not all senders know. Those that
        // waited for it to be decided have had the size before the first change.
        let old = self.old_size.map_or(self.size, Size::Known);
        self.old_size = match old {
            Size::Known(bytes) if is_in_progress && old != size => Some(bytes),
            _ => None,
        };
        self.fragments = Fragments::Uniform;
        self.size = size;
    }

    fn abort(&mut self, csid: ChunkStreamId, range: ByteRange, at: Mark, out: &mut EventQueue) {
        let place = self.streams.find(csid);
        if let Some(message) = place.and_then(|place| self.take_message(place, out)) {
            out.push(Event::Message(message));
            let kind = AnomalyKind::MessageAborted { csid };
            out.push(Event::Anomaly(Anomaly { kind, range, at }));
        }
    }

    /// Reports an aggregate message, and then the messages in it (section 7.1.6).
    fn aggregate(&self, message: RawMessage, at: Mark, out: &mut EventQueue) {
        let (body, timestamp) = (&message.body, message.timestamp);
        // What is odd about the aggregate is found again by whoever decodes its body.
        let parts = aggregate::parse(
            body,
            timestamp,
            message.stream_id,
            &mut NoFields,
            &mut Vec::new(),
        )
        .parts;
        let parts: Vec<RawMessage> = parts
            .iter()
            .map(|part| {
                let payload = body.get(part.payload.clone()).unwrap_or_default();
                let kept = keep::of_whole(part.type_id, payload, self.keep_media);
                part.to_message(&message, kept)
            })
            .collect();
        report(message, self.keep_media, at, out);
        for part in parts {
            out.push(Event::Message(part));
        }
    }
}

fn report(message: RawMessage, keep_media: bool, at: Mark, out: &mut EventQueue) {
    let (length, kept, range) = (message.length, message.body.len(), message.range);
    let cut_short = keep::is_cut_short(&message, keep_media);
    out.push(Event::Message(message));
    if cut_short {
        let kind = AnomalyKind::BodyTruncated { length, kept };
        out.push(Event::Anomaly(Anomaly { kind, range, at }));
    }
}
