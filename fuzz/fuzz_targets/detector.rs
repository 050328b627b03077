//! Recognition of RTMP.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::carrier::fuzz_detector(data);
});
