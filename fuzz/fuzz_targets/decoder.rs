//! The decoder of one direction, cut in pieces.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::rtmp::decoder::fuzz_decoder(data);
});
