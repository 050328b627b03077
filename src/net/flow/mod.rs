//! Which connection a segment belongs to, and which end of it sent the segment.
//!
//! A connection is found by one hash of its key and one look into a slab; a burst of segments of
//! one connection skips the hash. The hash is keyed at random, so that nobody can aim at it, and
//! its order is never visible: connections come out in the order in which they were first seen.

mod ended;
mod entry;
mod key;
mod room;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::base::ids::FlowId;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::seq::SeqNum;

pub use self::ended::MAX_REMEMBERED;
pub use self::ended::TIME_WAIT;
pub use self::entry::CLOSED_LINGER;
pub use self::entry::EndReason;
pub use self::entry::Flow;
pub use self::entry::HALF_OPEN_TIMEOUT;
pub use self::entry::IDLE_TIMEOUT;
pub use self::entry::Orientation;
pub use self::key::FlowKey;

use self::ended::Remembered;
use self::ended::TimeWait;
use self::entry::End;
use self::entry::NEAR;

/// Connections that are kept at once, unless configured otherwise. Ten thousand are a normal
/// evening of a big server; half as many again leaves room for those that only knock.
pub const MAX_FLOWS: usize = 16 << 10;

/// How often idle connections are looked for, in capture time.
const SCAN_INTERVAL: Span = Span::from_secs(1);

/// A frame this much later than the last one moves the clock only when a second one confirms it:
/// a single broken timestamp must not end every connection.
const CLOCK_JUMP: Span = Span::from_secs(60);

/// Connections in one allocation of the slab.
const CHUNK: usize = 32;

/// What a [`FlowTable`] may hold and what it may guess from.
#[derive(Debug, Clone)]
pub struct FlowConfig {
    /// Most connections at once, at least 1.
    pub max_flows: usize,
    /// Ports that servers of interest listen on: when the SYN was not captured, the end with one
    /// of these is taken for the server until something better is known.
    pub server_ports: Vec<u16>,
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            max_flows: MAX_FLOWS,
            server_ports: Vec::new(),
        }
    }
}

/// What a segment meant to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowEvent {
    /// It is the first of its connection.
    Opened,
    /// Its connection was known.
    Known,
    /// Its connection was known, but it shows client and server to be the other way round:
    /// everything kept per side must be exchanged before it is used.
    Turned,
}

/// Where a segment belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Place of the connection in the table, valid until the next call of
    /// [`FlowTable::route`], [`FlowTable::drain_idle`] or [`FlowTable::drain_all`].
    pub slot: Slot,
    /// The connection.
    pub id: FlowId,
    /// Who sent the segment.
    pub side: Side,
    /// What the segment meant to the table.
    pub event: FlowEvent,
}

/// Place of a connection in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(u32);

/// A connection that left the table.
#[derive(Debug)]
pub struct Ended<T> {
    /// The connection.
    pub flow: Flow<T>,
    /// Why it left.
    pub reason: EndReason,
}

/// How many connections came and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowCounters {
    /// Connections that were ever opened.
    pub opened: u64,
    /// Connections evicted because there were too many at once.
    pub evicted: u64,
    /// Segments of connections that were not taken in, because all places were taken by connections
    /// that are wanted.
    pub refused: u64,
    /// Connections replaced by another one between the same ports.
    pub reused: u64,
    /// Segments that came after their connection had ended.
    pub stragglers: u64,
    /// Resets of connections that were never seen.
    pub stray_resets: u64,
}

