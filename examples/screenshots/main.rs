//! Draws the screens of the dashboard on the samples, through the real pipeline and by real keys:
//! as SVG, as PNG where `rsvg-convert` is installed, and as a recording where `ffmpeg` is, too.
//!
//! `cargo run --release --example screenshots -- screenshots`; names of pictures behind the folder
//! choose some.

mod stage;
mod start;
mod svg;
mod tour;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use rtmpscope::tui::theme::Ground;
use rtmpscope::tui::theme::Ground::Dark;
use rtmpscope::tui::theme::Ground::Light;

use crate::stage::Stage;

/// One picture: its name, the samples it shows (all where none is named), its size, the keys
/// that lead there, and what the terminal has behind the text.
struct Picture(
    &'static str,
    &'static [&'static str],
    (u16, u16),
    &'static str,
    Ground,
);

#[rustfmt::skip]
const PICTURES: &[Picture] = &[
    Picture("streams", &[], (140, 30), "j", Dark),
    Picture("streams-80x24", &[], (80, 24), "j", Dark),
    Picture("streams-light", &[], (140, 30), "j", Light),
    Picture("session", &["slow-uplink"], (140, 40), "\n", Dark),
    Picture("calls", &["vod-mp4-seek"], (150, 40), "\n3sjjjj", Dark),
    Picture("media", &["player-stalled"], (140, 42), "j\n4ezz", Dark),
    Picture("messages", &["chunk-128"], (140, 40), "\n5/msg:video\nj\tjjjjjjjj", Dark),
    Picture("compare", &["ffmpeg-nginx", "player-stalled"], (140, 42), "j jj D", Dark),
    Picture("findings", &[], (140, 36), "6jjjjjjjjjjjjj", Dark),
    Picture("filter", &[], (120, 30), "/role:pub and he", Dark),
    Picture("palette", &["player-stalled"], (120, 30), "j\n4e:find", Dark),
    Picture("save", &["player-stalled"], (120, 30), "j\n4ew↓↓↓↓↓\t\t→→", Dark),
];

/// The Start screen, which has no sample.
const START: Picture = Picture("start", &[], (120, 26), "ftcp port 1935", Dark);

/// How `ffmpeg` makes pictures of few colours: a screen has no more, and such pictures are small.
const PALETTE: &str = "split[a][b];[a]palettegen=max_colors=128:stats_mode=full[p];\
                       [b][p]paletteuse=dither=none:diff_mode=rectangle";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments
        .next()
        .map_or_else(|| PathBuf::from("screenshots"), PathBuf::from);
    let chosen: Vec<_> = arguments.collect();
    let is_wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|one| one == name);
    fs::create_dir_all(&folder)?;
    if is_wanted(START.0) {
        let frame = start::frame(START.3, START.2);
        write(&folder, START.0, &svg::picture(&frame, Dark, None))?;
    }
    for Picture(name, samples, size, keys, ground) in PICTURES {
        if is_wanted(name) {
            let mut stage = Stage::new(samples, *size, *ground)?;
            stage.press(keys);
            write(&folder, name, &svg::picture(&stage.frame(), *ground, None))?;
        }
    }
    if is_wanted(tour::NAME) {
        tour::record(&folder)?;
    }
    Ok(())
}

/// Writes a picture as SVG and as PNG.
fn write(folder: &Path, name: &str, svg: &str) -> Result<(), Box<dyn Error>> {
    let path = folder.join(format!("{name}.svg"));
    fs::write(&path, svg)?;
    let png = path.with_extension("png");
    if to_png(&path, &png, "1.5") {
        reduce(&png)?;
        println!("{} and .png", path.display());
    } else {
        println!("{} (rsvg-convert is needed for a .png)", path.display());
    }
    Ok(())
}

/// Makes a PNG of an SVG. Returns whether that could be done.
fn to_png(svg: &Path, png: &Path, zoom: &str) -> bool {
    Command::new("rsvg-convert")
        .args(["--zoom", zoom, "-o"])
        .arg(png)
        .arg(svg)
        .status()
        .is_ok_and(|status| status.success())
}

/// Makes a PNG of few colours of a PNG; it stays as it is where `ffmpeg` is not installed.
fn reduce(png: &Path) -> Result<(), Box<dyn Error>> {
    let small = png.with_extension("small.png");
    let is_made = Command::new("ffmpeg")
        .args(["-y", "-loglevel", "error", "-i"])
        .arg(png)
        .args(["-filter_complex", PALETTE, "-frames:v", "1"])
        .arg(&small)
        .status()
        .is_ok_and(|status| status.success());
    if is_made {
        fs::rename(&small, png)?;
    }
    Ok(())
}
