//! The dashboard on samples, driven by keys as a reader would drive it, without a terminal and
//! without a clock.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::again::Again;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::tui;
use rtmpscope::tui::feed::Feed;
use rtmpscope::tui::model::Capture;
use rtmpscope::tui::model::Snapshot;
use rtmpscope::tui::shared::Shared;
use rtmpscope::tui::state::ViewState;
use rtmpscope::tui::store::Store;
use rtmpscope::tui::theme::Depth;
use rtmpscope::tui::theme::Ground;
use rtmpscope::tui::theme::Theme;

/// The dashboard with what it shows.
pub(crate) struct Stage {
    shared: Arc<Shared>,
    again: Option<Again>,
    feed: Feed,
    view: ViewState,
    size: (u16, u16),
}

impl Stage {
    /// The dashboard when all of the samples has been read; of every sample where none is named.
    pub(crate) fn new(
        samples: &[&str],
        size: (u16, u16),
        ground: Ground,
    ) -> Result<Self, Box<dyn Error>> {
        let files = captures(samples)?;
        let mut source = Files::new(files.iter().map(Input::named));
        let again = source.again();
        let shared = Shared::new();
        let mut store = Store::new(Arc::clone(&shared), false);
        let mut pipeline = Pipeline::new(Options::default());
        loop {
            match source.next_frame() {
                Ok(Next::Frame(frame)) => {
                    pipeline.push(&frame, &mut store);
                }
                Ok(Next::Idle | Next::Back(_)) | Err(_) => {}
                Ok(Next::End) => break,
            }
        }
        pipeline.finish(&mut store);
        let name = match files.as_slice() {
            [only] => only
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            all => format!("{} files", all.len()),
        };
        let totals = pipeline.totals();
        let capture = Capture {
            name,
            is_done: true,
            frames: totals.frames,
            messages: totals.messages,
            aggregate_parts: totals.aggregate_parts,
            first: totals.first,
            last: totals.last,
            ..Capture::default()
        };
        store.publish(&mut pipeline, capture);
        if again.is_some() {
            shared.will_serve();
        }
        Ok(Self {
            feed: Feed::new(Arc::clone(&shared)),
            shared,
            again,
            view: ViewState {
                theme: theme(ground),
                ..ViewState::default()
            },
            size,
        })
    }

    /// What is to be shown, with all bytes that had to be read again for it.
    fn snapshot(&mut self) -> Snapshot {
        let (width, height) = self.size;
        loop {
            tui::fit_to(&mut self.view, width, height);
            let snapshot = self.feed.snapshot(&mut self.view);
            if let Some(again) = &self.again {
                self.shared.serve_now(again);
            }
            if !self.feed.has_news() {
                return snapshot;
            }
        }
    }

    /// Presses keys one after the other.
    pub(crate) fn press(&mut self, keys: &str) {
        for event in events(keys) {
            let snapshot = self.snapshot();
            self.view.key(event, &snapshot);
        }
    }

    /// What is on the screen.
    pub(crate) fn frame(&mut self) -> Buffer {
        let snapshot = self.snapshot();
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buffer = Buffer::empty(area);
        tui::view::render(&mut buffer, area, &snapshot, &self.view);
        buffer
    }
}

/// The colours of a terminal that has all of them.
pub(crate) fn theme(ground: Ground) -> Theme {
    Theme {
        ground,
        depth: Depth::True,
        ..Theme::default()
    }
}

/// Keys as they are written in the scripts: letters stand for themselves.
pub(crate) fn events(keys: &str) -> impl Iterator<Item = KeyEvent> {
    keys.chars().map(|key| {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\x1b' => KeyCode::Esc,
            '↓' => KeyCode::Down,
            '↑' => KeyCode::Up,
            '→' => KeyCode::Right,
            '←' => KeyCode::Left,
            letter => KeyCode::Char(letter),
        };
        KeyEvent::new(code, KeyModifiers::NONE)
    })
}

/// The captures of these samples, or all that there are.
fn captures(samples: &[&str]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default();
        if name.contains(".pcap") && (samples.is_empty() || samples.contains(&stem)) {
            found.push(path.clone());
        }
    }
    found.sort();
    Ok(found)
}
