//! How the chunk stream is used: chunk sizes, and what each channel carries.

use std::fmt::Write as _;

use crate::base::side::Side;
use crate::base::units::bytes;
use crate::base::units::counted;
use crate::base::units::marked;
use crate::compare::Both;
use crate::compare::Party;
use crate::compare::Section;
use crate::compare::Weight;
use crate::compare::lines::Lines;
use crate::compare::lines::Tolerance;
use crate::compare::order::arrow;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Repeats;
use crate::session::channel::Channel;
use crate::session::channel::Direction;

/// Headers take another share when frames have other sizes: a tenth of a hundredth is nothing.
const HEADER_SHARES: Tolerance = Tolerance {
    share: 0.25,
    least: 0.1,
};

/// Missing bytes differ whenever any are missing; a difference by this factor is another loss.
const LOSSES: Tolerance = Tolerance {
    share: 0.5,
    least: 0.0,
};

/// Hundredths by which the mix of header forms differs between two parts of one stream.
const FORM_POINTS: u64 = 10;

/// Sizes of chunks and their headers.
pub(super) fn sizes(both: Both<'_>) -> Section {
    let mut lines = Lines::new("chunks");
    for side in Side::BOTH {
        let name = |what: &str| format!("{} {what}", arrow(side));
        let (left, right) = both.ask(|party| direction(party, side).map(chunk_size));
        lines.add(name("chunk size"), Weight::Choice, (left, right));
        let (left, right) = both.ask(|party| {
            let changes = direction(party, side)?.chunk_size_changes.len();
            (changes > 1).then(|| format!("{changes} times"))
        });
        lines.add(name("chunk size set"), Weight::Choice, (left, right));
        let (left, right) = both.ask(|party| match direction(party, side)?.repeats {
            Repeats::NotDue => None,
            Repeats::Repeated => Some("repeated in type 3 chunks"),
            Repeats::LeftOut => Some("left out of type 3 chunks"),
        });
        lines.add(name("extended timestamps"), Weight::Choice, (left, right));
        let (left, right) = both
            .ask(|party| direction(party, side).map(|direction| direction.header_share() * 100.0));
        lines.figures(
            name("headers"),
            Weight::Figure,
            (left, right),
            HEADER_SHARES,
            |share| format!("{share:.2} % of the bytes"),
        );
        let (left, right) = both.ask(|party| {
            let direction = party.session.directions.of(side);
            as_f64(direction.skipped_bytes)
        });
        lines.trouble(
            name("bytes of no message"),
            (left, right),
            LOSSES,
            whole_bytes,
        );
    }
    lines.finish()
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
pub(super) fn as_f64(count: u64) -> f64 {
    count as f64
}

/// Bytes that were made a figure.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of bytes is not negative, and the cast saturates"
)]
pub(super) fn whole_bytes(count: f64) -> String {
    bytes(count as u64)
}

/// How often, of a count that was made a figure.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count is not negative, and the cast saturates"
)]
pub(super) fn times(count: f64) -> String {
    counted(count as u64, "time")
}

/// What a side sent; `None` where nothing of it was captured.
fn direction<'a>(party: &'a Party<'_>, side: Side) -> Option<&'a Direction> {
    let direction = party.session.directions.of(side);
    (direction.messages() > 0).then_some(direction)
}

/// The size that holds for the media: the latest.
fn chunk_size(direction: &Direction) -> String {
    match direction.chunk_size {
        ChunkSize::Unknown => "not announced".to_owned(),
        ChunkSize::Told(length) => length.to_string(),
        ChunkSize::Inferred(length) => marked(length, true),
        ChunkSize::AtLeast(length) => format!("{} or more", marked(length, true)),
    }
}

/// What each channel carries, and with which forms of headers.
pub(super) fn channels(both: Both<'_>) -> Section {
    let mut lines = Lines::new("channels");
    for side in Side::BOTH {
        let (left, right) = both.ask(|party| &party.session.directions.of(side).channels);
        let mut ids: Vec<u32> = left
            .iter()
            .chain(right)
            .map(|channel| channel.csid.0)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let of = |channels: &'_ [Channel]| {
                channels
                    .iter()
                    .find(|channel| channel.csid.0 == id)
                    .map(|channel| (carries(channel), forms(channel)))
            };
            let (one, other) = (of(left), of(right));
            let name = format!("{} csid {id}", arrow(side));
            let values = (
                one.as_ref().map(|(carries, _)| carries.clone()),
                other.as_ref().map(|(carries, _)| carries.clone()),
            );
            lines.add(name.clone(), Weight::Choice, values);
            // What only one side has was told.
            if let (Some((_, one)), Some((_, other))) = (one, other) {
                let is_same = one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.abs_diff(other) <= FORM_POINTS);
                let values = (Some(mix(one)), Some(mix(other)));
                lines.judged(format!("{name} forms"), Weight::Figure, values, is_same);
            }
        }
    }
    lines.finish()
}

/// What a channel carries: message types in the order of their numbers, and the message stream.
fn carries(channel: &Channel) -> String {
    let mut types: Vec<_> = channel.types().map(|kind| kind.type_id).collect();
    types.sort_unstable_by_key(|type_id| type_id.0);
    let names: Vec<String> = types.iter().map(ToString::to_string).collect();
    let names = names.join(", ").replace('_', " ");
    let mut text = marked(names, channel.inferred.header.is_some());
    if channel.mixed_streams() {
        text.push_str("; several streams");
    } else {
        let is_inferred = channel.inferred.stream_id.is_some();
        let _ = write!(text, "; stream {}", marked(channel.stream_id, is_inferred));
    }
    text
}

/// Hundredths of the messages that begin with each form of header.
fn forms(channel: &Channel) -> [u64; 4] {
    let all = channel.messages();
    channel.formats.map(|count| {
        let hundredfold = u64::from(count).saturating_mul(100);
        let rounded = hundredfold.saturating_add(all / 2);
        rounded.checked_div(all).unwrap_or(0)
    })
}

fn mix(forms: [u64; 4]) -> String {
    let [full, same_stream, delta, none] = forms;
    format!("fmt 0 {full} %, 1 {same_stream} %, 2 {delta} %, 3 {none} %")
}
