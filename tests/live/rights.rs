//! What the program may do while it watches, looked at from outside: by `/proc`, by files it must
//! not reach, by another user.

use std::collections::BTreeMap;
use std::fs;
use std::fs::OpenOptions;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::common::code;
use crate::common::command;
use crate::common::rtmpscope;
use crate::common::sample;
use crate::common::stderr;
use crate::common::stdout;
use crate::interfaces::Pair;
use crate::signals::Sender;
use crate::streaming::free_port;
use crate::watch::Running;
use crate::watch::Watcher;
use crate::watch::has;
use crate::watch::skip;
use crate::watch::wait_for;

/// The user and the group that own nothing, on Linux whatever they are called.
const NOBODY: u32 = 65534;

/// The capability to open packet sockets, as a set.
const NET_RAW: &str = "0000000000002000";

const NONE: &str = "0000000000000000";

/// What `/proc` says of a thread.
type Status = BTreeMap<String, String>;

fn status(path: &Path) -> Status {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect()
}

/// The threads of a process.
fn threads(id: u32) -> Vec<Status> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("a process");
    let tasks = tasks.map(|task| task.expect("a thread").path());
    // One may have ended meanwhile.
    tasks
        .map(|task| status(&task.join("status")))
        .filter(|status| !status.is_empty())
        .collect()
}

/// Asserts that a process is confined, with as many threads at least, all of this user.
fn assert_confined(id: u32, least: usize, user: u32) {
    // Some are started once it listens.
    wait_for("all threads", || threads(id).len() >= least);
    let threads = threads(id);
    let ids = [user; 4].map(|id| id.to_string()).join("\t");
    let mut captures = 0;
    for thread in &threads {
        let is = |key: &str, value: &str| {
            assert_eq!(
                thread.get(key).map(String::as_str),
                Some(value),
                "{key}: {thread:#?}"
            );
        };
        is("NoNewPrivs", "1");
        is("Seccomp", "2");
        is("Uid", &ids);
        is("CapEff", NONE);
        is("CapInh", NONE);
        is("CapAmb", NONE);
        if thread.get("Name").map(String::as_str) == Some("capture") {
            captures += 1;
            is("CapPrm", NET_RAW);
        } else {
            is("CapPrm", NONE);
        }
    }
    assert_eq!(captures, 1, "{threads:#?}");
}

/// Whether this is root, who can become others; says so when not.
fn is_root() -> bool {
    let own = status(Path::new("/proc/self/status"));
    let is_root = own.get("Uid").is_some_and(|uid| uid.starts_with("0\t"));
    if !is_root {
        println!("skipped: only root can become another user");
    }
    is_root
}

/// The user of this process.
fn own_user() -> u32 {
    fs::metadata("/proc/self").expect("a process").uid()
}

/// Whether the kernel has all that the program makes use of; says so when not.
fn is_confinable() -> bool {
    let output = rtmpscope().arg("doctor").output().expect("started");
    let text = stdout(&output);
    let is_confinable = text
        .lines()
        .any(|line| line.starts_with("ok    confinement"));
    if !is_confinable {
        println!("skipped: the kernel lacks a measure: {text}");
    }
    is_confinable
}

/// A folder that everybody may write into, and a copy of the program that everybody may run.
fn open_folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let everybody = fs::Permissions::from_mode(0o777);
    fs::set_permissions(folder.path(), everybody).expect("an open folder");
    let program = folder.path().join("rtmpscope");
    // Copied by another process: what this one has open for writing, a child that another test starts
    // meanwhile has open as well until it is another program, and nobody can run it.
    let copied = Command::new("cp")
        .arg(rtmpscope().get_program())
        .arg(&program)
        .status();
    assert!(copied.is_ok_and(|status| status.success()), "a copy");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let program = program.to_str().expect("a path").to_owned();
    (folder, program)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[test]
