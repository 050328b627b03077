//! The dashboard on samples, as somebody uses it: found, filtered, followed to its frame, saved,
//! made small, left, killed.

use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::common;
use crate::screen::Screen;
use crate::screen::Terminal;

fn on(name: &str, more: &[&str]) -> Option<Screen> {
    let sample = common::sample(name);
    let mut args = vec!["tui", &sample];
    args.extend(more);
    let screen = Terminal::of((120, 36)).start(&args)?;
    screen.wait_for("quit");
    Some(screen)
}

/// Everything has been read: nothing on the screen will change but for keys.
fn read_through(screen: &Screen) -> String {
    screen.wait_until("read to the end", |shown| {
        shown.contains("quit") && !shown.contains("reading")
    })
}

#[test]
fn a_connection_is_opened_walked_through_and_left() {
    let Some(screen) = on("ffmpeg-nginx.pcap", &[]) else {
        return;
    };
    read_through(&screen);
    screen.keys(&["Enter"]);
    screen.wait_for("setup");
    for (key, there) in [
        ("3", "createStream"),
        ("4", "kbit/s"),
        ("5", "set chunk size"),
        ("6", "Nothing odd"),
        ("1", "STREAM"),
    ] {
        screen.text(key);
        screen.wait_for(there);
    }
    screen.text("q");
    assert_eq!(screen.end(), 0);
    // What was there stays behind in a line.
    let left = screen.shown();
    let counts = "2 189 frames, 2 RTMP connections (1 published, 1 played), 966 messages";
    assert!(left.contains(counts), "{left}");
}

#[test]
fn lists_are_filtered_as_one_types() {
    let Some(screen) = on("ffmpeg-nginx.pcap", &[]) else {
        return;
    };
    read_through(&screen);
    screen.text("/rol");
    screen.wait_for("what the client does");
    screen.keys(&["Tab"]);
    screen.text(":play");
    screen.wait_for("Enter applies it");
    screen.keys(&["Enter"]);
    screen.wait_for("1 of 2 shown");
    screen.text("/ and fps:abc");
    screen.wait_for("✖");
    screen.keys(&["Escape"]);
    // An escape with a key close behind it would be that key with Alt.
    screen.wait_until("the field is gone", |shown| !shown.contains("fps:abc"));
    // The messages of the player have filters of their own: tshark counts as many.
    screen.keys(&["Enter"]);
    screen.text("5");
    screen.wait_for("messages");
    screen.text("/msg:video and dir:server");
    screen.keys(&["Enter"]);
    let output = common::run(&[
        "json",
        "-q",
        "--events",
        "message",
        &common::sample("ffmpeg-nginx.pcap"),
    ]);
    let of_player = common::stdout(&output)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|record| {
            let is = |place: &str, wanted: &str| {
                record.pointer(place).and_then(Value::as_str) == Some(wanted)
            };
            record.pointer("/flow_id") == Some(&Value::from(2))
                && is("/message/type", "video")
                && is("/direction", "to_client")
        })
        .count();
    assert!(of_player > 50, "{of_player}");
    screen.wait_for(&format!("{of_player} of"));
    screen.keys(&["C-c"]);
    assert_eq!(screen.end(), 0);
}

#[test]
fn a_finding_leads_to_the_frame_that_proves_it() {
    let Some(screen) = on("publisher-paused.pcap.gz", &[]) else {
        return;
    };
    let sample = common::sample("publisher-paused.pcap.gz");
    let output = common::run(&["json", "-q", "--events", "anomaly", &sample]);
    let first = common::stdout(&output);
    let record: Value = serde_json::from_str(first.lines().next().unwrap_or_default())
        .expect("a record of an anomaly");
    let frame = record
        .pointer("/anomaly/evidence/frame")
        .and_then(Value::as_u64);
    let frame = frame.expect("a frame").to_string();
    read_through(&screen);
    screen.text("6");
    screen.wait_for("media.gap");
    screen.keys(&["Enter"]);
    // The selected message ends with that frame.
    screen.wait_until(
        &format!("a message selected that ends with frame {frame}"),
        |shown| {
            let selected = shown.lines().find(|line| line.starts_with(['▸', '▲']));
            selected.is_some_and(|line| {
                line.split_whitespace()
                    .any(|word| word.split("..").last() == Some(&frame))
            })
        },
    );
    screen.keys(&["C-c"]);
    assert_eq!(screen.end(), 0);
}

#[test]
fn what_is_copied_is_in_the_clipboard_of_the_terminal() {
    let Some(screen) = on("player-stalled.pcap", &[]) else {
        return;
    };
    read_through(&screen);
    screen.text("e6y");
    screen.wait_for("copied");
    let copied = screen.clipboard();
    assert!(
        copied.starts_with("**media.gap** (error) on `live/****"),
        "{copied}"
    );
    screen.text("qq");
    assert_eq!(screen.end(), 0);
}

#[test]
fn keys_are_taken_while_the_capture_comes_through_a_pipe() {
    let sample = common::sample("player-stalled.pcap");
    let script = format!("cat '{sample}' | \"$@\"");
    let terminal = Terminal::of((120, 36)).through(&["sh", "-c", &script, "sh"]);
    let Some(screen) = terminal.start(&["tui", "-"]) else {
        return;
    };
    screen.wait_for("2 connections");
    screen.text("/role:player");
    screen.keys(&["Enter"]);
    screen.wait_for("1 of 2 shown");
    screen.text("qq");
    assert_eq!(screen.end(), 0);
}

