//! From the lines of the session to what proves them, and the metadata against the media.

use std::sync::Arc;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::base::ids::FlowId;
use crate::base::side::Side;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::tui::model::Detailed;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::ViewState;
use crate::tui::state::moments::Seek;
use crate::tui::testing::at;
use crate::tui::testing::conversation;
use crate::tui::testing::detail;
use crate::tui::testing::draw;
use crate::tui::testing::number;
use crate::tui::testing::raw;
use crate::tui::testing::snapshot;
use crate::tui::testing::symbols;
use crate::tui::testing::text;

fn on_session(pane: usize) -> ViewState {
    ViewState {
        screen: Screen::Session,
        focus: Some(FlowId(1)),
        pane,
        ..ViewState::default()
    }
}

fn press(view: &mut ViewState, snapshot: &Snapshot, keys: &str) {
    for key in keys.chars() {
        let code = if key == '\n' {
            KeyCode::Enter
        } else {
            KeyCode::Char(key)
        };
        view.key(KeyEvent::new(code, KeyModifiers::NONE), snapshot);
    }
}

#[test]
fn a_phase_leads_to_the_answer_that_ended_it() {
    let snapshot = snapshot("cam-77", 5);
    // Behind TCP and the handshake stands the connect, whose answer is the second message.
    let mut view = on_session(0);
    press(&mut view, &snapshot, "jj");
    assert_eq!(view.cursor, Some(at(51, 0).time));
    press(&mut view, &snapshot, "\n");
    assert_eq!(view.screen, Screen::Messages);
    assert_eq!(view.messages.selected, Some(2));
}

#[test]
fn the_first_keyframe_leads_to_its_frame() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_session(0);
    press(&mut view, &snapshot, "jjjjjjj\n");
    assert_eq!(view.screen, Screen::Messages);
    assert_eq!(view.seek, Some(Seek::Frame(201)));
    assert_eq!(view.cursor, Some(at(200, 0).time));
}

#[test]
fn a_channel_leads_to_its_first_message_and_a_track_to_the_media() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_session(1);
    press(&mut view, &snapshot, "jj\n");
    assert_eq!(view.seek, Some(Seek::Frame(96)));
    let mut view = on_session(3);
    press(&mut view, &snapshot, "\n");
    assert_eq!(view.screen, Screen::Media);
    let mut view = on_session(2);
    press(&mut view, &snapshot, "\n");
    assert_eq!(view.screen, Screen::Session);
    assert!(view.notice.is_some());
}

#[test]
fn the_selection_stops_at_the_last_line_and_comes_back_at_once() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_session(0);
    press(&mut view, &snapshot, "G");
    let last = view.scroll;
    press(&mut view, &snapshot, "jjj");
    assert_eq!(view.scroll, last);
    press(&mut view, &snapshot, "k");
    assert_eq!(view.scroll, last - 1);
}

#[test]
fn a_pane_alone_has_the_screen() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_session(1);
    press(&mut view, &snapshot, "\\");
    let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
    assert!(frame.contains("chunk channels"), "{frame}");
    assert!(
        !frame.contains(" setup ") && !frame.contains(" flow "),
        "{frame}"
    );
}

/// The metadata of a publisher as `@setDataFrame` brings it.
fn metadata(figures: &[(&str, f64)]) -> Vec<u8> {
    let count = u32::try_from(figures.len()).unwrap();
    let mut body = [text("@setDataFrame"), text("onMetaData"), vec![8]].concat();
    body.extend(count.to_be_bytes());
    for (name, value) in figures {
        // A key has no type before its length.
        body.extend(text(name).split_off(1));
        body.extend(number(*value));
    }
    body.extend([0, 0, 9]);
    body
}

fn with_metadata(figures: &[(&str, f64)]) -> Snapshot {
    let mut messages = conversation("cam-77");
    let mut said = raw(MessageTypeId::DATA_AMF0, 4, 150, &metadata(figures));
    said.stream_id = MessageStreamId(1);
    messages.insert(7, (Side::Client, said));
    // Long enough for a frame rate: seven seconds of 25 frames.
    for frame in 90..200_u32 {
        let ms = 200 + frame * 40;
        let video = [vec![0x27, 1, 0, 0, 0], vec![0x41; 200]].concat();
        messages.push((Side::Client, raw(MessageTypeId::VIDEO, 6, ms, &video)));
    }
    let mut snapshot = snapshot("cam-77", 5);
    snapshot.detail = Detailed::Known(Arc::new(detail(&messages)));
    snapshot
}

#[test]
fn metadata_that_does_not_fit_has_its_sign() {
    let snapshot = with_metadata(&[
        ("framerate", 60.0),
        ("videocodecid", 12.0),
        ("audiocodecid", 10.0),
        ("videodatarate", 2500.0),
        ("width", 1280.0),
        ("height", 720.0),
    ]);
    let mut view = on_session(3);
    let frame = symbols(&draw(&snapshot, &mut view, (120, 45)));
    let words: Vec<String> = frame
        .lines()
        .filter_map(|line| line.rsplit('│').nth(1))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let has = |line: &str| words.iter().any(|known| known == line);
    assert!(has("▲ frame rate 60 25"), "{frame}");
    // 12 is HEVC where it is used, and the pictures are AVC.
    assert!(has("▲ video codec hevc avc"), "{frame}");
    assert!(has("audio codec aac aac"), "{frame}");
    // No configuration tells a size. Two keyframes of 900 bytes and 198 frames of 200 in eight
    // seconds are 41 kbit/s, but half a minute is not over.
    assert!(has("picture 1280x720 -"), "{frame}");
    assert!(has("video kbit/s 2500 41"), "{frame}");
    insta::assert_snapshot!("session-metadata", frame);
}

#[test]
fn metadata_that_fits_has_none() {
    // As 29.97 is usual for thirty.
    let snapshot = with_metadata(&[("framerate", 25.3), ("videocodecid", 7.0)]);
    let frame = symbols(&draw(&snapshot, &mut on_session(3), (120, 45)));
    assert!(frame.contains("frame rate"), "{frame}");
    assert!(
        !frame.contains("▲ frame rate") && !frame.contains("▲ video codec"),
        "{frame}"
    );
}

#[test]
fn metadata_leads_to_its_message() {
    let snapshot = with_metadata(&[("framerate", 25.0)]);
    let mut view = on_session(3);
    // Behind the two tracks.
    press(&mut view, &snapshot, "jj\n");
    assert_eq!(view.seek, Some(Seek::Frame(151)));
}
