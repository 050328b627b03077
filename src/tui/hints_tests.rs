//! What somebody who never saw the dashboard is shown without asking: names of the screens, keys at
//! the foot, signs before the connections, and words where nothing else would happen.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::base::ids::FlowId;
use crate::base::severity::Severity;
use crate::session::summary::Stage;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::ViewState;
use crate::tui::state::sieve::Sieve;
use crate::tui::testing::SIZES;
use crate::tui::testing::draw;
use crate::tui::testing::on;
use crate::tui::testing::row;
use crate::tui::testing::snapshot;
use crate::tui::testing::symbols;

fn lines(snapshot: &Snapshot, view: &mut ViewState, size: (u16, u16)) -> Vec<String> {
    let frame = symbols(&draw(snapshot, view, size));
    frame.lines().map(str::to_owned).collect()
}

fn foot(screen: Screen, width: u16) -> String {
    let lines = lines(&snapshot("cam-77", 5), &mut on(screen), (width, 24));
    lines.last().cloned().unwrap_or_default()
}

fn press(view: &mut ViewState, snapshot: &Snapshot, code: KeyCode) {
    view.key(KeyEvent::new(code, KeyModifiers::NONE), snapshot);
}

#[test]
fn every_screen_has_its_name_on_eighty_columns() {
    let lines = lines(&snapshot("cam-77", 5), &mut on(Screen::Streams), (80, 24));
    for screen in Screen::ALL {
        let tab = format!("{} {}", screen.digit(), screen.title());
        assert!(lines[1].contains(&tab), "{tab}: {}", lines[1]);
    }
}

#[test]
fn the_keys_that_are_needed_first_stand_at_the_foot_of_eighty_columns() {
    for (screen, needed) in [
        (
            Screen::Streams,
            &[
                "Enter open",
                "/ filter",
                "e finding",
                "Space tick",
                "D compare",
                "q quit",
            ][..],
        ),
        (Screen::Session, &["Enter open", "Tab pane"]),
        (Screen::Calls, &["Enter message", "Tab pane", "y copy"]),
        (Screen::Media, &["Enter message", "z zoom"]),
        (Screen::Messages, &["Enter fields", "/ filter", "y copy"]),
        (Screen::Findings, &["Enter evidence", "/ filter", "y copy"]),
    ] {
        let foot = foot(screen, 80);
        let always: &[&str] = match screen {
            Screen::Streams => &["? help", "w save"],
            _ => &["? help", "w save", "e finding", "Esc back"],
        };
        for hint in always.iter().chain(needed) {
            assert!(foot.contains(hint), "{screen:?}: {hint}: {foot}");
        }
    }
}

#[test]
fn out_and_help_stand_at_the_foot_of_forty_columns() {
    for screen in Screen::ALL {
        let foot = foot(screen, 40);
        assert!(foot.contains("? help"), "{screen:?}: {foot}");
        let out = if screen == Screen::Streams {
            "q quit"
        } else {
            "Esc back"
        };
        assert!(foot.contains(out), "{screen:?}: {foot}");
    }
}

#[test]
fn ticked_connections_have_a_sign_and_are_counted_at_every_size() {
    let snapshot = snapshot("cam-77", 5);
    for size in SIZES {
        let mut view = on(Screen::Streams);
        press(&mut view, &snapshot, KeyCode::Char(' '));
        let shown = lines(&snapshot, &mut view, size);
        let of = |start: &str| shown.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(of(" *✖E live/"), 1, "{size:?}: {shown:#?}");
        // The second one is selected now, and is not ticked; nor is the third.
        assert_eq!(of("▸ ✔  live/"), 1, "{size:?}: {shown:#?}");
        assert!(of("  ✖C live/") <= 1, "{size:?}");
        assert_eq!(of(" * 1 ticked"), 1, "{size:?}: {shown:#?}");
        press(&mut view, &snapshot, KeyCode::Char(' '));
        let shown = lines(&snapshot, &mut view, size).join("\n");
        assert!(shown.contains(" * 2 ticked"), "{size:?}: {shown}");
        press(&mut view, &snapshot, KeyCode::Char('u'));
        let shown = lines(&snapshot, &mut view, size).join("\n");
        assert!(!shown.contains("ticked"), "{size:?}: {shown}");
        assert!(!shown.contains("*✖"), "{size:?}: {shown}");
    }
}

#[test]
fn who_is_ticked_behind_a_filter_is_counted_too() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Streams);
    view.list.ticked = [FlowId(1), FlowId(2)].into();
    view.list.filter = Sieve::new("role:player").unwrap();
    let shown = lines(&snapshot, &mut view, (120, 30)).join("\n");
    assert!(
        shown.contains(" * 2 ticked, 1 of them not shown  1 of 3 shown"),
        "{shown}"
    );
}

