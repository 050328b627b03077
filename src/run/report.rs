//! `rtmpscope report`: the report, with what was read before and behind it.

use std::io;

use rtmpscope::base::text::printable;
use rtmpscope::base::time::Precision;
use rtmpscope::base::units::bytes;
use rtmpscope::base::units::counted;
use rtmpscope::base::units::grouped;
use rtmpscope::base::units::span_with_hours;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::document::Format;
use rtmpscope::report::document::Report;
use rtmpscope::report::parts_of_aggregates;

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
use crate::run::progress::ProgressLine;
use crate::run::reading::Reading;
use crate::run::shown;
use crate::run::signals::Output;

pub(super) fn report(flags: &Flags, input: &Input, format: Format) -> Exit {
    let mut reading = match open_confined(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    let out = io::BufWriter::new(Output::new(&reading.calls));
    let mut report = Report::new(out, format, flags.show_secrets);
    if let Some(filter) = shown(flags) {
        report.set_filter(filter);
    }
    let mut progress = ProgressLine::new(flags.quiet);
    reading.drive(
        &mut pipeline,
        &mut report,
        |report, _, _, source| {
            progress.show(source);
            !report.has_failed()
        },
        |error| complain(error),
    );
    progress.clear();
    if reading.is_in_vain() {
        return reading.exit();
    }
    let head = head(&mut reading, &pipeline);
    let foot = foot(&pipeline, flags.memory);
    reading.tell_counts(pipeline.totals().frames);
    leave(pipeline);
    match report.finish(&head, &foot) {
        Ok(()) => reading.exit(),
        Err(error) => output_exit(&error),
    }
}

/// What was read: names, formats, counts, time.
pub(super) fn head(reading: &mut Reading, pipeline: &Pipeline) -> String {
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
            span_with_hours(last.since(first)),
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
        "{}{others}, {}{}",
        counted(totals.rtmp_connections, "RTMP connection"),
        counted(totals.messages, "message"),
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

/// What of the capture was not TCP, was cut, or had no room in as much memory.
pub(super) fn foot(pipeline: &Pipeline, memory: usize) -> String {
    let foot = not_ours(pipeline);
    match let_go(pipeline, memory) {
        Some(let_go) => format!("{foot}\n{let_go}\n"),
        None => foot,
    }
}

fn not_ours(pipeline: &Pipeline) -> String {
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
    if totals.refused_segments > 0 {
        parts.push(format!(
            "{} segments of connections that there was no room for",
            grouped(totals.refused_segments)
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
