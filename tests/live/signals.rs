//! Signals while the program watches: they mean what they mean to tcpdump, and a capture that was
//! stopped goes on.

use std::fs;
use std::net::UdpSocket;

use serde_json::Value;

use crate::common::rtmpscope;
use crate::watch::Watcher;
use crate::watch::wait_for;

/// Sends to a port of the loopback on which nobody reads.
pub(crate) struct Sender {
    from: UdpSocket,
    to: UdpSocket,
}

impl Sender {
    pub(crate) fn new() -> Self {
        let bind = || UdpSocket::bind("127.0.0.1:0").expect("a port");
        Self {
            from: bind(),
            to: bind(),
        }
    }

    pub(crate) fn filter(&self) -> String {
        let port = self.to.local_addr().expect("its number").port();
        format!("udp dst port {port}")
    }

    pub(crate) fn send(&self, count: usize, bytes: usize) {
        let to = self.to.local_addr().expect("its number");
        for _ in 0..count {
            self.from.send_to(&vec![7; bytes], to).expect("sent");
        }
    }

    fn say(&self, what: &[u8]) {
        let to = self.to.local_addr().expect("its number");
        self.from.send_to(what, to).expect("sent");
    }
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
    wait_for("three packets are counted", || watcher.counted() == 3);
    watcher.signal("USR2");
    wait_for("they are in the file", || {
        // A header and the frames.
        fs::metadata(&packets).is_ok_and(|file| file.len() > 3 * 52)
    });
    assert_eq!(watcher.counted(), 3, "it goes on");
    assert_eq!(watcher.end(), 0);
}

#[test]
fn a_capture_that_was_stopped_goes_on_and_counts_what_was_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let sender = Sender::new();
    let filter = sender.filter();
    let packets = folder.path().join("packets.pcapng");
    let file = packets.to_str().expect("a path");
    let args = [
        "json", "-i", "lo", "-B", "1M", "--events", "capture", "-w", file, &filter,
    ];
    let Some(watcher) = Watcher::start(None, &args, folder.path()) else {
        return;
    };
    sender.send(10, 1000);
    wait_for("ten packets are counted", || watcher.counted() == 10);
    watcher.signal("STOP");
    // Eight times what the kernel's buffer holds.
    sender.send(8_000, 1000);
    watcher.signal("CONT");
    let is_written = |what: &[u8]| {
        let bytes = fs::read(&packets).unwrap_or_default();
        bytes.windows(what.len()).any(|place| place == what)
    };
    // How much the buffer held is not told: the loopback has each packet twice, there and back, and
    // room for one of them may be left. But what is captured behind it tells that it is empty.
    wait_for("there is room again", || {
        sender.say(b"one more");
        is_written(b"one more")
    });
    sender.say(b"the last of them");
    wait_for("all are read", || is_written(b"the last of them"));
    let before = watcher.counted();
    assert!((12..8_000).contains(&before), "{before}");
    sender.send(10, 1000);
    wait_for("later packets are captured", || {
        watcher.counted() == before + 10
    });
    assert_eq!(watcher.end(), 0);
    let output = fs::read_to_string(folder.path().join("stdout")).expect("records");
    let record: Value = serde_json::from_str(&output).expect("a record");
    let (frames, dropped) = (
        record["capture"]["frames"].as_u64(),
        record["capture"]["dropped_by_kernel"].as_u64(),
    );
    assert_eq!(frames, Some(before + 10), "{record}");
    assert!(dropped > Some(0), "{record}");
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
