//! The phases before media flows, and what is enciphered.

use crate::base::side::Side;
use crate::base::units::span_with_hours;
use crate::pipeline::Connection;
use crate::report::section::Fact;
use crate::rtmp::handshake::is_rtmpe;
use crate::session::handshake::EchoVerdict;
use crate::session::setup::Phase;

pub(super) fn setup(connection: &Connection) -> Vec<Fact> {
    let session = &connection.session;
    let setup = session.setup();
    let mut parts = Vec::new();
    let mut phase = |name: &str, phase: Option<&Phase>, note: &str| {
        let Some(phase) = phase else {
            return;
        };
        let state = if phase.failed { " FAILED" } else { "" };
        match phase.duration() {
            Some(duration) => {
                parts.push(format!("{name} {}{note}{state}", span_with_hours(duration)));
            }
            None => parts.push(format!("{name} not completed{note}{state}")),
        }
    };
    let handshake = &session.handshake;
    let echo = |side| handshake.sides.of(side).echo.map(|echo| echo.verdict);
    let wrong = Side::BOTH
        .iter()
        .any(|side| echo(*side) == Some(EchoVerdict::Wrong));
    let scheme = match (handshake.is_digest(), wrong) {
        (true, false) => "digest",
        (true, true) => "digest, wrong echo",
        (false, false) => "simple",
        (false, true) => "simple, wrong echo",
    };
    let hello = handshake.sides.client.hello;
    let asked = if hello.is_some_and(|hello| is_rtmpe(hello.version)) {
        "RTMPE, "
    } else {
        ""
    };
    let scheme = format!(" ({asked}{scheme})");
    phase("tcp", setup.tcp.as_ref(), "");
    phase("handshake", setup.handshake.as_ref(), &scheme);
    phase("connect", setup.connect.as_ref(), "");
    phase("createStream", setup.create_stream.as_ref(), "");
    phase("publish/play", setup.start.as_ref(), "");
    for (name, first) in [
        ("audio", setup.first_audio),
        ("video", setup.first_video),
        ("keyframe", setup.first_keyframe),
    ] {
        if let Some(after) = setup.after_start(first) {
            parts.push(format!("first {name} +{}", span_with_hours(after)));
        }
    }
    let mut facts = Vec::new();
    if !parts.is_empty() {
        facts.push(Fact::own("setup", parts.join(" | ")));
    }
    for side in Side::BOTH {
        if let Some(opaque) = session.opaque(side) {
            let text = format!("{} sends: {}", side.name(), opaque.reason);
            facts.push(Fact::own("opaque", text));
        }
    }
    facts
}
