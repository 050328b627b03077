//! `rtmpscope json`: one record per line, and the record that closes a run.

use std::io;
use std::io::IsTerminal as _;

use rtmpscope::base::text::printable;
use rtmpscope::base::time::Span;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::json::EVENT_TYPES;
use rtmpscope::report::json::JsonOptions;
use rtmpscope::report::json::JsonReport;

use crate::cli::Flags;
use crate::cli::Input;
use crate::run::Exit;
use crate::run::REPORT_HISTORY;
use crate::run::complain;
use crate::run::leave;
use crate::run::memory::let_go;
use crate::run::opening::open_confined;
use crate::run::options;
use crate::run::output_exit;
use crate::run::reading::Reading;
use crate::run::shown;
use crate::run::signals::Output;

pub(super) fn json(flags: &Flags, input: &Input, events: &[String], interval: u32) -> Exit {
    if !are_event_types(events) {
        return Exit::Usage;
    }
    let mut reading = match open_confined(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    let mut report = JsonReport::new(
        Output::new(&reading.calls),
        JsonOptions {
            events: events.to_vec(),
            interval: Span::from_secs(i64::from(interval)),
            show_secrets: flags.show_secrets,
            unbuffered: reading.is_live || io::stdout().is_terminal(),
        },
    );
    if let Some(filter) = shown(flags) {
        report.set_filter(filter);
    }
    let is_live = reading.is_live;
    reading.drive(
        &mut pipeline,
        &mut report,
        |report, pipeline, moment, source| {
            report.set_precision(source.precision());
            report.tick(moment.now, pipeline);
            // Nothing is held back live, but this finds out whether anybody reads.
            if moment.is_idle || is_live {
                report.flush();
            }
            !report.has_failed()
        },
        |error| complain(error),
    );
    report.set_precision(reading.source.precision());
    if !reading.is_in_vain() {
        capture_record(&mut report, &mut reading, &pipeline);
    }
    report.flush();
    if let Some(let_go) = let_go(&pipeline, flags.memory) {
        complain(&let_go);
    }
    reading.tell_counts(pipeline.totals().frames);
    leave(pipeline);
    match report.take_failure() {
        None => reading.exit(),
        Some(error) => output_exit(&error),
    }
}

/// Whether there are such types of records; says which there are when not.
pub(super) fn are_event_types(events: &[String]) -> bool {
    let mut events = events.iter();
    let unknown = events.find(|event| !EVENT_TYPES.contains(&event.as_str()));
    if let Some(unknown) = unknown {
        complain(&format_args!(
            "unknown record type `{}`; there are {}",
            printable(unknown),
            EVENT_TYPES.join(", ")
        ));
    }
    unknown.is_none()
}

/// The record that closes a run: what was read, and what was not ours.
pub(super) fn capture_record<W: io::Write>(
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
        if totals.refused_segments > 0 {
            w.count("refused_segments", totals.refused_segments);
        }
        let let_go = pipeline.flow_counters().evicted;
        if let_go > 0 {
            w.count("connections_let_go", let_go);
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
        if let Some(waits) = drops.queue_waits {
            w.count("queue_waits", waits);
        }
    });
}
