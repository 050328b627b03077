//! The dashboard's side of the shared state: makes of it the [`Snapshot`] that a [`ViewState`] asks
//! for, and copies no more than that.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::ids::FlowId;
use crate::base::time::Timestamp;
use crate::compare::Opening;
use crate::compare::compare;
use crate::tui::bodies::Bodies;
use crate::tui::called::Called;
use crate::tui::called::Readings;
use crate::tui::model::Capture;
use crate::tui::model::Compared;
use crate::tui::model::Detail;
use crate::tui::model::Detailed;
use crate::tui::model::Kept;
use crate::tui::model::MessageLine;
use crate::tui::model::MessagePage;
use crate::tui::model::Oddity;
use crate::tui::model::Opened;
use crate::tui::model::Reading;
use crate::tui::model::Row;
use crate::tui::model::Snapshot;
use crate::tui::opened;
use crate::tui::reread::Answer;
use crate::tui::ring::Ring;
use crate::tui::screen::Screen;
use crate::tui::seek;
use crate::tui::seek::Looking;
use crate::tui::shared::Inner;
use crate::tui::shared::Shared;
use crate::tui::state::ViewState;
use crate::tui::state::sieve::Sieve;
use crate::tui::strip;
use crate::tui::strip::Strip;
use crate::tui::subject;
use crate::tui::wanted::Wanted;

/// Messages that are looked through for a filter before a frame is drawn: some milliseconds.
const SEARCH_STEP: usize = 4000;

/// Messages that are looked through for those of the setup: some seconds of media behind it.
const MAX_OPENING: usize = 2000;

/// Lines of messages beyond the shown ones, so that the next page is there.
const MARGIN: usize = 8;

/// Reads what has been handed over.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    frozen: Option<Frozen>,
    search: Search,
    looking: Looking,
    opened: Option<Arc<Opened>>,
    /// Which message was asked to be read again.
    asked: Option<(FlowId, u64)>,
    /// The messages of the selected call, as far as they were read again.
    readings: Readings,
    /// How the open message was made: with which answer, and whether with its bytes on the wire.
    made: Option<(Option<Answer>, bool)>,
    /// The frames of media last shown, and of which messages they were made.
    strip: Option<(strip::Made, Arc<Strip>)>,
    /// Which beginning of the shared state this is about.
    beginning: u64,
    version: Option<u64>,
}

/// What a frozen picture shows.
#[derive(Debug, Clone)]
struct Frozen {
    capture: Capture,
    rows: Vec<Arc<Row>>,
    rows_left_out: u64,
    detail: Detailed,
    /// The comparison, and of which two.
    compared: Option<((FlowId, FlowId), Compared)>,
    oddities: BTreeMap<FlowId, Vec<Arc<Oddity>>>,
    oddities_left_out: u64,
    last_message: u64,
}

/// The messages that a filter lets through.
#[derive(Debug, Default)]
struct Search {
    focus: Option<FlowId>,
    filter: Sieve,
    /// Number of the last message looked at.
    seen: u64,
    hits: Vec<u64>,
}

