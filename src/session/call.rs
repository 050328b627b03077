//! Remote procedure calls and what answered them (RTMP 1.0 section 7.2): `_result` and `_error`
//! by transaction id, `onStatus` by what it speaks of.

use compact_str::CompactString;

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::command::CommandInfo;
use crate::rtmp::command::TransactionId;
use crate::rtmp::inferred::Inference;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::session::quantile::SpanStats;
use crate::session::status;
use crate::session::status::Listed;
use crate::session::status::Word;

mod said;
mod stats;
#[cfg(test)]
mod tests;

pub(crate) use self::said::Answer;
pub(crate) use self::said::Answered;
pub(crate) use self::said::Request;
pub use self::stats::CallStats;
pub use self::stats::RareCalls;

/// Most calls kept per connection. A session sets up with a dozen; players that seek, and pings,
/// make more over hours.
pub const MAX_CALLS: usize = 256;

/// The first calls are never let go: they are the setup of the session.
pub const KEPT_FIRST: usize = 64;

/// Calls for which room is made at once: `connect`, `createStream` and `publish` or `play`.
const USUAL_CALLS: usize = 3;

/// How long an answer may take before it counts as missing. The servers' own limits begin at
/// five seconds.
pub const OVERDUE_AFTER: Span = Span::from_secs(5);

/// Longest text kept of a name, detail, code or description, in bytes: a stream key with its
/// tokens fits, a megabyte does not get kept 256 times.
pub const MAX_TEXT: usize = 1024;

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Number of the call in the connection, from 1.
    pub id: u64,
    /// Who calls.
    pub caller: Side,
    /// Whether it is a ping of the user control messages instead of a command.
    pub is_ping: bool,
    /// Name of the procedure; `ping` for a ping. Foreign text.
    pub name: Word,
    /// Meaningful only where [`TRANSACTION`] is set.
    transaction_id: TransactionId,
    /// Chunk stream that carried it.
    pub csid: ChunkStreamId,
    /// Message stream on which it was made.
    pub stream_id: MessageStreamId,
    /// From what that is inferred.
    pub stream_from: Option<Inference>,
    /// What brought its last byte.
    pub at: Mark,
    /// Number of its message in the connection, from 1.
    pub message: u64,
    /// What it is about: the app of `connect`, the stream name of `publish` or `play`, the code
    /// of an `onStatus` that answers nothing. Foreign text, and a secret in part.
    pub detail: Option<CompactString>,
    /// Whether an answer is due.
    pub expectation: Expectation,
    /// How it went.
    pub state: CallState,
    /// [`PIPELINED`], [`REUSED`] and [`TRANSACTION`] in one byte: a connection keeps dozens of
    /// calls.
    flags: u8,
    /// Whether the answer took longer than [`OVERDUE_AFTER`].
    pub overdue: bool,
    /// Answers that came; more than one is odd.
    pub answers: u8,
    /// The answer that counts. Beside the call, because most calls have one.
    pub reply: Option<Reply>,
}

/// Whether an answer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expectation {
    /// Nobody answers it.
    None,
    /// Some peers answer it, many do not, and nothing depends on it.
    Optional,
    /// The session cannot go on without.
    Required,
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// An answer may still come.
    Open,
    /// No answer is due.
    OneWay,
    /// Answered.
    Answered,
    /// Answered with an error.
    Failed,
    /// The capture or connection ended before an answer came.
    Unanswered,
}

impl CallState {
    /// The name used in records and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OneWay => "one_way",
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Unanswered => "unanswered",
        }
    }
}

/// What answered a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// In which form.
    pub kind: ReplyKind,
    /// What brought its last byte.
    pub at: Mark,
    /// Number of its message in the connection, from 1.
    pub message: u64,
    level: Listed,
    code: Listed,
    /// What is no listed word.
    unlisted: Option<Box<Unlisted>>,
}

/// Texts of an answer that need memory of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Unlisted {
    level: Option<Box<str>>,
    code: Option<Box<str>>,
    description: Option<Box<str>>,
}

