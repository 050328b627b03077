//! The dashboard: a terminal UI over what the pipeline decodes.
//!
//! The decoder's thread feeds a [`store::Store`]; the dashboard's thread runs [`run`], which takes
//! a [`model::Snapshot`] of what a [`state::ViewState`] asks for and draws it with
//! [`view::render`]. A screen is a function of these two and of nothing else. One file per noun:
//! [`commands`] (everything that can be done, with its keys), [`keys`] (keys as they are pressed,
//! written and bound), [`state`] (what they do), [`model`], [`store`] and [`feed`] (both ends of the
//! shared state), [`sheet`] (what is drawn on and pointed at), [`options`] (how it looks and answers),
//! [`theme`], [`symbols`], `widgets` and `view`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossterm::event::Event;
use crossterm::event::KeyEvent;
use crossterm::event::KeyEventKind;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;

use crate::base::units::counted;
use crate::tui::feed::Feed;
use crate::tui::host::Host;
use crate::tui::inbox::Inbox;
use crate::tui::model::Snapshot;
pub use crate::tui::options::Options;
use crate::tui::picture::canvas;
use crate::tui::screen::Screen;
use crate::tui::shared::Shared;
use crate::tui::sheet::Zones;
use crate::tui::state::Effect;
use crate::tui::state::ViewState;
use crate::tui::terminal::Modes;
use crate::tui::terminal::TerminalGuard;
use crate::tui::terminal::Waited;
pub use crate::tui::terminal::has_terminal;
pub use crate::tui::terminal::terminal_size;
use crate::tui::theme::Depth;

mod bodies;
mod called;
pub mod commands;
#[cfg(test)]
mod compare_tests;
mod copy;
mod digest;
mod entry;
pub mod feed;
#[cfg(test)]
mod hints_tests;
pub mod host;
mod inbox;
pub mod keys;
#[cfg(test)]
mod looks_tests;
pub mod model;
mod opened;
pub mod options;
mod picture;
mod reread;
mod ring;
pub mod saving;
pub mod screen;
mod seek;
pub mod shared;
pub mod sheet;
pub mod start;
pub mod state;
pub mod store;
pub mod strip;
mod subject;
pub mod symbols;
pub mod terminal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod theme;
mod units;
pub mod view;
mod wanted;
mod widgets;
mod wire;

/// Time between two looks for news: ten frames a second at most while nothing is pressed.
const TICK: Duration = Duration::from_millis(100);

/// Everything that can happen to the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Input {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resized,
    Tick,
    Stop,
}

/// Shows the dashboard until the reader leaves or `stop` is set. The terminal is as it was when
/// this returns, whatever happened.
///
/// # Errors
/// The terminal cannot be read from or written to.
pub fn run(
    shared: Arc<Shared>,
    options: &Options,
    stop: &AtomicBool,
    host: &mut dyn Host,
) -> io::Result<()> {
    terminal::write_colors(options.depth != Depth::None);
    let guard = TerminalGuard::enter(Modes {
        mouse: options.mouse,
        paste: true,
    })?;
    let mut terminal = canvas()?;
    let mut feed = Feed::new(shared);
    let mut inbox = Inbox::open(options)?;
    let mut view = ViewState {
        theme: options.theme(),
        keys: Arc::clone(&options.keys),
        named: Arc::clone(&options.named),
        time: options.time,
        follow: options.follow,
        screen: options.screen,
        ..ViewState::default()
    };
    view.shows_secrets = options.shows_secrets;
    view.begin_with(options.filter.clone());
    let mut snapshot = Snapshot::default();
    let mut zones = Zones::default();
    let mut is_stale = true;
    loop {
        if let Some(ground) = inbox.ground() {
            view.theme.ground = ground;
            is_stale = true;
        }
        if is_stale || feed.has_news() {
            let size = terminal.size()?;
            fit_to(&mut view, size.width, size.height);
            snapshot = feed.snapshot(&mut view);
            snapshot.capture.replay = host.replaying();
            terminal.draw(|frame| {
                let area = frame.area();
                zones = view::render(frame.buffer_mut(), area, &snapshot, &view);
                options.symbols.apply(frame.buffer_mut());
            })?;
        }
        let input = next_input(&mut inbox, stop)?;
        is_stale = input != Input::Tick || view.saving != host.saving();
        view.saving = host.saving();
        let effect = match input {
            Input::Key(key) => view.key(key, &snapshot),
            Input::Mouse(event) => view.mouse(event, &zones, &snapshot),
            Input::Paste(text) => {
                view.paste(&text);
                Effect::None
            }
            Input::Resized | Input::Tick => Effect::None,
            Input::Stop => return Ok(()),
        };
        if let Some(outcome) = host.saved() {
            view.tell_saved(outcome);
            is_stale = true;
        }
        match effect {
            Effect::None => {}
            Effect::Save(request) => {
                view.notice = Some(if host.save(request) {
                    "saving: Ctrl-X stops it".to_owned()
                } else {
                    "something else is being saved: Ctrl-X stops that".to_owned()
                });
            }
            Effect::CancelSaving => host.cancel_saving(),
            Effect::Quit => return Ok(()),
            Effect::Redraw => terminal.clear()?,
            Effect::Suspend => {
                guard.suspend()?;
                terminal.clear()?;
            }
            Effect::Copy(text) => {
                terminal::copy(&text)?;
                let count = text.chars().count();
                let count = counted(u64::try_from(count).unwrap_or(u64::MAX), "character");
                view.notice = Some(format!("copied {count} to the clipboard of the terminal"));
            }
            Effect::Replay(ask) => {
                view.notice = Some(host.replay(ask).unwrap_or_else(|why| why));
            }
        }
    }
}

/// Tells the view how large the terminal is.
pub fn fit_to(view: &mut ViewState, width: u16, height: u16) {
    view.page = view::page_lines(height, view.screen);
    view.width = width;
    view.chart.columns = width.saturating_sub(widgets::chart::LABELS);
    let room = match (view.screen, width) {
        (Screen::Messages, 140..) => 75,
        (Screen::Messages, 76..) => 43,
        _ => width.saturating_sub(3),
    };
    view.hex_width = widgets::hex::per_line(usize::from(room));
}

fn next_input(inbox: &mut Inbox, stop: &AtomicBool) -> io::Result<Input> {
    if stop.load(Ordering::Relaxed) {
        return Ok(Input::Stop);
    }
    let event = match inbox.next(TICK)? {
        Waited::For(event) => event,
        Waited::InVain => return Ok(Input::Tick),
        Waited::Gone => return Ok(Input::Stop),
    };
    Ok(match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Input::Key(key),
        Event::Mouse(event) if event.kind != MouseEventKind::Moved => Input::Mouse(event),
        Event::Paste(text) => Input::Paste(text),
        Event::Resize(..) | Event::FocusGained => Input::Resized,
        _ => Input::Tick,
    })
}
