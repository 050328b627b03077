//! One packet's journey, top to bottom: frame → segment → connection → ordered bytes → carrier →
//! messages → facts. Whoever wants to know implements [`Observer`].

mod belonging;
mod conversation;
mod followed;
mod leaving;
mod observer;
mod totals;

use crate::base::ids::ByteRange;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::carrier::Other;
use crate::carrier::Peer;
use crate::carrier::Verdict;
use crate::net::Segment;
use crate::net::connection::Connection as Tcp;
use crate::net::flow::EndReason;
use crate::net::flow::FlowConfig;
use crate::net::flow::FlowCounters;
use crate::net::flow::FlowEvent;
use crate::net::flow::FlowTable;
use crate::net::flow::MAX_FLOWS;
use crate::net::frame::FrameDecoder;
use crate::net::reassembly::ReassemblyBudget;
use crate::net::reassembly::Span;
use crate::pipeline::conversation::Conversation;
use crate::pipeline::conversation::Stage;
use crate::pipeline::followed::Followed;
use crate::pipeline::totals::count;
use crate::rtmp::decoder::Decoder;
use crate::rtmp::decoder::DecoderOptions;
use crate::rtmp::decoder::Start;
use crate::rtmp::event::Event;
use crate::rtmp::event::RawMessage;
use crate::rtmp::field::NoFields;
use crate::rtmp::message;
use crate::rtmp::queue::EventQueue;
use crate::session::fact::Fact;

pub use crate::pipeline::belonging::Belonging;
pub use crate::pipeline::belonging::Content;
pub use crate::pipeline::observer::Connection;
pub use crate::pipeline::observer::Gap;
pub use crate::pipeline::observer::Heard;
pub use crate::pipeline::observer::Observer;
pub use crate::pipeline::totals::Totals;

/// The port registered for RTMP: a hint about who is the server, never proof of the protocol.
pub const RTMP_PORT: u16 = 1935;

/// Most anomalies and the like that wait for the message by which a connection becomes known. They come from
/// one segment; what is noticed earlier, in bytes that may be no RTMP, says nothing.
const MAX_UNTOLD: usize = 16;

/// What decides how a capture is decoded.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether whole media payloads are kept in the messages, as extraction needs them.
    pub keep_media: bool,
    /// TCP ports whose connections are RTMP whatever their bytes look like.
    pub forced_ports: Vec<u16>,
    /// Most history buckets a track keeps; `None` for all.
    pub history_limit: Option<usize>,
    /// Most connections that are kept at once; `None` for [`MAX_FLOWS`].
    pub max_connections: Option<usize>,
}

/// Decodes a capture frame by frame.
#[derive(Debug)]
pub struct Pipeline {
    frames: FrameDecoder,
    flows: FlowTable<Followed>,
    budget: ReassemblyBudget,
    decoding: Decoding,
    is_finished: bool,
}

/// What all connections share while they are decoded.
#[derive(Debug)]
struct Decoding {
    options: Options,
    queue: EventQueue,
    facts: Vec<Fact>,
    totals: Totals,
}

impl Pipeline {
    /// A pipeline that has seen nothing.
    pub fn new(options: Options) -> Self {
        let mut server_ports = options.forced_ports.clone();
        server_ports.push(RTMP_PORT);
        Self {
            frames: FrameDecoder::new(),
            flows: FlowTable::new(FlowConfig {
                server_ports,
                max_flows: options.max_connections.unwrap_or(MAX_FLOWS),
            }),
            budget: ReassemblyBudget::default(),
            is_finished: false,
            decoding: Decoding {
                options,
                queue: EventQueue::default(),
                facts: Vec::new(),
                totals: Totals::default(),
            },
        }
    }

