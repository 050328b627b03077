//! Two connections held against each other, from outside: of the same capture, of two, and of two
//! that look alike.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run the program fails with the cause"
)]

mod common;

use std::fs;
use std::path::Path;

use serde_json::Value;

use common::code;
use common::run;
use common::sample;
use common::stderr;
use common::stdout;

fn records(args: &[&str]) -> Vec<Value> {
    let output = run(&[&["diff", "-T", "json", "--all"], args].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    let parse = |line: &str| serde_json::from_str(line).expect("a record");
    text.lines().map(parse).collect()
}

fn member<'r>(record: &'r Value, pointer: &str) -> Option<&'r str> {
    record.pointer(pointer).and_then(Value::as_str)
}

/// The line with this name.
fn line<'r>(records: &'r [Value], name: &str) -> &'r Value {
    records
        .iter()
        .find(|record| member(record, "/name") == Some(name))
        .unwrap_or_else(|| panic!("no line {name} in {records:#?}"))
}

#[test]
fn nothing_differs_from_itself() {
    let mut compared = 0;
    for path in common::samples() {
        let path = path.to_str().expect("a path in UTF-8");
        let output = run(&["diff", "-T", "json", path, path]);
        if code(&output) != 0 {
            continue;
        }
        let text = stdout(&output);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1, "{path}: {text}");
        let about: Value = serde_json::from_str(&text).expect("a record");
        assert!(
            about.pointer("/same").and_then(Value::as_u64) > Some(5),
            "{path}"
        );
        compared += 1;
    }
    assert!(compared >= 25, "{compared} samples");
}

#[test]
fn a_refusal_is_named_first() {
    let bad = sample("bad-name.pcap") + "#2";
    let text = stdout(&run(&["diff", &sample("ffmpeg-nginx.pcap"), &bad]));
    let place = |words: &str| text.find(words).unwrap_or(usize::MAX);
    assert!(
        place("publish: NetStream.Publish.BadName") < place("\nconnect"),
        "{text}"
    );
    let records = records(&[&sample("ffmpeg-nginx.pcap"), &bad]);
    let refused = line(&records, "refused");
    assert_eq!(member(refused, "/verdict"), Some("only_right"));
    assert_eq!(member(refused, "/weight"), Some("fault"));
    assert_eq!(refused.pointer("/left"), Some(&Value::Null));
    let is_call = |record: &&Value| {
        member(record, "/section") == Some("calls, in order")
            && member(record, "/name") == Some("→ publish")
    };
    let published = records.iter().find(is_call).expect("the call");
    assert_eq!(member(published, "/verdict"), Some("differs"));
    let answer = member(published, "/right").unwrap_or_default();
    assert!(
        answer.starts_with("failed: NetStream.Publish.BadName"),
        "{answer}"
    );
}

#[test]
fn a_publisher_that_was_turned_away_got_no_answer() {
    let records = records(&[
        &sample("ffmpeg-nginx.pcap"),
        &sample("publish-rejected.pcapng"),
    ]);
    let missing = line(&records, "without answer");
    assert_eq!(member(missing, "/right"), Some("publish"));
    assert_eq!(member(missing, "/weight"), Some("fault"));
    let ended = line(&records, "ended");
    assert_eq!(member(ended, "/right"), Some("abrupt by the server (fin)"));
    let codec = line(&records, "codec");
    assert_eq!(member(codec, "/verdict"), Some("only_left"));
}

#[test]
fn a_publisher_and_its_player_send_the_same_media() {
    let file = sample("ffmpeg-nginx.pcap");
    let records = records(&[&format!("{file}#1"), &format!("{file}#2")]);
    let about = records.first().expect("a record");
    assert_eq!(member(about, "/left/role"), Some("publisher"));
    assert_eq!(member(about, "/right/role"), Some("player"));
    // nginx passes on what it gets.
    for name in ["codec", "profile", "level", "size", "stream name"] {
        assert_eq!(
            member(line(&records, name), "/verdict"),
            Some("same"),
            "{name}"
        );
    }
    assert_eq!(
        member(line(&records, "→ play"), "/verdict"),
        Some("only_right")
    );
}

