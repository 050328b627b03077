//! What is saved, against what other programs and commands make of the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::Parser as _;
use rtmpscope::base::ids::FlowId;
use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files as FileSource;
use rtmpscope::capture::file::Input as FileInput;
use rtmpscope::capture::rights;
use rtmpscope::capture::rights::Keep;
use rtmpscope::capture::rights::Reach;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::flv::FlvExtractor;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;
use rtmpscope::tui::saving;
use serde_json::Value;
use tempfile::TempDir;

mod cancelled;
mod remembered;

use super::*;
use crate::cli::Cli;
use crate::run::json::capture_record;

const SAMPLE: &str = "ffmpeg-nginx.pcap";

/// A stream key of the samples.
const KEY: &[u8] = b"demo-key-";

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}

fn cli(words: &[&str]) -> Cli {
    let words = ["rtmpscope"].iter().chain(words);
    Cli::try_parse_from(words).expect("a command line")
}

/// A saver of a capture, and the folder that it saves into.
fn saver(words: &[&str]) -> (Saver, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let cli = cli(words);
    let input = cli.flags.input(&cli.inputs).expect("something to read");
    let saver = Saver::new(&cli.flags, &input, folder.path(), None);
    (saver, folder)
}

fn of_sample(name: &str) -> (Saver, TempDir) {
    saver(&[sample(name).to_str().expect("a path")])
}

fn request(purpose: Purpose, connection: Option<u64>) -> Request {
    Request {
        purpose,
        ends: BTreeMap::new(),
        scope: saving::Scope {
            connections: connection.map(|id| BTreeSet::from([FlowId(id)])),
            window: None,
        },
        path: "out".into(),
        force: false,
        show_secrets: false,
    }
}

