//! Symbols for terminals that show nothing but ASCII: one pass over a frame that is drawn already,
//! so that no view has to know. Each symbol becomes one character that looks or reads alike, and
//! what somebody else wrote in other letters a question mark for each of its columns.

use std::fmt;
use std::str::FromStr;

use ratatui::buffer::Buffer;

use crate::tui::widgets::text::width;

/// What frames are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symbols {
    /// All there are.
    #[default]
    Unicode,
    /// ASCII and nothing else.
    Ascii,
}

impl Symbols {
    /// All of them, with their names and what they are.
    pub const ALL: [(Self, &'static str, &'static str); 2] = [
        (Self::Unicode, "unicode", "lines, blocks and signs"),
        (Self::Ascii, "ascii", "ASCII and nothing else"),
    ];

    /// What the environment says the terminal shows, of which `variable` gives the values. A locale
    /// counts where one is named; where none is, a terminal that is known to have few symbols.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE"));
        let is_ascii = if let Some(locale) = locale.or_else(|| set("LANG")) {
            let locale = locale.to_ascii_lowercase();
            !locale.contains("utf-8") && !locale.contains("utf8")
        } else {
            let term = set("TERM").unwrap_or_default();
            let has_few = ["linux", "vt", "ansi", "cons", "sun", "dumb"];
            has_few.iter().any(|begin| term.starts_with(begin))
        };
        if is_ascii { Self::Ascii } else { Self::Unicode }
    }

    /// Draws a frame with these instead of those that it has.
    pub fn apply(self, buffer: &mut Buffer) {
        if self == Self::Ascii {
            to_ascii(buffer);
        }
    }
}

impl fmt::Display for Symbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Self::ALL.iter();
        let name = all.find(|(one, ..)| one == self).map(|(_, name, _)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

impl FromStr for Symbols {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::tui::options::chosen(text, &Self::ALL.map(|(one, name, _)| (name, one)))
    }
}

/// What stands for a symbol that there is no character for.
const OTHER: &str = "?";

/// Characters for symbols of one column: each of the second text stands for the symbol in the same
/// place of the first.
const TABLE: &[(&str, &str)] = &[
    // Lines and corners.
    ("─━┄┅┈┉╌╍═", "---------"),
    ("│┃┆┇┊┋╎╏║", "|||||||||"),
    ("┌┐└┘╭╮╰╯┏┓┗┛╔╗╚╝", "++++++++++++++++"),
    ("├┤┬┴┼┝┥┠┨┣┫┯┷╪╫╞╡╟╢╤╧╬", "++++++++++++++++++++++"),
    ("╴╶╵╷╱╲╳", "--||/\\X"),
    // Levels and bars.
    ("▁▂▃▄▅▆▇█", ".:-=+*%#"),
    ("▏▎▍▌▋▊▉▐▕", "||||###||"),
    ("▀▖▗▘▝▙▛▜▟▚▞", "\"..''#####/"),
    ("░▒▓", ".:#"),
    // Arrows.
    ("→←↑↓↔↕⇥⇤⇒⇐", "><^v-|>|><"),
    ("↳↲↩⏎↵↗↘↖↙⟶⟵", ">< <<^v^v><"),
    // Signs.
    ("✖✗✘✕×✔✓", "XXXXxvv"),
    ("▲△▴▼▽▾▶▷▸►◀◁◂◄", "!!^vvv>>>><<<<"),
    ("●○◉◌◆◇■□▪▫•·∙⋅", "*oo.**#o#o*..."),
    ("★☆⚑⚐⏱⏸⏵⏺⚠ℹ", "**FFT=>*!i"),
    ("…‖‥–—‐−±≈≠≤≥≡∅∞⋯⋮", ".=.----~~!<>=08.:"),
    ("µμΔδ∑°", "uuDdSo"),
    ("‘’“”«»‹›", "''\"\"<><>"),
];

/// The character for a symbol of one column; `None` where the table has none.
fn ascii(symbol: char) -> Option<char> {
    if symbol.is_ascii() {
        return Some(symbol);
    }
    if let Some(dots @ 0..=0xff) = u32::from(symbol).checked_sub(0x2800) {
        return Some(density(dots.count_ones()));
    }
    let found = TABLE.iter().find_map(|(symbols, characters)| {
        let mut pairs = symbols.chars().zip(characters.chars());
        pairs.find(|(one, _)| *one == symbol)
    });
    found.map(|(_, character)| character)
}

