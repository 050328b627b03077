//! Calls and answers as their messages say them.

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::rtmp::command::TransactionId;
use crate::rtmp::inferred::Inference;
use crate::rtmp::types::ChunkStreamId;
use crate::rtmp::types::MessageStreamId;
use crate::session::call::ReplyKind;

/// A call as its message says it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) caller: Side,
    pub(crate) name: &'a str,
    pub(crate) transaction_id: Option<TransactionId>,
    pub(crate) csid: ChunkStreamId,
    pub(crate) stream_id: MessageStreamId,
    pub(crate) stream_from: Option<Inference>,
    pub(crate) at: Mark,
    pub(crate) message: u64,
    pub(crate) detail: Option<&'a str>,
}

/// An answer as its message says it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) from: Side,
    pub(crate) kind: ReplyKind,
    pub(crate) stream_id: MessageStreamId,
    pub(crate) at: Mark,
    pub(crate) message: u64,
    pub(crate) level: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
}

impl Answer<'_> {
    /// Whether it says that the call failed. Some servers send failures as `_result`.
    pub(super) fn is_failure(&self) -> bool {
        self.kind == ReplyKind::Error || self.level == Some("error")
    }
}

/// What an answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It completed the call with this id.
    Completed(u64),
    /// The call with this id had been answered before.
    Again(u64),
    /// No call that was seen waits for it.
    Orphan,
}
