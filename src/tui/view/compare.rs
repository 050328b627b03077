//! Two connections side by side: what differs first, and how much it matters.
//!
//! ```text
//!  ✖ 3 faults  ▲ 12 choices  · 9 figures differ   = 48 the same
//!                        │ #1 live/****1a  publisher       │ #4 live/****1a  publisher
//!  ── outcome ─────────────────────────────────────────────────────────────────────
//!  ✖≠ came to            │ publishing                      │ rejected
//!  ✖› refused            │ -                               │ publish: NetStream.Publish.BadName
//!   = role               │ publisher                       │ publisher
//! ```
//!
//! Without the room for columns each side has a line of its own.

use std::net::SocketAddr;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::side::Side;
use crate::base::units::counted;
use crate::compare::Comparison;
use crate::compare::Head;
use crate::compare::Line as Compared;
use crate::compare::Section;
use crate::compare::Verdict;
use crate::compare::Weight;
use crate::tui::commands::Action;
use crate::tui::model::Detailed;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::ViewState;
use crate::tui::view::say;
use crate::tui::view::scrolled;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::width;
use crate::tui::widgets::text::wrap;

/// Narrower than this, two columns hold no value whole.
const COLUMNS_FROM_WIDTH: u16 = 72;

/// Lines from which the heads say more than the names.
const FULL_HEADS_FROM_HEIGHT: u16 = 18;

/// Lines of the heads with the figures above them.
const FULL_HEADS: u16 = 5;
const FEW_HEADS: u16 = 3;

/// Most lines that a value is broken into.
const MOST_LINES: usize = 4;

/// Draws the comparison.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, snapshot: &Snapshot, view: &ViewState) {
    let Some(compared) = &snapshot.compared else {
        let text = match (view.compare.pair, snapshot.capture.is_done) {
            (None, false) => {
                "Nothing is compared yet: two connections are chosen when they have been read. Or \
                 tick two in the list with Space and press D."
            }
            _ => "Tick two connections in the list with Space and press D.",
        };
        say(sheet, area, text, view);
        return;
    };
    let Some(comparison) = &compared.comparison else {
        let sides = [("left", &compared.left), ("right", &compared.right)];
        let missing = sides
            .into_iter()
            .find(|(_, detailed)| detailed.known().is_none());
        let (side, why) = missing.map_or(("left", &Detailed::Awaited), |found| found);
        let text = format!("The {side} one: {}", super::why_missing(why));
        say(sheet, area, &text, view);
        return;
    };
    let taken = heads(sheet, area, comparison, view);
    let list = Rect {
        y: area.y.saturating_add(taken),
        height: area.height.saturating_sub(taken),
        ..area
    };
    let lines = lines(comparison, area.width, view);
    if lines.is_empty() {
        let text = "Nothing differs. x shows what is the same.";
        say(sheet, list, text, view);
        return;
    }
    scrolled(sheet, list, &lines, view.scroll, view);
}

/// Lines that the heads take of a screen of this height.
pub(super) fn head_lines(height: u16) -> u16 {
    if height >= FULL_HEADS_FROM_HEIGHT {
        FULL_HEADS
    } else {
        FEW_HEADS
    }
}

/// How many lines there are to scroll through.
pub(in crate::tui) fn compared_lines(snapshot: &Snapshot, view: &ViewState) -> usize {
    let compared = snapshot.compared.as_ref();
    let comparison = compared.and_then(|compared| compared.comparison.as_ref());
    comparison.map_or(0, |comparison| lines(comparison, view.width, view).len())
}

/// Which columns a line is divided into: of the name and of either side.
#[derive(Debug, Clone, Copy)]
struct Columns {
    name: usize,
    left: usize,
    right: usize,
}

