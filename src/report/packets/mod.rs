//! Packets written while they are watched: all of them, those of RTMP connections, or those around
//! something odd. Which ones is decided behind the decoder, since it knows.

mod files;
mod sieve;
mod trigger;

use std::path::PathBuf;

use crate::base::ids::FlowId;
use crate::base::severity::Severity;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::InterfaceIndex;
use crate::capture::info::Drops;
use crate::capture::info::InterfaceInfo;
use crate::capture::memory::StoredFrame;
use crate::capture::write::rotation::Rotation;
use crate::pipeline::Belonging;
use crate::pipeline::Connection;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::report::scope::Scope;
use crate::rtmp::anomaly::Anomaly;
use crate::session::fact::Fact;
use crate::session::gist::gist;
use crate::session::mask::Mask;

pub use self::files::PacketFailure;
pub use self::sieve::MAX_PARKED;
pub use self::trigger::MAX_BEFORE;

use self::files::PacketFiles;
use self::sieve::Sieve;
use self::trigger::Trigger;

/// Which packets are written, and where.
#[derive(Debug)]
pub struct PacketOptions {
    /// Where to; `-` is standard output.
    pub path: PathBuf,
    /// How the files follow each other.
    pub rotation: Rotation,
    /// Only what belongs to RTMP connections.
    pub only_rtmp: bool,
    /// Only a part of the capture.
    pub scope: Scope,
    /// Only what lies around something odd.
    pub around: Option<Around>,
    /// Whether comments show stream keys and tokens.
    pub show_secrets: bool,
}

/// Comments on one frame: a segment can hold thousands of messages.
const MAX_COMMENTS: usize = 16;

/// What lies around something odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// How odd it must be.
    pub severity: Severity,
    /// Capture time before it.
    pub before: Span,
    /// Capture time behind it.
    pub after: Span,
}

/// A frame that waits for what becomes of it.
#[derive(Debug, Clone)]
struct Held {
    frame: StoredFrame,
    comments: Vec<String>,
}

impl Held {
    /// Memory that it takes, about.
    fn cost(&self) -> usize {
        let comments = self.comments.iter().map(String::capacity).sum::<usize>();
        let texts = self.comments.len().saturating_mul(size_of::<String>());
        [self.frame.data.len(), comments, texts]
            .into_iter()
            .fold(size_of::<Self>(), usize::saturating_add)
    }
}

/// Writes packets. It is told of each frame twice: before the decoder sees it
/// ([`take`](Self::take)) and behind ([`settle`](Self::settle)); what the decoder says in between
/// it hears as an [`Observer`].
#[derive(Debug)]
pub struct Recorder {
    files: PacketFiles,
    scope: Scope,
    sieve: Option<Sieve>,
    trigger: Option<Trigger>,
    /// The frame that the decoder looks at.
    current: Option<Held>,
    comments: Comments,
    /// Connections that turned out to be RTMP by the current frame.
    opened: Vec<FlowId>,
    /// What was worst of the current frame.
    worst: Option<Severity>,
    written: u64,
    show_secrets: bool,
}

