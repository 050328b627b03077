//! Audio messages (type 8): the AudioTagHeader of FLV 10.1 section E.4.2.1 and the
//! ExAudioTagHeader of Enhanced RTMP v2.

use std::ops::Range;

use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::media::channels;
use crate::rtmp::media::channels::MultichannelConfig;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;
use crate::rtmp::media::cursor::Bytes;
use crate::rtmp::media::cursor::Cursor;
use crate::rtmp::media::cursor::End;
use crate::rtmp::media::cursor::Named;
use crate::rtmp::media::cursor::Notes;
use crate::rtmp::media::enhanced;
use crate::rtmp::media::enhanced::ModEx;
use crate::rtmp::media::enhanced::Modifiers;
use crate::rtmp::media::enhanced::MultitrackKind;
use crate::rtmp::media::enhanced::Tracks;
use crate::rtmp::media::enhanced::Words;
use crate::rtmp::media::problem::MediaProblem;

/// SoundFormat that announces an ExAudioTagHeader.
pub(super) const EX_HEADER: u8 = 9;

/// SoundFormat of AAC.
pub(super) const AAC: u8 = 10;

/// SoundFormat under which Opus was carried before Enhanced RTMP.
pub(super) const NONSTANDARD_OPUS: u8 = 13;

/// What an audio message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AudioPacket {
    /// A codec's configuration record.
    SequenceStart,
    /// Coded audio.
    CodedFrames,
    /// End of the sequence.
    SequenceEnd,
    /// The speakers of the channels.
    MultichannelConfig,
    /// A message without any byte: silence begins.
    Silence,
    /// A reserved packet type with its number.
    Unknown(u8),
    /// Too little of the message is there to tell.
    Unseen,
}

impl AudioPacket {
    /// The name used in records and views; `None` for a reserved packet type.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SequenceStart => "sequence_start",
            Self::CodedFrames => "coded_frames",
            Self::SequenceEnd => "sequence_end",
            Self::MultichannelConfig => "multichannel_config",
            Self::Silence => "silence",
            Self::Unseen => "unseen",
            Self::Unknown(_) => return None,
        })
    }
}

/// The headers of an audio message.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioTag {
    /// What the message is for.
    pub packet: AudioPacket,
    /// Whether it has an ExAudioTagHeader.
    pub is_enhanced: bool,
    /// How its tracks are laid out, in a multitrack message.
    pub multitrack: Option<MultitrackKind>,
    /// Nanoseconds to add to the presentation time, 0..=999_999 unless out of range.
    pub nano_offset: Option<u32>,
    /// Packet modifiers, in their order.
    pub mod_ex: Vec<ModEx>,
    /// The tracks.
    pub tracks: Tracks<AudioTrack>,
}

/// One track's part of an audio message.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioTrack {
    /// Track id; 0 where the message names none, for that is the default track.
    pub id: u8,
    /// The codec.
    pub codec: CodecId,
    /// Bytes of the message behind the headers, by the declared lengths.
    pub payload: Range<usize>,
    /// What a configuration record, a coded frame's header or the tag's first byte says about
    /// the sound.
    pub config: Option<AudioConfig>,
    /// The speakers, in a MultichannelConfig packet.
    pub channels: Option<Box<MultichannelConfig>>,
}

impl AudioTag {
    /// The codec of the first track.
    pub fn codec(&self) -> Option<CodecId> {
        self.tracks.first().map(|track| track.codec)
    }

    /// Whether it carries a configuration instead of sound.
    pub fn is_config(&self) -> bool {
        matches!(
            self.packet,
            AudioPacket::SequenceStart | AudioPacket::MultichannelConfig
        )
    }

    /// Whether it carries coded sound.
    pub fn is_coded(&self) -> bool {
        self.packet == AudioPacket::CodedFrames
    }

    fn unseen() -> Self {
        Self {
            packet: AudioPacket::Unseen,
            is_enhanced: false,
            multitrack: None,
            nano_offset: None,
            mod_ex: Vec::new(),
            tracks: Tracks::None,
        }
    }
}

const WORDS: Words = Words {
    packet_type: "audioPacketType",
    packet_name,
    mod_ex_type: "audioPacketModExType",
    multitrack_type: "audioMultitrackType",
    fourcc: "audioFourCc",
    track: "audioTrack",
    track_id: "audioTrackId",
    track_size: "sizeOfAudioTrack",
    multitrack: 5,
};

fn packet_name(number: u8) -> Option<&'static str> {
    match number {
        5 => Some("multitrack"),
        7 => Some("mod_ex"),
        _ => packet(number).name(),
    }
}

fn packet(number: u8) -> AudioPacket {
    match number {
        0 => AudioPacket::SequenceStart,
        1 => AudioPacket::CodedFrames,
        2 => AudioPacket::SequenceEnd,
        4 => AudioPacket::MultichannelConfig,
        other => AudioPacket::Unknown(other),
    }
}

