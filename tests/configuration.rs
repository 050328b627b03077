//! The configuration, and what is printed for packages, from outside.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run a program fails with the cause"
)]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use rtmpscope::tui::commands::COMMANDS;
use tempfile::TempDir;

use crate::common::code;
use crate::common::rtmpscope;
use crate::common::run;
use crate::common::sample;
use crate::common::stderr;
use crate::common::stdout;

const TWO: &str = "slow-uplink.pcap.gz";

/// A configuration in a folder of its own.
fn configuration(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rtmpscope/config.toml");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, text).expect("a file");
    (folder, path)
}

#[test]
fn what_is_wrong_with_a_configuration_is_told_with_its_place() {
    for (text, place, told) in [
        ("theme = \"drak\"", ":1:9: ", "expected auto, dark, light"),
        ("\nthme = \"dark\"", ":2:1: ", "did you mean \"theme\"?"),
        ("theme = ", ":1:", "config.toml"),
        (
            "[keys]\nfilter = \"q\"",
            ":2:1: ",
            "q would mean close and filter on Streams",
        ),
        ("[filters]\na = 'rol:pub'", ":2:5: ", "`role`"),
    ] {
        let (_folder, path) = configuration(text);
        let path = path.to_str().expect("a name");
        let output = run(&["report", "--config", path, &sample(TWO)]);
        let said = stderr(&output);
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "{said}");
        assert!(said.contains(&format!("{path}{place}")), "{said}");
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn a_configuration_that_is_named_has_to_be_there() {
    let output = run(&["report", "--config", "/nowhere/at.all", &sample(TWO)]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("/nowhere/at.all: "));
}

#[test]
fn what_prints_does_not_fail_because_of_how_the_dashboard_looks() {
    let (folder, _) = configuration("theme = 7");
    let output = rtmpscope()
        .args(["report", &sample(TWO)])
        .env("XDG_CONFIG_HOME", folder.path())
        .output()
        .expect("the program");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[test]
fn a_filter_has_a_name() {
    let (folder, _) = configuration("[filters]\npublishers = 'role:pub'\nlate = 'health<ok'\n");
    let report = |filter: &str| {
        rtmpscope()
            .args(["report", "-Y", filter, &sample("ffmpeg-nginx.pcap")])
            .env("XDG_CONFIG_HOME", folder.path())
            .output()
            .expect("the program")
    };
    let named = report(":publishers");
    assert_eq!(code(&named), 0, "{}", stderr(&named));
    assert_eq!(stdout(&named), stdout(&report("role:pub")));
    assert_ne!(stdout(&named), stdout(&report("role:play")));
    let wrong = report(":publisher");
    assert_eq!(code(&wrong), 2);
    let said = stderr(&wrong);
    assert!(said.contains("did you mean :publishers?"), "{said}");
}

#[test]
fn the_template_is_a_configuration() {
    let template = stdout(&run(&["--print-config-template"]));
    let (_folder, path) = configuration(&template);
    let path = path.to_str().expect("a name");
    let output = run(&["report", "--config", path, &sample(TWO)]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for command in COMMANDS {
        let line = format!("\n#{} = [", command.name);
        assert!(template.contains(&line), "{}", command.name);
    }
}

#[test]
fn the_manual_page_names_every_command_key_and_flag() {
    let output = run(&["--generate-man"]);
    let page = stdout(&output);
    assert_eq!(code(&output), 0);
    for section in ["NAME", "SYNOPSIS", "OPTIONS", "FILES", "ENVIRONMENT"] {
        assert!(page.contains(&format!(".SH {section}\n")), "{section}");
    }
    for section in ["KEYS", "CONFIGURATION", "EXAMPLES", "\"EXIT STATUS\""] {
        assert!(page.contains(&format!(".SH {section}\n")), "{section}");
    }
    let page = page.replace("\\-", "-");
    for command in COMMANDS {
        let name = format!("\\fI{}\\fR", command.name);
        assert!(page.contains(&name), "{}", command.name);
    }
    for flag in ["--theme", "--config", "--display-filter", "--interval"] {
        assert!(page.contains(flag), "{flag}");
    }
}

#[test]
fn the_manual_page_is_one_for_man() {
    let page = run(&["--generate-man"]).stdout;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rtmpscope.1");
    fs::write(&path, page).expect("a file");
    let rendered = Command::new("man")
        .args(["--warnings", "-E", "UTF-8", "-l"])
        .arg(&path)
        // A locale that is not there would be told.
        .env("LC_ALL", "C.UTF-8")
        .env("MANWIDTH", "100")
        .env("MANPAGER", "cat")
        .output();
    let Ok(output) = rendered else {
        println!("skipped: there is no man(1)");
        return;
    };
    let said = stderr(&output);
    let text = stdout(&output);
    if !output.status.success() && text.is_empty() {
        println!("skipped: man(1) renders nothing here: {said}");
        return;
    }
    assert_eq!(said, "");
    for word in ["next-finding", "theme = \"auto\"", "User Commands"] {
        assert!(text.contains(word), "{word}:\n{text}");
    }
}

#[test]
fn completions_are_scripts_of_their_shells() {
    for (shell, check) in [
        ("bash", &["-n"][..]),
        ("zsh", &["-n"]),
        ("fish", &["--no-execute"]),
    ] {
        let output = run(&["--generate-completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        let script = stdout(&output);
        for word in ["high-contrast", "display-filter", "sensor"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        let child = Command::new(shell)
            .args(check)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            println!("skipped: there is no {shell}");
            continue;
        };
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&output.stdout).expect("written");
        drop(stdin);
        let output = child.wait_with_output().expect("the end");
        assert!(output.status.success(), "{shell}: {}", stderr(&output));
    }
}

#[test]
fn one_thing_is_printed_at_a_time() {
    let output = run(&["--generate-man", "--print-config-template"]);
    assert_eq!(code(&output), 2);
    let output = run(&["--no-config", "--config", "x", "report", &sample(TWO)]);
    assert_eq!(code(&output), 2);
}
