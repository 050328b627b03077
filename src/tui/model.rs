//! What the screens show, as plain data: a screen is a function of a [`Snapshot`] and a
//! [`crate::tui::state::ViewState`]. All text in here is fit to be shown: masked, and without
//! control characters; what is still foreign lies within [`Detail::session`], and only
//! [`Detail::text`] and [`Detail::prose`] get it out.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::FlowId;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::text::printable;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::compare::Comparison;
use crate::compare::Opening;
use crate::compare::Party;
use crate::net::Endpoint;
use crate::net::health::Health;
use crate::net::seq::SeqNum;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::NoFields;
use crate::rtmp::inferred::Inference;
use crate::rtmp::message;
use crate::rtmp::secret::Secrecy;
use crate::session::Session;
use crate::session::end::EndStyle;
use crate::session::gist::gist;
use crate::session::mask::Mask;
use crate::session::netstream::Role;
use crate::session::summary::Stage;
use crate::tui::strip::Strip;

/// Everything one frame of the dashboard is drawn from.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The capture.
    pub capture: Capture,
    /// Its connections, in the order of first sight.
    pub rows: Vec<Arc<Row>>,
    /// Ended connections that memory was too short for.
    pub rows_left_out: u64,
    /// The connection that is open.
    pub detail: Detailed,
    /// Two connections that are held against each other.
    pub compared: Option<Compared>,
    /// The lines around the selected message.
    pub page: MessagePage,
    /// The selected message, taken apart.
    pub opened: Option<Arc<Opened>>,
    /// The frames of media around the time cursor, where the screen shows them.
    pub strip: Option<Arc<Strip>>,
    /// The messages of the selected call, when the calls are shown.
    pub call_opened: Option<CallOpened>,
    /// What was odd, in the order of first sight: of the whole capture, or of the open
    /// connection, as the view asks.
    pub anomalies: Vec<Arc<Oddity>>,
    /// Kinds of anomalies that were not kept one by one.
    pub anomalies_left_out: u64,
}

/// Two connections that are held against each other.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What is known of the left one.
    pub left: Detailed,
    /// What is known of the right one.
    pub right: Detailed,
    /// What came of it, once both are known.
    pub comparison: Option<Arc<Comparison>>,
}

/// What is known of the open connection.
#[derive(Debug, Clone, Default)]
pub enum Detailed {
    /// None is open.
    #[default]
    None,
    /// It is asked for and will come with the next look of the decoder.
    Awaited,
    /// There were too many connections to keep this one.
    LeftOut,
    /// This.
    Known(Arc<Detail>),
}

impl Detailed {
    /// The detail, where there is one.
    pub fn known(&self) -> Option<&Detail> {
        match self {
            Self::Known(detail) => Some(detail),
            _ => None,
        }
    }
}

/// How reading goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capture {
    /// What is read.
    pub name: String,
    /// Whether it is an interface.
    pub is_live: bool,
    /// Whether everything has been read.
    pub is_done: bool,
    /// Bytes read so far.
    pub bytes_read: u64,
    /// Bytes there are to read, where that is known.
    pub bytes_total: Option<u64>,
    /// Frames so far.
    pub frames: u64,
    /// RTMP messages on the wire so far; an aggregate is one.
    pub messages: u64,
    /// Messages within aggregates so far.
    pub aggregate_parts: u64,
    /// TCP connections that are something else than RTMP.
    pub other_connections: u64,
    /// Capture time of the first frame.
    pub first: Option<Timestamp>,
    /// Capture time of the latest frame.
    pub last: Option<Timestamp>,
    /// Connections let go before their end, because memory was short.
    pub let_go: u64,
    /// Packets that the capture lost.
    pub dropped: u64,
    /// What went wrong while reading, the latest.
    pub trouble: Option<String>,
    /// How it is replayed, when it is; the program around the dashboard tells that.
    pub replay: Option<Replay>,
}

