//! Control messages whose type and length no header told: peers repeat acknowledgements and answers
//! to pings behind headers that leave both out (RTMP 1.0 sections 5.3.1.2.3 and 5.3.1.2.4), and
//! there are so few kinds of them that each can be tried.

use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::chunk::undescribed;
use crate::rtmp::chunk::undescribed::Around;
use crate::rtmp::chunk::undescribed::Description;
use crate::rtmp::chunk::undescribed::Inferred;
use crate::rtmp::chunk::walk::LOOK;
use crate::rtmp::chunk::walk::Outcome;
use crate::rtmp::control::UserControlType;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// Length of an acknowledgement (section 5.4.3).
const ACKNOWLEDGEMENT: u32 = 4;

/// Length of a user control message with one number (section 7.1.7).
const EVENT: u32 = 6;

/// The same with two.
const SET_BUFFER_LENGTH: u32 = 10;

/// Whether a control message could begin with `bytes` that leaves out length and type.
pub(super) fn may_begin(bytes: &[u8]) -> bool {
    payload_at(bytes).is_some()
}

/// What a peer may be repeating, where the numbers grow as far as they are there: bytes received by
/// some thousand to some million, milliseconds by as many.
pub(super) fn count_up(bytes: &[u8]) -> impl Iterator<Item = Description> {
    // The answer to a ping (section 7.1.7), and an acknowledgement.
    let kinds = [
        (MessageTypeId::USER_CONTROL, EVENT, &[0, 7][..]),
        (MessageTypeId::ACKNOWLEDGEMENT, ACKNOWLEDGEMENT, &[]),
    ];
    let grow = |(_, length, begin): &(MessageTypeId, u32, &[u8])| {
        let body = payload_at(bytes)?;
        let each = body.checked_add(usize::try_from(*length).ok()?)?;
        let payload = |each: &[u8]| {
            let is_alike = each.first() == bytes.first();
            let payload = each
                .get(body..)
                .filter(|payload| payload.starts_with(begin));
            payload.filter(|_| is_alike)?.last_chunk::<4>().copied()
        };
        let numbers: Vec<u32> = bytes
            .chunks_exact(each)
            .take(4)
            .map_while(payload)
            .map(u32::from_be_bytes)
            .collect();
        let mut pairs = numbers
            .windows(2)
            .filter_map(|pair| pair.first_chunk::<2>());
        let begins = bytes.get(body..)?.starts_with(begin);
        Some(begins && pairs.all(|[one, next]| (1..1 << 24).contains(&next.wrapping_sub(*one))))
    };
    let describe = |(type_id, length, _)| Description {
        csid: ChunkStreamId::CONTROL,
        type_id,
        length,
    };
    let found = kinds.map(|kind| grow(&kind).unwrap_or(false).then_some(kind));
    found.into_iter().flatten().map(describe)
}

/// Where the payload begins behind a header of a control message that leaves out length and type.
pub(super) fn payload_at(bytes: &[u8]) -> Option<usize> {
    let (csid, body) = undescribed::referring_header(bytes)?;
    (csid == ChunkStreamId::CONTROL).then_some(body)
}

/// Infers type and length of a control message from `bytes`, which begin with a header of it, and
/// whose payload begins at `body`: the kind behind which a header stands that has `strong` bits.
pub(super) fn infer(bytes: &[u8], body: usize, around: &Around, strong: u32) -> Inferred {
    let needs = body
        .saturating_add(usize::try_from(SET_BUFFER_LENGTH).unwrap_or(usize::MAX))
        .saturating_add(LOOK);
    if needs > bytes.len() && !around.is_over {
        return Inferred::Open(needs);
    }
    let payload = bytes.get(body..).unwrap_or_default();
    for description in kinds(payload) {
        let length = usize::try_from(description.length).unwrap_or(usize::MAX);
        let end = body.saturating_add(length);
        let walk = undescribed::trial(bytes, description, around);
        if walk.weighs(end) < strong {
            continue;
        }
        match walk.run(0).0 {
            Outcome::Confirmed(size) => return Inferred::Told(description, size),
            Outcome::Open(needs) => return Inferred::Open(needs),
            Outcome::Refuted => {}
        }
    }
    Inferred::Untold
}

/// What a header on the control chunk stream refers to that nobody saw, by its payload at first
/// sight.
pub(super) fn presumed(payload: &[u8]) -> Remembered {
    let kind = kinds(payload).next();
    kind.map_or(Remembered::BLANK, Description::remembered)
}

/// The kinds of message that payload may be, the one with a signature first.
fn kinds(payload: &[u8]) -> impl Iterator<Item = Description> {
    let kinds = [
        event_length(payload).map(|length| (MessageTypeId::USER_CONTROL, length)),
        Some((MessageTypeId::ACKNOWLEDGEMENT, ACKNOWLEDGEMENT)),
    ];
    let describe = |(type_id, length)| Description {
        csid: ChunkStreamId::CONTROL,
        type_id,
        length,
    };
    kinds.into_iter().flatten().map(describe)
}

/// How long a user control message is that begins so.
fn event_length(payload: &[u8]) -> Option<u32> {
    let event = u16::from_be_bytes(*payload.first_chunk::<2>()?);
    match UserControlType(event) {
        UserControlType::SET_BUFFER_LENGTH => Some(SET_BUFFER_LENGTH),
        UserControlType::PING_REQUEST | UserControlType::PING_RESPONSE => Some(EVENT),
        _ => None,
    }
}
