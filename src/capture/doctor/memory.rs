//! What may be used of the memory of this machine, against what a capture would take.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::Finding;
use super::State;
use super::Wanted;
use crate::base::units::bytes;

/// Where control groups are.
const GROUPS: &str = "/sys/fs/cgroup";

/// Above this a limit of version 1 is none.
const NO_LIMIT: u64 = 1 << 60;

pub(super) fn findings(wanted: Wanted) -> Vec<Finding> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let group = group_limit(Path::new(GROUPS), &read("/proc/self/cgroup"));
    let meminfo = read("/proc/meminfo");
    let total = kibibytes(&meminfo, "MemTotal:");
    let mut findings = vec![limit(wanted.memory, group, total)];
    // The kernel takes it from the machine, and from no group.
    if let Some(free) = kibibytes(&meminfo, "MemAvailable:") {
        let text = format!(
            "{} for each interface (-B), of {} that are free",
            bytes(wanted.buffer),
            bytes(free)
        );
        findings.push(if wanted.buffer > free / 2 {
            let less = mebibytes(free / 4);
            Finding::new("kernel buffer", State::Note, text).mended_by(format!("-B {less}M"))
        } else {
            Finding::new("kernel buffer", State::Good, text)
        });
    }
    findings
}

fn limit(memory: u64, group: Option<u64>, total: Option<u64>) -> Finding {
    const ABOUT: &str = "memory";

    let bounds = [
        (group, "its control group has"),
        (total, "this machine has"),
    ];
    let bounds = bounds
        .into_iter()
        .filter_map(|(bound, what)| Some((bound?, what)));
    let Some((bound, what)) = bounds.min_by_key(|(bound, _)| *bound) else {
        let text = format!("{} (--memory); the system tells no limit", bytes(memory));
        return Finding::new(ABOUT, State::Note, text);
    };
    let text = format!(
        "{} (--memory), of {} that {what}",
        bytes(memory),
        bytes(bound)
    );
    if memory <= bound {
        return Finding::new(ABOUT, State::Good, text);
    }
    // What the kernel keeps of files that are written counts, too.
    let fitting = mebibytes(bound.saturating_sub(bound / 4));
    Finding::new(
        ABOUT,
        State::Note,
        format!("{text}: the kernel would end it"),
    )
    .mended_by(format!("--memory {fitting}M"))
}

fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

/// A line of `/proc/meminfo`, in bytes.
fn kibibytes(meminfo: &str, key: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let value = lines.find_map(|line| line.strip_prefix(key))?;
    let number: u64 = value.split_whitespace().next()?.parse().ok()?;
    number.checked_mul(1024)
}

/// The least limit of a control group and those it is in, of version 2 or 1. `membership` is
/// `/proc/self/cgroup`.
fn group_limit(groups: &Path, membership: &str) -> Option<u64> {
    let limits = membership.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let controllers = parts.next()?;
        let path = parts.next()?.trim_start_matches('/');
        if controllers.is_empty() {
            least(groups, path, "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            least(&groups.join("memory"), path, "memory.limit_in_bytes")
        } else {
            None
        }
    });
    limits.min()
}

fn least(root: &Path, path: &str, file: &str) -> Option<u64> {
    let group: PathBuf = root.join(path);
    let above = group
        .ancestors()
        .take_while(|above| above.starts_with(root));
    let limits = above.filter_map(|group| {
        let text = fs::read_to_string(group.join(file)).ok()?;
        text.trim().parse::<u64>().ok()
    });
    limits.filter(|limit| *limit < NO_LIMIT).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_above_counts() {
        let folder = tempfile::tempdir().unwrap();
        let groups = folder.path();
        fs::create_dir_all(groups.join("a/b")).unwrap();
        fs::create_dir_all(groups.join("memory/x")).unwrap();
        fs::write(groups.join("a/memory.max"), "300\n").unwrap();
        fs::write(groups.join("a/b/memory.max"), "max\n").unwrap();
        let unlimited = "9223372036854771712\n";
        fs::write(groups.join("memory/memory.limit_in_bytes"), unlimited).unwrap();
        assert_eq!(group_limit(groups, "0::/a/b\n"), Some(300));
        assert_eq!(group_limit(groups, "0::/\n"), None);
        assert_eq!(group_limit(groups, "5:memory:/x\n4:cpu:/a/b\n"), None);
        fs::write(groups.join("memory/x/memory.limit_in_bytes"), "200\n").unwrap();
        assert_eq!(group_limit(groups, "0::/a\n5:cpu,memory:/x\n"), Some(200));
    }

    #[test]
    fn too_much_is_told_with_what_would_fit() {
        let found = limit(1 << 30, Some(512 << 20), Some(8 << 30));
        assert_eq!(found.state, State::Note);
        assert_eq!(found.remedy.as_deref(), Some("--memory 384M"));
        assert!(found.text.contains("control group"), "{}", found.text);
        assert_eq!(limit(1 << 30, None, Some(8 << 30)).state, State::Good);
        assert_eq!(kibibytes("MemTotal:  16 kB\n", "MemTotal:"), Some(16 << 10));
    }
}
