//! What the black-box tests share: the program, the samples, the public captures.

#![allow(
    dead_code,
    reason = "each test program uses another part of this module"
)]

mod captures;
pub(crate) mod cut;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

/// The program, without a terminal.
pub(crate) fn rtmpscope() -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_rtmpscope"));
    // What tests open is nothing to remember for who runs them.
    command.stdin(Stdio::null()).env("RTMPSCOPE_NO_RECENT", "1");
    command
}

/// A command that starts the program, which is not to become who called sudo to run the tests.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_remove("SUDO_UID").env_remove("SUDO_GID");
    command
}

/// Runs the program to its end.
pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Output {
    rtmpscope()
        .args(args)
        .output()
        .expect("the program can be started")
}

/// The exit code; a program that a signal ended has none and fails the test.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| {
        panic!(
            "ended by a signal: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// What the program wrote to stdout.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("records and reports are UTF-8")
}

/// What the program wrote to stderr.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The path of a sample.
pub(crate) fn sample(name: &str) -> String {
    let path = root().join("samples").join(name);
    assert!(path.is_file(), "no sample {name}");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// All samples.
pub(crate) fn samples() -> Vec<PathBuf> {
    let found = captures_below(&root().join("samples"));
    assert!(!found.is_empty(), "samples/ holds captures");
    found
}

/// The public captures with RTMP, or none, with a word, where they are not.
pub(crate) fn public_captures() -> Vec<PathBuf> {
    captures::public().map_or_else(Vec::new, |folder| captures_below(&folder))
}

fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(captures_below(&path));
            continue;
        }
        let name = path.to_string_lossy();
        if [".pcap", ".pcapng", ".cap", ".gz", ".zst"]
            .iter()
            .any(|ending| name.ends_with(ending))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}
