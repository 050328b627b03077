//! Holes, and what to do where the boundaries of chunks are not known.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::ChunkHeader;
use crate::rtmp::chunk::decoder::DEFAULT_CHUNK_SIZE;
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
use crate::rtmp::chunk::undescribed::Undescribed;
use crate::rtmp::event::Event;
use crate::rtmp::event::RawMessage;
use crate::rtmp::inferred::Inference;
use crate::rtmp::queue::EventQueue;
use crate::rtmp::types::ChunkFormat;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageTypeId;

/// How many headers in a row may look wrong before the decoder says that it lost the boundaries.
const MAX_IMPLAUSIBLE: u8 = 3;

/// Longest hole over which the headers of one message are reckoned on, in bytes. The longer it
/// is, the less likely that nothing else was sent.
const MAX_RECKONED: u64 = 1024 * 1024;

/// How often the end of a direction is looked at: what was held back until then may lead to a last
/// header that raises a question of its own, and be decoded once that is answered.
const LAST_DECISIONS: u32 = 3;

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
        self.stop_deciding(at, out);
        if self.decode_proven(out)
            && let Some(search) = &mut self.search
        {
            search.gap(len);
            self.position = search.end();
            return;
        }
        // Only now: what was held back until here may end within a message, too.
        self.tell_skimmed();
        let start = self.position;
        let end = start.saturating_add(len);
        self.position = end;
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
        for _ in 0..LAST_DECISIONS {
            self.end_carried(out);
            if self.place != Place::Lost {
                break;
            }
            self.search(at, &[], out);
            if let Some(search) = &mut self.search {
                search.is_over = true;
                self.search(at, &[], out);
            }
        }
        self.tell_skimmed();
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
        let extended = known.remembered.extended;
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
        let refers = header.basic.fmt.leaves_out_type();
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
        self.pursue(search, None, out);
    }

    /// What is known of the direction.
    pub(super) fn known(&self) -> Known<'_> {
        Known {
            streams: &self.streams,
            size: self.size,
            extended: self.extended,
            cut: match self.fragments {
                Fragments::Old => Sizes::OldAudio,
                Fragments::Undecided | Fragments::Uniform => Sizes::Uniform,
            },
        }
    }

    /// Decodes from where a header was found, or is, until none is.
    pub(super) fn pursue(
        &mut self,
        mut search: Box<Search>,
        mut found: Option<Found>,
        out: &mut EventQueue,
    ) {
        loop {
            let found = found.take().or_else(|| search.look(self.known()));
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

    /// Why a header that refers to one nobody saw is no header to go on from.
    pub(super) fn not_described(&self, start: u64, csid: ChunkStreamId, fmt: ChunkFormat) -> Loss {
        if !self.late {
            return Loss::Impossible { start, csid, fmt };
        }
        let mut known = self.undescribed.iter().flat_map(|list| list.iter());
        let known = known.find(|of| of.csid == csid);
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
                // A chunk size is agreed once and before media flow: it may have been lost with the
                // rest.
                let mut types = self.streams.iter().map(|stream| stream.remembered.type_id);
                let is_agreed = self.size != Size::Known(DEFAULT_CHUNK_SIZE);
                search.behind = Behind::Hole(end);
                search.doubts_size = !is_agreed && !types.any(MessageTypeId::is_media);
                search
            }
        }
    }

    /// Reports every message in progress as far as it came in.
    pub(super) fn give_up_partials(&mut self, out: &mut EventQueue) {
        for stream in self.streams.iter_mut() {
            if let Some(message) = stream.take_message(out) {
                tell_part(message, out);
            }
        }
        self.kept = 0;
    }
}

/// Reports a message that will not be completed, as far as it came in. Where its length is that of one
/// before a hole, the header behind its end would have confirmed it: without that, its bytes are
/// passed over.
pub(super) fn tell_part(message: RawMessage, out: &mut EventQueue) {
    if message.inferred.header == Some(Inference::Inherited) {
        let (range, at) = (message.range, message.last);
        out.push(Event::Skipped { range, at });
        out.recycle(message.body);
    } else {
        out.push(Event::Message(message));
    }
}