fn wait(saver: &mut Saver) -> Outcome {
    loop {
        if let Some(outcome) = saver.poll() {
            return outcome;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// What was saved, and what was said of it.
fn saved(saver: &mut Saver, request: Request) -> (Vec<u8>, String) {
    assert!(saver.begin(request), "nothing else is being saved");
    match wait(saver) {
        Outcome::Saved { files, text } => {
            let first = files.first().expect("a file");
            (fs::read(first).expect("what was written"), text)
        }
        other => panic!("{other:?}"),
    }
}

fn failure(saver: &mut Saver, request: Request) -> (String, bool) {
    assert!(saver.begin(request), "nothing else is being saved");
    match wait(saver) {
        Outcome::Failed { text, is_there } => (text, is_there),
        other => panic!("{other:?}"),
    }
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string())
        .collect::<Result<_, _>>()
        .expect("names in UTF-8");
    names.sort();
    names
}

/// Time and bytes of all frames of a capture.
fn frames(path: &Path) -> Vec<(Timestamp, Vec<u8>)> {
    let mut files = FileSource::new([FileInput::named(path)]);
    let mut frames = Vec::new();
    loop {
        match files.next_frame().expect("a sound capture") {
            Next::Frame(frame) => frames.push((frame.time, frame.data.to_vec())),
            Next::End => return frames,
            Next::Idle | Next::Back(_) => {}
        }
    }
}

/// What of a sample tshark writes by a display filter.
fn by_tshark(name: &str, filter: &str) -> Option<Vec<(Timestamp, Vec<u8>)>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("by-tshark.pcapng");
    let ran = Command::new("tshark")
        .arg("-r")
        .arg(sample(name))
        .args(["-Y", filter, "-w"])
        .arg(&path)
        .output();
    if ran.is_err() {
        println!("skipped: no tshark");
        return None;
    }
    Some(frames(&path))
}

#[test]
fn packets_of_a_connection_are_those_that_tshark_finds() {
    for (connection, stream) in [(1, 0), (2, 1)] {
        let Some(expected) = by_tshark(SAMPLE, &format!("tcp.stream=={stream}")) else {
            return;
        };
        let (mut saver, folder) = of_sample(SAMPLE);
        let (_, text) = saved(&mut saver, request(Purpose::Packets, Some(connection)));
        let found = frames(&folder.path().join("out"));
        assert_eq!(found.len(), expected.len());
        assert!(found == expected, "other bytes or times");
        assert!(
            text.contains("packets, ") && text.contains("as they were sent"),
            "{text}"
        );
    }
}

#[test]
fn packets_within_a_window_are_those_within_it() {
    let all = frames(&sample(SAMPLE));
    let first = all.first().expect("a frame").0;
    let at = |millis| Timestamp(first.0 + Span::from_millis(millis).nanos());
    let window = (at(3000), at(3500));
    let expected: Vec<_> = all
        .into_iter()
        .filter(|(time, _)| (window.0..=window.1).contains(time))
        .collect();
    let (mut saver, folder) = of_sample(SAMPLE);
    let mut request = request(Purpose::Packets, None);
    request.scope.window = Some(window);
    let _ = saved(&mut saver, request);
    // All frames of the sample belong to its two connections.
    assert!(expected.len() > 20);
    assert!(frames(&folder.path().join("out")) == expected);
}

#[test]
fn flv_is_what_extract_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let cli = cli(&[sample(SAMPLE).to_str().expect("a path")]);
    let input = cli.flags.input(&cli.inputs).expect("a file");
    let mut reading = Reading::open(&cli.flags, &input).expect("a file");
    let mut extractor = FlvExtractor::new(folder.path(), false, false);
    let mut pipeline = Pipeline::new(Options {
        keep_media: true,
        ..Options::default()
    });
    reading.drive(&mut pipeline, &mut extractor, |_, _, _, _| true, |_| ());
    let (mut saver, saved_to) = of_sample(SAMPLE);
    let _ = saved(&mut saver, request(Purpose::Flv, None));
    assert_eq!(names(&saved_to).len(), extractor.files().len());
    for file in extractor.files() {
        let expected = fs::read(&file.path).expect("a file");
        let is_same =
            |name: &String| fs::read(saved_to.path().join(name)).expect("a file") == expected;
        assert!(
            names(&saved_to).iter().any(is_same),
            "{}",
            file.path.display()
        );
    }
}

/// Types and timestamps of the tags of an FLV file.
fn tags(flv: &[u8]) -> Vec<(u8, u32, Vec<u8>)> {
    let mut rest = flv.get(13..).expect("a header");
    let mut tags = Vec::new();
    while let Some((head, behind)) = rest.split_first_chunk::<11>() {
        let [tag_type, l2, l1, l0, t2, t1, t0, t3, ..] = *head;
        let len = usize::try_from(u32::from_be_bytes([0, l2, l1, l0])).expect("a length");
        let (body, behind) = behind.split_at(len);
        tags.push((
            tag_type,
            u32::from_be_bytes([t3, t2, t1, t0]),
            body.to_vec(),
        ));
        rest = behind.get(4..).expect("the length of the tag");
    }
    tags
}

#[test]
fn flv_of_a_window_begins_at_the_keyframe_before() {
    let (mut saver, _folder) = of_sample(SAMPLE);
    let (whole, _) = saved(&mut saver, request(Purpose::Flv, Some(1)));
    let whole = tags(&whole);
    let first = frames(&sample(SAMPLE)).first().expect("a frame").0;
    let at = |millis| Timestamp(first.0 + Span::from_millis(millis).nanos());
    // tshark has the keyframes at 5.26 and 7.26 seconds, and others before and behind.
    let (mut saver, _folder) = of_sample(SAMPLE);
    let mut part = request(Purpose::Flv, Some(1));
    part.scope.window = Some((at(6000), at(7000)));
    let (part, _) = saved(&mut saver, part);
    let part = tags(&part);
    let is_keyframe = |tag: &(u8, u32, Vec<u8>)| tag.0 == 9 && tag.2.starts_with(&[0x17, 1]);
    let begin = part.iter().position(is_keyframe).expect("a keyframe");
    let (heads, media) = part.split_at(begin);
    // Metadata and the configurations of sound and pictures, without which nothing plays.
    let kinds: BTreeSet<u8> = heads.iter().map(|tag| tag.0).collect();
    assert_eq!((heads.len(), kinds.len()), (3, 3));
    // From the keyframe on nothing is left out, and it ends before the stream does.
    let start = whole.iter().position(|tag| Some(tag) == media.first());
    let start = start.expect("a tag of the whole");
    let same = whole
        .iter()
        .skip(start)
        .zip(media)
        .all(|(one, other)| one == other);
    assert!(same && media.len() > 30 && media.len() < whole.len() / 3);
    assert_eq!(media.iter().filter(|tag| is_keyframe(tag)).count(), 1);
}