/// How a capture is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// How fast.
    pub speed: Speed,
    /// Whether it stands still.
    pub is_held: bool,
}

/// How many times as fast as it was captured: a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed(i8);

impl Speed {
    /// As it was captured.
    pub const NORMAL: Self = Self(0);
    /// Slower than a quarter one reads messages one by one.
    const SLOWEST: i8 = -2;
    /// Faster than this there is nothing left to see.
    const FASTEST: i8 = 10;

    /// Twice as fast, up to 1024 times.
    #[must_use]
    pub fn faster(self) -> Self {
        Self(self.0.saturating_add(1).min(Self::FASTEST))
    }

    /// Half as fast, down to a quarter.
    #[must_use]
    pub fn slower(self) -> Self {
        Self(self.0.saturating_sub(1).max(Self::SLOWEST))
    }

    /// The speed that is nearest to a factor; `None` for what is none.
    pub fn nearest(factor: f64) -> Option<Self> {
        if !factor.is_finite() || factor <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let power = factor.log2().round() as i8;
        Some(Self(power.clamp(Self::SLOWEST, Self::FASTEST)))
    }

    /// How long so much capture time takes; nothing for none or less.
    pub fn time_for(self, span: Span) -> Duration {
        let nanos = u64::try_from(span.nanos()).unwrap_or(0);
        let nanos = if self.0 >= 0 {
            nanos >> u32::from(self.0.unsigned_abs())
        } else {
            nanos.saturating_mul(1 << u32::from(self.0.unsigned_abs()))
        };
        Duration::from_nanos(nanos)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "×{}", 2_f64.powi(i32::from(self.0)))
    }
}

impl Capture {
    /// How far reading has come, 0..=100, while it goes on and its end is known.
    pub fn percent(&self) -> Option<u64> {
        if self.is_done {
            return None;
        }
        self.bytes_read
            .saturating_mul(100)
            .checked_div(self.bytes_total?)
            .map(|percent| percent.min(100))
    }
}

/// Numbers in a row's course of the bitrate: what a wide sparkline can show.
pub const SPARK_LEN: usize = 24;

/// One connection in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number.
    pub id: FlowId,
    /// Addresses.
    pub ends: PerSide<Endpoint>,
    /// App and stream name, masked.
    pub label: String,
    /// What the client does.
    pub role: Option<Role>,
    /// What of the row is inferred.
    pub inferred: RowInferred,
    /// How far it came.
    pub stage: Stage,
    /// How it ended.
    pub end: Option<EndStyle>,
    /// Codecs, as `avc 1280x720 + aac`.
    pub codecs: String,
    /// Bitrate in thousands of bits per second of media time.
    pub kbits: f64,
    /// Course of the bitrate, latest last.
    pub spark: Vec<u32>,
    /// Frames per second.
    pub frame_rate: Option<f64>,
    /// Keyframe interval in milliseconds.
    pub keyframe_ms: Option<f64>,
    /// Audio ahead of video in milliseconds.
    pub skew_ms: Option<f64>,
    /// Lag of the media clock in milliseconds.
    pub lag_ms: Option<f64>,
    /// Share of the packets that were sent again, 0.0..=1.0.
    pub retransmitted: f64,
    /// Bytes that the capture does not hold.
    pub missing: u64,
    /// Messages on the wire; an aggregate is one.
    pub messages: u64,
    /// Messages within aggregates.
    pub aggregate_parts: u64,
    /// First frame.
    pub first: Mark,
    /// Latest frame.
    pub last: Mark,
    /// Worst anomaly.
    pub worst: Option<Severity>,
    /// Different anomalies.
    pub anomalies: u32,
    /// What its line does not show, and a filter may ask for.
    pub more: RowMore,
}

