//! `rtmpscope` without an input: the Start screen, and the dashboard on what is chosen there. All of
//! it is before rights are given up, and so looks at counters and first bytes of files, at no
//! packet, and starts no thread.

mod folder;
mod here;

use std::io;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rtmpscope::tui;

use crate::cli::Flags;
use crate::cli::Origin;
use crate::run::Exit;
use crate::run::complain;
use crate::run::dashboard::dashboard;
use crate::run::signals;
use crate::run::signals::Hangup;
use crate::run::start::here::Here;
use crate::run::start::here::input;

/// Whether there is somebody to choose: who pipes something in has forgotten the `-`.
pub(super) fn can_ask() -> bool {
    tui::has_terminal() && io::stdin().is_terminal()
}

pub(super) fn start(flags: &Flags) -> Exit {
    // What contradicts each other is told at once, and not when something was chosen.
    if let Err(message) = flags.input_of(Origin::Demo) {
        complain(&message);
        return Exit::Usage;
    }
    let stop = Arc::new(AtomicBool::new(false));
    signals::catch(&stop);
    let hangup = Hangup::watch(&stop);
    let mut here = Here::new(flags);
    let filter = flags.filter.as_deref().unwrap_or_default();
    let chosen = tui::start::run(&mut here, filter, &flags.screens, &stop);
    drop(hangup);
    let chosen = match chosen {
        Ok(Some(choice)) => choice,
        Ok(None) => return Exit::Done,
        Err(error) => {
            complain(&format_args!("the terminal failed: {error}"));
            return Exit::Output;
        }
    };
    match input(flags, &chosen) {
        Ok(input) => dashboard(flags, &input),
        Err(message) => {
            complain(&message);
            Exit::Usage
        }
    }
}
