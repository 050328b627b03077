//! Reassembled streams of the public TCP captures against those of tshark, which follows streams
//! with an implementation of its own. Where the two differ, the difference is named with its
//! reason.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its captures fails with the cause"
)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::num::NonZero;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use rtmpscope::base::ids::Mark;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::side::Side;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::net::Endpoint;
use rtmpscope::net::connection::Connection;
use rtmpscope::net::flow::Ended;
use rtmpscope::net::flow::FlowTable;
use rtmpscope::net::frame::FrameDecoder;
use rtmpscope::net::reassembly::ReassemblyBudget;
use rtmpscope::net::reassembly::Span;

/// Most connections in one of the captures: tshark is asked for all of them in one run, before
/// it is known how many there are.
const MAX_STREAMS: usize = 64;

/// What we reassemble otherwise than tshark: the end of the file's name, the first frame of the
/// connection, and which of the two is right for what reason.
const DIFFERENCES: &[(&str, u64, &str)] = &[
    (
        "bug-6244-tcp-rst-with-data__tcp-rst-with-data.pcap",
        1,
        RST_PAYLOAD,
    ),
    ("tcp-rst-unacked-stream-01-raw__input.pcap", 1, RST_PAYLOAD),
    ("tcp-rst-unacked-stream-03-gap__input.pcap", 1, RST_PAYLOAD),
    (
        "tcp-rst-unacked-stream-09__TLPW1-tcp-110.37.219.134-10.12.14.101-tcp-990-49230.pcap",
        1,
        "the client resets while segments behind three holes are under way: tshark leaves out \
         what was never acknowledged, we show it behind gaps",
    ),
    (
        "tcp-split-handshake-02-5whs__split-handshake-5whs.pcap",
        3,
        "tshark takes the server's SYN, the third segment of a five-way handshake, for a new \
         connection; the client's SYN-ACK repeats the number of its SYN, so it is one",
    ),
    (
        "unidirectional_tcp_stream_with_missing_packet.pcap",
        1,
        "without acknowledgements tshark stops at the first hole",
    ),
    (
        "zeek+zeek/tcp/reassembly.pcap",
        1,
        "frame 64 repeats the bytes of frame 28 with others: we keep those that came first, \
         tshark those of the segment that filled the hole in front of them",
    ),
];

const RST_PAYLOAD: &str = "the payload of an RST is a message about the reset, not data (RFC 9293 section 3.5.3); \
     tshark shows it as data";

/// More missing bytes than any of the captures has: tshark measures some holes from the number of
/// another handshake, and some captures acknowledge what was never sent.
const NONSENSE: usize = 1 << 24;

const NOWHERE: Endpoint = Endpoint {
    addr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    port: 0,
};

/// One direction: bytes, and none for each one that is missing.
type Stream = Vec<Option<u8>>;

#[test]
fn streams_equal_those_of_tshark() {
    let folder = captures().join("tcp");
    if !folder.is_dir() {
        println!("skipped: no captures at {}", folder.display());
        return;
    }
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return;
    }
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    // Most of the time goes into tshark.
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let part = files.len().div_ceil(workers).max(1);
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let started: Vec<_> = files
            .chunks(part)
            .map(|part| scope.spawn(|| part.iter().map(|file| check(file)).collect::<Vec<_>>()))
            .collect();
        started
            .into_iter()
            .flat_map(|worker| worker.join().expect("a comparison"))
            .collect()
    });
    let streams: usize = outcomes.iter().map(|outcome| outcome.streams).sum();
    let bytes: usize = outcomes.iter().map(|outcome| outcome.bytes).sum();
    println!(
        "{} files, {streams} connections, {bytes} bytes",
        files.len()
    );
    let unexplained: Vec<String> = outcomes
        .into_iter()
        .flat_map(|outcome| outcome.unexplained)
        .collect();
    assert!(unexplained.is_empty(), "\n{}", unexplained.join("\n"));
}

/// What the comparison of one file came to.
#[derive(Default)]
struct Outcome {
    streams: usize,
    bytes: usize,
    /// Differences that nothing explains, and explanations of what does not differ.
    unexplained: Vec<String>,
}

