//! The Start screen: where the packets are to come from, when nothing says so. It is shown before
//! any right is given up, and so before any packet is looked at: what goes over an interface is
//! told by the counters of the system, and a file by its first bytes.
//!
//! As in the dashboard a screen is a function of a [`model::Snapshot`] and a [`state::View`];
//! [`run`] asks a [`World`] for the one and changes the other by what the reader does.

pub mod browse;
pub mod field;
pub mod keys;
pub mod model;
pub mod state;
#[cfg(test)]
mod tests;
pub mod view;

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossterm::event::Event;
use crossterm::event::KeyEventKind;
use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;

use crate::tui::inbox::Inbox;
use crate::tui::options::Options;
use crate::tui::picture::canvas;
use crate::tui::start::model::Choice;
use crate::tui::start::model::Snapshot;
use crate::tui::start::state::Effect;
use crate::tui::start::state::View;
use crate::tui::start::view::Zone;
use crate::tui::start::view::zone_at;
use crate::tui::terminal::Modes;
use crate::tui::terminal::TerminalGuard;
use crate::tui::terminal::Waited;
use crate::tui::terminal::is_suspend;
use crate::tui::terminal::write_colors;
use crate::tui::theme::Depth;

/// Time between two looks at the world while nothing is pressed.
const TICK: Duration = Duration::from_millis(200);

/// Lines that a turn of the wheel moves.
const WHEEL: isize = 3;

/// The machine, as far as the Start screen asks for it.
pub trait World {
    /// What there is, with what is known of this filter and of this folder, as they are typed.
    /// Called often: what takes long is to be kept.
    fn look(&mut self, filter: &str, folder: Option<&str>) -> Snapshot;

    /// Whether a choice can be opened.
    ///
    /// # Errors
    /// Why not, in words.
    fn admit(&mut self, choice: &Choice) -> Result<(), String>;
}

/// Shows the Start screen until something was chosen that can be opened; `None` when the reader
/// leaves or `stop` is set. The terminal is as it was when this returns.
///
/// # Errors
/// The terminal cannot be read from or written to.
pub fn run(
    world: &mut dyn World,
    filter: &str,
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Option<Choice>> {
    write_colors(options.depth != Depth::None);
    let guard = TerminalGuard::enter(Modes {
        mouse: options.mouse,
        paste: true,
    })?;
    let mut terminal = canvas()?;
    let mut inbox = Inbox::open(options)?;
    let mut snapshot = world.look(filter, None);
    let mut view = View::new(&snapshot, filter, options.theme());
    let mut zones: Vec<Zone> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        if let Some(ground) = inbox.ground() {
            view.theme.ground = ground;
        }
        terminal.draw(|frame| {
            let area = frame.area();
            view::fit_to(area, &snapshot, &mut view);
            zones = view::render(frame.buffer_mut(), area, &snapshot, &view);
            options.symbols.apply(frame.buffer_mut());
        })?;
        let event = match inbox.next(TICK)? {
            Waited::For(event) => Some(event),
            Waited::InVain => None,
            Waited::Gone => break,
        };
        if let Some(event) = event {
            let effect = match event {
                Event::Key(key) if key.kind == KeyEventKind::Release => Effect::None,
                Event::Key(key) if is_suspend(key) => {
                    guard.suspend()?;
                    terminal.clear()?;
                    Effect::None
                }
                Event::Key(key) => view.key(key, &snapshot),
                Event::Paste(text) => {
                    view.paste(&text);
                    Effect::None
                }
                Event::Mouse(mouse) => pointed(mouse, &zones, &mut view, &snapshot),
                _ => Effect::None,
            };
            match effect {
                Effect::None => {}
                Effect::Quit => return Ok(None),
                Effect::Open(choice) => match world.admit(&choice) {
                    Ok(()) => return Ok(Some(choice)),
                    Err(reason) => view.refuse(reason),
                },
            }
        }
        snapshot = world.look(view.filter.text(), view.folder());
    }
    Ok(None)
}

fn pointed(mouse: MouseEvent, zones: &[Zone], view: &mut View, snapshot: &Snapshot) -> Effect {
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            let hit = zone_at(zones, mouse.column, mouse.row);
            return view.click(hit, snapshot);
        }
        MouseEventKind::ScrollDown => view.wheel(WHEEL, snapshot),
        MouseEventKind::ScrollUp => view.wheel(WHEEL.saturating_neg(), snapshot),
        _ => {}
    }
    Effect::None
}
