//! Wires a source of frames to the pipeline and the pipeline to what shows it. The only place
//! that spawns threads, catches signals and decides about exit codes.

use std::cell::RefCell;
use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use rtmpscope::base::text::printable;
use rtmpscope::base::time::Precision;
use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source;
use rtmpscope::capture::bpf::Filter;
use rtmpscope::capture::error::CaptureError;
use rtmpscope::capture::error::ErrorClass;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input as FileInput;
use rtmpscope::capture::live;
use rtmpscope::capture::live::Live;
use rtmpscope::capture::live::LiveOptions;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::flv::FlvExtractor;
use rtmpscope::report::json::EVENT_TYPES;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;
use rtmpscope::report::text::TextReport;
use rtmpscope::report::text::parts_of_aggregates;
use rtmpscope::report::text::units::bytes;
use rtmpscope::report::text::units::grouped;
use rtmpscope::report::text::units::millis;
use rtmpscope::tui;
use rtmpscope::tui::model::Capture;
use rtmpscope::tui::store::Shared;
use rtmpscope::tui::store::Store;

use crate::cli::Cli;
use crate::cli::Command;
use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Inputs;
use crate::cli::Origin;

/// History buckets that a track keeps for a report, which prints none of them. A dashboard draws
/// charts of them and keeps all.
const REPORT_HISTORY: usize = 0;

/// Most frames between two looks at the wish to stop and at what is due.
const LOOK_EVERY: u64 = 1024;

/// Most capture time between two such looks, so that what is due by capture time is never later
/// than this.
const LOOK_SPAN: Span = Span::from_millis(100);

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Usage = 2,
    Input = 3,
    Device = 4,
    Output = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Does what the command line asks for.
pub(crate) fn run(cli: &Cli) -> ExitCode {
    if cli.flags.list_interfaces {
        return interfaces().into();
    }
    let exit = match &cli.command {
        None => default(&cli.flags, &cli.inputs),
        Some(Command::Tui { inputs }) => with_input(&cli.flags, inputs, dashboard),
        Some(Command::Report { inputs }) => with_input(&cli.flags, inputs, report),
        Some(Command::Json {
            events,
            interval,
            inputs,
        }) => with_input(&cli.flags, inputs, |flags, input| {
            json(flags, input, events, *interval)
        }),
        Some(Command::Extract {
            output,
            force,
            inputs,
        }) => with_input(&cli.flags, inputs, |flags, input| {
            extract(flags, input, output, *force)
        }),
        Some(Command::Interfaces) => interfaces(),
    };
    exit.into()
}

fn default(flags: &Flags, inputs: &Inputs) -> Exit {
    if io::stdout().is_terminal() {
        with_input(flags, inputs, dashboard)
    } else {
        with_input(flags, inputs, report)
    }
}

fn with_input(flags: &Flags, inputs: &Inputs, act: impl FnOnce(&Flags, &Input) -> Exit) -> Exit {
    match flags.input(inputs) {
        Ok(input) => act(flags, &input),
        Err(message) => {
            complain(&message);
            Exit::Usage
        }
    }
}

fn complain(message: &dyn std::fmt::Display) {
    // When even stderr is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "rtmpscope: {message}");
}

/// Frames on their way from a source, filtered and counted, with what went wrong.
struct Reading {
    source: Box<dyn Source>,
    filter: Option<Filter>,
    left: Option<u64>,
    stop: Arc<AtomicBool>,
    is_live: bool,
    /// Class of the worst error so far.
    trouble: Option<ErrorClass>,
}

