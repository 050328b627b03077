//! Every screen at every size from hand-made snapshots, the keys as a state machine, and what
//! must never reach a terminal.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;
use proptest::prelude::*;

use crate::base::ids::FlowId;
use crate::base::text::is_unsafe;
use crate::tui::commands::Action;
use crate::tui::commands::COMMANDS;
use crate::tui::model::Detailed;
use crate::tui::model::Snapshot;
use crate::tui::saving::Outcome;
use crate::tui::saving::Purpose;
use crate::tui::screen::Screen;
use crate::tui::sheet::Target;
use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::state::list::Sort;
use crate::tui::state::list::listed;
use crate::tui::state::moments::Seek;
use crate::tui::state::moments::TimeMode;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::save::SaveDialog;
use crate::tui::state::sieve::Named;
use crate::tui::testing::SIZES;
use crate::tui::testing::draw;
use crate::tui::testing::joined_late;
use crate::tui::testing::on;
use crate::tui::testing::snapshot;
use crate::tui::testing::styles;
use crate::tui::testing::symbols;
use crate::tui::testing::zones;
use crate::tui::theme::Theme;

/// The words of a frame, wherever its lines are broken.
fn words(frame: &str) -> String {
    frame.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn press(view: &mut ViewState, snapshot: &Snapshot, keys: &str) -> Effect {
    let mut effect = Effect::None;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '\t' => KeyCode::Tab,
            '\x08' => KeyCode::Backspace,
            c => KeyCode::Char(c),
        };
        effect = view.key(KeyEvent::new(code, KeyModifiers::NONE), snapshot);
    }
    effect
}

fn screens(screen: Screen, name: &str) {
    let snapshot = snapshot("cam-77", 5);
    for size in SIZES {
        let frame = draw(&snapshot, &mut on(screen), size);
        insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), symbols(&frame));
        insta::assert_snapshot!(
            format!("{name}-styles-{}x{}", size.0, size.1),
            styles(&frame)
        );
    }
}

#[test]
fn the_list_at_every_size() {
    screens(Screen::Streams, "streams");
}

#[test]
fn the_session_at_every_size() {
    screens(Screen::Session, "session");
}

#[test]
fn the_calls_at_every_size() {
    screens(Screen::Calls, "calls");
}

#[test]
fn the_media_at_every_size() {
    screens(Screen::Media, "media");
}

#[test]
fn the_messages_at_every_size() {
    screens(Screen::Messages, "messages");
}

#[test]
fn the_findings_at_every_size() {
    screens(Screen::Findings, "findings");
}

#[test]
fn the_help_at_every_size() {
    let snapshot = snapshot("cam-77", 5);
    for size in SIZES {
        let mut view = on(Screen::Messages);
        view.overlay = Overlay::Help { all: false };
        let frame = symbols(&draw(&snapshot, &mut view, size));
        insta::assert_snapshot!(format!("help-{}x{}", size.0, size.1), frame);
    }
}

#[test]
fn what_is_inferred_has_its_mark_on_every_screen() {
    let snapshot = joined_late();
    for (screen, name) in [
        (Screen::Streams, "streams"),
        (Screen::Session, "session"),
        (Screen::Media, "media"),
        (Screen::Messages, "messages"),
    ] {
        let frame = symbols(&draw(&snapshot, &mut on(screen), (140, 44)));
        insta::assert_snapshot!(format!("joined-late-{name}"), frame);
    }
}

#[test]
fn what_was_seen_has_no_mark() {
    let snapshot = snapshot("cam-77", 5);
    for screen in [
        Screen::Streams,
        Screen::Session,
        Screen::Calls,
        Screen::Media,
        Screen::Messages,
    ] {
        let frame = symbols(&draw(&snapshot, &mut on(screen), (140, 44)));
        assert!(!frame.contains('~'), "{frame}");
    }
}

#[test]
fn colours_stand_where_the_signs_stand() {
    let snapshot = snapshot("cam-77", 5);
    let frame = draw(&snapshot, &mut on(Screen::Streams), (100, 12));
    insta::assert_snapshot!("streams-styles", symbols(&frame) + &styles(&frame));
}