    /// Takes the next frame of the capture, and says where it belongs.
    pub fn push(&mut self, frame: &Frame<'_>, observer: &mut impl Observer) -> Belonging {
        let Self {
            frames,
            flows,
            budget,
            decoding,
            ..
        } = self;
        decoding.totals.frame(frame);
        observer.clock(frame.time);

        // 1. Link bytes → TCP segment. Anything else is counted, never an error.
        // (Taken by reference: a segment is large enough for a move to be felt.)
        let decoded = frames.decode(frame);
        let segment = match &decoded {
            Ok(segment) => segment,
            Err(skip) => {
                decoding.totals.skips.add(*skip);
                return Belonging::of_skip(*skip);
            }
        };
        count(&mut decoding.totals.segments);

        // 2. Segment → its connection, and who sent it.
        let route = flows.route(segment);
        decoding.all_left(flows, budget, observer);
        let Some(route) = route else {
            decoding.totals.not_followed(flows.counters().refused);
            return Belonging::Nothing;
        };
        let belongs = |content| Belonging::Connection(route.id, content);
        let Some(flow) = flows.flow_mut(route.slot) else {
            return Belonging::Nothing;
        };
        match route.event {
            FlowEvent::Opened => {
                let ends = flow.endpoints();
                let conversation = Conversation::new(route.id, ends, segment, &decoding.options);
                flow.data = Followed::new(conversation);
            }
            // Most segments of a stream are the next bytes of a long message, or acknowledge them.
            FlowEvent::Known if flow.data.foresaw(route.side, segment) => {
                return belongs(Content::Rtmp);
            }
            FlowEvent::Known | FlowEvent::Turned => {}
        }
        let Some(conversation) = flow.data.conversation() else {
            return belongs(Content::Other);
        };
        if route.event == FlowEvent::Turned {
            conversation.is_flipped = !conversation.is_flipped;
        }
        let side = if conversation.is_flipped {
            route.side.other()
        } else {
            route.side
        };

        // 3. Segment → in-order bytes or holes, 4. → what the connection carries, 5. → messages,
        // 6. → what the peers agreed.
        let outcome = decoding.segment(conversation, side, segment, budget, observer);
        let content = Content::of_stage(&conversation.stage);
        match outcome {
            Outcome::Kept => {
                flow.is_wanted |= conversation.stage.is_told();
                if !segment.payload.is_empty() {
                    flow.data.foresee(route.side, segment);
                }
            }
            Outcome::Turned => {
                conversation.is_flipped = !conversation.is_flipped;
                if flows.turn(route.slot)
                    && let Some(flow) = flows.flow_mut(route.slot)
                    && let Some(conversation) = flow.data.conversation()
                {
                    conversation.is_flipped = !conversation.is_flipped;
                }
            }
            Outcome::NotOurs => {
                flow.data.forget();
                return belongs(Content::Other);
            }
        }
        belongs(content)
    }

    /// The capture is over: ends every connection, in the order of first sight, and lets out what
    /// waits. Nothing is taken in after this.
    pub fn finish(&mut self, observer: &mut impl Observer) {
        let Self {
            flows,
            budget,
            decoding,
            is_finished,
            ..
        } = self;
        if std::mem::replace(is_finished, true) {
            return;
        }
        // They stay where they are: who has ten thousand and is about to exit need not free them
        // one by one.
        for flow in flows.flows_mut() {
            let reason = flow.closed().unwrap_or(EndReason::EndOfCapture);
            if let Some(conversation) = flow.data.conversation() {
                decoding.end(conversation, reason, budget, observer);
            }
        }
    }

    /// Time goes on without frames, as it does on a quiet interface: ends connections that have
    /// been silent for too long.
    pub fn idle(&mut self, now: Timestamp, observer: &mut impl Observer) {
        observer.clock(now);
        let Self {
            flows,
            budget,
            decoding,
            ..
        } = self;
        flows.drain_idle(now);
        decoding.all_left(flows, budget, observer);
    }

    /// The clock that stamps the frames was set ahead by `by`, or back, before the next frame:
    /// nobody was silent for as long, and neither media nor answers came as late.
    pub fn clock_stepped(&mut self, by: time::Span) {
        self.flows.clock_stepped(by);
        for flow in self.flows.flows_mut() {
            if let Some(conversation) = flow.data.conversation() {
                conversation.tcp.clock_stepped(by);
                conversation.connection.session.clock_stepped(by);
            }
        }
    }

    /// Sums over the capture so far.
    pub fn totals(&self) -> &Totals {
        &self.decoding.totals
    }

    /// How many TCP connections came and went.
    pub fn flow_counters(&self) -> FlowCounters {
        self.flows.counters()
    }

    /// The RTMP connections that are open, in the order of first sight.
    pub fn connections(&mut self) -> impl Iterator<Item = (&mut Connection, &Tcp)> {
        let open = (!self.is_finished).then(|| self.flows.flows_mut());
        open.into_iter().flatten().filter_map(|flow| {
            let conversation = flow.data.conversation()?;
            conversation
                .stage
                .is_told()
                .then_some((&mut conversation.connection, &conversation.tcp))
        })
    }
}

/// What became of a conversation with a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It goes on.
    Kept,
    /// It goes on, but client and server are the other way round.
    Turned,
    /// It is not RTMP.
    NotOurs,
}

