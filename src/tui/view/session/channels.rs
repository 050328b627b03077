//! The chunk streams of both directions.

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::side::Side;
use crate::base::units::counted;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Repeats;
use crate::session::channel::Channel;
use crate::session::channel::Direction;
use crate::tui::model::Detail;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::session::Fact;
use crate::tui::view::session::Facts;
use crate::tui::view::session::Proof;
use crate::tui::widgets::spark::bar;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;

const CHANNELS: &[Column] = &[
    fixed(" ", 2, 0),
    number("CSID", 5, 0),
    flexible("CARRIES", 14, 26, 0),
    number("MSID", 4, 7),
    number("FMT 0/1/2/3%", 12, 6),
    number("MSGS", 7, 2),
    number("BYTES", 7, 3),
    flexible("SHARE", 5, 12, 5),
    number("", 4, 1),
    number("MAX LEN", 7, 4),
    number("HOLDS", 8, 8),
];

pub(super) fn channels<'a>(detail: &Detail, room: usize, view: &ViewState) -> Facts<'a> {
    let theme = view.theme;
    let mut all = Vec::new();
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
    let heading = Some(line(&heads, &[theme.dim(); 11]));
    for side in Side::BOTH {
        let direction = detail.session.directions.of(side);
        for channel in &direction.channels {
            let mut styles = [Style::new(); 11];
            styles[0] = theme.side(side);
            styles[7] = theme.side(side);
            let cells = channel_cells(side, direction, channel, share_room);
            let proof = Proof::Frame(channel.first);
            all.push(Fact::new(line(&cells, &styles), Some(proof)));
        }
    }
    if all.is_empty() {
        let line = Line::styled(" no message yet", theme.dim());
        all.push(Fact::new(line, None));
    }
    let mut is_apart = true;
    for side in Side::BOTH {
        let direction = detail.session.directions.of(side);
        if direction.messages() > 0 || direction.skipped_bytes > 0 {
            let mut lines = direction_lines(side, direction, room, view);
            if std::mem::take(&mut is_apart) {
                lines.insert(0, Line::raw(""));
            }
            let change = direction.chunk_size_changes.iter().last();
            let proof = change.map(|change| Proof::Message(change.message, change.at));
            all.push(Fact { lines, proof });
        }
    }
    Facts { heading, all }
}

fn channel_cells(
    side: Side,
    direction: &Direction,
    channel: &Channel,
    share_room: usize,
) -> Vec<String> {
    let mut carries: Vec<String> = channel
        .types()
        .map(|kind| {
            // AMF0 is what nearly all of them are.
            let name = kind.type_id.to_string().replace('_', " ");
            name.strip_suffix(" amf0")
                .map(str::to_owned)
                .unwrap_or(name)
        })
        .collect();
    carries.dedup();
    let messages = channel.messages();
    let percent = |count: u32| {
        let hundredfold = u64::from(count).saturating_mul(100);
        let rounded = hundredfold.saturating_add(messages / 2);
        rounded.checked_div(messages).unwrap_or(0).to_string()
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
        units::marked(carries.join(", "), channel.inferred.header.is_some()),
        if channel.mixed_streams() {
            "some".to_owned()
        } else {
            units::marked(channel.stream_id, channel.inferred.stream_id.is_some())
        },
        mix.join("/"),
        units::grouped(messages),
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
        sizes.push(match direction.chunk_size {
            ChunkSize::Unknown => "not announced".to_owned(),
            ChunkSize::Told(length) => length.to_string(),
            ChunkSize::Inferred(length) => units::marked(length, true),
            ChunkSize::AtLeast(length) => format!("{} or more", units::marked(length, true)),
        });
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
    match direction.repeats {
        Repeats::NotDue => {}
        Repeats::Repeated => parts.push(("ext. timestamps repeated".to_owned(), theme.plain())),
        Repeats::LeftOut => parts.push(("ext. timestamps left out".to_owned(), theme.plain())),
    }
    let mut lines = vec![fit_parts(&parts, "  ", room)];
    if let Some(lock) = &direction.lock {
        let text = format!(
            "first header behind {}, confirmed by {} (by chance once in 2^{})",
            units::bytes(lock.skipped),
            counted(u64::from(lock.headers), "header"),
            lock.bits
        );
        lines.push(fit_parts(
            &[("   ".to_owned(), theme.plain()), (text, theme.dim())],
            "",
            room,
        ));
    }
    let before = direction.lock.as_ref().map_or(0, |lock| lock.skipped);
    if direction.skipped_bytes > before {
        let skipped = direction.skipped_bytes.saturating_sub(before);
        let text = format!("   {} belong to no message", units::bytes(skipped));
        lines.push(fit_parts(&[(text, theme.warn())], "", room));
    }
    lines
}
