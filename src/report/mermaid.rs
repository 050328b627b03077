//! Connections as a sequence diagram for Mermaid, which trackers of issues and wikis draw. All that
//! could be syntax in a text is written as an entity.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::ids::FrameNumber;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::base::units::span_with_hours;
use crate::report::ladder::Ladder;
use crate::report::ladder::Step;
use crate::report::ladder::StepKind;
use crate::report::ladder::StepState;
use crate::report::section::line::Line;

/// Bytes of a diagram. Mermaid refuses more than 50 000 characters unless its page asks for it
/// (`maxTextSize`).
const MAX_TEXT: usize = 48_000;

/// Bytes of what was said that are collected: as many as can be shown, and some for what is sorted
/// before it.
const MAX_COLLECTED: usize = 4 * MAX_TEXT;

/// Characters of one text: a diagram is as wide as its longest.
const MAX_LABEL: usize = 120;

/// The diagram while connections are added.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// Ends with their names, in the order of sight.
    actors: Vec<(String, String)>,
    lines: Vec<(Timestamp, FrameNumber, String)>,
    bytes: usize,
    left_out: u64,
}

impl Sequence {
    /// Adds a connection.
    pub(super) fn add(&mut self, line: &Line, ladder: &Ladder) {
        if self.bytes > MAX_COLLECTED {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let role = if line.role.is_empty() {
            "client"
        } else {
            &line.role
        };
        let client = self.actor(&line.client, role);
        let server = self.actor(&line.server, "server");
        let begin = ladder.begin;
        // What a connection begins with stands before its first step.
        self.push(
            begin,
            FrameNumber::default(),
            format!(
                "Note over {client},{server}: connection {}, {}",
                line.id,
                label(&line.stream)
            ),
        );
        for step in &ladder.steps {
            let text = message(step, begin, &client, &server);
            self.push(step.at.time, step.frame(), text);
        }
        if ladder.more > 0
            && let Some(last) = ladder.steps.last()
        {
            let text = format!("Note over {client},{server}: … {} more calls", ladder.more);
            self.push(last.at.time, last.frame(), text);
        }
    }

    fn push(&mut self, time: Timestamp, frame: FrameNumber, line: String) {
        self.bytes = self.bytes.saturating_add(line.len());
        self.lines.push((time, frame, line));
    }

    /// The name of an end within the diagram.
    fn actor(&mut self, end: &str, role: &str) -> String {
        let known = self.actors.iter().position(|(its, _)| its == end);
        let place = known.unwrap_or_else(|| {
            self.actors.push((end.to_owned(), role.to_owned()));
            self.actors.len().saturating_sub(1)
        });
        format!("p{}", place.saturating_add(1))
    }

    /// Writes the diagram: what was read as comments, the peers, then everything in the order of
    /// capture. Beside those that there was no room for, as many connections are `left_out`.
    pub(super) fn write(&mut self, out: &mut String, head: &str, worst: &str, left_out: u64) {
        let left_out = self.left_out.saturating_add(left_out);
        out.push_str("sequenceDiagram\n");
        for line in head.lines().chain(worst.lines()) {
            let _ = writeln!(out, "    %% {}", comment(line));
        }
        // Stable: what came with the same frame stays in order.
        self.lines.sort_by_key(|(time, frame, _)| (*time, *frame));
        let mut room = MAX_TEXT.saturating_sub(out.len());
        let mut cut = 0_u64;
        let mut used = BTreeMap::new();
        let mut body = String::new();
        for (_, _, line) in &self.lines {
            // A participant takes room as well.
            let cost = line.len().saturating_add(6);
            if cut > 0 || cost > room {
                cut = cut.saturating_add(1);
                continue;
            }
            room = room.saturating_sub(cost);
            let _ = writeln!(body, "    {line}");
            for (place, (end, role)) in self.actors.iter().enumerate() {
                let name = format!("p{}", place.saturating_add(1));
                if !used.contains_key(&place) && names(line, &name) {
                    let actor =
                        format!("    participant {name} as {} {}\n", label(role), label(end));
                    room = room.saturating_sub(actor.len());
                    used.insert(place, actor);
                }
            }
        }
        for actor in used.values() {
            out.push_str(actor);
        }
        out.push_str(&body);
        if cut > 0 || left_out > 0 {
            let _ = writeln!(
                out,
                "    %% left out, since Mermaid draws no more: {cut} steps, and {left_out} connections"
            );
        }
    }
}

/// Whether a line speaks of a participant.
fn names(line: &str, name: &str) -> bool {
    let said = line.split(':').next().unwrap_or_default();
    said.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word == name || word.strip_prefix('x').is_some_and(|word| word == name))
}