impl Columns {
    /// `None` where there is no room for them.
    fn of(room: u16) -> Option<Self> {
        if room < COLUMNS_FROM_WIDTH {
            return None;
        }
        // Beside them stand the sign, two rules, and blanks.
        let room = usize::from(room).saturating_sub(10);
        let name = (room / 4).clamp(18, 32);
        let left = room.saturating_sub(name) / 2;
        Some(Self {
            name,
            left,
            right: room.saturating_sub(name).saturating_sub(left),
        })
    }
}

/// The figures and which connection is on which side. Returns the lines they took.
fn heads(sheet: &mut Sheet<'_>, area: Rect, comparison: &Comparison, view: &ViewState) -> u16 {
    let theme = view.theme;
    let count = |weight| comparison.differences(weight);
    let words = |weight, one: &str| {
        let number = u64::try_from(count(weight)).unwrap_or(u64::MAX);
        format!("{} {}", mark(weight), counted(number, one))
    };
    let mut parts = vec![
        (
            format!(" {}", words(Weight::Fault, "fault")),
            style(Weight::Fault, view),
        ),
        (words(Weight::Choice, "choice"), style(Weight::Choice, view)),
        (
            format!("{} differ", words(Weight::Figure, "figure")),
            style(Weight::Figure, view),
        ),
        (format!("= {} the same", comparison.same()), theme.dim()),
    ];
    if view.compare.only_differences {
        parts.push(("only what differs is shown".to_owned(), theme.head()));
    }
    let line = fit_parts(&parts, "  ", usize::from(area.width));
    put(sheet, area.x, area.y, &line, area.width);
    let all = head_lines(area.height);
    let rest = Rect {
        y: area.y.saturating_add(1),
        height: all.saturating_sub(1),
        ..area
    }
    .intersection(area);
    let Some(columns) = Columns::of(area.width) else {
        heads_below(sheet, rest, comparison, view);
        return FEW_HEADS;
    };
    let left = about(&comparison.left);
    let right = about(&comparison.right);
    for (at, y) in (rest.y..rest.bottom()).enumerate() {
        let (Some(one), Some(other)) = (left.get(at), right.get(at)) else {
            break;
        };
        let style = if at == 0 { theme.head() } else { theme.dim() };
        let (one, other) = ((one.as_str(), style), (other.as_str(), style));
        let line = row("  ", Style::new(), "", one, other, columns, view);
        put(sheet, rest.x, y, &line, rest.width);
    }
    let begin = u16::try_from(columns.name.saturating_add(5)).unwrap_or(u16::MAX);
    let middle = u16::try_from(columns.left.saturating_add(2)).unwrap_or(u16::MAX);
    zones(sheet, rest, begin, middle);
    all
}

/// The heads below each other, each on one line.
fn heads_below(sheet: &mut Sheet<'_>, area: Rect, comparison: &Comparison, view: &ViewState) {
    let heads = [
        ("‹", &comparison.left, Action::Enter),
        ("›", &comparison.right, Action::SwapSides),
    ];
    for ((sign, head, action), y) in heads.into_iter().zip(area.y..area.bottom()) {
        let style = view.theme.head();
        let mut parts = vec![(format!(" {sign}"), style)];
        parts.extend(about(head).map(|text| (text, style)));
        let line = fit_parts(&parts, " ", usize::from(area.width));
        put(sheet, area.x, y, &line, area.width);
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        sheet.zone(place, Target::Act(action));
    }
}

/// The left head leads into its connection, the right one comes to the left.
fn zones(sheet: &mut Sheet<'_>, area: Rect, begin: u16, middle: u16) {
    let left = Rect {
        x: area.x.saturating_add(begin),
        width: middle,
        ..area
    };
    sheet.zone(left.intersection(area), Target::Act(Action::Enter));
    let right = Rect {
        x: left.right(),
        width: area.right().saturating_sub(left.right()),
        ..area
    };
    sheet.zone(right.intersection(area), Target::Act(Action::SwapSides));
}

