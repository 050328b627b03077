//! Why a frame brought no TCP segment, and how often each reason occurred.

use std::collections::BTreeMap;
use std::fmt;

/// Why a frame brought no TCP segment. None of these is an error: a capture holds other traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// ARP.
    Arp,
    /// UDP that is not a tunnel we look into.
    Udp,
    /// ICMP or ICMPv6.
    Icmp,
    /// SCTP.
    Sctp,
    /// IP with another protocol: its number in the IANA registry of protocol numbers.
    OtherProtocol(u8),
    /// Ethernet with another payload: its EtherType.
    NotIp(u16),
    /// IEEE 802.2 LLC that carries no IP: spanning tree, CDP and their like.
    Llc,
    /// A fragment of an IP datagram of which others are still to come.
    FragmentPending,
    /// A fragment of a datagram that was given up: its fragments contradict each other, or go
    /// beyond what IP allows.
    FragmentDropped,
    /// The link type of the interface is not one we read: its number.
    LinkTypeUnknown(u32),
    /// The capture cut the frame (snaplen) within the headers.
    HeaderCut,
    /// A header contradicts itself or its packet.
    Malformed,
    /// More headers or tunnels inside each other than any real network has.
    TunnelTooDeep,
}

impl Skip {
    const NAMES: [&'static str; 13] = [
        "arp",
        "udp",
        "icmp",
        "sctp",
        "other_protocol",
        "not_ip",
        "llc",
        "fragment_pending",
        "fragment_dropped",
        "link_type_unknown",
        "header_cut",
        "malformed",
        "tunnel_too_deep",
    ];

    /// The reason in one word for reports and records, without the number it may have.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self.kind()).copied().unwrap_or_default()
    }

    /// The number the reason is about: protocol, EtherType or link type.
    pub fn number(self) -> Option<u32> {
        match self {
            Self::OtherProtocol(protocol) => Some(u32::from(protocol)),
            Self::NotIp(ether_type) => Some(u32::from(ether_type)),
            Self::LinkTypeUnknown(link) => Some(link),
            _ => None,
        }
    }

    /// Place of the reason in `NAMES`.
    fn kind(self) -> usize {
        match self {
            Self::Arp => 0,
            Self::Udp => 1,
            Self::Icmp => 2,
            Self::Sctp => 3,
            Self::OtherProtocol(_) => 4,
            Self::NotIp(_) => 5,
            Self::Llc => 6,
            Self::FragmentPending => 7,
            Self::FragmentDropped => 8,
            Self::LinkTypeUnknown(_) => 9,
            Self::HeaderCut => 10,
            Self::Malformed => 11,
            Self::TunnelTooDeep => 12,
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::NotIp(ether_type) => write!(f, " {ether_type:#06x}"),
            Self::OtherProtocol(protocol) => write!(f, " {protocol}"),
            Self::LinkTypeUnknown(link) => write!(f, " {link}"),
            _ => Ok(()),
        }
    }
}

/// How many frames were skipped, by reason.
#[derive(Debug, Clone, Default)]
pub struct SkipCounts {
    kinds: [u64; Skip::NAMES.len()],
    /// Reasons with a number, each counted for itself.
    numbered: BTreeMap<Skip, u64>,
}

impl SkipCounts {
    /// Reasons with different numbers that are told apart. Real captures hold a handful; random
    /// bytes hold 65 536 EtherTypes.
    const MAX_NUMBERED: usize = 256;

    /// Counts one frame.
    pub fn add(&mut self, skip: Skip) {
        if let Some(count) = self.kinds.get_mut(skip.kind()) {
            *count = count.saturating_add(1);
        }
        if skip.number().is_none() {
            return;
        }
        if let Some(count) = self.numbered.get_mut(&skip) {
            *count = count.saturating_add(1);
        } else if self.numbered.len() < Self::MAX_NUMBERED {
            self.numbered.insert(skip, 1);
        }
    }

    /// The reasons that occurred, by name, each with its number of frames.
    pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Skip::NAMES
            .into_iter()
            .zip(self.kinds)
            .filter(|(_, count)| *count > 0)
    }

    /// The reasons with a number that occurred (protocols, EtherTypes, link types), each with its
    /// number of frames. Beyond 256 different ones the rest is counted by name alone.
    pub fn numbered(&self) -> impl Iterator<Item = (Skip, u64)> {
        self.numbered.iter().map(|(skip, count)| (*skip, *count))
    }

    /// Frames counted for the kind of `skip`, whatever its number.
    pub fn of_kind(&self, skip: Skip) -> u64 {
        self.kinds.get(skip.kind()).copied().unwrap_or_default()
    }

    /// Frames skipped in all.
    pub fn total(&self) -> u64 {
        self.kinds
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_name() {
        assert_eq!(Skip::Arp.name(), "arp");
        assert_eq!(Skip::NotIp(0x88cc).name(), "not_ip");
        assert_eq!(Skip::TunnelTooDeep.name(), "tunnel_too_deep");
        assert_eq!(Skip::LinkTypeUnknown(105).name(), "link_type_unknown");
    }

    #[test]
    fn numbers_are_shown() {
        assert_eq!(Skip::NotIp(0x88cc).to_string(), "not_ip 0x88cc");
        assert_eq!(Skip::OtherProtocol(50).to_string(), "other_protocol 50");
        assert_eq!(Skip::Udp.to_string(), "udp");
    }

    #[test]
    fn frames_are_counted_by_reason_and_by_number() {
        let mut counts = SkipCounts::default();
        for skip in [
            Skip::Udp,
            Skip::NotIp(0x88cc),
            Skip::NotIp(0x8899),
            Skip::Udp,
        ] {
            counts.add(skip);
        }
        assert_eq!(
            counts.by_name().collect::<Vec<_>>(),
            [("udp", 2), ("not_ip", 2)]
        );
        assert_eq!(
            counts.numbered().collect::<Vec<_>>(),
            [(Skip::NotIp(0x8899), 1), (Skip::NotIp(0x88cc), 1)]
        );
        assert_eq!(counts.total(), 4);
        assert_eq!(counts.of_kind(Skip::NotIp(0)), 2);
    }

    #[test]
    fn random_ether_types_do_not_fill_the_memory() {
        let mut counts = SkipCounts::default();
        for ether_type in 0..=u16::MAX {
            counts.add(Skip::NotIp(ether_type));
        }
        assert_eq!(counts.of_kind(Skip::NotIp(0)), 65_536);
        assert_eq!(counts.numbered().count(), SkipCounts::MAX_NUMBERED);
    }
}
