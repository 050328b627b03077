//! The whole journey on samples that are changed on the way in: frames left out, swapped, without
//! the begin.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its sample fails with the cause"
)]

use std::path::Path;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::side::Side;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::capture::memory::StoredFrame;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Gap;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::session::end::EndCause;

fn frames_of(sample: &str) -> Vec<StoredFrame> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(sample);
    let mut files = Files::new([Input::named(path)]);
    let mut frames = Vec::new();
    loop {
        match files.next_frame().expect("a sample that can be read") {
            Next::Frame(frame) => frames.push(StoredFrame::from(frame)),
            Next::Idle | Next::Back(_) => {}
            Next::End => return frames,
        }
    }
}

/// What identifies a message whatever frames brought it.
type Key = (u64, Side, u8, u32, u32);

#[derive(Default)]
struct Notes {
    opened: usize,
    messages: Vec<Key>,
    gaps: Vec<Gap>,
    ends: Vec<EndCause>,
    clients: Vec<u16>,
}

impl Observer for Notes {
    fn opened(&mut self, connection: &Connection) {
        self.opened += 1;
        self.clients.push(connection.ends.client.port);
    }

    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        let raw = heard.raw;
        if raw.is_complete() {
            self.messages.push((
                connection.id.0,
                heard.side,
                raw.type_id.0,
                raw.timestamp.0,
                raw.length,
            ));
        }
    }

    fn gap(&mut self, _: &Connection, gap: &Gap) {
        self.gaps.push(*gap);
    }

    fn ended(&mut self, connection: &Connection, _: &Tcp) {
        self.ends
            .extend(connection.session.end.map(|end| end.cause));
    }
}

fn run<'a>(frames: impl IntoIterator<Item = &'a StoredFrame>) -> Notes {
    let mut pipeline = Pipeline::new(Options::default());
    let mut notes = Notes::default();
    for (number, stored) in (1..).zip(frames) {
        let frame = stored.numbered(FrameNumber(number));
        pipeline.push(&frame, &mut notes);
    }
    pipeline.finish(&mut notes);
    notes
}

/// Payload length of an Ethernet/IPv4/TCP frame.
fn payload_len(stored: &StoredFrame) -> usize {
    let total = usize::from(u16::from_be_bytes([stored.data[16], stored.data[17]]));
    total - 20 - usize::from(stored.data[46] >> 4) * 4
}

fn is_from_client(stored: &StoredFrame) -> bool {
    u16::from_be_bytes([stored.data[36], stored.data[37]]) == 1935
}

#[test]
fn neighbours_that_come_in_the_wrong_order_change_nothing() {
    let frames = frames_of("chunk-128.pcap");
    let straight = run(&frames);
    let mut order: Vec<&StoredFrame> = frames.iter().collect();
    for pair in order.chunks_mut(2).skip(20) {
        pair.reverse();
    }
    let swapped = run(order);
    let sorted = |notes: Notes| {
        let mut messages = notes.messages;
        messages.sort();
        messages
    };
    assert!(straight.messages.len() > 300);
    assert_eq!(sorted(straight), sorted(swapped));
}

#[test]
fn frames_captured_twice_change_nothing() {
    let frames = frames_of("ffmpeg-nginx.pcap");
    let straight = run(&frames);
    let doubled = run(frames.iter().flat_map(|frame| [frame, frame]));
    assert_eq!(straight.messages, doubled.messages);
    assert_eq!(doubled.gaps, []);
}

#[test]
fn a_frame_not_captured_is_a_hole_of_known_length() {
    let frames = frames_of("ffmpeg-nginx.pcap");
    let straight = run(&frames);
    // A frame of the publisher in the midst of the stream.
    let lost = frames
        .iter()
        .enumerate()
        .skip(1000)
        .find(|(_, frame)| is_from_client(frame) && payload_len(frame) > 100)
        .map(|(at, _)| at)
        .expect("a frame with payload");
    let holed = run(frames
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != lost)
        .map(|(_, frame)| frame));
    assert_eq!(holed.gaps.len(), 1);
    assert_eq!(
        holed.gaps[0].range.len(),
        u64::try_from(payload_len(&frames[lost])).expect("a length")
    );
    assert_eq!(holed.gaps[0].side, Side::Client);
    let invented: Vec<&Key> = holed
        .messages
        .iter()
        .filter(|message| !straight.messages.contains(message))
        .collect();
    assert_eq!(invented, Vec::<&Key>::new());
}

#[test]
fn without_the_syn_the_handshake_tells_the_client() {
    let frames = frames_of("odd-port.pcap");
    let straight = run(&frames);
    // Cooked frames: the flags of TCP stand behind 20 bytes of link and 20 of IPv4.
    let without = run(frames
        .iter()
        .filter(|frame| frame.data.get(53).is_none_or(|flags| flags & 2 == 0)));
    assert_eq!(straight.opened, 1);
    assert_eq!(without.opened, 1);
    assert_eq!(straight.clients, without.clients);
    assert_eq!(straight.messages.len(), without.messages.len());
}

#[test]
fn a_connection_that_outlives_the_capture_ends_with_it() {
    let frames = frames_of("network-cut.pcap");
    let notes = run(&frames);
    assert_eq!(notes.ends, [EndCause::CaptureEnded]);
}
