//! Every message of real captures is read again and held against what the decoder saw, and against
//! it again after frames were lost, sent twice, taken out of order, or moved to other files.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::base::time::Timestamp;
use crate::capture::Next;
use crate::capture::Source;
use crate::capture::again::REMEMBERED;
use crate::capture::again::Remembering;
use crate::capture::file::Files;
use crate::capture::file::Input;
use crate::capture::memory::Memory;
use crate::capture::memory::StoredFrame;
use crate::net::Endpoint;
use crate::pipeline::Connection;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::pipeline::Options;
use crate::pipeline::Pipeline;
use crate::rtmp::event::RawMessage;
use crate::rtmp::testing::interleaved::Sender;
use crate::rtmp::testing::interleaved::messages;
use crate::rtmp::testing::interleaved::turns;
use crate::tui::commands::Action;
use crate::tui::feed::Feed;
use crate::tui::model::Capture;
use crate::tui::model::Detail;
use crate::tui::model::Opened;
use crate::tui::model::Reading;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::shared::Shared;
use crate::tui::state::MESSAGE_HEX;
use crate::tui::state::ViewState;
use crate::tui::store::Store;
use crate::tui::testing::draw;
use crate::tui::testing::symbols;

/// Bytes between two places to read from: small, so that a sample has many.
const STEP: u64 = 4096;

/// The messages with their whole bodies.
#[derive(Default)]
struct Whole(Vec<(FlowId, u64, RawMessage)>);

impl Observer for Whole {
    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        self.0
            .push((connection.id, heard.number, heard.raw.clone()));
    }
}

/// Decodes everything; what the dashboard has of it, and the whole messages.
fn decode(source: &mut dyn Source) -> (Arc<Shared>, Whole) {
    let shared = Shared::new();
    let mut store = Store::new(Arc::clone(&shared), false);
    let mut whole = Whole::default();
    let mut pipeline = Pipeline::new(Options {
        keep_media: true,
        ..Options::default()
    });
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                pipeline.push(&frame, &mut (&mut store, &mut whole));
            }
            Ok(Next::Idle | Next::Back(_)) | Err(_) => {}
            Ok(Next::End) => break,
        }
    }
    pipeline.finish(&mut (&mut store, &mut whole));
    store.publish(&mut pipeline, Capture::default());
    (shared, whole)
}

fn wanted(shared: &Shared, flow: FlowId, number: u64) -> (Wanted, Arc<Detail>) {
    let inner = shared.lock();
    let detail = Arc::clone(&inner.ended[&flow]);
    let ring = inner.messages.ring(flow).unwrap();
    let kept = ring.message(ring.place(number), &inner.messages.bodies);
    (Wanted::of(ring, &kept.unwrap(), &detail).unwrap(), detail)
}

/// What became of the messages of a capture.
#[derive(Debug, Default)]
struct Outcome {
    read: usize,
    parts: usize,
    between: usize,
    failed: Vec<String>,
}

/// Reads every `each`th message again and compares.
fn compare(shared: &Shared, whole: &Whole, again: &Again, each: usize) -> Outcome {
    let mut outcome = Outcome::default();
    for (flow, number, raw) in whole.0.iter().step_by(each) {
        let (wanted, _) = wanted(shared, *flow, *number);
        let found = match read(again, &wanted, &mut |_| true) {
            Ok(found) => found,
            Err(trouble) => {
                outcome
                    .failed
                    .push(format!("{flow}/{number}: {trouble}: {}", of(raw)));
                continue;
            }
        };
        // Of a message with a hole, what came before it; the decoder may know more behind it. Of
        // one that it foresaw it may have kept less.
        let same = if raw.is_complete() {
            let length = usize::try_from(raw.length).unwrap();
            found.body.len() == length && found.body.starts_with(&raw.body)
        } else {
            found.body.starts_with(&raw.body) || raw.body.starts_with(&found.body)
        };
        if !same {
            let (kept, got) = (raw.body.len(), found.body.len());
            outcome.failed.push(format!(
                "{flow}/{number}: {kept} != {got} bytes: {}",
                of(raw)
            ));
            continue;
        }
        outcome.read += 1;
        outcome.parts += usize::from(raw.from_aggregate);
        if raw.from_aggregate {
            continue;
        }
        // The headers are those that the decoder counted, and the pieces leave nothing out.
        let mut end = 0;
        let mut headers = 0;
        for piece in &found.pieces {
            assert_eq!(piece.range.start, end);
            end = piece.range.end;
            let part = piece.part;
            let own = matches!(
                part,
                wire::Part::Basic | wire::Part::Header | wire::Part::Extended
            );
            headers += if own { piece.range.len() } else { 0 };
            outcome.between += usize::from(matches!(part, wire::Part::ForeignHeader(_)));
        }
        assert_eq!(end, found.wire.len());
        if raw.is_complete() {
            assert_eq!(headers, usize::try_from(raw.header_bytes).unwrap());
        }
    }
    outcome
}

