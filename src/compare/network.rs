//! How TCP carried the two connections, and how RTMP acknowledged.

use crate::base::side::Side;
use crate::base::units::counted;
use crate::base::units::lasting;
use crate::compare::Both;
use crate::compare::Party;
use crate::compare::Section;
use crate::compare::Weight;
use crate::compare::chunks::as_f64;
use crate::compare::chunks::times;
use crate::compare::chunks::whole_bytes;
use crate::compare::lines::Lines;
use crate::compare::lines::Tolerance;
use crate::compare::order::arrow;
use crate::compare::outcome::millis;
use crate::net::health::Health;

/// Round trips of two runs on one network are this near to each other.
const ROUND_TRIPS: Tolerance = Tolerance {
    share: 0.5,
    least: 5.0,
};

/// Hundredths of the packets sent again: a tenth of one is the usual noise, and twice as many is
/// another network.
const RETRANSMISSIONS: Tolerance = Tolerance {
    share: 0.5,
    least: 0.1,
};

/// Bytes that a capture lacks, and times a window was closed: any are too many, and twice as many
/// are another story.
const LOSSES: Tolerance = Tolerance {
    share: 0.5,
    least: 0.0,
};

/// How TCP carried them.
pub(super) fn tcp(both: Both<'_>) -> Section {
    let mut lines = Lines::new("TCP");
    for side in Side::BOTH {
        let name = |what: &str| format!("{} {what}", arrow(side));
        let health = |party: &Party<'_>| {
            let health = party.health.of(side);
            (health.packets > 0).then(|| health.clone())
        };
        let (left, right) = both.ask(health);
        let ask = |of: &dyn Fn(&Health) -> Option<f64>| {
            (left.as_ref().and_then(of), right.as_ref().and_then(of))
        };
        let text = |of: &dyn Fn(&Health) -> Option<String>| {
            (left.as_ref().and_then(of), right.as_ref().and_then(of))
        };
        let mss = text(&|health| Some(format!("{} bytes", health.mss?)));
        lines.add(name("largest segment"), Weight::Choice, mss);
        let scale = text(&|health| Some(format!("2^{}", health.window_scale?)));
        lines.add(name("window scale"), Weight::Choice, scale);
        for (what, of) in [
            ("round trip, median", median as fn(&Health) -> Option<f64>),
            ("round trip, longest", longest),
        ] {
            lines.figures(name(what), Weight::Figure, ask(&of), ROUND_TRIPS, |ms| {
                lasting(millis(ms))
            });
        }
        let sums = ask(&|health| Some(as_f64(health.bytes)));
        lines.figures(
            name("bytes"),
            Weight::Figure,
            sums,
            ROUND_TRIPS,
            whole_bytes,
        );
        let count = |of: &dyn Fn(&Health) -> f64| {
            let one = left.as_ref().map_or(0.0, of);
            (one, right.as_ref().map_or(0.0, of))
        };
        let share =
            |part: u32, health: &Health| f64::from(part) * 100.0 / as_f64(health.packets.max(1));
        let again = count(&|health| share(health.retransmitted_packets, health));
        let percent = |share: f64| format!("{share:.2} % of the packets");
        lines.trouble(name("sent again"), again, RETRANSMISSIONS, percent);
        let overtaken = count(&|health| share(health.out_of_order_packets, health));
        lines.trouble(name("out of order"), overtaken, RETRANSMISSIONS, percent);
        let syns = count(&|health| f64::from(health.syn_retransmissions));
        lines.trouble(name("SYN sent again"), syns, LOSSES, times);
        let closed = count(&|health| f64::from(health.zero_windows));
        lines.trouble(name("window closed"), closed, LOSSES, times);
        let closed_for = count(&|health| health.zero_window_time.as_millis_f64());
        lines.trouble(name("window closed for"), closed_for, LOSSES, |ms| {
            lasting(millis(ms))
        });
        let missing = both.ask(|party| as_f64(*party.missing.of(side)));
        lines.trouble(name("missing in the capture"), missing, LOSSES, whole_bytes);
    }
    lines.finish()
}

fn median(health: &Health) -> Option<f64> {
    Some(health.round_trips.median()?.as_millis_f64())
}

fn longest(health: &Health) -> Option<f64> {
    Some(health.round_trips.max()?.as_millis_f64())
}

/// What peers agreed on about acknowledgements, and whether they keep to it.
pub(super) fn acknowledgements(both: Both<'_>) -> Section {
    let mut lines = Lines::new("acknowledgements");
    for side in Side::BOTH {
        let name = |what: &str| format!("{} {what}", arrow(side));
        let (left, right) = both.ask(|party| {
            let announced = party.session.windows.of(side).announced?;
            Some(counted(u64::from(announced), "byte"))
        });
        lines.add(name("window"), Weight::Choice, (left, right));
        let (left, right) = both.ask(|party| {
            let bandwidth = party.session.windows.of(side).peer_bandwidth?;
            let window = counted(u64::from(bandwidth.window), "byte");
            Some(match bandwidth.limit {
                Some(limit) => format!("{window}, {limit}"),
                None => window,
            })
        });
        lines.add(name("peer bandwidth"), Weight::Choice, (left, right));
        let (left, right) = both.ask(|party| {
            let window = party.session.windows.of(side);
            // Who sent less than a window is owed none.
            let is_due = window
                .announced
                .is_some_and(|size| window.sent >= u64::from(size));
            is_due.then_some(if window.acks > 0 {
                "come"
            } else {
                "never come"
            })
        });
        let weight = if left.is_some() && right.is_some() {
            Weight::Fault
        } else {
            Weight::Figure
        };
        lines.add(name("acknowledgements"), weight, (left, right));
        let resets = both.ask(|party| f64::from(party.session.windows.of(side).resets));
        lines.trouble(name("acknowledgements set back"), resets, LOSSES, times);
    }
    lines.finish()
}
