//! What codec configuration records and in-band codec headers say, brought to one form per kind
//! of medium.

use std::fmt;

use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::cursor::Bytes;
use crate::rtmp::media::cursor::Cursor;
use crate::rtmp::media::cursor::Notes;
use crate::rtmp::media::problem::MediaProblem;
use crate::rtmp::media::syntax::Unreadable;

pub mod aac;
mod ac3;
mod av1;
mod avc;
mod flac;
mod hevc;
mod mp3;
mod opus;
mod vp;
mod vui;
mod vvc;

pub(in crate::rtmp::media) use av1::size_in_obus;

/// Facts about a video codec's bitstream. What the record does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoConfig {
    /// The codec.
    pub codec: Codec,
    /// Profile number: profile_idc (AVC), general_profile_idc (HEVC, VVC), seq_profile (AV1),
    /// profile (VP8, VP9).
    pub profile: Option<u8>,
    /// The profile's name in its specification.
    pub profile_name: Option<&'static str>,
    /// Level.
    pub level: Option<Level>,
    /// High tier (HEVC, VVC, AV1).
    pub high_tier: Option<bool>,
    /// Size of the pictures after cropping, in luma samples.
    pub size: Option<PictureSize>,
    /// Sample aspect ratio, width to height, where it is told.
    pub sample_aspect: Option<Ratio>,
    /// Frames per second that the bitstream announces (VUI or sequence header timing).
    pub frame_rate: Option<Ratio>,
    /// Bits per luma sample.
    pub bit_depth: Option<u8>,
    /// Chroma sampling.
    pub chroma: Option<Chroma>,
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub nal_length_size: Option<u8>,
    /// Colour description.
    pub color: Option<ColorDescription>,
    /// Whether the pictures may be fields or interlaced frames.
    pub interlaced: Option<bool>,
    /// Most frames that precede another in decoding order but follow it in output order; 0 means
    /// that presentation never waits.
    pub max_reorder_frames: Option<u8>,
}

impl VideoConfig {
    /// A config that says nothing but the codec.
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            profile: None,
            profile_name: None,
            level: None,
            high_tier: None,
            size: None,
            sample_aspect: None,
            frame_rate: None,
            bit_depth: None,
            chroma: None,
            nal_length_size: None,
            color: None,
            interlaced: None,
            max_reorder_frames: None,
        }
    }

    /// Size at which the pictures are meant to be seen: the width stretched by the sample aspect
    /// ratio.
    pub fn display_size(&self) -> Option<PictureSize> {
        let size = self.size?;
        let Some(aspect) = self.sample_aspect else {
            return Some(size);
        };
        let width = u64::from(size.width)
            .checked_mul(u64::from(aspect.num))?
            .checked_add(u64::from(aspect.den) / 2)?
            .checked_div(u64::from(aspect.den))?;
        Some(PictureSize {
            width: u32::try_from(width).ok()?,
            height: size.height,
        })
    }
}

/// Size of a picture in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PictureSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl fmt::Display for PictureSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A fraction with a denominator that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// Numerator.
    pub num: u32,
    /// Denominator.
    pub den: u32,
}

impl Ratio {
    /// The fraction in lowest terms; `None` if either part is zero, which in the records means
    /// that nothing is told.
    pub fn new(num: u32, den: u32) -> Option<Self> {
        let (mut a, mut b) = (num, den);
        while b != 0 {
            (a, b) = (b, a.checked_rem(b)?);
        }
        if num == 0 || den == 0 {
            return None;
        }
        Some(Self {
            num: num.checked_div(a)?,
            den: den.checked_div(a)?,
        })
    }

    /// The fraction as a number.
    pub fn value(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

/// A level, written as its specification does: `3.1`, `1b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Level {
    /// The number on the wire.
    pub idc: u8,
    /// Part before the dot.
    pub major: u8,
    /// Part behind the dot.
    pub minor: u8,
    /// AVC level 1b, which lies between 1 and 1.1.
    pub is_1b: bool,
}

impl Level {
    /// A level of two parts.
    pub fn new(idc: u8, major: u8, minor: u8) -> Self {
        Self {
            idc,
            major,
            minor,
            is_1b: false,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_1b {
            f.pad("1b")
        } else {
            write!(f, "{}.{}", self.major, self.minor)
        }
    }
}

/// Chroma sampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chroma {
    /// No chroma: 4:0:0.
    Monochrome,
    /// 4:2:0.
    Yuv420,
    /// 4:2:2.
    Yuv422,
    /// 4:4:4.
    Yuv444,
    /// 4:4:0, which VP9 knows.
    Yuv440,
}

impl Chroma {
    /// By chroma_format_idc (H.264 table 6-1, the same in H.265 and H.266).
    pub fn from_idc(idc: u32) -> Option<Self> {
        Some(match idc {
            0 => Self::Monochrome,
            1 => Self::Yuv420,
            2 => Self::Yuv422,
            3 => Self::Yuv444,
            _ => return None,
        })
    }

    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monochrome => "4:0:0",
            Self::Yuv420 => "4:2:0",
            Self::Yuv422 => "4:2:2",
            Self::Yuv444 => "4:4:4",
            Self::Yuv440 => "4:4:0",
        }
    }
}

