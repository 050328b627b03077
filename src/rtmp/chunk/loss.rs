//! Holes, and what to do where the boundaries of chunks are not known.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::ChunkHeader;
use crate::rtmp::chunk::decoder::Place;
use crate::rtmp::chunk::decoder::to_u64;
use crate::rtmp::chunk::evidence;
use crate::rtmp::chunk::expected::Expected;
use crate::rtmp::chunk::expected::Within;
use crate::rtmp::chunk::plan::is_implausible;
use crate::rtmp::chunk::resync::Behind;
use crate::rtmp::chunk::resync::Found;
use crate::rtmp::chunk::resync::Known;
use crate::rtmp::chunk::resync::Search;
use crate::rtmp::chunk::sizes::Fragments;
use crate::rtmp::chunk::sizes::OLD_AUDIO;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::sizes::Sizes;
use crate::rtmp::chunk::stream::Remembered;
use crate::rtmp::chunk::undescribed;
use crate::rtmp::chunk::undescribed::Undescribed;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Event;
use crate::rtmp::event::Lock;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// How many headers in a row may look wrong before the decoder says that it lost the boundaries.
const MAX_IMPLAUSIBLE: u8 = 3;

/// Longest hole over which the headers of one message are reckoned on, in bytes. The longer it
/// is, the less likely that nothing else was sent.
const MAX_RECKONED: u64 = 1024 * 1024;

/// Longest message that is passed over by its length alone, without any header telling it: such
/// headers are those of sound, one like the other.
const MAX_UNDESCRIBED: u32 = 64 * 1024;

/// Most chunk streams of which such lengths are known.
const MAX_UNDESCRIBED_STREAMS: usize = 8;

/// Why the boundaries of chunks are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// The header at `start` refers to a chunk stream on which nothing was sent.
    Impossible {
        /// Position of the header.
        start: u64,
        /// Its chunk stream.
        csid: ChunkStreamId,
        /// Its form.
        fmt: ChunkFormat,
    },
    /// The same, where headers may have passed unseen.
    Undescribed {
        /// Position of the header.
        start: u64,
        /// Its form.
        fmt: ChunkFormat,
        /// How long the messages behind others seemed.
        lengths: Undescribed,
    },
    /// The header at `start` is one too many that looks wrong.
    Implausible {
        /// Position of the header.
        start: u64,
    },
    /// The header at `start` means something only if what it refers to still holds.
    InDoubt {
        /// Position of the header.
        start: u64,
    },
    /// Chunks may be cut otherwise than before, or than others, from the header at `start` on.
    Sizes {
        /// Position of the header.
        start: u64,
        /// How.
        other: Sizes,
    },
    /// Bytes are missing.
    Hole {
        /// First position that was not understood.
        since: u64,
        /// Position behind the hole.
        end: u64,
        /// What stands there, if nothing but this was sent in the hole.
        expected: Expected,
    },
}

impl ChunkDecoder {
    /// A decoder whose first byte lies at `position` and may be any byte of a chunk.
    pub(in crate::rtmp) fn midstream(position: u64, keep_media: bool) -> Self {
        let mut search = Search::new(position, position, Expected::Nothing, true);
        search.behind = Behind::Begin(position);
        Self {
            place: Place::Lost,
            size: Size::UNKNOWN,
            search: Some(Box::new(search)),
            late: true,
            ..Self::new(position, keep_media)
        }
    }

    /// How many bytes have passed since the boundaries of chunks were known; `None` while they
    /// are.
    pub(in crate::rtmp) fn lost_for(&self) -> Option<u64> {
        let search = self.search.as_ref()?;
        Some(search.end().saturating_sub(search.since))
    }

    /// `len` bytes are missing here.
    pub(in crate::rtmp) fn gap(&mut self, len: u64, at: Mark, out: &mut EventQueue) {
        self.tell_skimmed();
        self.stop_deciding(at, out);
        let start = self.position;
        let end = start.saturating_add(len);
        self.position = end;
        if let Some(search) = &mut self.search {
            search.gap(len);
            return;
        }
        let (since, expected) = match self.place {
            Place::Payload { stream, left } if len <= u64::from(left) => {
                let len = u32::try_from(len).unwrap_or(left);
                self.pass_hole(stream, left, len, at, out);
                return;
            }
            Place::Payload { stream, left } => (start, self.reckon(stream, left, len)),
            Place::Header if self.carry.filled().is_empty() => {
                let stream = self.streams.last_in_progress(self.chunks);
                (start, stream.and_then(|stream| self.reckon(stream, 0, len)))
            }
            Place::Header | Place::Lost => {
                let carried = to_u64(self.carry.filled().len());
                self.carry.clear();
                (start.saturating_sub(carried), None)
            }
        };
        let expected = expected.map_or(Expected::Behind, Expected::Within);
        let loss = Loss::Hole {
            since,
            end,
            expected,
        };
        self.lose(loss, at, out);
    }

