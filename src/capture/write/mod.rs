//! Writes capture files: pcapng with what was learned of the frames, and classic pcap.

mod pcap;
mod pcapng;
pub mod rotation;

pub use pcap::PcapWriter;
pub use pcap::WriteError;
pub use pcapng::PcapngWriter;
