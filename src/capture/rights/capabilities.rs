//! Capabilities of this thread (capabilities(7)): each thread has its own.

use std::io;

use rustix::thread::CapabilitySet;
use rustix::thread::CapabilitySets;
use rustix::thread::capabilities;
use rustix::thread::clear_ambient_capability_set;
use rustix::thread::set_capabilities;

/// Gives up all but those of `kept`, of which the ones of `effective` are in force.
pub(super) fn hold(kept: CapabilitySet, effective: CapabilitySet) -> io::Result<()> {
    // Kernels before 4.3 have none of these.
    let _ = clear_ambient_capability_set();
    let now = capabilities(None)?;
    let wanted = CapabilitySets {
        permitted: now.permitted & kept,
        effective: now.permitted & kept & effective,
        inheritable: CapabilitySet::empty(),
    };
    // Where seccomp forbids the call, those who have none need none of it.
    if now != wanted {
        set_capabilities(None, wanted)?;
    }
    Ok(())
}

/// Whether a capability is in force.
pub(super) fn is_effective(capability: CapabilitySet) -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(capability))
}

/// Does something with a capability in force that was put aside, where there is one.
#[cfg(feature = "live")]
pub(super) fn with<T>(capability: CapabilitySet, act: impl FnOnce() -> T) -> T {
    let Ok(before) = capabilities(None) else {
        return act();
    };
    let raised = CapabilitySets {
        effective: before.effective | (before.permitted & capability),
        ..before
    };
    if raised == before {
        return act();
    }
    let is_raised = set_capabilities(None, raised).is_ok();
    let done = act();
    if is_raised {
        // It was in force before, so that giving it up cannot be refused.
        let _ = set_capabilities(None, before);
    }
    done
}