fn a_sensor_is_confined_in_all_its_threads_and_works() {
    if !is_confinable() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let log = folder.join("log/events.ndjson");
    fs::create_dir(folder.join("log")).expect("a folder");
    let port = free_port();
    let listen = port.to_string();
    let args = ["sensor", "-i", "lo", "-o", text(&log), "--metrics", &listen];
    let Some(mut watcher) = Watcher::start(None, &args, folder) else {
        return;
    };
    assert!(
        !watcher.said().contains("not confined"),
        "{}",
        watcher.said()
    );
    // The decoder, the one that captures, and the one that answers.
    assert_confined(watcher.id(), 3, own_user());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    // The file is opened again where it was.
    fs::rename(&log, folder.join("log/moved")).expect("moved");
    watcher.signal("HUP");
    watcher.signal("TERM");
    assert_eq!(watcher.wait(), 0, "{}", watcher.said());
    assert!(
        fs::read_to_string(&log)
            .expect("a log")
            .contains("\"capture\"")
    );
}

#[test]
fn a_sensor_that_writes_to_stdout_is_confined_in_all_its_threads() {
    if !is_confinable() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let Some(watcher) = Watcher::start(None, &["sensor", "-i", "lo"], folder.path()) else {
        return;
    };
    // The decoder, the one that captures, and the one that watches the output.
    assert_confined(watcher.id(), 3, own_user());
    assert_eq!(watcher.end(), 0);
}

#[test]
fn a_log_that_leads_elsewhere_is_not_followed() {
    if !is_confinable() {
        return;
    }
    for (extra, is_reached) in [(None, false), (Some("--no-confine"), true)] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        for name in ["log", "elsewhere"] {
            fs::create_dir(folder.join(name)).expect("a folder");
        }
        let log = folder.join("log/events.ndjson");
        let victim = folder.join("elsewhere/victim");
        let mut args = vec!["sensor", "-i", "lo", "-o", text(&log)];
        args.extend(extra);
        let Some(mut watcher) = Watcher::start(None, &args, folder) else {
            return;
        };
        fs::remove_file(&log).expect("a log");
        symlink(&victim, &log).expect("a link");
        watcher.signal("HUP");
        watcher.signal("TERM");
        assert_eq!(watcher.wait(), 0, "{}", watcher.said());
        assert_eq!(victim.exists(), is_reached, "{}", watcher.said());
        let is_told = watcher.said().contains("records cannot be written");
        assert_eq!(is_told, !is_reached, "{}", watcher.said());
    }
}

#[test]
fn an_input_that_leads_elsewhere_is_not_followed() {
    if !is_confinable() || !has("mkfifo") {
        return;
    }
    for (extra, exit) in [(None, 3), (Some("--no-confine"), 0)] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let (fifo, link) = (folder.join("fifo"), folder.join("link"));
        let made = Command::new("mkfifo").arg(&fifo).status();
        assert!(made.is_ok_and(|status| status.success()));
        let good = folder.join("good.pcap");
        fs::copy(sample("bad-name.pcap"), &good).expect("a copy");
        symlink(&good, &link).expect("a link");
        let child = rtmpscope()
            .args(["report", "-r", text(&fifo), "-r", text(&link)])
            .args(extra)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        // It waits for somebody who writes, and is confined by then.
        let capture = fs::read(sample("ffmpeg-nginx.pcap")).expect("a capture");
        let mut writer = OpenOptions::new()
            .write(true)
            .open(&fifo)
            .expect("a reader");
        std::io::Write::write_all(&mut writer, &capture).expect("written");
        let secret = folder.join("secret.pcap");
        fs::copy(sample("player-stalled.pcap"), &secret).expect("a copy");
        fs::remove_file(&link).expect("a link");
        symlink(&secret, &link).expect("another link");
        drop(writer);
        let output = child.wait_with_output().expect("the end");
        assert_eq!(code(&output), exit, "{}", stderr(&output));
        let is_denied = stderr(&output).contains("link: no permission to read it");
        assert_eq!(is_denied, exit == 3, "{}", stderr(&output));
        // What came before is shown.
        assert!(stdout(&output).contains("2 RTMP connections") || exit == 0);
    }
}

