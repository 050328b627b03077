//! One section of a pcapng file: its byte order, its interfaces, and what its blocks say
//! (draft-ietf-opsawg-pcapng section 4).

use nom::IResult;
use nom::Parser as _;
use nom::number::Endianness;
use nom::number::complete::i64;
use nom::number::complete::u16;
use nom::number::complete::u32;
use nom::number::complete::u64;

use super::block::BlockType;
use super::block::LEADER_LEN;
use super::block::Leader;
use super::block::TRAILER_LEN;
use super::options::Clock;
use super::options::Options;
use super::options::padding;
use super::options::text;
use super::record::Notes;
use super::record::Record;
use crate::base::time::Timestamp;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::capture::info::InputInfo;
use crate::capture::info::InterfaceInfo;

/// Most interfaces of a section: each is a few dozen bytes of memory, and no machine has more.
const MAX_INTERFACES: usize = 65_536;

/// Most bytes of TLS key log lines that are kept: thousands of connections.
const MAX_SECRETS_LEN: usize = 1024 * 1024;

/// Length of an enhanced packet block up to the frame.
const ENHANCED_PACKET_HEADER_LEN: usize = 28;

/// Secrets type of NSS key log lines, "TLSK".
const TLS_KEY_LOG: u32 = 0x544C_534B;

/// What frames need to know of their interface.
#[derive(Debug, Clone, Copy)]
struct Interface {
    index: InterfaceIndex,
    link: LinkType,
    snaplen: u32,
    clock: Clock,
    /// Frames lost, by the options of packets.
    drops_of_packets: u64,
    /// The last interface statistics: received, dropped by interface, dropped by system.
    statistics: [Option<u64>; 3],
}

/// What the blocks so far have set up for those behind them.
#[derive(Debug, Clone)]
pub(super) struct Section {
    endianness: Endianness,
    interfaces: Vec<Interface>,
    /// Time of the last frame, for blocks that have none of their own.
    last_time: Timestamp,
}

/// A packet block without its leader, where it was parsed.
struct Packet {
    record: Record,
    drops: u64,
}

impl Section {
    /// Before the first section header.
    pub(super) fn new() -> Self {
        Self {
            endianness: Endianness::Little,
            interfaces: Vec::new(),
            last_time: Timestamp::default(),
        }
    }

    pub(super) fn endianness(&self) -> Endianness {
        self.endianness
    }

    /// How many interfaces it has so far.
    pub(super) fn interfaces(&self) -> usize {
        self.interfaces.len()
    }

    /// The fast path: an enhanced packet block that is whole, flawless and without options, which
    /// nearly every block is. Returns its length as well; `at` counts from the start of the
    /// block. Whatever else is there, the slow path looks at.
    #[inline]
    pub(super) fn plain_packet(&mut self, bytes: &[u8]) -> Option<(Record, usize)> {
        let (head, rest) = bytes.split_first_chunk::<ENHANCED_PACKET_HEADER_LEN>()?;
        let (words, _) = head.as_chunks::<4>();
        let &[kind, total, interface, high, low, captured, on_wire] = words else {
            return None;
        };
        let big_endian = self.endianness == Endianness::Big;
        let word = |bytes: [u8; 4]| {
            if big_endian {
                u32::from_be_bytes(bytes)
            } else {
                u32::from_le_bytes(bytes)
            }
        };
        let len = word(captured) as usize;
        let padded = len.checked_next_multiple_of(4)?;
        let whole = padded.checked_add(ENHANCED_PACKET_HEADER_LEN + TRAILER_LEN)?;
        let trailer = rest.get(padded..)?.first_chunk::<4>()?;
        if word(kind) != BlockType::ENHANCED_PACKET.0
            || word(total) as usize != whole
            || *trailer != total
        {
            return None;
        }
        let interface = self.interfaces.get(word(interface) as usize)?;
        let ticks = (u64::from(word(high)) << 32) | u64::from(word(low));
        let record = Record {
            time: interface.clock.time(ticks),
            link: interface.link,
            interface: interface.index,
            wire_len: word(on_wire).max(word(captured)),
            at: ENHANCED_PACKET_HEADER_LEN,
            len,
        };
        self.last_time = record.time;
        Some((record, whole))
    }