/// What a filter may ask of a connection beside what its line shows. All text is masked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowMore {
    /// Application.
    pub app: Option<String>,
    /// Stream name.
    pub stream: Option<String>,
    /// URL that the client connected to.
    pub tc_url: Option<String>,
    /// Software of both sides.
    pub software: PerSide<Option<String>>,
    /// Codecs of the tracks.
    pub codecs: Vec<String>,
    /// Width and height of the pictures.
    pub picture: Option<(u32, u32)>,
    /// Codes of its anomalies.
    pub codes: Vec<&'static str>,
    /// Calls made.
    pub calls: u64,
    /// Calls answered with an error.
    pub calls_failed: u64,
    /// Calls that never got the answer that was due.
    pub calls_unanswered: u64,
    /// Calls that wait for an answer.
    pub calls_waiting: u64,
    /// What ended it.
    pub end_cause: Option<&'static str>,
}

/// What of a row is inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowInferred {
    /// Which side is the client.
    pub sides: bool,
    /// What it does.
    pub role: bool,
    /// The timestamps by which audio is held against video.
    pub skew: bool,
}

impl RowInferred {
    /// Whether anything is.
    pub fn is_any(self) -> bool {
        self.sides || self.role || self.skew
    }
}

/// One connection in full.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Its number.
    pub id: FlowId,
    /// Addresses.
    pub ends: PerSide<Endpoint>,
    /// What tells its addresses from equal ones inside other tunnels.
    pub tunnel: u32,
    /// Sequence numbers with which the byte streams begin, by sender.
    pub begins: PerSide<Option<SeqNum>>,
    /// First frame.
    pub first: Mark,
    /// Latest frame.
    pub last: Mark,
    /// Bytes that the capture does not hold, by sender.
    pub missing: PerSide<u64>,
    /// From what it is inferred which side is the client.
    pub sides_from: Option<Inference>,
    /// What the peers did.
    pub session: Session,
    /// How TCP carried it, by sender.
    pub health: PerSide<Health>,
    /// Whether secrets are shown as they are.
    pub show_secrets: bool,
}

impl Detail {
    /// Foreign text, when it is known what of it is secret, as it may be shown.
    pub fn text(&self, text: &str, secrecy: Secrecy) -> String {
        printable(&self.mask().text(text, secrecy))
    }

    /// Foreign text, whatever it is, as it may be shown.
    pub fn prose(&self, text: &str) -> String {
        printable(&self.mask().prose(text))
    }

    /// The connection as one of two that are compared, with the messages that it began with.
    pub(super) fn party<'a>(&'a self, opening: &'a Opening) -> Party<'a> {
        Party {
            id: self.id,
            ends: self.ends,
            first: self.first,
            last: self.last,
            session: &self.session,
            health: &self.health,
            missing: self.missing,
            opening,
            mask: self.mask(),
        }
    }

    /// What is hidden.
    fn mask(&self) -> Mask<'_> {
        Mask::new(&self.session, self.show_secrets)
    }

    /// What a kept message says in a few words.
    pub fn gist_of(&self, kept: &Kept) -> String {
        if kept.is_let_go && kept.raw.length > 0 {
            "let go; read again when it is opened".to_owned()
        } else {
            self.gist(&kept.raw)
        }
    }

    /// What a message says in a few words.
    pub fn gist(&self, raw: &RawMessage) -> String {
        let decoded = message::decode(raw, &mut NoFields);
        gist(raw, &decoded.message, self.mask())
    }

    /// App and stream name.
    pub fn label(&self) -> String {
        label(&self.session, self.show_secrets)
    }
}

/// App and stream name of a session, as they may be shown.
pub fn label(session: &Session, show_secrets: bool) -> String {
    let mask = Mask::new(session, show_secrets);
    let shown = |text: &str, secrecy: Secrecy| printable(&mask.text(text, secrecy));
    let summary = session.summary();
    let app = summary.app.map(|app| shown(app, Secrecy::Url));
    let name = summary.stream_name.map(|name| shown(name, Secrecy::Whole));
    match (app, name) {
        (Some(app), Some(name)) => format!("{app}/{name}"),
        (Some(app), None) => app,
        (None, Some(name)) => name,
        (None, None) if session.is_from_begin() => "(no name yet)".to_owned(),
        (None, None) => "(joined late)".to_owned(),
    }
}

