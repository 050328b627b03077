//! Which segments make a connection, who is its client, and when it is over.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of hand-made segments are small; an overflow fails the test"
)]

use super::*;
use crate::base::ids::FrameNumber;
use crate::base::ids::Mark;
use crate::net::Endpoint;
use crate::net::TcpOptions;

const SYN: u8 = 0x02;
const SYN_ACK: u8 = 0x12;
const ACK: u8 = 0x10;
const FIN: u8 = 0x11;
const RST: u8 = 0x04;

const CLIENT: (u8, u16) = (1, 40_000);
const SERVER: (u8, u16) = (2, 1935);

/// A table that keeps a number for each connection, and the segments that are put into it.
struct Rig {
    table: FlowTable<u32>,
    millis: i64,
    frame: u64,
}

impl Rig {
    fn new() -> Self {
        Self::with(FlowConfig {
            server_ports: vec![1935],
            ..FlowConfig::default()
        })
    }

    fn with(config: FlowConfig) -> Self {
        Self {
            table: FlowTable::new(config),
            millis: 1_700_000_000_000,
            frame: 0,
        }
    }

    fn after(&mut self, millis: i64) -> &mut Self {
        self.millis += millis;
        self
    }

    fn put(
        &mut self,
        from: (u8, u16),
        to: (u8, u16),
        flags: u8,
        seq: u32,
        ack: u32,
        payload: &[u8],
    ) -> Option<Route> {
        self.frame += 1;
        let end = |(host, port): (u8, u16)| Endpoint {
            addr: [10, 0, 0, host].into(),
            port,
        };
        self.table.route(&Segment {
            at: Mark {
                time: Timestamp(self.millis * 1_000_000),
                frame: FrameNumber(self.frame),
            },
            tunnel: 0,
            source: end(from),
            destination: end(to),
            seq,
            ack,
            flags: TcpFlags(flags),
            window: 1000,
            options: TcpOptions::default(),
            ip_id: 0,
            payload,
            wire_payload: u32::try_from(payload.len()).expect("short"),
        })
    }

    fn client(&mut self, flags: u8, seq: u32, payload: &[u8]) -> Option<Route> {
        self.put(CLIENT, SERVER, flags, seq, 5001, payload)
    }

    fn server(&mut self, flags: u8, seq: u32, payload: &[u8]) -> Option<Route> {
        self.put(SERVER, CLIENT, flags, seq, 101, payload)
    }

    /// Three-way handshake with the initial sequence numbers 100 and 5000.
    fn handshake(&mut self) -> Slot {
        self.client(SYN, 100, b"").expect("opened");
        self.server(SYN_ACK, 5000, b"").expect("known");
        self.client(ACK, 101, b"").expect("known").slot
    }

    /// Both ends send FIN.
    fn close(&mut self) {
        self.client(FIN, 101, b"");
        self.server(FIN, 5001, b"");
    }

    fn ended(&mut self) -> Vec<(u64, EndReason)> {
        std::iter::from_fn(|| self.table.next_ended())
            .map(|ended| (ended.flow.id().0, ended.reason))
            .collect()
    }
}

fn told(route: Option<Route>) -> (u64, Side, FlowEvent) {
    let route = route.expect("routed");
    (route.id.0, route.side, route.event)
}

#[test]
fn both_directions_are_one_connection() {
    let mut rig = Rig::new();
    assert_eq!(
        told(rig.client(SYN, 100, b"")),
        (1, Side::Client, FlowEvent::Opened)
    );
    assert_eq!(
        told(rig.server(SYN_ACK, 5000, b"")),
        (1, Side::Server, FlowEvent::Known)
    );
    let slot = rig.client(ACK, 101, b"x").expect("known").slot;
    let flow = rig.table.flow(slot).expect("there");
    assert_eq!(flow.orientation(), Orientation::Syn);
    assert_eq!(flow.endpoints().client.port, 40_000);
    assert_eq!(flow.endpoints().server.port, 1935);
    assert_eq!(rig.table.len(), 1);
}

#[test]
fn the_client_is_who_sent_the_syn_whatever_the_ports_say() {
    let mut rig = Rig::new();
    let route = rig.put(SERVER, CLIENT, SYN, 1, 0, b"");
    assert_eq!(told(route).1, Side::Client);
}

#[test]
fn a_syn_ack_alone_tells_the_server() {
    let mut rig = Rig::new();
    let route = rig.put(CLIENT, SERVER, SYN_ACK, 1, 2, b"");
    assert_eq!(told(route).1, Side::Server);
}

