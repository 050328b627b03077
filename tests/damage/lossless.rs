//! Damages that lose nothing: all that is said is the same, but for frames and capture times.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::capture::memory::StoredFrame;

use crate::decoded;
use crate::decoded::Directions;
use crate::encapsulation;
use crate::encapsulation::Around;
use crate::harm;
use crate::packet::Packet;
use crate::packet::Way;
use crate::random::Random;
use crate::run;
use crate::run::Subject;

/// Where the first difference is, in words.
pub(crate) fn difference(clean: &Directions, damaged: &Directions) -> Option<String> {
    for (way, said) in clean {
        let other = damaged.get(way).map_or(&[][..], Vec::as_slice);
        if said == other {
            continue;
        }
        let at = said.iter().zip(other).take_while(|(a, b)| a == b).count();
        let (from, to) = (way.0.port, way.1.port);
        let mut text = format!("{from} to {to}: {} and {}, ", said.len(), other.len());
        let brief = |said: Option<&decoded::Said>| {
            let text = format!("{said:?}");
            text.chars().take(420).collect::<String>()
        };
        let _ = write!(
            text,
            "number {at}\n    was {}\n    is  {}",
            brief(said.get(at)),
            brief(other.get(at))
        );
        return Some(text);
    }
    let more = damaged.keys().find(|way| !clean.contains_key(way))?;
    Some(format!("{more:?} is new"))
}

/// How the packets are harmed, by name.
fn harmed(name: &str, packets: &[Packet], random: &mut Random) -> Vec<Packet> {
    match name {
        "swap" => harm::swap(packets, random),
        "delay" => harm::delay(packets, 8, random),
        "duplicate" => harm::duplicate(packets, 20, random),
        "overlap" => harm::overlap(packets, random),
        "recut" => harm::recut(packets, 1000, 50, random),
        "single bytes" => harm::recut(packets, 1, 4, random),
        "join" => harm::join(packets, 60_000),
        other => panic!("no damage {other}"),
    }
}

const HARMS: [&str; 7] = [
    "swap",
    "delay",
    "duplicate",
    "overlap",
    "recut",
    "single bytes",
    "join",
];

fn decode(packets: &[Packet]) -> Directions {
    let frames = encapsulation::frames(packets, Around::Ethernet);
    decoded::timeless(decoded::decode(&frames))
}

/// Every lossless damage of a capture with so many seeds: how many decodes, and which differ.
fn all_of(subject: &Subject, seeds: u64) -> (usize, Vec<String>) {
    let name = &subject.capture.name;
    let packets = &subject.capture.packets;
    let clean = decoded::timeless(subject.said.clone());
    let mut problems = Vec::new();
    let mut tried = 0;
    let mut check = |what: &str, clean: &Directions, damaged: &Directions| {
        tried += 1;
        if let Some(difference) = difference(clean, damaged) {
            problems.push(format!("{name}, {what}: {difference}"));
        }
    };
    for harm in HARMS {
        for seed in 0..seeds {
            let mut random = Random::new(name, seed);
            let damaged = decode(&harmed(harm, packets, &mut random));
            check(&format!("{harm} {seed}"), &clean, &damaged);
        }
    }
    for (way, origin) in &subject.clean.origins {
        let Some(rows) = subject.clean.rows.get(way).filter(|rows| rows.len() > 4) else {
            continue;
        };
        for seed in 0..seeds {
            let mut random = Random::new(name, seed);
            let row = rows[random.below(rows.len())];
            let middle = row.start + (row.end - row.start) / 2;
            let damaged = decode(&harm::wrap(packets, *way, middle, *origin));
            check(&format!("wrap {seed}"), &clean, &damaged);
        }
    }
    for servers in [false, true] {
        let ways: BTreeSet<Way> = packets
            .iter()
            .map(Packet::way)
            .filter(|way| (way.0.port > way.1.port) ^ servers)
            .collect();
        let mut half = clean.clone();
        half.retain(|way, _| ways.contains(way));
        let mut damaged = decode(&harm::one_way(packets, &ways));
        // Of the other way it is said that it is missing.
        damaged.retain(|way, _| ways.contains(way));
        check(
            if servers {
                "servers only"
            } else {
                "clients only"
            },
            &half,
            &damaged,
        );
    }
    for around in Around::ALL {
        let frames = encapsulation::frames(packets, around);
        let damaged = decoded::timeless(decoded::decode(&frames));
        check(&format!("{around:?}"), &clean, &damaged);
    }
    let damaged = decoded::timeless(decoded::decode(&subject.capture.frames));
    check("as captured", &clean, &damaged);
    let ethernet = encapsulation::frames(packets, Around::Ethernet);
    let damaged = decoded::timeless(decoded::decode(&through_pcapng(&ethernet)));
    check("pcapng", &clean, &damaged);
    (tried, problems)
}

/// Frames that were written into a pcapng file and read again.
fn through_pcapng(frames: &[StoredFrame]) -> Vec<StoredFrame> {
    let block = |kind: u32, body: &[u8]| {
        let len = u32::try_from(12 + body.len())
            .expect("a block")
            .to_le_bytes();
        [&kind.to_le_bytes()[..], &len, body, &len].concat()
    };
    // Section header, with no length; interface: Ethernet, times in nanoseconds.
    let version = [0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0];
    let mut file = block(0x0A0D_0D0A, &[&version[..], &[0xFF; 8]].concat());
    let interface = [1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];
    file.extend(block(1, &interface));
    for frame in frames {
        let time = u64::try_from(frame.time.0).expect("after 1970");
        let mut body = vec![0; 4];
        for half in [time >> 32, time & 0xFFFF_FFFF] {
            body.extend(u32::try_from(half).expect("a half").to_le_bytes());
        }
        let len = u32::try_from(frame.data.len()).expect("a frame");
        body.extend([len.to_le_bytes(), frame.wire_len.to_le_bytes()].concat());
        body.extend(&frame.data);
        body.resize(body.len().next_multiple_of(4), 0);
        file.extend(block(6, &body));
    }
    let written = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(written.path(), file).expect("written");
    let mut files = Files::new([Input::named(written.path())]);
    let mut read = Vec::new();
    loop {
        match files.next_frame() {
            Ok(Next::Frame(frame)) => read.push(StoredFrame::from(frame)),
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(read.len(), frames.len());
    read
}

fn check(seeds: u64) {
    let results = run::on_all(|subject| all_of(subject, seeds));
    let tried: usize = results.iter().map(|(tried, _)| tried).sum();
    let problems: Vec<&String> = results.iter().flat_map(|(_, problems)| problems).collect();
    println!(
        "| lossless damages | {tried} decodes | {} differ |",
        problems.len()
    );
    for problem in &problems {
        println!("{problem}");
    }
    assert!(problems.is_empty(), "{} differ", problems.len());
}

#[test]
fn what_loses_nothing_changes_nothing() {
    check(1);
}

#[test]
#[ignore = "takes minutes: the figures of docs/robustness.md"]
fn what_loses_nothing_changes_nothing_with_many_seeds() {
    check(100);
}
