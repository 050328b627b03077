//! How far reading has come, for who waits at a terminal.

use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;

use rtmpscope::capture::Source;

/// One line on the terminal's stderr that says how far reading has come.
pub(super) struct ProgressLine {
    is_wanted: bool,
    is_shown: bool,
    percent: Option<u64>,
}

impl ProgressLine {
    pub(super) fn new(quiet: bool) -> Self {
        Self {
            is_wanted: !quiet && io::stderr().is_terminal(),
            is_shown: false,
            percent: None,
        }
    }

    pub(super) fn show(&mut self, source: &dyn Source) {
        if !self.is_wanted {
            return;
        }
        let progress = source.progress();
        let percent = progress
            .bytes_total
            .and_then(|total| progress.bytes_read.saturating_mul(100).checked_div(total));
        if percent == self.percent {
            return;
        }
        self.percent = percent;
        if let Some(percent) = percent {
            self.is_shown = true;
            let _ = write!(io::stderr(), "\rreading {percent} % ");
        }
    }

    pub(super) fn clear(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
