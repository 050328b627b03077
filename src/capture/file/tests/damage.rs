//! Files that were cut or damaged: everything sound comes out, with a word on the rest.

use proptest::prelude::*;

use super::PCAP;
use super::PCAPNG;
use super::drain;
use super::pcapng::Order::Big;
use super::pcapng::Order::Little;
use super::read;
use super::trickling;
use crate::capture::error::CaptureError;
use crate::capture::file::Files;

/// Cuts a file behind every byte. `ends` are the places where a whole number of frames was
/// written: their number is how many come out whole.
fn cut_everywhere(file: &[u8], clean: &[usize], frame_ends: &[usize]) {
    for cut in 4..file.len() {
        let outcome = read(&file[..cut]);
        let whole = frame_ends.iter().filter(|end| **end <= cut).count();
        let expected = [&b"abc"[..], b"defgh"];
        let data = outcome.data();
        assert_eq!(data[..whole], expected[..whole], "cut at {cut}");
        match data.get(whole..) {
            Some([partial]) => {
                // What is there of a cut frame is delivered, and known to be cut.
                assert!(expected[whole].starts_with(partial) && !partial.is_empty());
                assert!(outcome.frames[whole].wire_len >= u32::try_from(partial.len()).unwrap());
            }
            rest => assert_eq!(rest, Some(&[][..]), "cut at {cut}"),
        }
        if clean.contains(&cut) {
            assert!(
                outcome.errors.is_empty(),
                "cut at {cut}: {:?}",
                outcome.errors
            );
        } else {
            assert_eq!(outcome.errors.len(), 1, "cut at {cut}");
            assert!(
                outcome.errors[0].is_cut_short(),
                "cut at {cut}: {}",
                outcome.errors[0]
            );
        }
    }
}

#[test]
fn a_pcap_file_cut_behind_every_byte() {
    cut_everywhere(PCAP, &[24, 43], &[43, 64]);
}

#[test]
fn a_pcapng_file_cut_behind_every_byte() {
    for cut in 4..12 {
        // Too short to be recognised.
        assert!(matches!(
            read(&PCAPNG[..cut]).errors[..],
            [CaptureError::NotACapture { .. }]
        ));
    }
    for cut in 12..PCAPNG.len() {
        let outcome = read(&PCAPNG[..cut]);
        let clean = [28, 48, 84].contains(&cut);
        assert_eq!(outcome.errors.len(), usize::from(!clean), "cut at {cut}");
        let whole = [84, 136].iter().filter(|end| **end <= cut).count();
        assert_eq!(
            outcome.data()[..whole],
            [&b"abc"[..], b"defgh"][..whole],
            "cut at {cut}"
        );
    }
}

#[test]
fn the_cut_is_named_with_its_place() {
    assert_eq!(
        read(&PCAP[..61]).said(),
        [
            "test: cut short at byte 43: a frame needs 21 bytes, the file has 18 more; \
             everything before was read"
        ]
    );
    assert_eq!(
        read(&PCAP[..47]).said(),
        [
            "test: cut short at byte 43: the header of a frame needs 16 bytes, the file has 4 \
             more; everything before was read"
        ]
    );
    assert_eq!(
        read(&PCAPNG[..120]).said(),
        [
            "test: cut short at byte 84: the block of a frame needs 52 bytes, the file has 36 \
             more; everything before was read"
        ]
    );
}

#[test]
fn what_is_there_of_the_last_frame_is_delivered() {
    let outcome = read(&PCAP[..61]);
    assert_eq!(outcome.data(), [&b"abc"[..], b"de"]);
    assert_eq!(outcome.frames[1].wire_len, 9);
    // The block's header is 28 bytes behind its start.
    let outcome = read(&PCAPNG[..84 + 28 + 3]);
    assert_eq!(outcome.data(), [&b"abc"[..], b"def"]);
    assert_eq!(outcome.frames[1].wire_len, 9);
}

#[test]
fn a_block_with_an_impossible_length_is_stepped_over() {
    for len in [
        0_u32,
        4,
        8,
        11,
        37,
        0xFFFF_FFFF,
        0x7FFF_FFFC,
        64 * 1024 * 1024 + 4,
    ] {
        for order in [Little, Big] {
            let mut bad = order.packet(0, 2, b"lost");
            bad[4..8].copy_from_slice(&order.u32(len));
            let file = [
                order.section(&[]),
                order.interface(1, 0, &[]),
                order.packet(0, 1, b"before"),
                bad,
                order.packet(0, 3, b"behind"),
            ]
            .concat();
            let outcome = read(&file);
            assert_eq!(outcome.data(), [b"before", b"behind"], "length {len}");
            assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
            assert!(
                outcome.said()[0].ends_with("skipped 36 bytes and read on"),
                "{}",
                outcome.said()[0]
            );
        }
    }
}