#[test]
fn packets_turn_into_files_of_the_user_who_was_asked_for() {
    if !is_confinable() || !is_root() {
        return;
    }
    let (folder, _) = open_folder();
    let folder = folder.path();
    let sender = Sender::new();
    let file = folder.join("ring.pcapng");
    let filter = sender.filter();
    let args = [
        "json",
        "-i",
        "lo",
        "-Z",
        "65534:65534",
        "-w",
        text(&file),
        "-b",
        "packets:10",
        "-b",
        "files:2",
        &filter,
    ];
    let Some(watcher) = Watcher::start(None, &args, folder) else {
        return;
    };
    // The decoder, the one that captures, and the one that watches the output.
    assert_confined(watcher.id(), 3, NOBODY);
    let groups = threads(watcher.id());
    assert!(
        groups.iter().all(|thread| thread["Groups"] == "65534"),
        "{groups:#?}"
    );
    sender.send(45, 1000);
    let ring = || {
        let files = fs::read_dir(folder).expect("a folder");
        let files = files.map(|file| file.expect("a file").path());
        let mut ring: Vec<_> = files.filter(|path| text(path).contains("ring_")).collect();
        ring.sort();
        ring
    };
    // Four are full, the fifth is begun, and two are kept.
    wait_for("the fifth file", || {
        ring()
            .last()
            .is_some_and(|path| text(path).contains("ring_00005_"))
    });
    assert_eq!(watcher.end(), 0);
    let ring = ring();
    assert_eq!(ring.len(), 2, "{ring:?}");
    for path in ring {
        let metadata = path.metadata().expect("a file");
        assert_eq!((metadata.uid(), metadata.gid()), (NOBODY, NOBODY));
    }
}

#[test]
fn who_called_sudo_is_who_captures() {
    if !is_confinable() || !is_root() {
        return;
    }
    for (extra, user) in [(&[][..], NOBODY), (&["-Z", "root"][..], 0)] {
        let folder = tempfile::tempdir().expect("a folder");
        let args = [&["json", "-i", "lo"][..], extra].concat();
        let set = [("SUDO_UID", "65534"), ("SUDO_GID", "65534")];
        let mut command = rtmpscope();
        command.envs(set);
        let Some(watcher) = Watcher::of(command, &args, folder.path()) else {
            return;
        };
        assert_confined(watcher.id(), 3, user);
        assert_eq!(watcher.end(), 0);
    }
}

#[test]
fn a_user_with_the_right_to_capture_alone_does_all_of_it() {
    if !is_confinable() || !is_root() || !has("setpriv") || !has("ping") {
        return;
    }
    let Some(pair) = Pair::new("alone") else {
        return;
    };
    let (folder, program) = open_folder();
    let folder = folder.path();
    let mut command = command("ip");
    command
        .args(["netns", "exec", &pair.near, "setpriv"])
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .args(["--bounding-set", "-all,+net_raw"])
        .args(["--inh-caps", "-all,+net_raw"])
        .args(["--ambient-caps", "-all,+net_raw"])
        .arg(&program)
        .stdin(Stdio::null());
    let file = folder.join("all.pcapng");
    // A name in the filter is looked up when the interface is opened again, too.
    let filter = "icmp or tcp port http";
    let args = ["json", "-i", "near0", "-w", text(&file), "-C", "4k", filter];
    let Some(watcher) = Watcher::of(command, &args, folder) else {
        return;
    };
    assert_confined(watcher.id(), 3, NOBODY);
    pair.ping(20);
    // The right that the capture thread kept is what this takes.
    pair.go_and_come_back(&watcher);
    assert_confined(watcher.id(), 3, NOBODY);
    pair.ping(20);
    assert_eq!(watcher.end(), 0);
    let second = folder.join("all.pcapng1");
    assert_eq!(second.metadata().expect("a second file").uid(), NOBODY);
}

#[test]
fn the_dashboard_is_confined_and_draws() {
    if !is_confinable() || !has("script") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (id, screen) = (folder.join("id"), folder.join("screen"));
    let program = rtmpscope();
    let line = format!(
        "stty rows 40 cols 120; echo $$ > {}; exec {} -i lo 2> {}",
        id.display(),
        program.get_program().to_string_lossy(),
        folder.join("stderr").display()
    );
    let child = command("script")
        .args(["-q", "-e", "-f", "-c", &line])
        .arg(&screen)
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("script can be started");
    let mut running = Running(child);
    let shown = || fs::read(&screen).unwrap_or_default();
    let drawn = |word: &str| String::from_utf8_lossy(&shown()).contains(word);
    let mut end = None;
    wait_for("the dashboard", || {
        end = running.0.try_wait().expect("a child");
        end.is_some() || drawn("onnections")
    });
    if let Some(status) = end {
        let said = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
        skip(status, &said);
        return;
    }
    let id: u32 = fs::read_to_string(&id)
        .ok()
        .and_then(|id| id.trim().parse().ok())
        .expect("a process");
    // The screen, the decoder, and the one that captures.
    assert_confined(id, 3, own_user());
    // Keys are heard.
    let keys = running.0.stdin.as_mut().expect("a pipe");
    // A live capture is not left by one key.
    std::io::Write::write_all(keys, b"qq").expect("two keys");
    wait_for("the end", || {
        running.0.try_wait().is_ok_and(|status| status.is_some())
    });
    assert!(!drawn("panicked"));
}

