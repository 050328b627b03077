//! Snapshots and messages made by hand, for the tests of the screens.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::style::Modifier;

use crate::base::ids::ByteRange;
use crate::base::ids::FlowId;
use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::compare::Opening;
use crate::compare::compare;
use crate::net::Endpoint;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Event;
use crate::rtmp::event::Lock;
use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::field::NoFields;
use crate::rtmp::inferred::Inference;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::message;
use crate::rtmp::testing::Outgoing;
use crate::rtmp::testing::Wire;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;
use crate::session::Session;
use crate::session::end::EndStyle;
use crate::session::netstream::Role;
use crate::session::summary::Stage;
use crate::tui;
use crate::tui::model::CallOpened;
use crate::tui::model::Capture;
use crate::tui::model::Compared;
use crate::tui::model::Detail;
use crate::tui::model::Detailed;
use crate::tui::model::Kept;
use crate::tui::model::MessageLine;
use crate::tui::model::MessagePage;
use crate::tui::model::Oddity;
use crate::tui::model::Reading;
use crate::tui::model::Row;
use crate::tui::model::RowInferred;
use crate::tui::model::RowMore;
use crate::tui::model::Snapshot;
use crate::tui::opened;
use crate::tui::reread::Found;
use crate::tui::screen::Screen;
use crate::tui::sheet::Zones;
use crate::tui::state::ViewState;
use crate::tui::strip::Strip;
use crate::tui::theme::rgb_of_index;
use crate::tui::view;
use crate::tui::wire;

/// 2023-11-14T22:13:20Z, where the hand-made captures begin.
const START: i64 = 1_700_000_000_000_000_000;

pub(super) fn at(ms: i64, frame: u64) -> Mark {
    Mark {
        time: Timestamp(START + ms * 1_000_000),
        frame: FrameNumber(frame),
    }
}

/// A message of a kind, `ms` after the start.
pub(super) fn raw(type_id: MessageTypeId, csid: u32, ms: u32, body: &[u8]) -> RawMessage {
    let length = u32::try_from(body.len()).unwrap();
    RawMessage {
        csid: ChunkStreamId(csid),
        fmt: ChunkFormat::Full,
        type_id,
        stream_id: MessageStreamId(u32::from(type_id.is_media())),
        timestamp: RtmpTimestamp(if type_id.is_media() { ms } else { 0 }),
        delta: None,
        extended_timestamp: false,
        length,
        chunks: 1,
        interruptions: 0,
        header_bytes: 12,
        range: ByteRange::default(),
        first: at(i64::from(ms), u64::from(ms) + 1),
        last: at(i64::from(ms), u64::from(ms) + 1),
        body: body.to_vec(),
        received: length,
        missing: Missing::default(),
        from_aggregate: false,
        repeats: Repeats::NotDue,
        inferred: Inferred::default(),
    }
}

pub(super) fn kept(number: u64, body: &[u8]) -> Kept {
    Kept {
        number,
        side: Side::Client,
        raw: raw(MessageTypeId::COMMAND_AMF0, 3, 0, body),
        is_odd: false,
        is_let_go: false,
    }
}

/// The message as it is found when it is read again, in chunks of this size.
pub(super) fn found(raw: &RawMessage, chunk_size: usize) -> Found {
    let mut wire = Wire {
        chunk_size,
        ..Wire::default()
    };
    wire.message(&Outgoing {
        csid: raw.csid,
        fmt: raw.fmt,
        time: raw.delta.unwrap_or(raw.timestamp.0),
        type_id: raw.type_id,
        stream_id: raw.stream_id.0,
        payload: &raw.body,
    });
    let mut raw = raw.clone();
    let size = u32::try_from(chunk_size).unwrap();
    raw.chunks = raw.length.div_ceil(size).max(1);
    let pieces = wire::lay_out(&wire.bytes, &[], &raw, &[], &[size]).unwrap();
    Found {
        body: raw.body,
        wire: wire.bytes,
        pieces,
        holes: Vec::new(),
    }
}

pub(super) fn text(value: &str) -> Vec<u8> {
    let mut bytes = vec![2];
    bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    bytes.extend(value.as_bytes());
    bytes
}