#[test]
fn without_syn_the_ports_give_a_guess() {
    // A hinted port, then a port below the ephemeral ones, then the lower one is the server's.
    for (client, server) in [(40_000, 1935), (80, 1935), (50_000, 8080), (60_000, 50_000)] {
        let mut rig = Rig::new();
        let route = rig.put((1, server), (2, client), ACK, 1, 1, b"x");
        assert_eq!(told(route).1, Side::Server, "{client} {server}");
        let slot = route.expect("routed").slot;
        assert_eq!(
            rig.table.flow(slot).expect("there").orientation(),
            Orientation::Port
        );
    }
}

#[test]
fn with_equal_ports_who_speaks_first_is_the_client() {
    for (from, to) in [(1, 2), (2, 1)] {
        let mut rig = Rig::new();
        let route = rig.put((from, 1935), (to, 1935), ACK, 1, 1, b"x");
        assert_eq!(told(route).1, Side::Client);
    }
}

#[test]
fn a_late_syn_turns_a_wrong_guess() {
    let mut rig = Rig::new();
    assert_eq!(
        told(rig.server(ACK, 101, b"C0")),
        (1, Side::Server, FlowEvent::Opened)
    );
    assert_eq!(
        told(rig.server(SYN, 100, b"")),
        (1, Side::Client, FlowEvent::Turned)
    );
    assert_eq!(
        told(rig.client(ACK, 7000, b"")),
        (1, Side::Server, FlowEvent::Known)
    );
}

#[test]
fn content_turns_a_guess_but_not_a_syn() {
    let mut rig = Rig::new();
    let slot = rig.client(ACK, 101, b"S0").expect("routed").slot;
    assert!(rig.table.turn(slot));
    assert_eq!(told(rig.client(ACK, 103, b"x")).1, Side::Server);
    let flow = rig.table.flow(slot).expect("there");
    assert_eq!(flow.orientation(), Orientation::Content);
    assert_eq!(flow.endpoints().client.port, 1935);

    let mut rig = Rig::new();
    let slot = rig.handshake();
    assert!(!rig.table.turn(slot));
    assert_eq!(told(rig.client(ACK, 101, b"x")).1, Side::Client);
}

#[test]
fn a_split_handshake_keeps_its_client() {
    let mut rig = Rig::new();
    rig.client(SYN, 100, b"");
    rig.server(ACK, 4999, b"");
    assert_eq!(
        told(rig.server(SYN, 5000, b"")),
        (1, Side::Server, FlowEvent::Known)
    );
    assert_eq!(
        told(rig.client(SYN_ACK, 100, b"")),
        (1, Side::Client, FlowEvent::Known)
    );
}

#[test]
fn tunnels_keep_equal_addresses_apart() {
    let mut rig = Rig::new();
    rig.handshake();
    let segment = Segment {
        at: Mark::default(),
        tunnel: 7,
        source: Endpoint {
            addr: [10, 0, 0, 1].into(),
            port: 40_000,
        },
        destination: Endpoint {
            addr: [10, 0, 0, 2].into(),
            port: 1935,
        },
        seq: 0,
        ack: 0,
        flags: TcpFlags(ACK),
        window: 0,
        options: TcpOptions::default(),
        ip_id: 0,
        payload: b"",
        wire_payload: 0,
    };
    let route = rig.table.route(&segment).expect("routed");
    assert_eq!(route.id, FlowId(2));
    assert_eq!(rig.table.flow(route.slot).expect("there").tunnel(), 7);
}

#[test]
fn a_retransmitted_syn_is_no_new_connection() {
    let mut rig = Rig::new();
    rig.client(SYN, 100, b"");
    assert_eq!(
        told(rig.after(1000).client(SYN, 100, b"")),
        (1, Side::Client, FlowEvent::Known)
    );
    rig.server(SYN_ACK, 5000, b"");
    assert_eq!(told(rig.client(SYN, 100, b"")).0, 1);
}

#[test]
fn a_syn_with_another_number_is_a_new_connection() {
    let mut rig = Rig::new();
    let slot = rig.handshake();
    *rig.table
        .flow_mut(slot)
        .map(|flow| &mut flow.data)
        .expect("there") = 42;
    assert_eq!(
        told(rig.client(SYN, 900_000, b"")),
        (2, Side::Client, FlowEvent::Opened)
    );
    let ended = rig.table.next_ended().expect("the old one");
    assert_eq!(
        (ended.flow.id(), ended.reason),
        (FlowId(1), EndReason::Reused)
    );
    assert_eq!(ended.flow.data, 42);
    assert_eq!(rig.table.counters().reused, 1);
    assert_eq!(rig.table.len(), 1);
}

