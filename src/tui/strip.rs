//! The frames of media around the time cursor, one by one: where a chart shows less time than the
//! history of a track has stretches for, and for the strip of the groups of pictures. They come
//! from the index of messages, a bounded number at once.

use std::ops::Range;
use std::sync::Arc;

use crate::base::ids::FlowId;
use crate::base::ids::Mark;
use crate::base::time::Timestamp;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::NoFields;
use crate::rtmp::inferred::Inference;
use crate::rtmp::media::video::FrameKind;
use crate::rtmp::message;
use crate::rtmp::message::Message;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;
use crate::session::Session;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::session::track::TrackKey;
use crate::tui::model::Kept;
use crate::tui::ring::Ring;

/// Most messages of which the charts show every frame: a minute of a usual stream, and some
/// milliseconds of work.
const MAX_EXACT: usize = 6000;

/// Messages before and behind the cursor that are looked at in any case: half of them are video,
/// and more frames than the widest terminal has columns.
const AROUND: usize = 600;

/// Messages before and behind the shown time that are looked at, too, so that what is measured
/// from one frame to the next has its frame before.
const BESIDE: usize = 64;

/// Bytes of the headers of most video messages, for those whose first bytes are not kept.
const VIDEO_HEADERS: u32 = 5;
/// The same of audio messages.
const AUDIO_HEADERS: u32 = 2;

/// What kind of frame it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripKind {
    /// A picture at which decoding can begin.
    Key,
    /// A picture that needs others.
    Inter,
    /// A picture that no other needs.
    Disposable,
    /// Sound.
    Sound,
    /// A picture of which no byte is kept.
    Unknown,
}

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StripFrame {
    /// Number of its message in the connection.
    pub number: u64,
    /// Its track.
    pub track: TrackKey,
    /// What made it whole.
    pub at: Mark,
    /// Its timestamp; `None` where no header told the time between the frames.
    pub timestamp: Option<RtmpTimestamp>,
    /// From what that is inferred.
    pub from: Option<Inference>,
    /// Payload bytes.
    pub bytes: u32,
    /// What it is.
    pub kind: StripKind,
    /// How far its presentation lies behind its decoding, where the codec says it.
    pub composition_ms: Option<i32>,
    /// Whether the capture lacks bytes of it.
    pub is_incomplete: bool,
}

/// Frames that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Strip {
    /// The frames, oldest first.
    pub frames: Vec<StripFrame>,
    /// A stretch of time of which no frame is left out.
    pub whole: Option<[Timestamp; 2]>,
}

impl Strip {
    /// The frames among some messages that follow each other.
    pub(super) fn of(messages: &[Arc<Kept>], whole: Option<[Timestamp; 2]>) -> Self {
        let mut frames = Vec::new();
        for kept in messages {
            append(kept, &mut frames);
        }
        Self { frames, whole }
    }

    /// The frames of a track.
    pub fn track(&self, key: TrackKey) -> Vec<&StripFrame> {
        let frames = self.frames.iter();
        frames.filter(|frame| frame.track == key).collect()
    }

    /// Whether no frame of a stretch of time is left out.
    pub fn has_all(&self, [from, to]: [Timestamp; 2]) -> bool {
        self.whole
            .is_some_and(|[first, last]| first <= from && to <= last)
    }
}

/// The place of the frame that a moment is about among those of a track: the last one that was
/// there by then, and the last of all when no moment is chosen.
pub fn selected(frames: &[&StripFrame], cursor: Option<Timestamp>) -> Option<usize> {
    let last = frames.len().checked_sub(1)?;
    let Some(cursor) = cursor else {
        return Some(last);
    };
    let before = frames.partition_point(|frame| frame.at.time <= cursor);
    Some(before.saturating_sub(1).min(last))
}

/// The busiest track of a kind.
pub fn busiest(session: &Session, kind: MediaKind) -> Option<&Track> {
    let tracks = session.tracks.iter();
    tracks
        .filter(|track| track.key.kind == kind)
        .max_by_key(|track| track.payload_bytes)
}

/// The track whose frames the strip shows: the busiest one of video, or of audio where there is no
/// video.
pub fn main_track(session: &Session) -> Option<&Track> {
    busiest(session, MediaKind::Video).or_else(|| busiest(session, MediaKind::Audio))
}