#[test]
fn packets_are_saved_where_it_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let into = folder.path().to_string_lossy().into_owned();
    let Some(screen) = on("ffmpeg-nginx.pcap", &["--save-dir", &into]) else {
        return;
    };
    read_through(&screen);
    screen.text("w");
    screen.wait_for("ffmpeg-nginx-conn1-packets.pcapng");
    screen.keys(&["Enter"]);
    screen.wait_for("wrote 1 650 packets");
    // The same once more asks before it replaces.
    screen.text("w");
    screen.wait_for("Enter saves");
    screen.keys(&["Enter"]);
    screen.wait_for("Enter replaces it");
    screen.keys(&["Escape"]);
    // An escape with a key close behind it would be that key with Alt.
    screen.wait_until("the box is gone", |shown| !shown.contains("Enter saves"));
    screen.text(":q");
    screen.wait_for("what to do");
    screen.keys(&["C-c"]);
    assert_eq!(screen.end(), 0);
    let saved = folder.path().join("ffmpeg-nginx-conn1-packets.pcapng");
    let Ok(counted) = Command::new("tshark").arg("-r").arg(&saved).output() else {
        println!("skipped: there is no tshark to count the packets");
        return;
    };
    let lines = String::from_utf8_lossy(&counted.stdout).lines().count();
    assert_eq!(lines, 1650);
}

#[test]
fn a_capture_is_replayed_held_and_read_to_the_end() {
    let Some(screen) = on("ffmpeg-nginx.pcap", &["--replay=0.25"]) else {
        return;
    };
    screen.wait_for("▶ replay ×0.25");
    screen.wait_for("publishing");
    screen.keys(&["Enter"]);
    screen.wait_for("setup");
    screen.text(" ");
    screen.wait_for("‖ replay ×0.25");
    // Twice as fast the replay is over within seconds: nothing that takes time is done meanwhile.
    screen.text("+++");
    screen.wait_for("‖ replay ×2");
    screen.text(" ");
    screen.wait_for("▶ replay ×2");
    screen.text("R");
    screen.wait_until("the end", |shown| !shown.contains("replay ×"));
    screen.text("1");
    screen.wait_for("ended 00:11");
    // And once more from the begin, of what is read through.
    screen.keys(&["Enter"]);
    screen.wait_for("setup");
    screen.text(" ");
    screen.wait_for("▶ replay ×1");
    screen.keys(&["C-c"]);
    assert_eq!(screen.end(), 0);
}

#[test]
fn every_screen_fits_when_the_terminal_is_made_small() {
    let Some(screen) = on("player-stalled.pcap", &[]) else {
        return;
    };
    read_through(&screen);
    screen.text("]");
    screen.keys(&["Enter"]);
    screen.wait_for("setup");
    for size in [(60, 16), (40, 10), (20, 5), (160, 45), (80, 24)] {
        screen.resize(size);
        for key in ["2", "3", "4", "5", "6"] {
            screen.text(key);
            screen.wait_until("a screen of that size", |shown| {
                let widest = shown.lines().map(|line| line.chars().count()).max();
                widest <= Some(size.0.into())
                    && shown
                        .lines()
                        .next()
                        .is_some_and(|line| line.contains("rtmpscope"))
            });
        }
    }
    screen.keys(&["C-c"]);
    assert_eq!(screen.end(), 0);
}

#[test]
fn a_display_filter_of_the_command_line_is_there_at_the_begin() {
    let Some(screen) = on("ffmpeg-nginx.pcap", &["-Y", "role:pub"]) else {
        return;
    };
    let shown = screen.wait_for("1 of 2 shown");
    assert!(shown.contains("role:pub"), "{shown}");
    screen.keys(&["Escape"]);
    screen.wait_until("all of them", |shown| !shown.contains("of 2 shown"));
    screen.text("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn signals_end_the_dashboard_and_give_the_terminal_back() {
    for name in ["TERM", "HUP", "INT"] {
        let Some(screen) = on("ffmpeg-nginx.pcap", &[]) else {
            return;
        };
        screen.signal(name);
        assert_eq!(screen.end(), 0, "{name}");
    }
}

#[test]
fn who_loses_the_terminal_ends() {
    for args in [&["tui", "samples/ffmpeg-nginx.pcap"][..], &[]] {
        // Where nobody listens to the hang-up, the closed terminal itself has to be noticed.
        let deaf = ["sh", "-c", "trap '' HUP; \"$@\"", "sh"];
        let Some(screen) = Terminal::of((80, 24)).through(&deaf).start(args) else {
            return;
        };
        screen.wait_for("rtmpscope");
        screen.wait_for("help");
        let process = screen.process();
        drop(screen);
        let begin = Instant::now();
        // Who has ended may stay in the table until somebody asks how.
        let is_there = || {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        while is_there() {
            assert!(
                begin.elapsed() < Duration::from_secs(10),
                "still there: {args:?}"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}
