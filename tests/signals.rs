//! Signals, from outside: what ends the program, what it still shows, and how it stops and goes on.
//! Whether it waits is looked up in `/proc`.

#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run the program fails with the cause"
)]

mod common;

use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use common::rtmpscope;
use common::run;
use common::sample;
use common::stderr;
use common::stdout;

/// Two connections: a publisher, and a player.
const TWO: &str = "ffmpeg-nginx.pcap";

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_signal_ends_a_program_whose_output_nobody_takes() {
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        let mut child = started(&["json", &sample("player-stalled.pcap")]);
        // This sample has more in records than fits.
        wait_until_full(child.0.stdout.as_ref().expect("a pipe"));
        assert!(!child.has_ended(), "it waits");
        child.signal(signal);
        assert_eq!(child.end().signal(), Some(number));
    }
}

#[test]
fn a_signal_leaves_time_for_packets_that_are_written_slowly() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("packets.pcapng");
    let made = Command::new("mkfifo").arg(&fifo).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo");
        return;
    }
    let name = fifo.to_str().expect("a path in UTF-8");
    let mut child = started(&["json", "-w", name, &sample("player-stalled.pcap")]);
    let mut packets = fs::File::open(&fifo).expect("a writer");
    let mut records = child.0.stdout.take().expect("a pipe");
    let records = thread::spawn(move || {
        let mut text = String::new();
        records.read_to_string(&mut text).map(|_| text)
    });
    // It waits for somebody who takes packets; its records are taken.
    wait_until_full(&packets);
    child.signal("TERM");
    // Longer than output may stand still.
    thread::sleep(Duration::from_millis(2500));
    assert!(!child.has_ended(), "it waits");
    let mut written = Vec::new();
    packets.read_to_end(&mut written).expect("packets");
    assert_eq!(child.end().code(), Some(0));
    let records = records.join().expect("a reader").expect("records");
    let file = folder.path().join("written.pcapng");
    fs::write(&file, written).expect("a file");
    let again = run(&["json", file.to_str().expect("a path in UTF-8")]);
    assert_eq!(stderr(&again), "", "the last packet is whole");
    assert_eq!(frames(&stdout(&again)), frames(&records));
}

#[test]
fn a_signal_ends_a_program_that_nobody_gives_its_input() {
    let mut child = started(&["json", "-"]);
    // Beside the thread that reads there is the one that hears signals.
    let threads = format!("/proc/{}/task", child.0.id());
    wait_for("signals are heard", || {
        fs::read_dir(&threads).is_ok_and(|threads| threads.count() == 2)
    });
    child.signal("TERM");
    assert_eq!(child.end().signal(), Some(15));
}

#[test]
fn a_signal_shows_what_came_through_a_quiet_pipe() {
    let mut child = started(&["report", "-"]);
    let mut pipe = child.0.stdin.take().expect("a pipe");
    pipe.write_all(&fs::read(sample(TWO)).expect("a sample"))
        .expect("written");
    wait_for("all of it is taken", || unread(&pipe) == 0);
    child.signal("TERM");
    assert_eq!(child.end().code(), Some(0));
    let mut report = String::new();
    let shown = child.0.stdout.as_mut().expect("a pipe");
    shown.read_to_string(&mut report).expect("a report");
    assert!(report.contains("2 RTMP connections"), "{report}");
    drop(pipe);
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_stops_the_dashboard_until_it_is_woken() {
    let program = env!("CARGO_BIN_EXE_rtmpscope");
    let folder = tempfile::tempdir().expect("a folder");
    let id = folder.path().join("id");
    // A terminal of its own, in which the program takes the place of the shell, with its number.
    let line = format!("echo $$ > {}; exec {program} {}", id.display(), sample(TWO));
    let child = Command::new("script")
        .args(["-qc", &line, "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .env("RTMPSCOPE_NO_RECENT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(child) = child else {
        println!("skipped: there is no script(1)");
        return;
    };
    let mut child = Running(child);
    let mut keys = child.0.stdin.take().expect("a pipe");
    let mut shown = child.0.stdout.take().expect("a pipe");
    let (pieces, piece) = mpsc::channel();
    // A thread of its own reads, so that what does not come ends the test.
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = shown.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            if pieces.send(text).is_err() {
                return;
            }
        }
    });
    let (taken, given) = ("\x1b[?1049h", "\x1b[?1049l");
    let mut screen = String::new();
    let mut read_until = |what: &str, times: usize| {
        while screen.matches(what).count() < times {
            let more = piece.recv_timeout(PATIENCE);
            screen.push_str(&more.unwrap_or_else(|error| panic!("no {what:?}: {error}: {screen}")));
        }
    };
    read_until(taken, 1);
    keys.write_all(b"\x1a").expect("a key");
    let dashboard = fs::read_to_string(id).expect("a number");
    let script = child.0.id().to_string();
    // script(1) stops when it hears that its child has, and wakes the child when it is woken. Woken
    // between the two, it would stop behind that, and nobody would wake it.
    for stopped in [dashboard.trim(), &script] {
        let stat = format!("/proc/{stopped}/stat");
        let is_stopped = || fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "));
        wait_for("a stop", is_stopped);
    }
    child.signal("CONT");
    read_until(given, 1);
    read_until(taken, 2);
    keys.write_all(b"q").expect("a key");
    read_until(given, 2);
    // The code that script(1) ends with is that of the stop.
    child.end();
}

/// A program that ends with the test, also where the test fails.
struct Running(Child);

/// The program, with pipes to and from it.
fn started(args: &[&str]) -> Running {
    let child = rtmpscope()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    Running(child.expect("started"))
}

impl Running {
    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child").is_some()
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    fn end(&mut self) -> ExitStatus {
        wait_for("the end", || self.has_ended());
        self.0.wait().expect("a child")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a pipe of 64 KiB has no room.
fn wait_until_full(pipe: &impl AsFd) {
    wait_for("the pipe is full", || unread(pipe) >= 64 * 1024);
}

/// Bytes in a pipe that nobody has read.
fn unread(pipe: &impl AsFd) -> u64 {
    rustix::io::ioctl_fionread(pipe).expect("a pipe")
}

/// Frames that were read, as records tell it.
fn frames(records: &str) -> u64 {
    let capture = records.lines().last().expect("a record");
    let capture: Value = serde_json::from_str(capture).expect("a record");
    let frames = capture.pointer("/capture/frames").and_then(Value::as_u64);
    frames.expect("a number")
}
