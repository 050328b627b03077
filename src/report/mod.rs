//! What leaves the program without a terminal: the text report, JSON records, FLV files,
//! packets.

pub mod flv;
pub mod json;
mod matching;
pub mod metrics;
pub mod packets;
pub mod text;

use crate::carrier::ProxyPrefix;

/// The name of what a proxy put before the handshake.
fn proxy_name(prefix: ProxyPrefix) -> &'static str {
    match prefix {
        ProxyPrefix::ProxyV1 => "proxy_v1",
        ProxyPrefix::ProxyV2 => "proxy_v2",
        ProxyPrefix::Srs => "srs_edge",
    }
}
