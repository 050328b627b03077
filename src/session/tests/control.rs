//! Chunk sizes, acknowledgements, pings, holes.

use super::*;
use crate::base::time::Span;
use crate::rtmp::control::LimitType;
use crate::rtmp::control::SetPeerBandwidth;
use crate::rtmp::control::UserControl;
use crate::rtmp::control::UserControlData;
use crate::rtmp::control::UserControlType;
use crate::rtmp::event::ChunkSize;
use crate::session::end::GoodbyeKind;

fn control(talk: &mut Talk, side: Side, ms: i64, message: Message) {
    let raw = talk.raw(side, ms, 0, MessageTypeId::USER_CONTROL);
    talk.message(side, raw, message);
}

fn ping(event: UserControlType, timestamp: u32) -> Message {
    Message::UserControl(UserControl {
        event,
        data: UserControlData::Ping { timestamp },
    })
}

#[test]
fn a_change_of_the_chunk_size_is_told_with_its_message() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 0, "connect", 1.0, &[]);
    talk.facts.clear();
    control(&mut talk, S, 110, Message::SetChunkSize { size: 4096 });
    let Some(Fact::ChunkSizeChanged { side, change }) = talk.facts.first() else {
        unreachable!("{:?}", talk.facts)
    };
    assert_eq!(*side, S);
    assert_eq!((change.from, change.to), (Some(128), 4096));
    assert_eq!(change.message, 2);
    assert_eq!(
        talk.session.directions.client.chunk_size,
        ChunkSize::Told(128)
    );
}

#[test]
fn without_the_begin_the_chunk_size_before_is_unknown() {
    let mut talk = Talk::default();
    assert_eq!(
        talk.session.directions.server.chunk_size,
        ChunkSize::Unknown
    );
    control(&mut talk, S, 110, Message::SetChunkSize { size: 4096 });
    assert_eq!(
        talk.session.directions.server.chunk_size,
        ChunkSize::Told(4096)
    );
}

#[test]
fn acknowledgements_count_for_the_other_side() {
    let mut talk = Talk::shaken();
    control(&mut talk, C, 100, Message::WindowAckSize { size: 100_000 });
    control(
        &mut talk,
        S,
        101,
        Message::SetPeerBandwidth(SetPeerBandwidth {
            window: 200_000,
            limit: Some(LimitType::DYNAMIC),
        }),
    );
    let acknowledgement = Message::Acknowledgement {
        sequence_number: 3100,
    };
    control(&mut talk, S, 102, acknowledgement);
    let window = &talk.session.windows.client;
    assert_eq!(window.announced, Some(100_000));
    assert_eq!(window.peer_bandwidth.unwrap().window, 200_000);
    // The client sent its handshake of 3073 bytes and a message of 112 bytes.
    assert_eq!(window.unacked(), 3073 + 112 - 3100);
    assert_eq!(talk.session.windows.server.acks, 0);
}

#[test]
fn a_missing_acknowledgement_is_told_once() {
    let mut talk = Talk::shaken();
    control(&mut talk, C, 100, Message::WindowAckSize { size: 1000 });
    for number in 0..100 {
        control(&mut talk, C, 101 + number, Message::Unknown);
    }
    assert_eq!(talk.codes(), ["ack.overdue"]);
    let anomaly = talk.session.anomalies.iter().next().unwrap();
    assert_eq!(anomaly.side, S);
    assert_eq!(
        anomaly.kind.to_string(),
        "2016 bytes without acknowledgement, window 1000 bytes"
    );
}

