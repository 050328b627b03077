//! What must not be shown is known before the fact that carries it.

use super::*;

fn connect(app: &str, tc_url: &str) -> Command {
    Command {
        name: "connect".into(),
        transaction_id: Some(TransactionId(1.0)),
        object: Some(object(&[("app", text(app)), ("tcUrl", text(tc_url))])),
        ..Command::default()
    }
}

#[test]
fn stream_names_are_secrets() {
    let mut talk = Talk::shaken();
    talk.call(C, 100, 0, "releaseStream", 2.0, &[text("key-1")]);
    talk.call(C, 100, 0, "FCPublish", 3.0, &[text("key-2")]);
    talk.call(
        C,
        110,
        1,
        "publish",
        5.0,
        &[text("key-3?sign=abcdefgh"), text("live")],
    );
    let secrets: Vec<_> = talk.session.secrets().iter().collect();
    assert_eq!(
        secrets,
        [
            "key-1",
            "key-2",
            "key-3?sign=abcdefgh",
            "key-3",
            "sign=abcdefgh",
            "abcdefgh"
        ]
    );
    let described = "Publishing key-3.";
    assert!(talk.session.redactor().is_secret(described));
}

#[test]
fn user_and_query_of_urls_are_secrets() {
    let mut talk = Talk::shaken();
    talk.command(
        C,
        100,
        0,
        connect("live?token=0123456789", "rtmp://me:pass-word@h/live"),
    );
    let redactor = talk.session.redactor();
    for secret in ["0123456789", "pass-word", "me:pass-word"] {
        assert!(redactor.is_secret(secret), "{secret}");
    }
    assert!(!redactor.is_secret("live"));
}

#[test]
fn authentication_strings_of_errors_are_secrets() {
    let mut talk = Talk::shaken();
    talk.command(C, 100, 0, connect("live", "rtmp://h/live"));
    let information = object(&[
        ("level", text("error")),
        ("code", text("NetConnection.Connect.Rejected")),
        (
            "description",
            text(
                "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=u&salt=saltsalt&challenge=chalchal",
            ),
        ),
    ]);
    talk.call(S, 110, 0, "_error", 1.0, &[information]);
    let redactor = talk.session.redactor();
    assert!(redactor.is_secret("chalchal") && redactor.is_secret("saltsalt"));
    let reply = talk.session.calls.get(1).unwrap().reply.clone().unwrap();
    let shown = redactor.text(reply.description().unwrap()).into_owned();
    assert!(shown.contains("reason=needauth"), "{shown}");
    assert!(!shown.contains("user=u&"), "{shown}");
}
