//! The fields that an expression can ask for: one table, from which the parser, the completion, the
//! help and the table of docs/filters.md are made.

use crate::filter::vocabulary;
use crate::filter::vocabulary::Word;

/// What a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The connection; asked of a message, its connection answers.
    Connection,
    /// The message; a connection cannot answer.
    Message,
    /// Whatever is asked: a message answers for itself, a connection for itself.
    Either,
}

impl Of {
    /// The word in the table of fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Message => "message",
            Self::Either => "both",
        }
    }
}

/// What a number counts, which decides about the units that it may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Whole things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds as the wire has them, whole.
    WholeMillis,
    /// Any measured number.
    Real,
    /// Thousands of bits per second.
    Kbits,
    /// Milliseconds, measured.
    Millis,
    /// Seconds, measured.
    Seconds,
    /// Percent.
    Percent,
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// A number.
    Number(Unit),
    /// A message type: its number, or one of these names.
    MessageType,
    /// Text; the short form looks for a part of it.
    Text,
    /// A name; the short form asks for the whole of it.
    Name(&'static [&'static str]),
    /// One of these words.
    Word(&'static [Word]),
    /// One of these words, the least first.
    Ordered(&'static [Word]),
    /// An IP address.
    Address,
}

impl Kind {
    /// The word in the table of fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Number(Unit::Count | Unit::Real) => "number",
            Self::Number(Unit::Bytes) => "bytes",
            Self::Number(Unit::WholeMillis | Unit::Millis) => "milliseconds",
            Self::Number(Unit::Kbits) => "kbit/s",
            Self::Number(Unit::Seconds) => "seconds",
            Self::Number(Unit::Percent) => "percent",
            Self::MessageType => "message type",
            Self::Text => "text",
            Self::Name(_) => "name",
            Self::Word(_) => "word",
            Self::Ordered(_) => "ordered word",
            Self::Address => "address",
        }
    }

    /// The words that there are.
    pub fn words(self) -> &'static [Word] {
        match self {
            Self::Word(words) | Self::Ordered(words) => words,
            Self::MessageType => vocabulary::MESSAGE_TYPES,
            _ => &[],
        }
    }
}

/// What there is to know of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// The field.
    pub field: Field,
    /// Its name.
    pub name: &'static str,
    /// Other names for it, those of tshark among them.
    pub aliases: &'static [&'static str],
    /// What it belongs to.
    pub of: Of,
    /// What its values are.
    pub kind: Kind,
    /// What it means.
    pub about: &'static str,
}

macro_rules! fields {
    ($($variant:ident $name:literal [$($alias:literal)*] $of:ident $kind:expr, $about:literal;)*) => {
        /// A field of a connection or of a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Field {
            $(#[doc = $about] $variant,)*
        }

        /// All fields, in the order of the help.
        pub const FIELDS: &[FieldInfo] = &[
            $(FieldInfo {
                field: Field::$variant,
                name: $name,
                aliases: &[$($alias),*],
                of: Of::$of,
                kind: $kind,
                about: $about,
            },)*
        ];

        impl Field {
            /// What there is to know of it.
            pub fn info(self) -> &'static FieldInfo {
                // The place in the table is that of the variant.
                FIELDS.get(self as usize).unwrap_or(&TEXT)
            }
        }
    };
}

const COUNT: Kind = Kind::Number(Unit::Count);
const BYTES: Kind = Kind::Number(Unit::Bytes);
const MILLIS: Kind = Kind::Number(Unit::Millis);