pub(super) fn number(value: f64) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(value.to_be_bytes());
    bytes
}

pub(super) fn object(properties: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = vec![3];
    for (key, value) in properties {
        bytes.extend(u16::try_from(key.len()).unwrap().to_be_bytes());
        bytes.extend(key.as_bytes());
        bytes.extend(text(value));
    }
    bytes.extend([0, 0, 9]);
    bytes
}

/// The messages of a publisher: who sends what, and when.
pub(super) fn conversation(name: &str) -> Vec<(Side, RawMessage)> {
    let command = MessageTypeId::COMMAND_AMF0;
    let status = |code: &str| {
        let information = object(&[("level", "status"), ("code", code)]);
        [vec![5], information].concat()
    };
    let url = "rtmp://live.example.org/live";
    let app = object(&[
        ("app", "live"),
        ("flashVer", "FMLE/3.0 (test)"),
        ("tcUrl", url),
    ]);
    let mut all = vec![
        (
            Side::Client,
            raw(
                command,
                3,
                10,
                &[text("connect"), number(1.0), app].concat(),
            ),
        ),
        (
            Side::Server,
            raw(
                command,
                3,
                51,
                &[
                    text("_result"),
                    number(1.0),
                    status("NetConnection.Connect.Success"),
                ]
                .concat(),
            ),
        ),
        (
            Side::Client,
            raw(
                MessageTypeId::SET_CHUNK_SIZE,
                2,
                53,
                &4096_u32.to_be_bytes(),
            ),
        ),
        (
            Side::Client,
            raw(
                command,
                3,
                54,
                &[text("createStream"), number(2.0), vec![5]].concat(),
            ),
        ),
        (
            Side::Server,
            raw(
                command,
                3,
                94,
                &[text("_result"), number(2.0), vec![5], number(1.0)].concat(),
            ),
        ),
    ];
    let publish = [
        text("publish"),
        number(3.0),
        vec![5],
        text(name),
        text("live"),
    ]
    .concat();
    let mut publish = raw(command, 4, 95, &publish);
    publish.stream_id = MessageStreamId(1);
    all.push((Side::Client, publish));
    let started = [
        text("onStatus"),
        number(0.0),
        status("NetStream.Publish.Start"),
    ]
    .concat();
    let mut started = raw(command, 5, 139, &started);
    started.stream_id = MessageStreamId(1);
    all.push((Side::Server, started));
    for frame in 0..90_u32 {
        let ms = 200 + frame * 40;
        let first = if frame.is_multiple_of(50) { 0x17 } else { 0x27 };
        let size = if frame.is_multiple_of(50) { 900 } else { 200 };
        let video = [vec![first, 1, 0, 0, 0], vec![0x41; size]].concat();
        all.push((Side::Client, raw(MessageTypeId::VIDEO, 6, ms, &video)));
        let audio = [vec![0xaf, 1], vec![0x21; 60]].concat();
        all.push((Side::Client, raw(MessageTypeId::AUDIO, 4, ms + 5, &audio)));
    }
    all
}

/// A snapshot in which that publisher is held against one that was refused, with a chunk size of
/// its own.
pub(super) fn compared() -> Snapshot {
    let messages = conversation("cam-77");
    let mut refused: Vec<(Side, RawMessage)> = messages.iter().take(6).cloned().collect();
    refused.retain(|(_, raw)| raw.type_id != MessageTypeId::SET_CHUNK_SIZE);
    let information = object(&[
        ("level", "error"),
        ("code", "NetStream.Publish.BadName"),
        ("description", "Already publishing"),
    ]);
    let body = [text("onStatus"), number(0.0), vec![5], information].concat();
    let mut status = raw(MessageTypeId::COMMAND_AMF0, 5, 1900, &body);
    status.stream_id = MessageStreamId(1);
    refused.push((Side::Server, status));
    let [(left, opening), (right, other_opening)] = [messages, refused].map(|messages| {
        let mut opening = Opening::default();
        for (side, raw) in &messages {
            opening.note(*side, raw);
        }
        (detail(&messages), opening)
    });
    let mut right = right;
    right.id = FlowId(3);
    let comparison = compare(&left.party(&opening), &right.party(&other_opening));
    let mut snapshot = snapshot("cam-77", 5);
    snapshot.compared = Some(Compared {
        left: Detailed::Known(Arc::new(left)),
        right: Detailed::Known(Arc::new(right)),
        comparison: Some(Arc::new(comparison)),
    });
    snapshot
}

