//! Codec configuration records.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::rtmp::media::fuzz_config(data);
});
