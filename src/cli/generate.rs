//! Options that print what a package of the program has beside it.

use clap::Args;
use clap_complete::Shell;

/// What is to be printed instead of anything else.
#[derive(Debug, Args, Clone, Default)]
#[group(multiple = false)]
pub(crate) struct GenerateFlags {
    /// Print the manual page, for man(1).
    #[arg(long)]
    pub generate_man: bool,

    /// Print the completions for a shell.
    #[arg(long, value_name = "SHELL", value_enum)]
    pub generate_completions: Option<Shell>,

    /// Print a configuration with every setting and every key, as they are without one.
    #[arg(long)]
    pub print_config_template: bool,
}
