//! The two directions in `connection_end`: chunk streams, acknowledgements, TCP.

use crate::base::side::Side;
use crate::net::health::Health;
use crate::pipeline::Connection;
use crate::report::json::records::frame;
use crate::report::json::records::inferred;
use crate::report::json::records::lock_members;
use crate::report::json::writer::JsonWriter;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Repeats;
use crate::rtmp::inferred::Inference;
use crate::session::channel::Direction;

pub(super) fn direction(w: &mut JsonWriter, direction: &Direction) {
    w.unsigned_member("messages", direction.messages());
    if direction.aggregated > 0 {
        w.unsigned_member("aggregate_parts", direction.aggregated);
    }
    w.unsigned_member("payload_bytes", direction.payload_bytes());
    w.unsigned_member("header_bytes", direction.header_bytes());
    if direction.skipped_bytes > 0 {
        w.unsigned_member("skipped_bytes", direction.skipped_bytes);
    }
    if let Some(lock) = &direction.lock {
        w.object_member("lock");
        lock_members(w, lock);
        w.end_object();
    }
    match direction.chunk_size {
        ChunkSize::Unknown => {}
        ChunkSize::Told(size) => w.unsigned_member("chunk_size_bytes", size),
        ChunkSize::Inferred(size) => {
            w.unsigned_member("chunk_size_bytes", size);
            inferred(w, [("chunk_size_bytes", Some(Inference::Headers))]);
        }
        ChunkSize::AtLeast(size) => w.unsigned_member("chunk_size_at_least_bytes", size),
    }
    match direction.repeats {
        Repeats::NotDue => {}
        Repeats::Repeated => w.string_member("extended_timestamps", "repeated"),
        Repeats::LeftOut => w.string_member("extended_timestamps", "left_out"),
    }
    w.array_member("chunk_size_changes");
    for change in &direction.chunk_size_changes {
        w.element();
        w.begin_object();
        if let Some(from) = change.from {
            w.unsigned_member("from_bytes", from);
        }
        w.unsigned_member("to_bytes", change.to);
        w.unsigned_member("message", change.message);
        frame(w, "frame", change.at.frame);
        w.end_object();
    }
    w.end_array();
    w.array_member("channels");
    for channel in &direction.channels {
        w.element();
        w.begin_object();
        w.unsigned_member("csid", channel.csid.0);
        w.array_member("carries");
        for kind in channel.types() {
            w.element();
            w.begin_object();
            w.key("type");
            w.plain(&kind.type_id);
            w.unsigned_member("messages", kind.count);
            w.end_object();
        }
        w.end_array();
        w.unsigned_member("messages", channel.messages());
        w.unsigned_member("payload_bytes", channel.payload_bytes);
        w.unsigned_member("header_bytes", channel.header_bytes());
        w.decimal_member("byte_share", direction.share_of(channel));
        w.unsigned_member("chunks", channel.chunks());
        w.array_member("fmt_counts");
        for count in channel.formats {
            w.element();
            w.unsigned(u64::from(count));
        }
        w.end_array();
        w.unsigned_member("largest_message_bytes", channel.largest);
        w.unsigned_member("fragmented_messages", channel.fragmented());
        w.unsigned_member("interrupted_messages", channel.interrupted());
        if let Some(hold) = channel.longest_hold() {
            w.decimal_member("longest_hold_ms", hold.as_millis_f64());
        }
        w.end_object();
    }
    w.end_array();
}

pub(super) fn window(w: &mut JsonWriter, connection: &Connection, side: Side) {
    let window = connection.session.windows.of(side);
    w.object_member("acknowledgement");
    if let Some(bytes) = window.announced {
        w.unsigned_member("window_bytes", bytes);
    }
    w.unsigned_member("acks", window.acks);
    if let Some(number) = window.last_sequence {
        w.unsigned_member("last_sequence_number", number);
    }
    w.unsigned_member("sent_bytes", window.sent);
    w.unsigned_member("unacknowledged_bytes", window.unacked());
    w.unsigned_member("unacknowledged_max_bytes", window.unacked_max);
    w.end_object();
}

pub(super) fn health(w: &mut JsonWriter, health: &Health) {
    w.begin_object();
    w.unsigned_member("packets", health.packets);
    w.unsigned_member("payload_bytes", health.bytes);
    if let Some(mss) = health.mss {
        w.unsigned_member("mss_bytes", mss);
    }
    let rtt = &health.round_trips;
    if rtt.count() > 0 {
        w.object_member("rtt");
        w.unsigned_member("samples", rtt.count());
        for (key, span) in [
            ("min_ms", rtt.min()),
            ("median_ms", rtt.median()),
            ("p95_ms", rtt.p95()),
            ("max_ms", rtt.max()),
        ] {
            if let Some(span) = span {
                w.decimal_member(key, span.as_millis_f64());
            }
        }
        w.end_object();
    }
    w.unsigned_member("retransmitted_packets", health.retransmitted_packets);
    w.unsigned_member("retransmitted_bytes", health.retransmitted_bytes);
    w.unsigned_member("out_of_order_packets", health.out_of_order_packets);
    w.unsigned_member("captured_twice_packets", health.captured_twice);
    w.unsigned_member("zero_windows", health.zero_windows);
    w.decimal_member("zero_window_ms", health.zero_window_time.as_millis_f64());
    w.unsigned_member("in_flight_max_bytes", health.in_flight_max());
    w.unsigned_member("acked_unseen_bytes", health.acked_unseen);
    w.end_object();
}