#[test]
fn without_colours_the_signs_and_the_selection_remain() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Streams);
    view.theme = Theme::PLAIN;
    let frame = draw(&snapshot, &mut view, (100, 12));
    let letters = styles(&frame);
    assert!(letters.contains("##########"));
    assert!(!letters.contains(['r', 'g', 'y', 'b', 'c', 'm']));
    assert!(symbols(&frame).contains("✖E"));
    let coloured = draw(&snapshot, &mut on(Screen::Streams), (100, 12));
    assert_eq!(symbols(&frame), symbols(&coloured));
}

#[test]
fn no_size_is_too_small() {
    let snapshot = snapshot("cam-77", 5);
    for screen in Screen::ALL {
        for width in (1..45).step_by(3) {
            for height in (1..18).step_by(2) {
                for pane in 0..4 {
                    let mut view = on(screen);
                    view.pane = pane;
                    draw(&snapshot, &mut view, (width, height));
                }
            }
        }
    }
}

#[test]
fn an_empty_capture_says_why() {
    let mut snapshot = Snapshot::default();
    for screen in Screen::ALL {
        let frame = symbols(&draw(&snapshot, &mut on(screen), (80, 24)));
        let body: String = frame.lines().skip(2).take(20).collect();
        assert!(!body.trim().is_empty(), "{screen:?}");
    }
    snapshot.capture.is_done = true;
    snapshot.capture.other_connections = 7;
    let frame = symbols(&draw(&snapshot, &mut on(Screen::Streams), (80, 24)));
    assert!(
        words(&frame).contains("7 TCP connections carry something else"),
        "{frame}"
    );
    snapshot.detail = Detailed::LeftOut;
    let frame = symbols(&draw(&snapshot, &mut on(Screen::Session), (80, 24)));
    assert!(
        words(&frame).contains("let go to keep memory bounded"),
        "{frame}"
    );
}

#[test]
fn a_stream_key_is_nowhere_to_be_seen() {
    for (name, selected) in [("cam-77-secret", 5), ("z9", 5)] {
        let snapshot = snapshot(name, selected);
        for screen in Screen::ALL {
            for pane in 0..3 {
                let mut view = on(screen);
                view.pane = pane;
                view.call = 2;
                let frame = symbols(&draw(&snapshot, &mut view, (160, 45)));
                assert!(!frame.contains(name), "{screen:?}:\n{frame}");
                // Its bytes in hex, of the second character on.
                assert!(!frame.contains("61 6d 2d"), "{screen:?}:\n{frame}");
                assert!(!frame.contains("7a 39"), "{screen:?}:\n{frame}");
            }
        }
    }
}

#[test]
fn the_bytes_of_the_selected_field_are_marked() {
    let snapshot = snapshot("cam-77", 0);
    let mut view = on(Screen::Messages);
    view.pane = 1;
    draw(&snapshot, &mut view, (120, 30));
    press(&mut view, &snapshot, "j");
    let field = &snapshot.opened.as_ref().unwrap().fields[view.messages.field];
    assert_eq!(view.messages.byte, field.range.start);
    // And the other way round: the byte leads to its field.
    press(&mut view, &snapshot, "\t");
    press(&mut view, &snapshot, "llll");
    let byte = view.messages.byte;
    let field = &snapshot.opened.as_ref().unwrap().fields[view.messages.field];
    assert!(field.range.contains(&byte));
}

#[test]
fn escape_goes_out_step_by_step_and_never_leaves() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    assert_eq!(press(&mut view, &snapshot, "j\n"), Effect::None);
    assert_eq!(
        (view.screen, view.focus),
        (Screen::Session, Some(FlowId(2)))
    );
    press(&mut view, &snapshot, "5\t?");
    assert_eq!(view.overlay, Overlay::Help { all: false });
    let mut trail = Vec::new();
    for _ in 0..6 {
        assert_eq!(press(&mut view, &snapshot, "\x1b"), Effect::None);
        trail.push((view.overlay != Overlay::None, view.pane, view.screen));
    }
    assert_eq!(trail[0], (false, 1, Screen::Messages));
    assert_eq!(trail[1], (false, 0, Screen::Messages));
    assert_eq!(trail[2], (false, 0, Screen::Session));
    assert_eq!(trail[3], (false, 0, Screen::Streams));
    assert_eq!(trail[5], (false, 0, Screen::Streams));
    assert_eq!(view.list.selected, Some(FlowId(2)));
    assert_eq!(press(&mut view, &snapshot, "q"), Effect::Quit);
}