impl Recorder {
    /// Opens the first file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(options: PacketOptions, now: Timestamp) -> Result<Self, PacketFailure> {
        Ok(Self {
            files: PacketFiles::open(options.path, options.rotation, now)?,
            // Of connections that are chosen it is known what they are.
            sieve: (options.only_rtmp && options.scope.connections.is_none()).then(Sieve::default),
            scope: options.scope,
            trigger: options.around.map(Trigger::new),
            current: None,
            comments: Comments::default(),
            opened: Vec::new(),
            worst: None,
            written: 0,
            show_secrets: options.show_secrets,
        })
    }

    /// Takes a frame that the decoder will look at next.
    pub fn take(&mut self, frame: &Frame<'_>) {
        let mut data = self
            .current
            .take()
            .map(|held| held.frame.data)
            .unwrap_or_default();
        data.clear();
        data.extend_from_slice(frame.data);
        self.current = Some(Held {
            frame: StoredFrame {
                time: frame.time,
                link: frame.link,
                interface: frame.interface,
                wire_len: frame.wire_len,
                data,
            },
            comments: Vec::new(),
        });
    }

    /// Decides about the frame taken last, now that it is known where it belongs, and writes what
    /// is to be written. `describe` gives what is known of an interface.
    ///
    /// # Errors
    /// When a file cannot be written, or there were as many as there may be.
    pub fn settle(
        &mut self,
        belonging: Belonging,
        describe: impl Fn(InterfaceIndex) -> Option<InterfaceInfo>,
    ) -> Result<(), PacketFailure> {
        let Some(mut held) = self.current.take() else {
            return Ok(());
        };
        held.comments = self.comments.take(belonging);
        let now = held.frame.time;
        if !self.is_in_scope(now, belonging) {
            let written = self.decide(None, now, describe);
            // Its buffer serves the next frame.
            self.current.get_or_insert(held);
            return written;
        }
        self.decide(Some((held, belonging)), now, describe)
    }

    fn is_in_scope(&self, time: Timestamp, belonging: Belonging) -> bool {
        self.scope.holds(time)
            && match belonging {
                Belonging::Connection(flow, _) => self.scope.has(flow),
                // Which connection it belongs to only the last fragment tells.
                Belonging::Fragment => true,
                Belonging::Nothing => self.scope.connections.is_none(),
            }
    }

    /// Writes what is to be written by what the decoder noticed without a frame: when time went on
    /// until `now`, or the capture was over.
    ///
    /// # Errors
    /// When a file cannot be written, or there were as many as there may be.
    pub fn settle_quiet(
        &mut self,
        now: Timestamp,
        describe: impl Fn(InterfaceIndex) -> Option<InterfaceInfo>,
    ) -> Result<(), PacketFailure> {
        // There is no frame in which it was said.
        self.comments = Comments::default();
        if self.worst.is_none() && self.opened.is_empty() {
            return Ok(());
        }
        self.decide(None, now, describe)
    }

    fn decide(
        &mut self,
        frame: Option<(Held, Belonging)>,
        now: Timestamp,
        describe: impl Fn(InterfaceIndex) -> Option<InterfaceInfo>,
    ) -> Result<(), PacketFailure> {
        let worst = self.worst.take();
        let Self {
            files,
            sieve,
            trigger,
            current,
            opened,
            written,
            ..
        } = self;
        let mut failed = Ok(());
        let mut write = |held: &Held| {
            if failed.is_ok() {
                failed = files.write(held, &describe);
                *written = written.saturating_add(1);
            }
        };
        if let Some(trigger) = trigger.as_mut() {
            // What comes out of the sieve only now is older than the trigger.
            trigger.heard(worst, now, &mut write);
        }
        let mut pass = |held: Held| {
            if let Some(trigger) = trigger.as_mut() {
                trigger.pass(held, &mut write);
            } else {
                write(&held);
                // Its buffer serves the next frame.
                *current = Some(held);
            }
        };
        match sieve {
            None => {
                if let Some((held, _)) = frame {
                    pass(held);
                }
            }
            Some(sieve) => {
                for flow in opened.drain(..) {
                    sieve.release(flow, &mut pass);
                }
                if let Some((held, belonging)) = frame {
                    sieve.pass(held, belonging, &mut pass);
                }
            }
        }
        opened.clear();
        failed
    }

    /// The clock that stamps the frames was set ahead by `by`, or back, before the next frame.
    pub fn clock_stepped(&mut self, by: Span) {
        self.files.clock_stepped(by);
        if let Some(trigger) = &mut self.trigger {
            trigger.clock_stepped(by);
        }
    }

    /// The capture is over: says in the file what was captured and lost.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(&mut self, now: Timestamp, drops: &Drops) -> Result<(), PacketFailure> {
        self.files.finish(now, drops)
    }

    /// Writes out what is buffered, where there is nothing to do.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> Result<(), PacketFailure> {
        self.files.flush()
    }

    /// Frames written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Bytes written so far, in all files.
    pub fn bytes(&self) -> u64 {
        self.files.bytes()
    }

    /// Frames that were let go of before it was known whether they were wanted.
    pub fn let_go(&self) -> u64 {
        let of_sieve = self.sieve.as_ref().map_or(0, Sieve::let_go);
        let of_trigger = self.trigger.as_ref().map_or(0, Trigger::let_go);
        of_sieve.saturating_add(of_trigger)
    }

    fn odd(&mut self, flow: FlowId, severity: Severity, code: &str) {
        self.worst = self.worst.max(Some(severity));
        self.comments.push(flow, format!("{severity}: {code}"));
    }
}

/// What is said of one frame, in order.
#[derive(Debug, Default)]
struct Comments {
    /// The connection that it is said of.
    flow: Option<FlowId>,
    texts: Vec<String>,
    left_out: u64,
}

impl Comments {
    /// Takes note of what is said of a connection. What was said before of another one, which
    /// ended when the frame came, does not belong to the frame.
    fn push(&mut self, flow: FlowId, text: String) {
        if self.flow != Some(flow) {
            *self = Self {
                flow: Some(flow),
                ..Self::default()
            };
        }
        if self.texts.len() < MAX_COMMENTS {
            self.texts.push(text);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// What is said of the connection of a frame.
    fn take(&mut self, belonging: Belonging) -> Vec<String> {
        let Self {
            flow,
            mut texts,
            left_out,
        } = std::mem::take(self);
        let is_its = matches!(belonging, Belonging::Connection(of, _) if flow == Some(of));
        if !is_its {
            return Vec::new();
        }
        if left_out > 0 {
            texts.push(format!("and {left_out} more"));
        }
        texts
    }
}

impl Observer for Recorder {
    fn opened(&mut self, connection: &Connection) {
        self.opened.push(connection.id);
    }

    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        // Of the frames of a stream, of which there are thousands, there is nothing to say.
        if heard.decoded.message.is_coded() {
            return;
        }
        let mask = Mask::new(&connection.session, self.show_secrets);
        let gist = gist(heard.raw, &heard.decoded.message, mask);
        let from = heard.side.name();
        self.comments.push(connection.id, format!("{from}: {gist}"));
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        if let Fact::Anomaly(anomaly) = fact {
            self.odd(connection.id, anomaly.kind.severity(), anomaly.kind.code());
        }
    }

    fn anomaly(&mut self, connection: &Connection, _: Side, anomaly: &Anomaly) {
        self.odd(connection.id, anomaly.kind.severity(), anomaly.kind.code());
    }

    fn ended_unknown(&mut self, flow: FlowId) {
        if let Some(sieve) = &mut self.sieve {
            sieve.forget(flow);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Content;

    #[test]
    fn what_is_said_of_another_connection_stands_on_no_frame() {
        let mut comments = Comments::default();
        comments.push(FlowId(1), "ended".to_owned());
        comments.push(FlowId(2), "one".to_owned());
        comments.push(FlowId(2), "two".to_owned());
        let of = |flow| Belonging::Connection(FlowId(flow), Content::Rtmp);
        assert_eq!(comments.take(of(2)), ["one", "two"]);
        comments.push(FlowId(1), "ended".to_owned());
        assert!(comments.take(of(2)).is_empty() && comments.take(of(1)).is_empty());
    }
}
