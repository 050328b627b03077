//! The program while it watches an interface.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::common::command;
use crate::common::rtmpscope;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something holds; fails when it does not.
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Whether there is such a program; says so when not.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        println!("skipped: there is no {program}");
    }
    found
}

/// Skips a test, with what the program said, where it ended because it may not capture; fails where
/// it ended for another reason.
pub(crate) fn skip(status: ExitStatus, said: &str) {
    assert_eq!(status.code(), Some(4), "{status}: {said}");
    println!("skipped: {}", said.trim());
}

/// A program that ends with the test.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The packets captured so far, where a line tells the counters.
fn captured(line: &str) -> Option<u64> {
    let (number, more) = line.strip_prefix("rtmpscope: ")?.split_once(" packet")?;
    let is_all = more.contains(" captured, ") && more.contains(" dropped by kernel, ");
    let digits: String = number.split(' ').collect();
    digits.parse().ok().filter(|_| is_all)
}

/// The program, watching.
#[derive(Debug)]
pub(crate) struct Watcher {
    child: Running,
    errors: std::path::PathBuf,
}

impl Watcher {
    /// Starts it with these arguments in a namespace, or in this one; its output goes to files in
    /// `folder`. `None`, with a word, where it may not capture.
    pub(crate) fn start(namespace: Option<&str>, args: &[&str], folder: &Path) -> Option<Self> {
        let command = match namespace {
            None => rtmpscope(),
            Some(name) => {
                let mut command = command("ip");
                command
                    .args(["netns", "exec", name])
                    .arg(rtmpscope().get_program())
                    .stdin(Stdio::null());
                command
            }
        };
        Self::of(command, args, folder)
    }

    /// Starts this command with these arguments; see [`Watcher::start`].
    pub(crate) fn of(mut command: Command, args: &[&str], folder: &Path) -> Option<Self> {
        let errors = folder.join("stderr");
        let child = command
            .args(args)
            .stdout(File::create(folder.join("stdout")).expect("a file"))
            .stderr(File::create(&errors).expect("a file"))
            .spawn()
            .expect("the program can be started");
        let mut watcher = Self {
            child: Running(child),
            errors,
        };
        let mut end = None;
        wait_for("the program listens", || {
            end = watcher.child.0.try_wait().expect("a child");
            end.is_some() || watcher.said().contains("listening on")
        });
        if let Some(status) = end {
            skip(status, &watcher.said());
            return None;
        }
        Some(watcher)
    }

    /// What it said on stderr so far.
    pub(crate) fn said(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = File::open(&self.errors) {
            let _ = file.read_to_string(&mut text);
        }
        text
    }

    /// Packets captured by now, as it says when it is asked.
    pub(crate) fn counted(&self) -> u64 {
        // A line without its end is still being written.
        let told = || -> Vec<u64> {
            let said = self.said();
            let lines = said.split_inclusive('\n');
            let whole = lines.filter_map(|line| line.strip_suffix('\n'));
            whole.filter_map(captured).collect()
        };
        let before = told().len();
        self.signal("USR1");
        let mut answer = None;
        wait_for("the counters are told", || {
            answer = told().get(before).copied();
            answer.is_some()
        });
        answer.expect("the counters")
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "a signal");
    }

    /// Ends it as Ctrl-C does; its exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.signal("INT");
        self.wait()
    }

    /// Waits for its end; its exit code.
    pub(crate) fn wait(&mut self) -> i32 {
        let mut code = None;
        wait_for("the program ends", || {
            code = self.child.0.try_wait().expect("a child");
            code.is_some()
        });
        code.and_then(|status| status.code()).unwrap_or(-1)
    }
}
