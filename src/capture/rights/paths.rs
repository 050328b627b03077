//! Which files may be opened, by Landlock. TCP ports can neither be bound nor connected to where
//! the kernel knows of that (6.7).

use std::path::Path;

use landlock::ABI;
use landlock::Access as _;
use landlock::AccessFs;
use landlock::AccessNet;
use landlock::BitFlags;
use landlock::LandlockStatus;
use landlock::PathBeneath;
use landlock::PathFd;
use landlock::Ruleset;
use landlock::RulesetAttr as _;
use landlock::RulesetCreatedAttr as _;
use landlock::RulesetError;
use landlock::RulesetStatus;

use super::Reach;

/// The version that this was written for and tried on. An older kernel does what it can.
const VERSION: ABI = ABI::V7;

/// The controlling terminal of whoever asks.
const TERMINAL: &str = "/dev/tty";

/// What the capture thread reads when it opens an interface again: properties of interfaces, and
/// the names of hosts and services that a filter may hold. The last one is what
/// `/etc/resolv.conf` is a link to where systemd resolves names.
#[cfg(feature = "live")]
const OF_INTERFACES: &[&str] = &["/sys", "/etc", "/run/systemd/resolve"];

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: Enforced,
    /// The version the kernel has, as far as we know its versions.
    pub(super) version: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enforced {
    Whole,
    Part,
    Not,
}

/// Leaves this thread, and those it will start, no files but these.
pub(super) fn restrict(reach: &Reach) -> Result<Outcome, RulesetError> {
    let mut rules = Vec::new();
    for path in &reach.read {
        if path.is_dir() {
            // It cannot be read as a file, and what is told is that.
            rules.push((path.as_path(), AccessFs::ReadDir.into()));
        } else {
            rules.push((path.as_path(), AccessFs::ReadFile.into()));
        }
    }
    for path in &reach.write {
        rules.push((path.as_path(), AccessFs::WriteFile | AccessFs::Truncate));
    }
    for folder in &reach.folders {
        let access =
            AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile;
        rules.push((folder.as_path(), access));
    }
    if reach.terminal {
        let access = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
        rules.push((Path::new(TERMINAL), access));
    }
    enforce(&rules)
}

/// Leaves this thread what libpcap reads to open an interface.
#[cfg(feature = "live")]
pub(super) fn restrict_capture() -> Result<Outcome, RulesetError> {
    let access = AccessFs::ReadFile | AccessFs::ReadDir;
    let rules: Vec<_> = OF_INTERFACES
        .iter()
        .map(|path| (Path::new(path), access))
        .collect();
    enforce(&rules)
}

fn enforce(rules: &[(&Path, BitFlags<AccessFs>)]) -> Result<Outcome, RulesetError> {
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(VERSION))?
        .handle_access(AccessNet::from_all(VERSION))?
        .create()?;
    for (path, access) in rules {
        // What is not there can be neither allowed nor opened. Pipes that have a name in
        // /dev/fd cannot be ruled about, and may always be opened.
        if let Ok(place) = PathFd::new(path) {
            let _ = (&mut ruleset).add_rule(PathBeneath::new(place, *access));
        }
    }
    let enforced = ruleset.restrict_self()?;
    Ok(Outcome {
        status: match enforced.ruleset {
            RulesetStatus::FullyEnforced => Enforced::Whole,
            RulesetStatus::PartiallyEnforced => Enforced::Part,
            RulesetStatus::NotEnforced => Enforced::Not,
        },
        version: match enforced.landlock {
            LandlockStatus::Available { effective_abi, .. } => Some(effective_abi as u32),
            LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => None,
        },
    })
}
