//! Blocks and options of pcapng (draft-ietf-opsawg-pcapng).

use super::PCAPNG;
use super::drain;
use super::files;
use super::read;
use crate::base::time::Precision;
use crate::capture::LinkType;
use crate::capture::Source as _;
use crate::capture::info::Drops;
use crate::capture::info::Format;

/// Byte order of a section under construction.
#[derive(Clone, Copy)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    pub(super) fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// A block with its lengths; the body is padded.
    pub(super) fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let total = self.u32(u32::try_from(body.len() + 12).unwrap());
        [&self.u32(kind)[..], &total, &body, &total].concat()
    }

    pub(super) fn section(self, options: &[u8]) -> Vec<u8> {
        let mut body = self.u32(0x1A2B_3C4D).to_vec();
        body.extend(self.u16(1));
        body.extend(self.u16(0));
        body.extend([0xFF; 8]);
        body.extend(options);
        self.block(0x0A0D_0D0A, &body)
    }

    pub(super) fn interface(self, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
        let mut body = self.u16(link).to_vec();
        body.extend([0; 2]);
        body.extend(self.u32(snaplen));
        body.extend(options);
        self.block(1, &body)
    }

    pub(super) fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut option = self.u16(code).to_vec();
        option.extend(self.u16(u16::try_from(value.len()).unwrap()));
        option.extend(value);
        option.resize(option.len().next_multiple_of(4), 0);
        option
    }

    pub(super) fn packet(self, interface: u32, ticks: u64, data: &[u8]) -> Vec<u8> {
        let len = self.u32(u32::try_from(data.len()).unwrap());
        let mut body = self.u32(interface).to_vec();
        body.extend(self.u32(u32::try_from(ticks >> 32).unwrap()));
        body.extend(self.u32(u32::try_from(ticks & 0xFFFF_FFFF).unwrap()));
        body.extend(len);
        body.extend(len);
        body.extend(data);
        self.block(6, &body)
    }
}

use Order::Big;
use Order::Little;

#[test]
fn a_plain_file() {
    let mut source = files(PCAPNG);
    let outcome = drain(&mut source);
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.data(), [&b"abc"[..], b"defgh"]);
    assert_eq!(outcome.nanos(), [1_000_002_000, 2_500_000_000]);
    assert_eq!(outcome.frames[1].wire_len, 9);
    let info = &source.inputs()[0];
    assert_eq!(info.format, Some(Format::PcapNg));
    assert_eq!(info.interfaces[0].snaplen, 262_144);
    assert_eq!(source.drops().by_kernel, Some(7));
}

#[test]
fn a_big_endian_file() {
    let file = [
        Big.section(&[]),
        Big.interface(113, 0, &[]),
        Big.packet(0, 3, b"abcd"),
        Big.packet(0, 0x1_0000_0000, b"efghi"),
    ]
    .concat();
    let outcome = read(&file);
    assert_eq!(outcome.data(), [&b"abcd"[..], b"efghi"]);
    assert_eq!(outcome.nanos(), [3000, 4_294_967_296_000]);
    assert_eq!(outcome.links(), [LinkType::LINUX_SLL; 2]);
}

#[test]
fn a_new_section_has_its_own_byte_order_and_interfaces() {
    let file = [
        Little.section(&[]),
        Little.interface(1, 0, &[]),
        Little.interface(101, 0, &[]),
        Little.packet(1, 1, b"one"),
        Big.section(&[]),
        Big.interface(276, 0, &[]),
        Big.packet(0, 2, b"two"),
        Little.section(&[]),
        Little.packet(0, 3, b"nowhere"),
        Little.interface(0, 0, &[]),
        Little.packet(0, 4, b"four"),
    ]
    .concat();
    let outcome = read(&file);
    assert_eq!(outcome.data(), [&b"one"[..], b"two", b"four"]);
    assert_eq!(
        outcome.links(),
        [LinkType::RAW, LinkType::LINUX_SLL2, LinkType::NULL]
    );
    assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
    assert!(
        outcome.said()[0].contains("interface 0, which no block describes"),
        "{:?}",
        outcome.errors
    );
}

#[test]
fn each_interface_has_its_own_clock_and_link_type() {
    let options = |order: Order, resolution: u8, offset: i64, name: &[u8]| {
        [
            order.option(2, name),
            order.option(9, &[resolution]),
            order.option(14, &order.u64(offset.cast_unsigned())),
            order.option(0, &[]),
        ]
        .concat()
    };
    for order in [Little, Big] {
        let file = [
            order.section(&[]),
            order.interface(1, 0, &options(order, 9, 0, b"eth0")),
            order.interface(101, 96, &options(order, 0x80 | 0x0A, -2, b"tun0")),
            order.interface(1, 0, &options(order, 3, 100, b"slow")),
            order.packet(1, 3 << 10, b"a"),
            order.packet(0, 5, b"b"),
            order.packet(2, 7, b"c"),
        ]
        .concat();
        let mut source = files(&file);
        let outcome = drain(&mut source);
        assert_eq!(outcome.nanos(), [1_000_000_000, 5, 100_007_000_000]);
        assert_eq!(
            outcome.links(),
            [LinkType::RAW, LinkType::ETHERNET, LinkType::ETHERNET]
        );
        let interfaces = &source.inputs()[0].interfaces;
        let names: Vec<_> = interfaces
            .iter()
            .filter_map(|i| i.name.as_deref())
            .collect();
        assert_eq!(names, ["eth0", "tun0", "slow"]);
        assert_eq!(interfaces[1].snaplen, 96);
        assert_eq!(interfaces[1].precision, Precision::Micros);
        assert_eq!(source.precision(), Precision::Nanos);
    }
}

