//! The classic capture file of libpcap, in all its variants.
//!
//! A file header of 24 bytes, then frames, each with a header of 16 bytes (24 in the format of A.
//! Kuznetzov's patched libpcap). The magic number tells byte order, resolution of the timestamps
//! and size of the frame headers (pcap-savefile(5), draft-ietf-opsawg-pcap).

use nom::IResult;
use nom::Parser as _;
use nom::number::Endianness;
use nom::number::complete::be_u32;
use nom::number::complete::u16;
use nom::number::complete::u32;

use super::record::Fault;
use super::record::MAX_FRAME_LEN;
use super::record::Record;
use super::record::Stage;
use super::window::Window;
use crate::base::time::Precision;
use crate::base::time::Timestamp;
use crate::capture::InterfaceIndex;
use crate::capture::LinkType;
use crate::capture::error::Aftermath;
use crate::capture::info::Format;
use crate::capture::info::InterfaceInfo;

/// Length of the file header in bytes.
pub(super) const FILE_HEADER_LEN: usize = 24;

/// Length of a frame's header in bytes.
const RECORD_HEADER_LEN: usize = 16;

/// Length of a frame's header in the modified format: interface index, protocol and packet type
/// follow.
const MODIFIED_RECORD_HEADER_LEN: usize = 24;

/// The upper bits of the link type field tell the length of the frame check sequence.
const LINK_TYPE_MASK: u32 = 0x03FF_FFFF;

/// Up to this minor version, writers disagreed on the order of the two lengths of a frame.
const LAST_MINOR_WITH_LENGTHS_EXCHANGED: u16 = 3;

/// The file header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHeader {
    endianness: Endianness,
    precision: Precision,
    modified: bool,
    pub(super) major: u16,
    pub(super) minor: u16,
    snaplen: u32,
    link: LinkType,
}

impl FileHeader {
    /// Whether these are the first bytes of a file of this format.
    pub(super) fn is_magic(bytes: &[u8]) -> bool {
        magic(bytes).is_ok()
    }

    /// Parses the [`FILE_HEADER_LEN`] bytes of the header.
    pub(super) fn parse(input: &[u8]) -> IResult<&[u8], Self> {
        let (input, (endianness, precision, modified)) = magic(input)?;
        let (input, (major, minor)) = (u16(endianness), u16(endianness)).parse(input)?;
        // Time zone and accuracy of the timestamps: every writer leaves them 0.
        let (input, _) = (u32(endianness), u32(endianness)).parse(input)?;
        let (input, (snaplen, link)) = (u32(endianness), u32(endianness)).parse(input)?;
        Ok((
            input,
            Self {
                endianness,
                precision,
                modified,
                major,
                minor,
                snaplen,
                link: LinkType(link & LINK_TYPE_MASK),
            },
        ))
    }

    pub(super) fn format(&self) -> Format {
        if self.modified {
            Format::PcapModified
        } else {
            Format::Pcap
        }
    }

    pub(super) fn interface(&self) -> InterfaceInfo {
        InterfaceInfo {
            name: None,
            link: self.link,
            snaplen: self.snaplen,
            precision: self.precision,
            filter: None,
        }
    }
}

fn magic(input: &[u8]) -> IResult<&[u8], (Endianness, Precision, bool)> {
    let (rest, magic) = be_u32(input)?;
    let meaning = match magic {
        0xA1B2_C3D4 => (Endianness::Big, Precision::Micros, false),
        0xD4C3_B2A1 => (Endianness::Little, Precision::Micros, false),
        0xA1B2_3C4D => (Endianness::Big, Precision::Nanos, false),
        0x4D3C_B2A1 => (Endianness::Little, Precision::Nanos, false),
        0xA1B2_CD34 => (Endianness::Big, Precision::Micros, true),
        0x34CD_B2A1 => (Endianness::Little, Precision::Micros, true),
        _ => {
            let error = nom::error::Error::new(input, nom::error::ErrorKind::Tag);
            return Err(nom::Err::Error(error));
        }
    };
    Ok((rest, meaning))
}

/// Reads the frames behind the file header.
#[derive(Debug, Clone)]
pub(super) struct PcapReader {
    big_endian: bool,
    nanos_per_tick: i64,
    link: LinkType,
    interface: InterfaceIndex,
    header_len: usize,
    lengths_may_be_exchanged: bool,
    stage: Stage,
}

