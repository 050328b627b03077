//! What is presumed of chunk streams whose headers were not captured, and said to be.

use crate::base::ids::Mark;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::ChunkHeader;
use crate::rtmp::chunk::evidence::Starts;
use crate::rtmp::chunk::loss;
use crate::rtmp::chunk::stream::ChunkStream;
use crate::rtmp::chunk::stream::Clock;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::chunk::undescribed::Description;
use crate::rtmp::inferred::Inference;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;

/// The message stream that servers give out first.
const FIRST_STREAM: MessageStreamId = MessageStreamId(1);

impl ChunkDecoder {
    /// The message stream of a chunk stream whose type 0 header was not captured. Media never
    /// belong to the connection itself, so that theirs is the one that is known of other media. And
    /// what tells it.
    pub(super) fn presumed_stream(
        &self,
        header: &ChunkHeader,
        new: &Remembered,
    ) -> Option<(MessageStreamId, Inference)> {
        let is_missing = header.stream.is_none() && header.basic.fmt == ChunkFormat::SameStream;
        if !self.late || !is_missing || header.basic.csid == ChunkStreamId::CONTROL {
            return None;
        }
        Some(self.presumed_of(new.type_id))
    }

    /// The message stream that messages of a type are presumed to belong to.
    fn presumed_of(&self, type_id: MessageTypeId) -> (MessageStreamId, Inference) {
        if !is_of_a_stream(type_id) {
            return (MessageStreamId(0), Inference::ConnectionItself);
        }
        let known = self.streams.iter().map(|stream| &stream.remembered);
        let other = known
            .filter(|of| is_of_a_stream(of.type_id) && of.stream_id.0 > 0)
            .map(|of| of.stream_id)
            .next();
        match other {
            Some(other) => (other, Inference::OtherMedia),
            None => (FIRST_STREAM, Inference::FirstStream),
        }
    }

    /// What the one byte of header refers to that every repeated control message has.
    pub(super) fn presume_repeated(&mut self, description: Description) {
        let csid = description.csid;
        let stream = ChunkStream {
            csid,
            used: self.chunks,
            remembered: Remembered {
                in_doubt: true,
                ..description.remembered()
            },
            starts: Starts::default(),
            clock: Clock::Untold,
            stream_from: Some(Inference::ConnectionItself),
            header_from: Some(Inference::Pattern),
            partial: None,
        };
        match self
            .streams
            .find(csid)
            .and_then(|at| self.streams.get_mut(at))
        {
            Some(known) => *known = stream,
            // There are too few to forget one.
            None => drop(self.streams.insert(stream)),
        }
    }

    /// Takes up a chunk stream whose length and type were inferred.
    pub(super) fn describe(&mut self, description: Description, at: Mark, out: &mut EventQueue) {
        let Description {
            csid,
            type_id,
            length,
        } = description;
        let mut remembered = description.remembered();
        let kind = AnomalyKind::HeaderInferred {
            csid,
            type_id,
            length,
        };
        self.remark(kind, self.position, at, out);
        let known = self.streams.find(csid);
        if let Some(place) = known {
            self.give_up(place, out);
        }
        if let Some(known) = known.and_then(|place| self.streams.get_mut(place))
            && known.remembered.type_id == type_id
        {
            // The header that was lost told another length. What it told of the time is as
            // uncertain as the timestamps are.
            known.remembered.length = length;
            known.remembered.in_doubt = false;
            known.header_from = Some(Inference::Spacing);
            return;
        }
        let (stream_id, from) = self.presumed_of(type_id);
        remembered.stream_id = stream_id;
        // Control messages have no other than 0 (section 5.4).
        if csid != ChunkStreamId::CONTROL {
            let kind = AnomalyKind::MessageStreamPresumed { csid, stream_id };
            self.remark(kind, self.position, at, out);
        }
        let stream = ChunkStream {
            csid,
            used: self.chunks,
            remembered,
            starts: Starts::default(),
            clock: Clock::Untold,
            stream_from: Some(from),
            header_from: Some(Inference::Spacing),
            partial: None,
        };
        if let Some(known) = known.and_then(|place| self.streams.get_mut(place)) {
            *known = stream;
        } else if let (_, Some(mut forgotten)) = self.streams.insert(stream)
            && let Some(message) = forgotten.take_message(out)
        {
            self.kept = self.kept.saturating_sub(message.body.len());
            loss::tell_part(message, out);
        }
    }

    /// Reports the message in progress on a chunk stream, as far as it came in.
    fn give_up(&mut self, place: usize, out: &mut EventQueue) {
        if let Some(message) = self.take_message(place, out) {
            loss::tell_part(message, out);
        }
    }
}

/// Whether messages of a type belong to a message stream, and never to the connection itself.
fn is_of_a_stream(type_id: MessageTypeId) -> bool {
    let data = [MessageTypeId::DATA_AMF0, MessageTypeId::DATA_AMF3];
    type_id.is_media() || type_id == MessageTypeId::AGGREGATE || data.contains(&type_id)
}
