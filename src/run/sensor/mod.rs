//! `rtmpscope sensor`: watches interfaces without a terminal, for weeks. Records go to a file that
//! turns, metrics to whoever asks.

mod endpoint;
mod log;
mod usage;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rtmpscope::base::side::Side;
use rtmpscope::base::text::printable;
use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Source;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Gap;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::json::EVENT_TYPES;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;
use rtmpscope::report::metrics::Metrics;
use rtmpscope::rtmp::anomaly::Anomaly;
use rtmpscope::rtmp::event::Lock;
use rtmpscope::session::fact::Fact;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::SensorFlags;
use crate::run::Exit;
use crate::run::REPORT_HISTORY;
use crate::run::complain;
use crate::run::json::capture_record;
use crate::run::leave;
use crate::run::memory::let_go;
use crate::run::options;
use crate::run::output_exit;
use crate::run::reading::Moment;
use crate::run::reading::open;
use crate::run::sensor::endpoint::Endpoint;
use crate::run::sensor::log::Log;
use crate::run::sensor::usage::process_use;
use crate::run::sensor::usage::started;
use crate::run::signals;

pub(super) fn sensor(flags: &Flags, input: &Input, options_: &SensorFlags) -> Exit {
    if let Some(unknown) = options_
        .events
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
    let metrics = Metrics::new(started());
    // Before the capture: who cannot be asked should not begin.
    if let Some(address) = options_.metrics {
        match Endpoint::bind(address, metrics.exposition()) {
            Ok(endpoint) => endpoint.serve(),
            Err(error) => {
                complain(&format_args!(
                    "{address}: metrics cannot be served: {error}"
                ));
                return Exit::Usage;
            }
        }
    }
    let reopen = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&reopen));
    let log = match Log::open(options_, reopen) {
        Ok(log) => log,
        Err((path, error)) => {
            complain(&format_args!("{}: {error}", path.display()));
            return Exit::Output;
        }
    };
    let mut reading = match open(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    signals::catch(&reading.stop);
    let lost = log.lost();
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    let mut sensor = Sensor {
        report: JsonReport::new(
            log,
            JsonOptions {
                events: options_.events.clone(),
                interval: Span::ZERO,
                show_secrets: flags.show_secrets,
                unbuffered: false,
            },
        ),
        metrics,
        interval: Span::from_secs(i64::from(options_.interval)),
        sampled: None,
        flushed: Instant::now(),
    };
    reading.drive(
        &mut pipeline,
        &mut sensor,
        |sensor, pipeline, moment, source| {
            sensor.look(moment, pipeline, source);
            sensor.metrics.lost_events(lost.get());
            !sensor.report.has_failed()
        },
        |error| complain(error),
    );
    let frames = pipeline.totals().frames;
    sensor.metrics.captured(frames, &reading.source.drops());
    capture_record(&mut sensor.report, &mut reading, &pipeline);
    sensor.report.flush();
    if let Some(let_go) = let_go(&pipeline, flags.memory) {
        complain(&let_go);
    }
    reading.tell_counts(frames);
    leave(pipeline);
    match sensor.report.take_failure() {
        None => reading.exit(),
        Some(error) => output_exit(&error),
    }
}

/// How long records are held back so that a busy host writes many at once.
const FLUSH_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Writes records and counts.
struct Sensor {
    report: JsonReport<Log>,
    metrics: Metrics,
    interval: Span,
    sampled: Option<Timestamp>,
    flushed: Instant,
}

impl Sensor {
    fn look(&mut self, moment: Moment, pipeline: &mut Pipeline, source: &mut dyn Source) {
        let sampled = *self.sampled.get_or_insert(moment.now);
        let passed = moment.now.since(sampled);
        // A clock that was set back must not end the samples.
        if passed.nanos().saturating_abs() >= self.interval.nanos() {
            self.sampled = Some(moment.now);
            self.sample(moment.now, pipeline);
        }
        let drops = source.drops();
        self.metrics.captured(pipeline.totals().frames, &drops);
        self.metrics.uses(&process_use());
        self.report.set_precision(source.precision());
        if moment.is_idle || self.flushed.elapsed() >= FLUSH_EVERY {
            self.flushed = Instant::now();
            self.report.flush();
        }
    }

    fn sample(&mut self, now: Timestamp, pipeline: &mut Pipeline) {
        self.metrics.begin_sample();
        for (connection, _) in pipeline.connections() {
            let stats = connection.session.stats_snapshot(now);
            self.metrics.sample(connection, &stats);
            self.report.stats(connection, &stats);
        }
        self.metrics.end_sample();
    }
}

impl Observer for Sensor {
    fn clock(&mut self, now: Timestamp) {
        self.report.clock(now);
    }

    fn opened(&mut self, connection: &Connection) {
        self.report.opened(connection);
        self.metrics.opened(connection);
    }

    fn message(&mut self, connection: &Connection, message: &Heard<'_>) {
        self.report.message(connection, message);
        self.metrics.message(connection, message);
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        self.report.fact(connection, fact);
        self.metrics.fact(connection, fact);
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        self.report.anomaly(connection, side, anomaly);
        self.metrics.anomaly(connection, side, anomaly);
    }

    fn locked(&mut self, connection: &Connection, side: Side, lock: &Lock) {
        self.report.locked(connection, side, lock);
    }

    fn gap(&mut self, connection: &Connection, gap: &Gap) {
        self.report.gap(connection, gap);
        self.metrics.gap(connection, gap);
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        self.report.ended(connection, tcp);
        self.metrics.ended(connection, tcp);
    }
}