impl Feed {
    /// A feed of what is handed over to `shared`.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            frozen: None,
            search: Search::default(),
            looking: Looking::default(),
            opened: None,
            asked: None,
            readings: Readings::default(),
            made: None,
            strip: None,
            beginning: shared.beginnings(),
            version: None,
            shared,
        }
    }

    /// Whether there is something that the last snapshot did not have.
    pub fn has_news(&self) -> bool {
        self.version != Some(self.shared.version())
    }

    /// What the view asks for. Places that the view knows by another name (the newest message, the
    /// message of a frame) are found, and the view gets their numbers.
    pub fn snapshot(&mut self, view: &mut ViewState) -> Snapshot {
        self.shared.set_focus(view.focus);
        let shared = Arc::clone(&self.shared);
        if let Some(pair) = shared.lock().to_compare.take() {
            // Whoever reads again from the begin may have chosen others meanwhile.
            view.compare.pair.get_or_insert(pair);
        }
        let pair = view.compare.pair.filter(|_| view.screen == Screen::Compare);
        shared.set_compared(pair);
        if self.beginning != shared.beginnings() {
            // What was found before is not what will be found now.
            *self = Self::new(Arc::clone(&shared));
        }
        self.version = Some(shared.version());
        let inner = shared.lock();
        let mut snapshot = Snapshot {
            detail: detail_of(&inner, view.focus),
            ..Snapshot::default()
        };
        // The list tells of every connection what was found.
        let of = view.focus.filter(|_| view.screen != Screen::Streams);
        match (&mut self.frozen, view.paused) {
            (Some(frozen), true) => {
                if let Detailed::Known(detail) = &frozen.detail
                    && Some(detail.id) == view.focus
                {
                    snapshot.detail = frozen.detail.clone();
                }
                snapshot.capture = frozen.capture.clone();
                snapshot.rows.clone_from(&frozen.rows);
                snapshot.rows_left_out = frozen.rows_left_out;
                snapshot.anomalies = oddities(&frozen.oddities, of);
                snapshot.anomalies_left_out = frozen.oddities_left_out;
            }
            (frozen, paused) => {
                snapshot.capture = inner.capture.clone();
                snapshot.rows.clone_from(&inner.rows);
                snapshot.rows_left_out = inner.rows_left_out;
                snapshot.anomalies = oddities(&inner.oddities, of);
                snapshot.anomalies_left_out = inner.oddities_left_out;
                *frozen = paused.then(|| Frozen {
                    capture: snapshot.capture.clone(),
                    rows: snapshot.rows.clone(),
                    rows_left_out: snapshot.rows_left_out,
                    detail: snapshot.detail.clone(),
                    compared: None,
                    oddities: inner.oddities.clone(),
                    oddities_left_out: inner.oddities_left_out,
                    last_message: view
                        .focus
                        .and_then(|id| inner.messages.ring(id)?.latest())
                        .unwrap_or(u64::MAX),
                });
            }
        }
        if view.follow
            && view.screen == Screen::Streams
            && let Some(row) = snapshot.rows.last()
        {
            view.list.selected = Some(row.id);
        }
        let wants_messages = view.screen == Screen::Messages || view.seek.is_some();
        if let Detailed::Known(detail) = snapshot.detail.clone()
            && let Some(ring) = inner.messages.ring(detail.id)
        {
            let bodies = &inner.messages.bodies;
            let most = self
                .frozen
                .as_ref()
                .map_or(u64::MAX, |frozen| frozen.last_message);
            let page = wants_messages.then(|| self.page(ring, bodies, &detail, view, most));
            let called = (view.screen == Screen::Calls)
                .then(|| Called::of(ring, bodies, &detail, view))
                .flatten();
            match &called {
                Some(called) => {
                    if self.readings.ask(called, ring, &detail, &shared.desk) {
                        // The selected message is asked for again when it is shown again.
                        self.asked = None;
                    }
                }
                None => self.readings = Readings::default(),
            }
            drop(inner);
            if let Some(page) = page {
                self.finish_page(&mut snapshot, page, &detail, view);
            }
            snapshot.call_opened = called.map(|called| called.open(&detail, &self.readings));
        } else {
            drop(inner);
        }
        if let (Screen::Media, Detailed::Known(detail)) = (view.screen, &snapshot.detail) {
            snapshot.strip = self.strip(detail, view);
        }
        if let Some(pair) = pair {
            snapshot.compared = Some(self.compared(pair));
        }
        snapshot
    }

    /// The frames of media around the time cursor.
    fn strip(&mut self, detail: &Detail, view: &ViewState) -> Option<Arc<Strip>> {
        let shared = Arc::clone(&self.shared);
        let inner = shared.lock();
        let ring = inner.messages.ring(detail.id)?;
        let most = self
            .frozen
            .as_ref()
            .map_or(u64::MAX, |frozen| frozen.last_message);
        let end = ring.place(most.saturating_add(1));
        let shown = view.chart_span(detail.first.time, detail.last.time);
        let places = strip::places(ring, end, shown, view.cursor);
        let made = strip::Made {
            flow: detail.id,
            numbers: ring.number(places.range.start)..ring.number(places.range.end),
            whole: places.whole,
        };
        if let Some((known, strip)) = &self.strip
            && *known == made
        {
            return Some(Arc::clone(strip));
        }
        let is_media = |at: &usize| ring.entry(*at).is_some_and(|one| one.type_id().is_media());
        let messages: Vec<Arc<Kept>> = places
            .range
            .filter(is_media)
            .filter_map(|at| ring.message(at, &inner.messages.bodies))
            .collect();
        drop(inner);
        let strip = Arc::new(Strip::of(&messages, places.whole));
        self.strip = Some((made, Arc::clone(&strip)));
        Some(strip)
    }

    /// The two connections that are compared. In a frozen picture they stay as they were when they
    /// were first looked at.
    fn compared(&mut self, pair: (FlowId, FlowId)) -> Compared {
        if let Some(frozen) = &self.frozen
            && let Some((known, compared)) = &frozen.compared
            && *known == pair
        {
            return compared.clone();
        }
        let shared = Arc::clone(&self.shared);
        let inner = shared.lock();
        let left = (detail_of(&inner, Some(pair.0)), opening(&inner, pair.0));
        let right = (detail_of(&inner, Some(pair.1)), opening(&inner, pair.1));
        drop(inner);
        let comparison = left.0.known().zip(right.0.known()).map(|(one, other)| {
            let comparison = compare(&one.party(&left.1), &other.party(&right.1));
            Arc::new(comparison)
        });
        let compared = Compared {
            left: left.0,
            right: right.0,
            comparison,
        };
        if let Some(frozen) = &mut self.frozen
            && compared.comparison.is_some()
        {
            frozen.compared = Some((pair, compared.clone()));
        }
        compared
    }

    /// The lines around the selected message; the summaries are left for later, when the lock is
    /// free again.
    fn page(
        &mut self,
        ring: &Ring,
        bodies: &Bodies,
        detail: &Detail,
        view: &mut ViewState,
        most: u64,
    ) -> Page {
        let end = ring.place(most.saturating_add(1));
        if let Some(seek) = view.seek.take()
            && seek::resolve(seek, &mut self.looking, ring, bodies, end, detail, view)
        {
            // There is more to look through: draw again soon.
            self.version = None;
        }
        if view.follow {
            view.messages.selected = Some(u64::MAX);
        }
        let wanted = view.messages.selected.unwrap_or(0);
        let room = view.page.saturating_add(MARGIN);
        let around = |selected: usize, count: usize| {
            let selected = selected.min(count.saturating_sub(1));
            let first = selected.saturating_sub(room);
            (selected, first, selected.saturating_add(room).min(count))
        };
        let mut page = Page {
            kept: end,
            parts: ring.parts(end),
            left_out: ring.left_out,
            without_body: ring.without_body(bodies).min(end),
            ..Page::default()
        };
        if view.messages.filter.is_empty() {
            let (selected, first, last) = around(ring.place(wanted), end);
            page.selected = selected;
            page.first = first;
            page.matching = end;
            page.searched = end;
            page.before = first
                .checked_sub(1)
                .and_then(|at| Some(ring.entry(at)?.completed().time));
            page.lines = (first.min(last)..last)
                .filter_map(|at| ring.message(at, bodies))
                .collect();
        } else {
            page.searched = self.search(ring, bodies, detail, view, end);
            let hits = &self.search.hits;
            let at = hits.partition_point(|number| *number < wanted);
            let (selected, first, last) = around(at, hits.len());
            page.selected = selected;
            page.first = first;
            page.matching = hits.len();
            page.before = first
                .checked_sub(1)
                .and_then(|at| hits.get(at))
                .and_then(|number| Some(ring.entry(ring.place(*number))?.completed().time));
            let shown = hits.get(first..last).unwrap_or_default();
            page.lines = shown
                .iter()
                .filter_map(|number| ring.message(ring.place(*number), bodies))
                .collect();
        }
        let selected = page
            .selected
            .checked_sub(page.first)
            .and_then(|at| page.lines.get(at));
        if let Some(kept) = selected
            && self.asked != Some((detail.id, kept.number))
            && view.screen == Screen::Messages
            && self.shared.desk.is_served()
            && let Some(wanted) = Wanted::of(ring, kept, detail)
        {
            self.asked = Some(wanted.key());
            self.shared.desk.ask(wanted);
        }
        page
    }

    /// Looks through some more messages for the filter. Returns how many have been looked at.
    fn search(
        &mut self,
        ring: &Ring,
        bodies: &Bodies,
        detail: &Detail,
        view: &ViewState,
        end: usize,
    ) -> usize {
        let search = &mut self.search;
        let filter = &view.messages.filter;
        if search.focus != Some(detail.id) || search.filter != *filter {
            *search = Search {
                focus: Some(detail.id),
                filter: filter.clone(),
                ..Search::default()
            };
        }
        let gone = search
            .hits
            .partition_point(|number| *number < ring.number(0));
        search.hits.drain(..gone);
        let connection = subject::connection(detail);
        let from = ring.place(search.seen.saturating_add(1));
        let to = from.saturating_add(SEARCH_STEP).min(end);
        for at in from.min(to)..to {
            let Some(kept) = ring.message(at, bodies) else {
                break;
            };
            search.seen = kept.number;
            if search
                .filter
                .passes(&subject::message(&kept, detail, &connection))
            {
                search.hits.push(kept.number);
            }
        }
        if to < end {
            // There is more to look through: draw again soon.
            self.version = None;
        }
        to
    }

    /// Takes the selected message apart, unless that was done.
    fn open(&mut self, selected: Option<&Arc<Kept>>, detail: &Detail, is_wire: bool) {
        let Some(kept) = selected else {
            self.opened = None;
            return;
        };
        let key = (detail.id, kept.number);
        let answer = if self.asked == Some(key) {
            self.shared.desk.answer(key)
        } else {
            None
        };
        let made = Some((answer, is_wire));
        let is_open = |opened: &Arc<Opened>| opened.kept == *kept && self.made == made;
        if self.opened.as_ref().is_some_and(is_open) {
            return;
        }
        let answer = made.as_ref().and_then(|(answer, _)| answer.as_ref());
        let (found, reading) = match answer {
            None => (None, Reading::Impossible),
            Some(Answer::Underway(percent)) => (None, Reading::Underway(*percent)),
            Some(Answer::Failed(why)) => (None, Reading::Failed(Arc::clone(why))),
            Some(Answer::Found(found)) => (Some(found), Reading::Done),
        };
        let found = found.map(AsRef::as_ref);
        let opened = opened::open(kept, detail, found, is_wire, reading);
        self.opened = Some(Arc::new(opened));
        self.made = made;
    }

    fn finish_page(
        &mut self,
        snapshot: &mut Snapshot,
        page: Page,
        detail: &Detail,
        view: &mut ViewState,
    ) {
        let selected = page
            .selected
            .checked_sub(page.first)
            .and_then(|at| page.lines.get(at))
            .cloned();
        view.messages.selected = selected.as_ref().map(|kept| kept.number);
        if view.screen == Screen::Messages
            && let Some(kept) = &selected
        {
            view.cursor = Some(kept.raw.completed().time);
        }
        self.open(selected.as_ref(), detail, !view.messages.body_only);
        snapshot.opened.clone_from(&self.opened);
        let mut previous = page.before;
        let lines = page
            .lines
            .into_iter()
            .map(|kept| {
                let time = kept.raw.completed().time;
                MessageLine {
                    summary: detail.gist_of(&kept),
                    kept,
                    previous: previous.replace(time),
                }
            })
            .collect();
        snapshot.page = MessagePage {
            lines,
            first: page.first,
            selected: page.selected,
            matching: page.matching,
            kept: page.kept,
            parts: page.parts,
            searched: page.searched,
            left_out: page.left_out,
            without_body: page.without_body,
        };
    }
}