/// A message in a few words, for a test that fails.
fn of(raw: &RawMessage) -> String {
    let RawMessage {
        csid,
        fmt,
        type_id,
        length,
        chunks,
        received,
        interruptions,
        range,
        ..
    } = raw;
    format!(
        "{type_id} csid {csid} {fmt:?} length {length} received {received} in {chunks} chunks, {interruptions} interruptions, at {range}, {:?}",
        raw.inferred
    )
}

fn files(paths: &[PathBuf]) -> (Files, Again) {
    let mut files = Files::new(paths.iter().map(Input::named));
    let again = files.trail_every(STEP).unwrap();
    (files, again)
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}

fn captures_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.contains(".pcap") || name.contains(".cap")
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_message_of_the_samples_is_read_again_as_it_was_decoded() {
    let mut all = Outcome::default();
    for path in captures_in(&sample("")) {
        let (mut source, again) = files(std::slice::from_ref(&path));
        let (shared, whole) = decode(&mut source);
        // What is compressed is unpacked from its begin for each of them.
        let is_compressed = source.inputs()[0].compression.is_some();
        let each = if is_compressed { 17 } else { 1 };
        let outcome = compare(&shared, &whole, &again, each);
        assert!(
            outcome.failed.is_empty(),
            "{}: {:#?}",
            path.display(),
            outcome.failed
        );
        all.read += outcome.read;
    }
    assert!(all.read > 5000, "{all:?}");
}

#[test]
fn every_message_of_the_public_captures_is_read_again_as_it_was_decoded() {
    let folder = env::var_os("RTMPSCOPE_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    );
    let folder = folder.join("rtmp");
    if !folder.is_dir() {
        println!("skipped: no public captures in {}", folder.display());
        return;
    }
    let mut parts = 0;
    for entry in fs::read_dir(folder).unwrap() {
        for path in captures_in(&entry.unwrap().path()) {
            let (mut source, again) = files(std::slice::from_ref(&path));
            let (shared, whole) = decode(&mut source);
            let outcome = compare(&shared, &whole, &again, 1);
            assert!(
                outcome.failed.is_empty(),
                "{}: {:#?}",
                path.display(),
                outcome.failed
            );
            parts += outcome.parts;
        }
    }
    assert!(parts > 10, "parts of aggregates are read out of them");
}

/// The frames of a sample.
fn frames_of(name: &str) -> Vec<StoredFrame> {
    let mut source = Files::new([Input::named(sample(name))]);
    let mut frames = Vec::new();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        frames.push(StoredFrame::from(frame));
    }
    frames
}

