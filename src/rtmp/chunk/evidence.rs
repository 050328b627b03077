//! How much speaks for a header being one, rather than payload that looks like one. In bits: a
//! header that random bytes would match once in 2^n tries counts n.

use crate::rtmp::chunk::header;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// Bytes of payload that are looked at.
pub(super) const SIGNATURE_LEN: usize = 5;

/// A continuation: the one byte that can stand there.
pub(super) const CONTINUATION: u32 = 8;

/// Largest timestamp delta taken for one while boundaries are looked for, in milliseconds, ahead or
/// back. Real streams pause longer, but then the next header will do.
const MAX_DELTA: u32 = 10_000;

/// Video codecs of Enhanced RTMP (v2, video FourCC table).
const VIDEO_FOURCC: [&[u8; 4]; 6] = [b"vp08", b"vp09", b"av01", b"avc1", b"hvc1", b"vvc1"];

/// Audio codecs of Enhanced RTMP (v2, audio FourCC table).
const AUDIO_FOURCC: [&[u8; 4]; 6] = [b"ac-3", b"ec-3", b"Opus", b".mp3", b"fLaC", b"mp4a"];

/// First payload bytes of media that a chunk stream has carried, by message type. An encoder keeps to
/// a handful of them: they tell the codec, and of pictures whether they are keyframes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Starts {
    /// Type and byte, the newest first; type 0 where there is none.
    seen: [(u8, u8); 4],
    /// Messages that were noted, up to [`Self::ENOUGH`].
    count: u8,
}

impl Starts {
    /// So many messages tell what an encoder keeps to.
    const ENOUGH: u8 = 8;

    /// Notes a message that came whole.
    pub(super) fn note(&mut self, type_id: MessageTypeId, first: u8) {
        let start = (type_id.0, first);
        if !self.seen.contains(&start) {
            self.seen.rotate_right(1);
            if let Some(newest) = self.seen.first_mut() {
                *newest = start;
            }
            self.count = self.count.min(Self::ENOUGH / 2);
        }
        self.count = self.count.saturating_add(1).min(Self::ENOUGH);
    }

    /// Whether it is sound in another codec than ever before: nobody changes it in the midst of a
    /// stream, and payload that looks like a header often does.
    fn is_foreign(&self, type_id: MessageTypeId, first: u8) -> bool {
        let codec = |byte: u8| byte >> 4;
        let is_sound = |start: &&(u8, u8)| start.0 == MessageTypeId::AUDIO.0;
        let mut known = self.seen.iter().filter(is_sound).peekable();
        type_id == MessageTypeId::AUDIO
            && self.count >= Self::ENOUGH
            && known.peek().is_some()
            && known.all(|start| codec(start.1) != codec(first))
    }

    /// Whether no message of this type ever began with this byte, of enough that were seen.
    fn is_new(&self, type_id: MessageTypeId, first: u8) -> bool {
        let mut of_type = self.seen.iter().filter(|start| start.0 == type_id.0);
        self.count >= Self::ENOUGH
            && of_type.clone().next().is_some()
            && !of_type.any(|start| start.1 == first)
    }

    /// Bits that speak for a message of this type beginning with this byte.
    fn bits(&self, type_id: MessageTypeId, first: u8) -> u32 {
        if self.count < Self::ENOUGH || !self.seen.contains(&(type_id.0, first)) {
            return 0;
        }
        let of_type = |start: &&(u8, u8)| start.0 == type_id.0;
        match self.seen.iter().filter(of_type).count() {
            1 => 8,
            2 => 7,
            _ => 6,
        }
    }
}

/// Bits of a [`signature`] that speak for the first byte, at most.
const OF_FIRST_BYTE: u32 = 5;

/// Bits that speak for a header that says the chunk stream for control and leaves length and type
/// out: all of its first byte.
const OF_CONTROL: u32 = 8;

/// Bits of a [`signature`] that is the sync word of MP3.
const MP3: u32 = 16;

/// Bits of a [`signature`] that is the start code of Sorenson H.263.
const H263: u32 = 21;

/// Bits of a [`signature`] that is a name: that of a command, or of a codec.
const NAMED: u32 = 20;

