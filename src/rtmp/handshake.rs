//! The handshake of one direction (RTMP 1.0 section 5.2): version byte, a packet of one's own,
//! an answer to the peer's. It has a fixed length, so chunks begin at the same position whatever
//! happens to the bytes before.

use crate::base::ids::ByteRange;
use crate::base::ids::Mark;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::anomaly::AnomalyKind;
use crate::rtmp::digest;
use crate::rtmp::digest::Packet;
use crate::rtmp::event::Echo;
use crate::rtmp::event::Event;
use crate::rtmp::event::HANDSHAKE_PACKET_LEN;
use crate::rtmp::event::Hello;
use crate::rtmp::queue::EventQueue;

/// Length of C0 and C1, or S0 and S1, in bytes.
const HELLO_LEN: usize = 1537;

/// Length of the whole handshake of one direction in bytes; chunks begin behind it.
pub const HANDSHAKE_LEN: u64 = 3073;

/// Version byte of RTMP (section 5.2.2).
const VERSION: u8 = 3;

/// Whether a version byte announces RTMPE: 6 with RC4, 8 and 9 with the digest wrapped again.
pub fn is_rtmpe(version: u8) -> bool {
    matches!(version, 6 | 8 | 9)
}

/// Reads the handshake of one direction.
#[derive(Debug, Default)]
pub(in crate::rtmp) struct Handshake {
    /// Bytes of the handshake that passed, the missing ones included.
    passed: usize,
    /// How many of them are missing.
    missing: usize,
    /// What has come of the packet being read.
    buffer: Vec<u8>,
    /// What brought the packet's first byte.
    first: Mark,
    /// Whether bytes of the packet are missing.
    holed: bool,
    version: Option<u8>,
}

