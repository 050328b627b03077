//! When a capture goes on in another file, how that is called, and which file goes for it: as
//! tcpdump's -C, -G and -W say it, and as tshark's -b does. Nothing here touches a file.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use crate::base::time::Span;
use crate::base::time::Timestamp;

/// Limits of one file, and of all of them. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes in a file.
    pub bytes: Option<u64>,
    /// Capture time from the first frame of a file on.
    pub span: Option<Span>,
    /// Frames in a file.
    pub frames: Option<u64>,
    /// Files.
    pub files: Option<u32>,
}

/// How the files are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Naming {
    /// As tcpdump calls them: a number behind the name from the second file on. With -W the
    /// numbers begin at 0, have zeros in front, and come again: the oldest file is overwritten.
    #[default]
    Tcpdump,
    /// As tcpdump -G calls them: the name is a pattern of strftime(3), in UTC. With -W the
    /// capture ends behind as many files.
    TcpdumpTime,
    /// As tshark calls them: number and time before the ending. With `files:` the oldest file is
    /// deleted.
    Tshark,
}

/// What to do with a full file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The next file.
    pub open: PathBuf,
    /// A file that goes for it.
    pub delete: Option<PathBuf>,
}

/// The files of one capture.
#[derive(Debug)]
pub struct Rotation {
    base: PathBuf,
    naming: Naming,
    limits: Limits,
    /// Files begun.
    count: u64,
    since: Option<Timestamp>,
    frames: u64,
    /// The files there are, of a ring that deletes the oldest.
    ring: std::collections::VecDeque<PathBuf>,
}

impl Rotation {
    /// The files of a capture that is to be written to `base`.
    pub fn new(base: PathBuf, naming: Naming, limits: Limits) -> Self {
        Self {
            base,
            naming,
            limits,
            count: 0,
            since: None,
            frames: 0,
            ring: std::collections::VecDeque::new(),
        }
    }

    /// Whether a frame of this capture time is to go into another file than the one with `bytes`
    /// so far.
    pub fn is_full(&self, bytes: u64, now: Timestamp) -> bool {
        let span = self.since.map_or(Span::ZERO, |since| now.since(since));
        self.limits.bytes.is_some_and(|most| bytes >= most)
            || self.limits.frames.is_some_and(|most| self.frames >= most)
            || self.limits.span.is_some_and(|most| span >= most)
    }

    /// Takes note of a frame in the file at hand.
    pub fn note(&mut self, now: Timestamp) {
        self.since.get_or_insert(now);
        self.frames = self.frames.saturating_add(1);
    }

    /// The clock was set: the file at hand lasts as long as before.
    pub fn clock_stepped(&mut self, by: Span) {
        if let Some(since) = &mut self.since {
            since.0 = since.0.saturating_add(by.nanos());
        }
    }

    /// The next file, which begins at `now`. `None` when there were as many as there may be.
    pub fn next(&mut self, now: Timestamp) -> Option<Turn> {
        let files = self.limits.files.map(u64::from);
        if self.naming == Naming::TcpdumpTime && files.is_some_and(|most| self.count >= most) {
            return None;
        }
        let open = self.name(self.count, now);
        self.count = self.count.saturating_add(1);
        self.since = None;
        self.frames = 0;
        let mut delete = None;
        if let (Naming::Tshark, Some(most)) = (self.naming, files) {
            self.ring.push_back(open.clone());
            if self.ring.len() as u64 > most {
                delete = self.ring.pop_front();
            }
        }
        Some(Turn { open, delete })
    }