    /// Takes in one whole block. An error says what is wrong inside of it; `at` of a record counts
    /// from the start of the body.
    pub(super) fn block(
        &mut self,
        leader: &Leader,
        body: &[u8],
        notes: &mut Notes,
    ) -> Result<Option<Record>, String> {
        match leader.kind {
            BlockType::SECTION_HEADER => {
                self.end(notes);
                self.endianness = leader.endianness;
                self.section_header(body, notes)?;
                Ok(None)
            }
            BlockType::INTERFACE_DESCRIPTION => {
                self.interface_description(body, notes)?;
                Ok(None)
            }
            BlockType::ENHANCED_PACKET | BlockType::PACKET => {
                let (index, packet) = self.packet(leader.kind, body)?;
                if let Some(interface) = self.interfaces.get_mut(index) {
                    interface.drops_of_packets =
                        interface.drops_of_packets.saturating_add(packet.drops);
                }
                self.last_time = packet.record.time;
                Ok(Some(packet.record))
            }
            BlockType::SIMPLE_PACKET => self.simple_packet(body).map(Some),
            BlockType::INTERFACE_STATISTICS => {
                self.interface_statistics(body);
                Ok(None)
            }
            BlockType::DECRYPTION_SECRETS => {
                keep_secrets(body, self.endianness, notes);
                Ok(None)
            }
            // Names of hosts, custom and unknown blocks say nothing about frames.
            _ => Ok(None),
        }
    }

    /// Section 4.1.
    fn section_header(&self, body: &[u8], notes: &mut Notes) -> Result<(), String> {
        const SHB_OS: u16 = 3;
        const SHB_USERAPPL: u16 = 4;

        let header: IResult<&[u8], _> = (
            u32(self.endianness),
            u16(self.endianness),
            u16(self.endianness),
            // Length of the section, often -1 for unknown: the next section header ends it.
            u64(self.endianness),
        )
            .parse(body);
        let Ok((options, (_, major, minor, _))) = header else {
            return Err("a section header that is too short".to_owned());
        };
        if major != 1 {
            return Err(format!(
                "a section of version {major}.{minor} (1.x is known)"
            ));
        }
        notes.update(|info| {
            for (code, value) in Options::new(options, self.endianness) {
                match code {
                    SHB_OS => info.os = Some(text(value)),
                    SHB_USERAPPL => info.application = Some(text(value)),
                    _ => {}
                }
            }
        });
        Ok(())
    }

