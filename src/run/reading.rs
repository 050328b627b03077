//! Frames on their way from files or interfaces into the pipeline.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::base::units::counted;
use rtmpscope::base::units::span_with_hours;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source;
use rtmpscope::capture::again::Again;
use rtmpscope::capture::again::Remembering;
use rtmpscope::capture::bpf::Filter;
use rtmpscope::capture::error::CaptureError;
use rtmpscope::capture::error::ErrorClass;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input as FileInput;
use rtmpscope::capture::file::Turn;
use rtmpscope::capture::live::Live;
use rtmpscope::capture::live::LiveOptions;
use rtmpscope::capture::memory::Memory;
use rtmpscope::pipeline::Belonging;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::packets::PacketFailure;
use rtmpscope::report::packets::Recorder;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Origin;
use crate::run::Exit;
use crate::run::autostop::Autostop;
use crate::run::counts;
use crate::run::demo;
use crate::run::exit_of;
use crate::run::memory::MemoryLimit;
use crate::run::signals::Asked;
use crate::run::signals::Calls;
use crate::run::steps::Clock;
use crate::run::steps::told_by;
use crate::run::steps::wall_clock;

/// Most frames between two looks at the wish to stop and at what is due.
const LOOK_EVERY: u64 = 1024;

/// Most capture time between two such looks, so that what is due by capture time is never later
/// than this.
const LOOK_SPAN: Span = Span::from_millis(100);

/// Capture time between two frames of an interface at which the clock is looked at: it may have
/// been set.
const MAYBE_STEP: Span = Span::from_secs(1);

/// Frames on their way from a source, filtered and counted, with what went wrong.
pub(super) struct Reading {
    pub(super) source: Box<dyn Source>,
    filter: Option<Filter>,
    autostop: Autostop,
    pub(super) recorder: Option<Recorder>,
    /// Packets could not be written.
    output_failed: bool,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) asked: Asked,
    /// Calls of this thread that may wait for good: those for frames, and those that write.
    pub(super) calls: Calls,
    pub(super) is_live: bool,
    memory: MemoryLimit,
    quiet: bool,
    /// Interfaces that are lost just now.
    away: u32,
    /// Class of the first error so far that was not mended.
    trouble: Option<ErrorClass>,
    /// Where each file is a capture by itself.
    apart: Option<Apart>,
}

/// Files that are captures by themselves.
#[derive(Debug)]
struct Apart {
    turn: Turn,
    /// The file of the frame before.
    number: u64,
}

impl Apart {
    /// Begins anew where the frame is of a later file than the one before, once for each file.
    fn start_over<O: Observer>(
        &mut self,
        pipeline: &mut Pipeline,
        observer: &mut O,
        mut recorder: Option<&mut Recorder>,
    ) {
        while self.number < self.turn.number() {
            self.number = self.number.saturating_add(1);
            match &mut recorder {
                None => pipeline.start_over(observer),
                Some(recorder) => pipeline.start_over(&mut both(observer, recorder)),
            }
        }
    }
}

/// When a look at what was read so far is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Capture time.
    pub(super) now: Timestamp,
    /// Whether there is nothing to read right now: time to show everything.
    pub(super) is_idle: bool,
}

/// The next frame. The call for it is noted where it may wait for good.
#[inline]
fn next_frame<'a>(
    source: &'a mut dyn Source,
    calls: Option<&Calls>,
) -> Result<Next<'a>, CaptureError> {
    match calls {
        None => source.next_frame(),
        Some(calls) => calls.make(|| source.next_frame()),
    }
}

impl Reading {
    /// Reads a source that a test made.
    #[cfg(test)]
    pub(super) fn of(source: Box<dyn Source>) -> Self {
        Self {
            is_live: true,
            quiet: true,
            ..Self::over(
                source,
                None,
                &Flags::default(),
                MemoryLimit::new(usize::MAX),
            )
        }
    }

    /// Reads a source that is no interface.
    pub(super) fn over(
        source: Box<dyn Source>,
        filter: Option<Filter>,
        flags: &Flags,
        memory: MemoryLimit,
    ) -> Self {
        Self {
            source,
            filter,
            autostop: Autostop::new(flags),
            recorder: None,
            output_failed: false,
            stop: Arc::default(),
            asked: Asked::default(),
            calls: Calls::default(),
            is_live: false,
            memory,
            quiet: flags.quiet,
            away: 0,
            trouble: None,
            apart: None,
        }
    }