fn check(file: &Path) -> Outcome {
    let ours = our_streams(file);
    let mut outcome = Outcome::default();
    for (first, theirs) in &tshark_streams(file) {
        let explained = DIFFERENCES
            .iter()
            .any(|(end, frame, _)| file.ends_with(end) && frame == first);
        let difference = match ours.get(first) {
            Some(ours) => compare(ours, theirs),
            None => Some("no connection of ours begins there".to_owned()),
        };
        if difference.is_some() != explained {
            outcome.unexplained.push(format!(
                "{} from {first}: {}",
                file.display(),
                difference.unwrap_or("equal".to_owned())
            ));
        }
        outcome.streams += 1;
        outcome.bytes += theirs.values().map(Vec::len).sum::<usize>();
    }
    outcome
}

/// Says where the streams of one connection differ. Bytes missing at the very beginning or end
/// do not count: tshark does not tell of those.
fn compare(
    ours: &BTreeMap<Endpoint, Stream>,
    theirs: &BTreeMap<Endpoint, Stream>,
) -> Option<String> {
    let empty = Stream::new();
    let ends: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for end in ends {
        let ours = trimmed(ours.get(end).unwrap_or(&empty));
        let theirs = trimmed(theirs.get(end).unwrap_or(&empty));
        if ours != theirs {
            let at = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
            return Some(format!(
                "port {}: differs at {at} of {} (tshark {}): {} / {}",
                end.port,
                ours.len(),
                theirs.len(),
                excerpt(&ours[at..]),
                excerpt(&theirs[at..]),
            ));
        }
    }
    None
}

fn trimmed(stream: &[Option<u8>]) -> &[Option<u8>] {
    let start = stream
        .iter()
        .position(Option::is_some)
        .unwrap_or(stream.len());
    let end = stream
        .iter()
        .rposition(Option::is_some)
        .map_or(start, |last| last + 1);
    &stream[start..end]
}

fn excerpt(stream: &[Option<u8>]) -> String {
    stream
        .iter()
        .take(24)
        .map(|byte| match byte {
            Some(byte) => char::from(*byte).escape_default().to_string(),
            None => "_".to_owned(),
        })
        .collect()
}

/// What is kept of a connection: its first frame, and what came out.
#[derive(Default)]
struct Followed {
    connection: Connection,
    first: u64,
    last: Mark,
    out: PerSide<Stream>,
}

fn note(out: &mut PerSide<Stream>, side: Side, span: Span<'_>) {
    let out = out.of_mut(side);
    match span {
        Span::Data { bytes, .. } => out.extend(bytes.iter().copied().map(Some)),
        Span::Gap { len, .. } => hole(out, usize::try_from(len).expect("short")),
    }
}

/// Holes so long that a number must be wrong count as one byte, on both sides: some captures
/// acknowledge two gigabytes beyond their last byte.
fn hole(out: &mut Stream, len: usize) {
    let len = if len < NONSENSE { len } else { 1 };
    out.extend(std::iter::repeat_n(None, len));
}

/// Our streams, by the first frame of the connection and the sender.
fn our_streams(file: &Path) -> BTreeMap<u64, BTreeMap<Endpoint, Stream>> {
    let mut source = Files::new(vec![Input::named(file)]);
    let mut decoder = FrameDecoder::new();
    let mut flows: FlowTable<Followed> = FlowTable::default();
    let mut budget = ReassemblyBudget::default();
    let mut streams = BTreeMap::new();
    loop {
        let frame = match source.next_frame() {
            Ok(Next::Frame(frame)) => frame,
            Ok(Next::Idle | Next::Back(_)) | Err(_) => continue,
            Ok(Next::End) => break,
        };
        let Ok(segment) = decoder.decode(&frame) else {
            continue;
        };
        let Some(route) = flows.route(&segment) else {
            continue;
        };
        while let Some(ended) = flows.next_ended() {
            finish(ended, &mut budget, &mut streams);
        }
        let followed = &mut flows.flow_mut(route.slot).expect("there").data;
        if followed.first == 0 {
            followed.first = segment.at.frame.0;
        }
        if route.event == rtmpscope::net::flow::FlowEvent::Turned {
            followed.connection.swap();
            followed.out.swap();
        }
        followed.last = segment.at;
        let out = &mut followed.out;
        followed
            .connection
            .push(route.side, &segment, &mut budget, &mut |side, span| {
                note(out, side, span);
            });
    }
    flows.drain_all();
    while let Some(ended) = flows.next_ended() {
        finish(ended, &mut budget, &mut streams);
    }
    assert_eq!(budget.used(), 0, "{}: memory is given back", file.display());
    streams
}

