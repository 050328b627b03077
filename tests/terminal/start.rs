//! The Start screen, from a program without arguments to the dashboard.

use std::process::Command;

use crate::common::sample;
use crate::screen::Screen;
use crate::screen::Terminal;

const QUESTION: &str = "Where is the RTMP?";

/// Waits for the whole screen, which ends with the hints; what is on it.
fn asked(screen: &Screen) -> String {
    screen.wait_until("the Start screen", |shown| {
        shown.contains(QUESTION) && shown.contains("? help")
    })
}

#[test]
fn the_demo_is_opened_without_any_file() {
    let Some(screen) = Terminal::of((120, 30)).start(&[]) else {
        return;
    };
    let shown = asked(&screen);
    assert!(
        shown.contains("Interfaces") && shown.contains("Captures"),
        "{shown}"
    );
    screen.text("d");
    let shown = screen.wait_until("two streams of the demo", |shown| {
        shown.contains("built-in demo") && shown.contains("2 connections")
    });
    assert!(shown.contains("192.0.2.10"), "{shown}");
    screen.text("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn a_capture_is_opened_by_its_path_and_listed_the_next_time() {
    let home = tempfile::tempdir().expect("a folder");
    let name = "slow-uplink.pcap.gz";
    let path = sample(name);
    let (begin, _) = path.split_at(path.len() - "link.pcap.gz".len());
    for run in ["the first time", "the second time"] {
        let Some(screen) = Terminal::of((120, 30)).at_home(home.path()).start(&[]) else {
            return;
        };
        let shown = asked(&screen);
        let is_listed = shown.contains("now") && shown.contains("slow-upl");
        assert_eq!(is_listed, run == "the second time", "{shown}");
        if is_listed {
            // It is selected, wherever the keys are.
            screen.text("f");
            screen.wait_for("Enter done");
            screen.keys(&["BTab"]);
            screen.wait_for("Enter open");
        } else {
            screen.text("o");
            screen.wait_for("Which capture?");
            screen.text(begin);
            screen.keys(&["Tab"]);
            screen.wait_for(name);
        }
        screen.keys(&["Enter"]);
        screen.wait_until(run, |shown| {
            shown.contains(name) && shown.contains("1 connection")
        });
        screen.text("q");
        assert_eq!(screen.end(), 0);
    }
    // With either switch nothing is listed.
    for (value, args) in [("1", &[][..]), ("", &["--no-recent"])] {
        let terminal = Terminal::of((120, 30)).at_home(home.path());
        let terminal = terminal.with("RTMPSCOPE_NO_RECENT", value);
        if let Some(screen) = terminal.start(args) {
            screen.wait_for("are not remembered");
        }
    }
}

#[cfg(feature = "live")]
#[test]
fn a_filter_is_looked_at_while_it_is_typed() {
    let Some(screen) = Terminal::of((80, 24)).start(&[]) else {
        return;
    };
    asked(&screen);
    screen.text("ftcp prot 1935");
    screen.wait_for("✖ syntax error");
    screen.keys(&["C-u"]);
    screen.text("host camera.invalid");
    screen.wait_for("if there is such a name: camera.invalid");
    screen.keys(&["C-u"]);
    screen.paste("udp port 1935\n");
    screen.wait_for("✔ valid");
    screen.keys(&["Escape"]);
    screen.wait_for("d demo");
    screen.text("d");
    // No datagram is RTMP.
    screen.wait_until("nothing that the filter lets through", |shown| {
        shown.contains("built-in demo") && shown.contains("0 connections")
    });
    screen.text("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn what_cannot_be_opened_is_told_and_another_thing_can_be() {
    let Some(screen) = Terminal::of((80, 24)).start(&[]) else {
        return;
    };
    asked(&screen);
    screen.paste(&format!("{}/Cargo.toml", crate::common::root().display()));
    screen.wait_for("Which capture?");
    screen.keys(&["Enter"]);
    screen.wait_for("not a capture file");
    screen.keys(&["Enter"]);
    screen.wait_for("Which capture?");
    screen.keys(&["Escape"]);
    screen.wait_until("the field is gone", |shown| {
        !shown.contains("Which capture?")
    });
    screen.wait_for(QUESTION);
    screen.keys(&["Escape"]);
    assert_eq!(screen.end(), 0);
}

#[test]
fn every_size_has_something_whole() {
    let Some(screen) = Terminal::of((160, 45)).start(&[]) else {
        return;
    };
    for (width, height) in [(160, 45), (40, 10), (80, 24), (20, 5), (60, 16)] {
        screen.resize((width, height));
        // The last line is where the terminal ends.
        let shown = screen.wait_until("a screen of this size", |shown| {
            let last = shown.lines().last().unwrap_or_default();
            shown.lines().count() == usize::from(height) && last.contains("Enter")
        });
        assert!(shown.contains("BPF filter"), "{shown}");
    }
    screen.resize((40, 10));
    screen.click("d demo");
    screen.wait_for("built-in demo");
    screen.text("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn without_the_right_to_capture_the_rest_goes_on() {
    // No capability can be had, also not by root.
    let without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    let tried = Command::new("setpriv")
        .args(without.iter().skip(1))
        .arg("true")
        .status();
    if !tried.is_ok_and(|status| status.success()) {
        println!("skipped: setpriv cannot take the right to capture away");
        return;
    }
    let Some(screen) = Terminal::of((80, 24)).through(&without).start(&[]) else {
        return;
    };
    screen.wait_for("Cannot capture here");
    screen.keys(&["BTab"]);
    screen.wait_for("Enter capture");
    screen.keys(&["Enter"]);
    screen.wait_for("Cannot be opened");
    screen.keys(&["Escape"]);
    screen.wait_for("d demo");
    screen.text("d");
    screen.wait_for("2 connections");
    screen.text("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn the_terminal_is_given_back_when_the_program_is_ended() {
    for signal in ["TERM", "HUP", "INT"] {
        let Some(screen) = Terminal::of((80, 24)).start(&[]) else {
            return;
        };
        asked(&screen);
        screen.signal(signal);
        assert_eq!(screen.end(), 0, "{signal}");
    }
}

#[test]
fn root_leaves_nothing_in_the_home_of_somebody_else() {
    let home = tempfile::tempdir().expect("a folder");
    // As `sudo` leaves the variable on some systems.
    if std::os::unix::fs::chown(home.path(), Some(65_534), None).is_err() {
        println!("skipped: only root can try what root must not do");
        return;
    }
    let terminal = Terminal::of((80, 24)).at_home(home.path());
    let Some(screen) = terminal.start(&[&sample("slow-uplink.pcap.gz")]) else {
        return;
    };
    screen.wait_for("1 connection");
    screen.text("q");
    assert_eq!(screen.end(), 0);
    let left = std::fs::read_dir(home.path()).expect("a folder").count();
    assert_eq!(left, 0);
}

#[cfg(feature = "live")]
#[test]
fn an_interface_is_captured_on() {
    let Some(screen) = Terminal::of((100, 24)).start(&[]) else {
        return;
    };
    let shown = asked(&screen);
    if shown.contains("Cannot capture") || !shown.contains("all interfaces") {
        println!("skipped: interfaces cannot be captured on here");
        return;
    }
    // A rate is there within a second, also where nothing goes on.
    screen.wait_for("bit/s");
    screen.keys(&["Enter"]);
    let shown = screen.wait_until("the dashboard, or why not", |shown| {
        shown.contains("● live") || shown.contains("Cannot be opened")
    });
    if shown.contains("Cannot be opened") {
        println!("skipped: {shown}");
        return;
    }
    assert!(shown.contains("any"), "{shown}");
    // The capture would be lost: one key is not enough.
    screen.text("q");
    screen.wait_for("again to leave");
    screen.text("q");
    assert_eq!(screen.end(), 0);
}
