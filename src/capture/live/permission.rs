//! What to do when the system does not let us capture: a command that really helps here.

use std::env;
use std::fs;
use std::path::Path;

/// Number of the capability to open packet sockets (capabilities(7)).
const CAP_NET_RAW: u32 = 13;

/// Where programs are that everybody may run.
const ELSEWHERE: &str = "/usr/local/bin/rtmpscope";

/// What this process may become, as far as `/proc/self` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the process"
)]
struct Limits {
    /// Whether a program could get the capability at all: containers often take it away.
    net_raw_attainable: bool,
    /// Whether this one has it.
    has_net_raw: bool,
    /// Whether capabilities of files are ignored.
    no_new_privileges: bool,
    is_root: bool,
}

impl Limits {
    fn parse(status: &str) -> Self {
        let value = |key: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .map(str::trim)
        };
        let set = |key| value(key).and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let has = |set: u64| set >> CAP_NET_RAW & 1 == 1;
        let effective_user = value("Uid:").and_then(|uids| uids.split_whitespace().nth(1));
        Self {
            net_raw_attainable: set("CapBnd:").is_none_or(has),
            has_net_raw: set("CapEff:").is_some_and(has),
            no_new_privileges: value("NoNewPrivs:") == Some("1"),
            is_root: effective_user == Some("0"),
        }
    }
}

/// Where the program is, and how to become root for a command.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    program: &'a str,
    /// Whether files of its file system give no rights.
    is_nosuid: bool,
    root: Root,
}

/// How to run a command as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Sudo,
    Doas,
    Su,
}

impl Root {
    /// What there is on this machine.
    fn here() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let has = |name| env::split_paths(&path).any(|folder| folder.join(name).is_file());
        if has("sudo") {
            Self::Sudo
        } else if has("doas") {
            Self::Doas
        } else if has("su") {
            Self::Su
        } else {
            Self::Sudo
        }
    }

    fn run(self, command: &str) -> String {
        match self {
            Self::Sudo => format!("sudo {command}"),
            Self::Doas => format!("doas {command}"),
            Self::Su => format!("su -c {}", quoted(command)),
        }
    }
}

/// Says how to be allowed to capture on an interface.
pub(in crate::capture) fn remedy(interface: &str) -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let limits = Limits::parse(&read("/proc/self/status"));
    let program = env::current_exe().unwrap_or_else(|_| "rtmpscope".into());
    let place = Place {
        program: &program.to_string_lossy(),
        is_nosuid: is_nosuid(&program, &read("/proc/self/mountinfo")),
        root: Root::here(),
    };
    describe(limits, place, interface)
}

fn describe(limits: Limits, place: Place<'_>, interface: &str) -> String {
    if !limits.net_raw_attainable {
        return "this container or service may not capture at all: start it with the capability \
                NET_RAW (docker run --cap-add=NET_RAW, or AmbientCapabilities=CAP_NET_RAW in a \
                systemd unit)"
            .to_owned();
    }
    if limits.has_net_raw {
        return "the capability NET_RAW is there, and the system refuses all the same: it counts \
                for another network only (a container without root), or a security module forbids \
                packet sockets; capture outside, and read what comes through a pipe: rtmpscope -"
            .to_owned();
    }
    if limits.no_new_privileges {
        return "nothing started in this session can gain privileges, with sudo and setcap neither \
                (NoNewPrivs is set): capture in a session without that"
            .to_owned();
    }
    if limits.is_root {
        return "this root has given the capability NET_RAW up: start rtmpscope from a shell that \
                has not"
            .to_owned();
    }
    let root = place.root;
    let program = quoted(place.program);
    let allow = if place.is_nosuid {
        // Capabilities of files have no effect where this one is.
        let copy = root.run(&format!("install -m 755 {program} {ELSEWHERE}"));
        let allow = root.run(&format!("setcap cap_net_raw=ep {ELSEWHERE}"));
        format!("{copy} && {allow}, and start that one")
    } else {
        root.run(&format!("setcap cap_net_raw=ep {program}"))
    };
    let pipe = root.run(&format!("tcpdump -i {} -U -w -", quoted(interface)));
    format!(
        "allow this program to capture: {allow}; or capture with another one: {pipe} | rtmpscope -"
    )
}

