//! What the decoder knows, on its way to the screen. The [`Store`] listens on the decoder's
//! thread, gathers, and from time to time hands everything over to the [`Shared`] state, which
//! the dashboard's thread looks at.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::base::ids::FlowId;
use crate::base::side::Side;
use crate::capture::again::Again;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::pipeline::Pipeline;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::event::RawMessage;
use crate::rtmp::media::CODED_KEEP;
use crate::tui::digest;
use crate::tui::entry::Entry;
use crate::tui::entry::Holes;
use crate::tui::model::Capture;
use crate::tui::model::Detail;
use crate::tui::model::Oddity;
use crate::tui::model::Row;
use crate::tui::ring::Batch;
use crate::tui::shared::Inner;
use crate::tui::shared::Shared;

/// Messages that are gathered before they are handed over: the lock is taken rarely, and little
/// waits.
const BATCH: usize = 256;

/// Bytes of bodies that are gathered before they are handed over, so that what waits is small
/// beside what is kept.
const BATCH_BYTES: usize = 1 << 20;

/// Bytes kept of a message of coded media, enough for what the list says of it: everything else
/// is read again. Its headers are shorter.
const MEDIA_KEEP: usize = 32;

/// Bytes kept of a media message that is more than a frame, as configurations are: parameter sets
/// are shorter.
const CONFIG_KEEP: usize = 1024;

/// Bytes kept of any other message: commands and metadata are shorter.
const BODY_KEEP: usize = 16 << 10;

/// Kinds of anomalies of the decoder that are kept of one connection.
const MAX_KINDS: usize = 32;

/// Connections whose end waits to be handed over. More are handed over at once, so that a capture
/// that ends thousands in one moment does not hold all of them twice.
const MAX_WAITING: usize = 256;

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
