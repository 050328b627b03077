//! Names made to be markup: in a report they are text, whatever it is written in.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufWriter;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::common;
use crate::wire::Capture;
use crate::wire::Client;
use crate::wire::chunk;
use crate::wire::command;
use crate::wire::number;
use crate::wire::set_chunk_size;
use crate::wire::string;

/// What is tried: tags, entities, attributes that end, links, pictures, mentions, code that ends,
/// cells and lines that end, comments, directives, keywords. `MARK` finds it again.
const HOSTILE: &[&str] = &[
    "MARK<script>alert(1)</script><img src=x onerror=alert(2)>",
    "MARK\"><svg/onload=alert(3)> ' &lt;b&gt; &#60;",
    "MARK`x` ``y`` | [a](javascript:alert(4)) ![b](http://192.0.2.9/c.png)",
    "MARK\n# heading\r\n- @everyone #1 http://example.com/ www.example.com\n```\n---",
    "MARK;end\n%%{init: {}}%% end ; p1->>p2: x #35; {a} [b] :wrap: loop",
    "MARK|a|b\\|c\\",
    "` MARK `",
    "MARK\u{202e}gpj\u{200b}\u{1b}[2J\u{7}",
];

/// Tags of a page.
const TAGS: &[&str] = &[
    "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "ul", "li",
    "div", "table", "thead", "tbody", "tr", "th", "td", "a", "section", "code", "p", "dl", "dt",
    "dd", "svg", "text", "tspan", "line", "rect", "g", "polygon",
];

/// A capture with a connection for each of them, in all the places where a peer can say something.
/// The file has a name of that kind, too, in a folder of its own: the tests run side by side.
fn capture() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("MARK<b>`|#@x.pcap");
    let file = fs::File::create(&path).expect("a file");
    let mut capture = Capture::new(BufWriter::new(file)).expect("a header");
    for (place, text) in (0_u32..).zip(HOSTILE) {
        let mut from = Client::numbered(place);
        capture.open(&mut from).expect("written");
        let key = |name: &str| string(name).split_off(1);
        let properties: Vec<u8> = [
            vec![3],
            key("app"),
            string(text),
            key("flashVer"),
            string(text),
            key("tcUrl"),
            string(text),
            vec![0, 0, 9],
        ]
        .concat();
        // The sequence start of a codec that nobody knows (Enhanced RTMP: ExVideoTagHeader).
        let codec: Vec<u8> = [0x90].into_iter().chain(text.bytes().take(4)).collect();
        for message in [
            set_chunk_size(65_536),
            command(0, &[string("connect"), number(1.0), properties]),
            command(0, &[string(text), number(2.0), vec![5], string(text)]),
            command(
                1,
                &[
                    string("publish"),
                    number(3.0),
                    vec![5],
                    string(text),
                    string("live"),
                ],
            ),
            chunk(6, 5, 9, 1, &codec),
        ] {
            capture.send(&mut from, &message).expect("written");
        }
    }
    capture.finish().expect("written");
    (folder, path)
}

fn report(format: &str) -> String {
    let (_folder, path) = capture();
    let path = path.to_str().expect("a path in UTF-8");
    let ran = common::run(&["-q", "--show-secrets", "report", "-T", format, path]);
    assert_eq!(common::code(&ran), 0, "{}", common::stderr(&ran));
    let text = common::stdout(&ran);
    assert!(text.matches("MARK").count() > 3 * HOSTILE.len(), "{text}");
    let is_unsafe = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{200b}';
    assert!(!text.contains(is_unsafe), "what drives a terminal");
    text
}

