//! What the extended headers of audio and video have in common (Enhanced RTMP v2, tables
//! "Extended AudioTagHeader" and "Extended VideoTagHeader"): ModEx, FourCC and multitrack.

use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::cursor::Bytes;
use crate::rtmp::media::cursor::Cursor;
use crate::rtmp::media::cursor::End;
use crate::rtmp::media::cursor::Named;
use crate::rtmp::media::cursor::Notes;
use crate::rtmp::media::problem::MediaProblem;
use crate::rtmp::types::FourCc;

/// Packet type of a ModEx, the same for audio and video.
const MOD_EX: u8 = 7;

/// ModEx type whose data is a nanosecond offset.
const TIMESTAMP_OFFSET_NANO: u8 = 0;

/// Largest nanosecond offset: beyond lies the next millisecond of the RTMP timestamp.
const MAX_NANO_OFFSET: u32 = 999_999;

/// Most ModEx entries kept of one message; the format sets no limit, and beyond the one type
/// that is defined they are only shown.
const MAX_MOD_EX: usize = 16;

/// Most tracks kept of one message: track ids have 8 bits.
const MAX_TRACKS: usize = 256;

/// How a multitrack message is laid out (AvMultitrackType).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MultitrackKind {
    /// One track, named by its id.
    OneTrack,
    /// Several tracks of the same codec.
    ManyTracks,
    /// Several tracks, each with its own FourCC.
    ManyTracksManyCodecs,
    /// A reserved number, 3..=15.
    Unknown(u8),
}

impl MultitrackKind {
    /// The kind by its number, 0..=15.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::OneTrack,
            1 => Self::ManyTracks,
            2 => Self::ManyTracksManyCodecs,
            other => Self::Unknown(other),
        }
    }

    /// The number on the wire.
    pub fn number(self) -> u8 {
        match self {
            Self::OneTrack => 0,
            Self::ManyTracks => 1,
            Self::ManyTracksManyCodecs => 2,
            Self::Unknown(number) => number,
        }
    }

    /// The name used in records and views; `None` for a reserved number.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::OneTrack => Some("one_track"),
            Self::ManyTracks => Some("many_tracks"),
            Self::ManyTracksManyCodecs => Some("many_tracks_many_codecs"),
            Self::Unknown(_) => None,
        }
    }
}

/// One packet modifier (ModEx).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModEx {
    /// Type, 0..=15: 0 is TimestampOffsetNano, the others are reserved.
    pub kind: u8,
    /// Length of its data in bytes, 1..=65536.
    pub len: u32,
}

/// The tracks of a message. All but multitrack messages have one, held in place.
#[derive(Debug, Clone, PartialEq)]
pub enum Tracks<T> {
    /// None: a command, silence, or a header of which too little is there.
    None,
    /// One track.
    One(T),
    /// The tracks of a ManyTracks or ManyTracksManyCodecs message, in its order.
    Many(Vec<T>),
}

impl<T> Tracks<T> {
    /// The tracks, in the order of the message.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(track) => std::slice::from_ref(track),
            Self::Many(tracks) => tracks,
        }
    }

    /// The first track.
    pub fn first(&self) -> Option<&T> {
        self.as_slice().first()
    }

    /// The tracks one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.as_slice().iter()
    }
}

impl<'a, T> IntoIterator for &'a Tracks<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The names that the specification gives the shared fields in audio and in video.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) packet_type: &'static str,
    pub(super) packet_name: fn(u8) -> Option<&'static str>,
    pub(super) mod_ex_type: &'static str,
    pub(super) multitrack_type: &'static str,
    pub(super) fourcc: &'static str,
    pub(super) track: &'static str,
    pub(super) track_id: &'static str,
    pub(super) track_size: &'static str,
    /// Packet type that begins a multitrack message: 5 in audio, 6 in video.
    pub(super) multitrack: u8,
}

/// What the ModEx entries of a message said.
#[derive(Debug, Default)]
pub(super) struct Modifiers {
    pub(super) entries: Vec<ModEx>,
    pub(super) nano_offset: Option<u32>,
}

