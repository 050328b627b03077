//! Calls and their answers, one situation each.

use super::*;
use crate::base::ids::FrameNumber;

fn at(ms: i64) -> Mark {
    Mark {
        time: Timestamp(ms * 1_000_000),
        frame: FrameNumber(1),
    }
}

fn request(name: &str, transaction_id: f64, ms: i64) -> Request<'_> {
    Request {
        caller: Side::Client,
        name,
        transaction_id: Some(TransactionId(transaction_id)),
        csid: ChunkStreamId(3),
        stream_id: MessageStreamId(0),
        stream_from: None,
        at: at(ms),
        message: 1,
        detail: None,
    }
}

fn on_stream(name: &str, stream: u32, ms: i64) -> Request<'_> {
    Request {
        stream_id: MessageStreamId(stream),
        ..request(name, 0.0, ms)
    }
}

fn answer(kind: ReplyKind, ms: i64) -> Answer<'static> {
    Answer {
        from: Side::Server,
        kind,
        stream_id: MessageStreamId(0),
        at: at(ms),
        message: 2,
        level: None,
        code: None,
        description: None,
    }
}

fn status(code: &'static str, stream: u32, ms: i64) -> Answer<'static> {
    Answer {
        stream_id: MessageStreamId(stream),
        level: Some("status"),
        code: Some(code),
        ..answer(ReplyKind::Status, ms)
    }
}

fn id(number: f64) -> TransactionId {
    TransactionId(number)
}

#[test]
fn a_result_answers_the_call_with_its_transaction_id() {
    let mut calls = Calls::default();
    calls.open(&request("connect", 1.0, 0));
    calls.open(&request("createStream", 2.0, 5));
    let done = calls.answer(Some(id(2.0)), &answer(ReplyKind::Result, 45));
    assert_eq!(done, Answered::Completed(2));
    let call = calls.get(2).unwrap();
    assert_eq!(call.latency(), Some(Span::from_millis(40)));
    assert_eq!(call.state, CallState::Answered);
    assert!(call.pipelined());
    assert_eq!(calls.waiting(), 1);
}

#[test]
fn an_error_fails_the_call() {
    let mut calls = Calls::default();
    calls.open(&request("connect", 1.0, 0));
    calls.answer(
        Some(id(1.0)),
        &Answer {
            description: Some("no such app"),
            ..answer(ReplyKind::Error, 10)
        },
    );
    let call = calls.get(1).unwrap();
    assert_eq!(call.state, CallState::Failed);
    let reply = call.reply.as_ref().unwrap();
    assert_eq!(reply.description(), Some("no such app"));
    assert_eq!((calls.stats.failed, calls.stats.answered), (1, 0));
}

#[test]
fn a_result_of_level_error_fails_the_call_too() {
    // ZLMediaKit refuses an application so.
    let mut calls = Calls::default();
    calls.open(&request("connect", 1.0, 0));
    calls.answer(
        Some(id(1.0)),
        &Answer {
            level: Some("error"),
            code: Some("NetConnection.Connect.InvalidApp"),
            ..answer(ReplyKind::Result, 10)
        },
    );
    assert_eq!(calls.get(1).unwrap().state, CallState::Failed);
}

#[test]
fn a_second_result_is_told() {
    let mut calls = Calls::default();
    calls.open(&request("connect", 1.0, 0));
    calls.answer(Some(id(1.0)), &answer(ReplyKind::Result, 10));
    assert_eq!(
        calls.answer(Some(id(1.0)), &answer(ReplyKind::Result, 11)),
        Answered::Again(1)
    );
    assert_eq!(calls.get(1).unwrap().answers, 2);
    assert_eq!(calls.stats.answered_twice, 1);
    assert_eq!(calls.stats.answered, 1);
}

#[test]
fn a_result_to_no_call_is_an_orphan() {
    let mut calls = Calls::default();
    calls.open(&request("connect", 1.0, 0));
    let done = calls.answer(Some(id(4.0)), &answer(ReplyKind::Result, 10));
    assert_eq!(done, Answered::Orphan);
    assert_eq!(calls.stats.orphan_replies, 1);
    assert!(calls.get(1).unwrap().is_open());
}

#[test]
fn a_publish_with_transaction_id_0_is_answered_by_its_status() {
    // As GStreamer calls it.
    let mut calls = Calls::default();
    calls.open(&on_stream("publish", 1, 100));
    let done = calls.status(&status("NetStream.Publish.Start", 1, 144));
    assert_eq!(done, Some(1));
    let call = calls.get(1).unwrap();
    assert_eq!(call.latency(), Some(Span::from_millis(44)));
    assert_eq!(
        call.reply.as_ref().unwrap().code(),
        Some("NetStream.Publish.Start")
    );
}

#[test]
fn statuses_go_to_the_call_of_their_stream() {
    let mut calls = Calls::default();
    calls.open(&on_stream("publish", 1, 0));
    calls.open(&on_stream("publish", 2, 0));
    assert_eq!(
        calls.status(&status("NetStream.Publish.Start", 2, 5)),
        Some(2)
    );
    // One on message stream 0 goes to what still waits.
    assert_eq!(
        calls.status(&status("NetStream.Publish.Start", 0, 6)),
        Some(1)
    );
}

#[test]
fn the_reset_before_the_start_does_not_answer_play() {
    let mut calls = Calls::default();
    calls.open(&on_stream("play", 1, 0));
    assert_eq!(calls.status(&status("NetStream.Play.Reset", 1, 5)), None);
    assert_eq!(calls.status(&status("NetStream.Play.Start", 1, 9)), Some(1));
    let latency = calls.get(1).unwrap().latency();
    assert_eq!(latency, Some(Span::from_millis(9)));
}

#[test]
fn a_result_beside_the_status_of_publish_is_courtesy() {
    let publish = Request {
        transaction_id: Some(id(5.0)),
        ..on_stream("publish", 1, 0)
    };
    let mut before = Calls::default();
    before.open(&publish);
    before.answer(Some(id(5.0)), &answer(ReplyKind::Result, 3));
    before.status(&status("NetStream.Publish.Start", 1, 8));
    let reply = before.get(1).unwrap().reply.clone().unwrap();
    assert_eq!((reply.kind, reply.at), (ReplyKind::Status, at(8)));
    assert_eq!(before.stats.answered, 1);

    let mut behind = Calls::default();
    behind.open(&publish);
    behind.status(&status("NetStream.Publish.Start", 1, 8));
    let done = behind.answer(Some(id(5.0)), &answer(ReplyKind::Result, 9));
    assert_eq!(done, Answered::Completed(0));
    assert_eq!(behind.stats.answered_twice, 0);
}

#[test]
fn nobody_answers_delete_stream() {
    let mut calls = Calls::default();
    calls.open(&request("deleteStream", 7.0, 0));
    assert_eq!(calls.get(1).unwrap().state, CallState::OneWay);
    assert!(calls.close().is_empty());
}

#[test]
fn an_unpublish_that_is_confirmed_has_a_latency() {
    let mut calls = Calls::default();
    calls.open(&on_stream("FCUnpublish", 0, 0));
    let done = calls.status(&status("NetStream.Unpublish.Success", 1, 2));
    assert_eq!(done, Some(1));
}

#[test]
fn a_notice_answers_the_call_it_names() {
    let mut calls = Calls::default();
    calls.open(&request("FCPublish", 3.0, 0));
    let done = calls.notice("onFCPublish", &answer(ReplyKind::Notice, 4));
    assert_eq!(done, Some(1));
    assert_eq!(
        calls.notice("onFCPublish", &answer(ReplyKind::Notice, 5)),
        None
    );
}

#[test]
fn the_same_transaction_id_again_is_marked_and_answers_go_in_order() {
    let mut calls = Calls::default();
    calls.open(&request("createStream", 2.0, 0));
    calls.open(&request("createStream", 2.0, 1));
    assert!(!calls.get(1).unwrap().reused_transaction());
    assert!(calls.get(2).unwrap().reused_transaction());
    let first = calls.answer(Some(id(2.0)), &answer(ReplyKind::Result, 5));
    let second = calls.answer(Some(id(2.0)), &answer(ReplyKind::Result, 6));
    assert_eq!(first, Answered::Completed(1));
    assert_eq!(second, Answered::Completed(2));
}

#[test]
fn both_sides_count_their_own_transaction_ids() {
    let mut calls = Calls::default();
    calls.open(&request("connect", 1.0, 0));
    calls.open(&Request {
        caller: Side::Server,
        ..request("_onbwcheck", 1.0, 1)
    });
    assert!(!calls.get(2).unwrap().reused_transaction());
    let by_client = Answer {
        from: Side::Client,
        ..answer(ReplyKind::Result, 3)
    };
    assert_eq!(
        calls.answer(Some(id(1.0)), &by_client),
        Answered::Completed(2)
    );
}

#[test]
fn a_ping_is_answered_by_its_value() {
    let mut calls = Calls::default();
    let ping = |value, ms| Request {
        caller: Side::Server,
        ..request(PING, value, ms)
    };
    let response = Answer {
        from: Side::Client,
        ..answer(ReplyKind::Pong, 30)
    };
    calls.open(&ping(1000.0, 0));
    calls.open(&ping(2000.0, 10));
    assert_eq!(
        calls.answer(Some(id(2000.0)), &response),
        Answered::Completed(2)
    );
    // monibuca leaves the value out.
    assert_eq!(calls.answer(None, &response), Answered::Completed(1));
    assert_eq!(calls.stats.ping.max(), Span::from_millis(30));
    assert_eq!(calls.stats.latency.count(), 0);
}

#[test]
fn a_required_answer_is_overdue_once() {
    let mut calls = Calls::default();
    calls.open(&request("releaseStream", 2.0, 0));
    calls.open(&request("createStream", 3.0, 0));
    assert_eq!(calls.overdue(at(5000).time), None);
    assert_eq!(calls.overdue(at(5001).time), Some(2));
    assert_eq!(calls.overdue(at(9000).time), None);
}

#[test]
fn what_is_open_at_the_end_stays_unanswered() {
    let mut calls = Calls::default();
    calls.open(&request("releaseStream", 2.0, 0));
    assert_eq!(calls.close(), [1]);
    assert_eq!(calls.get(1).unwrap().state, CallState::Unanswered);
    assert_eq!(calls.stats.unanswered_optional, 1);
}

#[test]
fn every_call_is_in_one_count() {
    let mut calls = Calls::default();
    calls.open(&request("connect", 1.0, 0));
    calls.answer(Some(id(1.0)), &answer(ReplyKind::Result, 10));
    calls.open(&request("FCPublish", 2.0, 20));
    calls.open(&request("createStream", 3.0, 20));
    calls.answer(Some(id(3.0)), &answer(ReplyKind::Error, 30));
    calls.open(&on_stream("publish", 1, 40));
    calls.open(&request("FCUnpublish", 4.0, 50));
    calls.open(&on_stream("deleteStream", 0, 50));
    // nginx-rtmp confirms what ends the stream with a status.
    calls.status(&status("NetStream.Unpublish.Success", 1, 55));
    calls.open(&Request {
        caller: Side::Server,
        ..request(PING, 1000.0, 60)
    });
    calls.close();
    let stats = &calls.stats;
    assert_eq!((stats.calls, stats.pings), (6, 1));
    assert_eq!((stats.answered, stats.failed), (2, 1));
    assert_eq!((stats.unanswered, stats.unanswered_optional), (1, 1));
    assert_eq!((stats.one_way, stats.pings_unanswered), (1, 1));
}

#[test]
fn the_setup_and_the_latest_calls_are_kept() {
    let mut calls = Calls::default();
    for number in 0..1000_u32 {
        let number = f64::from(number) + 1.0;
        calls.open(&request("seek", number, 0));
        if number < 900.0 {
            calls.answer(Some(id(number)), &answer(ReplyKind::Result, 1));
        }
    }
    let ids: Vec<_> = calls.iter().map(|call| call.id).collect();
    assert_eq!(ids.len(), MAX_CALLS);
    assert_eq!(ids[KEPT_FIRST - 1], 64);
    assert_eq!(ids[MAX_CALLS - 1], 1000);
    assert_eq!(calls.stats.calls, 1000);
    assert_eq!(calls.stats.left_out, 744);
    assert!(ids.contains(&900), "open ones are let go last");
}

#[test]
fn a_flood_of_open_calls_lets_the_oldest_go_as_unanswered() {
    let mut calls = Calls::default();
    let mut let_go = 0;
    for number in 0..300_u32 {
        let (_, gone) = calls.open(&request("x", f64::from(number) + 1.0, 0));
        if let Some(call) = gone {
            assert_eq!(call.state, CallState::Unanswered);
            let_go += 1;
        }
    }
    assert_eq!(let_go, 44);
    assert_eq!(calls.waiting(), 256);
}

#[test]
fn long_names_are_cut_at_a_character() {
    let long = "é".repeat(MAX_TEXT);
    assert_eq!(bounded(&long).len(), MAX_TEXT);
    let odd = format!("a{long}");
    assert_eq!(bounded(&odd).len(), MAX_TEXT - 1);
}
