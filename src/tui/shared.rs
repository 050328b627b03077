//! What the decoder's thread hands over and the dashboard's thread looks at: the [`Shared`] state.
//! Only the connections that are open are there in full while they last; what has ended is kept
//! within bounds.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::base::ids::FlowId;
use crate::base::severity::Severity;
use crate::base::units::counted;
use crate::base::units::grouped;
use crate::capture::again::Again;
use crate::session::netstream::Role;
use crate::tui::digest;
use crate::tui::model::Capture;
use crate::tui::model::Detail;
use crate::tui::model::Oddity;
use crate::tui::model::Row;
use crate::tui::reread::Desk;
use crate::tui::ring::Batch;
use crate::tui::ring::Budget;
use crate::tui::ring::Messages;

/// What all kept messages take: nearly a million of them, which is three hours of a stream or a
/// minute of two hundred, and the bodies of about as many messages of media.
const MESSAGES: Budget = Budget {
    index: 64 << 20,
    bodies: 32 << 20,
};

/// Most bytes, as estimated, of ended connections that are kept in full.
const DETAIL_BUDGET: usize = 128 << 20;

/// Most anomalies kept one by one, of all connections.
const MAX_ODDITIES: usize = 20_000;

/// Lines of ended connections that stay in the list however short memory is, and bytes of messages.
const LEAST_ROWS: usize = 1000;
const LEAST_MESSAGES: usize = 1 << 20;

/// The number that stands for no connection.
const NOBODY: u64 = u64::MAX;

/// What the decoder's and the dashboard's thread share.
#[derive(Debug)]
pub struct Shared {
    inner: Mutex<Inner>,
    /// Counts what was handed over.
    version: AtomicU64,
    /// Counts how often everything began again.
    beginnings: AtomicU64,
    /// The connection that is to be handed over in full.
    focus: AtomicU64,
    /// Two more, that are held against each other.
    compared: [AtomicU64; 2],
    /// Where messages are asked for whose bytes are to be read again.
    pub(super) desk: Desk,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            version: AtomicU64::new(0),
            beginnings: AtomicU64::new(0),
            focus: AtomicU64::new(NOBODY),
            compared: [const { AtomicU64::new(NOBODY) }; 2],
            desk: Desk::default(),
        }
    }
}

/// What has been handed over.
#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) capture: Capture,
    pub(super) rows: Vec<Arc<Row>>,
    /// Ended connections that are in the list no more.
    pub(super) rows_left_out: u64,
    places: HashMap<FlowId, usize>,
    /// The open connections while they last: the one that is looked at, and two that are compared.
    pub(super) open: Vec<Arc<Detail>>,
    /// Two connections that are to be compared, until the dashboard knows.
    pub(super) to_compare: Option<(FlowId, FlowId)>,
    /// Connections that ended.
    pub(super) ended: HashMap<FlowId, Arc<Detail>>,
    ended_order: VecDeque<(FlowId, usize)>,
    ended_bytes: usize,
    /// Connections that ended and were let go.
    pub(super) let_go: HashSet<FlowId>,
    pub(super) messages: Messages,
    pub(super) oddities: BTreeMap<FlowId, Vec<Arc<Oddity>>>,
    oddity_count: usize,
    pub(super) oddities_left_out: u64,
}

impl Shared {
    /// Nothing has been read.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Says what is read, before anything of it is known.
    pub fn announce(&self, capture: Capture) {
        self.lock().capture = capture;
        self.bump();
    }

    /// Forgets everything that was handed over but the name of the capture, to begin again.
    pub fn restart(&self) {
        let mut inner = self.lock();
        let capture = Capture {
            name: std::mem::take(&mut inner.capture.name),
            ..Capture::default()
        };
        *inner = Inner {
            capture,
            ..Inner::default()
        };
        drop(inner);
        self.desk.reset();
        self.beginnings.fetch_add(1, Ordering::Release);
        self.bump();
    }

    /// Changes whenever everything begins again.
    pub(super) fn beginnings(&self) -> u64 {
        self.beginnings.load(Ordering::Acquire)
    }

