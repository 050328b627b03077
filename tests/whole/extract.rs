//! FLV files out of captures, against the one that a player saved in the same session.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use rtmpscope::base::side::Side;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::report::flv::FlvExtractor;
use rtmpscope::rtmp::types::MessageTypeId;
use tempfile::TempDir;

use crate::reading;

/// A tag of an FLV file (FLV 10.1 section E.4.1).
#[derive(Debug, PartialEq, Eq)]
struct Tag {
    kind: u8,
    timestamp: u32,
    body: Vec<u8>,
}

impl Tag {
    fn is_media(&self) -> bool {
        MessageTypeId(self.kind).is_media()
    }
}

/// Reads a file tag by tag, and holds it to the letter of the format.
fn tags(file: &Path) -> Vec<Tag> {
    let bytes = fs::read(file).expect("an FLV file");
    let (header, mut rest) = bytes.split_at(13);
    assert_eq!(&header[..4], b"FLV\x01");
    assert_eq!(&header[5..], [0, 0, 0, 9, 0, 0, 0, 0]);
    let mut tags = Vec::new();
    while !rest.is_empty() {
        let (head, behind) = rest.split_at(11);
        let [kind, l2, l1, l0, t2, t1, t0, t3, 0, 0, 0] = *head else {
            panic!("{}: tag {} {head:?}", file.display(), tags.len());
        };
        let length = u32::from_be_bytes([0, l2, l1, l0]);
        let (body, behind) = behind.split_at(length.try_into().expect("a length"));
        let (back, behind) = behind.split_at(4);
        assert_eq!(back, (length + 11).to_be_bytes());
        tags.push(Tag {
            kind,
            timestamp: u32::from_be_bytes([t3, t2, t1, t0]),
            body: body.to_vec(),
        });
        rest = behind;
    }
    tags
}

/// Extracts, and counts the media messages that there are to be extracted, by connection, sender
/// and message stream.
struct Extraction {
    extractor: FlvExtractor,
    media: BTreeMap<(u64, Side, u32), usize>,
}

impl Observer for Extraction {
    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        let raw = heard.raw;
        if raw.type_id.is_media() && raw.is_complete() {
            let key = (connection.id.0, heard.side, raw.stream_id.0);
            *self.media.entry(key).or_default() += 1;
        }
        self.extractor.message(connection, heard);
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        self.extractor.ended(connection, tcp);
    }
}

/// The files extracted from a capture, in the order of their names, and the sizes of its media
/// streams.
fn extract(capture: &Path) -> (TempDir, Vec<PathBuf>, Vec<usize>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut extraction = Extraction {
        extractor: FlvExtractor::new(folder.path(), false, false),
        media: BTreeMap::new(),
    };
    let options = Options {
        keep_media: true,
        ..Options::default()
    };
    reading::decode(capture, options, &mut extraction);
    if let Some((path, error)) = extraction.extractor.take_failure() {
        panic!("{}: {error}", path.display());
    }
    let mut files: Vec<_> = extraction
        .extractor
        .files()
        .iter()
        .map(|file| file.path.clone())
        .collect();
    files.sort();
    (folder, files, extraction.media.into_values().collect())
}

#[test]
fn a_played_stream_equals_what_the_player_saved() {
    let (_folder, files, _) = extract(&reading::sample("rtmpdump-play"));
    let played: Vec<_> = files
        .iter()
        .filter(|file| file.to_string_lossy().contains("2-play"))
        .collect();
    assert_eq!(played.len(), 1, "{files:?}");
    let mut ours: Vec<_> = tags(played[0]).into_iter().filter(Tag::is_media).collect();
    // README.md of the samples: the last message came as the player was leaving.
    let last = ours.pop().expect("tags");
    assert_eq!((last.kind, last.timestamp, last.body.len()), (9, 7933, 5));
    let saved = tags(&reading::ours("samples/rtmpdump-play.flv"));
    let saved: Vec<_> = saved.into_iter().filter(Tag::is_media).collect();
    assert_eq!(ours.len(), saved.len());
    for (number, (ours, saved)) in ours.iter().zip(&saved).enumerate() {
        assert_eq!(ours, saved, "tag {number}");
    }
}

/// What FFmpeg cannot open, by sample and begin of the file's name, and why.
const UNPLAYABLE: &[(&str, &str, &str)] = &[
    (
        "vod-flv",
        "2-",
        "begins amid the recording: nginx-rtmp sends no codec configuration",
    ),
    ("ertmp", "", "FFmpeg 5 does not know Enhanced RTMP"),
];

#[test]
fn extracted_files_hold_every_media_message_and_parse() {
    let probe = Command::new("ffprobe").arg("-version").output().is_ok();
    if !probe {
        println!("ffprobe is not installed: files are read by the test alone");
    }
    for (name, capture) in reading::samples() {
        let (_folder, files, mut media) = extract(&capture);
        let mut in_files = Vec::new();
        for file in &files {
            let tags = tags(file);
            in_files.push(tags.iter().filter(|tag| tag.is_media()).count());
            let title = file.file_name().expect("a name").to_string_lossy();
            let is_unplayable = UNPLAYABLE
                .iter()
                .any(|(sample, begin, _)| name.starts_with(sample) && title.starts_with(begin));
            if probe && !is_unplayable {
                check_with_ffprobe(&name, file);
            }
        }
        in_files.retain(|count| *count > 0);
        in_files.sort_unstable();
        media.sort_unstable();
        assert_eq!(in_files, media, "{name}");
    }
}

/// ffprobe finds a stream in every file and complains of nothing in its structure.
fn check_with_ffprobe(name: &str, file: &Path) {
    let run = Command::new("ffprobe")
        .args(["-v", "error", "-f", "flv", "-show_entries"])
        .args(["stream=codec_type", "-of", "csv=p=0"])
        .arg(file)
        .output()
        .expect("ffprobe");
    let found = String::from_utf8_lossy(&run.stdout);
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success() && !found.trim().is_empty(),
        "{name}, {}: {complaint}",
        file.display()
    );
}
