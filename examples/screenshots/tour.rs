//! A short tour as a moving picture: a script of keys with the time to look at what each leads to.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use rtmpscope::tui::theme::Ground;

use crate::PALETTE;
use crate::stage::Stage;
use crate::start;
use crate::svg;
use crate::to_png;

/// The name of the recording.
pub(crate) const NAME: &str = "tour";

const SIZE: (u16, u16) = (112, 32);
const SAMPLES: &[&str] = &["player-stalled"];

/// Keys that are pressed one after the other, hundredths of a second that one looks at what each
/// leads to, hundredths at the end, and what is said below.
struct Step(&'static str, u32, u32, &'static str);

/// What is done on the Start screen.
const START: Step = Step("", 0, 120, "d  the built-in demo: a player that stalls");

#[rustfmt::skip]
const STEPS: &[Step] = &[
    Step("", 0, 120, "streams: which connections there are, and how they are"),
    Step("j", 0, 70, "j  the player has a problem"),
    Step("\n", 0, 160, "Enter  its session: how it was set up, what it carries"),
    Step("3", 0, 100, "3  calls as a ladder, with answers and latencies"),
    Step("s", 0, 130, "s  to the scale of time"),
    Step("4", 0, 140, "4  media: lag, rate and gaps on one axis of time"),
    Step("e", 0, 100, "e  the time cursor to the next finding"),
    Step("zz", 100, 120, "z  charts go into it, down to single frames"),
    Step("hhhhhh", 12, 60, "h  and the cursor goes through them"),
    Step("6", 0, 180, "6  findings: what was odd, what that means and what to try"),
    Step("\n", 0, 140, "Enter  the message that proves it, as it was on the wire"),
    Step("\tjjjj", 30, 100, "Tab j  its fields with those of the chunk headers, each beside its bytes"),
    Step("/msg:cmd or len>1k", 8, 80, "/  a filter, checked as it is typed"),
    Step("\n", 0, 110, "Enter  what it lets through"),
    Step("w", 0, 80, "w  save by purpose …"),
    Step("↓↓↓↓↓", 30, 140, "↓  … packets, FLV, JSON, text, Markdown, HTML, a diagram"),
];

/// Records it into a folder.
pub(crate) fn record(folder: &Path) -> Result<(), Box<dyn Error>> {
    let work = std::env::temp_dir().join(format!("rtmpscope-tour-{}", std::process::id()));
    fs::create_dir_all(&work)?;
    let done = film(&work, &folder.join(format!("{NAME}.gif")));
    fs::remove_dir_all(&work)?;
    done
}

fn film(work: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    let mut frames = String::from("ffconcat version 1.0\n");
    let mut count = 0_u32;
    let mut total = 0;
    let mut shoot = |svg: &str, hundredths: u32| -> Result<bool, Box<dyn Error>> {
        count += 1;
        total += hundredths;
        let name = format!("{count:03}.png");
        let path = work.join(&name);
        fs::write(path.with_extension("svg"), svg)?;
        let seconds = f64::from(hundredths) / 100.0;
        writeln!(frames, "file {name}\nduration {seconds}")?;
        Ok(to_png(&path.with_extension("svg"), &path, "1"))
    };
    let Step(keys, _, end, caption) = &START;
    let mut is_drawn = shoot(
        &svg::picture(&start::frame(keys, SIZE), Ground::Dark, Some(caption)),
        *end,
    )?;
    let mut stage = Stage::new(SAMPLES, SIZE, Ground::Dark)?;
    for Step(keys, between, end, caption) in STEPS {
        let last = keys.chars().count().saturating_sub(1);
        for (at, key) in keys.chars().enumerate() {
            stage.press(key.encode_utf8(&mut [0; 4]));
            if at < last {
                is_drawn &= shoot(
                    &svg::picture(&stage.frame(), Ground::Dark, Some(caption)),
                    *between,
                )?;
            }
        }
        is_drawn &= shoot(
            &svg::picture(&stage.frame(), Ground::Dark, Some(caption)),
            *end,
        )?;
    }
    if !is_drawn {
        println!("no recording (rsvg-convert is needed for its frames)");
        return Ok(());
    }
    // The last one is named again, or its time would not count.
    writeln!(frames, "file {count:03}.png")?;
    let script = work.join("frames.ffconcat");
    fs::write(&script, frames)?;
    let filmed = Command::new("ffmpeg")
        .args(["-y", "-loglevel", "error", "-f", "concat", "-i"])
        .arg(&script)
        .args(["-filter_complex", PALETTE, "-fps_mode", "vfr"])
        .arg(target)
        .status();
    match filmed {
        Ok(status) if status.success() => {
            println!("{} ({total} hundredths of a second)", target.display());
        }
        _ => println!("no recording (ffmpeg is needed for it)"),
    }
    Ok(())
}