/// Reads ModEx entries as long as the packet type says that one follows, and returns the packet
/// type behind them.
pub(super) fn modifiers(
    mut packet_type: u8,
    cursor: &mut Cursor<'_>,
    words: &Words,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
    found: &mut Modifiers,
) -> Result<u8, End> {
    while packet_type == MOD_EX {
        let start = cursor.at();
        let mut size = u32::from(cursor.u8()?).saturating_add(1);
        if size == 256 {
            size = u32::from(cursor.u16()?).saturating_add(1);
        }
        fields.open(FieldName::Spec("modEx"), start);
        fields.leaf(FieldName::Spec("modExDataSize"), start..cursor.at(), &size);
        let data_start = cursor.at();
        let data = cursor.take(usize::try_from(size).unwrap_or(usize::MAX))?;
        let data_end = cursor.at();
        let types = cursor.u8()?;
        let kind = types >> 4;
        if kind == TIMESTAMP_OFFSET_NANO {
            if let Some(&[high, middle, low]) = data.first_chunk::<3>() {
                let nanos = u32::from_be_bytes([0, high, middle, low]);
                found.nano_offset = Some(nanos);
                fields.leaf(
                    FieldName::Spec("timestampOffsetNano"),
                    data_start..data_end,
                    &nanos,
                );
                if nanos > MAX_NANO_OFFSET {
                    notes.push(MediaProblem::NanoOffsetOutOfRange { nanos });
                }
            } else {
                notes.push(MediaProblem::ModExShort { size });
            }
        } else {
            fields.leaf(
                FieldName::Spec("modExData"),
                data_start..data_end,
                &Bytes(data.len()),
            );
        }
        let at = data_end..cursor.at();
        let name = (kind == TIMESTAMP_OFFSET_NANO).then_some("timestamp_offset_nano");
        fields.leaf(
            FieldName::Spec(words.mod_ex_type),
            at.clone(),
            &Named(kind, name),
        );
        packet_type = types & 0x0F;
        let name = (words.packet_name)(packet_type);
        fields.leaf(
            FieldName::Spec(words.packet_type),
            at,
            &Named(packet_type, name),
        );
        fields.close(cursor.at(), &Named(kind, name));
        if found.entries.len() < MAX_MOD_EX {
            found.entries.push(ModEx { kind, len: size });
        }
    }
    Ok(packet_type)
}

/// Reads a FourCC.
pub(super) fn fourcc(
    cursor: &mut Cursor<'_>,
    words: &Words,
    fields: &mut impl FieldSink,
) -> Result<FourCc, End> {
    let start = cursor.at();
    let code = cursor.fourcc()?;
    fields.leaf(FieldName::Spec(words.fourcc), start..cursor.at(), &code);
    Ok(code)
}

/// How the tracks of a message follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// `None` without multitrack.
    pub(super) multitrack: Option<MultitrackKind>,
    /// Packet type of every track.
    pub(super) packet_type: u8,
    /// Codec of every track; `None` where each track names its own.
    codec: Option<FourCc>,
}

/// Reads what stands between the packet type and the first track: the multitrack byte, if the
/// packet type announces one, and the FourCC.
pub(super) fn layout(
    packet_type: u8,
    cursor: &mut Cursor<'_>,
    words: &Words,
    fields: &mut impl FieldSink,
    notes: &mut Notes,
) -> Result<Layout, End> {
    if packet_type != words.multitrack {
        return Ok(Layout {
            multitrack: None,
            packet_type,
            codec: Some(fourcc(cursor, words, fields)?),
        });
    }
    let at = cursor.at();
    let byte = cursor.u8()?;
    let kind = MultitrackKind::from_number(byte >> 4);
    let inner = byte & 0x0F;
    let range = at..cursor.at();
    fields.leaf(
        FieldName::Spec(words.multitrack_type),
        range.clone(),
        &Named(kind.number(), kind.name()),
    );
    fields.leaf(
        FieldName::Spec(words.packet_type),
        range,
        &Named(inner, (words.packet_name)(inner)),
    );
    if let MultitrackKind::Unknown(number) = kind {
        notes.push(MediaProblem::ReservedMultitrackType { number });
    }
    if inner == words.multitrack || inner == MOD_EX {
        notes.push(MediaProblem::NestedMultitrack { packet_type: inner });
    }
    let codec = match kind {
        MultitrackKind::ManyTracksManyCodecs => None,
        _ => Some(fourcc(cursor, words, fields)?),
    };
    Ok(Layout {
        multitrack: Some(kind),
        packet_type: inner,
        codec,
    })
}

