//! The same damaged captures, decoded by tshark and here: how many of the messages that are there
//! each finds, and how many that are not.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::path::Path;
use std::process;
use std::process::Command;
use std::slice;

use crate::decoded;
use crate::decoded::Said;
use crate::encapsulation;
use crate::encapsulation::Around;
use crate::harm;
use crate::judge;
use crate::packet::Packet;
use crate::packet::Way;
use crate::random::Random;
use crate::run;
use crate::run::Subject;

/// Cases of each damage on one capture. All cases of a capture go into one file, so that tshark
/// starts once for them.
const LATE: usize = 20;
const ONE: usize = 50;

/// Options without which tshark leaves out messages over 32 KB and withholds segments out of order.
const HONEST: [&str; 4] = [
    "-o",
    "rtmpt.max_packet_size:16777215",
    "-o",
    "tcp.reassemble_out_of_order:TRUE",
];

/// Ports on which tshark does not look for RTMP by itself.
const DECODE_AS: [&str; 2] = ["-d", "tcp.port==8443,rtmpt"];

/// What is compared of a message: type and length.
type What = (u8, u32);

/// A message as a program reports it.
#[derive(Debug, Clone, Copy)]
struct Reported {
    what: What,
    timestamp: u32,
    /// Whether the timestamp is said to be relative or uncertain.
    is_marked: bool,
}

/// What was found of the cases of one damage.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    recovered: usize,
    /// Those of them with the right timestamp.
    right: usize,
    /// Those with another, which is said to be relative or uncertain.
    marked: usize,
    invented: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.recovered += other.recovered;
        self.right += other.right;
        self.marked += other.marked;
        self.invented += other.invented;
    }

    fn row(&self, of: usize) -> String {
        let share = |part: usize, all: usize| match (part * 10_000).checked_div(all) {
            Some(share) => format!("{}.{:02} %", share / 100, share % 100),
            None => "–".to_owned(),
        };
        let wrong = self.recovered - self.right - self.marked;
        format!(
            "{} | {} | {} | {wrong} | {}",
            share(self.recovered, of),
            self.right,
            self.marked,
            self.invented
        )
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Scores {
    cases: usize,
    there: usize,
    tshark: Score,
    ours: Score,
}

impl Scores {
    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.there += other.there;
        self.tshark.add(other.tshark);
        self.ours.add(other.ours);
    }
}

/// Compares what was reported of a direction with what is there and with all that was sent.
fn score(there: &[judge::Row], sent: &[judge::Row], reported: &[Reported]) -> Score {
    let what = |row: &judge::Row| (row.type_id(), row.length());
    let mut by_what: BTreeMap<What, (Vec<u32>, usize, Vec<Reported>)> = BTreeMap::new();
    for row in there {
        by_what
            .entry(what(row))
            .or_default()
            .0
            .push(row.timestamp());
    }
    for row in sent {
        by_what.entry(what(row)).or_default().1 += 1;
    }
    for message in reported {
        by_what.entry(message.what).or_default().2.push(*message);
    }
    let mut score = Score::default();
    for (mut there, sent, reported) in by_what.into_values() {
        let recovered = there.len().min(reported.len());
        score.recovered += recovered;
        score.invented += reported.len().saturating_sub(sent);
        let (mut right, mut marked) = (0, 0);
        for message in &reported {
            if let Some(at) = there.iter().position(|time| *time == message.timestamp) {
                there.swap_remove(at);
                right += 1;
            } else if message.is_marked {
                marked += 1;
            }
        }
        let right = right.min(recovered);
        score.right += right;
        score.marked += marked.min(recovered - right);
    }
    score
}

/// The packets of a case between addresses of its own.
fn readdressed(packets: &[Packet], case: usize) -> Vec<Packet> {
    packets
        .iter()
        .map(|packet| {
            let mut packet = packet.clone();
            packet.source.addr = address(packet.source.addr, case);
            packet.destination.addr = address(packet.destination.addr, case);
            packet
        })
        .collect()
}

