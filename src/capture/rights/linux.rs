//! The measures of Linux, one after the other, with what came of each.

use std::fs::File;
use std::process::Command;
use std::thread;

use rustix::thread::CapabilitySet;

use super::Keep;
use super::Measure;
use super::Reach;
use super::Shortfall;
use super::Trial;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::calls;
use super::capabilities;
use super::paths;
use super::paths::Enforced;
use super::paths::Outcome;
pub use super::user::User;

/// Whether this is root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether this is root without the capability to pass over permissions of files: it may surprise
/// root that it cannot write where others own.
pub fn is_root_without_override() -> bool {
    is_root() && !capabilities::is_effective(CapabilitySet::DAC_OVERRIDE)
}

/// Gives up all capabilities of this thread, and of those it will start, but for what is kept; no
/// program can bring more of them.
pub fn hold(keep: Keep) -> Vec<Shortfall> {
    let (kept, effective) = match keep {
        Keep::Nothing => (CapabilitySet::empty(), CapabilitySet::empty()),
        Keep::Files => (CapabilitySet::DAC_OVERRIDE, CapabilitySet::DAC_OVERRIDE),
        Keep::Capture => (CapabilitySet::NET_RAW, CapabilitySet::empty()),
    };
    let held = rustix::thread::set_no_new_privs(true)
        .map_err(Into::into)
        .and_then(|()| capabilities::hold(kept, effective));
    match held {
        Ok(()) => Vec::new(),
        Err(error) => vec![Shortfall {
            measure: Measure::Capabilities,
            reason: format!("not given up: {error}"),
        }],
    }
}

/// Confines this thread, and those it will start: it opens nothing but what is within reach, and
/// does nothing that a decoder has no need of. Says what could not be done.
pub fn confine(reach: &Reach, keep: Keep) -> Vec<Shortfall> {
    let mut shortfalls = hold(keep);
    shortfalls.extend(judge(paths::restrict(reach)));
    shortfalls.extend(refuse_to_decoders());
    shortfalls
}

/// Confines the capture thread, which must be able to open an interface again and looks into no
/// frame. What cannot be done for it could not be done for the others, who tell.
#[cfg(feature = "live")]
pub(in crate::capture) fn confine_capture() {
    hold(Keep::Capture);
    let _ = paths::restrict_capture();
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let _ = calls::refuse(calls::Who::Capture);
}

/// Opens an interface with the capability to do so in force.
#[cfg(feature = "live")]
pub(in crate::capture) fn with_capture<T>(act: impl FnOnce() -> T) -> T {
    capabilities::with(CapabilitySet::NET_RAW, act)
}

fn judge(outcome: Result<Outcome, landlock::RulesetError>) -> Option<Shortfall> {
    let reason = match outcome {
        Ok(Outcome {
            status: Enforced::Whole,
            ..
        }) => return None,
        Ok(Outcome {
            status: Enforced::Part,
            version,
        }) => format!(
            "only version {} of it in this kernel, which looks at fewer kinds of access",
            version.unwrap_or(0)
        ),
        Ok(_) => "not in this kernel, or not switched on (Linux 5.13 or later, `lsm=landlock,…`)"
            .to_owned(),
        Err(error) => error.to_string(),
    };
    Some(Shortfall {
        measure: Measure::Landlock,
        reason,
    })
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn refuse_to_decoders() -> Option<Shortfall> {
    calls::refuse(calls::Who::Decoders)
        .err()
        .map(|error| Shortfall {
            measure: Measure::Seccomp,
            reason: error.to_string(),
        })
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn refuse_to_decoders() -> Option<Shortfall> {
    Some(Shortfall {
        measure: Measure::Seccomp,
        reason: "there is no list of calls for this kind of processor".to_owned(),
    })
}

/// Confines a thread of its own, lets it try what it must not do, and tells what came of it. This
/// thread stays as it is.
pub fn trial() -> Trial {
    let tried = thread::spawn(|| {
        let outcome = paths::restrict(&Reach::default());
        let landlock = outcome.as_ref().ok().and_then(|outcome| outcome.version);
        let mut shortfalls = hold(Keep::Nothing);
        shortfalls.extend(judge(outcome));
        shortfalls.extend(refuse_to_decoders());
        let mut leaks = Vec::new();
        if File::open("/proc/self/status").is_ok() {
            leaks.push("opened a file that was not named");
        }
        if std::net::UdpSocket::bind("127.0.0.1:0").is_ok() {
            leaks.push("opened a socket");
        }
        if let Ok(mut child) = Command::new("/proc/self/exe").arg("--version").spawn() {
            let _ = child.wait();
            leaks.push("started a program");
        }
        Trial {
            shortfalls,
            landlock,
            leaks,
        }
    });
    tried.join().unwrap_or_else(|_| Trial {
        shortfalls: Vec::new(),
        landlock: None,
        leaks: vec!["ended before it was done"],
    })
}