/// The connections, with a `T` kept for each.
///
/// Give every segment to [`route`](Self::route); then take what ended with
/// [`next_ended`](Self::next_ended) before the segment is worked on, since the segment may have
/// ended another connection between the same ports.
#[derive(Debug)]
pub struct FlowTable<T> {
    config: FlowConfig,
    hasher: RandomState,
    index: HashTable<u32>,
    /// Chunks that never move: growing must not need twice the memory.
    slab: Vec<Vec<Option<Flow<T>>>>,
    free: Vec<u32>,
    /// Before when each connection of the slab is not over; beside the slab, so that looking at all
    /// of them is cheap. Segments that put the end off leave it as it is: that the place is not
    /// touched for each of them is worth a second look now and then. `i64::MAX` for empty places.
    deadlines: Vec<i64>,
    live: usize,
    /// Where the connection of the segment before is, and what tells it from most others: the next
    /// segment is often of the same.
    last: Option<(u64, u32)>,
    clock: Timestamp,
    jump_seen: bool,
    /// Until when there is no use in looking for a connection that could make room.
    full_until: Timestamp,
    next_due: i64,
    last_scan: i64,
    time_wait: TimeWait,
    ended: VecDeque<Ended<T>>,
    counters: FlowCounters,
}

impl<T: Default> Default for FlowTable<T> {
    fn default() -> Self {
        Self::new(FlowConfig::default())
    }
}

impl<T: Default> FlowTable<T> {
    /// An empty table.
    pub fn new(config: FlowConfig) -> Self {
        Self {
            config,
            hasher: RandomState::default(),
            index: HashTable::new(),
            slab: Vec::new(),
            free: Vec::new(),
            deadlines: Vec::new(),
            live: 0,
            last: None,
            clock: Timestamp(i64::MIN),
            jump_seen: false,
            full_until: Timestamp(i64::MIN),
            next_due: i64::MAX,
            last_scan: i64::MIN,
            time_wait: TimeWait::default(),
            ended: VecDeque::new(),
            counters: FlowCounters::default(),
        }
    }