fn address(of: IpAddr, case: usize) -> IpAddr {
    let case = u8::try_from(case).expect("few cases");
    match of {
        IpAddr::V4(of) => {
            let [_, two, three, four] = of.octets();
            IpAddr::V4(Ipv4Addr::new(1 + case, two, three, four))
        }
        IpAddr::V6(of) => {
            let mut octets = of.octets();
            octets[4] = case;
            IpAddr::V6(Ipv6Addr::from(octets))
        }
    }
}

/// A pcap file of Ethernet frames, in the order in which they are.
fn write(path: &Path, packets: &[Packet]) {
    let mut file = vec![0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0];
    file.extend([0; 8]);
    file.extend(0x4_0000_u32.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    let frames = encapsulation::frames(packets, Around::Ethernet);
    for (index, frame) in frames.iter().enumerate() {
        let micros = u32::try_from(index).expect("fewer frames");
        file.extend((micros / 1_000_000).to_le_bytes());
        file.extend((micros % 1_000_000).to_le_bytes());
        let len = u32::try_from(frame.data.len()).expect("a frame");
        file.extend(len.to_le_bytes());
        file.extend(frame.wire_len.to_le_bytes());
        file.extend(&frame.data);
    }
    fs::write(path, file).expect("a file in the temporary folder");
}

/// What tshark reports, by direction. It shows type and length where a header carries them; for the
/// others they are those that the last header of their chunk stream had.
fn tshark(path: &Path) -> BTreeMap<Way, Vec<Reported>> {
    let fields = [
        "ip.src",
        "ipv6.src",
        "tcp.srcport",
        "ip.dst",
        "ipv6.dst",
        "tcp.dstport",
        "rtmpt.header.format",
        "rtmpt.header.csid",
        "rtmpt.header.typeid",
        "rtmpt.header.bodysize",
        "rtmpt.header.timestamp",
        "rtmpt.header.ets",
    ];
    let run = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(path)
        .args(HONEST)
        .args(DECODE_AS)
        .args(["-Y", "rtmpt.header.format", "-T", "fields"])
        .args(fields.iter().flat_map(|field| ["-e", field]))
        .output()
        .expect("tshark");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let mut found: BTreeMap<Way, Vec<Reported>> = BTreeMap::new();
    let mut declared: BTreeMap<(Way, u32), What> = BTreeMap::new();
    for line in String::from_utf8(run.stdout).expect("text").lines() {
        let column: Vec<Vec<&str>> = line
            .split('\t')
            .map(|field| field.split(',').filter(|value| !value.is_empty()).collect())
            .collect();
        let end = |of: usize| {
            let addr = column[of].first().or(column[of + 1].first());
            let addr = addr.and_then(|addr| addr.parse().ok()).expect("an address");
            let port = column[of + 2][0].parse().expect("a port");
            rtmpscope::net::Endpoint { addr, port }
        };
        let way = (end(0), end(3));
        let mut values = column[6..]
            .iter()
            .map(|values| values.iter().map(|value| number(value)));
        let mut next = || values.next().expect("a column");
        let (formats, mut csids) = (next(), next());
        let (mut types, mut lengths) = (next(), next());
        let (mut times, mut extended) = (next(), next());
        for format in formats {
            let csid = csids.next().unwrap_or_default();
            if format < 2 {
                let type_id = types.next().unwrap_or_default();
                let type_id = u8::try_from(type_id).expect("a type");
                declared.insert((way, csid), (type_id, lengths.next().unwrap_or_default()));
            }
            let time = times.next().unwrap_or_default();
            let timestamp = if time == 0xFF_FFFF {
                extended.next().unwrap_or(time)
            } else {
                time
            };
            found.entry(way).or_default().push(Reported {
                what: declared.get(&(way, csid)).copied().unwrap_or_default(),
                timestamp,
                is_marked: false,
            });
        }
    }
    found
}

fn number(word: &str) -> u32 {
    let parsed = match word.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => word.parse(),
    };
    parsed.unwrap_or_else(|_| panic!("{word} is no number"))
}