/// A message that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its number within the connection, from 1.
    pub number: u64,
    /// Who sent it.
    pub side: Side,
    /// Envelope, and as much of the body as is kept.
    pub raw: RawMessage,
    /// Whether something was odd about it.
    pub is_odd: bool,
    /// Whether what was kept of its body was let go since.
    pub is_let_go: bool,
}

/// One line of the messages.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageLine {
    /// The message.
    pub kept: Arc<Kept>,
    /// What it says in a few words, masked.
    pub summary: String,
    /// Capture time of the line before it, of all the lines that are shown.
    pub previous: Option<Timestamp>,
}

/// The lines around the selected message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MessagePage {
    /// The lines, oldest first.
    pub lines: Vec<MessageLine>,
    /// Position of the first of them among all that match.
    pub first: usize,
    /// Position of the selected one among all that match.
    pub selected: usize,
    /// How many match, or all that are kept when nothing is searched for.
    pub matching: usize,
    /// How many are kept.
    pub kept: usize,
    /// How many of those came within aggregates.
    pub parts: usize,
    /// How many were looked through for the filter.
    pub searched: usize,
    /// Older messages that are kept no longer.
    pub left_out: u64,
    /// How many of the oldest are kept without what they say.
    pub without_body: usize,
}

/// One field of an opened message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLine {
    /// How deep it lies in others.
    pub depth: u16,
    /// Name, fit to be shown.
    pub name: String,
    /// Value, masked.
    pub value: String,
    /// Its bytes in the body.
    pub range: Range<usize>,
}

/// The selected message, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// Which.
    pub kept: Arc<Kept>,
    /// What it says in a few words.
    pub summary: String,
    /// Its fields, parts behind the field that has them.
    pub fields: Vec<FieldLine>,
    /// Its bytes, secrets overwritten: its body, or where [`Opened::is_wire`] is set all bytes
    /// from its first header byte to its end. The ranges of the fields are places in them.
    pub bytes: Vec<u8>,
    /// What of the bytes is no payload of it: chunk headers, and chunks of other channels.
    pub headers: Vec<Range<usize>>,
    /// What of the bytes the capture does not hold.
    pub missing: Vec<Range<usize>>,
    /// Whether the bytes are those on the wire.
    pub is_wire: bool,
    /// Whether its whole body is there.
    pub is_whole: bool,
    /// Bytes of its chunk headers, when they were read again.
    pub header_bytes: Option<usize>,
    /// Whether it was read again.
    pub reading: Reading,
    /// What is odd about it.
    pub odd: Vec<String>,
}

/// The messages of a call, taken apart as far as they are kept: their bodies, without headers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallOpened {
    /// Number of the call in the connection, from 1.
    pub call: u64,
    /// What asked; `None` when it is kept no longer.
    pub request: Option<Arc<Opened>>,
    /// What answered; `None` when nothing did, or when it is kept no longer.
    pub reply: Option<Arc<Opened>>,
}

/// How far a message is from being read again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reading {
    /// There is nothing to read it from.
    #[default]
    Impossible,
    /// It is being read; how many hundredths of what must be passed over are behind, where there
    /// is much of that.
    Underway(Option<u64>),
    /// It was read.
    Done,
    /// It could not be read, and why.
    Failed(Arc<str>),
}

/// Something odd.
#[derive(Debug, Clone, PartialEq)]
pub struct Oddity {
    /// The connection.
    pub flow: FlowId,
    /// App and stream name when it happened.
    pub label: String,
    /// Code for scripts.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Who sent what shows it.
    pub side: Side,
    /// First occurrence.
    pub first: Mark,
    /// Latest occurrence.
    pub last: Mark,
    /// Occurrences.
    pub count: u64,
    /// What it is, with the figures of the first occurrence.
    pub what: String,
}
