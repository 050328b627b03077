//! Display filters from outside: held against jq over everything the program prints, and against
//! tshark where its fields are ours.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run the program fails with the cause"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread;

use common::code;
use common::cut;
use common::run;
use common::sample;
use common::stderr;
use common::stdout;

/// A publisher and a player.
const TWO: &str = "ffmpeg-nginx.pcap";

/// Standard output of a program that is fed with a text; `None` where there is no such program.
fn piped(program: &str, args: &[&str], input: String) -> Option<String> {
    let spawned = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = spawned.ok()?;
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the end");
    let _ = writer.join();
    assert!(output.status.success(), "{program} {args:?}");
    Some(stdout(&output))
}

fn has_jq() -> bool {
    let is_there = Command::new("jq").arg("--version").output().is_ok();
    if !is_there {
        println!("skipped: no jq");
    }
    is_there
}

/// Records of a type that are printed for an expression, or all.
fn records(files: &[String], events: &str, expression: Option<&str>) -> String {
    let mut args = vec!["json", "--events", events];
    if let Some(expression) = expression {
        args.extend(["-Y", expression]);
    }
    let mut all = String::new();
    for file in files {
        let output = run(&[args.as_slice(), &[file]].concat());
        assert_eq!(code(&output), 0, "{expression:?}: {}", stderr(&output));
        all += &stdout(&output);
    }
    all
}

/// The same lines as jq selects of all.
#[track_caller]
fn is_as_jq_selects(files: &[String], events: &str, pairs: &[(&str, &str)]) {
    if !has_jq() {
        return;
    }
    let all = records(files, events, None);
    for (expression, condition) in pairs {
        let program = format!("select({condition}) | [.flow_id, .timestamp, .{events}]");
        let wanted = piped("jq", &["-c", &program], all.clone()).expect("jq");
        let shown = records(files, events, Some(expression));
        let shown = piped(
            "jq",
            &["-c", &format!("[.flow_id, .timestamp, .{events}]")],
            shown,
        );
        let shown = shown.expect("jq");
        assert_eq!(
            shown.lines().count(),
            wanted.lines().count(),
            "{expression} and {condition}"
        );
        assert!(shown == wanted, "{expression} and {condition}: other lines");
        let count = wanted.lines().count();
        assert!(
            count > 0 && count < all.lines().count(),
            "{expression} tells nothing apart: {count}"
        );
    }
}

#[test]
fn messages_are_those_that_jq_selects() {
    let files = [
        TWO,
        "bad-name.pcap",
        "ertmp-hevc-opus.pcapng",
        "slow-uplink.pcap.gz",
    ];
    let pairs = [
        ("msg:video", ".message.type_id == 9"),
        ("msg:video and key", ".video.keyframe"),
        (
            "type == 9 && not key",
            ".message.type_id == 9 and (.video.keyframe | not)",
        ),
        ("cmd:publish", ".command.name == \"publish\""),
        (
            "cmd == onMetaData || tid:4",
            ".data.name == \"onMetaData\" or .command.transaction_id == 4",
        ),
        (
            "code:Publish.",
            "[.command.arguments[]? | objects | .code? // \"\" | test(\"publish\\\\.\"; \"i\")] | any",
        ),
        (
            "level:error",
            "[.command.arguments[]? | objects | .level? == \"error\"] | any",
        ),
        ("event:stream_begin", ".control.event == \"stream_begin\""),
        (
            "len>1000 or chunks>=8",
            ".message.length > 1000 or .message.chunks >= 8",
        ),
        (
            "msg:control dir:->",
            ".direction == \"to_server\" and ([.message.type_id] | inside([1, 2, 3, 4, 5, 6]))",
        ),
        (
            "csid in {3, 8..10}",
            ".message.csid == 3 or (.message.csid >= 8 and .message.csid <= 10)",
        ),
        (
            "ts>=2s and ts<3s",
            ".message.timestamp_ms >= 2000 and .message.timestamp_ms < 3000",
        ),
        (
            "fmt:0,1 msid!=1",
            ".message.fmt <= 1 and .message.stream_id != 1",
        ),
        ("delta:67", ".message.delta_ms == 67"),
        ("frame:1..50", ".message.last_frame <= 50"),
        ("frame.first>100", ".message.first_frame > 100"),
        ("number<=14", ".message.number <= 14"),
        ("headers > 12B", ".message.header_bytes > 12"),
        ("srcport:1935", ".src_port == 1935"),
        ("ip.dst == 192.0.2.10", ".dest_ip == \"192.0.2.10\""),
        ("src:192.0.2.8/29", ".src_ip == \"192.0.2.10\""),
        ("codec:aac", ".audio.tracks[0].codec == \"aac\""),
        (
            "codec:hevc,opus",
            "(.audio // .video).tracks[0].codec | . == \"hevc\" or . == \"opus\"",
        ),
        ("fourcc:hvc1", ".video.tracks[0].codec_id == \"hvc1\""),
        (
            "config",
            "(.audio // .video).packet | . == \"sequence_start\" or . == \"multichannel_config\"",
        ),
        ("conn:2", ".flow_id == 2"),
        ("tcp.stream==1", ".flow_id == 2"),
        (
            "\"avc key frame\"",
            ".video.keyframe and .video.tracks[0].codec == \"avc\"",
        ),
    ];
    is_as_jq_selects(&files.map(sample), "message", &pairs);
}

