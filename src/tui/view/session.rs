//! One connection at a glance: how it was set up, what its chunk streams carry, how TCP carried
//! them, what the media are.
//!
//! ```text
//! ┌ setup ─────────────────────────────┐┌ chunk channels ──────────────────────────────────────────┐
//! │ TCP            31.0 ms             ││    CSID CARRIES  MSID FMT 0/1/2/3 %  MSGS  BYTES   SHARE  │
//! │ handshake      64.0 ms  simple     ││ →     2 control     0  100/0/0/0        4   62 B  ▏   0%  │
//! │ connect        41.3 ms  ✔          ││ →     4 audio       1    1/3/95/1   6 101 1.6 MB  ▎   3%  │
//! │ first key     +120 ms              ││ ←     2 control     0  100/0/0/0       64 1.0 kB  ▏   1%  │
//! └────────────────────────────────────┘└──────────────────────────────────────────────────────────┘
//! ┌ flow ──────────────────────────────┐┌ codecs and metadata ─────────────────────────────────────┐
//! └────────────────────────────────────┘└──────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::side::Side;
use crate::base::time::Span as Time;
use crate::rtmp::secret::Secrecy;
use crate::session::channel::Channel;
use crate::session::channel::Direction;
use crate::session::handshake::EchoVerdict;
use crate::session::setup::Phase;
use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::pane;
use crate::tui::view::scrolled;
use crate::tui::widgets::spark::bar;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::width;

const TITLES: [&str; 4] = ["setup", "chunk channels", "flow", "codecs and metadata"];

/// Wide and high enough for all four panes beside each other.
const GRID: (u16, u16) = (90, 18);
/// High enough for two panes of which one is chosen.
const STACK: (u16, u16) = (56, 14);

/// Draws the session.
pub(super) fn render(buffer: &mut Buffer, area: Rect, detail: &Detail, view: &ViewState) {
    let one = |buffer: &mut Buffer, area: Rect, index: usize| {
        let has_keys = view.pane == index;
        let title = TITLES.get(index).copied().unwrap_or_default();
        let inner = pane(buffer, area, title, has_keys, view);
        let room = usize::from(inner.width);
        let lines = match index {
            0 => setup(detail, room, view),
            1 => channels(detail, room, view),
            2 => flow(detail, view),
            _ => media(detail, room, view),
        };
        let lines: Vec<Line<'_>> = lines.into_iter().map(|line| clipped(line, room)).collect();
        let scroll = if has_keys { view.scroll } else { 0 };
        scrolled(buffer, inner, &lines, scroll, view);
    };
    if area.width >= GRID.0 && area.height >= GRID.1 {
        let [top, bottom] =
            Layout::vertical([Constraint::Percentage(55), Constraint::Fill(1)]).areas(area);
        let left = Constraint::Length(46);
        let [a, b] = Layout::horizontal([left, Constraint::Fill(1)]).areas(top);
        let [c, d] =
            Layout::horizontal([Constraint::Percentage(48), Constraint::Fill(1)]).areas(bottom);
        for (index, area) in [a, b, c, d].into_iter().enumerate() {
            one(buffer, area, index);
        }
    } else if area.width >= STACK.0 && area.height >= STACK.1 {
        // The setup above, and below it the pane with the keys, or the channels.
        let [top, bottom] =
            Layout::vertical([Constraint::Percentage(48), Constraint::Fill(1)]).areas(area);
        one(buffer, top, 0);
        one(buffer, bottom, view.pane.max(1));
    } else {
        one(buffer, area, view.pane);
    }
}

