//! The Start screen at every size, with and without the right to capture, and what each key and
//! click makes of it.

use std::path::PathBuf;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::base::text::is_unsafe;
use crate::capture::bpf::Checked;
use crate::tui::start::browse::at_home;
use crate::tui::start::keys::Action;
use crate::tui::start::keys::KEYS;
use crate::tui::start::keys::Place;
use crate::tui::start::model::Choice;
use crate::tui::start::model::Entry;
use crate::tui::start::model::Filter;
use crate::tui::start::model::Folder;
use crate::tui::start::model::Interface;
use crate::tui::start::model::Origin;
use crate::tui::start::model::Recent;
use crate::tui::start::model::Snapshot;
use crate::tui::start::state::DEMO_LINE;
use crate::tui::start::state::Effect;
use crate::tui::start::state::FIXED_CAPTURES;
use crate::tui::start::state::Hit;
use crate::tui::start::state::OPEN_LINE;
use crate::tui::start::state::View;
use crate::tui::start::view::Zone;
use crate::tui::start::view::fit_to;
use crate::tui::start::view::render;
use crate::tui::start::view::zone_at;
use crate::tui::symbols::Symbols;
use crate::tui::testing::SIZES;
use crate::tui::testing::styles;
use crate::tui::testing::symbols;
use crate::tui::theme::Theme;

const ADVICE: &str = "packet socket cannot be opened: Operation not permitted; allow this program \
                      to capture: sudo setcap cap_net_raw=ep /usr/local/bin/rtmpscope; or capture \
                      with another one: sudo tcpdump -i any -U -w - | rtmpscope -";

fn interface(name: &str, about: &str, rate: u64, connections: usize) -> Interface {
    let rates = [0, 0, rate / 4, rate / 2, rate, rate];
    Interface {
        name: name.to_owned(),
        about: about.to_owned(),
        is_up: true,
        rate: Some(rate),
        course: rates.map(|rate| u32::try_from(rate).unwrap()).to_vec(),
        connections,
    }
}

fn recent(path: &str, age: u64, size: Option<u64>) -> Recent {
    Recent {
        path: PathBuf::from(path),
        age,
        size,
    }
}

fn entry(name: &str, size: Option<u64>) -> Entry {
    Entry {
        name: name.to_owned(),
        path: PathBuf::from("/srv/captures").join(name),
        size,
    }
}

fn snapshot() -> Snapshot {
    let mut wlan = interface("wlan0", "", 0, 0);
    wlan.is_up = false;
    Snapshot {
        interfaces: vec![
            interface("any", "all interfaces", 2_300_000, 3),
            interface("eth0", "192.0.2.10 2001:db8::10", 2_290_000, 2),
            interface("lo", "127.0.0.1 ::1", 10_000, 1),
            wlan,
        ],
        recent: vec![
            recent("/srv/captures/obs-drop-1122.pcap", 40, Some(48_120_000)),
            recent("/home/me/ingest-eu.pcapng", 3 * 86_400, Some(1_204_000_000)),
            recent("/tmp/gone.pcap.zst", 9 * 86_400, None),
        ],
        remembers: true,
        folder: Folder {
            path: PathBuf::from("/srv/captures"),
            entries: vec![
                entry("..", None),
                entry(".cache", None),
                entry("monday", None),
                entry("ingest-1.pcap", Some(1_500)),
                entry("ingest-2.pcapng.gz", Some(2_000_000)),
                entry("obs-drop-1122.pcap", Some(48_120_000)),
            ],
            ..Folder::default()
        },
        home: Some(PathBuf::from("/home/me")),
        ..Snapshot::default()
    }
}

fn without_right() -> Snapshot {
    Snapshot {
        obstacle: Some(ADVICE.to_owned()),
        ..snapshot()
    }
}

fn view(snapshot: &Snapshot) -> View {
    View::new(snapshot, "", Theme::default())
}

