//! The damages: each takes the packets of a whole capture and gives back those of a worse one.

use std::collections::BTreeSet;

use rtmpscope::base::time::Span;
use rtmpscope::net::TcpFlags;

use crate::packet::Packet;
use crate::packet::Way;
use crate::random::Random;

/// Gives the capture times to the packets in the order in which they are now.
fn in_time(packets: Vec<Packet>, times: &[Packet]) -> Vec<Packet> {
    let mut packets = packets;
    for (packet, at) in packets.iter_mut().zip(times) {
        packet.time = at.time;
    }
    packets
}

// ===== Nothing is lost =====

/// One in ten packets trades places with the next.
pub(crate) fn swap(packets: &[Packet], random: &mut Random) -> Vec<Packet> {
    let mut swapped = packets.to_vec();
    let mut at = 1;
    while at < swapped.len() {
        if random.percent(10) {
            swapped.swap(at - 1, at);
            at += 1;
        }
        at += 1;
    }
    in_time(swapped, packets)
}

/// Longest that a packet is captured late: queues of capture drivers hold packets for
/// milliseconds.
const LATEST: Span = Span::from_millis(300);

/// One in twenty packets is captured up to `most` places late.
pub(crate) fn delay(packets: &[Packet], most: usize, random: &mut Random) -> Vec<Packet> {
    let order: Vec<(usize, usize)> = (0..packets.len())
        .map(|at| {
            let places = if random.percent(5) {
                1 + random.below(most)
            } else {
                0
            };
            let late = packets[at..]
                .iter()
                .take(places + 1)
                .filter(|other| other.time.since(packets[at].time) <= LATEST)
                .count()
                .saturating_sub(1);
            // Behind the packet in whose place it is captured.
            (at + late, usize::from(late > 0))
        })
        .collect();
    let mut sorted: Vec<usize> = (0..packets.len()).collect();
    sorted.sort_by_key(|at| order[*at]);
    let moved = sorted.into_iter().map(|at| packets[at].clone()).collect();
    in_time(moved, packets)
}

/// One in ten packets comes twice, the second time up to `most` places later.
pub(crate) fn duplicate(packets: &[Packet], most: usize, random: &mut Random) -> Vec<Packet> {
    let mut doubled = Vec::new();
    let mut waiting: Vec<(usize, Packet)> = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        doubled.push(packet.clone());
        if random.percent(10) {
            waiting.push((at + random.below(most), packet.clone()));
        }
        waiting.retain(|(due, copy)| {
            if *due > at {
                return true;
            }
            let mut copy = copy.clone();
            copy.time = packet.time;
            doubled.push(copy);
            false
        });
    }
    doubled.extend(waiting.into_iter().map(|(_, copy)| copy));
    doubled
}

/// Behind one in ten pairs of segments, bytes of both come again in one.
pub(crate) fn overlap(packets: &[Packet], random: &mut Random) -> Vec<Packet> {
    let mut all: Vec<Packet> = Vec::new();
    for packet in packets {
        let before = all
            .iter()
            .rev()
            .take(8)
            .find(|before| before.way() == packet.way() && !before.payload.is_empty())
            .filter(|before| before.first().wrapping_add(before.len()) == packet.seq)
            .cloned();
        all.push(packet.clone());
        let Some(before) = before.filter(|_| !packet.payload.is_empty()) else {
            continue;
        };
        if !random.percent(10) {
            continue;
        }
        let from = random.below(before.payload.len());
        let to = 1 + random.below(packet.payload.len());
        let mut again = packet.clone();
        again.flags = TcpFlags(again.flags.0 & !(TcpFlags::FIN.0 | TcpFlags::SYN.0));
        again.seq = before
            .first()
            .wrapping_add(u32::try_from(from).expect("short"));
        again.payload = [&before.payload[from..], &packet.payload[..to]].concat();
        all.push(again);
    }
    all
}

/// Segments are cut in pieces of 1 to `longest` bytes, those of at most `share` of a hundred.
pub(crate) fn recut(
    packets: &[Packet],
    longest: usize,
    share: usize,
    random: &mut Random,
) -> Vec<Packet> {
    let mut all = Vec::new();
    for packet in packets {
        if packet.payload.len() < 2 || packet.has(TcpFlags::SYN) || !random.percent(share) {
            all.push(packet.clone());
            continue;
        }
        let mut from = 0;
        while from < packet.payload.len() {
            // Single bytes by the thousand behind a hole are too many to wait for it.
            let len = if longest == 1 && from >= 64 {
                packet.payload.len()
            } else {
                1 + random.below(longest)
            };
            let to = (from + len).min(packet.payload.len());
            let mut piece = packet.clone();
            piece.seq = packet.seq.wrapping_add(u32::try_from(from).expect("short"));
            piece.payload = packet.payload[from..to].to_vec();
            if to < packet.payload.len() {
                let last = TcpFlags::FIN.0 | TcpFlags::RST.0 | TcpFlags::PSH.0;
                piece.flags = TcpFlags(piece.flags.0 & !last);
            }
            all.push(piece);
            from = to;
        }
    }
    all
}

/// Neighbours of one direction become one segment of up to `longest` bytes.
pub(crate) fn join(packets: &[Packet], longest: usize) -> Vec<Packet> {
    let mut all: Vec<Packet> = Vec::new();
    for packet in packets {
        let plain = |of: &Packet| {
            let other = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
            of.flags.0 & other == 0 && !of.payload.is_empty()
        };
        match all.last_mut() {
            Some(last)
                if plain(last)
                    && plain(packet)
                    && last.way() == packet.way()
                    && last.first().wrapping_add(last.len()) == packet.seq
                    && last.payload.len() + packet.payload.len() <= longest =>
            {
                last.payload.extend(&packet.payload);
            }
            _ => all.push(packet.clone()),
        }
    }
    all
}

/// Sequence numbers pass 2^32 in the midst of what was sent.
pub(crate) fn wrap(packets: &[Packet], way: Way, middle: u32, origin: u32) -> Vec<Packet> {
    let shift = 0_u32.wrapping_sub(middle).wrapping_sub(origin);
    let mut all = packets.to_vec();
    for packet in &mut all {
        if packet.way() == way {
            packet.seq = packet.seq.wrapping_add(shift);
        } else if packet.way() == (way.1, way.0) {
            if packet.has(TcpFlags::ACK) {
                packet.ack = packet.ack.wrapping_add(shift);
            }
            for (left, right) in &mut packet.options.sack {
                *left = left.wrapping_add(shift);
                *right = right.wrapping_add(shift);
            }
        }
    }
    all
}

/// What the other side sent is not captured.
pub(crate) fn one_way(packets: &[Packet], ways: &BTreeSet<Way>) -> Vec<Packet> {
    packets
        .iter()
        .filter(|packet| ways.contains(&packet.way()))
        .cloned()
        .collect()
}

// ===== Bytes are lost =====

/// The capture begins later.
pub(crate) fn late(packets: &[Packet], first: usize) -> Vec<Packet> {
    packets[first..].to_vec()
}

/// One packet is not captured.
pub(crate) fn lose_one(packets: &[Packet], lost: usize) -> Vec<Packet> {
    let mut all = packets.to_vec();
    all.remove(lost);
    all
}

/// Some of a thousand packets with payload are not captured.
pub(crate) fn lose(packets: &[Packet], per_mille: usize, random: &mut Random) -> Vec<Packet> {
    packets
        .iter()
        .filter(|packet| packet.payload.is_empty() || random.below(1000) >= per_mille)
        .cloned()
        .collect()
}
