//! Captures made of samples by leaving frames out.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Length of the header of a pcap file, and of that of a frame.
const FILE_HEADER: usize = 24;
const FRAME_HEADER: usize = 16;

/// A sample in the pcap format of this machine without some of its frames, which count from 1.
/// `name` is the name of the file it is written to.
pub(crate) fn without(sample: &str, name: &str, is_left_out: impl Fn(usize) -> bool) -> PathBuf {
    let bytes = fs::read(super::sample(sample)).expect("a sample");
    let (head, mut rest) = bytes.split_at(FILE_HEADER);
    assert!(
        head.starts_with(&0xA1B2_C3D4_u32.to_le_bytes()),
        "pcap, little-endian"
    );
    let mut kept = head.to_vec();
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        // Behind seconds and microseconds.
        let (_, len) = rest.split_at(8);
        let len = *len.first_chunk::<4>().expect("the header of a frame");
        let len = usize::try_from(u32::from_le_bytes(len)).expect("a length");
        let (frame, behind) = rest.split_at(FRAME_HEADER + len);
        if !is_left_out(number) {
            kept.extend(frame);
        }
        rest = behind;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cut");
    fs::create_dir_all(&folder).expect("a folder for captures");
    let path = folder.join(name);
    fs::write(&path, kept).expect("a capture is written");
    path
}
