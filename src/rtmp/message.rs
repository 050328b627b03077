//! What a message says: the body of a [`RawMessage`] read by its type.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::aggregate;
use crate::rtmp::aggregate::Aggregate;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::command;
use crate::rtmp::command::Command;
use crate::rtmp::control;
use crate::rtmp::control::SetPeerBandwidth;
use crate::rtmp::control::UserControl;
use crate::rtmp::data;
use crate::rtmp::data::Data;
use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::field::NoFields;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::media::audio;
use crate::rtmp::media::audio::AudioTag;
use crate::rtmp::media::problem::MediaProblem;
use crate::rtmp::media::video;
use crate::rtmp::media::video::VideoTag;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;
use crate::rtmp::problem::note;
use crate::rtmp::shared_object;
use crate::rtmp::shared_object::SharedObject;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;

#[cfg(test)]
mod tests;

/// A message by its type (RTMP 1.0 sections 5.4, 6.2 and 7.1).
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The sender's chunks are at most this long from now on.
    SetChunkSize {
        /// Bytes, 0..=0x7FFF_FFFF. The top bit, which must be zero, is not part of it.
        size: u32,
    },
    /// The sender gives up a message of which a part was sent.
    Abort {
        /// Its chunk stream.
        csid: ChunkStreamId,
    },
    /// The sender has received this much.
    Acknowledgement {
        /// Bytes, modulo 2^32.
        sequence_number: u32,
    },
    /// An event of a stream or of the connection.
    UserControl(UserControl),
    /// The sender expects an acknowledgement each time it has sent this much.
    WindowAckSize {
        /// Bytes.
        size: u32,
    },
    /// The peer should limit what it sends without acknowledgement.
    SetPeerBandwidth(SetPeerBandwidth),
    /// Metadata and the like.
    Data(Box<Data>),
    /// A call or an answer.
    Command(Command),
    /// Events of a shared object.
    SharedObject(Box<SharedObject>),
    /// Messages in one.
    Aggregate(Aggregate),
    /// Sound.
    Audio(AudioTag),
    /// Pictures.
    Video(VideoTag),
    /// A control message too short for any of its fields.
    Unreadable,
    /// A message of a type that nobody documents.
    Unknown,
}

impl Message {
    /// Whether it is a frame of a stream: coded sound or a coded picture.
    pub fn is_coded(&self) -> bool {
        match self {
            Self::Audio(tag) => tag.is_coded(),
            Self::Video(tag) => tag.is_coded(),
            _ => false,
        }
    }
}

impl Message {
    /// Everything secret in its texts, in the order of the wire: what a viewer must mask in field
    /// trees and in hex.
    pub fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Command(command) => command.secrets(),
            Self::Data(data) => data.secrets(),
            _ => Vec::new(),
        }
    }
}

/// What a message says, and what is odd about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// What it says.
    pub message: Message,
    /// What is odd. Of a message of which the capture holds only a part, that its bytes end is
    /// not.
    pub anomalies: Vec<Anomaly>,
}

/// Reads the body of a message. Allocates nothing for media and control messages in which nothing
/// is odd or unknown. That a Set Chunk Size is out of range is for the chunk decoder to say, which
/// must act on it.
pub fn decode(raw: &RawMessage, fields: &mut impl FieldSink) -> Decoded {
    let body = raw.body.as_slice();
    let mut problems = Vec::new();
    let mut anomalies = Vec::new();
    if raw.type_id.is_protocol_control() {
        check_stream(raw, &mut problems);
    }
    let message = match raw.type_id {
        MessageTypeId::AUDIO => {
            let (tag, found) = audio::parse(body, raw.length, fields);
            anomalies.extend(found.into_iter().map(|problem| media(raw, problem)));
            Message::Audio(tag)
        }
        MessageTypeId::VIDEO => {
            let (tag, found) = video::parse(body, raw.length, fields);
            anomalies.extend(found.into_iter().map(|problem| media(raw, problem)));
            Message::Video(tag)
        }
        MessageTypeId::SET_CHUNK_SIZE
        | MessageTypeId::ABORT
        | MessageTypeId::ACKNOWLEDGEMENT
        | MessageTypeId::USER_CONTROL
        | MessageTypeId::WINDOW_ACK_SIZE
        | MessageTypeId::SET_PEER_BANDWIDTH => {
            decode_control(raw.type_id, body, fields, &mut problems).unwrap_or(Message::Unreadable)
        }
        _ => decode_structured(raw, fields, &mut problems, &mut anomalies),
    };
    let in_part = !raw.is_whole();
    problems.retain(|problem| !(in_part && problem.kind.is_shortage()));
    anomalies.extend(problems.into_iter().map(|problem| {
        let kind = AnomalyKind::Body {
            problem: problem.kind,
            type_id: raw.type_id,
            csid: raw.csid,
            offset: problem.offset,
        };
        shown_by(raw, kind)
    }));
    Decoded { message, anomalies }
}