#[test]
fn what_is_missing_or_inferred_is_as_jq_selects() {
    let late = cut::without(TWO, "filter-late.pcap", |number| number < 700);
    let holes = cut::without(TWO, "filter-holes.pcap", |number| number % 97 == 0);
    let files = [late, holes].map(|path| path.to_str().expect("UTF-8").to_owned());
    let pairs = [
        ("missing", ".message.received_bytes != null"),
        (
            "missing>=100B",
            ".message.received_bytes != null and .message.length - .message.received_bytes >= 100",
        ),
        ("inferred", ".message.inferred != null"),
    ];
    is_as_jq_selects(&files, "message", &pairs);
    let pairs = [
        (
            "conn.missing>0",
            "([.connection_end.directions[].missing_bytes] | add) > 0",
        ),
        ("role:publisher", ".connection_end.role == \"publisher\""),
    ];
    is_as_jq_selects(&files, "connection_end", &pairs);
}

#[test]
fn connections_are_those_that_jq_selects() {
    let files = [
        TWO,
        "bad-name.pcap",
        "client-killed.pcap",
        "ertmp-av1-opus.pcap.zst",
        "ertmp-hevc-opus.pcapng",
        "ipv6.pcap",
        "network-cut.pcap",
        "no-such-app.pcap",
        "obs.pcapng",
        "player-stalled.pcap",
        "publish-rejected.pcapng",
        "rtmpe-refused.pcap",
        "slow-uplink.pcap.gz",
    ];
    let files = files.map(sample);
    let pairs = [
        ("role:pub", ".connection_end.role == \"publisher\""),
        ("not role", ".connection_end.role == null"),
        ("end:abrupt,unseen", ".connection_end.style != \"clean\""),
        ("end.cause==reset", ".connection_end.cause == \"reset\""),
        ("stage:rejected", ".connection_end.stage == \"rejected\""),
        ("app==live", ".connection_end.app == \"live\""),
        (
            "software:obs",
            "[.connection_end | .client_software, .server_software | strings | test(\"obs\"; \"i\")] | any",
        ),
        ("calls.failed", ".connection_end.calls.failed > 0"),
        (
            "calls.unanswered>=1",
            ".connection_end.calls.unanswered >= 1",
        ),
        ("duration>10", ".connection_end.duration_s > 10"),
        (
            "fps>14.5",
            "[.connection_end.tracks[] | select(.kind == \"video\") | .frames_per_s // 0] | first // 0 | . > 14.5",
        ),
        (
            "gop>=2s",
            "[.connection_end.tracks[].keyframes.interval_mean_ms | numbers] | first // 0 | . >= 2000",
        ),
        (
            "height>=180 and width<640",
            "[.connection_end.tracks[] | select(.height != null)] | first | .height >= 180 and .width < 640",
        ),
        (
            "conn.codec:hevc,av1",
            "[.connection_end.tracks[].codec | . == \"hevc\" or . == \"av1\"] | any",
        ),
        (
            "anomaly:stream.bad_name",
            "[.connection_end.anomalies[].code == \"stream.bad_name\"] | any",
        ),
        (
            "health:critical",
            "[.connection_end.anomalies[].severity == \"critical\"] | any",
        ),
        (
            "client.addr:2001:db8::/32",
            ".src_ip | startswith(\"2001:db8:\")",
        ),
        (
            "messages>=300",
            "([.connection_end.directions[].messages] | add) >= 300",
        ),
        (
            "loss>1%",
            "[.connection_end.directions[].tcp] | (map(.retransmitted_packets // 0) | add) / (map(.packets) | add) > 0.01",
        ),
    ];
    is_as_jq_selects(&files, "connection_end", &pairs);
}

