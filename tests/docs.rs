//! What the documents name exists: flags, source files, links; and their recipes run.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds a document out of date fails with the place"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use rtmpscope::tui::commands::COMMANDS;
use rtmpscope::tui::commands::Scope;

const DOCUMENTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/compare.md",
    "docs/comparison.md",
    "docs/configuration.md",
    "docs/exports.md",
    "docs/filters.md",
    "docs/json.md",
    "docs/live.md",
    "packaging/README.md",
    "screenshots/README.md",
];

/// Flags of other programs that the documents name.
const FOREIGN_FLAGS: &[&str] = &[
    "--no-default-features",
    "--release",
    "--example",
    "--all-targets",
    "--check",
    "--test",
    "--lib",
    "--bin",
];

#[test]
fn every_flag_that_is_named_exists() {
    let mut known = BTreeSet::new();
    for command in [
        &["--help"][..],
        &["tui", "--help"],
        &["report", "--help"],
        &["json", "--help"],
        &["extract", "--help"],
        &["diff", "--help"],
        &["sensor", "--help"],
        &["demo", "--help"],
        &["doctor", "--help"],
    ] {
        known.extend(flags(&common::stdout(&common::run(command))));
    }
    assert!(known.len() > 8, "flags of the help: {known:?}");
    known.extend(FOREIGN_FLAGS.iter().map(|flag| (*flag).to_owned()));
    for document in DOCUMENTS {
        for flag in flags(&read(document)) {
            assert!(known.contains(&flag), "{document} names {flag}");
        }
    }
}

#[test]
fn every_path_that_is_named_exists() {
    for document in DOCUMENTS {
        for word in read(document).split(|c: char| c.is_whitespace() || "`()[],;:|".contains(c)) {
            let word = word.trim_end_matches('.');
            // Behind it stands the number of a connection.
            let word = word.split('#').next().unwrap_or(word);
            let is_path = [
                "src/",
                "tests/",
                "docs/",
                "schema/",
                "samples/",
                "benches/",
                "packaging/",
            ]
            .iter()
            .any(|folder| word.starts_with(folder));
            let is_pattern = word.contains(['*', '<', '…']) || word.contains("NAME");
            if is_path && !is_pattern {
                assert!(
                    common::root().join(word).exists(),
                    "{document} names {word}"
                );
            }
        }
    }
}

#[test]
fn every_link_within_the_project_leads_somewhere() {
    for document in DOCUMENTS {
        let text = read(document);
        let folder = Path::new(document).parent().expect("a parent");
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(
                common::root().join(folder).join(target).exists(),
                "{document} links to {target}"
            );
        }
    }
}

#[test]
fn the_recipes_run_and_print_something() {
    if Command::new("jq").arg("--version").output().is_err() {
        println!("skipped: no jq");
        return;
    }
    let text = read("docs/json.md") + &read("docs/filters.md") + &read("docs/compare.md");
    let mut count = 0;
    for block in text.split("```sh\n").skip(1) {
        let script = block.split("```").next().unwrap_or_default();
        count += 1;
        let program = env!("CARGO_BIN_EXE_rtmpscope");
        let mut child = Command::new("bash")
            .current_dir(common::root())
            .args(["-euo", "pipefail", "-s"])
            // A locale that is not there would be told.
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(format!("rtmpscope() {{ '{program}' \"$@\"; }}\n{script}").as_bytes())
            .expect("written");
        let output = child.wait_with_output().expect("the end");
        assert!(
            !output.stdout.is_empty() && output.stderr.is_empty(),
            "{script}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            !String::from_utf8_lossy(&output.stdout).contains("demo-key-"),
            "{script}"
        );
    }
    assert!(count >= 12, "{count} recipes");
}

#[test]
fn the_examples_of_exports_run_and_print_what_is_shown() {
    let text = read("docs/exports.md");
    let mut printed = String::new();
    let mut count = 0;
    for line in text.lines() {
        let Some(command) = line.strip_prefix("    rtmpscope ") else {
            continue;
        };
        count += 1;
        let words = command.split(" > ").next().unwrap_or_default();
        let output = common::rtmpscope()
            .current_dir(common::root())
            .args(words.split(' '))
            .output()
            .expect("the program can be started");
        assert_eq!(common::code(&output), 0, "{command}");
        printed += &common::stdout(&output);
    }
    assert!(count >= 4, "{count} examples");
    let diagram = ["report", "-T", "mermaid", &common::sample("bad-name.pcap")];
    printed += &common::stdout(&common::run(&diagram));
    let shown: Vec<&str> = text
        .lines()
        // Participants have other numbers there: it has another connection.
        .filter_map(|line| line.strip_prefix("        p")?.split_once(": "))
        .map(|(_, said)| said)
        .collect();
    assert_eq!(shown.len(), 2);
    for said in shown {
        assert!(printed.contains(said), "no longer so: {said}");
    }
}

#[test]
fn the_example_of_a_comparison_is_what_the_program_prints() {
    let good = common::sample("ffmpeg-nginx.pcap");
    let bad = common::sample("bad-name.pcap") + "#2";
    let printed = common::stdout(&common::run(&["diff", &good, &bad]));
    let text = read("docs/compare.md");
    let shown = text.split("```text\n").nth(1).expect("an example");
    let shown = shown.split("```").next().unwrap_or_default();
    assert!(shown.lines().count() > 3);
    assert!(printed.contains(shown), "no longer so:\n{printed}");
}