impl Reply {
    fn new(answer: &Answer<'_>, failed: bool) -> Self {
        let level = answer.level.map_or(Listed::NONE, status::listed_level);
        let code = answer.code.map_or(Listed::NONE, status::listed_code);
        let kept = |text: Option<&str>, is_kept: bool| {
            let text = text.filter(|_| is_kept)?;
            Some(Box::from(bounded(text)))
        };
        let unlisted = Unlisted {
            level: kept(answer.level, level == Listed::NONE),
            code: kept(answer.code, code == Listed::NONE),
            description: kept(answer.description, failed),
        };
        Self {
            kind: answer.kind,
            at: answer.at,
            message: answer.message,
            level,
            code,
            unlisted: (unlisted != Unlisted::default()).then(|| Box::new(unlisted)),
        }
    }

    /// Level of the information object: `status`, `warning`, `error`. Foreign text.
    pub fn level(&self) -> Option<&str> {
        let unlisted = || self.unlisted.as_ref()?.level.as_deref();
        status::level_of(self.level).or_else(unlisted)
    }

    /// Code of the information object, as `NetStream.Publish.Start`. Foreign text.
    pub fn code(&self) -> Option<&str> {
        let unlisted = || self.unlisted.as_ref()?.code.as_deref();
        status::code_of(self.code).or_else(unlisted)
    }

    /// Description of the information object, kept for failures. Foreign text, and may repeat a
    /// secret.
    pub fn description(&self) -> Option<&str> {
        self.unlisted.as_ref()?.description.as_deref()
    }
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplyKind {
    /// `_result`.
    Result,
    /// `_error`.
    Error,
    /// `onStatus`.
    Status,
    /// `onFCPublish` and its like.
    Notice,
    /// User control Ping Response.
    Pong,
}

/// Other calls of the same side were still waiting for their answer.
const PIPELINED: u8 = 1;

/// An earlier call of the same side had the same transaction id, not 0.
const REUSED: u8 = 2;

/// Its message had a transaction id.
const TRANSACTION: u8 = 4;

impl Call {
    /// Transaction id; of a ping its value. `None` if the message had none.
    pub fn transaction_id(&self) -> Option<TransactionId> {
        (self.flags & TRANSACTION != 0).then_some(self.transaction_id)
    }

    /// Whether other calls of the same side were still waiting for their answer.
    pub fn pipelined(&self) -> bool {
        self.flags & PIPELINED != 0
    }

    /// Whether an earlier call of the same side had the same transaction id, not 0.
    pub fn reused_transaction(&self) -> bool {
        self.flags & REUSED != 0
    }

    /// Time from the last byte of the call to the last byte of its answer.
    pub fn latency(&self) -> Option<Span> {
        let reply = self.reply.as_ref()?;
        Some(reply.at.time.since(self.at.time).max(Span::ZERO))
    }

    /// How long a command waited for an answer that was due.
    fn waited(&self) -> Option<Span> {
        let is_due = !self.is_ping && self.expectation != Expectation::None;
        self.latency().filter(|_| is_due)
    }

    /// Whether an answer may still come.
    pub fn is_open(&self) -> bool {
        self.state == CallState::Open
    }
}

/// When the oldest call was made that an answer is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due(Timestamp);

impl Due {
    /// There is none: a time that no capture reaches.
    const NEVER: Self = Self(Timestamp(i64::MAX));
}

impl Default for Due {
    fn default() -> Self {
        Self::NEVER
    }
}

/// The calls of a connection. What every message is checked against comes first.
#[derive(Debug, Clone, PartialEq, Default)]
#[repr(C)]
pub struct Calls {
    /// Capture time of the oldest call that may become overdue, or an earlier time: most of the
    /// time there is none, which makes the check on every message cheap.
    oldest_due: Due,
    /// Calls that wait for an answer.
    waiting: u32,
    kept: Vec<Call>,
    /// Counts of all calls.
    pub stats: CallStats,
}

impl Calls {
    /// The calls kept, in the order in which they were made: the first [`KEPT_FIRST`] and the
    /// latest ones.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.kept.iter()
    }