#[test]
fn who_wrote_the_file_and_with_which_filter() {
    let section = [Little.option(3, b"Linux 6.1"), Little.option(4, b"dumpcap")].concat();
    let file = [
        Little.section(&section),
        Little.interface(1, 0, &Little.option(11, b"\0tcp port 1935")),
    ]
    .concat();
    let mut source = files(&file);
    drain(&mut source);
    let info = &source.inputs()[0];
    assert_eq!(info.os.as_deref(), Some("Linux 6.1"));
    assert_eq!(info.application.as_deref(), Some("dumpcap"));
    assert_eq!(info.interfaces[0].filter.as_deref(), Some("tcp port 1935"));
}

#[test]
fn simple_packets_are_cut_by_the_snaplen_and_take_the_time_before() {
    let file = [
        Little.section(&[]),
        Little.interface(1, 4, &[]),
        Little.packet(0, 9, b"timed"),
        // Section 4.4: original length 6, of which the snaplen leaves 4.
        Little.block(3, &[&Little.u32(6)[..], b"abcd"].concat()),
        Little.block(3, &[&Little.u32(3)[..], b"efg"].concat()),
    ]
    .concat();
    let outcome = read(&file);
    assert_eq!(outcome.data(), [&b"timed"[..], b"abcd", b"efg"]);
    assert_eq!(outcome.nanos(), [9000, 9000, 9000]);
    assert_eq!(outcome.frames[1].wire_len, 6);
}

#[test]
fn obsolete_packet_blocks_are_read() {
    // Section B.1 (obsolete): interface 1 and 3 drops in 16 bits each.
    let packet = |drops: u16, data: &[u8]| {
        let len = Little.u32(u32::try_from(data.len()).unwrap());
        let body = [
            &Little.u16(1)[..],
            &Little.u16(drops),
            &Little.u32(0),
            &Little.u32(8),
            &len,
            &len,
            data,
        ];
        Little.block(2, &body.concat())
    };
    let file = [
        Little.section(&[]),
        Little.interface(1, 0, &[]),
        Little.interface(228, 0, &[]),
        packet(3, b"abcde"),
        packet(0xFFFF, b"f"),
    ]
    .concat();
    let mut source = files(&file);
    let outcome = drain(&mut source);
    assert_eq!(outcome.data(), [&b"abcde"[..], b"f"]);
    assert_eq!(outcome.nanos(), [8000, 8000]);
    assert_eq!(outcome.links(), [LinkType::IPV4; 2]);
    assert_eq!(source.drops().by_kernel, Some(3));
}

#[test]
fn blocks_that_say_nothing_of_frames_are_stepped_over() {
    let file = [
        Little.section(&[]),
        Little.block(0xBAD, &[1, 2, 3, 4, 5]),
        Little.block(4, &[0; 8]),
        Little.interface(1, 0, &[]),
        Little.block(0x4000_0BAD, &[0; 40]),
        Little.packet(0, 1, b"abc"),
        Little.block(0x8000_1234, &[]),
        // Longer than any frame: read over, never kept.
        Little.block(0x8000_1234, &vec![7; 20 << 20]),
        Little.packet(0, 1, b"def"),
    ]
    .concat();
    let outcome = read(&file);
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.data(), [b"abc", b"def"]);
}

#[test]
fn statistics_are_totals_of_which_the_last_counts() {
    let statistics = |received: u64, by_interface: u64, by_system: u64| {
        let body = [
            &[0; 12][..],
            &Big.option(4, &Big.u64(received)),
            &Big.option(5, &Big.u64(by_interface)),
            &Big.option(7, &Big.u64(by_system)),
        ];
        Big.block(5, &body.concat())
    };
    let section = [
        Big.section(&[]),
        Big.interface(1, 0, &[]),
        statistics(10, 1, 0),
        statistics(20, 2, 3),
    ]
    .concat();
    let mut source = files(&section);
    drain(&mut source);
    let once = Drops {
        received: Some(20),
        queue_waits: None,
        by_interface: Some(2),
        by_kernel: Some(3),
    };
    assert_eq!(source.drops(), once);

    let mut source = files(&[&section[..], &section].concat());
    drain(&mut source);
    assert_eq!(source.drops().received, Some(40));
}

#[test]
fn key_log_lines_are_kept() {
    let secrets = |kind: u32, lines: &[u8]| {
        let len = Little.u32(u32::try_from(lines.len()).unwrap());
        Little.block(10, &[&Little.u32(kind)[..], &len, lines].concat())
    };
    let file = [
        Little.section(&[]),
        secrets(0x544C_534B, b"CLIENT_RANDOM 1 2"),
        secrets(0x5747_4B4C, b"WireGuard"),
        secrets(0x544C_534B, b"CLIENT_RANDOM 3 4\n"),
        secrets(0x544C_534B, &vec![b'x'; 2 << 20]),
    ]
    .concat();
    let mut source = files(&file);
    drain(&mut source);
    assert_eq!(source.secrets(), b"CLIENT_RANDOM 1 2\nCLIENT_RANDOM 3 4\n");
}

#[test]
fn a_file_without_interfaces_has_no_frames() {
    let outcome = read(&Little.section(&[]));
    assert!(outcome.frames.is_empty() && outcome.errors.is_empty());
}

#[test]
fn many_interfaces_are_read_and_some_described() {
    let mut file = Little.section(&[]);
    for link in 0..1000 {
        file.extend(Little.interface(link, 0, &[]));
    }
    file.extend(Little.packet(999, 0, b"last"));
    let mut source = files(&file);
    assert_eq!(drain(&mut source).links(), [LinkType(999)]);
    assert_eq!(source.inputs()[0].interfaces.len(), 256);
}
