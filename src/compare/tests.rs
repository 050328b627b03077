//! Two connections made by hand, by what is known of them.

use super::*;
use crate::base::ids::ByteRange;
use crate::base::ids::FrameNumber;
use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::rtmp::event::Event;
use crate::rtmp::event::Missing;
use crate::rtmp::event::RawMessage;
use crate::rtmp::event::Repeats;
use crate::rtmp::field::NoFields;
use crate::rtmp::inferred::Inferred;
use crate::rtmp::message;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::rtmp::types::RtmpTimestamp;

fn at(ms: i64) -> Mark {
    Mark {
        time: Timestamp(ms * 1_000_000),
        frame: FrameNumber(1),
    }
}

fn raw(type_id: MessageTypeId, ms: i64, body: &[u8]) -> RawMessage {
    let length = u32::try_from(body.len()).unwrap();
    RawMessage {
        csid: ChunkStreamId(3),
        fmt: ChunkFormat::Full,
        type_id,
        stream_id: MessageStreamId(u32::from(type_id.is_media())),
        timestamp: RtmpTimestamp(0),
        delta: None,
        extended_timestamp: false,
        length,
        chunks: 1,
        interruptions: 0,
        header_bytes: 12,
        range: ByteRange::default(),
        first: at(ms),
        last: at(ms),
        body: body.to_vec(),
        received: length,
        missing: Missing::default(),
        from_aggregate: false,
        repeats: Repeats::NotDue,
        inferred: Inferred::default(),
    }
}

fn text(value: &str) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&[2][..], &length.to_be_bytes(), value.as_bytes()].concat()
}

fn number(value: f64) -> Vec<u8> {
    [&[0][..], &value.to_be_bytes()].concat()
}

fn object(properties: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![3];
    for (key, value) in properties {
        // A key is a string without its marker.
        bytes.extend(text(key).iter().skip(1));
        bytes.extend(value);
    }
    bytes.extend([0, 0, 9]);
    bytes
}

fn command(ms: i64, values: &[Vec<u8>]) -> RawMessage {
    raw(MessageTypeId::COMMAND_AMF0, ms, &values.concat())
}

/// A connection that said this.
struct Made {
    session: Session,
    opening: Opening,
    health: PerSide<Health>,
    last: Mark,
}

impl Made {
    fn of(messages: &[(Side, RawMessage)]) -> Self {
        let mut session = Session::new();
        session.tcp_opened(at(0), Some(at(0)));
        let mut opening = Opening::default();
        for (side, raw) in messages {
            let decoded = message::decode(raw, &mut NoFields);
            let event = Event::Message(raw.clone());
            session.apply(*side, &event, Some(&decoded), &mut Vec::new());
            opening.note(*side, raw);
        }
        Self {
            session,
            opening,
            health: PerSide::default(),
            last: messages.last().map_or(at(0), |(_, raw)| raw.last),
        }
    }

    fn party(&self) -> Party<'_> {
        let end = Endpoint {
            addr: std::net::IpAddr::from([192, 0, 2, 1]),
            port: 1935,
        };
        Party {
            id: FlowId(1),
            ends: PerSide {
                client: end,
                server: end,
            },
            first: at(0),
            last: self.last,
            session: &self.session,
            health: &self.health,
            missing: PerSide::default(),
            opening: &self.opening,
            mask: Mask::new(&self.session, false),
        }
    }
}

fn connect(properties: &[(&str, Vec<u8>)]) -> (Side, RawMessage) {
    let values = [text("connect"), number(1.0), object(properties)];
    (Side::Client, command(10, &values))
}

fn compared(left: &Made, right: &Made) -> Comparison {
    compare(&left.party(), &right.party())
}

/// Name, left, right and verdict of the lines of a section.
fn lines<'c>(
    comparison: &'c Comparison,
    title: &str,
) -> Vec<(&'c str, Option<&'c str>, Option<&'c str>, Verdict)> {
    let section = comparison.sections.iter().find(|one| one.title == title);
    let lines = section.map_or(&[][..], |section| &section.lines);
    let told = |line: &'c Line| {
        let (left, right) = (line.left.as_deref(), line.right.as_deref());
        (line.name.as_str(), left, right, line.verdict)
    };
    lines.iter().map(told).collect()
}

#[test]
fn properties_are_held_against_each_other_by_their_keys_with_their_types() {
    let left = Made::of(&[connect(&[
        ("app", text("live")),
        ("type", text("nonprivate")),
        ("objectEncoding", number(0.0)),
    ])]);
    let right = Made::of(&[connect(&[
        ("objectEncoding", text("0")),
        ("app", text("live")),
        ("fpad", vec![1, 0]),
    ])]);
    assert_eq!(
        lines(&compared(&left, &right), "connect"),
        [
            ("type", Some("string nonprivate"), None, Verdict::OnlyLeft),
            (
                "objectEncoding",
                Some("number 0"),
                Some("string 0"),
                Verdict::Differs
            ),
            ("fpad", None, Some("boolean false"), Verdict::OnlyRight),
            (
                "order",
                Some("transaction id, app, objectEncoding"),
                Some("transaction id, objectEncoding, app"),
                Verdict::Differs
            ),
            ("transaction id", Some("1"), Some("1"), Verdict::Same),
            (
                "app",
                Some("string live"),
                Some("string live"),
                Verdict::Same
            ),
        ]
    );
}

