//! TCP segments of every public capture and every sample, against what tshark reads from it:
//! frame, addresses, ports, sequence number and payload length of the innermost packet.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read its captures fails with the cause"
)]

use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::num::NonZero;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::net::frame::FrameDecoder;
use rtmpscope::net::skip::SkipCounts;

/// One TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    frame: u64,
    source: (IpAddr, u16),
    destination: (IpAddr, u16),
    seq: u32,
    len: u32,
}

/// What we read otherwise than tshark: file, frames, and which of the two is right for what
/// reason.
const DIFFERENCES: &[(&str, &[u64], &str)] = &[
    (
        "tcp/bigtcp-ipv4-vxlan-ipv4.pcap",
        &[1],
        "lengths of 0 in IP and UDP: tshark stops at UDP. Of 80116 bytes the headers are 116 \
         (Ethernet, IP, UDP, VXLAN, Ethernet, IP, TCP with timestamps), so 80000 are payload",
    ),
    (
        "zeek+zeek/tcp/reassembly.pcap",
        &[7, 26, 35, 39, 85],
        "total length 1500 in a frame that the file says had less: tshark believes the file, we \
         the header. The following segment begins, and the receiver acknowledges, 1448 bytes on",
    ),
];

#[test]
fn segments_equal_those_of_tshark() {
    let mut files = Vec::new();
    for folder in [
        captures(),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"),
    ] {
        if folder.is_dir() {
            collect(&folder, &mut files);
        } else {
            println!("skipped: no captures at {}", folder.display());
        }
    }
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return;
    }
    files.sort();
    // Most of the time goes into starting tshark.
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let part = files.len().div_ceil(workers).max(1);
        let parts = files.chunks(part);
        let started: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().map(|file| compare(file)).collect::<Vec<_>>()))
            .collect();
        started
            .into_iter()
            .flat_map(|worker| worker.join().expect("a comparison"))
            .collect()
    });
    let mut segments = 0_usize;
    let mut unexplained = Vec::new();
    for (file, outcome) in files.iter().zip(outcomes) {
        segments = segments.saturating_add(outcome.segments);
        let (count, skips) = (outcome.segments, outcome.skips);
        println!("{}: {count} segments, skipped {skips:?}", file.display());
        unexplained.extend(outcome.differences);
    }
    println!("{} files, {segments} segments", files.len());
    assert!(unexplained.is_empty(), "\n{}", unexplained.join("\n"));
}

/// What the comparison of one file came to.
struct Outcome {
    segments: usize,
    skips: Vec<(&'static str, u64)>,
    /// Segments that only one of the two has, where nothing explains it.
    differences: Vec<String>,
}

fn compare(file: &Path) -> Outcome {
    let (ours, skips) = our_rows(file);
    let theirs = tshark_rows(file);
    let explained: &[u64] = DIFFERENCES
        .iter()
        .find(|(end, _, _)| file.ends_with(end))
        .map_or(&[], |(_, frames, _)| frames);
    let mut differences = Vec::new();
    let mut seen = BTreeSet::new();
    for (rows, others, whose) in [(&ours, &theirs, "ours"), (&theirs, &ours, "tshark's")] {
        for row in rows.difference(others) {
            if explained.contains(&row.frame) {
                seen.insert(row.frame);
            } else {
                differences.push(format!("{}: only {whose}: {row}", file.display()));
            }
        }
    }
    for frame in explained.iter().filter(|frame| !seen.contains(frame)) {
        differences.push(format!("{}: no difference at {frame}", file.display()));
    }
    Outcome {
        segments: ours.len(),
        skips: skips.by_name().collect(),
        differences,
    }
}

fn captures() -> PathBuf {
    env::var_os("RTMPSCOPE_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    )
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.to_string_lossy();
        let capture = [".pcap", ".pcapng", ".cap", ".pcap.gz"];
        if path.is_dir() {
            collect(&path, files);
        } else if capture.iter().any(|end| name.ends_with(end)) {
            files.push(path);
        }
    }
}

fn our_rows(file: &Path) -> (BTreeSet<Row>, SkipCounts) {
    let mut source = Files::new([Input::Path(file.to_owned())]);
    let mut decoder = FrameDecoder::new();
    let mut skips = SkipCounts::default();
    let mut rows = BTreeSet::new();
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => match decoder.decode(&frame) {
                Ok(segment) => {
                    rows.insert(Row {
                        frame: segment.at.frame.0,
                        source: (segment.source.addr, segment.source.port),
                        destination: (segment.destination.addr, segment.destination.port),
                        seq: segment.seq,
                        len: segment.wire_payload,
                    });
                }
                Err(skip) => skips.add(skip),
            },
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => return (rows, skips),
            Err(error) => println!("{}: {error}", file.display()),
        }
    }
}

fn tshark_rows(file: &Path) -> BTreeSet<Row> {
    let output = Command::new("tshark")
        .args(["-n", "-o", "tcp.desegment_tcp_streams:FALSE"])
        // The packets that ICMP errors and sFlow reports quote are no segments.
        .args(["-Y", "tcp && !icmp && !icmpv6 && !sflow"])
        .args(["-T", "fields", "-E", "occurrence=l"])
        .args(["-e", "frame.number", "-e", "frame.protocols"])
        .args([
            "-e", "ip.src", "-e", "ip.dst", "-e", "ipv6.src", "-e", "ipv6.dst",
        ])
        .args(["-e", "tcp.srcport", "-e", "tcp.dstport"])
        .args(["-e", "tcp.seq_raw", "-e", "tcp.len", "-r"])
        .arg(file)
        .output()
        .expect("tshark runs");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(tshark_row)
        .collect()
}

fn tshark_row(line: &str) -> Row {
    let fields: Vec<&str> = line.split('\t').collect();
    let &[
        frame,
        protocols,
        source,
        destination,
        source6,
        destination6,
        from,
        to,
        seq,
        len,
    ] = fields.as_slice()
    else {
        panic!("fields of tshark: {line}");
    };
    // With packets inside each other the innermost one counts.
    let innermost = protocols
        .split(':')
        .rfind(|protocol| matches!(*protocol, "ip" | "ipv6"));
    let (source, destination) = if innermost == Some("ipv6") {
        (source6, destination6)
    } else {
        (source, destination)
    };
    let addr = |text: &str| text.parse().expect("an address");
    let port = |text: &str| text.parse().expect("a port");
    Row {
        frame: frame.parse().expect("a frame number"),
        source: (addr(source), port(from)),
        destination: (addr(destination), port(to)),
        seq: seq.parse().expect("a sequence number"),
        len: len.parse().expect("a length"),
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row {
            frame,
            source: (source, from),
            destination: (destination, to),
            seq,
            len,
        } = self;
        write!(
            f,
            "frame {frame}: {source} port {from} to {destination} port {to}, seq {seq}, {len} bytes"
        )
    }
}
