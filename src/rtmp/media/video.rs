//! Video messages (type 9): the VideoTagHeader of FLV 10.1 section E.4.3.1 and the
//! ExVideoTagHeader of Enhanced RTMP v2.

use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config;
use crate::rtmp::media::cursor::Bytes;
use crate::rtmp::media::cursor::Cursor;
use crate::rtmp::media::cursor::End;
use crate::rtmp::media::cursor::Named;
use crate::rtmp::media::cursor::Notes;
use crate::rtmp::media::enhanced;
use crate::rtmp::media::enhanced::Modifiers;
use crate::rtmp::media::enhanced::Tracks;
use crate::rtmp::media::enhanced::Words;
use crate::rtmp::media::keyframe;
use crate::rtmp::media::metadata;
use crate::rtmp::media::problem::MediaProblem;

mod tag;

pub use tag::FrameKind;
pub use tag::VideoCommand;
pub use tag::VideoPacket;
pub use tag::VideoTag;
pub use tag::VideoTrack;

/// Bit of the first byte that announces an ExVideoTagHeader.
pub(super) const EX_HEADER_BIT: u8 = 0x80;

/// Frame type of a video command.
pub(super) const COMMAND: u8 = 5;

/// Whether the legacy codec number has a packet type and a composition time behind the first
/// byte: AVC by the specification, the numbers beyond it by imitation.
pub(super) fn has_packet_type(codec_number: u8) -> bool {
    matches!(codec_number, 7 | 12..=15)
}

const WORDS: Words = Words {
    packet_type: "videoPacketType",
    packet_name,
    mod_ex_type: "videoPacketModExType",
    multitrack_type: "videoMultitrackType",
    fourcc: "videoFourCc",
    track: "videoTrack",
    track_id: "videoTrackId",
    track_size: "sizeOfVideoTrack",
    multitrack: 6,
};

fn packet_name(number: u8) -> Option<&'static str> {
    match number {
        6 => Some("multitrack"),
        7 => Some("mod_ex"),
        _ => packet(number).name(),
    }
}

fn packet(number: u8) -> VideoPacket {
    match number {
        0 => VideoPacket::SequenceStart,
        1 => VideoPacket::CodedFrames,
        2 => VideoPacket::SequenceEnd,
        3 => VideoPacket::CodedFramesX,
        4 => VideoPacket::Metadata,
        5 => VideoPacket::Mpeg2TsSequenceStart,
        other => VideoPacket::Unknown(other),
    }
}

/// Reads the headers of a video message of `declared_len` bytes from its first bytes, as many as
/// were kept. Returns what these tell, and what is odd about it.
pub fn parse(
    body: &[u8],
    declared_len: u32,
    fields: &mut impl FieldSink,
) -> (VideoTag, Vec<MediaProblem>) {
    if !fields.is_watched()
        && let Some(tag) = avc_picture(body, declared_len)
    {
        return (tag, Vec::new());
    }
    let mut tag = VideoTag::unseen();
    if declared_len == 0 {
        tag.packet = VideoPacket::Empty;
        return (tag, vec![MediaProblem::EmptyVideo]);
    }
    let mut notes = Notes::default();
    let mut cursor = Cursor::new(body, declared_len);
    if let Err(end) = read(&mut tag, &mut cursor, fields, &mut notes) {
        enhanced::note_end(end, declared_len, &mut notes);
    }
    (tag, notes.into_inner())
}

