//! Messages taken apart, with and without what was read again.

use std::ops::Range;
use std::sync::Arc;

use super::*;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::tui::testing::conversation;
use crate::tui::testing::detail;
use crate::tui::testing::found;
use crate::tui::testing::raw;

fn kept_of(raw: RawMessage) -> Arc<Kept> {
    Arc::new(Kept {
        number: 6,
        side: crate::base::side::Side::Client,
        raw,
        is_odd: false,
        is_let_go: false,
    })
}

fn lines(opened: &Opened) -> Vec<(u16, &str, &str, Range<usize>)> {
    opened
        .fields
        .iter()
        .map(|line| (line.depth, &*line.name, &*line.value, line.range.clone()))
        .collect()
}

#[test]
fn chunk_headers_are_fields_with_bytes_like_others() {
    let messages = conversation("cam-77");
    let detail = detail(&messages);
    let publish = messages[5].1.clone();
    let found = found(&publish, 20);
    let kept = kept_of(publish);
    let opened = open(&kept, &detail, Some(&found), true, Reading::Done);
    let shown = lines(&opened);
    assert_eq!(
        shown[..6],
        [
            (0, "chunk basic header", "fmt 0  csid 4", 0..1),
            (0, "chunk message header", "11 bytes", 1..12),
            (1, "timestamp", "0", 1..4),
            (1, "message length", "36", 4..7),
            (1, "message type", "20  command_amf0", 7..8),
            (1, "message stream", "1", 8..12),
        ]
    );
    // A text and a number in front, the header of the second chunk within the number.
    assert_eq!(shown[6], (0, "command name", "publish", 12..22));
    assert_eq!(shown[7], (0, "transaction id", "3", 22..31));
    assert_eq!(
        *shown.last().unwrap(),
        (0, "chunk 2 header", "fmt 3  csid 4", 32..33)
    );
    assert_eq!(opened.headers, [0..1, 1..12, 32..33]);
    assert_eq!(opened.header_bytes, Some(13));
    assert_eq!(opened.bytes.len(), 36 + 13);
    // The name of the stream lies across both chunks, and is nowhere to be read.
    let text = String::from_utf8_lossy(&opened.bytes).into_owned();
    assert!(!text.contains("cam") && !text.contains("77"), "{text:?}");
    let body = open(&kept, &detail, Some(&found), false, Reading::Done);
    assert_eq!(lines(&body)[0], (0, "command name", "publish", 0..10));
    assert_eq!((body.bytes.len(), body.headers.len()), (36, 0));
}

#[test]
fn no_line_moves_when_the_bytes_arrive() {
    let messages = conversation("cam-77");
    let detail = detail(&messages);
    for (at, fmt) in [
        (5, ChunkFormat::Full),
        (7, ChunkFormat::SameStream),
        (8, ChunkFormat::SameLength),
        (10, ChunkFormat::Nothing),
    ] {
        let mut message = messages[at].1.clone();
        message.fmt = fmt;
        message.delta = Some(40);
        message.extended_timestamp = false;
        let found = found(&message, 4096);
        let kept = kept_of(message);
        let before = open(&kept, &detail, None, true, Reading::Underway(None));
        let after = open(&kept, &detail, Some(&found), true, Reading::Done);
        let names = |opened: &Opened| -> Vec<String> {
            opened.fields.iter().map(|line| line.name.clone()).collect()
        };
        assert_eq!(names(&before), names(&after));
        assert!(!before.is_wire && after.is_wire);
    }
}

#[test]
fn what_other_channels_say_in_between_is_masked_unless_it_is_media() {
    let mut bytes = vec![0x06, 0, 0, 0, 0, 0, 6, 9, 1, 0, 0, 0, 0x27, 1, 0];
    bytes.extend([0x03, 0, 0, 0, 0, 0, 4, 20, 0, 0, 0, 0]);
    bytes.extend(b"key!");
    bytes.extend([0xC6, 0, 0, 9]);
    let mut message = raw(MessageTypeId::VIDEO, 6, 0, &[0x27, 1, 0, 0, 0, 9]);
    message.chunks = 2;
    let piece = |part, range| Piece { part, range };
    let other = ChunkStreamId(3);
    let pieces = vec![
        piece(Part::Basic, 0..1),
        piece(Part::Header, 1..12),
        piece(Part::Payload, 12..15),
        piece(Part::ForeignHeader(other), 15..27),
        piece(Part::Foreign(other, false), 27..31),
        piece(Part::Basic, 31..32),
        piece(Part::Payload, 32..35),
    ];
    let found = Found {
        body: message.body.clone(),
        wire: bytes,
        pieces,
        holes: Vec::new(),
    };
    let mut detail = detail(&conversation("cam-77"));
    let kept = kept_of(message);
    let opened = open(&kept, &detail, Some(&found), true, Reading::Done);
    assert_eq!(&opened.bytes[27..31], b"****");
    let shown = lines(&opened);
    assert_eq!(
        shown[shown.len() - 3..],
        [
            (0, "csid 3 between", "fmt 0  csid 3", 15..27),
            (1, "its payload", "4 bytes", 27..31),
            (0, "chunk 2 header", "fmt 3  csid 6", 31..32),
        ]
    );
    detail.show_secrets = true;
    let opened = open(&kept, &detail, Some(&found), true, Reading::Done);
    assert_eq!(&opened.bytes[27..31], b"key!");
}

#[test]
fn long_chunk_stream_ids_are_told_with_their_form() {
    assert_eq!(csid(&[0x03]), "csid 3");
    // Section 5.3.1.1: 64 and one byte, or 64, a byte and 256 times another.
    assert_eq!(csid(&[0x40, 6]), "csid 70 (in 2 bytes)");
    assert_eq!(csid(&[0x01, 0x50, 0x01]), "csid 400 (in 3 bytes)");
}

#[test]
fn thousands_of_chunks_are_told_in_some_lines() {
    let body = [vec![0x17, 1, 0, 0, 0], vec![0x41; 182_000]].concat();
    let message = raw(MessageTypeId::VIDEO, 6, 0, &body);
    let found = found(&message, 128);
    let detail = detail(&conversation("cam-77"));
    let kept = kept_of(RawMessage {
        body: Vec::new(),
        ..message
    });
    let opened = open(&kept, &detail, Some(&found), true, Reading::Done);
    // Every byte is there, with one of a header for each chunk but the first.
    assert_eq!(opened.bytes.len(), 182_005 + 12 + 1421);
    assert!(opened.fields.len() < MAX_CHUNK_LINES + 40);
    assert_eq!(opened.fields.last().unwrap().value, "909 more");
    assert!(opened.is_whole);
}