#[test]
fn the_examples_are_what_the_program_prints() {
    let mut printed = String::new();
    for sample in ["ffmpeg-nginx.pcap", "bad-name.pcap"] {
        printed += &common::stdout(&common::run(&["json", &common::sample(sample)]));
    }
    let lines: BTreeSet<&str> = printed.lines().collect();
    let mut count = 0;
    for line in read("docs/json.md").lines() {
        if let Some(record) = line.strip_prefix("    {\"event_type\"") {
            count += 1;
            let record = format!("{{\"event_type\"{record}");
            assert!(lines.contains(record.as_str()), "no longer so: {record}");
        }
    }
    assert!(count >= 3, "{count} examples");
}

/// The table of the commands as the document is to have it.
fn table_of_commands() -> String {
    let mut rows: Vec<(&str, String, String)> = Vec::new();
    for command in COMMANDS {
        let on = match command.scope {
            Scope::Everywhere => String::new(),
            Scope::On(screens) => {
                let names: Vec<&str> = screens.iter().map(|screen| screen.title()).collect();
                format!(" ({})", names.join(", "))
            }
        };
        let help = format!("{}{on}", command.help);
        let keys = command.keys.iter().map(|key| format!("`{}`", key.typed()));
        let keys = keys.collect::<Vec<_>>().join(" ");
        match rows.iter_mut().find(|(name, ..)| *name == command.name) {
            Some((.., about)) => {
                about.push_str("; ");
                about.push_str(&help);
            }
            None => rows.push((command.name, keys, help)),
        }
    }
    let rows: Vec<String> = rows
        .iter()
        .map(|(name, keys, help)| format!("| `{name}` | {keys} | {help} |\n"))
        .collect();
    format!("| command | keys | |\n|---|---|---|\n{}", rows.concat())
}

/// With `RTMPSCOPE_UPDATE_DOCS` in the environment the table is written instead.
#[test]
fn the_table_of_commands_is_that_of_the_program() {
    const DOCUMENT: &str = "docs/configuration.md";
    let text = read(DOCUMENT);
    let table = table_of_commands();
    if std::env::var_os("RTMPSCOPE_UPDATE_DOCS").is_some() {
        let (before, _) = text.split_once("| command |").expect("a table");
        fs::write(common::root().join(DOCUMENT), format!("{before}{table}")).expect("written");
        return;
    }
    assert!(
        text.ends_with(&table),
        "{DOCUMENT} has another table; RTMPSCOPE_UPDATE_DOCS=1 cargo test --test docs writes it"
    );
}

#[test]
fn every_setting_is_in_the_document() {
    let text = read("docs/configuration.md");
    let template = common::stdout(&common::run(&["--print-config-template"]));
    let (settings, _) = template.split_once("[keys]").expect("a table of keys");
    let mut count = 0;
    for line in settings.lines() {
        let Some((name, default)) = line
            .strip_prefix('#')
            .and_then(|rest| rest.split_once(" = "))
        else {
            continue;
        };
        count += 1;
        let row = format!("| `{name}` | `{default}` |");
        assert!(text.contains(&row), "{row}");
    }
    assert_eq!(count, 8);
}

/// The rows of the table of a document that begins with this head, without it: their cells.
fn rows<'t>(text: &'t str, head: &str) -> Vec<Vec<&'t str>> {
    text.lines()
        .skip_while(|line| !line.starts_with(head))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(str::trim).collect()
        })
        .collect()
}

/// Whether a file of ours has a test of this name.
fn is_test(place: &str, name: &str) -> bool {
    let head = format!("fn {name}()");
    let mut is_marked = false;
    read(place).lines().map(str::trim_start).any(|line| {
        let is_here = is_marked && line.starts_with(&head);
        // Other attributes may stand between the mark and the name.
        is_marked = line == "#[test]" || (is_marked && line.starts_with("#["));
        is_here
    })
}

#[test]
fn every_yes_of_the_comparison_stands_on_tests_that_exist() {
    let text = read("docs/comparison.md");
    let mut tested = BTreeSet::new();
    for row in rows(&text, "| feature | tests |") {
        let [feature, tests] = row.as_slice() else {
            panic!("a row of two: {row:?}");
        };
        let tests: Vec<&str> = tests.split_whitespace().collect();
        assert!(!tests.is_empty(), "{feature}");
        for test in tests {
            let (place, name) = test
                .trim_matches('`')
                .split_once("::")
                .unwrap_or_else(|| panic!("{test} is no file::test"));
            assert!(is_test(place, name), "{feature}: there is no {test}");
        }
        assert!(tested.insert(*feature), "{feature} stands there twice");
    }
    let features = rows(&text, "| feature | rtmpscope |");
    assert!(features.len() > 40, "{} features", features.len());
    for row in features {
        let (feature, cells) = row.split_first().expect("a feature");
        assert_eq!(cells.len(), 17, "{feature}");
        let (ours, theirs) = cells.split_first().expect("ours");
        let has_test = tested.remove(feature);
        match *ours {
            "yes" | "partial" => assert!(has_test, "{feature}: no test"),
            "no" => assert!(
                !has_test,
                "{feature} has a test, and is said not to be there"
            ),
            other => panic!("{feature}: {other} is neither yes nor partial nor no"),
        }
        let known = |cell: &&str| ["Y", "P", "N", "-", "?"].contains(cell);
        assert!(theirs.iter().all(known), "{feature}: {theirs:?}");
    }
    assert!(tested.is_empty(), "no feature of the table: {tested:?}");
}

fn read(document: &str) -> String {
    fs::read_to_string(common::root().join(document))
        .unwrap_or_else(|error| panic!("{document}: {error}"))
}

fn flags(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| {
            word.strip_prefix("--")
                .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        })
        .map(str::to_owned)
        .collect()
}
