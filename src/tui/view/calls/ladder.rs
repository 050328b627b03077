//! The ladder: how the connection came about, calls and answers, media as a rail beside them, and
//! how it ended, each at its time, or at its distance to the scale of time.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Span as Time;
use crate::rtmp::types::MessageStreamId;
use crate::session::call::Call;
use crate::session::call::CallState;
use crate::session::call::Expectation;
use crate::session::end::EndCause;
use crate::session::end::EndStyle;
use crate::session::track::MediaKind;
use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::model::Snapshot;
use crate::tui::sheet::Sheet;
use crate::tui::sheet::Target;
use crate::tui::state::CALL_LIST;
use crate::tui::state::ViewState;
use crate::tui::units;
use crate::tui::view::calls::about;
use crate::tui::view::calls::answer;
use crate::tui::view::calls::call_name;
use crate::tui::view::calls::grade;
use crate::tui::view::calls::outcome;
use crate::tui::view::calls::time;
use crate::tui::view::session::codecs::track_facts;
use crate::tui::widgets::ladder;
use crate::tui::widgets::ladder::Distance;
use crate::tui::widgets::ladder::Rail;
use crate::tui::widgets::ladder::Scale;
use crate::tui::widgets::ladder::Stroke;
use crate::tui::widgets::ladder::Way;
use crate::tui::widgets::spark::resampled;
use crate::tui::widgets::spark::sparkline;
use crate::tui::widgets::text::first_shown;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::put;
use crate::tui::widgets::text::select;
use crate::tui::widgets::text::width;

/// Columns of the marker and the time at the left.
const TIME: usize = 13;

/// Most columns of the course of a bitrate: what is wider is no easier to read.
const MAX_SPARK: usize = 60;

/// What a line of the ladder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What asked.
    Request,
    /// What belongs to a call beside that: its answer, or that there is none.
    Outcome,
    /// Nothing of a call.
    Other,
    /// Media flows from here on.
    MediaBegin,
    /// Media flowed up to here.
    MediaEnd,
    /// Time that passes, to scale.
    Blank,
    /// Time that passes, and more than can be shown.
    Cut,
    /// How much of it.
    CutTime(Time),
}

/// One line of the ladder.
#[derive(Debug, Clone)]
struct Rung {
    kind: Kind,
    /// Which call it is of.
    call: Option<usize>,
    at: Mark,
    way: Way,
    stroke: Stroke,
    /// What stands on it; what does not fit leaves from behind, each as a whole.
    words: Vec<String>,
    style: Style,
}

impl Rung {
    fn new(kind: Kind, at: Mark, way: Way, stroke: Stroke, style: Style) -> Self {
        Self {
            kind,
            call: None,
            at,
            way,
            stroke,
            words: Vec::new(),
            style,
        }
    }

    fn of(self, call: usize) -> Self {
        Self {
            call: Some(call),
            ..self
        }
    }

    fn says(self, words: impl IntoIterator<Item = String>) -> Self {
        Self {
            words: words.into_iter().filter(|word| !word.is_empty()).collect(),
            ..self
        }
    }

    fn is_event(&self) -> bool {
        !matches!(self.kind, Kind::Blank | Kind::Cut | Kind::CutTime(_))
    }
}

/// The scale in which answers can be compared; without answers, whatever is on the ladder.
fn scale(rungs: &[Rung], calls: &[&Call]) -> Scale {
    let latencies: Vec<Time> = calls.iter().filter_map(|call| call.latency()).collect();
    if !latencies.is_empty() {
        return Scale::for_steps(&latencies);
    }
    let steps: Vec<Time> = rungs
        .windows(2)
        .filter_map(|pair| match pair {
            [before, rung] => Some(rung.at.time.since(before.at.time)),
            _ => None,
        })
        .collect();
    Scale::for_steps(&steps)
}

