//! Frames of every link type, with and without the fast path.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::net::frame::fuzz_frames(data);
});
