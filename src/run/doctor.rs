//! `rtmpscope doctor`: what can and cannot be done here, and what would mend it.

use std::env;
use std::fmt::Write as _;
use std::io;
use std::io::Write as _;

use rtmpscope::base::text::printable;
use rtmpscope::capture::doctor::Finding;
use rtmpscope::capture::doctor::State;
use rtmpscope::capture::doctor::Wanted;
use rtmpscope::capture::doctor::examine;
use rtmpscope::capture::live::DEFAULT_BUFFER_BYTES;
use rtmpscope::tui;

use crate::cli::Flags;
use crate::run::Exit;
use crate::run::output_exit;

pub(super) fn doctor(flags: &Flags) -> Exit {
    let mut found = examine(Wanted {
        memory: u64::try_from(flags.memory).unwrap_or(u64::MAX),
        buffer: flags.buffer.unwrap_or(u64::from(DEFAULT_BUFFER_BYTES)),
    });
    found.findings.push(terminal());
    let mut text = format!("rtmpscope {}\n", env!("CARGO_PKG_VERSION"));
    for finding in &found.findings {
        let mark = match finding.state {
            State::Good => "ok",
            State::Note => "note",
            State::Bad => "no",
        };
        let _ = writeln!(text, "{mark:<5} {:<14} {}", finding.about, finding.text);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "      mend: {remedy}");
        }
    }
    if let Err(error) = io::stdout().lock().write_all(text.as_bytes()) {
        return output_exit(&error);
    }
    if found.can_capture {
        Exit::Done
    } else {
        Exit::Device
    }
}

/// What the dashboard would have to draw on.
fn terminal() -> Finding {
    let finding = |state, text: String, remedy: Option<&str>| Finding {
        about: "terminal",
        state,
        text,
        remedy: remedy.map(str::to_owned),
    };
    let Some((width, height)) = tui::terminal_size() else {
        let text = "stdout is none: the report is what is shown, and the dashboard is not";
        return finding(State::Note, text.to_owned(), None);
    };
    let get = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let name = get("TERM").unwrap_or_else(|| "without a name".to_owned());
    let colours = if get("NO_COLOR").is_some() {
        "no colours (NO_COLOR)"
    } else {
        "colours"
    };
    let text = format!("{}, {width} x {height}, {colours}", printable(&name));
    // The first of them that is set decides.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(get);
    let is_utf8 = locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    if is_utf8 {
        finding(State::Good, text, None)
    } else {
        let text = format!("{text}; the locale names no UTF-8, which lines and charts need");
        finding(State::Note, text, Some("export LANG=C.UTF-8"))
    }
}
