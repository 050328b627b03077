//! gzip, zstd and lz4.

use std::io;
use std::io::Read;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use lz4_flex::frame::BlockSize;
use lz4_flex::frame::FrameEncoder;
use lz4_flex::frame::FrameInfo;

use super::PCAP;
use super::PCAPNG;
use super::drain;
use super::files;
use super::read;
use crate::capture::Next;
use crate::capture::Source as _;
use crate::capture::error::CaptureError;
use crate::capture::file::Files;
use crate::capture::file::Input;
use crate::capture::info::Compression;
use crate::capture::info::InputName;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new().block_size(BlockSize::Max64KB);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Compressor = fn(&[u8]) -> Vec<u8>;

const ALL: [(Compression, Compressor); 3] = [
    (Compression::Gzip, gzip),
    (Compression::Zstd, zstd),
    (Compression::Lz4, lz4),
];

#[test]
fn each_compression_of_each_format() {
    for (compression, compress) in ALL {
        for file in [PCAP, PCAPNG] {
            let compressed = compress(file);
            let mut source = files(&compressed);
            let outcome = drain(&mut source);
            assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
            assert_eq!(outcome.data(), [&b"abc"[..], b"defgh"]);
            assert_eq!(source.inputs()[0].compression, Some(compression));
            assert_eq!(source.progress().bytes_read, compressed.len() as u64);
        }
    }
}

#[test]
fn several_members_are_one_file() {
    for (_, compress) in ALL {
        let file = [compress(&PCAP[..50]), compress(b""), compress(&PCAP[50..])].concat();
        let outcome = read(&file);
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        assert_eq!(outcome.data(), [&b"abc"[..], b"defgh"]);
    }
}

#[test]
fn skippable_frames_are_skipped() {
    // RFC 8878 section 3.1.2: magic 0x184D2A5?, length, user data.
    let skippable = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];
    let file = [&skippable[..], &zstd(PCAP), &skippable].concat();
    let outcome = read(&file);
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.frames.len(), 2);
}

#[test]
fn zeros_behind_the_data_are_padding_and_other_bytes_are_damage() {
    for (compression, compress) in ALL {
        let padded = [&compress(PCAP)[..], &[0; 1001]].concat();
        assert!(read(&padded).errors.is_empty());

        let trailed = [&compress(PCAP)[..], b"trailing"].concat();
        let outcome = read(&trailed);
        assert_eq!(outcome.frames.len(), 2);
        assert_eq!(outcome.errors.len(), 1);
        assert!(
            outcome.said()[0].contains(&format!("the {compression} data cannot be decompressed")),
            "{:?}",
            outcome.said()
        );
    }
}

/// Frames that do not compress, so that every cut is inside of data.
fn noise() -> Vec<u8> {
    let mut file = PCAP[..24].to_vec();
    let mut state = 1_u32;
    for _ in 0..500 {
        file.extend([0; 8]);
        file.extend(u32::to_le_bytes(1000));
        file.extend(u32::to_le_bytes(1000));
        file.extend((0..1000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        }));
    }
    file
}

#[test]
fn a_cut_is_told_once_and_everything_before_comes_out() {
    let file = noise();
    for (compression, compress) in ALL {
        let compressed = compress(&file);
        for cut in [
            compressed.len() / 2,
            compressed.len() - 1,
            compressed.len() - 5,
        ] {
            let outcome = read(&compressed[..cut]);
            assert_eq!(outcome.errors.len(), 1, "{compression} cut at {cut}");
            assert!(
                matches!(outcome.errors[0], CaptureError::CompressionCutShort { .. }),
                "{compression} cut at {cut}: {:?}",
                outcome.errors
            );
            // Blocks of lz4 and zstd decompress as a whole or not at all.
            assert!(
                outcome.frames.len() >= 60,
                "{} frames",
                outcome.frames.len()
            );
        }
    }
}

#[test]
fn damaged_compressed_data_are_told() {
    let file = noise();
    for (compression, compress) in ALL {
        let mut compressed = compress(&file);
        // The checksum at the end of gzip, something in the middle of the others.
        let at = match compression {
            Compression::Gzip => compressed.len() - 8,
            Compression::Zstd | Compression::Lz4 => 4,
        };
        compressed[at] ^= 0xFF;
        let outcome = read(&compressed);
        assert_eq!(
            outcome.errors.len(),
            1,
            "{compression}: {:?}",
            outcome.errors
        );
        assert!(!outcome.errors[0].is_cut_short(), "{:?}", outcome.errors);
    }
}

#[test]
fn a_capture_cut_before_it_was_compressed_is_cut_short() {
    let outcome = read(&gzip(&PCAP[..61]));
    assert_eq!(outcome.data(), [&b"abc"[..], b"de"]);
    assert_eq!(
        outcome.said(),
        [
            "test: cut short at byte 43 of the decompressed data: a frame needs 21 bytes, the \
             file has 18 more; everything before was read"
        ]
    );
}

#[test]
fn compressed_text_is_no_capture() {
    assert!(
        read(&zstd(b"hello")).said()[0]
            .contains("not a capture file: of what is in the zstd data: it is text")
    );
}

#[test]
fn a_zstd_window_that_takes_too_much_memory_is_refused_with_a_command() {
    // RFC 8878 section 3.1.1.1: no single segment, no checksum; a window of 2^(10+18) bytes.
    let outcome = read(&[0x28, 0xB5, 0x2F, 0xFD, 0, 18 << 3, 1, 0, 0, 0, 0, 0, 0]);
    assert!(
        outcome.said()[0].contains("zstd -dc --long=31"),
        "{:?}",
        outcome.said()
    );
}

#[test]
fn a_bomb_is_unpacked_no_further_than_it_is_read() {
    /// A gzip member again and again, counting how many were taken.
    struct Endless {
        member: io::Cursor<Vec<u8>>,
        taken: Arc<AtomicUsize>,
    }
    impl Read for Endless {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.member.position() == self.member.get_ref().len() as u64 {
                self.member.set_position(0);
            }
            let got = self.member.read(buf)?;
            self.taken.fetch_add(got, Ordering::Relaxed);
            Ok(got)
        }
    }
    let taken = Arc::new(AtomicUsize::new(0));
    // 8 MiB of empty frames in some 8 KiB.
    let member = gzip(&vec![0; 8 << 20]);
    let first = gzip(&PCAP[..24]);
    let reader = io::Cursor::new(first).chain(Endless {
        member: io::Cursor::new(member),
        taken: Arc::clone(&taken),
    });
    let mut source = Files::new([Input::Reader(InputName::new("bomb"), Box::new(reader))]);
    for _ in 0..1000 {
        assert!(matches!(source.next_frame(), Ok(Next::Frame(_))));
    }
    std::thread::sleep(std::time::Duration::from_millis(100));
    // One buffer of compressed data, though the source is endless.
    assert!(taken.load(Ordering::Relaxed) < 1 << 20);
}
