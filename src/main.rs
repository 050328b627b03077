//! The `rtmpscope` command.

mod cli;
mod run;

use std::alloc::System;
use std::process::ExitCode;

use cap::Cap;
use clap::Parser as _;

/// Counts the bytes in use, so that `--memory` limits what there really is and not an estimate.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

fn main() -> ExitCode {
    run::run(cli::Cli::parse())
}
