//! Where the bytes come from: paths, several files, pipes, and things that are no capture.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread;

use super::PCAP;
use super::PCAPNG;
use super::drain;
use super::input;
use super::read;
use super::trickling;
use crate::capture::Next;
use crate::capture::Source as _;
use crate::capture::error::CaptureError;
use crate::capture::error::ErrorClass;
use crate::capture::file::Begin;
use crate::capture::file::Files;
use crate::capture::file::Input;
use crate::capture::info::InputName;

#[test]
fn frames_are_numbered_over_all_inputs_and_a_bad_one_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("one.pcap"), PCAP).unwrap();
    fs::write(path("two.txt"), b"not packets\n").unwrap();
    fs::write(path("three.cut"), &PCAP[..40]).unwrap();
    fs::write(path("four"), PCAPNG).unwrap();
    let names = ["one.pcap", "two.txt", "missing", "three.cut", "four"];
    let mut source = Files::new(names.map(|name| Input::named(path(name))));
    let total = (PCAP.len() + 12 + 40 + PCAPNG.len()) as u64;
    assert_eq!(source.progress().bytes_total, Some(total));
    let outcome = drain(&mut source);
    assert_eq!(outcome.frames.len(), 4);
    assert!(matches!(
        outcome.errors[..],
        [
            CaptureError::NotACapture { .. },
            CaptureError::Unreadable { .. },
            CaptureError::CutShort { .. },
        ]
    ));
    assert!(
        outcome
            .errors
            .iter()
            .all(|e| e.class() == ErrorClass::Input)
    );
    assert_eq!(source.progress().bytes_read, total);
    assert_eq!(source.inputs().len(), 5);
}

#[test]
fn what_is_no_capture_is_called_by_its_name() {
    assert_eq!(read(b"").said(), ["test: not a capture file: it is empty"]);
    assert!(read(b"hello world\n").said()[0].contains("it is text; "));
    assert!(read(b"h").said()[0].contains("it is text"));
    let folder = tempfile::tempdir().unwrap();
    let outcome = drain(&mut Files::new([Input::named(folder.path())]));
    assert_eq!(
        outcome.said(),
        [format!(
            "{}: is a directory, not a capture file; name the capture files in it",
            folder.path().display()
        )]
    );
    let missing = folder.path().join("nothing");
    let outcome = drain(&mut Files::new([Input::named(&missing)]));
    assert_eq!(
        outcome.said(),
        [format!("{}: no such file", missing.display())]
    );
}

#[test]
fn a_begin_tells_captures_from_what_may_hold_one_and_from_the_rest() {
    // Magic numbers of pcap in both orders and of pcapng; RFC 1952, RFC 8878, the lz4 frame format.
    for bytes in [
        b"\xa1\xb2\xc3\xd4",
        b"\xd4\xc3\xb2\xa1",
        b"\x4d\x3c\xb2\xa1",
        b"\x0a\x0d\x0d\x0a",
    ] {
        assert_eq!(Begin::of(bytes), Begin::Capture, "{bytes:x?}");
    }
    for bytes in [
        b"\x1f\x8b\x08\x00",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
    ] {
        assert_eq!(Begin::of(bytes), Begin::Compressed, "{bytes:x?}");
    }
    for bytes in [&b""[..], b"\x0a\x0d", b"text", b"\x7fELF"] {
        assert_eq!(Begin::of(bytes), Begin::Foreign, "{bytes:x?}");
    }
}

#[test]
fn a_dash_is_standard_input() {
    assert!(matches!(Input::named("-"), Input::Stdin));
    assert_eq!(Input::Stdin.name().to_string(), "standard input");
    assert!(matches!(Input::named("./-"), Input::Path(_)));
}