impl Reading {
    fn open(flags: &Flags, input: &Input) -> Result<Self, CaptureError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (source, filter): (Box<dyn Source>, _) = match &input.origin {
            Origin::Files(paths) => {
                let filter = input.bpf.clone().map(Filter::new).transpose()?;
                let files = Files::new(paths.iter().map(FileInput::named));
                (Box::new(files), filter)
            }
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
                // The kernel filters for us.
                (Box::new(Live::open(&options)?), None)
            }
        };
        Ok(Self {
            source,
            filter,
            left: flags.count,
            stop,
            is_live: matches!(input.origin, Origin::Interfaces(_)),
            trouble: None,
        })
    }

    /// Stops at the first SIGINT or SIGTERM with everything shown that was read until then; a
    /// second one ends the program at once.
    fn catch_signals(&self) {
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let _ =
                signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&self.stop));
            let _ = signal_hook::flag::register(signal, Arc::clone(&self.stop));
        }
    }

    /// Reads everything into the pipeline. `look` is asked now and then whether to go on.
    fn drive<O: Observer>(
        &mut self,
        pipeline: &mut Pipeline,
        observer: &mut O,
        mut look: impl FnMut(&mut O, &mut Pipeline, Timestamp, &dyn Source) -> bool,
        mut tell: impl FnMut(&CaptureError),
    ) {
        // The first frame is looked at for the precision of its time.
        let mut until_look = 1_u64;
        let mut looked = Timestamp::default();
        loop {
            let now = match self.source.next_frame() {
                Ok(Next::Frame(frame)) => {
                    let wanted = match &mut self.filter {
                        None => Ok(true),
                        Some(filter) => filter.accepts(frame.link, frame.data),
                    };
                    match wanted {
                        Ok(true) => {
                            pipeline.push(&frame, observer);
                            if let Some(left) = &mut self.left {
                                *left = left.saturating_sub(1);
                            }
                        }
                        Ok(false) => {}
                        Err(error) => remember(&mut self.trouble, &error, &mut tell),
                    }
                    frame.time
                }
                Ok(Next::Idle) => {
                    until_look = 0;
                    let now = wall_clock();
                    pipeline.idle(now, observer);
                    now
                }
                Ok(Next::End) => break,
                Err(error) => {
                    remember(&mut self.trouble, &error, &mut tell);
                    continue;
                }
            };
            if self.left == Some(0) {
                break;
            }
            until_look = until_look.saturating_sub(1);
            if until_look == 0 || now.since(looked) >= LOOK_SPAN {
                until_look = LOOK_EVERY;
                looked = now;
                if self.stop.load(Ordering::Relaxed)
                    || !look(observer, pipeline, now, &*self.source)
                {
                    break;
                }
            }
        }
        pipeline.finish(observer);
    }

    /// Whether none of the inputs turned out to be a capture: there is nothing to show.
    fn is_in_vain(&self) -> bool {
        let inputs = self.source.inputs();
        self.trouble.is_some() && inputs.iter().all(|input| input.interfaces.is_empty())
    }

    fn exit(&self) -> Exit {
        match self.trouble {
            None => Exit::Done,
            Some(class) => exit_of(class),
        }
    }
}

fn remember(
    trouble: &mut Option<ErrorClass>,
    error: &CaptureError,
    tell: &mut impl FnMut(&CaptureError),
) {
    tell(error);
    trouble.get_or_insert(error.class());
}

fn exit_of(class: ErrorClass) -> Exit {
    match class {
        ErrorClass::Usage => Exit::Usage,
        ErrorClass::Input => Exit::Input,
        ErrorClass::Device => Exit::Device,
    }
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Opens the input, or says why it cannot be.
fn open(flags: &Flags, input: &Input) -> Result<Reading, Exit> {
    Reading::open(flags, input).map_err(|error| {
        complain(&error);
        exit_of(error.class())
    })
}

fn options(flags: &Flags, history_limit: Option<usize>) -> Options {
    Options {
        keep_media: false,
        forced_ports: flags.decode_as.clone(),
        history_limit,
    }
}

/// A failure to write ends the program quietly when the reader has had enough.
fn output_exit(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Done;
    }
    complain(&format_args!("cannot write to stdout: {error}"));
    Exit::Output
}

