//! What went over the interfaces so far, as Linux counts it.

use std::collections::HashMap;
use std::fs;

/// Where the counters stand. Those below `/sys` are of the network namespace in which that was
/// mounted; these are of ours.
const COUNTERS: &str = "/proc/self/net/dev";

/// Packets and bytes of an interface since it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Packets that came in.
    pub received_packets: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Packets that went out.
    pub sent_packets: u64,
    /// Their bytes.
    pub sent_bytes: u64,
}

/// The traffic of the interfaces by their names; empty where the system does not tell.
pub fn traffic() -> HashMap<String, Traffic> {
    parse(&fs::read_to_string(COUNTERS).unwrap_or_default())
}

fn parse(text: &str) -> HashMap<String, Traffic> {
    let lines = text.lines();
    lines
        .filter_map(|line| {
            // Two lines of headings have no colon.
            let (name, counters) = line.rsplit_once(':')?;
            let mut counters = counters.split_whitespace().map(|word| word.parse().ok());
            let mut skip = |count: usize| counters.nth(count).flatten();
            let traffic = Traffic {
                received_bytes: skip(0)?,
                received_packets: skip(0)?,
                // Errors, dropped, FIFO, frame, compressed and multicast lie between.
                sent_bytes: skip(6)?,
                sent_packets: skip(0)?,
            };
            Some((name.trim().to_owned(), traffic))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_by_their_columns() {
        // proc_net(5); an old alias has a colon in its name.
        let text = "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1200      12    1    2    3     4          5         6      700       7    0    0    0     0       0          0
eth0:1:18446744073709551615 4 0 0 0 0 0 0 9 1 0 0 0 0 0 0
 short: 1 2
";
        let all = parse(text);
        assert_eq!(all.len(), 2);
        let expected = Traffic {
            received_packets: 12,
            received_bytes: 1200,
            sent_packets: 7,
            sent_bytes: 700,
        };
        assert_eq!(all.get("lo"), Some(&expected));
        assert_eq!(
            all.get("eth0:1").map(|traffic| traffic.received_bytes),
            Some(u64::MAX)
        );
    }
}