#[test]
fn the_list_says_what_the_worst_is() {
    let snapshot = snapshot("cam-77", 5);
    let shown = lines(&snapshot, &mut on(Screen::Streams), (120, 30));
    let foot = &shown[shown.len() - 2];
    assert!(
        foot.starts_with(" #1  1 finding  video of client on stream 1: nothing for 1.2 s"),
        "{foot}"
    );
    // Of the connection without a finding it tells what else there is.
    let mut view = on(Screen::Streams);
    press(&mut view, &snapshot, KeyCode::Down);
    let shown = lines(&snapshot, &mut view, (120, 30));
    let foot = &shown[shown.len() - 2];
    assert!(foot.starts_with(" #2  192.0.2.9:51523 → "), "{foot}");
}

#[test]
fn every_screen_of_a_connection_says_how_it_fares() {
    let snapshot = snapshot("cam-77", 5);
    for screen in [
        Screen::Session,
        Screen::Calls,
        Screen::Media,
        Screen::Messages,
    ] {
        let shown = lines(&snapshot, &mut on(screen), (80, 24));
        assert!(shown[2].contains("  ✖E1  "), "{screen:?}: {}", shown[2]);
    }
}

#[test]
fn where_nothing_was_found_it_says_that_others_have_something() {
    let mut snapshot = snapshot("cam-77", 5);
    snapshot.anomalies.clear();
    snapshot.rows = vec![
        row(1, "one", Stage::Publishing, None),
        row(2, "two", Stage::Playing, Some(Severity::Warning)),
    ];
    let words = |snapshot: &Snapshot| {
        let shown = lines(snapshot, &mut on(Screen::Findings), (120, 30)).join(" ");
        shown.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let shown = words(&snapshot);
    assert!(
        shown.contains("Others have something: 1, then e"),
        "{shown}"
    );
    snapshot.rows.pop();
    assert!(!words(&snapshot).contains("Others have"));
}

#[test]
fn the_next_finding_is_the_worst_for_who_was_at_none_yet() {
    let mut snapshot = snapshot("cam-77", 5);
    snapshot.anomalies.reverse();
    let mut view = on(Screen::Session);
    press(&mut view, &snapshot, KeyCode::Char('e'));
    assert_eq!((view.screen, view.findings.selected), (Screen::Findings, 1));
    // From there on it is one after the other.
    press(&mut view, &snapshot, KeyCode::Char('E'));
    assert_eq!(view.findings.selected, 0);
}

#[test]
fn where_no_connection_fares_badly_the_next_finding_says_so() {
    let mut snapshot = snapshot("cam-77", 5);
    let told = |snapshot: &Snapshot| {
        let mut view = on(Screen::Streams);
        for _ in 0..3 {
            press(&mut view, snapshot, KeyCode::Char('e'));
        }
        view.notice.unwrap_or_default()
    };
    assert_eq!(
        told(&snapshot),
        "no further connection has a warning or worse: 6 shows what was found"
    );
    snapshot.rows = vec![row(1, "one", Stage::Publishing, Some(Severity::Info))];
    assert_eq!(told(&snapshot), "no connection has a warning or worse");
}

#[test]
fn keys_of_sngrep_do_what_they_do_there() {
    let snapshot = snapshot("cam-77", 5);
    for (number, screen) in [(4, Screen::Calls), (6, Screen::Messages)] {
        let mut view = on(Screen::Streams);
        press(&mut view, &snapshot, KeyCode::F(number));
        assert_eq!(view.screen, screen);
    }
}

#[test]
fn a_key_without_meaning_says_where_the_keys_are() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Calls);
    press(&mut view, &snapshot, KeyCode::F(11));
    assert_eq!(
        view.notice.as_deref(),
        Some("F11 does nothing here: ? shows the keys")
    );
    // It goes with the next key, and is not said of keys without a name.
    press(&mut view, &snapshot, KeyCode::Down);
    assert_eq!(view.notice, None);
    press(&mut view, &snapshot, KeyCode::Null);
    assert_eq!(view.notice, None);
}

#[test]
fn a_text_is_looked_for_in_the_list() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Streams);
    let find = KeyEvent::new(KeyCode::Char('f'), KeyModifiers::CONTROL);
    view.key(find, &snapshot);
    for key in "0A1B".chars() {
        press(&mut view, &snapshot, KeyCode::Char(key));
    }
    press(&mut view, &snapshot, KeyCode::Enter);
    assert_eq!(view.list.selected, Some(FlowId(2)));
    // Every connection is listed still; behind the last one with the text comes the first.
    press(&mut view, &snapshot, KeyCode::Char('n'));
    assert_eq!(view.list.selected, Some(FlowId(1)));
    press(&mut view, &snapshot, KeyCode::Char('N'));
    assert_eq!(view.list.selected, Some(FlowId(2)));
    let shown = lines(&snapshot, &mut view, (120, 30)).join("\n");
    assert!(shown.contains("  ✖C live/****99999"), "{shown}");
}