fn finish(
    mut ended: Ended<Followed>,
    budget: &mut ReassemblyBudget,
    streams: &mut BTreeMap<u64, BTreeMap<Endpoint, Stream>>,
) {
    let ends = ended.flow.endpoints();
    let Followed {
        connection,
        first,
        last,
        out,
    } = &mut ended.flow.data;
    connection.finish(*last, budget, &mut |side, span| note(out, side, span));
    let by_sender = [
        (ends.client, std::mem::take(&mut out.client)),
        (ends.server, std::mem::take(&mut out.server)),
    ];
    streams.insert(*first, by_sender.into_iter().collect());
}

/// The streams of tshark, by the first frame of the connection and the sender.
fn tshark_streams(file: &Path) -> BTreeMap<u64, BTreeMap<Endpoint, Stream>> {
    let follow: Vec<String> = (0..MAX_STREAMS)
        .map(|stream| format!("follow,tcp,raw,{stream}"))
        .collect();
    let mut arguments = vec!["-T", "fields", "-e", "frame.number", "-e", "tcp.stream"];
    for follow in &follow {
        arguments.extend(["-z", follow]);
    }
    let output = tshark(file, &arguments);
    // First a line for each frame, then the streams, last first.
    let (listing, follows) = output
        .split_once("\n=====")
        .unwrap_or((output.as_str(), ""));
    let mut first_frames: BTreeMap<usize, u64> = BTreeMap::new();
    for line in listing.lines() {
        let (frame, stream) = line.split_once('\t').unwrap_or((line, ""));
        // With a tunnel inside TCP there may be several: the innermost is last.
        let stream = stream.rsplit(',').next().unwrap_or(stream);
        if let (Ok(frame), Ok(stream)) = (frame.parse(), stream.parse()) {
            first_frames.entry(stream).or_insert(frame);
        }
    }
    assert!(
        first_frames.len() <= MAX_STREAMS,
        "{}: {} connections",
        file.display(),
        first_frames.len()
    );
    let mut streams = BTreeMap::new();
    let mut current: Option<(u64, [Endpoint; 2])> = None;
    let mut nodes = Vec::new();
    for line in follows.lines() {
        if let Some(filter) = line.strip_prefix("Filter: tcp.stream eq ") {
            let stream: usize = filter.trim().parse().expect("a number");
            nodes.clear();
            current = first_frames
                .get(&stream)
                .map(|&first| (first, [NOWHERE; 2]));
        } else if let Some((_, node)) = line.split_once(": ").filter(|_| line.starts_with("Node "))
        {
            // A stream without payload has nodes without names.
            nodes.push(endpoint(node).unwrap_or(NOWHERE));
            if let (Some((_, ends)), [a, b]) = (&mut current, nodes.as_slice()) {
                *ends = [*a, *b];
            }
        } else if let Some((first, ends)) = current {
            let hex = line.trim();
            if hex.is_empty() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                continue;
            }
            let sender = ends[usize::from(line.starts_with('\t'))];
            let stream = streams
                .entry(first)
                .or_insert_with(BTreeMap::new)
                .entry(sender)
                .or_insert_with(Stream::new);
            append(stream, &bytes_of(hex));
        }
    }
    streams
}

/// tshark writes missing bytes as a text in their place.
fn append(stream: &mut Stream, bytes: &[u8]) {
    let missing = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.strip_prefix('['))
        .and_then(|text| text.strip_suffix(" bytes missing in capture file]\0"))
        .and_then(|count| count.parse().ok());
    match missing {
        Some(count) => hole(stream, count),
        None => stream.extend(bytes.iter().copied().map(Some)),
    }
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let (addr, port) = text.rsplit_once(':')?;
    Some(Endpoint {
        addr: addr.trim_matches(['[', ']']).parse().ok()?,
        port: port.parse().ok()?,
    })
}

fn bytes_of(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect()
}

fn tshark(file: &Path, arguments: &[&str]) -> String {
    let output = Command::new("tshark")
        .args(["-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-r"])
        .arg(file)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("tshark on {}: {error}", file.display()));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn captures() -> PathBuf {
    env::var_os("RTMPSCOPE_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    )
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