/// Bits that speak for a header of form `fmt` that begins a message like `new`, with `payload`
/// behind it; `None` if it cannot be one. `starts` is what the chunk stream carried, if it was seen
/// before.
pub(super) fn of_begin(
    fmt: ChunkFormat,
    csid: ChunkStreamId,
    new: &Remembered,
    starts: Option<&Starts>,
    payload: &[u8],
) -> Option<u32> {
    let length = of_fields(csid, new, starts.is_some())?;
    let signature = signature(new, payload)?;
    let leaves_out = fmt.leaves_out_type();
    let mut bits = signature;
    if let (Some(starts), Some(first)) = (starts, payload.first()) {
        // A message as long as the one before begins as others did: in the midst of a message the
        // next continuation looks like its header.
        let is_new = leaves_out && new.type_id.is_media() && starts.is_new(new.type_id, *first);
        if is_new || starts.is_foreign(new.type_id, *first) {
            return None;
        }
        let learned = starts.bits(new.type_id, *first);
        bits = bits.saturating_add(learned.saturating_sub(bits.min(OF_FIRST_BYTE)));
    }
    // What is said once is not said again with a header that leaves its type out: that was lost.
    if leaves_out && csid == ChunkStreamId::CONTROL && !is_repeated(new.type_id) {
        return None;
    }
    if !leaves_out {
        // The type is one of 15 of 256.
        bits = bits.saturating_add(length).saturating_add(4);
    }
    match fmt {
        ChunkFormat::Full => bits = bits.saturating_add(24),
        ChunkFormat::SameStream | ChunkFormat::SameLength => {
            // Only a stream whose configuration was sent at 0 may jump to where it begins, with a
            // header that tells another length, and what is known by its name: a player sends no
            // command while it plays, for hours. A receiver of little acknowledges seldom.
            let begins = new.timestamp.0 == new.time && !leaves_out;
            let is_repeated = leaves_out && csid == ChunkStreamId::CONTROL;
            let may_jump = begins || is_repeated || signature >= NAMED;
            if is_repeated {
                bits = bits.saturating_add(OF_CONTROL);
            }
            // A sender that goes back in time writes a wrapped delta.
            if new.time.cast_signed().unsigned_abs() <= MAX_DELTA {
                bits = bits.saturating_add(10);
            } else if !may_jump || (leaves_out && ends_in_header(csid, new.time)) {
                return None;
            }
        }
        // One byte that says the chunk stream, of which there are a handful, or the one that is
        // for control.
        ChunkFormat::Nothing if csid == ChunkStreamId::CONTROL => {
            bits = bits.saturating_add(OF_CONTROL);
        }
        ChunkFormat::Nothing => bits = bits.saturating_add(5),
    }
    Some(bits)
}

/// Whether a time ends in what is a header of type 3 by itself: then it may as well be payload with that
/// header behind it.
fn ends_in_header(csid: ChunkStreamId, time: u32) -> bool {
    let [.., last] = time.to_be_bytes();
    header::of_one_byte(csid) == Some(last)
}

/// So many payload bytes are enough for [`told_type`].
pub(super) const TELLING_LEN: usize = 16;

/// Names that data messages begin with, and commands never do.
const DATA_NAMES: [&[u8]; 4] = [
    b"\x02\0\x0D@setDataFrame",
    b"\x02\0\x0AonMetaData",
    b"\x02\0\x0AonTextData",
    b"\x02\0\x0AonCuePoint",
];

/// Bits that speak for a header of type 2 or 3 behind which payload of a [`told_type`] begins: those
/// of its signature, and of the byte that says the chunk stream.
pub(super) fn of_told(payload: &[u8]) -> Option<u32> {
    let signature = match told_type(payload)? {
        MessageTypeId::AUDIO => audio(payload)?,
        _ => amf_name(payload)?,
    };
    Some(signature.saturating_add(5))
}

