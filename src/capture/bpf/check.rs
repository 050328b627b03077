//! Whether an expression is one, said while it is typed. Compiling looks names of hosts up, which
//! may take seconds and asks servers for words that are half typed: here an address stands for each
//! word that is a name, and only the words are told.

use crate::capture::bpf::Filter;
use crate::capture::error::CaptureError;

/// What is known of an expression that nobody looked names up for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Checked {
    /// There is none, which lets everything through.
    #[default]
    Empty,
    /// It can be used.
    Valid,
    /// It can be used if these names are found.
    Named(Vec<String>),
    /// What libpcap has against it.
    Wrong(String),
}

/// An address for documentation (RFC 5737), which stands for a name.
const SOME_ADDRESS: &str = "192.0.2.1";

/// A locally administered one, which stands for the name of a station.
const SOME_STATION: &str = "02:00:00:00:00:01";

/// Words of the language (pcap-filter(7)), which are no names.
const WORDS: &[&str] = &[
    "aarp",
    "action",
    "addr1",
    "addr2",
    "addr3",
    "addr4",
    "ah",
    "and",
    "arp",
    "atalk",
    "broadcast",
    "byte",
    "carp",
    "clnp",
    "csnp",
    "decnet",
    "dir",
    "direction",
    "dst",
    "es-is",
    "esis",
    "esp",
    "ether",
    "fddi",
    "gateway",
    "geneve",
    "greater",
    "host",
    "icmp",
    "icmp6",
    "ifindex",
    "ifname",
    "igmp",
    "igrp",
    "iih",
    "inbound",
    "ip",
    "ip6",
    "ipx",
    "is-is",
    "isis",
    "iso",
    "l1",
    "l2",
    "lat",
    "len",
    "less",
    "link",
    "llc",
    "lsp",
    "mask",
    "moprc",
    "mopdl",
    "mpls",
    "multicast",
    "net",
    "netbeui",
    "not",
    "on",
    "or",
    "outbound",
    "pim",
    "port",
    "portrange",
    "ppp",
    "pppoed",
    "pppoes",
    "proto",
    "protochain",
    "psnp",
    "ra",
    "radio",
    "rarp",
    "reason",
    "rnr",
    "rset",
    "rulenum",
    "ruleset",
    "sca",
    "sctp",
    "slip",
    "snp",
    "src",
    "srnr",
    "stp",
    "subrulenum",
    "subtype",
    "ta",
    "tcp",
    "tr",
    "type",
    "udp",
    "vlan",
    "vrrp",
    "vxlan",
    "wlan",
];

/// Names behind these are looked up in files of this machine.
const LOCAL: &[&str] = &[
    "port",
    "portrange",
    "proto",
    "protochain",
    "type",
    "subtype",
    "llc",
];

/// Names near these are those of stations.
const STATIONS: &[&str] = &["ether", "wlan", "fddi", "tr"];

/// What libpcap begins some of its reasons with.
const PREFIX: &str = "can't parse filter expression: ";

/// How many words back a station may be announced: `ether src host NAME`.
const ANNOUNCED_WITHIN: usize = 3;

/// Looks at an expression without looking up any name.
///
/// # Errors
/// This build has no libpcap.
pub fn check(expression: &str) -> Result<Checked, CaptureError> {
    if expression.trim().is_empty() {
        return Ok(Checked::Empty);
    }
    let (plain, names) = without_names(expression);
    match Filter::new(plain) {
        // A gateway has a name and no address, so that nothing can stand for it.
        Err(CaptureError::Filter { .. }) if is_about_gateway(expression) => {
            Ok(Checked::Named(names))
        }
        Err(CaptureError::Filter { reason, .. }) => {
            let reason = reason.strip_prefix(PREFIX).unwrap_or(&reason);
            Ok(Checked::Wrong(reason.to_owned()))
        }
        Err(error) => Err(error),
        Ok(_) if names.is_empty() => Ok(Checked::Valid),
        Ok(_) => Ok(Checked::Named(names)),
    }
}

fn is_about_gateway(expression: &str) -> bool {
    expression.split_whitespace().any(|word| word == "gateway")
}

/// The expression with an address in the place of each name, and the names.
fn without_names(expression: &str) -> (String, Vec<String>) {
    let mut plain = String::new();
    let mut names = Vec::new();
    let mut before: Vec<&str> = Vec::new();
    let mut rest = expression;
    while !rest.is_empty() {
        let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if is_name(word, before.last().copied()) {
            let is_station = before
                .iter()
                .rev()
                .take(ANNOUNCED_WITHIN)
                .any(|word| STATIONS.contains(word));
            plain.push_str(if is_station {
                SOME_STATION
            } else {
                SOME_ADDRESS
            });
            names.push(word.to_owned());
        } else {
            plain.push_str(word);
        }
        if !word.is_empty() {
            before.push(word);
        }
        let other = behind.find(in_word).unwrap_or(behind.len());
        let (between, next) = behind.split_at(other);
        plain.push_str(between);
        rest = next;
    }
    (plain, names)
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || "_.:-\\".contains(c)
}

fn is_name(word: &str, before: Option<&str>) -> bool {
    // Flags and offsets of protocols, as tcp-syn and icmptype.
    let is_constant = ["tcp-", "tcpflags", "icmp", "icmp6"]
        .iter()
        .any(|begin| word.starts_with(begin));
    let is_number = word
        .chars()
        .all(|c| c.is_ascii_hexdigit() || "xX.:-".contains(c))
        && word.chars().any(|c| c.is_ascii_digit() || c == ':');
    !(word.is_empty()
        || word.starts_with(['\\', '-', '.', ':'])
        || WORDS.contains(&word)
        || is_constant
        || is_number
        || before.is_some_and(|before| LOCAL.contains(&before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_words_and_numbers() {
        let names = |expression| without_names(expression).1;
        for none in [
            "tcp port 1935",
            "tcp dst port rtmp",
            "host 192.0.2.7 and not net 10.0.0.0/8",
            "host 2001:db8::7 or ether host 02:00:00:00:00:07",
            "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
            "tcp portrange 1935-1940",
            "ip[2:2] > 0x40 and icmp[icmptype] = icmp-echo",
        ] {
            assert_eq!(names(none), [""; 0], "{none}");
        }
        assert_eq!(names("host example.com"), ["example.com"]);
        assert_eq!(names("src face and tc"), ["face", "tc"]);
        assert_eq!(
            without_names("not(host a or ether src host b)").0,
            "not(host 192.0.2.1 or ether src host 02:00:00:00:00:01)"
        );
    }

    #[cfg(feature = "live")]
    #[test]
    fn what_can_be_used_is_told_from_what_cannot() {
        let check = |expression| check(expression).unwrap();
        assert_eq!(check(" "), Checked::Empty);
        assert_eq!(check("tcp port 1935"), Checked::Valid);
        let named = |name: &str| Checked::Named(vec![name.to_owned()]);
        // Names that are reserved and lead nowhere (RFC 2606).
        assert_eq!(check("host cam.invalid and tcp"), named("cam.invalid"));
        assert_eq!(check("ether host cam.invalid"), named("cam.invalid"));
        assert_eq!(check("gateway cam.invalid"), named("cam.invalid"));
        for wrong in ["tcp prot 1935", "tcp port", "((", "tc", "port 99999999"] {
            assert!(matches!(check(wrong), Checked::Wrong(_)), "{wrong}");
        }
    }
}
