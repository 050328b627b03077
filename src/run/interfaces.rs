//! `rtmpscope interfaces`: what can be captured from, and where something goes on.

use std::fmt::Write as _;
use std::io;
use std::io::Write as _;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::termios::tcgetwinsize;

use rtmpscope::base::text::printable;
use rtmpscope::base::units::bytes;
use rtmpscope::base::units::grouped;
use rtmpscope::capture::live;
use rtmpscope::capture::live::Device;
use rtmpscope::capture::live::Traffic;

use crate::run::Exit;
use crate::run::complain;
use crate::run::exit_of;
use crate::run::output_exit;

/// How long traffic is watched. A stream sends dozens of packets in this time, and nobody has to
/// wait.
const SAMPLE: Duration = Duration::from_millis(500);

/// Columns that addresses need at least: `192.0.2.100/24` or the begin of a longer one. Where a
/// terminal leaves less beside the rest, they stand below it.
const LEAST_FOR_ADDRESSES: usize = 18;

/// What is below an interface begins here.
const INDENT: usize = 4;

pub(super) fn interfaces() -> Exit {
    let devices = match live::devices() {
        Ok(devices) => devices,
        Err(error) => {
            complain(&error);
            return exit_of(error.class());
        }
    };
    let (begin, before) = (Instant::now(), live::traffic());
    // Where there are no counters there is nothing to wait for.
    if !before.is_empty() {
        thread::sleep(SAMPLE);
    }
    let after = live::traffic();
    let passed = begin.elapsed();
    let rows: Vec<Row> = devices
        .iter()
        .map(|device| {
            let (before, after) = (before.get(&device.name), after.get(&device.name));
            let load = after.map(|after| Load::of(device, before.unwrap_or(after), after, passed));
            Row::new(device, load)
        })
        .collect();
    let mut out = io::stdout().lock();
    let width = tcgetwinsize(&out).ok().map(|size| usize::from(size.ws_col));
    let written = out.write_all(table(&rows, width.filter(|width| *width > 0)).as_bytes());
    match written {
        Ok(()) => Exit::Done,
        Err(error) => output_exit(&error),
    }
}

/// What goes over an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Load {
    packets_per_second: u64,
    bytes_per_second: u64,
    /// Since it is there.
    bytes: u64,
}

impl Load {
    fn of(device: &Device, before: &Traffic, after: &Traffic, passed: Duration) -> Self {
        let [was, is] = [before, after].map(|traffic| packets_and_bytes(device, traffic));
        // An interface that was made anew meanwhile counts from 0.
        let rate = |was: u64, is: u64| {
            let more = u128::from(is.saturating_sub(was)).saturating_mul(1_000_000_000);
            let nanos = passed.as_nanos().max(1);
            u64::try_from(more.saturating_add(nanos / 2) / nanos).unwrap_or(u64::MAX)
        };
        Self {
            packets_per_second: rate(was.0, is.0),
            bytes_per_second: rate(was.1, is.1),
            bytes: is.1,
        }
    }
}

/// Both directions together. What is sent on the loopback is received there, and captured once.
pub(super) fn packets_and_bytes(device: &Device, traffic: &Traffic) -> (u64, u64) {
    let received = (traffic.received_packets, traffic.received_bytes);
    if device.loopback {
        return received;
    }
    (
        received.0.saturating_add(traffic.sent_packets),
        received.1.saturating_add(traffic.sent_bytes),
    )
}

/// An interface in words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    name: String,
    state: String,
    /// Packets a second, bytes a second, bytes; empty where nobody counts.
    load: [String; 3],
    /// Addresses, and what it is.
    about: Vec<String>,
}

impl Row {
    fn new(device: &Device, load: Option<Load>) -> Self {
        let mut state = vec![if device.up { "up" } else { "down" }];
        let words = [
            (device.running, "running"),
            (device.loopback, "loopback"),
            (device.wireless, "wireless"),
        ];
        state.extend(words.iter().filter(|(is, _)| *is).map(|(_, word)| *word));
        let addresses = device.addresses.iter().map(|address| {
            let prefix = address.prefix_len.map(|len| format!("/{len}"));
            format!("{}{}", address.ip, prefix.unwrap_or_default())
        });
        let description = device.description.as_deref().map(printable);
        let description = description.unwrap_or_default();
        let words = description.split_whitespace();
        Self {
            name: printable(&device.name),
            state: state.join(" "),
            load: load.map_or_else(Default::default, |load| {
                [
                    format!("{} packets/s", grouped(load.packets_per_second)),
                    format!("{}/s", bytes(load.bytes_per_second)),
                    format!("{} in all", bytes(load.bytes)),
                ]
            }),
            about: addresses.chain(words.map(str::to_owned)).collect(),
        }
    }

    /// Name and state, which every form begins with.
    fn head(&self, name: usize, state: usize) -> String {
        format!("{:<name$}  {:<state$}", self.name, self.state)
    }
}

