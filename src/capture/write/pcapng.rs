//! pcapng (draft-ietf-opsawg-pcapng): one section, interfaces where their first frame is, comments
//! on frames, counters at the end.

use std::io;
use std::io::Write;

use crate::base::time::Precision;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::capture::info::Drops;
use crate::capture::info::InterfaceInfo;

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const OPT_ENDOFOPT: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_FILTER: u16 = 11;
const ISB_IFRECV: u16 = 4;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;

/// Longest text of an option in bytes; readers need not take more than 65 535.
const MAX_TEXT: usize = 4096;

/// Writes a pcapng file, in little-endian byte order on every machine.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    output: W,
    /// The block being put together, so that each is written at once.
    block: Vec<u8>,
    /// The interfaces described so far, in their order.
    interfaces: Vec<Described>,
    bytes: u64,
}

/// An interface as it was described.
#[derive(Debug, Clone, Copy)]
struct Described {
    index: InterfaceIndex,
    link: LinkType,
    precision: Precision,
}

impl Described {
    fn is(&self, index: InterfaceIndex, link: LinkType) -> bool {
        (self.index, self.link) == (index, link)
    }
}

impl<W: Write> PcapngWriter<W> {
    /// Begins a file with its section header. The output should be buffered.
    ///
    /// # Errors
    /// When the output fails.
    pub fn new(output: W, application: &str) -> io::Result<Self> {
        let mut writer = Self {
            output,
            block: Vec::new(),
            interfaces: Vec::new(),
            bytes: 0,
        };
        writer.begin(SECTION_HEADER);
        // The mark of the byte order, version 1.0, and a length of the section that is not known.
        writer.word(0x1A2B_3C4D);
        writer.word(1);
        writer.word(u32::MAX);
        writer.word(u32::MAX);
        writer.option(SHB_USERAPPL, application.as_bytes());
        writer.end()?;
        Ok(writer)
    }

    /// Whether an interface was described.
    pub fn knows(&self, index: InterfaceIndex, link: LinkType) -> bool {
        self.interfaces.iter().any(|known| known.is(index, link))
    }

    /// Describes an interface, before its first frame.
    ///
    /// # Errors
    /// When the output fails.
    pub fn describe(
        &mut self,
        index: InterfaceIndex,
        link: LinkType,
        info: Option<&InterfaceInfo>,
    ) -> io::Result<()> {
        let precision = info.map_or(Precision::Nanos, |info| info.precision);
        self.interfaces.push(Described {
            index,
            link,
            precision,
        });
        self.begin(INTERFACE_DESCRIPTION);
        // The field has 16 bits, and the one behind it is reserved.
        self.word(link.0 & 0xFFFF);
        self.word(info.map_or(0, |info| info.snaplen));
        if let Some(name) = info.and_then(|info| info.name.as_deref()) {
            self.option(IF_NAME, name.as_bytes());
        }
        let decimals = match precision {
            Precision::Micros => 6,
            Precision::Nanos => 9,
        };
        self.option(IF_TSRESOL, &[decimals]);
        if let Some(filter) = info.and_then(|info| info.filter.as_deref()) {
            // A first byte of 0 says that an expression follows.
            let value: Vec<u8> = std::iter::once(0).chain(filter.bytes()).collect();
            self.option(IF_FILTER, &value);
        }
        self.end()
    }