    fn name(&self, index: u64, now: Timestamp) -> PathBuf {
        match self.naming {
            Naming::Tcpdump => match self.limits.files {
                Some(files) if self.limits.bytes.is_some() => {
                    let digits = files.saturating_sub(1).to_string().len();
                    let place = index.checked_rem(u64::from(files)).unwrap_or(0);
                    with_suffix(&self.base, &format!("{place:0digits$}"))
                }
                _ if index == 0 => self.base.clone(),
                _ => with_suffix(&self.base, &index.to_string()),
            },
            Naming::TcpdumpTime => {
                let name = self.base.to_string_lossy();
                PathBuf::from(now.strftime(&name).unwrap_or_else(|| name.into_owned()))
            }
            Naming::Tshark => {
                let number = index.saturating_add(1);
                let time = now.strftime("%Y%m%d%H%M%S").unwrap_or_default();
                let stem = self.base.file_stem().unwrap_or_default();
                let mut name = stem.to_os_string();
                name.push(format!("_{number:05}_{time}"));
                if let Some(ending) = self.base.extension() {
                    name.push(".");
                    name.push(ending);
                }
                self.base.with_file_name(name)
            }
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14T22:13:20Z.
    const NOW: Timestamp = Timestamp(1_700_000_000_000_000_000);

    fn names(naming: Naming, limits: Limits, base: &str, count: usize) -> Vec<String> {
        let mut rotation = Rotation::new(PathBuf::from(base), naming, limits);
        let mut names = Vec::new();
        for _ in 0..count {
            let Some(turn) = rotation.next(NOW) else {
                break;
            };
            let deleted = turn.delete.map(|path| format!(" -{}", path.display()));
            names.push(format!(
                "{}{}",
                turn.open.display(),
                deleted.unwrap_or_default()
            ));
        }
        names
    }

    #[test]
    fn tcpdump_puts_numbers_behind_the_name() {
        let limits = Limits {
            bytes: Some(1),
            ..Limits::default()
        };
        let seen = names(Naming::Tcpdump, limits, "d/a.pcap", 3);
        assert_eq!(seen, ["d/a.pcap", "d/a.pcap1", "d/a.pcap2"]);
    }

    #[test]
    fn tcpdumps_ring_begins_at_zero_and_comes_again() {
        let limits = Limits {
            bytes: Some(1),
            files: Some(11),
            ..Limits::default()
        };
        let seen = names(Naming::Tcpdump, limits, "a", 12);
        assert_eq!((&*seen[0], &*seen[10], &*seen[11]), ("a00", "a10", "a00"));
    }

    #[test]
    fn tcpdumps_names_of_time_end_after_as_many_files() {
        let limits = Limits {
            span: Some(Span::from_secs(60)),
            files: Some(1),
            ..Limits::default()
        };
        let seen = names(Naming::TcpdumpTime, limits, "a-%H:%M:%S.pcap", 3);
        assert_eq!(seen, ["a-22:13:20.pcap"]);
    }

    #[test]
    fn tsharks_ring_deletes_the_oldest() {
        let limits = Limits {
            files: Some(2),
            ..Limits::default()
        };
        let seen = names(Naming::Tshark, limits, "d/a.pcapng", 3);
        assert_eq!(
            seen,
            [
                "d/a_00001_20231114221320.pcapng",
                "d/a_00002_20231114221320.pcapng",
                "d/a_00003_20231114221320.pcapng -d/a_00001_20231114221320.pcapng",
            ]
        );
    }

    #[test]
    fn a_file_is_full_by_bytes_frames_or_time() {
        let limits = Limits {
            bytes: Some(100),
            span: Some(Span::from_secs(10)),
            frames: Some(2),
            files: None,
        };
        let mut rotation = Rotation::new(PathBuf::from("a"), Naming::Tcpdump, limits);
        assert!(!rotation.is_full(99, NOW) && rotation.is_full(100, NOW));
        rotation.note(NOW);
        let later = |secs: i64| Timestamp(NOW.0 + secs * 1_000_000_000);
        assert!(!rotation.is_full(0, later(9)) && rotation.is_full(0, later(10)));
        // Set back by a minute.
        rotation.clock_stepped(Span::from_secs(-60));
        assert!(!rotation.is_full(0, later(-51)) && rotation.is_full(0, later(-50)));
        rotation.clock_stepped(Span::from_secs(60));
        rotation.note(NOW);
        assert!(rotation.is_full(0, NOW));
        rotation.next(NOW);
        assert!(!rotation.is_full(0, later(60)));
    }
}