/// The rows in columns; for a terminal of some width none is longer than that.
fn table(rows: &[Row], width: Option<usize>) -> String {
    let widest = |text: fn(&Row) -> &str| {
        let lengths = rows.iter().map(|row| text(row).chars().count());
        lengths.max().unwrap_or(0)
    };
    let (name, state) = (widest(|row| &row.name), widest(|row| &row.state));
    let loads = [
        widest(|row| &row.load[0]),
        widest(|row| &row.load[1]),
        widest(|row| &row.load[2]),
    ];
    let columns = [name, state].into_iter().chain(loads);
    let beside: usize = columns.map(|column| column.saturating_add(2)).sum();
    let width = width.unwrap_or(usize::MAX);
    let is_wide = beside.saturating_add(LEAST_FOR_ADDRESSES) <= width;
    let indent = if is_wide { beside } else { INDENT };
    let mut out = String::new();
    for row in rows {
        let mut about = wrapped(&row.about, width.saturating_sub(indent)).into_iter();
        let mut line = row.head(name, state);
        if is_wide {
            for (text, column) in row.load.iter().zip(loads) {
                let _ = write!(line, "  {text:>column$}");
            }
            line.push_str("  ");
            line.push_str(&about.next().unwrap_or_default());
        }
        let mut lines = vec![line];
        if !is_wide && row.load.iter().any(|text| !text.is_empty()) {
            lines.push(format!("{:INDENT$}{}", "", row.load.join(", ")));
        }
        lines.extend(about.map(|words| format!("{:indent$}{words}", "")));
        for line in lines {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// Words in lines that are no longer than `room`, unless a word is.
fn wrapped(words: &[String], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use rtmpscope::capture::live::DeviceAddress;

    use super::*;

    fn device(name: &str, addresses: &[&str]) -> Device {
        Device {
            name: name.to_owned(),
            description: None,
            addresses: addresses
                .iter()
                .map(|ip| DeviceAddress {
                    ip: ip.parse().unwrap(),
                    prefix_len: Some(24),
                })
                .collect(),
            up: true,
            running: true,
            loopback: false,
            wireless: false,
            connected: None,
        }
    }

    fn rows() -> Vec<Row> {
        let load = Load {
            packets_per_second: 1_234,
            bytes_per_second: 1_500_000,
            bytes: 7_000_000_000,
        };
        let mut lo = device("lo", &["127.0.0.1"]);
        lo.loopback = true;
        let mut any = device("any", &[]);
        any.description = Some("all\u{9b}31m of them".to_owned());
        any.running = false;
        any.up = false;
        vec![
            Row::new(
                &device("eth0", &["192.0.2.1", "2001:db8:1:2:3:4:5:6"]),
                Some(load),
            ),
            Row::new(
                &lo,
                Some(Load {
                    packets_per_second: 0,
                    bytes_per_second: 0,
                    bytes: 12,
                }),
            ),
            Row::new(&any, None),
        ]
    }

    #[test]
    fn columns_are_aligned_and_an_interface_is_a_line() {
        let expected = "\
eth0  up running           1 234 packets/s  1.50 MB/s  7.00 GB in all  192.0.2.1/24 2001:db8:1:2:3:4:5:6/24
lo    up running loopback      0 packets/s      0 B/s     12 B in all  127.0.0.1/24
any   down                                                             all\\x9b31m of them
";
        assert_eq!(table(&rows(), None), expected);
    }

    #[test]
    fn long_addresses_go_on_below_their_column() {
        let expected = "\
eth0  up running           1 234 packets/s  1.50 MB/s  7.00 GB in all  192.0.2.1/24
                                                                       2001:db8:1:2:3:4:5:6/24
lo    up running loopback      0 packets/s      0 B/s     12 B in all  127.0.0.1/24
any   down                                                             all\\x9b31m of them
";
        assert_eq!(table(&rows(), Some(100)), expected);
    }

    #[test]
    fn on_a_narrow_terminal_the_rest_stands_below() {
        let expected = "\
eth0  up running
    1 234 packets/s, 1.50 MB/s, 7.00 GB in all
    192.0.2.1/24 2001:db8:1:2:3:4:5:6/24
lo    up running loopback
    0 packets/s, 0 B/s, 12 B in all
    127.0.0.1/24
any   down
    all\\x9b31m of them
";
        let table = table(&rows(), Some(50));
        assert_eq!(table, expected);
        assert!(table.lines().all(|line| line.chars().count() <= 50));
    }

    #[test]
    fn rates_are_those_of_the_time_that_passed() {
        let traffic = |packets| Traffic {
            received_packets: packets,
            received_bytes: 100 * packets,
            sent_packets: 2 * packets,
            sent_bytes: 50 * packets,
        };
        let half = Duration::from_millis(500);
        let load = |device: &Device, from, to| Load::of(device, &traffic(from), &traffic(to), half);
        let mut device = device("x", &[]);
        assert_eq!(
            load(&device, 10, 15),
            Load {
                packets_per_second: 30,
                bytes_per_second: 1_500,
                bytes: 2_250,
            }
        );
        // Made anew meanwhile.
        assert_eq!(load(&device, 10, 2).packets_per_second, 0);
        device.loopback = true;
        assert_eq!(load(&device, 10, 15).packets_per_second, 10);
    }
}