fn report(flags: &Flags, input: &Input) -> Exit {
    let mut reading = match open(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    reading.catch_signals();
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    let out = io::BufWriter::new(io::stdout().lock());
    let mut text = TextReport::new(out, flags.show_secrets);
    let mut progress = ProgressLine::new(flags.quiet);
    reading.drive(
        &mut pipeline,
        &mut text,
        |text, _, _, source| {
            progress.show(source);
            !text.has_failed()
        },
        |error| complain(error),
    );
    progress.clear();
    if reading.is_in_vain() {
        return reading.exit();
    }
    let head = head(&mut reading, &pipeline);
    let foot = foot(&pipeline);
    match text.finish(&head, &foot) {
        Ok(()) => reading.exit(),
        Err(error) => output_exit(&error),
    }
}

/// What was read: names, formats, counts, time.
fn head(reading: &mut Reading, pipeline: &Pipeline) -> String {
    use std::fmt::Write as _;

    let mut out = format!("rtmpscope {}\n", env!("CARGO_PKG_VERSION"));
    for info in reading.source.inputs() {
        let mut facts: Vec<String> = Vec::new();
        facts.extend(info.format.map(|format| format.name().to_owned()));
        facts.extend(info.compression.map(|how| how.name().to_owned()));
        for interface in info.interfaces.iter().take(4) {
            let name = interface
                .name
                .as_deref()
                .map_or_else(String::new, |name| format!("{} ", printable(name)));
            facts.push(format!("{name}{}", interface.link));
        }
        let _ = writeln!(
            out,
            "{}: {}",
            printable(info.name.as_str()),
            facts.join(", ")
        );
    }
    let totals = pipeline.totals();
    let span = match (totals.first, totals.last) {
        (Some(first), Some(last)) => format!(
            ", {} from {}",
            millis(last.since(first)),
            first.rfc3339(Precision::Micros)
        ),
        _ => String::new(),
    };
    let _ = writeln!(
        out,
        "{} frames, {} on the wire{span}",
        grouped(totals.frames),
        bytes(totals.wire_bytes)
    );
    let others: Vec<String> = totals
        .other_connections
        .iter()
        .map(|(name, count)| format!("{} {name}", grouped(*count)))
        .collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!(" (others: {})", others.join(", "))
    };
    let _ = writeln!(
        out,
        "{} RTMP connections{others}, {} messages{}",
        grouped(totals.rtmp_connections),
        grouped(totals.messages),
        parts_of_aggregates(totals.aggregate_parts)
    );
    let drops = reading.source.drops();
    if let Some(lost) = drops.by_kernel.filter(|lost| *lost > 0) {
        let _ = writeln!(out, "{} packets dropped by the kernel", grouped(lost));
    }
    if let Some(lost) = drops.by_interface.filter(|lost| *lost > 0) {
        let _ = writeln!(out, "{} packets dropped by the interface", grouped(lost));
    }
    out
}

