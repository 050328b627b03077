//! What a TCP connection carries before RTMP is known to be in it: recognised by its first
//! bytes, never by its port alone.
//!
//! The [`Detector`] is given the bytes of both directions until it has an opinion, and gives them
//! back to whoever decodes them: a connection that is not RTMP costs a few bytes and no more
//! work.

// Tests may overflow: they stop, and that is what a test is for.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod detector;
mod prefix;
mod shape;
#[cfg(test)]
mod tests;

pub use detector::Detector;
pub use detector::Hint;
pub use detector::Peer;
pub use detector::Pending;
pub use detector::PendingBytes;
pub use detector::fuzz_detector;

use crate::base::side::PerSide;
use crate::base::side::Side;

/// What a connection was found to carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not enough bytes yet.
    Undecided,
    /// RTMP from its handshake on.
    Rtmp(Rtmp),
    /// Bytes from the midst of a connection that a hint says is RTMP. Only a decoder that finds
    /// chunks can tell: let it try, and believe it when it reports a message.
    Midstream,
    /// Something else.
    Other(Other),
}

/// How a connection carries RTMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtmp {
    /// Which of the presumed sides is the client.
    pub client: Side,
    /// What tells that.
    pub evidence: Evidence,
    /// Whether it is RTMPE: nothing behind the handshake can be read.
    pub enciphered: bool,
    /// Position of C0 and of S0 in their directions, by presumed side: behind what a proxy put
    /// before them.
    pub origin: PerSide<u64>,
    /// What a proxy put before C0.
    pub prefix: Option<ProxyPrefix>,
}

/// What tells the client from the server, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The SYN was seen.
    Syn,
    /// The client's handshake came first, as section 5.2.1 of RTMP 1.0 orders it, or a message
    /// that only one side sends.
    Content,
    /// Nothing but the presumption.
    Presumed,
}

/// What a proxy puts before C0 to tell the client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyPrefix {
    /// The text form of the PROXY protocol.
    ProxyV1,
    /// The binary form of the PROXY protocol.
    ProxyV2,
    /// The form of SRS's edge proxy: 0xF3 and a length.
    Srs,
}

/// What a connection carries that is not RTMP as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// TLS: may be RTMPS, which nobody can read without keys.
    Tls,
    /// HTTP that tunnels RTMP (RTMPT).
    Rtmpt,
    /// HTTP.
    Http,
    /// SSH.
    Ssh,
    /// Anything else.
    Unknown,
}

impl Other {
    /// The word used in records and views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Rtmpt => "rtmpt",
            Self::Http => "http",
            Self::Ssh => "ssh",
            Self::Unknown => "unknown",
        }
    }
}
