//! Variants of the classic format (pcap-savefile(5)).

use super::PCAP;
use super::drain;
use super::files;
use super::read;
use crate::base::time::Precision;
use crate::capture::LinkType;
use crate::capture::Source as _;
use crate::capture::info::Format;

/// One frame "abc" at 1 s and 2 units, with this magic, in big-endian byte order.
fn big_endian(magic: u32, record_extra: &[u8]) -> Vec<u8> {
    let mut file = magic.to_be_bytes().to_vec();
    file.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    file.extend([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 7]);
    file.extend(record_extra);
    file.extend(b"abc");
    file
}

#[test]
fn little_endian_microseconds() {
    let mut source = files(PCAP);
    let outcome = drain(&mut source);
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.data(), [&b"abc"[..], b"defgh"]);
    assert_eq!(outcome.nanos(), [1_000_002_000, 2_500_000_000]);
    assert_eq!(outcome.frames[1].wire_len, 9);
    assert_eq!(source.precision(), Precision::Micros);
    let info = &source.inputs()[0];
    assert_eq!(info.format, Some(Format::Pcap));
    assert_eq!(info.interfaces[0].snaplen, 262_144);
    assert_eq!(info.interfaces[0].link, LinkType::ETHERNET);
    assert_eq!(source.progress().frames, 2);
    assert_eq!(source.progress().bytes_read, PCAP.len() as u64);
    assert_eq!(source.progress().bytes_total, None);
}

#[test]
fn big_endian_microseconds() {
    let outcome = read(&big_endian(0xA1B2_C3D4, &[]));
    assert_eq!(outcome.data(), [b"abc"]);
    assert_eq!(outcome.nanos(), [1_000_002_000]);
    assert_eq!(outcome.frames[0].wire_len, 7);
}

#[test]
fn nanoseconds_of_both_byte_orders() {
    let mut source = files(&big_endian(0xA1B2_3C4D, &[]));
    assert_eq!(drain(&mut source).nanos(), [1_000_000_002]);
    assert_eq!(source.precision(), Precision::Nanos);

    let mut swapped = PCAP.to_vec();
    swapped[..4].copy_from_slice(&[0x4D, 0x3C, 0xB2, 0xA1]);
    assert_eq!(read(&swapped).nanos(), [1_000_000_002, 2_000_500_000]);
}

#[test]
fn the_modified_format_has_longer_frame_headers() {
    let extra = [0, 0, 0, 5, 8, 0, 4, 0];
    let mut source = files(&big_endian(0xA1B2_CD34, &extra));
    assert_eq!(drain(&mut source).data(), [b"abc"]);
    assert_eq!(source.inputs()[0].format, Some(Format::PcapModified));
}

#[test]
fn the_upper_bits_of_the_link_type_are_not_part_of_it() {
    let mut file = PCAP.to_vec();
    // A frame check sequence of 4 bytes: length 4 in the upper nibble, and the bit that says so.
    file[23] = 0x24;
    assert_eq!(read(&file).links(), [LinkType::ETHERNET; 2]);
}

#[test]
fn old_writers_exchanged_the_two_lengths() {
    let mut file = PCAP.to_vec();
    file[6] = 2;
    // The second frame: 9 on the wire before 5 captured.
    let second = 24 + 16 + 3;
    file[second + 8] = 9;
    file[second + 12] = 5;
    let outcome = read(&file);
    assert_eq!(outcome.data(), [&b"abc"[..], b"defgh"]);
    assert_eq!(outcome.frames[1].wire_len, 9);
}

#[test]
fn a_length_on_the_wire_below_the_captured_one_is_raised() {
    let mut file = PCAP.to_vec();
    file[24 + 12] = 0;
    assert_eq!(read(&file).frames[0].wire_len, 3);
}

#[test]
fn an_empty_frame_is_a_frame() {
    let mut file = PCAP[..24].to_vec();
    file.extend([0; 16]);
    file.extend(&PCAP[24..]);
    assert_eq!(read(&file).data(), [&b""[..], b"abc", b"defgh"]);
}

#[test]
fn times_beyond_2038_are_kept() {
    let mut file = PCAP.to_vec();
    file[24..28].copy_from_slice(&[0xFF; 4]);
    assert_eq!(read(&file).nanos()[0], 4_294_967_295_000_002_000);
}

#[test]
fn an_absurd_length_ends_the_file() {
    for len in [0xFFFF_FFFF_u32, 0x7FFF_FFFF, 16 * 1024 * 1024 + 1] {
        let mut file = PCAP.to_vec();
        let second = 24 + 16 + 3;
        file[second + 8..second + 12].copy_from_slice(&len.to_le_bytes());
        file[second + 12..second + 16].copy_from_slice(&len.to_le_bytes());
        let outcome = read(&file);
        assert_eq!(outcome.data(), [b"abc"]);
        assert_eq!(
            outcome.said(),
            [format!(
                "test: damaged at byte 43: a frame of {len} bytes (at most 16777216 are \
                 possible); everything before was read, the rest was not"
            )]
        );
    }
}

#[test]
fn frames_larger_than_the_buffer_are_read() {
    let mut file = PCAP[..24].to_vec();
    for (fill, len) in [(1, 10), (2, 1_000_000), (3, 20), (4, 600_000), (5, 30)] {
        let len_bytes = u32::to_le_bytes(len);
        file.extend([0; 8]);
        file.extend(len_bytes);
        file.extend(len_bytes);
        file.extend(vec![fill; len as usize]);
    }
    let outcome = read(&file);
    let lens: Vec<_> = outcome.data().iter().map(|data| data.len()).collect();
    assert_eq!(lens, [10, 1_000_000, 20, 600_000, 30]);
    for (data, fill) in outcome.data().iter().zip(1..) {
        assert!(data.iter().all(|byte| *byte == fill));
    }
}

#[test]
fn another_major_version_is_refused() {
    let mut file = PCAP.to_vec();
    file[4] = 3;
    assert_eq!(
        read(&file).said(),
        ["test: not a capture file: it is a pcap file of version 3.4 (2.x is known)"]
    );
}