    /// Appends a frame, with what there is to say of it. An interface that was not described gets
    /// a description of its link type alone.
    ///
    /// # Errors
    /// When the output fails.
    pub fn write(&mut self, frame: &Frame<'_>, comments: &[String]) -> io::Result<()> {
        let (index, link) = (frame.interface, frame.link);
        if !self.knows(index, link) {
            self.describe(index, link, None)?;
        }
        let mut all = (0_u32..).zip(&self.interfaces);
        let its = all.find(|(_, known)| known.is(index, link));
        let (place, precision) =
            its.map_or((0, Precision::Nanos), |(place, its)| (place, its.precision));
        let captured = u32::try_from(frame.data.len()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "a frame longer than 4 GiB")
        })?;
        self.begin(ENHANCED_PACKET);
        self.word(place);
        self.time(frame.time, precision);
        self.word(captured);
        self.word(frame.wire_len.max(captured));
        self.block.extend_from_slice(frame.data);
        self.pad();
        for comment in comments {
            self.option(OPT_COMMENT, comment.as_bytes());
        }
        if comments.is_empty() {
            self.end_without_options()
        } else {
            self.end()
        }
    }

    /// Says how much was captured and lost until `at`, over all interfaces. To be written last.
    ///
    /// # Errors
    /// When the output fails.
    pub fn statistics(&mut self, at: Timestamp, drops: &Drops) -> io::Result<()> {
        let Some(precision) = self.interfaces.first().map(|first| first.precision) else {
            return Ok(());
        };
        self.begin(INTERFACE_STATISTICS);
        self.word(0);
        self.time(at, precision);
        if self.interfaces.len() > 1 {
            self.option(OPT_COMMENT, b"the counters are those of all interfaces");
        }
        let counters = [
            (ISB_IFRECV, drops.received),
            (ISB_IFDROP, drops.by_interface),
            (ISB_OSDROP, drops.by_kernel),
        ];
        for (code, count) in counters {
            if let Some(count) = count {
                self.option(code, &count.to_le_bytes());
            }
        }
        self.end()
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When the output fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// The output, not flushed.
    pub fn into_inner(self) -> W {
        self.output
    }

    // ---- blocks: type, length, body, length again ----

    fn begin(&mut self, kind: u32) {
        self.block.clear();
        self.word(kind);
        // The length, once it is known.
        self.word(0);
    }

    /// Ends the list of options, of a block that has one, and the block.
    fn end(&mut self) -> io::Result<()> {
        self.option(OPT_ENDOFOPT, &[]);
        self.end_without_options()
    }

    fn end_without_options(&mut self) -> io::Result<()> {
        let total = u32::try_from(self.block.len().saturating_add(4)).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "a block longer than 4 GiB")
        })?;
        if let Some(length) = self.block.get_mut(4..8) {
            length.copy_from_slice(&total.to_le_bytes());
        }
        self.word(total);
        self.output.write_all(&self.block)?;
        self.bytes = self.bytes.saturating_add(u64::from(total));
        Ok(())
    }

    fn word(&mut self, value: u32) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    /// A time before 1970 cannot be told.
    fn time(&mut self, time: Timestamp, precision: Precision) {
        let nanos = time.0.max(0).cast_unsigned();
        let ticks = match precision {
            Precision::Micros => nanos / 1000,
            Precision::Nanos => nanos,
        };
        let ticks = ticks.to_le_bytes();
        let (low, high) = ticks.split_at(4);
        self.block.extend_from_slice(high);
        self.block.extend_from_slice(low);
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..MAX_TEXT).unwrap_or(value);
        let len = u16::try_from(value.len()).unwrap_or(0);
        self.block.extend_from_slice(&code.to_le_bytes());
        self.block.extend_from_slice(&len.to_le_bytes());
        self.block.extend_from_slice(value);
        self.pad();
    }

    fn pad(&mut self) {
        let whole = self.block.len().next_multiple_of(4);
        self.block.resize(whole, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;

    fn frame(nanos: i64, interface: u32, data: &[u8]) -> Frame<'_> {
        Frame {
            number: FrameNumber(1),
            time: Timestamp(nanos),
            link: LinkType::ETHERNET,
            interface: InterfaceIndex(interface),
            wire_len: 3,
            data,
        }
    }

    // The layout is that of the draft, sections 4.1 to 4.6.

    #[test]
    fn a_frame_with_a_comment() {
        let mut writer = PcapngWriter::new(Vec::new(), "x").unwrap();
        let header = [
            0x0A, 0x0D, 0x0D, 0x0A, 40, 0, 0, 0, // type, length
            0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0, // byte order, version
            255, 255, 255, 255, 255, 255, 255, 255, // length not known
            4, 0, 1, 0, b'x', 0, 0, 0, // program
            0, 0, 0, 0, 40, 0, 0, 0, // end of options, length
        ];
        assert_eq!(writer.output, header);
        assert_eq!(writer.bytes(), 40);
        let comment = "play".to_owned();
        writer
            .write(&frame(0x1_0000_0002, 0, &[0xAA, 0xBB]), &[comment])
            .unwrap();
        let behind = [
            1, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, // interface: link type, snaplen
            9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, // nanoseconds
            6, 0, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0, // frame of interface 0
            1, 0, 0, 0, 2, 0, 0, 0, // time: high, low
            2, 0, 0, 0, 3, 0, 0, 0, 0xAA, 0xBB, 0, 0, // captured, on the wire, data
            1, 0, 4, 0, b'p', b'l', b'a', b'y', 0, 0, 0, 0, 48, 0, 0, 0, // comment
        ];
        assert_eq!(writer.output[40..], behind);
    }

    #[test]
    fn interfaces_are_described_once_each() {
        let mut writer = PcapngWriter::new(Vec::new(), "x").unwrap();
        let info = InterfaceInfo {
            name: Some("eth0".to_owned()),
            link: LinkType::ETHERNET,
            snaplen: 96,
            precision: Precision::Micros,
            filter: Some("tcp".to_owned()),
        };
        let second = InterfaceIndex(1);
        writer
            .describe(second, LinkType::ETHERNET, Some(&info))
            .unwrap();
        assert!(writer.knows(second, LinkType::ETHERNET));
        let before = writer.bytes();
        writer.write(&frame(7000, 1, &[]), &[]).unwrap();
        // No description, and a frame without options, its time in microseconds.
        assert_eq!(writer.bytes() - before, 32);
        let block = writer.output.last_chunk::<32>().unwrap();
        assert_eq!(block[12..20], [0, 0, 0, 0, 7, 0, 0, 0]);
        let text = String::from_utf8_lossy(&writer.output).into_owned();
        assert!(text.contains("eth0") && text.contains("\0tcp"));
    }

    #[test]
    fn counters_stand_at_the_end() {
        let mut writer = PcapngWriter::new(Vec::new(), "x").unwrap();
        writer.write(&frame(5, 0, &[]), &[]).unwrap();
        let before = writer.output.len();
        let drops = Drops {
            received: Some(7),
            by_kernel: Some(2),
            ..Drops::default()
        };
        writer.statistics(Timestamp(9), &drops).unwrap();
        let block = [
            5, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, // interface, time
            4, 0, 8, 0, 7, 0, 0, 0, 0, 0, 0, 0, // received
            7, 0, 8, 0, 2, 0, 0, 0, 0, 0, 0, 0, // dropped by the system
            0, 0, 0, 0, 52, 0, 0, 0,
        ];
        assert_eq!(writer.output[before..], block);
    }
}
