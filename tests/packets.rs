//! `-w`: what is written is what was read, or the part of it that was asked for; how files follow
//! each other; what goes wrong.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run the program fails with the cause"
)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use serde_json::Value;

use common::code;
use common::run;
use common::sample;
use common::stderr;
use common::stdout;

/// A publisher whose name is in use, behind another that has it.
const REFUSED: &str = "bad-name.pcap";

/// RTMP and HTTP.
const MIXED: &str = "odd-port.pcap";

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Writes what a capture has into another file.
fn write(input: &str, output: &str, options: &[&str]) -> Output {
    let done = run(&[&["report", input, "-w", output], options].concat());
    assert_eq!((code(&done), stderr(&done).as_str()), (0, ""));
    done
}

/// The records of a capture but for the one that names its file.
fn records(file: &str) -> Vec<String> {
    let output = run(&["json", file]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let records = stdout(&output);
    let records = records
        .lines()
        .filter(|line| !line.contains("\"event_type\":\"capture\""));
    records.map(str::to_owned).collect()
}

/// What tshark prints of a capture, one line per frame; none where there is no tshark.
fn tshark(file: &str, fields: &[&str]) -> Option<Vec<String>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r", file, "-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let Ok(output) = command.output() else {
        println!("skipped: there is no tshark");
        return None;
    };
    Some(stdout(&output).lines().map(str::to_owned).collect())
}

#[test]
fn what_is_written_is_what_was_read() {
    let folder = folder();
    let copy = path(folder.path(), "copy.pcapng");
    // Microseconds and nanoseconds; a link type of loopback; an interface with a name.
    for name in [
        REFUSED,
        "cooked-any.pcap",
        "obs.pcapng",
        "publish-rejected.pcapng",
    ] {
        write(&sample(name), &copy, &[]);
        assert_eq!(records(&copy), records(&sample(name)), "{name}");
    }
}

#[test]
fn tshark_reads_the_same_frames() {
    let fields = [
        "frame.time_epoch",
        "frame.len",
        "frame.cap_len",
        "frame.md5_hash",
    ];
    let folder = folder();
    let copy = path(folder.path(), "copy.pcapng");
    for name in [REFUSED, "publish-rejected.pcapng"] {
        write(&sample(name), &copy, &[]);
        let (Some(written), Some(read)) = (tshark(&copy, &fields), tshark(&sample(name), &fields))
        else {
            return;
        };
        assert!(!read.is_empty());
        assert_eq!(written, read, "{name}");
    }
}

#[test]
fn of_rtmp_alone_nothing_is_missing_and_nothing_else_is_there() {
    let folder = folder();
    let copy = path(folder.path(), "rtmp.pcapng");
    write(&sample(MIXED), &copy, &["--only-rtmp"]);
    let fields = ["frame.time_epoch", "tcp.port"];
    let (Some(written), Some(read)) = (tshark(&copy, &fields), tshark(&sample(MIXED), &fields))
    else {
        return;
    };
    let is_rtmp = |line: &&String| line.contains("8443");
    let expected: Vec<_> = read.iter().filter(is_rtmp).collect();
    // The SYN and the handshake come before the connection is known for what it is.
    assert_eq!(written.iter().collect::<Vec<_>>(), expected);
    assert!(expected.len() < read.len());
}

#[test]
fn a_trigger_keeps_what_lies_around_something_odd() {
    let folder = folder();
    let copy = path(folder.path(), "odd.pcapng");
    write(
        &sample(REFUSED),
        &copy,
        &["--trigger", "critical", "--before", "1", "--after", "0"],
    );
    let odd: Vec<Value> = stdout(&run(&["json", &sample(REFUSED), "--events", "anomaly"]))
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    let odd = odd
        .iter()
        .find(|record| record["anomaly"]["code"] == "stream.bad_name");
    assert!(odd.is_some(), "the refusal");
    let fields = ["frame.time_epoch", "frame.comment"];
    let (Some(written), Some(read)) = (tshark(&copy, &fields), tshark(&sample(REFUSED), &fields))
    else {
        return;
    };
    let last = written.last().expect("a frame");
    assert!(last.ends_with("critical: stream.bad_name"), "{last}");
    let seconds = |line: &String| -> f64 {
        let time = line.split('\t').next().unwrap_or_default();
        time.parse().expect("a time")
    };
    let at = seconds(last);
    let expected = read
        .iter()
        .filter(|line| (at - 1.0..=at).contains(&seconds(line)));
    assert_eq!(written.len(), expected.count());
}

