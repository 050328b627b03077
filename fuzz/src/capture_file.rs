//! The readers of capture files: any bytes are read to an end, with a bounded number of errors.

use std::io::Cursor;

use rtmpscope::capture::Frame;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::capture::info::InputName;

/// Frames read of one input. Compressed bytes may hold many more than could be read in the time
/// that one run should take.
const MAX_FRAMES: u64 = 20_000;

/// Errors that one input may have: each costs at least a byte of a file, and readers give up long
/// before that.
const MAX_ERRORS: usize = 2_000;

/// Reads `data` as a capture file and checks what holds of every source.
///
/// # Panics
/// When a frame is out of order or too long, or errors do not end.
pub fn run(data: &[u8]) {
    let mut last = 0;
    frames(data, |frame| {
        assert!(frame.number.0 > last, "frames are numbered upwards");
        last = frame.number.0;
    });
}

/// Hands out the frames of a capture file and says how many there were.
///
/// # Panics
/// When errors do not end.
pub fn frames(data: &[u8], mut each: impl FnMut(&Frame<'_>)) -> u64 {
    let reader = Box::new(Cursor::new(data.to_vec()));
    let mut files = Files::new([Input::Reader(InputName::new("fuzzed"), reader)]);
    let mut count = 0;
    let mut errors = 0;
    while count < MAX_FRAMES {
        match files.next_frame() {
            Ok(Next::Frame(frame)) => {
                count += 1;
                each(&frame);
            }
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => break,
            Err(error) => {
                errors += 1;
                assert!(errors <= MAX_ERRORS, "errors without end: {error}");
            }
        }
    }
    let inputs = files.inputs();
    assert_eq!(inputs.len(), 1, "one input was given");
    count
}
