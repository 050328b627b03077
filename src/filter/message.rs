//! A message as a subject of filters. What it says is read only when an expression asks for it.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::text::printable;
use crate::base::time::Timestamp;
use crate::filter::field::Field;
use crate::filter::value::Subject;
use crate::filter::value::Value;
use crate::filter::value::Values;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::NoFields;
use crate::rtmp::media::audio::AudioTag;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::video::VideoTag;
use crate::rtmp::message;
use crate::rtmp::message::Decoded;
use crate::rtmp::message::Message;
use crate::rtmp::secret::Secrecy;
use crate::session::gist::gist;
use crate::session::mask::Mask;

/// What is at hand of a message.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    /// Its number within the connection, from 1.
    pub number: u64,
    /// Who sent it.
    pub side: Side,
    /// Envelope, and as much of the body as there is.
    pub raw: &'a RawMessage,
    /// What it says, where that was read already.
    pub decoded: Option<&'a Decoded>,
    /// Whether something in it is odd, where that is known without reading it.
    pub is_odd: Option<bool>,
    /// Capture time of the first frame of the connection.
    pub begin: Timestamp,
    /// What is hidden.
    pub mask: Mask<'a>,
    /// The connection.
    pub connection: &'a dyn Subject,
}

impl std::fmt::Debug for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said")
            .field("number", &self.number)
            .field("side", &self.side)
            .field("raw", &self.raw)
            .finish_non_exhaustive()
    }
}

/// A message.
#[derive(Debug)]
pub struct MessageSubject<'a> {
    said: Said<'a>,
    decoded: OnceCell<Cow<'a, Decoded>>,
}

impl<'a> MessageSubject<'a> {
    /// A message of which this is at hand.
    pub fn new(said: Said<'a>) -> Self {
        let decoded = OnceCell::new();
        if let Some(known) = said.decoded {
            let _ = decoded.set(Cow::Borrowed(known));
        }
        Self { said, decoded }
    }

    fn decoded(&self) -> &Decoded {
        self.decoded
            .get_or_init(|| Cow::Owned(message::decode(self.said.raw, &mut NoFields)))
    }

    fn message(&self) -> &Message {
        &self.decoded().message
    }

    /// Foreign text as it is shown.
    fn prose(&self, text: &str) -> Value<'static> {
        Value::Text(printable(&self.said.mask.prose(text)).into())
    }

    fn missing(&self) -> u64 {
        let raw = self.said.raw;
        u64::from(raw.length.saturating_sub(raw.received))
    }

    /// The names of commands and of data.
    fn names(&self) -> Values<'_> {
        match self.message() {
            Message::Command(command) => Values::of(Some(self.prose(command.name.as_str()))),
            Message::Data(data) => {
                let instruction = data
                    .instruction
                    .map(|known| Value::Text(known.name().into()));
                let name = Some(self.prose(data.name.as_str()));
                Values::several(instruction.into_iter().chain(name))
            }
            _ => Values::absent(),
        }
    }

    /// Code and level of an information object.
    fn status(&self) -> [Option<Value<'_>>; 2] {
        let Message::Command(command) = self.message() else {
            return [None, None];
        };
        let Some(status) = command.status() else {
            return [None, None];
        };
        let shown = |text: &str| {
            let masked = self.said.mask.text(text, Secrecy::Parameters);
            Value::Text(printable(&masked).into())
        };
        [status.code.map(shown), status.level.map(shown)]
    }

    fn codecs(&self) -> Vec<CodecId> {
        let audio = |tag: &AudioTag| tag.tracks.iter().map(|track| track.codec).collect();
        let video = |tag: &VideoTag| tag.tracks.iter().map(|track| track.codec).collect();
        match self.message() {
            Message::Audio(tag) => audio(tag),
            Message::Video(tag) => video(tag),
            _ => Vec::new(),
        }
    }

    fn four_ccs(&self) -> Values<'_> {
        let codes = self.codecs().into_iter().filter_map(|codec| match codec {
            CodecId::FourCc(code) => Some(Value::Text(code.to_string().into())),
            CodecId::Audio(_) | CodecId::Video(_) => None,
        });
        Values::several(codes)
    }

    fn is_key(&self) -> bool {
        matches!(self.message(), Message::Video(tag) if tag.is_key())
    }

    fn is_config(&self) -> bool {
        match self.message() {
            Message::Audio(tag) => tag.is_config(),
            Message::Video(tag) => tag.is_config(),
            _ => false,
        }
    }

    fn is_odd(&self) -> bool {
        self.said
            .is_odd
            .unwrap_or_else(|| !self.decoded().anomalies.is_empty())
    }

    /// What a line about it shows.
    fn texts(&self) -> Values<'_> {
        let raw = self.said.raw;
        let gist = gist(raw, self.message(), self.said.mask);
        Values::several([
            Value::Text(gist.into()),
            Value::Text(raw.type_id.to_string().into()),
        ])
    }

    /// A field of the connection that belongs to one of its sides.
    fn of_side(&self, side: Side, client: Field, server: Field) -> Values<'_> {
        self.said.connection.value(match side {
            Side::Client => client,
            Side::Server => server,
        })
    }
}

