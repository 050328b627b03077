//! The path that is typed on the Start screen, and the folder below it.

use std::path::Path;
use std::path::PathBuf;

use crate::tui::start::field::Field;
use crate::tui::start::model::Entry;
use crate::tui::start::model::Folder;

/// The name of the folder above another one.
pub const PARENT: &str = "..";

/// The path field and what is selected below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Browse {
    /// The path as it is typed.
    pub path: Field,
    /// The selected line of those that match; `None` while the text is what counts.
    pub selected: Option<usize>,
}

impl Browse {
    /// The folder that is typed, up to its last slash, and the begin of a name behind it.
    pub fn parts(&self) -> (&str, &str) {
        let text = self.path.text();
        let at = text.rfind('/').map_or(0, |at| at.saturating_add(1));
        text.split_at_checked(at).unwrap_or((text, ""))
    }

    /// The lines of a folder that begin as the name does; those that begin with a dot only when that
    /// is typed.
    pub fn matching<'a>(&self, folder: &'a Folder) -> Vec<&'a Entry> {
        let (_, begin) = self.parts();
        let entries = folder.entries.iter();
        entries
            .filter(|entry| {
                let is_hidden = entry.name.starts_with('.') && entry.name != PARENT;
                entry.name.starts_with(begin) && (!is_hidden || begin.starts_with('.'))
            })
            .collect()
    }

    /// Puts another name behind the folder; the folder above takes its last name away, where it has
    /// one.
    pub fn name(&mut self, name: &str) {
        let (folder, _) = self.parts();
        let inner = folder.trim_end_matches('/');
        let last = inner.rfind('/').map_or(0, |at| at.saturating_add(1));
        let (above, last) = inner.split_at_checked(last).unwrap_or((folder, ""));
        let path = if name != "../" || matches!(last, ".." | "." | "~") {
            format!("{folder}{name}")
        } else if !last.is_empty() {
            above.to_owned()
        } else if folder.is_empty() {
            name.to_owned()
        } else {
            folder.to_owned()
        };
        *self = Self {
            path: Field::of(&path),
            selected: None,
        };
    }

    /// Completes the name as far as there is only one way to go on; from there on, selects the next of
    /// those that match.
    pub fn complete(&mut self, folder: &Folder) {
        let matching = self.matching(folder);
        let (_, begin) = self.parts();
        let mut real = matching.clone();
        real.retain(|entry| entry.name != PARENT);
        let Some(first) = real.first() else {
            return;
        };
        let common = real.iter().fold(first.name.as_str(), |common, entry| {
            shared(common, &entry.name)
        });
        match real.as_slice() {
            [only] => {
                let end = if only.size.is_none() { "/" } else { "" };
                let name = format!("{}{end}", only.name);
                self.name(&name);
            }
            _ if common.len() > begin.len() => {
                let common = common.to_owned();
                self.name(&common);
            }
            // There is a choice: the next of them.
            _ => {
                let next = self.selected.map_or(0, |line| line.saturating_add(1));
                self.selected = Some(if next < matching.len() { next } else { 0 });
            }
        }
    }
}

/// A path as it is typed, with `~` for the home folder.
pub fn at_home(text: &str, home: Option<&Path>) -> PathBuf {
    let rest = text.strip_prefix('~');
    match (rest, home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    }
}

/// The begin that two texts share.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let mut pairs = one.char_indices().zip(other.chars());
    let end = pairs
        .find(|((_, c), d)| c != d)
        .map_or_else(|| one.len().min(other.len()), |((at, _), _)| at);
    one.get(..end).unwrap_or(one)
}
