//! Two connections side by side: named on the command line, and ticked in the list.

use crate::common::sample;
use crate::screen::Terminal;

#[test]
fn two_captures_are_opened_side_by_side() {
    let good = sample("ffmpeg-nginx.pcap");
    let bad = sample("bad-name.pcap") + "#2";
    let Some(screen) = Terminal::of((120, 34)).start(&["diff", &good, &bad]) else {
        return;
    };
    let shown = screen.wait_for("publish: NetStream.Publish.BadName");
    // The second file's second connection is the fourth of all.
    assert!(
        shown.contains("│ #1 ") && shown.contains("│ #4 "),
        "{shown}"
    );
    screen.text("x");
    screen.wait_for("only what differs is shown");
    screen.text("X");
    screen.wait_until("the other way round", |shown| {
        let place = |text: &str| shown.find(text);
        place("│ #4 ").is_some() && place("│ #4 ") < place("│ #1 ")
    });
    screen.keys(&["Enter"]);
    let shown = screen.wait_for("createStream");
    assert!(shown.contains("192.0.2.10:50494"), "{shown}");
    screen.keys(&["C-c"]);
    assert_eq!(screen.end(), 0);
}

#[test]
fn ticked_connections_are_compared() {
    let file = sample("ffmpeg-nginx.pcap");
    let Some(screen) = Terminal::of((100, 30)).start(&[&file]) else {
        return;
    };
    screen.wait_until("both connections", |shown| {
        shown.contains("44394") && shown.contains("44402")
    });
    screen.text("  D");
    screen.wait_until("both outcomes", |shown| {
        let is_there = |part: &&str| shown.contains(*part);
        let parts = ["── outcome", "publisher, stopped", "player, stopped"];
        parts.iter().all(is_there)
    });
    // What has no room is still told whole.
    screen.resize((40, 10));
    screen.wait_until("lines below each other", |shown| shown.contains("‹ #1 "));
    screen.keys(&["C-c"]);
    assert_eq!(screen.end(), 0);
}
