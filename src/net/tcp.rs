//! The TCP header (RFC 9293) becomes a [`Segment`].

use std::net::IpAddr;

use etherparse::TcpHeaderSlice;
use etherparse::err::tcp::HeaderSliceError;

use crate::base::ids::Mark;
use crate::net::Endpoint;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::TcpOptions;
use crate::net::skip::Skip;
use crate::net::window::Window;

/// What the layers below TCP say about a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Below {
    pub(super) at: Mark,
    pub(super) tunnel: u32,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) ip_id: u16,
}

/// Reads the segment that an IP datagram holds.
pub(super) fn segment(below: Below, body: Window<'_>) -> Result<Segment<'_>, Skip> {
    let data = body.data();
    let padded;
    let (header, options, payload) = match TcpHeaderSlice::from_slice(data) {
        Ok(header) => {
            let header_len = header.slice().len();
            let options = data.get(MIN_HEADER..header_len).unwrap_or_default();
            (header, options, body.skip(header_len)?)
        }
        Err(HeaderSliceError::Content(_)) => return Err(Skip::Malformed),
        Err(HeaderSliceError::Len(short)) => {
            if short.required_len > body.wire() || data.len() < MIN_HEADER {
                return Err(body.short_of(short.required_len));
            }
            // The capture cut the options. The fixed fields are there, and they are what
            // reassembly needs: only the options are read from fewer bytes.
            padded = padded_header(data);
            let Ok(header) = TcpHeaderSlice::from_slice(&padded) else {
                return Err(Skip::Malformed);
            };
            let wire = body.wire().saturating_sub(header.slice().len());
            let options = data.get(MIN_HEADER..).unwrap_or_default();
            (header, options, Window::new(&[], wire))
        }
    };
    Ok(Segment {
        at: below.at,
        tunnel: below.tunnel,
        source: Endpoint {
            addr: below.source,
            port: header.source_port(),
        },
        destination: Endpoint {
            addr: below.destination,
            port: header.destination_port(),
        },
        seq: header.sequence_number(),
        ack: header.acknowledgment_number(),
        flags: TcpFlags(flags_byte(header.slice())),
        window: header.window_size(),
        options: parse_options(options),
        ip_id: below.ip_id,
        payload: payload.data(),
        wire_payload: u32::try_from(payload.wire()).unwrap_or(u32::MAX),
    })
}

/// Length of a TCP header without options, in bytes.
const MIN_HEADER: usize = 20;

/// Length of the longest TCP header, in bytes: the data offset is four bits of 32-bit words.
const MAX_HEADER: usize = 60;

fn padded_header(data: &[u8]) -> [u8; MAX_HEADER] {
    let mut padded = [0; MAX_HEADER];
    for (to, from) in padded.iter_mut().zip(data) {
        *to = *from;
    }
    padded
}

fn flags_byte(header: &[u8]) -> u8 {
    header.get(13).copied().unwrap_or_default()
}

/// Option kinds (IANA "TCP Option Kind Numbers").
mod kind {
    pub(super) const END: u8 = 0;
    pub(super) const NOP: u8 = 1;
    pub(super) const MSS: u8 = 2;
    pub(super) const WINDOW_SCALE: u8 = 3;
    pub(super) const SACK: u8 = 5;
    pub(super) const TIMESTAMPS: u8 = 8;
}

/// Largest window shift that counts; a larger one is taken as this (RFC 7323 section 2.3).
const MAX_WINDOW_SHIFT: u8 = 14;

/// Reads the options. Kinds that are not ours are stepped over; an option of wrong length ends
/// the list, and what was read before it counts.
pub(super) fn parse_options(options: &[u8]) -> TcpOptions {
    // Nearly every segment of an established connection has exactly this (RFC 7323 appendix A).
    if let [1, 1, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3] = *options {
        return TcpOptions {
            timestamps: Some((
                u32::from_be_bytes([v0, v1, v2, v3]),
                u32::from_be_bytes([e0, e1, e2, e3]),
            )),
            ..TcpOptions::default()
        };
    }
    let mut found = TcpOptions::default();
    let mut rest = options;
    loop {
        match *rest {
            [] | [kind::END, ..] => return found,
            [kind::NOP, ref behind @ ..] => rest = behind,
            [option, length, ref behind @ ..] => {
                let Some((value, behind)) = usize::from(length)
                    .checked_sub(2)
                    .and_then(|value| behind.split_at_checked(value))
                else {
                    return found;
                };
                read_option(option, value, &mut found);
                rest = behind;
            }
            [_] => return found,
        }
    }
}

fn read_option(option: u8, value: &[u8], found: &mut TcpOptions) {
    match (option, value) {
        (kind::MSS, &[high, low]) => found.mss = Some(u16::from_be_bytes([high, low])),
        (kind::WINDOW_SCALE, &[shift]) => found.window_scale = Some(shift.min(MAX_WINDOW_SHIFT)),
        (kind::TIMESTAMPS, &[v0, v1, v2, v3, e0, e1, e2, e3]) => {
            found.timestamps = Some((
                u32::from_be_bytes([v0, v1, v2, v3]),
                u32::from_be_bytes([e0, e1, e2, e3]),
            ));
        }
        (kind::SACK, blocks) => {
            let (blocks, _) = blocks.as_chunks::<8>();
            found.sack_count = 0;
            for (to, &[l0, l1, l2, l3, r0, r1, r2, r3]) in found.sack.iter_mut().zip(blocks) {
                *to = (
                    u32::from_be_bytes([l0, l1, l2, l3]),
                    u32::from_be_bytes([r0, r1, r2, r3]),
                );
                found.sack_count = found.sack_count.saturating_add(1);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_alone_are_read_at_once() {
        // RFC 7323 appendix A: NOP NOP TIMESTAMPS.
        let options = parse_options(&[1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4]);
        assert_eq!(
            options,
            TcpOptions {
                timestamps: Some((0x102, 0x304)),
                ..TcpOptions::default()
            }
        );
    }

    #[test]
    fn the_options_of_a_linux_syn_are_read() {
        // MSS 1460, SACK permitted, timestamps, NOP, window scale 7.
        let options = parse_options(&[
            2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7,
        ]);
        assert_eq!(options.mss, Some(1460));
        assert_eq!(options.window_scale, Some(7));
        assert_eq!(options.timestamps, Some((9, 0)));
        assert_eq!(options.sack_count, 0);
    }

    #[test]
    fn sack_blocks_are_read() {
        // RFC 2018 section 3: kind 5, length 2 + 8 n, edges.
        let options = parse_options(&[1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]);
        assert_eq!(options.sack_count, 2);
        assert_eq!(&options.sack[..2], [(1, 2), (3, 4)]);
    }

    #[test]
    fn a_window_shift_above_14_counts_as_14() {
        assert_eq!(parse_options(&[3, 3, 200]).window_scale, Some(14));
    }

    #[test]
    fn unknown_kinds_are_stepped_over() {
        // Multipath TCP (kind 30) before the window scale.
        let options = parse_options(&[30, 4, 0xaa, 0xbb, 3, 3, 5]);
        assert_eq!(options.window_scale, Some(5));
    }

    #[test]
    fn a_wrong_length_ends_the_list() {
        for broken in [
            &[3, 3, 5, 2, 0, 0, 0][..],
            &[3, 3, 5, 2, 1, 0, 0],
            &[3, 3, 5, 2, 40, 0, 0],
            &[3, 3, 5, 2],
        ] {
            let options = parse_options(broken);
            assert_eq!((options.window_scale, options.mss), (Some(5), None));
        }
    }

    #[test]
    fn nothing_counts_behind_the_end_of_the_list() {
        assert_eq!(parse_options(&[0, 3, 3, 5]), TcpOptions::default());
    }
}
