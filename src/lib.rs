//! rtmpscope decodes RTMP passively: from packets of a capture to connections, chunk streams,
//! calls and media timing.
//!
//! One packet's journey, layer by layer, each importing only from those above it in this list:
//!
//! 1. [`base`]: words every layer may use: capture time, sides, numbers of frames and flows.
//! 2. [`capture`]: frames out of capture files and interfaces.
//! 3. [`net`]: a frame becomes a TCP segment; segments become ordered bytes or a hole.
//! 4. [`carrier`]: what a TCP connection carries: RTMP, or something that is not ours.
//! 5. [`rtmp`]: bytes of one direction become handshakes, messages and anomalies.
//! 6. [`session`]: messages of both directions become channels, calls, tracks and timing.
//! 7. [`pipeline`]: the journey itself, and [`pipeline::Observer`], which is told what comes of it.
//! 8. [`report`] and [`tui`]: what people and programs see of it; neither knows the other.
//!
//! [`filter`] stands beside the journey: the language in which they are asked to show less; and
//! [`compare`], which holds two connections against each other.

pub mod base;
pub mod capture;
pub mod carrier;
pub mod compare;
pub mod filter;
pub mod net;
pub mod pipeline;
pub mod report;
pub mod rtmp;
pub mod session;
pub mod tui;
