//! Options about packets that are written: where to, which, and how the files follow each other,
//! in the spellings of tcpdump (-C, -G, -W) and tshark (-a, -b).

use std::path::PathBuf;

use clap::Args;
use rtmpscope::base::severity::Severity;
use rtmpscope::base::time::Span;
use rtmpscope::capture::rights::Reach;
use rtmpscope::capture::write::rotation::Limits;
use rtmpscope::capture::write::rotation::Naming;
use rtmpscope::capture::write::rotation::Rotation;
use rtmpscope::report::packets::Around;
use rtmpscope::report::packets::PacketOptions;
use rtmpscope::report::scope::Scope;

/// Options about packets that are written.
#[derive(Debug, Args, Clone, Default)]
pub(crate) struct PacketFlags {
    /// Write packets to this file (pcapng), with what was found in them as comments; `-` is stdout.
    #[arg(short = 'w', long = "write", value_name = "FILE", global = true)]
    pub write: Option<PathBuf>,

    /// Write only packets of RTMP connections, from their first packet on.
    #[arg(long, global = true, requires = "write")]
    pub only_rtmp: bool,

    /// Write only packets around something odd of this severity or a worse one: info, warning,
    /// error, critical.
    #[arg(long, value_name = "SEVERITY", global = true, requires = "write", value_parser = severity)]
    pub trigger: Option<Severity>,

    /// Seconds before it.
    #[arg(
        long,
        value_name = "SECONDS",
        global = true,
        requires = "trigger",
        default_value_t = 10
    )]
    pub before: u32,

    /// Seconds behind it.
    #[arg(
        long,
        value_name = "SECONDS",
        global = true,
        requires = "trigger",
        default_value_t = 10
    )]
    pub after: u32,

    /// Begin another file before this one is larger: millions of bytes, or as 64k, 64m, 1g (powers
    /// of 1024). Files get numbers behind their names.
    #[arg(short = 'C', value_name = "SIZE", global = true, requires = "write", value_parser = file_size)]
    pub file_size: Option<u64>,

    /// Begin another file after as many seconds. The name is a pattern of strftime(3), in UTC.
    #[arg(short = 'G', value_name = "SECONDS", global = true, requires = "write", conflicts_with = "file_size", value_parser = clap::value_parser!(u32).range(1..))]
    pub file_seconds: Option<u32>,

    /// With -C, as many files, the oldest of which is overwritten; with -G, end after as many.
    #[arg(short = 'W', value_name = "COUNT", global = true, requires = "write", value_parser = clap::value_parser!(u32).range(1..))]
    pub file_count: Option<u32>,

    /// Begin another file by `filesize:KB`, `duration:SECONDS` or `packets:COUNT`; `files:COUNT`
    /// keeps as many, and deletes the oldest. May be repeated.
    #[arg(short = 'b', long = "ring-buffer", value_name = "LIMIT", global = true, requires = "write", conflicts_with_all = ["file_size", "file_seconds", "file_count"], value_parser = limit)]
    pub ring: Vec<Limit>,

    /// Stop after `duration:SECONDS`, `filesize:KB` (written) or `packets:COUNT`. May be repeated.
    #[arg(short = 'a', long = "autostop", value_name = "LIMIT", global = true, value_parser = stop)]
    pub autostop: Vec<Limit>,
}

/// A limit as tshark spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Bytes written.
    Bytes(u64),
    /// Capture time.
    Span(Span),
    /// Packets.
    Packets(u64),
    /// Files.
    Files(u32),
}

impl PacketFlags {
    /// Whether packets go to standard output.
    pub(crate) fn to_stdout(&self) -> bool {
        self.write
            .as_ref()
            .is_some_and(|path| path.as_os_str() == "-")
    }

    /// What stays to be opened of files that follow each other. A single one is open already.
    pub(crate) fn reach(&self, reach: &mut Reach) {
        let Some(path) = self.write.as_ref().filter(|_| !self.to_stdout()) else {
            return;
        };
        if self.file_seconds.is_some() {
            reach.writes_by_pattern(path);
        } else if self.file_size.is_some() || !self.ring.is_empty() {
            reach.turns(path);
        }
    }

