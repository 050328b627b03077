//! Facts of hand-made exchanges, fed through a whole connection.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of hand-made segments are small; an overflow fails the test"
)]

use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::net::Endpoint;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::TcpOptions;
use crate::net::connection::Connection;
use crate::net::health::Health;
use crate::net::reassembly::ReassemblyBudget;

/// Initial sequence numbers of client and server.
const CLIENT_ISN: u32 = 1000;
const SERVER_ISN: u32 = 9000;

struct Exchange {
    connection: Connection,
    budget: ReassemblyBudget,
    micros: i64,
    frame: u64,
}

impl Exchange {
    fn new() -> Self {
        Self {
            connection: Connection::default(),
            budget: ReassemblyBudget::default(),
            micros: 1_000_000,
            frame: 0,
        }
    }

    /// Handshake: the server answers after 2 ms, the client after 3 ms more.
    fn opened() -> Self {
        let mut exchange = Self::new();
        exchange.syn(Side::Client, 0x02, Some(7));
        exchange.after(2000).syn(Side::Server, 0x12, Some(7));
        exchange.after(3000).segment(Side::Client, 0, 0, b"");
        exchange
    }

    fn after(&mut self, micros: i64) -> &mut Self {
        self.micros += micros;
        self
    }

    fn put(&mut self, side: Side, change: impl FnOnce(&mut Segment<'_>)) -> &mut Self {
        self.frame += 1;
        let end = |port| Endpoint {
            addr: [10, 0, 0, 1].into(),
            port,
        };
        let mut segment = Segment {
            at: Mark {
                time: Timestamp(self.micros * 1000),
                frame: FrameNumber(self.frame),
            },
            tunnel: 0,
            source: end(40_000),
            destination: end(1935),
            seq: 0,
            ack: 0,
            flags: TcpFlags::ACK,
            window: 500,
            options: TcpOptions::default(),
            ip_id: u16::try_from(self.frame % 60_000).expect("small"),
            payload: b"",
            wire_payload: 0,
        };
        change(&mut segment);
        segment.wire_payload = u32::try_from(segment.payload.len()).expect("short");
        self.connection
            .push(side, &segment, &mut self.budget, &mut |_, _| {});
        self
    }

    fn syn(&mut self, side: Side, flags: u8, scale: Option<u8>) -> &mut Self {
        self.put(side, |segment| {
            let (seq, ack) = isns(side);
            segment.seq = seq;
            segment.ack = ack.wrapping_add(1);
            segment.flags = TcpFlags(flags);
            segment.window = 64_000;
            segment.options.window_scale = scale;
            segment.options.mss = Some(1460);
        })
    }

    /// A segment at offsets behind the SYNs.
    fn segment(&mut self, side: Side, seq: u32, ack: u32, payload: &'static [u8]) -> &mut Self {
        self.put(side, |segment| {
            let (own, peer) = isns(side);
            segment.seq = own.wrapping_add(1).wrapping_add(seq);
            segment.ack = peer.wrapping_add(1).wrapping_add(ack);
            segment.payload = payload;
        })
    }

    fn window(&mut self, side: Side, window: u16) -> &mut Self {
        self.put(side, |segment| {
            let (own, peer) = isns(side);
            segment.seq = own.wrapping_add(1);
            segment.ack = peer.wrapping_add(1);
            segment.window = window;
        })
    }

    fn of(&self, side: Side) -> &Health {
        self.connection.health().of(side)
    }
}

fn isns(side: Side) -> (u32, u32) {
    match side {
        Side::Client => (CLIENT_ISN, SERVER_ISN),
        Side::Server => (SERVER_ISN, CLIENT_ISN),
    }
}

#[test]
fn the_handshake_measures_both_halves_of_the_path() {
    let exchange = Exchange::opened();
    let round_trip = |side| exchange.of(side).round_trips.last();
    assert_eq!(round_trip(Side::Client), Some(Span(2_000_000)));
    assert_eq!(round_trip(Side::Server), Some(Span(3_000_000)));
    assert_eq!(exchange.of(Side::Client).mss, Some(1460));
    assert_eq!(exchange.of(Side::Server).window_scale, Some(7));
}

#[test]
fn packets_bytes_and_times() {
    let mut exchange = Exchange::opened();
    exchange.after(1000).segment(Side::Client, 0, 0, b"abc");
    let client = exchange.of(Side::Client);
    assert_eq!((client.packets, client.bytes), (3, 3));
    assert_eq!(client.last.since(client.first), Span(6_000_000));
}

#[test]
fn data_and_its_acknowledgement_are_a_round_trip() {
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 0, 0, b"abc");
    exchange.after(700).segment(Side::Server, 0, 3, b"");
    assert_eq!(
        exchange.of(Side::Client).round_trips.min(),
        Some(Span(700_000))
    );
    assert_eq!(
        exchange.of(Side::Client).round_trips.last(),
        Some(Span(700_000))
    );
    assert_eq!(exchange.of(Side::Client).round_trips.count(), 2);
}

