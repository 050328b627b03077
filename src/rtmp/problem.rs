//! What can be wrong inside a message body, with the place. The body parsers know neither the
//! message nor the connection: [`crate::rtmp::message::decode`] adds who sent it and when.

use std::fmt;

use crate::base::severity::Severity;
use crate::rtmp::control::LimitType;
use crate::rtmp::control::UserControlType;
use crate::rtmp::shared_object::SharedObjectEventType;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;

/// Something odd in a message body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: BodyProblem,
    /// Byte offset in the body, where the odd part begins.
    pub offset: usize,
}

/// Most problems noted for one body. A message that breaks the same rule a thousand times says
/// no more than one that breaks it this often, and foreign bytes must not decide how much we keep.
pub const MAX_PROBLEMS: usize = 16;

/// Notes a problem, within [`MAX_PROBLEMS`].
pub(crate) fn note(problems: &mut Vec<Problem>, offset: usize, kind: BodyProblem) {
    if problems.len() < MAX_PROBLEMS {
        problems.push(Problem { kind, offset });
    }
}

/// What can be odd in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyProblem {
    /// A value runs past the end of the message.
    AmfTruncated {
        /// What was being read.
        what: &'static str,
    },
    /// A type marker that no specification names; what follows cannot be read.
    AmfUnknownMarker {
        /// The marker.
        marker: u8,
    },
    /// Movie clip or record set: reserved markers without an encoding (AMF0 sections 2.6, 2.16).
    AmfReservedMarker {
        /// The marker.
        marker: u8,
    },
    /// Values nested deeper than any sender nests them; the rest was not read.
    AmfTooDeep,
    /// More values than any sender sends; the rest was not read.
    AmfTooManyValues,
    /// References repeat more text than any sender repeats; the rest was not read.
    AmfTooMuchText,
    /// The count of an ECMA array is not the number of its properties (AMF0 section 2.10).
    AmfEcmaCount {
        /// The count on the wire.
        declared: u32,
        /// The number of properties found.
        found: usize,
    },
    /// A strict array announces more values than the message holds (AMF0 section 2.12).
    AmfStrictCount {
        /// The count on the wire.
        declared: u32,
        /// The number of values found.
        found: usize,
    },
    /// The message ends where an object end marker is due (AMF0 section 2.11).
    AmfMissingObjectEnd,
    /// An object end marker behind a key that is not empty (AMF0 section 2.11).
    AmfStrayObjectEnd,
    /// A property with an empty key that is not the end of its object.
    AmfEmptyKey,
    /// A key that the same object already has: which value counts is up to the receiver.
    AmfDuplicateKey,
    /// A string that is not UTF-8 (AMF0 section 1.3.1, AMF3 section 1.3.2).
    AmfNotUtf8,
    /// A number that is NaN or infinite.
    AmfNotFinite,
    /// A reference to something that this message does not hold before it.
    AmfBadReference {
        /// The index on the wire.
        index: u32,
    },
    /// An object in a private encoding (AMF3 section 3.12): it and what follows stay opaque.
    AmfExternalizable,
    /// Bytes behind the last value.
    AmfTrailingBytes {
        /// How many.
        count: usize,
    },

    /// A message of an AMF3 type without the leading format selector byte.
    SelectorMissing,
    /// A message of an AMF0 type with a leading format selector byte.
    SelectorUnexpected,
    /// A format selector byte other than 0.
    SelectorUnknown {
        /// The byte.
        selector: u8,
    },
    /// A command or data message whose first value is no string.
    NameMissing,
    /// A command whose second value is no number.
    TransactionIdMissing,
    /// Bytes behind the last field.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// An event of a shared object that nobody documents.
    UnknownSharedObjectEvent {
        /// The number on the wire.
        event: SharedObjectEventType,
    },
    /// An aggregate ends within one of its messages (RTMP 1.0 section 7.1.6).
    AggregateCut,
    /// More messages in an aggregate than any sender puts there; the rest was not read.
    AggregateTooManyParts,
    /// No back pointer behind the last message of an aggregate (section 7.1.6).
    AggregateBackPointerMissing,
    /// A back pointer that is not the size of the message before it (section 7.1.6): Flash Media
    /// Server puts chance bytes behind the last message.
    AggregateBackPointer {
        /// Size of the message with its header.
        expected: u32,
        /// The back pointer.
        found: u32,
    },

    /// A control message that ends before one of its fields (sections 5.4 and 7.1.7).
    ControlTooShort {
        /// The field.
        field: &'static str,
    },
    /// A protocol control message elsewhere than on chunk stream 2 and message stream 0
    /// (section 5.4).
    ControlOnWrongStream {
        /// Its chunk stream.
        csid: ChunkStreamId,
        /// Its message stream.
        stream_id: MessageStreamId,
    },
    /// Set Peer Bandwidth without its limit type (section 5.4.5).
    LimitTypeMissing,
    /// Set Peer Bandwidth with a limit type other than 0, 1 and 2.
    LimitTypeUnknown {
        /// The number on the wire.
        limit: LimitType,
    },
    /// A user control event that nobody documents.
    UnknownUserControl {
        /// The number on the wire.
        event: UserControlType,
    },
    /// A ping or its answer without the time that it should carry (section 7.1.7).
    PingWithoutTime,
}

