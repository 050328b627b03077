//! How the screens look and answer: what flags, the configuration and the environment settled.

use std::sync::Arc;

use crate::tui::keys::KeyMap;
use crate::tui::screen::Screen;
use crate::tui::state::moments::TimeMode;
use crate::tui::state::sieve::Named;
use crate::tui::state::sieve::Sieve;
use crate::tui::symbols::Symbols;
use crate::tui::theme::Depth;
use crate::tui::theme::Ground;
use crate::tui::theme::Theme;
use crate::tui::theme::ThemeName;

/// How the screens look and answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which theme.
    pub theme: ThemeName,
    /// Whether the terminal is dark or light; where that is not known it is asked.
    pub ground: Option<Ground>,
    /// How many colours it has.
    pub depth: Depth,
    /// What frames are drawn with.
    pub symbols: Symbols,
    /// Which key does what.
    pub keys: Arc<KeyMap>,
    /// How times are shown at first.
    pub time: TimeMode,
    /// Whether the newest line is selected at first.
    pub follow: bool,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// What is shown at first.
    pub filter: Sieve,
    /// Filters that have names.
    pub named: Arc<Named>,
    /// Whether secrets are shown as they are.
    pub shows_secrets: bool,
    /// The screen to begin with.
    pub screen: Screen,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: ThemeName::default(),
            ground: None,
            depth: Depth::default(),
            symbols: Symbols::default(),
            keys: Arc::default(),
            time: TimeMode::default(),
            follow: false,
            mouse: true,
            filter: Sieve::default(),
            named: Arc::default(),
            shows_secrets: false,
            screen: Screen::default(),
        }
    }
}

impl Options {
    /// The theme, on what is known of the ground.
    pub(super) fn theme(&self) -> Theme {
        Theme {
            name: self.theme,
            ground: self.ground.unwrap_or_default(),
            depth: self.depth,
        }
    }

    /// Whether the ground changes how anything looks, and is not known.
    pub(super) fn asks_for_ground(&self) -> bool {
        let changes = matches!(
            self.theme,
            ThemeName::Auto | ThemeName::Muted | ThemeName::HighContrast
        );
        changes && self.depth != Depth::None && self.ground.is_none()
    }
}

/// What a word stands for.
///
/// # Errors
/// What was expected, with the word that is most like it.
pub(super) fn chosen<T: Copy>(text: &str, choices: &[(&'static str, T)]) -> Result<T, String> {
    if let Some((_, one)) = choices.iter().find(|(name, _)| *name == text) {
        return Ok(*one);
    }
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    Err(match names.split_last() {
        Some((last, names)) if !names.is_empty() => {
            format!("expected {} or {last}", names.join(", "))
        }
        _ => "expected nothing".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_is_asked_where_its_answer_matters() {
        let options = Options::default();
        assert!(options.asks_for_ground());
        let with = |theme, ground, depth| Options {
            theme,
            ground,
            depth,
            ..options.clone()
        };
        for (theme, ground, depth) in [
            (ThemeName::Dark, None, Depth::True),
            (ThemeName::None, None, Depth::True),
            (ThemeName::Auto, Some(Ground::Light), Depth::True),
            (ThemeName::Auto, None, Depth::None),
        ] {
            assert!(!with(theme, ground, depth).asks_for_ground(), "{theme}");
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for (theme, ..) in ThemeName::ALL {
            assert_eq!(theme.to_string().parse(), Ok(theme));
        }
        for (symbols, ..) in Symbols::ALL {
            assert_eq!(symbols.to_string().parse(), Ok(symbols));
        }
        for (time, _) in TimeMode::ALL {
            assert_eq!(time.word().parse(), Ok(time));
        }
        assert_eq!(
            "drak".parse::<Symbols>(),
            Err("expected unicode or ascii".to_owned())
        );
    }
}
