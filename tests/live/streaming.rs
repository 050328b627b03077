//! Real programs stream over the loopback while we watch: what is reported live is what is reported
//! of the file that was written meanwhile.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use crate::common::code;
use crate::common::run;
use crate::common::stderr;
use crate::common::stdout;
use crate::interfaces::Pair;
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

/// Where programs meet: on the loopback, or across two network namespaces.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    /// Namespace of the server and of who watches.
    near: Option<&'a str>,
    /// Namespace of publishers and players.
    far: Option<&'a str>,
    interface: &'a str,
    /// Address of the server.
    address: &'a str,
    port: u16,
}

impl Place<'_> {
    fn loopback(port: u16) -> Self {
        Self {
            near: None,
            far: None,
            interface: "lo",
            address: "127.0.0.1",
            port,
        }
    }

    fn url(&self, stream: &str) -> String {
        format!("rtmp://{}:{}/live/{stream}", self.address, self.port)
    }

    /// A publisher or player, silent.
    fn client(&self, program: &str, args: &[&str]) -> Running {
        let child = command_in(self.far, program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the client can be started");
        Running(child)
    }
}

/// A program, in a namespace or in this one.
fn command_in(namespace: Option<&str>, program: &str) -> Command {
    let Some(namespace) = namespace else {
        return Command::new(program);
    };
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}

/// nginx with its RTMP module on the loopback; `None`, with a word, where there is none.
pub(crate) fn server(port: u16, folder: &Path) -> Option<Running> {
    server_at(&Place::loopback(port), folder)
}

