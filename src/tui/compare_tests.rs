//! The comparison on the screen: every size, its keys, and what it says while there is nothing.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::base::ids::FlowId;
use crate::tui::commands::Action;
use crate::tui::model::Detailed;
use crate::tui::screen::Screen;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::ViewState;
use crate::tui::testing::compared;
use crate::tui::testing::draw;
use crate::tui::testing::styles;
use crate::tui::testing::symbols;
use crate::tui::theme::Theme;
use crate::tui::view;

fn on_comparison() -> ViewState {
    let mut view = ViewState {
        screen: Screen::Compare,
        ..ViewState::default()
    };
    view.compare.pair = Some((FlowId(1), FlowId(3)));
    view
}

fn press(view: &mut ViewState, key: KeyCode) {
    view.key(KeyEvent::new(key, KeyModifiers::NONE), &compared());
}

#[test]
fn the_comparison_at_every_size() {
    let snapshot = compared();
    for size in [(160, 45), (120, 30), (80, 24), (60, 16), (40, 10)] {
        let frame = symbols(&draw(&snapshot, &mut on_comparison(), size));
        insta::assert_snapshot!(format!("compare-{}x{}", size.0, size.1), frame);
    }
}

#[test]
fn signs_say_what_colours_say() {
    let snapshot = compared();
    let frame = draw(&snapshot, &mut on_comparison(), (100, 14));
    insta::assert_snapshot!("compare-styles", symbols(&frame) + &styles(&frame));
    let mut view = on_comparison();
    view.theme = Theme::PLAIN;
    let plain = draw(&snapshot, &mut view, (100, 14));
    assert_eq!(symbols(&plain), symbols(&frame));
    assert!(!styles(&plain).contains(['r', 'g', 'y', 'b', 'c', 'm']));
}

#[test]
fn what_is_the_same_can_be_left_out() {
    let snapshot = compared();
    let mut view = on_comparison();
    let all = symbols(&draw(&snapshot, &mut view, (120, 200)));
    assert!(all.contains(" = app"), "{all}");
    press(&mut view, KeyCode::Char('x'));
    let differing = symbols(&draw(&snapshot, &mut view, (120, 200)));
    assert!(!differing.contains(" = app"), "{differing}");
    assert!(differing.contains("NetStream.Publish.BadName"));
    assert!(differing.contains("only what differs"));
}

#[test]
fn the_refusal_is_the_first_thing_said() {
    let snapshot = compared();
    let frame = symbols(&draw(&snapshot, &mut on_comparison(), (120, 30)));
    let place = |text: &str| frame.find(text).unwrap_or(usize::MAX);
    assert!(place("✖› refused") < place("chunk size"), "{frame}");
    assert!(
        frame.contains("publish: NetStream.Publish.BadName"),
        "{frame}"
    );
}

#[test]
fn sides_are_swapped_and_the_left_one_opened() {
    let mut view = on_comparison();
    press(&mut view, KeyCode::Char('X'));
    assert_eq!(view.compare.pair, Some((FlowId(3), FlowId(1))));
    press(&mut view, KeyCode::Enter);
    assert_eq!(
        (view.screen, view.focus),
        (Screen::Session, Some(FlowId(3)))
    );
}

#[test]
fn scrolling_stops_at_the_last_line() {
    let snapshot = compared();
    let mut view = on_comparison();
    draw(&snapshot, &mut view, (80, 24));
    press(&mut view, KeyCode::End);
    let end = view.scroll;
    assert!(end > 0);
    press(&mut view, KeyCode::Down);
    assert_eq!(view.scroll, end);
    let last = symbols(&draw(&snapshot, &mut view, (80, 24)));
    assert!(!last.contains(" more "), "{last}");
    press(&mut view, KeyCode::Up);
    let before = symbols(&draw(&snapshot, &mut view, (80, 24)));
    assert_ne!(last, before, "one line up is to be seen at once");
}

#[test]
fn the_heads_can_be_pointed_at() {
    let snapshot = compared();
    let view = on_comparison();
    let area = ratatui::layout::Rect::new(0, 0, 120, 30);
    let mut buffer = ratatui::buffer::Buffer::empty(area);
    let mut sheet = Sheet::new(&mut buffer);
    view::body(&mut sheet, area, &snapshot, &view);
    let zones = sheet.into_zones();
    let at = |x| zones.at(x, 1).map(|zone| zone.target);
    assert_eq!(at(40), Some(Target::Act(Action::Enter)));
    assert_eq!(at(110), Some(Target::Act(Action::SwapSides)));
}

#[test]
fn what_is_missing_is_said() {
    let mut snapshot = compared();
    if let Some(compared) = &mut snapshot.compared {
        compared.comparison = None;
        compared.right = Detailed::LeftOut;
    }
    let words = |frame: &str| frame.split_whitespace().collect::<Vec<_>>().join(" ");
    let frame = symbols(&draw(&snapshot, &mut on_comparison(), (80, 24)));
    assert!(
        words(&frame).contains("The right one: This connection ended"),
        "{frame}"
    );
    snapshot.compared = None;
    let frame = symbols(&draw(&snapshot, &mut on_comparison(), (80, 24)));
    assert!(words(&frame).contains("Space and press D"), "{frame}");
}

#[test]
fn no_secret_is_compared_aloud() {
    let snapshot = compared();
    for size in [(160, 200), (40, 400)] {
        let frame = symbols(&draw(&snapshot, &mut on_comparison(), size));
        assert!(!frame.contains("cam-77"), "{frame}");
        assert!(frame.contains("****"), "{frame}");
    }
}
