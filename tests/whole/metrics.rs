//! Metrics of whole samples: what tshark counts, and no word of what came over the wire.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::process::Stdio;

use rtmpscope::pipeline::Options;
use rtmpscope::report::metrics::Metrics;

use crate::reading::decode;
use crate::reading::ours;
use crate::reading::sample;

fn series(metrics: &str, name: &str) -> BTreeMap<String, u64> {
    metrics
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.split_once(' '))
        .filter_map(|(labels, value)| Some((labels.to_owned(), value.parse().ok()?)))
        .collect()
}

#[test]
fn messages_are_counted_by_type_as_tshark_does() {
    let mut metrics = Metrics::default();
    decode(&sample("ffmpeg-nginx"), Options::default(), &mut metrics);
    let text = metrics.exposition().to_string();
    let rows = fs::read_to_string(ours("samples/expected/ffmpeg-nginx.tshark.tsv")).expect("rows");
    let mut expected = BTreeMap::new();
    for row in rows.lines().skip(1) {
        let type_id = row.split('\t').nth(2).expect("a type");
        let name = match type_id {
            "1" => "set_chunk_size",
            "3" => "acknowledgement",
            "4" => "user_control",
            "5" => "window_ack_size",
            "6" => "set_peer_bandwidth",
            "8" => "audio",
            "9" => "video",
            "18" => "data_amf0",
            "20" => "command_amf0",
            other => panic!("type {other}"),
        };
        *expected.entry(format!("{{type=\"{name}\"}}")).or_insert(0) += 1;
    }
    assert_eq!(series(&text, "rtmpscope_messages_total"), expected);
    let opened = series(&text, "rtmpscope_connections_opened_total");
    assert_eq!(opened.into_values().collect::<Vec<_>>(), [2]);
}

/// promtool reads the older format, in which the help of a counter stands under its name with
/// `_total` and not, as OpenMetrics has it, under that of its family. It must have nothing else to say.
#[test]
fn promtool_finds_nothing_but_the_older_names() {
    let mut metrics = Metrics::default();
    for name in ["ffmpeg-nginx", "bad-name", "player-stalled"] {
        decode(&sample(name), Options::default(), &mut metrics);
    }
    metrics.begin_sample();
    metrics.end_sample();
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: there is no promtool");
        return;
    };
    let text = metrics.exposition().to_string();
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    for line in said.lines() {
        assert!(line.ends_with("_total no help text"), "{line}");
    }
    // It tells failures to read, and that there was something to say, by the code.
    assert!([Some(0), Some(3)].contains(&output.status.code()), "{said}");
}

#[test]
fn labels_hold_nothing_of_the_wire() {
    // A name of a command that nobody knows, codes of refusals, names of streams.
    for name in ["bad-name", "publish-denied", "vod-mp4-seek", "obs"] {
        let mut metrics = Metrics::default();
        decode(&sample(name), Options::default(), &mut metrics);
        let text = metrics.exposition().to_string();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let known = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-{}=\", ";
            assert!(line.chars().all(|c| known.contains(c)), "{line}");
            assert!(!line.contains("live") && !line.contains("rtmp:"), "{line}");
        }
    }
}