/// What of the capture was not TCP, or was cut.
fn foot(pipeline: &Pipeline) -> String {
    let totals = pipeline.totals();
    let mut parts: Vec<String> = totals
        .skips
        .by_name()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", grouped(count)))
        .collect();
    if totals.cut_frames > 0 {
        parts.push(format!(
            "{} frames cut by the capture (snaplen)",
            grouped(totals.cut_frames)
        ));
    }
    if totals.stray_segments > 0 {
        parts.push(format!(
            "{} segments of connections that were over",
            grouped(totals.stray_segments)
        ));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!(
        "\nframes without a TCP segment of ours: {}\n",
        parts.join(", ")
    )
}

fn json(flags: &Flags, input: &Input, events: &[String], interval: u32) -> Exit {
    if let Some(unknown) = events
        .iter()
        .find(|event| !EVENT_TYPES.contains(&event.as_str()))
    {
        complain(&format_args!(
            "unknown record type `{}`; there are {}",
            printable(unknown),
            EVENT_TYPES.join(", ")
        ));
        return Exit::Usage;
    }
    let mut reading = match open(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    reading.catch_signals();
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    let stdout = io::stdout();
    let mut report = JsonReport::new(
        stdout.lock(),
        JsonOptions {
            events: events.to_vec(),
            interval: Span::from_secs(i64::from(interval)),
            show_secrets: flags.show_secrets,
            unbuffered: reading.is_live || stdout.is_terminal(),
        },
    );
    reading.drive(
        &mut pipeline,
        &mut report,
        |report, pipeline, now, source| {
            report.set_precision(source.precision());
            report.tick(now, pipeline);
            !report.has_failed()
        },
        |error| complain(error),
    );
    report.set_precision(reading.source.precision());
    if !reading.is_in_vain() {
        capture_record(&mut report, &mut reading, &pipeline);
    }
    report.flush();
    match report.take_failure() {
        None => reading.exit(),
        Some(error) => output_exit(&error),
    }
}

/// The record that closes a run: what was read, and what was not ours.
fn capture_record<W: io::Write>(
    report: &mut JsonReport<W>,
    reading: &mut Reading,
    pipeline: &Pipeline,
) {
    let totals = pipeline.totals();
    let drops = reading.source.drops();
    let inputs = reading.source.inputs();
    let precision = reading.source.precision();
    report.capture(|w| {
        w.objects("inputs", inputs, |w, info| {
            w.text("name", info.name.as_str());
            if let Some(format) = info.format {
                w.text("format", format.name());
            }
            if let Some(compression) = info.compression {
                w.text("compression", compression.name());
            }
            w.texts(
                "link_types",
                info.interfaces
                    .iter()
                    .map(|interface| interface.link.to_string()),
            );
        });
        w.count("frames", totals.frames);
        w.count("wire_bytes", totals.wire_bytes);
        w.count("cut_frames", totals.cut_frames);
        if let Some(first) = totals.first {
            w.text("start", &first.rfc3339(precision).to_string());
        }
        if let Some(last) = totals.last {
            w.text("end", &last.rfc3339(precision).to_string());
        }
        w.count("tcp_segments", totals.segments);
        w.count("stray_segments", totals.stray_segments);
        w.count("rtmp_connections", totals.rtmp_connections);
        w.counts(
            "other_connections",
            totals
                .other_connections
                .iter()
                .map(|(name, count)| (*name, *count)),
        );
        w.count("messages", totals.messages);
        if totals.aggregate_parts > 0 {
            w.count("aggregate_parts", totals.aggregate_parts);
        }
        w.counts(
            "skipped_frames",
            totals.skips.by_name().filter(|(_, count)| *count > 0),
        );
        if let Some(lost) = drops.by_kernel {
            w.count("dropped_by_kernel", lost);
        }
        if let Some(lost) = drops.by_interface {
            w.count("dropped_by_interface", lost);
        }
    });
}

fn extract(flags: &Flags, input: &Input, folder: &Path, force: bool) -> Exit {
    let mut reading = match open(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    if let Err(error) = std::fs::create_dir_all(folder) {
        complain(&format_args!("{}: {error}", folder.display()));
        return Exit::Output;
    }
    reading.catch_signals();
    let mut pipeline = Pipeline::new(Options {
        keep_media: true,
        ..options(flags, Some(REPORT_HISTORY))
    });
    let mut extractor = FlvExtractor::new(folder, force, flags.show_secrets);
    let mut progress = ProgressLine::new(flags.quiet);
    reading.drive(
        &mut pipeline,
        &mut extractor,
        |extractor, _, _, source| {
            progress.show(source);
            !extractor.has_failed()
        },
        |error| complain(error),
    );
    progress.clear();
    let mut out = io::stdout().lock();
    for file in extractor.files() {
        let left_out = if file.incomplete > 0 {
            format!(
                ", {} incomplete messages left out",
                grouped(file.incomplete)
            )
        } else {
            String::new()
        };
        let line = format!(
            "{}: {} tags{left_out}\n",
            file.path.display(),
            grouped(file.tags)
        );
        if let Err(error) = out.write_all(line.as_bytes()) {
            return output_exit(&error);
        }
    }
    if let Some((path, error)) = extractor.take_failure() {
        let hint = if error.kind() == io::ErrorKind::AlreadyExists {
            " (--force replaces files)"
        } else {
            ""
        };
        complain(&format_args!("{}: {error}{hint}", path.display()));
        return Exit::Output;
    }
    if extractor.files().is_empty() && !reading.is_in_vain() {
        complain(&"no media found, so no file was written");
    }
    reading.exit()
}

fn interfaces() -> Exit {
    let devices = match live::devices() {
        Ok(devices) => devices,
        Err(error) => {
            complain(&error);
            return exit_of(error.class());
        }
    };
    let mut out = io::stdout().lock();
    for device in devices {
        let addresses: Vec<String> = device
            .addresses
            .iter()
            .map(|address| address.ip.to_string())
            .collect();
        let description = device
            .description
            .map_or_else(String::new, |text| format!("  {}", printable(&text)));
        let line = format!(
            "{:<16} {:<5} {}{description}\n",
            printable(&device.name),
            if device.up { "up" } else { "down" },
            addresses.join(" ")
        );
        if let Err(error) = out.write_all(line.as_bytes()) {
            return output_exit(&error);
        }
    }
    Exit::Done
}

/// Time between two hand-overs to the dashboard: more often than it draws, and rarely enough that
/// reading does not suffer.
const PUBLISH_EVERY: Duration = Duration::from_millis(60);

fn dashboard(flags: &Flags, input: &Input) -> Exit {
    if !tui::has_terminal() {
        complain(&"the dashboard needs a terminal; `rtmpscope report` does not");
        return Exit::Usage;
    }
    let reading = match open(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    reading.catch_signals();
    let _ = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&reading.stop));
    let stop = Arc::clone(&reading.stop);
    let shared = Shared::new();
    shared.announce(Capture {
        name: input_name(input),
        is_live: reading.is_live,
        ..Capture::default()
    });
    let decoder = {
        let shared = Arc::clone(&shared);
        let name = input_name(input);
        let options = options(flags, None);
        let store = Store::new(Arc::clone(&shared), flags.show_secrets);
        thread::spawn(move || decode_for_dashboard(reading, options, store, &name))
    };
    let shown = tui::run(shared, tui::Options::default(), &stop);
    stop.store(true, Ordering::Relaxed);
    if let Err(error) = shown {
        complain(&format_args!("the terminal failed: {error}"));
        return Exit::Output;
    }
    // A decoder that still waits for a pipe or a device ends with the program.
    if !decoder.is_finished() {
        return Exit::Done;
    }
    match decoder.join() {
        Ok((exit, troubles)) => {
            for trouble in troubles {
                complain(&trouble);
            }
            exit
        }
        // The panic was told already.
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Ends the dashboard when the thread that holds it panics.
struct StopOnPanic(Arc<AtomicBool>);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// What is read, in a few words.
fn input_name(input: &Input) -> String {
    let name = match &input.origin {
        Origin::Files(paths) => match paths.as_slice() {
            [only] if only.as_os_str() == "-" => "stdin".to_owned(),
            [only] => only
                .file_name()
                .unwrap_or(only.as_os_str())
                .to_string_lossy()
                .into_owned(),
            all => format!("{} files", all.len()),
        },
        Origin::Interfaces(names) => names.join(" "),
    };
    printable(&name)
}

/// Reads everything for the dashboard; the exit code, and what went wrong.
fn decode_for_dashboard(
    mut reading: Reading,
    options: Options,
    mut store: Store,
    name: &str,
) -> (Exit, Vec<String>) {
    let _guard = StopOnPanic(Arc::clone(&reading.stop));
    let is_live = reading.is_live;
    let mut pipeline = Pipeline::new(options);
    let troubles = RefCell::new(Vec::new());
    let capture = |pipeline: &Pipeline, source: &dyn Source, dropped: u64, is_done: bool| {
        let totals = pipeline.totals();
        let progress = source.progress();
        Capture {
            name: name.to_owned(),
            is_live,
            is_done,
            bytes_read: progress.bytes_read,
            bytes_total: progress.bytes_total,
            frames: totals.frames,
            messages: totals.messages,
            aggregate_parts: totals.aggregate_parts,
            other_connections: totals.other_connections.values().sum(),
            first: totals.first,
            last: totals.last,
            dropped,
            trouble: troubles.borrow().last().cloned(),
        }
    };
    let mut published = Instant::now();
    reading.drive(
        &mut pipeline,
        &mut store,
        |store, pipeline, _, source| {
            if published.elapsed() >= PUBLISH_EVERY {
                published = Instant::now();
                store.publish(pipeline, capture(pipeline, source, 0, false));
            }
            true
        },
        |error| troubles.borrow_mut().push(printable(&error.to_string())),
    );
    let drops = reading.source.drops();
    let dropped = drops
        .by_kernel
        .unwrap_or(0)
        .saturating_add(drops.by_interface.unwrap_or(0));
    let last = capture(&pipeline, &*reading.source, dropped, true);
    store.publish(&pipeline, last);
    let exit = reading.exit();
    (exit, troubles.into_inner())
}

/// One line on the terminal's stderr that says how far reading has come.
struct ProgressLine {
    is_wanted: bool,
    is_shown: bool,
    percent: Option<u64>,
}

impl ProgressLine {
    fn new(quiet: bool) -> Self {
        Self {
            is_wanted: !quiet && io::stderr().is_terminal(),
            is_shown: false,
            percent: None,
        }
    }

    fn show(&mut self, source: &dyn Source) {
        if !self.is_wanted {
            return;
        }
        let progress = source.progress();
        let percent = progress
            .bytes_total
            .and_then(|total| progress.bytes_read.saturating_mul(100).checked_div(total));
        if percent == self.percent {
            return;
        }
        self.percent = percent;
        if let Some(percent) = percent {
            self.is_shown = true;
            let _ = write!(io::stderr(), "\rreading {percent} % ");
        }
    }

    fn clear(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
