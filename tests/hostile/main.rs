//! Captures made to break the program: they end with the exit code of what they are, in bounded
//! memory, and what was let go is said.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run the program fails with the cause"
)]

#[path = "../common/mod.rs"]
mod common;
mod markup;
mod wire;

use std::fs;
use std::io;
use std::io::BufWriter;
use std::io::Read as _;
use std::io::Write as _;
use std::process::ChildStdin;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use wire::ACK;
use wire::Capture;
use wire::Client;
use wire::SYN;
use wire::chunk;
use wire::command;
use wire::number;
use wire::set_chunk_size;
use wire::string;

/// The least limit that the command line takes.
const LIMIT: &str = "64M";
const LIMIT_KB: u64 = 64 << 10;

/// What a run of the program came to.
struct Outcome {
    code: i32,
    out: String,
    err: String,
    /// Peak of its resident memory in KiB; none where the system does not tell.
    peak_kb: Option<u64>,
}

type Pipe = BufWriter<ChildStdin>;

/// Runs the program on a capture that is written into its standard input.
fn run(args: &[&str], write: impl FnOnce(ChildStdin) -> io::Result<()> + Send) -> Outcome {
    let mut child = common::rtmpscope()
        .args(args)
        .args(["-q", "--memory", LIMIT, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let stdin = child.stdin.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut stderr = child.stderr.take().expect("a pipe");
    let status = format!("/proc/{}/status", child.id());
    // It waits for its input: of one that ends at once this may be the only look there is.
    let first = peak_of(&status);
    thread::scope(|scope| {
        scope.spawn(|| match write(stdin) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                panic!("writing the capture: {error}")
            }
            _ => {}
        });
        // The kernel keeps the peak itself, so that the last look tells all but the very end.
        let watch = scope.spawn(|| {
            let mut peak = first;
            while let Some(now) = peak_of(&status) {
                peak = Some(now);
                thread::sleep(Duration::from_millis(2));
            }
            peak
        });
        let errors = scope.spawn(move || {
            let mut err = String::new();
            stderr.read_to_string(&mut err).map(|_| err)
        });
        let mut out = String::new();
        stdout.read_to_string(&mut out).expect("UTF-8");
        let code = child.wait().expect("it ends").code();
        Outcome {
            code: code.expect("no signal ended it"),
            out,
            err: errors.join().expect("no panic").expect("UTF-8"),
            peak_kb: watch.join().expect("no panic"),
        }
    })
}

/// Runs it on frames.
fn on_frames(
    args: &[&str],
    write: impl FnOnce(&mut Capture<Pipe>) -> io::Result<()> + Send,
) -> Outcome {
    run(args, |stdin| {
        let mut capture = Capture::into(stdin)?;
        write(&mut capture)?;
        capture.finish().map(drop)
    })
}

fn peak_of(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

impl Outcome {
    fn stayed_within_the_limit(&self) -> &Self {
        match self.peak_kb {
            None => println!("skipped: this system does not tell the memory of a process"),
            Some(peak) => assert!(peak < LIMIT_KB, "{peak} KiB of memory"),
        }
        self
    }

    fn ended_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.err);
        self
    }

    /// The JSON records.
    fn records(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

fn of_type<'a>(records: &'a [Value], name: &str) -> Vec<&'a Value> {
    let is_it = |record: &&Value| record["event_type"] == name;
    records.iter().filter(is_it).collect()
}

/// What every client calls first.
fn connect() -> Vec<u8> {
    command(0, &[string("connect"), number(1.0), vec![5]])
}

