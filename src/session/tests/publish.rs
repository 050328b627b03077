//! From the handshake to the end of a publisher or player.

use super::*;
use crate::base::time::Span;
use crate::session::end::EndStyle;
use crate::session::end::GoodbyeKind;
use crate::session::netstream::PublishType;
use crate::session::netstream::Role;
use crate::session::netstream::StreamState;
use crate::session::summary::Stage;

#[test]
fn a_call_whose_begin_was_sent_again_is_made_when_it_is_whole() {
    let mut talk = Talk::shaken();
    let mut raw = talk.raw(C, 100, 0, MessageTypeId::COMMAND_AMF0);
    raw.first = at(130);
    let command = Command {
        name: "connect".into(),
        transaction_id: Some(TransactionId(1.0)),
        ..Command::default()
    };
    talk.message(C, raw, Message::Command(command));
    talk.call(S, 140, 0, "_result", 1.0, &[]);
    let call = talk.session.calls.get(1).unwrap();
    assert_eq!(call.at, at(130));
    assert_eq!(call.latency(), Some(Span::from_millis(10)));
    let connect = talk.session.setup().connect.unwrap();
    assert_eq!(connect.duration(), Some(Span::from_millis(10)));
}

#[test]
fn the_handshake_is_told_once() {
    let mut talk = Talk::shaken();
    talk.facts.clear();
    let mut again = Talk::default();
    std::mem::swap(&mut again.session, &mut talk.session);
    let handshake = &again.session.handshake;
    assert!(handshake.is_complete());
    assert_eq!(handshake.duration(), Some(Span::from_millis(60)));
    again.call(C, 100, 0, "connect", 1.0, &[]);
    again.call(S, 100, 0, "_result", 1.0, &[]);
    let handshakes = again
        .facts
        .iter()
        .filter(|fact| matches!(fact, Fact::HandshakeDone { .. }));
    assert_eq!(handshakes.count(), 0);
}

#[test]
fn the_phases_of_the_setup_have_durations() {
    let talk = Talk::publishing();
    let setup = talk.session.setup();
    let took = |phase: Option<crate::session::setup::Phase>| phase.unwrap().duration().unwrap();
    assert_eq!(took(setup.handshake), Span::from_millis(60));
    assert_eq!(took(setup.connect), Span::from_millis(10));
    assert_eq!(took(setup.create_stream), Span::from_millis(10));
    assert_eq!(took(setup.start), Span::from_millis(60));
}

#[test]
fn a_publisher_is_known_by_its_calls() {
    let talk = Talk::publishing();
    let summary = talk.session.summary();
    assert_eq!(summary.role, Some(Role::Publisher));
    assert_eq!(summary.stream_name, Some("cam"));
    assert_eq!(summary.stage, Stage::Publishing);
    let stream = talk.session.stream(MessageStreamId(1)).unwrap();
    assert_eq!(stream.publish_type, Some(PublishType::Live));
    assert_eq!(stream.since, at(200).time);
    assert!(talk.session.anomalies.is_empty());
}

#[test]
fn every_call_is_told_when_it_is_over() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 0, "connect", 1.0, &[]);
    talk.call(S, 110, 0, "_result", 1.0, &[]);
    talk.call(C, 120, 0, "releaseStream", 2.0, &[text("cam")]);
    talk.call(C, 120, 0, "FCPublish", 3.0, &[text("cam")]);
    talk.call(C, 120, 0, "createStream", 4.0, &[]);
    talk.call(S, 130, 0, "_result", 4.0, &[Value::Number(1.0)]);
    talk.call(S, 131, 0, "onFCPublish", 0.0, &[]);
    talk.call(C, 140, 0, "deleteStream", 5.0, &[Value::Number(1.0)]);
    talk.finish(EndCause::Fin, Some(C), 150);
    let state = |name: &str, state| (name.to_owned(), state);
    assert_eq!(
        talk.completed(),
        [
            state("connect", CallState::Answered),
            state("createStream", CallState::Answered),
            state("FCPublish", CallState::Answered),
            state("deleteStream", CallState::OneWay),
            state("releaseStream", CallState::Unanswered),
        ]
    );
}

#[test]
fn a_name_in_use_is_a_rejected_stream() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "publish", 0.0, &[text("cam"), text("live")]);
    talk.call(
        S,
        141,
        1,
        "onStatus",
        0.0,
        &[status("error", "NetStream.Publish.BadName")],
    );
    assert_eq!(talk.codes(), ["stream.bad_name"]);
    let summary = talk.session.summary();
    assert_eq!(summary.stage, Stage::Rejected);
    let call = talk.session.calls.get(1).unwrap();
    assert_eq!(call.state, CallState::Failed);
    assert_eq!(call.latency(), Some(Span::from_millis(41)));
    assert!(talk.session.setup().start.unwrap().failed);
}

