//! The messages of every capture against those of tshark, none missing and none invented, and
//! against what senders say they sent. Where they differ, the difference is named with its reason.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use rtmpscope::base::side::Side;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::rtmp::types::MessageTypeId;

use crate::captures;
use crate::reading;

/// A connection, counted from 1 among all of TCP, and the sender.
type Direction = (u64, Side);

/// Messages by direction, in their order.
type Directions = BTreeMap<Direction, Vec<Row>>;

/// What both sides say of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    type_id: u8,
    timestamp: u32,
    length: u32,
    /// The frame in which it ends.
    frame: u64,
}

/// A message of which the capture has only the begin. tshark lists whole messages alone.
#[derive(Debug, PartialEq, Eq)]
struct Unfinished {
    capture: &'static str,
    direction: Direction,
    type_id: u8,
    length: u32,
    received: u32,
}

/// Every message that is cut off by the end of its direction. In the samples FFmpeg writes a
/// chunk's header and its payload apart, and the reset, its own or the server's, comes between:
/// the last segment of the direction is nothing but the header.
const UNFINISHED: &[Unfinished] = &[
    // deleteStream of players that reset.
    unfinished("chunk-128", (2, Side::Client), 20, 34, 0),
    unfinished("ertmp-multitrack", (2, Side::Client), 20, 34, 0),
    unfinished("vod-mp4-seek", (1, Side::Client), 20, 34, 0),
    // The metadata of a publisher whose server has closed.
    unfinished("publish-denied", (1, Side::Client), 18, 309, 0),
    // The stream ends with 84 00 00 17: a header of form 2 on chunk stream 4.
    unfinished("fq_ffmpeg_listen_session", (1, Side::Server), 8, 212, 0),
];

const fn unfinished(
    capture: &'static str,
    direction: Direction,
    type_id: u8,
    length: u32,
    received: u32,
) -> Unfinished {
    Unfinished {
        capture,
        direction,
        type_id,
        length,
        received,
    }
}

/// Messages that overtook others on the network: the capture, the direction, the frames that
/// brought the last bytes of messages ahead of their turn, and the one that filled the hole. We
/// name the frame that brought the last byte, tshark the one that let it through.
const OVERTAKEN: &[(&str, Direction, &[u64], u64)] = &[(
    // Segments 593, 595 and 597 follow four lost ones, sent again in 599, 601, 603 and 605.
    "slow-uplink",
    (1, Side::Client),
    &[593, 595, 597],
    605,
)];

#[derive(Default)]
struct Collector {
    connections: BTreeSet<u64>,
    whole: Directions,
    cut: Vec<(Direction, Row, u32)>,
    aggregates: usize,
    parts: usize,
}

impl Observer for Collector {
    fn opened(&mut self, connection: &Connection) {
        self.connections.insert(connection.id.0);
    }

    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        let raw = heard.raw;
        let direction = (connection.id.0, heard.side);
        let row = Row {
            type_id: raw.type_id.0,
            timestamp: raw.timestamp.0,
            length: raw.length,
            frame: raw.last.frame.0,
        };
        if raw.from_aggregate {
            self.parts += 1;
            return;
        }
        if raw.type_id == MessageTypeId::AGGREGATE {
            self.aggregates += 1;
        }
        if raw.is_complete() {
            self.whole.entry(direction).or_default().push(row);
        } else {
            self.cut.push((direction, row, raw.received));
        }
    }
}

/// A list of messages as `samples/tshark_messages.py` writes it.
struct Listed {
    connections: BTreeSet<u64>,
    messages: Directions,
    /// Directions of which nothing is said.
    left_out: BTreeSet<Direction>,
}

impl Listed {
    fn parse(text: &str) -> Self {
        let mut listed = Self {
            connections: BTreeSet::new(),
            messages: Directions::new(),
            left_out: BTreeSet::new(),
        };
        for line in text.lines().skip(1) {
            if let Some(comment) = line.strip_prefix("# stream ") {
                let mut words = comment.split([' ', ':']);
                let direction = direction(words.next(), words.next());
                listed.left_out.insert(direction);
                listed.connections.insert(direction.0);
                continue;
            }
            let mut fields = line.split('\t');
            let direction = direction(fields.next(), fields.next());
            let mut number = || -> u64 {
                let field = fields.next().expect("a field");
                field.parse().unwrap_or_else(|_| panic!("{line}"))
            };
            let row = Row {
                type_id: u8::try_from(number()).expect("a type"),
                timestamp: u32::try_from(number()).expect("a timestamp"),
                length: u32::try_from(number()).expect("a length"),
                frame: number(),
            };
            listed.connections.insert(direction.0);
            listed.messages.entry(direction).or_default().push(row);
        }
        listed
    }
}

/// tshark counts connections from 0.
fn direction(stream: Option<&str>, to: Option<&str>) -> Direction {
    let stream: u64 = stream.and_then(|word| word.parse().ok()).expect("a stream");
    match to {
        Some("to_server") => (stream + 1, Side::Client),
        Some("to_client") => (stream + 1, Side::Server),
        other => panic!("direction {other:?}"),
    }
}