fn server_at(place: &Place<'_>, folder: &Path) -> Option<Running> {
    if !has("nginx") {
        return None;
    }
    if !Path::new(MODULE).exists() {
        println!("skipped: nginx has no RTMP module");
        return None;
    }
    let (path, address, port) = (folder.display(), place.address, place.port);
    // Workers would outlive a master that is killed, and go on listening.
    let config = format!(
        "load_module {MODULE};\nmaster_process off;\ndaemon off;\npid {path}/nginx.pid;\n\
         error_log {path}/error.log info;\nevents {{ worker_connections 64; }}\n\
         rtmp {{ access_log off; server {{ listen {address}:{port}; chunk_size 4096;\n\
         application live {{ live on; }} }} }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).expect("a file");
    let child = command_in(place.near, "nginx")
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
    wait_for("nginx listens", || is_listened_on(place));
    Some(running)
}

/// Whether somebody listens on the port: state 0A in the kernel's table of TCP.
fn is_listened_on(place: &Place<'_>) -> bool {
    let table = command_in(place.near, "cat").arg("/proc/net/tcp").output();
    let table = table.map_or_else(|_| Vec::new(), |output| output.stdout);
    let end = format!(":{:04X}", place.port);
    String::from_utf8_lossy(&table).lines().any(|line| {
        let mut words = line.split_whitespace().skip(1);
        let is_there = words.next().is_some_and(|local| local.ends_with(&end));
        is_there && words.nth(1) == Some("0A")
    })
}

/// Publishes some seconds of a picture and a tone in real time.
pub(crate) fn publisher(url: &str) -> Running {
    publisher_at(&Place::loopback(0), url, 3)
}

fn publisher_at(place: &Place<'_>, url: &str, seconds: u32) -> Running {
    let picture = format!("testsrc=size=160x90:rate=15:duration={seconds}");
    let tone = format!("sine=duration={seconds}");
    let inputs = [
        "-re", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &tone,
    ];
    let video = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15"];
    let output = ["-c:a", "aac", "-f", "flv", url];
    place.client("ffmpeg", &[&inputs[..], &video, &output].concat())
}

/// The same by GStreamer, through one of its two elements for it: its own, or that of librtmp.
fn gstreamer(place: &Place<'_>, sink: &str, url: &str) -> Running {
    let location = format!("location={url} live=1");
    let location = match sink {
        "rtmpsink" => location,
        _ => format!("location={url}"),
    };
    let pipeline = "videotestsrc is-live=true num-buffers=45 \
        ! video/x-raw,width=160,height=90,framerate=15/1 ! x264enc speed-preset=ultrafast \
        key-int-max=15 ! h264parse ! flvmux name=mux streamable=true ! SINK LOCATION \
        audiotestsrc is-live=true num-buffers=129 samplesperbuffer=1024 \
        ! audio/x-raw,rate=44100,channels=1 ! voaacenc ! aacparse ! mux.";
    let words = pipeline.split_whitespace().map(|word| match word {
        "SINK" => sink,
        "LOCATION" => &location,
        word => word,
    });
    let args: Vec<&str> = ["-q", "-e"].into_iter().chain(words).collect();
    place.client("gst-launch-1.0", &args)
}

/// Whether GStreamer has all that [`gstreamer`] needs; says so when not.
fn has_gstreamer() -> bool {
    let elements = ["x264enc", "voaacenc", "flvmux", "rtmp2sink", "rtmpsink"];
    has("gst-launch-1.0")
        && has("gst-inspect-1.0")
        && elements.iter().all(|element| {
            let found = Command::new("gst-inspect-1.0")
                .args(["--exists", element])
                .status()
                .is_ok_and(|status| status.success());
            if !found {
                println!("skipped: GStreamer has no {element}");
            }
            found
        })
}

/// Plays a stream to its end: librtmp, or ffmpeg's own.
fn player(place: &Place<'_>, program: &str, url: &str) -> Running {
    let args: &[&str] = match program {
        "rtmpdump" => &["-q", "-v", "-r", url, "-o", "/dev/null"],
        _ => &["-loglevel", "error", "-i", url, "-f", "null", "-"],
    };
    place.client(program, args)
}

fn wait_for_end(what: &str, running: &mut Running) {
    wait_for(what, || {
        running.0.try_wait().is_ok_and(|status| status.is_some())
    });
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

/// Watches while `stream` has programs talk, and holds what was reported live against what is reported
/// of the file that was written meanwhile: the same, message for message. Returns the records.
fn watched(place: &Place<'_>, folder: &Path, stream: impl FnOnce()) -> Option<Vec<Value>> {
    let file = folder.join("live.pcapng");
    let file = file.to_str().expect("a path");
    let filter = format!("tcp port {}", place.port);
    // No statistics: those of an interface come by its clock, also where no frame comes.
    let events = "connection,handshake,message,call,track,gap,anomaly,connection_end,lock,capture";
    let interface = place.interface;
    let args = [
        "json", "-i", interface, "-w", file, "--events", events, &filter,
    ];
    let watcher = Watcher::start(place.near, &args, folder)?;
    stream();
    assert_eq!(watcher.end(), 0);
    let live = fs::read_to_string(folder.join("stdout")).expect("records");
    let written = run(&["json", file, "--events", events]);
    assert_eq!(code(&written), 0, "{}", stderr(&written));
    let (mut of_live, mut of_file) = (records(&live), records(&stdout(&written)));
    // Which of two connections is told of first is not promised: time goes on without a frame here,
    // and is over with the last one there.
    for records in [&mut of_live, &mut of_file] {
        records.sort_by_key(|record| record["flow_id"].as_u64());
    }
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
    let told = |place| capture.pointer(place).cloned();
    assert_eq!(told("/capture/dropped_by_kernel"), Some(0.into()));
    assert_eq!(told("/capture/queue_waits"), Some(0.into()));
    let name = told("/capture/inputs/0/name");
    assert_eq!(name, Some(interface.into()));
    Some(of_live)
}

fn count(records: &[Value], kind: &str) -> usize {
    let of_kind = records.iter().filter(|record| record["event_type"] == kind);
    of_kind.count()
}

#[test]
fn what_is_reported_live_is_what_the_written_file_says() {
    if !has("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::loopback(free_port());
    let Some(_server) = server_at(&place, folder.path()) else {
        return;
    };
    let records = watched(&place, folder.path(), || {
        let url = place.url("one");
        let mut publisher = publisher(&url);
        // nginx lets players wait for a stream.
        let mut players = vec![player(&place, "ffmpeg", &url)];
        if has("rtmpdump") {
            players.push(player(&place, "rtmpdump", &url));
        }
        wait_for_end("the publisher ends", &mut publisher);
    });
    if let Some(records) = records {
        assert!(count(&records, "message") > 200, "a stream");
    }
}

#[test]
fn the_same_holds_across_namespaces_and_for_who_comes_again() {
    if !has("ffmpeg") || !has("rtmpdump") || !has_gstreamer() {
        return;
    }
    let Some(pair) = Pair::new("stream") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place {
        near: Some(&pair.near),
        far: Some(&pair.far),
        interface: "near0",
        address: "192.0.2.1",
        port: 1935,
    };
    // A pair takes a moment until it carries anything.
    pair.ping(1);
    let Some(_server) = server_at(&place, folder.path()) else {
        return;
    };
    let records = watched(&place, folder.path(), || {
        let [one, two, three] = ["one", "two", "three"].map(|name| place.url(name));
        let mut publishers = [
            publisher_at(&place, &one, 3),
            gstreamer(&place, "rtmp2sink", &two),
            gstreamer(&place, "rtmpsink", &three),
        ];
        let players = [
            player(&place, "ffmpeg", &two),
            player(&place, "rtmpdump", &three),
        ];
        for publisher in &mut publishers {
            wait_for_end("a publisher ends", publisher);
        }
        // Who is slow to begin is waited for.
        wait_for("five connections are told", || {
            let live = fs::read_to_string(folder.path().join("stdout")).unwrap_or_default();
            live.matches("\"event_type\":\"connection\",").count() == 5
        });
        drop(players);
        wait_for_end("it comes again", &mut publisher_at(&place, &one, 1));
    });
    if let Some(records) = records {
        assert_eq!(count(&records, "connection"), 6);
        assert!(count(&records, "message") > 600, "five streams");
        let roles = records
            .iter()
            .filter(|record| record["event_type"] == "connection_end")
            .filter(|record| record["connection_end"]["role"] == "publisher");
        assert_eq!(roles.count(), 4);
    }
}