/// The line without what lies beyond the edge, which an ellipsis tells.
fn clipped(line: Line<'_>, room: usize) -> Line<'_> {
    if line.width() <= room {
        return line;
    }
    let mut left = room;
    let mut spans = Vec::new();
    for span in line.spans {
        let taken = width(&span.content);
        if taken > left || (taken == left && !spans.is_empty()) {
            let text = fit(&format!("{} ", span.content.trim_end()), left);
            spans.push(Span::styled(text, span.style));
            break;
        }
        left = left.saturating_sub(taken);
        spans.push(span);
    }
    Line::from(spans)
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of phases, one entry each, reads best in one piece"
)]
fn setup<'a>(detail: &Detail, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let session = &detail.session;
    let setup = session.setup();
    let mut lines = Vec::new();
    let row = |name: &str, value: String, style: Style, note: &str| {
        Line::from(vec![
            Span::raw(format!(" {}", pad(name, 14, false))),
            Span::styled(pad(&value, 9, true), style),
            Span::styled(format!("  {note}"), theme.dim()),
        ])
    };
    let phase = |name: &str, phase: Option<&Phase>, note: &str| match phase {
        None => row(name, "-".to_owned(), theme.dim(), "not seen"),
        Some(phase) if phase.failed => row(name, "✖ failed".to_owned(), theme.bad(), note),
        Some(phase) => match phase.duration() {
            Some(took) => row(name, units::span(took), theme.good(), note),
            None => row(name, "▲ waits".to_owned(), theme.warn(), note),
        },
    };
    let wrong = Side::BOTH.iter().any(|side| {
        let echo = session.handshake.sides.of(*side).echo;
        echo.is_some_and(|echo| echo.verdict == EchoVerdict::Wrong)
    });
    let scheme = match (session.handshake.is_digest(), wrong) {
        (true, false) => "digest ✔",
        (false, false) => "simple",
        (true, true) => "digest, ▲ wrong echo",
        (false, true) => "simple, ▲ wrong echo",
    };
    let start = session
        .summary()
        .role
        .map_or("publish/play", |role| match role {
            crate::session::netstream::Role::Publisher => "publish",
            crate::session::netstream::Role::Player => "play",
        });
    lines.push(phase("TCP", setup.tcp.as_ref(), "SYN to ACK"));
    lines.push(phase("handshake", setup.handshake.as_ref(), scheme));
    lines.push(phase("connect", setup.connect.as_ref(), "to _result"));
    lines.push(phase(
        "createStream",
        setup.create_stream.as_ref(),
        "to _result",
    ));
    lines.push(phase(start, setup.start.as_ref(), "to onStatus"));
    for (name, first) in [
        ("first audio", setup.first_audio),
        ("first video", setup.first_video),
        ("first keyframe", setup.first_keyframe),
    ] {
        if let Some(after) = setup.after_start(first) {
            let value = format!("+{}", units::span(after));
            lines.push(row(name, value, theme.plain(), &format!("after {start}")));
        }
    }
    if let Some(total) = setup.total() {
        lines.push(row(
            "in all",
            units::span(total),
            theme.head(),
            "to the first medium",
        ));
    }
    let mut fact = |name: &str, value: String| {
        for (at, text) in crate::tui::widgets::text::wrap(&value, room.saturating_sub(16).max(8))
            .into_iter()
            .enumerate()
        {
            let name = if at == 0 { name } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!(" {}", pad(name, 14, false)), theme.dim()),
                Span::raw(format!(" {text}")),
            ]));
        }
    };
    let summary = session.summary();
    if let Some(url) = summary.tc_url {
        fact("tcUrl", detail.text(url, Secrecy::Url));
    }
    for (name, software) in [
        ("client", summary.client_software),
        ("server", summary.server_software),
    ] {
        if let Some(software) = software {
            fact(name, detail.prose(software));
        }
    }
    if let Some(peers) = session.peers.as_deref() {
        let enhanced = [
            ("enhanced →", &peers.client_enhanced),
            ("enhanced ←", &peers.server_enhanced),
        ];
        for (name, enhanced) in enhanced {
            if let Some(enhanced) = enhanced {
                let codecs: Vec<&str> = enhanced.four_ccs.iter().map(AsRef::as_ref).collect();
                let caps: Vec<&str> = enhanced.caps_names().collect();
                let text = format!("{} {}", codecs.join(" "), caps.join(" "));
                fact(name, detail.prose(text.trim()));
            }
        }
    }
    for side in Side::BOTH {
        if let Some(opaque) = session.opaque.of(side) {
            fact("enciphered", format!("{} {}", arrow(side), opaque.reason));
        }
    }
    if let Some(end) = session.end {
        let by = match end.by {
            Some(Side::Client) => " by the client",
            Some(Side::Server) => " by the server",
            None => "",
        };
        let goodbye = session
            .goodbye
            .map(|goodbye| format!(", after {}", goodbye.kind.name().replace('_', " ")));
        fact(
            "end",
            format!(
                "{}{by}{}",
                end.cause.name().replace('_', " "),
                goodbye.unwrap_or_default()
            ),
        );
    }
    lines
}