#[test]
fn secrets_are_masked_and_still_told_apart() {
    let with = |url: &str| Made::of(&[connect(&[("tcUrl", text(url))])]);
    let one = with("rtmp://example.org/live?token=s3cret-one");
    let other = with("rtmp://example.org/live?token=s3cret-two");
    let comparison = compared(&one, &other);
    assert!(
        !format!("{comparison:?}").contains("s3cret"),
        "{comparison:?}"
    );
    let connect = lines(&comparison, "connect");
    let url = connect.iter().find(|line| line.0 == "tcUrl").unwrap();
    assert_eq!(url.3, Verdict::Differs);
    assert!(url.1.is_some_and(|text| text.contains("****")));
    let comparison = compared(&one, &with("rtmp://example.org/live?token=s3cret-one"));
    assert_eq!(
        comparison.same(),
        comparison
            .sections
            .iter()
            .map(|s| s.lines.len())
            .sum::<usize>()
    );
}

#[test]
fn messages_stand_where_they_were_said() {
    let create = |ms, id: f64| {
        (
            Side::Client,
            command(ms, &[text("createStream"), number(id), vec![5]]),
        )
    };
    let release = (
        Side::Client,
        command(11, &[text("releaseStream"), number(2.0), vec![5]]),
    );
    let size = (
        Side::Client,
        raw(MessageTypeId::SET_CHUNK_SIZE, 5, &4096_u32.to_be_bytes()),
    );
    let ack = (
        Side::Server,
        raw(MessageTypeId::ACKNOWLEDGEMENT, 6, &9_u32.to_be_bytes()),
    );
    let left = Made::of(&[size, ack, connect(&[]), release, create(12, 3.0)]);
    let right = Made::of(&[connect(&[]), create(12, 2.0)]);
    assert_eq!(
        lines(&compared(&left, &right), "messages of the setup, in order"),
        [
            (
                "→ set chunk size",
                Some("4 096 bytes"),
                None,
                Verdict::OnlyLeft
            ),
            (
                "→ connect",
                Some("transaction 1"),
                Some("transaction 1"),
                Verdict::Same
            ),
            (
                "→ releaseStream",
                Some("transaction 2"),
                None,
                Verdict::OnlyLeft
            ),
            // Which number it has is no choice of its own.
            (
                "→ createStream",
                Some("transaction 3"),
                Some("transaction 2"),
                Verdict::Same
            ),
        ]
    );
}

#[test]
fn a_call_that_fails_or_is_slow_is_a_fault() {
    let answered = |name: &'static str, ms| {
        let call = command(10, &[text("createStream"), number(2.0), vec![5]]);
        let answer = command(ms, &[text(name), number(2.0), vec![5], number(1.0)]);
        Made::of(&[(Side::Client, call), (Side::Server, answer)])
    };
    let verdict = |left: &Made, right: &Made| {
        let comparison = compared(left, right);
        let calls = comparison
            .sections
            .iter()
            .find(|one| one.title == "calls, in order");
        let line = calls
            .unwrap()
            .lines
            .iter()
            .find(|line| line.name == "→ createStream");
        let line = line.unwrap();
        (line.verdict, line.weight)
    };
    let quick = answered("_result", 30);
    assert_eq!(verdict(&quick, &answered("_result", 45)).0, Verdict::Same);
    assert_eq!(
        verdict(&quick, &answered("_result", 210)),
        (Verdict::Differs, Weight::Figure)
    );
    assert_eq!(
        verdict(&quick, &answered("_result", 1500)),
        (Verdict::Differs, Weight::Fault)
    );
    assert_eq!(
        verdict(&quick, &answered("_error", 30)),
        (Verdict::Differs, Weight::Fault)
    );
}

#[test]
fn what_was_not_captured_is_no_difference() {
    let whole = Made::of(&[connect(&[("app", text("live"))])]);
    let late = Made {
        session: Session::new(),
        opening: Opening::default(),
        health: PerSide::default(),
        last: at(100),
    };
    let comparison = compared(&whole, &late);
    for title in ["connect", "messages of the setup, in order"] {
        let section = comparison
            .sections
            .iter()
            .find(|one| one.title == title)
            .unwrap();
        assert!(section.lines.is_empty(), "{section:?}");
        assert_eq!(
            section.note.as_deref(),
            Some("the first messages of the right one are not there")
        );
    }
}

#[test]
fn an_opening_ends_a_while_behind_the_first_medium() {
    let mut opening = Opening::default();
    let medium = |ms| raw(MessageTypeId::VIDEO, ms, &[0x17, 1, 0, 0, 0, 9, 9]);
    assert!(opening.note(Side::Client, &medium(100)));
    assert!(opening.note(Side::Client, &medium(140)));
    assert!(opening.note(Side::Server, &command(500, &[text("onStatus")])));
    assert!(!opening.note(Side::Server, &command(1101, &[text("late")])));
    assert!(opening.is_over());
    let kept: Vec<usize> = opening
        .messages()
        .iter()
        .map(|(_, raw)| raw.body.len())
        .collect();
    assert_eq!(kept, [0, 11], "of media the first, without what it carries");
}

#[test]
fn an_opening_is_bounded() {
    let mut opening = Opening::default();
    let long = command(1, &[text("connect"), vec![5; 100_000]]);
    let mut count = 0;
    while opening.note(Side::Client, &long) {
        count += 1;
        assert!(count < 1000);
    }
    assert_eq!(count, opening.messages().len());
    assert!(opening.bytes() < 64 << 10);
}