#[test]
fn a_step_of_the_clock_is_no_latency_and_nothing_is_overdue_by_it() {
    for step in [-3_600_000, 3_600_000] {
        let mut talk = Talk::shaken();
        talk.call(C, 100, 0, "createStream", 2.0, &[]);
        talk.session.clock_stepped(Span::from_millis(step));
        // One that is made behind it waits from there on.
        talk.call(C, 150 + step, 0, "createStream", 3.0, &[]);
        talk.call(S, 300 + step, 0, "_result", 2.0, &[Value::Number(1.0)]);
        talk.session.advance(at(5149 + step).time, &mut talk.facts);
        assert!(talk.codes().is_empty(), "{step}: {:?}", talk.codes());
        talk.session.advance(at(5151 + step).time, &mut talk.facts);
        assert_eq!(talk.codes(), ["call.unanswered"], "{step}");
        let first = talk.session.calls.iter().next().unwrap();
        assert_eq!(first.latency(), Some(Span::from_millis(200)), "{step}");
    }
}

#[test]
fn an_acknowledgement_that_falls_is_told() {
    let mut talk = Talk::shaken();
    for (ms, sequence_number) in [(100, 3000), (101, 2000)] {
        control(
            &mut talk,
            S,
            ms,
            Message::Acknowledgement { sequence_number },
        );
    }
    assert_eq!(talk.codes(), ["ack.reset"]);
}

#[test]
fn a_ping_is_a_call_with_its_latency() {
    let mut talk = Talk::shaken();
    control(&mut talk, S, 100, ping(UserControlType::PING_REQUEST, 77));
    control(&mut talk, C, 138, ping(UserControlType::PING_RESPONSE, 77));
    let call = talk.session.calls.get(1).unwrap();
    assert_eq!((call.name.as_ref(), call.caller), ("ping", S));
    assert_eq!(call.latency(), Some(Span::from_millis(38)));
    assert_eq!(talk.session.calls.stats.ping.count(), 1);
}

#[test]
fn the_end_of_a_stream_is_a_goodbye_of_the_server() {
    let mut talk = Talk::publishing();
    let end = Message::UserControl(UserControl {
        event: UserControlType::STREAM_EOF,
        data: UserControlData::Stream { stream_id: 1 },
    });
    control(&mut talk, S, 300, end);
    assert_eq!(
        talk.session.goodbye().unwrap().kind,
        GoodbyeKind::ServerStop
    );
}

#[test]
fn a_hole_is_counted_and_not_held_against_the_receiver() {
    let mut talk = Talk::shaken();
    control(&mut talk, C, 100, Message::WindowAckSize { size: 1000 });
    talk.event(
        C,
        &Event::Skipped {
            range: ByteRange {
                start: 4000,
                end: 90_000,
            },
            at: at(110),
        },
    );
    talk.sent[0] = 90_000;
    control(&mut talk, C, 120, Message::Unknown);
    assert!(talk.codes().is_empty());
    assert_eq!(talk.session.directions.client.skipped_bytes, 86_000);
}

#[test]
fn parts_of_an_aggregate_are_not_counted_twice() {
    let mut talk = Talk::shaken();
    let whole = talk.raw(S, 100, 1, MessageTypeId::AGGREGATE);
    let part = RawMessage {
        type_id: MessageTypeId::AUDIO,
        length: 40,
        received: 40,
        from_aggregate: true,
        ..whole.clone()
    };
    talk.event(S, &Event::Message(whole));
    talk.event(S, &Event::Message(part));
    let direction = &talk.session.directions.server;
    assert_eq!((direction.messages(), direction.aggregated), (1, 1));
    assert_eq!(direction.payload_bytes(), 100);
}

#[test]
fn an_enciphered_direction_is_told_once() {
    let mut talk = Talk::shaken();
    for offset in [3073, 4000] {
        talk.event(
            C,
            &Event::Opaque {
                reason: "RTMPE",
                offset,
                at: at(70),
            },
        );
    }
    assert_eq!(talk.facts.len(), 1);
    assert_eq!(talk.session.opaque(Side::Client).unwrap().offset, 3073);
    let stage = talk.session.summary().stage;
    assert_eq!(stage, crate::session::summary::Stage::Opaque);
}