#[test]
fn frames_are_those_that_tshark_shows() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: no tshark");
        return;
    }
    for name in [TWO, "rtmpdump-play.pcap", "bad-name.pcap"] {
        let file = sample(name);
        let mut compared = 0;
        // (tshark 4.0 loses some messages whose headers have a segment of their own.)
        for expression in [
            "rtmpt.header.typeid == 20",
            "rtmpt.header.typeid in {8, 9} && tcp.srcport == 1935",
            "rtmpt.header.csid == 3 or rtmpt.header.csid==2 and rtmpt.header.typeid ne 4",
            "rtmpt && rtmpt.header.csid and tcp.stream == 1",
            "rtmpt.header.bodysize > 1000",
            "rtmpt.header.format == 0",
            "rtmpt.header.format == 0 && rtmpt.header.streamid >= 1",
            "rtmpt.header.timestampdelta in {60..70} && tcp.srcport == 1935",
            "rtmpt.header.typeid==20 && frame.number < 300 && ip.src == 192.0.2.10",
        ] {
            let args = [
                "-r",
                &file,
                "-Y",
                expression,
                "-T",
                "fields",
                "-e",
                "frame.number",
            ];
            let theirs = piped("tshark", &args, String::new()).expect("tshark");
            let theirs: BTreeSet<&str> = theirs.lines().collect();
            let records = records(std::slice::from_ref(&file), "message", Some(expression));
            let ours: BTreeSet<String> = records
                .lines()
                .map(|line| {
                    let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
                    let frame = record.pointer("/message/last_frame").expect("a frame");
                    frame.to_string()
                })
                .collect();
            assert!(
                theirs.iter().copied().eq(ours.iter().map(String::as_str)),
                "{name}: {expression}: {} frames of tshark, {} of ours",
                theirs.len(),
                ours.len()
            );
            compared += ours.len();
        }
        assert!(compared > 20, "{name}: {compared}");
    }
}

#[test]
fn what_came_before_a_connection_matched_comes_before_its_first_record() {
    let file = [sample(TWO)];
    let events = "connection,handshake,call,track,connection_end";
    let flow = |text: &str, flow: u64| -> Vec<String> {
        let records = text.lines().map(|line| {
            let mut record: serde_json::Value = serde_json::from_str(line).expect("JSON");
            // It is told later.
            record
                .as_object_mut()
                .expect("an object")
                .remove("timestamp");
            record
        });
        let mut lines: Vec<String> = records
            .filter(|record| record.pointer("/flow_id") == Some(&flow.into()))
            .map(|record| record.to_string())
            .collect();
        lines.sort();
        lines
    };
    let all = records(&file, events, None);
    let shown = records(&file, events, Some("role:pub"));
    assert_eq!(flow(&shown, 1), flow(&all, 1));
    assert!(flow(&all, 2).len() > 4 && flow(&shown, 2).is_empty());
    assert!(shown.starts_with("{\"event_type\":\"connection\""));
    let times: Vec<String> = shown
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
            record.pointer("/timestamp").expect("a time").to_string()
        })
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    // The end of a run is told in any case.
    let capture = records(&file, "capture", Some("conn:99"));
    assert_eq!(capture.lines().count(), 1);
    assert_eq!(records(&file, "message,call,stats", Some("conn:99")), "");
}

