//! The settings that there are, in one table: the reader of the configuration, its template and
//! the manual page all go by it.

use std::str::FromStr;

use rtmpscope::tui::state::moments::TimeMode;
use rtmpscope::tui::symbols::Symbols;
use rtmpscope::tui::theme::ThemeName;
use rtmpscope::tui::theme::When;
use toml::de::DeValue;

use crate::run::config::read::Config;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Setting {
    /// The name.
    pub(in crate::run) name: &'static str,
    /// What holds without it, as it would be written.
    pub(in crate::run) default: &'static str,
    /// What it does.
    pub(in crate::run) help: &'static str,
    /// The words that it may be.
    pub(in crate::run) words: fn() -> Vec<(&'static str, &'static str)>,
    /// Takes a value, or says what was expected.
    pub(super) take: fn(&mut Config, &DeValue<'_>) -> Result<(), String>,
}

/// What leaves the choice to the environment.
const AUTO: &str = "auto";

/// The settings, without the tables of keys and filters.
pub(in crate::run) const SETTINGS: &[Setting] = &[
    Setting {
        name: "theme",
        default: "\"auto\"",
        help: "colours of the dashboard",
        words: || ThemeName::ALL.map(|(_, name, help)| (name, help)).to_vec(),
        take: |config, value| word(&mut config.theme, value),
    },
    Setting {
        name: "color",
        default: "\"auto\"",
        help: "whether there are colours",
        words: || When::ALL.map(|(_, name, help)| (name, help)).to_vec(),
        take: |config, value| word(&mut config.color, value),
    },
    Setting {
        name: "symbols",
        default: "\"auto\"",
        help: "what the dashboard is drawn with",
        words: || {
            let [unicode, ascii] = Symbols::ALL.map(|(_, name, help)| (name, help));
            vec![(AUTO, "as the locale says"), unicode, ascii]
        },
        take: |config, value| match value {
            DeValue::String(text) if text == AUTO => Ok(()),
            other => word(&mut config.symbols, other).map_err(|_| {
                let [unicode, ascii] = Symbols::ALL.map(|(_, name, _)| name);
                expected(&format!("{AUTO}, {unicode} or {ascii}"), other)
            }),
        },
    },
    Setting {
        name: "time-mode",
        default: "\"since-start\"",
        help: "how times are shown at first",
        words: || {
            TimeMode::ALL
                .map(|(mode, word)| (word, mode.name()))
                .to_vec()
        },
        take: |config, value| word(&mut config.time, value),
    },
    Setting {
        name: "follow",
        default: "false",
        help: "whether the newest line is selected at first",
        words: Vec::new,
        take: |config, value| switch(&mut config.follow, value),
    },
    Setting {
        name: "mouse",
        default: "true",
        help: "whether the mouse is taken; without it the terminal selects text by itself",
        words: Vec::new,
        take: |config, value| switch(&mut config.mouse, value),
    },
    Setting {
        name: "recent",
        default: "true",
        help: "whether captures that were opened are remembered and listed",
        words: Vec::new,
        take: |config, value| switch(&mut config.recent, value),
    },
    Setting {
        name: "save-dir",
        default: "\".\"",
        help: "folder for files that are saved from the dashboard, made when it is not there",
        words: Vec::new,
        take: |config, value| match value {
            DeValue::String(folder) if !folder.is_empty() => {
                config.save_dir = Some(folder.to_string());
                Ok(())
            }
            other => Err(expected("a folder in quotes", other)),
        },
    },
];

/// What was expected instead of a value.
pub(super) fn expected(what: &str, value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("expected {what}, not \"{}\"", short(text)),
        other => format!("expected {what}, not {}", kind(other)),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// As much of a text of the file as a message has room for.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn word<T: FromStr<Err = String>>(
    place: &mut Option<T>,
    value: &DeValue<'_>,
) -> Result<(), String> {
    let DeValue::String(text) = value else {
        return Err(expected("a word in quotes", value));
    };
    let parsed = text.parse::<T>();
    *place = Some(parsed.map_err(|expected| format!("{expected}, not \"{}\"", short(text)))?);
    Ok(())
}

fn switch(place: &mut Option<bool>, value: &DeValue<'_>) -> Result<(), String> {
    match value {
        DeValue::Boolean(is_on) => {
            *place = Some(*is_on);
            Ok(())
        }
        other => Err(expected("true or false", other)),
    }
}