#[test]
fn a_retransmission_is_not_measured() {
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 0, 0, b"abc");
    exchange.after(200_000).segment(Side::Client, 0, 0, b"abc");
    exchange.after(100).segment(Side::Server, 0, 3, b"");
    let client = exchange.of(Side::Client);
    assert_eq!(client.round_trips.count(), 1, "the handshake alone");
    assert_eq!(client.retransmitted_packets, 1);
    assert_eq!(client.retransmitted_bytes, 3);
}

#[test]
fn a_syn_sent_again_is_not_measured() {
    let mut exchange = Exchange::new();
    exchange.syn(Side::Client, 0x02, None);
    exchange.after(1_000_000).syn(Side::Client, 0x02, None);
    exchange.after(2000).syn(Side::Server, 0x12, None);
    assert_eq!(exchange.of(Side::Client).round_trips.count(), 0);
    assert_eq!(exchange.of(Side::Client).syn_retransmissions, 1);
    assert_eq!(exchange.of(Side::Client).retransmitted_packets, 0);
}

#[test]
fn a_hole_filled_within_a_round_trip_was_overtaking() {
    // The path takes 2 ms to the server and 3 ms to the client and back.
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 3, 0, b"def");
    exchange.after(4900).segment(Side::Client, 0, 0, b"abc");
    let client = exchange.of(Side::Client);
    assert_eq!(client.out_of_order_packets, 1);
    assert_eq!(client.retransmitted_packets, 0);
}

#[test]
fn a_hole_filled_after_a_round_trip_was_sent_again() {
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 3, 0, b"def");
    exchange.after(5100).segment(Side::Client, 0, 0, b"abc");
    let client = exchange.of(Side::Client);
    assert_eq!(client.out_of_order_packets, 0);
    assert_eq!(client.retransmitted_packets, 1);
    assert_eq!(client.retransmitted_bytes, 3);
}

#[test]
fn a_frame_captured_twice_is_no_retransmission() {
    let mut exchange = Exchange::opened();
    for _ in 0..2 {
        exchange.after(400).put(Side::Client, |segment| {
            segment.seq = CLIENT_ISN + 1;
            segment.payload = b"abc";
            segment.ip_id = 77;
        });
    }
    let client = exchange.of(Side::Client);
    assert_eq!(client.captured_twice, 1);
    assert_eq!(client.retransmitted_packets, 0);
    assert_eq!(client.packets, 4);
}

#[test]
fn the_same_bytes_under_another_identification_are_a_retransmission() {
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 0, 0, b"abc");
    exchange.after(400).segment(Side::Client, 0, 0, b"abc");
    assert_eq!(exchange.of(Side::Client).captured_twice, 0);
    assert_eq!(exchange.of(Side::Client).retransmitted_packets, 1);
}

#[test]
fn windows_are_scaled_when_both_offer_it() {
    let mut exchange = Exchange::opened();
    exchange.window(Side::Server, 500);
    assert_eq!(exchange.of(Side::Server).window, 500 << 7);
    assert!(exchange.of(Side::Server).window_known);

    let mut exchange = Exchange::new();
    exchange.syn(Side::Client, 0x02, Some(7));
    exchange.syn(Side::Server, 0x12, None);
    assert_eq!(exchange.of(Side::Server).window, 64_000);
    exchange.window(Side::Client, 500);
    assert_eq!(exchange.of(Side::Client).window, 500);
    assert!(exchange.of(Side::Client).window_known);
}

#[test]
fn without_syn_the_window_is_not_known() {
    let mut exchange = Exchange::new();
    exchange.window(Side::Server, 500);
    assert_eq!(exchange.of(Side::Server).window, 500);
    assert!(!exchange.of(Side::Server).window_known);
}

