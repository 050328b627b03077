//! What leaves the program without a terminal: reports, JSON records, FLV files, packets.

pub mod comparison;
pub mod document;
pub mod flv;
mod html;
pub mod json;
mod ladder;
mod markdown;
mod matching;
mod mermaid;
pub mod metrics;
pub mod packets;
pub mod scope;
mod section;
mod text;

use crate::base::units::grouped;
use crate::carrier::ProxyPrefix;

/// Messages within aggregates, behind the count of messages.
pub fn parts_of_aggregates(parts: u64) -> String {
    if parts == 0 {
        return String::new();
    }
    format!(" and {} within aggregates", grouped(parts))
}

/// Words of our own with the arrows that plain text has no room for.
fn arrows(text: &str) -> String {
    text.replace("->", "→").replace("<-", "←")
}

/// The name of what a proxy put before the handshake.
fn proxy_name(prefix: ProxyPrefix) -> &'static str {
    match prefix {
        ProxyPrefix::ProxyV1 => "proxy_v1",
        ProxyPrefix::ProxyV2 => "proxy_v2",
        ProxyPrefix::Srs => "srs_edge",
    }
}
