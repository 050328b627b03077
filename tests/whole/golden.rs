//! What is reported of whole samples, word by word, against what was read and found right once.
//! `UPDATE_GOLDEN=1 cargo test --test whole golden` writes the files anew: read the changes.

use std::env;
use std::fs;

use rtmpscope::base::time::Span;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::document::Format;
use rtmpscope::report::document::Report;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;

use crate::reading;

/// A publisher with a player, an application in error, several tracks, a name in use, a stalled
/// player, bad network, nothing but a handshake.
const SAMPLES: &[&str] = &[
    "bad-name",
    "ertmp-multitrack",
    "ffmpeg-nginx",
    "network-cut",
    "player-stalled",
    "publish-rejected",
    "rtmpe-refused",
    "slow-uplink",
];

/// Records kept of the begin of a sample: the handshakes, the commands, the first media.
const FIRST_RECORDS: usize = 40;

/// Records kept of its end.
const LAST_RECORDS: usize = 10;

fn check(file: &str, found: &str) {
    let path = reading::ours("tests/golden").join(file);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, found).expect("written");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept == found {
        return;
    }
    let differs = kept
        .lines()
        .zip(found.lines())
        .position(|(kept, found)| kept != found)
        .unwrap_or_else(|| kept.lines().count().min(found.lines().count()));
    panic!(
        "{file} line {}\n  was {:?}\n  is  {:?}\nUPDATE_GOLDEN=1 accepts what is",
        differs + 1,
        kept.lines().nth(differs),
        found.lines().nth(differs)
    );
}

#[test]
fn text_reports_are_as_they_were_read() {
    for name in SAMPLES {
        check(&format!("{name}.report.txt"), &report(name, Format::Text));
    }
}

#[test]
fn reports_in_markup_are_as_they_were_read() {
    for name in ["bad-name", "ffmpeg-nginx"] {
        for (format, extension) in [
            (Format::Markdown, "md"),
            (Format::Html, "html"),
            (Format::Mermaid, "mmd"),
        ] {
            check(&format!("{name}.report.{extension}"), &report(name, format));
        }
    }
}

fn report(name: &str, format: Format) -> String {
    let mut out = Vec::new();
    let mut report = Report::new(&mut out, format, false);
    reading::decode(&reading::sample(name), Options::default(), &mut report);
    report.finish("", "").expect("in memory");
    String::from_utf8(out).expect("text")
}

#[test]
fn records_are_as_they_were_read() {
    for name in SAMPLES {
        let path = reading::sample(name);
        let mut out = Vec::new();
        let mut report = JsonReport::new(
            &mut out,
            JsonOptions {
                events: Vec::new(),
                interval: Span::from_secs(1),
                show_secrets: false,
                unbuffered: false,
            },
        );
        let mut first = Files::new([Input::named(&path)]);
        let _ = first.next_frame();
        report.set_precision(first.precision());
        let mut pipeline = Pipeline::new(Options::default());
        reading::frames(&path, |frame| {
            pipeline.push(frame, &mut report);
            report.tick(frame.time, &mut pipeline);
        });
        pipeline.finish(&mut report);
        report.flush();
        drop(report);
        let text = String::from_utf8(out).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        let mut kept = String::new();
        for (number, line) in lines.iter().enumerate() {
            if number < FIRST_RECORDS || number + LAST_RECORDS >= lines.len() {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        check(&format!("{name}.jsonl"), &kept);
    }
}
