//! `rtmpscope extract`: FLV files.

use std::io;
use std::io::Write as _;
use std::path::Path;

use rtmpscope::base::units::grouped;
use rtmpscope::filter::Filter;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::flv::FlvExtractor;
use rtmpscope::report::flv::FlvFile;

use crate::cli::Flags;
use crate::cli::Input;
use crate::run::Exit;
use crate::run::REPORT_HISTORY;
use crate::run::complain;
use crate::run::memory::let_go;
use crate::run::opening::open;
use crate::run::options;
use crate::run::output_exit;
use crate::run::progress::ProgressLine;
use crate::run::shown;

pub(super) fn extract(flags: &Flags, input: &Input, folder: &Path, force: bool) -> Exit {
    let filter = shown(flags);
    if let Some(field) = filter.as_ref().and_then(Filter::unsettled) {
        complain(&format_args!(
            "-Y asks for `{}`, which is not known when a stream begins, and then it is chosen: ask for names, addresses, ports, roles or software",
            field.info().name
        ));
        return Exit::Usage;
    }
    let opened = match open(flags, input) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    if let Err(error) = std::fs::create_dir_all(folder) {
        let hint = opened.hint(folder, &error);
        complain(&format_args!("{}: {error}{hint}", folder.display()));
        return Exit::Output;
    }
    let mut reading = match opened.confine(|reach| reach.writes_into(folder)) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    let mut pipeline = Pipeline::new(Options {
        keep_media: true,
        ..options(flags, Some(REPORT_HISTORY))
    });
    let mut extractor = FlvExtractor::new(folder, force, flags.show_secrets);
    if let Some(filter) = filter {
        extractor.set_filter(filter);
    }
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
    if let Some(let_go) = let_go(&pipeline, flags.memory) {
        complain(&let_go);
    }
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
    for file in extractor.files() {
        tell_times(file);
    }
    reading.tell_counts(pipeline.totals().frames);
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

/// Says how far the timestamps in a file are to be trusted.
fn tell_times(file: &FlvFile) {
    let doubts = [
        (
            file.relative,
            "relative: they count from where the capture joined the stream",
        ),
        (
            file.uncertain,
            "uncertain: deltas may have been lost in a hole before them",
        ),
        (
            file.untold,
            "not known, and those of the tags before: no header told the time between them",
        ),
    ];
    for (count, what) in doubts.into_iter().filter(|(count, _)| *count > 0) {
        complain(&format_args!(
            "{}: timestamps of {} of {} tags are {what}",
            file.path.display(),
            grouped(count),
            grouped(file.tags)
        ));
    }
}
