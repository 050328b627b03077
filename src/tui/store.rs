//! What the decoder knows, on its way to the screen. The [`Store`] listens on the decoder's
//! thread, gathers, and from time to time hands everything over to the [`Shared`] state, which
//! the dashboard's thread looks at. Only the connection that is open is handed over in full while
//! it lasts; what has ended is kept within bounds.

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
use crate::base::side::Side;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::pipeline::Pipeline;
use crate::rtmp::anomaly::Anomaly;
use crate::tui::digest;
use crate::tui::model::Capture;
use crate::tui::model::Detail;
use crate::tui::model::Kept;
use crate::tui::model::Oddity;
use crate::tui::model::Row;

/// Messages that are gathered before they are handed over: the lock is taken rarely, and little
/// waits.
const BATCH: usize = 256;

/// Most bytes that all kept messages take: some hundred thousand messages of media, whose headers
/// alone are kept.
const MESSAGE_BUDGET: usize = 96 << 20;

/// Bytes kept of the body of a media message: its headers and configuration.
const MEDIA_KEEP: usize = 1024;

/// Bytes kept of the body of any other message.
const BODY_KEEP: usize = 64 << 10;

/// Most bytes, as estimated, of ended connections that are kept in full.
const DETAIL_BUDGET: usize = 128 << 20;

/// Most anomalies kept one by one, of all connections.
const MAX_ODDITIES: usize = 20_000;

/// Kinds of anomalies of the decoder that are kept of one connection.
const MAX_KINDS: usize = 32;

/// The number that stands for no connection.
const NOBODY: u64 = u64::MAX;

/// What the decoder's and the dashboard's thread share.
#[derive(Debug)]
pub struct Shared {
    inner: Mutex<Inner>,
    /// Counts what was handed over.
    version: AtomicU64,
    /// The connection that is to be handed over in full.
    focus: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            version: AtomicU64::new(0),
            focus: AtomicU64::new(NOBODY),
        }
    }
}

/// What has been handed over.
#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) capture: Capture,
    pub(super) rows: Vec<Arc<Row>>,
    places: HashMap<FlowId, usize>,
    /// The open connection while it lasts.
    pub(super) open: Option<Arc<Detail>>,
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

/// The messages kept, oldest first.
#[derive(Debug, Default)]
pub(super) struct Messages {
    rings: HashMap<FlowId, Ring>,
    /// Whose messages they are, in the order in which they came: the oldest goes first.
    order: VecDeque<FlowId>,
    bytes: usize,
}

/// The messages of one connection.
#[derive(Debug, Default)]
pub(super) struct Ring {
    pub(super) kept: VecDeque<Arc<Kept>>,
    pub(super) left_out: u64,
    /// How many of the kept ones came within aggregates.
    parts: usize,
}

impl Ring {
    /// How many of the oldest `count` messages came within aggregates.
    pub(super) fn parts(&self, count: usize) -> usize {
        let is_part = |kept: &&Arc<Kept>| kept.raw.from_aggregate;
        if self.parts == 0 || count >= self.kept.len() {
            return self.parts;
        }
        self.kept.iter().take(count).filter(is_part).count()
    }
}

impl Messages {
    pub(super) fn ring(&self, id: FlowId) -> Option<&Ring> {
        self.rings.get(&id)
    }

    fn push(&mut self, id: FlowId, kept: Arc<Kept>, budget: usize) {
        self.bytes = self.bytes.saturating_add(weight(&kept));
        let ring = self.rings.entry(id).or_default();
        ring.parts = ring
            .parts
            .saturating_add(usize::from(kept.raw.from_aggregate));
        ring.kept.push_back(kept);
        self.order.push_back(id);
        while self.bytes > budget {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            let Some(ring) = self.rings.get_mut(&oldest) else {
                continue;
            };
            if let Some(gone) = ring.kept.pop_front() {
                self.bytes = self.bytes.saturating_sub(weight(&gone));
                ring.left_out = ring.left_out.saturating_add(1);
                let part = usize::from(gone.raw.from_aggregate);
                ring.parts = ring.parts.saturating_sub(part);
            }
        }
    }
}

