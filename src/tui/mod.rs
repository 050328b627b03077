//! The dashboard: a terminal UI over what the pipeline decodes.
//!
//! The decoder's thread feeds a [`store::Store`]; the dashboard's thread runs [`run`], which takes
//! a [`model::Snapshot`] of what a [`state::ViewState`] asks for and draws it with
//! [`view::render`]. A screen is a function of these two and of nothing else. One file per noun:
//! [`keys`] (the table of keys), [`state`] (what keys do), [`model`], [`store`] and [`feed`] (both
//! ends of the shared state), [`theme`], `widgets` and `view`.

use std::io;
use std::io::stdout;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossterm::event;
use crossterm::event::Event;
use crossterm::event::KeyEvent;
use crossterm::event::KeyEventKind;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::tui::feed::Feed;
use crate::tui::keys::Screen;
use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::store::Shared;
use crate::tui::terminal::Modes;
use crate::tui::terminal::TerminalGuard;
pub use crate::tui::terminal::has_terminal;
use crate::tui::terminal::is_suspend;
pub use crate::tui::terminal::terminal_size;
use crate::tui::theme::Theme;

mod digest;
pub mod feed;
pub mod keys;
pub mod model;
mod opened;
mod ring;
pub mod state;
pub mod store;
pub mod terminal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod theme;
mod units;
pub mod view;
mod widgets;

/// Time between two looks for news: ten frames a second at most while nothing is pressed.
const TICK: Duration = Duration::from_millis(100);

/// How the dashboard is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether colours are used.
    pub has_color: bool,
}

impl Default for Options {
    /// With colours, unless the environment asks for none (<https://no-color.org>).
    fn default() -> Self {
        let asked = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_color: !asked }
    }
}

/// Everything that can happen to the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Key(KeyEvent),
    Resized,
    Tick,
    Stop,
}

/// Shows the dashboard until the reader leaves or `stop` is set. The terminal is as it was when
/// this returns, whatever happened.
///
/// # Errors
/// The terminal cannot be read from or written to.
pub fn run(shared: Arc<Shared>, options: Options, stop: &AtomicBool) -> io::Result<()> {
    let guard = TerminalGuard::enter(Modes::default())?;
    let mut terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    let mut feed = Feed::new(shared);
    let mut view = ViewState {
        theme: Theme {
            has_color: options.has_color,
        },
        ..ViewState::default()
    };
    let mut input = Input::Resized;
    loop {
        if input != Input::Tick || feed.has_news() {
            let size = terminal.size()?;
            fit_to(&mut view, size.width, size.height);
            let snapshot = feed.snapshot(&mut view);
            terminal.draw(|frame| {
                let area = frame.area();
                view::render(frame.buffer_mut(), area, &snapshot, &view);
            })?;
            input = next_input(stop)?;
            if let Input::Key(key) = input
                && !is_suspend(key)
                && view.key(key, &snapshot) == Effect::Quit
            {
                return Ok(());
            }
        } else {
            input = next_input(stop)?;
            if let Input::Key(key) = input
                && !is_suspend(key)
            {
                let snapshot = feed.snapshot(&mut view);
                if view.key(key, &snapshot) == Effect::Quit {
                    return Ok(());
                }
            }
        }
        if let Input::Key(key) = input
            && is_suspend(key)
        {
            guard.suspend()?;
            terminal.clear()?;
        }
        if input == Input::Stop {
            return Ok(());
        }
    }
}

/// Tells the view how large the terminal is.
pub fn fit_to(view: &mut ViewState, width: u16, height: u16) {
    view.page = view::page_lines(height, view.screen);
    view.width = width;
    let room = match (view.screen, width) {
        (Screen::Messages, 140..) => 75,
        (Screen::Messages, 76..) => 43,
        _ => width.saturating_sub(3),
    };
    view.hex_width = widgets::hex::per_line(usize::from(room));
}

fn next_input(stop: &AtomicBool) -> io::Result<Input> {
    if stop.load(Ordering::Relaxed) {
        return Ok(Input::Stop);
    }
    if !event::poll(TICK)? {
        return Ok(Input::Tick);
    }
    Ok(match event::read()? {
        Event::Key(key) if key.kind != KeyEventKind::Release => Input::Key(key),
        Event::Resize(..) | Event::FocusGained => Input::Resized,
        _ => Input::Tick,
    })
}
