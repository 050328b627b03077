//! `--memory`: how much is in use, and letting go of what is of least use when it is too much.

use rtmpscope::base::units::bytes;
use rtmpscope::base::units::counted;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Pipeline;

use crate::ALLOCATOR;

/// What a connection takes with calls, tracks and a message in progress: so that the table of
/// connections does not fill the memory by itself.
const BYTES_PER_CONNECTION: usize = 8 << 10;

/// What the program takes before it has read anything: its own code and its stacks.
const OWN: usize = 8 << 20;

/// Frames between two looks at what is in use: so few that what they may add is little beside
/// [`OWN`].
const LOOK_EVERY: u32 = 16;

/// Holds the memory of the process below a limit.
///
/// That is what is in use, what the allocator lost between the pieces (up to a quarter, where pieces
/// of all sizes come and go), and [`OWN`].
#[derive(Debug)]
pub(super) struct MemoryLimit {
    limit: usize,
    /// Bytes in use at which something is let go.
    most: usize,
    /// Frames until the next look.
    until_look: u32,
}

impl MemoryLimit {
    /// A limit in bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            most: limit.saturating_sub(limit / 4).saturating_sub(OWN),
            until_look: 0,
        }
    }

    /// A limit for who works beside others: as many bytes beyond what is in use now.
    pub(super) fn beside(limit: usize) -> Self {
        Self {
            limit,
            most: ALLOCATOR.allocated().saturating_add(limit),
            until_look: 0,
        }
    }

    /// Lets go of what is of least use while too much is in use.
    #[inline]
    pub(super) fn hold<O: Observer>(&mut self, pipeline: &mut Pipeline, observer: &mut O) {
        self.until_look = self.until_look.saturating_sub(1);
        if self.until_look == 0 {
            self.until_look = LOOK_EVERY;
            if ALLOCATOR.allocated() > self.most {
                self.relieve(pipeline, observer);
            }
        }
    }

    #[cold]
    fn relieve<O: Observer>(&mut self, pipeline: &mut Pipeline, observer: &mut O) {
        let eighth = self.limit / 8;
        // Some more than must be, so that this is rare.
        let enough = self.most.saturating_sub(eighth);
        while ALLOCATOR.allocated() > enough {
            if !pipeline.relieve(observer) && !observer.relieve() {
                break;
            }
        }
        // Where nothing more can be let go of, it is of no use to try again with every frame.
        let left = ALLOCATOR.allocated();
        if left > self.most {
            self.most = left.saturating_add(eighth);
        }
    }
}

/// Most connections that are kept at once within a limit.
pub(super) fn max_connections(limit: usize) -> usize {
    limit / BYTES_PER_CONNECTION
}

/// What to say when connections were let go.
pub(super) fn let_go(pipeline: &Pipeline, limit: usize) -> Option<String> {
    let count = pipeline.flow_counters().evicted;
    let refused = pipeline.totals().refused_segments;
    if count == 0 && refused == 0 {
        return None;
    }
    let mut parts = Vec::new();
    if count > 0 {
        let what = counted(count, "connection");
        parts.push(format!("{what} let go before the end"));
    }
    if refused > 0 {
        let what = counted(refused, "segment");
        parts.push(format!("{what} of further connections not followed"));
    }
    Some(format!(
        "{} to stay within {} of memory: --memory allows more",
        parts.join(" and "),
        bytes(u64::try_from(limit).unwrap_or(u64::MAX)),
    ))
}