/// The type of a message that its first payload bytes tell by themselves: sound in a codec that
/// has a signature, and data. Pictures are not asked for: one is never as long as the next.
pub(super) fn told_type(payload: &[u8]) -> Option<MessageTypeId> {
    match payload {
        [0xA0..=0xAF, 0 | 1, ..] => Some(MessageTypeId::AUDIO),
        [0x20..=0x2F | 0xE0..=0xEF, 0xFF, ..] if audio(payload) == Some(MP3) => {
            Some(MessageTypeId::AUDIO)
        }
        [0x90..=0x94, rest @ ..] => {
            let code = rest.first_chunk::<4>()?;
            AUDIO_FOURCC.contains(&code).then_some(MessageTypeId::AUDIO)
        }
        _ => DATA_NAMES
            .iter()
            .any(|name| payload.starts_with(name))
            .then_some(MessageTypeId::DATA_AMF0),
    }
}

/// Whether payload ends as data messages do: with the end of an object or array (AMF0 section 2.5).
pub(super) fn ends_as_data(payload: &[u8]) -> bool {
    payload.ends_with(&[0, 0, 9])
}

/// Whether peers send control messages of this type again and again: acknowledgements and pings.
fn is_repeated(type_id: MessageTypeId) -> bool {
    matches!(
        type_id,
        MessageTypeId::ACKNOWLEDGEMENT | MessageTypeId::USER_CONTROL
    )
}

/// Whether a header may begin a message like `new` where no payload can be asked: what passes here
/// may be payload that looks like a header, what does not is.
pub(super) fn may_begin(csid: ChunkStreamId, new: &Remembered, known: bool) -> bool {
    let is_near = csid.0 <= 63 || known;
    is_near && new.stream_id.0 <= 0xFFFF && of_length(new.type_id, new.length).is_some()
}

/// Bits that speak for the length that goes with the other fields, if they go together.
fn of_fields(csid: ChunkStreamId, new: &Remembered, known: bool) -> Option<u32> {
    let control = (1..=6).contains(&new.type_id.0);
    // Control messages have chunk stream 2 and message stream 0 (section 5.4); ids that need a
    // longer header are rare enough to be believed only where they were seen before.
    if control != (csid == ChunkStreamId::CONTROL) || (csid.0 > 63 && !known) {
        return None;
    }
    if control && new.stream_id.0 != 0 || new.stream_id.0 > 0xFF {
        return None;
    }
    of_length(new.type_id, new.length)
}

/// Bits that speak for a length being that of a message of this type.
fn of_length(type_id: MessageTypeId, length: u32) -> Option<u32> {
    let (range, bits) = match type_id {
        MessageTypeId::USER_CONTROL => (2..=64, 18),
        MessageTypeId::SET_PEER_BANDWIDTH => (4..=5, 23),
        MessageTypeId(1..=5) => (4..=4, 24),
        MessageTypeId::AUDIO => (0..=0xFFFF, 8),
        MessageTypeId::VIDEO if length <= 0xFFFF => (0..=0xFFFF, 8),
        MessageTypeId::VIDEO | MessageTypeId::AGGREGATE => (0..=0x3F_FFFF, 2),
        MessageTypeId(15..=20) => (1..=0x3_FFFF, 6),
        _ => return None,
    };
    range.contains(&length).then_some(bits)
}

/// Bits that speak for the first payload bytes being those of a message like `new`.
fn signature(new: &Remembered, payload: &[u8]) -> Option<u32> {
    match new.type_id {
        MessageTypeId::AUDIO => audio(payload),
        MessageTypeId::VIDEO => video(payload),
        MessageTypeId::COMMAND_AMF0 | MessageTypeId::DATA_AMF0 => amf_name(payload),
        MessageTypeId::COMMAND_AMF3 | MessageTypeId::DATA_AMF3 => {
            amf_name(payload.strip_prefix(&[0]).unwrap_or(payload))
        }
        MessageTypeId::AGGREGATE => matches!(payload, [8 | 9 | 18, ..]).then_some(6),
        MessageTypeId::USER_CONTROL => matches!(payload, [0, 0..=0x20, ..]).then_some(11),
        MessageTypeId::SET_CHUNK_SIZE => matches!(payload, [0, ..]).then_some(8),
        _ => Some(0),
    }
}

