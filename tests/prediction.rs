//! Segments that were foreseen are summed up without asking the connection. Nothing may tell that from
//! outside: every record is the same when each segment is told at once.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot read its sample fails with the cause"
)]

use std::fmt::Write as _;
use std::path::PathBuf;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Frame;
use rtmpscope::capture::LinkType;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;

struct Stored {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    data: Vec<u8>,
}

fn samples() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the samples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().contains(".pcap"))
        .collect();
    paths.sort();
    assert!(paths.len() > 20);
    paths
}

fn frames_of(path: PathBuf) -> Vec<Stored> {
    let mut files = Files::new([Input::named(path)]);
    let mut frames = Vec::new();
    loop {
        match files.next_frame().expect("a sample that can be read") {
            Next::Frame(frame) => frames.push(Stored {
                time: frame.time,
                link: frame.link,
                wire_len: frame.wire_len,
                data: frame.data.to_vec(),
            }),
            Next::Idle => {}
            Next::End => return frames,
        }
    }
}

/// Frames between two looks at what is known of TCP: about as many as a long message takes.
const LOOK_EVERY: u64 = 23;

/// All records of the frames, with what was known of TCP now and then. With `at_once` the pipeline
/// is asked for its connections after every frame, which it tells of everything that came before it
/// answers.
fn records(frames: &[&Stored], snaplen: usize, at_once: bool) -> String {
    let mut pipeline = Pipeline::new(Options::default());
    let options = JsonOptions {
        events: Vec::new(),
        interval: Span::from_secs(1),
        show_secrets: false,
        unbuffered: false,
    };
    let mut out = Vec::new();
    let mut report = JsonReport::new(&mut out, options);
    let mut looks = String::new();
    for (number, stored) in (1..).zip(frames) {
        let data = stored.data.get(..snaplen).unwrap_or(&stored.data);
        let frame = Frame {
            number: FrameNumber(number),
            time: stored.time,
            link: stored.link,
            wire_len: stored.wire_len,
            data,
        };
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
    looks + &String::from_utf8(out).expect("JSON is UTF-8")
}

fn first_difference(one: &str, other: &str) -> Option<String> {
    let mut lines = one.lines().zip(other.lines());
    let differing = lines.find(|(one, other)| one != other);
    differing
        .map(|(one, other)| format!("{one}\n{other}"))
        .or_else(|| (one.len() != other.len()).then(|| "one has more records".to_owned()))
}

#[test]
fn records_do_not_tell_what_was_foreseen() {
    for path in samples() {
        let name = path.display().to_string();
        let frames = frames_of(path);
        let all: Vec<&Stored> = frames.iter().collect();
        let mut cases: Vec<(&str, Vec<&Stored>, usize)> = vec![
            ("as it is", all.clone(), usize::MAX),
            ("cut at 300 bytes", all.clone(), 300),
            (
                "begun late",
                all.iter().skip(60).copied().collect(),
                usize::MAX,
            ),
        ];
        let mut lossy = all.clone();
        let mut number = 0;
        lossy.retain(|_| {
            number += 1;
            number % 41 != 0
        });
        cases.push(("every 41st lost", lossy, usize::MAX));
        let mut swapped = all.clone();
        swapped.chunks_mut(7).for_each(<[_]>::reverse);
        cases.push(("seven reversed", swapped, usize::MAX));
        let doubled = all.iter().flat_map(|frame| [*frame, *frame]).collect();
        cases.push(("doubled", doubled, usize::MAX));
        for (case, frames, snaplen) in cases {
            let summed = records(&frames, snaplen, false);
            let told = records(&frames, snaplen, true);
            assert!(
                case != "as it is" || !summed.is_empty(),
                "{name}: no records"
            );
            let difference = first_difference(&summed, &told);
            assert_eq!(difference, None, "{name}, {case}");
        }
    }
}
