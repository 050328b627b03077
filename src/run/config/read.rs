//! Reads a configuration: TOML, of which every name and every value is checked. What is wrong is
//! told with the place in the file, what was expected, and the name that may have been meant.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rtmpscope::base::text::printable;
use rtmpscope::filter::Filter;
use rtmpscope::tui::keys::BindError;
use rtmpscope::tui::keys::KeyMap;
use rtmpscope::tui::state::moments::TimeMode;
use rtmpscope::tui::symbols::Symbols;
use rtmpscope::tui::theme::ThemeName;
use rtmpscope::tui::theme::When;
use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::cli::Flags;
use crate::run::config::path_of_user;
use crate::run::config::settings::SETTINGS;
use crate::run::config::settings::expected;
use crate::run::config::settings::short;

/// Most bytes of a configuration: a thousand times the template has room in it.
const MOST_BYTES: u64 = 4 << 20;

/// The table of keys.
pub(super) const KEYS: &str = "keys";

/// The table of display filters.
pub(super) const FILTERS: &str = "filters";

/// Likeness (Jaro-Winkler) from which a name may have been meant.
const LIKE: f64 = 0.75;

/// What a configuration says; `None` where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Config {
    pub(super) theme: Option<ThemeName>,
    pub(super) color: Option<When>,
    pub(super) symbols: Option<Symbols>,
    pub(super) time: Option<TimeMode>,
    pub(super) follow: Option<bool>,
    pub(super) mouse: Option<bool>,
    pub(super) recent: Option<bool>,
    pub(super) save_dir: Option<String>,
    pub(super) keys: Arc<KeyMap>,
    /// Display filters with their names.
    pub(super) filters: Vec<(String, String)>,
}

impl Config {
    /// The display filter of a name.
    ///
    /// # Errors
    /// That there is none, with those there are.
    pub(super) fn filter(&self, name: &str) -> Result<&str, String> {
        if let Some((_, expression)) = self.filters.iter().find(|(known, _)| known == name) {
            return Ok(expression);
        }
        let names = || self.filters.iter().map(|(known, _)| known.as_str());
        let name = printable(&short(name));
        Err(match meant(&name, names()) {
            Some(meant) => {
                format!("-Y: the configuration has no filter \"{name}\"; did you mean :{meant}?")
            }
            None if self.filters.is_empty() => {
                format!("-Y: there is no filter \"{name}\": the configuration names none")
            }
            None => format!(
                "-Y: the configuration has no filter \"{name}\" but {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        })
    }
}

/// The configuration that the flags name, or that of the user where there is one.
///
/// # Errors
/// It cannot be read, or something in it is wrong.
pub(super) fn of_user(flags: &Flags) -> Result<Config, String> {
    let look = &flags.look;
    let path = match &look.config {
        Some(path) => path.clone(),
        None if look.no_config => return Ok(Config::default()),
        None => match path_of_user() {
            // What waits for a writer would be waited for.
            Some(path) if path.is_file() => path,
            _ => return Ok(Config::default()),
        },
    };
    let name = printable(&path.to_string_lossy());
    let text = text_of(&path).map_err(|error| format!("{name}: {error}"))?;
    parsed(&text, &name)
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(MOST_BYTES.saturating_add(1))
        .read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read <= MOST_BYTES) {
        Ok(text)
    } else {
        Err(io::Error::other("too large for a configuration"))
    }
}

/// What a text says.
///
/// # Errors
/// What is wrong, with the name of the file, line and column.
pub(super) fn parsed(text: &str, name: &str) -> Result<Config, String> {
    let told = |(range, what): Wrong| {
        let (line, column) = place(text, range.start);
        let what = what.lines().map(printable).collect::<Vec<_>>().join("\n");
        format!("{name}:{line}:{column}: {what}")
    };
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().replace('\n', "; ");
        told((error.span().unwrap_or(0..0), message))
    })?;
    config(table.get_ref()).map_err(told)
}

