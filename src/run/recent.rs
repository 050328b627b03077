//! Captures that the dashboard opened before: paths and times in a small file of the user's own,
//! written before rights are given up. Nothing of what is in a capture gets into it.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use rtmpscope::capture::rights;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Origin;
use crate::run::steps::wall_clock;

/// How many are remembered: a list that is seen at one glance.
const MOST: usize = 20;

/// Bytes of the file that are read: so many paths of the greatest length, each byte as three.
const MOST_BYTES: u64 = 20 * 3 * 4096 + 4096;

/// What switches it off, beside the flag.
const SWITCH: &str = "RTMPSCOPE_NO_RECENT";

/// A capture that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) path: PathBuf,
    /// Seconds since 1970.
    pub(super) at: u64,
}

/// Where they are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Memory {
    file: PathBuf,
}

impl Memory {
    /// The file of this user; `None` where there is to be none.
    pub(super) fn of_user(flags: &Flags) -> Option<Self> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        if flags.no_recent || set(SWITCH).is_some() {
            return None;
        }
        // A path that is not absolute is to be ignored (XDG Base Directory Specification).
        let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        let state = set("XDG_STATE_HOME").and_then(absolute);
        let home = || Some(set("HOME").and_then(absolute)?.join(".local/state"));
        let memory = Self {
            file: state.or_else(home)?.join("rtmpscope/recent"),
        };
        // Root may have come by `sudo` with the home of somebody else, who could neither read nor
        // delete what root leaves there.
        (!rights::is_root() || memory.belongs_to_root()).then_some(memory)
    }

    fn belongs_to_root(&self) -> bool {
        let mut folders = self.file.ancestors().skip(1);
        let there = folders.find_map(|folder| folder.metadata().ok());
        there.is_some_and(|there| there.uid() == 0)
    }

    /// What was opened before, the latest first.
    pub(super) fn opened(&self) -> Vec<Opened> {
        let mut bytes = Vec::new();
        // What waits for a writer would be waited for.
        if self.file.metadata().is_ok_and(|file| file.is_file())
            && let Ok(file) = File::open(&self.file)
        {
            let _ = file.take(MOST_BYTES).read_to_end(&mut bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        text.lines().filter_map(parsed).take(MOST).collect()
    }

    /// Remembers that these were opened now. Where that is not possible they are not remembered:
    /// it is no reason to bother who wants to see a capture.
    fn note(&self, paths: &[PathBuf], now: u64) -> io::Result<()> {
        let mut all: Vec<Opened> = Vec::new();
        for path in paths {
            // What is no file is not there the next time.
            if path.metadata().is_ok_and(|file| file.is_file()) {
                let path = full(path)?;
                all.push(Opened { path, at: now });
            }
        }
        if all.is_empty() {
            return Ok(());
        }
        for before in self.opened() {
            if all.iter().all(|opened| opened.path != before.path) {
                all.push(before);
            }
        }
        all.truncate(MOST);
        let lines: String = all.iter().map(line).collect();
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        // Whoever reads it meanwhile sees it as it was, or as it is.
        let new = self.file.with_extension(std::process::id().to_string());
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| file.write_all(lines.as_bytes()))
            .and_then(|()| fs::rename(&new, &self.file));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }
}

/// Remembers the files of an input.
pub(super) fn note(flags: &Flags, input: &Input) {
    if let Origin::Files(paths) = &input.origin
        && let Some(memory) = Memory::of_user(flags)
    {
        let _ = memory.note(paths, now());
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    u64::try_from(wall_clock().0 / 1_000_000_000).unwrap_or(0)
}

/// A path from the root on, without detours.
fn full(path: &Path) -> io::Result<PathBuf> {
    let has_detour = path.components().any(|part| part == Component::ParentDir);
    if has_detour {
        path.canonicalize()
    } else {
        std::path::absolute(path)
    }
}

/// Seconds, a blank, and the path in printable ASCII, everything else as `%xx`.
fn line(opened: &Opened) -> String {
    let mut line = opened.at.to_string();
    line.push(' ');
    for byte in opened.path.as_os_str().as_bytes() {
        if matches!(byte, b' '..=b'~') && *byte != b'%' {
            line.push(char::from(*byte));
        } else {
            let _ = write!(line, "%{byte:02x}");
        }
    }
    line.push('\n');
    line
}

fn parsed(line: &str) -> Option<Opened> {
    let (at, path) = line.split_once(' ')?;
    let mut parts = path.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(byte, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    let path = PathBuf::from(OsString::from_vec(bytes));
    path.is_absolute().then_some(Opened {
        path,
        at: at.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn memory(folder: &Path) -> Memory {
        Memory {
            file: folder.join("state/rtmpscope/recent"),
        }
    }

    fn files(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
        let paths = names.iter().map(|name| folder.join(name));
        let paths: Vec<PathBuf> = paths.collect();
        for path in &paths {
            fs::write(path, b"").unwrap();
        }
        paths
    }

    #[test]
    fn the_latest_is_first_and_twenty_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(folder.path());
        assert_eq!(memory.opened(), []);
        let names: Vec<String> = (0..25).map(|number| format!("{number}.pcap")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let paths = files(folder.path(), &names);
        for (at, path) in (100..).zip(&paths) {
            memory.note(std::slice::from_ref(path), at).unwrap();
        }
        let opened = memory.opened();
        assert_eq!(opened.len(), 20);
        assert_eq!((&opened[0].path, opened[0].at), (&paths[24], 124));
        // What is opened again moves to the front.
        memory.note(&paths[10..11], 200).unwrap();
        let again = memory.opened();
        assert_eq!(
            (again.len(), &again[0].path, again[0].at),
            (20, &paths[10], 200)
        );
        assert_eq!(
            again
                .iter()
                .filter(|opened| opened.path == paths[10])
                .count(),
            1
        );
    }

    #[test]
    fn odd_names_come_back_and_only_the_user_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(folder.path());
        let odd = OsString::from_vec(b"a %41\n\t\xffb\xc3\xbc.pcap".to_vec());
        let path = folder.path().join(odd);
        fs::write(&path, b"").unwrap();
        memory.note(std::slice::from_ref(&path), 7).unwrap();
        assert_eq!(memory.opened(), [Opened { path, at: 7 }]);
        let text = fs::read_to_string(&memory.file).unwrap();
        assert!(text.lines().count() == 1 && text.is_ascii(), "{text}");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&memory.file), 0o600);
        assert_eq!(mode(memory.file.parent().unwrap()), 0o700);
        let left = fs::read_dir(memory.file.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "no other file is left");
    }

    #[test]
    fn what_is_no_file_is_not_remembered_and_damage_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(folder.path());
        let gone = [
            folder.path().join("gone.pcap"),
            PathBuf::from("-"),
            "/dev/null".into(),
        ];
        memory.note(&gone, 1).unwrap();
        assert!(!memory.file.exists());
        fs::create_dir_all(memory.file.parent().unwrap()).unwrap();
        fs::write(
            &memory.file,
            b"1 /a\nx /b\n2 c\n3 /d%2\n4 /e%zz\n5\n\xff\n6 /f%20g\n",
        )
        .unwrap();
        let opened = memory.opened();
        let paths: Vec<&Path> = opened.iter().map(|opened| &*opened.path).collect();
        assert_eq!(paths, [Path::new("/a"), Path::new("/f g")]);
    }

    #[test]
    fn a_folder_that_is_not_roots_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(folder.path());
        let is_root = folder.path().metadata().unwrap().uid() == 0;
        assert_eq!(memory.belongs_to_root(), is_root);
    }
}