fn ours(packets: &[Packet]) -> BTreeMap<Way, Vec<Reported>> {
    let said = decoded::decode(&encapsulation::frames(packets, Around::Ethernet));
    let of = |(way, said): (Way, Vec<Said>)| {
        let whole = said.iter().filter_map(|said| match said {
            Said::Message(message) if message.is_complete() => Some(Reported {
                what: (message.type_id.0, message.length),
                timestamp: message.timestamp.0,
                is_marked: message.inferred.timestamp.is_some(),
            }),
            _ => None,
        });
        (way, whole.collect())
    };
    said.into_iter().map(of).collect()
}

/// The cases of one damage on one capture.
fn cases(subject: &Subject, damage: &str, cases: &[Vec<Packet>]) -> Scores {
    let mut scores = Scores {
        cases: cases.len(),
        ..Scores::default()
    };
    let path = env::temp_dir().join(format!(
        "rtmpscope-{}-{damage}-{}.pcap",
        process::id(),
        subject.capture.name
    ));
    let all: Vec<Packet> = cases
        .iter()
        .enumerate()
        .flat_map(|(case, packets)| readdressed(packets, case))
        .collect();
    write(&path, &all);
    let theirs = tshark(&path);
    fs::remove_file(&path).expect("the file just written");
    for (case, packets) in cases.iter().enumerate() {
        let ours = ours(packets);
        for (way, there) in judge::recoverable(&subject.clean, packets) {
            let sent = &subject.clean.rows[&way];
            let mut readdressed = way;
            readdressed.0.addr = address(way.0.addr, case);
            readdressed.1.addr = address(way.1.addr, case);
            let of = |found: Option<&Vec<Reported>>| {
                score(&there, sent, found.map_or(&[][..], Vec::as_slice))
            };
            scores.there += there.len();
            scores.tshark.add(of(theirs.get(&readdressed)));
            scores.ours.add(of(ours.get(&way)));
        }
    }
    scores
}

fn late(subject: &Subject) -> Scores {
    let (name, all) = (&subject.capture.name, &subject.capture.packets);
    if subject.media() == 0 {
        return Scores::default();
    }
    let mut random = Random::new(name, 1);
    let packets = (0..LATE).map(|_| harm::late(all, random.below(all.len())));
    cases(subject, "late", &packets.collect::<Vec<_>>())
}

fn one(subject: &Subject) -> Scores {
    let (name, all) = (&subject.capture.name, &subject.capture.packets);
    let is_loaded = |at: &usize| {
        !all[*at].payload.is_empty() && subject.clean.rows.contains_key(&all[*at].way())
    };
    let loaded: Vec<usize> = (0..all.len()).filter(is_loaded).collect();
    if loaded.is_empty() {
        return Scores::default();
    }
    let mut random = Random::new(name, 2);
    let packets = (0..ONE).map(|_| harm::lose_one(all, loaded[random.below(loaded.len())]));
    cases(subject, "one", &packets.collect::<Vec<_>>())
}

fn undamaged(subject: &Subject) -> Scores {
    let packets = slice::from_ref(&subject.capture.packets);
    cases(subject, "none", packets)
}

#[test]
#[ignore = "takes minutes and tshark: the figures of docs/robustness.md"]
fn figures_beside_those_of_tshark() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return;
    }
    let found = run::on_all(|subject| [undamaged(subject), late(subject), one(subject)]);
    println!(
        "| damage | cases | messages there | tshark | right time | marked | wrong time | invented \
         | rtmpscope | right time | marked | wrong time | invented |"
    );
    for (at, name) in ["none", "late start", "one lost segment"]
        .iter()
        .enumerate()
    {
        let mut sum = Scores::default();
        for scores in &found {
            sum.add(&scores[at]);
        }
        println!(
            "| {name} | {} | {} | {} | {} |",
            sum.cases,
            sum.there,
            sum.tshark.row(sum.there),
            sum.ours.row(sum.there)
        );
        assert_eq!(sum.ours.invented, 0, "invented");
    }
}
