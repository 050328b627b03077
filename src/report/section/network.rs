//! TCP and the acknowledgements of RTMP.

use crate::base::side::Side;
use crate::base::units::bytes;
use crate::base::units::grouped;
use crate::base::units::span_with_hours;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::report::section::Fact;
use crate::report::section::arrow;
use crate::report::section::channels::percent;

pub(super) fn network(connection: &Connection, tcp: &Tcp) -> Vec<Fact> {
    let mut all = Vec::new();
    for side in Side::BOTH {
        let health = tcp.health().of(side);
        if health.packets == 0 {
            all.push(Fact::own(format!("tcp {}", arrow(side)), "not captured"));
            continue;
        }
        let mut facts = vec![
            format!("{} packets", grouped(health.packets)),
            bytes(health.bytes),
        ];
        let rtt = &health.round_trips;
        if let (Some(median), Some(max)) = (rtt.median(), rtt.max()) {
            facts.push(format!(
                "RTT median {} max {}",
                span_with_hours(median),
                span_with_hours(max)
            ));
        }
        if health.retransmitted_packets > 0 {
            facts.push(format!(
                "{} retransmitted ({} %)",
                health.retransmitted_packets,
                percent(u64::from(health.retransmitted_packets), health.packets)
            ));
        }
        if health.out_of_order_packets > 0 {
            facts.push(format!("{} out of order", health.out_of_order_packets));
        }
        if health.captured_twice > 0 {
            facts.push(format!("{} captured twice", health.captured_twice));
        }
        if health.zero_windows > 0 {
            facts.push(format!(
                "{} zero windows ({})",
                health.zero_windows,
                span_with_hours(health.zero_window_time)
            ));
        }
        let missing = *connection.missing().of(side);
        if missing > 0 {
            facts.push(format!("{} MISSING in the capture", bytes(missing)));
        }
        all.push(Fact::own(format!("tcp {}", arrow(side)), facts.join(", ")));
    }
    for side in Side::BOTH {
        let window = connection.session.windows.of(side);
        if let Some(size) = window.announced {
            all.push(Fact::own(
                format!("ack {}", arrow(side)),
                format!(
                    "window {}, {} acknowledgements, unacknowledged at most {}",
                    bytes(u64::from(size)),
                    grouped(window.acks),
                    bytes(window.unacked_max)
                ),
            ));
        }
    }
    all
}
