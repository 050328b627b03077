//! What was inferred is marked in every record, and what was seen is not.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds a wrong record fails with it"
)]

mod common;

use std::path::Path;

use serde_json::Value;
use serde_json::json;

use crate::common::cut;

fn records(path: &Path, types: &str) -> Vec<Value> {
    let path = path.to_str().expect("a path in UTF-8");
    let output = common::run(&["json", "-q", "--events", types, path]);
    common::stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record is JSON"))
        .collect()
}

/// ffmpeg's publisher and player, both joined in the midst of the media: ffmpeg sends type 0
/// headers but for the first messages of a chunk stream.
fn late(name: &str) -> std::path::PathBuf {
    cut::without("ffmpeg-nginx.pcap", name, |number| number < 700)
}

#[test]
fn a_capture_from_the_begin_has_no_marks() {
    for sample in ["ffmpeg-nginx.pcap", "obs.pcapng", "exttime.pcap"] {
        let output = common::run(&["json", "-q", &common::sample(sample)]);
        let records = common::stdout(&output);
        assert!(!records.contains("\"inferred\""), "{sample}");
        assert!(!records.contains("\"lock\""), "{sample}");
        assert!(!records.contains("\"skipped_bytes\""), "{sample}");
    }
}

#[test]
fn messages_of_a_late_start_are_marked_until_a_header_tells() {
    let all = records(&late("marks-messages.pcap"), "message");
    let of = |csid: u32, direction: &str| -> Vec<&Value> {
        let is_its = |r: &&Value| r["message"]["csid"] == csid && r["direction"] == direction;
        all.iter().filter(is_its).map(|r| &r["message"]).collect()
    };
    // Video on chunk stream 6, audio on 4: no type 0 header any more.
    let (video, audio) = (of(6, "to_server"), of(4, "to_server"));
    assert!(video.len() > 50 && audio.len() > 100);
    let relative = json!({"from": "relative", "confidence": "low"});
    for message in video.iter().chain(&audio) {
        assert_eq!(message["inferred"]["timestamp_ms"], relative, "{message}");
        assert_eq!(message["stream_id"], 1);
    }
    let stream = &video[0]["inferred"]["stream_id"];
    assert_eq!(
        stream,
        &json!({"from": "first_stream", "confidence": "low"})
    );
    let stream = &audio[0]["inferred"]["stream_id"];
    assert_eq!(
        stream,
        &json!({"from": "other_media", "confidence": "medium"})
    );
    // The first counts from its own delta: 15 frames a second.
    assert_eq!(video[0]["timestamp_ms"], video[0]["delta_ms"]);
    // Of the server, a type 0 header told all that there is.
    for message in all.iter().filter(|r| r["message"]["fmt"] == 0) {
        assert_eq!(message["message"].get("inferred"), None, "{message}");
    }
}

#[test]
fn a_late_connection_says_what_it_knows_and_how() {
    let all = records(
        &late("marks-connection.pcap"),
        "connection,connection_end,lock",
    );
    let of = |kind: &str| -> Vec<&Value> {
        let is_its = |r: &&Value| r["event_type"] == kind;
        all.iter().filter(is_its).collect()
    };
    for record in of("connection") {
        let ports = json!({"from": "ports", "confidence": "low"});
        assert_eq!(record["connection"]["inferred"]["direction"], ports);
    }
    for record in of("lock") {
        assert_eq!(record["lock"]["first"], true);
        assert!(
            record["lock"]["evidence_bits"].as_u64() >= Some(40),
            "{record}"
        );
    }
    let ends = of("connection_end");
    assert_eq!(ends.len(), 2);
    for record in ends {
        let end = &record["connection_end"];
        let sender = json!({"from": "sender", "confidence": "high"});
        assert_eq!(end["inferred"]["role"], sender, "{end}");
        let (role, side) = match record["flow_id"].as_u64() {
            Some(1) => ("player", "server"),
            _ => ("publisher", "client"),
        };
        assert_eq!(end["role"], role);
        assert!(end["directions"][side]["lock"]["headers"].as_u64() >= Some(3));
        let track = &end["tracks"][0];
        assert!(track["inferred"]["stream_id"].is_object(), "{track}");
        let clock = &track["clock"]["inferred"];
        assert_eq!(clock["first_timestamp_ms"]["from"], "relative");
        assert_eq!(clock["last_timestamp_ms"]["from"], "relative");
        assert_eq!(
            end["skews"][0]["inferred"]["timestamp_ms"]["from"],
            "relative"
        );
    }
}

#[test]
fn intervals_of_a_late_connection_are_marked_too() {
    let path = late("marks-stats.pcap");
    let path = path.to_str().expect("a path in UTF-8");
    let output = common::run(&["json", "-q", "--events", "stats", "--interval", "1", path]);
    let all: Vec<Value> = common::stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record is JSON"))
        .collect();
    let tracks: Vec<&Value> = all
        .iter()
        .filter_map(|record| record["stats"]["tracks"].as_array())
        .flatten()
        .collect();
    assert!(!tracks.is_empty());
    for track in tracks {
        assert!(track["inferred"]["stream_id"].is_object(), "{track}");
        let skew = track["inferred"].get("skew_ms");
        assert_eq!(skew.is_some(), track.get("skew_ms").is_some(), "{track}");
    }
}

