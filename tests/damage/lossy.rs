//! Damages that lose bytes: what is there is found again, and nothing is invented.

use std::collections::BTreeMap;

use crate::decoded;
use crate::encapsulation;
use crate::encapsulation::Around;
use crate::harm;
use crate::judge;
use crate::judge::Verdict;
use crate::packet::Packet;
use crate::packet::Way;
use crate::random::Random;
use crate::run;
use crate::run::Subject;
use crate::table::Tally;

/// Within so many bytes of a direction a late start has found its way.
const LOCK_BYTES: u32 = 512 * 1024;

/// Or within so many milliseconds of media.
const LOCK_MEDIA: u32 = 2000;

/// A segment that is lost may cost so many messages besides those that it touched.
const BESIDES: usize = 2;

/// How much of each is tried on one capture.
#[derive(Debug, Clone, Copy)]
struct Effort {
    late: usize,
    one: usize,
    random: u64,
}

/// What is found on one capture.
#[derive(Debug, Default)]
struct Found {
    late: Tally,
    one: Tally,
    random: [Tally; 2],
    snaplen: [Tally; 2],
}

fn decode(subject: &Subject, packets: &[Packet], snaplen: Option<usize>) -> BTreeMap<Way, Verdict> {
    let mut frames = encapsulation::frames(packets, Around::Ethernet);
    if let Some(snaplen) = snaplen {
        for frame in &mut frames {
            frame.data.truncate(snaplen);
        }
    }
    let said = decoded::decode(&frames);
    judge::judge(&subject.clean, packets, &said)
}

/// Whether a direction that was joined late was found again soon enough.
fn is_found(subject: &Subject, packets: &[Packet], way: &Way, verdict: &Verdict) -> bool {
    let origin = subject.clean.origins[way];
    let Some(first) = packets
        .iter()
        .find(|packet| packet.way() == *way && !packet.payload.is_empty())
    else {
        return true;
    };
    let start = first.first().wrapping_sub(origin);
    let rows = &subject.clean.rows[way];
    let behind = || {
        rows.iter()
            .filter(|row| row.start >= start && row.is_media())
    };
    let begin = behind().map(judge::Row::timestamp).next();
    // Without a lock: so much was there to find it in.
    let (end, end_media) = match &verdict.lock {
        Some(lock) => (lock.start, lock.is_media().then(|| lock.timestamp())),
        None => (
            rows.iter().map(|row| row.end).max().unwrap_or(start),
            behind().map(judge::Row::timestamp).next_back(),
        ),
    };
    let media = match (begin, end_media) {
        (Some(begin), Some(end)) => end.wrapping_sub(begin),
        (None, _) => 0,
        (Some(_), None) => u32::MAX,
    };
    // Time that runs backwards is none.
    end.saturating_sub(start) <= LOCK_BYTES || media <= LOCK_MEDIA || media > u32::MAX / 2
}

/// Directions of which the first part is missing, so that they were joined late.
fn is_joined_late(subject: &Subject, packets: &[Packet], way: &Way) -> bool {
    let origin = subject.clean.origins[way];
    packets
        .iter()
        .find(|packet| packet.way() == *way)
        .is_some_and(|packet| packet.seq.wrapping_sub(origin) < u32::MAX / 2)
}

fn late(subject: &Subject, cases: usize) -> Tally {
    let name = &subject.capture.name;
    let all = &subject.capture.packets;
    let mut tally = Tally::default();
    let mut random = Random::new(name, 1);
    if subject.media() == 0 {
        return tally;
    }
    for _ in 0..cases {
        let first = run::chosen().unwrap_or_else(|| random.below(all.len()));
        let packets = harm::late(all, first);
        let mut verdicts = decode(subject, &packets, None);
        verdicts.retain(|way, _| is_joined_late(subject, &packets, way));
        if verdicts.is_empty() {
            continue;
        }
        let case = format!("{name} from packet {}", first + 1);
        let mut good = true;
        for (way, verdict) in &verdicts {
            let is_found = is_found(subject, &packets, way, verdict);
            good &= is_found;
            if !is_found || verdict.lost_behind > 0 {
                let ports = (way.0.port, way.1.port);
                tally.example(format!(
                    "{case} {ports:?}: lock {:?}, {} of {}, behind {}, missing {:?}",
                    verdict.lock.map(|row| row.start),
                    verdict.recovered,
                    verdict.recoverable,
                    verdict.lost_behind,
                    verdict.missing
                ));
            }
        }
        tally.add(&case, &verdicts, good);
    }
    tally
}

fn one(subject: &Subject, cases: usize) -> Tally {
    let name = &subject.capture.name;
    let all = &subject.capture.packets;
    let mut tally = Tally::default();
    let mut random = Random::new(name, 2);
    let loaded: Vec<usize> = (0..all.len())
        .filter(|at| {
            !all[*at].payload.is_empty() && subject.clean.rows.contains_key(&all[*at].way())
        })
        .collect();
    if loaded.is_empty() {
        return tally;
    }
    for _ in 0..cases {
        let lost = run::chosen().unwrap_or_else(|| loaded[random.below(loaded.len())]);
        let way = all[lost].way();
        let packets = harm::lose_one(all, lost);
        let mut verdicts = decode(subject, &packets, None);
        verdicts.retain(|of, _| *of == way);
        let case = format!("{name} without packet {}", lost + 1);
        let good = verdicts.values().all(|verdict| {
            let missing = verdict.recoverable - verdict.recovered;
            missing <= BESIDES
        });
        if !good {
            let text = verdicts.values().map(|verdict| {
                format!(
                    "{case}: {} of {}, touched {}, missing {:?}",
                    verdict.recovered, verdict.recoverable, verdict.touched, verdict.missing
                )
            });
            tally.example(text.collect());
        }
        tally.add(&case, &verdicts, good);
    }
    tally
}