    /// A hole comes before it is known how chunks are cut: as the specification says, then.
    fn stop_deciding(&mut self, at: Mark, out: &mut EventQueue) {
        let is_deciding =
            |search: &&mut Box<Search>| matches!(search.expected(), Expected::Sizes(_));
        if let Some(search) = self.search.as_mut().filter(is_deciding) {
            search.is_over = true;
            self.search(at, &[], out);
        }
        if let Some(search) = &mut self.search {
            search.is_over = false;
        }
    }

    /// No more bytes will come.
    pub(in crate::rtmp) fn finish(&mut self, at: Mark, out: &mut EventQueue) {
        self.tell_skimmed();
        if let Some(search) = &mut self.search {
            search.is_over = true;
            self.search(at, &[], out);
        }
        self.give_up_partials(out);
        let end = self.position;
        let start = match self.search.take() {
            Some(search) => search.since,
            None => end.saturating_sub(to_u64(self.carry.filled().len())),
        };
        self.carry.clear();
        self.loss = None;
        self.place = Place::Header;
        if start < end {
            let range = ByteRange { start, end };
            out.push(Event::Skipped { range, at });
        }
    }

    /// A hole within the payload of one chunk costs the message some bytes and nothing else.
    fn pass_hole(&mut self, place: usize, left: u32, len: u32, at: Mark, out: &mut EventQueue) {
        let position = self.position;
        let Some((remembered, partial)) = self.message_at(place) else {
            return;
        };
        partial.pass_hole(len, position);
        let complete = partial.passed >= remembered.length;
        self.after_payload(place, left.saturating_sub(len), complete, at, out);
    }

    /// Where a hole of `hole` bytes ends in a message with `left` bytes left in its chunk, if
    /// nothing but this message was sent in the hole.
    fn reckon(&self, stream: usize, left: u32, hole: u64) -> Option<Within> {
        let known = self.streams.get(stream)?;
        let extended = known.remembered.time.extended;
        if hole > MAX_RECKONED || (extended && !self.extended.always_repeated()) {
            return None;
        }
        let basic = match known.csid.0 {
            0..=63 => 1,
            64..=319 => 2,
            _ => 3,
        };
        let header = if extended {
            4_u32.saturating_add(basic)
        } else {
            basic
        };
        let mut within = Within {
            stream,
            left: 0,
            missing: left,
            chunks: 0,
            header_bytes: 0,
        };
        let mut hole = u32::try_from(hole).ok()?.checked_sub(left)?;
        let mut remaining = known.remaining().checked_sub(left)?;
        while remaining > 0 {
            if hole == 0 {
                return Some(within);
            }
            hole = hole.checked_sub(header)?;
            within.chunks = within.chunks.saturating_add(1);
            within.header_bytes = within.header_bytes.saturating_add(header);
            let chunk = self.chunk_of(stream).min(remaining);
            let missing = chunk.min(hole);
            within.missing = within.missing.saturating_add(missing);
            if missing < chunk {
                within.left = chunk.saturating_sub(missing);
                return Some(within);
            }
            hole = hole.saturating_sub(chunk);
            remaining = remaining.saturating_sub(chunk);
        }
        None
    }

    /// Whether a header that begins a message like `new` can be taken at its word.
    pub(super) fn trust(
        &self,
        header: &ChunkHeader,
        new: &Remembered,
        in_doubt: bool,
        start: u64,
    ) -> Result<(), Loss> {
        if self.confirmed == Some(start) {
            return Ok(());
        }
        let is_long_audio = new.type_id == MessageTypeId::AUDIO && new.length > OLD_AUDIO;
        if self.fragments == Fragments::Undecided && is_long_audio && !self.late {
            let other = Sizes::OldAudio;
            return Err(Loss::Sizes { start, other });
        }
        let refers = matches!(
            header.basic.fmt,
            ChunkFormat::SameLength | ChunkFormat::Nothing
        );
        let doubted = self.size.doubted_above();
        let size_matters = doubted.is_some_and(|least| new.length > least);
        if (refers && in_doubt) || size_matters {
            return Err(Loss::InDoubt { start });
        }
        let stream = header.stream.and_then(|place| self.streams.get(place));
        // Where bytes are missing, payload is taken for a header too easily to wait for more.
        if self.late && !evidence::may_begin(header.basic.csid, new, stream.is_some()) {
            return Err(Loss::Implausible { start });
        }
        let last_straw = self.implausible.saturating_add(1) >= MAX_IMPLAUSIBLE;
        if last_straw && stream.is_some_and(|stream| is_implausible(new, stream)) {
            return Err(Loss::Implausible { start });
        }
        Ok(())
    }

