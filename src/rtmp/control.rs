//! Protocol control messages (RTMP 1.0 section 5.4, types 1, 2, 3, 5 and 6) and user control
//! messages (sections 6.2 and 7.1.7, type 4).

use std::fmt;

use nom::IResult;
use nom::number::complete::be_u8;
use nom::number::complete::be_u16;
use nom::number::complete::be_u32;

use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::problem::BodyProblem;
use crate::rtmp::problem::Problem;
use crate::rtmp::problem::note;

#[cfg(test)]
mod tests;

/// Set Peer Bandwidth (section 5.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetPeerBandwidth {
    /// Window in bytes.
    pub window: u32,
    /// How the window limits the peer; `None` if the byte is missing, as from some senders.
    pub limit: Option<LimitType>,
}

/// Limit type of Set Peer Bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitType(pub u8);

impl LimitType {
    /// The peer should limit itself to the window.
    pub const HARD: Self = Self(0);
    /// The peer should limit itself to the smaller of this window and the one in effect.
    pub const SOFT: Self = Self(1);
    /// Hard if the last one was hard, else to be ignored.
    pub const DYNAMIC: Self = Self(2);

    /// The word of the specification.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::HARD => "hard",
            Self::SOFT => "soft",
            Self::DYNAMIC => "dynamic",
            _ => return None,
        })
    }
}

impl fmt::Display for LimitType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("limit_{}", self.0)),
        }
    }
}

/// Event type of a user control message (section 7.1.7). The numbers above 7 are in no
/// specification, but Flash Media Server sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserControlType(pub u16);

impl UserControlType {
    /// A message stream can be used.
    pub const STREAM_BEGIN: Self = Self(0);
    /// Playback is over.
    pub const STREAM_EOF: Self = Self(1);
    /// No more data for now.
    pub const STREAM_DRY: Self = Self(2);
    /// How much the client buffers.
    pub const SET_BUFFER_LENGTH: Self = Self(3);
    /// The stream is recorded.
    pub const STREAM_IS_RECORDED: Self = Self(4);
    /// Is the client there?
    pub const PING_REQUEST: Self = Self(6);
    /// It is.
    pub const PING_RESPONSE: Self = Self(7);
    /// Request to prove which SWF file runs; SRS sends an event of its own under this number.
    pub const SWF_VERIFY_REQUEST: Self = Self(0x1a);
    /// The proof.
    pub const SWF_VERIFY_RESPONSE: Self = Self(0x1b);
    /// The server has sent what it had to send for now.
    pub const BUFFER_EMPTY: Self = Self(0x1f);
    /// The server begins to send again.
    pub const BUFFER_READY: Self = Self(0x20);

    /// The name used in records and views; `None` for an event that nobody documents.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::STREAM_BEGIN => "stream_begin",
            Self::STREAM_EOF => "stream_eof",
            Self::STREAM_DRY => "stream_dry",
            Self::SET_BUFFER_LENGTH => "set_buffer_length",
            Self::STREAM_IS_RECORDED => "stream_is_recorded",
            Self::PING_REQUEST => "ping_request",
            Self::PING_RESPONSE => "ping_response",
            Self::SWF_VERIFY_REQUEST => "swf_verify_request",
            Self::SWF_VERIFY_RESPONSE => "swf_verify_response",
            Self::BUFFER_EMPTY => "buffer_empty",
            Self::BUFFER_READY => "buffer_ready",
            _ => return None,
        })
    }
}

impl fmt::Display for UserControlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("event_{}", self.0)),
        }
    }
}

/// A user control message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserControl {
    /// Which event.
    pub event: UserControlType,
    /// What comes with it.
    pub data: UserControlData,
}

