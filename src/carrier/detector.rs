//! From the first bytes of both directions to a verdict.
//!
//! RTMP is believed when one of these holds:
//! - both directions begin with a hello, and the first had sent all of C0 and C1 before the
//!   other began, as section 5.2.1 of RTMP 1.0 orders it;
//! - a direction has a hello and, 3073 bytes on, a first chunk such as begins a connection, and
//!   the other direction is not seen to keep silent: a file that is copied gets no answer. To the
//!   port of RTMP nobody copies files, so a silent peer is believed there.

use smallvec::SmallVec;

use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::carrier::Evidence;
use crate::carrier::Other;
use crate::carrier::ProxyPrefix;
use crate::carrier::Rtmp;
use crate::carrier::Verdict;
use crate::carrier::prefix;
use crate::carrier::prefix::Found;
use crate::carrier::prefix::MAX_PREFIX;
use crate::carrier::shape;
use crate::carrier::shape::FIRST_CHUNKS;
use crate::carrier::shape::HANDSHAKE_LEN;
use crate::carrier::shape::HELLO_HEAD;
use crate::carrier::shape::HELLO_LEN;
use crate::carrier::shape::Hello;
use crate::carrier::shape::Sender;

/// Most bytes held of one direction: a prefix, the handshake, the first chunks. With as many at
/// hand there is always a verdict.
const MAX_HELD: usize = MAX_PREFIX + 3073 + FIRST_CHUNKS;

/// So many first bytes tell a protocol with a name.
const NAME_LEN: usize = 16;

/// What is known of a connection besides its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hint {
    /// The SYN was seen: position 0 is the first byte ever sent, and the sides are certain.
    pub syn: bool,
    /// A port is the one that RTMP usually has.
    pub port: bool,
    /// The user says that this is RTMP.
    pub forced: bool,
}

/// What is known of the direction that did not send the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// None of its segments were captured.
    NotCaptured,
    /// Segments were captured, all without payload.
    Silent,
    /// It sends payload, whether delivered yet or not.
    Speaks,
}

/// Decides what a connection carries. Bytes given to it are held until there is a verdict.
#[derive(Debug)]
pub struct Detector {
    hint: Hint,
    verdict: Verdict,
    held: PerSide<Held>,
    order: Order,
    /// Whether a hole was longer than what is held.
    has_long_hole: bool,
}

/// The begin of one direction. A hole is filled with zeros and listed.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    holes: Vec<(usize, usize)>,
    /// How many bytes the other direction had sent when this one began.
    others_before: Option<usize>,
    /// How many bytes a prefix takes, once that is known.
    prefix: Option<(ProxyPrefix, usize)>,
}

/// One piece of a direction, in the order of arrival.
#[derive(Debug, Clone, Copy)]
struct Piece {
    side: Side,
    start: usize,
    end: usize,
    at: Mark,
    hole: bool,
}

/// Pieces in the order of arrival. A hello of each side, in two pieces each, is what it mostly
/// takes, and needs no memory of its own.
type Order = SmallVec<[Piece; 4]>;

/// The bytes and holes that a detector held, in the order in which they came.
#[derive(Debug)]
pub struct Pending {
    held: PerSide<Held>,
    order: Order,
}

/// One piece of what a detector held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingBytes<'a> {
    /// Presumed sender.
    pub side: Side,
    /// Position of its first byte in that direction.
    pub offset: u64,
    /// Number of bytes.
    pub len: u64,
    /// What brought it, or told that it is missing.
    pub at: Mark,
    /// The bytes; `None` for a hole.
    pub data: Option<&'a [u8]>,
}

impl Pending {
    /// Takes the last piece out, if it is all that its side sent: who decodes it can go on with its
    /// memory instead of copying what a server answers into memory of their own.
    pub fn take_last(&mut self) -> Option<(Side, Mark, Vec<u8>)> {
        let last = *self.order.last()?;
        let held = self.held.of_mut(last.side);
        if last.start > 0 || last.hole || held.bytes.len() > last.end {
            return None;
        }
        self.order.pop();
        Some((last.side, last.at, std::mem::take(&mut held.bytes)))
    }

