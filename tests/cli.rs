//! The program from outside: what scripts and people depend on. Exit codes, which stream gets
//! what, the ways to name an input, and that nothing needs a terminal.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot run the program fails with the cause"
)]

mod common;

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use serde_json::Value;

use common::code;
use common::root;
use common::rtmpscope;
use common::run;
use common::sample;
use common::stderr;
use common::stdout;

/// Two connections: a publisher from port 44394, a player from port 44402.
const TWO: &str = "ffmpeg-nginx.pcap";

// Done.

#[test]
fn a_whole_file_is_0_with_an_empty_stderr() {
    for command in ["report", "json"] {
        let output = run(&[command, &sample(TWO)]);
        assert_eq!(code(&output), 0);
        assert_eq!(stderr(&output), "");
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn without_a_terminal_the_default_is_the_report() {
    let file = sample(TWO);
    let default = run(&[&file]);
    assert_eq!(code(&default), 0);
    assert_eq!(stdout(&default), stdout(&run(&["report", &file])));
    assert_eq!(
        stdout(&default),
        stdout(&run(&["-r", &file])),
        "-r names the same file"
    );
    assert!(!stdout(&default).contains('\x1b'), "plain text");
}

#[test]
fn flags_of_live_capture_change_nothing_of_a_file() {
    // As tcpdump -r takes them.
    let file = sample(TWO);
    let plain = run(&["report", "-r", &file]);
    let flagged = run(&["report", "-s", "64", "-B", "4M", "-p", "-r", &file]);
    assert_eq!((code(&flagged), stderr(&flagged).as_str()), (0, ""));
    assert_eq!(stdout(&flagged), stdout(&plain));
}

#[test]
fn the_version_and_the_help_go_to_stdout() {
    for flag in ["-V", "--version"] {
        let output = run(&[flag]);
        assert_eq!(code(&output), 0);
        assert_eq!(
            stdout(&output),
            format!("rtmpscope {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
    let output = run(&["--help"]);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}

#[test]
fn the_help_names_every_command_and_flag() {
    let help = stdout(&run(&["--help"]));
    let named = |word: &str| {
        help.lines()
            .any(|line| line.split([' ', ',']).any(|part| part == word))
    };
    for word in [
        "tui",
        "report",
        "json",
        "extract",
        "interfaces",
        "-r",
        "-i",
        "-f",
        "-c",
        "-s",
        "-B",
        "-p",
        "-d",
        "-D",
        "-q",
        "-V",
        "-h",
        "--show-secrets",
    ] {
        assert!(named(word), "{word} is not in\n{help}");
    }
    let json = stdout(&run(&["json", "--help"]));
    assert!(
        json.contains("--events") && json.contains("--interval"),
        "{json}"
    );
    let extract = stdout(&run(&["extract", "--help"]));
    assert!(
        extract.contains("--output") && extract.contains("--force"),
        "{extract}"
    );
    assert!(
        help.contains("Exit codes"),
        "the exit codes are in the help"
    );
}

#[test]
fn a_reader_that_has_had_enough_ends_the_program_quietly() {
    let mut child = rtmpscope()
        .args(["json", &sample("player-stalled.pcap")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    {
        let mut reader = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
        reader.read_line(&mut line).expect("a line");
    }
    assert!(line.contains("\"event_type\":\"connection\""), "{line}");
    let output = child.wait_with_output().expect("the end");
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}

#[test]
fn a_reader_that_is_gone_ends_the_report_quietly() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = rtmpscope()
        .args(["report", &sample(TWO)])
        .stdout(writer)
        .output()
        .expect("started");
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}

#[cfg(unix)]
// Counts.
#[test]
fn messages_are_those_on_the_wire_and_parts_of_aggregates_count_apart() {
    let captures = common::public_captures();
    let is_meant = |path: &&std::path::PathBuf| path.ends_with("fq_fms_vod_session.pcap");
    let Some(file) = captures.iter().find(is_meant) else {
        return;
    };
    // INDEX.md of the captures: an independent decoder finds 137 messages, 5 of them aggregates.
    // A walk over those by another program finds 354 audio and 90 video tags in them.
    let report = stdout(&run(&["report", text(file)]));
    assert!(
        report.contains("137 messages and 444 within aggregates"),
        "{report}"
    );
    let json = stdout(&run(&["json", text(file)]));
    let capture = &of_type(&json, "capture")[0]["capture"];
    assert_eq!(capture["messages"], 137);
    assert_eq!(capture["aggregate_parts"], 444);
    let directions = &of_type(&json, "connection_end")[0]["connection_end"]["directions"];
    let sum = |key: &str| -> u64 {
        let of = |side: &str| directions[side][key].as_u64().unwrap_or(0);
        of("client") + of("server")
    };
    assert_eq!((sum("messages"), sum("aggregate_parts")), (137, 444));
}

// 2: usage.

#[test]
fn what_cannot_be_meant_is_2() {
    let file = sample(TWO);
    let lines: &[&[&str]] = &[
        &["--no-such-option", &file],
        &["report", "--no-such-option", &file],
        &["-c", "many", &file],
        &["-d", "tcp.port==1935", &file],
        &["-d", "tcp.port==99999,rtmp", &file],
        &["-r", &file, "-i", "lo"],
        &["json", "--events", "messages", &file],
        &["json", "--interval", "0", &file],
        &["extract", &file],
        &["report", &file, "no", "such", "expression"],
        &["report", &file, "-f", "tcp", "port", "1935"],
        &[],
        &["report"],
    ];
    for line in lines {
        let output = run(line);
        assert_eq!(code(&output), 2, "{line:?}");
        assert_eq!(stdout(&output), "", "{line:?}");
        assert!(!stderr(&output).is_empty(), "{line:?}");
    }
}

#[test]
fn an_unknown_record_type_is_told_with_those_there_are() {
    let output = run(&["json", "--events", "call,rpc", &sample(TWO)]);
    assert_eq!(code(&output), 2);
    let told = stderr(&output);
    assert!(told.contains("`rpc`"), "{told}");
    assert!(told.contains("connection_end"), "{told}");
}

#[test]
fn nothing_to_read_says_what_to_do() {
    let output = run::<&str>(&[]);
    assert!(stderr(&output).contains("-i"), "{}", stderr(&output));
    assert!(stderr(&output).contains("--help"), "{}", stderr(&output));
}

// 3: input.

#[test]
fn what_is_no_capture_is_3_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pcap");
    fs::write(&empty, b"").expect("written");
    let noise = folder.path().join("noise.pcap");
    fs::write(&noise, [0x5A; 4096]).expect("written");
    let missing = folder.path().join("missing.pcap");
    for (path, word) in [
        (missing.as_path(), "no such file"),
        (&root().join("Cargo.toml"), "text"),
        (&root().join("samples"), "directory, not a capture file"),
        (&empty, "empty"),
        (&noise, "not a capture file"),
    ] {
        for command in ["report", "json", "extract"] {
            let mut args = vec![command, text(path)];
            if command == "extract" {
                args.extend(["-o", text(folder.path())]);
            }
            let output = run(&args);
            assert_eq!(code(&output), 3, "{}", path.display());
            assert_eq!(stdout(&output), "", "{}", path.display());
            let told = stderr(&output);
            assert!(told.contains(word), "{}: {told}", path.display());
            assert!(told.contains(text(path)), "names the file: {told}");
            assert_eq!(told.lines().count(), 1, "{told}");
        }
    }
}

#[test]
fn what_can_be_read_beside_what_cannot_is_reported() {
    let missing = root().join("samples/missing.pcap");
    let output = run(&["report", text(&missing), &sample(TWO)]);
    assert_eq!(code(&output), 3);
    assert!(stdout(&output).contains("2 RTMP connections"));
}

#[test]
fn a_file_cut_short_shows_what_is_before_the_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = folder.path().join("cut.pcap");
    let whole = fs::read(sample(TWO)).expect("a sample");
    fs::write(&cut, &whole[..whole.len() / 2 + 7]).expect("written");
    let output = run(&["json", text(&cut)]);
    assert_eq!(code(&output), 3);
    let told = stderr(&output);
    assert!(told.contains("cut short"), "{told}");
    // Everything before the cut is what the whole file has there.
    let messages = |output: &Output| -> Vec<String> {
        stdout(output)
            .lines()
            .filter(|line| line.contains(r#""event_type":"message""#))
            // The cut goes through messages, too.
            .filter(|line| !line.contains("received_bytes"))
            .map(str::to_owned)
            .collect()
    };
    let before = messages(&output);
    let all = messages(&run(&["json", &sample(TWO)]));
    assert!(before.len() > 100, "{} messages", before.len());
    assert!(before == all[..before.len()], "other messages");
    assert_eq!(of_type(&stdout(&output), "capture").len(), 1);

    let report = run(&["report", text(&cut)]);
    assert_eq!(code(&report), 3);
    assert!(stdout(&report).contains("2 RTMP connections"));
}

#[test]
fn a_compressed_file_cut_short_shows_what_is_before_the_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = fs::read(sample("gst-rtmp2sink.pcap.gz")).expect("a sample");
    let cut = folder.path().join("cut.gz");
    fs::write(&cut, &whole[..whole.len() * 3 / 4]).expect("written");
    let output = run(&["json", text(&cut)]);
    assert_eq!(code(&output), 3);
    assert!(
        of_type(&stdout(&output), "message").len() > 100,
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_bad_file_among_good_ones_hides_none_of_them() {
    let missing = root().join("samples/missing.pcap");
    let output = run(&[
        "json",
        &sample("obs.pcapng"),
        text(&missing),
        &sample("gst-rtmpsink.pcap"),
    ]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("missing.pcap: no such file"));
    let out = stdout(&output);
    assert_eq!(of_type(&out, "connection").len(), 2);
    let inputs = &of_type(&out, "capture")[0]["capture"]["inputs"];
    let names: Vec<&str> = inputs
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|input| input["name"].as_str())
        .collect();
    assert!(names[0].ends_with("obs.pcapng"), "{names:?}");
    assert!(
        names.iter().any(|name| name.ends_with("gst-rtmpsink.pcap")),
        "{names:?}"
    );
}

#[test]
fn several_files_are_read_in_their_order() {
    let frames = |args: &[&str]| -> u64 {
        of_type(&stdout(&run(args)), "capture")[0]["capture"]["frames"]
            .as_u64()
            .expect("a count")
    };
    let (a, b) = (sample("obs.pcapng"), sample("gst-rtmpsink.pcap"));
    let (in_a, in_b) = (frames(&["json", &a]), frames(&["json", &b]));
    assert_eq!(frames(&["json", &a, &b]), in_a + in_b);
    assert_eq!(frames(&["json", "-r", &a, "-r", &b]), in_a + in_b);
    let output = stdout(&run(&["json", &b, &a]));
    let first = of_type(&output, "connection_end");
    let second = &first[1]["connection_end"]["first_frame"];
    assert!(
        second.as_u64().is_some_and(|frame| frame > in_b),
        "frame numbers run on: {second}"
    );
}

// 4: device.

#[test]
#[cfg(feature = "live")]
fn an_interface_that_is_not_there_is_4() {
    let output = run(&["report", "-i", "no-such-if0"]);
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    assert!(
        stderr(&output).contains("no-such-if0"),
        "{}",
        stderr(&output)
    );
}

// 5: output.

#[test]
fn a_file_that_exists_is_not_replaced_unless_forced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dir, file) = (text(folder.path()), sample(TWO));
    let output = run(&["extract", &file, "-o", dir]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "a publisher and a player: {names:?}");
    for name in &names {
        assert!(stdout(&output).contains(text(name)), "{}", stdout(&output));
        assert!(fs::read(name).expect("a file").starts_with(b"FLV\x01"));
    }
    fs::write(&names[0], b"mine").expect("written");
    let again = run(&["extract", &file, "-o", dir]);
    assert_eq!(code(&again), 5);
    assert!(stderr(&again).contains("--force"), "{}", stderr(&again));
    assert_eq!(fs::read(&names[0]).expect("a file"), b"mine");
    let forced = run(&["extract", &file, "-o", dir, "--force"]);
    assert_eq!(code(&forced), 0);
    assert!(fs::read(&names[0]).expect("a file").starts_with(b"FLV\x01"));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_5() {
    for command in ["report", "json"] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("the device that is always full");
        let output = rtmpscope()
            .args([command, &sample(TWO)])
            .stdout(full)
            .output()
            .expect("started");
        assert_eq!(code(&output), 5);
        assert!(
            stderr(&output).contains("cannot write"),
            "{}",
            stderr(&output)
        );
    }
}

// Ways in.

#[test]
fn a_capture_from_a_pipe_is_the_same_as_from_a_file() {
    for name in [
        TWO,
        "obs.pcapng",
        "gst-rtmp2sink.pcap.gz",
        "ertmp-av1-opus.pcap.zst",
    ] {
        let from_file = stdout(&run(&["report", &sample(name)]));
        for args in [&["report", "-"][..], &["report", "-r", "-"], &["-"]] {
            let output = piped(args, &fs::read(sample(name)).expect("a sample"));
            assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
            // The second line names the input.
            assert_eq!(
                without_line(&stdout(&output), 1),
                without_line(&from_file, 1),
                "{name}"
            );
        }
    }
}

#[test]
#[cfg(unix)]
fn a_capture_comes_through_a_fifo() {
    let folder = tempfile::tempdir().expect("a folder");
    // No name tells what is in it.
    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    let child = rtmpscope()
        .args(["json", "--events", "connection", text(&fifo)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    fs::write(&fifo, fs::read(sample("gst-rtmp2sink.pcap.gz")).expect("")).expect("written");
    let output = child.wait_with_output().expect("the end");
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    assert_eq!(of_type(&stdout(&output), "connection").len(), 1);
}

#[test]
#[cfg(unix)]
fn what_came_through_a_pipe_is_shown_while_the_pipe_is_quiet() {
    for name in [TWO, "gst-rtmp2sink.pcap.gz"] {
        let mut child = rtmpscope()
            .args(["json", "--events", "connection", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut pipe = child.stdin.take().expect("a pipe");
        pipe.write_all(&fs::read(sample(name)).expect("a sample"))
            .expect("written");
        pipe.flush().expect("written");
        // The pipe stays open: the record may not wait for its end.
        let mut record = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut record)
            .expect("a record");
        assert!(record.contains("\"connection\""), "{name}: {record}");
        drop(pipe);
        assert!(child.wait().expect("the end").success());
    }
}

#[test]
fn compression_is_known_by_content_and_not_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(&fs::read(sample("chunk-128.pcap")).expect("a sample"))
        .expect("memory takes everything");
    let lz4 = lz4.finish().expect("memory takes everything");
    let read = |name| fs::read(sample(name)).expect("a sample");
    for (bytes, name, compression) in [
        (read("gst-rtmp2sink.pcap.gz"), "plain.pcap", Some("gzip")),
        (read("ertmp-av1-opus.pcap.zst"), "wrong.gz", Some("zstd")),
        (lz4, "wrong.zst", Some("lz4")),
        (read("chunk-128.pcap"), "plain.lz4", None),
        (read("obs.pcapng"), "notes.txt", None),
    ] {
        let renamed = folder.path().join(name);
        fs::write(&renamed, bytes).expect("written");
        let output = run(&["json", "--events", "capture", text(&renamed)]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let capture = &of_type(&stdout(&output), "capture")[0]["capture"];
        let told = capture["inputs"][0]["compression"].as_str();
        assert_eq!(told, compression, "{name}");
        assert!(capture["messages"].as_u64().is_some_and(|n| n > 100));
    }
}

#[test]
#[cfg(feature = "live")]
fn a_bpf_expression_works_on_files() {
    let file = sample(TWO);
    let lines: &[&[&str]] = &[
        &["json", &file, "host", "192.0.2.10", "and", "port", "44402"],
        &["json", &file, "host 192.0.2.10 and port 44402"],
        &["json", "-r", &file, "port", "44402"],
        &["json", &file, "-f", "tcp port 44402"],
    ];
    for line in lines {
        let output = run(line);
        assert_eq!(code(&output), 0, "{line:?}: {}", stderr(&output));
        let out = stdout(&output);
        let connections = of_type(&out, "connection");
        assert_eq!(connections.len(), 1, "{line:?}");
        assert_eq!(connections[0]["src_port"], 44402, "{line:?}");
    }
    let nobody = run(&[
        "json",
        "--events",
        "connection",
        &file,
        "host",
        "192.0.2.99",
    ]);
    assert_eq!((code(&nobody), stdout(&nobody).as_str()), (0, ""));
}

#[test]
fn c_stops_after_as_many_packets() {
    let output = run(&[
        "json",
        "-c",
        "100",
        "--events",
        "capture",
        &sample(TWO),
        &sample("obs.pcapng"),
    ]);
    assert_eq!(code(&output), 0);
    let capture = &of_type(&stdout(&output), "capture")[0]["capture"];
    assert_eq!(capture["frames"], 100);
}

#[test]
fn d_makes_a_port_rtmp() {
    let count = |args: &[&str]| -> u64 {
        let output = run(args);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        of_type(&stdout(&output), "capture")[0]["capture"]["rtmp_connections"]
            .as_u64()
            .expect("a count")
    };
    let file = sample("odd-port.pcap");
    assert_eq!(count(&["json", &file]), 1);
    assert_eq!(
        count(&["json", "-d", "tcp.port==8081,rtmp", &file]),
        2,
        "the HTTP exchange is taken for RTMP when asked for"
    );
}

#[test]
fn a_connection_that_the_capture_joined_late_is_read_on_any_port() {
    const LEFT_OUT: u64 = 60;
    let whole = sample("odd-port.pcap");
    let folder = tempfile::tempdir().expect("a folder");
    let late = folder.path().join("late.pcap");
    fs::write(
        &late,
        without_frames(&fs::read(&whole).expect("a sample"), LEFT_OUT),
    )
    .expect("written");

    // Type, length and first frame of each message of the publisher. All that the server says is
    // one answer at the end, too little to find chunks in.
    let messages = |args: &[&str]| -> Vec<[u64; 3]> {
        let output = run(args);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let of = |record: &Value, key| record["message"][key].as_u64().expect("a number");
        of_type(&stdout(&output), "message")
            .iter()
            .filter(|record| record["direction"] == "to_server")
            .map(|record| ["type_id", "length", "first_frame"].map(|key| of(record, key)))
            .collect()
    };
    let from_begin: Vec<[u64; 3]> = messages(&["json", &whole])
        .into_iter()
        .filter_map(|[type_id, length, frame]| {
            Some([type_id, length, frame.checked_sub(LEFT_OUT)?])
        })
        .filter(|[.., frame]| *frame > 0)
        .collect();
    assert!(from_begin.len() > 200, "{} messages", from_begin.len());
    for named in [&[][..], &["-d", "tcp.port==8443,rtmp"]] {
        let args = [&["json"][..], named, &[text(&late)]].concat();
        assert!(
            messages(&args) == from_begin,
            "other messages with {named:?}"
        );
    }
}

// Ways out.

#[test]
fn stdout_carries_nothing_but_records() {
    let missing = root().join("samples/missing.pcap");
    let output = run(&["json", text(&missing), &sample("network-cut.pcap")]);
    for line in stdout(&output).lines() {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(record["event_type"].is_string(), "{line}");
    }
}

#[test]
fn events_chooses_among_the_records() {
    let file = sample(TWO);
    let all = stdout(&run(&["json", &file]));
    let some = stdout(&run(&["json", "--events", "call,connection_end", &file]));
    let wanted: Vec<&str> = all
        .lines()
        .filter(|line| {
            line.starts_with(r#"{"event_type":"call""#)
                || line.starts_with(r#"{"event_type":"connection_end""#)
        })
        .collect();
    assert_eq!(some.lines().collect::<Vec<_>>(), wanted);
    assert!(wanted.len() > 8);
}

#[test]
fn stats_come_at_the_interval_asked_for() {
    let output = run(&[
        "json",
        "--events",
        "stats",
        "--interval",
        "2",
        &sample("obs.pcapng"),
    ]);
    let out = stdout(&output);
    let stats = of_type(&out, "stats");
    // The sample is 9.5 s long.
    assert!((3..=5).contains(&stats.len()), "{} records", stats.len());
    for record in &stats[1..] {
        let interval = record["stats"]["interval_s"].as_f64().expect("seconds");
        assert!((2.0..2.5).contains(&interval), "{interval}");
    }
}

#[test]
fn records_of_a_pipe_come_while_it_is_still_open() {
    // More than the buffer of records: the program must not wait for the end of its input.
    let capture = fs::read(sample("player-stalled.pcap")).expect("a sample");
    let mut child = rtmpscope()
        .args(["json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let (go_on, wait) = mpsc::channel();
    let writer = thread::spawn(move || {
        let (most, rest) = capture.split_at(capture.len() * 3 / 4);
        stdin.write_all(most).expect("written");
        wait.recv().expect("a word to go on");
        stdin.write_all(rest).expect("written");
    });
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    assert!(line.ends_with("}\n"), "{line}");
    go_on.send(()).expect("sent");
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("the rest");
    writer.join().expect("the writer");
    assert!(child.wait().expect("the end").success());
    assert!(rest.contains("\"event_type\":\"capture\""));
}

#[test]
fn without_a_terminal_nobody_is_asked_what_to_read() {
    for args in [&[][..], &["tui"]] {
        let output = run(args);
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""));
        let said = stderr(&output);
        assert!(
            said.contains("nothing to read") && said.contains("demo"),
            "{said}"
        );
    }
}

#[test]
fn the_demo_is_within_the_program() {
    let output = run(&["demo"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("built-in demo: pcap"), "{said}");
    // What it is there for: the player that does not read for 2.5 seconds (samples/README.md).
    assert!(said.contains("2 RTMP connections"), "{said}");
    assert!(said.contains("anomalies: 2 error"), "{said}");
}

#[test]
fn the_dashboard_needs_a_terminal_and_says_so() {
    let output = run(&["tui", &sample(TWO)]);
    assert_eq!((code(&output), stdout(&output).as_str()), (2, ""));
    assert!(stderr(&output).contains("terminal"), "{}", stderr(&output));
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn of_type(output: &str, event_type: &str) -> Vec<Value> {
    output
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record"))
        .filter(|record| record["event_type"] == event_type)
        .collect()
}

fn piped(args: &[&str], input: &[u8]) -> Output {
    let mut child = rtmpscope()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the end");
    writer.join().expect("the writer").expect("written");
    output
}

/// A classic pcap file (little-endian) without its first frames.
fn without_frames(file: &[u8], count: u64) -> Vec<u8> {
    const FILE_HEADER: usize = 24;
    const FRAME_HEADER: usize = 16;
    let (header, mut rest) = file.split_at(FILE_HEADER);
    for _ in 0..count {
        let length: [u8; 4] = rest[8..12].try_into().expect("four bytes");
        let length = usize::try_from(u32::from_le_bytes(length)).expect("a length");
        rest = &rest[FRAME_HEADER + length..];
    }
    [header, rest].concat()
}

fn without_line(text: &str, number: usize) -> Vec<&str> {
    text.lines()
        .enumerate()
        .filter(|(i, _)| *i != number)
        .map(|(_, line)| line)
        .collect()
}
