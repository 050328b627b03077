//! Messages of a damaged capture against those of the undamaged one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use rtmpscope::base::time::Timestamp;
use rtmpscope::rtmp::event::RawMessage;
use rtmpscope::rtmp::inferred::Inference;
use rtmpscope::rtmp::inferred::Inferred;
use rtmpscope::rtmp::types::ChunkFormat;
use rtmpscope::rtmp::types::MessageTypeId;

use crate::decoded::Directions;
use crate::decoded::Said;
use crate::packet;
use crate::packet::Packet;
use crate::packet::Way;

/// What is compared of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Positions in the undamaged direction.
    pub(crate) start: u32,
    pub(crate) end: u32,
    type_id: u8,
    csid: u32,
    stream: u32,
    length: u32,
    timestamp: u32,
    is_absolute: bool,
    fmt: ChunkFormat,
    pub(crate) is_whole: bool,
    /// What of it is marked as inferred.
    inferred: Inferred,
    pub(crate) first: Timestamp,
}

impl Row {
    fn of(message: &RawMessage, shift: u32) -> Self {
        let place = |position: u64| u32::try_from(position).expect("small").wrapping_add(shift);
        Self {
            start: place(message.range.start),
            end: place(message.range.end),
            type_id: message.type_id.0,
            csid: message.csid.0,
            stream: message.stream_id.0,
            length: message.length,
            timestamp: message.timestamp.0,
            is_absolute: message.delta.is_none(),
            fmt: message.fmt,
            is_whole: message.is_complete(),
            inferred: message.inferred,
            first: message.first.time,
        }
    }

    /// Whether `found` is this message, or what is left of it.
    fn is(&self, found: &Self) -> bool {
        let same = (self.type_id, self.csid, self.stream, self.length)
            == (found.type_id, found.csid, found.stream, found.length);
        let (starts, ends) = (self.start == found.start, self.end == found.end);
        same && if found.is_whole {
            starts && ends
        } else {
            starts || ends
        }
    }

    /// Whether its bytes all lie in one of these ranges, which are in order.
    fn is_within(&self, covered: &[(u32, u32)]) -> bool {
        let at = covered.partition_point(|range| range.1 <= self.start);
        covered
            .get(at)
            .is_some_and(|range| range.0 <= self.start && self.end <= range.1)
    }

    /// Whether its header tells length and type, and not one before it.
    fn is_described(&self) -> bool {
        matches!(self.fmt, ChunkFormat::Full | ChunkFormat::SameStream)
    }

    pub(crate) fn is_media(&self) -> bool {
        MessageTypeId(self.type_id).is_media()
    }

    pub(crate) fn type_id(&self) -> u8 {
        self.type_id
    }

    pub(crate) fn length(&self) -> u32 {
        self.length
    }

    pub(crate) fn timestamp(&self) -> u32 {
        self.timestamp
    }
}

/// An undamaged capture, decoded.
#[derive(Debug)]
pub(crate) struct Clean {
    pub(crate) origins: BTreeMap<Way, u32>,
    pub(crate) rows: BTreeMap<Way, Vec<Row>>,
}

impl Clean {
    pub(crate) fn new(packets: &[Packet], said: &Directions) -> Self {
        let rows = said.iter().map(|(way, said)| {
            let mut rows: Vec<Row> = messages(said).map(|m| Row::of(m, 0)).collect();
            rows.sort_by_key(|row| (row.end, row.start));
            (*way, rows)
        });
        Self {
            origins: packet::origins(packets),
            rows: rows.collect(),
        }
    }
}

fn messages(said: &[Said]) -> impl Iterator<Item = &RawMessage> {
    said.iter().filter_map(|said| match said {
        Said::Message(message) => Some(message),
        _ => None,
    })
}