    /// The pieces in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = PendingBytes<'_>> {
        self.order.iter().filter_map(|piece| {
            let bytes = &self.held.of(piece.side).bytes;
            let data = bytes.get(piece.start..piece.end)?;
            Some(PendingBytes {
                side: piece.side,
                offset: to_u64(piece.start),
                len: to_u64(data.len()),
                at: piece.at,
                data: (!piece.hole).then_some(data),
            })
        })
    }
}

impl Held {
    /// Bytes from `start` on, at most `len`, up to a hole; `None` if a hole begins there.
    fn sample(&self, start: usize, len: usize) -> Option<&[u8]> {
        let mut end = start.saturating_add(len).min(self.bytes.len());
        for (from, to) in &self.holes {
            if *from <= start && start < *to {
                return None;
            }
            if start < *from {
                end = end.min(*from);
            }
        }
        Some(self.bytes.get(start..end).unwrap_or_default())
    }

    fn origin(&self) -> usize {
        self.prefix.map_or(0, |(_, len)| len)
    }
}

/// What the begin of one direction turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Too few bytes, or none.
    Open,
    /// A hole hides it.
    Hidden,
    /// A hello, as far as can be told.
    Hello(Hello),
    /// Not a hello.
    Not(Other),
}

impl Detector {
    /// A detector that has seen no bytes.
    pub fn new(hint: Hint) -> Self {
        Self {
            hint,
            verdict: Verdict::Undecided,
            held: PerSide::default(),
            order: Order::new(),
            has_long_hole: false,
        }
    }

    /// Whether something beside its bytes speaks for RTMP: a port, or whoever reads the capture.
    pub fn is_hinted(&self) -> bool {
        self.hint.port || self.hint.forced
    }

    /// The verdict so far; final once it is not [`Verdict::Undecided`].
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Bytes of one direction, in order. `at` is what brought them.
    pub fn push(&mut self, side: Side, at: Mark, data: &[u8], peer: Peer) -> Verdict {
        self.add(side, at, data.len(), Some(data));
        self.decide(side, peer)
    }

    /// `len` bytes of one direction were not captured.
    pub fn gap(&mut self, side: Side, at: Mark, len: u64, peer: Peer) -> Verdict {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > MAX_HELD {
            // Nothing behind such a hole tells what the begin was.
            self.has_long_hole = true;
            self.give_up(Other::Unknown);
            return self.verdict;
        }
        self.add(side, at, len, None);
        self.decide(side, peer)
    }

    /// No more bytes will come: the final verdict. A client that was never answered is believed
    /// where a hint supports it.
    pub fn finish(&mut self) -> Verdict {
        if self.verdict == Verdict::Undecided {
            let hinted = self.is_hinted();
            let begun = Side::BOTH
                .into_iter()
                .find(|side| matches!(self.look(*side), Look::Hello(_)));
            match begun {
                Some(side) if hinted && self.may_begin(side) => {
                    self.believe(side, Evidence::Presumed);
                }
                _ => self.give_up(Other::Unknown),
            }
        }
        self.verdict
    }

    /// What was held, to be decoded now. Nothing is held after this.
    pub fn take_pending(&mut self) -> Pending {
        Pending {
            held: std::mem::take(&mut self.held),
            order: std::mem::take(&mut self.order),
        }
    }

    fn add(&mut self, side: Side, at: Mark, len: usize, data: Option<&[u8]>) {
        let others = self.held.of(side.other()).bytes.len();
        let held = self.held.of_mut(side);
        if held.bytes.is_empty() {
            held.others_before = Some(others);
            // Mostly a hello follows, which rarely comes in one piece.
            held.bytes
                .reserve_exact(usize::try_from(HELLO_LEN).unwrap_or(0));
        }
        let start = held.bytes.len();
        if let Some(data) = data {
            held.bytes.extend_from_slice(data);
        } else {
            let end = start.saturating_add(len);
            held.bytes.resize(end, 0);
            held.holes.push((start, end));
        }
        let end = held.bytes.len();
        self.order.push(Piece {
            side,
            start,
            end,
            at,
            hole: data.is_none(),
        });
    }

