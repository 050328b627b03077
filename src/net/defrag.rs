//! IP fragments put together (RFC 791 section 3.2, RFC 8200 section 4.5), within bounds.
//!
//! Policy for overlaps: a fragment that repeats bytes already held is a duplicate and is ignored
//! when the bytes are equal; any other overlap gives the whole datagram up, with the fragments
//! still to come (as RFC 5722 demands for IPv6; no honest IPv4 sender makes them either).

use std::collections::HashMap;
use std::net::IpAddr;

use etherparse::IpFragOffset;
use etherparse::IpNumber;
use etherparse::defrag::IpDefragBuf;
use etherparse::defrag::IpFragRange;

use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::ip::Fragment;
use crate::net::skip::Skip;
use crate::net::window::Window;

/// Datagrams whose fragments are held at one time. With 64 KiB for each, hostile fragments can
/// bind 16 MiB.
const MAX_DATAGRAMS: usize = 256;

/// Capture time after which a datagram whose fragments did not all come is given up: what Linux
/// grants by default (`ipfrag_time`).
const LIFETIME: Span = Span::from_secs(30);

/// Separate pieces a datagram may consist of while fragments are missing. Reordering makes a
/// few; only a hostile sender makes thousands to have them searched.
const MAX_PIECES: usize = 128;

/// What the fragments of one datagram have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DatagramKey {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Equal addresses in different tunnels are different hosts.
    pub(super) tunnel: u32,
    pub(super) id: u32,
    /// The protocol for IPv4; `None` for IPv6, where each fragment may name another one.
    pub(super) protocol: Option<u8>,
}

/// A datagram that all fragments are there of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Datagram {
    /// The protocol that the first fragment named.
    pub(super) protocol: u8,
    /// The payload, or its beginning where the capture cut a fragment.
    pub(super) data: Vec<u8>,
    /// Length of the payload on the wire in bytes.
    pub(super) wire: usize,
}

/// What became of the fragmented datagrams of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DefragCounts {
    /// Put together.
    pub completed: u64,
    /// Given up because fragments did not come within 30 s.
    pub expired: u64,
    /// Given up to make room for newer ones.
    pub evicted: u64,
    /// Given up because fragments contradicted each other.
    pub dropped: u64,
}

/// The datagrams that fragments are missing of.
#[derive(Debug, Default)]
pub(super) struct Defragmenter {
    held: HashMap<DatagramKey, Held, foldhash::fast::RandomState>,
    counts: DefragCounts,
    /// Counts fragments, to know the least recently used datagram.
    clock: u64,
}

#[derive(Debug)]
struct Held {
    /// Capture time of the fragment that came first.
    since: Timestamp,
    used: u64,
    /// `None` once the datagram was given up: what still comes of it is known by that.
    pieces: Option<Pieces>,
}

#[derive(Debug)]
struct Pieces {
    buffer: IpDefragBuf,
    protocol: Option<u8>,
    /// Bytes from here on are not all there, because the capture cut a fragment.
    cut: Option<usize>,
}

/// Fragments that contradict each other, or IP.
struct Contradiction;

impl Defragmenter {
    /// Takes in one fragment and hands out the datagram when it was the last one missing.
    pub(super) fn add(
        &mut self,
        key: DatagramKey,
        protocol: u8,
        fragment: Fragment,
        window: Window<'_>,
        now: Timestamp,
    ) -> Result<Datagram, Skip> {
        self.clock = self.clock.wrapping_add(1);
        let expired = |held: &Held| now.since(held.since) > LIFETIME;
        if self.held.get(&key).is_some_and(expired) {
            self.forget_expired(now);
        }
        if !self.held.contains_key(&key) && self.held.len() >= MAX_DATAGRAMS {
            self.make_room(now);
        }
        let held = self.held.entry(key).or_insert_with(|| Held {
            since: now,
            used: 0,
            pieces: Some(Pieces::new(protocol)),
        });
        held.used = self.clock;
        let Some(pieces) = &mut held.pieces else {
            return Err(Skip::FragmentDropped);
        };
        if pieces.add(protocol, fragment, window).is_err() {
            held.pieces = None;
            self.counts.dropped = self.counts.dropped.saturating_add(1);
            return Err(Skip::FragmentDropped);
        }
        if !pieces.buffer.is_complete() {
            return Err(Skip::FragmentPending);
        }
        let complete = self.held.remove(&key).and_then(|held| held.pieces);
        let Some(pieces) = complete else {
            return Err(Skip::FragmentPending);
        };
        self.counts.completed = self.counts.completed.saturating_add(1);
        Ok(pieces.into_datagram(protocol))
    }

