//! Chunk sizes: what is known of them, and those that are not the same for all. The oldest senders cut
//! audio into pieces of their own until a size is agreed, and some finish a message as they began it
//! when the size changes. Nobody announces either, so it is decided per direction by where the next
//! headers stand.

use crate::base::ids::Mark;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::loss::Loss;
use crate::rtmp::chunk::needed::SIZES;
use crate::rtmp::chunk::stream::ChunkStream;
use crate::rtmp::chunk::undescribed::Around;
use crate::rtmp::chunk::walk::Outcome;
use crate::rtmp::chunk::walk::Walk;
use crate::rtmp::chunk::walk::Walked;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::MessageTypeId;

/// What is known of a direction's chunk size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// The size.
    Known(u32),
    /// Messages up to this length came in one chunk.
    AtLeast(u32),
    /// A size that cuts the message at hand into the right number of chunks, as others would.
    Guess {
        /// Messages up to this length came in one chunk.
        least: u32,
        /// The size.
        bytes: u32,
    },
}

impl Size {
    /// Smallest chunk size looked for where none is known: nobody uses less than 64.
    pub(super) const UNKNOWN: Self = Self::AtLeast(63);

    /// The number, known or at least.
    pub(super) fn bytes(self) -> u32 {
        match self {
            Self::Known(bytes) | Self::AtLeast(bytes) | Self::Guess { bytes, .. } => bytes,
        }
    }

    /// The length up to which messages come in one chunk for certain, while that is all that is
    /// known.
    pub(super) fn doubted_above(self) -> Option<u32> {
        match self {
            Self::Known(_) => None,
            Self::AtLeast(least) | Self::Guess { least, .. } => Some(least),
        }
    }
}

/// Payload bytes in a chunk of audio before RTMP 1.0, until Set Chunk Size; 128 of all else.
pub(super) const OLD_AUDIO: u32 = 64;

/// How audio is cut until a chunk size is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fragments {
    /// No message has told it yet.
    Undecided,
    /// As everything else.
    Uniform,
    /// Into chunks of [`OLD_AUDIO`] bytes.
    Old,
}

/// What chunk sizes depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sizes {
    /// Nothing.
    Uniform,
    /// Audio has chunks of [`OLD_AUDIO`] bytes.
    OldAudio,
    /// Messages in progress keep this size.
    Late(u32),
}

/// How a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// The sizes are these.
    Taken(Sizes),
    /// So many bytes must be there for the next step.
    Open(usize),
}

/// Decides whether sizes are `other` than uniform in `bytes`, which begin with a header. What the
/// specification says holds unless the bytes exclude it and agree with the other.
pub(super) fn decide(bytes: &[u8], around: &Around, other: Sizes) -> Decision {
    let uniform = match trial(bytes, around, Sizes::Uniform) {
        Outcome::Confirmed(_) => return Decision::Taken(Sizes::Uniform),
        Outcome::Open(needs) => Some(needs),
        Outcome::Refuted => None,
    };
    match (trial(bytes, around, other), uniform) {
        (Outcome::Confirmed(_), None) => Decision::Taken(other),
        (Outcome::Refuted, _) => Decision::Taken(Sizes::Uniform),
        (Outcome::Open(one), Some(two)) => Decision::Open(one.min(two)),
        (Outcome::Open(needs), None) | (Outcome::Confirmed(_), Some(needs)) => {
            Decision::Open(needs)
        }
    }
}

/// Messages in progress end with chunks as long as they began with.
pub(super) fn keep_size(streams: &mut [Walked], old: u32) {
    let in_progress = streams.iter_mut().filter(|stream| stream.remaining > 0);
    for stream in in_progress {
        stream.chunk.get_or_insert(old);
    }
}

fn trial(bytes: &[u8], around: &Around, sizes: Sizes) -> Outcome {
    let mut streams = around.streams.clone();
    if let Sizes::Late(old) = sizes {
        keep_size(&mut streams, old);
    }
    let mut walk = Walk::new(bytes, streams, around.size, around.extended, SIZES);
    walk.is_over = around.is_over;
    walk.cut = sizes;
    walk.run(0).0
}

impl Walk<'_> {
    /// The chunk size where the trial is.
    pub(super) fn size_now(&self) -> u32 {
        self.changed.unwrap_or(self.size.bytes())
    }

    /// A message whose payload is at `at` may change the chunk size (section 5.4.1).
    pub(super) fn obey(&mut self, at: usize, stream: usize) {
        let told = self.streams.get(stream).map(|stream| &stream.remembered);
        let is_one = told.is_some_and(|told| told.type_id == MessageTypeId::SET_CHUNK_SIZE);
        let payload = self
            .bytes
            .get(at..)
            .and_then(|payload| payload.first_chunk());
        let Some(payload) = payload.filter(|_| is_one) else {
            return;
        };
        let size = u32::from_be_bytes(*payload) & 0x7FFF_FFFF;
        if size == 0 {
            return;
        }
        match self.cut {
            Sizes::Uniform => {}
            Sizes::OldAudio => self.cut = Sizes::Uniform,
            Sizes::Late(_) => {
                let old = self.size_now();
                keep_size(&mut self.streams, old);
            }
        }
        self.changed = Some(size);
    }
}

impl ChunkDecoder {
    /// Whether it is known how the message that goes on at a header is cut into chunks.
    pub(super) fn trust_size(&self, start: u64) -> Result<(), Loss> {
        match self.old_size {
            Some(old) if self.confirmed != Some(start) => {
                let other = Sizes::Late(old);
                Err(Loss::Sizes { start, other })
            }
            _ => Ok(()),
        }
    }

    /// How long the chunks of the message on a chunk stream are.
    pub(super) fn chunk_of(&self, place: usize) -> u32 {
        let stream = self.streams.get(place);
        let own = stream.and_then(|stream| stream.partial.as_ref()?.chunk);
        let is_audio = |stream: &ChunkStream| stream.remembered.type_id == MessageTypeId::AUDIO;
        match own {
            Some(own) => own,
            None if self.fragments == Fragments::Old && stream.is_some_and(is_audio) => OLD_AUDIO,
            None => self.size.bytes(),
        }
    }

    /// Takes up how chunks are cut.
    pub(super) fn cut_by(&mut self, sizes: Sizes, at: Mark, out: &mut EventQueue) {
        let start = self.position;
        self.old_size = None;
        self.fragments = Fragments::Uniform;
        match sizes {
            Sizes::Uniform => {}
            Sizes::OldAudio => {
                self.fragments = Fragments::Old;
                self.remark(AnomalyKind::AudioFragments, start, at, out);
            }
            Sizes::Late(old) => {
                let partials = self.streams.iter_mut();
                for partial in partials.filter_map(|stream| stream.partial.as_mut()) {
                    partial.chunk = Some(old);
                }
                self.remark(AnomalyKind::ChunkSizeLate { old }, start, at, out);
            }
        }
    }
}