#[test]
fn every_key_can_be_pressed_on_every_screen() {
    let snapshot = snapshot("cam-77", 5);
    for screen in Screen::ALL {
        for command in COMMANDS {
            let mut view = on(screen);
            view.act(command.action, &snapshot);
            draw(&snapshot, &mut view, (80, 24));
        }
    }
}

#[test]
fn a_filter_is_typed_applied_and_cleared() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    // Keys are text while one types, and characters of any length can be deleted again.
    press(&mut view, &snapshot, "/qplé\x08a\n");
    assert_eq!(view.list.filter.text(), "qpla");
    press(&mut view, &snapshot, "/\x08\x08\x08\x08play\n");
    assert_eq!(listed(&snapshot.rows, &view.list), [1]);
    press(&mut view, &snapshot, "\x1b");
    assert!(view.list.filter.is_empty());
    press(&mut view, &snapshot, "/abc\x1b");
    assert!(view.list.filter.is_empty() && view.overlay == Overlay::None);
}

#[test]
fn a_filter_asks_connections_findings_and_messages() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    let mut shown = |text: &str| {
        press(&mut view, &snapshot, &format!("/{text}\n"));
        let shown = listed(&snapshot.rows, &view.list);
        press(&mut view, &snapshot, "\x1b");
        shown
    };
    assert_eq!(shown("role:pub"), [0, 2]);
    assert_eq!(shown("role:pub health<ok fps>20"), [0]);
    assert_eq!(shown("lag>1s or stage:rejected"), [0, 2]);
    assert_eq!(shown("client.port==51523"), [1]);
    // What only messages can answer hides no connection.
    assert_eq!(shown("msg:cmd"), [0, 1, 2]);
    let mut view = on(Screen::Findings);
    press(&mut view, &snapshot, "/severity>=error\n");
    let codes: Vec<&str> = view
        .shown_findings(&snapshot)
        .iter()
        .map(|one| one.code)
        .collect();
    assert_eq!(codes, ["media.gap"]);
}

#[test]
fn a_filter_that_is_none_stays_to_be_mended() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    press(&mut view, &snapshot, "/fps<abc\n");
    assert!(matches!(view.overlay, Overlay::Prompt(_)));
    let frame = symbols(&draw(&snapshot, &mut view, (120, 24)));
    assert!(frame.contains("✖"), "{frame}");
    press(&mut view, &snapshot, "\x08\x08\x0820\n");
    assert_eq!(view.list.filter.text(), "fps<20");
}

#[test]
fn a_filter_is_completed_with_what_the_capture_has() {
    let mut snapshot = snapshot("cam-77", 5);
    let mut row = (*snapshot.rows[0]).clone();
    row.more.stream = Some("****0a1b2c3d".to_owned());
    snapshot.rows[0] = std::sync::Arc::new(row);
    let mut view = ViewState::default();
    press(&mut view, &snapshot, "/rol\t");
    let text = |view: &ViewState| match &view.overlay {
        Overlay::Prompt(prompt) => prompt.edit.text().to_owned(),
        _ => String::new(),
    };
    assert!(text(&view).starts_with("role"), "{}", text(&view));
    press(&mut view, &snapshot, "\x1b/stream:");
    let frame = symbols(&draw(&snapshot, &mut view, (120, 24)));
    assert!(frame.contains("****0a1b2c3d"), "{frame}");
    insta::assert_snapshot!("filter-completion", frame);
}

#[test]
fn filters_with_names_are_offered_and_stand_for_their_expressions() {
    let snapshot = snapshot("cam-77", 5);
    let named = [("late", "lag>1s"), ("rejected", "stage:rejected")];
    let named = named.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let mut view = ViewState {
        named: std::sync::Arc::new(Named::new(named.to_vec())),
        ..ViewState::default()
    };
    press(&mut view, &snapshot, "/:l");
    let frame = symbols(&draw(&snapshot, &mut view, (100, 20)));
    assert!(
        frame.contains(":late") && frame.contains("lag>1s") && !frame.contains(":rejected"),
        "{frame}"
    );
    press(&mut view, &snapshot, "\t\n");
    assert_eq!(view.list.filter.text(), "lag>1s");
    assert_eq!(listed(&snapshot.rows, &view.list), [0]);
}

