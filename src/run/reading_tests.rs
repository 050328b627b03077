//! What becomes of the words of a source: frames, quiet moments, interfaces that come and go.

use std::collections::VecDeque;
use std::path::Path;

use rtmpscope::base::ids::FrameNumber;
use rtmpscope::capture::Frame;
use rtmpscope::capture::InterfaceIndex;
use rtmpscope::capture::LinkType;
use rtmpscope::capture::info::Drops;
use rtmpscope::capture::info::InputInfo;
use rtmpscope::capture::info::InputName;
use rtmpscope::capture::info::Progress;
use rtmpscope::capture::write::rotation::Limits;
use rtmpscope::capture::write::rotation::Naming;
use rtmpscope::capture::write::rotation::Rotation;
use rtmpscope::pipeline::Options;
use rtmpscope::report::packets::PacketOptions;
use rtmpscope::report::scope::Scope;

use super::*;
use crate::cli::Limit;

/// What a source says.
#[derive(Debug, Clone)]
enum Word {
    Frame(Timestamp, LinkType, Vec<u8>),
    Idle,
    Lost,
    Back,
}

#[derive(Debug)]
struct Scripted {
    words: VecDeque<Word>,
    now: Option<Word>,
    name: InputName,
}

impl Source for Scripted {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        self.now = self.words.pop_front();
        match &self.now {
            None => Ok(Next::End),
            Some(Word::Idle) => Ok(Next::Idle),
            Some(Word::Back) => Ok(Next::Back(&self.name)),
            Some(Word::Lost) => Err(CaptureError::Device {
                device: self.name.clone(),
                reason: "gone".to_owned(),
            }),
            Some(Word::Frame(time, link, data)) => Ok(Next::Frame(Frame {
                number: FrameNumber(1),
                time: *time,
                link: *link,
                interface: InterfaceIndex::FIRST,
                wire_len: data.len().try_into().unwrap(),
                data,
            })),
        }
    }

    fn inputs(&self) -> &[InputInfo] {
        &[]
    }

    fn progress(&self) -> Progress {
        Progress::default()
    }

    fn drops(&mut self) -> Drops {
        Drops::default()
    }
}

struct Nobody;

impl Observer for Nobody {}

fn reading(words: &[Word]) -> Reading {
    Reading::of(Box::new(Scripted {
        words: words.iter().cloned().collect(),
        now: None,
        name: InputName::new("eth0"),
    }))
}

/// Reads everything; how often a look was taken.
fn drive(reading: &mut Reading, pipeline: &mut Pipeline) -> usize {
    let mut looks = 0;
    let count = |_: &mut Nobody, _: &mut Pipeline, _: Moment, _: &mut dyn Source| {
        looks += 1;
        true
    };
    reading.drive(pipeline, &mut Nobody, count, |_| {});
    looks
}

fn at(millis: i64) -> Word {
    let time = Timestamp(millis * 1_000_000);
    Word::Frame(time, LinkType::RAW, vec![0x45])
}

#[test]
fn a_pipe_that_is_quiet_at_first_does_not_end_a_capture_of_seconds() {
    let now = 1_700_000_000_000;
    let mut reading = reading(&[
        Word::Idle,
        at(now),
        at(now + 1000),
        at(now + 6000),
        at(now + 6001),
    ]);
    reading.is_live = false;
    let mut flags = <crate::cli::Cli as clap::Parser>::parse_from(["rtmpscope"]).flags;
    flags.packets.autostop = vec![Limit::Span(Span::from_secs(5))];
    reading.autostop = Autostop::new(&flags);
    let mut pipeline = Pipeline::new(Options::default());
    drive(&mut reading, &mut pipeline);
    assert_eq!(pipeline.totals().frames, 3);
}

#[test]
fn looks_are_taken_when_the_clock_was_set_back() {
    let words: Vec<Word> = [1_000_000, 0, 200, 400, 600].map(at).into();
    let mut pipeline = Pipeline::new(Options::default());
    assert_eq!(drive(&mut reading(&words), &mut pipeline), 5);
}

#[test]
fn an_interface_that_is_gone_at_the_end_is_a_failure() {
    let exit = |words: &[Word]| {
        let mut reading = reading(words);
        drive(&mut reading, &mut Pipeline::new(Options::default()));
        reading.exit()
    };
    assert_eq!(exit(&[Word::Lost, Word::Back]), Exit::Done);
    assert_eq!(exit(&[Word::Lost, Word::Lost, Word::Back]), Exit::Device);
    assert_eq!(
        exit(&[Word::Lost, Word::Lost, Word::Back, Word::Back]),
        Exit::Done
    );
}

/// The frames of a sample.
fn frames(sample: &str) -> Vec<Word> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(sample);
    let mut files = Files::new([FileInput::named(&path)]);
    let mut frames = Vec::new();
    loop {
        match files.next_frame().unwrap() {
            Next::Frame(frame) => {
                frames.push(Word::Frame(frame.time, frame.link, frame.data.to_vec()));
            }
            Next::End => return frames,
            _ => {}
        }
    }
}

#[test]
fn what_turns_out_to_be_rtmp_at_the_end_or_in_a_quiet_moment_is_written() {
    let all = frames("publish-denied.pcap");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcapng");
    let mut silent = Vec::new();
    for first in 0..all.len().min(30) {
        for last in first + 1..=all.len().min(first + 12) {
            let mut reading = reading(all.get(first..last).unwrap());
            let options = PacketOptions {
                scope: Scope::default(),
                path: path.clone(),
                rotation: Rotation::new(path.clone(), Naming::default(), Limits::default()),
                only_rtmp: true,
                around: None,
                show_secrets: false,
            };
            reading.recorder = Some(Recorder::open(options, Timestamp(0)).unwrap());
            let mut pipeline = Pipeline::new(Options::default());
            drive(&mut reading, &mut pipeline);
            let written = reading.recorder.as_ref().map_or(0, Recorder::written);
            if pipeline.totals().rtmp_connections > 0 && written == 0 {
                silent.push((first, last));
            }
        }
    }
    assert_eq!(silent, []);
}
