//! Media that come in order go through the whole pipeline, from frame to session, without an
//! allocation. Run without the test harness, whose own thread allocates now and then.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a packet that cannot be built fails the test"
)]

use std::alloc::System;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Frame;
use rtmpscope::capture::InterfaceIndex;
use rtmpscope::capture::LinkType;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use stats_alloc::INSTRUMENTED_SYSTEM;
use stats_alloc::Region;
use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Payload of a segment on an Ethernet.
const SEGMENT: usize = 1448;

/// Chunk size of both directions once it is set.
const CHUNK: usize = 4096;

/// Frames of video before it is measured: ten minutes at 25 a second, so that every history has
/// found its size.
const BEFORE: u32 = 15_000;

/// Frames of video while it is measured.
const MEASURED: u32 = 1000;

#[derive(Default)]
struct Count {
    messages: u64,
}

impl Observer for Count {
    fn message(&mut self, _connection: &Connection, _heard: &Heard<'_>) {
        self.messages += 1;
    }
}

/// A publisher on an Ethernet, and the pipeline that listens.
struct Rig {
    pipeline: Pipeline,
    count: Count,
    /// Packets so far, one every 100 µs unless time is moved on.
    frames: u64,
    micros: i64,
    /// Sequence numbers of client and server.
    seq: [u32; 2],
    packet: Vec<u8>,
}

impl Rig {
    /// One segment in Ethernet, IPv4 and TCP (RFC 791, RFC 9293), without checksums, as a machine
    /// that leaves them to its network card captures its own.
    fn send(&mut self, from_server: bool, flags: u8, payload: &[u8]) {
        let (client, server) = ([192, 0, 2, 10], [192, 0, 2, 1]);
        let (source, destination, ports) = if from_server {
            (server, client, [1935_u16, 40_000])
        } else {
            (client, server, [40_000, 1935])
        };
        let (mine, theirs) = (usize::from(from_server), usize::from(!from_server));
        let length = u16::try_from(40 + payload.len()).expect("a packet");
        let packet = &mut self.packet;
        packet.clear();
        packet.extend_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
        packet.extend_from_slice(&[0x45, 0]);
        packet.extend_from_slice(&length.to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
        packet.extend_from_slice(&source);
        packet.extend_from_slice(&destination);
        packet.extend_from_slice(&ports[0].to_be_bytes());
        packet.extend_from_slice(&ports[1].to_be_bytes());
        packet.extend_from_slice(&self.seq[mine].to_be_bytes());
        packet.extend_from_slice(&self.seq[theirs].to_be_bytes());
        packet.extend_from_slice(&[0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        packet.extend_from_slice(payload);
        let sent = u32::try_from(payload.len()).expect("a segment");
        self.seq[mine] = self.seq[mine]
            .wrapping_add(sent)
            .wrapping_add(u32::from(flags & 2 != 0));
        self.frames += 1;
        self.micros += 100;
        let frame = Frame {
            number: FrameNumber(self.frames),
            time: Timestamp(self.micros * 1000),
            link: LinkType::ETHERNET,
            interface: InterfaceIndex::FIRST,
            wire_len: u32::try_from(self.packet.len()).expect("a frame"),
            data: &self.packet,
        };
        self.pipeline.push(&frame, &mut self.count);
    }

    /// Bytes in segments, each second one acknowledged.
    fn stream(&mut self, bytes: &[u8]) {
        for (number, segment) in bytes.chunks(SEGMENT).enumerate() {
            self.send(false, 0x18, segment);
            if number % 2 == 1 {
                self.send(true, 0x10, b"");
            }
        }
    }
}

/// A message of form 0 (RTMP 1.0 section 5.3.1.2.1) on message stream 1, in its chunks.
fn message(out: &mut Vec<u8>, csid: u8, type_id: u8, timestamp: u32, body: &[u8]) {
    out.push(csid);
    out.extend_from_slice(&timestamp.to_be_bytes()[1..]);
    let length = u32::try_from(body.len()).expect("a length");
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.push(type_id);
    out.extend_from_slice(&[1, 0, 0, 0]);
    for (number, chunk) in body.chunks(CHUNK).enumerate() {
        if number > 0 {
            out.push(0xC0 | csid);
        }
        out.extend_from_slice(chunk);
    }
}

fn main() {
    let mut rig = Rig {
        pipeline: Pipeline::new(Options {
            history_limit: Some(60),
            max_connections: None,
            ..Options::default()
        }),
        count: Count::default(),
        frames: 0,
        micros: 0,
        seq: [1000, 5000],
        packet: Vec::with_capacity(2048),
    };
    rig.send(false, 0x02, b"");
    rig.send(true, 0x12, b"");
    rig.send(false, 0x10, b"");
    let mut hello = vec![7; 1537];
    hello[..9].copy_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0, 0]);
    let echo = vec![7; 1536];
    rig.stream(&hello);
    for part in [&hello[..], &echo] {
        for segment in part.chunks(SEGMENT) {
            rig.send(true, 0x18, segment);
        }
    }
    let mut bytes = echo;
    // Set Chunk Size (section 5.4.1), then the configuration of AVC without a record to speak of.
    bytes.extend_from_slice(&[2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0x10, 0]);
    message(
        &mut bytes,
        6,
        9,
        0,
        &[0x17, 0, 0, 0, 0, 1, 100, 0, 30, 255, 224, 0],
    );
    message(&mut bytes, 4, 8, 0, &[0xAF, 0, 0x12, 0x10]);
    rig.stream(&bytes);

    // Coded frames (FLV 10.1 section E.4.3.1 and E.4.2.1): AVC every 40 ms, a keyframe every
    // two seconds, and two of AAC.
    let mut picture = vec![0x55; 9000];
    let sound = [&[0xAF, 1][..], &[0x21; 340]].concat();
    let mut play = |rig: &mut Rig, bytes: &mut Vec<u8>, number: u32| {
        let ms = number * 40;
        let is_key = number.is_multiple_of(50);
        picture[..5].copy_from_slice(&[if is_key { 0x17 } else { 0x27 }, 1, 0, 0, 0]);
        bytes.clear();
        message(bytes, 6, 9, ms, &picture);
        message(bytes, 4, 8, ms, &sound);
        message(bytes, 4, 8, ms + 20, &sound);
        rig.micros = i64::from(ms) * 1000 + 1_000_000;
        rig.stream(bytes);
    };
    for number in 0..BEFORE {
        play(&mut rig, &mut bytes, number);
    }
    let heard = rig.count.messages;
    let mut costly = Vec::with_capacity(MEASURED as usize);
    for number in BEFORE..BEFORE + MEASURED {
        let region = Region::new(ALLOCATOR);
        play(&mut rig, &mut bytes, number);
        let change = region.change();
        if change.allocations + change.reallocations > 0 {
            costly.push((number, change.allocations, change.reallocations));
        }
    }
    assert_eq!(rig.count.messages - heard, u64::from(MEASURED) * 3);
    assert_eq!(costly, [], "frame of video, allocations, reallocations");
    println!("test in_order_media_do_not_allocate ... ok");
}
