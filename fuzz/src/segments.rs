//! Segments of one TCP connection in any order, with any numbers, flags and lengths, against what
//! holds of every reassembly, and where the sender is honest against a model.
//!
//! The first byte chooses: even for [`wild`], odd for [`honest`].

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::ids::Mark;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::side::Side;
use rtmpscope::base::time::Span as TimeSpan;
use rtmpscope::base::time::Timestamp;
use rtmpscope::net::Endpoint;
use rtmpscope::net::Segment;
use rtmpscope::net::TcpFlags;
use rtmpscope::net::TcpOptions;
use rtmpscope::net::connection::Connection;
use rtmpscope::net::reassembly::ReassemblyBudget;
use rtmpscope::net::reassembly::Span;

/// Bytes of the input that make a segment.
const RECORD: usize = 12;

/// Sequence number of the first SYN.
const ISN: PerSide<u32> = PerSide {
    client: 0xFFFF_FF00,
    server: 0x1000,
};

/// Length of an honest stream: several segments.
const LEN: usize = 240;

/// Most segments of an honest stream, so that no hole in it is old enough to be given up.
const MAX_HONEST: usize = 40;

/// Runs the segments that `data` describes.
///
/// # Panics
/// When what comes out cannot be.
pub fn run(data: &[u8]) {
    match data.split_first() {
        Some((choice, rest)) if choice & 1 == 0 => wild(*choice, rest),
        Some((_, rest)) => honest(rest),
        None => {}
    }
}

/// A connection, and what came out of it.
struct Line {
    tcp: Connection,
    budget: ReassemblyBudget,
    out: PerSide<Vec<Option<u8>>>,
    /// Offset behind the last span of each side; `out` stops growing at [`KEPT`].
    offset: PerSide<u64>,
    now: Timestamp,
    frame: u64,
}

/// Places of a stream that are kept to be looked at. Holes may be as long as sequence numbers go.
const KEPT: usize = 1 << 16;

impl Line {
    fn new() -> Self {
        Self {
            tcp: Connection::default(),
            budget: ReassemblyBudget::default(),
            out: PerSide::default(),
            offset: PerSide::default(),
            now: Timestamp(1),
            frame: 0,
        }
    }

    fn wait(&mut self, millis: i64) {
        let waited = TimeSpan::from_millis(millis).nanos();
        self.now = Timestamp(self.now.0.saturating_add(waited));
    }

    fn push(&mut self, side: Side, tcp: &Header, payload: &[u8], wire: usize) {
        self.frame += 1;
        let end = |port| Endpoint {
            addr: [10, 0, 0, 1].into(),
            port,
        };
        let segment = Segment {
            at: Mark {
                time: self.now,
                frame: FrameNumber(self.frame),
            },
            tunnel: 0,
            source: end(40_000),
            destination: end(1935),
            seq: tcp.seq,
            ack: tcp.ack,
            flags: TcpFlags(tcp.flags),
            window: tcp.window,
            options: TcpOptions::default(),
            ip_id: 0,
            payload,
            wire_payload: u32::try_from(wire).unwrap_or(u32::MAX),
        };
        let (out, offset) = (&mut self.out, &mut self.offset);
        self.tcp
            .push(side, &segment, &mut self.budget, &mut |side, span| {
                collect(out.of_mut(side), offset.of_mut(side), span);
            });
    }

    fn finish(&mut self) {
        let at = Mark {
            time: self.now,
            frame: FrameNumber(self.frame),
        };
        let (out, offset) = (&mut self.out, &mut self.offset);
        self.tcp.finish(at, &mut self.budget, &mut |side, span| {
            collect(out.of_mut(side), offset.of_mut(side), span);
        });
        assert_eq!(self.budget.used(), 0, "memory is given back");
        for side in Side::BOTH {
            assert_eq!(self.tcp.streams().of(side).waiting(), 0, "nothing waits");
            assert_eq!(
                self.tcp.streams().of(side).offset(),
                *self.offset.of(side),
                "all that was counted came out"
            );
        }
    }
}

#[derive(Clone, Copy)]
struct Header {
    seq: u32,
    ack: u32,
    flags: u8,
    window: u16,
}

/// One value for each place: a byte, or none for a hole.
fn collect(out: &mut Vec<Option<u8>>, next: &mut u64, span: Span<'_>) {
    let (offset, len) = match span {
        Span::Data { offset, bytes, .. } => {
            assert!(!bytes.is_empty(), "data without bytes");
            if out.len() < KEPT {
                out.extend(bytes.iter().copied().map(Some));
            }
            (offset, bytes.len() as u64)
        }
        Span::Gap { offset, len, .. } => {
            assert!(len > 0, "a hole without length");
            let room = KEPT.saturating_sub(out.len());
            let kept = usize::try_from(len).unwrap_or(usize::MAX).min(room);
            out.extend(std::iter::repeat_n(None, kept));
            (offset, len)
        }
    };
    assert_eq!(offset, *next, "spans have no seam");
    *next = offset + len;
}