impl PcapReader {
    pub(super) fn new(header: &FileHeader, interface: InterfaceIndex) -> Self {
        Self {
            big_endian: header.endianness == Endianness::Big,
            nanos_per_tick: match header.precision {
                Precision::Micros => 1000,
                Precision::Nanos => 1,
            },
            link: header.link,
            interface,
            header_len: if header.modified {
                MODIFIED_RECORD_HEADER_LEN
            } else {
                RECORD_HEADER_LEN
            },
            lengths_may_be_exchanged: header.minor <= LAST_MINOR_WITH_LENGTHS_EXCHANGED,
            stage: Stage::Reading,
        }
    }

    /// The next frame, consumed from the window; none at the end of the input.
    #[inline]
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Fault> {
        loop {
            if let Some(record) = self.buffered(window) {
                return Ok(Some(record));
            }
            let partial = self.more(window)?;
            if partial.is_some() || self.stage != Stage::Reading {
                return Ok(partial);
            }
        }
    }

    /// The next frame, consumed from the window, if all of it is there.
    #[inline]
    pub(super) fn buffered(&self, window: &mut Window) -> Option<Record> {
        let available = window.available();
        let record = self.header(available)?;
        let whole = self.header_len.saturating_add(record.len);
        if whole > available.len() {
            return None;
        }
        let at = window.consume(whole).saturating_add(self.header_len);
        Some(Record { at, ..record })
    }

    /// Whether there is no need to read for the next step: a frame is all there, or cannot be, or
    /// the input has ended.
    pub(super) fn has_next(&self, available: &[u8]) -> bool {
        if self.stage != Stage::Reading {
            return true;
        }
        self.header(available).is_some_and(|header| {
            let whole = self.header_len.saturating_add(header.len);
            header.len > MAX_FRAME_LEN || whole <= available.len()
        })
    }

    /// The frame header at the start of `bytes`, if it is complete. `at` is left 0.
    #[inline]
    fn header(&self, bytes: &[u8]) -> Option<Record> {
        let head = bytes.first_chunk::<RECORD_HEADER_LEN>()?;
        let (words, _) = head.as_chunks::<4>();
        let words: [[u8; 4]; 4] = words.try_into().ok()?;
        let [secs, ticks, mut captured, mut on_wire] = if self.big_endian {
            words.map(u32::from_be_bytes)
        } else {
            words.map(u32::from_le_bytes)
        };
        if captured > on_wire && self.lengths_may_be_exchanged {
            std::mem::swap(&mut captured, &mut on_wire);
        }
        // At most 2^32 seconds and 2^32 microseconds: the sum fits into 63 bits of nanoseconds.
        let nanos = i64::from(secs)
            .wrapping_mul(1_000_000_000)
            .wrapping_add(i64::from(ticks).wrapping_mul(self.nanos_per_tick));
        Some(Record {
            time: Timestamp(nanos),
            link: self.link,
            interface: self.interface,
            // A frame cannot be captured longer than it was: a writer that left the field 0.
            wire_len: on_wire.max(captured),
            at: 0,
            len: captured as usize,
        })
    }

    /// Gets the next frame into the window. None when it is there, or when the input has ended;
    /// a frame when the input ends inside of it.
    #[cold]
    fn more(&mut self, window: &mut Window) -> Result<Option<Record>, Fault> {
        if let Some(end) = self.stage.end() {
            return end.map(|()| None);
        }
        let offset = window.offset();
        if !window.fill(self.header_len) {
            let got = window.available().len();
            window.consume(got);
            self.stage = Stage::Ended;
            if got == 0 {
                return Ok(None);
            }
            return Err(Fault::CutShort {
                offset,
                what: "the header of a frame",
                expected: self.header_len as u64,
                got: got as u64,
            });
        }
        let Some(header) = self.header(window.available()) else {
            return Ok(None);
        };
        if header.len > MAX_FRAME_LEN {
            self.stage = Stage::Ended;
            window.consume(window.available().len());
            return Err(Fault::Damaged {
                offset,
                what: format!(
                    "a frame of {} bytes (at most {MAX_FRAME_LEN} are possible)",
                    header.len
                ),
                aftermath: Aftermath::Stopped,
            });
        }
        let whole = self.header_len.saturating_add(header.len);
        if window.fill(whole) {
            return Ok(None);
        }
        let got = window.available().len();
        let cut = Fault::CutShort {
            offset,
            what: "a frame",
            expected: whole as u64,
            got: got as u64,
        };
        let at = window.consume(got).saturating_add(self.header_len);
        let len = got.saturating_sub(self.header_len);
        if len == 0 {
            self.stage = Stage::Ended;
            return Err(cut);
        }
        self.stage = Stage::EndedWith(cut);
        Ok(Some(Record { at, len, ..header }))
    }
}
