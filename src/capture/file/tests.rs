//! Situations of whole files, with the bytes written by hand.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test that miscounts fails"
)]

mod compressed;
mod damage;
mod inputs;
mod pcap;
mod pcapng;

use std::io;
use std::io::Read;

use super::Files;
use super::Input;
use crate::base::time::Timestamp;
use crate::capture::LinkType;
use crate::capture::Next;
use crate::capture::Source as _;
use crate::capture::error::CaptureError;
use crate::capture::info::InputName;
use crate::capture::memory::StoredFrame;

/// Everything that comes out of a source.
#[derive(Debug, Default)]
struct Outcome {
    frames: Vec<StoredFrame>,
    errors: Vec<CaptureError>,
}

impl Outcome {
    fn data(&self) -> Vec<&[u8]> {
        self.frames.iter().map(|frame| &*frame.data).collect()
    }

    fn nanos(&self) -> Vec<i64> {
        self.frames
            .iter()
            .map(|StoredFrame { time, .. }| {
                let Timestamp(nanos) = time;
                *nanos
            })
            .collect()
    }

    fn links(&self) -> Vec<LinkType> {
        self.frames.iter().map(|frame| frame.link).collect()
    }

    fn said(&self) -> Vec<String> {
        self.errors.iter().map(ToString::to_string).collect()
    }
}

/// Drains a source, and asserts what holds for every source: the frames are numbered from 1.
fn drain(source: &mut Files) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                outcome.frames.push(frame.into());
                assert_eq!(frame.number.0, outcome.frames.len() as u64);
                assert!(frame.wire_len as usize >= frame.data.len());
            }
            // A pipe whose writer is slow.
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => return outcome,
            Err(error) => {
                outcome.errors.push(error);
                assert!(outcome.errors.len() < 100, "errors are bounded");
            }
        }
    }
}

/// Reads one file with these bytes.
fn read(bytes: &[u8]) -> Outcome {
    drain(&mut files(bytes))
}

fn files(bytes: &[u8]) -> Files {
    Files::new([input(bytes)])
}

fn input(bytes: &[u8]) -> Input {
    Input::Reader(
        InputName::new("test"),
        Box::new(io::Cursor::new(bytes.to_vec())),
    )
}

/// The bytes in pieces of a few, as a slow pipe delivers them.
fn trickling(bytes: &[u8], piece: usize) -> Input {
    struct Trickle {
        bytes: io::Cursor<Vec<u8>>,
        piece: usize,
    }
    impl Read for Trickle {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let len = buf.len().min(self.piece);
            self.bytes.read(&mut buf[..len])
        }
    }
    Input::Reader(
        InputName::new("test"),
        Box::new(Trickle {
            bytes: io::Cursor::new(bytes.to_vec()),
            piece,
        }),
    )
}

/// A little-endian pcap file of microseconds with two frames: "abc" of 3 bytes at 1.000002 s, and
/// the first 5 of 9 bytes at 2.5 s.
const PCAP: &[u8] = &[
    0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, // magic, version 2.4
    0, 0, 0, 0, 0, 0, 0, 0, // zone, accuracy
    0, 0, 4, 0, 1, 0, 0, 0, // snaplen 262144, Ethernet
    1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, b'a', b'b', b'c', //
    2, 0, 0, 0, 0x20, 0xA1, 7, 0, 5, 0, 0, 0, 9, 0, 0, 0, b'd', b'e', b'f', b'g', b'h',
];

/// A little-endian pcapng file with the same two frames, the second with options.
const PCAPNG: &[u8] = &[
    0x0A, 0x0D, 0x0D, 0x0A, 28, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A, // section header
    1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 28, 0, 0, 0, // length -1
    1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 20, 0, 0, 0, // interface, Ethernet
    6, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, // enhanced packet on interface 0
    0, 0, 0, 0, 0x42, 0x42, 0x0F, 0, 3, 0, 0, 0, 3, 0, 0, 0, // 1_000_002 µs
    b'a', b'b', b'c', 0, 36, 0, 0, 0, //
    6, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, // enhanced packet
    0, 0, 0, 0, 0xA0, 0x25, 0x26, 0, 5, 0, 0, 0, 9, 0, 0, 0, // 2_500_000 µs
    b'd', b'e', b'f', b'g', b'h', 0, 0, 0, //
    4, 0, 8, 0, 7, 0, 0, 0, 0, 0, 0, 0, // epb_dropcount 7, and no end of options
    52, 0, 0, 0,
];