/// The messages of each direction whose bytes are all there, and a header too that tells their
/// length and type: whatever decodes the packets can find them.
pub(crate) fn recoverable(clean: &Clean, packets: &[Packet]) -> BTreeMap<Way, Vec<Row>> {
    let covered = packet::covered(packets, &clean.origins);
    let nothing = Vec::new();
    let of = |(way, rows): (&Way, &Vec<Row>)| {
        let covered = covered.get(way).unwrap_or(&nothing);
        let mut described: HashMap<u32, (u32, u8)> = HashMap::new();
        let whole = rows.iter().filter(|row| row.is_whole);
        let there = whole.filter(|row| row.is_within(covered)).filter(|row| {
            let what = (row.length, row.type_id);
            if row.is_described() {
                described.insert(row.csid, what);
            }
            described.get(&row.csid) == Some(&what)
        });
        (*way, there.copied().collect())
    };
    clean.rows.iter().map(of).collect()
}

/// What became of one direction.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Messages whose bytes are all there, and the header that tells their length too.
    pub(crate) recoverable: usize,
    /// Messages whose bytes are all there, but of their chunk stream nothing tells length and
    /// type.
    pub(crate) undescribed: usize,
    /// Messages found on another message stream than theirs, which is marked as inferred.
    pub(crate) presumed: usize,
    /// Those of them that came out whole.
    pub(crate) recovered: usize,
    /// Messages with a byte that is missing.
    pub(crate) touched: usize,
    /// Those of them that came out, as far as they are there.
    pub(crate) in_part: usize,
    /// Messages that do not exist.
    pub(crate) invented: Vec<String>,
    /// Timestamps that are wrong or cannot be known, and are not marked; or wrong by something else
    /// than the one before.
    pub(crate) mistimed: Vec<String>,
    /// Where the first message that came out begins, and when it came.
    pub(crate) lock: Option<Row>,
    /// Messages whose bytes are all there, behind the first that came out, that did not.
    pub(crate) lost_behind: usize,
    /// The first few of those that are missing.
    pub(crate) missing: Vec<Row>,
}

/// Judges what was decoded of damaged packets.
pub(crate) fn judge(
    clean: &Clean,
    packets: &[Packet],
    said: &Directions,
) -> BTreeMap<Way, Verdict> {
    let origins = packet::origins(packets);
    let covered = packet::covered(packets, &clean.origins);
    let nothing = Vec::new();
    clean
        .rows
        .iter()
        .map(|(way, rows)| {
            let covered = covered.get(way).unwrap_or(&nothing);
            let there = |row: &Row| row.is_within(covered);
            let shift = origins
                .get(way)
                .map_or(0, |origin| origin.wrapping_sub(clean.origins[way]));
            let said = said.get(way).map_or(&[][..], Vec::as_slice);
            (*way, of_direction(rows, &there, said, shift))
        })
        .collect()
}

fn of_direction(rows: &[Row], there: &dyn Fn(&Row) -> bool, said: &[Said], shift: u32) -> Verdict {
    let mut verdict = Verdict::default();
    let mut whole = BTreeSet::new();
    let mut in_part = BTreeSet::new();
    let mut places: HashMap<u32, Vec<usize>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        places.entry(row.start).or_default().push(index);
        places.entry(row.end).or_default().push(index);
    }
    let mut times = Times::new(rows);
    for said in said {
        let Said::Message(message) = said else {
            continue;
        };
        let found = Row::of(message, shift);
        let may_differ = found.inferred.stream_id.is_some();
        let place = |stream: Option<u32>| {
            let near = [found.start, found.end].map(|position| places.get(&position));
            near.into_iter().flatten().flatten().copied().find(|index| {
                let row = &rows[*index];
                let stream = stream.unwrap_or(row.stream);
                row.is(&Row { stream, ..found })
            })
        };
        let Some(index) = place(Some(found.stream)).or_else(|| {
            let index = if may_differ { place(None) } else { None };
            verdict.presumed += usize::from(index.is_some());
            index
        }) else {
            let real = rows
                .iter()
                .filter(|row| row.start < found.end && found.start < row.end);
            let real: Vec<&Row> = real.take(2).collect();
            verdict
                .invented
                .push(format!("{found:?} instead of {real:?}"));
            continue;
        };
        if found.is_whole {
            whole.insert(index);
            if verdict.lock.is_none_or(|lock| found.start < lock.start) {
                verdict.lock = Some(Row {
                    timestamp: rows[index].timestamp,
                    ..found
                });
            }
        } else {
            in_part.insert(index);
        }
        if let Some(wrong) = times.check(index, &found) {
            verdict.mistimed.push(wrong);
        }
    }
    // Of each chunk stream, the length and type that the last header told which is there.
    let mut described: HashMap<u32, (u32, u8)> = HashMap::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.is_whole) {
        let what = (row.length, row.type_id);
        if there(row) && (row.is_described() || whole.contains(&index)) {
            described.insert(row.csid, what);
        }
        if there(row) && described.get(&row.csid) != Some(&what) {
            verdict.undescribed += 1;
            continue;
        }
        if !there(row) {
            verdict.touched += 1;
            verdict.in_part += usize::from(in_part.contains(&index));
            continue;
        }
        verdict.recoverable += 1;
        if whole.contains(&index) {
            verdict.recovered += 1;
            continue;
        }
        if verdict.missing.len() < 4 {
            verdict.missing.push(*row);
        }
        if verdict.lock.is_some_and(|lock| row.start >= lock.start) {
            verdict.lost_behind += 1;
        }
    }
    verdict
}