    /// The call with this id, if it is kept.
    pub fn get(&self, id: u64) -> Option<&Call> {
        // Ids ascend, so the youngest, which are asked for most, are found from behind.
        self.kept.iter().rev().find(|call| call.id == id)
    }

    /// Latencies of all commands whose answer was due and came. They are counted anew each time, which
    /// takes less than keeping the sums of thousands of connections.
    pub fn latency(&self) -> SpanStats {
        let mut spans = self.stats.latency.clone();
        for waited in self.kept.iter().filter_map(Call::waited) {
            spans.record(waited);
        }
        spans
    }

    /// Number of calls that wait for an answer.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Takes a call. Returns its id, and a call that had to be let go while it waited.
    pub(crate) fn open(&mut self, request: &Request<'_>) -> (u64, Option<Call>) {
        let is_ping = request.name == PING;
        let expectation = expectation(request.name, request.transaction_id);
        let same_side = |call: &&Call| call.caller == request.caller && !call.is_ping;
        let reused = request
            .transaction_id
            .filter(|id| !is_ping && id.expects_answer())
            .is_some_and(|id| {
                let mut earlier = self.kept.iter().filter(same_side);
                earlier.any(|call| call.transaction_id().is_some_and(|t| t.key() == id.key()))
            });
        let pipelined =
            !is_ping && self.waiting > 0 && self.kept.iter().filter(same_side).any(Call::is_open);
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let let_go = self.make_room();
        if is_ping {
            self.stats.pings = self.stats.pings.saturating_add(1);
        } else {
            self.stats.calls = self.stats.calls.saturating_add(1);
        }
        let id = u64::from(self.stats.calls).saturating_add(self.stats.pings);
        let state = if expectation == Expectation::None {
            self.stats.one_way = self.stats.one_way.saturating_add(1);
            CallState::OneWay
        } else {
            self.waiting = self.waiting.saturating_add(1);
            if expectation == Expectation::Required {
                self.oldest_due = Due(self.oldest_due.0.min(request.at.time));
            }
            CallState::Open
        };
        if self.kept.len() == self.kept.capacity() {
            self.kept.reserve_exact(USUAL_CALLS);
        }
        self.kept.push(Call {
            id,
            caller: request.caller,
            is_ping,
            name: name(request.name),
            transaction_id: request.transaction_id.unwrap_or(TransactionId(0.0)),
            csid: request.csid,
            stream_id: request.stream_id,
            stream_from: request.stream_from,
            at: request.at,
            message: request.message,
            detail: request
                .detail
                .map(|detail| CompactString::new(bounded(detail))),
            expectation,
            state,
            flags: flag(pipelined, PIPELINED)
                | flag(reused, REUSED)
                | flag(request.transaction_id.is_some(), TRANSACTION),
            overdue: false,
            answers: 0,
            reply: None,
        });
        (id, let_go)
    }

    /// Takes a `_result`, `_error` or Ping Response.
    pub(crate) fn answer(
        &mut self,
        transaction_id: Option<TransactionId>,
        answer: &Answer<'_>,
    ) -> Answered {
        let is_pong = answer.kind == ReplyKind::Pong;
        let asked = |call: &Call| {
            call.caller != answer.from
                && call.is_ping == is_pong
                // Some peers answer a ping without its value: it answers the oldest.
                && (is_pong && transaction_id.is_none()
                    || call.transaction_id().map(TransactionId::key)
                        == transaction_id.map(TransactionId::key))
        };
        if let Some(call) = self.kept.iter_mut().find(|c| c.is_open() && asked(c)) {
            return Answered::Completed(complete(call, answer, &mut self.stats, &mut self.waiting));
        }
        let before = self
            .kept
            .iter_mut()
            .rev()
            .find(|c| asked(c) && c.state != CallState::OneWay);
        if let Some(call) = before {
            call.answers = call.answers.saturating_add(1);
            // `publish` and `play` are answered by onStatus; a `_result` beside it is courtesy.
            let by_status = call.reply.as_ref().map(|r| r.kind) == Some(ReplyKind::Status);
            if !(by_status && answer.kind == ReplyKind::Result) {
                self.stats.answered_twice = self.stats.answered_twice.saturating_add(1);
                return Answered::Again(call.id);
            }
            return Answered::Completed(0);
        }
        // A peer may answer, with transaction id 0, a call that asked for no answer.
        let one_way = self
            .kept
            .iter_mut()
            .rev()
            .find(|c| asked(c) && c.answers == 0);
        if let Some(call) = one_way {
            return Answered::Completed(complete(call, answer, &mut self.stats, &mut self.waiting));
        }
        self.stats.orphan_replies = self.stats.orphan_replies.saturating_add(1);
        Answered::Orphan
    }

