//! Segments that were foreseen against the same segments told one by one: samples whose frames are
//! lost, doubled, exchanged, cut or changed as the input says.
//!
//! The first byte chooses the sample, the second how many frames pass before anything happens (eight
//! at a time). Then three bytes for each frame: what happens to it, and two that say more about it.

use std::fmt::Write as _;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::memory::StoredFrame;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;

use super::capture_file;

/// Samples with messages of many segments, by different encoders.
const SAMPLES: [&[u8]; 4] = [
    include_bytes!("../../samples/gst-rtmpsink.pcap"),
    include_bytes!("../../samples/slow-uplink.pcap.gz"),
    include_bytes!("../../samples/obs.pcapng"),
    include_bytes!("../../samples/ertmp-vp9-flac.pcap"),
];

/// Frames that follow the changed ones, so that what they left behind shows.
const AFTERWARDS: usize = 60;

/// Frames between two looks at what is known of TCP.
const LOOK_EVERY: u64 = 17;

/// Length of the headers below the TCP payload, with options, in most frames of the samples.
const HEADERS: usize = 66;

/// Plays a sample as `data` says, in both ways.
///
/// # Panics
/// When a record or a figure tells them apart.
pub fn run(data: &[u8]) {
    let [sample, before, changes @ ..] = data else {
        return;
    };
    let Some(bytes) = SAMPLES.get(usize::from(*sample) % SAMPLES.len()) else {
        return;
    };
    let mut sample = frames_of(bytes);
    let before = usize::from(*before) * 8 % sample.len();
    sample.truncate(before + changes.len() / 3 + AFTERWARDS);
    let mut frames: Vec<StoredFrame> = sample.drain(..before).collect();
    for (index, mut frame) in sample.into_iter().enumerate() {
        match changes.get(index * 3..index * 3 + 3) {
            Some(&[what, one, two]) => {
                if change(&mut frame, &mut frames, what, one, two) {
                    frames.push(frame);
                }
            }
            _ => frames.push(frame),
        }
    }
    check(&frames.iter().collect::<Vec<_>>());
}

/// Plays frames in both ways, and returns the records.
///
/// # Panics
/// When a record or a figure tells them apart.
pub fn check(frames: &[&StoredFrame]) -> String {
    let summed = play(frames, false);
    let told = play(frames, true);
    if summed != told {
        let differing = summed.lines().zip(told.lines()).find(|(a, b)| a != b);
        panic!("summed up and told one by one differ: {differing:?}");
    }
    summed
}

/// Does to a frame what the input says; false when it is lost.
fn change(
    frame: &mut StoredFrame,
    before: &mut Vec<StoredFrame>,
    what: u8,
    one: u8,
    two: u8,
) -> bool {
    let number = usize::from(u16::from_le_bytes([one, two]));
    let len = frame.data.len();
    match what {
        0..=31 => return false,
        32..=47 => before.push(frame.clone()),
        48..=63 => {
            // Comes later than the one before, which is put behind it.
            if let Some(previous) = before.pop() {
                before.push(std::mem::replace(frame, previous));
            }
        }
        64..=79 => frame.data.truncate(number.max(HEADERS)),
        80..=111 => {
            if let Some(byte) = frame.data.get_mut((number + HEADERS) % len) {
                *byte ^= 1 << (what & 7);
            }
        }
        // Any byte of the headers: ports, numbers, flags, window, options.
        112..=143 => {
            let at = usize::from(one) % HEADERS.min(len);
            if let Some(byte) = frame.data.get_mut(at) {
                *byte = two;
            }
        }
        144..=159 => {
            frame.time = Timestamp(frame.time.0 + i64::from(two.cast_signed()) * 100_000_000);
        }
        _ => {}
    }
    true
}

/// The frames of a capture file.
pub fn frames_of(bytes: &[u8]) -> Vec<StoredFrame> {
    let mut frames = Vec::new();
    capture_file::frames(bytes, |frame| {
        frames.push(StoredFrame::from(*frame));
    });
    frames
}

/// All records, with what was known of TCP now and then. `at_once` has every segment told before
/// the next one comes.
fn play(frames: &[&StoredFrame], at_once: bool) -> String {
    let mut pipeline = Pipeline::new(Options::default());
    let mut out = Vec::new();
    let mut looks = String::new();
    let mut report = JsonReport::new(
        &mut out,
        JsonOptions {
            events: Vec::new(),
            interval: Span::from_secs(1),
            show_secrets: false,
            unbuffered: false,
        },
    );
    for (number, stored) in (1..).zip(frames) {
        let frame = stored.numbered(FrameNumber(number));
        pipeline.push(&frame, &mut report);
        if at_once {
            let _ = pipeline.connections().count();
        }
        if number % LOOK_EVERY == 0 {
            for (connection, tcp) in pipeline.connections() {
                let _ = writeln!(looks, "{number}: {:?} {tcp:?}", connection.last);
            }
        }
    }
    pipeline.finish(&mut report);
    report.flush();
    drop(report);
    looks + &String::from_utf8_lossy(&out)
}