/// Whether timestamps are right, or marked and right from message to message.
struct Times<'a> {
    rows: &'a [Row],
    last: BTreeMap<u32, Last>,
}

/// The last message that was found of a chunk stream.
#[derive(Debug, Clone, Copy)]
struct Last {
    index: usize,
    /// By how much its timestamp was wrong.
    wrong: u32,
    /// Whether what was seen until then tells its timestamp.
    is_told: bool,
    /// Whether it tells the delta that a header of type 3 behind it repeats.
    tells_delta: bool,
}

impl<'a> Times<'a> {
    fn new(rows: &'a [Row]) -> Self {
        Self {
            rows,
            last: BTreeMap::new(),
        }
    }

    /// Whether messages of a chunk stream are among these rows.
    fn any(&self, rows: std::ops::Range<usize>, csid: u32) -> bool {
        let rows = self.rows.get(rows).unwrap_or_default();
        rows.iter().any(|row| row.csid == csid)
    }

    fn check(&mut self, index: usize, found: &Row) -> Option<String> {
        let row = &self.rows[index];
        let wrong = found.timestamp.wrapping_sub(row.timestamp);
        let before = self.last.get(&row.csid).copied();
        let unseen = before.map_or(0, |last| last.index + 1)..index;
        // Right from message to message, if every delta is there.
        let is_next = !self.any(unseen, row.csid);
        // Every delta since an absolute timestamp was seen, or since the first message.
        let is_told = found.is_absolute || (is_next && before.is_none_or(|last| last.is_told));
        let tells_delta = found.fmt != ChunkFormat::Nothing
            || (is_next && before.is_some_and(|last| last.tells_delta));
        let now = Last {
            index,
            wrong,
            is_told,
            tells_delta,
        };
        self.last.insert(row.csid, now);
        if found.inferred.timestamp == Some(Inference::Untold) {
            // A header that told the delta was there.
            let is_known = before.is_some_and(|last| last.tells_delta) && is_next;
            return is_known.then(|| format!("{found:?} is known, and said not to be"));
        }
        if found.fmt == ChunkFormat::Nothing && before.is_none() && !is_told {
            return Some(format!("{found:?} is not known at all, and not said to be"));
        }
        let is_marked = found.inferred.timestamp.is_some();
        if wrong != 0 && (found.is_absolute || !is_marked) {
            return Some(format!("{found:?} is wrong by {wrong}"));
        }
        if !is_told && !is_marked {
            return Some(format!("{found:?} cannot be known, and is not marked"));
        }
        let by = before.filter(|_| wrong != 0)?.wrong;
        (by != wrong && is_next && tells_delta)
            .then(|| format!("{found:?} is off by {wrong}, before by {by}"))
    }
}
