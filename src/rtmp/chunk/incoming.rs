//! Chunk headers as they come in: whole, cut by a segment and carried until the rest is there, or at
//! the very end of a direction.

use crate::base::ids::Mark;
use crate::rtmp::chunk::decoder::Chunk;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::ChunkHeader;
use crate::rtmp::chunk::decoder::to_u64;
use crate::rtmp::chunk::extended::Repeat;
use crate::rtmp::chunk::header;
use crate::rtmp::chunk::header::MessageHeader;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkFormat;

impl ChunkDecoder {
    /// A chunk header, or as much of one as is there.
    pub(super) fn header<'d>(
        &mut self,
        at: Mark,
        data: &'d [u8],
        out: &mut EventQueue,
    ) -> &'d [u8] {
        if !self.carry.filled().is_empty() {
            return self.carried_header(at, data, out);
        }
        let Ok((rest, header)) = self.read_header(data) else {
            // Incomplete, so all of it fits.
            self.carry.fill(at, data);
            self.advance(data.len());
            return &[];
        };
        let chunk = Chunk {
            start: self.position,
            size: data.len().saturating_sub(rest.len()),
            first: at,
            at,
        };
        match self.plan(&header, chunk.start) {
            Ok(plan) => {
                self.advance(chunk.size);
                self.chunk(plan, &header, chunk, out);
                rest
            }
            Err(loss) => {
                self.lose(loss, at, out);
                data
            }
        }
    }

    fn carried_header<'d>(&mut self, at: Mark, data: &'d [u8], out: &mut EventQueue) -> &'d [u8] {
        let before = self.carry.filled().len();
        self.carry.fill(at, data);
        let input = self.carry.filled();
        let Ok((unread, header)) = self.read_header(input) else {
            // Incomplete with less than the longest header: all of it fitted.
            self.advance(data.len());
            return &[];
        };
        let chunk = Chunk {
            start: self.position.saturating_sub(to_u64(before)),
            size: input.len().saturating_sub(unread.len()),
            first: self.carry.first(),
            at,
        };
        match self.plan(&header, chunk.start) {
            Ok(plan) => {
                let carried = self.carry.copied();
                self.carry.clear();
                self.position = chunk.start.saturating_add(to_u64(chunk.size));
                self.chunk(plan, &header, chunk, out);
                let behind = carried.get(chunk.size..before).unwrap_or_default();
                self.looked_at(chunk.first, behind, out);
                let used = chunk.size.saturating_sub(before);
                data.get(used..).unwrap_or_default()
            }
            Err(loss) => {
                // What was carried goes to the search, and what came with `data` is still there.
                self.carry.cut(before);
                self.lose(loss, at, out);
                data
            }
        }
    }

    /// Decodes bytes that were carried as they might have been an extended timestamp, and turned
    /// out to lie behind the header.
    fn looked_at(&mut self, at: Mark, behind: &[u8], out: &mut EventQueue) {
        let lost = self.feed(at, behind, out);
        // Where a header among them is none, they go to the search with what comes.
        self.carry.fill(at, lost);
    }

    /// No more bytes will come: a header at the end has nothing behind it that could be an extended
    /// timestamp.
    pub(super) fn end_carried(&mut self, out: &mut EventQueue) {
        let (carried, len) = (self.carry.copied(), self.carry.filled().len());
        let input = carried.get(..len).unwrap_or_default();
        let Some((rest, header)) = self.read_last_header(input) else {
            return;
        };
        let at = self.carry.first();
        let chunk = Chunk {
            start: self.position.saturating_sub(to_u64(len)),
            size: len.saturating_sub(rest.len()),
            first: at,
            at,
        };
        match self.plan(&header, chunk.start) {
            Ok(plan) => {
                self.carry.clear();
                self.position = chunk.start.saturating_add(to_u64(chunk.size));
                self.chunk(plan, &header, chunk, out);
                self.looked_at(at, rest, out);
            }
            Err(loss) => self.lose(loss, at, out),
        }
    }

    /// Reads a header of type 3 whose direction ends before an extended timestamp could, and with the
    /// message.
    fn read_last_header<'i>(&self, input: &'i [u8]) -> Option<(&'i [u8], ChunkHeader)> {
        let (rest, basic) = header::basic_header(input).ok()?;
        let stream = self.streams.find(basic.csid);
        let known = self.streams.get(stream?)?;
        let is_last = basic.fmt == ChunkFormat::Nothing
            && known.remembered.extended
            && to_u64(rest.len()) == u64::from(known.remaining())
            && !self.extended.may_begin_with(rest, &known.remembered);
        let header = ChunkHeader {
            basic,
            message: MessageHeader::Nothing,
            stream,
            repeat: Repeat::LeftOut,
        };
        is_last.then_some((rest, header))
    }

    /// Reads a whole header without changing anything: whatever is incomplete is read again
    /// when more has come.
    fn read_header<'i>(&self, input: &'i [u8]) -> nom::IResult<&'i [u8], ChunkHeader> {
        let (rest, basic) = header::basic_header(input)?;
        let (mut rest, message) = header::message_header(basic.fmt, rest)?;
        let stream = self.streams.find(basic.csid);
        let mut repeat = Repeat::NotDue;
        if basic.fmt == ChunkFormat::Nothing
            && let Some(known) = stream.and_then(|place| self.streams.get(place))
            && known.remembered.extended
        {
            let (behind, found) = header::extended_timestamp(rest)?;
            repeat = self.extended.judge(found, &known.remembered);
            if repeat.is_there() {
                rest = behind;
            }
        }
        let header = ChunkHeader {
            basic,
            message,
            stream,
            repeat,
        };
        Ok((rest, header))
    }
}