#[test]
fn a_pipe_gives_each_frame_as_soon_as_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no mkfifo");
        return;
    }
    let (go, gone) = std::sync::mpsc::channel();
    let writer = thread::spawn({
        let path = path.clone();
        move || {
            let mut pipe = fs::OpenOptions::new().write(true).open(path).unwrap();
            pipe.write_all(&PCAP[..43]).unwrap();
            // The rest follows only when the first frame was seen.
            gone.recv().unwrap();
            pipe.write_all(&PCAP[43..]).unwrap();
        }
    });
    let mut source = Files::new([Input::named(&path)]);
    assert_eq!(source.progress().bytes_total, None);
    // The writer may be slow.
    let mut next = || loop {
        match source.next_frame().unwrap() {
            Next::Frame(frame) => return Some(frame.data.to_vec()),
            Next::End => return None,
            Next::Idle | Next::Back(_) => {}
        }
    };
    assert_eq!(next().as_deref(), Some(&b"abc"[..]));
    go.send(()).unwrap();
    assert_eq!(next().as_deref(), Some(&b"defgh"[..]));
    assert_eq!(next(), None);
    writer.join().unwrap();
}

#[test]
fn pieces_of_any_size_make_no_difference() {
    for file in [PCAP, PCAPNG] {
        for piece in 1..file.len() {
            let outcome = drain(&mut Files::new([trickling(file, piece)]));
            assert!(outcome.errors.is_empty());
            assert_eq!(outcome.data(), [&b"abc"[..], b"defgh"]);
        }
    }
}

#[test]
fn a_disk_that_fails_is_not_called_a_cut() {
    struct Failing;
    impl io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("input/output error"))
        }
    }
    for (bytes, frames) in [
        (&PCAP[..43], 1),
        (&PCAP[..45], 1),
        (&PCAP[..61], 2),
        (PCAPNG, 2),
    ] {
        let reader = io::Read::chain(io::Cursor::new(bytes.to_vec()), Failing);
        let input = Input::Reader(InputName::new("test"), Box::new(reader));
        let outcome = drain(&mut Files::new([input]));
        assert_eq!(outcome.frames.len(), frames);
        assert_eq!(
            outcome.said(),
            [format!(
                "test: reading failed after {} bytes: input/output error; everything before was \
                 read",
                bytes.len()
            )]
        );
    }
}

#[test]
fn the_end_stays_the_end() {
    let mut source = Files::new([input(PCAP)]);
    drain(&mut source);
    for _ in 0..3 {
        assert!(matches!(source.next_frame(), Ok(Next::End)));
    }
    assert!(matches!(Files::new([]).next_frame(), Ok(Next::End)));
}

#[test]
fn names_are_recognised_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let wrong: &Path = &folder.path().join("capture.pcap.gz");
    fs::write(wrong, PCAPNG).unwrap();
    assert_eq!(
        drain(&mut Files::new([Input::named(wrong)])).frames.len(),
        2
    );
}

#[cfg(feature = "live")]
#[test]
fn a_filter_leaves_the_frames_their_numbers() {
    use crate::capture::bpf::Filter;

    // The frames of the two files are no IP; the filter looks at their first byte.
    let filter = Filter::new("ether[0] = 0x64").unwrap();
    let mut source = Files::new([input(PCAP), input(PCAPNG)]).filtered(filter);
    let mut numbers = Vec::new();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        assert_eq!(frame.data, b"defgh");
        numbers.push(frame.number.0);
    }
    assert_eq!(numbers, [2, 4]);
    assert_eq!(source.progress().frames, 4);
}

#[test]
#[cfg(unix)]
fn a_pipe_without_a_whole_frame_idles() {
    use std::os::fd::AsRawFd as _;

    for bytes in [PCAP, PCAPNG] {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut source = Files::new([Input::named(format!("/dev/fd/{}", reader.as_raw_fd()))]);
        // All but the last byte: what is whole comes out, and nobody waits for the rest.
        let (last, most) = bytes.split_last().unwrap();
        writer.write_all(most).unwrap();
        let mut frames = 0;
        while let Ok(Next::Frame(_)) = source.next_frame() {
            frames += 1;
        }
        assert!(matches!(source.next_frame(), Ok(Next::Idle)));
        writer.write_all(&[*last]).unwrap();
        drop((writer, reader));
        loop {
            match source.next_frame() {
                Ok(Next::Frame(_)) => frames += 1,
                Ok(Next::Idle | Next::Back(_)) => {}
                Ok(Next::End) => break,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(frames, read(bytes).frames.len());
    }
}
