//! The configuration of the user: read before rights are given up, checked as a whole, and settled
//! with the flags, which count more than it does, and the environment, which counts less.

mod read;
mod settings;
mod template;

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::io::stdout;
use std::path::PathBuf;
use std::sync::Arc;

use rtmpscope::tui;
use rtmpscope::tui::start::browse::at_home;
use rtmpscope::tui::state::sieve::Named;
use rtmpscope::tui::symbols::Symbols;
use rtmpscope::tui::theme::Depth;
use rtmpscope::tui::theme::Ground;

use crate::cli::Cli;
use crate::cli::Command;
use crate::cli::Flags;
use crate::run::config::read::Config;
pub(super) use crate::run::config::settings::SETTINGS;
pub(super) use crate::run::config::template::commands;
pub(super) use crate::run::config::template::screens as of_screens;
pub(super) use crate::run::config::template::template;

/// Where the configuration is below the folder of configurations.
const NAME: &str = "rtmpscope/config.toml";

/// What stands before the name of a display filter that the configuration has.
const NAMED: char = ':';

/// The flags as they are with the configuration.
///
/// # Errors
/// What is wrong with the configuration, and where.
pub(super) fn settle(cli: &Cli) -> Result<Flags, String> {
    let mut flags = cli.flags.clone();
    let filter = flags.display_filter.as_deref();
    let named = filter.and_then(|filter| filter.strip_prefix(NAMED));
    let named = named.map(str::to_owned);
    let shows = matches!(
        &cli.command,
        None | Some(Command::Tui { .. } | Command::Diff(_) | Command::Demo)
    );
    let is_on_screen = shows && stdout().is_terminal();
    // What prints does not fail because of how the dashboard is to look.
    let is_read = is_on_screen || named.is_some() || flags.look.config.is_some();
    let config = if is_read {
        read::of_user(&flags)?
    } else {
        Config::default()
    };
    if let Some(name) = named {
        flags.display_filter = Some(config.filter(&name)?.to_owned());
    }
    flags.no_recent |= config.recent == Some(false);
    if flags.save_dir.is_none()
        && let Some(folder) = &config.save_dir
    {
        flags.save_dir = Some(at_home(folder, absolute("HOME").as_deref()));
    }
    flags.screens = screens(&flags, config, variable);
    Ok(flags)
}

fn screens(
    flags: &Flags,
    config: Config,
    variable: impl Fn(&str) -> Option<String> + Copy,
) -> tui::Options {
    let defaults = tui::Options::default();
    let when = flags.look.color.or(config.color).unwrap_or_default();
    let symbols = config.symbols.unwrap_or_else(|| Symbols::of(variable));
    let said = variable("COLORFGBG").and_then(|text| Ground::of_numbers(&text));
    // The console of Linux is black, and takes a question for text.
    let is_console = variable("TERM").as_deref() == Some("linux");
    tui::Options {
        named: Arc::new(Named::new(config.filters)),
        theme: flags.look.theme.or(config.theme).unwrap_or_default(),
        ground: said.or(is_console.then_some(Ground::Dark)),
        depth: Depth::of(when, variable),
        symbols: if flags.look.ascii {
            Symbols::Ascii
        } else {
            symbols
        },
        keys: config.keys,
        time: config.time.unwrap_or_default(),
        follow: config.follow.unwrap_or(defaults.follow),
        mouse: config.mouse.unwrap_or(defaults.mouse),
        ..defaults
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// A path of the environment. One that is not absolute is to be ignored (XDG Base Directory
/// Specification).
fn absolute(name: &str) -> Option<PathBuf> {
    let path = env::var_os(name).filter(|value: &OsString| !value.is_empty());
    path.map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Where the configuration of the user is to be.
fn path_of_user() -> Option<PathBuf> {
    let home = || Some(absolute("HOME")?.join(".config"));
    Some(absolute("XDG_CONFIG_HOME").or_else(home)?.join(NAME))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use rtmpscope::tui::theme::ThemeName;
    use rtmpscope::tui::theme::When;

    use super::*;

    fn flags(line: &str) -> Flags {
        Cli::try_parse_from(line.split_whitespace()).unwrap().flags
    }

    fn settled(line: &str, config: &str, variables: &[(&str, &str)]) -> tui::Options {
        let config = read::parsed(config, "config.toml").unwrap();
        screens(&flags(line), config, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const TERM: (&str, &str) = ("TERM", "xterm-256color");

    #[test]
    fn flags_count_more_than_the_configuration_and_it_more_than_the_environment() {
        let config = "theme = \"light\"\ncolor = \"always\"\nsymbols = \"unicode\"\n";
        let variables = [TERM, ("NO_COLOR", "1"), ("LC_ALL", "C")];
        let options = settled("rtmpscope demo", "", &variables);
        assert_eq!(options.theme, ThemeName::Auto);
        assert_eq!(options.depth, Depth::None);
        assert_eq!(options.symbols, Symbols::Ascii);
        let options = settled("rtmpscope demo", config, &variables);
        assert_eq!(options.theme, ThemeName::Light);
        assert_eq!(options.depth, Depth::Indexed);
        assert_eq!(options.symbols, Symbols::Unicode);
        let line = "rtmpscope demo --theme muted --color never --ascii";
        assert_eq!(flags(line).look.color, Some(When::Never));
        let options = settled(line, config, &variables);
        assert_eq!(options.theme, ThemeName::Muted);
        assert_eq!(options.depth, Depth::None);
        assert_eq!(options.symbols, Symbols::Ascii);
    }

    #[test]
    fn the_ground_is_what_the_environment_says() {
        let ground = |variables: &[(&str, &str)]| settled("rtmpscope", "", variables).ground;
        assert_eq!(ground(&[TERM]), None);
        assert_eq!(ground(&[TERM, ("COLORFGBG", "0;15")]), Some(Ground::Light));
        assert_eq!(ground(&[("TERM", "linux")]), Some(Ground::Dark));
    }
}
