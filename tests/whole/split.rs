//! However the bytes of a direction are cut into pieces, the decoder says the same of them.

use std::num::NonZero;
use std::path::Path;
use std::thread;

use rtmpscope::base::ids::Mark;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::side::Side;
use rtmpscope::net::connection::Connection;
use rtmpscope::net::flow::FlowTable;
use rtmpscope::net::frame::FrameDecoder;
use rtmpscope::net::reassembly::ReassemblyBudget;
use rtmpscope::net::reassembly::Span;
use rtmpscope::rtmp::decoder::Decoder;
use rtmpscope::rtmp::decoder::DecoderOptions;
use rtmpscope::rtmp::decoder::Start;
use rtmpscope::rtmp::event::Event;
use rtmpscope::rtmp::queue::EventQueue;

use crate::reading;

/// Length of the handshake of one direction (RTMP 1.0 section 5.2).
const HANDSHAKE_LEN: usize = 3073;

/// Bytes behind the handshake that are cut at every offset.
const CHUNKS_CUT: usize = 4096;

/// A TCP connection with all that both sides sent.
#[derive(Default)]
struct Conversation {
    tcp: Connection,
    sent: PerSide<Vec<u8>>,
}

/// Puts the directions of one connection away, those of RTMP.
fn keep(conversation: Conversation, name: &str, streams: &mut Vec<(String, Vec<u8>)>) {
    let PerSide { client, server } = conversation.sent;
    if !matches!(client.first(), Some(3 | 6)) {
        return;
    }
    for (to, bytes) in [("to_server", client), ("to_client", server)] {
        streams.push((format!("{name} {to}"), bytes));
    }
}

/// The byte streams of the RTMP connections in a capture.
fn streams(name: &str, path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut decoder = FrameDecoder::new();
    let mut flows: FlowTable<Conversation> = FlowTable::default();
    let mut budget = ReassemblyBudget::default();
    let mut streams = Vec::new();
    let append = |sent: &mut PerSide<Vec<u8>>, side: Side, span: Span<'_>| match span {
        Span::Data { bytes, .. } => sent.of_mut(side).extend_from_slice(bytes),
        Span::Gap { .. } => panic!("{name} has a hole"),
    };
    reading::frames(path, |frame| {
        let Ok(segment) = decoder.decode(frame) else {
            return;
        };
        let route = flows.route(&segment);
        while let Some(ended) = flows.next_ended() {
            keep(ended.flow.data, name, &mut streams);
        }
        let Some(flow) = route.and_then(|route| Some((route, flows.flow_mut(route.slot)?))) else {
            return;
        };
        let (route, flow) = flow;
        let Conversation { tcp, sent } = &mut flow.data;
        tcp.push(route.side, &segment, &mut budget, &mut |side, span| {
            append(sent, side, span);
        });
    });
    flows.drain_all();
    while let Some(ended) = flows.next_ended() {
        keep(ended.flow.data, name, &mut streams);
    }
    streams
}

/// What the decoder says of bytes that come in these pieces.
fn decode<'a>(options: DecoderOptions, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::new(0, options);
    let mut queue = EventQueue::default();
    let mut events = Vec::new();
    let mut offset = 0;
    for piece in pieces {
        decoder.push(offset, Mark::default(), piece, &mut queue);
        offset += piece.len() as u64;
        while let Some(event) = queue.poll() {
            events.push(event);
        }
    }
    decoder.finish(Mark::default(), &mut queue);
    while let Some(event) = queue.poll() {
        events.push(event);
    }
    events
}

/// In pieces of one size from a byte to a segment of loopback, the whole stream.
fn in_pieces(name: &str, bytes: &[u8]) -> usize {
    let mut found = 0;
    for keep_media in [false, true] {
        let options = DecoderOptions {
            keep_media,
            start: Start::Handshake,
        };
        let whole = decode(options, [bytes]);
        for size in [1, 2, 3, 7, 127, 1448, 4096, 65_483] {
            let cut = decode(options, bytes.chunks(size));
            assert!(cut == whole, "{name} in pieces of {size}");
        }
        found = whole.len();
    }
    found
}

/// In two pieces, cut at every offset of what begins a stream: once the handshake with the first
/// chunks behind it, once the chunks alone, of which more can be tried.
fn cut_in_two(name: &str, bytes: &[u8]) {
    let (handshake, chunks) = bytes.split_at(HANDSHAKE_LEN.min(bytes.len()));
    let begin = &bytes[..bytes.len().min(HANDSHAKE_LEN + 32)];
    let chunks = &chunks[..chunks.len().min(CHUNKS_CUT)];
    for (begin, start, cuts) in [
        (begin, Start::Handshake, handshake.len() + 32),
        (chunks, Start::Chunks, CHUNKS_CUT),
    ] {
        let options = DecoderOptions {
            keep_media: true,
            start,
        };
        let whole = decode(options, [begin]);
        for at in 1..begin.len().min(cuts) {
            let (first, second) = begin.split_at(at);
            let cut = decode(options, [first, second]);
            assert!(cut == whole, "{name} {start:?} cut at {at}");
        }
    }
}

#[test]
fn events_do_not_depend_on_how_bytes_are_cut() {
    let all: Vec<(String, Vec<u8>)> = reading::samples()
        .iter()
        .flat_map(|(name, path)| streams(name, path))
        .collect();
    // Every sample has a connection, and that two directions.
    assert!(all.len() >= 2 * reading::samples().len());
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let events: usize = thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|worker| {
                let mine = all.iter().skip(worker).step_by(workers);
                scope.spawn(move || {
                    mine.map(|(name, bytes)| {
                        cut_in_two(name, bytes);
                        in_pieces(name, bytes)
                    })
                    .sum::<usize>()
                })
            })
            .collect();
        started
            .into_iter()
            .map(|worker| worker.join().expect("equal events"))
            .sum()
    });
    println!("{} directions, {events} events", all.len());
    assert!(events > 10_000, "{events}");
}
