//! Takes the selected message apart: its fields as lines of a tree and its bytes, both without
//! secrets. The fields come from the parser that decoded the capture. Where the message was read
//! again, its bytes are those on the wire, and its chunk headers are fields like others.

use std::ops::Range;
use std::sync::Arc;

use crate::base::text::printable;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::Field;
use crate::rtmp::field::FieldTree;
use crate::rtmp::message;
use crate::rtmp::secret::Secrecy;
use crate::rtmp::types::MessageTypeId;
use crate::session::redact::Secrets;
use crate::tui::model::Detail;
use crate::tui::model::FieldLine;
use crate::tui::model::Kept;
use crate::tui::model::Opened;
use crate::tui::model::Reading;
use crate::tui::reread::Found;
use crate::tui::wire;
use crate::tui::wire::Part;
use crate::tui::wire::Piece;

/// Longest value that is shown of a field, in bytes.
const MAX_VALUE: usize = 512;

/// Most lines about the chunks behind the first: a keyframe in chunks of 128 bytes has a thousand.
const MAX_CHUNK_LINES: usize = 512;

/// Takes a message apart: what is kept of it, or what was found when it was read again. `is_wire`
/// asks for its bytes on the wire instead of its body.
pub(super) fn open(
    kept: &Arc<Kept>,
    detail: &Detail,
    found: Option<&Found>,
    is_wire: bool,
    reading: Reading,
) -> Opened {
    let read_again = found.map(|found| RawMessage {
        body: found.body.clone(),
        ..kept.raw.clone()
    });
    let raw = read_again.as_ref().unwrap_or(&kept.raw);
    let mut tree = FieldTree::default();
    let decoded = message::decode(raw, &mut tree);
    let mut own = Secrets::default();
    for secret in decoded.message.secrets() {
        own.add(secret);
    }
    // Of a message with a hole, payload behind the body that can be parsed.
    let mut payload = match found {
        Some(found) if !found.pieces.is_empty() => wire::payload(&found.wire, &found.pieces),
        _ => raw.body.clone(),
    };
    if !detail.show_secrets {
        detail.session.redactor().bytes(&mut payload);
        own.redactor().bytes(&mut payload);
        if !raw.type_id.is_media()
            && let Some(behind) = payload.get_mut(raw.body.len()..)
        {
            behind.fill(b'*');
        }
    }
    let mut opening = Opening {
        detail,
        own: &own,
        lines: Vec::new(),
        bytes: &mut payload,
    };
    for field in tree.into_fields() {
        opening.field(&field, 0);
    }
    let body = opening.lines;
    let summary = if kept.is_let_go && found.is_none() {
        detail.gist_of(kept)
    } else {
        detail.gist(raw)
    };
    let mut opened = Opened {
        kept: Arc::clone(kept),
        summary,
        fields: Vec::new(),
        bytes: Vec::new(),
        headers: Vec::new(),
        missing: Vec::new(),
        is_wire: false,
        is_whole: raw.is_whole(),
        header_bytes: found.and_then(header_bytes),
        reading,
        odd: decoded
            .anomalies
            .iter()
            .map(|anomaly| detail.prose(&anomaly.kind.to_string()))
            .collect(),
    };
    let can_be_wire = is_wire && !raw.from_aggregate;
    match found {
        Some(found) if can_be_wire && !found.pieces.is_empty() => {
            on_the_wire(&mut opened, found, &payload, body, detail.show_secrets);
        }
        _ => {
            if can_be_wire && opened.reading != Reading::Impossible {
                // The lines that are there when it has been read: so that none moves.
                opened.fields = headers_to_come(&kept.raw);
            }
            opened.fields.extend(body);
            payload.truncate(raw.body.len());
            opened.bytes = payload;
        }
    }
    opened
}

/// Bytes of chunk headers spent on the message.
fn header_bytes(found: &Found) -> Option<usize> {
    let own = |piece: &&Piece| matches!(piece.part, Part::Basic | Part::Header | Part::Extended);
    (!found.pieces.is_empty()).then(|| {
        let own = found.pieces.iter().filter(own);
        own.map(|piece| piece.range.len()).sum()
    })
}