#[test]
fn files_with_the_same_addresses_have_no_connection_in_common() {
    let file = sample("ffmpeg-nginx.pcap");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("again.pcap");
    fs::copy(&file, &copy).expect("a copy");
    let copy = copy.to_str().expect("a path in UTF-8");
    for number in ["", "#1", "#2"] {
        let (one, other) = (format!("{file}{number}"), format!("{copy}{number}"));
        let records = records(&[&one, &other]);
        let about = records.first().expect("a record");
        assert_eq!(
            about.pointer("/left/connection"),
            about.pointer("/right/connection"),
            "each file counts by itself"
        );
        assert_eq!(member(about, "/right/source"), Some(copy));
        let verdicts = records
            .iter()
            .skip(1)
            .map(|record| member(record, "/verdict"));
        assert!(verdicts.clone().count() > 50);
        for verdict in verdicts {
            assert_eq!(verdict, Some("same"));
        }
    }
    // One that begins in the midst of the same connection, and could go on with it.
    let late = folder.path().join("late.pcap");
    fs::write(&late, without_frames(Path::new(&file), 200)).expect("a file");
    let late = late.to_str().expect("a path in UTF-8");
    let records = records(&[&file, late]);
    let lasted = line(&records, "lasted");
    assert_eq!(member(lasted, "/left"), Some("11.2 s"));
    assert_eq!(member(lasted, "/verdict"), Some("differs"));
    let about = records.first().expect("a record");
    assert_eq!(about.pointer("/right/connection"), Some(&Value::from(1)));
}

#[test]
fn no_key_leaves_in_any_form() {
    let file = sample("ffmpeg-nginx.pcap");
    let (one, other) = (format!("{file}#1"), format!("{file}#2"));
    for args in [
        &["diff", "--all", &one, &other][..],
        &["diff", "--all", "-T", "json", &one, &other],
    ] {
        let text = stdout(&run(args));
        assert!(
            !text.contains("demo-key-") && text.contains("****"),
            "{text}"
        );
        let shown = stdout(&run(&[args, &["--show-secrets"]].concat()));
        assert!(shown.contains("demo-key-"), "{shown}");
    }
}

#[test]
fn what_is_not_there_is_said() {
    let file = sample("obs.pcapng");
    let output = run(&["diff", &file, &format!("{file}#9")]);
    assert_eq!((code(&output), stdout(&output).as_str()), (3, ""));
    assert!(
        stderr(&output).contains("#9 is not there"),
        "{}",
        stderr(&output)
    );
    let output = run(&["diff", "no-such.pcap", &file]);
    assert_eq!(code(&output), 3);
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    for args in [
        &["diff", "a.pcap#x", "b.pcap"][..],
        &["diff", "-r", "a.pcap", "b.pcap", "c.pcap"],
        &["diff", "-Y", "odd", "a.pcap", "b.pcap"],
        &["diff", "a.pcap"],
    ] {
        assert_eq!(code(&run(args)), 2, "{args:?}");
    }
}

/// A classic pcap file (little-endian) without its first frames.
fn without_frames(path: &Path, count: u64) -> Vec<u8> {
    const FILE_HEADER: usize = 24;
    const FRAME_HEADER: usize = 16;
    let file = fs::read(path).expect("a file");
    let (header, mut rest) = file.split_at(FILE_HEADER);
    for _ in 0..count {
        let length = rest.get(8..12).and_then(|length| length.try_into().ok());
        let length = u32::from_le_bytes(length.expect("four bytes"));
        let length = usize::try_from(length).expect("a length");
        rest = rest.get(FRAME_HEADER + length..).unwrap_or_default();
    }
    [header, rest].concat()
}