    /// From here on it is not known where chunks begin.
    pub(super) fn lose(&mut self, loss: Loss, at: Mark, out: &mut EventQueue) {
        self.place = Place::Lost;
        self.loss = Some(Box::new(loss));
        self.implausible = 0;
        match loss {
            Loss::Impossible { start, csid, fmt } => {
                let kind = AnomalyKind::HeaderOfUnknownChunkStream { csid, fmt };
                self.remark(kind, start, at, out);
                self.remark(AnomalyKind::BoundariesLost, start, at, out);
            }
            Loss::Implausible { start } => {
                self.remark(AnomalyKind::BoundariesLost, start, at, out);
            }
            Loss::Hole {
                since,
                expected: Expected::Behind,
                ..
            } => self.remark(AnomalyKind::BoundariesLost, since, at, out),
            Loss::Hole { .. }
            | Loss::InDoubt { .. }
            | Loss::Undescribed { .. }
            | Loss::Sizes { .. } => {}
        }
        if matches!(loss, Loss::Hole { .. }) {
            self.search(at, &[], out);
        }
    }

    /// Looks for a header in what has come, and decodes from there what was held.
    pub(super) fn search(&mut self, at: Mark, data: &[u8], out: &mut EventQueue) {
        let mut search = self.search.take().unwrap_or_else(|| {
            let mut search = Box::new(Search::new(
                self.position,
                self.position,
                Expected::Nothing,
                false,
            ));
            if let Some(loss) = self.loss.take() {
                search = Box::new(self.new_search(*loss));
                search.add(self.carry.first(), self.carry.filled());
            }
            search
        });
        self.carry.clear();
        search.add(at, data);
        loop {
            let known = Known {
                streams: &self.streams,
                size: self.size,
                extended: self.extended,
                audio: (self.fragments == Fragments::Old).then_some(OLD_AUDIO),
            };
            let found = search.look(known);
            if search.is_disappointed() && !search.said {
                search.said = true;
                let at = search.last_mark();
                self.remark(AnomalyKind::BoundariesLost, search.since, at, out);
            }
            let Some(found) = found else {
                self.position = search.end();
                self.search = Some(search);
                return;
            };
            self.settle(&search, found, out);
            for (at, piece) in search.pieces(found.at) {
                self.feed(at, piece, out);
                if self.place == Place::Lost {
                    break;
                }
            }
            let Some(loss) = self.loss.take() else {
                return;
            };
            self.carry.clear();
            search.restart(&self.new_search(*loss));
        }
    }

    /// Goes on where a search has found a header.
    fn settle(&mut self, search: &Search, found: Found, out: &mut EventQueue) {
        let position = search.position(found.at);
        let is_first = self.chunks == 0;
        self.position = position;
        self.place = Place::Header;
        self.settle_size(search, found, out);
        match search.expected() {
            Expected::Within(within) if found.as_expected => self.resume(within),
            Expected::Header if found.as_expected => self.confirmed = Some(position),
            Expected::Sizes(sizes) if found.as_expected => {
                self.confirmed = Some(position);
                self.cut_by(sizes, search.last_mark(), out);
            }
            Expected::Undescribed(_) | Expected::Untold(_) if found.as_expected => {
                self.confirmed = Some(position);
                if let Some(description) = found.description {
                    self.describe(description, search.last_mark(), out);
                    return;
                }
                // Others may have passed in between.
                for stream in self.streams.iter_mut() {
                    stream.in_doubt = true;
                }
                self.skipped(search, found, out);
            }
            _ => {
                self.learn_length(search, position);
                self.give_up_partials(out);
                self.confirmed = Some(position);
                self.late = true;
                for stream in self.streams.iter_mut() {
                    stream.in_doubt = true;
                    stream.clock = stream.clock.doubted();
                }
                if found.acknowledges {
                    self.presume_acknowledgements();
                }
                self.skipped(search, found, out);
                out.push(Event::Locked(Lock {
                    position,
                    skipped: position.saturating_sub(search.since),
                    headers: search.agreed.headers,
                    bits: search.agreed.bits,
                    is_first,
                    at: search.mark_of(found.at),
                }));
            }
        }
    }

