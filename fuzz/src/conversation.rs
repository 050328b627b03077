//! What two peers say to each other over one TCP connection, through everything up to the
//! reports. Unlike a capture file, it stays a conversation when its bytes are changed: the
//! headers around them are made here.
//!
//! The first byte holds options (bits of [`Script`]). Then come turns: a head, the length of what
//! is said (two bytes, little-endian), and that. Bit 0 of the head says that the server speaks,
//! bit 1 that a hundred bytes before it were not captured, bit 2 that it closes behind them, bit 3
//! that it resets; its upper four bits are the time since the turn before, as a power of two of
//! milliseconds.

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::side::Side;
use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Frame;
use rtmpscope::capture::InterfaceIndex;
use rtmpscope::capture::LinkType;
use rtmpscope::pipeline::Options;

use super::whole::Whole;

/// Option: whole media payloads are kept.
pub const KEEP_MEDIA: u8 = 1;
/// Option: the capture begins behind the SYN of both.
pub const MIDSTREAM: u8 = 2;
/// Option: the server listens on another port than RTMP's, which is named as RTMP.
pub const FORCED: u8 = 4;
/// Option: the server listens on another port than RTMP's, and nobody says so.
pub const OTHER_PORT: u8 = 8;

/// A turn of the server.
pub const SERVER: u8 = 1;
const HOLE: u8 = 2;
const CLOSES: u8 = 4;
const RESETS: u8 = 8;

/// Bytes that a hole is long.
const HOLE_LEN: u32 = 100;

/// Most that is said in one turn, so that it fits into a packet.
pub const MAX_SAID: usize = 60_000;

const CLIENT_PORT: u16 = 40_000;
const PLAIN_PORT: u16 = 1935;
const ODD_PORT: u16 = 8080;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 0x10;

/// Plays `data` as a conversation.
///
/// # Panics
/// When what comes out does not hold what it promises.
pub fn run(data: &[u8]) {
    let Some((&options, turns)) = data.split_first() else {
        return;
    };
    let mut whole = Whole::new(pipeline_options(options));
    frames(options, turns, |frame| whole.push(frame));
    whole.finish();
}

/// How a pipeline is to decode a conversation with these options.
pub fn pipeline_options(options: u8) -> Options {
    Options {
        keep_media: options & KEEP_MEDIA != 0,
        forced_ports: if options & FORCED != 0 {
            vec![ODD_PORT]
        } else {
            Vec::new()
        },
        history_limit: None,
        max_connections: None,
    }
}

/// Hands out the frames of a conversation.
pub fn frames(options: u8, turns: &[u8], each: impl FnMut(&Frame<'_>)) {
    let mut wire = Wire {
        port: if options & (FORCED | OTHER_PORT) != 0 {
            ODD_PORT
        } else {
            PLAIN_PORT
        },
        next: PerSide {
            // Close to where sequence numbers wrap.
            client: 0xFFFF_F000,
            server: 0x1000,
        },
        number: 0,
        now: Timestamp(1_700_000_000_000_000_000),
        frame: Vec::new(),
        each,
    };
    if options & MIDSTREAM == 0 {
        wire.send(Side::Client, SYN, &[]);
        wire.send(Side::Server, SYN | ACK, &[]);
        wire.send(Side::Client, ACK, &[]);
    }
    let mut rest = turns;
    while let Some((&[head, low, high], behind)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([low, high]))
            .min(behind.len())
            .min(MAX_SAID);
        let (said, behind) = behind.split_at(len);
        rest = behind;
        wire.turn(head, said);
    }
}

/// Makes frames of what is said.
struct Wire<E> {
    port: u16,
    /// Sequence number of the next byte, by sender.
    next: PerSide<u32>,
    number: u64,
    now: Timestamp,
    frame: Vec<u8>,
    each: E,
}

impl<E: FnMut(&Frame<'_>)> Wire<E> {
    fn turn(&mut self, head: u8, said: &[u8]) {
        let side = if head & SERVER == 0 {
            Side::Client
        } else {
            Side::Server
        };
        let waited = Span::from_millis(1_i64 << (head >> 4));
        self.now = Timestamp(self.now.0.saturating_add(waited.nanos()));
        if head & HOLE != 0 {
            let next = self.next.of_mut(side);
            *next = next.wrapping_add(HOLE_LEN);
        }
        let end = match head & (CLOSES | RESETS) {
            0 => 0,
            CLOSES => FIN,
            _ => RST,
        };
        self.send(side, ACK | end, said);
        self.send(side.other(), ACK, &[]);
    }

    fn send(&mut self, side: Side, flags: u8, said: &[u8]) {
        let client = ([10, 0, 0, 2], CLIENT_PORT);
        let server = ([10, 0, 0, 1], self.port);
        let (source, destination) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let total = u16::try_from(said.len().saturating_add(40)).unwrap_or(u16::MAX);
        let ack = if flags & ACK == 0 {
            0
        } else {
            *self.next.of(side.other())
        };
        let frame = &mut self.frame;
        frame.clear();
        frame.extend_from_slice(&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
        frame.extend_from_slice(&[0x45, 0]);
        frame.extend_from_slice(&total.to_be_bytes());
        frame.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
        frame.extend_from_slice(&source.0);
        frame.extend_from_slice(&destination.0);
        frame.extend_from_slice(&source.1.to_be_bytes());
        frame.extend_from_slice(&destination.1.to_be_bytes());
        frame.extend_from_slice(&self.next.of(side).to_be_bytes());
        frame.extend_from_slice(&ack.to_be_bytes());
        frame.extend_from_slice(&[0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        frame.extend_from_slice(said);
        self.number += 1;
        (self.each)(&Frame {
            number: FrameNumber(self.number),
            time: self.now,
            link: LinkType::ETHERNET,
            interface: InterfaceIndex::FIRST,
            wire_len: u32::try_from(frame.len()).unwrap_or(u32::MAX),
            data: frame,
        });
        let taken = u32::try_from(said.len()).unwrap_or(u32::MAX);
        let taken = taken.wrapping_add(u32::from(flags & (SYN | FIN) != 0));
        let next = self.next.of_mut(side);
        *next = next.wrapping_add(taken);
    }
}
