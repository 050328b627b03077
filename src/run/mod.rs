//! The run of a command: wires a source of frames to the pipeline and the pipeline to what shows
//! it. The only place that spawns threads, catches signals and decides about exit codes.

mod autostop;
mod config;
mod counts;
mod dashboard;
mod demo;
mod diff;
mod doctor;
mod extract;
mod generate;
mod interfaces;
mod json;
mod memory;
mod opening;
mod pace;
mod packets;
mod progress;
mod reading;
mod recent;
mod report;
mod saving;
mod sensor;
mod signals;
mod start;
mod steps;

use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::process::ExitCode;

use rtmpscope::capture::error::ErrorClass;
use rtmpscope::filter::Filter;
use rtmpscope::filter::fields_help;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::document::Format;

use crate::cli::Cli;
use crate::cli::Command;
use crate::cli::Flags;
use crate::cli::GenerateFlags;
use crate::cli::Input;
use crate::cli::Inputs;
use crate::cli::Origin;
use crate::run::dashboard::dashboard;
use crate::run::diff::diff;
use crate::run::doctor::doctor;
use crate::run::extract::extract;
use crate::run::interfaces::interfaces;
use crate::run::json::json;
use crate::run::memory::max_connections;
use crate::run::packets::packets;
use crate::run::report::report;
use crate::run::sensor::sensor;
use crate::run::start::can_ask;
use crate::run::start::start;

/// History buckets that a track keeps for a report, which prints none of them. A dashboard draws
/// charts of them and keeps all.
const REPORT_HISTORY: usize = 0;

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
pub(crate) fn run(mut cli: Cli) -> ExitCode {
    if cli.flags.list_interfaces {
        return interfaces().into();
    }
    if cli.flags.asks_for_fields() {
        return list_fields().into();
    }
    if let Some(exit) = generated(&cli.generate) {
        return exit.into();
    }
    match config::settle(&cli) {
        Ok(flags) => cli.flags = flags,
        Err(message) => {
            complain(&message);
            return Exit::Usage.into();
        }
    }
    if cli.command.is_some() && cli.flags.packets.to_stdout() {
        complain(&"stdout takes packets or text: -w needs the name of a file here");
        return Exit::Usage.into();
    }
    let exit = match &cli.command {
        None => default(&cli.flags, &cli.inputs),
        Some(Command::Tui { inputs }) => on_screen(&cli.flags, inputs),
        Some(Command::Report { format, inputs }) => {
            with_input(&cli.flags, inputs, |flags, input| {
                report(flags, input, (*format).into())
            })
        }
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
        Some(Command::Diff(asked)) => diff(&cli.flags, asked),
        Some(Command::Sensor {
            sensor: options,
            inputs,
        }) => with_input(&cli.flags, inputs, |flags, input| {
            sensor(flags, input, options)
        }),
        Some(Command::Demo) => demo(&cli.flags),
        Some(Command::Interfaces) => interfaces(),
        Some(Command::Doctor) => doctor(&cli.flags),
    };
    exit.into()
}

fn default(flags: &Flags, inputs: &Inputs) -> Exit {
    if flags.packets.to_stdout() {
        with_input(flags, inputs, packets)
    } else if io::stdout().is_terminal() {
        on_screen(flags, inputs)
    } else {
        with_input(flags, inputs, |flags, input| {
            report(flags, input, Format::Text)
        })
    }
}

/// The dashboard, after the question on what where nothing is named.
fn on_screen(flags: &Flags, inputs: &Inputs) -> Exit {
    if flags.names_nothing(inputs) && can_ask() {
        start(flags)
    } else {
        with_input(flags, inputs, dashboard)
    }
}

/// What is within the program, as a file would be shown.
fn demo(flags: &Flags) -> Exit {
    match flags.input_of(Origin::Demo) {
        Ok(input) if io::stdout().is_terminal() => dashboard(flags, &input),
        Ok(input) => report(flags, &input, Format::Text),
        Err(message) => {
            complain(&message);
            Exit::Usage
        }
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

/// Prints what a package has beside the program, where that is asked for.
fn generated(asked: &GenerateFlags) -> Option<Exit> {
    let mut out = Vec::new();
    let made = if asked.generate_man {
        generate::manual(&mut out)
    } else if let Some(shell) = asked.generate_completions {
        generate::completions(shell, &mut out)
    } else if asked.print_config_template {
        out.write_all(config::template().as_bytes())
    } else {
        return None;
    };
    let written = made.and_then(|()| io::stdout().write_all(&out));
    Some(written.map_or_else(|error| output_exit(&error), |()| Exit::Done))
}

/// Says what display filters may ask for.
fn list_fields() -> Exit {
    let written = io::stdout().write_all(fields_help().as_bytes());
    written.map_or_else(|error| output_exit(&error), |()| Exit::Done)
}

/// What is to be shown. That it is an expression was seen when the command line was read.
fn shown(flags: &Flags) -> Option<Filter> {
    flags.shown().ok().flatten()
}

/// Lets the end of the process free a pipeline at once: freeing the state of ten thousand
/// connections piece by piece takes a twentieth of the time of decoding them.
fn leave(pipeline: Pipeline) {
    std::mem::forget(pipeline);
}

fn complain(message: &dyn std::fmt::Display) {
    // When even stderr is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "rtmpscope: {message}");
}

fn exit_of(class: ErrorClass) -> Exit {
    match class {
        ErrorClass::Usage => Exit::Usage,
        ErrorClass::Input => Exit::Input,
        ErrorClass::Device => Exit::Device,
    }
}

fn options(flags: &Flags, history_limit: Option<usize>) -> Options {
    Options {
        keep_media: false,
        forced_ports: flags.decode_as.clone(),
        history_limit,
        max_connections: Some(max_connections(flags.memory)),
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