#[test]
fn what_can_be_done_is_found_by_name_and_done() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    press(&mut view, &snapshot, ":find");
    for size in [(120, 30), (80, 24), (40, 10)] {
        let frame = symbols(&draw(&snapshot, &mut view, size));
        insta::assert_snapshot!(format!("palette-{}x{}", size.0, size.1), frame);
    }
    press(&mut view, &snapshot, "\x1b:what was odd\n");
    assert_eq!(view.screen, Screen::Findings);
    press(&mut view, &snapshot, ":no such thing\n");
    assert_eq!(
        (view.screen, view.overlay.clone()),
        (Screen::Findings, Overlay::None)
    );
}

#[test]
fn the_mouse_selects_opens_and_goes_back() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    let click = |view: &mut ViewState, x: u16, y: u16| {
        let zones = zones(&snapshot, view, (120, 30));
        view.mouse(
            MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column: x,
                row: y,
                modifiers: KeyModifiers::NONE,
            },
            &zones,
            &snapshot,
        )
    };
    // Below the header, the tabs and the headings.
    click(&mut view, 20, 4);
    assert_eq!(view.list.selected, Some(FlowId(2)));
    click(&mut view, 20, 4);
    assert_eq!(
        (view.screen, view.focus),
        (Screen::Session, Some(FlowId(2)))
    );
    // The tab of the messages.
    let tab = "  1 Streams  2 Session  3 Calls  4 Media  5 ".len();
    click(&mut view, u16::try_from(tab).unwrap(), 1);
    assert_eq!(view.screen, Screen::Messages);
    // A hint at the foot does what its key does.
    let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
    let foot = frame.lines().last().unwrap();
    let back = foot[..foot.find("back").unwrap()].chars().count();
    click(&mut view, u16::try_from(back).unwrap(), 29);
    assert_eq!(view.screen, Screen::Session);
}

#[test]
fn fields_and_bytes_are_pointed_at() {
    let snapshot = snapshot("cam-77", 0);
    let mut view = on(Screen::Messages);
    let zones = zones(&snapshot, &mut view, (120, 30));
    let point = |view: &mut ViewState, target: Target| {
        let zone = zones.iter().find(|zone| zone.target == target).unwrap();
        let event = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: zone.area.x,
            row: zone.area.y,
            modifiers: KeyModifiers::NONE,
        };
        view.mouse(event, &zones, &snapshot);
    };
    let fields = &snapshot.opened.as_ref().unwrap().fields;
    point(&mut view, Target::PaneLine(1, 2));
    assert_eq!((view.pane, view.messages.field), (1, 2));
    assert_eq!(view.messages.byte, fields[2].range.start);
    point(&mut view, Target::Byte(9));
    assert_eq!((view.pane, view.messages.byte), (2, 9));
    assert!(fields[view.messages.field].range.contains(&9));
}

#[test]
fn the_line_of_time_moves_the_cursor() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Media);
    let zones = zones(&snapshot, &mut view, (120, 30));
    let at = |zone: &&crate::tui::sheet::Zone| {
        zone.area.y == 28 && matches!(zone.target, Target::Moment(_))
    };
    let moments: Vec<_> = zones.iter().filter(at).copied().collect();
    assert!(moments.len() > 50);
    let Target::Moment(time) = moments[20].target else {
        unreachable!()
    };
    let event = MouseEvent {
        kind: MouseEventKind::Drag(MouseButton::Left),
        column: moments[20].area.x,
        row: 28,
        modifiers: KeyModifiers::NONE,
    };
    view.mouse(event, &zones, &snapshot);
    assert_eq!(view.cursor, Some(time));
    press(&mut view, &snapshot, "\n");
    assert_eq!(
        (view.screen, view.seek),
        (Screen::Messages, Some(Seek::Time(time)))
    );
}

#[test]
fn a_mark_is_gone_to_and_come_back_from() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Calls);
    press(&mut view, &snapshot, "'");
    assert!(
        view.notice
            .as_ref()
            .is_some_and(|text| text.contains("nothing is marked"))
    );
    press(&mut view, &snapshot, "jm");
    let marked = view.cursor;
    press(&mut view, &snapshot, "j");
    assert_ne!(view.cursor, marked);
    let before = (view.call, view.cursor);
    press(&mut view, &snapshot, "'");
    assert_eq!((view.call, view.cursor), (1, marked));
    press(&mut view, &snapshot, "'");
    assert_eq!((view.call, view.cursor), before);
}

