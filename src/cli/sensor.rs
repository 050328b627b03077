//! Options of a sensor.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::size;

/// Options of a sensor.
#[derive(Debug, Args, Clone)]
pub(crate) struct SensorFlags {
    /// Write records to this file; stdout when left out. SIGHUP opens it again, as logrotate wants.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Begin another file before this one is larger than that, as 100M or 1G; FILE becomes FILE.1,
    /// FILE.1 becomes FILE.2, and so on.
    #[arg(long, value_name = "SIZE", requires = "output", value_parser = output_size)]
    pub output_size: Option<u64>,

    /// Files kept beside the one that is written.
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 5,
        requires = "output_size"
    )]
    pub output_files: u32,

    /// Record types to write, with commas between.
    #[arg(long, value_name = "TYPES", value_delimiter = ',', default_value = SENSOR_EVENTS)]
    pub events: Vec<String>,

    /// Seconds between two samples of the connections, for `stats` records and metrics.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub interval: u32,

    /// Answer Prometheus here: an address and a port, or a port of the loopback.
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address)]
    pub metrics: Option<SocketAddr>,
}

/// What a sensor writes: everything but the messages, of which there are thousands per second.
const SENSOR_EVENTS: &str =
    "capture,connection,handshake,lock,call,track,stats,gap,anomaly,connection_end";

/// `127.0.0.1:9464`, `[::1]:9464`, or a port of the loopback.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let of_port = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    text.parse()
        .or_else(|_| text.trim_start_matches(':').parse().map(of_port))
        .map_err(|_| "expected an address and a port, as 127.0.0.1:9464, or a port".to_owned())
}

fn output_size(text: &str) -> Result<u64, String> {
    size(text)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "expected a size as 100M or 1G".to_owned())
}