fields! {
    Conn "conn" ["connection" "flow" "flow_id"] Connection COUNT, "number of the connection, from 1";
    TcpStream "tcp.stream" [] Connection COUNT, "the same counted from 0, as tshark does";
    Role "role" [] Connection Kind::Word(vocabulary::ROLES), "what the client does";
    Stage "stage" ["state"] Connection Kind::Word(vocabulary::STAGES), "how far the connection has come, or came";
    App "app" [] Connection Kind::Text, "application, masked as it is shown";
    StreamName "stream" ["name" "stream.name"] Connection Kind::Text, "stream name, masked as it is shown";
    TcUrl "url" ["tcurl"] Connection Kind::Text, "URL that the client connected to, masked as it is shown";
    Addr "addr" ["ip.addr" "ipv6.addr" "ip"] Connection Kind::Address, "address of client or server";
    ClientAddr "client.addr" ["client"] Connection Kind::Address, "address of the client";
    ServerAddr "server.addr" ["server"] Connection Kind::Address, "address of the server";
    Port "port" ["tcp.port"] Connection COUNT, "port of client or server";
    ClientPort "client.port" [] Connection COUNT, "port of the client";
    ServerPort "server.port" [] Connection COUNT, "port of the server";
    Software "software" [] Connection Kind::Text, "software of client or server";
    ClientSoftware "client.software" [] Connection Kind::Text, "software of the client";
    ServerSoftware "server.software" [] Connection Kind::Text, "software of the server";
    ConnCodec "conn.codec" [] Connection Kind::Name(vocabulary::CODECS), "codec of a track of the connection";
    Width "width" [] Connection COUNT, "width of the pictures";
    Height "height" [] Connection COUNT, "height of the pictures";
    Kbits "kbits" ["rate" "bitrate"] Connection Kind::Number(Unit::Kbits), "mean bitrate of audio and video";
    Fps "fps" [] Connection Kind::Number(Unit::Real), "pictures per second of media time";
    Gop "gop" [] Connection MILLIS, "mean keyframe interval";
    Skew "skew" [] Connection MILLIS, "audio ahead of video";
    Lag "lag" [] Connection MILLIS, "lag of the media clock behind the capture clock now";
    Loss "loss" [] Connection Kind::Number(Unit::Percent), "share of packets that were sent again";
    ConnMissing "conn.missing" [] Connection BYTES, "bytes of the connection that the capture does not hold";
    Health "health" [] Connection Kind::Ordered(vocabulary::HEALTH), "the worst that was noticed; less is worse, so that `health<ok` is trouble";
    Severity "severity" ["worst"] Connection Kind::Ordered(vocabulary::SEVERITY), "the same the other way round; more is worse";
    Anomaly "anomaly" [] Connection Kind::Text, "code of something odd about the connection";
    Anomalies "anomalies" [] Connection COUNT, "different anomalies of the connection";
    Messages "messages" [] Connection COUNT, "messages on the wire";
    Calls "calls" [] Connection COUNT, "calls made";
    CallsFailed "calls.failed" [] Connection COUNT, "calls answered with an error";
    CallsUnanswered "calls.unanswered" [] Connection COUNT, "calls without the answer that was due, once the connection ended";
    CallsWaiting "calls.waiting" [] Connection COUNT, "calls that wait for an answer";
    Duration "duration" [] Connection Kind::Number(Unit::Seconds), "time from the first frame to the latest";
    End "end" ["ended"] Connection Kind::Word(vocabulary::ENDS), "how it ended; absent while it lasts";
    EndCause "end.cause" [] Connection Kind::Word(vocabulary::END_CAUSES), "what ended the TCP connection";
    ConnInferred "conn.inferred" [] Connection Kind::Flag, "whether sides, role or skew of the connection are inferred";

    Number "number" ["n"] Message COUNT, "number of the message in its connection, from 1";
    Frame "frame" ["frame.number"] Message COUNT, "frame that brought its last byte";
    FrameFirst "frame.first" [] Message COUNT, "frame that brought its first byte";
    Time "time" [] Message Kind::Number(Unit::Seconds), "time since the first frame of the connection when it was whole";
    Type "msg" ["type" "rtmpt.header.typeid"] Message Kind::MessageType, "message type";
    Dir "dir" ["from"] Message Kind::Word(vocabulary::SIDES), "who sent it";
    Src "src" ["ip.src" "ipv6.src"] Message Kind::Address, "address of the sender";
    Dst "dst" ["ip.dst" "ipv6.dst"] Message Kind::Address, "address of the receiver";
    SrcPort "srcport" ["tcp.srcport"] Message COUNT, "port of the sender";
    DstPort "dstport" ["tcp.dstport"] Message COUNT, "port of the receiver";
    Csid "csid" ["rtmpt.header.csid"] Message COUNT, "chunk stream id";
    Msid "msid" ["rtmpt.header.streamid"] Message COUNT, "message stream id";
    Fmt "fmt" ["rtmpt.header.format"] Message COUNT, "form of the first chunk's header, 0 to 3";
    Ts "ts" ["timestamp" "rtmpt.header.timestamp"] Message Kind::Number(Unit::WholeMillis), "timestamp";
    Delta "delta" ["rtmpt.header.timestampdelta"] Message Kind::Number(Unit::WholeMillis), "timestamp delta, where there is one";
    Len "len" ["length" "rtmpt.header.bodysize"] Message BYTES, "payload bytes, as declared";
    Chunks "chunks" [] Message COUNT, "chunks it came in";
    HeaderBytes "headers" [] Message BYTES, "bytes of chunk headers spent on it";
    Cmd "cmd" ["command"] Message Kind::Name(vocabulary::COMMAND_NAMES), "name of the command or of the data message";
    Tid "tid" ["transaction"] Message COUNT, "transaction id of a command";
    Code "code" [] Message Kind::Text, "code of an information object";
    Level "level" [] Message Kind::Name(vocabulary::LEVELS), "level of an information object";
    Event "event" [] Message Kind::Name(vocabulary::EVENTS), "event of a user control message";
    Key "key" ["keyframe"] Message Kind::Flag, "whether it is a keyframe";
    Config "config" [] Message Kind::Flag, "whether it is a codec configuration";
    FourCc "fourcc" [] Message Kind::Name(vocabulary::FOUR_CCS), "codec by FourCC, where the message has one";
    Odd "odd" [] Message Kind::Flag, "whether something in it is odd";
    Part "part" [] Message Kind::Flag, "whether it came within an aggregate";

    Codec "codec" [] Either Kind::Name(vocabulary::CODECS), "codec of the message, or of a track of the connection";
    Missing "missing" [] Either BYTES, "bytes that the capture does not hold";
    Inferred "inferred" [] Either Kind::Flag, "whether something of it is inferred and was not seen";
    Rtmpt "rtmpt" [] Either Kind::Flag, "true of everything: the name of the protocol, as tshark has it";
    Text "text" [] Either Kind::Text, "what is shown of it, in words: what a word without a field looks through";
}

