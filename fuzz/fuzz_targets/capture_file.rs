//! The readers of capture files.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope_fuzz::capture_file::run(data);
});
