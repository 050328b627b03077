//! What can and cannot be done on this machine, tried and not guessed, and what would mend it.

mod memory;

use std::fs;
use std::io;

use super::rights;
use crate::base::text::printable;
use crate::base::units::bytes;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Something cannot be done.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub text: String,
    /// What would mend it: a command wherever there is one.
    pub remedy: Option<String>,
}

impl Finding {
    fn new(about: &'static str, state: State, text: impl Into<String>) -> Self {
        Self {
            about,
            state,
            text: text.into(),
            remedy: None,
        }
    }

    fn mended_by(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// What a capture would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Bytes that the program may use.
    pub memory: u64,
    /// Bytes of the kernel's buffer of each interface.
    pub buffer: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// One after the other.
    pub findings: Vec<Finding>,
    /// Whether interfaces can be captured on.
    pub can_capture: bool,
}

/// Looks at everything that a capture depends on.
pub fn examine(wanted: Wanted) -> Examination {
    let library = library();
    let socket = socket();
    let can_capture = [&library, &socket]
        .iter()
        .all(|finding| finding.state != State::Bad);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut findings = vec![library, socket, interfaces()];
    findings.extend(capabilities(&status));
    findings.extend(user(&status));
    findings.extend(confinement());
    findings.push(filters());
    findings.extend(memory::findings(wanted));
    Examination {
        findings,
        can_capture,
    }
}

/// What keeps interfaces from being captured on; nothing where they can be.
pub fn obstacles() -> Vec<Finding> {
    let mut findings = vec![library(), socket()];
    findings.retain(|finding| finding.state == State::Bad);
    findings
}

/// Whether there is a libpcap, and which.
fn library() -> Finding {
    const ABOUT: &str = "live capture";

    if !cfg!(feature = "live") {
        return Finding::new(
            ABOUT,
            State::Bad,
            "not built in: this program has no libpcap",
        )
        .mended_by("cargo build --release --features live");
    }
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    Finding::new(
        ABOUT,
        State::Good,
        library_version(&maps).map_or_else(
            || "built in, with libpcap".to_owned(),
            |version| format!("built in, with libpcap {}", printable(version)),
        ),
    )
}

/// The version in the name of the library that is loaded, by `/proc/self/maps`.
fn library_version(maps: &str) -> Option<&str> {
    let (_, behind) = maps.split_once("/libpcap.so.")?;
    behind.split(['\n', ' ']).next()
}

/// Tries to open a packet socket, which is what capturing takes.
#[cfg(target_os = "linux")]
fn socket() -> Finding {
    use rustix::io::Errno;
    use rustix::net::AddressFamily;
    use rustix::net::SocketType;

    const ABOUT: &str = "packet socket";

    match rustix::net::socket(AddressFamily::PACKET, SocketType::RAW, None) {
        Ok(_) => Finding::new(
            ABOUT,
            State::Good,
            "can be opened: interfaces can be captured on",
        ),
        Err(Errno::AFNOSUPPORT) => Finding::new(ABOUT, State::Bad, "not in this kernel")
            .mended_by("modprobe af_packet, as root, outside of any container"),
        Err(error) => {
            let text = format!("cannot be opened: {}", io::Error::from(error));
            Finding::new(ABOUT, State::Bad, text).mended_by(remedy())
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn socket() -> Finding {
    let text = "there are none on this system; `rtmpscope -i NAME` shows whether it may capture";
    Finding::new("packet socket", State::Note, text)
}

#[cfg(all(target_os = "linux", feature = "live"))]
fn remedy() -> String {
    super::live::remedy("any")
}

#[cfg(all(target_os = "linux", not(feature = "live")))]
fn remedy() -> String {
    "none in a build without libpcap".to_owned()
}

fn interfaces() -> Finding {
    const ABOUT: &str = "interfaces";

    match super::live::devices() {
        Err(error) => Finding::new(ABOUT, State::Note, error.to_string()),
        Ok(devices) => {
            let up = devices.iter().filter(|device| device.up);
            let up: Vec<_> = up.map(|device| printable(&device.name)).collect();
            if up.is_empty() {
                return Finding::new(ABOUT, State::Note, "none is switched on")
                    .mended_by("ip link set NAME up, as root (rtmpscope -D lists the names)");
            }
            Finding::new(
                ABOUT,
                State::Good,
                format!("switched on: {}", up.join(", ")),
            )
        }
    }
}

/// The value of a line in `/proc/self/status`.
fn value<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(value.trim())
}

/// Where the capability to capture is, by `/proc/self/status`.
fn capabilities(status: &str) -> Option<Finding> {
    /// Number of the capability (capabilities(7)).
    const NET_RAW: u32 = 13;

    let mut parts = Vec::new();
    for (key, name) in [
        ("CapEff", "effective"),
        ("CapPrm", "permitted"),
        ("CapAmb", "ambient"),
        ("CapBnd", "bounding"),
    ] {
        let set = u64::from_str_radix(value(status, key)?, 16).ok()?;
        let has = if set >> NET_RAW & 1 == 1 { "yes" } else { "no" };
        parts.push(format!("{name} {has}"));
    }
    let gains = match value(status, "NoNewPrivs")? {
        "0" => "can be gained by programs of this session",
        _ => "can be gained by no program of this session (NoNewPrivs)",
    };
    let text = format!("CAP_NET_RAW {}; rights {gains}", parts.join(", "));
    Some(Finding::new("capabilities", State::Note, text))
}

fn user(status: &str) -> Option<Finding> {
    let number = value(status, "Uid")?.split_whitespace().nth(1)?;
    let text = if number == "0" {
        "root: gives up all capabilities when it captures, and becomes who called sudo, or -Z USER"
            .to_owned()
    } else {
        format!("number {}", printable(number))
    };
    Some(Finding::new("user", State::Note, text))
}

/// Confines a thread and lets it try.
fn confinement() -> Vec<Finding> {
    let trial = rights::trial();
    let mut findings: Vec<Finding> = trial
        .shortfalls
        .iter()
        .map(|shortfall| {
            let about = "confinement";
            let finding = Finding::new(about, State::Note, shortfall.to_string());
            match shortfall.measure {
                rights::Measure::Landlock => finding.mended_by(
                    "a kernel of Linux 6.10 or later with Landlock, started with lsm=landlock, \
                     before the other names of /sys/kernel/security/lsm",
                ),
                rights::Measure::Seccomp | rights::Measure::Capabilities => finding,
            }
        })
        .collect();
    if !trial.leaks.is_empty() {
        let text = format!("a confined thread {}", trial.leaks.join(", "));
        findings.push(Finding::new("confinement", State::Note, text));
    }
    if findings.is_empty() {
        let version = trial.landlock.unwrap_or(0);
        let text = format!(
            "Landlock (version {version}) and seccomp: a confined thread could open no other file, \
             no socket, and start no program"
        );
        findings.push(Finding::new("confinement", State::Good, text));
    }
    findings
}

/// How long a filter may be in the kernel, and whether it is compiled there.
fn filters() -> Finding {
    /// Bytes of an instruction, and the most instructions of a filter (`BPF_MAXINSNS`).
    const INSTRUCTION: u64 = 8;
    const MOST: u64 = 4096;

    let read = |path: &str| {
        let text = fs::read_to_string(path).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let Some(room) = read("/proc/sys/net/core/optmem_max") else {
        return Finding::new(
            "filters",
            State::Note,
            "the kernel does not tell their limits",
        );
    };
    let jit = match read("/proc/sys/net/core/bpf_jit_enable") {
        Some(0) => ", interpreted (net.core.bpf_jit_enable is 0)",
        _ => "",
    };
    let longest = (room / INSTRUCTION).min(MOST);
    let text = format!(
        "of up to {longest} instructions fit into the kernel ({} by net.core.optmem_max){jit}",
        bytes(room)
    );
    let finding = Finding::new("filters", State::Good, text);
    if longest < MOST {
        let state = State::Note;
        let finding = Finding { state, ..finding };
        return finding.mended_by(format!(
            "sysctl -w net.core.optmem_max={}, as root, if a long filter is refused",
            MOST * INSTRUCTION * 2
        ));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_in_the_name_of_the_library() {
        let maps = "7f00-7f01 r--p 0 08:01 9 /lib/libz.so.1\n\
                    7f02-7f03 r--p 0 08:01 9 /usr/lib/x86_64-linux-gnu/libpcap.so.1.10.3\n\
                    7f03-7f04 r-xp 0 08:01 9 /usr/lib/x86_64-linux-gnu/libpcap.so.1.10.3\n";
        assert_eq!(library_version(maps), Some("1.10.3"));
        assert_eq!(library_version(""), None);
    }

    #[test]
    fn capabilities_are_told_by_their_sets() {
        let status = "Uid:\t1000\t1000\t1000\t1000\nCapPrm:\t0000000000002000\n\
                      CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n\
                      CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n";
        let text = capabilities(status).unwrap().text;
        assert!(
            text.starts_with("CAP_NET_RAW effective no, permitted yes, ambient no, bounding yes;"),
            "{text}"
        );
        assert!(text.contains("by no program"), "{text}");
        assert_eq!(user(status).unwrap().text, "number 1000");
    }

    #[test]
    fn everything_is_looked_at() {
        let wanted = Wanted {
            memory: 1 << 30,
            buffer: 64 << 20,
        };
        let found = examine(wanted);
        for about in ["live capture", "packet socket", "interfaces", "memory"] {
            assert!(found.findings.iter().any(|finding| finding.about == about));
        }
        let bad = found.findings.iter().find(|f| f.state == State::Bad);
        assert_eq!(bad.is_none(), found.can_capture, "{bad:?}");
        assert!(bad.is_none_or(|finding| finding.remedy.is_some()));
    }
}
