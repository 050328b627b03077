//! Chunk streams of which no header tells length and type: a capture that joined late saw only
//! those that leave them out (RTMP 1.0 sections 5.3.1.2.3 and 5.3.1.2.4). Both stay as they are
//! until a header says otherwise, so that where the next headers stand tells the length, and what
//! payloads begin with tells the type.

use crate::rtmp::chunk::evidence;
use crate::rtmp::chunk::evidence::Starts;
use crate::rtmp::chunk::extended::ExtendedTimestamps;
use crate::rtmp::chunk::needed::INFERRED;
use crate::rtmp::chunk::needed::INFERRED_DATA;
use crate::rtmp::chunk::repeated;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::sizes::Sizes;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::chunk::walk;
use crate::rtmp::chunk::walk::FIRST_COMMON_CSID;
use crate::rtmp::chunk::walk::LOOK;
use crate::rtmp::chunk::walk::MAX_COMMON_CSID;
use crate::rtmp::chunk::walk::Outcome;
use crate::rtmp::chunk::walk::Walk;
use crate::rtmp::chunk::walk::Walked;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// Longest message whose length is inferred: those of sound at a constant bit rate and of repeated
/// metadata are shorter.
const MAX_INFERRED: usize = 4096;

/// Bits of the header right behind a message whose length is inferred. What comes behind that one
/// is no evidence: payload taken for a header leads to a true one by chance. If nothing comes of
/// one that is strong, something else is amiss, and a longer message is no better guess.
pub(super) const STRONG: u32 = 16;

/// The same where another length was known before, which most such headers still go by.
pub(super) const STRONG_ANEW: u32 = 22;

/// Length of a header that refers to one before it, on a chunk stream with a short id.
pub(super) fn short_header_len(fmt: ChunkFormat) -> u32 {
    if fmt == ChunkFormat::Nothing { 1 } else { 4 }
}

/// What the header told that nobody saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Description {
    /// The chunk stream.
    pub(super) csid: ChunkStreamId,
    /// Type of its messages.
    pub(super) type_id: MessageTypeId,
    /// Their length.
    pub(super) length: u32,
}

impl Description {
    /// What is remembered of it. How much time lies between its messages is told by a header that
    /// says so.
    pub(super) fn remembered(self) -> Remembered {
        Remembered {
            fmt: ChunkFormat::SameStream,
            length: self.length,
            type_id: self.type_id,
            ..Remembered::BLANK
        }
    }

    /// The chunk stream as a trial sees it, before its next message.
    pub(super) fn walked(self) -> Walked {
        Walked {
            csid: self.csid,
            remembered: self.remembered(),
            starts: Starts::default(),
            remaining: 0,
            chunk: None,
        }
    }
}

/// How an inference ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inferred {
    /// Length and type are certain, and the chunk size that agrees.
    Told(Description, Size),
    /// So many bytes must be there for the next step.
    Open(usize),
    /// The bytes do not tell them.
    Untold,
}

/// What is known of the direction beside the chunk stream.
#[derive(Debug, Clone)]
pub(super) struct Around {
    /// The other chunk streams.
    pub(super) streams: Vec<Walked>,
    /// The chunk size.
    pub(super) size: Size,
    /// What type 3 chunks do about extended timestamps.
    pub(super) extended: ExtendedTimestamps,
    /// How chunks are cut.
    pub(super) cut: Sizes,
    /// Whether the direction ends with the bytes.
    pub(super) is_over: bool,
}

/// Infers length and type of the messages of a chunk stream from `bytes`, which begin with a
/// header of it that leaves them out. `strong` are the bits that the header behind them needs.
pub(super) fn infer(bytes: &[u8], around: &Around, strong: u32) -> Inferred {
    if let Some(body) = repeated::payload_at(bytes) {
        return repeated::infer(bytes, body, around, strong);
    }
    let Some((csid, body)) = short_header(bytes) else {
        return Inferred::Untold;
    };
    let shown = bytes.get(body..).unwrap_or_default();
    let Some(type_id) = evidence::told_type(shown) else {
        let is_short = shown.len() < evidence::TELLING_LEN && !around.is_over;
        return if is_short {
            Inferred::Open(body.saturating_add(evidence::TELLING_LEN))
        } else {
            Inferred::Untold
        };
    };
    // Where the chunk size is not known, continuations would be taken for payload.
    let certain = around.size.doubted_above().unwrap_or(u32::MAX);
    let longest = usize::try_from(certain)
        .unwrap_or(usize::MAX)
        .min(MAX_INFERRED);
    for length in 1..=longest {
        let end = end_of(body, length, around.size);
        let needs = end.saturating_add(LOOK);
        if needs > bytes.len() && !around.is_over {
            return Inferred::Open(needs);
        }
        let (message, behind) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        if type_id == MessageTypeId::DATA_AMF0 && !evidence::ends_as_data(message) {
            continue;
        }
        match what_stands(behind, csid, &around.streams) {
            Stands::Nothing => continue,
            Stands::Another => return Inferred::Untold,
            Stands::Header => {}
        }
        let description = Description {
            csid,
            type_id,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        };
        let walk = trial(bytes, description, around);
        let is_at_the_end = behind.is_empty() && around.is_over;
        if !is_at_the_end && walk.weighs(end) < strong {
            continue;
        }
        return match walk.run(0).0 {
            Outcome::Confirmed(size) => Inferred::Told(description, size),
            Outcome::Open(needs) => Inferred::Open(needs),
            Outcome::Refuted => Inferred::Untold,
        };
    }
    Inferred::Untold
}

