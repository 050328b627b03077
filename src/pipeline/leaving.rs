//! How connections leave: they end, the capture ends, or memory is short.

use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::carrier::Other;
use crate::carrier::Peer;
use crate::net::flow::EndReason;
use crate::net::flow::FlowTable;
use crate::net::frame::FrameDecoder;
use crate::net::reassembly::ReassemblyBudget;
use crate::pipeline::Decoding;
use crate::pipeline::Pipeline;
use crate::pipeline::conversation::Conversation;
use crate::pipeline::conversation::Stage;
use crate::pipeline::conversation::end_of;
use crate::pipeline::followed::Followed;
use crate::pipeline::observer::Observer;

impl Pipeline {
    /// Another capture begins that has nothing to do with the one before, whatever addresses and
    /// times they have in common: ends every connection. Numbers and counts go on.
    pub fn start_over(&mut self, observer: &mut impl Observer) {
        let Self {
            frames,
            flows,
            budget,
            decoding,
            ..
        } = self;
        *frames = FrameDecoder::new();
        flows.start_over();
        decoding.all_left(flows, budget, observer);
        observer.another_capture(flows.counters().opened);
    }

    /// Memory is short: lets go of what is of least use, some of it at a time. First the bodies of
    /// messages in progress, which every connection can do without; then whole connections. False
    /// when there is nothing left that would help.
    pub fn relieve(&mut self, observer: &mut impl Observer) -> bool {
        let Self {
            flows,
            budget,
            decoding,
            ..
        } = self;
        let mut freed = 0_usize;
        for flow in flows.flows_mut() {
            if let Some(conversation) = flow.data.conversation() {
                freed = freed.saturating_add(decoding.drop_bodies(conversation, observer));
            }
        }
        if freed > 0 {
            return true;
        }
        let count = flows.let_go(|flow| {
            let conversation = flow.data.as_told()?;
            Some(conversation.worth(flow.closed().is_some()))
        });
        flows.stay_as_few();
        decoding.all_left(flows, budget, observer);
        count > 0
    }
}

impl Decoding {
    /// Lets go of the bodies of messages in progress. Returns how many bytes that were.
    fn drop_bodies(
        &mut self,
        conversation: &mut Conversation,
        observer: &mut impl Observer,
    ) -> usize {
        let connection = &mut conversation.connection;
        let Stage::Rtmp { decoders, told, .. } = &mut conversation.stage else {
            return 0;
        };
        let mut freed = 0_usize;
        for side in Side::BOTH {
            let decoder = decoders.of_mut(side);
            freed = freed.saturating_add(decoder.relieve(connection.last, &mut self.queue));
            self.drain(connection, side, told, observer);
        }
        freed
    }

    /// Ends what is kept of the connections that left the table.
    #[inline]
    pub(super) fn all_left(
        &mut self,
        flows: &mut FlowTable<Followed>,
        budget: &mut ReassemblyBudget,
        observer: &mut impl Observer,
    ) {
        while let Some(mut ended) = flows.next_ended() {
            if let Some(conversation) = ended.flow.data.conversation() {
                self.end(conversation, ended.reason, budget, observer);
            }
        }
    }

    /// A connection is over, or the capture is.
    pub(super) fn end(
        &mut self,
        conversation: &mut Conversation,
        reason: EndReason,
        budget: &mut ReassemblyBudget,
        observer: &mut impl Observer,
    ) {
        let Conversation {
            tcp,
            stage,
            connection,
            ..
        } = conversation;
        let at = connection.last;
        let peers = PerSide {
            client: Peer::Silent,
            server: Peer::Silent,
        };
        let mut turned = false;
        tcp.finish(at, budget, &mut |side, span| {
            let side = if turned { side.other() } else { side };
            turned |= self.span(stage, connection, side, &span, peers, observer);
        });
        if let Stage::Probing(detector) = stage {
            let verdict = detector.finish();
            turned |= self.settle(stage, connection, verdict, observer);
        }
        if turned {
            tcp.swap();
        }
        if let Stage::Rtmp {
            told: false,
            on_trial: true,
            ..
        } = stage
        {
            // That the bytes end where a message would is too little where nothing else speaks
            // for RTMP.
            self.carries_something_else(stage, Other::Unknown);
        }
        let Stage::Rtmp { decoders, told, .. } = stage else {
            observer.ended_unknown(connection.id);
            return;
        };
        for side in Side::BOTH {
            decoders.of_mut(side).finish(at, &mut self.queue);
            self.drain(connection, side, told, observer);
        }
        let (cause, by) = end_of(reason, tcp);
        connection.session.finish(cause, by, at, &mut self.facts);
        self.report(connection, *told, observer);
        if *told {
            observer.ended(connection, tcp);
        } else {
            observer.ended_unknown(connection.id);
        }
    }
}