    /// What was there in a few lines, for who leaves.
    pub fn summary(&self) -> Vec<String> {
        let inner = self.lock();
        let capture = &inner.capture;
        let all = inner.rows.len();
        let of = |role| {
            inner
                .rows
                .iter()
                .filter(|row| row.role == Some(role))
                .count()
        };
        let with = |severities: &[Severity]| {
            let is = |row: &&Arc<Row>| row.worst.is_some_and(|worst| severities.contains(&worst));
            inner.rows.iter().filter(is).count()
        };
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut lines = vec![format!(
            "{}: {}, {} ({} published, {} played), {}",
            capture.name,
            counted(capture.frames, "frame"),
            counted(number(all), "RTMP connection"),
            grouped(number(of(Role::Publisher))),
            grouped(number(of(Role::Player))),
            counted(capture.messages, "message"),
        )];
        let bad = with(&[Severity::Critical, Severity::Error]);
        let warned = with(&[Severity::Warning]);
        if bad > 0 || warned > 0 {
            lines.push(format!(
                "{} with errors, {} with warnings",
                counted(number(bad), "connection"),
                grouped(number(warned))
            ));
        }
        if capture.dropped > 0 {
            lines.push(format!(
                "{} lost by the capture",
                counted(capture.dropped, "packet")
            ));
        }
        lines
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked has left plain data behind, every part of it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever something new was handed over.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn bump(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Says that somebody is about to [`serve`](Self::serve), so that bytes are asked for.
    pub fn will_serve(&self) {
        self.desk.open();
    }

    /// Reads the bytes of messages again that the dashboard asks for, until it is [closed]: to be
    /// called on a thread of its own.
    ///
    /// [closed]: Self::close
    pub fn serve(&self, again: &Again) {
        self.desk.serve(again, true, &|| self.bump());
    }

    /// The same, until nothing is asked for.
    pub fn serve_now(&self, again: &Again) {
        self.desk.serve(again, false, &|| self.bump());
    }

    /// Nobody looks any more.
    pub fn close(&self) {
        self.desk.close();
    }

    /// Asks for a connection in full.
    pub(super) fn set_focus(&self, id: Option<FlowId>) {
        self.focus
            .store(id.map_or(NOBODY, |id| id.0), Ordering::Relaxed);
    }

    /// Asks for two more, to hold them against each other.
    pub(super) fn set_compared(&self, pair: Option<(FlowId, FlowId)>) {
        let ids = pair.map_or([NOBODY; 2], |(left, right)| [left.0, right.0]);
        for (place, id) in self.compared.iter().zip(ids) {
            place.store(id, Ordering::Relaxed);
        }
    }

    /// Has two connections held against each other on the screen for that.
    pub fn compare(&self, left: FlowId, right: FlowId) {
        self.lock().to_compare = Some((left, right));
        self.bump();
    }

    /// The numbers of the connections that are to be handed over in full.
    pub(super) fn asked_for(&self) -> [u64; 3] {
        let of = |place: &AtomicU64| place.load(Ordering::Relaxed);
        let [left, right] = &self.compared;
        [of(&self.focus), of(left), of(right)]
    }
}

impl Inner {
    pub(super) fn take_messages(&mut self, batch: &mut Batch) {
        self.messages.take(batch, MESSAGES);
    }

    pub(super) fn take_row(&mut self, row: Row, oddities: Vec<Arc<Oddity>>) {
        let id = row.id;
        let row = Arc::new(row);
        if let Some(known) = self
            .places
            .get(&id)
            .and_then(|place| self.rows.get_mut(*place))
        {
            *known = row;
        } else {
            self.places.insert(id, self.rows.len());
            self.rows.push(row);
        }
        if oddities.is_empty() {
            return;
        }
        let known = self.oddities.get(&id).map_or(0, Vec::len);
        let others = self.oddity_count.saturating_sub(known);
        let count = others.saturating_add(oddities.len());
        if count > MAX_ODDITIES {
            let more = oddities.len().saturating_sub(known);
            let more = u64::try_from(more).unwrap_or(u64::MAX);
            self.oddities_left_out = self.oddities_left_out.saturating_add(more);
            return;
        }
        self.oddity_count = count;
        self.oddities.insert(id, oddities);
    }

    pub(super) fn take_ended(&mut self, id: FlowId, detail: Arc<Detail>) {
        self.open.retain(|open| open.id != id);
        let weight = digest::weight(&detail);
        self.ended.insert(id, detail);
        self.ended_order.push_back((id, weight));
        self.ended_bytes = self.ended_bytes.saturating_add(weight);
        self.shrink_ended(DETAIL_BUDGET);
    }

    /// Lets go of the oldest ended connections beyond so many bytes.
    fn shrink_ended(&mut self, budget: usize) {
        while self.ended_bytes > budget {
            let Some((oldest, weight)) = self.ended_order.pop_front() else {
                break;
            };
            self.ended_bytes = self.ended_bytes.saturating_sub(weight);
            self.ended.remove(&oldest);
            self.let_go.insert(oldest);
        }
    }

    /// Memory is short: lets go of half of what is kept of the past. Returns whether there was any.
    pub(super) fn relieve(&mut self) -> bool {
        let mut relieved = self.ended_bytes > 0;
        self.shrink_ended(self.ended_bytes / 2);
        relieved |= self.messages.relieve(LEAST_MESSAGES);
        let ended = self.rows.iter().filter(|row| row.end.is_some()).count();
        if ended > LEAST_ROWS {
            relieved = true;
            self.forget_rows(ended / 2);
        }
        relieved
    }

    /// Takes the oldest ended connections out of the list, and all that is kept of them.
    fn forget_rows(&mut self, count: usize) {
        let mut left = count;
        let rows = std::mem::take(&mut self.rows);
        for row in rows {
            if left > 0 && row.end.is_some() {
                left = left.saturating_sub(1);
                self.rows_left_out = self.rows_left_out.saturating_add(1);
                self.forget(row.id);
            } else {
                self.rows.push(row);
            }
        }
        self.rows.shrink_to_fit();
        self.places = (self.rows.iter().enumerate())
            .map(|(place, row)| (row.id, place))
            .collect();
    }

    fn forget(&mut self, id: FlowId) {
        // Its place among those that ended later finds nothing, and counts for nothing.
        if self.ended.remove(&id).is_some()
            && let Some((_, weight)) = self.ended_order.iter_mut().find(|(known, _)| *known == id)
        {
            self.ended_bytes = self.ended_bytes.saturating_sub(*weight);
            *weight = 0;
        }
        self.let_go.remove(&id);
        self.messages.forget(id);
        if let Some(oddities) = self.oddities.remove(&id) {
            self.oddity_count = self.oddity_count.saturating_sub(oddities.len());
            let count = u64::try_from(oddities.len()).unwrap_or(u64::MAX);
            self.oddities_left_out = self.oddities_left_out.saturating_add(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::side::Side;
    use crate::session::end::EndStyle;
    use crate::session::summary::Stage;
    use crate::tui::entry::Entry;
    use crate::tui::testing::kept;
    use crate::tui::testing::row;

    #[test]
    fn when_memory_is_short_the_past_goes_first_and_is_counted() {
        let mut inner = Inner::default();
        for id in 1..=3000 {
            let mut row = Row::clone(&row(id, "live", Stage::Publishing, None));
            row.end = (id % 2 == 0).then_some(EndStyle::Clean);
            inner.take_row(row, Vec::new());
            let mut batch = Batch::default();
            let raw = kept(1, &[0; 1000]).raw;
            let body = batch.body(&raw.body);
            let entry = Entry::new(Side::Client, &raw, false, raw.last.frame, body);
            batch.push(FlowId(id), 1, entry, None);
            inner.take_messages(&mut batch);
        }
        let before = inner.messages.bodies.len();
        assert!(inner.relieve());
        assert!(inner.messages.bodies.len() <= before / 2);
        assert_eq!((inner.rows.len(), inner.rows_left_out), (2250, 750));
        assert!(
            inner
                .rows
                .iter()
                .all(|row| row.end.is_none() || row.id.0 > 1500)
        );
        let place = inner.places[&FlowId(2999)];
        assert_eq!(inner.rows[place].id, FlowId(2999));
        while inner.relieve() {}
        assert!(inner.rows.len() > 1500, "what lasts stays");
    }
}
