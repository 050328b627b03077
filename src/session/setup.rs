//! How a session came about: the phases before media flows, and when each was over.

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::session::Session;
use crate::session::call::CallState;
use crate::session::track::MediaKind;

/// A phase of the setup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// What brought its begin.
    pub begin: Mark,
    /// What brought its end; `None` while it lasts.
    pub end: Option<Mark>,
    /// Whether it ended with an error.
    pub failed: bool,
}

impl Phase {
    /// A phase that begins.
    pub fn new(begin: Mark) -> Self {
        Self {
            begin,
            end: None,
            failed: false,
        }
    }

    /// How long it took, once it ended; never negative, in whatever order its frames were
    /// captured.
    pub fn duration(&self) -> Option<Span> {
        let took = self.end?.time.since(self.begin.time);
        Some(took.max(Span::ZERO))
    }
}

/// The phases in their order:
///
/// ```text
/// TCP -> handshake -> connect -> createStream -> publish | play -> first audio, video, keyframe
/// ```
///
/// Each is the first of its kind; a phase that was not captured is `None`. They are read from
/// the handshake, the calls and the tracks when they are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setup {
    /// From the SYN to the ACK that completes the TCP handshake.
    pub tcp: Option<Phase>,
    /// From C0 to the last of C2 and S2.
    pub handshake: Option<Phase>,
    /// From `connect` to its answer.
    pub connect: Option<Phase>,
    /// From `createStream` to its answer.
    pub create_stream: Option<Phase>,
    /// From `publish` or `play` to the `onStatus` that answers it.
    pub start: Option<Phase>,
    /// First audio message with sound.
    pub first_audio: Option<Mark>,
    /// First video message with pictures.
    pub first_video: Option<Mark>,
    /// First keyframe.
    pub first_keyframe: Option<Mark>,
}

impl Setup {
    /// The phase of `connect` alone.
    pub(super) fn connect_of(session: &Session) -> Option<Phase> {
        call_of(session, &["connect"])
    }

    pub(super) fn of(session: &Session) -> Self {
        let first = |kind| {
            let tracks = session.tracks.iter().filter(move |t| t.key.kind == kind);
            let firsts = tracks.filter_map(|track| Some(track.clock.as_ref()?.first));
            firsts.min_by_key(|mark| mark.time)
        };
        let tracks = session.tracks.iter();
        let keyframes = tracks.filter_map(|track| Some(track.gops.as_ref()?.first));
        Self {
            tcp: session.tcp().map(|(begin, end)| Phase {
                begin,
                end,
                failed: false,
            }),
            handshake: session.handshake.first().map(|begin| Phase {
                begin,
                end: session.handshake.last(),
                failed: false,
            }),
            connect: Self::connect_of(session),
            create_stream: call_of(session, &["createStream"]),
            start: call_of(session, &["publish", "play", "play2"]),
            first_audio: first(MediaKind::Audio),
            first_video: first(MediaKind::Video),
            first_keyframe: keyframes.min_by_key(|mark| mark.time),
        }
    }

    /// Time from the call of `publish` or `play`, not from its answer, to a first medium: how long
    /// a viewer waits. Servers may send media before they answer. `None` when the medium flowed
    /// before the call, so that the call did not bring it.
    pub fn after_start(&self, first: Option<Mark>) -> Option<Span> {
        let after = first?.time.since(self.start?.begin.time);
        (after >= Span::ZERO).then_some(after)
    }

    /// Time from the first thing seen of the connection to the first medium; never negative.
    pub fn total(&self) -> Option<Span> {
        let begin = self
            .tcp
            .or(self.handshake)
            .or(self.connect)
            .or(self.create_stream)
            .or(self.start)?
            .begin;
        let first = match (self.first_audio, self.first_video) {
            (Some(audio), Some(video)) if video.time < audio.time => video,
            (audio, video) => audio.or(video)?,
        };
        Some(first.time.since(begin.time).max(Span::ZERO))
    }
}

/// The phase that the client's first call of one of these names began.
fn call_of(session: &Session, names: &[&str]) -> Option<Phase> {
    let mut calls = session.calls.iter();
    let call = calls.find(|call| call.caller == Side::Client && names.contains(&&*call.name))?;
    Some(Phase {
        begin: call.at,
        end: call.reply.as_ref().map(|reply| reply.at),
        failed: call.state == CallState::Failed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;
    use crate::base::time::Timestamp;

    fn at(ms: i64) -> Mark {
        Mark {
            time: Timestamp(ms * 1_000_000),
            frame: FrameNumber(1),
        }
    }

    #[test]
    fn the_total_runs_from_the_syn_to_the_first_medium() {
        let setup = Setup {
            tcp: Some(Phase::new(at(100))),
            start: Some(Phase::new(at(300))),
            first_audio: Some(at(450)),
            first_video: Some(at(420)),
            ..Setup::default()
        };
        assert_eq!(setup.total(), Some(Span::from_millis(320)));
        assert_eq!(
            setup.after_start(setup.first_audio),
            Some(Span::from_millis(150))
        );
    }

    #[test]
    fn media_from_before_the_call_is_not_due_to_it() {
        let setup = Setup {
            start: Some(Phase::new(at(300))),
            first_audio: Some(at(103)),
            first_video: Some(at(300)),
            ..Setup::default()
        };
        assert_eq!(setup.after_start(setup.first_audio), None);
        assert_eq!(setup.after_start(setup.first_video), Some(Span::ZERO));
    }

    #[test]
    fn a_phase_takes_no_negative_time() {
        // Its answer was captured before its call.
        let phase = Phase {
            end: Some(at(5)),
            ..Phase::new(at(8))
        };
        assert_eq!(phase.duration(), Some(Span::ZERO));
    }

    #[test]
    fn a_phase_that_lasts_has_no_duration() {
        assert_eq!(Phase::new(at(1)).duration(), None);
    }
}
