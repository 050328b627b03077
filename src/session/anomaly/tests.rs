//! Occurrences and episodes, one situation each.

use super::*;
use crate::base::ids::FrameNumber;
use crate::base::time::Timestamp;
use crate::session::track::MediaKind;

fn at(ms: i64) -> Mark {
    Mark {
        time: Timestamp(ms * 1_000_000),
        frame: FrameNumber(1),
    }
}

fn track(id: u8) -> TrackKey {
    TrackKey {
        side: Side::Client,
        stream_id: MessageStreamId(1),
        kind: MediaKind::Video,
        id,
    }
}

fn back(track: TrackKey, back_ms: u32) -> SessionAnomalyKind {
    SessionAnomalyKind::MediaTimestampBackwards { track, back_ms }
}

#[test]
fn a_run_of_occurrences_is_told_once() {
    let mut anomalies = Anomalies::default();
    let side = Side::Client;
    assert!(anomalies.note(back(track(0), 10), side, at(0)).is_some());
    assert!(anomalies.note(back(track(0), 20), side, at(4000)).is_none());
    assert!(anomalies.note(back(track(0), 30), side, at(8000)).is_none());
    assert!(
        anomalies
            .note(back(track(0), 40), side, at(14_000))
            .is_some()
    );
    let known = anomalies.iter().next().unwrap();
    assert_eq!((known.count, known.episodes), (4, 2));
    assert_eq!((known.first, known.last), (at(0), at(14_000)));
    assert_eq!(known.kind, back(track(0), 40));
}

#[test]
fn tracks_have_their_own_episodes() {
    let mut anomalies = Anomalies::default();
    let side = Side::Client;
    assert!(anomalies.note(back(track(0), 1), side, at(0)).is_some());
    assert!(anomalies.note(back(track(1), 1), side, at(0)).is_some());
    assert_eq!(anomalies.len(), 2);
}

#[test]
fn a_failed_call_matters_when_the_session_needs_it() {
    let failed = |is_optional| SessionAnomalyKind::CallFailed {
        name: "connect".into(),
        code: None,
        is_optional,
    };
    assert_eq!(failed(false).severity(), Severity::Critical);
    assert_eq!(failed(true).severity(), Severity::Info);
}

#[test]
fn the_text_has_the_figures_and_no_control_characters() {
    let kind = SessionAnomalyKind::CallFailed {
        name: "a\x1b[2J".into(),
        code: Some("NetStream.Failed".into()),
        is_optional: false,
    };
    assert_eq!(kind.to_string(), "a\\x1b[2J failed: NetStream.Failed");
    assert_eq!(
        back(track(0), 40).to_string(),
        "video of client on stream 1: timestamp goes back 40 ms"
    );
}

#[test]
fn the_list_is_bounded() {
    let mut anomalies = Anomalies::default();
    for number in 0..100 {
        let name = format!("call-{number}").into();
        let kind = SessionAnomalyKind::CallAnsweredTwice {
            name,
            transaction_id: None,
        };
        anomalies.note(kind, Side::Server, at(0));
    }
    assert_eq!(anomalies.len(), MAX_ANOMALIES);
    assert_eq!(anomalies.left_out(), 36);
}

#[test]
fn short_waits_are_told_in_milliseconds() {
    let text = |waited| {
        SessionAnomalyKind::CallUnanswered {
            name: "publish".into(),
            transaction_id: Some(TransactionId(5.0)),
            waited,
        }
        .to_string()
    };
    assert_eq!(
        text(Span::from_millis(42)),
        "publish #5 has no answer after 42 ms"
    );
    assert_eq!(
        text(Span::from_millis(5400)),
        "publish #5 has no answer after 5.4 s"
    );
}