impl BodyProblem {
    /// The code that scripts match on: stable, in the form `layer.what`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AmfTruncated { .. } => "amf.truncated",
            Self::AmfUnknownMarker { .. } => "amf.unknown_marker",
            Self::AmfReservedMarker { .. } => "amf.reserved_marker",
            Self::AmfTooDeep => "amf.too_deep",
            Self::AmfTooManyValues => "amf.too_many_values",
            Self::AmfTooMuchText => "amf.too_much_text",
            Self::AmfEcmaCount { .. } => "amf.ecma_count",
            Self::AmfStrictCount { .. } => "amf.strict_count",
            Self::AmfMissingObjectEnd => "amf.missing_object_end",
            Self::AmfStrayObjectEnd => "amf.stray_object_end",
            Self::AmfEmptyKey => "amf.empty_key",
            Self::AmfDuplicateKey => "amf.duplicate_key",
            Self::AmfNotUtf8 => "amf.not_utf8",
            Self::AmfNotFinite => "amf.not_finite",
            Self::AmfBadReference { .. } => "amf.bad_reference",
            Self::AmfExternalizable => "amf.externalizable",
            Self::AmfTrailingBytes { .. } => "amf.trailing_bytes",
            Self::SelectorMissing => "message.selector_missing",
            Self::SelectorUnexpected => "message.selector_unexpected",
            Self::SelectorUnknown { .. } => "message.selector_unknown",
            Self::NameMissing => "message.name_missing",
            Self::TransactionIdMissing => "message.transaction_id_missing",
            Self::TrailingBytes { .. } => "message.trailing_bytes",
            Self::UnknownSharedObjectEvent { .. } => "message.unknown_shared_object_event",
            Self::AggregateCut => "message.aggregate_cut",
            Self::AggregateTooManyParts => "message.aggregate_too_many_parts",
            Self::AggregateBackPointerMissing => "message.aggregate_back_pointer_missing",
            Self::AggregateBackPointer { .. } => "message.aggregate_back_pointer",
            Self::ControlTooShort { .. } => "control.too_short",
            Self::ControlOnWrongStream { .. } => "control.wrong_stream",
            Self::LimitTypeMissing => "control.limit_type_missing",
            Self::LimitTypeUnknown { .. } => "control.limit_type_unknown",
            Self::UnknownUserControl { .. } => "control.unknown_event",
            Self::PingWithoutTime => "control.ping_without_time",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::AmfTruncated { .. }
            | Self::AmfUnknownMarker { .. }
            | Self::AmfReservedMarker { .. }
            | Self::AggregateCut
            | Self::ControlTooShort { .. } => Severity::Error,
            Self::AmfTooDeep
            | Self::AmfTooManyValues
            | Self::AmfTooMuchText
            | Self::AmfStrictCount { .. }
            | Self::AmfMissingObjectEnd
            | Self::AmfStrayObjectEnd
            | Self::AmfDuplicateKey
            | Self::AmfBadReference { .. }
            | Self::SelectorUnknown { .. }
            | Self::NameMissing
            | Self::TransactionIdMissing
            | Self::AggregateTooManyParts
            | Self::ControlOnWrongStream { .. }
            | Self::LimitTypeUnknown { .. } => Severity::Warning,
            Self::AmfEcmaCount { .. }
            | Self::AmfEmptyKey
            | Self::AmfNotUtf8
            | Self::AmfNotFinite
            | Self::AmfExternalizable
            | Self::AmfTrailingBytes { .. }
            | Self::SelectorMissing
            | Self::SelectorUnexpected
            | Self::TrailingBytes { .. }
            | Self::UnknownSharedObjectEvent { .. }
            | Self::AggregateBackPointerMissing
            | Self::AggregateBackPointer { .. }
            | Self::LimitTypeMissing
            | Self::UnknownUserControl { .. }
            | Self::PingWithoutTime => Severity::Info,
        }
    }

    /// Whether it says no more than that the bytes ended: in a body of which the capture holds
    /// only a part, this is no fault of the sender.
    pub fn is_shortage(&self) -> bool {
        matches!(
            self,
            Self::AmfTruncated { .. }
                | Self::AmfStrictCount { .. }
                | Self::AmfMissingObjectEnd
                | Self::NameMissing
                | Self::TransactionIdMissing
                | Self::AggregateCut
                | Self::AggregateBackPointerMissing
                | Self::ControlTooShort { .. }
                | Self::LimitTypeMissing
                | Self::PingWithoutTime
        )
    }
}

