//! The chunk streams of a direction.

use crate::base::side::Side;
use crate::base::units::bytes;
use crate::base::units::counted;
use crate::base::units::grouped;
use crate::base::units::marked;
use crate::base::units::push_number;
use crate::base::units::span_with_hours;
use crate::pipeline::Connection;
use crate::report::parts_of_aggregates;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Repeats;
use crate::session::channel::Channel;
use crate::session::channel::Direction;

/// What heads the columns of [`Use::rows`].
pub(in crate::report) const COLUMNS: [&str; 8] = [
    "csid",
    "carries",
    "messages",
    "bytes",
    "share",
    "fmt 0/1/2/3 %",
    "largest",
    "longest",
];

/// Use of the chunk stream by one side.
#[derive(Debug)]
pub(in crate::report) struct Use {
    pub(in crate::report) side: Side,
    /// The sums.
    pub(in crate::report) sums: String,
    /// A row for each channel.
    pub(in crate::report) rows: Vec<[String; COLUMNS.len()]>,
    pub(in crate::report) notes: Vec<String>,
}

/// What a side sent; `None` where nothing of it was captured.
pub(super) fn channels(connection: &Connection, side: Side) -> Option<Use> {
    let direction = connection.session.directions.of(side);
    if direction.messages() == 0 {
        return (direction.skipped_bytes > 0).then(|| Use {
            side,
            sums: format!("no message found in {}", bytes(direction.skipped_bytes)),
            rows: Vec::new(),
            notes: Vec::new(),
        });
    }
    let mut sizes: Vec<String> = Vec::new();
    for change in &direction.chunk_size_changes {
        if let (true, Some(from)) = (sizes.is_empty(), change.from) {
            sizes.push(from.to_string());
        }
        sizes.push(format!("{} (frame {})", change.to, change.at.frame));
    }
    if sizes.is_empty() {
        sizes.push(match direction.chunk_size {
            ChunkSize::Unknown => "not announced".to_owned(),
            ChunkSize::Told(length) => length.to_string(),
            ChunkSize::Inferred(length) => marked(length, true),
            ChunkSize::AtLeast(length) => format!("{} or more", marked(length, true)),
        });
    }
    let sums = format!(
        "{} messages{}, {}, {:.2} % headers, chunk size {}",
        grouped(direction.messages()),
        parts_of_aggregates(direction.aggregated),
        bytes(direction.payload_bytes()),
        direction.header_share() * 100.0,
        sizes.join(" -> ")
    );
    let mut notes = found(direction);
    let fragmented = direction.fragmented();
    if fragmented > 0 {
        notes.push(format!(
            "{} messages in several chunks, {} of them interrupted by another channel",
            grouped(fragmented),
            grouped(direction.interrupted())
        ));
    }
    let channels = direction.channels.iter();
    Some(Use {
        side,
        sums,
        rows: channels.map(|channel| row(direction, channel)).collect(),
        notes,
    })
}

fn row(direction: &Direction, channel: &Channel) -> [String; COLUMNS.len()] {
    let carries: Vec<String> = channel
        .types()
        .map(|kind| kind.type_id.to_string())
        .collect();
    let mut mix = String::new();
    for (index, count) in channel.formats.iter().enumerate() {
        if index > 0 {
            mix.push('/');
        }
        push_number(&mut mix, percent(u64::from(*count), channel.messages()));
    }
    [
        channel.csid.to_string(),
        marked(carries.join(","), channel.inferred.header.is_some()),
        channel.messages().to_string(),
        bytes(channel.payload_bytes),
        format!("{:.1}%", direction.share_of(channel) * 100.0),
        mix,
        bytes(u64::from(channel.largest)),
        channel
            .longest_hold()
            .map_or_else(|| "-".to_owned(), span_with_hours),
    ]
}

/// Where the first header was found, what belongs to no message, and how extended timestamps go
/// on.
fn found(direction: &Direction) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(lock) = &direction.lock {
        notes.push(format!(
            "first header found behind {}, confirmed by {} (by chance once in 2^{})",
            bytes(lock.skipped),
            counted(u64::from(lock.headers), "header"),
            lock.bits
        ));
    }
    let before = direction.lock.as_ref().map_or(0, |lock| lock.skipped);
    if direction.skipped_bytes > before {
        notes.push(format!(
            "{} belong to no message: holes, and what was passed over behind them",
            bytes(direction.skipped_bytes.saturating_sub(before))
        ));
    }
    match direction.repeats {
        Repeats::NotDue => {}
        Repeats::Repeated => notes.push("type 3 chunks repeat extended timestamps".to_owned()),
        Repeats::LeftOut => notes.push("type 3 chunks leave extended timestamps out".to_owned()),
    }
    notes
}

pub(super) fn percent(part: u64, whole: u64) -> u64 {
    let hundredfold = part.saturating_mul(100);
    hundredfold
        .saturating_add(whole / 2)
        .checked_div(whole)
        .unwrap_or(0)
}
