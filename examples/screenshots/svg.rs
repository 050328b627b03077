//! A frame of the terminal as an SVG picture. Lines, blocks and dots are drawn as shapes, because
//! those of a font do not meet those of the next cell; cells of one style are one piece of text, so
//! that a picture stays small.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::buffer::Cell;
use ratatui::style::Color;
use ratatui::style::Modifier;
use rtmpscope::tui::theme::Ground;

/// Units of a pixel. A third of one makes whole numbers of all edges, also where the PNG has half
/// as many pixels again.
const UNIT: u32 = 3;
/// A cell in units.
const CELL: (u32, u32) = (30, 60);
/// What is around the frame, in units.
const MARGIN: u32 = 42;
/// Where text stands in a cell, in units.
const BASELINE: u32 = 45;
/// The size at which a letter of DejaVu Sans Mono is as wide as a cell: 0.602 of it.
const FONT_SIZE: &str = "49.83";
/// Cells without text that part two pieces of text.
const APART: usize = 3;
const CAPTION: &str = "#ffcc66";

/// Rectangles of one colour: left, top, width, height in units.
type Shapes = BTreeMap<String, Vec<[u32; 4]>>;

/// What a terminal has behind the text, and the colour of text that has none of its own.
struct Paper {
    background: &'static str,
    foreground: &'static str,
}

impl Paper {
    fn of(ground: Ground) -> Self {
        match ground {
            Ground::Dark => Self {
                background: "#14171c",
                foreground: "#d5d9e0",
            },
            Ground::Light => Self {
                background: "#fbfbf8",
                foreground: "#22262b",
            },
        }
    }
}

/// The frame as a picture, with a line below it if there is something to say.
pub(crate) fn picture(buffer: &Buffer, ground: Ground, caption: Option<&str>) -> String {
    let paper = Paper::of(ground);
    let background = paper.background;
    let area = buffer.area;
    // A moving picture has no round corners: what shines through would cost every frame.
    let (foot, round) = if caption.is_some() {
        (CELL.1, 0)
    } else {
        (0, 24)
    };
    let width = u32::from(area.width) * CELL.0 + 2 * MARGIN;
    let height = u32::from(area.height) * CELL.1 + 2 * MARGIN + foot;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans Mono, monospace\" \
         font-size=\"{FONT_SIZE}\">\n<rect width=\"100%\" height=\"100%\" rx=\"{round}\" fill=\"{background}\"/>\n",
        width / UNIT,
        height / UNIT
    );
    let mut behind = Shapes::new();
    let mut drawn = Shapes::new();
    let mut texts = String::new();
    for y in 0..area.height {
        let mut line = Line::default();
        for x in 0..area.width {
            let Some(cell) = buffer.cell((x, y)) else {
                continue;
            };
            let (fg, bg) = colors(cell, &paper);
            let (left, top) = corner(x, y);
            if bg != background {
                put(&mut behind, &bg, [left, top, CELL.0, CELL.1]);
            }
            let symbol = cell.symbol();
            if symbol.trim().is_empty() {
                line.blank();
                continue;
            }
            let rects = rects(symbol);
            if rects.is_empty() {
                line.put(&mut texts, (left, top), symbol, style(cell.modifier, &fg));
            } else {
                line.end(&mut texts);
                for [x, y, wide, tall] in rects {
                    put(&mut drawn, &fg, [left + x, top + y, wide, tall]);
                }
            }
        }
        line.end(&mut texts);
    }
    paths(&mut svg, behind);
    paths(&mut svg, drawn);
    svg.push_str(&texts);
    if let Some(caption) = caption {
        let top = MARGIN + u32::from(area.height) * CELL.1 + CELL.1 / 2;
        let _ = writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"{}\" fill=\"{CAPTION}\" xml:space=\"preserve\">{}</text>",
            top + BASELINE,
            escaped(caption)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// A piece of text that grows from cell to cell.
#[derive(Default)]
struct Line {
    text: String,
    cells: usize,
    blanks: usize,
    at: (u32, u32),
    style: String,
}

impl Line {
    fn blank(&mut self) {
        self.blanks += 1;
    }

    fn put(&mut self, svg: &mut String, at: (u32, u32), symbol: &str, style: String) {
        // Signs of another font are not as wide, and what follows them must not move.
        let is_plain = symbol.is_ascii();
        let is_one = is_plain && self.text.is_ascii() && self.style == style;
        if self.text.is_empty() || !is_one || self.blanks >= APART {
            self.end(svg);
            self.at = at;
            self.style = style;
        }
        for _ in 0..self.blanks {
            self.text.push(' ');
        }
        self.cells += self.blanks + 1;
        self.blanks = 0;
        self.text.push_str(symbol);
    }

    fn end(&mut self, svg: &mut String) {
        if !self.text.is_empty() {
            let (left, top) = self.at;
            let mut more = String::new();
            if self.cells > 1 {
                // Another font than the one that was thought of is set as wide.
                let wide = self.cells * CELL.0 as usize;
                let _ = write!(more, " textLength=\"{wide}\"");
            }
            if self.text.contains("  ") {
                more.push_str(" xml:space=\"preserve\"");
            }
            let _ = writeln!(
                svg,
                "<text x=\"{left}\" y=\"{}\"{}{more}>{}</text>",
                top + BASELINE,
                self.style,
                escaped(&self.text)
            );
        }
        *self = Self::default();
    }
}

fn style(modifier: Modifier, fg: &str) -> String {
    let mut style = format!(" fill=\"{fg}\"");
    for (flag, text) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::DIM, " opacity=\"0.6\""),
    ] {
        if modifier.contains(flag) {
            style.push_str(text);
        }
    }
    style
}