/// What comes with a user control event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserControlData {
    /// Nothing: a request for SWF verification, or a ping whose time is left out.
    Nothing,
    /// A message stream.
    Stream {
        /// Its id.
        stream_id: u32,
    },
    /// Buffer length of a message stream.
    BufferLength {
        /// Its id.
        stream_id: u32,
        /// Milliseconds.
        buffer_ms: u32,
    },
    /// Time of a ping: milliseconds of the server's clock, which the response repeats.
    Ping {
        /// The time.
        timestamp: u32,
    },
    /// The proof of which SWF file runs.
    SwfVerification(SwfVerification),
    /// The byte that SRS sends with its event 0x1a.
    Byte(u8),
    /// Data of an event that nobody documents, or too little of it.
    Bytes(Vec<u8>),
}

/// Proof of which SWF file runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwfVerification {
    /// Length of the uncompressed SWF file in bytes.
    pub swf_size: u32,
    /// HMAC-SHA256 of its hash, keyed by the end of S1.
    pub digest: [u8; SWF_DIGEST_LEN],
}

/// Bytes of the digest in an SWF verification response.
pub const SWF_DIGEST_LEN: usize = 32;

/// Data of an SWF verification response: two version bytes, the file length twice, the digest.
const SWF_VERIFICATION_LEN: usize = 42;

/// Reads a control message of which the body is one number, called `name`: types 1, 2, 3 and 5.
pub fn parse_number(
    name: &'static str,
    body: &[u8],
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
) -> Option<u32> {
    let mut cursor = Cursor::new(body, fields, problems);
    let number = cursor.field(name, be_u32)?;
    cursor.finish();
    Some(number)
}

/// Reads the body of Set Peer Bandwidth (section 5.4.5).
pub fn parse_set_peer_bandwidth(
    body: &[u8],
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
) -> Option<SetPeerBandwidth> {
    let mut cursor = Cursor::new(body, fields, problems);
    let window = cursor.field("acknowledgement window size", be_u32)?;
    let at = cursor.pos;
    if cursor.rest().is_empty() {
        note(cursor.problems, at, BodyProblem::LimitTypeMissing);
        return Some(SetPeerBandwidth {
            window,
            limit: None,
        });
    }
    let limit = cursor.field("limit type", |input| {
        let (rest, byte) = be_u8(input)?;
        Ok((rest, LimitType(byte)))
    })?;
    if limit.name().is_none() {
        let kind = BodyProblem::LimitTypeUnknown { limit };
        note(cursor.problems, at, kind);
    }
    cursor.finish();
    Some(SetPeerBandwidth {
        window,
        limit: Some(limit),
    })
}

/// Reads the body of a user control message (section 7.1.7).
pub fn parse_user_control(
    body: &[u8],
    fields: &mut impl FieldSink,
    problems: &mut Vec<Problem>,
) -> Option<UserControl> {
    let mut cursor = Cursor::new(body, fields, problems);
    let event = cursor.field("event type", |input| {
        let (rest, number) = be_u16(input)?;
        Ok((rest, UserControlType(number)))
    })?;
    let data = match event {
        UserControlType::STREAM_BEGIN
        | UserControlType::STREAM_EOF
        | UserControlType::STREAM_DRY
        | UserControlType::STREAM_IS_RECORDED
        | UserControlType::BUFFER_EMPTY
        | UserControlType::BUFFER_READY => cursor
            .field("stream id", be_u32)
            .map(|stream_id| UserControlData::Stream { stream_id }),
        UserControlType::SET_BUFFER_LENGTH => cursor.buffer_length(),
        UserControlType::PING_REQUEST | UserControlType::PING_RESPONSE => cursor.ping(),
        UserControlType::SWF_VERIFY_REQUEST => cursor.swf_request(),
        UserControlType::SWF_VERIFY_RESPONSE => cursor.swf_response(),
        _ => {
            note(
                cursor.problems,
                0,
                BodyProblem::UnknownUserControl { event },
            );
            None
        }
    };
    let data = data.unwrap_or_else(|| cursor.bytes());
    cursor.finish();
    Some(UserControl { event, data })
}