#[test]
fn closed_windows_are_counted_and_timed() {
    let mut exchange = Exchange::opened();
    exchange.window(Side::Server, 0);
    exchange.after(4000).window(Side::Server, 0);
    exchange.after(6000).window(Side::Server, 100);
    exchange.after(9000).window(Side::Server, 0);
    let server = exchange.of(Side::Server);
    assert_eq!(server.zero_windows, 2);
    assert_eq!(server.zero_window_time, Span(10_000_000));
    assert!(server.zero_window_now);
}

#[test]
fn a_byte_sent_into_a_closed_window_is_a_probe() {
    let mut exchange = Exchange::opened();
    exchange.window(Side::Server, 0);
    exchange.segment(Side::Client, 0, 0, b"a");
    assert_eq!(exchange.of(Side::Client).window_probes, 1);
    exchange.after(5000).segment(Side::Client, 0, 0, b"a");
    assert_eq!(exchange.of(Side::Client).window_probes, 2);
    assert_eq!(exchange.of(Side::Client).retransmitted_packets, 0);
}

#[test]
fn a_keep_alive_is_no_retransmission() {
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 0, 0, b"abc");
    exchange.segment(Side::Client, 2, 0, b"\0");
    exchange.segment(Side::Client, 2, 0, b"");
    assert_eq!(exchange.of(Side::Client).keep_alives, 2);
    assert_eq!(exchange.of(Side::Client).retransmitted_packets, 0);
}

#[test]
fn bytes_in_flight_now_and_at_most() {
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 0, 0, b"0123456789");
    exchange.segment(Side::Client, 10, 0, b"0123456789");
    assert_eq!(exchange.of(Side::Client).in_flight(), 20);
    exchange.segment(Side::Server, 0, 15, b"");
    assert_eq!(exchange.of(Side::Client).in_flight(), 5);
    exchange.segment(Side::Client, 20, 0, b"01234");
    assert_eq!(exchange.of(Side::Client).in_flight_max(), 20);
}

#[test]
fn bytes_acknowledged_that_the_capture_never_held() {
    let mut exchange = Exchange::opened();
    exchange.segment(Side::Client, 5, 0, b"fgh");
    for _ in 0..17 {
        exchange.segment(Side::Server, 0, 8, b"");
    }
    assert_eq!(exchange.of(Side::Client).acked_unseen, 5);
    assert_eq!(exchange.of(Side::Server).acked_unseen, 0);
}

#[test]
fn fin_and_rst_are_noted_with_their_frames() {
    let mut exchange = Exchange::opened();
    exchange.put(Side::Client, |segment| {
        segment.seq = CLIENT_ISN + 1;
        segment.flags = TcpFlags(0x11);
    });
    exchange.put(Side::Server, |segment| segment.flags = TcpFlags::RST);
    let frame = |mark: Option<Mark>| mark.map(|mark| mark.frame.0);
    assert_eq!(frame(exchange.of(Side::Client).fin()), Some(4));
    assert_eq!(frame(exchange.of(Side::Client).rst()), None);
    assert_eq!(frame(exchange.of(Side::Server).rst()), Some(5));
}

#[test]
fn a_fin_is_acknowledged_too() {
    let mut exchange = Exchange::opened();
    exchange.put(Side::Client, |segment| {
        segment.seq = CLIENT_ISN + 1;
        segment.flags = TcpFlags(0x11);
    });
    assert_eq!(exchange.of(Side::Client).in_flight(), 1);
    exchange.segment(Side::Server, 0, 1, b"");
    assert_eq!(exchange.of(Side::Client).in_flight(), 0);
}

#[test]
fn time_running_backwards_adds_no_negative_times() {
    let mut exchange = Exchange::opened();
    exchange.window(Side::Server, 0);
    exchange.after(-9000).window(Side::Server, 100);
    exchange.segment(Side::Client, 0, 0, b"abc");
    exchange.after(-9000).segment(Side::Server, 0, 3, b"");
    assert_eq!(exchange.of(Side::Server).zero_window_time, Span(0));
    assert_eq!(exchange.of(Side::Client).round_trips.count(), 1);
}

#[test]
fn the_facts_of_one_direction_are_small() {
    assert!(size_of::<Health>() <= 420, "{}", size_of::<Health>());
}