/// Whether a message like `new` may begin with these payload bytes.
pub(super) fn may_begin_with(new: &Remembered, payload: &[u8]) -> bool {
    signature(new, payload).is_some()
}

/// FLV 10.1 section E.4.2.1 and Enhanced RTMP v2.
fn audio(payload: &[u8]) -> Option<u32> {
    match payload {
        // MP3: the sync word of a frame, and layer III (ISO/IEC 11172-3 section 2.4.1.3).
        [0x20..=0x2F | 0xE0..=0xEF, 0xFF, second, ..] if second & 0xE6 == 0xE2 => Some(MP3),
        [] | [0x00..=0x8F | 0xB0..=0xBF | 0xD0..=0xEF, ..] => Some(0),
        // AAC: a configuration or a frame.
        [0xA0..=0xAF, 0 | 1, ..] => Some(11),
        [first @ 0x90..=0x9F, rest @ ..] => match first & 0x0F {
            5 | 7 => Some(4),
            0..=4 => four_cc(rest, &AUDIO_FOURCC),
            _ => None,
        },
        _ => None,
    }
}

/// FLV 10.1 section E.4.3.1 and Enhanced RTMP v2.
fn video(payload: &[u8]) -> Option<u32> {
    match payload {
        [] => Some(0),
        [first @ 0x80..=0xFF, rest @ ..] => match first & 0x0F {
            6 | 7 => Some(1),
            0..=5 => four_cc(rest, &VIDEO_FOURCC),
            _ => None,
        },
        [first, packet_type, ..] if (1..=5).contains(&(first >> 4)) => match first & 0x0F {
            // AVC, and the codecs that others put in its place: packet type behind.
            7 | 12 | 13 => (*packet_type <= 2).then_some(11),
            // Sorenson H.263: its start code and version (SWF 19, H263VIDEOPACKET).
            2 if matches!(payload, [_, 0, 0, 0x80..=0x87, ..]) => Some(H263),
            2..=6 => Some(3),
            _ => None,
        },
        _ => None,
    }
}

fn four_cc(rest: &[u8], known: &[&[u8; 4]]) -> Option<u32> {
    let code = rest.first_chunk::<4>()?;
    known.contains(&code).then_some(28)
}

