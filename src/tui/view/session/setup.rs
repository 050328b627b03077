//! The phases of the setup, and who the peers are.

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::units::INFERRED;
use crate::rtmp::inferred::Inference;
use crate::rtmp::secret::Secrecy;
use crate::session::handshake::EchoVerdict;
use crate::session::inferred::Subject;
use crate::session::setup::Phase;
use crate::tui::model::Detail;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::session::Fact;
use crate::tui::view::session::Facts;
use crate::tui::view::session::Proof;
use crate::tui::widgets::text::pad;

/// From what something is inferred, and how surely.
fn inferred(from: Inference) -> String {
    format!("{INFERRED} {from} ({})", from.confidence().name())
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of phases, one entry each, reads best in one piece"
)]
pub(super) fn setup<'a>(detail: &Detail, room: usize, view: &ViewState) -> Facts<'a> {
    let theme = view.theme;
    let session = &detail.session;
    let setup = session.setup();
    let mut all = Vec::new();
    let row = |name: &str, value: String, style: Style, note: &str| {
        Line::from(vec![
            Span::raw(format!(" {}", pad(name, 14, false))),
            Span::styled(pad(&value, 9, true), style),
            Span::styled(format!("  {note}"), theme.dim()),
        ])
    };
    let phase = |name: &str, phase: Option<&Phase>, note: &str| match phase {
        None => row(name, "-".to_owned(), theme.dim(), "not seen"),
        Some(phase) if phase.failed => row(name, "✖ failed".to_owned(), theme.bad(), note),
        Some(phase) => match phase.duration() {
            Some(took) => row(name, units::span(took), theme.good(), note),
            None => row(name, "▲ waits".to_owned(), theme.warn(), note),
        },
    };
    let wrong = Side::BOTH.iter().any(|side| {
        let echo = session.handshake.sides.of(*side).echo;
        echo.is_some_and(|echo| echo.verdict == EchoVerdict::Wrong)
    });
    let scheme = match (session.handshake.is_digest(), wrong) {
        (true, false) => "digest ✔",
        (false, false) => "simple",
        (true, true) => "digest, ▲ wrong echo",
        (false, true) => "simple, ▲ wrong echo",
    };
    let start = session
        .summary()
        .role
        .map_or("publish/play", |role| match role {
            crate::session::netstream::Role::Publisher => "publish",
            crate::session::netstream::Role::Player => "play",
        });
    for (name, of, note) in [
        ("TCP", setup.tcp.as_ref(), "SYN to ACK"),
        ("handshake", setup.handshake.as_ref(), scheme),
        ("connect", setup.connect.as_ref(), "to _result"),
        ("createStream", setup.create_stream.as_ref(), "to _result"),
        (start, setup.start.as_ref(), "to onStatus"),
    ] {
        let proof = of.map(|phase| proof_of(detail, phase));
        all.push(Fact::new(phase(name, of, note), proof));
    }
    for (name, first) in [
        ("first audio", setup.first_audio),
        ("first video", setup.first_video),
        ("first keyframe", setup.first_keyframe),
    ] {
        if let Some(after) = setup.after_start(first) {
            let value = format!("+{}", units::span(after));
            let line = row(name, value, theme.plain(), &format!("after {start}"));
            all.push(Fact::new(line, first.map(Proof::Frame)));
        }
    }
    if let Some(total) = setup.total() {
        let first = match (setup.first_audio, setup.first_video) {
            (Some(audio), Some(video)) if video.time < audio.time => Some(video),
            (audio, video) => audio.or(video),
        };
        let line = row(
            "in all",
            units::span(total),
            theme.head(),
            "to first medium",
        );
        all.push(Fact::new(line, first.map(Proof::Frame)));
    }
    // What the peers said of themselves stands in the connect and in its answer.
    let asked = setup.connect.map(|phase| proof_at(detail, phase.begin));
    let answered = setup.connect.map(|phase| proof_of(detail, &phase));
    let mut fact = |name: &str, value: String, proof: Option<Proof>| {
        let mut lines = Vec::new();
        for (at, text) in crate::tui::widgets::text::wrap(&value, room.saturating_sub(16).max(8))
            .into_iter()
            .enumerate()
        {
            let name = if at == 0 { name } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!(" {}", pad(name, 14, false)), theme.dim()),
                Span::raw(format!(" {text}")),
            ]));
        }
        all.push(Fact { lines, proof });
    };
    if let Some(from) = detail.sides_from {
        fact("client, server", inferred(from), None);
    }
    for (subject, from) in session.inferences() {
        let name = match subject {
            Subject::Role => "role".to_owned(),
            Subject::ChunkSize(side) => format!("chunk size {}", arrow(side)),
            Subject::Timestamps(side) => format!("timestamps {}", arrow(side)),
            Subject::MessageStreams(side) => format!("stream ids {}", arrow(side)),
            Subject::Headers(side) => format!("headers {}", arrow(side)),
        };
        fact(&name, inferred(from), None);
    }
    let summary = session.summary();
    if let Some(url) = summary.tc_url {
        fact("tcUrl", detail.text(url, Secrecy::Url), asked);
    }
    for (name, software, proof) in [
        ("client", summary.client_software, asked),
        ("server", summary.server_software, answered),
    ] {
        if let Some(software) = software {
            fact(name, detail.prose(software), proof);
        }
    }
    if let Some(peers) = session.peers.as_ref() {
        let enhanced = [
            ("enhanced →", &peers.client_enhanced, asked),
            ("enhanced ←", &peers.server_enhanced, answered),
        ];
        for (name, enhanced, proof) in enhanced {
            if let Some(enhanced) = enhanced {
                let codecs: Vec<&str> = enhanced.four_ccs.iter().map(AsRef::as_ref).collect();
                let caps: Vec<&str> = enhanced.caps_names().collect();
                let text = format!("{} {}", codecs.join(" "), caps.join(" "));
                fact(name, detail.prose(text.trim()), proof);
            }
        }
    }
    for side in Side::BOTH {
        if let Some(opaque) = session.opaque(side) {
            let text = format!("{} {}", arrow(side), opaque.reason);
            fact("enciphered", text, Some(Proof::Frame(opaque.at)));
        }
    }
    if let Some(end) = session.end {
        let by = match end.by {
            Some(Side::Client) => " by the client",
            Some(Side::Server) => " by the server",
            None => "",
        };
        let goodbye = session
            .goodbye()
            .map(|goodbye| format!(", after {}", goodbye.kind.name().replace('_', " ")));
        fact(
            "end",
            format!(
                "{}{by}{}",
                end.cause.name().replace('_', " "),
                goodbye.unwrap_or_default()
            ),
            Some(Proof::Frame(detail.last)),
        );
    }
    Facts { heading: None, all }
}

/// The message that ended a phase, or while it lasts the one that began it.
fn proof_of(detail: &Detail, phase: &Phase) -> Proof {
    let mut calls = detail.session.calls.iter();
    let call = calls.find(|call| call.at == phase.begin);
    match (call.and_then(|call| call.reply.as_ref()), phase.end) {
        (Some(reply), Some(_)) => Proof::Message(reply.message, reply.at),
        (None, Some(end)) => Proof::Frame(end),
        (_, None) => proof_at(detail, phase.begin),
    }
}

/// The call that was made at a moment, or the message that it ended.
fn proof_at(detail: &Detail, at: Mark) -> Proof {
    let mut calls = detail.session.calls.iter();
    let call = calls.find(|call| call.at == at);
    call.map_or(Proof::Frame(at), |call| Proof::Message(call.message, at))
}
