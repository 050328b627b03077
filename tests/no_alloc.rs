//! In-order segments cost no allocation: neither finding their connection, nor reassembly, nor
//! the facts about it. Run without the test harness, whose own thread allocates now and then.

#![expect(
    clippy::expect_used,
    reason = "a segment without a connection fails the test"
)]

use std::alloc::System;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::ids::Mark;
use rtmpscope::base::time::Timestamp;
use rtmpscope::net::Endpoint;
use rtmpscope::net::Segment;
use rtmpscope::net::TcpFlags;
use rtmpscope::net::TcpOptions;
use rtmpscope::net::connection::Connection;
use rtmpscope::net::flow::FlowTable;
use rtmpscope::net::reassembly::ReassemblyBudget;
use rtmpscope::net::reassembly::Span;
use stats_alloc::INSTRUMENTED_SYSTEM;
use stats_alloc::Region;
use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Connections that send by turns.
const FLOWS: u16 = 50;

/// Segments that each end sends.
const ROUNDS: u32 = 200;

/// What takes the segments.
#[derive(Default)]
struct Rig {
    flows: FlowTable<Connection>,
    budget: ReassemblyBudget,
    frame: u64,
    delivered: u64,
}

impl Rig {
    fn put(&mut self, from_client: bool, flow: u16, flags: u8, seq: u32, ack: u32, bytes: &[u8]) {
        self.frame = self.frame.wrapping_add(1);
        let client = Endpoint {
            addr: [10, 0, 0, 1].into(),
            port: 40_000_u16.wrapping_add(flow),
        };
        let server = Endpoint {
            addr: [10, 0, 0, 2].into(),
            port: 1935,
        };
        let (source, destination) = if from_client {
            (client, server)
        } else {
            (server, client)
        };
        let segment = Segment {
            at: Mark {
                time: Timestamp(i64::try_from(self.frame).unwrap_or_default() * 100_000),
                frame: FrameNumber(self.frame),
            },
            tunnel: 0,
            source,
            destination,
            seq,
            ack,
            flags: TcpFlags(flags),
            window: 64_000,
            options: TcpOptions::default(),
            ip_id: 0,
            payload: bytes,
            wire_payload: u32::try_from(bytes.len()).unwrap_or_default(),
        };
        let route = self.flows.route(&segment).expect("a connection");
        let connection = &mut self.flows.flow_mut(route.slot).expect("there").data;
        let delivered = &mut self.delivered;
        connection.push(route.side, &segment, &mut self.budget, &mut |_, span| {
            if let Span::Data { bytes, .. } = span {
                *delivered += bytes.len() as u64;
            }
        });
    }
}

fn main() {
    let mut rig = Rig::default();
    for flow in 0..FLOWS {
        rig.put(true, flow, 0x02, 999, 0, b"");
        rig.put(false, flow, 0x12, 4999, 1000, b"");
        rig.put(true, flow, 0x10, 1000, 5000, b"");
    }
    let payload = [7u8; 1448];
    let region = Region::new(ALLOCATOR);
    for round in 0..ROUNDS {
        let (seq, ack) = (1000 + round * 1448, 5000 + round * 100);
        for flow in 0..FLOWS {
            rig.put(true, flow, 0x10, seq, ack, &payload);
            rig.put(false, flow, 0x18, ack, seq + 1448, &payload[..100]);
            rig.put(true, flow, 0x10, seq + 1448, ack + 100, b"");
        }
    }
    let change = region.change();
    assert_eq!(change.allocations, 0, "{change:?}");
    assert_eq!(change.reallocations, 0, "{change:?}");
    assert_eq!(
        rig.delivered,
        u64::from(FLOWS) * u64::from(ROUNDS) * 1548,
        "all of it came out"
    );
    assert_eq!(rig.budget.high_water(), 0);
    println!("test in_order_segments_do_not_allocate ... ok");
}
