//! Signals while the program watches: they mean what they mean to tcpdump, and a capture that was
//! stopped goes on.

use std::fs;
use std::net::UdpSocket;

use serde_json::Value;

use crate::common::rtmpscope;
use crate::watch::Watcher;
use crate::watch::wait_for;

/// Sends to a port of the loopback on which nobody reads.
struct Sender {
    from: UdpSocket,
    to: UdpSocket,
}

impl Sender {
    fn new() -> Self {
        let bind = || UdpSocket::bind("127.0.0.1:0").expect("a port");
        Self {
            from: bind(),
            to: bind(),
        }
    }

    fn filter(&self) -> String {
        let port = self.to.local_addr().expect("its number").port();
        format!("udp dst port {port}")
    }

    fn send(&self, count: usize, bytes: usize) {
        let to = self.to.local_addr().expect("its number");
        for _ in 0..count {
            self.from.send_to(&vec![7; bytes], to).expect("sent");
        }
    }
}

/// Frames captured by now, as the program says when it is asked.
fn counted(watcher: &Watcher) -> u64 {
    let before = watcher.said().matches(" captured, ").count();
    watcher.signal("USR1");
    let mut answer = None;
    wait_for("the counters are told", || {
        let said = watcher.said();
        let mut answers = said.lines().filter(|line| line.contains(" captured, "));
        answer = answers.nth(before).map(str::to_owned);
        answer.is_some()
    });
    let line = answer.expect("a line");
    assert!(line.contains(" dropped by kernel, "), "{line}");
    let number = line
        .strip_prefix("rtmpscope: ")
        .and_then(|line| line.split(" packet").next());
    let digits: String = number.unwrap_or("").split(' ').collect();
    digits.parse().expect("a number")
}

#[test]
fn counters_are_told_and_packets_written_out_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let sender = Sender::new();
    let packets = folder.path().join("packets.pcapng");
    let args = [
        "json",
        "-i",
        "lo",
        "-w",
        packets.to_str().expect("a path"),
        &sender.filter(),
    ];
    let Some(watcher) = Watcher::start(None, &args, folder.path()) else {
        return;
    };
    sender.send(3, 10);
    wait_for("three packets are counted", || counted(&watcher) == 3);
    watcher.signal("USR2");
    wait_for("they are in the file", || {
        // A header and the frames.
        fs::metadata(&packets).is_ok_and(|file| file.len() > 3 * 52)
    });
    assert_eq!(counted(&watcher), 3, "it goes on");
    assert_eq!(watcher.end(), 0);
}

#[test]
fn a_capture_that_was_stopped_goes_on_and_counts_what_was_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let sender = Sender::new();
    let filter = sender.filter();
    let args = [
        "json", "-i", "lo", "-B", "1M", "--events", "capture", &filter,
    ];
    let Some(watcher) = Watcher::start(None, &args, folder.path()) else {
        return;
    };
    sender.send(10, 1000);
    wait_for("ten packets are counted", || counted(&watcher) == 10);
    watcher.signal("STOP");
    // Eight times what the kernel's buffer holds.
    sender.send(8_000, 1000);
    watcher.signal("CONT");
    let mut before = 0;
    wait_for("what was buffered is read", || {
        let now = counted(&watcher);
        let is_all = now > 10 && now == before;
        before = now;
        is_all
    });
    sender.send(10, 1000);
    wait_for("later packets are captured", || {
        counted(&watcher) == before + 10
    });
    assert_eq!(watcher.end(), 0);
    let output = fs::read_to_string(folder.path().join("stdout")).expect("records");
    let record: Value = serde_json::from_str(&output).expect("a record");
    let (frames, dropped) = (
        record["capture"]["frames"].as_u64(),
        record["capture"]["dropped_by_kernel"].as_u64(),
    );
    assert_eq!(frames, Some(before + 10), "{record}");
    assert!(frames < Some(8_020) && dropped > Some(0), "{record}");
}

#[test]
fn who_wants_quiet_has_it() {
    let filter = Sender::new().filter();
    let said = |more: &[&str]| {
        let args = ["json", "-i", "lo", "-a", "duration:1", &filter];
        let output = rtmpscope().args(more).args(args).output();
        let output = output.expect("the program can be started");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let (code, spoken) = said(&[]);
    if code == Some(4) {
        println!("skipped: {}", spoken.trim());
        return;
    }
    assert!(spoken.contains("listening on"), "{spoken}");
    assert_eq!(said(&["-q"]), (Some(0), String::new()));
}