#[test]
fn a_server_that_answers_twice_with_other_numbers_is_one_connection() {
    let mut rig = Rig::new();
    rig.client(SYN, 100, b"");
    rig.server(SYN_ACK, 5000, b"");
    assert_eq!(told(rig.server(SYN_ACK, 6000, b"")).0, 1);
}

#[test]
fn a_syn_ack_for_another_syn_is_a_new_connection() {
    // The client's new SYN was not captured.
    let mut rig = Rig::new();
    rig.handshake();
    rig.close();
    let route = rig.put(SERVER, CLIENT, SYN_ACK, 2_000_000, 3_000_001, b"");
    assert_eq!(told(route), (2, Side::Server, FlowEvent::Opened));
    assert_eq!(rig.ended(), [(1, EndReason::Closed)]);
}

#[test]
fn a_syn_on_a_connection_joined_midway() {
    // Its own, captured late; or a new one, when it lies far from the data.
    let mut rig = Rig::new();
    rig.client(ACK, 101, b"x");
    assert_eq!(told(rig.client(SYN, 100, b"")).0, 1);
    let mut rig = Rig::new();
    rig.client(ACK, 50_000_000, b"x");
    assert_eq!(told(rig.client(SYN, 100, b"")).0, 2);
    let mut rig = Rig::new();
    rig.server(ACK, 5001, b"x");
    assert_eq!(told(rig.client(SYN, 100, b"")).0, 2);
}

#[test]
fn a_closed_connection_leaves_after_its_linger() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.close();
    assert_eq!(told(rig.after(4000).client(ACK, 102, b"")).0, 1);
    let now = Timestamp((rig.millis + 4999) * 1_000_000);
    rig.table.drain_idle(now);
    assert_eq!(rig.ended(), []);
    rig.table.drain_idle(Timestamp(now.0 + 1_000_000_000));
    assert_eq!(rig.ended(), [(1, EndReason::Closed)]);
    assert!(rig.table.is_empty());
}

#[test]
fn a_clock_that_is_set_ends_nothing_and_lets_nothing_stay() {
    let hour = Span::from_secs(3600);
    let mut rig = Rig::new();
    rig.handshake();
    // Ahead: nobody was silent for an hour.
    rig.table.clock_stepped(hour);
    rig.after(3_600_000);
    assert_eq!(told(rig.after(1000).client(ACK, 101, b"x")).0, 1);
    assert_eq!(told(rig.after(1000).client(ACK, 102, b"x")).0, 1);
    assert_eq!(rig.ended(), []);
    // And back: what is over leaves as soon as ever.
    rig.close();
    rig.table.clock_stepped(Span(-hour.nanos()));
    rig.after(-3_600_000).after(6000);
    rig.table.drain_idle(Timestamp(rig.millis * 1_000_000));
    assert_eq!(rig.ended(), [(1, EndReason::Closed)]);
}

#[test]
fn a_connection_is_as_quiet_as_it_was_when_the_clock_is_set_back() {
    let hour = Span::from_secs(3600);
    let mut rig = Rig::with(FlowConfig {
        max_flows: 2,
        ..FlowConfig::default()
    });
    for host in 1..=2 {
        rig.put((host, 1), (9, 80), ACK, 1, 1, b"x");
    }
    rig.table.clock_stepped(Span(-hour.nanos()));
    // One goes on, the other is quiet for longer than what is not wanted may be.
    rig.after(2000 - 3_600_000)
        .put((2, 1), (9, 80), ACK, 2, 1, b"x");
    assert!(rig.put((3, 1), (9, 80), ACK, 1, 1, b"x").is_some());
    assert_eq!(rig.ended(), [(1, EndReason::Evicted)]);
}

#[test]
fn a_half_closed_connection_stays() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.client(FIN, 101, b"");
    assert_eq!(told(rig.after(30_000).server(ACK, 5001, b"x")).0, 1);
    assert_eq!(rig.ended(), []);
}

#[test]
fn a_reset_ends_the_connection() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.server(RST, 5001, b"");
    rig.after(6000);
    rig.table.drain_idle(Timestamp(rig.millis * 1_000_000));
    assert_eq!(rig.ended(), [(1, EndReason::Reset)]);
}

#[test]
fn a_reset_answers_a_syn_with_the_number_0() {
    let mut rig = Rig::new();
    rig.client(SYN, 100, b"");
    rig.put(SERVER, CLIENT, RST | ACK, 0, 101, b"");
    rig.table.drain_all();
    assert_eq!(rig.ended(), [(1, EndReason::Reset)]);
}

