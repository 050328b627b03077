//! What is kept of one TCP connection while it is decoded.

use crate::base::ids::FlowId;
use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::carrier::Detector;
use crate::carrier::Hint;
use crate::net::Endpoint;
use crate::net::Segment;
use crate::net::TcpFlags;
use crate::net::connection::Connection as Tcp;
use crate::net::flow::EndReason;
use crate::net::health::Health;
use crate::pipeline::Options;
use crate::pipeline::RTMP_PORT;
use crate::pipeline::observer::Connection;
use crate::rtmp::decoder::Decoder;
use crate::session::Session;
use crate::session::end::EndCause;

/// Bytes of a direction in which chunks are looked for where no port speaks for RTMP. Streams have
/// several keyframes in as many, and a capture is full of connections that carry something else.
const MAX_TRIAL: u64 = 512 * 1024;

/// One TCP connection that is RTMP, or may be. What is certain to be something else is not kept.
/// What every segment needs comes first and together: with many connections at once, fetching it
/// is most of the work.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Conversation {
    /// Whether our client is the table's server: the content of the connection said so, and
    /// what the table goes by did not change, or changed later.
    pub(super) is_flipped: bool,
    /// Whether the segments that open the TCP connection have passed.
    pub(super) is_open: bool,
    /// Whether the server has answered the SYN.
    is_answered: bool,
    pub(super) stage: Stage,
    pub(super) tcp: Tcp,
    pub(super) connection: Connection,
}

/// How far it is known what a connection carries. Its variant is told in front, beside what every
/// segment needs.
#[derive(Debug)]
#[repr(u8)]
pub(super) enum Stage {
    /// Its bytes are held until they tell.
    Probing(Detector),
    /// RTMP. `told` once an observer knows: a connection joined late is not RTMP for sure before
    /// its first message. `on_trial` where nothing but that would speak for it.
    Rtmp {
        told: bool,
        on_trial: bool,
        decoders: PerSide<Decoder>,
    },
    /// Something else.
    Other,
}

impl Stage {
    /// Whether it was looked at for long enough without finding a message, and nothing else speaks
    /// for RTMP.
    pub(super) fn has_failed(&self) -> bool {
        let Self::Rtmp {
            told: false,
            on_trial: true,
            decoders,
        } = self
        else {
            return false;
        };
        let lost = |side| decoders.of(side).lost_for().unwrap_or(0);
        lost(Side::Client).max(lost(Side::Server)) > MAX_TRIAL
    }

    /// Whether observers know the connection.
    pub(super) fn is_told(&self) -> bool {
        matches!(self, Self::Rtmp { told: true, .. })
    }
}

impl Conversation {
    pub(super) fn new(
        id: FlowId,
        ends: PerSide<Endpoint>,
        segment: &Segment<'_>,
        options: &Options,
    ) -> Self {
        let has_port =
            |ports: &[u16]| ports.contains(&ends.client.port) || ports.contains(&ends.server.port);
        let hint = Hint {
            syn: segment.flags.has(TcpFlags::SYN),
            port: has_port(&[RTMP_PORT]),
            forced: has_port(&options.forced_ports),
        };
        let mut session = Session::new();
        if let Some(limit) = options.history_limit {
            session.set_history_limit(limit);
        }
        Self {
            tcp: Tcp::default(),
            stage: Stage::Probing(Detector::new(hint)),
            connection: Connection {
                id,
                ends,
                tunnel: segment.tunnel,
                first: segment.at,
                last: segment.at,
                carried: None,
                missing: None,
                session,
            },
            is_flipped: false,
            is_open: false,
            is_answered: false,
        }
    }

    /// Of what use it is, the least first, when not all can be kept: what may never be RTMP, what
    /// is over, what is being watched.
    pub(super) fn worth(&self, is_closed: bool) -> u8 {
        match &self.stage {
            Stage::Probing(_) | Stage::Other => 0,
            Stage::Rtmp { told: false, .. } => 1,
            Stage::Rtmp { .. } if is_closed => 2,
            Stage::Rtmp { .. } => 3,
        }
    }

    /// Whether the segments that open the TCP connection have passed, or will not come.
    pub(super) fn is_past_opening(&self) -> bool {
        self.is_open || !self.is_answered
    }

    /// Takes note of the segments that open the TCP connection.
    pub(super) fn open(&mut self, side: Side, segment: &Segment<'_>) {
        if self.is_open {
            return;
        }
        let flags = segment.flags;
        let session = &mut self.connection.session;
        let syn = session.tcp().map(|(syn, _)| syn);
        match (side, flags.has(TcpFlags::SYN)) {
            (Side::Client, true) => session.tcp_opened(syn.unwrap_or(segment.at), None),
            (Side::Server, true) => self.is_answered = true,
            (Side::Client, false) if self.is_answered && flags.has(TcpFlags::ACK) => {
                self.is_open = true;
                if let Some(syn) = syn {
                    session.tcp_opened(syn, Some(segment.at));
                }
            }
            _ => {}
        }
    }
}

/// How the session calls the end of a TCP connection, and who brought it about: the first to
/// close or reset.
pub(super) fn end_of(reason: EndReason, tcp: &Tcp) -> (EndCause, Option<Side>) {
    let first = |of: fn(&Health) -> Option<Mark>| {
        let (client, server) = (of(&tcp.health().client), of(&tcp.health().server));
        match (client, server) {
            (Some(client), Some(server)) if server.frame < client.frame => Some(Side::Server),
            (Some(_), _) => Some(Side::Client),
            (None, Some(_)) => Some(Side::Server),
            (None, None) => None,
        }
    };
    let (fin, rst) = (first(Health::fin), first(Health::rst));
    match reason {
        EndReason::Closed => (EndCause::Fin, fin),
        EndReason::Reset => (EndCause::Reset, rst),
        EndReason::Reused => (EndCause::PortReused, None),
        EndReason::Idle => (EndCause::Idle, fin),
        EndReason::Evicted => (EndCause::Evicted, None),
        EndReason::EndOfCapture if fin.is_some() => (EndCause::Fin, fin),
        EndReason::EndOfCapture => (EndCause::CaptureEnded, None),
    }
}
