//! What the decoder knows, on its way to the screen. The [`Store`] listens on the decoder's
//! thread, gathers, and from time to time hands everything over to the [`Shared`] state, which
//! the dashboard's thread looks at. Only the connections that are open are handed over in full while
//! they last; what has ended is kept within bounds.

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
use crate::base::side::Side;
use crate::base::units::counted;
use crate::base::units::grouped;
use crate::capture::again::Again;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::pipeline::Pipeline;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::event::RawMessage;
use crate::rtmp::media::CODED_KEEP;
use crate::session::netstream::Role;
use crate::tui::digest;
use crate::tui::entry::Entry;
use crate::tui::entry::Holes;
use crate::tui::model::Capture;
use crate::tui::model::Detail;
use crate::tui::model::Oddity;
use crate::tui::model::Row;
use crate::tui::reread::Desk;
use crate::tui::ring::Batch;
use crate::tui::ring::Budget;
use crate::tui::ring::Messages;

/// Messages that are gathered before they are handed over: the lock is taken rarely, and little
/// waits.
const BATCH: usize = 256;

/// Bytes of bodies that are gathered before they are handed over, so that what waits is small
/// beside what is kept.
const BATCH_BYTES: usize = 1 << 20;

/// What all kept messages take: nearly a million of them, which is three hours of a stream or a
/// minute of two hundred, and the bodies of about as many messages of media.
const MESSAGES: Budget = Budget {
    index: 64 << 20,
    bodies: 32 << 20,
};

/// Bytes kept of a message of coded media, enough for what the list says of it: everything else
/// is read again. Its headers are shorter.
const MEDIA_KEEP: usize = 32;

/// Bytes kept of a media message that is more than a frame, as configurations are: parameter sets
/// are shorter.
const CONFIG_KEEP: usize = 1024;

/// Bytes kept of any other message: commands and metadata are shorter.
const BODY_KEEP: usize = 16 << 10;

/// Most bytes, as estimated, of ended connections that are kept in full.
const DETAIL_BUDGET: usize = 128 << 20;

/// Most anomalies kept one by one, of all connections.
const MAX_ODDITIES: usize = 20_000;

/// Kinds of anomalies of the decoder that are kept of one connection.
const MAX_KINDS: usize = 32;

/// Connections whose end waits to be handed over. More are handed over at once, so that a capture
/// that ends thousands in one moment does not hold all of them twice.
const MAX_WAITING: usize = 256;

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
    fn asked_for(&self) -> [u64; 3] {
        let of = |place: &AtomicU64| place.load(Ordering::Relaxed);
        let [left, right] = &self.compared;
        [of(&self.focus), of(left), of(right)]
    }
}

/// Gathers what the pipeline tells.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    show_secrets: bool,
    /// Frames that are remembered, to forget some when memory is short.
    again: Option<Again>,
    messages: Batch,
    /// Connections of which something is new.
    changed: HashSet<FlowId>,
    /// What the decoders noticed in connections that last.
    noticed: HashMap<FlowId, Vec<Oddity>>,
    noticed_left_out: u64,
    ended: Vec<Ended>,
}

#[derive(Debug)]
struct Ended {
    row: Row,
    detail: Arc<Detail>,
    oddities: Vec<Arc<Oddity>>,
}

impl Store {
    /// A store that hands over to `shared`.
    pub fn new(shared: Arc<Shared>, show_secrets: bool) -> Self {
        Self {
            shared,
            show_secrets,
            again: None,
            messages: Batch::default(),
            changed: HashSet::new(),
            noticed: HashMap::new(),
            noticed_left_out: 0,
            ended: Vec::new(),
        }
    }

    /// Frames are remembered there, and some are forgotten when memory is short.
    #[must_use]
    pub fn remembering(mut self, again: Again) -> Self {
        self.again = Some(again);
        self
    }

    /// Hands over everything that is new, and the open connections in full.
    pub fn publish(&mut self, pipeline: &mut Pipeline, capture: Capture) {
        let asked_for = self.shared.asked_for();
        let mut rows = Vec::new();
        let mut open = Vec::new();
        for (connection, tcp) in pipeline.connections() {
            let id = connection.id;
            if self.changed.contains(&id) {
                let oddities = self.oddities(connection);
                rows.push((
                    digest::row(connection, tcp, self.show_secrets, &oddities),
                    oddities,
                ));
            }
            if asked_for.contains(&id.0) {
                open.push(Arc::new(digest::detail(connection, tcp, self.show_secrets)));
            }
        }
        self.changed.clear();
        let shared = Arc::clone(&self.shared);
        let mut inner = shared.lock();
        inner.take_messages(&mut self.messages);
        for (row, oddities) in rows {
            inner.take_row(row, oddities);
        }
        self.hand_over_ended(&mut inner);
        if !open.is_empty() {
            inner.open = open;
        }
        inner.capture = capture;
        inner.oddities_left_out = inner
            .oddities_left_out
            .saturating_add(self.noticed_left_out);
        self.noticed_left_out = 0;
        drop(inner);
        self.shared.bump();
    }