/// Shows the bytes on the wire: the masked payload where it lies in them, and the headers.
fn on_the_wire(
    opened: &mut Opened,
    found: &Found,
    payload: &[u8],
    body: Vec<FieldLine>,
    show_secrets: bool,
) {
    let mut bytes = found.wire.clone();
    let mut rest = payload;
    for piece in &found.pieces {
        let Some(place) = bytes.get_mut(piece.range.clone()) else {
            continue;
        };
        match piece.part {
            Part::Payload => {
                let (here, behind) = rest.split_at_checked(place.len()).unwrap_or((rest, &[]));
                for (to, from) in place.iter_mut().zip(here) {
                    *to = *from;
                }
                rest = behind;
            }
            // What another channel says is shown with its own message.
            Part::Foreign(_, false) if !show_secrets => place.fill(b'*'),
            _ => {}
        }
    }
    let (first, further) = headers(&found.wire, &found.pieces);
    opened.fields = first;
    opened.fields.extend(body.into_iter().map(|line| FieldLine {
        range: wire::range_of(&found.pieces, &line.range),
        ..line
    }));
    opened.fields.extend(further);
    opened.headers = found
        .pieces
        .iter()
        .filter(|piece| piece.part != Part::Payload)
        .map(|piece| piece.range.clone())
        .collect();
    opened.missing.clone_from(&found.holes);
    opened.bytes = bytes;
    opened.is_wire = true;
}

fn line(depth: u16, name: &str, value: String, range: Range<usize>) -> FieldLine {
    FieldLine {
        depth,
        name: name.to_owned(),
        value,
        range,
    }
}

/// The names of the fields of a message header, with their lengths (RTMP 1.0 section 5.3.1.2).
const HEADER: [(&str, usize); 4] = [
    ("timestamp", 3),
    ("message length", 3),
    ("message type", 1),
    ("message stream", 4),
];

const BASIC_NAME: &str = "chunk basic header";
const HEADER_NAME: &str = "chunk message header";
const EXTENDED_NAME: &str = "extended timestamp";

