//! What the process itself uses, as Linux tells in /proc.

use std::fs;

use rtmpscope::report::metrics::ProcessUse;

use crate::ALLOCATOR;

/// What it uses by now; zero what the system does not tell.
pub(super) fn process_use() -> ProcessUse {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = field(&stat, UTIME).saturating_add(field(&stat, STIME));
    let pages = field(&stat, RSS);
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(0);
    ProcessUse {
        cpu_seconds: seconds(ticks),
        resident_bytes: pages.saturating_mul(page),
        allocated_bytes: u64::try_from(ALLOCATOR.allocated()).unwrap_or(u64::MAX),
    }
}

/// When the process started, seconds since 1970.
pub(super) fn started() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let boot = fs::read_to_string("/proc/stat").unwrap_or_default();
    let boot = boot.lines().find_map(|line| line.strip_prefix("btime "));
    let boot: f64 = boot
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0.0);
    boot + seconds(field(&stat, STARTTIME))
}

/// Numbers of fields in proc_pid_stat(5), from 1.
const UTIME: usize = 14;
const STIME: usize = 15;
const STARTTIME: usize = 22;
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
        let found = [UTIME, STIME, STARTTIME, RSS].map(|number| field(stat, number));
        assert_eq!(found, [11, 12, 99, 33]);
        assert_eq!(field("", UTIME), 0);
    }

    #[test]
    fn this_process_uses_something() {
        assert!(process_use().resident_bytes > 0 && started() > 1e9);
    }
}
