//! The TCP of a capture in memory: packets that can be dropped, moved and cut, and become frames
//! again.

use std::collections::BTreeMap;
use std::path::Path;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::ids::Mark;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::capture::memory::StoredFrame;
use rtmpscope::net::Endpoint;
use rtmpscope::net::Segment;
use rtmpscope::net::TcpFlags;
use rtmpscope::net::TcpOptions;
use rtmpscope::net::frame::FrameDecoder;
use rtmpscope::net::reassembly::Reassembler;
use rtmpscope::net::reassembly::ReassemblyBudget;
use rtmpscope::net::reassembly::Span;

/// One TCP segment with its capture time.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) time: Timestamp,
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: TcpFlags,
    pub(crate) window: u16,
    pub(crate) options: TcpOptions,
    pub(crate) ip_id: u16,
    pub(crate) payload: Vec<u8>,
}

/// Sender and receiver of a direction.
pub(crate) type Way = (Endpoint, Endpoint);

impl Packet {
    fn of(segment: &Segment<'_>) -> Self {
        Self {
            time: segment.at.time,
            source: segment.source,
            destination: segment.destination,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            options: segment.options,
            ip_id: segment.ip_id,
            payload: segment.payload.to_vec(),
        }
    }

    pub(crate) fn way(&self) -> Way {
        (self.source, self.destination)
    }

    pub(crate) fn has(&self, flags: TcpFlags) -> bool {
        self.flags.has(flags)
    }

    /// Sequence number of the first payload byte.
    pub(crate) fn first(&self) -> u32 {
        self.seq.wrapping_add(u32::from(self.has(TcpFlags::SYN)))
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.payload.len()).expect("a segment")
    }

    fn segment(&self, number: usize) -> Segment<'_> {
        Segment {
            at: Mark {
                time: self.time,
                frame: FrameNumber(number as u64),
            },
            tunnel: 0,
            source: self.source,
            destination: self.destination,
            seq: self.seq,
            ack: self.ack,
            flags: self.flags,
            window: self.window,
            options: self.options,
            ip_id: self.ip_id,
            payload: &self.payload,
            wire_payload: self.len(),
        }
    }
}

/// A capture as it is, and the TCP in it.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) frames: Vec<StoredFrame>,
    pub(crate) packets: Vec<Packet>,
}

/// Reads a whole capture.
pub(crate) fn read(name: &str, path: &Path) -> Capture {
    let mut files = Files::new([Input::named(path)]);
    let mut decoder = FrameDecoder::new();
    let mut capture = Capture {
        name: name.to_owned(),
        frames: Vec::new(),
        packets: Vec::new(),
    };
    loop {
        match files.next_frame() {
            Ok(Next::Frame(frame)) => {
                if let Ok(segment) = decoder.decode(&frame) {
                    capture.packets.push(Packet::of(&segment));
                }
                capture.frames.push(StoredFrame::from(frame));
            }
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => return capture,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
}

/// The sequence number of position 0 of each direction, as reassembly has it.
pub(crate) fn origins(packets: &[Packet]) -> BTreeMap<Way, u32> {
    let mut streams: BTreeMap<Way, Reassembler> = BTreeMap::new();
    let mut budget = ReassemblyBudget::default();
    let mut origins = BTreeMap::new();
    let mut last = Mark::default();
    for (index, packet) in packets.iter().enumerate() {
        let way = packet.way();
        let segment = packet.segment(index + 1);
        last = segment.at;
        let back = (way.1, way.0);
        let mut told = |way: Way, span: Span<'_>| {
            if let Span::Data { offset, at, .. } = span {
                let number = usize::try_from(at.frame.0).expect("a number");
                let offset = u32::try_from(offset).expect("a small capture");
                let first = packets[number - 1].first();
                origins.entry(way).or_insert(first.wrapping_sub(offset));
            }
        };
        let other = streams.entry(back).or_default();
        other.on_peer(&segment, None, &mut budget, &mut |span| told(back, span));
        let own = streams.entry(way).or_default();
        own.push(&segment, &mut budget, &mut |span| told(way, span));
    }
    for (way, mut stream) in streams {
        stream.finish(last, &mut budget, &mut |span| {
            if let Span::Data { offset, at, .. } = span {
                let number = usize::try_from(at.frame.0).expect("a number");
                let offset = u32::try_from(offset).expect("a small capture");
                let first = packets[number - 1].first();
                origins.entry(way).or_insert(first.wrapping_sub(offset));
            }
        });
    }
    origins
}

/// The positions of each direction that packets cover, in order and merged, counted from the
/// given origins.
pub(crate) fn covered(
    packets: &[Packet],
    origins: &BTreeMap<Way, u32>,
) -> BTreeMap<Way, Vec<(u32, u32)>> {
    let mut all: BTreeMap<Way, Vec<(u32, u32)>> = BTreeMap::new();
    for packet in packets.iter().filter(|packet| !packet.payload.is_empty()) {
        let Some(origin) = origins.get(&packet.way()) else {
            continue;
        };
        let start = packet.first().wrapping_sub(*origin);
        // Before the origin, as keep-alives are.
        if start > u32::MAX / 2 {
            continue;
        }
        let range = (start, start + packet.len());
        all.entry(packet.way()).or_default().push(range);
    }
    for ranges in all.values_mut() {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for &(start, end) in ranges.iter() {
            match merged.last_mut() {
                Some(last) if last.1 >= start => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        *ranges = merged;
    }
    all
}