fn endpoint(last: u8, port: u16) -> Endpoint {
    Endpoint {
        addr: std::net::IpAddr::from([192, 0, 2, last]),
        port,
    }
}

/// A publisher's connection in full.
pub(super) fn detail(messages: &[(Side, RawMessage)]) -> Detail {
    let mut session = Session::new();
    session.tcp_opened(at(0, 1), Some(at(3, 3)));
    detail_of(session, messages)
}

fn detail_of(session: Session, messages: &[(Side, RawMessage)]) -> Detail {
    let mut session = session;
    let mut facts = Vec::new();
    for (side, raw) in messages {
        let decoded = message::decode(raw, &mut NoFields);
        session.apply(
            *side,
            &Event::Message(raw.clone()),
            Some(&decoded),
            &mut facts,
        );
    }
    Detail {
        id: FlowId(1),
        ends: PerSide {
            client: endpoint(9, 51_522),
            server: endpoint(5, 1935),
        },
        tunnel: 0,
        begins: PerSide::default(),
        first: at(0, 1),
        last: messages.last().map_or(at(0, 1), |(_, raw)| raw.last),
        missing: PerSide::default(),
        sides_from: None,
        session,
        health: PerSide::default(),
        show_secrets: false,
    }
}

pub(super) fn row(id: u64, name: &str, stage: Stage, worst: Option<Severity>) -> Arc<Row> {
    let role = if id == 2 {
        Role::Player
    } else {
        Role::Publisher
    };
    let flows = matches!(stage, Stage::Publishing | Stage::Playing);
    Arc::new(Row {
        id: FlowId(id),
        ends: PerSide {
            client: endpoint(9, 51_521 + u16::try_from(id).unwrap()),
            server: endpoint(5, 1935),
        },
        label: format!("live/{name}"),
        inferred: RowInferred::default(),
        role: Some(role),
        stage,
        end: (id == 3).then_some(EndStyle::Clean),
        codecs: if flows {
            "avc 1280x720+aac".to_owned()
        } else {
            String::new()
        },
        kbits: if flows {
            2_410.0 + 100.0 * f64::from(u32::try_from(id).unwrap())
        } else {
            0.0
        },
        spark: if flows {
            vec![5, 6, 7, 8, 7, 6, 3, 1]
        } else {
            Vec::new()
        },
        frame_rate: flows.then_some(25.0),
        keyframe_ms: flows.then_some(2000.0),
        skew_ms: flows.then_some(12.0),
        lag_ms: flows.then_some(if id == 1 { 1800.0 } else { -20.0 }),
        retransmitted: if id == 1 { 0.031 } else { 0.0 },
        missing: 0,
        messages: 1200 * id,
        aggregate_parts: 0,
        first: at(0, id),
        last: at(131_000, 9000),
        worst,
        anomalies: u32::from(worst.is_some()),
        more: RowMore::default(),
    })
}

/// A snapshot of a capture with three connections, of which the first is open.
pub(super) fn snapshot(name: &str, selected: usize) -> Snapshot {
    let messages = conversation(name);
    let detail = detail(&messages);
    snapshot_of(&messages, detail, selected)
}

