//! The chunk streams of a direction.

use std::fmt::Write as _;

use crate::base::side::Side;
use crate::base::units::bytes;
use crate::base::units::counted;
use crate::base::units::grouped;
use crate::base::units::marked;
use crate::base::units::push_number;
use crate::base::units::span_with_hours;
use crate::pipeline::Connection;
use crate::report::text::parts_of_aggregates;
use crate::report::text::section::arrow;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Repeats;
use crate::session::channel::Direction;

/// Heads the columns that follow.
const HEADING: &str = "      csid carries                      messages     bytes  share     \
                       fmt 0/1/2/3 %   largest    longest\n";

pub(super) fn channels(out: &mut String, connection: &Connection, side: Side) {
    let direction = connection.session.directions.of(side);
    if direction.messages == 0 {
        if direction.skipped_bytes > 0 {
            let _ = writeln!(
                out,
                "  {} {}  no message found in {}",
                arrow(side),
                side.name(),
                bytes(direction.skipped_bytes)
            );
        }
        return;
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
    let _ = writeln!(
        out,
        "  {} {}  {} messages{}, {}, {:.2} % headers, chunk size {}",
        arrow(side),
        side.name(),
        grouped(direction.messages),
        parts_of_aggregates(direction.aggregated),
        bytes(direction.payload_bytes),
        direction.header_share() * 100.0,
        sizes.join(" -> ")
    );
    out.push_str(HEADING);
    for channel in &direction.channels {
        let carries: Vec<String> = channel
            .types()
            .map(|kind| kind.type_id.to_string())
            .collect();
        let from = channel.inferred.header;
        let mut carries = marked(carries.join(","), from.is_some());
        if carries.len() > 28 {
            carries.truncate(27);
            carries.push('+');
        }
        let mut mix = String::new();
        for (index, count) in channel.formats.iter().enumerate() {
            if index > 0 {
                mix.push('/');
            }
            push_number(&mut mix, percent(u64::from(*count), channel.messages()));
        }
        let _ = writeln!(
            out,
            "     {:>5} {:<28} {:>8} {:>9} {:>5.1}% {:>17} {:>9} {:>10}",
            channel.csid,
            carries,
            channel.messages(),
            bytes(channel.payload_bytes),
            direction.share_of(channel) * 100.0,
            mix,
            bytes(u64::from(channel.largest)),
            channel
                .longest_hold()
                .map_or_else(|| "-".to_owned(), span_with_hours)
        );
    }
    found(out, direction);
    let fragmented = direction.fragmented();
    if fragmented > 0 {
        let _ = writeln!(
            out,
            "     {} messages in several chunks, {} of them interrupted by another channel",
            grouped(fragmented),
            grouped(direction.interrupted())
        );
    }
}

/// Where the first header was found, what belongs to no message, and how extended timestamps go
/// on.
fn found(out: &mut String, direction: &Direction) {
    if let Some(lock) = &direction.lock {
        let _ = writeln!(
            out,
            "     first header found behind {}, confirmed by {} (by chance once in 2^{})",
            bytes(lock.skipped),
            counted(u64::from(lock.headers), "header"),
            lock.bits
        );
    }
    let before = direction.lock.as_ref().map_or(0, |lock| lock.skipped);
    if direction.skipped_bytes > before {
        let _ = writeln!(
            out,
            "     {} belong to no message: holes, and what was passed over behind them",
            bytes(direction.skipped_bytes.saturating_sub(before))
        );
    }
    match direction.repeats {
        Repeats::NotDue => {}
        Repeats::Repeated => out.push_str("     type 3 chunks repeat extended timestamps\n"),
        Repeats::LeftOut => out.push_str("     type 3 chunks leave extended timestamps out\n"),
    }
}

pub(super) fn percent(part: u64, whole: u64) -> u64 {
    let hundredfold = part.saturating_mul(100);
    hundredfold
        .saturating_add(whole / 2)
        .checked_div(whole)
        .unwrap_or(0)
}