#[test]
fn without_confinement_everything_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["json", "-i", "lo", "--no-confine"];
    let Some(watcher) = Watcher::start(None, &args, folder.path()) else {
        return;
    };
    let own = status(Path::new("/proc/self/status"));
    for thread in threads(watcher.id()) {
        for key in ["Seccomp", "NoNewPrivs", "CapEff", "Uid"] {
            assert_eq!(thread.get(key), own.get(key), "{key}");
        }
    }
    assert_eq!(watcher.end(), 0);
}

#[test]
fn root_that_cannot_write_any_more_is_told_how() {
    if !is_confinable() || !is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("given away");
    let file = folder.path().join("a.pcapng");
    let run = |extra: &[&str]| {
        let mut command = rtmpscope();
        command.args(["json", "-i", "lo", "-a", "duration:1", "-w", text(&file)]);
        command.args(extra).output().expect("started")
    };
    let output = run(&[]);
    if code(&output) == 4 {
        println!("skipped: {}", stderr(&output));
        return;
    }
    assert_eq!(code(&output), 5);
    let said = stderr(&output);
    assert!(
        said.contains("-Z 65534:65534 writes as the folder's owner"),
        "{said}"
    );
    // And that is true.
    let output = run(&["-Z", "65534:65534"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(file.metadata().expect("a file").uid(), NOBODY);
}

#[test]
fn a_user_that_is_not_is_2() {
    let output = rtmpscope()
        .args(["json", "-i", "lo", "-Z", "no such user"])
        .output()
        .expect("started");
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("no such user"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_doctor_says_what_is_missing_and_what_helps() {
    let output = rtmpscope().arg("doctor").output().expect("started");
    let (exit, said) = (code(&output), stdout(&output));
    assert!(said.contains("with libpcap 1."), "{said}");
    assert!(exit == 0 || exit == 4, "{said}");
    assert_eq!(exit == 0, said.contains("ok    packet socket"), "{said}");
    assert_eq!(stderr(&output), "");
    if !is_root() || !has("setpriv") {
        return;
    }
    let (_folder, program) = open_folder();
    let doctor = |rights: &[&str]| {
        let mut command = command("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        let output = command.args(rights).args([&program, "doctor"]).output();
        let output = output.expect("setpriv can be started");
        (code(&output), stdout(&output))
    };
    let remedy = |said: &str| {
        let mut lines = said.lines();
        lines
            .find(|line| line.starts_with("no    packet socket"))
            .expect("no socket");
        lines.next().expect("a remedy").trim().to_owned()
    };
    let (exit, said) = doctor(&[]);
    assert_eq!(exit, 4, "{said}");
    assert!(
        remedy(&said).contains(&format!("setcap cap_net_raw=ep {program}")),
        "{said}"
    );
    let (exit, said) = doctor(&["--bounding-set", "-net_raw"]);
    assert_eq!(exit, 4, "{said}");
    assert!(remedy(&said).contains("--cap-add=NET_RAW"), "{said}");
    let (exit, said) = doctor(&["--no-new-privs"]);
    assert_eq!(exit, 4, "{said}");
    assert!(remedy(&said).contains("NoNewPrivs is set"), "{said}");
    // What it says is true.
    if has("setcap") {
        let set = Command::new("setcap")
            .args(["cap_net_raw=ep", &program])
            .status();
        if set.is_ok_and(|status| status.success()) {
            let (exit, said) = doctor(&[]);
            assert_eq!(exit, 0, "{said}");
        } else {
            println!("skipped: files have no capabilities here");
        }
    }
}
