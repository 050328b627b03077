//! What the two handshake halves say about each other (RTMP 1.0 section 5.2).

use crate::base::ids::Mark;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::rtmp::event::Digest;
use crate::rtmp::event::DigestScheme;
use crate::rtmp::event::Echo;
use crate::rtmp::event::Hello;

/// The handshake of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handshake {
    /// What each side sent.
    pub sides: PerSide<HandshakeSide>,
    /// What brought the first byte of any part; no mark of a frame before.
    first: Mark,
    /// Parts that wait for the other side's part to be compared with.
    pending: Option<Box<Pending>>,
}

/// What one side sent in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandshakeSide {
    /// C0 and C1, or S0 and S1.
    pub hello: Option<HelloFacts>,
    /// C2, or S2.
    pub echo: Option<EchoFacts>,
}

/// C0 and C1, or S0 and S1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HelloFacts {
    /// What brought the last byte.
    pub last: Mark,
    /// Version byte: 3 plain, 6, 8 and 9 RTMPE.
    pub version: u8,
    /// Time field, milliseconds of the sender's clock.
    pub time: u32,
    /// Bytes 4..8: zero in the simple handshake, a software version in the digest one.
    pub peer_version: [u8; 4],
    /// Where a valid digest was found: the "complex" handshake.
    pub digest: Option<DigestScheme>,
}

/// C2, or S2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EchoFacts {
    /// What brought the last byte.
    pub last: Mark,
    /// Whether it answers the peer's hello.
    pub verdict: EchoVerdict,
}

/// Whether a C2 or S2 answers the C1 or S1 that it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EchoVerdict {
    /// The peer's hello was not captured.
    Unknown,
    /// It repeats the peer's hello.
    Exact,
    /// It is signed with the key that the peer's digest gives.
    DigestValid,
    /// It is neither.
    Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Pending {
    hellos: PerSide<Option<Hello>>,
    echoes: PerSide<Option<Echo>>,
}

/// Says whether an echo by a side is signed with the key that the digest of the peer gives.
pub(crate) type VerifyAnswer = fn(echo: &Echo, peer_digest: &Digest, by: Side) -> bool;

impl Handshake {
    /// Whether any part was captured.
    pub fn is_seen(&self) -> bool {
        self.first().is_some()
    }

    /// Whether all of C0..C2 and S0..S2 were captured.
    pub fn is_complete(&self) -> bool {
        Side::BOTH.iter().all(|side| {
            let half = self.sides.of(*side);
            half.hello.is_some() && half.echo.is_some()
        })
    }

    /// What brought the first byte of it.
    pub fn first(&self) -> Option<Mark> {
        (self.first != Mark::default()).then_some(self.first)
    }

    fn note_first(&mut self, of_part: Mark) {
        if self.first().is_none_or(|first| of_part.time < first.time) {
            self.first = of_part;
        }
    }

    /// What brought the last byte of it, once it is complete.
    pub fn last(&self) -> Option<Mark> {
        let client = self.sides.client.echo?.last;
        let server = self.sides.server.echo?.last;
        Some(if client.time < server.time {
            server
        } else {
            client
        })
    }

    /// Time from its first to its last byte, once it is complete; never negative.
    pub fn duration(&self) -> Option<Span> {
        let took = self.last()?.time.since(self.first()?.time);
        Some(took.max(Span::ZERO))
    }

    /// Whether either side signed its hello with a digest.
    pub fn is_digest(&self) -> bool {
        Side::BOTH.iter().any(|side| {
            let hello = self.sides.of(*side).hello;
            hello.is_some_and(|hello| hello.digest.is_some())
        })
    }

    pub(crate) fn hello(&mut self, side: Side, hello: &Hello, verify: VerifyAnswer) {
        self.note_first(hello.first);
        self.sides.of_mut(side).hello = Some(HelloFacts {
            last: hello.last,
            version: hello.version,
            time: hello.time,
            peer_version: hello.peer_version,
            digest: hello.digest.map(|digest| digest.scheme),
        });
        let pending = self.pending.get_or_insert_default();
        let echo = pending.echoes.of_mut(side.other()).take();
        if let Some(echo) = echo {
            self.judge(side.other(), &echo, hello, verify);
            self.drop_pending_if_empty();
        } else {
            *pending.hellos.of_mut(side) = Some(hello.clone());
        }
    }

    pub(crate) fn echo(&mut self, side: Side, echo: &Echo, verify: VerifyAnswer) {
        self.note_first(echo.first);
        self.sides.of_mut(side).echo = Some(EchoFacts {
            last: echo.last,
            verdict: EchoVerdict::Unknown,
        });
        let pending = self.pending.get_or_insert_default();
        let hello = pending.hellos.of_mut(side.other()).take();
        if let Some(hello) = hello {
            self.judge(side, echo, &hello, verify);
            self.drop_pending_if_empty();
        } else {
            *pending.echoes.of_mut(side) = Some(echo.clone());
        }
    }