fn draw(snapshot: &Snapshot, view: &mut View, (width, height): (u16, u16)) -> (Buffer, Vec<Zone>) {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    fit_to(area, snapshot, view);
    let zones = render(&mut buffer, area, snapshot, view);
    (buffer, zones)
}

fn at_every_size(name: &str, snapshot: &Snapshot, view: &mut View) {
    for size in SIZES {
        let frame = symbols(&draw(snapshot, view, size).0);
        insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), frame);
    }
}

fn press(view: &mut View, snapshot: &Snapshot, keys: &str) -> Effect {
    let mut effect = Effect::None;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '\t' => KeyCode::Tab,
            '\x08' => KeyCode::Backspace,
            '↓' => KeyCode::Down,
            '↑' => KeyCode::Up,
            '⇥' => KeyCode::BackTab,
            c => KeyCode::Char(c),
        };
        effect = view.key(KeyEvent::new(code, KeyModifiers::NONE), snapshot);
    }
    effect
}

fn opens(origin: Origin) -> Effect {
    Effect::Open(Choice { origin, bpf: None })
}

fn file(path: &str) -> Effect {
    opens(Origin::File(PathBuf::from(path)))
}

fn interfaces(names: &[&str]) -> Effect {
    let names = names.iter().map(|name| (*name).to_owned());
    opens(Origin::Interfaces(names.collect()))
}

#[test]
fn of_a_long_course_the_latest_is_shown() {
    let mut snapshot = snapshot();
    for interface in &mut snapshot.interfaces {
        // Quiet for long, then as much as ever.
        interface.course = [vec![100; 29], vec![800]].concat();
    }
    let mut view = view(&snapshot);
    let (frame, _) = draw(&snapshot, &mut view, (120, 30));
    let frame = symbols(&frame);
    let lo = frame.lines().find(|line| line.contains("127.0.0.1"));
    assert!(lo.unwrap().contains("▁▁█ "), "{frame}");
    assert!(!lo.unwrap().contains('…'), "{frame}");
}

#[test]
fn with_the_right_to_capture() {
    let snapshot = snapshot();
    at_every_size("can-capture", &snapshot, &mut view(&snapshot));
}

#[test]
fn without_the_right_to_capture() {
    let snapshot = without_right();
    at_every_size("no-right", &snapshot, &mut view(&snapshot));
}

#[test]
fn with_nothing_at_all() {
    let snapshot = Snapshot {
        obstacle: Some("this container may not capture at all".to_owned()),
        remembers: true,
        ..Snapshot::default()
    };
    at_every_size("empty", &snapshot, &mut view(&snapshot));
    let mut other = view(&snapshot);
    press(&mut other, &snapshot, "⇥");
    let frame = symbols(&draw(&snapshot, &mut other, (40, 10)).0);
    insta::assert_snapshot!("empty-interfaces-40x10", frame);
}

#[test]
fn while_a_path_is_typed() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "oin↓");
    at_every_size("path", &snapshot, &mut view);
}

#[test]
fn a_wrong_filter_is_told_at_every_size() {
    let mut snapshot = snapshot();
    snapshot.filter = Filter::Checked(Checked::Wrong(
        "ethernet addresses are supported only on ethernet/FDDI/token ring/802.11".to_owned(),
    ));
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "ftcp prot 1935");
    at_every_size("wrong-filter", &snapshot, &mut view);
}

#[test]
fn help_and_notice_at_every_size() {
    let snapshot = without_right();
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "?");
    at_every_size("help", &snapshot, &mut view);
    view.help = false;
    view.notice = Some(format!("any: no permission to capture; {ADVICE}"));
    at_every_size("notice", &snapshot, &mut view);
}