/// The name of a field of a message header of `len` bytes: only the longest has a timestamp.
fn name_of(at: usize, name: &'static str, len: usize) -> &'static str {
    if at == 0 && len < 11 {
        "timestamp delta"
    } else {
        name
    }
}

/// The lines about the headers of a message that is yet to be read again, without bytes.
fn headers_to_come(raw: &RawMessage) -> Vec<FieldLine> {
    let basic = format!("fmt {}  csid {}", raw.fmt.number(), raw.csid);
    let mut lines = vec![line(0, BASIC_NAME, basic, 0..0)];
    let len = raw.fmt.header_len();
    if len > 0 {
        lines.push(line(0, HEADER_NAME, format!("{len} bytes"), 0..0));
    }
    let mut left = len;
    for (at, (name, width)) in HEADER.into_iter().enumerate() {
        if left < width {
            break;
        }
        left = left.saturating_sub(width);
        lines.push(line(1, name_of(at, name, len), "…".to_owned(), 0..0));
    }
    if raw.extended_timestamp {
        lines.push(line(0, EXTENDED_NAME, "…".to_owned(), 0..0));
    }
    lines
}

/// The lines about the headers of the first chunk, and those about what follows.
fn headers(bytes: &[u8], pieces: &[Piece]) -> (Vec<FieldLine>, Vec<FieldLine>) {
    let mut first = Vec::new();
    let mut further: Vec<FieldLine> = Vec::new();
    let mut chunks = 0_usize;
    let mut left_out = 0_usize;
    for piece in pieces {
        let range = piece.range.clone();
        let here = bytes.get(range.clone()).unwrap_or_default();
        let fmt = here.first().map_or(3, |byte| byte >> 6);
        chunks = chunks.saturating_add(usize::from(piece.part == Part::Basic));
        let lines = if chunks <= 1 {
            &mut first
        } else {
            &mut further
        };
        match piece.part {
            Part::Payload => {}
            Part::Basic if chunks <= 1 => {
                lines.push(line(
                    0,
                    BASIC_NAME,
                    format!("fmt {fmt}  {}", csid(here)),
                    range,
                ));
            }
            Part::Header => message_header(lines, here, &range),
            Part::Extended if chunks <= 1 => {
                lines.push(line(0, EXTENDED_NAME, number(here).to_string(), range));
            }
            _ if further.len() >= MAX_CHUNK_LINES => {
                left_out = left_out.saturating_add(1);
            }
            Part::Basic => {
                let name = format!("chunk {chunks} header");
                further.push(line(0, &name, format!("fmt {fmt}  {}", csid(here)), range));
            }
            Part::Extended => {
                let value = format!("{} again", number(here));
                further.push(line(1, EXTENDED_NAME, value, range));
            }
            Part::ForeignHeader(other) => {
                let value = format!("fmt {fmt}  {}", csid(here));
                let name = format!("csid {other} between");
                further.push(line(0, &name, value, range));
            }
            Part::Foreign(_, is_media) => {
                let what = if is_media { " of media" } else { "" };
                let value = format!("{} bytes{what}", range.len());
                further.push(line(1, "its payload", value, range));
            }
        }
    }
    if left_out > 0 {
        let value = format!("{left_out} more");
        further.push(line(0, "chunk headers", value, 0..0));
    }
    (first, further)
}

/// The chunk stream id of a basic header, with the form it is written in (section 5.3.1.1).
fn csid(bytes: &[u8]) -> String {
    match (bytes.first().map(|first| first & 0x3F), bytes) {
        (Some(1), [_, low, high, ..]) => {
            let id = u32::from(*high)
                .saturating_mul(256)
                .saturating_add(u32::from(*low))
                .saturating_add(64);
            format!("csid {id} (in 3 bytes)")
        }
        (Some(0), [_, low, ..]) => {
            format!("csid {} (in 2 bytes)", u32::from(*low).saturating_add(64))
        }
        (Some(id), _) => format!("csid {id}"),
        (None, _) => "csid ?".to_owned(),
    }
}

/// The number that up to four bytes are, most significant first.
fn number(bytes: &[u8]) -> u32 {
    let bytes = bytes.iter().take(4);
    bytes.fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn message_header(lines: &mut Vec<FieldLine>, bytes: &[u8], range: &Range<usize>) {
    let len = bytes.len();
    lines.push(line(0, HEADER_NAME, format!("{len} bytes"), range.clone()));
    let mut rest = bytes;
    let mut start = range.start;
    for (at, (name, width)) in HEADER.into_iter().enumerate() {
        let Some((field, behind)) = rest.split_at_checked(width) else {
            break;
        };
        rest = behind;
        let value = match (at, field) {
            (0, [0xFF, 0xFF, 0xFF]) => "in the extended timestamp".to_owned(),
            (2, [type_id]) => format!("{type_id}  {}", MessageTypeId(*type_id)),
            // The one number that is least significant first.
            (3, [a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]).to_string(),
            _ => number(field).to_string(),
        };
        let end = start.saturating_add(width);
        lines.push(line(1, name_of(at, name, len), value, start..end));
        start = end;
    }
}

struct Opening<'a> {
    detail: &'a Detail,
    /// Secrets of this message, which the session may not know.
    own: &'a Secrets,
    lines: Vec<FieldLine>,
    bytes: &'a mut Vec<u8>,
}

impl Opening<'_> {
    fn field(&mut self, field: &Field, depth: u16) {
        let value = self.value(field);
        self.lines.push(FieldLine {
            depth,
            name: self.shown(&field.name, Secrecy::Open),
            value,
            range: field.range.clone(),
        });
        for part in &field.parts {
            self.field(part, depth.saturating_add(1));
        }
    }

    /// The value, masked. The bytes of a text that had to be masked are overwritten: also where
    /// the secret is too short to be searched for.
    fn value(&mut self, field: &Field) -> String {
        let raw = field.value.as_str();
        let shortened = raw.get(..raw.floor_char_boundary(MAX_VALUE)).unwrap_or(raw);
        let shown = self.shown(shortened, Secrecy::of_property(&field.name));
        if shown != printable(shortened) && field.parts.is_empty() {
            // The text stands at the end of its field, behind marker and length.
            let start = field.range.end.saturating_sub(raw.len());
            if let Some(bytes) = self
                .bytes
                .get_mut(start.max(field.range.start)..field.range.end)
            {
                bytes.fill(b'*');
            }
        }
        shown
    }

    fn shown(&self, text: &str, secrecy: Secrecy) -> String {
        if self.detail.show_secrets {
            return printable(text);
        }
        let masked = self.detail.session.redactor().text_as(secrecy, text);
        printable(&self.own.redactor().text(&masked))
    }
}

#[cfg(test)]
#[path = "opened_tests.rs"]
mod tests;
