//! `-w -`: packets to stdout, and nothing else.

use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Pipeline;

use crate::cli::Flags;
use crate::cli::Input;
use crate::run::Exit;
use crate::run::REPORT_HISTORY;
use crate::run::complain;
use crate::run::leave;
use crate::run::opening::open_confined;
use crate::run::options;
use crate::run::signals::is_reader_gone;

/// Nobody looks at what is decoded: it only decides what is written.
struct Nobody;

impl Observer for Nobody {}

pub(super) fn packets(flags: &Flags, input: &Input) -> Exit {
    let mut reading = match open_confined(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    reading.drive(
        &mut pipeline,
        &mut Nobody,
        |_, _, _, _| !is_reader_gone(),
        |error| complain(error),
    );
    reading.tell_counts(pipeline.totals().frames);
    leave(pipeline);
    reading.exit()
}
