//! Whether type 3 chunks repeat the extended timestamp of the header they refer to. RTMP 1.0
//! (2012) section 5.3.1.3 wants it; the draft of 2009 and encoders built on old librtmp leave it
//! out. Nobody announces it, so it is decided per direction by what is there.

use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::event::Repeats;

/// After this many type 3 chunks that agree, a direction's way is known.
const SETTLED: u8 = 2;

/// What type 3 chunks of a direction have done so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ExtendedTimestamps {
    repeated: u8,
    left_out: u8,
}

/// What a type 3 chunk does about the extended timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// There is none to repeat.
    NotDue,
    /// It repeats it.
    Repeated,
    /// It leaves it out.
    LeftOut,
    /// The field is there with another value, from a sender known to repeat it.
    Differs(u32),
}

impl Repeat {
    /// Whether the field is there.
    pub(super) fn is_there(self) -> bool {
        matches!(self, Self::Repeated | Self::Differs(_))
    }

    /// What is told of a message whose earlier chunks did as `before` says.
    pub(super) fn told(self, before: Repeats) -> Repeats {
        match (self, before) {
            (Self::NotDue, _) => before,
            (Self::LeftOut, _) | (_, Repeats::LeftOut) => Repeats::LeftOut,
            (Self::Repeated | Self::Differs(_), _) => Repeats::Repeated,
        }
    }
}

impl ExtendedTimestamps {
    /// What a type 3 chunk does whose message header is followed by `found`. A value that equals
    /// the one to be repeated is no payload: it is at least `0xFF_FFFF`, and equal by chance
    /// once in 2^32.
    pub(super) fn judge(self, found: u32, remembered: &Remembered) -> Repeat {
        if due(remembered).contains(&found) {
            Repeat::Repeated
        } else if self.always_repeated() {
            Repeat::Differs(found)
        } else {
            Repeat::LeftOut
        }
    }

    /// Whether bytes may be the begin of a repeated field.
    pub(super) fn may_begin_with(self, bytes: &[u8], remembered: &Remembered) -> bool {
        let mut due = due(remembered).into_iter();
        self.always_repeated() || due.any(|field| field.to_be_bytes().starts_with(bytes))
    }

    /// Takes note of what a chunk did. Says whether it is the first to leave the field out.
    pub(super) fn note(&mut self, repeat: Repeat) -> bool {
        match repeat {
            Repeat::NotDue | Repeat::Differs(_) => false,
            Repeat::Repeated => {
                self.repeated = self.repeated.saturating_add(1);
                false
            }
            Repeat::LeftOut => {
                self.left_out = self.left_out.saturating_add(1);
                self.left_out == 1
            }
        }
    }

    /// Whether this direction is known to repeat the field.
    pub(super) fn always_repeated(self) -> bool {
        self.repeated >= SETTLED && self.left_out == 0
    }
}

/// What a repeated field holds: some senders repeat the message's timestamp where the delta would
/// be due, and some cut it to 31 bits as FLV has it.
fn due(remembered: &Remembered) -> [u32; 3] {
    [
        remembered.time,
        remembered.timestamp.0,
        remembered.time & 0x7FFF_FFFF,
    ]
}