#[test]
fn another_refusal_names_its_code() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "play", 0.0, &[text("cam")]);
    talk.call(
        S,
        110,
        1,
        "onStatus",
        0.0,
        &[status("error", "NetStream.Play.StreamNotFound")],
    );
    assert_eq!(talk.codes(), ["stream.rejected"]);
}

#[test]
fn a_refused_connect_fails_the_connection() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 0, "connect", 1.0, &[]);
    talk.call(
        S,
        110,
        0,
        "_error",
        1.0,
        &[status("error", "NetConnection.Connect.Rejected")],
    );
    assert_eq!(talk.codes(), ["call.failed"]);
    assert_eq!(talk.session.summary().stage, Stage::Rejected);
}

#[test]
fn an_error_out_of_the_blue_is_told() {
    let mut talk = Talk::publishing();
    talk.call(
        S,
        300,
        1,
        "onStatus",
        0.0,
        &[status("error", "NetStream.Failed")],
    );
    assert_eq!(talk.codes(), ["call.failed"]);
    assert_eq!(
        talk.session.goodbye().unwrap().kind,
        GoodbyeKind::ServerError
    );
}

#[test]
fn the_answer_on_message_stream_0_is_for_the_stream_that_waits() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "publish", 0.0, &[text("cam"), text("live")]);
    talk.call(
        S,
        110,
        0,
        "onStatus",
        0.0,
        &[status("status", "NetStream.Publish.Start")],
    );
    let stream = talk.session.stream(MessageStreamId(1)).unwrap();
    assert_eq!(stream.state, StreamState::Publishing);
}

#[test]
fn a_player_plays() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "play", 0.0, &[text("cam"), Value::Number(-2.0)]);
    talk.call(
        S,
        110,
        1,
        "onStatus",
        0.0,
        &[status("status", "NetStream.Play.Reset")],
    );
    talk.call(
        S,
        111,
        1,
        "onStatus",
        0.0,
        &[status("status", "NetStream.Play.Start")],
    );
    let summary = talk.session.summary();
    assert_eq!(summary.role, Some(Role::Player));
    assert_eq!(summary.stage, Stage::Playing);
    let phase = talk.session.setup().start.unwrap();
    assert_eq!(phase.duration(), Some(Span::from_millis(11)));
}

#[test]
fn a_call_that_must_be_answered_is_told_after_five_seconds() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 0, "connect", 1.0, &[]);
    talk.session.advance(at(5_100).time, &mut talk.facts);
    assert!(talk.codes().is_empty());
    talk.session.advance(at(5_101).time, &mut talk.facts);
    assert_eq!(talk.codes(), ["call.unanswered"]);
    talk.session.advance(at(60_000).time, &mut talk.facts);
    assert!(talk.codes().is_empty());
}

#[test]
fn a_call_cut_off_by_the_server_is_unanswered() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "publish", 0.0, &[text("cam"), text("live")]);
    talk.finish(EndCause::Fin, Some(S), 150);
    assert_eq!(talk.codes(), ["call.unanswered"]);
}

#[test]
fn a_client_that_leaves_at_once_did_not_miss_the_answer() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 1, "publish", 0.0, &[text("cam"), text("live")]);
    talk.finish(EndCause::Reset, Some(C), 150);
    assert!(talk.codes().is_empty());
}

#[test]
fn odd_answers_are_told() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 0, "connect", 1.0, &[]);
    talk.call(S, 110, 0, "_result", 1.0, &[]);
    talk.call(S, 111, 0, "_result", 1.0, &[]);
    talk.call(S, 112, 0, "_result", 9.0, &[]);
    talk.call(C, 113, 0, "createStream", 1.0, &[]);
    assert_eq!(
        talk.codes(),
        [
            "call.answered_twice",
            "call.orphan_reply",
            "call.transaction_reused"
        ]
    );
}

#[test]
fn a_reply_to_what_was_not_captured_is_not_odd() {
    let mut talk = Talk::default();
    talk.call(S, 100, 0, "_result", 9.0, &[]);
    assert!(talk.codes().is_empty());
    assert_eq!(talk.session.calls.stats.orphan_replies, 1);
}

