//! How much payload of a message is kept.

use crate::rtmp::chunk::stream::Partial;
use crate::rtmp::event::RawMessage;
use crate::rtmp::media;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::MessageTypeId;

/// Most payload bytes kept of one message that is not media. Commands, metadata and shared
/// objects have some kilobytes; aggregates of a second of video a few hundred.
pub(super) const MAX_BODY: u32 = 4 * 1024 * 1024;

/// Most payload bytes kept of all messages in progress in one direction. Two media messages of
/// the greatest length fit, for whoever asks for whole payloads; a peer that begins a long
/// message on every chunk stream stays below it.
pub(super) const MAX_KEPT: usize = 32 * 1024 * 1024;

/// How many payload bytes to keep of a message that begins with `body`: to be asked again when
/// that many are there.
pub(super) fn wanted(type_id: MessageTypeId, length: u32, body: &[u8], keep_media: bool) -> u32 {
    let wanted = if !type_id.is_media() {
        MAX_BODY
    } else if keep_media {
        length
    } else {
        u32::try_from(media::keep_len(type_id, body)).unwrap_or(length)
    };
    wanted.min(length)
}

/// Appends to the body what of `taken` is to be kept; says how many bytes that were.
pub(super) fn append(
    partial: &mut Partial,
    type_id: MessageTypeId,
    length: u32,
    taken: &[u8],
    keep_media: bool,
    out: &mut EventQueue,
) -> usize {
    let before = partial.body.len();
    let mut rest = taken;
    loop {
        let keep = usize::try_from(partial.keep).unwrap_or(usize::MAX);
        let room = keep.saturating_sub(partial.body.len());
        if room == 0 || rest.is_empty() {
            break;
        }
        if partial.body.capacity() == 0 {
            partial.body = out.body();
        }
        let (kept, behind) = rest.split_at_checked(room).unwrap_or((rest, &[]));
        partial.body.extend_from_slice(kept);
        rest = behind;
        if partial.body.len() >= keep {
            let more = wanted(type_id, length, &partial.body, keep_media);
            partial.keep = partial.keep.max(more).min(partial.sure);
        }
    }
    partial.body.len().saturating_sub(before)
}

/// How many bytes to keep of a payload that is there as a whole.
pub(super) fn of_whole(type_id: MessageTypeId, payload: &[u8], keep_media: bool) -> usize {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut keep = 0_usize;
    loop {
        let known = payload.get(..keep).unwrap_or(payload);
        let more = wanted(type_id, length, known, keep_media);
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        if more <= keep {
            return keep;
        }
        keep = more;
    }
}

/// Whether payload is missing from the body that a message of this type should have whole.
pub(super) fn is_cut_short(message: &RawMessage, keep_media: bool) -> bool {
    let wanted_whole = keep_media || !message.type_id.is_media();
    wanted_whole && message.is_complete() && !message.is_whole()
}