#[test]
fn a_reset_far_from_the_window_is_not_believed() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.server(RST, 900_000_000, b"");
    rig.table.drain_all();
    assert_eq!(rig.ended(), [(1, EndReason::EndOfCapture)]);
}

#[test]
fn a_reset_that_nobody_heeds_ends_nothing() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.server(RST, 5001, b"");
    for seq in 101..120 {
        rig.after(1000).client(ACK, seq, b"x");
    }
    assert_eq!(told(rig.after(600_000).client(ACK, 120, b"x")).0, 1);
    assert_eq!(rig.ended(), []);

    // Or, when it was quiet for a while, goes on as another.
    let mut rig = Rig::new();
    rig.handshake();
    rig.server(RST, 5001, b"");
    assert_eq!(told(rig.after(7000).client(ACK, 101, b"x")).0, 2);
}

#[test]
fn what_is_made_up_before_the_handshake_closes_nothing() {
    let mut rig = Rig::new();
    rig.client(SYN, 100, b"");
    rig.put(SERVER, CLIENT, RST | ACK, 0, 101, b"");
    rig.server(FIN, 1, b"");
    assert_eq!(told(rig.server(SYN_ACK, 5000, b"")).0, 1);
    rig.client(ACK, 101, b"");
    rig.table.drain_all();
    assert_eq!(rig.ended(), [(1, EndReason::EndOfCapture)]);
}

#[test]
fn a_reset_of_nothing_opens_nothing() {
    let mut rig = Rig::new();
    assert_eq!(rig.server(RST, 1, b""), None);
    assert_eq!(rig.table.counters().stray_resets, 1);
    assert!(rig.table.is_empty());
}

#[test]
fn stragglers_of_a_closed_connection_open_none() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.close();
    rig.after(10_000);
    rig.table.drain_idle(Timestamp(rig.millis * 1_000_000));
    assert_eq!(rig.ended().len(), 1);
    assert_eq!(rig.server(FIN, 5001, b""), None);
    assert_eq!(rig.client(ACK, 101, b"again"), None);
    assert_eq!(
        rig.client(SYN, 100, b""),
        None,
        "its own SYN, captured late"
    );
    assert_eq!(rig.server(RST, 5002, b""), None);
    assert_eq!(rig.table.counters().stragglers, 4);
    // Data far from where it stopped, and a new SYN, belong to a new connection.
    assert_eq!(told(rig.client(ACK, 90_000_000, b"new")).0, 2);
}

#[test]
fn a_closed_connection_is_forgotten_after_a_minute() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.close();
    rig.after(10_000);
    rig.table.drain_idle(Timestamp(rig.millis * 1_000_000));
    rig.after(55_000);
    assert_eq!(told(rig.client(ACK, 101, b"again")).0, 2);
}

#[test]
fn a_new_syn_after_a_close_begins_at_once() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.close();
    assert_eq!(told(rig.client(SYN, 700_000, b"")).0, 2);
    assert_eq!(
        rig.ended(),
        [(1, EndReason::Closed)],
        "not reused: it was over"
    );
    assert_eq!(rig.table.counters().reused, 0);
}

#[test]
fn a_quiet_connection_ends_and_may_go_on_as_another() {
    let mut rig = Rig::new();
    rig.handshake();
    rig.after(900_000);
    rig.table.drain_idle(Timestamp(rig.millis * 1_000_000));
    assert_eq!(rig.ended(), [(1, EndReason::Idle)]);
    assert_eq!(
        told(rig.client(ACK, 101, b"x")),
        (2, Side::Client, FlowEvent::Opened)
    );
}

#[test]
fn an_unanswered_syn_ends_sooner() {
    let mut rig = Rig::new();
    rig.client(SYN, 100, b"");
    rig.after(120_000);
    rig.table.drain_idle(Timestamp(rig.millis * 1_000_000));
    assert_eq!(rig.ended(), [(1, EndReason::Idle)]);
}

#[test]
fn one_broken_timestamp_ends_nothing() {
    let mut rig = Rig::new();
    rig.handshake();
    let year = 365 * 86_400 * 1000;
    rig.after(year).put((8, 1), (9, 2), ACK, 1, 1, b"");
    rig.after(-year).client(ACK, 101, b"x");
    assert_eq!(rig.ended(), []);
    // Two of them are a pause in the capture.
    rig.after(year).put((8, 1), (9, 2), ACK, 1, 1, b"");
    rig.put((8, 1), (9, 2), ACK, 1, 1, b"");
    assert_eq!(rig.ended(), [(1, EndReason::Idle)]);
}