    /// Finds the connection of a segment, or opens it. None for a segment that comes after its
    /// connection has ended, or that resets one that was never seen.
    #[expect(
        clippy::inline_always,
        reason = "a call of its own is felt with every segment"
    )]
    #[inline(always)]
    pub fn route(&mut self, segment: &Segment<'_>) -> Option<Route> {
        let now = segment.at.time;
        self.advance(now);
        let clock = self.clock;
        let (key, from_low) = FlowKey::of(segment);
        let found = match self.last {
            Some((ports, slot))
                if ports == key.ports() && key_at(&self.slab, slot) == Some(&key) =>
            {
                Some(slot)
            }
            _ => self.find(&key),
        };
        let Some(slot) = found else {
            return self.open(segment, key, from_low);
        };
        let Some(flow) = self.flow_at_mut(slot) else {
            return self.open(segment, key, from_low);
        };
        if segment.flags.has(TcpFlags::SYN) && !flow.owns_syn(segment, from_low) {
            let reason = flow.closed().unwrap_or(EndReason::Reused);
            if reason == EndReason::Reused {
                self.counters.reused = self.counters.reused.saturating_add(1);
            }
            self.end(slot, reason);
            return self.open(segment, key, from_low);
        }
        let turned = flow.note(segment, from_low);
        flow.seen(now, clock);
        let route = Route {
            slot: Slot(slot),
            id: flow.id,
            side: flow.side(from_low),
            event: if turned {
                FlowEvent::Turned
            } else {
                FlowEvent::Known
            },
        };
        // Whatever else comes only puts the end off, which is found out when it seems due.
        if segment.flags.opens_or_closes() {
            let due = flow.due();
            self.set_deadline(slot, due);
        }
        self.last = Some((key.ports(), slot));
        Some(route)
    }

    /// The connection at a place.
    pub fn flow(&self, slot: Slot) -> Option<&Flow<T>> {
        flow_at(&self.slab, slot.0)
    }

    /// The connection at a place, to change what is kept for it.
    pub fn flow_mut(&mut self, slot: Slot) -> Option<&mut Flow<T>> {
        self.flow_at_mut(slot.0)
    }

    /// Exchanges client and server of a connection, because its content shows that the guess was
    /// wrong. False, with nothing changed, when the SYN was seen: that is no guess.
    pub fn turn(&mut self, slot: Slot) -> bool {
        let Some(flow) = self.flow_at_mut(slot.0) else {
            return false;
        };
        if flow.orientation == Orientation::Syn {
            return false;
        }
        flow.orientation = Orientation::Content;
        flow.client_is_low = !flow.client_is_low;
        true
    }

    /// Notes that the content of a connection confirms who is its client.
    pub fn confirm(&mut self, slot: Slot) {
        if let Some(flow) = self.flow_at_mut(slot.0) {
            flow.orientation = flow.orientation.max(Orientation::Content);
        }
    }

    /// Ends the connections that have been quiet for too long at `now`. Called by
    /// [`route`](Self::route) with the time of each segment; needed besides only when no segments
    /// come.
    #[inline]
    pub fn drain_idle(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
        let clock = self.clock.0;
        if clock >= self.next_due && clock >= self.last_scan.saturating_add(SCAN_INTERVAL.nanos()) {
            self.end_idle(clock);
        }
    }

    #[cold]
    fn end_idle(&mut self, clock: i64) {
        self.last_scan = clock;
        let mut due = Vec::new();
        self.next_due = i64::MAX;
        for (slot, deadline) in (0u32..).zip(&mut self.deadlines) {
            if *deadline <= clock {
                // Segments may have put it off.
                *deadline = flow_at(&self.slab, slot).map_or(i64::MAX, |flow| in_use(flow.due()));
            }
            if *deadline <= clock {
                due.push(slot);
            } else {
                self.next_due = self.next_due.min(*deadline);
            }
        }
        self.end_in_order(due, EndReason::Idle);
    }

    /// The clock that stamps the frames was set ahead by `by`, or back: what was waited for is
    /// waited for as long as before.
    pub fn clock_stepped(&mut self, by: Span) {
        let by = by.nanos();
        let shifted = |at: i64| match at {
            i64::MIN | i64::MAX => at,
            at => at.saturating_add(by),
        };
        self.clock = Timestamp(shifted(self.clock.0));
        self.full_until = Timestamp(shifted(self.full_until.0));
        self.last_scan = shifted(self.last_scan);
        self.next_due = shifted(self.next_due);
        for deadline in &mut self.deadlines {
            *deadline = shifted(*deadline);
        }
        for flow in self.slab.iter_mut().flatten().flatten() {
            flow.active = Timestamp(shifted(flow.active.0));
            flow.last_seen = Timestamp(shifted(flow.last_seen.0));
        }
        self.jump_seen = false;
        self.time_wait = TimeWait::default();
    }

    /// Ends all connections: the capture is over.
    pub fn drain_all(&mut self) {
        let all = (0u32..)
            .zip(&self.deadlines)
            .filter(|&(_, &deadline)| deadline != i64::MAX)
            .map(|(slot, _)| slot)
            .collect();
        self.end_in_order(all, EndReason::EndOfCapture);
    }

    /// Another capture begins that has nothing to do with the one before: ends all connections, and
    /// forgets those that are over. Numbers and counts go on.
    pub fn start_over(&mut self) {
        self.drain_all();
        *self = Self {
            ended: std::mem::take(&mut self.ended),
            counters: self.counters,
            ..Self::new(self.config.clone())
        };
    }

    /// The next connection that left the table.
    pub fn next_ended(&mut self) -> Option<Ended<T>> {
        self.ended.pop_front()
    }

    /// Connections in the table.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether the table holds no connection.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many connections came and went.
    pub fn counters(&self) -> FlowCounters {
        self.counters
    }

    /// The connections in the table, in the order of first sight.
    pub fn flows(&self) -> impl Iterator<Item = &Flow<T>> {
        let mut flows: Vec<&Flow<T>> = self.slab.iter().flatten().flatten().collect();
        flows.sort_unstable_by_key(|flow| flow.id);
        flows.into_iter()
    }

    /// The same, to change what is kept for them.
    pub fn flows_mut(&mut self) -> impl Iterator<Item = &mut Flow<T>> {
        // Where no place was used twice, they lie in that order.
        let are_sorted = usize::try_from(self.counters.opened) == Ok(self.deadlines.len());
        let all = self.slab.iter_mut().flatten().flatten();
        let (as_they_lie, mut sorted) = if are_sorted {
            (Some(all), Vec::new())
        } else {
            (None, all.collect())
        };
        sorted.sort_unstable_by_key(|flow: &&mut Flow<T>| flow.id);
        as_they_lie.into_iter().flatten().chain(sorted)
    }

    // ---- opening and ending ----

    #[inline(never)]
    fn open(&mut self, segment: &Segment<'_>, key: FlowKey, from_low: bool) -> Option<Route> {
        let now = segment.at.time;
        if segment.flags.has(TcpFlags::RST) {
            let counter = if self.time_wait.find(&key, self.clock).is_some() {
                &mut self.counters.stragglers
            } else {
                &mut self.counters.stray_resets
            };
            *counter = counter.saturating_add(1);
            return None;
        }
        if let Some(old) = self.time_wait.find(&key, self.clock) {
            if is_straggler(segment, &old, from_low) {
                self.counters.stragglers = self.counters.stragglers.saturating_add(1);
                return None;
            }
            self.time_wait.forget(&key);
        }
        if self.live >= self.config.max_flows.max(1) && !self.make_room() {
            self.counters.refused = self.counters.refused.saturating_add(1);
            return None;
        }
        self.counters.opened = self.counters.opened.saturating_add(1);
        let mut flow = Flow {
            key,
            id: FlowId(self.counters.opened),
            started: now,
            last_seen: now,
            active: now.max(self.clock),
            ends: [End::default(); 2],
            client_is_low: self.guess_client(&key, from_low),
            orientation: Orientation::Port,
            established: false,
            is_reset: false,
            reset_at: now,
            is_wanted: false,
            data: T::default(),
        };
        flow.note(segment, from_low);
        let (id, side, due) = (flow.id, flow.side(from_low), flow.due());
        let slot = self.place(flow)?;
        let hash = self.hasher.hash_one(key);
        let (slab, hasher) = (&self.slab, &self.hasher);
        self.index.insert_unique(hash, slot, |&other| {
            key_at(slab, other).map_or(0, |key| hasher.hash_one(key))
        });
        self.live = self.live.saturating_add(1);
        self.set_deadline(slot, due);
        self.last = Some((key.ports(), slot));
        Some(Route {
            slot: Slot(slot),
            id,
            side,
            event: FlowEvent::Opened,
        })
    }

    /// Puts a connection into an empty place. None only when there are 2^32 already.
    fn place(&mut self, flow: Flow<T>) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            *self.place_at_mut(slot)? = Some(flow);
            return Some(slot);
        }
        let slot = u32::try_from(self.deadlines.len()).ok()?;
        if self.slab.last().is_none_or(|chunk| chunk.len() >= CHUNK) {
            self.slab.push(Vec::with_capacity(CHUNK));
        }
        self.slab.last_mut()?.push(Some(flow));
        self.deadlines.push(i64::MAX);
        Some(slot)
    }

    fn end(&mut self, slot: u32, reason: EndReason) {
        let Some(flow) = self.place_at_mut(slot).and_then(Option::take) else {
            return;
        };
        let hash = self.hasher.hash_one(flow.key);
        if let Ok(entry) = self.index.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
        if let Some(deadline) = usize::try_from(slot)
            .ok()
            .and_then(|slot| self.deadlines.get_mut(slot))
        {
            *deadline = i64::MAX;
        }
        self.free.push(slot);
        self.live = self.live.saturating_sub(1);
        self.last = None;
        let reason = flow.closed().unwrap_or(reason);
        if matches!(reason, EndReason::Closed | EndReason::Reset) {
            let [low, high] = flow.ends;
            let remembered = Remembered::new(
                flow.id,
                [low.isn(), high.isn()],
                [low.edge(), high.edge()],
                flow.last_seen,
            );
            self.time_wait.remember(flow.key, remembered);
        }
        self.ended.push_back(Ended { flow, reason });
    }

    /// Ends connections in the order of first sight.
    fn end_in_order(&mut self, mut slots: Vec<u32>, reason: EndReason) {
        slots.sort_unstable_by_key(|&slot| self.flow(Slot(slot)).map(Flow::id));
        for slot in slots {
            self.end(slot, reason);
        }
    }

    // ---- time ----

    fn advance(&mut self, now: Timestamp) {
        let jump = self.clock.0 != i64::MIN && now.since(self.clock) > CLOCK_JUMP;
        if jump && !self.jump_seen {
            self.jump_seen = true;
            return;
        }
        self.jump_seen = false;
        self.drain_idle(now);
    }

    fn set_deadline(&mut self, slot: u32, due: Timestamp) {
        let deadline = in_use(due);
        if let Some(place) = usize::try_from(slot)
            .ok()
            .and_then(|slot| self.deadlines.get_mut(slot))
        {
            *place = deadline;
        }
        self.next_due = self.next_due.min(deadline);
    }

    // ---- looking up ----

    #[expect(clippy::inline_always, reason = "as of `route`, which alone calls it")]
    #[inline(always)]
    fn find(&self, key: &FlowKey) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        let slab = &self.slab;
        self.index
            .find(hash, |&slot| key_at(slab, slot) == Some(key))
            .copied()
    }

    fn place_at_mut(&mut self, slot: u32) -> Option<&mut Option<Flow<T>>> {
        let index = usize::try_from(slot).ok()?;
        self.slab.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    fn flow_at_mut(&mut self, slot: u32) -> Option<&mut Flow<T>> {
        self.place_at_mut(slot)?.as_mut()
    }

    /// Who is the client when no SYN tells: the end whose port is no known server port, is out of
    /// the range that servers are usually given, or is the higher one; otherwise who spoke first.
    fn guess_client(&self, key: &FlowKey, from_low: bool) -> bool {
        let (low, high) = (key.low().port, key.high().port);
        let rank = |port: u16| {
            if self.config.server_ports.contains(&port) {
                0
            } else if port < FIRST_EPHEMERAL_PORT {
                1
            } else {
                2
            }
        };
        match (rank(low), low).cmp(&(rank(high), high)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => from_low,
        }
    }
}

