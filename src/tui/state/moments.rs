//! The time cursor that all screens share, the mark, how times are told, how much time a chart
//! shows, and replaying.

use std::str::FromStr;

use crate::base::time::Timestamp;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::MEDIA_FRAMES;
use crate::tui::state::ViewState;
use crate::tui::strip;

/// How times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeMode {
    /// Since the connection's first frame.
    #[default]
    SinceStart,
    /// Time of day, UTC.
    Clock,
    /// Since the line before.
    SincePrevious,
    /// Since the mark.
    SinceMark,
    /// The message's own timestamp.
    Media,
}

impl TimeMode {
    /// All of them, as they are written in a configuration.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::SinceStart, "since-start"),
        (Self::Clock, "clock"),
        (Self::SincePrevious, "since-previous"),
        (Self::SinceMark, "since-mark"),
        (Self::Media, "media"),
    ];

    /// As it is written in a configuration.
    pub fn word(self) -> &'static str {
        let mut all = Self::ALL.iter();
        let found = all.find(|(one, _)| *one == self);
        found.map_or_else(Default::default, |(_, word)| *word)
    }

    fn next(self) -> Self {
        match self {
            Self::SinceStart => Self::Clock,
            Self::Clock => Self::SincePrevious,
            Self::SincePrevious => Self::SinceMark,
            Self::SinceMark => Self::Media,
            Self::Media => Self::SinceStart,
        }
    }

    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SinceStart => "since start",
            Self::Clock => "clock UTC",
            Self::SincePrevious => "since the line before",
            Self::SinceMark => "since the mark",
            Self::Media => "media timestamp",
        }
    }
}

impl FromStr for TimeMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::tui::options::chosen(text, &Self::ALL.map(|(one, word)| (word, one)))
    }
}

/// A place among the messages of the open connection that the next snapshot is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seek {
    /// The message that a frame ended.
    Frame(u64),
    /// The last message that was complete at a time.
    Time(Timestamp),
    /// The message behind the time cursor.
    Next,
    /// The message before it.
    Previous,
    /// The next message that contains the text looked for, or the one before.
    Text {
        /// Whether the next one.
        forward: bool,
    },
}

/// What is asked of the replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayAsk {
    /// Begin it, hold it, or go on.
    Toggle {
        /// Where it begins; at the begin of the capture when nothing is said.
        from: Option<Timestamp>,
    },
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
    /// Read on to the end at once.
    Out,
}

/// How much time the charts show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChartState {
    /// Which of [`SPANS`], counted from the whole capture inwards: 0 is all of it.
    pub zoom: usize,
    /// Where the shown time begins, as long as the cursor is within: without it the charts would
    /// move below a cursor that moves.
    pub from: Option<Timestamp>,
    /// Columns that the charts have for the time; 0 before anything was drawn.
    pub columns: u16,
}

/// Seconds that a chart can show, the longest first.
pub const SPANS: [u32; 10] = [3600, 1200, 600, 300, 120, 60, 30, 10, 5, 2];

impl ChartState {
    /// Seconds that are shown; `None` for all there are.
    pub fn seconds(self) -> Option<u32> {
        SPANS.get(self.zoom.checked_sub(1)?).copied()
    }
}

/// Columns that charts are taken to have before anything was drawn.
const CHART_COLUMNS: u16 = 60;

impl ViewState {
    pub(super) fn next_time_mode(&mut self) {
        self.time = self.time.next();
        if self.time == TimeMode::SinceMark && self.mark.is_none() {
            // From no mark there are no times.
            self.time = self.time.next();
        }
        self.notice = Some(format!("times: {}", self.time.name()));
    }

    pub(super) fn set_mark(&mut self) {
        self.mark = self.cursor;
        self.notice = Some(match self.mark {
            Some(_) => "marked: t shows times since the mark, ' leads back to it".to_owned(),
            None => "nothing is selected that could be marked".to_owned(),
        });
    }

    /// To the mark; from there back to where the cursor was.
    pub(super) fn go_to_mark(&mut self, snapshot: &Snapshot) {
        let Some(mark) = self.mark else {
            self.notice = Some("nothing is marked: m marks the selected moment".to_owned());
            return;
        };
        let target = if self.cursor == Some(mark) {
            self.before_mark.unwrap_or(mark)
        } else {
            self.before_mark = self.cursor;
            mark
        };
        self.set_cursor(target, snapshot);
    }

    /// Moves the time cursor, and with it what is selected on the screen.
    pub(in crate::tui) fn set_cursor(&mut self, at: Timestamp, snapshot: &Snapshot) {
        self.hold_charts(snapshot);
        self.cursor = Some(at);
        self.arrive(snapshot);
    }

    /// Selects what the screen has at the time cursor.
    pub(super) fn arrive(&mut self, snapshot: &Snapshot) {
        let Some(at) = self.cursor else {
            return;
        };
        match self.screen {
            Screen::Messages => self.seek = Some(Seek::Time(at)),
            Screen::Calls => {
                if let Some(detail) = snapshot.detail.known() {
                    let calls = detail.session.calls.iter();
                    let before = calls.filter(|call| call.at.time <= at).count();
                    self.call = before.saturating_sub(1);
                }
            }
            Screen::Findings => {
                let findings = self.shown_findings(snapshot);
                let behind = findings.iter().position(|one| one.last.time >= at);
                self.findings.selected = behind.unwrap_or(findings.len().saturating_sub(1));
            }
            _ => {}
        }
    }