/// A page before its messages are read.
#[derive(Debug, Default)]
struct Page {
    lines: Vec<Arc<Kept>>,
    /// Capture time of the line before the first.
    before: Option<Timestamp>,
    first: usize,
    selected: usize,
    matching: usize,
    kept: usize,
    parts: usize,
    searched: usize,
    left_out: u64,
    without_body: usize,
}

/// Everything of a line of messages that a text is looked for in.
pub(super) fn line_text(kept: &Kept, detail: &Detail) -> String {
    format!(
        "{} {} csid {} {}",
        kept.number,
        kept.raw.type_id,
        kept.raw.csid,
        detail.gist_of(kept)
    )
    .to_lowercase()
}

/// The messages that a connection began with, unless they were let go.
fn opening(inner: &Inner, id: FlowId) -> Opening {
    let mut opening = Opening::default();
    let Some(ring) = inner.messages.ring(id).filter(|ring| ring.number(0) == 1) else {
        return opening;
    };
    for at in 0..MAX_OPENING {
        let Some(kept) = ring.message(at, &inner.messages.bodies) else {
            break;
        };
        if kept.is_let_go && kept.raw.length > 0 && !kept.raw.type_id.is_media() {
            return Opening::default();
        }
        if !opening.note(kept.side, &kept.raw) {
            break;
        }
    }
    opening
}

