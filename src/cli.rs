//! The command line: what the user typed ([`Cli`]) and what the program needs ([`Input`]). The
//! spellings are those of tcpdump and tshark.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use rtmpscope::filter::Filter;
use rtmpscope::tui;
use rtmpscope::tui::model::Speed;

mod diff;
mod generate;
mod look;
mod packets;
mod report;
mod rights;
mod sensor;

pub(crate) use self::diff::DiffFlags;
pub(crate) use self::diff::DiffFormat;
pub(crate) use self::diff::Sought;
pub(crate) use self::generate::GenerateFlags;
pub(crate) use self::look::LookFlags;
pub(crate) use self::packets::Limit;
pub(crate) use self::packets::PacketFlags;
pub(crate) use self::report::ReportFormat;
pub(crate) use self::rights::RightsFlags;
pub(crate) use self::sensor::SensorFlags;

/// See every connection, chunk stream, call and media clock of an RTMP capture.
#[derive(Debug, Parser)]
#[command(
    name = "rtmpscope",
    version,
    disable_version_flag = true,
    after_help = EXIT_CODES,
    after_long_help = EXAMPLES
)]
pub(crate) struct Cli {
    /// What to do; without a command the dashboard opens, with an input to choose where none is
    /// named, or the report where stdout is no terminal.
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub flags: Flags,

    #[command(flatten)]
    pub inputs: Inputs,

    #[command(flatten)]
    pub generate: GenerateFlags,

    /// Print the version.
    #[arg(short = 'V', long = "version", action = clap::ArgAction::Version)]
    version: Option<bool>,
}

/// Codes with which the program ends, and what they mean.
pub(crate) const EXIT_STATUS: &[(u8, &str)] = &[
    (0, "done"),
    (2, "usage"),
    (
        3,
        "input unreadable or cut short (what could be read is shown)",
    ),
    (4, "device or permission"),
    (5, "output could not be written"),
];

const EXIT_CODES: &str = "\
Exit codes: 0 done · 2 usage · 3 input unreadable or cut short (what could be read is shown) · \
4 device or permission · 5 output could not be written";

pub(crate) const EXAMPLES: &str = "\
Examples:
  rtmpscope                                     choose an interface or a capture
  rtmpscope demo                                the dashboard on a capture within the program
  rtmpscope capture.pcapng                      open the dashboard
  rtmpscope report capture.pcap.zst             text report, good to paste in an issue
  rtmpscope report -T html capture.pcap         one page with ladders to scale
  rtmpscope json capture.pcap | jq 'select(.event_type==\"call\")'
  ssh host tcpdump -w - port 1935 | rtmpscope -
  rtmpscope -i eth0 tcp port 1935               watch an interface
  rtmpscope report a.pcap b.pcap host 192.0.2.7 BPF works on files, too
  rtmpscope extract capture.pcap -o flv/        one playable FLV per stream
  rtmpscope diff good.pcap bad.pcap#2           what one connection does otherwise

Exit codes: 0 done, 2 usage, 3 input unreadable or cut short (what could be read is shown),
4 device or permission, 5 output could not be written.";