/// Which messages a strip is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) range: Range<usize>,
    pub(super) whole: Option<[Timestamp; 2]>,
}

/// What a strip was made of, to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) flow: FlowId,
    pub(super) numbers: Range<u64>,
    pub(super) whole: Option<[Timestamp; 2]>,
}

/// The messages around the cursor among the first `end`; with all of the shown time, where these
/// are few enough and none of them was let go.
pub(super) fn places(
    ring: &Ring,
    end: usize,
    shown: [Timestamp; 2],
    cursor: Option<Timestamp>,
) -> Places {
    let upto = |time: Timestamp| {
        let place = ring.partition_point(|entry| entry.completed().time <= time);
        place.min(end)
    };
    let at = cursor.map_or(end, upto);
    let around = at.saturating_sub(AROUND)..at.saturating_add(AROUND).min(end);
    let [first, last] = shown;
    let from = ring.partition_point(|entry| entry.completed().time < first);
    let (from, to) = (from.min(end), upto(last));
    let has_begin = from > 0 || ring.left_out == 0;
    if !has_begin || to.saturating_sub(from) > MAX_EXACT {
        return Places {
            range: around,
            whole: None,
        };
    }
    let begin = from.saturating_sub(BESIDE).min(around.start);
    let behind = to.saturating_add(BESIDE).min(end).max(around.end);
    // A cursor far from what is shown would ask for everything in between.
    let is_near =
        behind.saturating_sub(begin) <= MAX_EXACT.saturating_add(AROUND).saturating_mul(2);
    Places {
        range: if is_near { begin..behind } else { around },
        whole: is_near.then_some(shown),
    }
}

fn append(kept: &Kept, frames: &mut Vec<StripFrame>) {
    let raw = &kept.raw;
    let kind = match raw.type_id {
        MessageTypeId::VIDEO => MediaKind::Video,
        MessageTypeId::AUDIO => MediaKind::Audio,
        _ => return,
    };
    let frame = |id: u8, bytes: u32, kind_of: StripKind, composition_ms| StripFrame {
        number: kept.number,
        track: TrackKey {
            side: kept.side,
            stream_id: raw.stream_id,
            kind,
            id,
        },
        at: raw.completed(),
        timestamp: raw.told_timestamp(),
        from: raw.inferred.timestamp,
        bytes,
        kind: kind_of,
        composition_ms,
        is_incomplete: !raw.is_complete(),
    };
    if kept.is_let_go || raw.body.is_empty() {
        frames.extend(without_body(raw, kind).map(|(bytes, what)| frame(0, bytes, what, None)));
        return;
    }
    let length = |payload: &Range<usize>| u32::try_from(payload.len()).unwrap_or(u32::MAX);
    match message::decode(raw, &mut NoFields).message {
        Message::Video(tag) if tag.is_coded() => {
            let what = match tag.frame {
                Some(FrameKind::Key | FrameKind::GeneratedKey) => StripKind::Key,
                Some(FrameKind::Disposable) => StripKind::Disposable,
                Some(_) => StripKind::Inter,
                None => StripKind::Unknown,
            };
            frames.extend(tag.tracks.iter().map(|track| {
                let bytes = length(&track.payload);
                frame(track.id, bytes, what, track.composition_time_ms)
            }));
        }
        Message::Audio(tag) if tag.is_coded() => {
            frames.extend(
                tag.tracks
                    .iter()
                    .map(|track| frame(track.id, length(&track.payload), StripKind::Sound, None)),
            );
        }
        _ => {}
    }
}

/// What is known of a message without its bytes: most are frames.
fn without_body(raw: &RawMessage, kind: MediaKind) -> Option<(u32, StripKind)> {
    let (headers, what) = match kind {
        MediaKind::Video => (VIDEO_HEADERS, StripKind::Unknown),
        MediaKind::Audio => (AUDIO_HEADERS, StripKind::Sound),
    };
    let bytes = raw.length.checked_sub(headers)?;
    Some((bytes, what))
}

#[cfg(test)]
#[path = "strip_tests.rs"]
mod tests;
