//! What operators get: rules that say what they should, and no name of a metric that there is not.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rtmpscope::capture::Frame;
use rtmpscope::capture::info::Drops;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::metrics::Metrics;

use crate::reading::frames;
use crate::reading::ours;
use crate::reading::sample;

fn packaging(name: &str) -> PathBuf {
    ours("packaging").join(name)
}

fn promtool(args: &[&str], file: &str) {
    let output = Command::new("promtool")
        .args(args)
        .arg(packaging(file))
        .output();
    let Ok(output) = output else {
        println!("skipped: there is no promtool");
        return;
    };
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// Runs systemd-analyze on the unit with the program that was built; what it says, or none where
/// there is no such tool.
fn analyze(args: &[&str]) -> Option<String> {
    let unit = fs::read_to_string(packaging("rtmpscope-sensor.service")).expect("a unit");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rtmpscope-sensor.service");
    let unit = unit.replace("/usr/bin/rtmpscope", env!("CARGO_BIN_EXE_rtmpscope"));
    fs::write(&file, unit).expect("a file");
    let output = Command::new("systemd-analyze")
        .args(args)
        .arg(&file)
        .output();
    let Ok(output) = output else {
        println!("skipped: there is no systemd-analyze");
        return None;
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    Some(said)
}

#[test]
fn the_unit_is_sound() {
    // Other units of the machine are looked at as well.
    let said = analyze(&["verify"]).unwrap_or_default();
    let ours = said
        .lines()
        .filter(|line| line.contains("rtmpscope-sensor"));
    let ours: Vec<_> = ours.collect();
    assert!(ours.is_empty(), "systemd understands all of it: {ours:#?}");
}

#[test]
fn the_unit_leaves_little() {
    /// What systemd reckons as exposed, of 10: what capturing and answering take.
    const MOST: f64 = 1.6;

    let Some(said) = analyze(&["security", "--offline=true", "--no-pager"]) else {
        return;
    };
    let level = said
        .split_once("Overall exposure level")
        .expect("a level")
        .1;
    let level = level.split_once(": ").expect("a number").1;
    let level: f64 = level
        .split(' ')
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    assert!(level <= MOST, "{said}");
}

#[test]
fn the_rules_are_sound_and_fire_when_they_should() {
    promtool(&["check", "rules"], "rtmpscope.rules.yml");
    promtool(&["test", "rules"], "rtmpscope.rules.test.yml");
}

/// The names of series that a text speaks of.
fn spoken_of(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_part(c));
    words
        .filter(|word| word.starts_with("rtmpscope_") || word.starts_with("process_"))
        .collect()
}

#[test]
fn every_metric_that_is_asked_for_exists() {
    // Families without a series are not told: of three samples together each has one.
    let mut metrics = Metrics::default();
    for name in ["ffmpeg-nginx", "no-such-app", "network-cut"] {
        let mut pipeline = Pipeline::new(Options::default());
        // The last one as if it had been captured with a snapshot length: bytes are missing.
        let most = if name == "network-cut" {
            200
        } else {
            usize::MAX
        };
        frames(&sample(name), |frame| {
            let data = frame.data.get(..most).unwrap_or(frame.data);
            pipeline.push(&Frame { data, ..*frame }, &mut metrics);
        });
        metrics.begin_sample();
        for (connection, _) in pipeline.connections() {
            let stats = connection.session.stats_snapshot(connection.last.time);
            metrics.sample(connection, &stats);
        }
        metrics.end_sample();
        pipeline.finish(&mut metrics);
    }
    let drops = Drops {
        by_kernel: Some(1),
        ..Drops::default()
    };
    metrics.captured(1, &drops);
    let text = metrics.exposition().to_string();
    let mut known = BTreeSet::new();
    for line in text.lines() {
        let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        else {
            continue;
        };
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            _ => &[""],
        };
        known.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    let mut used = BTreeSet::new();
    for file in [
        "rtmpscope.rules.yml",
        "rtmpscope.rules.test.yml",
        "grafana-dashboard.json",
    ] {
        let text = fs::read_to_string(packaging(file)).expect("a file");
        for name in spoken_of(&text) {
            assert!(known.contains(name), "{file}: {name} is none of {known:#?}");
            used.insert(name.to_owned());
        }
    }
    // And each of them is shown, but for what says when the process began.
    known.retain(|name| !name.ends_with("_sum") && !name.ends_with("_count"));
    known.remove("process_start_time_seconds");
    let unused: Vec<_> = known.difference(&used).collect();
    assert!(unused.is_empty(), "not on the dashboard: {unused:?}");
}

#[test]
fn the_dashboard_is_json() {
    let text = fs::read_to_string(packaging("grafana-dashboard.json")).expect("a file");
    let board: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let panels = board.get("panels").and_then(|panels| panels.as_array());
    assert!(panels.is_some_and(|panels| panels.len() > 15));
}