/// What to do with the input.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open the dashboard.
    Tui {
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Print a summary of every connection.
    Report {
        /// What it is written in: text, md (to paste into an issue), html (one page by itself, with a
        /// ladder to scale), mermaid (a sequence diagram).
        #[arg(
            short = 'T',
            long,
            value_enum,
            value_name = "FORMAT",
            default_value = "text"
        )]
        format: ReportFormat,
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Print one JSON object per line.
    Json {
        /// Record types to print, with commas between; all when left out.
        #[arg(long, value_name = "TYPES", value_delimiter = ',')]
        events: Vec<String>,
        /// Seconds of capture time between two `stats` records of a connection.
        #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
        interval: u32,
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Write one FLV file per published or played stream.
    Extract {
        /// Folder for the files; made when it is not there.
        #[arg(short = 'o', long = "output", value_name = "DIR")]
        output: PathBuf,
        /// Replace files that are there already.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Hold two connections against each other, of one capture or of two: what differs first.
    Diff(DiffFlags),
    /// Watch interfaces without a terminal, for weeks: records to a file, metrics for Prometheus.
    Sensor {
        #[command(flatten)]
        sensor: SensorFlags,
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Open a capture that is part of the program: a player that stalls.
    Demo,
    /// List the interfaces that can be captured from.
    Interfaces,
    /// Say what can and cannot be done here, and what would mend it.
    Doctor,
}

/// Files and filter expression behind the options.
#[derive(Debug, Args, Clone, Default)]
pub(crate) struct Inputs {
    /// Capture files (`-` reads stdin), then an optional BPF expression. With -r or -i all words
    /// are the BPF expression.
    #[arg(value_name = "FILE | BPF")]
    pub words: Vec<String>,
}

/// Options that every command takes.
#[derive(Debug, Args, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Flags {
    /// Read this capture file (pcap, pcapng; gzip, zstd, lz4); `-` is stdin. May be repeated.
    #[arg(short = 'r', long = "read", value_name = "FILE", global = true)]
    pub read: Vec<PathBuf>,

    /// Capture from this interface (`any` for all). May be repeated.
    #[arg(
        short = 'i',
        long = "interface",
        value_name = "IFACE",
        global = true,
        conflicts_with = "read"
    )]
    pub interface: Vec<String>,

    /// Capture filter, as the words behind the files.
    #[arg(short = 'f', value_name = "BPF", global = true)]
    pub filter: Option<String>,

    /// Stop after this many packets.
    #[arg(short = 'c', value_name = "COUNT", global = true)]
    pub count: Option<u64>,

    /// Bytes kept of each packet of an interface; 0 is the largest, 262144. Files are read whole,
    /// as tcpdump does.
    #[arg(
        short = 's',
        long = "snapshot-length",
        value_name = "BYTES",
        global = true
    )]
    pub snaplen: Option<u32>,

    /// Kernel buffer of a live capture, as 64M or 512K; a bare number means MiB. Without effect
    /// on files.
    #[arg(
        short = 'B',
        long = "buffer-size",
        value_name = "SIZE",
        global = true,
        value_parser = buffer_size
    )]
    pub buffer: Option<u64>,

    /// Memory that may be used, as 256M or 4G; a bare number means MiB, 64M is the least. When it is
    /// short, the connections of least use are let go, and counted.
    #[arg(
        long,
        value_name = "SIZE",
        global = true,
        default_value = "1G",
        value_parser = memory_size
    )]
    pub memory: usize,

    /// Do not put the interface in promiscuous mode. Without effect on files.
    #[arg(short = 'p', long = "no-promiscuous-mode", global = true)]
    pub no_promiscuous: bool,

    /// Treat a port as RTMP whatever its bytes look like: `tcp.port==19350,rtmp`. May be repeated.
    #[arg(
        short = 'd',
        value_name = "RULE",
        global = true,
        value_parser = decode_as
    )]
    pub decode_as: Vec<u16>,

    /// Show stream keys and tokens instead of their masks.
    #[arg(long, global = true)]
    pub show_secrets: bool,

    /// List interfaces and exit.
    #[arg(short = 'D', long = "list-interfaces", global = true)]
    pub list_interfaces: bool,

    /// Never look names up. Accepted for tcpdump's sake: names are never looked up.
    #[arg(short = 'n', global = true, action = clap::ArgAction::Count)]
    pub numeric: u8,

    /// Print neither progress nor counts to stderr.
    #[arg(short = 'q', long, global = true)]
    pub quiet: bool,

    /// Neither remember which captures the dashboard opens nor list them. The environment variable
    /// `RTMPSCOPE_NO_RECENT` does the same.
    #[arg(long, global = true)]
    pub no_recent: bool,

    /// Flush every line. Accepted for tcpdump's sake: records are written as they come.
    #[arg(short = 'l', global = true, hide = true)]
    pub line_buffered: bool,

    /// Folder for files that are saved from the dashboard, made when it is not there; the current one
    /// when left out.
    #[arg(long, value_name = "DIR", global = true)]
    pub save_dir: Option<PathBuf>,

    #[command(flatten)]
    pub packets: PacketFlags,

    #[command(flatten)]
    pub rights: RightsFlags,

    /// Show a capture file in the dashboard as fast as it was captured, or so many times as fast:
    /// 0.25 to 1024.
    #[arg(
        long,
        value_name = "SPEED",
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        value_parser = replay_speed
    )]
    pub replay: Option<Speed>,

    /// Show only connections and messages of which this expression is true, as
    /// `role:pub health<ok`; `-Y help` lists what it may ask for.
    ///
    /// `:NAME` is the expression that has this name in the configuration.
    #[arg(short = 'Y', long, value_name = "EXPR", global = true)]
    pub display_filter: Option<String>,

    #[command(flatten)]
    pub look: LookFlags,

    /// How the screens look and answer, settled from the flags, the configuration and the
    /// environment.
    #[arg(skip)]
    pub screens: tui::Options,
}