fn records(of: &str) -> Vec<String> {
    let cli = cli(&[sample(of).to_str().expect("a path")]);
    let input = cli.flags.input(&cli.inputs).expect("a file");
    let mut reading = Reading::open(&cli.flags, &input).expect("a file");
    let mut pipeline = Pipeline::new(Options::default());
    let mut out = Vec::new();
    let options = JsonOptions {
        events: Vec::new(),
        interval: Span::from_secs(10),
        show_secrets: false,
        unbuffered: false,
    };
    let mut report = JsonReport::new(&mut out, options);
    reading.drive(
        &mut pipeline,
        &mut report,
        |report, pipeline, moment, source| {
            report.set_precision(source.precision());
            report.tick(moment.now, pipeline);
            true
        },
        |_| (),
    );
    capture_record(&mut report, &mut reading, &pipeline);
    report.flush();
    drop(report);
    let text = String::from_utf8(out).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn records_are_those_of_the_command_and_of_a_part_those_of_the_part() {
    let all = records(SAMPLE);
    let (mut saver, _folder) = of_sample(SAMPLE);
    let (bytes, text) = saved(&mut saver, request(Purpose::Json, None));
    let lines = |bytes| {
        let text = String::from_utf8(bytes).expect("UTF-8");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(lines(bytes) == all, "other records");
    assert!(text.contains("stream keys are masked"), "{text}");
    let parsed = |line: &String| serde_json::from_str::<Value>(line).expect("JSON");
    let (mut saver, _folder) = of_sample(SAMPLE);
    let (bytes, _) = saved(&mut saver, request(Purpose::Json, Some(2)));
    let is_its = |line: &&String| parsed(line).pointer("/flow_id") == Some(&Value::from(2));
    let its: Vec<String> = all.iter().filter(is_its).cloned().collect();
    assert!(its.len() > 100 && its.len() < all.len());
    assert!(lines(bytes) == its, "other records");
    // Times of the same length are in the order of their letters.
    let first = frames(&sample(SAMPLE)).first().expect("a frame").0;
    let at = |millis| Timestamp(first.0 + Span::from_millis(millis).nanos());
    let window = (at(5000), at(6000));
    let told = |time: Timestamp| {
        time.rfc3339(rtmpscope::base::time::Precision::Micros)
            .to_string()
    };
    let within = |line: &&String| {
        let record = parsed(line);
        let time = record.pointer("/timestamp").and_then(Value::as_str);
        time.is_some_and(|time| *told(window.0) <= *time && *time <= *told(window.1))
    };
    let expected: Vec<String> = all.iter().filter(within).cloned().collect();
    let (mut saver, _folder) = of_sample(SAMPLE);
    let mut part = request(Purpose::Json, None);
    part.scope.window = Some(window);
    let (bytes, _) = saved(&mut saver, part);
    assert!(expected.len() > 50);
    assert!(lines(bytes) == expected, "other records");
}

#[test]
fn reports_are_those_of_the_command() {
    let golden = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        fs::read_to_string(path.join(name)).expect("what was read and found right")
    };
    let (mut saver, _folder) = of_sample(SAMPLE);
    let (text, said) = saved(&mut saver, request(Purpose::Text, None));
    let text = String::from_utf8(text).expect("UTF-8");
    // Behind the lines about the file stands what the golden file has behind an empty line.
    let (head, behind) = text.split_once("\n\n").expect("a head");
    assert!(head.contains("2 RTMP connections"), "{head}");
    assert_eq!(format!("\n{behind}"), golden("ffmpeg-nginx.report.txt"));
    assert!(said.contains("the report of 2 connections"), "{said}");
    let (mut saver, _folder) = of_sample(SAMPLE);
    let (html, _) = saved(&mut saver, request(Purpose::Html, Some(2)));
    let html = String::from_utf8(html).expect("UTF-8");
    assert!(html.contains("<section id=\"c2\">") && !html.contains("<section id=\"c1\">"));
    assert!(html.contains("of it connection 2"));
    for purpose in [Purpose::Markdown, Purpose::Mermaid] {
        let (mut saver, _folder) = of_sample(SAMPLE);
        let (bytes, _) = saved(&mut saver, request(purpose, Some(1)));
        assert!(!bytes.is_empty());
    }
}

#[test]
fn reports_of_a_window_are_about_the_connections_that_were_there() {
    let first = frames(&sample(SAMPLE)).first().expect("a frame").0;
    let (mut saver, _folder) = of_sample(SAMPLE);
    let mut part = request(Purpose::Text, None);
    // The second connection begins later.
    part.scope.window = Some((first, Timestamp(first.0 + 1_000_000_000)));
    let (text, said) = saved(&mut saver, part);
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(text.contains("\n#1 ") && !text.contains("\n#2 "), "{text}");
    assert!(said.contains("of 1 connection,"), "{said}");
}

#[test]
fn stream_keys_are_masked_unless_they_are_asked_for() {
    let shows = |bytes: &[u8]| bytes.windows(KEY.len()).any(|window| window == KEY);
    for purpose in Purpose::ALL {
        if purpose == Purpose::Flv {
            continue;
        }
        for show_secrets in [false, true] {
            let (mut saver, _folder) = of_sample(SAMPLE);
            let (bytes, text) = saved(
                &mut saver,
                Request {
                    show_secrets,
                    ..request(purpose, Some(1))
                },
            );
            let is_shown = show_secrets || !purpose.is_masked();
            assert_eq!(shows(&bytes), is_shown, "{purpose:?}: {text}");
        }
    }
}

#[test]
fn no_file_is_replaced_unless_that_is_asked_for() {
    let (mut saver, folder) = of_sample(SAMPLE);
    fs::write(folder.path().join("out"), b"mine").expect("a file");
    for purpose in Purpose::ALL {
        let (text, is_there) = failure(&mut saver, request(purpose, None));
        assert!(is_there && text.contains("out"), "{text}");
    }
    assert_eq!(names(&folder), ["out"]);
    assert_eq!(fs::read(folder.path().join("out")).expect("it"), b"mine");
    let forced = Request {
        force: true,
        ..request(Purpose::Text, None)
    };
    let (bytes, _) = saved(&mut saver, forced);
    assert!(bytes.starts_with(b"rtmpscope "));
    assert_eq!(names(&folder), ["out"]);
}

#[test]
fn what_cannot_be_read_again_is_told() {
    for (words, why) in [
        (&["-i", "lo"][..], "-w FILE"),
        (&["-"], "standard input can be read only once"),
    ] {
        let (mut saver, folder) = saver(words);
        let (text, is_there) = failure(&mut saver, request(Purpose::Packets, None));
        assert!(text.contains(why) && !is_there, "{text}");
        assert!(names(&folder).is_empty());
    }
}

#[test]
fn where_there_is_nothing_no_file_is_left() {
    for purpose in Purpose::ALL {
        let (mut saver, folder) = of_sample(SAMPLE);
        let (text, _) = failure(&mut saver, request(purpose, Some(99)));
        assert!(text.contains("nothing to save"), "{text}");
        assert!(
            names(&folder).is_empty(),
            "{purpose:?}: {:?}",
            names(&folder)
        );
    }
}

#[test]
fn a_file_cut_short_gives_everything_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = fs::read(sample(SAMPLE)).expect("a sample");
    let path = folder.path().join("cut.pcap");
    fs::write(&path, whole.get(..whole.len() / 2).expect("a half")).expect("written");
    let words = [path.to_str().expect("a path")];
    let all = frames(&sample(SAMPLE));
    let (mut packets, saved_to) = saver(&words);
    let (_, text) = saved(&mut packets, request(Purpose::Packets, None));
    let found = frames(&saved_to.path().join("out"));
    // Packets wait until it is known what their connection carries, and others overtake them.
    let sorted = |mut frames: Vec<(Timestamp, Vec<u8>)>| {
        frames.sort();
        frames
    };
    let (mut found, all) = (sorted(found), sorted(all));
    // As many as `tshark -r cut.pcap` finds, and the frame that the file ends in.
    assert_eq!(found.len(), 1109);
    found.pop();
    assert!(all.starts_with(&found), "other packets");
    assert!(text.contains("cut.pcap"), "why it is not all: {text}");
    let (mut report, _folder) = saver(&words);
    let (text, _) = saved(&mut report, request(Purpose::Markdown, None));
    assert!(!text.is_empty());
}

