//! Connections of this machine on a port, as Linux lists them: a word on where to look, before any
//! packet is.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// The lists of our network namespace.
const LISTS: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/// Bytes of a list that are read: some 25 000 connections, in some milliseconds.
const MOST: u64 = 4 << 20;

/// The state of an open connection (`TCP_ESTABLISHED`).
const ESTABLISHED: &str = "01";

/// The addresses of this machine of connections whose one port this is, on either side; the one
/// that is its own peer counts once.
pub fn established(port: u16) -> Vec<IpAddr> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for list in LISTS {
        let Ok(file) = File::open(list) else {
            continue;
        };
        let mut text = String::new();
        // Of a list that is longer, what was read counts.
        let _ = file.take(MOST).read_to_string(&mut text);
        found.extend(parse(&text, port, &mut seen));
    }
    found
}

type End = (IpAddr, u16);

fn parse(text: &str, port: u16, seen: &mut HashSet<(End, End)>) -> Vec<IpAddr> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (local, peer) = (end(words.next()?)?, end(words.next()?)?);
            let is_ours = words.next()? == ESTABLISHED && (local.1 == port || peer.1 == port);
            let is_new = is_ours && seen.insert((local.min(peer), local.max(peer)));
            is_new.then_some(local.0)
        })
        .collect()
}

/// `0100007F:078F`: words of 32 bits in the order of this machine, then the port.
fn end(text: &str) -> Option<End> {
    let (address, port) = text.split_once(':')?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(at..at.checked_add(8)?)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let ip = if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        IpAddr::V4(Ipv4Addr::from(four))
    } else {
        IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?)).to_canonical()
    };
    Some((ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn connections_are_found_on_either_side_and_counted_once() {
        // proc_net_tcp.txt of the kernel: address and port of both ends, then the state.
        let four = "  sl  local_address rem_address   st tx_queue rx_queue\n\
               0: 00000000:078F 00000000:0000 0A 00000000:00000000\n\
               1: 0100007F:078F 0100007F:C350 01 00000000:00000000\n\
               2: 0100007F:C350 0100007F:078F 01 00000000:00000000\n\
               3: 0A0200C0:C351 010200C0:078F 01 00000000:00000000\n\
               4: 0A0200C0:C352 010200C0:0050 01 00000000:00000000\n\
               5: 0A0200C0:C353 010200C0:078F 06 00000000:00000000\n\
               6: odd\n";
        let mut seen = HashSet::new();
        let found = parse(four, 1935, &mut seen);
        assert_eq!(
            found,
            ["127.0.0.1", "192.0.2.10"].map(|ip| ip.parse::<IpAddr>().unwrap())
        );
        let six = "  sl  local_address remote_address st\n\
               0: 0000000000000000FFFF00000B0200C0:078F 0000000000000000FFFF00000C0200C0:C350 01\n\
               1: B80D0120000000000000000001000000:078F B80D0120000000000000000002000000:C350 01\n";
        let found = parse(six, 1935, &mut seen);
        assert_eq!(
            found,
            ["192.0.2.11", "2001:db8::1"].map(|ip| ip.parse::<IpAddr>().unwrap())
        );
    }
}