fn randomly(subject: &Subject, per_mille: usize, seeds: u64) -> Tally {
    let name = &subject.capture.name;
    let mut tally = Tally::default();
    for seed in 0..seeds {
        let mut random = Random::new(name, seed);
        let packets = harm::lose(&subject.capture.packets, per_mille, &mut random);
        let verdicts = decode(subject, &packets, None);
        let case = format!("{name} less {per_mille} of 1000, seed {seed}");
        tally.add(&case, &verdicts, true);
    }
    tally
}

fn cut(subject: &Subject, snaplen: usize) -> Tally {
    let name = &subject.capture.name;
    let mut tally = Tally::default();
    let packets = &subject.capture.packets;
    let mut frames = encapsulation::frames(packets, Around::Ethernet);
    for frame in &mut frames {
        frame.data.truncate(snaplen);
    }
    // What was captured of each packet, to tell which messages are there.
    let mut seen = packets.clone();
    for (packet, frame) in seen.iter_mut().zip(&frames) {
        let missing = usize::try_from(frame.wire_len).expect("small") - frame.data.len();
        let kept = packet.payload.len().saturating_sub(missing);
        packet.payload.truncate(kept);
    }
    let said = decoded::decode(&frames);
    let verdicts = judge::judge(&subject.clean, &seen, &said);
    for (way, verdict) in &verdicts {
        if verdict.recovered < verdict.recoverable {
            tally.example(format!(
                "{name} {:?}: {} of {}, missing {:?}",
                (way.0.port, way.1.port),
                verdict.recovered,
                verdict.recoverable,
                verdict.missing
            ));
        }
    }
    tally.add(&format!("{name} cut at {snaplen}"), &verdicts, true);
    tally
}

fn all_of(subject: &Subject, effort: Effort) -> Found {
    Found {
        late: late(subject, effort.late),
        one: one(subject, effort.one),
        random: [10, 50].map(|per_mille| randomly(subject, per_mille, effort.random)),
        snaplen: [96, 256].map(|snaplen| cut(subject, snaplen)),
    }
}

/// Does all of it, prints the table, and hands back the sums.
fn measure(effort: Effort) -> Found {
    let found = run::on_all(|subject| (subject.capture.name.clone(), all_of(subject, effort)));
    let sum = |of: fn(&Found) -> &Tally| {
        let tallies: Vec<Tally> = found.iter().map(|(_, found)| of(found).clone()).collect();
        Tally::sum(&tallies)
    };
    let all = Found {
        late: sum(|found| &found.late),
        one: sum(|found| &found.one),
        random: [sum(|found| &found.random[0]), sum(|found| &found.random[1])],
        snaplen: [
            sum(|found| &found.snaplen[0]),
            sum(|found| &found.snaplen[1]),
        ],
    };
    println!("{}", Tally::head());
    let rows = [
        ("late start", &all.late),
        ("one lost segment", &all.one),
        ("1 % of segments lost", &all.random[0]),
        ("5 % of segments lost", &all.random[1]),
        ("snaplen 96", &all.snaplen[0]),
        ("snaplen 256", &all.snaplen[1]),
    ];
    for (name, tally) in rows {
        println!("{}", tally.row(name));
    }
    println!();
    for (name, found) in &found {
        println!("{}", found.late.row(&format!("{name}, late start")));
        println!("{}", found.one.row(&format!("{name}, one lost segment")));
    }
    for (name, tally) in rows {
        for example in tally.faults.iter().chain(&tally.examples) {
            println!("{name}: {example}");
        }
    }
    all
}

fn check(all: &Found) {
    let tallies = [&all.late, &all.one, &all.random[0], &all.random[1]];
    for tally in tallies.into_iter().chain(&all.snaplen) {
        assert_eq!(tally.invented, 0, "invented");
        assert_eq!(tally.mistimed, 0, "wrong times");
    }
    let share = |tally: &Tally, of: usize| tally.good * of >= tally.cases * (of - 1);
    assert!(share(&all.late, 100), "late starts");
    // What is lost between the first message found and the place where all are.
    let late = &all.late;
    assert!(
        late.lost_behind * 200 <= late.recoverable,
        "behind the lock"
    );
    assert!(share(&all.one, 1000), "one lost segment");
}

#[test]
fn what_is_lost_costs_little_and_invents_nothing() {
    let effort = Effort {
        late: 3,
        one: 4,
        random: 1,
    };
    check(&measure(effort));
}

#[test]
#[ignore = "one case: DAMAGE_AT is the packet that DAMAGE_ONLY begins with, or lacks"]
fn what_one_case_costs() {
    let effort = Effort {
        late: 1,
        one: 1,
        random: 0,
    };
    measure(effort);
}

#[test]
#[ignore = "takes minutes: the figures of docs/robustness.md"]
fn what_is_lost_costs_little_and_invents_nothing_with_many_seeds() {
    let effort = Effort {
        late: 200,
        one: 1000,
        random: 100,
    };
    check(&measure(effort));
}