/// Draws the ladder.
pub(super) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    snapshot: &Snapshot,
    detail: &Detail,
    calls: &[&Call],
    selected: usize,
    view: &ViewState,
) {
    let theme = view.theme;
    let room = usize::from(area.width)
        .saturating_sub(TIME)
        .saturating_sub(1);
    let mut rungs = rungs(snapshot, detail, calls, room, view);
    let mut unit = String::new();
    if view.is_scaled {
        let scale = scale(&rungs, calls);
        unit = format!("line={} ms", scale.unit().nanos() / 1_000_000);
        rungs = spaced(rungs, scale, theme.dim());
    }
    let between = room.saturating_sub(12);
    let unit = pad(&unit, TIME, false);
    let head = format!("{unit}client{}server", " ".repeat(between));
    let head = Line::styled(head, theme.dim());
    put(sheet, area.x, area.y, &head, area.width);
    let area = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let is_selected = |rung: &Rung| rung.call == Some(selected);
    let is_asked = |rung: &Rung| is_selected(rung) && rung.kind == Kind::Request;
    let at = rungs.iter().position(is_asked).unwrap_or(0);
    let first = first_shown(at, rungs.len(), usize::from(area.height));
    // While so many streams carry media, the rails are doubled.
    let mut flowing = 0_usize;
    let mut before: Option<Mark> = None;
    for (index, rung) in rungs.iter().enumerate() {
        if rung.kind == Kind::MediaBegin {
            flowing = flowing.saturating_add(1);
        }
        let row = index
            .checked_sub(first)
            .and_then(|row| u16::try_from(row).ok())
            .filter(|row| *row < area.height);
        if let Some(row) = row {
            let line = rung_line(rung, before, flowing > 0, detail, room, view);
            let line = match (is_selected(rung), rung.kind, view.pane) {
                (true, Kind::Request, CALL_LIST) => select(line, theme.selected()),
                (true, Kind::Request, _) => line.patch_style(theme.selected_elsewhere()),
                (true, _, _) => line.patch_style(Style::new().add_modifier(Modifier::BOLD)),
                _ => line,
            };
            let y = area.y.saturating_add(row);
            let marker = match (is_selected(rung), rung.kind) {
                (true, Kind::Request) => "▸",
                (true, _) => "·",
                _ => " ",
            };
            put(sheet, area.x, y, &line, area.width);
            put(sheet, area.x, y, &Line::raw(marker), 1);
            if let Some(call) = rung.call {
                let place = Rect {
                    y,
                    height: 1,
                    ..area
                };
                sheet.zone(place, Target::Line(call));
            }
        }
        if rung.kind == Kind::MediaEnd {
            flowing = flowing.saturating_sub(1);
        }
        if rung.is_event() {
            before = Some(rung.at);
        }
    }
}

/// A line with its time at the left.
fn rung_line<'a>(
    rung: &Rung,
    before: Option<Mark>,
    has_media: bool,
    detail: &Detail,
    room: usize,
    view: &ViewState,
) -> Line<'a> {
    let theme = view.theme;
    let rail = match rung.kind {
        Kind::Cut | Kind::CutTime(_) => Rail::cut(theme.dim()),
        _ if has_media => Rail::media(theme.dim()),
        _ => Rail::quiet(theme.dim()),
    };
    let stamp = match rung.kind {
        Kind::Blank | Kind::Cut => String::new(),
        Kind::CutTime(step) => format!("({})", units::span(step)),
        _ => time(rung.at, before, detail, view),
    };
    let stamp = pad(&stamp, TIME.saturating_sub(2), true);
    let words: Vec<(String, Style)> = rung
        .words
        .iter()
        .map(|word| (word.clone(), Style::new()))
        .collect();
    let label = fit_parts(&words, "  ", ladder::words_room(rung.way, room)).to_string();
    let mut spans = vec![Span::styled(format!(" {stamp} "), theme.dim())];
    spans.extend(ladder::line(rung.way, rung.stroke, &label, room, rail, rung.style).spans);
    Line::from(spans)
}

fn way(side: Side) -> Way {
    match side {
        Side::Client => Way::Right,
        Side::Server => Way::Left,
    }
}

/// Everything that has a place on the ladder, in the order of time.
fn rungs(
    snapshot: &Snapshot,
    detail: &Detail,
    calls: &[&Call],
    room: usize,
    view: &ViewState,
) -> Vec<Rung> {
    let mut rungs = begin(detail, view);
    for (index, call) in calls.iter().enumerate() {
        call_rungs(&mut rungs, index, call, detail, view);
    }
    let mut streams: Vec<(Side, MessageStreamId)> = Vec::new();
    for track in &detail.session.tracks {
        let stream = (track.key.side, track.key.stream_id);
        if !streams.contains(&stream) {
            streams.push(stream);
        }
    }
    for stream in streams {
        media_rungs(&mut rungs, stream, snapshot, detail, room, view);
    }
    rungs.extend(end(detail, view));
    rungs.sort_by_key(|rung| (rung.at.time, rung.at.frame));
    rungs
}