const CHANNELS: &[Column] = &[
    fixed(" ", 2, 0),
    number("CSID", 5, 0),
    flexible("CARRIES", 12, 26, 0),
    number("MSID", 4, 7),
    number("FMT 0/1/2/3 %", 13, 6),
    number("MSGS", 7, 2),
    number("BYTES", 7, 3),
    flexible("SHARE", 5, 12, 5),
    number("", 5, 1),
    number("MAX LEN", 7, 4),
    number("HOLDS", 8, 8),
];

fn channels<'a>(detail: &Detail, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let mut lines = Vec::new();
    let widths = table::layout(CHANNELS, room.saturating_sub(1));
    let share_room = widths
        .iter()
        .find(|(index, _)| *index == 7)
        .map_or(0, |(_, width)| *width);
    let line = |cells: &[String], styles: &[Style]| {
        let mut spans = Vec::new();
        for (index, width) in &widths {
            let right = CHANNELS.get(*index).is_some_and(|column| column.right);
            let text = cells.get(*index).map_or("", String::as_str);
            let style = styles.get(*index).copied().unwrap_or_default();
            spans.push(Span::styled(pad(text, *width, right), style));
            spans.push(Span::raw(" "));
        }
        spans.pop();
        Line::from(spans)
    };
    let heads: Vec<String> = CHANNELS
        .iter()
        .map(|column| column.title.to_owned())
        .collect();
    lines.push(line(&heads, &[theme.dim(); 11]));
    for side in Side::BOTH {
        let direction = detail.session.directions.of(side);
        for channel in &direction.channels {
            let mut styles = [Style::new(); 11];
            styles[0] = theme.side(side);
            styles[7] = theme.side(side);
            lines.push(line(
                &channel_cells(side, direction, channel, share_room),
                &styles,
            ));
        }
    }
    if lines.len() == 1 {
        lines.push(Line::styled(" no message yet", theme.dim()));
        return lines;
    }
    lines.push(Line::raw(""));
    for side in Side::BOTH {
        let direction = detail.session.directions.of(side);
        if direction.messages > 0 {
            lines.extend(direction_lines(side, direction, room, view));
        }
    }
    lines
}

fn channel_cells(
    side: Side,
    direction: &Direction,
    channel: &Channel,
    share_room: usize,
) -> Vec<String> {
    let mut carries: Vec<String> = channel
        .types
        .iter()
        .map(|kind| kind.type_id.to_string().replace('_', " "))
        .collect();
    carries.dedup();
    let percent = |count: u32| {
        let hundredfold = u64::from(count).saturating_mul(100);
        let rounded = hundredfold.saturating_add(channel.messages / 2);
        rounded
            .checked_div(channel.messages)
            .unwrap_or(0)
            .to_string()
    };
    let mix: Vec<String> = channel
        .formats
        .iter()
        .map(|count| percent(*count))
        .collect();
    let share = direction.share_of(channel);
    vec![
        format!(" {}", arrow(side)),
        channel.csid.to_string(),
        carries.join(", "),
        if channel.mixed_streams {
            "some".to_owned()
        } else {
            channel.stream_id.to_string()
        },
        mix.join("/"),
        units::grouped(channel.messages),
        units::bytes(channel.payload_bytes),
        bar(share, share_room),
        units::percent(share),
        units::bytes(u64::from(channel.largest)),
        channel
            .longest_hold()
            .map_or_else(|| "-".to_owned(), units::span),
    ]
}

