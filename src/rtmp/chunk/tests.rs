//! One rule of the chunk stream at a time, with bytes written by hand.

mod dialects;
mod found;
mod interleaved;
mod loss;
mod marks;
mod proven;
mod rules;
mod sizes;

use crate::base::ids::Mark;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::decoder::Decoder;
use crate::rtmp::decoder::DecoderOptions;
use crate::rtmp::decoder::Start;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Event;
use crate::rtmp::event::Lock;
use crate::rtmp::event::RawMessage;
use crate::rtmp::queue::EventQueue;

/// What came out of a stream of chunks.
#[derive(Debug, Default)]
struct Seen {
    messages: Vec<RawMessage>,
    anomalies: Vec<AnomalyKind>,
    skipped: Vec<(u64, u64)>,
    locks: Vec<Lock>,
    sizes: Vec<ChunkSize>,
}

impl Seen {
    fn codes(&self) -> Vec<&'static str> {
        self.anomalies.iter().map(AnomalyKind::code).collect()
    }
}

fn decoder(start: Start) -> Decoder {
    Decoder::new(
        0,
        DecoderOptions {
            keep_media: false,
            start,
        },
    )
}

fn drain(out: &mut EventQueue) -> Seen {
    let mut seen = Seen::default();
    while let Some(event) = out.poll() {
        match event {
            Event::Message(message) => seen.messages.push(message),
            Event::Anomaly(anomaly) => seen.anomalies.push(anomaly.kind),
            Event::Skipped { range, .. } => seen.skipped.push((range.start, range.end)),
            Event::Locked(lock) => seen.locks.push(lock),
            Event::ChunkSize { size, .. } => seen.sizes.push(size),
            other => panic!("no {other:?} among chunks"),
        }
    }
    seen
}

/// Decodes bytes that begin with a chunk.
fn read(bytes: &[u8]) -> Seen {
    read_from(Start::Chunks, bytes)
}

/// Decodes bytes that begin anywhere.
fn midstream(bytes: &[u8]) -> Seen {
    read_from(Start::Midstream, bytes)
}

fn read_from(start: Start, bytes: &[u8]) -> Seen {
    let mut decoder = decoder(start);
    let mut out = EventQueue::default();
    decoder.push(0, Mark::default(), bytes, &mut out);
    decoder.finish(Mark::default(), &mut out);
    drain(&mut out)
}

/// Decodes bytes that begin with a chunk and of which `hole` was not captured.
fn read_with_hole(bytes: &[u8], hole: std::ops::Range<usize>) -> Seen {
    read_with_holes(Start::Chunks, bytes, &[hole])
}

/// Decodes bytes of which some were not captured.
fn read_with_holes(start: Start, bytes: &[u8], holes: &[std::ops::Range<usize>]) -> Seen {
    let mut decoder = decoder(start);
    let mut out = EventQueue::default();
    let starts = std::iter::once(0).chain(holes.iter().map(|hole| hole.end));
    let ends = holes.iter().map(|hole| hole.start).chain([bytes.len()]);
    for (start, end) in starts.zip(ends) {
        for (i, piece) in bytes[start..end].chunks(1448).enumerate() {
            let at = u64::try_from(start + i * 1448).expect("small");
            decoder.push(at, Mark::default(), piece, &mut out);
        }
    }
    decoder.finish(Mark::default(), &mut out);
    drain(&mut out)
}
