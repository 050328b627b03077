//! A frame becomes the TCP segment of its innermost packet, or a reason why it has none.

mod fuzz;

use crate::base::ids::Mark;
use crate::capture::Frame;
use crate::net::Segment;
use crate::net::defrag::Datagram;
use crate::net::defrag::DatagramKey;
use crate::net::defrag::DefragCounts;
use crate::net::defrag::Defragmenter;
use crate::net::fast;
use crate::net::ip;
use crate::net::ip::protocol;
use crate::net::link;
use crate::net::link::Layer;
use crate::net::skip::Skip;
use crate::net::tcp;
use crate::net::tunnel;
use crate::net::window::Window;

#[doc(hidden)]
pub use self::fuzz::fuzz_frames;

/// Headers down to TCP. A mirrored (ERSPAN) frame of a VXLAN with two VLAN tags has twelve.
const MAX_LAYERS: usize = 32;

/// Fragmented datagrams inside each other: each needs a buffer of its own until TCP is read.
const MAX_FRAGMENTED_LAYERS: usize = 3;

/// Finds the TCP segment of a frame. It remembers the fragments of IP datagrams between frames.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    defragmenter: Defragmenter,
    /// The datagrams that the last frame completed, from the outermost inwards.
    complete: [Vec<u8>; MAX_FRAGMENTED_LAYERS],
}

impl FrameDecoder {
    /// A decoder that has seen no fragments yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The TCP segment that `frame` holds, borrowed from the frame, or from the decoder where the
    /// frame completed a fragmented datagram.
    ///
    /// # Errors
    ///
    /// The reason why there is none; the frame holds other traffic, or is damaged, or was cut.
    #[expect(
        clippy::inline_always,
        reason = "the segment is built where it is used"
    )]
    #[inline(always)]
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Segment<'a>, Skip> {
        match fast::segment(frame) {
            Some(segment) => Ok(segment),
            None => self.decode_any(frame),
        }
    }

    /// [`Self::decode`] without the short way for plain frames.
    #[inline(never)]
    pub(super) fn decode_any<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Segment<'a>, Skip> {
        let at = Mark {
            time: frame.time,
            frame: frame.number,
        };
        let wire = usize::try_from(frame.wire_len).unwrap_or(usize::MAX);
        let mut layer = Layer::Link(frame.link);
        let mut window = Window::new(frame.data, wire);
        let mut tunnel = 0;
        let mut buffers = &mut self.complete[..];
        for _ in 0..MAX_LAYERS {
            if layer != Layer::Ip {
                (layer, window) = link::step(layer, window)?;
                continue;
            }
            let packet = ip::packet(window)?;
            let mut body = packet.body;
            if let Some(fragment) = body.fragment {
                let Some((buffer, others)) = buffers.split_first_mut() else {
                    return Err(Skip::TunnelTooDeep);
                };
                buffers = others;
                let key = DatagramKey {
                    source: packet.source,
                    destination: packet.destination,
                    tunnel,
                    id: fragment.id,
                    protocol: packet.source.is_ipv4().then_some(body.protocol),
                };
                let Datagram {
                    protocol,
                    data,
                    wire,
                } = self
                    .defragmenter
                    .add(key, body.protocol, fragment, body.window, at.time)?;
                *buffer = data;
                body = ip::extensions(ip::Body {
                    protocol,
                    fragment: None,
                    window: Window::new(buffer, wire),
                })?;
                if body.fragment.is_some() {
                    return Err(Skip::Malformed);
                }
            }
            if body.protocol == protocol::TCP {
                let below = tcp::Below {
                    at,
                    tunnel,
                    source: packet.source,
                    destination: packet.destination,
                    ip_id: packet.ip_id,
                };
                return tcp::segment(below, body.window);
            }
            let inner = tunnel::open(body.protocol, body.window)?;
            (layer, window) = (inner.layer, inner.window);
            if let Some(network) = inner.network {
                tunnel = network.id();
            }
        }
        Err(Skip::TunnelTooDeep)
    }

    /// What became of fragmented datagrams so far.
    pub fn defrag_counts(&self) -> DefragCounts {
        self.defragmenter.counts()
    }

    /// Datagrams of which fragments are still missing.
    pub fn pending_datagrams(&self) -> usize {
        self.defragmenter.pending()
    }
}

#[cfg(test)]
mod tests;
