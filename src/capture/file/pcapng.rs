//! pcapng: a sequence of blocks in sections, each section with its own byte order and interfaces
//! (draft-ietf-opsawg-pcapng).

use nom::IResult;
use nom::Parser as _;
use nom::number::Endianness;
use nom::number::complete::u32;

use super::block::BlockType;
use super::block::LEADER_LEN;
use super::block::Leader;
use super::block::MIN_BLOCK_LEN;
use super::block::TRAILER_LEN;
use super::record::Fault;
use super::record::MAX_FRAME_LEN;
use super::record::Notes;
use super::record::Record;
use super::record::Stage;
use super::section::Section;
use super::window::Window;
use crate::capture::error::Aftermath;

/// Longest block that is taken into the buffer: the longest frame with room for its options.
const MAX_BLOCK_LEN: usize = MAX_FRAME_LEN + 256 * 1024;

/// Longest block that is stepped over unread. What claims to be longer is a damaged length.
const MAX_SKIPPED_LEN: u32 = 64 * 1024 * 1024;

/// Longest block that a search for the next block behind a damage considers: longer than the
/// frames of any interface, short enough that a search stays linear.
const MAX_FOUND_LEN: u32 = 128 * 1024;

/// Damaged places of a file that are stepped over before the rest is given up, so that a file of
/// noise ends and does not flood the reader with messages.
const MAX_DAMAGES: u32 = 16;

/// Reads the blocks of a file.
#[derive(Debug, Clone)]
pub(super) struct PcapNgReader {
    section: Section,
    damages: u32,
    stage: Stage,
}

impl PcapNgReader {
    pub(super) fn new() -> Self {
        Self {
            section: Section::new(),
            damages: 0,
            stage: Stage::Reading,
        }
    }

    /// The next frame, consumed from the window; none at the end of the input.
    #[inline]
    pub(super) fn next(
        &mut self,
        window: &mut Window,
        notes: &mut Notes,
    ) -> Result<Option<Record>, Fault> {
        if let Some((record, whole)) = self.section.plain_packet(window.available()) {
            let at = window.consume(whole).saturating_add(record.at);
            return Ok(Some(Record { at, ..record }));
        }
        self.next_block(window, notes)
    }

    /// Interfaces of the section so far.
    pub(super) fn interfaces(&self) -> usize {
        self.section.interfaces()
    }

    /// Whether there is no need to read for the next step: a block is all there, or cannot be, or
    /// the input has ended.
    pub(super) fn has_next(&self, available: &[u8]) -> bool {
        if self.stage != Stage::Reading {
            return true;
        }
        if available.len() < MIN_BLOCK_LEN {
            return false;
        }
        Leader::parse(available, self.section.endianness()).is_none_or(|leader| {
            let total = usize::try_from(leader.total).unwrap_or(usize::MAX);
            total > MAX_BLOCK_LEN || total <= available.len()
        })
    }

    /// Reads blocks of every kind until one holds a frame.
    #[cold]
    fn next_block(
        &mut self,
        window: &mut Window,
        notes: &mut Notes,
    ) -> Result<Option<Record>, Fault> {
        loop {
            if let Some(end) = self.stage.end() {
                return end.map(|()| None);
            }
            let offset = window.offset();
            if !window.fill(MIN_BLOCK_LEN) {
                let got = window.available().len();
                window.consume(got);
                self.stage = Stage::Ended;
                if got == 0 {
                    return Ok(None);
                }
                return Err(Fault::CutShort {
                    offset,
                    what: "the header of a block",
                    expected: MIN_BLOCK_LEN as u64,
                    got: got as u64,
                });
            }
            let Some(leader) = Leader::parse(window.available(), self.section.endianness()) else {
                return Err(self.damaged(window, "a section header without byte order".to_owned()));
            };
            if !leader.has_possible_length() || leader.total > MAX_SKIPPED_LEN {
                let what = format!("a {} of {} bytes", leader.kind.name(), leader.total);
                return Err(self.damaged(window, what));
            }
            let total = leader.total as usize;
            if total > MAX_BLOCK_LEN {
                self.skip_long(window, &leader)?;
                continue;
            }
            if !window.fill(total) {
                return self.cut_short(window, &leader);
            }
            let block = window.available().get(..total).unwrap_or_default();
            if !trailer_agrees(block, leader.endianness) {
                let what = format!(
                    "a {} whose two lengths differ (the first is {total})",
                    leader.kind.name()
                );
                return Err(self.damaged(window, what));
            }
            let body = block
                .get(LEADER_LEN..total.saturating_sub(TRAILER_LEN))
                .unwrap_or_default();
            let outcome = self.section.block(&leader, body, notes);
            let at = window.consume(total);
            match outcome {
                Ok(None) => {}
                Ok(Some(record)) => {
                    let at = at.saturating_add(LEADER_LEN).saturating_add(record.at);
                    return Ok(Some(Record { at, ..record }));
                }
                Err(what) => {
                    return Err(self.inconsistent(offset, total as u64, what, window));
                }
            }
        }
    }

