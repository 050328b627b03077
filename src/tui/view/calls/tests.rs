use ratatui::buffer::Buffer;

use crate::base::ids::FlowId;
use crate::base::side::Side;
use crate::rtmp::event::RawMessage;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::tui::commands::Action;
use crate::tui::entry::Entry;
use crate::tui::feed::Feed;
use crate::tui::model::Opened;
use crate::tui::model::Snapshot;
use crate::tui::ring::Batch;
use crate::tui::ring::Budget;
use crate::tui::screen::Screen;
use crate::tui::shared::Shared;
use crate::tui::sheet::Target;
use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::testing::SIZES;
use crate::tui::testing::call_opened;
use crate::tui::testing::conversation;
use crate::tui::testing::detail;
use crate::tui::testing::draw;
use crate::tui::testing::number;
use crate::tui::testing::object;
use crate::tui::testing::raw;
use crate::tui::testing::snapshot_of;
use crate::tui::testing::styles;
use crate::tui::testing::symbols;
use crate::tui::testing::text;
use crate::tui::view;

use super::*;

fn command(side: Side, ms: u32, parts: &[Vec<u8>]) -> (Side, RawMessage) {
    let mut message = raw(MessageTypeId::COMMAND_AMF0, 3, ms, &parts.concat());
    message.stream_id = MessageStreamId(0);
    (side, message)
}

/// A publisher's conversation with a call that nobody answers, one that is refused late, and one
/// to which no answer is due.
fn troubled() -> Vec<(Side, RawMessage)> {
    let name = || text("cam-77");
    let mut all = conversation("cam-77");
    let refusal = object(&[
        ("level", "error"),
        ("code", "NetConnection.Call.Failed"),
        ("description", "no such procedure"),
    ]);
    all.insert(
        3,
        command(
            Side::Client,
            54,
            &[text("releaseStream"), number(7.0), vec![5], name()],
        ),
    );
    all.push(command(
        Side::Client,
        4000,
        &[text("getStreamLength"), number(8.0), vec![5], name()],
    ));
    all.push(command(
        Side::Server,
        5500,
        &[text("_error"), number(8.0), vec![5], refusal],
    ));
    all.push(command(
        Side::Client,
        5510,
        &[text("deleteStream"), number(0.0), vec![5], number(1.0)],
    ));
    all
}

fn troubled_snapshot(call: usize) -> Snapshot {
    let messages = troubled();
    let detail = detail(&messages);
    let opened = call_opened(&messages, &detail, call);
    Snapshot {
        call_opened: opened,
        ..snapshot_of(&messages, detail, 5)
    }
}

fn calls(call: usize) -> ViewState {
    ViewState {
        screen: Screen::Calls,
        focus: Some(FlowId(1)),
        call,
        ..ViewState::default()
    }
}

#[test]
fn the_ladder_to_scale_at_every_size() {
    let snapshot = troubled_snapshot(1);
    for size in SIZES {
        let mut view = calls(1);
        view.is_scaled = true;
        let frame = symbols(&draw(&snapshot, &mut view, size));
        insta::assert_snapshot!(format!("scaled-{}x{}", size.0, size.1), frame);
    }
}

#[test]
fn the_selected_call_alone_at_every_size() {
    let snapshot = troubled_snapshot(0);
    for size in SIZES {
        let mut view = calls(0);
        view.pane = CALL_PANE;
        view.is_pane_alone = true;
        let frame = symbols(&draw(&snapshot, &mut view, size));
        insta::assert_snapshot!(format!("call-alone-{}x{}", size.0, size.1), frame);
    }
}

#[test]
fn colours_stand_where_the_signs_stand() {
    let snapshot = troubled_snapshot(1);
    let frame = draw(&snapshot, &mut calls(1), (120, 24));
    insta::assert_snapshot!("styles", symbols(&frame) + &styles(&frame));
}