impl Subject for MessageSubject<'_> {
    fn value(&self, field: Field) -> Values<'_> {
        let Said {
            raw,
            side,
            number,
            begin,
            connection,
            ..
        } = self.said;
        let frame = |mark: Mark| Values::count(mark.frame.0);
        let whole = |number: u32| Values::number(f64::from(number));
        match field {
            Field::Number => Values::count(number),
            Field::Frame => frame(raw.last),
            Field::FrameFirst => frame(raw.first),
            Field::Time => Values::number(raw.completed().time.since(begin).as_secs_f64()),
            Field::Type => Values::number(f64::from(raw.type_id.0)),
            Field::Dir => Values::word(Some(side.name())),
            Field::Src => self.of_side(side, Field::ClientAddr, Field::ServerAddr),
            Field::Dst => self.of_side(side.other(), Field::ClientAddr, Field::ServerAddr),
            Field::SrcPort => self.of_side(side, Field::ClientPort, Field::ServerPort),
            Field::DstPort => self.of_side(side.other(), Field::ClientPort, Field::ServerPort),
            Field::Csid => whole(raw.csid.0),
            Field::Msid => whole(raw.stream_id.0),
            Field::Fmt => Values::number(f64::from(raw.fmt.number())),
            Field::Ts => Values::number(raw.told_timestamp().map(|told| f64::from(told.0))),
            Field::Delta => Values::number(raw.told_delta().map(f64::from)),
            Field::Len => whole(raw.length),
            Field::Chunks => whole(raw.chunks),
            Field::HeaderBytes => whole(raw.header_bytes),
            Field::Cmd => self.names(),
            Field::Tid => match self.message() {
                Message::Command(command) => Values::number(command.transaction_id.map(|id| id.0)),
                _ => Values::absent(),
            },
            Field::Code => {
                let [code, _] = self.status();
                Values::of(code)
            }
            Field::Level => {
                let [_, level] = self.status();
                Values::of(level)
            }
            Field::Event => match self.message() {
                Message::UserControl(control) => Values::text(Some(control.event.to_string())),
                _ => Values::absent(),
            },
            Field::Key => Values::flag(self.is_key()),
            Field::Config => Values::flag(self.is_config()),
            Field::FourCc => self.four_ccs(),
            Field::Odd => Values::flag(self.is_odd()),
            Field::Part => Values::flag(raw.from_aggregate),
            Field::Codec => {
                let codecs = self.codecs().into_iter();
                Values::several(codecs.map(|codec| Value::Text(codec.to_string().into())))
            }
            Field::Missing => Values::count(self.missing()),
            Field::Inferred => Values::flag(raw.inferred.is_any()),
            Field::Rtmpt => Values::flag(true),
            Field::Text => self.texts(),
            _ => connection.value(field),
        }
    }
}