/// Reads the tracks of a message, each with `track`, which gets the track id, the codec and the
/// track's part of the message. A track that its own part is too short for does not stop those
/// behind it; the end returned says why the list of tracks itself stops early.
pub(super) fn tracks<T, S: FieldSink>(
    layout: Layout,
    cursor: &mut Cursor<'_>,
    words: &Words,
    fields: &mut S,
    notes: &mut Notes,
    mut track: impl FnMut(u8, CodecId, Cursor<'_>, &mut S, &mut Notes) -> T,
) -> (Tracks<T>, Option<End>) {
    match (layout.multitrack, layout.codec) {
        (None, Some(code)) => {
            let part = cursor.split(cursor.left());
            let one = track(0, CodecId::FourCc(code), part, fields, notes);
            (Tracks::One(one), None)
        }
        (Some(MultitrackKind::OneTrack), Some(code)) => {
            let start = cursor.at();
            let id = match cursor.u8() {
                Ok(id) => id,
                Err(end) => return (Tracks::None, Some(end)),
            };
            fields.leaf(FieldName::Spec(words.track_id), start..cursor.at(), &id);
            let part = cursor.split(cursor.left());
            let one = track(id, CodecId::FourCc(code), part, fields, notes);
            (Tracks::One(one), None)
        }
        (Some(MultitrackKind::ManyTracks | MultitrackKind::ManyTracksManyCodecs), codec) => {
            let mut found = Vec::new();
            while cursor.left() > 0 && found.len() < MAX_TRACKS {
                match sized_track(codec, cursor, words, fields, notes, &mut track) {
                    Ok(one) => found.push(one),
                    Err(end) => return (Tracks::Many(found), Some(end)),
                }
            }
            (Tracks::Many(found), None)
        }
        // What follows a reserved type is anyone's guess.
        (None | Some(MultitrackKind::OneTrack | MultitrackKind::Unknown(_)), _) => {
            (Tracks::None, None)
        }
    }
}

/// Reads one track of several: its FourCC if each has its own, its id, its size, its body.
fn sized_track<T, S: FieldSink>(
    codec: Option<FourCc>,
    cursor: &mut Cursor<'_>,
    words: &Words,
    fields: &mut S,
    notes: &mut Notes,
    track: &mut impl FnMut(u8, CodecId, Cursor<'_>, &mut S, &mut Notes) -> T,
) -> Result<T, End> {
    let start = cursor.at();
    fields.open(FieldName::Spec(words.track), start);
    let code = match codec {
        Some(code) => code,
        None => fourcc(cursor, words, fields)?,
    };
    let at = cursor.at();
    let id = cursor.u8()?;
    fields.leaf(FieldName::Spec(words.track_id), at..cursor.at(), &id);
    let at = cursor.at();
    let size = cursor.u24()?;
    fields.leaf(FieldName::Spec(words.track_size), at..cursor.at(), &size);
    let len = usize::try_from(size).unwrap_or(usize::MAX);
    if len > cursor.left() {
        notes.push(MediaProblem::TrackBeyondMessage {
            track_id: id,
            size,
            left: u32::try_from(cursor.left()).unwrap_or(u32::MAX),
        });
    }
    let part = cursor.split(len);
    let codec = CodecId::FourCc(code);
    let parsed = track(id, codec, part, fields, notes);
    fields.close(cursor.at(), &format_args!("{codec}, track {id}"));
    Ok(parsed)
}

/// Notes a header that its own message is too short for.
pub(super) fn note_end(end: End, declared: u32, notes: &mut Notes) {
    if let End::Declared { needed } = end {
        notes.push(MediaProblem::HeaderTruncated {
            needed: u32::try_from(needed).unwrap_or(u32::MAX),
            length: declared,
        });
    }
}
