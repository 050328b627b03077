//! Going on where headers were found again: what is taken up, given up and said there.

use crate::base::ids::ByteRange;
use crate::rtmp::chunk::decoder::ChunkDecoder;
use crate::rtmp::chunk::decoder::Place;
use crate::rtmp::chunk::expected::Expected;
use crate::rtmp::chunk::expected::Within;
use crate::rtmp::chunk::resync::Found;
use crate::rtmp::chunk::resync::Search;
use crate::rtmp::chunk::sizes::Size;
use crate::rtmp::chunk::undescribed;
use crate::rtmp::chunk::undescribed::Undescribed;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::event::Event;
use crate::rtmp::event::Lock;
use crate::rtmp::queue::EventQueue;

/// Longest message that is passed over by its length alone, without any header telling it: such
/// headers are those of sound, one like the other.
const MAX_UNDESCRIBED: u32 = 64 * 1024;

/// Most chunk streams of which such lengths are known.
const MAX_UNDESCRIBED_STREAMS: usize = 8;

impl ChunkDecoder {
    /// Goes on where a search has found a header.
    pub(super) fn settle(&mut self, search: &Search, found: Found, out: &mut EventQueue) {
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
                    stream.remembered.in_doubt = true;
                }
                self.skipped(search, found, out);
            }
            _ => {
                self.learn_length(search, position);
                self.give_up_partials(out);
                self.confirmed = Some(position);
                self.late = true;
                for stream in self.streams.iter_mut() {
                    stream.remembered.in_doubt = true;
                    stream.clock = stream.clock.doubted();
                }
                if let Some(description) = found.repeats {
                    self.presume_repeated(description);
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
        let list = self.undescribed.get_or_insert_default();
        if let Some(known) = list.iter_mut().find(|of| of.csid == csid) {
            known.note(length);
        } else if list.len() < MAX_UNDESCRIBED_STREAMS {
            let mut lengths = Undescribed::new(csid);
            lengths.note(length);
            list.push(lengths);
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
}
