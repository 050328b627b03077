//! A terminal with the program in it. Each has a tmux server, a home and a folder of its own, so
//! that tests run side by side and leave nothing behind.
//!
//! ```ignore
//! let Some(screen) = Terminal::of((80, 24)).start(&["demo"]) else { return };
//! screen.wait_for("player");
//! screen.text("q");
//! assert_eq!(screen.end(), 0);
//! ```

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tempfile::TempDir;

use crate::common::rtmpscope;

/// How long anything may take before the test gives up: a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time between two looks at the screen.
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// How long a screen that goes on changing has to be as it should be: many times what one picture
/// takes to be drawn.
const SETTLED: Duration = Duration::from_millis(500);

/// How long nothing is pressed behind an escape. Where it matters what the escape did, that is waited
/// for as well.
const AFTER_ESCAPE: Duration = Duration::from_millis(200);

/// How a program is to be started.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    size: (u16, u16),
    before: Vec<String>,
    variables: Vec<(String, String)>,
    home: Option<PathBuf>,
}

impl Terminal {
    /// A terminal of so many columns and lines.
    pub(crate) fn of(size: (u16, u16)) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    /// A program that starts ours, with its arguments.
    pub(crate) fn through(mut self, words: &[&str]) -> Self {
        self.before = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// A variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A home that stays, for what one run leaves to the next.
    pub(crate) fn at_home(mut self, home: &Path) -> Self {
        self.home = Some(home.to_owned());
        self
    }

    /// Starts the program; `None`, with a word, where there is no tmux.
    pub(crate) fn start(self, args: &[&str]) -> Option<Screen> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("skipped: there is no tmux");
            return None;
        }
        let folder = folder();
        let home = self.home.unwrap_or_else(|| folder.path().to_owned());
        let settings = "set -g status off\nset -s escape-time 0\nset -s set-clipboard on\n\
                        set -g default-terminal screen-256color\n";
        fs::write(folder.path().join("tmux.conf"), settings).expect("a file");
        // What the program leaves on the terminal is kept, with its exit code behind it.
        let script =
            "\"$@\"; code=$?; echo $code > \"$CODE\"; echo \"ended with $code\"; exec sleep 600";
        let screen = Screen { folder };
        let mut tmux = screen.tmux(&["-f"]);
        tmux.arg(screen.folder.path().join("tmux.conf"))
            .args(["new-session", "-d"])
            .args([
                "-x",
                &self.size.0.to_string(),
                "-y",
                &self.size.1.to_string(),
            ])
            .args(["sh", "-c", script, "sh"])
            .args(&self.before)
            .arg(rtmpscope().get_program())
            .args(args)
            .current_dir(crate::common::root())
            .env("CODE", screen.code())
            .env("HOME", home)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("NO_COLOR")
            .env_remove("COLORTERM")
            .env_remove("COLORFGBG")
            .env_remove("RTMPSCOPE_NO_RECENT");
        for (name, value) in &self.variables {
            tmux.env(name, value);
        }
        screen.done(&tmux.output().expect("tmux"));
        Some(screen)
    }
}

/// A folder whose path leaves room for the name of a socket in it: all of that may have 107 bytes.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    if folder.path().as_os_str().len() < 90 {
        return folder;
    }
    tempfile::tempdir_in("/tmp").expect("a folder")
}

/// A terminal with the program in it, until it is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    folder: TempDir,
}

impl Screen {
    /// Presses keys, by their names in tmux: `Enter`, `Escape`, `C-c`.
    pub(crate) fn keys(&self, names: &[&str]) {
        let mut tmux = self.tmux(&["send-keys"]);
        self.done(&tmux.args(names).output().expect("tmux"));
        if names.contains(&"Escape") {
            // An escape with a key close behind it would be that key with Alt.
            thread::sleep(AFTER_ESCAPE);
        }
    }

    /// Types characters.
    pub(crate) fn text(&self, text: &str) {
        let mut tmux = self.tmux(&["send-keys", "-l", "--", text]);
        self.done(&tmux.output().expect("tmux"));
    }

    /// Pastes text, in brackets where the program asked for them.
    pub(crate) fn paste(&self, text: &str) {
        for words in [&["set-buffer", "--", text][..], &["paste-buffer", "-p"]] {
            self.done(&self.tmux(words).output().expect("tmux"));
        }
    }