impl fmt::Display for Chroma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Colour description by the code points of ITU-T H.273; 2 means unspecified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ColorDescription {
    /// Colour primaries: 1 BT.709, 9 BT.2020.
    pub primaries: Option<u8>,
    /// Transfer characteristics: 1 BT.709, 16 PQ, 18 HLG.
    pub transfer: Option<u8>,
    /// Matrix coefficients.
    pub matrix: Option<u8>,
    /// Whether samples use the full range of values.
    pub full_range: Option<bool>,
}

impl ColorDescription {
    /// The high dynamic range that the transfer characteristics stand for (H.273 table 3).
    pub fn hdr_name(&self) -> Option<&'static str> {
        match self.transfer {
            Some(16) => Some("PQ"),
            Some(18) => Some("HLG"),
            _ => None,
        }
    }
}

/// Where an audio config was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AudioSource {
    /// The rate, size and type bits of the tag's first byte (FLV 10.1 section E.4.2.1).
    TagHeader,
    /// The configuration record of a sequence start.
    Record,
    /// The header of a coded frame, in codecs that repeat their parameters in each.
    FrameHeader,
}

/// Facts about an audio codec's bitstream. What was not told is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioConfig {
    /// The codec.
    pub codec: Codec,
    /// Where this was read.
    pub source: AudioSource,
    /// AAC audio object type (ISO/IEC 14496-3 table 1.17) that the decoder ends up with: 2 LC,
    /// 5 SBR (HE-AAC), 29 PS (HE-AAC v2), 42 xHE-AAC.
    pub object_type: Option<u8>,
    /// Samples per second that come out of the decoder.
    pub sample_rate_hz: Option<u32>,
    /// Samples per second of the core codec, where spectral band replication doubles them.
    pub core_sample_rate_hz: Option<u32>,
    /// Channels that come out of the decoder.
    pub channels: Option<u8>,
    /// Speakers of the channels, as the mask of Enhanced RTMP (AudioChannelMask).
    pub channel_mask: Option<u32>,
    /// Bits per sample, for codecs that have a fixed number.
    pub bits_per_sample: Option<u8>,
    /// Bits per second, for codecs that say it.
    pub bit_rate: Option<u32>,
    /// Samples per channel in a coded frame, before spectral band replication.
    pub frame_samples: Option<u32>,
    /// Samples to discard at the begin, at 48 kHz (Opus).
    pub pre_skip: Option<u16>,
}

impl AudioConfig {
    /// A config that says nothing but the codec.
    pub fn new(codec: Codec, source: AudioSource) -> Self {
        Self {
            codec,
            source,
            object_type: None,
            sample_rate_hz: None,
            core_sample_rate_hz: None,
            channels: None,
            channel_mask: None,
            bits_per_sample: None,
            bit_rate: None,
            frame_samples: None,
            pre_skip: None,
        }
    }

    /// The name of the AAC profile.
    pub fn profile_name(&self) -> Option<&'static str> {
        aac::object_type_name(self.object_type?)
    }
}

/// What is reported of a record that begins with a start code.
const ANNEX_B: Unreadable = Unreadable::Bad("a byte stream with start codes, not a record");

/// Whether the bytes begin with a start code (H.264 Annex B), which encoders send by mistake in
/// place of a record.
fn is_annex_b(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0, 0, 0, 1]) || bytes.starts_with(&[0, 0, 1])
}

/// The size left of a picture by cropping, given in units of samples.
fn cropped(
    size: PictureSize,
    columns: [u32; 2],
    unit_x: u32,
    rows: [u32; 2],
    unit_y: u32,
) -> Result<PictureSize, Unreadable> {
    let cut = |whole: u32, [a, b]: [u32; 2], unit: u32| {
        let lost = a.checked_add(b)?.checked_mul(unit)?;
        whole.checked_sub(lost).filter(|&rest| rest > 0)
    };
    match (
        cut(size.width, columns, unit_x),
        cut(size.height, rows, unit_y),
    ) {
        (Some(width), Some(height)) => Ok(PictureSize { width, height }),
        _ => Err(Unreadable::Bad("cropping leaves no picture")),
    }
}

