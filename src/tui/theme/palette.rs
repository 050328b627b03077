//! The colours of each role: by hand in true colour and for terminals of sixteen, and from the
//! true ones by nearness for terminals of 256. Backgrounds are never painted: each palette is made
//! for the kind of ground that the terminal has.

use std::sync::LazyLock;

use ratatui::style::Color;

use crate::tui::theme::Depth;
use crate::tui::theme::Ground;
use crate::tui::theme::ThemeName;
use crate::tui::theme::nearest::nearest_of_256;

/// A colour of the foreground; `None` for that of the terminal.
pub(super) type Paint = Option<Color>;

/// The colours of the roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Palette {
    /// Names, keys, and what has them.
    pub(super) accent: Paint,
    /// What matters less; `None` asks the terminal for a fainter foreground.
    pub(super) dim: Paint,
    pub(super) good: Paint,
    pub(super) warn: Paint,
    pub(super) bad: Paint,
    pub(super) info: Paint,
    pub(super) client: Paint,
    pub(super) server: Paint,
    pub(super) video: Paint,
    pub(super) audio: Paint,
}

const fn rgb(hex: u32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// No colour at all.
const NONE: Palette = Palette {
    accent: None,
    dim: None,
    good: None,
    warn: None,
    bad: None,
    info: None,
    client: None,
    server: None,
    video: None,
    audio: None,
};

const DARK: Palette = Palette {
    accent: Some(rgb(0x5f_d7e6)),
    dim: Some(rgb(0x8b_93a1)),
    good: Some(rgb(0x8f_d98f)),
    warn: Some(rgb(0xe8_c268)),
    bad: Some(rgb(0xff_8a80)),
    info: Some(rgb(0x8a_b4ff)),
    client: Some(rgb(0x5f_d7e6)),
    server: Some(rgb(0xdb_a3f0)),
    video: Some(rgb(0x5f_d7e6)),
    audio: Some(rgb(0xdb_a3f0)),
};

const LIGHT: Palette = Palette {
    accent: Some(rgb(0x00_636f)),
    dim: Some(rgb(0x67_6d75)),
    good: Some(rgb(0x1c_6b1c)),
    warn: Some(rgb(0x87_5000)),
    bad: Some(rgb(0xb0_121a)),
    info: Some(rgb(0x14_50b4)),
    client: Some(rgb(0x00_636f)),
    server: Some(rgb(0x86_2a8c)),
    video: Some(rgb(0x00_636f)),
    audio: Some(rgb(0x86_2a8c)),
};

const STRONG_ON_DARK: Palette = Palette {
    accent: Some(rgb(0x66_ffff)),
    dim: Some(rgb(0xd8_d8d8)),
    good: Some(rgb(0x66_ff66)),
    warn: Some(rgb(0xff_ff00)),
    bad: Some(rgb(0xff_a8a0)),
    info: Some(rgb(0xa8_cbff)),
    client: Some(rgb(0x66_ffff)),
    server: Some(rgb(0xff_b0ff)),
    video: Some(rgb(0x66_ffff)),
    audio: Some(rgb(0xff_b0ff)),
};

const STRONG_ON_LIGHT: Palette = Palette {
    accent: Some(rgb(0x00_3f4a)),
    dim: Some(rgb(0x33_3333)),
    good: Some(rgb(0x0b_4a0b)),
    warn: Some(rgb(0x5a_3400)),
    bad: Some(rgb(0x7a_0009)),
    info: Some(rgb(0x0a_2f7a)),
    client: Some(rgb(0x00_3f4a)),
    server: Some(rgb(0x5a_1460)),
    video: Some(rgb(0x00_3f4a)),
    audio: Some(rgb(0x5a_1460)),
};

/// Bright black is the background itself in a palette that is much used, so what is dim is asked
/// to be faint instead. Of the dark blues and reds the bright ones can be read on black.
const SIXTEEN_ON_DARK: Palette = Palette {
    accent: Some(Color::Cyan),
    dim: None,
    good: Some(Color::Green),
    warn: Some(Color::Yellow),
    bad: Some(Color::LightRed),
    info: Some(Color::LightBlue),
    client: Some(Color::Cyan),
    server: Some(Color::LightMagenta),
    video: Some(Color::Cyan),
    audio: Some(Color::LightMagenta),
};

/// Yellow, green and cyan vanish on white in nearly every terminal.
const SIXTEEN_ON_LIGHT: Palette = Palette {
    accent: Some(Color::Blue),
    dim: None,
    good: None,
    warn: Some(Color::Magenta),
    bad: Some(Color::Red),
    info: Some(Color::Blue),
    client: Some(Color::Blue),
    server: None,
    video: Some(Color::Blue),
    audio: Some(Color::Magenta),
};

impl Palette {
    /// Only what somebody should look at.
    const fn muted(self) -> Self {
        Self {
            dim: self.dim,
            warn: self.warn,
            bad: self.bad,
            ..NONE
        }
    }

    /// Nothing is fainter than the text.
    const fn without_faint(self) -> Self {
        Self {
            dim: Some(Color::Reset),
            ..self
        }
    }

    fn in_256(self) -> Self {
        let near = |paint: Paint| match paint {
            Some(Color::Rgb(red, green, blue)) => {
                Some(Color::Indexed(nearest_of_256([red, green, blue])))
            }
            other => other,
        };
        Self {
            accent: near(self.accent),
            dim: near(self.dim),
            good: near(self.good),
            warn: near(self.warn),
            bad: near(self.bad),
            info: near(self.info),
            client: near(self.client),
            server: near(self.server),
            video: near(self.video),
            audio: near(self.audio),
        }
    }

    /// The palette of a theme.
    pub(super) fn of(name: ThemeName, ground: Ground, depth: Depth) -> Self {
        let ground = match name {
            ThemeName::Dark => Ground::Dark,
            ThemeName::Light => Ground::Light,
            _ => ground,
        };
        let palette = match (name, depth) {
            (ThemeName::None, _) | (_, Depth::None) => return NONE,
            (ThemeName::HighContrast, Depth::Sixteen) => sixteen(ground).without_faint(),
            (_, Depth::Sixteen) => sixteen(ground),
            (ThemeName::HighContrast, Depth::True) => match ground {
                Ground::Dark => STRONG_ON_DARK,
                Ground::Light => STRONG_ON_LIGHT,
            },
            (_, Depth::True) => match ground {
                Ground::Dark => DARK,
                Ground::Light => LIGHT,
            },
            (ThemeName::HighContrast, Depth::Indexed) => match ground {
                Ground::Dark => IN_256.strong_on_dark,
                Ground::Light => IN_256.strong_on_light,
            },
            (_, Depth::Indexed) => match ground {
                Ground::Dark => IN_256.dark,
                Ground::Light => IN_256.light,
            },
        };
        if name == ThemeName::Muted {
            palette.muted()
        } else {
            palette
        }
    }
}

fn sixteen(ground: Ground) -> Palette {
    match ground {
        Ground::Dark => SIXTEEN_ON_DARK,
        Ground::Light => SIXTEEN_ON_LIGHT,
    }
}

/// The palettes in the colours of a terminal of 256, worked out once: styles are asked for with
/// every cell.
struct In256 {
    dark: Palette,
    light: Palette,
    strong_on_dark: Palette,
    strong_on_light: Palette,
}

static IN_256: LazyLock<In256> = LazyLock::new(|| In256 {
    dark: DARK.in_256(),
    light: LIGHT.in_256(),
    strong_on_dark: STRONG_ON_DARK.in_256(),
    strong_on_light: STRONG_ON_LIGHT.in_256(),
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::nearest::rgb_of_index;

    /// Grounds that terminals are delivered with: black, and the lightest of those called dark;
    /// white, and the darkest of those called light.
    const GROUNDS: [(Ground, [[u8; 3]; 3]); 2] = [
        (
            Ground::Dark,
            [[0, 0, 0], [0x1e, 0x1e, 0x1e], [0x28, 0x2c, 0x34]],
        ),
        (
            Ground::Light,
            [[255, 255, 255], [0xfd, 0xf6, 0xe3], [0xf5, 0xf0, 0xe6]],
        ),
    ];

    /// The sixteen colours as xterm has them.
    const XTERM: [(Color, [u8; 3]); 14] = [
        (Color::Red, [0xcd, 0, 0]),
        (Color::Green, [0, 0xcd, 0]),
        (Color::Yellow, [0xcd, 0xcd, 0]),
        (Color::Blue, [0, 0, 0xee]),
        (Color::Magenta, [0xcd, 0, 0xcd]),
        (Color::Cyan, [0, 0xcd, 0xcd]),
        (Color::Gray, [0xe5, 0xe5, 0xe5]),
        (Color::DarkGray, [0x7f, 0x7f, 0x7f]),
        (Color::LightRed, [255, 0, 0]),
        (Color::LightGreen, [0, 255, 0]),
        (Color::LightYellow, [255, 255, 0]),
        (Color::LightBlue, [0x5c, 0x5c, 255]),
        (Color::LightMagenta, [255, 0, 255]),
        (Color::LightCyan, [0, 255, 255]),
    ];

    /// Relative luminance (WCAG 2.2).
    fn luminance(color: [u8; 3]) -> f64 {
        let [red, green, blue] = color.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio (WCAG 2.2).
    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn rgb_of(color: Color) -> Option<[u8; 3]> {
        match color {
            Color::Rgb(red, green, blue) => Some([red, green, blue]),
            Color::Indexed(index) => Some(rgb_of_index(index)),
            named => {
                let known = XTERM.iter().find(|(color, _)| *color == named);
                known.map(|(_, rgb)| *rgb)
            }
        }
    }

    fn text(palette: &Palette) -> Vec<Color> {
        let Palette {
            accent,
            dim: _,
            good,
            warn,
            bad,
            info,
            client,
            server,
            video,
            audio,
        } = palette;
        [accent, good, warn, bad, info, client, server, video, audio]
            .into_iter()
            .filter_map(|paint| *paint)
            .collect()
    }

    fn assert_readable(name: ThemeName, depth: Depth, of_text: f64, of_dim: f64) {
        for (ground, colors) in GROUNDS {
            let palette = Palette::of(name, ground, depth);
            let dim = palette.dim.into_iter().map(|color| (color, of_dim));
            let text = text(&palette).into_iter().map(|color| (color, of_text));
            for (color, least) in text.chain(dim) {
                let Some(rgb) = rgb_of(color) else {
                    assert_eq!(color, Color::Reset);
                    continue;
                };
                for behind in colors {
                    let ratio = contrast(rgb, behind);
                    assert!(
                        ratio >= least,
                        "{name:?} {depth:?} {color:?} on {behind:?}: {ratio:.2}"
                    );
                }
            }
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 1e-9);
        // The grey that is known as the lightest with 4.5 on white.
        assert!((contrast([0x76, 0x76, 0x76], [255, 255, 255]) - 4.54).abs() < 0.01);
    }

    #[test]
    fn every_colour_can_be_read_on_its_ground() {
        for name in [ThemeName::Auto, ThemeName::Muted] {
            assert_readable(name, Depth::True, 4.5, 3.0);
            assert_readable(name, Depth::Indexed, 4.5, 3.0);
        }
        assert_readable(ThemeName::HighContrast, Depth::True, 7.0, 7.0);
        assert_readable(ThemeName::HighContrast, Depth::Indexed, 7.0, 7.0);
    }

    #[test]
    fn sixteen_colours_can_be_told_from_black_and_white() {
        for (ground, behind) in [(Ground::Dark, [0, 0, 0]), (Ground::Light, [255; 3])] {
            for name in [ThemeName::Auto, ThemeName::Muted, ThemeName::HighContrast] {
                for color in text(&Palette::of(name, ground, Depth::Sixteen)) {
                    let ratio = contrast(rgb_of(color).unwrap(), behind);
                    assert!(ratio >= 3.0, "{color:?} on {ground:?}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn muted_colours_what_somebody_should_look_at_and_nothing_else() {
        let muted = Palette::of(ThemeName::Muted, Ground::Dark, Depth::True);
        assert_eq!(text(&muted).len(), 2);
        assert_eq!((muted.warn, muted.bad), (DARK.warn, DARK.bad));
    }

    #[test]
    fn a_named_ground_counts_more_than_that_of_the_terminal() {
        let of = |name, ground| Palette::of(name, ground, Depth::True);
        assert_eq!(of(ThemeName::Dark, Ground::Light), DARK);
        assert_eq!(of(ThemeName::Light, Ground::Dark), LIGHT);
        assert_eq!(of(ThemeName::Auto, Ground::Light), LIGHT);
        assert_eq!(of(ThemeName::None, Ground::Light), NONE);
    }
}