impl Decoding {
    /// Takes a segment of a connection that is RTMP, or may be.
    fn segment(
        &mut self,
        conversation: &mut Conversation,
        side: Side,
        segment: &Segment<'_>,
        budget: &mut ReassemblyBudget,
        observer: &mut impl Observer,
    ) -> Outcome {
        conversation.connection.last = segment.at;
        conversation.open(side, segment);
        // Only who probes a connection needs to know.
        let is_probing = matches!(conversation.stage, Stage::Probing(_));
        let speaks = |of: Side| {
            if !is_probing {
                return Peer::Speaks;
            }
            let health = conversation.tcp.health().of(of);
            let (packets, bytes) = (health.packets, health.bytes);
            match (of == side, packets, bytes) {
                (true, ..) if !segment.payload.is_empty() => Peer::Speaks,
                (false, 0, _) => Peer::NotCaptured,
                (_, _, 0) => Peer::Silent,
                _ => Peer::Speaks,
            }
        };
        let peers = PerSide {
            client: speaks(Side::Client),
            server: speaks(Side::Server),
        };
        let Conversation {
            tcp,
            stage,
            connection,
            ..
        } = conversation;
        let mut turned = false;
        let arrival = tcp.push(side, segment, budget, &mut |from, span| {
            let from = if turned { from.other() } else { from };
            turned |= self.span(stage, connection, from, &span, peers, observer);
        });
        if arrival.conflicting > 0 {
            let side = if turned { side.other() } else { side };
            let (at, facts) = (segment.at, &mut self.facts);
            connection
                .session
                .conflicting(side, arrival.conflicting, at, facts);
            self.report(connection, stage.is_told(), observer);
        }
        if matches!(stage, Stage::Other) {
            return Outcome::NotOurs;
        }
        if turned {
            conversation.tcp.swap();
            return Outcome::Turned;
        }
        Outcome::Kept
    }

    /// Takes the next bytes of one direction, or a hole in them. True when they showed client and
    /// server to be the other way round.
    fn span(
        &mut self,
        stage: &mut Stage,
        connection: &mut Connection,
        side: Side,
        span: &Span<'_>,
        peers: PerSide<Peer>,
        observer: &mut impl Observer,
    ) -> bool {
        if let Span::Gap {
            offset,
            len,
            at,
            cause,
        } = *span
        {
            let missing = connection.missing.get_or_insert_default().of_mut(side);
            *missing = missing.saturating_add(len);
            if matches!(stage, Stage::Rtmp { told: true, .. }) {
                let range = ByteRange {
                    start: offset,
                    end: offset.saturating_add(len),
                };
                observer.gap(
                    connection,
                    &Gap {
                        side,
                        range,
                        at,
                        cause,
                    },
                );
            }
        }
        match stage {
            Stage::Rtmp { decoders, told, .. } => {
                let decoder = decoders.of_mut(side);
                match *span {
                    Span::Data { offset, at, bytes } => {
                        decoder.push(offset, at, bytes, &mut self.queue);
                    }
                    Span::Gap {
                        offset, len, at, ..
                    } => {
                        decoder.gap(offset, len, at, &mut self.queue);
                    }
                }
                self.drain(connection, side, told, observer);
                if !*told && stage.has_failed() {
                    self.carries_something_else(stage, Other::Unknown);
                }
                false
            }
            Stage::Probing(detector) => {
                let peer = *peers.of(side.other());
                let verdict = match *span {
                    Span::Data { at, bytes, .. } => detector.push(side, at, bytes, peer),
                    Span::Gap { at, len, .. } => detector.gap(side, at, len, peer),
                };
                self.settle(stage, connection, verdict, observer)
            }
            Stage::Other => false,
        }
    }

