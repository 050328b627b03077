//! What each stage of a packet's journey costs, one by one, on a few seconds of publishers and
//! players made in memory from a fixed seed. `make bench` runs it after the measurements of the
//! whole program; `cargo bench --bench stages -- chunks` runs one stage.

#![expect(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "measures frames of its own making, of which nothing can be missing"
)]

use std::hint::black_box;
use std::io;
use std::io::Cursor;
use std::sync::OnceLock;
use std::time::Duration;

use divan::Bencher;
use divan::Divan;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::side::Side;
use rtmpscope::base::time::Span as TimeSpan;
use rtmpscope::capture::Frame;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::capture::info::InputName;
use rtmpscope::capture::memory::StoredFrame;
use rtmpscope::net::Segment;
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
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;
use rtmpscope::rtmp::amf::amf0;
use rtmpscope::rtmp::decoder::Decoder;
use rtmpscope::rtmp::decoder::DecoderOptions;
use rtmpscope::rtmp::event::Event;
use rtmpscope::rtmp::event::RawMessage;
use rtmpscope::rtmp::field::NoFields;
use rtmpscope::rtmp::message;
use rtmpscope::rtmp::message::Decoded;
use rtmpscope::rtmp::queue::EventQueue;
use rtmpscope::rtmp::types::MessageTypeId;
use rtmpscope::session::Session;

#[path = "support/wire.rs"]
mod wire;

use wire::Shape;

/// Longest time one measurement takes, so that all of them together take less than a minute.
const MOST: Duration = Duration::from_secs(3);

/// Milliseconds of media in the captures: enough for medians in measurements, little where the
/// code is not optimised and only has to run.
const MILLIS: u32 = if cfg!(debug_assertions) { 100 } else { 3_000 };

/// Publishers, and as many players.
const PUBLISHERS: u32 = 2;

/// Most commands are far shorter than this, media far longer.
const CONNECT: &[u8] = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\x03\
    \0\x03app\x02\0\x04live\
    \0\x04type\x02\0\x0Anonprivate\
    \0\x08flashVer\x02\0\x1FFMLE/3.0 (compatible; FMSc/1.0)\
    \0\x05tcUrl\x02\0\x1Crtmp://192.0.2.1:1935/live/x\
    \0\x04fpad\x01\0\
    \0\x0Ccapabilities\0\x40\x6D\xE0\0\0\0\0\0\
    \0\x0BaudioCodecs\0\x40\xAB\xEE\0\0\0\0\0\
    \0\x0BvideoCodecs\0\x40\x6F\x80\0\0\0\0\0\
    \0\0\x09";

fn main() {
    Divan::from_args().max_time(MOST).main();
}

/// Frames of 1500 bytes.
fn ethernet() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| Recording::new(&Shape::ethernet()))
}

/// Frames of up to 64 KiB.
fn loopback() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| Recording::new(&Shape::loopback()))
}

/// A capture in all the forms that it takes on its way.
struct Recording {
    file: Vec<u8>,
    frames: Vec<StoredFrame>,
}

impl Recording {
    fn new(shape: &Shape) -> Self {
        let mut file = Vec::new();
        wire::streams(&mut file, shape, PUBLISHERS, PUBLISHERS, MILLIS).expect("memory");
        let mut frames = Vec::new();
        each_frame(&file, |frame| frames.push(StoredFrame::from(*frame)));
        Self { file, frames }
    }

    fn bytes(&self) -> BytesCount {
        BytesCount::new(self.file.len())
    }