/// What is wrong, and which bytes.
type Wrong = (Range<usize>, String);

/// Line and column of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default();
    (
        line.saturating_add(1),
        column.chars().count().saturating_add(1),
    )
}

fn config(table: &DeTable<'_>) -> Result<Config, Wrong> {
    let mut config = Config::default();
    for (name, value) in table {
        let known = SETTINGS
            .iter()
            .find(|setting| setting.name == name.get_ref().as_ref());
        match (name.get_ref().as_ref(), known) {
            (_, Some(setting)) => {
                let taken = (setting.take)(&mut config, value.get_ref());
                taken.map_err(|what| (value.span(), format!("{}: {what}", setting.name)))?;
            }
            (KEYS, None) => config.keys = keys(table_of(KEYS, value)?)?,
            (FILTERS, None) => config.filters = filters(table_of(FILTERS, value)?)?,
            (unknown, None) => return Err((name.span(), no_setting(unknown))),
        }
    }
    Ok(config)
}

fn no_setting(name: &str) -> String {
    let names = SETTINGS.iter().map(|setting| setting.name);
    let names = || names.clone().chain([KEYS, FILTERS]);
    let unknown = short(name);
    match meant(name, names()) {
        Some(meant) => format!("there is no setting \"{unknown}\"; did you mean \"{meant}\"?"),
        None => format!(
            "there is no setting \"{unknown}\"; there are {}",
            names().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn meant<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

fn table_of<'a, 'i>(name: &str, value: &'a Spanned<DeValue<'i>>) -> Result<&'a DeTable<'i>, Wrong> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        other => {
            let what = expected(&format!("a table: [{name}] in a line of its own"), other);
            Err((value.span(), format!("{name}: {what}")))
        }
    }
}

fn keys(table: &DeTable<'_>) -> Result<Arc<KeyMap>, Wrong> {
    const EXPECTED: &str = "a key in quotes or a list of them";
    let mut chosen = Vec::new();
    let mut places = Vec::new();
    for (name, value) in table {
        let wrong = |value: &Spanned<DeValue<'_>>| {
            let what = expected(EXPECTED, value.get_ref());
            (value.span(), format!("{}: {what}", short(name.get_ref())))
        };
        let keys = match value.get_ref() {
            DeValue::String(key) => vec![key.to_string()],
            DeValue::Array(keys) => {
                let keys = keys.iter().map(|key| match key.get_ref() {
                    DeValue::String(key) => Ok(key.to_string()),
                    _ => Err(wrong(key)),
                });
                keys.collect::<Result<_, _>>()?
            }
            _ => return Err(wrong(value)),
        };
        chosen.push((name.get_ref().to_string(), keys));
        places.push(name.span());
    }
    KeyMap::with(&chosen).map(Arc::new).map_err(|error| {
        let is_meant = |name: &str| match &error {
            BindError::NoCommand { name: unknown, .. } => short(name) == *unknown,
            BindError::NoKey { name: command, .. } => name == command,
            BindError::Twice { one, other, .. } => name == *one || name == *other,
            BindError::Needed(command) => name == *command,
        };
        let mut named = chosen.iter().zip(&places);
        let found = named.find(|((name, _), _)| is_meant(name));
        (
            found.map_or(0..0, |(_, place)| place.clone()),
            format!("{KEYS}: {error}"),
        )
    })
}

