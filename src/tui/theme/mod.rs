//! Colours and signs. A colour is a signal and never the only one: beside it stands a sign or a
//! letter that says the same, and what is selected is reversed. Without colours nothing is lost.
//!
//! [`Theme`] gives styles by role. Which colours they are is a matter of the theme's name, of
//! whether the terminal is dark or light ([`Ground`]), and of how many colours it has ([`Depth`]).

mod depth;
mod ground;
mod nearest;
mod palette;

use std::fmt;
use std::str::FromStr;

use ratatui::style::Modifier;
use ratatui::style::Style;

use crate::base::severity::Severity;
use crate::base::side::Side;
pub use crate::tui::theme::depth::Depth;
pub use crate::tui::theme::depth::When;
pub(super) use crate::tui::theme::ground::Answer;
pub(super) use crate::tui::theme::ground::Heard;
pub(super) use crate::tui::theme::ground::QUESTION;
#[cfg(test)]
pub(super) use crate::tui::theme::nearest::rgb_of_index;
use crate::tui::theme::palette::Paint;
use crate::tui::theme::palette::Palette;

/// The themes that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// Dark or light, as the terminal is.
    #[default]
    Auto,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// Colours for warnings and errors alone.
    Muted,
    /// Strong colours, and nothing faint.
    HighContrast,
    /// No colours.
    None,
}

impl ThemeName {
    /// All of them, with their names and what they are.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Auto, "auto", "dark or light, as the terminal is"),
        (Self::Dark, "dark", "for dark backgrounds"),
        (Self::Light, "light", "for light backgrounds"),
        (
            Self::Muted,
            "muted",
            "colours for warnings and errors alone",
        ),
        (
            Self::HighContrast,
            "high-contrast",
            "strong colours, nothing faint",
        ),
        (
            Self::None,
            "none",
            "no colours: signs, bold and reversed text say all",
        ),
    ];
}

impl fmt::Display for ThemeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Self::ALL.iter();
        let name = all.find(|(one, ..)| one == self).map(|(_, name, _)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

impl FromStr for ThemeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::tui::options::chosen(text, &Self::ALL.map(|(one, name, _)| (name, one)))
    }
}

/// What is behind the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// Black, or nearly.
    #[default]
    Dark,
    /// White, or nearly.
    Light,
}

/// Styles by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Theme {
    /// Which one.
    pub name: ThemeName,
    /// What the terminal has behind the text.
    pub ground: Ground,
    /// How many colours it has.
    pub depth: Depth,
}

impl Theme {
    /// Without colours.
    pub const PLAIN: Self = Self {
        name: ThemeName::None,
        ground: Ground::Dark,
        depth: Depth::None,
    };

    fn palette(self) -> Palette {
        Palette::of(self.name, self.ground, self.depth)
    }

    /// Ordinary text.
    pub(super) fn plain(self) -> Style {
        let _ = self;
        Style::new()
    }

    /// What matters less: units, frames, what belongs to something else.
    pub(super) fn dim(self) -> Style {
        match self.palette().dim {
            Some(color) => Style::new().fg(color),
            None => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Headings.
    pub(super) fn head(self) -> Style {
        self.plain().add_modifier(Modifier::BOLD)
    }

    /// The name of the program and of the screen.
    pub(super) fn title(self) -> Style {
        painted(self.palette().accent).add_modifier(Modifier::BOLD)
    }

    /// Keys in the hints.
    pub(super) fn key(self) -> Style {
        painted(self.palette().accent).add_modifier(Modifier::BOLD)
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
            painted(self.palette().accent)
        } else {
            self.dim()
        }
    }

    /// All is well.
    pub(super) fn good(self) -> Style {
        painted(self.palette().good)
    }

    /// Something is not as it should be.
    pub(super) fn warn(self) -> Style {
        painted(self.palette().warn)
    }

    /// Something is broken.
    pub(super) fn bad(self) -> Style {
        painted(self.palette().bad)
    }

    /// The style of a severity.
    pub(super) fn severity(self, severity: Option<Severity>) -> Style {
        match severity {
            Some(Severity::Critical) => self.bad().add_modifier(Modifier::BOLD),
            Some(Severity::Error) => self.bad(),
            Some(Severity::Warning) => self.warn(),
            Some(Severity::Info) => painted(self.palette().info),
            None => self.good(),
        }
    }

    /// The style of what a side sends.
    pub(super) fn side(self, side: Side) -> Style {
        match side {
            Side::Client => painted(self.palette().client),
            Side::Server => painted(self.palette().server),
        }
    }

    /// Video in charts.
    pub(super) fn video(self) -> Style {
        painted(self.palette().video)
    }

    /// Audio in charts.
    pub(super) fn audio(self) -> Style {
        painted(self.palette().audio)
    }
}

fn painted(paint: Paint) -> Style {
    paint.map_or_else(Style::new, |color| Style::new().fg(color))
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