/// The same of a connection joined in the midst of its media, with what is known of it then.
pub(super) fn joined_late() -> Snapshot {
    let relative = Some(Inference::Relative);
    let mut messages: Vec<(Side, RawMessage)> = conversation("cam-77")
        .into_iter()
        .filter(|(_, raw)| raw.type_id.is_media())
        .collect();
    for (_, raw) in &mut messages {
        raw.fmt = ChunkFormat::SameStream;
        raw.delta = Some(40);
        raw.stream_id = MessageStreamId(1);
        raw.inferred = Inferred {
            timestamp: relative,
            stream_id: Some(Inference::FirstStream),
            header: None,
        };
    }
    // The third lost its end, and behind it a header tells no length.
    let third = &mut messages[2].1;
    third.received = 150;
    third.missing = Missing {
        start: 150,
        end: third.length,
    };
    third.body.truncate(150);
    messages[3].1.inferred.header = Some(Inference::Inherited);
    let mut session = Session::new();
    let mut facts = Vec::new();
    let lock = Lock {
        position: 412,
        skipped: 412,
        headers: 4,
        bits: 77,
        is_first: true,
        at: at(205, 10),
    };
    session.apply(Side::Client, &Event::Locked(lock), None, &mut facts);
    let size = Event::ChunkSize {
        size: ChunkSize::Inferred(4096),
        at: at(205, 10),
    };
    session.apply(Side::Client, &size, None, &mut facts);
    let mut detail = detail_of(session, &messages);
    detail.sides_from = Some(Inference::Ports);
    let mut snapshot = snapshot_of(&messages, detail, 2);
    let mut row = (*snapshot.rows[0]).clone();
    row.label = "(joined late)".to_owned();
    row.stage = Stage::Midstream;
    row.inferred = RowInferred {
        sides: true,
        role: true,
        skew: true,
    };
    snapshot.rows[0] = Arc::new(row);
    snapshot
}

/// The messages of a call, taken apart.
pub(super) fn call_opened(
    messages: &[(Side, RawMessage)],
    detail: &Detail,
    call: usize,
) -> Option<CallOpened> {
    let call = detail.session.calls.iter().nth(call)?;
    let open = |number: u64| {
        let (side, raw) = messages.get(usize::try_from(number - 1).unwrap())?;
        let kept = Arc::new(Kept {
            number,
            side: *side,
            raw: raw.clone(),
            is_odd: false,
            is_let_go: false,
        });
        let opened = opened::open(&kept, detail, None, false, Reading::Impossible);
        Some(Arc::new(opened))
    };
    Some(CallOpened {
        call: call.id,
        request: open(call.message),
        reply: call.reply.as_ref().and_then(|reply| open(reply.message)),
    })
}

pub(super) fn snapshot_of(
    messages: &[(Side, RawMessage)],
    detail: Detail,
    selected: usize,
) -> Snapshot {
    let detail = Arc::new(detail);
    let lines: Vec<MessageLine> = messages
        .iter()
        .enumerate()
        .map(|(index, (side, raw))| MessageLine {
            kept: Arc::new(Kept {
                number: u64::try_from(index).unwrap() + 1,
                side: *side,
                raw: raw.clone(),
                is_odd: index == 9,
                is_let_go: false,
            }),
            summary: detail.gist(raw),
            previous: index.checked_sub(1).map(|at| messages[at].1.last.time),
        })
        .collect();
    let kept = &lines[selected].kept;
    let opened = if kept.raw.is_complete() {
        let found = found(&kept.raw, 4096);
        opened::open(kept, &detail, Some(&found), true, Reading::Done)
    } else {
        opened::open(kept, &detail, None, true, Reading::Impossible)
    };
    let oddity = |code, severity, what: &str| {
        Arc::new(Oddity {
            flow: FlowId(1),
            label: detail.label(),
            code,
            severity,
            side: Side::Client,
            first: at(500, 501),
            last: at(2900, 2901),
            count: 3,
            what: what.to_owned(),
        })
    };
    let kept: Vec<Arc<Kept>> = lines.iter().map(|line| Arc::clone(&line.kept)).collect();
    let strip = Strip::of(&kept, Some([detail.first.time, detail.last.time]));
    Snapshot {
        strip: Some(Arc::new(strip)),
        capture: Capture {
            name: "uplink.pcapng".to_owned(),
            bytes_read: 43_000,
            bytes_total: Some(100_000),
            frames: 12_144,
            messages: 4_310,
            other_connections: 2,
            first: Some(at(0, 1).time),
            last: Some(at(131_000, 9000).time),
            ..Capture::default()
        },
        rows_left_out: 0,
        rows: vec![
            row(1, "****0a1b2c3d", Stage::Publishing, Some(Severity::Error)),
            row(2, "****0a1b2c3d", Stage::Playing, None),
            row(3, "****99999999", Stage::Rejected, Some(Severity::Critical)),
        ],
        page: MessagePage {
            first: 0,
            selected,
            matching: lines.len(),
            kept: lines.len(),
            parts: 0,
            searched: lines.len(),
            left_out: 12,
            without_body: 0,
            lines,
        },
        detail: Detailed::Known(Arc::clone(&detail)),
        compared: None,
        opened: Some(Arc::new(opened)),
        call_opened: call_opened(messages, &detail, 0),
        anomalies: vec![
            oddity(
                "media.gap",
                Severity::Error,
                "video of client on stream 1: nothing for 1.2 s, then timestamps go on 40 ms later",
            ),
            oddity(
                "ack.overdue",
                Severity::Warning,
                "5000000 bytes without acknowledgement",
            ),
        ],
        anomalies_left_out: 0,
    }
}

