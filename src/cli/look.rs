//! Options about how the screens look, and about the file that chooses it for good.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValue;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use rtmpscope::tui::theme::ThemeName;
use rtmpscope::tui::theme::When;

/// Options about how the screens look.
#[derive(Debug, Args, Clone, Default)]
pub(crate) struct LookFlags {
    /// Colours of the dashboard.
    #[arg(long, value_name = "NAME", global = true, value_parser = themes())]
    pub theme: Option<ThemeName>,

    /// Whether the dashboard has colours.
    #[arg(long, value_name = "WHEN", global = true, value_parser = whens())]
    pub color: Option<When>,

    /// Draw the dashboard in ASCII alone, as it is where the locale has nothing else.
    #[arg(long, global = true)]
    pub ascii: bool,

    /// Read the configuration from this file instead of ~/.config/rtmpscope/config.toml.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Read no configuration.
    #[arg(long, global = true, conflicts_with = "config")]
    pub no_config: bool,
}

fn themes() -> impl TypedValueParser<Value = ThemeName> {
    let values = ThemeName::ALL.map(|(_, name, help)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<ThemeName>())
}

fn whens() -> impl TypedValueParser<Value = When> {
    let values = When::ALL.map(|(_, name, help)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<When>())
}
