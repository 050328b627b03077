//! The sensor beside a real stream: what it writes, what it answers, how it ends.

use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use crate::streaming::free_port;
use crate::streaming::publisher;
use crate::streaming::server;
use crate::watch::Running;
use crate::watch::Watcher;
use crate::watch::has;
use crate::watch::wait_for;

/// What a server says to a request.
fn get(port: u16, path: &str) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        if stream.write_all(request.as_bytes()).is_ok() {
            let _ = stream.read_to_string(&mut answer);
        }
    }
    answer
}

/// The value of a series; none where there is no such line.
fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series))?;
    line.trim().parse().ok()
}

fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let records = text.lines();
    records
        .map(|line| serde_json::from_str(line).expect("whole lines"))
        .collect()
}

/// A Prometheus that scrapes one address every second; none where there is none.
fn prometheus(port: u16, target: u16, folder: &Path) -> Option<Running> {
    if !has("prometheus") {
        return None;
    }
    let config = format!(
        "global: {{ scrape_interval: 1s }}\n\
         scrape_configs: [ {{ job_name: rtmpscope, static_configs: [ {{ targets: [ '127.0.0.1:{target}' ] }} ] }} ]\n"
    );
    let file = folder.join("prometheus.yml");
    fs::write(&file, config).expect("a file");
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("tsdb").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus can be started");
    Some(Running(child))
}

#[test]
fn a_stream_is_counted_and_its_name_is_nowhere() {
    if !has("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (port, metrics_port) = (free_port(), free_port());
    let Some(_server) = server(port, folder) else {
        return;
    };
    let log = folder.join("events.ndjson");
    let log_text = log.to_str().expect("a path");
    let filter = format!("tcp port {port}");
    let listen = metrics_port.to_string();
    let args = [
        "sensor",
        "-i",
        "lo",
        "-o",
        log_text,
        "--metrics",
        &listen,
        "--interval",
        "1",
        &filter,
    ];
    let Some(mut watcher) = Watcher::start(None, &args, folder) else {
        return;
    };
    let web = free_port();
    let prometheus = prometheus(web, metrics_port, folder);
    if prometheus.is_some() {
        // Its first look at us comes seconds after its start, when a publisher may be gone again.
        wait_for("Prometheus has asked", || {
            get(web, "/api/v1/query?query=up").contains(",\"1\"]")
        });
    }
    let mut publisher = publisher(&format!("rtmp://127.0.0.1:{port}/live/unspeakable"));
    let publishing = "rtmpscope_connections{role=\"publisher\",state=\"publishing\"}";
    wait_for("the publisher is counted", || {
        value(&get(metrics_port, "/metrics"), publishing) == Some(1.0)
    });
    if prometheus.is_some() {
        // A real Prometheus understands it, and asks its own way: for what does not go back when the
        // publisher has gone.
        wait_for("Prometheus knows the publisher", || {
            let query = "/api/v1/query?query=sum(rtmpscope_connections_opened_total)";
            get(web, query).contains(",\"1\"]")
        });
    }
    wait_for("the publisher ends", || {
        publisher.0.try_wait().is_ok_and(|status| status.is_some())
    });
    wait_for("its end is counted", || {
        let metrics = get(metrics_port, "/metrics");
        value(&metrics, publishing) == Some(0.0)
            && metrics.contains("rtmpscope_connections_ended_total{")
    });
    let metrics = get(metrics_port, "/metrics");
    assert!(metrics.starts_with("HTTP/1.1 200 OK") && metrics.ends_with("# EOF\n"));
    // Three seconds at 15 frames per second.
    let video = value(&metrics, "rtmpscope_media_frames_total{kind=\"video\"}");
    assert_eq!(video, Some(45.0));
    let connect = "rtmpscope_call_duration_seconds_count{command=\"connect\",status=\"answered\"}";
    assert_eq!(value(&metrics, connect), Some(1.0));
    assert!(value(&metrics, "process_resident_memory_bytes") > Some(1e6));
    assert!(!metrics.contains("unspeakable"));
    // The file is moved away, as logrotate does, and the rest goes into another.
    let moved = folder.join("moved");
    fs::rename(&log, &moved).expect("a file to move");
    watcher.signal("HUP");
    watcher.signal("TERM");
    assert_eq!(watcher.wait(), 0, "{}", watcher.said());
    let (before, behind) = (records(&moved), records(&log));
    let is = |name: &'static str| move |record: &&Value| record["event_type"] == name;
    let all = before.iter().chain(&behind);
    assert_eq!(all.filter(is("connection_end")).count(), 1);
    assert!(before.iter().filter(is("stats")).count() >= 2);
    assert_eq!(behind.iter().filter(is("capture")).count(), 1);
    assert_eq!(
        before.iter().chain(&behind).filter(is("message")).count(),
        0
    );
    for file in [&moved, &log] {
        let text = fs::read_to_string(file).expect("records");
        assert!(!text.contains("unspeakable"));
    }
}

#[test]
fn a_port_that_is_taken_is_told_before_anything_begins() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port().to_string();
    let output = crate::common::run(&["sensor", "-i", "lo", "--metrics", &port]);
    assert_eq!(crate::common::code(&output), 2);
    assert!(crate::common::stderr(&output).contains("metrics cannot be served"));
}