#[test]
fn frames_carry_what_was_said_in_them() {
    let folder = folder();
    let copy = path(folder.path(), "copy.pcapng");
    write(&sample(REFUSED), &copy, &[]);
    let Some(comments) = tshark(&copy, &["frame.comment"]) else {
        return;
    };
    let all = comments.join("\n");
    for part in [
        "client: connect #1  app=",
        "server: chunks of 4096 bytes",
        "server: _result #1  NetConnection.Connect.Success",
        "critical: stream.bad_name",
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    // The stream name is masked, as everywhere.
    let published: Vec<_> = comments
        .iter()
        .filter(|line| line.contains("client: publish"))
        .collect();
    assert!(
        !published.is_empty() && published.iter().all(|line| line.contains('*')),
        "{published:?}"
    );
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_ring_of_files_as_tshark_writes_it() {
    let folder = folder();
    let base = path(folder.path(), "ring.pcapng");
    write(
        &sample(REFUSED),
        &base,
        &["-b", "packets:100", "-b", "files:2"],
    );
    let names = names(folder.path());
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names[0].starts_with("ring_0000") && names[0].ends_with(".pcapng"),
        "{names:?}"
    );
    let Some(first) = tshark(&path(folder.path(), &names[0]), &["frame.number"]) else {
        return;
    };
    assert_eq!(first.len(), 100);
}

#[test]
fn a_ring_of_files_as_tcpdump_writes_it() {
    let folder = folder();
    let base = path(folder.path(), "ring");
    write(&sample(REFUSED), &base, &["-C", "32k", "-W", "2"]);
    assert_eq!(names(folder.path()), ["ring0", "ring1"]);
}

#[test]
fn as_many_files_of_a_time_as_asked_for() {
    let folder = folder();
    let base = path(folder.path(), "part-%Y.pcapng");
    let done = run(&[
        "report",
        &sample(REFUSED),
        "-w",
        &base,
        "-G",
        "1",
        "-W",
        "1",
    ]);
    // The end that was asked for.
    assert_eq!((code(&done), stderr(&done).as_str()), (0, ""));
    assert_eq!(names(folder.path()).len(), 1);
}

#[test]
fn a_capture_stops_by_itself() {
    for (limit, frames) in [("packets:7", Some(7)), ("duration:1", None)] {
        let output = run(&["json", &sample(REFUSED), "-a", limit]);
        let last: Value = stdout(&output)
            .lines()
            .last()
            .map(|line| serde_json::from_str(line).expect("a record"))
            .expect("a record");
        let read = last["capture"]["frames"].as_u64();
        match frames {
            Some(frames) => assert_eq!(read, Some(frames), "{limit}"),
            None => assert!(read > Some(7) && read < Some(400), "{limit}: {read:?}"),
        }
    }
}

#[test]
fn what_cannot_be_written_is_5_and_everything_is_shown() {
    let plain = run(&["report", &sample(REFUSED)]);
    let full = run(&["report", &sample(REFUSED), "-w", "/dev/full"]);
    assert_eq!(code(&full), 5);
    assert!(stderr(&full).contains("/dev/full: packets cannot be written: No space left"));
    assert!(stdout(&full).contains("RTMP connections") && !stdout(&plain).is_empty());
    let nowhere = run(&["report", &sample(REFUSED), "-w", "/nonexistent/x.pcapng"]);
    assert_eq!(code(&nowhere), 5);
    assert!(stderr(&nowhere).contains("/nonexistent/x.pcapng"));
}

#[test]
fn a_capture_is_not_written_over_itself() {
    let folder = folder();
    let file = path(folder.path(), "a.pcap");
    fs::copy(sample(REFUSED), &file).expect("a copy");
    let output = run(&["report", &file, "-w", &file]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("would be overwritten"));
    assert_eq!(records(&file), records(&sample(REFUSED)));
}

#[test]
fn stdout_takes_packets_or_text() {
    let packets = run(&["-r", &sample(REFUSED), "-w", "-"]);
    assert_eq!((code(&packets), stderr(&packets).as_str()), (0, ""));
    assert!(packets.stdout.starts_with(&[0x0A, 0x0D, 0x0D, 0x0A]));
    let both = run(&["report", &sample(REFUSED), "-w", "-"]);
    assert_eq!(code(&both), 2);
    assert!(both.stdout.is_empty());
}