/// First port that the systems in use hand out to clients (Linux; others start higher).
const FIRST_EPHEMERAL_PORT: u16 = 32_768;

fn flow_at<T>(slab: &[Vec<Option<Flow<T>>>], slot: u32) -> Option<&Flow<T>> {
    let index = usize::try_from(slot).ok()?;
    slab.get(index / CHUNK)?.get(index % CHUNK)?.as_ref()
}

fn key_at<T>(slab: &[Vec<Option<Flow<T>>>], slot: u32) -> Option<&FlowKey> {
    flow_at(slab, slot).map(|flow| &flow.key)
}

/// A deadline of a place that is in use: the largest value marks an empty one.
fn in_use(due: Timestamp) -> i64 {
    due.0.min(i64::MAX.saturating_sub(1))
}

/// Whether a segment belongs to a connection that has ended, and not to a new one between the
/// same ports.
fn is_straggler(segment: &Segment<'_>, old: &Remembered, from_low: bool) -> bool {
    let seq = SeqNum(segment.seq);
    let pick = |[low, high]: [Option<SeqNum>; 2]| if from_low { low } else { high };
    if segment.flags.has(TcpFlags::SYN) {
        return pick(old.isn) == Some(seq);
    }
    // What goes on where the connection stopped shows that it was not over.
    segment.wire_payload == 0
        || pick(old.edge).is_none_or(|edge| (-NEAR..0).contains(&seq.distance_from(edge)))
}