    /// Takes the chunk size that agrees, and says so when it is another.
    fn settle_size(&mut self, search: &Search, found: Found, out: &mut EventQueue) {
        if self.size == found.size {
            return;
        }
        self.size = found.size;
        let size = match found.size {
            Size::Known(bytes) => ChunkSize::Inferred(bytes),
            Size::AtLeast(least) | Size::Guess { least, .. } => ChunkSize::AtLeast(least),
        };
        let at = search.mark_of(found.at);
        out.push(Event::ChunkSize { size, at });
    }

    /// Reports what was passed over until something was found.
    fn skipped(&self, search: &Search, found: Found, out: &mut EventQueue) {
        let (start, end) = (search.since, self.position);
        if start < end {
            let range = ByteRange { start, end };
            let at = search.mark_of(found.at);
            out.push(Event::Skipped { range, at });
        }
    }

    /// Takes note of how long a message was whose header refers to one nobody saw. Senders of
    /// messages of one length and type write nothing but such headers, and need not cost the
    /// messages around them.
    fn learn_length(&mut self, search: &Search, position: u64) {
        let span = u32::try_from(position.saturating_sub(search.since)).unwrap_or(u32::MAX);
        let Some((csid, fmt)) = search.undescribed.filter(|_| span <= MAX_UNDESCRIBED) else {
            return;
        };
        let length = span.saturating_sub(undescribed::short_header_len(fmt));
        if let Some(known) = self.undescribed.iter_mut().find(|of| of.csid == csid) {
            known.note(length);
        } else if self.undescribed.len() < MAX_UNDESCRIBED_STREAMS {
            let mut lengths = Undescribed::new(csid);
            lengths.note(length);
            self.undescribed.push(lengths);
        }
    }

    /// Why a header that refers to one nobody saw is no header to go on from.
    pub(super) fn not_described(&self, start: u64, csid: ChunkStreamId, fmt: ChunkFormat) -> Loss {
        if !self.late {
            return Loss::Impossible { start, csid, fmt };
        }
        let known = self.undescribed.iter().find(|of| of.csid == csid);
        let lengths = known.copied().unwrap_or(Undescribed::new(csid));
        Loss::Undescribed {
            start,
            fmt,
            lengths,
        }
    }

    fn new_search(&self, loss: Loss) -> Search {
        match loss {
            Loss::Undescribed {
                start,
                fmt,
                lengths,
            } => {
                let expected = Expected::Undescribed(lengths);
                let mut search = Search::new(start, start, expected, false);
                search.undescribed = Some((lengths.csid, fmt));
                search.behind = Behind::Undescribed(start);
                search
            }
            Loss::Impossible { start, .. } | Loss::Implausible { start } => {
                Search::new(start, start, Expected::Nothing, true)
            }
            Loss::Sizes { start, other } => {
                Search::new(start, start, Expected::Sizes(other), false)
            }
            Loss::InDoubt { start } => {
                let mut search = Search::new(start, start, Expected::Header, false);
                search.behind = Behind::Undescribed(start);
                search
            }
            Loss::Hole {
                since,
                end,
                expected,
            } => {
                let mut search = Search::new(since, end, expected, expected == Expected::Behind);
                // Chunk sizes are agreed before media flow: one may have been lost with the rest.
                let mut types = self.streams.iter().map(|stream| stream.remembered.type_id);
                search.behind = Behind::Hole(end);
                search.doubts_size = !types.any(MessageTypeId::is_media);
                search
            }
        }
    }

    /// A message goes on behind a hole that took headers of its own.
    fn resume(&mut self, within: Within) {
        let position = self.position;
        self.chunks = self.chunks.wrapping_add(within.chunks);
        let chunks = self.chunks;
        let Some(stream) = self.streams.get_mut(within.stream) else {
            return;
        };
        stream.used = chunks;
        if let Some(partial) = stream.partial.as_mut() {
            partial.pass_hole(within.missing, position);
            partial.chunks = partial.chunks.saturating_add(within.chunks);
            partial.header_bytes = partial.header_bytes.saturating_add(within.header_bytes);
        }
        if within.left > 0 {
            self.place = Place::Payload {
                stream: within.stream,
                left: within.left,
            };
        }
    }

    /// Reports every message in progress as far as it came in.
    fn give_up_partials(&mut self, out: &mut EventQueue) {
        for stream in self.streams.iter_mut() {
            if let Some(message) = stream.take_message(&mut None) {
                stream.clock.tell(message, out);
            }
        }
        self.kept = 0;
    }
}
