//! The file of records: opened again on SIGHUP, turned when it is large. A full disk ends nothing:
//! what cannot be written is counted, and written again as soon as that is possible.

use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use rtmpscope::capture::rights::Reach;

use crate::cli::SensorFlags;
use crate::run::complain;
use crate::run::signals::Calls;
use crate::run::signals::Output;

/// Where records are to go: a file that is open already, as it could not be once rights are given up.
pub(super) enum Destination {
    Stdout,
    File(LogFile),
}

/// Where records go.
pub(super) enum Log {
    Stdout(Output),
    File(LogFile),
}

/// How many records could not be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Lost(Arc<AtomicU64>);

impl Lost {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A file of records.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    /// `None` while it cannot be opened.
    file: Option<File>,
    /// Bytes that it may have, and files that are kept beside it.
    turn: Option<(u64, u32)>,
    reopen: Arc<AtomicBool>,
    lost: Lost,
    /// Whether the trouble at hand was told.
    is_told: bool,
    /// Whether it was told that the file cannot be turned.
    is_stuck: bool,
}

impl Destination {
    pub(super) fn open(
        options: &SensorFlags,
        reopen: Arc<AtomicBool>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        match &options.output {
            Some(path) if path.as_os_str() != "-" => {
                let turn = options.output_size.map(|size| (size, options.output_files));
                LogFile::open(path.clone(), turn, reopen)
                    .map(Self::File)
                    .map_err(|error| (path.clone(), error))
            }
            _ => Ok(Self::Stdout),
        }
    }

    /// What stays to be opened: the file again, and those it turns into.
    pub(super) fn reach(&self, reach: &mut Reach) {
        match self {
            Self::Stdout => {}
            Self::File(file) => reach.turns(&file.path),
        }
    }

    /// Begins to write. To be called once rights are given up: the thread that watches stdout has
    /// those of the one that starts it.
    pub(super) fn begin(self, calls: &Calls) -> Log {
        match self {
            Self::Stdout => Log::Stdout(Output::new(calls)),
            Self::File(file) => Log::File(file),
        }
    }
}

impl Log {
    pub(super) fn lost(&self) -> Lost {
        match self {
            Self::Stdout(_) => Lost::default(),
            Self::File(file) => file.lost.clone(),
        }
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File(file) => {
                file.append(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(_) => Ok(()),
        }
    }
}

impl LogFile {
    fn open(path: PathBuf, turn: Option<(u64, u32)>, reopen: Arc<AtomicBool>) -> io::Result<Self> {
        let file = open(&path)?;
        Ok(Self {
            path,
            file: Some(file),
            turn,
            reopen,
            lost: Lost::default(),
            is_told: false,
            is_stuck: false,
        })
    }

    /// Appends whole lines.
    fn append(&mut self, lines: &[u8]) {
        let result = self.try_append(lines);
        match result {
            Ok(()) => self.is_told = false,
            Err(error) => {
                let count = lines.split(|byte| *byte == b'\n').skip(1).count();
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                self.lost.0.fetch_add(count, Ordering::Relaxed);
                if !std::mem::replace(&mut self.is_told, true) {
                    complain(&format_args!(
                        "{}: records cannot be written, and are counted as lost: {error}",
                        self.path.display()
                    ));
                }
            }
        }
    }

    fn try_append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.reopen.swap(false, Ordering::Relaxed) {
            self.file = None;
        }
        // Others may have cut it, so that its length is asked for.
        let mut before = self.opened()?.metadata()?.len();
        let len = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if let Some((most, keep)) = self.turn
            && before > 0
            && before.saturating_add(len) > most
        {
            self.turn(keep);
            before = self.opened()?.metadata()?.len();
        }
        let file = self.opened()?;
        let written = file.write_all(lines);
        if written.is_err() {
            // No half of a line stays, which no reader would take.
            let _ = file.set_len(before);
        }
        written
    }

    fn opened(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => open(&self.path)?,
        };
        Ok(self.file.insert(file))
    }

    /// Begins another file. Where that cannot be, the one at hand grows: records are worth more
    /// than its size.
    fn turn(&mut self, keep: u32) {
        match shift(&self.path, keep) {
            Ok(()) => {
                self.file = None;
                self.is_stuck = false;
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_stuck, true) {
                    complain(&format_args!(
                        "{}: cannot be turned, and grows: {error}",
                        self.path.display()
                    ));
                }
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// FILE becomes FILE.1, and so on; the last of `keep` files goes.
fn shift(path: &Path, keep: u32) -> io::Result<()> {
    let place = |number: u32| {
        let mut name = OsString::from(path);
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    let absent_is_well = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    if keep == 0 {
        return absent_is_well(fs::remove_file(path));
    }
    for number in (1..keep).rev() {
        absent_is_well(fs::rename(place(number), place(number.saturating_add(1))))?;
    }
    absent_is_well(fs::rename(path, place(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(path: &Path, turn: Option<(u64, u32)>) -> LogFile {
        LogFile::open(path.to_owned(), turn, Arc::default()).unwrap()
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    #[test]
    fn files_turn_at_whole_lines_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = log(&path, Some((8, 2)));
        for line in ["one\n", "two\n", "three\n", "four\n", "five\n", "six\n"] {
            log.append(line.as_bytes());
        }
        assert_eq!(read(&path), "six\n");
        assert_eq!(read(&folder.path().join("log.1")), "five\n");
        assert_eq!(read(&folder.path().join("log.2")), "four\n");
        assert!(!folder.path().join("log.3").exists());
    }

    #[test]
    fn after_the_signal_the_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = log(&path, None);
        log.append(b"one\n");
        fs::rename(&path, folder.path().join("moved")).unwrap();
        log.append(b"two\n");
        log.reopen.store(true, Ordering::Relaxed);
        log.append(b"three\n");
        assert_eq!(read(&folder.path().join("moved")), "one\ntwo\n");
        assert_eq!(read(&path), "three\n");
    }

    #[test]
    fn a_file_that_cannot_be_renamed_is_written_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        // Where the older file should go there is a folder with something in it.
        fs::create_dir_all(folder.path().join("log.1/x")).unwrap();
        let mut log = log(&path, Some((4, 1)));
        log.append(b"one\n");
        log.append(b"two\n");
        assert_eq!((read(&path).as_str(), log.lost.get()), ("one\ntwo\n", 0));
        assert!(log.is_stuck);
    }

    #[test]
    fn a_file_that_logrotate_took_turns_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = log(&path, Some((4, 2)));
        log.append(b"one\n");
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        log.reopen.store(true, Ordering::Relaxed);
        log.append(b"two\n");
        assert_eq!(read(&path), "two\n");
        assert_eq!(read(&folder.path().join("log.1")), "one\n");
    }

    #[test]
    fn a_file_that_was_cut_is_not_full() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = log(&path, Some((8, 1)));
        log.append(b"first\n");
        fs::write(&path, b"").unwrap();
        log.append(b"other\n");
        assert_eq!(read(&path), "other\n");
        assert!(!folder.path().join("log.1").exists());
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_written_again_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = log(&path, None);
        log.file = Some(OpenOptions::new().append(true).open("/dev/full").unwrap());
        log.append(b"one\ntwo\n");
        assert_eq!(log.lost.get(), 2);
        log.reopen.store(true, Ordering::Relaxed);
        log.append(b"three\n");
        assert_eq!((read(&path).as_str(), log.lost.get()), ("three\n", 2));
    }
}
