//! Where the captures are.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// The folder of the public captures of RTMP; `None`, said so, where it is absent.
pub(crate) fn public() -> Option<PathBuf> {
    let folder = env::var_os("RTMPSCOPE_CAPTURES")
        .map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
            PathBuf::from,
        )
        .join("rtmp");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no public captures in {}", folder.display());
    None
}

/// Every pcap and pcapng file of a folder with its name, in the order of the names.
pub(crate) fn named_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .filter_map(|path| {
            let (name, rest) = path.file_name()?.to_str()?.split_once('.')?;
            let name = name.to_owned();
            rest.starts_with("pcap").then_some((name, path))
        })
        .collect();
    found.sort();
    found
}