    /// The same where each file is a capture by itself, by what tells which of them is read.
    #[must_use]
    pub(super) fn apart_at(self, turn: Option<Turn>) -> Self {
        let apart = turn.map(|turn| Apart { turn, number: 1 });
        Self { apart, ..self }
    }

    /// Opens interfaces; files are opened when their turn comes.
    pub(super) fn open(flags: &Flags, input: &Input) -> Result<Self, CaptureError> {
        let mut turn = None;
        let (source, filter): (Box<dyn Source>, _) = match &input.origin {
            Origin::Files(paths) => {
                let files = Files::new(paths.iter().map(FileInput::named));
                turn = input.is_apart.then(|| files.turn());
                (Box::new(files), filter_of(input)?)
            }
            Origin::Demo => (Box::new(Files::new([demo::input()])), filter_of(input)?),
            Origin::Interfaces(names) => {
                let mut options = LiveOptions::new(names.clone());
                if let Some(snaplen) = flags.snaplen.filter(|snaplen| *snaplen > 0) {
                    options.snaplen = snaplen;
                }
                if let Some(buffer) = flags.buffer {
                    options.buffer_bytes = u32::try_from(buffer).unwrap_or(u32::MAX);
                }
                options.promiscuous = !flags.no_promiscuous;
                options.filter.clone_from(&input.bpf);
                options.confine = !flags.rights.no_confine;
                // The kernel filters for us.
                (Box::new(Live::open(&options)?), None)
            }
        };
        Ok(Self {
            is_live: matches!(input.origin, Origin::Interfaces(_)),
            ..Self::over(source, filter, flags, MemoryLimit::new(flags.memory)).apart_at(turn)
        })
    }

    /// The filter, for who reads the same again.
    pub(super) fn take_filter(&mut self) -> Option<Filter> {
        self.filter.take()
    }

    /// A way to read frames again: from the files, or where those do not stay from up to `budget`
    /// bytes of memory. To be asked for before reading.
    pub(super) fn remember(&mut self, budget: usize) -> Again {
        if let Some(again) = self.source.again() {
            return again;
        }
        let nothing: Box<dyn Source> = Box::new(Memory::new(Vec::new()));
        let source = std::mem::replace(&mut self.source, nothing);
        let (remembering, again) = Remembering::new(source, budget);
        self.source = Box::new(remembering);
        again
    }

    /// Reads everything into the pipeline. `look` is asked now and then whether to go on.
    pub(super) fn drive<O: Observer>(
        &mut self,
        pipeline: &mut Pipeline,
        observer: &mut O,
        mut look: impl FnMut(&mut O, &mut Pipeline, Moment, &mut dyn Source) -> bool,
        mut tell: impl FnMut(&dyn Display),
    ) {
        // The first frame is looked at for the precision of its time.
        let mut until_look = 1_u64;
        let mut looked = Timestamp::default();
        let mut clock = self.is_live.then(Clock::new);
        let mut last = None;
        let calls = self.reads();
        loop {
            let mut is_idle = false;
            // (Looked at where it is: a frame is large enough for a copy to be felt.)
            let now = match &next_frame(&mut *self.source, calls.as_ref()) {
                Ok(Next::Frame(frame)) => {
                    let now = frame.time;
                    if let Some(clock) = &mut clock {
                        let passed = now.since(last.unwrap_or(now)).nanos();
                        if passed.saturating_abs() >= MAYBE_STEP.nanos() {
                            let recorder = self.recorder.as_mut();
                            check_clock(clock, pipeline, &mut self.autostop, recorder, &mut tell);
                        }
                        last = Some(now);
                    }
                    if let Some(apart) = &mut self.apart {
                        apart.start_over(pipeline, observer, self.recorder.as_mut());
                    }
                    let wanted = match &mut self.filter {
                        None => Ok(true),
                        Some(filter) => filter.accepts(frame.link, frame.data),
                    };
                    match wanted {
                        Ok(true) => {
                            self.autostop.note();
                            if let Some(recorder) = &mut self.recorder {
                                recorder.take(frame);
                                let mut both = both(observer, recorder);
                                let belonging = pipeline.push(frame, &mut both);
                                self.memory.hold(pipeline, &mut both);
                                if !self.record(belonging, &mut tell) {
                                    break;
                                }
                            } else {
                                // Most captures are only read, and every nanosecond shows.
                                pipeline.push(frame, observer);
                                self.memory.hold(pipeline, observer);
                            }
                        }
                        Ok(false) => {}
                        Err(error) => remember(&mut self.trouble, &error, &mut tell),
                    }
                    now
                }
                Ok(Next::Idle) => {
                    until_look = 0;
                    is_idle = true;
                    let Some(now) = self.quiet(clock.as_mut(), pipeline, observer, &mut tell)
                    else {
                        break;
                    };
                    last = Some(now);
                    now
                }
                Ok(Next::Back(name)) => {
                    tell(&format_args!("{name}: captured on again"));
                    self.is_back();
                    continue;
                }
                Ok(Next::End) => break,
                Err(error) => {
                    if error.class() == ErrorClass::Device {
                        self.away = self.away.saturating_add(1);
                    }
                    remember(&mut self.trouble, error, &mut tell);
                    continue;
                }
            };
            // On a quiet pipe no capture time passes.
            let has_passed = self.is_live || !is_idle;
            if self.autostop.is_set() && has_passed {
                let written = self.recorder.as_ref().map_or(0, Recorder::bytes);
                if self.autostop.is_enough(now, written) {
                    break;
                }
            }
            until_look = until_look.saturating_sub(1);
            // The clock may have been set back.
            let since = now.since(looked).nanos().saturating_abs();
            if until_look == 0 || since >= LOOK_SPAN.nanos() {
                until_look = LOOK_EVERY;
                looked = now;
                let moment = Moment { now, is_idle };
                if !look(observer, pipeline, moment, &mut *self.source) {
                    break;
                }
                if !self.answer(pipeline.totals().frames, is_idle, &mut tell) {
                    break;
                }
                if self.stop.load(Ordering::Relaxed) {
                    if !self.is_live {
                        break;
                    }
                    // What was captured until now is not thrown away.
                    self.source.stop();
                }
            }
        }
        self.end_capture();
        self.finish(pipeline, observer, &mut tell);
    }

