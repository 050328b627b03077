//! The capture within the program, for who has none at hand: real software, recorded for the samples.

use rtmpscope::capture::file::Input;
use rtmpscope::capture::info::InputName;

/// How it is called wherever the name of a file would stand.
pub(super) const NAME: &str = "built-in demo";

/// A player stops reading for some seconds while a publisher goes on: a problem to find.
const CAPTURE: &[u8] = include_bytes!("../../samples/player-stalled.pcap");

/// The demo as an input.
pub(super) fn input() -> Input {
    Input::Reader(InputName::new(NAME), Box::new(CAPTURE))
}