fn detail_of(inner: &Inner, focus: Option<FlowId>) -> Detailed {
    let Some(id) = focus else {
        return Detailed::None;
    };
    if let Some(open) = inner.open.iter().find(|open| open.id == id) {
        return Detailed::Known(Arc::clone(open));
    }
    match inner.ended.get(&id) {
        Some(detail) => Detailed::Known(Arc::clone(detail)),
        None if inner.let_go.contains(&id) => Detailed::LeftOut,
        None => Detailed::Awaited,
    }
}

fn oddities(known: &BTreeMap<FlowId, Vec<Arc<Oddity>>>, focus: Option<FlowId>) -> Vec<Arc<Oddity>> {
    if let Some(id) = focus {
        known.get(&id).cloned().unwrap_or_default()
    } else {
        let mut all: Vec<Arc<Oddity>> = known.values().flatten().cloned().collect();
        all.sort_by_key(|oddity| oddity.first.frame);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::Mark;
    use crate::base::severity::Severity;
    use crate::base::side::Side;
    use crate::session::summary::Stage;
    use crate::tui::commands::Action;

    fn oddity() -> Arc<Oddity> {
        Arc::new(Oddity {
            flow: FlowId(1),
            label: String::new(),
            code: "media.gap",
            severity: Severity::Error,
            side: Side::Client,
            first: Mark::default(),
            last: Mark::default(),
            count: 1,
            what: String::new(),
        })
    }

    #[test]
    fn anomalies_wait_while_the_picture_is_frozen() {
        let shared = Shared::new();
        let mut feed = Feed::new(Arc::clone(&shared));
        let tell = |count| {
            let all = (0..count).map(|_| oddity()).collect();
            shared.lock().oddities.insert(FlowId(1), all);
        };
        let mut view = ViewState::default();
        tell(1);
        assert_eq!(feed.snapshot(&mut view).anomalies.len(), 1);
        view.paused = true;
        feed.snapshot(&mut view);
        tell(3);
        assert_eq!(feed.snapshot(&mut view).anomalies.len(), 1);
        view.focus = Some(FlowId(1));
        assert_eq!(feed.snapshot(&mut view).anomalies.len(), 1);
        view.paused = false;
        assert_eq!(feed.snapshot(&mut view).anomalies.len(), 3);
    }

    #[test]
    fn the_newest_connection_is_stayed_at_until_another_is_chosen() {
        let shared = Shared::new();
        let mut feed = Feed::new(Arc::clone(&shared));
        let arrive = |id| {
            let row = crate::tui::testing::row(id, "cam", Stage::Publishing, None);
            shared.lock().rows.push(row);
        };
        let mut view = ViewState::default();
        arrive(1);
        view.act(Action::Follow, &feed.snapshot(&mut ViewState::default()));
        arrive(2);
        let snapshot = feed.snapshot(&mut view);
        assert_eq!(view.list.selected, Some(FlowId(2)));
        arrive(3);
        feed.snapshot(&mut view);
        assert_eq!(view.list.selected, Some(FlowId(3)));
        // Who chooses one is not led away from it.
        view.act(Action::First, &snapshot);
        arrive(4);
        feed.snapshot(&mut view);
        assert_eq!(view.list.selected, Some(FlowId(1)));
    }
}