#[test]
fn what_is_not_answered_says_so_on_the_ladder() {
    let snapshot = troubled_snapshot(1);
    let frame = symbols(&draw(&snapshot, &mut calls(4), (160, 45)));
    let line = |text: &str| {
        let lines: Vec<&str> = frame.lines().collect();
        lines.iter().position(|line| line.contains(text)).unwrap()
    };
    let asked = line("─ releaseStream #7");
    let is_none = frame.lines().nth(asked + 1).unwrap();
    assert!(is_none.contains("┊ … waits for its answer"), "{frame}");
    assert!(
        frame.contains("✖ NetConnection.Call.Failed  1500 ms  slow"),
        "{frame}"
    );
    // Between the first medium and the last the rails are doubled, and nowhere else.
    let (first, last) = (line("═ media  video"), line("═ media flows"));
    for (at, text) in frame.lines().enumerate() {
        let is_within = (first..=last).contains(&at);
        assert_eq!(text.contains('║'), is_within, "{text}");
    }
}

#[test]
fn media_that_goes_on_is_not_said_to_end() {
    let mut snapshot = troubled_snapshot(1);
    snapshot.capture.is_done = false;
    let mut view = calls(1);
    assert!(symbols(&draw(&snapshot, &mut view, (160, 45))).contains("═ media flows"));
    snapshot.capture.is_done = true;
    assert!(symbols(&draw(&snapshot, &mut view, (160, 45))).contains("═ last media"));
}

#[test]
fn a_ladder_to_scale_shows_what_took_longer() {
    let snapshot = troubled_snapshot(3);
    let mut view = calls(3);
    view.is_scaled = true;
    let frame = symbols(&draw(&snapshot, &mut view, (160, 60)));
    let line = |text: &str| frame.lines().position(|line| line.contains(text)).unwrap();
    // Answers took 40 to 44 ms: at 10 ms in a line those are four lines.
    assert!(frame.contains("line=10 ms"), "{frame}");
    let asked = line("─ createStream #2");
    let answered = line("← createStream #2");
    assert_eq!(answered - asked, 4, "{frame}");
    assert!(frame.contains("(1500 ms) ┊"), "{frame}");
}

#[test]
fn request_and_answer_can_be_pointed_at() {
    let snapshot = troubled_snapshot(0);
    let mut view = calls(0);
    let area = Rect::new(0, 0, 160, 45);
    let mut buffer = Buffer::empty(area);
    let zones = view::render(&mut buffer, area, &snapshot, &view);
    let frame = symbols(&buffer);
    for text in ["─ createStream #2", "← createStream #2"] {
        let y = frame.lines().position(|line| line.contains(text)).unwrap();
        let zone = zones.at(20, u16::try_from(y).unwrap()).unwrap();
        assert_eq!(zone.target, Target::Line(2), "{text}");
    }
    let beside = zones.at(150, 20).unwrap();
    assert_eq!(beside.target, Target::Pane(CALL_PANE));
    view.is_pane_alone = true;
    let zones = view::render(&mut buffer, area, &snapshot, &view);
    assert!(
        zones
            .iter()
            .all(|zone| zone.target != Target::Pane(CALL_PANE))
    );
}

#[test]
fn the_pane_has_trees_and_bytes_of_the_selected_call_alone() {
    let snapshot = troubled_snapshot(0);
    let mut view = calls(0);
    let frame = symbols(&draw(&snapshot, &mut view, (160, 45)));
    for text in [
        "flashVer",
        "NetConnection.Connect.Success",
        "bytes of the request",
        "02 00 07 63",
    ] {
        assert!(frame.contains(text), "{text}\n{frame}");
    }
    // What was opened for another call is not shown with this one.
    view.call = 2;
    let frame = symbols(&draw(&snapshot, &mut view, (160, 45)));
    assert!(!frame.contains("flashVer"), "{frame}");
    assert!(frame.contains("The message is kept no longer."), "{frame}");
}

