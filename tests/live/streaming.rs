//! Real programs stream over the loopback while we watch: what is reported live is what is reported
//! of the file that was written meanwhile.

use std::fs;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use crate::common::code;
use crate::common::run;
use crate::common::stderr;
use crate::common::stdout;
use crate::watch::Running;
use crate::watch::Watcher;
use crate::watch::has;
use crate::watch::wait_for;

/// Where Debian puts the module.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

pub(crate) fn server(port: u16, folder: &Path) -> Option<Running> {
    if !has("nginx") {
        return None;
    }
    if !Path::new(MODULE).exists() {
        println!("skipped: nginx has no RTMP module");
        return None;
    }
    let path = folder.display();
    let config = format!(
        "load_module {MODULE};\nworker_processes 1;\ndaemon off;\npid {path}/nginx.pid;\n\
         error_log {path}/error.log info;\nevents {{ worker_connections 64; }}\n\
         rtmp {{ access_log off; server {{ listen 127.0.0.1:{port}; chunk_size 4096;\n\
         application live {{ live on; }} }} }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).expect("a file");
    let child = Command::new("nginx")
        .arg("-p")
        .arg(folder)
        .arg("-e")
        .arg(folder.join("error.log"))
        .arg("-c")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx can be started");
    let running = Running(child);
    wait_for("nginx listens", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    Some(running)
}

/// Publishes some seconds of a picture and a tone in real time.
pub(crate) fn publisher(url: &str) -> Running {
    let child = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-re"])
        .args([
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=160x90:rate=15:duration=3",
        ])
        .args(["-f", "lavfi", "-i", "sine=duration=3"])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "15",
            "-c:a",
            "aac",
        ])
        .args(["-f", "flv", url])
        .stdin(Stdio::null())
        .spawn()
        .expect("ffmpeg can be started");
    Running(child)
}

/// Plays a stream to its end: librtmp, or ffmpeg's own.
fn player(program: &str, url: &str) -> Running {
    let mut command = Command::new(program);
    match program {
        "rtmpdump" => command.args(["-q", "-v", "-r", url, "-o", "/dev/null"]),
        _ => command.args(["-loglevel", "error", "-i", url, "-f", "null", "-"]),
    };
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the player can be started");
    Running(child)
}

/// The records but for the one of the capture. What is told at its end is due to the end of time,
/// which is that of the last frame in a file, and later where a clock went on: of those only
/// messages keep their time.
fn records(text: &str) -> Vec<Value> {
    let records = text.lines();
    let records = records.map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    let mut records: Vec<Value> = records
        .filter(|record| record["event_type"] != "capture")
        .collect();
    for record in &mut records {
        if record["event_type"] != "message"
            && let Some(members) = record.as_object_mut()
        {
            members.remove("timestamp");
        }
    }
    records
}

#[test]
fn what_is_reported_live_is_what_the_written_file_says() {
    if !has("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let Some(_server) = server(port, folder.path()) else {
        return;
    };
    let file = folder.path().join("live.pcapng");
    let file = file.to_str().expect("a path");
    let filter = format!("tcp port {port}");
    // No statistics: those of an interface come by its clock, also where no frame comes.
    let events = "connection,handshake,message,call,track,gap,anomaly,connection_end,lock,capture";
    let args = ["json", "-i", "lo", "-w", file, "--events", events, &filter];
    let Some(watcher) = Watcher::start(None, &args, folder.path()) else {
        return;
    };
    let url = format!("rtmp://127.0.0.1:{port}/live/one");
    let mut publisher = publisher(&url);
    // nginx lets players wait for a stream.
    let mut players = vec![player("ffmpeg", &url)];
    if has("rtmpdump") {
        players.push(player("rtmpdump", &url));
    }
    wait_for("the publisher ends", || {
        publisher.0.try_wait().is_ok_and(|status| status.is_some())
    });
    drop(players);
    assert_eq!(watcher.end(), 0);
    let live = fs::read_to_string(folder.path().join("stdout")).expect("records");
    let written = run(&["json", file, "--events", events]);
    assert_eq!(code(&written), 0, "{}", stderr(&written));
    let (live, written) = (live, stdout(&written));
    let (of_live, of_file) = (records(&live), records(&written));
    let messages = of_live
        .iter()
        .filter(|record| record["event_type"] == "message");
    assert!(messages.count() > 200, "a stream");
    for (live, written) in of_live.iter().zip(&of_file) {
        assert_eq!(live, written);
    }
    assert_eq!(of_live.len(), of_file.len());
    // And nothing was lost on the way.
    let capture: Value = live
        .lines()
        .last()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .expect("a record");
    assert_eq!(capture["capture"]["dropped_by_kernel"], 0);
    assert_eq!(capture["capture"]["queue_waits"], 0);
    assert_eq!(capture["capture"]["inputs"][0]["name"], "lo");
}