fn message(step: &Step, begin: Timestamp, client: &str, server: &str) -> String {
    let (from, to) = match step.from {
        Side::Client => (client, server),
        Side::Server => (server, client),
    };
    let after = span_with_hours(step.at.time.since(begin).max(Span::ZERO));
    let took = step
        .took
        .map_or_else(String::new, |took| format!(" [{}]", span_with_hours(took)));
    let text = format!(
        "{}{}",
        label(&format!("+{after} {}", step.text)),
        label(&took)
    );
    let arrow = match (step.kind, step.state) {
        (StepKind::Note | StepKind::Media, _) => {
            return format!("Note over {client},{server}: {text}");
        }
        // There are arrows with two heads only since version 11.
        (StepKind::Exchange, _) | (StepKind::Call, StepState::Plain) => "->>",
        (StepKind::Call, _) => "-x",
        (StepKind::Answer, StepState::Plain) => "-->>",
        (StepKind::Answer, _) => "--x",
    };
    format!("{from}{arrow}{to}: {text}")
}

/// A text as Mermaid shows it as it is.
fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (count, c) in text.chars().enumerate() {
        if count >= MAX_LABEL {
            out.push('…');
            break;
        }
        // Everything that is no letter, digit, or one of these, may be syntax somewhere.
        let is_plain =
            c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '_' | '/' | '+' | '*' | '…');
        if is_plain {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    // The word ends a block wherever it stands alone.
    out.split(' ')
        .map(|word| {
            if word.eq_ignore_ascii_case("end") {
                "e#110;d"
            } else {
                word
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text behind `%%`: without what would begin a directive.
fn comment(text: &str) -> String {
    text.replace(['{', '}', '%'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_syntax() {
        assert_eq!(
            label("a;b#c <x> {y} end %%"),
            "a#59;b#35;c #60;x#62; #123;y#125; e#110;d #37;#37;"
        );
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(label(&"x".repeat(500)).chars().count(), MAX_LABEL + 1);
    }

    #[test]
    fn participants_are_found_in_their_lines() {
        assert!(names("p1->>p12: p3", "p1") && names("p1->>p12: p3", "p12"));
        assert!(!names("p1->>p12: p3", "p2") && !names("p1->>p12: p3", "p3"));
        assert!(names("p1-xp2: a", "p2"));
    }

    #[test]
    fn a_diagram_is_no_longer_than_mermaid_takes() {
        let mut sequence = Sequence::default();
        for id in 0..2000_u64 {
            let line = Line {
                id,
                client: format!("192.0.2.1:{id}"),
                server: "192.0.2.2:1935".to_owned(),
                role: "publisher".to_owned(),
                stream: "x".repeat(500),
                codecs: String::new(),
                stage: "publishing",
            };
            let ladder = Ladder {
                begin: Timestamp(0),
                steps: Vec::new(),
                rails: Vec::new(),
                more: 0,
            };
            sequence.add(&line, &ladder);
        }
        let mut out = String::new();
        sequence.write(&mut out, "head\n", "", 7);
        // Its own words included.
        assert!(out.len() > 40_000 && out.len() < 50_000, "{}", out.len());
        let shown = out.matches("Note over").count();
        let told = out.lines().last().unwrap_or_default();
        let numbers: Vec<usize> = told
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect();
        // Steps that were collected, and connections that were not.
        assert_eq!(shown + numbers.iter().sum::<usize>(), 2000 + 7, "{told}");
    }
}
