//! Captures made of samples by leaving frames out.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use rtmpscope::capture::Frame;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// A sample as a pcap file with nanoseconds, without some of its frames, which count from 1. `name` is
/// the name of the file it is written to.
pub(crate) fn without(sample: &str, name: &str, is_left_out: impl Fn(usize) -> bool) -> PathBuf {
    let mut files = Files::new([Input::named(Path::new(&super::sample(sample)))]);
    let mut kept = Vec::new();
    for number in 1.. {
        match files.next_frame().expect("a sample") {
            Next::Frame(frame) => {
                if kept.is_empty() {
                    kept = file_header(frame.link.0);
                }
                if !is_left_out(number) {
                    append(&mut kept, &frame);
                }
            }
            Next::Idle | Next::Back(_) => {}
            Next::End => break,
        }
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cut");
    fs::create_dir_all(&folder).expect("a folder for captures");
    let path = folder.join(name);
    fs::write(&path, kept).expect("a capture is written");
    path
}

/// draft-ietf-opsawg-pcap section 4.
fn file_header(link: u32) -> Vec<u8> {
    let words = [0xA1B2_3C4D, 0x0004_0002, 0, 0, 262_144, link];
    words
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect()
}

/// Section 5.
fn append(file: &mut Vec<u8>, frame: &Frame<'_>) {
    let nanos = frame.time.0;
    let word = |number: i64| u32::try_from(number).expect("32 bits").to_le_bytes();
    let captured = i64::try_from(frame.data.len()).expect("a frame");
    file.extend(word(nanos / SECOND));
    file.extend(word(nanos % SECOND));
    file.extend(word(captured));
    file.extend(frame.wire_len.to_le_bytes());
    file.extend(frame.data);
}