    /// Where calls for frames are noted, if they may wait for good: an interface gives the word back
    /// by itself, and a file whose size is known is there.
    fn reads(&self) -> Option<Calls> {
        let may_wait = !self.is_live && self.source.progress().bytes_total.is_none();
        may_wait.then(|| self.calls.clone())
    }

    /// Does what a signal asked for, and what is due where there is nothing to read. False when
    /// there is to be no more.
    fn answer(&mut self, frames: u64, is_idle: bool, tell: &mut impl FnMut(&dyn Display)) -> bool {
        if self.asked.for_counts() {
            counts::tell_so_far(frames, &self.source.drops());
        }
        // Asked in any case: what is flushed now is not to be flushed again.
        let is_asked = self.asked.for_flush();
        !(is_idle || is_asked) || self.flush_packets(tell)
    }

    /// An interface is captured on again. What could not be helped is no failure of ours.
    fn is_back(&mut self) {
        self.away = self.away.saturating_sub(1);
        if self.away == 0 {
            self.trouble = self.trouble.filter(|class| *class != ErrorClass::Device);
        }
    }

    /// There is nothing to read right now: capture time, or `None` when there is to be no more.
    fn quiet<O: Observer>(
        &mut self,
        clock: Option<&mut Clock>,
        pipeline: &mut Pipeline,
        observer: &mut O,
        tell: &mut impl FnMut(&dyn Display),
    ) -> Option<Timestamp> {
        let Some(clock) = clock else {
            // The clock of what comes through a pipe is not ours.
            return Some(pipeline.totals().last.unwrap_or_default());
        };
        let recorder = self.recorder.as_mut();
        check_clock(clock, pipeline, &mut self.autostop, recorder, tell);
        let now = wall_clock();
        let told = told_by(now, pipeline.totals().last);
        match &mut self.recorder {
            None => pipeline.idle(told, observer),
            Some(recorder) => pipeline.idle(told, &mut both(observer, recorder)),
        }
        self.record_quiet(told, tell).then_some(now)
    }

    fn finish<O: Observer>(
        &mut self,
        pipeline: &mut Pipeline,
        observer: &mut O,
        tell: &mut impl FnMut(&dyn Display),
    ) {
        match &mut self.recorder {
            None => pipeline.finish(observer),
            Some(recorder) => pipeline.finish(&mut both(observer, recorder)),
        }
        let last = pipeline.totals().last;
        // What went wrong before was told.
        if !self.output_failed {
            self.record_quiet(last.unwrap_or_default(), tell);
        }
        self.end_packets(last, tell);
    }

    /// Writes the frame that was pushed last, if it is to be. False when there is to be no more.
    fn record(&mut self, belonging: Belonging, tell: &mut impl FnMut(&dyn Display)) -> bool {
        let Some(recorder) = &mut self.recorder else {
            return true;
        };
        let source = &self.source;
        let settled = recorder.settle(belonging, |index| source.interface(index).cloned());
        self.is_written(settled, tell)
    }

