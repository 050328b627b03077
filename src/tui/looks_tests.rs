//! Every theme on one screen, and every screen in ASCII.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::buffer::Cell;
use ratatui::style::Color;

use crate::tui::commands::Action;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::ViewState;
use crate::tui::state::overlay::Overlay;
use crate::tui::symbols::Symbols;
use crate::tui::testing::SIZES;
use crate::tui::testing::draw;
use crate::tui::testing::joined_late;
use crate::tui::testing::on;
use crate::tui::testing::snapshot;
use crate::tui::testing::styles;
use crate::tui::testing::symbols;
use crate::tui::theme::Depth;
use crate::tui::theme::Ground;
use crate::tui::theme::Theme;
use crate::tui::theme::ThemeName;

fn themed(theme: Theme) -> Buffer {
    let mut view = on(Screen::Streams);
    view.theme = theme;
    draw(&snapshot("cam-77", 5), &mut view, (100, 12))
}

#[test]
fn every_theme_colours_what_the_signs_say() {
    let mut all = String::new();
    for (name, word, _) in ThemeName::ALL {
        for ground in [Ground::Dark, Ground::Light] {
            for depth in [Depth::Sixteen, Depth::Indexed, Depth::True] {
                let theme = Theme {
                    name,
                    ground,
                    depth,
                };
                let buffer = themed(theme);
                let _ = writeln!(all, "{word} on {ground:?} in {depth:?}");
                all.push_str(&styles(&buffer));
            }
        }
    }
    insta::assert_snapshot!("themes-styles", all);
}

#[test]
fn no_theme_changes_a_symbol_or_paints_a_background() {
    let plain = themed(Theme::PLAIN);
    for (name, ..) in ThemeName::ALL {
        for ground in [Ground::Dark, Ground::Light] {
            let buffer = themed(Theme {
                name,
                ground,
                depth: Depth::True,
            });
            assert_eq!(symbols(&buffer), symbols(&plain));
            let is_bare = |cell: &Cell| cell.bg == Color::Reset;
            assert!(buffer.content().iter().all(is_bare), "{name}");
        }
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    let is_bare = |cell: &Cell| cell.fg == Color::Reset;
    let none = Theme {
        name: ThemeName::None,
        depth: Depth::True,
        ..Theme::default()
    };
    let off = Theme {
        depth: Depth::None,
        ..Theme::default()
    };
    for theme in [Theme::PLAIN, none, off] {
        for screen in Screen::ALL {
            let mut view = on(screen);
            view.theme = theme;
            let buffer = draw(&snapshot("cam-77", 5), &mut view, (120, 30));
            assert!(buffer.content().iter().all(is_bare), "{screen:?}");
        }
    }
}

/// Draws in ASCII; fails where something else is left, or where a symbol of ours is not known.
fn assert_ascii(snapshot: &Snapshot, view: &mut ViewState, size: (u16, u16)) -> Buffer {
    let before = draw(snapshot, view, size);
    let mut after = before.clone();
    Symbols::Ascii.apply(&mut after);
    for (was, is) in before.content().iter().zip(after.content()) {
        let symbol = is.symbol();
        assert!(
            symbol == " " || (symbol.len() == 1 && symbol.as_bytes()[0].is_ascii_graphic()),
            "{symbol:?}"
        );
        let is_unknown = symbol == "?" && was.symbol() != "?";
        assert!(!is_unknown, "{:?} on {:?}", was.symbol(), view.screen);
        assert_eq!(was.style(), is.style());
    }
    after
}

#[test]
fn every_screen_can_be_drawn_in_ascii() {
    for snapshot in [snapshot("cam-77", 5), joined_late(), Snapshot::default()] {
        for screen in Screen::ALL {
            for size in SIZES {
                for pane in 0..4 {
                    let mut view = on(screen);
                    view.pane = pane;
                    assert_ascii(&snapshot, &mut view, size);
                }
                for action in [
                    Action::Help,
                    Action::Palette,
                    Action::Filter,
                    Action::Find,
                    Action::Save,
                ] {
                    let mut view = on(screen);
                    view.act(action, &snapshot);
                    assert_ascii(&snapshot, &mut view, size);
                }
                let mut view = on(screen);
                view.overlay = Overlay::Help { all: true };
                assert_ascii(&snapshot, &mut view, size);
            }
        }
    }
}

#[test]
fn ascii_is_as_easy_to_read() {
    let snapshot = snapshot("cam-77", 5);
    for (screen, name) in [
        (Screen::Streams, "streams"),
        (Screen::Calls, "calls"),
        (Screen::Media, "media"),
    ] {
        let buffer = assert_ascii(&snapshot, &mut on(screen), (100, 30));
        insta::assert_snapshot!(format!("ascii-{name}"), symbols(&buffer));
    }
}