/// Reads the messages that hold a number or an event; `None` when they are too short.
fn decode_control(
    type_id: MessageTypeId,
    body: &[u8],
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
) -> Option<Message> {
    Some(match type_id {
        MessageTypeId::SET_CHUNK_SIZE => Message::SetChunkSize {
            size: number("chunk size", body, fields, problems)? & 0x7fff_ffff,
        },
        MessageTypeId::ABORT => Message::Abort {
            csid: ChunkStreamId(number("chunk stream id", body, fields, problems)?),
        },
        MessageTypeId::ACKNOWLEDGEMENT => Message::Acknowledgement {
            sequence_number: number("sequence number", body, fields, problems)?,
        },
        MessageTypeId::WINDOW_ACK_SIZE => Message::WindowAckSize {
            size: number("acknowledgement window size", body, fields, problems)?,
        },
        MessageTypeId::SET_PEER_BANDWIDTH => {
            Message::SetPeerBandwidth(control::parse_set_peer_bandwidth(body, fields, problems)?)
        }
        _ => Message::UserControl(control::parse_user_control(body, fields, problems)?),
    })
}

/// Reads the messages that hold AMF values or other messages.
fn decode_structured(
    raw: &RawMessage,
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
    anomalies: &mut Vec<Anomaly>,
) -> Message {
    let type_id = raw.type_id;
    let body = raw.body.as_slice();
    match type_id {
        MessageTypeId::COMMAND_AMF0 | MessageTypeId::COMMAND_AMF3 => {
            Message::Command(command::parse(type_id, body, fields, problems))
        }
        MessageTypeId::DATA_AMF0 | MessageTypeId::DATA_AMF3 => {
            Message::Data(Box::new(data::parse(type_id, body, fields, problems)))
        }
        MessageTypeId::SHARED_OBJECT_AMF0 | MessageTypeId::SHARED_OBJECT_AMF3 => {
            let object = shared_object::parse(type_id, body, fields, problems);
            Message::SharedObject(Box::new(object))
        }
        MessageTypeId::AGGREGATE => Message::Aggregate(aggregate::parse(
            body,
            raw.timestamp,
            raw.stream_id,
            fields,
            problems,
        )),
        _ => {
            let csid = raw.csid;
            let kind = AnomalyKind::UnknownMessageType { type_id, csid };
            anomalies.push(shown_by(raw, kind));
            if !body.is_empty() {
                let summary = format_args!("{} bytes", body.len());
                fields.leaf(FieldName::Spec("payload"), 0..body.len(), &summary);
            }
            Message::Unknown
        }
    }
}

fn number(
    name: &'static str,
    body: &[u8],
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
) -> Option<u32> {
    control::parse_number(name, body, fields, problems)
}

/// Protocol control belongs on chunk stream 2 and message stream 0 (section 5.4).
fn check_stream(raw: &RawMessage, problems: &mut Vec<Problem>) {
    let (csid, stream_id) = (raw.csid, raw.stream_id);
    if csid != ChunkStreamId::CONTROL || stream_id != MessageStreamId::default() {
        let kind = BodyProblem::ControlOnWrongStream { csid, stream_id };
        note(problems, 0, kind);
    }
}

fn media(raw: &RawMessage, problem: MediaProblem) -> Anomaly {
    let kind = AnomalyKind::Media {
        problem,
        type_id: raw.type_id,
        csid: raw.csid,
    };
    shown_by(raw, kind)
}

fn shown_by(raw: &RawMessage, kind: AnomalyKind) -> Anomaly {
    Anomaly {
        kind,
        range: raw.range,
        at: raw.last,
    }
}

/// Takes any bytes: the body of a fuzz target. The first byte is the message type.
pub fn fuzz_message(data: &[u8]) {
    let Some((type_id, body)) = data.split_first() else {
        return;
    };
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let raw = RawMessage {
        csid: ChunkStreamId::CONTROL,
        fmt: ChunkFormat::Full,
        type_id: MessageTypeId(*type_id),
        stream_id: MessageStreamId(0),
        timestamp: RtmpTimestamp(0),
        delta: None,
        extended_timestamp: false,
        length,
        chunks: 1,
        interruptions: 0,
        header_bytes: 12,
        range: ByteRange::default(),
        first: Mark::default(),
        last: Mark::default(),
        body: body.to_vec(),
        received: length,
        missing: Missing::default(),
        from_aggregate: false,
        repeats: Repeats::NotDue,
        inferred: Inferred::default(),
    };
    let _ = decode(&raw, &mut NoFields);
}