    /// What became of the datagrams so far.
    pub(super) fn counts(&self) -> DefragCounts {
        self.counts
    }

    /// Datagrams that fragments are still missing of.
    pub(super) fn pending(&self) -> usize {
        let waiting = |held: &&Held| held.pieces.is_some();
        self.held.values().filter(waiting).count()
    }

    fn forget_expired(&mut self, now: Timestamp) {
        let counts = &mut self.counts;
        self.held.retain(|_, held| {
            let keep = now.since(held.since) <= LIFETIME;
            if !keep && held.pieces.is_some() {
                counts.expired = counts.expired.saturating_add(1);
            }
            keep
        });
    }

    fn make_room(&mut self, now: Timestamp) {
        self.forget_expired(now);
        if self.held.len() < MAX_DATAGRAMS {
            return;
        }
        let oldest = self.held.iter().min_by_key(|(_, held)| held.used);
        let Some(oldest) = oldest.map(|(key, _)| *key) else {
            return;
        };
        let evicted = self.held.remove(&oldest);
        if evicted.is_some_and(|held| held.pieces.is_some()) {
            self.counts.evicted = self.counts.evicted.saturating_add(1);
        }
    }
}

impl Pieces {
    fn new(protocol: u8) -> Self {
        Self {
            buffer: IpDefragBuf::new(IpNumber(protocol), Vec::new(), Vec::new()),
            protocol: None,
            cut: None,
        }
    }

    fn add(
        &mut self,
        protocol: u8,
        fragment: Fragment,
        window: Window<'_>,
    ) -> Result<(), Contradiction> {
        let offset = IpFragOffset::try_new(fragment.offset).map_err(|_| Contradiction)?;
        let start = usize::from(offset.byte_offset());
        let end = start.saturating_add(window.wire());
        // The buffer holds offsets of 16 bits, which is also what IP allows.
        if window.wire() == 0 || end > usize::from(u16::MAX) {
            return Err(Contradiction);
        }
        if self.repeats(start, end, window.data())? {
            return Ok(());
        }
        let beyond = |section: &IpFragRange| usize::from(section.end) > end;
        if !fragment.more && self.buffer.sections().iter().any(beyond) {
            return Err(Contradiction);
        }
        if fragment.offset == 0 {
            self.protocol = Some(protocol);
        }
        let filled;
        let payload = if window.data().len() < window.wire() {
            let cut = start.saturating_add(window.data().len());
            self.cut = Some(self.cut.map_or(cut, |earlier| earlier.min(cut)));
            // `end` was checked above, so this is less than 64 KiB.
            let mut whole = window.data().to_vec();
            whole.resize(window.wire(), 0);
            filled = whole;
            &filled[..]
        } else {
            window.data()
        };
        self.buffer
            .add(offset, fragment.more, payload)
            .map_err(|_| Contradiction)?;
        if self.buffer.sections().len() > MAX_PIECES {
            return Err(Contradiction);
        }
        Ok(())
    }

    /// Whether the fragment only repeats what is held already.
    fn repeats(&self, start: usize, end: usize, data: &[u8]) -> Result<bool, Contradiction> {
        for section in self.buffer.sections() {
            let (from, to) = (usize::from(section.start), usize::from(section.end));
            if end <= from || to <= start {
                continue;
            }
            let captured = start.saturating_add(data.len());
            let readable = self.cut.unwrap_or(to).clamp(start, captured);
            let ours = data.get(..readable.saturating_sub(start));
            let held = self.buffer.data().get(start..readable);
            return if from <= start && end <= to && ours == held {
                Ok(true)
            } else {
                Err(Contradiction)
            };
        }
        Ok(false)
    }

    fn into_datagram(self, last_protocol: u8) -> Datagram {
        let (mut data, _) = self.buffer.take_bufs();
        let wire = data.len();
        data.truncate(self.cut.unwrap_or(wire));
        Datagram {
            protocol: self.protocol.unwrap_or(last_protocol),
            data,
            wire,
        }
    }
}

#[cfg(test)]
mod tests;
