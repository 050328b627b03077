//! How many calls were made, and what became of them.

use std::ops::Deref;
use std::ops::DerefMut;

use crate::session::quantile::SpanStats;

/// Counts of all calls of a connection, those let go included. Those that few connections have
/// lie in [`RareCalls`], and are read as if they were here. Of ten calls a second, 32 bits count those
/// of thirteen years.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallStats {
    /// Calls made, without pings. At the end of the connection every one of them is answered,
    /// failed, unanswered, without an optional answer, or one-way.
    pub calls: u32,
    /// Answered calls.
    pub answered: u32,
    /// Calls without an answer that many peers never give, once the connection ended.
    pub unanswered_optional: u32,
    /// Calls to which no answer is due, and none came.
    pub one_way: u32,
    rare: Option<Box<RareCalls>>,
}

/// Counts of what few connections have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RareCalls {
    /// Calls answered with an error.
    pub failed: u64,
    /// Calls without the answer that was due, once the connection ended.
    pub unanswered: u64,
    /// Pings sent.
    pub pings: u64,
    /// Pings without a response, once the connection ended.
    pub pings_unanswered: u64,
    /// Replies to no call that was seen.
    pub orphan_replies: u64,
    /// Second answers.
    pub answered_twice: u64,
    /// Calls that are no longer kept one by one.
    pub left_out: u64,
    /// Latencies of the answered commands among those.
    pub(super) latency: SpanStats,
    /// Latencies of answered pings.
    pub ping: SpanStats,
}

impl RareCalls {
    const NONE: Self = Self {
        failed: 0,
        unanswered: 0,
        pings: 0,
        pings_unanswered: 0,
        orphan_replies: 0,
        answered_twice: 0,
        left_out: 0,
        latency: SpanStats::NONE,
        ping: SpanStats::NONE,
    };
}

impl Deref for CallStats {
    type Target = RareCalls;

    fn deref(&self) -> &RareCalls {
        static NONE: RareCalls = RareCalls::NONE;
        self.rare.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for CallStats {
    fn deref_mut(&mut self) -> &mut RareCalls {
        self.rare.get_or_insert_default()
    }
}