/// Reads the headers of an audio message of `declared_len` bytes from its first bytes, as many as
/// were kept. Returns what these tell, and what is odd about it.
pub fn parse(
    body: &[u8],
    declared_len: u32,
    fields: &mut impl FieldSink,
) -> (AudioTag, Vec<MediaProblem>) {
    if !fields.is_watched()
        && let Some(tag) = aac_frame(body, declared_len)
    {
        return (tag, Vec::new());
    }
    let mut notes = Notes::default();
    let mut tag = AudioTag::unseen();
    if declared_len == 0 {
        tag.packet = AudioPacket::Silence;
        return (tag, Vec::new());
    }
    let mut cursor = Cursor::new(body, declared_len);
    if let Err(end) = read(&mut tag, &mut cursor, fields, &mut notes) {
        enhanced::note_end(end, declared_len, &mut notes);
    }
    (tag, notes.into_inner())
}

/// The short way for what most audio messages of a capture are: a raw AAC frame. Any other
/// message, and any doubt, takes the long way through [`read`].
#[inline]
fn aac_frame(body: &[u8], declared_len: u32) -> Option<AudioTag> {
    let &[first, 1, ..] = body else {
        return None;
    };
    let end = usize::try_from(declared_len).ok().filter(|&end| end >= 2)?;
    (first >> 4 == AAC).then(|| AudioTag {
        packet: AudioPacket::CodedFrames,
        is_enhanced: false,
        multitrack: None,
        nano_offset: None,
        mod_ex: Vec::new(),
        tracks: Tracks::One(AudioTrack {
            id: 0,
            codec: CodecId::Audio(AAC),
            payload: 2..end,
            config: None,
            channels: None,
        }),
    })
}