#[test]
fn pages_hold_no_tag_but_ours() {
    let page = report("html");
    let (_, behind) = page.split_once("</style>").expect("a style");
    let mut tags = BTreeSet::new();
    for piece in behind.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        // Attributes are ours: in pairs of quotes, and none that acts.
        assert!(tag.matches('"').count().is_multiple_of(2), "<{tag}>");
        assert!(!tag.contains(" on"), "<{tag}>");
        assert!(!tag.contains("MARK"), "<{tag}>");
        assert!(!text.contains(['"', '\'']), "{text}");
        let name = tag.trim_start_matches('/').split([' ', '\n']).next();
        tags.insert(name.unwrap_or_default().to_owned());
    }
    for tag in &tags {
        assert!(TAGS.contains(&tag.as_str()), "<{tag}>");
    }
    assert_eq!(page.matches("<section").count(), HOSTILE.len());
    assert!(!page.contains("http:") || page.contains("default-src 'none'"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

/// What of a line of Markdown is outside of code spans, as CommonMark section 6.1 finds them.
fn outside_of_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        let (before, ticks) = rest.split_at(at);
        // A backslash takes the meaning from a backtick outside of code.
        let escaped = before.len() - before.trim_end_matches('\\').len();
        out.push_str(before);
        let run = ticks.len() - ticks.trim_start_matches('`').len();
        let (fence, behind) = ticks.split_at(if escaped % 2 == 1 { 1 } else { run });
        let mut from = 0;
        let end = loop {
            if escaped % 2 == 1 {
                break None;
            }
            let Some(at) = behind.get(from..).and_then(|rest| rest.find('`')) else {
                break None;
            };
            let start = from + at;
            let ticks = behind.get(start..).unwrap_or_default();
            let run = ticks.len() - ticks.trim_start_matches('`').len();
            if run == fence.len() {
                break Some(start + run);
            }
            from = start + run;
        };
        if let Some(end) = end {
            rest = behind.get(end..).unwrap_or_default();
        } else {
            out.push_str(fence);
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

/// Bars that end a cell: those behind no backslash, or behind an even number of them.
fn bars(line: &str) -> usize {
    let is_bar = |before: &str| {
        let slashes = before.len() - before.trim_end_matches('\\').len();
        slashes.is_multiple_of(2)
    };
    line.match_indices('|')
        .filter(|(at, _)| line.get(..*at).is_some_and(is_bar))
        .count()
}

#[test]
fn markdown_holds_them_in_code_alone() {
    assert_eq!(outside_of_code("a `b` ``c`d`` \\`e` f"), "a   \\`e` f");
    let text = report("md");
    let mut fence = None;
    let mut cells = None;
    for line in text.lines() {
        if let Some(open) = fence {
            if line == open {
                fence = None;
            }
            continue;
        }
        if line.starts_with("```") {
            fence = line.strip_suffix("text");
            assert!(fence.is_some(), "a fence of ours: {line}");
            continue;
        }
        // A bar ends a cell, in code as elsewhere.
        let bars = bars(line);
        if line.starts_with('|') {
            assert_eq!(*cells.get_or_insert(bars), bars, "{line}");
        } else {
            cells = None;
        }
        let outside = outside_of_code(&line.replace("\\|", ""));
        for word in ["MARK", "alert", "@", "http", "<", "](", "everyone"] {
            assert!(!outside.contains(word), "{word} in {outside}");
        }
    }
    assert!(fence.is_none(), "a fence without an end");
    assert_eq!(text.matches("\n## ").count(), HOSTILE.len());
}

#[test]
fn diagrams_hold_them_as_entities() {
    let text = report("mermaid");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    for line in lines {
        let line = line.strip_prefix("    ").expect("what is ours is indented");
        if let Some(comment) = line.strip_prefix("%% ") {
            assert!(!comment.contains(['{', '%']), "{line}");
            continue;
        }
        let said = if let Some(actor) = line.strip_prefix("participant p") {
            actor.split_once(" as ").expect("a name").1
        } else {
            let (ends, said) = line.split_once(": ").expect("somebody says something");
            let is_ours = ends.starts_with("Note over p") || ends.starts_with('p');
            assert!(is_ours && !ends.contains("MARK"), "{line}");
            said
        };
        // Everything that may be syntax is a number between `#` and `;`.
        for piece in said.split('#').skip(1) {
            let (digits, _) = piece.split_once(';').expect("an entity ends");
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            assert!(is_number, "{line}");
        }
        assert_eq!(
            said.matches('#').count(),
            said.matches(';').count(),
            "{line}"
        );
        assert!(
            !said.contains(['<', '>', '{', '}', '[', '%', '"', ':']),
            "{line}"
        );
        assert!(!said.split(' ').any(|word| word == "end"), "{line}");
    }
}

#[test]
fn plain_text_stays_one_line_each() {
    let text = report("text");
    assert!(
        !text
            .lines()
            .any(|line| line.starts_with("- @") || line == "```")
    );
}