#[test]
fn a_publisher_that_says_goodbye_ends_cleanly() {
    let mut talk = Talk::publishing();
    talk.call(C, 900, 0, "FCUnpublish", 4.0, &[text("cam")]);
    talk.call(C, 900, 0, "deleteStream", 5.0, &[Value::Number(1.0)]);
    talk.finish(EndCause::Fin, Some(S), 910);
    let goodbye = talk.session.goodbye().unwrap();
    assert_eq!((goodbye.kind, goodbye.by), (GoodbyeKind::FcUnpublish, C));
    let summary = talk.session.summary();
    assert_eq!(summary.end, Some(EndStyle::Clean));
    assert_eq!(summary.ended_by, Some(C));
    let stream = talk.session.stream(MessageStreamId(1)).unwrap();
    assert_eq!(stream.state, StreamState::Deleted);
    assert_eq!(stream.since, at(900).time);
}

#[test]
fn a_connection_broken_off_ends_abruptly() {
    let mut talk = Talk::publishing();
    talk.finish(EndCause::Reset, Some(S), 910);
    let summary = talk.session.summary();
    assert_eq!(summary.end, Some(EndStyle::Abrupt));
    assert_eq!(summary.ended_by, Some(S));
    assert_eq!(talk.facts.last().unwrap().at(), at(910));
}

#[test]
fn an_open_connection_has_no_end() {
    assert_eq!(Talk::publishing().session.summary().end, None);
}

#[test]
fn a_stream_id_given_again_is_another_stream() {
    let mut talk = Talk::publishing();
    talk.call(C, 900, 0, "deleteStream", 5.0, &[Value::Number(1.0)]);
    talk.call(C, 910, 0, "createStream", 6.0, &[]);
    talk.call(S, 920, 0, "_result", 6.0, &[Value::Number(1.0)]);
    talk.call(C, 930, 1, "publish", 7.0, &[text("dog"), text("live")]);
    assert_eq!(talk.session.streams.len(), 2);
    assert_eq!(talk.session.streams[0].name.as_deref(), Some("cam"));
    let latest = talk.session.stream(MessageStreamId(1)).unwrap();
    assert_eq!(latest.name.as_deref(), Some("dog"));
}

#[test]
fn a_handshake_that_was_cut_is_told_at_the_end() {
    let mut talk = Talk::default();
    talk.event(
        C,
        &Event::Hello(Hello {
            first: at(0),
            last: at(0),
            version: 3,
            time: 0,
            peer_version: [0; 4],
            digest: None,
            fingerprint: 1,
        }),
    );
    assert_eq!(talk.session.summary().stage, Stage::Handshake);
    talk.finish(EndCause::Fin, Some(S), 10_000);
    assert_eq!(talk.codes(), ["handshake.unfinished"]);
}

#[test]
fn capabilities_of_both_peers_are_kept() {
    let mut talk = Talk::shaken();
    let list = Value::StrictArray(Box::new(crate::rtmp::amf::value::StrictArray {
        declared: 2,
        items: vec![text("av01"), text("hvc1")],
    }));
    let connect = object(&[
        ("app", text("live")),
        ("flashVer", text("FMLE/3.0 (compatible; Lavf60.3.100)")),
        ("objectEncoding", Value::Number(0.0)),
        ("fourCcList", list),
        ("capsEx", Value::Number(6.0)),
    ]);
    talk.command(
        C,
        100,
        0,
        Command {
            name: "connect".into(),
            transaction_id: Some(TransactionId(1.0)),
            object: Some(connect),
            ..Command::default()
        },
    );
    let properties = object(&[("fmsVer", text("FMS/3,0,1,123"))]);
    let information = object(&[
        ("code", text("NetConnection.Connect.Success")),
        ("data", object(&[("srs_server", text("SRS/6.0"))])),
        ("videoFourCcInfoMap", object(&[("*", Value::Number(4.0))])),
    ]);
    talk.command(
        S,
        110,
        0,
        Command {
            name: "_result".into(),
            transaction_id: Some(TransactionId(1.0)),
            object: Some(properties),
            arguments: [information].into(),
            ..Command::default()
        },
    );
    let peers = talk.session.peers.as_ref().unwrap();
    assert_eq!(peers.client_software(), Some("Lavf60.3.100"));
    assert_eq!(peers.server_software(), Some("SRS/6.0"));
    let client = peers.client_enhanced.as_ref().unwrap();
    assert_eq!(
        client.caps_names().collect::<Vec<_>>(),
        ["multitrack", "mod_ex"]
    );
    assert!(client.names("hvc1") && !client.names("vp09"));
    let server = peers.server_enhanced.as_ref().unwrap();
    assert!(server.names("vp09"));
}