fn dialog(view: &ViewState) -> SaveDialog {
    match &view.overlay {
        Overlay::Save(dialog) => dialog.clone(),
        other => panic!("no question of what to save: {other:?}"),
    }
}

#[test]
fn what_is_to_be_saved_is_asked_line_by_line() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Calls);
    press(&mut view, &snapshot, "jw");
    for size in SIZES {
        let frame = symbols(&draw(&snapshot, &mut view, size));
        insta::assert_snapshot!(format!("save-{}x{}", size.0, size.1), frame);
    }
    assert_eq!(dialog(&view).name.text(), "uplink-conn1-packets.pcapng");
    // Another purpose, another name; then five seconds around the cursor.
    press(&mut view, &snapshot, "l\t\tll");
    assert_eq!(dialog(&view).name.text(), "uplink-conn1-part-flv.flv");
    let cursor = view.cursor.unwrap();
    let Effect::Save(request) = press(&mut view, &snapshot, "\n") else {
        unreachable!()
    };
    assert_eq!(request.purpose, Purpose::Flv);
    let window = request.scope.window.unwrap();
    assert_eq!(
        (window.0.0, window.1.0),
        (cursor.0 - 5_000_000_000, cursor.0 + 5_000_000_000)
    );
    assert_eq!(request.scope.connections, Some([FlowId(1)].into()));
    assert!(!request.force && !request.show_secrets);
}

#[test]
fn a_file_in_the_way_is_asked_about_before_it_is_replaced() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    press(&mut view, &snapshot, " jw\t");
    let choices = SaveDialog::choices(&snapshot, &view);
    let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
    assert_eq!(labels[1..], ["the ticked connection", "all 3 connections"]);
    press(&mut view, &snapshot, "\n");
    let failed = || Outcome::Failed {
        text: "there".to_owned(),
        is_there: true,
    };
    view.tell_saved(failed());
    assert!(dialog(&view).force);
    let Effect::Save(request) = press(&mut view, &snapshot, "\n") else {
        unreachable!()
    };
    assert!(request.force);
    // Another name is another question.
    view.tell_saved(failed());
    press(&mut view, &snapshot, "\t\tx");
    assert!(!dialog(&view).force);
}

#[test]
fn a_live_capture_is_not_left_by_one_key() {
    let mut snapshot = snapshot("cam-77", 5);
    snapshot.capture.is_live = true;
    let mut view = ViewState::default();
    assert_eq!(press(&mut view, &snapshot, "q"), Effect::None);
    assert_eq!(press(&mut view, &snapshot, "j"), Effect::None);
    assert_eq!(press(&mut view, &snapshot, "q"), Effect::None);
    assert_eq!(press(&mut view, &snapshot, "q"), Effect::Quit);
}

#[test]
fn kinds_of_findings_are_muted_and_shown_again() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Findings);
    press(&mut view, &snapshot, "M");
    assert_eq!(view.shown_findings(&snapshot).len(), 1);
    press(&mut view, &snapshot, "f");
    assert_eq!(view.shown_findings(&snapshot).len(), 2);
    press(&mut view, &snapshot, "gM");
    assert!(view.findings.muted.is_empty());
}

#[test]
fn what_is_copied_is_what_is_selected_and_masked() {
    let snapshot = snapshot("cam-77-secret", 5);
    let mut view = on(Screen::Messages);
    view.pane = 1;
    let fields = &snapshot.opened.as_ref().unwrap().fields;
    let name = fields.iter().position(|field| field.name == "stream name");
    view.messages.field = name.unwrap();
    for (screen, part) in [
        (Screen::Streams, "192.0.2.9:51522 -> 192.0.2.5:1935"),
        (Screen::Calls, "connect #1 by the client"),
        (Screen::Messages, "stream name: ****"),
        (Screen::Findings, "**media.gap** (error)"),
        (Screen::Session, "handshake"),
    ] {
        view.screen = screen;
        let Effect::Copy(text) = view.act(Action::Copy, &snapshot) else {
            unreachable!()
        };
        assert!(text.contains(part), "{screen:?}: {text}");
        assert!(!text.contains("cam-77-secret"), "{screen:?}: {text}");
    }
}