/// Where the packets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Capture files in order; `-` is stdin.
    Files(Vec<PathBuf>),
    /// Interfaces.
    Interfaces(Vec<String>),
    /// The capture within the program.
    Demo,
}

/// What the program reads, settled from flags and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where packets come from.
    pub origin: Origin,
    /// BPF expression.
    pub bpf: Option<String>,
    /// Whether each file is a capture by itself, that has no connection in common with another.
    pub is_apart: bool,
}

/// Endings by which a word is taken for a capture file even when there is no such file, so that a
/// misspelled name is reported as what it is.
const CAPTURE_ENDINGS: &[&str] = &[".pcap", ".pcapng", ".cap", ".gz", ".zst", ".lz4", ".dmp"];

impl Flags {
    /// Whether nothing is named to be read.
    pub(crate) fn names_nothing(&self, inputs: &Inputs) -> bool {
        self.interface.is_empty() && self.read.is_empty() && inputs.words.is_empty()
    }

    /// Settles the rest for an origin that no word names.
    ///
    /// # Errors
    ///
    /// A sentence for the user when flags contradict each other.
    pub(crate) fn input_of(&self, origin: Origin) -> Result<Input, String> {
        if !self.interface.is_empty() || !self.read.is_empty() {
            return Err("the demo is a capture by itself: leave -r and -i out".to_owned());
        }
        let named = Inputs {
            words: vec!["-".to_owned()],
        };
        let input = self.input(&named)?;
        Ok(Input { origin, ..input })
    }

    /// Settles what to read.
    ///
    /// # Errors
    ///
    /// A sentence for the user when flags and words contradict each other or name nothing to read.
    pub(crate) fn input(&self, inputs: &Inputs) -> Result<Input, String> {
        self.shown()?;
        if self.display_filter.is_some() && self.packets.write.is_some() {
            return Err("-Y chooses what is shown, and -w what is written: packets are chosen by a BPF expression, --only-rtmp or --trigger".to_owned());
        }
        let by_bytes = |limit: &Limit| matches!(limit, Limit::Bytes(_));
        if self.packets.write.is_none() && self.packets.autostop.iter().any(by_bytes) {
            return Err("-a filesize: counts bytes that are written, and needs -w FILE".to_owned());
        }
        let (origin, rest) = if !self.interface.is_empty() {
            (
                Origin::Interfaces(self.interface.clone()),
                inputs.words.as_slice(),
            )
        } else if !self.read.is_empty() {
            (Origin::Files(self.read.clone()), inputs.words.as_slice())
        } else {
            let count = leading_files(&inputs.words);
            let (files, rest) = inputs.words.split_at(count);
            if files.is_empty() {
                return Err(NOTHING_TO_READ.to_owned());
            }
            (
                Origin::Files(files.iter().map(PathBuf::from).collect()),
                rest,
            )
        };
        let words = rest.join(" ");
        let bpf = match (&self.filter, words.is_empty()) {
            (Some(_), false) => {
                return Err(format!(
                    "two capture filters: -f and the words `{words}`; give one"
                ));
            }
            (Some(filter), true) => Some(filter.clone()),
            (None, false) => Some(words),
            (None, true) => None,
        };
        Ok(Input {
            origin,
            bpf,
            is_apart: false,
        })
    }
}