#[test]
fn colours_stand_where_the_signs_stand() {
    let snapshot = without_right();
    let mut view = view(&snapshot);
    let frame = draw(&snapshot, &mut view, (100, 12)).0;
    insta::assert_snapshot!("styles", symbols(&frame) + &styles(&frame));
    view.theme = Theme::PLAIN;
    let frame = draw(&snapshot, &mut view, (100, 12)).0;
    insta::assert_snapshot!("styles-without-colours", symbols(&frame) + &styles(&frame));
}

#[test]
fn what_can_be_done_here_has_the_keys() {
    assert_eq!(view(&snapshot()).place, Place::Interfaces);
    let without = view(&without_right());
    assert_eq!(
        (without.place, without.capture),
        (Place::Captures, FIXED_CAPTURES)
    );
    let empty = view(&Snapshot::default());
    assert_eq!((empty.place, empty.capture), (Place::Captures, DEMO_LINE));
}

#[test]
fn enter_captures_on_the_selected_interface_or_on_the_ticked_ones() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    assert_eq!(press(&mut view, &snapshot, "\n"), interfaces(&["any"]));
    assert_eq!(press(&mut view, &snapshot, "j\n"), interfaces(&["eth0"]));
    assert_eq!(
        press(&mut view, &snapshot, " ↓ \n"),
        interfaces(&["eth0", "lo"])
    );
    assert_eq!(
        press(&mut view, &snapshot, "g\n"),
        interfaces(&["eth0", "lo"])
    );
    // All of them are not captured twice.
    assert_eq!(press(&mut view, &snapshot, " \n"), interfaces(&["any"]));
    assert_eq!(press(&mut view, &snapshot, "jj \n"), interfaces(&["lo"]));
    assert_eq!(press(&mut view, &snapshot, " G\n"), interfaces(&["wlan0"]));
}

#[test]
fn an_interface_stays_selected_when_others_come_and_go() {
    let mut snapshot = snapshot();
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "jj ");
    snapshot.interfaces.remove(1);
    assert_eq!(press(&mut view, &snapshot, "\n"), interfaces(&["lo"]));
    snapshot.interfaces.clear();
    assert_eq!(press(&mut view, &snapshot, "\n"), Effect::None);
    assert!(view.notice.take().is_some());
    // Why there is none is told whole, however little of it has room below the lists.
    snapshot.obstacle = Some(ADVICE.to_owned());
    press(&mut view, &snapshot, "\n");
    assert_eq!(view.notice.as_deref(), Some(ADVICE));
}

#[test]
fn captures_are_opened_from_their_list() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "\t");
    let first = file("/srv/captures/obs-drop-1122.pcap");
    assert_eq!(press(&mut view, &snapshot, "\n"), first);
    assert_eq!(
        press(&mut view, &snapshot, "j\n"),
        file("/home/me/ingest-eu.pcapng")
    );
    assert_eq!(press(&mut view, &snapshot, "kk\n"), opens(Origin::Demo));
    assert_eq!(press(&mut view, &snapshot, "g\n"), Effect::None);
    assert_eq!(view.place, Place::Path);
    press(&mut view, &snapshot, "\x1b");
    assert_eq!((view.place, view.capture), (Place::Captures, OPEN_LINE));
    assert_eq!(press(&mut view, &snapshot, "d"), opens(Origin::Demo));
}

#[test]
fn tab_goes_round_and_back() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    let mut trail = Vec::new();
    for key in ["\t", "\t", "\t", "⇥", "⇥", "⇥"] {
        press(&mut view, &snapshot, key);
        trail.push(view.place);
    }
    let (interfaces, captures, filter) = (Place::Interfaces, Place::Captures, Place::Filter);
    assert_eq!(
        trail,
        [captures, filter, interfaces, filter, captures, interfaces]
    );
}

