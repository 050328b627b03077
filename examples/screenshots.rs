//! Draws the dashboard's screens on the samples, through the real pipeline, as SVG and, where
//! `rsvg-convert` is installed, as PNG.
//!
//! `cargo run --release --example screenshots -- screenshots`

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::style::Modifier;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::tui;
use rtmpscope::tui::feed::Feed;
use rtmpscope::tui::model::Capture;
use rtmpscope::tui::state::ViewState;
use rtmpscope::tui::store::Shared;
use rtmpscope::tui::store::Store;

/// One picture: its name, the samples it shows, its size, and the keys that lead there.
struct Picture {
    name: &'static str,
    samples: &'static [&'static str],
    size: (u16, u16),
    keys: &'static str,
}

const PICTURES: &[Picture] = &[
    Picture {
        name: "streams",
        samples: &[],
        size: (140, 30),
        keys: "jj",
    },
    Picture {
        name: "session",
        samples: &["ffmpeg-nginx"],
        size: (140, 40),
        keys: "\n",
    },
    Picture {
        name: "calls",
        samples: &["ffmpeg-nginx"],
        size: (140, 34),
        keys: "\n3jjj",
    },
    Picture {
        name: "media",
        samples: &["ffmpeg-nginx"],
        size: (140, 42),
        keys: "\n4",
    },
    Picture {
        name: "messages",
        samples: &["ffmpeg-nginx"],
        size: (140, 40),
        keys: "\n5jjjjjj\njjj",
    },
    Picture {
        name: "anomalies",
        samples: &[],
        size: (140, 30),
        keys: "6j",
    },
    Picture {
        name: "streams-80x24",
        samples: &[],
        size: (80, 24),
        keys: "j",
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("screenshots"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for picture in PICTURES {
        let buffer = frame(picture, &samples)?;
        let svg = folder.join(format!("{}.svg", picture.name));
        fs::write(&svg, to_svg(&buffer))?;
        let png = folder.join(format!("{}.png", picture.name));
        let converted = Command::new("rsvg-convert")
            .args(["--zoom", "1.5", "-o"])
            .arg(&png)
            .arg(&svg)
            .status();
        match converted {
            Ok(status) if status.success() => println!("{} and .png", svg.display()),
            _ => println!("{} (rsvg-convert is needed for a .png)", svg.display()),
        }
    }
    Ok(())
}

/// The captures of a picture: those it names, or all that there are.
fn captures(picture: &Picture, samples: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(samples)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let stem = name.split('.').next().unwrap_or_default();
        let is_capture = name.contains(".pcap");
        if is_capture && (picture.samples.is_empty() || picture.samples.contains(&stem)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The frame that the keys of a picture lead to.
fn frame(picture: &Picture, samples: &Path) -> Result<Buffer, Box<dyn Error>> {
    let files = captures(picture, samples)?;
    let shared = Shared::new();
    let mut store = Store::new(Arc::clone(&shared), false);
    let mut pipeline = Pipeline::new(Options::default());
    let mut source = Files::new(files.iter().map(Input::named));
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
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
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

    let (width, height) = picture.size;
    let mut view = ViewState::default();
    let mut feed = Feed::new(shared);
    for key in picture.keys.chars() {
        tui::fit_to(&mut view, width, height);
        let snapshot = feed.snapshot(&mut view);
        let code = if key == '\n' {
            KeyCode::Enter
        } else {
            KeyCode::Char(key)
        };
        view.key(KeyEvent::new(code, KeyModifiers::NONE), &snapshot);
    }
    tui::fit_to(&mut view, width, height);
    let snapshot = feed.snapshot(&mut view);
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    tui::view::render(&mut buffer, area, &snapshot, &view);
    Ok(buffer)
}

/// Pixels of a cell; even at the zoom of the PNG, so that no edge lies between two pixels.
const CELL: (u32, u32) = (10, 20);
/// Pixels around the frame.
const MARGIN: u32 = 14;
/// Where text stands in a cell.
const BASELINE: u32 = 15;
/// Width of the lines of boxes, in tenths of a pixel.
const LINE: u32 = 14;
const BACKGROUND: &str = "#14171c";
const FOREGROUND: &str = "#d5d9e0";

/// The frame as a picture: first what lies behind the text, then the text. Lines and blocks are
/// drawn as shapes, because those of a font do not meet those of the next cell.
fn to_svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let width = u32::from(area.width) * CELL.0 + 2 * MARGIN;
    let height = u32::from(area.height) * CELL.1 + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans Mono, monospace\" \
         font-size=\"16\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let (_, bg) = colors(buffer, x, y);
            let end = (x..area.width)
                .find(|x| colors(buffer, *x, y).1 != bg)
                .unwrap_or(area.width);
            if bg != BACKGROUND {
                let (left, top) = corner(x, y);
                let wide = u32::from(end - x) * CELL.0;
                shape(&mut svg, (left, top), (wide, CELL.1), bg);
            }
            x = end;
        }
    }
    for y in 0..area.height {
        for x in 0..area.width {
            let Some(cell) = buffer.cell((x, y)) else {
                continue;
            };
            let symbol = cell.symbol();
            let (fg, _) = colors(buffer, x, y);
            let (left, top) = corner(x, y);
            if symbol.trim().is_empty() {
            } else if let Some(arms) = arms(symbol) {
                box_lines(&mut svg, (left, top), arms, fg);
            } else if let Some(eighths) = rising_block(symbol) {
                let tall = (CELL.1 * eighths).div_ceil(8);
                shape(&mut svg, (left, top + CELL.1 - tall), (CELL.0, tall), fg);
            } else if let Some(eighths) = growing_block(symbol) {
                let wide = (CELL.0 * eighths).div_ceil(8);
                shape(&mut svg, (left, top), (wide, CELL.1), fg);
            } else {
                let mut style = String::new();
                for (modifier, text) in [
                    (Modifier::BOLD, " font-weight=\"bold\""),
                    (Modifier::UNDERLINED, " text-decoration=\"underline\""),
                    (Modifier::DIM, " opacity=\"0.6\""),
                ] {
                    if cell.modifier.contains(modifier) {
                        style.push_str(text);
                    }
                }
                let _ = writeln!(
                    svg,
                    "<text x=\"{left}\" y=\"{}\" fill=\"{fg}\"{style}>{}</text>",
                    top + BASELINE,
                    escaped(symbol)
                );
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn corner(x: u16, y: u16) -> (u32, u32) {
    (
        MARGIN + u32::from(x) * CELL.0,
        MARGIN + u32::from(y) * CELL.1,
    )
}

/// Colours of a cell: of what is in it, and behind that.
fn colors(buffer: &Buffer, x: u16, y: u16) -> (&'static str, &'static str) {
    let Some(cell) = buffer.cell((x, y)) else {
        return (FOREGROUND, BACKGROUND);
    };
    if cell.modifier.contains(Modifier::REVERSED) {
        (BACKGROUND, color(cell.fg, FOREGROUND))
    } else {
        (color(cell.fg, FOREGROUND), color(cell.bg, BACKGROUND))
    }
}

fn shape(svg: &mut String, (x, y): (u32, u32), (wide, tall): (u32, u32), fill: &str) {
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{tall}\" fill=\"{fill}\" \
         shape-rendering=\"crispEdges\"/>"
    );
}

/// To which edges of the cell the lines of a box character go: left, right, up, down.
fn arms(symbol: &str) -> Option<[bool; 4]> {
    Some(match symbol {
        "─" => [true, true, false, false],
        "│" => [false, false, true, true],
        "┌" => [false, true, false, true],
        "┐" => [true, false, false, true],
        "└" => [false, true, true, false],
        "┘" => [true, false, true, false],
        "├" => [false, true, true, true],
        "┤" => [true, false, true, true],
        "┬" => [true, true, false, true],
        "┴" => [true, true, true, false],
        "┼" => [true; 4],
        _ => return None,
    })
}

fn box_lines(svg: &mut String, (left, top): (u32, u32), arms: [bool; 4], color: &str) {
    let (x, y) = (left + CELL.0 / 2, top + CELL.1 / 2);
    let (right, bottom) = (left + CELL.0, top + CELL.1);
    let ends = [(left, y), (right, y), (x, top), (x, bottom)];
    let mut path = String::new();
    for ((to_x, to_y), _) in ends.iter().zip(arms).filter(|(_, is_there)| *is_there) {
        let _ = write!(path, "M{x} {y}L{to_x} {to_y}");
    }
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" stroke=\"{color}\" stroke-width=\"{}.{}\" stroke-linecap=\"square\"/>",
        LINE / 10,
        LINE % 10
    );
}

/// Height in eighths of a block that rises from the foot of its cell.
fn rising_block(symbol: &str) -> Option<u32> {
    let place = "▁▂▃▄▅▆▇█".chars().position(|c| symbol == c.to_string())?;
    u32::try_from(place + 1).ok()
}

/// Width in eighths of a block that grows from the left of its cell.
fn growing_block(symbol: &str) -> Option<u32> {
    let place = "▏▎▍▌▋▊▉".chars().position(|c| symbol == c.to_string())?;
    u32::try_from(place + 1).ok()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn color(color: Color, reset: &'static str) -> &'static str {
    match color {
        Color::Black => "#14171c",
        Color::Red | Color::LightRed => "#f2777a",
        Color::Green | Color::LightGreen => "#99cc99",
        Color::Yellow | Color::LightYellow => "#ffcc66",
        Color::Blue | Color::LightBlue => "#6699cc",
        Color::Magenta | Color::LightMagenta => "#cc99cc",
        Color::Cyan | Color::LightCyan => "#66cccc",
        Color::DarkGray => "#7d8590",
        Color::Gray => "#b0b6be",
        Color::White => "#ffffff",
        _ => reset,
    }
}