/// What stands for an expression to have the fields listed.
const FILTER_HELP: &str = "help";

impl Flags {
    /// Whether the fields of display filters are to be listed.
    pub(crate) fn asks_for_fields(&self) -> bool {
        self.display_filter.as_deref() == Some(FILTER_HELP)
    }

    /// What is to be shown; `None` when everything is.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression, with the place marked.
    pub(crate) fn shown(&self) -> Result<Option<Filter>, String> {
        let text = self.display_filter.as_deref();
        let parse = |text| {
            Filter::parse(text).map_err(|error| {
                format!(
                    "-Y: {}\n-Y help lists what can be asked for",
                    error.with_place(text)
                )
            })
        };
        text.map(parse).transpose()
    }
}

const NOTHING_TO_READ: &str =
    "nothing to read: give a capture file, `-` for stdin, or an interface with -i
  rtmpscope capture.pcap        a file
  rtmpscope -i eth0             an interface (rtmpscope -D lists them)
  rtmpscope demo                a capture within the program
  rtmpscope --help              everything else";

/// How many words at the front name files. The first word always does; a later one does when it
/// exists, is `-`, or looks like a capture's name, and no earlier word began the expression.
fn leading_files(words: &[String]) -> usize {
    words
        .iter()
        .enumerate()
        .take_while(|(i, word)| *i == 0 || names_a_file(word))
        .count()
}

fn names_a_file(word: &str) -> bool {
    word == "-" || CAPTURE_ENDINGS.iter().any(|e| word.ends_with(e)) || Path::new(word).is_file()
}

/// Least memory that can be asked for: read buffers, the bytes that wait behind holes (16 MiB), a
/// datagram's fragments and the largest message in progress fit beside some connections.
const LEAST_MEMORY: u64 = 64 << 20;

/// How many times as fast, to the nearest power of two.
fn replay_speed(text: &str) -> Result<Speed, String> {
    let factor = text.trim_start_matches(['x', '×']).parse().ok();
    factor
        .and_then(Speed::nearest)
        .ok_or_else(|| "expected how many times as fast, as 1, 4 or 0.5".to_owned())
}

/// `64M`, `512K`, `1G`, or a bare number of MiB; at most 2 GiB - 1, libpcap's own limit.
fn buffer_size(text: &str) -> Result<u64, String> {
    size(text)
        .filter(|bytes| (1..1 << 31).contains(bytes))
        .ok_or_else(|| "expected a size as 64M, 512K or 1G, below 2G".to_owned())
}

/// Like [`buffer_size`], from what the program needs to read any capture at all.
fn memory_size(text: &str) -> Result<usize, String> {
    size(text)
        .filter(|bytes| *bytes >= LEAST_MEMORY)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "expected a size as 256M or 4G, at least 64M".to_owned())
}

/// Bytes of a size with its unit; a bare number means MiB.
fn size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.trim_end_matches(['B', 'b', 'i']) {
        t if t.ends_with(['K', 'k']) => (t.get(..t.len().saturating_sub(1)), 1 << 10),
        t if t.ends_with(['M', 'm']) => (t.get(..t.len().saturating_sub(1)), 1 << 20),
        t if t.ends_with(['G', 'g']) => (t.get(..t.len().saturating_sub(1)), 1 << 30),
        t => (Some(t), 1_u64 << 20),
    };
    digits
        .and_then(|d| d.parse::<u64>().ok())
        .and_then(|n| n.checked_mul(unit))
}