    fn hand_over_ended(&mut self, inner: &mut Inner) {
        for ended in self.ended.drain(..) {
            let id = ended.row.id;
            inner.take_row(ended.row, ended.oddities);
            inner.take_ended(id, ended.detail);
        }
    }

    /// Everything odd about a connection, in the order in which it began.
    fn oddities(&self, connection: &Connection) -> Vec<Arc<Oddity>> {
        let mut all: Vec<Arc<Oddity>> = digest::session_oddities(connection, self.show_secrets)
            .map(Arc::new)
            .collect();
        let noticed = self.noticed.get(&connection.id).into_iter().flatten();
        all.extend(noticed.cloned().map(Arc::new));
        all.sort_by_key(|oddity| oddity.first.frame);
        all
    }

    fn notice(&mut self, connection: &Connection, oddity: Oddity) {
        self.changed.insert(connection.id);
        let list = self.noticed.entry(connection.id).or_default();
        let same = |known: &&mut Oddity| known.code == oddity.code && known.side == oddity.side;
        if let Some(known) = list.iter_mut().find(same) {
            known.count = known.count.saturating_add(oddity.count);
            known.last = oddity.last;
        } else if list.len() < MAX_KINDS {
            list.push(oddity);
        } else {
            self.noticed_left_out = self.noticed_left_out.saturating_add(1);
        }
    }
}

impl Observer for Store {
    fn opened(&mut self, connection: &Connection) {
        self.changed.insert(connection.id);
    }

    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        self.changed.insert(connection.id);
        let raw = heard.raw;
        let body = self.messages.body(kept_of(raw));
        let is_odd = !heard.decoded.anomalies.is_empty();
        let told = connection.last.frame;
        let entry = Entry::new(heard.side, raw, is_odd, told, body);
        let holes = (!raw.is_complete()).then_some(Holes {
            received: raw.received,
            missing: raw.missing,
        });
        self.messages
            .push(connection.id, heard.number, entry, holes);
        if self.messages.len() >= BATCH || self.messages.bytes() >= BATCH_BYTES {
            self.shared.lock().take_messages(&mut self.messages);
        }
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        let oddity = digest::wire_oddity(connection, side, anomaly, self.show_secrets);
        self.notice(connection, oddity);
    }

    fn gap(&mut self, connection: &Connection, gap: &crate::pipeline::Gap) {
        let oddity = digest::gap_oddity(connection, gap, self.show_secrets);
        self.notice(connection, oddity);
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        let oddities = self.oddities(connection);
        self.noticed.remove(&connection.id);
        self.changed.remove(&connection.id);
        self.ended.push(Ended {
            row: digest::row(connection, tcp, self.show_secrets, &oddities),
            detail: Arc::new(digest::detail(connection, tcp, self.show_secrets)),
            oddities,
        });
        if self.ended.len() >= MAX_WAITING {
            let shared = Arc::clone(&self.shared);
            self.hand_over_ended(&mut shared.lock());
        }
    }

    fn relieve(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut inner = shared.lock();
        inner.take_messages(&mut self.messages);
        self.hand_over_ended(&mut inner);
        let remembered = self.again.as_ref().is_some_and(Again::relieve);
        inner.relieve() || remembered
    }
}

/// As much of the body of a message as is kept.
fn kept_of(raw: &RawMessage) -> &[u8] {
    let most = if !raw.type_id.is_media() {
        BODY_KEEP
    } else if raw.body.len() > CODED_KEEP {
        CONFIG_KEEP
    } else {
        MEDIA_KEEP
    };
    raw.body.get(..most).unwrap_or(&raw.body)
}

impl Inner {
    fn take_messages(&mut self, batch: &mut Batch) {
        self.messages.take(batch, MESSAGES);
    }

    fn take_row(&mut self, row: Row, oddities: Vec<Arc<Oddity>>) {
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

    fn take_ended(&mut self, id: FlowId, detail: Arc<Detail>) {
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
    fn relieve(&mut self) -> bool {
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
    use crate::session::end::EndStyle;
    use crate::session::summary::Stage;
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