/// The byte that has this sequence number, in every copy.
fn content(seq: u32) -> u8 {
    seq.to_le_bytes()[0]
}

/// Anything goes: numbers, flags and times are those of the input. Bytes that come out lie as far
/// from each other as their sequence numbers do.
fn wild(choice: u8, data: &[u8]) {
    let mut line = Line::new();
    let mut cursor = ISN;
    if choice & 2 != 0 {
        for (side, flags) in [(Side::Client, TcpFlags::SYN.0), (Side::Server, 0x12)] {
            let header = Header {
                seq: *cursor.of(side),
                ack: *cursor.of(side.other()),
                flags,
                window: 0xFFFF,
            };
            line.push(side, &header, &[], 0);
            *cursor.of_mut(side) = cursor.of(side).wrapping_add(1);
        }
    }
    for record in data.chunks_exact(RECORD) {
        let Some(&[kind, flags, s0, s1, l0, l1, cut, a0, a1, millis, w0, w1]) =
            record.first_chunk::<RECORD>()
        else {
            continue;
        };
        let side = if kind & 1 == 0 {
            Side::Client
        } else {
            Side::Server
        };
        let mut step = i32::from(i16::from_le_bytes([s0, s1]));
        if kind & 2 != 0 {
            // A number from somewhere else.
            step <<= 16;
        }
        let seq = cursor.of(side).wrapping_add_signed(step);
        let len = usize::from(u16::from_le_bytes([l0, l1]) & 0x0FFF);
        let first = seq.wrapping_add(u32::from(flags & TcpFlags::SYN.0 != 0));
        let payload: Vec<u8> = (0_u32..)
            .take(len)
            .map(|place| content(first.wrapping_add(place)))
            .collect();
        let captured = if kind & 4 != 0 {
            usize::from(cut).min(len)
        } else {
            len
        };
        let back = i32::from(i16::from_le_bytes([a0, a1]));
        let header = Header {
            seq,
            ack: cursor.of(side.other()).wrapping_add_signed(back),
            flags,
            window: u16::from_le_bytes([w0, w1]),
        };
        line.wait(i64::from(millis) << (kind >> 4));
        let (seen, _) = payload.split_at(captured);
        line.push(side, &header, seen, len);
        if kind & 8 == 0 {
            let taken = u32::try_from(len).unwrap_or(u32::MAX);
            *cursor.of_mut(side) = first.wrapping_add(taken);
        }
    }
    line.finish();
    for side in Side::BOTH {
        let mut base = None;
        for (offset, byte) in (0_u32..).zip(line.out.of(side)) {
            let Some(byte) = byte else { continue };
            let begin = byte.wrapping_sub(content(offset));
            assert_eq!(*base.get_or_insert(begin), begin, "a byte in a wrong place");
        }
    }
}

/// Everything is sent at last and acknowledged only when it is there: each byte comes out, and
/// where copies differ the first one.
fn honest(data: &[u8]) {
    let mut line = Line::new();
    let mut model: [Option<u8>; LEN] = [None; LEN];
    let mut prefix = 0;
    let isn = ISN.client;
    let seq = |place: usize| {
        isn.wrapping_add(1)
            .wrapping_add(u32::try_from(place).unwrap_or_default())
    };
    let header = |seq, ack, flags| Header {
        seq,
        ack,
        flags,
        window: 0xFFFF,
    };
    line.push(Side::Client, &header(isn, 0, TcpFlags::SYN.0), &[], 0);
    let whole: &[u8] = &[0, 0xFF, 0, 1];
    let sent = data.chunks_exact(4).take(MAX_HONEST).chain([whole]);
    for record in sent {
        let Some(&[start, len, twist, kind]) = record.first_chunk() else {
            continue;
        };
        let start = usize::from(start) % LEN;
        let len = usize::from(len).clamp(1, LEN - start);
        let mut bytes = Vec::with_capacity(len);
        for (place, known) in (start..).zip(model.iter_mut().skip(start).take(len)) {
            let byte = content(seq(place)).wrapping_add(twist);
            bytes.push(byte);
            known.get_or_insert(byte);
        }
        line.wait(i64::from(kind >> 4));
        line.push(
            Side::Client,
            &header(seq(start), ISN.server, TcpFlags::ACK.0),
            &bytes,
            len,
        );
        while model.get(prefix).is_some_and(Option::is_some) {
            prefix += 1;
        }
        if kind & 1 != 0 {
            line.push(
                Side::Server,
                &header(ISN.server, seq(prefix), TcpFlags::ACK.0),
                &[],
                0,
            );
        }
    }
    line.finish();
    assert!(
        line.out.client == model,
        "{:?} came out, the model has {model:?}",
        line.out.client
    );
}
