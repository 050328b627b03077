//! Files and folders that are opened after the rights were given up.

use std::ffi::OsStr;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

/// What stays within reach. Everything else cannot be opened any more; what is open stays open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Files to read.
    pub(super) read: Vec<PathBuf>,
    /// Files that are there, to write.
    pub(super) write: Vec<PathBuf>,
    /// Folders to make, write, rename and delete files in.
    pub(super) folders: Vec<PathBuf>,
    /// The terminal, by its name.
    pub(super) terminal: bool,
}

impl Reach {
    /// A file is read later on.
    pub fn reads(&mut self, file: &Path) {
        self.read.push(file.to_owned());
    }

    /// Files are made in a folder later on.
    pub fn writes_into(&mut self, folder: &Path) {
        self.folders.push(folder.to_owned());
    }

    /// A file, which is there, is opened again later on, or made anew when it was moved away, and
    /// has others beside it that follow it. A link is followed. What is no regular file, as a
    /// device, is not made anew.
    pub fn turns(&mut self, file: &Path) {
        let real = file.canonicalize();
        if real
            .as_ref()
            .is_ok_and(|real| !real.is_file() && !real.is_dir())
        {
            self.write.push(file.to_owned());
            return;
        }
        self.folders.push(folder_of(file).to_owned());
        if let Ok(real) = real {
            let folder = folder_of(&real).to_owned();
            if !self.folders.contains(&folder) {
                self.folders.push(folder);
            }
        }
    }

    /// Files named by a pattern of strftime(3) are made later on: in the last folder before the
    /// first `%`.
    pub fn writes_by_pattern(&mut self, pattern: &Path) {
        let has_pattern =
            |part: &Component<'_>| part.as_os_str().as_encoded_bytes().contains(&b'%');
        let folder = folder_of(pattern);
        let fixed: PathBuf = folder
            .components()
            .take_while(|part| !has_pattern(part))
            .collect();
        self.folders.push(or_here(&fixed).to_owned());
    }

    /// The terminal is opened by its name: to ask for its size, and for keys where standard input
    /// is something else.
    pub fn uses_terminal(&mut self) {
        self.terminal = true;
    }
}

/// The folder a file is in.
fn folder_of(file: &Path) -> &Path {
    or_here(file.parent().unwrap_or(Path::new("/")))
}

fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str() == OsStr::new("") {
        Path::new(".")
    } else {
        folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_reach_as_far_as_they_must() {
        for (pattern, folder) in [
            ("a-%H.pcapng", "."),
            ("/caps/a-%H.pcapng", "/caps"),
            ("caps/%d/a.pcapng", "caps"),
            ("/caps/day-%d/%H/a.pcapng", "/caps"),
            ("%d/a.pcapng", "."),
        ] {
            let mut reach = Reach::default();
            reach.writes_by_pattern(Path::new(pattern));
            assert_eq!(reach.folders, [Path::new(folder)], "{pattern}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_reach_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let real = folder.join("real");
        std::fs::create_dir(&real).unwrap();
        std::fs::write(real.join("log"), b"").unwrap();
        let link = folder.join("link");
        std::os::unix::fs::symlink(real.join("log"), &link).unwrap();
        let mut reach = Reach::default();
        reach.turns(&link);
        assert_eq!(reach.folders, [folder, real]);
        let mut reach = Reach::default();
        reach.turns(Path::new("/dev/null"));
        assert_eq!(reach.write, [Path::new("/dev/null")]);
        assert!(reach.folders.is_empty());
        let mut reach = Reach::default();
        reach.turns(Path::new("not-there"));
        assert_eq!(reach.folders, [Path::new(".")]);
    }
}