    fn decide(&mut self, side: Side, peer: Peer) -> Verdict {
        if self.verdict != Verdict::Undecided {
            return self.verdict;
        }
        self.find_prefix(side);
        match (self.look(side), self.look(side.other())) {
            (Look::Not(other), _) | (_, Look::Not(other)) => self.give_up(other),
            (Look::Hello(_), Look::Hello(_)) if self.is_in_order() => {
                let client = self.began_first();
                self.believe(client, Evidence::Content);
            }
            (Look::Hello(hello), _) => self.look_behind_the_handshake(side, hello, peer),
            // Chunks begin where they do, whatever was seen before.
            (Look::Hidden, _) if self.hint.syn => {
                self.look_behind_the_handshake(side, Hello::Plain, peer);
            }
            _ => {
                if self.held.of(side).bytes.len() >= MAX_HELD {
                    self.give_up(Other::Unknown);
                }
            }
        }
        self.verdict
    }

    fn find_prefix(&mut self, side: Side) {
        let held = self.held.of_mut(side);
        if held.prefix.is_none()
            && let Some(begin) = held.sample(0, MAX_PREFIX)
            && let Found::Prefix(kind, len) = prefix::find(begin)
        {
            held.prefix = Some((kind, len));
        }
    }

    fn look(&self, side: Side) -> Look {
        let held = self.held.of(side);
        let Some(begin) = held.sample(held.origin(), FIRST_CHUNKS) else {
            return Look::Hidden;
        };
        if begin.is_empty() {
            return Look::Open;
        }
        // The first chunk of a command or of media, captured from a chunk's begin on, begins as a
        // hello does.
        let is_chunk = shape::first_chunk(begin).is_some() || shape::media_chunk(begin);
        let is_chunk = !self.hint.syn && is_chunk;
        if let Some(hello) = shape::hello(begin).filter(|_| !is_chunk) {
            return if begin.len() < HELLO_HEAD {
                Look::Open
            } else {
                Look::Hello(hello)
            };
        }
        let all = held.sample(0, MAX_PREFIX).unwrap_or_default();
        if held.prefix.is_none() && prefix::find(all) == Found::Maybe {
            return Look::Open;
        }
        match shape::name(begin) {
            Some(other) => Look::Not(other),
            None if begin.len() >= NAME_LEN => Look::Not(Other::Unknown),
            None => Look::Open,
        }
    }

    /// Whether a hello of which nothing can be checked but its head is believed. Where the SYN was
    /// not seen, it may be any byte of the connection.
    fn may_begin(&self, side: Side) -> bool {
        let held = self.held.of(side);
        let begin = held.sample(held.origin(), HELLO_HEAD).unwrap_or_default();
        begin.len() >= HELLO_HEAD && (self.hint.syn || shape::is_like_a_hello(begin))
    }

    /// Whether one direction had sent its whole hello before the other began.
    fn is_in_order(&self) -> bool {
        let first = self.began_first();
        let prefix = self.held.of(first).origin();
        let before = self
            .held
            .of(first.other())
            .others_before
            .unwrap_or_default();
        to_u64(before.saturating_sub(prefix)) >= HELLO_LEN
    }

    fn began_first(&self) -> Side {
        self.order.first().map_or(Side::Client, |piece| piece.side)
    }

