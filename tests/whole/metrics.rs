//! Metrics of whole samples: what tshark counts, and no word of what came over the wire.

use std::collections::BTreeMap;
use std::fs;

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