#[test]
fn a_chunk_size_that_nobody_announced_is_marked() {
    // librtmp never announces one, so that it is 128: keyframes come in dozens of chunks.
    let path = cut::without("gst-rtmpsink.pcap", "marks-size.pcap", |n| n < 300);
    let ends = records(&path, "connection_end");
    let client = &ends[0]["connection_end"]["directions"]["client"];
    assert_eq!(client["chunk_size_bytes"], 128, "{client}");
    let headers = json!({"from": "headers", "confidence": "high"});
    assert_eq!(client["inferred"]["chunk_size_bytes"], headers);
}

#[test]
fn a_message_with_a_hole_says_where_it_is() {
    // Frames 400 to 402 hold all of the payload of an audio message of 94 bytes, whose header came
    // in frame 399.
    let path = cut::without("ffmpeg-nginx.pcap", "marks-hole.pcap", |n| {
        (400..403).contains(&n)
    });
    let all = records(&path, "message");
    let broken: Vec<&Value> = all
        .iter()
        .map(|record| &record["message"])
        .filter(|message| message.get("missing").is_some())
        .collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0]["length"], 94);
    assert_eq!(broken[0]["received_bytes"], 0);
    assert_eq!(broken[0]["missing"], json!({"start": 0, "end": 94}));
    // Nothing else of it is in doubt.
    assert!(all.iter().all(|r| r["message"].get("inferred").is_none()));
}

#[test]
fn the_report_marks_what_is_inferred_and_says_from_what() {
    let path = late("marks-report.pcap");
    let output = common::run(&["report", path.to_str().expect("UTF-8")]);
    let report = common::stdout(&output);
    for text in [
        "~192.0.2.10:44402 -> 192.0.2.1:1935",
        "~publisher (joined late)",
        "[stream ~1]",
        "     client and server: by the ports: neither SYN nor handshake was captured (confidence low)",
        "     role: by who sends media",
        "first header found behind 0 B, confirmed by 3 headers",
        "  joined    late: RTMP by its messages, no handshake was captured",
        "avc (no configuration captured)  [stream ~1]",
        "     <- timestamps: counts from the first message found",
        "a/v      skew ~-",
        "timestamps ~66..~",
    ] {
        assert!(report.contains(text), "{text}\n{report}");
    }
    let clean = common::run(&["report", &common::sample("ffmpeg-nginx.pcap")]);
    assert!(!common::stdout(&clean).contains('~'));
}

#[test]
fn extract_says_when_times_are_relative() {
    let path = late("marks-extract.pcap");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("marks-flv");
    let extract = |capture: &str| {
        let folder = folder.to_str().expect("UTF-8");
        common::stderr(&common::run(&[
            "extract", "-q", "--force", "-o", folder, capture,
        ]))
    };
    let said = extract(path.to_str().expect("UTF-8"));
    assert!(said.contains("tags are relative"), "{said}");
    assert_eq!(extract(&common::sample("ffmpeg-nginx.pcap")), "");
}

/// Sound in E-AC-3 of which no header tells more than the chunk stream: all that came behind the first
/// is of type 3, and so is not what tells the time between them.
#[test]
fn what_no_header_told_the_time_of_has_none() {
    let sample = "ertmp-vvc-eac3.pcapng.zst";
    let path = cut::without(sample, "marks-untold.pcap", |number| number < 60);
    let all = records(&path, "message,connection_end");
    let sound: Vec<&Value> = all
        .iter()
        .map(|record| &record["message"])
        .filter(|message| message["csid"] == 4 && message["type"] == "audio")
        .collect();
    assert!(sound.len() > 50, "{}", sound.len());
    for message in sound {
        let inferred = &message["inferred"];
        assert_eq!(message["length"], 389, "{message}");
        assert_eq!(inferred["length"]["from"], "spacing", "{message}");
        for member in ["timestamp_ms", "delta_ms"] {
            assert!(message.get(member).is_none(), "{message}");
            assert!(inferred.get(member).is_none(), "{message}");
        }
    }
    let tracks = all
        .iter()
        .filter_map(|record| record["connection_end"]["tracks"].as_array());
    let sound = tracks.flatten().find(|track| track["kind"] == "audio");
    let sound = sound.expect("a track");
    assert!(sound.get("clock").is_none(), "{sound}");
    // 389 bytes every 32 ms are 97 kbit/s, sent unevenly.
    let rate = sound["kbit_per_s"].as_f64().expect("a rate");
    assert!((80.0..120.0).contains(&rate), "{sound}");
    let path = path.to_str().expect("UTF-8");
    let report = common::run(&["report", path]);
    let report = common::stdout(&report);
    assert!(report.contains("timestamps not known"), "{report}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("marks-untold-flv");
    let folder = folder.to_str().expect("UTF-8");
    let said = common::run(&["extract", "-q", "--force", "-o", folder, path]);
    let said = common::stderr(&said);
    assert!(said.contains("tags are not known"), "{said}");
}
