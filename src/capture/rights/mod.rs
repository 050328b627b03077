//! What this process may do: rights are given up here, once the inputs are open and before the
//! first byte of a packet is read. Bytes of others cannot use what is not there.
//!
//! The order is [`User::become_it`], [`hold`], the outputs, [`crate::capture::Source::begin`],
//! [`confine`]. Linux counts capabilities, Landlock and seccomp by the thread, and a thread begins
//! with those of the one that started it: all of it happens before other threads are started, but
//! for the one that captures, which confines itself ([`Keep::Capture`]).
//!
//! Nothing here fails for a kernel that lacks something: what could not be done is told
//! ([`Shortfall`]).

#[cfg(not(target_os = "linux"))]
mod absent;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod calls;
#[cfg(target_os = "linux")]
mod capabilities;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod paths;
mod reach;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
#[cfg(target_os = "linux")]
mod user;

use std::fmt;
use std::io;

#[cfg(not(target_os = "linux"))]
use absent as system;
#[cfg(target_os = "linux")]
use linux as system;
pub use reach::Reach;
pub use system::User;
pub use system::confine;
#[cfg(feature = "live")]
pub(in crate::capture) use system::confine_capture;
pub use system::hold;
pub use system::is_root;
pub use system::is_root_without_override;
pub use system::trial;
#[cfg(feature = "live")]
pub(in crate::capture) use system::with_capture;

/// Capabilities that are held on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// None.
    Nothing,
    /// The one to pass over permissions of files, if there is one: root reads and writes beside
    /// captures that others own, and Landlock says where.
    Files,
    /// The one to open packet sockets, put aside until an interface has to be opened again.
    Capture,
}

/// What stands between the bytes of a packet and this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Capabilities are given up.
    Capabilities,
    /// No file may be opened but those that were named.
    Landlock,
    /// No program may be started, no socket opened, and so on.
    Seccomp,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Capabilities => "capabilities",
            Self::Landlock => "Landlock",
            Self::Seccomp => "seccomp",
        })
    }
}

/// A measure that could not be taken, or only in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// Which.
    pub measure: Measure,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.measure, self.reason)
    }
}

/// What a confined thread found out when it tried what it must not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Measures that could not be taken.
    pub shortfalls: Vec<Shortfall>,
    /// Version of Landlock that the kernel has, as far as we know its versions.
    pub landlock: Option<u32>,
    /// What it could do all the same.
    pub leaks: Vec<&'static str>,
}

/// Why the user cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// There is no such user.
    #[error(
        "no such user: {}; give a name, a number, or UID:GID",
        crate::base::text::Printable(name)
    )]
    Unknown {
        /// As it was given.
        name: String,
    },
    /// Only root can become another user.
    #[error("only root can become another user: leave -Z out, or start with sudo")]
    NotRoot,
    /// The system refused.
    #[error(
        "cannot become user {}: {cause}; a container needs the capabilities SETUID and SETGID for that, `-Z root` goes without",
        crate::base::text::Printable(name)
    )]
    Refused {
        /// Who was to be become.
        name: String,
        /// What the system says.
        cause: io::Error,
    },
    /// This system is not Linux.
    #[error("the user can be changed on Linux only: leave -Z out")]
    Unsupported,
}