    /// Notes what the last section counted.
    pub(super) fn finish(&mut self, notes: &mut Notes) {
        self.section.end(notes);
    }

    /// Steps over a block that is too long to be a frame.
    fn skip_long(&mut self, window: &mut Window, leader: &Leader) -> Result<(), Fault> {
        let offset = window.offset();
        if leader.kind.is_common() && !is_bulk(leader.kind) {
            let what = format!("a {} of {} bytes", leader.kind.name(), leader.total);
            return Err(self.damaged(window, what));
        }
        let skipped = window.skip(leader.total.into());
        if skipped == u64::from(leader.total) {
            return Ok(());
        }
        self.stage = Stage::Ended;
        Err(Fault::CutShort {
            offset,
            what: "a block",
            expected: leader.total.into(),
            got: skipped,
        })
    }

    /// The input ends inside of a block: what is there of a frame is still delivered.
    fn cut_short(&mut self, window: &mut Window, leader: &Leader) -> Result<Option<Record>, Fault> {
        let fault = Fault::CutShort {
            offset: window.offset(),
            what: match leader.kind {
                BlockType::ENHANCED_PACKET | BlockType::SIMPLE_PACKET | BlockType::PACKET => {
                    "the block of a frame"
                }
                _ => "a block",
            },
            expected: leader.total.into(),
            got: window.available().len() as u64,
        };
        let body = window.available().get(LEADER_LEN..).unwrap_or_default();
        let record = self.section.partial_packet(leader.kind, body);
        let at = window.consume(window.available().len());
        match record {
            Some(record) if record.len > 0 => {
                self.stage = Stage::EndedWith(fault);
                let at = at.saturating_add(LEADER_LEN).saturating_add(record.at);
                Ok(Some(Record { at, ..record }))
            }
            _ => {
                self.stage = Stage::Ended;
                Err(fault)
            }
        }
    }

    /// The bytes at the start of the window are no block: searches for the next one.
    fn damaged(&mut self, window: &mut Window, what: String) -> Fault {
        let offset = window.offset();
        self.damages = self.damages.saturating_add(1);
        let found = self.damages < MAX_DAMAGES && find_block(window, self.section.endianness());
        let aftermath = if found {
            Aftermath::Skipped {
                bytes: window.offset().saturating_sub(offset),
            }
        } else {
            window.consume(window.available().len());
            self.stage = Stage::Ended;
            Aftermath::Stopped
        };
        Fault::Damaged {
            offset,
            what,
            aftermath,
        }
    }

    /// A block with a sound frame around it, which was consumed, has nonsense inside.
    fn inconsistent(&mut self, offset: u64, len: u64, what: String, window: &mut Window) -> Fault {
        self.damages = self.damages.saturating_add(1);
        let aftermath = if self.damages < MAX_DAMAGES {
            Aftermath::Skipped { bytes: len }
        } else {
            window.consume(window.available().len());
            self.stage = Stage::Ended;
            Aftermath::Stopped
        };
        Fault::Damaged {
            offset,
            what,
            aftermath,
        }
    }
}

/// Whether blocks of this kind may be longer than any frame.
fn is_bulk(kind: BlockType) -> bool {
    !matches!(
        kind,
        BlockType::SECTION_HEADER
            | BlockType::INTERFACE_DESCRIPTION
            | BlockType::PACKET
            | BlockType::SIMPLE_PACKET
            | BlockType::ENHANCED_PACKET
            | BlockType::INTERFACE_STATISTICS
    )
}

/// Whether a whole block repeats its length at its end.
fn trailer_agrees(block: &[u8], endianness: Endianness) -> bool {
    let trailer = block.last_chunk::<TRAILER_LEN>();
    trailer.is_some_and(|trailer| {
        let read: IResult<&[u8], u32> = u32(endianness).parse(trailer);
        read.is_ok_and(|(_, len)| len as usize == block.len())
    })
}

/// Moves the window to the next thing that has the form of a block, behind its first byte; false
/// when there is none, and the window is then empty.
fn find_block(window: &mut Window, endianness: Endianness) -> bool {
    window.consume(1);
    while window.fill(MIN_BLOCK_LEN) {
        let available = window.available();
        let candidate = |bytes: &[u8]| {
            Leader::parse(bytes, endianness).filter(|leader| {
                leader.kind.is_common()
                    && leader.has_possible_length()
                    && leader.total <= MAX_FOUND_LEN
            })
        };
        let found = available
            .windows(MIN_BLOCK_LEN)
            .enumerate()
            .find_map(|(at, bytes)| Some((at, candidate(bytes)?)));
        let Some((at, leader)) = found else {
            let searched = available.len().saturating_sub(MIN_BLOCK_LEN - 1);
            window.consume(searched);
            continue;
        };
        window.consume(at);
        let total = leader.total as usize;
        if window.fill(total) {
            let block = window.available().get(..total).unwrap_or_default();
            if trailer_agrees(block, leader.endianness) {
                return true;
            }
        }
        window.consume(1);
    }
    window.consume(window.available().len());
    false
}
