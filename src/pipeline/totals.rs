//! Sums over a whole capture.

use std::collections::BTreeMap;

use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::net::skip::SkipCounts;

/// Sums over the whole capture.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Frames.
    pub frames: u64,
    /// Bytes of frames on the wire.
    pub wire_bytes: u64,
    /// Frames of which only a part was captured.
    pub cut_frames: u64,
    /// Capture time of the first frame.
    pub first: Option<Timestamp>,
    /// Capture time of the latest frame.
    pub last: Option<Timestamp>,
    /// Frames that brought no TCP segment, by reason.
    pub skips: SkipCounts,
    /// TCP segments.
    pub segments: u64,
    /// Segments of connections that were over already.
    pub stray_segments: u64,
    /// Segments of connections that there was no room for.
    pub refused_segments: u64,
    /// Connections that are RTMP.
    pub rtmp_connections: u64,
    /// Connections that are something else, by what they carry.
    pub other_connections: BTreeMap<&'static str, u64>,
    /// RTMP messages on the wire; an aggregate is one.
    pub messages: u64,
    /// Messages within aggregates.
    pub aggregate_parts: u64,
}

impl Totals {
    /// A segment belongs to no connection that is followed. `refused` is how many there was no room
    /// for so far.
    pub(super) fn not_followed(&mut self, refused: u64) {
        if refused == self.refused_segments {
            count(&mut self.stray_segments);
        }
        self.refused_segments = refused;
    }

    pub(super) fn frame(&mut self, frame: &Frame<'_>) {
        count(&mut self.frames);
        self.wire_bytes = self.wire_bytes.saturating_add(u64::from(frame.wire_len));
        if u32::try_from(frame.data.len()).is_ok_and(|len| len < frame.wire_len) {
            count(&mut self.cut_frames);
        }
        match (&self.first, &mut self.last) {
            (Some(first), Some(last)) if *first <= frame.time => *last = (*last).max(frame.time),
            (first, last) => {
                self.first = Some(first.map_or(frame.time, |first| first.min(frame.time)));
                *last = Some(last.map_or(frame.time, |last| last.max(frame.time)));
            }
        }
    }
}

pub(super) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