/// Luma samples per unit of cropping, across and down (H.264 table 6-1, H.265 table 6-1).
fn chroma_unit(chroma_format_idc: u32, separate_planes: bool) -> (u32, u32) {
    match (chroma_format_idc, separate_planes) {
        (1, _) => (2, 2),
        (2, _) => (2, 1),
        _ => (1, 1),
    }
}

/// Speakers for a number of channels in the order that Vorbis, Opus (mapping family 1) and FLAC
/// agree on, as an AudioChannelMask.
fn mask_of_count(channels: u8) -> Option<u32> {
    Some(match channels {
        1 => 0x4,
        2 => 0x3,
        3 => 0x7,
        4 => 0x33,
        5 => 0x37,
        6 => 0x3F,
        7 => 0x70F,
        8 => 0x63F,
        _ => return None,
    })
}

fn note_unreadable(id: CodecId, part: &Cursor<'_>, why: Unreadable, notes: &mut Notes) {
    let reason = match why {
        Unreadable::Bad(reason) => reason,
        Unreadable::Odd(reason) => {
            notes.push(MediaProblem::ConfigNonstandard { codec: id, reason });
            return;
        }
        // What was not kept cannot be held against the record.
        Unreadable::Cut if !part.is_whole() => return,
        Unreadable::Cut if part.left() == 0 => {
            notes.push(MediaProblem::ConfigEmpty { codec: id });
            return;
        }
        Unreadable::Cut => "it ends too early",
    };
    notes.push(MediaProblem::ConfigUnreadable { codec: id, reason });
}

/// Reads the configuration record of a video sequence start; with `descriptor`, the one of an
/// MPEG-2 transport stream.
pub(super) fn video_record(
    id: CodecId,
    codec: Codec,
    descriptor: bool,
    part: &Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Option<VideoConfig> {
    type Read = fn(&[u8], usize, &mut dyn FieldSink) -> (VideoConfig, Result<(), Unreadable>);
    let read: Read = match (codec, descriptor) {
        (Codec::Av1, true) => av1::descriptor,
        (_, true) => {
            let why = Unreadable::Bad("an MPEG-2 TS descriptor is defined for AV1 only");
            note_unreadable(id, part, why, notes);
            return None;
        }
        (Codec::Avc, false) => avc::record,
        (Codec::Hevc, false) => hevc::record,
        (Codec::Vvc, false) => vvc::record,
        (Codec::Av1, false) => av1::record,
        (Codec::Vp8, false) => vp::vp8_record,
        (Codec::Vp9, false) => vp::vp9_record,
        _ => return None,
    };
    let bytes = part.bytes();
    fields.open(FieldName::Spec("configurationRecord"), part.at());
    let (config, result) = read(bytes, part.at(), fields);
    fields.close(part.at().saturating_add(bytes.len()), &Bytes(bytes.len()));
    if let Err(why) = result {
        note_unreadable(id, part, why, notes);
    }
    (!bytes.is_empty()).then_some(config)
}

/// Reads the configuration record of an audio sequence start.
pub(super) fn audio_record(
    id: CodecId,
    codec: Codec,
    part: &Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Option<AudioConfig> {
    type Read = fn(&[u8], usize, &mut dyn FieldSink) -> (AudioConfig, Result<(), Unreadable>);
    let read: Read = match codec {
        Codec::Aac => aac::record,
        Codec::Flac => flac::record,
        // Opus may leave its record out; then it is mono or stereo.
        Codec::Opus if part.left() > 0 => opus::record,
        _ => return None,
    };
    let bytes = part.bytes();
    fields.open(FieldName::Spec("configurationRecord"), part.at());
    let (config, result) = read(bytes, part.at(), fields);
    fields.close(part.at().saturating_add(bytes.len()), &Bytes(bytes.len()));
    if let Err(why) = result {
        note_unreadable(id, part, why, notes);
    }
    (!bytes.is_empty()).then_some(config)
}

/// Reads the header of a coded audio frame, in the codecs whose frames describe themselves.
pub(super) fn audio_frame(
    codec: Codec,
    part: &Cursor<'_>,
    fields: &mut impl FieldSink,
) -> Option<AudioConfig> {
    match codec {
        Codec::Mp3 => mp3::frame(part.bytes(), part.at(), fields),
        Codec::Ac3 | Codec::Eac3 => ac3::frame(part.bytes(), part.at(), fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
