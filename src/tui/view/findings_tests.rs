use ratatui::buffer::Buffer;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::base::ids::FlowId;
use crate::tui::screen::Screen;
use crate::tui::state::Effect;
use crate::tui::state::moments::Seek;
use crate::tui::testing::SIZES;
use crate::tui::testing::draw;
use crate::tui::testing::snapshot;
use crate::tui::testing::styles;
use crate::tui::testing::symbols;
use crate::tui::theme::Theme;
use crate::tui::view;

use super::*;

fn findings() -> ViewState {
    ViewState {
        screen: Screen::Findings,
        focus: Some(FlowId(1)),
        ..ViewState::default()
    }
}

fn press(view: &mut ViewState, snapshot: &Snapshot, keys: &str) -> Effect {
    let mut effect = Effect::None;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            c => KeyCode::Char(c),
        };
        effect = view.key(KeyEvent::new(code, KeyModifiers::NONE), snapshot);
    }
    effect
}

#[test]
fn muted_findings_are_shown_dim_at_every_size() {
    let snapshot = snapshot("cam-77", 5);
    for size in SIZES {
        let mut view = findings();
        press(&mut view, &snapshot, "jMfj");
        let frame = draw(&snapshot, &mut view, size);
        insta::assert_snapshot!(format!("muted-{}x{}", size.0, size.1), symbols(&frame));
    }
}

#[test]
fn why_alone_at_every_size() {
    let snapshot = snapshot("cam-77", 5);
    for size in SIZES {
        let mut view = findings();
        press(&mut view, &snapshot, "\t\\");
        let frame = draw(&snapshot, &mut view, size);
        insta::assert_snapshot!(format!("why-{}x{}", size.0, size.1), symbols(&frame));
    }
}

#[test]
fn what_is_muted_is_counted_when_it_is_hidden() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = findings();
    press(&mut view, &snapshot, "jM");
    assert_eq!(view.findings.selected, 0, "what is hidden is not selected");
    view.notice = None;
    let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
    assert!(frame.contains("1 finding of"), "{frame}");
    assert!(frame.contains("✖E1  ○ 1 muted, not shown"), "{frame}");
    assert!(!frame.contains("ack.overdue"), "{frame}");
    // Shown all the same, it has its sign and no colour of a signal.
    press(&mut view, &snapshot, "f");
    let frame = draw(&snapshot, &mut view, (120, 30));
    let (words, letters) = (symbols(&frame), styles(&frame));
    let at = words
        .lines()
        .position(|line| line.contains("○W ack.overdue"));
    let style = letters.lines().nth(at.unwrap()).unwrap();
    assert!(style.chars().all(|letter| "d.".contains(letter)), "{style}");
    // All of them muted, the screen says so.
    press(&mut view, &snapshot, "gMf");
    let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
    let words: Vec<&str> = frame.split_whitespace().collect();
    let words = words.join(" ");
    assert!(
        words.contains("is muted: f shows it all the same"),
        "{frame}"
    );
}

#[test]
fn each_piece_of_evidence_leads_to_its_frame() {
    let snapshot = snapshot("cam-77", 5);
    let evidence = |keys: &str| {
        let mut view = findings();
        press(&mut view, &snapshot, keys);
        (view.screen, view.seek)
    };
    let (first, last) = (Seek::Frame(501), Seek::Frame(2901));
    assert_eq!(evidence("\n"), (Screen::Messages, Some(first)));
    assert_eq!(evidence("\t\n"), (Screen::Messages, Some(first)));
    assert_eq!(evidence("\tj\n"), (Screen::Messages, Some(last)));
    assert_eq!(evidence("\tjk\n"), (Screen::Messages, Some(first)));
    // Another finding begins with its first frame again.
    assert_eq!(evidence("\tje\n"), (Screen::Messages, Some(first)));
}

#[test]
fn evidence_can_be_pointed_at_and_text_is_scrolled_behind_it() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = findings();
    press(&mut view, &snapshot, "\tj");
    let area = Rect::new(0, 0, 60, 20);
    let mut buffer = Buffer::empty(area);
    let zones = view::render(&mut buffer, area, &snapshot, &view);
    let lines: Vec<Target> = zones.iter().map(|zone| zone.target).collect();
    for at in [0, 1] {
        assert!(lines.contains(&Target::PaneLine(FINDING_PANE, at)), "{at}");
    }
    let before = symbols(&buffer);
    assert!(before.contains("▸           last frame 2901"), "{before}");
    assert!(before.contains("what       video of client"), "{before}");
    press(&mut view, &snapshot, "jj");
    let after = symbols(&draw(&snapshot, &mut view, (60, 20)));
    assert!(after.contains("▸           last frame 2901"), "{after}");
    assert!(!after.contains("what       video of client"), "{after}");
}

#[test]
fn without_colours_what_is_muted_has_a_sign() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = findings();
    view.theme = Theme::PLAIN;
    press(&mut view, &snapshot, "jMfj");
    let frame = symbols(&draw(&snapshot, &mut view, (80, 24)));
    assert!(frame.contains("▸○W"), "{frame}");
}

#[test]
fn a_finding_is_copied_with_its_explanation() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = findings();
    let Effect::Copy(text) = press(&mut view, &snapshot, "y") else {
        unreachable!("y copies");
    };
    assert!(text.starts_with("**media.gap** (error)"), "{text}");
    assert!(text.contains("- Try: Look at retransmissions"), "{text}");
}