fn direction_lines<'a>(
    side: Side,
    direction: &Direction,
    room: usize,
    view: &ViewState,
) -> Vec<Line<'a>> {
    let theme = view.theme;
    let mut sizes: Vec<String> = Vec::new();
    for change in &direction.chunk_size_changes {
        if let (true, Some(from)) = (sizes.is_empty(), change.from) {
            sizes.push(from.to_string());
        }
        sizes.push(format!("{} (#{})", change.to, change.message));
    }
    if sizes.is_empty() {
        sizes.push(
            direction
                .chunk_size
                .map_or_else(|| "not announced".to_owned(), |size| size.to_string()),
        );
    }
    let mut parts = vec![
        (format!(" {}", arrow(side)), theme.side(side)),
        (format!("chunk size {}", sizes.join(" → ")), theme.plain()),
        (
            format!("headers {}", units::percent(direction.header_share())),
            theme.plain(),
        ),
    ];
    let fragmented = direction.fragmented();
    if fragmented > 0 {
        parts.push((
            match direction.interrupted() {
                0 => "messages kept whole".to_owned(),
                count => format!("{} messages interleaved", units::grouped(count)),
            },
            theme.plain(),
        ));
    }
    vec![crate::tui::widgets::text::fit_parts(&parts, "  ", room)]
}

fn flow<'a>(detail: &Detail, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let worry = |is: bool| if is { theme.warn() } else { theme.plain() };
    let mut lines = vec![Line::styled(
        format!("{:<19}{:>12}{:>12}", "", "→ client", "← server"),
        theme.dim(),
    )];
    let mut row = |name: &str, value: &dyn Fn(Side) -> (String, bool)| {
        let mut spans = vec![Span::styled(format!(" {name:<18}"), theme.dim())];
        for side in Side::BOTH {
            let (text, is_worry) = value(side);
            let text = if is_worry {
                format!("▲ {text}")
            } else {
                text
            };
            spans.push(Span::styled(pad(&text, 12, true), worry(is_worry)));
        }
        lines.push(Line::from(spans));
    };
    let health = |side: Side| detail.health.of(side);
    let time = |span: Option<Time>| span.map_or_else(|| "-".to_owned(), units::span);
    row("RTT median", &|side| {
        (time(health(side).round_trips.median()), false)
    });
    row("RTT p95", &|side| {
        (time(health(side).round_trips.p95()), false)
    });
    row("packets", &|side| {
        (units::grouped(health(side).packets), false)
    });
    row("bytes", &|side| (units::bytes(health(side).bytes), false));
    row("retransmitted", &|side| {
        let count = health(side).retransmitted_packets;
        (units::grouped(u64::from(count)), count > 0)
    });
    row("out of order", &|side| {
        let count = health(side).out_of_order_packets;
        (units::grouped(u64::from(count)), count > 0)
    });
    row("zero windows", &|side| {
        let count = health(side).zero_windows;
        (units::grouped(u64::from(count)), count > 0)
    });
    row("in flight at most", &|side| {
        (units::bytes(u64::from(health(side).in_flight_max)), false)
    });
    row("missing in capture", &|side| {
        let missing = *detail.missing.of(side);
        (units::bytes(missing), missing > 0)
    });
    row("RTMP ack window", &|side| {
        let window = detail.session.windows.of(side).window();
        let text = window.map_or_else(|| "-".to_owned(), |window| units::bytes(u64::from(window)));
        (text, false)
    });
    row("not acknowledged", &|side| {
        let window = detail.session.windows.of(side);
        if window.acks == 0 && window.announced.is_none() {
            return ("-".to_owned(), false);
        }
        let unacked = window.unacked();
        let limit = window.announced.map_or(u64::MAX, u64::from);
        (units::bytes(unacked), unacked > limit.saturating_mul(2))
    });
    row("RTMP acks", &|side| {
        (units::grouped(detail.session.windows.of(side).acks), false)
    });
    lines
}