    /// The time cursor to the next message, or to the one before.
    pub(super) fn step_moment(&mut self, snapshot: &Snapshot, forward: bool) {
        if self.screen == Screen::Messages {
            self.step_message(snapshot, 1, forward);
            return;
        }
        self.hold_charts(snapshot);
        if self.cursor.is_none() {
            self.cursor = snapshot.detail.known().map(|detail| detail.first.time);
        }
        self.seek = Some(if forward { Seek::Next } else { Seek::Previous });
    }

    /// The time that charts show of a connection that lasts from `first` to `last`: all of it, or
    /// as much as is zoomed to, with the cursor within.
    pub(in crate::tui) fn chart_span(&self, first: Timestamp, last: Timestamp) -> [Timestamp; 2] {
        let last = last.max(first);
        let Some(seconds) = self.chart.seconds() else {
            return [first, last];
        };
        let span = i64::from(seconds).saturating_mul(1_000_000_000);
        if last.since(first).nanos() <= span {
            return [first, last];
        }
        let behind = |from: Timestamp| Timestamp(from.0.saturating_add(span));
        let cursor = self.cursor.unwrap_or(last);
        let holds = |from: &Timestamp| *from <= cursor && cursor <= behind(*from);
        let from = self
            .chart
            .from
            .filter(holds)
            .unwrap_or(Timestamp(cursor.0.saturating_sub(span / 2)));
        let latest = Timestamp(last.0.saturating_sub(span));
        let from = from.min(latest).max(first);
        [from, behind(from)]
    }

    /// Keeps the charts where they are while the cursor moves within them.
    fn hold_charts(&mut self, snapshot: &Snapshot) {
        if let (Some(detail), Some(_)) = (snapshot.detail.known(), self.chart.seconds()) {
            let [from, _] = self.chart_span(detail.first.time, detail.last.time);
            self.chart.from = Some(from);
        }
    }

    /// The time cursor by one column of the charts. At their edge they turn by half a page.
    pub(super) fn step_in_chart(&mut self, snapshot: &Snapshot, forward: bool) {
        let Some(detail) = snapshot.detail.known() else {
            return;
        };
        let (first, last) = (detail.first.time, detail.last.time.max(detail.first.time));
        let [from, to] = self.chart_span(first, last);
        let shown = to.since(from).nanos();
        let columns = match self.chart.columns {
            0 => CHART_COLUMNS,
            columns => columns,
        };
        let step = (shown / i64::from(columns)).max(1);
        let signed = |by: i64| if forward { by } else { by.saturating_neg() };
        let at = self.cursor.unwrap_or(last).0.saturating_add(signed(step));
        let at = Timestamp(at).clamp(first, last);
        let is_within = from <= at && at <= to;
        let turned = if is_within { 0 } else { signed(shown / 2) };
        self.chart.from = Some(Timestamp(from.0.saturating_add(turned)));
        self.cursor = Some(at);
        self.seek = None;
    }

    /// The time cursor to the next frame of the strip, or to the one before.
    pub(super) fn step_frame(&mut self, snapshot: &Snapshot, by: usize, forward: bool) {
        let (Some(detail), Some(strip)) = (snapshot.detail.known(), &snapshot.strip) else {
            return;
        };
        let Some(track) = strip::main_track(&detail.session) else {
            return;
        };
        let frames = strip.track(track.key);
        let Some(at) = strip::selected(&frames, self.cursor) else {
            return;
        };
        // Frames that came together have one time, and are one step.
        let target = if forward {
            let time = frames.get(at).map(|frame| frame.at.time);
            let together = frames.partition_point(|frame| Some(frame.at.time) <= time);
            together.saturating_add(by.saturating_sub(1))
        } else {
            at.saturating_sub(by)
        };
        let target = target.min(frames.len().saturating_sub(1));
        if let Some(frame) = frames.get(target) {
            self.set_cursor(frame.at.time, snapshot);
        }
        self.seek = None;
    }

    /// To the message of the selected frame, or from the charts to what was there at the time
    /// cursor.
    pub(super) fn show_frame(&mut self, snapshot: &Snapshot) {
        let is_of_frames = self.pane == MEDIA_FRAMES;
        let frame = snapshot.detail.known().and_then(|detail| {
            let strip = snapshot.strip.as_ref().filter(|_| is_of_frames)?;
            let frames = strip.track(strip::main_track(&detail.session)?.key);
            let at = strip::selected(&frames, self.cursor)?;
            Some(**frames.get(at)?)
        });
        self.show(Screen::Messages, snapshot);
        if let Some(frame) = frame {
            self.select_message(frame.number);
        }
    }

    /// Less or more time in the charts. What is longer than the connection shows all of it.
    pub(super) fn zoom(&mut self, snapshot: &Snapshot, nearer: bool) {
        let all = snapshot.detail.known().map_or(0, |detail| {
            detail.last.time.since(detail.first.time).nanos() / 1_000_000_000
        });
        let fits = |seconds: u32| i64::from(seconds) < all;
        // Spans longer than the connection would change nothing.
        let longest = SPANS.iter().position(|seconds| fits(*seconds));
        let longest = longest
            .unwrap_or(SPANS.len().saturating_sub(1))
            .saturating_add(1);
        self.chart.zoom = match (self.chart.zoom, nearer) {
            (0, true) => longest,
            (zoom, true) => zoom.max(longest).saturating_add(1).min(SPANS.len()),
            (zoom, false) if zoom <= longest => 0,
            (zoom, false) => zoom.saturating_sub(1),
        };
        // What is nearer or farther has the cursor in its middle.
        self.chart.from = None;
        if self.cursor.is_none() {
            self.cursor = snapshot.detail.known().map(|detail| detail.last.time);
        }
    }
}