#[test]
fn the_report_tells_of_connections_that_match() {
    let file = sample(TWO);
    let report = |expression: &str| stdout(&run(&["report", "-Y", expression, &file]));
    let sections = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
    let publisher = report("cmd:publish");
    assert_eq!(sections(&publisher), 1);
    assert!(publisher.contains("display filter cmd:publish: 1 of 2 connections\n"));
    assert!(publisher.contains("#1 192.0.2.10:44394"));
    // A field of the end and one of a message, which is the player's.
    assert_eq!(sections(&report("role:play and cmd:publish")), 0);
    assert_eq!(sections(&report("stage:stopped and cmd:play")), 1);
    assert_eq!(sections(&report("msg:video and len>100k")), 0);
    assert_eq!(sections(&report("loss<100%")), 2);
}

#[test]
fn streams_are_extracted_of_connections_that_match() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().to_str().expect("UTF-8");
    let file = sample(TWO);
    let output = run(&["extract", "-o", folder, "-Y", "role:play port:1935", &file]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let names: Vec<String> = fs::read_dir(Path::new(folder))
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(
        names.iter().all(|name| name.starts_with("2-play")),
        "{names:?}"
    );
    for expression in ["fps>20", "role:play and msg:audio", "word"] {
        let output = run(&["extract", "-o", folder, "-Y", expression, &file]);
        assert_eq!(code(&output), 2, "{expression}");
        assert!(stderr(&output).contains("not known when a stream begins"));
    }
}

#[test]
fn secrets_are_compared_as_they_are_shown() {
    let file = [sample(TWO)];
    let count = |expression: &str, more: &[&str]| {
        let args = [
            &["json", "--events", "connection_end", "-Y", expression],
            more,
        ];
        let output = run(&[args.concat().as_slice(), &[&sample(TWO)]].concat());
        assert_eq!(code(&output), 0);
        stdout(&output).lines().count()
    };
    let end = records(&file, "connection_end", None);
    let first = end.lines().next().expect("a record");
    let record: serde_json::Value = serde_json::from_str(first).expect("JSON");
    let shown = record
        .pointer("/connection_end/stream_name")
        .and_then(|name| name.as_str());
    let shown = shown.expect("a name");
    assert!(shown.starts_with("****"));
    assert_eq!(count(&format!("stream=={shown}"), &[]), 2);
    for expression in [
        "stream:demo",
        "stream==\"demo-key-1\"",
        "demo-key-1",
        "/demo.key/",
        "text contains demo-key",
    ] {
        assert_eq!(count(expression, &[]), 0, "{expression}");
        assert_eq!(count(expression, &["--show-secrets"]), 2, "{expression}");
    }
}

#[test]
fn a_bad_expression_is_2_with_the_place_marked() {
    for command in ["report", "json"] {
        let output = run(&[command, "-Y", "msg:cmd and fps:abc", &sample(TWO)]);
        assert_eq!(code(&output), 2);
        assert_eq!(stdout(&output), "");
        assert_eq!(
            stderr(&output),
            "rtmpscope: -Y: expected a number, as 25 or 29.97\n  msg:cmd and fps:abc\n                  ^^^\n-Y help lists what can be asked for\n"
        );
    }
    let output = run(&["report", "-Y", "rol:pub", &sample(TWO)]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("did you mean `role`?\n  rol:pub\n  ^^^\n"));
    let output = run(&["report", "-Y", "odd and \u{1b}[31m:x", "none.pcap"]);
    assert!(!stderr(&output).contains('\u{1b}'));
    let output = run(&["report", "-Y", "odd", "-w", "never.pcapng", &sample(TWO)]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("-w"));
}

#[test]
fn the_fields_are_listed() {
    let output = run(&["-Y", "help"]);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    let listed = stdout(&output);
    for name in [
        "role",
        "health",
        "msg",
        "rtmpt.header.csid",
        "tcp.stream",
        "command_amf0",
    ] {
        assert!(listed.contains(name), "{name}");
    }
}