/// The sizes at which every screen is looked at.
pub(super) const SIZES: [(u16, u16); 5] = [(160, 45), (120, 30), (80, 24), (60, 16), (40, 10)];

/// A screen as it is when one comes to it.
pub(super) fn on(screen: Screen) -> ViewState {
    ViewState {
        screen,
        focus: (screen != Screen::Streams).then_some(FlowId(1)),
        ..ViewState::default()
    }
}

/// The frame of a size.
pub(super) fn draw(snapshot: &Snapshot, view: &mut ViewState, size: (u16, u16)) -> Buffer {
    tui::fit_to(view, size.0, size.1);
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buffer = Buffer::empty(area);
    view::render(&mut buffer, area, snapshot, view);
    buffer
}

/// What can be pointed at in the frame of a size.
pub(super) fn zones(snapshot: &Snapshot, view: &mut ViewState, size: (u16, u16)) -> Zones {
    tui::fit_to(view, size.0, size.1);
    let area = Rect::new(0, 0, size.0, size.1);
    view::render(&mut Buffer::empty(area), area, snapshot, view)
}

/// The symbols of a frame, without blanks at the ends of its lines.
pub(super) fn symbols(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The letter of a colour by its hue; `d` for a grey.
fn nearest(color: Color) -> char {
    let [red, green, blue] = match color {
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(index) => rgb_of_index(index),
        _ => [0; 3],
    }
    .map(f64::from);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    if most - least < 30.0 {
        return 'd';
    }
    let hue = if most <= red {
        60.0 * ((green - blue) / (most - least)).rem_euclid(6.0)
    } else if most <= green {
        60.0 * ((blue - red) / (most - least) + 2.0)
    } else {
        60.0 * ((red - green) / (most - least) + 4.0)
    };
    match hue {
        0.0..25.0 | 340.0..=360.0 => 'r',
        25.0..75.0 => 'y',
        75.0..160.0 => 'g',
        160.0..205.0 => 'c',
        205.0..255.0 => 'b',
        _ => 'm',
    }
}

/// The styles of a frame, one letter for each cell: its colour, capital where it is bold, `#`
/// where it is reversed.
pub(super) fn styles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width)
            .map(|x| {
                let cell = &buffer[(x, y)];
                let letter = match cell.fg {
                    Color::Reset => '.',
                    Color::Red | Color::LightRed => 'r',
                    Color::Green => 'g',
                    Color::Yellow => 'y',
                    Color::Blue | Color::LightBlue => 'b',
                    Color::Cyan => 'c',
                    Color::Magenta | Color::LightMagenta => 'm',
                    Color::Rgb(..) | Color::Indexed(_) => nearest(cell.fg),
                    _ => '?',
                };
                let is_faint = cell.modifier.contains(Modifier::DIM);
                let letter = if is_faint { 'd' } else { letter };
                if cell.modifier.contains(Modifier::REVERSED) {
                    '#'
                } else if letter == '.' && cell.modifier.contains(Modifier::BOLD) {
                    'B'
                } else if cell.modifier.contains(Modifier::BOLD) {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect();
        out.push_str(line.trim_end_matches('.'));
        out.push('\n');
    }
    out
}
