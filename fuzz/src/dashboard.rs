//! The dashboard over a conversation: keys that somebody presses in any order, and whatever frame
//! they lead to.
//!
//! The first two bytes are the size of the screen, the third says how many keys follow; the rest
//! is a [conversation](super::conversation).

use std::sync::Arc;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::tui;
use rtmpscope::tui::feed::Feed;
use rtmpscope::tui::model::Capture;
use rtmpscope::tui::shared::Shared;
use rtmpscope::tui::state::ViewState;
use rtmpscope::tui::store::Store;

use super::conversation;

/// Most keys that are pressed: drawing takes most of the time.
const MAX_KEYS: u8 = 16;

/// Shows `data` in the dashboard.
///
/// # Panics
/// When a control character is drawn.
pub fn run(data: &[u8]) {
    let Some((&[width, height, count], rest)) = data.split_first_chunk() else {
        return;
    };
    let count = usize::from(count.min(MAX_KEYS)).min(rest.len());
    let (keys, rest) = rest.split_at(count);
    let Some((&options, turns)) = rest.split_first() else {
        return;
    };
    let shared = Shared::new();
    let mut store = Store::new(Arc::clone(&shared), false);
    let mut pipeline = Pipeline::new(conversation::pipeline_options(options));
    let mut view = ViewState::default();
    let mut feed = Feed::new(shared);
    let (width, height) = (u16::from(width), u16::from(height));
    conversation::frames(options, turns, |frame| {
        pipeline.push(frame, &mut store);
    });
    store.publish(&mut pipeline, Capture::default());
    // Half of the keys come while the capture goes on.
    let (before, behind) = keys.split_at(count / 2);
    for key in before {
        press(*key, &mut view, &mut feed, width, height);
    }
    draw(&mut view, &mut feed, width, height);
    pipeline.finish(&mut store);
    store.publish(&mut pipeline, Capture::default());
    for key in behind {
        press(*key, &mut view, &mut feed, width, height);
    }
    draw(&mut view, &mut feed, width, height);
}

fn press(key: u8, view: &mut ViewState, feed: &mut Feed, width: u16, height: u16) {
    let code = match key {
        1 => KeyCode::Up,
        2 => KeyCode::Down,
        3 => KeyCode::Left,
        4 => KeyCode::Right,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        7 => KeyCode::Home,
        8 => KeyCode::End,
        9 => KeyCode::Tab,
        b'\n' => KeyCode::Enter,
        0x1b => KeyCode::Esc,
        0x7f => KeyCode::Backspace,
        other => KeyCode::Char(char::from(other)),
    };
    tui::fit_to(view, width, height);
    let snapshot = feed.snapshot(view);
    view.key(KeyEvent::new(code, KeyModifiers::NONE), &snapshot);
}

fn draw(view: &mut ViewState, feed: &mut Feed, width: u16, height: u16) {
    tui::fit_to(view, width, height);
    let snapshot = feed.snapshot(view);
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    tui::view::render(&mut buffer, area, &snapshot, view);
    for cell in buffer.content() {
        assert!(
            !cell.symbol().contains(char::is_control),
            "a control character is drawn: {:?}",
            cell.symbol()
        );
    }
}