    /// What is to be written, if anything is.
    pub(crate) fn options(&self, show_secrets: bool) -> Option<PacketOptions> {
        let path = self.write.clone()?;
        let naming = if !self.ring.is_empty() {
            Naming::Tshark
        } else if self.file_seconds.is_some() {
            Naming::TcpdumpTime
        } else {
            Naming::Tcpdump
        };
        let mut limits = Limits {
            bytes: self.file_size,
            span: self.file_seconds.map(|secs| Span::from_secs(secs.into())),
            frames: None,
            files: self.file_count,
        };
        for limit in &self.ring {
            match *limit {
                Limit::Bytes(bytes) => limits.bytes = Some(bytes),
                Limit::Span(span) => limits.span = Some(span),
                Limit::Packets(packets) => limits.frames = Some(packets),
                Limit::Files(files) => limits.files = Some(files),
            }
        }
        Some(PacketOptions {
            rotation: Rotation::new(path.clone(), naming, limits),
            path,
            only_rtmp: self.only_rtmp,
            scope: Scope::default(),
            around: self.trigger.map(|severity| Around {
                severity,
                before: Span::from_secs(self.before.into()),
                after: Span::from_secs(self.after.into()),
            }),
            show_secrets,
        })
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    match text {
        "info" => Ok(Severity::Info),
        "warn" | "warning" => Ok(Severity::Warning),
        "error" => Ok(Severity::Error),
        "critical" => Ok(Severity::Critical),
        _ => Err("expected info, warning, error or critical".to_owned()),
    }
}

/// Millions of bytes, as tcpdump counts them, or KiB, MiB, GiB with a unit.
fn file_size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (text.get(..text.len().saturating_sub(1)), 1 << 10),
        Some(b'm' | b'M') => (text.get(..text.len().saturating_sub(1)), 1 << 20),
        Some(b'g' | b'G') => (text.get(..text.len().saturating_sub(1)), 1 << 30),
        _ => (Some(text), 1_000_000_u64),
    };
    digits
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|count| count.checked_mul(unit))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "expected millions of bytes, or a size as 64k, 64m, 1g".to_owned())
}

fn limit(text: &str) -> Result<Limit, String> {
    let expected = || {
        "expected filesize:KB, duration:SECONDS, packets:COUNT or files:COUNT, with a number above 0"
            .to_owned()
    };
    let (what, number) = text.split_once(':').ok_or_else(expected)?;
    let number: u32 = number.parse().map_err(|_| expected())?;
    if number == 0 {
        return Err(expected());
    }
    match what {
        // tshark's KB are a thousand bytes.
        "filesize" => Ok(Limit::Bytes(u64::from(number).saturating_mul(1000))),
        "duration" => Ok(Limit::Span(Span::from_secs(number.into()))),
        "packets" => Ok(Limit::Packets(number.into())),
        "files" => Ok(Limit::Files(number)),
        _ => Err(expected()),
    }
}

fn stop(text: &str) -> Result<Limit, String> {
    match limit(text) {
        Ok(Limit::Files(_)) | Err(_) => Err(
            "expected duration:SECONDS, filesize:KB or packets:COUNT, with a number above 0"
                .to_owned(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_tcpdump() {
        assert_eq!(file_size("3"), Ok(3_000_000));
        assert_eq!(file_size("64k"), Ok(65_536));
        assert_eq!(file_size("1g"), Ok(1 << 30));
        assert!(file_size("0").is_err() && file_size("x").is_err());
    }

    #[test]
    fn limits_are_those_of_tshark() {
        assert_eq!(limit("filesize:10"), Ok(Limit::Bytes(10_000)));
        assert_eq!(limit("duration:60"), Ok(Limit::Span(Span::from_secs(60))));
        assert_eq!(limit("files:4"), Ok(Limit::Files(4)));
        assert!(limit("files:0").is_err() && limit("size:1").is_err());
        assert_eq!(stop("packets:9"), Ok(Limit::Packets(9)));
        assert!(stop("files:4").is_err());
    }
}
