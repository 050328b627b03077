//! Options about what the program may do: tcpdump's -Z, and a way out.

use clap::Args;

/// Options about rights.
#[derive(Debug, Args, Clone, Default)]
pub(crate) struct RightsFlags {
    /// When started as root, become this user before anything is written: a name, a number, or
    /// UID:GID. Without it, who captures with sudo becomes who called sudo; `-Z root` stays root.
    #[arg(
        short = 'Z',
        long = "relinquish-privileges",
        value_name = "USER",
        global = true
    )]
    pub user: Option<String>,

    /// Give up no rights, for debugging: bytes of others are read with all of them.
    #[arg(long, global = true)]
    pub no_confine: bool,
}
