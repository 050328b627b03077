//! The time cursor that all screens share, the mark, how times are told, how much time a chart
//! shows, and replaying.

use crate::base::time::Timestamp;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::state::ViewState;

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
}

/// Seconds that a chart can show, the longest first.
pub const SPANS: [u32; 10] = [3600, 1200, 600, 300, 120, 60, 30, 10, 5, 2];

impl ChartState {
    /// Seconds that are shown; `None` for all there are.
    pub fn seconds(self) -> Option<u32> {
        SPANS.get(self.zoom.checked_sub(1)?).copied()
    }
}

/// Columns by which the cursor moves through the time that a chart shows.
const CHART_STEPS: i64 = 60;

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
        if self.cursor.is_none() {
            self.cursor = snapshot.detail.known().map(|detail| detail.first.time);
        }
        self.seek = Some(if forward { Seek::Next } else { Seek::Previous });
    }

    /// The time cursor by a part of what the charts show.
    pub(super) fn step_in_chart(&mut self, snapshot: &Snapshot, forward: bool) {
        let Some(detail) = snapshot.detail.known() else {
            return;
        };
        let (first, last) = (detail.first.time.0, detail.last.time.0);
        let all = last.saturating_sub(first);
        let shown = self.chart.seconds().map_or(all, |seconds| {
            i64::from(seconds).saturating_mul(1_000_000_000)
        });
        let step = (shown / CHART_STEPS).max(1);
        let from = self.cursor.map_or(last, |at| at.0);
        let to = if forward {
            from.saturating_add(step)
        } else {
            from.saturating_sub(step)
        };
        self.cursor = Some(Timestamp(to.clamp(first, last.max(first))));
        self.seek = None;
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
        if self.cursor.is_none() {
            self.cursor = snapshot.detail.known().map(|detail| detail.last.time);
        }
    }
}
