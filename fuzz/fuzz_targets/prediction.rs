//! What is foreseen and summed up against the same told one by one.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope_fuzz::prediction::run(data);
});
