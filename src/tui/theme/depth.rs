//! How many colours the terminal has.

use std::fmt;
use std::str::FromStr;

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// None, or none is wanted.
    None,
    /// The sixteen that everybody chooses as they like.
    #[default]
    Sixteen,
    /// 256, of which most are the same everywhere.
    Indexed,
    /// All.
    True,
}

/// Whether there are to be colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// Where the terminal has some and the environment does not ask for none.
    #[default]
    Auto,
    /// Whatever the environment says.
    Always,
    /// None.
    Never,
}

impl When {
    /// All of them, with their names and what they mean.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (
            Self::Auto,
            "auto",
            "unless NO_COLOR is set or the terminal has none",
        ),
        (Self::Always, "always", "whatever NO_COLOR and TERM say"),
        (Self::Never, "never", "no colours"),
    ];
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Self::ALL.iter();
        let name = all.find(|(one, ..)| one == self).map(|(_, name, _)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::tui::options::chosen(text, &Self::ALL.map(|(one, name, _)| (name, one)))
    }
}

impl Depth {
    /// What the environment says, of which `variable` gives the values (<https://no-color.org>).
    pub fn of(when: When, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        match when {
            When::Never => return Self::None,
            When::Auto if set("NO_COLOR").is_some() || matches!(&*term, "" | "dumb") => {
                return Self::None;
            }
            When::Auto | When::Always => {}
        }
        let colors = set("COLORTERM").unwrap_or_default();
        if matches!(&*colors, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.ends_with("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(when: When, variables: &[(&str, &str)]) -> Depth {
        Depth::of(when, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let of = |variables: &[(&str, &str)]| depth(When::Auto, variables);
        let term = ("TERM", "xterm-256color");
        assert_eq!(of(&[term]), Depth::Indexed);
        assert_eq!(of(&[term, ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(of(&[term, ("COLORTERM", "24bit")]), Depth::True);
        assert_eq!(of(&[term, ("COLORTERM", "yes")]), Depth::Indexed);
        assert_eq!(of(&[("TERM", "xterm")]), Depth::Sixteen);
        assert_eq!(of(&[("TERM", "dumb")]), Depth::None);
        assert_eq!(of(&[]), Depth::None);
    }

    #[test]
    fn no_color_counts_where_it_says_something_and_nothing_else_was_said() {
        let term = ("TERM", "xterm-256color");
        let none = ("NO_COLOR", "1");
        assert_eq!(depth(When::Auto, &[term, none]), Depth::None);
        assert_eq!(depth(When::Auto, &[term, ("NO_COLOR", "")]), Depth::Indexed);
        assert_eq!(depth(When::Always, &[term, none]), Depth::Indexed);
        assert_eq!(depth(When::Always, &[("TERM", "dumb")]), Depth::Sixteen);
        assert_eq!(depth(When::Never, &[term]), Depth::None);
    }
}