impl fmt::Display for BodyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AmfTruncated { what } => write!(f, "the message ends within {what}"),
            Self::AmfUnknownMarker { marker } => {
                write!(f, "AMF type marker 0x{marker:02x} is in no specification")
            }
            Self::AmfReservedMarker { marker } => {
                write!(f, "AMF0 type marker 0x{marker:02x} is reserved")
            }
            Self::AmfTooDeep => f.write_str("AMF values are nested too deeply to be read"),
            Self::AmfTooManyValues => f.write_str("too many AMF values to be read"),
            Self::AmfTooMuchText => f.write_str("AMF3 references repeat too much text to be read"),
            Self::AmfEcmaCount { declared, found } => {
                write!(
                    f,
                    "ECMA array announces {declared} properties and has {found}"
                )
            }
            Self::AmfStrictCount { declared, found } => {
                write!(
                    f,
                    "strict array announces {declared} values and has {found}"
                )
            }
            Self::AmfMissingObjectEnd => f.write_str("the object end marker is missing"),
            Self::AmfStrayObjectEnd => {
                f.write_str("object end marker behind a key that is not empty")
            }
            Self::AmfEmptyKey => f.write_str("property with an empty key"),
            Self::AmfDuplicateKey => f.write_str("the object has this key twice"),
            Self::AmfNotUtf8 => f.write_str("string is not UTF-8"),
            Self::AmfNotFinite => f.write_str("number is NaN or infinite"),
            Self::AmfBadReference { index } => {
                write!(f, "reference {index} names nothing in this message")
            }
            Self::AmfExternalizable => {
                f.write_str("externalizable object in an encoding private to its peers")
            }
            Self::AmfTrailingBytes { count } => write!(f, "bytes behind the last value: {count}"),
            Self::SelectorMissing => {
                f.write_str("AMF3 message type without its format selector byte")
            }
            Self::SelectorUnexpected => {
                f.write_str("AMF0 message type with a format selector byte")
            }
            Self::SelectorUnknown { selector } => {
                write!(f, "format selector byte is 0x{selector:02x}")
            }
            Self::NameMissing => f.write_str("the first value is no name"),
            Self::TransactionIdMissing => f.write_str("the second value is no transaction id"),
            Self::TrailingBytes { count } => write!(f, "bytes behind the last field: {count}"),
            Self::UnknownSharedObjectEvent { event } => {
                write!(f, "shared object event {} is in no specification", event.0)
            }
            Self::AggregateCut => f.write_str("the aggregate ends within one of its messages"),
            Self::AggregateTooManyParts => f.write_str("too many messages in one aggregate"),
            Self::AggregateBackPointerMissing => {
                f.write_str("no back pointer behind the last message of the aggregate")
            }
            Self::AggregateBackPointer { expected, found } => write!(
                f,
                "back pointer is {found} behind a message of {expected} bytes"
            ),
            Self::ControlTooShort { field } => {
                write!(f, "the message ends before its field \"{field}\"")
            }
            Self::ControlOnWrongStream { csid, stream_id } => write!(
                f,
                "protocol control on chunk stream {csid} and message stream {stream_id} \
                 instead of 2 and 0"
            ),
            Self::LimitTypeMissing => f.write_str("the limit type is missing"),
            Self::LimitTypeUnknown { limit } => {
                write!(f, "limit type {} is in no specification", limit.0)
            }
            Self::UnknownUserControl { event } => {
                write!(f, "user control event {} is in no specification", event.0)
            }
            Self::PingWithoutTime => f.write_str("ping without its time"),
        }
    }
}