    /// Writes what turned out to be wanted without a frame. False when there is to be no more.
    fn record_quiet(&mut self, now: Timestamp, tell: &mut impl FnMut(&dyn Display)) -> bool {
        let Some(recorder) = &mut self.recorder else {
            return true;
        };
        let source = &self.source;
        let settled = recorder.settle_quiet(now, |index| source.interface(index).cloned());
        self.is_written(settled, tell)
    }

    fn flush_packets(&mut self, tell: &mut impl FnMut(&dyn Display)) -> bool {
        let flushed = self.recorder.as_mut().map_or(Ok(()), Recorder::flush);
        self.is_written(flushed, tell)
    }

    fn end_packets(&mut self, last: Option<Timestamp>, tell: &mut impl FnMut(&dyn Display)) {
        let drops = self.source.drops();
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        let let_go = recorder.let_go();
        if let_go > 0 {
            tell(&format_args!(
                "{} not written: let go before it was known whether they are wanted",
                counted(let_go, "packet")
            ));
        }
        let finished = recorder.finish(last.unwrap_or_default(), &drops);
        if !self.output_failed {
            self.is_written(finished, tell);
        }
    }

    /// Whether packets can still be written.
    fn is_written(
        &mut self,
        result: Result<(), PacketFailure>,
        tell: &mut impl FnMut(&dyn Display),
    ) -> bool {
        match result {
            Ok(()) => return true,
            // What was asked for, or a reader that has had enough.
            Err(error) if error.is_quiet() => {}
            Err(error) => {
                tell(&error);
                self.output_failed = true;
            }
        }
        false
    }

    /// Lets the capture on interfaces end, so that its counters are those of all of it.
    fn end_capture(&mut self) {
        if !self.is_live {
            return;
        }
        self.source.stop();
        while !matches!(self.source.next_frame(), Ok(Next::End)) {}
    }

    /// Says to those who watch an interface how much was captured and how much was lost, as
    /// tcpdump does.
    pub(super) fn tell_counts(&mut self, frames: u64) {
        if !self.is_live || self.quiet {
            return;
        }
        counts::tell(frames, &self.source.drops());
    }

    /// Whether none of the inputs turned out to be a capture: there is nothing to show.
    pub(super) fn is_in_vain(&self) -> bool {
        let inputs = self.source.inputs();
        self.trouble.is_some() && inputs.iter().all(|input| input.interfaces.is_empty())
    }

    /// Whether packets could not be written, which was told.
    pub(super) fn has_output_failed(&self) -> bool {
        self.output_failed
    }

    pub(super) fn exit(&self) -> Exit {
        match self.trouble {
            _ if self.output_failed => Exit::Output,
            None => Exit::Done,
            Some(class) => exit_of(class),
        }
    }
}

/// The filter of files, ready for all that they may hold.
pub(super) fn filter_of(input: &Input) -> Result<Option<Filter>, CaptureError> {
    let mut filter = input.bpf.clone().map(Filter::new).transpose()?;
    if let Some(filter) = &mut filter {
        filter.prepare();
    }
    Ok(filter)
}

/// Who shows what is found, and who writes packets by it.
fn both<'a>(
    shown: &'a mut dyn Observer,
    recorder: &'a mut Recorder,
) -> (&'a mut dyn Observer, &'a mut Recorder) {
    (shown, recorder)
}

/// Tells the pipeline, and the user, when the clock was set.
fn check_clock(
    clock: &mut Clock,
    pipeline: &mut Pipeline,
    autostop: &mut Autostop,
    recorder: Option<&mut Recorder>,
    tell: &mut impl FnMut(&dyn Display),
) {
    if let Some(by) = clock.step() {
        pipeline.clock_stepped(by);
        autostop.clock_stepped(by);
        if let Some(recorder) = recorder {
            recorder.clock_stepped(by);
        }
        let (way, span) = if by.nanos() < 0 {
            ("back", Span(by.nanos().saturating_neg()))
        } else {
            ("ahead", by)
        };
        tell(&format_args!(
            "the clock of this machine was set {way} by {}: times before and behind do not compare",
            span_with_hours(span)
        ));
    }
}

fn remember(
    trouble: &mut Option<ErrorClass>,
    error: &CaptureError,
    tell: &mut impl FnMut(&dyn Display),
) {
    tell(error);
    trouble.get_or_insert(error.class());
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