    /// Clicks on the first place where a text stands.
    pub(crate) fn click(&self, text: &str) {
        let shown = self.wait_for(text);
        let place = shown.lines().zip(1..).find_map(|(line, row)| {
            let (before, _) = line.split_once(text)?;
            Some((before.chars().count() + 1, row))
        });
        let (column, row) = place.expect("a place");
        // Pressed and released (SGR mouse reports of xterm).
        for end in ["M", "m"] {
            let report = format!("\x1b[<0;{column};{row}{end}");
            let bytes: Vec<String> = report.bytes().map(|byte| format!("{byte:02x}")).collect();
            let mut tmux = self.tmux(&["send-keys", "-H"]);
            self.done(&tmux.args(bytes).output().expect("tmux"));
        }
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, (width, height): (u16, u16)) {
        let (width, height) = (width.to_string(), height.to_string());
        let mut tmux = self.tmux(&["resize-window", "-x", &width, "-y", &height]);
        self.done(&tmux.output().expect("tmux"));
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, name: &str) {
        let shell = self.tmux(&["list-panes", "-F", "#{pane_pid}"]).output();
        let shell = text(&shell.expect("tmux").stdout);
        let sent = Command::new("pkill")
            .args(["-x", &format!("-{name}"), "-P", shell.trim(), "rtmpscope"])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "a signal");
    }

    /// The number of the process of the program, wherever it is below the shell.
    pub(crate) fn process(&self) -> String {
        let terminal = self.tmux(&["list-panes", "-F", "#{pane_tty}"]).output();
        let terminal = text(&terminal.expect("tmux").stdout);
        let terminal = terminal.trim().trim_start_matches("/dev/");
        let found = Command::new("pgrep")
            .args(["-x", "-t", terminal, "rtmpscope"])
            .output()
            .expect("pgrep");
        let found = text(&found.stdout);
        found.lines().next().expect("a process").to_owned()
    }

    /// What is on the screen, without the blanks at the end of lines.
    pub(crate) fn shown(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().expect("tmux");
        self.done(&output);
        text(&output.stdout)
    }

    /// What is on the screen, with the control sequences of its styles.
    pub(crate) fn styled(&self) -> String {
        let mut tmux = self.tmux(&["capture-pane", "-e", "-p"]);
        let output = tmux.output().expect("tmux");
        self.done(&output);
        text(&output.stdout)
    }

    /// What the program put into the clipboard of the terminal last; nothing before it did.
    pub(crate) fn clipboard(&self) -> String {
        let output = self.tmux(&["show-buffer"]).output().expect("tmux");
        text(&output.stdout)
    }

    /// Waits until a text is on the screen; what is on it then.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |shown| shown.contains(text))
    }

    /// Waits until the screen is as it should be; what is on it then.
    ///
    /// A terminal draws what it has been sent so far, so a look at it may meet a picture half
    /// drawn. What it finds counts once a second look finds the same, or, where the picture never
    /// rests, once it has held for [`SETTLED`].
    pub(crate) fn wait_until(&self, what: &str, mut is_so: impl FnMut(&str) -> bool) -> String {
        let begin = Instant::now();
        let mut held: Option<(Instant, String)> = None;
        loop {
            let shown = self.shown();
            held = match held {
                _ if !is_so(&shown) => None,
                Some((since, before)) if before == shown || since.elapsed() > SETTLED => {
                    return shown;
                }
                Some((since, _)) => Some((since, shown.clone())),
                None => Some((Instant::now(), shown.clone())),
            };
            let left = PATIENCE.checked_sub(begin.elapsed());
            assert!(left.is_some(), "waited in vain: {what}\n{shown}");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits for the end of the program; its exit code.
    pub(crate) fn end(&self) -> i32 {
        let shown = self.wait_for("ended with ");
        // The terminal is as the shell had it: what the program drew is gone.
        assert!(!shown.contains('┌'), "{shown}");
        let code = fs::read_to_string(self.code()).expect("an exit code");
        code.trim().parse().expect("an exit code")
    }

    fn code(&self) -> PathBuf {
        self.folder.path().join("code")
    }

    fn tmux(&self, words: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.arg("-u")
            .arg("-S")
            .arg(self.folder.path().join("socket"))
            .args(words)
            .stdin(Stdio::null());
        tmux
    }

    fn done(&self, output: &Output) {
        let said = text(&output.stderr);
        let folder = self.folder.path().display();
        assert!(output.status.success(), "tmux in {folder}: {said}");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).output();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