fn media<'a>(detail: &Detail, room: usize, view: &ViewState) -> Vec<Line<'a>> {
    let theme = view.theme;
    let session = &detail.session;
    let mut lines = Vec::new();
    for track in &session.tracks {
        lines.push(Line::from(vec![
            Span::styled(
                format!(" {} {} ", arrow(track.key.side), track.key.kind.name()),
                theme.side(track.key.side),
            ),
            Span::styled(track_facts(track), theme.head()),
        ]));
        lines.push(Line::styled(
            format!("   {}", track_figures(track)),
            theme.plain(),
        ));
    }
    if lines.is_empty() {
        lines.push(Line::styled(" no audio or video yet", theme.dim()));
    }
    for metadata in &session.metadata {
        let figures = &metadata.figures;
        let mut parts = Vec::new();
        let mut figure = |name: &str, value: Option<f64>, unit: &str| {
            if let Some(value) = value {
                parts.push(format!("{name}{value}{unit}"));
            }
        };
        if let (Some(width), Some(height)) = (figures.width, figures.height) {
            figure(&format!("{width}x"), Some(height), "");
        }
        figure("", figures.frame_rate, " fps");
        figure("video ", figures.video_kbits, " kbit/s");
        figure("audio ", figures.audio_kbits, " kbit/s");
        figure("", figures.sample_rate, " Hz");
        let text = if parts.is_empty() {
            "no figures".to_owned()
        } else {
            parts.join("  ")
        };
        let text = format!("{} onMetaData: {text}", arrow(metadata.side));
        for line in crate::tui::widgets::text::wrap(&text, room.saturating_sub(2).max(8)) {
            lines.push(Line::styled(format!(" {line}"), theme.plain()));
        }
    }
    for anomaly in session.anomalies.iter() {
        if anomaly.kind.code() == "meta.mismatch" {
            let text = format!("▲ {}", detail.prose(&anomaly.kind.to_string()));
            for line in crate::tui::widgets::text::wrap(&text, room.saturating_sub(2).max(8)) {
                lines.push(Line::styled(format!(" {line}"), theme.warn()));
            }
        }
    }
    for name in &session.data {
        lines.push(Line::styled(
            format!(
                " {} × {}",
                units::grouped(name.count),
                detail.prose(&name.name)
            ),
            theme.dim(),
        ));
    }
    lines
}

/// What a track is.
pub(super) fn track_facts(track: &Track) -> String {
    let mut facts = vec![
        track
            .codec
            .map_or_else(|| "?".to_owned(), |codec| codec.to_string()),
    ];
    if let Some(config) = track.video() {
        facts.extend(config.profile_name.map(str::to_owned));
        facts.extend(config.level.map(|level| format!("level {level}")));
        if let Some(depth) = config.bit_depth.filter(|depth| *depth != 8) {
            facts.push(format!("{depth} bit"));
        }
    }
    facts.extend(track.picture_size().map(|size| size.to_string()));
    if let Some(config) = track.audio() {
        facts.extend(config.sample_rate_hz.map(|rate| format!("{rate} Hz")));
        facts.extend(config.channels.map(|count| format!("{count} ch")));
    }
    if track.key.id > 0 {
        facts.push(format!("track {}", track.key.id));
    }
    if track.is_enhanced {
        facts.push("enhanced".to_owned());
    }
    facts.join(" ")
}

/// What a track measures.
pub(super) fn track_figures(track: &Track) -> String {
    let mut parts = vec![format!("{} frames", units::grouped(track.frames))];
    if let Some(rate) = track.frame_rate() {
        parts.push(format!("{rate:.2}/s"));
    }
    if let Some(kbits) = track.kbits() {
        parts.push(format!("{kbits:.0} kbit/s"));
    }
    if let Some(gops) = &track.gops
        && let Some(mean) = gops.interval_mean_ms()
    {
        parts.push(format!("keyframe every {:.1} s", mean / 1000.0));
    }
    if let Some(composition) = track.composition.filter(|c| c.nonzero > 0) {
        parts.push(format!(
            "CTS {}..{} ms",
            composition.min_ms, composition.max_ms
        ));
    }
    parts.join("  ")
}