fn corner(x: u16, y: u16) -> (u32, u32) {
    (
        MARGIN + u32::from(x) * CELL.0,
        MARGIN + u32::from(y) * CELL.1,
    )
}

/// Adds a rectangle; what touches the one before becomes one with it.
fn put(shapes: &mut Shapes, fill: &str, [left, top, wide, tall]: [u32; 4]) {
    let all = shapes.entry(fill.to_owned()).or_default();
    // Lines of a cell come in turns: the last few are looked at.
    for known in all.iter_mut().rev().take(4) {
        if known[1] == top && known[3] == tall && known[0] + known[2] == left {
            known[2] += wide;
            return;
        }
    }
    all.push([left, top, wide, tall]);
}

/// One path for every colour. Rectangles that stand on each other become one.
fn paths(svg: &mut String, shapes: Shapes) {
    for (fill, mut all) in shapes {
        all.sort_by_key(|[left, top, wide, tall]| (*left, *wide, *top, *tall));
        let mut path = String::new();
        let mut last: Option<[u32; 4]> = None;
        for next in all {
            match &mut last {
                Some(one)
                    if one[0] == next[0] && one[2] == next[2] && one[1] + one[3] == next[1] =>
                {
                    one[3] += next[3];
                }
                _ => {
                    write_rect(&mut path, last.replace(next));
                }
            }
        }
        write_rect(&mut path, last);
        let _ = writeln!(
            svg,
            "<path fill=\"{fill}\" shape-rendering=\"crispEdges\" d=\"{path}\"/>"
        );
    }
}

fn write_rect(path: &mut String, rect: Option<[u32; 4]>) {
    if let Some([left, top, wide, tall]) = rect {
        let _ = write!(path, "M{left} {top}h{wide}v{tall}h-{wide}z");
    }
}

/// Colours of a cell: of what is in it, and behind that.
fn colors(cell: &Cell, paper: &Paper) -> (String, String) {
    let fg = color(cell.fg, paper.foreground);
    if cell.modifier.contains(Modifier::REVERSED) {
        (paper.background.to_owned(), fg)
    } else {
        (fg, color(cell.bg, paper.background))
    }
}

/// The rectangles that a sign is made of, within its cell; none for a letter.
fn rects(symbol: &str) -> Vec<[u32; 4]> {
    let mut letters = symbol.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else {
        return Vec::new();
    };
    let (wide, tall) = CELL;
    // A line is four units thick and goes through the middle.
    let across = |from: u32, to: u32| [from, 28, to - from, 4];
    let along = |from: u32, to: u32| [12, from, 4, to - from];
    let (left, right) = (across(0, 16), across(12, wide));
    let (up, down) = (along(0, 32), along(28, tall));
    match letter {
        '─' => vec![across(0, wide)],
        '│' => vec![along(0, tall)],
        '┌' | '╭' => vec![right, down],
        '┐' | '╮' => vec![left, down],
        '└' | '╰' => vec![right, up],
        '┘' | '╯' => vec![left, up],
        '├' => vec![along(0, tall), right],
        '┤' => vec![along(0, tall), left],
        '┬' => vec![across(0, wide), down],
        '┴' => vec![across(0, wide), up],
        '┼' => vec![across(0, wide), along(0, tall)],
        '━' => vec![[0, 26, wide, 8]],
        '┃' => vec![[10, 0, 8, tall]],
        '═' => vec![[0, 24, wide, 4], [0, 32, wide, 4]],
        '║' => vec![[8, 0, 4, tall], [16, 0, 4, tall]],
        '┊' => (0..4).map(|at| [12, at * 15 + 3, 4, 8]).collect(),
        '┆' => (0..3).map(|at| [12, at * 20 + 4, 4, 12]).collect(),
        '▁'..='█' => {
            let eighths = letter as u32 - '▁' as u32 + 1;
            let tall = (CELL.1 * eighths).div_ceil(8);
            vec![[0, CELL.1 - tall, wide, tall]]
        }
        '▉'..='▏' => {
            let eighths = 8 - (letter as u32 - '█' as u32);
            vec![[0, 0, (CELL.0 * eighths).div_ceil(8), tall]]
        }
        '\u{2800}'..='\u{28ff}' => {
            let dots = letter as u32 - 0x2800;
            // Columns and lines of the eight dots in the order of their bits.
            let places = [
                (0, 0),
                (0, 1),
                (0, 2),
                (1, 0),
                (1, 1),
                (1, 2),
                (0, 3),
                (1, 3),
            ];
            places
                .iter()
                .enumerate()
                .filter(|(bit, _)| dots & (1 << bit) != 0)
                .map(|(_, (x, y))| [4 + x * 15, 4 + y * 15, 7, 7])
                .collect()
        }
        _ => Vec::new(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A colour of the themes in true colour; others are those of the paper.
fn color(color: Color, other: &str) -> String {
    match color {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        _ => other.to_owned(),
    }
}