/// What is said of a connection above its column, the most important first.
fn about(head: &Head) -> [String; 4] {
    let address = |side: Side| {
        let end = head.ends.of(side);
        SocketAddr::new(end.addr, end.port)
    };
    [
        format!("#{} {}", head.id, head.label),
        format!("{}, {}", head.role, head.stage.replace('_', " ")),
        format!("{} → {}", address(Side::Client), address(Side::Server)),
        format!("{} from {}", head.lasted, head.began),
    ]
}

/// The sign of a weight, where something differs.
fn mark(weight: Weight) -> &'static str {
    match weight {
        Weight::Fault => "✖",
        Weight::Choice => "▲",
        Weight::Figure => "·",
    }
}

fn style(weight: Weight, view: &ViewState) -> Style {
    match weight {
        Weight::Fault => view.theme.bad(),
        Weight::Choice => view.theme.warn(),
        Weight::Figure => view.theme.plain(),
    }
}

/// The sign of a line: how much it matters, and which way the sides differ.
fn sign(line: &Compared) -> String {
    let verdict = match line.verdict {
        Verdict::Same if line.left == line.right => return " =".to_owned(),
        Verdict::Same => return " ≈".to_owned(),
        Verdict::Differs => "≠",
        Verdict::OnlyLeft => "‹",
        Verdict::OnlyRight => "›",
    };
    format!("{}{verdict}", mark(line.weight))
}

/// All lines of the list.
fn lines<'a>(comparison: &Comparison, room: u16, view: &ViewState) -> Vec<Line<'a>> {
    let columns = Columns::of(room);
    let mut all = Vec::new();
    for section in &comparison.sections {
        let only = view.compare.only_differences;
        let shown: Vec<&Compared> = section
            .lines
            .iter()
            .filter(|line| !only || line.is_difference())
            .collect();
        if shown.is_empty() && (only || section.note.is_none()) {
            continue;
        }
        all.push(heading(section, room, view));
        if let Some(note) = &section.note {
            for text in wrap(note, usize::from(room).saturating_sub(5).max(8)) {
                all.push(Line::styled(format!("    {text}"), view.theme.dim()));
            }
        }
        for line in shown {
            match columns {
                Some(columns) => beside(&mut all, line, columns, view),
                None => below(&mut all, line, usize::from(room), view),
            }
        }
    }
    all
}

fn heading<'a>(section: &Section, room: u16, view: &ViewState) -> Line<'a> {
    let differing = section.lines.iter().filter(|line| line.is_difference());
    let count = differing.count();
    let of = section.lines.len();
    let figures = match count {
        0 if of == 0 => String::new(),
        0 => format!("  all {of} the same"),
        _ => format!("  {count} of {of} differ"),
    };
    let title = fit(&section.title, usize::from(room).saturating_sub(4));
    let mut used = width(&title).saturating_add(4);
    let mut spans = vec![
        Span::styled("── ", view.theme.dim()),
        Span::styled(title, view.theme.head()),
    ];
    if used.saturating_add(width(&figures)) <= usize::from(room) {
        used = used.saturating_add(width(&figures));
        spans.push(Span::styled(figures, view.theme.dim()));
    }
    let rule = "─".repeat(usize::from(room).saturating_sub(used));
    spans.push(Span::styled(format!(" {rule}"), view.theme.dim()));
    Line::from(spans)
}

/// A value in lines of a column; what is not there is a dash.
fn cell(value: Option<&String>, room: usize) -> Vec<String> {
    let Some(value) = value else {
        return vec!["-".to_owned()];
    };
    let mut lines = wrap(&breakable(value, room), room.max(1));
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last} …"), room);
        }
    }
    lines
}

