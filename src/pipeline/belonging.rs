//! Where a frame belongs, for those who keep frames.

use crate::base::ids::FlowId;
use crate::net::skip::Skip;
use crate::pipeline::conversation::Stage;

/// Where a frame belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belonging {
    /// To no TCP connection that is kept.
    Nothing,
    /// To an IP datagram of which other fragments are to come.
    Fragment,
    /// To a TCP connection.
    Connection(FlowId, Content),
}

/// What a connection carries, as far as it is known behind the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It may be RTMP.
    Undecided,
    /// RTMP.
    Rtmp,
    /// Something else.
    Other,
}

impl Belonging {
    pub(super) fn of_skip(skip: Skip) -> Self {
        match skip {
            Skip::FragmentPending => Self::Fragment,
            _ => Self::Nothing,
        }
    }
}

impl Content {
    pub(super) fn of_stage(stage: &Stage) -> Self {
        match stage {
            Stage::Rtmp { told: true, .. } => Self::Rtmp,
            Stage::Rtmp { told: false, .. } | Stage::Probing(_) => Self::Undecided,
            Stage::Other => Self::Other,
        }
    }
}