#[test]
fn time_running_backwards_does_no_harm() {
    let mut rig = Rig::new();
    rig.handshake();
    assert_eq!(told(rig.after(-3_600_000).client(ACK, 101, b"x")).0, 1);
    assert_eq!(rig.ended(), []);
}

#[test]
fn when_there_are_too_many_the_half_open_and_the_quiet_go_first() {
    let mut rig = Rig::with(FlowConfig {
        max_flows: 3,
        ..FlowConfig::default()
    });
    rig.put((1, 1), (9, 80), ACK, 1, 1, b"quiet");
    rig.after(1000).put((2, 1), (9, 80), SYN, 1, 0, b"");
    rig.after(1000).put((3, 1), (9, 80), ACK, 1, 1, b"busy");
    assert_eq!(
        told(rig.after(1000).put((4, 1), (9, 80), ACK, 1, 1, b"")).0,
        4
    );
    assert_eq!(rig.ended(), [(2, EndReason::Evicted)]);
    rig.after(1000).put((5, 1), (9, 80), ACK, 1, 1, b"");
    assert_eq!(rig.ended(), [(1, EndReason::Evicted)]);
    assert_eq!(rig.table.counters().evicted, 2);
    assert_eq!(rig.table.len(), 3);
}

#[test]
fn a_newcomer_does_not_drive_out_what_is_wanted() {
    let mut rig = Rig::with(FlowConfig {
        max_flows: 2,
        ..FlowConfig::default()
    });
    for host in 1..=2 {
        let route = rig.put((host, 1), (9, 80), ACK, 1, 1, b"x").unwrap();
        rig.table.flow_mut(route.slot).unwrap().is_wanted = true;
    }
    assert_eq!(rig.after(1000).put((3, 1), (9, 80), ACK, 1, 1, b"x"), None);
    assert_eq!(rig.table.counters().refused, 1);
    // Both go on as before.
    assert_eq!(told(rig.put((1, 1), (9, 80), ACK, 2, 1, b"x")).0, 1);
    // One that was quiet for a minute makes room.
    rig.after(60_500).put((1, 1), (9, 80), ACK, 3, 1, b"x");
    assert!(rig.put((3, 1), (9, 80), ACK, 2, 1, b"x").is_some());
    assert_eq!(rig.ended(), [(2, EndReason::Evicted)]);
}

#[test]
fn all_come_out_in_the_order_of_first_sight() {
    let mut rig = Rig::new();
    for round in 0..2u16 {
        for port in 0..1000u16 {
            rig.put((1, 10_000 + port), (2, 1935), ACK, 1, 1, b"x");
            if port % 7 == 0 {
                // Leaves holes in the slab, which the second round fills out of order.
                rig.put(
                    (1, 10_000 + port),
                    (2, 1935),
                    SYN,
                    u32::from(round) << 24,
                    0,
                    b"",
                );
            }
        }
    }
    let live: Vec<u64> = rig.table.flows().map(|flow| flow.id().0).collect();
    assert!(live.is_sorted());
    rig.ended();
    rig.table.drain_all();
    let ids: Vec<u64> = rig.ended().iter().map(|&(id, _)| id).collect();
    assert_eq!(ids, live);
    assert!(rig.table.is_empty());
}

#[test]
fn a_socket_connected_to_itself_is_one_connection() {
    let mut rig = Rig::new();
    let own = (1, 5000);
    rig.put(own, own, SYN, 1, 0, b"");
    assert_eq!(told(rig.put(own, own, ACK, 2, 2, b"x")).0, 1);
}

#[test]
fn mapped_addresses_stay_what_they_are() {
    let mut rig = Rig::new();
    let v4 = Endpoint {
        addr: [0, 0, 0, 1].into(),
        port: 1,
    };
    let v6 = Endpoint {
        addr: "::1".parse().expect("an address"),
        port: 1,
    };
    let mut segment = Segment {
        at: Mark::default(),
        tunnel: 0,
        source: v4,
        destination: Endpoint { port: 2, ..v4 },
        seq: 0,
        ack: 0,
        flags: TcpFlags(ACK),
        window: 0,
        options: TcpOptions::default(),
        ip_id: 0,
        payload: b"",
        wire_payload: 0,
    };
    let first = rig.table.route(&segment).expect("routed");
    segment.source = v6;
    segment.destination = Endpoint { port: 2, ..v6 };
    let second = rig.table.route(&segment).expect("routed");
    assert_ne!(first.id, second.id);
    let ends = |slot| rig.table.flow(slot).expect("there").endpoints();
    assert_eq!(ends(first.slot).server, v4);
    assert_eq!(ends(second.slot).server, v6);
}