/// How dark a braille pattern of so many dots is.
fn density(dots: u32) -> char {
    match dots {
        0 => ' ',
        1..=2 => '.',
        3..=4 => ':',
        5..=6 => '*',
        _ => '#',
    }
}

fn to_ascii(buffer: &mut Buffer) {
    let columns = usize::from(buffer.area.width);
    // Columns that the symbol before still takes.
    let mut taken = 0_usize;
    for (place, cell) in buffer.content.iter_mut().enumerate() {
        if place.checked_rem(columns) == Some(0) {
            taken = 0;
        }
        if taken > 0 {
            taken = taken.saturating_sub(1);
            cell.set_symbol(OTHER);
            continue;
        }
        let symbol = cell.symbol();
        if symbol.len() == 1 && symbol.is_ascii() {
            continue;
        }
        taken = width(symbol).saturating_sub(1);
        // Marks that are put on a letter leave it.
        let character = symbol.chars().next().and_then(ascii);
        match character.filter(|_| taken == 0) {
            Some(character) => {
                cell.set_char(character);
            }
            None if symbol.is_empty() => {
                cell.set_symbol(" ");
            }
            None => {
                cell.set_symbol(OTHER);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use ratatui::buffer::Cell;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn symbols(variables: &[(&str, &str)]) -> Symbols {
        Symbols::of(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_locale_says_what_can_be_shown() {
        for (variables, expected) in [
            (&[("LANG", "en_US.UTF-8")][..], Symbols::Unicode),
            (&[("LANG", "C.utf8"), ("TERM", "linux")], Symbols::Unicode),
            (&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], Symbols::Ascii),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], Symbols::Unicode),
            (&[("LANG", "de_DE.ISO-8859-1")], Symbols::Ascii),
            (&[("LC_ALL", ""), ("TERM", "xterm")], Symbols::Unicode),
            (&[("TERM", "linux")], Symbols::Ascii),
            (&[("TERM", "vt100")], Symbols::Ascii),
            (&[], Symbols::Unicode),
        ] {
            assert_eq!(symbols(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn the_table_has_one_character_of_one_column_for_each_symbol() {
        let mut seen = Vec::new();
        for (symbols, characters) in TABLE {
            assert_eq!(
                symbols.chars().count(),
                characters.chars().count(),
                "{symbols}"
            );
            for (symbol, character) in symbols.chars().zip(characters.chars()) {
                assert_eq!(width(&symbol.to_string()), 1, "{symbol}");
                assert!(character == ' ' || character.is_ascii_graphic());
                assert!(!seen.contains(&symbol), "{symbol} stands there twice");
                seen.push(symbol);
            }
        }
    }

    #[test]
    fn what_others_wrote_keeps_its_columns() {
        let area = Rect::new(0, 0, 12, 2);
        let mut buffer = Buffer::empty(area);
        buffer.set_string(0, 0, "aキーb é▂⣿…", Style::new());
        buffer.set_string(10, 1, "キ", Style::new());
        to_ascii(&mut buffer);
        let line: String = buffer.content().iter().map(Cell::symbol).collect();
        assert_eq!(line, "a????b ?:#.           ??");
    }

    /// Symbols in the texts of the sources, without comments and tests.
    fn in_sources(folder: &Path, found: &mut Vec<(char, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "tests" {
                    in_sources(&path, found);
                }
                continue;
            }
            let is_test = name.contains("test");
            let is_source = path.extension().is_some_and(|ending| ending == "rs");
            if is_test || !is_source || name == "symbols.rs" {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for line in code.lines() {
                let line = line.split("//").next().unwrap();
                for symbol in line.chars().filter(|c| !c.is_ascii()) {
                    found.push((symbol, path.display().to_string()));
                }
            }
        }
    }

    #[test]
    fn the_table_has_every_symbol_that_the_program_writes() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        for folder in ["base", "session", "filter", "tui", "run"] {
            in_sources(&root.join(folder), &mut found);
        }
        assert!(found.len() > 50);
        for (symbol, file) in found {
            assert!(ascii(symbol).is_some(), "{symbol} of {file}");
        }
    }
}