/// The short way for what most messages of a capture are: a coded AVC picture under a legacy
/// header. Any other message, and any doubt, takes the long way through [`read`].
#[inline]
fn avc_picture(body: &[u8], declared_len: u32) -> Option<VideoTag> {
    let &[first, 1, high, middle, low, ..] = body else {
        return None;
    };
    let frame = match first {
        0x17 => FrameKind::Key,
        0x27 => FrameKind::Inter,
        0x37 => FrameKind::Disposable,
        _ => return None,
    };
    let end = usize::try_from(declared_len).ok().filter(|&end| end >= 5)?;
    // SI24: the sign comes down with the shift.
    let composition_time = i32::from_be_bytes([high, middle, low, 0]) >> 8;
    Some(VideoTag {
        frame: Some(frame),
        packet: VideoPacket::CodedFrames,
        is_enhanced: false,
        command: None,
        multitrack: None,
        nano_offset: None,
        mod_ex: Vec::new(),
        tracks: Tracks::One(VideoTrack {
            id: 0,
            codec: CodecId::Video(7),
            composition_time_ms: Some(composition_time),
            payload: 5..end,
            config: None,
            picture_size: None,
            metadata: None,
        }),
    })
}

fn read(
    tag: &mut VideoTag,
    cursor: &mut Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Result<(), End> {
    let first = cursor.u8()?;
    tag.is_enhanced = first & EX_HEADER_BIT != 0;
    let frame_type = if tag.is_enhanced {
        fields.leaf(FieldName::Spec("isExVideoHeader"), 0..1, &true);
        (first >> 4) & 7
    } else {
        first >> 4
    };
    let frame = FrameKind::from_number(frame_type);
    tag.frame = Some(frame);
    fields.leaf(
        FieldName::Spec("videoFrameType"),
        0..1,
        &Named(frame_type, frame.name()),
    );
    if tag.is_enhanced {
        read_enhanced(tag, first & 0x0F, cursor, fields, notes)
    } else {
        note_frame(frame, notes);
        read_legacy(tag, first & 0x0F, cursor, fields, notes)
    }
}

fn note_frame(frame: FrameKind, notes: &mut Notes) {
    if let FrameKind::Unknown(frame_type) = frame {
        notes.push(MediaProblem::ReservedFrameType { frame_type });
    }
}

fn read_command(
    tag: &mut VideoTag,
    cursor: &mut Cursor<'_>,
    fields: &mut impl FieldSink,
) -> Result<(), End> {
    tag.packet = VideoPacket::Command;
    let start = cursor.at();
    let number = cursor.u8()?;
    let command = VideoCommand::from_number(number);
    fields.leaf(
        FieldName::Spec("videoCommand"),
        start..cursor.at(),
        &Named(number, command.name()),
    );
    tag.command = Some(command);
    Ok(())
}

fn read_legacy(
    tag: &mut VideoTag,
    number: u8,
    cursor: &mut Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Result<(), End> {
    let codec = CodecId::Video(number);
    fields.leaf(
        FieldName::Spec("videoCodecId"),
        0..1,
        &Named(number, codec.name()),
    );
    if tag.frame == Some(FrameKind::Command) {
        return read_command(tag, cursor, fields);
    }
    if codec.codec().is_none() {
        notes.push(MediaProblem::UnknownCodec { codec });
    }
    let mut track = VideoTrack {
        id: 0,
        codec,
        composition_time_ms: None,
        payload: cursor.rest(),
        config: None,
        picture_size: None,
        metadata: None,
    };
    let end = if has_packet_type(number) {
        read_avc_header(tag, &mut track, cursor, fields, notes).err()
    } else {
        tag.packet = VideoPacket::CodedFrames;
        None
    };
    track.payload = cursor.rest();
    if end.is_none() {
        read_body(tag, &mut track, cursor, fields, notes);
    }
    tag.tracks = Tracks::One(track);
    end.map_or(Ok(()), Err)
}

/// Reads AVCPacketType and CompositionTime (FLV 10.1 section E.4.3.2).
fn read_avc_header(
    tag: &mut VideoTag,
    track: &mut VideoTrack,
    cursor: &mut Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Result<(), End> {
    let number = cursor.u8()?;
    tag.packet = match number {
        0 => VideoPacket::SequenceStart,
        1 => VideoPacket::CodedFrames,
        2 => VideoPacket::SequenceEnd,
        other => VideoPacket::Unknown(other),
    };
    fields.leaf(
        FieldName::Spec("AVCPacketType"),
        1..2,
        &Named(number, tag.packet.name()),
    );
    if tag.packet.name().is_none() {
        notes.push(MediaProblem::ReservedPacketType {
            packet_type: number,
        });
    }
    if track.codec.is_nonstandard() && tag.packet == VideoPacket::SequenceStart {
        notes.push(MediaProblem::NonstandardCodec { codec: track.codec });
    }
    let start = cursor.at();
    let offset = cursor.i24()?;
    fields.leaf(
        FieldName::Spec("compositionTimeOffset"),
        start..cursor.at(),
        &offset,
    );
    // It must be ignored in packets without pictures.
    if tag.packet == VideoPacket::CodedFrames {
        track.composition_time_ms = Some(offset);
    }
    Ok(())
}

fn read_enhanced(
    tag: &mut VideoTag,
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
    if tag.packet != VideoPacket::Metadata {
        if let Some(frame) = tag.frame {
            note_frame(frame, notes);
        }
        if tag.frame == Some(FrameKind::Command) {
            return read_command(tag, cursor, fields);
        }
    }
    let layout = enhanced::layout(packet_type, cursor, &WORDS, fields, notes);
    if let Ok(layout) = &layout {
        tag.multitrack = layout.multitrack;
        tag.packet = packet(layout.packet_type);
    }
    if let VideoPacket::Unknown(number) = tag.packet
        && packet_name(number).is_none()
    {
        notes.push(MediaProblem::ReservedPacketType {
            packet_type: number,
        });
    }
    let (tracks, end) = enhanced::tracks(
        layout?,
        cursor,
        &WORDS,
        fields,
        notes,
        |id, codec, part, fields, notes| read_track(tag, id, codec, part, fields, notes),
    );
    tag.tracks = tracks;
    end.map_or(Ok(()), Err)
}

fn read_track(
    tag: &VideoTag,
    id: u8,
    codec: CodecId,
    mut part: Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> VideoTrack {
    let mut track = VideoTrack {
        id,
        codec,
        composition_time_ms: None,
        payload: part.rest(),
        config: None,
        picture_size: None,
        metadata: None,
    };
    if tag.is_config() && codec.codec().is_none() {
        notes.push(MediaProblem::UnknownCodec { codec });
    }
    let has_time = codec.codec().is_some_and(Codec::has_composition_time);
    match tag.packet {
        VideoPacket::CodedFrames if has_time => {
            let start = part.at();
            match part.i24() {
                Ok(offset) => {
                    fields.leaf(
                        FieldName::Spec("compositionTimeOffset"),
                        start..part.at(),
                        &offset,
                    );
                    track.composition_time_ms = Some(offset);
                    track.payload = part.rest();
                }
                Err(end) => {
                    let length = u32::try_from(part.end()).unwrap_or(u32::MAX);
                    enhanced::note_end(end, length, notes);
                    return track;
                }
            }
        }
        VideoPacket::CodedFramesX if has_time => track.composition_time_ms = Some(0),
        _ => {}
    }
    read_body(tag, &mut track, &part, fields, notes);
    track
}

/// Reads what the body tells beyond the headers: the record of a sequence start, the size in the
/// header of a key frame.
fn read_body(
    tag: &VideoTag,
    track: &mut VideoTrack,
    part: &Cursor<'_>,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) {
    if tag.packet == VideoPacket::Metadata {
        track.metadata = Some(Box::new(metadata::read(part, fields, notes)));
        return;
    }
    if tag.is_config() {
        if let Some(codec) = track.codec.codec() {
            let descriptor = tag.packet == VideoPacket::Mpeg2TsSequenceStart;
            track.config =
                config::video_record(track.codec, codec, descriptor, part, fields, notes)
                    .map(Box::new);
        }
    } else if tag.is_key()
        && let Some(codec) = track.codec.codec()
    {
        track.picture_size = keyframe::read(codec, part.bytes(), part.at(), fields);
    }
    let rest = part.rest();
    if !rest.is_empty() {
        let len = rest.len();
        fields.leaf(FieldName::Spec("data"), rest, &Bytes(len));
    }
}

#[cfg(test)]
mod tests;
