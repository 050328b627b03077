//! What a publisher says about its media in `onMetaData` (FLV 10.1 annex E.5), to be compared
//! with the media itself. Never trusted over the codec's configuration.

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::rtmp::amf::value::Value;
use crate::rtmp::data;
use crate::rtmp::data::Data;
use crate::rtmp::data::Instruction;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::NoFields;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;

/// Longest body kept of the metadata message in bytes; usual ones have 300 to 600.
pub const MAX_BODY: usize = 16 * 1024;

/// The latest metadata of one side and message stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// Sender.
    pub side: Side,
    /// Message stream.
    pub stream_id: MessageStreamId,
    /// What brought it.
    pub at: Mark,
    /// How often metadata came.
    pub count: u32,
    /// How often it said other figures than before.
    pub changes: u32,
    /// Whether the publisher asked the server to keep it (`@setDataFrame`).
    pub set_data_frame: bool,
    /// Its figures.
    pub figures: Figures,
    type_id: MessageTypeId,
    /// The message body. The values themselves would take four times its memory.
    body: Box<[u8]>,
}

/// The figures of the metadata that can be compared. A figure of 0 says nothing and is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Width in pixels.
    pub width: Option<f64>,
    /// Height in pixels.
    pub height: Option<f64>,
    /// Frames per second.
    pub frame_rate: Option<f64>,
    /// Video bitrate in thousands of bits per second.
    pub video_kbits: Option<f64>,
    /// Audio bitrate in thousands of bits per second.
    pub audio_kbits: Option<f64>,
    /// Audio samples per second.
    pub sample_rate: Option<f64>,
    /// Audio channels.
    pub channels: Option<f64>,
}

impl Figures {
    fn of(metadata: &Value) -> Self {
        let figure = |keys: &[&str]| {
            keys.iter()
                .find_map(|key| number(metadata.get(key)?))
                .filter(|figure| figure.is_finite() && *figure > 0.0)
        };
        // Not stereo is said of one channel and of six.
        let stereo = || metadata.get("stereo")?.as_bool()?.then_some(2.0);
        Self {
            width: figure(&["width"]),
            height: figure(&["height"]),
            frame_rate: figure(&["framerate", "fps", "videoframerate"]),
            video_kbits: figure(&["videodatarate"]),
            audio_kbits: figure(&["audiodatarate"]),
            sample_rate: figure(&["audiosamplerate"]),
            channels: figure(&["audiochannels"]).or_else(stereo),
        }
    }
}

/// A number, also one written as text.
fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

impl Metadata {
    /// The metadata of a data message, if it holds any.
    pub(crate) fn of(side: Side, raw: &RawMessage, data: &Data) -> Option<Self> {
        let metadata = data.metadata()?;
        let kept = raw.body.get(..raw.body.len().min(MAX_BODY))?;
        Some(Self {
            side,
            stream_id: raw.stream_id,
            at: raw.completed(),
            count: 1,
            changes: 0,
            set_data_frame: data.instruction == Some(Instruction::SetDataFrame),
            figures: Figures::of(metadata),
            type_id: raw.type_id,
            body: kept.into(),
        })
    }

    /// Takes the place of earlier metadata.
    pub(crate) fn follows(&mut self, earlier: &Self) {
        self.count = earlier.count.saturating_add(1);
        self.changes = earlier
            .changes
            .saturating_add(u32::from(earlier.figures != self.figures));
    }

    /// The metadata as it was on the wire: the object or array of properties.
    pub fn value(&self) -> Option<Value> {
        let data = data::parse(self.type_id, &self.body, &mut NoFields, &mut Vec::new());
        data.metadata().cloned()
    }
}

/// The software that a publisher names in its metadata.
pub(crate) fn encoder(data: &Data) -> Option<&str> {
    let metadata = data.metadata()?;
    ["encoder", "videoencoder", "creator"]
        .into_iter()
        .find_map(|key| metadata.get_str(key))
        .filter(|text| !text.is_empty())
}
