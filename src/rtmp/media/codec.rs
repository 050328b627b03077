//! Which codec a media message carries: the number or FourCC on the wire, and what it means.

use std::fmt;

use crate::rtmp::types::FourCc;

/// A codec, however the wire names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// H.264 / AVC.
    Avc,
    /// H.265 / HEVC.
    Hevc,
    /// H.266 / VVC.
    Vvc,
    /// AV1.
    Av1,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
    /// Sorenson H.263.
    H263,
    /// Screen video.
    Screen,
    /// Screen video version 2.
    Screen2,
    /// On2 VP6.
    Vp6,
    /// On2 VP6 with an alpha channel.
    Vp6Alpha,
    /// AAC in any of its profiles.
    Aac,
    /// Opus.
    Opus,
    /// FLAC.
    Flac,
    /// AC-3 (Dolby Digital).
    Ac3,
    /// E-AC-3 (Dolby Digital Plus).
    Eac3,
    /// MPEG audio layer III.
    Mp3,
    /// Speex.
    Speex,
    /// Nellymoser Asao.
    Nellymoser,
    /// G.711 A-law.
    G711ALaw,
    /// G.711 mu-law.
    G711MuLaw,
    /// ADPCM.
    Adpcm,
    /// Linear PCM in the byte order of the sender.
    LpcmPlatform,
    /// Linear PCM, little-endian.
    LpcmLittleEndian,
    /// Device-specific sound.
    DeviceSpecific,
}

impl Codec {
    /// The name used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avc => "avc",
            Self::Hevc => "hevc",
            Self::Vvc => "vvc",
            Self::Av1 => "av1",
            Self::Vp8 => "vp8",
            Self::Vp9 => "vp9",
            Self::H263 => "h263",
            Self::Screen => "screen",
            Self::Screen2 => "screen2",
            Self::Vp6 => "vp6",
            Self::Vp6Alpha => "vp6_alpha",
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Flac => "flac",
            Self::Ac3 => "ac3",
            Self::Eac3 => "eac3",
            Self::Mp3 => "mp3",
            Self::Speex => "speex",
            Self::Nellymoser => "nellymoser",
            Self::G711ALaw => "g711_alaw",
            Self::G711MuLaw => "g711_mulaw",
            Self::Adpcm => "adpcm",
            Self::LpcmPlatform => "lpcm",
            Self::LpcmLittleEndian => "lpcm_le",
            Self::DeviceSpecific => "device_specific",
        }
    }

    /// Whether coded frames carry a composition time offset (Enhanced RTMP v2, "Enhanced
    /// Video"): the codecs that reorder frames between decoding and presentation.
    pub fn has_composition_time(self) -> bool {
        matches!(self, Self::Avc | Self::Hevc | Self::Vvc)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a message names its codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodecId {
    /// SoundFormat of the first byte, 0..=15 (FLV 10.1 section E.4.2.1).
    Audio(u8),
    /// CodecID of the first byte, 0..=15 (FLV 10.1 section E.4.3.1).
    Video(u8),
    /// FourCC (Enhanced RTMP).
    FourCc(FourCc),
}

impl CodecId {
    /// The codec meant; `None` for a number or FourCC that nobody documents.
    ///
    /// Video 12 to 15 and audio 13 are in no specification: publishers and servers used them for
    /// HEVC, AV1, VP8, VP9 and Opus before Enhanced RTMP gave them a FourCC.
    pub fn codec(self) -> Option<Codec> {
        Some(match self {
            Self::Audio(0) => Codec::LpcmPlatform,
            Self::Audio(1) => Codec::Adpcm,
            Self::Audio(2 | 14) => Codec::Mp3,
            Self::Audio(3) => Codec::LpcmLittleEndian,
            Self::Audio(4..=6) => Codec::Nellymoser,
            Self::Audio(7) => Codec::G711ALaw,
            Self::Audio(8) => Codec::G711MuLaw,
            Self::Audio(10) => Codec::Aac,
            Self::Audio(11) => Codec::Speex,
            Self::Audio(13) => Codec::Opus,
            Self::Audio(15) => Codec::DeviceSpecific,
            Self::Video(2) => Codec::H263,
            Self::Video(3) => Codec::Screen,
            Self::Video(4) => Codec::Vp6,
            Self::Video(5) => Codec::Vp6Alpha,
            Self::Video(6) => Codec::Screen2,
            Self::Video(7) => Codec::Avc,
            Self::Video(12) => Codec::Hevc,
            Self::Video(13) => Codec::Av1,
            Self::Video(14) => Codec::Vp8,
            Self::Video(15) => Codec::Vp9,
            Self::FourCc(FourCc(code)) => match &code {
                b"avc1" => Codec::Avc,
                b"hvc1" => Codec::Hevc,
                b"vvc1" => Codec::Vvc,
                b"av01" => Codec::Av1,
                b"vp08" => Codec::Vp8,
                b"vp09" => Codec::Vp9,
                b"mp4a" => Codec::Aac,
                b"Opus" => Codec::Opus,
                b"fLaC" => Codec::Flac,
                b"ac-3" => Codec::Ac3,
                b"ec-3" => Codec::Eac3,
                b".mp3" => Codec::Mp3,
                _ => return None,
            },
            Self::Audio(_) | Self::Video(_) => return None,
        })
    }

    /// The codec's name; `None` for one that nobody documents.
    pub fn name(self) -> Option<&'static str> {
        self.codec().map(Codec::name)
    }

    /// Whether the number is used in the field but is in no specification.
    pub fn is_nonstandard(self) -> bool {
        matches!(self, Self::Video(12..=15) | Self::Audio(13))
    }
}

impl fmt::Display for CodecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (Some(name), _) => f.pad(name),
            (None, Self::Audio(number)) => write!(f, "audio_codec_{number}"),
            (None, Self::Video(number)) => write!(f, "video_codec_{number}"),
            (None, Self::FourCc(code)) => code.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_codec_has_several_ids() {
        assert_eq!(CodecId::Video(7).codec(), Some(Codec::Avc));
        assert_eq!(CodecId::FourCc(FourCc(*b"avc1")).codec(), Some(Codec::Avc));
        assert_eq!(CodecId::Video(12).to_string(), "hevc");
        assert!(CodecId::Video(12).is_nonstandard());
        assert!(!CodecId::FourCc(FourCc(*b"hvc1")).is_nonstandard());
    }

    #[test]
    fn unknown_ids_keep_what_the_wire_said() {
        assert_eq!(CodecId::Audio(12).to_string(), "audio_codec_12");
        assert_eq!(CodecId::Video(1).to_string(), "video_codec_1");
        assert_eq!(CodecId::FourCc(FourCc(*b"avs3")).to_string(), "avs3");
    }
}