#[test]
fn everything_is_saved_by_who_is_confined() {
    let outside = tempfile::tempdir().expect("a folder");
    let target = outside.path().join("out");
    let confined = thread::spawn(move || {
        let (mut saver, folder) = of_sample(SAMPLE);
        let mut reach = Reach::default();
        reach.reads(&sample(SAMPLE));
        reach.writes_into(folder.path());
        let shortfalls = rights::confine(&reach, Keep::Nothing);
        for purpose in Purpose::ALL {
            let path = PathBuf::from(purpose.name());
            let request = Request {
                path,
                ..request(purpose, Some(1))
            };
            // And once more in its place.
            for force in [false, true] {
                let request = Request {
                    force,
                    ..request.clone()
                };
                assert!(saver.begin(request));
                let outcome = wait(&mut saver);
                assert!(matches!(outcome, Outcome::Saved { .. }), "{outcome:?}");
            }
        }
        if !shortfalls.is_empty() {
            println!("skipped: not confined: {shortfalls:?}");
            return folder;
        }
        let beyond = Request {
            path: target,
            ..request(Purpose::Text, None)
        };
        let (text, _) = failure(&mut saver, beyond);
        assert!(text.contains("--save-dir"), "{text}");
        folder
    });
    let folder = confined.join().expect("nothing failed");
    let purposes: BTreeSet<String> = Purpose::ALL.map(|p| p.name().to_owned()).into();
    assert_eq!(names(&folder), purposes.into_iter().collect::<Vec<_>>());
    for name in names(&folder) {
        assert!(fs::metadata(folder.path().join(&name)).is_ok_and(|file| file.len() > 100));
    }
    assert!(names(&outside).is_empty());
}

#[test]
fn a_filter_applies_again_and_again() {
    if !cfg!(feature = "live") {
        return;
    }
    let path = sample(SAMPLE);
    let (mut saver, folder) = saver(&[path.to_str().expect("a path"), "port", "44402"]);
    for round in 0..2 {
        let request = Request {
            path: format!("{round}").into(),
            ..request(Purpose::Packets, None)
        };
        let _ = saved(&mut saver, request);
    }
    let (one, two) = (
        frames(&folder.path().join("0")),
        frames(&folder.path().join("1")),
    );
    // As many as `tshark -Y tcp.port==44402` finds.
    assert!(one == two && one.len() == 539, "{}", one.len());
}