#[test]
fn the_list_is_sorted_as_asked() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    let mut orders = Vec::new();
    for _ in 0..Sort::ALL.len() {
        orders.push((view.list.sort, listed(&snapshot.rows, &view.list)));
        press(&mut view, &snapshot, "s");
    }
    assert_eq!(orders[1], (Sort::Health, vec![2, 0, 1]));
    assert_eq!(orders[6], (Sort::Bitrate, vec![1, 0, 2]));
    assert_eq!(orders[10], (Sort::Lag, vec![0, 1, 2]));
    press(&mut view, &snapshot, "S");
    assert_eq!(listed(&snapshot.rows, &view.list), [2, 1, 0]);
    assert_eq!(view.list.sort, Sort::Order);
}

#[test]
fn next_and_previous_connection_keep_the_screen() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Media);
    press(&mut view, &snapshot, "]");
    view.list.selected = view.focus;
    assert_eq!((view.screen, view.focus), (Screen::Media, Some(FlowId(2))));
    press(&mut view, &snapshot, "[[[");
    assert_eq!(view.focus, Some(FlowId(1)));
}

#[test]
fn a_finding_leads_to_its_message() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Findings);
    press(&mut view, &snapshot, "j\n");
    assert_eq!(
        (view.screen, view.seek),
        (Screen::Messages, Some(Seek::Frame(501)))
    );
    let mut view = ViewState::default();
    press(&mut view, &snapshot, "e");
    assert_eq!(view.list.selected, Some(FlowId(3)));
}

#[test]
fn a_call_leads_to_its_message() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Calls);
    press(&mut view, &snapshot, "jj\n");
    assert_eq!(view.screen, Screen::Messages);
    assert_eq!(view.messages.selected, Some(6));
}

#[test]
fn times_are_shown_in_five_ways() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on(Screen::Messages);
    view.mark = Some(snapshot.capture.first.unwrap());
    let mut shown = |mode: TimeMode| {
        assert_eq!(view.time, mode);
        let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
        press(&mut view, &snapshot, "t");
        frame
    };
    assert!(shown(TimeMode::SinceStart).contains(" 0.095 "));
    assert!(shown(TimeMode::Clock).contains("22:13:20.095"));
    assert!(shown(TimeMode::SincePrevious).contains("+0.040"));
    assert!(shown(TimeMode::SinceMark).contains(" +0.095 "));
    assert!(shown(TimeMode::Media).contains("200 ms"));
}

#[test]
fn columns_are_left_out_and_shown_again() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = ViewState::default();
    let heading = |view: &mut ViewState| {
        let frame = symbols(&draw(&snapshot, view, (160, 45)));
        frame.lines().nth(2).unwrap_or_default().to_owned()
    };
    let all = heading(&mut view);
    for title in crate::tui::state::columns::CHOOSABLE {
        assert!(all.contains(title), "{title}: {all}");
    }
    press(&mut view, &snapshot, "c jj ");
    for size in [(80, 24), (40, 10)] {
        let frame = symbols(&draw(&snapshot, &mut view, size));
        insta::assert_snapshot!(format!("columns-{}x{}", size.0, size.1), frame);
    }
    press(&mut view, &snapshot, "\n");
    let fewer = heading(&mut view);
    assert!(
        !fewer.contains("ROLE") && !fewer.contains("CODEC"),
        "{fewer}"
    );
    assert!(fewer.contains("PEER"), "{fewer}");
    press(&mut view, &snapshot, "c jj \n");
    assert_eq!(heading(&mut view), all);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_of_the_wire_can_drive_the_terminal(name in "[a-z\\x00-\\x1f\\x7f\u{9b}\u{202e}\u{200b}]{1,24}") {
        let mut snapshot = snapshot(&name, 5);
        if let Detailed::Known(detail) = &snapshot.detail {
            let mut shown = detail.as_ref().clone();
            shown.show_secrets = true;
            snapshot.detail = Detailed::Known(std::sync::Arc::new(shown));
        }
        for screen in Screen::ALL {
            let buffer = draw(&snapshot, &mut on(screen), (120, 30));
            for cell in buffer.content() {
                prop_assert!(!cell.symbol().chars().any(is_unsafe));
            }
        }
    }
}
