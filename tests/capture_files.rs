//! Frames of every public capture, against what tshark reads from it: number, time to the
//! nanosecond, length on the wire, captured length.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read its captures fails with the cause"
)]

use std::env;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;

/// Time in nanoseconds (none where the format has no time), length on the wire, captured length.
type Row = (Option<i64>, u32, usize);

#[test]
fn frames_equal_those_of_tshark() {
    let folder = captures();
    let Some(files) = folder.is_dir().then(|| capture_files(&folder)) else {
        println!("skipped: no captures at {}", folder.display());
        return;
    };
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return;
    }
    assert!(!files.is_empty(), "captures in {}", folder.display());
    // Most of the time is tshark starting, once for each file.
    let parts = thread::available_parallelism().map_or(1, NonZero::get);
    let frames: usize = thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(files.len().div_ceil(parts))
            .map(|files| scope.spawn(|| files.iter().map(|file| compare(file)).sum::<usize>()))
            .collect();
        let counts = workers.into_iter().map(thread::ScopedJoinHandle::join);
        counts.map(|count| count.expect("all files agree")).sum()
    });
    println!("{} files, {frames} frames", files.len());
}

/// Compares the frames of one file and counts them.
fn compare(file: &Path) -> usize {
    let ours = our_rows(file);
    let theirs = tshark_rows(file);
    assert_eq!(ours.len(), theirs.len(), "frames of {}", file.display());
    for (number, (ours, theirs)) in (1..).zip(ours.iter().zip(&theirs)) {
        let place = format!("frame {number} of {}", file.display());
        if theirs.0.is_some() {
            assert_eq!(ours.0, theirs.0, "time of {place}");
        }
        assert_eq!((ours.1, ours.2), (theirs.1, theirs.2), "lengths of {place}");
    }
    ours.len()
}

fn captures() -> PathBuf {
    env::var_os("RTMPSCOPE_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    )
}

fn capture_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(capture_files(&path));
        } else if path
            .extension()
            .is_some_and(|e| e == "pcap" || e == "pcapng" || e == "cap")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn our_rows(file: &Path) -> Vec<Row> {
    let mut source = Files::new([Input::named(file)]);
    let mut rows = Vec::new();
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                let Timestamp(nanos) = frame.time;
                rows.push((Some(nanos), frame.wire_len, frame.data.len()));
            }
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => return rows,
            Err(error) => panic!("{error}"),
        }
    }
}

fn tshark_rows(file: &Path) -> Vec<Row> {
    let output = Command::new("tshark")
        .arg("-n")
        .arg("-r")
        .arg(file)
        .args(["-T", "fields"])
        .args([
            "-e",
            "frame.time_epoch",
            "-e",
            "frame.len",
            "-e",
            "frame.cap_len",
        ])
        .output()
        .expect("tshark runs");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let mut fields = line.split('\t');
            let mut field = || fields.next().expect("three fields");
            let time = nanos(field());
            let len = field().parse().expect("a length");
            let captured = field().parse().expect("a captured length");
            (time, len, captured)
        })
        .collect()
}

/// Seconds with nine digits behind the point, as nanoseconds.
fn nanos(epoch: &str) -> Option<i64> {
    let (secs, fraction) = epoch.split_once('.')?;
    assert_eq!(fraction.len(), 9, "tshark prints nanoseconds: {epoch}");
    format!("{secs}{fraction}").parse().ok()
}