    /// Acts on what the detector says. True when client and server are the other way round.
    fn settle(
        &mut self,
        stage: &mut Stage,
        connection: &mut Connection,
        verdict: Verdict,
        observer: &mut impl Observer,
    ) -> bool {
        let Stage::Probing(detector) = stage else {
            return false;
        };
        let (carried, start) = match verdict {
            Verdict::Undecided => return false,
            Verdict::Other(other) => {
                self.carries_something_else(stage, other);
                return false;
            }
            Verdict::Rtmp(rtmp) => (Some(rtmp), Start::Handshake),
            Verdict::Midstream => (None, Start::Midstream),
        };
        let on_trial = carried.is_none() && !detector.is_hinted();
        let mut pending = detector.take_pending();
        let turned = carried.is_some_and(|rtmp| rtmp.client == Side::Server);
        let mut origins = carried.map_or_else(PerSide::default, |rtmp| rtmp.origin);
        if turned {
            origins.swap();
            connection.ends.swap();
            if let Some(missing) = &mut connection.missing {
                missing.swap();
            }
        }
        let options = DecoderOptions {
            keep_media: self.options.keep_media,
            start,
        };
        let mut decoders = PerSide {
            client: Decoder::new(origins.client, options),
            server: Decoder::new(origins.server, options),
        };
        connection.carried = carried;
        // A handshake is proof. A connection joined late is believed at its first message.
        let mut told = carried.is_some();
        if told {
            self.tell(connection, observer);
        }
        let of = |side: Side| if turned { side.other() } else { side };
        let last = pending.take_last();
        for piece in pending.iter() {
            let side = of(piece.side);
            let decoder = decoders.of_mut(side);
            match piece.data {
                Some(bytes) => decoder.push(piece.offset, piece.at, bytes, &mut self.queue),
                None => decoder.gap(piece.offset, piece.len, piece.at, &mut self.queue),
            }
            self.drain(connection, side, &mut told, observer);
        }
        if let Some((side, at, bytes)) = last {
            let side = of(side);
            decoders.of_mut(side).begin(at, bytes, &mut self.queue);
            self.drain(connection, side, &mut told, observer);
        }
        *stage = Stage::Rtmp {
            decoders,
            told,
            on_trial,
        };
        turned
    }

    /// The connection is not RTMP.
    pub(super) fn carries_something_else(&mut self, stage: &mut Stage, other: Other) {
        let count_of = &mut self.totals.other_connections;
        count(count_of.entry(other.name()).or_default());
        *stage = Stage::Other;
    }

    /// The connection is RTMP, which observers do not know yet.
    fn tell(&mut self, connection: &Connection, observer: &mut impl Observer) {
        count(&mut self.totals.rtmp_connections);
        observer.opened(connection);
        // What TCP did before is told now that there is something to tell it of.
        for anomaly in connection.session.anomalies.iter() {
            observer.fact(connection, &Fact::Anomaly(Box::new(anomaly.clone())));
        }
    }

    /// Decoder events → session → observer.
    fn drain(
        &mut self,
        connection: &mut Connection,
        side: Side,
        told: &mut bool,
        observer: &mut impl Observer,
    ) {
        // What the decoder noticed of the message by which the connection becomes known comes
        // before that message.
        let mut untold: Vec<Event> = Vec::new();
        while let Some(event) = self.queue.poll() {
            if let Event::Message(raw) = &event {
                if !*told {
                    *told = true;
                    self.tell(connection, observer);
                }
                for event in untold.drain(..) {
                    notice(connection, side, &event, observer);
                }
                self.hear(connection, side, &event, raw, observer);
            } else {
                connection
                    .session
                    .apply(side, &event, None, &mut self.facts);
                if *told {
                    notice(connection, side, &event, observer);
                }
                self.report(connection, *told, observer);
            }
            let may_wait = matches!(event, Event::Anomaly(_) | Event::Locked(_));
            if may_wait && !*told && untold.len() < MAX_UNTOLD {
                untold.push(event);
            } else {
                self.queue.take_back(event);
            }
        }
    }

    /// A message, brought by `event` → what it says → session → observer. The messages in an
    /// aggregate follow it as events of their own.
    fn hear(
        &mut self,
        connection: &mut Connection,
        side: Side,
        event: &Event,
        raw: &RawMessage,
        observer: &mut impl Observer,
    ) {
        count(if raw.from_aggregate {
            &mut self.totals.aggregate_parts
        } else {
            &mut self.totals.messages
        });
        let decoded = message::decode(raw, &mut NoFields);
        connection
            .session
            .apply(side, event, Some(&decoded), &mut self.facts);
        let heard = Heard {
            number: connection.session.messages(),
            side,
            raw,
            decoded: &decoded,
        };
        observer.message(connection, &heard);
        for anomaly in &decoded.anomalies {
            observer.anomaly(connection, side, anomaly);
        }
        self.report(connection, true, observer);
    }

    /// Hands on what the session learned.
    fn report(&mut self, connection: &Connection, told: bool, observer: &mut impl Observer) {
        for fact in self.facts.drain(..) {
            if told {
                observer.fact(connection, &fact);
            }
        }
    }
}

/// Hands on what a decoder noticed beside messages.
fn notice(connection: &Connection, side: Side, event: &Event, observer: &mut impl Observer) {
    match event {
        Event::Anomaly(anomaly) => observer.anomaly(connection, side, anomaly),
        Event::Locked(lock) => observer.locked(connection, side, lock),
        _ => {}
    }
}