/// Where the message ends, continuations of one byte included.
fn end_of(body: usize, length: usize, size: Size) -> usize {
    let chunks = match size {
        Size::Known(bytes) => {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            length.saturating_sub(1).checked_div(bytes)
        }
        Size::AtLeast(_) | Size::Guess { .. } => None,
    };
    body.saturating_add(length)
        .saturating_add(chunks.unwrap_or_default())
}

/// A trial of a message with this length and type.
pub(super) fn trial<'b>(bytes: &'b [u8], description: Description, around: &Around) -> Walk<'b> {
    let mut streams = around.streams.clone();
    streams.push(description.walked());
    // A few lengths are tried, and not thousands.
    let is_one_of_few = description.type_id == MessageTypeId::DATA_AMF0
        || description.csid == ChunkStreamId::CONTROL;
    let needed = if is_one_of_few {
        INFERRED_DATA
    } else {
        INFERRED
    };
    let mut walk = Walk::new(bytes, streams, around.size, around.extended, needed);
    walk.is_over = around.is_over;
    walk.cut = around.cut;
    walk
}

/// The chunk stream of a header that leaves out length and type, and where the payload begins.
pub(super) fn short_header(bytes: &[u8]) -> Option<(ChunkStreamId, usize)> {
    let is_common = |csid: ChunkStreamId| (FIRST_COMMON_CSID..=MAX_COMMON_CSID).contains(&csid.0);
    referring_header(bytes).filter(|(csid, _)| is_common(*csid))
}

/// The same on any chunk stream with a short id.
pub(super) fn referring_header(bytes: &[u8]) -> Option<(ChunkStreamId, usize)> {
    let first = *bytes.first()?;
    let fmt = ChunkFormat::from_first_byte(first);
    let csid = ChunkStreamId(u32::from(first & 0x3F));
    let is_short = fmt.leaves_out_type();
    // One with an extended timestamp does not tell whether those behind it repeat that.
    let is_extended = fmt == ChunkFormat::SameLength && bytes.get(1..4) == Some(&[0xFF; 3]);
    let body = usize::try_from(short_header_len(fmt)).ok()?;
    (is_short && !is_extended).then_some((csid, body))
}

/// What stands behind a message, at first sight.
enum Stands {
    /// Payload.
    Nothing,
    /// What may be a header.
    Header,
    /// What may be one of another chunk stream that nothing describes. With two of them, one may
    /// be taken for payload of the other.
    Another,
}

fn what_stands(bytes: &[u8], csid: ChunkStreamId, known: &[Walked]) -> Stands {
    // At the end of the direction.
    if bytes.is_empty() || walk::may_refer(bytes, known) || walk::may_begin(bytes) {
        return Stands::Header;
    }
    let Some((of, body)) = short_header(bytes) else {
        return Stands::Nothing;
    };
    let payload = bytes.get(body..).unwrap_or_default();
    match evidence::told_type(payload) {
        Some(_) if of == csid => Stands::Header,
        Some(_) => Stands::Another,
        None => Stands::Nothing,
    }
}

/// A chunk stream of which no header told length and type, and how long its messages seemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Undescribed {
    pub(super) csid: ChunkStreamId,
    /// The latest lengths that were told apart, 0 where fewer are known.
    lengths: [u32; 4],
}

impl Undescribed {
    /// A chunk stream of whose messages no length is known.
    pub(super) fn new(csid: ChunkStreamId) -> Self {
        Self {
            csid,
            lengths: [0; 4],
        }
    }

    /// Another message was this long.
    pub(super) fn note(&mut self, length: u32) {
        if !self.lengths.contains(&length) {
            self.lengths.rotate_right(1);
            if let Some(newest) = self.lengths.first_mut() {
                *newest = length;
            }
        }
    }

    /// The lengths.
    pub(super) fn known(&self) -> impl Iterator<Item = u32> {
        self.lengths.into_iter().filter(|length| *length > 0)
    }

    /// Where the next header stands behind messages of this length, of which there may be several
    /// in a row.
    pub(super) fn behind(&self, bytes: &[u8], length: u32) -> usize {
        let mut at = 0_usize;
        while let Some(first) = bytes.get(at) {
            let fmt = ChunkFormat::from_first_byte(*first);
            if !fmt.leaves_out_type() || u32::from(first & 0x3F) != self.csid.0 {
                break;
            }
            let span = length.saturating_add(short_header_len(fmt));
            at = at.saturating_add(usize::try_from(span).unwrap_or(usize::MAX));
        }
        at
    }
}
