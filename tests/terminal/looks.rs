//! How the dashboard looks and which keys it takes: flags, configuration, environment, terminal.

use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::screen::Screen;
use crate::screen::Terminal;

fn configure(home: &Path, text: &str) {
    let folder = home.join(".config/rtmpscope");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("config.toml"), text).expect("a file");
}

fn opened(screen: &Screen) -> String {
    screen.wait_until("the dashboard", |shown| {
        shown.contains("2 connections") && shown.contains(" help")
    })
}

fn leave(screen: &Screen) {
    screen.text("q");
    assert_eq!(screen.end(), 0);
}

/// Numbers of the control sequences that set colours of the foreground.
fn colours(styled: &str) -> Vec<&str> {
    let sequences = styled.split("\x1b[").skip(1);
    sequences
        .filter_map(|sequence| Some(sequence.split_once('m')?.0))
        .filter(|style| {
            style
                .split(';')
                .any(|number| matches!(number.parse(), Ok(30..=38 | 90..=97)))
        })
        .collect()
}

#[test]
fn keys_are_those_of_the_configuration() {
    let home = tempfile::tempdir().expect("a folder");
    configure(home.path(), "[keys]\nhelp = [\"f9\"]\ncopy = []\n");
    let terminal = Terminal::of((100, 24)).at_home(home.path());
    let Some(screen) = terminal.start(&["demo"]) else {
        return;
    };
    let shown = opened(&screen);
    assert!(shown.contains("F9 help"), "{shown}");
    screen.keys(&["F9"]);
    screen.wait_for("show only what an expression lets through");
    screen.keys(&["Escape"]);
    screen.wait_until("the help is gone", |shown| {
        !shown.contains("show only what an expression lets through")
    });
    leave(&screen);
}

#[test]
fn a_wrong_configuration_is_told_before_the_screen_is_taken() {
    let home = tempfile::tempdir().expect("a folder");
    configure(home.path(), "mouse = \"off\"\n");
    let terminal = Terminal::of((100, 24)).at_home(home.path());
    let Some(screen) = terminal.start(&["demo"]) else {
        return;
    };
    let shown = screen.wait_for("ended with 2");
    let shown = shown.replace('\n', "");
    assert!(shown.contains("config.toml:1:9: mouse: expected true or false"));
    let terminal = Terminal::of((100, 24)).at_home(home.path());
    let Some(screen) = terminal.start(&["demo", "--no-config"]) else {
        return;
    };
    opened(&screen);
    leave(&screen);
}

#[test]
fn ascii_is_drawn_where_it_is_asked_for_or_nothing_else_can_be_shown() {
    let asked = Terminal::of((100, 24)).start(&["demo", "--ascii"]);
    let by_locale = Terminal::of((100, 24)).with("LC_ALL", "C").start(&["demo"]);
    let at_start = Terminal::of((100, 24)).start(&["--ascii"]);
    let (Some(asked), Some(by_locale), Some(at_start)) = (asked, by_locale, at_start) else {
        return;
    };
    for screen in [&asked, &by_locale] {
        let shown = opened(screen);
        assert!(shown.is_ascii(), "{shown}");
        leave(screen);
    }
    let shown = at_start.wait_for("Where is the RTMP?");
    assert!(shown.is_ascii(), "{shown}");
    leave(&at_start);
}

#[test]
fn no_color_means_none_unless_they_are_asked_for() {
    let none = Terminal::of((100, 24))
        .with("NO_COLOR", "1")
        .start(&["demo"]);
    let always = Terminal::of((100, 24))
        .with("NO_COLOR", "1")
        .start(&["demo", "--color", "always"]);
    let (Some(none), Some(always)) = (none, always) else {
        return;
    };
    opened(&none);
    assert_eq!(colours(&none.styled()), [""; 0]);
    leave(&none);
    opened(&always);
    let styled = always.styled();
    // The terminal within tmux has 256.
    assert!(colours(&styled).iter().any(|style| style.contains("38;5;")));
    leave(&always);
}

/// A terminal that answers to the question of its background with this, with keys before and
/// behind; what the program draws until it has gone.
fn answered(answer: &str) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_rtmpscope");
    // What goes wrong here is a wait without end.
    let line = format!("stty rows 30 cols 100; timeout --foreground 60 {program} demo --no-config");
    let child = Command::new("script")
        .args(["-qc", &line, "/dev/null"])
        .env("TERM", "xterm-256color")
        .env("SHELL", "/bin/sh")
        .env("COLORTERM", "truecolor")
        .env("LC_ALL", "C.UTF-8")
        .env("RTMPSCOPE_NO_RECENT", "1")
        .env_remove("NO_COLOR")
        .env_remove("COLORFGBG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: there is no script(1)");
        return None;
    };
    let mut keys = child.stdin.take().expect("a pipe");
    let mut out = child.stdout.take().expect("a pipe");
    let mut drawn = String::new();
    let mut piece = [0; 4096];
    let mut steps = [
        ("\x1b]11;?", format!("?{answer}")),
        // The help, which the key before the answer opened.
        ("explain", "qq".to_owned()),
        ("\x1b[?1049l", String::new()),
    ]
    .into_iter();
    let mut step = steps.next();
    while let Some((what, typed)) = &step {
        if drawn.contains(what) {
            keys.write_all(typed.as_bytes()).expect("keys");
            step = steps.next();
            continue;
        }
        let count = out.read(&mut piece).expect("output");
        assert!(count > 0, "it ended before {what:?}: {drawn:?}");
        drawn.push_str(&String::from_utf8_lossy(piece.get(..count)?));
    }
    child.wait().expect("the end");
    Some(drawn)
}

#[test]
fn the_terminal_is_asked_whether_it_is_dark_and_no_key_is_lost() {
    // The accents of the two themes.
    let (on_dark, on_light) = ("38;2;95;215;230", "38;2;0;99;111");
    for (answer, expected) in [
        ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", on_light),
        ("\x1b]11;rgb:1e/1e/2e\x07", on_dark),
        ("", on_dark),
    ] {
        let Some(drawn) = answered(answer) else {
            return;
        };
        assert!(drawn.contains(expected), "{answer:?}: {drawn:?}");
    }
}
