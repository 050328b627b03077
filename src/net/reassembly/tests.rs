//! One geometry for each test. Expected spans are written out by hand, as `offset:text@frame`
//! for data and `offset(length)cause@frame` for gaps.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of hand-made segments are small; an overflow fails the test"
)]

mod bounds;
mod control;
mod gaps;
mod model;
mod order;

use std::fmt::Write as _;

use super::*;
use crate::base::ids::FrameNumber;
use crate::base::time::Span as TimeSpan;
use crate::base::time::Timestamp;
use crate::net::Endpoint;
use crate::net::TcpOptions;

/// Sequence number of the first payload byte in these tests.
const START: u32 = 1000;

/// One direction with both of its feeds, and what came out.
struct Line {
    stream: Reassembler,
    budget: ReassemblyBudget,
    now: i64,
    frame: u64,
    out: String,
    offset: u64,
    last: Arrival,
    /// Segments that came in order, and their new bytes.
    in_order: (u64, u64),
}

impl Line {
    /// Nothing seen yet.
    fn midway() -> Self {
        Self {
            stream: Reassembler::default(),
            budget: ReassemblyBudget::default(),
            now: 0,
            frame: 0,
            out: String::new(),
            offset: 0,
            last: Arrival::default(),
            in_order: (0, 0),
        }
    }

    /// Behind a SYN (frame 1) whose payload starts at [`START`].
    fn open() -> Self {
        Self::open_at(START)
    }

    fn open_at(start: u32) -> Self {
        let mut line = Self::midway();
        line.send(start.wrapping_sub(1), TcpFlags::SYN, b"");
        line
    }

    /// Behind a SYN (frame 1) and its acknowledgement (frame 2).
    fn answered() -> Self {
        let mut line = Self::open();
        line.ack(START);
        line
    }

    fn segment<'a>(&mut self, flags: TcpFlags, payload: &'a [u8]) -> Segment<'a> {
        self.frame += 1;
        let end = |port| Endpoint {
            addr: [10, 0, 0, 1].into(),
            port,
        };
        Segment {
            at: Mark {
                time: Timestamp(self.now),
                frame: FrameNumber(self.frame),
            },
            tunnel: 0,
            source: end(40_000),
            destination: end(1935),
            seq: 0,
            ack: 0,
            flags,
            window: 0,
            options: TcpOptions::default(),
            ip_id: 0,
            payload,
            wire_payload: u32::try_from(payload.len()).expect("short"),
        }
    }

    fn put(&mut self, segment: &Segment<'_>) -> &mut Self {
        let Self {
            stream,
            budget,
            out,
            offset,
            ..
        } = self;
        let arrival = stream.push(segment, budget, &mut |span| note(out, offset, span));
        self.arrived(arrival);
        self
    }

    fn arrived(&mut self, arrival: Arrival) {
        if arrival.kind == ArrivalKind::InOrder {
            self.in_order.0 += 1;
            self.in_order.1 += u64::from(arrival.fresh);
        }
        self.last = arrival;
    }

    fn send(&mut self, seq: u32, flags: TcpFlags, payload: &[u8]) -> &mut Self {
        let mut segment = self.segment(flags, payload);
        segment.seq = seq;
        self.put(&segment)
    }

    /// Payload at an offset from [`START`].
    fn data(&mut self, offset: u32, payload: &str) -> &mut Self {
        self.send(START + offset, TcpFlags::ACK, payload.as_bytes())
    }

    /// Payload of which the capture holds only the first `captured` bytes.
    fn cut(&mut self, offset: u32, payload: &str, captured: usize) -> &mut Self {
        let mut segment = self.segment(TcpFlags::ACK, &payload.as_bytes()[..captured]);
        segment.seq = START + offset;
        segment.wire_payload = u32::try_from(payload.len()).expect("short");
        self.put(&segment)
    }

    fn peer(&mut self, segment: &Segment<'_>, window: Option<u32>) -> &mut Self {
        let Self {
            stream,
            budget,
            out,
            offset,
            ..
        } = self;
        stream.on_peer(segment, window, budget, &mut |span| note(out, offset, span));
        self
    }

    /// The peer acknowledges up to a sequence number.
    fn ack(&mut self, ack: u32) -> &mut Self {
        let mut segment = self.segment(TcpFlags::ACK, b"");
        segment.ack = ack;
        self.peer(&segment, Some(65_535))
    }

    /// The same, with one SACK block.
    fn sack(&mut self, ack: u32, left: u32, right: u32) -> &mut Self {
        let mut segment = self.segment(TcpFlags::ACK, b"");
        segment.ack = ack;
        segment.options.sack[0] = (left, right);
        segment.options.sack_count = 1;
        self.peer(&segment, Some(65_535))
    }

    fn wait_ms(&mut self, millis: i64) -> &mut Self {
        self.now += millis * 1_000_000;
        self
    }

    fn finish(&mut self) -> &mut Self {
        let at = Mark {
            time: Timestamp(self.now),
            frame: FrameNumber(self.frame),
        };
        let Self {
            stream,
            budget,
            out,
            offset,
            ..
        } = self;
        stream.finish(at, budget, &mut |span| note(out, offset, span));
        self
    }

    /// What came out since the last look.
    fn out(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn kind(&self) -> ArrivalKind {
        self.last.kind
    }

    fn counters(&self) -> Counters {
        self.stream.counters()
    }

    /// Nothing waits and nothing is held for it.
    fn assert_idle(&self) {
        assert_eq!(self.stream.waiting(), 0);
        assert_eq!(self.budget.used(), 0);
    }
}

fn note(out: &mut String, next: &mut u64, span: Span<'_>) {
    let space = if out.is_empty() { "" } else { " " };
    let offset = match span {
        Span::Data { offset, at, bytes } => {
            assert!(!bytes.is_empty());
            let text = if bytes.len() > 40 {
                format!("<{}>", bytes.len())
            } else {
                String::from_utf8_lossy(bytes).into_owned()
            };
            let _ = write!(out, "{space}{offset}:{text}@{}", at.frame);
            assert_eq!(offset, *next, "spans leave no seam");
            *next = offset + bytes.len() as u64;
            return;
        }
        Span::Gap {
            offset,
            len,
            at,
            cause,
        } => {
            let _ = write!(out, "{space}{offset}({len}){}@{}", cause.name(), at.frame);
            assert!(len > 0);
            assert_eq!(offset, *next, "spans leave no seam");
            offset + len
        }
    };
    *next = offset;
}
