//! A file that has another name until it is whole.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// What a file is called until it is whole. Hidden, and of this process alone.
pub(super) fn meanwhile(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// A file that is being written. It goes away unless it is [kept](Self::keep).
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    written: PathBuf,
    is_kept: bool,
}

impl Part {
    /// Makes an empty file to write to. Where one of the final name is there, it is not begun
    /// unless with `force`.
    pub(super) fn begin(path: &Path, force: bool) -> io::Result<(Self, File)> {
        let part = Self::of(path, meanwhile(path));
        let made = if force { Ok(()) } else { part.is_free() };
        // Never one that somebody else put there.
        match made.and_then(|()| create(&part.written)) {
            Ok(file) => Ok((part, file)),
            Err(error) => {
                part.forget();
                Err(error)
            }
        }
    }

    /// Whether no file of its name is there.
    pub(super) fn is_free(&self) -> io::Result<()> {
        match fs::symlink_metadata(&self.path) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => Ok(()),
        }
    }

    /// Leaves it as it is.
    pub(super) fn forget(mut self) {
        self.is_kept = true;
    }

    /// A file that somebody else writes.
    pub(super) fn of(path: &Path, written: PathBuf) -> Self {
        Self {
            path: path.to_owned(),
            written,
            is_kept: false,
        }
    }

    /// What it is called once it is whole.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is written.
    pub(super) fn written(&self) -> &Path {
        &self.written
    }

    /// It is whole: it gets its name. Without `force` no file is replaced, also none that was made
    /// meanwhile.
    pub(super) fn keep(mut self, force: bool) -> io::Result<PathBuf> {
        if !force {
            // Whoever makes a file that is not there has its name.
            create(&self.path)?;
        }
        if let Err(error) = fs::rename(&self.written, &self.path) {
            if !force {
                let _ = fs::remove_file(&self.path);
            }
            return Err(error);
        }
        self.is_kept = true;
        Ok(self.path.clone())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = fs::remove_file(&self.written);
        }
    }
}

/// Makes a file that is not there yet, to write to. Who is confined may not read it, as
/// [`File::create_new`] would.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Counts what is written.
#[derive(Debug)]
pub(super) struct Counted<W> {
    inner: W,
    pub(super) bytes: u64,
    pub(super) lines: u64,
}

impl<W> Counted<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            bytes: 0,
            lines: 0,
        }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        let taken = bytes.get(..written).unwrap_or(bytes);
        let lines = taken.split(|byte| *byte == b'\n').skip(1).count();
        self.lines = self.lines.saturating_add(lines as u64);
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