/// A pcap file of these frames.
fn pcap(frames: &[StoredFrame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let link = frames[0].link.0;
    for word in [0xA1B2_3C4D, 0x0004_0002, 0, 0, 262_144, link] {
        bytes.extend(u32::to_le_bytes(word));
    }
    for frame in frames {
        let (secs, nanos) = (frame.time.0 / 1_000_000_000, frame.time.0 % 1_000_000_000);
        let len = u32::try_from(frame.data.len()).unwrap();
        let (secs, nanos) = (u32::try_from(secs).unwrap(), u32::try_from(nanos).unwrap());
        for word in [secs, nanos, len, frame.wire_len] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(&frame.data);
    }
    bytes
}

/// Writes a file into a folder of its own.
fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Reads all messages again of a capture of these frames.
fn check(frames: &[StoredFrame]) -> (Outcome, Whole) {
    let (_folder, path) = written("changed.pcap", &pcap(frames));
    let (mut source, again) = files(&[path]);
    let (shared, whole) = decode(&mut source);
    let outcome = compare(&shared, &whole, &again, 1);
    (outcome, whole)
}

#[test]
fn a_capture_that_joined_late_is_read_again() {
    let frames = frames_of("ffmpeg-nginx.pcap");
    for from in [60, 203, 350] {
        let (outcome, whole) = check(&frames[from..]);
        assert!(outcome.failed.is_empty(), "{from}: {:#?}", outcome.failed);
        assert!(
            outcome.read > 50 && outcome.read == whole.0.len(),
            "{outcome:?}"
        );
    }
}

#[test]
fn frames_sent_twice_and_out_of_order_give_the_same_bytes() {
    let mut frames = frames_of("chunk-128.pcap");
    let last = frames.len() - 40;
    for at in (30..last).step_by(23) {
        // One is sent again much later, with the time of then.
        let mut again = frames[at].clone();
        again.time = frames[at + 20].time;
        frames.insert(at + 20, again);
        // And one overtakes others.
        frames.swap(at + 5, at + 9);
        let (early, late) = (frames[at + 9].time, frames[at + 5].time);
        frames[at + 5].time = early;
        frames[at + 9].time = late;
    }
    let (outcome, whole) = check(&frames);
    assert!(outcome.failed.is_empty(), "{:#?}", outcome.failed);
    assert_eq!(outcome.read, whole.0.len());
    // The capture ends in the midst of one.
    let cut = whole.0.iter().filter(|(_, _, raw)| !raw.is_complete());
    assert_eq!(cut.count(), 1);
}

#[test]
fn of_a_capture_with_holes_what_is_there_is_read_again() {
    let mut frames = frames_of("ffmpeg-nginx.pcap");
    let mut number = 0;
    frames.retain(|_| {
        number += 1;
        number < 40 || number % 31 != 0
    });
    let (outcome, whole) = check(&frames);
    let holes = whole.0.iter().filter(|(_, _, raw)| !raw.is_complete());
    assert!(holes.count() > 3);
    // A header that was lost may leave nothing to go by; no more than that.
    let most = whole.0.len() / 20;
    assert!(outcome.failed.len() <= most, "{:#?}", outcome.failed);
    assert!(
        outcome
            .failed
            .iter()
            .all(|said| said.contains("headers cannot be told")),
        "{:#?}",
        outcome.failed
    );
}

#[test]
fn sequence_numbers_that_wrap_in_the_midst_are_followed() {
    // Ethernet, IPv4 without options.
    const SEQ: usize = 14 + 20 + 4;
    let mut frames = frames_of("ffmpeg-nginx.pcap");
    let first = frames
        .iter()
        .find(|frame| frame.data[SEQ + 9] & 2 != 0)
        .map(|frame| u32::from_be_bytes(*frame.data[SEQ..].first_chunk().unwrap()))
        .unwrap();
    // Both directions wrap, a hundred kilobytes behind the first SYN that is found.
    let by = 0_u32.wrapping_sub(first).wrapping_sub(100_000);
    for frame in &mut frames {
        for at in [SEQ, SEQ + 4] {
            let number = u32::from_be_bytes(*frame.data[at..].first_chunk().unwrap());
            frame.data[at..at + 4].copy_from_slice(&number.wrapping_add(by).to_be_bytes());
        }
    }
    let (outcome, whole) = check(&frames);
    assert!(outcome.failed.is_empty(), "{:#?}", outcome.failed);
    assert_eq!(outcome.read, whole.0.len());
    let behind = whole
        .0
        .iter()
        .filter(|(_, _, raw)| raw.range.start > 100_000);
    assert!(behind.count() > 20);
}

/// Client segments of a connection to the port of RTMP, with these bytes in pieces of these sizes.
fn segments(bytes: &[u8], sizes: &[usize]) -> Vec<StoredFrame> {
    let mut frames = Vec::new();
    let mut segment = |seq: u32, flags: u8, payload: &[u8]| {
        let mut data = vec![2; 12];
        data.extend([8, 0]);
        let len = u16::try_from(40 + payload.len()).unwrap();
        data.extend([0x45, 0]);
        data.extend(len.to_be_bytes());
        data.extend([0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        data.extend([0xC3, 0x50, 0x07, 0x8F]);
        data.extend(seq.to_be_bytes());
        data.extend([0, 0, 0, 1, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        data.extend(payload);
        let ms = i64::try_from(frames.len()).unwrap();
        frames.push(StoredFrame::ethernet(Timestamp(ms * 1_000_000), data));
    };
    segment(u32::MAX - 2000, 2, &[]);
    let mut rest = bytes;
    let mut seq = u32::MAX - 1999;
    for size in sizes.iter().cycle() {
        let (here, behind) = rest.split_at((*size).min(rest.len()));
        segment(seq, 0x10, here);
        seq = seq.wrapping_add(u32::try_from(here.len()).unwrap());
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    frames
}

proptest! {
    #[test]
    fn chunks_of_several_channels_between_each_other_are_told_apart(
        messages in messages(),
        turns in turns(),
        sizes in vec(1..1460_usize, 1..20),
        repeats_extended in any::<bool>(),
    ) {
        let mut sender = Sender {
            extends_deltas: true,
            ..Sender::default()
        };
        sender.wire.repeat_extended = repeats_extended;
        sender.wire.handshake(7);
        sender.send(&messages, &turns);
        let frames = segments(&sender.wire.bytes, &sizes);
        let (mut source, again) = Remembering::new(Box::new(Memory::new(frames)), REMEMBERED);
        let (shared, whole) = decode(&mut source);
        // What the decoder could not make out is not what is tried here.
        prop_assume!(whole.0.iter().all(|(_, _, raw)| raw.is_complete()));
        let outcome = compare(&shared, &whole, &again, 1);
        prop_assert!(outcome.failed.is_empty(), "{:#?}", outcome.failed);
        prop_assert!(whole.0.len() >= messages.len(), "{} of {}", whole.0.len(), messages.len());
    }
}

#[test]
fn several_files_of_several_kinds_are_one_capture() {
    let frames = frames_of("ffmpeg-nginx.pcap");
    let folder = tempfile::tempdir().unwrap();
    let parts = [&frames[..200], &frames[200..390], &frames[390..]];
    let paths: Vec<PathBuf> = ["a.pcap", "b.pcap.gz", "c.pcap.zst"]
        .iter()
        .map(|name| folder.path().join(name))
        .collect();
    fs::write(&paths[0], pcap(parts[0])).unwrap();
    let file = fs::File::create(&paths[1]).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(&pcap(parts[1])).unwrap();
    packed.finish().unwrap();
    let packed = zstd::encode_all(&*pcap(parts[2]), 1).unwrap();
    fs::write(&paths[2], packed).unwrap();
    let (mut source, again) = files(&paths);
    let (shared, whole) = decode(&mut source);
    let outcome = compare(&shared, &whole, &again, 3);
    assert!(outcome.failed.is_empty(), "{:#?}", outcome.failed);
    assert_eq!(outcome.read, whole.0.len().div_ceil(3));
}

#[test]
fn what_came_through_a_pipe_is_read_again_while_it_is_remembered() {
    let frames = frames_of("obs.pcapng");
    let (mut source, again) = Remembering::new(Box::new(Memory::new(frames.clone())), REMEMBERED);
    let (shared, whole) = decode(&mut source);
    let outcome = compare(&shared, &whole, &again, 1);
    assert!(outcome.failed.is_empty(), "{:#?}", outcome.failed);
    let (mut source, again) = Remembering::new(Box::new(Memory::new(frames)), 100_000);
    let (shared, whole) = decode(&mut source);
    let outcome = compare(&shared, &whole, &again, 1);
    assert!(outcome.read > 0 && !outcome.failed.is_empty());
    assert!(
        outcome.failed.iter().all(|said| said.contains("gone")),
        "{:#?}",
        outcome.failed
    );
}

#[test]
fn a_file_that_changed_is_not_believed() {
    let mut frames = frames_of("ffmpeg-nginx.pcap");
    let (_folder, path) = written("growing.pcap", &pcap(&frames));
    let (mut source, again) = files(std::slice::from_ref(&path));
    let (shared, whole) = decode(&mut source);
    let (flow, number, _) = whole.0.last().unwrap();
    let (wanted, _) = wanted(&shared, *flow, *number);
    assert!(read(&again, &wanted, &mut |_| true).is_ok());
    // Grown, it is the same.
    let more = [pcap(&frames), vec![0; 100]].concat();
    fs::write(&path, more).unwrap();
    assert!(read(&again, &wanted, &mut |_| true).is_ok());
    // Cut, written anew and replaced, it is not.
    fs::write(&path, &pcap(&frames)[..3000]).unwrap();
    let said = |result: Result<Found, Trouble>| result.unwrap_err().to_string();
    assert!(said(read(&again, &wanted, &mut |_| true)).contains("changed"));
    for frame in &mut frames {
        frame.time.0 += 1_000_000;
    }
    fs::write(&path, pcap(&frames)).unwrap();
    assert!(said(read(&again, &wanted, &mut |_| true)).contains("changed"));
    let other = path.with_extension("other");
    fs::write(&other, pcap(&frames)).unwrap();
    fs::rename(&other, &path).unwrap();
    assert!(said(read(&again, &wanted, &mut |_| true)).contains("changed"));
    fs::remove_file(&path).unwrap();
    assert!(said(read(&again, &wanted, &mut |_| true)).contains("No such file"));
}

#[test]
fn only_what_is_wanted_last_is_answered() {
    let (mut source, again) = files(&[sample("ffmpeg-nginx.pcap")]);
    let (shared, whole) = decode(&mut source);
    let ask = |at: usize| {
        let (flow, number, _) = &whole.0[at];
        let (wanted, _) = wanted(&shared, *flow, *number);
        let key = wanted.key();
        shared.desk.ask(wanted);
        key
    };
    assert!(!shared.desk.is_served());
    shared.will_serve();
    assert!(shared.desk.is_served());
    let first = ask(10);
    assert_eq!(shared.desk.answer(first), Some(Answer::Underway(None)));
    let second = ask(20);
    assert_eq!(shared.desk.answer(first), None);
    shared.serve_now(&again);
    assert!(matches!(shared.desk.answer(second), Some(Answer::Found(_))));
    // One that is given up on the way tells nothing.
    let third = ask(30);
    let (asked, wanted) = shared.desk.next(false).unwrap();
    let fourth = ask(40);
    assert!(!shared.desk.put(asked, third, Answer::Failed("late".into())));
    assert_eq!(wanted.key(), third);
    assert_eq!(shared.desk.answer(fourth), Some(Answer::Underway(None)));
    shared.close();
    shared.serve(&again);
    assert!(!shared.desk.is_served());
}

#[test]
fn bytes_are_put_where_their_numbers_say() {
    let segment = |seq: u32, payload: &'static [u8]| Segment {
        at: crate::base::ids::Mark::default(),
        tunnel: 0,
        source: Endpoint {
            addr: [192, 0, 2, 1].into(),
            port: 1,
        },
        destination: Endpoint {
            addr: [192, 0, 2, 2].into(),
            port: 2,
        },
        seq,
        ack: 0,
        flags: TcpFlags::default(),
        window: 0,
        options: crate::net::TcpOptions::default(),
        ip_id: 0,
        payload,
        wire_payload: u32::try_from(payload.len()).unwrap(),
    };
    let mut place = Place::new(SeqNum(u32::MAX - 1), 8);
    place.take(&segment(2, b"EF"));
    place.take(&segment(u32::MAX - 4, b"xyzAB"));
    assert_eq!(place.holes(), [2..4, 6..8]);
    // What was there first stays, and what is outside is left out.
    place.take(&segment(u32::MAX, b"bCDeFGHIJ"));
    assert_eq!(place.bytes, b"ABCDEFGH");
    assert!(place.is_full());
    place.take(&segment(7, b"far"));
    place.take(&segment(0x8000_0000, b"far"));
    assert_eq!(place.bytes, b"ABCDEFGH");
}
/// The feed of a sample that was read, with the view on the messages of its first connection.
fn watched(name: &str) -> (Arc<Shared>, Again, Feed, ViewState, Whole) {
    let (mut source, again) = files(&[sample(name)]);
    let (shared, whole) = decode(&mut source);
    shared.will_serve();
    let view = ViewState {
        screen: Screen::Messages,
        focus: Some(whole.0[0].0),
        page: 20,
        ..ViewState::default()
    };
    let feed = Feed::new(Arc::clone(&shared));
    (shared, again, feed, view, whole)
}

#[test]
fn the_opened_message_is_what_is_kept_until_it_was_read_again() {
    let (shared, again, mut feed, mut view, whole) = watched("ffmpeg-nginx.pcap");
    // The longest message of media: only its first bytes are kept.
    let flow = view.focus.unwrap();
    let longest = whole.0.iter().filter(|(of, _, _)| *of == flow);
    let (_, number, raw) = longest.max_by_key(|(_, _, raw)| raw.length).unwrap();
    view.messages.selected = Some(*number);
    let opened = feed.snapshot(&mut view).opened.unwrap();
    assert_eq!(opened.reading, Reading::Underway(None));
    assert!(!opened.is_wire && !opened.is_whole && opened.bytes.len() <= 1024);
    assert!(!feed.has_news());
    shared.serve_now(&again);
    assert!(feed.has_news());
    let opened = feed.snapshot(&mut view).opened.unwrap();
    assert_eq!(opened.reading, Reading::Done);
    let headers = usize::try_from(raw.header_bytes).unwrap();
    assert_eq!(opened.header_bytes, Some(headers));
    assert_eq!(opened.bytes.len(), raw.body.len() + headers);
    assert!(opened.is_wire && opened.is_whole);
    // The last byte can be looked at, and leads to a field.
    let frame = words_of(&feed.snapshot(&mut view), &mut view);
    assert!(frame.contains("bytes on the wire"), "{frame}");
    view.pane = MESSAGE_HEX;
    let snapshot = feed.snapshot(&mut view);
    view.act(Action::Last, &snapshot);
    assert_eq!(view.messages.byte, opened.bytes.len() - 1);
    let frame = words_of(&feed.snapshot(&mut view), &mut view);
    let last = format!("{:04x}", (opened.bytes.len() - 1) / 16 * 16);
    assert!(frame.contains(&last), "{last}: {frame}");
    // The body alone needs not be read again.
    let snapshot = feed.snapshot(&mut view);
    view.act(Action::WireBytes, &snapshot);
    let opened = feed.snapshot(&mut view).opened.unwrap();
    assert_eq!(
        (opened.bytes.len(), opened.is_wire),
        (raw.body.len(), false)
    );
    assert_eq!(opened.bytes, raw.body);
}

#[test]
fn what_cannot_be_read_again_says_why_and_shows_what_is_kept() {
    let (shared, again, mut feed, mut view, _) = watched("ffmpeg-nginx.pcap");
    let snapshot = feed.snapshot(&mut view);
    let key = (view.focus.unwrap(), snapshot.opened.unwrap().kept.number);
    let asked = shared.desk.asked.load(Ordering::Relaxed);
    assert!(shared.desk.put(asked, key, Answer::Underway(Some(42))));
    let frame = words_of(&feed.snapshot(&mut view), &mut view);
    assert!(frame.contains("reading again… 42 %"), "{frame}");
    let why = Trouble::Lost(Lost::Gone { kept: 64 << 20 }).to_string();
    assert!(shared.desk.put(asked, key, Answer::Failed(why.into())));
    let frame = words_of(&feed.snapshot(&mut view), &mut view);
    assert!(
        frame.contains("▲ not read again: the frames are gone"),
        "{frame}"
    );
    assert!(frame.contains("bytes of the body"), "{frame}");
    drop(again);
}

#[test]
fn a_stream_key_is_masked_in_what_is_read_again() {
    let (shared, again, mut feed, mut view, whole) = watched("ffmpeg-nginx.pcap");
    let publish = |body: &[u8]| body.windows(7).any(|part| part == b"publish");
    let (_, number, raw) = whole
        .0
        .iter()
        .find(|(_, _, raw)| !raw.type_id.is_media() && publish(&raw.body))
        .unwrap();
    assert_eq!(Some(whole.0[0].0), view.focus);
    view.messages.selected = Some(*number);
    feed.snapshot(&mut view);
    shared.serve_now(&again);
    let opened = feed.snapshot(&mut view).opened.unwrap();
    assert_eq!(opened.reading, Reading::Done);
    assert!(opened.is_wire && publish(&opened.bytes));
    // What differs from the wire is the name of the stream, byte for byte.
    let found = shared.desk.answer((view.focus.unwrap(), *number));
    let Some(Answer::Found(found)) = found else {
        panic!("read again");
    };
    assert_eq!(found.body, raw.body);
    let masked: Vec<u8> = found
        .wire
        .iter()
        .zip(&opened.bytes)
        .filter(|(wire, shown)| wire != shown)
        .map(|(_, shown)| *shown)
        .collect();
    assert!(masked.len() > 3 && masked.iter().all(|byte| *byte == b'*'));
}

#[test]
fn the_messages_of_a_call_are_read_again_one_after_the_other() {
    let (shared, again, mut feed, mut view, _) = watched("ffmpeg-nginx.pcap");
    shared.lock().messages.bodies.shrink(0);
    feed.snapshot(&mut view);
    shared.serve_now(&again);
    let selected = feed.snapshot(&mut view).opened.unwrap();
    assert_eq!(selected.reading, Reading::Done);
    view.screen = Screen::Calls;
    let readings = |feed: &mut Feed, view: &mut ViewState| {
        let opened = feed.snapshot(view).call_opened.unwrap();
        let one = |opened: Option<Arc<Opened>>| opened.unwrap().reading.clone();
        (one(opened.request), one(opened.reply))
    };
    let underway = Reading::Underway(None);
    let (request, reply) = readings(&mut feed, &mut view);
    assert_eq!((&request, &reply), (&underway, &underway));
    let frame = words_of(&feed.snapshot(&mut view), &mut view);
    assert!(frame.contains("Its bytes are read again…"), "{frame}");
    shared.serve_now(&again);
    let (request, reply) = readings(&mut feed, &mut view);
    assert_eq!((&request, &reply), (&Reading::Done, &underway));
    shared.serve_now(&again);
    assert_eq!(
        readings(&mut feed, &mut view),
        (Reading::Done, Reading::Done)
    );
    let snapshot = feed.snapshot(&mut view);
    assert!(!feed.has_news(), "nothing is asked for any more");
    let frame = words_of(&snapshot, &mut view);
    for text in ["tcUrl", "fmsVer", "bytes of the request 139", "02 00 07 63"] {
        assert!(frame.contains(text), "{text}: {frame}");
    }
    // The next call is another matter.
    view.call = 3;
    let (request, _) = readings(&mut feed, &mut view);
    assert_eq!(request, underway);
    // What cannot be read says why.
    let asked = shared.desk.asked.load(Ordering::Relaxed);
    let number = feed.snapshot(&mut view).call_opened.unwrap().request;
    let key = (view.focus.unwrap(), number.unwrap().kept.number);
    assert!(
        shared
            .desk
            .put(asked, key, Answer::Failed("it is gone".into()))
    );
    let frame = words_of(&feed.snapshot(&mut view), &mut view);
    assert!(frame.contains("▲ not read again: it is gone"), "{frame}");
    // Back at the messages, the one that was read before is read once more.
    view.screen = Screen::Messages;
    let reading = |feed: &mut Feed, view: &mut ViewState| {
        let opened = feed.snapshot(view).opened.unwrap();
        (opened.kept.number, opened.reading.clone())
    };
    let number = selected.kept.number;
    assert_eq!(reading(&mut feed, &mut view), (number, underway));
    shared.serve_now(&again);
    assert_eq!(reading(&mut feed, &mut view), (number, Reading::Done));
}

fn words_of(snapshot: &Snapshot, view: &mut ViewState) -> String {
    let frame = symbols(&draw(snapshot, view, (160, 45)));
    let words: Vec<&str> = frame
        .split(|c: char| c.is_whitespace() || c == '│')
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}
