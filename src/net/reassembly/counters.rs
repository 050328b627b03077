//! What reassembly tells beside the bytes: why a hole was given up, what a segment turned out to
//! be, and the sums of both.

/// Why a run of bytes comes out as a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapCause {
    /// The receiver acknowledged the bytes, so they arrived there: the capture lost them.
    CaptureLoss,
    /// No acknowledgement of this direction was ever seen (a tap on one direction only), and the
    /// bytes did not come within the wait.
    OneSided,
    /// The capture cut the frame (snaplen): the bytes were on the wire and their number is exact.
    Snaplen,
    /// More data waited behind the hole than the bounds allow.
    Bound,
    /// The receiver's SACK said that it missed the bytes too, and no retransmission came before
    /// the end.
    NotReceived,
    /// The connection or the capture ended before anything told where the bytes went.
    Undetermined,
}

impl GapCause {
    /// All causes, in the order of [`Counters::gaps`].
    pub const ALL: [Self; 6] = [
        Self::CaptureLoss,
        Self::OneSided,
        Self::Snaplen,
        Self::Bound,
        Self::NotReceived,
        Self::Undetermined,
    ];

    /// The word used in every report and record.
    pub fn name(self) -> &'static str {
        match self {
            Self::CaptureLoss => "capture_loss",
            Self::OneSided => "one_sided",
            Self::Snaplen => "snaplen",
            Self::Bound => "bound",
            Self::NotReceived => "not_received",
            Self::Undetermined => "undetermined",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::CaptureLoss => 0,
            Self::OneSided => 1,
            Self::Snaplen => 2,
            Self::Bound => 3,
            Self::NotReceived => 4,
            Self::Undetermined => 5,
        }
    }
}

/// What a segment was to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArrivalKind {
    /// Nothing for the stream: no payload, or the payload of an RST (an error text at most, RFC
    /// 9293 section 3.5.3).
    #[default]
    Empty,
    /// The next bytes, with nothing waiting.
    InOrder,
    /// Bytes behind a hole, or held until the start of a stream joined midway is settled.
    Ahead,
    /// The next bytes, while later ones waited: the hole in front of those became smaller or
    /// vanished.
    Fills,
    /// Only bytes that came before.
    Duplicate,
    /// A keep-alive probe: at most one byte, the last one that was sent (RFC 9293 section 3.8.4).
    KeepAlive,
    /// Only bytes of a hole that was given up: too late to be delivered.
    Late,
    /// Only bytes before the start of the stream or behind its FIN.
    Outside,
}

/// What a segment brought, by kind and number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrival {
    /// What it was as a whole.
    pub kind: ArrivalKind,
    /// Stream bytes that it brought first.
    pub fresh: u32,
    /// Stream bytes that had come before: retransmitted, or captured twice.
    pub duplicate: u32,
    /// Bytes of these that differ from what came first, as far as that was still held to compare.
    pub conflicting: u32,
    /// For [`ArrivalKind::Fills`]: nanoseconds since the hole was first seen, at least 0.
    pub waited: i64,
}

/// Sums of one direction, of what did not come in order. Bytes are payload bytes by the IP header's
/// length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Segments that arrived behind a hole.
    pub ahead_segments: u64,
    /// New bytes of those.
    pub ahead_bytes: u64,
    /// Segments that filled a hole, wholly or partly.
    pub filling_segments: u64,
    /// New bytes of those.
    pub filling_bytes: u64,
    /// Segments of which every byte had come before.
    pub duplicate_segments: u64,
    /// Segments of which a part had come before.
    pub partly_duplicate_segments: u64,
    /// Bytes that came again, of both.
    pub duplicate_bytes: u64,
    /// Keep-alive probes.
    pub keep_alives: u64,
    /// Segments that brought other bytes for a place that was already held.
    pub conflicting_segments: u64,
    /// Bytes that differed.
    pub conflicting_bytes: u64,
    /// Bytes that came after their hole had been given up.
    pub late_bytes: u64,
    /// Bytes before the start of the stream.
    pub before_start_bytes: u64,
    /// Bytes behind the FIN.
    pub behind_fin_bytes: u64,
    /// Gaps by cause, in the order of [`GapCause::ALL`].
    pub gaps: [u64; 6],
    /// Bytes in those gaps.
    pub gap_bytes: [u64; 6],
    /// Most bytes that waited at one moment, with the bookkeeping of each piece.
    pub high_water: usize,
}

impl Counters {
    /// Gaps of one cause.
    pub fn gaps_of(&self, cause: GapCause) -> u64 {
        self.gaps.get(cause.index()).copied().unwrap_or_default()
    }

    /// Bytes in gaps of one cause.
    pub fn gap_bytes_of(&self, cause: GapCause) -> u64 {
        self.gap_bytes
            .get(cause.index())
            .copied()
            .unwrap_or_default()
    }

    /// Bytes in gaps of all causes.
    pub fn all_gap_bytes(&self) -> u64 {
        self.gap_bytes.iter().copied().fold(0, u64::saturating_add)
    }

    pub(super) fn count_gap(&mut self, cause: GapCause, len: u64) {
        if let Some(count) = self.gaps.get_mut(cause.index()) {
            add(count, 1);
        }
        if let Some(bytes) = self.gap_bytes.get_mut(cause.index()) {
            add(bytes, len);
        }
    }

    pub(super) fn count_arrival(&mut self, arrival: &Arrival) {
        let fresh = u64::from(arrival.fresh);
        match arrival.kind {
            ArrivalKind::Empty
            | ArrivalKind::InOrder
            | ArrivalKind::Late
            | ArrivalKind::Outside => {}
            ArrivalKind::Ahead => {
                add(&mut self.ahead_segments, 1);
                add(&mut self.ahead_bytes, fresh);
            }
            ArrivalKind::Fills => {
                add(&mut self.filling_segments, 1);
                add(&mut self.filling_bytes, fresh);
            }
            ArrivalKind::Duplicate => add(&mut self.duplicate_segments, 1),
            ArrivalKind::KeepAlive => add(&mut self.keep_alives, 1),
        }
        if arrival.duplicate > 0 {
            add(&mut self.duplicate_bytes, u64::from(arrival.duplicate));
            if arrival.fresh > 0 {
                add(&mut self.partly_duplicate_segments, 1);
            }
        }
        if arrival.conflicting > 0 {
            add(&mut self.conflicting_segments, 1);
            add(&mut self.conflicting_bytes, u64::from(arrival.conflicting));
        }
    }
}

/// Adds without wrapping: a counter at its end stays there.
pub(super) fn add(counter: &mut u64, amount: u64) {
    *counter = counter.saturating_add(amount);
}