/// The field of words without one.
const TEXT: FieldInfo = FieldInfo {
    field: Field::Text,
    name: "text",
    aliases: &[],
    of: Of::Either,
    kind: Kind::Text,
    about: "what is shown of it",
};

impl Field {
    /// The field with this name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        let is_it = |known: &str| known.eq_ignore_ascii_case(name);
        FIELDS
            .iter()
            .find(|info| is_it(info.name) || info.aliases.iter().any(|alias| is_it(alias)))
            .map(|info| info.field)
    }

    /// Whether a message answers it for itself.
    pub fn is_of_message(self) -> bool {
        self.info().of != Of::Connection
    }

    /// Whether it is known, once and for all, when the first media of a stream comes: what a choice
    /// that is made then can go by.
    pub fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Conn
                | Self::TcpStream
                | Self::Role
                | Self::App
                | Self::StreamName
                | Self::TcUrl
                | Self::Addr
                | Self::ClientAddr
                | Self::ServerAddr
                | Self::Port
                | Self::ClientPort
                | Self::ServerPort
                | Self::Software
                | Self::ClientSoftware
                | Self::ServerSoftware
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_fields() {
        for info in FIELDS {
            assert_eq!(info.field.info(), info, "{}", info.name);
        }
    }

    #[test]
    fn every_name_means_one_field() {
        let mut names: Vec<String> = FIELDS
            .iter()
            .flat_map(|info| info.aliases.iter().chain([&info.name]))
            .map(|name| name.to_ascii_lowercase())
            .collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
