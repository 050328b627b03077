//! Cuts the samples into first inputs for the fuzz targets.
//!
//! `cargo run --example fuzz_corpus -- fuzz/corpus`

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::hash::DefaultHasher;
use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::path::Path;
use std::path::PathBuf;

use rtmpscope::base::ids::Mark;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::side::Side;
use rtmpscope::base::time::Precision;
use rtmpscope::capture::Frame;
use rtmpscope::capture::LinkType;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::capture::write::PcapWriter;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::net::flow::FlowTable;
use rtmpscope::net::frame::FrameDecoder;
use rtmpscope::net::reassembly::ReassemblyBudget;
use rtmpscope::net::reassembly::Span;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::rtmp::types::MessageTypeId;

/// Longest input made of a whole file or conversation, in bytes: a setup with its handshake and
/// some media. Shorter inputs are tried more often.
const LONG: usize = 24 * 1024;

/// Longest input made of one message or frame, in bytes.
const SHORT: usize = 1024;

/// Messages of one type taken from a sample.
const MESSAGES_PER_TYPE: usize = 12;

/// Frames taken from a sample one by one.
const FRAMES: usize = 24;

/// Keys for the dashboard: every screen, a list moved in and opened, a search.
const KEYS: [&[u8]; 3] = [b"\n2345612", b"5jjj\n\x1b", b"5/live\njj"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("fuzz/corpus"), PathBuf::from);
    let mut corpus = Corpus { folder, made: 0 };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for entry in fs::read_dir(samples)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.contains(".pcap") {
            files(&path, &mut corpus)?;
            frames(&path, &mut corpus)?;
            conversations(&path, &mut corpus)?;
            messages(&path, &mut corpus)?;
        }
    }
    segments(&mut corpus)?;
    println!("{} inputs in {}", corpus.made, corpus.folder.display());
    Ok(())
}

/// A folder for each target, a file for each input.
struct Corpus {
    folder: PathBuf,
    made: usize,
}

impl Corpus {
    /// Equal inputs have equal names.
    fn add(&mut self, target: &str, parts: &[&[u8]]) -> Result<(), Box<dyn Error>> {
        let input = parts.concat();
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{:016x}", hasher.finish())), input)?;
        self.made += 1;
        Ok(())
    }
}

