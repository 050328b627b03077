//! Makes the large captures that `make bench` measures on: RTMP publishers and players with
//! every header, checksum and acknowledgement that a real capture has, from a fixed seed, so that
//! two machines measure the same bytes.
//!
//! `cargo bench --bench make_captures -- DIR [NAME …]` writes the files of these names, or all but
//! the longest, that are not there yet.

#![expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "writes headers of its own making, whose fields it has just sized"
)]

use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

#[path = "support/wire.rs"]
mod wire;

use wire::Conversation;
use wire::FrameWriter;
use wire::Shape;

/// Too long for every machine: made only when it is named.
const LONGEST: &str = "flows10k-long";

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let Some((dir, names)) = arguments.split_first() else {
        eprintln!("usage: make_captures DIR [mtu1500] [lo64k] [flows10k] [flows10k-long]");
        return Ok(());
    };
    std::fs::create_dir_all(dir)?;
    for name in ["mtu1500", "lo64k", "flows10k", LONGEST] {
        let is_wanted = names.iter().any(|n| n == name);
        if !is_wanted && (!names.is_empty() || name == LONGEST) {
            continue;
        }
        let path = Path::new(dir).join(format!("{name}.pcap"));
        if path.exists() {
            continue;
        }
        let partial = PathBuf::from(format!("{}.partial", path.display()));
        let out = BufWriter::with_capacity(1 << 20, File::create(&partial)?);
        match name {
            // 16 connections of 8 Mb/s for about a minute: 1 GB.
            "mtu1500" => wire::streams(out, &Shape::ethernet(), 8, 8, 59_000)?,
            "lo64k" => wire::streams(out, &Shape::loopback(), 8, 8, 59_000)?,
            // 10 000 connections, 100 kB of each: 1 GB.
            "flows10k" => many_flows(out, 10_000, 116)?,
            // The same with 460 kB of each: 4.7 GB.
            _ => many_flows(out, 10_000, 464)?,
        }
        std::fs::rename(&partial, &path)?;
        eprintln!(
            "made {} ({} MB)",
            path.display(),
            path.metadata()?.len() / 1_000_000
        );
    }
    Ok(())
}

/// The first `packets` packets of `count` publishers, one packet of each in turn.
fn many_flows(out: impl Write, count: u32, packets: u32) -> io::Result<()> {
    let shape = Shape::ethernet();
    let mut writer = FrameWriter::new(out, Shape::snaplen())?;
    let mut conversations: Vec<Conversation> = (0..count)
        .map(|n| Conversation::new(n, true, shape.clone(), 1_000))
        .collect();
    for _ in 0..packets {
        for conversation in &mut conversations {
            conversation.write_next(&mut writer)?;
        }
    }
    writer.finish()
}
