//! What may be opened in a folder: other folders, and files that are captures by their names or
//! their first bytes.

use std::fs;
use std::fs::DirEntry;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::path::Path;

use rtmpscope::capture::file::Begin;
use rtmpscope::tui::start::browse::PARENT;
use rtmpscope::tui::start::model::Entry;
use rtmpscope::tui::start::model::Folder;

/// Most names that are looked at: some milliseconds on a disk.
const MOST_LOOKED_AT: usize = 20_000;

/// Most that are listed: nobody scrolls through more.
const MOST_LISTED: usize = 2_000;

/// Most files that are opened to see what they are: each costs a turn of the disk.
const MOST_OPENED: usize = 500;

/// Endings of captures; behind them may stand one of compression.
const CAPTURES: [&str; 4] = [".pcap", ".pcapng", ".cap", ".dmp"];

const COMPRESSED: [&str; 3] = [".gz", ".zst", ".lz4"];

/// Lists a folder.
pub(super) fn list(folder: &Path) -> Folder {
    let mut found = Folder {
        path: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
        ..Folder::default()
    };
    let names = match fs::read_dir(folder) {
        Ok(names) => names,
        Err(error) => {
            found.trouble = Some(match error.kind() {
                io::ErrorKind::NotFound => "there is no such folder".to_owned(),
                _ => error.to_string(),
            });
            return found;
        }
    };
    let mut opened = 0_usize;
    for (at, entry) in names.enumerate() {
        if at == MOST_LOOKED_AT || found.entries.len() == MOST_LISTED {
            found.is_cut = true;
            break;
        }
        let Ok(entry) = entry else {
            continue;
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        found.entries.extend(listed(&entry, name, &mut opened));
    }
    found.entries.sort_by(|one, other| {
        let key = |entry: &Entry| (entry.size.is_some(), entry.name.to_lowercase());
        key(one).cmp(&key(other))
    });
    found.entries.insert(
        0,
        Entry {
            name: PARENT.to_owned(),
            path: folder.join(PARENT),
            size: None,
        },
    );
    found
}

fn listed(entry: &DirEntry, name: String, opened: &mut usize) -> Option<Entry> {
    let path = entry.path();
    // A link is what it leads to.
    let metadata = path.metadata().ok()?;
    if metadata.is_dir() {
        return Some(Entry {
            name,
            path,
            size: None,
        });
    }
    let is_capture = metadata.is_file()
        && (is_named_so(&name) || {
            *opened = opened.saturating_add(1);
            *opened <= MOST_OPENED && begin(&path).is_ok_and(|begin| begin == Begin::Capture)
        });
    is_capture.then_some(Entry {
        name,
        path,
        size: Some(metadata.len()),
    })
}

fn is_named_so(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let inner = COMPRESSED.iter().find_map(|end| name.strip_suffix(end));
    let inner = inner.unwrap_or(&name);
    CAPTURES.iter().any(|end| inner.ends_with(end))
}

/// What a file is by its first bytes.
pub(super) fn begin(path: &Path) -> io::Result<Begin> {
    let mut bytes = Vec::new();
    let most = u64::try_from(Begin::LEN).unwrap_or(u64::MAX);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(Begin::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_captures_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        fs::create_dir(folder.path().join("Zoo")).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        make("b.PCAP.gz", b"");
        make("a.pcapng", b"anything");
        // By content: little-endian microseconds (pcap), and a section header (pcapng).
        make("ring.pcap0", b"\xd4\xc3\xb2\xa1\x02\x00");
        make("noname", b"\x0a\x0d\x0d\x0a");
        make("notes.txt", b"text");
        make("backup.tar.gz", b"\x1f\x8b\x08\x00");
        make("empty", b"");
        let found = list(folder.path());
        assert!(found.trouble.is_none() && !found.is_cut);
        let names = found.entries.into_iter().map(|entry| entry.name);
        let names: Vec<String> = names.collect();
        let folders = ["..", ".git", "Zoo"];
        let files = ["a.pcapng", "b.PCAP.gz", "noname", "ring.pcap0"];
        assert_eq!(names, [&folders[..], &files[..]].concat());
    }

    #[test]
    fn a_folder_that_is_not_there_says_so() {
        let found = list(Path::new("/no/such/folder"));
        assert_eq!(found.trouble.as_deref(), Some("there is no such folder"));
    }
}
