//! Colours and signs. A colour is a signal and never the only one: beside it stands a sign or a
//! letter that says the same, and what is selected is reversed. Without colours nothing is lost.

use ratatui::style::Color;
use ratatui::style::Modifier;
use ratatui::style::Style;

use crate::base::severity::Severity;
use crate::base::side::Side;

/// Whether there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours are used at all.
    pub has_color: bool,
}

impl Default for Theme {
    fn default() -> Self {
        Self { has_color: true }
    }
}

impl Theme {
    fn color(self, color: Color) -> Style {
        if self.has_color {
            Style::new().fg(color)
        } else {
            Style::new()
        }
    }

    /// Ordinary text.
    pub(super) fn plain(self) -> Style {
        let _ = self;
        Style::new()
    }

    /// What matters less: units, frames, what belongs to something else.
    pub(super) fn dim(self) -> Style {
        if self.has_color {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// Headings.
    pub(super) fn head(self) -> Style {
        self.plain().add_modifier(Modifier::BOLD)
    }

    /// The name of the program and of the screen.
    pub(super) fn title(self) -> Style {
        self.color(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Keys in the hints.
    pub(super) fn key(self) -> Style {
        self.color(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The selected line.
    pub(super) fn selected(self) -> Style {
        let _ = self;
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The selected line of a pane that does not have the keys.
    pub(super) fn selected_elsewhere(self) -> Style {
        let _ = self;
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// Borders of the pane that has the keys, and of the others.
    pub(super) fn border(self, has_keys: bool) -> Style {
        if has_keys {
            self.color(Color::Cyan)
        } else {
            self.dim()
        }
    }

    /// All is well.
    pub(super) fn good(self) -> Style {
        self.color(Color::Green)
    }

    /// Something is not as it should be.
    pub(super) fn warn(self) -> Style {
        self.color(Color::Yellow)
    }

    /// Something is broken.
    pub(super) fn bad(self) -> Style {
        self.color(Color::Red)
    }

    /// The style of a severity.
    pub(super) fn severity(self, severity: Option<Severity>) -> Style {
        match severity {
            Some(Severity::Critical) => self.bad().add_modifier(Modifier::BOLD),
            Some(Severity::Error) => self.bad(),
            Some(Severity::Warning) => self.warn(),
            Some(Severity::Info) => self.color(Color::Blue),
            None => self.good(),
        }
    }

    /// The style of what a side sends.
    pub(super) fn side(self, side: Side) -> Style {
        match side {
            Side::Client => self.color(Color::Cyan),
            Side::Server => self.color(Color::Magenta),
        }
    }

    /// Video in charts.
    pub(super) fn video(self) -> Style {
        self.color(Color::Cyan)
    }

    /// Audio in charts.
    pub(super) fn audio(self) -> Style {
        self.color(Color::Magenta)
    }
}

/// The sign and letter of a severity.
pub(super) fn sign(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Critical) => "✖C",
        Some(Severity::Error) => "✖E",
        Some(Severity::Warning) => "▲W",
        Some(Severity::Info) => "·i",
        None => "✔ ",
    }
}

/// Which way what a side sends goes, client on the left.
pub(super) fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "→",
        Side::Server => "←",
    }
}