/// TCP and the handshake.
fn begin(detail: &Detail, view: &ViewState) -> Vec<Rung> {
    let theme = view.theme;
    let mut rungs = Vec::new();
    let setup = detail.session.setup();
    let arrow = |at, stroke, style, way| Rung::new(Kind::Other, at, way, stroke, style);
    if let Some(tcp) = setup.tcp {
        let syn = arrow(tcp.begin, Stroke::MESSAGE, theme.dim(), Way::Right);
        rungs.push(syn.says(["SYN".to_owned()]));
        if let (Some(end), Some(took)) = (tcp.end, tcp.duration()) {
            let took = format!("connected after {}", units::span(took));
            let ack = arrow(end, Stroke::MESSAGE, theme.dim(), Way::Right);
            rungs.push(ack.says(["ACK".to_owned(), took]));
        }
    }
    if let Some(phase) = setup.handshake {
        let (took, style) = match phase.duration() {
            Some(took) => (units::span(took), theme.dim()),
            None => ("✖ not completed".to_owned(), theme.bad()),
        };
        let both = arrow(phase.begin, Stroke::SEVERAL, style, Way::Both);
        rungs.push(both.says(["handshake".to_owned(), took, "C0C1 S0S1S2 C2".to_owned()]));
    }
    rungs
}

fn call_rungs(rungs: &mut Vec<Rung>, index: usize, call: &Call, detail: &Detail, view: &ViewState) {
    let theme = view.theme;
    let (sign, words, style) = outcome(call, view);
    let name = call_name(call, detail);
    let request = Rung::new(
        Kind::Request,
        call.at,
        way(call.caller),
        Stroke::MESSAGE,
        theme.side(call.caller),
    );
    let about = about(call, detail).unwrap_or_default();
    rungs.push(request.of(index).says([name.clone(), about]));
    if let Some(reply) = &call.reply {
        let latency = call.latency();
        let how = latency.and_then(|latency| grade(latency).word());
        let back = Rung::new(
            Kind::Outcome,
            reply.at,
            way(call.caller.other()),
            Stroke::MESSAGE,
            style,
        );
        rungs.push(back.of(index).says([
            format!("{sign} {}", answer(reply, detail)),
            latency.map(units::span).unwrap_or_default(),
            how.unwrap_or_default().to_owned(),
            format!("← {name}"),
        ]));
    } else if call.state != CallState::OneWay {
        let mut text = format!("┊ {sign} {words}");
        // Of what must be answered it matters how long it was waited for.
        if call.expectation == Expectation::Required {
            let waited = detail.last.time.since(call.at.time).max(Time::ZERO);
            let waited = units::span(waited);
            text = if was_closed(detail) {
                format!("┊ {sign} no answer before the end, {waited} later")
            } else {
                format!("┊ {sign} no answer within {waited}")
            };
        }
        let none = Rung::new(Kind::Outcome, call.at, Way::None, Stroke::NONE, style);
        rungs.push(none.of(index).says([text]));
    }
}

/// The media of a stream: where it begins, its course, and where it ends.
fn media_rungs(
    rungs: &mut Vec<Rung>,
    (side, stream): (Side, MessageStreamId),
    snapshot: &Snapshot,
    detail: &Detail,
    room: usize,
    view: &ViewState,
) {
    let tracks = || {
        let all = detail.session.tracks.iter();
        all.filter(move |track| track.key.side == side && track.key.stream_id == stream)
    };
    let order = |mark: &Mark| (mark.time, mark.frame);
    let first = tracks().map(|track| track.first).min_by_key(order);
    let last = tracks().map(|track| track.last).max_by_key(order);
    let (Some(first), Some(last)) = (first, last) else {
        return;
    };
    let style = view.theme.side(side);
    let rung = |kind, at, way| Rung::new(kind, at, way, Stroke::MEDIA, style);
    let full = tracks().map(|track| format!("{} {}", track.key.kind.name(), track_facts(track)));
    let mut what: Vec<String> = std::iter::once("media".to_owned()).chain(full).collect();
    let needed: usize = what.iter().map(|text| width(text).saturating_add(2)).sum();
    if needed.saturating_sub(2) > ladder::words_room(way(side), room) {
        what.truncate(1);
        what.extend(tracks().map(in_short));
    }
    rungs.push(rung(Kind::MediaBegin, first, way(side)).says(what));
    let course = Rung::new(Kind::Other, first, Way::None, Stroke::NONE, style);
    let figures = figures(tracks());
    let taken: usize = figures
        .iter()
        .map(|text| text.len().saturating_add(2))
        .sum();
    let spark_room = ladder::words_room(Way::None, room)
        .saturating_sub(taken)
        .min(MAX_SPARK);
    let mut main = tracks().filter(|track| track.key.kind == MediaKind::Video);
    let course_of = main.next().or_else(|| tracks().next());
    let course_text = course_of.map(|track| {
        let bytes: Vec<u32> = track.history.closed().iter().map(|one| one.bytes).collect();
        sparkline(&resampled(&bytes, spark_room), spark_room)
    });
    let says: Vec<String> = figures
        .into_iter()
        .chain(course_text.filter(|text| !text.trim().is_empty()))
        .collect();
    if !says.is_empty() {
        rungs.push(course.says(says));
    }
    let lasted = last.time.since(first.time).max(Time::ZERO);
    let verb = if was_closed(detail) {
        "media ends"
    } else if snapshot.capture.is_done || detail.session.end.is_some() {
        "last media"
    } else {
        "media flows"
    };
    let frames: u64 = tracks().map(Track::frames).sum();
    rungs.push(rung(Kind::MediaEnd, last, Way::None).says([
        verb.to_owned(),
        format!("after {}", units::span(lasted)),
        crate::base::units::counted(frames, "frame"),
    ]));
}