/// Bytes that a kept message takes, with its places in the queues.
fn weight(kept: &Kept) -> usize {
    const QUEUES: usize = 48;
    size_of::<Kept>()
        .saturating_add(kept.raw.body.capacity())
        .saturating_add(QUEUES)
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

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked has left plain data behind, every part of it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever something new was handed over.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn bump(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Asks for a connection in full.
    pub(super) fn set_focus(&self, id: Option<FlowId>) {
        self.focus
            .store(id.map_or(NOBODY, |id| id.0), Ordering::Relaxed);
    }
}

/// Gathers what the pipeline tells.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    show_secrets: bool,
    messages: Vec<(FlowId, Arc<Kept>)>,
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
            messages: Vec::new(),
            changed: HashSet::new(),
            noticed: HashMap::new(),
            noticed_left_out: 0,
            ended: Vec::new(),
        }
    }

    /// Hands over everything that is new, and the open connection in full.
    pub fn publish(&mut self, pipeline: &Pipeline, capture: Capture) {
        let focus = self.shared.focus.load(Ordering::Relaxed);
        let mut rows = Vec::new();
        let mut open = None;
        for (connection, tcp) in pipeline.connections() {
            let id = connection.id;
            if self.changed.contains(&id) {
                let oddities = self.oddities(connection);
                rows.push((
                    digest::row(connection, tcp, self.show_secrets, &oddities),
                    oddities,
                ));
            }
            if id.0 == focus {
                open = Some(Arc::new(digest::detail(connection, tcp, self.show_secrets)));
            }
        }
        self.changed.clear();
        let mut inner = self.shared.lock();
        inner.take_messages(&mut self.messages);
        for (row, oddities) in rows {
            inner.take_row(row, oddities);
        }
        for ended in self.ended.drain(..) {
            let id = ended.row.id;
            inner.take_row(ended.row, ended.oddities);
            inner.take_ended(id, ended.detail);
        }
        if open.is_some() {
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
        let kept = Arc::new(Kept {
            number: heard.number,
            side: heard.side,
            raw: shortened(heard.raw),
            is_odd: !heard.decoded.anomalies.is_empty(),
        });
        self.messages.push((connection.id, kept));
        if self.messages.len() >= BATCH {
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
    }
}

/// The message with as much of its body as is kept.
fn shortened(raw: &crate::rtmp::event::RawMessage) -> crate::rtmp::event::RawMessage {
    let most = if raw.type_id.is_media() {
        MEDIA_KEEP
    } else {
        BODY_KEEP
    };
    crate::rtmp::event::RawMessage {
        body: raw.body.get(..most).unwrap_or(&raw.body).to_vec(),
        csid: raw.csid,
        fmt: raw.fmt,
        type_id: raw.type_id,
        stream_id: raw.stream_id,
        timestamp: raw.timestamp,
        delta: raw.delta,
        extended_timestamp: raw.extended_timestamp,
        length: raw.length,
        chunks: raw.chunks,
        interruptions: raw.interruptions,
        header_bytes: raw.header_bytes,
        range: raw.range,
        first: raw.first,
        last: raw.last,
        received: raw.received,
        from_aggregate: raw.from_aggregate,
    }
}

impl Inner {
    fn take_messages(&mut self, batch: &mut Vec<(FlowId, Arc<Kept>)>) {
        for (id, kept) in batch.drain(..) {
            self.messages.push(id, kept, MESSAGE_BUDGET);
        }
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
        if self.open.as_ref().is_some_and(|open| open.id == id) {
            self.open = None;
        }
        let weight = digest::weight(&detail);
        self.ended.insert(id, detail);
        self.ended_order.push_back((id, weight));
        self.ended_bytes = self.ended_bytes.saturating_add(weight);
        while self.ended_bytes > DETAIL_BUDGET {
            let Some((oldest, weight)) = self.ended_order.pop_front() else {
                break;
            };
            self.ended_bytes = self.ended_bytes.saturating_sub(weight);
            self.ended.remove(&oldest);
            self.let_go.insert(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::kept;

    #[test]
    fn the_oldest_messages_go_first_and_are_counted() {
        let mut messages = Messages::default();
        let (a, b) = (FlowId(1), FlowId(2));
        let budget = weight(&kept(1, b"")) * 3;
        for (id, number) in [(a, 1), (b, 1), (a, 2), (a, 3), (b, 2)] {
            messages.push(id, Arc::new(kept(number, b"")), budget);
        }
        let numbers = |id| {
            let ring = messages.ring(id).unwrap();
            let numbers: Vec<u64> = ring.kept.iter().map(|kept| kept.number).collect();
            (numbers, ring.left_out)
        };
        assert_eq!(numbers(a), (vec![2, 3], 1));
        assert_eq!(numbers(b), (vec![2], 1));
    }
}