/// Whether a file is on a file system that is mounted with `nosuid`, by `/proc/self/mountinfo`.
fn is_nosuid(file: &Path, mounts: &str) -> bool {
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let place = words.nth(4)?;
        let options = words.next()?;
        file.starts_with(place).then_some((place.len(), options))
    });
    // The last of those in the same place lies on top.
    let on = mounted.max_by_key(|(depth, _)| *depth);
    on.is_some_and(|(_, options)| options.split(',').any(|option| option == "nosuid"))
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

    const USER: &str = "Name:\tx\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n\
                        CapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\n";

    const PLACE: Place<'_> = Place {
        program: "/usr/bin/rtmpscope",
        is_nosuid: false,
        root: Root::Sudo,
    };

    fn said(status: &str) -> String {
        describe(Limits::parse(status), PLACE, "eth0")
    }

    #[test]
    fn a_user_is_told_setcap_and_the_pipe() {
        let said = said(USER);
        assert!(said.contains("sudo setcap cap_net_raw=ep /usr/bin/rtmpscope;"));
        assert!(said.contains("sudo tcpdump -i eth0 -U -w - | rtmpscope -"));
    }

    #[test]
    fn where_no_program_can_get_the_capability_setcap_is_not_named() {
        // The bounding set of a container without CAP_NET_RAW (bit 13).
        let said = said(&USER.replace("000001ffffffffff", "00000000a80405fb"));
        assert!(said.contains("--cap-add=NET_RAW") && !said.contains("setcap"));
    }

    #[test]
    fn without_new_privileges_setcap_is_not_named() {
        let said = said(&USER.replace("NoNewPrivs:\t0", "NoNewPrivs:\t1"));
        assert!(!said.contains("sudo setcap") && !said.contains("sudo tcpdump"));
    }

    #[test]
    fn a_capability_without_effect_is_not_asked_for_again() {
        let said = said(&USER.replace("CapEff:\t0000000000000000", "CapEff:\t0000000000002000"));
        assert!(said.contains("refuses all the same") && !said.contains("setcap"));
    }

    #[test]
    fn root_is_not_told_to_become_root() {
        let said = said(&USER.replace("\t1000\t1000", "\t0\t0"));
        assert!(said.contains("this root") && !said.contains("sudo"));
    }

    #[test]
    fn where_files_give_no_rights_another_place_is_named() {
        let place = Place {
            is_nosuid: true,
            ..PLACE
        };
        let said = describe(Limits::parse(USER), place, "eth0");
        assert!(said.contains(
            "sudo install -m 755 /usr/bin/rtmpscope /usr/local/bin/rtmpscope && \
             sudo setcap cap_net_raw=ep /usr/local/bin/rtmpscope"
        ));
    }

    #[test]
    fn the_mount_that_is_nearest_counts() {
        let mounts = "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n\
                      23 22 8:2 / /home rw,nosuid,nodev - ext4 /dev/sda2 rw\n\
                      24 23 8:3 / /home/suid rw - ext4 /dev/sda3 rw\n";
        let is_nosuid = |file| is_nosuid(Path::new(file), mounts);
        assert!(is_nosuid("/home/me/rtmpscope"));
        assert!(!is_nosuid("/usr/bin/rtmpscope") && !is_nosuid("/home/suid/rtmpscope"));
        assert!(!is_nosuid("/homes/rtmpscope"));
    }

    #[test]
    fn commands_fit_to_what_there_is() {
        let place = Place {
            root: Root::Su,
            ..PLACE
        };
        let said = describe(Limits::parse(USER), place, "eth0");
        assert!(said.contains("su -c 'setcap cap_net_raw=ep /usr/bin/rtmpscope'"));
        assert!(said.contains("su -c 'tcpdump -i eth0 -U -w -' | rtmpscope -"));
    }

    #[test]
    fn odd_names_are_quoted_for_the_shell() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'b"), "'a'\\''b'");
    }
}