    /// All TCP segments, borrowed from the frames alone.
    fn segments(&'static self) -> Vec<Segment<'static>> {
        let mut decoder = FrameDecoder::new();
        let mut segments = Vec::new();
        for (frame, stored) in frames(&self.frames) {
            let segment = decoder.decode(&frame).expect("a segment");
            // The frames have no padding.
            let payload = &stored.data[stored.data.len() - segment.payload.len()..];
            segments.push(Segment {
                at: segment.at,
                tunnel: segment.tunnel,
                source: segment.source,
                destination: segment.destination,
                seq: segment.seq,
                ack: segment.ack,
                flags: segment.flags,
                window: segment.window,
                options: segment.options,
                ip_id: segment.ip_id,
                payload,
                wire_payload: segment.wire_payload,
            });
        }
        segments
    }

    /// Segments with payload of the first publisher's connection, with their senders.
    fn said(&'static self) -> Vec<(Side, Segment<'static>)> {
        let mut segments = self.segments();
        let client = segments[0].source;
        segments.retain(|segment| {
            (segment.source == client || segment.destination == client)
                && !segment.payload.is_empty()
        });
        segments
            .into_iter()
            .map(|segment| {
                let side = if segment.source == client {
                    Side::Client
                } else {
                    Side::Server
                };
                (side, segment)
            })
            .collect()
    }
}

/// Hands out the frames of a capture file.
fn each_frame(file: &[u8], mut each: impl FnMut(&Frame<'_>)) {
    read(Box::new(Cursor::new(file.to_vec())), &mut each);
}

fn read(file: Box<dyn io::Read + Send>, each: &mut impl FnMut(&Frame<'_>)) {
    let mut files = Files::new([Input::Reader(InputName::new("memory"), file)]);
    loop {
        match files.next_frame() {
            Ok(Next::Frame(frame)) => each(&frame),
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

fn frames(stored: &[StoredFrame]) -> impl Iterator<Item = (Frame<'_>, &StoredFrame)> {
    (1..)
        .zip(stored)
        .map(|(number, stored)| (stored.numbered(FrameNumber(number)), stored))
}

/// Frames out of a capture file.
#[divan::bench]
fn a_capture(bencher: Bencher<'_, '_>) {
    let recording = ethernet();
    bencher.counter(recording.bytes()).bench(|| {
        let mut count = 0_u64;
        read(Box::new(Cursor::new(&recording.file[..])), &mut |frame| {
            black_box(frame);
            count += 1;
        });
        count
    });
}

/// Segments out of plain frames.
#[divan::bench]
fn b_frames_plain(bencher: Bencher<'_, '_>) {
    decode_frames(bencher, &ethernet().frames);
}

/// Segments out of the same frames with a VLAN tag, which go the general way.
#[divan::bench]
fn b_frames_tagged(bencher: Bencher<'_, '_>) {
    const TYPE: usize = 12;
    let mut tagged = ethernet().frames.clone();
    for frame in &mut tagged {
        frame.data.splice(TYPE..TYPE, [0x81, 0, 0, 7]);
        frame.wire_len += 4;
    }
    decode_frames(bencher, &tagged);
}

fn decode_frames(bencher: Bencher<'_, '_>, stored: &[StoredFrame]) {
    bencher.counter(ItemsCount::new(stored.len())).bench(|| {
        let mut decoder = FrameDecoder::new();
        let mut payload = 0;
        for (frame, _) in frames(stored) {
            if let Ok(segment) = decoder.decode(&frame) {
                payload += segment.payload.len();
            }
        }
        assert!(payload > 0, "segments");
        payload
    });
}

/// Segments to their connections, and in-order bytes out of them.
#[divan::bench]
fn c_connections(bencher: Bencher<'_, '_>) {
    let segments = ethernet().segments();
    let total: usize = segments.iter().map(|segment| segment.payload.len()).sum();
    bencher.counter(BytesCount::new(total)).bench(|| {
        let mut flows: FlowTable<Tcp> = FlowTable::default();
        let mut budget = ReassemblyBudget::default();
        let mut out = 0;
        for segment in &segments {
            let Some(route) = flows.route(segment) else {
                continue;
            };
            let flow = flows.flow_mut(route.slot).expect("routed");
            flow.data
                .push(route.side, segment, &mut budget, &mut |_, span| {
                    if let Span::Data { bytes, .. } = span {
                        out += bytes.len();
                    }
                });
        }
        assert_eq!(out, total, "all bytes come out");
    });
}

/// Decoders of both sides over a whole connection; every event goes to `each`.
fn decode_chunks(said: &[(Side, Segment<'_>)], mut each: impl FnMut(Side, Event, &mut EventQueue)) {
    let mut decoders = PerSide {
        client: Decoder::new(0, DecoderOptions::default()),
        server: Decoder::new(0, DecoderOptions::default()),
    };
    let mut queue = EventQueue::default();
    for (side, segment) in said {
        let decoder = decoders.of_mut(*side);
        decoder.push(decoder.position(), segment.at, segment.payload, &mut queue);
        while let Some(event) = queue.poll() {
            each(*side, event, &mut queue);
        }
    }
}

/// Handshake and messages out of the bytes of one connection.
#[divan::bench]
fn d_chunks(bencher: Bencher<'_, '_>) {
    let said = ethernet().said();
    let total: usize = said.iter().map(|(_, segment)| segment.payload.len()).sum();
    bencher.counter(BytesCount::new(total)).bench(|| {
        let mut messages = 0_u64;
        decode_chunks(&said, |_, event, queue| {
            if let Event::Message(raw) = event {
                messages += 1;
                queue.recycle(raw.body);
            }
        });
        assert!(messages > 0, "messages");
    });
}

/// The values of a `connect`.
#[divan::bench]
fn e_amf_of_connect(bencher: Bencher<'_, '_>) {
    let (values, problems) = amf0::parse(CONNECT, &mut NoFields);
    assert_eq!((values.len(), problems.len()), (3, 0), "connect is sound");
    bencher
        .counter(BytesCount::new(CONNECT.len()))
        .bench(|| amf0::parse(black_box(CONNECT), &mut NoFields));
}

fn is_media(raw: &RawMessage) -> bool {
    [MessageTypeId::AUDIO, MessageTypeId::VIDEO].contains(&raw.type_id)
}

/// What the headers of audio and video say.
#[divan::bench]
fn f_media_headers(bencher: Bencher<'_, '_>) {
    let mut bodies = Vec::new();
    decode_chunks(&ethernet().said(), |_, event, _| {
        if let Event::Message(raw) = event
            && is_media(&raw)
        {
            bodies.push(raw);
        }
    });
    bencher.counter(ItemsCount::new(bodies.len())).bench(|| {
        for raw in &bodies {
            black_box(message::decode(raw, &mut NoFields));
        }
    });
}

/// What a session learns of the messages of one connection.
#[divan::bench]
fn g_session(bencher: Bencher<'_, '_>) {
    let mut events: Vec<(Side, Event, Option<Decoded>)> = Vec::new();
    decode_chunks(&ethernet().said(), |side, event, _| {
        let decoded = match &event {
            Event::Message(raw) => Some(message::decode(raw, &mut NoFields)),
            _ => None,
        };
        events.push((side, event, decoded));
    });
    bencher.counter(ItemsCount::new(events.len())).bench(|| {
        let mut session = Session::new();
        let mut facts = Vec::new();
        for (side, event, decoded) in &events {
            session.apply(*side, event, decoded.as_ref(), &mut facts);
            facts.clear();
        }
        session
    });
}

/// Collects the messages of a connection and, when it ends, measures how they are written:
/// only then there is a connection to write them of.
struct Writing<'a, 'b> {
    bencher: Option<Bencher<'a, 'b>>,
    heard: Vec<(Side, RawMessage, Decoded)>,
}

impl Observer for Writing<'_, '_> {
    fn message(&mut self, connection: &Connection, message: &Heard<'_>) {
        if connection.id.0 == 1 {
            let Heard {
                side, raw, decoded, ..
            } = *message;
            self.heard.push((side, raw.clone(), decoded.clone()));
        }
    }

    fn ended(&mut self, connection: &Connection, _tcp: &Tcp) {
        if connection.id.0 != 1 {
            return;
        }
        let Some(bencher) = self.bencher.take() else {
            return;
        };
        bencher
            .counter(ItemsCount::new(self.heard.len()))
            .bench_local(|| {
                let mut json = JsonReport::new(io::sink(), json_options());
                for (number, (side, raw, decoded)) in (1..).zip(&self.heard) {
                    let heard = Heard {
                        number,
                        side: *side,
                        raw,
                        decoded,
                    };
                    json.message(connection, &heard);
                }
                json.flush();
            });
    }
}

fn json_options() -> JsonOptions {
    JsonOptions {
        events: Vec::new(),
        interval: TimeSpan::from_secs(1),
        show_secrets: false,
        unbuffered: false,
    }
}

/// A JSON record for each message of a connection.
#[divan::bench]
fn h_json_records(bencher: Bencher<'_, '_>) {
    let mut writing = Writing {
        bencher: Some(bencher),
        heard: Vec::new(),
    };
    drive(ethernet(), &mut writing);
    assert!(writing.bencher.is_none(), "the first connection ended");
}

fn drive(recording: &'static Recording, observer: &mut impl Observer) -> Pipeline {
    let mut pipeline = Pipeline::new(Options {
        history_limit: Some(0),
        max_connections: None,
        ..Options::default()
    });
    read(Box::new(Cursor::new(&recording.file[..])), &mut |frame| {
        pipeline.push(frame, observer);
    });
    pipeline.finish(observer);
    pipeline
}

/// Wants to know nothing.
struct Nobody;

impl Observer for Nobody {}

/// All stages but the last, from a file in memory.
#[divan::bench(args = ["mtu1500", "lo64k"])]
fn i_whole(bencher: Bencher<'_, '_>, name: &str) {
    let recording = recording(name);
    bencher
        .counter(recording.bytes())
        .bench(|| drive(recording, &mut Nobody));
}

/// All stages with all records.
#[divan::bench(args = ["mtu1500", "lo64k"])]
fn j_whole_to_json(bencher: Bencher<'_, '_>, name: &str) {
    let recording = recording(name);
    bencher.counter(recording.bytes()).bench_local(|| {
        let mut json = JsonReport::new(io::sink(), json_options());
        let pipeline = drive(recording, &mut json);
        json.flush();
        pipeline
    });
}

fn recording(name: &str) -> &'static Recording {
    match name {
        "mtu1500" => ethernet(),
        _ => loopback(),
    }
}