/// Compares one capture; adds what nothing explains to `problems`. The number of messages that
/// are equal.
fn compare(name: &str, ours: &Collector, theirs: &Listed, problems: &mut Vec<String>) -> usize {
    let mut problem = |text: fmt::Arguments<'_>| problems.push(format!("{name}: {text}"));
    if ours.connections != theirs.connections {
        problem(format_args!(
            "connections {:?}, tshark has {:?}",
            ours.connections, theirs.connections
        ));
    }
    let mut equal = 0;
    let directions: BTreeSet<_> = ours.whole.keys().chain(theirs.messages.keys()).collect();
    for direction in directions {
        if theirs.left_out.contains(direction) {
            continue;
        }
        let mut rows = ours.whole.get(direction).cloned().unwrap_or_default();
        let listed = theirs
            .messages
            .get(direction)
            .map_or(&[][..], Vec::as_slice);
        let overtaken = OVERTAKEN
            .iter()
            .filter(|(capture, of, ..)| *capture == name && of == direction);
        for (_, _, ahead, filled) in overtaken {
            let mut late = 0;
            for row in rows.iter_mut().filter(|row| ahead.contains(&row.frame)) {
                row.frame = *filled;
                late += 1;
            }
            if late == 0 {
                problem(format_args!("nothing was overtaken in {direction:?}"));
            }
        }
        if rows == listed {
            equal += rows.len();
            continue;
        }
        let at = rows
            .iter()
            .zip(listed)
            .position(|(ours, theirs)| ours != theirs)
            .unwrap_or(rows.len().min(listed.len()));
        problem(format_args!(
            "{direction:?} has {} messages, tshark {}; number {at} is {:?}, tshark's {:?}",
            rows.len(),
            listed.len(),
            rows.get(at),
            listed.get(at)
        ));
    }
    let found: Vec<_> = ours
        .cut
        .iter()
        .map(|(direction, row, received)| (*direction, row.type_id, row.length, *received))
        .collect();
    let named: Vec<_> = UNFINISHED
        .iter()
        .filter(|cut| cut.capture == name)
        .map(|cut| (cut.direction, cut.type_id, cut.length, cut.received))
        .collect();
    if found != named {
        problem(format_args!("cut off are {found:?}, named {named:?}"));
    }
    equal
}

fn collect(path: &Path) -> Collector {
    let mut collector = Collector::default();
    reading::decode(path, Options::default(), &mut collector);
    collector
}

#[test]
fn messages_of_samples_equal_those_of_tshark() {
    let mut problems = Vec::new();
    let mut equal = 0;
    for (name, path) in reading::samples() {
        let list = reading::ours(&format!("samples/expected/{name}.tshark.tsv"));
        let text = fs::read_to_string(&list).unwrap_or_else(|_| panic!("{}", list.display()));
        equal += compare(&name, &collect(&path), &Listed::parse(&text), &mut problems);
    }
    println!("{equal} messages are equal");
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn media_with_extended_timestamps_equal_what_the_publisher_sent() {
    for name in ["exttime", "exttime-crossing"] {
        let list = reading::ours(&format!("samples/expected/{name}.sent.tsv"));
        let sent: Vec<(u8, u32, u32)> = fs::read_to_string(&list)
            .expect("a list")
            .lines()
            .skip(1)
            .map(|line| {
                let fields: Vec<u32> = line
                    .split('\t')
                    .map(|field| field.parse().expect("a number"))
                    .collect();
                let type_id = u8::try_from(fields[0]).expect("a type");
                (type_id, fields[1], fields[2])
            })
            .collect();
        let ours = collect(&reading::sample(name));
        let heard: Vec<_> = ours.whole[&(1, Side::Client)]
            .iter()
            .filter(|row| MessageTypeId(row.type_id).is_media())
            .map(|row| (row.type_id, row.timestamp, row.length))
            .collect();
        assert_eq!(heard, sent, "{name}");
    }
}

/// The public captures, with what tshark must be known to find in them: the number of whole
/// messages, by which it would show if both lost the same ones.
const PUBLIC: &[(&str, usize)] = &[
    ("krisnova+twinx/nginx.pcap", 339),
    ("krisnova+twinx/twinx-to-nginx.pcap", 19),
    ("zhangpeihao+gortmp/rtmp-no-h_264.pcapng", 114),
    ("wader+fq/rtmp_sample.cap", 13),
    ("derived/audio_only_publish_c2s_only.pcap", 291),
    ("derived/fq_ffmpeg_listen_session.pcap", 429),
    ("derived/fq_fms_vod_session.pcap", 137),
    ("derived/h264_aac_publish_c2s_only.pcap", 155),
    ("derived/h265_aac_publish_c2s_only.pcap", 216),
];

#[test]
fn messages_of_public_captures_equal_those_of_tshark() {
    let Some(folder) = captures::public() else {
        return;
    };
    for tool in ["tshark", "python3"] {
        if Command::new(tool).arg("--version").output().is_err() {
            println!("skipped: {tool} is not installed");
            return;
        }
    }
    let mut problems = Vec::new();
    for (file, messages) in PUBLIC {
        let path = folder.join(file);
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let name = name.expect("a name");
        let run = Command::new("python3")
            .arg(reading::ours("samples/tshark_messages.py"))
            .arg(&path)
            .output()
            .expect("a list of messages");
        let text = String::from_utf8(run.stdout).expect("text");
        let equal = compare(name, &collect(&path), &Listed::parse(&text), &mut problems);
        if equal != *messages {
            problems.push(format!(
                "{file}: {equal} messages are equal, not {messages}"
            ));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn aggregates_count_as_messages_and_their_parts_do_not() {
    let Some(folder) = captures::public() else {
        return;
    };
    let ours = collect(&folder.join("derived/fq_fms_vod_session.pcap"));
    // INDEX.md of the captures: an independent decoder finds 137 messages, 5 of them aggregates.
    let messages: usize = ours.whole.values().map(Vec::len).sum();
    assert_eq!((messages, ours.aggregates), (137, 5));
    assert_eq!(ours.cut, []);
}