fn each_frame(path: &Path, mut each: impl FnMut(&Frame<'_>)) {
    let mut files = Files::new([Input::named(path)]);
    loop {
        match files.next_frame() {
            Ok(Next::Frame(frame)) => each(&frame),
            Ok(Next::Idle | Next::Back(_)) | Err(_) => {}
            Ok(Next::End) => return,
        }
    }
}

fn start(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(..most).unwrap_or(bytes)
}

/// The beginning of the file as it is, and its first frames as a file of their own.
fn files(path: &Path, corpus: &mut Corpus) -> Result<(), Box<dyn Error>> {
    let whole = fs::read(path)?;
    corpus.add("capture_file", &[start(&whole, LONG / 2)])?;
    for most in [LONG / 4, LONG] {
        let mut writer: Option<PcapWriter<Vec<u8>>> = None;
        let mut room = most;
        each_frame(path, |frame| {
            if frame.data.len() > room {
                room = 0;
                return;
            }
            room -= frame.data.len();
            if writer.is_none() {
                writer = PcapWriter::new(Vec::new(), frame.link, Precision::Micros, 65_535).ok();
            }
            if let Some(writer) = &mut writer {
                // A frame that such a file cannot hold is left out.
                let _ = writer.write(frame);
            }
        });
        if let Some(writer) = writer {
            let file = writer.into_inner();
            corpus.add("whole", &[&file])?;
            corpus.add("capture_file", &[start(&file, LONG / 8)])?;
        }
    }
    Ok(())
}

/// Frames one by one, and together.
fn frames(path: &Path, corpus: &mut Corpus) -> Result<(), Box<dyn Error>> {
    let mut single = Vec::new();
    let mut together = Vec::new();
    each_frame(path, |frame| {
        if frame.data.len() > SHORT || single.len() >= FRAMES {
            return;
        }
        // The place of the link type in the target's list.
        let link = match frame.link {
            LinkType::ETHERNET => 0_u8,
            LinkType::NULL => 1,
            LinkType::RAW => 2,
            LinkType::LINUX_SLL => 5,
            LinkType::LINUX_SLL2 => 6,
            _ => 9,
        };
        let [low, high, ..] = frame.data.len().to_le_bytes();
        if together.len() < LONG / 4 {
            together.extend_from_slice(&[link, 0, low, high]);
            together.extend_from_slice(frame.data);
        }
        single.push(frame.data.to_vec());
    });
    for frame in single {
        corpus.add("frame", &[&[0, 0], &frame])?;
    }
    corpus.add("differential", &[&together])
}

/// What both peers said, turn by turn.
#[derive(Debug, Default)]
struct Said {
    tcp: Tcp,
    turns: Vec<(Side, Vec<u8>)>,
}

fn conversations(path: &Path, corpus: &mut Corpus) -> Result<(), Box<dyn Error>> {
    let mut decoder = FrameDecoder::new();
    let mut flows: FlowTable<Said> = FlowTable::default();
    let mut budget = ReassemblyBudget::default();
    let mut all = Vec::new();
    each_frame(path, |frame| {
        let Ok(segment) = decoder.decode(frame) else {
            return;
        };
        if let Some(route) = flows.route(&segment)
            && let Some(flow) = flows.flow_mut(route.slot)
        {
            let Said { tcp, turns } = &mut flow.data;
            tcp.push(route.side, &segment, &mut budget, &mut |side, span| {
                if let Span::Data { bytes, .. } = span {
                    match turns.last_mut() {
                        Some((last, said)) if *last == side => said.extend_from_slice(bytes),
                        _ => turns.push((side, bytes.to_vec())),
                    }
                }
            });
        }
        while let Some(ended) = flows.next_ended() {
            all.push(ended.flow.data.turns);
        }
    });
    flows.drain_all();
    while let Some(mut ended) = flows.next_ended() {
        let Said { tcp, turns } = &mut ended.flow.data;
        tcp.finish(Mark::default(), &mut budget, &mut |_, _| {});
        all.push(std::mem::take(turns));
    }
    for turns in &all {
        conversation(turns, corpus)?;
    }
    Ok(())
}

fn conversation(turns: &[(Side, Vec<u8>)], corpus: &mut Corpus) -> Result<(), Box<dyn Error>> {
    let mut input = Vec::new();
    let mut sent: PerSide<Vec<u8>> = PerSide::default();
    for (side, said) in turns {
        let said = start(said, LONG.saturating_sub(input.len()));
        if said.is_empty() {
            break;
        }
        let [low, high, ..] = said.len().to_le_bytes();
        let head = match side {
            Side::Client => 0x30,
            Side::Server => 0x31,
        };
        input.extend_from_slice(&[head, low, high]);
        input.extend_from_slice(said);
        sent.of_mut(*side).extend_from_slice(said);
    }
    // With a SYN; joined midway behind the handshake, on a port that is named.
    corpus.add("conversation", &[&[0], &input])?;
    corpus.add(
        "conversation",
        &[&[0b110], input.get(6_200..).unwrap_or(&input)],
    )?;
    for keys in KEYS {
        let count = u8::try_from(keys.len())?;
        corpus.add("dashboard", &[&[80, 24, count], keys, &[0], &input])?;
    }
    for bytes in [&sent.client, &sent.server] {
        corpus.add("decoder", &[&[0, 0, 200, 0], start(bytes, LONG / 2)])?;
        let behind = bytes.get(3_073..).unwrap_or_default();
        corpus.add("decoder", &[&[1, 2, 90, 7], start(behind, LONG / 4)])?;
        corpus.add("detector", &[&[0b1011_1001], start(bytes, LONG / 4)])?;
        corpus.add("detector", &[&[0b1011_1110], start(behind, LONG / 4)])?;
    }
    Ok(())
}

/// Message bodies by type.
#[derive(Default)]
struct Bodies {
    by_type: BTreeMap<MessageTypeId, Vec<Vec<u8>>>,
}

impl Observer for Bodies {
    fn message(&mut self, _connection: &Connection, message: &Heard<'_>) {
        let bodies = self.by_type.entry(message.raw.type_id).or_default();
        let body = start(&message.raw.body, SHORT).to_vec();
        if bodies.len() < MESSAGES_PER_TYPE && !bodies.contains(&body) {
            bodies.push(body);
        }
    }
}

fn messages(path: &Path, corpus: &mut Corpus) -> Result<(), Box<dyn Error>> {
    let mut pipeline = Pipeline::new(Options {
        keep_media: true,
        ..Options::default()
    });
    let mut bodies = Bodies::default();
    each_frame(path, |frame| {
        pipeline.push(frame, &mut bodies);
    });
    pipeline.finish(&mut bodies);
    for (type_id, bodies) in &bodies.by_type {
        for body in bodies {
            corpus.add("message", &[&[type_id.0], body])?;
            match *type_id {
                MessageTypeId::AUDIO => {
                    corpus.add("audio", &[start(body, 256)])?;
                    corpus.add("config", &[start(body.get(2..).unwrap_or_default(), 256)])?;
                }
                MessageTypeId::VIDEO => {
                    corpus.add("video", &[start(body, 256)])?;
                    corpus.add("config", &[start(body.get(5..).unwrap_or_default(), 256)])?;
                }
                MessageTypeId::COMMAND_AMF0 | MessageTypeId::DATA_AMF0 => {
                    corpus.add("amf0", &[body])?;
                    // AMF0 hands over to AMF3 with a marker.
                    corpus.add(
                        "amf0",
                        &[&[0x11, 0x0A, 0x0B, 1, 3, b'a', 6, 3, b'b', 1], body],
                    )?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Segments in order, exchanged, cut, and of a sender whose copies differ; AMF3 values, of which
/// the samples have none.
fn segments(corpus: &mut Corpus) -> Result<(), Box<dyn Error>> {
    let ack = 0x10;
    let in_order: [[u8; 12]; 3] = [
        [0, ack, 0, 0, 100, 0, 0, 0, 0, 5, 0, 0xFF],
        [1, ack, 0, 0, 50, 0, 0, 0, 0, 5, 0, 0xFF],
        [0, ack, 0, 0, 200, 1, 0, 0, 0, 5, 0, 0xFF],
    ];
    let hole: [[u8; 12]; 3] = [
        [8, ack, 100, 0, 100, 0, 0, 0, 0, 5, 0, 0xFF],
        [1, ack, 0, 0, 0, 0, 0, 200, 0, 90, 0, 0xFF],
        [4, ack, 0, 0, 100, 0, 60, 0, 0, 5, 0, 0xFF],
    ];
    let ends: [[u8; 12]; 2] = [
        [0, ack | 1, 0, 0, 10, 0, 0, 0, 0, 5, 0, 0xFF],
        [1, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0],
    ];
    for options in [0, 2] {
        corpus.add(
            "segments",
            &[
                &[options],
                in_order.as_flattened(),
                hole.as_flattened(),
                ends.as_flattened(),
            ],
        )?;
    }
    let copies: [[u8; 4]; 5] = [
        [100, 50, 0, 0],
        [0, 60, 0, 1],
        [40, 80, 3, 0x21],
        [200, 40, 0, 0],
        [120, 120, 1, 1],
    ];
    corpus.add("segments", &[&[1], copies.as_flattened()])?;
    let amf3: [&[u8]; 4] = [
        // An object with one dynamic member, read again by reference.
        &[0x0A, 0x0B, 1, 3, b'a', 4, 0x81, 0, 1, 0x0A, 0],
        // An array of a date, XML and bytes.
        &[9, 7, 1, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 11, 3, b'x', 12, 3, 1],
        // Vectors of integers, doubles and objects, a dictionary.
        &[
            13, 3, 0, 0, 0, 0, 1, 15, 3, 0, 1, 5, 16, 3, 0, 1, 4, 1, 17, 3, 0, 4, 1, 4, 2,
        ],
        // Traits of a sealed class.
        &[0x0A, 0x13, 3, b'C', 3, b'p', 6, 5, b'o', b'k'],
    ];
    for value in amf3 {
        corpus.add("amf3", &[value])?;
        corpus.add("message", &[&[17, 0, 0x11], value])?;
        corpus.add("message", &[&[15], value])?;
    }
    Ok(())
}
