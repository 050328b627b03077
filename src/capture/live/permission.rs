//! What to do when the system does not let us capture: a command that really helps here.

use std::env;
use std::fs;

/// Number of the capability to open packet sockets (capabilities(7)).
const CAP_NET_RAW: u32 = 13;

/// What this process may become, as far as `/proc/self/status` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    /// Whether a program could get the capability at all: containers often take it away.
    net_raw_attainable: bool,
    /// Whether capabilities of files are ignored.
    no_new_privileges: bool,
}

impl Limits {
    fn parse(status: &str) -> Self {
        let value = |key: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .map(str::trim)
        };
        let bounding = value("CapBnd:").and_then(|hex| u64::from_str_radix(hex, 16).ok());
        Self {
            net_raw_attainable: bounding.is_none_or(|set| set >> CAP_NET_RAW & 1 == 1),
            no_new_privileges: value("NoNewPrivs:") == Some("1"),
        }
    }
}

/// Says how to be allowed to capture on an interface.
pub(super) fn remedy(interface: &str) -> String {
    let limits = Limits::parse(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    let program = env::current_exe().map_or_else(
        |_| "rtmpscope".to_owned(),
        |path| path.to_string_lossy().into_owned(),
    );
    describe(limits, &program, interface)
}

fn describe(limits: Limits, program: &str, interface: &str) -> String {
    if !limits.net_raw_attainable {
        return "this container or service may not capture at all: start it with the capability \
                NET_RAW (docker run --cap-add=NET_RAW, or AmbientCapabilities=CAP_NET_RAW in a \
                systemd unit)"
            .to_owned();
    }
    if limits.no_new_privileges {
        return "nothing started in this session can gain privileges, with sudo and setcap neither \
                (NoNewPrivs is set): capture in a session without that"
            .to_owned();
    }
    format!(
        "allow this program to capture: sudo setcap cap_net_raw=ep {}; or capture with another \
         one: sudo tcpdump -i {} -U -w - | rtmpscope -",
        quoted(program),
        quoted(interface)
    )
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str =
        "Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\n";

    #[test]
    fn a_user_is_told_setcap_and_the_pipe() {
        let said = describe(Limits::parse(USER), "/usr/bin/rtmpscope", "eth0");
        assert!(said.contains("sudo setcap cap_net_raw=ep /usr/bin/rtmpscope;"));
        assert!(said.contains("sudo tcpdump -i eth0 -U -w - | rtmpscope -"));
    }

    #[test]
    fn where_no_program_can_get_the_capability_setcap_is_not_named() {
        // The bounding set of a container without CAP_NET_RAW (bit 13).
        let status = USER.replace("000001ffffffffff", "00000000a80405fb");
        let said = describe(Limits::parse(&status), "rtmpscope", "eth0");
        assert!(said.contains("--cap-add=NET_RAW") && !said.contains("setcap"));
    }

    #[test]
    fn without_new_privileges_setcap_is_not_named() {
        let status = USER.replace("NoNewPrivs:\t0", "NoNewPrivs:\t1");
        let said = describe(Limits::parse(&status), "rtmpscope", "eth0");
        assert!(!said.contains("sudo setcap") && !said.contains("sudo tcpdump"));
    }

    #[test]
    fn odd_names_are_quoted_for_the_shell() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'b"), "'a'\\''b'");
    }
}