#[test]
fn escape_goes_out_step_by_step_and_leaves_at_the_end() {
    let snapshot = snapshot();
    for keys in ["f", "o", "?", "f\n?"] {
        let mut view = view(&snapshot);
        press(&mut view, &snapshot, keys);
        assert_eq!(press(&mut view, &snapshot, "\x1b"), Effect::None, "{keys}");
        assert!(!view.help && !view.place.is_text());
        assert_eq!(press(&mut view, &snapshot, "\x1b"), Effect::Quit, "{keys}");
    }
    assert_eq!(press(&mut view(&snapshot), &snapshot, "q"), Effect::Quit);
    for place in ["", "f", "o", "?"] {
        let mut view = view(&snapshot);
        press(&mut view, &snapshot, place);
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(view.key(control_c, &snapshot), Effect::Quit, "{place}");
    }
}

#[test]
fn the_filter_goes_along_unless_it_is_wrong() {
    let mut snapshot = snapshot();
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "jf tcp?qd\x08\x08\x08 ");
    assert_eq!(view.filter.text(), " tcp ");
    snapshot.filter = Filter::Checked(Checked::Valid);
    // Up from the field is back in the list, too.
    let effect = press(&mut view, &snapshot, "↑\n");
    let Effect::Open(choice) = effect else {
        panic!("{effect:?}");
    };
    assert_eq!(choice.bpf.as_deref(), Some("tcp"));
    assert_eq!(choice.origin, Origin::Interfaces(vec!["eth0".to_owned()]));
    for wrong in [
        Filter::Checked(Checked::Wrong("syntax error".to_owned())),
        Filter::Unusable("no libpcap".to_owned()),
    ] {
        snapshot.filter = wrong;
        view.place = Place::Interfaces;
        assert_eq!(press(&mut view, &snapshot, "\n"), Effect::None);
        assert_eq!(view.place, Place::Filter);
        assert!(view.notice.take().is_some());
    }
    let control_u = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
    view.key(control_u, &snapshot);
    assert_eq!(press(&mut view, &snapshot, "\n\n"), interfaces(&["eth0"]));
}

#[test]
fn a_notice_is_read_before_anything_else_is_done() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    view.notice = Some("no".to_owned());
    assert_eq!(press(&mut view, &snapshot, "d"), Effect::None);
    assert_eq!(press(&mut view, &snapshot, "d"), opens(Origin::Demo));
}

#[test]
fn what_is_longer_than_the_screen_can_be_scrolled() {
    let snapshot = without_right();
    let mut view = view(&snapshot);
    view.refuse(ADVICE.to_owned());
    let mut last = String::new();
    for _ in 0..20 {
        last = symbols(&draw(&snapshot, &mut view, (40, 10)).0);
        press(&mut view, &snapshot, "j");
    }
    assert!(
        last.contains("rtmpscope -") && !last.contains("more"),
        "{last}"
    );
    // It goes no further than to its end.
    draw(&snapshot, &mut view, (40, 10));
    press(&mut view, &snapshot, "k");
    assert!(symbols(&draw(&snapshot, &mut view, (40, 10)).0).contains("1 more"));
    press(&mut view, &snapshot, "\n");
    assert!(!view.has_overlay());
}

#[test]
fn a_path_is_typed_completed_and_opened() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "oi\t");
    assert_eq!(view.browse.path.text(), "ingest-");
    // From here on there is a choice.
    press(&mut view, &snapshot, "\t");
    assert_eq!(view.browse.selected, Some(0));
    press(&mut view, &snapshot, "\t");
    assert_eq!(
        press(&mut view, &snapshot, "\n"),
        file("/srv/captures/ingest-2.pcapng.gz")
    );
    press(&mut view, &snapshot, "2\t");
    assert_eq!(view.browse.path.text(), "ingest-2.pcapng.gz");
    assert_eq!(
        press(&mut view, &snapshot, "\n"),
        file("/srv/captures/ingest-2.pcapng.gz")
    );
    // What is not listed is tried as it stands.
    assert_eq!(
        press(&mut view, &snapshot, "x\n"),
        file("ingest-2.pcapng.gzx")
    );
}