/// The text with a blank behind some sign of words that do not fit into a line, as the codes of RTMP
/// seldom do.
fn breakable(text: &str, room: usize) -> String {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let mut rest = word;
        while width(rest) > room {
            let ends = rest
                .char_indices()
                .filter(|(_, c)| "./:_-,&?=".contains(*c));
            let mut ends = ends.map(|(at, c)| at.saturating_add(c.len_utf8()));
            let fits = |end: &usize| rest.get(..*end).is_some_and(|begin| width(begin) <= room);
            let Some((begin, behind)) = ends.rfind(fits).and_then(|end| rest.split_at_checked(end))
            else {
                break;
            };
            words.push(begin);
            rest = behind;
        }
        words.push(rest);
    }
    words.join(" ")
}

fn styles(line: &Compared, view: &ViewState) -> (Style, Style, Style) {
    let theme = view.theme;
    if !line.is_difference() {
        return (theme.dim(), theme.dim(), theme.dim());
    }
    let strong = style(line.weight, view);
    match line.verdict {
        Verdict::OnlyLeft => (strong, strong, theme.dim()),
        Verdict::OnlyRight => (strong, theme.dim(), strong),
        _ => (strong, strong, strong),
    }
}

/// A line with the values beside each other.
fn beside(all: &mut Vec<Line<'_>>, line: &Compared, columns: Columns, view: &ViewState) {
    let names = cell(Some(&line.name), columns.name);
    let left = cell(line.left.as_ref(), columns.left);
    let right = cell(line.right.as_ref(), columns.right);
    let (strong, left_style, right_style) = styles(line, view);
    let height = names.len().max(left.len()).max(right.len());
    let sign = sign(line);
    for at in 0..height {
        let of = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
        all.push(row(
            if at == 0 { &sign } else { "  " },
            strong,
            &of(&names),
            (&of(&left), left_style),
            (&of(&right), right_style),
            columns,
            view,
        ));
    }
}

fn row<'a>(
    sign: &str,
    strong: Style,
    name: &str,
    left: (&str, Style),
    right: (&str, Style),
    columns: Columns,
    view: &ViewState,
) -> Line<'a> {
    let rule = || Span::styled("│ ", view.theme.dim());
    Line::from(vec![
        Span::styled(format!(" {sign} "), strong),
        Span::raw(format!("{} ", pad(name, columns.name, false))),
        rule(),
        Span::styled(pad(left.0, columns.left, false), left.1),
        Span::raw(" "),
        rule(),
        Span::styled(fit(right.0, columns.right), right.1),
    ])
}

/// A line with the values below the name; one that both have stands once.
fn below(all: &mut Vec<Line<'_>>, line: &Compared, room: usize, view: &ViewState) {
    let (strong, left_style, right_style) = styles(line, view);
    let name = fit(&line.name, room.saturating_sub(4));
    let head = vec![
        Span::styled(format!(" {} ", sign(line)), strong),
        Span::raw(name.clone()),
    ];
    let value = |sign: &str, value: Option<&String>, style: Style| {
        let lines = cell(value, room.saturating_sub(7));
        let mut out = Vec::new();
        for (at, text) in lines.into_iter().enumerate() {
            let sign = if at == 0 { sign } else { " " };
            out.push(Line::from(vec![
                Span::styled(format!("    {sign} "), view.theme.dim()),
                Span::styled(text, style),
            ]));
        }
        out
    };
    match &line.left {
        Some(left) if line.left == line.right && !line.is_difference() => {
            let used = width(&name).saturating_add(6);
            if used.saturating_add(width(left)) <= room {
                let mut spans = head;
                spans.push(Span::styled(format!("  {left}"), left_style));
                all.push(Line::from(spans));
            } else {
                all.push(Line::from(head));
                all.extend(value("=", Some(left), left_style));
            }
        }
        _ => {
            all.push(Line::from(head));
            if line.verdict != Verdict::OnlyRight {
                all.extend(value("‹", line.left.as_ref(), left_style));
            }
            if line.verdict != Verdict::OnlyLeft {
                all.extend(value("›", line.right.as_ref(), right_style));
            }
        }
    }
}