    /// Section 4.2.
    fn interface_description(&mut self, body: &[u8], notes: &mut Notes) -> Result<(), String> {
        const IF_NAME: u16 = 2;
        const IF_TSRESOL: u16 = 9;
        const IF_FILTER: u16 = 11;
        const IF_TSOFFSET: u16 = 14;

        let header: IResult<&[u8], _> = (
            u16(self.endianness),
            u16(self.endianness),
            u32(self.endianness),
        )
            .parse(body);
        let Ok((options, (link, _, snaplen))) = header else {
            return Err("an interface description that is too short".to_owned());
        };
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(format!("more than {MAX_INTERFACES} interfaces"));
        }
        let link = LinkType(link.into());
        let mut clock = Clock::default();
        let (mut name, mut filter) = (None, None);
        for (code, value) in Options::new(options, self.endianness) {
            match code {
                IF_NAME => name = Some(text(value)),
                IF_TSRESOL => {
                    if let Some(resolution) = value.first() {
                        clock.set_resolution(*resolution);
                    }
                }
                // A first byte of 0 says that an expression follows, not a program.
                IF_FILTER => {
                    if let Some((0, expression)) = value.split_first() {
                        filter = Some(text(expression));
                    }
                }
                IF_TSOFFSET => {
                    let offset: IResult<&[u8], i64> = i64(self.endianness).parse(value);
                    clock.set_offset(offset.map_or(0, |(_, secs)| secs));
                }
                _ => {}
            }
        }
        let index = notes.next_interface();
        notes.update(|info| {
            if info.interfaces.len() < InputInfo::MAX_INTERFACES {
                info.interfaces.push(InterfaceInfo {
                    name,
                    link,
                    snaplen,
                    precision: clock.precision(),
                    filter,
                });
            }
        });
        self.interfaces.push(Interface {
            index,
            link,
            snaplen,
            clock,
            drops_of_packets: 0,
            statistics: [None; 3],
        });
        Ok(())
    }

    /// Sections 4.3 and 4.5 (obsolete): the two differ only in the first four bytes.
    fn packet(&self, kind: BlockType, body: &[u8]) -> Result<(usize, Packet), String> {
        let Some((index, packet, options)) = self.packet_header(kind, body)? else {
            return Err(format!("a {} that is too short", kind.name()));
        };
        let in_block = options.len();
        if packet.record.len > in_block {
            return Err(format!(
                "a {} for a frame of {} bytes with {in_block} bytes in it",
                kind.name(),
                packet.record.len
            ));
        }
        let padded = packet.record.len.saturating_add(padding(packet.record.len));
        let drops = self.drop_count(kind, options.get(padded..).unwrap_or_default());
        Ok((
            index,
            Packet {
                drops: packet.drops.saturating_add(drops),
                ..packet
            },
        ))
    }

    /// What is there of a packet block that the input ends in.
    pub(super) fn partial_packet(&self, kind: BlockType, body: &[u8]) -> Option<Record> {
        match kind {
            BlockType::ENHANCED_PACKET | BlockType::PACKET => {
                let (_, packet, data) = self.packet_header(kind, body).ok()??;
                let len = packet.record.len.min(data.len());
                Some(Record {
                    len,
                    ..packet.record
                })
            }
            BlockType::SIMPLE_PACKET => self.simple_packet(body).ok(),
            _ => None,
        }
    }

    /// The fixed part of a packet block, the interface it names, and what follows; none when the
    /// block is too short for it.
    #[expect(
        clippy::type_complexity,
        reason = "the three parts have one caller each"
    )]
    fn packet_header<'a>(
        &self,
        kind: BlockType,
        body: &'a [u8],
    ) -> Result<Option<(usize, Packet, &'a [u8])>, String> {
        /// In the obsolete block, this drop count means that it is not known.
        const UNKNOWN_DROPS: u16 = u16::MAX;

        let first: IResult<&[u8], (u32, u64)> = if kind == BlockType::PACKET {
            (u16(self.endianness), u16(self.endianness))
                .map(|(interface, drops)| {
                    let known = if drops == UNKNOWN_DROPS { 0 } else { drops };
                    (u32::from(interface), u64::from(known))
                })
                .parse(body)
        } else {
            u32(self.endianness)
                .map(|interface| (interface, 0))
                .parse(body)
        };
        let Ok((rest, (index, drops))) = first else {
            return Ok(None);
        };
        let rest: IResult<&[u8], _> = (
            u32(self.endianness),
            u32(self.endianness),
            u32(self.endianness),
            u32(self.endianness),
        )
            .parse(rest);
        let Ok((rest, (high, low, captured, on_wire))) = rest else {
            return Ok(None);
        };
        let Some(interface) = self.interfaces.get(index as usize) else {
            return Err(format!(
                "a {} of interface {index}, which no block describes",
                kind.name()
            ));
        };
        let ticks = (u64::from(high) << 32) | u64::from(low);
        let packet = Packet {
            record: Record {
                time: interface.clock.time(ticks),
                link: interface.link,
                interface: interface.index,
                wire_len: on_wire.max(captured),
                at: ENHANCED_PACKET_HEADER_LEN - LEADER_LEN,
                len: captured as usize,
            },
            drops,
        };
        Ok(Some((index as usize, packet, rest)))
    }

    /// Frames lost between this one and the one before it on its interface.
    fn drop_count(&self, kind: BlockType, options: &[u8]) -> u64 {
        const EPB_DROPCOUNT: u16 = 4;

        if kind != BlockType::ENHANCED_PACKET {
            return 0;
        }
        Options::new(options, self.endianness)
            .filter(|(code, _)| *code == EPB_DROPCOUNT)
            .filter_map(|(_, value)| {
                let count: IResult<&[u8], u64> = u64(self.endianness).parse(value);
                count.ok()
            })
            .fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Section 4.4: a frame of the first interface, with neither time nor captured length of its
    /// own. It gets the time of the frame before it.
    fn simple_packet(&self, body: &[u8]) -> Result<Record, String> {
        const ORIGINAL_LEN: usize = 4;

        let header: IResult<&[u8], u32> = u32(self.endianness).parse(body);
        let Ok((data, on_wire)) = header else {
            return Err("a simple packet block that is too short".to_owned());
        };
        let Some(interface) = self.interfaces.first() else {
            return Err("a simple packet block before any interface description".to_owned());
        };
        let mut len = on_wire;
        if interface.snaplen != 0 {
            len = len.min(interface.snaplen);
        }
        Ok(Record {
            time: self.last_time,
            link: interface.link,
            interface: interface.index,
            wire_len: on_wire,
            at: ORIGINAL_LEN,
            len: (len as usize).min(data.len()),
        })
    }

    /// Section 4.6. The counters are totals since the start of the capture: the last block counts.
    fn interface_statistics(&mut self, body: &[u8]) {
        const ISB_IFRECV: u16 = 4;
        const ISB_IFDROP: u16 = 5;
        const ISB_OSDROP: u16 = 7;

        let header: IResult<&[u8], _> = (
            u32(self.endianness),
            u32(self.endianness),
            u32(self.endianness),
        )
            .parse(body);
        let Ok((options, (index, _, _))) = header else {
            return;
        };
        let Some(interface) = self.interfaces.get_mut(index as usize) else {
            return;
        };
        let [received, by_interface, by_system] = &mut interface.statistics;
        for (code, value) in Options::new(options, self.endianness) {
            let counter: IResult<&[u8], u64> = u64(self.endianness).parse(value);
            let Ok((_, count)) = counter else { continue };
            match code {
                ISB_IFRECV => *received = Some(count),
                ISB_IFDROP => *by_interface = Some(count),
                ISB_OSDROP => *by_system = Some(count),
                _ => {}
            }
        }
    }

    /// Adds the counters of the section's interfaces to the notes and forgets the interfaces.
    pub(super) fn end(&mut self, notes: &mut Notes) {
        let mut add = |target: fn(&mut Notes) -> &mut Option<u64>, count: Option<u64>| {
            if let Some(count) = count {
                let target = target(notes);
                *target = Some(target.unwrap_or(0).saturating_add(count));
            }
        };
        for interface in self.interfaces.drain(..) {
            let [received, by_interface, by_system] = interface.statistics;
            // Packets and statistics count the same losses; the larger number saw more of them.
            let of_packets = interface.drops_of_packets;
            let by_system = by_system
                .map(|count| count.max(of_packets))
                .or((of_packets > 0).then_some(of_packets));
            add(|notes| &mut notes.drops.received, received);
            add(|notes| &mut notes.drops.by_interface, by_interface);
            add(|notes| &mut notes.drops.by_kernel, by_system);
        }
    }
}

/// Section 4.7: key log lines are kept for whoever can decrypt with them.
fn keep_secrets(body: &[u8], endianness: Endianness, notes: &mut Notes) {
    let header: IResult<&[u8], (u32, u32)> = (u32(endianness), u32(endianness)).parse(body);
    let Ok((data, (kind, len))) = header else {
        return;
    };
    let Some(lines) = data.get(..len as usize) else {
        return;
    };
    let room = MAX_SECRETS_LEN.saturating_sub(notes.secrets.len());
    if kind == TLS_KEY_LOG && lines.len() < room {
        notes.secrets.extend_from_slice(lines);
        if !lines.ends_with(b"\n") {
            notes.secrets.push(b'\n');
        }
    }
}
