//! The handshake, and how long each phase of the setup took.

use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::units::lasting;
use crate::compare::Both;
use crate::compare::Section;
use crate::compare::Weight;
use crate::compare::lines::Asked;
use crate::compare::lines::Lines;
use crate::compare::lines::Tolerance;
use crate::compare::order::SLOW;
use crate::compare::order::arrow;
use crate::compare::outcome::millis;
use crate::rtmp::event::DigestScheme;
use crate::session::handshake::EchoVerdict;
use crate::session::netstream::Role;
use crate::session::setup::Phase;
use crate::session::setup::Setup;

/// How far two runs of the same setup are apart on one network.
const TIMES: Tolerance = Tolerance {
    share: 0.5,
    least: 50.0,
};

/// Versions, digests and echoes.
pub(super) fn handshake(both: Both<'_>) -> Section {
    let mut lines = Lines::new("handshake");
    let (left, right) = both.ask(|party| {
        let handshake = &party.session.handshake;
        let is_complete = if handshake.is_complete() {
            "complete"
        } else {
            "not completed"
        };
        handshake.is_seen().then_some(is_complete)
    });
    let weight = if left.is_some() && right.is_some() {
        Weight::Fault
    } else {
        Weight::Choice
    };
    lines.add("handshake", weight, (left, right));
    for side in Side::BOTH {
        let hello = |party: &super::Party<'_>| party.session.handshake.sides.of(side).hello;
        let (left, right) = both.ask(|party| hello(party).map(|hello| hello.version.to_string()));
        let name = |what: &str| format!("{} {what}", arrow(side));
        lines.add(name("version"), Weight::Choice, (left, right));
        let (left, right) = both.ask(|party| {
            hello(party).map(|hello| match hello.digest {
                None => "simple, no digest",
                Some(DigestScheme::DigestFirst) => "digest before key",
                Some(DigestScheme::KeyFirst) => "key before digest",
            })
        });
        lines.add(name("digest"), Weight::Choice, (left, right));
        let (left, right) = both.ask(|party| {
            let version = hello(party)?.peer_version;
            Some(version.map(|part| part.to_string()).join("."))
        });
        lines.add(name("software version"), Weight::Choice, (left, right));
        let verdict = |party: &super::Party<'_>| {
            let echo = party.session.handshake.sides.of(side).echo?;
            Some(match echo.verdict {
                EchoVerdict::Unknown => "cannot be told",
                EchoVerdict::Exact => "repeats what was sent",
                EchoVerdict::DigestValid => "signed",
                EchoVerdict::Wrong => "wrong",
            })
        };
        let (left, right) = both.ask(verdict);
        let is_wrong = |said: Option<&str>| said == Some("wrong");
        let weight = if is_wrong(left) == is_wrong(right) {
            Weight::Choice
        } else {
            Weight::Fault
        };
        lines.add(name("echo"), weight, (left, right));
    }
    lines.finish()
}

/// How long each phase took.
pub(super) fn times(both: Both<'_>) -> Section {
    let mut lines = Lines::new("times of the setup");
    let (left, right) = both.ask(|party| party.session.setup());
    let phases: [Asked<Setup, Phase>; 5] = [
        ("TCP", |setup| setup.tcp),
        ("handshake", |setup| setup.handshake),
        ("connect", |setup| setup.connect),
        ("createStream", |setup| setup.create_stream),
        ("publish or play", |setup| setup.start),
    ];
    for (name, of) in phases {
        let (one, other) = (of(&left), of(&right));
        let is_same = match (took(one), took(other)) {
            (Some(one), Some(other)) => TIMES.holds(one.as_millis_f64(), other.as_millis_f64()),
            (None, None) => one.is_some() && other.is_some(),
            _ => false,
        };
        let went_alike = one.zip(other).is_none_or(|(one, other)| {
            one.failed == other.failed && one.end.is_some() == other.end.is_some()
        });
        let weight = if went_alike && is_slow(took(one)) == is_slow(took(other)) {
            Weight::Figure
        } else {
            Weight::Fault
        };
        lines.judged(
            name,
            weight,
            (one.map(phase), other.map(phase)),
            is_same && went_alike,
        );
    }
    let from_start: [Asked<Setup, Span>; 4] = [
        ("first audio", |setup| setup.after_start(setup.first_audio)),
        ("first video", |setup| setup.after_start(setup.first_video)),
        ("first keyframe", |setup| {
            setup.after_start(setup.first_keyframe)
        }),
        ("in all, to the first medium", Setup::total),
    ];
    // A publisher sends when it likes; a player is made to wait.
    let (role, other_role) = both.ask(|party| party.session.summary().role);
    let are_waiting = role == Some(Role::Player) && role == other_role;
    for (name, of) in from_start {
        let (one, other) = (of(&left), of(&right));
        let is_worse = match (one, other) {
            (Some(_), Some(_)) => are_waiting && is_slow(one) != is_slow(other),
            // Media that never came was told with the tracks.
            _ => false,
        };
        let weight = if is_worse {
            Weight::Fault
        } else {
            Weight::Figure
        };
        let values = (one.map(Span::as_millis_f64), other.map(Span::as_millis_f64));
        lines.figures(name, weight, values, TIMES, |ms| lasting(millis(ms)));
    }
    lines.finish()
}

fn took(phase: Option<Phase>) -> Option<Span> {
    phase?.duration()
}

fn is_slow(took: Option<Span>) -> bool {
    took.is_some_and(|took| took > SLOW)
}

fn phase(phase: Phase) -> String {
    let state = if phase.failed { ", failed" } else { "" };
    match phase.duration() {
        Some(took) => format!("{}{state}", lasting(took)),
        None => format!("not completed{state}"),
    }
}