/// The reading position in a control message.
struct Cursor<'a, F> {
    body: &'a [u8],
    pos: usize,
    fields: &'a mut F,
    problems: &'a mut Vec<Problem>,
}

impl<'a, F: FieldSink> Cursor<'a, F> {
    fn new(body: &'a [u8], fields: &'a mut F, problems: &'a mut Vec<Problem>) -> Self {
        Self {
            body,
            pos: 0,
            fields,
            problems,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.body.get(self.pos..).unwrap_or_default()
    }

    /// Reads a field and reports it; `None`, and a note, if the message is too short for it.
    fn field<T: fmt::Display>(
        &mut self,
        name: &'static str,
        parser: impl FnOnce(&'a [u8]) -> IResult<&'a [u8], T>,
    ) -> Option<T> {
        let start = self.pos;
        let Ok((rest, value)) = parser(self.rest()) else {
            let kind = BodyProblem::ControlTooShort { field: name };
            note(self.problems, start, kind);
            return None;
        };
        self.pos = self.body.len().saturating_sub(rest.len());
        self.fields
            .leaf(FieldName::Spec(name), start..self.pos, &value);
        Some(value)
    }

    fn buffer_length(&mut self) -> Option<UserControlData> {
        let start = self.pos;
        let data = self.field("stream id", be_u32).and_then(|stream_id| {
            let buffer_ms = self.field("buffer length", be_u32)?;
            Some(UserControlData::BufferLength {
                stream_id,
                buffer_ms,
            })
        });
        if data.is_none() {
            self.pos = start;
        }
        data
    }

    /// Some servers answer a ping without repeating its time.
    fn ping(&mut self) -> Option<UserControlData> {
        if self.rest().is_empty() {
            note(self.problems, self.pos, BodyProblem::PingWithoutTime);
            return Some(UserControlData::Nothing);
        }
        let timestamp = self.field("timestamp", be_u32)?;
        Some(UserControlData::Ping { timestamp })
    }

    fn swf_request(&mut self) -> Option<UserControlData> {
        match self.rest() {
            [] => Some(UserControlData::Nothing),
            [_] => Some(UserControlData::Byte(self.field("value", be_u8)?)),
            _ => None,
        }
    }

    fn swf_response(&mut self) -> Option<UserControlData> {
        let start = self.pos;
        let Some((proof, _)) = self.rest().split_first_chunk::<SWF_VERIFICATION_LEN>() else {
            let field = "SWF verification";
            note(self.problems, start, BodyProblem::ControlTooShort { field });
            return None;
        };
        let digest = *proof.last_chunk::<SWF_DIGEST_LEN>()?;
        self.field("version", be_u16)?;
        let swf_size = self.field("SWF size", be_u32)?;
        self.field("SWF size repeated", be_u32)?;
        let start = self.pos;
        self.pos = start.saturating_add(SWF_DIGEST_LEN);
        self.fields
            .leaf(FieldName::Spec("digest"), start..self.pos, &"32 bytes");
        Some(UserControlData::SwfVerification(SwfVerification {
            swf_size,
            digest,
        }))
    }

    /// Everything that follows.
    fn bytes(&mut self) -> UserControlData {
        let start = self.pos;
        let rest = self.rest();
        self.pos = self.body.len();
        if !rest.is_empty() {
            let summary = format!("{} bytes", rest.len());
            self.fields
                .leaf(FieldName::Spec("event data"), start..self.pos, &summary);
        }
        UserControlData::Bytes(rest.to_vec())
    }

    /// Notes what is left.
    fn finish(self) {
        let count = self.rest().len();
        if count > 0 {
            note(
                self.problems,
                self.pos,
                BodyProblem::TrailingBytes { count },
            );
            self.fields.leaf(
                FieldName::Spec("trailing bytes"),
                self.pos..self.body.len(),
                &count,
            );
        }
    }
}