/// A track in as few words as tell what it is.
fn in_short(track: &Track) -> String {
    let codec = (track.codec).map_or_else(|| "?".to_owned(), |codec| codec.to_string());
    let size = track.picture_size().map(|size| format!(" {size}"));
    let kind = track.key.kind.name();
    format!("{kind} {codec}{}", size.unwrap_or_default())
}

/// Bitrate of all tracks, and frames of the pictures.
fn figures<'t>(tracks: impl Iterator<Item = &'t Track>) -> Vec<String> {
    let mut kbits = None;
    let mut rate = None;
    for track in tracks {
        if let Some(more) = track.kbits() {
            kbits = Some(kbits.unwrap_or(0.0) + more);
        }
        if track.key.kind == MediaKind::Video && rate.is_none() {
            rate = track.frame_rate();
        }
    }
    let kbits = kbits.map(|kbits: f64| format!("{kbits:.0} kbit/s"));
    let rate = rate.map(|rate| format!("{rate:.2} fps"));
    kbits.into_iter().chain(rate).collect()
}

/// Whether a side closed the connection, and was seen to.
fn was_closed(detail: &Detail) -> bool {
    let end = detail.session.end;
    end.is_some_and(|end| matches!(end.cause, EndCause::Fin | EndCause::Reset))
}

/// How the connection ended.
fn end(detail: &Detail, view: &ViewState) -> Option<Rung> {
    let theme = view.theme;
    let end = detail.session.end?;
    let summary = detail.session.summary();
    let is_abrupt = summary.end == Some(EndStyle::Abrupt);
    let is_clean = summary.end == Some(EndStyle::Clean);
    let (way, stroke) = match (end.by, end.cause) {
        (Some(side), EndCause::Fin | EndCause::Reset) => (way(side), Stroke::MESSAGE),
        _ => (Way::None, Stroke::NONE),
    };
    let (words, style) = match end.cause {
        EndCause::Fin if is_abrupt => ("▲ FIN", theme.warn()),
        EndCause::Fin => ("FIN", theme.dim()),
        // Many clients break off what they have said goodbye to.
        EndCause::Reset if is_clean => ("RST", theme.dim()),
        EndCause::Reset => ("✖ RST", theme.bad()),
        EndCause::PortReused => ("its ports were used again", theme.dim()),
        EndCause::Idle => (
            "nothing came for so long that it is not followed",
            theme.warn(),
        ),
        EndCause::Evicted => ("let go to keep memory bounded", theme.dim()),
        EndCause::CaptureEnded => ("the capture ends", theme.dim()),
    };
    let more = match summary.end {
        Some(EndStyle::Abrupt) => "without a goodbye",
        Some(EndStyle::Clean) => "after a goodbye",
        _ => "",
    };
    let rung = Rung::new(Kind::Other, end.at, way, stroke, style);
    Some(rung.says([words.to_owned(), more.to_owned()]))
}

/// The same with lines between them, as many as the time between takes.
fn spaced(rungs: Vec<Rung>, scale: Scale, dim: Style) -> Vec<Rung> {
    let mut out: Vec<Rung> = Vec::new();
    let mut before: Option<Mark> = None;
    for rung in rungs {
        let from = before.replace(rung.at).unwrap_or(rung.at);
        let step = rung.at.time.since(from.time);
        let gap = |kind| Rung::new(kind, from, Way::None, Stroke::NONE, dim);
        match scale.distance(step) {
            Distance::Lines(lines) => {
                let blank = lines.saturating_sub(1);
                out.extend(std::iter::repeat_n(gap(Kind::Blank), blank));
            }
            Distance::Cut => {
                out.push(gap(Kind::Cut));
                out.push(gap(Kind::CutTime(step)));
                out.push(gap(Kind::Cut));
            }
        }
        out.push(rung);
    }
    out
}