fn filters(table: &DeTable<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let mut filters = Vec::new();
    for (name, value) in table {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let named = name.get_ref();
        if named.is_empty() || !named.chars().all(is_plain) {
            let what = format!(
                "{FILTERS}: \"{}\" is no name; names have letters, figures, - and _",
                short(named)
            );
            return Err((name.span(), what));
        }
        let DeValue::String(expression) = value.get_ref() else {
            let what = expected("an expression in quotes", value.get_ref());
            return Err((value.span(), format!("{named}: {what}")));
        };
        if let Err(error) = Filter::parse(expression) {
            let what = format!("{named}: {}", error.with_place(expression));
            return Err((value.span(), what));
        }
        filters.push((named.to_string(), expression.to_string()));
    }
    Ok(filters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        parsed(text, "config.toml").unwrap_err()
    }

    #[test]
    fn nothing_says_nothing() {
        assert_eq!(parsed("", "config.toml"), Ok(Config::default()));
    }

    #[test]
    fn what_is_set_is_read() {
        let text = "theme = \"light\"\nmouse = false\nsave-dir = '~/flv'\ntime-mode = \"clock\"\n\
                    [keys]\nnext-finding = [\"f8\"]\ncopy = []\nsave = \"w\"\n\
                    [filters]\nlate = 'health<ok'\n";
        let config = parsed(text, "config.toml").unwrap();
        assert_eq!(config.theme, Some(ThemeName::Light));
        assert_eq!((config.mouse, config.follow), (Some(false), None));
        assert_eq!(config.save_dir.as_deref(), Some("~/flv"));
        assert_eq!(config.time, Some(TimeMode::Clock));
        assert_eq!(config.filter("late"), Ok("health<ok"));
        let keys = |name: &str| {
            let mut all = config.keys.all();
            let found = all.find(|(command, _)| command.name == name).unwrap();
            found.1.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(keys("next-finding"), ["F8"]);
        assert_eq!(keys("copy"), [""; 0]);
        assert_eq!(keys("save"), ["w"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_what_was_expected() {
        for (text, told) in [
            (
                "\nthme = \"dark\"",
                "config.toml:2:1: there is no setting \"thme\"; did you mean \"theme\"?",
            ),
            (
                "theme = \"drak\"",
                "config.toml:1:9: theme: expected auto, dark, light, muted, high-contrast or none, not \"drak\"",
            ),
            (
                "# é\nmouse = \"off\"",
                "config.toml:2:9: mouse: expected true or false, not \"off\"",
            ),
            (
                "theme = 7",
                "config.toml:1:9: theme: expected a word in quotes, not a number",
            ),
            (
                "[keys]\nnext-findin = \"x\"",
                "config.toml:2:1: keys: no command is named \"next-findin\"; did you mean \"next-finding\"?",
            ),
            (
                "[keys]\nfilter = \"q\"",
                "config.toml:2:1: keys: q would mean close and filter on Streams",
            ),
            (
                "[keys]\nfilter = [1]",
                "config.toml:2:11: filter: expected a key in quotes or a list of them, not a number",
            ),
            (
                "keys = \"vim\"",
                "config.toml:1:8: keys: expected a table: [keys] in a line of its own, not \"vim\"",
            ),
            (
                "[filters]\n\"a b\" = 'odd'",
                "config.toml:2:1: filters: \"a b\" is no name; names have letters, figures, - and _",
            ),
        ] {
            assert_eq!(wrong(text), told);
        }
        let told = wrong("[filters]\nlate = 'helth<ok'");
        assert!(told.starts_with("config.toml:2:8: late: "), "{told}");
        assert!(told.contains("`health`"), "{told}");
        assert!(wrong("theme = ").starts_with("config.toml:1:"));
        assert!(wrong("theme = \"dark\"\ntheme = \"light\"").starts_with("config.toml:2:1: "));
        assert!(wrong("zzz = 1").contains("there are theme, color, "));
    }

    #[test]
    fn what_is_written_there_does_not_reach_a_terminal_raw() {
        let told = wrong("\"\\u001b[2J\" = 1");
        assert!(!told.contains('\u{1b}'), "{told:?}");
    }

    #[test]
    fn a_filter_that_there_is_not_is_told_with_those_there_are() {
        let config = parsed("[filters]\nlate = 'health<ok'\nodd = 'odd'", "c").unwrap();
        let told = config.filter("lat").unwrap_err();
        assert!(told.ends_with("did you mean :late?"), "{told}");
        let told = config.filter("xyz").unwrap_err();
        assert!(told.ends_with("but late, odd"), "{told}");
    }
}