#[test]
fn folders_are_gone_into_and_out_of() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    press(&mut view, &snapshot, "omonday\n");
    assert_eq!(
        (view.browse.path.text(), view.folder()),
        ("monday/", Some("monday/"))
    );
    press(&mut view, &snapshot, "\n\n");
    assert_eq!(view.browse.path.text(), "");
    press(&mut view, &snapshot, "↓\n");
    assert_eq!(view.browse.path.text(), "../");
    press(&mut view, &snapshot, "↓\n");
    assert_eq!(view.browse.path.text(), "../../");
    press(&mut view, &snapshot, "m\t");
    assert_eq!(view.browse.path.text(), "../../monday/");
    press(&mut view, &snapshot, "\x1bo.c\t");
    assert_eq!(view.browse.path.text(), ".cache/");
    for (from, to) in [("/", "/"), ("/srv/", "/"), ("~/", "~/../"), ("a/b/", "a/")] {
        press(&mut view, &snapshot, "\x1bo");
        view.paste(from);
        press(&mut view, &snapshot, "↓\n");
        assert_eq!(view.browse.path.text(), to);
    }
}

#[test]
fn home_is_where_the_tilde_is() {
    let home = PathBuf::from("/home/me");
    assert_eq!(
        at_home("~/a.pcap", Some(&home)),
        PathBuf::from("/home/me/a.pcap")
    );
    assert_eq!(at_home("~", Some(&home)), home);
    assert_eq!(at_home("~you/a", Some(&home)), PathBuf::from("~you/a"));
    assert_eq!(at_home("~/a", None), PathBuf::from("~/a"));
}

#[test]
fn what_is_pasted_is_text_and_never_keys() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    view.paste("/tmp/a.pcap\n");
    assert_eq!(
        (view.place, view.browse.path.text()),
        (Place::Path, "/tmp/a.pcap")
    );
    press(&mut view, &snapshot, "\x1bf");
    view.paste("port 1935\r\nq");
    assert_eq!(
        (view.place, view.filter.text()),
        (Place::Filter, "port 1935q")
    );
}

#[test]
fn a_click_selects_and_the_next_one_opens() {
    let snapshot = snapshot();
    for size in SIZES {
        let mut view = view(&snapshot);
        let (frame, zones) = draw(&snapshot, &mut view, size);
        let text = symbols(&frame);
        let row = text.lines().position(|line| line.contains("eth0")).unwrap();
        let hit = zone_at(&zones, 6, u16::try_from(row).unwrap());
        assert_eq!(hit, Some(Hit::Interface(1)), "{size:?}");
        assert_eq!(view.click(hit, &snapshot), Effect::None);
        assert_eq!(view.click(hit, &snapshot), interfaces(&["eth0"]));
        let tick = zone_at(&zones, 2, u16::try_from(row).unwrap());
        assert_eq!(view.click(tick, &snapshot), Effect::None);
        assert_eq!(view.ticked, ["eth0"], "{size:?}");
        // What was selected by keys is not opened by one click.
        press(&mut view, &snapshot, "k");
        assert_eq!(view.click(Some(Hit::Interface(0)), &snapshot), Effect::None);
        // The filter, and a key that is named.
        let foot = size.1 - 1;
        assert_eq!(
            zone_at(&zones, 10, foot - 1),
            Some(Hit::Place(Place::Filter))
        );
        assert_eq!(zone_at(&zones, 1, foot), Some(Hit::Key(Action::Enter)));
    }
}

#[test]
fn captures_and_folders_can_be_clicked() {
    let snapshot = snapshot();
    let mut view = view(&snapshot);
    assert_eq!(view.click(Some(Hit::Capture(3)), &snapshot), Effect::None);
    let opened = view.click(Some(Hit::Capture(3)), &snapshot);
    assert_eq!(opened, file("/home/me/ingest-eu.pcapng"));
    view.click(Some(Hit::Key(Action::OpenFile)), &snapshot);
    let (_, zones) = draw(&snapshot, &mut view, (80, 24));
    let hit = zone_at(&zones, 9, 5);
    assert_eq!(hit, Some(Hit::Entry(2)));
    view.click(hit, &snapshot);
    assert_eq!(
        view.click(hit, &snapshot),
        file("/srv/captures/ingest-1.pcap")
    );
    view.wheel(-3, &snapshot);
    assert_eq!(view.browse.selected, Some(0));
    assert_eq!(view.click(None, &snapshot), Effect::None);
}