    /// Lets go of what waits for a comparison that will not come.
    pub(crate) fn close(&mut self) {
        self.pending = None;
    }

    /// Compares the echo of `side` with the hello of the other side.
    fn judge(&mut self, side: Side, echo: &Echo, hello: &Hello, verify: VerifyAnswer) {
        let verdict = if echo.fingerprint == hello.fingerprint {
            EchoVerdict::Exact
        } else if hello
            .digest
            .is_some_and(|digest| verify(echo, &digest, side))
        {
            EchoVerdict::DigestValid
        } else {
            EchoVerdict::Wrong
        };
        if let Some(facts) = &mut self.sides.of_mut(side).echo {
            facts.verdict = verdict;
        }
    }

    fn drop_pending_if_empty(&mut self) {
        if self.pending.as_deref() == Some(&Pending::default()) {
            self.pending = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;
    use crate::base::time::Timestamp;
    use crate::rtmp::event::HANDSHAKE_PACKET_LEN;

    fn at(ms: i64) -> Mark {
        Mark {
            time: Timestamp(ms * 1_000_000),
            frame: FrameNumber(1),
        }
    }

    fn hello(ms: i64, print: u64) -> Hello {
        Hello {
            first: at(ms),
            last: at(ms),
            version: 3,
            time: 0,
            peer_version: [0; 4],
            digest: None,
            fingerprint: print,
        }
    }

    fn echo(ms: i64, print: u64) -> Echo {
        Echo {
            first: at(ms),
            last: at(ms),
            fingerprint: print,
            packet: vec![0; HANDSHAKE_PACKET_LEN],
        }
    }

    fn never(_: &Echo, _: &Digest, _: Side) -> bool {
        false
    }

    #[test]
    fn echoes_that_repeat_the_hello_are_exact() {
        let mut handshake = Handshake::default();
        handshake.hello(Side::Client, &hello(0, 1), never);
        handshake.hello(Side::Server, &hello(30, 2), never);
        handshake.echo(Side::Server, &echo(31, 1), never);
        handshake.echo(Side::Client, &echo(62, 2), never);
        let verdict = |side| handshake.sides.of(side).echo.unwrap().verdict;
        assert_eq!(verdict(Side::Server), EchoVerdict::Exact);
        assert_eq!(verdict(Side::Client), EchoVerdict::Exact);
        assert_eq!(handshake.duration(), Some(Span::from_millis(62)));
        assert!(handshake.is_complete());
        assert_eq!(handshake.pending, None);
    }

    #[test]
    fn another_packet_than_the_hello_is_wrong() {
        let mut handshake = Handshake::default();
        handshake.hello(Side::Client, &hello(0, 1), never);
        handshake.echo(Side::Server, &echo(1, 9), never);
        let verdict = handshake.sides.server.echo.unwrap().verdict;
        assert_eq!(verdict, EchoVerdict::Wrong);
    }

    #[test]
    fn a_signed_answer_is_valid_without_repeating() {
        let mut handshake = Handshake::default();
        let by_server = |_: &Echo, digest: &Digest, by| by == Side::Server && digest.value[0] == 7;
        let signed = Hello {
            digest: Some(Digest {
                scheme: DigestScheme::DigestFirst,
                value: [7; 32],
            }),
            ..hello(0, 1)
        };
        handshake.hello(Side::Client, &signed, by_server);
        handshake.echo(Side::Server, &echo(1, 9), by_server);
        let verdict = handshake.sides.server.echo.unwrap().verdict;
        assert_eq!(verdict, EchoVerdict::DigestValid);
    }

    #[test]
    fn the_hello_may_come_after_its_echo() {
        let mut handshake = Handshake::default();
        handshake.echo(Side::Server, &echo(1, 1), never);
        assert_eq!(
            handshake.sides.server.echo.unwrap().verdict,
            EchoVerdict::Unknown
        );
        handshake.hello(Side::Client, &hello(0, 1), never);
        assert_eq!(
            handshake.sides.server.echo.unwrap().verdict,
            EchoVerdict::Exact
        );
    }

    #[test]
    fn one_direction_alone_is_incomplete() {
        let mut handshake = Handshake::default();
        handshake.hello(Side::Server, &hello(0, 1), never);
        assert!(handshake.is_seen());
        assert!(!handshake.is_complete());
        assert_eq!(handshake.duration(), None);
    }
}