fn read(
    tag: &mut AudioTag,
    cursor: &mut Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Result<(), End> {
    let first = cursor.u8()?;
    let format = first >> 4;
    if format == EX_HEADER {
        fields.leaf(
            FieldName::Spec("soundFormat"),
            0..1,
            &Named(format, Some("ex_header")),
        );
        tag.is_enhanced = true;
        return read_enhanced(tag, first & 0x0F, cursor, fields, notes);
    }
    let id = CodecId::Audio(format);
    fields.leaf(
        FieldName::Spec("soundFormat"),
        0..1,
        &Named(format, id.name()),
    );
    let sound = SoundBits(first);
    fields.leaf(FieldName::Spec("soundRate"), 0..1, &sound.rate_hz());
    fields.leaf(FieldName::Spec("soundSize"), 0..1, &sound.bits());
    fields.leaf(FieldName::Spec("soundType"), 0..1, &sound.channels());
    if id.codec().is_none() {
        notes.push(MediaProblem::UnknownCodec { codec: id });
    }
    let mut config = sound.config(id);
    match legacy_packet_type(format, cursor) {
        Ok(None) => tag.packet = AudioPacket::CodedFrames,
        Ok(Some(number)) => {
            let name = match number {
                0 => Some("sequence_start"),
                1 => Some("raw"),
                _ => None,
            };
            fields.leaf(FieldName::Spec("AACPacketType"), 1..2, &Named(number, name));
            tag.packet = match number {
                0 => AudioPacket::SequenceStart,
                1 => AudioPacket::CodedFrames,
                other => AudioPacket::Unknown(other),
            };
            if name.is_none() {
                notes.push(MediaProblem::ReservedPacketType {
                    packet_type: number,
                });
            }
        }
        Err(end) => {
            tag.tracks = Tracks::One(AudioTrack {
                id: 0,
                codec: id,
                payload: cursor.rest(),
                config: None,
                channels: None,
            });
            return Err(end);
        }
    }
    if id.is_nonstandard() && tag.packet == AudioPacket::SequenceStart {
        notes.push(MediaProblem::NonstandardCodec { codec: id });
    }
    if let Some(read) = body_config(tag.packet, id, cursor, fields, notes) {
        config = Some(read);
    }
    report_data(cursor, fields);
    tag.tracks = Tracks::One(AudioTrack {
        id: 0,
        codec: id,
        payload: cursor.rest(),
        config,
        channels: None,
    });
    Ok(())
}

/// Reads the packet type behind the first byte, for the formats that have one.
fn legacy_packet_type(format: u8, cursor: &mut Cursor<'_>) -> Result<Option<u8>, End> {
    match format {
        AAC => cursor.u8().map(Some),
        NONSTANDARD_OPUS => {
            // Some senders put a packet type before the Opus packet as for AAC, some do not. An
            // Opus packet hardly begins with 0 or 1: that would be 10 ms of SILK in narrowband.
            let mut ahead = cursor.clone();
            match ahead.u8()? {
                number @ (0 | 1) => {
                    *cursor = ahead;
                    Ok(Some(number))
                }
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

fn read_enhanced(
    tag: &mut AudioTag,
    packet_type: u8,
    cursor: &mut Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Result<(), End> {
    fields.leaf(
        FieldName::Spec(WORDS.packet_type),
        0..1,
        &Named(packet_type, packet_name(packet_type)),
    );
    let mut found = Modifiers::default();
    let behind = enhanced::modifiers(packet_type, cursor, &WORDS, fields, notes, &mut found);
    tag.mod_ex = found.entries;
    tag.nano_offset = found.nano_offset;
    let packet_type = behind?;
    if packet_type != WORDS.multitrack {
        tag.packet = packet(packet_type);
    }
    let layout = enhanced::layout(packet_type, cursor, &WORDS, fields, notes);
    if let Ok(layout) = &layout {
        tag.multitrack = layout.multitrack;
        tag.packet = packet(layout.packet_type);
    }
    if let AudioPacket::Unknown(number) = tag.packet
        && number != WORDS.multitrack
        && packet_name(number).is_none()
    {
        notes.push(MediaProblem::ReservedPacketType {
            packet_type: number,
        });
    }
    let packet = tag.packet;
    let (tracks, end) = enhanced::tracks(
        layout?,
        cursor,
        &WORDS,
        fields,
        notes,
        |id, codec, part, fields, notes| read_track(packet, id, codec, part, fields, notes),
    );
    tag.tracks = tracks;
    end.map_or(Ok(()), Err)
}

fn read_track(
    packet: AudioPacket,
    id: u8,
    codec: CodecId,
    mut part: Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> AudioTrack {
    let payload = part.rest();
    if packet == AudioPacket::SequenceStart && codec.codec().is_none() {
        notes.push(MediaProblem::UnknownCodec { codec });
    }
    let mut channels = None;
    if packet == AudioPacket::MultichannelConfig {
        match channels::read(&mut part, fields) {
            Ok(config) => channels = Some(Box::new(config)),
            Err(end) => {
                let length = u32::try_from(part.end()).unwrap_or(u32::MAX);
                enhanced::note_end(end, length, notes);
            }
        }
    }
    let config = body_config(packet, codec, &part, fields, notes);
    report_data(&part, fields);
    AudioTrack {
        id,
        codec,
        payload,
        config,
        channels,
    }
}

/// What the body says about the sound: the record of a sequence start, or the frame header of a
/// codec that has one.
fn body_config(
    packet: AudioPacket,
    id: CodecId,
    part: &Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Option<AudioConfig> {
    let codec = id.codec()?;
    match packet {
        AudioPacket::SequenceStart => config::audio_record(id, codec, part, fields, notes),
        AudioPacket::CodedFrames => config::audio_frame(codec, part, fields),
        _ => None,
    }
}

fn report_data(part: &Cursor<'_>, fields: &mut impl FieldSink) {
    let rest = part.rest();
    if !rest.is_empty() {
        let len = rest.len();
        fields.leaf(FieldName::Spec("data"), rest, &Bytes(len));
    }
}

/// The rate, size and type bits of the first byte.
#[derive(Debug, Clone, Copy)]
struct SoundBits(u8);

impl SoundBits {
    /// SoundRate, samples per second.
    fn rate_hz(self) -> u32 {
        match (self.0 >> 2) & 3 {
            0 => 5_512,
            1 => 11_025,
            2 => 22_050,
            _ => 44_100,
        }
    }

    /// SoundSize, bits per sample before coding.
    fn bits(self) -> u8 {
        if self.0 & 2 == 0 { 8 } else { 16 }
    }

    /// SoundType, channels.
    fn channels(self) -> u8 {
        if self.0 & 1 == 0 { 1 } else { 2 }
    }

    /// What the bits mean for a codec; `None` where they mean nothing (AAC, Opus) or the codec is
    /// unknown.
    fn config(self, id: CodecId) -> Option<AudioConfig> {
        let codec = id.codec()?;
        let mut config = AudioConfig::new(codec, AudioSource::TagHeader);
        let (rate, channels) = match (codec, id) {
            (Codec::Aac | Codec::Opus | Codec::DeviceSpecific, _) => return None,
            (_, CodecId::Audio(4)) => (16_000, 1),
            (_, CodecId::Audio(5)) => (8_000, 1),
            (_, CodecId::Audio(14)) | (Codec::G711ALaw | Codec::G711MuLaw, _) => {
                (8_000, self.channels())
            }
            // Speex is 16 kHz mono whatever the bits say.
            (Codec::Speex, _) => (16_000, 1),
            _ => (self.rate_hz(), self.channels()),
        };
        config.sample_rate_hz = Some(rate);
        config.channels = Some(channels);
        if matches!(codec, Codec::LpcmPlatform | Codec::LpcmLittleEndian) {
            config.bits_per_sample = Some(self.bits());
        }
        Some(config)
    }
}

#[cfg(test)]
mod tests;
