//! How much was captured, and how much was lost: told at the end, and to who asks before.

use std::io;
use std::io::Write as _;

use rtmpscope::base::units::counted;
use rtmpscope::capture::info::Drops;

/// Says it at the end, a line each, as tcpdump does.
pub(super) fn tell(frames: u64, drops: &Drops) {
    for line in lines(frames, drops) {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Says it while the capture goes on, in one line, as tcpdump does when it is asked.
pub(super) fn tell_so_far(frames: u64, drops: &Drops) {
    let _ = writeln!(
        io::stderr(),
        "rtmpscope: {}",
        lines(frames, drops).join(", ")
    );
}

fn lines(frames: u64, drops: &Drops) -> Vec<String> {
    let mut lines = vec![counted(frames, "packet") + " captured"];
    let parts = [
        (drops.received, "received by filter"),
        (drops.by_kernel, "dropped by kernel"),
        (drops.by_interface, "dropped by interface"),
    ];
    for (count, what) in parts {
        lines.extend(count.map(|count| format!("{} {what}", counted(count, "packet"))));
    }
    if let Some(waits) = drops.queue_waits.filter(|waits| *waits > 0) {
        lines.push(format!(
            "decoding could not keep up {}: what came meanwhile waited in the kernel's buffer",
            counted(waits, "time")
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_counted_is_not_told() {
        assert_eq!(lines(1, &Drops::default()), ["1 packet captured"]);
        let drops = Drops {
            received: Some(2000),
            by_kernel: Some(1),
            by_interface: None,
            queue_waits: Some(0),
        };
        assert_eq!(
            lines(7, &drops),
            [
                "7 packets captured",
                "2 000 packets received by filter",
                "1 packet dropped by kernel"
            ]
        );
    }
}