/// The name at the begin of a command or data message: a string of 1 to 64 bytes.
fn amf_name(payload: &[u8]) -> Option<u32> {
    match payload {
        [2, 0, 1..=64, first, ..] if first.is_ascii_graphic() => Some(NAMED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::types::RtmpTimestamp;

    #[test]
    fn aac_is_told_from_noise() {
        assert_eq!(audio(&[0xAF, 1, 0x21]), Some(11));
        assert_eq!(audio(&[0xAF, 9]), None);
    }

    #[test]
    fn avc_is_told_from_noise() {
        assert_eq!(video(&[0x27, 1, 0, 0, 80]), Some(11));
        assert_eq!(video(&[0x27, 7]), None);
        assert_eq!(video(&[0x07, 1]), None);
    }

    #[test]
    fn mp3_and_sorenson_are_told_from_noise() {
        // MPEG-1 and MPEG-2, layer III; layer II.
        assert_eq!(audio(&[0x2F, 0xFF, 0xFB, 0x90]), Some(MP3));
        assert_eq!(audio(&[0x2A, 0xFF, 0xF3, 0x90]), Some(MP3));
        assert_eq!(audio(&[0x2F, 0xFF, 0xFD, 0x90]), Some(0));
        assert_eq!(told_type(&[0x2F, 0xFF, 0xFB]), Some(MessageTypeId::AUDIO));
        assert_eq!(told_type(&[0x2F, 0x1F, 0xFB]), None);
        assert_eq!(video(&[0x22, 0, 0, 0x84, 1]), Some(H263));
        assert_eq!(video(&[0x22, 0, 1, 0x84, 1]), Some(3));
    }

    #[test]
    fn what_a_chunk_stream_always_began_with_speaks_for_the_next() {
        let mut starts = Starts::default();
        // Speex (FLV 10.1 section E.4.2.1), which has no signature of its own.
        for _ in 0..7 {
            starts.note(MessageTypeId::AUDIO, 0xB2);
        }
        assert_eq!(starts.bits(MessageTypeId::AUDIO, 0xB2), 0, "too few");
        starts.note(MessageTypeId::AUDIO, 0xB2);
        assert_eq!(starts.bits(MessageTypeId::AUDIO, 0xB2), 8);
        assert_eq!(starts.bits(MessageTypeId::AUDIO, 0xB3), 0);
        assert_eq!(starts.bits(MessageTypeId::VIDEO, 0xB2), 0);
        // Nellymoser, in the midst of Speex.
        assert!(starts.is_foreign(MessageTypeId::AUDIO, 0x4D));
        assert!(!starts.is_foreign(MessageTypeId::AUDIO, 0xB6));
        assert!(!starts.is_foreign(MessageTypeId::VIDEO, 0x4D));
        for _ in 0..4 {
            starts.note(MessageTypeId::VIDEO, 0x27);
        }
        assert_eq!(
            starts.bits(MessageTypeId::AUDIO, 0xB2),
            8,
            "each type by itself"
        );
    }

    #[test]
    fn a_stream_jumps_to_where_it_begins_and_nowhere_else() {
        let jumped = |from: u32| {
            let delta = 16_774_867;
            let new = Remembered {
                time: delta,
                timestamp: RtmpTimestamp(from + delta),
                length: 3273,
                type_id: MessageTypeId::VIDEO,
                ..Remembered::BLANK
            };
            let (fmt, csid) = (ChunkFormat::SameStream, ChunkStreamId(6));
            of_begin(
                fmt,
                csid,
                &new,
                Some(&Starts::default()),
                &[0x17, 1, 0, 0, 80],
            )
        };
        assert_eq!(jumped(33), None);
        // Signature 11, length 8, type 4, and nothing for the time.
        assert_eq!(jumped(0), Some(23));
    }

    /// What speaks for a header of a picture in AVC.
    fn of_picture(fmt: ChunkFormat, delta: u32, starts: &Starts, payload: &[u8]) -> Option<u32> {
        let new = Remembered {
            time: delta,
            timestamp: RtmpTimestamp(80_000),
            length: 7424,
            type_id: MessageTypeId::VIDEO,
            ..Remembered::BLANK
        };
        of_begin(fmt, ChunkStreamId(7), &new, Some(starts), payload)
    }

    #[test]
    fn a_header_that_leaves_all_out_stands_before_what_always_came() {
        let mut starts = Starts::default();
        for _ in 0..Starts::ENOUGH {
            starts.note(MessageTypeId::VIDEO, 0x27);
        }
        // Enhanced RTMP v2 with a packet type that nothing else speaks for.
        let other = [0x86, 1, 0, 0, 80];
        let of = |fmt, payload| of_picture(fmt, 20, &starts, payload).is_some();
        assert!(of(ChunkFormat::Nothing, &[0x27, 1, 0, 0, 80]));
        assert!(!of(ChunkFormat::Nothing, &other));
        assert!(!of(ChunkFormat::SameLength, &other));
        assert!(of(ChunkFormat::SameStream, &other), "it tells its type");
    }

    #[test]
    fn a_small_step_back_in_time_is_a_step() {
        let (fmt, starts) = (ChunkFormat::SameStream, Starts::default());
        let of = |delta| of_picture(fmt, delta, &starts, &[0x27, 1, 0, 0, 80]);
        assert_eq!(of(10_u32.wrapping_neg()), of(20));
        assert_eq!(of(20_000_u32.wrapping_neg()), None);
    }

    #[test]
    fn enhanced_headers_have_a_known_codec() {
        assert_eq!(video(b"\x90hvc1"), Some(28));
        assert_eq!(video(b"\x90abcd"), None);
        assert_eq!(audio(b"\x91Opus"), Some(28));
    }

    #[test]
    fn commands_begin_with_their_name() {
        assert_eq!(amf_name(b"\x02\x00\x07connect"), Some(20));
        assert_eq!(amf_name(b"\x00\x00\x07connect"), None);
    }
}
