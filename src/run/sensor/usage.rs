//! What the process itself uses, as Linux tells in /proc.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use rtmpscope::report::metrics::ProcessUse;

use crate::ALLOCATOR;

/// Where the system tells it: opened before the rights are given up, and told anew each time it is
/// read from its begin.
#[derive(Debug)]
pub(super) struct Usage(Option<File>);

/// Bytes of it that are read: more than its some fifty numbers take.
const STAT_LEN: usize = 2048;

impl Usage {
    pub(super) fn open() -> Self {
        Self(File::open("/proc/self/stat").ok())
    }

    /// What it uses by now; zero what the system does not tell.
    pub(super) fn now(&self) -> ProcessUse {
        let mut buffer = [0; STAT_LEN];
        let read = self
            .0
            .as_ref()
            .and_then(|file| file.read_at(&mut buffer, 0).ok());
        let stat = buffer.get(..read.unwrap_or(0)).unwrap_or_default();
        let stat = String::from_utf8_lossy(stat);
        let ticks = field(&stat, UTIME).saturating_add(field(&stat, STIME));
        let pages = field(&stat, RSS);
        let page = u64::try_from(rustix::param::page_size()).unwrap_or(0);
        ProcessUse {
            cpu_seconds: seconds(ticks),
            resident_bytes: pages.saturating_mul(page),
            allocated_bytes: u64::try_from(ALLOCATOR.allocated()).unwrap_or(u64::MAX),
        }
    }
}

/// When the process started, seconds since 1970: now, as this is asked for before anything else.
/// The time of the boot, to which the system refers, is in no /proc of a service that sees only its
/// own processes.
pub(super) fn started() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}

/// Numbers of fields in proc_pid_stat(5), from 1.
const UTIME: usize = 14;
const STIME: usize = 15;
const RSS: usize = 24;

/// A field of `/proc/self/stat`. The second one is a name in parentheses, which may hold spaces.
fn field(stat: &str, number: usize) -> u64 {
    let behind = stat.rsplit_once(") ").map_or("", |(_, behind)| behind);
    let place = number.saturating_sub(3);
    let word = behind.split(' ').nth(place);
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "ticks of centuries are exact")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 11 12 0 0 20 0 1 0 99 5000 33 18";
        let found = [UTIME, STIME, RSS].map(|number| field(stat, number));
        assert_eq!(found, [11, 12, 33]);
        assert_eq!(field("", UTIME), 0);
    }

    #[test]
    fn this_process_uses_something() {
        let usage = Usage::open();
        let before = usage.now();
        assert!(before.resident_bytes > 0 && started() > 1e9);
        // It is told anew: this takes some ticks of the clock.
        while usage.now().cpu_seconds <= before.cpu_seconds {
            std::hint::black_box(before.cpu_seconds);
        }
    }
}
