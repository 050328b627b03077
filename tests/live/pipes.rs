//! Where the output goes while the program watches: nobody reads it any more, or the disk is full.

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::net::UdpSocket;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::common::rtmpscope;
use crate::exchange::exchange;
use crate::streaming::free_port;
use crate::watch::Running;
use crate::watch::Watcher;
use crate::watch::skip;
use crate::watch::wait_for;

/// How long the program may go on without a reader: it looks twenty times a second, but the machine
/// may be busy.
const PROMPTLY: Duration = Duration::from_secs(5);

/// Runs the program on a silent port until it listens, closes its output, and waits for its end. What
/// it said behind that it listens; `None`, with a word, where it may not capture.
fn without_reader(args: &[&str]) -> Option<String> {
    let child = rtmpscope()
        .args(args)
        // Nobody sends to the discard port here.
        .args(["udp", "port", "9"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut child = Running(child);
    let mut errors = BufReader::new(child.0.stderr.take().expect("a pipe"));
    let mut line = String::new();
    errors.read_line(&mut line).expect("text");
    if !line.contains("listening on") {
        errors.read_to_string(&mut line).expect("text");
        skip(child.0.wait().expect("the end"), &line);
        return None;
    }
    drop(child.0.stdout.take());
    let closed = Instant::now();
    wait_for("the program ends", || {
        child.0.try_wait().is_ok_and(|status| status.is_some())
    });
    assert!(closed.elapsed() < PROMPTLY, "{:?}", closed.elapsed());
    let code = child.0.wait().expect("it has ended").code();
    let mut rest = String::new();
    errors.read_to_string(&mut rest).expect("text");
    assert_eq!(code, Some(0), "{rest}");
    Some(rest)
}

#[test]
fn without_a_reader_a_silent_capture_ends_quietly() {
    for args in [
        &["json", "-i", "lo"][..],
        &["sensor", "-i", "lo"],
        &["-i", "lo", "-w", "-"],
    ] {
        let Some(said) = without_reader(args) else {
            return;
        };
        assert!(!said.contains("rtmpscope:"), "{args:?}: {said}");
    }
}

#[test]
fn packets_that_cannot_be_written_end_the_capture_with_5() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let to = receiver.local_addr().expect("its number");
    let filter = format!("udp dst port {}", to.port());
    let args = ["json", "-i", "lo", "-w", "/dev/full", &filter];
    let Some(mut watcher) = Watcher::start(None, &args, folder.path()) else {
        return;
    };
    let sender = UdpSocket::bind("127.0.0.1:0").expect("a port");
    sender.send_to(b"something", to).expect("sent");
    assert_eq!(watcher.wait(), 5, "{}", watcher.said());
    let said = watcher.said();
    assert_eq!(said.matches("No space left").count(), 1, "{said}");
    let records = fs::read_to_string(folder.path().join("stdout")).expect("records");
    assert!(records.contains("\"event_type\":\"capture\""), "{records}");
}

/// A disk of 64 kB; gone at the end of the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with a word, where that is not permitted.
    fn new(place: &Path) -> Option<Self> {
        fs::create_dir(place).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(place)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(place.to_owned())),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                println!("skipped: no small disk: {}", said.trim());
                None
            }
            Err(error) => {
                println!("skipped: no small disk: mount: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_sensor_outlives_a_full_disk_and_counts_what_it_could_not_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::new(&folder.path().join("disk")) else {
        return;
    };
    let ballast = disk.0.join("ballast");
    let log = disk.0.join("events.ndjson");
    fs::write(&log, b"").expect("an empty file");
    assert!(fs::write(&ballast, vec![0; 1 << 20]).is_err(), "it is full");
    let port = free_port();
    let filter = format!("tcp port {port}");
    let args = [
        "sensor",
        "-i",
        "lo",
        "-o",
        log.to_str().expect("a path"),
        &filter,
    ];
    let Some(watcher) = Watcher::start(None, &args, folder.path()) else {
        return;
    };
    exchange(port);
    wait_for("it is told", || {
        watcher.said().contains("counted as lost: No space left")
    });
    exchange(port);
    fs::remove_file(&ballast).expect("room");
    exchange(port);
    wait_for("it writes again", || {
        fs::metadata(&log).is_ok_and(|log| log.len() > 0)
    });
    let errors = folder.path().join("stderr");
    assert_eq!(watcher.end(), 0);
    let text = fs::read_to_string(&log).expect("records");
    for line in text.lines() {
        serde_json::from_str::<Value>(line).expect("whole lines");
    }
    let said = fs::read_to_string(errors).expect("text");
    assert_eq!(
        said.matches("counted as lost").count(),
        1,
        "told once: {said}"
    );
}
