//! Aggregate messages (RTMP 1.0 section 7.1.6, type 22): messages in the form of FLV tags, one
//! behind the other.

use nom::IResult;
use nom::Parser;
use nom::number::complete::be_u8;
use nom::number::complete::be_u24;
use nom::number::complete::be_u32;
use std::ops::Range;

use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;
use crate::rtmp::problem::note;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;

#[cfg(test)]
mod tests;

/// Length of the header of a sub-message in bytes.
const HEADER_LEN: usize = 11;

/// Length of a back pointer in bytes.
const BACK_POINTER_LEN: usize = 4;

/// Most sub-messages that are read from one aggregate. Servers put up to a second of media into
/// one, some hundred messages; one of 16 MB could hold a million empty ones.
pub const MAX_PARTS: usize = 16_384;

/// An aggregate message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aggregate {
    /// Its sub-messages.
    pub parts: Vec<SubMessage>,
}

/// A message inside an aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubMessage {
    /// Its type.
    pub type_id: MessageTypeId,
    /// Its timestamp on the timescale of the message stream.
    pub timestamp: RtmpTimestamp,
    /// Its timestamp as it is on the wire.
    pub own_timestamp: RtmpTimestamp,
    /// Its stream: that of the aggregate, which overrides its own.
    pub stream_id: MessageStreamId,
    /// Length of its payload in bytes, as declared.
    pub length: u32,
    /// Where in the aggregate's body its payload lies, as far as it is there.
    pub payload: Range<usize>,
}

impl SubMessage {
    /// The sub-message as a message of its own, with at most `keep` bytes of its payload. What it
    /// cost on the chunk stream was counted with the aggregate.
    pub fn to_message(&self, aggregate: &RawMessage, keep: usize) -> RawMessage {
        let payload = aggregate.body.get(self.payload.clone()).unwrap_or_default();
        let kept = payload.get(..keep).unwrap_or(payload);
        RawMessage {
            type_id: self.type_id,
            stream_id: self.stream_id,
            timestamp: self.timestamp,
            delta: None,
            length: self.length,
            chunks: 0,
            interruptions: 0,
            header_bytes: 0,
            body: kept.to_vec(),
            received: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            missing: Missing {
                start: u32::try_from(payload.len()).unwrap_or(u32::MAX),
                end: self.length,
            },
            from_aggregate: true,
            repeats: Repeats::NotDue,
            inferred: Inferred {
                header: None,
                ..aggregate.inferred
            },
            csid: aggregate.csid,
            fmt: aggregate.fmt,
            extended_timestamp: aggregate.extended_timestamp,
            range: aggregate.range,
            first: aggregate.first,
            last: aggregate.last,
        }
    }
}

/// Header of a sub-message: that of an FLV tag, with the top byte of the timestamp behind the
/// three lower ones.
struct Header {
    type_id: u8,
    length: u32,
    timestamp: u32,
    stream_id: u32,
}

fn header(input: &[u8]) -> IResult<&[u8], Header> {
    let (rest, (type_id, length, low, high, stream_id)) =
        (be_u8, be_u24, be_u24, be_u8, be_u24).parse(input)?;
    let header = Header {
        type_id,
        length,
        timestamp: u32::from(high) << 24 | low,
        stream_id,
    };
    Ok((rest, header))
}

/// Takes an aggregate apart. `timestamp` and `stream_id` are those of the aggregate message.
pub fn parse(
    body: &[u8],
    timestamp: RtmpTimestamp,
    stream_id: MessageStreamId,
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
) -> Aggregate {
    let mut parts: Vec<SubMessage> = Vec::new();
    let mut rest = body;
    let mut shift = None;
    while !rest.is_empty() {
        let start = body.len().saturating_sub(rest.len());
        if parts.len() >= MAX_PARTS {
            note(problems, start, BodyProblem::AggregateTooManyParts);
            break;
        }
        let Ok((after, header)) = header(rest) else {
            note(problems, start, BodyProblem::AggregateCut);
            leaf(fields, "incomplete header", start..body.len(), &"");
            break;
        };
        // The first sub-message has the time of the aggregate; the others keep their distance.
        let shift = *shift.get_or_insert_with(|| timestamp.0.wrapping_sub(header.timestamp));
        let payload_start = start.saturating_add(HEADER_LEN);
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let payload_end = payload_start.saturating_add(length).min(body.len());
        let part = SubMessage {
            type_id: MessageTypeId(header.type_id),
            timestamp: RtmpTimestamp(header.timestamp).advanced(shift),
            own_timestamp: RtmpTimestamp(header.timestamp),
            stream_id,
            length: header.length,
            payload: payload_start..payload_end,
        };
        report(fields, parts.len(), start, &header, &part);
        if length > after.len() {
            note(problems, start, BodyProblem::AggregateCut);
        }
        rest = after.get(length..).unwrap_or_default();
        if length <= after.len() {
            rest = back_pointer(rest, body.len(), header.length, fields, problems);
        }
        fields.close(body.len().saturating_sub(rest.len()), &part.type_id);
        parts.push(part);
    }
    Aggregate { parts }
}

/// Reads over the back pointer of a sub-message, which the last one may lack.
fn back_pointer<'a>(
    input: &'a [u8],
    body_len: usize,
    length: u32,
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
) -> &'a [u8] {
    let at = body_len.saturating_sub(input.len());
    let parsed: IResult<&[u8], u32> = be_u32(input);
    let Ok((rest, found)) = parsed else {
        note(problems, at, BodyProblem::AggregateBackPointerMissing);
        if !input.is_empty() {
            leaf(fields, "incomplete back pointer", at..body_len, &"");
        }
        return &[];
    };
    let expected = length.saturating_add(u32::try_from(HEADER_LEN).unwrap_or_default());
    if found != expected {
        let kind = BodyProblem::AggregateBackPointer { expected, found };
        note(problems, at, kind);
    }
    leaf(
        fields,
        "back pointer",
        at..at.saturating_add(BACK_POINTER_LEN),
        &found,
    );
    rest
}

/// Opens the field of a sub-message and reports its header and payload.
fn report(
    fields: &mut impl FieldSink,
    index: usize,
    start: usize,
    header: &Header,
    part: &SubMessage,
) {
    let at = |from: usize, to: usize| start.saturating_add(from)..start.saturating_add(to);
    fields.open(FieldName::Index(index), start);
    leaf(fields, "message type", at(0, 1), &part.type_id);
    leaf(fields, "payload length", at(1, 4), &header.length);
    leaf(fields, "timestamp", at(4, 8), &header.timestamp);
    leaf(fields, "stream id", at(8, HEADER_LEN), &header.stream_id);
    if !part.payload.is_empty() {
        let summary = format_args!("{} bytes", part.payload.len());
        leaf(fields, "payload", part.payload.clone(), &summary);
    }
}

fn leaf(
    fields: &mut impl FieldSink,
    name: &'static str,
    range: Range<usize>,
    value: &dyn std::fmt::Display,
) {
    fields.leaf(FieldName::Spec(name), range, value);
}
