//! The import table of ARCHITECTURE.md as a test: layers import only downward, and each crate of
//! the field is named in the layers that own it.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot read the sources fails with the cause"
)]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// What each module of the crate may import. A module that is not listed has no layer.
const MAY_USE: &[(&str, &[&str])] = &[
    ("lib", &[]),
    ("base", &[]),
    ("capture", &["base"]),
    ("net", &["base", "capture"]),
    ("carrier", &["base", "net"]),
    ("rtmp", &["base"]),
    ("session", &["base", "net", "rtmp"]),
    ("findings", &["base", "net", "rtmp", "session"]),
    ("filter", &["base", "net", "rtmp", "session"]),
    ("compare", &["base", "net", "rtmp", "session"]),
    (
        "pipeline",
        &[
            "base", "capture", "net", "carrier", "rtmp", "session", "findings",
        ],
    ),
    (
        "report",
        &[
            "base", "capture", "net", "carrier", "rtmp", "session", "findings", "filter",
            "compare", "pipeline",
        ],
    ),
    (
        "tui",
        &[
            "base", "capture", "net", "carrier", "rtmp", "session", "findings", "filter",
            "compare", "pipeline",
        ],
    ),
];

/// Modules of the binary: they may use everything.
const BINARY: &[&str] = &["main", "cli", "run"];

/// Which modules may name a crate of the field.
const CRATES: &[(&str, &[&str])] = &[
    ("pcap", &["capture"]),
    ("etherparse", &["net"]),
    ("nom", &["capture", "net", "carrier", "rtmp"]),
    ("regex", &["filter"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("landlock", &["capture"]),
    ("seccompiler", &["capture"]),
    ("nix", &["capture"]),
];

#[test]
fn imports_point_downward() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut forbidden = Vec::new();
    for file in rust_files(&root) {
        let relative = file.strip_prefix(&root).expect("below src");
        let module = relative
            .components()
            .next()
            .expect("a path")
            .as_os_str()
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_owned();
        if BINARY.contains(&module.as_str()) {
            continue;
        }
        let allowed = MAY_USE
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("module `{module}` has no layer: add it to MAY_USE"))
            .1;
        let text = fs::read_to_string(&file).expect("readable source");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let place = format!("{}:{}", relative.display(), number + 1);
            assert!(
                !code.contains("crate::{"),
                "{place}: one path per `use`, so that every import is seen here"
            );
            for used in names_after(code, "crate::") {
                if used != module && !allowed.contains(&used.as_str()) {
                    forbidden.push(format!("{module} -> {used} ({place})"));
                }
            }
            for (krate, owners) in CRATES {
                let named = names_after(code, "use ").iter().any(|n| n == krate)
                    || code.contains(&format!(" {krate}::"))
                    || code.contains(&format!("({krate}::"));
                if named && !owners.contains(&module.as_str()) {
                    forbidden.push(format!("{module} -> crate {krate} ({place})"));
                }
            }
        }
    }
    assert!(
        forbidden.is_empty(),
        "forbidden arrows:\n{}",
        forbidden.join("\n")
    );
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

/// The identifiers that follow each occurrence of `prefix` at a word's start.
fn names_after(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        names.push(
            code[at + prefix.len()..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect(),
        );
    }
    names
}
