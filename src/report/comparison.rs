//! A comparison of two connections without a terminal UI: as text, and as JSON.

use std::io;
use std::io::Write;
use std::net::SocketAddr;

use serde_json::json;

use crate::base::side::Side;
use crate::base::units::counted;
use crate::compare::Comparison;
use crate::compare::Head;
use crate::compare::Line;
use crate::compare::Section;
use crate::compare::Verdict;
use crate::compare::Weight;

/// Columns of the names and of the values on the left; what is wider moves the rest to the right.
const NAME_WIDTH: usize = 28;
const LEFT_WIDTH: usize = 34;

/// Writes the comparison as text: what differs, and `all` what is the same too. `names` say where
/// the two come from.
///
/// # Errors
/// The output cannot be written.
pub fn text(
    out: &mut impl Write,
    comparison: &Comparison,
    names: [&str; 2],
    all: bool,
) -> io::Result<()> {
    let [left, right] = names;
    head(out, "left ", left, &comparison.left)?;
    head(out, "right", right, &comparison.right)?;
    let count = |weight: Weight, noun: &str| {
        let number = comparison.differences(weight);
        counted(u64::try_from(number).unwrap_or(u64::MAX), noun)
    };
    writeln!(
        out,
        "{}, {}, {} differ; {} the same",
        count(Weight::Fault, "fault"),
        count(Weight::Choice, "choice"),
        count(Weight::Figure, "figure"),
        comparison.same()
    )?;
    for section in &comparison.sections {
        self::section(out, section, all)?;
    }
    Ok(())
}

fn address(head: &Head, side: Side) -> SocketAddr {
    let end = head.ends.of(side);
    SocketAddr::new(end.addr, end.port)
}

fn head(out: &mut impl Write, side: &str, name: &str, head: &Head) -> io::Result<()> {
    writeln!(
        out,
        "{side} {name} #{} {}  {}  {}\n      {} -> {}  {} for {}",
        head.id,
        head.label,
        head.role,
        head.stage,
        address(head, Side::Client),
        address(head, Side::Server),
        head.began,
        head.lasted
    )
}

fn section(out: &mut impl Write, section: &Section, all: bool) -> io::Result<()> {
    let shown = section
        .lines
        .iter()
        .filter(|line| all || line.is_difference());
    let shown: Vec<&Line> = shown.collect();
    if shown.is_empty() && section.note.is_none() {
        return Ok(());
    }
    writeln!(out, "\n{}", section.title)?;
    if let Some(note) = &section.note {
        writeln!(out, "    ({note})")?;
    }
    for line in shown {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        writeln!(
            out,
            "  {} {}| {}| {}",
            sign(line),
            padded(&line.name, NAME_WIDTH),
            padded(&value(&line.left), LEFT_WIDTH),
            value(&line.right)
        )?;
    }
    Ok(())
}

/// The text with blanks behind it, one at least.
fn padded(text: &str, room: usize) -> String {
    let blanks = room.saturating_sub(text.chars().count()).max(1);
    format!("{text}{}", " ".repeat(blanks))
}

/// How much a line matters, and which way the sides differ, in ASCII.
fn sign(line: &Line) -> String {
    let verdict = match line.verdict {
        Verdict::Same if line.left == line.right => return " =".to_owned(),
        Verdict::Same => return " ~".to_owned(),
        Verdict::Differs => '|',
        Verdict::OnlyLeft => '<',
        Verdict::OnlyRight => '>',
    };
    let weight = match line.weight {
        Weight::Fault => '!',
        Weight::Choice => '*',
        Weight::Figure => ' ',
    };
    format!("{weight}{verdict}")
}

/// Writes the comparison as JSON: an object about the two connections, then one for each line.
///
/// # Errors
/// The output cannot be written.
pub fn json(
    out: &mut impl Write,
    comparison: &Comparison,
    names: [&str; 2],
    all: bool,
) -> io::Result<()> {
    let of = |name: &str, head: &Head| {
        json!({
            "source": name,
            "connection": head.id.0,
            "stream": head.label,
            "role": head.role,
            "stage": head.stage,
            "client": address(head, Side::Client).to_string(),
            "server": address(head, Side::Server).to_string(),
            "began": head.began,
        })
    };
    let [left, right] = names;
    let about = json!({
        "event_type": "comparison",
        "left": of(left, &comparison.left),
        "right": of(right, &comparison.right),
        "faults": comparison.differences(Weight::Fault),
        "choices": comparison.differences(Weight::Choice),
        "figures": comparison.differences(Weight::Figure),
        "same": comparison.same(),
    });
    writeln!(out, "{about}")?;
    for section in &comparison.sections {
        for line in &section.lines {
            if !all && !line.is_difference() {
                continue;
            }
            let record = json!({
                "event_type": "compared",
                "section": section.title,
                "name": line.name,
                "left": line.left,
                "right": line.right,
                "verdict": line.verdict.name(),
                "weight": line.weight.name(),
            });
            writeln!(out, "{record}")?;
        }
    }
    Ok(())
}