    /// Takes an `onStatus`. Returns the id of the call that it answers: the oldest waiting call
    /// that its code speaks of, one on its message stream first.
    pub(crate) fn status(&mut self, answer: &Answer<'_>) -> Option<u64> {
        let code = answer.code.unwrap_or_default();
        let is_error = answer.level == Some("error");
        self.answer_by(answer, |call| status::answers(code, is_error, &call.name))
    }

    /// Takes an `onFCPublish` or its like: it answers the call whose name follows the "on".
    pub(crate) fn notice(&mut self, name: &str, answer: &Answer<'_>) -> Option<u64> {
        let called = name.strip_prefix("on")?;
        self.answer_by(answer, |call| call.name == called)
    }

    fn answer_by(&mut self, answer: &Answer<'_>, fits: impl Fn(&Call) -> bool) -> Option<u64> {
        let waits = |call: &Call| {
            let by_result = call.state == CallState::Answered
                && call.reply.as_ref().map(|r| r.kind) == Some(ReplyKind::Result);
            let may_be_answered = call.is_open()
                || by_result
                || (call.state == CallState::OneWay && call.reply.is_none());
            call.caller != answer.from && may_be_answered && fits(call)
        };
        let on_stream = |call: &Call| call.stream_id == answer.stream_id;
        let index = self
            .kept
            .iter()
            .position(|call| waits(call) && on_stream(call) && call.is_open())
            .or_else(|| self.kept.iter().position(|c| waits(c) && c.is_open()))
            .or_else(|| self.kept.iter().rposition(|c| waits(c) && on_stream(c)))
            .or_else(|| self.kept.iter().rposition(waits))?;
        let call = self.kept.get_mut(index)?;
        Some(complete(call, answer, &mut self.stats, &mut self.waiting))
    }

    /// Marks the first call that became overdue, and returns its id.
    pub(crate) fn overdue(&mut self, now: Timestamp) -> Option<u64> {
        if self.oldest_due == Due::NEVER || now.since(self.oldest_due.0) <= OVERDUE_AFTER {
            return None;
        }
        let due = |call: &&mut Call| {
            call.is_open() && !call.overdue && call.expectation == Expectation::Required
        };
        let oldest = self.kept.iter_mut().filter(due).min_by_key(|c| c.at.time);
        self.oldest_due = oldest.as_ref().map_or(Due::NEVER, |call| Due(call.at.time));
        let call = oldest.filter(|call| now.since(call.at.time) > OVERDUE_AFTER)?;
        call.overdue = true;
        Some(call.id)
    }

    /// The clock that stamps the frames was set ahead by `by`, or back. Calls that wait get the time
    /// that the clock would have shown had it been set before, so that a latency does not hold the
    /// step.
    pub(crate) fn clock_stepped(&mut self, by: Span) {
        let shifted = |time: Timestamp| Timestamp(time.0.saturating_add(by.nanos()));
        for call in self.kept.iter_mut().filter(|call| call.is_open()) {
            call.at.time = shifted(call.at.time);
        }
        if self.oldest_due != Due::NEVER {
            self.oldest_due = Due(shifted(self.oldest_due.0));
        }
    }