#[test]
fn a_million_syns() {
    let outcome = on_frames(&["report"], |capture| {
        for number in 0..1_000_000 {
            let client = Client::numbered(number);
            capture.client(&client, 0, SYN, &[])?;
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    assert!(
        outcome.out.contains("0 RTMP connections"),
        "{}",
        outcome.out
    );
    assert!(
        outcome.out.contains("connections let go"),
        "{}",
        outcome.out
    );
}

#[test]
fn a_hundred_thousand_connections_that_stop_in_the_handshake() {
    let outcome = on_frames(&["json", "--events", "capture"], |capture| {
        for number in 0..100_000 {
            let mut client = Client::numbered(number);
            capture.client(&client, 0, SYN, &[])?;
            let mut hello = vec![3];
            hello.extend([0; 1200]);
            capture.send(&mut client, &hello)?;
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    let records = outcome.records();
    let record = &of_type(&records, "capture")[0]["capture"];
    let count = |key: &str| record[key].as_u64().unwrap_or(0);
    let said = count("connections_let_go") + count("refused_segments");
    assert!(said > 90_000, "there is room for some thousand: {record}");
    assert!(outcome.err.contains("--memory"), "{}", outcome.err);
}

/// 65 536 chunk streams of a direction, each of which begins a message of 16 MiB.
#[test]
fn every_chunk_stream_claims_the_longest_message() {
    let outcome = on_frames(&["json"], |capture| {
        let mut client = Client::numbered(1);
        capture.open(&mut client)?;
        capture.send(&mut client, &connect())?;
        for csid in 64..65_600 {
            capture.send(&mut client, &chunk(csid, 0xFF_FFFF, 17, 1, &[0; 128]))?;
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    assert!(outcome.out.contains("chunk.too_many_chunk_streams"));
}

/// What one direction may keep is bounded; what all of them keep together must be, too. Bodies go
/// before connections.
#[test]
fn a_thousand_connections_hold_long_messages_back() {
    let events = "connection_end,anomaly,capture";
    let outcome = on_frames(&["json", "--events", events], |capture| {
        for number in 0..1000 {
            let mut client = Client::numbered(number);
            capture.open(&mut client)?;
            capture.send(&mut client, &set_chunk_size(0xFF_FFFF))?;
            // A command of 4 MB of which 200 kB come.
            capture.send(&mut client, &chunk(3, 4_000_000, 20, 0, &vec![2; 200_000]))?;
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    let records = outcome.records();
    let ends = of_type(&records, "connection_end");
    assert_eq!(ends.len(), 1000, "every connection ends once");
    let whole = |end: &&&Value| end["connection_end"]["cause"] == "capture_ended";
    assert_eq!(ends.iter().filter(whole).count(), 1000, "none was let go");
    let dropped = |record: &&&Value| record["anomaly"]["code"] == "chunk.bodies_dropped";
    let anomalies = of_type(&records, "anomaly");
    assert!(anomalies.iter().filter(dropped).count() > 500);
    let record = of_type(&records, "capture")[0];
    assert_eq!(record["capture"]["connections_let_go"], Value::Null);
}

/// More connections than there is memory for, one segment of each in turn: as many as fit are
/// followed from begin to end, instead of all of them for a moment.
#[test]
fn more_connections_than_fit_do_not_drive_each_other_out() {
    const COUNT: u32 = 20_000;
    let events = "connection_end,capture";
    let outcome = on_frames(&["json", "--events", events], |capture| {
        let mut clients: Vec<Client> = (0..COUNT).map(Client::numbered).collect();
        for client in &mut clients {
            capture.open(client)?;
            capture.send(client, &connect())?;
        }
        for _ in 0..5 {
            for client in &mut clients {
                capture.send(client, &chunk(4, 2, 8, 1, &[0xAF, 1]))?;
            }
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    let records = outcome.records();
    let followed = of_type(&records, "connection_end")
        .iter()
        .filter(|end| end["connection_end"]["directions"]["client"]["messages"] == 6)
        .count();
    assert!(followed > 2000, "{followed} of {COUNT}");
    let record = &of_type(&records, "capture")[0]["capture"];
    assert!(
        record["connections_let_go"].as_u64() < Some(u64::from(COUNT)),
        "{record}"
    );
    assert!(
        record["refused_segments"].as_u64() > Some(10_000),
        "{record}"
    );
}

/// Stream names are secrets, which are remembered so that they are masked wherever they come up.
#[test]
fn thousands_of_stream_names_calls_and_streams() {
    let outcome = on_frames(&["report"], |capture| {
        for number_of in 0..200 {
            let mut client = Client::numbered(number_of);
            capture.open(&mut client)?;
            capture.send(&mut client, &set_chunk_size(65_536))?;
            for count in 0..400_u32 {
                let name = format!("{number_of}-{count}-{}", "k".repeat(1000));
                let transaction = number(f64::from(count));
                let parts = [string("publish"), transaction, vec![5], string(&name)];
                capture.send(&mut client, &command(count * 7, &parts))?;
                // Audio on a track of its own.
                capture.send(&mut client, &chunk(4, 2, 8, count * 7, &[0xAF, 1]))?;
            }
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    assert!(!outcome.out.contains("kkkk"), "a stream name is shown");
}

#[test]
fn segments_of_one_byte_in_order_and_backwards() {
    let outcome = on_frames(&["json"], |capture| {
        let mut client = Client::numbered(1);
        capture.open(&mut client)?;
        capture.send(&mut client, &connect())?;
        let media = chunk(4, 100_000, 8, 1, &[0xAF; 128]);
        for byte in media {
            capture.send(&mut client, &[byte])?;
        }
        let first = client.seq + 1;
        for back in (0..200_000).rev() {
            capture.client(&client, first + back, ACK, &[0xC4])?;
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    let records = outcome.records();
    assert_eq!(of_type(&records, "connection_end").len(), 1);
    assert!(
        !of_type(&records, "gap").is_empty(),
        "the byte that never came"
    );
}

/// The first bytes for a place win, and others for the same place are named.
#[test]
fn overlaps_with_other_bytes_are_an_anomaly() {
    let outcome = on_frames(&["json", "--show-secrets"], |capture| {
        let mut client = Client::numbered(1);
        capture.open(&mut client)?;
        let publish = |name| command(1, &[string("publish"), number(5.0), vec![5], string(name)]);
        let (first, second) = (publish("first"), publish("other"));
        // The begin is late, so that both wait behind a hole.
        capture.client(&client, client.seq + 10, ACK, &first[10..])?;
        capture.client(&client, client.seq + 10, ACK, &second[10..])?;
        capture.client(&client, client.seq, ACK, &first[..10])
    });
    outcome.ended_with(0);
    let records = outcome.records();
    let code = |record: &&&Value| record["anomaly"]["code"] == "tcp.conflicting_bytes";
    let anomalies = of_type(&records, "anomaly");
    let conflict = anomalies.iter().find(code).expect("an anomaly");
    assert_eq!(conflict["direction"], "to_server");
    let text = conflict["anomaly"].to_string();
    assert!(
        text.contains("5 bytes"),
        "`first` and `other` share no letter at a place: {text}"
    );
    assert!(outcome.out.contains("\"first\""), "{}", outcome.out);
    assert!(!outcome.out.contains("\"other\""), "{}", outcome.out);
}

#[test]
fn sequence_numbers_at_the_edge() {
    let outcome = on_frames(&["json"], |capture| {
        let mut client = Client::numbered(1);
        client.seq = u32::MAX - 2000;
        capture.client(&client, client.seq.wrapping_sub(1), SYN, &[])?;
        let mut hello = vec![3];
        hello.extend([0; 8]);
        hello.extend([5; 1528 + 1536]);
        capture.send(&mut client, &hello)?;
        capture.send(&mut client, &connect())?;
        // Far ahead, far behind, and at the very end of the number space.
        for seq in [0, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
            capture.client(&client, seq, ACK, &[0; 100])?;
            capture.client(&client, client.seq.wrapping_add(seq), ACK, &[0; 100])?;
        }
        Ok(())
    });
    outcome.ended_with(0).stayed_within_the_limit();
    let records = outcome.records();
    let messages = of_type(&records, "message");
    assert_eq!(messages[0]["command"]["name"], "connect");
}

/// What was joined late may be RTMP on any port, so that everything is looked at: nothing but RTMP
/// may be found. (To the port of RTMP, and to another.)
#[test]
fn nothing_else_is_taken_for_rtmp() {
    // The payloads of the streams, with all their signatures, and no chunk header between them.
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let extract = common::run(&["extract", &common::sample("ffmpeg-nginx.pcap"), "-o", out]);
    assert_eq!(common::code(&extract), 0);
    let mut flv = Vec::new();
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        flv.extend(fs::read(entry.expect("a file").path()).expect("readable"));
    }
    assert!(flv.len() > 100_000);
    // A generator of numbers as they come (Knuth, MMIX).
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(4 << 20)
    .collect();
    let acknowledgement = [0xC2, 0, 0, 0x10, 0];
    let records = vec![0xC4; 1 << 20];
    let payloads = [
        flv,
        noise,
        records,
        acknowledgement.repeat(3),
        vec![0; 1 << 20],
    ];
    let outcome = on_frames(
        &["json", "--events", "connection,message,capture"],
        |capture| {
            let mut number = 0;
            for payload in &payloads {
                for to in [1935, 8080] {
                    for start in 0..4 {
                        number += 1;
                        let mut client = Client::numbered(number);
                        client.to = to;
                        capture.send(&mut client, &payload[start..])?;
                    }
                }
            }
            Ok(())
        },
    );
    outcome.ended_with(0).stayed_within_the_limit();
    let records = outcome.records();
    assert_eq!(of_type(&records, "message"), Vec::<&Value>::new());
    assert_eq!(of_type(&records, "connection"), Vec::<&Value>::new());
}

/// The client has the port of RTMP, and its frames were overtaken: the segment that fills the hole
/// brings the bytes that tell client from server, and those behind them.
#[test]
fn a_client_on_the_port_of_servers_is_known_by_what_it_says() {
    let outcome = on_frames(&["json", "--events", "message"], |capture| {
        let client = Client {
            port: 1935,
            to: 50_000,
            ..Client::numbered(1)
        };
        let mut bytes = vec![3];
        bytes.extend([0; 8]);
        bytes.extend([5; 1528 + 1536]);
        bytes.extend(connect());
        // More than the detector wants to see behind the handshake, and one message behind that.
        bytes.extend(chunk(4, 4, 8, 1, &[0xAF, 0, 0x12, 0x10]).repeat(50));
        let split = bytes.len();
        bytes.extend(chunk(6, 5, 9, 1, &[0x17, 2, 0, 0, 0]));
        let (first, second) = (&bytes[..1000], &bytes[1000..2000]);
        capture.client(&client, 1, ACK, first)?;
        capture.client(&client, 2001, ACK, &bytes[2000..split])?;
        let last = 1 + u32::try_from(split).expect("short");
        capture.client(&client, last, ACK, &bytes[split..])?;
        capture.client(&client, 1001, ACK, second)
    });
    outcome.ended_with(0);
    let records = outcome.records();
    let messages = of_type(&records, "message");
    assert!(messages.len() > 20, "{}", outcome.out);
    for message in &messages {
        assert_eq!(message["direction"], "to_server", "{message}");
        assert_eq!(message["src_port"], 1935, "{message}");
    }
    assert_eq!(messages[messages.len() - 1]["message"]["type"], "video");
}

/// 64 MB of zeros in 64 kB: records without a byte, four million of them.
#[test]
fn a_compressed_bomb() {
    let outcome = run(&["report"], |stdin| {
        let mut zip = GzEncoder::new(stdin, Compression::fast());
        zip.write_all(&wire::pcap_header())?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..64 {
            zip.write_all(&zeros)?;
        }
        zip.finish().map(drop)
    });
    outcome.ended_with(0).stayed_within_the_limit();
    assert!(outcome.out.contains("4 194 304 frames"), "{}", outcome.out);
}

/// Blocks that claim more than any capture has (pcapng section 3.1), before and behind a good one.
#[test]
fn blocks_of_absurd_length() {
    let section = |length: u32| {
        let mut block = vec![0x0A, 0x0D, 0x0D, 0x0A];
        block.extend(length.to_le_bytes());
        block.extend(0x1A2B_3C4D_u32.to_le_bytes());
        block.extend([1, 0, 0, 0]);
        block.extend([0xFF; 8]);
        block.extend(length.to_le_bytes());
        block
    };
    for length in [0, 4, 12, 0x7FFF_FFFC, 0xFFFF_FFFC, u32::MAX] {
        for (good, kind) in [(false, 0x0A0D_0D0A), (true, 6), (true, 1), (true, 0xBAD)] {
            let outcome = run(&["report"], |mut stdin| {
                if good {
                    stdin.write_all(&section(28))?;
                    let mut block = u32::to_le_bytes(kind).to_vec();
                    block.extend(length.to_le_bytes());
                    block.extend([0; 64]);
                    stdin.write_all(&block)
                } else {
                    stdin.write_all(&section(length))
                }
            });
            outcome.ended_with(3).stayed_within_the_limit();
            assert!(outcome.err.contains(" at byte "), "{}", outcome.err);
        }
    }
}
