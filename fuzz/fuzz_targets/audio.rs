//! Audio tags.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::rtmp::media::fuzz_audio(data);
});