#[test]
fn a_block_whose_lengths_differ_is_stepped_over() {
    let mut bad = Little.packet(0, 2, b"lost");
    let trailer = bad.len() - 4;
    bad[trailer] = 40;
    let file = [
        Little.section(&[]),
        Little.interface(1, 0, &[]),
        bad,
        Little.packet(0, 3, b"behind"),
    ]
    .concat();
    let outcome = read(&file);
    assert_eq!(outcome.data(), [b"behind"]);
    assert!(outcome.said()[0].contains("whose two lengths differ"));
}

#[test]
fn bytes_between_blocks_are_stepped_over() {
    let file = [
        Little.section(&[]),
        Little.interface(1, 0, &[]),
        b"some words in between".to_vec(),
        Little.packet(0, 3, b"behind"),
        vec![0; 1000],
        Big.section(&[]),
        Big.interface(1, 0, &[]),
        Big.packet(0, 4, b"last"),
    ]
    .concat();
    let outcome = read(&file);
    assert_eq!(outcome.data(), [&b"behind"[..], b"last"]);
    assert_eq!(outcome.errors.len(), 2, "{:?}", outcome.errors);
}

#[test]
fn a_frame_longer_than_its_block_is_not_taken() {
    for captured in [5_u32, 8, 0xFFFF_FFFF] {
        let mut bad = Little.packet(0, 2, b"lost");
        bad[20..24].copy_from_slice(&Little.u32(captured));
        let file = [
            Little.section(&[]),
            Little.interface(1, 0, &[]),
            bad,
            Little.packet(0, 3, b"behind"),
        ]
        .concat();
        let outcome = read(&file);
        assert_eq!(outcome.data(), [b"behind"]);
        assert_eq!(outcome.errors.len(), 1);
    }
}

#[test]
fn blocks_too_short_for_their_kind_are_stepped_over() {
    let file = [
        Little.section(&[]),
        Little.interface(1, 0, &[]),
        Little.block(6, &[0; 16]),
        Little.block(3, &[]),
        Little.block(1, &[0; 4]),
        Little.block(5, &[]),
        Little.block(10, &[0; 4]),
        Little.block(2, &[0; 8]),
        Little.packet(0, 3, b"behind"),
    ]
    .concat();
    let outcome = read(&file);
    assert_eq!(outcome.data(), [b"behind"]);
    assert_eq!(outcome.errors.len(), 4, "{:?}", outcome.said());
}

#[test]
fn a_file_of_damage_is_given_up() {
    let mut file = [Little.section(&[]), Little.interface(1, 0, &[])].concat();
    for _ in 0..100 {
        file.extend(b"junk");
        file.extend(Little.packet(0, 3, b"good"));
    }
    let outcome = read(&file);
    assert_eq!(outcome.errors.len(), 16);
    assert_eq!(outcome.frames.len(), 15);
    assert!(outcome.said()[15].ends_with("the rest was not"));
}

#[test]
fn a_search_through_noise_ends_with_the_file() {
    let mut file = [Little.section(&[]), Little.interface(1, 0, &[])].concat();
    // Every four bytes look like the start of a packet block.
    for _ in 0..100_000 {
        file.extend([6, 0, 0, 0]);
    }
    let outcome = read(&file);
    assert!(outcome.frames.is_empty());
    assert_eq!(outcome.errors.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever the bytes, reading ends without a panic and with few words.
    #[test]
    fn any_bytes_behind_a_header(
        modified in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        tail in prop::collection::vec(any::<u8>(), 0..200),
        ng in any::<bool>(),
        piece in 1_usize..50,
    ) {
        let mut file = if ng { PCAPNG.to_vec() } else { PCAP.to_vec() };
        for (at, byte) in modified {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.extend(tail);
        let whole = drain(&mut Files::new([super::input(&file)]));
        let pieces = drain(&mut Files::new([trickling(&file, piece)]));
        prop_assert_eq!(whole.data(), pieces.data());
        prop_assert_eq!(whole.said(), pieces.said());
    }
}