/// The port of `tcp.port==N,rtmp`.
fn decode_as(text: &str) -> Result<u16, String> {
    let rule: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    rule.strip_prefix("tcp.port==")
        .and_then(|rest| {
            rest.strip_suffix(",rtmp")
                .or_else(|| rest.strip_suffix(",rtmpt"))
        })
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| "expected tcp.port==N,rtmp".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Cli {
        Cli::try_parse_from(line.split_whitespace()).expect("a valid line")
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn words_behind_a_file_are_the_expression() {
        let cli = parse("rtmpscope a.pcap b.pcap tcp port 1935");
        let input = cli.flags.input(&cli.inputs).unwrap();
        assert_eq!(
            input.origin,
            Origin::Files(vec!["a.pcap".into(), "b.pcap".into()])
        );
        assert_eq!(input.bpf.as_deref(), Some("tcp port 1935"));
    }

    #[test]
    fn with_r_all_words_are_the_expression() {
        let cli = parse("rtmpscope -r a.pcap tcp port 1935");
        let input = cli.flags.input(&cli.inputs).unwrap();
        assert_eq!(input.origin, Origin::Files(vec!["a.pcap".into()]));
        assert_eq!(input.bpf.as_deref(), Some("tcp port 1935"));
    }

    #[test]
    fn flags_stand_before_or_behind_the_command() {
        for line in [
            "rtmpscope -r a.pcap json --events call",
            "rtmpscope json -r a.pcap --events call",
        ] {
            let cli = parse(line);
            assert_eq!(cli.flags.read, vec![PathBuf::from("a.pcap")], "{line}");
            assert!(matches!(cli.command, Some(Command::Json { .. })), "{line}");
        }
    }

    #[test]
    fn the_dash_is_stdin() {
        let cli = parse("rtmpscope report -");
        let Some(Command::Report { inputs, .. }) = &cli.command else {
            panic!("a report");
        };
        let input = cli.flags.input(inputs).unwrap();
        assert_eq!(input.origin, Origin::Files(vec!["-".into()]));
    }

    #[test]
    fn a_display_filter_is_an_expression_and_chooses_no_packets() {
        let input = |line: &str| {
            let cli = parse(line);
            cli.flags.input(&cli.inputs)
        };
        assert!(input("rtmpscope -r a.pcap -Y role:pub").is_ok());
        assert!(
            input("rtmpscope -r a.pcap -Y rol:pub")
                .unwrap_err()
                .contains("`role`")
        );
        assert!(
            input("rtmpscope -r a.pcap -Y odd -w b.pcapng")
                .unwrap_err()
                .contains("-w")
        );
    }

    #[test]
    fn bytes_end_a_capture_only_where_some_are_written() {
        let cli = parse("rtmpscope -i lo -a filesize:10");
        assert!(cli.flags.input(&cli.inputs).unwrap_err().contains("-w"));
        let cli = parse("rtmpscope -i lo -a filesize:10 -w a.pcapng");
        assert!(cli.flags.input(&cli.inputs).is_ok());
    }

    #[test]
    fn nothing_to_read_says_what_to_do() {
        let cli = parse("rtmpscope");
        assert!(cli.flags.input(&cli.inputs).unwrap_err().contains("-i"));
    }

    #[test]
    fn the_demo_takes_a_filter_and_no_other_input() {
        let cli = parse("rtmpscope demo -f tcp");
        assert!(cli.flags.names_nothing(&cli.inputs));
        let input = cli.flags.input_of(Origin::Demo).unwrap();
        assert_eq!(input.origin, Origin::Demo);
        assert_eq!(input.bpf.as_deref(), Some("tcp"));
        let cli = parse("rtmpscope demo -r a.pcap");
        assert!(!cli.flags.names_nothing(&cli.inputs));
        assert!(cli.flags.input_of(Origin::Demo).unwrap_err().contains("-r"));
    }

    #[test]
    fn sizes_take_units() {
        assert_eq!(buffer_size("16M"), Ok(16 << 20));
        assert_eq!(buffer_size("16"), Ok(16 << 20));
        assert_eq!(buffer_size("512K"), Ok(512 << 10));
        assert_eq!(buffer_size("1GiB"), Ok(1 << 30));
        assert!(buffer_size("4G").is_err());
        assert!(buffer_size("x").is_err());
        assert_eq!(memory_size("256M"), Ok(256 << 20));
        assert_eq!(memory_size("4G"), Ok(4 << 30));
        assert!(memory_size("63M").is_err());
    }

    #[test]
    fn decode_as_has_wiresharks_form() {
        assert_eq!(decode_as("tcp.port==19350,rtmp"), Ok(19350));
        assert_eq!(decode_as("tcp.port == 19350, rtmp"), Ok(19350));
        assert!(decode_as("udp.port==1,rtmp").is_err());
    }
}