    fn look_behind_the_handshake(&mut self, side: Side, hello: Hello, peer: Peer) {
        let held = self.held.of(side);
        let start = usize::try_from(HANDSHAKE_LEN).unwrap_or(usize::MAX);
        let start = held.origin().saturating_add(start);
        if held.bytes.len() < start.saturating_add(FIRST_CHUNKS) {
            return;
        }
        let hinted = self.is_hinted();
        match hello {
            // Nothing can be checked here: only the other side's hello tells.
            Hello::Enciphered if hinted && self.may_begin(side) => {
                self.believe(side, Evidence::Presumed);
            }
            Hello::Enciphered if peer == Peer::Speaks && held.bytes.len() < MAX_HELD => {}
            Hello::Enciphered => self.give_up(Other::Unknown),
            Hello::Plain => {
                let sample = held.sample(start, FIRST_CHUNKS);
                match sample.and_then(shape::first_chunk) {
                    Some(_) if peer == Peer::Silent && !hinted => self.give_up(Other::Unknown),
                    Some(Sender::Client) => self.believe(side, Evidence::Content),
                    Some(Sender::Server) => self.believe(side.other(), Evidence::Content),
                    Some(Sender::Either) => self.believe(Side::Client, Evidence::Presumed),
                    None if hinted && sample.is_none() => {
                        self.believe(Side::Client, Evidence::Presumed);
                    }
                    None => self.give_up(Other::Unknown),
                }
            }
        }
    }

    fn believe(&mut self, client: Side, evidence: Evidence) {
        let (client, evidence) = if self.hint.syn {
            (Side::Client, Evidence::Syn)
        } else {
            (client, evidence)
        };
        // A server that does not know RTMPE answers with version 3 (section 5.2.2).
        let looks = [self.look(Side::Client), self.look(Side::Server)];
        let enciphered = looks.contains(&Look::Hello(Hello::Enciphered))
            && !looks.contains(&Look::Hello(Hello::Plain));
        let prefixes = [self.held.client.prefix, self.held.server.prefix];
        self.verdict = Verdict::Rtmp(Rtmp {
            client,
            evidence,
            enciphered,
            origin: PerSide {
                client: to_u64(self.held.client.origin()),
                server: to_u64(self.held.server.origin()),
            },
            prefix: prefixes.into_iter().flatten().map(|(kind, _)| kind).next(),
        });
    }

    fn has_holes(&self) -> bool {
        let [client, server] = [&self.held.client, &self.held.server];
        self.has_long_hole || !client.holes.is_empty() || !server.holes.is_empty()
    }

    /// There is no handshake here.
    fn give_up(&mut self, other: Other) {
        // What joined late may be RTMP on any port, unless it is known to be something else.
        let may_be =
            self.hint.forced || (other == Other::Unknown && (self.hint.port || !self.hint.syn));
        self.verdict = if self.hint.syn && self.hint.forced {
            self.believe(Side::Client, Evidence::Syn);
            self.verdict
        } else if may_be && (!self.hint.syn || self.has_holes()) {
            // A capture that lost the handshake begins in the midst, as one that joined late.
            Verdict::Midstream
        } else {
            Verdict::Other(other)
        };
        if matches!(self.verdict, Verdict::Other(_)) {
            self.take_pending();
        }
    }
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Feeds arbitrary bytes as pieces of both directions, for the fuzzer and for property tests.
///
/// # Panics
/// When what is held grows beyond its bound: the error that is looked for.
pub fn fuzz_detector(data: &[u8]) {
    let Some((flags, data)) = data.split_first() else {
        return;
    };
    let mut detector = Detector::new(Hint {
        syn: flags & 1 != 0,
        port: flags & 2 != 0,
        forced: flags & 4 != 0,
    });
    let peer = match flags >> 6 {
        0 => Peer::NotCaptured,
        1 => Peer::Silent,
        _ => Peer::Speaks,
    };
    for piece in data.chunks(
        usize::from(flags >> 3 & 7)
            .saturating_add(1)
            .saturating_mul(100),
    ) {
        let (first, rest) = piece.split_first().unwrap_or((&0, &[]));
        let side = if first & 1 == 0 {
            Side::Client
        } else {
            Side::Server
        };
        let verdict = if first & 0xF0 == 0xE0 {
            detector.gap(side, Mark::default(), u64::from(*first), peer)
        } else {
            detector.push(side, Mark::default(), rest, peer)
        };
        if verdict != Verdict::Undecided {
            break;
        }
    }
    detector.finish();
    let held: u64 = detector.take_pending().iter().map(|piece| piece.len).sum();
    // The piece that brings the verdict comes on top.
    assert!(held <= to_u64(MAX_HELD).saturating_add(1000).saturating_mul(2));
}