impl Handshake {
    /// Takes what belongs to the handshake from the front of `data` and returns the rest.
    pub(in crate::rtmp) fn push<'d>(
        &mut self,
        at: Mark,
        data: &'d [u8],
        origin: u64,
        out: &mut EventQueue,
    ) -> &'d [u8] {
        let mut rest = data;
        while let Some(left) = self.left_in_packet()
            && !rest.is_empty()
        {
            let (taken, behind) = rest.split_at_checked(left).unwrap_or((rest, &[]));
            if self.is_at_begin() {
                self.first = at;
            }
            self.passed = self.passed.saturating_add(taken.len());
            if self.holed {
                self.end_if_whole(&[], at, origin, out);
            } else if self.buffer.is_empty() && taken.len() == left {
                self.end_if_whole(taken, at, origin, out);
            } else {
                let mut buffer = std::mem::take(&mut self.buffer);
                if buffer.is_empty() {
                    // Only while a packet is incomplete: most of the time nothing is held here.
                    buffer = out.body();
                }
                buffer.reserve_exact(left);
                buffer.extend_from_slice(taken);
                if taken.len() == left {
                    self.end_if_whole(&buffer, at, origin, out);
                    out.recycle(buffer);
                } else {
                    self.buffer = buffer;
                }
            }
            rest = behind;
        }
        rest
    }

    /// Takes the first bytes of the direction with their memory, if more are to follow: returns them
    /// where that is not so.
    pub(in crate::rtmp) fn begin(&mut self, at: Mark, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        if self.passed > 0 || bytes.len() >= HELLO_LEN {
            return Err(bytes);
        }
        self.first = at;
        self.passed = bytes.len();
        self.buffer = bytes;
        Ok(())
    }

    /// `len` bytes are missing; returns how many of them lie behind the handshake.
    pub(in crate::rtmp) fn gap(
        &mut self,
        len: u64,
        at: Mark,
        origin: u64,
        out: &mut EventQueue,
    ) -> u64 {
        let mut rest = len;
        while let Some(left) = self.left_in_packet()
            && rest > 0
        {
            let lost = usize::try_from(rest).unwrap_or(left).min(left);
            self.holed = true;
            self.buffer = Vec::new();
            self.passed = self.passed.saturating_add(lost);
            self.missing = self.missing.saturating_add(lost);
            rest = rest.saturating_sub(u64::try_from(lost).unwrap_or(rest));
            self.end_if_whole(&[], at, origin, out);
        }
        rest
    }

    /// No more bytes will come.
    pub(in crate::rtmp) fn finish(&mut self, at: Mark, origin: u64, out: &mut EventQueue) {
        if self.passed > 0 && !self.is_done() {
            self.say_incomplete(at, origin, out);
        }
    }

    /// Whether all of it has passed.
    pub(in crate::rtmp) fn is_done(&self) -> bool {
        self.left_in_packet().is_none()
    }

    /// The version byte, if it came in.
    pub(in crate::rtmp) fn version(&self) -> Option<u8> {
        self.version
    }

    /// Bytes of the current packet that have not passed; `None` behind the last one.
    fn left_in_packet(&self) -> Option<usize> {
        let whole = HELLO_LEN.saturating_add(HANDSHAKE_PACKET_LEN);
        match self.passed {
            passed if passed < HELLO_LEN => Some(HELLO_LEN.saturating_sub(passed)),
            passed if passed < whole => Some(whole.saturating_sub(passed)),
            _ => None,
        }
    }

    fn is_at_begin(&self) -> bool {
        self.passed == 0 || self.passed == HELLO_LEN
    }

    /// Reports the packet that ends here, if one does and nothing of it is missing.
    fn end_if_whole(&mut self, bytes: &[u8], at: Mark, origin: u64, out: &mut EventQueue) {
        let is_hello = self.passed == HELLO_LEN;
        if !is_hello && !self.is_done() {
            return;
        }
        if !self.holed {
            if is_hello {
                self.hello(bytes, at, origin, out);
            } else {
                self.echo(bytes, at, out);
            }
        }
        self.holed = false;
        if !is_hello && self.missing > 0 {
            self.say_incomplete(at, origin, out);
        }
    }

    fn hello(&mut self, bytes: &[u8], at: Mark, origin: u64, out: &mut EventQueue) {
        let Some((&version, packet)) = bytes.split_first() else {
            return;
        };
        let Ok(packet) = <&Packet>::try_from(packet) else {
            return;
        };
        self.version = Some(version);
        let (time, rest) = packet.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let peer_version = rest.first_chunk::<4>().copied().unwrap_or_default();
        out.push(Event::Hello(Hello {
            first: self.first,
            last: at,
            version,
            time: u32::from_be_bytes(*time),
            peer_version,
            digest: digest::find(packet).map(|(digest, _)| digest),
            fingerprint: digest::fingerprint(packet),
        }));
        if version != VERSION && !is_rtmpe(version) {
            let range = ByteRange {
                start: origin,
                end: origin.saturating_add(1),
            };
            let kind = AnomalyKind::HandshakeVersion { version };
            let at = self.first;
            out.push(Event::Anomaly(Anomaly { kind, range, at }));
        }
    }

    fn echo(&self, bytes: &[u8], at: Mark, out: &mut EventQueue) {
        let Ok(whole) = <&Packet>::try_from(bytes) else {
            return;
        };
        let mut packet = out.body();
        packet.extend_from_slice(whole);
        out.push(Event::Echo(Echo {
            first: self.first,
            last: at,
            fingerprint: digest::fingerprint(whole),
            packet,
        }));
    }

    fn say_incomplete(&self, at: Mark, origin: u64, out: &mut EventQueue) {
        let came = self.passed.saturating_sub(self.missing);
        let received = u32::try_from(came).unwrap_or(u32::MAX);
        let passed = u64::try_from(self.passed).unwrap_or(u64::MAX);
        let range = ByteRange {
            start: origin,
            end: origin.saturating_add(passed),
        };
        let kind = AnomalyKind::HandshakeIncomplete { received };
        out.push(Event::Anomaly(Anomaly { kind, range, at }));
    }
}
