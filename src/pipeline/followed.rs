//! What the table keeps for each connection: the conversation, and in front of it the segments that
//! it need not be asked about.

use crate::base::side::Side;
use crate::net::Segment;
use crate::net::prediction::Foreseen;
use crate::net::prediction::Prediction;
use crate::pipeline::conversation::Conversation;
use crate::pipeline::conversation::Stage;
use crate::rtmp::chunk::Skim;

/// A connection that is followed, or none.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// What the conversation was not told yet; in front, because most segments need no more.
    ahead: Option<Ahead>,
    conversation: Option<Box<Conversation>>,
}

/// What comes next if the message in progress goes on, and the sums of what came.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    tcp: Prediction,
    message: Skim,
    /// Whether the conversation's client is the table's server.
    is_flipped: bool,
}

impl Followed {
    pub(super) fn new(conversation: Conversation) -> Self {
        Self {
            ahead: None,
            conversation: Some(Box::new(conversation)),
        }
    }

    /// Whether a segment, sent by `side` as the table sees it, was foreseen. Then nothing more need
    /// be done about it.
    #[inline]
    pub(super) fn foresaw(&mut self, side: Side, segment: &Segment<'_>) -> bool {
        let Some(ahead) = &mut self.ahead else {
            return false;
        };
        let side = if ahead.is_flipped { side.other() } else { side };
        let Some(foreseen) = ahead.tcp.foresees(side, segment) else {
            return false;
        };
        if foreseen == Foreseen::Data && !ahead.message.pass(segment.payload) {
            return false;
        }
        ahead.tcp.count(foreseen, segment);
        true
    }

    /// Foresees what follows a segment that the conversation has taken, where it is worth it.
    pub(super) fn foresee(&mut self, side: Side, segment: &Segment<'_>) {
        self.ahead = None;
        let Some(conversation) = &self.conversation else {
            return;
        };
        let is_flipped = conversation.is_flipped;
        let sender = if is_flipped { side.other() } else { side };
        if let Stage::Rtmp {
            decoders,
            told: true,
            ..
        } = &conversation.stage
            && conversation.is_past_opening()
            && let Some(message) = decoders.of(sender).skim()
            && message.outlasts(segment.wire_payload)
            && let Some(tcp) = conversation.tcp.predict(sender, segment.at)
        {
            self.ahead = Some(Ahead {
                tcp,
                message,
                is_flipped,
            });
        }
    }

    /// The conversation, told of everything that came.
    pub(super) fn conversation(&mut self) -> Option<&mut Conversation> {
        let conversation = self.conversation.as_deref_mut()?;
        if let Some(ahead) = self.ahead.take()
            && !ahead.tcp.is_unused()
        {
            conversation.tcp.came_about(&ahead.tcp);
            conversation.connection.last = ahead.tcp.last();
            if let Stage::Rtmp { decoders, .. } = &mut conversation.stage
                && ahead.tcp.bytes() > 0
            {
                let decoder = decoders.of_mut(ahead.tcp.sender());
                decoder.passed_over(&ahead.message, ahead.tcp.last_data());
            }
        }
        Some(conversation)
    }

    /// The conversation as it was when it was told last: for what does not depend on every segment.
    pub(super) fn as_told(&self) -> Option<&Conversation> {
        self.conversation.as_deref()
    }

    /// It is not what is being looked for.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