#[test]
fn every_key_can_be_pressed_everywhere_at_every_size() {
    let full = snapshot();
    let empty = Snapshot::default();
    for snapshot in [&full, &empty] {
        for place in Place::ALL {
            for code in KEYS.iter().flat_map(|key| key.codes) {
                let mut view = view(snapshot);
                view.place = place;
                view.key(KeyEvent::new(*code, KeyModifiers::NONE), snapshot);
                for size in SIZES.into_iter().chain([(1, 1), (9, 3), (200, 2), (3, 60)]) {
                    draw(snapshot, &mut view, size);
                }
            }
        }
    }
}

#[test]
fn a_long_list_shows_what_is_selected() {
    let mut snapshot = snapshot();
    let numbers = 0..300_u64;
    let interfaces = numbers.map(|number| interface(&format!("veth{number}"), "", number, 0));
    snapshot.interfaces = interfaces.collect();
    for size in SIZES {
        let mut view = view(&snapshot);
        press(&mut view, &snapshot, "G");
        assert!(symbols(&draw(&snapshot, &mut view, size).0).contains("veth299"));
        let page = KeyEvent::new(KeyCode::PageUp, KeyModifiers::NONE);
        view.key(page, &snapshot);
        let expected = format!("veth{}", 299 - view.page);
        assert_eq!(view.interface, Some(expected));
    }
}

#[test]
fn no_name_can_drive_the_terminal() {
    let odd = "a\x1b[2J\u{9b}b\u{202e}c";
    let mut snapshot = snapshot();
    snapshot.interfaces.push(interface(odd, odd, 1, 1));
    snapshot
        .recent
        .push(recent(&format!("/{odd}/{odd}"), 1, None));
    snapshot.folder.entries.push(entry(odd, None));
    snapshot.folder.path = PathBuf::from(odd);
    for keys in ["", "o"] {
        let mut view = view(&snapshot);
        press(&mut view, &snapshot, keys);
        let check = |view: &mut View| {
            for cell in draw(&snapshot, view, (160, 45)).0.content() {
                assert!(!cell.symbol().chars().any(is_unsafe));
            }
        };
        check(&mut view);
        view.notice = Some(odd.to_owned());
        check(&mut view);
    }
}

#[test]
fn every_part_can_be_drawn_in_ascii() {
    let snapshots = [snapshot(), without_right(), Snapshot::default()];
    for snapshot in &snapshots {
        // The lists, the path with what matches, a filter, the help and the advice.
        for keys in ["", "\t", "o", "o/srv/captures/", "ftcp por", "?", "!", " "] {
            for size in SIZES {
                let mut view = view(snapshot);
                press(&mut view, snapshot, keys);
                let before = draw(snapshot, &mut view, size).0;
                let mut after = before.clone();
                Symbols::Ascii.apply(&mut after);
                for (was, is) in before.content().iter().zip(after.content()) {
                    let symbol = is.symbol();
                    let is_plain = symbol.len() == 1 && !symbol.contains(|c: char| c.is_control());
                    assert!(is_plain, "{symbol:?}");
                    assert!(symbol != "?" || was.symbol() == "?", "{:?}", was.symbol());
                }
            }
        }
    }
    let mut view = view(&snapshots[0]);
    let mut buffer = draw(&snapshots[0], &mut view, (100, 20)).0;
    Symbols::Ascii.apply(&mut buffer);
    insta::assert_snapshot!("ascii", symbols(&buffer));
}