    /// The connection or capture ended: what is open stays without an answer. Returns the ids.
    pub(crate) fn close(&mut self) -> Vec<u64> {
        let mut ids = Vec::new();
        for call in self.kept.iter_mut().filter(|call| call.is_open()) {
            give_up(call, &mut self.stats);
            ids.push(call.id);
        }
        self.waiting = 0;
        ids
    }

    /// Lets a call go when the table is full: the oldest finished one behind the setup, or if
    /// all wait, the oldest of those, which is returned.
    fn make_room(&mut self) -> Option<Call> {
        if self.kept.len() < MAX_CALLS {
            return None;
        }
        self.stats.left_out = self.stats.left_out.saturating_add(1);
        let behind_setup = self.kept.iter().skip(KEPT_FIRST);
        let offset = behind_setup.clone().position(|call| !call.is_open());
        let index = KEPT_FIRST.saturating_add(offset.unwrap_or(0));
        if index >= self.kept.len() {
            return None;
        }
        let mut call = self.kept.remove(index);
        if !call.is_open() {
            if let Some(waited) = call.waited() {
                self.stats.latency.record(waited);
            }
            return None;
        }
        self.waiting = self.waiting.saturating_sub(1);
        give_up(&mut call, &mut self.stats);
        Some(call)
    }
}

/// Name under which pings are kept among the calls.
pub const PING: &str = "ping";

/// No answer will come.
fn give_up(call: &mut Call, stats: &mut CallStats) {
    call.state = CallState::Unanswered;
    match call.expectation {
        _ if call.is_ping => stats.pings_unanswered = stats.pings_unanswered.saturating_add(1),
        Expectation::Required => stats.unanswered = stats.unanswered.saturating_add(1),
        Expectation::Optional | Expectation::None => {
            stats.unanswered_optional = stats.unanswered_optional.saturating_add(1);
        }
    }
}

/// Enters an answer into its call; returns the call's id.
fn complete(call: &mut Call, answer: &Answer<'_>, stats: &mut CallStats, waiting: &mut u32) -> u64 {
    let was_open = call.is_open();
    let before = call.state;
    let failed = answer.is_failure();
    call.answers = call.answers.saturating_add(1);
    call.state = if failed {
        CallState::Failed
    } else {
        CallState::Answered
    };
    call.reply = Some(Reply::new(answer, failed));
    if was_open {
        *waiting = waiting.saturating_sub(1);
    }
    if !call.is_ping {
        match before {
            CallState::Answered => stats.answered = stats.answered.saturating_sub(1),
            CallState::OneWay => stats.one_way = stats.one_way.saturating_sub(1),
            CallState::Open | CallState::Failed | CallState::Unanswered => {}
        }
        if failed {
            stats.failed = stats.failed.saturating_add(1);
        } else {
            stats.answered = stats.answered.saturating_add(1);
        }
    }
    if let Some(latency) = call.latency()
        && call.is_ping
    {
        stats.ping.record(latency);
    }
    call.id
}

/// Whether an answer to a call of this name is due.
fn expectation(name: &str, transaction_id: Option<TransactionId>) -> Expectation {
    match name {
        "publish" | "play" | "connect" | "createStream" | PING => Expectation::Required,
        "deleteStream" | "closeStream" | "FCUnpublish" | "FCUnsubscribe" | "receiveAudio"
        | "receiveVideo" | "close" | "onStatus" => Expectation::None,
        "pause" | "pauseRaw" | "seek" | "play2" => Expectation::Optional,
        _ if transaction_id.is_some_and(TransactionId::expects_answer) => Expectation::Optional,
        _ => Expectation::None,
    }
}

/// A name without memory of its own where it is a known one.
fn name(name: &str) -> Word {
    const PINGS: &&str = &PING;
    if name == PING {
        return Word::Known(PINGS);
    }
    match CommandInfo::of(name) {
        Some(info) => Word::Known(&info.name),
        None => Word::foreign(name),
    }
}

/// The text up to [`MAX_TEXT`] bytes.
pub(crate) fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT))
        .unwrap_or(text)
}
