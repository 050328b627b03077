//! `rtmpscope sensor`: watches interfaces without a terminal, for weeks. Records go to a file that
//! turns, metrics to whoever asks.

mod endpoint;
mod log;
mod usage;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::time::Instant;

use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Source;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;
use rtmpscope::report::metrics::Metrics;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::SensorFlags;
use crate::run::Exit;
use crate::run::REPORT_HISTORY;
use crate::run::complain;
use crate::run::json::are_event_types;
use crate::run::json::capture_record;
use crate::run::leave;
use crate::run::memory::let_go;
use crate::run::opening::open;
use crate::run::options;
use crate::run::output_exit;
use crate::run::reading::Moment;
use crate::run::sensor::endpoint::Endpoint;
use crate::run::sensor::log::Destination;
use crate::run::sensor::log::Log;
use crate::run::sensor::usage::Usage;
use crate::run::sensor::usage::started;
use crate::run::shown;

pub(super) fn sensor(flags: &Flags, input: &Input, options_: &SensorFlags) -> Exit {
    if !are_event_types(&options_.events) {
        return Exit::Usage;
    }
    let mut metrics = Metrics::new(started());
    // Before the capture: who cannot be asked should not begin.
    let endpoint = options_.metrics.map(|address| {
        Endpoint::bind(address, metrics.exposition()).map_err(|error| (address, error))
    });
    let endpoint = match endpoint.transpose() {
        Ok(endpoint) => endpoint,
        Err((address, error)) => {
            complain(&format_args!(
                "{address}: metrics cannot be served: {error}"
            ));
            return Exit::Usage;
        }
    };
    let usage = Usage::open();
    let opened = match open(flags, input) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let reopen = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&reopen));
    let log = match Destination::open(options_, reopen) {
        Ok(log) => log,
        Err((path, error)) => {
            let hint = opened.hint(&path, &error);
            complain(&format_args!("{}: {error}{hint}", path.display()));
            return Exit::Output;
        }
    };
    let mut reading = match opened.confine(|reach| log.reach(reach)) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    let log = log.begin(&reading.calls);
    // Requests come from others as well.
    if let Some(endpoint) = endpoint {
        endpoint.serve();
    }
    let lost = log.lost();
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    let mut report = JsonReport::new(
        log,
        JsonOptions {
            events: options_.events.clone(),
            interval: Span::ZERO,
            show_secrets: flags.show_secrets,
            unbuffered: false,
        },
    );
    if let Some(filter) = shown(flags) {
        report.set_filter(filter);
    }
    let mut sampler = Sampler {
        interval: Span::from_secs(i64::from(options_.interval)),
        sampled: None,
        refreshed: None,
        usage,
    };
    reading.drive(
        &mut pipeline,
        &mut (&mut report, &mut metrics),
        |told, pipeline, moment, source| {
            sampler.look(told, moment, pipeline, source);
            told.1.lost_events(lost.get());
            !told.0.has_failed()
        },
        |error| complain(error),
    );
    let frames = pipeline.totals().frames;
    metrics.captured(frames, &reading.source.drops());
    capture_record(&mut report, &mut reading, &pipeline);
    report.flush();
    if let Some(let_go) = let_go(&pipeline, flags.memory) {
        complain(&let_go);
    }
    reading.tell_counts(frames);
    leave(pipeline);
    match report.take_failure() {
        None => reading.exit(),
        Some(error) => output_exit(&error),
    }
}

/// How long records are held back so that a busy host writes many at once, and how old the metrics
/// of capture and process may be.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// When the connections are sampled, and what is held back is written.
struct Sampler {
    interval: Span,
    sampled: Option<Timestamp>,
    refreshed: Option<Instant>,
    usage: Usage,
}

impl Sampler {
    fn look(
        &mut self,
        (report, metrics): &mut (&mut JsonReport<Log>, &mut Metrics),
        moment: Moment,
        pipeline: &mut Pipeline,
        source: &mut dyn Source,
    ) {
        report.set_precision(source.precision());
        let sampled = *self.sampled.get_or_insert(moment.now);
        let passed = moment.now.since(sampled);
        // A clock that was set back must not end the samples.
        if passed.nanos().saturating_abs() >= self.interval.nanos() {
            self.sampled = Some(moment.now);
            metrics.begin_sample();
            for (connection, _) in pipeline.connections() {
                let stats = connection.session.stats_snapshot(moment.now);
                metrics.sample(connection, &stats);
                report.stats(connection, &stats);
            }
            metrics.end_sample();
        }
        let refreshed = self.refreshed;
        let is_due = refreshed.is_none_or(|then| then.elapsed() >= REFRESH_EVERY);
        if is_due {
            // Not at every look: on a busy host those are hundreds per second.
            self.refreshed = Some(Instant::now());
            metrics.captured(pipeline.totals().frames, &source.drops());
            metrics.uses(&self.usage.now());
        }
        if moment.is_idle || is_due {
            report.flush();
        }
    }
}