#[test]
fn the_key_of_a_call_is_masked_in_its_bytes_too() {
    let snapshot = troubled_snapshot(4);
    let mut view = calls(4);
    view.pane = CALL_PANE;
    view.is_pane_alone = true;
    let frame = symbols(&draw(&snapshot, &mut view, (160, 60)));
    assert!(frame.contains("publish"), "{frame}");
    assert!(
        !frame.contains("cam-77") && !frame.contains("61 6d 2d"),
        "{frame}"
    );
}

#[test]
fn latencies_are_graded_as_they_are_felt() {
    let ms = Time::from_millis;
    assert_eq!(grade(ms(100)), Grade::Quick);
    assert_eq!(grade(ms(101)), Grade::Noticeable);
    assert_eq!(grade(ms(1001)), Grade::Slow);
    assert_eq!(grade(ms(5001)), Grade::Overdue);
    let signs = [Grade::Quick, Grade::Noticeable, Grade::Slow].map(Grade::sign);
    assert_eq!(signs, ["✔", "△", "▲"]);
}

/// A feed of a capture of which these messages are kept, the bodies of the last `bodies` bytes.
fn fed(messages: &[(Side, RawMessage)], bodies: usize) -> Feed {
    let shared = Shared::new();
    let mut batch = Batch::default();
    for (number, (side, raw)) in (1..).zip(messages) {
        let body = batch.body(&raw.body);
        let entry = Entry::new(*side, raw, false, raw.last.frame, body);
        batch.push(FlowId(1), number, entry, None);
    }
    let budget = Budget {
        index: 1 << 20,
        bodies: 1 << 20,
    };
    let mut inner = shared.lock();
    inner.messages.take(&mut batch, budget);
    inner.messages.bodies.shrink(bodies);
    inner.open = vec![std::sync::Arc::new(detail(messages))];
    drop(inner);
    Feed::new(shared)
}

#[test]
fn the_feed_opens_the_messages_of_the_selected_call() {
    let messages = troubled();
    let mut feed = fed(&messages, 1 << 20);
    // The fourth message asks for createStream, and the second last of all refuses.
    let mut view = calls(4);
    let opened = feed.snapshot(&mut view).call_opened.unwrap();
    let number = |opened: &Option<std::sync::Arc<Opened>>| opened.as_ref().unwrap().kept.number;
    let count = u64::try_from(messages.len()).unwrap();
    assert_eq!(number(&opened.request), count - 2);
    assert_eq!(number(&opened.reply), count - 1);
    let fields = &opened.request.as_ref().unwrap().fields;
    assert!(fields.iter().any(|field| field.value == "getStreamLength"));
    // Beyond the last call it is the last one, and it was not answered.
    view.call = 99;
    let opened = feed.snapshot(&mut view).call_opened.unwrap();
    assert_eq!(number(&opened.request), count);
    assert!(opened.reply.is_none());
    // Elsewhere nothing is opened.
    view.screen = Screen::Session;
    assert!(feed.snapshot(&mut view).call_opened.is_none());
}

#[test]
fn bytes_that_were_let_go_are_not_missed_silently() {
    let mut feed = fed(&troubled(), 500);
    let mut view = calls(0);
    let snapshot = feed.snapshot(&mut view);
    let frame = symbols(&draw(&snapshot, &mut view, (160, 45)));
    let words: Vec<&str> = frame.split_whitespace().collect();
    assert!(words.join(" ").contains("Its bytes were let go"), "{frame}");
    assert!(!frame.contains("bytes of the request"), "{frame}");
}

#[test]
fn a_call_is_copied_with_what_came_of_it() {
    let snapshot = troubled_snapshot(4);
    let copied = |call: usize| {
        let mut view = calls(call);
        match view.act(Action::Copy, &snapshot) {
            Effect::Copy(text) => text,
            other => unreachable!("{other:?}"),
        }
    };
    assert_eq!(
        copied(4),
        "getStreamLength #8 by the client at 22:13:24.000 UTC (frame 4001): failed after 1500 ms \
         (frame 5501) with NetConnection.Call.Failed (no such procedure)"
    );
    assert!(copied(1).ends_with("(frame 55): no answer"));
    assert!(copied(5).ends_with("(frame 5511): no answer due"));
}
